"""Training of the VQGAN: first for the pixels, then for sharpness.

Notation: x pictures (B,3,64,64) in -1..1, z latents (B,D,4,4), codes the same
after quantisation.
"""

import functools

import torch
import torch.nn.functional as F
from torch import nn

import vqgan
from stage import Stage, apply_gradients, autocast, learning_rate

FREE_SHARE = 0.06  # of the first stage passes before latents are quantised
CLEAN_SHARE = 0.2  # of the first stage passes before codes are disturbed
COMMITMENT = 0.25
POINTS = 8  # latents for each code, of which k-means makes the first codebook


class CodeAverage(nn.Module):
    """Keeps each row of a codebook at the moving average of its latents."""

    decay = 0.99

    def __init__(self, quantizer):
        super().__init__()
        self.quantizer = [quantizer]  # in a list: not a submodule of this one
        codes, dimensions = quantizer.embedding.weight.shape
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", torch.zeros(codes, dimensions))

    @property
    def rows(self):
        return self.quantizer[0].embedding.weight.data

    def start(self, points, rounds=10):
        """k-means: points (N,D) → rows."""
        self.rows.copy_(self.choose(points))
        for _ in range(rounds):
            counts, sums = self.gather(points, torch.cdist(points, self.rows).argmin(1))
            means = sums / counts.clamp(min=1)[:, None]
            self.rows.copy_(torch.where(counts[:, None] > 0, means, self.choose(points)))
        self.counts.fill_(0.25)
        self.sums.copy_(self.rows * self.counts[:, None])
        self.started.fill_(True)

    def choose(self, points):
        """Random points, one for each row."""
        return points[torch.randint(len(points), (len(self.rows),), device=points.device)]

    def gather(self, points, indices):
        """How many points belong to each row, and their sums."""
        counts = torch.zeros_like(self.counts).index_add_(0, indices, torch.ones_like(points[:, 0]))
        return counts, torch.zeros_like(self.rows).index_add_(0, indices, points)

    def update(self, points, indices):
        """points (N,D) and their codes (N)."""
        counts, sums = self.gather(points, indices)
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        self.revive(points)
        self.rows.copy_(self.sums / self.counts[:, None])

    def live_share(self):
        """Share of the rows in use, at least a tenth as much as all would be alike."""
        return (self.counts > 0.1 * self.counts.mean()).float().mean()

    def revive(self, points):
        """Moves rows that are hardly ever nearest onto random latents."""
        fair = len(points) / len(self.rows)
        dead = self.counts < 0.03 * fair
        fresh = 0.3 * fair * self.choose(points)
        self.counts.masked_fill_(dead, 0.3 * fair)
        self.sums.copy_(torch.where(dead[:, None], fresh, self.sums))


def disturb(straight, codes):
    """Puts codes of other pictures into some cells of some pictures.

    The target stays the undisturbed picture, so the decoder learns to make a
    whole picture of cells that do not quite fit together, as guidance meets
    them.
    """
    pictures, _, height, width = codes.shape
    rand = functools.partial(torch.rand, device=codes.device)
    share = 0.35 * rand(pictures, 1, 1, 1) * (rand(pictures, 1, 1, 1) < 0.4)
    foreign = rand(pictures, 1, height, width) < share
    return torch.where(foreign, codes.roll(1, 0), straight)


def pixel_loss(y, x):
    """Mean absolute, squared, edge and colour differences."""
    difference = y - x
    edges = sum(difference.diff(dim=axis).abs().mean() for axis in (2, 3))
    colors = (difference - difference.mean(1, keepdim=True)).abs().mean()
    return difference.abs().mean() + 2 * difference.square().mean() + 0.5 * edges + colors


def decibels(y, x):
    """The mean PSNR of pictures in -1..1."""
    return (10 * torch.log10(4 / (y - x).square().mean((1, 2, 3)))).mean()


def make_adam(parameters, rate, second_beta, first_beta=0.9):
    parameters = list(parameters)
    betas = (first_beta, second_beta)
    return torch.optim.Adam(parameters, lr=rate, betas=betas, fused=parameters[0].is_cuda)


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

    def __init__(self, name, model, average, pictures, batch, skip, rate, seed):
        super().__init__(name, pictures.device, seed)
        self.model, self.average, self.pictures = model, average, pictures
        self.batch, self.skip, self.rate = batch, skip, rate
        model.train().requires_grad_(True)
        model.quantize.requires_grad_(False)
        self.first = skip > 0  # the first stage starts without codes
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = make_adam(trained, rate, 0.98)
        self.state = {"model": model, "average": average, "optimizer": self.optimizer}

    def draw_batch(self):
        x = self.pictures.random_batch(self.batch)
        return F.avg_pool2d(x, 2**self.skip) * 2 - 1

    def quantize(self, z, done):
        """Straight-through codes and the commitment loss."""
        if self.first and done < FREE_SHARE:
            return z, 0.01 * z.square().mean()
        if self.first and not self.average.started:
            self.start_codes()
        indices = self.model.quantize.nearest(z.detach())
        codes = self.model.quantize.look_up(indices)
        points = z.detach().permute(0, 2, 3, 1).flatten(0, 2)
        self.average.update(points, indices.flatten())
        straight = z + (codes - z).detach()
        if not self.first or done >= CLEAN_SHARE:
            straight = disturb(straight, codes)
        return straight, F.mse_loss(z, codes)

    @torch.no_grad()
    def start_codes(self):
        latents, wanted = [], POINTS * len(self.average.rows)
        while sum(map(len, latents)) < wanted:
            with autocast(self.device):
                z = self.model.encode(self.draw_batch(), self.skip)
            latents.append(z.permute(0, 2, 3, 1).flatten(0, 2))
        self.average.start(torch.cat(latents))

    def train_step(self, step, done):
        x = self.draw_batch()
        with autocast(self.device):
            z = self.model.encode(x, self.skip)
        codes, commitment = self.quantize(z, done)
        with autocast(self.device):
            y = self.model.decode(codes, self.skip)
        loss = pixel_loss(y, x) + COMMITMENT * commitment
        apply_gradients(self.optimizer, loss, learning_rate(self.rate, step, done))
        return {
            "decibels": decibels(y.detach(), x),
            "commitment": commitment.detach(),
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

    rate = 4e-4
    feature_weight = 0.5
    adversary_weight = 0.2

    def __init__(self, model, perceptor, pictures, batch, seed):
        super().__init__("vqgan-sharpen", pictures.device, seed)
        self.model, self.perceptor, self.pictures = model, perceptor, pictures
        self.batch = batch
        self.adversary = Discriminator().to(self.device, memory_format=torch.channels_last)
        trained = [*model.decoder.parameters(), *model.post_quant_conv.parameters()]
        self.optimizer = make_adam(trained, self.rate, 0.98)
        self.adversary_optimizer = make_adam(self.adversary.parameters(), self.rate, 0.9, 0.5)
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
        x = self.pictures.random_batch(self.batch) * 2 - 1
        with torch.no_grad():
            with autocast(self.device):
                z = self.model.encode(x)
            codes = self.model.quantize.look_up(self.model.quantize.nearest(z))
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
        with autocast(self.device):
            return self.adversary(x).float()

    def train_step(self, step, done):
        x, codes = self.draw_codes()
        with autocast(self.device):
            y = self.model.decode(codes)
            views = [self.perceptor.normalize((picture + 1) / 2) for picture in (y, x)]
            features = feature_loss(self.perceptor.visual, *views)
        likeness = pixel_loss(y, x) + self.feature_weight * features
        realism = -self.judge_pictures(y).mean()
        weight = self.adversary_weight * self.balance(likeness, realism)
        rate = learning_rate(self.rate, step, done)
        apply_gradients(self.optimizer, likeness + weight * realism, rate)
        real, made = self.judge_pictures(x), self.judge_pictures(y.detach())
        doubt = F.relu(1 - real).mean() + F.relu(1 + made).mean()
        apply_gradients(self.adversary_optimizer, doubt, rate)
        return {
            "decibels": decibels(y.detach(), x),
            "features": features.detach(),
            "doubt": doubt.detach(),
        }
