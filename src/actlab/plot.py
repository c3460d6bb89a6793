"""Pictures: an activation, a network or a history in, matplotlib axes out. Nothing here trains or prints.

`plt.style.use("actlab.book")` gives the look of the course.
"""

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator
from torch import nn

from .activations import Activation, get

__all__ = ["boundary", "curve", "gallery", "histograms", "layers", "learning", "powers", "style_of", "zero_lines"]

# Each hue keeps a contrast of at least 3 : 1 on the white and on the dark page, and any two can be told apart without
# red, green or blue cones. Their lightness does most of that: a hue that is changed alone breaks it.
BLUE, ORANGE, GREEN, PURPLE, OCHRE, CYAN, RED, GREY, INDIGO, OLIVE = (
    "#657ebf",
    "#b64800",
    "#08754f",
    "#994c7d",
    "#c08a01",
    "#1aa2b4",
    "#da3762",
    "#9d8b89",
    "#9370ef",
    "#7e9b47",
)
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SOLID, DASHED, DOTTED, DASHDOT, LONG = "-", (0, (4, 1.6)), (0, (1, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 2))

# One colour and one dash for each activation, in the whole book. Relatives share the hue.
styles = {
    "identity": (GREY, SOLID),
    "step": (GREY, DASHED),
    "hardshrink": (GREY, DOTTED),
    "softshrink": (GREY, DASHDOT),
    "tanhshrink": (GREY, LONG),
    "sigmoid": (ORANGE, SOLID),
    "logsigmoid": (ORANGE, DASHED),
    "hardsigmoid": (ORANGE, DOTTED),
    "tanh": (RED, SOLID),
    "lecun_tanh": (RED, DASHED),
    "hardtanh": (RED, DOTTED),
    "penalized_tanh": (RED, DASHDOT),
    "softsign": (RED, LONG),
    "relu": (BLUE, SOLID),
    "leaky_relu": (BLUE, DASHED),
    "relu6": (BLUE, DOTTED),
    "relu_squared": (BLUE, DASHDOT),
    "star_relu": (BLUE, LONG),
    "prelu": (INDIGO, SOLID),
    "rrelu": (INDIGO, DASHED),
    "apl": (INDIGO, DASHDOT),
    "threshold": (INDIGO, DOTTED),
    "xielu": (INDIGO, LONG),
    "elu": (CYAN, SOLID),
    "celu": (CYAN, DASHED),
    "selu": (CYAN, DOTTED),
    "softplus": (OCHRE, SOLID),
    "squareplus": (OCHRE, DASHED),
    "sparse_plus": (OCHRE, DOTTED),
    "gelu": (GREEN, SOLID),
    "gelu_tanh": (GREEN, DASHED),
    "golu": (GREEN, DASHDOT),
    "silu": (PURPLE, SOLID),
    "mish": (PURPLE, DASHED),
    "hardswish": (PURPLE, DOTTED),
    "swish": (PURPLE, DASHDOT),
    "xatlu": (PURPLE, LONG),
    "sine": (OLIVE, SOLID),
    "snake": (OLIVE, DASHED),
}
classes = LinearSegmentedColormap.from_list("classes", ["#e8a87c", "#f7f3ee", "#86b6dc"])


def style_of(activation: str | Activation) -> dict:
    """The colour and dash of an activation, as keywords for `ax.plot`."""
    name = get(activation).name
    if name not in styles:
        raise KeyError(f"{name} has no colour and dash yet; plot.styles is where they are given")
    color, dash = styles[name]
    return {"color": color, "linestyle": dash}


def zero_lines(ax: Axes) -> Axes:
    """Thin lines through the origin, behind everything else."""
    for line in (ax.axhline, ax.axvline):
        line(0, color=GREY, linewidth=0.6, alpha=0.6, zorder=0)
    return ax


def powers(ax: Axes) -> Axes:
    """Logarithmic axes with ticks at powers of ten alone, labelled in plain text: 10⁶.

    A player of forty pictures would spend most of its time on typesetting these labels as formulas, and on the ticks
    between them.
    """
    plain = FuncFormatter(lambda value, _: "10" + f"{math.log10(value):.0f}".translate(RAISED))
    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(plain)
            axis.set_minor_locator(NullLocator())
    return ax


def curve(activation: str | Activation, ax: Axes | None = None, *, reach: float = 4.0, slope: bool = True) -> Axes:
    """Draw f(z), thick, and its slope, thin, for |z| <= reach; return the axes."""
    activation = get(activation)
    ax = plt.gca() if ax is None else ax
    cuts = sorted({-reach, reach, *(k for k in activation.kinks if -reach < k < reach)})
    style = style_of(activation)
    # each piece between two kinks is a line of its own: a jump has no vertical stroke
    for i, (left, right) in enumerate(itertools.pairwise(cuts)):
        z = torch.linspace(left, right, 401, dtype=torch.float64)
        inside = z.clone()
        inside[0], inside[-1] = np.nextafter(left, right), np.nextafter(right, left)
        ax.plot(z, activation(inside), **style, label=activation.name if i == 0 else None)
        if slope:
            ax.plot(z, activation.slope(inside), **style, linewidth=1, label="its slope" if i == 0 else None)
    ax.set(xlabel="pre-activation $z$", ylabel="$f(z)$ and slope" if slope else "$f(z)$")
    return zero_lines(ax)


def gallery(activations: Iterable[str | Activation], *, columns: int = 3, reach: float = 4.0) -> Figure:
    """A new figure with one panel for each activation: f thick, slope thin, the same axes in all.

    Heights end a little above reach: what grows faster than the identity leaves its panel.
    """
    chosen = [get(a) for a in activations]
    rows = -(-len(chosen) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.1 * columns, 1.9 * rows), sharex=True, sharey=True, squeeze=False
    )
    for ax, activation in zip(axes.flat, chosen, strict=False):
        curve(activation, ax, reach=reach)
        ax.set(title=activation.name, xlabel="", ylabel="")
    low, high = axes.flat[0].get_ylim()
    axes.flat[0].set_ylim(max(low, -1.1 * reach), min(high, 1.1 * reach))  # shared by all
    for ax in axes.flat[len(chosen) :]:
        ax.set_axis_off()
    for ax in axes.flat[max(len(chosen) - columns, 0) : len(chosen)]:  # the lowest panel of each column
        ax.set_xlabel("$z$")
        ax.tick_params(labelbottom=True)
    return figure


def histograms(
    parts: Mapping[str, Mapping[int, Any]],
    figure: Figure | None = None,
    *,
    layers: Iterable[int] | None = None,
    bins: int = 31,
    color: str = BLUE,
) -> Figure:
    """A grid of histograms, a row for each part of a signal and a column for each layer; return the figure.

    parts: from a name, such as "output", to its values by layer (a tensor or an array of any shape), with the same
    layers in each. layers: which of them to draw, in this order; left out, all. figure: to draw on, as in a player;
    left out, a new one. bins: an odd number, so that 0 is in the middle of one.
    All panels of a row have one range, that of its widest layer less its farthest half per cent, and each its own
    height, so widths can be compared along a row and heights cannot. Above each panel stands the root mean square of
    all its values. A bin three times as tall as the others, such as the zeros of ReLU, is cut and its share written.
    Raises ValueError for no part or no layer, for a layer that a part lacks, for values that are none or not finite,
    and for an even number of bins.
    """
    parts = {
        name: {layer: _values(each, name, layer) for layer, each in part.items()} for name, part in parts.items()
    }
    chosen = list(layers) if layers is not None else list(next(iter(parts.values()), ()))
    if not parts or not chosen:
        raise ValueError("there is nothing to draw: histograms need a part and a layer")
    for name, part in parts.items():
        if missing := [layer for layer in chosen if layer not in part]:
            raise ValueError(f"{name} has no layer {missing[0]}; it has {', '.join(map(str, part)) or 'none'}")
    if bins < 1 or bins % 2 == 0:
        raise ValueError(f"bins is an odd number, so that 0 is in the middle of one; got {bins}")
    figure = plt.figure(figsize=(5.6, 0.5 + 1.05 * len(parts))) if figure is None else figure
    grid = figure.subplots(len(parts), len(chosen), squeeze=False, sharex="row")
    for row, (name, part) in zip(grid, parts.items(), strict=True):
        reach = max(_reach(part[layer]) for layer in chosen) or 1.0
        for ax, layer in zip(row, chosen, strict=True):
            _histogram(ax, part[layer], np.linspace(-reach, reach, bins + 1), color)
        row[0].set_ylabel(name, fontsize=10)
    for ax, layer in zip(grid[0], chosen, strict=True):
        ax.annotate(
            f"layer {layer}", (0.5, 1), (0, 16), ha="center", xycoords="axes fraction", textcoords="offset points"
        )
    return figure


def _values(values, name, layer):
    found = np.asarray(values.detach().cpu() if torch.is_tensor(values) else values, dtype=np.float64).ravel()
    if not found.size or not np.isfinite(found).all():
        raise ValueError(f"{name}, layer {layer}: {'no values' if not found.size else 'values that are not finite'}")
    return found


def _reach(values):
    """Where all but half a per cent of the values lie; of values that go little beyond, all."""
    size = np.abs(values)
    most, farthest = np.quantile(size, 0.995), size.max()
    return farthest if farthest <= 1.2 * most else most


def _histogram(ax, values, edges, color):
    share = np.histogram(values, edges)[0] / values.size
    others, tallest = np.delete(share, share.argmax()), share.argmax()
    top = share[tallest]
    if others.size and top > 3 * others.max() > 0:
        top = 1.6 * others.max()
        right = 2 * tallest < len(share) + 1
        x = edges[tallest + 1] if right else edges[tallest]
        ax.annotate(
            f"{share[tallest]:.0%}", (x, 0.86 * 1.08 * top), (2 if right else -2, 0), textcoords="offset points",
            ha="left" if right else "right", fontsize=8,
        )  # fmt: skip
    ax.stairs(share, edges, fill=True, color=color, alpha=0.85)
    ax.set(ylim=(0, 1.08 * top), yticks=[], xlim=edges[[0, -1]])
    tick = float(f"{0.85 * edges[-1]:.0e}")  # one digit, and its label does not reach into the next panel
    ax.set_xticks([-tick, 0, tick], [_plain(f"{at:g}") for at in (-tick, 0, tick)], fontsize=8)
    ax.set_title(f"rms {_short(np.sqrt(np.mean(np.square(values))))}", fontsize=9, pad=3)


def _short(value):
    return f"{value:.2f}" if 0.01 <= value < 100 or value == 0 else _plain(f"{value:.0e}")


def _plain(number):
    """1e+06 as 1e6, 1e-06 as 1e-6."""
    return number.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def learning(histories: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw training loss against step on a log axis, a line for each name; return the axes.

    histories: from a name to a `train.History`, or to a list of them, which is drawn as the median with the band
    between the quartiles. A name from the catalog gets that activation's style.
    """
    ax = plt.gca() if ax is None else ax
    for name, runs in histories.items():
        runs = [runs] if hasattr(runs, "loss") else list(runs)
        loss = torch.stack([run.loss for run in runs]).double().nan_to_num(nan=torch.inf, posinf=torch.inf).numpy()
        style = style_of(name) if name in styles else {}
        (line,) = ax.plot(np.median(loss, axis=0), label=name, **style)
        if len(runs) > 1:
            low, high = np.quantile(loss, [0.25, 0.75], axis=0, method="nearest")  # none between a number and inf
            ax.fill_between(range(loss.shape[1]), low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    ax.set(xlabel="step", ylabel="training loss (log scale)", yscale="log")
    return ax


def layers(signals: Mapping[str, Any], quantity: str = "delta", ax: Axes | None = None) -> Axes:
    """Draw a quantity of `diagnostics.Signals` by layer on a log axis, a line for each name; return the axes.

    signals: from a name to one `Signals`, or to a list of them (other seeds), drawn as the median with the band
    between the quartiles. A name from the catalog gets that activation's style. quantity: one of its fields, whose
    values are positive: delta, rms, z_std, weight_gradient, ...
    """
    ax = plt.gca() if ax is None else ax
    for name, runs in signals.items():
        runs = [runs] if hasattr(runs, "delta") else list(runs)
        values = torch.stack([getattr(run, quantity) for run in runs]).numpy()
        layer = np.arange(1, values.shape[1] + 1)
        style = style_of(name) if name in styles else {}
        (line,) = ax.plot(layer, np.median(values, axis=0), label=name, **style)
        if len(runs) > 1:
            low, high = np.quantile(values, [0.25, 0.75], axis=0)
            ax.fill_between(layer, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    ax.set(xlabel="layer", ylabel=f"{quantity.replace('_', ' ')} (log scale)", yscale="log")
    return ax


@torch.no_grad()
def boundary(network: nn.Module, split: Any, ax: Axes | None = None, *, points: int = 250, grid: int = 81) -> Axes:
    """Draw what a network of two inputs answers across the plane, over the points of a `data.Split`; return the axes.

    One output: the shade is the probability of label 1 and the line is where it is 1/2. Several outputs: the
    shade is the class of the largest. The first `points` training points are drawn, with a marker for each class.
    """
    ax = plt.gca() if ax is None else ax
    x, y = split.train_x[:points], split.train_y[:points].long()
    # all but the farthest points: one outlier would make the rest small
    low, high = split.train_x.quantile(torch.tensor([0.01, 0.99], dtype=x.dtype), dim=0)
    center, reach = (low + high) / 2, 0.65 * (high - low).max()
    left, right, bottom, top = (*(center[0] + reach * s for s in (-1, 1)), *(center[1] + reach * s for s in (-1, 1)))
    edges = [float(edge) for edge in (left, right, bottom, top)]
    across, up = torch.linspace(left, right, grid, dtype=x.dtype), torch.linspace(bottom, top, grid, dtype=x.dtype)
    plane = torch.cartesian_prod(across, up)
    out = network(plane)
    two = out.ndim == 1 or out.shape[1] == 1
    shade = torch.sigmoid(out.reshape(grid, grid)) if two else out.argmax(1).reshape(grid, grid)
    ax.imshow(
        shade.T.numpy(),
        origin="lower",
        extent=edges,
        cmap=classes,
        vmin=0,
        vmax=1 if two else max(out.shape[1] - 1, 1),
        # as stored: a page keeps one small picture a frame, and the browser smooths it
        interpolation="none",
    )
    if two:
        level = out.reshape(grid, grid).T
        if level.min() < 0 < level.max():
            ax.contour(across.numpy(), up.numpy(), level.numpy(), levels=[0.0], colors="#222222", linewidths=1.8)
    markers = "x.+^svDo*<>p"
    if y.max() >= len(markers):
        raise ValueError(f"there are markers for {len(markers)} classes, and label {int(y.max())} was given")
    for label, marker in zip(range(int(y.max()) + 1), markers, strict=False):
        chosen = x[y == label]
        color = "#8c3d00" if label == 0 else "#0b4f8a"
        ax.plot(*chosen.T, marker, color=color, markersize=3.5, markeredgewidth=0.9, alpha=0.8)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", xlim=edges[:2], ylim=edges[2:])
    return ax
