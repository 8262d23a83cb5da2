#!/usr/bin/env python3
"""How many of a hundred intervals of analysis/crossed.py hold the true difference: tables in Markdown, and what
analysis/coverage.csv says to tables' notes.

    PYTHONPATH=analysis OPENBLAS_NUM_THREADS=1 tests/analysis/coverage.py [--studies N] [--forms FORM ...] [--seed S]
        [--csv FILE]

For each number of raters and prompts and each kind of variation, studies are drawn of which the true difference is 0:
normal; as ratings from 1 to 5 of two systems, rounded; and with a fifth and a half of the cells missing; as answers to
pairs, better, tie or worse; and as rounds, where each cell has one of both systems. p is of the same t as the interval, so
that what is missing to 1 is the share of wrong discoveries at 0.05: the script counts both, and fails where they differ.

Studies with missing cells come in groups that lack the same cells, as what does not depend on the ratings is computed once.
"""

import argparse
import concurrent.futures
import csv
import itertools
import sys

import numpy as np
from scipy import stats

import crossed

RATERS = (3, 4, 6, 12, 40)
PROMPTS = (3, 4, 6, 12, 40)
# Standard deviations of what raters, prompts and the rest add to a difference.
KINDS = {"noise": (0, 0, 1), "prompts": (0, 0.7, 1), "raters": (0.7, 0, 1), "both": (0.5, 0.5, 1),
         "hardly noise": (0.5, 0.5, 0.1)}  # fmt: skip
STUDY_OF = {"normal": "ratings", "1 to 5": "ratings", "1/5 missing": "ratings", "1/2 missing": "ratings", "pairs": "pairs",
            "rounds": "rounds"}  # of each form
FORMS = tuple(STUDY_OF)
STUDIES = tuple(dict.fromkeys(STUDY_OF.values()))
MISSING = {"1/5 missing": 0.2, "1/2 missing": 0.5}
GROUP = 100  # studies that lack the same cells
CHUNK = 1000  # studies at once


def draws(rng, studies, raters, prompts, kind):
    """What raters and prompts add to a difference, and the rest (studies, raters, prompts)."""
    rater, prompt, rest = KINDS[kind]
    return (rng.normal(0, rater, (studies, raters, 1)) + rng.normal(0, prompt, (studies, 1, prompts)),
            rng.normal(0, rest, (studies, raters, prompts)))


def bases(rng, studies, raters, prompts):
    """How much raters give and prompts get, whichever system it is of."""
    return 3 + rng.normal(0, 0.5, (studies, raters, 1)) + rng.normal(0, 0.6, (studies, 1, prompts))


def halves(raters, prompts):
    """Which system a cell of a study in rounds has, 1 or −1."""
    return np.where(np.add.outer(np.arange(raters), np.arange(prompts)) % 2 == 0, 1, -1)


def group(rng, studies, raters, prompts, kind, form):
    """A design, and studies of it (studies, n)."""
    levels, rest = draws(rng, studies, raters, prompts, kind)
    whole = np.ones((raters, prompts), bool)
    if form == "rounds":  # a rating's own noise is that of half a difference
        side = halves(raters, prompts)
        values = bases(rng, studies, raters, prompts) + side * levels / 2 + rest / np.sqrt(2)
        return crossed.of_sides(side), values[:, whole]
    differences = levels + rest
    if form == "1 to 5":
        base = bases(rng, studies, raters, prompts)
        first, second = (np.clip(np.round(base + sign * differences / 2), 1, 5) for sign in (1, -1))
        differences = first - second
    elif form == "pairs":
        differences = np.sign(differences) * (np.abs(differences) > 0.4)
    elif form in MISSING:
        whole = rng.random((raters, prompts)) >= MISSING[form]
    return (crossed.of_cells(whole) if whole.any() else None), differences[:, whole]


def count(design, values):
    """Studies that say something; of these, those whose interval holds 0, and those with p above 0.05."""
    if design is None:
        return np.zeros(3, int)
    error, freedom = design.errors(values)
    given = ~np.isnan(error)
    mean, error, freedom = np.abs(values @ design.weights)[given], error[given], freedom[given]
    half = error * stats.t.ppf((1 + crossed.COVERED) / 2, freedom)
    p = 2 * stats.t.sf(mean / error, freedom)
    return np.array([given.sum(), (mean <= half).sum(), (p > 1 - crossed.COVERED).sum()])


def cell(job):
    raters, prompts, kind, form, studies, seed = job
    rng = np.random.default_rng([seed, raters, prompts, list(KINDS).index(kind), FORMS.index(form)])
    size = GROUP if form in MISSING else CHUNK
    counts = sum(count(*group(rng, min(size, studies - start), raters, prompts, kind, form))
                 for start in range(0, studies, size))
    if counts[1] != counts[2]:
        sys.exit(f"{job}: {counts[1]} intervals hold 0, {counts[2]} p values are above 0.05")
    return counts[1] / counts[0] if counts[0] else np.nan, int(counts[0])


def text(share, given, studies):
    return "–" if given == 0 else f"{share:.3f}" + (f" ({given / studies:.0%})" if given < studies else "")


def print_form(form, found, studies):
    print(f"\n## {form.capitalize()}\n\n| raters x prompts | {' | '.join(KINDS)} |\n| --- |{' ---: |' * len(KINDS)}")
    for raters, prompts in itertools.product(RATERS, PROMPTS):
        cells = [text(*found[raters, prompts, kind, form], studies) for kind in KINDS]
        print(f"| {raters} x {prompts} | {' | '.join(cells)} |")


def write_bounds(path, found, forms):
    """For notes: raters, prompts, what kind of study, and the least and the largest share over its forms."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["raters", "prompts", "study", "least", "most"])
        for study, raters, prompts in itertools.product(STUDIES, RATERS, PROMPTS):
            shares = [found[raters, prompts, kind, form][0] for kind in KINDS for form in forms
                      if STUDY_OF[form] == study and found[raters, prompts, kind, form][1]]
            if shares:
                writer.writerow([raters, prompts, study, f"{min(shares):.3f}", f"{max(shares):.3f}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=20000)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", help="where to write the least and largest shares")
    arguments = parser.parse_args()
    jobs = [(raters, prompts, kind, form, arguments.studies, arguments.seed)
            for form, raters, prompts, kind in itertools.product(arguments.forms, RATERS, PROMPTS, KINDS)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        found = dict(zip((job[:4] for job in jobs), pool.map(cell, jobs)))
    for form in arguments.forms:
        print_form(form, found, arguments.studies)
    for form in arguments.forms:
        shares = {job[:3]: found[job[:4]][0] for job in jobs if job[3] == form and found[job[:4]][1]}
        outside = [(job, share) for job, share in shares.items() if not 0.92 <= share <= 0.98]
        print(f"\n{form}: {min(shares.values()):.3f} to {max(shares.values()):.3f}, {len(outside)} of {len(shares)} outside")
        print("; ".join(f"{raters} x {prompts} {kind} {share:.3f}" for (raters, prompts, kind), share in outside))
    if arguments.csv:
        write_bounds(arguments.csv, found, arguments.forms)


if __name__ == "__main__":
    main()
