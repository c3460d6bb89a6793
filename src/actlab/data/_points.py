"""Tasks that are drawn or counted out: the disk, XOR, spirals."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .._floats import require_float_type

__all__ = ["Split", "disk", "spirals", "xor"]


class Split(NamedTuple):
    """Points to learn from and points to be judged by.

    x: shape (points, features), float. y: shape (points,); floats 0 and 1 where there are two classes and one
    output, int64 class numbers where there is an output for each class.
    """

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor


def disk(n: int = 1000, *, test: int = 2000, seed: int = 0, dtype: torch.dtype = torch.float32) -> Split:
    """`n` training and `test` test points of the plane; label 1 inside the unit circle, else 0 (floats).

    Both coordinates are normal with mean 0 and variance 1 / (2 ln 2), so that each label has probability 1/2:
    the squared radius is exponential with mean 1 / ln 2, and P(r < 1) = 1 - exp(-ln 2).
    """
    _require_count(n=n, test=test)
    require_float_type(dtype, "disk")
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n + test, 2, generator=generator, dtype=dtype) / math.sqrt(2 * math.log(2))
    y = (x.square().sum(dim=1) < 1).to(dtype)
    return Split(x[:n], y[:n], x[n:], y[n:])


def xor(*, dtype: torch.dtype = torch.float32) -> Split:
    """The four corners of the unit square; label 1 where the two coordinates differ, else 0 (floats).

    There are no other inputs, so the test points are the training points.
    """
    require_float_type(dtype, "xor")
    x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=dtype)
    y = (x[:, 0] != x[:, 1]).to(dtype)
    return Split(x, y, x, y)


def spirals(
    n: int = 600,
    *,
    arms: int = 2,
    turns: float = 1.0,
    noise: float = 0.03,
    test: int = 2000,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Split:
    """Points on `arms` spirals that wind round each other `turns` times; label: the arm's number, int64.

    The radius is uniform between 0.1 and 1; `noise` is the standard deviation added to each coordinate.
    """
    _require_count(n=n, test=test, arms=arms)
    require_float_type(dtype, "spirals")
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(arms, (n + test,), generator=generator)
    radius = 0.1 + 0.9 * torch.rand(n + test, generator=generator, dtype=dtype)
    angle = 2 * math.pi * (turns * radius + y.to(dtype) / arms)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    x = x + noise * torch.randn(n + test, 2, generator=generator, dtype=dtype)
    return Split(x[:n], y[:n], x[n:], y[n:])


def _require_count(**counts):
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
