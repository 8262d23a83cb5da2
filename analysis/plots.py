"""Drawings of ratings, answers to pairs, scores and sweeps: what figures.py saves."""

import dataclasses
import itertools
import math

import numpy as np

import crossed
from correlation import Rated, correlate
from pairs import Pairs
from sheet import Sheet
from style import COLOURS, DASHES, draw_legend, plt, wrapped
from sweep import Measure, Point, are_numbers, number_of
from table import Number

ROW_INCHES = 0.32
LOG_RATIO = 20  # of a sweep's largest value to the smallest, from which its axis is logarithmic
MARKS = "os^DvPX"


@dataclasses.dataclass(frozen=True)
class Dots:
    """Means with intervals, a row each. `zero`: whether 0 means no difference."""

    title: str
    axis: str
    names: list[str]
    estimates: list[crossed.Estimate]
    zero: bool


def of_means(sheet: Sheet) -> Dots:
    estimates = [crossed.of_values(sheet.of_prompts[:, :, place]) for place in range(len(sheet.conditions))]
    return Dots("Mean ratings", "rating, mean and 95 %", sheet.conditions, estimates, False)


def of_differences(sheet: Sheet) -> Dots:
    pairs = list(itertools.combinations(range(len(sheet.conditions)), 2))
    names = [f"{sheet.conditions[first]} − {sheet.conditions[second]}" for first, second in pairs]
    estimates = [crossed.of_difference(sheet.of_prompts[:, :, first], sheet.of_prompts[:, :, second])
                 for first, second in pairs]
    return Dots("Differences", "difference, mean and 95 %", names, estimates, True)


def of_preferences(pairs: Pairs) -> Dots:
    compared = pairs.compared()
    names = [f"{pairs.conditions[first]} − {pairs.conditions[second]}" for first, second in compared]
    return Dots("Preferences in pairs", "preference, mean and 95 %", names,
                [crossed.of_values(pairs.preferences(*pair)) for pair in compared], True)


def draw_rows(axes: plt.Axes, dots: Dots) -> None:
    for row, estimate in enumerate(dots.estimates):
        low, high = estimate.interval()
        if not math.isnan(low):
            axes.plot([low, high], [row, row], color=COLOURS[0], linewidth=1.6, zorder=2, solid_capstyle="butt")
        axes.plot(estimate.mean, row, "o", color=COLOURS[0], markersize=6, zorder=3)
    if dots.zero:
        axes.axvline(0, color="#555555", linewidth=1, zorder=1)
    axes.set_title(dots.title, loc="left", fontweight="bold", fontsize=10)
    axes.set_xlabel(dots.axis)
    axes.set_yticks(range(len(dots.names)), [wrapped(name, 34, 2) for name in dots.names])
    axes.set_ylim(len(dots.names) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(left=False)


def draw_dots(panels: list[Dots]) -> plt.Figure:
    """A panel below the other, each with its own axis."""
    heights = [0.75 + ROW_INCHES * len(dots.names) for dots in panels]
    figure, axes = plt.subplots(len(panels), 1, figsize=(5.6, sum(heights)), squeeze=False, height_ratios=heights)
    for place, dots in zip(axes.flat, panels, strict=True):
        draw_rows(place, dots)
    figure.tight_layout()
    return figure


def draw_bars(axes: plt.Axes, title: str, labels: list[str], counts: list[int], colours: list[str], axis: str) -> None:
    """Shares of answers, with the number of each on its bar."""
    total = sum(counts)
    shares = [100 * count / total for count in counts]
    axes.bar(range(len(counts)), shares, width=0.8, color=colours, zorder=2)
    for place, (share, count) in enumerate(zip(shares, counts, strict=True)):
        axes.annotate(str(count), (place, share), (0, 2), textcoords="offset points", ha="center", fontsize=7,
                      color="#333333")
    axes.set_xticks(range(len(labels)), labels)
    axes.grid(axis="x", visible=False)
    axes.set_title(wrapped(title, 26, 2), loc="left", fontsize=9)
    axes.set_xlabel(f"{axis} (n = {total})")


def draw_panels(bars: list[tuple[str, list[str], list[int]]], colours: list[str], axis: str) -> plt.Figure:
    """bars: title, labels and counts of each panel. All have one scale."""
    columns = min(3, len(bars))
    rows = -(-len(bars) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(max(3.2, 2.2 * columns), 2.3 * rows), squeeze=False, sharey=True)
    for place, (title, labels, counts) in zip(axes.flat, bars, strict=False):
        draw_bars(place, title, labels, counts, colours, axis)
        place.margins(y=0.12)
    for place in axes.flat[len(bars) :]:
        place.remove()
    for row in axes:
        row[0].set_ylabel("% of answers")
    figure.tight_layout()
    return figure


def draw_answers(sheet: Sheet) -> plt.Figure:
    """How often each rating was given, a panel for each condition."""
    values = range(sheet.ends[0], sheet.ends[1] + 1)
    bars = [(name, [str(value) for value in values], [sheet.given[name].count(value) for value in values])
            for name in sheet.conditions]
    return draw_panels(bars, [COLOURS[0]] * len(values), "rating")


def draw_choices(pairs: Pairs) -> plt.Figure:
    """How often either picture was better, a panel for each pair of conditions."""
    bars = [(f"{pairs.conditions[first]} − {pairs.conditions[second]}", ["first", "tie", "second"],
             [int(pairs.better[first, second]), int(pairs.ties[first, second]), int(pairs.better[second, first])])
            for first, second in pairs.compared()]
    return draw_panels(bars, [COLOURS[0], "#999999", COLOURS[1]], "better")


def sweep_axis(axes: plt.Axes, values: list[str]) -> dict[str, float]:
    """Where each value stands: by its number where all are numbers, else side by side."""
    if not are_numbers(values):
        axes.set_xticks(range(len(values)), [wrapped(value, 14, 2) for value in values])
        return {value: float(place) for place, value in enumerate(values)}
    places = {value: number_of(value) for value in values}
    ends = min(places.values()), max(places.values())
    if ends[0] > 0 and ends[1] >= LOG_RATIO * ends[0]:
        axes.set_xscale("log")
    axes.set_xticks(list(places.values()), values)
    axes.set_xticks([], minor=True)
    return places


def draw_line(axes: plt.Axes, points: list[Point], places: dict[str, float], number: int, label: str) -> None:
    at = [places[point.value] for point in points]
    colour = COLOURS[number % len(COLOURS)]
    axes.fill_between(at, [point.low for point in points], [point.high for point in points], color=colour, alpha=0.18,
                      linewidth=0, zorder=1)
    axes.plot(at, [point.mean for point in points], color=colour, linewidth=1.8, linestyle=DASHES[number % len(DASHES)],
              marker=MARKS[number % len(MARKS)], markersize=5, zorder=3, label=label)


def draw_sweep(setting: str, measures: list[Measure]) -> plt.Figure:
    """A panel for each measure: means with a band of 95 % against the setting's values."""
    figure, axes = plt.subplots(1, len(measures), figsize=(3.6 * len(measures), 2.8), squeeze=False)
    several = False
    for place, found in zip(axes.flat, measures, strict=True):
        values = list(dict.fromkeys(point.value for points in found.lines.values() for point in points))
        places = sweep_axis(place, sorted(values, key=number_of) if are_numbers(values) else values)
        for number, (others, points) in enumerate(found.lines.items()):
            draw_line(place, points, places, number, others or "all")
        several |= len(found.lines) > 1
        place.set_title(found.name, loc="left", fontweight="bold", fontsize=10)
        place.set_xlabel(setting)
        place.set_ylabel("mean and 95 %")
    if several:
        draw_legend(figure, list(axes.flat))
    else:
        figure.tight_layout()
    return figure


def draw_correlation(pictures: list[Rated], columns: list[str]) -> plt.Figure:
    """A panel for each column of scores: a mark for each picture, shapes and colours by condition."""
    across = min(2, len(columns))
    rows = -(-len(columns) // across)
    figure, axes = plt.subplots(rows, across, figsize=(3.9 * across, 3.4 * rows), squeeze=False)
    conditions = list(dict.fromkeys(picture.condition for picture in pictures))
    for place, column in zip(axes.flat, columns, strict=False):
        for number, name in enumerate(conditions):
            own = [picture for picture in pictures if picture.condition == name]
            place.plot([picture.scores[column] for picture in own], [picture.rating for picture in own],
                       MARKS[number % len(MARKS)], color=COLOURS[number % len(COLOURS)], alpha=0.75, markersize=5,
                       markeredgewidth=0, label=name)
        found = correlate(pictures, column)
        place.set_title(f"Spearman {Number(found.spearman)}, Kendall {Number(found.kendall)}\n"
                        f"within prompts {Number(found.within)} (n = {found.pictures})", loc="left", fontsize=8.5)
        place.set_xlabel(f"{column} (guided {found.guided} of {found.pictures})" if found.guided else column)
        place.set_ylabel("mean rating")
    for place in axes.flat[len(columns) :]:
        place.remove()
    draw_legend(figure, list(axes.flat[: len(columns)]))
    return figure
