"""Drawn pictures kept on disk, and what their scenes and captions say as numbers."""

import multiprocessing
import pathlib
import random

import numpy as np
import torch

import bpe
import world

ATTRIBUTES = {
    "object": world.OBJECTS,
    "color": world.COLOR_NAMES,
    "place": world.PLACES,
    "style": world.STYLES,
    "weather": world.WEATHERS,
}
SHARD = 2500  # pictures in one file
CAPTIONS = 8  # of each picture


def label_scene(scene):
    """The number of each attribute's value."""
    return [values.index(getattr(scene, name)) for name, values in ATTRIBUTES.items()]


def draw_shard(job):
    """Draws a range of a split's pictures into a file, given (path, split, numbers, held_out, vocabulary)."""
    path, split, numbers, held_out, vocabulary = job
    tokenizer = bpe.Tokenizer(vocabulary) if vocabulary else None
    pixels, labels, single, tokens = [], [], [], []
    for number in numbers:
        scene, picture = world.draw_from_seed(f"{split}-{number}", held_out)
        pixels.append(picture)
        labels.append(label_scene(scene))
        single.append(scene.second_object is None)
        if tokenizer:
            rng = random.Random(f"{split}-{number}-captions")
            captions = [world.write_caption(scene, rng) for _ in range(CAPTIONS)]
            tokens.append(tokenizer.batch(captions).numpy().astype(np.uint16))
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as file:
        np.savez(file, pixels=pixels, labels=np.uint8(labels), single=single, tokens=tokens)
    partial.replace(path)


def draw_split(folder, split, count, held_out=False, vocabulary=None):
    """Draws what is missing of a split on all cores; returns its files in order."""
    folder.mkdir(parents=True, exist_ok=True)
    ranges = [range(first, min(first + SHARD, count)) for first in range(0, count, SHARD)]
    paths = [folder / f"{split}-{numbers.start}-{numbers.stop}.npz" for numbers in ranges]
    jobs = [
        (path, split, numbers, held_out, vocabulary)
        for path, numbers in zip(paths, ranges)
        if not path.exists()
    ]
    if jobs:
        print(f"drawing {sum(len(job[2]) for job in jobs)} pictures ({split})", flush=True)
        with multiprocessing.Pool() as pool:
            pool.map(draw_shard, jobs, chunksize=1)
    return paths


class Pictures:
    """A split of drawn pictures.

    `pixels` uint8 (N,64,64,3); `labels` attribute → int64 (N); `single` bool (N),
    whether a picture shows one object; `tokens` int32 (N,CAPTIONS,L) with the
    vocabulary given, as short as the longest caption allows.
    """

    def __init__(self, folder, split, count, held_out=False, vocabulary=None):
        paths = draw_split(pathlib.Path(folder), split, count, held_out, vocabulary)
        self.pixels = torch.empty(count, world.SIZE, world.SIZE, 3, dtype=torch.uint8)
        parts = {"labels": [], "single": [], "tokens": []}
        for number, path in enumerate(paths):
            with np.load(path) as shard:
                start = number * SHARD
                self.pixels[start : start + SHARD] = torch.from_numpy(shard["pixels"])
                for key, values in parts.items():
                    values.append(shard[key].astype(np.int32))
        labels, single, tokens = (torch.from_numpy(np.concatenate(p)) for p in parts.values())
        self.labels = dict(zip(ATTRIBUTES, labels.long().unbind(1)))
        self.single = single.bool()
        self.tokens = tokens[..., : int((tokens != 0).sum(-1).max())] if vocabulary else None

    def to(self, device):
        """Moves everything to a device."""
        self.pixels, self.single = self.pixels.to(device), self.single.to(device)
        self.labels = {name: values.to(device) for name, values in self.labels.items()}
        self.tokens = None if self.tokens is None else self.tokens.to(device)
        return self

    def __len__(self):
        return len(self.pixels)

    @property
    def device(self):
        return self.pixels.device

    def batch(self, indices):
        """The chosen pictures in 0..1, float32 (B,3,64,64) in channels-last memory."""
        return to_tensor(self.pixels[indices])

    def random_batch(self, count):
        return self.batch(torch.randint(len(self), (count,), device=self.device))


def to_tensor(pixels):
    """uint8 (B,H,W,3) → float32 (B,3,H,W) in 0..1, channels-last memory."""
    return torch.as_tensor(pixels).permute(0, 3, 1, 2).float().div(255)


def to_pixels(x):
    """float (B,3,H,W) in 0..1 → uint8 (B,H,W,3)."""
    return (x.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
