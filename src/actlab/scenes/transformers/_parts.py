"""The runs of data/swap_parts: which part of a swapped function has to be undone before a network learns again."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import activations, networks, plot, results, widgets
from ...tables import Table
from .. import drawn
from ._stored import FAIL, beats, runs

__all__ = [
    "COMPARED",
    "PARTS",
    "Part",
    "changed",
    "fitted_player",
    "gains_table",
    "part",
    "parts",
    "parts_figure",
    "parts_table",
    "reversed_table",
]

PARTS = {
    "none": "as it is",
    "offset": "offset",
    "units": "unit middles",
    "factor": "factor",
    "both": "both",
}
REVERSED = {"none": "GELU as it is", "factor": "as large as tanh's", "units": "with tanh's middles"}
COMPARED = 6  # differences that stand together: four adjustments of three functions, two of GELU
STARTS = {"none": "pretrained", "both": "calibrated"}  # of the first seeds stored with data/transformers


@dataclass(frozen=True)
class Part:
    """A function with one part adjusted. accuracy and majority: by seed, of the trained runs. The others are medians
    over seeds before training: ratio, common, cosine after the last block, and through, block 1's gradient over the
    head's.
    """

    accuracy: Mapping[int, float]
    majority: Mapping[int, float]
    ratio: float
    common: float
    cosine: float
    through: float

    @property
    def learned(self) -> int:
        """How many runs beat the constant answer."""
        return sum(beats(self.accuracy[seed], self.majority[seed]) for seed in self.accuracy)

    @property
    def mean(self) -> float:
        """Of the accuracies."""
        return statistics.mean(self.accuracy.values())


def part(name: str, what: str) -> Part:
    """The stored runs of a function with a part of it adjusted: a key of PARTS."""
    rows = [row for row in results.load("swap_parts", "runs") if (row["activation"], row["part"]) == (name, what)]
    values = {column: {row["seed"]: row[column] for row in rows} for column in ("accuracy", "majority")}
    if what in STARTS:
        values = {
            column: dict(enumerate(runs(name, column, start=STARTS[what]))) | further
            for column, further in values.items()
        }
    seen = [row for row in results.load("swap_parts", "looks") if (row["activation"], row["part"]) == (name, what)]
    medians = {
        column: statistics.median(row[column] for row in seen) for column in ("ratio", "common", "cosine", "through")
    }
    return Part(**values, **medians)


def parts(names: Sequence[str] = FAIL, whats: Sequence[str] = tuple(PARTS)) -> dict[tuple[str, str], Part]:
    """By function and part, what `part` finds."""
    return {(name, what): part(name, what) for name in names for what in whats}


def changed(what: str, names: Sequence[str] = FAIL) -> results.Paired:
    """What an adjustment does to the accuracy, in points, by draw, whose number is the mean of the functions."""
    found = [(part(name, what).accuracy, part(name, "none").accuracy) for name in names]
    seeds = sorted(set.intersection(*(set(a) & set(b) for a, b in found)))
    after, before = ([100 * statistics.mean(of[side][seed] for of in found) for seed in seeds] for side in (0, 1))
    return results.paired(after, before, comparisons=COMPARED)


def parts_table(found: Mapping[tuple[str, str], Part]) -> Table:
    """What is seen before training, who learns, and the mean accuracy in per cent, by function and part."""
    rows = []
    for (name, what), part in found.items():
        seen = f"{part.ratio:.1f}", f"{part.common:.0%}", f"{part.cosine:.2f}", f"{part.through:.2f}"
        learned = f"{part.learned} of {len(part.accuracy)}"
        rows.append((f"{name}, {PARTS[what]}", *seen, learned, f"{100 * part.mean:.0f}"))
    return Table(["adjusted", "ratio", "common", "cosine", "through", "learned", "right, %"], rows)


def gains_table() -> Table:
    """By how many points accuracy changes: of the three functions in the mean, and of GELU, made more like tanh."""
    asked = {f"the three, {said}": (what, FAIL) for what, said in PARTS.items() if what != "none"}
    asked |= {f"GELU {said}": (what, ["gelu"]) for what, said in REVERSED.items() if what != "none"}
    rows = []
    for words, (what, names) in asked.items():
        found = changed(what, names)
        rows.append((words, found.n, f"{found.mean:+.1f} ± {found.half:.1f}", f"{found.seen:.0f}", found.verdict))
    return Table(["adjusted", "draws", "change", "seen", "accuracy"], rows)


def reversed_table() -> Table:
    """GELU made more like tanh: larger by tanh's factor, or with each unit's median as it is with tanh."""
    rows = []
    for what, said in REVERSED.items():
        seen = part("gelu", what)
        learned = f"{seen.learned} of {len(seen.accuracy)}"
        right = f"{100 * seen.mean:.0f}"
        rows.append((said, f"{seen.ratio:.1f}", f"{seen.common:.0%}", f"{seen.cosine:.2f}", learned, right))
    return Table(["GELU", "ratio", "common", "cosine", "learned", "right, %"], rows)


def parts_figure(found: Mapping[tuple[str, str], Part]) -> Figure:
    """Accuracy of every run by function and part; the dotted line is the constant answer's, in the mean."""
    names = list(dict.fromkeys(name for name, _ in found))
    whats = list(dict.fromkeys(what for _, what in found))
    fig, axes = plt.subplots(len(names), 1, figsize=(5.6, 1.75 * len(names)), sharex=True)
    for ax, name in zip(axes, names, strict=True):
        for row, what in enumerate(reversed(whats)):
            part = found[name, what]
            won = [beats(part.accuracy[seed], part.majority[seed]) for seed in part.accuracy]
            for good, mark in ((True, "o"), (False, "x")):
                right = [100 * a for a, w in zip(part.accuracy.values(), won, strict=True) if w == good]
                ax.plot(right, [row] * len(right), mark, mfc="none", color=plot.BLUE if good else plot.ORANGE)
        ax.axvline(100 * statistics.mean(found[name, whats[0]].majority.values()), color=plot.GREY, linestyle=":")
        ax.set_yticks(range(len(whats)), [PARTS[what] for what in reversed(whats)])
        ax.set(title=name, ylim=(-0.6, len(whats) - 0.4), xlim=(44, 90))
    axes[-1].set(xlabel="test accuracy, %")
    return drawn(fig)


# ---- the two numbers --------------------------------------------------------------------------------------------


def fitted_player(base: networks.Sentences, ids: Tensor, fit, names: Sequence[str] = FAIL) -> widgets.Player:
    """GELU, a function and what the function becomes by factor and offset, over where the inputs of a block lie.

    fit: of values and wanted values, returns factor and offset.
    """
    before = [z.double() for z in networks.inside(base, ids).z]
    gelu = activations.get("gelu")
    grid = torch.linspace(-4, 2.5, 120, dtype=torch.float64)
    edges = torch.linspace(-4, 2.5, 40, dtype=torch.float64)
    heights = [torch.histogram(z.flatten(), edges, density=True)[0] for z in before]
    numbers = {
        (name, block): fit(activations.get(name)(z), gelu(z)) for name in names for block, z in enumerate(before, 1)
    }

    def draw(ax, function, block):
        f, (factor, offset) = activations.get(function), numbers[function, block]
        ax.fill_between(edges[1:], 2 * heights[block - 1], color=plot.GREY, alpha=0.25, step="pre")
        ax.plot(grid, gelu(grid), color=plot.GREEN, label="GELU")
        ax.plot(grid, f(grid), "--", color=plot.ORANGE, label=function)
        ax.plot(
            grid, factor * f(grid) + offset, "-.", color=plot.BLUE, label=f"{factor:.2f} {function} {offset:+.2f}"
        )
        ax.set(xlabel="pre-activation z", ylim=(-1.15, 2.1), title=f"block {block}")
        ax.legend(loc="upper left")

    def words(function, block):
        factor, offset = numbers[function, block]
        mean = activations.get(function)(before[block - 1]).mean()
        return (
            f"Block {block}: grey, how often each pre-activation occurs, mostly below 0. GELU is near 0 there, "
            f"{function} at {mean:.2f} in the mean, and {factor:.2f} {function} {offset:+.2f} runs close to GELU"
        )

    return widgets.player(draw, alt=words, size=(5.0, 3.3), function=list(names), block=list(range(1, 7)))
