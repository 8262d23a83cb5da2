#!/usr/bin/env python3
"""The pictures of an archive in the folders that other programs read.

    analysis/layouts.py imagefolder study.h5 -o folder              Hugging Face datasets: load_dataset("imagefolder", data_dir="folder")
    analysis/layouts.py geneval study.h5 --metadata evaluation_metadata.jsonl -o folder      GenEval's evaluate_images.py
    analysis/layouts.py compbench study.h5 -o folder                T2I-CompBench's examples/

Pictures are PNG, after their SHA-256 has been compared with the archive's. GenEval and T2I-CompBench count the pictures of a
prompt as samples of one system, so an archive with several values of a setting is refused there; --variant takes one.
"""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

import packages  # noqa: F401  first, as it says what the others would miss

from PIL import Image

import command
from archive import Archive, Render, swept_settings
from command import BadInput, say

NAME_BYTES = 255  # of a file's name, on most file systems


def folder_make(path: Path) -> None:
    if path.exists() and not path.is_dir() or path.is_dir() and any(path.iterdir()):
        raise BadInput(f"{path}: expected a new or an empty folder")
    path.mkdir(parents=True, exist_ok=True)


def picture_write(archive: Archive, render: Render, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(archive.picture(render)).save(path)


def of_one_variant(archive: Archive, variant: str | None) -> list[Render]:
    """The finished renders, which must be of one variant."""
    renders = archive.finished()
    found = list(dict.fromkeys(render.variant for render in archive.renders))
    if variant is None and len(found) > 1:
        raise BadInput(f"{archive.path}: expected one variant, found {len(found)}; --variant takes one, such as '{found[0]}'")
    if variant is not None and variant not in found:
        raise BadInput(f"{archive.path}: expected one of the variants {', '.join(map(repr, found))}, found '{variant}'")
    return [render for render in renders if variant is None or render.variant == variant]


def end_say(count: int, output: Path) -> None:
    if count == 0:
        raise BadInput(f"{output}: no render is finished that has a place in it")
    print(f"{count} pictures in {output}")


# An id, "1.10", would be read as the number 1.1; the render's number says the same.
def imagefolder(arguments: argparse.Namespace) -> None:
    folder_make(arguments.output)
    with Archive(arguments.archive) as archive:
        renders = archive.finished()
        keys = list(dict.fromkeys(key for render in renders for key in swept_settings(render.variant)))
        table = io.StringIO(newline="")
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["file_name", "text", "render", "seed", "study", *keys, "picture_sha256", "job_sha256"])
        for render in renders:
            name = f"train/{render.number:05}.png"
            picture_write(archive, render, arguments.output / name)
            swept = swept_settings(render.variant)
            rows.writerow([Path(name).name, render.caption, str(render.number), str(render.seed), archive.study,
                           *(swept.get(key, "") for key in keys), render.picture_sha256, archive.job_sha256])
        end_say(len(renders), arguments.output)
        command.write_whole(arguments.output / "train" / "metadata.csv", table.getvalue().encode())


def metadata_read(path: Path) -> dict[str, tuple[int, str]]:
    """Prompt -> number and text of its line."""
    found: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(command.read_text(path).splitlines()):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            entry = None
        if not isinstance(entry, dict) or not isinstance(entry.get("prompt"), str) or not isinstance(entry.get("tag"), str):
            raise BadInput(f"{path}: line {number + 1}: expected an object with prompt and tag, found {line[:60]}")
        if found.setdefault(" ".join(entry["prompt"].split()), (number, line)) != (number, line):
            raise BadInput(f"{path}: line {number + 1}: expected each prompt once, found again: {entry['prompt']}")
    return found


def geneval(arguments: argparse.Namespace) -> None:
    lines = metadata_read(arguments.metadata)
    counts: dict[int, int] = {}
    with Archive(arguments.archive) as archive:
        renders = of_one_variant(archive, arguments.variant)
        for render in renders:
            if render.caption not in lines:
                raise BadInput(f"{arguments.metadata}: expected a line for each prompt of {archive.path}, found none for: "
                               f"{render.caption}")
        folder_make(arguments.output)
        for render in renders:
            number, line = lines[render.caption]
            sample = counts.get(number, 0)
            counts[number] = sample + 1
            picture_write(archive, render, arguments.output / f"{number:05}" / "samples" / f"{sample:04}.png")
            if sample == 0:
                command.write_whole(arguments.output / f"{number:05}" / "metadata.jsonl", (line + "\n").encode())
        end_say(len(renders), arguments.output)
    if len(counts) < len(lines):
        say(f"{len(lines) - len(counts)} of {len(lines)} prompts of {arguments.metadata} have no picture")


def compbench_name(render: Render, number: int) -> str:
    """Its programs take the prompt from the name up to the first underscore, and the order from the number at its end."""
    name = f"{render.caption}_{number:06}.png"
    if "_" in render.caption or "/" in render.caption or len(name.encode()) > NAME_BYTES:
        raise BadInput(f"render {render.number}: expected a prompt without _ and / and of at most {NAME_BYTES} bytes with number "
                       f"and ending, as it is a file's name in T2I-CompBench; found: {render.caption}")
    return name


def compbench(arguments: argparse.Namespace) -> None:
    with Archive(arguments.archive) as archive:
        renders = of_one_variant(archive, arguments.variant)
        names = [compbench_name(render, number) for number, render in enumerate(renders)]
        folder_make(arguments.output)
        for render, name in zip(renders, names, strict=True):
            picture_write(archive, render, arguments.output / "samples" / name)
        end_say(len(renders), arguments.output)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=command.called("layouts.py"), description="The pictures of an archive in the folders that other programs read.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("archive", type=Path, metavar="ARCHIVE.h5")
    common.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="new, or empty")
    variant = argparse.ArgumentParser(add_help=False)
    variant.add_argument("--variant", metavar="KEY=VALUE", help="of a sweep the renders of this variant alone")

    hugging_face = commands.add_parser("imagefolder", parents=[common], help="Hugging Face's imagefolder with metadata.csv")
    hugging_face.set_defaults(run=imagefolder)
    objects = commands.add_parser("geneval", parents=[common, variant], help="GenEval's folders, a folder for each prompt")
    objects.add_argument("--metadata", type=Path, required=True, metavar="FILE.jsonl", help="GenEval's prompts, evaluation_metadata.jsonl")
    objects.set_defaults(run=geneval)
    composed = commands.add_parser("compbench", parents=[common, variant], help="T2I-CompBench's samples/, named by their prompts")
    composed.set_defaults(run=compbench)
    return parser


if __name__ == "__main__":
    sys.exit(command.run(build_parser()))
