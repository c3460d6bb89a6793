"""Five functions at one rate for all, and each at a rate of its own."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import data, plot, results
from ...tables import Table
from .. import drawn
from ._stored import ADAM, FIVE, LONG, SGD, WORDS, column, points, rows

__all__ = [
    "curves_figure",
    "leaves",
    "lost",
    "one_rate_table",
    "overlap",
    "own_rates",
    "own_rates_table",
    "tuning",
    "tuning_table",
]


def curves_figure() -> Figure:
    """Test accuracy after each epoch at rate 0.001, with SGD and with Adam: seeds thin, their median thick."""
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.3), sharey=True)
    for ax, (title, where) in zip(axes, {"SGD": SGD, "Adam": ADAM}.items(), strict=True):
        for name in FIVE:
            curves = 100 * column("test_accuracy", "curves", activation=name, **where)
            epochs, style = range(curves.shape[1]), plot.style_of(name)
            ax.plot(epochs, curves.T, color=style["color"], lw=0.5, alpha=0.5)
            ax.plot(epochs, np.median(curves, axis=0), **style, label=WORDS[name])
        ax.set(title=title, xlabel="epoch")
    axes[0].set(ylabel="test digits right, %", ylim=(0, 101))
    axes[1].legend(loc="lower right")
    return drawn(fig)


def leaves(curves: np.ndarray, share: float = 0.5) -> list[int | None]:
    """The epoch from which a run first has more than so much right, for each row; None where it never has."""
    return [next((epoch for epoch, right in enumerate(curve) if right > share), None) for curve in curves]


def one_rate_table() -> Table:
    """At rate 0.001: digits right in per cent, and points over ReLU, the eight intervals together at 95 %."""
    together, cells = 2 * (len(FIVE) - 1), []
    for name in FIVE:
        cell = [WORDS[name]]
        for where in (SGD, ADAM):
            right, relu = (column("test_accuracy", activation=one, **where) for one in (name, "relu"))
            cell.append(f"{100 * right.mean():.1f}")
            cell.append("-" if name == "relu" else points(results.student(right - relu, comparisons=together)))
        cells.append(cell)
    return Table(["right, %", "SGD", "SGD, over ReLU", "Adam", "Adam, over ReLU"], cells)


def lost(limit: float = 2.0) -> dict[str, int]:
    """By function but sigmoid: how many of five runs with SGD at rate 0.1 end above a training loss, or at nan."""
    high = LONG | {"epochs": 25}
    return {
        name: sum(
            row["train_loss"] is None or row["train_loss"] > limit for row in rows("runs", activation=name, **high)
        )
        for name in FIVE[1:]
    }


# ---- a rate of its own ------------------------------------------------------------------------------------------


def tuning(name: str, optimizer: str) -> dict[float, float]:
    """By rate: the mean test accuracy over the draws on which rates are chosen."""
    found: dict[float, list[float]] = {}
    for row in results.load("images_tuned", "tuning"):
        if (row["activation"], row["optimizer"]) == (name, optimizer):
            found.setdefault(row["rate"], []).append(row["test_accuracy"])
    return {rate: float(np.mean(found[rate])) for rate in sorted(found)}


def tuning_table(optimizer: str) -> Table:
    """Digits right in per cent after 25 epochs, the mean of the tuning draws, by rate; the chosen one is marked."""
    tried = {name: tuning(name, optimizer) for name in FIVE}
    rates = sorted({rate for of in tried.values() for rate in of})
    cells = []
    for name, of in tried.items():
        chosen = own_rates(optimizer)[name][0]
        marks = (f"{100 * of[rate]:.1f}" + "*" * (rate == chosen) if rate in of else "-" for rate in rates)
        cells.append((WORDS[name], *marks))
    return Table(["right, %", *(f"{rate:g}" for rate in rates)], cells)


def own_rates(optimizer: str) -> dict[str, tuple[float, np.ndarray]]:
    """By function: its rate, and the share of digits that it gets right in each of the draws that are counted."""
    found = {}
    for name in FIVE:
        mine = [
            row
            for row in results.load("images_tuned", "runs")
            if (row["activation"], row["optimizer"]) == (name, optimizer)
        ]
        mine.sort(key=lambda row: row["draw"])
        found[name] = mine[0]["rate"], np.array([row["test_accuracy"] for row in mine])
    return found


def own_rates_table(found: Mapping[str, Mapping[str, tuple[float, np.ndarray]]]) -> Table:
    """What `own_rates` gives for each optimiser, and points over ReLU, all intervals together at 95 %."""
    together, cells = len(found) * (len(FIVE) - 1), []
    for how, of in found.items():
        relu = of["relu"][1]
        for name, (rate, right) in of.items():
            over = "-" if name == "relu" else points(results.student(right - relu, comparisons=together))
            cells.append((f"{how}, {WORDS[name]}", f"{rate:g}", f"{100 * right.mean():.1f}", over))
    return Table(["optimiser, function", "own rate", "right, %", "points over ReLU"], cells)


def overlap(seeds: Sequence[int] = range(5), points: int = 2000, test: int = 1000) -> tuple[float, float]:
    """What share of its digits a draw of `data.mnist` has in common with another, meaned over the pairs of seeds.

    Two shares: of all digits of a draw, and of those that it tests.
    """
    draws = [data.mnist(points, test=test, seed=seed) for seed in seeds]
    tested = [{digit.numpy().tobytes() for digit in draw.test_x} for draw in draws]
    every = [
        one | {digit.numpy().tobytes() for digit in draw.train_x} for one, draw in zip(tested, draws, strict=True)
    ]
    return tuple(float(np.mean([len(a & b) / len(a) for a, b in combinations(of, 2)])) for of in (every, tested))
