"""Two ways to do a thing, from the same starts: the pairs that differ, and by how much the shares do."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ... import plot, results
from ...tables import Table
from .. import drawn

__all__ = ["apart", "apart_unpaired", "pairs_table", "points", "power", "power_figure", "shares_table", "sort_pairs"]

Z = 1.959964  # of the normal distribution, for 95 %
SIZES = (5, 10, 15, 20, 31, 40, 50, 60, 80, 100)


def sort_pairs(first: ArrayLike, second: ArrayLike) -> tuple[int, int]:
    """How many pairs only the first solves, and how many only the second; booleans of the same starts."""
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    return int((first & ~second).sum()), int((second & ~first).sum())


def apart(first: ArrayLike, second: ArrayLike) -> tuple[float, float, float]:
    """By how much the first's share of successes is larger, over the same starts: (difference, low, high).

    The interval is Tango's score interval {cite}`tango1998`: the differences that a test of 5 % would not reject,
    for which the shares of the pairs that differ are as likely as they can be. 95 %; it holds for few pairs, too.
    """
    b, c = sort_pairs(first, second)
    n = len(np.asarray(first))
    return (b - c) / n, _end(b, c, n, Z), _end(b, c, n, -Z)


def _end(b, c, n, wanted):
    """The difference at which the score is `wanted`, by halving; the score falls as the difference grows."""
    low, high = -1.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _score(b, c, n, middle) > wanted else (low, middle)
    return (low + high) / 2


def _score(b, c, n, difference):
    # the share of the second's pairs that is likeliest if the shares differ by so much: a quadratic's larger root
    half = -b - c + (2 * n - b + c) * difference
    root = math.sqrt(max(half**2 + 8 * n * c * difference * (1 - difference), 0.0))
    spread = n * ((root - half) / (2 * n) + difference * (1 - difference))
    off = b - c - n * difference
    if spread > 0:
        return off / math.sqrt(spread)
    return math.copysign(math.inf, off) if off else 0.0


def apart_unpaired(k: int, n: int, j: int, m: int) -> tuple[float, float, float]:
    """By how much k of n is a larger share than j of m, other starts: (difference, low, high), 95 %.

    Newcombe's interval, which squares and adds the distances to the ends of Wilson's two {cite}`newcombe1998`.
    """
    one, other = k / n, j / m
    (low, high), (least, most) = results.proportion(k, n), results.proportion(j, m)
    difference = one - other
    return (
        difference,
        difference - math.hypot(one - low, most - other),
        difference + math.hypot(high - one, other - least),
    )


def points(found: tuple[float, float, float]) -> str:
    """A difference of shares and its interval in points: "+22.5 (16.1 to 29.3)"."""
    difference, low, high = (100 * value for value in found)
    return f"{difference:+.1f} ({low:.1f} to {high:.1f})"


def pairs_table(first: ArrayLike, second: ArrayLike, p: Callable[[int, int], float], few: Sequence[int]) -> Table:
    """All pairs, and a study of few of them: how they split, the p of the split, and the difference in points."""
    first, second = np.asarray(first), np.asarray(second)
    rows = []
    for chosen in (list(few), list(range(len(first)))):
        one, other = first[chosen], second[chosen]
        b, c = sort_pairs(one, other)
        rows.append((len(chosen), f"{b} to {c}", _p(p(b, c)), points(apart(one, other))))
    return Table(["pairs", "those that differ", "p", "points apart"], rows)


def _p(value):
    return f"{value:.2f}" if value >= 0.005 else f"{value:.0e}"


# ---- what a study could have seen -------------------------------------------------------------------------------


def shares_table(counts: Mapping[str, tuple[int, int]], interval: Callable[[int, int], tuple[float, float]]) -> Table:
    """Successes of runs by name, with their share and an interval for it."""
    rows = []
    for name, (k, n) in counts.items():
        low, high = interval(k, n)
        rows.append((name, f"{k} of {n}", f"{k / n:.1%}", f"{low:.1%} to {high:.1%}"))
    return Table(["what", "solved", "share", "interval"], rows)


def power(
    first: ArrayLike, second: ArrayLike, *, sizes: Sequence[int] = SIZES, studies: int = 1000, seed: int = 0
) -> dict[int, float]:
    """Share of studies that reach p < 0.05, by their number of pairs; drawn from the given pairs with replacement."""
    rng, found = np.random.default_rng(seed), {}
    only = np.asarray(first, dtype=int) - np.asarray(second, dtype=int)
    for n in sizes:
        drawn_pairs = only[rng.integers(len(only), size=(studies, n))]
        ahead, behind = (drawn_pairs == 1).sum(1), (drawn_pairs == -1).sum(1)
        found[n] = float(np.mean([results.mcnemar(b, c) < 0.05 for b, c in zip(ahead, behind, strict=True)]))
    return found


def power_figure(found: Mapping[int, float], *, mark: int = 31) -> Figure:
    """What `power` found, with one size marked."""
    fig, ax = plt.subplots(figsize=(5.6, 3.4))
    ax.plot(list(found), list(found.values()), "o-", color=plot.BLUE)
    ax.axvline(mark, color=plot.GREY, linestyle=":")
    ax.text(mark + 1.5, 0.03, f"{mark} pairs")
    ax.set(xlabel="pairs in a study", ylabel="share with p < 0.05", ylim=(0, 1.04))
    return drawn(fig)
