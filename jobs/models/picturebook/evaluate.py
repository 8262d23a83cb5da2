"""Measures the shipped models on drawings that were never seen; prints Markdown tables.

    python evaluate.py --models FOLDER --work FOLDER [--device cpu|cuda] [--sheet PICTURE.png]

The sheet shows drawings, each with its reconstruction below it.
"""

import argparse
import datetime
import json
import pathlib
import platform

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import bpe
import load
from augment import GUIDANCE, random_views, whole_views
from data import Pictures, to_pixels

RECONSTRUCTED = 500
RECOGNISED = 1000
HELD_OUT = 500
ATTRIBUTES = ("object", "color", "place", "style")
PERCEPTORS = ("vit", "resnet", "judge")
SHEET_COLUMNS, SHEET_ROWS = 16, 4


def in_batches(function, x, size=100):
    return torch.cat([function(part) for part in x.split(size)])


def measure_reconstruction(generator, x):
    """Decibels of each picture (B) and the share of codes used; x in 0..1."""
    encode = lambda part: generator.quantize.nearest(generator.encode(part * 2 - 1))
    indices = in_batches(encode, x)
    decode = lambda part: (generator.decode(generator.quantize.look_up(part)) + 1) / 2
    y = in_batches(decode, indices).clamp(0, 1)
    error = (y - x).square().mean((1, 2, 3))
    used = len(indices.unique()) / len(generator.quantize.embedding.weight)
    return -10 * error.log10(), used, y


def embed_values(model, tokenizer, values):
    """Each value's mean text embedding, (V,E)."""
    means = []
    for texts in values.values():
        embeddings = F.normalize(model.encode_text(tokenizer.batch(texts).to(model.mean.device)), dim=-1)
        means.append(embeddings.mean(0))
    return F.normalize(torch.stack(means), dim=-1)


def recognise(model, tokenizer, attributes, views, pictures):
    """Percent of single-object pictures whose attribute is recognised, in order."""
    images = F.normalize(in_batches(model.encode_image, views), dim=-1)
    rows = []
    for name in ATTRIBUTES:
        texts = embed_values(model, tokenizer, attributes[name])
        right = (images @ texts.T).argmax(1) == pictures.labels[name]
        rows.append(100 * right[pictures.single].float().mean().item())
    return rows


def print_table(title, header, rows):
    print(f"\n## {title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def report_reconstruction(generator, pictures):
    decibels, used, y = measure_reconstruction(generator, pictures.batch(slice(RECONSTRUCTED)))
    row = [f"{decibels.mean():.2f} dB", f"{decibels.min():.2f} dB", f"{100 * used:.1f} %"]
    title = f"Reconstruction of {RECONSTRUCTED} unseen drawings"
    print_table(title, ["mean PSNR", "worst PSNR", "codes used"], [row])
    return y


def report_recognition(models, tokenizer, attributes, sets):
    rows = []
    for name, model in models.items():
        for label, x, pictures in sets:
            resolution = model.visual.resolution
            torch.manual_seed(0)
            if "views" in label:
                views = random_views(x, resolution, GUIDANCE)
            else:
                views = whole_views(x, resolution)
            figures = recognise(model, tokenizer, attributes, views, pictures)
            rows.append([name, label, *(f"{figure:.1f} %" for figure in figures)])
    print_table("Zero-shot recognition", ["perceptor", "pictures", *ATTRIBUTES], rows)


class FirstPictures:
    """The first pictures of a split, as a set of its own."""

    def __init__(self, pictures, count):
        self.single = pictures.single[:count]
        self.labels = {name: values[:count] for name, values in pictures.labels.items()}


def write_sheet(path, x, y):
    """Rows of pictures (B,3,H,W), each above its reconstruction."""
    count = SHEET_COLUMNS * SHEET_ROWS
    pairs = np.stack([to_pixels(x[:count]), to_pixels(y[:count])])
    size = pairs.shape[2]
    pairs = pairs.reshape(2, SHEET_ROWS, SHEET_COLUMNS, size, size, 3).transpose(1, 0, 3, 2, 4, 5)
    sheet = pairs.reshape(2 * SHEET_ROWS * size, SHEET_COLUMNS * size, 3)
    Image.fromarray(sheet).save(path, optimize=True)


def describe_machine(device):
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    print(f"- CPU: {model}; Python {platform.python_version()}, PyTorch {torch.__version__}")
    if device == "cuda":
        print(f"- GPU: {torch.cuda.get_device_name()}")
    print(f"- date: {datetime.date.today()}")


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--sheet", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    folder = arguments.models
    device = arguments.device
    seen_never = Pictures(arguments.work, "test", RECOGNISED)
    held_out = Pictures(arguments.work, "held-out", HELD_OUT, held_out=True)
    for pictures in (seen_never, held_out):
        pictures.to(device)
    tokenizer = bpe.Tokenizer(folder / "picturebook.bpe.gz")
    attributes = json.loads((folder / "attributes.json").read_text())
    generator = load.load_generator(
        folder / "picturebook-vqgan.yaml", folder / "picturebook-vqgan.safetensors"
    ).to(device)
    models = {
        name: load.load_perceptor(folder / f"picturebook-{name}.safetensors").to(device)
        for name in PERCEPTORS
    }
    describe_machine(device)
    redrawn = report_reconstruction(generator, seen_never)
    drawings = seen_never.batch(slice(RECOGNISED))
    if arguments.sheet:
        write_sheet(arguments.sheet, drawings, redrawn)
    sets = [
        ("drawings", drawings, seen_never),
        ("random views of the drawings", drawings, seen_never),
        ("held-out combinations", held_out.batch(slice(HELD_OUT)), held_out),
        ("reconstructions", redrawn, FirstPictures(seen_never, RECONSTRUCTED)),
    ]
    report_recognition(models, tokenizer, attributes, sets)


if __name__ == "__main__":
    main()
