"""Training from each start: networks of several functions side by side, and the stored deep sigmoid networks."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import nn

from ... import data, networks, plot, results, widgets
from ...tables import Table
from .. import drawn

__all__ = [
    "descend",
    "motion",
    "motion_player",
    "motion_shares",
    "pair",
    "right",
    "sigmoid_figure",
    "sigmoid_table",
    "sigmoids",
    "starts",
    "starts_table",
]

STARTS = {"PyTorch": ("torch", 1.0), "Glorot": ("lecun", 1.0), "He": ("he", 1.0), "gain 8": ("lecun", 8.0)}
Motion = dict[str, dict[str, dict[int, nn.Sequential]]]

# ---- four starts in motion --------------------------------------------------------------------------------------


def descend(
    start: Sequence[nn.Sequential], task: data.Split, *, moments: Sequence[int], rate: float, momentum: float = 0.9
) -> list[dict[int, nn.Sequential]]:
    """Networks of one shape and function as they are after each of the moments, in steps of full-batch descent.

    They are trained side by side, each on its own mean cross-entropy, with momentum; what is given stays as it is.
    """
    act = next(layer.activation for layer in start[0] if not isinstance(layer, nn.Linear))
    layers = [[layer for layer in network if isinstance(layer, nn.Linear)] for network in start]
    weights = [torch.stack([layer.weight.detach() for layer in same]) for same in zip(*layers, strict=True)]
    biases = [torch.stack([layer.bias.detach()[:, None] for layer in same]) for same in zip(*layers, strict=True)]
    parameters = weights + biases
    update = torch.optim.SGD(parameters, lr=rate, momentum=momentum)
    x = task.train_x.T.expand(len(start), -1, -1)
    kept = [{} for _ in start]
    with torch.no_grad():
        for step in range(max(moments) + 1):
            if step in moments:
                for states, network, number in zip(kept, start, range(len(start)), strict=True):
                    states[step] = copy.deepcopy(network)
                    for layer, weight, bias in zip(states[step][::2], weights, biases, strict=True):
                        layer.weight.copy_(weight[number])
                        layer.bias.copy_(bias[number, :, 0])
            for parameter, gradient in zip(
                parameters, _gradients(act, weights, biases, x, task.train_y), strict=True
            ):
                parameter.grad = gradient
            update.step()
    return kept


def _gradients(act, weights, biases, x, y):
    """Of each network's mean cross-entropy: by the weights, then by the biases."""
    inputs, z = [], x
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        inputs.append((z, act(z)) if layer else (x, x))
        z = torch.baddbmm(bias, weight, inputs[-1][1])
    delta = (z.sigmoid() - y) / len(y)
    by_weight, by_bias = [], []
    for layer in range(len(weights) - 1, -1, -1):
        by_weight.append(delta @ inputs[layer][1].mT)
        by_bias.append(delta.sum(2, keepdim=True))
        if layer:
            delta = (weights[layer].mT @ delta) * act.slope(inputs[layer][0])
    return by_weight[::-1] + by_bias[::-1]


def right(network: nn.Module, task: data.Split) -> float:
    """The share of the fresh points that a network puts on the right side."""
    with torch.no_grad():
        answer = network(task.test_x)[:, 0] > 0
    return (answer == (task.test_y > 0.5)).double().mean().item()


def motion(
    names: Sequence[str] = ("relu", "tanh", "sigmoid"),
    *,
    starts: Mapping[str, tuple[str, float]] = STARTS,
    moments: Sequence[int] = (0, 50, 100, 200, 400),
    depth: int = 20,
    width: int = 24,
    rate: float = 0.03,
    seed: int = 2,
) -> Motion:
    """Deep networks that learn the disk from four starts, after each of the moments: by function, start and step.

    All take steps of descent with momentum 0.9 at one rate, on the same 100 points; the seed draws the weights.
    """
    task, found = data.disk(100, test=500, seed=0), {}
    for name in names:
        fresh = [networks.mlp([2, *[width] * depth, 1], name) for _ in starts]
        for network, (scheme, gain) in zip(fresh, starts.values(), strict=True):
            networks.initialize(network, scheme, gain=gain, seed=seed)
        found[name] = dict(zip(starts, descend(fresh, task, moments=moments, rate=rate), strict=True))
    return found


def motion_shares(kept: Motion) -> dict[str, dict[str, dict[int, float]]]:
    """What share of 500 fresh points each of the networks gets right."""
    task = data.disk(100, test=500, seed=0)
    return {
        name: {start: {step: right(one, task) for step, one in states.items()} for start, states in of.items()}
        for name, of in kept.items()
    }


def motion_player(kept: Motion) -> widgets.Player:
    """What `motion` gives across the plane, four starts side by side, function by function and step by step."""
    task, shares = data.disk(100, test=500, seed=0), motion_shares(kept)

    def draw(ax, function, step):
        ax.set_axis_off()
        for number, (start, states) in enumerate(kept[function].items()):
            panel = ax.inset_axes((0.52 * (number % 2), 0.54 - 0.54 * (number // 2), 0.48, 0.46))
            if _finite(states[step]):
                plot.boundary(states[step], task, panel, points=100, grid=41)
                panel.set(xlabel="", ylabel="", xlim=(-2.4, 2.4), ylim=(-2.4, 2.4))
                panel.set_title(f"{start}: {shares[function][start][step]:.0%} right", fontsize=12)
            else:
                panel.text(0.5, 0.5, "overflow", ha="center", transform=panel.transAxes)
                panel.set(aspect="equal", xlim=(-2.4, 2.4), ylim=(-2.4, 2.4))  # as large as its neighbours
                panel.set_title(f"{start}: nothing", fontsize=12)
            panel.set(xticks=[], yticks=[])

    def words(function, step):
        said = ", ".join(f"from {start} {by_step[step]:.0%}" for start, by_step in shares[function].items())
        return f"Four deep {function} networks after {step} steps; fresh points right: {said}."

    moments = list(next(iter(next(iter(kept.values())).values())))
    return widgets.player(
        draw,
        function=list(kept),
        step=moments,
        alt=words,
        size=(5.0, 4.9),
        first={"step": moments[len(moments) // 2]},
        play=True,
    )


def _finite(network: nn.Module) -> bool:
    """Whether all parameters of a network are finite numbers."""
    return all(part.isfinite().all() for part in network.parameters())


# ---- the same starts on ten draws ---------------------------------------------------------------------------------


def starts() -> dict[tuple[str, str], dict[int, np.ndarray]]:
    """From data/deep_starts, by function and start: the share of fresh points right by step, draw by draw."""
    found = {}
    for row in results.load("deep_starts"):
        of = found.setdefault((row["function"], row["start"]), {})
        for column, value in row.items():
            if column.startswith("accuracy_"):
                of.setdefault(int(column.removeprefix("accuracy_")), []).append(value)
    return {key: {step: np.array(shares) for step, shares in of.items()} for key, of in found.items()}


def starts_table(*, step: int = 400, above: float = 0.8) -> Table:
    """How many of the stored networks are right about more than so many of the fresh points after so many steps."""
    shares, rows = starts(), []
    names, heads = (list(dict.fromkeys(key[i] for key in shares)) for i in (0, 1))
    for name in names:
        cells = [shares[name, start][step] for start in heads]
        rows.append([name, *(f"{(cell > above).sum()} of {len(cell)}" for cell in cells)])
    caption = f"Networks that have more than {above:.0%} of 500 fresh points right after {step} steps, by start."
    return Table(["function", *heads], rows, caption=caption)


# ---- deep sigmoid networks --------------------------------------------------------------------------------------


def sigmoids() -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """From data/deep_sigmoid, by start and optimiser: accuracy and training loss after 1000 steps, by seed."""
    found = {}
    for row in results.load("deep_sigmoid", "deep_sigmoid"):
        of = found.setdefault((row["start"], row["optimizer"]), {"accuracy": [], "loss": []})
        of["accuracy"].append(row["accuracy_1000"])
        of["loss"].append(row["train_loss"])
    return {key: {what: np.array(values) for what, values in of.items()} for key, of in found.items()}


def sigmoid_table(found: Mapping[tuple[str, str], Mapping[str, np.ndarray]]) -> Table:
    """How many of the networks that `sigmoids` gives are right about more than 90 % of fresh points."""
    rows = []
    for start in dict.fromkeys(start for start, _ in found):
        cells = []
        for optimizer in ("adam", "sgd"):
            share = found[start, optimizer]["accuracy"]
            cells.append(f"{(share > 0.9).sum()} of {len(share)}, {np.median(share):.0%}")
        rows.append([start, *cells])
    return Table(
        ["start", "Adam", "descent with momentum"],
        rows,
        caption="Networks above 90 %, and the median share of fresh points right.",
    )


def sigmoid_figure(found: Mapping[tuple[str, str], Mapping[str, np.ndarray]], guess: float) -> Figure:
    """Each network that `sigmoids` gives, a row for each start; guess: the share that one answer gets right."""
    words = {"torch": "PyTorch", "glorot": "Glorot, 1", "computed": "computed, 1.85", "gain 4": "4", "gain 7": "7"}
    starts = list(dict.fromkeys(start for start, _ in found))
    fig, ax = plt.subplots(figsize=(5.6, 3.8))
    looks = {"adam": ("Adam", "o", plot.BLUE, 0.16), "sgd": ("descent with momentum", "x", plot.ORANGE, -0.16)}
    for optimizer, (word, mark, color, lift) in looks.items():
        for row, start in enumerate(starts):
            share = found[start, optimizer]["accuracy"]
            at = row + lift + np.linspace(-0.1, 0.1, len(share))
            ax.plot(share, at, mark, color=color, markersize=4.5, alpha=0.7)
        ax.plot([], [], mark, color=color, label=word)
    ax.axvline(guess, color=plot.GREY, linestyle=":", linewidth=1)
    ax.set_yticks(range(len(starts)), [words.get(start, "critical, 10.15") for start in starts])
    ax.set(xlabel="share of fresh points right after 1000 steps", xlim=(0.48, 1.01), ylabel="start")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return drawn(fig)


def pair(a: tuple[str, str, float], b: tuple[str, str, float], column: str = "accuracy") -> tuple[float, float]:
    """From the table `draws` of data/deep_sigmoid: a less b, paired by seed; the mean and half its 95 % interval.

    a, b: start, optimiser, rate.
    """
    one, other = (
        np.array(
            [
                row[column]
                for row in results.load("deep_sigmoid", "draws")
                if (row["start"], row["optimizer"], row["rate"]) == key
            ]
        )
        for key in (a, b)
    )
    return results.student(one - other)
