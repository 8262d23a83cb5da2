"""A sheet of an archive's pictures in random order and without captions, for people to describe.

    python blind.py ARCHIVE SHEET.png KEY.json [--count 48] [--seed 0]

Pictures are numbered row by row from 1, as printed beside them. The key says which render each is; whoever
describes the sheet opens it afterwards.
"""

import argparse
import json
import random

import h5py
from PIL import Image, ImageDraw

ZOOM = 2
COLUMNS = 8
MARGIN = 14


def read_pictures(path):
    """[(number, prompt, picture (H,W,3))] of the finished renders."""
    pictures = []
    with h5py.File(path) as archive:
        renders = archive["renders"]
        for number, state in enumerate(renders["state"][:]):
            if state == 1:
                shape, row = renders["shape"][number], renders["row"][number]
                pixels = archive[f"shape_{shape}/picture"][row]
                pictures.append((number, renders["prompt"][number].decode(), pixels))
    return pictures


def draw_sheet(pictures):
    height, width = (ZOOM * side for side in pictures[0][2].shape[:2])
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (width + MARGIN), rows * (height + MARGIN)), "white")
    for place, (_, _, pixels) in enumerate(pictures):
        left, top = place % COLUMNS * (width + MARGIN), place // COLUMNS * (height + MARGIN)
        sheet.paste(Image.fromarray(pixels).resize((width, height), Image.BICUBIC), (left, top + MARGIN))
        ImageDraw.Draw(sheet).text((left + 2, top), str(place + 1), fill="black")
    return sheet


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("archive")
    parser.add_argument("sheet")
    parser.add_argument("key")
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--seed", default="0")
    arguments = parser.parse_args()
    pictures = read_pictures(arguments.archive)
    chosen = random.Random(arguments.seed).sample(pictures, arguments.count)
    draw_sheet(chosen).save(arguments.sheet, optimize=True)
    key = {place: {"render": number, "prompt": prompt} for place, (number, prompt, _) in enumerate(chosen, 1)}
    with open(arguments.key, "w") as file:
        json.dump(key, file, indent=1)


if __name__ == "__main__":
    main()
