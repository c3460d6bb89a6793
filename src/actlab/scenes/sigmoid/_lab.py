"""The debugging lab: a published script for XOR, with its gradient and with the right one, on many seeds at once."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import data, plot
from ...tables import Table
from .. import drawn

__all__ = ["curves_figure", "lab", "lab_table"]

SEEDS = (*range(30), 42)  # 42 is the one that was published
# each is stretch * sigmoid(stretch * z) + shift, so all arms can be trained in one tensor
FUNCTIONS = {"sigmoid": (1, 0.0), "sigmoid - 1/2": (1, -0.5), "tanh": (2, -1.0), "1 + tanh": (2, 0.0)}
# hidden function, whether the gradient is that of half the squared error (the script's), rate
ARMS = (
    ("sigmoid", True, 0.1),
    ("sigmoid", False, 0.1),
    ("sigmoid", True, 0.4),
    ("sigmoid - 1/2", False, 0.1),
    ("tanh", False, 0.1),
    ("1 + tanh", False, 0.1),
)


def lab(
    arms: Sequence[tuple[str, bool, float]] = ARMS,
    scales: Sequence[float] = (1.0, 0.1),
    *,
    seeds: Sequence[int] = SEEDS,
    steps: int = 5000,
) -> dict[tuple, int]:
    """How many of the networks 2-4-1 are right on all four corners of XOR at the end, by arm and scale.

    scales: standard deviations of the first weights; biases start at 0. All descend the gradient over four corners.
    """
    x, y = (part.double() for part in data.xor()[:2])
    y = y[:, None]
    cases = [(arm, scale) for arm in arms for scale in scales]

    def spread(values):  # one number for each case -> one for each network
        return torch.tensor(values, dtype=torch.float64).repeat_interleave(len(seeds))[:, None, None]

    stretch = spread([FUNCTIONS[arm[0]][0] for arm, _ in cases])
    shift = spread([FUNCTIONS[arm[0]][1] for arm, _ in cases])
    squared = spread([arm[1] for arm, _ in cases]) > 0
    rate, scale = spread([arm[2] for arm, _ in cases]), spread([scale for _, scale in cases])
    W1, W2 = (scale * part.repeat(len(cases), 1, 1) for part in _drawn(seeds))
    b1, b2 = torch.zeros_like(W1[:, :1]), torch.zeros_like(W2[:, :1])
    for _ in range(steps):
        s = torch.sigmoid(stretch * (x @ W1 + b1))
        hidden = stretch * s + shift
        a = torch.sigmoid(hidden @ W2 + b2)
        delta2 = (a - y) / 4 * torch.where(squared, a * (1 - a), 1.0)
        delta1 = delta2 @ W2.mT * stretch**2 * s * (1 - s)
        W1, b1 = W1 - rate * (x.T @ delta1), b1 - rate * delta1.sum(1, keepdim=True)
        W2, b2 = W2 - rate * (hidden.mT @ delta2), b2 - rate * delta2.sum(1, keepdim=True)
    z = (stretch * torch.sigmoid(stretch * (x @ W1 + b1)) + shift) @ W2 + b2
    right = ((z > 0) == (y == 1)).all(1).reshape(len(cases), len(seeds)).sum(1).tolist()
    return {(*arm, scale): count for (arm, scale), count in zip(cases, right, strict=True)}


def _drawn(seeds):
    """The script's draws: W1 and then W2 from numpy's generator, shapes (seeds, 2, 4) and (seeds, 4, 1)."""
    made = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        made.append((rng.standard_normal((2, 4)), rng.standard_normal((4, 1))))
    return [torch.tensor(np.stack(part)) for part in zip(*made, strict=True)]


def lab_table(found: dict[tuple, int], *, runs: int = len(SEEDS)) -> Table:
    """What `lab` counted, a row for each arm and a column for each scale of the first weights."""
    scales = list(dict.fromkeys(key[-1] for key in found))
    arms = list(dict.fromkeys(key[:-1] for key in found))
    rows = [
        (function, "half squared error" if squared else "BCE", f"{rate:g}",
         *(f"{found[function, squared, rate, scale]} of {runs}" for scale in scales))
        for function, squared, rate in arms
    ]  # fmt: skip
    return Table(["hidden function", "gradient of", "rate", *(f"scale {scale:g}" for scale in scales)], rows)


def curves_figure(losses: Tensor, *, every: int) -> Figure:
    """Losses by step, shape (records, networks): each network thin, their median thick."""
    fig, ax = plt.subplots(figsize=(5.6, 3))
    steps = range(0, every * len(losses), every)
    ax.plot(steps, losses, color=plot.ORANGE, linewidth=0.6, alpha=0.6)
    ax.plot(steps, losses.median(1).values, color="black", linewidth=2, label="median")
    ax.set(xlabel="step", ylabel="BCE", ylim=(0, 0.85))
    ax.legend(loc="lower left")
    return drawn(fig)
