"""Fourteen arms on digits, five paired draws: all runs, differences draw by draw, and what they leave open."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import experiments, plot, results
from ...tables import Table
from .. import drawn
from ._published import published

__all__ = [
    "HINGES",
    "NAMES",
    "PAIRS",
    "apart",
    "arms_figure",
    "arms_table",
    "column",
    "draws",
    "hinges_figure",
    "order_in_hinges",
    "pairs_table",
    "points",
    "shared_digits",
]

HINGES = (1, 2, 3, 4, 5, 10)
NAMES = {
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "prelu": "PReLU",
    "swish": "Swish",
    **{f"apl_{s}": f"APL {s}" for s in HINGES},
    "apl_5_zero": "APL 5, a = 0",
    "apl_5_frozen": "APL 5, frozen",
    "relu_he": "ReLU, He",
    "apl_5_he": "APL 5, He",
}
PAIRS = (
    ("apl_5", "relu"),
    ("apl_5", "leaky_relu"),
    ("apl_5", "prelu"),
    ("apl_10", "prelu"),
    ("apl_5_zero", "relu"),
    ("apl_5_zero", "prelu"),
    ("apl_5", "apl_5_frozen"),
    ("prelu", "relu"),
    ("relu_he", "relu"),
    ("apl_5_he", "relu_he"),
)


def column(arm: str, key: str = "test_accuracy", *, study: str = "digits", depth: int = 3, epoch: int = -1):
    """One number for each draw, in the order of the seeds: accuracies in per cent, losses as they are.

    Raises KeyError for an arm that the study has not.
    """
    rows = [r for r in results.load("adaptive", "runs") if (r["study"], r["arm"], r["depth"]) == (study, arm, depth)]
    if not rows:
        raise KeyError(f"data/adaptive has no runs of {arm!r} in {study!r} at depth {depth}")
    scale = 100 if "accuracy" in key else 1
    return scale * np.array([row[key][epoch] for row in sorted(rows, key=lambda row: row["seed"])])


def draws() -> int:
    """How many paired draws each arm has."""
    return len(column("relu"))


def shared_digits(points: int = 2000, digits: int = 5000) -> float:
    """Which share of the training digits of one draw another draw has too, in the mean."""
    return points / digits


def apart(first: str, second: str, key: str = "test_accuracy", *, comparisons: int = 1, **where):
    """Mean of the paired differences, and half its 95 % interval for so many comparisons at once (Bonferroni)."""
    off = column(first, key, **where) - column(second, key, **where)
    return results.student(off, comparisons=comparisons)


def points(mean: float, half: float, digits: int = 1) -> str:
    """A difference with its interval, such as "+3.6 (0.9 to 6.2)"."""
    low, high = (f"{end + 0.0:.{digits}f}" for end in (mean - half, mean + half))
    return f"{mean:+.{digits}f} ({low} to {high})"


def pairs_table(pairs: Sequence[tuple[str, str]] = PAIRS, key: str = "test_accuracy") -> Table:
    """Paired differences: each with its own 95 % interval, and with that of all of them at once."""
    digits, rows = 1 if "accuracy" in key else 2, []
    for first, second in pairs:
        mean, half = apart(first, second, key)
        _, wide = apart(first, second, key, comparisons=len(pairs))
        word = "not distinguishable" if abs(mean) <= wide else "ahead"
        rows.append((f"{NAMES[first]} - {NAMES[second]}", points(mean, half, digits), f"± {wide:.{digits}f}", word))
    return Table(["difference", "alone", f"all {len(pairs)} at once", "so"], rows)


def arms_table() -> Table:
    """Every arm: loss of training and test, and test accuracy with its interval."""
    rows = []
    for arm in experiments.arms:
        losses = (f"{column(arm, f'{part}_loss').mean():.3f}" for part in ("train", "test"))
        rows.append((NAMES[arm], *losses, points(*results.student(column(arm))).lstrip("+")))
    return Table(["arm", "training loss", "test loss", "test accuracy, %"], rows)


def arms_figure() -> Figure:
    """Test accuracy of every run, with the mean of each arm and its 95 % interval."""
    fig, ax = plt.subplots(figsize=(6.0, 4.0))
    for i, arm in enumerate(experiments.arms):
        values = column(arm)
        mean, half = results.student(values)
        ax.plot(values, [i] * len(values), "o", color=plot.GREY, markersize=4)
        ax.plot([mean - half, mean + half], [i, i], color=plot.BLUE, linewidth=1.5)
        ax.plot([mean], [i], "D", color=plot.BLUE, markersize=5)
    ax.set_yticks(range(len(experiments.arms)), [NAMES[arm] for arm in experiments.arms])
    ax.set(xlabel="test accuracy, per cent")
    ax.invert_yaxis()
    return drawn(fig)


def order_in_hinges() -> list[float]:
    """For each draw the rank correlation of the number of hinges with the test loss."""
    loss = np.array([column(f"apl_{s}", "test_loss") for s in HINGES])
    return [results.spearman(HINGES, of_draw) for of_draw in loss.T]


def hinges_figure() -> Figure:
    """Test accuracy by the number of hinges: as published, and ours."""
    by_hinges, again = published("Table 21"), published("Table 22")["apl"]
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 2.8))
    axes[0].plot(HINGES, [by_hinges[f"S={s}"] for s in HINGES], "s--", color=plot.ORANGE)
    axes[0].plot([5], [again], "s", color=plot.ORANGE, markerfacecolor="none")
    axes[0].set(title="published, CIFAR-10", ylabel="test accuracy, per cent")
    values = np.array([column(f"apl_{s}") for s in HINGES])
    axes[1].plot(HINGES, values, ".-", color=plot.GREY, linewidth=0.8)
    axes[1].plot(HINGES, values.mean(1), "D-", color=plot.BLUE)
    axes[1].set(title=f"here, digits, {values.shape[1]} draws")
    for ax in axes:
        ax.set(xlabel="hinges S", xticks=HINGES)
    return drawn(fig)
