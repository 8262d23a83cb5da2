"""The folders that other programs read: as their documentation has them, with the archive's own pictures."""

import csv
import hashlib
import json
import re
import unittest

import numpy as np
from PIL import Image

import support
from archive import Archive


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


class LayoutTest(unittest.TestCase):
    def output(self):
        return support.folder("layout") / "folder"

    def made(self, layout, name, *words, expected=0):
        output = self.output()
        _, errors = support.tool("layouts.py", layout, support.archive(name), "-o", output, *words, expected=expected)
        return output, errors

    def test_an_imagefolder_has_a_row_for_each_picture_and_no_picture_without(self):
        output, _ = self.made("imagefolder", "tiny")
        with (output / "train" / "metadata.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        with Archive(support.archive("tiny")) as archive:
            done = [render for render in archive.renders if render.state == "done"]
        self.assertEqual([row["file_name"] for row in rows], [f"{render.number:05}.png" for render in done])
        self.assertEqual({row["file_name"] for row in rows}, {path.name for path in output.rglob("*.png")})
        for row, render in zip(rows, done, strict=True):
            self.assertEqual((row["text"], row["render"]), (render.caption, str(render.number)))
            self.assertEqual((row["seed"], row["optimizer.lr"]), (str(render.seed), render.variant.removeprefix("optimizer.lr=")))
            found = pixels(output / "train" / row["file_name"])
            self.assertEqual(hashlib.sha256(found.tobytes()).hexdigest(), row["picture_sha256"])

    def metadata(self, prompts):
        path = support.folder("prompts") / "evaluation_metadata.jsonl"
        path.write_text("".join(json.dumps({"tag": "single_object", "prompt": prompt, "include": []}) + "\n" for prompt in prompts))
        return path

    def test_geneval_has_a_folder_for_each_line(self):
        prompts = ["not in the study", "a red house", "a blue fish | a white moon:0.5", "prompt pulled"]
        path = self.metadata(prompts)
        output, errors = self.made("geneval", "other", "--metadata", path)
        self.assertIn("1 of 4 prompts", errors)
        with Archive(support.archive("other")) as archive:
            for folder in output.iterdir():
                entry = json.loads((folder / "metadata.jsonl").read_text())
                self.assertEqual(prompts[int(folder.name)], entry["prompt"])
                self.assertRegex(folder.name, r"^\d{5}$")
                samples = sorted((folder / "samples").iterdir())
                renders = [render for render in archive.renders if render.caption == entry["prompt"]]
                self.assertEqual([sample.name for sample in samples], [f"{number:04}.png" for number in range(len(renders))])
                for sample, render in zip(samples, renders, strict=True):
                    np.testing.assert_array_equal(pixels(sample), archive.picture(render))
        self.assertEqual(len(list(output.iterdir())), 3)

    def test_what_has_no_place_is_refused(self):
        _, errors = self.made("geneval", "other", "--metadata", self.metadata(["a red house"]), expected=2)
        self.assertIn("expected a line for each prompt", errors)
        _, errors = self.made("geneval", "other", "--metadata", self.metadata(["a red house", "a  red house"]), expected=2)
        self.assertIn("line 2: expected each prompt once", errors)
        for layout, words in (("compbench", ()), ("geneval", ("--metadata", self.metadata(["a red house"])))):
            _, errors = self.made(layout, "tiny", *words, expected=2)
            self.assertIn("expected one variant, found 2", errors)
        output = self.output()
        output.mkdir()
        (output / "something").touch()
        _, errors = support.tool("layouts.py", "compbench", support.archive("other"), "-o", output, expected=2)
        self.assertIn("expected a new or an empty folder", errors)

    def test_compbench_names_pictures_by_their_prompts(self):
        output, _ = self.made("compbench", "tiny", "--variant", "optimizer.lr=0.5")
        with Archive(support.archive("tiny")) as archive:
            renders = [render for render in archive.renders if render.state == "done" and render.variant == "optimizer.lr=0.5"]
            files = sorted((output / "samples").iterdir(), key=lambda path: int(re.search(r"_(\d+)\.png$", path.name)[1]))
            self.assertEqual([path.name.split("_")[0] for path in files], [render.caption for render in renders])
            for path, render in zip(files, renders, strict=True):
                np.testing.assert_array_equal(pixels(path), archive.picture(render))
