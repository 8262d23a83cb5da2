"""A row of scale.sh's table: scale_figures.py RANKS MILLISECONDS REPORT, with lines of `time -f '%M %U %S'` on standard
input, one for each rank."""

import json
import sys
from pathlib import Path

PARTS = ("start_seconds", "step_seconds", "finish_seconds", "free_seconds")

ranks, seconds = int(sys.argv[1]), int(sys.argv[2]) / 1000
report = json.loads(Path(sys.argv[3]).read_text())
usage = [[float(number) for number in line.split()] for line in sys.stdin]
if len(usage) != ranks:
    sys.exit(f"expected a line of each of {ranks} ranks, found {len(usage)}")
memory = [row[0] / 1024 for row in usage]
launch = report["rank_seconds"] / ranks
shares = [report[part] / report["rank_seconds"] for part in PARTS] + [report["scheduling_share"]]
print(f"| {ranks} | {seconds:.1f}, {seconds - launch:.1f} | {report['steps'] / launch:.0f} "
      f"| {sum(row[1] + row[2] for row in usage):.1f} | {sum(memory) / ranks:.1f}, {max(memory):.1f} "
      f"| {', '.join(f'{100 * share:.1f} %' for share in shares)} | {report['joins']:.0f} |")
