"""One tanh layer applied again and again: a unit's cobweb, and two copies of a network that drift apart."""

import math
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, widgets
from ...tables import Table
from .. import drawn

__all__ = [
    "cobweb_player",
    "lyapunov",
    "lyapunov_by_gain",
    "lyapunov_table",
    "orbit",
    "rests",
    "twins",
    "twins_figure",
    "twins_table",
]

F64 = torch.float64


def orbit(w: float, b: float, *, h: float = 0.1, steps: int = 30) -> list[float]:
    """The states of a unit h <- tanh(w h + b), the start first."""
    states = [h]
    for _ in range(steps):
        states.append(math.tanh(w * states[-1] + b))
    return states


def cobweb_player(
    b: Iterable[float] = (0.0, 0.3), w: Iterable[float] = (-3.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 3.0)
) -> widgets.Player:
    """A unit's states as a cobweb between the curve and the diagonal, by bias and weight."""

    def draw(ax, b, w):
        states = orbit(w, b)
        h = np.linspace(-1.1, 1.1, 121)
        ax.plot(h, np.tanh(w * h + b), color=plot.RED, label="next state")
        ax.plot(h, h, color=plot.GREY, linewidth=1)
        x = np.repeat(states, 2)
        ax.plot(x[:-2], x[1:-1], color=plot.BLUE, linewidth=1)
        ax.plot(states[0], states[0], "o", color=plot.BLUE, markersize=6, label="start")
        ax.plot(states[-1], states[-1], "*", color=widgets.INK, markersize=11, label="step 30")
        ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
        ax.set(xlabel="state $h$", ylabel=r"$\tanh(w h + b)$")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=9)

    def words(b, w):
        states = orbit(w, b)
        rest = abs(states[-1] - states[-2]) < 0.02
        two = not rest and abs(states[-1] - states[-3]) < 0.02
        end = f"goes to {states[-1]:.2f}" if rest else "is still under way"
        if two:
            end = f"jumps between {min(states[-2:]):.2f} and {max(states[-2:]):.2f}"
        return f"Cobweb of h to tanh({w:g} h + {b:g}): from 0.1 the state {end}."

    labels = {"b": "bias b", "w": "weight w"}
    return widgets.player(draw, b=b, w=w, labels=labels, first={"w": 1.5}, alt=words, size=(4.2, 4.4))


def rests(weights: Iterable[float] = (0.5, 1.0, 1.5, 3.0, -1.5), *, steps: int = 50) -> Table:
    """Where a unit without a bias ends, from 0.1, and what is left of its gradient, by weight."""
    rows = []
    for w in weights:
        states, gradient = orbit(w, 0.0, steps=steps), 1.0
        for h in states[1:]:
            gradient *= w * (1 - h**2)  # one step of the chain rule through time
        last = ", ".join(f"{round(h, 2) + 0:.2f}" for h in states[-2:])
        rows.append((f"{w:g}", last, f"10^{math.log10(abs(gradient)):.1f}"))
    return Table(["w", "last two states", f"gradient over {steps} steps"], rows)


def twins(
    gain: float, seed: int, *, width: int = 200, steps: int = 100, nudge: float = 1e-8, bias: float = 0.0
) -> tuple[np.ndarray, float]:
    """(log10 of the distance of two states by step, log10 of what a gradient keeps over the first 50 steps).

    The state is h <- tanh(W h + c) with W normal, standard deviation gain/sqrt(width), and c normal with standard
    deviation `bias`; the two begin `nudge` apart.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=F64)

    W, h, away = draw(width, width) * gain / width**0.5, draw(width).tanh(), draw(width)
    c = bias * draw(width)
    states, other = [h], h + nudge * away / away.norm()
    distances = [nudge]
    for _ in range(steps):
        states.append(torch.tanh(W @ states[-1] + c))
        other = torch.tanh(W @ other + c)
        distances.append((states[-1] - other).norm().item())
    delta = away
    for h in states[min(50, steps) : 0 : -1]:
        delta = W.T @ (delta * (1 - h**2))
    return np.log10(distances), (delta.norm() / away.norm()).log10().item()


def lyapunov(gain: float, seed: int, *, width: int = 200, settle: int = 1000, steps: int = 1500) -> float:
    """The largest Lyapunov exponent of h <- tanh(W h), per step and in natural units: above 0 it is chaos.

    A tangent vector is carried along and scaled back at each step; the first `settle` steps are not counted.
    """
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(width, width, generator=generator, dtype=F64) * gain / width**0.5
    h, v = (torch.randn(width, generator=generator, dtype=F64) for _ in range(2))
    h, total = h.tanh(), 0.0
    v = v / v.norm()
    for step in range(settle + steps):
        h = torch.tanh(W @ h)
        v = (1 - h**2) * (W @ v)
        size = v.norm()
        v = v / size
        total += math.log(size) if step >= settle else 0.0
    return total / steps


def lyapunov_by_gain(
    gains: Iterable[float] = (1.1, 1.2, 1.5), seeds: Iterable[int] = range(8), **settings
) -> dict[float, list[float]]:
    """`lyapunov` by gain, a number for each seed; settings: its own."""
    seeds = list(seeds)
    return {gain: [lyapunov(gain, seed, **settings) for seed in seeds] for gain in gains}


def lyapunov_table(exponents: Mapping[float, list[float]], *, above: float = 0.001) -> Table:
    """How many networks are chaotic, and the median of their exponents, by gain."""
    rows = [
        (f"{gain:g}", f"{sum(e > above for e in found)} of {len(found)}", f"{round(np.median(found), 2) + 0:.2f}")
        for gain, found in exponents.items()
    ]
    return Table(["gain", "chaotic", "median exponent"], rows)


def twins_table(apart: Mapping[float, list], layers: Mapping[float, float]) -> Table:
    """Growth of a distance over 50 steps, of a gradient over the same, and of delta over 50 layers, by gain.

    apart: what `twins` gives, by gain and seed. layers: powers of ten in 50 different layers, by gain.
    """
    rows = []
    for gain, runs in apart.items():
        grown = np.median([distance[50] - distance[0] for distance, _ in runs])
        back = np.median([gradient for _, gradient in runs])
        rows.append((f"{gain:g}", f"10^{grown:+.1f}", f"10^{back:+.1f}", f"10^{layers[gain]:+.1f}"))
    return Table(["gain", "apart", "gradient", "in 50 layers"], rows)


def twins_figure(apart: Mapping[float, list]) -> Figure:
    """The distance of two states by step, a line for each seed."""
    fig, ax = plt.subplots()
    looks = [(plot.BLUE, "-"), (plot.GREEN, "--"), (plot.PURPLE, "-.")]
    for (gain, runs), (color, dash) in zip(apart.items(), looks, strict=True):
        for i, (distance, _) in enumerate(runs):
            label = f"gain {gain:g}" if i == 0 else None
            ax.plot(distance, color=color, linestyle=dash, linewidth=1, label=label)
    ax.set(xlabel="step in time", ylabel=r"$\log_{10}$ of the distance", xlim=(0, 100))
    ax.legend(loc="upper left")
    return drawn(fig)
