#!/usr/bin/env python3
"""Writes tests/render/fixtures/motion.safetensors: a small picture, moved by kornia 0.9 in float64.

A tilt is made of its four corners: turned in space, seen through kornia's pinhole, and kornia's perspective transform between
both; with what kornia's get_rotation_matrix2d makes of rotate and zoom it goes to warp_perspective. What wraps is the picture
laid out many times beside itself.
"""

from pathlib import Path

import kornia.geometry as G
import torch
from safetensors.torch import save_file

HEIGHT, WIDTH, TILES = 10, 16, 11
PADDING = {"edge": "border", "black": "zeros", "reflect": "reflection"}
# border; zoom, rotate, shift x and y, tilt x and y, fov
CASES = [
    ("edge", 1, 0, 0, 0, 20, 0, 40),
    ("black", 1, 0, 0, 0, 0, -35, 60),
    ("reflect", 1, 0, 5.5, -3.25, 0, 0, 40),
    ("reflect", 0.6, 25, 0, 0, -10, 30, 40),
    ("wrap", 1, 0, 9.75, 31, 0, 0, 40),
    ("wrap", 0.7, -40, 2, 1, 12, -9, 90),
    ("black", 1.1, 10, 1, -2, 15, 25, 40),
    ("edge", 0.5, 0, 0, 3, -20, -20, 100),
]
WHAT = (
    "picture (10, 16, 3); cases (8, 8): number of the border (edge, black, reflect, wrap), zoom, rotate, shift x and y, tilt x and "
    "y, fov; matrices (8, 3, 3) from output to input; moved (8, 10, 16, 3)"
)


def tilt(about_x, about_y, fov):
    """From the picture to the tilted one; the upper and the right edge go away."""
    middle = torch.tensor([(WIDTH - 1) / 2, (HEIGHT - 1) / 2], dtype=torch.float64)
    corners = torch.tensor([[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]], dtype=torch.float64)
    turns = [torch.tensor([[angle * torch.pi / 180 * axis for axis in axes]], dtype=torch.float64)
             for angle, axes in ((-about_x, (1, 0, 0)), (-about_y, (0, 1, 0)))]
    about_level, about_upright = (G.axis_angle_to_rotation_matrix(turn)[0] for turn in turns)
    distance = max(HEIGHT, WIDTH) / 2 / torch.tan(torch.tensor(fov * torch.pi / 360, dtype=torch.float64))
    flat = torch.cat([corners - middle, torch.zeros(4, 1, dtype=torch.float64)], 1)
    turned = flat @ about_level.T @ about_upright.T + torch.stack([torch.zeros(()), torch.zeros(()), distance])
    camera = torch.diag(torch.stack([distance, distance, torch.ones((), dtype=torch.float64)]))
    camera[:2, 2] = middle
    seen = G.camera.project_points(turned, camera.expand(4, 3, 3))
    return G.get_perspective_transform(corners[None], seen[None])[0]


def matrix_make(zoom, rotate, x, y, about_x, about_y, fov):
    middle = torch.tensor([[(WIDTH - 1) / 2, (HEIGHT - 1) / 2]], dtype=torch.float64)
    scale = torch.tensor([[zoom, zoom]], dtype=torch.float64)
    last = torch.tensor([[0, 0, 1]], dtype=torch.float64)
    turn = torch.cat([G.get_rotation_matrix2d(middle, torch.tensor([rotate], dtype=torch.float64), scale)[0], last])
    shift = torch.tensor([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=torch.float64)
    return tilt(about_x, about_y, fov) @ turn @ shift


def move(picture, border, matrix):
    size = (HEIGHT, WIDTH)
    if border != "wrap":
        return G.warp_perspective(picture, matrix[None], size, padding_mode=PADDING[border], align_corners=True)
    tiled = picture.repeat(1, 1, TILES, TILES)
    back = torch.tensor([[1, 0, -WIDTH * (TILES // 2)], [0, 1, -HEIGHT * (TILES // 2)], [0, 0, 1]], dtype=torch.float64)
    return G.warp_perspective(tiled, (matrix @ back)[None], size, align_corners=True)


def main():
    generator = torch.Generator().manual_seed(12)
    picture = torch.rand(1, 3, HEIGHT, WIDTH, generator=generator).double()
    borders = ["edge", "black", "reflect", "wrap"]
    matrices = [matrix_make(*case[1:]) for case in CASES]
    moved = torch.cat([move(picture, case[0], matrix) for case, matrix in zip(CASES, matrices)])
    inverses = torch.stack([torch.linalg.inv(matrix) for matrix in matrices])
    last = lambda tensor: tensor.movedim(1, -1).float().contiguous()
    save_file(
        {"picture": last(picture)[0], "cases": torch.tensor([[borders.index(case[0]), *case[1:]] for case in CASES]).float(),
         "matrices": (inverses / inverses[:, 2:, 2:]).float(), "moved": last(moved)},
        Path(__file__).parents[1] / "render/fixtures/motion.safetensors", {"what": WHAT})


if __name__ == "__main__":
    main()
