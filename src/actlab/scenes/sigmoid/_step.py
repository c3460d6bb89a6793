"""Step units: the lines that they draw, and the rule that trains one."""

from collections.abc import Callable

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import data, plot
from ...tables import Table
from .. import drawn

__all__ = ["perceptrons", "xor_figure"]


def xor_figure() -> Figure:
    """The two lines of the hidden step units that solve XOR, the band between them, and the four corners."""
    x, label, *_ = data.xor(dtype=torch.float64)
    fig, ax = plt.subplots(figsize=(5.6, 3.7))
    x1 = np.linspace(-0.5, 1.5, 50)
    ax.fill_between(x1, 0.5 - x1, 1.5 - x1, color=plot.BLUE, alpha=0.2, linewidth=0)
    ax.plot(x1, 0.5 - x1, color=plot.ORANGE, label="either: $x_1 + x_2 = 0.5$")
    ax.plot(x1, 1.5 - x1, color=plot.PURPLE, linestyle="--", label="both: $x_1 + x_2 = 1.5$")
    ax.plot(*x[label == 1].T, "o", color=plot.BLUE, markersize=9, label="corner with label 1")
    ax.plot(*x[label == 0].T, "x", color=plot.GREY, markersize=9, mew=2.5, label="corner with label 0")
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-0.5, 1.5), ylim=(-0.5, 2.3), aspect="equal")
    ax.legend(loc="upper right", fontsize=9)
    return drawn(fig)


def perceptrons(rule: Callable, *, sweeps: int = 100) -> Table:
    """How a rule for one step unit fares on OR, AND and XOR.

    rule: (inputs with a last column of ones, labels, sweeps) -> corrections until a sweep needs none; None: never.
    """
    x, xor, *_ = data.xor(dtype=torch.float64)
    inputs = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
    rows = []
    for name, label in {"OR": x.amax(1), "AND": x.amin(1), "XOR": xor}.items():
        corrections = rule(inputs, label, sweeps)
        rows.append((name, f"still correcting after {sweeps} sweeps" if corrections is None else "at rest",
                     "-" if corrections is None else corrections))  # fmt: skip
    return Table(["task", "the rule is", "corrections"], rows)
