#!/usr/bin/env python3
"""Figures from archives and ratings: PNG, or SVG or PDF where the output's name ends so.

    analysis/figures.py losses both.h5 vit.h5 -o losses.svg        every perceptor's loss over the steps
    analysis/figures.py grid both=both.h5 vit=vit.h5 -o grid.png   pictures: a row for each prompt
    analysis/figures.py snapshots both.h5 -o snapshots.png         how pictures came about
    analysis/figures.py ratings ratings.csv -o ratings.svg         means and differences, with intervals
    analysis/figures.py answers ratings.csv -o answers.svg         how often each rating was given
    analysis/figures.py ablation optimizer.lr --losses lr.h5 -o lr.svg       what a swept setting does
    analysis/figures.py correlation ratings.csv --key key.json --scores scores.csv -o scores.svg

The same input gives the same file.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import packages  # noqa: F401  first, as it says what the others would miss

import numpy as np

import command
import plots
import sweep
from archive import Archive, Render, open_archives
from ratings import read_ratings
from condition import SOURCE_HELP, Condition, open_conditions
from correlation import join
from key import read_key
from pairs import Pairs, is_of_pairs, read_answers
from scores import chosen_columns, read_scores
from sheet import Sheet
from style import COLOURS, DASHES, draw_legend, output_path, plt, save, wrapped

CELL_INCHES = 1.5
ROW_LABEL_INCHES = 1.7


# Losses.


@dataclasses.dataclass
class Curves:
    """Losses of renders that differ in prompt and seed only: term -> (renders, steps)."""

    label: str
    terms: dict[str, list[np.ndarray]]

    @property
    def renders(self) -> int:
        return len(next(iter(self.terms.values())))


def read_curves(archives: dict[str, Archive]) -> list[Curves]:
    """Curves by archive, variant and number of steps."""
    groups: dict[tuple[str, str, int], Curves] = {}
    for name, archive in archives.items():
        for render in archive.finished():
            losses = archive.losses(render)
            key = name, render.variant, len(losses.values)
            curves = groups.setdefault(key, Curves(", ".join(filter(None, key[:2])), {}))
            for term, values in losses.terms().items():
                curves.terms.setdefault(term, []).append(values)
    several_lengths = {key[:2] for key in groups if sum(other[:2] == key[:2] for other in groups) > 1}
    for key, curves in groups.items():
        if key[:2] in several_lengths:
            curves.label += f", {key[2]} steps"
    return list(groups.values())


def draw_term(axes: plt.Axes, term: str, groups: list[Curves]) -> None:
    """Every render as a thin line, the mean as a thick one."""
    for number, curves in enumerate(groups):
        if term not in curves.terms:
            continue
        values = np.stack(curves.terms[term])
        steps = np.arange(1, values.shape[1] + 1)
        colour = COLOURS[number % len(COLOURS)]
        faint = max(0.08, min(0.35, 4 / len(values)))
        axes.plot(steps, values.T, color=colour, linewidth=0.6, alpha=faint, zorder=2)
        axes.plot(steps, values.mean(axis=0), color=colour, linewidth=2.0, linestyle=DASHES[number % len(DASHES)],
                  zorder=3, label=f"{curves.label} (n = {curves.renders})")
    axes.set_title(term, loc="left", fontweight="bold", fontsize=10)
    axes.set_xlabel("step")


def draw_losses(groups: list[Curves]) -> plt.Figure:
    """A panel for each perceptor and regulariser, and the total."""
    found = dict.fromkeys(term for curves in groups for term in curves.terms)
    terms = [term for term in found if term not in ("L2", "total")] + ["L2", "total"]
    columns = 2 if len(terms) in (2, 4) else 3
    rows = -(-len(terms) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.4 * columns, 2.6 * rows), squeeze=False)
    for place, term in zip(axes.flat, terms, strict=False):
        draw_term(place, term, groups)
    for place in axes.flat[len(terms) :]:
        place.remove()
    for row in axes:
        row[0].set_ylabel("loss, weighted")
    draw_legend(figure, list(axes.flat[: len(terms)]))
    return figure


def losses(arguments: argparse.Namespace) -> None:
    groups = read_curves(open_archives(arguments.archives))
    if not groups:
        raise command.BadInput("expected finished renders, found none")
    save(draw_losses(groups), arguments.output)


# Grids of pictures.


@dataclasses.dataclass(frozen=True)
class Grid:
    """cells: (row, column) -> picture. Labels stand left of rows and above columns."""

    rows: list[str]
    columns: list[str]
    cells: dict[tuple[int, int], np.ndarray]


def draw_grid(grid: Grid) -> plt.Figure:
    """Pictures with their pixels as squares where they are small, all cells of one size."""
    height, width = max((picture.shape[:2] for picture in grid.cells.values()), key=lambda size: size[0] / size[1])
    cell_height = CELL_INCHES * min(2.0, height / width)
    heads = [wrapped(column, 22, 2) for column in grid.columns]
    head_inches = 0.17 + 0.13 * max(1 + head.count("\n") for head in heads)
    inches = (ROW_LABEL_INCHES + CELL_INCHES * len(grid.columns), head_inches + cell_height * len(grid.rows))
    figure, axes = plt.subplots(len(grid.rows), len(grid.columns), figsize=inches, squeeze=False)
    figure.subplots_adjust(left=ROW_LABEL_INCHES / inches[0], right=1 - 0.05 / inches[0],
                           bottom=0.05 / inches[1], top=1 - head_inches / inches[1],
                           wspace=0.04, hspace=0.04 * CELL_INCHES / cell_height)
    for (row, column), place in np.ndenumerate(axes):
        place.set(xticks=[], yticks=[])
        place.grid(False)
        place.spines[:].set_visible(False)
        if (row, column) in grid.cells:
            place.imshow(grid.cells[row, column], interpolation="nearest")
        else:
            place.text(0.5, 0.5, "none", ha="center", va="center", transform=place.transAxes, color="#555555")
        if row == 0:
            place.set_title(heads[column], fontsize=8, pad=4)
        if column == 0:
            place.set_ylabel(wrapped(grid.rows[row], 24, 6), fontsize=8, labelpad=6,
                             rotation=0, ha="right", va="center")
    return figure


def by_condition(conditions: list[Condition], limit: int) -> Grid:
    """The first picture of each condition, for the prompts that any has."""
    prompts = list(dict.fromkeys(prompt for condition in conditions for prompt in condition.pictures))
    prompts = chosen_rows(prompts, limit)
    cells = {(row, column): condition.pictures[prompt][0].load()
             for row, prompt in enumerate(prompts) for column, condition in enumerate(conditions)
             if prompt in condition.pictures}
    return Grid(prompts, [condition.name for condition in conditions], cells)


def render_labels(archive: Archive) -> dict[int, str]:
    """Number -> what tells the render from others of its prompt, one part a line; "" where nothing has to."""
    several_seeds = len({render.seed for render in archive.renders}) > 1
    return {render.number: "\n".join([render.variant] * bool(render.variant) + [f"seed {render.seed}"] * several_seeds)
            for render in archive.renders}


def by_setting(archive: Archive, limit: int) -> Grid:
    """The renders of one archive: a column for each seed and variant."""
    renders = archive.finished()
    prompts = chosen_rows(list(dict.fromkeys(render.caption for render in renders)), limit)
    label_of = render_labels(archive)
    labels = list(dict.fromkeys(label_of[render.number] for render in sorted(renders, key=lambda render: render.seed)))
    cells: dict[tuple[int, int], np.ndarray] = {}
    for render in renders:
        if (prompt := render.caption) in prompts:
            cells.setdefault((prompts.index(prompt), labels.index(label_of[render.number])), archive.picture(render))
    return Grid(prompts, labels, cells)


def chosen_rows(prompts: list[str], limit: int) -> list[str]:
    if len(prompts) > limit:
        command.say(f"left out: {len(prompts) - limit} of {len(prompts)} prompts; --rows shows more")
    return prompts[:limit]


def pages_of(table: Grid, columns: int) -> list[Grid]:
    """The grid cut after so many columns, as evenly as can be; each page has all rows."""
    count = -(-len(table.columns) // columns)
    cuts = [round(number * len(table.columns) / count) for number in range(count + 1)]
    return [Grid(table.rows, table.columns[start:end],
                 {(row, column - start): cell for (row, column), cell in table.cells.items() if start <= column < end})
            for start, end in zip(cuts, cuts[1:])]


def save_pages(pages: list[Grid], path: Path) -> None:
    """A file for each page, numbered where there are several."""
    digits = len(str(len(pages)))
    for number, page in enumerate(pages, 1):
        save(draw_grid(page), path if len(pages) == 1 else path.with_name(f"{path.stem}-{number:0{digits}d}{path.suffix}"))


def grid(arguments: argparse.Namespace) -> None:
    single = len(arguments.sources) == 1 and (Path(arguments.sources[0]).exists() or "=" not in arguments.sources[0])
    table = (by_setting(Archive(arguments.sources[0]), arguments.rows) if single
             else by_condition(open_conditions(arguments.sources), arguments.rows))
    if not table.cells:
        raise command.BadInput("expected finished pictures, found none")
    save_pages(pages_of(table, arguments.columns), arguments.output)


# Snapshots.


def chosen_renders(archive: Archive, numbers: list[int] | None) -> list[Render]:
    """Those of the numbers, or the first of each prompt."""
    done = archive.finished()
    if numbers is None:
        return list({render.caption: render for render in reversed(done)}.values())[::-1]
    found = {render.number: render for render in done}
    if unknown := [number for number in numbers if number not in found]:
        raise command.BadInput(f"{archive.path}: expected the number of a finished render, found {unknown[0]}")
    return [found[number] for number in numbers]


def spread_out(steps: list[int], count: int) -> list[int]:
    """At most `count` of the steps, the last among them, about evenly far apart."""
    if len(steps) <= count:
        return steps
    return [steps[round(index)] for index in np.linspace(0, len(steps) - 1, count)]


def by_step(archive: Archive, renders: list[Render], columns: int) -> Grid:
    """Snapshots of the renders, and the finished picture at its last step."""
    strips = []
    for render in renders:
        strip = dict(archive.snapshots(render))
        strip[len(archive.losses(render).values)] = archive.picture(render)
        strips.append(strip)
    steps = spread_out(sorted({step for strip in strips for step in strip}), columns)
    cells = {(row, column): strip[step] for row, strip in enumerate(strips) for column, step in enumerate(steps)
             if step in strip}
    label_of = render_labels(archive)
    labels = [f"{render.caption}\n{label_of[render.number]}" for render in renders]
    return Grid(labels, [f"step {step}" for step in steps], cells)


def snapshots(arguments: argparse.Namespace) -> None:
    archive = Archive(arguments.archive)
    renders = chosen_renders(archive, arguments.renders)
    if not renders:
        raise command.BadInput(f"{archive.path}: expected finished renders, found none")
    if arguments.renders is None and len(renders) > arguments.rows:
        command.say(f"left out: {len(renders) - arguments.rows} of {len(renders)} prompts; --rows shows more")
        renders = renders[: arguments.rows]
    save(draw_grid(by_step(archive, renders, arguments.columns)), arguments.output)


def numbers(text: str) -> list[int]:
    """An argparse type: "0,3,5"."""
    return [command.count(part.strip()) for part in text.split(",")]


# Ratings, pairs, sweeps and scores.


def ratings(arguments: argparse.Namespace) -> None:
    if is_of_pairs(arguments.file):
        save(plots.draw_dots([plots.of_preferences(Pairs(read_answers(arguments.file)))]), arguments.output)
        return
    sheet = Sheet(read_ratings(arguments.file))
    panels = [plots.of_means(sheet)] + [plots.of_differences(sheet)] * (len(sheet.conditions) > 1)
    save(plots.draw_dots(panels), arguments.output)


def answers(arguments: argparse.Namespace) -> None:
    save(plots.draw_choices(Pairs(read_answers(arguments.file))) if is_of_pairs(arguments.file)
         else plots.draw_answers(Sheet(read_ratings(arguments.file))), arguments.output)


def ablation(arguments: argparse.Namespace) -> None:
    measures = [sweep.of_losses(Archive(path), arguments.setting) for path in arguments.losses]
    if arguments.scores:
        scored = read_scores(arguments.scores)
        measures += [sweep.of_scores(scored, column, arguments.setting)
                     for column in chosen_columns(scored, arguments.columns)]
    if (arguments.ratings is None) != (arguments.key is None):
        raise command.BadInput("expected --ratings and --key together: the key says of which variant a condition is")
    if arguments.ratings is not None:
        measures.append(sweep.of_ratings(arguments.ratings, arguments.key, arguments.setting))
    if not measures:
        raise command.BadInput("expected --losses, --scores or --ratings, found none")
    save(plots.draw_sweep(arguments.setting, measures), arguments.output)


def correlation(arguments: argparse.Namespace) -> None:
    scored = read_scores(arguments.scores)
    columns = chosen_columns(scored, arguments.columns)
    pictures = join(read_key(arguments.key), read_ratings(arguments.ratings), scored)
    save(plots.draw_correlation(pictures, columns), arguments.output)


def add_ratings(commands: argparse._SubParsersAction, output: argparse.ArgumentParser) -> None:
    for name, run, text in (("ratings", ratings, "means and differences as dots with intervals"),
                            ("answers", answers, "histograms: how often each answer was given")):
        parts = commands.add_parser(name, parents=[output], help=text)
        parts.add_argument("file", type=Path, metavar="RATINGS.csv|PAIRS.csv")
        parts.set_defaults(run=run)

    scores = argparse.ArgumentParser(add_help=False)
    scores.add_argument("--columns", nargs="+", metavar="COLUMN",
                        help="of the scores (default: all that end in _clipscore or _aesthetic)")
    swept = commands.add_parser("ablation", parents=[output, scores], help="measures against a swept setting, with a band",
                                description="Means over prompts with intervals of 95 %% for other prompts; of ratings, for "
                                "other raters and prompts.")
    swept.add_argument("setting", metavar="KEY", help="that was swept, such as optimizer.lr")
    swept.add_argument("--losses", nargs="+", default=[], metavar="ARCHIVE.h5", help="the total loss at the end")
    swept.add_argument("--scores", nargs="+", type=Path, default=[], metavar="SCORES.csv", help="of vqclip score")
    swept.add_argument("--ratings", type=Path, metavar="RATINGS.csv", help="of conditions that are variants")
    swept.add_argument("--key", type=Path, help="the study's key.json, with --ratings")
    swept.set_defaults(run=ablation)

    compared = commands.add_parser("correlation", parents=[output, scores], help="ratings against scores, a mark a picture")
    compared.add_argument("ratings", type=Path, metavar="RATINGS.csv")
    compared.add_argument("--key", type=Path, required=True, help="the study's key.json")
    compared.add_argument("--scores", nargs="+", type=Path, required=True, metavar="SCORES.csv", help="of vqclip score")
    compared.set_defaults(run=correlation)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=command.called("figures.py"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("-o", "--output", type=output_path, required=True, metavar="FILE",
                        help="ends in .png, .svg or .pdf")

    curves = commands.add_parser("losses", parents=[output], help="curves: a panel for each perceptor, L2 and total")
    curves.add_argument("archives", nargs="+", metavar="[NAME=]ARCHIVE.h5")
    curves.set_defaults(run=losses)

    cells = commands.add_parser("grid", parents=[output], help="pictures, a row for each prompt",
                                description="Columns are conditions, or of one archive its variants and seeds.")
    cells.add_argument("sources", nargs="+", metavar="SOURCE", help=f"one ARCHIVE.h5, or conditions: {SOURCE_HELP}")
    cells.add_argument("--rows", type=command.positive, default=12, help="prompts at most (default 12)")
    cells.add_argument("--columns", type=command.positive, default=12,
                       help="on a page at most; more make pages NAME-1.png, NAME-2.png ... (default 12)")
    cells.set_defaults(run=grid)

    strips = commands.add_parser("snapshots", parents=[output], help="snapshots over the steps, a row for each render")
    strips.add_argument("archive", metavar="ARCHIVE.h5")
    strips.add_argument("--renders", type=numbers, metavar="N,N...",
                        help="by number (default: the first of each prompt)")
    strips.add_argument("--rows", type=command.positive, default=6, help="renders at most (default 6)")
    strips.add_argument("--columns", type=command.positive, default=8, help="steps at most (default 8)")
    strips.set_defaults(run=snapshots)
    add_ratings(commands, output)
    return parser


if __name__ == "__main__":
    sys.exit(command.run(build_parser()))
