"""How figures look, and how they are saved: the same input gives the same file."""

import argparse
import textwrap
from pathlib import Path

from matplotlib import pyplot as plt

ENDINGS = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 150
# Okabe and Ito's colours, told apart by people who see colours differently; lines differ in dashes too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")
STYLE = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
         "grid.color": "#dddddd", "grid.linewidth": 0.6, "svg.hashsalt": "vqclip", "savefig.dpi": DOTS_PER_INCH,
         "text.parse_math": False}

plt.switch_backend("Agg")
plt.rcParams.update(STYLE)


def output_path(text: str) -> Path:
    """An argparse type: a file with a known ending."""
    if Path(text).suffix.lower() not in ENDINGS:
        raise argparse.ArgumentTypeError(f"expected a name that ends in {', '.join(ENDINGS)}, found {text!r}")
    return Path(text)


def save(figure: plt.Figure, path: Path) -> None:
    """Without the date and version that would make each file another one."""
    dated = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    figure.savefig(path, metadata=dated[path.suffix.lower()])
    plt.close(figure)
    print(path)


def wrapped(text: str, width: int, lines: int) -> str:
    """At most so many lines for each of the text's own."""
    return "\n".join(line for part in text.splitlines() for line in
                     textwrap.wrap(part, width, max_lines=lines, placeholder=" ...", break_on_hyphens=False))


def draw_legend(figure: plt.Figure, axes: list[plt.Axes]) -> None:
    """One legend for all panels, in room added below them."""
    entries = {label: handle for place in axes
               for handle, label in zip(*place.get_legend_handles_labels(), strict=True)}
    columns = 1 if max(map(len, entries)) > 30 else min(3, len(entries))
    inches = 0.2 + 0.2 * -(-len(entries) // columns)
    figure.set_figheight(figure.get_figheight() + inches)
    figure.legend(entries.values(), entries.keys(), loc="lower center", frameon=False, handlelength=3, ncols=columns)
    figure.tight_layout(rect=(0, inches / figure.get_figheight(), 1, 1))
