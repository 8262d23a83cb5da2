"""A study for people who work on Mechanical Turk or in Label Studio rather than on pages: what these are given, and what they return.

Each picture, or pair, is a task of its own, in any order that the platform likes; pages keep orders in balance, time in sight and all
answers, and these do not. Pictures are those of a kit made with --linked, at an address. Practice is left out; catch trials are tasks.

    mturk-layout.html, mturk-input.csv          a project's layout (HTMLQuestion), and a row for each task: its variables
    label-studio-config.xml, label-studio-tasks.json     the labelling interface, and the tasks to import

Answers are read from Mechanical Turk's batch results (CSV) and Label Studio's export (JSON). Raters get numbers in the order in
which they first appear; who they are goes to the table of workers alone.
"""

import collections
import csv
import dataclasses
import html
import io
import json
from pathlib import Path
from xml.sax.saxutils import quoteattr

import rules
from collection import in_order, rating_of, with_notes
from command import BadInput, parse_csv, read_text, say, write_whole
from key import Key
from kit import text_of
from questions import Form, Question, form_of_record
from ratings import Rating

MOST_LAYOUT_BYTES = 65535  # of a question of Mechanical Turk


def tasks_of(key: Key) -> list[str]:
    """Every trial once, of a pair one way round, in the order of their names, which are random."""
    trials: dict[frozenset, str] = {}
    for order in key.orders.values():
        for trial in order:
            if not key.is_check(trial) or key.checks[trial]["kind"] == "catch":
                trials.setdefault(frozenset(trial.split()), trial)
    return sorted(trials.values())


def task_values(key: Key, trial: str, address: str) -> dict[str, str]:
    pictures = trial.split()
    names = ("left", "right") if len(pictures) == 2 else ("picture",)
    return {"name": trial, "text": text_of(key, trial),
            **{name: f"{address.rstrip('/')}/{picture}.png" for name, picture in zip(names, pictures, strict=True)}}


def mturk_input(tasks: list[dict[str, str]]) -> str:
    """Variables stand in HTML as they are, so that the text is written for HTML."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(tasks[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**task, "text": html.escape(task["text"])} for task in tasks)
    return stream.getvalue()


def answers_of(question: Question) -> list[tuple[int, str]]:
    told = list(enumerate(question.labels, 1))
    return told + ([(0, question.cannot_tell)] if question.cannot_tell else [])


def mturk_question(question: Question) -> str:
    lines = [f"  <fieldset><legend>{html.escape(question.text)}</legend>"]
    lines += [f'    <label><input type="radio" name="{question.name}" value="{number}" required> {html.escape(label)}</label>'
              for number, label in answers_of(question)]
    return "\n".join([*lines, "  </fieldset>"])


def mturk_layout(key: Key, form: Form) -> str:
    texts = "".join(f"  <p>{html.escape(part)}</p>\n" for part in f"{form.consent}\n\n{key.instruction}".split("\n\n") if part.strip())
    names = ("left", "right") if form.pairs else ("picture",)
    pictures = " ".join(f'<img src="${{{name}}}" alt="" style="width: 45%; max-width: 320px">' for name in names)
    questions = "\n".join(map(mturk_question, form.questions))
    if "${" in texts + questions:
        raise BadInput("expected an instruction and questions without ${, which begins a variable of Mechanical Turk")
    layout = (f'<!DOCTYPE html>\n<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>\n<crowd-form>\n{texts}'
              f"  <h2>${{text}}</h2>\n  <p>{pictures}</p>\n{questions}\n</crowd-form>\n")
    if len(layout.encode()) > MOST_LAYOUT_BYTES:
        raise BadInput(f"expected questions of at most {MOST_LAYOUT_BYTES} bytes, which a task of Mechanical Turk may have, found "
                       f"{len(layout.encode())}")
    return layout


def label_studio_config(form: Form) -> str:
    names = ("left", "right") if form.pairs else ("picture",)
    lines = ["<View>", '  <Header value="$text"/>', '  <View style="display: flex; gap: 1em">',
             *(f'    <Image name="{name}" value="${name}"/>' for name in names), "  </View>"]
    for question in form.questions:
        lines += [f"  <Header value={quoteattr(question.text)}/>",
                  f'  <Choices name="{question.name}" toName="{names[0]}" choice="single-radio" showInline="true" required="true">',
                  *(f'    <Choice value={quoteattr(label)} alias="{number}"/>' for number, label in answers_of(question)),
                  "  </Choices>"]
    return "\n".join([*lines, "</View>", ""])


def write_batch(key: Key, address: str, folder: Path) -> int:
    """Returns how many tasks there are."""
    form = form_of_record(key.form)
    tasks = [task_values(key, trial, address) for trial in tasks_of(key)]
    files = {"mturk-layout.html": mturk_layout(key, form), "mturk-input.csv": mturk_input(tasks),
             "label-studio-config.xml": label_studio_config(form),
             "label-studio-tasks.json": json.dumps([{"data": task} for task in tasks], indent=1, ensure_ascii=False) + "\n"}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_whole(folder / name, content.encode())
    return len(tasks)


@dataclasses.dataclass(frozen=True)
class Answered:
    """A task that somebody did: by whom, question -> answer, the seconds that it took, and where it stands in the file."""

    worker: str
    trial: str
    answers: dict[str, str]
    seconds: float
    place: str


def mturk_answers(row: dict[str, str]) -> dict[str, str]:
    """The column of a question, or where there is a column for each of its answers, the one that is true."""
    answers = {}
    for column, value in row.items():
        head, dot, rest = column.partition("Answer.")
        if not head and dot and value:
            question, point, number = rest.partition(".")
            if not point:
                answers[question] = value
            elif value.lower() == "true":
                answers[question] = number
    return answers


def read_mturk(path: Path, text: str) -> list[Answered]:
    names, rows = parse_csv(path, text)
    if not {"Input.name", "WorkerId", "WorkTimeInSeconds", "AssignmentStatus"} <= set(names):
        raise BadInput(f"{path}: expected results of Mechanical Turk with Input.name, WorkerId, WorkTimeInSeconds and AssignmentStatus, "
                       f"found {', '.join(names)}")
    found = []
    for number, row in enumerate(rows, 1):
        place = f"{path}: row {number}"
        if row["AssignmentStatus"] == "Rejected":
            say(f"{place}: left out, as the assignment was rejected")
            continue
        if not row["WorkerId"] or not row["WorkTimeInSeconds"].isdecimal():
            raise BadInput(f"{place}: expected WorkerId and WorkTimeInSeconds, found {row['WorkerId']!r} and "
                           f"{row['WorkTimeInSeconds']!r}")
        found.append(Answered(row["WorkerId"], row["Input.name"], mturk_answers(row), float(row["WorkTimeInSeconds"]), place))
    return found


def label_studio_worker(annotation: dict) -> str:
    by = annotation["completed_by"]
    return str(by["id"] if isinstance(by, dict) else by)


def read_label_studio(path: Path, text: str) -> list[Answered]:
    found = []
    try:
        for task in json.loads(text):
            for annotation in task["annotations"]:
                place = f"{path}: task {task['id']}, annotation {annotation['id']}"
                if annotation.get("was_cancelled"):
                    say(f"{place}: left out, as it was skipped")
                    continue
                answers = {}
                for result in annotation["result"]:
                    answers[str(result["from_name"])], = map(str, result["value"]["choices"])
                found.append(Answered(label_studio_worker(annotation), str(task["data"]["name"]), answers,
                                      float(annotation.get("lead_time") or 0), place))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(f"{path}: expected an export of Label Studio as JSON, of tasks with one choice for each question") from None
    return found


def read_answered(path: Path) -> list[Answered] | None:
    """None where the file is not of these platforms."""
    text = read_text(path)
    if text.lstrip().startswith("[") and text.strip() != "[]":
        return read_label_studio(path, text)
    if text.partition("\n")[0].find("WorkerId") >= 0:
        return read_mturk(path, text)
    return None


def answer_number(done: Answered, question: Question) -> int:
    """The answer's number, or where the platform gives the label, the number of that."""
    text = done.answers.get(question.name, "")
    labels = {label: number for number, label in answers_of(question)}
    number = int(text) if text.isdecimal() and len(text) < 3 else labels.get(text, -1)
    if number < 0 or not question.takes(number):
        raise BadInput(f"{done.place}: expected an answer to {question.name}, 1 to {len(question.labels)}, found {text!r}")
    return number


def check_task(key: Key, form: Form, done: Answered, seen: set[tuple[str, str]]) -> None:
    if done.trial not in tasks_of(key):
        raise BadInput(f"{done.place}: expected a task of the study, found {done.trial!r}")
    if unknown := [name for name in done.answers if form.question(name) is None]:
        raise BadInput(f"{done.place}: expected answers to {', '.join(question.name for question in form.questions)}, found "
                       f"{unknown[0]!r}")
    if (done.worker, done.trial) in seen:
        raise BadInput(f"{done.place}: expected one answer of a worker to {done.trial}, found another")
    seen.add((done.worker, done.trial))


def collect_answered(key: Key, answered: list[Answered]) -> tuple[list[Rating], dict[str, int]]:
    """The ratings that the study's rules keep, and the number of each worker."""
    form = form_of_record(key.form)
    numbers: dict[str, int] = {}
    rows: dict[int, list[dict]] = collections.defaultdict(list)
    ratings: dict[int, list[Rating]] = collections.defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for done in answered:
        check_task(key, form, done, seen)
        rater = numbers.setdefault(done.worker, len(numbers) + 1)
        position = 1 + len(rows[rater]) // len(form.questions)
        for question in form.questions:
            row = {"position": position, "picture": done.trial, "question": question.name,
                   "rating": answer_number(done, question), "seconds": done.seconds / len(form.questions)}
            rows[rater].append(row)
            if not key.is_check(done.trial):
                ratings[rater].append(rating_of(key, rater, False, row, question))
    kept = rules.apply(key, rows, ratings, form.exclude)
    return in_order(key, with_notes(kept.ratings, kept.note)), numbers


def write_numbers(path: Path, numbers: dict[str, int]) -> None:
    """Who the raters are to the platform."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["rater", "worker"])
    writer.writerows((rater, worker) for worker, rater in numbers.items())
    write_whole(path, stream.getvalue().encode())
