#!/usr/bin/env python3
"""Writes small random generators of the families beside taming's VQModel into tests/models/fixtures, and what the public
definitions compute with them. Weights are f16; expected values are computed in float64 from the written file.

Needs what fixtures.py needs, and diffusers.
"""

import argparse
from pathlib import Path

import torch
import yaml
from fixtures import (
    AUTOENCODER_WHAT,
    Autoencoder,
    as_stored,
    autoencoder_expected,
    autoencoder_inputs,
    autoencoder_parameters,
    half_weights,
    randomise,
    single_precision_error,
)
from safetensors.torch import load_file, save_file


def expected_write(path, load, inputs):
    """`load(dtype)` makes the model from the written file."""
    exact, single = (autoencoder_expected(load(dtype), inputs, dtype) for dtype in (torch.float64, torch.float32))
    for name in ("codes", "encoded_codes"):
        assert torch.equal(exact[name], single[name]), name
    distinct = exact["encoded_codes"].unique().numel()
    print(f"{path.stem}: {single_precision_error(exact, single)}; {distinct} different codes")
    del exact["pre_quantised"]
    expected = path.with_name(path.stem + "_expected.safetensors")
    save_file(as_stored({**inputs, **exact}), expected, metadata={"what": AUTOENCODER_WHAT})
    expected.chmod(0o644)


WIDTH = 6  # of z and of what the decoder is given


def small_parameters(attention=()):
    return autoencoder_parameters(WIDTH, WIDTH, 40, [1, 1], 16, list(attention))


def taming_load(model, path, dtype, rename=lambda name: name):
    state = load_file(path)
    model.load_state_dict({name: state[rename(name)].float() for name in model.state_dict()}, strict=True)
    return model.eval().requires_grad_(False).to(dtype)


class Gumbel(Autoencoder):
    def __init__(self, parameters):
        super().__init__(parameters, gumbel=True)


def write_taming(folder, stem, make, config, seed, rename=lambda name: name, attention=()):
    """A family whose network is taming's, under other names or with another quantiser; `config` for its YAML."""
    parameters = small_parameters(attention)
    model = make(parameters)
    randomise(model, seed)
    path = folder / f"{stem}.safetensors"
    save_file({rename(name): tensor for name, tensor in half_weights(model).items()}, path)
    path.chmod(0o644)
    if config is not None:
        path.with_suffix(".yaml").write_text(yaml.safe_dump(config(parameters), sort_keys=False))
    expected_write(
        path,
        lambda dtype: taming_load(make(parameters), path, dtype, rename),
        autoencoder_inputs(1, WIDTH, 3, 4, 2, seed),
    )


def write_gumbel(folder):
    def config(parameters):
        return {
            "model": {
                "base_learning_rate": 4.5e-06,
                "target": "taming.models.vqgan.GumbelVQ",
                "params": {"kl_weight": 1.0e-08, **parameters, "monitor": "val/rec_loss"},
            }
        }

    write_taming(folder, "gumbel", Gumbel, config, seed=21)


FAMILIES = {"gumbel": write_gumbel}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="*", help=f"which of {', '.join(FAMILIES)}; all where none is given")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1] / "models" / "fixtures")
    arguments = parser.parse_args()
    torch.set_grad_enabled(True)
    for family in arguments.family or FAMILIES:
        FAMILIES[family](arguments.folder)


if __name__ == "__main__":
    main()
