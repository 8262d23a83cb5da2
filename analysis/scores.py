"""Scores of pictures, as `vqclip score` writes them: a row for each picture, columns PERCEPTOR_MEASURE."""

import dataclasses
import math
from pathlib import Path

from command import BadInput, parse_csv, read_text

NEEDED = ("id", "prompt", "seed", "picture_sha256")
OF_PICTURES = ("number", "file", "id", "prompt", "text", "seed", "category", "group", "picture_sha256")


@dataclasses.dataclass(frozen=True)
class Scored:
    """A picture with its scores by column; NaN where it has none."""

    id: str
    prompt: str
    seed: str
    sha256: str
    scores: dict[str, float]


def read_score(path: Path, number: int, column: str, cell: str) -> float:
    try:
        return float(cell) if cell else math.nan
    except ValueError:
        raise BadInput(f"{path}: row {number}: column {column}: expected a number, found {cell!r}") from None


def read_rows(path: Path, needed: tuple[str, ...]) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of a file, which has at least these columns."""
    names, rows = parse_csv(path, read_text(path))
    if lacking := [name for name in needed if name not in names]:
        raise BadInput(f"{path}: expected scores as vqclip score writes them, found no column {lacking[0]}")
    return names, rows


def read_scores(paths: list[Path]) -> list[Scored]:
    """The pictures of several files, which must have the same columns."""
    pictures: list[Scored] = []
    known: tuple[Path, list[str]] | None = None
    for path in paths:
        names, rows = read_rows(path, NEEDED)
        if known is not None and names != known[1]:
            raise BadInput(f"{path}: expected the columns of {known[0]}, {','.join(known[1])}, found {','.join(names)}")
        known = path, names
        columns = [name for name in names if name not in OF_PICTURES]
        pictures += [Scored(row["id"], " ".join(row["prompt"].split()), row["seed"], row["picture_sha256"],
                            {column: read_score(path, number, column, row[column]) for column in columns})
                     for number, row in enumerate(rows, 1)]
    if not pictures:
        raise BadInput(f"{', '.join(map(str, paths))}: expected scores, found none")
    return pictures


def guided_column(column: str) -> str:
    """The column that says whether the perceptor that gave a score guided the picture."""
    return f"{column.rpartition('_')[0]}_guided"


def chosen_columns(pictures: list[Scored], columns: list[str] | None) -> list[str]:
    """Those columns, or all of CLIPScores and of what aesthetic heads find."""
    there = list(pictures[0].scores)
    if columns is None:
        columns = [name for name in there if name.endswith(("_clipscore", "_aesthetic"))]
    if unknown := [name for name in columns if name not in there]:
        raise BadInput(f"expected a column of scores out of {', '.join(there)}, found {unknown[0]}")
    if not columns:
        raise BadInput(f"expected scores that end in _clipscore or _aesthetic, or --columns, out of {', '.join(there)}")
    return columns
