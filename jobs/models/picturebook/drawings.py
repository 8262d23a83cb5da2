"""Writes drawings that no training saw as PNG files, with labels for `vqclip judge`.

    python drawings.py FOLDER [--count 1000] [--views]

Only pictures of one object are written. With --views each is seen once as guidance sees it: warped, jittered, noisy.
"""

import argparse
import json
import pathlib

import torch
from PIL import Image

import world
from augment import GUIDANCE, random_views
from data import ATTRIBUTES, to_pixels, to_tensor


def draw_singles(count):
    """[(scene, picture)] of the first `count` test drawings that show one object."""
    drawn = []
    for number in range(4 * count):
        scene, pixels = world.draw_from_seed(f"test-{number}")
        if not scene.second_object:
            drawn.append((scene, pixels))
        if len(drawn) == count:
            break
    return drawn


def see(pixels, number):
    """One random view (64,64,3) of a picture."""
    torch.manual_seed(number)
    return to_pixels(random_views(to_tensor(pixels[None]), world.SIZE, GUIDANCE))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--views", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    labels = []
    for number, (scene, pixels) in enumerate(draw_singles(arguments.count)):
        name = f"{number:04d}.png"
        shown = see(pixels, number) if arguments.views else pixels
        Image.fromarray(shown).save(arguments.folder / name)
        labels.append({"picture": name, **{key: getattr(scene, key) for key in ATTRIBUTES}})
    (arguments.folder / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")


if __name__ == "__main__":
    main()
