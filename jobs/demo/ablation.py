"""What each part of the method is worth, as the judge sees it: a Markdown table of ablation.sh's archives.

    python3 jobs/demo/ablation.py OUTPUT WAY OTHER-WAY...

OUTPUT holds WAY.h5, WAY.judged.json (`vqclip judge --json --labels ...`) and WAY.csv (`vqclip score`). A row for each way: how
often, in per cent, the judge finds what the text says, and the cosine with the text. Behind what the other ways have stands the
difference to the first, with the interval of 95 % that holds for other prompts: of a prompt the mean over its seeds, and of
these, in pairs, the t distribution. Compared are renders that both have finished.
"""

import csv
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "analysis"))

import numpy as np
from scipy import stats

from archive import Archive

ATTRIBUTES = ("object", "color", "place", "style")
COLUMNS = (*ATTRIBUTES, "all of it", "cosine")
COVERED = 0.95


def measure(folder, way):
    """(prompt, seed) -> a value for each column."""
    judged = json.loads((folder / f"{way}.judged.json").read_text())
    answers = {int(picture["picture"]): picture for picture in judged["pictures"]}
    with open(folder / f"{way}.csv", newline="") as table:
        cosines = {int(row["number"]): float(row["clip_cosine"]) for row in csv.DictReader(table)}
    found = {}
    with Archive(folder / f"{way}.h5") as archive:
        for render in archive.finished():
            answer = answers[render.number]
            right = [answer[name]["value"] == answer[name]["expected"] if "expected" in answer[name] else np.nan
                     for name in ATTRIBUTES]
            everything = np.nanmin(right)  # 1 where all that the text says is right
            found[render.prompt, render.seed] = np.array([*right, everything, cosines[render.number]], dtype=float)
    return found


def of_prompts(found, keys):
    """A row for each prompt: the means over its seeds."""
    prompts = dict.fromkeys(prompt for prompt, _ in keys)
    return np.array([np.nanmean([found[key] for key in keys if key[0] == prompt], axis=0) for prompt in prompts])


def difference(values):
    """The mean of differences, and half of its interval, of the prompts that have one."""
    values = values[~np.isnan(values)]
    half = stats.t.ppf((1 + COVERED) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), half


def shown(column, value, form=""):
    return f"{value:{form}.3f}" if column == "cosine" else f"{100 * value:{form}.1f}"


def cells_of(found, first, keys):
    """What is found of these pictures; with `first`, the differences to what it has of them."""
    rows = of_prompts(found, keys)
    cells = [shown(column, np.nanmean(rows[:, i])) for i, column in enumerate(COLUMNS)]
    if first is not None:
        apart = [difference(column) for column in (rows - of_prompts(first, keys)).T]
        cells = [f"{cell} ({shown(column, value, '+')} ± {shown(column, half)})"
                 for cell, column, (value, half) in zip(cells, COLUMNS, apart, strict=True)]
    return cells


def main():
    folder = pathlib.Path(sys.argv[1])
    first, *others = sys.argv[2:]
    start = measure(folder, first)
    print("| way | prompts | pictures | " + " | ".join(COLUMNS) + " |")
    print("| --- |" + " --- |" * (len(COLUMNS) + 2))
    for way in (first, *others):
        found = start if way == first else measure(folder, way)
        keys = sorted(start.keys() & found.keys())
        cells = [way, str(len({prompt for prompt, _ in keys})), str(len(keys))]
        cells += cells_of(found, None if way == first else start, keys)
        print(f"| {' | '.join(cells)} |")


main()
