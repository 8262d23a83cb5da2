#!/usr/bin/env python3
"""Writes small random generators of the families beside taming's VQModel into tests/models/fixtures, and what the public
definitions compute with them. Weights are f16; expected values are computed in float64 from the written file.

Needs what fixtures.py needs, and diffusers.
"""

import argparse
import re
from pathlib import Path

import torch
import yaml
from diffusers import AutoencoderKL, VQModel
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
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
from transformers.models.janus import JanusVQVAE, JanusVQVAEConfig


KL_WHAT = (
    "z NCHW; decoded = decode(z), range about [-1,1], not clamped; z_grad = d sum(decoded*out_weight)/d z; image in "
    "[-1,1]; encoder_out before quant_conv, or without one its means; encoded_z = mean of the distribution; "
    "reconstruction = decode(encoded_z), not clamped; computed in float64, rounded to float32"
)


def kl_expected(model, inputs, dtype):
    """The outputs of `vqclip reconstruct` for diffusers' AutoencoderKL."""
    with torch.no_grad():
        image = inputs["image"].to(dtype)
        encoder_out = model.encoder(image)
        encoded_z = model.encode(image).latent_dist.mean
        reconstruction = model.decode(encoded_z).sample
    if model.quant_conv is None:
        encoder_out = encoder_out[:, : encoded_z.shape[1]]
    z = inputs["z"].to(dtype).requires_grad_()
    decoded = model.decode(z).sample
    (z_grad,) = torch.autograd.grad((decoded * inputs["out_weight"].to(dtype)).sum(), z)
    return {
        "decoded": decoded.detach(),
        "z_grad": z_grad,
        "encoder_out": encoder_out,
        "encoded_z": encoded_z,
        "reconstruction": reconstruction,
    }


def kl_expected_write(path, load, inputs):
    exact, single = (kl_expected(load(dtype), inputs, dtype) for dtype in (torch.float64, torch.float32))
    print(f"{path.stem}: {single_precision_error(exact, single)}")
    expected = path.with_name(path.stem + "_expected.safetensors")
    save_file(as_stored({**inputs, **exact}), expected, metadata={"what": KL_WHAT})
    expected.chmod(0o644)


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


class Product(Autoencoder):
    """IBQ: the code with the largest product."""

    def __init__(self, parameters):
        super().__init__(parameters, gumbel=False)

    def nearest_codes(self, z):
        return torch.einsum("nchw,kc->nkhw", z.to(self.codebook.dtype), self.codebook).argmax(dim=1)


class UnitRows(Autoencoder):
    """LlamaGen and Janus: directions alone count."""

    def __init__(self, parameters):
        super().__init__(parameters, gumbel=False)

    @property
    def codebook(self):
        return torch.nn.functional.normalize(self.quantize.embedding.weight, dim=-1)

    def nearest_codes(self, z):
        z = torch.nn.functional.normalize(z.to(self.codebook.dtype), dim=1)
        return torch.cdist(z.permute(0, 2, 3, 1), self.codebook).argmin(dim=-1)


def write_ibq(folder):
    def config(parameters):
        init = {**parameters, "lossconfig": {"class_path": "src.IBQ.modules.losses.Loss", "init_args": {}}}
        return {"model": {"class_path": "src.IBQ.models.ibqgan.IBQ", "init_args": init}}

    write_taming(folder, "ibq", Product, config, seed=22)


def decoder_level_turned(name):
    head, level, rest = re.fullmatch(r"(decoder\.up\.)(\d+)(\..*)", name).groups()
    return f"{head}{1 - int(level)}{rest}"


def llamagen_name(name):
    if name.startswith("decoder.up."):
        name = decoder_level_turned(name)
    for old, new in (
        ("encoder.down.", "encoder.conv_blocks."),
        ("decoder.up.", "decoder.conv_blocks."),
        (".block.", ".res."),
        ("mid.block_1", "mid.0"),
        ("mid.attn_1", "mid.1"),
        ("mid.block_2", "mid.2"),
    ):
        name = name.replace(old, new)
    return name


def janus_name(name):
    return decoder_level_turned(name) if name.startswith("decoder.up.") else name


def write_llamagen(folder):
    write_taming(folder, "llamagen", UnitRows, None, seed=23, rename=llamagen_name, attention=[8])


def write_janus(folder):
    folder = folder / "janus"
    folder.mkdir(exist_ok=True)
    write_taming(folder, "model", UnitRows, None, seed=24, rename=janus_name, attention=[8])
    config = JanusVQVAEConfig(
        embed_dim=WIDTH,
        num_embeddings=40,
        latent_channels=WIDTH,
        base_channels=32,
        channel_multiplier=[1, 1],
        num_res_blocks=1,
        num_patches=4,
    )
    state = load_file(folder / "model.safetensors")
    model = JanusVQVAE(config)
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()}, strict=True)
    config.save_pretrained(folder)
    janus_agrees(model.eval(), load_file(folder / "model_expected.safetensors"))


def janus_agrees(model, expected):
    """transformers' own decoder gives the same picture of the codes."""
    with torch.no_grad():
        rows = torch.nn.functional.normalize(model.quantize.embedding.weight, dim=-1)[expected["codes"].long()]
        decoded = model.decoder(model.post_quant_conv(rows.permute(0, 3, 1, 2)))
    assert (decoded - expected["decoded"]).abs().max() < 1e-5


class DiffusersVQ(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.encoder, self.quant_conv = model.encoder, model.quant_conv

    def nearest_codes(self, z):
        weight = self.model.quantize.embedding.weight
        return self.model.quantize(z.to(weight.dtype))[2][2].reshape(z.shape[0], *z.shape[2:])

    encoded_codes = nearest_codes

    def rows(self, codes):
        return self.model.quantize.embedding.weight[codes].permute(0, 3, 1, 2)

    def decode(self, quantised):
        return self.model.decoder(self.model.post_quant_conv(quantised))


def write_diffusers_vq(folder):
    """Attention at one level, two groups of channels, and an embedding wider than the latent."""
    folder = folder / "diffusers_vq"
    model = VQModel(
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(8, 16),
        latent_channels=4,
        num_vq_embeddings=40,
        norm_num_groups=4,
        vq_embed_dim=WIDTH,
    )
    randomise(model, 25)
    model.half().save_pretrained(folder)
    path = folder / "diffusion_pytorch_model.safetensors"
    path.chmod(0o644)

    def load(dtype):
        return DiffusersVQ(VQModel.from_pretrained(folder).eval().requires_grad_(False).to(dtype))

    expected_write(path, load, autoencoder_inputs(1, WIDTH, 3, 4, 2, 25))


KL_SMALL = {
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "block_out_channels": (8, 16),
    "norm_num_groups": 4,
}


def kl_load(folder, dtype):
    return AutoencoderKL.from_pretrained(folder).eval().requires_grad_(False).to(dtype)


def write_diffusers_kl_of(folder, seed, **settings):
    model = AutoencoderKL(**{**KL_SMALL, **settings})
    randomise(model, seed)
    model.half().save_pretrained(folder)
    path = folder / "diffusion_pytorch_model.safetensors"
    path.chmod(0o644)
    inputs = autoencoder_inputs(1, model.config.latent_channels, 3, 4, 2, seed)
    kl_expected_write(path, lambda dtype: kl_load(folder, dtype), inputs)


def write_diffusers_kl(folder):
    """As Stable Diffusion 1 has it: 4 channels and a layer to both sides of z."""
    write_diffusers_kl_of(folder / "diffusers_kl", 27, latent_channels=4)


def write_diffusers_kl16(folder):
    """As Stable Diffusion 3 and FLUX have it: 16 channels, none of these layers, and z with a shift."""
    settings = {
        "latent_channels": 16,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
        "scaling_factor": 1.5305,
        "shift_factor": 0.0609,
        "force_upcast": True,
    }
    write_diffusers_kl_of(folder / "diffusers_kl16", 28, **settings)


def ldm_name(name, levels):
    """latent diffusion's name of a tensor of diffusers' AutoencoderKL."""
    up = re.match(r"decoder\.up_blocks\.(\d+)\.", name)
    if up:
        name = name.replace(up[0], f"decoder.up.{levels - 1 - int(up[1])}.", 1)
    for old, new in (
        ("encoder.down_blocks.", "encoder.down."),
        ("downsamplers.0.conv", "downsample.conv"),
        ("upsamplers.0.conv", "upsample.conv"),
        ("mid_block.resnets.0", "mid.block_1"),
        ("mid_block.resnets.1", "mid.block_2"),
        ("mid_block.attentions.0", "mid.attn_1"),
        ("resnets.", "block."),
        ("conv_shortcut", "nin_shortcut"),
        ("group_norm", "norm"),
        ("to_q", "q"),
        ("to_k", "k"),
        ("to_v", "v"),
        ("to_out.0", "proj_out"),
        ("conv_norm_out", "norm_out"),
    ):
        name = name.replace(old, new)
    return name


def ldm_state(model):
    state = {}
    for name, tensor in half_weights(model).items():
        name = ldm_name(name, len(model.config.block_out_channels))
        wide = ".attn_1." in name and tensor.dim() == 2
        state[name] = tensor[:, :, None, None].contiguous() if wide else tensor
    back = convert_ldm_vae_checkpoint(dict(state), model.config)
    assert {name: tensor.shape for name, tensor in back.items()} == {
        name: tensor.shape for name, tensor in model.state_dict().items()
    }
    return state


def write_kl(folder):
    """latent diffusion's whole model: the autoencoder is its first stage."""
    settings = {**KL_SMALL, "block_out_channels": (32, 32), "norm_num_groups": 32, "latent_channels": 3}
    model = AutoencoderKL(**settings)
    randomise(model, 29)
    path = folder / "kl.safetensors"
    strangers = {"model.diffusion_model.out.2.weight": torch.zeros(2, 3).half(), "betas": torch.zeros(4)}
    save_file({**{f"first_stage_model.{name}": tensor for name, tensor in ldm_state(model).items()}, **strangers}, path)
    path.chmod(0o644)
    parameters = small_parameters()
    network = {**parameters["ddconfig"], "double_z": True, "z_channels": 3, "ch_mult": [1, 1]}
    first_stage = {
        "target": "ldm.models.autoencoder.AutoencoderKL",
        "params": {
            "embed_dim": 3,
            "monitor": "val/rec_loss",
            "ddconfig": network,
            "lossconfig": {"target": "torch.nn.Identity"},
        },
    }
    config = {
        "model": {
            "base_learning_rate": 1.0e-04,
            "target": "ldm.models.diffusion.ddpm.LatentDiffusion",
            "params": {"timesteps": 4, "scale_factor": 0.25, "first_stage_config": first_stage},
        }
    }
    path.with_suffix(".yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def load(dtype):
        return model.half().float().eval().requires_grad_(False).to(dtype)

    kl_expected_write(path, load, autoencoder_inputs(1, 3, 3, 4, 2, 29))


class BareBlock(torch.nn.Module):
    """MaskGIT's residual block: no biases, and the short way's convolution behind the block."""

    def __init__(self, before, after):
        super().__init__()
        self.norm1 = torch.nn.GroupNorm(32, before, eps=1e-6)
        self.conv1 = torch.nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm2 = torch.nn.GroupNorm(32, after, eps=1e-6)
        self.conv2 = torch.nn.Conv2d(after, after, 3, padding=1, bias=False)
        if before != after:
            self.nin_shortcut = torch.nn.Conv2d(after, after, 1, bias=False)

    def forward(self, x):
        h = self.conv1(torch.nn.functional.silu(self.norm1(x)))
        h = self.conv2(torch.nn.functional.silu(self.norm2(h)))
        return h + (self.nin_shortcut(h) if hasattr(self, "nin_shortcut") else x)


class MaskGitEncoder(torch.nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.conv_in = torch.nn.Conv2d(3, channels[0], 3, padding=1, bias=False)
        self.down = torch.nn.ModuleList()
        before = channels[0]
        for after in channels:
            self.down.append(torch.nn.ModuleDict({"block": torch.nn.ModuleList([BareBlock(before, after)])}))
            before = after
        self.mid = torch.nn.ModuleList([BareBlock(before, before)])
        self.norm_out = torch.nn.GroupNorm(32, before, eps=1e-6)
        self.conv_out = torch.nn.Conv2d(before, width, 1)

    def forward(self, x):
        h = self.conv_in(x)
        for level, part in enumerate(self.down):
            h = part["block"][0](h)
            if level < len(self.down) - 1:
                h = torch.nn.functional.avg_pool2d(h, 2, 2)
        return self.conv_out(torch.nn.functional.silu(self.norm_out(self.mid[0](h))))


class MaskGitDecoder(torch.nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.conv_in = torch.nn.Conv2d(width, channels[-1], 3, padding=1)
        self.mid = torch.nn.ModuleList([BareBlock(channels[-1], channels[-1])])
        self.up = torch.nn.ModuleList()
        for level, after in enumerate(channels):
            part = {"block": torch.nn.ModuleList([BareBlock(channels[min(level + 1, len(channels) - 1)], after)])}
            if level > 0:
                part["upsample_conv"] = torch.nn.Conv2d(after, after, 3, padding=1)
            self.up.append(torch.nn.ModuleDict(part))
        self.norm_out = torch.nn.GroupNorm(32, channels[0], eps=1e-6)
        self.conv_out = torch.nn.Conv2d(channels[0], 3, 3, padding=1)

    def forward(self, z):
        h = self.mid[0](self.conv_in(z))
        for part in reversed(self.up):
            h = part["block"][0](h)
            if "upsample_conv" in part:
                h = part["upsample_conv"](torch.nn.functional.interpolate(h, scale_factor=2.0, mode="nearest"))
        return self.conv_out(torch.nn.functional.silu(self.norm_out(h)))


class MaskGit(torch.nn.Module):
    """Written from what open-muse's MaskGitVQGAN does."""

    def __init__(self, parameters):
        super().__init__()
        self.encoder = MaskGitEncoder([32, 64], parameters["embed_dim"])
        self.decoder = MaskGitDecoder([32, 64], parameters["embed_dim"])
        self.quantize = torch.nn.ModuleDict({"embedding": torch.nn.Embedding(40, parameters["embed_dim"])})
        self.quant_conv = torch.nn.Identity()

    def nearest_codes(self, z):
        table = self.quantize["embedding"].weight
        return torch.cdist(z.to(table.dtype).permute(0, 2, 3, 1), table).argmin(dim=-1)

    encoded_codes = nearest_codes

    def rows(self, codes):
        return self.quantize["embedding"].weight[codes].permute(0, 3, 1, 2)

    def decode(self, quantised):
        return self.decoder(quantised)


def write_maskgit(folder):
    write_taming(folder, "maskgit", MaskGit, None, seed=26)


FAMILIES = {
    "maskgit": write_maskgit,
    "gumbel": write_gumbel,
    "ibq": write_ibq,
    "llamagen": write_llamagen,
    "janus": write_janus,
    "diffusers_vq": write_diffusers_vq,
    "diffusers_kl": write_diffusers_kl,
    "diffusers_kl16": write_diffusers_kl16,
    "kl": write_kl,
}


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
