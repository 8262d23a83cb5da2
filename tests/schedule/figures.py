#!/usr/bin/env python3
"""Measures what teams and the scheduler achieve and writes results/teams-figures.md.

    tests/schedule/figures.py VQCLIP [--output results/teams-figures.md] [--only throughput,team,overhead]

Needs mpirun and an idle machine: the number of cores and the load are written down with the figures. Standard library
only.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "jobs/models"
FIXTURES = ROOT / "tests/models/fixtures"

DEMO_MODELS = f"""models:
  generator: {{config: {DEMO}/picturebook-vqgan.yaml, checkpoint: {DEMO}/picturebook-vqgan.safetensors}}
  perceptors:
    - {{name: vit, checkpoint: {DEMO}/picturebook-vit.safetensors, vocabulary: {DEMO}/picturebook.bpe.gz}}
"""
RESNET = f"""    - {{name: resnet, checkpoint: {DEMO}/picturebook-resnet.safetensors, vocabulary: {DEMO}/picturebook.bpe.gz}}
"""
TINY_MODELS = f"""models:
  generator: {{config: {FIXTURES}/net2net.yaml, checkpoint: {FIXTURES}/net2net.safetensors}}
  perceptors: [{{checkpoint: {FIXTURES}/open_clip_gelu/open_clip_model.safetensors}}]
"""

# Sixteen renders to be taken one by one; one render of 64 crops to be shared; 2000 renders of next to no work.
JOBS = {
    "throughput": DEMO_MODELS + """render: {size: [64, 64], steps: 15, crops: {count: 8, group: 8}, snapshots: 0}
seeds: [0, 1, 2, 3]
prompts: [a red house, a blue fish, a white moon, a green tree]
""",
    "team": DEMO_MODELS + RESNET + """render: {size: [64, 64], steps: 30, crops: {count: 64, group: 8}, snapshots: 0}
prompts: [a red house on a green meadow]
""",
    "overhead": TINY_MODELS + "render: {size: [40, 24], steps: 5, crops: {count: 2, group: 2}, snapshots: 0}\n"
    + "seeds: [" + ", ".join(str(seed) for seed in range(1000)) + "]\n"
    + "prompts: [{targets: [{noise: 1}]}, {id: B, targets: [{noise: 2}]}]\n",
}

Launch = collections.namedtuple("Launch", "report seconds digests resident")


def environment():
    variables = dict(os.environ, OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="1")
    variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                     OMPI_MCA_rmaps_base_oversubscribe="1",
                     PRTE_MCA_rmaps_default_mapping_policy=":oversubscribe")
    return variables


def resident(process):
    """Resident KiB of each rank, by its process number; the ranks are mpirun's children."""
    sizes = {}
    try:
        children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
        for child in children:
            status = pathlib.Path(f"/proc/{child}/status").read_text()
            if "vqclip" in status.split("\n")[0]:
                sizes[child] = int(status.split("VmRSS:")[1].split()[0])
    except (OSError, IndexError):
        pass
    return sizes


def watch(process):
    """Samples the ranks' memory once a second: [{rank's process: KiB}]."""
    samples = []
    while process.poll() is None:
        time.sleep(1)
        samples.append(resident(process.pid))
    most = max((len(sample) for sample in samples), default=0)
    return [sample for sample in samples if len(sample) == most and most > 0]


def launch(vqclip, name, ranks, options=(), watched=False):
    with tempfile.TemporaryDirectory() as folder:
        job = os.path.join(folder, "job.yaml")
        pathlib.Path(job).write_text(f"study: {name}\n{JOBS[name]}")
        command = ["mpirun", "-n", str(ranks), vqclip, "render", job, "-o", folder, "--threads", "1", "--json",
                   *options]
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True)
        archive = os.path.join(folder, f"{name}.h5")
        samples = watch(process) if watched else []
        output = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
        report = json.loads(output)
        shown = json.loads(subprocess.run([vqclip, "show", archive, "--json"], capture_output=True, check=True).stdout)
        digests = [(r["picture_sha256"], r["latent_sha256"]) for r in shown["renders"]]
        return Launch(report, report["rank_seconds"] / ranks, digests, samples)


def best(runs, count=3):
    """The fastest of several launches: what the machine can do when nothing else disturbs it."""
    return min((runs() for _ in range(count)), key=lambda run: run.seconds)


def throughput(vqclip):
    one = best(lambda: launch(vqclip, "throughput", 1))
    two = best(lambda: launch(vqclip, "throughput", 2))
    rates = [60 * len(run.digests) / run.seconds for run in (one, two)]
    return [
        "## Renders side by side", "",
        "16 renders of 15 steps with 8 crops (demo VQGAN and ViT, 64×64), one thread per rank; the fastest of three.", "",
        "| ranks | renders a minute | against 1 rank | ranks that joined | digests |", "| --- | --- | --- | --- | --- |",
        f"| 1 | {rates[0]:.1f} | | | |",
        f"| 2 | {rates[1]:.1f} | {rates[1] / rates[0]:.2f}× (target 1.8×) | {two.report['joins']:.0f} "
        f"| {'equal' if one.digests == two.digests else 'DIFFERENT'} |", ""]


def team(vqclip):
    one = best(lambda: launch(vqclip, "team", 1))
    two = best(lambda: launch(vqclip, "team", 2, ["--team", "2"]))
    rates = [run.report["steps"] / (run.report["step_seconds"] / ranks) for run, ranks in ((one, 1), (two, 2))]
    return [
        "## One render shared", "",
        "One render of 30 steps with 64 crops in groups of 8 (demo VQGAN, ViT and ResNet, 64×64), one thread per rank; the "
        "fastest of three.", "",
        "| team | steps a second | against 1 rank | bytes a member hands into a step's sum | digests |",
        "| --- | --- | --- | --- | --- |",
        f"| 1 | {rates[0]:.2f} | | | |",
        f"| 2 | {rates[1]:.2f} | {rates[1] / rates[0]:.2f}× (target 1.6×) | {two.report['bytes_per_step']:.0f} "
        f"| {'equal' if one.digests == two.digests else 'DIFFERENT'} |", ""]


def overhead(vqclip):
    run = launch(vqclip, "overhead", 4, watched=True)
    share = {key: run.report[key] / run.report["rank_seconds"]
             for key in ("start_seconds", "step_seconds", "finish_seconds", "free_seconds")}
    early = run.resident[len(run.resident) // 10]
    late = run.resident[-1]
    memory = ", ".join(f"{early.get(rank, 0)} → {size}" for rank, size in sorted(late.items()))
    return [
        "## Many small renders", "",
        "2000 renders of 5 steps (test models, 40×24) on 4 ranks, one thread each.", "",
        "| seconds | starts | steps | snapshots and results | free at the end | the rest: scheduling |",
        "| --- | --- | --- | --- | --- | --- |",
        f"| {run.seconds:.1f} | {share['start_seconds']:.1%} | {share['step_seconds']:.1%} "
        f"| {share['finish_seconds']:.1%} | {share['free_seconds']:.1%} "
        f"| {run.report['scheduling_share']:.2%} (target below 2%) |", "",
        "Resident memory of each rank after a tenth of the time, which is about 200 renders, and at the end, KiB: "
        f"{memory}.", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("vqclip")
    parser.add_argument("--output", default=str(ROOT / "results/teams-figures.md"))
    parser.add_argument("--only", default="throughput,team,overhead")
    arguments = parser.parse_args()
    vqclip = os.path.abspath(arguments.vqclip)
    before = os.getloadavg()[0]
    parts = [line for name in arguments.only.split(",") for line in globals()[name](vqclip)]
    version = subprocess.run([vqclip, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    mpi = subprocess.run(["mpirun", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                     platform.machine())
    head = [
        "# Teams and the scheduler: figures", "",
        f"- Date: {datetime.date.today()}",
        f"- Machine: {processor}, {os.cpu_count()} cores, load average {before:.1f} at the start",
        f"- Versions: {version}; {mpi}",
        "- Command: `tests/schedule/figures.py build/release/src/vqclip`", ""]
    pathlib.Path(arguments.output).write_text("\n".join(head + parts))
    print("\n".join(parts))


if __name__ == "__main__":
    main()
