"""Random views of pictures, as guidance makes them.

Crop, horizontal flip, affine and perspective warp are one resampling; colour
jitter and noise follow. Coordinates run from -1 to 1 across a picture; matrices
(B,3,3) map points of a view to points of its source.
"""

import dataclasses
import math

import torch
import torch.nn.functional as F


@dataclasses.dataclass
class Wildness:
    """How far views may differ from their pictures. Lengths are shares of the side, angles degrees."""

    degrees: float
    translate: float
    shear: float
    distortion: float
    hue: float
    noise: float


# What the shipped jobs ask for, and what training shows: a little more.
GUIDANCE = Wildness(degrees=10, translate=0.05, shear=3, distortion=0.2, hue=0.01, noise=0.05)
TRAINING = Wildness(degrees=12, translate=0.065, shear=4, distortion=0.25, hue=0.02, noise=0.1)


def uniform(like, low, high):
    """One random number for each picture of `like`, (B)."""
    return torch.rand(len(like), device=like.device) * (high - low) + low


def chance(like, probability):
    """One 0 or 1 for each picture, (B)."""
    return (torch.rand(len(like), device=like.device) < probability).float()


def matrices(*entries):
    """Nine entries, each a number or (B), in row order → (B,3,3)."""
    like = next(entry for entry in entries if torch.is_tensor(entry))
    full = [entry if torch.is_tensor(entry) else torch.full_like(like, entry) for entry in entries]
    return torch.stack(full, dim=-1).view(-1, 3, 3)


def random_crops(like, smallest):
    """Squares with a side between `smallest` and 1 of the picture's."""
    side = uniform(like, smallest, 1)
    x, y = (uniform(like, -1, 1) * (1 - side) for _ in range(2))
    return matrices(side, 0, x, 0, side, y, 0, 0, 1)


def random_flips(like):
    return matrices(1 - 2 * chance(like, 0.5), 0, 0, 0, 1, 0, 0, 0, 1)


def random_affine(like, wildness):
    """Rotation, shift and shear; seven times in ten."""
    applied = chance(like, 0.7)
    angle = applied * uniform(like, -wildness.degrees, wildness.degrees) * math.pi / 180
    shear = torch.tan(applied * uniform(like, -wildness.shear, wildness.shear) * math.pi / 180)
    shift = 2 * wildness.translate  # coordinates run over two units
    x, y = (applied * uniform(like, -shift, shift) for _ in range(2))
    cosine, sine = angle.cos(), angle.sin()
    return matrices(
        *(cosine, cosine * shear - sine, x),
        *(sine, sine * shear + cosine, y),
        *(0, 0, 1),
    )


def random_perspective(like, distortion):
    """Each corner of the picture moves inward; seven times in ten."""
    y, x = torch.tensor([[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, -1.0]])
    corners = torch.stack([x, y], dim=-1).to(like.device).expand(len(like), 4, 2)
    applied = chance(like, 0.7)[:, None, None]
    moved = corners * (1 - applied * distortion * torch.rand_like(corners))
    return solve_homography(moved, corners)


def solve_homography(points, targets):
    """The matrices that map four points each (B,4,2) to four targets."""
    count = len(points)
    x, y = points.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    u, v = targets.unbind(-1)
    rows_u = torch.stack([x, y, one, zero, zero, zero, -u * x, -u * y], dim=-1)
    rows_v = torch.stack([zero, zero, zero, x, y, one, -v * x, -v * y], dim=-1)
    system = torch.cat([rows_u, rows_v], dim=1)
    solution, _ = torch.linalg.solve_ex(system, torch.cat([u, v], dim=1))
    return torch.cat([solution, one[:, :1]], dim=1).view(count, 3, 3)


def pixel_grid(resolution, device):
    """The centres of a view's pixels with a third coordinate of 1, (3,R*R)."""
    line = (torch.arange(resolution, device=device) + 0.5) * 2 / resolution - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y, torch.ones_like(x)]).view(3, -1)


def warp(x, flat, perspective, resolution):
    """Pictures seen through a flat map (border extended), then a perspective (black outside)."""
    count = len(x)
    grid = pixel_grid(resolution, x.device).expand(count, -1, -1)
    warped = perspective @ grid  # (B,3,R*R)
    depth = warped[:, 2:].clamp(min=1e-3)
    inside = (warped[:, :2].abs() <= depth).all(1).view(count, 1, resolution, resolution)
    points = ((flat @ warped)[:, :2] / depth).transpose(1, 2)
    points = points.reshape(count, resolution, resolution, 2)
    views = F.grid_sample(x, points, padding_mode="border", align_corners=False)
    return views * inside


def turn_hue(angle):
    """Rotations of colours (B,3,3) about the grey axis."""
    cosine, sine = angle.cos(), angle.sin()
    near = (1 + 2 * cosine) / 3
    left, right = ((1 - cosine) / 3 + sign * sine / math.sqrt(3) for sign in (-1, 1))
    return matrices(near, left, right, right, near, left, left, right, near)


def jitter_colors(x, hue_limit):
    """Brightness, contrast and saturation by up to a tenth; seven times in ten.

    The hue turns by a much smaller share of the circle than the tenth of public
    tools, which makes red what was orange.
    """
    applied = chance(x, 0.7)
    brightness, contrast, saturation, hue = (
        applied * uniform(x, -limit, limit) for limit in (0.1, 0.1, 0.1, hue_limit)
    )
    grey = torch.full((3, 3), 1 / 3, device=x.device)
    saturate = grey - (1 + saturation).view(-1, 1, 1) * (grey - torch.eye(3, device=x.device))
    gain = ((1 + brightness) * (1 + contrast)).view(-1, 1, 1)
    offset = -contrast * (1 + brightness) * x.mean((1, 2, 3))
    colors = gain * turn_hue(2 * math.pi * hue) @ saturate
    return torch.baddbmm(offset.view(-1, 1, 1), colors, x.flatten(2)).view(x.shape)


def whole_views(x, resolution):
    """The whole pictures at a tower's resolution: (B,3,H,W) → (B,3,R,R)."""
    if x.shape[-1] == resolution:
        return x
    return F.interpolate(x, (resolution, resolution), mode="bicubic", antialias=True).clamp(0, 1)


def soften(x):
    """Pictures as they look after losing half of their resolution."""
    return F.interpolate(F.avg_pool2d(x, 2), scale_factor=2.0, mode="bilinear").clamp(0, 1)


def random_views(x, resolution, wildness=TRAINING):
    """One random view of each picture: (B,3,H,W) → (B,3,R,R) in 0..1."""
    smallest = min(1, resolution / x.shape[-1])
    flat = random_crops(x, smallest) @ random_flips(x) @ random_affine(x, wildness)
    perspective = random_perspective(x, wildness.distortion)
    views = jitter_colors(warp(x, flat, perspective, resolution), wildness.hue)
    strength = uniform(x, 0, wildness.noise).view(-1, 1, 1, 1)
    return torch.addcmul(views, torch.randn_like(views), strength).clamp_(0, 1)
