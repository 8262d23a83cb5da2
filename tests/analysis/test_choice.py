"""Best of n: the pictures with the highest scores are shown, and the key and the tables' notes say so."""

import csv
import functools
import json
import subprocess
import unittest

from PIL import Image

import support
from archive import Archive
from key import read_key

MODELS = support.HERE.parents[1] / "jobs/models"


@functools.cache
def scores():
    """The table that the program writes of the archive."""
    path = support.folder("scores") / "scores.csv"
    subprocess.run([support.PROGRAM, "score", support.archive("tiny"), "--perceptor",
                    MODELS / "picturebook-judge.safetensors", "--vocabulary", MODELS / "picturebook.bpe.gz",
                    "--perceptor", f"vit={MODELS / 'picturebook-vit.safetensors'}", "--vocabulary",
                    MODELS / "picturebook.bpe.gz", "-o", path, "--threads", "1"], check=True, capture_output=True)
    return path


def rows():
    with scores().open(newline="") as file:
        return list(csv.DictReader(file))


def changed(change):
    """The table with every row changed, in a file of its own."""
    path = support.folder("changed") / "scores.csv"
    table = [row | change(row) for row in rows()]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    return path


def conditions(*names):
    return [f"{name}={support.archive('tiny')}@optimizer.lr={rate}" for name, rate in zip(names, ("0.5", "2.0"))]


def make(*words, expected=0, names=("slow", "fast")):
    output = support.folder("kit") / "out"
    _, remarks = support.tool("rating.py", "make", "-o", output, "--raters", 2, "--seed", 3, "--texts", texts(), *words,
                              *conditions(*names), expected=expected)
    return output, remarks


@functools.cache
def texts():
    path = support.folder("texts") / "texts.csv"
    path.write_text("prompt,text\na blue fish | a white moon:0.5,a blue fish\n")
    return path


class TestChoice(unittest.TestCase):
    def best(self, column):
        """(prompt, variant) -> the render with the highest score, by hand."""
        with Archive(support.archive("tiny")) as archive:
            renders = {render.number: render for render in archive.renders}
        best = {}
        for row in rows():
            render = renders[int(row["number"])]
            if not row[column]:
                continue
            place = (render.caption, render.variant)
            if place not in best or float(row[column]) > float(best[place][column]):
                best[place] = row
        return {place: int(row["number"]) for place, row in best.items()}

    def test_the_best_are_shown(self):
        for by, column in (("clip1", "clip1_clipscore"), ("vit_cosine", "vit_cosine")):
            output, _ = make("--pictures", "best:1", "--by", f"{scores()}:{by}")
            key = read_key(output / "key.json")
            expected = self.best(column)
            variants = {condition["name"]: condition["variant"] for condition in key.conditions}
            for picture in key.pictures.values():
                self.assertEqual(picture["render"], expected[picture["prompt"], variants[picture["condition"]]])
            self.assertEqual(key.choice["by"], column)
            self.assertEqual(key.choice["of"], {"slow": [2, 2], "fast": [2, 2]})
            self.assertEqual(len(key.choice["left_out"]), len(key.pictures))
            shown = {picture["render"] for picture in key.pictures.values()}
            self.assertFalse(shown & {entry["render"] for entry in key.choice["left_out"]})

    def test_notes_say_the_rule(self):
        output, _ = make("--pictures", "best:1", "--by", f"{scores()}:vit")
        key = read_key(output / "key.json")
        files = []
        for rater, order in key.orders.items():
            path = output / f"{rater}.json"
            path.write_text(json.dumps({"format": "vqclip ratings 1", "study": key.study, "rater": rater, "ratings": [
                {"position": place, "picture": picture, "rating": 1 + (place + rater) % 5, "seconds": 2}
                for place, picture in enumerate(order, 1)]}))
            files.append(path)
        support.tool("rating.py", "collect", "--key", output / "key.json", "-o", output / "ratings.csv", *files)
        support.tool("tables.py", "ratings", output / "ratings.csv", "-o", output / "tables")
        for name in ("means", "comparisons"):
            note = (output / "tables" / f"{name}.md").read_text()
            self.assertIn("the best 1 by vit_clipscore, of 2 (slow), 2 (fast); 6 pictures were left out", note)
            self.assertIn("Its perceptor guided the pictures: slow: yes, fast: yes", note)
        self.assertNotIn("best 1", (output / "tables/raters.md").read_text())

    def test_keys_of_first_pictures_are_as_ever(self):
        output, _ = make("--pictures", "1")
        content = json.loads((output / "key.json").read_text())
        self.assertNotIn("choice", content)
        self.assertEqual(read_key(output / "key.json").choice, None)

    def test_uneven_numbers_are_said(self):
        few = support.folder("few")
        with Archive(support.archive("tiny")) as archive:
            render = archive.finished()[0]
            Image.fromarray(archive.picture(render)).save(few / "a.png")
        (few / "pictures.csv").write_text(f"file,prompt\na.png,{render.caption}\n")
        output = support.folder("kit") / "out"
        _, remarks = support.tool(
            "rating.py", "make", "-o", output, "--raters", 2, "--seed", 3, "--pictures", "best:1", "--by",
            f"{scores()}:vit", f"few={few}", conditions("slow")[0])
        self.assertIn("1 in few, 2 in slow", remarks)
        self.assertEqual(read_key(output / "key.json").choice["of"]["few"], [1, 1])

    def test_what_is_refused(self):
        table = scores()
        for words, said in (
                (("--pictures", "best:1"), "together, or neither"),
                (("--by", f"{table}:vit"), "together, or neither"),
                (("--pictures", "worst:1", "--by", f"{table}:vit"), "expected a whole number of at least 1, or best:N"),
                (("--pictures", "best:1", "--by", str(table.parent / "scores")), "expected FILE:COLUMN"),
                (("--pictures", "best:1", "--by", f"{table}:clap"), "expected a column clap or clap_clipscore"),
                (("--pictures", "best:1", "--by", f"{table}:vit", "--by", f"{table}:clip1"), "expected one column"),
                (("--pictures", "best:1", "--by", f"{texts()}:text"), "found no column picture_sha256"),
                (("--pictures", "best:1", "--by", f"{changed(lambda row: {'vit_clipscore': ''})}:vit"),
                 "expected a score vit_clipscore of this picture"),
                (("--pictures", "best:1", "--by", f"{changed(lambda row: {'picture_sha256': '0' * 64, 'prompt': row['id']})}:vit"),
                 "expected a score vit_clipscore of this picture"),
                (("--pictures", "best:1", "--by", f"{changed(lambda row: {'vit_clipscore': 'x'})}:vit"),
                 "expected a number, found 'x'")):
            with self.subTest(said=said):
                _, remarks = make(*words, expected=2)
                self.assertIn(said, remarks)


if __name__ == "__main__":
    unittest.main()
