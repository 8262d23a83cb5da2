"""Reads the archives that vqclip writes: src/archive/README.md describes their layout, format version 1.

    with Archive("study.h5") as archive:
        for render in archive.finished():
            pixels = archive.picture(render)          # (height, width, 3), its SHA-256 checked
            losses = archive.losses(render)           # values (steps, terms), with the names of the terms

A file is opened for reading only and may be written by a launch meanwhile; what is known of its renders is that of the
moment of opening. It is not trusted: what does not fit the layout raises BadInput, which names file and dataset.
"""

import dataclasses
import functools
import hashlib
import re
from pathlib import Path

import h5py
import numpy as np

from command import BadInput, say

FORMAT_VERSION = 1
STATES = ("pending", "done", "failed")
TARGET = re.compile(r"(?P<perceptor>.*): target \d+", re.DOTALL)
KEY = r"[a-z_]\w*(?:\.[a-z_]\w*)*"  # of a swept setting
SETTING = re.compile(r"  (\w+): (.*)")


@dataclasses.dataclass(frozen=True)
class Model:
    """A model of the study. `name` is the job file's, empty for the generator."""

    role: str
    name: str
    path: str
    sha256: str
    configuration: str


def id_parts(render_id: str, seed: int) -> tuple[str, str]:
    """Prompt's id and variant: ids are PROMPT.SEED or PROMPT.SEED.VARIANT, and a variant begins with KEY=."""
    match = re.fullmatch(rf"(.*?)\.{seed}(?:\.({KEY}=.*))?", render_id, re.DOTALL)
    return (match[1], match[2] or "") if match else (render_id, "")


def swept_settings(variant: str) -> dict[str, str]:
    """"optimizer.lr=0.05 crops.count=32" -> key: value."""
    return dict(part.split("=", 1) for part in re.split(rf" (?={KEY}=)", variant) if part)


@dataclasses.dataclass(frozen=True)
class Render:
    """One picture of a study. What follows `state` has no meaning before the render is done, or failed (`reason`)."""

    number: int
    id: str
    prompt: str
    seed: int
    settings: dict[str, str]  # the job file's `render` mapping, all of it: key -> YAML text
    shape: int
    row: int
    state: str
    seconds: float
    device: str
    host: str
    reason: str
    picture_sha256: str
    latent_sha256: str

    @property
    def variant(self) -> str:
        """The swept settings, "optimizer.lr=0.05", or ""."""
        return self._id_parts()[1]

    @property
    def caption(self) -> str:
        """The prompt with single spaces; the prompt's id, where it has no text but other targets."""
        return " ".join(self.prompt.split()) or f"prompt {self._id_parts()[0]}"

    def _id_parts(self) -> tuple[str, str]:
        return id_parts(self.id, self.seed)


@dataclasses.dataclass(frozen=True)
class Losses:
    """Every loss term at every step, weighted as they are summed: values (steps, terms)."""

    names: list[str]
    values: np.ndarray

    def of_perceptors(self) -> dict[str, np.ndarray]:
        """Perceptor -> (steps): the sum over its targets."""
        sums: dict[str, np.ndarray] = {}
        for name, column in zip(self.names, self.values.T, strict=True):
            if match := TARGET.fullmatch(name):
                sums[match["perceptor"]] = sums.get(match["perceptor"], 0.0) + column
        return sums

    def terms(self) -> dict[str, np.ndarray]:
        """The perceptors' sums, then every other term by its name, "L2" and "total" among them."""
        others = {name: column for name, column in zip(self.names, self.values.T, strict=True)
                  if not TARGET.fullmatch(name)}
        return {**self.of_perceptors(), **others}

    def named(self, name: str) -> np.ndarray:
        """The term of that name, "L2" or "total", at every step."""
        return self.values[:, self.names.index(name)]


class Archive:
    """An open archive. `study`, `job_sha256`, `models` and `renders` are read when it is opened."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if not self.path.is_file():
            raise BadInput(f"{path}: expected an archive, found {'a folder' if self.path.is_dir() else 'no file'}")
        try:
            self._file = h5py.File(self.path, "r")
        except OSError:
            raise BadInput(f"{path}: expected an archive of vqclip, found no HDF5 file that can be read") from None
        try:
            self._check_version()
            self.study = self._text("study/name")
            self.job_sha256 = self._text("study/job_sha256")
            self.models = self._read_models()
            self.renders = self._read_renders()
        except Exception:
            self.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    @functools.cached_property
    def sha256(self) -> str:
        """Of the whole file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def finished(self) -> list[Render]:
        """The renders that are done. That others are left out is said."""
        done = [render for render in self.renders if render.state == "done"]
        for state in ("pending", "failed"):
            if left := [str(render.number) for render in self.renders if render.state == state]:
                shown = ", ".join(left[:8]) + (", ..." if len(left) > 8 else "")
                say(f"{self.path}: left out: {len(left)} of {len(self.renders)} renders, which are {state} ({shown})")
        return done

    def picture(self, render: Render) -> np.ndarray:
        """A finished render's picture (height, width, 3) u8, after its digest has been checked."""
        pixels = self._row(render, "picture", np.uint8, 3)
        found = hashlib.sha256(pixels.tobytes()).hexdigest()
        if found != render.picture_sha256:
            raise BadInput(f"{self.path}: the picture of render {render.number}: expected SHA-256 "
                           f"{render.picture_sha256[:12]}..., found {found[:12]}...")
        if pixels.shape[2] != 3:
            raise self._wrong(f"shape_{render.shape}/picture", "3 channels", str(pixels.shape[2]))
        return pixels

    def losses(self, render: Render) -> Losses:
        names = self._texts(f"shape_{render.shape}/loss_name")
        values = self._row(render, "losses", np.float32, 2)
        if values.shape[0] == 0 or values.shape[1] != len(names) or not {"L2", "total"} <= set(names):
            raise self._wrong(f"shape_{render.shape}/losses", "a column for each loss name, L2 and total among them",
                              f"size {values.shape} and names {', '.join(names)}")
        return Losses(names, values.astype(np.float64))

    def snapshots(self, render: Render) -> list[tuple[int, np.ndarray]]:
        """[(steps made, picture)] of the snapshots that are there, after their digests, where the archive has any, have been
        checked."""
        every = render.settings.get("snapshots", "0")
        if every == "0":
            return []
        if not every.isdecimal():
            raise self._wrong("renders/settings", f"snapshots of render {render.number} to be a number", every)
        if f"shape_{render.shape}/snapshot" not in self._file:
            return []
        present = self._row(render, "snapshot_present", np.uint8, 1)
        pictures = self._row(render, "snapshot", np.uint8, 4)
        there = np.flatnonzero(present[: len(pictures)])
        if f"shape_{render.shape}/snapshot_sha256" in self._file:
            digests = self._row(render, "snapshot_sha256", np.dtype("S64"), 1)
            if render.state == "done" and len(there) < len(pictures):
                raise BadInput(f"{self.path}: render {render.number} is done, and {len(pictures) - len(there)} of its "
                               f"{len(pictures)} snapshots are not there")
            for index in there:
                found = hashlib.sha256(pictures[index].tobytes()).hexdigest()
                if index >= len(digests) or found.encode() != bytes(digests[index]):
                    raise BadInput(f"{self.path}: snapshot {index} of render {render.number} does not have its SHA-256, "
                                   f"found {found[:12]}...")
        return [((index + 1) * int(every), pictures[index]) for index in there]

    # How datasets are read.

    def _wrong(self, name: str, expected: str, found: str) -> BadInput:
        return BadInput(f"{self.path}: dataset /{name}: expected {expected}, found {found}")

    def _dataset(self, name: str) -> h5py.Dataset:
        dataset = self._file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            raise self._wrong(name, "a dataset of an archive of vqclip", "none")
        return dataset

    def _check_version(self) -> None:
        version = self._dataset("format_version")
        if version.shape != () or version.dtype.kind != "u" or version[()] != FORMAT_VERSION:
            found = str(version[()]) if version.shape == () else f"size {version.shape}"
            if found == "2":
                found += ", a part of a study, which vqclip merge joins with the others"
            raise self._wrong("format_version", f"{FORMAT_VERSION}", found)

    def _text(self, name: str) -> str:
        dataset = self._dataset(name)
        if dataset.dtype.kind != "S" or dataset.shape != ():
            raise self._wrong(name, "one text", f"type {dataset.dtype}, size {dataset.shape}")
        return self._decode(name, dataset[()])

    def _decode(self, name: str, text: bytes) -> str:
        try:
            return bytes(text).decode()
        except UnicodeDecodeError:
            raise self._wrong(name, "UTF-8", repr(bytes(text)[:40])) from None

    def _column(self, name: str, kinds: str, length: int | None) -> np.ndarray:
        """A table's column of that many rows, where that is known already."""
        dataset = self._dataset(name)
        if dataset.dtype.kind not in kinds or dataset.ndim != 1 or length not in (None, len(dataset)):
            rows = "rows" if length is None else f"{length} rows"
            raise self._wrong(name, f"{rows} of type {' or '.join(kinds)}",
                              f"type {dataset.dtype}, size {dataset.shape}")
        return dataset[:]

    def _texts(self, name: str, length: int | None = None) -> list[str]:
        return [self._decode(name, text) for text in self._column(name, "S", length)]

    def _row(self, render: Render, table: str, dtype: type | np.dtype, rank: int) -> np.ndarray:
        """A render's row of a dataset of its shape, which has that rank."""
        name = f"shape_{render.shape}/{table}"
        dataset = self._dataset(name)
        if dataset.dtype != dtype or dataset.ndim != rank + 1:
            raise self._wrong(name, f"{np.dtype(dtype)} of {rank + 1} dimensions",
                              f"{dataset.dtype} of {dataset.ndim}")
        if render.row >= len(dataset):
            raise self._wrong(name, f"a row {render.row} for render {render.number}", f"{len(dataset)} rows")
        return dataset[render.row]

    def _read_models(self) -> list[Model]:
        roles = self._texts("models/role")
        columns = [self._texts(f"models/{field.name}", len(roles)) for field in dataclasses.fields(Model)]
        return [Model(*fields) for fields in zip(*columns, strict=True)]

    def _read_renders(self) -> list[Render]:
        ids = self._texts("renders/id")
        count = len(ids)
        columns = {name: self._texts(f"renders/{name}", count)
                   for name in ("prompt", "settings", "device", "host", "reason", "picture_sha256", "latent_sha256")}
        columns |= {name: self._column(f"renders/{name}", kinds, count).tolist()
                    for name, kinds in (("seed", "u"), ("shape", "u"), ("row", "u"), ("state", "u"), ("seconds", "f"))}
        columns["settings"] = [dict(SETTING.findall(text)) for text in columns["settings"]]
        columns["state"] = [self._state(state) for state in columns["state"]]
        rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
        return [Render(number=number, id=ids[number], **row) for number, row in enumerate(rows)]

    def _state(self, state: int) -> str:
        if state >= len(STATES):
            raise self._wrong("renders/state", f"0 to {len(STATES) - 1}", str(state))
        return STATES[state]


def open_archives(texts: list[str]) -> dict[str, Archive]:
    """Opens `ARCHIVE.h5` or `NAME=ARCHIVE.h5` as the command line names them: name -> archive; the study's name, where
    none is given."""
    archives: dict[str, Archive] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        bare = not equals or Path(text).exists()
        archive = Archive(text if bare else path)
        label = archive.study if bare else name.strip()
        if label in archives:
            raise BadInput(f"{archive.path}: expected a name of its own, found {label!r}, which {archives[label].path} "
                           "has too; give one as NAME=ARCHIVE.h5")
        archives[label] = archive
    return archives
