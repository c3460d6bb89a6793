"""Where a ReLU network comes to rest on XOR, and what curves and bands make of it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ... import data, ensemble, plot, results
from ...tables import Table
from .. import drawn
from ._script import Hidden, Y, before, descend, logits, right, silent, start

__all__ = [
    "RESTS",
    "band",
    "curves_figure",
    "dead_units",
    "entropy",
    "live",
    "live_table",
    "rest_figure",
    "rests",
    "rests_table",
]


def entropy(p: float) -> float:
    """-p ln p - (1 - p) ln(1 - p), 0 at both ends."""
    return -sum(q * math.log(q) for q in (p, 1 - p) if q > 0)


# what is in the dark -> the least loss
RESTS = {
    "all, or straight": math.log(2),
    "three": 0.75 * entropy(1 / 3),
    "two unlike": math.log(2) / 2,
    "no two unlike": 0.0,
}


def _predicted(on):
    """From which units are on at which corners, shape (corners, units)."""
    if not (on.any(0) & ~on.all(0)).any():
        return math.log(2)  # no unit has its kink between corners
    dark = ~on.any(1)
    m, ones = int(dark.sum()), Y[dark].sum().item()
    return m / 4 * entropy(ones / m) if m else 0.0


def rests(hidden: Hidden, *, seeds: Sequence[int] = range(200), steps: int = 5000) -> dict[str, Tensor]:
    """Networks after as many steps on cross-entropy, each of shape (seeds,).

    loss: at the end; predicted: the least loss of networks that are dark on the same corners; dead: units that are
    silent on all four; solved: whether all four answers are right.
    """

    def error(a, y):
        return (a - y) / 4

    end = descend(start(seeds), hidden, steps=steps, error=error)
    out, on = logits(end, hidden), before(end) > 0
    return {
        "loss": binary_cross_entropy_with_logits(out, Y.expand_as(out), reduction="none").mean(0),
        "predicted": torch.tensor([_predicted(on[..., i]) for i in range(len(seeds))]),
        "dead": silent(end).sum(0),
        "solved": right(end, hidden).all(0),
    }


def rests_table(found: Mapping[str, Tensor]) -> Table:
    """By predicted loss: how many networks have it, the median they reach, and how many are within 0.01."""
    rows = []
    for words, value in sorted(RESTS.items(), key=lambda item: item[1]):
        here = (found["predicted"] - value).abs() < 1e-3
        loss = found["loss"][here]
        near = int(((loss - value).abs() < 0.01).sum())
        rows.append((words, f"{value:.4f}", int(here.sum()), f"{loss.median():.4f}", near))
    return Table(["in the dark", "predicted", "networks", "median loss", "within 0.01"], rows)


def rest_figure(found: Mapping[str, Tensor]) -> Figure:
    """Histogram of the end losses, with the predicted ones."""
    fig, ax = plt.subplots(figsize=(5.6, 3.2))
    ax.hist(found["loss"], bins=np.linspace(0, 0.72, 73), color=plot.BLUE)
    for words, value in RESTS.items():
        if value:
            ax.axvline(value, color=plot.ORANGE, linestyle=":", linewidth=1.2)
            ax.text(value - 0.01, 0.97, words, rotation=90, ha="right", va="top", transform=ax.get_xaxis_transform())
    ax.set(xlabel="cross-entropy after 5000 steps", ylabel=f"networks of {len(found['loss'])}")
    return drawn(fig)


def dead_units(found: Mapping[str, Tensor]) -> Table:
    """Dead units of the networks that are solved and of those that are not."""
    rows = []
    for words, here in (("solved", found["solved"]), ("not solved", ~found["solved"])):
        dead = found["dead"][here]
        rows.append((words, len(dead), f"{dead.double().mean():.1f}", f"{int((dead > 0).sum())} of {len(dead)}"))
    return Table(["networks", "how many", "dead units, mean", "with a dead unit"], rows)


def band(found: Mapping[str, Tensor]) -> tuple[float, float, int]:
    """Mean end loss, its standard error, and how many networks end within 0.05 of the mean."""
    loss = found["loss"]
    mean, error = loss.mean().item(), (loss.std() / math.sqrt(len(loss))).item()
    return mean, error, int(((loss - mean).abs() < 0.05).sum())


# ---- curves, by another engine ----------------------------------------------------------------------------------


def live(
    names: Sequence[str] = ("relu", "leaky_relu", "tanh", "silu"), *, seeds: int = 40, steps: int = 5000
) -> dict:
    """Runs of `ensemble.fit_many`, float32, from its own starts of the same distribution, by name."""
    return {
        name: ensemble.fit_many(
            (2, 4, 1), name, data.xor(), seeds=range(seeds), steps=steps, scheme=0.1, optimizer="sgd", rate=0.1,
            loss="bce", test_steps=[steps], engine="stacked", chunk=seeds,
        )
        for name in names
    }  # fmt: skip


def live_table(runs: Mapping[str, ensemble.Runs], stored: Mapping[str, int]) -> Table:
    """How many of the live runs are solved, beside the stored ones, each with Wilson's interval.

    stored: by name, how many of 200.
    """

    def words(k, n):
        low, high = results.proportion(k, n)
        return f"{k} of {n}, {100 * low:.0f} to {100 * high:.0f} %"

    rows = []
    for name, own in runs.items():
        won = (own.test_accuracy[:, -1] == 1) & (own.test_loss[:, -1] < 0.99 * math.log(2))
        rows.append((name, words(int(won.sum()), len(won)), words(stored[name], 200)))
    return Table(["function", "live", "stored"], rows)


def curves_figure(runs: Mapping[str, ensemble.Runs], names: Sequence[str] = ("relu", "silu")) -> Figure:
    """Loss by step: median and bands of the stored runs, and thin some of the live ones."""
    fig, axes = plt.subplots(1, len(names), figsize=(6.4, 3.2), sharey=True)
    for ax, name in zip(axes, names, strict=True):
        key = (name, "bce", 0.1)
        mine = [r for r in results.load("xor", "curves") if (r["activation"], r["gradient"], r["scale"]) == key]
        step = np.array([row["step"] for row in mine]) + 1
        at = {kind: np.array([row[kind] for row in mine]) for kind in ("q05", "q25", "median", "q75", "q95")}
        color = plot.style_of(name)["color"]
        ax.fill_between(step, at["q05"], at["q95"], color=color, alpha=0.15, linewidth=0)
        ax.fill_between(step, at["q25"], at["q75"], color=color, alpha=0.3, linewidth=0)
        shown = np.unique(np.geomspace(1, runs[name].loss.shape[1], 90).astype(int)) - 1
        ax.plot(shown + 1, runs[name].loss[:12, shown].T, color="#555555", linewidth=0.5, alpha=0.7)
        ax.plot(step, at["median"], color=color, linewidth=2.2)
        ax.set(xscale="log", xlabel="step", title=name, xlim=(10, 5000))
    axes[0].set(ylabel="cross-entropy", ylim=(0, 0.75))
    return drawn(fig)
