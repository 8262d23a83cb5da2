"""Training of the perceptors: contrastive, with attribute heads that are thrown away."""

import math

import torch
import torch.nn.functional as F
from torch import nn

import clip
import world
from augment import random_views, soften, whole_views
from data import ATTRIBUTES, CAPTIONS
from stage import Stage, apply_gradients, autocast, learning_rate

GROUP = 8
PLAIN_SHARE = 0.3  # of the pictures are shown whole and without warps
SOFT_SHARE = 0.3  # of the pictures are blurred
GREY_SHARE = 1 / 8  # as many pictures again are shown in grey, to the head for objects alone
HEAD_WEIGHTS = {"object": 1.0, "color": 0.5, "place": 0.3, "style": 0.3, "weather": 0.2}
IMAGE_HEADS, TEXT_HEADS, GREY_HEAD = 0.5, 0.25, 0.25  # weights of the losses beside the contrast
UNLABELLED = -100
NEVER = -1e4  # the logit of a value that is not asked for
# Groups share two attributes, so that captions must be told apart by the rest.
GROUPINGS = [("place", "style"), ("object", "color"), ("object", "place"), ("color", "place")]


class Groups:
    """Draws pictures in groups of `GROUP` that share two attributes; each pair of attributes as often."""

    def __init__(self, labels):
        self.orders, self.starts, self.counts = [], [], []
        for first, second in GROUPINGS:
            keys = labels[first] * 100 + labels[second]
            _, counts = keys.unique(return_counts=True)
            self.orders.append(keys.argsort())
            self.counts.append(counts)
            self.starts.append(counts.cumsum(0) - counts)

    def draw(self, groups):
        """Indices of `groups` × GROUP pictures."""
        return torch.cat([self.draw_kind(kind, groups // len(GROUPINGS)) for kind in range(len(GROUPINGS))])

    def draw_kind(self, kind, groups):
        order, starts, counts = self.orders[kind], self.starts[kind], self.counts[kind]
        chosen = torch.randint(len(counts), (groups, 1), device=order.device)
        places = torch.rand(groups, GROUP, device=order.device) * counts[chosen]
        return order[starts[chosen] + places.long()].flatten()


def number_values(values, names):
    return torch.tensor([names.index(value) for value in values])


class HeldOut:
    """Which values a picture's other attributes rule out, because the combination is held out.

    No training picture shows such a combination. Without this, heads would learn that it cannot be.
    """

    def __init__(self, device):
        colors = number_values(world.HELD_OUT_COLOR.values(), world.COLOR_NAMES)
        places = number_values(world.HELD_OUT_PLACE.values(), world.PLACES)
        self.colors = F.one_hot(colors, len(world.COLOR_NAMES)).bool().to(device)  # (object, color)
        self.places = F.one_hot(places, len(world.PLACES)).bool().to(device)  # (object, place)

    def find(self, name, labels):
        """bool (B, values of the attribute `name`), given the labels of all attributes."""
        if name == "object":
            return self.colors.T[labels["color"]] | self.places.T[labels["place"]]
        return {"color": self.colors, "place": self.places}[name][labels["object"]]


class PerceptorStage(Stage):
    """One perceptor, from nothing.

    Some pictures are softened, as a VQGAN softens them. The heads read the
    attributes both from pictures and from captions, which makes the two towers
    agree on where an attribute is written.
    """

    rate = 1e-3

    def __init__(self, name, pictures, vocabulary_size, batch, seed):
        super().__init__(name, pictures.device, seed)
        self.pictures, self.batch = pictures, batch
        torch.manual_seed(seed)
        self.model = clip.build_clip(name, vocabulary_size).to(self.device)
        heads = {key: nn.Linear(clip.EMBEDDING, len(values)) for key, values in ATTRIBUTES.items()}
        self.heads = nn.ModuleDict(heads).to(self.device)
        fused = self.device.type == "cuda"
        self.optimizer = torch.optim.AdamW(
            self.parameter_groups(), lr=self.rate, betas=(0.9, 0.98), fused=fused
        )
        self.state = {"model": self.model, "heads": self.heads, "optimizer": self.optimizer}
        self.groups, self.held_out = Groups(pictures.labels), HeldOut(self.device)

    def parameter_groups(self):
        """Weight decay for matrices only."""
        named = list(self.model.named_parameters())
        decayed = [p for name, p in named if p.ndim > 1 and "embedding" not in name]
        others = [p for name, p in named if p.ndim <= 1 or "embedding" in name]
        return [
            {"params": decayed, "weight_decay": 0.05},
            {"params": others + list(self.heads.parameters()), "weight_decay": 0.0},
        ]

    def chance(self, share):
        """True for a random share of the batch, (B,1,1,1)."""
        return torch.rand(self.batch, 1, 1, 1, device=self.device) < share

    def see(self, x):
        """Views (B,3,R,R) of pictures, some of them whole."""
        x = torch.where(self.chance(SOFT_SHARE), soften(x), x)
        resolution = self.model.visual.resolution
        whole, random = whole_views(x, resolution), random_views(x, resolution)
        return torch.where(self.chance(PLAIN_SHARE), whole, random)

    def read_captions(self, indices):
        """A random caption of each picture, tokens (B,L)."""
        chosen = torch.randint(CAPTIONS, (len(indices),), device=self.device)
        return self.pictures.tokens[indices, chosen].long()

    def head_loss(self, name, embeddings, labels):
        """Cross-entropy of one attribute, on pictures of one object."""
        logits = self.heads[name](embeddings)
        if name in ("object", "color", "place"):
            logits = logits.masked_fill(self.held_out.find(name, labels), NEVER)
        wanted = labels[name].masked_fill(~labels["single"], UNLABELLED)
        return F.cross_entropy(logits, wanted, ignore_index=UNLABELLED)

    def all_heads_loss(self, embeddings, labels):
        return sum(
            weight * self.head_loss(name, embeddings, labels)
            for name, weight in HEAD_WEIGHTS.items()
        )

    def contrast(self, images, texts):
        """The contrastive loss, and the share of pictures whose own caption is the nearest."""
        images, texts = F.normalize(images, dim=-1), F.normalize(texts, dim=-1)
        logits = self.model.logit_scale.exp() * images @ texts.T
        own = torch.arange(len(logits), device=self.device)
        loss = (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
        return loss, (logits.argmax(1) == own).float().mean()

    def train_step(self, step, done):
        indices = self.groups.draw(self.batch // GROUP)
        labels = {name: values[indices] for name, values in self.pictures.labels.items()}
        labels["single"] = self.pictures.single[indices]
        views = self.see(self.pictures.batch(indices))
        greys = views[:: round(1 / GREY_SHARE)].mean(1, keepdim=True).expand(-1, 3, -1, -1)
        seen = torch.cat([views, greys]).contiguous(memory_format=torch.channels_last)
        with autocast(self.device):
            images, grey_images = self.model.encode_image(seen).split([len(views), len(greys)])
            texts = self.model.encode_text(self.read_captions(indices))
        contrast, right = self.contrast(images, texts)
        heads = self.all_heads_loss(images, labels)
        grey_labels = {name: values[:: round(1 / GREY_SHARE)] for name, values in labels.items()}
        loss = contrast + IMAGE_HEADS * heads
        loss = loss + TEXT_HEADS * self.all_heads_loss(texts, labels)
        loss = loss + GREY_HEAD * self.head_loss("object", grey_images, grey_labels)
        apply_gradients(self.optimizer, loss, learning_rate(self.rate, step, done))
        self.model.logit_scale.data.clamp_(max=math.log(100))
        return {"contrast": contrast.detach(), "heads": heads.detach(), "right": right}
