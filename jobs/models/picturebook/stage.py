"""What every stage of training shares: the loop, the schedule, resuming."""

import math
import os
import time

import torch

REPORT_EVERY = 50
SAVE_EVERY = 100


def autocast(enabled=True):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled)


def learning_rate(peak, step, steps, warmup=50):
    """Linear warm-up, then a half cosine to a hundredth of the peak."""
    cosine = 0.5 + 0.5 * math.cos(math.pi * step / steps)
    return peak * min(1, (step + 1) / warmup) * (0.01 + 0.99 * cosine)


def apply_gradients(optimizer, loss, rate):
    """One optimiser step with clipped gradients."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


class Stage:
    """One part of the training.

    A stage has a `name`, a number of `steps`, a `state` (names → objects with a
    state_dict) and `train_step(step)`, which returns the figures to report.
    Random numbers are seeded anew at each step, so that an interrupted run
    continues as if it had not been interrupted.
    """

    def __init__(self, name, steps, seed):
        self.name, self.steps, self.seed = name, steps, seed
        self.state = {}

    def run(self, folder):
        path = folder / f"{self.name}.checkpoint"
        step = self.load(path)
        self.prepare()
        figures, started = [], time.time()
        while step < self.steps:
            torch.manual_seed(self.seed * 1_000_003 + step)
            figures.append(self.train_step(step))
            step += 1
            if step % REPORT_EVERY == 0:
                self.report(step, figures, time.time() - started)
                figures = []
            if step % SAVE_EVERY == 0 or step == self.steps:
                self.save(path, step)
        self.finish()

    def is_complete(self, folder):
        path = folder / f"{self.name}.checkpoint"
        return path.exists() and torch.load(path, weights_only=True)["step"] >= self.steps

    def prepare(self):
        """What a stage must set before its first step; nothing by default."""

    def finish(self):
        for part in self.state.values():
            if isinstance(part, torch.nn.Module):
                part.eval().requires_grad_(False)

    def report(self, step, figures, seconds):
        means = {key: sum(f[key] for f in figures) / len(figures) for key in figures[0]}
        text = " ".join(f"{key} {value:.4f}" for key, value in means.items())
        print(f"{self.name} {step}/{self.steps} {text} ({seconds:.0f} s)", flush=True)

    def save(self, path, step):
        """Writes beside the old checkpoint first: a kill leaves one of the two whole."""
        parts = {key: part.state_dict() for key, part in self.state.items()}
        temporary = path.with_suffix(".partial")
        torch.save({"step": step, "parts": parts}, temporary)
        os.replace(temporary, path)

    def load(self, path):
        """The number of steps already done."""
        if not path.exists():
            return 0
        checkpoint = torch.load(path, weights_only=True)
        for key, part in self.state.items():
            part.load_state_dict(checkpoint["parts"][key])
        return checkpoint["step"]
