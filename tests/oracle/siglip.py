#!/usr/bin/env python3
"""Writes the small SigLIP models of tests/models/fixtures, and what transformers, open_clip and timm compute with them.

Apart from fixtures.py, because it takes the libraries of today whole: transformers 5.24, open_clip 3.3, timm 1.0.31.
"""

import os
from functools import partial
from pathlib import Path

import fixtures
import torch
from safetensors.torch import load_file, save_file
from torch import nn

CONTEXT, VOCABULARY, PADDING = 7, 40, 1
WHAT = fixtures.CLIP_WHAT.replace("CLIP mean/std", "mean and deviation of 0.5")
fixtures.CLIP_MEAN = fixtures.CLIP_STD = (0.5, 0.5, 0.5)


def inputs(side, embedding, seed):
    """Texts as long as the context: words, the end token, padding."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(2, VOCABULARY, (2, CONTEXT), generator=generator).int()
    ids[0, 3:] = PADDING
    return {
        "pixels": fixtures.pictures(2, side, side, seed + 1),
        "token_ids": ids,
        "embed_weight": torch.randn((2, embedding), generator=generator),
    }


@torch.no_grad()
def randomise(model, seed):
    fixtures.randomise(model, seed)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if name.endswith(("pos_embed", "latent", "probe")):
            parameter.copy_(0.6 * torch.randn(parameter.shape, generator=generator))


def write(folder, name, state, encoders, side, embedding, seed):
    """encoders(dtype): the model loaded again from what was written."""
    save_file(state, folder / f"{name}.safetensors", metadata={"format": "pt"})
    given = inputs(side, embedding, seed)
    exact = fixtures.clip_expected(*encoders(torch.float64), given)
    single = fixtures.clip_embeddings(*encoders(torch.float32), given, torch.float32)
    fixtures.save_file(fixtures.as_stored(exact), folder / f"{name}_expected.safetensors", metadata={"what": WHAT})
    print(f"{folder.name}: {fixtures.single_precision_error(exact, single)}")


def write_hugging_face(folder, seed):
    """Pictures of 19 pixels and patches of 8: the last 3 rows and columns are not used."""
    from transformers import SiglipConfig, SiglipModel

    tower = {"hidden_size": 16, "num_attention_heads": 2}
    config = SiglipConfig(
        vision_config={**tower, "num_hidden_layers": 2, "intermediate_size": 40, "image_size": 19, "patch_size": 8},
        text_config={
            **tower,
            "num_hidden_layers": 1,
            "intermediate_size": 24,
            "vocab_size": VOCABULARY,
            "max_position_embeddings": CONTEXT,
            "pad_token_id": PADDING,
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    model = SiglipModel(config).eval()
    randomise(model, seed)
    model.config.architectures = ["SiglipModel"]
    model.config.dtype = "float16"
    model.config.to_json_file(folder / "config.json")

    def encoders(dtype):
        loaded = SiglipModel.from_pretrained(folder, local_files_only=True).eval().to(dtype)
        return (
            lambda pixels: loaded.vision_model(pixel_values=pixels).pooler_output,
            lambda ids: loaded.text_model(input_ids=ids).pooler_output,
        )

    write(folder, "model", fixtures.half_weights(model), encoders, 19, 16, seed)


class OpenClip(nn.Module):
    """The towers as open_clip's factory makes them for ViT-B-16-SigLIP2, but small: exact GELU in the picture tower,
    as timm has it under that name, and the tanh form in the text tower."""

    def __init__(self):
        super().__init__()
        from open_clip.transformer import LayerNorm, TextTransformer
        from timm.models.vision_transformer import VisionTransformer

        trunk = VisionTransformer(
            img_size=16,
            patch_size=8,
            embed_dim=24,
            depth=2,
            num_heads=12,
            mlp_ratio=2,
            class_token=False,
            global_pool="map",
            num_classes=0,
            act_layer="gelu",
        )
        self.visual = nn.Module()
        self.visual.trunk = trunk
        self.text = TextTransformer(
            context_length=CONTEXT,
            vocab_size=VOCABULARY,
            width=16,
            heads=4,
            layers=1,
            mlp_ratio=3,
            output_dim=24,
            no_causal_mask=True,
            pool_type="last",
            proj_bias=True,
            act_layer=partial(nn.GELU, approximate="tanh"),
            norm_layer=partial(LayerNorm, eps=1e-6),
        )
        self.logit_scale = nn.Parameter(torch.tensor(2.0))
        self.logit_bias = nn.Parameter(torch.tensor(-10.0))


OPEN_CLIP_CONFIG = {
    "model_cfg": {
        "embed_dim": 24,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 16,
            "timm_model_name": "vit_base_patch16_siglip_224",
            "timm_model_pretrained": False,
            "timm_pool": "map",
            "timm_proj": "none",
        },
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": VOCABULARY,
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "width": 16,
            "heads": 4,
            "layers": 1,
            "mlp_ratio": 3,
            "no_causal_mask": True,
            "proj_bias": True,
            "pool_type": "last",
            "norm_kwargs": {"eps": 1e-06},
            "act_kwargs": {"approximate": "tanh"},
        },
    },
    "preprocess_cfg": {
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "interpolation": "bicubic",
        "resize_mode": "squash",
    },
}


def write_open_clip(folder, kind, config, seed):
    folder.mkdir(parents=True, exist_ok=True)
    model = kind().eval()
    randomise(model, seed)
    fixtures.write_json(folder / "open_clip_config.json", config)

    def encoders(dtype):
        loaded = kind().eval()
        loaded.load_state_dict(load_file(folder / "open_clip_model.safetensors"), strict=True)
        loaded.to(dtype)
        return loaded.visual.trunk, loaded.text

    write(folder, "open_clip_model", fixtures.half_weights(model), encoders, 16, 24, seed)


class TimmVit(nn.Module):
    """A picture tower of timm's under a name of CLIP's as open_clip makes it, but small: QuickGELU, a mean of the
    patches before the last norm, and the network's own classifier as projection; beside open_clip's text tower."""

    def __init__(self):
        super().__init__()
        import timm
        from open_clip.transformer import TextTransformer

        self.visual = nn.Module()
        self.visual.trunk = timm.create_model(
            "vit_large_patch14_clip_quickgelu_224",
            img_size=16,
            patch_size=8,
            embed_dim=32,
            depth=2,
            mlp_ratio=2,
            num_classes=24,
            global_pool="avg",
        )
        self.text = TextTransformer(
            context_length=CONTEXT, vocab_size=VOCABULARY, width=16, heads=4, layers=1, mlp_ratio=3, output_dim=24
        )
        self.logit_scale = nn.Parameter(torch.tensor(2.0))


TIMM_VIT_CONFIG = {
    "model_cfg": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 16,
            "timm_model_name": "vit_large_patch14_clip_quickgelu_224",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": None,
        },
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": VOCABULARY,
            "width": 16,
            "heads": 4,
            "layers": 1,
            "mlp_ratio": 3,
        },
    },
    "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
}


def main():
    os.environ["HF_HUB_OFFLINE"] = "1"
    folder = Path(__file__).resolve().parents[1] / "models" / "fixtures"
    write_hugging_face(folder / "siglip_hugging_face", seed=11)
    write_open_clip(folder / "siglip_open_clip", OpenClip, OPEN_CLIP_CONFIG, seed=12)
    write_open_clip(folder / "timm_vit", TimmVit, TIMM_VIT_CONFIG, seed=13)
    for path in [*folder.glob("siglip_*/*"), *folder.glob("timm_vit/*")]:
        path.chmod(0o644)  # safetensors keeps them to their owner


if __name__ == "__main__":
    main()
