"""Agreement and significance against published examples, definitions and arithmetic by hand."""

import math
import unittest

import numpy as np

import crossed
from agreement import krippendorff_alpha
from significance import holm, prompt_means

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


class HolmTest(unittest.TestCase):
    def test_by_hand(self):
        np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
        self.assertEqual(holm([0.7, 0.9]), [1.0, 1.0])

    def test_what_has_no_p_does_not_count(self):
        np.testing.assert_allclose(holm([0.01, math.nan, 0.03]), [0.02, math.nan, 0.03])


def closed_form(differences):
    """Mean, standard error, degrees of freedom of a whole table, by its mean squares."""
    raters, prompts = differences.shape
    count = raters * prompts
    mean = differences.mean()
    of_raters = prompts * differences.mean(axis=1).var(ddof=1)
    of_prompts = raters * differences.mean(axis=0).var(ddof=1)
    squares = ((differences - mean) ** 2).sum()
    rest_freedom = (raters - 1) * (prompts - 1)
    rest = (squares - (raters - 1) * of_raters - (prompts - 1) * of_prompts) / rest_freedom
    crossed_square, total = of_raters + of_prompts - rest, squares / (count - 1)
    if crossed_square <= total:
        return mean, math.sqrt(total / count), count - 1
    freedom = crossed_square**2 / (of_raters**2 / (raters - 1) + of_prompts**2 / (prompts - 1) + rest**2 / rest_freedom)
    return mean, math.sqrt(crossed_square / count), min(max(freedom, min(raters, prompts) - 1), count - 1)


def by_whole_matrices(y, fixed, of_raters, of_prompts, weights):
    """The general rule with matrices of observations by observations, from definitions: standard error and degrees of
    freedom."""
    count = len(y)
    project = lambda columns: columns @ np.linalg.pinv(columns)  # noqa: E731
    left = [np.eye(count) - project(np.hstack(columns))
            for columns in ((fixed,), (fixed, of_raters), (fixed, of_prompts))]
    parts = [of_raters @ of_raters.T, of_prompts @ of_prompts.T, np.eye(count)]
    contents = np.array([[np.trace(matrix @ part) for part in parts] for matrix in left])
    variances = np.linalg.solve(contents, [y @ matrix @ y for matrix in left])
    shares = np.array([weights @ part @ weights for part in parts])
    factors = np.linalg.solve(contents.T, shares)
    form = sum(factor * matrix for factor, matrix in zip(factors, left))
    product = form @ sum(variance * part for variance, part in zip(variances, parts))
    return math.sqrt(shares @ variances), np.trace(product) ** 2 / np.trace(product @ product)


class CrossedTest(unittest.TestCase):
    def table(self, raters, prompts, rater, prompt, rest, seed=4):
        rng = np.random.default_rng(seed)
        return (0.3 + rng.normal(0, rater, (raters, 1)) + rng.normal(0, prompt, (1, prompts)) +
                rng.normal(0, rest, (raters, prompts)))

    def test_whole_tables_by_mean_squares(self):
        for raters, prompts in ((3, 4), (6, 12), (12, 5)):
            for spread in ((0.7, 0.7, 1), (0, 0, 1), (1, 0, 0.3), (0, 1, 0.3), (1, 1, 0.05)):
                table = self.table(raters, prompts, *spread)
                found = crossed.of_values(table)
                np.testing.assert_allclose((found.mean, found.error, found.freedom), closed_form(table), rtol=1e-9)

    def test_missing_cells_and_rounds_by_whole_matrices(self):
        table = self.table(6, 9, 1, 1, 0.5)
        table[np.random.default_rng(1).random(table.shape) < 0.25] = np.nan
        rater, prompt = np.nonzero(~np.isnan(table))
        y, of_raters, of_prompts = table[rater, prompt], np.eye(6)[rater], np.eye(9)[prompt]
        weights = 1 / (9 * of_prompts.sum(axis=0)[prompt])
        found = crossed.of_values(table)
        np.testing.assert_allclose(found.mean, np.nanmean(table, axis=0).mean())
        np.testing.assert_allclose((found.error, found.freedom),
                                   by_whole_matrices(y, np.ones((len(y), 1)), of_raters, of_prompts, weights))

        whole = self.table(6, 8, 1, 1, 0.5)
        first = np.add.outer(np.arange(6), np.arange(8)) % 2 == 0
        halves = np.where(first, whole, np.nan), np.where(first, np.nan, 1 - whole)
        rater, prompt = np.indices((6, 8)).reshape(2, -1)
        y, sign = np.where(first, whole, 1 - whole).ravel(), np.where(first, 0.5, -0.5).ravel()[:, None]
        levels = np.hstack([np.eye(6)[rater], np.eye(8)[prompt]])
        weights = np.linalg.pinv(np.hstack([sign, levels]))[0]
        found = crossed.of_difference(*halves)
        np.testing.assert_allclose(found.mean, weights @ y)
        np.testing.assert_allclose((found.error, found.freedom), by_whole_matrices(
            y, np.hstack([levels, sign]), sign * np.eye(6)[rater], sign * np.eye(8)[prompt], weights))

    def test_interval_and_p_say_the_same(self):
        for seed in range(40):
            found = crossed.of_values(self.table(6, 8, 0.3, 0.3, 1, seed))
            low, high = found.interval()
            self.assertEqual(found.p() <= 0.05, not low <= 0 <= high)

    def test_twelve_ratings_by_a_table_of_t(self):
        """3 raters, 4 prompts, independent: mean 1, deviation 1; t for 11 degrees is 2.201."""
        estimate = crossed.Estimate(1.0, 1 / math.sqrt(12), 11, 3, 4)
        low, high = estimate.interval()
        self.assertAlmostEqual(low, 1 - 2.201 / math.sqrt(12), places=3)
        self.assertAlmostEqual(high, 1 + 2.201 / math.sqrt(12), places=3)
        self.assertAlmostEqual(estimate.p(), 0.0053, places=4)

    def test_where_nothing_can_be_said(self):
        for table in (np.ones((6, 12)), np.zeros((6, 12)), np.ones((1, 12)), np.arange(24.0).reshape(2, 12),
                      np.arange(12.0).reshape(6, 2), np.full((3, 4), np.nan)):
            found = crossed.of_values(table)
            self.assertTrue(all(math.isnan(value) for value in (*found.interval(), found.p())), table)
        self.assertEqual(crossed.of_values(np.ones((1, 12))).mean, 1)
        apart = np.full((2, 4, 4), np.nan)  # each system's raters and prompts are its own
        apart[0, :2, :2], apart[1, 2:, 2:] = 1, 2
        self.assertTrue(math.isnan(crossed.of_difference(*apart).p()))

    def test_a_cell_counts_where_both_are_rated(self):
        first, second = self.table(4, 5, 1, 1, 1), self.table(4, 5, 1, 1, 1, seed=5)
        first[0, 0], second[1, 1] = np.nan, np.nan
        found = crossed.of_difference(first, second)
        self.assertAlmostEqual(found.mean, float(np.nanmean(first - second, axis=0).mean()))


class PromptMeansTest(unittest.TestCase):
    def test_missing_ratings_are_left_out(self):
        scores = np.array([[[1.0, np.nan], [2, np.nan]], [[3, 4], [np.nan, np.nan]]])
        np.testing.assert_allclose(prompt_means(scores), [[2, 4], [2, np.nan]])


if __name__ == "__main__":
    unittest.main()
