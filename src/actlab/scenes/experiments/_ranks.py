"""Places with intervals, distributions that move, and one run of a thousand."""

from collections.abc import Sequence

import numpy as np

from ... import results, widgets
from ...tables import Table
from ._first import curve
from ._runs import EIGHT, MARKS, color, finals

__all__ = ["failed_table", "place_intervals", "places_player", "places_table", "ridges_player", "thousand_table"]

COUNTS = (5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)
STATISTICS = {"mean": np.mean, "median": np.median}
EDGES = np.linspace(-4.8, 0.4, 53)  # of log10 loss, as the recipe counts


def _short(interval: Sequence[int]) -> str:
    """ "3" for (3, 3), "1 to 2" for (1, 2)."""
    low, high = interval
    return f"{low}" if low == high else f"{low} to {high}"


def thousand_table() -> Table:
    """The thousand runs of each function on draw 0, as `actlab summary` has them."""
    rows = []
    for row in results.load("disk", "published"):
        of = {key: 1000 * value for key, value in row.items() if isinstance(value, float)}
        rows.append(
            (
                row["activation"],
                f"{of['mean']:.3f} ± {of['standard_error']:.3f}",
                f"{of['median']:.3f}",
                f"{of['q05']:.2f} to {of['q95']:.2f}",
                f"{of['test_loss']:.0f}",
                _short(row["rank_mean"]),
                _short(row["rank_median"]),
            )
        )
    columns = ["thousandths", "mean ± s.e.", "median", "5 to 95 %", "fresh", "by mean", "by median"]
    return Table(columns, rows, caption="The last two columns: places among the eight, 95 % intervals over starts.")


def place_intervals(counts: Sequence[int] = COUNTS) -> dict[tuple[str, int], np.ndarray]:
    """By (statistic, number of runs): `results.rank_intervals` of the first so many of the thousand starts."""
    final = finals()
    return {
        (by, n): results.rank_intervals(final[:n].T, statistic=by, resamples=300) for by in STATISTICS for n in counts
    }


def places_player(intervals: dict[tuple[str, int], np.ndarray]) -> widgets.Player:
    """The places of the functions and their intervals, by statistic x number of runs."""
    final = finals()
    top = [EIGHT[i] for i in np.argsort(np.median(final, axis=0))]

    def draw(ax, by, runs):
        place = 1 + np.argsort(np.argsort(STATISTICS[by](final[:runs], axis=0)))
        for row, name in enumerate(top):
            i = EIGHT.index(name)
            ax.plot(intervals[by, runs][i], [row, row], color=color(name), linewidth=7, alpha=0.35)
            ax.plot(place[i], row, MARKS[name], color=color(name), markersize=8)
        ax.set_yticks(range(len(top)), top)
        ax.set(xlabel=f"rank by the {by} of {runs} runs", xlim=(0.5, 8.5), ylim=(7.6, -0.6))

    def in_words(by, runs):
        said = [f"{name} {_short(of)}" for name, of in zip(EIGHT, intervals[by, runs], strict=True)]
        return f"Ranks by the {by} of {runs} runs, 95 % intervals: {'; '.join(said)}."

    runs = sorted({n for _, n in intervals})
    return widgets.player(
        draw,
        alt=in_words,
        size=(5.2, 3.4),
        labels={"by": "rank by"},
        first={"runs": 100},
        by=list(STATISTICS),
        runs=runs,
    )


def places_table(by_hand: np.ndarray, packaged: dict[str, np.ndarray]) -> Table:
    """Intervals of places, by hand beside the package's; by_hand: shape (2, functions), lowest and highest."""
    rows = [
        (name, _short(by_hand[:, i].astype(int)), *(_short(of[i]) for of in packaged.values()))
        for i, name in enumerate(EIGHT)
    ]
    return Table(["places", "by hand", *(f"packaged, by {by}" for by in packaged)], rows)


def ridges_player() -> widgets.Player:
    """The distribution of the thousand training losses of each function, from step to step."""
    middles = (EDGES[1:] + EDGES[:-1]) / 2
    rows = results.load("disk", "histograms")
    counted = {(row["activation"], row["step"]): np.array(row["counts"]) for row in rows}
    steps = sorted({step for _, step in counted})

    def draw(ax, step):
        for row, name in enumerate(EIGHT[::-1]):
            height = counted[name, step] / counted[name, step].sum()
            height = row + 0.9 * height / max(height.max(), 0.15)
            there = np.flatnonzero(height > row)
            near = slice(max(there[0] - 1, 0), there[-1] + 2)  # no line where nobody is
            ax.fill_between(middles[near], row, height[near], color=color(name), alpha=0.45, linewidth=0)
            ax.plot(middles[near], height[near], color=color(name), linewidth=1)
        ax.set_yticks(range(len(EIGHT)), EIGHT[::-1])
        ax.set(xlim=(EDGES[0], EDGES[-1]), ylim=(-0.1, 8), xlabel="training loss (log scale)")
        ax.set_xticks(range(-4, 1), [f"{10.0**p:g}" for p in range(-4, 1)])
        ax.text(0.02, 0.97, f"step {step}", transform=ax.transAxes, va="top")

    def in_words(step):
        middle = {n: middles[counted[n, step].cumsum() >= counted[n, step].sum() / 2][0] for n in EIGHT}
        wide = {n: (counted[n, step] > 0).sum() / 10 for n in EIGHT}
        first, last, widest = min(middle, key=middle.get), max(middle, key=middle.get), max(wide, key=wide.get)
        return (
            f"Step {step}: half of the runs are below 10^{middle[first]:.1f} for {first}, the lowest, and below "
            f"10^{middle[last]:.1f} for {last}, the highest; {widest} is spread most widely, over {wide[widest]:.1f} "
            "powers of ten."
        )

    shown = [*steps[:-1:2], steps[-1]]
    return widgets.player(draw, step=shown, alt=in_words, size=(5.2, 4.2), first={"step": steps[-1]}, play=True)


def failed_table(limit: float = 0.1) -> Table:
    """Runs above a loss, and what the worst of a thousand does to their mean; losses in thousandths."""
    rows = []
    for name, mine in zip(EIGHT, np.sort(finals().T * 1000), strict=True):
        assert abs(mine.mean() - 1000 * curve(name, "mean")[-1]) < 1e-3 * mine.mean()
        rows.append(
            (
                name,
                int((mine > 1000 * limit).sum()),
                f"{mine.mean():.2f}",
                f"{mine[:-1].mean():.2f}",
                f"{np.median(mine):.2f}",
                f"{mine[-1] / np.median(mine):.0f}",
            )
        )
    columns = ["thousandths", "failed", "mean", "without the worst", "median", "worst / median"]
    return Table(columns, rows)
