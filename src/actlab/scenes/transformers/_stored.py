"""The stored runs of data/transformers: eleven functions swapped, and what the controls do."""

import math
import statistics
from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import experiments, plot, results, widgets
from ...tables import Table
from .. import drawn

__all__ = [
    "FAIL",
    "ahead",
    "beats",
    "controls_table",
    "courses",
    "courses_figure",
    "courses_table",
    "gradients",
    "gradients_table",
    "last_norms",
    "last_norms_table",
    "learned",
    "longer",
    "looks_of",
    "norms_player",
    "points",
    "runs",
    "starts_figure",
    "swaps_table",
    "ways_table",
]

FAIL = ("tanh", "elu", "sigmoid")
USUAL = {"start": "pretrained", "trained": "all", "rate": 5e-5, "warmup": 0, "updates": 64}
LAYERS = ("embeddings", *(f"block {i}" for i in range(1, 7)), "head")
TICKS = ("words", *"123456", "head")


def runs(name: str, column: str = "accuracy", **how: object) -> list[float]:
    """A column of the stored runs of a function, in the order of the seeds.

    how: what is unlike the usual run, which has pretrained weights, all trained, rate 5e-5, 64 updates.
    """
    wanted = USUAL | {"activation": name} | how
    rows = [row for row in results.load("transformers", "swaps") if all(row[k] == v for k, v in wanted.items())]
    return [row[column] for row in sorted(rows, key=lambda row: row["seed"])]


def beats(accuracy: float, majority: float, n: int = 600) -> bool:
    """Whether an accuracy on n sentences is above the constant answer's by two standard errors."""
    return accuracy > majority + 2 * math.sqrt(majority * (1 - majority) / n)


def learned(name: str, **how: object) -> int:
    """How many of the runs of a function beat the constant answer."""
    return sum(map(beats, runs(name, **how), runs(name, "majority", **how)))


def ahead(a: Sequence[float], b: Sequence[float], *, comparisons: int = 1) -> tuple[float, float]:
    """Mean of a - b, pair by pair, and half the width of Student's interval.

    comparisons: how many there are beside each other, all of which shall hold their difference at 95 %, by
    Bonferroni's rule.
    """
    return results.student([x - y for x, y in zip(a, b, strict=True)], comparisons=comparisons)


def points(found: tuple[float, float]) -> str:
    """A difference of shares and its half width in words: "+5.1 ± 8.6" points."""
    return f"{100 * found[0]:+.1f} ± {100 * found[1]:.1f}"


def swaps_table(names: Sequence[str] = experiments.eleven) -> Table:
    """Test accuracy after 64 updates by function, how many runs learned, and how far GELU is ahead of it."""
    gelu, others = runs("gelu"), len(names) - 1
    rows = []
    for name in names:
        a = runs(name)
        gap = "-" if name == "gelu" else points(ahead(gelu, a, comparisons=others))
        spread = f"{100 * min(a):.0f} to {100 * max(a):.0f}"
        rows.append((name, f"{100 * statistics.mean(a):.1f}", spread, f"{learned(name)} of {len(a)}", gap))
    return Table(["function", "accuracy, %", "range", "learned", "GELU ahead, points"], rows)


# ---- controls ---------------------------------------------------------------------------------------------------

WAYS = {
    "as it is": {},
    "rate 1e-5": {"rate": 1e-5, "warmup": 6},
    "rate 5e-5": {"warmup": 6},
    "rate 2e-4": {"rate": 2e-4, "warmup": 6},
    "rate 5e-4": {"rate": 5e-4, "warmup": 6},
    "256 updates": {"updates": 256},
}
CONTROLS = {
    "calibrated": {"start": "calibrated"},
    "fresh": {"start": "fresh"},
    "random, 5e-4": {"start": "random", "rate": 5e-4, "warmup": 6},
    "head, 1e-3": {"trained": "head", "rate": 1e-3},
    "head, 1e-2": {"trained": "head", "rate": 1e-2},
    "head, 1e-1": {"trained": "head", "rate": 1e-1},
}


def ways_table(ways: Mapping[str, Mapping[str, object]] = WAYS, names: Sequence[str] = ("gelu", *FAIL)) -> Table:
    """Mean accuracy in per cent, and how many runs learned, by way of training and function.

    ways: what is unlike the usual run, by the words of its row.
    """
    rows = [
        (
            words,
            *(
                f"{100 * statistics.mean(a):.0f}, {learned(name, **how)} of {len(a)}"
                if (a := runs(name, **how))
                else "-"
                for name in names
            ),
        )
        for words, how in ways.items()
    ]
    return Table(["training", *names], rows)


def controls_table() -> Table:
    """As `ways_table`, of the controls that change what training starts from or what is trained."""
    return ways_table(CONTROLS)


def looks_of(name: str, when: str = "before", start: str = "pretrained") -> dict:
    """A row of data/transformers/looks: medians over the seeds, a number for each block or layer.

    when: "before" or "after" the usual 64 updates.
    """
    wanted = USUAL | {"activation": name, "start": start, "when": when}
    (row,) = (row for row in results.load("transformers", "looks") if all(row[k] == v for k, v in wanted.items()))
    return row


def gradients(names: Sequence[str] = experiments.eleven) -> dict[str, tuple[float, float]]:
    """By function: the norm of the gradient in block 1 over that in the head, before and after 64 updates."""
    found = {}
    for name in names:
        norms = [looks_of(name, when)["gradient"] for when in ("before", "after")]
        found[name] = tuple(of[1] / of[-1] for of in norms)
    return found


def gradients_table(found: Mapping[str, tuple[float, float]]) -> Table:
    """What `gradients` found."""
    rows = [(name, f"{before:.2f}", f"{after:.2f}") for name, (before, after) in found.items()]
    return Table(["block 1 over head", "before", "after 64 updates"], rows)


def last_norms(name: str) -> dict[str, float]:
    """By layer, the norm of the gradient over the last of the 64 updates, median over the seeds."""
    wanted = USUAL | {"activation": name, "step": USUAL["updates"]}
    (row,) = (row for row in results.load("transformers", "norms") if all(row[k] == v for k, v in wanted.items()))
    return {layer: row[layer] for layer in LAYERS}


def last_norms_table(layers: Sequence[str] = ("block 1", "block 6", "head")) -> Table:
    """The least and the largest of the functions' last norms, of those that fail and of the others, by layer."""
    groups = {"failed": FAIL, "learned": [name for name in experiments.eleven if name not in FAIL]}
    rows = []
    for layer in layers:
        norms = {words: [last_norms(name)[layer] for name in names] for words, names in groups.items()}
        rows.append((layer, *(f"{min(of):.2f} to {max(of):.2f}" for of in norms.values())))
    return Table(["norm of the gradient", *groups], rows)


def norms_player(names: Sequence[str] = experiments.eleven, updates: Sequence[int] = (8, 24, 64)) -> widgets.Player:
    """Norms of the gradient by layer, medians over the seeds, of a function over GELU's at the same update."""
    film = {
        (row["activation"], row["step"]): row
        for row in results.load("transformers", "norms")
        if all(row[entry] == value for entry, value in USUAL.items())
    }

    def draw(ax, function, update):
        row, gelu = film[function, update], film["gelu", update]
        for of, style, color, label in ((gelu, ":", plot.GREY, "GELU"), (row, "o-", plot.BLUE, function)):
            ax.plot(range(8), [math.log10(of[layer]) for layer in LAYERS], style, color=color, label=label)
        ax.set_xticks(range(8), TICKS)
        ax.set_yticks([-2, -1, 0, 1], ["0.01", "0.1", "1", "10"])
        ax.set(ylim=(-2.6, 1.6), xlabel="layer", ylabel="norm of the gradient")
        ax.set_title(f"update {update}, training loss {row['train_loss']:.2f}")
        ax.legend(loc="lower right")

    def words(function, update):
        row = film[function, update]
        return (
            f"{function} at update {update}, training loss {row['train_loss']:.2f}: gradient norm "
            f"{row['block 1']:.2g} in block 1, {row['block 6']:.2g} in block 6, {row['head']:.2g} in the head; GELU "
            f"{film['gelu', update]['block 1']:.2g} in block 1"
        )

    first = {"function": "tanh", "update": updates[-1]}
    return widgets.player(draw, alt=words, first=first, size=(5.2, 3.4), function=list(names), update=list(updates))


def starts_figure(
    names: Sequence[str] = ("sigmoid", "elu", "tanh", "gelu"),
    starts: Sequence[str] = ("pretrained", "calibrated", "fresh"),
) -> Figure:
    """Accuracy of every run by function and start; the dotted line is the constant answer's, in the mean."""
    fig, ax = plt.subplots(figsize=(5.6, 3.6))
    labels = []
    for name in names:
        for start, mark in zip(starts, "xos", strict=True):
            if a := runs(name, start=start):
                ax.plot([100 * x for x in a], [len(labels)] * len(a), mark, mfc="none", color=plot.BLUE)
                labels.append(f"{name}, {'as it is' if start == 'pretrained' else start}")
    ax.axvline(100 * statistics.mean(runs("gelu", "majority")), color=plot.GREY, linestyle=":")
    ax.set_yticks(range(len(labels)), labels)
    ax.set(xlabel="test accuracy, %", xlim=(44, 92))
    return drawn(fig)


# ---- 256 updates ------------------------------------------------------------------------------------------------


def courses() -> dict[str, list[dict]]:
    """By function, a row for each seed of 256 updates: its losses and the gradient that got through, every 32."""
    found = {name: [] for name in ("gelu", *FAIL)}
    for row in results.load("transformers", "courses"):
        found[row["activation"]].append(row)
    return {name: sorted(rows, key=lambda row: row["seed"]) for name, rows in found.items()}


def longer() -> list[dict]:
    """The stored runs of tanh of data/swap_longer, 1,024 updates each, in the order of the seeds."""
    return sorted(results.load("swap_longer", "runs"), key=lambda row: row["seed"])


def courses_figure(found: Mapping[str, Sequence[Mapping]], names: Sequence[str] = FAIL) -> Figure:
    """Training loss, and block 1's gradient over the head's, run by run, with the median of GELU's."""
    at = range(32, 257, 32)
    parts = {"train_losses": "training loss", "through": "block 1 over head"}
    fig, axes = plt.subplots(len(names), 2, figsize=(5.4, 1.95 * len(names)), sharex=True, sharey="col")
    for row_of_axes, name in zip(axes, names, strict=True):
        for ax, (key, words) in zip(row_of_axes, parts.items(), strict=True):
            for row in found[name]:
                ax.plot(at, row[key], color=plot.BLUE, lw=1)
            usual = [statistics.median(values) for values in zip(*(row[key] for row in found["gelu"]), strict=True)]
            ax.plot(at, usual, ":", color=plot.GREY, label="GELU, median")
            ax.set_title(f"{name}: {words}", fontsize=11)
    for left, right in axes:
        left.set(ylim=(0, 0.75))
        right.set(yscale="log")
        right.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    for ax in axes[-1]:
        ax.set(xlabel="update", xticks=[64, 128, 192, 256])
    axes[-1, 1].legend(loc="lower right", fontsize=9)
    return drawn(fig)


def courses_table(found: Mapping[str, Sequence[Mapping]], below: float = 0.65) -> Table:
    """When a run's loss first falls below a bound, and how much of the gradient gets through then and before."""
    rows = []
    for name in FAIL:
        for row in found[name]:
            losses, ratios = row["train_losses"], row["through"]
            i = next((i for i, loss in enumerate(losses) if loss < below), None)
            then = ("never", "-", "-") if i is None else (32 * (i + 1), f"{ratios[i]:.2f}", f"{max(ratios[:i]):.2f}")
            rows.append((f"{name}, seed {row['seed']}", *then, f"{losses[-1]:.2f}"))
    return Table(["run", f"loss below {below}", "ratio then", "most before", "last loss"], rows)
