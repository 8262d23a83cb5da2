"""Figures: what they are drawn from, and the files."""

import io
import re
import unittest
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
from PIL import Image

import figures
import support
from archive import Archive, open_archives
from condition import open_conditions


class DataTest(unittest.TestCase):
    def setUp(self):
        self.archive = Archive(support.archive("tiny"))
        self.addCleanup(self.archive.close)
        remarks = redirect_stderr(io.StringIO())
        remarks.__enter__()
        self.addCleanup(remarks.__exit__, None, None, None)

    def test_curves_by_variant(self):
        groups = figures.read_curves(open_archives([str(self.archive.path), f"b={support.archive('other')}"]))
        self.assertEqual([curves.label for curves in groups],
                         ["tiny-study, optimizer.lr=0.5", "tiny-study, optimizer.lr=2.0", "b"])
        self.assertEqual([curves.renders for curves in groups], [8, 8, 3])
        self.assertEqual(list(groups[0].terms), ["vit", "resnet", "L2", "total"])
        third = self.archive.losses(self.archive.renders[3])  # the second of its variant
        np.testing.assert_array_equal(groups[1].terms["total"][1], third.values[:, -1])

    def test_grid_of_one_archive(self):
        grid = figures.by_setting(self.archive, 2)
        self.assertEqual(grid.rows, ["a red house", "a blue fish | a white moon:0.5"])
        self.assertEqual(grid.columns, ["optimizer.lr=0.5\nseed 0", "optimizer.lr=2.0\nseed 0",
                                        "optimizer.lr=0.5\nseed 1", "optimizer.lr=2.0\nseed 1"])
        for row in range(2):
            for column in range(4):
                render = self.archive.renders[4 * row + column]
                np.testing.assert_array_equal(grid.cells[row, column], self.archive.picture(render))

    def test_grid_of_conditions(self):
        conditions = open_conditions([f"fast={self.archive.path}@optimizer.lr=2.0", f"b={support.archive('other')}"])
        grid = figures.by_condition(conditions, 12)
        self.assertEqual(grid.columns, ["fast", "b"])
        self.assertEqual(set(grid.rows),
                         {"a red house", "a blue fish | a white moon:0.5", "a green tree", "prompt pulled"})
        self.assertNotIn((grid.rows.index("a green tree"), 1), grid.cells)
        np.testing.assert_array_equal(grid.cells[0, 0], self.archive.picture(self.archive.renders[1]))

    def test_snapshots_end_with_the_picture(self):
        render = self.archive.renders[1]
        grid = figures.by_step(self.archive, [render], 8)
        self.assertEqual(grid.columns, ["step 4", "step 8"])
        np.testing.assert_array_equal(grid.cells[0, 1], self.archive.picture(render))
        np.testing.assert_array_equal(grid.cells[0, 0], self.archive.snapshots(render)[0][1])
        self.assertEqual(figures.spread_out([10, 20, 30, 40, 50], 3), [10, 30, 50])


class Readable(unittest.TestCase):
    """What figures are looked at by."""

    def boxes(self, figure):
        """The places of all words that are shown, of these of the notes within panels, and of all panels."""
        figure.canvas.draw()
        texts = [text for text in figure.findobj(figures.plt.Text) if text.get_visible()
                 and text.get_text().strip() and text.get_text() != "none"]  # the mark of an empty cell stands in it
        ticks = [tick for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_major_ticks()]
        outside = [label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)
                   for tick, place in zip(axis.get_major_ticks(), axis.get_ticklocs())
                   if not axis.get_view_interval()[0] <= place <= axis.get_view_interval()[1]
                   for label in (tick.label1, tick.label2)]
        hidden = outside + [tick.label2 for tick in ticks]
        notes = [text for axes in figure.axes for text in axes.texts if text in texts]
        return ([text.get_window_extent() for text in texts if text not in hidden],
                [text.get_window_extent().bounds for text in notes], [axes.get_window_extent() for axes in figure.axes])

    def expect_readable(self, figure):
        """No words beyond the edge, on other words or on panels."""
        texts, notes, panels = self.boxes(figure)
        self.assertGreater(len(texts), 2)
        for number, text in enumerate(texts):
            self.assertTrue(figure.bbox.x0 <= text.x0 and text.x1 <= figure.bbox.x1
                            and figure.bbox.y0 <= text.y0 and text.y1 <= figure.bbox.y1, text)
            for other in texts[number + 1 :] + panels * (text.bounds not in notes):
                self.assertFalse(text.overlaps(other), (text, other))


class DrawingTest(Readable):
    def setUp(self):
        self.archive = Archive(support.archive("tiny"))
        self.addCleanup(self.archive.close)
        self.addCleanup(figures.plt.close, "all")

    def test_grids(self):
        long = "a long prompt of many words " * 9
        with redirect_stderr(io.StringIO()):
            made = figures.by_setting(self.archive, 2)
        wordy = figures.Grid([long, "short"], [long, "optimizer.lr=0.05 crops.count=32\nseed 12345", "z"],
                             {(0, 0): np.zeros((30, 20, 3), np.uint8)})
        for grid in (made, wordy):
            figure = figures.draw_grid(grid)
            self.expect_readable(figure)
            places = np.reshape(figure.axes, (len(grid.rows), len(grid.columns)))
            for (row, column), picture in grid.cells.items():
                np.testing.assert_array_equal(places[row, column].get_images()[0].get_array(), picture)

    def test_many_columns_make_pages(self):
        columns = [f"seed {number}" for number in range(101)]
        cells = {(row, column): np.full((4, 4, 3), column, np.uint8) for row in range(2) for column in range(101)}
        del cells[1, 30]
        pages = figures.pages_of(figures.Grid(["a", "b"], columns, cells), 12)
        self.assertEqual([len(page.columns) for page in pages].count(11) + [len(page.columns) for page in pages].count(12), 9)
        self.assertEqual([name for page in pages for name in page.columns], columns)
        start = 0
        for page in pages:
            for (row, column), picture in page.cells.items():
                self.assertEqual(picture[0, 0, 0], start + column)
            self.assertEqual(page.rows, ["a", "b"])
            start += len(page.columns)
        self.assertEqual(sum(len(page.cells) for page in pages), 201)
        self.assertEqual(len(figures.pages_of(figures.Grid(["a"], columns[:12], {}), 12)), 1)
        path = support.folder("pages") / "grid.png"
        with redirect_stdout(io.StringIO()) as told:
            figures.save_pages(pages, path)
        names = [f"grid-{number}.png" for number in range(1, 10)]
        self.assertEqual(sorted(file.name for file in path.parent.iterdir()), names)
        self.assertEqual([line.rsplit("/", 1)[-1] for line in told.getvalue().split()], names)

    def test_curves(self):
        with redirect_stderr(io.StringIO()):
            groups = figures.read_curves({"a study with quite a long name": self.archive, "b": self.archive})
        self.expect_readable(figures.draw_losses(groups))
        mean = figures.draw_losses(groups).axes[0].get_lines()[8]  # after the eight single ones
        np.testing.assert_allclose(mean.get_ydata(), np.mean(groups[0].terms["vit"], axis=0))


class FileTest(unittest.TestCase):
    def draw(self, name, *words):
        path = support.folder("figures") / name
        support.tool("figures.py", *words, "-o", path)
        return path

    def test_every_figure_in_every_form_and_again(self):
        tiny, other = support.archive("tiny"), support.archive("other")
        commands = (("losses", tiny, other), ("grid", tiny), ("grid", f"a={tiny}@optimizer.lr=2.0", f"b={other}"),
                    ("snapshots", tiny, "--renders", "0,5"))
        for words in commands:
            with Image.open(self.draw("f.png", *words)) as image:
                self.assertGreater(min(image.size), 200)
                self.assertGreater(len(set(image.convert("L").getdata())), 20)
        for ending, start in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
            first = self.draw("f" + ending, *commands[0]).read_bytes()
            self.assertTrue(first.startswith(start))
            self.assertEqual(first, self.draw("f" + ending, *commands[0]).read_bytes(), ending)

    def test_words_on_the_curves(self):
        figures.plt.rcParams["svg.fonttype"] = "none"
        self.addCleanup(figures.plt.rcParams.update, {"svg.fonttype": "path"})
        text = self.draw("f.svg", "losses", support.archive("tiny"), support.archive("other")).read_text()
        words = set(re.findall(r"<text[^>]*>([^<]*)</text>", text))
        self.assertLessEqual({"vit", "resnet", "L2", "total", "step", "loss, weighted", "other-study (n = 3)",
                              "tiny-study, optimizer.lr=0.5 (n = 8)", "tiny-study, optimizer.lr=2.0 (n = 8)"}, words)

    def test_what_is_refused(self):
        tiny = support.archive("tiny")
        support.tool("figures.py", "losses", tiny, "-o", "figure.jpg", expected=2)
        out = support.folder("figures") / "f.png"
        _, errors = support.tool("figures.py", "snapshots", tiny, "--renders", "3,16", "-o", out, expected=2)
        self.assertIn("expected the number of a finished render, found 16", errors)
        support.tool("figures.py", "snapshots", tiny, "--renders", "x", "-o", out, expected=2)
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
