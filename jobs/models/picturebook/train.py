"""Trains the demo models from nothing and writes them in the published formats.

    python train.py --work FOLDER --output FOLDER

Interrupted, it continues when started again with the same folders: drawings and
checkpoints are in the first, the models go to the second. With `--only` it runs
some stages alone, so that two processes can share the work.
"""

import argparse
import pathlib
import random

import torch

import bpe
import export
import trials
import vqgan
import world
from clip_stages import PerceptorStage
from data import Pictures
from vqgan_stages import CodeAverage, PixelStage, SharpenStage, start_as_identity

# Optimiser steps of each stage, and its seed.
STEPS = {
    "vqgan-half": 6000,
    "vqgan-full": 7000,
    "resnet": 3000,
    "vqgan-sharpen": 1000,
    "vit": 5000,
    "judge": 2000,
}
SEEDS = {name: number for number, name in enumerate(STEPS, start=1)}
PICTURES = 40000
CAPTIONS = 20000


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=STEPS, help="run just these stages")
    parser.add_argument("--scale", type=float, default=1, help="multiplies every stage's steps")
    return parser.parse_args()


def learn_vocabulary(path):
    """The byte pairs of many captions."""
    if not path.exists():
        rng = random.Random("vocabulary")
        captions = [world.write_caption(world.sample_scene(rng), rng) for _ in range(CAPTIONS)]
        bpe.write_vocabulary(path, bpe.learn_merges(captions, limit=2000))
    return bpe.Tokenizer(path)


class Recipe:
    """The stages in order. A stage whose checkpoint is complete is loaded from it."""

    def __init__(self, arguments):
        self.work, self.scale = arguments.work, arguments.scale
        self.wanted = arguments.only or list(STEPS)
        self.complete = True
        self.pictures = Pictures(self.work, "train", PICTURES)
        self.tokenizer = learn_vocabulary(self.work / "picturebook.bpe.gz")
        torch.manual_seed(0)
        self.generator = vqgan.VQModel().to(memory_format=torch.channels_last)
        start_as_identity(self.generator)
        self.average = CodeAverage(self.generator.quantize)
        self.perceptors = {}

    def steps(self, name):
        return round(STEPS[name] * self.scale)

    def make_stage(self, name):
        if name == "vqgan-sharpen":
            shared = (self.generator, self.perceptors["resnet"], self.pictures)
            return SharpenStage(*shared, self.steps(name), SEEDS[name])
        if name.startswith("vqgan"):
            shared = (self.generator, self.average, self.pictures, self.steps(name))
            skip, rate = (1, 8e-4) if name == "vqgan-half" else (0, 6e-4)
            return PixelStage(name, *shared, skip, rate, SEEDS[name])
        stage = PerceptorStage(name, self.pictures, self.tokenizer, self.steps(name), SEEDS[name])
        self.perceptors[name] = stage.model
        return stage

    def run(self, name):
        """Trains a stage that is wanted; of the others, loads what is complete."""
        stage = self.make_stage(name)
        if name in self.wanted or stage.is_complete(self.work):
            stage.run(self.work)
        else:
            self.complete = False


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(arguments)
    for name in STEPS:
        recipe.run(name)
    if recipe.complete:
        export.write_models(arguments.output, recipe.generator, recipe.perceptors, arguments.work)
        trials.write_trials(arguments.output)


if __name__ == "__main__":
    main()
