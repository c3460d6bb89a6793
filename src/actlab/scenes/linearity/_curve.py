"""One hidden layer draws a curve: whatever the function between, and hinge by hinge."""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ... import activations, networks, plot, widgets
from ...tables import Table

__all__ = [
    "best_sum", "hinge_errors", "hinge_network", "hinge_table", "largest_error", "learned_errors", "sums_player",
    "wave",
]  # fmt: skip

F64 = torch.float64
SHAPES = {  # what a unit may put between its weight and the output's
    "identity": activations.get("identity"),
    "square": torch.square,
    "ReLU": torch.relu,
    "tanh": torch.tanh,
}
T = torch.linspace(0, 1, 401, dtype=F64)


def wave(t: Tensor) -> Tensor:
    """The curve to follow: one turn of a cosine on [0, 1]."""
    return torch.cos(2 * math.pi * t)


def best_sum(f: Callable[[Tensor], Tensor], units: int, *, steep: float = 8.0) -> Tensor:
    """What a hidden layer of units f(steep (t - k)), k evenly spaced from 0 on, follows `wave` by best; shape (401,).

    The weights of the output and its bias are those of least squares.
    """
    places = torch.arange(units, dtype=F64) / units
    curves = torch.cat([f(steep * (T[:, None] - places)), torch.ones_like(T)[:, None]], dim=1)
    return curves @ torch.linalg.lstsq(curves, wave(T)[:, None], driver="gelsd").solution[:, 0]


def sums_player(
    units: Sequence[int] = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16), *, f: str = "ReLU", first: int = 5
) -> widgets.Player:
    """The curve and the best that a hidden layer makes of it, by function and number of units."""
    found = {(name, n): best_sum(shape, n) for name, shape in SHAPES.items() for n in units}
    misses = {key: (curve - wave(T)).abs().max().item() for key, curve in found.items()}
    colors = {"identity": plot.ORANGE, "square": plot.PURPLE, "ReLU": plot.BLUE, "tanh": plot.RED}

    def draw(ax, f, units):
        ax.plot(T[::4], wave(T[::4]), color=plot.GREY, linestyle="--", linewidth=1.6, label="the curve")
        if f == "ReLU":  # straight between the places where units begin
            at = [round(400 * k / units) for k in range(units + 1)]
            ax.plot(T[at], found[f, units][at], "o-", color=colors[f], markersize=4, label="the network")
        else:
            ax.plot(T[::4], found[f, units][::4], color=colors[f], label="the network")
        ax.set(xlabel="input", ylabel="output", ylim=(-1.7, 1.7), xlim=(-0.02, 1.02))
        ax.set_title(f"{units} unit{'s' * (units > 1)}: misses by at most {misses[f, units]:.1g}")
        ax.legend(loc="upper center")

    def words(f, units):
        kind = {"identity": "a straight line", "square": "a parabola", "ReLU": "a broken line"}.get(f, "a curve")
        return (
            f"One turn of a cosine, dashed, and the best sum of {units} hidden unit{'s' * (units > 1)} of {f}: "
            f"{kind} that misses by at most {misses[f, units]:.1g}."
        )

    return widgets.player(draw, alt=words, f=list(SHAPES), units=list(units), first={"f": f, "units": first})


# ---- placed by hand ---------------------------------------------------------------------------------------------


def hinge_network(g: Callable[[Tensor], Tensor], knots: Tensor) -> nn.Sequential:
    """A ReLU network of one hidden layer that joins the points (knot, g(knot)) by straight strokes.

    knots: float64, rising, shape (hinges + 1,).
    """
    slopes = g(knots).diff() / knots.diff()
    network = networks.mlp([1, len(knots) - 1, 1], "relu", dtype=F64)
    with torch.no_grad():
        network[0].weight.fill_(1.0)
        network[0].bias.copy_(-knots[:-1])
        network[2].weight.copy_(torch.cat([slopes[:1], slopes.diff()])[None])
        network[2].bias.copy_(g(knots[:1]))
    return network


@torch.no_grad()
def largest_error(network: nn.Module, g: Callable[[Tensor], Tensor], points: int = 10_001) -> float:
    """How far a network of one input is from g at most, on evenly spaced points of [0, 1]."""
    t = torch.linspace(0, 1, points, dtype=next(network.parameters()).dtype)
    return (network(t[:, None])[:, 0] - g(t)).abs().max().item()


def hinge_errors(counts: Iterable[int] = (8, 16, 32, 64)) -> dict[int, float]:
    """The largest error of evenly spaced hinges on `wave`, by their number."""
    return {n: largest_error(hinge_network(wave, torch.linspace(0, 1, n + 1, dtype=F64)), wave) for n in counts}


def hinge_table(errors: dict[int, float]) -> Table:
    """What `hinge_errors` gives, and the error times the square of the number."""
    rows = [(n, f"{error:.4f}", f"{error * n * n:.1f}") for n, error in errors.items()]
    return Table(["hinges", "largest error", "error times hinges squared"], rows)


# ---- learned ----------------------------------------------------------------------------------------------------


def learned_errors(rate: float, seeds: Iterable[int], *, units: int = 16, steps: int = 1000) -> np.ndarray:
    """The largest error on `wave` of networks of one hidden ReLU layer that Adam trained on 201 points, by seed.

    The start is torch's own. All seeds are trained at once, each as it would be alone.
    """
    made = [networks.mlp([1, units, 1], "relu", seed=seed) for seed in seeds]
    stacks = [torch.stack([p.detach() for p in own]) for own in zip(*(n.parameters() for n in made), strict=True)]
    parameters = [stack.requires_grad_() for stack in stacks]
    update = torch.optim.Adam(parameters, lr=rate)
    t = torch.linspace(0, 1, 201)
    for _ in range(steps):
        gap = _one_layer(parameters, t) - wave(t)
        update.zero_grad()
        gap.square().mean(dim=1).sum().backward()
        update.step()
    fine = torch.linspace(0, 1, 1001)
    with torch.no_grad():
        return (_one_layer(parameters, fine) - wave(fine)).abs().amax(dim=1).numpy()


def _one_layer(parameters, t):
    """Outputs of shape (networks, points) at inputs of shape (points,)."""
    weight, bias, out, offset = parameters
    return (out @ torch.relu(weight * t + bias[..., None]))[:, 0] + offset
