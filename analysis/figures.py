#!/usr/bin/env python3
"""Figures from archives: PNG, or SVG or PDF where the output's name ends so.

    analysis/figures.py losses both.h5 vit.h5 -o losses.svg        every perceptor's loss over the steps
    analysis/figures.py grid both=both.h5 vit=vit.h5 -o grid.png   pictures: a row for each prompt
    analysis/figures.py snapshots both.h5 -o snapshots.png         how pictures came about

The same input gives the same file.
"""

import argparse
import dataclasses
import sys
import textwrap
from pathlib import Path

import packages  # noqa: F401  first, as it says what the others would miss

import numpy as np
from matplotlib import pyplot as plt

import command
from archive import Archive, Render, open_archives
from condition import SOURCE_HELP, Condition, open_conditions

ENDINGS = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 150
CELL_INCHES = 1.5
ROW_LABEL_INCHES = 1.7
# Okabe and Ito's colours, told apart by people who see colours differently; lines differ in dashes too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")
STYLE = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
         "grid.color": "#dddddd", "grid.linewidth": 0.6, "svg.hashsalt": "vqclip", "savefig.dpi": DOTS_PER_INCH,
         "text.parse_math": False}

plt.switch_backend("Agg")
plt.rcParams.update(STYLE)


def output_path(text: str) -> Path:
    """An argparse type: a file with a known ending."""
    if Path(text).suffix.lower() not in ENDINGS:
        raise argparse.ArgumentTypeError(f"expected a name that ends in {', '.join(ENDINGS)}, found {text!r}")
    return Path(text)


def save(figure: plt.Figure, path: Path) -> None:
    """Without the date and version that would make each file another one."""
    dated = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    figure.savefig(path, metadata=dated[path.suffix.lower()])
    plt.close(figure)
    print(path)


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


def draw_legend(figure: plt.Figure, axes: list[plt.Axes]) -> None:
    """One legend for all panels, in room added below them."""
    entries = {label: handle for place in axes
               for handle, label in zip(*place.get_legend_handles_labels(), strict=True)}
    columns = 1 if max(map(len, entries)) > 30 else min(3, len(entries))
    inches = 0.2 + 0.2 * -(-len(entries) // columns)
    figure.set_figheight(figure.get_figheight() + inches)
    figure.legend(entries.values(), entries.keys(), loc="lower center", frameon=False, handlelength=3, ncols=columns)
    figure.tight_layout(rect=(0, inches / figure.get_figheight(), 1, 1))


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


def wrapped(text: str, width: int, lines: int) -> str:
    """At most so many lines for each of the text's own."""
    return "\n".join(line for part in text.splitlines() for line in
                     textwrap.wrap(part, width, max_lines=lines, placeholder=" ...", break_on_hyphens=False))


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


def grid(arguments: argparse.Namespace) -> None:
    single = len(arguments.sources) == 1 and (Path(arguments.sources[0]).exists() or "=" not in arguments.sources[0])
    table = (by_setting(Archive(arguments.sources[0]), arguments.rows) if single
             else by_condition(open_conditions(arguments.sources), arguments.rows))
    if not table.cells:
        raise command.BadInput("expected finished pictures, found none")
    save(draw_grid(table), arguments.output)


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


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="figures.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    cells.set_defaults(run=grid)

    strips = commands.add_parser("snapshots", parents=[output], help="snapshots over the steps, a row for each render")
    strips.add_argument("archive", metavar="ARCHIVE.h5")
    strips.add_argument("--renders", type=numbers, metavar="N,N...",
                        help="by number (default: the first of each prompt)")
    strips.add_argument("--rows", type=command.positive, default=6, help="renders at most (default 6)")
    strips.add_argument("--columns", type=command.positive, default=8, help="steps at most (default 8)")
    strips.set_defaults(run=snapshots)
    return parser


if __name__ == "__main__":
    sys.exit(command.run(build_parser()))
