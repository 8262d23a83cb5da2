"""What of a difference could be chance: bootstrap intervals over raters and prompts, sign-flip tests over prompts.

Scores are (raters, prompts, conditions), NaN where missing. A condition's mean is that of its prompts' means, so that
each prompt counts the same.
"""

import numpy as np

EXACT_UP_TO = 20  # prompts: 2^20 sums
FLIPS = 100_000
CHUNK = 256  # resamples at a time


def prompt_means(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means over raters that count `weights` (resamples, raters) times each -> (resamples, prompts, conditions)."""
    present = ~np.isnan(scores)
    sums = np.einsum("br,rpc->bpc", weights, np.where(present, scores, 0.0))
    counts = np.einsum("br,rpc->bpc", weights, present.astype(float))
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def weighted_means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Means over prompts that count `weights` (resamples, prompts) times: (resamples, prompts, n) -> (resamples, n)."""
    present = ~np.isnan(values)
    sums = np.einsum("bp,bpn->bn", weights, np.where(present, values, 0.0))
    counts = np.einsum("bp,bpn->bn", weights, present.astype(float))
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def means_and_differences(scores: np.ndarray, raters: np.ndarray, prompts: np.ndarray,
                          pairs: list[tuple[int, int]]) -> np.ndarray:
    """(resamples, conditions + pairs): each condition's mean, then each pair's mean difference over the prompts that
    both have."""
    by_prompt = prompt_means(scores, raters)
    differences = [by_prompt[:, :, [first]] - by_prompt[:, :, [second]] for first, second in pairs]
    return weighted_means(np.concatenate([by_prompt, *differences], axis=2), prompts)


def bootstrap(scores: np.ndarray, pairs: list[tuple[int, int]], resamples: int, seed: int) -> np.ndarray:
    """What means_and_differences gives when raters and prompts are drawn anew, both with replacement."""
    rng = np.random.default_rng([seed, 1])
    raters, prompts = scores.shape[:2]
    parts = []
    for first in range(0, resamples, CHUNK):
        count = min(CHUNK, resamples - first)
        drawn_raters = rng.multinomial(raters, np.full(raters, 1 / raters), size=count).astype(float)
        drawn_prompts = rng.multinomial(prompts, np.full(prompts, 1 / prompts), size=count).astype(float)
        parts.append(means_and_differences(scores, drawn_raters, drawn_prompts, pairs))
    return np.concatenate(parts)


def intervals(samples: np.ndarray) -> np.ndarray:
    """The middle 95 % of resamples (resamples, n) -> (2, n)."""
    return np.nanpercentile(samples, [2.5, 97.5], axis=0)


def sign_flip_p(differences: np.ndarray, seed: int) -> float:
    """Two-sided p of differences (n) whose signs would be chance if conditions did not differ: the share of all ways to
    set the signs whose sum is at least as far from 0; of FLIPS random ways, where n is above EXACT_UP_TO."""
    limit = abs(differences.sum()) * (1 - 1e-9)  # sums in another order differ by rounding
    if len(differences) <= EXACT_UP_TO:
        sums = np.zeros(1)
        for difference in differences:
            sums = np.concatenate([sums + difference, sums - difference])
        return float(np.mean(np.abs(sums) >= limit))
    rng = np.random.default_rng([seed, 2])
    extreme = 1  # the signs as they are
    for first in range(0, FLIPS, 1000):
        signs = rng.choice([-1.0, 1.0], size=(min(1000, FLIPS - first), len(differences)))
        extreme += int(np.sum(np.abs(signs @ differences) >= limit))
    return extreme / (FLIPS + 1)


def holm(p_values: list[float]) -> list[float]:
    """p values that hold for all of several comparisons together (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
