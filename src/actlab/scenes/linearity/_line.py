"""What one line is worth on the disk, and which one training comes to rest at."""

import functools
import math
from collections.abc import Iterable

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import data, networks, plot, train
from .. import drawn

__all__ = ["by_hand", "line_figure", "lines", "trained_lines", "xor_losses"]


def lines(x: Tensor, y: Tensor, angle: float = 0.0) -> tuple[Tensor, Tensor]:
    """(offset, share right) of a line behind each point, across a direction, its points before it called inside."""
    offset, order = (x @ torch.tensor([math.cos(angle), math.sin(angle)], dtype=x.dtype)).sort()
    inside, outside = y[order].cumsum(0), (1 - y[order]).cumsum(0)
    return offset, (inside + outside[-1] - outside) / len(y)


def by_hand(offset: float) -> float:
    """The share of the disk that such a line gets right, from the density, without any points.

    The labels are 1 within radius 1 and the coordinates normal with variance 1 / (2 ln 2); it says inside
    before the line and outside behind it.
    """
    middle, inside = _strips()
    before = inside[middle < offset].sum().item()
    return before + (1 - _below(offset)) - (inside.sum().item() - before)


SD = 1 / math.sqrt(2 * math.log(2))


def _below(u):
    return 0.5 * (1 + math.erf(u / SD / math.sqrt(2)))


@functools.cache
def _strips():
    """20,000 strips across the disk: where the middle of each is, and what it holds of the density."""
    u = torch.linspace(-1, 1, 20_001, dtype=torch.float64)
    middle = (u[1:] + u[:-1]) / 2
    density = torch.exp(-(middle**2) / 2 / SD**2) / SD / math.sqrt(2 * math.pi)
    chord = torch.tensor([2 * _below(math.sqrt(1 - v * v)) - 1 for v in middle.tolist()], dtype=torch.float64)
    return middle, density * chord * u.diff()


def trained_lines(
    draws: Iterable[int] = range(6), depths: Iterable[int] = (0, 4), *, steps: int = 150
) -> dict[int, list[tuple[float, float, float, torch.nn.Linear]]]:
    """For identity networks by depth and draw of 1,000 points: (offset, share right, loss, the folded layer).

    Depth 0 is a single layer; the others have hidden layers of 8 units. Adam at rate 0.03.
    """
    fresh = data.disk(1, test=20_000, seed=1)
    found = {depth: [] for depth in depths}
    for draw in draws:
        split = data.disk(1000, seed=draw)
        for depth, own in found.items():
            network = networks.mlp([2, *[8] * depth, 1], "identity", scheme="lecun", seed=1000 + draw)
            loss = train.fit(network, split, steps=steps, rate=0.03).loss[-1].item()
            one = networks.collapse(network)
            right = train.accuracy(one, fresh.test_x, fresh.test_y)
            own.append(((one.bias / one.weight.norm()).item(), right, loss, one))
    return found


def line_figure(found: dict[int, list[tuple]]) -> Figure:
    """The share right of every line across one direction by its offset, and the lines that `trained_lines` found."""
    fresh = data.disk(1, test=100_000, seed=1)
    offset, share = lines(fresh.test_x, fresh.test_y)
    fig, ax = plt.subplots(figsize=(5.6, 3.2))
    ax.plot(offset[::200], share[::200], color=plot.GREY, label="every line")
    for (depth, own), (marker, size, color) in zip(
        found.items(), (("o", 9, plot.ORANGE), ("x", 6, plot.BLUE)), strict=False
    ):
        places = [one[0] for one in own], [one[1] for one in own]
        ax.plot(
            *places, marker, color=color, markerfacecolor="none", markersize=size,
            label=f"found by training, {depth} hidden layers",
        )  # fmt: skip
    ax.axhline(0.5, color=plot.GREY, linewidth=0.8, linestyle=":")
    ax.set(xlabel="offset of the line from the centre", ylabel="share right", xlim=(-3, 3), ylim=(0.35, 0.8))
    ax.legend(loc="upper left", fontsize=9)
    return drawn(fig)


def xor_losses(depths: Iterable[int] = (0, 2, 5), seeds: Iterable[int] = range(5)) -> list[tuple[float, int]]:
    """(last loss, points right) of identity networks that learn XOR: 120 steps of Adam at 0.04, 8 units a layer."""
    task, found = data.xor(), []
    for depth in depths:
        for seed in seeds:
            network = networks.mlp([2, *[8] * depth, 1], "identity", seed=seed)
            loss = train.fit(network, task, steps=120, rate=0.04).loss[-1].item()
            found.append((loss, round(4 * train.accuracy(network, task.train_x, task.train_y))))
    return found
