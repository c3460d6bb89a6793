"""Two hidden sigmoid layers against ReLU on the disk; and whether an output between 0 and 1 keeps its word."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import activations, experiments, plot, results
from ...tables import Table
from .. import drawn

__all__ = ["TWO", "disk", "disk_figure", "disk_table", "promises", "promises_figure", "promises_table"]

TWO = ("sigmoid", "relu")
LABELS = {"sigmoid": "sigmoid", "relu": "ReLU"}


def disk(column: str) -> dict[str, np.ndarray]:
    """The stored runs at rate 0.01: for each of 20 draws of the data the median over its starts, by function."""
    found = {}
    for name in TWO:
        rows = [row for row in results.load("disk", "draws") if row["activation"] == name]
        draws = sorted({row["draw"] for row in rows})
        found[name] = np.array([np.median([row[column] for row in rows if row["draw"] == draw]) for draw in draws])
    return found


def disk_table() -> Table:
    """Training loss, test loss and accuracy on the disk: medians of the draws, at rate 0.01 and each at its own."""
    rows = []
    for column, words in {"train_loss": "training loss", "test_loss": "test loss"}.items():
        at_one = disk(column)
        own = {name: experiments.tuned(name, column) for name in TWO}
        for label, losses in (
            ("rate 0.01", at_one),
            (f"rates {own['sigmoid'][0]:g}, {own['relu'][0]:g}", {name: own[name][1] for name in TWO}),
        ):
            lower = int((losses["sigmoid"] < losses["relu"]).sum())
            medians = [f"{np.median(losses[name]):.4f}" for name in TWO]
            rows.append((f"{words}, {label}", *medians, f"{lower} of {len(losses['relu'])}"))
    return Table(["measure, rate", "sigmoid", "ReLU", "sigmoid lower"], rows)


def disk_figure(losses: Mapping[str, np.ndarray]) -> Figure:
    """Test losses by draw, a row for each function, thin lines between the two of a draw."""
    fig, ax = plt.subplots(figsize=(5.6, 2.8))
    for row, (name, marker) in enumerate(zip(TWO, "so", strict=True)):
        ax.plot(losses[name], [row] * len(losses[name]), marker, color=plot.style_of(name)["color"], alpha=0.7)
        ax.plot(np.median(losses[name]), row, "|", color="black", markersize=24, markeredgewidth=2)
    for pair in zip(*losses.values(), strict=True):
        ax.plot(pair, [0, 1], color=plot.GREY, linewidth=0.7, zorder=0)
    ax.set(yticks=[0, 1], yticklabels=[LABELS[name] for name in TWO], ylim=(-0.5, 1.5), xlim=(0, None))
    ax.set_xlabel("test loss (lower is better)")
    return drawn(fig)


def promises(factors: Sequence[float] = (0.5, 1, 3), *, n: int = 20_000, seed: int = 0) -> dict[float, tuple]:
    """(said, happened, BCE) by factor k: labels are 1 with probability sigmoid(t), and a unit answers sigmoid(k t).

    said and happened: mean answer and share of label 1 among the points whose answer is above 0.9; t ~ N(0, 4).
    """
    sigmoid, generator = activations.get("sigmoid"), torch.Generator().manual_seed(seed)
    t = 2 * torch.randn(n, generator=generator, dtype=torch.float64)
    y = (torch.rand(n, generator=generator, dtype=torch.float64) < sigmoid(t)).double()
    found = {}
    for k in factors:
        a = sigmoid(k * t)
        sure = a > 0.9
        loss = torch.nn.functional.binary_cross_entropy_with_logits(k * t, y)
        found[k] = a[sure].mean().item(), y[sure].mean().item(), loss.item()
    return found


def promises_figure(factors: Sequence[float] = (0.5, 1, 3)) -> Figure:
    """How often label 1 comes by the answer of each unit of `promises`: an answer a means t = logit(a) / k."""
    fig, ax = plt.subplots(figsize=(4.6, 3.6))
    said = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
    looks = zip(factors, (plot.BLUE, plot.GREY, plot.ORANGE), ("--", "-", "-."), strict=True)
    for k, color, dash in looks:
        happens = activations.get("sigmoid")(said.logit() / k)
        ax.plot(said, happens, color=color, linestyle=dash, label=f"k = {k:g}")
    ax.set(xlabel="what the unit says", ylabel="how often label 1 comes", xlim=(0, 1), ylim=(0, 1))
    ax.legend(loc="upper left")
    return drawn(fig)


def promises_table(found: Mapping[float, tuple]) -> Table:
    """What `promises` gives."""
    rows = [(f"sigmoid({k:g} t)", *(f"{value:.2f}" for value in values)) for k, values in found.items()]
    return Table(["a unit that answers", "says", "happens", "BCE"], rows)
