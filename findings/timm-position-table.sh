#!/bin/sh
# timm and transformers resize the position table of the same SigLIP weights to different tables, also where it grows.
#
# Guess: both interpolate by bicubic filters and agree to rounding, as both say bicubic.
#
# Found: timm filters with antialiasing, transformers without. For a table of independent numbers, the worst case, the
# results are 59 % apart (relative L2) from 16 to 8 places a side, and 8 % apart from 16 to 24, where antialiasing
# would seem to do nothing: the two use cubics of different steepness then.
#
# Why it matters here: a perceptor at another resolution than its own gives other embeddings by the library that
# resized it; whose rule is meant has to be said.
#
# Versions: timm 1.0.31, transformers 5.24.0, torch 2.15.0, Python 3.11.
#
# Output:
#   16 to 8: 0.59 apart
#   16 to 24: 0.08 apart
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 torchvision==0.29.2 timm==1.0.31 transformers==5.24.0 <<'END'
import torch
from timm.layers import resample_abs_pos_embed
from transformers import SiglipVisionConfig, SiglipVisionModel

torch.manual_seed(0)
model = SiglipVisionModel(SiglipVisionConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
                                             intermediate_size=8, image_size=128, patch_size=8))
table = model.embeddings.position_embedding.weight.detach()
for side in (8, 24):
    timms = resample_abs_pos_embed(table[None], (side, side), old_size=(16, 16), num_prefix_tokens=0)
    places = torch.zeros(1, side * side, 8)
    transformers = model.embeddings.interpolate_pos_encoding(places, 8 * side, 8 * side).detach()
    print(f"16 to {side}: {(timms - transformers).norm() / transformers.norm():.2f} apart")
END
