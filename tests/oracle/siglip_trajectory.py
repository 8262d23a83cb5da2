#!/usr/bin/env python3
"""Writes tests/render/fixtures/*_trajectory.safetensors: twenty steps of Adam in PyTorch, in float64.

The picture of 16 x 16 is that of a small generator of tests/models/fixtures (diffusers 0.42, LlamaGen's), the perceptor
open_clip's SigLIP there; the crop is the whole picture. The losses are the weighted squared spherical distances.

LlamaGen is in no package. Its class is read from a checkout of its repository where --llamagen names one; without it the
case is computed with taming's modules under LlamaGen's names, and must give the same numbers.
"""

import argparse
import sys
from pathlib import Path

import fixtures
import generators
import siglip
import torch
from diffusers import AutoencoderKL, VQModel
from PIL import Image
from safetensors.torch import load_file, save_file

STEPS, SIDE, RATE, WEIGHTS = 20, 16, 0.05, (1.0, -0.3)
CELLS = SIDE // 2
FOLDER = Path(__file__).resolve().parents[1]
MODELS = FOLDER / "models" / "fixtures"
WRITTEN = FOLDER / "render" / "fixtures"


class Clamp(torch.autograd.Function):
    """To 0..1; a gradient that would push further out does not pass."""

    @staticmethod
    def forward(context, value):
        context.save_for_backward(value)
        return value.clamp(0, 1)

    @staticmethod
    def backward(context, gradient):
        (value,) = context.saved_tensors
        return gradient * (gradient * (value - value.clamp(0, 1)) >= 0)


def perceptor_load():
    perceptor = siglip.OpenClip().eval()
    perceptor.load_state_dict(load_file(MODELS / "siglip_open_clip" / "open_clip_model.safetensors"), strict=True)
    return perceptor.double()


def trajectory(latent, decode, limit, rate=RATE):
    """`decode(latent, step)` gives the picture, `limit(latent)` what becomes of the latent after a step."""
    perceptor = perceptor_load()
    targets = load_file(MODELS / "siglip_open_clip" / "open_clip_model_expected.safetensors")["text_embed"].double()
    latent = latent.clone().requires_grad_()
    optimiser = torch.optim.Adam([latent], lr=rate)
    losses, latents = [], []
    for step in range(STEPS):
        picture = Clamp.apply((decode(latent, step) + 1) / 2)
        embedding = perceptor.visual.trunk((picture - 0.5) / 0.5)
        distances = fixtures.spherical_distances(embedding, targets)[0]
        terms = distances * torch.tensor(WEIGHTS, dtype=torch.float64)
        optimiser.zero_grad()
        terms.sum().backward()
        optimiser.step()
        with torch.no_grad():
            latent.copy_(limit(latent))
        losses.append(terms.detach())
        latents.append(latent.detach()[0].permute(1, 2, 0).flatten(0, 1).clone())
    return {"losses": torch.stack(losses), "z_after": torch.stack(latents)}


def write(name, tensors):
    path = WRITTEN / f"{name}_trajectory.safetensors"
    what = "losses (steps, targets) before each step; z_after (steps, cells, width); computed in float64"
    save_file(fixtures.as_stored(tensors), path, metadata={"what": what})
    path.chmod(0o644)
    print(name, tensors["losses"].sum(1))


def vq_start():
    """The small VQModel, the codes that a start has, and their rows."""
    generator = VQModel.from_pretrained(MODELS / "diffusers_vq", local_files_only=True).eval().double()
    table = generator.quantize.embedding.weight.detach()
    codes = torch.randint(0, len(table), (CELLS, CELLS), generator=torch.Generator().manual_seed(3))
    return generator, table, codes


def vq_limit(table):
    low, high = table.min(dim=0).values.view(1, -1, 1, 1), table.max(dim=0).values.view(1, -1, 1, 1)
    return lambda z: z.maximum(low).minimum(high)


def write_siglip(_):
    generator, table, codes = vq_start()
    z = table[codes].permute(2, 0, 1)[None]
    made = trajectory(z, lambda z, _: generator.decode(z).sample, vq_limit(table))
    write("siglip", {"initial_codes": codes.int(), **made})


def write_free(_):
    """The same without its quantiser."""
    generator, table, codes = vq_start()
    z = table[codes].permute(2, 0, 1)[None]
    write("free", trajectory(z, lambda z, _: generator.decoder(generator.post_quant_conv(z)), vq_limit(table)))


def llamagen_made(path):
    """The small LlamaGen of taming's modules: its rows, and the picture of rows."""

    def make():
        return generators.UnitRows(generators.small_parameters([8]))

    generator = generators.taming_load(make(), path, torch.float64, generators.llamagen_name)
    return generator.codebook, generator.nearest_codes, generator.decode


def llamagen_public(path, checkout):
    """The same of LlamaGen's own class; the sizes that its constructor fixes are those of the small one."""
    sys.path.insert(0, str(checkout))
    from tokenizer.tokenizer_image import vq_model

    multiples, width = [1, 1], generators.WIDTH
    arguments = vq_model.ModelArgs(
        codebook_size=40, codebook_embed_dim=width, codebook_show_usage=False, z_channels=width
    )
    model = vq_model.VQModel(arguments)
    sizes = {"ch": 32, "ch_mult": multiples, "num_res_blocks": 1, "z_channels": width}
    model.encoder, model.decoder = vq_model.Encoder(**sizes), vq_model.Decoder(**sizes)
    model.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()}, strict=True)
    model = model.eval().requires_grad_(False).double()

    def choose(z):
        return model.quantize(z)[2][2].reshape(z.shape[0], *z.shape[2:])

    return model.quantize.get_codebook_entry(torch.arange(40)), choose, model.decode


def write_llamagen(checkout):
    """Directions alone count: z begins as rows of length one, and its gradient is that of the row it becomes."""
    path = MODELS / "llamagen.safetensors"
    rows, choose, decode_rows = llamagen_made(path) if checkout is None else llamagen_public(path, checkout)
    codes = torch.randint(0, len(rows), (CELLS, CELLS), generator=torch.Generator().manual_seed(4))
    changed = []

    def decode(z, _):
        found = choose(z.detach())
        changed.append(int((found[0] != codes).sum()))
        return decode_rows(rows[found].permute(0, 3, 1, 2) + (z - z.detach()))

    made = trajectory(rows[codes].permute(2, 0, 1)[None], decode, vq_limit(rows))
    assert changed[0] == 0 and changed[-1] > 0, changed
    write("llamagen", {"initial_codes": codes.int(), **made})


def start_picture():
    """A picture file to start from, -1 to 1."""
    pixels = (255 * fixtures.pictures(1, SIDE, SIDE, 5)).round().byte()
    path = WRITTEN / "start.png"
    Image.fromarray(pixels[0].permute(1, 2, 0).numpy()).save(path)
    path.chmod(0o644)
    return pixels.double() / 255 * 2 - 1


def write_kl(_):
    """Without a codebook: from the mean of the start's distribution, held in half a unit around the middle."""
    generator = AutoencoderKL.from_pretrained(MODELS / "diffusers_kl16", local_files_only=True).eval().double()
    unit, middle = 1 / generator.config.scaling_factor, generator.config.shift_factor
    with torch.no_grad():
        z = generator.encode(start_picture()).latent_dist.mean
    low, high = middle - 0.5 * unit, middle + 0.5 * unit
    made = trajectory(z, lambda z, _: generator.decode(z).sample, lambda z: z.clamp(low, high))
    assert ((made["z_after"] == low) | (made["z_after"] == high)).any()
    write("kl", made)


CASES = {"siglip": write_siglip, "free": write_free, "kl": write_kl, "llamagen": write_llamagen}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="*", help=f"which of {', '.join(CASES)}; all where none is given")
    parser.add_argument("--llamagen", type=Path, help="a checkout of LlamaGen's repository, for its own class")
    options = parser.parse_args()
    WRITTEN.mkdir(exist_ok=True)
    for case in options.case or CASES:
        CASES[case](options.llamagen)


if __name__ == "__main__":
    main()
