#!/usr/bin/env python3
"""Sums what Nsight Compute measured of each kernel launch of `vqclip bench` by kernel, for one step:

    python3 tests/gpu/kernel_times.py LAUNCHES.csv [--json FILE] [--rows 25]

LAUNCHES.csv: `ncu --csv --metrics gpu__time_duration.sum[,dram__bytes.sum]`. The step is the last sequence of launches
that stands there twice in a row: the longest one, as a step itself repeats blocks of its networks. Without such a
sequence all launches are summed, and the table says so. Times are those of kernels that run alone: no gaps between
them, and no overlap.
"""

import argparse
import csv
import json
from pathlib import Path

TIME, TRAFFIC = "gpu__time_duration.sum", "dram__bytes.sum"
UNITS = {"second": 1.0, "msecond": 1e-3, "usecond": 1e-6, "nsecond": 1e-9, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
SIZES = {"byte": 1.0, "Kbyte": 1e3, "Mbyte": 1e6, "Gbyte": 1e9}


def launches_read(path):
    """(name, seconds, bytes) of every launch, in their order."""
    lines = [line for line in Path(path).read_text(errors="replace").splitlines() if line.startswith('"')]
    launches = {}
    for row in csv.DictReader(lines):
        launch = launches.setdefault(int(row["ID"]), {"name": row["Kernel Name"], TIME: 0.0, TRAFFIC: 0.0})
        metric = row["Metric Name"]
        if metric in (TIME, TRAFFIC):
            factor = (UNITS if metric == TIME else SIZES)[row["Metric Unit"]]
            launch[metric] = float(row["Metric Value"].replace(",", "")) * factor
    return [(launch["name"], launch[TIME], launch[TRAFFIC]) for _, launch in sorted(launches.items())]


def last_repetition(names):
    """(begin, end) of the second half of the longest sequence that stands twice in a row; None without one."""
    numbers = {}
    row = [numbers.setdefault(name, len(numbers)) for name in names]
    for period in range(len(row) // 2, 0, -1):
        run = 0
        for index in range(len(row) - period - 1, -1, -1):
            run = run + 1 if row[index] == row[index + period] else 0
            if run == period:
                return index + period, index + 2 * period
    return None


def short(name):
    """Without the parameters, which start at the last bracket that is not inside < >."""
    depth = 0
    for index in range(len(name) - 1, 0, -1):
        depth += (name[index] in ")>") - (name[index] in "(<")
        if name[index] == "(" and depth == 0:
            name = name[:index]
            break
    return name.removeprefix("void ").replace("(anonymous namespace)::", "")


def sums(launches):
    kernels = {}
    for name, seconds, size in launches:
        kernel = kernels.setdefault(short(name), {"kernel": short(name), "launches": 0, "seconds": 0.0, "bytes": 0.0})
        kernel["launches"] += 1
        kernel["seconds"] += seconds
        kernel["bytes"] += size
    return sorted(kernels.values(), key=lambda kernel: -kernel["seconds"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("launches", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rows", type=int, default=25)
    options = parser.parse_args()
    launches = launches_read(options.launches)
    step = last_repetition([name for name, _, _ in launches])
    counted = launches[step[0] : step[1]] if step else launches
    kernels = sums(counted)
    total = sum(kernel["seconds"] for kernel in kernels)
    what = "one step" if step else "all launches (no step found)"
    print(f"result: {what}: {len(counted)} launches, {1000 * total:.3f} ms in kernels")
    print(f"{'share':>7} {'ms':>9} {'launches':>9} {'GB/s':>7}  kernel")
    for kernel in kernels[: options.rows]:
        rate = kernel["bytes"] / kernel["seconds"] / 1e9 if kernel["seconds"] else 0
        share = 100 * kernel["seconds"] / total if total else 0
        print(f"{share:6.1f}% {1000 * kernel['seconds']:9.3f} {kernel['launches']:9d} {rate:7.0f}  {kernel['kernel'][:110]}")
    if options.json:
        report = {"what": what, "launches": len(counted), "seconds": total, "kernels": kernels}
        options.json.write_text(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
