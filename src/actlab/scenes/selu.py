"""SELU's mean and variance from layer to layer: the map, real networks beside it, and pictures of both.

A pair is (mean, variance) of a layer's outputs. The page that shows them is chapters/deeper/04_selu.
"""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from .. import activations, plot, widgets
from ..tables import Table
from . import drawn

__all__ = [
    "GAINS",
    "STARTS",
    "WEIGHTS",
    "ends_table",
    "jacobian",
    "jacobian_table",
    "map_player",
    "networks",
    "networks_table",
    "next_pair",
    "path",
    "variance_figure",
]

WEIGHTS = {"LeCun": 1.0, "He": math.sqrt(2), "torch's default": 1 / math.sqrt(3)}  # the gain of each rule
STARTS = ((0.5, 2.5), (-1.0, 0.1), (2.0, 8.0))
GAINS = (0.58, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.35, 1.41)
selu = activations.get("selu")
noise = torch.linspace(-8, 8, 3201, dtype=torch.float64)  # a grid with the kink on it
density = torch.exp(-(noise**2) / 2) / torch.exp(-(noise**2) / 2).sum()


def next_pair(mean: float, variance: float, gain: float, centred: bool = False) -> tuple[float, float]:
    """Mean and variance of a layer's outputs from those of the layer before, as the width goes to infinity.

    centred: the weights of each unit sum to 0, so that a mean of its inputs does not reach it.
    """
    square = variance if centred else variance + mean**2
    out = selu(gain * math.sqrt(square) * noise)
    mean = (density * out).sum().item()
    return mean, (density * out**2).sum().item() - mean**2


def path(gain: float, layers: int = 30, start: tuple[float, float] = STARTS[0], centred: bool = False) -> np.ndarray:
    """The pairs from a start through the layers, shape (layers + 1, 2)."""
    pairs = [start]
    for _ in range(layers):
        pairs.append(next_pair(*pairs[-1], gain, centred))
    return np.array(pairs)


def map_player(
    gains: Sequence[float] = GAINS,
    starts: Sequence[tuple[float, float]] = STARTS,
    layers: int = 30,
    first: float = 1.2,
) -> widgets.Player:
    """Where the layers lead from some starts, a state for each gain; it opens with the gain `first`."""
    paths = {gain: [path(gain, layers, start) for start in starts] for gain in gains}

    def draw(ax, gain):
        for pairs, dash in zip(paths[gain], (plot.SOLID, plot.DASHED, plot.DOTTED), strict=False):
            ax.plot(*pairs.T, linestyle=dash, color=plot.CYAN, marker=".", markersize=4, linewidth=1)
            ax.plot(*pairs[0], "o", color=plot.GREY, mfc="none", markersize=8)
            ax.plot(*pairs[-1], "*", color=plot.ORANGE, markersize=10)
        ax.plot(0, 1, "x", color=plt.rcParams["text.color"], markersize=9, mew=2)
        ax.set(xlabel=r"mean $\mu$", ylabel=r"variance $\nu$ (log)", yscale="log")
        ax.set(xlim=(-1.5, 14), ylim=(1e-6, 1e3))

    def words(gain):
        mean, variance = paths[gain][0][-1]
        return (
            f"Gain {gain:g}: {len(starts)} paths of mean and variance over {layers} layers; the first ends at mean "
            f"{mean:.2f} and variance {variance:.3g}."
        )

    return widgets.player(draw, alt=words, gain=gains, first={"gain": first}, size=(5, 3.4))


def ends_table(weights: Mapping[str, float] = WEIGHTS, layers: int = 30, start=STARTS[0]) -> Table:
    """Where the map leads from a start, for each rule of drawing weights."""
    rows = []
    for name, gain in weights.items():
        mean, variance = path(gain, layers, start)[-1]
        rows.append([name, f"{gain:.3f}", f"{abs(mean):.3f}", f"{variance:.3g}"])
    return Table(["weights", "gain", f"mean after {layers} layers", "variance"], rows)


def jacobian(mean: float = 0.0, variance: float = 1.0, gain: float = 1.0, step: float = 1e-4) -> np.ndarray:
    """How the next pair answers a pair that is a little off, by difference quotients.

    Shape (2, 2): rows for the next mean and variance, columns for the mean and the variance.
    """
    across = np.subtract(next_pair(mean + step, variance, gain), next_pair(mean - step, variance, gain))
    along = np.subtract(next_pair(mean, variance + step, gain), next_pair(mean, variance - step, gain))
    return np.stack([across, along], axis=1) / (2 * step)


def jacobian_table(matrix: np.ndarray) -> Table:
    """A Jacobian of the map with its rows and columns named; sizes, without signs."""
    rows = [
        [name, *(f"{abs(part):.3f}" for part in row)] for name, row in zip(("mean", "variance"), matrix, strict=True)
    ]
    return Table(["off by, in the next layer", "for 1 in the mean", "for 1 in the variance"], rows)


def networks(
    gain: float,
    seeds: int = 10,
    width: int = 256,
    layers: int = 30,
    start: tuple[float, float] = STARTS[0],
    centred: bool = False,
    inputs: int = 64,
) -> np.ndarray:
    """Mean and variance of the last layer of real networks with random weights, shape (seeds, 2).

    inputs: how many the networks are given, normal, with the pair `start`. centred: as in `next_pair`.
    """
    ends = []
    for seed in range(seeds):
        generator = torch.Generator().manual_seed(seed)
        draw = torch.randn(layers + 1, width, width, generator=generator, dtype=torch.float64)
        out = start[0] + math.sqrt(start[1]) * draw[0, :inputs]
        for W in draw[1:] * gain / math.sqrt(width):
            out = selu(out @ (W - W.mean(dim=0) if centred else W))
        ends.append((out.mean().item(), out.var().item()))
    return np.array(ends)


def networks_table(measured: Mapping[str, np.ndarray], mapped: Mapping[str, np.ndarray]) -> Table:
    """Networks beside the map: medians over the seeds of `networks`, with the lowest and the highest variance.

    mapped: the `path` of each name in measured.
    """
    rows = []
    for name, pairs in measured.items():
        mean, variance = np.median(pairs, axis=0)
        ends = " to ".join(_two(end) for end in (pairs[:, 1].min(), pairs[:, 1].max()))
        means = [f"{abs(mean):.1f}" for mean in (mapped[name][-1][0], mean)]
        rows.append([name, *means, _two(mapped[name][-1][1]), _two(variance), ends])
    columns = ["weights", "mean: map", "mean: networks", "variance: map", "variance: networks", "lowest to highest"]
    return Table(columns, rows)


def _two(value):
    return f"{float(f'{value:.2g}'):g}"  # two digits, and no exponent where none is needed


def variance_figure(
    measured: Mapping[str, np.ndarray], weights: Mapping[str, float] = WEIGHTS, layers: int = 30
) -> Figure:
    """Variance through the layers by the map, a line for each rule, and that of real networks at the last layer."""
    fig, ax = plt.subplots()
    colors = (plot.GREEN, plot.ORANGE, plot.PURPLE)
    for (name, gain), color, mark in zip(weights.items(), colors, "os^", strict=True):
        line = path(gain, layers)[:, 1]
        ax.plot(line, color=color)
        ax.plot([layers] * len(measured[name]), measured[name][:, 1], mark, color=color, mfc="none")
        ax.text(14, 1.6 * line[14], name, color=color)
    ax.axhline(1, color=plot.GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="layer", ylabel=r"variance $\nu$ (log scale)", yscale="log", xlim=(0, layers + 1))
    return drawn(fig)
