"""What a swept setting does: measures of pictures against its values."""

import dataclasses
import math
from pathlib import Path

import numpy as np
from scipy import stats

import crossed
from archive import Archive, id_parts, swept_settings
from ratings import read_ratings
from command import BadInput
from key import read_key
from scores import Scored, guided_column
from sheet import Sheet


@dataclasses.dataclass(frozen=True)
class Point:
    """At one value of the setting: mean, and interval of 95 %, NaN where there is none."""

    value: str
    mean: float
    low: float
    high: float


@dataclasses.dataclass
class Measure:
    """A measure's points by what else was swept ("" where nothing was), ascending where values are numbers."""

    name: str
    lines: dict[str, list[Point]]


def number_of(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def are_numbers(values: list[str]) -> bool:
    return all(math.isfinite(number_of(value)) for value in values)


def divided(variant: str, setting: str, source: str) -> tuple[str, str]:
    """The setting's value, and what else was swept."""
    settings = swept_settings(variant)
    if setting not in settings:
        swept = ", ".join(settings) or "none"
        raise BadInput(f"{source}: expected renders of several {setting}, found one where the swept settings are {swept}")
    value = settings.pop(setting)
    return value, " ".join(f"{key}={text}" for key, text in settings.items())


def over_prompts(value: str, of_prompts: dict[str, list[float]]) -> Point:
    """For other prompts than these: of the prompts' means, each over its pictures."""
    means = [float(np.mean(values)) for values in of_prompts.values()]
    mean = float(np.mean(means))
    if len(means) < crossed.FEWEST + 1:
        return Point(value, mean, math.nan, math.nan)
    half = float(stats.sem(means)) * float(stats.t.ppf((1 + crossed.COVERED) / 2, len(means) - 1))
    return Point(value, mean, mean - half, mean + half)


def in_order(points: list[Point]) -> list[Point]:
    if are_numbers([point.value for point in points]):
        return sorted(points, key=lambda point: number_of(point.value))
    return points


def measure(name: str, rows: list[tuple[str, str, str, float]]) -> Measure:
    """rows: value, what else was swept, prompt, and the measure of a picture."""
    groups: dict[str, dict[str, dict[str, list[float]]]] = {}
    for value, others, prompt, number in rows:
        if not math.isnan(number):
            groups.setdefault(others, {}).setdefault(value, {}).setdefault(prompt, []).append(number)
    return Measure(name, {others: in_order([over_prompts(value, found) for value, found in values.items()])
                          for others, values in groups.items()})


def of_losses(archive: Archive, setting: str) -> Measure:
    rows = [(*divided(render.variant, setting, str(archive.path)), render.caption,
             float(archive.losses(render).named("total")[-1])) for render in archive.finished()]
    if not rows:
        raise BadInput(f"{archive.path}: expected finished renders, found none")
    return measure("loss at the end", rows)


def of_scores(pictures: list[Scored], column: str, setting: str) -> Measure:
    """Its name says where the perceptor whose score it is guided pictures."""
    rows = []
    for picture in pictures:
        if not picture.seed.isdecimal():
            raise BadInput(f"expected scores of an archive's renders, found a picture of {picture.prompt!r} without a seed")
        variant = id_parts(picture.id, int(picture.seed))[1]
        rows.append((*divided(variant, setting, f"scores of {picture.id}"), picture.prompt, picture.scores[column]))
    guided = any(picture.scores.get(guided_column(column)) == 1 for picture in pictures)
    return measure(f"{column}, guided" if guided else column, rows)


def of_ratings(ratings: Path, key: Path, setting: str) -> Measure:
    """Of conditions that are variants, by the rule of crossed.py."""
    sheet = Sheet(read_ratings(ratings))
    variants = {condition["name"]: condition["variant"] for condition in read_key(key).conditions}
    lines: dict[str, list[Point]] = {}
    for place, name in enumerate(sheet.conditions):
        if name not in variants:
            raise BadInput(f"{ratings}: expected conditions of {key}, found {name!r}")
        value, others = divided(variants[name], setting, f"{key}: condition {name}")
        estimate = crossed.of_values(sheet.of_prompts[:, :, place])
        lines.setdefault(others, []).append(Point(value, estimate.mean, *estimate.interval()))
    return Measure("rating", {others: in_order(points) for others, points in lines.items()})
