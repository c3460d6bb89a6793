"""What the rooms of theory share: answers that are kept, and the two sides of a kink."""

import functools
import math

import torch

from ..activations import catalog, get

__all__ = ["beside", "jumps", "kept"]

inf = math.inf
F64 = torch.float64
EPS = torch.finfo(F64).eps


def kept(compute):
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


def beside(z):
    """(below, above) z: the neighbouring float64 numbers."""
    return torch.tensor([math.nextafter(z, -inf), math.nextafter(z, inf)], dtype=F64)


@kept
def jumps(act):
    """(kink, value below, value above) wherever f itself jumps."""
    sides = [(kink, *act(beside(kink)).tolist()) for kink in act.kinks]
    return tuple((kink, a, b) for kink, a, b in sides if abs(b - a) > 1e-9 * (1 + abs(a) + abs(b)))
