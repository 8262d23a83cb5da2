"""Files of questions: what raters are asked is what the file says, and each of their answers is a rating of its question."""

import json
import unittest

import support
from ratings import read_every, read_ratings
from command import BadInput
from key import read_key
from questions import read_form
from test_rating import make, page_data, page_of, read_rows, rival_folder

PROMPTS = [f"picture {letter} of a thing" for letter in "abcdef"]
TWO = """\
language: en-GB
title: Two questions
instruction: Look, and say.
questions:
  - name: match
    text: How well does it match?
    labels: [no, partly, yes]
  - name: quality
    text: How well made is it?
    labels: [1st, 2nd, 3rd, 4th, 5th, 6th, 7th]
    cannot tell: I cannot tell
words:
  begin: "Start: {n}"
"""


def write(content, name="questions.yaml"):
    path = support.folder("questions") / name
    path.write_text(content)
    return path


def make_asking(content, *words, expected=0, raters=2, conditions=("quagga", "okapi")):
    sources = [f"{name}={rival_folder(PROMPTS)}" for name in conditions]
    return make(*sources, "--questions", write(content), *words, expected=expected, raters=raters)


def returned(key, rater, rate, **head):
    """A file as a page saves it; `rate` tells of item (from 0), its name and a question's name the answer, and seconds."""
    rows = []
    for number, name in enumerate(key.orders[rater]):
        for question in key.form["questions"]:
            answer, seconds = rate(number, name, question["name"])
            rows.append({"position": number + 1, "picture": name, "question": question["name"], "rating": answer,
                         "seconds": seconds})
    answers = [{**row, "at": f"2026-12-01T10:00:{place % 60:02d}.000Z", "tab": "ab"} for place, row in enumerate(rows)]
    path = support.folder("returned") / f"{rater}.json"
    path.write_text(json.dumps({"format": "vqclip ratings 3", "study": key.study, "rater": rater, "ratings": rows,
                                "answers": answers, **head}))
    return path


def collected(kit, *paths, expected=0):
    output = support.folder("collected") / "answers.csv"
    return output, support.tool("rating.py", "collect", "--key", kit / "key.json", "-o", output, *paths, expected=expected)


class FormTest(unittest.TestCase):
    def refused(self, content, *messages):
        path = write(content)
        with self.assertRaises(BadInput) as caught:
            read_form(path)
        for message in (str(path), *messages):
            self.assertIn(message, str(caught.exception))

    def test_what_is_not_known_is_refused_by_its_name_and_line(self):
        self.refused(TWO.replace("    labels: [no", "    lables: [no"), "line 7", "'lables'", "near: labels")
        self.refused(TWO + "colour: red\n", "line 14", "'colour'")
        self.refused(TWO.replace("begin:", "started:"), "line 13", "'started'")
        self.refused(TWO.replace("{n}", "{m}"), "line 13", "words with {n}", "{m}")
        self.refused(TWO.replace("name: quality", "name: match"), "line 8", "'match' twice")
        self.refused(TWO.replace("name: quality", "name: Quality!"), "line 8", "a-z")
        self.refused(TWO.replace("language: en-GB", "language: english please"), "line 1", "a language")
        self.refused(TWO.replace("title: Two questions", "language: de"), "line 2", "language once")
        self.refused(TWO.replace("[no, partly, yes]", "[no]"), "line 7", "2 to 9 labels")
        self.refused(TWO.replace("[no, partly, yes]", "[no, no]"), "line 7", "'no' twice")
        self.refused(TWO.replace("[no, partly, yes]", "[no, [a]]"), "line 7", "a label")
        self.refused(TWO.replace("    text: How well does it match?\n", ""), "line 5", "a question with text")
        self.refused("language: de\n", "line 1", "with questions")
        self.refused("questions: []\n", "a list of questions")
        self.refused("- a\n", "a file of questions")
        self.refused("a: [\n", "expected YAML")
        self.refused("", "an empty file")

    def test_words_are_taken_as_they_are_written(self):
        form = read_form(write(TWO))
        self.assertEqual([question.labels[0] for question in form.questions], ["no", "1st"])
        self.assertEqual((form.language, form.title, form.words), ("en-GB", "Two questions", {"begin": "Start: {n}"}))

    def test_words_that_stay_english_are_named(self):
        _, remarks = make_asking(TWO.replace("en-GB", "de"))
        self.assertRegex(remarks, r"beware: of the page's own words \d+ are English.*unsaved")

    def test_what_both_the_file_and_an_option_say_is_refused(self):
        _, errors = make_asking(TWO, "--title", "Another", expected=2)
        self.assertIn("expected --title or title in the file of questions, found both", errors)


class SeveralQuestionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kit, cls.remarks = make_asking(TWO)
        cls.key = read_key(cls.kit / "key.json")

    @staticmethod
    def rate(number, name, question):
        if question == "match":
            return 1 + number % 3, 2.0
        return number % 8, 1.0  # 0: cannot tell

    def test_the_page_has_what_the_file_says(self):
        data = page_data(page_of(self.kit, 1))
        self.assertEqual([question["name"] for question in data["questions"]], ["match", "quality"])
        self.assertEqual(data["questions"][1]["cannot_tell"], "I cannot tell")
        self.assertEqual((data["words"]["begin"], data["instruction"]), ("Start: {n}", "Look, and say."))
        page = page_of(self.kit, 1).read_text()
        self.assertIn('<html lang="en-GB">', page)
        self.assertIn("<title>Two questions</title>", page)

    def test_each_answer_is_a_rating_of_its_question(self):
        output, (told, remarks) = collected(self.kit, *(returned(self.key, rater, self.rate) for rater in (1, 2)))
        self.assertEqual(remarks, "")
        self.assertIn("48 ratings by 2 of 2", told)
        for row in read_rows(output):
            self.assertEqual(row["condition"], self.key.pictures[row["picture"]]["condition"])
            wanted = self.rate(int(row["position"]) - 1, row["picture"], row["question"])[0]
            self.assertEqual(row["rating"], str(wanted or ""))
            self.assertEqual(row["highest"], {"match": "3", "quality": "7"}[row["question"]])
        asked = read_every(output)
        self.assertEqual({name: len(found) for name, found in asked.items()}, {"match": 24, "quality": 20})
        self.assertEqual(len(read_ratings(output.with_name(f"{output.name}@quality"))), 20)
        with self.assertRaisesRegex(BadInput, "answers to one question, found match, quality; choose one by .*@match"):
            read_ratings(output)
        with self.assertRaisesRegex(BadInput, "a question out of match, quality, found 'beauty'"):
            read_ratings(output.with_name(f"{output.name}@beauty"))

    def test_tables_are_of_each_question(self):
        output, _ = collected(self.kit, *(returned(self.key, rater, self.rate) for rater in (1, 2)))
        folder = support.folder("tables")
        support.tool("tables.py", "ratings", output, "-o", folder)
        self.assertIn("Ratings from 1 to 3: 24;", (folder / "means-match.md").read_text())
        quality = (folder / "means-quality.md").read_text()
        self.assertIn("Ratings from 1 to 7: 20;", quality)
        self.assertIn("In 4 of 24 answers raters could not tell", quality)

    def test_answers_that_no_page_gives_are_refused(self):
        def refused(rate, message):
            _, (_, errors) = collected(self.kit, returned(self.key, 1, rate), expected=2)
            self.assertIn(message, errors)

        refused(lambda number, name, question: (4, 1), "position 1: expected a rating from 1 to 3, found 4")
        refused(lambda number, name, question: (0, 1), "position 1: expected a rating from 1 to 3, found 0")
        path = returned(self.key, 1, self.rate)
        path.write_text(path.read_text().replace('"quality"', '"beauty"'))
        _, (_, errors) = collected(self.kit, path, expected=2)
        self.assertIn("expected a question out of match, quality, found 'beauty'", errors)

    def test_what_is_missing_is_said(self):
        path = returned(self.key, 1, self.rate)
        content = json.loads(path.read_text())
        del content["ratings"][3]
        path.write_text(json.dumps(content))
        _, (_, remarks) = collected(self.kit, path)
        self.assertIn("rater 1: 1 of 24 ratings are missing, at positions 2", remarks)

    def test_a_condition_named_in_a_question_is_noticed(self):
        _, remarks = make_asking(TWO.replace("well made", "saiga"), conditions=("saiga", "two"))
        self.assertIn("a question has the word 'saiga'", remarks)


if __name__ == "__main__":
    unittest.main()
