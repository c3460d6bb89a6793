"""Small networks side by side with a leak that may be learned: PReLU's slopes, and where ReLU's zeros come from."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ... import data, plot, results, tables, train
from .. import drawn

__all__ = [
    "learned_slopes",
    "side_by_side",
    "slope_paths",
    "win_table",
    "zero_table",
]

F64 = torch.float64


@dataclass(frozen=True)
class Course:
    """silent: whether a unit is at 0 or below on all points, (steps, hidden, nets, units); slopes: (steps, hidden,
    nets); loss: cross-entropy on 1000 fresh points, (nets,); zeros: share of z at or below 0 in each hidden layer
    after training."""

    silent: Tensor
    slopes: Tensor
    loss: Tensor
    zeros: Tensor


def side_by_side(
    optimizer: str,
    rate: float,
    *,
    leak: float = 0.0,
    learn: bool = False,
    nets: int = 10,
    hidden: int = 3,
    steps: int = 300,
) -> Course:
    """Train networks 2-16-...-16-1 on 128 points of the disk each, from He's weights and zero biases.

    leak: the slope below 0, one for each hidden layer; learn: whether it is trained along.
    """
    tasks = [data.disk(128, test=1000, seed=seed, dtype=F64) for seed in range(nets)]
    train_x, train_y, test_x, test_y = (torch.stack(part) for part in zip(*tasks, strict=True))
    weights, biases = _start(nets, hidden)
    leaks = [torch.full((nets, 1, 1), leak, dtype=F64) for _ in range(hidden)]
    moved = [p.requires_grad_() for p in weights + biases + (leaks if learn else [])]
    update = train.optimizers[optimizer](moved, lr=rate)
    silent, slopes = [], []
    for _ in range(steps):
        logit, zs = _forward(train_x, weights, biases, leaks)
        silent.append(torch.stack([(z <= 0).all(dim=1) for z in zs]))
        slopes.append(torch.stack(leaks).detach().flatten(1))
        update.zero_grad()
        _loss(logit, train_y).sum().backward()
        update.step()
    with torch.no_grad():
        tested = _loss(_forward(test_x, weights, biases, leaks)[0], test_y)
        zeros = torch.stack([(z <= 0).double().mean() for z in zs])
    return Course(torch.stack(silent), torch.stack(slopes), tested, zeros)


def _start(nets, hidden):
    # a seed that no draw of the points has: the weights would be the points' own numbers
    generator, widths = torch.Generator().manual_seed(1000), [2, *[16] * hidden, 1]
    weights = [
        torch.randn(nets, n, m, generator=generator, dtype=F64) * math.sqrt(2 / n)
        for n, m in itertools.pairwise(widths)
    ]
    return weights, [torch.zeros(nets, 1, m, dtype=F64) for m in widths[1:]]


def _forward(x, weights, biases, leaks):
    """Logits (nets, points), and z of each hidden layer (nets, points, units)."""
    zs = []
    for weight, bias, leak in zip(weights[:-1], biases[:-1], leaks, strict=True):
        zs.append(x @ weight + bias)
        x = torch.where(zs[-1] > 0, zs[-1], leak * zs[-1])
    return (x @ weights[-1] + biases[-1])[..., 0], zs


def _loss(logit, y):
    return binary_cross_entropy_with_logits(logit, y, reduction="none").mean(dim=1)


def learned_slopes(course: Course) -> tables.Table:
    """The slopes of each layer at the end: their mean, its 95 % interval and their standard deviation."""
    rows = []
    for layer, of in enumerate(course.slopes[-1], 1):
        mean, half = results.student(of)
        rows.append([f"layer {layer}", f"{mean:.2f} ± {half:.2f}", f"{of.std():.2f}"])
    return tables.Table(["learned slope", "mean", "standard deviation"], rows, caption="Ten networks, start 0.25.")


def slope_paths(course: Course) -> Figure:
    """The slope of each network by step, a panel for each layer, and the median."""
    steps, hidden, _ = course.slopes.shape
    figure, axes = plt.subplots(1, hidden, figsize=(6.2, 2.7), sharey=True)
    for layer, ax in enumerate(axes):
        paths, at = course.slopes[::5, layer], range(0, steps, 5)
        ax.plot(at, paths, color=plot.INDIGO, linewidth=0.8, alpha=0.6)
        ax.plot(at, paths.median(1).values, color=plt.rcParams["text.color"], linewidth=2.2)
        ax.axhline(0.25, color=plot.GREY, linestyle=":", linewidth=1)
        ax.set(title=f"layer {layer + 1}", xlabel="step", xticks=(0, steps // 2, steps), ylim=(-0.05, 1.05))
    axes[0].set_ylabel(r"learned slope $\alpha$")
    return drawn(figure)


def win_table(
    courses: Mapping[str, Course], *, mine: str = "prelu", others: Sequence[str] = ("leaky, 0.25", "relu")
) -> tables.Table:
    """On how many draws the fresh loss of `mine` is the lower one, and the paired difference with its interval."""
    rows = []
    for other in others:
        gap = courses[mine].loss - courses[other].loss
        mean, half = results.student(gap)
        rows.append([f"{mine} - {other}", f"{int((gap < 0).sum())} of {len(gap)}", f"{mean:+.3f} ± {half:.3f}"])
    return tables.Table(
        ["test loss", "lower on", "difference, 95 % interval"],
        rows,
        caption=f"The loss itself is about {courses[mine].loss.mean():.2f}.",
    )


def zero_table(course: Course) -> tables.Table:
    """Where the zeros of ReLU come from: their share of the outputs at the end, and that of dead units."""
    dead = course.silent[-1].double().mean(dim=(1, 2))
    rows = [
        [f"layer {layer}", f"{zeros:.0%}", f"{of:.0%}"]
        for layer, (zeros, of) in enumerate(zip(course.zeros, dead, strict=True), 1)
    ]
    return tables.Table(["after training", "outputs that are 0", "from dead units"], rows)
