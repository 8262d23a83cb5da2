"""What every stage of training shares: the loop, the schedule, resuming."""

import math
import os
import time

import torch

REPORT_SECONDS = 10
SAVE_SECONDS = 20
WARMUP_STEPS = 50


def autocast(device):
    return torch.autocast(device.type, dtype=torch.bfloat16)


def learning_rate(peak, step, done):
    """Linear warm-up, then a half cosine over the stage to a hundredth of the peak."""
    cosine = 0.5 + 0.5 * math.cos(math.pi * done)
    return peak * min(1, (step + 1) / WARMUP_STEPS) * (0.01 + 0.99 * cosine)


def apply_gradients(optimizer, loss, rate):
    """One optimiser step with clipped gradients."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


def checkpoint_path(folder, name):
    return folder / f"{name}.checkpoint"


def read_checkpoint(folder, name, device="cpu"):
    """`step`, `done` and the state of the `parts`; None if there is none yet."""
    path = checkpoint_path(folder, name)
    return torch.load(path, map_location=device, weights_only=True) if path.exists() else None


def read_done(folder, name):
    """How much of a stage is done, from 0 to 1."""
    checkpoint = read_checkpoint(folder, name)
    return checkpoint["done"] if checkpoint else 0.0


class Stage:
    """One part of the training, which lasts a given time.

    A stage has a `name`, a `device`, a `state` (names → objects with a
    state_dict) and `train_step(step, done)`, which returns the figures to
    report as tensors. Schedules follow `done`, the share of the stage's time
    that is used, so that a slow machine trains less, not longer. Random numbers
    are seeded anew at each step.
    """

    def __init__(self, name, device, seed):
        self.name, self.device, self.seed = name, device, seed
        self.state = {}

    def run(self, folder, end):
        """Trains what is left of the stage until `end`, a time of `time.monotonic`."""
        step, begun = self.load(folder)
        self.prepare()
        if begun < 1:
            self.train_until(folder, end, step, begun)
        self.finish()

    def train_until(self, folder, end, step, begun):
        """The clock starts after the first step, in which libraries are loaded and tuned."""
        figures, done = [self.seeded_step(step, begun)], begun
        first_step = step = step + 1
        started = saved = reported = time.monotonic()
        while done < 1:
            figures.append(self.seeded_step(step, done))
            step, now = step + 1, time.monotonic()
            done = min(1, begun + (1 - begun) * (now - started) / max(end - started, 1))
            if now - reported > REPORT_SECONDS or done == 1:
                rate = (step - first_step) / (now - started)
                self.report(step, done, rate, end - now, figures)
                figures, reported = [], now
            if now - saved > SAVE_SECONDS or done == 1:
                self.save(folder, step, done)
                saved = now

    def seeded_step(self, step, done):
        torch.manual_seed(self.seed * 1_000_003 + step)
        return self.train_step(step, done)

    def prepare(self):
        """What a stage must set before its first step; nothing by default."""

    def finish(self):
        for part in self.state.values():
            if isinstance(part, torch.nn.Module):
                part.eval().requires_grad_(False)

    def report(self, step, done, rate, left, figures):
        means = {key: torch.stack([f[key] for f in figures]).mean() for key in figures[0]}
        text = " ".join(f"{key} {value:.4f}" for key, value in means.items())
        pace = f"{rate:.2f} steps/s, {max(left, 0):.0f} s left"
        print(f"{self.name} {100 * done:.0f} %: step {step}, {pace}: {text}", flush=True)

    def save(self, folder, step, done):
        """Writes beside the old checkpoint first: a kill leaves one of the two whole."""
        path = checkpoint_path(folder, self.name)
        parts = {key: part.state_dict() for key, part in self.state.items()}
        temporary = path.with_suffix(".partial")
        torch.save({"step": step, "done": done, "parts": parts}, temporary)
        os.replace(temporary, path)

    def load(self, folder):
        """The number of steps and the share already done."""
        checkpoint = read_checkpoint(folder, self.name, self.device)
        if checkpoint is None:
            return 0, 0.0
        for key, part in self.state.items():
            part.load_state_dict(checkpoint["parts"][key])
        return checkpoint["step"], checkpoint["done"]
