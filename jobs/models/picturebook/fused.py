"""Group norm with swish in one pass over memory, for training on a CPU.

`fused.c` is compiled when first needed. On a GPU, where there is no C compiler,
or when autocast is off, the same is computed with PyTorch's own operations.
"""

import ctypes
import functools
import pathlib
import shutil
import subprocess
import tempfile

import torch
import torch.nn.functional as F

SOURCE = pathlib.Path(__file__).with_name("fused.c")
FLAGS = "-O3 -march=native -ffast-math -fopenmp -shared -fPIC".split()


@functools.cache
def library():
    """The compiled operations, or None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    target = pathlib.Path(tempfile.mkdtemp(prefix="picturebook-")) / "fused.so"
    subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(target), "-lmvec", "-lm"], check=True)
    return ctypes.CDLL(str(target))


def pointers(*tensors):
    return [ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors]


class GroupNormSwish(torch.autograd.Function):
    """x (B,C,H,W) in channels-last bf16 → the same shape."""

    @staticmethod
    def forward(context, x, weight, bias, groups, epsilon, swish):
        x = x.detach().to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
        pictures, channels, height, width = x.shape
        y = torch.empty_like(x)
        mean, rstd = torch.empty(2, pictures, groups)
        library().group_norm_forward(
            *pointers(x, y, weight, bias, mean, rstd),
            *(pictures, channels, height * width, groups),
            *(ctypes.c_float(epsilon), int(swish), torch.get_num_threads()),
        )
        context.save_for_backward(x, weight, bias, mean, rstd)
        context.settings = groups, swish
        return y

    @staticmethod
    def backward(context, dy):
        x, weight, bias, mean, rstd = context.saved_tensors
        groups, swish = context.settings
        pictures, channels, height, width = x.shape
        dy = dy.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
        dx = torch.empty_like(x)
        dweight, dbias = torch.empty(2, pictures, channels)
        library().group_norm_backward(
            *pointers(x, dy, dx, weight, bias, mean, rstd, dweight, dbias),
            *(pictures, channels, height * width, groups, int(swish), torch.get_num_threads()),
        )
        return dx, dweight.sum(0), dbias.sum(0), None, None, None


def group_norm(norm, x, swish=False):
    """A torch.nn.GroupNorm applied to x, with swish after it if asked for."""
    if x.is_cuda and torch.is_autocast_enabled("cuda"):
        return group_norm_bfloat16(norm, x, swish)
    if x.device.type == "cpu" and torch.is_autocast_enabled("cpu") and library():
        return GroupNormSwish.apply(x, norm.weight, norm.bias, norm.num_groups, norm.eps, swish)
    y = F.group_norm(x.float(), norm.num_groups, norm.weight, norm.bias, norm.eps)
    return F.silu(y) if swish else y


def group_norm_bfloat16(norm, x, swish):
    """Without autocast, which would write float32 (statistics are computed in float32 all the same)."""
    with torch.autocast("cuda", enabled=False):
        x, weight, bias = (tensor.bfloat16() for tensor in (x, norm.weight, norm.bias))
        y = F.group_norm(x, norm.num_groups, weight, bias, norm.eps)
        return F.silu(y) if swish else y
