"""Makes the seeds of fuzz_safetensors, fuzz_pickle and fuzz_checkpoint: small files as PyTorch writes them.

Needs torch. Files in the seed folders that this script does not write were found by the fuzzer, or are copies of those in
tests/weights/fixtures.
"""

import collections
import io
import json
import pathlib
import zipfile

import torch

SEEDS = pathlib.Path(__file__).parent / "seeds"


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.tensor([3]))

    def forward(self, x):
        return x


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(2, 2))
        self.inner = Inner()

    def forward(self, x):
        return self.inner(x + self.weight)


def write(target, name, data):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def saved(value, **options):
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def scripted(module):
    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(module), stream)
    return stream.getvalue()


def objects(data):
    """data.pkl of a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        (name,) = [name for name in file.namelist() if name.endswith("/data.pkl")]
        return file.read(name)


def packed_anew(data, keep):
    """The same zip file compressed, with the named parts only."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as file, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in file.namelist():
            if any(part in name for part in keep):
                target.writestr(name, file.read(name))
    return stream.getvalue()


def values():
    base = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    kinds = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int16, torch.int8, torch.bool]
    yield "plain", collections.OrderedDict(a=base, b=base.t(), c=base[:, 1:])
    yield "wrapped", {"epoch": 1, "loss": 0.5, "state_dict": {"a": base}, "more": [None, True, (1, 2, 3, 4), {5}]}
    yield "kinds", {str(kind): torch.ones(2, dtype=kind) for kind in kinds}
    yield "parameter", {"a": torch.nn.Parameter(base), "size": base.shape, "type": torch.float32, "big": 1 << 80}
    yield "empty", {"a": torch.zeros(0, 3), "scalar": torch.tensor(2.0)}


def main():
    for name, value in values():
        for protocol in (2, 4):
            data = objects(saved(value, pickle_protocol=protocol))
            write("fuzz_pickle", f"{name}_{protocol}", data)
            write("fuzz_checkpoint", f"{name}_{protocol}", b"Z" + data)
        write("fuzz_checkpoint", f"{name}_legacy", saved(value, _use_new_zipfile_serialization=False))
    module = scripted(Outer())
    write("fuzz_pickle", "torchscript", objects(module))
    write("fuzz_checkpoint", "torchscript", b"Z" + objects(module))
    write("fuzz_checkpoint", "torchscript_zip", packed_anew(module, ["data", "constants"]))
    write("fuzz_checkpoint", "zip", saved({"a": torch.ones(2)}))
    write("fuzz_checkpoint", "zip_deflated", packed_anew(saved({"a": torch.ones(64)}), ["data", "byteorder"]))

    tensors = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "b": {"dtype": "I8", "shape": [], "data_offsets": [8, 9]},
        "c": {"dtype": "BF16", "shape": [1, 3], "data_offsets": [9, 15]},
    }
    header = json.dumps(tensors).encode()
    write("fuzz_safetensors", "header_first", header + b"\0" + bytes(range(15)))
    write("fuzz_safetensors", "no_tensors", b"{}\0")


if __name__ == "__main__":
    main()
