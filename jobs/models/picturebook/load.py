"""Rebuilds models from the published files alone: shapes come from the tensors."""

import yaml
from safetensors.torch import load_file

import clip
import vqgan


def load_generator(config_path, weights_path):
    config = yaml.safe_load(config_path.read_text())["model"]["params"]
    model = vqgan.VQModel(config)
    model.load_state_dict(load_file(weights_path))
    return model.eval().requires_grad_(False)


def count_blocks(names, prefix):
    """How many numbered modules follow a prefix."""
    return len({name[len(prefix) :].split(".")[0] for name in names if name.startswith(prefix)})


def build_tower(tensors):
    stem = tensors["visual.conv1.weight"]
    if "visual.proj" in tensors:
        places, width = tensors["visual.positional_embedding"].shape
        embedding = tensors["visual.proj"].shape[1]
        patch = stem.shape[-1]
        layers = count_blocks(tensors, "visual.transformer.resblocks.")
        resolution = patch * round((places - 1) ** 0.5)
        return clip.VisionTransformer(resolution, patch, width, layers, embedding), embedding
    places = len(tensors["visual.attnpool.positional_embedding"])
    embedding = len(tensors["visual.attnpool.c_proj.weight"])
    blocks = [count_blocks(tensors, f"visual.layer{k}.") for k in (1, 2, 3, 4)]
    resolution = 32 * round((places - 1) ** 0.5)
    return clip.ModifiedResNet(resolution, 2 * len(stem), blocks, embedding), embedding


def load_perceptor(path):
    tensors = load_file(path)
    tower, embedding = build_tower(tensors)
    context, width = tensors["positional_embedding"].shape
    vocabulary = len(tensors["token_embedding.weight"])
    layers = count_blocks(tensors, "transformer.resblocks.")
    model = clip.CLIP(tower, embedding, vocabulary, context, width, layers)
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False)
