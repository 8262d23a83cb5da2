#!/usr/bin/env python3
"""Small CLIP models that transformers and open_clip save, one setting changed at a time, and what vqclip makes of them.

    python tests/oracle/corpus_clip.py --vqclip build/release/src/vqclip [--only NAME] [--mutations 500]

Writes results/models-corpus.md. Each folder is opened by the library itself, which computes embeddings, the gradient of
the pixels, and embeddings of picture files; vqclip is right where it gives the same, or it refuses with a message that
names a file; everything else is WRONG, and then the exit code is 1. With --mutations, that many random changes of
configurations, and of tensors' names, are tried as well.

Needs torch, transformers 5.24, open_clip_torch 3.3, safetensors and pillow.
"""
import argparse
import copy
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy  # noqa: E402
import open_clip  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

OUTPUT_LIMIT, GRADIENT_LIMIT = 1e-5, 1e-4
TEXTS, LENGTH, VOCABULARY, SIDE = 5, 12, 96, 16
OPENAI_MEAN, OPENAI_STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD


def token_ids():
    """Texts with 95 or 50 or 2 as their end, and larger ids in front of the smaller ones."""
    ids = torch.zeros(TEXTS, LENGTH, dtype=torch.int64)
    generator = torch.Generator().manual_seed(5)
    for row in range(TEXTS):
        length = 4 + row
        ids[row, 0] = 94
        ids[row, 1:length] = torch.randint(3, 90, (length - 1,), generator=generator)
        ids[row, length] = 95
        ids[row, 2] = [50, 2, 33, 95, 1][row]
        ids[row, length - 1] = [2, 50, 2, 50, 50][row]
    return ids


def disturb(model, seed=1):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            scale = 0.02 if name.startswith("logit") else 0.08
            parameter.add_(torch.randn(parameter.shape, generator=generator) * scale)
    return model


def inputs(side):
    generator = torch.Generator().manual_seed(3)
    pixels = torch.rand(2, 3, side, side, generator=generator)
    return pixels, token_ids()


def pictures(folder):
    """Two picture files that are wider than high, for newer versions of Pillow round otherwise where some are higher
    than wide; the middle of the second lies between two pixels."""
    generator = numpy.random.default_rng(7)
    paths = []
    for number, (height, width) in enumerate([(60, 90), (31, 53)]):
        small = generator.integers(0, 256, (6, 9, 3), dtype=numpy.uint8)
        picture = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        paths.append(folder / f"picture{number}.png")
        picture.save(paths[-1])
    return paths


# ---- The libraries ----


class HuggingFace:
    """A folder that transformers opens. `kind`: the class of its model."""

    def __init__(self, folder, kind=transformers.CLIPModel):
        config = json.loads((folder / "config.json").read_text())
        self.side = SIDE
        self.alone = str(config.get("model_type", "")).endswith("vision_model")
        self.model, report = kind.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
        if report["missing_keys"] or report["unexpected_keys"] or report.get("mismatched_keys"):
            raise ValueError(f"does not fit: {report}")
        self.model = self.model.eval()
        self.processor = None
        if (folder / "processor_config.json").exists() or (folder / "preprocessor_config.json").exists():
            self.processor = transformers.CLIPImageProcessorPil.from_pretrained(folder)

    def normalise(self, pixels):
        p = self.processor
        if p is None:
            return (pixels - torch.tensor(OPENAI_MEAN)[:, None, None]) / torch.tensor(OPENAI_STD)[:, None, None]
        pixels = pixels * 255
        pixels = pixels * p.rescale_factor if p.do_rescale else pixels
        if not p.do_normalize:
            return pixels
        return (pixels - torch.tensor(p.image_mean)[:, None, None]) / torch.tensor(p.image_std)[:, None, None]

    def image(self, pixels):
        found = self.model(pixel_values=pixels) if self.alone else self.model.get_image_features(pixel_values=pixels)
        if hasattr(found, "image_embeds"):
            return found.image_embeds
        return found if torch.is_tensor(found) else found.pooler_output

    def text(self, ids):
        if self.alone:
            return None
        found = self.model.get_text_features(input_ids=ids)
        return found if torch.is_tensor(found) else found.pooler_output

    def picture(self, path):
        if self.processor is None:
            return None
        return self.processor(images=Image.open(path), return_tensors="pt")["pixel_values"]


class OpenClip:
    """A folder that open_clip opens."""

    def __init__(self, folder):
        self.model, self.preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
        self.model = self.model.eval()
        self.side = open_clip.utils.to_2tuple(self.model.visual.image_size)[0]

    def normalise(self, pixels):
        mean, std = self.model.visual.image_mean or OPENAI_MEAN, self.model.visual.image_std or OPENAI_STD
        return (pixels - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]

    def image(self, pixels):
        return first(self.model.encode_image(pixels, normalize=False))

    def text(self, ids):
        return first(self.model.encode_text(ids, normalize=False))

    def picture(self, path):
        return self.preprocess(Image.open(path))[None]


def first(value):
    return value[0] if isinstance(value, tuple) else value


# ---- One folder judged ----


def expect(library, paths):
    pixels, ids = inputs(library.side)
    pixels.requires_grad_(True)
    embed = library.image(library.normalise(pixels))
    weight = torch.randn(embed.shape, generator=torch.Generator().manual_seed(9))
    (embed * weight).sum().backward()
    expected = {"image_embed": embed.detach(), "pixels_grad": pixels.grad}
    with torch.no_grad():
        text = library.text(ids)
        seen = [library.picture(path) for path in paths]
        files = None if seen[0] is None else torch.cat([library.image(one) for one in seen])
    if text is not None:
        expected["text_embed"] = text
    given = {"pixels": pixels.detach(), "embed_weight": weight, "token_ids": ids}
    return given, expected, files


def relative(found, wanted):
    return float((found.double() - wanted.double()).norm() / wanted.double().norm())


def vqclip_run(program, *arguments):
    return subprocess.run([program, "embed", *map(str, arguments)], capture_output=True, text=True, check=False)


def refusal(run, folder):
    """The message, without the folder; WRONG where it is none or names no file."""
    message = run.stderr.strip().replace(str(folder) + "/", "").removeprefix("vqclip: ")
    if run.returncode != 2 or "\n" in message or ":" not in message:
        return "WRONG", f"exit code {run.returncode}: {message}"
    return "refused", message


def compare(program, folder, weights, given, expected, files, paths):
    out = folder / "out.safetensors"
    if "text_embed" not in expected:
        given.pop("token_ids")
    save_file({name: tensor.contiguous() for name, tensor in given.items()}, folder / "in.safetensors")
    run = vqclip_run(program, "--perceptor", weights, "--input", folder / "in.safetensors", "--output", out)
    if run.returncode != 0:
        return refusal(run, folder)
    found = load_file(out)
    far = {}
    for name, wanted in expected.items():
        tensor = found[name]
        if name == "pixels_grad" and tensor.shape != wanted.shape:
            tensor = tensor.permute(0, 3, 1, 2)
        far[name] = relative(tensor, wanted)
    if files is not None:
        run = vqclip_run(program, "--perceptor", weights, "--image", paths[0], "--image", paths[1], "--output", out)
        if run.returncode != 0:
            return refusal(run, folder)
        far["files"] = relative(load_file(out)["image_embed"], files)
    right = all(value <= (GRADIENT_LIMIT if name == "pixels_grad" else OUTPUT_LIMIT) for name, value in far.items())
    return "right" if right else "WRONG", ", ".join(f"{name} {value:.1e}" for name, value in far.items())


def judge(program, folder, library, weights):
    """(verdict, what was found). Where the library itself has no numbers, as a key is of another type than it wants,
    vqclip either refuses too, or there are "no numbers" to compare."""
    paths = pictures(folder)
    try:
        expected = expect(library(folder), paths)
    except Exception as problem:  # whatever keeps the library from its numbers
        pixels, ids = inputs(SIDE)
        save_file({"pixels": pixels, "token_ids": ids}, folder / "in.safetensors")
        run = vqclip_run(program, "--perceptor", weights, "--input", folder / "in.safetensors", "--output",
                         folder / "out.safetensors")
        if run.returncode != 0:
            return refusal(run, folder)
        return "no numbers", f"the library: {type(problem).__name__}: {str(problem)[:80]}".replace("\n", " ")
    return compare(program, folder, weights, *expected, paths)


# ---- transformers' cases ----


def hugging_face_config(kind=transformers.CLIPConfig, **changes):
    text = {"vocab_size": VOCABULARY, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": LENGTH, "bos_token_id": 94, "eos_token_id": 95}
    vision = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": SIDE, "patch_size": 4}
    text.update(changes.pop("text", {}))
    vision.update(changes.pop("vision", {}))
    return kind(text_config=text, vision_config=vision, projection_dim=32, **changes)


def hugging_face(kind=transformers.CLIPModel, config=transformers.CLIPConfig, edit=None, processor=None, dtype=None,
                 after=None, **changes):
    """Makes a case: `edit` changes config.json as a dictionary, `after` the folder."""

    def make(folder):
        torch.manual_seed(0)
        model = disturb(kind(hugging_face_config(config, **copy.deepcopy(changes))))
        (model.to(dtype) if dtype is not None else model).save_pretrained(folder)
        if edit is not None:
            file_edit(folder / "config.json", edit)
        if processor is not None:
            processor(folder)
        if after is not None:
            after(folder)
        return folder / "model.safetensors", lambda at: HuggingFace(at, kind)

    return make


def file_edit(path, edit):
    config = json.loads(path.read_text())
    edit(config)
    path.write_text(json.dumps(config, indent=2))


def image_processor(nested=True, **settings):
    settings = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}, **settings}

    def save(folder):
        transformers.CLIPImageProcessor(**settings).save_pretrained(folder)
        if nested:
            old = folder / "preprocessor_config.json"
            inner = json.loads(old.read_text())
            old.unlink()
            (folder / "processor_config.json").write_text(
                json.dumps({"image_processor": inner, "processor_class": "CLIPProcessor"}))

    return save


def dictionary_move(config):
    for part in ("text", "vision"):
        whole = config[f"{part}_config"]
        config[f"{part}_config_dict"] = dict(whole)
        whole["num_attention_heads"] = 1
        whole["hidden_act"] = "gelu"


def vision_alone(folder):
    torch.manual_seed(0)
    model = transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(**hugging_face_config().vision_config.to_dict() | {"projection_dim": 32}))
    disturb(model).save_pretrained(folder)
    return folder / "model.safetensors", lambda at: HuggingFace(at, transformers.CLIPVisionModelWithProjection)


def text_alone(folder):
    torch.manual_seed(0)
    config = hugging_face_config().text_config.to_dict() | {"projection_dim": 32}
    disturb(transformers.CLIPTextModelWithProjection(transformers.CLIPTextConfig(**config))).save_pretrained(folder)
    return folder / "model.safetensors", lambda at: HuggingFace(at, transformers.CLIPTextModelWithProjection)


def tensors_edit(edit, name="model.safetensors"):
    def change(folder):
        tensors = load_file(folder / name)
        edit(tensors)
        save_file(tensors, folder / name, metadata={"format": "pt"})

    return change


def general_keys_add(config):
    """What transformers 4 wrote into every configuration."""
    four = {"_name_or_path": "", "add_cross_attention": False, "bad_words_ids": None, "chunk_size_feed_forward": 0,
            "diversity_penalty": 0.0, "do_sample": False, "is_decoder": False, "id2label": {"0": "LABEL_0"},
            "num_beams": 1, "output_attentions": False, "pruned_heads": {}, "torch_dtype": None, "torchscript": False,
            "temperature": 1.0, "top_k": 50, "typical_p": 1.0, "use_bfloat16": False, "return_dict": True}
    for part in (config, config["text_config"], config["vision_config"]):
        part.update(four)


def heads_drop(config):
    for part in ("text_config", "vision_config"):
        del config[part]["num_attention_heads"]


HUGGING_FACE = {
    "default": hugging_face(),
    "half": hugging_face(dtype=torch.float16),
    "bfloat16": hugging_face(dtype=torch.bfloat16),
    "hidden_act gelu": hugging_face(text={"hidden_act": "gelu"}, vision={"hidden_act": "gelu"}),
    "hidden_act differs": hugging_face(text={"hidden_act": "gelu"}),
    "hidden_act gelu_pytorch_tanh": hugging_face(vision={"hidden_act": "gelu_pytorch_tanh"}),
    "hidden_act gelu_new": hugging_face(text={"hidden_act": "gelu_new"}),
    "hidden_act relu": hugging_face(vision={"hidden_act": "relu"}),
    "hidden_act silu": hugging_face(vision={"hidden_act": "silu"}),
    "layer_norm_eps vision": hugging_face(vision={"layer_norm_eps": 1e-3}),
    "layer_norm_eps text": hugging_face(text={"layer_norm_eps": 1e-3}),
    "layer_norm_eps 1e-6": hugging_face(text={"layer_norm_eps": 1e-6}, vision={"layer_norm_eps": 1e-6}),
    "heads": hugging_face(text={"num_attention_heads": 1}, vision={"num_attention_heads": 4}),
    "heads left out": hugging_face(text={"hidden_size": 128, "num_attention_heads": 8}, edit=heads_drop,
                                   vision={"hidden_size": 192, "num_attention_heads": 12}),
    "eos_token_id 2": hugging_face(text={"eos_token_id": 2}),
    "eos_token_id 50": hugging_face(text={"eos_token_id": 50}),
    "eos_token_id absent": hugging_face(edit=lambda c: c["text_config"].pop("eos_token_id")),
    "eos_token_id list": hugging_face(edit=lambda c: c["text_config"].update(eos_token_id=[95, 50])),
    "MetaCLIP 2": hugging_face(transformers.MetaClip2Model, transformers.MetaClip2Config, text={"eos_token_id": 2}),
    "MetaCLIP 2, eos 50": hugging_face(transformers.MetaClip2Model, transformers.MetaClip2Config,
                                       text={"eos_token_id": 50}),
    "config_dict": hugging_face(edit=dictionary_move),
    "config_dict alone": hugging_face(edit=lambda c: c.update(
        vision_config_dict=c.pop("vision_config"), text_config_dict=c.pop("text_config"))),
    "transformers 4's keys": hugging_face(edit=general_keys_add),
    "text narrower": hugging_face(text={"hidden_size": 32, "num_attention_heads": 1}),
    "attention_dropout": hugging_face(vision={"attention_dropout": 0.1}),
    "patches of 8": hugging_face(vision={"patch_size": 8}),
    "intermediate_size": hugging_face(vision={"intermediate_size": 96}),
    "processor": hugging_face(processor=image_processor()),
    "processor mean and std": hugging_face(processor=image_processor(image_mean=[0.5, 0.4, 0.3],
                                                                     image_std=[0.25, 0.2, 0.3])),
    "preprocessor": hugging_face(processor=image_processor(nested=False)),
    "preprocessor do_normalize false": hugging_face(processor=image_processor(nested=False, do_normalize=False)),
    "processor do_rescale false": hugging_face(processor=image_processor(do_rescale=False)),
    "processor rescale_factor": hugging_face(processor=image_processor(rescale_factor=1 / 127.5)),
    "processor size 20": hugging_face(processor=image_processor(size={"shortest_edge": 20})),
    "processor size 12, padded": hugging_face(processor=image_processor(size={"shortest_edge": 12})),
    "processor squash": hugging_face(processor=image_processor(size={"height": SIDE, "width": SIDE},
                                                               do_center_crop=False)),
    "processor longest_edge": hugging_face(processor=image_processor(size={"shortest_edge": SIDE,
                                                                           "longest_edge": 20})),
    "processor bilinear": hugging_face(processor=image_processor(resample=2)),
    "processor lanczos": hugging_face(processor=image_processor(resample=1)),
    "processor nearest": hugging_face(processor=image_processor(resample=0)),
    "processor crop 12": hugging_face(processor=image_processor(crop_size={"height": 12, "width": 12})),
    "processor do_resize false": hugging_face(processor=image_processor(do_resize=False)),
    "processor do_center_crop false": hugging_face(processor=image_processor(do_center_crop=False)),
    "picture tower alone": vision_alone,
    "text tower alone": text_alone,
    "quantization_config": hugging_face(edit=lambda c: c.update(quantization_config={"quant_method": "fp8"})),
    "key of tomorrow": hugging_face(edit=lambda c: c["vision_config"].update(use_rope=True)),
    "model_type altclip": hugging_face(edit=lambda c: c.update(model_type="altclip")),
    "fewer layers said": hugging_face(edit=lambda c: c["vision_config"].update(num_hidden_layers=1)),
    "layers left out": hugging_face(edit=lambda c: c["text_config"].pop("num_hidden_layers")),
    "a tensor more": hugging_face(after=tensors_edit(
        lambda t: t.update({"vision_model.encoder.layers.0.self_attn.q_norm.weight": torch.ones(64)}))),
    "position_ids": hugging_face(after=tensors_edit(
        lambda t: t.update({"text_model.embeddings.position_ids": torch.arange(LENGTH)[None]}))),
    "sharded": hugging_face(after=lambda folder: shards_make(folder)),
}


def shards_make(folder):
    model = transformers.CLIPModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="200KB")
    shutil.copy(next(folder.glob("model-00001*")), folder / "model.safetensors")


# ---- open_clip's cases ----


def open_clip_case(edit=None, model_edit=None, preprocess=None, vision=None, text=None, after=None, upper=True,
                   **changes):
    """Makes a case: vision, text and the rest of the model's configuration, PreprocessCfg's fields, and changes of the
    model and of the folder after it was made."""

    def make(folder):
        torch.manual_seed(0)
        tower = {"layers": 2, "width": 64, "patch_size": 4, "mlp_ratio": 2.0, "head_width": 32}
        if "timm_model_name" in (vision or {}):
            tower = {}
        config = {
            "embed_dim": 32,
            "vision_cfg": {"image_size": SIDE, **tower, **(vision or {})},
            "text_cfg": {"context_length": LENGTH, "vocab_size": VOCABULARY, "width": 64, "heads": 2, "layers": 2,
                         "mlp_ratio": 2.0, **(text or {})},
            **copy.deepcopy(changes)}
        arguments = copy.deepcopy(config)
        custom = arguments.pop("custom_text", False)
        kind = open_clip.CLIP
        if custom:
            kind = open_clip.CoCa if "multimodal_cfg" in arguments else open_clip.CustomTextCLIP
        model = disturb(kind(**arguments))
        if model_edit is not None:
            model_edit(model)
        save_file(model.state_dict(), folder / "open_clip_model.safetensors", metadata={"format": "pt"})
        pictures_config = {"mean": OPENAI_MEAN, "std": OPENAI_STD, "interpolation": "bicubic",
                           "resize_mode": "shortest", **(preprocess or {})}
        whole = {"model_cfg": config, "preprocess_cfg": pictures_config}
        if edit is not None:
            edit(whole)
        (folder / "open_clip_config.json").write_text(json.dumps(whole))
        if after is not None:
            after(folder)
        library = OpenClip
        if not upper:  # which open_clip itself reads from its own folder of configurations alone
            library = lower_level(folder, whole)
        return folder / "open_clip_model.safetensors", library

    return make


def lower_level(folder, whole):
    """The library opens the folder as it was; vqclip one whose configuration has no upper level."""

    def opened(at):
        library = OpenClip(at)
        (at / "open_clip_config.json").write_text(json.dumps(whole["model_cfg"]))
        return library

    return opened


def timm_made_small():
    """timm's networks keep what their names say of activation, heads and norms, and are made small."""
    full = open_clip.timm_model.timm.create_model
    open_clip.timm_model.timm.create_model = lambda name, **settings: full(
        name, img_size=SIDE, patch_size=4, embed_dim=64, depth=2, **settings)


SCALES = {"scale_heads": True, "scale_attn": True, "scale_attn_inner": True, "scale_fc": True, "ls_init_value": 0.3,
          "norm_kwargs": {"eps": 1e-3}}
TIMM_VIT = {"timm_model_name": "vit_medium_patch16_clip_224", "timm_pool": "token", "timm_proj": None}
COCA_VISION = {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 4, "output_tokens": True}
COCA = {"context_length": 76, "vocab_size": VOCABULARY, "width": 64, "heads": 2, "layers": 1, "attn_pooler_heads": 2}
OC = open_clip_case
OPEN_CLIP = {
    "default": OC(),
    "quick_gelu": OC(quick_gelu=True),
    "custom_text": OC(custom_text=True),
    "head_width 16": OC(vision={"head_width": 16}),
    "head_width left out": OC(vision={"width": 128, "head_width": 64}, edit=lambda c: c["model_cfg"]["vision_cfg"].pop(
        "head_width")),
    "heads 8 left out": OC(text={"heads": 8}, edit=lambda c: c["model_cfg"]["text_cfg"].pop("heads")),
    "ls_init_value vision": OC(vision={"ls_init_value": 1e-4}),
    "ls_init_value text": OC(text={"ls_init_value": 1e-4}),
    "pool_type avg": OC(vision={"pool_type": "avg"}),
    "pool_type none": OC(vision={"pool_type": "none"}),
    "final_ln_after_pool": OC(vision={"final_ln_after_pool": True}),
    "avg and final_ln_after_pool": OC(vision={"pool_type": "avg", "final_ln_after_pool": True}),
    "no_ln_pre": OC(vision={"no_ln_pre": True}),
    "CLIPA": OC(vision={"pool_type": "avg", "final_ln_after_pool": True, "no_ln_pre": True},
                text={"pool_type": "last", "no_causal_mask": True}),
    "attentional_pool": OC(vision={"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 4}),
    "attentional_pool, same width": OC(embed_dim=64, vision={"attentional_pool": True, "attn_pooler_heads": 2,
                                                             "attn_pooler_queries": 4}),
    "attentional_pool parallel": OC(vision={"attentional_pool": "parallel", "attn_pooler_heads": 2}),
    "attentional_pool, avg": OC(vision={"attentional_pool": True, "attn_pooler_heads": 4, "attn_pooler_queries": 5,
                                        "pool_type": "avg"}),
    "attentional_pool, avg of one query": OC(vision={"attentional_pool": True, "attn_pooler_heads": 4,
                                                     "attn_pooler_queries": 1, "pool_type": "avg"}),
    "attentional_pool, none": OC(vision={"attentional_pool": True, "attn_pooler_heads": 4, "attn_pooler_queries": 5,
                                         "pool_type": "none"}),
    "attentional_pool, final_ln_after_pool": OC(vision={"attentional_pool": True, "attn_pooler_queries": 4,
                                                        "final_ln_after_pool": True}),
    "attentional_pool, heads left out": OC(vision={"attentional_pool": True, "attn_pooler_queries": 3}),
    "attentional_pool, heads that do not divide": OC(vision={"attentional_pool": True, "attn_pooler_queries": 3},
                                                     edit=lambda c: c["model_cfg"]["vision_cfg"].update(
                                                         attn_pooler_heads=5)),
    "attentional_pool, norm_kwargs": OC(vision={"attentional_pool": True, "attn_pooler_queries": 3,
                                                "norm_kwargs": {"eps": 1e-2}}),
    "attentional_pool said alone": OC(edit=lambda c: c["model_cfg"]["vision_cfg"].update(attentional_pool=True)),
    "attentional_pool not said": OC(vision={"attentional_pool": True, "attn_pooler_queries": 3},
                                    edit=lambda c: c["model_cfg"]["vision_cfg"].pop("attentional_pool")),
    "attn_pooler_queries, others": OC(vision={"attentional_pool": True, "attn_pooler_queries": 3},
                                      edit=lambda c: c["model_cfg"]["vision_cfg"].update(attn_pooler_queries=4)),
    "text pool_type eos": OC(text={"pool_type": "eos", "eos_id": 2}),
    "text pool_type eos 50": OC(text={"pool_type": "eos", "eos_id": 50}),
    "text pool_type eos, id left out": OC(text={"pool_type": "eos"}),
    "text pool_type last": OC(text={"pool_type": "last"}),
    "text pool_type first": OC(text={"pool_type": "first"}),
    "text pool_type none": OC(text={"pool_type": "none"}),
    "eos_id alone": OC(text={"eos_id": 50}),
    "no_causal_mask": OC(text={"no_causal_mask": True}),
    "no_causal_mask, custom_text": OC(text={"no_causal_mask": True}, custom_text=True),
    "embed_cls": OC(text={"embed_cls": True}, custom_text=True),
    "embed_cls, pad_id": OC(text={"embed_cls": True, "pad_id": 1}, custom_text=True),
    "embed_cls, pad_id 50": OC(text={"embed_cls": True, "pad_id": 50}, custom_text=True),
    "embed_cls, no_causal_mask": OC(text={"embed_cls": True, "no_causal_mask": True}, custom_text=True),
    "embed_cls, pool_type first": OC(text={"embed_cls": True, "pool_type": "first"}, custom_text=True),
    "embed_cls, pool_type none": OC(text={"embed_cls": True, "pool_type": "none"}, custom_text=True),
    "embed_cls without custom_text": OC(text={"embed_cls": True}),
    "embed_cls not said": OC(text={"embed_cls": True}, custom_text=True,
                             edit=lambda c: c["model_cfg"]["text_cfg"].pop("embed_cls")),
    "embed_cls said alone": OC(custom_text=True, edit=lambda c: c["model_cfg"]["text_cfg"].update(embed_cls=True)),
    "proj_bias": OC(text={"proj_bias": True}),
    "proj_bias, custom_text": OC(text={"proj_bias": True}, custom_text=True),
    "proj_type none": OC(embed_dim=64, text={"proj_type": "none"}),
    "proj_type none, custom_text": OC(embed_dim=64, text={"proj_type": "none"}, custom_text=True),
    "proj_type none, other width": OC(text={"proj_type": "none"}),
    "proj_type none said alone": OC(embed_dim=64, edit=lambda c: c["model_cfg"]["text_cfg"].update(proj_type="none")),
    "qk_norm": OC(vision={"qk_norm": True}),
    "qk_norm text": OC(text={"qk_norm": True}),
    "scaled_cosine_attn": OC(vision={"scaled_cosine_attn": True}),
    "scale_heads": OC(vision={"scale_heads": True}),
    "scale_attn": OC(vision={"scale_attn": True}),
    "scale_attn_inner": OC(text={"scale_attn_inner": True}),
    "scale_fc": OC(vision={"scale_fc": True}),
    "scale_heads text": OC(text={"scale_heads": True}),
    "scale_attn text": OC(text={"scale_attn": True}),
    "scale_fc text": OC(text={"scale_fc": True}),
    "scale_heads and scale_attn_inner": OC(vision={"scale_heads": True, "scale_attn_inner": True}),
    "all scales, LayerScale, epsilon": OC(vision=SCALES, text=SCALES, custom_text=True),
    "all scales, pool_type avg": OC(vision={**SCALES, "pool_type": "avg"}),
    "all scales, block_type default": OC(vision={**SCALES, "block_type": "default"}),
    "all scales, block_type null": OC(vision={**SCALES, "block_type": None}),
    "scale_heads said alone": OC(edit=lambda c: c["model_cfg"]["vision_cfg"].update(scale_heads=True)),
    "scale_attn not said": OC(vision={"scale_attn": True}, edit=lambda c: c["model_cfg"]["vision_cfg"].pop(
        "scale_attn")),
    "embed_cls, all scales": OC(text={"embed_cls": True, **SCALES}, custom_text=True),
    "block_type custom": OC(vision={"block_type": "custom"}),
    "norm_kwargs vision": OC(vision={"norm_kwargs": {"eps": 1e-3}}),
    "norm_kwargs text": OC(text={"norm_kwargs": {"eps": 1e-6}}),
    "norm_kwargs without bias": OC(vision={"norm_kwargs": {"bias": False}}),
    "act_kwargs tanh vision": OC(vision={"act_kwargs": {"approximate": "tanh"}}),
    "act_kwargs tanh text": OC(text={"act_kwargs": {"approximate": "tanh"}}),
    "act_kwargs none": OC(vision={"act_kwargs": {"approximate": "none"}}),
    "patch_dropout": OC(vision={"patch_dropout": 0.5}),
    "pos_embed_type sin_cos_2d": OC(vision={"pos_embed_type": "sin_cos_2d"}),
    "output_tokens": OC(vision={"output_tokens": True}, custom_text=True),
    "pad_id": OC(text={"pad_id": 1}),
    "mlp_ratio": OC(vision={"mlp_ratio": 3.0}),
    "mlp_ratio 4.3637": OC(vision={"mlp_ratio": 4.3637}),
    "init_logit_bias": OC(init_logit_bias=-10, nonscalar_logit_scale=True),
    "without model_cfg": OC(upper=False),
    "without model_cfg, quick_gelu": OC(quick_gelu=True, upper=False),
    "ResNet": OC(vision={"layers": [1, 1, 1, 1], "width": 16, "image_size": 64, "head_width": 64}),
    "ResNet, head_width": OC(vision={"layers": [1, 1, 1, 1], "width": 16, "image_size": 64, "head_width": 128}),
    "CoCa": OC(custom_text=True, vision=COCA_VISION, text={"embed_cls": True, "output_tokens": True},
               multimodal_cfg=COCA),
    "CoCa, pad_id 1": OC(custom_text=True, vision=COCA_VISION, text={"embed_cls": True, "output_tokens": True,
                                                                     "pad_id": 1}, multimodal_cfg=COCA),
    "CoCa, quick_gelu": OC(custom_text=True, vision=COCA_VISION, text={"embed_cls": True, "output_tokens": True},
                           multimodal_cfg=COCA, quick_gelu=True),
    "timm ViT": OC(vision=TIMM_VIT, custom_text=True),
    "timm ViT, MobileCLIP2-L's": OC(vision={**TIMM_VIT, "timm_model_name": "vit_large_patch14_clip_224", "timm_drop": 0.0,
                                            "timm_drop_path": 0.1}, custom_text=True, text={"no_causal_mask": True}),
    "timm ViT, quickgelu": OC(vision={**TIMM_VIT, "timm_model_name": "vit_large_patch14_clip_quickgelu_224"}),
    "timm ViT, name with weights": OC(vision={**TIMM_VIT, "timm_model_name": "vit_medium_patch16_clip_224.tinyclip_yfcc15m"}),
    "timm ViT, pool avg": OC(vision={**TIMM_VIT, "timm_pool": "avg"}),
    "timm ViT, pool and proj left out": OC(vision={"timm_model_name": "vit_medium_patch16_clip_224"}),
    "timm ViT, proj linear": OC(vision={**TIMM_VIT, "timm_proj": "linear"}),
    "timm ViT, proj linear with bias": OC(vision={**TIMM_VIT, "timm_proj": "linear", "timm_proj_bias": True}),
    "timm ViT, proj linear, pool avg": OC(vision={**TIMM_VIT, "timm_proj": "linear", "timm_pool": "avg"}),
    "timm ViT, proj linear, pool empty": OC(vision={**TIMM_VIT, "timm_proj": "linear", "timm_pool": ""}),
    "timm ViT, proj mlp": OC(vision={**TIMM_VIT, "timm_proj": "mlp"}),
    "timm ViT, proj mlp with bias": OC(vision={**TIMM_VIT, "timm_proj": "mlp", "timm_proj_bias": True}),
    "timm ViT, proj none": OC(embed_dim=64, vision={**TIMM_VIT, "timm_proj": "none"}),
    "timm ViT, pool empty": OC(vision={**TIMM_VIT, "timm_pool": ""}),
    "timm ViT, pool map": OC(embed_dim=64, vision={**TIMM_VIT, "timm_pool": "map", "timm_proj": "none"}),
    "timm ViT, map said alone": OC(vision=TIMM_VIT, edit=lambda c: c["model_cfg"]["vision_cfg"].update(timm_pool="map")),
    "timm ViT, avg said alone": OC(vision=TIMM_VIT, edit=lambda c: c["model_cfg"]["vision_cfg"].update(timm_pool="avg")),
    "timm ViT, linear said alone": OC(vision=TIMM_VIT, edit=lambda c: c["model_cfg"]["vision_cfg"].update(
        timm_proj="linear")),
    "timm ViT, another's name": OC(vision=TIMM_VIT, edit=lambda c: c["model_cfg"]["vision_cfg"].update(
        timm_model_name="vit_medium_patch16_gap_256")),
    "timm ViT, SigLIP's pool and name": OC(embed_dim=64, custom_text=True, vision={
        "timm_model_name": "vit_large_patch16_siglip_256", "timm_pool": "map", "timm_proj": "none"}),
    "SigLIP without a text head": OC(embed_dim=64, custom_text=True, text={
        "proj_type": "none", "no_causal_mask": True, "pool_type": "last", "norm_kwargs": {"eps": 1e-6}}, vision={
            "timm_model_name": "vit_large_patch16_siglip_256", "timm_pool": "map", "timm_proj": "none"}),
    "timm ViT, SigLIP's name, pool avg": OC(vision={"timm_model_name": "vit_large_patch16_siglip_256"}),
    "preprocess mean and std": OC(preprocess={"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}),
    "preprocess squash": OC(preprocess={"resize_mode": "squash"}),
    "preprocess longest": OC(preprocess={"resize_mode": "longest"}),
    "preprocess longest, filled": OC(preprocess={"resize_mode": "longest", "fill_color": 200}),
    "preprocess bilinear": OC(preprocess={"interpolation": "bilinear"}),
    "preprocess random": OC(preprocess={"interpolation": "random"}),
    "preprocess size": OC(preprocess={"size": [SIDE, SIDE], "mode": "RGB"}),
    "image_size oblong": OC(vision={"image_size": [8, 32]}),
    "timm_model_name said": OC(edit=lambda c: c["model_cfg"]["vision_cfg"].update(timm_model_name="vit_base")),
    "hf_model_name said": OC(edit=lambda c: c["model_cfg"]["text_cfg"].update(hf_model_name="roberta-base")),
    "key of tomorrow": OC(edit=lambda c: c["model_cfg"]["vision_cfg"].update(register_tokens=4)),
    "more layers said": OC(edit=lambda c: c["model_cfg"]["text_cfg"].update(layers=3)),
    "ls_init_value said alone": OC(edit=lambda c: c["model_cfg"]["vision_cfg"].update(ls_init_value=1e-4)),
    "ls_1 without being said": OC(vision={"ls_init_value": 1e-4}, edit=lambda c: c["model_cfg"]["vision_cfg"].pop(
        "ls_init_value")),
}


# ---- Random changes ----


def leaves(config, at=()):
    for key, value in config.items():
        if isinstance(value, dict):
            yield from leaves(value, (*at, key))
        else:
            yield (*at, key)


def config_mutate(config, chance):
    """Changes, drops, renames or adds one key; says which."""
    path = chance.choice(sorted(leaves(config)))
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    name, value = path[-1], inner[path[-1]]
    kind = chance.choice(["change", "change", "change", "drop", "rename", "add"])
    if kind == "drop":
        del inner[name]
    elif kind == "rename":
        inner[name + "_"] = inner.pop(name)
    elif kind == "add":
        inner[chance.choice(["scale", "use_mask", "qk_norm", "pooling"])] = chance.choice([True, 1, "a"])
    elif isinstance(value, bool):
        inner[name] = not value
    elif isinstance(value, (int, float)):
        inner[name] = chance.choice([value * 2, value + 1, 0, -1, value / 2, None, "1", 1e-3])
    elif isinstance(value, str):
        inner[name] = chance.choice(["gelu", "gelu_new", "avg", "last", "eos", "squash", "", None])
    else:
        inner[name] = chance.choice([None, [0.5, 0.5, 0.5], 1])
    return f"{kind} {'.'.join(path)}" + (f" to {inner[name]!r}" if kind == "change" else "")


def tensors_mutate(tensors, chance):
    name = chance.choice(sorted(tensors))
    kind = chance.choice(["drop", "rename", "add"])
    if kind == "drop":
        del tensors[name]
    elif kind == "rename":
        tensors[name.replace("weight", "w") + ".x"] = tensors.pop(name)
    else:
        tensors[name + ".extra"] = torch.ones(3)
    return f"{kind} tensor {name}"


def mutate(folder, weights, chance):
    files = [path for path in sorted(folder.glob("*.json"))]
    if chance.random() < 0.2:
        tensors = load_file(weights)
        said = tensors_mutate(tensors, chance)
        save_file(tensors, weights, metadata={"format": "pt"})
        return said
    path = chance.choice(files)
    config = json.loads(path.read_text())
    said = config_mutate(config, chance)
    path.write_text(json.dumps(config))
    return f"{path.name}: {said}"


MUTATED = [hugging_face(processor=image_processor()), hugging_face(processor=image_processor(nested=False)),
           OC(), OC(text={"pool_type": "eos", "norm_kwargs": {"eps": 1e-6}}, vision={"pool_type": "avg"}),
           OC(custom_text=True, vision=COCA_VISION, text={"embed_cls": True, "output_tokens": True}, multimodal_cfg=COCA),
           OC(vision={**TIMM_VIT, "timm_proj": "linear"}), OC(vision=SCALES, text=SCALES)]


def mutations_run(program, count):
    chance = random.Random(17)
    counts, wrong = {}, []
    for number in range(count):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            weights, library = MUTATED[number % len(MUTATED)](folder)
            said = mutate(folder, weights, chance)
            verdict, what = judge(program, folder, library, weights)
        counts[verdict] = counts.get(verdict, 0) + 1
        if verdict in ("WRONG", "no numbers"):
            wrong.append((said, verdict, what))
            print(f"mutation {number}: {said}: {verdict}: {what}", flush=True)
    return counts, wrong


# ---- The report ----


def corpus_run(program, only):
    rows = []
    for library, cases in (("transformers", HUGGING_FACE), ("open_clip", OPEN_CLIP)):
        for name, make in cases.items():
            if only is not None and not re.search(only, name):
                continue
            with tempfile.TemporaryDirectory() as temporary:
                folder = pathlib.Path(temporary)
                try:
                    weights, opener = make(folder)
                except Exception as problem:
                    rows.append((library, name, "not made", f"{type(problem).__name__}: {str(problem)[:100]}"))
                else:
                    rows.append((library, name, *judge(program, folder, opener, weights)))
            print(" | ".join(rows[-1]), flush=True)
    return rows


def report_write(path, rows, counts, wrong):
    words = {}
    for row in rows:
        words[row[2]] = words.get(row[2], 0) + 1
    with open(path, "w", encoding="utf-8") as out:
        out.write("# CLIP files of the public libraries, one setting changed at a time\n\n")
        out.write(f"Made by `tests/oracle/corpus_clip.py` with transformers {transformers.__version__}, open_clip "
                  f"{open_clip.__version__}, torch {torch.__version__}.\nRelative L2 distances to what the library "
                  "computes of the same folder; `files` are picture files, 90 × 60 and 53 × 31.\n\n")
        out.write(", ".join(f"{count} {word}" for word, count in sorted(words.items())) + ".\n\n")
        if counts:
            out.write(f"Of {sum(counts.values())} random changes of a key or a tensor: "
                      + ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) + ".\n\n")
            for said, verdict, what in wrong:
                out.write(f"- {said}: {verdict}: {what}\n")
            out.write("\n" if wrong else "")
        out.write("| library | changed | verdict | numbers or message |\n| --- | --- | --- | --- |\n")
        for row in rows:
            out.write("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n")


def main():
    timm_made_small()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vqclip", default="build/release/src/vqclip")
    parser.add_argument("--only")
    parser.add_argument("--mutations", type=int, default=0)
    parser.add_argument("--output", default="results/models-corpus.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    program = str(pathlib.Path(options.vqclip).resolve())
    rows = corpus_run(program, options.only)
    counts, wrong = mutations_run(program, options.mutations)
    if options.only is None:
        report_write(options.output, rows, counts, wrong)
    return 1 if any(row[2] == "WRONG" for row in rows) or counts.get("WRONG", 0) else 0


if __name__ == "__main__":
    sys.exit(main())
