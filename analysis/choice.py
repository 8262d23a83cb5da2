"""Which pictures of a condition raters see: the first ones, or the best ones by a score.

`--pictures best:3 --by scores.csv:clip` takes, of each prompt and condition, the three pictures whose score is highest, of
pictures with the same score the first ones. `scores.csv` is a table as `vqclip score` writes it; several may be given, one
for each archive. A column is named, or a perceptor, whose CLIPScore counts. A picture is found in a table by the SHA-256 of
its pixels and its prompt, so scores of other pictures cannot be taken for its own.

The best of n is not what a condition gives, but what it gives to those who throw the rest away. So the rule, of how many
pictures it chose, and what it left out are in the study's key, and in the notes of its tables.
"""

import argparse
import dataclasses
import hashlib
import math
from pathlib import Path

import numpy as np

from command import BadInput, positive, say
from condition import Condition, Picture
from scores import guided_column, read_rows, read_score

SCORE = "clipscore"  # of a perceptor, where no column is named
GUIDED = {frozenset("1"): "yes", frozenset("0"): "no", frozenset("01"): "some of them"}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What --pictures asks for."""

    count: int
    best: bool


def wanted(text: str) -> Wanted:
    """An argparse type: N, or best:N."""
    best, colon, number = text.rpartition(":")
    if colon and best != "best":
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, or best:N, found {text!r}")
    return Wanted(positive(number), bool(colon))


@dataclasses.dataclass(frozen=True)
class Scores:
    """A column of one or several tables: (SHA-256 of a picture's pixels, prompt) -> score and whether its perceptor guided."""

    column: str
    tables: list[dict[str, str]]  # file, sha256
    values: dict[tuple[str, str], tuple[float, str]]


def words(text: str) -> str:
    return " ".join(text.split())


def find_column(path: Path, names: list[str], asked: str) -> str:
    for name in (asked, f"{asked}_{SCORE}"):
        if name in names:
            return name
    raise BadInput(f"{path}: expected a column {asked} or {asked}_{SCORE}, found {', '.join(names) or 'none'}")


def read_scores(texts: list[str]) -> Scores:
    """`FILE:COLUMN` of each; all of the same column."""
    columns, tables, values = set(), [], {}
    for text in texts:
        file, colon, asked = text.rpartition(":")
        if not colon or not file or not asked:
            raise BadInput(f"--by: expected FILE:COLUMN, found {text!r}")
        path = Path(file)
        names, rows = read_rows(path, ("picture_sha256", "prompt"))
        column = find_column(path, names, asked)
        columns.add(column)
        if len(columns) > 1:
            raise BadInput(f"--by: expected one column in all tables, found {' and '.join(sorted(columns))}")
        guided = guided_column(column)
        for number, row in enumerate(rows, 1):
            add_score(values, path, number, column, row, row.get(guided, ""))
        tables.append({"file": file, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    return Scores(columns.pop(), tables, values)


def add_score(values: dict[tuple[str, str], tuple[float, str]], path: Path, number: int, column: str, row: dict[str, str],
              guided: str) -> None:
    score = read_score(path, number, column, row[column])
    known = values.setdefault((row["picture_sha256"], words(row["prompt"])), (score, guided))
    if known[0] != score and not (math.isnan(known[0]) and math.isnan(score)):
        raise BadInput(f"{path}: row {number}: column {column}: expected {known[0]}, as the same picture with the same prompt "
                       f"has before, found {score}")


@dataclasses.dataclass(frozen=True)
class Choice:
    """What was chosen by a score; `candidates` and `left_out`: of each condition and prompt."""

    count: int
    scores: Scores
    candidates: dict[str, dict[str, int]]
    left_out: list[dict]
    guided: dict[str, str]

    def record(self, prompts: list[str]) -> dict:
        """What the key says of it, for these prompts."""
        numbers = {name: [counts[prompt] for prompt in prompts] for name, counts in self.candidates.items()}
        return {"rule": "best", "count": self.count, "by": self.scores.column, "tables": self.scores.tables,
                "of": {name: [min(counts), max(counts)] for name, counts in numbers.items()},
                "guided_by_its_perceptor": self.guided,
                "left_out": [entry for entry in self.left_out if entry["prompt"] in prompts]}


def describe(record: dict) -> str:
    """The record in a sentence or two, for the notes of tables."""
    def span(low: int, high: int) -> str:
        return str(low) if low == high else f"{low} to {high}"

    of = ", ".join(f"{span(*counts)} ({name})" for name, counts in record["of"].items())
    text = (f"Of each prompt and condition raters saw the best {record['count']} by {record['by']}, of {of}; "
            f"{len(record['left_out'])} pictures were left out.")
    guided = record["guided_by_its_perceptor"]
    if any(guided[name] != "no" for name in guided):
        text += " Its perceptor guided the pictures: " + ", ".join(f"{name}: {guided[name]}" for name in guided) + "."
    return text


def score_of(condition: Condition, picture: Picture, scores: Scores) -> tuple[float, str]:
    digest = hashlib.sha256(np.ascontiguousarray(picture.load()).tobytes()).hexdigest()
    score, guided = scores.values.get((digest, picture.prompt), (math.nan, ""))
    if not math.isfinite(score):
        files = ", ".join(table["file"] for table in scores.tables)
        raise BadInput(f"{condition.name}: {picture.origin}: expected a score {scores.column} of this picture with this prompt "
                       f"in {files}, found none")
    return score, guided


def worded(condition: Condition) -> dict[str, list[Picture]]:
    """The prompts that have a text. Raters see no others."""
    return {prompt: pictures for prompt, pictures in condition.pictures.items() if pictures[0].worded}


def choose_best(conditions: list[Condition], count: int, scores: Scores) -> tuple[list[Condition], Choice]:
    """The conditions with the best pictures of each prompt alone, the best first."""
    chosen, candidates, left_out, guided = [], {}, [], {}
    for condition in conditions:
        kept, seen = {}, set()
        for prompt, pictures in worded(condition).items():
            found = [score_of(condition, picture, scores) for picture in pictures]
            order = sorted(range(len(pictures)), key=lambda index: -found[index][0])  # stable: of the same, the first
            kept[prompt] = [pictures[index] for index in order[:count]]
            left_out += [{"condition": condition.name, "prompt": prompt, **pictures[index].origin,
                          "score": found[index][0]} for index in order[count:]]
            seen |= {guide for _, guide in found}
        candidates[condition.name] = {prompt: len(pictures) for prompt, pictures in worded(condition).items()}
        guided[condition.name] = GUIDED.get(frozenset(seen), "not known")
        chosen.append(dataclasses.replace(condition, pictures=condition.pictures | kept))
    say_uneven(candidates)
    return chosen, Choice(count, scores, candidates, left_out, guided)


def say_uneven(candidates: dict[str, dict[str, int]]) -> None:
    """The best of many is better than the best of few: where conditions differ in that, it is said."""
    names = list(candidates)
    for prompt, number in candidates[names[0]].items():
        numbers = {name: candidates[name].get(prompt, number) for name in names}
        if len(set(numbers.values())) > 1:
            counted = ", ".join(f"{count} in {name}" for name, count in numbers.items())
            say(f"beware: {prompt!r}: the best are chosen of {counted}, and the best of more are better")
