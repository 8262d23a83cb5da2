#!/bin/sh
# transformers 5 accepts safe_serialization=False and writes safetensors all the same.
#
# Guess: save_pretrained(folder, safe_serialization=False) writes pytorch_model.bin, or refuses the argument if that
# form is gone.
#
# Found: the argument is taken without a warning and model.safetensors is what stands in the folder.
#
# Why it matters here: a script that makes test files for a reader of the older form makes none, and tests the other
# reader twice.
#
# Versions: transformers 5.24.0, torch 2.15.0, Python 3.11.
#
# Output:
#   config.json model.safetensors
#   warnings: 0
exec "$(dirname "$0")/common/python.sh" "$0" torch==2.15.0 transformers==5.24.0 <<'END'
import os
import warnings

from transformers import CLIPVisionConfig, CLIPVisionModel

model = CLIPVisionModel(CLIPVisionConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                                         image_size=16, patch_size=8))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    model.save_pretrained("model", safe_serialization=False)
print(*sorted(os.listdir("model")))
print("warnings:", len(caught))
END
