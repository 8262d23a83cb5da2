#!/usr/bin/env python3
"""Writes tests/ops/fixtures/picture_terms.safetensors: terms of a loss that look at a whole picture, and their gradients.

The file is committed, so that the C tests need no Python. Each term is written here once more, from its definition, with
PyTorch's own gradient, std_mean and the like, in float64; gradients are taken by PyTorch.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

HEIGHT, WIDTH = 11, 9
WHAT = (
    "picture and beside NCHW; for each term its value, and gradient = d value / d picture; range is of the picture "
    "times 2 less 0.5; PyTorch in float64, rounded to float32"
)


def differences(picture):
    """To the right and down, 0 at the edge."""
    right = torch.diff(picture, dim=3, append=picture[..., -1:])
    down = torch.diff(picture, dim=2, append=picture[..., -1:, :])
    return right, down


def tv_squares(picture, _):
    right, down = differences(picture)
    return (right.square() + down.square()).mean()


def tv_absolute(picture, _):
    right, down = differences(picture)
    return (right.abs() + down.abs()).mean()


def tv_isotropic(picture, _):
    right, down = differences(picture)
    return (right.square() + down.square() + 1e-8).mean(dim=1).sqrt().mean()


def steepness(picture):
    slopes = torch.gradient(picture, dim=(2, 3))
    return torch.linalg.vector_norm(torch.cat(slopes, dim=1), dim=1)


def smoothness(picture, _):
    return steepness(picture).mean()


def smoothness_clipped(picture, _):
    return steepness(picture).clamp(max=0.5).mean()


def smoothness_log(picture, _):
    return torch.log1p(steepness(picture)).mean()


def saturation(picture, _):
    red, green, blue = picture[0].flatten(1)
    deviations, means = zip(torch.std_mean(red - green), torch.std_mean((red + green) / 2 - blue))
    return -(torch.hypot(*deviations) + 0.3 * torch.hypot(*means)) / 5


def value_range(picture, _):
    u = 2 * picture - 0.5
    return torch.nn.functional.mse_loss(u, u.clamp(0, 1).detach())


def likeness(picture, beside):
    return torch.nn.functional.mse_loss(picture, beside)


TERMS = {
    "tv_squares": tv_squares,
    "tv_absolute": tv_absolute,
    "tv_isotropic": tv_isotropic,
    "smoothness": smoothness,
    "smoothness_clipped": smoothness_clipped,
    "smoothness_log": smoothness_log,
    "saturation": saturation,
    "range": value_range,
    "likeness": likeness,
}


def main():
    generator = torch.Generator().manual_seed(15)
    picture, beside = torch.rand(2, 1, 3, HEIGHT, WIDTH, generator=generator, dtype=torch.float64).float().double()
    picture[..., :5, :5] = 0.5  # an even part, where differences are 0
    picture[:, :2] = picture[:, :2] ** 2  # a colour
    picture = picture.float().double()
    tensors = {"picture": picture, "beside": beside}
    for name, term in TERMS.items():
        leaf = picture.clone().requires_grad_()
        value = term(leaf, beside)
        (gradient,) = torch.autograd.grad(value, leaf)
        tensors[name + "_value"] = value.detach().reshape(1)
        # Where the picture is even the gradient of a length of 0 is not a number in PyTorch; it is taken as 0.
        tensors[name + "_gradient"] = gradient.nan_to_num(nan=0.0)
    path = Path(__file__).parents[1] / "ops" / "fixtures" / "picture_terms.safetensors"
    save_file({name: tensor.float().contiguous() for name, tensor in tensors.items()}, path, {"what": WHAT})


if __name__ == "__main__":
    main()
