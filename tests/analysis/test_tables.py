"""Tables against arithmetic by hand and against what the program shows."""

import csv
import io
import math
import statistics
import unittest

from scipy import stats

import support
from ratings import Rating, read_ratings, write_ratings
from command import BadInput
from table import NOTHING, Number, Spread, Table

PROMPTS = ("a house", "a fish | tree")


def rating(rater, position, condition, prompt, value, repeat=False):
    return Rating(rater, position, repeat, condition, PROMPTS[prompt], f"{condition}{prompt}", value, 2.0 * position)


def by_hand():
    """Two raters, two prompts, conditions x and y; the second rater has not rated y of the second prompt."""
    return [
        rating(1, 1, "y", 0, 5), rating(1, 2, "x", 0, 1), rating(1, 3, "x", 1, 2), rating(1, 4, "y", 1, 4),
        rating(1, 5, "y", 0, 3, repeat=True),
        rating(2, 1, "y", 0, 4), rating(2, 2, "x", 0, 2), rating(2, 3, "x", 1, 3),
    ]  # fmt: skip


def ratings_file(ratings):
    path = support.folder("ratings") / "ratings.csv"
    write_ratings(path, ratings)
    return path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


class RatingTablesTest(unittest.TestCase):
    def setUp(self):
        self.folder = support.folder("tables")
        self.file = ratings_file(by_hand())
        self.text, _ = support.tool("tables.py", "ratings", self.file, "-o", self.folder)

    def test_what_is_written_is_read_again(self):
        self.assertEqual(read_ratings(self.file), by_hand())

    def test_means(self):
        rows = rows_of(self.folder / "means.csv")
        self.assertEqual(rows[:4], [["prompt", "y", "x"], ["a house", "4.5", "1.5"], ["a fish | tree", "4", "2.5"],
                                    ["mean", "4.25", "2"]])
        self.assertEqual([row[0] for row in rows[4:]], ["95 % from", "95 % to"])
        self.assertEqual([row[1:] for row in rows[4:]], [["", ""], ["", ""]])  # two raters
        self.assertIn("| a fish \\| tree | 4.00 | 2.50 |\n| **mean** | **4.25** | **2.00** |", self.text)
        self.assertIn("Ratings from 1 to 5: 7; raters: 2; prompts: 2.", self.text)
        self.assertIn("fewer than 3 raters or prompts say nothing of others", self.text)

    def test_comparison(self):
        head, row = rows_of(self.folder / "comparisons.csv")
        found = dict(zip(head, row, strict=True))
        # Differences: 4 and 2 of the first rater, 2 of the second; of prompts 3 and 2.
        self.assertEqual((found["comparison"], found["difference"], found["raters"], found["prompts"]),
                         ("y − x", "2.5", "2", "2"))
        self.assertEqual((found["95 % from"], found["p"], found["p (Holm)"]), ("", "", ""))

    def test_comparison_of_enough_raters_and_prompts(self):
        """Differences of whole steps: raters add 0, 1, 2, prompts 0, 1, 2, nothing is left: A = B = 3, E = 0, T = 12 / 8,
        SE² = 6 / 9, and df = 36 / (9/2 + 9/2) = 4."""
        ratings = [Rating(rater, 1, False, condition, f"prompt {prompt}", f"{condition}{prompt}", value, 2.0)
                   for rater in range(3) for prompt in range(3)
                   for condition, value in (("x", 1 + rater + prompt), ("y", 1))]
        text, _ = support.tool("tables.py", "ratings", ratings_file(ratings), "-o", self.folder)
        head, row = rows_of(self.folder / "comparisons.csv")
        found = dict(zip(head, row, strict=True))
        self.assertEqual((found["difference"], found["raters"], found["prompts"]), ("2", "3", "3"))
        self.assertAlmostEqual(float(found["95 % from"]), 2 - 2.7764 * (2 / 3) ** 0.5, places=3)
        self.assertAlmostEqual(float(found["p"]), 0.0705, places=3)
        self.assertIn("(few: 3 raters and 3 prompts)", text)
        mean = [row for row in rows_of(self.folder / "means.csv") if row[0].startswith("95 %")]
        self.assertEqual([row[2] for row in mean], ["", ""])  # y has but one rating

    def test_agreement_by_hand(self):
        # Units with two values: (5, 4), (1, 2), (2, 3). Interval: within 6 / 6; between: squared differences of
        # 5 4 1 2 2 3 over all ordered pairs, 2 (1+16+9+9+4 + 9+4+4+1 + 1+1+4 + 0+1 + 1) / 30 = 130 / 30.
        self.assertEqual(float(rows_of(self.folder / "agreement.csv")[2][1]), round(1 - 30 / 130, 6))

    def test_raters(self):
        head, first, second = rows_of(self.folder / "raters.csv")
        self.assertEqual(head, ["rater", "ratings", "mean", "deviation", "median seconds", "repeated", "alike",
                                "mean distance"])
        self.assertEqual(first, ["1", "4", "3", f"{statistics.pstdev([5, 1, 2, 4]):.6g}", "6", "1", "0", "2"])
        self.assertEqual(second[5:], ["0", "", ""])

    def test_the_same_input_gives_the_same_tables(self):
        again, _ = support.tool("tables.py", "ratings", self.file)
        self.assertEqual(again, self.text)

    def test_one_condition_has_nothing_to_compare(self):
        only = [entry for entry in by_hand() if entry.condition == "x"]
        text, _ = support.tool("tables.py", "ratings", ratings_file(only))
        self.assertNotIn("compared", text)
        self.assertIn("| **mean** | **2.00** |", text)

    def test_files_that_are_refused(self):
        header = self.file.read_text().splitlines()[0]
        for content, message in (("a,b\n", "expected ratings as"), (header + "\n", "expected ratings, found none"),
                                 (header + "\n1,1,0,x,p,n,five,2\n", "row 1: expected a rating")):
            path = support.folder("bad") / "bad.csv"
            path.write_text(content)
            with self.assertRaisesRegex(BadInput, message):
                read_ratings(path)
            support.tool("tables.py", "ratings", path, expected=2)


def pairs_file(rows, head="rater,prompt,left,right,answer"):
    path = support.folder("pairs") / "pairs.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


class PairsTablesTest(unittest.TestCase):
    def tables(self, rows):
        folder = support.folder("tables")
        text, _ = support.tool("tables.py", "pairs", pairs_file(rows), "-o", folder)
        return text, {name: [dict(zip(head, row, strict=True)) for row in rows]
                      for name in ("preferences", "strengths", "agreement")
                      for head, *rows in [rows_of(folder / f"{name}.csv")]}

    def test_preferences_by_hand(self):
        """Preferences of x over y, rows raters, columns prompts: 1 1 0, 1 0 −1, 1 1 1, asked from either side. Means 5/9;
        raters 2/3 0 1, prompts 1 2/3 0: squares A = B = 3 · 14/27 / 2 = 7/9, all 9 · 6/9 − 25/9 = 38/9, rest 10/9 of 4, E = 5/18;
        T = 38/72. SE² = (14/9 − 5/18) / 9 = 23/162, df = (23/18)² / (49/81 + 25/324/4)."""
        answers = {("1", "p"): 1, ("1", "q"): 1, ("1", "r"): 0, ("2", "p"): 1, ("2", "q"): 0, ("2", "r"): -1,
                   ("3", "p"): 1, ("3", "q"): 1, ("3", "r"): 1}
        rows = [f"{rater},{prompt},{'x,y' if number % 2 else 'y,x'},{answer if number % 2 else -answer}"
                for number, ((rater, prompt), answer) in enumerate(answers.items())]
        text, found = self.tables(rows)
        (row,) = found["preferences"]
        self.assertEqual([row[name] for name in ("comparison", "wins", "ties", "losses", "raters", "prompts")],
                         ["x − y", "6", "2", "1", "3", "3"])
        self.assertAlmostEqual(float(row["win rate"]), 7 / 9, places=5)
        self.assertAlmostEqual(float(row["preference"]), 5 / 9, places=5)
        error, freedom = (23 / 162) ** 0.5, (23 / 18) ** 2 / (49 / 81 + 25 / 324 / 4)
        half = stats.t.ppf(0.975, freedom) * error
        self.assertAlmostEqual(float(row["95 % from"]), 5 / 9 - half, places=5)
        self.assertAlmostEqual(float(row["p"]), 2 * stats.t.sf(5 / 9 / error, freedom), places=5)
        self.assertIn("Answers: 9; the left picture was better in 3, the right one in 4, neither in 2.", text)
        self.assertIn("few: 3 raters and 3 prompts", text)
        self.assertAlmostEqual(float(found["strengths"][0]["log strength"]), math.log(6) / 2, places=5)
        self.assertIn("Log of the ties' ν: ", text)

    def test_a_condition_that_always_wins_has_no_strength(self):
        text, found = self.tables([f"{rater},{prompt},x,y,1" for rater in range(4) for prompt in "pqrs"])
        self.assertEqual([row["log strength"] for row in found["strengths"]], ["", ""])
        self.assertIn("no likeliest strengths", text)
        self.assertEqual((found["preferences"][0]["preference"], found["preferences"][0]["p"]), ("1", ""))
        self.assertEqual(found["agreement"][0]["value"], "")

    def test_what_is_refused(self):
        for rows, message in ((["1,p,x,y,2"], "row 1: .*answer is 1, 0 or -1"), (["1,p,x,x,0"], "found 'x' twice"),
                              (["1,p,x,y,0,9"], "row 1: expected"), (["1,p,,y,0"], "row 1: expected"), ([], "found none"),
                              (["1,p,x,y,1", "1,p,x,y"], "row 2: expected")):
            _, errors = support.tool("tables.py", "pairs", pairs_file(rows), expected=2)
            self.assertRegex(errors, message)
        _, errors = support.tool("tables.py", "pairs", pairs_file(["1,p,x,y,1,a"], "rater,prompt,left,right,answer,question"),
                                 expected=2)
        self.assertIn("expected the columns rater,prompt,left,right,answer, found", errors)


class ArchiveTablesTest(unittest.TestCase):
    def setUp(self):
        self.folder = support.folder("tables")

    def groups(self, value):
        """Variant -> values of the finished renders that the program shows."""
        groups = {}
        for render in support.shown("tiny")["renders"]:
            if render["state"] == "done":
                groups.setdefault(render["id"].partition(".optimizer")[2], []).append(render[value])
        return groups

    def test_times(self):
        support.tool("tables.py", "times", support.archive("tiny"), "-o", self.folder)
        head, *rows = rows_of(self.folder / "times.csv")
        self.assertEqual(len(rows), 2)
        for row in rows:
            found = dict(zip(head, row, strict=True))
            seconds = self.groups("seconds")[found["variant"].removeprefix("optimizer")]
            self.assertEqual((found["study"], found["size"], found["steps"], found["n"]),
                             ("tiny-study", "24×16", "8", "8"))
            self.assertRegex(found["device"], r"^cpu; .*f32; threads 1$")
            self.assertAlmostEqual(float(found["seconds"]), statistics.mean(seconds), delta=1e-4)
            self.assertAlmostEqual(float(found["seconds deviation"]), statistics.stdev(seconds), delta=1e-4)

    def test_losses(self):
        text, _ = support.tool("tables.py", "losses", support.archive("tiny"), f"b={support.archive('other')}", "-o",
                               self.folder)
        head, *rows = rows_of(self.folder / "losses.csv")
        self.assertEqual([row[0] for row in rows], ["tiny-study", "tiny-study", "b"])
        for row in rows[:2]:
            found = dict(zip(head, row, strict=True))
            losses = self.groups("loss")[found["variant"].removeprefix("optimizer")]
            self.assertAlmostEqual(float(found["total"]), statistics.mean(losses), delta=1e-5)
            self.assertAlmostEqual(float(found["total deviation"]), statistics.stdev(losses), delta=1e-5)
            parts = sum(float(found[name]) for name in ("vit", "resnet", "L2"))
            self.assertAlmostEqual(parts, float(found["total"]), delta=1e-5)
        self.assertEqual(dict(zip(head, rows[2], strict=True))["resnet"], "")
        self.assertIn("| n | vit | resnet | L2 | total |", text)


class TableTest(unittest.TestCase):
    def test_every_form(self):
        rows = [["50 % | a_b", Number(-1.239)], ["x", Spread(Number(2.0, 1), Number(0.25, 1))]]
        table = Table("t", "Title", ["words & more", "value"], rows, "Note.")
        self.assertEqual(table.markdown(), "### Title\n\n| words & more | value |\n| --- | ---: |\n"
                         "| 50 % \\| a_b | −1.24 |\n| x | 2.0 ± 0.2 |\n\nNote.\n")
        self.assertEqual(list(csv.reader(io.StringIO(table.csv()))),
                         [["words & more", "value", "value deviation"], ["50 % | a_b", "-1.239", ""],
                          ["x", "2", "0.25"]])
        self.assertIn("words \\& more & value \\\\\n\\midrule\n50 \\% | a\\_b & $-$1.24 \\\\\nx & 2.0 $\\pm$ 0.2 \\\\",
                      table.latex())

    def test_numbers(self):
        self.assertEqual(str(Number(float("nan"))), NOTHING)
        self.assertEqual(str(Number(0.00001, 4)), "< 0.0001")
        self.assertEqual(str(Number(0.0, 4)), "0.0000")


if __name__ == "__main__":
    unittest.main()
