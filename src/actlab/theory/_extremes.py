"""What a function is at most and at least, how it bends, and where a dtype holds no more of it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..activations import Activation, get
from ._shared import F64, beside, inf, jumps, kept

__all__ = ["Saturation", "curvature", "lipschitz", "minimum", "saturation"]


def _grid(act):
    """Where to look for an extreme: dense near 0, thin to 1e9, the kinks and their neighbours; ascending."""
    far = torch.logspace(1, 9, 1025, dtype=F64)
    kinks = torch.tensor(act.kinks, dtype=F64)
    sides = [beside(kink) for kink in act.kinks]
    every = torch.cat([torch.linspace(-20, 20, 2561, dtype=F64), far, -far, kinks, *sides])
    return every.unique()


@kept
def minimum(act: str | Activation) -> tuple[float, float] | None:
    """(argmin, min) of f; None where there is none, because f has no lower bound or only comes near it (sigmoid).

    Where the minimum is taken in many places the argmin is the float64 number among them that is nearest to 0: relu
    has (0.0, 0.0), and step, which is 0 below 0 and 1 at 0, the negative number next to 0.
    """
    if not act.attained[0]:
        return None
    z = _grid(act)
    slope = act.slope(z)
    turns = ((slope[:-1] < 0) & (slope[1:] > 0)).nonzero().flatten()
    low, high = z[turns], z[turns + 1]
    while ((middle := (low + high) / 2) != low).logical_and(middle != high).any():
        falling = act.slope(middle) < 0
        low, high = torch.where(falling, middle, low), torch.where(falling, high, middle)
    z = torch.cat([z, low, high])
    value = act(z)
    lowest = z[value == value.min()]
    return lowest[lowest.abs().argmin()].item(), value.min().item()


@kept
def lipschitz(act: str | Activation) -> float:
    """sup |f'|, the smallest L with |f(x) - f(y)| <= L |x - y|; inf where f jumps or gets steeper without end.

    It may be one-sided (selu, just below 0) or only approached (softplus: 1).
    """
    if jumps(act):
        return inf
    decades = torch.logspace(99, 100, 65, dtype=F64)
    far, farther = (act.slope(torch.cat([-z, z])).abs().max().item() for z in (decades, decades**3))
    if farther > 1.5 * far:
        return inf
    z, largest = _grid(act), 0.0
    for _ in range(8):
        size = act.slope(z).abs()
        largest, top = max(largest, size.max().item()), size.argmax().item()
        z = torch.linspace(z[max(top - 1, 0)].item(), z[min(top + 1, len(z) - 1)].item(), 65, dtype=F64)
    return largest


def curvature(act: str | Activation, z: Tensor) -> Tensor:
    """f''(z) in float64, same shape as z: 0 on straight pieces and, at a kink, what it is on one of the two sides."""
    act = get(act)
    with torch.enable_grad():
        z = z.detach().to(F64).requires_grad_()
        slope = act.slope(z)
        if not slope.requires_grad:  # a constant, written as one
            return torch.zeros_like(z).detach()
        return torch.autograd.grad(slope.sum(), z)[0]


@dataclass(frozen=True)
class Saturation:
    """Where a function says nothing more in some dtype; None where that never happens.

    slope_below, slope_above: the slope is exactly 0 for every number from this one down, or up. value_below,
    value_above: the value is the same for all of them: what f tends to, rounded, or inf.
    """

    slope_below: float | None
    slope_above: float | None
    value_below: float | None
    value_above: float | None


INTEGERS = {torch.float16: torch.int16, torch.bfloat16: torch.int16, torch.float32: torch.int32, F64: torch.int64}


@kept
def saturation(act: str | Activation, dtype: torch.dtype = torch.float32) -> Saturation:
    """Where f's slope and value are constant to the last number of the dtype, as the record's own forms compute them.

    Found by bisection over the dtype's numbers in order, after a scan of all of them (16-bit dtypes) or of 2^15 that
    are evenly spread among them, so that a zero of the slope on the way (gelu's) is passed by. Where the last bits of
    exp differ between processors, so do these places: elu's value is -1 in float32 from -16.6 on or from -17.3.
    Raises KeyError, listing the dtypes, for another one.
    """
    if dtype not in INTEGERS:
        raise KeyError(f"no order of numbers for {dtype}; there are {', '.join(map(str, INTEGERS))}")
    ends = [-torch.finfo(dtype).max, torch.finfo(dtype).max]
    slopes = [_constant_from(lambda z: act.slope(z) == 0, end, dtype) for end in ends]
    values = []
    for end in ends:
        last = act(torch.full((64,), end, dtype=dtype))[0]
        values.append(_constant_from(lambda z, last=last: act(z) == last, end, dtype))
    return Saturation(*slopes, *values)


def _constant_from(holds, end, dtype):
    """The z nearest to 0 with holds(z) for all numbers from there to end; None if that is less than an octave."""
    integers = INTEGERS[dtype]
    count = torch.tensor(abs(end), dtype=dtype).view(integers).item()  # numbers between 0 and end

    def number(index):
        return math.copysign(1, end) * index.to(integers).view(dtype)

    step = max(count >> 15, 1)
    scan = torch.cat([torch.arange(0, count, step), torch.tensor([count])])
    fails = (~holds(number(scan))).nonzero().flatten().tolist()
    if not fails:
        return 0.0
    if abs(number(scan[fails[-1] :])[0].item()) > abs(end) / 2:
        return None
    low, high = scan[fails[-1]].item(), scan[fails[-1] + 1].item()
    while high - low > 1:
        # 64 at a time: torch takes another way, with other last bits, through what doesn't fill its vectors
        probe = (low + (high - low) * torch.arange(1, 65) // 65).clamp(min=low + 1)
        bounds = [low, *probe.tolist(), high]
        last = 1 + max((~holds(number(probe))).nonzero().flatten().tolist(), default=-1)
        low, high = bounds[last], bounds[last + 1]
    return number(torch.tensor([high])).item()
