"""Where a boundary is curved and where it has corners, and what polynomials can't do."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import activations, data, networks, plot, train
from ...tables import Table
from .. import drawn
from ._pieces import draw_pieces

__all__ = ["boundaries_figure", "degree_table", "directions", "octagon", "rank_table", "two_networks", "walk"]

F64 = torch.float64


def two_networks(names: Sequence[str] = ("relu", "tanh")) -> dict[str, nn.Sequential]:
    """Networks of depth 2 and width 8 that have learned the disk: 300 steps of Adam at 0.03 on 1,000 points."""
    found = {}
    for name in names:
        found[name] = networks.mlp([2, 8, 8, 1], name, scheme="he", seed=1000)
        train.fit(found[name], data.disk(1000, seed=0), steps=300, rate=0.03)
        found[name].double()
    return found


def walk(network: nn.Module, rays: int = 2000) -> tuple[Tensor, Tensor]:
    """(places on the boundary, directions of its normal there) along rays from the origin, by bisection up to 1.6."""
    angle = 2 * math.pi * torch.arange(rays, dtype=F64) / rays
    ray = torch.stack([angle.cos(), angle.sin()], dim=1)
    near, far = torch.zeros(rays, 1, dtype=F64), torch.full((rays, 1), 1.6, dtype=F64)
    for _ in range(60):
        middle = (near + far) / 2
        inside = network(middle * ray).detach() > 0
        near, far = torch.where(inside, middle, near), torch.where(inside, far, middle)
    place = (near * ray).requires_grad_()
    (normal,) = torch.autograd.grad(network(place).sum(), place)
    return place.detach(), torch.atan2(normal[:, 1], normal[:, 0])


def directions(network: nn.Module, rays: int = 2000) -> int:
    """How many different directions the normal has on such a walk, to seven digits."""
    return len(torch.unique((walk(network, rays)[1] * 1e7).round()))


def boundaries_figure(trained: Mapping[str, nn.Sequential]) -> Figure:
    """The pieces of the ReLU network with both boundaries, and the sharpest corner enlarged."""
    walks = {name: walk(network) for name, network in trained.items()}
    turn = torch.remainder(walks["relu"][1].diff() + math.pi, 2 * math.pi) - math.pi
    corner = walks["relu"][0][int(turn.abs().argmax())]
    fig, (left, right) = plt.subplots(1, 2, figsize=(5.6, 3.1))
    draw_pieces(trained["relu"], left, reach=1.5)
    for ax in (left, right):
        for name, (place, _) in walks.items():
            ax.plot(*place.T, **plot.style_of(name), label=name, linewidth=1.8 if name == "relu" else 1.2)
        ax.set(aspect="equal")
    left.add_patch(plt.Rectangle(corner - 0.2, 0.4, 0.4, fill=False, color="#222222", linewidth=1.2))
    left.set_title("pieces and boundaries", fontsize=11)
    near = torch.tensor([-0.2, 0.2])
    right.set(xlim=corner[0] + near, ylim=corner[1] + near, xticks=[], yticks=[])
    right.set_title("the square, larger", fontsize=11)
    right.legend(loc="upper left", fontsize=9)
    return drawn(fig)


def octagon(sides: int = 8, *, radius: float = 1.02) -> float:
    """The share of 2,000 points of the disk that so many step units and one more put on their side, by hand."""
    split, step = data.disk(1000, seed=0), activations.get("step")
    angle = torch.arange(sides) * 2 * math.pi / sides
    inner = step(radius - split.test_x @ torch.stack([angle.cos(), angle.sin()]))
    answer = step(inner.sum(dim=1) - (sides - 0.5))  # all of them agree
    return (answer == split.test_y).double().mean().item()


SHAPES: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z,
    "square": torch.square,
    "z^3 - z": lambda z: z**3 - z,
    "relu": torch.relu,
    "tanh": torch.tanh,
}


def rank_table(units: int = 200) -> Table:
    """How many different curves so many units of each function draw, and what their best sum misses of cos 3x."""
    line = torch.linspace(-2, 2, 1001, dtype=F64)[:, None]
    z = networks.mlp([1, units, 1], "relu", seed=0, dtype=F64)[0](line).detach()
    target, rows = torch.cos(3 * line), []
    for name, f in SHAPES.items():
        curves = torch.cat([f(z), torch.ones_like(line)], dim=1)
        rank = int(torch.linalg.matrix_rank(curves))
        best = curves @ torch.linalg.lstsq(curves, target, driver="gelsd").solution
        miss = (best - target).abs().max().item()
        rows.append((name, rank if rank < 10 else "over 20", f"{miss:.1f}" if miss > 0.05 else "under 0.05"))
        if 10 <= rank <= 20:
            raise ValueError(f"{name} draws {rank} curves, so the table would say something else")
    return Table(["f", "different curves", "misses cos 3x by"], rows)


def degree_table(depths: Sequence[int] = (1, 2, 3)) -> Table:
    """Whether the output of layers of squares is a polynomial of degree 2^depth, and of one less."""
    rows = []
    for depth in depths:
        generator = torch.Generator().manual_seed(depth)
        h = torch.linspace(-1, 1, 400, dtype=F64)[:, None]
        t = h[:, 0].numpy()
        for _ in range(depth):
            weight = torch.randn(h.shape[1], 8, generator=generator, dtype=F64)
            bias = torch.randn(8, generator=generator, dtype=F64) / 2
            h = (h @ weight / math.sqrt(h.shape[1]) + bias) ** 2
        out = (h.mean(dim=1) / h.mean(dim=1).abs().max()).numpy()
        degree = 2**depth
        less, full = (np.abs(np.polynomial.Chebyshev.fit(t, out, n)(t) - out).max() for n in (degree - 1, degree))
        rows.append((depth, degree, "misses" if less > 1e-6 else "fits", "fits" if full < 1e-12 else "misses"))
    return Table(["layers of squares", "degree", "one degree less", "this degree"], rows)
