"""Who leads: twenty draws of one task, by learned points or by fresh ones, and a thousand starts on one."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, results, widgets
from ...tables import Table
from .. import drawn
from ._runs import EIGHT, GOALS, MARKS, color, decades, finals, grid, order

__all__ = ["bands_figure", "curve", "inside", "leaders", "league_player", "published", "published_table", "wins"]


def league_player(draws: int = 20) -> widgets.Player:
    """The eight functions by the median of ten starts, worst to best start as a bar: judged by what x which draw."""
    judged = {words: grid("draws", column)[:, :draws] for words, column in GOALS.items()}

    def draw(ax, judge, which):
        runs = judged[judge][:, which]
        ranked = order(np.median(runs, axis=1))
        for row, name in enumerate(ranked):
            mine = np.log10(runs[EIGHT.index(name)])
            ax.plot([mine.min(), mine.max()], [row, row], color=color(name), linewidth=2.5)
            ax.plot(np.median(mine), row, MARKS[name], color=color(name), markersize=8)
        ax.set_yticks(range(len(EIGHT)), ranked)
        decades(ax, "x", judged[judge])
        ax.set(xlabel=f"loss on {judge} (log scale)", ylim=(len(EIGHT) - 0.4, -0.6))

    def in_words(judge, which):
        ranked = order(np.median(judged[judge][:, which], axis=1))
        return f"Draw {which}, judged by {judge}; lowest loss first: {', '.join(ranked)}."

    return widgets.player(
        draw, alt=in_words, size=(5.2, 3.1), labels={"judge": "judged by", "which": "draw"},
        judge=list(GOALS), which=range(draws),
    )  # fmt: skip


def leaders(by_draw: np.ndarray) -> dict[str, int]:
    """On how many draws each function has the lowest loss, most often first; by_draw: shape (functions, draws)."""
    return wins(by_draw.T, together=1)


def wins(values: np.ndarray, together: int) -> dict[str, int]:
    """Of means of so many runs, how often each function has the lowest; values: shape (runs, functions)."""
    means = values.reshape(-1, together, values.shape[1]).mean(axis=1)
    first = np.bincount(means.argmin(axis=1), minlength=values.shape[1])
    return {EIGHT[i]: int(first[i]) for i in np.argsort(-first, kind="stable") if first[i]}


def published() -> dict[str, dict[str, float]]:
    """By function: the published mean and standard error over 1000 starts beside ours, all losses in thousandths."""
    text = [row for row in results.load("published") if row["source"] == "gustaw2025"]
    found = {}
    for row in results.load("disk", "published"):
        name = row["activation"]
        theirs = {
            key: 1000 * of["value"] for of in text for key in ("train_loss", "standard_error")
            if (of["activation"], of["quantity"]) == (name, key)
        }  # fmt: skip
        ours = {key: 1000 * row[key] for key in ("mean", "standard_error", "median", "max")}
        found[name] = ours | {"theirs": theirs["train_loss"], "their_error": theirs["standard_error"]}
    return found


def published_table(found: dict[str, dict[str, float]]) -> Table:
    """The published means and ours, from the lowest published one on."""
    rows = [
        (
            name,
            f"{of['theirs']:.3f} ± {of['their_error']:.3f}",
            f"{of['mean']:.3f} ± {of['standard_error']:.3f}",
            f"{of['median']:.3f}",
            f"{of['max']:.0f}",
        )
        for name, of in sorted(found.items(), key=lambda item: item[1]["theirs"])
    ]
    columns = ["loss in thousandths", "published", "ours", "our median", "worst run"]
    return Table(columns, rows, caption="Means ± standard errors of the training loss, 1000 starts on one draw.")


def curve(name: str, column: str) -> np.ndarray:
    """A statistic of the training loss over the thousand starts at some hundred steps, which column "step" has."""
    return np.array([row[column] for row in results.load("disk", "curves") if row["activation"] == name], dtype=float)


def inside(name: str, errors: float) -> float:
    """The share of the thousand runs whose last loss is within so many standard errors of their mean."""
    last = finals([name])[:, 0]
    return float((abs(last - curve(name, "mean")[-1]) < errors * curve(name, "error")[-1]).mean())


def bands_figure(names: tuple[str, ...] = ("tanh", "relu"), *, errors: float = 20) -> Figure:
    """Quantiles of the runs and a band of standard errors around their mean, over the median, against the step."""
    fig, axes = plt.subplots(1, len(names), figsize=(6.4, 3.3), sharey=True)
    for ax, name in zip(axes, names, strict=True):
        x = curve(name, "step") + 1
        of = {
            kind: curve(name, kind) / curve(name, "median") for kind in ("q05", "q25", "q75", "q95", "mean", "error")
        }
        ax.fill_between(x, of["q05"], of["q95"], color=color(name), alpha=0.15, linewidth=0)
        ax.fill_between(x, of["q25"], of["q75"], color=color(name), alpha=0.35, linewidth=0)
        ax.axhline(1, color=color(name))
        ax.plot(x, of["mean"], color=plot.GREY, linestyle="--", linewidth=1.4)
        for sign in (1, -1):
            ax.plot(x, of["mean"] + sign * errors * of["error"], color=plot.GREY, linestyle=":", linewidth=1.4)
        ax.set(title=name, xlim=(0, 2000), ylim=(0.4, 30), xlabel="step", yscale="log")
        ax.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
        ax.minorticks_off()
    axes[0].set_ylabel("training loss / its median")
    return drawn(fig)
