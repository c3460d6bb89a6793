"""Learned against fresh points: two orders, the way of the test loss, the rate of each function."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, results, widgets
from ...tables import Table
from .. import drawn
from ._runs import EIGHT, MARKS, by_draw, color, grid, order, own_rates

__all__ = [
    "ladder",
    "orders",
    "orders_table",
    "paths_figure",
    "rates_figure",
    "stop_player",
    "tuning",
    "turns",
    "way",
]


def orders() -> dict[str, dict[str, object]]:
    """By function: medians over the draws of both losses and of the share of fresh points that are right."""
    columns = ("train_loss", "test_loss", "test_accuracy")
    tables = {column: np.median(by_draw("draws", column), axis=1) for column in columns}
    return {name: {column: tables[column][i] for column in columns} for i, name in enumerate(EIGHT)}


def orders_table(found: dict[str, dict[str, object]]) -> Table:
    """Both losses with their places, lowest first."""
    places = {c: sorted(found, key=lambda n, c=c: found[n][c]) for c in ("train_loss", "test_loss")}
    rows = [
        (
            name,
            f"{1000 * of['train_loss']:.2f}",
            1 + places["train_loss"].index(name),
            f"{1000 * of['test_loss']:.0f}",
            1 + places["test_loss"].index(name),
            f"{100 * of['test_accuracy']:.1f}",
        )
        for name, of in found.items()
    ]
    columns = ["loss in thousandths", "learned", "place", "fresh", "place there", "right, %"]
    return Table(columns, rows, caption="Medians of 20 draws, 10 starts each, all at rate 0.01.")


def way(name: str, column: str) -> np.ndarray:
    """Medians of a loss over all runs of a function, at every hundredth step; column "step": which these are."""
    return np.array([row[column] for row in results.load("disk", "tests") if row["activation"] == name])


def turns(name: str) -> int:
    """The step at which the median test loss of a function is lowest."""
    return int(way(name, "step")[way(name, "test_loss").argmin()])


def paths_figure() -> Figure:
    """Test loss against the step, and against the training loss at the same step, which falls from left to right."""
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.4))
    for name in EIGHT:
        look = plot.style_of(name)
        axes[0].plot(way(name, "step"), way(name, "test_loss"), **look, label=name)
        axes[1].plot(way(name, "train_loss"), way(name, "test_loss"), **look)
    axes[0].set(xlabel="step", ylabel="test loss", ylim=(0.01, 0.06))
    axes[1].set(xlabel="training loss", xscale="log", ylim=(0.01, 0.06))
    axes[1].invert_xaxis()
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return drawn(fig)


def stop_player() -> widgets.Player:
    """The eight by median test loss, were training to stop at a step; a bar reaches back to the lowest so far."""
    steps, losses = way("relu", "step").tolist(), {name: way(name, "test_loss") for name in EIGHT}

    def draw(ax, step):
        i = steps.index(step)
        ranked = order([losses[name][i] for name in EIGHT])
        for row, name in enumerate(ranked):
            now, lowest = losses[name][i], losses[name][: i + 1].min()
            ax.plot([lowest, now], [row, row], color=color(name), linewidth=2.5)
            ax.plot(now, row, MARKS[name], color=color(name), markersize=8)
        ax.set_yticks(range(len(EIGHT)), ranked)
        ax.set(xlabel="test loss", xlim=(0.01, 0.05), ylim=(len(EIGHT) - 0.4, -0.6))

    def in_words(step):
        i = steps.index(step)
        ranked = order([losses[name][i] for name in EIGHT])
        past = [name for name in ranked if losses[name][i] > losses[name][: i + 1].min()]
        return (
            f"Step {step}; lowest test loss first: {', '.join(ranked)}. Past their best: {', '.join(past) or 'none'}."
        )

    kept = [step for step in steps if step >= 300]
    return widgets.player(
        draw, alt=in_words, first={"step": 500}, size=(5.2, 3.1), labels={"step": "stop at step"}, step=kept
    )


def ladder() -> list[float]:
    """The rates that were tried."""
    return sorted({row["rate"] for row in results.load("disk", "rates")})


def tuning(column: str) -> np.ndarray:
    """Median loss over ten tuning draws x three starts, shape (rates, functions)."""
    return np.array([np.median(grid("rates", column, rate=rate), axis=(1, 2)) for rate in ladder()])


def rates_figure() -> Figure:
    """Training and test loss on the tuning draws against the rate, the lowest of each function marked."""
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.4))
    for ax, column in zip(axes, ("train_loss", "test_loss"), strict=True):
        best, losses = own_rates(column), tuning(column)
        for i, name in enumerate(EIGHT):
            ax.plot(ladder(), losses[:, i], **plot.style_of(name), label=name)
            lowest = losses[ladder().index(best[name]), i]
            ax.plot(best[name], lowest, MARKS[name], color=color(name))
        ax.axvline(0.01, color=plot.GREY, linewidth=0.8)
        ax.set(xscale="log", yscale="log", xlabel="rate", title=column.replace("_", " "))
        ax.minorticks_off()
    axes[1].set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return drawn(fig)
