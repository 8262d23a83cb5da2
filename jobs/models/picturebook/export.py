"""Writes trained models in the published formats: YAML, and f16 safetensors.

    python export.py --work FOLDER --output FOLDER [--sharpness 0..1]

Takes the newest checkpoint of each model, also while training goes on. The
sharpness moves the decoder between what pixel differences alone taught it (0),
which is nearest to the pictures in decibels, and what the discriminator and the
features made of it (1), which looks crisper.
"""

import argparse
import pathlib
import shutil

import yaml
from safetensors.torch import save_file

import vqgan
from stage import read_checkpoint

PERCEPTORS = ("vit", "resnet", "judge")
SHARPNESS = 1.0


def read_model(work, stage):
    """The tensors of a stage's model, or None before its first checkpoint."""
    checkpoint = read_checkpoint(work, stage)
    return checkpoint and checkpoint["parts"]["model"]


def read_generator(work, sharpness):
    """The generator's tensors from the last stage that has begun, mixed by the sharpness."""
    sharp, plain = (read_model(work, f"vqgan-{stage}") for stage in ("sharpen", "full"))
    if sharp is None:
        return plain or read_model(work, "vqgan-half")
    return {name: plain[name].lerp(tensor, sharpness) for name, tensor in sharp.items()}


def write_tensors(path, tensors):
    """Writes floats as f16; a reader finds the old file or the new one whole."""
    halves = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in tensors.items()
    }
    partial = path.with_suffix(".partial")
    save_file(halves, partial, {"format": "pt"})
    partial.chmod(0o644)  # the library leaves it to its owner alone
    partial.replace(path)


def write_models(work, folder, sharpness=SHARPNESS):
    """Writes the models that have checkpoints; returns the names of those that have none."""
    folder.mkdir(parents=True, exist_ok=True)
    layout = {"model": {"target": "taming.models.vqgan.VQModel", "params": vqgan.CONFIG}}
    text = yaml.safe_dump(layout, sort_keys=False, default_flow_style=None)
    (folder / "picturebook-vqgan.yaml").write_text(text)
    shutil.copy(work / "picturebook.bpe.gz", folder / "picturebook.bpe.gz")
    models = {"vqgan": read_generator(work, sharpness)}
    models.update((name, read_model(work, name)) for name in PERCEPTORS)
    for name, tensors in models.items():
        if tensors is not None:
            write_tensors(folder / f"picturebook-{name}.safetensors", tensors)
    return [name for name, tensors in models.items() if tensors is None]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--sharpness", type=float, default=SHARPNESS)
    arguments = parser.parse_args()
    missing = write_models(arguments.work, arguments.output, arguments.sharpness)
    if missing:
        raise SystemExit(f"no checkpoint yet of: {', '.join(missing)}")


if __name__ == "__main__":
    main()
