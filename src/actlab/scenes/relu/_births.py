"""Dead at birth: which units of an untrained network are dead or always on, by layer, start, and set of examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import data, networks, plot, results, tables, widgets
from .. import drawn

__all__ = [
    "alike_table",
    "births",
    "both_table",
    "by_layer",
    "by_set",
    "count",
    "digits",
    "newborn",
    "newborn_player",
    "noise",
    "pre_activations",
    "seen_by_layer",
]

SIZES = [784, *[256] * 5, *[128] * 5, 10]
STARTS = ("torch", "torch, biases 0", "He")
SEEDS = range(10)
SETS = {"random inputs": 1000, "digits": 1000, "100 digits": 100, "10 digits": 10, "1 digit": 1}
# by hidden layer, in %, on the 60,000 images of FashionMNIST {cite}`lippe2024`; one network
PUBLISHED = [0, 0, 2.73, 10.55, 34.77, 46.88, 45.31, 47.66, 56.25, 43.75]


def newborn(start: str, seed: int, *, activation: str = "relu") -> nn.Sequential:
    """An untrained network with ten hidden layers, five of 256 and five of 128 units, 784 inputs and 10 outputs.

    start: "torch", "torch, biases 0", "He" (whose biases are 0) or "He, torch's biases".
    """
    if start not in (*STARTS, "He, torch's biases"):
        raise ValueError(f"there is no start {start!r}; there are {', '.join(STARTS)} and He, torch's biases")
    scheme = "he" if start.startswith("He") else "torch"
    network = networks.mlp(SIZES, activation, scheme=scheme, seed=seed)
    if start == "torch, biases 0":
        for layer in network[::2]:
            nn.init.zeros_(layer.bias)
    if start == "He, torch's biases":
        donor = networks.mlp(SIZES, activation, scheme="torch", seed=seed)
        for layer, other in zip(network[::2], donor[::2], strict=True):
            layer.bias.data = other.bias.data
    return network


def noise(n: int = 1000) -> Tensor:
    """n inputs of 784 independent standard normal numbers."""
    # a seed that no network has: its weights would be the inputs' own numbers
    return torch.randn(n, 784, generator=torch.Generator().manual_seed(1000))


def digits(n: int = 1000, *, standardised: bool = False) -> Tensor:
    """n real digits of 784 pixels, which run from -1 (paper) to 1; standardised: all pixels of mean 0, variance 1."""
    x = data.mnist(n, test=1, seed=0).train_x.flatten(1)
    return (x - x.mean()) / x.std() if standardised else x


@torch.no_grad()
def pre_activations(network: nn.Sequential, x: Tensor) -> list[Tensor]:
    """z of each hidden layer: tensors of shape (examples, units)."""
    found = []
    for layer in network[:-1]:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            found.append(x)
    return found


@dataclass(frozen=True)
class Count:
    """Units in %, each of shape (networks, layers): dead and always on; the others choose."""

    dead: Tensor
    on: Tensor


def count(start: str, sets: Mapping[str, tuple[Tensor, int]], *, seeds: Sequence[int] = SEEDS) -> dict[str, Count]:
    """Dead units and those that are always on, in % of each hidden layer, in a `newborn` network for each seed.

    sets: by name, examples and how many of them count; those of several names may be the same tensor.
    """
    dead, on = ({name: [] for name in sets} for _ in range(2))
    for seed in seeds:
        network, known = newborn(start, seed), {}
        for name, (x, n) in sets.items():
            if id(x) not in known:
                known[id(x)] = pre_activations(network, x)
            zs = [z[:n] for z in known[id(x)]]
            dead[name].append(torch.stack([100 * (z <= 0).all(dim=0).double().mean() for z in zs]))
            on[name].append(torch.stack([100 * (z > 0).all(dim=0).double().mean() for z in zs]))
    return {name: Count(torch.stack(dead[name]), torch.stack(on[name])) for name in sets}


def births(
    starts: Sequence[str] = STARTS, sets: Mapping[str, int] = SETS, *, seeds: Sequence[int] = SEEDS
) -> dict[tuple[str, str], Count]:
    """The `count` of each start on each set: random inputs, and the first so many of one set of digits."""
    one, other = noise(), digits()
    known = {name: (one if name == "random inputs" else other, n) for name, n in sets.items()}
    return {(start, name): of for start in starts for name, of in count(start, known, seeds=seeds).items()}


def newborn_player(born: Mapping[tuple[str, str], Count]) -> widgets.Player:
    """Bars by layer: dead, choosing and always on, the mean of the networks, for each start and set in `born`."""
    layers = np.arange(1, 11)

    def draw(ax, start, on):
        dead, always = (of.mean(0) for of in (born[start, on].dead, born[start, on].on))
        ax.bar(layers, dead, color=plot.ORANGE, hatch="//", label="dead")
        ax.bar(layers, 100 - dead - always, bottom=dead, color="#d0d3d8", label="choosing")
        ax.bar(layers, always, bottom=100 - always, color=plot.BLUE, hatch="..", label="always on")
        ax.set(xlabel="hidden layer", ylabel="% of units", xticks=layers, ylim=(0, 100))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)

    def words(start, on):
        dead, always = (of[:, -1].mean() for of in (born[start, on].dead, born[start, on].on))
        return (
            f"Start {start}, {on}: in the last hidden layer {dead:.0f} % of the units are dead, {always:.0f} % are "
            "on for every example; the others choose."
        )

    starts, sets = (list(dict.fromkeys(key[i] for key in born)) for i in (0, 1))
    return widgets.player(draw, start=starts, on=sets, alt=words, size=(5, 3.4), first={"on": "digits"})


def by_layer(born: Mapping[tuple[str, str], Count], sets: Sequence[str] = ("random inputs", "digits")) -> Figure:
    """Dead units by hidden layer: a panel for each set, a line for each start, and a published count."""
    figure, axes = plt.subplots(1, len(sets), figsize=(6.2, 3.2), sharey=True)
    layers = np.arange(1, 11)
    for ax, name in zip(axes, sets, strict=True):
        for color, mark, dash, start in zip(
            (plot.ORANGE, plot.BLUE, plot.GREEN), "os^", ("-", "--", ":"), STARTS, strict=True
        ):
            dead = born[start, name].dead
            low, high = dead.quantile(torch.tensor([0.25, 0.75], dtype=dead.dtype), dim=0)
            ax.fill_between(layers, low, high, color=color, alpha=0.2, linewidth=0)
            ax.plot(layers, dead.median(0).values, color=color, marker=mark, ls=dash, label=start)
        ax.plot(layers, PUBLISHED, "x", color=plot.GREY, mew=2, label="published")
        ax.set(title=name, xlabel="hidden layer", xticks=layers[1::2], ylim=(-2, 62))
    axes[0].set_ylabel("dead units, %")
    axes[0].legend(loc="upper left", fontsize=8)
    return drawn(figure)


def by_set(z: Tensor, counts: Sequence[int] = (1, 4, 16, 1000)) -> tables.Table:
    """Of pre-activations z, shape (examples, units): dead and always-on units on the first n of the examples."""
    rows = [
        [f"{n:,}", f"{(z[:n] <= 0).all(0).double().mean():.0%}", f"{(z[:n] > 0).all(0).double().mean():.0%}"]
        for n in counts
    ]
    return tables.Table(["first examples", "dead", "always on"], rows)


def both_table(*, seeds: Sequence[int] = SEEDS) -> tables.Table:
    """Dead units of layer 10 in `newborn` networks: weights of one start with biases of another, on three sets."""
    sets = {"random": noise(), "digits": digits(), "standardised": digits(standardised=True)}
    rows = []
    for start in ("torch", "torch, biases 0", "He, torch's biases", "He"):
        found = count(start, {name: (x, len(x)) for name, x in sets.items()}, seeds=seeds)
        weights = start.partition(", ")[0]
        biases = "torch's" if start in ("torch", "He, torch's biases") else "0"
        cells = [results.student(of.dead[:, -1]) for of in found.values()]
        rows.append([f"{weights}, {biases}", *(f"{mean:.0f} ± {half:.0f}" for mean, half in cells)])
    return tables.Table(
        ["weights, biases", *sets],
        rows,
        caption=f"Dead units of layer 10 in %: mean of {len(seeds)} networks, 95 % interval.",
    )


def alike_table() -> tables.Table:
    """From data/newborn: how alike examples come out, how many units are dead, and what 400 steps make of it."""
    stored, rows = results.load("newborn"), []
    for start, activation in dict.fromkeys((row["start"], row["activation"]) for row in stored):
        runs = [row for row in stored if (row["start"], row["activation"]) == (start, activation)]
        named = {"torch": "torch", "he": "He"}[start]
        spans = [_span(runs, key, form) for key, form in (("dead", ".0%"), ("cosine", ".2f"), ("accuracy", ".0%"))]
        rows.append([f"{activation}, {named}", *spans])
    return tables.Table(
        ["function, start", "dead", "cosine", "right after 400 steps"],
        rows,
        caption="Layer 10 on 200 digits at birth; fresh digits after 400 steps of Adam at 0.001. Five draws.",
    )


def _span(runs, key, form):
    low, high = (format(pick(run[key] for run in runs), form) for pick in (min, max))
    return low if low == high else f"{low} to {high}"


def seen_by_layer(
    starts: Sequence[str] = STARTS, layers: Sequence[int] = (1, 4, 7, 10), *, seed: int = 0
) -> widgets.Player:
    """Histograms of z by layer on 1000 digits, as it is and less each unit's mean, from each start."""
    parts = {}
    for start in starts:
        zs = dict(enumerate(pre_activations(newborn(start, seed), digits()), 1))
        parts[start] = {"z": zs, "z less its mean": {layer: z - z.mean(0) for layer, z in zs.items()}}

    def draw(ax, start):
        ax.set_axis_off()
        plot.histograms(parts[start], ax.figure, layers=layers)

    def words(start):
        left = parts[start]["z less its mean"]
        first, last = (left[layer].square().mean().sqrt() for layer in (layers[0], layers[-1]))
        return (
            f"Start {start}: histograms of z on digits in layers {', '.join(map(str, layers))}. Less each unit's "
            f"mean, its root mean square goes from {first:.2g} to {last:.2g}."
        )

    return widgets.player(draw, start=list(starts), alt=words, size=(5.4, 2.8))
