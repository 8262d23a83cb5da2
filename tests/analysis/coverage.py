#!/usr/bin/env python3
"""How many of a hundred intervals of analysis/crossed.py hold the true difference: a table in Markdown.

    PYTHONPATH=analysis tests/analysis/coverage.py [--studies N] [--forms FORM ...] [--seed S]

For each number of raters and prompts and each kind of variation, studies are drawn of which the true difference is 0:
normal; as ratings from 1 to 5 of two systems, rounded; and with a fifth and a half of the cells missing; and as rounds,
where each cell has one of both systems. p is of the same t as the interval, so that what is missing to 100 is the share of
wrong discoveries at 0.05.
"""

import argparse
import concurrent.futures
import itertools

import numpy as np

import crossed

RATERS = (3, 6, 12, 40)
PROMPTS = (4, 12, 40)
# Standard deviations of what raters, prompts and the rest add to a difference.
KINDS = {"noise": (0, 0, 1), "prompts": (0, 0.7, 1), "raters": (0.7, 0, 1), "both": (0.5, 0.5, 1),
         "hardly noise": (0.5, 0.5, 0.1)}  # fmt: skip
FORMS = ("normal", "1 to 5", "1/5 missing", "1/2 missing", "rounds")


def random_parts(rng, raters, prompts, kind):
    rater, prompt, rest = KINDS[kind]
    return (rng.normal(0, rater, (raters, 1)) + rng.normal(0, prompt, (1, prompts)),
            rng.normal(0, rest, (raters, prompts)))


def estimate(rng, raters, prompts, kind, form):
    levels, rest = random_parts(rng, raters, prompts, kind)
    base = 3 + rng.normal(0, 0.5, (raters, 1)) + rng.normal(0, 0.6, (1, prompts))
    if form == "rounds":  # a rating's own noise is that of half a difference
        ratings = base + rng.normal(0, KINDS[kind][2] / np.sqrt(2), (raters, prompts))
        first = np.add.outer(np.arange(raters), np.arange(prompts)) % 2 == 0
        return crossed.of_difference(np.where(first, ratings + levels / 2, np.nan),
                                     np.where(first, np.nan, ratings - levels / 2))
    differences = levels + rest
    if form == "1 to 5":
        first, second = (np.clip(np.round(base + sign * differences / 2), 1, 5) for sign in (1, -1))
        differences = first - second
    elif form.endswith("missing"):
        share = 0.2 if form.startswith("1/5") else 0.5
        differences[rng.random(differences.shape) < share] = np.nan
    return crossed.of_values(differences)


def cell(job):
    raters, prompts, kind, form, studies, seed = job
    rng = np.random.default_rng([seed, raters, prompts, list(KINDS).index(kind), FORMS.index(form)])
    held = given = 0
    for _ in range(studies):
        found = estimate(rng, raters, prompts, kind, form)
        low, high = found.interval()
        given += not np.isnan(low)
        held += low <= 0 <= high
    return held / max(given, 1), given


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    jobs = [(raters, prompts, kind, form, arguments.studies, arguments.seed)
            for form, raters, prompts, kind in itertools.product(arguments.forms, RATERS, PROMPTS, KINDS)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        found = dict(zip((job[:4] for job in jobs), pool.map(cell, jobs)))
    for form in arguments.forms:
        print(f"\n{form}\n\n| raters x prompts | {' | '.join(KINDS)} |\n| --- |{' ---: |' * len(KINDS)}")
        for raters, prompts in itertools.product(RATERS, PROMPTS):
            cells = [found[raters, prompts, kind, form] for kind in KINDS]
            texts = [f"{share:.3f}" + (f" ({given})" if given < arguments.studies else "") for share, given in cells]
            print(f"| {raters} x {prompts} | {' | '.join(texts)} |")
    for few in (True, False):
        shares = [share for (raters, *_), (share, _) in found.items() if (raters < crossed.FEW) == few]
        print(f"\n{'fewer than' if few else 'from'} {crossed.FEW} raters: {min(shares):.3f} to {max(shares):.3f}")


if __name__ == "__main__":
    main()
