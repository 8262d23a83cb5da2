"""How far raters agree: Krippendorff's alpha, 1 for full agreement, 0 for chance, below 0 for systematic disagreement.

From the coincidences of values within units (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"): with
o[c, k] the coincidences of values c and k, n[c] = Σ_k o[c, k] and n = Σ n[c],

    alpha = 1 − (n − 1) Σ o[c, k] δ²(c, k) / Σ n[c] n[k] δ²(c, k)

where δ² is 1 between different values (nominal), (c − k)² (interval), or (Σ_{g=c..k} n[g] − (n[c] + n[k]) / 2)²
(ordinal). Values may be missing.
"""

import math

import numpy as np


def coincidences(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """values (raters, units), NaN where missing -> the different values (V), ascending, and o (V, V)."""
    kinds = np.unique(values[~np.isnan(values)])
    counts = np.stack([(values == kind).sum(axis=0) for kind in kinds], axis=-1).astype(float)  # (units, V)
    pairable = counts[counts.sum(axis=1) >= 2]
    within = np.einsum("uc,uk->uck", pairable, pairable) - np.einsum("uc,ck->uck", pairable, np.eye(len(kinds)))
    return kinds, (within / (pairable.sum(axis=1) - 1)[:, None, None]).sum(axis=0)


def squared_differences(kinds: np.ndarray, totals: np.ndarray, level: str) -> np.ndarray:
    """δ² (V, V) at that level of measurement; totals (V): n[c]."""
    if level == "nominal":
        return 1.0 - np.eye(len(kinds))
    if level == "interval":
        return (kinds[:, None] - kinds) ** 2
    if level == "ordinal":
        middle = np.cumsum(totals) - totals / 2  # the sum from c to k less both halves is a difference of these
        return (middle[:, None] - middle) ** 2
    raise ValueError(f"level {level!r}")


def krippendorff_alpha(values: np.ndarray, level: str) -> float:
    """Of values (raters, units), NaN where missing; level: nominal, ordinal or interval. NaN where it is not
    defined: no unit with two values, or all values alike."""
    if np.isnan(values).all():
        return math.nan
    kinds, observed = coincidences(values)
    totals = observed.sum(axis=1)
    differences = squared_differences(kinds, totals, level)
    expected = (np.outer(totals, totals) * differences).sum()
    if expected == 0:
        return math.nan
    return float(1 - (totals.sum() - 1) * (observed * differences).sum() / expected)
