"""What moves a loss: the draw of the data, the start of the weights, or how the two meet."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot
from .. import drawn
from ._runs import EIGHT, grid

__all__ = ["draw_share", "parts", "plan", "variance_figure"]


def parts(table: np.ndarray) -> np.ndarray:
    """Variances of the rows, the columns and the rest of a table of draws x starts: the analysis of variance."""
    rows, columns = table.shape
    of_row, of_column = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = table - of_row - of_column + table.mean()
    noise = (rest**2).sum() / ((rows - 1) * (columns - 1))
    found = [of_row.var(ddof=1) - noise / columns, of_column.var(ddof=1) - noise / rows]
    return np.array([*np.maximum(found, 0), noise])


def draw_share(
    column: str, variances: Callable[[np.ndarray], np.ndarray] = parts, *, resamples: int = 1000, seed: int = 0
) -> dict[str, dict[str, np.ndarray]]:
    """By function: variances of the log loss over 20 draws x 10 starts, and the interval of the share of the draw.

    The interval holds the middle 95 % of the shares over resamples of the draws {cite}`efron1979`, the same for all
    functions. With twenty draws it is rough, and leans to small shares: a resample has fewer draws that differ.
    """
    tables = np.log(grid("draws", column))
    rng, found = np.random.default_rng(seed), {}
    picks = [rng.integers(tables.shape[1], size=tables.shape[1]) for _ in range(resamples)]
    for name, table in zip(EIGHT, tables, strict=True):
        again = [variances(table[pick]) for pick in picks]
        ends = np.quantile([of[0] / of.sum() for of in again], [0.025, 0.975])
        found[name] = {"variances": variances(table), "interval": ends}
    return found


def plan(variances: np.ndarray, draws: int, starts: int, *, own_starts: bool = False) -> float:
    """The standard error of a mean over draws x starts: with the same starts on each draw, or starts of their own."""
    draw, start, rest = variances
    seeds = draws * starts if own_starts else starts
    return float(np.sqrt(draw / draws + start / seeds + rest / (draws * starts)))


def variance_figure(found: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]]) -> Figure:
    """Shares of the variance as bars, with the interval of the first; found: `draw_share` by the title of a panel."""
    fig, axes = plt.subplots(1, len(found), figsize=(6.4, 3.2), sharey=True)
    for ax, (title, of) in zip(axes, found.items(), strict=True):
        shares = np.array([one["variances"] / one["variances"].sum() for one in of.values()])
        left = np.zeros(len(of))
        looks = zip(("draw", "start", "rest"), (plot.BLUE, plot.OCHRE, plot.GREY), ("", "////", "...."), strict=True)
        for j, (word, shade, hatch) in enumerate(looks):
            ax.barh(list(of), shares[:, j], left=left, color=shade, hatch=hatch, label=word, edgecolor="white")
            left += shares[:, j]
        for row, one in enumerate(of.values()):
            ax.plot(one["interval"], [row, row], color="black", linewidth=1.6, marker="|", markersize=7)
        ax.set(title=title, xlim=(0, 1), xlabel="share of the variance")
    axes[0].invert_yaxis()
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return drawn(fig)
