"""What many runs say, with how sure it is. Smaller is better throughout, as it is for a loss."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from ._student import student

__all__ = [
    "Comparison",
    "compare",
    "mcnemar",
    "proportion",
    "rank_intervals",
    "ratio",
    "spearman",
    "spread",
]

STATISTICS = {"mean": np.mean, "median": np.median}


def spread(values: ArrayLike) -> dict[str, float]:
    """How values lie: n, diverged, mean, standard_error, median, q05, q25, q75, q95, max.

    n counts all values, diverged those that are nan or infinite; the others are over what is left, and nan where
    that is nothing. The standard error is the standard deviation, with n - 1, over the root of n: it speaks of other
    seeds for what these values share, and of nothing else. Quantiles are interpolated linearly between the values.
    """
    values = np.asarray(values, dtype=np.float64)
    finite = values[np.isfinite(values)]
    numbers = {"mean": math.nan, "standard_error": math.nan, "median": math.nan}
    quantiles = {"q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}
    numbers |= dict.fromkeys([*quantiles, "max"], math.nan)
    if len(finite):
        numbers["mean"] = float(finite.mean())
        numbers["median"] = float(np.median(finite))
        numbers |= {name: float(np.quantile(finite, share)) for name, share in quantiles.items()}
        numbers["max"] = float(finite.max())
    if len(finite) > 1:
        numbers["standard_error"] = float(finite.std(ddof=1) / math.sqrt(len(finite)))
    return {"n": len(values), "diverged": len(values) - len(finite), **numbers}


def rank_intervals(
    values: ArrayLike, *, statistic: str = "mean", level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> np.ndarray:
    """Between which ranks each row stands, 1 for the smallest: integers of shape (rows, 2), lowest and highest.

    values: a row for each thing that is ranked, a column for each unit that all of them share, such as a seed or a
    draw of the data. statistic: by which rows are ranked, "mean" or "median". The bootstrap of
    {cite}`efron1979`, percentile intervals: columns are drawn with replacement, whole, so that what a seed does to
    all rows stays paired; each resample ranks the rows; the interval holds the middle `level` of a row's ranks.
    Values that are nan or infinite count as worse than any number, and of two rows the one with more of them is
    worse by the mean. Rows that tie share all the ranks that they take up.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"values need rows to rank and columns to resample, got shape {values.shape}")
    _check(statistic, level, resamples)
    values = np.where(np.isfinite(values), values, np.inf)
    generator = np.random.default_rng(seed)
    low, high = np.empty((2, resamples, len(values)))
    for i in range(resamples):
        drawn = values[:, generator.integers(values.shape[1], size=values.shape[1])]
        score = STATISTICS[statistic](drawn, axis=1)
        failed = np.isinf(drawn).sum(axis=1) if statistic == "mean" else np.zeros(len(drawn))
        better = (score[:, None] > score) | ((score[:, None] == score) & (failed[:, None] > failed))
        low[i] = 1 + better.sum(axis=1)
        high[i] = len(values) - better.sum(axis=0)
    tail = (1 - level) / 2
    ends = np.quantile(low, tail, axis=0, method="lower"), np.quantile(high, 1 - tail, axis=0, method="higher")
    return np.stack(ends, axis=1).astype(int)


@dataclass(frozen=True)
class Comparison:
    """What `compare` found. pairs: how many. difference: mean of a - b, over the pairs of finite numbers, with its
    bootstrap interval from low to high. smaller, larger, ties: in how many pairs a is smaller than b, larger, equal.
    p: two-sided, of the exact sign test. left_out: pairs that the difference does without, for one is not finite.
    """

    pairs: int
    difference: float
    low: float
    high: float
    smaller: int
    larger: int
    ties: int
    p: float
    left_out: int


def compare(a: ArrayLike, b: ArrayLike, *, level: float = 0.95, resamples: int = 10_000, seed: int = 0) -> Comparison:
    """Two rows of values, pair by pair: by how much a is larger in the mean, and in how many pairs it is smaller.

    The interval is the percentile bootstrap over pairs {cite}`efron1979`. The sign test asks whether a fair coin
    would split the pairs that differ as unevenly as this; it is exact, and knows nothing of sizes. A value that is
    nan or infinite counts as larger than any number in the sign test, and equal to another such.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"pairs are two rows of equal length, got shapes {a.shape} and {b.shape}")
    _check("mean", level, resamples)
    usable = np.isfinite(a) & np.isfinite(b)
    off = a[usable] - b[usable]
    low = high = mean = math.nan
    if len(off):
        generator = np.random.default_rng(seed)
        means = [off[generator.integers(len(off), size=len(off))].mean() for _ in range(resamples)]
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
        mean = off.mean()
    a, b = (np.where(np.isfinite(values), values, np.inf) for values in (a, b))
    smaller, larger = int((a < b).sum()), int((a > b).sum())
    return Comparison(
        pairs=len(a),
        difference=float(mean),
        low=float(low),
        high=float(high),
        smaller=smaller,
        larger=larger,
        ties=len(a) - smaller - larger,
        p=mcnemar(smaller, larger),
        left_out=int((~usable).sum()),
    )


def mcnemar(b: int, c: int) -> float:
    """Exact two-sided p of McNemar's test {cite}`mcnemar1947`: b pairs came out one way, c the other.

    Pairs that came out alike say nothing. If neither way were likelier, b would be the heads of b + c tosses of a
    fair coin: p is the probability of a split at least as uneven, 1 where there is nothing to split.
    """
    if b != int(b) or c != int(c) or b < 0 or c < 0:
        raise ValueError(f"counts of pairs are whole numbers from 0 on, got {b} and {c}")
    b, c = int(b), int(c)
    return min(1.0, 2 * sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c))


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Rank correlation {cite}`spearman1904`: 1 for the same order, -1 for the reverse; ties share their mean rank.

    nan where all values of one row are equal. Raises ValueError unless both are rows of the same length, 2 or more.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"two rows of equal length, 2 or more, have a correlation; got {a.shape} and {b.shape}")
    a, b = (_ranks(values) - (len(values) + 1) / 2 for values in (a, b))
    size = math.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size else math.nan


def ratio(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> tuple[float, float, float]:
    """How many times b goes into a, pair by pair: the geometric mean of a / b, and its interval, (ratio, low, high).

    The interval is `student`'s for the mean of the pairs' log a - log b {cite}`student1908`, so it speaks of other
    pairs of the kind: where it holds 1 the two are not distinguishable, and its ends say how large a factor these
    pairs would have missed. nan at both ends for a single pair. Raises ValueError unless both are rows of the same
    length of finite numbers above 0.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"pairs are two rows of equal length, got shapes {a.shape} and {b.shape}")
    for values in (a, b):
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError("a ratio of pairs needs finite numbers above 0; count the others apart")
    mean, half = student(np.log(a) - np.log(b), level=level)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def proportion(successes: int, runs: int, *, level: float = 0.95) -> tuple[float, float]:
    """Between which shares of successes the true one lies, after so many in so many runs: (low, high).

    Wilson's interval {cite}`wilson1927`: the shares that a test at that level would not reject, so never below 0 or
    above 1, and neither end is 0 or 1 but where no run, or each one, was a success. Raises ValueError for
    counts that are none.
    """
    if successes != int(successes) or runs != int(runs) or not 0 <= successes <= runs or not runs:
        raise ValueError(f"successes are a count from 0 to the number of runs; got {successes} of {runs}")
    _check("mean", level, 1)
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (successes + z**2 / 2) / (runs + z**2)
    half = z / (runs + z**2) * math.sqrt(successes * (runs - successes) / runs + z**2 / 4)
    low, high = middle - half, middle + half
    return (low if successes else 0.0), (high if successes < runs else 1.0)


def _ranks(values):
    values = np.where(np.isfinite(values), values, np.inf)
    return ((values[:, None] > values).sum(1) + (values[:, None] >= values).sum(1) + 1) / 2


def _check(statistic, level, resamples):
    if statistic not in STATISTICS:
        raise KeyError(f"no statistic named {statistic!r}; there are {', '.join(STATISTICS)}")
    if not 0 < level < 1 or resamples < 1:
        raise ValueError(f"a level lies between 0 and 1 and there is a resample; got level={level}, {resamples}")
