"""Folders as conditions: pictures of other programs in their formats, and what `vqclip export` wrote."""

import csv
import shutil
import subprocess
import unittest

import numpy as np
from PIL import Image

import support
from command import BadInput
from condition import open_condition, read_picture

HALVES = np.zeros((16, 24, 3), np.uint8)  # left dark, right bright: a turned picture shows
HALVES[:, 12:] = 240


def saved(name, image, **options):
    path = support.folder("picture") / name
    image.save(path, **options)
    return path


def exported(name):
    """The folder that export makes of an archive."""
    output = support.folder("exported") / "out"
    subprocess.run([support.PROGRAM, "export", support.archive(name), "-o", output], check=True, capture_output=True)
    return output


class PictureTest(unittest.TestCase):
    def test_formats_have_the_same_pixels(self):
        image = Image.fromarray(HALVES)
        self.assertTrue((read_picture(saved("a.png", image)) == HALVES).all())
        self.assertTrue((read_picture(saved("a.webp", image, lossless=True)) == HALVES).all())
        differences = read_picture(saved("a.jpg", image, quality=100, subsampling=0)).astype(int) - HALVES
        self.assertLess(np.abs(differences).max(), 3)

    def test_orientation_is_applied(self):
        image = Image.fromarray(HALVES)
        exif = image.getexif()
        exif[0x0112] = 6  # to be turned clockwise
        for name, options in (("a.jpg", {"quality": 100, "subsampling": 0}), ("a.png", {}), ("a.webp", {"lossless": True})):
            turned = read_picture(saved(name, image, exif=exif, **options))
            self.assertEqual(turned.shape, (24, 16, 3))
            self.assertGreater(turned[20:].min(), 200)
            self.assertLess(turned[:8].max(), 40)

    def test_what_is_no_picture_for_a_screen_is_refused(self):
        grey = Image.fromarray(HALVES).convert("L")
        for path, message in ((saved("a.jpg", Image.fromarray(HALVES).convert("CMYK")), "found mode CMYK"),
                              (saved("a.png", grey.convert("I;16")), "found mode I"),
                              (saved("a.webp", grey, save_all=True, append_images=[grey.rotate(90)]), "found 2 frames"),
                              (saved("a.gif", grey), "expected a PNG, JPEG or WebP file")):
            with self.assertRaisesRegex(BadInput, message):
                read_picture(path)


class ExportedTest(unittest.TestCase):
    def refused(self, message, folder):
        with self.assertRaisesRegex(BadInput, message):
            open_condition(f"one={folder}")

    def test_it_is_the_archive(self):
        folder, archive = (open_condition(f"one={source}") for source in (exported("other"), support.archive("other")))
        self.assertEqual(list(folder.pictures), list(archive.pictures))
        self.assertGreater(len(folder.pictures), 0)
        for prompt, pictures in archive.pictures.items():
            for here, there in zip(folder.pictures[prompt], pictures, strict=True):
                self.assertEqual((here.prompt, here.worded), (there.prompt, there.worded))
                self.assertEqual((here.origin["id"], here.origin["seed"]), (there.origin["id"], there.origin["seed"]))
                self.assertTrue((here.load() == there.load()).all())

    def test_a_sweep_is_refused(self):
        self.refused("expected one variant for a condition, found optimizer.lr=0.5, optimizer.lr=2.0", exported("tiny"))

    def test_pictures_of_two_studies_are_refused(self):
        folder, tiny = exported("other"), exported("tiny")
        shutil.copy(sorted(tiny.glob("0*.png"))[0], folder / "99999.png")
        self.refused("expected pictures of one study, found another's: 99999.png", folder)

    def test_a_picture_that_says_nothing_is_refused(self):
        folder = exported("other")
        Image.fromarray(HALVES).save(folder / "99999.png")
        self.refused("99999.png: expected a picture that vqclip export wrote, found none of its text 'Title'", folder)

    def test_a_list_comes_first(self):
        folder = exported("other")
        first = sorted(folder.glob("0*.png"))[0].name
        with (folder / "pictures.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("file", "prompt"), (first, "a fish")])
        self.assertEqual(list(open_condition(f"one={folder}").pictures), ["a fish"])


if __name__ == "__main__":
    unittest.main()
