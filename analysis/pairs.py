"""Answers to pairs: a rater sees two pictures of one prompt and says which is better, or that neither is.

Two conditions are compared by the rule of crossed.py, on 1 where the first is better, 0 for a tie and −1. Over several
conditions Davidson's model (1970, "On extending the Bradley-Terry model to accommodate ties") describes how strong each is:

    P(i better than j) : P(tie) : P(j better than i) = s[i] : ν √(s[i] s[j]) : s[j]

log s and log ν are those of the greatest likelihood, with a mean log s of 0. Without any tie ν is 0 (Bradley-Terry). Answers
of one rater, and on one prompt, are no independent ones, which the model takes them for: no errors of it are given.
"""

import dataclasses
import math
from pathlib import Path

import numpy as np

from command import BadInput, of_one_question, parse_csv, read_text, split_question

COLUMNS = ("rater", "prompt", "left", "right", "answer")
DETAILS = ("question", "position", "repeat", "pictures", "seconds", "note")  # what rating.py collect adds
ANSWERS = {"1": 1, "+1": 1, "0": 0, "-1": -1}


@dataclasses.dataclass(frozen=True)
class Answer:
    """`answer`: 1 where the left condition is better, 0 for a tie, −1 where the right one is."""

    rater: str
    prompt: str
    left: str
    right: str
    answer: int
    note: str = ""  # what tables have to say of the study


def are_columns(names: list[str]) -> bool:
    return sorted(names) in (sorted(COLUMNS), sorted(COLUMNS + DETAILS))


def is_of_pairs(path: Path) -> bool:
    """Whether the columns of the file, or FILE@QUESTION, are those of answers to pairs."""
    file, _ = split_question(path)
    return are_columns(parse_csv(file, read_text(file))[0])


def read_every_answer(path: Path) -> dict[str, list[Answer]]:
    """By question. Left out are answers to what a rater had seen before, and those of raters who could not tell."""
    names, rows = parse_csv(path, read_text(path))
    if not are_columns(names):
        raise BadInput(f"{path}: expected the columns {','.join(COLUMNS)}, found {','.join(names) or 'none'}")
    answers: dict[str, list[Answer]] = {}
    for number, row in enumerate(rows, 1):
        known = answers.setdefault(row.get("question", ""), [])
        if row.get("repeat") == "1" or (len(names) > len(COLUMNS) and row["answer"] == ""):
            continue
        given = ANSWERS.get(row["answer"].strip())
        if given is None or not all(row[name] for name in COLUMNS) or None in row:
            raise BadInput(f"{path}: row {number}: expected {', '.join(COLUMNS)}, of which answer is 1, 0 or -1, found "
                           f"{list(row.values())}")
        if row["left"] == row["right"]:
            raise BadInput(f"{path}: row {number}: expected two conditions, found {row['left']!r} twice")
        known.append(Answer(row["rater"], row["prompt"], row["left"], row["right"], given, row.get("note", "")))
    for question, found in answers.items():
        if not found:
            raise BadInput(f"{path}: expected answers{question and f' to {question}'}, found none")
    if not answers:
        raise BadInput(f"{path}: expected answers, found none")
    return answers


def read_answers(path: Path) -> list[Answer]:
    """Those to one question."""
    return of_one_question(path, read_every_answer)


class Pairs:
    """Answers as arrays. `better` (conditions, conditions): how often the first was better than the second; `ties` the
    same of ties, each counted both ways."""

    def __init__(self, answers: list[Answer]):
        self.answers = answers
        self.conditions = sorted({name for answer in answers for name in (answer.left, answer.right)})
        self.raters = sorted({answer.rater for answer in answers})
        self.prompts = sorted({answer.prompt for answer in answers})
        count = len(self.conditions)
        self.better, self.ties = np.zeros((count, count), int), np.zeros((count, count), int)
        for answer in answers:
            left, right = self.conditions.index(answer.left), self.conditions.index(answer.right)
            if answer.answer == 0:
                self.ties[[left, right], [right, left]] += 1
            else:
                self.better[(left, right)[:: answer.answer]] += 1

    def compared(self) -> list[tuple[int, int]]:
        """The pairs of conditions that anybody has compared."""
        asked = self.better + self.better.T + self.ties
        return [(first, second) for first, second in zip(*np.nonzero(np.triu(asked)))]

    def preferences(self, first: int, second: int) -> np.ndarray:
        """(raters, prompts), NaN where missing: 1 where the first is better, −1 where the second is; the mean where a
        rater was asked several times."""
        names = self.conditions[first], self.conditions[second]
        sums, counts = np.zeros((2, len(self.raters), len(self.prompts)))
        for answer in self.answers:
            if {answer.left, answer.right} == set(names):
                place = self.raters.index(answer.rater), self.prompts.index(answer.prompt)
                sums[place] += answer.answer if answer.left == names[0] else -answer.answer
                counts[place] += 1
        return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)

    def of_units(self) -> np.ndarray:
        """(raters, prompts × pairs), NaN where missing, for measures of agreement: each rater's first answer."""
        pairs = self.compared()
        values = np.full((len(self.raters), len(self.prompts), len(pairs)), np.nan)
        for answer in self.answers:
            ends = [self.conditions.index(name) for name in (answer.left, answer.right)]
            place = (self.raters.index(answer.rater), self.prompts.index(answer.prompt), pairs.index(tuple(sorted(ends))))
            if math.isnan(values[place]):
                values[place] = answer.answer if ends[0] < ends[1] else -answer.answer
        return values.reshape(len(self.raters), -1)


def has_strengths(better: np.ndarray, ties: np.ndarray) -> bool:
    """Whether one set of strengths, and one ν, has the greatest likelihood: it has where there is no other direction in which
    no answer becomes less likely. With differences of strengths in units of 2 log ν such a direction has δ[i] − δ[j] >= 1
    for each i better than j and |δ[i] − δ[j]| <= 1 for each tie, and there is none where some circle has more wins than
    ties; for a ν that stays, none where wins and ties, these both ways, lead from each condition to each other. So one
    search for shortest ways, with −1 for a win and 1 for a tie, says both."""
    ways = np.where(better > 0, -1.0, np.where(ties > 0, 1.0, np.inf))
    np.fill_diagonal(ways, 0)
    for middle in range(len(ways)):
        ways = np.maximum(np.minimum(ways, ways[:, [middle]] + ways[[middle]]), -1e6)
    return bool(np.isfinite(ways).all() and (np.diag(ways) < 0).any())


@dataclasses.dataclass(frozen=True)
class Strengths:
    log: np.ndarray  # (conditions), with a mean of 0
    log_tie: float  # log ν; −inf where there are no ties
    log_likelihood: float


def outcomes(better: np.ndarray, ties: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pair of conditions what the three outcomes' logits are of (log s, log ν), (pairs, 3, conditions + 1), and how
    often each was (pairs, 3)."""
    places = [(i, j) for i in range(len(better)) for j in range(i) if better[i, j] + better[j, i] + ties[i, j]]
    logits, counts = np.zeros((len(places), 3, len(better) + 1)), np.zeros((len(places), 3))
    for number, (i, j) in enumerate(places):
        logits[number, 0, i] = logits[number, 2, j] = logits[number, 1, -1] = 1
        logits[number, 1, [i, j]] = 0.5
        counts[number] = better[i, j], ties[i, j], better[j, i]
    return logits, counts


def davidson(better: np.ndarray, ties: np.ndarray) -> Strengths | None:
    """better, ties (conditions, conditions), ties both ways. None where has_strengths says so. Newton's method: the
    likelihood has one maximum."""
    if not has_strengths(better, ties):
        return None
    logits, counts = outcomes(better, ties)
    tied = counts[:, 1].sum() > 0
    if not tied:
        logits, counts = logits[:, ::2], counts[:, ::2]
    values, found = np.zeros(logits.shape[2]), -math.inf
    step = np.zeros_like(values)
    for _ in range(200):
        scores = logits @ (values + step)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        likelihood = float((counts * scores).sum())
        if likelihood < found:  # too far
            step /= 2
            continue
        values, gained, found = values + step, likelihood - found, likelihood
        if gained <= 1e-13 * abs(found):
            break
        chances, asked = np.exp(scores), counts.sum(axis=1)
        means = np.einsum("po,pov->pv", chances, logits)
        gradient = np.einsum("po,pov->v", counts - asked[:, None] * chances, logits)
        squares = np.einsum("p,po,pov,pow->vw", asked, chances, logits, logits) - np.einsum("p,pv,pw->vw", asked, means, means)
        step = np.linalg.pinv(squares, 1e-12, hermitian=True) @ gradient
    log = values[:-1] - values[:-1].mean()
    return Strengths(log, float(values[-1]) if tied else -math.inf, found)
