"""What hinges cost: numbers to learn, tensors kept for the backward pass, processor time."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ... import networks, results
from ...tables import Table

__all__ = ["cost_table", "kept", "kept_table", "parameters", "time_of"]

FILTERS, HIDDEN = (96, 128, 256), (2048, 2048)  # of the published network


def parameters(name: str, hinges: int = 5) -> int:
    """Numbers that the published network learns: weights and biases by hand, and those of its units.

    name: "relu", "prelu", with one number a unit, or "apl", with two for each hinge.
    """
    before, total = 3, 0
    for width in FILTERS:
        total += width * (25 * before + 1)
        before = width
    side = 32
    for _ in FILTERS:
        side = (side - 3) // 2 + 1
    for inputs, outputs in pairwise((before * side**2, *HIDDEN, 10)):
        total += outputs * (inputs + 1)
    return total + {"relu": 0, "prelu": 1, "apl": 2 * hinges}[name] * sum((*FILTERS, *HIDDEN))


def time_of(arm: str) -> float:
    """Processor time of an update of the small network with an arm of data/adaptive, over that with ReLU."""
    cost = {row["arm"]: row["milliseconds"] for row in results.load("adaptive", "costs")}
    return cost[arm] / cost["relu"]


def cost_table() -> Table:
    """Numbers that units add to the published network, and the time of an update of the small one."""
    rows = []
    for name, arm, hinges in [("PReLU", "prelu", 0), *((f"APL, S = {s}", f"apl_{s}", s) for s in (1, 5, 10))]:
        extra = parameters("apl" if hinges else "prelu", hinges) - parameters("relu")
        rows.append((name, f"{extra:,}", f"{extra / parameters('relu'):.2%}", f"{time_of(arm):.1f}"))
    return Table(["units", "numbers added", "share", "time over ReLU"], rows)


def kept(function: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """How many tensors of the input's size the backward pass of `function` will hold."""
    sizes: list[int] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: sizes.append(t.numel()) or t, lambda t: t):
        function(x)
    return sum(sizes) / x.numel()


def kept_table(plainly: Callable[[Tensor, Tensor, Tensor], Tensor], hinges: Sequence[int] = (1, 5, 10)) -> Table:
    """What the backward pass keeps with the formula as it is written, and with `networks.APL`, in inputs."""
    images = torch.randn(8, 16, 20, 20, generator=torch.Generator().manual_seed(0), requires_grad=True)
    rows = []
    for s in hinges:
        layer = networks.APL(16, s)
        naive = kept(lambda z, layer=layer: plainly(z, layer.a, layer.b), images)
        rows.append((s, f"{naive:.1f}", f"{kept(layer, images):.1f}"))
    return Table(["hinges", "the formula as it stands", "networks.APL"], rows)
