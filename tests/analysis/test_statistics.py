"""Agreement and significance against published examples, full enumeration and arithmetic by hand."""

import itertools
import math
import statistics
import unittest

import numpy as np

import significance
from agreement import krippendorff_alpha

# Four observers, twelve units: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C; 0: missing.
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]


class AgreementTest(unittest.TestCase):
    def setUp(self):
        values = np.array(PUBLISHED, float)
        self.values = np.where(values == 0, np.nan, values)

    def test_published_example(self):
        for level, expected in (("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)):
            self.assertEqual(round(krippendorff_alpha(self.values, level), 3), expected, level)

    def test_interval_is_one_less_a_ratio_of_mean_squares(self):
        """Without coincidences: mean squared differences within units, and between all pairable values."""
        units = [column[~np.isnan(column)] for column in self.values.T]
        units = [unit for unit in units if len(unit) > 1]
        pool = np.concatenate(units)
        within = sum(np.sum((unit[:, None] - unit) ** 2) / (len(unit) - 1) for unit in units) / len(pool)
        total = np.sum((pool[:, None] - pool) ** 2) / (len(pool) * (len(pool) - 1))
        self.assertAlmostEqual(krippendorff_alpha(self.values, "interval"), 1 - within / total)

    def test_full_agreement_and_no_variation(self):
        self.enterContext(np.errstate(all="raise"))
        agreed = np.array([[1.0, 2, 5, 3], [1, 2, 5, 3]])
        for level in ("nominal", "ordinal", "interval"):
            self.assertAlmostEqual(krippendorff_alpha(agreed, level), 1)
            self.assertTrue(math.isnan(krippendorff_alpha(np.full((3, 4), 2.0), level)))
            self.assertTrue(math.isnan(krippendorff_alpha(np.full((3, 4), np.nan), level)))
            self.assertTrue(math.isnan(krippendorff_alpha(np.array([[1.0, 2, 5]]), level)))


class SignFlipTest(unittest.TestCase):
    def test_against_enumeration(self):
        rng = np.random.default_rng(3)
        for count in (1, 2, 5, 9):
            differences = rng.integers(-4, 6, count) / 3
            ways = [abs(sum(sign * value for sign, value in zip(signs, differences)))
                    for signs in itertools.product((1, -1), repeat=count)]
            expected = sum(way >= abs(sum(differences)) - 1e-9 for way in ways) / 2**count
            self.assertAlmostEqual(significance.sign_flip_p(differences, 0), expected)

    def test_twelve_prompts_that_all_favour_one_condition(self):
        self.assertEqual(significance.sign_flip_p(np.full(12, 1.3), 0), 2 / 4096)
        self.assertEqual(significance.sign_flip_p(np.zeros(12), 0), 1)

    def test_random_ways_come_close_to_all_of_them(self):
        differences = np.array([1.0] * 16 + [-1.0] * 9)  # 25: the sum is 7
        exact = sum(math.comb(25, up) for up in range(26) if abs(2 * up - 25) >= 7) / 2**25
        found = significance.sign_flip_p(differences, 5)
        self.assertAlmostEqual(found, exact, delta=4 * math.sqrt(exact * (1 - exact) / significance.FLIPS))
        self.assertEqual(found, significance.sign_flip_p(differences, 5))
        self.assertEqual(significance.sign_flip_p(np.ones(40), 5), 1 / (significance.FLIPS + 1))

    def test_holm_by_hand(self):
        np.testing.assert_allclose(significance.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
        self.assertEqual(significance.holm([0.7, 0.9]), [1.0, 1.0])


class BootstrapTest(unittest.TestCase):
    def test_against_all_resamples(self):
        """2 raters and 3 prompts can be drawn in 4 × 27 ways: mean and deviation over them."""
        scores = np.array([[[1.0, 4], [2, 2], [5, 3]], [[2, 5], [4, 1], [3, 3]]])
        exact = [[], [], []]
        for raters in itertools.product(range(2), repeat=2):
            for prompts in itertools.product(range(3), repeat=3):
                drawn = scores[np.ix_(raters, prompts)].mean(axis=(0, 1))
                for values, value in zip(exact, (*drawn, drawn[0] - drawn[1])):
                    values.append(value)
        samples = significance.bootstrap(scores, [(0, 1)], 20_000, 1)
        self.assertEqual(samples.shape, (20_000, 3))
        for column, values in zip(samples.T, exact):
            deviation = statistics.pstdev(values)
            self.assertAlmostEqual(column.mean(), statistics.mean(values), delta=5 * deviation / math.sqrt(20_000))
            self.assertAlmostEqual(column.std(), deviation, delta=0.05 * deviation)

    def test_intervals_are_quantiles_and_follow_from_the_seed(self):
        scores = np.random.default_rng(2).integers(1, 6, (5, 7, 2)).astype(float)
        first = significance.bootstrap(scores, [(0, 1)], 500, 4)
        np.testing.assert_array_equal(first, significance.bootstrap(scores, [(0, 1)], 500, 4))
        self.assertTrue((first != significance.bootstrap(scores, [(0, 1)], 500, 5)).any())
        low, high = significance.intervals(np.arange(1001.0)[:, None])
        self.assertEqual((low[0], high[0]), (25, 975))

    def test_missing_ratings_are_left_out(self):
        scores = np.array([[[1.0, np.nan], [2, 2]], [[3, 4], [np.nan, np.nan]]])
        means = significance.means_and_differences(scores, np.ones((1, 2)), np.ones((1, 2)), [(0, 1)])[0]
        # Prompts' means: 2 and 2 for the first condition, 4 and 2 for the second.
        np.testing.assert_allclose(means, [2, 3, -1])
        nobody = significance.means_and_differences(scores, np.array([[0.0, 2]]), np.array([[0.0, 2]]), [(0, 1)])
        self.assertTrue(np.isnan(nobody).all())  # the second rater did not see the second prompt


if __name__ == "__main__":
    unittest.main()
