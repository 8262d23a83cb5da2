"""Tasks for Mechanical Turk and Label Studio have what these ask for, and answers that come back count as those of pages."""

import csv
import html.parser
import io
import json
import unittest
import xml.etree.ElementTree

import support
from key import read_key
from pairs import read_answers
from test_checks import QUESTIONS, make_study
from test_rating import read_rows
from test_trials import PAIRS

ADDRESS = "https://pictures.example/study/"
ASKING = QUESTIONS.partition("exclude")[0].replace("labels: [badly, so so, well]", "labels: [badly, so so, '<well> & \"truly\"']\n"
                                                   "    cannot tell: I cannot tell") + "exclude:\n  failed catch: 0\n"


class Inputs(html.parser.HTMLParser):
    """The inputs of a form: name -> values."""

    def __init__(self, text):
        super().__init__()
        self.values, self.sources = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "input":
            self.values.setdefault(found["name"], []).append(found["value"])
        if tag == "img":
            self.sources.append(found["src"])


class BatchTest(unittest.TestCase):
    content = ASKING

    @classmethod
    def setUpClass(cls):
        cls.kit, _ = make_study(cls.content, "--linked")
        cls.key = read_key(cls.kit / "key.json")
        cls.folder = support.folder("batch")
        cls.told, _ = support.tool("rating.py", "batch", "--key", cls.kit / "key.json", "--address", ADDRESS, "-o", cls.folder)
        cls.tasks = [task["data"] for task in json.loads((cls.folder / "label-studio-tasks.json").read_text())]

    def answer(self, worker, place, question):
        """What that worker says; the second one does not look."""
        check = (self.key.checks or {}).get(self.tasks[place]["name"])
        if check and (right := check["answers"].get(question)):
            return right[0] if worker != "w2" else 6 - right[0] if question == "match" else 1
        return 1 + place % 3

    def questions(self):
        return [question["name"] for question in self.key.form["questions"]]

    def mturk(self, change=None, columns=False):
        """Results as Mechanical Turk has them: of three workers. columns: a column for each answer, true or false."""
        rows = []
        for worker in ("w1", "w2", "w3"):
            for place, task in enumerate(self.tasks):
                row = {"HITId": f"h{place}", "AssignmentId": f"{worker}{place}", "WorkerId": worker, "AssignmentStatus": "Submitted",
                       "WorkTimeInSeconds": "12", **{f"Input.{name}": value for name, value in task.items()}}
                for question in self.questions():
                    given = self.answer(worker, place, question)
                    if columns:
                        row |= {f"Answer.{question}.{number}": str(number == given).lower() for number in range(1, 6)}
                    else:
                        row[f"Answer.{question}"] = given
                rows.append(row)
        if change:
            rows[4] |= change
        stream = io.StringIO()
        writer = csv.DictWriter(stream, rows[0], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
        path = support.folder("results") / "Batch_1_batch_results.csv"
        path.write_text(stream.getvalue())
        return path

    def label_studio(self, labels=False, change=None):
        """An export as Label Studio has it; labels: of labels rather than of their aliases."""
        form, export = self.key.form, []
        for place, task in enumerate(self.tasks):
            annotations = []
            for number, worker in enumerate(("w1", "w2", "w3")):
                result = []
                for question in form["questions"]:
                    given = self.answer(worker, place, question["name"])
                    result.append({"id": "x", "from_name": question["name"], "to_name": "picture", "type": "choices",
                                   "origin": "manual",
                                   "value": {"choices": [question["labels"][given - 1] if labels else str(given)]}})
                annotations.append({"id": 100 * place + number, "completed_by": {"id": worker, "email": "a@b.c"} if labels else worker,
                                    "was_cancelled": False, "lead_time": 9.5, "result": result})
            export.append({"id": place, "data": task, "annotations": annotations})
        if change:
            change(export)
        path = support.folder("results") / "export.json"
        path.write_text(json.dumps(export))
        return path

    def collected(self, path, expected=0):
        output = support.folder("collected") / "answers.csv"
        workers = output.with_name("workers.csv")
        said = support.tool("rating.py", "collect", "--key", self.kit / "key.json", "-o", output, "--workers", workers, path,
                            expected=expected)
        return output, workers, said


class RatingsBatchTest(BatchTest):
    def test_every_picture_is_a_task_once_and_practice_is_none(self):
        catch = {trial for trial, check in self.key.checks.items() if check["kind"] == "catch"}
        self.assertEqual({task["name"] for task in self.tasks}, set(self.key.pictures) | catch)
        self.assertEqual(len(self.tasks), 16 + 2)
        self.assertIn("18 tasks", self.told)
        for task in self.tasks:
            self.assertEqual(task["picture"], f"{ADDRESS}{task['name']}.png")
            self.assertTrue((self.kit / "raters" / "pictures" / f"{task['name']}.png").is_file())
        for path in self.folder.iterdir():
            for hint in ("quagga", "okapi", "plain", "practice", "catch"):
                self.assertNotIn(hint, path.read_text(), path)

    def test_mechanical_turk_s_layout_has_the_variables_of_its_input(self):
        layout = (self.folder / "mturk-layout.html").read_text()
        inputs = Inputs(layout)
        self.assertEqual(inputs.values, {"match": ["1", "2", "3", "4", "5"], "quality": ["1", "2", "3", "0"]})
        self.assertEqual(inputs.sources, ["${picture}"])
        self.assertIn("&lt;well&gt; &amp;", layout)
        rows = read_rows(self.folder / "mturk-input.csv")
        self.assertEqual(list(rows[0]), ["name", "text", "picture"])
        self.assertEqual([row["name"] for row in rows], [task["name"] for task in self.tasks])

    def test_label_studio_s_interface_names_what_tasks_have(self):
        root = xml.etree.ElementTree.parse(self.folder / "label-studio-config.xml").getroot()
        values = [element.get("value") for element in root.iter() if (element.get("value") or "").startswith("$")]
        self.assertEqual(values, ["$text", "$picture"])
        names = {element.get("name") for element in root.iter("Image")}
        choices = list(root.iter("Choices"))
        self.assertEqual([element.get("name") for element in choices], ["match", "quality"])
        self.assertLessEqual({element.get("toName") for element in choices}, names)
        self.assertEqual([(choice.get("value"), choice.get("alias")) for choice in choices[1]],
                         [("badly", "1"), ("so so", "2"), ('<well> & "truly"', "3"), ("I cannot tell", "0")])

    def test_answers_of_both_come_back(self):
        for path in (self.mturk(), self.mturk(columns=True), self.label_studio(), self.label_studio(labels=True)):
            output, workers, (told, remarks) = self.collected(path)
            self.assertIn("64 ratings by 2 of 3 raters", told)
            self.assertIn("rater 2 is left out: failed catch trials", remarks)
            places = {task["name"]: place for place, task in enumerate(self.tasks)}
            for row in read_rows(output):
                self.assertEqual(int(row["rating"]), self.answer(f"w{row['rater']}", places[row["picture"]], row["question"]))
                self.assertEqual(row["condition"], self.key.pictures[row["picture"]]["condition"])
                self.assertNotEqual(row["rater"], "2")
            self.assertEqual([row["worker"] for row in read_rows(workers)], ["w1", "w2", "w3"])

    def test_what_is_refused(self):
        def label_studio(change):
            return self.label_studio(change=change)

        for path, message in (
                (self.mturk({"Input.name": "x"}), "row 5: expected a task of the study, found 'x'"),
                (self.mturk({"Answer.match": "6"}), "row 5: expected an answer to match, 1 to 5, found '6'"),
                (self.mturk({"Answer.match": "0"}), "row 5: expected an answer to match, 1 to 5, found '0'"),
                (self.mturk({"Answer.match": ""}), "row 5: expected an answer to match, 1 to 5, found ''"),
                (self.mturk({"Input.name": self.tasks[0]["name"]}), "row 5: expected one answer of a worker"),
                (self.mturk({"WorkTimeInSeconds": "long"}), "row 5: expected WorkerId and WorkTimeInSeconds"),
                (label_studio(lambda export: export[0]["annotations"][0]["result"].pop()), "expected an answer to quality"),
                (label_studio(lambda export: export[0]["annotations"][0].pop("completed_by")), "expected an export of Label Studio"),
                (label_studio(lambda export: export[0]["annotations"][0]["result"][0]["value"]["choices"].append("2")),
                 "expected an export of Label Studio"),
                (label_studio(lambda export: export[0]["annotations"][0]["result"][0].update(from_name="taste")),
                 "expected answers to match, quality, found 'taste'")):
            with self.subTest(message=message):
                _, _, (_, errors) = self.collected(path, expected=2)
                self.assertIn(message, errors)

    def test_what_was_rejected_or_skipped_is_left_out_and_said(self):
        _, _, (told, remarks) = self.collected(self.mturk({"AssignmentStatus": "Rejected"}))
        self.assertIn("row 5: left out, as the assignment was rejected", remarks)
        _, _, (_, remarks) = self.collected(self.label_studio(
            change=lambda export: export[0]["annotations"][0].update(was_cancelled=True)))
        self.assertIn("task 0, annotation 0: left out, as it was skipped", remarks)


class PairsBatchTest(BatchTest):
    content = PAIRS

    def test_answers_to_pairs_come_back(self):
        self.assertEqual(len(self.tasks), 8)
        self.assertEqual(list(self.tasks[0]), ["name", "text", "left", "right"])
        self.assertEqual(Inputs((self.folder / "mturk-layout.html").read_text()).sources, ["${left}", "${right}"])
        places = {task["name"]: place for place, task in enumerate(self.tasks)}
        for path in (self.mturk(), self.label_studio()):
            output, _, _ = self.collected(path)
            self.assertEqual(len(read_answers(output)), 24)
            for row in read_rows(output):
                self.assertEqual(int(row["answer"]), 2 - self.answer("w1", places[row["pictures"]], "better"))
                left, right = (self.key.pictures[name]["condition"] for name in row["pictures"].split())
                self.assertEqual((row["left"], row["right"]), (left, right))


if __name__ == "__main__":
    unittest.main()
