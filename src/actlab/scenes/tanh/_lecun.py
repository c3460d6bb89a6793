"""LeCun's 1.7159 tanh(2z/3), and the forms of tanh that survive a number format."""

import math

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import activations, plot, theory
from ...tables import Table
from .. import drawn

__all__ = ["lecun_figure", "lecun_table"]

F64 = torch.float64


def lecun_table() -> Table:
    """What LeCun's constants do: three wishes and how far each is met."""
    lecun = activations.get("lecun_tanh")
    z = torch.linspace(0, 3, 30_001, dtype=F64)
    bend = z[theory.curvature("lecun_tanh", z).abs().argmax()].item()
    one = lecun(torch.ones(1, dtype=F64)).item()
    rows = [
        ("1 stays 1", "f(1) = 1", f"{one:.4f}"),
        ("the bend is near 1", "z = 1", f"{bend:.3f}"),
        ("unit variance in, unit variance out", "1", f"{theory.moments('lecun_tanh').second:.2f}"),
        ("the factor itself", "1 / tanh(2/3)", f"{1 / math.tanh(2 / 3):.4f}"),
    ]
    return Table(["wish", "wanted", "found"], rows)


def lecun_figure() -> Figure:
    """LeCun's function and plain tanh, with their second derivatives, thin."""
    fig, ax = plt.subplots()
    z = torch.linspace(-3.5, 3.5, 301, dtype=F64)
    for name, label in (("lecun_tanh", "1.7159 tanh(2z/3)"), ("tanh", "tanh z")):
        style = plot.style_of(name)
        ax.plot(z, activations.get(name)(z), **style, label=label)
        ax.plot(z, theory.curvature(name, z), **style, linewidth=0.9)
    plot.zero_lines(ax)
    ax.plot([-1, 1], [-1, 1], "o", color="black", markersize=5, label="(-1, -1) and (1, 1)")
    ax.set(xlabel="pre-activation $z$", ylim=(-1.9, 1.9))
    ax.set_ylabel("value, and second derivative (thin)")
    ax.legend(loc="lower right", fontsize=9)
    return drawn(fig)
