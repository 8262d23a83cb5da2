#!/bin/sh
# diffusers' VQModel.decode quantises what it is given, so that a free latent cannot be decoded with it.
#
# Guess: decode(z) is the decoder: two latents that differ give pictures that differ, and the gradient is that of the
# decoder at z.
#
# Found: decode looks up the nearest code of every cell first, unless force_not_quantize=True is given: a small change
# of z changes no pixel, while the gradient with respect to z is not zero (it passes the quantiser straight through).
#
# Why it matters here: finite differences of decode contradict its gradient, and a latent that guidance found is not
# what decode shows.
#
# Versions: diffusers 0.42.0, torch 2.15.0, Python 3.11.
#
# Output:
#   force_not_quantize=False: changed by a step of z: False, gradient is zero: False
#   force_not_quantize=True: changed by a step of z: True, gradient is zero: False
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 diffusers==0.42.0 transformers==5.24.0 <<'END'
import torch
from diffusers import VQModel

torch.manual_seed(0)
model = VQModel(block_out_channels=(32,), norm_num_groups=8, latent_channels=4, num_vq_embeddings=16, vq_embed_dim=4,
                sample_size=8).eval()
z = (0.05 * torch.randn(1, 4, 8, 8)).requires_grad_()
for free in (False, True):
    picture = model.decode(z, force_not_quantize=free).sample
    moved = model.decode(z + 1e-4, force_not_quantize=free).sample
    gradient, = torch.autograd.grad(picture.sum(), z)
    print(f"force_not_quantize={free}: changed by a step of z: {bool((picture - moved).abs().max() > 0)}, "
          f"gradient is zero: {bool(gradient.abs().max() == 0)}")
END
