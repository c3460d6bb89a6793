"""How long small weights wait: by what a function differs from a straight line around 0."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import activations, plot, results
from ...tables import Table
from .. import drawn

__all__ = ["exponent", "order", "order_table", "scales_waited", "wait", "waits", "waits_figure", "waits_table"]

WAITING = ("relu", "leaky_relu", "gelu", "silu", "softplus", "tanh", "sigmoid")


def order(mixed: Callable, name: str) -> float:
    """The power of the scale with which a function's mixed difference shrinks, between 0.001 and 0.01.

    mixed: from a function and a scale to the mean size of the mixed difference.
    """
    f = activations.get(name)
    return math.log10(float(mixed(f, 1e-2)) / float(mixed(f, 1e-3)))


def order_table(mixed: Callable, names: Sequence[str] = WAITING) -> Table:
    """`order` of some functions, and their mixed difference at the script's scale, 0.1."""
    rows = [(name, f"{order(mixed, name):.2f}", f"{float(mixed(activations.get(name), 0.1)):.5f}") for name in names]
    return Table(["function", "order", "size at scale 0.1"], rows)


def _left(name, scale, gradient):
    key = (name, scale, gradient)
    for row in results.load("xor", "waits"):
        if (row["activation"], row["scale"], row["gradient"]) == key:
            return np.array([math.inf if step is None else step for step in row["left"]])
    raise KeyError(f"data/xor has no waits of {name!r} at scale {scale}, gradient {gradient!r}")


def wait(name: str, scale: float, gradient: str = "bce") -> float:
    """Median step, of 60 starts, at which the loss has fallen by a tenth from ln 2; inf where most never do."""
    return float(np.median(_left(name, scale, gradient)))


def scales_waited() -> list[float]:
    """The scales at which waits are stored, smallest first."""
    return sorted({row["scale"] for row in results.load("xor", "waits")})


def waits(names: Sequence[str] = WAITING) -> dict[str, list[float]]:
    """By function: `wait` at each scale."""
    return {name: [wait(name, scale) for scale in scales_waited()] for name in names}


def exponent(name: str, *, resamples: int = 2000, seed: int = 0) -> tuple[float, float, float]:
    """Log to base 2 of how much longer the wait is at half the scale, and its interval: (exponent, low, high).

    Between the smallest two scales from which most starts leave the plateau, the same starts at both; percentile
    bootstrap of the medians, over starts. An end is infinite where a resample has no finite median.
    """
    held = scales_waited()
    i = next(i for i, scale in enumerate(held) if math.isfinite(wait(name, scale)))
    small, large = (_left(name, scale, "bce") for scale in held[i : i + 2])
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(small), size=(resamples, len(small)))
    found = np.log2(np.median(small[chosen], axis=1) / np.median(large[chosen], axis=1))
    low, high = np.quantile(found, [0.025, 0.975], method="nearest")  # between two numbers of which one is infinite
    return math.log2(np.median(small) / np.median(large)), float(low), float(high)


def waits_table(found: Mapping[str, Sequence[float]]) -> Table:
    """What `waits` gives, and the exponent with its interval."""
    rows = []
    for name, steps in found.items():
        middle, low, high = exponent(name)
        shown = [f"{step:.0f}" if math.isfinite(step) else "> 50000" for step in steps]
        rows.append((name, *shown, f"{middle:.2f} ({low:.2f} to {high:.2f})"))
    return Table(["median wait", *(f"{scale:g}" for scale in scales_waited()), "exponent"], rows)


def waits_figure(found: Mapping[str, Sequence[float]]) -> Figure:
    """What `waits` gives, on two log axes."""
    held = scales_waited()
    fig, ax = plt.subplots(figsize=(5.6, 3.9))
    for name, steps in found.items():
        ax.plot(held, steps, marker="o", **plot.style_of(name))
        i = int(steps[0] == math.inf)
        va = {"tanh": "bottom", "softplus": "top", "relu": "bottom", "leaky_relu": "top"}.get(name, "center")
        ax.text(held[i] * 0.93, steps[i], name, ha="right", va=va, color=plot.style_of(name)["color"])
    ax.set(xscale="log", yscale="log", xlim=(0.018, 0.45))
    ax.set_xticks(held, [f"{scale:g}" for scale in held])
    ax.minorticks_off()
    ax.set(xlabel="scale of the first weights", ylabel="median steps on the plateau")
    return drawn(fig)
