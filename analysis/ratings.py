"""Ratings as a table, as `rating.py collect` writes it and tables, figures and plans read it: a row for each rating, or for each
answer to a pair as pairs.py reads it.
"""

import csv
import dataclasses
import io
from pathlib import Path

import pairs
from command import BadInput, of_one_question, parse_csv, read_text, write_whole


@dataclasses.dataclass(frozen=True)
class Rating:
    """One rating. `position` is its place in the rater's order, from 1; `repeat`: the rater saw the picture before."""

    rater: int
    position: int
    repeat: bool
    condition: str
    prompt: str
    picture: str
    rating: int | None  # None: the rater could not tell
    seconds: float  # for which the picture was looked at
    question: str = ""  # "": the built-in one
    highest: int = 5  # of the scale
    choice: str = ""  # how the study's pictures were chosen, in words; "": the first ones
    note: str = ""  # what else tables have to say of the study
    against: str = ""  # of a pair the condition on the right; `condition` is on the left, and `picture` has both names


RATINGS_COLUMNS = ("rater", "position", "repeat", "condition", "prompt", "picture", "rating", "seconds")
ASKED_COLUMNS = ("question", "highest")  # where there was a file of questions
NOTE_COLUMNS = ("choice", "note")  # each where there is something to say


def columns_of(ratings: list[Rating]) -> tuple[str, ...]:
    asked = ASKED_COLUMNS if any(rating.question for rating in ratings) else ()
    return RATINGS_COLUMNS + asked + tuple(name for name in NOTE_COLUMNS if any(getattr(rating, name) for rating in ratings))


def pair_row(rating: Rating) -> dict[str, str | int | float]:
    """The first label is the left picture, the last one the right, what lies between is a tie."""
    steps = {1: 1, rating.highest: -1}
    return {"rater": rating.rater, "prompt": rating.prompt, "left": rating.condition, "right": rating.against,
            "answer": "" if rating.rating is None else steps.get(rating.rating, 0), "question": rating.question,
            "position": rating.position, "repeat": int(rating.repeat), "pictures": rating.picture,
            "seconds": rating.seconds, "note": f"{rating.choice} {rating.note}".strip()}


def write_pairs(path: Path, ratings: list[Rating]) -> None:
    """As answers to pairs, which pairs.py reads."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, pairs.COLUMNS + pairs.DETAILS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(pair_row, ratings))
    write_whole(path, stream.getvalue().encode())


def write_ratings(path: Path, ratings: list[Rating]) -> None:
    if any(rating.against for rating in ratings):
        return write_pairs(path, ratings)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = columns_of(ratings)
    writer.writerow(columns)
    for rating in ratings:
        values = (getattr(rating, name) for name in columns)
        writer.writerow([int(value) if isinstance(value, bool) else value for value in values])
    write_whole(path, stream.getvalue().encode())


def is_of_ratings(names: list[str]) -> bool:
    more = names[len(RATINGS_COLUMNS):]
    asked = [name for name in ASKED_COLUMNS if name in more]
    return (tuple(names[: len(RATINGS_COLUMNS)]) == RATINGS_COLUMNS and len(asked) in (0, len(ASKED_COLUMNS))
            and more == asked + [name for name in NOTE_COLUMNS if name in more])


def rating_of_row(row: dict[str, str]) -> Rating:
    highest, rating = int(row.get("highest", Rating.highest)), row["rating"]
    if rating and not 1 <= int(rating) <= highest:
        raise ValueError
    return Rating(
        rater=int(row["rater"]), position=int(row["position"]), repeat=bool(int(row["repeat"])),
        condition=row["condition"], prompt=row["prompt"], picture=row["picture"], rating=int(rating) if rating else None,
        seconds=float(row["seconds"]), question=row.get("question", ""), highest=highest, choice=row.get("choice", ""),
        note=row.get("note", ""))


def read_every(path: Path) -> dict[str, list[Rating]]:
    """Reads what write_ratings wrote, by question. Where a rater could not tell there is no rating."""
    names, rows = parse_csv(path, read_text(path))
    if not is_of_ratings(names):
        raise BadInput(f"{path}: expected ratings as `rating.py collect` writes them, with the columns "
                       f"{','.join(RATINGS_COLUMNS)}")
    ratings: dict[str, list[Rating]] = {}
    for number, row in enumerate(rows, 1):
        try:
            rating = rating_of_row(row)
        except (TypeError, ValueError):
            raise BadInput(f"{path}: row {number}: expected a rating, found {list(row.values())}") from None
        known = ratings.setdefault(rating.question, [])
        if rating.rating is not None:
            known.append(rating)
    for question, found in ratings.items():
        if not found:
            raise BadInput(f"{path}: expected ratings{question and f' for {question}'}, found none")
    if not ratings:
        raise BadInput(f"{path}: expected ratings, found none")
    return ratings


def read_ratings(path: Path) -> list[Rating]:
    """Those of one question."""
    return of_one_question(path, read_every)
