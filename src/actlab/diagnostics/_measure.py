"""What is measured of one activation: sums that are added up over the parts of a batch, and over several batches."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..activations import Activation

__all__ = ["Attention", "Call", "Histogram", "Moments", "mean_cosine", "rms", "slope_of"]

PART = 2**16  # numbers that are looked at together: in float64 they still fit the cache
BINS, REACH = 24, 3.5  # of a histogram: how many, and how many standard deviations they reach to either side
SAMPLED = 2**14  # numbers of one call that a histogram counts: its shape needs no more
GOLDEN = (math.sqrt(5) - 1) / 2  # whose multiples, without their whole parts, fill a line evenly


def _parts(values: Tensor):
    """All the numbers in float64, a part at a time, in the order in which they lie in memory."""
    values = values.detach()
    order = sorted(range(values.ndim), key=lambda d: -values.stride(d))
    for part in values.permute(order).reshape(-1).split(PART):
        yield part.double()


@dataclass
class Moments:
    """Mean, standard deviation and root mean square of numbers that come in parts."""

    found: list[tuple[int, float, float, float]] = field(default_factory=list)  # n, mean, std, rms

    def add(self, values: Tensor):
        """Count these in."""
        for part in _parts(values):
            if part.numel():
                mean = part.mean()
                around = part - mean
                spread = around.dot(around).div(part.numel()).sqrt()
                self.found.append((part.numel(), *torch.stack([mean, spread, rms(part)]).tolist()))

    @property
    def n(self) -> int:
        """How many numbers there were."""
        return sum(n for n, *_ in self.found)

    @property
    def mean(self) -> float:
        """Their mean; nan if there were none."""
        return sum(n * mean for n, mean, *_ in self.found) / self.n if self.found else math.nan

    @property
    def std(self) -> float:
        """Their standard deviation, with n in the denominator."""
        if len(self.found) == 1:
            return self.found[0][2]
        mean = self.mean
        squares = sum(n * (spread**2 + (one - mean) ** 2) for n, one, spread, _ in self.found)
        return math.sqrt(squares / self.n) if self.found else math.nan

    @property
    def rms(self) -> float:
        """The root of their mean square."""
        largest = max((size for *_, size in self.found), default=math.nan)
        if len(self.found) == 1 or not 0 < largest < math.inf or any(math.isnan(size) for *_, size in self.found):
            return sum((size for *_, size in self.found), 0.0) if self.found else math.nan
        return largest * math.sqrt(sum(n * (size / largest) ** 2 for n, *_, size in self.found) / self.n)


@dataclass
class Histogram:
    """How numbers are spread: `counts` of 24 equal bins from `low` to `high`; the first and last hold what is beyond.

    The ends lie 3.5 standard deviations from the mean of what was counted first. Of more than 16384 numbers that
    come at once as many are counted, from places that are spread evenly over memory.
    """

    low: float = math.nan
    high: float = math.nan
    counts: tuple[int, ...] = ()

    def add(self, values: Tensor, mean: float, std: float):
        """Count these in; mean and std say where the bins lie, if that is open."""
        if not values.numel() or not math.isfinite(mean) or not math.isfinite(std):
            return
        if not self.counts:
            reach = REACH * std or max(abs(mean), 1.0) / 2
            self.low, self.high, self.counts = mean - reach, mean + reach, (0,) * BINS
        order = sorted(range(values.ndim), key=lambda d: -values.stride(d))
        flat = values.detach().permute(order).reshape(-1)
        if flat.numel() > SAMPLED:
            places = torch.arange(SAMPLED, dtype=torch.float64).mul(GOLDEN).frac().mul(flat.numel()).long()
            flat = flat[places.to(flat.device)]
        flat = flat[flat.isfinite()].double().clamp(self.low, self.high)
        found = torch.histc(flat.cpu(), BINS, self.low, self.high).long().tolist()
        self.counts = tuple(a + b for a, b in zip(self.counts, found, strict=True))


def rms(values: Tensor) -> Tensor:
    """The root mean square in float64, also where the square of a number would be 0 or infinite."""
    values = values.detach().double()
    size = values.square().mean().sqrt()
    if 1e-140 < size < math.inf or not values.numel():
        return size
    largest = values.abs().max()
    # the square of a gradient of 1e-200 is 0
    return values.div(largest).square().mean().sqrt() * largest if 0 < largest < math.inf else largest


def mean_cosine(out: Tensor) -> float:
    """The mean cosine between two examples, the rows of out; nan if there is one alone."""
    rows = out.detach().flatten(1) if out.ndim > 1 else out.detach()[:, None] if out.ndim else out[None, None]
    n = len(rows)
    if n < 2 or not rows.numel():
        return math.nan
    largest = rows.abs().max().double().clamp(min=1e-300)
    width = max(PART // n, 1)
    squares = sum(part.double().div(largest).square().sum(1) for part in rows.split(width, 1))
    share = squares.sqrt().clamp(min=1e-300).reciprocal()
    total = sum((share @ part.double().div(largest)).square().sum() for part in rows.split(width, 1))
    return ((total - (squares * share.square()).sum()) / (n * (n - 1))).item()


def slope_of(function: Callable[[Tensor], Tensor], z: Tensor, thread: ThreadPoolExecutor) -> Tensor:
    """The slope of a function at each number of z, by autograd.

    In another thread: while an operation is being looked at, torch keeps no graph in the thread that runs it.
    """
    kind = z.device.type
    cast, dtype = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)

    def work():
        with torch.enable_grad(), torch.autocast(kind, dtype=dtype, enabled=cast):
            root = (z.clone() if z.is_inference() else z.detach()).requires_grad_()
            return torch.autograd.grad(function(root).sum(), root)[0]

    return thread.submit(work).result()


@dataclass(eq=False)
class Call:
    """One activation at one place, over all batches: what went in, what came out, its slope and its gradient."""

    layer: str  # name of the module in which it was called
    function: str
    activation: Activation | None  # its entry in the catalog, with its settings
    units: tuple[int, ...]  # dimensions of z
    units_from: str  # the operation that made them, "given", or "guessed"
    flat_below: float
    z: Moments = field(default_factory=Moments)
    out: Moments = field(default_factory=Moments)
    delta: Moments = field(default_factory=Moments)
    histogram: Histogram = field(default_factory=Histogram)  # of z
    value: Moments = field(default_factory=Moments)  # what a gate multiplies
    flat: int = 0
    slopes: int = 0
    alive: Tensor | None = None
    cosines: list[tuple[int, float]] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    gradient: bool = False  # whether there can be one: no forward pass without gradients
    at_output: bool = False
    waiting: list = field(default_factory=list)  # sums of z in passes without gradients, to be run again
    kept: dict[str, list[Tensor]] = field(default_factory=dict)

    def add_slope(self, slope: Tensor):
        """Count units and values by their slope."""
        self.add_alive(slope != 0, int((slope.abs() < self.flat_below).sum()))
        self.keep("slope", slope)

    def add_alive(self, alive: Tensor, flat: int):
        """alive: where the slope is not 0; flat: at how many values it is small."""
        self.flat += flat
        self.slopes += alive.numel()
        over = [d for d in range(alive.ndim) if d not in self.units]
        units = (alive.amax(over) if over else alive).flatten().cpu()
        same = self.alive is not None and self.alive.shape == units.shape
        self.alive = self.alive | units if same else units

    def add_out(self, out: Tensor):
        """Count in what came out."""
        self.out.add(out)
        self.cosines.append((len(out) if out.ndim else 1, mean_cosine(out)))
        self.keep("out", out)

    def keep(self, what: str, values: Tensor):
        """Store a copy, if that was asked for."""
        if what in self.kept:
            self.kept[what].append(values.detach().to("cpu", copy=True))

    def listen(self, z: Tensor, part: Callable[[Tensor], Tensor] = lambda gradient: gradient):
        """Count in the gradient at z when it comes, or a part of it."""
        self.gradient = True

        def arrived(gradient):
            if gradient is None:  # what follows has none, such as layers in whole numbers
                self.gradient = False
                return
            gradient = part(gradient.detach())
            self.delta.add(gradient)
            self.keep("delta", gradient)

        z.register_hook(arrived)

    @property
    def dead(self) -> Tensor:
        """The numbers of the units whose slope was 0 throughout."""
        return (~self.alive).nonzero().flatten() if self.alive is not None else torch.zeros(0, dtype=torch.long)

    @property
    def dead_share(self) -> float:
        """Their share."""
        return (~self.alive).double().mean().item() if self.alive is not None else math.nan

    @property
    def flat_share(self) -> float:
        """The share of values with a small slope."""
        return self.flat / self.slopes if self.slopes else math.nan

    @property
    def cosine(self) -> float:
        """The mean cosine between examples."""
        known = [(n, cosine) for n, cosine in self.cosines if not math.isnan(cosine)]
        return sum(n * cosine for n, cosine in known) / sum(n for n, _ in known) if known else math.nan


@dataclass(eq=False)
class Attention:
    """The softmaxes at one place, over all batches, along the dimension that adds up to 1.

    entropy: mean of each row's entropy over the largest that it could have, log of the number of entries above 0;
    rows of one such entry are left out. largest: the largest logit. first: mean share of the first entry. mixes:
    whether the shares are multiplied with values, as attention does.
    """

    layer: str
    entries: int
    rows: int = 0
    entropies: list[tuple[int, float]] = field(default_factory=list)
    firsts: list[tuple[int, float]] = field(default_factory=list)
    largest: float = -math.inf
    mixes: bool = False

    def add(self, z: Tensor, p: Tensor, dim: int):
        """z: logits; p: their softmax."""
        with torch.no_grad():
            z, p = z.detach().movedim(dim, -1), p.detach().movedim(dim, -1)
            kept = (p > 0).sum(-1)
            entropy = torch.special.entr(p.float() if p.dtype.itemsize < 4 else p).sum(-1)
            many = kept > 1
            if z.numel():
                self.largest = max(self.largest, z.amax().item())
                self.rows += kept.numel()
                self.firsts.append((kept.numel(), p[..., 0].double().mean().item()))
            if n := int(many.sum()):
                self.entropies.append((n, (entropy[many].double() / kept[many].double().log()).mean().item()))

    @property
    def entropy(self) -> float:
        """The mean of what `add` found."""
        return _mean(self.entropies)

    @property
    def first(self) -> float:
        """The mean of what `add` found."""
        return _mean(self.firsts)


def _mean(found):
    total = sum(n for n, _ in found)
    return sum(n * value for n, value in found) / total if total else math.nan
