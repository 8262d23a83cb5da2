#!/usr/bin/env python3
"""Random changes of small models that the public libraries save: one key of a configuration changed, dropped, renamed or
added, or one tensor, or two of these at once. What vqclip makes of each is compared with the library that owns the file.

    python tests/oracle/mutations.py --vqclip build/release/src/vqclip [--count 500] [--seed 17] [--only FAMILY]

Writes results/models-mutations.md. Right: codes and all numbers are the library's. Refused: exit code 2 and one line that
names a file. No numbers: the library itself does not open the folder, and vqclip reads what is there. Everything else
is WRONG, and so is `vqclip inspect` where it does not say of a file what becomes of it; then the exit code is 1.

The generators of LlamaGen, IBQ, MaskGIT and taming have no library that is installed: theirs are taming's public modules
under their names, strict about tensors, and of MaskGIT what open-muse's class does with its configuration. LlamaGen has
no configuration: Janus's copy of it, in transformers, has one.

Needs what corpus_clip.py and generators.py need: torch, transformers, open_clip_torch, timm, diffusers.
"""
import argparse
import copy
import datetime
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import diffusers
import open_clip
import timm
import torch
import transformers
import yaml
from safetensors.torch import load_file, save_file

import corpus_clip
from corpus_clip import LENGTH, SIDE, VOCABULARY, HuggingFace, OpenClip, disturb
from fixtures import Autoencoder, autoencoder_inputs, autoencoder_parameters, randomise
from generators import DiffusersVQ, MaskGit, Product, UnitRows, kl_expected, llamagen_name

LIMIT = 1e-4  # of generators: relative L2 of pictures and gradients, as generators_corpus.py has it

# ---- The perceptors ----


class Siglip(HuggingFace):
    def __init__(self, folder):
        super().__init__(folder, transformers.SiglipModel)
        side = self.model.config.vision_config.image_size
        self.side = side if isinstance(side, int) and 0 < side < 200 else SIDE

    def normalise(self, pixels):
        if self.processor is not None:
            return super().normalise(pixels)
        return (pixels - 0.5) / 0.5


class SiglipWithProcessor(Siglip):
    def __init__(self, folder):
        super().__init__(folder)
        self.processor = transformers.SiglipImageProcessorPil.from_pretrained(folder)


def siglip_hugging_face(folder):
    torch.manual_seed(0)
    tower = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 80}
    config = transformers.SiglipConfig(
        vision_config={**tower, "num_hidden_layers": 2, "image_size": SIDE, "patch_size": 4},
        text_config={**tower, "num_hidden_layers": 1, "vocab_size": VOCABULARY, "max_position_embeddings": LENGTH,
                     "projection_size": 32})
    disturb(transformers.SiglipModel(config)).save_pretrained(folder)
    transformers.SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder / "model.safetensors", SiglipWithProcessor


@timm.models.register_model
def vit_base_patch16_siglip_224(pretrained=False, **arguments):
    """In place of the published size, which would take too long: the same class with the same activation and heads."""
    arguments.pop("pretrained_cfg", None)
    arguments.pop("pretrained_cfg_overlay", None)
    arguments.pop("cache_dir", None)
    return timm.models.vision_transformer.VisionTransformer(
        **{"img_size": SIDE, "patch_size": 4, "embed_dim": 24, "depth": 2, "num_heads": 12, "mlp_ratio": 2,
           "class_token": False, "global_pool": "map", **arguments})


SIGLIP_OPEN_CLIP = {
    "model_cfg": {
        "embed_dim": 24, "init_logit_bias": -10, "custom_text": True,
        "vision_cfg": {"image_size": SIDE, "timm_model_name": "vit_base_patch16_siglip_224",
                       "timm_model_pretrained": False, "timm_pool": "map", "timm_proj": "none"},
        "text_cfg": {"context_length": LENGTH, "vocab_size": VOCABULARY, "width": 16, "heads": 4, "layers": 1,
                     "mlp_ratio": 3, "no_causal_mask": True, "proj_bias": True, "pool_type": "last",
                     "norm_kwargs": {"eps": 1e-06}, "act_kwargs": {"approximate": "tanh"}}},
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic",
                       "resize_mode": "squash"}}


def siglip_open_clip(folder):
    torch.manual_seed(0)
    arguments = copy.deepcopy(SIGLIP_OPEN_CLIP["model_cfg"])
    arguments.pop("custom_text")
    model = disturb(open_clip.CustomTextCLIP(**arguments))
    save_file(model.state_dict(), folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    (folder / "open_clip_config.json").write_text(json.dumps(SIGLIP_OPEN_CLIP))
    return folder / "open_clip_model.safetensors", OpenClip


def timm_made_small():
    """timm's own ViTs of CLIP keep what their names say, and are made small."""
    full = open_clip.timm_model.timm.create_model

    def create(name, **settings):
        small = {"img_size": SIDE, "patch_size": 4, "embed_dim": 64, "depth": 2} if "_clip_" in name else {}
        return full(name, **small, **settings)

    open_clip.timm_model.timm.create_model = create


# ---- The generators ----


class TamingLike:
    """The library of a family that taming's modules stand for: `make` of the YAML's parameters, names changed by
    `rename`. Every tensor must be there and known but what the file may have beside them."""

    def __init__(self, make, parameters, rename=lambda name: name):
        self.make, self.parameters, self.rename = make, parameters, rename

    def open(self, folder):
        state = load_file(folder / "model.safetensors")
        model = self.make(self.parameters(folder))
        wanted = {name: self.rename(name) for name in model.state_dict()}
        if set(wanted.values()) != set(state):
            raise ValueError(f"tensors differ: {sorted(set(wanted.values()) ^ set(state))[:3]}")
        model.load_state_dict({name: state[other] for name, other in wanted.items()}, strict=True)
        return model.eval().requires_grad_(False)


def yaml_parameters(folder, inner="params", classes=("VQModel",)):
    model = yaml.safe_load((folder / "model.yaml").read_text())["model"]
    name = model["target"] if inner == "params" else model["class_path"]
    if name.rsplit(".", 1)[-1] not in classes:
        raise ValueError(f"another class: {name}")
    parameters = model[inner]
    known = {"embed_dim", "n_embed", "ddconfig", "lossconfig", "ckpt_path", "ignore_keys", "image_key", "monitor",
             "colorize_nlabels", "remap", "sane_index_shape"}
    if set(parameters) - known or parameters.get("remap") is not None:
        raise ValueError("what the class does not take, or what is not modelled here")
    return parameters


def taming_family(make, config, rename=lambda name: name, parameters=None):
    def build(folder):
        settings = autoencoder_parameters(6, 6, 40, [1, 1], 16, [8])
        model = make(settings)
        randomise(model, 3)
        save_file({rename(name): tensor for name, tensor in model.state_dict().items()}, folder / "model.safetensors")
        if config is not None:
            (folder / "model.yaml").write_text(yaml.safe_dump(config(settings)))
        read = parameters if config is not None else lambda at: settings
        return folder / "model.safetensors", TamingLike(make, read, rename).open

    return build


class Plain(Autoencoder):
    def __init__(self, parameters):
        super().__init__(parameters, gumbel=False)


def taming_config(parameters):
    return {"model": {"base_learning_rate": 4.5e-06, "target": "taming.models.vqgan.VQModel",
                      "params": {**parameters, "monitor": "val/rec_loss", "lossconfig": {"target": "x"}}}}


def ibq_config(parameters):
    return {"model": {"class_path": "src.IBQ.models.ibqgan.IBQ", "init_args": {**parameters, "monitor": "a"}}}


def diffusers_family(folder):
    model = diffusers.VQModel(
        down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"), block_out_channels=(8, 16), latent_channels=4,
        num_vq_embeddings=40, norm_num_groups=4, vq_embed_dim=6)
    randomise(model, 4)
    model.save_pretrained(folder)

    def opened(at):
        model, report = diffusers.VQModel.from_pretrained(at, output_loading_info=True, low_cpu_mem_usage=False)
        if report["missing_keys"] or report["unexpected_keys"] or report["mismatched_keys"]:
            raise ValueError(f"does not fit: {report}")
        return DiffusersVQ(model.eval().requires_grad_(False))

    return folder / "diffusion_pytorch_model.safetensors", opened


def kl_family(folder):
    model = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, block_out_channels=(8, 16),
        latent_channels=6, norm_num_groups=4, shift_factor=0.1)
    randomise(model, 5)
    model.save_pretrained(folder)

    def opened(at):
        model, report = diffusers.AutoencoderKL.from_pretrained(at, output_loading_info=True, low_cpu_mem_usage=False)
        if report["missing_keys"] or report["unexpected_keys"] or report["mismatched_keys"]:
            raise ValueError(f"does not fit: {report}")
        return model.eval().requires_grad_(False)

    return folder / "diffusion_pytorch_model.safetensors", opened


class Janus(torch.nn.Module):
    """transformers' class. Its rows have a length of one: there what it does where it encodes, the nearest row, and what
    Janus's own program does, the nearest direction, are the same."""

    def __init__(self, model):
        super().__init__()
        self.model, self.encoder = model, model.encoder

    def nearest_codes(self, z):
        return self.model.quantize(z)[2].reshape(z.shape[0], *z.shape[2:])

    def rows(self, codes):
        return torch.nn.functional.normalize(self.model.quantize.embedding.weight, dim=-1)[codes].permute(0, 3, 1, 2)

    def decode(self, quantised):
        return self.model.decoder(self.model.post_quant_conv(quantised))


def janus_family(folder):
    model = transformers.JanusVQVAE(transformers.JanusVQVAEConfig(
        embed_dim=6, num_embeddings=40, latent_channels=6, base_channels=32, channel_multiplier=[1, 1],
        num_res_blocks=1, num_patches=4))
    randomise(model, 6)
    with torch.no_grad():
        model.quantize.embedding.weight.copy_(torch.nn.functional.normalize(model.quantize.embedding.weight, dim=-1))
    model.save_pretrained(folder)

    def opened(at):
        model, report = transformers.JanusVQVAE.from_pretrained(at, output_loading_info=True)
        if report["missing_keys"] or report["unexpected_keys"] or report.get("mismatched_keys"):
            raise ValueError(f"does not fit: {report}")
        return Janus(model.eval().requires_grad_(False))

    return folder / "model.safetensors", opened


# What open-muse's class takes, and the values that matter which MaskGit of generators.py has.
MASKGIT = {"hidden_channels": 32, "channel_mult": [1, 2], "num_res_blocks": 1, "z_channels": 6, "num_embeddings": 40,
           "quantized_embed_dim": 6, "num_channels": 3}
MASKGIT_DEFAULTS = {"hidden_channels": 128, "channel_mult": [1, 1, 2, 2, 4], "num_res_blocks": 2, "z_channels": 256,
                    "num_embeddings": 1024, "quantized_embed_dim": 256, "num_channels": 3}
MASKGIT_UNUSED = {"resolution": 16, "attn_resolutions": [16], "dropout": 0.0, "resample_with_conv": True,
                  "commitment_cost": 0.25}


def maskgit_parameters(folder):
    config = json.loads((folder / "config.json").read_text())
    if config.pop("_class_name", None) != "MaskGitVQGAN":
        raise ValueError("another class")
    config.pop("_version", None)
    if set(config) - set(MASKGIT) - set(MASKGIT_UNUSED):
        raise ValueError("what the class does not take")
    if any(config.get(key, MASKGIT_DEFAULTS[key]) != value for key, value in MASKGIT.items()):
        raise ValueError("a network that the file does not fit")
    return autoencoder_parameters(6, 6, 40, [1, 1], 16, [])


def maskgit_family(folder):
    weights, _ = taming_family(MaskGit, None)(folder)
    config = {"_class_name": "MaskGitVQGAN", "_version": "0.0.1", **MASKGIT, **MASKGIT_UNUSED}
    (folder / "config.json").write_text(json.dumps(config))
    return weights, TamingLike(MaskGit, maskgit_parameters).open


# ---- The families ----

PERCEPTORS = {
    "CLIP, transformers": corpus_clip.hugging_face(processor=corpus_clip.image_processor()),
    "CLIP, transformers, preprocessor": corpus_clip.hugging_face(processor=corpus_clip.image_processor(nested=False)),
    "CLIP, open_clip": corpus_clip.OC(text={"pool_type": "eos", "norm_kwargs": {"eps": 1e-6}},
                                      vision={"pool_type": "avg", "ls_init_value": 0.3}),
    "SigLIP, transformers": siglip_hugging_face,
    "SigLIP, open_clip": siglip_open_clip,
    "MetaCLIP 2, transformers": corpus_clip.hugging_face(transformers.MetaClip2Model, transformers.MetaClip2Config),
    "ViT of timm, open_clip": corpus_clip.OC(vision=corpus_clip.TIMM_VIT, custom_text=True),
    "CoCa, open_clip": corpus_clip.OC(custom_text=True, vision=corpus_clip.COCA_VISION,
                                      text={"embed_cls": True, "output_tokens": True}, multimodal_cfg=corpus_clip.COCA),
    "CLIP with scales, open_clip": corpus_clip.OC(vision=corpus_clip.SCALES, text=corpus_clip.SCALES),
}
GENERATORS = {
    "VQModel, diffusers": diffusers_family,
    "LlamaGen": taming_family(UnitRows, None, llamagen_name),
    "IBQ": taming_family(Product, ibq_config, parameters=lambda at: yaml_parameters(at, "init_args", ("IBQ",))),
    "VQGAN, taming": taming_family(Plain, taming_config, parameters=yaml_parameters),
    "MaskGIT": maskgit_family,
    "Janus, transformers": janus_family,
    "AutoencoderKL, diffusers": kl_family,
}

# ---- The changes ----

# Values that another model has at that key; null and a value of another type are tried for every key.
VALUES = {
    "hidden_act": ["gelu", "quick_gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu"],
    "pool_type": ["tok", "avg", "none", "argmax", "eos", "first", "last"],
    "interpolation": ["bilinear", "bicubic", "nearest", "random"],
    "resize_mode": ["shortest", "longest", "squash"],
    "approximate": ["none", "tanh"],
    "timm_pool": ["avg", "token", "map", ""],
    "timm_proj": ["none", "linear", "mlp", ""],
    "resample": [0, 1, 2, 3, 4, 5],
    "act_fn": ["silu", "swish", "relu", "gelu", "mish"],
    "norm_type": ["group", "spatial"],
    "attn_type": ["vanilla", "none", "linear"],
    "target": ["taming.models.vqgan.GumbelVQ", "taming.models.vqgan.VQModel", "ldm.models.autoencoder.VQModel"],
    "down_block_types": [["DownEncoderBlock2D", "DownEncoderBlock2D"]],
    "up_block_types": [["UpDecoderBlock2D", "UpDecoderBlock2D"]],
    "attn_resolutions": [[], [16], [8, 16]],
    "ch_mult": [[1], [1, 2], [1, 1, 1]],
    "channel_mult": [[1], [1, 1], [1, 2, 2]],
    "channel_multiplier": [[1], [1, 2], [1, 1, 1]],
    "timm_model_name": ["vit_large_patch14_clip_quickgelu_224", "vit_base_patch16_siglip_224", "vit_of_tomorrow"],
    "_class_name": ["VQModel", "AutoencoderKL", "MaskGitVQGAN", "AsymmetricAutoencoderKL"],
    "model_type": ["clip", "siglip", "siglip2", "metaclip_2", "janus_vqgan"],
}
# Keys of another place or another model, to be added anywhere.
ADDED = {
    "qk_norm": True, "no_causal_mask": True, "ls_init_value": 0.1, "pool_type": "avg", "no_ln_pre": True, "eps": 1e-3,
    "layer_norm_eps": 1e-3, "hidden_act": "relu", "vision_use_head": False, "num_attention_heads": 4, "heads": 8,
    "head_width": 16, "quick_gelu": True, "proj_bias": False, "eos_token_id": 50, "do_normalize": False,
    "rescale_factor": 0.5, "final_ln_after_pool": True, "embed_cls": True, "norm_num_groups": 8, "tanh_out": True,
    "double_z": True, "remap": "x", "mid_block_add_attention": False, "attn_type": "none", "scaling_factor": 0.5,
    "resamp_with_conv": False, "register_tokens": 4, "rope": True, "act_kwargs": {"approximate": "tanh"},
}


def leaves(config, at=()):
    for key, value in config.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*at, key))
        else:
            yield (*at, key)


def other_types(value):
    """The same number as other types of JSON have it."""
    whole = [int(value)] if isinstance(value, float) else []
    return [str(value), float(value), [value], [value, value], {"value": value}, False, *whole]


def value_change(key, value, chance):
    pool = [None, "1", [0.5, 0.5, 0.5], True, 1, {}]
    if key in VALUES:
        pool = 3 * VALUES[key] + [None, ""]
    elif isinstance(value, bool):
        pool = 4 * [not value] + [None, 0, 1]
    elif isinstance(value, (int, float)):
        pool = [value * 2, value + 1, value - 1, value / 2, 0, -1, None, "1", 1e-3, True, *other_types(value)]
    elif isinstance(value, list) and value and all(isinstance(part, (int, float)) for part in value):
        pool = [value[::-1], value[:-1], [*value, value[-1]], [part * 2 for part in value], None, value[0], []]
    return chance.choice([one for one in pool if one != value or type(one) is not type(value)])


def config_change(config, chance):
    """Changes, drops, renames or adds one key; says which."""
    path = chance.choice(sorted(leaves(config)))
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    name, where = path[-1], ".".join(path)
    kind = chance.choice(["change"] * 4 + ["drop", "rename", "add"])
    if kind == "drop":
        del inner[name]
        return f"drop {where}"
    if kind == "rename":
        inner[name[:-1] + ("x" if name[-1] != "x" else "y")] = inner.pop(name)
        return f"rename {where}"
    if kind == "add":
        added = chance.choice(sorted(ADDED))
        inner[added] = ADDED[added]
        return f"add {'.'.join((*path[:-1], added))} {ADDED[added]!r}"
    inner[name] = value_change(name, inner[name], chance)
    return f"change {where} to {inner[name]!r}"


def tensors_change(tensors, chance):
    """Drops, renames, adds, turns or cuts one tensor."""
    name = chance.choice(sorted(tensors))
    kind = chance.choice(["drop", "rename", "add", "turn", "cut"])
    if kind == "drop":
        del tensors[name]
    elif kind == "rename":
        other = re.sub(r"\d", lambda digit: str((int(digit.group()) + 1) % 10), name, count=1)
        tensors[other if other != name else name + "s"] = tensors.pop(name)
    elif kind == "add":
        stem = name.rsplit(".", 1)[0]
        name = chance.choice([f"{stem}.gamma", f"{stem}.q_norm.weight", f"{stem}.bias", f"{name}.scale", "head.weight"])
        if name in tensors:
            name += "_2"
        tensors[name] = torch.ones(3)
    elif kind == "turn":
        tensors[name] = tensors[name].flatten() if tensors[name].dim() > 1 else tensors[name][None]
    elif tensors[name].dim() > 0:
        tensors[name] = tensors[name][: max(1, tensors[name].shape[0] - 1)].clone()
    return f"{kind} tensor {name}"


def changes(folder, weights, chance):
    """One change, or two at once: a refusal of the first must not hide what becomes of the second, nor one mend the
    other in silence."""
    count = 2 if chance.random() < 0.3 else 1
    return "; ".join(change(folder, weights, chance) for _ in range(count))


def change(folder, weights, chance):
    files = sorted([*folder.glob("*.json"), *folder.glob("*.yaml")])
    if not files or chance.random() < 0.25:
        tensors = load_file(weights)
        said = tensors_change(tensors, chance)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, weights, metadata={"format": "pt"})
        return said
    path = chance.choice(files)
    is_json = path.suffix == ".json"
    config = json.loads(path.read_text()) if is_json else yaml.safe_load(path.read_text())
    said = config_change(config, chance)
    path.write_text(json.dumps(config) if is_json else yaml.safe_dump(config))
    return f"{path.name}: {said}"


# ---- The verdicts ----


def run_program(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


def inspected(program, weights, folder):
    """The parts that `vqclip inspect` calls usable."""
    options = ["--generator", folder / "model.yaml"] if (folder / "model.yaml").exists() else []
    run = run_program(program, "inspect", weights, "--json", *options)
    return json.loads(run.stdout)["usable"] if run.returncode == 0 else []


def inspect_check(program, weights, folder, parts, verdict):
    """WRONG where inspect promises what is refused, or does not what is computed."""
    promised = set(parts) <= set(inspected(program, weights, folder))
    if promised == (verdict[0] != "refused"):
        return verdict
    return "WRONG", f"inspect {'promises' if promised else 'does not promise'} it; {verdict[0]}: {verdict[1]}"


def generator_expected(model, given):
    if isinstance(model, diffusers.AutoencoderKL):
        return None, kl_expected(model, given, torch.float32)
    codes = model.nearest_codes(given["z"]).int()
    rows = model.rows(codes.long()).detach().requires_grad_()
    decoded = model.decode(rows)
    (gradient,) = torch.autograd.grad((decoded * given["out_weight"]).sum(), rows)
    return codes, {"decoded": decoded.detach(), "z_grad": gradient,
                   "encoder_out": model.encoder(given["image"]).detach()}


def generator_verdict(program, folder, weights, opened):
    given = autoencoder_inputs(1, 6, 3, 4, 2, 7)
    save_file({name: tensor.contiguous() for name, tensor in given.items()}, folder / "in.safetensors")
    options = ["--generator", folder / "model.yaml"] if (folder / "model.yaml").exists() else []
    run = run_program(program, "reconstruct", *options, "--checkpoint", weights, "--input", folder / "in.safetensors",
                      "-o", folder / "out.safetensors")
    if run.returncode != 0:
        return corpus_clip.refusal(run, folder)
    try:
        codes, expected = generator_expected(opened(folder), given)
    except Exception as problem:  # whatever keeps the library from its numbers
        return "no numbers", f"the library: {type(problem).__name__}: {str(problem)[:100]}".replace("\n", " ")
    found = load_file(folder / "out.safetensors")
    differing = 0 if codes is None else int((found["codes"] != codes).sum())
    far = {name: corpus_clip.relative(found[name], wanted) for name, wanted in expected.items()}
    right = differing == 0 and max(far.values()) < LIMIT
    said = ", ".join(f"{name} {value:.1e}" for name, value in far.items())
    return "right" if right else "WRONG", f"{differing} codes differ, {said}"


def one_judge(program, family, saved, chance):
    """(what was changed, verdict, what was found) of a copy of the saved folder; unchanged without `chance`."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "model"
        original, weights_name, opened = saved
        shutil.copytree(original, folder)
        weights = folder / weights_name
        said = changes(folder, weights, chance) if chance is not None else "nothing"
        if family in GENERATORS:
            verdict = generator_verdict(program, folder, weights, opened)
            parts = ["decoder", "encoder"]
        else:
            verdict = corpus_clip.judge(program, folder, opened, weights)
            parts = ["picture tower", "text tower"]
        if not is_about_pictures(verdict[1]):
            verdict = inspect_check(program, weights, folder, parts, verdict)
        return said, *verdict


def is_about_pictures(message):
    """What inspect cannot know: refusals of the inputs themselves."""
    return "in.safetensors" in message or ".png" in message


def families_save(root, only):
    saved = {}
    for family, make in {**PERCEPTORS, **GENERATORS}.items():
        if only is not None and only not in family:
            continue
        folder = root / re.sub(r"\W+", "_", family)
        folder.mkdir()
        weights, opened = make(folder)
        saved[family] = (folder, weights.name, opened)
    return saved


def mutations_run(program, saved, count, seed):
    chance = random.Random(seed)
    families = list(saved)
    rows = []
    for family in families:  # else everything could be refused for a reason of its own
        said, verdict, what = one_judge(program, family, saved[family], None)
        if verdict != "right":
            raise SystemExit(f"{family} as it was saved: {verdict}: {what}")
    for number in range(count):
        family = families[number % len(families)]
        row = (number, family, *one_judge(program, family, saved[family], chance))
        rows.append(row)
        if row[3] not in ("right", "refused"):
            print(" | ".join(map(str, row)), flush=True)
    return rows


# ---- The report ----


def version(program):
    return run_program(program, "--version").stdout.strip().splitlines()[0]


def report_write(path, rows, options, program):
    verdicts = ["right", "refused", "no numbers", "WRONG"]
    families = list(dict.fromkeys(row[1] for row in rows))
    count = {(family, verdict): sum(row[1] == family and row[3] == verdict for row in rows)
             for family in families for verdict in verdicts}
    total = {verdict: sum(count[family, verdict] for family in families) for verdict in verdicts}
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Random changes of models\n\n")
        out.write(f"{len(rows)} random changes of a key or a tensor, or two at once, each compared with the library that owns the file: "
                  + ", ".join(f"{total[verdict]} {verdict}" for verdict in verdicts) + ".\n\n")
        out.write(f"- Date: {datetime.date.today()}\n- Command: `python tests/oracle/mutations.py --vqclip "
                  f"build/release/src/vqclip --count {options.count} --seed {options.seed}`\n- Versions: {version(program)}; "
                  f"transformers {transformers.__version__}, open_clip {open_clip.__version__}, timm {timm.__version__}, "
                  f"diffusers {diffusers.__version__}, torch {torch.__version__}\n\n")
        out.write("Right: codes equal, embeddings within 1e-5, generators' pictures and all gradients within 1e-4 (relative "
                  "L2, f32, cpu).\nRefused: exit code 2 and one line that names a file. No numbers: the library itself opens "
                  "no such folder, so there\nis nothing to compare with. Of each also: `vqclip inspect` promises what is "
                  "computed, and nothing that is refused.\n\n")
        out.write("| family | " + " | ".join(verdicts) + " |\n| --- |" + " --- |" * len(verdicts) + "\n")
        for family in families:
            out.write(f"| {family} | " + " | ".join(str(count[family, verdict]) for verdict in verdicts) + " |\n")
        out.write("\nWhat was neither right nor refused:\n\n")
        for number, family, said, verdict, what in rows:
            if verdict not in ("right", "refused"):
                out.write(f"- {number}, {family}: {said}: {verdict}: {what}\n")
    return total["WRONG"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vqclip", default="build/release/src/vqclip")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--only")
    parser.add_argument("--output", default="results/models-mutations.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    timm_made_small()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    program = str(pathlib.Path(options.vqclip).resolve())
    with tempfile.TemporaryDirectory() as root:
        rows = mutations_run(program, families_save(pathlib.Path(root), options.only), options.count, options.seed)
    return 1 if report_write(options.output, rows, options, program) else 0


if __name__ == "__main__":
    sys.exit(main())
