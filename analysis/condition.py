"""Conditions: what a study compares, each a set of pictures with their prompts under one name.

On the command line a condition is `NAME=ARCHIVE.h5`, of which `NAME=ARCHIVE.h5@VARIANT` takes one variant of a sweep
("optimizer.lr=0.05"), or `NAME=FOLDER`: PNG files of any program, listed in FOLDER/pictures.csv with the columns `file`
and `prompt`. Prompts are the same where their words are; how they are spaced does not matter.
"""

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from archive import Archive, Render
from command import BadInput, read_table, say

FOLDER_LIST = "pictures.csv"
SOURCE_HELP = "NAME=ARCHIVE.h5, NAME=ARCHIVE.h5@VARIANT, or NAME=FOLDER with PNG files and a pictures.csv (file,prompt)"


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture of a condition: where it is from, and `load`, which reads and checks its pixels (height, width, 3)."""

    prompt: str
    worded: bool  # else `prompt` only names it, as it was drawn towards something that is no text
    origin: dict[str, str | int]
    load: Callable[[], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Condition:
    name: str
    source: str
    variant: str
    sha256: str  # of the archive, or of the folder's list
    pictures: dict[str, list[Picture]]  # by prompt, in the order of the archive or the list


def by_prompt(pictures: list[Picture]) -> dict[str, list[Picture]]:
    groups: dict[str, list[Picture]] = {}
    for picture in pictures:
        groups.setdefault(picture.prompt, []).append(picture)
    return groups


def split_source(text: str) -> tuple[str, str]:
    """NAME=SOURCE -> name, source."""
    name, equals, source = text.partition("=")
    if not equals or not name.strip() or not source:
        raise BadInput(f"{text}: expected {SOURCE_HELP}")
    return name.strip(), source


def split_variant(source: str) -> tuple[str, str | None]:
    """ARCHIVE.h5@VARIANT -> path, variant; None where no variant is chosen. A path may hold an @ itself."""
    path, at, variant = source.partition(".h5@")
    return (path + ".h5", variant) if at and not Path(source).exists() else (source, None)


def of_variant(archive: Archive, renders: list[Render], variant: str | None) -> list[Render]:
    """The renders of that variant. Where none is chosen, there must be only one."""
    found = sorted({render.variant for render in archive.renders})
    listed = ", ".join(text or "(none)" for text in found)
    if variant is None and len(found) > 1:
        raise BadInput(f"{archive.path}: expected one variant for a condition, found {listed}; "
                       f"choose one by NAME={archive.path}@VARIANT")
    if variant is not None and variant not in found:
        raise BadInput(f"{archive.path}: expected a variant out of {listed}, found {variant}")
    return [render for render in renders if variant in (None, render.variant)]


def open_archive(name: str, source: str) -> Condition:
    path, variant = split_variant(source)
    archive = Archive(path)
    renders = of_variant(archive, archive.finished(), variant)
    pictures = [
        Picture(
            prompt=render.caption,
            worded=bool(render.prompt.split()),
            origin={"render": render.number, "id": render.id, "seed": render.seed},
            load=lambda render=render: archive.picture(render),
        )
        for render in renders
    ]
    return Condition(name, path, variant or "", archive.sha256, by_prompt(pictures))


def read_png(path: Path) -> np.ndarray:
    """The pixels of a PNG of 8 bits a channel; what is transparent stands on white."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
                raise BadInput(f"{path}: expected a PNG of 8 bits a channel, found mode {image.mode}")
            layered = image.convert("RGBA")
    except FileNotFoundError:
        raise BadInput(f"{path}: expected a PNG file, found no file") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput(f"{path}: expected a PNG file, found {error}") from None
    white = Image.new("RGBA", layered.size, "white")
    return np.asarray(Image.alpha_composite(white, layered).convert("RGB"))


def open_folder(name: str, folder: Path) -> Condition:
    listing = folder / FOLDER_LIST
    pictures = [Picture(prompt, True, {"file": file}, lambda path=folder / file: read_png(path))
                for file, prompt in read_table(listing, ("file", "prompt"))]
    return Condition(name, str(folder), "", hashlib.sha256(listing.read_bytes()).hexdigest(), by_prompt(pictures))


def open_condition(text: str) -> Condition:
    """Opens a condition as the command line names it."""
    name, source = split_source(text)
    if Path(source).is_dir():
        return open_folder(name, Path(source))
    return open_archive(name, source)


def open_conditions(texts: list[str]) -> list[Condition]:
    conditions = [open_condition(text) for text in texts]
    names = [condition.name for condition in conditions]
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"{doubles[0]}: expected a name for each condition, found it twice")
    return conditions


def common_prompts(conditions: list[Condition], count: int) -> list[str]:
    """The prompts of which every condition has `count` pictures, in the first one's order. Others are named."""
    everywhere = []
    for prompt in dict.fromkeys(prompt for condition in conditions for prompt in condition.pictures):
        lacking = [condition.name for condition in conditions if len(condition.pictures.get(prompt, [])) < count]
        if lacking:
            say(f"left out: {prompt!r}: fewer than {count} pictures in {', '.join(lacking)}")
        else:
            everywhere.append(prompt)
    return everywhere
