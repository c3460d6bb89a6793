"""What training does to units, from data/dead_units and data/revival: killed, woken, back again; and leaky ones."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, results, tables
from .. import drawn

__all__ = [
    "bias_gap",
    "dead_and_right",
    "leak_counts",
    "net_deaths",
    "rate_and_depth",
    "rate_table",
    "revival_table",
    "revived",
    "share",
]

WIDTH = 16
OPTIMIZERS = {"adam": "Adam", "sgd": "plain descent"}
Rows = list[dict[str, Any]]


def rate_and_depth(table: str = "dead_units", **wanted: Any) -> Rows:
    """The stored networks that have the wanted values, such as `optimizer="adam", start="he", depth=8`.

    Networks that diverged are left out: of nan no sign is known.
    """
    rows = [row for row in results.load("dead_units", table) if all(row[key] == of for key, of in wanted.items())]
    if not rows:
        raise ValueError(f"no network has {wanted}")
    return [row for row in rows if row["accuracy"] is not None]


def share(rows: Iterable[dict[str, Any]], what: str) -> np.ndarray:
    """`what` of the hidden units ("begin", "end", "killed" or "woken") of each network, in % of all."""
    return np.array([100 * (r[f"first_{what}"] + r[f"deeper_{what}"]) / (WIDTH * r["depth"]) for r in rows])


def _mean(values, form=".0f"):
    mean, half = results.student(values)
    return f"{mean:{form}} ± {half:{form}}"


def rate_table(
    rates: Sequence[float] = (0.01, 0.1),
    depths: Sequence[int] = (2, 8),
    *,
    optimizer: str = "adam",
    start: str = "he",
) -> tables.Table:
    """Units that were dead at birth, killed, woken, and dead at the end, for each rate and depth."""
    rows = []
    for rate in rates:
        for depth in depths:
            of = rate_and_depth(optimizer=optimizer, start=start, depth=depth, rate=rate)
            counts = [_mean(share(of, what)) for what in ("begin", "killed", "woken", "end")]
            rows.append([f"rate {rate:g}, {depth} layers", *counts])
    return tables.Table(
        ["rate, depth", "born dead", "killed", "woken", "dead at the end"],
        rows,
        caption=f"Units in % of all; mean of {len(of)} draws and its 95 % interval.",
    )


def net_deaths(*, start: str = "he", depths: Sequence[int] = (2, 4, 8)) -> Figure:
    """Dead at the end less dead at birth, in points of all units, by rate: mean and interval for each depth."""
    figure, axes = plt.subplots(1, 2, figsize=(6.2, 3.2), sharey=True)
    for ax, (optimizer, title) in zip(axes, OPTIMIZERS.items(), strict=True):
        looks = zip(depths, (plot.GREEN, plot.BLUE, plot.ORANGE), "^so", (":", "--", "-"), strict=True)
        for depth, color, mark, dash in looks:
            of = rate_and_depth(optimizer=optimizer, start=start, depth=depth)
            rates = sorted({row["rate"] for row in of})
            gaps = [
                share(cell, "end") - share(cell, "begin")
                for cell in ([r for r in of if r["rate"] == rate] for rate in rates)
            ]
            mean, half = np.transpose([results.student(gap) for gap in gaps])
            ax.errorbar(
                rates, mean, half, color=color, marker=mark, linestyle=dash, capsize=2, label=f"{depth} layers"
            )
        ax.axhline(0, color=plot.GREY, linewidth=0.8)
        ax.set(title=title, xlabel="rate (log scale)", xscale="log")
    axes[0].set_ylabel("dead at the end less at birth\n(points of all units)")
    axes[0].legend(loc="upper left", fontsize=8)
    return drawn(figure)


def bias_gap(bias: float = 0.1, *, without: Sequence[tuple[str, float]] = ()) -> tuple[float, float, int]:
    """Dead at the end from biases of `bias` less those from 0, in points: mean over draws, half its interval, n.

    Each draw's number is the mean over all settings in which neither network diverged, so that one draw counts once.
    without: optimisers with a rate each, such as ("sgd", 3.0), that are left out.
    """
    keys = ("optimizer", "depth", "rate", "seed")
    ends = [
        {tuple(row[key] for key in keys): share([row], "end")[0] for row in rate_and_depth(start=start)}
        for start in (f"he, bias {bias:g}", "he")
    ]
    gaps: dict[int, list[float]] = {}
    for key in ends[0].keys() & ends[1].keys():
        optimizer, _, rate, _ = key
        if (optimizer, rate) in without:
            continue
        gaps.setdefault(key[-1], []).append(ends[0][key] - ends[1][key])
    return (*results.student([np.mean(of) for of in gaps.values()]), len(gaps))


def dead_and_right(
    cases: Sequence[tuple[str, str, int, float]] = (
        ("adam", "he", 8, 0.1),
        ("sgd", "he", 2, 0.01),
        ("adam", "torch", 8, 0.003),
        ("sgd", "torch", 8, 0.1),
    ),
) -> tables.Table:
    """For (optimizer, start, depth, rate): units dead at the end, and the median share of fresh points right."""
    rows = []
    for optimizer, start, depth, rate in cases:
        of = rate_and_depth(optimizer=optimizer, start=start, depth=depth, rate=rate)
        right = 100 * np.median([row["accuracy"] for row in of])
        name = f"{ {'he': 'He', 'torch': 'torch'}[start] }, {depth} layers, {OPTIMIZERS[optimizer]} {rate:g}"
        rows.append([name, f"{share(of, 'end').mean():.0f}", f"{right:.0f}"])
    return tables.Table(
        ["network", "dead at the end, %", "fresh points right, %"],
        rows,
        caption=f"Mean of the dead and median of the points right, over {len(of)} draws.",
    )


def leak_counts(
    rates: Sequence[float] = (0.03, 0.1, 0.3),
    leaks: Sequence[float] = (0, 0.01, 0.1, 0.25),
    *,
    optimizer: str = "adam",
    depth: int = 8,
) -> tables.Table:
    """Units that are at 0 or below on all points at the end, for each leak and rate, from He's start."""
    setting = {"optimizer": optimizer, "start": "he", "depth": depth}
    rows = []
    for leak in leaks:
        cells = [rate_and_depth("leaks" if leak else "dead_units", **setting, leak=leak, rate=rate) for rate in rates]
        rows.append([f"leak {leak:g}", *(_mean(share(cell, "end")) for cell in cells)])
    return tables.Table(
        ["leak", *(f"rate {rate:g}" for rate in rates)],
        rows,
        caption=f"Units below 0 on all points after training, in % ({OPTIMIZERS[optimizer]}, {depth} layers): mean "
        f"of {len(cells[-1])} draws and its 95 % interval.",
    )


REVIVERS = {
    "sgd": "plain descent",
    "momentum": "momentum 0.9",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
}


def revival_table(decay: float = 0.1) -> tables.Table:
    """First-layer units that come back, by optimiser: killed in training, or placed and moved by decay alone.

    All stored rates of an optimiser together; decay is that of all parameters.
    """
    rows = []
    for name, title in REVIVERS.items():
        killed, alone = revived("trained", name), revived("placed", name, decay)
        decayed = revived("trained", name, decay)
        rows.append([title, _back(killed), killed[2], _back(decayed), _back(alone), alone[2]])
    return tables.Table(
        ["optimiser", "killed: back", "last at step", f"with decay {decay:g}", "decay alone: back", "alone: last at"],
        rows,
        caption="Units of the first layer that were silent at all points and answered again, and the last to do so.",
    )


def revived(
    table: str, optimizer: str, decay: float = 0.0, *, biases: bool = True, layer: int = 1
) -> tuple[int, int, int | str]:
    """How many units of a layer, how many of them came back, and after how many steps the last of these ("-": none).

    table: "trained" or "placed"; biases: whether they decay, too.
    """
    wanted = (optimizer, decay, "yes" if decay and biases else "no")
    of = [
        row
        for row in results.load("revival", table)
        if (row["optimizer"], row["decay"], row["biases_decay"]) == wanted and row.get("layer", 1) == layer
    ]
    latest = max((row["latest"] for row in of if row["latest"] is not None), default="-")
    return sum(row["units"] for row in of), sum(row["back"] for row in of), latest


def _back(found):
    units, back, _ = found
    return f"{back:,} of {units:,}" if units else "-"
