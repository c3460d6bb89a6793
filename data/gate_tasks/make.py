"""Plain and gated feed-forward blocks of one size on three tasks; five minutes on two cores of their own.

A block with 8 inputs and 8 outputs, and a linear readout of one number. Plain: Linear, activation, Linear, with 64
hidden units. Gated: `gates.GatedFeedForward`'s three matrices with as many units as cost about the same parameters.
Adam for 1000 steps, its rate falling linearly to 0, on new N(0, 1) inputs in every step; squared error on 4000 more.
Four rates for each; starts 0 to 4 are there to choose among them, starts 5 to 14 to be reported.
"""

import math
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from actlab import results
from actlab.gates import matched_width

PLAIN = {
    "relu": torch.relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "relu_squared": lambda z: torch.relu(z).square(),
}
GATED = {
    "glu": torch.sigmoid,
    "bilinear": lambda z: z,
    "reglu": torch.relu,
    "geglu": functional.gelu,
    "swiglu": functional.silu,
}
TASKS = {  # each with mean square 1 for x ~ N(0, 1)
    "products": lambda x: (x[..., 0:6:2] * x[..., 1:6:2]).sum(-1) / math.sqrt(3),
    "waves": lambda x: torch.sin(2 * x[..., :6]).sum(-1) / math.sqrt(3 * (1 - math.exp(-8))),
    "corners": lambda x: (x[..., :6].abs() - math.sqrt(2 / math.pi)).sum(-1) / math.sqrt(6 * (1 - 2 / math.pi)),
}
RATES = (0.01, 0.03, 0.1, 0.3)
STARTS = tuple(range(15))
WIDTH, HIDDEN, BATCH, STEPS, TEST = 8, 64, 128, 1000, 4000


def units(name: str) -> int:
    """Hidden units of the block with this function."""
    return HIDDEN if name in PLAIN else matched_width(HIDDEN, WIDTH)


def start(name: str, seed: int) -> list[Tensor]:
    """Weights (inputs, units) and biases (1, units) of each layer, drawn as nn.Linear draws them."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(WIDTH, units(name))] * (1 if name in PLAIN else 2) + [(units(name), WIDTH), (WIDTH, 1)]
    drawn = []
    for before, after in shapes:
        for shape in ((before, after), (1, after)):
            drawn.append(torch.empty(shape).uniform_(-(before**-0.5), before**-0.5, generator=generator))
    return drawn


def outputs(name: str, parameters: list[Tensor], x: Tensor) -> Tensor:
    """What the networks make of x: parameters have a first axis for the network, x is (networks, points, WIDTH)."""
    layers = iter(zip(parameters[::2], parameters[1::2], strict=True))

    def linear(x):
        weight, bias = next(layers)
        return torch.baddbmm(bias, x, weight)

    hidden = PLAIN[name](linear(x)) if name in PLAIN else linear(x) * GATED[name](linear(x))
    return linear(linear(hidden))[..., 0]


def train(task: str, name: str, rate: float, starts: tuple[int, ...] = STARTS, steps: int = STEPS) -> list[dict]:
    """Train the networks of these starts side by side, each on points of its own: a row for each."""
    drawn = zip(*(start(name, seed) for seed in starts), strict=True)
    parameters = [torch.stack(same).requires_grad_() for same in drawn]
    optimizer = torch.optim.Adam(parameters, lr=rate)
    generators = [torch.Generator().manual_seed(10_000 + seed) for seed in starts]

    def errors(points):
        x = torch.stack([torch.randn(points, WIDTH, generator=generator) for generator in generators])
        return (outputs(name, parameters, x) - TASKS[task](x)).square().mean(dim=1)

    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * (1 - step / STEPS)
        loss = errors(BATCH)
        if step == 100:
            early = loss.tolist()
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
    with torch.no_grad():
        final = errors(TEST).tolist()
    count = sum(p[0].numel() for p in parameters)
    return [
        {
            "task": task,
            "function": name,
            "rate": rate,
            "start": seed,
            "parameters": count,
            "train_loss_100": _digits(at_100),
            "test_loss": _digits(loss),
        }
        for seed, at_100, loss in zip(starts, early, final, strict=True)
    ]


def _digits(value):
    return float(f"{value:.3g}")


def main():
    began = time.perf_counter()
    runs = list(product(TASKS, (*PLAIN, *GATED), RATES))
    # one thread a process: the sums inside a step depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rows = [row for found in pool.map(train, *zip(*runs, strict=True)) for row in found]
    results.save(
        "gate_tasks",
        rows,
        folder=Path(__file__).parent,
        command="python data/gate_tasks/make.py",
        seconds=time.perf_counter() - began,
        seeds={"starts": list(STARTS)},
        sizes={"width": WIDTH, "hidden": HIDDEN, "batch": BATCH, "steps": STEPS, "test": TEST},
    )


if __name__ == "__main__":
    main()
