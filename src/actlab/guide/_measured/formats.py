"""How far number formats reach, and what logits and products of a given size become in them."""

import math
from typing import Any

import torch

from ... import theory
from ...activations import get

__all__ = ["found"]


def found() -> dict[str, Any]:
    out: dict[str, Any] = {"float32_exp": math.log(torch.finfo(torch.float32).max)}
    for dtype in (torch.float16, torch.bfloat16):
        name, info = str(dtype).removeprefix("torch."), torch.finfo(dtype)
        out |= {
            f"{name}_exp": math.log(info.max),
            f"{name}_digits": -math.log10(info.eps),
            f"{name}_one": theory.saturation("sigmoid", dtype).value_above,
            f"{name}_flat": _flat_tanh(dtype),
        }
    largest = torch.finfo(torch.float16).max
    z = torch.linspace(-8, 8, 16_001, dtype=torch.float64)
    return out | {
        "float16_most": largest,
        "float16_square": math.sqrt(largest),
        "gelus_apart": (get("gelu")(z) - get("gelu_tanh")(z)).abs().max().item(),
        "cap_slope": 1 - math.tanh(1) ** 2,  # of c tanh(z / c), at z = c
    }


def _flat_tanh(dtype):
    """The least z of a grid of sixteenths from where PyTorch's tanh passes no gradient on."""
    z = (torch.arange(0, 321) / 16).to(dtype).requires_grad_()
    (slope,) = torch.autograd.grad(torch.tanh(z).sum(), z)
    return z[int((slope != 0).nonzero().max()) + 1].item()
