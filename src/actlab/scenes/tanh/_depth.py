"""Signals in fifty layers before any training: outputs going up, deltas coming down, and the theory of both."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import activations, plot, widgets
from ...tables import Table
from .. import _digits, drawn

__all__ = [
    "balance",
    "delta_player",
    "deltas",
    "deltas_by_function",
    "deltas_by_gain",
    "deltas_figure",
    "digits",
    "digits_player",
    "draws",
    "predicted_powers",
    "signal_player",
    "slopes",
    "slopes_figure",
]

F64 = torch.float64
TANH = activations.get("tanh")
GAINS = {"0.58": 3**-0.5, "0.9": 0.9, "1": 1.0, "5/3": 5 / 3, "3": 3.0}


# ---- the histogram by layer: the first picture ------------------------------------------------------------------


def signal_player(
    layers: Sequence[int] = (1, 2, 3, 5, 10, 20, 30, 50), *, width: int = 256, batch: int = 64, seed: int = 0
) -> widgets.Player:
    """The outputs of tanh layers by gain and layer, over the outline of those of the first layer."""
    edges = np.linspace(-1, 1, 26)
    shares, sizes = {}, {}
    for word, gain in GAINS.items():
        generator = torch.Generator().manual_seed(seed)
        a = torch.randn(batch, width, generator=generator)
        for layer in range(1, max(layers) + 1):
            W = torch.randn(width, width, generator=generator) / width**0.5
            a = torch.tanh(gain * a @ W)
            shares[word, layer] = np.histogram(a, edges)[0] / a.numel()
            sizes[word, layer] = a.square().mean().sqrt().item(), (a.abs() > 0.99).double().mean().item()

    def said(gain, layer):
        rms, flat = sizes[gain, layer]
        return f"{rms:.2f}" if rms > 0.01 else f"{rms:.0e}".replace("e-0", "e-"), f"{flat:.0%}"

    def draw(ax, gain, layer):
        ax.stairs(shares[gain, layer], edges, fill=True, color=plot.RED, alpha=0.85, label=f"layer {layer}")
        ax.stairs(shares[gain, layers[0]], edges, color=widgets.INK, linewidth=1.2, label=f"layer {layers[0]}")
        rms, flat = said(gain, layer)
        ax.text(-1, 0.36, f"rms {rms}", fontsize=11)
        ax.text(1, 0.36, f"{flat} beyond ±0.99", fontsize=11, ha="right")
        middle = shares[gain, layer][12]
        if middle > 0.4:  # taller than the picture
            ax.text(0.08, 0.3, f"{middle:.0%} in the middle bin", fontsize=11)
        ax.legend(loc=(0.08, 0.6), fontsize=10)
        ax.set(ylim=(0, 0.4), xlim=(-1.03, 1.03), xlabel="output of a unit", ylabel="share of the outputs")

    def words(gain, layer):
        rms, flat = said(gain, layer)
        return (
            f"Histogram of the outputs of layer {layer} at gain {gain}, over the outline of layer {layers[0]}: root "
            f"mean square {rms}, {flat} beyond plus or minus 0.99, {shares[gain, layer][12]:.0%} in the middle bin."
        )

    return widgets.player(draw, gain=list(GAINS), layer=layers, first={"gain": "1", "layer": layers[-1]}, alt=words)


# ---- the function and its slope ---------------------------------------------------------------------------------


def slopes(at: Iterable[float] = (0.001, 0.1, 1, 2, 5, 10)) -> Table:
    """The slope of tanh and the product of ten such slopes, by pre-activation."""
    rows = []
    for z in at:
        slope = TANH.slope(torch.tensor(z, dtype=F64)).item()
        rows.append((f"{z:g}", f"{slope:.2g}", f"{slope**10:.1g}"))
    return Table(["z", "slope", "ten such slopes"], rows)


def slopes_figure() -> Figure:
    """Tanh and the sigmoid, thick, with their slopes, thin."""
    fig, ax = plt.subplots(figsize=(5.6, 2.9))
    for name in ("tanh", "sigmoid"):
        plot.curve(name, ax, reach=5)
    for x, y, words in (
        (-0.6, -0.9, "tanh"),
        (-4.8, 0.13, "sigmoid"),
        (-1.6, 0.9, "slope of tanh"),
        (1.9, 0.23, "slope of the sigmoid"),
    ):
        ax.text(x, y, words, fontsize=10, ha="right" if "of tanh" in words else "left")
    ax.set(ylim=(-1.1, 1.1))
    return drawn(fig)


# ---- delta, measured --------------------------------------------------------------------------------------------


def draws(seed: int, *, depth: int = 50, width: int = 256, batch: int = 32) -> tuple[Tensor, list[Tensor], Tensor]:
    """(inputs, weights by layer, gradient at the output): standard normal, the weights over sqrt(width)."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(batch, width), *[(width, width)] * depth, (batch, width)]
    a, *weights, delta = (torch.randn(s, generator=generator, dtype=F64) for s in shapes)
    return a, [W / width**0.5 for W in weights], delta


def deltas(f, slope, gain: float, drawn_: tuple) -> Tensor:
    """log10 of the size of delta in each layer over that in the last, shape (depth,).

    f, slope: Tensor -> Tensor. drawn_: what `draws` gives.
    """
    a, weights, delta = drawn_
    z = []
    for W in weights:
        z.append(gain * a @ W)
        a = f(z[-1])
    delta = delta * slope(z[-1])
    found = [delta.norm()]
    for layer in range(len(weights) - 1, 0, -1):
        delta = (gain * delta @ weights[layer].T) * slope(z[layer - 1])
        found.append(delta.norm())
    sizes = torch.stack(found[::-1])
    return (sizes / sizes[-1]).log10()


def deltas_by_function(seeds: Iterable[int] = range(10)) -> dict[str, list[float]]:
    """Powers of ten from delta in layer 50 to delta in layer 1, by function and start of the weights."""
    sigmoid, lecun = activations.get("sigmoid"), activations.get("lecun_tanh")
    cases = {
        "sigmoid": (sigmoid, sigmoid.slope, 1),
        "sigmoid - 1/2": (lambda z: sigmoid(z) - 0.5, sigmoid.slope, 1),
        "tanh, gain 0.58": (TANH, TANH.slope, 3**-0.5),
        "sigmoid, gain 4": (sigmoid, sigmoid.slope, 4),
        "1 + tanh": (lambda z: 1 + TANH(z), TANH.slope, 1),
        "sigmoid - 1/2, gain 4": (lambda z: sigmoid(z) - 0.5, sigmoid.slope, 4),
        "tanh": (TANH, TANH.slope, 1),
        "LeCun's tanh": (lecun, lecun.slope, 1),
        "tanh, gain 5/3": (TANH, TANH.slope, 5 / 3),
    }
    left = {name: [] for name in cases}
    for seed in seeds:
        drawn_ = draws(seed)
        for name, case in cases.items():
            left[name].append(deltas(*case, drawn_)[0].item())
    return left


def deltas_figure(left: Mapping[str, Sequence[float]]) -> Figure:
    """What `deltas_by_function` gives: a row for each function, a point for each start, its mean written beside."""
    fig, ax = plt.subplots(figsize=(5.6, 3.6))
    for row, (name, powers) in enumerate(reversed(left.items())):
        marker = "s" if name.startswith(("sigmoid, ", "1 + tanh")) or name == "sigmoid" else "o"  # square: off centre
        color = plot.ORANGE if name.startswith("sigmoid") else plot.RED
        ax.plot(powers, row + np.linspace(-0.25, 0.25, len(powers)), marker, color=color, markersize=4, alpha=0.8)
        mean = np.mean(powers)
        side = 1 if mean < -20 else -1
        ax.text(
            mean + side * 1.2, row, f"{mean + 0:+.1f}", fontsize=10, va="center", ha="left" if side > 0 else "right"
        )
    ax.axvline(0, color=plot.GREY, linewidth=1, zorder=0)
    ax.set(yticks=range(len(left)), yticklabels=list(left)[::-1], xlim=(-33, 5))
    ax.set_xlabel(r"powers of ten, $\delta_{50}$ to $\delta_1$")
    return drawn(fig)


# ---- delta, predicted -------------------------------------------------------------------------------------------

NODES = torch.linspace(-9, 9, 361, dtype=F64)  # a plain sum is exact to rounding for functions this smooth
DENSITY = torch.exp(-(NODES**2) / 2)
DENSITY /= DENSITY.sum()


def predicted_powers(gains: Iterable[float], depth: int, *, inputs: float = 1.0) -> tuple[Tensor, Tensor]:
    """For very wide tanh layers without biases: (change of log10 delta from layer to layer, variance q by layer).

    Shapes (depth - 1, gains) and (depth, gains). inputs: their mean square {cite}`poole2016,schoenholz2017`.
    """
    gain = torch.as_tensor(list(gains), dtype=F64)
    q, change, variances = gain**2 * inputs, [], [gain**2 * inputs]
    for _ in range(depth - 1):
        z = q.sqrt()[:, None] * NODES
        change.append((gain**2 * (TANH.slope(z) ** 2 @ DENSITY)).log10() / 2)
        q = gain**2 * (TANH(z) ** 2 @ DENSITY)
        variances.append(q)
    return torch.stack(change), torch.stack(variances)


def balance(depths: Iterable[int], *, inputs: float = 1.0, low: float = 1.0, high: float = 2.0) -> dict[int, float]:
    """The gain at which the first and the last of so many tanh layers have the same delta, to 0.0025, by depth.

    inputs: their mean square. Raises ValueError where the balance of a depth does not lie between low and high.
    """
    grid = torch.linspace(low, high, round((high - low) / 0.0025) + 1, dtype=F64)
    depths = list(depths)
    powers = predicted_powers(grid, max(depths), inputs=inputs)[0].cumsum(0)
    for depth in depths:
        if not powers[depth - 2][0] <= 0 < powers[depth - 2][-1]:
            raise ValueError(f"the balance of {depth} layers is not between the gains {low:g} and {high:g}")
    return {depth: grid[(powers[depth - 2] > 0).int().argmax()].item() for depth in depths}


def deltas_by_gain(gains: Sequence[float], seeds: Iterable[int] = range(5)) -> dict[float, Tensor]:
    """`deltas` of tanh by gain, shape (seeds, depth)."""
    drawn_ = [draws(seed) for seed in seeds]
    return {gain: torch.stack([deltas(TANH, TANH.slope, gain, one) for one in drawn_]) for gain in gains}


def delta_player(measured: Mapping[float, Tensor]) -> widgets.Player:
    """Delta by layer as the gain moves: what `deltas_by_gain` measured, and the prediction, dashed."""
    gains = list(measured)
    depth = measured[gains[0]].shape[1]
    change, _ = predicted_powers(gains, depth)
    profile = torch.cat([change.flip(0).cumsum(0).flip(0), torch.zeros(1, len(gains))])  # from the last layer down
    layer = range(1, depth + 1)

    def draw(ax, gain):
        for other in gains:
            ax.plot(layer, measured[other].mean(0), color=plot.GREY, linewidth=0.6, alpha=0.6)
        for run in measured[gain]:
            ax.plot(layer, run, color=plot.RED, linewidth=0.8)
        ax.plot([], [], color=plot.RED, linewidth=0.8, label=f"gain {gain:g}, {len(measured[gain])} draws")
        ax.plot(layer, profile[:, gains.index(gain)], "--", color=widgets.INK, linewidth=1.5, label="predicted")
        ax.set(xlabel="layer", xlim=(1, depth), ylim=(-13, 10))
        ax.set_ylabel(rf"$\log_{{10}}$ of $\delta$ against layer {depth}")
        ax.legend(loc="lower right" if gain > 0.7 else "upper left")

    def words(gain):
        end = measured[gain][:, 0].mean().item()
        kind = "about level" if abs(end) < 0.5 else "vanishing" if end < 0 else "exploding"
        return (
            f"Size of delta by layer at gain {gain:g}: {end:+.1f} powers of ten from layer {depth} to layer 1, "
            f"{kind}; {len(measured[gain])} draws and the predicted line agree."
        )

    return widgets.player(draw, gain=gains, first={"gain": 1.0} if 1.0 in gains else None, alt=words)


# ---- digits -----------------------------------------------------------------------------------------------------


def digits(
    layers: Sequence[int] = (1, 5, 20), *, depth: int = 20, seed: int = 0
) -> dict[float, dict[str, dict[int, Tensor]]]:
    """Pre-activations, outputs and deltas of a tanh network on digits, by gain, part and layer: (digits, units)."""
    gains = (3**-0.5, 1.0, 1.29, 5 / 3, 3.0)
    return {gain: _digits.signals("tanh", gain=gain, depth=depth, seed=seed, layers=layers) for gain in gains}


def digits_player(found: Mapping[float, Mapping[str, Mapping[int, Tensor]]]) -> widgets.Player:
    """What `digits` gives, as histograms by part and layer, as the gain moves."""
    by_word = {"5/3" if gain == 5 / 3 else f"{round(gain, 2):g}": parts for gain, parts in found.items()}

    def draw(ax, gain):
        ax.set_axis_off()
        plot.histograms(by_word[gain], ax.figure, color=plot.RED)

    def words(gain):
        said = []
        for part, by_layer in by_word[gain].items():
            sizes = ", ".join(f"{values.square().mean().sqrt():.1g}" for values in by_layer.values())
            said.append(f"{part} {sizes} in layers {', '.join(map(str, by_layer))}")
        return f"Histograms at gain {gain}; root mean squares: {'; '.join(said)}."

    return widgets.player(draw, gain=list(by_word), first={"gain": "1"}, size=(5.0, 4.2), alt=words)
