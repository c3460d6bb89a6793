"""How a function gets the slope that is written for it: in eager torch, compiled, and forward over forward."""

import inspect

import torch
from torch import Tensor
from torch.autograd import forward_ad

__all__ = ["Compiled", "Differentiated", "expanded", "forward_levels"]


class Differentiated(torch.autograd.Function):
    # Torch would differentiate the program; this differentiates the function. The two part in the tails, where
    # 1 - tanh(z)**2 is 0 long before tanh' is.
    generate_vmap_rule = True

    @staticmethod
    def forward(z, function, slope_function):
        return function(z)

    @staticmethod
    def setup_context(ctx, inputs, output):
        z, _, ctx.slope = inputs
        ctx.save_for_backward(z)
        ctx.save_for_forward(z)

    @staticmethod
    def jvp(ctx, change, *_):
        (z,) = ctx.saved_tensors
        return change * ctx.slope(z)

    @staticmethod
    def backward(ctx, grad):
        (z,) = ctx.saved_tensors
        if not torch.is_grad_enabled():
            return _times_slope(grad, z, ctx.slope), None, None
        slope = ctx.slope(z)
        if not slope.requires_grad:
            slope = slope + 0 * z.clamp(-1, 1)  # a constant slope has a slope too: 0, and not an error
        return grad * slope, None, None


# torch asks for it in each call, and to find it takes a third of the time of a call on a small tensor
Differentiated.forward.__signature__ = inspect.signature(Differentiated.forward)


BLOCK = 2**15  # numbers for each thread: torch gives no thread fewer, and a few such tensors fit a second cache


def _times_slope(grad, z, slope_function):
    """grad * slope_function(z), of a large z block by block.

    A slope is up to ten operations. Of a block their results stay in the cache; of a whole large tensor each would be
    written to memory that is new, and fetched again. Where somebody else sees the operations they are left whole.
    """
    size = BLOCK * torch.get_num_threads()
    seen = torch._C._are_functorch_transforms_active() or torch._C._len_torch_dispatch_stack()
    if z.numel() <= size or seen or forward_ad._current_level >= 0:
        return grad * slope_function(z)
    kinds = {(type(t), t.shape, t.dtype, t.device.type, t.is_contiguous()) for t in (grad, z)}
    if kinds != {(Tensor, z.shape, z.dtype, "cpu", True)}:
        return grad * slope_function(z)
    out = torch.empty_like(z)
    for place, *parts in zip(*(t.view(-1).split(size) for t in (out, grad, z)), strict=True):
        torch.mul(parts[0], slope_function(parts[1]), out=place)
    return out


class Compiled(torch.autograd.Function):
    # Dynamo takes no Function that has a jvp of its own.
    @staticmethod
    def forward(ctx, z, function, slope_function):
        ctx.save_for_backward(z)
        ctx.slope = slope_function
        return function(z)

    @staticmethod
    def backward(ctx, grad):
        (z,) = ctx.saved_tensors
        return grad * ctx.slope(z), None, None


class _Displacement(torch.autograd.Function):
    # z minus itself: 0, whose derivative by z is 1 and whose others are 0, infinity included.
    generate_vmap_rule = True

    @staticmethod
    def forward(z):
        return torch.zeros_like(z)

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def jvp(ctx, change):
        return change.view_as(change)

    @staticmethod
    def backward(ctx, grad):
        return grad


def forward_levels():
    """How many derivatives may be taken, an ordinary backward at the end included, if two are forward; else 0."""
    kinds = [level.key() for level in torch._C._functorch.get_interpreter_stack() or ()]
    forward = kinds.count(torch._C._functorch.TransformType.Jvp)
    backward = kinds.count(torch._C._functorch.TransformType.Grad) + torch.is_grad_enabled()
    return forward + backward if forward > 1 else 0


def expanded(z, function, slope_function, order):
    """function(z) as Taylor's series of that order around z, whose derivatives are the written slope and its own.

    For forward over forward: there the outer of two derivatives does not see what the jvp of a Function computes
    from what it has saved (pytorch issue 197867), and finds 0.
    """
    if not z.dim():  # torch's forward mode may make a float64 of a single float32
        return expanded(z.reshape(1), function, slope_function, order).reshape(())
    at, away = z.detach(), _Displacement.apply(z)
    value, power, derivative = function(at), torch.ones_like(at), slope_function
    for n in range(1, order + 1):
        power = power * away / n
        value = value + power * derivative(at)
        derivative = _derivative(derivative)
    return value


def _derivative(function):
    return lambda z: torch.func.jvp(function, (z,), (torch.ones_like(z),))[1]
