"""The programs as pip installs them: vqclip-rating runs rating.py of this folder, and so on."""

import importlib
import sys
from pathlib import Path


def run(name: str) -> int:
    sys.path.insert(0, str(Path(__file__).parent))  # where the files find each other, as when they are run as they lie
    importlib.import_module("packages")
    program = importlib.import_module(name)
    return importlib.import_module("command").run(program.build_parser())


def figures() -> int:
    return run("figures")


def layouts() -> int:
    return run("layouts")


def rating() -> int:
    return run("rating")


def tables() -> int:
    return run("tables")
