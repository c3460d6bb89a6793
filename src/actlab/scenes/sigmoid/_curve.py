"""The sigmoid and its slope: how steep, where it is flat, and from where on a number format can't tell it from 1."""

from collections.abc import Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import activations, plot, widgets
from ...tables import Table
from .. import drawn

__all__ = ["examples", "first_one", "formats", "prints", "sharpen", "slope_figure"]

F64 = torch.float64
SIGMOID = activations.get("sigmoid")


def examples(n: int = 25) -> torch.Tensor:
    """Pre-activations like those of n examples: the middles of n equally likely parts of N(0, 1)."""
    return torch.special.ndtri((torch.arange(n, dtype=F64) + 0.5) / n)


def sharpen(steepness: Sequence[float] = (0.5, 1, 2, 3, 4, 6, 10, 20, 50), *, first: float = 10) -> widgets.Player:
    """The sigmoid of k z and its slope as k grows, over 25 examples: filled where the slope is 1 % of its top."""
    at = examples()

    def felt(k):
        return SIGMOID.slope(k * at) > 0.01 / 4

    def draw(ax, k):
        z = torch.linspace(-4, 4, 801)
        style = plot.style_of("sigmoid")
        ax.plot(z, SIGMOID(k * z), **style, linewidth=2.4, label="value")
        ax.plot(z, k * SIGMOID.slope(k * z), **style, linewidth=1, label=f"slope, at most {k / 4:g}")
        on = felt(k)
        low = torch.full_like(at, -0.13)
        ax.plot(at[on], low[on], "o", color=plot.BLUE, markersize=5)
        ax.plot(at[~on], low[~on], "o", color=plot.GREY, mfc="none", markersize=5)
        ax.set_title(f"{int(on.sum())} of 25 examples find a slope")
        ax.set(xlabel="pre-activation $z$", xlim=(-4, 4), ylim=(-0.22, 1.55))
        ax.legend(loc="upper left")

    def words(k):
        return (
            f"The curve 1 / (1 + exp(-{k:g} z)) and its slope, a bell that is {k / 4:g} high at 0. Of 25 examples, "
            f"spread like a standard normal, {int(felt(k).sum())} lie where the slope is at least 1 % of that."
        )

    return widgets.player(draw, k=steepness, labels={"k": "steepness k"}, first={"k": first}, alt=words)


def slope_figure() -> Figure:
    """The sigmoid, thick, and its slope, thin, under the line of 1/4."""
    fig, ax = plt.subplots(figsize=(5.6, 2.9))
    plot.curve("sigmoid", ax, reach=8)
    ax.axhline(0.25, color=plot.GREY, linestyle=":", linewidth=1)
    ax.text(-7.8, 0.28, "1/4, the largest slope", fontsize=9)
    ax.legend(loc="center right")
    return drawn(fig)


def first_one(dtype: torch.dtype) -> float:
    """The least z at which 1 / (1 + exp(-z)), carried out in a format, is exactly 1: found by halving."""
    low, high = torch.tensor(0.0, dtype=dtype), torch.tensor(64.0, dtype=dtype)
    for _ in range(60):
        middle = (low + high) / 2
        if 1 / (1 + torch.exp(-middle)) == 1:
            high = middle
        else:
            low = middle
    return high.item()


def formats() -> Table:
    """From which z on the written-out formula is 1 by format, and what two forms of the slope make of it there."""
    rows = []
    for name in ("float16", "float32", "float64"):
        dtype = getattr(torch, name)
        one = first_one(dtype)
        z = torch.tensor(one, dtype=dtype)
        value = 1 / (1 + torch.exp(-z))
        by_two = value * (1 / (1 + torch.exp(z)))
        rows.append((name, f"{one:.2f}", f"{(value * (1 - value)).item():g}", f"{by_two.item():.0e}"))
    return Table(["format", "value is 1 from z =", "s (1 - s) there", "s(z) s(-z) there"], rows)


def prints(*, at: Sequence[float] = (30, 40, 100)) -> Table:
    """Two forms of the slope in float64, far out."""
    z = torch.tensor(at, dtype=F64)
    s = 1 / (1 + torch.exp(-z))
    rows = zip(at, (f"{v:.3g}" for v in s * (1 - s)), (f"{v:.3g}" for v in SIGMOID.slope(z)), strict=True)
    return Table(["z", "s (1 - s)", "s(z) s(-z)"], list(rows))
