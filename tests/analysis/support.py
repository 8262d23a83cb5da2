"""What the tests of analysis/ share: archives made by the program, and how the tools are run."""

import atexit
import functools
import importlib
import io
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import command

HERE = Path(__file__).resolve().parent
ANALYSIS = HERE.parents[1] / "analysis"
PROGRAM = os.environ["VQCLIP"]
FOLDER = tempfile.mkdtemp(prefix="vqclip-analysis-")
atexit.register(shutil.rmtree, FOLDER)



def folder(name: str) -> Path:
    """A new folder that is removed at the end."""
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=FOLDER))


@functools.cache
def archive(name: str) -> Path:
    """The archive of the study in NAME.yaml, rendered once. Renders that fail are meant to."""
    output = Path(FOLDER) / "archives"
    job = HERE / f"{name}.yaml"
    done = subprocess.run([PROGRAM, "render", job, "-o", output, "--threads", "1"], capture_output=True, text=True)
    path = output / f"{name}-study.h5"
    if not path.exists():
        raise AssertionError(f"{job}: exit code {done.returncode}, no archive\n{done.stderr}")
    return path


@functools.cache
def shown(name: str) -> dict:
    """The same archive as the program reads it."""
    output = subprocess.run([PROGRAM, "show", archive(name), "--json"], capture_output=True, check=True).stdout
    return json.loads(output)


def quiet():
    """What is said within goes nowhere."""
    return redirect_stderr(io.StringIO())


def tool(script: str, *words: str | Path, expected: int = 0) -> tuple[str, str]:
    """Runs a script of analysis/ within this process, to save its start; returns its standard output and error."""
    parser = importlib.import_module(script.removesuffix(".py")).build_parser()
    with redirect_stdout(io.StringIO()) as output, redirect_stderr(io.StringIO()) as errors:
        try:
            code = command.run(parser, list(map(str, words)))
        except SystemExit as usage:
            code = usage.code
    if code != expected:
        raise AssertionError(f"{script} {words}: exit code {code}, expected {expected}\n{errors.getvalue()}")
    return output.getvalue(), errors.getvalue()
