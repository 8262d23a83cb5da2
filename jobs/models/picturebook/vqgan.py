"""The VQGAN of taming-transformers, with its parameter names.

Pictures are (B,3,H,W) in -1..1, latents and codes (B,D,H/f,W/f). While training,
`skip` leaves out the outermost levels: the rest works on pictures 2^skip times
smaller, which is several times as fast.
"""

import torch.nn.functional as F
from torch import nn

from fused import group_norm

CONFIG = {
    "embed_dim": 64,
    "n_embed": 2048,
    "ddconfig": {
        "double_z": False,
        "z_channels": 64,
        "resolution": 64,
        "in_channels": 3,
        "out_ch": 3,
        "ch": 64,
        "ch_mult": [1, 1, 2, 2, 2],
        "num_res_blocks": 1,
        "attn_resolutions": [],
        "dropout": 0.0,
    },
}


def make_norm(channels):
    return nn.GroupNorm(32, channels, eps=1e-6)


def start_at_zero(layer):
    """So that a residual block begins as the identity, which speeds up training."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)


class ResnetBlock(nn.Module):
    def __init__(self, channels, out_channels):
        super().__init__()
        self.norm1 = make_norm(channels)
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.norm2 = make_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        start_at_zero(self.conv2)
        if channels != out_channels:
            self.nin_shortcut = nn.Conv2d(channels, out_channels, 1)

    def forward(self, x):
        h = self.conv1(group_norm(self.norm1, x, swish=True))
        h = self.conv2(group_norm(self.norm2, h, swish=True))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttnBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = make_norm(channels)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)
        start_at_zero(self.proj_out)

    def forward(self, x):
        h = group_norm(self.norm, x)
        q, k, v = (layer(h).flatten(2).transpose(1, 2) for layer in (self.q, self.k, self.v))
        h = F.scaled_dot_product_attention(q, k, v)  # (B,H*W,C)
        return x + self.proj_out(h.transpose(1, 2).reshape(x.shape))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Middle(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block_1 = ResnetBlock(channels, channels)
        self.attn_1 = AttnBlock(channels)
        self.block_2 = ResnetBlock(channels, channels)

    def forward(self, x):
        return self.block_2(self.attn_1(self.block_1(x)))


class Level(nn.Module):
    """The blocks of one resolution, each with attention after it if asked for."""

    def __init__(self, channels, out_channels, blocks, attention):
        super().__init__()
        inputs = [channels] + [out_channels] * (blocks - 1)
        self.block = nn.ModuleList(ResnetBlock(c, out_channels) for c in inputs)
        self.attn = nn.ModuleList(AttnBlock(out_channels) for _ in inputs if attention)

    def forward(self, x):
        for k, block in enumerate(self.block):
            x = block(x)
            if len(self.attn):
                x = self.attn[k](x)
        return x


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, resolution = config["ch"], config["resolution"]
        self.conv_in = nn.Conv2d(config["in_channels"], width, 3, padding=1)
        self.down = nn.ModuleList()
        channels, last = width, len(config["ch_mult"]) - 1
        for k, factor in enumerate(config["ch_mult"]):
            attention = resolution in config["attn_resolutions"]
            level = Level(channels, width * factor, config["num_res_blocks"], attention)
            channels = width * factor
            if k < last:
                level.downsample = Downsample(channels)
                resolution //= 2
            self.down.append(level)
        self.mid = Middle(channels)
        self.norm_out = make_norm(channels)
        self.conv_out = nn.Conv2d(channels, config["z_channels"], 3, padding=1)

    def forward(self, x, skip=0):
        h = self.conv_in(x)
        for level in self.down[skip:]:
            h = level(h)
            if hasattr(level, "downsample"):
                h = level.downsample(h)
        return self.conv_out(group_norm(self.norm_out, self.mid(h), swish=True))


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, factors = config["ch"], config["ch_mult"]
        resolution = config["resolution"] // 2 ** (len(factors) - 1)
        channels = width * factors[-1]
        self.conv_in = nn.Conv2d(config["z_channels"], channels, 3, padding=1)
        self.mid = Middle(channels)
        levels = []
        for k, factor in reversed(list(enumerate(factors))):
            attention = resolution in config["attn_resolutions"]
            level = Level(channels, width * factor, config["num_res_blocks"] + 1, attention)
            channels = width * factor
            if k > 0:
                level.upsample = Upsample(channels)
                resolution *= 2
            levels.insert(0, level)
        self.up = nn.ModuleList(levels)
        self.norm_out = make_norm(channels)
        self.conv_out = nn.Conv2d(channels, config["out_ch"], 3, padding=1)

    def forward(self, z, skip=0):
        h = self.mid(self.conv_in(z))
        for k in reversed(range(skip, len(self.up))):
            h = self.up[k](h)
            if k > skip:
                h = self.up[k].upsample(h)
        return self.conv_out(group_norm(self.norm_out, h, swish=True))


class Quantizer(nn.Module):
    """A codebook whose rows follow a moving average of the latents they stand for."""

    def __init__(self, codes, dimensions):
        super().__init__()
        self.embedding = nn.Embedding(codes, dimensions)
        self.embedding.weight.requires_grad_(False)

    def nearest(self, z):
        """Indices of the nearest rows: z (B,D,H,W) → (B,H,W)."""
        rows = self.embedding.weight
        points = z.permute(0, 2, 3, 1)
        return (rows.square().sum(1) - 2 * points @ rows.T).argmin(-1)

    def look_up(self, indices):
        """(B,H,W) → (B,D,H,W)."""
        return self.embedding(indices).permute(0, 3, 1, 2)


class VQModel(nn.Module):
    def __init__(self, config=CONFIG):
        super().__init__()
        inner, outer = config["ddconfig"]["z_channels"], config["embed_dim"]
        self.encoder = Encoder(config["ddconfig"])
        self.decoder = Decoder(config["ddconfig"])
        self.quantize = Quantizer(config["n_embed"], outer)
        self.quant_conv = nn.Conv2d(inner, outer, 1)
        self.post_quant_conv = nn.Conv2d(outer, inner, 1)

    def encode(self, x, skip=0):
        """(B,3,H,W) → latents before quantisation (B,D,H/f,W/f)."""
        return self.quant_conv(self.encoder(x, skip)).float()

    def decode(self, codes, skip=0):
        """(B,D,H/f,W/f) → (B,3,H,W)."""
        return self.decoder(self.post_quant_conv(codes), skip).float()

    def reconstruct(self, x):
        return self.decode(self.quantize.look_up(self.quantize.nearest(self.encode(x))))
