"""On which dimensions of a tensor its units lie, and where they go when the tensor is turned, cut and reshaped."""

import torch

from ._ops import REDUCTIONS

__all__ = ["guess", "moved", "pieces"]

RESHAPES = ("view", "_unsafe_view", "_reshape_alias", "reshape", "flatten", "unsqueeze", "squeeze", "unflatten")


def guess(ndim: int) -> tuple[int, ...]:
    """Where units lie if nothing is known: pictures and volumes have them second, all else last."""
    return (1,) if ndim >= 4 else (max(ndim - 1, 0),)


def moved(base: str, args: tuple, old: torch.Size, units: tuple[int, ...], new: torch.Size) -> tuple[int, ...] | None:
    """The dimensions of the units after an operation: None where they can't be followed.

    base: the operation's name. old, units: shape of what went in, and where its units lay. new: shape of the output.
    """
    n = len(old)
    if not len(new):
        return None
    if base == "permute":
        order = [d % n for d in args[1]]
        return tuple(sorted(order.index(d) for d in units))
    if base in ("transpose", "t"):
        i, j = (d % n for d in args[1:3]) if base == "transpose" else (0, n - 1)
        return tuple(sorted({i: j, j: i}.get(d, d) for d in units))
    if base in RESHAPES:
        return _reshaped(old, units, new)
    if base == "stack":
        new_one = (args[1] if len(args) > 1 else 0) % (n + 1)
        return tuple(d + (d >= new_one) for d in units)
    if base in ("select", "unbind"):
        gone = (args[1] if len(args) > 1 else 0) % n
        return tuple(d - (d > gone) for d in units if d != gone) or None
    if base in REDUCTIONS and len(new) != n:
        at = 2 if base in ("norm", "linalg_vector_norm") else 1  # first comes which norm
        over = args[at] if len(args) > at and args[at] is not None else range(n)
        gone = {d % n for d in ([over] if isinstance(over, int) else over)}
        return tuple(d - sum(g < d for g in gone) for d in units if d not in gone) or None
    return units if len(new) == n else None


def pieces(base: str, args: tuple) -> int | None:
    """The dimension along which several tensors were stacked; None if they were not."""
    return (args[1] if len(args) > 1 else 0) % (args[0][0].ndim + 1) if base == "stack" else None


def _reshaped(old, units, new):
    """A dimension is known by the steps in memory that it spans: it is inside another one, or made of several."""
    before, after = _spans(old), _spans(new)
    found = set()
    for d in units:
        low, high = before[d]
        for place, (start, end) in enumerate(after):
            inside = (low <= start and end <= high) or (start <= low and high <= end)
            if new[place] > 1 and inside:
                found.add(place)
    return tuple(sorted(found)) or None


def _spans(shape):
    spans, step = [], 1
    for size in reversed(shape):
        spans.append((step, step * size))
        step *= size
    return spans[::-1]
