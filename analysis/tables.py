#!/usr/bin/env python3
"""Tables from collected ratings and from archives, as Markdown on standard output and as files.

    analysis/tables.py ratings ratings.csv -o TABLES     mean ratings, comparisons, agreement, raters
    analysis/tables.py times both.h5 -o TABLES           seconds for a picture, by device and settings
    analysis/tables.py losses both.h5 vit.h5 -o TABLES   losses after the last step, by perceptor and variant

-o writes each table as .md, .csv and .tex.
"""

import argparse
import itertools
import math
import sys
from pathlib import Path

import packages  # noqa: F401  first, as it says what the others would miss

import numpy as np

import command
import crossed
from agreement import krippendorff_alpha
from archive import Archive, Losses, Render, open_archives
from collection import Rating, read_ratings
from significance import holm, prompt_means
from table import NOTHING, Cell, Number, Spread, Table, write_tables


def spread(values: list[float], digits: int) -> Spread:
    """Mean and sample standard deviation, which a single value does not have."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Spread(Number(float(np.mean(values)), digits), Number(deviation, digits))


class Scores:
    """First ratings as arrays, prompts and conditions in the study's order, NaN where missing. `of_pictures` (raters,
    pictures); `of_prompts` (raters, prompts, conditions), the mean over pictures of a prompt and condition."""

    def __init__(self, ratings: list[Rating]):
        first = [rating for rating in ratings if not rating.repeat]
        self.raters = sorted({rating.rater for rating in first})
        self.prompts = list(dict.fromkeys(rating.prompt for rating in first))
        self.conditions = list(dict.fromkeys(rating.condition for rating in first))
        self.count = len(first)
        pictures = sorted({rating.picture for rating in first})
        self.of_pictures = np.full((len(self.raters), len(pictures)), np.nan)
        sums = np.zeros((len(self.raters), len(self.prompts), len(self.conditions)))
        counts = np.zeros_like(sums)
        for rating in first:
            rater = self.raters.index(rating.rater)
            place = rater, self.prompts.index(rating.prompt), self.conditions.index(rating.condition)
            self.of_pictures[rater, pictures.index(rating.picture)] = rating.rating
            sums[place] += rating.rating
            counts[place] += 1
        self.of_prompts = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        self.in_rounds = bool(((counts > 0).sum(axis=2) < 2).all())  # no rater compares


def of_others(scores: Scores) -> str:
    """What stands below tables with intervals."""
    raters, prompts = len(scores.raters), len(scores.prompts)
    text = ("Interval and p of one t distribution, for other raters and other prompts (raters, prompts and rest random; "
            "crossed.py)")
    if min(raters, prompts) < crossed.FEWEST:
        return f"{text}; –: fewer than {crossed.FEWEST} raters or prompts say nothing of others."
    few = " and ".join(f"{count} {name}" for count, name in ((raters, "raters"), (prompts, "prompts"))
                       if count < crossed.FEW)
    share = crossed.HELD_OF_ROUNDS if scores.in_rounds else crossed.HELD
    return (f"{text}; {share} of 100 such intervals hold what is true, in simulations"
            f"{few and f' (few: {few})'}. –: nothing varies.")


def means_table(scores: Scores) -> Table:
    """The paper's table 1."""
    by_prompt = prompt_means(scores.of_prompts)
    rows: list[list[Cell]] = [[prompt, *map(Number, row)] for prompt, row in zip(scores.prompts, by_prompt, strict=True)]
    estimates = [crossed.of_values(scores.of_prompts[:, :, place]) for place in range(len(scores.conditions))]
    low, high = zip(*(estimate.interval() for estimate in estimates))
    means = [estimate.mean for estimate in estimates]
    for name, values in (("mean", means), ("95 % from", low), ("95 % to", high)):
        rows.append([name, *map(Number, values)])
    note = (f"Ratings from 1 to 5: {scores.count}; raters: {len(scores.raters)}; prompts: {len(scores.prompts)}. "
            f"{of_others(scores)}")
    return Table("means", "Mean ratings", ["prompt", *scores.conditions], rows, note, summary_rows=3)


def comparisons_table(scores: Scores, pairs: list[tuple[int, int]]) -> Table:
    """Each pair of conditions."""
    estimates = [crossed.of_difference(scores.of_prompts[:, :, first], scores.of_prompts[:, :, second])
                 for first, second in pairs]
    adjusted = holm([estimate.p() for estimate in estimates])
    rows: list[list[Cell]] = []
    for (first, second), estimate, corrected in zip(pairs, estimates, adjusted, strict=True):
        names = f"{scores.conditions[first]} − {scores.conditions[second]}"
        rows.append([names, Number(estimate.mean), *map(Number, estimate.interval()), estimate.raters, estimate.prompts,
                     Number(estimate.p(), 4), Number(corrected, 4)])
    note = f"{of_others(scores)} Holm: for all rows together that have a p."
    columns = ["comparison", "difference", "95 % from", "95 % to", "raters", "prompts", "p", "p (Holm)"]
    return Table("comparisons", "Conditions compared", columns, rows, note)


def agreement_table(scores: Scores) -> Table:
    rows = [[f"Krippendorff's α, {level}", Number(krippendorff_alpha(scores.of_pictures, level), 3)]
            for level in ("ordinal", "interval")]
    note = (f"Raters: {len(scores.raters)}; pictures: {scores.of_pictures.shape[1]}; ratings: {scores.count}. 1: full "
            "agreement, 0: chance.")
    return Table("agreement", "Agreement between raters", ["measure", "value"], rows, note)


def repeat_cells(ratings: list[Rating]) -> list[Cell]:
    """How a rater rated pictures again: how many, how many alike, the mean distance."""
    first = {rating.picture: rating.rating for rating in ratings if not rating.repeat}
    distances = [abs(rating.rating - first[rating.picture]) for rating in ratings
                 if rating.repeat and rating.picture in first]
    if not distances:
        return [0, NOTHING, NOTHING]
    return [len(distances), distances.count(0), Number(float(np.mean(distances)))]


def raters_table(scores: Scores, ratings: list[Rating]) -> Table:
    rows = []
    for rater in scores.raters:
        own = [rating for rating in ratings if rating.rater == rater]
        values = [rating.rating for rating in own if not rating.repeat]
        rows.append([rater, len(values), Number(float(np.mean(values))), Number(float(np.std(values))),
                     Number(float(np.median([rating.seconds for rating in own])), 1), *repeat_cells(own)])
    columns = ["rater", "ratings", "mean", "deviation", "median seconds", "repeated", "alike", "mean distance"]
    note = "Repeated: pictures rated a second time; the first rating counts. Deviation near 0: always the same rating."
    return Table("raters", "Raters", columns, rows, note)


def rating_tables(ratings: list[Rating]) -> list[Table]:
    scores = Scores(ratings)
    pairs = list(itertools.combinations(range(len(scores.conditions)), 2))
    compared = [comparisons_table(scores, pairs)] if pairs else []
    return [means_table(scores), *compared, agreement_table(scores), raters_table(scores, ratings)]


def settings_cells(render: Render) -> tuple[str, ...]:
    """What tells groups of renders apart: variant, size, steps."""
    size = render.settings.get("size", "").strip("[]").replace(", ", "×")
    return render.variant or NOTHING, size, render.settings.get("steps", "")


def device_cell(render: Render) -> str:
    """Of "cpu; avx512_core; f32; threads 2; versions ..." what tells devices apart."""
    return "; ".join(part for part in render.device.split("; ")[:4] if part != "-")


def times_table(archives: dict[str, Archive]) -> Table:
    """The paper's table 2."""
    groups: dict[tuple[str, ...], list[float]] = {}
    for name, archive in archives.items():
        for render in archive.finished():
            group = (name, *settings_cells(render), device_cell(render), render.host)
            groups.setdefault(group, []).append(render.seconds)
    rows = [[*group, len(seconds), spread(seconds, 2)] for group, seconds in groups.items()]
    columns = ["study", "variant", "size", "steps", "device", "host", "n", "seconds"]
    note = ("Mean ± standard deviation over n pictures of the seconds that a picture's steps took, over all launches; "
            "where several pictures shared a device, with what the others did meanwhile.")
    return Table("times", "Seconds for a picture", columns, rows, note, text_columns=6)


def last_losses(losses: Losses) -> dict[str, float]:
    return {name: float(values[-1]) for name, values in losses.terms().items()}


def losses_table(archives: dict[str, Archive]) -> Table:
    groups: dict[tuple[str, ...], list[dict[str, float]]] = {}
    for name, archive in archives.items():
        for render in archive.finished():
            groups.setdefault((name, *settings_cells(render)), []).append(last_losses(archive.losses(render)))
    found = dict.fromkeys(term for group in groups.values() for losses in group for term in losses)
    terms = [term for term in found if term not in ("L2", "total")] + ["L2", "total"]
    rows = []
    for group, losses in groups.items():
        values = [[entry[term] for entry in losses if term in entry] for term in terms]
        rows.append([*group, len(losses), *(spread(column, 4) if column else NOTHING for column in values)])
    note = "Loss at the last step, mean ± standard deviation over n pictures; weighted, as the program sums it."
    return Table("losses", "Losses at the end", ["study", "variant", "size", "steps", "n", *terms], rows, note,
                 text_columns=4)


def put_out(tables: list[Table], folder: Path | None) -> None:
    print("\n".join(table.markdown() for table in tables), end="")
    if folder is not None:
        write_tables(folder, tables)


def finished_table(table: Table) -> Table:
    if not table.rows:
        raise command.BadInput("expected finished renders, found none")
    return table


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tables.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("-o", "--output", type=Path, metavar="DIR", help="also write files there")

    ratings = commands.add_parser("ratings", parents=[output], help="from what rating.py collect wrote")
    ratings.add_argument("file", type=Path, metavar="RATINGS.csv")
    ratings.set_defaults(run=lambda arguments: put_out(rating_tables(read_ratings(arguments.file)), arguments.output))

    for name, make, text in (("times", times_table, "seconds for a picture"),
                             ("losses", losses_table, "losses after the last step")):
        parts = commands.add_parser(name, parents=[output], help=f"from archives: {text}")
        parts.add_argument("archives", nargs="+", metavar="[NAME=]ARCHIVE.h5")
        parts.set_defaults(run=lambda arguments, make=make: put_out(
            [finished_table(make(open_archives(arguments.archives)))], arguments.output))
    return parser


if __name__ == "__main__":
    sys.exit(command.run(build_parser()))
