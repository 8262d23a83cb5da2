#!/usr/bin/env python3
"""The paper's configuration in PyTorch, to compare speed with, on the models of random_models.py:

    python3 tests/gpu/peer.py measure FOLDER [--mode NAME ...] [--pictures N ...] [--steps 50] [--warm-up 10]
    python3 tests/gpu/peer.py card
    python3 tests/gpu/peer.py check FOLDER --program build/gpu/src/vqclip [--device cuda]

- measure: seconds per step and per picture of 400 steps, and peak memory; every mode in a process of its own, which
  may take --limit seconds (a mode that takes longer, or that this PyTorch does not have, gives a line that says so)
    eager_f32      matrix products and convolutions with TF32
    eager_bf16     under autocast
    graph_bf16     weights and activations in bf16, the whole step recorded as one CUDA graph and replayed
    compiled_bf16  weights and activations in bf16, by torch.compile with CUDA graphs
- card: bf16 product of matrices 8192 x 8192, and copying within the device; medians of 10
- check: decoder and image tower, forward and backward, against what vqclip computes with the same weights

Prints one JSON object a line. 256 x 256, VQGAN f16 with 16384 codes, ViT-B/32, 32 crops a step, augmentations flip,
affine, perspective, colour jitter, noise; Adam. As fast as plain PyTorch has it, so that the comparison is fair: all
crops of a step are cut at once, by products with the matrices of their resampling, and not one after the other as in
the public notebooks; the random numbers are drawn on the GPU; no step waits for the GPU, nothing is read back; cuDNN
searches for its fastest algorithms; weights lie in the better of two memory formats.

The networks are written from the published architectures (taming-transformers' VQGAN, OpenAI's CLIP). Needs PyTorch
1.13 or newer alone.
"""

import argparse
import json
import math
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch.nn.functional as F

SIDE, GRID, CROP, CROPS = 256, 16, 224, 32
STEPS_OF_A_PICTURE = 400
MODES = ("eager_f32", "eager_bf16", "graph_bf16", "compiled_bf16")
CHECK_LIMIT = 1e-4  # f32 rounding over some sixty layers, relative to the largest value

# ---- Files ----

TYPES = {"F32": torch.float32, "F16": torch.float16, "I32": torch.int32}


def safetensors_read(path):
    with open(path, "rb") as stream:
        header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
        data = bytearray(stream.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        dtype = TYPES[entry["dtype"]]
        values = torch.frombuffer(memoryview(data)[begin:end], dtype=dtype)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def safetensors_write(path, tensors):
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        values = tensor.detach().float().contiguous().cpu()
        part = struct.pack(f"<{values.numel()}f", *values.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [end, end + len(part)]}
        parts.append(part)
        end += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def weights_read(path, device, dtype, keep):
    return {name: tensor.float().to(device, dtype) for name, tensor in safetensors_read(path).items() if keep(name)}


# ---- VQGAN's decoder ----


def attend(query, key, value):
    """(..., tokens, width) each."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value)
    return torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]), dim=-1) @ value


class Clamp01(torch.autograd.Function):
    """Limits to 0..1; the gradient passes where it does not push further out."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(0, 1)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * (gradient * (x - x.clamp(0, 1)) >= 0)


class Generator:
    """Nearest codebook rows, straight-through, and the decoder."""

    LEVELS, BLOCKS, ATTENTION_LEVEL = 5, 3, 4

    def __init__(self, path, device, dtype=torch.float32, memory_format=torch.contiguous_format):
        self.weights = weights_read(path, device, dtype, lambda name: name.startswith(("decoder.", "post_quant_conv.")))
        for name, tensor in self.weights.items():
            if tensor.dim() == 4:
                self.weights[name] = tensor.to(memory_format=memory_format)
        self.dtype, self.memory_format = dtype, memory_format
        codebook = weights_read(path, device, torch.float32, lambda name: name.startswith("quantize."))
        self.codebook = codebook["quantize.embedding.weight"]
        self.codebook_squares = self.codebook.square().sum(dim=1)
        self.low = self.codebook.min(dim=0).values[None, :, None, None]
        self.high = self.codebook.max(dim=0).values[None, :, None, None]

    def convolution(self, name, x, padding):
        return F.conv2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], padding=padding)

    def norm(self, name, x):
        return F.group_norm(x, 32, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], eps=1e-6)

    def residual(self, name, x):
        h = self.convolution(f"{name}.conv1", F.silu(self.norm(f"{name}.norm1", x)), 1)
        h = self.convolution(f"{name}.conv2", F.silu(self.norm(f"{name}.norm2", h)), 1)
        if f"{name}.nin_shortcut.weight" in self.weights:
            x = self.convolution(f"{name}.nin_shortcut", x, 0)
        return x + h

    def attention(self, name, x):
        batch, width, height, columns = x.shape
        h = self.norm(f"{name}.norm", x)
        parts = [self.convolution(f"{name}.{part}", h, 0).flatten(2).transpose(1, 2) for part in "qkv"]
        h = attend(*parts).transpose(1, 2).reshape(batch, width, height, columns)
        return x + self.convolution(f"{name}.proj_out", h, 0)

    def quantise(self, z):
        rows = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])
        with torch.no_grad(), torch.autocast(z.device.type, enabled=False):
            distances = self.codebook_squares - 2 * rows @ self.codebook.T
            codes = distances.argmin(dim=1)
            chosen = self.codebook[codes].reshape(z.shape[0], z.shape[2], z.shape[3], -1).permute(0, 3, 1, 2)
            difference = chosen - z
        return z + difference

    def decode(self, z):
        """z (pictures, 256, rows, columns) to (pictures, 3, 16 rows, 16 columns), about -1 to 1."""
        h = self.quantise(z).to(self.dtype, memory_format=self.memory_format)
        h = self.convolution("post_quant_conv", h, 0)
        h = self.convolution("decoder.conv_in", h, 1)
        h = self.residual("decoder.mid.block_1", h)
        h = self.attention("decoder.mid.attn_1", h)
        h = self.residual("decoder.mid.block_2", h)
        for level in reversed(range(self.LEVELS)):
            for block in range(self.BLOCKS):
                h = self.residual(f"decoder.up.{level}.block.{block}", h)
                if level == self.ATTENTION_LEVEL:
                    h = self.attention(f"decoder.up.{level}.attn.{block}", h)
            if level > 0:
                h = F.interpolate(h, scale_factor=2.0, mode="nearest")
                h = self.convolution(f"decoder.up.{level}.upsample.conv", h, 1)
        return self.convolution("decoder.conv_out", F.silu(self.norm("decoder.norm_out", h)), 1)

    def picture(self, z):
        """In f32, 0 to 1."""
        return Clamp01.apply((self.decode(z).float() + 1) / 2)


# ---- CLIP's image tower ----


class Tower:
    LAYERS, HEADS, PATCH = 12, 12, 32
    MEAN = (0.48145466, 0.4578275, 0.40821073)
    DEVIATION = (0.26862954, 0.26130258, 0.27577711)

    def __init__(self, path, device, dtype=torch.float32):
        self.dtype = dtype
        self.weights = weights_read(path, device, dtype, lambda name: name.startswith("visual."))
        self.mean = torch.tensor(self.MEAN, device=device)[None, :, None, None]
        self.deviation = torch.tensor(self.DEVIATION, device=device)[None, :, None, None]

    def linear(self, name, x):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def norm(self, name, x):
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return F.layer_norm(x, (x.shape[-1],), weight, bias)

    def block(self, name, x):
        batch, tokens, width = x.shape
        h = self.norm(f"{name}.ln_1", x)
        h = F.linear(h, self.weights[f"{name}.attn.in_proj_weight"], self.weights[f"{name}.attn.in_proj_bias"])
        query, key, value = h.reshape(batch, tokens, 3, self.HEADS, width // self.HEADS).permute(2, 0, 3, 1, 4)
        h = attend(query, key, value).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.linear(f"{name}.attn.out_proj", h)
        h = self.linear(f"{name}.mlp.c_fc", self.norm(f"{name}.ln_2", x))
        return x + self.linear(f"{name}.mlp.c_proj", h * torch.sigmoid(1.702 * h))

    def embed(self, pixels):
        """pixels (batch, 3, 224, 224), 0 to 1."""
        h = ((pixels - self.mean) / self.deviation).to(self.dtype)
        h = F.conv2d(h, self.weights["visual.conv1.weight"], stride=self.PATCH).flatten(2).transpose(1, 2)
        front = self.weights["visual.class_embedding"].to(h.dtype).expand(h.shape[0], 1, -1)
        h = torch.cat([front, h], dim=1) + self.weights["visual.positional_embedding"]
        h = self.norm("visual.ln_pre", h)
        for layer in range(self.LAYERS):
            h = self.block(f"visual.transformer.resblocks.{layer}", h)
        return self.norm("visual.ln_post", h[:, 0]) @ self.weights["visual.proj"]


# ---- Crops ----


def low_pass(side_in, side_out):
    """Lanczos-2 kernel for shrinking, as the public notebooks sample it."""
    ratio = side_out / side_in
    reach = math.ceil(2 / ratio)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float64) * ratio
    kernel = torch.sinc(offsets) * torch.sinc(offsets / 2) * (offsets.abs() < 2)
    return kernel / kernel.sum()


def resampling_matrix(side_in, side_out):
    """(side_out, side_in): low-pass with reflected borders where it shrinks, then bicubic with aligned corners."""
    columns = torch.eye(side_in, dtype=torch.float64)[None]  # as channels: each one a signal with a single 1
    if side_out < side_in:
        kernel = low_pass(side_in, side_out)
        reach = len(kernel) // 2
        padded = F.pad(columns, (reach, reach), mode="reflect")
        columns = F.conv1d(padded.transpose(0, 1), kernel[None, None]).transpose(0, 1)
    size = (side_out, 1)
    return F.interpolate(columns[..., None], size, mode="bicubic", align_corners=True)[0, :, :, 0].T.float()


class Crops:
    """Random squares of the pictures, resampled, augmented and noisy: all at once."""

    def __init__(self, device, count):
        self.device, self.count = device, count  # of one picture
        smallest, largest = min(CROP, SIDE), SIDE
        table = torch.zeros(largest - smallest + 1, CROP, SIDE + largest)
        for index, side in enumerate(range(smallest, largest + 1)):
            # Columns of the picture before the crop's first one are read off left of the matrix.
            table[index, :, SIDE : SIDE + side] = resampling_matrix(side, CROP)
        self.table = table.to(device)
        self.smallest, self.largest = smallest, largest
        self.columns = torch.arange(SIDE, device=device)
        axis = torch.linspace(-1, 1, CROP, device=device)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self.points = torch.stack([x, y, torch.ones_like(x)], dim=-1).reshape(-1, 3)
        self.identity = torch.eye(3, device=device)
        self.corners = torch.tensor([[-1.0, 1, 1, -1], [-1, -1, 1, 1]], device=device)[:, None]
        self.from_square = torch.tensor([[2.0, 0, -1], [0, 2, -1], [0, 0, 1]], device=device)

    def matrices(self, index, first):
        """(crops, 224, 256): from a row or column of the picture to one of the crop."""
        chosen = self.table[index]
        columns = (self.columns[None] - first[:, None] + SIDE)[:, None, :].expand(-1, CROP, -1)
        return chosen.gather(2, columns)

    def cut(self, pictures):
        """(pictures, 3, 256, 256) to (pictures x crops, 3, 224, 224)."""
        count = pictures.shape[0] * self.count
        index = (torch.rand(count, device=self.device) * (self.largest - self.smallest)).long()
        room = (SIDE + 1 - self.smallest - index).float()
        left = (torch.rand(count, device=self.device) * room).long()
        top = (torch.rand(count, device=self.device) * room).long()
        across = self.matrices(index, left).reshape(-1, self.count, 1, CROP, SIDE)
        down = self.matrices(index, top).reshape(-1, self.count, 1, CROP, SIDE)
        return (down @ pictures[:, None] @ across.transpose(-1, -2)).flatten(0, 1)

    def uniform(self, count, limit):
        return (2 * torch.rand(count, device=self.device) - 1) * limit

    def used(self, count, probability):
        return torch.rand(count, device=self.device) < probability

    def warp(self, crops, matrices, padding):
        """Samples where the matrices (crops, 3, 3) take the points of the result; coordinates -1 to 1."""
        at = self.points @ matrices.transpose(1, 2)
        grid = (at[..., :2] / at[..., 2:]).reshape(-1, CROP, CROP, 2)
        return F.grid_sample(crops, grid, mode="bilinear", padding_mode=padding, align_corners=True)

    def affine(self, count):
        """Flip, then rotation, shift and shear."""
        radian = math.pi / 180
        angle = self.uniform(count, 15 * radian)
        shear = torch.tan(self.uniform(count, 5 * radian))
        zero, one = torch.zeros_like(angle), torch.ones_like(angle)
        cosine, sine = angle.cos(), angle.sin()
        rows = [cosine, sine + shear, self.uniform(count, 0.2), -sine, cosine, self.uniform(count, 0.2), zero, zero, one]
        drawn = torch.stack(rows, dim=1).reshape(-1, 3, 3)
        matrices = torch.where(self.used(count, 0.7)[:, None, None], drawn, self.identity)
        flip = torch.where(self.used(count, 0.5), -one, one)
        return matrices * torch.stack([flip, one, one], dim=1)[:, :, None]

    def perspective(self, count):
        """Every corner moves inwards by up to 0.7 of half a side; in closed form, from the unit square to the four
        corners and inverted by the adjugate."""
        x, y = (self.corners * (1 - 0.7 * torch.rand(2, count, 4, device=self.device))).unbind()
        (x0, x1, x2, x3), (y0, y1, y2, y3) = x.unbind(1), y.unbind(1)
        dx1, dx2, dx3 = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
        dy1, dy2, dy3 = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
        divisor = dx1 * dy2 - dx2 * dy1
        g, h = (dx3 * dy2 - dx2 * dy3) / divisor, (dx1 * dy3 - dx3 * dy1) / divisor
        rows = [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, torch.ones_like(g)]
        a, b, c = torch.stack(rows, dim=1).reshape(-1, 3, 3).unbind(1)
        adjugate = [torch.linalg.cross(b, c, dim=1), torch.linalg.cross(c, a, dim=1), torch.linalg.cross(a, b, dim=1)]
        to_square = torch.stack(adjugate, dim=2)
        return torch.where(self.used(count, 0.7)[:, None, None], self.from_square @ to_square, self.identity)

    def jitter(self, crops):
        """Brightness added, contrast and saturation multiplied, hue turned, 0.1 each."""
        count = crops.shape[0]
        used = self.used(count, 0.7).float()
        brightness, contrast, saturation, hue = [(self.uniform(count, 0.1) * used)[:, None, None] for _ in range(4)]
        x = (crops + brightness[:, None]).clamp(0, 1)
        x = (x * (1 + contrast[:, None])).clamp(0, 1)
        red, green, blue = x.unbind(1)
        value, which = x.max(dim=1)
        spread = value - x.min(dim=1).values
        safe = torch.where(spread > 0, spread, torch.ones_like(spread))
        sixths = torch.where(
            which == 0, (green - blue) / safe, torch.where(which == 1, (blue - red) / safe + 2, (red - green) / safe + 4)
        )
        sixths = torch.where(spread > 0, sixths, torch.zeros_like(sixths)) + 6 * hue
        chroma = torch.minimum(spread * (1 + saturation), value)
        channels = []
        for offset in (5, 3, 1):
            distance = torch.remainder(sixths + offset, 6)
            channels.append(value - chroma * torch.minimum(distance, 4 - distance).clamp(0, 1))
        return torch.stack(channels, dim=1)

    def make(self, pictures):
        crops = self.cut(pictures)
        count = crops.shape[0]
        crops = self.warp(crops, self.affine(count), "border")
        crops = self.warp(crops, self.perspective(count), "zeros")
        crops = self.jitter(crops)
        scale = 0.1 * torch.rand(count, 1, 1, 1, device=self.device)
        return Clamp01.apply(crops + scale * torch.randn_like(crops))


# ---- The optimisation ----


class Optimisation:
    """`pictures` renders of the paper's configuration, side by side in one batch."""

    def __init__(self, options, mode, pictures, memory_format):
        device = torch.device(options.device)
        kind, precision = mode.split("_")
        self.autocast = {"dtype": torch.bfloat16, "enabled": mode == "eager_bf16"}
        dtype = torch.bfloat16 if precision == "bf16" and kind != "eager" else torch.float32
        path = options.folder / "vqgan_f16_16384.safetensors"
        self.generator = Generator(path, device, dtype, getattr(torch, memory_format))
        self.tower = Tower(options.folder / "vit_b_32.safetensors", device, dtype)
        self.crops = Crops(device, options.crops)
        self.device, self.pictures = device, pictures
        codes = torch.randint(len(self.generator.codebook), (pictures * GRID * GRID,), device=device)
        start = self.generator.codebook[codes].reshape(pictures, GRID, GRID, -1).permute(0, 3, 1, 2)
        self.z = start.clone(memory_format=torch.contiguous_format).requires_grad_()
        self.target = F.normalize(torch.randn(1, 512, device=device), dim=1)
        on_gpu = {"capturable": True} if device.type == "cuda" else {}
        self.adam = torch.optim.Adam([self.z], lr=0.15, **on_gpu)
        self.loss = self.loss_of

    def loss_of(self, z):
        with torch.autocast(self.device.type, **self.autocast):
            picture = self.generator.picture(z)
        crops = self.crops.make(picture)
        with torch.autocast(self.device.type, **self.autocast):
            embeddings = self.tower.embed(crops)
        chords = (F.normalize(embeddings.float(), dim=1) - self.target).norm(dim=1)
        distances = 2 * torch.asin(chords / 2) ** 2
        # Renders do not depend on each other: their losses are added.
        return self.pictures * (distances.mean() + 0.1 * z.square().mean())

    def step(self):
        loss = self.loss(self.z)
        loss.backward()
        self.adam.step()
        self.adam.zero_grad(set_to_none=False)
        with torch.no_grad():
            self.z.copy_(torch.maximum(torch.minimum(self.z, self.generator.high), self.generator.low))
        return loss

    def compile(self):
        self.loss = torch.compile(self.loss_of, mode="reduce-overhead")

    def record(self):
        """Turns `step` into the replay of a CUDA graph."""
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss = self.step()

        def replay():
            graph.replay()
            return loss

        self.step = replay


# ---- Measuring ----


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def versions(device):
    result = {"torch": torch.__version__, "device": "cpu"}
    if device.type == "cuda":
        result["device"] = torch.cuda.get_device_name(device)
        result["cuda"] = torch.version.cuda
        result["cudnn"] = torch.backends.cudnn.version()
    return result


def timed(optimisation, steps):
    """Seconds for one step, over all of them without a wait in between."""
    synchronize(optimisation.device)
    started = time.perf_counter()
    for _ in range(steps):
        loss = optimisation.step()
    synchronize(optimisation.device)
    return (time.perf_counter() - started) / steps, float(loss)


def faster_format(options, mode):
    """The memory format in which a few eager steps are faster."""
    seconds = {}
    for name in ("contiguous_format", "channels_last"):
        optimisation = Optimisation(options, mode, options.pictures[0], name)
        timed(optimisation, 3)  # finds algorithms
        seconds[name] = timed(optimisation, 5)[0]
        del optimisation
    return min(seconds, key=seconds.get)


def measure_mode(options, mode):
    """One line for each number of pictures."""
    device = torch.device(options.device)
    kind = mode.split("_")[0]
    if kind == "compiled" and not hasattr(torch, "compile"):
        raise RuntimeError("this PyTorch has no torch.compile")
    if kind != "eager" and device.type != "cuda":
        raise RuntimeError("only on a GPU")
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    memory_format = options.memory_format or faster_format(options, mode)
    for pictures in options.pictures:
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
        started = time.perf_counter()
        optimisation = Optimisation(options, mode, pictures, memory_format)
        if kind == "compiled":
            optimisation.compile()
        elif kind == "graph":
            optimisation.record()
        timed(optimisation, options.warm_up)
        prepared = time.perf_counter() - started
        seconds, loss = timed(optimisation, options.steps)
        peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
        line = {"peer": mode, "pictures": pictures, "crops": options.crops, "steps": options.steps}
        line["memory_format"] = memory_format
        line["seconds_per_step"] = seconds
        line["seconds_per_picture"] = STEPS_OF_A_PICTURE * seconds / pictures
        line.update({"prepare_seconds": prepared, "peak_memory_bytes": peak, "loss": loss, **versions(device)})
        print(json.dumps(line), flush=True)
        del optimisation


def measure(options):
    """Runs every mode in a process of its own, one after the other."""
    known_format = []  # torch.compile has no time for the search
    for mode in options.mode or MODES:
        command = [sys.executable, __file__, *sys.argv[1:], "--child", mode]
        if mode == "compiled_bf16":
            command += known_format
        failure = None
        try:
            child = subprocess.run(command, capture_output=True, text=True, timeout=options.limit)
            output = child.stdout
            if child.returncode != 0:
                lines = [line for line in child.stderr.splitlines() if line.strip()]
                failure = lines[-1] if lines else f"exit code {child.returncode}"
        except subprocess.TimeoutExpired as expired:
            output = (expired.stdout or b"").decode()
            failure = f"took longer than {options.limit} s"
        print(output, end="", flush=True)
        if failure is not None:
            print(json.dumps({"peer": mode, "failure": failure}), flush=True)
        elif mode == "graph_bf16":
            known_format = ["--memory-format", json.loads(output.splitlines()[0])["memory_format"]]


def median_seconds(function, count=10):
    seconds = []
    for index in range(count + 3):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        function()
        end.record()
        torch.cuda.synchronize()
        if index >= 3:
            seconds.append(begin.elapsed_time(end) / 1000)
    return statistics.median(seconds)


def measure_card(_):
    device = torch.device("cuda")
    side, size = 8192, 1 << 31
    left, right = torch.randn(2, side, side, device=device, dtype=torch.bfloat16).unbind()
    product = median_seconds(lambda: left @ right)
    source, copy = torch.empty(2, size, device=device, dtype=torch.uint8).unbind()
    copying = median_seconds(lambda: copy.copy_(source))
    line = {"card": versions(device)["device"], "bf16_product_flops_per_second": 2 * side**3 / product}
    line["copy_bytes_per_second"] = 2 * size / copying  # read and written
    line.update(versions(device))
    print(json.dumps(line))


# ---- Checking ----


def run_program(options, command, inputs):
    """What vqclip computes with the inputs."""
    with tempfile.TemporaryDirectory() as folder:
        inputs_path, outputs_path = Path(folder) / "in.safetensors", Path(folder) / "out.safetensors"
        safetensors_write(inputs_path, inputs)
        files = ["--input", inputs_path, "--output", outputs_path]
        subprocess.run([options.program, *command, *files, "--device", options.device], check=True)
        return safetensors_read(outputs_path)


def compare(name, actual, expected):
    error = float((actual.cpu() - expected.detach().cpu()).abs().max() / expected.abs().max())
    print(json.dumps({"check": name, "error": error, "limit": CHECK_LIMIT, "passed": error <= CHECK_LIMIT}))
    return error <= CHECK_LIMIT


def check_generator(options):
    path = options.folder / "vqgan_f16_16384.safetensors"
    generator = Generator(path, torch.device("cpu"))
    z = torch.randn(1, 256, options.grid, options.grid).requires_grad_()
    weight = torch.randn(1, 3, 16 * options.grid, 16 * options.grid)
    command = ["reconstruct", "--generator", path.with_suffix(".yaml"), "--checkpoint", path]
    actual = run_program(options, command, {"z": z, "out_weight": weight})
    decoded = generator.decode(z)
    (gradient,) = torch.autograd.grad((decoded * weight).sum(), z)
    passed = compare("decoder", actual["decoded"], decoded)
    return compare("decoder, gradient", actual["z_grad"], gradient) and passed


def check_tower(options):
    path = options.folder / "vit_b_32.safetensors"
    tower = Tower(path, torch.device("cpu"))
    pixels = torch.rand(2, 3, CROP, CROP).requires_grad_()
    weight = torch.randn(2, 512)
    actual = run_program(options, ["embed", "--perceptor", path], {"pixels": pixels, "embed_weight": weight})
    embeddings = tower.embed(pixels)
    (gradient,) = torch.autograd.grad((embeddings * weight).sum(), pixels)
    passed = compare("image tower", actual["image_embed"], embeddings)
    return compare("image tower, gradient", actual["pixels_grad"], gradient) and passed


def check_resampling(options):
    """The matrices of the crops against the reference file, where the picture has a square shape."""
    path = options.shared / "reference" / "resample_expected.safetensors"
    if not path.exists():
        return True
    reference = safetensors_read(path)
    passed = True
    for index in range(5):
        picture, expected = reference[f"in{index}"], reference[f"out{index}"]
        down = resampling_matrix(picture.shape[2], expected.shape[2])
        across = resampling_matrix(picture.shape[3], expected.shape[3])
        passed = compare(f"resampling, {index}", down @ picture @ across.T, expected) and passed
    return passed


def check_crops():
    """That where nothing is drawn the matrices of a crop are those of its rectangle."""
    crops = Crops(torch.device("cpu"), 1)
    picture = torch.rand(SIDE, SIDE)
    side, left, top = 240, 7, 13
    index = torch.tensor([side - crops.smallest])
    across, down = crops.matrices(index, torch.tensor([left])), crops.matrices(index, torch.tensor([top]))
    matrix = resampling_matrix(side, CROP)
    expected = matrix @ picture[top : top + side, left : left + side] @ matrix.T
    return compare("crop at its place", (down @ picture @ across.transpose(1, 2))[0], expected)


def check(options):
    torch.manual_seed(1)
    results = [check_generator(options), check_tower(options), check_resampling(options), check_crops()]
    sys.exit(0 if all(results) else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("measure")
    command.add_argument("folder", type=Path)
    command.add_argument("--mode", action="append", choices=MODES)
    command.add_argument("--pictures", type=int, nargs="+", default=[1])
    command.add_argument("--steps", type=int, default=50)
    command.add_argument("--warm-up", type=int, default=10)
    command.add_argument("--crops", type=int, default=CROPS)
    command.add_argument("--memory-format", choices=("contiguous_format", "channels_last"))
    command.add_argument("--device", default="cuda")
    command.add_argument("--limit", type=int, default=90, help="seconds for a mode")
    command.add_argument("--child", choices=MODES, help=argparse.SUPPRESS)
    command.set_defaults(run=measure)
    command = commands.add_parser("card")
    command.set_defaults(run=measure_card)
    command = commands.add_parser("check")
    command.add_argument("folder", type=Path)
    command.add_argument("--program", type=Path, required=True)
    command.add_argument("--device", default="cpu")
    command.add_argument("--grid", type=int, default=GRID, help="rows and columns of the latent")
    command.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[3] / "shared")
    command.set_defaults(run=check)
    options = parser.parse_args()
    if getattr(options, "child", None):
        measure_mode(options, options.child)
    else:
        options.run(options)


if __name__ == "__main__":
    main()
