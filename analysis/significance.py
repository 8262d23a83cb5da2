"""Means of prompts, and p values of several comparisons."""

import math

import numpy as np


def prompt_means(scores: np.ndarray) -> np.ndarray:
    """Means over raters of scores (raters, prompts, conditions), NaN where missing -> (prompts, conditions)."""
    present = ~np.isnan(scores)
    sums, counts = np.where(present, scores, 0.0).sum(axis=0), present.sum(axis=0)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def holm(p_values: list[float]) -> list[float]:
    """p values that hold for all of several comparisons together (Holm 1979). NaN where there is none, which does not
    count as a comparison."""
    adjusted = [math.nan] * len(p_values)
    tested = [index for index, p in enumerate(p_values) if not math.isnan(p)]
    highest = 0.0
    for rank, index in enumerate(sorted(tested, key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(tested) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
