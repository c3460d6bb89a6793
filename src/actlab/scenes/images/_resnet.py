"""A ResNet that has learned and fails its test: the statistics that BatchNorm is given."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import nn

from ... import data, experiments, networks, plot, results, train
from ...tables import Table
from .. import drawn
from ._stored import NARROW, WORDS, column, rows

__all__ = [
    "NETS",
    "Trained",
    "batchnorm_figure",
    "blocks_table",
    "constant_f1",
    "gaps_table",
    "kinds_table",
    "looks",
    "looks_table",
    "norm_layers",
    "off",
    "off_table",
    "parameters",
    "train_narrow",
]

NETS = {
    "ResNet-50, ReLU": NARROW | {"network": "resnet50", "activation": "relu"},
    "narrow, ReLU": NARROW | {"activation": "relu"},
    "narrow, sigmoid": NARROW | {"activation": "sigmoid"},
    "narrow, ELU": NARROW | {"activation": "elu"},
}


def batchnorm_figure(nets: Mapping[str, Mapping] = NETS) -> Figure:
    """Accuracy against epochs, a line a seed: in training, and of the same weights with two kinds of statistics."""
    fig, axes = plt.subplots(2, 2, figsize=(6.4, 5.0), sharey=True)
    fig.get_layout_engine().set(h_pad=0.12)
    for ax, (title, where) in zip(axes.flat, nets.items(), strict=True):
        found = rows("curves", **where)
        for run in found:
            passed = np.arange(len(run["test_accuracy"])) * run["epochs"] / len(run["train_loss"])
            own, running, training = (100 * np.array(run[f"{kind}_accuracy"]) for kind in ("batch", "test", "train"))
            (a,) = ax.plot(passed, own, "^--", ms=4, color=plot.GREEN, lw=1.2)
            (b,) = ax.plot(passed, running, "o-", ms=4, color=plot.ORANGE, lw=1.2)
            (c,) = ax.plot(passed[1:], training, ":", color=plot.GREY)
        ax.set(title=f"{title} (n = {len(found)})", ylim=(0, 101))
    for ax in axes[1]:
        ax.set(xlabel="epoch")
    for ax in axes[:, 0]:
        ax.set(ylabel="right, %")
    axes[1, 1].legend([a, b, c], ["test, own", "test, running", "training"], loc="lower right")
    return drawn(fig)


def gaps_table(nets: Mapping[str, Mapping] = NETS) -> Table:
    """Where the two tests of the same weights are farthest apart, means over seeds."""
    cells = []
    for title, where in nets.items():
        running, own = (column(f"{kind}_accuracy", "curves", **where) for kind in ("test", "batch"))
        at = (own - running).mean(axis=0).argmax()
        run = rows("curves", **where)[0]
        updates = run["epochs"] * math.ceil(run["points"] / 64)
        done = updates * at // len(run["train_loss"])
        shown = (f"{100 * found[:, at].mean():.0f}" for found in (running, own))
        cells.append((title, len(own), f"{done} of {updates}", *shown))
    return Table(["network", "n", "widest after updates", "running, %", "own, %"], cells)


# ---- without what is left of the start --------------------------------------------------------------------------


def looks(name: str, updates: int) -> dict[str, np.ndarray]:
    """By kind of statistics: the share of test digits that the weights of five draws get right after some updates.

    "running" are BatchNorm's own, "debiased" the same without what is left of mean 0 and variance 1, "anew" the
    plain mean over 500 training digits, "own" those of each test batch. off_running and off_debiased: by what
    factor the variances of the median layer are off from those anew; worst_...: those of the worst layer;
    below_start: in how many of `layers` layers the true variance is smaller than what is left of the first 1.
    Raises KeyError where nothing is stored.
    """
    found = [
        row
        for row in results.load("images_tuned", "statistics")
        if (row["activation"], row["updates"]) == (name, updates)
    ]
    if not found:
        raise KeyError(f"data/images_tuned has no statistics of {name!r} after {updates} updates")
    found.sort(key=lambda row: row["seed"])
    return {key: np.array([row[key] for row in found]) for key in found[0] if key not in ("activation", "seed")}


KINDS = {
    "running": "running, as they were",
    "debiased": "running, debiased",
    "anew": "averaged anew on training digits",
    "own": "each test batch's own",
}


def looks_table(name: str = "sigmoid", updates: int = 32) -> Table:
    """Test digits right in per cent by the statistics that the same weights are given: the mean of the draws, their
    least and most; and by what factor the variances of the middle of the layers are off, the median of the draws.
    """
    found, cells = looks(name, updates), []
    for kind, words in KINDS.items():
        right = 100 * found[kind]
        off = f"{np.median(found[f'off_{kind}']):.2f}" if f"off_{kind}" in found else "-"
        cells.append((words, f"{right.mean():.0f}", f"{right.min():.0f} to {right.max():.0f}", off))
    return Table(["statistics", "right, %", "five draws", "variances off by"], cells)


# ---- live, on the page below the chapter ------------------------------------------------------------------------


@dataclass(frozen=True)
class Trained:
    """A narrow ResNet after some updates: the network, its digits, and the updates."""

    network: nn.Module
    split: data.Split
    updates: int

    def right(self, change: Callable[[nn.Module], object] = lambda network: None) -> float:
        """The share of test digits right, by a copy that `change` has been applied to."""
        network = copy.deepcopy(self.network)
        change(network)
        return train.accuracy(network.eval(), self.split.test_x, self.split.test_y)


def train_narrow(name: str = "sigmoid", updates: int = 32, seed: int = 0) -> Trained:
    """Trains a ResNet-50 with a quarter of its channels on 1,000 digits, with Adam; 250 are kept for the test."""
    split = data.mnist(1000, test=250, seed=seed)
    network = experiments.Images(name, network="resnet50_narrow").build(seed)
    train.fit_batches(network, split, steps=updates, batch=64, every=updates, seed=seed)
    return Trained(network, split, updates)


def norm_layers(network: nn.Module) -> list[nn.BatchNorm2d]:
    """All BatchNorm layers of a network, in the order in which they stand in it."""
    return [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]


def kinds_table(trained: Trained, **changes: Callable[[nn.Module], object]) -> Table:
    """Test digits right by what was done to the statistics of one network, whose weights stay."""
    cells = [(kind.replace("_", " "), f"{trained.right(change):.0%}") for kind, change in changes.items()]
    return Table(["statistics", "right"], [("as they were", f"{trained.right():.0%}"), *cells])


def off(trained: Trained, debias: Callable, anew: Callable) -> dict[str, tuple[float, float]]:
    """By what factor running variances differ from those averaged anew, up or down: (middle layer, worst layer).

    For the statistics as they were, "running", and "debiased"; of each layer the median over its channels. debias,
    anew: change the statistics of the network that they are given.
    """
    copies = {kind: copy.deepcopy(trained.network) for kind in ("running", "debiased", "anew")}
    debias(copies["debiased"])
    anew(copies["anew"])
    variances = {kind: [layer.running_var for layer in norm_layers(of)] for kind, of in copies.items()}
    found = {}
    for kind in ("running", "debiased"):
        logs = [
            (mine / true).log().abs().median() for mine, true in zip(variances[kind], variances["anew"], strict=True)
        ]
        found[kind] = tuple(math.exp(f(torch.stack(logs)).item()) for f in (torch.median, torch.max))
    return found


def off_table(found: Mapping[str, tuple[float, float]]) -> Table:
    """What `off` gives."""
    cells = [(kind, f"{middle:.2f}", f"{worst:.0f}") for kind, (middle, worst) in found.items()]
    return Table(["variances off by a factor of", "middle layer", "worst layer"], cells)


def parameters(blocks: Sequence[int] = (3, 4, 6, 3), *, bottleneck: bool = True) -> int:
    """How many numbers a ResNet for the thousand classes of ImageNet holds."""
    network = networks.resnet("relu", channels=3, classes=1000, blocks=blocks, bottleneck=bottleneck)
    return sum(parameter.numel() for parameter in network.parameters())


def blocks_table(layer_norms: Callable, names: Sequence[str] = ("relu", "sigmoid"), digits: int = 16) -> Table:
    """ResNet-50 before its first update: the gradient's norm in its first and in its last block."""
    split, blocks = data.mnist(2000, test=1000, seed=0), experiments.Images("relu", network="resnet50").layers
    x, y, cells = split.train_x[:digits], split.train_y[:digits], []
    for name in names:
        norms = layer_norms(networks.resnet(name, seed=0), x, y, blocks)
        cells.append((WORDS[name], f"{norms[1]:.2g}", f"{norms[-2]:.2g}"))
    return Table(["norm", "block 1", "block 16"], cells)


def constant_f1(share: float) -> float:
    """Weighted F1 of one answer for all, to a class with this share of the test."""
    return 2 * share**2 / (1 + share)
