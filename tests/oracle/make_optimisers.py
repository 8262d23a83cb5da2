"""Writes tests/ops/fixtures/optimisers.json: a dozen steps of every optimiser on a small latent, in float64, by torch.optim and
the package torch_optimizer, for the tests of the optimisers on the host and on the device.

The latent has the public code's shape, (1, width, rows, columns). The learning rate falls in a straight line, an L2
term draws towards zero or the start, one cell is masked, and every channel is limited after each step. What is masked
is no part of the parameter that the optimiser sees.
"""

import json
import math
import sys

import torch
import torch_optimizer

CELLS, WIDTH, STEPS = 4, 2, 12
MASKED = 2
LOW, HIGH = (-0.375, -0.5), (0.625, 0.375)
START = [0.5, -0.25, 1.0, 0.5, -0.5, 0.25, 0.125, -0.75]
L2_SLOPE, L2_FALL = 0.25, 0.05
AVERAGE = 0.75

# name, its class, the moments' names, options, and whether the L2 term draws to the start.
ADAM = ("exp_avg", "exp_avg_sq")
CASES = [
    ("adam", torch.optim.Adam, ADAM, dict(lr=0.15, lr_end=0.03)),
    ("adam", torch.optim.Adam, ADAM,
     dict(lr=0.1, lr_end=0.2, betas=(0.8, 0.9), eps=0.01, weight_decay=0.5)),
    ("adamw", torch.optim.AdamW, ADAM, dict(lr=0.15, lr_end=0.03)),
    ("adamw", torch.optim.AdamW, ADAM, dict(lr=0.15, lr_end=0.03, weight_decay=0.75)),
    ("adagrad", torch.optim.Adagrad, ("sum",), dict(lr=0.2, lr_end=0.1)),
    ("adagrad", torch.optim.Adagrad, ("sum",), dict(lr=0.2, lr_end=0.1, eps=0.125, weight_decay=0.5)),
    ("adamax", torch.optim.Adamax, ("exp_avg", "exp_inf"), dict(lr=0.15, lr_end=0.03)),
    ("adamax", torch.optim.Adamax, ("exp_avg", "exp_inf"),
     dict(lr=0.15, lr_end=0.03, betas=(0.7, 0.6), eps=0.25, weight_decay=0.5)),
    ("diffgrad", torch_optimizer.DiffGrad, ADAM + ("previous_grad",), dict(lr=0.15, lr_end=0.03)),
    ("diffgrad", torch_optimizer.DiffGrad, ADAM + ("previous_grad",),
     dict(lr=0.15, lr_end=0.03, eps=0.0625, weight_decay=0.5)),
    ("adamp", torch_optimizer.AdamP, ADAM, dict(lr=0.15, lr_end=0.03)),
    ("adamp", torch_optimizer.AdamP, ADAM,
     dict(lr=0.15, lr_end=0.03, weight_decay=0.5, delta=0.75, wd_ratio=0.25, eps=0.0625)),
    ("radam", torch.optim.RAdam, ADAM, dict(lr=0.15, lr_end=0.03)),
    ("radam", torch.optim.RAdam, ADAM, dict(lr=0.15, lr_end=0.03, betas=(0.5, 0.95), weight_decay=0.5)),
    ("rmsprop", torch.optim.RMSprop, ("square_avg",), dict(lr=0.03, lr_end=0.01)),
    ("rmsprop", torch.optim.RMSprop, ("square_avg",),
     dict(lr=0.1, lr_end=0.02, alpha=0.75, eps=0.25, weight_decay=0.5)),
]
DECOUPLED = ("adamw", "adamp")


def gradients():
    """Eighths, so that they are exact in f32."""
    generator = torch.Generator().manual_seed(20)
    return torch.randint(-16, 17, (STEPS, CELLS * WIDTH), generator=generator).double() / 8


def rate(options, step):
    return options["lr"] + (options["lr_end"] - options["lr"]) * step / (STEPS - 1)


def slope(step):
    return L2_SLOPE * (1 - L2_FALL * step)


def to_parameter(values):
    """(cells · width) of the cells that move, as (1, width, cells, 1)."""
    moving = [cell for cell in range(CELLS) if cell != MASKED]
    return values.reshape(CELLS, WIDTH)[moving].T.reshape(1, WIDTH, len(moving), 1).contiguous()


def from_parameter(parameter, rest):
    moving = [cell for cell in range(CELLS) if cell != MASKED]
    values = rest.reshape(CELLS, WIDTH).clone()
    values[moving] = parameter.reshape(WIDTH, len(moving)).T
    return values.reshape(-1)


def run(case, towards_start):
    _, optimiser_class, moments, options = case
    start = torch.tensor(START, dtype=torch.float64)
    origin = start if towards_start else torch.zeros_like(start)
    z = torch.nn.Parameter(to_parameter(start))
    given = {key: value for key, value in options.items() if key != "lr_end"}
    optimiser = optimiser_class([z], **given)
    low = torch.tensor(LOW, dtype=torch.float64).reshape(1, WIDTH, 1, 1)
    high = torch.tensor(HIGH, dtype=torch.float64).reshape(1, WIDTH, 1, 1)
    rest = torch.maximum(torch.minimum(start.reshape(CELLS, WIDTH), high.reshape(WIDTH)), low.reshape(WIDTH))
    steps = []
    for step, gradient in enumerate(gradients()):
        optimiser.param_groups[0]["lr"] = rate(options, step)
        z.grad = to_parameter(gradient) + slope(step) * (z.detach() - to_parameter(origin))
        optimiser.step()
        with torch.no_grad():
            z.copy_(torch.minimum(torch.maximum(z, low), high))
        steps.append(from_parameter(z.detach(), rest))
    return steps, [from_parameter(optimiser.state[z][name], torch.zeros_like(start)) for name in moments]


def numbers(case, step):
    """The numbers of a step, by the optimisers' papers, in the order of vqc_update."""
    name, _, _, options = case
    lr, number = rate(options, step), step + 1
    beta1, beta2 = options.get("betas", (0.9, 0.999))
    if name == "rmsprop":
        beta2 = options.get("alpha", 0.99)
    correction1, correction2 = 1 - beta1**number, 1 - beta2**number
    decay = options.get("weight_decay", 0.01 if name == "adamw" else 0.0) if name in DECOUPLED else 0.0
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * number * beta2**number / correction2
    rectified = name == "radam" and length > 5
    factor = math.sqrt(correction2)
    if rectified:
        factor *= math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    elif name == "radam":
        factor = 1.0
    epsilon = options.get("eps", 1e-10 if name == "adagrad" else 1e-8)
    projected = 1 - lr * decay * options.get("wd_ratio", 0.1)
    values = (lr, beta1, beta2, 1 - beta1, 1 - beta2, correction1, correction2, lr * factor / correction1, rectified,
              epsilon, 1 - lr * decay, projected, options.get("delta", 0.1))
    return single(values)


def single(values):
    """As f32 has them, in the digits that say so."""
    return [value if isinstance(value, bool) else float(f"{value:.9g}") for value in values]


def average(values):
    """The moving average, as EMATensor of the public notebooks makes it: biased, then corrected."""
    biased, left = torch.zeros_like(values[0]), 1.0
    for value in values:
        left *= AVERAGE
        biased = biased * AVERAGE + value * (1 - AVERAGE)
    return biased / (1 - left)


def double(values):
    return [float(f"{value:.10g}") for value in values]


def setting(value):
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else f"{value:.10g}"


def case_known(case, towards_start):
    name, _, _, options = case
    steps, last = run(case, towards_start)
    settings = ", ".join([f"name: {name}"] + [f"{key}: {setting(value)}" for key, value in options.items()])
    return {
        "settings": "{" + settings + "}",
        "towards_start": towards_start,
        "optimiser": name.upper(),
        "decay": 0.0 if name in DECOUPLED else options.get("weight_decay", 0.0),
        "numbers": [numbers(case, step) for step in range(STEPS)],
        "z": [double(z) for z in steps],
        "moments": [double(moment) for moment in last],
        "average": double(average([torch.tensor(START, dtype=torch.float64)] + steps)),
    }


def members(values, indent):
    """An object with a member a line."""
    return "{" + (",\n" + indent).join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()) + "}"


def main(path):
    cases = [case_known(case, False) for case in CASES] + [case_known(CASES[0], True), case_known(CASES[11], True)]
    common = {
        "mask": [float(cell != MASKED) for cell in range(CELLS)],
        "limits": LOW + HIGH,
        "start": START,
        "gradients": gradients().tolist(),
        "l2_slopes": double(slope(step) for step in range(STEPS)),
        "average_kept": AVERAGE,
        "average_shares": single((1 - AVERAGE) / (1 - AVERAGE ** (step + 2)) for step in range(STEPS)),
    }
    listed = ",\n  ".join(members(case, "   ") for case in cases)
    with open(path, "w", encoding="utf-8") as file:
        file.write(members(common, " ")[:-1] + ',\n "cases": [\n  ' + listed + "]}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tests/ops/fixtures/optimisers.json")
