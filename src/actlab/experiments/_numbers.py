"""The numbers of a setting, each in its one spelling; what is no such number is refused by its name."""

import numbers
import operator
from collections.abc import Iterable
from itertools import islice, product
from math import isfinite, prod
from typing import Any

import numpy as np

__all__ = ["MOST", "MOST_RUNS", "MOST_SETTINGS", "combinations", "real", "refuse_set", "truth", "whole", "wholes"]

MOST = 100_000_000  # of anything that a setting counts: the losses of so many steps are half of what SQLite takes
MOST_RUNS = 1_000_000  # of a study: with 2000 steps each they fill 16 GB
MOST_SETTINGS = 100_000  # of a study: each of them is compared with what the store has
LAST_SEED = 10**15  # torch takes 64 bits, and seeds of units are multiples of these
LENGTH = 1000  # numbers in a row of them

TINIEST, LARGEST = (float(end) for end in (np.finfo(np.float32).tiny, np.finfo(np.float32).max))


def whole(name: str, value: Any, low: int = 1, high: int = MOST) -> int:
    """The value as an int. Raises ValueError where it is not whole, True or False, or not between the ends.

    2.0 and numpy's numbers are whole; "2" is a text.
    """
    found = _whole(value)
    if found is None or not low <= found <= high:
        raise ValueError(f"{name} is a whole number from {low:,} to {high:,}, got {_shown(value)}")
    return found


def wholes(name: str, values: Any, low: int = 1, high: int = MOST, length: int = LENGTH) -> tuple[int, ...]:
    """The values as a tuple of ints. Raises ValueError where they are no row of such numbers as `whole` takes."""
    row = None
    if isinstance(values, list | tuple | range | np.ndarray):
        row = [_whole(value) for value in islice(values, length + 1)]
    if row is None or None in row or not all(low <= number <= high for number in row):
        raise ValueError(f"{name} is a row such as (2, 4, 1) of whole numbers from {low:,}, got {_shown(values)}")
    if len(row) > length:
        raise ValueError(f"{name} has at most {length:,} numbers, got {len(values):,}")
    return tuple(row)


def real(name: str, value: Any, *, zero: bool = False, below: float | None = None) -> float:
    """The value as a float. Raises ValueError where it is no positive number that float32 can hold.

    zero: whether it may be 0 too. below: what it must stay below.
    """
    number = None
    if isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_):
        try:
            number = float(value)
        except OverflowError:
            number = None
    fits = number is not None and isfinite(number) and (TINIEST <= number <= LARGEST or (zero and number == 0))
    if not fits or (below is not None and number >= below):
        least = "0 or a positive number" if zero else "a positive number"
        most = f"below {below:g}" if below is not None else f"from {TINIEST:.2g} to {LARGEST:.2g}"
        raise ValueError(f"{name} is {least} {most}, got {_shown(value)}")
    return number


def truth(name: str, value: Any) -> bool:
    """The value, if it is True or False; else ValueError."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} is True or False, got {_shown(value)}")
    return bool(value)


def combinations(study: str, **choices: Iterable[Any]) -> Iterable[tuple]:
    """What `itertools.product` makes of the choices. Raises ValueError for a text, and for none or too many."""
    rows = {}
    for name, values in choices.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise ValueError(f"{name} of {study} are several, as in [{values!r}], got {_shown(values)}")
        rows[name] = list(islice(values, MOST_SETTINGS + 1))
        if not rows[name]:
            raise ValueError(f"{study} needs at least one setting, and {name} is empty")
    if prod(map(len, rows.values())) > MOST_SETTINGS:
        counts = ", ".join(f"{len(row):,} {name}" for name, row in rows.items() if len(row) > 1)
        raise ValueError(f"{study} has at most {MOST_SETTINGS:,} settings, got {counts} or more: ask for fewer")
    return product(*rows.values())


def refuse_set(study: str, further: dict[str, Any], **given: str) -> None:
    """Raise ValueError for an entry in which the settings of a study differ already. given: by what."""
    for name, argument in given.items():
        if name in further:
            raise ValueError(f"{name} of {study} is given by its {argument} alone, not as a further entry")


def _whole(value):
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, float | np.floating):
        return int(value) if float(value).is_integer() else None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _shown(value):
    """A value in a message of one line: a long one is cut, and one that Python will not print is described."""
    try:
        text = repr(value)
    except ValueError:  # an int of more than 4300 digits
        return "a larger number"
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:60]} ..."
