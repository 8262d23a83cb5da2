"""What is shown besides a study's pictures, and who is left out: practice, catch trials, consent, panels' numbers, rules."""

import csv
import dataclasses
import json
import unittest

from PIL import Image

import support
from key import read_key
from ratings import Rating
from rules import values_of
from test_questions import collected, returned, write
from test_rating import make, page_data, page_of, pictures_for_raters, read_rows, rival_folder
from trials import with_catch

PROMPTS = [f"picture {letter} of a thing" for letter in "abcdefgh"]
QUESTIONS = """\
consent: |
  You take part freely.

  Answers are kept without your name.
questions:
  - name: match
    text: How well does it match?
    labels: [not at all, a little, partly, mostly, fully]
  - name: quality
    text: How well made is it?
    labels: [badly, so so, well]
practice:
  - {picture: plain.png, text: a red wall}
catch:
  - {picture: plain.png, text: a dog, answers: {match: [1, 2]}}
  - {picture: plain.png, text: a wall that is red, answers: {match: [4, 5], quality: [2, 3]}}
completion: {code: CODE-7, address: "https://panel.example/complete?cc=CODE-7"}
exclude:
  too fast: 1.5
  straight line: 0.9
  failed catch: 0
  agreement: 0.3
"""


def study_file(content=QUESTIONS, name="questions.yaml"):
    path = write(content, name)
    Image.new("RGB", (24, 16), (180, 40, 30)).save(path.parent / "plain.png")
    return path


def make_study(content=QUESTIONS, *words, raters=6, expected=0):
    sources = [f"{name}={rival_folder(PROMPTS)}" for name in ("quagga", "okapi")]
    return make(*sources, "--questions", study_file(content), *words, raters=raters, expected=expected)


class ChecksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kit, cls.remarks = make_study()
        cls.key = read_key(cls.kit / "key.json")

    def trials(self, kind):
        return [trial for trial, check in self.key.checks.items() if check["kind"] == kind]

    def test_practice_comes_first_and_catch_trials_lie_apart(self):
        for rater, order in self.key.orders.items():
            self.assertEqual(len(order), 16 + 3)
            self.assertEqual(order[:1], self.trials("practice"))
            places = sorted(order.index(trial) for trial in self.trials("catch"))
            self.assertGreaterEqual(places[0], 2)
            self.assertTrue(places[0] <= 10 <= places[1], places)
        first, second = (self.key.orders[rater][1:] for rater in (1, 2))
        self.assertEqual(first, second[::-1])

    def test_catch_trials_fit_into_any_number(self):
        for length in range(1, 12):
            for count in range(1, 6):
                for rater in (1, 2):
                    names = [f"p{number}" for number in range(length)]
                    found = with_catch(names, [f"c{number}" for number in range(count)], 3, rater)
                    self.assertEqual([name for name in found if name[0] == "p"], names)
                    self.assertEqual(len(found), length + count)
                    self.assertEqual(found[0], "p0")

    def test_nothing_tells_a_catch_trial_from_another(self):
        data = page_data(page_of(self.kit, 1))
        self.assertEqual({tuple(item) for item in data["order"]}, {("pictures", "text")})
        self.assertEqual(len({len(content) for content in pictures_for_raters(self.kit).values()}), 1)
        page = page_of(self.kit, 1).read_text()
        self.assertNotIn("plain", page)
        self.assertNotIn('"answers":', json.dumps(data))
        self.assertEqual((data["practice"], data["code"]), (1, "CODE-7"))

    def test_they_are_no_ratings(self):
        def rate(number, name, question):
            return 2, 4.0

        output, (_, remarks) = collected(self.make_without_rules(), *self.files(rate))
        self.assertNotIn("missing", remarks)
        rows = read_rows(output)
        self.assertEqual(len(rows), 6 * 16 * 2)
        for row in rows:
            self.assertIn(row["condition"], ("quagga", "okapi"))
            self.assertEqual(self.other.orders[int(row["rater"])][int(row["position"]) - 1], row["picture"])

    def make_without_rules(self):
        kit, _ = make_study(QUESTIONS.partition("exclude")[0])
        self.other = read_key(kit / "key.json")
        return kit

    def files(self, rate):
        return [returned(self.other, rater, rate) for rater in self.other.orders]

    def test_what_is_refused(self):
        for before, after, message in (
                ("plain.png, text: a red", "plain.png, answers: {match: [1]}, text: a red", "line 13: expected one of picture, text"),
                ("match: [1, 2]", "match: [0]", "line 15: expected an answer to match, 1 to 5, found '0'"),
                ("match: [1, 2]", "beauty: [1]", "line 15: expected one of match, quality, found 'beauty'"),
                ("text: a dog, ", "", "line 15: expected a catch trial with text"),
                ("https://panel", "http://panel", "line 17: expected an address that begins with https://"),
                ("straight line: 0.9", "straight line: 9", "line 20: expected a number from 0 to 1, found '9'"),
                ("straight line: 0.9", "straight lines: 0.9", "line 20: expected one of .*near: straight line"),
                ("too fast: 1.5", "too fast: quick", "line 19: expected a number from 0, found 'quick'"),
                ("catch:\n", "catch: []\nother:\n", "expected"),
                ("picture: plain.png, text: a dog", "picture: absent.png, text: a dog", "absent.png: expected a PNG, JPEG or WebP file")):
            with self.subTest(after=after):
                self.assertIn(before, QUESTIONS)
                output, errors = make_study(QUESTIONS.replace(before, after), expected=2)
                self.assertRegex(errors, message)
                self.assertFalse(output.exists())
        lines = QUESTIONS.splitlines(keepends=True)
        without = "".join(line for line in lines if "catch:\n" not in line and "answers" not in line)
        self.assertIn("expected catch trials", make_study(without, expected=2)[1])


class RulesTest(unittest.TestCase):
    """Six raters, of whom some are not to be counted."""

    @classmethod
    def setUpClass(cls):
        cls.kit, _ = make_study()
        cls.key = read_key(cls.kit / "key.json")
        cls.names = sorted(cls.key.pictures)

    def good(self, number, name, question):
        """What those who look say: of the catch trials the right thing, of each picture much the same."""
        if self.key.is_check(name):
            return self.key.checks[name]["answers"].get(question, [1])[0], 3.0
        place = self.names.index(name)
        return 1 + place % (5 if question == "match" else 3), 3.0

    def returned(self, **others):
        """A file of each rater; others: rater1=rate in place of good."""
        return [returned(self.key, rater, others.get(f"rater{rater}", self.good)) for rater in self.key.orders]

    def left_out(self, **others):
        output, (told, remarks) = collected(self.kit, *self.returned(**others))
        out = {int(line.split()[1]): line for line in remarks.splitlines() if "is left out" in line}
        raters = {int(row["rater"]) for row in read_rows(output)}
        self.assertEqual(raters, set(self.key.orders) - set(out))
        self.note = read_rows(output)[0]["note"]
        return out

    def test_none(self):
        self.assertEqual(self.left_out(), {})
        self.assertIn("left out 0 of 6 raters: too fast (median under 1.5 s): 0; straight lines", self.note)

    def test_too_fast(self):
        def fast(seconds):
            return lambda number, name, question: (self.good(number, name, question)[0], seconds)

        out = self.left_out(rater2=fast(0.74), rater3=fast(0.76))  # of both questions together: 1.48 and 1.52
        self.assertEqual(list(out), [2])
        self.assertIn("too fast (median under 1.5 s)", out[2])
        self.assertIn("left out 1 of 6 raters: too fast (median under 1.5 s): 1;", self.note)

    def test_straight_lines(self):
        def straight(number, name, question):
            rating, seconds = self.good(number, name, question)
            return (2 if question == "quality" and not self.key.is_check(name) else rating), seconds

        def nearly(number, name, question):  # 14 of 16
            rating, seconds = straight(number, name, question)
            return (1 if question == "quality" and name in self.names[:2] else rating), seconds

        out = self.left_out(rater1=straight, rater4=nearly)
        self.assertEqual(list(out), [1])
        self.assertIn("straight lines (0.9 or more of the answers alike)", out[1])

    def test_failed_catch_trials(self):
        def blind(number, name, question):
            rating, seconds = self.good(number, name, question)
            if self.key.is_check(name) and self.key.checks[name]["text"] == "a wall that is red" and question == "quality":
                return 1, seconds
            return rating, seconds

        def practised(number, name, question):
            rating, seconds = self.good(number, name, question)
            return (3 if self.key.is_check(name) and self.key.checks[name]["kind"] == "practice" else rating), seconds

        out = self.left_out(rater5=blind, rater6=practised)
        self.assertEqual(list(out), [5])
        self.assertIn("failed catch trials (more than 0)", out[5])

    def test_agreement_with_the_rest(self):
        def contrary(number, name, question):
            rating, seconds = self.good(number, name, question)
            return (rating if self.key.is_check(name) else (6 if question == "match" else 4) - rating), seconds

        out = self.left_out(rater3=contrary)
        self.assertEqual(list(out), [3])
        self.assertIn("agreement with the rest (rank correlation under 0.3)", out[3])

    def test_the_notes_of_tables_have_the_counts(self):
        output, _ = collected(self.kit, *self.returned(rater2=lambda *place: (self.good(*place)[0], 0.1)))
        told, _ = support.tool("tables.py", "ratings", output)
        self.assertIn("Rules stated before the study left out 1 of 6 raters: too fast (median under 1.5 s): 1;", told)
        self.assertIn("failed catch trials (more than 0): 0", told)

    def test_nobody_is_left(self):
        fast = dict.fromkeys((f"rater{rater}" for rater in self.key.orders), lambda *place: (self.good(*place)[0], 0.1))
        _, (_, errors) = collected(self.kit, *self.returned(**fast), expected=2)
        self.assertIn("expected raters whom the study's rules keep, found none of 6", errors)

    def test_rules_belong_to_the_study(self):
        """Rules that are changed afterwards are those of another study."""
        content = (self.kit / "key.json").read_text()
        self.assertIn('"too fast": 1.5', content)
        path = support.folder("key") / "key.json"
        path.write_text(content.replace('"too fast": 1.5', '"too fast": 0.5'))
        _, errors = support.tool("rating.py", "collect", "--key", path, "-o", path.with_name("out.csv"), *self.returned(),
                                 expected=2)
        self.assertIn("expected the key as it was written", errors)


class PairsAgreementTest(unittest.TestCase):
    def test_sides_do_not_matter_for_agreement(self):
        one = Rating(1, 1, False, "quagga", "p", "aa bb", 1, 2.0, highest=3, against="okapi")
        other = dataclasses.replace(one, rater=2, picture="bb aa", rating=3)
        self.assertEqual(values_of([one]), {"": {"aa bb": 1.0}})
        self.assertEqual(values_of([other]), values_of([one]))


class WorkersTest(unittest.TestCase):
    def test_who_raters_were_is_a_table_of_its_own(self):
        kit, _ = make_study(QUESTIONS.partition("exclude")[0], raters=2)
        key = read_key(kit / "key.json")

        def events(person):
            return [{"what": what, "at": f"2026-12-01T10:0{place}:00.000Z", "tab": "ab", "view": [800, 600 + place], **more}
                    for place, (what, more) in enumerate((("opened", {"worker": {"PROLIFIC_PID": person}}), ("agreed", {}),
                                                          ("opened", {"worker": {}}), ("finished", {}), ("saved", {})))]

        files = [returned(key, rater, lambda *place: (1, 3.0), events=events("p7")) for rater in (1, 2)]
        people = support.folder("people") / "people.csv"
        output = people.with_name("ratings.csv")
        _, remarks = support.tool("rating.py", "collect", "--key", kit / "key.json", "-o", output, "--workers", people, *files)
        self.assertIn("beware: raters 1 and 2 have the same PROLIFIC_PID, p7", remarks)
        with people.open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(rows[1], {"rater": "2", "PROLIFIC_PID": "p7", "opened": "2026-12-01T10:00:00.000Z",
                                   "agreed": "2026-12-01T10:01:00.000Z", "finished": "2026-12-01T10:03:00.000Z",
                                   "saved": "2026-12-01T10:04:00.000Z", "width": "800", "height": "602"})
        self.assertNotIn("p7", output.read_text())
        bad = returned(key, 1, lambda *place: (1, 3.0), events=[{"what": "opened"}])
        _, (_, errors) = collected(kit, bad, expected=2)
        self.assertIn("expected ratings as a page saves them", errors)


if __name__ == "__main__":
    unittest.main()
