"""CLIP with OpenAI's architecture and parameter names.

Pictures are (B,3,R,R) in 0..1, tokens (B,L), embeddings (B,E). Attention heads
are 64 wide, as published.
"""

import collections
import math

import torch
import torch.nn.functional as F
from torch import nn

HEAD_WIDTH = 64
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def split_heads(x):
    """(B,L,C) → (B,heads,L,64)."""
    return x.unflatten(-1, (-1, HEAD_WIDTH)).transpose(1, 2)


def attend(q, k, v, causal=False):
    """Attention over (B,heads,L,64); on a CPU faster for short sequences than the fused one."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(1)
        scores = scores.masked_fill(later, -math.inf)
    return scores.softmax(-1).to(v.dtype) @ v


class QuickGELU(nn.Module):
    def forward(self, x):
        return F.silu(1.702 * x) * (1 / 1.702)


class MultiheadAttention(nn.Module):
    """The parameters of torch.nn.MultiheadAttention."""

    def __init__(self, width):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width**-0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x, causal):
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        heads = attend(split_heads(q), split_heads(k), split_heads(v), causal)
        return self.out_proj(heads.transpose(1, 2).flatten(2))


class ResidualAttentionBlock(nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        self.attn = MultiheadAttention(width)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            collections.OrderedDict(
                c_fc=nn.Linear(width, 4 * width),
                gelu=QuickGELU(),
                c_proj=nn.Linear(4 * width, width),
            )
        )
        self.ln_2 = nn.LayerNorm(width)
        last = width**-0.5 * (2 * layers) ** -0.5
        nn.init.normal_(self.attn.out_proj.weight, std=last)
        nn.init.zeros_(self.attn.out_proj.bias)
        nn.init.normal_(self.mlp.c_fc.weight, std=(2 * width) ** -0.5)
        nn.init.normal_(self.mlp.c_proj.weight, std=last)

    def forward(self, x, causal):
        x = x + self.attn(self.ln_1(x), causal)
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        self.resblocks = nn.ModuleList(
            ResidualAttentionBlock(width, layers) for _ in range(layers)
        )

    def forward(self, x, causal=False):
        for block in self.resblocks:
            x = block(x, causal)
        return x


class VisionTransformer(nn.Module):
    def __init__(self, resolution, patch, width, layers, embedding):
        super().__init__()
        scale = width**-0.5
        self.resolution = resolution
        self.conv1 = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.class_embedding = nn.Parameter(scale * torch.randn(width))
        places = (resolution // patch) ** 2 + 1
        self.positional_embedding = nn.Parameter(scale * torch.randn(places, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, layers)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(scale * torch.randn(width, embedding))

    def forward(self, x):
        x = self.conv1(x).flatten(2).transpose(1, 2)  # (B,patches,C)
        first = self.class_embedding.expand(len(x), 1, -1).to(x.dtype)
        x = torch.cat([first, x], dim=1) + self.positional_embedding
        x = self.transformer(self.ln_pre(x))
        return self.ln_post(x[:, 0]) @ self.proj


class Bottleneck(nn.Module):
    def __init__(self, channels, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.avgpool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        nn.init.zeros_(self.bn3.weight)
        self.downsample = None
        if stride > 1 or channels != 4 * planes:
            layers = collections.OrderedDict()
            layers["-1"] = nn.AvgPool2d(stride)
            layers["0"] = nn.Conv2d(channels, 4 * planes, 1, bias=False)
            layers["1"] = nn.BatchNorm2d(4 * planes)
            self.downsample = nn.Sequential(layers)

    def forward(self, x):
        h = F.relu(self.bn1(self.conv1(x)))
        h = F.relu(self.bn2(self.conv2(h)))
        h = self.bn3(self.conv3(self.avgpool(h)))
        return F.relu(h + (x if self.downsample is None else self.downsample(x)))


class AttentionPool2d(nn.Module):
    def __init__(self, side, channels, embedding):
        super().__init__()
        places = side**2 + 1
        self.positional_embedding = nn.Parameter(torch.randn(places, channels) * channels**-0.5)
        self.k_proj = nn.Linear(channels, channels)
        self.q_proj = nn.Linear(channels, channels)
        self.v_proj = nn.Linear(channels, channels)
        self.c_proj = nn.Linear(channels, embedding)

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)  # (B,H*W,C)
        x = torch.cat([x.mean(1, keepdim=True), x], dim=1) + self.positional_embedding
        q, k, v = self.q_proj(x[:, :1]), self.k_proj(x), self.v_proj(x)
        heads = attend(split_heads(q), split_heads(k), split_heads(v))
        return self.c_proj(heads.transpose(1, 2).flatten(1))


class ModifiedResNet(nn.Module):
    def __init__(self, resolution, width, layers, embedding):
        super().__init__()
        self.resolution = resolution
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.avgpool = nn.AvgPool2d(2)
        channels = width
        for k, blocks in enumerate(layers):
            planes = width * 2**k
            strides = [1 if k == 0 else 2] + [1] * (blocks - 1)
            inputs = [channels] + [4 * planes] * (blocks - 1)
            stack = [Bottleneck(c, planes, s) for c, s in zip(inputs, strides)]
            setattr(self, f"layer{k + 1}", nn.Sequential(*stack))
            channels = 4 * planes
        self.attnpool = AttentionPool2d(resolution // 32, channels, embedding)

    def stem(self, x):
        for k in (1, 2, 3):
            convolution, norm = getattr(self, f"conv{k}"), getattr(self, f"bn{k}")
            x = F.relu(norm(convolution(x)))
        return self.avgpool(x)

    def features(self, x):
        """The output of the stem and of each of the four layers."""
        maps = [self.stem(x)]
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps.append(layer(maps[-1]))
        return maps

    def forward(self, x):
        return self.attnpool(self.features(x)[-1])


class CLIP(nn.Module):
    """An image tower, given, and a text tower of the same embedding size."""

    def __init__(self, visual, embedding, vocabulary, context=32, width=128, layers=2):
        super().__init__()
        self.visual = visual
        self.transformer = Transformer(width, layers)
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.positional_embedding = nn.Parameter(0.01 * torch.randn(context, width))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, embedding))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def normalize(self, x):
        return (x - self.mean) / self.std

    def encode_image(self, x):
        return self.visual(self.normalize(x)).float()

    def encode_text(self, tokens):
        """Zeros after the end token (the largest id) do not change the result."""
        ends = tokens.argmax(1)
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        x = self.ln_final(self.transformer(x, causal=True))
        return (x[torch.arange(len(x), device=x.device), ends] @ self.text_projection).float()


# The shapes that are trained. The first two guide, the third only judges.
EMBEDDING = 128
SHAPES = {
    "vit": {"tower": VisionTransformer, "shape": (48, 8, 192, 4), "text_layers": 2},
    "resnet": {"tower": ModifiedResNet, "shape": (64, 20, (1, 2, 2, 1)), "text_layers": 1},
    "judge": {"tower": ModifiedResNet, "shape": (64, 16, (1, 1, 2, 1)), "text_layers": 1},
}


def build_clip(name, vocabulary):
    shape = SHAPES[name]
    tower = shape["tower"](*shape["shape"], EMBEDDING)
    model = CLIP(tower, EMBEDDING, vocabulary, layers=shape["text_layers"])
    return model.to(memory_format=torch.channels_last)
