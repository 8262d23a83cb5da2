"""Writes tests/weights/fixtures/: files as torch, safetensors and huggingface_hub save them, each a few kB.

Each holds `a` (2, 3) = 0 ... 5 and `b` (4) = 10, 20, 30, 40, as f32, unless it says otherwise:
- key_*.pt: under a key, as training programs save models; a whole module; two keys that both hold tensors;
- fp8.pt, fp8.safetensors: all 256 bytes as float8_e4m3fn and float8_e5m2; fp8_expected.safetensors: the same as f32;
- others.pt, others.safetensors, others_legacy.pt: beside them tensors of types that the program does not read;
- without_checksums.pt;
- sharded/, sharded_bin/: in two files with their index, as huggingface_hub splits a model.

    python tests/oracle/containers.py
"""

import pathlib
import sys
import types

import huggingface_hub
import safetensors.torch
import torch

FOLDER = pathlib.Path(__file__).parent.parent / "weights" / "fixtures"


def tensors():
    return {"a": torch.arange(6, dtype=torch.float32).reshape(2, 3), "b": torch.arange(1, 5) * 10.0}


class Module(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(tensors()["a"])
        self.register_buffer("b", tensors()["b"])


def save_keys():
    other = {name: tensor + 100 for name, tensor in tensors().items()}
    files = {
        "model": {"model": tensors(), "optimizer": {"state": {0: {"momentum": torch.ones(3)}}}, "epoch": 3},
        "model_state_dict": {"epoch": 3, "model_state_dict": tensors(), "loss": torch.tensor(0.5)},
        "state_dict": {"state_dict": tensors(), "best": torch.tensor(0.5), "model": "ViT-B-32"},
        "params_ema": {"params_ema": tensors()},
        "two": {"model": other, "ema": tensors(), "steps": 100},
    }
    for name, value in files.items():
        torch.save(value, FOLDER / f"key_{name}.pt")


def save_module():
    """torch wants to find the class by its name; the reader does not look it up."""
    place = types.ModuleType("somewhere")
    place.Module = Module
    sys.modules["somewhere"] = place
    Module.__module__ = "somewhere"
    torch.save({"model": Module(), "epoch": 3}, FOLDER / "key_module.pt")


def save_fp8():
    bits = torch.arange(256, dtype=torch.uint8)
    values = {"e4m3": bits.view(torch.float8_e4m3fn), "e5m2": bits.clone().view(torch.float8_e5m2)}
    torch.save(values, FOLDER / "fp8.pt")
    safetensors.torch.save_file(values, FOLDER / "fp8.safetensors")
    expected = {name: tensor.to(torch.float32) for name, tensor in values.items()}
    safetensors.torch.save_file(expected, FOLDER / "fp8_expected.safetensors")


def save_others():
    names = ["uint16", "uint32", "uint64", "complex64", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]
    others = {f"extra.{name}": torch.zeros(3, dtype=getattr(torch, name)) for name in names}
    safetensors.torch.save_file({**tensors(), **others}, FOLDER / "others.safetensors")
    others["extra.complex128"] = torch.zeros(3, dtype=torch.complex128)
    torch.save({**tensors(), **others}, FOLDER / "others.pt")
    torch.save({**tensors(), **others}, FOLDER / "others_legacy.pt", _use_new_zipfile_serialization=False)


def save_without_checksums():
    torch.serialization.set_crc32_options(False)
    torch.save(tensors(), FOLDER / "without_checksums.pt")
    torch.serialization.set_crc32_options(True)


def save_sharded():
    """In PyTorch's format the pattern of names is transformers' before its version 5."""
    (FOLDER / "sharded").mkdir(exist_ok=True)
    (FOLDER / "sharded_bin").mkdir(exist_ok=True)
    huggingface_hub.save_torch_state_dict(tensors(), FOLDER / "sharded", max_shard_size=30)
    pattern = "pytorch_model{suffix}.bin"
    huggingface_hub.save_torch_state_dict(
        tensors(), FOLDER / "sharded_bin", filename_pattern=pattern, max_shard_size=30, safe_serialization=False
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    save_keys()
    save_module()
    save_fp8()
    save_others()
    save_without_checksums()
    save_sharded()
