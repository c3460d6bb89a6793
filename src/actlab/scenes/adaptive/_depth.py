"""Stacks of three, five and seven convolutions, and the gradients on their way down: data/adaptive."""

from itertools import pairwise

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, results
from ...tables import Table
from .. import drawn
from ._arms import NAMES, column, points

__all__ = [
    "DEPTHS",
    "deeper",
    "depth_figure",
    "gap_table",
    "leads",
    "narrower",
    "norms_figure",
    "norms_table",
    "steps_table",
]

DEPTHS, STACKED = (3, 5, 7), ("relu", "leaky_relu", "apl_5")
FLOWING = ("relu", "prelu", "apl_5", "apl_5_zero")
LAYERS = ("conv1", "conv2", "conv3", "hidden", "out")


def _right(arm, depth):
    return column(arm, study="depth", depth=depth)


def leads(fixed: str, depth: int) -> np.ndarray:
    """By how many points five hinges are ahead of a fixed function at a depth, draw by draw."""
    return _right("apl_5", depth) - _right(fixed, depth)


def narrower(fixed: str, few: int, more: int, *, comparisons: int = 1) -> tuple[float, float]:
    """By how much that lead is smaller with more layers: mean, and half of its interval for so many comparisons."""
    return results.student(leads(fixed, few) - leads(fixed, more), comparisons=comparisons)


def deeper(arm: str, few: int, more: int, *, comparisons: int = 1) -> tuple[float, float]:
    """Points of accuracy that more layers bring: mean, and half of its interval for so many comparisons."""
    return results.student(_right(arm, more) - _right(arm, few), comparisons=comparisons)


def gap_table() -> Table:
    """By how much APL's lead shrinks between two depths: six contrasts, each alone and all at once."""
    steps = [(fixed, *ends) for fixed in STACKED[:2] for ends in ((3, 5), (5, 7), (3, 7))]
    rows = [
        (
            f"over {NAMES[fixed]}",
            f"{few} to {more}",
            points(*narrower(fixed, few, more)),
            f"± {narrower(fixed, few, more, comparisons=len(steps))[1]:.1f}",
        )
        for fixed, few, more in steps
    ]
    return Table(["APL's lead", "layers", "smaller by, alone", f"all {len(steps)} at once"], rows)


def steps_table() -> Table:
    """What more layers bring to each function: six steps, each alone and all at once."""
    steps = [(arm, *ends) for arm in STACKED for ends in pairwise(DEPTHS)]
    rows = [
        (
            NAMES[arm],
            f"{few} to {more}",
            points(*deeper(arm, few, more)),
            f"± {deeper(arm, few, more, comparisons=len(steps))[1]:.1f}",
        )
        for arm, few, more in steps
    ]
    return Table(["function", "layers", "points gained, alone", f"all {len(steps)} at once"], rows)


def depth_figure() -> Figure:
    """Test accuracy of every stack, by depth."""
    fig, ax = plt.subplots(figsize=(6.0, 2.9))
    for i, (arm, mark, color) in enumerate(zip(STACKED, "os^", (plot.ORANGE, plot.GREEN, plot.BLUE), strict=True)):
        for depth in DEPTHS:
            values = _right(arm, depth)
            at = depth + 0.4 * (i - 1)
            ax.plot([at] * len(values), values, mark, color=color, markersize=4, alpha=0.7)
            ax.plot([at - 0.12, at + 0.12], [values.mean()] * 2, color=color, linewidth=2)
        ax.plot([], [], mark, color=color, label=NAMES[arm])
    ax.set(xticks=DEPTHS, xlabel="convolutions", ylabel="test accuracy, per cent", ylim=(0, 100))
    ax.legend(fontsize=7, loc="lower left")
    return drawn(fig)


def _norms(arm, epoch):
    rows = results.load("adaptive", "norms")
    (row,) = [row for row in rows if (row["arm"], row["epoch"]) == (arm, epoch)]
    return row["norms"]


def _last():
    return max(row["epoch"] for row in results.load("adaptive", "norms"))


def norms_figure() -> Figure:
    """Gradient norms of each layer's weights in the first epoch and the last."""
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 2.9), sharey=True)
    colors = (plot.BLUE, plot.ORANGE, plot.GREEN, plot.PURPLE)
    for ax, epoch in zip(axes, (1, _last()), strict=True):
        for arm, color, mark in zip(FLOWING, colors, "os^x", strict=True):
            ax.plot(_norms(arm, epoch), mark + "-", color=color, label=NAMES[arm])
        ax.set(title=f"epoch {epoch}", yscale="log")
        ax.set_xticks(range(len(LAYERS)), LAYERS, fontsize=7)
    axes[0].set(ylabel="gradient norm")
    axes[1].legend(fontsize=7)
    return drawn(fig)


def norms_table() -> Table:
    """The numbers of `norms_figure`, with the training loss of that epoch."""
    rows = []
    for epoch in (1, _last()):
        for arm in FLOWING:
            loss = column(arm, "train_loss", epoch=epoch - 1).mean()
            rows.append((NAMES[arm], epoch, *(f"{norm:.2f}" for norm in _norms(arm, epoch)), f"{loss:.2f}"))
    return Table(["arm", "epoch", *LAYERS, "loss"], rows)
