#!/usr/bin/env python3
"""Writes tests/guide/fixtures/overviews.safetensors: overviews and inner crops of a small picture, and their gradient.

Frame, mirror and grey are torch's and torchvision's; bringing a crop to its side is written from its definition (reflected
edges, a Lanczos-2 low-pass where it shrinks, then torch's bicubic with aligned corners). All in float64, rounded to float32.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from safetensors.torch import save_file

HEIGHT, WIDTH, SIDE = 12, 20, 8
WHAT = (
    "picture (12, 20, 3); rectangles: top, left, height, width of inner crops in the picture; is_grey: which of them are; "
    "crops (8, 8, 8, 3): as it is, grey, mirrored, mirrored and grey, then the inner ones; out_gradient like crops; "
    "gradient = d sum(crops * out_gradient) / d picture"
)
INNER = [(0, 0, 12, 12), (1, 5, 9, 9), (4, 12, 8, 8), (0, 9, 10, 10)]
GREY = [1, 1, 0, 0]


def low_pass(ratio):
    """Taps of sinc(x) sinc(x / 2), x in steps of the ratio, together 1."""
    count = math.ceil(2 / ratio + 1)
    x = ratio * torch.arange(-(count - 1) + 1, count - 1, dtype=torch.float64)
    taps = torch.where(x.abs() < 2, torch.sinc(x) * torch.sinc(x / 2), torch.zeros_like(x))
    return taps / taps.sum()


def along(picture, axis):
    """The low-pass along an axis of a picture (1, 3, H, W) that shrinks."""
    size = picture.shape[axis]
    if SIDE >= size:
        return picture
    taps = low_pass(SIDE / size)
    reach = (len(taps) - 1) // 2
    lines = picture.movedim(axis, -1)
    padded = F.pad(lines, (reach, reach, 0, 0), mode="reflect")
    windows = padded.unfold(-1, len(taps), 1)
    return (windows * taps).sum(-1).movedim(-1, axis)


def bring(picture):
    return F.interpolate(along(along(picture, 2), 3), (SIDE, SIDE), mode="bicubic", align_corners=True)


def main():
    generator = torch.Generator().manual_seed(11)
    picture = torch.rand(1, 3, HEIGHT, WIDTH, generator=generator).double().requires_grad_()
    whole = bring(F.pad(picture, (0, 0, (WIDTH - HEIGHT) // 2, (WIDTH - HEIGHT) // 2)))
    mirrored = TF.hflip(whole)
    crops = [whole, TF.rgb_to_grayscale(whole, 3), mirrored, TF.rgb_to_grayscale(mirrored, 3)]
    for (top, left, height, width), grey in zip(INNER, GREY):
        crop = picture[:, :, top:top + height, left:left + width]
        crops.append(bring(TF.rgb_to_grayscale(crop, 3) if grey else crop))
    crops = torch.cat(crops)
    out_gradient = torch.randn(crops.shape, generator=generator).double()
    (crops * out_gradient).sum().backward()
    last = lambda tensor: tensor.detach().movedim(1, -1).float().contiguous()
    save_file(
        {"picture": last(picture)[0], "rectangles": torch.tensor(INNER, dtype=torch.float32),
         "is_grey": torch.tensor(GREY, dtype=torch.float32), "crops": last(crops), "out_gradient": last(out_gradient),
         "gradient": last(picture.grad)[0]},
        Path(__file__).parents[1] / "guide/fixtures/overviews.safetensors", {"what": WHAT})


if __name__ == "__main__":
    main()
