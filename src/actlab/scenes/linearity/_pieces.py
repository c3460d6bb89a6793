"""The pieces of the plane that a ReLU network is made of: drawn, counted, and followed through training."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from torch import nn

from ... import data, networks, plot, results, train
from ...tables import Table
from .. import drawn
from ._count import polygons, round_circle

__all__ = [
    "affine_table", "depths_table", "draw_pieces", "expected", "layers_at", "on_everywhere", "per_unit",
    "pieces_figure", "sawtooth", "start_table", "through_training", "trained",
]  # fmt: skip

F64 = torch.float64


# ---- drawn ------------------------------------------------------------------------------------------------------


def draw_pieces(network: nn.Sequential, ax: Axes, *, reach: float = 2.0) -> int:
    """Draw the pieces of the square, a pale colour each, and the line where the logit is 0; return their number."""
    pieces = polygons(network, reach)
    shades = np.random.default_rng(2).uniform(0.62, 0.97, (len(pieces), 3))
    ax.add_collection(PolyCollection(pieces, facecolors=shades, edgecolors="#6b6b6b", linewidths=0.25))
    for piece in pieces:  # inside a piece the logit is affine: it is 0 on one straight stroke
        with torch.no_grad():
            logit = network(torch.tensor(piece, dtype=next(network.parameters()).dtype))[:, 0].double().numpy()
        ends = []
        for i, j in zip(range(len(piece)), [*range(1, len(piece)), 0], strict=True):
            if logit[i] * logit[j] < 0:
                share = logit[i] / (logit[i] - logit[j])
                ends.append(piece[i] + share * (piece[j] - piece[i]))
        if len(ends) == 2:
            ax.plot(*np.transpose(ends), color="#111111", linewidth=2)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    return len(pieces)


def pieces_figure(*, width: int = 8, depth: int = 2, seed: int = 0, steps: int = 300) -> Figure:
    """The pieces of one network before it learns the disk, and after."""
    # 1000: else the first weights were the very numbers of the data
    network = networks.mlp([2, *[width] * depth, 1], "relu", scheme="he", seed=1000 + seed)
    fig, axes = plt.subplots(1, 2, figsize=(5.6, 3.1))
    for ax, when in zip(axes, ("at the start", f"after {steps} steps"), strict=True):
        if when != "at the start":
            train.fit(network, data.disk(500, seed=seed), steps=steps, rate=0.03)
        n = draw_pieces(network, ax)
        angle = np.linspace(0, 2 * math.pi, 200)
        ax.plot(np.cos(angle), np.sin(angle), "--", color=plot.ORANGE, linewidth=1.3)
        ax.set_title(f"{when}: {n} pieces,\n{len(round_circle(network))} round the circle", fontsize=10)
    return drawn(fig)


# ---- counted ----------------------------------------------------------------------------------------------------


def expected(width: int, depth: int) -> float:
    """The mean number of pieces a unit round the circle of ReLU networks with normal weights and zero biases.

    A unit of hidden layer l changes sign 2 (1 - (width + 1) / 2^width)^(l - 1) times in the mean; the chapter's page
    on pieces has the proof. Returned is the mean over the layers.
    """
    kept = 1 - (width + 1) / 2**width  # two units of a layer or more are on
    return float(np.mean([2 * kept**layer for layer in range(depth)]))


def per_unit(start: str, width: int, depth: int) -> np.ndarray:
    """Pieces round the circle for each hidden unit, of the 100 stored networks that were not trained."""
    rows = results.load("linear_regions", "starts")
    chosen = [r for r in rows if (r["start"], r["width"], r["depth"]) == (start, width, depth)]
    return np.array([r["circle"] for r in chosen]) / (width * depth)


def start_table(
    settings: Iterable[tuple[str, int]] = (
        ("he", 4), ("he", 8), ("he", 16), ("he", 32), ("he, torch's biases", 16), ("torch", 16)
    ),
    depths: Sequence[int] = (1, 2, 4, 8),
) -> Table:  # fmt: skip
    """Pieces round the circle for each hidden unit at the start, by start and depth: means of 100 and intervals."""
    rows = []
    for start, width in settings:
        found = [results.student(per_unit(start, width, depth)) for depth in depths]
        words = {"he": "He, 0", "he, torch's biases": "He, torch's", "torch": "torch, torch's"}[start]
        rows.append((words, width, *(f"{mean:.2f} ± {half:.2f}" for mean, half in found)))
    return Table(
        ["weights, biases", "width", *(f"depth {depth}" for depth in depths)],
        rows,
        caption="Pieces round the circle for each hidden unit: mean of 100 networks, 95 % interval.",
    )


def trained(depth: int, step: int, what: str = "circle") -> np.ndarray:
    """A column of the 50 stored networks of a depth at a step of their training, in the order of their seeds."""
    rows = [r for r in results.load("linear_regions", "training") if (r["depth"], r["step"]) == (depth, step)]
    return np.array([r[what] for r in sorted(rows, key=lambda r: r["seed"]) if r[what] is not None])


def depths_table(depths: Sequence[int] = (1, 2, 4, 8), *, last: int = 300) -> Table:
    """The pieces of the stored networks before and after training: round the circle, paired, and in the square."""
    rows = []
    for depth in depths:
        before, after = trained(depth, 0), trained(depth, last)
        mean, half = results.student(after - before)
        square = np.mean(trained(depth, last, "square"))
        rows.append(
            (
                f"depth {depth}",
                16 * depth,
                f"{before.mean():.0f}",
                f"{after.mean():.0f}",
                f"{mean:.0f} ± {half:.0f}",
                f"{square:,.0f}",
            )
        )
    return Table(
        ["network", "units", "circle, start", "circle, trained", "change", "square, trained"],
        rows,
        caption="Pieces: means of the same 50 networks before and after, the change with its 95 % interval. "
        "Square: of ten.",
    )


def through_training(depths: Sequence[int] = (1, 2, 4, 8), moments: Sequence[int] = (0, 10, 30, 100, 300)) -> Table:
    """Pieces round the circle for each unit and the accuracy, by step and depth: mean and median of 50 networks."""
    rows = []
    for step in moments:
        counts = [np.mean(trained(depth, step)) / (16 * depth) for depth in depths]
        right = [np.median(trained(depth, step, "accuracy")) for depth in depths]
        cells = [f"{count:.2f}, {share:.0%}" for count, share in zip(counts, right, strict=True)]
        rows.append((f"step {step}", *cells))
    return Table(
        ["after", *(f"depth {depth}" for depth in depths)],
        rows,
        caption="Pieces round the circle for each unit, mean of 50 networks; fresh points right, their median.",
    )


def sawtooth(depth: int) -> nn.Sequential:
    """A ReLU network of one input and two units a layer with 2^depth pieces on [0, 1] {cite}`telgarsky2016`."""
    network = networks.mlp([1, *[2] * depth, 1], "relu", dtype=F64)
    with torch.no_grad():
        for layer in network[::2]:
            tent = torch.tensor([2.0, -4.0] if layer.in_features == 2 else [1.0])
            layer.weight.copy_(tent.expand_as(layer.weight))
            layer.bias.copy_(torch.tensor([0.0, -0.5])[: layer.out_features])
    return network


# ---- one piece is one layer -------------------------------------------------------------------------------------


@torch.no_grad()
def on_everywhere(
    x: torch.Tensor, share: float = 1.0, *, depth: int = 3, width: int = 16, seed: int = 0
) -> nn.Sequential:
    """A ReLU network whose biases are raised layer by layer towards the values at which all units are on at all x.

    share: of the way. At 1 the lowest pre-activation of each unit is 1. x: float64, shape (points, 2).
    """
    network = networks.mlp([2, *[width] * depth, 1], "relu", scheme="he", seed=seed, dtype=F64)
    for layer in range(0, 2 * depth, 2):
        network[layer].bias += share * (1 - network[: layer + 1](x).amin(dim=0))
    return network


@torch.no_grad()
def layers_at(network: nn.Sequential, x: torch.Tensor) -> int:
    """How many different sets of units are on at the points x, so how many layers the network is there."""
    on, h = [], x
    for layer in network[:-1]:
        if isinstance(layer, nn.Linear):
            on.append(layer(h) > 0)
        h = layer(h)
    return len(torch.unique(torch.cat(on, dim=1), dim=0))


@torch.no_grad()
def affine_table(x: torch.Tensor, shares: Sequence[float] = (0, 0.25, 0.5, 0.75, 1)) -> Table:
    """Different layers at the points x, and what the best affine map leaves of the outputs, as biases are raised."""
    rows = []
    inputs = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    for share in shares:
        network = on_everywhere(x, share)
        out = network(x)
        left = out - inputs @ torch.linalg.lstsq(inputs, out).solution
        rows.append((f"{share:.0%}", layers_at(network, x), f"{(left.std() / out.std()).item():.0%}"))
    return Table(
        ["biases raised", "different layers", "missed by one layer"],
        rows,
        caption=f"Different layers at the {len(x):,} points, and the share of the outputs' spread that the best "
        "single layer misses.",
    )
