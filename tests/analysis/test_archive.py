"""The archive's reader against the program, which wrote the file, and against damaged files."""

import io
import shutil
import subprocess
import sys
import unittest
from contextlib import redirect_stderr

import h5py
import numpy as np
from PIL import Image

import support
from archive import Archive, open_archives
from command import BadInput


def finished(archive):
    with redirect_stderr(io.StringIO()) as remarks:
        return archive.finished(), remarks.getvalue()


class ReadingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.archive = Archive(support.archive("tiny"))
        cls.shown = support.shown("tiny")

    @classmethod
    def tearDownClass(cls):
        cls.archive.close()

    def test_study_and_models_are_as_the_program_shows_them(self):
        self.assertEqual(self.archive.study, self.shown["study"])
        self.assertEqual(self.archive.job_sha256, self.shown["job_sha256"])
        models = [{"role": model.role, "name": model.name, "path": model.path, "sha256": model.sha256}
                  for model in self.archive.models]
        self.assertEqual(models, self.shown["models"])

    def test_renders_are_as_the_program_shows_them(self):
        self.assertEqual(len(self.archive.renders), 20)
        for render, shown in zip(self.archive.renders, self.shown["renders"], strict=True):
            names = ["number", "id", "prompt", "seed", "state"]
            if render.state == "done":
                self.assertAlmostEqual(render.seconds, shown["seconds"], places=6)
                names += ["device", "host", "picture_sha256", "latent_sha256"]
                loss = float(self.archive.losses(render).named("total")[-1])
                self.assertAlmostEqual(loss, shown["loss"], places=6)
            if render.state == "failed":
                names.append("reason")
            self.assertEqual({name: getattr(render, name) for name in names}, {name: shown[name] for name in names})

    def test_variants_captions_and_settings(self):
        first, second = self.archive.renders[:2]
        self.assertEqual((first.variant, second.variant), ("optimizer.lr=0.5", "optimizer.lr=2.0"))
        self.assertEqual(first.prompt, "a red  house")
        self.assertEqual(first.caption, "a red house")
        self.assertEqual(first.settings["size"], "[24, 16]")
        captions = {render.caption for render in self.archive.renders}
        self.assertLessEqual({"prompt pulled", "a blue fish | a white moon:0.5"}, captions)
        dotted = next(render for render in self.archive.renders if render.id.startswith("fish.1."))
        self.assertEqual((dotted.id, dotted.variant), ("fish.1.0.optimizer.lr=0.5", "optimizer.lr=0.5"))
        with Archive(support.archive("other")) as other:
            self.assertEqual([render.variant for render in other.renders], ["", "", ""])

    def test_pictures_are_those_that_the_program_exports(self):
        folder = support.folder("export")
        subprocess.run([support.PROGRAM, "export", self.archive.path, "-o", folder], check=True, capture_output=True)
        renders, _ = finished(self.archive)
        for render in renders:
            with Image.open(folder / f"{render.number:05d}.png") as image:
                np.testing.assert_array_equal(self.archive.picture(render), np.asarray(image))

    def test_losses_by_perceptor_are_sums_over_targets(self):
        fish = self.archive.renders[4]
        losses = self.archive.losses(fish)
        self.assertEqual(losses.names, ["vit: target 1", "vit: target 2", "resnet: target 1", "resnet: target 2", "L2",
                                        "total"])
        by_perceptor = losses.of_perceptors()
        np.testing.assert_allclose(by_perceptor["vit"], losses.values[:, 0] + losses.values[:, 1])
        total = by_perceptor["vit"] + by_perceptor["resnet"] + losses.named("L2")
        np.testing.assert_allclose(total, losses.named("total"), rtol=1e-6)

    def test_a_snapshot_at_the_last_step_is_the_picture(self):
        render = self.archive.renders[0]
        snapshots = self.archive.snapshots(render)
        self.assertEqual([step for step, _ in snapshots], [4, 8])
        np.testing.assert_array_equal(snapshots[-1][1], self.archive.picture(render))
        self.assertTrue((snapshots[0][1] != snapshots[1][1]).any())
        with Archive(support.archive("other")) as other:
            self.assertEqual(other.snapshots(other.renders[0]), [])

    def test_that_renders_are_left_out_is_said(self):
        renders, remarks = finished(self.archive)
        self.assertEqual([render.number for render in renders], list(range(16)))
        self.assertIn("left out: 4 of 20 renders, which are failed (16, 17, 18, 19)", remarks)

    def test_names_of_archives(self):
        paths = [str(support.archive("tiny")), f"mine={support.archive('other')}"]
        self.assertEqual(list(open_archives(paths)), ["tiny-study", "mine"])
        with self.assertRaisesRegex(BadInput, "a name of its own"):
            open_archives([paths[0], paths[0]])


class DamageTest(unittest.TestCase):
    def damaged(self, change):
        """A copy of the archive after the change."""
        path = support.folder("damage") / "damaged.h5"
        shutil.copyfile(support.archive("tiny"), path)
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    def expect(self, change, message):
        with self.assertRaisesRegex(BadInput, message) as caught:
            with Archive(self.damaged(change)) as archive:
                render = archive.renders[0]
                archive.picture(render), archive.losses(render), archive.snapshots(render)
        self.assertIn("damaged.h5", str(caught.exception))

    def test_a_picture_that_is_not_what_was_recorded(self):
        def change(file):
            file["shape_0/picture"][0, 3, 5, 1] ^= 1
        self.expect(change, "picture of render 0: expected SHA-256 [0-9a-f]{12}.*found")

    def test_a_snapshot_that_is_said_not_to_be_there(self):
        def change(file):
            file["shape_0/snapshot_present"][0, 1] = 0
        self.expect(change, "render 0 is done, and 1 of its 2 snapshots are not there")

    def test_another_version(self):
        def change(file):
            file["format_version"][()] = 2
        self.expect(change, "/format_version: expected 1, found 2")

    def test_datasets_that_are_not_there_or_do_not_fit(self):
        def without(name):
            def change(file):
                del file[name]
            return change

        def other(name, value):
            def change(file):
                del file[name]
                file[name] = value
            return change

        self.expect(without("renders/prompt"), "/renders/prompt: expected a dataset")
        self.expect(without("format_version"), "/format_version: expected a dataset")
        self.expect(other("renders/seed", np.zeros(3, np.uint64)), "/renders/seed: expected 20 rows")
        self.expect(other("renders/state", np.full(20, 7, np.uint8)), "/renders/state: expected 0 to 2, found 7")
        self.expect(other("renders/row", np.full(20, 99, np.uint32)), "/shape_0/picture: expected a row 99")
        self.expect(other("renders/shape", np.full(20, 99, np.uint32)), "/shape_99/picture: expected a dataset")
        self.expect(other("shape_0/picture", np.zeros((20, 4), np.uint8)), "/shape_0/picture: expected uint8 of 4")
        self.expect(other("shape_0/loss_name", np.array([b"total"])), "/shape_0/losses: expected a column for each")
        self.expect(other("shape_0/loss_name", np.array([b"L2", b"total"])), "/shape_0/losses: expected a column")
        self.expect(other("study/name", np.array(b"\xff\xfe")), "/study/name: expected UTF-8")

    def test_files_that_are_no_archives(self):
        folder = support.folder("none")
        (folder / "text.h5").write_text("no archive")
        for name, message in (("absent.h5", "found no file"), ("", "found a folder"), ("text.h5", "no HDF5 file")):
            with self.assertRaisesRegex(BadInput, message):
                Archive(folder / name)

    def test_programs_end_with_the_exit_code(self):
        for script in ("tables.py", "figures.py", "rating.py"):
            absent = subprocess.run([sys.executable, support.ANALYSIS / script], capture_output=True, text=True)
            self.assertEqual(absent.returncode, 2, script)
            self.assertIn("usage: " + script, absent.stderr)
        done = subprocess.run([sys.executable, support.ANALYSIS / "tables.py", "times", "no.h5"], capture_output=True,
                              text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, "tables.py: no.h5: expected an archive, found no file\n")


if __name__ == "__main__":
    unittest.main()
