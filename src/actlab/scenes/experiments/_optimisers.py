"""Seven functions by five optimisers on digits: differences from ReLU, and whether they hang on the optimiser."""

import math
from functools import cache

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, results
from ...results import Paired
from ...tables import Table
from .. import drawn

__all__ = [
    "OPTIMISERS",
    "beside_adam",
    "by_optimiser",
    "digits_right",
    "fitted_table",
    "optimiser_rates_table",
    "optimisers_figure",
    "optimisers_table",
    "turned_table",
    "turns_with",
]

OPTIMISERS = {"sgd": "SGD", "momentum": "momentum", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}


@cache
def _runs():
    """From column, optimiser and function to a value a draw."""
    rows = sorted(results.load("optimisers", "runs"), key=lambda row: row["draw"])
    found: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        for column in ("rate", "train_loss", "test_loss", "test_accuracy"):
            found.setdefault((column, row["optimizer"], row["activation"]), []).append(row[column])
    return {key: np.array(values) for key, values in found.items()}


def _names():
    return list(dict.fromkeys(name for _, _, name in _runs()))


def digits_right(optimiser: str, name: str) -> np.ndarray:
    """Test digits right in per cent, draw by draw."""
    return 100 * _runs()["test_accuracy", optimiser, name]


def _measured(column, optimiser, name):
    """What is compared: points of accuracy, or the logarithm of the training loss."""
    return digits_right(optimiser, name) if column == "test" else np.log(_runs()["train_loss", optimiser, name])


def _comparisons():
    """Of the page: functions beside ReLU with each optimiser, and how that changes from Adam's, by two measures; and
    each optimiser beside Adam with each function."""
    names, further = len(_names()), len(OPTIMISERS) - 1
    return 2 * (names - 1) * (len(OPTIMISERS) + further) + names * further


def by_optimiser(column: str = "test") -> dict[tuple[str, str], Paired]:
    """By optimiser and function: a function less ReLU. column: "test", in points, or "train", in log losses."""
    return {
        (how, name): results.paired(
            _measured(column, how, name), _measured(column, how, "relu"), comparisons=_comparisons()
        )
        for how in OPTIMISERS
        for name in _names()
        if name != "relu"
    }


def turns_with(column: str = "test", base: str = "adam") -> dict[tuple[str, str], Paired]:
    """By optimiser and function: its difference from ReLU there, less that with Adam, as `by_optimiser` measures."""
    over = {
        (how, name): _measured(column, how, name) - _measured(column, how, "relu")
        for how in OPTIMISERS
        for name in _names()
    }
    return {
        (how, name): results.paired(values, over[base, name], comparisons=_comparisons())
        for (how, name), values in over.items()
        if how != base and name != "relu"
    }


def beside_adam() -> dict[tuple[str, str], Paired]:
    """By optimiser and function: test digits right, in points, less those of the same function with Adam."""
    return {
        (how, name): results.paired(digits_right(how, name), digits_right("adam", name), comparisons=_comparisons())
        for how in OPTIMISERS
        for name in _names()
        if how != "adam"
    }


def _cell(found):
    return f"{round(found.mean, 1) + 0.0:+.1f} ± {found.half:.1f}{'*' * (found.verdict != 'not distinguishable')}"


def optimisers_table() -> Table:
    """Test digits right with ReLU, and points over it of each function, a column an optimiser."""
    found = by_optimiser()
    rows = [("relu, %", *(f"{digits_right(how, 'relu').mean():.1f}" for how in OPTIMISERS))]
    rows += [(name, *(_cell(found[how, name]) for how in OPTIMISERS)) for name in _names() if name != "relu"]
    caption = "Test digits right with ReLU, and points more than that; * where the interval leaves out 0."
    return Table(["function", *OPTIMISERS.values()], rows, caption=caption)


def turned_table() -> Table:
    """By how many points a function's lead over ReLU differs from its lead with Adam."""
    found = turns_with()
    others = [how for how in OPTIMISERS if how != "adam"]
    rows = [(name, *(_cell(found[how, name]) for how in others)) for name in _names() if name != "relu"]
    caption = "Points over ReLU, less the points over ReLU with Adam; * where the interval leaves out 0."
    return Table(["function", *(OPTIMISERS[how] for how in others)], rows, caption=caption)


def fitted_table() -> Table:
    """The training loss of each function over ReLU's, a column an optimiser."""
    found = by_optimiser("train")
    rows = [
        (
            name,
            *(
                f"{math.exp(found[how, name].mean):.2f}{'*' * (found[how, name].low * found[how, name].high > 0)}"
                for how in OPTIMISERS
            ),
        )
        for name in _names()
        if name != "relu"
    ]
    caption = "Training loss over ReLU's; * where the interval leaves out 1."
    return Table(["function", *OPTIMISERS.values()], rows, caption=caption)


def optimiser_rates_table() -> Table:
    """The rate that was chosen for each function and optimiser."""
    rows = [(name, *(f"{_runs()['rate', how, name][0]:g}" for how in OPTIMISERS)) for name in _names()]
    return Table(["own rate", *OPTIMISERS.values()], rows)


def optimisers_figure() -> Figure:
    """Mean share of test digits right, and geometric mean of the training loss, a line for each function."""
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.4))
    where = range(len(OPTIMISERS))
    for name in _names():
        right = [digits_right(how, name).mean() for how in OPTIMISERS]
        loss = [np.exp(_measured("train", how, name).mean()) for how in OPTIMISERS]
        for ax, values in zip(axes, (right, loss), strict=True):
            ax.plot(where, values, **plot.style_of(name), marker="o", markersize=4, label=name)
    axes[0].set(ylabel="test digits right, %")
    axes[1].set(ylabel="training loss", yscale="log")
    for ax in axes:
        ax.set_xticks(where, OPTIMISERS.values(), rotation=30)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return drawn(fig)
