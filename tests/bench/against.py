#!/usr/bin/env python3
"""Whether two builds of the program make the same bytes, and how long their steps take.

    tests/bench/against.py EARLIER LATER [--rounds N] [--prompts K] [--threads T ...]

EARLIER and LATER are two vqclip programs. Both render, with one thread, tests/render/everything.yaml (every
augmentation, optimiser, start and schedule once), jobs/quickstart.yaml and the first K prompts of every study of
jobs/demo; losses, settings and the digests of pictures and latents are compared. A launch of the earlier build that is
stopped half-way is finished by the later one, and compared with a whole run of the earlier. Then `bench` of
the quickstart runs with both in turns, N rounds with each number of threads (none with 0), and the median and the least seconds
of a step are printed with their ratio. Exit code 1 where bytes differ.
"""

import argparse
import json
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVERYTHING = ROOT / "tests/render/everything.yaml"
QUICKSTART = ROOT / "jobs/quickstart.yaml"


def absolute(job):
    """The text of a job file, with the paths of its models made absolute."""
    return re.sub(r"(?<=[:{] )\.{0,2}/?[\w./-]+\.(?:safetensors|yaml|bpe\.gz)",
                  lambda path: str((job.parent / path[0]).resolve()), job.read_text())


def first_prompts(job, count, folder):
    """The study with its first prompts only."""
    text = absolute(job)
    name = re.search(r"^prompts: (\S+)$", text, flags=re.M)[1]
    prompts = [line for line in (job.parent / name).read_text().splitlines() if line.strip()][:count]
    (folder / f"{job.stem}.txt").write_text("\n".join(prompts) + "\n")
    target = folder / job.name
    target.write_text(text.replace(f"prompts: {name}", f"prompts: {job.stem}.txt"))
    return target


def digests(program, archive):
    shown = json.loads(subprocess.check_output([program, "show", archive, "--json"]))
    keys = ("id", "state", "settings", "loss", "picture_sha256", "latent_sha256")
    return [{key: render.get(key) for key in keys} for render in shown["renders"]]


def study_name(job):
    return re.search(r"^study: (\S+)$", job.read_text(), flags=re.M)[1]


def render(program, job, folder, stop_after=None):
    """Renders into the folder; stopped by a signal after so many seconds, if that is asked for."""
    command = [program, "render", job, "-o", folder, "--threads", "1"]
    if stop_after is not None:
        command += ["--checkpoint", "0"]  # after every step, so that it is left in the middle of a render
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if stop_after is not None:
        time.sleep(stop_after)
        run.send_signal(signal.SIGTERM)
    if run.wait() not in ((0,) if stop_after is None else (0, 3)):
        sys.exit(f"{program} render {job}: exit code {run.returncode}")
    return folder / f"{study_name(job)}.h5"


def compare(label, earlier, later):
    differing = [one["id"] for one, other in zip(earlier, later) if one != other]
    print(f"{label}: {len(earlier)} renders, {len(differing)} differ {' '.join(differing)}", flush=True)
    return not differing and len(earlier) == len(later)


def bytes_compare(programs, jobs, folder):
    same = True
    for job in jobs:
        found = [digests(program, render(program, job, folder / f"{job.stem}-{i}"))
                 for i, program in enumerate(programs)]
        same &= compare(study_name(job), *found)
    return same


def halves_compare(programs, folder):
    """A study that the earlier build began, and the later one finishes."""
    half = folder / "half"
    archive = render(programs[0], EVERYTHING, half, stop_after=6.0)
    states = [one["state"] for one in digests(programs[0], archive)]
    print(f"left half-way with {states.count('done')} of {len(states)} done", flush=True)
    render(programs[1], EVERYTHING, half)
    whole = folder / "everything-0" / archive.name
    return compare("finished by the later build", digests(programs[0], whole), digests(programs[1], archive))


def step_seconds(program, threads):
    bench = [program, "bench", QUICKSTART, "--steps", "20", "--threads", str(threads), "--json"]
    return json.loads(subprocess.check_output(bench))["step"]["median_seconds"]


def steps_compare(programs, rounds, threads):
    seconds = [[], []]
    for _ in range(rounds):
        for i, program in enumerate(programs):
            seconds[i].append(step_seconds(program, threads))
    for measure in (statistics.median, min):
        earlier, later = (1e3 * measure(one) for one in seconds)
        print(f"step, {threads} threads, {measure.__name__} of {rounds}: {earlier:.1f} ms, {later:.1f} ms, "
              f"ratio {later / earlier:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs=2, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompts", type=int, default=2)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        demo = [first_prompts(job, arguments.prompts, folder) for job in sorted((ROOT / "jobs/demo").glob("*.yaml"))]
        same = bytes_compare(arguments.programs, [EVERYTHING, QUICKSTART, *demo], folder)
        same &= halves_compare(arguments.programs, folder)
        for threads in arguments.threads if arguments.rounds > 0 else []:
            steps_compare(arguments.programs, arguments.rounds, threads)
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
