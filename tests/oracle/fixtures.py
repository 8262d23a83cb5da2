#!/usr/bin/env python3
"""Writes small random models in the published formats, and what the public model definitions compute with them.

The files go to tests/models/fixtures and are committed, so that the C tests need no Python. Run this only to make
them again. The first half (public definitions, random weights, expected values) also serves true_shapes.py.
"""

import argparse
import contextlib
import importlib
import importlib.util
import io
import json
import math
import os
import re
import sys
import types
from pathlib import Path

import torch
import yaml
from safetensors.torch import load_file, save_file
from torch import nn

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

CLIP_WHAT = (
    "pixels in [0,1] NCHW before CLIP mean/std; image_embed = un-normalised embedding; "
    "pixels_grad = d sum(image_embed*embed_weight)/d pixels; "
    "spherical_distance[i,j] = 2*asin(|x_i-y_j|/2)^2 on unit vectors; "
    "loss_pixels_grad = d mean_i spherical_distance[i,0] / d pixels; computed in float64, rounded to float32"
)
AUTOENCODER_WHAT = (
    "z NCHW continuous latent; codes = nearest codebook rows; "
    "decoded = decoder(post_quant_conv(codebook[codes])), range about [-1,1], not clamped; "
    "z_grad = d sum(decoded*out_weight)/d z, straight-through; image in [-1,1]; encoder_out before quant_conv; "
    "encoded_codes = nearest codebook rows to quant_conv(encoder_out); reconstruction = decode of encoded_codes, "
    "not clamped; computed in float64, rounded to float32"
)


# --------------------------------------------------------------------------------------------------------------------
# Public definitions. Only the modules that define the networks are imported: the packages' own __init__ files pull
# in training frameworks, image libraries and download code that nothing here needs.


def package_without_init(name):
    """Registers an installed package so that its modules can be imported without running its __init__."""
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise SystemExit(f"the Python package '{name}' is not installed: see tests/oracle/README.md")
    package = types.ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = package


@contextlib.contextmanager
def modules_replaced(replacements):
    """For the time of the block, importing a name gives the module here, or fails where it is None."""
    saved = {name: sys.modules.get(name) for name in replacements}
    sys.modules.update(replacements)
    try:
        yield
    finally:
        for name, module in saved.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


def openai_clip_module():
    package_without_init("clip")
    return importlib.import_module("clip.model")


def open_clip_module():
    """open_clip needs torchvision for one class that freezes batch norms, and transformers and timm for towers of
    theirs: none of it is used here."""
    package_without_init("open_clip")
    misc = types.ModuleType("torchvision.ops.misc")
    misc.FrozenBatchNorm2d = type("FrozenBatchNorm2d", (nn.Module,), {})
    absent = {name: None for name in ("transformers", "timm")}
    parents = {name: types.ModuleType(name) for name in ("torchvision", "torchvision.ops")}
    with modules_replaced({**absent, **parents, "torchvision.ops.misc": misc}):
        return importlib.import_module("open_clip.model")


class Autoencoder(nn.Module):
    """The public Encoder, Decoder and quantiser under the attribute names of taming's VQModel and GumbelVQ, whose own
    module would need a training framework. `parameters_of_config` is the YAML's params."""

    def __init__(self, parameters_of_config, gumbel):
        super().__init__()
        networks = importlib.import_module("taming.modules.diffusionmodules.model")
        quantisers = importlib.import_module("taming.modules.vqvae.quantize")
        config = parameters_of_config["ddconfig"]
        code_count, width = parameters_of_config["n_embed"], parameters_of_config["embed_dim"]
        self.gumbel = gumbel
        with contextlib.redirect_stdout(io.StringIO()):  # they print their shapes
            self.encoder = networks.Encoder(**config)
            self.decoder = networks.Decoder(**config)
        self.nearest = quantisers.VectorQuantizer2
        if gumbel:
            self.quantize = quantisers.GumbelQuantize(config["z_channels"], width, n_embed=code_count)
        else:
            self.quantize = quantisers.VectorQuantizer2(code_count, width, beta=0.25)
        self.quant_conv = nn.Conv2d(config["z_channels"], width, 1)
        self.post_quant_conv = nn.Conv2d(width, config["z_channels"], 1)

    @property
    def codebook(self):
        return self.quantize.embed.weight if self.gumbel else self.quantize.embedding.weight

    def nearest_codes(self, z):
        """Indices (N,h,w) of the codebook rows nearest to z (N,C,h,w), by the public VectorQuantizer2."""
        quantiser = self.nearest(*self.codebook.shape, beta=0.25, sane_index_shape=True)
        quantiser.embedding.weight = self.codebook
        return quantiser(z.to(self.codebook.dtype))[2][2]

    def encoded_codes(self, pre_quantised):
        """The codes that encoding chooses for quant_conv's output."""
        if not self.gumbel:
            return self.nearest_codes(pre_quantised)
        return self.quantize.proj(pre_quantised.to(self.codebook.dtype)).argmax(dim=1)

    def rows(self, codes):
        return self.codebook[codes].permute(0, 3, 1, 2).to(self.post_quant_conv.weight.dtype)

    def decode(self, quantised):
        return self.decoder(self.post_quant_conv(quantised))


# --------------------------------------------------------------------------------------------------------------------
# Random weights and inputs


def standard_deviation(name, shape):
    """A spread that keeps activations near unit scale and lets attention choose."""
    if name.endswith(("embedding", "embedding.weight", "quantize.embed.weight")):
        return 0.6
    if name.endswith(("proj", "text_projection")):
        return shape[0] ** -0.5  # applied as x @ matrix
    fan_in = math.prod(shape[1:])
    if "attnpool" not in name and name.endswith(
        ("in_proj_weight", "q_proj.weight", "k_proj.weight", ".q.weight", ".k.weight")
    ):
        return 1.4 * fan_in**-0.5
    if name.endswith(("out_proj.weight", "c_proj.weight", "fc2.weight")):
        return 0.5 * fan_in**-0.5
    return fan_in**-0.5


@torch.no_grad()
def randomise(model, seed):
    """Fills every parameter from the seed; scalars keep their value."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.dim() == 0:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() > 1 or name.endswith("embedding"):
            parameter.copy_(noise * standard_deviation(name, parameter.shape))
        elif name.endswith("weight"):  # of a normalisation
            scale = 0.1 if re.search(r"layer\d.*bn3", name) else 1.0  # branches correct; the public start is 0
            parameter.copy_(scale * (1 + 0.2 * noise))
        else:
            parameter.copy_(0.05 * noise)


@torch.no_grad()
def calibrate_batch_norms(model, pixels):
    """Sets the running statistics to those of one batch, as training would have."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    model.train()
    model(pixels)
    model.eval()


@torch.no_grad()
def decide_gates(resnet, seed):
    """Biases that hold every channel before a ReLU five deviations above or below zero, at random; sums with a
    shortcut stay above. Then rounding turns no ReLU on or off, and the gradient is a smooth function again."""
    generator = torch.Generator().manual_seed(seed)
    for name, norm in resnet.named_modules():
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        sign = torch.where(torch.rand(norm.bias.shape, generator=generator) < 0.5, -1.0, 1.0)
        if "downsample" in name or re.search(r"layer\d.*bn3", name):
            sign = torch.ones_like(sign)
        norm.bias.copy_(5 * sign * norm.weight.abs())


def pictures(count, height, width, seed):
    """Pictures (N,3,H,W) in (0,1): smooth colours under a little noise."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn((count, 3, max(height // 16, 3), max(width // 16, 3)), generator=generator)
    smooth = nn.functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
    return torch.sigmoid(1.2 * smooth + 0.3 * torch.randn(smooth.shape, generator=generator))


def token_sequences(count, context, vocabulary, seed):
    """Token ids (N,T) int32 of different lengths: start, words, end (the largest id), zeros."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.zeros((count, context), dtype=torch.int32)
    for row in range(count):
        length = context // 4 + row * (context // 3)
        tokens[row, 0] = vocabulary - 2
        tokens[row, 1 : length + 1] = torch.randint(1, vocabulary - 2, (length,), generator=generator).int()
        tokens[row, length + 1] = vocabulary - 1
    return tokens


def clip_inputs(count, side, context, vocabulary, embedding, seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        "pixels": pictures(count, side, side, seed + 1),
        "token_ids": token_sequences(2, context, vocabulary, seed + 2),
        "embed_weight": torch.randn((count, embedding), generator=generator),
    }


def autoencoder_inputs(count, channels, height, width, factor, seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        "z": 0.6 * torch.randn((count, channels, height, width), generator=generator),
        "out_weight": torch.randn((count, 3, factor * height, factor * width), generator=generator),
        "image": 2 * pictures(count, factor * height, factor * width, seed + 1) - 1,
    }


# --------------------------------------------------------------------------------------------------------------------
# Expected values


def clip_normalised(pixels):
    mean = torch.tensor(CLIP_MEAN, dtype=pixels.dtype).view(1, 3, 1, 1)
    std = torch.tensor(CLIP_STD, dtype=pixels.dtype).view(1, 3, 1, 1)
    return (pixels - mean) / std


def clip_embeddings(encode_image, encode_text, inputs, dtype):
    """image_embed, text_embed and pixels_grad. The pixels themselves stay at least f32."""
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    pixels = inputs["pixels"].to(exact).requires_grad_()
    image_embed = encode_image(clip_normalised(pixels).to(dtype))
    (pixels_grad,) = torch.autograd.grad((image_embed * inputs["embed_weight"].to(dtype)).sum(), pixels)
    with torch.no_grad():
        text_embed = encode_text(inputs["token_ids"].long())
    return {"image_embed": image_embed.detach(), "text_embed": text_embed, "pixels_grad": pixels_grad}


def spherical_distances(x, y):
    x, y = nn.functional.normalize(x, dim=-1), nn.functional.normalize(y, dim=-1)
    return 2 * ((x[:, None] - y[None]).norm(dim=-1) / 2).asin() ** 2


def clip_expected(encode_image, encode_text, inputs):
    """All tensors of a *_expected.safetensors file, in float64."""
    expected = clip_embeddings(encode_image, encode_text, inputs, torch.float64)
    pixels = inputs["pixels"].double().requires_grad_()
    distances = spherical_distances(encode_image(clip_normalised(pixels)), expected["text_embed"])
    (gradient,) = torch.autograd.grad(distances[:, 0].mean(), pixels)
    return {**inputs, **expected, "spherical_distance": distances.detach(), "loss_pixels_grad": gradient}


def autoencoder_expected(model, inputs, dtype, codes=None, encoded_codes=None):
    """The outputs of `vqclip reconstruct`. Where codes are given, those are decoded instead of the model's own."""
    with torch.no_grad():
        encoder_out = model.encoder(inputs["image"].to(dtype))
        pre_quantised = model.quant_conv(encoder_out)
        if encoded_codes is None:
            encoded_codes = model.encoded_codes(pre_quantised)
        if codes is None:
            codes = model.nearest_codes(inputs["z"])
        reconstruction = model.decode(model.rows(encoded_codes.long()))
    quantised = model.rows(codes.long()).detach().requires_grad_()
    decoded = model.decode(quantised)
    (z_grad,) = torch.autograd.grad((decoded * inputs["out_weight"].to(dtype)).sum(), quantised)
    return {
        "codes": codes.int(),
        "decoded": decoded.detach(),
        "z_grad": z_grad,
        "encoder_out": encoder_out,
        "pre_quantised": pre_quantised,
        "encoded_codes": encoded_codes.int(),
        "reconstruction": reconstruction,
    }


# --------------------------------------------------------------------------------------------------------------------
# Writing


def as_stored(tensors):
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in tensors.items()
    }


def half_weights(model):
    """The state with floating-point values rounded to f16, which is what the files hold."""
    return {
        name: (tensor.half() if tensor.is_floating_point() else tensor.clone()).contiguous()
        for name, tensor in model.state_dict().items()
    }


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def single_precision_error(exact, single):
    """Largest relative L2 error of the same computation in f32: the head-room that a test's limit leaves."""
    errors = {
        name: float((single[name].double() - exact[name]).norm() / exact[name].norm())
        for name in single
        if single[name].is_floating_point()
    }
    worst = max(errors, key=errors.get)
    return f"f32 differs by at most {errors[worst]:.1e} ({worst})"


def write_clip_expected(path, double_encoders, single_encoders, inputs):
    exact = clip_expected(*double_encoders, inputs)
    single = clip_embeddings(*single_encoders, inputs, torch.float32)
    save_file(as_stored(exact), path, metadata={"what": CLIP_WHAT})
    print(f"{path.parent.name}: {single_precision_error(exact, single)}")


# --------------------------------------------------------------------------------------------------------------------
# Fixtures

SMALL = {"side": 16, "patch": 4, "width": 64, "context": 12, "vocabulary": 96, "embedding": 32}


def small_clip_inputs(seed):
    return clip_inputs(2, SMALL["side"], SMALL["context"], SMALL["vocabulary"], SMALL["embedding"], seed)


def open_clip_config(vision_layers, vision_ratio, text_layers, text_ratio, **more):
    return {
        "embed_dim": SMALL["embedding"],
        **more,
        "vision_cfg": {
            "image_size": SMALL["side"],
            "layers": vision_layers,
            "width": SMALL["width"],
            "mlp_ratio": vision_ratio,
            "patch_size": SMALL["patch"],
        },
        "text_cfg": {
            "context_length": SMALL["context"],
            "vocab_size": SMALL["vocabulary"],
            "width": SMALL["width"],
            "heads": SMALL["width"] // 64,
            "layers": text_layers,
            "mlp_ratio": text_ratio,
        },
    }


def open_clip_model(config):
    """The public model of an open_clip configuration, as its factory would build it."""
    module = open_clip_module()
    arguments = dict(config)
    custom_text = arguments.pop("custom_text", False)
    return (module.CustomTextCLIP if custom_text else module.CLIP)(**arguments).eval()


def write_open_clip(folder, config, seed):
    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip_model(config)
    randomise(model, seed)
    save_file(half_weights(model), folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    preprocess = {"mean": list(CLIP_MEAN), "std": list(CLIP_STD)}
    write_json(folder / "open_clip_config.json", {"model_cfg": config, "preprocess_cfg": preprocess})

    def encoders(dtype):
        reloaded = open_clip_model(config)
        reloaded.load_state_dict(load_file(folder / "open_clip_model.safetensors"), strict=True)
        reloaded.to(dtype)
        return reloaded.encode_image, reloaded.encode_text

    write_clip_expected(
        folder / "open_clip_model_expected.safetensors",
        encoders(torch.float64),
        encoders(torch.float32),
        small_clip_inputs(seed),
    )


def hugging_face_config(layers, activation, vision_heads, text_heads):
    from transformers import CLIPConfig

    shared = {
        "hidden_size": SMALL["width"],
        "intermediate_size": 2 * SMALL["width"],
        "num_hidden_layers": layers,
        "hidden_act": activation,
        "projection_dim": SMALL["embedding"],
    }
    vision = {"image_size": SMALL["side"], "patch_size": SMALL["patch"], "num_attention_heads": vision_heads}
    text = {
        "vocab_size": SMALL["vocabulary"],
        "max_position_embeddings": SMALL["context"],
        "num_attention_heads": text_heads,
        "bos_token_id": SMALL["vocabulary"] - 2,
        "eos_token_id": SMALL["vocabulary"] - 1,
    }
    return CLIPConfig(
        vision_config={**shared, **vision}, text_config={**shared, **text}, projection_dim=SMALL["embedding"]
    )


def hugging_face_state(model):
    """Checkpoints published up to transformers 4.30 also hold the position numbers."""
    state = half_weights(model)
    positions = (SMALL["side"] // SMALL["patch"]) ** 2 + 1
    state["text_model.embeddings.position_ids"] = torch.arange(SMALL["context"])[None]
    state["vision_model.embeddings.position_ids"] = torch.arange(positions)[None]
    return state


def hugging_face_encoders(folder, dtype):
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(folder, local_files_only=True).eval().to(dtype)

    def encode_image(pixels):
        return model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)

    def encode_text(tokens):
        return model.text_projection(model.text_model(input_ids=tokens).pooler_output)

    return encode_image, encode_text


def write_hugging_face(folder, config, seed):
    from transformers import CLIPModel

    folder.mkdir(parents=True, exist_ok=True)
    model = CLIPModel(config).eval()
    randomise(model, seed)
    save_file(hugging_face_state(model), folder / "model.safetensors", metadata={"format": "pt"})
    model.config.architectures = ["CLIPModel"]
    model.config.dtype = "float16"
    model.config.to_json_file(folder / "config.json")
    write_clip_expected(
        folder / "model_expected.safetensors",
        hugging_face_encoders(folder, torch.float64),
        hugging_face_encoders(folder, torch.float32),
        small_clip_inputs(seed),
    )


def autoencoder_parameters(width, z_channels, code_count, multipliers, resolution, attention):
    return {
        "embed_dim": width,
        "n_embed": code_count,
        "ddconfig": {
            "double_z": False,
            "z_channels": z_channels,
            "resolution": resolution,
            "in_channels": 3,
            "out_ch": 3,
            "ch": 32,
            "ch_mult": multipliers,
            "num_res_blocks": 1,
            "attn_resolutions": attention,
            "dropout": 0.0,
        },
    }


def loaded_autoencoder(path, parameters, prefix, dtype):
    model = Autoencoder(parameters, gumbel=False).eval().requires_grad_(False)
    state = load_file(path)
    own = {name: state[prefix + name].float() for name in model.state_dict()}
    model.load_state_dict(own, strict=True)
    return model.to(dtype)


def write_autoencoder(path, config, parameters, latent, seed, prefix="", beside=None):
    """`parameters` are those of the autoencoder in `config`; `beside` are tensors of the checkpoint that a reader
    must leave aside."""
    model = Autoencoder(parameters, gumbel=False)
    randomise(model, seed)
    state = {prefix + name: tensor for name, tensor in half_weights(model).items()}
    save_file({**state, **(beside or {})}, path)
    path.with_suffix(".yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    factor = 2 ** (len(parameters["ddconfig"]["ch_mult"]) - 1)
    inputs = autoencoder_inputs(2, parameters["embed_dim"], *latent, factor, seed)
    exact, single = (
        autoencoder_expected(loaded_autoencoder(path, parameters, prefix, dtype), inputs, dtype)
        for dtype in (torch.float64, torch.float32)
    )
    assert torch.equal(exact["codes"], single["codes"]) and torch.equal(
        exact["encoded_codes"], single["encoded_codes"]
    )
    distinct = exact["encoded_codes"].unique().numel()
    print(f"{path.stem}: {single_precision_error(exact, single)}; {distinct} different codes")
    del exact["pre_quantised"]
    expected = path.with_name(path.stem + "_expected.safetensors")
    save_file(as_stored({**inputs, **exact}), expected, metadata={"what": AUTOENCODER_WHAT})


LOSS_CONFIG = {"lossconfig": {"target": "taming.modules.losses.vqperceptual.DummyLoss"}}


def net2net_strangers(seed):
    """What else such a checkpoint holds: the transformer, the condition's own codebook, the discriminator."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {
        "transformer.tok_emb.weight": (12, 8),
        "transformer.pos_emb": (1, 6, 8),
        "cond_stage_model.quantize.embedding.weight": (5, 4),
        "cond_stage_model.decoder.conv_in.weight": (4, 4, 3, 3),
        "first_stage_model.loss.discriminator.main.0.weight": (4, 3, 4, 4),
    }
    return {name: torch.randn(shape, generator=generator).half() for name, shape in shapes.items()}


def write_net2net(folder, seed):
    parameters = autoencoder_parameters(16, 12, 48, [1, 1], 16, [8])
    first_stage = {"target": "taming.models.vqgan.VQModel", "params": {**parameters, **LOSS_CONFIG}}
    config = {
        "model": {
            "base_learning_rate": 4.5e-06,
            "target": "taming.models.cond_transformer.Net2NetTransformer",
            "params": {
                "cond_stage_key": "coord",
                "transformer_config": {
                    "target": "taming.modules.transformer.mingpt.GPT",
                    "params": {"vocab_size": 48, "block_size": 32, "n_layer": 1, "n_head": 1, "n_embd": 8},
                },
                "first_stage_config": first_stage,
                "cond_stage_config": {
                    "target": "taming.modules.misc.coord.CoordStage",
                    "params": {"n_embed": 48, "down_factor": 2},
                },
            },
        }
    }
    write_autoencoder(
        folder / "net2net.safetensors",
        config,
        parameters,
        (4, 5),
        seed,
        prefix="first_stage_model.",
        beside=net2net_strangers(seed),
    )


def write_latent_diffusion(folder, stem, target, parameters, latent, seed):
    loss = {"lossconfig": {"target": "torch.nn.Identity"}}
    config = {"model": {"base_learning_rate": 4.5e-06, "target": target, "params": {**parameters, **loss}}}
    if target.endswith("VQModel"):
        config["model"]["params"]["monitor"] = "val/rec_loss"
    write_autoencoder(folder / f"{stem}.safetensors", config, parameters, latent, seed)


def write_all(folder):
    folder.mkdir(parents=True, exist_ok=True)
    write_open_clip(folder / "open_clip_gelu", open_clip_config(2, 4.0, 2, 2.0), seed=1)
    write_open_clip(
        folder / "open_clip_custom_text", open_clip_config(1, 2.0, 2, 2.0, custom_text=True, quick_gelu=True), seed=2
    )
    write_hugging_face(folder / "hugging_face_quick_gelu", hugging_face_config(2, "quick_gelu", 1, 1), seed=3)
    write_hugging_face(folder / "hugging_face_gelu", hugging_face_config(1, "gelu", 1, 1), seed=4)
    write_hugging_face(folder / "hugging_face_heads", hugging_face_config(1, "quick_gelu", 4, 2), seed=5)
    write_net2net(folder, seed=6)
    write_latent_diffusion(
        folder,
        "latent_diffusion",
        "ldm.models.autoencoder.VQModel",
        autoencoder_parameters(4, 4, 40, [1, 1], 16, []),
        (5, 4),
        seed=7,
    )
    write_latent_diffusion(
        folder,
        "latent_diffusion_interface",
        "ldm.models.autoencoder.VQModelInterface",
        autoencoder_parameters(3, 3, 40, [1, 1, 1], 32, []),
        (4, 5),
        seed=8,
    )


def main():
    default = Path(__file__).resolve().parents[1] / "models" / "fixtures"
    parser = argparse.ArgumentParser(description="writes the small models of tests/models/fixtures")
    parser.add_argument(
        "--output", type=Path, default=default, metavar="FOLDER", help="default tests/models/fixtures"
    )
    folder = parser.parse_args().output
    os.environ["HF_HUB_OFFLINE"] = "1"
    write_all(folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o644)  # safetensors keeps them to their owner
    size = sum(path.stat().st_size for path in files)
    print(f"{size / 2**20:.2f} MiB in all")


if __name__ == "__main__":
    main()
