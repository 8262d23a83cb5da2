"""Figures and tables of ratings, pairs, sweeps and scores: what they are drawn from, words that can be read, and files."""

import csv
import functools
import json
import math
import subprocess
import unittest

import numpy as np
from scipy import stats

import crossed
import figures
import plots
import support
import sweep
import test_figures
from archive import Archive, swept_settings
from ratings import Rating, read_ratings, write_ratings
from command import BadInput
from correlation import Rated, correlate, join
from key import read_key
from pairs import Pairs, read_answers
from scores import read_scores
from sheet import Sheet

PUBLIC = json.loads((support.HERE / "fixtures/statistics.json").read_text())
MODELS = support.HERE.parents[1] / "jobs/models"
SCORE_COLUMNS = "number,file,id,prompt,text,seed,category,group,picture_sha256,clip_cosine,clip_clipscore"


@functools.cache
def study(raters=4):
    """A kit of two variants of the sweep, and ratings that follow from places."""
    folder = support.folder("plots")
    words = folder / "texts.csv"
    words.write_text("prompt,text\na blue fish | a white moon:0.5,a blue fish\n")
    conditions = [f"{name}={support.archive('tiny')}@optimizer.lr={rate}" for name, rate in (("slow", "0.5"), ("fast", "2.0"))]
    support.tool("rating.py", "make", "-o", folder / "kit", "--raters", raters, "--seed", 5, "--pictures", 2, "--texts", words,
                 *conditions)
    key = read_key(folder / "kit/key.json")
    ratings = [Rating(rater, position, False, key.pictures[name]["condition"], key.pictures[name]["prompt"], name,
                      1 + (rater + 2 * number) % 5, 2.0)
               for rater in key.orders for position, name in enumerate(key.orders[rater], 1)
               for number in [sorted(key.pictures).index(name)]]  # fmt: skip
    write_ratings(folder / "ratings.csv", ratings)
    return folder / "kit/key.json", folder / "ratings.csv"


@functools.cache
def scored():
    """What vqclip score says of the archive, by a perceptor that guided it."""
    path = support.folder("scores") / "scores.csv"
    subprocess.run([support.PROGRAM, "score", support.archive("tiny"), "--perceptor", MODELS / "picturebook-vit.safetensors",
                    "--vocabulary", MODELS / "picturebook.bpe.gz", "-o", path, "--threads", "1"], check=True,
                   capture_output=True)  # fmt: skip
    return path


def pairs_of(rows):
    path = support.folder("pairs") / "pairs.csv"
    path.write_text("\n".join(["rater,prompt,left,right,answer", *rows]) + "\n")
    return path


class CorrelationTest(unittest.TestCase):
    def rated(self, ratings, scores, prompts=None):
        return [Rated("c", prompt, rating, 1, {"s": score})
                for rating, score, prompt in zip(ratings, scores, prompts or ["p"] * len(ratings), strict=True)]

    def test_ranks_by_r(self):
        for case in PUBLIC["ranks"]:
            found = correlate(self.rated(case["y"], case["x"]), "s")
            self.assertAlmostEqual(found.spearman, case["spearman"], places=9)
            self.assertAlmostEqual(found.kendall, case["kendall"], places=9)

    def test_within_prompts_by_hand(self):
        """Both tell the prompts apart, and within each prompt one is the other backwards."""
        found = correlate(self.rated([1, 2, 11, 12], [2, 1, 12, 11], ["a", "a", "b", "b"]), "s")
        self.assertAlmostEqual(found.spearman, 1 - 6 * 4 / (4 * 15))
        self.assertAlmostEqual(found.within, -1)
        still = correlate(self.rated([3, 3, 3], [1, 2, math.nan]), "s")
        self.assertEqual((still.pictures, math.isnan(still.spearman), math.isnan(still.kendall)), (2, True, True))

    def test_pictures_are_found_by_their_pixels(self):
        key, ratings = study()
        pictures = read_scores([scored()])
        found = join(read_key(key), read_ratings(ratings), pictures)
        with Archive(support.archive("tiny")) as archive:
            renders = {render.picture_sha256: render for render in archive.renders}
        of_pixels = {picture.sha256: picture for picture in pictures}
        entries = read_key(key).pictures
        self.assertEqual(len(found), len(entries))
        for rated in found:
            (entry,) = [entry for name, entry in entries.items()
                        if of_pixels[entry["picture_sha256"]].scores is rated.scores]
            self.assertEqual((rated.condition, rated.prompt), (entry["condition"], entry["prompt"]))
            self.assertEqual(renders[entry["picture_sha256"]].id, of_pixels[entry["picture_sha256"]].id)
            given = [row.rating for row in read_ratings(ratings) if entries[row.picture] is entry]
            self.assertAlmostEqual(rated.rating, float(np.mean(given)))

    def test_the_same_pixels_with_another_prompt_are_another_picture(self):
        key, ratings = study()
        path = support.folder("scores") / "twins.csv"
        head, *rows = csv.reader(scored().read_text().splitlines())
        twins = [["" if name.startswith("clip_") else "another prompt" if name == "prompt" else cell
                  for name, cell in zip(head, row, strict=True)] for row in rows]  # fmt: skip
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([head, *twins, *rows])
        found = join(read_key(key), read_ratings(ratings), read_scores([path]))
        self.assertEqual(len(found), 12)
        self.assertFalse(any(math.isnan(rated.scores["clip_clipscore"]) for rated in found))

    def test_table(self):
        key, ratings = study()
        folder = support.folder("tables")
        text, _ = support.tool("tables.py", "correlate", ratings, "--key", key, "--scores", scored(), "-o", folder)
        head, row = csv.reader((folder / "correlation.csv").read_text().splitlines())
        self.assertEqual((head[:3], row[:3]), (["score", "pictures", "guided"], ["clip_clipscore", "12", "12"]))
        self.assertIn("these describe", text)

    def test_what_is_refused(self):
        key, ratings = study()
        good = scored()
        other = support.folder("scores") / "other.csv"
        other.write_text(SCORE_COLUMNS + "\n0,,a.0,a,a,0,,0," + "0" * 64 + ",0.5,1\n")
        broken = other.with_name("broken.csv")
        broken.write_text(SCORE_COLUMNS + "\n0,,a.0,a,a,0,,0,x,much,1\n")
        bare = other.with_name("bare.csv")
        bare.write_text("file,score\na,1\n")
        changed = other.with_name("changed.csv")
        lines = good.read_text().splitlines()
        changed.write_text("\n".join([lines[0], *(line[: line.rindex(",")] + ",9" for line in lines[1:])]) + "\n")
        for files, message in (([other], "whose pixels have the same SHA-256"), ([broken], "expected a number, found 'much'"),
                               ([bare], "found no column id"), ([good, other], "expected the columns of"),
                               ([good, changed], "expected one score, found two")):
            _, errors = support.tool("tables.py", "correlate", ratings, "--key", key, "--scores", *files, expected=2)
            self.assertIn(message, errors)
        _, errors = support.tool("tables.py", "correlate", ratings, "--key", key, "--scores", good, "--columns", "x", expected=2)
        self.assertIn("found x", errors)


class SweepTest(unittest.TestCase):
    def test_swept_settings(self):
        self.assertEqual(swept_settings("optimizer.lr=0.05 crops.methods=[a, b] init=x y"),
                         {"optimizer.lr": "0.05", "crops.methods": "[a, b]", "init": "x y"})
        self.assertEqual(swept_settings(""), {})

    def test_an_interval_over_prompts_by_hand(self):
        """Prompts' means 2, 4, 6: mean 4, error 2 / √3."""
        found = sweep.over_prompts("1", {"a": [1, 3], "b": [4], "c": [6, 6, 6]})
        half = 2 / 3**0.5 * stats.t.ppf(0.975, 2)
        np.testing.assert_allclose((found.mean, found.low, found.high), (4, 4 - half, 4 + half))
        self.assertTrue(math.isnan(sweep.over_prompts("1", {"a": [1], "b": [2]}).low))

    def test_lines_and_order(self):
        rows = [(value, others, prompt, 1.0) for value in ("10", "2", "0.5") for others in ("", "size=8") for prompt in "ab"]
        found = sweep.measure("m", rows)
        self.assertEqual({others: [point.value for point in points] for others, points in found.lines.items()},
                         {"": ["0.5", "2", "10"], "size=8": ["0.5", "2", "10"]})
        words = sweep.measure("m", [("nearest", "", "a", 1.0), ("free", "", "a", 2.0)])
        self.assertEqual([point.value for point in words.lines[""]], ["nearest", "free"])

    def test_losses_scores_and_ratings_of_an_archive(self):
        key, ratings = study()
        with Archive(support.archive("tiny")) as archive:
            losses = sweep.of_losses(archive, "optimizer.lr")
            renders = [render for render in archive.renders if render.state == "done" and render.variant.endswith("=0.5")]
            by_prompt = {}
            for render in renders:
                by_prompt.setdefault(render.caption, []).append(archive.losses(render).values[-1, -1])
        self.assertEqual([point.value for point in losses.lines[""]], ["0.5", "2.0"])
        expected = float(np.mean([np.mean(values) for values in by_prompt.values()]))
        self.assertAlmostEqual(losses.lines[""][0].mean, expected)
        scores = sweep.of_scores(read_scores([scored()]), "clip_clipscore", "optimizer.lr")
        self.assertEqual((scores.name, [point.value for point in scores.lines[""]]), ("clip_clipscore, guided", ["0.5", "2.0"]))
        rated = sweep.of_ratings(ratings, key, "optimizer.lr").lines[""]
        sheet = Sheet(read_ratings(ratings))
        slow = crossed.of_values(sheet.of_prompts[:, :, sheet.conditions.index("slow")])
        self.assertEqual((rated[0].value, rated[0].mean, rated[0].low), ("0.5", slow.mean, slow.interval()[0]))

    def test_what_is_refused(self):
        key, ratings = study()
        tiny, out = support.archive("tiny"), support.folder("figures") / "f.png"
        for words, message in ((("optimizer.lr",), "expected --losses"), (("steps", "--losses", tiny), "expected renders of several"),
                               (("optimizer.lr", "--ratings", ratings), "--ratings and --key together"),
                               (("steps", "--ratings", ratings, "--key", key), "condition (slow|fast): expected renders of")):
            _, errors = support.tool("figures.py", "ablation", *words, "-o", out, expected=2)
            self.assertRegex(errors, message)
        with self.assertRaisesRegex(BadInput, "without a seed"):
            sweep.of_scores([read_scores([scored()])[0].__class__("", "p", "", "x", {"s": 1.0})], "s", "optimizer.lr")
        self.assertFalse(out.exists())


class DrawnTest(test_figures.Readable):
    def setUp(self):
        self.addCleanup(figures.plt.close, "all")

    def test_dots_are_means_with_their_intervals(self):
        sheet = Sheet(read_ratings(study()[1]))
        figure = plots.draw_dots([plots.of_means(sheet), plots.of_differences(sheet)])
        self.expect_readable(figure)
        for panel, estimates in zip(figure.axes, (plots.of_means(sheet).estimates, plots.of_differences(sheet).estimates)):
            lines = [line for line in panel.get_lines() if len(line.get_xdata()) == 2 and list(line.get_ydata()) != [0, 1]]
            dots = [line for line in panel.get_lines() if len(line.get_xdata()) == 1]
            self.assertEqual([dot.get_xdata()[0] for dot in dots], [estimate.mean for estimate in estimates])
            np.testing.assert_allclose([line.get_xdata() for line in lines], [estimate.interval() for estimate in estimates])

    def test_dots_without_intervals(self):
        figure = plots.draw_dots([plots.of_means(Sheet(read_ratings(study(2)[1])))])
        self.expect_readable(figure)
        self.assertEqual([len(line.get_xdata()) for line in figure.axes[0].get_lines()], [1, 1])

    def test_histograms_are_the_answers(self):
        sheet = Sheet(read_ratings(study()[1]))
        figure = plots.draw_answers(sheet)
        self.expect_readable(figure)
        for panel, name in zip(figure.axes, sheet.conditions, strict=True):
            given = sheet.given[name]
            np.testing.assert_allclose([bar.get_height() for bar in panel.patches],
                                       [100 * given.count(value) / len(given) for value in range(1, 6)])

    def test_pairs(self):
        pairs = Pairs(read_answers(pairs_of([f"{rater},{prompt},{left},{right},{(rater + number) % 3 - 1}"
                                             for rater in range(4) for number, prompt in enumerate("pqrs")
                                             for left, right in (("a quite long name of x", "y"), ("y", "z"))])))
        figure = plots.draw_choices(pairs)
        self.expect_readable(figure)
        self.assertEqual([round(bar.get_height() * 16 / 100) for bar in figure.axes[0].patches],
                         [pairs.better[0, 1], pairs.ties[0, 1], pairs.better[1, 0]])
        self.expect_readable(plots.draw_dots([plots.of_preferences(pairs)]))

    def test_sweeps(self):
        rng = np.random.default_rng(1)
        numbers = [(value, others, prompt, rng.normal()) for value in ("0.001", "0.01", "0.1") for prompt in "abcd"
                   for others in ("crops.count=8", "crops.count=32")]
        words = [(value, "", prompt, rng.normal()) for value in ("nearest", "free") for prompt in "abcd"]
        figure = plots.draw_sweep("optimizer.lr", [sweep.measure("clip_clipscore", numbers), sweep.measure("rating", numbers)])
        self.expect_readable(figure)
        self.assertEqual(figure.axes[0].get_xscale(), "log")
        line = figure.axes[0].get_lines()[0]
        np.testing.assert_allclose(line.get_xdata(), [0.001, 0.01, 0.1])
        self.assertEqual(len(figure.axes[0].collections), 2)
        self.expect_readable(plots.draw_sweep("latent.kind", [sweep.measure("loss at the end", words)]))

    def test_correlation(self):
        pictures = [Rated(f"condition {number % 3}", f"p{number % 5}", 1 + number % 4, 3, {"a": number / 7, "b": -number})
                    for number in range(30)]
        figure = plots.draw_correlation(pictures, ["a", "b"])
        self.expect_readable(figure)
        marks = [line for line in figure.axes[0].get_lines()]
        self.assertEqual(sum(len(line.get_xdata()) for line in marks), 30)
        self.assertIn("Spearman", figure.axes[0].get_title(loc="left"))


class FilesTest(unittest.TestCase):
    def test_every_figure_and_again(self):
        key, ratings = study()
        pairs = pairs_of([f"{rater},{prompt},x,y,{rater % 3 - 1}" for rater in range(4) for prompt in "pqr"])
        scores = scored()
        for words in (("ratings", ratings), ("answers", ratings), ("ratings", pairs), ("answers", pairs),
                      ("correlation", ratings, "--key", key, "--scores", scores),
                      ("ablation", "optimizer.lr", "--losses", support.archive("tiny"), "--scores", scores, "--ratings", ratings,
                       "--key", key)):  # fmt: skip
            contents = []
            for _ in range(2):
                path = support.folder("figures") / "f.png"
                support.tool("figures.py", *words, "-o", path)
                contents.append(path.read_bytes())
            self.assertEqual(*contents, words[0])
            self.assertTrue(contents[0].startswith(b"\x89PNG"))


if __name__ == "__main__":
    unittest.main()
