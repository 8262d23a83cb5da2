"""The plan of a study against simulations of its own, and what it refuses."""

import csv
import re
import unittest

import numpy as np

import power
import support
from ratings import Rating, write_ratings
from command import BadInput
from test_statistics import closed_form
from scipy import stats


def pilot(raters=5, prompts=6, seed=3):
    rng = np.random.default_rng(seed)
    levels = {"x": rng.normal(0, 0.6, (raters, 1)) + rng.normal(0, 0.6, (1, prompts)) + 0.8, "y": np.zeros((1, 1))}
    ratings = [Rating(rater + 1, 1, False, name, f"prompt {prompt}", f"{name}{prompt}",
                      int(np.clip(round(3 + np.broadcast_to(level, (raters, prompts))[rater, prompt] + rng.normal(0, 0.6)), 1, 5)),
                      2.0)
               for name, level in levels.items() for rater in range(raters) for prompt in range(prompts)]  # fmt: skip
    path = support.folder("pilot") / "pilot.csv"
    write_ratings(path, ratings)
    return path


class PowerTest(unittest.TestCase):
    def test_by_a_simulation_with_mean_squares(self):
        variances = power.Variances(0.1, 0.2, 0.8)
        rng = np.random.default_rng(9)
        for difference, raters, prompts, comparisons in ((0.5, 6, 8, 1), (0.5, 6, 8, 3), (1.0, 3, 5, 1)):
            found = 0
            for _ in range(1500):
                table = (difference + rng.normal(0, 0.1**0.5, (raters, 1)) + rng.normal(0, 0.2**0.5, (1, prompts)) +
                         rng.normal(0, 0.8**0.5, (raters, prompts)))  # fmt: skip
                mean, error, freedom = closed_form(table)
                found += 2 * stats.t.sf(mean / error, freedom) <= 0.05 / comparisons
            self.assertAlmostEqual(power.power(variances, difference, raters, prompts, comparisons), found / 1500, delta=0.05)

    def test_limits(self):
        variances = power.Variances(0.1, 0.2, 0.8)
        self.assertAlmostEqual(power.power(variances, 1e-9, 8, 8), 0.025, delta=0.012)
        self.assertEqual(power.power(variances, 50, 8, 8), 1.0)
        self.assertTrue(np.isnan(power.power(variances, 1, 2, 8)))
        self.assertEqual(power.power(variances, 0.5, 6, 8), power.power(variances, 0.5, 6, 8))

    def test_variances_by_mean_squares(self):
        """Raters add 0, 1, 2, prompts 0, 2, 4, and the rest −1 and 1 in turn, which two rows and columns have with no sum."""
        rest = np.array([[1, -1, 0], [-1, 1, 0], [0, 0, 0]])
        table = np.arange(3)[:, None] + 2 * np.arange(3) + rest
        found = power.pilot_variances([table, table])
        # Squares: A = 3 · 1, B = 3 · 4, E = 4 / 4; variances (A − E) / 3, (B − E) / 3, E.
        np.testing.assert_allclose((found.raters, found.prompts, found.rest), (2 / 3, 11 / 3, 1))

    def test_pilots_that_are_refused(self):
        for tables, message in (([np.ones((2, 9))], "three raters and three prompts"),
                                ([np.full((4, 4), np.nan)], "three raters"), ([np.ones((4, 4))], "that vary")):
            with self.assertRaisesRegex(BadInput, message):
                power.pilot_variances(tables)

    def test_command(self):
        folder = support.folder("power")
        text, _ = support.tool("rating.py", "power", pilot(), "--difference", "1", "--raters", "12,6", "--prompts", "4,24",
                               "-o", folder)
        head, four, many = csv.reader((folder / "power.csv").read_text().splitlines())
        self.assertEqual(head, ["prompts", "6 raters", "12 raters", "raters for 0.8", "least p"])
        self.assertEqual((four[0], four[4], many[0]), ("4", "0.125", "24"))
        self.assertGreater(float(many[2]), float(four[1]))
        self.assertRegex(text, r"find a difference of 1 \(p <= 0.05\)\. (Fewest ratings for 0.8: \d+ raters|No size)")
        again, _ = support.tool("rating.py", "power", pilot(), "--difference", "1", "--raters", "12,6", "--prompts", "4,24")
        self.assertEqual(again, text)

    def test_a_pilot_of_pairs(self):
        rng = np.random.default_rng(2)
        rows = [f"{rater},{prompt},{'xy'[side]},{'yx'[side]},{rng.integers(-1, 2)}"
                for rater in range(5) for prompt in range(6) for side in [rng.integers(0, 2)]]
        path = support.folder("pairs") / "pairs.csv"
        path.write_text("\n".join(["rater,prompt,left,right,answer", *rows]) + "\n")
        text, _ = support.tool("rating.py", "power", path, "--difference", "0.3", "--raters", "6", "--prompts", "12")
        self.assertTrue(re.search(r"\| 12 \| 0\.\d\d \|", text), text)

    def test_words_that_are_refused(self):
        for words in (("--difference", "0"), ("--difference", "nan"), ("--difference", "x"), (),
                      ("--difference", "1", "--raters", "6,x"), ("--difference", "1", "--power", "1")):
            support.tool("rating.py", "power", pilot(), *words, expected=2)


if __name__ == "__main__":
    unittest.main()
