"""The variance map of a wide network at its start: its fixed points, and the edge of chaos."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..activations import Activation, get
from ._expectations import _expectations, _square, gain, moments
from ._extremes import curvature
from ._shared import EPS, F64, beside, inf, jumps, kept

__all__ = ["Edge", "FixedPoint", "edge_of_chaos", "fixed_point", "fixed_points", "variance_map", "variance_slope"]


def variance_map(
    act: str | Activation, q: float | Sequence[float] | Tensor, gain: float | None = None
) -> float | Tensor:
    """V(q) = gain^2 E f(sqrt(q) z)^2, the mean square of the next pre-activation when this one's is q.

    q: a number, which gives a float, or a sequence or tensor of shape (n,), which gives a float64 tensor of that
    shape. gain: left out, it is `gain(act)`, with which V(1) = 1.
    Raises ValueError if a q is negative or not finite, or if gain is not positive.
    """
    act = get(act)
    return _mapped(lambda q: _gain_squared(act, gain) * _second(act, q), q)


def variance_slope(
    act: str | Activation, q: float | Sequence[float] | Tensor, gain: float | None = None
) -> float | Tensor:
    """V'(q), the slope of `variance_map` at q: above 1 the map stretches the distance between two signals' sizes.

    It is gain^2 E[f f' z] / sqrt(q), with z ~ N(0, 1) and f at sqrt(q) z, and a term for each jump of f. At q = 0 it
    is the limit from above, which is not finite if f has a kink at 0 and another value than 0 there. q, gain and
    errors as in `variance_map`.
    """
    act = get(act)
    return _mapped(lambda q: _gain_squared(act, gain) * _second_slope(act, q), q)


def _mapped(compute, q):
    values = torch.as_tensor(q, dtype=F64).detach()
    if values.ndim > 1:
        raise ValueError(f"q is a number or has shape (n,), got {tuple(values.shape)}")
    if not ((values >= 0) & values.isfinite()).all():
        raise ValueError(f"q is a mean square, finite and not negative, got {values.tolist()}")
    answer = compute(values.reshape(-1))
    return answer if values.ndim else answer.item()


def _gain_squared(act, gain):
    if gain is None:
        return 1 / moments(act).second
    if not 0 < gain < inf:
        raise ValueError(f"gain is a positive number, got {gain}")
    return gain**2


def _second(act, q):
    return _expectations(_square(act), q.sqrt(), act.kinks)


def _slope_second(act, q):
    return _expectations(_square(act.slope), q.sqrt(), act.kinks)


def _second_slope(act, q):
    """d/dq of E f(sqrt(q) z)^2."""
    slope = _expectations(lambda x: act(x) * act.slope(x) * x, q.sqrt(), act.kinks) / q
    for kink, below, above in jumps(act):
        # the mass beyond the jump moves with q, and takes the difference of the squares with it
        density = torch.exp(-(kink**2) / (2 * q)) / math.sqrt(2 * math.pi)
        slope = slope + (above**2 - below**2) * density * kink / (2 * q**1.5)
    return torch.where(q > 0, slope, _second_slope_at_zero(act)) if (q == 0).any() else slope


@kept
def _second_slope_at_zero(act):
    z = beside(0.0)
    value, slope = act(z), act.slope(z)
    below, above = (value * slope).tolist()
    if abs(above - below) > 1e-12:
        return math.copysign(inf, above - below)  # a kink of f^2 at 0 adds a multiple of sqrt(q)
    return (slope**2 + value * curvature(act, z)).mean().item()


@dataclass(frozen=True)
class FixedPoint:
    """A mean square that the variance map leaves alone: V(q) = q.

    slope: V'(q), which is gain^2 E[f^2 (z^2 - 1)] / (2 q) and so never below -1/2. stability: "stable" if it is below
    1 and nearby signals are drawn in, "unstable" if above, "neutral" if it is 1: then the slope doesn't decide.
    span: the fixed points around it, (q, q) if it stands alone, (0, inf) for relu at gain sqrt(2).
    """

    q: float
    slope: float
    stability: str
    span: tuple[float, float]


SCAN = 10.0 ** (torch.arange(-48, 49, dtype=F64) / 8)  # mean squares, 1 among them; neighbours differ by a third
ENDLESS = 1e60  # no mean square comes back from here: far beyond the scan, and soon f squared is not finite
SAME = 1e-12  # two numbers from quadrature that differ by less, in parts of their size, count as one


@kept
def _scanned(act):
    """E f(sqrt(q) z)^2 and E f'(sqrt(q) z)^2 at the mean squares of the scan."""
    return _second(act, SCAN), _slope_second(act, SCAN)


@kept
def fixed_points(act: str | Activation, gain: float | None = None) -> tuple[FixedPoint, ...]:
    """Where V(q) = q with weights of variance gain^2 / fan_in, in ascending order; gain left out: `gain(act)`.

    There may be none, one or several: gelu at its own gain has 0, which draws signals in, and 1, which repels them.
    q = 0 is one of them if f(0) = 0. Where a whole stretch is fixed (relu at gain sqrt(2); relu6 there too, up to
    rounding, while no signal reaches 6), one record stands for it, at the q nearest to 1, and its `span` has the
    ends, right to a factor of 1.4.
    Looked for between 1e-6 and 1e6; two within a factor of 1.4 of one another may both be missed.
    Raises ValueError if gain is not positive.
    """
    squared = _gain_squared(act, gain)
    growth = torch.log(squared * _scanned(act)[0] / SCAN)
    growth[growth.abs() <= SAME] = 0.0
    spans = []
    for fixed, stretch in itertools.groupby(range(len(SCAN)), key=lambda i: growth[i].item() == 0):
        if fixed:
            stretch = list(stretch)
            spans.append((SCAN[stretch[0]].item(), SCAN[stretch[-1]].item()))
    for i in _sign_changes(growth):
        q = _root(lambda q: squared * _at(_second, act, q) / q - 1, SCAN[i].item(), SCAN[i + 1].item())
        spans.append((q, q))
    spans.sort()
    if _passes_through_zero(act):
        spans = [(0.0, spans.pop(0)[1] if growth[0] == 0 else 0.0), *spans]
    if growth[-1] == 0:
        spans[-1] = (spans[-1][0], inf)
    return tuple(_fixed_point(act, squared, low, high) for low, high in spans)


def _fixed_point(act, squared, low, high):
    q = min(max(1.0, low), high)
    slope = squared * _at(_second_slope, act, q)
    stability = "neutral" if abs(slope - 1) <= 1e-9 else "stable" if slope < 1 else "unstable"
    return FixedPoint(q, slope, stability, (low, high))


def _at(compute, act, q):
    return compute(act, torch.tensor([q], dtype=F64)).item()


def _passes_through_zero(act):
    return not act(torch.cat([beside(0.0), torch.zeros(1, dtype=F64)])).abs().gt(1e-300).any()


@kept
def fixed_point(act: str | Activation, gain: float | None = None) -> FixedPoint | None:
    """The fixed point that a signal of mean square 1 runs to, layer after layer; None where it grows without end.

    gain left out: `gain(act)`, for which that is q = 1 itself, whether it draws in its neighbours or repels them.
    For a map that is not increasing None also stands for a signal that has not settled after 1000 layers.
    Raises ValueError if gain is not positive.
    """
    points = fixed_points(act, gain)
    here = [point for point in points if point.span[0] <= 1 <= point.span[1]]
    if here:
        return here[0]
    second = _scanned(act)[0]
    if (second.diff() >= -SAME * second[1:]).all():  # then no step can jump over a fixed point
        up = variance_map(act, 1.0, gain) > 1
        ahead = [point for point in points if (point.q > 1) == up]
        return (ahead[0] if up else ahead[-1]) if ahead else None
    q = 1.0
    for _ in range(1000):
        q = variance_map(act, q, gain)
        if q > ENDLESS:
            return None
        for point in points:
            if math.isclose(q, point.q, rel_tol=1e-9, abs_tol=1e-12) and point.stability != "unstable":
                return point
    return None


@dataclass(frozen=True)
class Edge:
    """Where a network with zero biases is critical: its signal rests, and its gradient neither grows nor shrinks.

    kind: "point" (this gain and this q), "every q" (this gain, and q is None) or "limit q -> 0" (this gain, at which
    a signal is drawn, slowly, to q = 0).
    """

    gain: float
    q: float | None
    kind: str


@kept
def edge_of_chaos(act: str | Activation) -> Edge | None:
    """The gain and mean square q with V(q) = q and gain^2 E f'(sqrt(q) z)^2 = 1, biases 0; None where there are none.

    q is looked for between 1e-4 and 1e4; of several the smallest is returned. Where f is proportional to z on either
    side of 0 (relu, leaky_relu, the identity) every q is critical at one gain. The limit q -> 0 counts where f(0) = 0
    and larger signals shrink at the gain at which the smallest keep their size: tanh, at gain 1. It doesn't where
    they grow, as for gelu at gain 2: no signal comes near that fixed point. Whether a "point" draws signals in says
    `fixed_points(act, edge.gain)`.
    Source: {cite}`schoenholz2017,hayou2019`.
    """
    second, slope_second = _scanned(act)
    asked = (SCAN >= 0.99e-4) & (SCAN <= 1.01e4) & (second > 0) & (slope_second > 0)
    if not asked.any():
        return None
    q, second, slope_second = SCAN[asked], second[asked], slope_second[asked]
    excess = torch.log(q * slope_second / second)
    excess[excess.abs() <= SAME] = 0.0
    if not excess.any():
        return Edge(gain(act), None, "every q")
    for i in _sign_changes(excess):
        root = _root(
            lambda q: q * _at(_slope_second, act, q) / _at(_second, act, q) - 1, q[i].item(), q[i + 1].item()
        )
        return Edge(math.sqrt(root / _at(_second, act, root)), root, "point")
    at_zero = _second_slope_at_zero(act)
    if _passes_through_zero(act) and at_zero > 0:
        growth = torch.log(second / q / at_zero)
        growth = growth[growth.abs() > SAME]
        if len(growth) and growth[0] < 0:
            return Edge(1 / math.sqrt(at_zero), 0.0, "limit q -> 0")
    return None


def _sign_changes(values):
    return (values[:-1] * values[1:] < 0).nonzero().flatten().tolist()


def _root(h, low, high):
    """Where h, of opposite signs at low and high, is 0: Ridders' method, which never leaves the bracket."""
    at_low, at_high, last = h(low), h(high), inf
    while True:
        middle = (low + high) / 2
        at_middle = h(middle)
        bend = math.sqrt(at_middle**2 - at_low * at_high)
        if bend == 0:
            return middle
        guess = middle + (middle - low) * math.copysign(1, at_low - at_high) * at_middle / bend
        at_guess = h(guess)
        if at_guess == 0 or abs(guess - last) <= EPS * abs(guess) or not low < middle < high:
            return guess
        last = guess
        points = sorted([(low, at_low), (middle, at_middle), (guess, at_guess), (high, at_high)])
        (low, at_low), (high, at_high) = next(
            pair for pair in itertools.pairwise(points) if (pair[0][1] < 0) != (pair[1][1] < 0)
        )
