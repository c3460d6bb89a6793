"""Epochs until it stops, and what an update costs."""

import math

import numpy as np

from ... import experiments, plot, widgets
from ...tables import Table
from ._stored import ADAM, FIVE, LONG, SGD, WORDS, column, paired, published, rows

__all__ = ["before_learning", "costs_table", "noise", "plateau", "stop_player", "stop_table", "stops"]


def stops(name: str) -> list[int | None]:
    """With Adam, patience 5: after which epoch each seed is stopped; None where the 25 epochs end first."""
    return [None if math.isnan(epoch) else int(epoch) for epoch in column("stop", activation=name, **ADAM)]


def stop_table() -> Table:
    """Epochs until the rule ends a run with Adam: published, and of our seeds."""
    cells = []
    for name in FIVE:
        ours = ", ".join("-" if epoch is None else str(epoch) for epoch in stops(name))
        cells.append((WORDS[name], f"{published(7, 'epochs')[name]:.0f}", ours))
    return Table(["stopped after epoch", "published", "ours, five seeds"], cells)


def noise(last: int = 26) -> tuple[float, float]:
    """Without sigmoid: the standard deviation of the epochs between seeds, and between the means of functions.

    last: what counts for a run that the rule does not end.
    """
    ended = paired(FIVE[1:], "stop", **ADAM)
    ended = np.where(np.isnan(ended), last, ended)
    return float(ended.std(axis=1, ddof=1).mean()), float(ended.mean(axis=1).std(ddof=1))


def plateau() -> list[tuple[int, float]]:
    """Sigmoid with SGD at rate 0.001: the epoch at which a patience of 5 ends each seed, and what is right then."""
    losses = column("test_loss", "curves", activation="sigmoid", **SGD)[:, 1:]
    right = column("test_accuracy", "curves", activation="sigmoid", **SGD)
    ended = [experiments.early_stop(loss) for loss in losses]
    return [(end, float(of[end])) for end, of in zip(ended, right, strict=True)]


def before_learning() -> tuple[int, int]:
    """Sigmoid with SGD at rate 0.1, where all learn: how many runs the rule ends before they do, and how many."""
    losses = column("test_loss", "curves", activation="sigmoid", **LONG)[:, 1:]
    right = column("test_accuracy", "curves", activation="sigmoid", **LONG)
    ended = [experiments.early_stop(loss) for loss in losses]
    return sum(end is not None and of[end] < 0.5 for end, of in zip(ended, right, strict=True)), len(right)


def stop_player(patiences=(1, 2, 3, 5, 8, 12)) -> widgets.Player:
    """The test losses of five seeds, and where the rule ends each: by function and patience."""
    found = {WORDS[name]: (name, column("test_loss", "curves", activation=name, **ADAM)[:, 1:]) for name in FIVE}

    def draw(ax, function, patience):
        name, curves = found[function]
        for curve in np.log10(curves):
            epochs = np.arange(1, len(curve) + 1)
            ax.plot(epochs, curve, color=plot.style_of(name)["color"], lw=0.9, alpha=0.6)
            stop = experiments.early_stop(curve, patience)
            if stop:
                ax.plot(stop, curve[stop - 1], "ks", ms=6, mfc="none", mec=plot.RED, mew=1.8)
        ax.set(ylim=(-0.9, 0.5), xlim=(0, 26), xlabel="epoch", ylabel="test loss")
        ticks = [0.2, 0.5, 1, 2]
        ax.set_yticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])

    def in_words(function, patience):
        ends = [experiments.early_stop(curve, patience) for curve in found[function][1]]
        said = ", ".join("never" if end is None else f"epoch {end}" for end in ends)
        return f"{function}, patience {patience}: {len(ends)} seeds stop at {said}."

    return widgets.player(
        draw,
        alt=in_words,
        first={"patience": 5},
        size=(5.2, 3.3),
        function=list(found),
        patience=list(patiences),
    )


def costs_table() -> Table:
    """Processor time of an update: ReLU's in milliseconds, and the others' as multiples of it."""
    cells = []
    for network, words in {"cnn": "CNN", "resnet50_narrow": "narrow ResNet"}.items():
        for optimizer, how in {"sgd": "SGD", "adam": "Adam"}.items():
            found = {
                row["activation"]: row["milliseconds"] for row in rows("costs", network=network, optimizer=optimizer)
            }
            others = (f"{found[name] / found['relu']:.2f}" for name in FIVE if name != "relu")
            cells.append((f"{words}, {how}", f"{found['relu']:.1f}", *others))
    return Table(["network", "ReLU, ms", *(WORDS[name] for name in FIVE if name != "relu")], cells)
