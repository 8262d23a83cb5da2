"""Pairs: two pictures of a prompt and two conditions, sides and orders in balance, and answers that tables of pairs read."""

import collections
import unittest

import order
import support
from key import read_key
from pairs import read_answers, read_every_answer
from test_questions import collected, make_asking, returned
from test_rating import page_data, page_of, read_rows
from trials import kinds_of, rater_trials

PAIRS = """\
pairs: yes
questions:
  - name: better
    text: Which one matches the text better?
    labels: [the left one, no difference, the right one]
    cannot tell: I cannot tell
"""


class TrialsTest(unittest.TestCase):
    def test_sides_are_in_balance(self):
        kinds = kinds_of(3, pairs=True)
        self.assertEqual(kinds, [(0, 1), (0, 2), (1, 2)])
        for prompts in (6, 7):
            design = order.Design(prompts, len(kinds), 2, 6, 2, 5)
            first, second = (rater_trials(design, kinds, rater) for rater in (1, 2))
            for own in (first, second):
                self.assertEqual(len(set(own)), prompts * 6)
                for left, right in own:
                    self.assertEqual((left.prompt, left.copy), (right.prompt, right.copy))
                for kind in kinds:
                    lefts = collections.Counter(left.condition for left, right in set(own)
                                                if {left.condition, right.condition} == set(kind))
                    self.assertLessEqual(abs(lefts[kind[0]] - lefts[kind[1]]), 1 if prompts * 2 % 2 else 0)
            self.assertEqual(set(second), {trial[::-1] for trial in first})

    def test_raters_differ_in_sides(self):
        design = order.Design(8, 1, 1, 1, 0, 5)
        self.assertGreater(len({frozenset(rater_trials(design, kinds_of(2, True), rater)) for rater in range(1, 21)}), 10)


class PairsStudyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kit, cls.remarks = make_asking(PAIRS, "--repeats", 2, conditions=("quagga", "okapi", "tapir"))
        cls.key = read_key(cls.kit / "key.json")

    def test_the_page_shows_pairs_of_one_prompt(self):
        self.assertIn("quagga and okapi: 6 pairs, mean place 10", self.remarks)
        data = page_data(page_of(self.kit, 1))
        self.assertTrue(data["pairs"])
        self.assertEqual(len(data["order"]), 20)
        for item in data["order"]:
            shown = [self.key.pictures[name] for name in item["pictures"]]
            self.assertEqual({picture["prompt"] for picture in shown}, {item["text"]})
            self.assertEqual(len({picture["condition"] for picture in shown}), 2)

    def test_answers_are_those_that_tables_of_pairs_read(self):
        def rate(number, name, question):
            return number % 4, 3.0  # 0: cannot tell

        output, (told, _) = collected(self.kit, *(returned(self.key, rater, rate) for rater in (1, 2)))
        rows = read_rows(output)
        self.assertEqual(len(rows), 40)
        for row in rows:
            left, right = row["pictures"].split()
            self.assertEqual((row["left"], row["right"]),
                             tuple(self.key.pictures[name]["condition"] for name in (left, right)))
            self.assertEqual(self.key.orders[int(row["rater"])][int(row["position"]) - 1], row["pictures"])
            self.assertEqual(row["answer"], {0: "", 1: "1", 2: "0", 3: "-1"}[(int(row["position"]) - 1) % 4])
        answers = read_answers(output)
        kept = [row for row in rows if row["answer"] and row["repeat"] == "0"]
        self.assertEqual([(one.rater, one.prompt, one.left, one.right, str(one.answer)) for one in answers],
                         [tuple(row[name] for name in ("rater", "prompt", "left", "right", "answer")) for row in kept])
        told, _ = support.tool("tables.py", "pairs", output)
        self.assertIn("In 10 of 40 answers raters could not tell", told)
        self.assertEqual(list(read_every_answer(output)), ["better"])

    def test_without_ties_and_with_several_questions(self):
        content = PAIRS.replace("the left one, no difference, the right one", "left, right").replace(
            "    cannot tell: I cannot tell\n", "  - {name: nicer, text: Which is nicer, labels: [left, equal, right]}\n")
        kit, _ = make_asking(content)
        key = read_key(kit / "key.json")

        def rate(number, name, question):
            return (2 if question == "better" else 2 + number % 2), 1.0

        output, _ = collected(kit, returned(key, 1, rate))
        asked = read_every_answer(output)
        self.assertEqual({answer.answer for answer in asked["better"]}, {-1})
        self.assertEqual({answer.answer for answer in asked["nicer"]}, {0, -1})
        told, _ = support.tool("tables.py", "pairs", output)
        self.assertIn("Conditions compared in pairs: nicer", told)

    def test_what_cannot_be_pairs(self):
        _, errors = make_asking(PAIRS, expected=2, conditions=("one",))
        self.assertIn("expected two conditions at least", errors)
        _, errors = make_asking(PAIRS.replace("pairs: yes", "pairs: maybe"), expected=2)
        self.assertIn("line 1: expected yes or no, found 'maybe'", errors)
        _, errors = make_asking(PAIRS.replace("no difference, ", "a, b, "), expected=2)
        self.assertRegex(errors, "line 3: expected labels for the left picture, none .*found 4 labels")


if __name__ == "__main__":
    unittest.main()
