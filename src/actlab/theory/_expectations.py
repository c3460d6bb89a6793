"""Expectations over a normal variable, by quadrature that is halved until it settles, and the moments they give."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..activations import Activation
from ._shared import F64, inf, kept

__all__ = ["Moments", "backward_gain", "chi", "expectation", "gain", "moments"]


REACH = 38.5  # the normal density is below 1e-321 from here on
PANELS = 2**18  # how many may be looked at before f counts as too rough
TOLERANCE = 1e-15  # of E |f|: what halving a panel may still change
_nodes, _weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(16))
# A first panel has to notice what happens in it, and f(sqrt(q) z) has its features near 0 if q is large: start small
_start = [*(4.0**-k for k in range(12, 0, -1)), 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, REACH]
_cuts = torch.tensor([-z for z in reversed(_start)] + [0.0, *_start], dtype=F64)


def expectation(f: Callable[[Tensor], Tensor], kinks: Sequence[float] = ()) -> float:
    """E f(z) for z ~ N(0, 1), to about 1e-14 of E |f(z)|.

    f takes a float64 tensor of shape (n,) and returns one of the same shape. kinks: where f or its slope jumps;
    the integral is cut there. A kink that is not named costs time, not digits.
    Raises TypeError if f returns no float64 (or bool, or integer) tensor, ValueError if it returns another shape,
    values that are not finite, or values so rough that the integral does not settle.
    """
    return _expectations(f, torch.ones(1, dtype=F64), kinks).item()


def _expectations(f, scales, kinks=()):
    """E f(scale z) for each of the scales, shape (scales,); the kinks are f's own."""
    kinks = torch.as_tensor(kinks, dtype=F64)
    if not kinks.isfinite().all():
        raise ValueError(f"kinks are finite numbers, got {kinks.tolist()}")
    at = torch.nan_to_num(kinks / scales[:, None]).clamp(-REACH, REACH)
    edges = torch.cat([_cuts.expand(len(scales), -1), at], dim=1).sort(dim=1).values
    owner = torch.arange(len(scales)).repeat_interleave(edges.shape[1] - 1)
    left, right = edges[:, :-1].flatten(), edges[:, 1:].flatten()
    settled, size = torch.zeros_like(scales), torch.zeros_like(scales)
    whole, _ = _panels(f, left, right, scales[owner])
    looked_at = len(left)
    while len(left):
        middle = (left + right) / 2
        lower, lower_size = _panels(f, left, middle, scales[owner])
        upper, upper_size = _panels(f, middle, right, scales[owner])
        halves, halves_size = lower + upper, lower_size + upper_size
        scope = size.index_add(0, owner, halves_size)
        done = (halves - whole).abs() <= TOLERANCE * scope[owner] + torch.finfo(F64).tiny
        done |= (middle <= left) | (middle >= right)
        settled.index_add_(0, owner[done], halves[done])
        size.index_add_(0, owner[done], halves_size[done])
        rest = ~done
        left, right = torch.cat([left[rest], middle[rest]]), torch.cat([middle[rest], right[rest]])
        owner, whole = owner[rest].repeat(2), torch.cat([lower[rest], upper[rest]])
        looked_at += len(left)
        if looked_at > PANELS * len(scales):
            raise ValueError(
                f"the expectation did not settle on {looked_at} panels, the last ones near z = {left[0].item():.6g}: "
                "is f computed in float64, and smooth between its kinks?"
            )
    return settled


def _panels(f, left, right, scale):
    """The integrals of f(scale z) and of |f(scale z)| against the normal density, one of each a panel."""
    half = (right - left)[:, None] / 2
    z = (left + right)[:, None] / 2 + half * _nodes
    weight = half * _weights * torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    part = weight * _values(f, (scale[:, None] * z).flatten()).view_as(z)
    return part.sum(dim=1), part.abs().sum(dim=1)


_exact = {F64, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}


def _values(f, z):
    value = f(z)
    if not isinstance(value, Tensor) or value.dtype not in _exact:
        kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise TypeError(f"f takes a float64 tensor and returns one, got {kind}")
    if value.shape != z.shape:
        raise ValueError(f"f returns the shape it is given, {tuple(z.shape)}; got {tuple(value.shape)}")
    value = value.detach().to(F64)
    if not value.isfinite().all():
        first = (~value.isfinite()).nonzero()[0]
        raise ValueError(
            f"f is finite for |z| up to {REACH}, but at {z[first].item():.6g} it is {value[first].item()}"
        )
    return value


@dataclass(frozen=True)
class Moments:
    """What z ~ N(0, 1) looks like after f: mean E f, second E f^2, slope_second E f'^2."""

    mean: float
    second: float
    slope_second: float


@kept
def moments(act: str | Activation) -> Moments:
    """E f, E f^2 and E f'^2 for z ~ N(0, 1). A jump of f counts for nothing in E f'^2: the slope is 0 beside it."""
    one = torch.ones(1, dtype=F64)
    return Moments(*(_expectations(f, one, act.kinks).item() for f in (act, _square(act), _square(act.slope))))


def _square(f):
    return lambda z: f(z) ** 2


def gain(act: str | Activation) -> float:
    """1 / sqrt(E f^2): weights of variance gain^2 / fan_in keep a signal of mean square 1 at 1 ({cite}`he2015`)."""
    return _one_over_root(moments(act).second)


def backward_gain(act: str | Activation) -> float:
    """1 / sqrt(E f'^2): the gain at which a gradient keeps its size where z ~ N(0, 1); inf if the slope is 0."""
    return _one_over_root(moments(act).slope_second)


def _one_over_root(square):
    return 1 / math.sqrt(square) if square > 0 else inf


def chi(act: str | Activation) -> float:
    """E f'^2 / E f^2: what one layer at `gain(act)` does to a gradient's mean square; above 1 it grows with depth."""
    of = moments(act)
    return of.slope_second / of.second
