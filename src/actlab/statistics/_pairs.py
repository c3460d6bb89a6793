"""Two arms of a study, pair by pair: how far apart they are, what these pairs could have seen, and how many it takes.

The unit is what is drawn anew for each pair: for a comparison that is to hold for other data, a draw of the data.
"""

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from ._student import each_level, student_quantile, student_tails

__all__ = ["VERDICTS", "Paired", "detectable", "paired", "pairs_needed", "power_of"]

VERDICTS = ("higher", "lower", "not distinguishable", "equivalent within")
"""What may be said of two arms. "equivalent within" is followed by the bound, "not distinguishable" by what the pairs
could have seen."""


@dataclass(frozen=True)
class Paired:
    """What `paired` found of a - b.

    mean: of the n differences; deviation: their standard deviation, with n - 1. low, high: the interval of the mean.
    seen: the smallest true difference that n such pairs would find, with the probability `power`, if the deviation is
    the true one. p: two-sided, of no difference. p_equivalent: of the two one-sided tests against `bound`, nan
    without one. Both are as tested once; where there are several comparisons they are to be below
    (1 - level) / comparisons. comparisons, level, power, bound, shared: what was asked.
    """

    mean: float
    deviation: float
    n: int
    low: float
    high: float
    seen: float
    p: float
    p_equivalent: float
    comparisons: int
    level: float
    power: float
    bound: float | None
    shared: float = 0.0

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`, about a beside b; the third with its bound.

        A bound set before goes first: a difference that is sure and too small to matter is "equivalent within" it.
        """
        if self.bound is not None and self.p_equivalent < (1 - self.level) / self.comparisons:
            return f"equivalent within {self.bound:g}"
        if self.low > 0:
            return "higher"
        return "lower" if self.high < 0 else "not distinguishable"

    def __str__(self) -> str:
        found = f"{self.mean:+.3g} ({self.low:.3g} to {self.high:.3g}), n = {self.n}: {self.verdict}"
        return f"{found}; {self.seen:.2g} would have been seen" if self.verdict == "not distinguishable" else found


def paired(
    a: ArrayLike,
    b: ArrayLike,
    *,
    comparisons: int = 1,
    bound: float | None = None,
    level: float = 0.95,
    power: float = 0.8,
    shared: float = 0.0,
) -> Paired:
    """By how much a exceeds b, pair by pair, with Student's interval {cite}`student1908` and a verdict.

    comparisons: how many of them stand together. Each interval is then made at the level
    1 - (1 - level) / comparisons, so that all hold at once in a share `level` of repetitions, or more: Bonferroni's
    correction {cite}`dunn1961`. bound: the difference below which nobody would mind, written down before. The arms
    are equivalent within it if two one-sided tests {cite}`schuirmann1987`, each at (1 - level) / comparisons, find
    the mean above -bound and below bound. For losses, which differ by factors, hand over their logarithms.
    shared: for pairs that are n splits of the same rows, the rows of a test over those of its training. Such pairs
    are no n draws, and the variance of their mean is not 1 / n of theirs but 1 / n + shared {cite}`nadeau2003`.

    Raises ValueError unless a and b are rows of finite numbers of the same length, 2 or more, comparisons is a whole
    number from 1 on, level and power lie between 0 and 1, power above 1 - level, bound is above 0 and shared is a
    finite number from 0 on.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"a verdict needs two pairs or more, in two rows; got shapes {a.shape} and {b.shape}")
    if not (np.isfinite(a) & np.isfinite(b)).all():
        raise ValueError("a mean of pairs needs finite numbers; count the runs that diverged apart")
    if bound is not None and not 0 < bound < math.inf:
        raise ValueError(f"a bound of what matters is a number above 0; got {bound}")
    if not 0 <= shared < math.inf:
        raise ValueError(f"rows of a test over those of its training are a number from 0 on; got shared={shared}")
    each = each_level(comparisons, level)
    n, off = len(a), a - b
    mean, deviation = float(off.mean()), float(off.std(ddof=1))
    wider = math.sqrt(1 + n * shared)
    error = deviation / math.sqrt(n) * wider
    half = student_quantile(n - 1, each) * error
    return Paired(
        mean=mean,
        deviation=deviation,
        n=n,
        low=mean - half,
        high=mean + half,
        seen=detectable(n, comparisons=comparisons, level=level, power=power) * deviation * wider,
        p=student_tails(_over(mean, error), n - 1),
        p_equivalent=math.nan if bound is None else _one_sided(_over(bound - abs(mean), error), n - 1),
        comparisons=int(comparisons),
        level=level,
        power=power,
        bound=bound,
        shared=shared,
    )


@cache
def power_of(effect: float, n: int, *, comparisons: int = 1, level: float = 0.95) -> float:
    """The probability that n pairs tell a true difference from 0, whichever way they then see it.

    effect: the difference in standard deviations of the pairs' differences. By the noncentral t distribution: the
    deviation that the test divides by is averaged over, by sums over its density. Error below 1e-5.
    Raises ValueError for an effect that is not finite, or what `paired` would refuse.
    """
    if not math.isfinite(effect):
        raise ValueError(f"an effect is a finite number of standard deviations; got {effect}")
    _check_pairs(n)
    freedom, shift = int(n) - 1, abs(effect) * math.sqrt(n)
    t = student_quantile(freedom, each_level(comparisons, level))
    # the deviation over the true one: near 1, and where the probability of a find turns from 1 to 0
    reach = 12 / math.sqrt(2 * freedom)
    nodes = [np.linspace(max(0.0, 1 - reach), 1 + reach, 1501)]
    nodes += [np.linspace(max(0.0, (shift - 8) / t), (shift + 8) / t, 1501)]
    s = np.unique(np.concatenate(nodes))
    with np.errstate(divide="ignore"):
        log = (freedom - 1) * np.log(s) if freedom > 1 else np.zeros_like(s)
    log = log - freedom * (s**2 - 1) / 2
    density = np.exp(log - log.max())
    found = _normal(shift - t * s) + _normal(-shift - t * s)
    areas = [np.diff(s) @ (y[1:] + y[:-1]) for y in (density * found, density)]
    return float(areas[0] / areas[1])


@cache
def detectable(n: int, *, comparisons: int = 1, level: float = 0.95, power: float = 0.8) -> float:
    """The smallest difference that n pairs find with the probability `power`, in standard deviations of theirs.

    Raises ValueError for fewer than 2 pairs, or numbers that `paired` would refuse.
    """
    _check_pairs(n)
    _check_power(power, each_level(comparisons, level))
    low, high = 0.0, 1.0
    while power_of(high, n, comparisons=comparisons, level=level) < power:
        low, high = high, 2 * high
    while high - low > 1e-7 * high:
        middle = (low + high) / 2
        if power_of(middle, n, comparisons=comparisons, level=level) < power:
            low = middle
        else:
            high = middle
    return high


def pairs_needed(effect: float, *, comparisons: int = 1, level: float = 0.95, power: float = 0.8) -> int:
    """How many pairs it takes to find a difference of so many standard deviations with the probability `power`.

    Raises ValueError for an effect of 0, which no number of pairs finds, or numbers that `paired` would refuse.
    """
    if not math.isfinite(effect) or not effect:
        raise ValueError(f"an effect is a finite number of standard deviations other than 0; got {effect}")
    _check_power(power, each_level(comparisons, level))
    low, high = 1, 2
    while power_of(effect, high, comparisons=comparisons, level=level) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if power_of(effect, middle, comparisons=comparisons, level=level) < power:
            low = middle
        else:
            high = middle
    return high


def _check_pairs(n):
    if n != n or n < 2 or n != int(n):
        raise ValueError(f"pairs are counted from 2 on; got {n}")


def _check_power(power, each):
    if not 1 - each < power < 1:
        raise ValueError(f"a power lies between 1 - level and 1; got power={power}")


def _over(size, error):
    """size / error, where pairs that are all alike leave no error."""
    if error:
        return size / error
    return math.copysign(math.inf, size) if size else 0.0


def _one_sided(t, freedom):
    tails = student_tails(t, freedom) / 2
    return tails if t > 0 else 1 - tails


def _normal(z):
    cdf = NormalDist().cdf
    return np.array([cdf(x) for x in z])
