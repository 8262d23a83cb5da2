#!/usr/bin/env python3
"""Generators with one setting changed at a time from the default, saved by the libraries themselves: is what `vqclip
reconstruct` makes of each right, is it refused, or is it WRONG? None may be wrong.

    python tests/oracle/generators_corpus.py --vqclip build/release/src/vqclip > results/models-corpus-generators.md
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import torch
import yaml
from diffusers import AsymmetricAutoencoderKL, AutoencoderKL, AutoencoderTiny, VQModel
from fixtures import Autoencoder, autoencoder_inputs, autoencoder_parameters, randomise
from generators import DiffusersVQ, kl_expected, ldm_state
from safetensors.torch import load_file, save_file

LIMIT = 1e-4  # of the relative L2 error of pictures and gradients

TAMING = {
    "default": {},
    "attn_resolutions 16": {"attn_resolutions": [16]},
    "attn_resolutions 8, 16": {"attn_resolutions": [8, 16]},
    "resolution 32, attention at 16": {"resolution": 32, "attn_resolutions": [16]},
    "num_res_blocks 2": {"num_res_blocks": 2},
    "ch_mult 1, 2": {"ch_mult": [1, 2]},
    "ch_mult 1": {"ch_mult": [1]},
    "ch_mult 1, 1, 1": {"ch_mult": [1, 1, 1]},
    "ch 64": {"ch": 64},
    "z_channels 8": {"z_channels": 8},
    "dropout 0.5": {"dropout": 0.5},
    "resamp_with_conv false": {"resamp_with_conv": False},
    "give_pre_end true": {"give_pre_end": True},
    "an argument that the library ignores": {"use_checkpoint": True},
}
# The network is the default; the YAML beside it says another.
MISFITS = {
    "YAML without the file's attention": ({"attn_resolutions": [16]}, {"attn_resolutions": []}),
    "YAML with attention that is not there": ({}, {"attn_resolutions": [16]}),
    "YAML of another resolution": ({"attn_resolutions": [16]}, {"resolution": 64}),
    "YAML with fewer blocks": ({"num_res_blocks": 2}, {"num_res_blocks": 1}),
    "YAML with more blocks": ({}, {"num_res_blocks": 2}),
    "YAML with fewer levels": ({"ch_mult": [1, 1, 1]}, {"ch_mult": [1, 1]}),
    "YAML with tanh_out": ({}, {"tanh_out": True}),
    "YAML with use_linear_attn": ({}, {"use_linear_attn": True}),
    "YAML with attn_type none": ({}, {"attn_type": "none"}),
    "YAML with double_z": ({}, {"double_z": True}),
}
DIFFUSERS = {
    "default": {},
    "norm_num_groups 8": {"norm_num_groups": 8},
    "norm_num_groups 16": {"norm_num_groups": 16, "block_out_channels": (16, 32)},
    "layers_per_block 2": {"layers_per_block": 2},
    "three levels": {
        "block_out_channels": (8, 16, 16),
        "down_block_types": ("DownEncoderBlock2D",) * 3,
        "up_block_types": ("UpDecoderBlock2D",) * 3,
    },
    "one level": {
        "block_out_channels": (8,),
        "down_block_types": ("DownEncoderBlock2D",),
        "up_block_types": ("UpDecoderBlock2D",),
    },
    "attention in the encoder alone": {"down_block_types": ("DownEncoderBlock2D", "AttnDownEncoderBlock2D")},
    "attention in the decoder alone": {"up_block_types": ("AttnUpDecoderBlock2D", "UpDecoderBlock2D")},
    "attention everywhere": {
        "down_block_types": ("AttnDownEncoderBlock2D",) * 2,
        "up_block_types": ("AttnUpDecoderBlock2D",) * 2,
    },
    "mid_block_add_attention false": {"mid_block_add_attention": False},
    "vq_embed_dim left out": {"vq_embed_dim": None},
    "vq_embed_dim 6": {"vq_embed_dim": 6},
    "latent_channels 3": {"latent_channels": 3},
    "num_vq_embeddings 100": {"num_vq_embeddings": 100},
    "scaling_factor 0.5": {"scaling_factor": 0.5},
    "sample_size 64": {"sample_size": 64},
    "force_upcast true": {"force_upcast": True},
    "lookup_from_codebook true": {"lookup_from_codebook": True},
    "act_fn relu": {"act_fn": "relu"},
    "act_fn gelu": {"act_fn": "gelu"},
    "act_fn swish": {"act_fn": "swish"},
    "norm_type spatial (MOVQ)": {"norm_type": "spatial", "block_out_channels": (32, 64), "norm_num_groups": 32},
    "in_channels 1": {"in_channels": 1},
    "out_channels 4": {"out_channels": 4},
}


KL = {
    "default": {},
    "norm_num_groups 8": {"norm_num_groups": 8},
    "layers_per_block 2": {"layers_per_block": 2},
    "three levels": {
        "block_out_channels": (8, 16, 16),
        "down_block_types": ("DownEncoderBlock2D",) * 3,
        "up_block_types": ("UpDecoderBlock2D",) * 3,
    },
    "one level": {
        "block_out_channels": (8,),
        "down_block_types": ("DownEncoderBlock2D",),
        "up_block_types": ("UpDecoderBlock2D",),
    },
    "attention at a level": {
        "down_block_types": ("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        "up_block_types": ("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
    },
    "mid_block_add_attention false": {"mid_block_add_attention": False},
    "latent_channels 16": {"latent_channels": 16},
    "use_quant_conv false": {"use_quant_conv": False},
    "use_post_quant_conv false": {"use_post_quant_conv": False},
    "both false, 16 channels": {"use_quant_conv": False, "use_post_quant_conv": False, "latent_channels": 16},
    "scaling_factor 0.3611, shift_factor 0.1159": {"scaling_factor": 0.3611, "shift_factor": 0.1159},
    "scaling_factor 0": {"scaling_factor": 0.0},
    "latents_mean, latents_std": {"latents_mean": (0.0,) * 4, "latents_std": (1.0,) * 4},
    "force_upcast false": {"force_upcast": False},
    "sample_size 64": {"sample_size": 64},
    "act_fn relu": {"act_fn": "relu"},
    "act_fn swish": {"act_fn": "swish"},
    "in_channels 4": {"in_channels": 4},
    "out_channels 4": {"out_channels": 4},
}
# The file is the default's; the config.json says another.
KL_MISFITS = {
    "config.json with attention": {"up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"]},
    "config.json without attention in the middle": {"mid_block_add_attention": False},
    "config.json with use_quant_conv false": {"use_quant_conv": False},
    "config.json with use_post_quant_conv false": {"use_post_quant_conv": False},
    "config.json with latent_channels 8": {"latent_channels": 8},
    "config.json of a VQModel": {"_class_name": "VQModel"},
    "config.json with a key of another class": {"temporal_compression_ratio": 4},
}
# latent diffusion's YAML, beside the default under its names.
LDM_KL = {
    "default": {},
    "double_z false": {"double_z": False},
    "z_channels 8": {"z_channels": 8},
    "attn_type none": {"attn_type": "none"},
    "attention at 16": {"attn_resolutions": [16]},
    "num_res_blocks 2": {"num_res_blocks": 2},
    "tanh_out true": {"tanh_out": True},
}


def error(found, expected):
    return float((found.double() - expected.double()).norm() / expected.double().norm())


class Corpus:
    def __init__(self, program):
        self.program = program
        self.rows = []
        self.wrong = 0

    def case(self, family, name, folder, arguments, model, width, factor):
        """`model` is the library's own, as `autoencoder_expected` takes it; None: it must be refused."""
        inputs = autoencoder_inputs(1, width, 3, 4, factor, 7)
        save_file({key: tensor.contiguous() for key, tensor in inputs.items()}, folder / "in.safetensors")
        command = [self.program, "reconstruct", *arguments, "--input", folder / "in.safetensors"]
        run = subprocess.run([*command, "-o", folder / "out.safetensors"], capture_output=True, text=True)
        if run.returncode == 2:
            message = run.stderr.strip().replace(str(folder) + "/", "").replace("|", "\\|")
            self.add(family, name, "refused", message)
            return
        if run.returncode != 0 or model is None:
            self.add(family, name, "WRONG", f"exit code {run.returncode}")
            return
        self.judge(family, name, load_file(folder / "out.safetensors"), model, inputs)

    def judge(self, family, name, found, model, inputs):
        if isinstance(model, AutoencoderKL):
            expected = kl_expected(model, inputs, torch.float32)
            errors = {key: error(found[key], value) for key, value in expected.items()}
            self.verdict(family, name, max(errors.values()) < LIMIT and "codes" not in found, "no codes", errors)
            return
        z = inputs["z"]
        codes = model.nearest_codes(z).int()
        rows = model.rows(codes.long()).detach().requires_grad_()
        decoded = model.decode(rows)
        (gradient,) = torch.autograd.grad((decoded * inputs["out_weight"]).sum(), rows)
        errors = {
            "decoded": error(found["decoded"], decoded.detach()),
            "z_grad": error(found["z_grad"], gradient),
            "encoder_out": error(found["encoder_out"], model.encoder(inputs["image"]).detach()),
        }
        differing = int((found["codes"] != codes).sum())
        right = differing == 0 and max(errors.values()) < LIMIT
        self.verdict(family, name, right, f"{differing} codes differ", errors)

    def verdict(self, family, name, right, says, errors):
        said = ", ".join(f"{key} {value:.0e}" for key, value in errors.items())
        self.add(family, name, "right" if right else "WRONG", f"{says}, {said}")

    def add(self, family, name, verdict, says):
        self.wrong += verdict == "WRONG"
        self.rows.append(f"| {family} | {name} | {verdict} | {says} |")


def taming_case(corpus, name, made, said, target="taming.models.vqgan.VQModel"):
    parameters = autoencoder_parameters(4, 4, 40, [1, 1], 16, [])
    parameters["ddconfig"].update(made)
    written = {**parameters, "ddconfig": {**parameters["ddconfig"], **said}}
    model = Autoencoder(parameters, gumbel=False)
    randomise(model, 3)
    model.eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        save_file(model.state_dict(), folder / "model.safetensors")
        (folder / "model.yaml").write_text(yaml.safe_dump({"model": {"target": target, "params": written}}))
        arguments = ["--generator", folder / "model.yaml", "--checkpoint", folder / "model.safetensors"]
        factor = 2 ** (len(parameters["ddconfig"]["ch_mult"]) - 1)
        corpus.case("taming", name, folder, arguments, model, 4, factor)


def diffusers_case(corpus, family, name, model, wrap, width, factor, said=None):
    randomise(model, 4)
    model.eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model.save_pretrained(folder)
        if said is not None:
            config = folder / "config.json"
            config.write_text(json.dumps({**json.loads(config.read_text()), **said}))
        arguments = ["--checkpoint", folder / "diffusion_pytorch_model.safetensors"]
        corpus.case(family, name, folder, arguments, wrap(model) if wrap else None, width, factor)


def ldm_kl_case(corpus, name, said, key="params"):
    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(32, 32),
        latent_channels=4,
    )
    randomise(model, 4)
    model.half().float().eval().requires_grad_(False)
    parameters = autoencoder_parameters(4, 4, 40, [1, 1], 16, [])
    del parameters["n_embed"]
    parameters["ddconfig"] = {**parameters["ddconfig"], "double_z": True, **said}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        save_file(ldm_state(model), folder / "model.safetensors")
        config = {"model": {"target": "ldm.models.autoencoder.AutoencoderKL", key: parameters}}
        (folder / "model.yaml").write_text(yaml.safe_dump(config))
        arguments = ["--generator", folder / "model.yaml", "--checkpoint", folder / "model.safetensors"]
        corpus.case("latent diffusion AutoencoderKL", name, folder, arguments, model, 4, 2)


def kl_cases(corpus, common):
    family = "diffusers AutoencoderKL"
    for name, change in KL.items():
        settings = {**common, **change}
        factor = 2 ** (len(settings["block_out_channels"]) - 1)
        model = AutoencoderKL(**settings)
        diffusers_case(corpus, family, name, model, lambda model: model, settings["latent_channels"], factor)
    for name, said in KL_MISFITS.items():
        diffusers_case(corpus, family, name, AutoencoderKL(**common), None, 4, 2, said)
    asymmetric = AsymmetricAutoencoderKL(
        down_block_types=common["down_block_types"],
        down_block_out_channels=(8, 16),
        up_block_types=common["up_block_types"],
        up_block_out_channels=(8, 16),
        norm_num_groups=4,
    )
    diffusers_case(corpus, "diffusers AsymmetricAutoencoderKL", "default", asymmetric, None, 4, 2)
    for name, said in LDM_KL.items():
        ldm_kl_case(corpus, name, said)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vqclip", type=Path, default=Path("build/release/src/vqclip"))
    corpus = Corpus(parser.parse_args().vqclip)
    for name, change in TAMING.items():
        taming_case(corpus, name, change, {})
    for name, (made, said) in MISFITS.items():
        taming_case(corpus, name, made, said)
    common = {
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "block_out_channels": (8, 16),
        "latent_channels": 4,
        "num_vq_embeddings": 40,
        "norm_num_groups": 4,
    }
    for name, change in DIFFUSERS.items():
        settings = {**common, **change}
        model = VQModel(**settings)
        width = settings.get("vq_embed_dim") or settings["latent_channels"]
        factor = 2 ** (len(settings["block_out_channels"]) - 1)
        diffusers_case(corpus, "diffusers VQModel", name, model, DiffusersVQ, width, factor)
    kl_cases(corpus, {key: value for key, value in common.items() if key != "num_vq_embeddings"})
    diffusers_case(corpus, "diffusers AutoencoderTiny", "default", AutoencoderTiny(), None, 4, 2)
    print("# Generators, one setting changed at a time\n")
    print(f"Made by `tests/oracle/generators_corpus.py`: {len(corpus.rows)} files, {corpus.wrong} wrong. Right: codes")
    print(f"equal, pictures, gradients and the encoder's result within {LIMIT:.0e} (relative L2, f32, cpu).\n")
    print("| family | changed | verdict | |\n| --- | --- | --- | --- |")
    print("\n".join(corpus.rows))
    return corpus.wrong > 0


if __name__ == "__main__":
    raise SystemExit(main())
