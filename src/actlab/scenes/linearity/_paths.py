"""How linear layers learn: one after another, or all at once, and what a narrow one takes away."""

import math
from collections.abc import Iterable, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import data, networks, plot, train
from ...tables import Table
from .. import drawn

__all__ = ["STRENGTHS", "halfway", "halfway_table", "linear_task", "narrow", "paths", "paths_figure"]

STRENGTHS = torch.tensor([4.0, 2.0, 1.0])


def linear_task(seed: int = 7) -> data.Split:
    """Pairs (x, A x) for white inputs of three numbers; A stretches three directions by 4, 2 and 1."""
    generator = torch.Generator().manual_seed(seed)
    turn_in, turn_out = (torch.linalg.qr(torch.randn(3, 3, generator=generator)).Q for _ in range(2))
    A = turn_out @ torch.diag(STRENGTHS) @ turn_in.T
    inputs = math.sqrt(3) * torch.cat([torch.eye(3), -torch.eye(3)])
    return data.Split(inputs, inputs @ A.T, inputs, inputs @ A.T)


def paths(
    hidden: Sequence[int], *, scale: float = 0.1, seeds: Iterable[int] = range(5), steps: int = 400, every: int = 5
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """(losses, singular values of the folded network at every fifth step) of linear layers that learn `linear_task`.

    hidden: widths of the hidden layers. Gradient descent at rate 0.04 from normal weights of that scale.
    """
    task, found = linear_task(), []
    for seed in seeds:
        network, seen = networks.mlp([3, *hidden, 3], "identity", scheme=scale, seed=seed), []

        def watch(step, network, seen=seen):
            if step % every == 0:
                seen.append(torch.linalg.svdvals(networks.collapse(network).weight))

        history = train.fit(network, task, steps=steps, rate=0.04, optimizer="sgd", loss="mse", watch=watch)
        found.append((history.loss, torch.stack(seen)))
    return found


def paths_figure(one: list, three: list) -> Figure:
    """The losses of what `paths` gives, for one layer and for three."""
    fig, ax = plt.subplots(figsize=(5.6, 3.2))
    for runs, color, style, label in ((one, plot.GREY, "--", "one layer"), (three, plot.BLUE, "-", "three layers")):
        for i, (loss, _) in enumerate(runs):
            ax.plot(loss, style, color=color, linewidth=1.4, label=label if i == 0 else None)
    ax.set(xlabel="step", ylabel="training loss (log scale)", yscale="log", ylim=(1e-3, 20))
    ax.legend()
    return drawn(fig)


def halfway(runs: list, every: int = 5) -> torch.Tensor:
    """For each run and direction, strongest first, the first step seen at which half of its strength is learned.

    Raises ValueError where one is not.
    """
    rows = []
    for _, singular in runs:
        if not (singular[-1] > STRENGTHS / 2).all():
            raise ValueError("the runs were too short to learn half of each strength")
        rows.append(every * (singular > STRENGTHS / 2).int().argmax(dim=0))
    return torch.stack(rows)


def halfway_table(**runs: list) -> Table:
    """The median step at which half of each strength is learned, for each of the runs that are named."""
    rows = [(name.replace("_", " "), *halfway(own).median(dim=0).values.tolist()) for name, own in runs.items()]
    return Table(["layers", "strength 4", "strength 2", "strength 1"], rows)


def narrow(width: int = 1) -> tuple[float, int]:
    """(final loss, rank) of a linear network whose hidden layer has so many units."""
    network = networks.mlp([3, width, 3], "identity", scheme=0.1, seed=0)
    loss = train.fit(network, linear_task(), steps=250, rate=0.04, optimizer="sgd", loss="mse").loss[-1].item()
    return loss, int(torch.linalg.matrix_rank(networks.collapse(network).weight))
