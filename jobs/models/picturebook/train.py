"""Trains the demo models from nothing and writes them in the published formats.

    python train.py --work FOLDER --output FOLDER [--minutes N] [--processes 1|2|3] [--device cpu|cuda]

Every stage trains for its share of the minutes, whatever the speed of the
machine. Interrupted, the command continues when given again with the same
folders: drawings and checkpoints are in the first, the models go to the second,
which always holds the newest of each.
"""

import argparse
import dataclasses
import pathlib
import random
import signal
import subprocess
import sys
import time

import torch

import bpe
import export
import trials
import vqgan
import world
from clip_stages import PerceptorStage
from data import Pictures, draw_split
from stage import read_checkpoint, read_done
from vqgan_stages import CodeAverage, PixelStage, SharpenStage, start_as_identity

# What each stage takes of the time of the process that trains it, in proportion.
WEIGHTS = {
    "vqgan-half": 2.0,
    "vqgan-full": 10.5,
    "resnet": 6.0,
    "vqgan-sharpen": 4.0,
    "vit": 9.0,
    "judge": 4.0,
}
SEEDS = {name: number for number, name in enumerate(WEIGHTS, start=1)}
# Which stages each process trains, by the number of processes.
GENERATOR = ["vqgan-half", "vqgan-full", "vqgan-sharpen"]
CHAINS = {
    1: [list(WEIGHTS)],
    2: [GENERATOR, ["resnet", "vit", "judge"]],
    3: [GENERATOR, ["resnet", "judge"], ["vit"]],
}
CAPTIONS = 20000
EXPORT_SECONDS = 60
CLOSING_SECONDS = 10  # for the last export


@dataclasses.dataclass
class Preset:
    """What suits a kind of device: minutes, drawings, and pictures a step."""

    minutes: float
    pictures: int
    half_batch: int
    full_batch: int
    sharpen_batch: int
    perceptor_batch: int


PRESETS = {
    "cpu": Preset(90, 40000, 16, 8, 16, 128),
    "cuda": Preset(9, 160000, 256, 128, 96, 512),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, help="time for all; 90 on a CPU, 9 on a GPU")
    parser.add_argument("--device", choices=["auto", *PRESETS], default="auto")
    parser.add_argument("--processes", type=int, choices=CHAINS, default=1)
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of each process")
    parser.add_argument("--pictures", type=int, help="how many to draw for training")
    parser.add_argument("--chain", type=int, help=argparse.SUPPRESS)  # of a child process
    parser.add_argument("--until", type=float, help=argparse.SUPPRESS)  # when a child must end
    arguments = parser.parse_args()
    if arguments.device == "auto":
        arguments.device = "cuda" if torch.cuda.is_available() else "cpu"
    preset = PRESETS[arguments.device]
    arguments.minutes = arguments.minutes or preset.minutes
    arguments.pictures = arguments.pictures or preset.pictures
    return arguments


def learn_vocabulary(path):
    """The byte pairs of many captions."""
    if not path.exists():
        rng = random.Random("vocabulary")
        captions = [world.write_caption(world.sample_scene(rng), rng) for _ in range(CAPTIONS)]
        bpe.write_vocabulary(path, bpe.learn_merges(captions, limit=2000))


class Recipe:
    """Trains the stages of one process. A stage whose checkpoint is complete is loaded from it."""

    def __init__(self, arguments):
        self.work, self.until = arguments.work, arguments.until
        self.preset = PRESETS[arguments.device]
        self.chain = CHAINS[arguments.processes][arguments.chain]
        device = torch.device(arguments.device)
        vocabulary = self.work / "picturebook.bpe.gz"
        self.vocabulary_size = bpe.Tokenizer(vocabulary).size
        self.pictures = Pictures(self.work, "train", arguments.pictures, vocabulary=vocabulary).to(device)
        torch.manual_seed(0)
        # PyTorch's group norm on a GPU wants channels first, the fused one on a CPU channels last.
        layout = torch.contiguous_format if device.type == "cuda" else torch.channels_last
        self.generator = vqgan.VQModel()
        start_as_identity(self.generator)
        self.generator.to(device, memory_format=layout)
        self.average = CodeAverage(self.generator.quantize).to(device)

    def make_stage(self, name):
        preset, seed = self.preset, SEEDS[name]
        if name == "vqgan-half":
            batch = preset.half_batch
            return PixelStage(name, self.generator, self.average, self.pictures, batch, 1, 8e-4, seed)
        if name == "vqgan-full":
            batch = preset.full_batch
            return PixelStage(name, self.generator, self.average, self.pictures, batch, 0, 6e-4, seed)
        if name == "vqgan-sharpen":
            batch = preset.sharpen_batch
            return SharpenStage(self.generator, self.wait_for_perceptor(), self.pictures, batch, seed)
        return self.make_perceptor(name)

    def make_perceptor(self, name):
        batch = self.preset.perceptor_batch
        return PerceptorStage(name, self.pictures, self.vocabulary_size, batch, SEEDS[name])

    def wait_for_perceptor(self):
        """The ResNet, which another process may be training; for long, only where it has not begun."""
        patience = time.time() + (self.until - time.time()) / 4
        while read_done(self.work, "resnet") < 1:
            if time.time() > patience and read_checkpoint(self.work, "resnet"):
                break
            if time.time() > self.until:
                raise TimeoutError("vqgan-sharpen needs the resnet, which nothing has trained")
            time.sleep(1)
        stage = self.make_perceptor("resnet")
        stage.load(self.work)
        stage.finish()
        return stage.model

    def run(self):
        """Trains the chain, so that what is left of it ends in time."""
        done = {name: read_done(self.work, name) for name in self.chain}
        left = {name: WEIGHTS[name] * (1 - done[name]) for name in self.chain}
        full = sum(WEIGHTS[name] for name in self.chain)
        now = time.monotonic()
        end = now + (self.until - time.time()) * sum(left.values()) / full
        for name in self.chain:
            stage, now = self.make_stage(name), time.monotonic()
            share = left[name] / max(sum(left.values()), 1e-9)
            stage.run(self.work, now + share * (end - now))
            del left[name]


def start_child(arguments, number, until):
    """A process that trains one chain and writes its progress to a file of its own."""
    options = ["work", "output", "minutes", "device", "processes", "threads", "pictures"]
    command = [sys.executable, __file__, "--chain", str(number), "--until", str(until)]
    for name in options:
        command += [f"--{name}", str(getattr(arguments, name))]
    with open(arguments.work / f"chain-{number}.log", "a") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def show_news(paths, shown):
    """Prints the last line of each file, if it is new."""
    for path in paths:
        lines = path.read_text().splitlines()
        if lines and shown.get(path) != lines[-1]:
            shown[path] = lines[-1]
            print(lines[-1], flush=True)


def watch(arguments, children):
    """Shows the progress of child processes and writes models until the last one ends."""
    logs = [arguments.work / f"chain-{number}.log" for number in range(len(children))]
    shown, exported = {}, time.time()
    while any(child.poll() is None for child in children):
        time.sleep(1)
        show_news(logs, shown)
        if time.time() - exported > EXPORT_SECONDS:
            export.write_models(arguments.work, arguments.output)
            exported = time.time()
    show_news(logs, shown)
    for child, log in zip(children, logs):
        if child.returncode:
            print(f"a process failed; its messages are in {log}", file=sys.stderr)


def main():
    begun = time.time()
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    torch.backends.cudnn.benchmark = True
    if arguments.until:
        Recipe(arguments).run()
        return
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.output.mkdir(parents=True, exist_ok=True)
    learn_vocabulary(arguments.work / "picturebook.bpe.gz")
    draw_split(arguments.work, "train", arguments.pictures, False, arguments.work / "picturebook.bpe.gz")
    trials.write_trials(arguments.output)
    until = begun + 60 * arguments.minutes - CLOSING_SECONDS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped; the same command goes on"))
    children = [start_child(arguments, k, until) for k in range(arguments.processes)]
    try:
        watch(arguments, children)
    finally:
        for child in children:
            child.terminate()
    missing = export.write_models(arguments.work, arguments.output)
    if missing or any(child.returncode for child in children):
        raise SystemExit(f"training did not end; models without a checkpoint: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
