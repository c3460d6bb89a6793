"""Where the formulas of tanh and of its slope break, in four number formats."""

from collections.abc import Callable

import torch
from torch import Tensor

from ... import activations
from ...tables import Table

__all__ = ["first", "forms"]

FORMATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def first(
    broken: Callable[[Tensor], Tensor], dtype: torch.dtype, *, low: float = 0.5, high: float = 1000.0
) -> Tensor:
    """The smallest number of a format from which something is broken, by halving the interval from low to high.

    broken: from a tensor of one number to one of one bool, False at low and True from some number on.
    """
    low, high = torch.tensor([low, high], dtype=dtype)
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if broken(middle) else (middle, high)
    return high


def forms(naive: Callable[[Tensor], Tensor]) -> Table:
    """By format: where `naive` is nan, where 1 - t^2 is exactly 0, and the slope of tanh there."""
    rows = []
    for dtype in FORMATS:
        nan = first(lambda z: naive(z).isnan(), dtype).item()
        flat = first(lambda z: 1 - torch.tanh(z) ** 2 == 0, dtype)
        slope = activations.get("tanh").slope(flat.double()).item()
        rows.append((str(dtype).removeprefix("torch."), f"{nan:.1f}", f"{flat.item():.1f}", f"{slope:.0e}"))
    return Table(["format", "naive is nan from", "1 - t^2 is 0 from", "true slope there"], rows)
