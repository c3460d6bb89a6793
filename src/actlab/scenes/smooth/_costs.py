"""What a function costs in time, alone and in a layer, and what it keeps for the backward pass."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from ... import activations, gates, plot, results, theory
from ...tables import Table
from .. import drawn

__all__ = [
    "TIMED",
    "TightGELU",
    "alone",
    "block",
    "cost_figure",
    "cost_table",
    "costs",
    "gated",
    "in_layer",
    "inverse",
    "kept",
    "prices_table",
    "ratios",
    "ratios_table",
    "same_value",
    "tight_table",
]

F64 = torch.float64
TIMED = ("relu", "hardswish", "tanh", "silu", "gelu", "softplus", "gelu_tanh", "mish")
KINDS = {"forward_ratio": "value", "both_ratio": "and slope", "layer_ratio": "in a layer"}


# ---- the stored measurement -------------------------------------------------------------------------------------


def costs() -> dict[str, dict[str, Any]]:
    """The rows of data/activation_cost for torch's own functions, by name."""
    return {row["activation"]: row for row in results.load("activation_cost") if row["form"] == "torch"}


def cost_table(cost: Mapping[str, Mapping[str, Any]], names: Sequence[str] = TIMED) -> Table:
    """Time in units of ReLU's: for a value, with the slope, and in a layer."""
    rows = [(name, *(f"{cost[name][column]:.2f}" for column in KINDS)) for name in names]
    return Table(["function", *KINDS.values()], rows, caption="Time in units of ReLU's.")


def cost_figure(cost: Mapping[str, Mapping[str, Any]], names: Sequence[str] = TIMED) -> Figure:
    """Value and gradient alone and in a layer, on a log axis."""
    fig, ax = plt.subplots(figsize=(5.8, 3.4))
    rows = sorted(names, key=lambda name: cost[name]["both_ratio"])
    for i, name in enumerate(rows):
        apart, inside = cost[name]["both_ratio"], cost[name]["layer_ratio"]
        ax.plot([inside, apart], [i, i], color=plot.GREY, linewidth=1, zorder=0)
        ax.plot(apart, i, "o", color=plot.ORANGE, label="alone" if i == 0 else None)
        ax.plot(inside, i, "s", color=plot.BLUE, label="in a layer" if i == 0 else None)
    ax.axvline(1, color=plot.GREY, linewidth=0.8, linestyle=":")
    ax.set(yticks=range(len(rows)), yticklabels=rows, xscale="log", xlim=(0.8, 9))
    ax.set(xticks=[1, 2, 4, 8], xlabel="time in units of ReLU's (value and gradient)")
    ax.set_xticklabels(["1", "2", "4", "8"])
    ax.xaxis.minorticks_off()
    ax.legend(loc="lower right")
    return drawn(fig)


# ---- a stopwatch ------------------------------------------------------------------------------------------------


def ratios(tasks: Mapping[str, Callable[[], Any]], rounds: int = 15) -> dict[str, np.ndarray]:
    """Median time of each task in units of the first, and its quartiles, shape (3,) each.

    Each round times everything once, in a new order, by the processor time of this thread: other programs disturb it
    less, and a slow second hits all tasks.
    """
    names, shuffled = list(tasks), random.Random(0)
    seconds = {name: [] for name in names}
    for _ in range(rounds):
        for name in shuffled.sample(names, len(names)):
            tasks[name]()  # once to warm up, once timed
            began = time.thread_time_ns()
            tasks[name]()
            seconds[name].append(time.thread_time_ns() - began)
    first = np.array(seconds[names[0]])
    return {name: np.quantile(np.array(seconds[name]) / first, [0.5, 0.25, 0.75]) for name in names}


def ratios_table(columns: Mapping[str, Mapping[str, np.ndarray]]) -> Table:
    """What `ratios` gives, side by side."""
    names = list(next(iter(columns.values())))
    rows = [(name, *("{:.2f} ({:.2f} to {:.2f})".format(*of[name]) for of in columns.values())) for name in names]
    return Table(["task", *columns], rows, caption="Median and quartiles, in units of the first row.")


def _with_gradients(f, *inputs):
    a = f(inputs[0] if len(inputs) == 1 else inputs[0] @ inputs[1])
    return torch.autograd.grad(a, inputs, torch.ones_like(a))


def alone(names: Sequence[str] = TIMED, *, n: int = 100_000) -> dict[str, Callable[[], Any]]:
    """A task for each function: value and gradient of n numbers."""
    z = torch.randn(n, generator=torch.Generator().manual_seed(0)).requires_grad_()
    return {name: partial(_with_gradients, activations.get(name).torch_function, z) for name in names}


def in_layer(names: Sequence[str] = TIMED, *, width: int = 512, batch: int = 128) -> dict[str, Callable[[], Any]]:
    """A task for each function: value and gradients of a square layer."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(batch, width, generator=generator).requires_grad_()
    matrix = (torch.randn(width, width, generator=generator) / width**0.5).requires_grad_()
    return {name: partial(_with_gradients, activations.get(name).torch_function, x, matrix) for name in names}


def block(
    f: Callable[..., Tensor], gate: bool, *, width: int = 256, hidden: int = 1024, batch: int = 128
) -> Callable[[], Any]:
    """A task: values and gradients of a plain or a gated block, at equal parameters."""
    units = gates.matched_width(hidden, width, bias=False) if gate else hidden
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(batch, width, generator=generator)
    up = [torch.randn(width, units, generator=generator) / width**0.5 for _ in range(1 + gate)]
    down = torch.randn(units, width, generator=generator) / units**0.5
    weights = [weight.requires_grad_() for weight in (*up, down)]

    def run():
        out = f(*(x @ weight for weight in weights[:-1])) @ weights[-1]
        return torch.autograd.grad(out, weights, torch.ones_like(out))

    return run


# ---- what is kept -----------------------------------------------------------------------------------------------


def kept(
    function: Callable[..., Tensor], inputs: int = 1, *, batch: int = 32, width: int = 48, hidden: int = 256
) -> float:
    """What Linear, function, Linear keep for the backward pass, in float32 tensors of the hidden layer's size.

    inputs: pre-activations of the hidden layer, 2 for a gate. What counts is bytes, of tensors of the hidden layer's
    shape and of bits that were packed into bytes.
    """
    x, seen = torch.zeros(batch, width), {}
    first = [torch.zeros(width, hidden, requires_grad=True) for _ in range(inputs)]
    second = torch.zeros(hidden, width, requires_grad=True)

    def note(tensor):
        if tensor.shape == (batch, hidden) or tensor.dtype == torch.uint8:
            seen[tensor.untyped_storage().data_ptr()] = tensor.nbytes / (4 * batch * hidden)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        function(*(x @ weight for weight in first)) @ second
    return sum(seen.values())


def gated(value: Tensor, gate: Tensor) -> Tensor:
    """SwiGLU in torch's own functions."""
    return value * functional.silu(gate)


def prices_table(cost: Mapping[str, Mapping[str, Any]], names: Sequence[str] = TIMED) -> Table:
    """Time alone and in a layer, value and gradient, in units of ReLU's, and tensors kept, by torch's functions."""
    rows = []
    for name in names:
        tensors = kept(activations.get(name).torch_function)
        rows.append((name, *(f"{cost[name][c]:.2f}" for c in ("both_ratio", "layer_ratio")), f"{tensors:g}"))
    return Table(["function", "time alone", "in a layer", "tensors kept"], rows)


def same_value(value: float = -0.1) -> Table:
    """The two z at which GELU takes a value, and its slope there."""
    gelu, (turn, _) = activations.get("gelu"), theory.minimum("gelu")
    rows = []
    for right in (False, True):
        z = inverse(torch.tensor([value], dtype=F64), torch.tensor([right]))
        rows.append((f"{'right' if right else 'left'} of {turn:.3f}", f"{z.item():.3f}", f"{gelu(z).item():.3f}",
                     f"{gelu.slope(z).item():+.3f}"))  # fmt: skip
    return Table(["side", "z", "GELU", "slope"], rows)


def inverse(a: Tensor, right: Tensor, *, turns: int = 60) -> Tensor:
    """The z with GELU(z) = a, by halving, in float64: right says on which side of the lowest point."""
    gelu, (turn, _) = activations.get("gelu"), theory.minimum("gelu")
    a = a.to(F64)
    # on either side GELU is monotone, so halving finds it
    near, far = torch.full_like(a, turn), torch.where(right, a.clamp(min=0) + 1, -40.0)
    for _ in range(turns):
        middle = (near + far) / 2
        below = gelu(middle) < a
        near, far = torch.where(below, middle, near), torch.where(below, far, middle)
    return (near + far) / 2


class TightGELU(torch.autograd.Function):
    """GELU that keeps its output and one bit for each number, and not its input.

    The bit says on which side of the lowest point the input was; backward finds the input again by halving.
    """

    @staticmethod
    def forward(ctx, z: Tensor) -> Tensor:
        """GELU of z, any shape, in float32 or a half format."""
        a = functional.gelu(z)
        right = (z > theory.minimum("gelu")[0]).view(-1)
        bits = torch.nn.functional.pad(right, (0, -len(right) % 8)).view(-1, 8).to(torch.uint8)
        packed = (bits << torch.arange(8, dtype=torch.uint8)).sum(1, dtype=torch.uint8)
        ctx.save_for_backward(a, packed)
        return a

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        """The gradient times the slope at the input that is found again."""
        a, packed = ctx.saved_tensors
        bits = (packed[:, None] >> torch.arange(8, dtype=torch.uint8)) & 1
        right = bits.view(-1)[: a.numel()].view(a.shape).bool()
        return gradient * activations.get("gelu").slope(inverse(a, right)).to(gradient.dtype)


def tight_table(*, n: int = 20_000, seed: int = 3) -> Table:
    """How far the slope of `TightGELU` is from the exact one, for z ~ N(0, 1), in two formats."""
    gelu, rows = activations.get("gelu"), []
    for dtype in (torch.float32, torch.bfloat16):
        z = torch.randn(n, generator=torch.Generator().manual_seed(seed)).to(dtype).requires_grad_()
        (slope,) = torch.autograd.grad(TightGELU.apply(z).sum(), z)
        off = (slope.double() - gelu.slope(z.detach().double())).abs()
        rows.append((str(dtype)[6:], f"{off.mean():.0e}", f"{off.max():.0e}"))
    return Table(["format", "slope off by, mean", "at most"], rows)
