#!/usr/bin/env python3
"""Writes tests/render/fixtures/siglip_trajectory.safetensors: twenty steps of Adam in PyTorch, in float64.

The picture of 16 x 16 is diffusers' VQModel's (diffusers 0.42), the perceptor open_clip's SigLIP, both the small ones
of tests/models/fixtures; the crop is the whole picture. The losses are the weighted squared spherical distances.
"""

from pathlib import Path

import fixtures
import siglip
import torch
from diffusers import VQModel
from safetensors.torch import load_file, save_file

STEPS, SIDE, RATE, WEIGHTS = 20, 16, 0.05, (1.0, -0.3)
FOLDER = Path(__file__).resolve().parents[1]
MODELS = FOLDER / "models" / "fixtures"


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


def main():
    generator = VQModel.from_pretrained(MODELS / "diffusers_vq", local_files_only=True).eval().double()
    perceptor = siglip.OpenClip().eval()
    perceptor.load_state_dict(load_file(MODELS / "siglip_open_clip" / "open_clip_model.safetensors"), strict=True)
    perceptor.double()
    targets = load_file(MODELS / "siglip_open_clip" / "open_clip_model_expected.safetensors")["text_embed"].double()
    table = generator.quantize.embedding.weight.detach()
    low, high = table.min(dim=0).values.view(1, -1, 1, 1), table.max(dim=0).values.view(1, -1, 1, 1)
    cells = SIDE // 2
    codes = torch.randint(0, len(table), (cells, cells), generator=torch.Generator().manual_seed(3))
    z = table[codes].permute(2, 0, 1)[None].clone().requires_grad_()
    optimiser = torch.optim.Adam([z], lr=RATE)
    losses, latents = [], []
    for _ in range(STEPS):
        picture = Clamp.apply((generator.decode(z).sample + 1) / 2)
        embedding = perceptor.visual.trunk((picture - 0.5) / 0.5)
        distances = fixtures.spherical_distances(embedding, targets)[0]
        terms = distances * torch.tensor(WEIGHTS, dtype=torch.float64)
        optimiser.zero_grad()
        terms.sum().backward()
        optimiser.step()
        with torch.no_grad():
            z.copy_(z.maximum(low).minimum(high))
        losses.append(terms.detach())
        latents.append(z.detach()[0].permute(1, 2, 0).flatten(0, 1).clone())
    (FOLDER / "render" / "fixtures").mkdir(exist_ok=True)
    path = FOLDER / "render" / "fixtures" / "siglip_trajectory.safetensors"
    tensors = {"initial_codes": codes.int(), "losses": torch.stack(losses), "z_after": torch.stack(latents)}
    what = "losses (steps, targets) before each step; z_after (steps, cells, width); computed in float64"
    save_file(fixtures.as_stored(tensors), path, metadata={"what": what})
    path.chmod(0o644)
    print(torch.stack(losses).sum(1))


if __name__ == "__main__":
    main()
