#!/usr/bin/env python3
"""Tables from collected ratings and from archives, as Markdown on standard output and as files.

    analysis/tables.py ratings ratings.csv -o TABLES     mean ratings, comparisons, agreement, raters
    analysis/tables.py pairs pairs.csv -o TABLES         win rates and preferences, strengths, agreement
    analysis/tables.py correlate ratings.csv --key key.json --scores scores.csv     scores and ratings
    analysis/tables.py times both.h5 -o TABLES           seconds for a picture, by device and settings
    analysis/tables.py losses both.h5 vit.h5 -o TABLES   losses after the last step, by perceptor and variant

-o writes each table as .md, .csv and .tex.
"""

import argparse
import dataclasses
import itertools
import math
import sys
from collections.abc import Callable
from pathlib import Path

import packages  # noqa: F401  first, as it says what the others would miss

import numpy as np

import command
import crossed
from agreement import krippendorff_alpha
from archive import Archive, Losses, Render, open_archives
from ratings import Rating, read_every, read_ratings
from correlation import Rated, correlate, join
from key import read_key
from pairs import Pairs, davidson, read_every_answer
from scores import chosen_columns, read_scores
from sheet import Sheet
from significance import holm, prompt_means
from table import NOTHING, Cell, Number, Spread, Table, put_out


def spread(values: list[float], digits: int) -> Spread:
    """Mean and sample standard deviation, which a single value does not have."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return Spread(Number(float(np.mean(values)), digits), Number(deviation, digits))


def of_others(raters: int, prompts: int, study: str = "ratings") -> str:
    """What stands below tables with intervals."""
    text = ("Interval and p of one t distribution, for other raters and other prompts (raters, prompts and rest random; "
            "crossed.py)")
    shares = crossed.held(raters, prompts, study)
    if shares is None:
        fewest, where = (crossed.FEWEST + 2, ", in rounds,") if study == "rounds" else (crossed.FEWEST + 1, "")
        return f"{text}; –: fewer than {fewest} raters or prompts{where} say nothing of others."
    few = " and ".join(f"{count} {name}" for count, name in ((raters, "raters"), (prompts, "prompts"))
                       if count < crossed.FEW)
    least, most = (f"{100 * share:.0f}" for share in shares)
    return (f"{text}; {least} to {most} of 100 intervals of as many raters and prompts hold what is true, in "
            f"simulations{few and f' (few: {few})'}. –: nothing varies, or too few cells.")


def means_table(sheet: Sheet) -> Table:
    """The paper's table 1."""
    by_prompt = prompt_means(sheet.of_prompts)
    rows: list[list[Cell]] = [[prompt, *map(Number, row)] for prompt, row in zip(sheet.prompts, by_prompt, strict=True)]
    estimates = [crossed.of_values(sheet.of_prompts[:, :, place]) for place in range(len(sheet.conditions))]
    low, high = zip(*(estimate.interval() for estimate in estimates))
    means = [estimate.mean for estimate in estimates]
    for name, values in (("mean", means), ("95 % from", low), ("95 % to", high)):
        rows.append([name, *map(Number, values)])
    note = (f"Ratings from {sheet.ends[0]} to {sheet.ends[1]}: {sheet.count}; raters: {len(sheet.raters)}; prompts: {len(sheet.prompts)}. "
            f"{of_others(len(sheet.raters), len(sheet.prompts))}")
    return Table("means", "Mean ratings", ["prompt", *sheet.conditions], rows, note, summary_rows=3)


def comparisons_table(sheet: Sheet, pairs: list[tuple[int, int]]) -> Table:
    """Each pair of conditions."""
    estimates = [crossed.of_difference(sheet.of_prompts[:, :, first], sheet.of_prompts[:, :, second])
                 for first, second in pairs]
    adjusted = holm([estimate.p() for estimate in estimates])
    rows: list[list[Cell]] = []
    for (first, second), estimate, corrected in zip(pairs, estimates, adjusted, strict=True):
        names = f"{sheet.conditions[first]} − {sheet.conditions[second]}"
        rows.append([names, Number(estimate.mean), *map(Number, estimate.interval()), estimate.raters, estimate.prompts,
                     Number(estimate.p(), 4), Number(corrected, 4)])
    note = (f"{of_others(len(sheet.raters), len(sheet.prompts), 'rounds' if sheet.in_rounds else 'ratings')} Holm: for all rows together that have "
            "a p.")
    columns = ["comparison", "difference", "95 % from", "95 % to", "raters", "prompts", "p", "p (Holm)"]
    return Table("comparisons", "Conditions compared", columns, rows, note)


def agreement_table(sheet: Sheet) -> Table:
    rows = [[f"Krippendorff's α, {level}", Number(krippendorff_alpha(sheet.of_pictures, level), 3)]
            for level in ("ordinal", "interval")]
    note = (f"Raters: {len(sheet.raters)}; pictures: {sheet.of_pictures.shape[1]}; ratings: {sheet.count}. 1: full "
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


def raters_table(sheet: Sheet, ratings: list[Rating]) -> Table:
    rows = []
    for rater in sheet.raters:
        own = [rating for rating in ratings if rating.rater == rater]
        values = [rating.rating for rating in own if not rating.repeat]
        rows.append([rater, len(values), Number(float(np.mean(values))), Number(float(np.std(values))),
                     Number(float(np.median([rating.seconds for rating in own])), 1), *repeat_cells(own)])
    columns = ["rater", "ratings", "mean", "deviation", "median seconds", "repeated", "alike", "mean distance"]
    note = "Repeated: pictures rated a second time; the first rating counts. Deviation near 0: always the same rating."
    return Table("raters", "Raters", columns, rows, note)


def rating_tables(ratings: list[Rating]) -> list[Table]:
    sheet = Sheet(ratings)
    pairs = list(itertools.combinations(range(len(sheet.conditions)), 2))
    compared = [comparisons_table(sheet, pairs)] if pairs else []
    more = " ".join(sorted({text for rating in ratings for text in (rating.choice, rating.note) if text}))
    judged = [dataclasses.replace(table, note=f"{table.note} {more}".strip())
              for table in (means_table(sheet), *compared)]
    return [*judged, agreement_table(sheet), raters_table(sheet, ratings)]


def of_question(tables: list[Table], question: str) -> list[Table]:
    """Named by the question, where there are several."""
    return [dataclasses.replace(table, name=f"{table.name}-{question}", title=f"{table.title}: {question}") for table in tables]


def of_every_question(asked: dict[str, list], tables_of: Callable[[list], list[Table]]) -> list[Table]:
    if len(asked) == 1:
        return tables_of(next(iter(asked.values())))
    return [table for question, found in asked.items() for table in of_question(tables_of(found), question)]


def preferences_table(pairs: Pairs) -> Table:
    """Each pair of conditions that were compared."""
    compared = pairs.compared()
    estimates = [crossed.of_values(pairs.preferences(*pair)) for pair in compared]
    adjusted = holm([estimate.p() for estimate in estimates])
    rows: list[list[Cell]] = []
    for (first, second), estimate, corrected in zip(compared, estimates, adjusted, strict=True):
        wins, ties, losses = pairs.better[first, second], pairs.ties[first, second], pairs.better[second, first]
        rows.append([f"{pairs.conditions[first]} − {pairs.conditions[second]}", int(wins), int(ties), int(losses),
                     Number((wins + ties / 2) / (wins + ties + losses)), Number(estimate.mean),
                     *map(Number, estimate.interval()), estimate.raters, estimate.prompts, Number(estimate.p(), 4),
                     Number(corrected, 4)])
    left, tied = (sum(answer.answer == value for answer in pairs.answers) for value in (1, 0))
    note = (f"Answers: {len(pairs.answers)}; the left picture was better in {left}, the right one in "
            f"{len(pairs.answers) - left - tied}, neither in {tied}. Win rate: a tie is half a win. Preference: 1 where the "
            "first is better, −1 where the second is, as the mean of the prompts' means. "
            f"{of_others(len(pairs.raters), len(pairs.prompts), 'pairs')} Holm: for all rows together that have a p.")
    columns = ["comparison", "wins", "ties", "losses", "win rate", "preference", "95 % from", "95 % to", "raters", "prompts",
               "p", "p (Holm)"]
    return Table("preferences", "Conditions compared in pairs", columns, rows, note)


def strengths_table(pairs: Pairs) -> Table:
    """Davidson's model, as description."""
    found = davidson(pairs.better, pairs.ties)
    answers = (pairs.better + pairs.better.T + pairs.ties).sum(axis=1)
    rows = [[name, int(count), int(wins), Number(found.log[place] if found else math.nan)]
            for place, (name, count, wins) in enumerate(
                zip(pairs.conditions, answers, pairs.better.sum(axis=1), strict=True))]
    text = ("Log of the strength in Davidson's model, mean 0: a description, without an interval, as answers of a rater are "
            "not independent; comparisons are in the other table.")
    if found is None:
        note = (f"{text} –: the answers have no likeliest strengths, as wins do not lead from each condition to each other and "
                "back.")
    elif math.isinf(found.log_tie):
        note = f"{text} No ties."
    else:
        note = f"{text} Log of the ties' ν: {Number(found.log_tie)}."
    return Table("strengths", "Strengths of conditions", ["condition", "answers", "wins", "log strength"], rows, note)


def pairs_agreement_table(pairs: Pairs) -> Table:
    values = pairs.of_units()
    rows = [[f"Krippendorff's α, {level}", Number(krippendorff_alpha(values, level), 3)] for level in ("nominal", "ordinal")]
    note = (f"Raters: {len(pairs.raters)}; prompts and pairs: {int((~np.isnan(values)).any(axis=0).sum())}; answers: "
            f"{int((~np.isnan(values)).sum())}, the first of each rater. 1: full agreement, 0: chance.")
    return Table("agreement", "Agreement between raters", ["measure", "value"], rows, note)


def pairs_tables(pairs: Pairs) -> list[Table]:
    more = " ".join(sorted({answer.note for answer in pairs.answers if answer.note}))
    compared = preferences_table(pairs)
    return [dataclasses.replace(compared, note=f"{compared.note} {more}".strip()), strengths_table(pairs),
            pairs_agreement_table(pairs)]


def correlation_table(pictures: list[Rated], columns: list[str]) -> Table:
    rows = []
    for column in columns:
        found = correlate(pictures, column)
        rows.append([column, found.pictures, found.guided, Number(found.spearman, 3), Number(found.kendall, 3),
                     Number(found.within, 3)])
    note = ("Of a picture's mean rating, over raters, and its score; within prompts: Spearman's of what is left when each "
            "prompt's mean is taken from both. Guided: pictures that were made to please the perceptor whose score it is, of which it "
            "says little. Pictures of a prompt or condition are not independent, so that these describe.")
    heads = ["score", "pictures", "guided", "Spearman", "Kendall", "within prompts"]
    return Table("correlation", "Scores and ratings", heads, rows, note)


def correlation_tables(arguments: argparse.Namespace) -> list[Table]:
    scored = read_scores(arguments.scores)
    columns = chosen_columns(scored, arguments.columns)
    return [correlation_table(join(read_key(arguments.key), read_ratings(arguments.file), scored), columns)]


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


def finished_table(table: Table) -> Table:
    if not table.rows:
        raise command.BadInput("expected finished renders, found none")
    return table


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=command.called("tables.py"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("-o", "--output", type=Path, metavar="DIR", help="also write files there")

    ratings = commands.add_parser("ratings", parents=[output], help="from what rating.py collect wrote")
    ratings.add_argument("file", type=Path, metavar="RATINGS.csv")
    ratings.set_defaults(run=lambda arguments: put_out(
        of_every_question(read_every(arguments.file), rating_tables), arguments.output))

    compared = commands.add_parser("pairs", parents=[output], help="from answers to pairs",
                                   description="A row of the file is an answer: rater, prompt, the conditions left and right, "
                                   "and 1 where the left one is better, 0 for a tie, -1 where the right one is.")
    compared.add_argument("file", type=Path, metavar="PAIRS.csv")
    compared.set_defaults(run=lambda arguments: put_out(
        of_every_question(read_every_answer(arguments.file), lambda answers: pairs_tables(Pairs(answers))), arguments.output))

    scores = commands.add_parser("correlate", parents=[output], help="ratings and what vqclip score wrote")
    scores.add_argument("file", type=Path, metavar="RATINGS.csv")
    scores.add_argument("--key", type=Path, required=True, help="the study's key.json")
    scores.add_argument("--scores", nargs="+", type=Path, required=True, metavar="SCORES.csv")
    scores.add_argument("--columns", nargs="+", metavar="COLUMN",
                        help="of the scores (default: all that end in _clipscore or _aesthetic)")
    scores.set_defaults(run=lambda arguments: put_out(correlation_tables(arguments), arguments.output))

    for name, make, text in (("times", times_table, "seconds for a picture"),
                             ("losses", losses_table, "losses after the last step")):
        parts = commands.add_parser(name, parents=[output], help=f"from archives: {text}")
        parts.add_argument("archives", nargs="+", metavar="[NAME=]ARCHIVE.h5")
        parts.set_defaults(run=lambda arguments, make=make: put_out(
            [finished_table(make(open_archives(arguments.archives)))], arguments.output))
    return parser


if __name__ == "__main__":
    sys.exit(command.run(build_parser()))
