"""Training of the perceptors: contrastive, with attribute heads that are thrown away."""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import clip
import world
from augment import random_views, soften, whole_views
from data import ATTRIBUTES
from stage import Stage, apply_gradients, autocast, learning_rate

BATCH = 128
GROUP = 8
PLAIN_SHARE = 0.3  # of the pictures are shown whole and without warps
SOFT_SHARE = 0.3  # of the pictures are blurred
HEAD_WEIGHTS = {"object": 1.0, "color": 0.5, "place": 0.3, "style": 0.3, "weather": 0.2}


def group_by(labels, first, second):
    """The numbers of the pictures that share two attributes, one array for each pair."""
    keys = labels[first] * 100 + labels[second]
    return [(keys == key).nonzero()[:, 0].numpy() for key in keys.unique()]


class PerceptorStage(Stage):
    """One perceptor, from nothing.

    Pictures come in groups that share place and style, or object and colour,
    so that captions must be told apart by the rest. Some are softened, as a
    VQGAN softens them.
    """

    rate = 1e-3

    def __init__(self, name, pictures, tokenizer, steps, seed):
        super().__init__(name, steps, seed)
        self.pictures, self.tokenizer = pictures, tokenizer
        torch.manual_seed(seed)
        self.model = clip.build_clip(name, tokenizer.size)
        self.heads = nn.ModuleDict(
            {key: nn.Linear(clip.EMBEDDING, len(values)) for key, values in ATTRIBUTES.items()}
        )
        self.optimizer = torch.optim.AdamW(self.parameter_groups(), lr=self.rate, betas=(0.9, 0.98))
        self.state = {"model": self.model, "heads": self.heads, "optimizer": self.optimizer}
        labels = pictures.labels
        self.groups = group_by(labels, "place", "style") + group_by(labels, "object", "color")

    def parameter_groups(self):
        """Weight decay for matrices only."""
        named = list(self.model.named_parameters())
        decayed = [p for name, p in named if p.ndim > 1 and "embedding" not in name]
        others = [p for name, p in named if p.ndim <= 1 or "embedding" in name]
        return [
            {"params": decayed, "weight_decay": 0.05},
            {"params": others + list(self.heads.parameters()), "weight_decay": 0.0},
        ]

    def choose_pictures(self, numbers):
        """BATCH indices of pictures, in groups."""
        chosen = []
        for _ in range(BATCH // GROUP):
            group = self.groups[numbers.randint(len(self.groups))]
            chosen.append(numbers.choice(group, GROUP, replace=len(group) < GROUP))
        return np.concatenate(chosen)

    def draw_batch(self, step):
        """Views (B,3,R,R), captions and the pictures' indices."""
        seed = self.seed * 1_000_003 + step
        indices = self.choose_pictures(np.random.RandomState(seed % 2**32))
        x = self.pictures.batch(indices)
        soft = torch.rand(BATCH, 1, 1, 1) < SOFT_SHARE
        x = torch.where(soft, soften(x), x)
        resolution = self.model.visual.resolution
        plain = torch.rand(BATCH, 1, 1, 1) < PLAIN_SHARE
        views = torch.where(plain, whole_views(x, resolution), random_views(x, resolution))
        words = random.Random(seed)
        captions = [world.write_caption(self.pictures.scenes[k], words) for k in indices]
        return views.contiguous(memory_format=torch.channels_last), captions, indices

    def head_loss(self, embeddings, indices):
        """Cross-entropy of each attribute, on pictures of one object."""
        single = torch.tensor([self.pictures.scenes[k].second_object is None for k in indices])
        total = 0
        for key, head in self.heads.items():
            labels = self.pictures.labels[key][indices]
            logits = head(embeddings)
            total = total + HEAD_WEIGHTS[key] * F.cross_entropy(logits[single], labels[single])
        return total

    def train_step(self, step):
        views, captions, indices = self.draw_batch(step)
        with autocast():
            images = self.model.encode_image(views)
            texts = self.model.encode_text(self.tokenizer.batch(captions))
        normal_images, normal_texts = F.normalize(images, dim=-1), F.normalize(texts, dim=-1)
        logits = self.model.logit_scale.exp() * normal_images @ normal_texts.T
        own = torch.arange(len(logits))
        contrast = (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
        heads = self.head_loss(images, indices)
        rate = learning_rate(self.rate, step, self.steps)
        apply_gradients(self.optimizer, contrast + 0.5 * heads, rate)
        self.model.logit_scale.data.clamp_(max=math.log(100))
        return {
            "contrast": contrast.item(),
            "heads": heads.item(),
            "right": (logits.argmax(1) == own).float().mean().item(),
        }
