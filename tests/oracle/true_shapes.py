#!/usr/bin/env python3
"""Compares vqclip with the public PyTorch definitions on models of the published sizes, with random weights.

Each model is written in a published file format, loaded by a fresh PyTorch process and by vqclip, and given the same
input. The report is a Markdown table; the exit code is 1 where a limit is missed.

This process imports no PyTorch itself: Linux hands a parent's peak memory on to a child that has just been started,
so a small parent keeps the measured peaks those of the programs.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
REPORT = REPOSITORY / "results" / "true-shapes.md"

# Limits. f32: relative L2 error; bf16: cosine.
OUTPUT_LIMIT, GRADIENT_LIMIT = 1e-5, 1e-4
OUTPUT_COSINE, GRADIENT_COSINE = 0.999, 0.99

# Where a limit is missed, PyTorch itself is measured on the same model: f32 against f64, or bf16 against f32. The
# miss counts as PyTorch's own rounding if the program is no further away than this many times PyTorch's distance.
OWN_ROUNDING_FACTOR = 2

# Codes are a choice between discrete rows: where the best two lie closer together than rounding moves them, either
# is right. UNIT_ROUNDING bounds one f32 operation; a distance is a sum of three terms, each of them an inner product
# that is summed in blocks, so eight of them are allowed on the terms' magnitudes. What is encoded carries the
# encoder's own rounding as well, about 1e-6 of its norm (what --self-check shows for encoder_out).
UNIT_ROUNDING = 2.0**-24
DISTANCE_ROUNDINGS = 8
ENCODER_ROUNDING = 2e-6


@dataclass(frozen=True)
class ClipModel:
    name: str
    file: str
    format: str
    side: int
    embedding: int
    vision_layers: object  # an int for a ViT, four ints for a ResNet
    vision_width: int
    patch: int | None
    text_width: int
    kind: str = "clip"
    context: int = 77
    vocabulary: int = 49408
    text_layers: int = 12
    decided_gates: bool = False  # see fixtures.decide_gates


@dataclass(frozen=True)
class AutoencoderModel:
    name: str
    file: str
    format: str
    gumbel: bool
    code_count: int
    multipliers: tuple
    attention: int
    kind: str = "autoencoder"
    side: int = 256
    width: int = 256

    @property
    def factor(self):
        return 2 ** (len(self.multipliers) - 1)

    def config(self):
        """The YAML beside the checkpoint, as published."""
        parameters = {
            "embed_dim": self.width,
            "n_embed": self.code_count,
            "ddconfig": {
                "double_z": False,
                "z_channels": self.width,
                "resolution": 256,
                "in_channels": 3,
                "out_ch": 3,
                "ch": 128,
                "ch_mult": list(self.multipliers),
                "num_res_blocks": 2,
                "attn_resolutions": [self.attention],
                "dropout": 0.0,
            },
            "lossconfig": {"target": "taming.modules.losses.vqperceptual.DummyLoss"},
        }
        if self.gumbel:
            parameters["kl_weight"] = 1.0e-08
            parameters["temperature_scheduler_config"] = {
                "target": "taming.lr_scheduler.LambdaWarmUpCosineScheduler",
                "params": {"warm_up_steps": 0, "max_decay_steps": 1000001, "lr_start": 0.9, "lr_max": 0.9},
            }
        target = "GumbelVQ" if self.gumbel else "VQModel"
        return {
            "model": {
                "base_learning_rate": 4.5e-06,
                "target": f"taming.models.vqgan.{target}",
                "params": parameters,
            }
        }


def resnets(name, stem, *shape):
    """The model with ordinary weights, and with weights that decide every ReLU: see the report's remark."""
    return (
        ClipModel(name, f"{stem}.pt", *shape),
        ClipModel(f"{name}, decided gates", f"{stem}_gates.pt", *shape, decided_gates=True),
    )


MODELS = (
    ClipModel("ViT-B/32", "vit_b_32.pt", "TorchScript zip, f16", 224, 512, 12, 768, 32, 512),
    ClipModel("ViT-L/14", "vit_l_14.safetensors", "safetensors, f16", 224, 768, 24, 1024, 14, 768),
    *resnets("RN50", "rn50", "PyTorch zip state dict, f16", 224, 1024, (3, 4, 6, 3), 64, None, 512),
    *resnets("RN50x4", "rn50x4", "older PyTorch serialisation, f16", 288, 640, (4, 6, 10, 6), 80, None, 640),
    AutoencoderModel(
        "VQGAN f16 16384", "vqgan_f16.ckpt", "PyTorch zip .ckpt, f32", False, 16384, (1, 1, 2, 2, 4), 16
    ),
    AutoencoderModel(
        "VQGAN Gumbel f8 8192", "vqgan_gumbel_f8.ckpt", "PyTorch zip .ckpt, f32", True, 8192, (1, 1, 2, 4), 32
    ),
)


# --------------------------------------------------------------------------------------------------------------------
# In a child process: writing a model and its input


def make_clip(model, folder, batch, seed):
    from safetensors.torch import save_file

    import fixtures

    public = fixtures.openai_clip_module().CLIP(
        model.embedding,
        model.side,
        model.vision_layers,
        model.vision_width,
        model.patch,
        model.context,
        model.vocabulary,
        model.text_width,
        model.text_width // 64,
        model.text_layers,
    )
    public.eval().requires_grad_(False)
    fixtures.randomise(public, seed)
    if model.decided_gates:
        fixtures.decide_gates(public.visual, seed)
    if model.patch is None:
        pixels = fixtures.pictures(4, model.side, model.side, seed + 9)
        fixtures.calibrate_batch_norms(public.visual, fixtures.clip_normalised(pixels))
    write_clip(public, model, folder / model.file)
    inputs = fixtures.clip_inputs(batch, model.side, model.context, model.vocabulary, model.embedding, seed)
    save_file(inputs, folder / "input.safetensors")


def write_clip(public, model, path):
    import torch
    from safetensors.torch import save_file

    import fixtures

    if model.format.startswith("TorchScript"):
        pixels, tokens = torch.zeros(1, 3, model.side, model.side), torch.ones(1, model.context, dtype=torch.long)
        torch.jit.save(torch.jit.trace(public, (pixels, tokens), check_trace=False).half(), path)
        return
    state = fixtures.half_weights(public)
    if model.format.startswith("safetensors"):
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization="older" not in model.format)


def make_autoencoder(model, folder, batch, seed):
    import torch
    import yaml
    from safetensors.torch import save_file

    import fixtures

    config = model.config()
    public = fixtures.Autoencoder(config["model"]["params"], model.gumbel)
    fixtures.randomise(public, seed)
    state = dict(public.state_dict())
    state["loss.discriminator.main.0.weight"] = torch.zeros(64, 3, 4, 4)
    checkpoint = {
        "epoch": 3,
        "global_step": 12345,
        "pytorch-lightning_version": "1.0.8",
        "state_dict": state,
        "callbacks": {},
        "optimizer_states": [{"state": {0: {"step": 12345, "exp_avg": torch.zeros(64)}}, "param_groups": []}],
        "lr_schedulers": [],
    }
    torch.save(checkpoint, folder / model.file)
    (folder / model.file).with_suffix(".yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    side = model.side // model.factor
    inputs = fixtures.autoencoder_inputs(batch, model.width, side, side, model.factor, seed)
    save_file(inputs, folder / "input.safetensors")


# --------------------------------------------------------------------------------------------------------------------
# In a child process: computing with PyTorch


def checkpoint_state(path):
    """The file's tensors, as the public programs read it."""
    import torch
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        return torch.jit.load(path, map_location="cpu").state_dict()
    except RuntimeError:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    return loaded.get("state_dict", loaded)


def load_clip(model, folder, dtype):
    import torch

    import fixtures

    module = fixtures.openai_clip_module()
    public = module.build_model(dict(checkpoint_state(folder / model.file))).requires_grad_(False)
    if dtype != torch.float32:
        # The public LayerNorm computes in f32 with f32 weights; elsewhere it takes the plain one.
        module.LayerNorm.forward = torch.nn.LayerNorm.forward
    return public.to(dtype)


def load_autoencoder(model, folder, dtype):
    import torch

    import fixtures

    public = fixtures.Autoencoder(model.config()["model"]["params"], model.gumbel).eval().requires_grad_(False)
    state = checkpoint_state(folder / model.file)
    public.load_state_dict({name: state[name] for name in public.state_dict()}, strict=True)
    if dtype == torch.bfloat16:  # codes are always chosen in f32
        quantiser = public.quantize
        public.to(dtype)
        public.quantize = quantiser.float()
        public.quantize.load_state_dict(
            {name: state["quantize." + name] for name in quantiser.state_dict()}, strict=True
        )
        return public
    return public.to(dtype)


def compute_clip(public, inputs, dtype):
    import fixtures

    return fixtures.clip_embeddings(public.encode_image, public.encode_text, inputs, dtype)


def compute_autoencoder(public, inputs, dtype, codes):
    import fixtures

    return fixtures.autoencoder_expected(public, inputs, dtype, **codes)


def add_near_ties(public, inputs, outputs):
    """For every code the second choice, the gap to it and the gap that rounding can close, in float64."""
    codebook = public.codebook.double()
    latent = inputs["z"].double()
    outputs.update(distance_choices("codes", latent, codebook, input_rounding=0.0))
    encoded = outputs.pop("pre_quantised").double()
    if public.gumbel:
        rows = public.quantize.proj.weight.double().flatten(1)
        offset = public.quantize.proj.bias.double()
        outputs.update(logit_choices("encoded_codes", encoded, rows, offset))
    else:
        outputs.update(distance_choices("encoded_codes", encoded, codebook, ENCODER_ROUNDING))


def flat_positions(latent):
    return latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1])


def distance_choices(name, latent, codebook, input_rounding):
    x = flat_positions(latent)
    squares, rows = x.square().sum(1), codebook.square().sum(1)
    distances = squares[:, None] + rows - 2 * x @ codebook.T
    values, indices = distances.topk(2, dim=1, largest=False)
    magnitude = squares + rows[indices].amax(1) + 2 * (x @ codebook.T).gather(1, indices).abs().amax(1)
    spread = (codebook[indices[:, 0]] - codebook[indices[:, 1]]).norm(dim=1) * x.norm(dim=1)
    bound = DISTANCE_ROUNDINGS * UNIT_ROUNDING * magnitude + 2 * input_rounding * spread
    return choices(name, values, indices, bound)


def logit_choices(name, latent, rows, offset):
    x = flat_positions(latent)
    values, indices = (x @ rows.T + offset).topk(2, dim=1)
    magnitude = (x.norm(dim=1, keepdim=True) * rows.norm(dim=1)[indices]).amax(1)
    spread = (rows[indices[:, 0]] - rows[indices[:, 1]]).norm(dim=1) * x.norm(dim=1)
    bound = DISTANCE_ROUNDINGS * UNIT_ROUNDING * magnitude + ENCODER_ROUNDING * spread
    return choices(name, values, indices, bound)


def choices(name, values, indices, bound):
    return {
        f"{name}.second": indices[:, 1].int().contiguous(),
        f"{name}.gap": (values[:, 0] - values[:, 1]).abs(),
        f"{name}.bound": bound,
    }


def peak_memory():
    """Peak resident memory of this process in bytes, its own alone."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def compute(model, folder, precision, output, codes_from):
    """Loads the file into the public model, computes, writes the outputs; gives the measurements."""
    import torch
    from safetensors.torch import load_file, save_file

    import fixtures  # noqa: F401  counted as start-up, not as loading

    dtype = {"f32": torch.float32, "f64": torch.float64, "bf16": torch.bfloat16}[precision]
    inputs = load_file(folder / "input.safetensors")
    given = load_file(codes_from) if codes_from else {}
    codes = {name: given[name] for name in ("codes", "encoded_codes") if name in given}
    start_up = peak_memory()
    started = time.perf_counter()
    public = (load_clip if model.kind == "clip" else load_autoencoder)(model, folder, dtype)
    loaded = time.perf_counter()
    if model.kind == "clip":
        outputs = compute_clip(public, inputs, dtype)
    else:
        outputs = compute_autoencoder(public, inputs, dtype, codes)
    computed = time.perf_counter()
    measured = {
        "load_seconds": loaded - started,
        "compute_seconds": computed - loaded,
        "peak_memory_bytes": peak_memory(),
        "start_up_memory_bytes": start_up,
    }
    if model.kind == "autoencoder":
        if precision == "f32" and not codes:
            add_near_ties(public, inputs, outputs)
        outputs.pop("pre_quantised", None)
    stored = {
        name: tensor.float() if dtype == torch.bfloat16 and tensor.is_floating_point() else tensor
        for name, tensor in outputs.items()
    }
    save_file({name: tensor.contiguous() for name, tensor in stored.items()}, output)
    return measured


def versions():
    import torch

    onednn = re.search(r"MKL-DNN (v[\d.]+)", torch.__config__.show())
    return {
        "torch": torch.__version__,
        "onednn": onednn.group(1) if onednn else "none",
        "threads": torch.get_num_threads(),
    }


def child_main(arguments):
    if arguments.child == "versions":
        return versions()
    model = next(model for model in MODELS if model.name == arguments.model)
    if arguments.child == "make":
        seed = 100 + MODELS.index(model)
        make = make_clip if model.kind == "clip" else make_autoencoder
        make(model, arguments.work, arguments.batch or default_batch(model), seed)
        return {}
    return compute(model, arguments.work, arguments.precision, arguments.child_output, arguments.codes_from)


# --------------------------------------------------------------------------------------------------------------------
# Running PyTorch and the program


def run_child(step, *more):
    command = [
        sys.executable,
        "-B",
        "-W",
        "ignore::FutureWarning",
        str(Path(__file__).resolve()),
        "--child",
        step,
        *map(str, more),
    ]
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"the PyTorch step '{step}' failed with exit code {finished.returncode}")
    return json.loads(finished.stdout)


def run_torch(model, folder, precision, output, codes_from=None):
    more = ["--codes-from", codes_from] if codes_from else []
    return run_child(
        "compute", "--model", model.name, "--work", folder, "--precision", precision, "--child-output", output, *more
    )


def program_command(program, model, folder, precision, device, output):
    checkpoint = folder / model.file
    if model.kind == "clip":
        command = [program, "embed", "--perceptor", checkpoint]
    else:
        command = [program, "reconstruct", "--generator", checkpoint.with_suffix(".yaml"), "--checkpoint", checkpoint]
    paths = ["--input", folder / "input.safetensors", "--output", output]
    return [str(part) for part in [*command, *paths, "--device", device, "--precision", precision, "--json"]]


def run_program(program, model, folder, precision, device, output):
    """Runs vqclip; gives its measurements, with the peak memory that the system saw."""
    command = program_command(program, model, folder, precision, device, output)
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(command, stdout=printed)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read()
    if process.returncode:
        raise SystemExit(f"{shlex.join(command)}: exit code {process.returncode}")
    reported = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return {
        "load_seconds": reported["load_seconds"],
        "compute_seconds": reported["compute_seconds"],
        "peak_memory_bytes": usage.ru_maxrss * 1024,
        "own_peak_memory_bytes": reported["peak_memory_bytes"],
    }


# --------------------------------------------------------------------------------------------------------------------
# Comparing

OUTPUTS = {"clip": ("image_embed", "text_embed"), "autoencoder": ("encoder_out", "decoded", "reconstruction")}
GRADIENTS = {"clip": ("pixels_grad",), "autoencoder": ("z_grad",)}
CODES = {"clip": (), "autoencoder": ("codes", "encoded_codes")}


@dataclass
class Comparison:
    """One row of the accuracy tables."""

    model: object
    label: str  # what is compared: "f32", "bf16", "PyTorch f32 against f64"
    precision: str  # whose limits apply: f32 or bf16
    values: dict = field(default_factory=dict)  # tensor name -> error or cosine
    codes: dict = field(default_factory=dict)  # codes name -> text
    missed: list = field(default_factory=list)
    bounded: list = field(default_factory=list)  # limits that PyTorch's own rounding does not allow to meet
    notes: list = field(default_factory=list)


def relative_error(actual, expected):
    import numpy

    actual, expected = actual.astype(numpy.float64), expected.astype(numpy.float64)
    return float(numpy.linalg.norm(actual - expected) / numpy.linalg.norm(expected))


def cosine(actual, expected):
    """The smallest cosine over the batch."""
    import numpy

    a = actual.astype(numpy.float64).reshape(len(actual), -1)
    b = expected.astype(numpy.float64).reshape(len(expected), -1)
    norms = numpy.linalg.norm(a, axis=1) * numpy.linalg.norm(b, axis=1)
    return float(((a * b).sum(1) / norms).min())


def codes_differ(model, actual, expected):
    return any((actual[name] != expected[name]).any() for name in CODES[model.kind])


def check_codes(model, actual, expected):
    """Codes that cannot be compared, or be given to PyTorch to decode, end the run."""
    for name in CODES[model.kind]:
        if name not in actual or actual[name].shape != expected[name].shape:
            raise SystemExit(f"{model.name}: {name} is not in the output, or not of shape {expected[name].shape}")


def compare_codes(row, name, actual, expected, ties):
    """Counts the codes that differ; in f32 each of them must be a near tie with the code that was taken instead."""
    wrong = (actual[name] != expected[name]).reshape(-1)
    close = ties[f"{name}.gap"] <= ties[f"{name}.bound"]
    excused = wrong & close & (actual[name].reshape(-1) == ties[f"{name}.second"])
    row.codes[name] = f"{wrong.size - int(wrong.sum())}/{wrong.size}"
    if close.any():
        row.notes.append(f"{name}: {int(close.sum())} positions where the best two lie within rounding of each other")
    for position in excused.nonzero()[0]:
        gap, bound = ties[f"{name}.gap"][position], ties[f"{name}.bound"][position]
        row.notes.append(f"{name}[{position}]: the second choice was taken, gap {gap:.2e}, rounding {bound:.2e}")
    if row.precision == "f32" and (wrong & ~excused).any():
        row.missed.append(f"{int((wrong & ~excused).sum())} of {name} differ beyond rounding")


def compare(model, label, precision, actual, expected, ties):
    """`expected` decodes the same codes as `actual`; `ties` holds PyTorch's own f32 codes and their near ties."""
    row = Comparison(model, label, precision)
    measure = relative_error if precision == "f32" else cosine
    for name in OUTPUTS[model.kind] + GRADIENTS[model.kind]:
        if name not in actual:
            row.missed.append(f"{name} is not in the output")
        elif actual[name].shape != expected[name].shape:
            row.missed.append(f"{name} has shape {actual[name].shape}, not {expected[name].shape}")
        else:
            row.values[name] = measure(actual[name], expected[name])
            if limit_missed(row, name):
                row.missed.append(name)
    for name in CODES[model.kind]:
        compare_codes(row, name, actual, ties, ties)
    return row


def limit_missed(row, name):
    gradient = name.endswith("grad")
    if row.precision == "f32":
        return not row.values[name] <= (GRADIENT_LIMIT if gradient else OUTPUT_LIMIT)
    return not row.values[name] >= (GRADIENT_COSINE if gradient else OUTPUT_COSINE)


def head_room(row):
    """How many times the worst f32 error fits into its limit."""
    limits = {name: GRADIENT_LIMIT if name.endswith("grad") else OUTPUT_LIMIT for name in row.values}
    return min((limits[name] / max(value, 1e-300) for name, value in row.values.items()), default=0.0)


# --------------------------------------------------------------------------------------------------------------------
# One model


@dataclass
class Cost:
    model: object
    precision: str
    file_bytes: int
    program: dict | None
    torch: dict


def default_batch(model):
    return 2 if model.kind == "clip" else 1


def expected_like(model, folder, actual, actual_path, expected):
    """PyTorch's f32 values for the codes that were chosen: its own where they are the same."""
    from safetensors.numpy import load_file

    if not codes_differ(model, actual, expected):
        return expected
    path = folder / "expected_same_codes.safetensors"
    run_torch(model, folder, "f32", path, codes_from=actual_path)
    return load_file(path)


def excuse_own_rounding(row, folder, actual_path, expected):
    """Moves limits that PyTorch's own rounding does not meet either from missed to bounded."""
    from safetensors.numpy import load_file

    names = [name for name in row.missed if name in row.values]
    if not names:
        return
    other = "f64" if row.precision == "f32" else "bf16"
    progress(f"{row.model.name}: PyTorch {other}, to see whether it meets the limit itself")
    path = folder / "own_rounding.safetensors"
    run_torch(row.model, folder, other, path, codes_from=actual_path)
    own = load_file(path)
    for name in names:
        if row.precision == "f32":
            allowed, distance = relative_error(own[name], expected[name]), row.values[name]
        else:
            allowed, distance = 1 - cosine(own[name], expected[name]), 1 - row.values[name]
        if distance <= OWN_ROUNDING_FACTOR * allowed:
            row.missed.remove(name)
            row.bounded.append(f"{name} {distance:.1e}; PyTorch {other} against f32 {allowed:.1e}")


def study_model(model, options, folder):
    """Makes the model, runs everything; gives the rows of the tables."""
    from safetensors.numpy import load_file

    progress(f"{model.name}: writing")
    batch = ["--batch", options.batch] if options.batch else []
    run_child("make", "--model", model.name, "--work", folder, *batch)
    size = (folder / model.file).stat().st_size
    progress(f"{model.name}: PyTorch f32")
    measured = run_torch(model, folder, "f32", folder / "expected.safetensors")
    expected = load_file(folder / "expected.safetensors")
    rows, costs = [], []
    if options.self_check:
        costs.append(Cost(model, "f32", size, None, measured))
    for precision, label, run in runs(model, options, folder):
        progress(f"{model.name}: {label}")
        path = folder / "actual.safetensors"
        cost = run(path)
        actual = load_file(path)
        check_codes(model, actual, expected)
        same_codes = expected_like(model, folder, actual, path, expected)
        row = compare(model, label, precision, actual, same_codes, expected)
        rows.append(row)
        if not options.self_check:
            excuse_own_rounding(row, folder, path, same_codes)
            costs.append(Cost(model, precision, size, cost, measured))
    return rows, costs


def runs(model, options, folder):
    """(precision whose limits apply, label, function that writes the outputs) of everything to compare."""
    if options.self_check:
        return (
            ("f32", "PyTorch f64", lambda path: run_torch(model, folder, "f64", path)),
            ("bf16", "PyTorch bf16", lambda path: run_torch(model, folder, "bf16", path)),
        )
    return tuple(
        (
            precision,
            precision,
            lambda path, precision=precision: run_program(
                options.vqclip, model, folder, precision, options.device, path
            ),
        )
        for precision in ("f32", "bf16")
    )


def progress(text):
    print(text, file=sys.stderr, flush=True)


# --------------------------------------------------------------------------------------------------------------------
# The report


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def verdict(row):
    if row.missed:
        return "missed"
    return "as PyTorch's own rounding" if row.bounded else "yes"


def accuracy_table(kind, rows):
    rows = [row for row in rows if row.model.kind == kind]
    if not rows:
        return []
    names = OUTPUTS[kind] + GRADIENTS[kind]
    body = []
    for row in rows:
        f32 = row.precision == "f32"
        form = "{:.1e}" if f32 else "{:.6f}"
        cells = [form.format(row.values[name]) if name in row.values else "missing" for name in names]
        cells += [row.codes.get(name, "missing") for name in CODES[kind]]
        room = f"{head_room(row):.2g}×" if f32 and row.values else ""
        body.append([row.model.name, row.label, *cells, room, verdict(row)])
    header = ["model", "compared with PyTorch f32", *names, *(f"{name} equal" for name in CODES[kind])]
    return table([*header, "head-room", "within limits"], body)


def cost_table(costs):
    body = []
    for cost in costs:
        cells = [cost.model.name, cost.model.format, f"{cost.file_bytes / 2**20:.0f}", cost.precision]
        for key, scale, digits in (
            ("load_seconds", 1, 2),
            ("compute_seconds", 1, 2),
            ("peak_memory_bytes", 2**20, 0),
        ):
            for side in (cost.program, cost.torch):
                cells.append(f"{side[key] / scale:.{digits}f}" if side else "–")
        body.append(cells)
    header = ["model", "file", "MiB", "precision", "load s, vqclip", "load s, PyTorch", "compute s, vqclip"]
    return table([*header, "compute s, PyTorch", "peak MiB, vqclip", "peak MiB, PyTorch"], body)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def program_version(program):
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return "; ".join(line.strip() for line in printed.splitlines() if line.strip()) or "not told"


def shown_command(options):
    """The command without the paths of one machine."""
    words = ["python", "tests/oracle/true_shapes.py"]
    words += ["--self-check"] if options.self_check else ["--vqclip", "VQCLIP", "--device", options.device]
    words += ["--model", options.model] if options.model else []
    words += ["--batch", str(options.batch)] if options.batch else []
    return shlex.join(words)


def introduction(options, software):
    program = "" if options.self_check else f"; vqclip: {program_version(options.vqclip)}"
    what = "PyTorch f32 against PyTorch f64 and bf16" if options.self_check else "vqclip against PyTorch f32"
    batch = options.batch or "2 (CLIP) and 1 (VQGAN)"
    return [
        f"# True shapes: {what}",
        "",
        "Models of the published sizes with random weights, written in published file formats, and the same inputs. "
        "The expected values are those of the public PyTorch definitions in f32.",
        "",
        f"- Date: {datetime.date.today().isoformat()}",
        f"- Machine: {processor()}, {len(os.sched_getaffinity(0))} cores, "
        f"load average {os.getloadavg()[0]:.1f} at the end",
        f"- Versions: PyTorch {software['torch']} with oneDNN {software['onednn']}, "
        f"{software['threads']} threads{program}",
        f"- Command: `{shown_command(options)}`",
        f"- Batch: {batch}; text: 2 sequences of 77 tokens; VQGAN pictures 256×256",
        "",
        f"Limits: f32 relative L2 error {OUTPUT_LIMIT:.0e} for outputs and {GRADIENT_LIMIT:.0e} for gradients, and "
        f"all codes equal; bf16 cosine (the smallest over the batch) {OUTPUT_COSINE} for outputs and "
        f"{GRADIENT_COSINE} for gradients. Head-room: how many times the worst error fits into its limit. "
        "Where codes differ, decoded, reconstruction and z_grad are compared with PyTorch decoding the same codes.",
        "",
        "Where a limit is missed, PyTorch is measured against itself on the same model (f32 against f64, bf16 "
        'against f32; the distance for bf16 is 1 - cosine). "As PyTorch\'s own rounding" means that it misses the '
        f"limit too, and that the program is at most {OWN_ROUNDING_FACTOR} times as far away. This concerns the "
        "ResNets, whose gradient is not continuous: rounding turns ReLUs that lie next to zero on or off, each a "
        "finite change of the gradient. The rows with decided gates have the same shapes, but weights that keep "
        "every ReLU away from zero, so that their f32 gradients can be compared to the last digits.",
        "",
    ]


def notes(rows):
    lines = []
    for row in rows:
        lines += [f"- {row.model.name}, {row.label}: {note}" for note in row.notes]
        lines += [f"- {row.model.name}, {row.label}: **limit missed**: {what}" for what in row.missed]
        lines += [
            f"- {row.model.name}, {row.label}: limit out of reach of PyTorch too: {what}" for what in row.bounded
        ]
    return [*lines, ""] if lines else []


def report(options, software, rows, costs):
    start_up = max(cost.torch["start_up_memory_bytes"] for cost in costs) / 2**20
    lines = introduction(options, software)
    lines += accuracy_table("clip", rows) + accuracy_table("autoencoder", rows) + notes(rows)
    lines += cost_table(costs)
    lines.append(
        "Each run is a fresh process, its first computation included; the files were in the page cache. Peak is "
        f"resident memory; of PyTorch's, {start_up:.0f} MiB are there before loading begins. PyTorch computes in f32 "
        "in every row."
    )
    return "\n".join(lines) + "\n"


# --------------------------------------------------------------------------------------------------------------------


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model",
        choices=[model.name for model in MODELS],
        metavar="NAME",
        help="only this model: " + ", ".join(model.name for model in MODELS),
    )
    parser.add_argument(
        "--work",
        type=Path,
        metavar="FOLDER",
        help="for the big files, which are kept there; default: a temporary folder, removed afterwards",
    )
    parser.add_argument(
        "--vqclip", default="build/release/src/vqclip", metavar="PATH", help="the program; default %(default)s"
    )
    parser.add_argument("--device", default="cpu", choices=("ref", "cpu"))
    parser.add_argument("--batch", type=int, help="default 2 for CLIP, 1 for VQGAN")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="default results/true-shapes.md when the program "
        "ran on every model, otherwise none: the table is only printed",
    )
    parser.add_argument(
        "--self-check",
        action="store_true",
        help="without the program: PyTorch f64 and bf16 in its place, which shows how much room the limits leave",
    )
    for hidden in ("--child", "--precision"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    for hidden in ("--child-output", "--codes-from"):
        parser.add_argument(hidden, type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def study(options, work):
    software = run_child("versions")
    rows, costs = [], []
    for model in MODELS:
        if options.model not in (None, model.name):
            continue
        folder = work / Path(model.file).stem
        folder.mkdir(parents=True, exist_ok=True)
        more_rows, more_costs = study_model(model, options, folder)
        rows += more_rows
        costs += more_costs
        if not options.work:
            shutil.rmtree(folder)
    return report(options, software, rows, costs), any(row.missed for row in rows)


def main():
    options = parse_arguments()
    if options.child:
        print(json.dumps(child_main(options)))
        return 0
    if not options.self_check and not shutil.which(options.vqclip):
        print(f"{options.vqclip}: no such program; give it with --vqclip, or use --self-check", file=sys.stderr)
        return 2
    if options.work:
        text, missed = study(options, options.work)
    else:
        with tempfile.TemporaryDirectory(prefix="vqclip_true_shapes_") as work:
            text, missed = study(options, Path(work))
    print(text)
    complete = not options.self_check and options.model is None
    path = options.output or (REPORT if complete else None)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
