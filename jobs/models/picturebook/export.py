"""Writes trained models in the published formats: YAML, and f16 safetensors."""

import shutil

import yaml
from safetensors.torch import save_file

import vqgan


def to_half(model):
    """Parameter names and contiguous tensors, floats as f16."""
    return {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }


def write_generator(folder, model):
    layout = {"model": {"target": "taming.models.vqgan.VQModel", "params": vqgan.CONFIG}}
    text = yaml.safe_dump(layout, sort_keys=False, default_flow_style=None)
    (folder / "picturebook-vqgan.yaml").write_text(text)
    save_file(to_half(model), folder / "picturebook-vqgan.safetensors", {"format": "pt"})


def write_perceptor(folder, name, model):
    save_file(to_half(model), folder / f"picturebook-{name}.safetensors", {"format": "pt"})


def write_models(folder, generator, perceptors, work):
    folder.mkdir(parents=True, exist_ok=True)
    write_generator(folder, generator)
    for name, model in perceptors.items():
        write_perceptor(folder, name, model)
    shutil.copy(work / "picturebook.bpe.gz", folder / "picturebook.bpe.gz")
