"""What ratings say of raters and prompts that were not asked: mean, interval and p value by one model.

Every rating of a system, or difference of two systems, is taken as

    y[k] = fixed[k] · b + of_raters[k] · u + of_prompts[k] · v + e[k]

with unknown b, and u, v, e random with means of 0 and variances of their own: raters differ in what they like, prompts in
what they suit, and the rest is chance. The variances come from sums of squares in what `fixed` leaves, in what it leaves
with the raters, and with the prompts (Henderson's third method, method of moments); the variance of an estimate
weights · y, never below what independent ratings would give, and its degrees of freedom (Satterthwaite) from them. For
a whole table of differences, with A, B, E the mean squares of raters, prompts and rest, T that of all, N = R P:

    SE² = max(A + B − E, T) / N,   df = (A + B − E)² / (A²/(R−1) + B²/(P−1) + E²/((R−1)(P−1)))

df is kept within min(R, P) − 1 and N − 1, and is N − 1 where T is larger; in general, within the degrees of freedom that
raters, and prompts, have beside `fixed`, and all have. Interval and p value are of the same t
distribution, so that p <= 0.05 exactly where the interval of 95 % leaves 0 out.
"""

import csv
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

FEWEST = 2  # degrees of freedom of raters, and of prompts, for an interval: three of each, where tables are whole
FEW = 6  # raters, prompts below which tables say so
COVERED = 0.95
HELD = Path(__file__).with_name("coverage.csv")  # by tests/analysis/coverage.py
ALIKE = 1e-12  # share of y's squares below which what is left of them is 0
RANK = 1e-10  # singular values below this share of the largest are 0: columns that others make up


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


NO_CELLS = Estimate(math.nan, math.nan, math.nan, 0, 0)


class Crossed:
    """Observations of which each belongs to one rater and one prompt, and an estimate weights · y; see above. All that
    does not depend on y is computed once. fixed (n, any), of_raters (n, raters), of_prompts (n, prompts), weights (n):
    orthogonal to what `fixed` has beside the mean that is sought."""

    def __init__(self, fixed: np.ndarray, of_raters: np.ndarray, of_prompts: np.ndarray, weights: np.ndarray):
        self.weights, self.count = weights, len(fixed)
        self.basis = np.hstack([fixed, of_raters, of_prompts])
        self.gram = self.basis.T @ self.basis
        ends = np.cumsum([0, fixed.shape[1], of_raters.shape[1], of_prompts.shape[1]])
        columns = [np.arange(start, end) for start, end in zip(ends, ends[1:])]
        self.raters, self.prompts = columns[1:]
        spaces = [columns[0], np.concatenate(columns[:2]), np.concatenate([columns[0], columns[2]])]
        self.projections, contents = zip(*map(self.left, spaces))
        self.contents = np.array(contents)
        self.highest = self.contents[0, 2]
        self.lowest = self.highest - self.contents[1:, 2].max()  # of raters and of prompts, what `fixed` leaves
        spread = self.basis.T @ weights
        self.shares = np.array([*((spread[which] ** 2).sum() for which in columns[1:]), weights @ weights])
        self.says = self.lowest > FEWEST - 0.5 and np.linalg.matrix_rank(self.contents, tol=1e-6) == 3
        self.covariance = self.covariances() if self.says else None

    def left(self, columns: np.ndarray) -> tuple[np.ndarray, list[float]]:
        """For what these columns leave of y: C with the projection onto them = basis C basisᵀ, and what the sum of
        squares that is left holds of the raters', the prompts' and the rest's variance."""
        inverse = np.zeros_like(self.gram)
        inverse[np.ix_(columns, columns)] = np.linalg.pinv(self.gram[np.ix_(columns, columns)], RANK, hermitian=True)
        kept = np.diag(self.gram) - np.einsum("ij,jk,ki->i", self.gram, inverse, self.gram, optimize=True)
        rank = float(np.einsum("ij,ji->", inverse, self.gram))
        return inverse, [kept[self.raters].sum(), kept[self.prompts].sum(), self.count - rank]

    def covariances(self) -> np.ndarray:
        """M (3, 3): twice variances · M variances is the variance of the estimated variance, for normal y. With F = s I −
        basis C basisᵀ the matrix of the sum of squares that estimates it, and V[a] what a variance adds to the covariance
        of y, M[a, b] = trace(F V[a] F V[b]); F V[a] = (s I for the rest) + basis K[a] basisᵀ."""
        factors = np.linalg.solve(self.contents.T, self.shares)
        s, c = factors.sum(), sum(factor * projection for factor, projection in zip(factors, self.projections))
        inner = []
        for which in (self.raters, self.prompts):
            member = np.zeros(len(self.gram))
            member[which] = 1
            inner.append((s * np.diag(member) - c @ self.gram * member) @ self.gram)
        inner.append(-c @ self.gram)
        outside = np.array([0, 0, s])
        traces = np.array([np.trace(matrix) for matrix in inner])
        squares = np.array([[np.einsum("ij,ji->", one, other) for other in inner] for one in inner])
        return squares + np.outer(outside, traces) + np.outer(traces, outside) + np.outer(outside, outside) * self.count

    def sums(self, y: np.ndarray) -> np.ndarray:
        """(3, studies): what is left of y's squares beside `fixed`, with the raters, and with the prompts."""
        onto = y @ self.basis
        return (y * y).sum(axis=1) - np.array([((onto @ projection) * onto).sum(axis=1) for projection in self.projections])

    def errors(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Standard errors and degrees of freedom of several studies y (studies, n)."""
        sums = self.sums(y)
        nothing = sums[0] <= ALIKE * (y * y).sum(axis=1)
        if not self.says:
            return np.full(len(y), np.nan), np.full(len(y), np.nan)
        variances = np.linalg.solve(self.contents, sums)
        variance, independent = self.shares @ variances, sums[0] / self.highest * self.shares[2]
        spread = np.einsum("as,ab,bs->s", variances, self.covariance, variances)
        crossed = variance > independent
        freedom = np.full(len(y), self.highest)
        freedom[crossed] = np.clip(variance[crossed] ** 2 / spread[crossed], self.lowest, self.highest)
        error = np.sqrt(np.maximum(variance, independent), where=~nothing, out=np.full(len(y), np.nan))
        return error, np.where(nothing, np.nan, freedom)

    def estimate(self, y: np.ndarray) -> Estimate:
        """Of one study y (n)."""
        (error,), (freedom,) = self.errors(y[None])
        return Estimate(float(self.weights @ y), float(error), float(freedom), len(self.raters), len(self.prompts))


def indicators(places: np.ndarray) -> np.ndarray:
    """(n, different places): 1 where an observation is of that place."""
    return (places[:, None] == np.unique(places)).astype(float)


def of_cells(present: np.ndarray) -> Crossed:
    """For means of the cells (raters, prompts) that are present: the mean over prompts of the mean over raters."""
    rater, prompt = np.nonzero(present)
    of_prompts = indicators(prompt)
    weights = (of_prompts / of_prompts.sum(axis=0)).sum(axis=1) / of_prompts.shape[1]
    return Crossed(np.ones((len(rater), 1)), indicators(rater), of_prompts, weights)


def of_sides(side: np.ndarray) -> Crossed | None:
    """For the difference of two systems where a cell (raters, prompts) has one of them, 1 the first, −1 the second, 0
    none: raters and prompts are taken out, and what each of them adds to the difference is random. None where nothing is
    left."""
    rater, prompt = np.nonzero(side)
    sign = side[rater, prompt][:, None] / 2
    of_raters, of_prompts = indicators(rater), indicators(prompt)
    levels = np.hstack([of_raters, of_prompts])
    left = sign[:, 0] - levels @ (np.linalg.pinv(levels, RANK) @ sign[:, 0])
    square = left @ left
    if square <= 1e-9 * len(left):
        return None
    return Crossed(np.hstack([levels, sign]), sign * of_raters, sign * of_prompts, left / square)


def of_values(values: np.ndarray) -> Estimate:
    """Mean of values (raters, prompts), NaN where missing."""
    present = ~np.isnan(values)
    return of_cells(present).estimate(values[present]) if present.any() else NO_CELLS


def of_halves(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Difference of two systems (raters, prompts) each of whose cells one of both has at most."""
    side = (~np.isnan(first)).astype(int) - ~np.isnan(second)
    design = of_sides(side) if len(np.unique(side[side != 0])) == 2 else None
    if design is None:
        return NO_CELLS
    return design.estimate(np.where(side > 0, first, second)[side != 0])


def of_difference(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Difference of two systems (raters, prompts), NaN where missing: of the cells that both have, or, where no cell
    has both, of all."""
    differences = first - second
    return of_halves(first, second) if np.isnan(differences).all() else of_values(differences)


def variances(values: np.ndarray) -> np.ndarray | None:
    """Estimates of the variances of raters, prompts and the rest in values (raters, prompts), NaN where missing; below 0
    by chance where they are small. None where they cannot be told apart, or nothing varies."""
    present = ~np.isnan(values)
    design = of_cells(present) if present.any() else None
    if design is None or not design.says:
        return None
    y = values[present]
    sums = design.sums(y[None])[:, 0]
    return np.linalg.solve(design.contents, sums) if sums[0] > ALIKE * (y @ y) else None


@functools.cache
def simulated(study: str) -> dict[tuple[int, int], tuple[float, float]]:
    """(raters, prompts) -> the least and the largest share of the simulated studies of that size whose interval held
    what was true, over all kinds of variation. study: "ratings", "pairs" or "rounds"."""
    with HELD.open(newline="", encoding="utf-8") as file:
        return {(int(row["raters"]), int(row["prompts"])): (float(row["least"]), float(row["most"]))
                for row in csv.DictReader(file) if row["study"] == study}


def held(raters: int, prompts: int, study: str) -> tuple[float, float] | None:
    """The same for studies of that size, from the simulated sizes next to it, or for larger ones the largest. None where
    a study of that size gives no interval."""
    shares = simulated(study)

    def around(count: int, place: int) -> set[int]:
        sizes = {size[place] for size in shares}
        return {max((size for size in sizes if size <= count), default=0),
                min((size for size in sizes if size >= count), default=max(sizes))}

    found = [shares.get((one, other)) for one in around(raters, 0) for other in around(prompts, 1)]
    return None if None in found else (min(least for least, _ in found), max(most for _, most in found))
