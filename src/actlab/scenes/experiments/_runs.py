"""The stored runs of the disk, as arrays: function x draw x start."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from ... import experiments, plot, results

__all__ = [
    "EIGHT",
    "GOALS",
    "MARKS",
    "at_own_rates",
    "by_draw",
    "color",
    "decades",
    "finals",
    "grid",
    "order",
    "own_rates",
]

EIGHT = experiments.published
MARKS = dict(zip(EIGHT, "osD^vPX*", strict=True))
GOALS = {"points they learned": "train_loss", "fresh points": "test_loss"}


def grid(table: str, column: str, names: Sequence[str] = EIGHT, *, starts: int | None = None, **wanted) -> np.ndarray:
    """A column of a stored table of the disk, shape (functions, draws, starts); nan where a run diverged.

    starts: only the first so many seeds of the weights. wanted: what other columns must be, such as rate=0.01. Raises
    KeyError where a function has no such run, or not all that the others have.
    """
    cell = {
        (row["activation"], row["draw"], row["start"]): row[column]
        for row in results.load("disk", table)
        if row["activation"] in names and all(row[key] == value for key, value in wanted.items())
    }
    draws, seeds = (sorted({key[i] for key in cell}) for i in (1, 2))
    found = [[[cell[name, draw, seed] for seed in seeds[:starts]] for draw in draws] for name in names]
    return np.array(found, dtype=float)


def by_draw(table: str, column: str, names: Sequence[str] = EIGHT, **wanted) -> np.ndarray:
    """`grid` with the median of the starts for each draw, shape (functions, draws)."""
    return np.median(grid(table, column, names, **wanted), axis=2)


def finals(names: Sequence[str] = EIGHT) -> np.ndarray:
    """The last training losses of the thousand starts on draw 0, shape (starts, functions)."""
    return np.array([[row[name] for name in names] for row in results.load("disk", "finals")])


def order(values: Sequence[float], names: Sequence[str] = EIGHT) -> list[str]:
    """The names, that of the lowest value first."""
    return [names[i] for i in np.argsort(values)]


def own_rates(column: str, names: Sequence[str] = EIGHT) -> dict[str, float]:
    """The rate of each function: that of the lowest median of a loss on the ten tuning draws."""
    return {name: _tuned(name, column)[0] for name in names}


def at_own_rates(column: str, names: Sequence[str] = EIGHT) -> np.ndarray:
    """A loss on the twenty judging draws, each function at its own rate, shape (functions, draws)."""
    return np.array([_tuned(name, column)[1] for name in names])


@cache
def _tuned(name, column):
    return experiments.tuned(name, column)


def decades(ax, side: str, values: np.ndarray, room: float = 0.08) -> None:
    """Ticks and limits of an axis on which powers of ten are drawn."""
    low, high = np.log10(values).min() - room, np.log10(values).max() + room
    ticks = [p for p in np.log10([1, 2, 5]) + np.arange(-6, 2)[:, None] for p in p if low < p < high]
    if len(ticks) > 6:
        ticks = [p for p in ticks if abs(p - round(p)) < 1e-9]
    getattr(ax, f"set_{side}ticks")(ticks, [f"{10**p:.3g}" for p in ticks])
    getattr(ax, f"set_{side}lim")(low, high)


def color(name: str) -> str:
    """The colour that an activation has in the whole book."""
    return plot.style_of(name)["color"]
