"""Collects raters' files: checks them against the study's key and joins both to one table of ratings.

A file is what a page saved, as JSON or CSV. Refused are files of another study, two files of a rater of which neither
holds all of the other, pictures that the rater was not shown at that place, and ratings out of range: somebody has to look
at these. What is only missing is said, and left out.
"""

import collections
import dataclasses
import json
from pathlib import Path

import rules
from choice import describe
from command import BadInput, parse_csv, read_text, say
from key import Key
from kit import RATINGS_FORMAT
from questions import Form, Question, form_of_record
from ratings import Rating

CSV_COLUMNS = ("study", "rater", "position", "picture", "question", "rating", "seconds")
CSV_COLUMNS_OF_ONE = ("study", "rater", "position", "picture", "rating", "seconds")  # of pages that asked one question
FORMAT_OF_ONE = "vqclip ratings 2"  # of pages that asked one question
FORMAT_WITHOUT_ANSWERS = "vqclip ratings 1"  # of pages that kept the last answer of each place alone
CANNOT_TELL = 0


@dataclasses.dataclass(frozen=True)
class RaterFile:
    """What a rater's file says, its types checked, its content not."""

    path: Path
    study: str
    rater: int
    rows: list[dict]  # position, picture, question, rating, seconds; question "" where the page knew one alone
    events: tuple[dict, ...] = ()  # what, at and more: when the page was opened, by whom, and so on
    answers: frozenset | None = None  # all that were given, of which the rows are the last; None: the file does not say

    def holds(self, other: "RaterFile") -> bool:
        """Whether all that the other file says was said when this one was saved."""
        if self.answers is not None and other.answers is not None:
            return self.answers >= other.answers
        own, others = ({(row["position"], row["picture"], row["question"], row["rating"]) for row in file.rows}
                       for file in (self, other))
        return own >= others


def checked_row(path: Path, row: dict) -> dict:
    try:
        if any(isinstance(row[name], (bool, float)) for name in ("position", "rating")):
            raise ValueError
        return {"position": int(row["position"]), "picture": str(row["picture"]), "question": str(row.get("question", "")),
                "rating": int(row["rating"]), "seconds": float(row["seconds"])}
    except (KeyError, TypeError, ValueError, OverflowError):
        found = json.dumps(row)[:120]
        raise BadInput(f"{path}: expected position, picture, rating and seconds, found {found}") from None


def checked_answers(answers: list[dict]) -> frozenset:
    return frozenset((int(answer["position"]), str(answer.get("question", "")), int(answer["rating"]), str(answer["at"]),
                      str(answer["tab"])) for answer in answers)


def checked_events(content: dict) -> tuple[dict, ...]:
    """In the order in which they were. Pages kept none before format 3."""
    events = [{"what": str(event["what"]), "at": str(event["at"]),
               "worker": {str(name): str(value) for name, value in event.get("worker", {}).items()},
               "view": [int(side) for side in event["view"]]} for event in content.get("events", [])]
    return tuple(sorted(events, key=lambda event: event["at"]))


def read_json(path: Path, text: str) -> RaterFile:
    try:
        content = json.loads(text)
        if content["format"] not in (RATINGS_FORMAT, FORMAT_OF_ONE, FORMAT_WITHOUT_ANSWERS):
            raise BadInput(f"{path}: expected format {RATINGS_FORMAT!r}, found {content['format']!r}")
        rows = [checked_row(path, dict(row)) for row in content["ratings"]]
        if type(content["rater"]) is not int:
            raise ValueError
        answers = None if content["format"] == FORMAT_WITHOUT_ANSWERS else checked_answers(content["answers"])
        return RaterFile(path, str(content["study"]), content["rater"], rows, checked_events(content), answers)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadInput(f"{path}: expected ratings as a page saves them, in JSON or CSV") from None


def read_csv(path: Path, text: str) -> RaterFile:
    names, rows = parse_csv(path, text)
    if tuple(names) not in (CSV_COLUMNS, CSV_COLUMNS_OF_ONE):
        raise BadInput(f"{path}: expected ratings as a page saves them, in JSON or CSV ({','.join(CSV_COLUMNS)})")
    owners = {(row["study"], row["rater"]) for row in rows}
    if len(owners) != 1:
        raise BadInput(f"{path}: expected the ratings of one rater of one study, found {len(owners)}")
    study, rater = owners.pop()
    if not rater.isdecimal() or len(rater) > 9:
        raise BadInput(f"{path}: expected the number of a rater, found {rater[:40]!r}")
    return RaterFile(path, study, int(rater), [checked_row(path, row) for row in rows])


def read_rater_file(path: Path) -> RaterFile:
    text = read_text(path)
    return read_json(path, text) if text.lstrip().startswith("{") else read_csv(path, text)


def check_rater(key: Key, file: RaterFile) -> None:
    if file.study != key.study:
        raise BadInput(f"{file.path}: expected ratings of study {key.study}, found study {file.study}")
    if file.rater not in key.orders:
        raise BadInput(f"{file.path}: expected a rater from 1 to {len(key.orders)}, found {file.rater}")


def asked_question(file: RaterFile, form: Form, row: dict) -> Question:
    """The question that a row answers."""
    if not row["question"] and len(form.questions) == 1:
        return form.questions[0]
    question = form.question(row["question"])
    if question is None:
        names = ", ".join(question.name for question in form.questions)
        raise BadInput(f"{file.path}: position {row['position']}: expected a question out of {names}, found "
                       f"{row['question']!r}")
    return question


def check_row(key: Key, file: RaterFile, row: dict, question: Question) -> None:
    order = key.orders[file.rater]
    place = f"{file.path}: position {row['position']}"
    if not 1 <= row["position"] <= len(order):
        raise BadInput(f"{place}: expected 1 to {len(order)}")
    if row["picture"] not in order and not set(row["picture"].split()) <= key.all_names():
        raise BadInput(f"{place}: expected a picture of the study, found {row['picture']!r}")
    if row["picture"] != order[row["position"] - 1]:
        raise BadInput(f"{place}: expected picture {order[row['position'] - 1]}, found {row['picture']}")
    if not question.takes(row["rating"]):
        raise BadInput(f"{place}: expected a rating from 1 to {len(question.labels)}, found {row['rating']}")
    if not 0 <= row["seconds"] < float("inf"):
        raise BadInput(f"{place}: expected seconds, found {row['seconds']}")


def rating_of(key: Key, rater: int, repeat: bool, row: dict, question: Question) -> Rating:
    picture, *others = (key.pictures[name] for name in row["picture"].split())
    return Rating(
        rater=rater, position=row["position"], repeat=repeat, condition=picture["condition"], prompt=picture["prompt"],
        picture=row["picture"], rating=None if row["rating"] == CANNOT_TELL else row["rating"], seconds=row["seconds"],
        question="" if key.form is None else question.name, highest=len(question.labels),
        choice="" if key.choice is None else describe(key.choice), against=others[0]["condition"] if others else "")


def ratings_of(key: Key, file: RaterFile) -> list[Rating]:
    """A rater's ratings in the order of their places."""
    form, repeats = form_of_record(key.form), key.repeats(file.rater)
    counts = collections.Counter((row["position"], row["question"]) for row in file.rows)
    if doubles := sorted(place for place, count in counts.items() if count > 1):
        raise BadInput(f"{file.path}: position {doubles[0][0]}: expected one rating, found {counts[doubles[0]]}")
    ratings = []
    for row in sorted(file.rows, key=lambda row: row["position"]):
        question = asked_question(file, form, row)
        check_row(key, file, row, question)
        if key.is_check(row["picture"]):
            continue
        ratings.append(rating_of(key, file.rater, repeats[row["position"] - 1], row, question))
    return ratings


def is_fuller(file: RaterFile, known: RaterFile | None) -> bool:
    """Whether the file counts in the place of another one of its rater."""
    if known is None:
        return True
    if not file.holds(known) and not known.holds(file):
        raise BadInput(f"{file.path}: expected one file of rater {file.rater}, or one that holds all of the other, found "
                       f"{known.path} too")
    fuller = file.holds(known)
    one, other = (file, known) if fuller else (known, file)
    say(f"rater {file.rater}: {one.path} holds all of {other.path}, and counts")
    return fuller


def with_notes(ratings: dict[int, list[Rating]], note: str) -> dict[int, list[Rating]]:
    """The note, and how often raters could not tell, said with each question's ratings."""
    every = [rating for found in ratings.values() for rating in found]
    notes = {}
    for question in {rating.question for rating in every}:
        own = [rating for rating in every if rating.question == question]
        notes[question] = note
        if cannot := sum(rating.rating is None for rating in own):
            notes[question] = f"{note} In {cannot} of {len(own)} answers raters could not tell; these have no rating.".strip()
    return {rater: [dataclasses.replace(rating, note=notes[rating.question]) for rating in found]
            for rater, found in ratings.items()}


def read_files(key: Key, paths: list[Path]) -> dict[int, RaterFile]:
    """Rater -> the file that counts."""
    seen: dict[int, RaterFile] = {}
    for path in paths:
        file = read_rater_file(path)
        check_rater(key, file)
        ratings_of(key, file)
        if is_fuller(file, seen.get(file.rater)):
            seen[file.rater] = file
    return seen


def collect(key: Key, paths: list[Path]) -> list[Rating]:
    """The ratings of all files, in the key's order of prompts and conditions, then by picture, rater and position."""
    return collect_files(key, read_files(key, paths))


def collect_files(key: Key, files: dict[int, RaterFile]) -> list[Rating]:
    """As collect, of files that read_files has read."""
    ratings = {rater: ratings_of(key, file) for rater, file in files.items()}
    say_missing(key, ratings)
    kept = rules.apply(key, {rater: file.rows for rater, file in files.items()}, ratings, form_of_record(key.form).exclude)
    return in_order(key, with_notes(kept.ratings, kept.note))


def in_order(key: Key, ratings: dict[int, list[Rating]]) -> list[Rating]:
    prompts = {prompt: number for number, prompt in enumerate(key.prompts)}
    conditions = {name: number for number, name in enumerate(key.condition_names())}
    return sorted(
        (rating for found in ratings.values() for rating in found),
        key=lambda rating: (prompts[rating.prompt], conditions[rating.condition], rating.picture, rating.rater,
                            rating.position))


def numbers_text(numbers: list[int]) -> str:
    """[1, 2, 3, 7] -> "1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def say_missing(key: Key, ratings: dict[int, list[Rating]]) -> None:
    asked = len(form_of_record(key.form).questions)
    for rater, found in sorted(ratings.items()):
        counts = collections.Counter(rating.position for rating in found)
        missing = {place: asked - counts[place] for place, trial in enumerate(key.orders[rater], 1)
                   if counts[place] < asked and not key.is_check(trial)}
        if missing:
            wanted = asked * sum(not key.is_check(trial) for trial in key.orders[rater])
            say(f"rater {rater}: {sum(missing.values())} of {wanted} ratings are missing, "
                f"at positions {numbers_text(list(missing))}")
    if absent := [rater for rater in key.orders if rater not in ratings]:
        say(f"no file from {len(absent)} of {len(key.orders)} raters: {numbers_text(absent)}")
