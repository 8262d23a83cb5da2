#!/usr/bin/env python3
"""One CLIP model and some generators, saved in the ways that people save them: other types of elements, parts, wrappers,
remains of training. What vqclip makes of each file is right, or it refuses by name; nothing else may happen.

    python tests/oracle/saved_files.py --vqclip build/release/src/vqclip [--only WORD]

Writes results/models-saved.md. What is right is what the model gives that the file was made of, its weights rounded as
the file has them. Quantised files are made by hand, with the names that bitsandbytes and compressed-tensors give.
Needs what mutations.py needs, and peft 0.21.
"""
import argparse
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import types

import diffusers
import open_clip
import peft
import timm
import torch
import transformers
import yaml
from safetensors.torch import load_file, save_file

import corpus_clip
from corpus_clip import HuggingFace, disturb, hugging_face_config
from fixtures import Autoencoder, autoencoder_inputs, autoencoder_parameters, randomise
from generators import DiffusersVQ, MaskGit, UnitRows, ldm_state, llamagen_name
from mutations import LIMIT, Janus, Plain, generator_expected

# ---- CLIP ----


def clip_made():
    torch.manual_seed(0)
    return disturb(transformers.CLIPModel(hugging_face_config(transformers.CLIPConfig))).eval()


class InMemory(HuggingFace):
    """The model that the file was made of."""

    def __init__(self, model):
        self.model, self.alone, self.processor = model.float().eval(), False, None
        self.side = model.config.vision_config.image_size
        self.middle = 0.5 if model.config.model_type == "siglip" else None

    def normalise(self, pixels):
        return super().normalise(pixels) if self.middle is None else (pixels - 0.5) / 0.5


def config_write(folder, model, **changes):
    config = model.config.to_dict() | {"architectures": ["CLIPModel"]} | changes
    (folder / "config.json").write_text(json.dumps(config))


def clip_typed(dtype, **arguments):
    def make(folder):
        model = clip_made().to(dtype)
        model.save_pretrained(folder, **arguments)
        return folder, model

    return make


def clip_both_variants(folder):
    """The full file and the half one: the full one is meant where nothing says otherwise."""
    model = clip_made()
    copy.deepcopy(model).half().save_pretrained(folder, variant="fp16")
    model.save_pretrained(folder)
    return folder, model


def clip_pickled(change, name="model.pt", **arguments):
    """`change` makes of the model and its state what torch.save is given; None for what the file must not be."""

    def make(folder):
        model = clip_made()
        saved = change(model, dict(model.state_dict()))
        torch.save(saved, folder / name, **arguments)
        config_write(folder, model)
        return folder / name, model

    return make


def clip_tensors(change, metadata=None, **config):
    """The same of safetensors; `change` changes the state in place. Returns the model if it gives another one."""

    def make(folder):
        model = clip_made()
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        other = change(state)
        save_file(state, folder / "model.safetensors", metadata=metadata or {"format": "pt"})
        config_write(folder, model, **config)
        if isinstance(other, dict):
            model.load_state_dict(other)
        return folder / "model.safetensors", model

    return make


def renamed(change):
    def rename(state):
        for name in list(state):
            state[change(name)] = state.pop(name)

    return rename


def added(*names, shape=(4,)):
    def add(state):
        for name in names:
            state[name] = torch.full(shape, 0.5)

    return add


LAYER = "vision_model.encoder.layers.0.self_attn.q_proj"


def replaced(*suffixes):
    """The weight of one layer under other names, as wrappers of modules have it."""

    def replace(state):
        weight = state.pop(f"{LAYER}.weight")
        for suffix in suffixes:
            state[f"{LAYER}.{suffix}"] = weight.clone()

    return replace


def lora_leftover(state):
    added(f"{LAYER}.lora_A.default.weight", f"{LAYER}.lora_B.default.weight", shape=(4, 64))(state)


def adapter_alone(state):
    state.clear()
    added(f"base_model.model.{LAYER}.lora_A.weight", f"base_model.model.{LAYER}.lora_B.weight", shape=(4, 64))(state)


def bits_of_eight(state):
    state[f"{LAYER}.weight"] = (state[f"{LAYER}.weight"] * 100).to(torch.int8)
    added(f"{LAYER}.SCB", shape=(64,))(state)


def fp8(state, scaled=False):
    """Every matrix cast; the model that such a file means without scales is the rounded one."""
    for name, tensor in list(state.items()):
        if tensor.dim() == 2 and "layers" in name:
            state[name] = tensor.to(torch.float8_e4m3fn)
            if scaled:
                state[name.replace(".weight", ".weight_scale")] = torch.tensor(2.0)
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()
            if not name.endswith("weight_scale")}


def positions_float(state):
    state["text_model.embeddings.position_ids"] = torch.arange(corpus_clip.LENGTH)[None].float()
    state["vision_model.embeddings.position_ids"] = torch.arange(17)[None].int()


def clip_compiled_inside(model, _):
    model.vision_model = torch.compile(model.vision_model)
    return model.state_dict()


def clip_averaged(model, _):
    return torch.optim.swa_utils.AveragedModel(model).state_dict()


def clip_tied(model, state):
    model.text_projection.weight = model.visual_projection.weight
    return model.state_dict()


def clip_transposed(model, state):
    name = f"{LAYER}.weight"
    state[name] = state[name].T.contiguous().T
    return state


def ema_beside(model, state):
    other = {name: tensor + 0.1 if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    return {"state_dict": state, "state_dict_ema": other, "epoch": 3, "arch": "clip"}


def trainer_folder(folder):
    model = clip_made()
    model.save_pretrained(folder)
    torch.save({"state": {0: {"exp_avg": torch.zeros(3)}}}, folder / "optimizer.pt")
    torch.save(transformers.TrainingArguments.__name__, folder / "training_args.bin")
    (folder / "trainer_state.json").write_text("{}")
    return folder, model


def peft_made():
    """LoRA around every query of a model, with matrices that change it."""
    model = peft.get_peft_model(clip_made(), peft.LoraConfig(r=4, target_modules=["q_proj"]))
    torch.manual_seed(2)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    return model


def peft_merged(folder):
    model = peft_made().merge_and_unload()
    model.save_pretrained(folder)
    return folder, model


def peft_whole(folder):
    """The whole module's state, as one saves who does not know of save_pretrained."""
    model = peft_made()
    torch.save(model.state_dict(), folder / "model.pt")
    config_write(folder, model.base_model.model)
    return folder / "model.pt", None


def peft_adapter(folder):
    """What peft saves: the adapter alone."""
    peft_made().save_pretrained(folder)
    return folder, None


def adapter_folder(folder):
    """transformers adds the adapter where peft is installed: what it computes is not what the weights beside it give."""
    peft_made().save_pretrained(folder)
    clip_made().save_pretrained(folder)
    return folder, None


def bin_and_safetensors(folder):
    """Two files of different weights: transformers opens the safetensors."""
    model = clip_made()
    model.save_pretrained(folder)
    torch.save({name: tensor * 0 for name, tensor in model.state_dict().items()}, folder / "pytorch_model.bin")
    return folder, model


def bin_sharded(folder):
    model = clip_made()
    state = dict(model.state_dict())
    names = sorted(state)
    parts = {"pytorch_model-00001-of-00002.bin": names[:40], "pytorch_model-00002-of-00002.bin": names[40:]}
    for file, share in parts.items():
        torch.save({name: state[name] for name in share}, folder / file)
    index = {"metadata": {"total_size": 1}, "weight_map": {name: file for file, share in parts.items() for name in share}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    config_write(folder, model)
    return folder, model


def shard_missing(folder):
    clip_made().save_pretrained(folder, max_shard_size="60KB")
    sorted(folder.glob("model-*.safetensors"))[1].unlink()
    return folder, None


def tokens_resized(folder):
    model = clip_made()
    model.text_model.resize_token_embeddings(corpus_clip.VOCABULARY + 8)
    model.config.text_config.vocab_size = corpus_clip.VOCABULARY + 8
    model.save_pretrained(folder)
    return folder, model


def deep_speed(folder):
    model = clip_made()
    torch.save({"module": model.state_dict(), "ds_version": "0.16", "buffer_names": []},
               folder / "mp_rank_00_model_states.pt")
    config_write(folder, model)
    return folder / "mp_rank_00_model_states.pt", model


def positions_resized(folder):
    """A picture tower for larger pictures: positions interpolated, the configuration as it was or changed."""
    model = clip_made()
    table = model.vision_model.embeddings.position_embedding.weight.data
    grid = table[1:].T.reshape(1, -1, 4, 4)
    grid = torch.nn.functional.interpolate(grid, size=(6, 6), mode="bicubic")
    table = torch.cat([table[:1], grid.reshape(grid.shape[1], -1).T])
    config = copy.deepcopy(model.config)
    config.vision_config.image_size = 24
    larger = transformers.CLIPModel(config)
    state = model.state_dict() | {"vision_model.embeddings.position_embedding.weight": table}
    larger.load_state_dict(state)
    larger.save_pretrained(folder)
    return folder, larger.eval()


def positions_resized_unsaid(folder):
    positions_resized(folder)
    corpus_clip.file_edit(folder / "config.json", lambda config: config["vision_config"].update(image_size=16))
    return folder, None


def traced(folder):
    model = clip_made()
    torch.jit.trace(model.vision_model, torch.zeros(1, 3, 16, 16), strict=False, check_trace=False).save(
        folder / "model.pt")
    config_write(folder, model)
    return folder / "model.pt", None


def exported(folder):
    model = clip_made()
    torch.export.save(torch.export.export(model.vision_model, (torch.zeros(1, 3, 16, 16),)), folder / "model.pt2")
    config_write(folder, model)
    return folder / "model.pt2", None


def quantised_dynamically(model, _):
    return torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}).state_dict()


def head_72(kind, configure):
    """So400m's shapes: heads of 72, an MLP that is no multiple."""

    def make(folder):
        torch.manual_seed(0)
        tower = {"hidden_size": 144, "num_attention_heads": 2, "intermediate_size": 538, "num_hidden_layers": 2}
        config = configure(
            vision_config={**tower, "image_size": corpus_clip.SIDE, "patch_size": 4},
            text_config={**tower, "vocab_size": corpus_clip.VOCABULARY, "projection_size": 144,
                         "max_position_embeddings": corpus_clip.LENGTH})
        model = disturb(kind(config))
        model.save_pretrained(folder)
        return folder, model

    return make


def siglip_half(folder):
    _, model = head_72(transformers.SiglipModel, transformers.SiglipConfig)(folder)
    model = model.to(torch.bfloat16)
    model.save_pretrained(folder)
    return folder, model


class Named:
    """open_clip's model in memory; without texts, where those are not asked for."""

    def __init__(self, model, texts=True):
        self.texts = texts
        self.model, self.side = model.float().eval(), corpus_clip.SIDE
        for name in ("image_mean", "image_std"):
            setattr(model.visual, name, getattr(model.visual, name, None))

    def picture(self, _):
        return None

    def text(self, ids):
        return corpus_clip.OpenClip.text(self, ids) if self.texts else None

    normalise, image = corpus_clip.OpenClip.normalise, corpus_clip.OpenClip.image


OPEN_CLIP_SMALL = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": corpus_clip.SIDE, "layers": 2, "width": 64, "patch_size": 4, "head_width": 32},
    "text_cfg": {"context_length": corpus_clip.LENGTH, "vocab_size": corpus_clip.VOCABULARY, "width": 64, "heads": 2,
                 "layers": 2}}


def pushed(half=False, **changes):
    """What open_clip's push_to_hf_hub would send."""

    def make(folder):
        push = sys.modules["open_clip.push_to_hf_hub"]
        config = copy.deepcopy(OPEN_CLIP_SMALL) | changes
        torch.manual_seed(0)
        kind = open_clip.CustomTextCLIP if changes.get("custom_text") else open_clip.CLIP
        model = disturb(kind(**{name: part for name, part in config.items() if name != "custom_text"}))
        open_clip.model.set_model_preprocess_cfg(model, {"size": corpus_clip.SIDE, "mean": [0.5, 0.5, 0.5], "std": [
            0.25, 0.25, 0.25], "interpolation": "bicubic", "resize_mode": "squash", "mode": "RGB", "fill_color": 0})
        if half:
            model = model.half()
        tokenizer = types.SimpleNamespace(save_pretrained=lambda folder: None)
        push.save_for_hf(model, tokenizer=tokenizer, model_config=config, save_directory=folder, safe_serialization=True,
                         skip_weights=False)
        return folder, Named(model)

    return make


def open_clip_training(folder):
    """A checkpoint of open_clip's own training, between processes."""
    torch.manual_seed(0)
    model = disturb(open_clip.CLIP(**OPEN_CLIP_SMALL))
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"epoch": 2, "name": "run", "state_dict": state, "optimizer": {"state": {}, "param_groups": []},
                "scaler": {"scale": 65536.0}}, folder / "epoch_2.pt")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": OPEN_CLIP_SMALL}))
    return folder / "epoch_2.pt", Named(model)


def custom_saved(folder, config):
    torch.manual_seed(0)
    model = disturb(open_clip.CustomTextCLIP(**config))
    save_file(model.state_dict(), folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    return model


def other_text(texts):
    """A text tower of transformers' beside open_clip's picture tower."""

    def make(folder):
        small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64,
                 "vocab_size": corpus_clip.VOCABULARY, "max_position_embeddings": 32}
        (folder / "text").mkdir()
        transformers.XLMRobertaConfig(**small).save_pretrained(folder / "text")
        text = {"hf_model_name": str(folder / "text"), "hf_tokenizer_name": "xlm-roberta-base", "hf_proj_type": "mlp",
                "hf_pooler_type": "mean_pooler", "hf_model_pretrained": False}
        return folder, Named(custom_saved(folder, OPEN_CLIP_SMALL | {"text_cfg": text}), texts)

    return make


def eva(folder):
    vision = {"timm_model_name": "eva02_tiny_patch14_224", "timm_model_pretrained": False, "timm_pool": "token",
              "timm_proj": None, "image_size": 56}
    custom_saved(folder, OPEN_CLIP_SMALL | {"embed_dim": 192, "vision_cfg": vision})
    return folder, None


def timm_alone(name, **settings):
    """timm's own folder: a picture tower by itself, of whatever family."""

    def make(folder):
        torch.manual_seed(0)
        timm.models.save_for_hf(timm.create_model(name, **settings), folder, safe_serialization=True)
        return folder, None

    return make


CLIP = {
    "bfloat16": clip_typed(torch.bfloat16),
    "float16": clip_typed(torch.float16),
    "float64": clip_typed(torch.float64),
    "variant fp16 alone, a folder": clip_typed(torch.float16, variant="fp16"),
    "variant fp16 beside the full file, a folder": clip_both_variants,
    "in parts": clip_typed(torch.float32, max_shard_size="60KB"),
    "variant fp16 in parts": clip_typed(torch.float16, variant="fp16", max_shard_size="30KB"),
    "a part is missing": shard_missing,
    "pytorch_model.bin in parts": bin_sharded,
    "pytorch_model.bin of other weights beside model.safetensors": bin_and_safetensors,
    "torch.compile": clip_pickled(lambda model, _: torch.compile(model).state_dict()),
    "torch.compile inside DistributedDataParallel": clip_pickled(
        lambda _, state: {f"module._orig_mod.{name}": tensor for name, tensor in state.items()}),
    "torch.compile of the picture tower alone": clip_pickled(clip_compiled_inside),
    "AveragedModel of torch.optim": clip_pickled(clip_averaged),
    "state_dict beside state_dict_ema (timm)": clip_pickled(ema_beside),
    "Lightning, key state_dict, prefix model.": clip_pickled(lambda _, state: {
        "state_dict": {f"model.{name}": tensor for name, tensor in state.items()}, "epoch": 1, "global_step": 9,
        "optimizer_states": [{"state": {0: {"step": torch.tensor(9.0)}}}], "callbacks": {}, "hyper_parameters": {"lr": 1}}),
    "DeepSpeed, key module": deep_speed,
    "the whole module, pickled": clip_pickled(lambda model, _: model),
    "before PyTorch 1.6": clip_pickled(lambda _, state: state, _use_new_zipfile_serialization=False),
    "two names of one tensor": clip_pickled(clip_tied),
    "a matrix stored transposed": clip_pickled(clip_transposed),
    "Trainer's folder": trainer_folder,
    "a folder with an adapter's configuration": adapter_folder,
    "an adapter's folder (peft)": peft_adapter,
    "an adapter's file (peft)": clip_tensors(adapter_alone),
    "LoRA merged (peft)": peft_merged,
    "LoRA not merged, the whole state (peft)": peft_whole,
    "LoRA merged, prefix base_model.model.": clip_tensors(renamed(lambda name: f"base_model.model.{name}")),
    "LoRA's matrices left beside the weights": clip_tensors(lora_leftover),
    "LoRA around one layer": clip_tensors(replaced("base_layer.weight", "lora_A.default.weight")),
    "DoRA's magnitudes left": clip_tensors(added(f"{LAYER}.lora_magnitude_vector.default.weight", shape=(64,))),
    "weight_norm": clip_tensors(replaced("parametrizations.weight.original0", "parametrizations.weight.original1")),
    "spectral_norm": clip_tensors(replaced("weight_orig", "weight_u", "weight_v")),
    "pruned with a mask": clip_tensors(replaced("weight_orig", "weight_mask")),
    "8 bits of bitsandbytes": clip_tensors(bits_of_eight, quantization_config={"load_in_8bit": True}),
    "8 bits of bitsandbytes, nothing says so": clip_tensors(bits_of_eight),
    "fp8": clip_tensors(fp8),
    "fp8 with scales (compressed-tensors)": clip_tensors(lambda state: fp8(state, True)),
    "quantization_config alone": clip_tensors(lambda state: None, quantization_config={"quant_method": "fp8"}),
    "a wrapper of checkpointing inside": clip_tensors(renamed(
        lambda name: name.replace("layers.0.", "layers.0._checkpoint_wrapped_module."))),
    "FSDP's flat parameter": clip_tensors(lambda state: (state.clear(), added("_fsdp_wrapped_module._flat_param")(state))[1]),
    "position_ids of other types": clip_tensors(positions_float),
    "more metadata": clip_tensors(lambda state: None, {"format": "pt", "modelspec.title": "a", "ss_network_dim": "4"}),
    "without logit_scale": clip_tensors(lambda state: state.pop("logit_scale") is None),
    "more tokens": tokens_resized,
    "a head of classes beside it": clip_tensors(added("classifier.weight", "classifier.bias")),
    "a bottleneck adapter in a layer": clip_tensors(added("vision_model.encoder.layers.0.adapter.down.weight")),
    "prompts learned in the picture tower": clip_tensors(added("vision_model.embeddings.prompt", shape=(4, 64))),
    "positions resized": positions_resized,
    "positions resized, which the configuration does not say": positions_resized_unsaid,
    "TorchScript of the picture tower": traced,
    "torch.export of the picture tower": exported,
    "quantize_dynamic of torch": clip_pickled(quantised_dynamically),
    "SigLIP with heads of 72": head_72(transformers.SiglipModel, transformers.SiglipConfig),
    "SigLIP 2 of a fixed size with heads of 72, in bf16": lambda folder: siglip_half(folder),
    "open_clip's push_to_hf_hub": pushed(),
    "open_clip's push_to_hf_hub, fp16": pushed(True),
    "open_clip's push_to_hf_hub, quick_gelu": pushed(quick_gelu=True),
    "open_clip's push_to_hf_hub, custom_text": pushed(custom_text=True),
    "open_clip's training": open_clip_training,
    "timm's folder, a ViT of CLIP's": timm_alone("vit_base_patch32_clip_224", depth=1, embed_dim=64, num_heads=2),
    "timm's folder, EVA-02": timm_alone("eva02_tiny_patch14_224", depth=1),
    "open_clip, XLM-RoBERTa beside a ViT, a text": other_text(True),
    "open_clip, XLM-RoBERTa beside a ViT, pictures": other_text(False),
    "open_clip, EVA-02 beside CLIP's text tower": eva,
    "register tokens": clip_tensors(added("vision_model.embeddings.register_tokens", shape=(1, 4, 64))),
}

# ---- Generators ----


def taming_made(kind=Plain):
    parameters = autoencoder_parameters(6, 6, 40, [1, 1], 16, [8])
    model = kind(parameters)
    randomise(model, 3)
    return parameters, model.eval().requires_grad_(False)


def taming_yaml(folder, parameters, **more):
    config = {"model": {"target": "taming.models.vqgan.VQModel", "params": {**parameters, **more}}}
    (folder / "model.yaml").write_text(yaml.safe_dump(config))
    return ["--generator", folder / "model.yaml"]


def taming(change, name="last.ckpt", **more):
    """`change` makes of the state what torch.save is given, and may change the model's own weights."""

    def make(folder):
        parameters, model = taming_made()
        torch.save(change(model, dict(model.state_dict())), folder / name)
        return folder / name, taming_yaml(folder, parameters, **more), model.float()

    return make


def lightning(model, state):
    return {"epoch": 1, "global_step": 10, "pytorch-lightning_version": "1.9.0", "callbacks": {"a": {"best": None}},
            "optimizer_states": [{"state": {0: {"step": 3, "exp_avg": torch.zeros(2)}}}], "lr_schedulers": [],
            "hyper_parameters": types.SimpleNamespace(lr=1.0),
            "state_dict": {**state, "loss.discriminator.main.0.weight": torch.zeros(2, 3, 4, 4),
                           "loss.perceptual_loss.lin0.model.1.weight": torch.zeros(1, 4, 1, 1)}}


def lit_ema(model, state):
    copies = {"model_ema." + name.replace(".", ""): tensor + 0.1 for name, tensor in state.items()}
    return {"state_dict": {**state, **copies, "model_ema.decay": torch.tensor(0.999),
                           "model_ema.num_updates": torch.tensor(5)}}


def book_typed(dtype):
    def change(model, state):
        state["quantize.embedding.weight"] = state["quantize.embedding.weight"].to(dtype)
        model.quantize.embedding.weight.data = state["quantize.embedding.weight"].float()
        return state

    return change


def all_typed(dtype):
    return lambda model, state: dict(model.to(dtype).state_dict())


def with_tensors(**tensors):
    return lambda _, state: {**state, **{name.replace("__", "."): tensor for name, tensor in tensors.items()}}


def prefixed(prefix, of=""):
    return lambda _, state: {
        (of + prefix + name.removeprefix(of) if name.startswith(of) else name): tensor for name, tensor in state.items()}


def stems(change):
    def edit(_, state):
        weight = state.pop("decoder.conv_in.weight")
        return {**state, **change("decoder.conv_in", weight)}

    return edit


def llamagen(change):
    def make(folder):
        _, model = taming_made(UnitRows)
        state = {llamagen_name(name): tensor for name, tensor in model.state_dict().items()}
        torch.save(change(state), folder / "vq.pt")
        return folder / "vq.pt", [], model

    return make


def llamagen_training(state):
    """LlamaGen's own training saves both; its scripts take `ema` where it is there."""
    return {"model": {name: tensor + 0.1 for name, tensor in state.items()}, "ema": state, "optimizer": {"state": {}},
            "discriminator": {"main.0.weight": torch.zeros(2)}, "steps": 5, "args": argparse.Namespace(lr=1)}


def diffusers_vq(dtype=torch.float32, folder_given=True, **arguments):
    def make(folder):
        model = diffusers.VQModel(
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 16), latent_channels=4, num_vq_embeddings=40, norm_num_groups=4, vq_embed_dim=6)
        randomise(model, 4)
        model = model.to(dtype).eval().requires_grad_(False)
        model.save_pretrained(folder, **arguments)
        return folder, [], DiffusersVQ(model.float())

    return make


def diffusers_kl(dtype=torch.float32, change=None, **arguments):
    def make(folder):
        model = diffusers.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 16), latent_channels=6, norm_num_groups=4)
        randomise(model, 5)
        model = model.to(dtype).eval().requires_grad_(False)
        model.save_pretrained(folder, **arguments)
        model = model.float()
        return folder if change is None else change(folder), [], model

    return make


def pipeline(folder):
    """diffusers' pipeline: the autoencoder is in a folder of it."""
    inner = folder / "pipeline" / "vae"
    inner.mkdir(parents=True)
    for path in list(folder.glob("*.*")):
        path.rename(inner / path.name)
    (folder / "pipeline" / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    return folder / "pipeline"


def kl_lora(folder):
    path = folder / "diffusion_pytorch_model.safetensors"
    state = load_file(path)
    added("decoder.mid_block.attentions.0.to_q.lora_layer.down.weight", shape=(4, 16))(state)
    save_file(state, path)
    return folder


def janus_whole(folder):
    """The whole model of transformers, with tiny language and picture models beside the autoencoder."""
    parts = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.JanusConfig(
        text_config={"model_type": "llama", **parts, "intermediate_size": 16, "vocab_size": 32, "num_key_value_heads": 2},
        vision_config={**parts, "image_size": 16, "patch_size": 8, "projection_dim": 16, "mlp_ratio": 2.0},
        vq_config={"embed_dim": 6, "num_embeddings": 40, "latent_channels": 6, "base_channels": 32,
                   "channel_multiplier": [1, 1], "num_res_blocks": 1, "num_patches": 4, "projection_dim": 16,
                   "image_token_embed_dim": 16})
    model = transformers.JanusForConditionalGeneration(config)
    vqmodel = model.model.vqmodel
    randomise(vqmodel, 6)
    with torch.no_grad():
        rows = vqmodel.quantize.embedding.weight
        rows.copy_(torch.nn.functional.normalize(rows, dim=-1))
    model.save_pretrained(folder)
    return folder, [], Janus(vqmodel.eval().requires_grad_(False))


def maskgit_half(folder):
    _, model = taming_made(MaskGit)
    model = model.half()
    torch.save(model.state_dict(), folder / "maskgit-vqgan.bin")
    return folder / "maskgit-vqgan.bin", [], model.float()


def stable_diffusion(folder):
    """One file of everything, as Stable Diffusion's is, in halves, with a copy of its averages."""
    model = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(32, 32), latent_channels=6)
    randomise(model, 4)
    state = {f"first_stage_model.{name}": tensor for name, tensor in ldm_state(model).items()}
    added("model.diffusion_model.out.2.weight", "cond_stage_model.transformer.text_model.final_layer_norm.weight",
          "model_ema.diffusion_modelout2weight", "alphas_cumprod")(state)
    save_file(state, folder / "sd.safetensors")
    parameters = autoencoder_parameters(6, 6, 40, [1, 1], 16, [])
    del parameters["n_embed"]
    parameters["ddconfig"]["double_z"] = True
    stage = {"target": "ldm.models.autoencoder.AutoencoderKL", "params": parameters}
    config = {"model": {"target": "ldm.models.diffusion.ddpm.LatentDiffusion",
                        "params": {"scale_factor": 0.18215, "first_stage_config": stage}}}
    (folder / "model.yaml").write_text(yaml.safe_dump(config))
    model = model.half().float().eval().requires_grad_(False)
    return folder / "sd.safetensors", ["--generator", folder / "model.yaml"], model


GENERATORS = {
    "taming, Lightning's checkpoint": taming(lightning),
    "taming, with LitEma's copies": taming(lit_ema),
    "taming, codebook in halves": taming(book_typed(torch.float16)),
    "taming, codebook in bf16": taming(book_typed(torch.bfloat16)),
    "taming, codebook in float64": taming(book_typed(torch.float64)),
    "taming, float64": taming(all_typed(torch.float64)),
    "taming, bf16": taming(all_typed(torch.bfloat16)),
    "taming, torch.compile": taming(prefixed("_orig_mod.")),
    "taming, torch.compile of the decoder alone": taming(prefixed("_orig_mod.", "decoder.")),
    "taming, a codebook with codes in use": taming(with_tensors(quantize__used=torch.arange(20))),
    "taming, remap": taming(with_tensors(quantize__used=torch.arange(20)), remap="used.npy", n_embed=40),
    "taming, a second codebook": taming(with_tensors(quantize__embedding_b__weight=torch.zeros(40, 6))),
    "taming, LoRA's matrices left": taming(with_tensors(decoder__conv_in__lora_A__weight=torch.zeros(4, 6))),
    "taming, weight_norm": taming(stems(lambda stem, weight: {f"{stem}.weight_g": weight[:, :1, :1, :1],
                                                              f"{stem}.weight_v": weight})),
    "taming, counters of an averaged codebook": taming(with_tensors(
        quantize__ema_cluster_size=torch.zeros(40), quantize__ema_w=torch.zeros(40, 6))),
    "taming, an affine of the codebook": taming(with_tensors(
        quantize__scale=torch.ones(6), quantize__bias=torch.ones(6))),
    "taming, a projection of the codebook": taming(with_tensors(quantize__embedding_proj__weight=torch.ones(6, 6))),
    "LlamaGen, key model": llamagen(lambda state: {"model": state}),
    "LlamaGen, its training's checkpoint": llamagen(llamagen_training),
    "LlamaGen, counters of codes": llamagen(lambda state: {"model": {
        **state, "quantize.codebook_used": torch.zeros(65536)}}),
    "diffusers VQModel, fp16": diffusers_vq(torch.float16),
    "diffusers VQModel, variant fp16": diffusers_vq(torch.float16, variant="fp16"),
    "diffusers VQModel, in parts": diffusers_vq(max_shard_size="20KB"),
    "diffusers VQModel, .bin": diffusers_vq(safe_serialization=False),
    "diffusers AutoencoderKL, bf16": diffusers_kl(torch.bfloat16),
    "diffusers AutoencoderKL, variant fp16 in parts": diffusers_kl(torch.float16, variant="fp16", max_shard_size="20KB"),
    "diffusers AutoencoderKL, a pipeline's folder": diffusers_kl(change=pipeline),
    "diffusers AutoencoderKL, LoRA's matrices left": diffusers_kl(change=kl_lora),
    "Stable Diffusion, one file": stable_diffusion,
    "Janus, the whole model": janus_whole,
    "MaskGIT, fp16": maskgit_half,
}

# ---- The verdicts ----


def clip_verdict(program, make, folder):
    path, model = make(folder)
    library = model if isinstance(model, Named) else InMemory(model or clip_made())
    given, expected, _ = corpus_clip.expect(library, [folder / "none.png"])
    run_in = {"program": program, "folder": folder, "weights": path, "given": given, "expected": expected}
    verdict, said = corpus_clip.compare(**run_in, files=None, paths=None)
    return ("WRONG", f"computed: {said}") if model is None and verdict != "refused" else (verdict, said)


def generator_verdict(program, make, folder):
    path, options, model = make(folder)
    given = autoencoder_inputs(1, 6, 3, 4, 2, 7)
    save_file({name: tensor.contiguous() for name, tensor in given.items()}, folder / "in.safetensors")
    words = [program, "reconstruct", *options, "--checkpoint", path, "--input", folder / "in.safetensors", "-o",
             folder / "out.safetensors"]
    run = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return corpus_clip.refusal(run, folder)
    codes, expected = generator_expected(model, given)
    found = load_file(folder / "out.safetensors")
    differing = 0 if codes is None else int((found["codes"] != codes).sum())
    far = {name: corpus_clip.relative(found[name], wanted) for name, wanted in expected.items()}
    said = ", ".join(f"{name} {value:.1e}" for name, value in far.items())
    right = differing == 0 and max(far.values()) < LIMIT
    return "right" if right else "WRONG", said if codes is None else f"{differing} codes differ, {said}"


def rows_make(program, only):
    for kind, cases, verdict in (("CLIP", CLIP, clip_verdict), ("", GENERATORS, generator_verdict)):
        for name, make in cases.items():
            words = f"{kind}, {name}" if kind else name
            if only not in words:
                continue
            with tempfile.TemporaryDirectory() as folder:
                row = words, *verdict(program, make, pathlib.Path(folder))
                row = words, row[1], row[2].replace(folder, "FOLDER")
            print(*row, sep=" | ", flush=True)
            yield row


def report_write(path, rows):
    counts = {verdict: sum(row[1] == verdict for row in rows) for verdict in ("right", "refused", "WRONG")}
    lines = [
        "# Files as people save them", "",
        f"Made by `tests/oracle/saved_files.py`: {len(rows)} files, of them {counts['right']} right, {counts['refused']} "
        f"refused, {counts['WRONG']} wrong.", "",
        "Right: codes equal, embeddings within 1e-5, generators' pictures and all gradients within 1e-4 (relative L2, f32,",
        "cpu), of the model that the file was made of, its weights rounded as the file has them.", "",
        "| file | verdict | |", "| --- | --- | --- |"]
    lines += [f"| {name} | {verdict} | {said} |" for name, verdict, said in ([part.replace("|", "\\|") for part in row]
                                                                             for row in rows)]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")
    return counts["WRONG"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vqclip", default="build/release/src/vqclip")
    parser.add_argument("--only", default="")
    parser.add_argument("--output", default="results/models-saved.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    program = str(pathlib.Path(options.vqclip).resolve())
    return 1 if report_write(options.output, list(rows_make(program, options.only))) else 0


if __name__ == "__main__":
    sys.exit(main())
