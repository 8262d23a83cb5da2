#!/usr/bin/env python3
"""How much of a processor a step takes in several builds, on a machine that is busy with other work.

    tests/bench/processor_time.py JOB PROGRAM [PROGRAM ...] [--rounds N] [--steps N] [--threads N]

The programs run `bench` one after another, in an order that turns from round to round. Each runs twice, for two steps and
for more: the difference of their processor times, without the start, is that of the steps. It leaves out waiting for a
processor, which wall time counts; but it is longer where others' work takes caches and memory, so that builds must be
compared within one series. One line a program: the median of the rounds, the least and the most, the ratio of the median
to the first program's, and the memory at most. With more than one thread, time that threads wait spinning counts.
"""

import argparse
import json
import resource
import statistics
import subprocess

FEW = 2


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(program, options, steps):
    """Processor time of a whole run, and the most memory it took."""
    command = [program, "bench", options.job, "--steps", str(steps), "--warm-up", "1", "--json"]
    before = processor_seconds()
    done = subprocess.run([*command, "--threads", str(options.threads)], stdout=subprocess.PIPE, check=True)
    return processor_seconds() - before, json.loads(done.stdout)["peak_memory_bytes"]


def step_seconds(program, options):
    few, _ = run(program, options, FEW)
    many, memory = run(program, options, FEW + options.steps)
    return (many - few) / options.steps, memory


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("job")
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if min(options.rounds, options.steps, options.threads) < 1:
        parser.error("rounds, steps and threads are at least 1")
    seconds = [[] for _ in options.programs]
    memory = [0] * len(options.programs)
    for turn in range(options.rounds):
        for i in range(len(options.programs)):
            at = (i + turn) % len(options.programs)
            taken, most = step_seconds(options.programs[at], options)
            seconds[at].append(taken)
            memory[at] = max(memory[at], most)
    first = statistics.median(seconds[0])
    for program, taken, most in zip(options.programs, seconds, memory):
        median = statistics.median(taken)
        print(f"{program}: {1e3 * median:.1f} ms a step ({1e3 * min(taken):.1f} to {1e3 * max(taken):.1f}), "
              f"{median / first:.3f} of the first, {most >> 20} MiB")


if __name__ == "__main__":
    main()
