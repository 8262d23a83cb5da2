"""The key of a rating study: which picture is of which condition, and in which order each rater sees them.

It is one JSON file, written by `rating.py make` and needed by `rating.py collect`; raters must not have it. `study` is
the start of the SHA-256 of all the rest, so that ratings of one study cannot be taken for those of another.
"""

import dataclasses
import functools
import hashlib
import json
from pathlib import Path

from command import BadInput, read_text, write_whole

FORMAT = "vqclip rating key 1"
STUDY_DIGITS = 12


@dataclasses.dataclass(frozen=True)
class Key:
    """`pictures`: name -> condition, prompt, picture_sha256, and where it is from; `orders`: rater -> their names,
    of a pair both, the left one first."""

    title: str
    instruction: str
    seed: int
    conditions: list[dict]  # name, source, variant, sha256
    prompts: list[str]
    texts: dict[str, str]  # what raters read in place of a prompt
    pictures: dict[str, dict]
    orders: dict[int, list[str]]
    choice: dict | None = None  # by which rule pictures were chosen, and which were not; None: the first ones
    checks: dict[str, dict] | None = None  # trials of practice and catch trials (in the orders, too); None: there are none
    form: dict | None = None  # what raters are asked (questions.py); None: the built-in question

    @functools.cached_property
    def study(self) -> str:
        content = json.dumps(self._content(), sort_keys=True).encode()
        return hashlib.sha256(content).hexdigest()[:STUDY_DIGITS]

    def condition_names(self) -> list[str]:
        return [condition["name"] for condition in self.conditions]

    def names(self, rater: int) -> list[str]:
        """The pictures that a rater sees, sorted by their names."""
        return sorted({name for trial in self.orders[rater] for name in trial.split()})

    def all_names(self) -> set[str]:
        return set(self.pictures) | {name for trial in self.checks or {} for name in trial.split()}

    def is_check(self, trial: str) -> bool:
        return self.checks is not None and trial in self.checks

    def repeats(self, rater: int) -> list[bool]:
        """For every position of a rater's order, whether the rater has seen the picture, or the pair, before."""
        seen: set[str] = set()
        return [trial in seen or seen.add(trial) is not None for trial in self.orders[rater]]

    def _content(self) -> dict:
        orders = {str(rater): names for rater, names in self.orders.items()}
        more = {name: getattr(self, name) for name in ("choice", "checks", "form") if getattr(self, name) is not None}
        return {"format": FORMAT, "title": self.title, "instruction": self.instruction, "seed": self.seed,
                "conditions": self.conditions, "prompts": self.prompts, "texts": self.texts,
                "pictures": self.pictures, "orders": orders, **more}

    def write(self, path: Path) -> None:
        content = {"study": self.study, **self._content()}
        write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def read_key(path: Path) -> Key:
    """Reads a key and checks that it is as it was written."""
    try:
        content = json.loads(read_text(path))
        study = content.pop("study")
        found = content.pop("format")
        content["orders"] = {int(rater): names for rater, names in content["orders"].items()}
        key = Key(**content)
        unchanged = key.study == study
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(f"{path}: expected the key of a rating study") from None
    if found != FORMAT:
        raise BadInput(f"{path}: expected format {FORMAT!r}, found {found!r}")
    if not unchanged:
        raise BadInput(f"{path}: expected the key as it was written, whose study is {study}; found one that was "
                       f"changed, of study {key.study}")
    return key
