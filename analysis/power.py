"""How large a study has to be: studies are simulated with the variances that a pilot's differences have.

A pilot of some raters and prompts tells how much differences of two conditions vary between raters, between prompts and
besides; of several pairs of conditions, the mean of their variances counts, and what is below 0 is 0. Studies of any
number of raters and prompts in which each rater rates both pictures of each prompt are drawn from normal distributions of
these variances around the difference that is to be found, and tested as tables test it (crossed.py). Of a table with several
comparisons the difference counts as found where its p is below 0.05 over their number: what Holm asks of the smallest one.
"""

import dataclasses
import math
from pathlib import Path

import numpy as np
from scipy import stats

import crossed
import pairs
from ratings import read_ratings
from command import BadInput
from sheet import Sheet
from table import NOTHING, Cell, Number, Table

STUDIES = 2000  # of each size: a share of 0.8 is known to within 0.02
CHUNK = 250
LEVEL = 1 - crossed.COVERED


@dataclasses.dataclass(frozen=True)
class Variances:
    """Of differences: between raters, between prompts, and of the rest."""

    raters: float
    prompts: float
    rest: float


def pilot_variances(differences: list[np.ndarray]) -> Variances:
    """differences: of each pair of conditions (raters, prompts), NaN where missing."""
    found = [variances for values in differences if (variances := crossed.variances(values)) is not None]
    if not found:
        raise BadInput("expected a pilot of three raters and three prompts at least, who rated both pictures of prompts, with "
                       "differences that vary; found none")
    return Variances(*(max(0.0, float(mean)) for mean in np.mean(found, axis=0)))


def simulate(rng: np.random.Generator, variances: Variances, difference: float, raters: int, prompts: int,
             studies: int) -> np.ndarray:
    """(studies, raters, prompts)."""
    deviations = [math.sqrt(variance) for variance in dataclasses.astuple(variances)]
    shapes = (studies, raters, 1), (studies, 1, prompts), (studies, raters, prompts)
    return difference + sum(rng.normal(0, deviation, shape) for deviation, shape in zip(deviations, shapes, strict=True))


def power(variances: Variances, difference: float, raters: int, prompts: int, comparisons: int = 1, seed: int = 1,
          studies: int = STUDIES) -> float:
    """The share of studies in which the difference is found, and with its sign. NaN where no study of that size says
    anything."""
    design = crossed.of_cells(np.ones((raters, prompts), bool))
    if not design.says:
        return math.nan
    rng = np.random.default_rng([seed, raters, prompts])
    found = 0
    for start in range(0, studies, CHUNK):
        drawn = simulate(rng, variances, difference, raters, prompts, min(CHUNK, studies - start))
        values = drawn.reshape(len(drawn), -1)
        error, freedom = design.errors(values)
        means = values @ design.weights
        p = 2 * stats.t.sf(np.abs(means) / error, freedom)
        found += int(((p <= LEVEL / comparisons) & (means * difference >= 0)).sum())
    return found / studies


def least_p(prompts: int) -> float:
    """The smallest two-sided p of a test that assumes of prompts only that signs of their differences are chance: all have
    one sign."""
    return 2.0 ** (1 - prompts)


def pilot_differences(path: Path) -> list[np.ndarray]:
    """Of each pair of conditions (raters, prompts): of ratings, or of answers to pairs."""
    if not pairs.is_of_pairs(path):
        return Sheet(read_ratings(path)).differences()
    asked = pairs.Pairs(pairs.read_answers(path))
    return [asked.preferences(*pair) for pair in asked.compared()]


def power_table(variances: Variances, difference: float, sizes: tuple[list[int], list[int]], comparisons: int,
                wanted: float, seed: int) -> Table:
    """The share of studies of each size that find a difference; what is at least the share that is wanted stands out."""
    raters, prompts = sizes
    rows: list[list[Cell]] = []
    enough: dict[int, int] = {}  # prompts -> the fewest raters
    for count in prompts:
        shares = [power(variances, difference, number, count, comparisons, seed) for number in raters]
        if reached := [number for number, share in zip(raters, shares, strict=True) if share >= wanted]:
            enough[count] = min(reached)
        rows.append([count, *map(Number, shares), enough.get(count, NOTHING), Number(least_p(count), 4)])
    few = min(enough, key=lambda count: (count * enough[count], count)) if enough else None
    found = (f"Fewest ratings for {wanted:g}: {enough[few]} raters with {few} prompts." if few is not None else
             f"No size of these finds it in a share of {wanted:g}.")
    several = f", of {comparisons} comparisons (p <= 0.05 / {comparisons})" if comparisons > 1 else " (p <= 0.05)"
    note = (f"Share of {STUDIES} simulated studies, seed {seed}, that find a difference of {difference:g}{several}. {found} "
            f"Variances of differences in the pilot: raters {Number(variances.raters)}, prompts {Number(variances.prompts)}, "
            f"rest {Number(variances.rest)}; those of a small pilot are not known well. Least p: of a test by signs over that "
            "many prompts, which assumes no distribution; the tables' t has no such bound.")
    return Table("power", "Raters and prompts that a study needs", ["prompts", *(f"{count} raters" for count in raters),
                                                                     f"raters for {wanted:g}", "least p"], rows, note)
