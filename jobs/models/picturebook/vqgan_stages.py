"""Training of the VQGAN: first for the pixels, then for sharpness.

Notation: x pictures (B,3,64,64) in -1..1, z latents (B,D,4,4), codes the same
after quantisation.
"""

import torch
import torch.nn.functional as F
from torch import nn

import vqgan
from stage import Stage, apply_gradients, autocast, learning_rate

FREE_STEPS = 300  # steps before latents are quantised
CLEAN_STEPS = 1000  # steps before codes are disturbed
COMMITMENT = 0.25


class CodeAverage(nn.Module):
    """Keeps each row of a codebook at the moving average of its latents."""

    decay = 0.99

    def __init__(self, quantizer):
        super().__init__()
        self.quantizer = [quantizer]  # in a list: not a submodule of this one
        codes, dimensions = quantizer.embedding.weight.shape
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", torch.zeros(codes, dimensions))

    @property
    def rows(self):
        return self.quantizer[0].embedding.weight.data

    def start(self, points, rounds=10):
        """k-means: points (N,D) → rows."""
        codes = len(self.rows)
        self.rows.copy_(points[torch.randperm(len(points))[:codes]])
        for _ in range(rounds):
            nearest = torch.cdist(points, self.rows).argmin(1)
            counts = torch.bincount(nearest, minlength=codes).float()
            sums = torch.zeros_like(self.rows).index_add_(0, nearest, points)
            spare = points[torch.randint(len(points), (codes,))]
            means = sums / counts.clamp(min=1)[:, None]
            self.rows.copy_(torch.where(counts[:, None] > 0, means, spare))
        self.counts.fill_(0.25)
        self.sums.copy_(self.rows * self.counts[:, None])

    def update(self, points, indices):
        """points (N,D) and their codes (N)."""
        codes = len(self.rows)
        counts = torch.bincount(indices, minlength=codes).float()
        sums = torch.zeros_like(self.rows).index_add_(0, indices, points)
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        self.revive(points)
        self.rows.copy_(self.sums / self.counts[:, None])

    def live_share(self):
        """Share of the rows in use, at least a tenth as much as all would be alike."""
        return (self.counts > 0.1 * self.counts.mean()).float().mean().item()

    def revive(self, points):
        """Moves rows that are hardly ever nearest onto random latents."""
        fair = len(points) / len(self.rows)
        dead = (self.counts < 0.03 * fair).nonzero()[:, 0]
        chosen = points[torch.randint(len(points), (len(dead),))]
        self.counts[dead] = 0.3 * fair
        self.sums[dead] = 0.3 * fair * chosen


def disturb(straight, codes):
    """Puts codes of other pictures into some cells of some pictures.

    The target stays the undisturbed picture, so the decoder learns to make a
    whole picture of cells that do not quite fit together, as guidance meets
    them.
    """
    pictures, _, height, width = codes.shape
    share = 0.35 * torch.rand(pictures, 1, 1, 1) * (torch.rand(pictures, 1, 1, 1) < 0.4)
    foreign = torch.rand(pictures, 1, height, width) < share
    return torch.where(foreign, codes.roll(1, 0), straight)


def pixel_loss(y, x):
    """Mean absolute, squared, edge and colour differences."""
    difference = y - x
    edges = sum(difference.diff(dim=axis).abs().mean() for axis in (2, 3))
    colors = (difference - difference.mean(1, keepdim=True)).abs().mean()
    return difference.abs().mean() + difference.square().mean() + 0.5 * edges + colors


def start_as_identity(model):
    """Makes the outermost level pass pictures of half the size through unchanged."""
    down, up = model.encoder.down[0].downsample.conv, model.decoder.up[1].upsample.conv
    vqgan.start_at_zero(down)
    vqgan.start_at_zero(up)
    channels = torch.arange(len(down.weight))
    with torch.no_grad():
        down.weight[channels, channels, :2, :2] = 0.25
        up.weight[channels, channels, 1, 1] = 1


class PixelStage(Stage):
    """Reconstruction by pixel differences, on pictures 2^skip times smaller."""

    def __init__(self, name, model, average, pictures, steps, skip, rate, seed):
        super().__init__(name, steps, seed)
        self.model, self.average, self.pictures = model, average, pictures
        self.skip, self.rate = skip, rate
        self.batch = 16 if skip else 8
        model.train().requires_grad_(True)
        model.quantize.requires_grad_(False)
        self.fresh = skip > 0  # the first stage starts without codes
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=rate, betas=(0.9, 0.98))
        self.state = {"model": model, "average": average, "optimizer": self.optimizer}

    def draw_batch(self):
        x = self.pictures.batch(torch.randint(len(self.pictures), (self.batch,)))
        return F.avg_pool2d(x, 2**self.skip) * 2 - 1

    def quantize(self, z, step):
        """Straight-through codes and the commitment loss."""
        if self.fresh and step < FREE_STEPS:
            return z, 0.01 * z.square().mean()
        if self.fresh and step == FREE_STEPS:
            self.start_codes()
        indices = self.model.quantize.nearest(z.detach())
        codes = self.model.quantize.look_up(indices)
        points = z.detach().permute(0, 2, 3, 1).flatten(0, 2)
        self.average.update(points, indices.flatten())
        straight = z + (codes - z).detach()
        if not self.fresh or step >= CLEAN_STEPS:
            straight = disturb(straight, codes)
        return straight, F.mse_loss(z, codes)

    def start_codes(self):
        with torch.no_grad(), autocast():
            latents = [self.model.encode(self.draw_batch(), self.skip) for _ in range(40)]
        self.average.start(torch.cat(latents).permute(0, 2, 3, 1).flatten(0, 2))

    def train_step(self, step):
        x = self.draw_batch()
        with autocast():
            z = self.model.encode(x, self.skip)
        codes, commitment = self.quantize(z, step)
        with autocast():
            y = self.model.decode(codes, self.skip)
        loss = pixel_loss(y, x) + COMMITMENT * commitment
        apply_gradients(self.optimizer, loss, learning_rate(self.rate, step, self.steps))
        return {
            "absolute": (y - x).abs().mean().item(),
            "squared": (y - x).square().mean().item(),
            "commitment": commitment.item(),
            "live": self.average.live_share(),
        }


def small_convolution(channels, out_channels, stride):
    return nn.Conv2d(channels, out_channels, 4, stride=stride, padding=1)


class Discriminator(nn.Sequential):
    """Tells drawn from decoded patches: (B,3,64,64) → (B,1,14,14)."""

    def __init__(self):
        super().__init__(
            small_convolution(3, 48, 2),
            nn.LeakyReLU(0.2),
            small_convolution(48, 96, 2),
            nn.BatchNorm2d(96),
            nn.LeakyReLU(0.2),
            small_convolution(96, 192, 1),
            nn.BatchNorm2d(192),
            nn.LeakyReLU(0.2),
            small_convolution(192, 1, 1),
        )


def feature_loss(tower, y, x):
    """Difference of unit feature vectors in the first maps of a trained perceptor."""
    total = 0
    for a, b in zip(tower.features(y)[:4], tower.features(x)[:4]):
        a, b = F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1)
        total = total + (a - b).square().sum(1).mean()
    return total


class SharpenStage(Stage):
    """Makes the decoder's pictures crisp: features and a discriminator besides pixels.

    Encoder and codebook stay as they are.
    """

    batch = 16
    rate = 4e-4
    feature_weight = 0.5
    adversary_weight = 0.2

    def __init__(self, model, perceptor, pictures, steps, seed):
        super().__init__("vqgan-sharpen", steps, seed)
        self.model, self.perceptor, self.pictures = model, perceptor, pictures
        self.adversary = Discriminator().to(memory_format=torch.channels_last)
        trained = [*model.decoder.parameters(), *model.post_quant_conv.parameters()]
        self.optimizer = torch.optim.Adam(trained, lr=self.rate, betas=(0.9, 0.98))
        self.adversary_optimizer = torch.optim.Adam(
            self.adversary.parameters(), lr=self.rate, betas=(0.5, 0.9)
        )
        self.state = {
            "model": model,
            "adversary": self.adversary,
            "optimizer": self.optimizer,
            "adversary_optimizer": self.adversary_optimizer,
        }

    def prepare(self):
        for part in (self.model.decoder, self.model.post_quant_conv):
            part.train().requires_grad_(True)

    def draw_codes(self):
        """Pictures x, and the codes that an encoder finds for them, some disturbed."""
        x = self.pictures.batch(torch.randint(len(self.pictures), (self.batch,))) * 2 - 1
        with torch.no_grad(), autocast():
            indices = self.model.quantize.nearest(self.model.encode(x))
            codes = self.model.quantize.look_up(indices)
            return x, disturb(codes, codes)

    def balance(self, likeness, realism):
        """The weight that lets realism pull at the last layer as hard as likeness does."""
        last = self.model.decoder.conv_out.weight
        pulls = [
            torch.autograd.grad(loss, last, retain_graph=True)[0].norm()
            for loss in (likeness, realism)
        ]
        return (pulls[0] / (pulls[1] + 1e-6)).clamp(max=100).detach()

    def judge_pictures(self, x):
        with autocast():
            return self.adversary(x).float()

    def train_step(self, step):
        x, codes = self.draw_codes()
        with autocast():
            y = self.model.decode(codes)
            views = [self.perceptor.normalize((picture + 1) / 2) for picture in (y, x)]
            features = feature_loss(self.perceptor.visual, *views)
        likeness = pixel_loss(y, x) + self.feature_weight * features
        realism = -self.judge_pictures(y).mean()
        weight = self.adversary_weight * self.balance(likeness, realism)
        rate = learning_rate(self.rate, step, self.steps)
        apply_gradients(self.optimizer, likeness + weight * realism, rate)
        real, made = self.judge_pictures(x), self.judge_pictures(y.detach())
        doubt = F.relu(1 - real).mean() + F.relu(1 + made).mean()
        apply_gradients(self.adversary_optimizer, doubt, rate)
        return {
            "squared": (y - x).square().mean().item(),
            "features": features.item(),
            "doubt": doubt.item(),
        }
