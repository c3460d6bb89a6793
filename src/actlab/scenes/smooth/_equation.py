"""A network that finds a function from an equation for its curvature."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from ... import activations, plot, theory, widgets
from ...tables import Table

__all__ = ["ASKED", "Solution", "equation_table", "solution_player", "solutions", "solve"]

F64 = torch.float64
ASKED = ("relu", "hardswish", "relu_squared", "elu", "tanh", "softplus", "squareplus", "silu", "gelu", "mish")
LOOKS = {"u": 0, "slope of u": 1, "curvature of u": 2}


@dataclass(frozen=True)
class Solution:
    """u, its slope and its curvature at 1001 points from -1 to 1; how far the equation is off, root mean square in
    parts of the right side's; how far u is off at most, where the truth is a wave of height 1.
    """

    found: tuple[Tensor, Tensor, Tensor]
    missed: float
    off: float


def _truth(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """sin(pi x), its slope and its curvature."""
    wave = torch.sin(math.pi * x)
    return wave, math.pi * torch.cos(math.pi * x), -(math.pi**2) * wave


def solve(name: str, seed: int, *, units: int = 60, reach: float = 3.0, penalty: float = 1e-3) -> Solution:
    """The layer of random units that fits u'' = -pi^2 sin(pi x), u(-1) = u(1) = 0, best.

    Weights w ~ N(0, reach^2) and places of the units are drawn from the seed; the output weights and the constant are
    those of least squares, with a small penalty on their size. float64.
    """
    act, generator = activations.get(name), torch.Generator().manual_seed(seed)
    w = reach * torch.randn(units, generator=generator, dtype=F64)
    b = -w * 2.4 * (torch.rand(units, generator=generator, dtype=F64) - 0.5)
    derivatives = (act, act.slope, lambda z: theory.curvature(act, z))

    def features(x, order):  # derivatives of each unit's output, and of the constant
        one = torch.full((len(x), 1), float(order == 0), dtype=F64)
        return torch.cat([w**order * derivatives[order](x[:, None] * w + b), one], dim=1)

    x = torch.linspace(-1, 1, 1001, dtype=F64)
    wave, _, target = _truth(x)
    scale = len(x) ** 0.5
    held = penalty * torch.eye(units + 1, dtype=F64)
    rows = torch.cat([features(x, 2) / scale, 10 * features(x[[0, -1]], 0), held])
    wanted = torch.cat([target / scale, torch.zeros(units + 3, dtype=F64)])
    v = torch.linalg.lstsq(rows, wanted[:, None], driver="gelsd").solution[:, 0]
    found = tuple(features(x, order) @ v for order in range(3))
    missed = (found[2] - target).norm() / target.norm()
    return Solution(found, missed.item(), (found[0] - wave).abs().max().item())


def solutions(names: Sequence[str] = ASKED, *, draws: int = 10) -> dict[str, list[Solution]]:
    """`solve` for some draws of the hidden weights, by function."""
    return {name: [solve(name, seed) for seed in range(draws)] for name in names}


def equation_table(found: Mapping[str, Sequence[Solution]]) -> Table:
    """How far equation and solution are off: the median, and for u the best and worst draw too."""
    rows = []
    for name, tries in found.items():
        off = [one.off for one in tries]
        missed = median(one.missed for one in tries)
        best, worst = _percent(min(off)), _percent(max(off))
        ends = best if best == worst else f"{best} to {worst}"
        rows.append((name, _percent(missed), _percent(median(off)), ends))
    return Table(["function", "equation off", "u off", "best to worst"], rows)


def _percent(share):
    return "< 0.1%" if share < 0.001 else f"{share:.1%}" if share < 0.0995 else f"{share:.0%}"


def solution_player(
    found: Mapping[str, Sequence[Solution]],
    names: Sequence[str] = ("relu", "hardswish", "relu_squared", "elu", "gelu"),
    *,
    first: tuple[str, str] = ("hardswish", "curvature of u"),
) -> widgets.Player:
    """The first draw's u, slope or curvature beside the truth, by function."""
    x, thin = torch.linspace(-1, 1, 1001, dtype=F64), slice(None, None, 5)
    right = _truth(x)

    def draw(ax, name, what):
        order = LOOKS[what]
        ax.plot(x[thin], right[order][thin], color=plot.GREY, linewidth=4, alpha=0.5, label="truth")
        look = plot.style_of(name) | {"linestyle": "-", "linewidth": 1.6, "label": name}
        ax.plot(x[thin], found[name][0].found[order][thin], **look)
        top = (2, 5, 16)[order]
        ax.set(xlabel="$x$", ylabel=what)
        ax.set(xlim=(-1, 1), xticks=[-1, -0.5, 0, 0.5, 1], ylim=(-top, top))
        ax.legend(loc="upper left" if order != 1 else "upper right", ncols=2)

    def words(name, what):
        order = LOOKS[what]
        off = ((found[name][0].found[order] - right[order]).norm() / right[order].norm()).item()
        return f"{name}: the {what} is off the truth by {_percent(off)}, root mean square."

    return widgets.player(
        draw,
        name=names,
        what=list(LOOKS),
        labels={"name": "function", "what": "look at"},
        first=dict(zip(("name", "what"), first, strict=True)),
        alt=words,
        size=(5, 3.3),
    )
