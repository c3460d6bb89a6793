"""The first page: four networks that differ in one function, and the numbers behind its answers."""

import copy
import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from .. import activations, data, diagnostics, experiments, networks, plot, results, train, widgets
from ..tables import Table

__all__ = ["answers", "dead", "four_networks", "learning", "right", "table"]

FOUR = ("identity", "relu", "tanh", "sigmoid")
MOMENTS = (0, 10, 25, 50, 100, 200, 400)
# what the line is where a network changes its mind: the function decides that, whatever the weights are
KINDS = {"identity": "straight", "relu": "made of straight pieces"}

Networks = dict[str, dict[int, torch.nn.Module]]


def four_networks(
    names: Sequence[str] = FOUR, *, moments: Sequence[int] = MOMENTS, start: int = 1, rate: float = 0.01
) -> Networks:
    """Networks of 2-16-8-1 that learn the disk, as they are after each of the moments (steps), by activation.

    All see the same 1,000 points, begin with the same weights, drawn by the start as a seed, and take as many steps
    of Adam.
    """
    task, kept = data.disk(1000, seed=0), {name: {} for name in names}
    for name, states in kept.items():

        def keep(step, network, states=states):
            if step in moments:
                states[step] = copy.deepcopy(network)

        network = networks.mlp([2, 16, 8, 1], name, seed=start)
        train.fit(network, task, steps=max(moments), rate=rate, watch=keep)
    return kept


def right(network: torch.nn.Module) -> float:
    """The share of 2,000 fresh points that a network puts on the right side."""
    task = data.disk(1000, seed=0)
    return train.accuracy(network, task.test_x, task.test_y)


def learning(kept: Mapping[str, Mapping[int, torch.nn.Module]], *, first: int = 50) -> widgets.Player:
    """What `four_networks` answer across the plane, side by side, from step to step; it opens with the step first."""
    task = data.disk(1000, seed=0)
    shares = {name: {step: right(network) for step, network in states.items()} for name, states in kept.items()}

    def draw(ax, step):
        ax.set_axis_off()
        for number, (name, states) in enumerate(kept.items()):
            panel = ax.inset_axes((0.52 * (number % 2), 0.54 - 0.54 * (number // 2), 0.48, 0.46))
            plot.boundary(states[step], task, panel, points=100, grid=49)
            panel.set(xlabel="", ylabel="", xticks=[], yticks=[], xlim=(-2.4, 2.4), ylim=(-2.4, 2.4))
            panel.set_title(f"{name}: {shares[name][step]:.0%} right", fontsize=12)

    def in_words(step):
        found = [
            f"{name}: {_line(states[step], task, name)}, right on {shares[name][step]:.0%} of fresh points"
            for name, states in kept.items()
        ]
        return f"Where four networks see the inside of a circle after {step} steps. {'. '.join(found)}."

    steps = list(next(iter(kept.values())))
    return widgets.player(draw, step=steps, alt=in_words, size=(5.0, 4.9), first={"step": first}, play=True)


def _line(network, task, name):
    with torch.no_grad():
        logit = network(task.train_x)
    if logit.min() > 0 or logit.max() < 0:
        return "the same answer for all points"
    return f"a line that is {KINDS.get(name, 'smooth')}"


def answers(*, seeds: Sequence[int] = range(10)) -> dict[str, tuple[float, ...]]:
    """The numbers in the first page's answers, by what they are; shares are between 0 and 1.

    Places are intervals of ranks among eight (low, high). seeds: of the networks whose dead units are counted.
    """
    found = {f"place of Leaky ReLU by {loss}": _places("leaky_relu", loss) for loss in ("train_loss", "test_loss")}
    rows = [r for r in results.load("deep_sigmoid") if (r["start"], r["optimizer"]) == ("gain 4", "adam")]
    found["ten sigmoid layers: seeds, least accuracy"] = (len(rows), min(r["accuracy_1000"] for r in rows))
    digits = data.mnist(4000).train_x.flatten(1)
    for n in (1000, 4000):
        found[f"dead in layer 10 on {n:,} digits: as drawn, with zero biases"] = dead(digits[:n], seeds)
    z = torch.linspace(-8, 8, 16_001, dtype=torch.float64)
    exact, by_tanh = (activations.get(name)(z) for name in ("gelu", "gelu_tanh"))
    found["GELU and its tanh form, farthest apart"] = ((exact - by_tanh).abs().max().item(),)
    found["exp of float16 ends at"] = (math.log(torch.finfo(torch.float16).max),)
    return found


def _places(name, loss):
    """The ranks that are not excluded for an activation among the published eight, over 20 draws of the disk."""
    eight, draws = list(experiments.published), range(20)
    runs = {(one, draw): [] for one in eight for draw in draws}
    for r in results.load("disk", "draws"):
        if r["activation"] in eight:
            runs[r["activation"], r["draw"]].append(r[loss])
    medians = np.array([[np.median(runs[one, draw]) for draw in draws] for one in eight])
    return tuple(int(place) for place in results.rank_intervals(np.log(medians), statistic="mean")[eight.index(name)])


def dead(inputs: torch.Tensor, seeds: Sequence[int], *, layer: int = 10) -> tuple[float, float]:
    """The share of ReLUs in a hidden layer that answer none of the inputs, before any training; means over seeds.

    Once with PyTorch's own start, once with the same weights and zero biases. inputs: shape (examples, features). The
    networks have five layers of 256 units and five of 128.
    """
    counted = []
    for seed in seeds:
        network = networks.mlp([inputs.shape[1], *[256] * 5, *[128] * 5, 10], "relu", scheme="torch", seed=seed)
        shares = [diagnostics.dead_fraction(network, inputs)[layer - 1].item()]
        for linear in network[::2]:
            torch.nn.init.zeros_(linear.bias)
        counted.append([*shares, diagnostics.dead_fraction(network, inputs)[layer - 1].item()])
    return tuple(np.mean(counted, axis=0).tolist())


def table(found: Mapping[str, tuple[float, ...]]) -> Table:
    """What `answers` found, a row each; what is below 1 has two digits, which hold on every machine."""
    rows = [(name, ", ".join(f"{n:.2g}" if 0 < n < 1 else f"{n:.3g}" for n in found[name])) for name in found]
    return Table(["what", "found"], rows, caption="The numbers in the six answers.")
