"""What the programs of this folder have in common: their errors, and how they end.

Like vqclip itself they end with exit code 2 after bad usage or bad input, and with 1 where a run failed, after one line
on standard error. Remarks that are no errors go to standard error too, so that standard output holds results only.
"""

import argparse
import csv
import io
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

Row = TypeVar("Row")
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2


class BadInput(Exception):
    """Input that cannot be used; the message names the file, what was expected and what was found."""


def say(text: str) -> None:
    print(text, file=sys.stderr)


def called(file: str) -> str:
    """The program's name: that which pip gave it, or its file's."""
    name = Path(sys.argv[0]).name
    return name if name.startswith("vqclip-") else file


def run(parser: argparse.ArgumentParser, words: Iterable[str] | None = None) -> int:
    """Parses the words and runs the chosen command, which argparse finds as `run`; returns the exit code."""
    arguments = parser.parse_args(words)
    run_command: Callable[[argparse.Namespace], None] = arguments.run
    try:
        run_command(arguments)
    except BadInput as error:
        say(f"{parser.prog}: {error}")
        return EXIT_BAD_INPUT
    except BrokenPipeError:
        sys.stdout = None  # whoever read standard output has enough; nothing is left to be flushed
        return EXIT_FAILED
    except MemoryError:
        say(f"{parser.prog}: not enough memory for what the input says it holds")
        return EXIT_FAILED
    except OSError as error:
        say(f"{parser.prog}: {error.filename or 'file'}: {error.strerror or error}")
        return EXIT_FAILED
    return 0


def read_text(path: Path) -> str:
    """The text of an input file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: expected text in UTF-8") from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None


def parse_csv(path: Path, text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and the rows of a CSV file's text. Cells that a row lacks are empty."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        rows = list(reader)
    except csv.Error as error:
        raise BadInput(f"{path}: line {reader.line_num}: expected CSV, found {error}") from None
    return list(reader.fieldnames or []), rows


def read_table(path: Path, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Those columns of a CSV file, with single spaces between words. None of their cells may be empty."""
    names, rows = parse_csv(path, read_text(path))
    if not set(columns) <= set(names):
        raise BadInput(f"{path}: expected columns {' and '.join(columns)}, found {', '.join(names) or 'none'}")
    table = [tuple(" ".join(row[column].split()) for column in columns) for row in rows]
    for number, cells in enumerate(table, 1):
        if not all(cells):
            raise BadInput(f"{path}: row {number}: expected {' and '.join(columns)}, found {cells}")
    return table


def split_question(path: Path) -> tuple[Path, str]:
    """FILE@QUESTION -> file, question; "" where none is named. A path may hold an @ itself."""
    file, at, question = str(path).rpartition("@")
    return (Path(file), question) if at and not path.exists() else (path, "")


def of_one_question(path: Path, read_every: Callable[[Path], dict[str, list[Row]]]) -> list[Row]:
    """Of what a file has by question the rows of one: of FILE@QUESTION where it has several."""
    file, asked = split_question(path)
    found = read_every(file)
    if asked and asked not in found:
        raise BadInput(f"{file}: expected a question out of {', '.join(found)}, found {asked!r}")
    if not asked and len(found) > 1:
        raise BadInput(f"{path}: expected answers to one question, found {', '.join(found)}; choose one by "
                       f"{path}@{next(iter(found))}")
    return found[asked] if asked else next(iter(found.values()))


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is there as a whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.replace(path)


def positive(text: str) -> int:
    """An argparse type: a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)


def count(text: str) -> int:
    """An argparse type: a whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, found {text!r}")
    return int(text)


def counts(text: str) -> list[int]:
    """An argparse type: "6,12", whole numbers of at least 1."""
    return [positive(part.strip()) for part in text.split(",")]


def number(text: str) -> float:
    """An argparse type: a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected a number, found {text!r}")
    return value


def above_zero(text: str) -> float:
    """An argparse type: a number above 0."""
    if (value := number(text)) <= 0:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value


def share(text: str) -> float:
    """An argparse type: a number between 0 and 1."""
    if not 0 < (value := number(text)) < 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, found {text!r}")
    return value
