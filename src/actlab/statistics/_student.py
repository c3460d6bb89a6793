"""Student's distribution, in closed form, and the interval of a mean that rests on it."""

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["checked_level", "each_level", "student", "student_quantile", "student_tails"]


def student(values: ArrayLike, *, comparisons: int = 1, level: float = 0.95) -> tuple[float, float]:
    """The mean of n values, and half the width of its interval by Student's distribution {cite}`student1908`.

    The interval holds the mean of all there could be in a share `level` of repetitions, if the values are drawn from
    a normal distribution. comparisons: how many such intervals are to hold at once, as in `paired`. The half width is
    nan for a single value. Raises ValueError for none, or more than a row.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"a mean needs a row of values, got shape {values.shape}")
    each = each_level(comparisons, level)
    if len(values) == 1:
        return float(values[0]), math.nan
    factor = student_quantile(len(values) - 1, each)
    return float(values.mean()), float(factor * values.std(ddof=1) / math.sqrt(len(values)))


def student_tails(t: float, freedom: int) -> float:
    """The probability that |T| is at least |t|, for Student's T with so many degrees of freedom.

    With |t| = sqrt(freedom) tan(u), what lies inside is a finite sum of powers of cos(u). The error is some 1e-16
    times the root of the freedom, so a probability below 1e-12 is only known to be tiny.
    Raises ValueError unless freedom is a whole number from 1 on.
    """
    _check_freedom(freedom)
    return max(0.0, 1.0 - _inside(math.atan2(abs(t), math.sqrt(freedom)), int(freedom)))


@cache
def student_quantile(freedom: int, level: float) -> float:
    """The t between whose negative and itself Student's T lies with probability `level`: 12.706 for 1 and .95.

    Raises ValueError unless freedom is a whole number from 1 on and level lies between 0 and 1.
    """
    _check_freedom(freedom)
    checked_level(level)
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _inside(middle, int(freedom)) < level:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(low)


def checked_level(level: float) -> None:
    """Raises ValueError unless level lies between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1; got level={level}")


def each_level(comparisons: int, level: float) -> float:
    """The level of each of so many intervals that all hold at once with probability `level`, or more: Bonferroni's.

    {cite}`dunn1961` Raises ValueError unless comparisons is a whole number from 1 on and level lies between 0 and 1.
    """
    checked_level(level)
    if comparisons != comparisons or comparisons < 1 or comparisons != int(comparisons):
        raise ValueError(f"comparisons are counted from 1 on; got {comparisons}")
    return 1 - (1 - level) / int(comparisons)


def _check_freedom(freedom):
    if freedom != freedom or freedom < 1 or freedom != int(freedom):
        raise ValueError(f"degrees of freedom are a whole number from 1 on; got {freedom}")


def _inside(u, freedom):
    """Integrals of cos(u)^(freedom - 1) by parts, down to that of 1 or of cos(u)."""
    odd = freedom % 2
    total, term = 0.0, math.cos(u) if odd else 1.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= (k - 1) / k * math.cos(u) ** 2
    return 2 / math.pi * (u + math.sin(u) * total) if odd else math.sin(u) * total
