"""What ratings say of raters and prompts that were not asked: mean, interval and p value by one model.

Every rating of a system, or difference of two systems, is taken as

    y[k] = fixed[k] · b + of_raters[k] · u + of_prompts[k] · v + e[k]

with unknown b, and u, v, e random with means of 0 and variances of their own: raters differ in what they like, prompts in
what they suit, and the rest is chance. The variances come from sums of squares in what `fixed` leaves, in what it leaves
with the raters, and with the prompts (Henderson's third method, method of moments); the variance of an estimate
weights · y, never below what independent ratings would give, and its degrees of freedom (Satterthwaite) from them. For
a whole table of differences, with A, B, E the mean squares of raters, prompts and rest, T that of all, N = R P:

    SE² = max(A + B − E, T) / N,   df = (A + B − E)² / (A²/(R−1) + B²/(P−1) + E²/((R−1)(P−1)))

df is kept within min(R, P) − 1 and N − 1, and is N − 1 where T is larger. Interval and p value are of the same t
distribution, so that p <= 0.05 exactly where the interval of 95 % leaves 0 out.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

FEWEST = 3  # raters, and prompts, for an interval
FEW = 6  # below which tables say so
COVERED = 0.95
RANK = 1e-10  # singular values below this share of the largest are 0: columns that others make up
# Of a hundred intervals, how many held in tests/analysis/coverage.py (results/coverage.md); of rounds, where no rater
# gave a prompt both ratings.
HELD, HELD_OF_ROUNDS = "91 to 99", "85 to 98"


@dataclass(frozen=True)
class Estimate:
    """A mean, its standard error and degrees of freedom: NaN where nothing can be said of others."""

    mean: float
    error: float
    freedom: float
    raters: int
    prompts: int

    def interval(self) -> tuple[float, float]:
        half = self.error * float(stats.t.ppf((1 + COVERED) / 2, self.freedom))
        return self.mean - half, self.mean + half

    def p(self) -> float:
        """Two-sided, of a mean of 0."""
        return float(2 * stats.t.sf(abs(self.mean) / self.error, self.freedom))


class Crossed:
    """Observations of which each belongs to one rater and one prompt; see above. fixed (n, any), of_raters (n, raters),
    of_prompts (n, prompts)."""

    def __init__(self, fixed: np.ndarray, of_raters: np.ndarray, of_prompts: np.ndarray):
        self.count = len(fixed)
        self.basis = np.hstack([fixed, of_raters, of_prompts])
        self.gram = self.basis.T @ self.basis
        ends = np.cumsum([0, fixed.shape[1], of_raters.shape[1], of_prompts.shape[1]])
        self.fixed, self.raters, self.prompts = (np.arange(start, end) for start, end in zip(ends, ends[1:]))

    def left(self, columns: np.ndarray) -> tuple[np.ndarray, list[float]]:
        """For what these columns leave of y: C with the projection onto them = basis C basisᵀ, and what the sum of
        squares that is left holds of the raters', the prompts' and the rest's variance."""
        inverse = np.zeros_like(self.gram)
        inverse[np.ix_(columns, columns)] = np.linalg.pinv(self.gram[np.ix_(columns, columns)], RANK, hermitian=True)
        projected = self.gram @ inverse @ self.gram
        random = [float((np.diag(self.gram) - np.diag(projected))[which].sum()) for which in (self.raters, self.prompts)]
        rank = float(np.trace(inverse @ self.gram))
        return inverse, [*random, self.count - rank]

    def freedom(self, projections: list[np.ndarray], factors: np.ndarray, variances: np.ndarray) -> float:
        """Satterthwaite's, of the sum of `factors` times the sums of squares: with F the matrix of that sum and V the
        covariance of y, 2 (mean)² / (2 trace(FVFV)), where F = s I − basis C basisᵀ, V = e I + basis D basisᵀ."""
        s, e = factors.sum(), variances[2]
        c = sum(factor * projection for factor, projection in zip(factors, projections))
        d = np.zeros(len(self.gram))
        d[self.raters], d[self.prompts] = variances[0], variances[1]
        d = np.diag(d)
        inner = (s * d - e * c - c @ self.gram @ d) @ self.gram
        square = s * s * e * e * self.count + 2 * s * e * np.trace(inner) + np.trace(inner @ inner)
        mean = s * e * self.count + np.trace(inner)
        return float(mean * mean / square)

    def estimate(self, y: np.ndarray, weights: np.ndarray) -> Estimate:
        """Of weights · y. weights (n): orthogonal to what `fixed` has beside the mean that is sought."""
        raters, prompts = len(self.raters), len(self.prompts)
        mean = float(weights @ y)
        nothing = Estimate(mean, math.nan, math.nan, raters, prompts)
        if min(raters, prompts) < FEWEST:
            return nothing
        spaces = [self.fixed, np.concatenate([self.fixed, self.raters]), np.concatenate([self.fixed, self.prompts])]
        projections, contents = zip(*map(self.left, spaces))
        onto = self.basis.T @ y
        sums = np.array([y @ y - onto @ projection @ onto for projection in projections])
        contents = np.array(contents)
        if sums[0] <= 1e-12 * (y @ y) or np.linalg.matrix_rank(contents, tol=1e-6) < 3:
            return nothing
        spread = self.basis.T @ weights
        shares = np.array([(spread[self.raters] ** 2).sum(), (spread[self.prompts] ** 2).sum(), weights @ weights])
        variances = np.linalg.solve(contents, sums)
        variance, independent = float(shares @ variances), float(sums[0] / contents[0][2] * shares[2])
        highest = float(contents[0][2])
        if variance <= independent:
            return Estimate(mean, math.sqrt(independent), highest, raters, prompts)
        freedom = self.freedom(list(projections), np.linalg.solve(contents.T, shares), variances)
        freedom = min(max(freedom, min(raters, prompts) - 1), highest)
        return Estimate(mean, math.sqrt(variance), freedom, raters, prompts)


def indicators(places: np.ndarray) -> np.ndarray:
    """(n, different places): 1 where an observation is of that place."""
    return (places[:, None] == np.unique(places)).astype(float)


def of_values(values: np.ndarray) -> Estimate:
    """Mean of values (raters, prompts), NaN where missing: the mean over prompts of the mean over raters."""
    rater, prompt = np.nonzero(~np.isnan(values))
    if len(rater) == 0:
        return Estimate(math.nan, math.nan, math.nan, 0, 0)
    of_prompts = indicators(prompt)
    weights = (of_prompts / of_prompts.sum(axis=0)).sum(axis=1) / of_prompts.shape[1]
    crossed = Crossed(np.ones((len(rater), 1)), indicators(rater), of_prompts)
    return crossed.estimate(values[rater, prompt], weights)


def of_halves(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Difference of two systems (raters, prompts) each of whose cells one of both has: raters and prompts are taken out,
    and what each of them adds to the difference is random."""
    both = np.stack([first, second])
    system, rater, prompt = np.nonzero(~np.isnan(both))
    if len(np.unique(system)) < 2:
        return Estimate(math.nan, math.nan, math.nan, 0, 0)
    sign = np.where(system == 0, 0.5, -0.5)[:, None]
    of_raters, of_prompts = indicators(rater), indicators(prompt)
    levels = np.hstack([of_raters, of_prompts])
    left = sign[:, 0] - levels @ (np.linalg.pinv(levels, RANK) @ sign[:, 0])
    if left @ left <= 1e-9 * len(left):
        return Estimate(math.nan, math.nan, math.nan, of_raters.shape[1], of_prompts.shape[1])
    crossed = Crossed(np.hstack([levels, sign]), sign * of_raters, sign * of_prompts)
    return crossed.estimate(both[system, rater, prompt], left / (left @ left))


def of_difference(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Difference of two systems (raters, prompts), NaN where missing: of the cells that both have, or, where no cell
    has both, of all."""
    differences = first - second
    return of_halves(first, second) if np.isnan(differences).all() else of_values(differences)
