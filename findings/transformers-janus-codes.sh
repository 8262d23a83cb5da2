#!/bin/sh
# transformers' JanusVQVAE quantises a picture to other vectors than it decodes from the codes that it found.
#
# Guess: encode chooses the nearest of the vectors that decode uses, and its quantised latent is those vectors.
#
# Found: encode looks for the nearest row of the codebook as it is stored, and gives that row; decode divides each row by
# its length. For a codebook whose rows are not of length one the quantised latent is not what is decoded, and for a
# third of random latents another code's vector would have been nearer.
#
# Why it matters here: a loss on the quantised latent pulls towards vectors that no picture is made of; for codes that
# were trained as directions only decode's half is right.
#
# Versions: transformers 5.24.0, torch 2.15.0, Python 3.11.
#
# Output:
#   encode gives the rows as they are stored: True
#   decode uses them as they are stored: False
#   decode uses them at length one: True
#   codes that are the nearest of what decode uses: all: False
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 transformers==5.24.0 <<'END'
import torch
from transformers import JanusVQVAE, JanusVQVAEConfig

torch.manual_seed(0)
model = JanusVQVAE(JanusVQVAEConfig(embed_dim=4, num_embeddings=32, latent_channels=4, base_channels=32, num_patches=32,
                                    channel_multiplier=[1], num_res_blocks=1, double_latent=False)).eval()
with torch.no_grad():
    table = model.quantize.embedding.weight.normal_()
    latents = torch.randn(1, 4, 32, 32)
    encoded, _, codes = model.quantize(latents)
    decoded = model.quantize.get_codebook_entry(codes.reshape(1, -1))
    encoded, decoded, latents = (each.permute(0, 2, 3, 1).reshape(-1, 4) for each in (encoded, decoded, latents))
    codes, directions = codes.reshape(-1), table / table.norm(dim=1, keepdim=True)
    print("encode gives the rows as they are stored:", torch.allclose(encoded, table[codes], atol=1e-5))
    print("decode uses them as they are stored:", torch.allclose(decoded, table[codes], atol=1e-5))
    print("decode uses them at length one:", torch.allclose(decoded, directions[codes], atol=1e-5))
    nearest = torch.cdist(latents, directions).argmin(dim=1)
    print("codes that are the nearest of what decode uses: all:", bool((nearest == codes).all()))
    assert 0.2 < (nearest != codes).float().mean() < 0.6
END
