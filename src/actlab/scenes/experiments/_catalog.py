"""The study for the whole catalog, the square in the place of the disk, other numbers of points, and time."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import activations, plot, results
from ...tables import Table
from .. import drawn
from ._first import curve
from ._runs import EIGHT, by_draw, order

__all__ = [
    "able",
    "catalog_figure",
    "catalog_losses",
    "catalog_table",
    "cost",
    "counted",
    "points_table",
    "shapes",
    "shapes_table",
    "smooth",
    "time_figure",
]

SAME = {"celu": "elu"}  # alike to the bit with the settings of the catalog


@cache
def catalog_losses(column: str) -> dict[str, np.ndarray]:
    """By function: a loss for each of the twenty draws, the median of its starts: ten, three for those that learn."""
    runs: dict[str, dict[int, list[float]]] = {}
    for row in results.load("disk", "draws"):
        if row["activation"] not in SAME:
            runs.setdefault(row["activation"], {}).setdefault(row["draw"], []).append(row[column])
    return {name: np.array([np.median(of[draw]) for draw in sorted(of)], dtype=float) for name, of in runs.items()}


def counted() -> Counter:
    """How many runs of each function the study has."""
    return Counter(row["activation"] for row in results.load("disk", "draws"))


def able(limit: float = 0.1) -> list[str]:
    """The functions whose median test loss is below a limit, lowest first."""
    middle = {name: np.median(of) for name, of in catalog_losses("test_loss").items()}
    return sorted((name for name in middle if middle[name] < limit), key=middle.get)


def smooth(names: Sequence[str]) -> list[str]:
    """Those without a kink."""
    return [name for name in names if not activations.get(name).kinks]


def catalog_figure(names: Sequence[str]) -> Figure:
    """Medians and quartiles over the draws of the loss on learned points and on fresh ones."""
    losses = [catalog_losses(column) for column in ("train_loss", "test_loss")]
    fig, ax = plt.subplots(figsize=(5.0, 7.2))
    for row, name in enumerate(names):
        shade = plot.style_of(name)["color"]
        for of, mark, fill in zip(losses, "os", ("none", "full"), strict=True):
            low, mid, high = np.quantile(of[name], [0.25, 0.5, 0.75])
            ax.plot([low, high], [row, row], color=shade, linewidth=1)
            ax.plot(mid, row, mark, color=shade, fillstyle=fill, markersize=6)
    ax.plot([], [], "o", color=plot.GREY, fillstyle="none", label="points it learned")
    ax.plot([], [], "s", color=plot.GREY, label="fresh points")
    ax.set_yticks(range(len(names)), names, fontsize=9)
    ax.set(xscale="log", xlabel="loss after 2000 steps", ylim=(len(names) - 0.4, -0.6))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return drawn(fig)


def catalog_table(names: Sequence[str]) -> Table:
    """The medians behind the figure, and how many runs they stand on."""
    fit, fresh = (catalog_losses(column) for column in ("train_loss", "test_loss"))
    runs = counted()
    rows = [
        (
            name,
            f"{1000 * np.median(fit[name]):.2f}",
            f"{1000 * np.median(fresh[name]):.1f}",
            runs[name],
        )
        for name in names
    ]
    return Table(["loss in thousandths", "learned", "fresh", "runs"], rows, caption="Medians of 20 draws.")


def shapes(column: str = "best_test_loss", *, starts: int = 3) -> dict[str, dict[str, np.ndarray]]:
    """By task, then function: a loss for each draw, from the same draws and the same first starts on both tasks."""
    names = list(dict.fromkeys(row["activation"] for row in results.load("disk", "squares")))
    return {
        task: dict(zip(names, by_draw(table, column, names, starts=starts), strict=True))
        for task, table in {"disk": "draws", "square": "squares"}.items()
    }


def shapes_table(found: dict[str, dict[str, np.ndarray]]) -> Table:
    """The places by median loss on each task, and the intervals of ranks over the draws."""
    columns, names = [], list(next(iter(found.values())))
    for of in found.values():
        losses = np.array(list(of.values()))
        places = results.rank_intervals(np.log(losses), statistic="mean")
        columns.append([f"{a}" if a == b else f"{a} to {b}" for a, b in places])
    rows = [(name, *(column[i] for column in columns)) for i, name in enumerate(names)]
    return Table(["place", *found], rows, caption="95 % intervals of the rank, one function at a time.")


def points_table() -> Table:
    """The order on fresh points, and its rank correlation with that on learned ones, by number of training points."""
    rows = []
    for n in (200, 1000, 5000):
        table, wanted = ("draws", {}) if n == 1000 else ("points", {"points": n})
        fit, fresh = (np.median(by_draw(table, c, **wanted), axis=1) for c in ("train_loss", "test_loss"))
        ranked = order(fresh, EIGHT)
        rho = results.spearman(fit, fresh)
        rows.append((n, f"{rho:.2f}", ", ".join(ranked[:2]), ", ".join(ranked[-2:])))
    return Table(["points", "correlation", "lowest on fresh ones", "highest"], rows)


def cost() -> dict[str, float]:
    """By function: what a step of the plain loop costs, in steps of the cheapest, least first."""
    of = {row["activation"]: row["microseconds"] for row in results.load("disk", "costs")}
    return {name: of[name] / min(of.values()) for name in sorted(of, key=of.get)}


def time_figure() -> Figure:
    """Median training loss of the thousand runs by step, and by time: steps times what a step costs."""
    costs = {row["activation"]: row["microseconds"] for row in results.load("disk", "costs")}
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.6), sharey=True)
    for name in EIGHT:
        step = curve(name, "step") + 1
        for ax, x in zip(axes, (step, step * costs[name] / 1e6), strict=True):
            ax.plot(x, curve(name, "median"), **plot.style_of(name), label=name)
    axes[0].set(xlabel="step", ylabel="median training loss")
    axes[1].set(xlabel="seconds of one processor")
    for ax, begin in zip(axes, (20, 20 * min(costs.values()) / 1e6), strict=True):
        ax.set(xscale="log", yscale="log", xlim=(begin, None), ylim=(4e-4, 0.9))
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return drawn(fig)
