"""Hinges against a leak that starts where they start and moves as fast: data/matched, and how many pairs it takes."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ... import networks, plot, results
from ...tables import Table
from .. import drawn
from ._arms import column, points

__all__ = [
    "ARMS",
    "COMPARED",
    "ends_of_grids",
    "lead",
    "leaked",
    "matched",
    "matched_figure",
    "matched_table",
    "pairs_needed",
    "pilot",
    "power_table",
    "rates_table",
    "seen",
    "shared",
    "speed_table",
]

# by arm: its name, where its far slope starts, and how many rates that moves in an update
ARMS = {
    "relu": ("ReLU", "0", 0),
    "prelu": ("PReLU", "0.25", 1),
    "leak_zero": ("leak x 5", "0", 5),
    "apl_zero": ("APL 5, a = 0", "0", 5),
    "apl": ("APL 5, random", "random", 5),
    "leak_ten": ("leak x 10", "0", 10),
    "apl_ten": ("APL 10, a = 0", "0", 10),
}
COMPARED = (
    ("apl_zero", "leak_zero"),
    ("apl_ten", "leak_ten"),
    ("apl", "apl_zero"),
    ("leak_zero", "prelu"),
    ("prelu", "relu"),
    ("apl_zero", "relu"),
)


def speed_table(moves: Callable[[torch.nn.Module, Callable], torch.Tensor], units: int = 3) -> Table:
    """How many rates a far slope moves in one update, by `moves(layer, slope)`; slope: from a layer to its slopes."""

    def far(layer):
        return -layer.a.detach().sum(0)

    leak = torch.nn.PReLU(units)
    rows = [("PReLU", f"{moves(leak, lambda layer: layer.weight.detach()):.1f}")]
    for s in (1, 5, 10):
        layer = networks.APL(units, s, start="zero", seed=s)
        rows.append((f"APL, S = {s}", f"{moves(layer, far):.1f}"))
    return Table(["unit", "rates in an update"], rows)


def pilot(first: str = "apl_5_zero", second: str = "prelu") -> float:
    """Standard deviation, in points, of the paired differences of two arms of data/adaptive, with n - 1."""
    return float((column(first) - column(second)).std(ddof=1))


def pairs_needed(sd: float, difference: float, *, power: float = 0.8) -> int:
    """How many pairs find a mean difference with that power, if their differences scatter with sd."""
    return results.pairs_needed(difference / sd, power=power)


def seen(differences: ArrayLike) -> float:
    """The mean difference that as many pairs, as scattered as these, would have found four times in five.

    Raises ValueError for fewer than two pairs.
    """
    return results.paired(differences, np.zeros_like(differences)).seen


def power_table(sd: float, differences: Sequence[float] = (0.5, 1.0, 2.0, 4.0)) -> Table:
    """Pairs that find a difference with a probability of 80 and of 95 %."""
    rows = [(f"{off:g}", *(pairs_needed(sd, off, power=power) for power in (0.8, 0.95))) for off in differences]
    return Table(["points apart", "pairs for 80 %", "pairs for 95 %"], rows)


def matched(arm: str, key: str = "test_accuracy") -> np.ndarray:
    """One number for each paired draw of data/matched, in the order of the seeds; accuracies in per cent.

    Raises KeyError for an arm that the study has not.
    """
    table = "runs" if key in results.load("matched", "runs")[0] else "leaks"
    rows = [row for row in results.load("matched", table) if row["arm"] == arm]
    if not rows:
        raise KeyError(f"data/matched has no arm {arm!r}; there are {', '.join(ARMS)}")
    scale = 100 if "accuracy" in key else 1
    return scale * np.array([row[key] for row in sorted(rows, key=lambda row: row["seed"])])


def lead(first: str, second: str) -> np.ndarray:
    """Points of test accuracy by which the first is ahead, draw by draw, over the draws that both have."""
    n = min(len(matched(first)), len(matched(second)))
    return matched(first)[:n] - matched(second)[:n]


def rates_table() -> Table:
    """By arm: where its far slope starts, how fast it moves, the rates tried on tuning draws and the one chosen."""
    rows = []
    for arm, (name, start, speed) in ARMS.items():
        tried = [row for row in results.load("matched", "tuning") if row["arm"] == arm]
        (chosen,) = [row["rate"] for row in tried if row["chosen"]]
        ends = f"{tried[0]['rate']:g} to {tried[-1]['rate']:g}"
        rows.append((name, start, speed, ends, f"{chosen:g}", f"{matched(arm)[: shared()].mean():.1f}"))
    columns = ["arm", "starts at", "rates an update", "rates tried", "chosen", f"accuracy, {shared()} draws"]
    return Table(columns, rows)


def ends_of_grids() -> bool:
    """Whether some chosen rate stands at an end of the rates that were tried for its arm."""
    at_end = []
    for arm in ARMS:
        tried = [row for row in results.load("matched", "tuning") if row["arm"] == arm]
        at_end += [row["chosen"] for row in (tried[0], tried[-1])]
    return any(at_end)


def shared() -> int:
    """How many draws all arms of data/matched have."""
    return min(len(matched(arm)) for arm in ARMS)


def matched_table(compared: Sequence[tuple[str, str]] = COMPARED) -> Table:
    """Paired differences: n, each with its own 95 % interval and with that of all at once, and what n could see."""
    rows = []
    for first, second in compared:
        off = lead(first, second)
        mean, half = results.student(off)
        _, wide = results.student(off, comparisons=len(compared))
        name = f"{ARMS[first][0]} - {ARMS[second][0]}"
        rows.append((name, len(off), points(mean, half), f"± {wide:.1f}", f"{seen(off):.1f}"))
    return Table(["difference", "n", "points, alone", f"all {len(compared)}", "could see"], rows)


def matched_figure(compared: Sequence[tuple[str, str]] = COMPARED) -> Figure:
    """Every paired difference, with the mean and its 95 % interval."""
    fig, ax = plt.subplots(figsize=(6.0, 2.9))
    for i, (first, second) in enumerate(compared):
        off = lead(first, second)
        mean, half = results.student(off)
        ax.plot(off, [i] * len(off), "o", color=plot.GREY, markersize=3.5)
        ax.plot([mean - half, mean + half], [i, i], color=plot.BLUE, linewidth=2)
        ax.plot([mean], [i], "D", color=plot.BLUE, markersize=5)
    ax.axvline(0, color=plot.GREY, linewidth=0.8)
    ax.set_yticks(range(len(compared)), [f"{ARMS[a][0]} - {ARMS[b][0]}" for a, b in compared])
    ax.set(xlabel="points of test accuracy, draw by draw")
    ax.invert_yaxis()
    return drawn(fig)


def leaked(arm: str = "apl_zero") -> dict[str, np.ndarray]:
    """What one leak is worth in the place of trained hinges, draw by draw.

    share: of the learned shapes, in squares, that the nearest leaks carry. before, after: test accuracy in per cent
    with the hinges, and with those leaks in their place and nothing else changed. down: share of units whose nearest
    leak goes down to the left. slope: the median of the leaks.
    """
    return {
        "share": matched(arm, "share"),
        "before": matched(arm),
        "after": matched(arm, "leaked_accuracy"),
        "down": matched(arm, "down"),
        "slope": matched(arm, "slope"),
    }
