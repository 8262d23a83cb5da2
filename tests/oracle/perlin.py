#!/usr/bin/env python3
"""Writes tests/render/fixtures/perlin.safetensors: the pictures that `init: perlin` begins with, of seed 7.

The file is committed, so that the C tests need no Python. Philox is written here once more, in NumPy; the octaves are
summed with PyTorch in float64, and brought to the size by its own bilinear interpolation.
"""

from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file

SEED, HEIGHT, WIDTH = 7, 10, 14
LAYERS = ((12, 1), (8, 4))  # octaves, cells of the first one
WHAT = "pictures (height, width, 3) of init: perlin with seed 7, by mode; PyTorch in float64, rounded to float32"


def philox(counter, seed):
    """The first 64 bits of Philox4x32-10, counter (4, n)."""
    words = [word.astype(numpy.uint64) for word in counter]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    mask = numpy.uint64(0xFFFFFFFF)
    for _ in range(10):
        low, high = words[0] * numpy.uint64(0xD2511F53), words[2] * numpy.uint64(0xCD9E8D57)
        words = [
            (high >> numpy.uint64(32)) ^ words[1] ^ numpy.uint64(key[0]),
            high & mask,
            (low >> numpy.uint64(32)) ^ words[3] ^ numpy.uint64(key[1]),
            low & mask,
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return words[0] << numpy.uint64(32) | words[1]


def uniforms(draw, items, octave, plane):
    flat = items.numpy().astype(numpy.uint64).ravel()
    same = numpy.ones_like(flat)
    bits = philox((draw * same, flat, octave * same, (plane << 16) * same), SEED)
    return torch.from_numpy((bits >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-53).view(items.shape)


def normals(draw, *place):
    radius = torch.sqrt(-2 * torch.log(1 - uniforms(draw, *place)))
    return radius * torch.cos(2 * torch.pi * uniforms(draw + 1, *place))


def fade(t):
    return 3 * t**2 - 2 * t**3


def octave_at(rows, columns, cells, cell, octave, plane):
    """Its samples at these places of a square of cells * cell."""
    total = 0
    for down in (0, 1):
        for right in (0, 1):
            items = ((rows // cell + down) * (cells + 1))[:, None] + (columns // cell + right)[None, :]
            y = ((rows % cell).double() / cell - down)[:, None]
            x = ((columns % cell).double() / cell - right)[None, :]
            slope = normals(0, items, octave, plane) * y + normals(2, items, octave, plane) * x
            total = total + (1 - fade(y.abs())) * (1 - fade(x.abs())) * slope
    return total


def around(pixels, samples):
    """A few samples on both sides of each pixel's centre."""
    places = {(2 * i + 1) * samples // (2 * pixels) + d for i in range(pixels) for d in range(-2, 3)}
    return torch.tensor(sorted(p for p in places if 0 <= p < samples))


def plane_whole(layer, plane):
    octaves, cells = LAYERS[layer]
    samples = cells << octaves
    rows, columns = around(HEIGHT, samples), around(WIDTH, samples)
    known = 0.5
    for i in range(octaves):
        known = known + 0.5 * 1.5**-i * octave_at(rows, columns, cells << i, 1 << (octaves - i), i, plane)
    noise = torch.full((samples, samples), torch.nan, dtype=torch.float64)
    noise[rows[:, None], columns[None, :]] = known
    small = torch.nn.functional.interpolate(noise[None, None], (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
    cut = small[0, 0].clamp(0, 1)
    return (cut - cut.min()) / (cut.max() - cut.min())


def main():
    planes = [[plane_whole(layer, 3 * layer + channel) for channel in range(3)] for layer in range(2)]
    coloured = [torch.stack(layer, dim=-1) for layer in planes]
    grey = [torch.stack([layer[0]] * 3, dim=-1) for layer in planes]
    pictures = {
        "mixed": (coloured[0] + grey[1]) / 2,
        "color": (coloured[0] + coloured[1]) / 2,
        "gray": (grey[0] + grey[1]) / 2,
    }
    path = Path(__file__).resolve().parent.parent / "render/fixtures/perlin.safetensors"
    save_file({name: picture.float().contiguous() for name, picture in pictures.items()}, path, {"what": WHAT})


if __name__ == "__main__":
    main()
