#!/usr/bin/env python3
"""Writes tests/guide/draws_cases.h: moments and extremes of what kornia's own generators draw, called as the public
notebooks call them.

Run once with each version: each replaces its own lines of the file and keeps those of the other version. 0.5.4 is what
the notebooks used; 0.9.0 is today's.
"""

import argparse
import itertools
import warnings
from pathlib import Path

import numpy
import torch

warnings.filterwarnings("ignore")
# PyTorch has removed this function, which kornia 0.5.4 calls.
torch.solve = lambda right, matrix: (torch.linalg.solve(matrix, right), matrix)

import kornia  # noqa: E402
import kornia.augmentation as K  # noqa: E402

VERSION = kornia.__version__
OLD = VERSION.startswith("0.5")
SIDE, DRAWS, BATCHES, CHUNK, TAIL = 48, 200_000, 2_000, 20_000, 0.001
HEAD = f"""\
/* Made by tests/oracle/draws.py: {DRAWS} draws by kornia for crops of {SIDE} pixels, {BATCHES} of what is
 * the same in a batch. `fourth`: the fourth central moment by the square of the variance; `low` and `high`: {TAIL:g} of
 * the draws lie below, and above. */

/* clang-format off */
static const reference references[] = {{
"""


def affine(parameters):
    """Where a pixel of the crop comes from: kornia's matrix takes the picture to the crop."""
    shear = [parameters[key] for key in (("sx", "sy") if OLD else ("shear_x", "shear_y"))]
    matrix = kornia.geometry.transform.get_affine_matrix2d(
        *(parameters[key].double() for key in ("translations", "center", "scale", "angle")),
        *(torch.deg2rad(s.double()) for s in shear),
    )
    m = torch.linalg.inv(matrix).numpy()
    middle = numpy.array([(SIDE - 1) / 2, (SIDE - 1) / 2, 1])
    shift = (m @ middle)[:, :2] - middle[:2]
    entries = {f"m{i}{j}": m[:, i, j] for i in range(2) for j in range(2)}
    return {**entries, "m01 m10": m[:, 0, 1] * m[:, 1, 0], "shift x": shift[:, 0], "shift y": shift[:, 1]}


def perspective(parameters):
    moves = (parameters["end_points"] - parameters["start_points"]).abs().double().numpy()
    each = {f"corner {i} {'xy'[axis]}": moves[:, i, axis] for i in range(4) for axis in range(2)}
    return {**each, "corner 0 x y": moves[:, 0, 0] * moves[:, 0, 1]}


def jitter(parameters):
    brightness = parameters["brightness_factor"].double().numpy() - 1
    others = {key: parameters[f"{key}_factor"].double().numpy() for key in ("contrast", "saturation", "hue")}
    return {"brightness": brightness, **others}


def jitter_order(parameters):
    """The number of the order among all of them, as they are sorted; and whether it is the whole batch's."""
    number = sorted(itertools.permutations(range(4))).index(tuple(parameters["order"].tolist()))
    return {"order": numpy.array([float(number)]), "order shared": numpy.array([float(parameters["order"].dim() == 1)])}


def part(parameters):
    source = parameters["src"].double().numpy()
    left, top = source[:, 0, 0], source[:, 0, 1]
    width, height = source[:, 2, 0] - left + 1, source[:, 2, 1] - top + 1
    return {"width": width, "height": height, "area": width * height, "aspect": numpy.log(height / width),
            "left": (left + 0.5) / (SIDE - width + 1), "top": (top + 0.5) / (SIDE - height + 1)}


def erase(parameters):
    width, height, left, top = (parameters[key].double().numpy() for key in ("widths", "heights", "xs", "ys"))
    return {"width": width, "height": height, "area": width * height, "aspect": numpy.log(height / width),
            "left": (left + 0.5) / (SIDE - width + 1), "top": (top + 0.5) / (SIDE - height + 1)}


def spline(parameters):
    moves = (parameters["dst"] - parameters["src"]).double().numpy()
    return {f"point {i} {'xy'[axis]}": moves[:, i, axis] for i in range(5) for axis in range(2)}


def field(key):
    """Two pixels of each crop."""
    def quantities(parameters):
        values = parameters[key].flatten(1).double().numpy()
        return {"value": values[:, 7], "next": values[:, 8], "product": values[:, 7] * values[:, 8]}
    return quantities


def one(name, key):
    return lambda parameters: {name: parameters[key].double().numpy()}


FIELDS = noise, elastic = [field("noise" if OLD else "gaussian_noise"), field("noise")]
JITTER = K.ColorJitter if OLD else K.ColorJiggle
PADDING = {"padding_mode": "border"}
# Code and words, the augmentation but for its p, that p, what is told of its parameters.
CASES = [
    ("Hf", "", lambda p: K.RandomHorizontalFlip(p=p), 0.5, lambda parameters: {}),
    ("Af", "", lambda p: K.RandomAffine(degrees=15, translate=0.1, shear=5, p=p, **PADDING), 0.7, affine),
    ("Af", "scaled", lambda p: K.RandomAffine(15, 0.1, scale=(0.5, 1.25), shear=5, p=p, **PADDING), 0.7, affine),
    # kornia 0.5.4 does not shear along y around the middle.
    None if OLD else
    ("Af", "pairs", lambda p: K.RandomAffine(30, (0.1, 0.2), shear=(-5, 5, -10, 10), p=p, **PADDING), 0.8, affine),
    ("Pe", "", lambda p: K.RandomPerspective(0.7, p=p), 0.7, perspective),
    ("Ji", "", lambda p: JITTER(0.1, 0.1, 0.1, 0.1, p=p), 0.7, jitter),
    ("Ji", "", lambda p: JITTER(0.1, 0.1, 0.1, 0.1, p=p), None, jitter_order),
    ("Ro", "", lambda p: K.RandomRotation(degrees=15, p=p), 0.7, one("angle", "degrees")),
    ("Re", "", lambda p: K.RandomResizedCrop((SIDE, SIDE), (0.1, 1), (0.75, 1.333), cropping_mode="resample", p=p), 0.5,
     part),
    ("Cr", "", lambda p: K.RandomCrop((SIDE, SIDE), p=p), 0.5, part),
    ("Cr", "half", lambda p: K.RandomCrop((SIDE // 2, SIDE // 2), p=p), None, part),
    ("Gn", "", lambda p: K.RandomGaussianNoise(0.0, 1.0, p=p), 0.5, noise),
    ("Er", "", lambda p: K.RandomErasing((0.1, 0.4), (0.3, 1 / 0.3), same_on_batch=True, p=p), 0.7, erase),
    ("Sh", "", lambda p: K.RandomSharpness(0.3, p=p), 0.5, one("share", "sharpness_factor" if OLD else "sharpness")),
    ("Ts", "", lambda p: K.RandomThinPlateSpline(scale=0.8, same_on_batch=True, p=p), 0.7, spline),
    ("Et", "", lambda p: K.RandomElasticTransform(p=p), 0.7, elastic),
    ("Gr", "", lambda p: K.RandomGrayscale(p=p), 0.1, lambda parameters: {}),
]


def drawn(augmentation, crops, side=SIDE):
    return augmentation.forward_parameters(torch.Size([crops, 3, side, side]))


def collected(augmentation, quantities, crops):
    """Of so many crops at once, until there are enough."""
    found, count = {}, 0
    side = 4 if quantities in FIELDS else SIDE
    while count < (BATCHES if crops == 1 else DRAWS):
        told = quantities(drawn(augmentation, crops, side))
        for name, values in told.items():
            found.setdefault(name, []).append(values)
        count += len(values)
    return {name: numpy.concatenate(values) for name, values in found.items()}


def shared(augmentation):
    """The share of pairs of crops of one batch whose numbers are the same."""
    same = []
    for _ in range(100):
        parameters = drawn(augmentation, 2)
        keys = [key for key, value in parameters.items() if len(value) == 2 and value.dtype.is_floating_point]
        same.append(all(torch.equal(parameters[key][0], parameters[key][1]) for key in keys))
    return numpy.array(same, dtype=float)


def used(augmentation):
    """Of all crops of small batches, and whether the first two are or none is."""
    batches = [drawn(augmentation, 20, 4)["batch_prob"].double().numpy() for _ in range(BATCHES)]
    alike = numpy.array([float(batch[0] == batch[1]) for batch in batches])
    if all((batch == batch[0]).all() for batch in batches):
        return {"used": numpy.array([batch[0] for batch in batches]), "used alike": alike}
    return {"used": numpy.concatenate(batches), "used alike": alike}


def rows_make():
    for case in filter(None, CASES):
        code, words, make, p, quantities = case
        torch.manual_seed(54)
        found = {}
        if code not in ("Hf", "Gr"):
            together = make(1.0)
            together.same_on_batch = False  # which does not change what one crop draws
            found = collected(together, quantities, 1 if quantities is jitter_order else CHUNK)
        if p is not None or words:
            found["shared"] = shared(make(1.0))
        if p is not None:
            found.update(used(make(p)))
        for name, values in found.items():
            yield code, f"{words}{': ' if words else ''}{name}", values


def row_write(code, name, values):
    mean, deviation = values.mean(), values.std()
    fourth = ((values - mean) ** 4).mean() / deviation**4 if deviation > 1e-9 else 0.0
    low, high = numpy.quantile(values, [TAIL, 1 - TAIL], method="inverted_cdf")
    numbers = (mean, deviation if fourth else 0.0, fourth, values.min(), low, high, values.max())
    texts = ", ".join(f"{number + 0.0:.8g}" for number in numbers)
    return f'    {{"{VERSION}", "{code}", "{name}", {len(values)}, {texts}}},\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "guide/draws_cases.h")
    path = parser.parse_args().output
    before = path.read_text().splitlines(keepends=True) if path.exists() else []
    others = [line for line in before if line.startswith('    {"') and not line.startswith(f'    {{"{VERSION}"')]
    rows = [row_write(*row) for row in rows_make()]
    lines = sorted(others + rows, key=lambda line: line.split('"')[1])
    path.write_text(HEAD + "".join(lines) + "};\n/* clang-format on */\n")


if __name__ == "__main__":
    main()
