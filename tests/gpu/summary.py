#!/usr/bin/env python3
"""Prints what run.sh measured of the paper's configuration as one table: this program beside PyTorch on the same card.

    python3 tests/gpu/summary.py build/gpu/gpu.json

The arithmetic of a step is that of the decoder (253 GFLOP) and of 32 crops in the image tower (8.8 GFLOP each), forward
and backward; its share is of the rate at which the card multiplied large bf16 matrices in the same run.
"""

import json
import sys
from pathlib import Path

STEPS_OF_A_PICTURE = 400
STEP_FLOPS = 2 * (253e9 + 32 * 8.8e9)


def program_rows(measurements):
    rows = []
    for name in ("paper_f32", "paper_tf32", "paper_bf16"):
        for report in measurements.get(name, []):
            pictures = report["lanes"]
            seconds = report["step"]["median_seconds"]
            memory = report["device_used_bytes"]
            rows.append((f"vqclip {name[6:]}", pictures, seconds, memory))
    return rows


def peer_rows(measurements):
    rows = []
    for line in measurements.get("peer", []):
        name = f"PyTorch {line['peer']}"
        if "failure" in line:
            print(f"{name}: {line['failure']}")
        else:
            rows.append((name, line["pictures"], line["seconds_per_step"], line["peak_memory_bytes"]))
    return rows


def per_picture(rows):
    """By name: seconds per picture and step, and memory, alone and in the largest batch."""
    table = {}
    for name, pictures, seconds, memory in rows:
        entry = table.setdefault(name, {})
        kind = "alone" if pictures == 1 else "batched"
        if kind not in entry or pictures > entry[kind][0]:
            entry[kind] = (pictures, seconds / pictures, memory)
    return table


def cell(entry, kind, text):
    return text(*entry[kind]) if kind in entry else "-"


def print_table(table, rate):
    eager = table.get("PyTorch eager_f32", {}).get("alone")
    print(f"{'paper configuration':24} {'s/step':>9} {'s/picture':>10} {'batched (of)':>14} {'x eager':>8} "
          f"{'of rate':>8} {'GB':>6}")  # fmt: skip
    for name, entry in table.items():
        if "alone" not in entry:
            continue
        _, seconds, memory = entry["alone"]
        batched = cell(entry, "batched", lambda count, step, _: f"{STEPS_OF_A_PICTURE * step:.2f} ({count})")
        times = f"{eager[1] / seconds:.2f}" if eager else "-"
        share = f"{100 * STEP_FLOPS / seconds / rate:.1f} %" if rate else "-"
        size = f"{memory / 1e9:.2f}" if memory else "-"
        print(f"{name:24} {seconds:9.5f} {STEPS_OF_A_PICTURE * seconds:10.2f} {batched:>14} {times:>8} {share:>8} {size:>6}")


def print_profile(measurements, table):
    for report in measurements.get("profile_bf16", []):
        line = f"{report['what']} in kernels: {1000 * report['seconds']:.3f} ms, {report['launches']} launches"
        step = table.get("vqclip bf16", {}).get("alone")
        if step:
            line += f"; the measured step takes {1000 * step[1]:.3f} ms"
        print(line)
        for kernel in report["kernels"][:8]:
            share = 100 * kernel["seconds"] / report["seconds"]
            print(f"  {share:5.1f} %  {1000 * kernel['seconds']:8.3f} ms  {kernel['launches']:5d} x  {kernel['kernel'][:90]}")


def main():
    measurements = json.loads(Path(sys.argv[1]).read_text()).get("measurements", {})
    rate = None
    for card in measurements.get("card", []):
        rate = card["bf16_product_flops_per_second"]
        print(f"\ncard: {rate / 1e12:.0f} TFLOP/s in bf16 products, {card['copy_bytes_per_second'] / 1e12:.2f} TB/s copying")
    table = per_picture(program_rows(measurements) + peer_rows(measurements))
    if table:
        print()
        print_table(table, rate)
    print_profile(measurements, table)


if __name__ == "__main__":
    main()
