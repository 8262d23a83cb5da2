"""Who the raters were, as panels number people, and when: a table of its own, as it is personal and no part of the answers.

Of each rater's file: what the page's address said (PROLIFIC_PID and the like), when the page was first opened, agreed to, answered
to the end and saved, and how large the window was when it was last opened.
"""

import csv
import io
from pathlib import Path

from collection import RaterFile
from command import say, write_whole

TIMES = {"opened": "opened", "agreed": "agreed", "finished": "finished", "saved": "saved"}  # event -> column


def numbers_of(file: RaterFile) -> dict[str, str]:
    """The panel's numbers of the rater; of a page that was opened several times, the last ones."""
    numbers: dict[str, str] = {}
    for event in file.events:
        numbers |= event["worker"]
    return numbers


def row_of(file: RaterFile) -> dict[str, str | int]:
    row: dict[str, str | int] = {"rater": file.rater, **numbers_of(file)}
    for event in reversed(file.events):  # the first one stays
        row[TIMES.get(event["what"], event["what"])] = event["at"]
    if opened := [event for event in file.events if event["what"] == "opened"]:
        row["width"], row["height"] = opened[-1]["view"]
    return row


def say_twice(files: list[RaterFile]) -> None:
    """One person who rated as two raters is no two raters."""
    seen: dict[tuple[str, str], int] = {}
    for file in files:
        for name, value in numbers_of(file).items():
            if name in ("PROLIFIC_PID", "workerId") and seen.setdefault((name, value), file.rater) != file.rater:
                say(f"beware: raters {seen[name, value]} and {file.rater} have the same {name}, {value}")


def write_workers(path: Path, files: list[RaterFile]) -> None:
    rows = [row_of(file) for file in files]
    numbers = list(dict.fromkeys(name for file in files for name in numbers_of(file)))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["rater", *numbers, *TIMES.values(), "width", "height"], restval="",
                            extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, stream.getvalue().encode())
