"""A digits network before and during its first steps, and what fifty layers leave of a gradient."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import activations, plot, train, widgets
from ...tables import Table
from .. import _carried, _digits, drawn
from ..tanh import deltas, draws

__all__ = [
    "by_gain",
    "by_start",
    "depth_player",
    "digits",
    "digits_player",
    "normalised",
    "start_figure",
    "start_table",
]

SIGMOID = activations.get("sigmoid")
STARTS = {
    "drawn": (plot.ORANGE, "-"),
    "output weights x 10": (plot.PURPLE, "--"),
    "output weights 0": (plot.BLUE, ":"),
    "all weights 0": (plot.GREY, "-."),
}


# ---- the carried network ----------------------------------------------------------------------------------------


def _started(name, seed):
    if name == "all weights 0":
        return _carried.alike(_carried.network(seed=seed))
    return _carried.network(seed=seed, output={"drawn": 1, "output weights x 10": 10, "output weights 0": 0}[name])


def by_start(
    seeds: Iterable[int] = (0, 1, 2), *, steps: int = 300, rate: float = 0.001
) -> dict[str, list[dict[str, Any]]]:
    """The sigmoid network on digits from four starts, trained by Adam: a dict for each seed, by start.

    first: its loss before training; losses: of each batch; units: how many of its first hidden layer differ at the
    end; right: its share of 1,000 fresh digits. Seeds draw weights and batches; the starts share both.
    """
    task, found = _carried.digits(), {}
    for name in STARTS:
        found[name] = []
        for seed in seeds:
            net = _started(name, seed)
            first = _carried.first_loss(net, task)
            losses = _carried.learn(net, task, steps=steps, rate=rate, seed=seed)
            found[name].append(
                {
                    "first": first,
                    "losses": losses,
                    "units": _carried.different(net[0]),
                    "right": train.accuracy(net, task.test_x, task.test_y),
                }
            )
    return found


def start_table(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """What `by_start` gives, least and most over the seeds; shares to a tenth, which holds on every machine."""
    rows = []
    for name, runs in found.items():
        cells = []
        for key, form in (("first", ".2f"), ("units", "d"), ("right", ".1f")):
            ends = [format(end(run[key] for run in runs), form) for end in (min, max)]
            cells.append(" to ".join(dict.fromkeys(ends)))
        rows.append((name, *cells))
    return Table(["start", "first loss", "units that differ", "right on fresh digits"], rows)


def start_figure(found: Mapping[str, Sequence[Mapping[str, Any]]], *, window: int = 10) -> Figure:
    """The losses of `by_start`, mean of the seeds and of ten batches, and that of a fair guess."""
    fig, ax = plt.subplots(figsize=(5.6, 3))
    for name, runs in found.items():
        color, dash = STARTS[name]
        loss = np.mean([run["losses"] for run in runs], axis=0)
        loss = loss[: len(loss) // window * window].reshape(-1, window).mean(1)
        ax.plot(window * (np.arange(len(loss)) + 0.5), loss, color=color, linestyle=dash, label=name)
    ax.axhline(math.log(10), color=widgets.INK, linewidth=0.8)
    ax.text(298, 2.4, r"a fair guess, $\ln 10$", fontsize=9, ha="right")
    ax.set(xlabel="step", ylabel="loss of a batch", ylim=(0, 7))
    ax.legend(fontsize=9)
    return drawn(fig)


# ---- fifty layers -----------------------------------------------------------------------------------------------


def by_gain(
    gains: Sequence[float] = (0.5, 1, 2, 4, 6, 8, 10, 12, 16), *, seeds: Iterable[int] = range(3), depth: int = 50
) -> dict[float, Tensor]:
    """log10 of the size of delta in each sigmoid layer over that in the last, shape (seeds, depth), by gain.

    Layers of 256 units without biases, a batch of 32 standard normal inputs and output gradients.
    """
    drawn_ = [draws(seed, depth=depth) for seed in seeds]
    return {gain: torch.stack([deltas(SIGMOID, SIGMOID.slope, gain, one) for one in drawn_]) for gain in gains}


def depth_player(found: Mapping[float, Tensor], *, first: float = 1) -> widgets.Player:
    """Delta by layer as the gain moves, over the other gains in grey."""
    depth = next(iter(found.values())).shape[1]
    layer = range(1, depth + 1)

    def draw(ax, gain):
        for powers in found.values():
            ax.plot(layer, powers.mean(0), color=plot.GREY, linewidth=0.6, alpha=0.6)
        for run in found[gain]:
            ax.plot(layer, run, **plot.style_of("sigmoid"), linewidth=1.2)
        end = found[gain][:, 0].mean().item()
        ax.set_title(f"gain {gain:g}: {end:+.1f} powers of ten at layer 1")
        ax.set(xlabel="layer", xlim=(1, depth), ylim=(-47, 8))
        ax.set_ylabel(rf"$\log_{{10}}$ of $\delta$ against layer {depth}")

    def words(gain):
        end = found[gain][:, 0].mean().item()
        return (
            f"Size of delta by layer at gain {gain:g}: {end:+.1f} powers of ten from layer {depth} to layer 1, mean "
            f"of {len(found[gain])} draws that lie almost on one line."
        )

    return widgets.player(draw, gain=list(found), first={"gain": first}, alt=words)


def normalised(
    batches: Sequence[int], *, seeds: Iterable[int] = range(3), depth: int = 50, width: int = 256
) -> dict[int, list[float]]:
    """Powers of ten from delta in layer 50 to delta in layer 1 at gain 1, normalised over batches of these sizes.

    Each unit's pre-activations are brought to mean 0 and variance 1 over the batch, as batch normalisation does at
    the start of training, where its own factor is 1 and its offset 0.
    """
    found = {}
    for batch in batches:
        found[batch] = []
        for seed in seeds:
            a, weights, out = draws(seed, depth=depth, width=width, batch=batch)
            a.requires_grad_()
            z = []
            for W in weights:
                pre = a @ W
                # 1e-5 as in torch.nn.BatchNorm1d
                z.append((pre - pre.mean(0)) / (pre.var(0, correction=0) + 1e-5).sqrt())
                a = SIGMOID(z[-1])
            first, last = torch.autograd.grad((a * out).sum(), [z[0], z[-1]])
            found[batch].append((first.norm() / last.norm()).log10().item())
    return found


# ---- digits, layer by layer -------------------------------------------------------------------------------------


def digits(
    gains: Sequence[float] = (1, 4, 10, 16), layers: Sequence[int] = (1, 5, 10), *, seed: int = 0
) -> dict[float, dict[str, dict[int, Tensor]]]:
    """Pre-activations, outputs and deltas of ten sigmoid layers on digits, by gain, part and layer."""
    return {gain: _digits.signals("sigmoid", gain=gain, seed=seed, layers=layers) for gain in gains}


def digits_player(found: Mapping[float, Mapping[str, Mapping[int, Tensor]]], *, first: float = 1) -> widgets.Player:
    """What `digits` gives, as histograms by part and layer, as the gain moves."""

    def draw(ax, gain):
        ax.set_axis_off()
        plot.histograms(found[gain], ax.figure, color=plot.ORANGE)

    def words(gain):
        said = []
        for part, by_layer in found[gain].items():
            sizes = ", ".join(f"{values.square().mean().sqrt():.1g}" for values in by_layer.values())
            said.append(f"{part} {sizes} in layers {', '.join(map(str, by_layer))}")
        return f"Histograms at gain {gain:g}; root mean squares: {'; '.join(said)}."

    return widgets.player(draw, gain=list(found), first={"gain": first}, size=(5.0, 4.2), alt=words)
