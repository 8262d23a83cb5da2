"""Self-masking on scenes whose masks are known: draws them, renders, and compares the masks.

    python jobs/demo/scenes.py VQCLIP OUTPUT [--count 30] [--first 0] [--mask KEYS] [--only-draw] [OPTIONS of render]

Each scene has two things of different kinds and colours in one of the picture book's places, 256 × 256, apart from each
other. VQCLIP finds the first by its name. The intersection over union of the mask it finds and the true silhouette is
printed, pixel by pixel and on the latent's grid, with those of a square of the silhouette's area in the middle and of one
at random. The interpreter needs the packages of jobs/models/picturebook and h5py.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys

JOBS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(JOBS.parent / "models" / "picturebook"))

import cairo
import h5py
import numpy as np
from PIL import Image

import world

SIDE = 256  # of a scene
UNIT = SIDE / world.SIZE / 2  # of its things: half as large beside the picture as those that stand alone
CELL = 16


def sample_scene(rng):
    """Two things that differ in kind and colour, visible."""
    while True:
        first, second = rng.sample(world.OBJECTS, 2)
        colors = rng.sample(world.COLOR_NAMES, 2)
        scene = world.Scene(
            object=first,
            color=colors[0],
            place=rng.choice(world.PLACES),
            style=rng.choice(["cartoon", "cartoon", "pencil", "neon"]),
            backdrop=rng.choice(world.COLOR_NAMES),
            second_object=second,
            second_color=colors[1],
            relation="beside",
        )
        if scene.is_visible():
            return scene


def sample_spots(rng):
    """Where the two things go, in units: (x, y, scale, angle), not one over the other."""
    while True:
        spots = [
            (rng.uniform(28, 100), rng.uniform(28, 100), rng.uniform(22, 25), rng.uniform(-0.05, 0.05))
            for _ in range(2)
        ]
        if max(abs(spots[0][0] - spots[1][0]), abs(spots[0][1] - spots[1][1])) >= 54:
            return spots


def pixels_of(surface):
    raw = np.ndarray((SIDE, SIDE, 4), np.uint8, surface.get_data())
    return raw[:, :, 2::-1].copy()


def draw_scene(scene, spots, rng):
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, SIDE, SIDE)
    context = cairo.Context(surface)
    context.save()
    context.scale(SIDE / world.SIZE, SIDE / world.SIZE)
    world.Landscape(context, scene, rng).paint()
    world.dress_background(context, scene)
    context.restore()
    context.scale(UNIT, UNIT)
    things = [(name, world.jitter(world.COLORS[color], rng)) for name, color in scene.things()]
    world.draw_things(context, scene.style, things, spots)
    return pixels_of(surface)


def draw_mask(scene, spots):
    """The first thing's silhouette, bool (SIDE, SIDE)."""
    surface = cairo.ImageSurface(cairo.FORMAT_RGB24, SIDE, SIDE)
    context = cairo.Context(surface)
    context.scale(UNIT, UNIT)
    world.draw_things(context, "mask", [(scene.object, world.COLORS[scene.color])], spots[:1])
    return pixels_of(surface)[..., 0] > 127


def draw_all(folder, first, count):
    """[(name of the first thing, true mask)]; pictures are folder/NNN.png."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes = []
    for number in range(first, first + count):
        rng = random.Random(f"two-things-{number}")
        scene = sample_scene(rng)
        spots = sample_spots(rng)
        Image.fromarray(draw_scene(scene, spots, rng)).save(folder / f"{number:03d}.png", optimize=True)
        truth = draw_mask(scene, spots)
        Image.fromarray(truth.astype(np.uint8) * 255).save(folder / f"{number:03d}-truth.png", optimize=True)
        scenes.append((world.with_article(f"{scene.color} {scene.object}"), truth))
    return scenes


def job_text(name, scenes, first, mask):
    models = JOBS.parent / "models"
    vocabulary = models / "picturebook.bpe.gz"
    prompts = "\n".join(
        f'  - {{id: "{first + i:03d}", text: {thing}, init: {{image: scenes/{first + i:03d}.png}}, '
        f"mask: {{text: {thing}{mask}}}}}"
        for i, (thing, _) in enumerate(scenes)
    )
    return f"""study: {name}
models:
  generator: {{config: {models}/picturebook-vqgan.yaml, checkpoint: {models}/picturebook-vqgan.safetensors}}
  perceptors:
    - {{name: vit, checkpoint: {models}/picturebook-vit.safetensors, vocabulary: {vocabulary}}}
    - {{name: resnet, checkpoint: {models}/picturebook-resnet.safetensors, vocabulary: {vocabulary}}}
render: {{size: [{SIDE}, {SIDE}], steps: 1, crops: {{count: 1, group: 1}}}}
prompts:
{prompts}
"""


def overlap(left, right):
    return float((left & right).sum() / max(1, (left | right).sum()))


def to_pixels(cells):
    return np.kron(cells, np.ones((CELL, CELL))) > 0


def to_cells(truth):
    """By the rule of drawn masks: at least half of the cell."""
    return truth.reshape(SIDE // CELL, CELL, SIDE // CELL, CELL).mean((1, 3)) >= 0.5


def square(truth, center):
    """A square of the silhouette's area around a place."""
    half = truth.sum() ** 0.5 / 2
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    return (abs(y - center[0]) < half) & (abs(x - center[1]) < half)


def random_square(truth, rng):
    half = truth.sum() ** 0.5 / 2
    return square(truth, [rng.uniform(half, SIDE - half) for _ in range(2)])


def measure(archive, scenes, first):
    rows = []
    with h5py.File(archive) as file:
        masks = file["shape_0/relevance"][:, 1]
        rows_of = file["renders/row"][:]
    for i, (thing, truth) in enumerate(scenes):
        cells = masks[rows_of[i]] > 0
        rng = random.Random(f"square-{first + i}")
        randoms = [random_square(truth, rng) for _ in range(20)]
        rows.append(
            {
                "scene": first + i,
                "text": thing,
                "pixels": overlap(to_pixels(cells), truth),
                "cells": overlap(cells, to_cells(truth)),
                "grid": overlap(to_pixels(to_cells(truth)), truth),
                "center": overlap(square(truth, (SIDE / 2, SIDE / 2)), truth),
                "random": float(np.mean([overlap(r, truth) for r in randoms])),
            }
        )
    return rows


def print_rows(rows):
    names = ["pixels", "cells", "grid", "center", "random"]
    print("scene  " + "  ".join(f"{name:>6}" for name in names) + "  text")
    for row in rows:
        print(f"{row['scene']:5d}  " + "  ".join(f"{row[name]:6.3f}" for name in names) + f"  {row['text']}")
    means = {name: np.mean([row[name] for row in rows]) for name in names}
    print(" mean  " + "  ".join(f"{means[name]:6.3f}" for name in names))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("vqclip")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--mask", default="", help="further keys of the mask: ', crops: 100'")
    parser.add_argument("--name", default="scenes")
    parser.add_argument("--only-draw", action="store_true")
    arguments, options = parser.parse_known_args()
    scenes = draw_all(arguments.output / "scenes", arguments.first, arguments.count)
    if arguments.only_draw:
        return
    job = arguments.output / f"{arguments.name}.yaml"
    job.write_text(job_text(arguments.name, scenes, arguments.first, arguments.mask))
    subprocess.run([arguments.vqclip, "render", job, "-o", arguments.output, *options], check=True)
    rows = measure(arguments.output / f"{arguments.name}.h5", scenes, arguments.first)
    print_rows(rows)
    (arguments.output / f"{arguments.name}.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
