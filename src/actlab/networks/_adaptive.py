"""Units that learn their own shape, and the convolutional networks in which they were tried."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .._floats import require_float, require_float_type
from ..activations import get

__all__ = ["APL", "conv_net", "conv_stack"]

STARTS = ("he", "zero")


class APL(nn.Module):
    """Adaptive piecewise linear units: max(0, z) and hinges beside it, for each unit its own.

    A unit is max(0, z) plus the sum over s of a_s max(0, b_s - z) {cite}`agostinelli2015`.
    units: how many; the input has as many columns, shape (batch, units), or channels, shape (batch, units, height,
    width), and all positions of a channel share its function. hinges: S. The layer has 2 S units numbers to learn,
    `a` and `b` of shape (S, units), and the output has the input's shape and dtype.
    start: "he" draws both from the normal distribution of standard deviation sqrt(2 / units), which is what torch's
    `kaiming_normal_` makes of a tensor of that shape; "zero" sets a to 0, so that each unit starts as a ReLU, and
    draws b alike. frozen: keep both as they were drawn; they are buffers then, and there is nothing to learn.
    Raises KeyError for another start, ValueError where there is no unit or no hinge, or the input has not `units`.
    """

    one_function = True  # of each number, however many operations it takes: the package's instruments see it as one

    def __init__(
        self,
        units: int,
        hinges: int = 5,
        *,
        start: str = "he",
        frozen: bool = False,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__()
        if units < 1 or hinges < 1:
            raise ValueError(f"there is at least one unit and one hinge, got units={units}, hinges={hinges}")
        require_float_type(dtype, "APL")
        if start not in STARTS:
            raise KeyError(f"no start named {start!r}; there are {', '.join(STARTS)}")
        generator = torch.Generator().manual_seed(seed)
        # drawn in float64, so that one seed gives the same units in every dtype
        a, b = torch.randn(2, hinges, units, generator=generator, dtype=torch.float64) * math.sqrt(2 / units)
        keep = self.register_buffer if frozen else lambda name, value: setattr(self, name, nn.Parameter(value))
        keep("a", (torch.zeros_like(a) if start == "zero" else a).to(dtype))
        keep("b", b.to(dtype))
        self.units, self.hinges, self.start, self.frozen = units, hinges, start, frozen

    def forward(self, z: Tensor) -> Tensor:
        if isinstance(z, torch.fx.Proxy):  # a leaf of the graph, as torch's own layers are
            return z.tracer.create_proxy("call_module", z.tracer.path_of_module(self), (z,), {})
        require_float(z, "APL")
        if z.ndim < 2 or z.shape[1] != self.units:
            raise ValueError(f"these are {self.units} units; the input has shape {tuple(z.shape)}")
        # torch.func's transforms and make_fx, whose graph is to be differentiated, take no operation on a buffer
        written = torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY) is not None
        apply = _in_steps if written or torch._C._are_functorch_transforms_active() else _Hinges.apply
        return apply(z, self.a.to(z.dtype), self.b.to(z.dtype))

    def extra_repr(self) -> str:
        return f"{self.units}, hinges={self.hinges}, start={self.start!r}, frozen={self.frozen}"


class _Hinges(torch.autograd.Function):
    # Autograd would keep two tensors of the input's size for each hinge; this keeps the input alone, and works in
    # two buffers. Open hinges are marked by sign(), because comparisons that give bool cost five times as much.
    @staticmethod
    def forward(ctx, z, a, b):
        ctx.save_for_backward(z, a, b)
        out, height = z.clamp(min=0), torch.empty_like(z)
        for a_s, b_s in zip(*_beside(z, a, b), strict=True):
            out.addcmul_(torch.sub(b_s, z, out=height).clamp_(min=0), a_s)
        return out

    @staticmethod
    def backward(ctx, grad):
        z, a, b = ctx.saved_tensors
        if torch.is_grad_enabled():  # for a derivative of the derivative
            wanted = [t for t, needed in zip((z, a, b), ctx.needs_input_grad, strict=True) if needed]
            found = iter(torch.autograd.grad(_in_steps(z, a, b), wanted, grad, create_graph=True))
            return tuple(next(found) if needed else None for needed in ctx.needs_input_grad)
        others = [i for i in range(z.ndim) if i != 1]
        to_z, to_a, to_b = z.clamp(min=0).sign_().mul_(grad), torch.empty_like(a), torch.empty_like(b)
        height, through = torch.empty_like(z), torch.empty_like(z)
        for s, (a_s, b_s) in enumerate(zip(*_beside(z, a, b), strict=True)):
            torch.sub(b_s, z, out=height).clamp_(min=0)
            to_a[s] = torch.mul(height, grad, out=through).sum(others)
            torch.mul(height.sign_(), grad, out=through)  # what reaches the open hinges
            to_b[s] = through.sum(others)
            to_z.addcmul_(through, a_s, value=-1)
        return to_z, to_a, to_b.mul_(a)


def _in_steps(z, a, b):
    """What `_Hinges` computes, in steps that torch can differentiate as often as anybody likes."""
    out = torch.relu(z)
    for a_s, b_s in zip(*_beside(z, a, b), strict=True):
        out = torch.addcmul(out, torch.relu(b_s - z), a_s)
    return out


def _beside(z, a, b):
    """a and b so that a row of them, one number for each unit, multiplies z along its second axis."""
    shape = (len(a), 1, -1, *[1] * (z.ndim - 2))
    return a.view(shape), b.view(shape)


def conv_net(
    activation: str,
    *,
    widths: Sequence[int] = (96, 128, 256),
    hidden: Sequence[int] = (2048, 2048),
    channels: int = 3,
    side: int = 32,
    classes: int = 10,
    dropout: tuple[float, float] = (0.25, 0.5),
    hinges: int = 5,
    start: str = "he",
    frozen: bool = False,
    seed: int = 0,
) -> nn.Sequential:
    """The network of section 5 of {cite}`park2024`, after {cite}`agostinelli2015`; images in, logits out.

    Three convolutions of 5 x 5 with `widths` filters, each with the activation and a pooling of 3 x 3 at stride 2,
    the largest at first and then twice the mean; then Linear layers of `hidden` units with the activation, and one
    to the logits, shape (batch, classes). dropout: after a pooling, after a hidden Linear layer. channels, side: of
    the images, shape (batch, channels, side, side).
    activation: "apl" has `APL` units with the given hinges, start and frozen, "prelu" a slope for each channel, and
    every other name of the catalog its layer. Weights and biases are torch's: uniform within 1 / sqrt(fan in), drawn
    from the seed, and the same whatever the activation. Raises KeyError for an unknown name, and ValueError where
    images are too small or there are not three widths.
    """
    if len(widths) != 3:
        raise ValueError(f"the network has three convolutions; got widths {tuple(widths)}")
    layers: list[nn.Module] = []
    pools = (nn.MaxPool2d, nn.AvgPool2d, nn.AvgPool2d)
    before, rest = channels, side
    for i, (width, pool) in enumerate(zip(widths, pools, strict=True)):
        layers += [
            nn.utils.skip_init(nn.Conv2d, before, width, 5, padding=2),
            _units(activation, width, hinges, start, frozen, seed=1000 * (seed + 1) + i),
            pool(3, stride=2),
            nn.Dropout(dropout[0]),
        ]
        before, rest = width, (rest - 3) // 2 + 1
    if rest < 1:
        raise ValueError(f"images of side {side} end before the third pooling; 15 is the least")
    layers.append(nn.Flatten())
    before *= rest * rest
    for i, width in enumerate(hidden, start=len(widths)):
        layers += [
            nn.utils.skip_init(nn.Linear, before, width),
            _units(activation, width, hinges, start, frozen, seed=1000 * (seed + 1) + i),
            nn.Dropout(dropout[1]),
        ]
        before = width
    layers.append(nn.utils.skip_init(nn.Linear, before, classes))
    return _drawn(nn.Sequential(*layers), seed)


def conv_stack(
    activation: str,
    depth: int,
    *,
    width: int = 64,
    channels: int = 3,
    classes: int = 10,
    hinges: int = 5,
    start: str = "he",
    frozen: bool = False,
    seed: int = 0,
) -> nn.Sequential:
    """The second network of section 5 of {cite}`park2024`: as deep as is asked for, images of any size in.

    `depth` convolutions of 3 x 3 with `width` filters and the activation, the mean of each channel, and a Linear
    layer to the logits, shape (batch, classes). The rest as in `conv_net`. Raises ValueError where depth is not
    positive.
    """
    if depth < 1:
        raise ValueError(f"there is at least one convolution, got depth={depth}")
    layers: list[nn.Module] = []
    for i in range(depth):
        layers += [
            nn.utils.skip_init(nn.Conv2d, width if i else channels, width, 3, padding=1),
            _units(activation, width, hinges, start, frozen, seed=1000 * (seed + 1) + i),
        ]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.utils.skip_init(nn.Linear, width, classes)]
    return _drawn(nn.Sequential(*layers), seed)


def _units(activation, units, hinges, start, frozen, seed):
    """The activation's layer for so many units; seeds are far from those of the weights."""
    if activation == "apl":
        return APL(units, hinges, start=start, frozen=frozen, seed=seed)
    layer = get(activation).module(seed=seed)
    return nn.PReLU(units) if activation == "prelu" else layer


@torch.no_grad()
def _drawn(network, seed):
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            reach = 1 / math.sqrt(layer.weight[0].numel())
            layer.weight.uniform_(-reach, reach, generator=generator)
            layer.bias.uniform_(-reach, reach, generator=generator)
    return network
