"""Agreement, significance and strengths against public packages, published examples, definitions and arithmetic by hand."""

import json
import math
import unittest
from pathlib import Path

import numpy as np
from scipy import optimize

import crossed
import pairs
from agreement import krippendorff_alpha
from significance import holm, prompt_means

# Four observers, twelve units: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C; 0: missing.
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]


PUBLIC = json.loads((Path(__file__).with_name("fixtures") / "statistics.json").read_text())  # tests/oracle/make_statistics.py


class PublicPackagesTest(unittest.TestCase):
    def test_whole_tables_by_lmertest(self):
        for case in PUBLIC["whole"]:
            found = crossed.of_values(np.array(case["table"]))
            np.testing.assert_allclose((found.mean, found.error, found.freedom, found.p()),
                                       [case[name] for name in ("mean", "error", "freedom", "p")], rtol=1e-4)

    def test_missing_cells_near_lmertest(self):
        """Likelihood and moments differ where cells are missing, and a mean is not weighted alike."""
        for case in PUBLIC["missing"]:
            found = crossed.of_values(np.array(case["table"], float))
            self.assertLess(abs(found.mean - case["mean"]), 0.2 * case["error"])
            np.testing.assert_allclose((found.error, found.freedom), (case["error"], case["freedom"]), rtol=0.1)

    def test_davidson_by_psychotools(self):
        for case in PUBLIC["davidson"]:
            count = len(case["strengths"])
            answers = [pairs.Answer(str(rater), "p", "abcde"[first], "abcde"[second], answer)
                       for rater, row in enumerate(case["answers"])
                       for (first, second), answer in zip(case["pairs"], row, strict=True)]
            asked = pairs.Pairs(answers)
            found = pairs.davidson(asked.better, asked.ties)
            np.testing.assert_allclose(found.log - found.log[-1], case["strengths"], atol=1e-5)
            self.assertAlmostEqual(found.log_tie, case["log_tie"], places=5)
            self.assertAlmostEqual(found.log_likelihood, case["log_likelihood"], places=6)
            self.assertEqual(len(found.log), count)

    def test_alpha_by_krippendorff(self):
        for case in PUBLIC["alpha"]:
            values = np.array(case["values"], float)
            for level in ("nominal", "ordinal", "interval"):
                self.assertAlmostEqual(krippendorff_alpha(values, level), case[level], places=9)

    def test_holm_by_r(self):
        for case in PUBLIC["holm"]:
            np.testing.assert_allclose(holm(case["p"]), case["holm"], atol=1e-10)
            np.testing.assert_allclose(holm([math.nan, *case["p"]])[1:], case["holm"], atol=1e-10)


class StrengthsTest(unittest.TestCase):
    def strengths(self, better, ties):
        return pairs.davidson(np.array(better), np.array(ties))

    def test_two_by_hand(self):
        """Six wins, two ties, three losses of eleven: s[0] : ν √(s[0] s[1]) : s[1] = 6 : 2 : 3."""
        found = self.strengths([[0, 6], [3, 0]], [[0, 2], [2, 0]])
        np.testing.assert_allclose(found.log, [math.log(2) / 2, -math.log(2) / 2], atol=1e-9)
        self.assertAlmostEqual(found.log_tie, math.log(2 / math.sqrt(18)), places=8)
        without = self.strengths([[0, 6], [3, 0]], [[0, 0], [0, 0]])
        np.testing.assert_allclose(without.log, [math.log(2) / 2, -math.log(2) / 2], atol=1e-9)
        self.assertEqual(without.log_tie, -math.inf)

    def test_where_no_strength_is_the_likeliest(self):
        nothing = np.zeros((3, 3), int)
        circle = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
        self.assertIsNotNone(self.strengths(circle, nothing))
        self.assertIsNone(self.strengths(np.triu(np.ones((3, 3), int), 1), nothing))  # the first always wins
        self.assertIsNone(self.strengths(nothing, np.ones((3, 3), int) - np.eye(3, dtype=int)))  # nobody wins
        self.assertIsNone(self.strengths([[0, 1, 0], [1, 0, 0], [0, 0, 0]], nothing))  # the third is compared with none
        # One win and one tie: the more ν grows with the difference, the likelier are both.
        self.assertIsNone(self.strengths([[0, 1], [0, 0]], [[0, 1], [1, 0]]))
        # Two wins in a row and a tie of their ends: a circle with more wins than ties.
        self.assertIsNotNone(self.strengths([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [[0, 0, 1], [0, 0, 0], [1, 0, 0]]))

    def test_the_rule_for_strengths_by_linear_programming(self):
        """There are none where some direction makes no answer that was given less likely beside another one, and one more."""
        rng = np.random.default_rng(2)
        seen = {True: 0, False: 0}
        for _ in range(400):
            better = rng.poisson(0.5, (3, 3)) * (1 - np.eye(3, dtype=int))
            ties = np.triu(rng.poisson(0.5, (3, 3)), 1)
            ties += ties.T
            if not ties.any():
                continue
            expected = pairs.has_strengths(better, ties)
            seen[expected] += 1
            self.assertEqual(no_direction(*pairs.outcomes(better, ties)), expected, (better, ties))
        self.assertGreater(min(seen.values()), 50)


def no_direction(logits, counts):
    pair, given = np.nonzero(counts)
    ahead = (logits[pair, given][:, None] - logits[pair]).reshape(-1, logits.shape[2])
    best = optimize.linprog(-ahead.sum(axis=0), -ahead, np.zeros(len(ahead)), bounds=(-1, 1)).fun
    return best > -1e-9 and np.linalg.matrix_rank(ahead) == logits.shape[2] - 1


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

    def test_rounds_count_what_raters_and_prompts_say_beside_their_levels(self):
        """Four raters and six prompts in squares of two: the difference takes one degree of freedom, and how raters of odd
        numbers differ from others is not told from prompts; two are left."""
        side = np.where(np.add.outer(np.arange(4), np.arange(6)) % 2 == 0, 1, -1)
        self.assertAlmostEqual(crossed.of_sides(side).lowest, 2)
        self.assertTrue(crossed.of_sides(side).says)
        self.assertFalse(crossed.of_sides(side[:3]).says)

    def test_studies_at_once_are_studies_one_by_one(self):
        rng = np.random.default_rng(3)
        present = rng.random((6, 8)) > 0.2
        design = crossed.of_cells(present)
        values = rng.normal(size=(5, present.sum()))
        values[2] = 1
        for one, error, freedom in zip(values, *design.errors(values), strict=True):
            alone = design.estimate(one)
            np.testing.assert_allclose((alone.error, alone.freedom), (error, freedom), rtol=1e-12)
        self.assertTrue(np.isnan(design.errors(values)[0][2]))

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


class HeldTest(unittest.TestCase):
    def test_sizes_between_simulated_ones(self):
        shares = crossed.simulated("ratings")
        self.assertEqual(crossed.held(6, 12, "ratings"), shares[6, 12])
        around = [shares[raters, prompts] for raters in (6, 12) for prompts in (12, 40)]
        self.assertEqual(crossed.held(8, 20, "ratings"), (min(low for low, _ in around), max(high for _, high in around)))
        self.assertEqual(crossed.held(400, 41, "ratings"), shares[40, 40])
        for size in ((2, 12, "ratings"), (12, 2, "pairs"), (3, 12, "rounds"), (12, 3, "rounds")):
            self.assertIsNone(crossed.held(*size))

    def test_results_say_the_same(self):
        text = (Path(__file__).parents[2] / "results/ratings-coverage.md").read_text()
        found = {}
        for form in text.split("\n## ")[1:]:
            study = next((name for name in ("pairs", "rounds") if form.lower().startswith(name)), "ratings")
            for row in form.splitlines():
                cells = [cell.split() for cell in row.strip("|").split("|")]
                if len(cells) == 6 and cells[0][0].isdigit():
                    shares = [float(cell[0]) for cell in cells[1:] if cell[0] != "–"]
                    found.setdefault((int(cells[0][0]), int(cells[0][2]), study), []).extend(shares)
        self.assertEqual(len(found), 75)
        for size, shares in found.items():
            self.assertEqual(crossed.held(*size), (min(shares), max(shares)) if shares else None, size)


class PromptMeansTest(unittest.TestCase):
    def test_missing_ratings_are_left_out(self):
        scores = np.array([[[1.0, np.nan], [2, np.nan]], [[3, 4], [np.nan, np.nan]]])
        np.testing.assert_allclose(prompt_means(scores), [[2, 4], [2, np.nan]])


if __name__ == "__main__":
    unittest.main()
