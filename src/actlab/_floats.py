"""What a tensor of floats is to this package."""

from typing import Any

import torch

__all__ = ["FLOATS", "require_float", "require_float_type"]

# with those of 8 bits torch does no arithmetic
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def require_float(z: Any, name: str) -> None:
    """TypeError, said by the function of that name, where z is no tensor of floats that can be computed with."""
    if not isinstance(z, torch.Tensor) or z.dtype not in FLOATS:
        kind = z.dtype if isinstance(z, torch.Tensor) else type(z).__name__
        raise TypeError(f"{name} takes a tensor of floats, got {kind}; try torch.as_tensor(z, dtype=torch.float32)")


def require_float_type(dtype: Any, name: str) -> None:
    """TypeError, said by the function of that name, where dtype is no type of floats that can be computed with."""
    if dtype is not None and dtype not in FLOATS:
        raise TypeError(f"{name} takes as dtype one of {', '.join(map(str, FLOATS))}; got {dtype!r}")
