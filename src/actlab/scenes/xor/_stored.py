"""The stored runs of data/xor and data/xor_rates: who solves it, by scale, rate, gradient and width."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, results, widgets
from ...tables import Table
from .. import drawn
from ._pairs import apart, apart_unpaired, points

__all__ = [
    "cost",
    "cost_table",
    "outcome",
    "own_rates",
    "own_rates_table",
    "scale_figure",
    "scale_table",
    "scales_of",
    "share_player",
    "since",
    "starts_player",
    "stored_script",
    "tuning",
    "widths",
    "widths_table",
]

GRADIENTS = {"bce": "cross-entropy", "printed": "as printed", "printed x 4": "printed, rate x 4"}
SHOWN = ("relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid")
WORDS = {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "gelu": "GELU", "silu": "SiLU"}


def _row(name, scale, gradient, width):
    key = (name, scale, gradient, width)
    found = [
        row
        for row in results.load("xor", "runs")
        if (row["activation"], row["scale"], row["gradient"], row["width"]) == key
    ]
    if not found:
        raise KeyError(f"data/xor has no runs of {name!r} at scale {scale}, gradient {gradient!r}, width {width}")
    return found[0]


def outcome(name: str, scale: float = 0.1, gradient: str = "bce", width: int = 4) -> np.ndarray:
    """Which of the 200 stored starts are solved after 5000 steps, in the order of their seeds.

    gradient: "bce", "printed" or "printed x 4". Raises KeyError for runs that are not stored.
    """
    return np.array([mark == "1" for mark in _row(name, scale, gradient, width)["solved"]])


def stored_script(name: str, at_zero: float, gradient: str = "bce") -> np.ndarray:
    """Which of the 200 stored runs of the script solve XOR, with a slope at exactly 0 and one of its two gradients.

    Raises KeyError for runs that are not stored.
    """
    key = (name, at_zero, gradient, 0.1)
    rows = results.load("xor", "script")
    found = [r["right"] == 4 for r in rows if (r["activation"], r["at_zero"], r["gradient"], r["scale"]) == key]
    if not found:
        raise KeyError(f"data/xor has no script of {name!r} with slope {at_zero} at 0, gradient {gradient!r}")
    return np.array(found)


def since(name: str, scale: float = 0.1) -> np.ndarray:
    """The step from which on all four answers of a start are right; infinite where they are not in 5000."""
    return np.array([math.inf if at is None else at for at in _row(name, scale, "bce", 4)["since"]])


def scales_of(gradient: str = "bce") -> list[float]:
    """The scales of the stored runs with four units."""
    rows = results.load("xor", "runs")
    return sorted({row["scale"] for row in rows if (row["gradient"], row["width"]) == (gradient, 4)})


def _names():
    return list(dict.fromkeys(row["activation"] for row in results.load("xor", "runs")))


# ---- all starts at once -----------------------------------------------------------------------------------------


def starts_player(
    names: Sequence[str] = SHOWN, stops: Sequence[int] = (200, 500, 1000, 2000, 3000, 5000)
) -> widgets.Player:
    """The 200 starts as squares, filled where all four answers are right from there on: by function and step."""
    at = {WORDS.get(name, name): since(name) for name in names}
    across = 20

    def draw(ax, function, step):
        done = at[function] <= step
        x, y = np.arange(len(done)) % across, np.arange(len(done)) // across
        ax.scatter(x[done], y[done], s=62, marker="s", color=plot.BLUE)
        ax.scatter(x[~done], y[~done], s=5, marker="s", color=plot.GREY)
        ax.set(title=f"{function}, step {step}: {done.sum()} of {len(done)} solved", xlim=(-0.8, across - 0.2))
        ax.set(ylim=(len(done) / across - 0.2, -0.8), xticks=[], yticks=[], aspect="equal")
        ax.set_frame_on(False)

    def in_words(function, step):
        done = at[function] <= step
        return (
            f"{function} after {step} steps: {done.sum()} of {len(done)} squares are filled, the starts from which "
            "all four answers are right for good; a square is one start of the weights, the same for every function"
        )

    first = {"step": stops[-1]}
    return widgets.player(draw, alt=in_words, first=first, size=(5.0, 2.9), function=list(at), step=list(stops))


# ---- gradient and rate ------------------------------------------------------------------------------------------


def cost(gradients: Sequence[str] = tuple(GRADIENTS), scale: float = 0.1) -> dict[str, list[int]]:
    """By function: how many of 200 starts are solved with each gradient."""
    return {name: [int(outcome(name, scale, gradient).sum()) for gradient in gradients] for name in _names()}


def cost_table(found: Mapping[str, Sequence[int]]) -> Table:
    """What `cost` counted, a column for each gradient."""
    return Table(["solved of 200", *GRADIENTS.values()], [(name, *counts) for name, counts in found.items()])


def own_rates(scale: float = 0.1) -> dict[str, tuple[float, np.ndarray]]:
    """By function: the rate that suits it best on other seeds, and which of the 200 starts it then solves."""
    rows = [row for row in results.load("xor_rates", "runs") if row["scale"] == scale]
    return {row["activation"]: (row["rate"], np.array([mark == "1" for mark in row["solved"]])) for row in rows}


def tuning(name: str, scale: float = 0.1) -> dict[float, int]:
    """By rate: how many of the tuning seeds are solved."""
    rows = results.load("xor_rates", "tuning")
    return {r["rate"]: r["solved"] for r in rows if (r["activation"], r["scale"]) == (name, scale)}


def own_rates_table(
    found: Mapping[str, tuple[float, np.ndarray]], *, scale: float = 0.1, against: str = "leaky_relu"
) -> Table:
    """What `own_rates` gives beside the counts at the script's rate, and the points by which each is ahead of one."""
    rows = []
    for name, (rate, won) in found.items():
        ahead = "-" if name == against else points(apart(won, found[against][1]))
        rows.append((name, int(outcome(name, scale).sum()), f"{rate:g}", int(won.sum()), ahead))
    return Table(["solved of 200", "rate 0.1", "own rate", "solved", "points over leaky_relu"], rows)


# ---- scale ------------------------------------------------------------------------------------------------------


def _shares():
    names, scales = _names(), scales_of()
    shares = np.array([[outcome(name, scale).mean() for scale in scales] for name in names])
    order = np.argsort(shares[:, 0])
    return [names[i] for i in order], scales, shares[order]


def scale_figure() -> Figure:
    """Per cent of the starts that are solved, a heat map of functions and scales."""
    names, scales, shares = _shares()
    fig, ax = plt.subplots(figsize=(6.0, 4.2))
    ax.imshow(shares, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    for (i, j), share in np.ndenumerate(shares):
        ax.text(j, i, f"{100 * share:.0f}", ha="center", va="center", color="black" if share > 0.55 else "white")
    ax.set_xticks(range(len(scales)), [f"{scale:g}" for scale in scales])
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="standard deviation of the first weights")
    ax.tick_params(length=0)
    return drawn(fig)


def scale_table() -> Table:
    """The counts behind `scale_figure`."""
    names, scales, shares = _shares()
    rows = [(name, *(round(200 * share) for share in row)) for name, row in zip(names, shares, strict=True)]
    return Table(["solved of 200", *(f"{scale:g}" for scale in scales)], rows)


def share_player() -> widgets.Player:
    """Share of the starts that are solved by scale, for a chosen function and gradient, over all the others."""
    names = _names()
    gradients = {GRADIENTS[key]: key for key in ("bce", "printed")}

    def counts(name, gradient):
        return {
            scale: int(outcome(name, scale, gradients[gradient]).sum()) for scale in scales_of(gradients[gradient])
        }

    found = {(name, gradient): counts(name, gradient) for name in names for gradient in gradients}

    def draw(ax, function, gradient):
        for name in names:
            mine, won = name == function, found[name, gradient]
            style = {"color": plot.GREY, "linewidth": 0.7, "alpha": 0.6}
            if mine:
                style = plot.style_of(name) | {"linewidth": 2.4, "marker": "o"}
                ends = np.array([results.proportion(k, 200) for k in won.values()]).T
                ax.fill_between(list(won), *ends, color=style["color"], alpha=0.25, linewidth=0)
            ax.plot(list(won), [k / 200 for k in won.values()], **style)
        ax.set(xscale="log", xlim=(0.045, 5.6), ylim=(-0.03, 1.03))
        ax.set_xticks(list(won), [f"{scale:g}" for scale in won])
        ax.minorticks_off()
        ax.set(xlabel="scale of the first weights", ylabel="share solved", title=function)

    def in_words(function, gradient):
        won = found[function, gradient]
        return f"{function}, gradient {gradient}: solved of 200 starts: " + ", ".join(
            f"{k} at scale {scale:g}" for scale, k in won.items()
        )

    return widgets.player(draw, alt=in_words, function=names, gradient=list(gradients))


# ---- width ------------------------------------------------------------------------------------------------------


def widths(names: Sequence[str] = ("tanh", "relu", "leaky_relu", "silu")) -> dict[str, dict[int, int]]:
    """By function and width: how many of 200 starts are solved, at scale 0.1."""
    return {name: {width: int(outcome(name, width=width).sum()) for width in (2, 3, 4, 8)} for name in names}


def widths_table(found: Mapping[str, Mapping[int, int]]) -> Table:
    """What `widths` counted, and how many points eight units are ahead of two, of other starts."""
    rows = [
        (name, *counts.values(), points(apart_unpaired(counts[8], 200, counts[2], 200)))
        for name, counts in found.items()
    ]
    return Table(["solved of 200", *(f"{width} units" for width in (2, 3, 4, 8)), "points, 8 over 2"], rows)
