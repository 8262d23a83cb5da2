"""How far scores that programs give to pictures follow what people say.

A picture's rating is the mean over raters; it is found among the scores by the SHA-256 of its pixels, which the study's key
and the scores have, and its prompt. Spearman's rho and Kendall's tau b are over all pictures; within prompts, Spearman's of what is left when each
prompt's mean has been taken from both: what a score says of pictures of one text, not of texts. They describe, as pictures
of a prompt, or of a condition, are not independent.
"""

import dataclasses
import math

import numpy as np
from scipy import stats

from ratings import Rating
from command import BadInput, say
from key import Key
from scores import Scored, guided_column


@dataclasses.dataclass(frozen=True)
class Rated:
    """A picture that has both."""

    condition: str
    prompt: str
    rating: float  # the mean
    raters: int
    scores: dict[str, float]


def join(key: Key, ratings: list[Rating], scored: list[Scored]) -> list[Rated]:
    """The rated pictures that have scores, in the ratings' order. How many have none is said."""
    of_pixels: dict[tuple[str, str], Scored] = {}
    for picture in scored:
        if not same_scores(of_pixels.setdefault((picture.sha256, picture.prompt), picture), picture):
            raise BadInput(f"the picture with SHA-256 {picture.sha256[:12]}...: expected one score, found two that differ")
    values: dict[str, list[Rating]] = {}
    for rating in ratings:
        if not rating.repeat:
            values.setdefault(rating.picture, []).append(rating)
    if foreign := [name for name in values if name not in key.pictures]:
        raise BadInput(f"expected ratings of the key's study, found picture {foreign[0]}, which it does not have")
    found = []
    for name, given in values.items():
        picture = of_pixels.get((key.pictures[name]["picture_sha256"], given[0].prompt))
        if picture is not None:
            found.append(Rated(given[0].condition, given[0].prompt, float(np.mean([rating.rating for rating in given])),
                               len(given), picture.scores))
    if not found:
        raise BadInput("expected scores of the rated pictures, found none whose pixels have the same SHA-256, and whose "
                       "prompt is the same")
    if missing := len(values) - len(found):
        say(f"left out: {missing} of {len(values)} rated pictures, which have no scores")
    return found


def same_scores(one: Scored, other: Scored) -> bool:
    return all(math.isclose(value, other.scores[name], rel_tol=1e-6) or math.isnan(value) and math.isnan(other.scores[name])
               for name, value in one.scores.items())


@dataclasses.dataclass(frozen=True)
class Correlation:
    pictures: int
    spearman: float
    kendall: float
    within: float  # Spearman's, within prompts
    guided: int  # of the pictures, how many the score's own perceptor guided


def less_means(values: np.ndarray, groups: list[str]) -> np.ndarray:
    places = np.unique(groups, return_inverse=True)[1]
    return values - (np.bincount(places, values) / np.bincount(places))[places]


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """NaN where either does not vary."""
    if min(len(np.unique(values.round(12))) for values in (one, other)) < 2:
        return math.nan
    return float(stats.spearmanr(one.round(12), other.round(12)).statistic)


def correlate(pictures: list[Rated], column: str) -> Correlation:
    pictures = [picture for picture in pictures if not math.isnan(picture.scores[column])]
    if not pictures:
        return Correlation(0, math.nan, math.nan, math.nan, 0)
    ratings = np.array([picture.rating for picture in pictures])
    scores = np.array([picture.scores[column] for picture in pictures])
    prompts = [picture.prompt for picture in pictures]
    whole = spearman(ratings, scores)
    tau = math.nan if math.isnan(whole) else float(stats.kendalltau(ratings.round(12), scores.round(12)).statistic)
    within = spearman(less_means(ratings, prompts), less_means(scores, prompts))
    guided = sum(picture.scores.get(guided_column(column)) == 1 for picture in pictures)
    return Correlation(len(pictures), whole, tau, within, guided)
