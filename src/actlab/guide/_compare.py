"""Pairs of runs compared: by the interval of their difference, never by whose own interval leaves out what."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import results

__all__ = ["Difference", "Factor", "by", "power", "spread", "verdict", "where"]

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Difference:
    """The mean of n paired differences, and half the width of its 95 % interval, wider for several comparisons.

    Formatted, with the digits asked for, it reads "+2.3 ± 1.5".
    """

    mean: float
    half: float
    n: int

    @classmethod
    def of(cls, a: Sequence[float], b: Sequence[float], *, comparisons: int = 1, shared: float = 0.0) -> "Difference":
        """a - b, pair by pair, by `results.paired`, which says what it refuses: fewer than two pairs above all."""
        found = results.paired(a, b, comparisons=comparisons, shared=shared)
        return cls(found.mean, found.half, found.n)

    @property
    def above(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.mean - self.half > 0

    @property
    def below(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.mean + self.half < 0

    @property
    def open(self) -> bool:
        """Whether the interval holds 0. A difference as large as `half` would have shown every second time."""
        return not (self.above or self.below)

    def __format__(self, digits: str) -> str:
        return f"{self.mean:+{digits}} ± {self.half:{digits}}"


@dataclass(frozen=True)
class Factor:
    """By what one loss is a multiple of another, pair by pair: the geometric mean of n ratios, and its 95 % interval.

    Formatted, with the digits asked for, it reads "0.57 (0.50 to 0.65)".
    """

    mean: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, a: Sequence[float], b: Sequence[float]) -> "Factor":
        """a / b, pair by pair. Raises ValueError for fewer than two pairs, or numbers that are not above 0."""
        if len(a) != len(b) or len(a) < 2:
            raise ValueError(f"a verdict needs two pairs or more; got {len(a)} and {len(b)} numbers")
        return cls(*results.ratio(a, b), len(a))

    @property
    def above(self) -> bool:
        """Whether the whole interval is above 1."""
        return self.low > 1

    @property
    def below(self) -> bool:
        """Whether the whole interval is below 1."""
        return self.high < 1

    @property
    def open(self) -> bool:
        """Whether the interval holds 1."""
        return not (self.above or self.below)

    @property
    def shown(self) -> float:
        """The factor that would have shown, either way: from the middle of the interval to its end."""
        return self.high / self.mean

    def __format__(self, digits: str) -> str:
        return f"{self.mean:{digits}} ({self.low:{digits}} to {self.high:{digits}})"


def verdict(a: Sequence[float], b: Sequence[float]) -> str:
    """What may be said of a beside b, one of `results.VERDICTS`: whether the 95 % interval of the mean of the pairs'
    differences leaves out 0. Raises ValueError for fewer than two pairs, of which nothing can be said.
    """
    return results.paired(a, b).verdict


def where(rows: Rows, **wanted: Any) -> list[Mapping[str, Any]]:
    """The rows that have these values. Raises KeyError if none has, so that no setting is looked for in vain."""
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    if not found:
        raise KeyError(f"no stored row has {wanted}")
    return found


def by(
    key: str, rows: Rows, column: str, mean: Callable[[Sequence[float]], float] | None = None, **wanted: Any
) -> list[float]:
    """A column of the rows wanted, in the order of their key: two of them are pairs.

    mean: what to make of the rows that share a key, such as the starts of a draw; without it each has one row.
    """
    found: dict[Any, list[float]] = {}
    for row in where(rows, **wanted):
        found.setdefault(row[key], []).append(row[column])
    if mean is None and any(len(values) > 1 for values in found.values()):
        raise ValueError(f"{wanted} has several rows for one {key}")
    return [mean(found[one]) if mean else found[one][0] for one in sorted(found)]


def power(value: float) -> str:
    """A power of ten, written as one."""
    return f"10^{round(value, 1) + 0:.1f}"


def spread(values: Iterable[float], form: str) -> str:
    """From the least to the largest; one number where they read alike."""
    values = list(values)
    low, high = (format(value, form) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"
