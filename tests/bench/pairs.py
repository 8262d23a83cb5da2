#!/usr/bin/env python3
"""How the step time of two builds compares, on a machine whose speed wavers.

    tests/bench/pairs.py EARLIER LATER JOB [--pairs N] [--steps N]

Both programs run `bench` at the same moment, one thread each, each on a processor of its own, and change places from one
pair to the next: what the machine does meets both. Printed is the geometric mean of later over earlier, with the interval
that holds it in 95 of 100 such series (of means of two neighbouring pairs, so that the processors cancel).
"""

import argparse
import json
import math
import statistics
import subprocess


def start(program, job, steps, processor):
    command = ["taskset", "-c", str(processor), program, "bench", job, "--steps", str(steps), "--threads", "1", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def seconds(process):
    return json.loads(process.communicate()[0])["step"]["median_seconds"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs=2)
    parser.add_argument("job")
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_args()
    logarithms = []
    for pair in range(options.pairs):
        running = [start(program, options.job, options.steps, (pair + i) % 2) for i, program in enumerate(options.programs)]
        earlier, later = map(seconds, running)
        logarithms.append(math.log(later / earlier))
    means = [statistics.mean(logarithms[i:i + 2]) for i in range(0, len(logarithms) - 1, 2)]
    mean, error = statistics.mean(means), statistics.stdev(means) / math.sqrt(len(means))
    low, middle, high = (math.exp(mean + side * 2 * error) for side in (-1, 0, 1))
    print(f"{options.pairs} pairs: later / earlier {middle:.4f}, 95 % {low:.4f} to {high:.4f}")


if __name__ == "__main__":
    main()
