"""Gates: one half of a vector multiplied by a function of the other, and the feed-forward block that they serve in.

Each gate takes `value` and `gate`, two float tensors of one shape and dtype, and returns a tensor of that shape and
dtype. float16 and bfloat16 are multiplied in float32 and rounded once. torch.nn.functional.glu takes both halves in
one tensor, the value first.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from ._names import one_of
from .activations import Activation, get

__all__ = [
    "CReLU",
    "GatedFeedForward",
    "bilinear",
    "catalog",
    "clamped_swiglu",
    "geglu",
    "glu",
    "matched_width",
    "reglu",
    "swiglu",
]


_entries: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}
catalog: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(_entries)


def _entry(gate):
    """Register a function of value and gate under its own name."""
    _entries[gate.__name__] = gate
    return gate


@_entry
def glu(value: Tensor, gate: Tensor) -> Tensor:
    """value * sigmoid(gate): the gate opens between 0 and 1. {cite}`dauphin2017`"""
    return _gated("glu", value, gate, get("sigmoid"))


@_entry
def bilinear(value: Tensor, gate: Tensor) -> Tensor:
    """value * gate: no function at all, and not linear either. {cite}`dauphin2017`"""
    return _gated("bilinear", value, gate, get("identity"))


@_entry
def reglu(value: Tensor, gate: Tensor) -> Tensor:
    """value * relu(gate). {cite}`shazeer2020`"""
    return _gated("reglu", value, gate, get("relu"))


@_entry
def geglu(value: Tensor, gate: Tensor) -> Tensor:
    """value * gelu(gate), with the exact GELU. {cite}`shazeer2020`"""
    return _gated("geglu", value, gate, get("gelu"))


@_entry
def swiglu(value: Tensor, gate: Tensor) -> Tensor:
    """value * silu(gate). {cite}`shazeer2020`"""
    return _gated("swiglu", value, gate, get("silu"))


@_entry
def clamped_swiglu(value: Tensor, gate: Tensor, limit: float = 7.0, beta: float = 1.702) -> Tensor:
    """(value + 1) * swish(gate), the value cut off at both ends and the gate above, as in gpt-oss. {cite}`openai2025`

    So no output is larger than (limit + 1) limit. Where one of them is cut off its gradient is 0. beta is that of the
    swish. Raises ValueError if limit is not positive.
    """
    if limit <= 0:
        raise ValueError(f"clamped_swiglu: limit must be positive, got {limit:g}")

    def cut(value, gate):
        # not clamp: its gradient at its ends is 1 up to torch 2.13 and 0 from 2.14 on
        return get("hardtanh", min_val=-limit, max_val=limit)(value) + 1, torch.where(gate >= limit, limit, gate)

    settings = {"limit": limit, "beta": beta}
    return _gated("clamped_swiglu", value, gate, get("swish", beta=beta), cut, settings)


def _gated(
    name: str,
    value: Tensor,
    gate: Tensor,
    activation: Activation,
    before: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] = lambda value, gate: (value, gate),
    settings: Mapping[str, float] = MappingProxyType({}),
) -> Tensor:
    """What `before` makes of the value, times the activation of what it makes of the gate."""
    if isinstance(value, torch.fx.Proxy):  # one call in the graph that torch.fx writes
        return value.tracer.create_proxy("call_function", catalog[name], (value, gate), dict(settings))
    _require_halves(name, value, gate)
    if value.dtype in (torch.float16, torch.bfloat16):
        # what the gate lets through may be too small for a half, and the product not
        of_value, of_gate = before(value.float(), gate.float())
        return (of_value * activation(of_gate)).to(value.dtype)
    of_value, of_gate = before(value, gate)
    return of_value * activation(of_gate)


def _require_halves(name, value, gate):
    halves = (value, gate)
    floats = all(isinstance(half, Tensor) and half.is_floating_point() for half in halves)
    if floats and value.dtype == gate.dtype and value.shape == gate.shape:
        return
    got = [f"{h.dtype} of shape {tuple(h.shape)}" if isinstance(h, Tensor) else type(h).__name__ for h in halves]
    error = ValueError if floats and value.dtype == gate.dtype else TypeError
    raise error(f"{name} takes a value and a gate of one shape and one float dtype; got {got[0]}, and {got[1]}")


def matched_width(hidden: int, width: int, *, bias: bool = True, multiple_of: int = 1) -> int:
    """Hidden units of the gated block that comes nearest to the plain block, width -> hidden -> width, in parameters.

    A gated block has three matrices and not two, so about two thirds of the units {cite}`shazeer2020`; biases count.
    The answer is a multiple of multiple_of, and at least one of it: the nearest, where the code of some language
    models rounds up and so makes its gated blocks the larger. Raises ValueError if a number is not positive.
    """
    if min(hidden, width, multiple_of) < 1:
        raise ValueError(f"hidden, width and multiple_of are positive; got {hidden}, {width} and {multiple_of}")
    fixed = _gated_parameters(0, width, bias)
    step = _gated_parameters(multiple_of, width, bias) - fixed
    spend = _plain_parameters(hidden, width, bias) - fixed
    return multiple_of * max(1, (2 * spend + step) // (2 * step))  # to the nearest, in whole numbers


def _plain_parameters(hidden, width, bias):
    return 2 * width * hidden + bias * (hidden + width)


def _gated_parameters(hidden, width, bias):
    return 3 * width * hidden + bias * (2 * hidden + width)


class GatedFeedForward(nn.Module):
    """The feed-forward block of a transformer with a gate: down(gate function(value(x), gate(x))).

    It takes and returns tensors of shape (..., width). hidden: units of the plain block (Linear, activation, Linear)
    that it is matched to in parameters, 4 * width unless given. Its own units, `layer.hidden`, are the
    `matched_width` of that; `layer.parameter_counts` has the parameters of both.

    gate: a name in `catalog`, or a function of (value, gate). Weights and biases are drawn from the seed as nn.Linear
    draws them, uniform within 1 / sqrt(fan in). Raises KeyError, listing the gates, if there is none of that name.
    """

    def __init__(
        self,
        width: int,
        hidden: int | None = None,
        gate: str | Callable[[Tensor, Tensor], Tensor] = "swiglu",
        *,
        bias: bool = True,
        multiple_of: int = 1,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__()
        self.function = gate if callable(gate) else _lookup(gate)
        self.plain_hidden = 4 * width if hidden is None else hidden
        self.hidden = matched_width(self.plain_hidden, width, bias=bias, multiple_of=multiple_of)
        generator = torch.Generator().manual_seed(seed)
        self.value = _linear(width, self.hidden, bias, dtype, generator)
        self.gate = _linear(width, self.hidden, bias, dtype, generator)
        self.down = _linear(self.hidden, width, bias, dtype, generator)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.function(self.value(x), self.gate(x)))

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Parameters of this block, "gated", and of the plain one that it is matched to, "plain"."""
        width, bias = self.value.in_features, self.value.bias is not None
        return {
            "gated": sum(parameter.numel() for parameter in self.parameters()),
            "plain": _plain_parameters(self.plain_hidden, width, bias),
        }

    def extra_repr(self) -> str:
        return f"function={getattr(self.function, '__name__', self.function)}"


class CReLU(nn.Module):
    """relu(z) and relu(-z) one after the other along dim, which comes out twice as long {cite}`shang2016`.

    No gate, and no entry of the catalog either, for it is not one number in, one number out: what a ReLU throws away
    is kept beside the rest, and z is their difference. dim: of the channels, 1 as in torch.nn.PReLU. It takes a
    tensor of floats, and raises TypeError for anything else, IndexError if there is no such dim.
    """

    def __init__(self, dim: int = 1):
        super().__init__()
        self.dim = dim

    def forward(self, z: Tensor) -> Tensor:
        relu = get("relu")
        return torch.cat([relu(z), relu(-z)], self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


def _lookup(name):
    return catalog[one_of(catalog, name, "gate")]


@torch.no_grad()
def _linear(fan_in, fan_out, bias, dtype, generator):
    # skip_init: the weights are drawn here, and torch's global generator stays where it is
    layer = nn.utils.skip_init(nn.Linear, fan_in, fan_out, bias=bias, dtype=dtype)
    reach = 1 / math.sqrt(fan_in)
    for parameter in layer.parameters():
        parameter.uniform_(-reach, reach, generator=generator)
    return layer
