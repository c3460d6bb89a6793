"""Smooth functions against ReLU where only values are learned: the disk, and a square on the same points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import experiments, plot, results
from ...tables import Table
from .. import drawn

__all__ = [
    "RIVALS",
    "Arm",
    "arms",
    "by_draw",
    "by_target",
    "compared_table",
    "disk_figure",
    "seen",
    "stopped",
    "stopped_table",
    "verdict",
]

RIVALS = ("softplus", "silu", "gelu", "elu", "leaky_relu")


@dataclass(frozen=True)
class Arm:
    """A function's losses over ReLU's, pair by pair: shape (draws,); the rate of each of the two."""

    ratios: np.ndarray
    rate: float
    other: float

    @property
    def factor(self) -> tuple[float, float, float]:
        """The geometric mean of the ratios and its 95 % interval, by Student: (factor, low, high)."""
        return results.ratio(self.ratios, np.ones_like(self.ratios))


def by_draw(table: str, activation: str, column: str) -> np.ndarray:
    """A column of a table of data/disk, at rate 0.01: the median over the starts for each draw, shape (draws,)."""
    found = {}
    for row in results.load("disk", table):
        if row["activation"] == activation:
            found.setdefault(row["draw"], []).append(row[column])
    return np.array([np.median(found[draw]) for draw in sorted(found)])


def arms(names: Sequence[str] = RIVALS) -> dict[str, dict[str, Arm]]:
    """Each function against ReLU, by comparison.

    "training, own rates" and "fresh, own rates": the disk, each function at the rate that suits it on ten other draws
    (`experiments.tuned`). "fresh, 0.01" the same at one rate for all, and "square, 0.01" on the same points with
    labels from a square.
    """
    found = {}
    for name in names:
        of = {}
        for label, column in (("training, own rates", "train_loss"), ("fresh, own rates", "test_loss")):
            (rate, mine), (other, relu) = (experiments.tuned(each, column) for each in (name, "relu"))
            of[label] = Arm(mine / relu, rate, other)
        for label, table in (("fresh, 0.01", "draws"), ("square, 0.01", "squares")):
            ratios = by_draw(table, name, "test_loss") / by_draw(table, "relu", "test_loss")
            of[label] = Arm(ratios, 0.01, 0.01)
        found[name] = of
    return found


def verdict(arm: Arm) -> str:
    """lower, higher or not distinguishable, by the interval of the factor."""
    _, low, high = arm.factor
    return "lower" if high < 1 else "higher" if low > 1 else "not distinguishable"


def seen(arm: Arm) -> float:
    """The factor, above 1, from which on these draws would tell two functions apart: half the interval's width."""
    _, low, high = arm.factor
    return (high / low) ** 0.5


def by_target(of: Mapping[str, Arm]) -> tuple[float, float, float]:
    """How the factor on the disk compares with that on the square, at rate 0.01, draw by draw: (ratio, low, high)."""
    return results.ratio(of["fresh, 0.01"].ratios, of["square, 0.01"].ratios)


def stopped(name: str) -> tuple[float, float, float]:
    """The lowest test loss of the runs on the square, over ReLU's, draw by draw: (factor, low, high), rate 0.01."""
    return results.ratio(*(by_draw("squares", each, "best_test_loss") for each in (name, "relu")))


def stopped_table(names: Sequence[str] = RIVALS) -> Table:
    """`stopped` of each function."""
    rows = [(name, "{:.2f} ({:.2f} to {:.2f})".format(*stopped(name))) for name in names]
    return Table(["function", "lowest test loss, square"], rows)


def compared_table(found: Mapping[str, Mapping[str, Arm]], labels: Sequence[str]) -> Table:
    """The factor of each function and comparison, with its interval."""
    rows = [
        (name, *("{:.2f} ({:.2f} to {:.2f})".format(*of[label].factor) for label in labels))
        for name, of in found.items()
    ]
    return Table(["function", *labels], rows, caption="Loss in units of ReLU's; 95 % intervals, 20 paired draws.")


def disk_figure(found: Mapping[str, Mapping[str, Arm]], labels: Sequence[str]) -> Figure:
    """A dot for each draw, a bar for the geometric mean: a panel for each comparison."""
    fig, axes = plt.subplots(1, len(labels), figsize=(5.8, 3.3), sharey=True)
    for ax, label in zip(axes, labels, strict=True):
        for i, (name, of) in enumerate(found.items()):
            arm = of[label]
            ax.plot(arm.ratios, [i] * len(arm.ratios), "o", color=plot.style_of(name)["color"], ms=5, alpha=0.6)
            ax.plot(arm.factor[0], i, "|", color="black", markersize=20, mew=2)
        ax.axvline(1, color=plot.GREY, linewidth=1, linestyle="--")
        ax.set(xscale="log", xlim=(0.08, 12), xticks=[0.1, 0.3, 1, 3, 10], title=label)
        ax.set_xticklabels(["0.1", "0.3", "1", "3", "10"])
        ax.xaxis.minorticks_off()
    axes[0].set(yticks=range(len(found)), yticklabels=list(found), ylim=(-0.6, len(found) - 0.4))
    fig.supxlabel("loss in units of ReLU's on the same draw", fontsize=11)
    return drawn(fig)
