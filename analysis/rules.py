"""Which raters are left out, by rules that a study states before there are answers.

    exclude:
      too fast: 1.5        a rater whose median time for a picture, or a pair, is under so many seconds
      straight line: 0.95  who gave this share of the answers to a question, or more, the same
      failed catch: 0      who failed more than so many catch trials; one that was not answered is not failed
      agreement: 0.1       whose rank correlation with the others' means is under this

They are in the file of questions, so that the key has them, and so its digest; `collect` applies them, all of a rater's answers
stay or go, and the tables' notes have the counts. Agreement is found last, with those that the other rules keep, and each
question's own; the mean over questions counts. Of fewer than two others or five pictures that both saw, or of answers that are all
alike, it says nothing, and leaves nobody out.
"""

import collections
import dataclasses
import math

import numpy as np
from scipy import stats

from command import BadInput, say
from key import Key
from ratings import Rating

FEWEST_OTHERS, FEWEST_SHARED = 2, 5
WORDS = {
    "too fast": "too fast (median under {limit:g} s)",
    "straight line": "straight lines ({limit:g} or more of the answers alike)",
    "failed catch": "failed catch trials (more than {limit:g})",
    "agreement": "agreement with the rest (rank correlation under {limit:g})",
}


@dataclasses.dataclass(frozen=True)
class Kept:
    ratings: dict[int, list[Rating]]
    note: str


def median_seconds(ratings: list[Rating]) -> float:
    """For a picture or a pair, with all its questions."""
    seconds: collections.Counter = collections.Counter()
    for rating in ratings:
        seconds[rating.position] += rating.seconds
    return float(np.median(list(seconds.values())))


def most_alike(ratings: list[Rating]) -> float:
    """The share of a question's most frequent answer, of the question where it is largest. Sides are as they were shown."""
    answers: dict[str, list[int | None]] = {}
    for rating in ratings:
        answers.setdefault(rating.question, []).append(rating.rating)
    return max(collections.Counter(own).most_common(1)[0][1] / len(own) for own in answers.values())


def failed_catch(key: Key, rows: list[dict]) -> int:
    """`rows` of the rater's file: picture, question, rating."""
    failed = set()
    for row in rows:
        if key.is_check(row["picture"]):
            wanted = key.checks[row["picture"]]["answers"]
            if row["question"] in wanted and row["rating"] not in wanted[row["question"]]:
                failed.add(row["picture"])
    return len(failed)


def values_of(ratings: list[Rating]) -> dict[str, dict[str, float]]:
    """Question -> picture -> rating; of a pair how much the one whose name sorts first is better."""
    values: dict[str, dict[str, float]] = {}
    for rating in ratings:
        if rating.rating is not None and not rating.repeat:
            left, *right = rating.picture.split()
            turned = -1 if right and right[0] < left else 1
            value = (rating.highest + 1) / 2 - rating.rating if right else rating.rating
            values.setdefault(rating.question, {})[" ".join(sorted([left, *right]))] = turned * value
    return values


def correlation(own: dict[str, float], others: list[dict[str, float]]) -> float:
    """Spearman's, with the mean of the others; NaN where it says nothing."""
    means = {name: float(np.mean(given)) for name in own if (given := [other[name] for other in others if name in other])}
    columns = np.array([[own[name], mean] for name, mean in means.items()])
    if len(columns) < FEWEST_SHARED or np.ptp(columns, axis=0).min() == 0:
        return math.nan
    return float(stats.spearmanr(columns[:, 0], columns[:, 1]).statistic)


def agreement(rater: int, values: dict[int, dict[str, dict[str, float]]]) -> float:
    others = [own for other, own in values.items() if other != rater]
    if len(others) < FEWEST_OTHERS:
        return math.nan
    found = [correlation(own, [other.get(question, {}) for other in others]) for question, own in values[rater].items()]
    found = [value for value in found if not math.isnan(value)]
    return float(np.mean(found)) if found else math.nan


def first_reasons(key: Key, rows: dict[int, list[dict]], ratings: dict[int, list[Rating]],
                  rules: dict[str, float]) -> dict[int, list[str]]:
    """Rater -> the rules that leave them out, of those that look at a rater alone."""
    reasons: dict[int, list[str]] = {}
    for rater, own in ratings.items():
        found = reasons.setdefault(rater, [])
        if own and median_seconds(own) < rules.get("too fast", -math.inf):
            found.append("too fast")
        if own and most_alike(own) >= rules.get("straight line", math.inf):
            found.append("straight line")
        if failed_catch(key, rows[rater]) > rules.get("failed catch", math.inf):
            found.append("failed catch")
    return reasons


def apply(key: Key, rows: dict[int, list[dict]], ratings: dict[int, list[Rating]], rules: dict[str, float]) -> Kept:
    if not rules:
        return Kept(ratings, "")
    reasons = first_reasons(key, rows, ratings, rules)
    if "agreement" in rules:
        values = {rater: values_of(own) for rater, own in ratings.items() if not reasons[rater]}
        low = [rater for rater in values if agreement(rater, values) < rules["agreement"]]
        for rater in low:
            reasons[rater].append("agreement")
    for rater, found in sorted(reasons.items()):
        if found:
            say(f"rater {rater} is left out: {', '.join(WORDS[rule].format(limit=rules[rule]) for rule in found)}")
    kept = {rater: own for rater, own in ratings.items() if not reasons[rater]}
    if ratings and not kept:
        raise BadInput(f"expected raters whom the study's rules keep, found none of {len(ratings)}")
    return Kept(kept, note(rules, reasons))


def note(rules: dict[str, float], reasons: dict[int, list[str]]) -> str:
    """For tables. A rater whom several rules leave out counts in each."""
    counts = collections.Counter(rule for found in reasons.values() for rule in found)
    out = sum(bool(found) for found in reasons.values())
    each = "; ".join(f"{WORDS[rule].format(limit=limit)}: {counts[rule]}" for rule, limit in rules.items())
    return f"Rules stated before the study left out {out} of {len(reasons)} raters: {each}."
