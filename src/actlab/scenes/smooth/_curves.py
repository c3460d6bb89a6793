"""Corner, bend and smooth; the two halves of a function; where it dips; Swish's knob."""

from collections.abc import Callable, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import activations, plot, theory, widgets
from ...tables import Table
from .. import drawn

__all__ = [
    "FAMILY",
    "GRADED",
    "curvature_player",
    "first_screen",
    "grade",
    "halves_figure",
    "halves_table",
    "jumps",
    "knob_player",
    "lowest_table",
    "means_table",
]

F64 = torch.float64
GRADED = (
    "relu", "hardswish", "relu_squared", "elu", "softplus", "squareplus", "silu", "gelu", "gelu_tanh", "mish",
)  # fmt: skip
# ReLU and the functions that share its odd half, z / 2
FAMILY = ("relu", "softplus", "squareplus", "silu", "gelu", "gelu_tanh", "hardswish")
CORNERS = (-3.0, 0.0, 3.0)  # where any of GRADED has a corner or a bend
ORDERS = ("value", "slope", "curvature")


# ---- the first picture ------------------------------------------------------------------------------------------


def first_screen(times: Sequence[float] = (1, 3, 10, 30, 100, 1000), *, first: float = 100) -> widgets.Player:
    """ReLU, GELU and SiLU around 0, enlarged."""

    def draw(ax, times):
        z = torch.linspace(-4 / times, 4 / times, 161, dtype=F64)
        for name in ("relu", "gelu", "silu"):
            act = activations.get(name)
            ax.plot(z, act(z), **plot.style_of(act), label=act.title)
        plot.zero_lines(ax)
        ax.set(xlim=(-4 / times, 4 / times), ylim=(-2 / times, 4 / times))
        ax.set(xlabel="pre-activation $z$", ylabel="$f(z)$")
        ax.legend(loc="upper left")

    def words(times):
        if times < 4:
            return "Three curves: ReLU with its corner, GELU and SiLU with a dip below 0."
        near = "bend less" if times < 40 else "lie together on the line z / 2"
        return f"Enlarged {times:g} times around 0: ReLU still has its corner; GELU and SiLU {near}."

    return widgets.player(draw, times=times, labels={"times": "enlarged"}, first={"times": first}, alt=words)


# ---- three grades -----------------------------------------------------------------------------------------------


def jumps(name: str, *, step: float = 1e-7, **settings: float) -> tuple[float, float]:
    """The largest jump of an activation's slope at -3, 0 and 3, and of its curvature; settings: its own."""
    act, z = activations.get(name, **settings), torch.tensor(CORNERS, dtype=F64)

    def across(f: Callable[[Tensor], Tensor]) -> float:
        return (f(z + step) - f(z - step)).abs().max().item()

    return across(act.slope), across(lambda z: theory.curvature(act, z))


def grade(name: str) -> str:
    """corner, bend or smooth, by its `jumps`."""
    slope, curvature = jumps(name)
    return "corner" if slope > 1e-3 else "bend" if curvature > 1e-3 else "smooth"


def _three(ax, act, reach, labels=ORDERS):
    """Value, slope and curvature; a jump is left open."""
    z, style = torch.linspace(-reach, reach, 201, dtype=F64), plot.style_of(act)
    for order, f in enumerate((act, act.slope, lambda z: theory.curvature(act, z))):
        y = f(z)
        if order and grade(act.name) != "smooth":
            y[(z[:, None] - torch.tensor(CORNERS, dtype=F64)).abs().amin(1) < 1e-9] = torch.nan
        look = {"linestyle": ("-", plot.DASHED, plot.DOTTED)[order], "linewidth": (2.4, 1.6, 1.8)[order]}
        ax.plot(z, y, color=style["color"], **look, label=labels[order])
    plot.zero_lines(ax)
    ax.set(xlabel="pre-activation $z$", xlim=(-reach, reach))
    ax.legend(loc="upper left")


def curvature_player(names: Sequence[str] = GRADED, *, first: str = "hardswish") -> widgets.Player:
    """Value, slope and curvature of a function."""

    def draw(ax, name):
        _three(ax, activations.get(name), 5)
        ax.set(ylim=(-1.15, 2.6))

    def words(name):
        slope, curvature = jumps(name)
        end = {
            "corner": f"the slope jumps, by {slope:.2g} at most",
            "bend": f"the slope has no jump, the curvature jumps by {curvature:.2g}",
            "smooth": "neither jumps",
        }[grade(name)]
        return f"{name}, {grade(name)}: value (solid), slope (dashed) and curvature (dotted); {end}."

    return widgets.player(
        draw, name=names, labels={"name": "function"}, first={"name": first}, alt=words, size=(5, 3.4)
    )


# ---- two halves -------------------------------------------------------------------------------------------------

Halves = Callable[[Callable[[Tensor], Tensor], Tensor], tuple[Tensor, Tensor]]  # (f, z) -> odd half, even half


def halves_table(halves: Halves, names: Sequence[str] = (*FAMILY, "mish", "relu_squared")) -> Table:
    """How far each odd half is from z / 2 on [0, 4], and the even half at 0 and at 1."""
    z, rows = torch.linspace(0, 4, 401, dtype=F64), []
    for name in names:
        odd, even = halves(activations.get(name), z)
        off = (odd - z / 2).abs().max().item()
        rows.append((name, "0" if off < 1e-12 else f"{off:.2f}", f"{even[0]:.3f}", f"{even[100]:.3f}"))
    return Table(["function", "odd half off z / 2 by", "even half at 0", "at 1"], rows)


def halves_figure(halves: Halves, names: Sequence[str] = FAMILY) -> Figure:
    """The even half of each function."""
    fig, ax = plt.subplots(figsize=(5.6, 3.6))
    z = torch.linspace(-4, 4, 401, dtype=F64)
    for name in names:
        if name != "gelu_tanh":  # no eye can tell it from gelu
            _, even = halves(activations.get(name), z)
            ax.plot(z, even, **plot.style_of(name), linewidth=1.8, label=name)
    ax.set(xlabel="$z$", ylabel="even half of $f$", ylim=(0, 2.75))
    ax.legend(loc="upper center", ncols=2)
    return drawn(fig)


def lowest_table(names: Sequence[str] = ("gelu", "gelu_tanh", "silu", "mish", "hardswish")) -> Table:
    """Lowest point, share of standard normal inputs left of it, and steepest slope."""
    rows = []
    for name in names:
        at, least = theory.minimum(name)
        share = torch.special.ndtr(torch.tensor(at, dtype=F64)).item()
        rows.append((name, f"{least:.3f}", f"{at:.3f}", f"{share:.0%}", f"{theory.lipschitz(name):.3f}"))
    return Table(["function", "lowest", "at", "inputs left of it", "steepest slope"], rows)


def means_table(names: Sequence[str] = (*FAMILY, "mish", "elu")) -> Table:
    """The mean of each function for z ~ N(0, 1)."""
    return Table(["function", "mean"], [(name, f"{theory.moments(name).mean:.3f}") for name in names])


# ---- one knob ---------------------------------------------------------------------------------------------------


def knob_player(betas: Sequence[float] = (0, 0.25, 0.5, 1, 1.702, 2.5, 4), *, first: float = 1) -> widgets.Player:
    """Swish, its slope and its curvature, by its beta."""
    at, least = theory.minimum("silu")

    def draw(ax, beta):
        z = torch.linspace(-4, 4, 201, dtype=F64)
        ax.plot(z, z.clamp(min=0), color=plot.GREY, linewidth=1, label="ReLU")
        _three(ax, activations.get("swish", beta=beta), 4, ("value", "slope", f"curvature, {beta / 2:g} at 0"))
        ax.set(ylim=(-0.9, 2.9))

    def words(beta):
        if beta == 0:
            return "Swish at beta 0 is the line z / 2: slope one half, no curvature."
        return (
            f"Swish at beta {beta:g}: it dips to {least / beta:.3f} at z = {at / beta:.2f}; its curvature at 0 is "
            f"{beta / 2:g}."
        )

    return widgets.player(
        draw, beta=betas, labels={"beta": "knob beta"}, first={"beta": first}, alt=words, size=(5, 3.4)
    )
