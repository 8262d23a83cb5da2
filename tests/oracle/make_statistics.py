#!/usr/bin/env python3
"""Writes tests/analysis/fixtures/statistics.json: ratings and pairs, and what public packages make of them.

    tests/oracle/make_statistics.py

Needs R with lmerTest and psychotools (Debian: r-cran-lmertest r-cran-psychotools), and Python's krippendorff and statsmodels.
The tables' crossed variances are all positive in lme4's fit: there its estimates are those of mean squares.
"""

import importlib.metadata
import json
import subprocess
import tempfile
from pathlib import Path

import krippendorff
import numpy as np
from statsmodels.stats.multitest import multipletests

OUTPUT = Path(__file__).resolve().parents[1] / "analysis/fixtures/statistics.json"
CROSSED = """
suppressMessages(library(lmerTest))
d <- read.csv(commandArgs(TRUE)[1]); d$rater <- factor(d$rater); d$prompt <- factor(d$prompt)
m <- lmer(y ~ 1 + (1 | rater) + (1 | prompt), d, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14)))
v <- as.data.frame(VarCorr(m)); c <- coef(summary(m))[1, ]
cat(sprintf("%.12g", c(c, v$vcov[match(c("rater", "prompt", "Residual"), v$grp)])))
"""
PAIRS = """
suppressMessages(library(psychotools))
d <- as.matrix(read.csv(commandArgs(TRUE)[1], header = FALSE)); k <- as.integer(commandArgs(TRUE)[2])
m <- btmodel(paircomp(d, labels = letters[1:k]), undecided = TRUE)
cat(sprintf("%.12g", c(coef(m), logLik(m))))
"""
HOLM = 'x <- scan(commandArgs(TRUE)[1], quiet = TRUE); cat(sprintf("%.12g", p.adjust(x, "holm")))'
RANKS = """
d <- read.csv(commandArgs(TRUE)[1])
cat(sprintf("%.12g", c(cor(d$x, d$y, method = "spearman"), cor(d$x, d$y, method = "kendall"))))
"""
VERSIONS = 'for (p in c("lme4", "lmerTest", "psychotools")) cat(as.character(packageVersion(p)), "")'


def run_r(script, content="", *words):
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(content)
        file.flush()
        done = subprocess.run(["Rscript", "-e", script, file.name, *words], capture_output=True, text=True, check=True)
    return done.stdout.split()


def numbers(words):
    return [float(word) for word in words]


def crossed_case(rng, raters, prompts, missing):
    table = np.round(0.4 + rng.normal(0, 0.7, (raters, 1)) + rng.normal(0, 0.8, (1, prompts)) +
                     rng.normal(0, 1, (raters, prompts)), 2)  # fmt: skip
    table[rng.random(table.shape) < missing] = np.nan
    rows = "".join(f"{rater},{prompt},{table[rater, prompt]}\n" for rater, prompt in zip(*np.nonzero(~np.isnan(table))))
    mean, error, freedom, _, p, *variances = numbers(run_r(CROSSED, "rater,prompt,y\n" + rows))
    if min(variances) < 0.01:
        return crossed_case(rng, raters, prompts, missing)
    values = [[None if np.isnan(value) else value for value in row] for row in table.tolist()]
    return {"table": values, "mean": mean, "error": error, "freedom": freedom, "p": p, "variances": variances}


def pairs_case(rng, systems, judges):
    """Rows of answers in the order (1:2), (1:3), (2:3), (1:4)...: 1 the first is better, 0 a tie, −1."""
    pairs = [(first, second) for second in range(systems) for first in range(second)]
    strength = np.linspace(0.8, 0, systems)
    better = np.array([strength[first] - strength[second] for first, second in pairs])
    answers = better + rng.logistic(size=(judges, len(pairs)))
    answers = (np.sign(answers) * (np.abs(answers) > 0.5)).astype(int)
    *strengths, tie, likelihood = numbers(
        run_r(PAIRS, "\n".join(",".join(map(str, row)) for row in answers.tolist()) + "\n", str(systems)))
    return {"pairs": pairs, "answers": answers.tolist(), "strengths": [*strengths, 0.0], "log_tie": tie,
            "log_likelihood": likelihood}


def alpha_case(rng, raters, units):
    values = np.clip(np.round(3 + rng.normal(0, 1, units) + rng.normal(0, 0.8, (raters, units))), 1, 5)
    values[rng.random(values.shape) < 0.2] = np.nan
    alphas = {level: krippendorff.alpha(reliability_data=values, level_of_measurement=level)
              for level in ("nominal", "ordinal", "interval")}
    return {"values": [[None if np.isnan(value) else value for value in row] for row in values.tolist()], **alphas}


def holm_case(rng, count):
    p_values = np.round(rng.beta(0.5, 6, count), 4)
    ours = numbers(run_r(HOLM, " ".join(map(str, p_values))))
    assert np.allclose(ours, multipletests(p_values, method="holm")[1], atol=1e-10)
    return {"p": p_values.tolist(), "holm": ours}


def ranks_case(rng, count):
    x = np.round(rng.normal(size=count), 1)
    y = np.clip(np.round(3 + 0.8 * x + rng.normal(size=count)), 1, 5)
    spearman, kendall = numbers(run_r(RANKS, "x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y))))
    return {"x": x.tolist(), "y": y.tolist(), "spearman": spearman, "kendall": kendall}


def main():
    rng = np.random.default_rng(16)
    versions = dict(zip(("lme4", "lmerTest", "psychotools"), run_r(VERSIONS)))
    versions |= {name: importlib.metadata.version(name) for name in ("krippendorff", "statsmodels")}
    content = {
        "versions": versions,
        "whole": [crossed_case(rng, *size, 0) for size in ((3, 6), (6, 12), (12, 5), (8, 8))],
        "missing": [crossed_case(rng, *size, 0.2) for size in ((6, 12), (12, 12))],
        "davidson": [pairs_case(rng, *size) for size in ((3, 30), (5, 24))],
        "alpha": [alpha_case(rng, *size) for size in ((4, 12), (9, 30))],
        "holm": [holm_case(rng, count) for count in (3, 10)],
        "ranks": [ranks_case(rng, 40)],
    }
    text = "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(cases)}" for name, cases in content.items()) + "\n}"
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(text + "\n")


if __name__ == "__main__":
    main()
