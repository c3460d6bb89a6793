"""What the theory of very wide tanh layers says: where a signal settles, where it balances, how it decays."""

from collections.abc import Iterable

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, theory
from ...tables import Table
from .. import drawn
from ._depth import DENSITY, NODES, TANH, balance, predicted_powers

__all__ = ["balances", "decay", "decay_figure", "edge", "edges", "settled"]


def _after(q, gain, bias=0.0):
    """(chi, the next q) of very wide tanh layers, for a number q."""
    z = q**0.5 * NODES
    return gain**2 * (TANH.slope(z) ** 2 @ DENSITY).item(), gain**2 * (TANH(z) ** 2 @ DENSITY).item() + bias**2


def settled(gains: Iterable[float] = (0.9, 1.0, 1.2, 5 / 3, 3.0)) -> Table:
    """Where q settles, without biases, and chi and the root mean square of the slopes there, by gain."""
    rows = []
    for gain in gains:
        q = abs(theory.fixed_point("tanh", gain).q)
        chi, _ = _after(q, gain)
        rows.append((f"{gain:.2f}", f"{q:.2f}", f"{chi:.2f}", f"{chi**0.5 / gain:.2f}"))
    return Table(["gain", "q settles at", "chi there", "rms slope"], rows)


def edge(bias: float) -> tuple[float, float]:
    """(gain, q) at which q stays and chi is 1, with biases of standard deviation `bias` above 0, to six digits.

    It lies between gains 1 and 4 for biases up to 2; raises ValueError where it does not.
    """
    low, high = 1.0, 4.0
    if not _settles(high, bias)[0] > 1 > _settles(low, bias)[0]:
        raise ValueError(f"no gain from {low:g} to {high:g} is critical with biases of {bias:g}")
    while high - low > 1e-7:
        gain = (low + high) / 2
        low, high = (gain, high) if _settles(gain, bias)[0] < 1 else (low, gain)
    return gain, _settles(gain, bias)[1]


def _settles(gain, bias):
    """(chi, q) at the fixed point with biases."""
    q, before = 1.0, 0.0
    while abs(q - before) > 1e-12:
        before, q = q, _after(q, gain, bias)[1]
    return _after(q, gain)[0], q


def edges(biases: Iterable[float] = (0.05, 0.1, 0.3, 1.0)) -> Table:
    """The critical gain and its q, by the standard deviation of the biases."""
    found = {bias: edge(bias) for bias in biases}
    rows = [(f"{bias:g}", f"{gain:.3f}", f"{q:.2f}") for bias, (gain, q) in found.items()]
    return Table(["sd of the biases", "gain", "q"], rows)


def balances(depths: Iterable[int] = (4, 20, 50), inputs: Iterable[float] = (0.1, 1, 10)) -> Table:
    """The balanced gain by depth, for inputs of several mean squares."""
    depths, inputs = list(depths), list(inputs)
    found = [balance(depths, inputs=size, high=4.0) for size in inputs]
    rows = [(depth, *(f"{one[depth]:.2f}" for one in found)) for depth in depths]
    return Table(["layers", *(f"inputs {size:g}" for size in inputs)], rows)


def decay(seeds: Iterable[int] = range(5), *, depth: int = 100, width: int = 256, batch: int = 64) -> np.ndarray:
    """Mean square of the pre-activations by layer at gain 1, the mean over the seeds: shape (depth,)."""
    found = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        a, row = torch.randn(batch, width, generator=generator), []
        for _ in range(depth):
            z = a @ torch.randn(width, width, generator=generator) / width**0.5
            row.append(z.square().mean().item())
            a = torch.tanh(z)
        found.append(row)
    return np.mean(found, axis=0)


def decay_figure(measured: np.ndarray, *, depth: int = 1000) -> Figure:
    """What `decay` gives, over the prediction for very wide layers and 1 / (2 layer)."""
    fig, ax = plt.subplots()
    layer = np.arange(1, depth + 1)
    wide = predicted_powers([1.0], depth)[1][:, 0]
    ax.loglog(layer, wide, "--", color="black", linewidth=1.5, label="very wide layers")
    ax.loglog(layer, 1 / (2 * layer), ":", color=plot.BLUE, label="1 / (2 layer)")
    ax.loglog(layer[: len(measured)], measured, color=plot.RED, label="width 256, mean of 5 draws")
    ax.axhline(0.25, color=plot.GREY, linewidth=1)
    ax.text(depth, 0.27, "0.25", ha="right", fontsize=10)
    ax.set(xlabel="layer (log scale)", ylabel="variance of the pre-activations")
    ax.legend(loc="lower left")
    return drawn(fig)
