#!/usr/bin/env python3
"""Writes the small CLIP models of tests/models/fixtures/settings and what transformers and open_clip compute of them, in
float64: several settings that plain models leave at their defaults in each.

    python tests/oracle/clip_settings.py

The libraries are those of corpus_clip.py, which tries the settings one by one.
"""
import json
import pathlib

import open_clip
import torch
import transformers
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "models" / "fixtures" / "settings"
CONTEXT, VOCABULARY, SIDE = 24, 40, 16


def disturb(model, seed):
    """Random parameters, as float16, which the files hold."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in sorted(model.named_parameters()):
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.08)
    return model.half().double().eval()


def token_ids():
    """Ends with id 30 somewhere, larger ids before and after it."""
    generator = torch.Generator().manual_seed(4)
    ids = torch.randint(3, VOCABULARY, (4, CONTEXT), generator=generator)
    for row, place in enumerate((5, 9, 22, 23)):
        ids[row, :place] = torch.where(ids[row, :place] == 30, 31, ids[row, :place])
        ids[row, place] = 30
    return ids


def expected_write(path, image, text, mean=open_clip.OPENAI_DATASET_MEAN, std=open_clip.OPENAI_DATASET_STD, scale=1.0):
    generator = torch.Generator().manual_seed(3)
    pixels = torch.rand(2, 3, SIDE, SIDE, generator=generator)
    given = pixels.double().requires_grad_(True)
    mean, std = (torch.tensor(values, dtype=torch.float64)[:, None, None] for values in (mean, std))
    embed = image((given * scale - mean) / std)
    weight = torch.randn(embed.shape, generator=generator)
    (embed * weight).sum().backward()
    tensors = {"pixels": pixels, "embed_weight": weight, "image_embed": embed, "pixels_grad": given.grad}
    if text is not None:
        with torch.no_grad():
            tensors |= {"token_ids": token_ids(), "text_embed": text(token_ids())}
    save_file({name: tensor.detach().contiguous() if tensor.dtype == torch.int64 else
               tensor.detach().float().contiguous() for name, tensor in tensors.items()}, path)


def state_half(model):
    return {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}


def open_clip_write(name, vision, text, preprocess=None, seed=1, **more):
    config = {
        "embed_dim": more.pop("embed_dim", 16),
        "vision_cfg": {"image_size": SIDE, "layers": 2, "width": 32, "head_width": 16, "patch_size": 4, "mlp_ratio": 1.0,
                       **vision},
        "text_cfg": {"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 32, "heads": 4, "layers": 2,
                     "mlp_ratio": 1.5, **text},
        **more}
    arguments = json.loads(json.dumps(config))
    kind = open_clip.CustomTextCLIP if arguments.pop("custom_text", False) else open_clip.CLIP
    if "multimodal_cfg" in arguments:
        kind = open_clip.CoCa
    model = disturb(kind(**arguments), seed)
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state_half(model), folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    whole = {"model_cfg": config, "preprocess_cfg": preprocess} if preprocess is not None else config
    (folder / "open_clip_config.json").write_text(json.dumps(whole, indent=1) + "\n")
    pixels = {key: preprocess[key] for key in ("mean", "std") if preprocess and key in preprocess}
    expected_write(folder / "expected.safetensors", lambda x: model.encode_image(x, normalize=False),
                   lambda x: model.encode_text(x, normalize=False), **pixels)


def long_clip_write(seed=5):
    """Long-CLIP's file: OpenAI's names, and its positions from the twentieth on in a second tensor."""
    model = open_clip.CLIP(
        embed_dim=16, quick_gelu=True,
        vision_cfg={"image_size": SIDE, "layers": 1, "width": 64, "patch_size": 4, "mlp_ratio": 0.5},
        text_cfg={"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 64, "heads": 1, "layers": 1,
                  "mlp_ratio": 0.5})
    model = disturb(model, seed)
    tensors = state_half(model)
    generator = torch.Generator().manual_seed(seed)
    other = torch.randn(2, CONTEXT, 64, generator=generator).half()
    positions = tensors["positional_embedding"]
    tensors["positional_embedding"] = torch.cat([positions[:20], other[0, 20:]])
    tensors["positional_embedding_res"] = torch.cat([other[1, :20], positions[20:]])
    folder = FOLDER / "long_clip"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    expected_write(folder / "expected.safetensors", model.encode_image, model.encode_text)


def pooled(value):
    return value if torch.is_tensor(value) else value.pooler_output


def embeds(found):
    return found.image_embeds if hasattr(found, "image_embeds") else found.pooler_output


def hugging_face_write(name, model, seed, pictures=None, edit=None, **pixels):
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    disturb(model, seed).half().save_pretrained(folder)
    if pictures is not None:
        file, content = pictures
        (folder / file).write_text(json.dumps(content, indent=1) + "\n")
    if edit is not None:
        config = json.loads((folder / "config.json").read_text())
        edit(config)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    model = type(model).from_pretrained(folder, dtype=torch.float64).eval()
    if hasattr(model, "get_text_features"):
        image, text = lambda x: pooled(model.get_image_features(pixel_values=x)), lambda x: pooled(
            model.get_text_features(input_ids=x))
    else:
        image, text = lambda x: embeds(model(pixel_values=x)), None
    expected_write(folder / "expected.safetensors", image, text, **pixels)


VISION = {"hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 1, "num_attention_heads": 2,
          "image_size": SIDE, "patch_size": 8, "projection_dim": 16}
TEXT = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 1,
        "num_attention_heads": 4, "max_position_embeddings": CONTEXT, "bos_token_id": 38, "eos_token_id": 30,
        "projection_dim": 16}


def dictionaries_move(config):
    """As transformers once wrote it: what is in the dictionaries is meant, whatever is beside them."""
    for part in ("text", "vision"):
        config[f"{part}_config_dict"] = dict(config[f"{part}_config"])
        config[f"{part}_config"] = {"hidden_act": "gelu", "num_attention_heads": 1}


def main():
    open_clip_write("clipa", {"pool_type": "avg", "final_ln_after_pool": True, "no_ln_pre": True},
                    {"pool_type": "last", "no_causal_mask": True},
                    preprocess={"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.25, 0.5], "resize_mode": "squash",
                                "interpolation": "bilinear"})
    open_clip_write("open_clip_tower", {"pool_type": "avg", "ls_init_value": 0.5, "norm_kwargs": {"eps": 1e-3},
                                        "act_kwargs": {"approximate": "tanh"}},
                    {"pool_type": "eos", "eos_id": 30, "proj_bias": True, "ls_init_value": 0.5,
                     "norm_kwargs": {"eps": 1e-2}}, preprocess={}, custom_text=True, seed=2)
    open_clip_write("open_clip_copied", {}, {"pool_type": "first"}, quick_gelu=True, seed=3)
    open_clip_write("coca", {"attentional_pool": True, "attn_pooler_heads": 4, "attn_pooler_queries": 3,
                             "output_tokens": True}, {"embed_cls": True, "pad_id": 30, "output_tokens": True},
                    multimodal_cfg={"context_length": CONTEXT, "vocab_size": 4, "width": 8, "heads": 1, "layers": 1,
                                    "mlp_ratio": 1},
                    custom_text=True, seed=9)
    open_clip_write("queries", {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 4, "layers": 1,
                                "pool_type": "avg", "norm_kwargs": {"eps": 1e-2}}, {"proj_type": "none", "layers": 1},
                    embed_dim=32, preprocess={}, seed=10)
    scales = {"scale_heads": True, "scale_attn": True, "scale_attn_inner": True, "scale_fc": True, "ls_init_value": 0.5,
              "layers": 1}
    open_clip_write("scales", scales, {**scales, "norm_kwargs": {"eps": 1e-3}}, preprocess={}, seed=11)
    long_clip_write()
    config = transformers.CLIPConfig(
        text_config={**TEXT, "hidden_act": "gelu_new", "layer_norm_eps": 1e-3},
        vision_config={**VISION, "hidden_act": "gelu", "layer_norm_eps": 1e-2}, projection_dim=16)
    hugging_face_write("hugging_face_5", transformers.CLIPModel(config), 6, edit=dictionaries_move, pictures=(
        "processor_config.json", {"image_processor": {
            "image_processor_type": "CLIPImageProcessor", "image_mean": [0.5, 0.4, 0.3], "image_std": [0.25, 0.2, 0.3],
            "size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}, "resample": 3}}),
        mean=[0.5, 0.4, 0.3], std=[0.25, 0.2, 0.3])
    config = transformers.MetaClip2Config(text_config={**TEXT, "eos_token_id": 2}, vision_config=VISION,
                                          projection_dim=16)
    hugging_face_write("metaclip_2", transformers.MetaClip2Model(config), 7, pictures=(
        "preprocessor_config.json", {"do_normalize": False, "rescale_factor": 1 / 127.5, "size": SIDE,
                                     "crop_size": SIDE, "image_mean": [0.5, 0.5, 0.5]}),
        mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0], scale=2.0)
    hugging_face_write("picture_tower",
                       transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**VISION)), 8)
    hugging_face_write("siglip_tower", transformers.SiglipVisionModel(transformers.SiglipVisionConfig(
        hidden_size=32, intermediate_size=40, num_hidden_layers=1, num_attention_heads=2, image_size=SIDE,
        patch_size=8)), 9, mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5])


if __name__ == "__main__":
    main()
