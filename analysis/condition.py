"""Conditions: what a study compares, each a set of pictures with their prompts under one name.

On the command line a condition is `NAME=ARCHIVE.h5`, of which `NAME=ARCHIVE.h5@VARIANT` takes one variant of a sweep
("optimizer.lr=0.05"), or `NAME=FOLDER`: pictures of any program, PNG, JPEG or WebP, listed in FOLDER/pictures.csv with the
columns `file` and `prompt`; or what `vqclip export` wrote, whose pictures say themselves what they show. Prompts are the
same where their words are; how they are spaced does not matter.
"""

import dataclasses
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from archive import Archive, Render, id_parts
from command import BadInput, read_table, say

FOLDER_LIST = "pictures.csv"
SOURCE_HELP = ("NAME=ARCHIVE.h5, NAME=ARCHIVE.h5@VARIANT, or NAME=FOLDER with pictures and a pictures.csv (file,prompt), or of "
               "vqclip export")
FORMATS = ["PNG", "JPEG", "WEBP"]
MODES = ("1", "L", "LA", "P", "RGB", "RGBA")  # of 8 bits a channel, and of colours that a screen has
EXPORTED = re.compile(r"[0-9]{5,}\.png")  # the name of a picture of `vqclip export`; sheets and filmstrips have others


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
    sha256: str  # of the archive, of the folder's list, or of the digests of the files that were exported
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


def read_picture(path: Path) -> np.ndarray:
    """The pixels of a picture of 8 bits a channel, upright as its Exif orientation says; what is transparent stands on white."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.mode not in MODES:
                raise BadInput(f"{path}: expected a picture of 8 bits a channel, grey or of red, green and blue, "
                               f"found mode {image.mode}")
            if getattr(image, "n_frames", 1) > 1:
                raise BadInput(f"{path}: expected one picture, found {image.n_frames} frames")
            layered = ImageOps.exif_transpose(image).convert("RGBA")
    except FileNotFoundError:
        raise BadInput(f"{path}: expected a PNG, JPEG or WebP file, found no file") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput(f"{path}: expected a PNG, JPEG or WebP file, found {error}") from None
    white = Image.new("RGBA", layered.size, "white")
    return np.asarray(Image.alpha_composite(white, layered).convert("RGB"))


def open_folder(name: str, folder: Path) -> Condition:
    listing = folder / FOLDER_LIST
    pictures = [Picture(prompt, True, {"file": file}, lambda path=folder / file: read_picture(path))
                for file, prompt in read_table(listing, ("file", "prompt"))]
    return Condition(name, str(folder), "", hashlib.sha256(listing.read_bytes()).hexdigest(), by_prompt(pictures))


def read_texts(path: Path) -> dict[str, str]:
    """What a picture of `vqclip export` says of itself."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            texts = dict(image.text)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput(f"{path}: expected a picture that vqclip export wrote, found {error}") from None
    for key in ("Title", "vqclip id", "vqclip seed", "vqclip job SHA-256"):
        if key not in texts or (key == "vqclip seed" and not re.fullmatch("[0-9]{1,20}", texts[key])):
            raise BadInput(f"{path}: expected a picture that vqclip export wrote, found none of its text {key!r}; "
                           f"a {FOLDER_LIST} says what other pictures show")
    return texts


def check_exported(folder: Path, said: dict[Path, dict[str, str]]) -> None:
    """They must be of one study, and of one variant of it."""
    job = next(iter(said.values()))["vqclip job SHA-256"]
    for path, texts in said.items():
        if texts["vqclip job SHA-256"] != job:
            raise BadInput(f"{folder}: expected pictures of one study, found another's: {path.name}")
    found = sorted({id_parts(texts["vqclip id"], int(texts["vqclip seed"]))[1] for texts in said.values()})
    if len(found) > 1:
        raise BadInput(f"{folder}: expected one variant for a condition, found {', '.join(text or '(none)' for text in found)}; "
                       "NAME=ARCHIVE.h5@VARIANT takes one of the archive")


def open_exported(name: str, folder: Path, files: list[Path]) -> Condition:
    said = {path: read_texts(path) for path in files}
    check_exported(folder, said)
    whole = hashlib.sha256()
    pictures = []
    for path, texts in said.items():
        whole.update(hashlib.sha256(path.read_bytes()).digest())
        prompt = " ".join(texts["Title"].split())
        pictures.append(Picture(
            prompt=prompt or f"prompt {id_parts(texts['vqclip id'], int(texts['vqclip seed']))[0]}",
            worded=bool(prompt),
            origin={"file": path.name, "id": texts["vqclip id"], "seed": int(texts["vqclip seed"])},
            load=lambda path=path: read_picture(path),
        ))
    return Condition(name, str(folder), "", whole.hexdigest(), by_prompt(pictures))


def open_condition(text: str) -> Condition:
    """Opens a condition as the command line names it."""
    name, source = split_source(text)
    folder = Path(source)
    if folder.is_dir():
        exported = sorted(path for path in folder.iterdir() if EXPORTED.fullmatch(path.name))
        if exported and not (folder / FOLDER_LIST).exists():
            return open_exported(name, folder, exported)
        return open_folder(name, folder)
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
