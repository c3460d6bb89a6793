"""Numbers about a function, computed when they are asked for: what it does to a random signal, and its extremes.

The signal is a pre-activation z ~ N(0, q) with zero biases, the picture of a very wide layer at its start
({cite}`poole2016,schoenholz2017`). Integrals are taken panel by panel, cut at the kinks and halved until they
settle; a fixed rule such as Gauss-Hermite puts a node on the kink and misses relu's E f'^2 by a tenth.

Every function takes an activation by name or as a record. What was computed once is kept.
"""

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .activations import Activation, catalog, get

__all__ = [
    "Edge",
    "FixedPoint",
    "Moments",
    "Saturation",
    "backward_gain",
    "chi",
    "curvature",
    "edge_of_chaos",
    "expectation",
    "fixed_point",
    "fixed_points",
    "gain",
    "lipschitz",
    "minimum",
    "moments",
    "saturation",
    "variance_map",
    "variance_slope",
]

inf = math.inf
F64 = torch.float64
EPS = torch.finfo(F64).eps


def _kept(compute):
    """`compute(act, ...)` for a name or a record, each answer kept."""

    @functools.cache
    def answer(act, _functions, *rest, **named):
        return compute(act, *rest, **named)

    @functools.wraps(compute)
    def wrapped(act, *rest, **named):
        act = get(act)
        # records compare by what they say, so a reader's own one is told apart by its functions too
        functions = () if act.name in catalog else (act.function, act.slope_function)
        return answer(act, functions, *rest, **named)

    return wrapped


# ---- expectations -----------------------------------------------------------------------------------------------

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


@_kept
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


# ---- the variance map -------------------------------------------------------------------------------------------


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
    for kink, below, above in _jumps(act):
        # the mass beyond the jump moves with q, and takes the difference of the squares with it
        density = torch.exp(-(kink**2) / (2 * q)) / math.sqrt(2 * math.pi)
        slope = slope + (above**2 - below**2) * density * kink / (2 * q**1.5)
    return torch.where(q > 0, slope, _second_slope_at_zero(act)) if (q == 0).any() else slope


@_kept
def _second_slope_at_zero(act):
    z = _beside(0.0)
    value, slope = act(z), act.slope(z)
    below, above = (value * slope).tolist()
    if abs(above - below) > 1e-12:
        return math.copysign(inf, above - below)  # a kink of f^2 at 0 adds a multiple of sqrt(q)
    return (slope**2 + value * curvature(act, z)).mean().item()


def _beside(z):
    """(below, above) z: the neighbouring float64 numbers."""
    return torch.tensor([math.nextafter(z, -inf), math.nextafter(z, inf)], dtype=F64)


@_kept
def _jumps(act):
    """(kink, value below, value above) wherever f itself jumps."""
    sides = [(kink, *act(_beside(kink)).tolist()) for kink in act.kinks]
    return tuple((kink, a, b) for kink, a, b in sides if abs(b - a) > 1e-9 * (1 + abs(a) + abs(b)))


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
SAME = 1e-12  # two numbers from quadrature that differ by less, in parts of their size, count as one


@_kept
def _scanned(act):
    """E f(sqrt(q) z)^2 and E f'(sqrt(q) z)^2 at the mean squares of the scan."""
    return _second(act, SCAN), _slope_second(act, SCAN)


@_kept
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
    return not act(torch.cat([_beside(0.0), torch.zeros(1, dtype=F64)])).abs().gt(1e-300).any()


@_kept
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


@_kept
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


# ---- extremes ---------------------------------------------------------------------------------------------------


def _grid(act):
    """Where to look for an extreme: dense near 0, thin to 1e9, the kinks and their neighbours; ascending."""
    far = torch.logspace(1, 9, 1025, dtype=F64)
    kinks = torch.tensor(act.kinks, dtype=F64)
    beside = [_beside(kink) for kink in act.kinks]
    every = torch.cat([torch.linspace(-20, 20, 2561, dtype=F64), far, -far, kinks, *beside])
    return every.unique()


@_kept
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


@_kept
def lipschitz(act: str | Activation) -> float:
    """sup |f'|, the smallest L with |f(x) - f(y)| <= L |x - y|; inf where f jumps or gets steeper without end.

    It may be one-sided (selu, just below 0) or only approached (softplus: 1).
    """
    if _jumps(act):
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


# ---- what a dtype can hold --------------------------------------------------------------------------------------


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


@_kept
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
