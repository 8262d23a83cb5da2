#!/usr/bin/env python3
"""Writes models of the paper's configuration with random weights, and a job for them, to measure speed without the
public checkpoints:

    python3 tests/gpu/random_models.py FOLDER
    vqclip bench FOLDER/paper.yaml

- vqgan_f16_16384.yaml and .safetensors: the VQGAN trained on ImageNet, f = 16, 16384 codes; f32 as published
- vit_b_32.safetensors: OpenAI's CLIP ViT-B/32; f16 as published
- paper.yaml: 256x256, 32 crops, 400 steps, one prompt, a noise target, so that no vocabulary is needed
- eight.yaml: the same with eight seeds
- large.yaml, large_recomputed.yaml: the same at 1024x1024, without and with recomputation of activations

Names and shapes are the published ones. The values are drawn with the variance that keeps activations of the size of
their input; pictures made with them show nothing. Needs about 600 MB in FOLDER and Python's standard library alone.
"""

import argparse
import array
import json
import math
import random
import struct
import sys
from pathlib import Path

SEED = 1
# Values are drawn once and repeated with this period. It is a prime number, so that rows of a tensor, whose lengths
# do not divide it, differ from each other.
PERIOD = 262139

VQGAN_WIDTH, VQGAN_MULTIPLIERS, VQGAN_BLOCKS, VQGAN_LATENT, VQGAN_CODES = 128, (1, 1, 2, 2, 4), 2, 256, 16384
VQGAN_RESOLUTION, VQGAN_ATTENTION_AT = 256, 16

CLIP_SIDE, CLIP_PATCH, CLIP_EMBEDDING, CLIP_LAYERS = 224, 32, 512, 12
CLIP_IMAGE_WIDTH, CLIP_TEXT_WIDTH, CLIP_CONTEXT, CLIP_VOCABULARY = 768, 512, 77, 49408

JOB = """\
# The paper's configuration on models with random weights (tests/gpu/random_models.py).
study: paper
models:
  generator: {config: vqgan_f16_16384.yaml, checkpoint: vqgan_f16_16384.safetensors}
  perceptors:
    - {name: vit_b_32, checkpoint: vit_b_32.safetensors}
render: {size: [256, 256], steps: 400, crops: {count: 32, group: 32}}
prompts:
  - targets: [{noise: 1}]
"""

LARGE_JOB = JOB.replace("study: paper", "study: large").replace("[256, 256]", "[1024, 1024]")
LARGE_RECOMPUTED_JOB = LARGE_JOB.replace("steps: 400", "recompute: true, steps: 400")

EIGHT_JOB = JOB.replace("study: paper", "study: eight") + "seeds: [0, 1, 2, 3, 4, 5, 6, 7]\n"

VQGAN_CONFIG = """\
model:
  target: taming.models.vqgan.VQModel
  params:
    embed_dim: 256
    n_embed: 16384
    ddconfig:
      double_z: false
      z_channels: 256
      resolution: 256
      in_channels: 3
      out_ch: 3
      ch: 128
      ch_mult: [1, 1, 2, 2, 4]
      num_res_blocks: 2
      attn_resolutions: [16]
      dropout: 0.0
"""


class Model:
    """Tensors in the order in which they are added: name, shape, mean, deviation."""

    def __init__(self):
        self.tensors = []

    def add(self, name, shape, deviation, mean=0.0):
        self.tensors.append((name, tuple(shape), mean, deviation))

    def norm(self, name, width):
        self.add(f"{name}.weight", [width], 0.1, mean=1.0)
        self.add(f"{name}.bias", [width], 0.1)

    def linear(self, name, inputs, outputs, deviation=None):
        self.add(f"{name}.weight", [outputs, inputs], deviation or inputs**-0.5)
        self.add(f"{name}.bias", [outputs], 0.02)

    def convolution(self, name, inputs, outputs, side):
        self.add(f"{name}.weight", [outputs, inputs, side, side], (inputs * side * side) ** -0.5)
        self.add(f"{name}.bias", [outputs], 0.02)


# ---- VQGAN: taming-transformers, taming/modules/diffusionmodules/model.py ----


def add_residual(model, name, inputs, outputs):
    model.norm(f"{name}.norm1", inputs)
    model.convolution(f"{name}.conv1", inputs, outputs, 3)
    model.norm(f"{name}.norm2", outputs)
    model.convolution(f"{name}.conv2", outputs, outputs, 3)
    if inputs != outputs:
        model.convolution(f"{name}.nin_shortcut", inputs, outputs, 1)


def add_attention(model, name, width):
    model.norm(f"{name}.norm", width)
    for part in ("q", "k", "v", "proj_out"):
        model.convolution(f"{name}.{part}", width, width, 1)


def add_middle(model, half, width):
    add_residual(model, f"{half}.mid.block_1", width, width)
    add_attention(model, f"{half}.mid.attn_1", width)
    add_residual(model, f"{half}.mid.block_2", width, width)


def add_level(model, name, level, blocks, inputs):
    """One resolution of encoder or decoder; gives the width that leaves it."""
    width = VQGAN_WIDTH * VQGAN_MULTIPLIERS[level]
    for block in range(blocks):
        add_residual(model, f"{name}.{level}.block.{block}", inputs, width)
        if VQGAN_RESOLUTION >> level == VQGAN_ATTENTION_AT:
            add_attention(model, f"{name}.{level}.attn.{block}", width)
        inputs = width
    return width


def vqgan():
    model = Model()
    last = len(VQGAN_MULTIPLIERS) - 1
    width = VQGAN_WIDTH
    model.convolution("encoder.conv_in", 3, width, 3)
    for level in range(last + 1):
        width = add_level(model, "encoder.down", level, VQGAN_BLOCKS, width)
        if level < last:
            model.convolution(f"encoder.down.{level}.downsample.conv", width, width, 3)
    add_middle(model, "encoder", width)
    model.norm("encoder.norm_out", width)
    model.convolution("encoder.conv_out", width, VQGAN_LATENT, 3)

    model.convolution("decoder.conv_in", VQGAN_LATENT, width, 3)
    add_middle(model, "decoder", width)
    for level in reversed(range(last + 1)):
        width = add_level(model, "decoder.up", level, VQGAN_BLOCKS + 1, width)
        if level > 0:
            model.convolution(f"decoder.up.{level}.upsample.conv", width, width, 3)
    model.norm("decoder.norm_out", width)
    model.convolution("decoder.conv_out", width, 3, 3)

    model.add("quantize.embedding.weight", [VQGAN_CODES, VQGAN_LATENT], 1.0)
    model.convolution("quant_conv", VQGAN_LATENT, VQGAN_LATENT, 1)
    model.convolution("post_quant_conv", VQGAN_LATENT, VQGAN_LATENT, 1)
    return model


# ---- CLIP: openai/CLIP, clip/model.py, with the deviations of its initialize_parameters ----


def add_transformer(model, name, width):
    output = width**-0.5 * (2 * CLIP_LAYERS) ** -0.5
    for layer in range(CLIP_LAYERS):
        block = f"{name}.resblocks.{layer}"
        model.norm(f"{block}.ln_1", width)
        model.add(f"{block}.attn.in_proj_weight", [3 * width, width], width**-0.5)
        model.add(f"{block}.attn.in_proj_bias", [3 * width], 0.02)
        model.linear(f"{block}.attn.out_proj", width, width, output)
        model.norm(f"{block}.ln_2", width)
        model.linear(f"{block}.mlp.c_fc", width, 4 * width, (2 * width) ** -0.5)
        model.linear(f"{block}.mlp.c_proj", 4 * width, width, output)


def clip():
    model = Model()
    width, patches = CLIP_IMAGE_WIDTH, (CLIP_SIDE // CLIP_PATCH) ** 2
    model.add("visual.class_embedding", [width], width**-0.5)
    model.add("visual.positional_embedding", [patches + 1, width], width**-0.5)
    model.add("visual.conv1.weight", [width, 3, CLIP_PATCH, CLIP_PATCH], (3 * CLIP_PATCH**2) ** -0.5)
    model.norm("visual.ln_pre", width)
    add_transformer(model, "visual.transformer", width)
    model.norm("visual.ln_post", width)
    model.add("visual.proj", [width, CLIP_EMBEDDING], width**-0.5)

    width = CLIP_TEXT_WIDTH
    model.add("token_embedding.weight", [CLIP_VOCABULARY, width], 0.02)
    model.add("positional_embedding", [CLIP_CONTEXT, width], 0.01)
    add_transformer(model, "transformer", width)
    model.norm("ln_final", width)
    model.add("text_projection", [width, CLIP_EMBEDDING], width**-0.5)
    model.add("logit_scale", [], 0.0, mean=math.log(1 / 0.07))
    return model


# ---- Files ----


class Values:
    """Normally distributed numbers as the bytes of a type of safetensors."""

    def __init__(self, kind):
        generator = random.Random(SEED)
        self.size, self.letter = {"F16": (2, "e"), "F32": (4, "f")}[kind]
        self.normal = array.array("d", (generator.gauss(0.0, 1.0) for _ in range(PERIOD)))
        self.begin = 0
        self.scaled = {}

    def period(self, mean, deviation):
        if (mean, deviation) not in self.scaled:
            values = [mean + deviation * value for value in self.normal]
            self.scaled[mean, deviation] = struct.pack(f"<{PERIOD}{self.letter}", *values)
        return self.scaled[mean, deviation]

    def write(self, stream, count, mean, deviation):
        """Goes on where the tensor before ended, so that tensors of one size differ."""
        period = self.period(mean, deviation)
        while count > 0:
            part = min(count, PERIOD - self.begin)
            stream.write(period[self.begin * self.size : (self.begin + part) * self.size])
            self.begin = (self.begin + part) % PERIOD
            count -= part


def safetensors_write(path, model, kind):
    values = Values(kind)
    header, end = {}, 0
    for name, shape, _, _ in model.tensors:
        begin, end = end, end + math.prod(shape) * values.size
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for _, shape, mean, deviation in model.tensors:
            values.write(stream, math.prod(shape), mean, deviation)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        safetensors_write(folder / "vqgan_f16_16384.safetensors", vqgan(), "F32")
        safetensors_write(folder / "vit_b_32.safetensors", clip(), "F16")
        (folder / "vqgan_f16_16384.yaml").write_text(VQGAN_CONFIG)
        (folder / "paper.yaml").write_text(JOB)
        (folder / "eight.yaml").write_text(EIGHT_JOB)
        (folder / "large.yaml").write_text(LARGE_JOB)
        (folder / "large_recomputed.yaml").write_text(LARGE_RECOMPUTED_JOB)
    except OSError as error:
        sys.exit(f"{Path(__file__).name}: {error}")


if __name__ == "__main__":
    main()
