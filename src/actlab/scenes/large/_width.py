"""The best rate by width, in two parametrisations: the stored study, and the coordinate check."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn.functional import avg_pool2d, cross_entropy

from ... import data, networks, plot, results, widgets
from ...tables import Table

__all__ = [
    "best_powers",
    "changes",
    "changes_figure",
    "chosen_power",
    "losses",
    "rates_player",
    "rates_table",
    "wide_table",
]

ARMS = ("standard", "muP")
COLORS = (plot.OCHRE, plot.BLUE, plot.PURPLE)  # from narrow to wide
DASHES = (plot.DOTTED, plot.DASHED, plot.SOLID)


@cache
def losses(column: str = "train_loss", table: str = "runs") -> dict[tuple[str, int], dict[int, list[float]]]:
    """A column of `data/width_rates` by (arm, width), then by the power of 2 that the rate is, in order of the seeds.

    At the narrowest width, the base of muP, both arms are the same network, trained once.
    """
    found: dict[tuple[str, int], dict[int, list[float]]] = {}
    for row in results.load("width_rates", table):
        found.setdefault((row["arm"], row["width"]), {}).setdefault(row["power"], []).append(row[column])
    base = min(width for _, width in found)
    found["muP", base] = found["standard", base]
    return {key: found[key] for arm in ARMS for key in sorted(found) if key[0] == arm}


def best_powers(arm: str, width: int) -> list[float]:
    """For each seed the power of 2 with the lowest training loss, between the stored ones where a parabola says so.

    The parabola goes through the logarithms of the loss at the best stored power and its two neighbours. At an end of
    the grid it is the end.
    """
    by_power = losses()[arm, width]
    powers = list(by_power)
    logs = np.log(np.array(list(by_power.values()), dtype=float))
    found = []
    for at, seed in zip(logs.argmin(0), logs.T, strict=True):
        shift = 0.0
        if 0 < at < len(powers) - 1:
            left, middle, right = seed[at - 1 : at + 2]
            shift = (left - right) / (2 * (left - 2 * middle + right))
        found.append(powers[at] + shift)
    return found


def chosen_power(arm: str, width: int) -> int:
    """The power with the lowest mean training loss on the seeds that choose. Raises ValueError where it is an end."""
    mean = {power: sum(those) / len(those) for power, those in losses(table="tuning")[arm, width].items()}
    best = min(mean, key=mean.get)
    if best in (min(mean), max(mean)):
        raise ValueError(f"the best rate of {arm} at width {width} is an end of the grid: 2^{best}")
    return best


def _widths():
    return sorted({width for _, width in losses()})


def _interval(values, form):
    mean, half = results.student(values)
    return f"{mean:{form}} ± {half:{form}}"


def rates_player() -> widgets.Player:
    """Training loss by rate and width, in each parametrisation, with a line at one rate."""
    found, widths = losses(), _widths()
    powers = list(found["standard", widths[0]])
    mean = {key: [sum(of) / len(of) for of in by_power.values()] for key, by_power in found.items()}

    def draw(ax, parametrisation, rate):
        at = powers.index(rate)
        for width, color, dash in zip(widths, COLORS, DASHES, strict=True):
            values = mean[parametrisation, width]
            ax.plot(powers, values, color=color, linestyle=dash, label=f"{width} wide")
            ax.plot(rate, values[at], "o", color=color, markersize=7)
            low = min(range(len(powers)), key=values.__getitem__)
            ax.plot(powers[low], values[low], "v", color=color, markersize=9, markeredgecolor=widgets.INK)
        ax.axvline(rate, color=widgets.INK, linewidth=0.8, linestyle=":")
        ax.set(yscale="log", xlabel="rate, as a power of 2", ylabel="training loss", xticks=powers, ylim=(0.04, 4))
        ax.legend(loc="upper center", fontsize=10, ncols=3)

    def words(parametrisation, rate):
        at = powers.index(rate)
        said = []
        for width in widths:
            values = mean[parametrisation, width]
            low = powers[min(range(len(powers)), key=values.__getitem__)]
            said.append(f"{width} wide {values[at]:.2f}, lowest at 2 to the {low}")
        return f"Training loss at rate 2 to the {rate}, {parametrisation}: {'; '.join(said)}."

    first = {"parametrisation": "standard", "rate": chosen_power("standard", widths[0])}
    return widgets.player(
        draw,
        parametrisation=ARMS,
        rate=powers,
        labels={"rate": "rate, 2 to the"},
        first=first,
        alt=words,
        size=(5.0, 3.0),
    )


def rates_table() -> Table:
    """By width: the best rate of each parametrisation as a power of 2, with Student's interval over the seeds."""
    rows = [(width, *(_interval(best_powers(arm, width), ".1f") for arm in ARMS)) for width in _widths()]
    return Table(["width", *(f"best, {arm}" for arm in ARMS)], rows)


def wide_table() -> Table:
    """The widest network by parametrisation: both losses at the narrow optimum and at its own rate."""
    narrow, *_, wide = _widths()
    rows = []
    for arm in ARMS:
        for name, power in (("narrow optimum", chosen_power(arm, narrow)), ("own", chosen_power(arm, wide))):
            both = [_interval(losses(column)[arm, wide][power], ".3f") for column in ("train_loss", "test_loss")]
            rows.append((arm, name, f"2^{power}", *both))
    return Table(["arm", "rate of", "rate", "training loss", "test loss"], rows)


# ---- the coordinate check


def changes(
    arm: str,
    width: int,
    *,
    base: int = 32,
    rate: float = 2.0**-10,
    steps: int = 1,
    seeds: Iterable[int] = range(5),
    digits: int = 64,
) -> torch.Tensor:
    """By how much updates of Adam change what each layer computes, the outputs last: shape (seeds, layers), float32.

    It is the root mean square, over digits and units, of the change of the pre-activations: the coordinate check of
    {cite}`yang2021`. Three hidden layers of ReLU, He's start; each update is made on the digits that the seed draws.
    """
    found = []
    for seed in seeds:
        split = data.mnist(digits, test=1, seed=seed)
        x = avg_pool2d(split.train_x, 2).flatten(1)
        x = (x - x.mean()) / x.std()
        network, narrow = (
            networks.mlp([x.shape[1], n, n, n, 10], "relu", scheme="he", seed=seed) for n in (width, base)
        )
        groups = networks.mup(network, narrow, rate) if arm == "muP" else network.parameters()
        adam = torch.optim.Adam(groups, lr=rate)
        before = _inside(network, x)
        for _ in range(steps):
            adam.zero_grad()
            cross_entropy(network(x), split.train_y).backward()
            adam.step()
        after = _inside(network, x)
        found.append(torch.stack([(b - a).square().mean().sqrt() for a, b in zip(before, after, strict=True)]))
    return torch.stack(found)


@torch.no_grad()
def _inside(network, x):
    """What each Linear layer gives."""
    found = []
    for layer in network:
        x = layer(x)
        if isinstance(layer, torch.nn.Linear):
            found.append(x)
    return found


def changes_figure(found: Mapping[tuple[str, int], torch.Tensor], widths: Sequence[int]) -> Figure:
    """The mean change of each layer by width, a panel for each parametrisation. found: `changes` by arm and width."""
    figure, axes = plt.subplots(1, len(ARMS), figsize=(7.2, 2.9), sharey=True, layout="constrained")
    names = ("hidden 1", "hidden 2", "hidden 3", "outputs")
    marks = ("o", "s", "^", "D")
    for ax, arm in zip(axes, ARMS, strict=True):
        for layer, (name, mark) in enumerate(zip(names, marks, strict=True)):
            color = (plot.OCHRE, plot.GREEN, plot.BLUE, plot.RED)[layer]
            ax.plot(widths, [found[arm, w][:, layer].mean() for w in widths], mark + "-", color=color, label=name)
        ax.set(xscale="log", yscale="log", title=arm, xlabel="width", xticks=list(widths))
        ax.set_xticks(list(widths), [f"{w}" for w in widths])
        ax.minorticks_off()
    axes[0].set_ylabel("change by one update")
    axes[0].legend(fontsize=10)
    return figure
