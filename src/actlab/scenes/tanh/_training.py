"""Training with tanh: centre and slope taken apart, and deep networks from many gains."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ... import activations, data, experiments, plot, results
from ...tables import Table
from .. import drawn

__all__ = [
    "PAIRS",
    "centring",
    "centring_table",
    "descend",
    "factor",
    "factors_table",
    "four",
    "learned",
    "race",
    "race_figure",
    "shallow",
    "shallow_table",
    "steps_of",
    "together",
    "trained",
    "trained_figure",
    "trained_table",
]

F64 = torch.float64
LEARNED = 0.3  # a run has learned once its training loss is below this, as in data/centring and data/tanh_gains

sigmoid, tanh = activations.get("sigmoid"), activations.get("tanh")
# One curve, scaled and shifted: slope 1/4 and 1 at 0, off centre and centred, by their names in data/centring.
four: Mapping[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": sigmoid,
    "sigmoid - 1/2": lambda z: sigmoid(z) - 0.5,
    "1 + tanh": lambda z: 1 + tanh(z),
    "tanh": tanh,
}
# (the slower, the faster) of the pairs that differ in one thing alone
PAIRS = {
    "centre, at slope 1/4": ("sigmoid", "sigmoid - 1/2"),
    "centre, at slope 1": ("1 + tanh", "tanh"),
    "slope, off centre": ("sigmoid", "1 + tanh"),
    "slope, centred": ("sigmoid - 1/2", "tanh"),
}
CAP = 3000  # steps after which a stored run stops


def descend(
    f: Callable[[Tensor], Tensor], gain: float, rate: float, tasks: Sequence[data.Split], *, steps: int, seed: int = 0
) -> Tensor:
    """Training loss of a network 2-16-8-1 on each task, by plain gradient descent on all points: (steps, tasks).

    Weights are normal, gain/sqrt(fan-in) and for the output layer 1/sqrt(fan-in), others for each task, the same for
    every f, gain and rate; biases begin at 0.
    """
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.stack([task.train_x for task in tasks]), torch.stack([task.train_y for task in tasks])
    weights, biases, losses = [], [], []
    for fan_in, units in itertools.pairwise((2, 16, 8, 1)):
        draw = torch.randn(len(tasks), fan_in, units, generator=generator, dtype=F64) / fan_in**0.5
        weights.append((draw * (gain if units > 1 else 1)).requires_grad_())
        biases.append(torch.zeros(len(tasks), 1, units, dtype=F64, requires_grad=True))
    parameters = [*weights, *biases]
    for _ in range(steps):
        z = x
        for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
            z = torch.baddbmm(b, f(z) if layer else z, W)
        loss = binary_cross_entropy_with_logits(z[..., 0], y, reduction="none").mean(1)
        losses.append(loss.detach())
        gradients = torch.autograd.grad(loss.sum(), parameters)
        for p, gradient in zip(parameters, gradients, strict=True):
            p.data -= rate * gradient
    return torch.stack(losses)


# ---- centre and slope, taken apart ------------------------------------------------------------------------------


def centring(arm: str = "tuned") -> dict[str, list[dict]]:
    """The stored runs of the four functions, data/centring, by function; a run a seed, the same seeds for all.

    arm: "tuned", with rate and gain chosen for each function, or "gain 1", with the rate alone; both on other seeds.
    Raises KeyError for another.
    """
    found = {}
    for row in results.load("centring", "runs"):
        if row["study"] == "plain" and row["arm"] == arm:
            found.setdefault(row["function"], []).append(row)
    if not found:
        raise KeyError(f"data/centring has no arm {arm!r}")
    return {name: sorted(found[name], key=lambda row: row["seed"]) for name in four}


def steps_of(runs: Sequence[Mapping]) -> np.ndarray:
    """Steps until the training loss is below 0.3; a run that did not get there counts as all that it was given."""
    return np.array([CAP if run["steps"] is None else run["steps"] for run in runs], dtype=float)


def centring_table(runs: Mapping[str, Sequence[Mapping]]) -> Table:
    """By function: the gain and rate that it was given, and its steps: median and quartiles."""
    rows = []
    for name, own in runs.items():
        low, middle, high = np.quantile(steps_of(own), [0.25, 0.5, 0.75])
        rows.append(
            (name, f"{own[0]['gain']:.1f}", f"{own[0]['rate']:.2g}", f"{middle:.0f}", f"{low:.0f} to {high:.0f}")
        )
    return Table(["function", "gain", "rate", "steps", "half of the runs"], rows)


def factor(runs: Mapping[str, Sequence[Mapping]], pair: str) -> tuple[float, float, float]:
    """By what a change divides the steps, seed by seed: `results.ratio` for a key of PAIRS."""
    before, after = (steps_of(runs[name]) for name in PAIRS[pair])
    return results.ratio(before, after)


def together(runs: Mapping[str, Sequence[Mapping]]) -> tuple[float, float, float]:
    """By what both changes together exceed the product of each alone: `results.ratio`, 1 if they do not."""
    steps = {name: steps_of(own) for name, own in runs.items()}
    return results.ratio(steps["1 + tanh"] / steps["tanh"], steps["sigmoid"] / steps["sigmoid - 1/2"])


def factors_table(**arms: Mapping[str, Sequence[Mapping]]) -> Table:
    """What `factor` and `together` give, a row for each change and a column for each arm."""
    rows = [(pair, *(_between(factor(runs, pair)) for runs in arms.values())) for pair in PAIRS]
    rows.append(("both, over the product", *(_between(together(runs)) for runs in arms.values())))
    return Table(["fewer steps by", *(name.replace("_", " ") for name in arms)], rows)


def _between(found):
    return "{:.1f} ({:.1f} to {:.1f})".format(*found)


def race(runs: Mapping[str, Sequence[Mapping]], *, seeds: Iterable[int] = range(20), steps: int = 150) -> dict:
    """`descend` of each function with the gain and the rate of its stored runs, trained here: losses, (steps, seeds).

    Each seed is a draw of 100 points of the disk and a start of the weights.
    """
    tasks = [data.disk(100, test=1, seed=seed, dtype=F64) for seed in seeds]
    return {
        name: descend(f, runs[name][0]["gain"], runs[name][0]["rate"], tasks, steps=steps) for name, f in four.items()
    }


def race_figure(losses: Mapping[str, Tensor]) -> Figure:
    """Training loss by step of what `race` ran: median and quartiles over the seeds."""
    fig, ax = plt.subplots(figsize=(5.6, 3.0))
    looks = {
        "sigmoid": (plot.ORANGE, ":"),
        "sigmoid - 1/2": (plot.ORANGE, "-"),
        "1 + tanh": (plot.RED, ":"),
        "tanh": (plot.RED, "-"),
    }
    for name, loss in losses.items():
        color, dash = looks[name]
        low, middle, high = np.quantile(loss.numpy(), [0.25, 0.5, 0.75], axis=1)
        ax.fill_between(range(len(loss)), low, high, color=color, alpha=0.12, linewidth=0)
        ax.plot(middle, color=color, linestyle=dash, label=name)
    ax.axhline(LEARNED, color=plot.GREY, linewidth=1)
    ax.set(xlabel="step", ylabel="training loss", ylim=(0, 0.9), xlim=(0, len(loss)))
    ax.legend(loc="upper right")
    return drawn(fig)


def shallow() -> dict[str, dict[str, tuple[float, np.ndarray]]]:
    """Tanh and the sigmoid in small networks on the disk: `experiments.tuned` by its column and by function."""
    return {
        column: {name: experiments.tuned(name, column) for name in ("tanh", "sigmoid")}
        for column in ("train_loss", "test_loss")
    }


def shallow_table(found: Mapping[str, Mapping[str, tuple[float, np.ndarray]]]) -> Table:
    """What `shallow` gives: rates, and how many times the sigmoid's loss tanh has, over the draws."""
    words = {"train_loss": "training points", "test_loss": "fresh points"}
    rows = []
    for column, by_name in found.items():
        (rate, tanh_loss), (other, sigmoid_loss) = by_name["tanh"], by_name["sigmoid"]
        ratio = "{:.2f} ({:.2f} to {:.2f})".format(*results.ratio(tanh_loss, sigmoid_loss))
        rows.append((words[column], f"{rate:g}", f"{other:g}", ratio))
    return Table(["loss on", "tanh's rate", "the sigmoid's", "tanh over sigmoid"], rows)


# ---- deep networks, from many gains -----------------------------------------------------------------------------


def trained() -> dict[tuple[int, str, float], list[dict]]:
    """The stored runs of deep tanh networks, data/tanh_gains, by (depth, optimizer, gain).

    The rate of each was chosen on other seeds: data/tanh_gains, table "tuning".
    """
    found = {}
    for row in results.load("tanh_gains", "tanh_gains"):
        found.setdefault((row["depth"], row["optimizer"], row["gain"]), []).append(row)
    return found


def learned(runs: Sequence[Mapping]) -> int:
    """How many of some runs end with a training loss below 0.3."""
    return sum(run["train_loss"] < LEARNED for run in runs)


def trained_figure(runs: Mapping[tuple[int, str, float], Sequence[Mapping]], balance: Mapping[int, float]) -> Figure:
    """Share of runs that learn, by gain: a panel for each depth, a line for each optimizer.

    balance: the gain at which delta keeps its size, by depth, drawn as a grey line.
    """
    depths = sorted({depth for depth, _, _ in runs})
    fig, axes = plt.subplots(1, len(depths), figsize=(5.8, 3.0), sharey=True, squeeze=False)
    looks = {"sgd": ("o-", plot.RED, "gradient descent"), "adam": ("s--", plot.BLUE, "Adam")}
    for ax, depth in zip(axes[0], depths, strict=True):
        ax.axvline(balance[depth], color=plot.GREY, linewidth=1)
        ax.text(balance[depth] + 0.05, 0.02, "balance", fontsize=9)
        for optimizer, (look, color, label) in looks.items():
            gains = sorted(gain for d, o, gain in runs if (d, o) == (depth, optimizer))
            share = [np.mean([run["train_loss"] < LEARNED for run in runs[depth, optimizer, gain]]) for gain in gains]
            ax.plot(gains, share, look, color=color, label=label, linewidth=1.5, markersize=5)
        ax.set(title=f"{depth} layers", xlabel="gain", ylim=(-0.04, 1.04))
    axes[0, 0].set_ylabel("share of the runs that learn")
    axes[0, 0].legend(loc="lower center", fontsize=9)
    return drawn(fig)


def trained_table(runs: Mapping[tuple[int, str, float], Sequence[Mapping]], depth: int) -> Table:
    """By gain and optimizer, at one depth: how many runs learn, and the median accuracy on fresh points."""
    optimizers = ("sgd", "adam")
    gains = sorted({gain for d, _, gain in runs if d == depth})
    rows = []
    for gain in gains:
        row = [f"{gain:.2f}"]
        for optimizer in optimizers:
            here = runs[depth, optimizer, gain]
            right = np.median([run["test_accuracy"] for run in here])
            row.append(f"{learned(here)} of {len(here)}, {right:.0%}")
        rows.append(row)
    caption = "Runs that learn, and the median accuracy on fresh points"
    return Table(["gain", "gradient descent", "Adam"], rows, caption=caption)
