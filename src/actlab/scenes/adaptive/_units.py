"""Units that are ReLU with hinges beside it: what a hinge does, what training made of sixteen of them, and a leak."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ... import plot, results, widgets
from ...tables import Table

__all__ = [
    "GRID",
    "added",
    "hinge_player",
    "kept_sides",
    "leak_share",
    "nearest_leaks",
    "shapes_table",
    "sixteen",
    "slopes",
    "slopes_player",
    "units_player",
]

GRID = np.linspace(-3, 3, 121)  # where shapes are compared
LEFT = np.minimum(0, GRID)  # what a leak of slope 1 adds to ReLU
LAYERS = ("conv1", "conv2", "conv3", "hidden")
STARTS = {"a = 0": "apl_5_zero", "random": "apl_5"}
COLORS = (plot.BLUE, plot.ORANGE, plot.GREEN, plot.PURPLE)
DASHES = ("-", (0, (5, 1.5)), "-.", (0, (1.5, 1)))
MARKS = dict(zip(LAYERS, "os^x", strict=True))
KNOWN = {
    (0.0, "b = 0"): ", which is ReLU",
    (-0.25, "b = 0"): ", which is Leaky ReLU of slope 0.25",
    (-1.0, "b = 0"): ", which is the identity",
    (1.0, "b = 0"): ", which is the absolute value",
}


def added(a: Sequence[float], b: Sequence[float]) -> np.ndarray:
    """What hinges with bends a at places b add to ReLU on `GRID`, shape (121,)."""
    return np.maximum(0, np.asarray(b) - GRID[:, None]) @ np.asarray(a)


def nearest_leaks(shapes: np.ndarray) -> np.ndarray:
    """The slope left of 0 of the leak that is nearest to each column of `shapes`, (121, units), by least squares."""
    return LEFT @ shapes / (LEFT @ LEFT)


def leak_share(shapes: np.ndarray) -> np.ndarray:
    """How much of each column of `shapes` its nearest leak carries: 1 less what is left over, both in squares."""
    left_over = shapes - np.outer(LEFT, nearest_leaks(shapes))
    return 1 - (left_over**2).sum(0) / (shapes**2).sum(0)


def sixteen(start: str = "a = 0", epoch: int | None = None) -> np.ndarray:
    """What the hinges of the sixteen stored units add to ReLU, shape (121, 16): the first four of each layer, seed 0.

    start: "a = 0" or "random". epoch: one of those stored, the last unless said.
    """
    rows = [row for row in results.load("adaptive", "units") if row["arm"] == STARTS[start]]
    epoch = max(row["epoch"] for row in rows) if epoch is None else epoch
    return np.stack([added(row["a"], row["b"]) for row in rows if row["epoch"] == epoch], 1)


def _epochs():
    return sorted({row["epoch"] for row in results.load("adaptive", "units")})


def units_player(size: tuple[float, float] = (5.2, 3.9)) -> widgets.Player:
    """Sixteen units before training (thin), after so many epochs (thick), and the leak that is nearest (dots)."""
    shapes = {(start, epoch): sixteen(start, epoch) for start in STARTS for epoch in _epochs()}
    relu = np.maximum(0, GRID)

    def draw(ax: Axes, start: str, epoch: int) -> None:
        ax.axis("off")
        now, first = shapes[start, epoch], shapes[start, 0]
        leaks = nearest_leaks(now)
        for i, layer in enumerate(LAYERS):
            panel = ax.inset_axes([0.53 * (i % 2), 0.55 * (1 - i // 2), 0.47, 0.4])
            for unit, (color, dash) in enumerate(zip(COLORS, DASHES, strict=True)):
                k = 4 * i + unit
                panel.plot(GRID, relu + first[:, k], color=color, linewidth=0.6, linestyle=dash, alpha=0.7)
                panel.plot(GRID, relu + now[:, k], color=color, linewidth=1.7, linestyle=dash)
                panel.plot(GRID[:60:10], (relu + LEFT * leaks[k])[:60:10], ".", color=color, markersize=4)
            panel.set(xlim=(-3, 3), ylim=(-2.4, 3), xticks=[-2, 0, 2], yticks=[-2, 0, 2])
            panel.tick_params(labelsize=7)
            panel.set_title(layer, fontsize=9, pad=2)

    def in_words(start: str, epoch: int) -> str:
        now, first = shapes[start, epoch], shapes[start, 0]
        moved = np.abs(now - first).max(0)
        words = f"Four panels, a layer each, with four units each, from the start {start}, after {epoch} epochs"
        if not moved.any():
            return f"{words}: all of them as they started."
        return (
            f"{words}; the farthest has moved by {moved.max():.1f} somewhere between -3 and 3, the middle one by "
            f"{np.median(moved):.1f}. {int((nearest_leaks(now) > 0).sum())} of the 16 go down to the left, and dots "
            "of the nearest leak lie on or close to most lines."
        )

    first = {"start": "a = 0", "epoch": _epochs()[-1]}
    return widgets.player(draw, alt=in_words, first=first, size=size, start=list(STARTS), epoch=_epochs())


def hinge_player(
    bends: Sequence[float] = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0),
    places: Sequence[float] = (-1.0, 0.0, 1.0),
) -> widgets.Player:
    """ReLU with a single hinge of bend a at place b."""
    at = {f"b = {place:g}": place for place in places}

    def draw(ax: Axes, b: str, a: float) -> None:
        value = np.maximum(0, GRID) + a * np.maximum(0, at[b] - GRID)
        ax.plot(GRID, np.maximum(0, GRID), color=plot.GREY, linestyle=":", linewidth=1)
        ax.plot(GRID, value, color=plot.BLUE, linewidth=2)
        ax.plot([at[b]], [max(0, at[b])], "o", color=plot.ORANGE, markersize=7)
        ax.set(xlim=(-3, 3), ylim=(-3, 4.1), xlabel="z", ylabel="h(z)")

    def in_words(b: str, a: float) -> str:
        known = KNOWN.get((a, b), "")
        return f"ReLU dotted, and with one hinge of a = {a} at {b}{known}; far to the left its slope is {0 - a:g}."

    first = {"b": "b = 0", "a": -0.25}
    return widgets.player(draw, alt=in_words, first=first, size=(4.6, 2.8), b=list(at), a=list(bends))


# ---- what training does to a shape ------------------------------------------------------------------------------


def _of(arm, key, layer, epoch):
    rows = results.load("adaptive", "shapes")
    return float(np.mean([r[key] for r in rows if (r["arm"], r["layer"], r["epoch"]) == (arm, layer, epoch)]))


def _units_in(layer):
    rows = results.load("adaptive", "slopes")
    return next(len(row["slopes"]) for row in rows if row["layer"] == layer)


def kept_sides(epoch: int | None = None) -> tuple[float, float]:
    """Share of the units from a random start whose far slope has kept its sign: of all units, and the mean of layers.

    Over all seeds of data/adaptive. The two differ because layers have different numbers of units.
    """
    epoch = _epochs()[-1] if epoch is None else epoch
    shares = [_of("apl_5", "sign_kept", layer, epoch) for layer in LAYERS]
    units = [_units_in(layer) for layer in LAYERS]
    return float(np.average(shares, weights=units)), float(np.mean(shares))


def shapes_table() -> Table:
    """By layer: units, whose far slope kept its sign, and how far shapes are from ReLU and from their start."""
    last, rows = _epochs()[-1], []
    for layer in LAYERS:
        kept = _of("apl_5", "sign_kept", layer, last)
        sizes = (
            _of("apl_5", "added", layer, 0),
            _of("apl_5", "moved", layer, last),
            _of("apl_5_zero", "moved", layer, last),
        )
        rows.append((layer, _units_in(layer), f"{kept:.0%}", *(f"{size:.2f}" for size in sizes)))
    columns = ["layer", "units", "side kept", "off ReLU at the start", "moved", "moved from a = 0"]
    return Table(columns, rows)


def slopes(start: str = "a = 0", epoch: int | None = None) -> np.ndarray:
    """The far slope of all units of seed 0 after an epoch, the last unless said; layer after layer."""
    epoch = _epochs()[-1] if epoch is None else epoch
    rows = [r for r in results.load("adaptive", "slopes") if (r["arm"], r["epoch"]) == (STARTS[start], epoch)]
    return np.concatenate([row["slopes"] for row in rows])


def slopes_player() -> widgets.Player:
    """The far slope of every unit of seed 0 at the start, across, and after so many epochs, upwards."""
    rows = results.load("adaptive", "slopes")
    table = {(row["arm"], row["layer"], row["epoch"]): np.array(row["slopes"]) for row in rows}

    def draw(ax: Axes, start: str, epoch: int) -> None:
        ax.axline((0, 0), slope=1, color=plot.GREY, linewidth=0.8)
        ax.axhline(0, color=plot.GREY, linewidth=0.5)
        ax.axvline(0, color=plot.GREY, linewidth=0.5)
        for i, (layer, color) in enumerate(zip(LAYERS, COLORS, strict=True)):
            apart = 0.3 * i - 0.45 if start == "a = 0" else 0.0  # all start at 0 there
            before, now = table[STARTS[start], layer, 0], table[STARTS[start], layer, epoch]
            ax.plot(before + apart, now, MARKS[layer], color=color, markersize=4, label=layer)
        ax.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
        ax.set(xlabel="far slope at the start", ylabel=f"after {epoch} epochs")
        ax.legend(loc="upper left", fontsize=7, handletextpad=0.1)

    def in_words(start: str, epoch: int) -> str:
        first, now = slopes(start, 0) + 0.0, slopes(start, epoch)
        return (
            f"The far slopes of {len(first)} units at the start and after {epoch} epochs, start {start}: they were "
            f"{first.min():.1f} to {first.max():.1f}, moved by {np.abs(now - first).mean():.2f} in the mean, and "
            f"{int((now < -0.01).sum())} are negative now."
        )

    first = {"start": "random", "epoch": _epochs()[-1]}
    return widgets.player(draw, alt=in_words, first=first, size=(4.2, 4.2), start=list(STARTS), epoch=_epochs())
