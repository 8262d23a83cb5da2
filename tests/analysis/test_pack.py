"""A packed archive as other programs see it: its axes have names and scales, its settings are columns, its pictures are
images; and the tools of analysis/ read it as they read the archive."""

import json
import re
import subprocess
import unittest

import h5py
import numpy as np

import support
from archive import Archive


class PackTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain = support.archive("tiny")
        cls.path = support.folder("packed") / "tiny.h5"
        subprocess.run([support.PROGRAM, "pack", cls.plain, "-o", cls.path], check=True, stdout=subprocess.DEVNULL)
        cls.file = h5py.File(cls.path)

    @classmethod
    def tearDownClass(cls):
        cls.file.close()

    def test_every_dataset_is_the_archives(self):
        with h5py.File(self.plain) as plain:
            names = []
            plain.visit(lambda name: names.append(name) if isinstance(plain[name], h5py.Dataset) else None)
            for name in names:
                if "checkpoint" in name:
                    continue
                self.assertEqual(self.file[name].dtype, plain[name].dtype)
                np.testing.assert_array_equal(self.file[name][()], plain[name][()])
            self.assertNotIn("checkpoint", self.file["shape_0"])
        self.assertLess(self.path.stat().st_size, 0.4 * self.plain.stat().st_size)

    def test_axes_have_names_and_scales(self):
        axes = {"picture": ["render", "y", "x", "channel"], "latent": ["render", "row", "column", "component"],
                "codes": ["render", "row", "column"], "losses": ["render", "step", "term"],
                "snapshot": ["render", "snapshot", "y", "x", "channel"]}
        shape = self.file["shape_0"]
        for name, expected in axes.items():
            dims = shape[name].dims
            self.assertEqual([axis.label for axis in dims], expected)
            for axis, size in zip(dims, shape[name].shape, strict=True):
                self.assertEqual(axis.keys(), [axis.label])
                self.assertEqual(axis[0].shape, (size,))
                self.assertEqual(axis[0].attrs["CLASS"], b"DIMENSION_SCALE")
        losses, snapshot = shape["losses"].dims, shape["snapshot"].dims
        self.assertEqual(losses[1][0][:].tolist(), list(range(1, 9)))
        self.assertEqual(losses[2][0][:].tolist(), shape["loss_name"][:].tolist())
        self.assertEqual(snapshot[1][0][:].tolist(), [4, 8])
        self.assertEqual(snapshot[4][0][:].tolist(), [b"red", b"green", b"blue"])
        for row, number in enumerate(shape["picture"].dims[0][0][:]):
            self.assertEqual(self.file["renders/row"][number], row)
        for name in ("id", "seed", "state", "picture_sha256"):
            self.assertEqual(self.file[f"renders/{name}"].dims[0].label, "render")
            self.assertEqual(self.file[f"renders/{name}"].dims[0][0].name, "/renders/number")

    def test_every_use_of_a_scale_is_listed_in_it(self):
        uses = {}
        def look(name, dataset):
            if not isinstance(dataset, h5py.Dataset):
                return
            for number, axis in enumerate(dataset.dims):
                for scale in axis.values():
                    uses.setdefault(scale.name, set()).add((dataset.name, number))
        self.file.visititems(look)
        for scale, expected in uses.items():
            listed = self.file[scale].attrs["REFERENCE_LIST"]
            self.assertEqual({(self.file[item["dataset"]].name, int(item["dimension"])) for item in listed}, expected)

    def test_pictures_are_images_and_states_have_names(self):
        for name in ("picture", "snapshot"):
            attributes = self.file[f"shape_0/{name}"].attrs
            self.assertEqual({key: attributes[key] for key in ("CLASS", "IMAGE_SUBCLASS", "INTERLACE_MODE", "IMAGE_VERSION")},
                             {"CLASS": b"IMAGE", "IMAGE_SUBCLASS": b"IMAGE_TRUECOLOR", "INTERLACE_MODE": b"INTERLACE_PIXEL",
                              "IMAGE_VERSION": b"1.2"})
            self.assertEqual(attributes["IMAGE_MINMAXRANGE"].tolist(), [0, 255])
        state = self.file["renders/state"].attrs
        names = dict(zip(state["flag_values"].tolist(), state["flag_meanings"].decode().split(), strict=True))
        with Archive(self.plain) as plain:
            self.assertEqual([names[value] for value in self.file["renders/state"][:]],
                             [render.state for render in plain.renders])
        self.assertEqual(self.file["renders/seconds"].attrs["units"], b"s")

    def test_settings_are_columns_and_numbers_as_people_wrote_them(self):
        columns = self.file["columns"]
        self.assertEqual(set(columns), {"settings_json", "optimizer.lr"})
        self.assertEqual(columns["optimizer.lr"][:2].tolist(), [b"0.5", b"2"])
        self.assertEqual(columns["optimizer.lr"].dims[0].label, "render")
        for text, rate in zip(columns["settings_json"][:], columns["optimizer.lr"][:], strict=True):
            settings = json.loads(text)
            self.assertEqual(settings["size"], [24, 16])
            self.assertEqual(settings["optimizer"]["lr"], float(rate))
            self.assertEqual(settings["snapshots"], 4)
            self.assertNotRegex(text.decode(), r"\d\.\d{12}")
        self.assertTrue(re.search(rb"\d\.\d{16}", self.file["renders/settings"][0]))

    def test_launches_have_times(self):
        launch = json.loads(self.file["launches/text"][0])
        self.assertRegex(launch["began"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_the_tools_read_it(self):
        with Archive(self.plain) as plain, Archive(self.path) as packed:
            for one, other in zip(plain.renders, packed.renders, strict=True):
                self.assertEqual(one, other)
                if one.state == "done":
                    np.testing.assert_array_equal(plain.picture(one), packed.picture(other))
