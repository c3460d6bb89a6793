"""The gradient's norm, layer by layer: beside the loss, and along the layers."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import data, networks, plot, results, widgets
from ...tables import Table
from .. import drawn
from ._stored import ADAM, FIVE, LAYERS, LONG, SGD, WORDS, column, rows

__all__ = [
    "FILMS",
    "along",
    "at_equal_loss",
    "clouds",
    "norms_figure",
    "norms_player",
    "small_losses_agree",
    "start",
    "start_table",
]

# the most telling first: alike in size, unlike in what they have learned
FILMS = {
    "ELU, Adam": ADAM | {"activation": "elu"},
    "sigmoid, SGD": SGD | {"activation": "sigmoid"},
    "sigmoid, SGD, rate x 100": LONG | {"activation": "sigmoid"},
    "ReLU, SGD": SGD | {"activation": "relu"},
}
PARTS = (0, 10, 20, 35, 50, 70, 85, 100)


def norms_player(films: Mapping[str, Mapping] = FILMS, parts: Sequence[int] = PARTS) -> widgets.Player:
    """The five layers' gradient norms, medians over seeds, through a training: by network and how much is done."""
    norms = {who: np.array(rows("norms", **what)[0]["norms"]) for who, what in films.items()}
    losses = {who: np.median(column("train_loss", "curves", **what), axis=0) for who, what in films.items()}
    tests = {who: np.median(column("test_accuracy", "curves", **what), axis=0) for who, what in films.items()}

    def at(network, trained):
        return max(0, round(len(norms[network]) * trained / 100) - 1)

    def draw(ax, network, trained):
        i, color = at(network, trained), plot.style_of(films[network]["activation"])["color"]
        ax.plot(LAYERS, np.log10(norms[network][0]), ":", color=plot.GREY, label="epoch 1")
        ax.plot(LAYERS, np.log10(norms[network][i]), "o-", color=color, label=f"epoch {i + 1}")
        ax.set(ylim=(-3.4, 1), ylabel="norm of the gradient")
        decades = range(-3, 2)
        ax.set_yticks(decades, [f"{10.0**d:g}" for d in decades])
        ax.set_title(f"training loss {losses[network][i]:.3g}, test {tests[network][i + 1]:.0%}", fontsize=11)
        ax.legend(loc="lower right", ncols=2)

    def in_words(network, trained):
        i = at(network, trained)
        found = ", ".join(f"{name} {norm:.2g}" for name, norm in zip(LAYERS, norms[network][i], strict=True))
        return (
            f"{network}, epoch {i + 1}: gradient norms {found}; training loss {losses[network][i]:.3g}, "
            f"{tests[network][i + 1]:.0%} of the test digits right"
        )

    return widgets.player(
        draw,
        alt=in_words,
        labels={"trained": "% of training"},
        first={"trained": parts[-1]},
        size=(5.2, 3.0),
        network=list(films),
        trained=list(parts),
    )


# ---- beside the loss --------------------------------------------------------------------------------------------


def clouds() -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """By function and optimiser: training loss of each epoch, and the norm's mean over layers, medians of seeds."""
    found = {}
    for name in FIVE:
        for how, where in (("SGD", SGD), ("Adam", ADAM)):
            norms = np.array(rows("norms", activation=name, **where)[0]["norms"])
            losses = column("train_loss", "curves", activation=name, **where)
            found[name, how] = np.median(losses, axis=0), norms.mean(axis=1)
    return found


def norms_figure(found: Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]) -> Figure:
    """What `clouds` gives: the norm against the loss, hollow with SGD, filled with Adam."""
    fig, ax = plt.subplots(figsize=(5.8, 3.6))
    shapes = dict(zip(FIVE, "os^Dv", strict=True))
    for (name, how), xy in found.items():
        fill, label = ("full", WORDS[name]) if how == "Adam" else ("none", None)
        color = plot.style_of(name)["color"]
        ax.plot(*xy, shapes[name], ms=4, fillstyle=fill, color=color, label=label)
    ax.set(xscale="log", yscale="log", xlabel="training loss of the epoch", ylabel="norm, mean of 5 layers")
    ax.axvline(math.log(10), color=plot.GREY, linestyle=":")
    ax.text(math.log(10) * 0.9, 0.017, "guessing", rotation=90, ha="right")
    ax.legend(loc="upper left")
    return drawn(fig)


def at_equal_loss(found: Mapping, of: str = "sigmoid", how: str = "Adam") -> dict[str, tuple[float, float]]:
    """By function: between which factors its norm is larger than that of another at that one's losses."""
    mine, factors = dict(zip(*found[of, how], strict=True)), {}
    for name in FIVE:
        if name != of:
            losses, norms = zip(*sorted(zip(*found[name, how], strict=True)), strict=True)
            larger = [np.interp(loss, losses, norms) / mine[loss] for loss in mine if loss < losses[-1]]
            factors[name] = min(larger), max(larger)
    return factors


def small_losses_agree(found: Mapping, name: str, how: str = "Adam", below: float = 0.1) -> float:
    """Rank correlation of loss and norm over the epochs whose loss lies below a limit."""
    loss, norm = found[name, how]
    return results.spearman(loss[loss < below], norm[loss < below])


# ---- along the layers -------------------------------------------------------------------------------------------


def start(layer_norms: Callable, digits: int = 256) -> dict[str, list[float]]:
    """By function: the norms of the five layers before the first update, on digits of seed 0.

    layer_norms: from a network, digits, labels and names of layers to a norm for each.
    """
    split = data.mnist(2000, test=1000, seed=0)
    x, y = split.train_x[:digits], split.train_y[:digits]
    return {name: layer_norms(networks.cnn(name, seed=0), x, y, LAYERS) for name in FIVE}


def start_table(found: Mapping[str, Sequence[float]]) -> Table:
    """What `start` gives, and the first layer's norm over the last one's."""
    cells = [
        (WORDS[name], *(f"{norm:.3f}" for norm in norms), f"{norms[0] / norms[-1]:.2g}")
        for name, norms in found.items()
    ]
    return Table(["norm", *LAYERS, "first over last"], cells)


def along(**where) -> np.ndarray:
    """The first layer's norm over the last one's in each epoch, of medians over seeds."""
    norms = np.array(rows("norms", **where)[0]["norms"])
    return norms[:, 0] / norms[:, -1]
