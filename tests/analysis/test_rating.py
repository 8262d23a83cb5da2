"""Rating kits: what raters get is blind, complete and inert; what they return is checked before it counts."""

import base64
import csv
import hashlib
import io
import json
import re
import time
import unittest
import unittest.mock
import zlib

import numpy as np
from PIL import Image, PngImagePlugin

import support
from archive import Archive
from collection import collect
from key import read_key
from kit import NAME_LETTERS

# Words that are found nowhere in a page, unless a condition leaks.
SLOW, FAST, OTHER, RIVAL = "quagga", "okapi", "tapir", "saiga"
HOSTILE = 'a red house </script><script>alert(1)</script> & "more"'


def variant(name, learning_rate):
    return f"{name}={support.archive('tiny')}@optimizer.lr={learning_rate}"


def rival_folder(prompts, size=(24, 16)):
    """Pictures of another program, which says so in its PNG files."""
    folder = support.folder("rival")
    with (folder / "pictures.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "prompt"])
        for number, prompt in enumerate(prompts):
            texts = PngImagePlugin.PngInfo()
            texts.add_text("Software", f"made by {RIVAL}")
            image = Image.new("RGBA", size, (200, 10 * number, 30, 255))
            image.save(folder / f"{RIVAL}-{number}.png", pnginfo=texts, dpi=(72, 72))
            writer.writerow([f"{RIVAL}-{number}.png", prompt])
    return folder


def texts_file(words):
    """What raters read in place of prompts, as --texts has it."""
    path = support.folder("texts") / "texts.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("prompt", "text"), *words.items()])
    return path


def make(*words, expected=0, raters=2, seed=11):
    """Makes a kit; returns its folder and what was said."""
    output = support.folder("kit") / "out"
    _, remarks = support.tool("rating.py", "make", "-o", output, "--raters", raters, "--seed", seed, *words,
                              expected=expected)
    return output, remarks


def read_rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def page_data(page):
    text = page.read_text()
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def png_chunks(content):
    """The names of a PNG's chunks, in order."""
    names, place = [], 8
    while place < len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        names.append(content[place + 4 : place + 8].decode())
        place += size + 12
    return names


def page_of(folder, rater):
    """The rater's page, whatever the rest of its name is."""
    return next(path for path in (folder / "raters").iterdir() if re.match(rf"(rater-)?{rater:02d}[.-]", path.name))


def pictures_for_raters(folder):
    """Name -> PNG, from the pages or from the files beside them."""
    data = page_data(page_of(folder, 1))
    contents = {}
    for name, source in data["pictures"].items():
        if source.startswith("data:image/png;base64,"):
            contents[name] = base64.b64decode(source.partition(",")[2])
        else:
            contents[name] = (folder / "raters" / source).read_bytes()
    return contents


class BlindingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prompts = ["a red house", "a blue fish | a white moon:0.5"]
        cls.rival = rival_folder(cls.prompts)
        sources = [variant(SLOW, 0.5), variant(FAST, 2.0), f"{OTHER}={support.archive('other')}",
                   f"{RIVAL}={cls.rival}"]
        cls.words = {cls.prompts[0]: cls.prompts[0], cls.prompts[1]: "a blue fish under the moon"}
        sources += ["--texts", texts_file(cls.words)]
        cls.embedded, cls.remarks = make(*sources, "--repeats", 2)
        cls.linked, _ = make(*sources, "--linked")

    def hints(self, key):
        """Everything that tells of conditions or of where pictures are from."""
        hints = [SLOW, FAST, OTHER, RIVAL, "optimizer", "tiny", "other-study", ".h5", "archive", "vit", "resnet",
                 "fish.1", str(self.rival), support.FOLDER, "pictures.csv"]
        hints += [condition["sha256"][:12] for condition in key.conditions]
        hints += [picture["picture_sha256"][:12] for picture in key.pictures.values()]
        return hints

    def test_no_hint_of_a_condition_in_what_raters_get(self):
        for folder in (self.embedded, self.linked):
            key = read_key(folder / "key.json")
            contents = list(pictures_for_raters(folder).values())
            files = [path for path in (folder / "raters").rglob("*") if path.is_file()]
            self.assertGreaterEqual(len(files), 2)
            for path in files:
                text = re.sub(rb"base64,[A-Za-z0-9+/=]*", b"", path.read_bytes())
                contents += [text, str(path.relative_to(folder / "raters")).encode()]
            for hint in self.hints(key):
                pattern = re.compile(rb"\b" + re.escape(hint.encode()) + rb"\b", re.IGNORECASE)
                self.assertEqual([content for content in contents if pattern.search(content)], [], hint)

    def test_the_key_is_not_among_what_raters_get(self):
        for folder in (self.embedded, self.linked):
            self.assertTrue((folder / "key.json").is_file())
        names = sorted(path.name for path in (self.embedded / "raters").iterdir())
        self.assertEqual(names, ["rater-01.html", "rater-02.html"])

    def test_pages_on_a_server_have_names_that_nobody_guesses(self):
        names = sorted(path.name for path in (self.linked / "raters").iterdir())
        self.assertEqual(names[2:], ["pictures"])
        for rater, name in enumerate(names[:2], 1):
            self.assertRegex(name, rf"^{rater:02d}-[{NAME_LETTERS}]{{10}}\.html$")
        self.assertNotEqual(names[0][3:], names[1][3:])

    def test_sizes_of_files_say_nothing(self):
        for folder in (self.embedded, self.linked):
            self.assertEqual(len({len(content) for content in pictures_for_raters(folder).values()}), 1)
            fillings = {hashlib.sha256(zlib.compress(content)).digest(): len(zlib.compress(content))
                        for content in pictures_for_raters(folder).values()}
            self.assertLess(max(fillings.values()) - min(fillings.values()), 24)  # packed they are alike, too

    def test_pictures_hold_pixels_and_nothing_else(self):
        for folder in (self.embedded, self.linked):
            for content in pictures_for_raters(folder).values():
                chunks = png_chunks(content)
                self.assertEqual(sorted(set(chunks)), ["IDAT", "IEND", "IHDR", "paDd"])
                self.assertEqual(chunks[-2:], ["paDd", "IEND"])
                with Image.open(io.BytesIO(content)) as image:
                    self.assertEqual((image.mode, image.size), ("RGB", (24, 16)))

    def test_names_are_listed_by_themselves_and_do_not_sort_conditions(self):
        key = read_key(self.embedded / "key.json")
        for folder in (self.embedded, self.linked):
            names = list(page_data(page_of(folder, 1))["pictures"])
            self.assertEqual(names, sorted(names))
        conditions = [key.pictures[name]["condition"] for name in sorted(key.pictures)]
        changes = sum(before != after for before, after in zip(conditions, conditions[1:]))
        self.assertGreater(changes, len(key.conditions) - 1)

    def test_the_key_says_where_pictures_are_from(self):
        key = read_key(self.embedded / "key.json")
        contents = pictures_for_raters(self.embedded)
        with Archive(support.archive("tiny")) as archive:
            renders = {render.number: render for render in archive.renders}
            for name, picture in key.pictures.items():
                with Image.open(io.BytesIO(contents[name])) as image:
                    self.assertEqual(hashlib.sha256(image.tobytes()).hexdigest(), picture["picture_sha256"])
                if picture["condition"] in (SLOW, FAST):
                    render = renders[picture["render"]]
                    self.assertEqual(picture["picture_sha256"], render.picture_sha256)
                    self.assertEqual(picture["prompt"], render.caption)
                    self.assertEqual((picture["id"], picture["seed"]), (render.id, render.seed))
                    variants = {SLOW: "optimizer.lr=0.5", FAST: "optimizer.lr=2.0"}
                    self.assertEqual(render.variant, variants[picture["condition"]])
        digest = hashlib.sha256(support.archive("tiny").read_bytes()).hexdigest()
        self.assertEqual([condition["sha256"] for condition in key.conditions[:2]], [digest, digest])
        self.assertEqual(key.condition_names(), [SLOW, FAST, OTHER, RIVAL])

    def test_prompts_are_matched_and_others_named(self):
        key = read_key(self.embedded / "key.json")
        self.assertEqual(key.prompts, self.prompts)
        self.assertEqual(len(key.pictures), 8)
        self.assertIn(f"left out: 'a green tree': fewer than 1 pictures in {OTHER}, {RIVAL}", self.remarks)
        output, remarks = make(variant(SLOW, 0.5), f"{OTHER}={support.archive('other')}", "--texts",
                               texts_file(self.words))
        self.assertIn("left out: prompt pulled: it has no text", remarks)
        self.assertEqual(len(read_key(output / "key.json").pictures), 4)

    def test_the_page_shows_the_key_s_order(self):
        key = read_key(self.embedded / "key.json")
        for rater in (1, 2):
            data = page_data(self.embedded / "raters" / f"rater-{rater:02d}.html")
            self.assertEqual((data["study"], data["rater"]), (key.study, rater))
            self.assertEqual([" ".join(item["pictures"]) for item in data["order"]], key.orders[rater])
            self.assertEqual([item["text"] for item in data["order"]],
                             [self.words[key.pictures[name]["prompt"]] for name in key.orders[rater]])
            self.assertEqual(len(data["order"]), 10)

    def test_the_page_needs_nothing_from_elsewhere(self):
        text = re.sub("base64,[A-Za-z0-9+/=]*", "", (self.embedded / "raters" / "rater-01.html").read_text())
        self.assertIn("default-src 'none'", text)
        loading = r"(?i)https?:|//[a-z]|@import|\bfetch\(|XMLHttpRequest|<link|<iframe|src=\""
        self.assertEqual(re.findall(loading, text), [])

    def test_the_same_seed_gives_the_same_files(self):
        sources = [variant(SLOW, 0.5), variant(FAST, 2.0), "--texts", texts_file(self.words)]
        first, second = make(*sources)[0], make(*sources)[0]
        other = make(*sources, seed=12)[0]
        for name in ("key.json", "raters/rater-01.html", "raters/rater-02.html"):
            self.assertEqual((first / name).read_bytes(), (second / name).read_bytes())
            self.assertNotEqual((first / name).read_bytes(), (other / name).read_bytes())

    def test_with_one_round_a_rater_sees_each_prompt_once(self):
        sources = [variant(SLOW, 0.5), variant(FAST, 2.0), "--texts", texts_file(self.words)]
        output, remarks = make(*sources, "--rounds", 1, raters=4)
        key = read_key(output / "key.json")
        for rater in range(1, 5):
            data = page_data(output / "raters" / f"rater-{rater:02d}.html")
            self.assertEqual(sorted(item["text"] for item in data["order"]),
                             sorted(self.words.get(prompt, prompt) for prompt in key.prompts))
            self.assertEqual(set(data["pictures"]), set(key.orders[rater]))
        self.assertEqual(len(key.pictures), 6)
        self.assertNotIn("shown to nobody", remarks)
        self.assertIn("3 of 6 pictures are shown to nobody: 4 raters", make(*sources, "--rounds", 1)[1])
        self.assertIn("--rounds: expected at most 2", make(*sources, "--rounds", 3, expected=2)[1])

    def test_raters_read_other_words_where_they_are_given(self):
        texts = texts_file({"a blue fish | a  white moon:0.5": "a fish under the moon"})
        output, _ = make(variant(SLOW, 0.5), "--texts", texts)
        data = page_data(output / "raters" / "rater-01.html")
        self.assertEqual(sorted(item["text"] for item in data["order"]),
                         ["a fish under the moon", "a green tree", "a red house"])
        self.assertIn("a blue fish | a white moon:0.5", read_key(output / "key.json").prompts)
        texts.write_text("prompt,text\na cat,the cat\n")
        _, errors = make(variant(SLOW, 0.5), "--texts", texts, expected=2)
        self.assertIn("--texts: expected prompts of the conditions, found 'a cat'", errors)

    def test_weights_are_not_shown_to_raters(self):
        _, errors = make(variant(SLOW, 0.5), expected=2)
        self.assertIn("expected texts that raters can read, found 'a blue fish | a white moon:0.5'; --texts", errors)
        for prompt in ("a cat:2", "a cat:-.5", "a cat : \u22121", "a cat|a dog", "a cat ^ a dog"):
            _, errors = make(f"{RIVAL}={rival_folder([prompt])}", expected=2)
            self.assertIn(f"found {prompt!r}", errors)
        make(f"{RIVAL}={rival_folder(['nature: a cat, 2 dogs'])}")

    def test_several_pictures_of_a_prompt(self):
        output, _ = make(variant(SLOW, 0.5), variant(FAST, 2.0), "--pictures", 2, "--texts", texts_file(self.words))
        key = read_key(output / "key.json")
        self.assertEqual(len(key.pictures), 12)
        seeds = sorted(picture["seed"] for picture in key.pictures.values() if picture["condition"] == SLOW)
        self.assertEqual(seeds, [0, 0, 0, 1, 1, 1])


class PageTextTest(unittest.TestCase):
    def test_text_with_markup_stays_text(self):
        folder = rival_folder([HOSTILE, "a tree"])
        output, _ = make(f"{RIVAL}={folder}", "--title", "<b>Study</b>")
        page = output / "raters" / "rater-01.html"
        self.assertNotIn("<script>alert", page.read_text())
        self.assertNotIn("<b>Study", page.read_text())
        self.assertIn(HOSTILE, [item["text"] for item in page_data(page)["order"]])

    def test_a_title_that_names_a_condition_is_noticed(self):
        _, remarks = make(f"{RIVAL}={rival_folder(['a tree'])}", "--title", f"Is {RIVAL.title()} good?")
        self.assertIn(f"has the word {RIVAL!r}", remarks)


class RefusedSourcesTest(unittest.TestCase):
    def refused(self, message, *words):
        output, errors = make(*words, expected=2)
        self.assertRegex(errors.strip().splitlines()[-1], message)
        self.assertFalse(output.exists())

    def test_sizes_that_differ_unless_they_are_made_equal(self):
        large = rival_folder(["a red house", "a green tree"], (32, 32))
        sources = [variant(SLOW, 0.5), f"{RIVAL}={large}"]
        self.refused("expected pictures of one size.*24x16 in quagga, 32x32 in saiga; choose --size", *sources)
        output, _ = make(*sources, "--size", 48)
        for content in pictures_for_raters(output).values():
            with Image.open(io.BytesIO(content)) as image:
                self.assertEqual(image.size, (48, 48))
        name, picture = next(item for item in read_key(output / "key.json").pictures.items()
                             if item[1]["condition"] == SLOW)
        pixels = np.asarray(Image.open(io.BytesIO(pictures_for_raters(output)[name])))
        self.assertTrue((pixels[:8] == 0xE6).all() and (pixels[40:] == 0xE6).all())  # 24×16 becomes 48×32
        self.assertFalse((pixels[8:40] == 0xE6).all())
        with Archive(support.archive("tiny")) as archive:
            self.assertEqual(picture["picture_sha256"], archive.renders[picture["render"]].picture_sha256)

    def test_conditions_that_are_not_clear(self):
        tiny = support.archive("tiny")
        self.refused("expected one variant for a condition, found optimizer.lr=0.5, optimizer.lr=2.0", f"{SLOW}={tiny}")
        self.refused("expected a variant out of .*found optimizer.lr=3", variant(SLOW, 3))
        self.refused("expected NAME=ARCHIVE", str(tiny))
        self.refused("a name for each condition, found it twice", variant(SLOW, 0.5), variant(SLOW, 2.0))
        self.refused("found no file", f"{SLOW}=absent.h5")

    def test_folders_that_cannot_be_used(self):
        folder = rival_folder(["a red house", "a tree"])
        for content, message in (("name,prompt\nx.png,a\n", "expected columns file and prompt, found name, prompt"),
                                 ("file,prompt\nabsent.png,a tree\n", "absent.png: expected a PNG, JPEG or WebP file, found no file"),
                                 ("file,prompt\npictures.csv,a tree\n", "pictures.csv: expected a PNG, JPEG or WebP file"),
                                 ("file,prompt\nx.png,\n", "row 1: expected file and prompt, found")):
            (folder / "pictures.csv").write_text(content)
            self.refused(message, f"{RIVAL}={folder}")
        (folder / "pictures.csv").unlink()
        self.refused("pictures.csv: No such file", f"{RIVAL}={folder}")

    def test_too_many_repeats_no_prompts_and_a_full_folder(self):
        folder = rival_folder(["a tree"])
        self.refused("--repeats: expected at most 0", f"{RIVAL}={folder}", "--repeats", "1")
        self.refused("expected prompts of which every", f"{RIVAL}={folder}", variant(SLOW, 0.5))
        full = support.folder("full")
        (full / "note.txt").write_text("mine")
        _, errors = support.tool("rating.py", "make", "-o", full, "--raters", 1, f"{RIVAL}={folder}", expected=2)
        self.assertIn("expected a new or empty folder", errors)
        support.tool("rating.py", "make", "-o", full / "new", "--raters", "none", f"{RIVAL}={folder}", expected=2)


class CollectTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        texts = texts_file({"a blue fish | a white moon:0.5": "a blue fish"})
        cls.kit, _ = make(variant(SLOW, 0.5), variant(FAST, 2.0), "--repeats", 1, "--texts", texts, raters=3)
        cls.key = read_key(cls.kit / "key.json")

    def answers(self, rater, /, **changes):
        """What a rater would save: a rating that follows from rater and place."""
        ratings = [{"position": place, "picture": name, "rating": 1 + (place + rater) % 5, "seconds": 1.5}
                   for place, name in enumerate(self.key.orders[rater], 1)]
        return {"format": "vqclip ratings 1", "study": self.key.study, "rater": rater, "ratings": ratings, **changes}

    def write(self, content, name="file.json"):
        path = support.folder("answers") / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def collect(self, *files, expected=0):
        output = support.folder("collected") / "ratings.csv"
        said = support.tool("rating.py", "collect", "--key", self.kit / "key.json", "-o", output, *files,
                            expected=expected)
        return output, said

    def refused(self, content, message, name="file.json"):
        output, (_, errors) = self.collect(self.write(content, name), expected=2)
        self.assertRegex(errors, message)
        self.assertIn(name, errors)
        self.assertEqual(errors.count("\n"), 1)
        self.assertFalse(output.exists())

    def csv_of(self, answers):
        lines = [[answers["study"], answers["rater"], row["position"], row["picture"], row["rating"], row["seconds"]]
                 for row in answers["ratings"]]
        return "\r\n".join(",".join(map(str, line)) for line in
                           [["study", "rater", "position", "picture", "rating", "seconds"], *lines]) + "\r\n"

    def test_ratings_are_joined_with_the_key(self):
        files = [self.write(self.answers(1)), self.write(self.csv_of(self.answers(2)), "file.csv"),
                 self.write(self.answers(3))]
        output, (told, remarks) = self.collect(*files)
        self.assertEqual(remarks, "")
        self.assertIn("21 ratings by 3 of 3 raters", told)
        rows = read_rows(output)
        self.assertEqual(len(rows), 21)
        for row in rows:
            picture = self.key.pictures[row["picture"]]
            self.assertEqual((row["condition"], row["prompt"]), (picture["condition"], picture["prompt"]))
            order = self.key.orders[int(row["rater"])]
            self.assertEqual(order[int(row["position"]) - 1], row["picture"])
            self.assertEqual(int(row["rating"]), 1 + (int(row["position"]) + int(row["rater"])) % 5)
            self.assertEqual(row["repeat"] == "1", order.index(row["picture"]) != int(row["position"]) - 1)
        self.assertEqual(sum(row["repeat"] == "1" for row in rows), 3)
        self.assertEqual([row["prompt"] for row in rows], sorted((row["prompt"] for row in rows),
                                                                 key=self.key.prompts.index))

    def test_what_is_missing_is_said(self):
        answers = self.answers(2)
        del answers["ratings"][5], answers["ratings"][1:3]
        _, (told, remarks) = self.collect(self.write(answers))
        self.assertIn("rater 2: 3 of 7 ratings are missing, at positions 2-3, 6", remarks)
        self.assertIn("no file from 2 of 3 raters: 1, 3", remarks)
        self.assertIn("4 ratings by 1 of 3 raters", told)

    def test_files_that_are_refused(self):
        def changed(**changes):
            answers = self.answers(1)
            answers["ratings"][2].update(changes)
            return answers

        self.refused(self.answers(1, study="0123456789ab"), f"of study {self.key.study}, found study 0123456789ab")
        self.refused(self.csv_of(self.answers(1, study="0123456789ab")), "found study 0123", "file.csv")
        self.refused(self.answers(1, rater=4), "expected a rater from 1 to 3, found 4")
        self.refused(changed(picture="bcdfghjkmn"), "position 3: expected a picture of the study, found 'bcdfghjkmn'")
        self.refused(changed(picture=self.key.orders[1][3]), "position 3: expected picture ")
        for rating in (0, 6, -1, 2.5, True, "x", None):
            self.refused(changed(rating=rating), "expected a rating from 1 to 5|expected position, picture, rating")
        self.refused(changed(position=8), "position 8: expected 1 to 7")
        self.refused(changed(position=2), "position 2: expected one rating, found 2")
        self.refused(changed(seconds="inf"), "expected seconds")
        self.refused(self.answers(1, format="vqclip ratings 4"), "expected format 'vqclip ratings 3'")
        self.refused(self.answers(1, format="vqclip ratings 2"), "expected ratings as a page saves them")  # no answers
        for answers in (3, [{}], [{"position": "x", "rating": 1, "at": "", "tab": ""}]):
            self.refused(self.answers(1, format="vqclip ratings 2", answers=answers), "expected ratings as a page saves")
        for content in ("", "{", "[]", "{}", "a,b\n1,2\n", '{"format": "vqclip ratings 1", "ratings": 3}',
                        "study,rater,position,picture,rating,seconds\n"):
            self.refused(content, "expected ratings as a page saves them|expected the ratings of one rater")
        self.refused("study,rater,position,picture,rating,seconds\n" + "9" * 200_000, "expected CSV", "file.csv")
        self.refused(self.answers(1, rater=1.5), "expected ratings as a page saves them")
        other_rater = self.csv_of(self.answers(1)) + self.csv_of(self.answers(2)).partition("\n")[2]
        self.refused(other_rater, "expected the ratings of one rater", "file.csv")

    def test_many_rows_take_no_time(self):
        answers = self.answers(1)
        answers["ratings"] *= 10000
        began = time.monotonic()
        self.refused(answers, "position 1: expected one rating, found 10000")
        self.assertLess(time.monotonic() - began, 20.0)
        self.refused(self.csv_of({**self.answers(1), "rater": "1" * 5000}), "expected the number of a rater", "file.csv")

    def test_the_study_s_name_is_computed_once(self):
        """It is of the whole key, which is as long as all raters' orders: once a file is too often."""
        key = read_key(self.kit / "key.json")
        with unittest.mock.patch.object(type(key), "_content", side_effect=AssertionError("computed again")):
            self.assertEqual(len(collect(key, [self.write(self.answers(rater)) for rater in key.orders])), 21)

    def test_of_two_files_of_a_rater_the_one_that_holds_the_other_counts(self):
        part, other = self.answers(1), self.answers(1)
        part["ratings"] = part["ratings"][:4]
        for files in ((part, self.answers(1)), (self.answers(1), part)):
            _, (told, remarks) = self.collect(*map(self.write, files))
            self.assertIn("7 ratings by 1 of 3", told)
            self.assertRegex(remarks, "rater 1: .*file.json holds all of .*file.json, and counts")
        other["ratings"][2]["rating"] = 1 + other["ratings"][2]["rating"] % 5
        _, (_, errors) = self.collect(self.write(part), self.write(other), expected=2)
        self.assertRegex(errors, "expected one file of rater 1, or one that holds all of the other, found .*file.json too")

    def test_an_answer_that_was_changed_later_contradicts_nothing(self):
        """Where files have all answers, the later one holds the earlier one though a rating is another."""
        def answer(position, rating, minute):
            return {"position": position, "rating": rating, "at": f"2026-12-01T10:{minute:02d}:00.000Z", "tab": "ab"}

        early, late = (self.answers(1, format="vqclip ratings 2") for _ in range(2))
        early["ratings"] = early["ratings"][:1]
        early["answers"] = [answer(1, early["ratings"][0]["rating"], 1)]
        late["ratings"][0]["rating"] = 1 + late["ratings"][0]["rating"] % 5
        late["answers"] = [dict(early["answers"][0])] + [answer(row["position"], row["rating"], 2) for row in late["ratings"]]
        _, (told, _) = self.collect(self.write(late), self.write(early))
        self.assertIn("7 ratings by 1 of 3", told)
        early["answers"][0]["tab"] = "another device"
        _, (_, errors) = self.collect(self.write(late), self.write(early), expected=2)
        self.assertIn("or one that holds all of the other", errors)

    def test_a_key_that_was_changed_is_refused(self):
        content = (self.kit / "key.json").read_text()
        for text in (content.replace(SLOW, FAST), "{}", "[]", "no key"):
            path = self.write(text, "key.json")
            _, errors = support.tool("rating.py", "collect", "--key", path, "-o", path.with_name("out.csv"),
                                     self.write(self.answers(1)), expected=2)
            self.assertRegex(errors, "expected the key")


if __name__ == "__main__":
    unittest.main()
