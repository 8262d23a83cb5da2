#!/bin/sh
# diffusers loads an autoencoder whose file lacks a tensor, and leaves that tensor without values.
#
# Guess: from_pretrained raises, naming the tensor that is missing, as torch's load_state_dict does.
#
# Found: only a line of the log says so, that the tensor was newly initialized. Nothing initializes it: it holds what was
# in memory, or, where the package accelerate is installed, it is a tensor of torch's "meta" device, which has no values
# at all. What comes after depends on the operation: some raise, far from the cause, others do not.
#
# Why it matters here: a file that was cut or renamed on its way loads, and what is made with it is nobody's picture;
# output_loading_info=True gives the list of missing tensors, which a comparison between programs should look at.
#
# Versions: diffusers 0.42.0, torch 2.15.0, Python 3.11.
#
# Output:
#   loaded: VQModel
#   missing: ['post_quant_conv.bias']
#   torch's load_state_dict: RuntimeError
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 diffusers==0.42.0 transformers==5.24.0 <<'END'
import logging

import torch
from diffusers import VQModel
from safetensors.torch import load_file, save_file

logging.disable(logging.CRITICAL)
torch.manual_seed(0)
VQModel(block_out_channels=(32,), norm_num_groups=8, latent_channels=4, num_vq_embeddings=16, vq_embed_dim=4,
        sample_size=8).save_pretrained("saved")
path = "saved/diffusion_pytorch_model.safetensors"
tensors = load_file(path)
del tensors["post_quant_conv.bias"]
save_file(tensors, path, {"format": "pt"})

model, info = VQModel.from_pretrained("saved", output_loading_info=True)
print(f"loaded: {type(model).__name__}")
print(f"missing: {info['missing_keys']}")
try:
    print(f"torch's load_state_dict: {model.load_state_dict(tensors)}")
except RuntimeError as error:
    print(f"torch's load_state_dict: {type(error).__name__}")
END
