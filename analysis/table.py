"""A table, written as Markdown and LaTeX for people and as CSV for programs."""

import csv
import dataclasses
import io
import math
from pathlib import Path

from command import write_whole

NOTHING = "–"
LATEX = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
         "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "−": "$-$", "–": "--",
         "×": r"$\times$", "α": r"$\alpha$", "<": r"\textless{}", ">": r"\textgreater{}"}


@dataclasses.dataclass(frozen=True)
class Number:
    """A number, shown with so many digits after the point; NaN: there is none."""

    value: float
    digits: int = 2

    def __str__(self) -> str:
        if math.isnan(self.value):
            return NOTHING
        if 0 < self.value < 0.5 * 10**-self.digits:
            return f"< {10**-self.digits:.{self.digits}f}"
        return f"{self.value:.{self.digits}f}".replace("-", "−")

    def plain(self) -> str:
        return "" if math.isnan(self.value) else f"{self.value:.6g}"


@dataclasses.dataclass(frozen=True)
class Spread:
    """A mean with its standard deviation. In CSV it takes two columns."""

    mean: Number
    deviation: Number

    def __str__(self) -> str:
        return NOTHING if math.isnan(self.mean.value) else f"{self.mean} ± {self.deviation}"


Cell = str | int | Number | Spread


def plain_cells(cell: Cell, spread: bool) -> list[str]:
    """A cell for programs: two texts in a column of spreads, else one."""
    if isinstance(cell, Spread):
        return [cell.mean.plain(), cell.deviation.plain()]
    text = cell.plain() if isinstance(cell, Number) else "" if cell == NOTHING else str(cell)
    return [text, ""] if spread else [text]


def latex_text(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text.replace("\n", " "))


@dataclasses.dataclass(frozen=True)
class Table:
    """`name` becomes the file's name; the first `text_columns` columns hold words, the others numbers."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    note: str = ""
    text_columns: int = 1
    summary_rows: int = 0  # so many last rows sum up the others

    def markdown(self) -> str:
        def line(cells: list[Cell]) -> str:
            return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

        rule = ["---" if index < self.text_columns else "---:" for index in range(len(self.columns))]
        first_summary = len(self.rows) - self.summary_rows
        rows = [[f"**{cell}**" for cell in row] if number >= first_summary else row
                for number, row in enumerate(self.rows)]
        lines = [f"### {self.title}", "", line(self.columns), line(rule), *map(line, rows)]
        return "\n".join(lines + (["", self.note] if self.note else [])) + "\n"

    def csv(self) -> str:
        spreads = [any(isinstance(row[index], Spread) for row in self.rows) for index in range(len(self.columns))]
        head = [name for column, spread in zip(self.columns, spreads, strict=True)
                for name in ([column, f"{column} deviation"] if spread else [column])]
        rows = [[text for cell, spread in zip(row, spreads, strict=True) for text in plain_cells(cell, spread)]
                for row in self.rows]
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([head, *rows])
        return stream.getvalue()

    def latex(self) -> str:
        """A tabular with booktabs' rules, under its title."""
        def line(cells: list[Cell]) -> str:
            return " & ".join(latex_text(str(cell)) for cell in cells) + r" \\"

        form = "l" * self.text_columns + "r" * (len(self.columns) - self.text_columns)
        body = [line(row) for row in self.rows]
        if self.summary_rows:
            body.insert(len(body) - self.summary_rows, r"\midrule")
        title = f"% {self.title}. {self.note}".replace("\n", " ")
        return "\n".join([title, rf"\begin{{tabular}}{{{form}}}", r"\toprule", line(self.columns), r"\midrule", *body,
                          r"\bottomrule", r"\end{tabular}", ""])


def write_tables(folder: Path, tables: list[Table]) -> None:
    """Each table as NAME.md, NAME.csv and NAME.tex."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        for ending, content in (("md", table.markdown()), ("csv", table.csv()), ("tex", table.latex())):
            write_whole(folder / f"{table.name}.{ending}", content.encode())


def put_out(tables: list[Table], folder: Path | None) -> None:
    print("\n".join(table.markdown() for table in tables), end="")
    if folder is not None:
        write_tables(folder, tables)
