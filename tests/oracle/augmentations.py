#!/usr/bin/env python3
"""Writes tests/ops/fixtures/augmentations.safetensors: what kornia 0.5.4 makes of small crops, with given parameters.

The file is committed, so that the C tests need no Python. Nothing of kornia is copied: its augmentations are called
with parameters that stand here, in float64, and gradients are taken by PyTorch.
"""

import argparse
import warnings
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
# PyTorch has removed this function, which kornia 0.5.4 calls.
torch.solve = lambda right, matrix: (torch.linalg.solve(matrix, right), matrix)

import kornia  # noqa: E402
import kornia.augmentation as K  # noqa: E402

CROPS, SIDE = 4, 20
WHAT = (
    "crops and out_gradient NCHW; for each augmentation: parameters as operation.h has them, output, and gradient = "
    "d sum(output * out_gradient) / d crops; kornia 0.5.4 in float64, rounded to float32"
)


def crops_make(generator):
    """Noise over a slope, from 0.02 to 0.98: f32 numbers as float64."""
    noise = torch.rand(CROPS, 3, SIDE, SIDE, generator=generator, dtype=torch.float64)
    slope = torch.linspace(0, 1, SIDE, dtype=torch.float64)
    crops = 0.02 + 0.96 * (0.6 * noise + 0.2 * slope + 0.2 * slope[:, None])
    return crops.float().double()


def float32_numbers(values):
    """Numbers that f32 has, as float64."""
    return torch.tensor(values, dtype=torch.float32).double()


def rotation_case():
    """Angles of both signs; kornia turns the picture, the parameters say where an output pixel comes from."""
    degrees = float32_numbers([15.0, -9.5, 4.25, -0.125])
    augmentation = K.RandomRotation(degrees=15, p=1.0)
    middle = (SIDE - 1) / 2
    rows = []
    for angle in numpy.radians(degrees.numpy()):
        cos, sin = numpy.cos(angle), numpy.sin(angle)
        # Against the clock as one looks at it, the y axis pointing down: undone by the transposed matrix.
        back = numpy.array([[cos, -sin], [sin, cos]])
        shift = middle - back @ [middle, middle]
        rows.append([*back[0], shift[0], *back[1], shift[1], 0, 0, 1, 0])
    return augmentation, {"degrees": degrees}, torch.tensor(numpy.array(rows))


def resized_crop_case():
    boxes = [(0, 0, 7, 13), (12, 3, 8, 9), (5, 1, 15, 19), (6, 9, 2, 11)]  # left, top, width, height
    left, top, width, height = float32_numbers(boxes).T
    augmentation = K.RandomResizedCrop((SIDE, SIDE), (0.1, 1), (0.75, 1.333), p=1.0, cropping_mode="resample")
    source = kornia.geometry.bbox_generator(left, top, width, height)
    corner = SIDE - 1.0
    target = torch.tensor([[[0, 0], [corner, 0], [corner, corner], [0, corner]]], dtype=torch.float64)
    rows = [[(w - 1) / corner, 0, x, 0, (h - 1) / corner, y, 0, 0, 1, 0] for x, y, w, h in boxes]
    return augmentation, {"src": source, "dst": target.repeat(CROPS, 1, 1)}, torch.tensor(rows, dtype=torch.float64)


def erase_case():
    rectangles = [(3, 5, 9, 4), (0, 0, 20, 2), (19, 19, 1, 1), (7, 0, 6, 20)]  # top, left, height, width
    top, left, height, width = float32_numbers(rectangles).T
    augmentation = K.RandomErasing((0.1, 0.4), (0.3, 1 / 0.3), same_on_batch=True, p=1.0)
    parameters = {
        "xs": left, "ys": top, "widths": width, "heights": height, "values": torch.zeros(CROPS, dtype=torch.float64)
    }
    return augmentation, parameters, torch.tensor(rectangles, dtype=torch.int32)


def sharpen_case():
    shares = float32_numbers([0.0, 0.3, 0.125, 1.0])
    return K.RandomSharpness(sharpness=0.3, p=1.0), {"sharpness_factor": shares}, shares[:, None]


def spline_case():
    """Kornia's centres, moved; the weights are solved for here, as its get_tps_transform is said to define them."""
    generator = numpy.random.default_rng(8)
    centres = numpy.array([[-1.0, -1], [-1, 1], [1, -1], [1, -1], [0, 0]])
    augmentation = K.RandomThinPlateSpline(scale=0.8, same_on_batch=True, p=1.0)
    moved = centres + generator.uniform(-0.8, 0.8, (CROPS, 5, 2))
    rows = []
    for points in moved:
        squares = ((points[:, None] - centres) ** 2).sum(-1)
        matrix = numpy.zeros((8, 8))
        matrix[:5, :5] = 0.5 * squares * numpy.log(squares + 1e-8)
        matrix[:5, 5] = 1
        matrix[:5, 6:] = points
        matrix[5:, :5] = matrix[:5, 5:].T
        right = numpy.zeros((8, 2))
        right[:5] = centres
        rows.append([1.0, *numpy.linalg.solve(matrix, right).ravel()])
    given = {"src": torch.tensor(centres).repeat(CROPS, 1, 1), "dst": torch.tensor(moved)}
    return augmentation, given, torch.tensor(numpy.array(rows))


def philox_words(key, counters):
    """Philox4x32-10 (Salmon et al. 2011): 128 bits for every counter, as (count, 4) 32-bit words."""
    a, b, c, d = (numpy.array(word, dtype=numpy.uint64) for word in zip(*counters))
    mask, shift = numpy.uint64(0xFFFFFFFF), numpy.uint64(32)
    k0, k1 = key
    for _ in range(10):
        low, high = numpy.uint64(0xD2511F53) * a, numpy.uint64(0xCD9E8D57) * c
        a, b, c, d = ((high >> shift) ^ b ^ numpy.uint64(k0), high & mask, (low >> shift) ^ d ^ numpy.uint64(k1),
                      low & mask)
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return numpy.stack([a, b, c, d], 1)


def elastic_case():
    """Strengths that push pixels up to the edges and beyond: with noise of so small a crop, 1 moves them little."""
    strengths = numpy.array([1.0, 4.0, 16.0, 64.0], dtype=numpy.float32)
    augmentation = K.RandomElasticTransform(p=1.0)
    parameters = numpy.zeros((CROPS, 6), dtype=numpy.int32)
    noise = numpy.zeros((CROPS, 2, SIDE, SIDE))
    for crop in range(CROPS):
        key, counter = (54 + crop, 1 << 20), (crop, 7, 5 << 24)
        words = philox_words(key, [(block, *counter) for block in range(SIDE * SIDE * 2 // 4)])
        numbers = (words.ravel() >> numpy.uint64(8)).astype(numpy.float64) * 2.0**-23 - 1
        noise[crop] = numbers.reshape(SIDE, SIDE, 2).transpose(2, 0, 1)
        parameters[crop] = [*key, *counter, strengths[crop : crop + 1].view(numpy.int32)[0]]
    # Kornia knows one strength for a batch; smoothing is linear, so that it may stand before it.
    given = {"noise": torch.tensor(noise * strengths[:, None, None, None])}
    return augmentation, given, torch.tensor(parameters)


CASES = {
    "rotation": rotation_case,
    "resized_crop": resized_crop_case,
    "erase": erase_case,
    "sharpen": sharpen_case,
    "spline": spline_case,
    "elastic": elastic_case,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "ops/fixtures")
    arguments = parser.parse_args()
    generator = torch.Generator().manual_seed(54)
    crops = crops_make(generator)
    out_gradient = torch.randn(crops.shape, generator=generator, dtype=torch.float64).float().double()
    tensors = {"crops": crops, "out_gradient": out_gradient}
    for name, case in CASES.items():
        augmentation, given, parameters = case()
        crops = crops.clone().requires_grad_()
        given["batch_prob"] = torch.ones(CROPS, dtype=torch.bool)
        output = augmentation(crops, given)
        (gradient,) = torch.autograd.grad((output * out_gradient).sum(), crops)
        tensors[f"{name}_parameters"] = parameters
        tensors[f"{name}_output"] = output
        tensors[f"{name}_gradient"] = gradient
    arguments.output.mkdir(exist_ok=True)
    save_file(
        {k: (v if v.dtype == torch.int32 else v.detach().float()).contiguous() for k, v in tensors.items()},
        arguments.output / "augmentations.safetensors",
        metadata={"what": WHAT},
    )


if __name__ == "__main__":
    main()
