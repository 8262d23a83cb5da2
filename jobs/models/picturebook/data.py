"""Drawn pictures kept on disk, and what their scenes say as numbers."""

import dataclasses
import json
import multiprocessing
import pathlib

import numpy as np
import torch

import world

ATTRIBUTES = {
    "object": world.OBJECTS,
    "color": world.COLOR_NAMES,
    "place": world.PLACES,
    "style": world.STYLES,
    "weather": world.WEATHERS,
}


def draw_numbered(job):
    """One picture of a split, given (split, number, held_out)."""
    split, number, held_out = job
    scene, pixels = world.draw_from_seed(f"{split}-{number}", held_out)
    return dataclasses.asdict(scene), pixels


class Pictures:
    """A split of drawn pictures: `pixels` uint8 (N,64,64,3) and `scenes`."""

    def __init__(self, folder, split, count, held_out=False):
        self.folder = pathlib.Path(folder)
        pixel_file = self.folder / f"{split}-{count}.npy"
        scene_file = self.folder / f"{split}-{count}.json"
        if not scene_file.exists():
            self.draw(pixel_file, scene_file, split, count, held_out)
        self.pixels = np.load(pixel_file, mmap_mode="r")
        self.scenes = [world.Scene(**fields) for fields in json.loads(scene_file.read_text())]
        self.labels = label_scenes(self.scenes)

    def draw(self, pixel_file, scene_file, split, count, held_out):
        self.folder.mkdir(parents=True, exist_ok=True)
        jobs = [(split, number, held_out) for number in range(count)]
        with multiprocessing.Pool() as pool:
            drawn = pool.map(draw_numbered, jobs, chunksize=250)
        np.save(pixel_file, np.stack([pixels for _, pixels in drawn]))
        scene_file.write_text(json.dumps([fields for fields, _ in drawn]))

    def __len__(self):
        return len(self.scenes)

    def batch(self, indices):
        """The chosen pictures in 0..1, float32 (B,3,64,64) in channels-last memory."""
        return to_tensor(self.pixels[np.asarray(indices)])


def to_tensor(pixels):
    """uint8 (B,H,W,3) → float32 (B,3,H,W) in 0..1, channels-last memory."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float().div(255)


def to_pixels(x):
    """float (B,3,H,W) in 0..1 → uint8 (B,H,W,3)."""
    return (x.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def label_scenes(scenes):
    """Attribute name → index of each scene's value, int64 (N,)."""
    return {
        name: torch.tensor([values.index(getattr(scene, name)) for scene in scenes])
        for name, values in ATTRIBUTES.items()
    }
