"""Networks of linear layers, ways to start them, and the fold of a linear one into one layer."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import nn

from .. import theory
from .._names import one_of
from ..activations import Activation, Elementwise, get

__all__ = ["collapse", "initialize", "mlp", "schemes"]


def mlp(
    sizes: Sequence[int],
    activation: str | Activation,
    *,
    scheme: str | float = "torch",
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> nn.Sequential:
    """Linear layers of the given sizes with the activation between them; no activation after the last.

    sizes: features in, units of each hidden layer, outputs: `[2, 16, 8, 1]` has two hidden layers.
    Weights come from `initialize(network, scheme, seed=seed)`. Raises ValueError if fewer than two sizes are given.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes names at least inputs and outputs, all positive; got {list(sizes)}")
    activation = get(activation)
    layers: list[nn.Module] = []
    for i in range(len(sizes) - 1):
        if i:
            layers.append(activation.module(dtype=dtype, seed=seed + i))
        # skip_init: the weights are drawn below, from the seed, and torch's global generator stays where it is
        layers.append(nn.utils.skip_init(nn.Linear, sizes[i], sizes[i + 1], dtype=dtype))
    return initialize(nn.Sequential(*layers), scheme, seed=seed)


def _torch_default(weight, bias, gain, generator):
    reach = 1 / math.sqrt(weight.shape[1])
    weight.uniform_(-reach * gain, reach * gain, generator=generator)
    if bias is not None:
        bias.uniform_(-reach, reach, generator=generator)


def _zero_bias(draw: Callable) -> Callable:
    def fill(weight, bias, gain, generator):
        draw(weight, gain, generator)
        if bias is not None:
            bias.zero_()

    return fill


def _normal(std: Callable[[int, int], float]) -> Callable:
    """Normal weights with a standard deviation that depends on fan-in and fan-out."""

    def draw(weight, gain, generator):
        fan_out, fan_in = weight.shape
        weight.normal_(0, gain * std(fan_in, fan_out), generator=generator)

    return _zero_bias(draw)


def _orthogonal(weight, gain, generator):
    nn.init.orthogonal_(weight, gain, generator=generator)


# What each scheme does to a layer's weight of shape (units out, units in) and its bias, times a gain.
schemes = {
    "torch": _torch_default,  # what nn.Linear does: uniform, variance 1 / (3 fan_in), the bias too
    "lecun": _normal(lambda fan_in, fan_out: math.sqrt(1 / fan_in)),
    "glorot": _normal(lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out))),
    "he": _normal(lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
    "orthogonal": _zero_bias(_orthogonal),
    "computed": _normal(lambda fan_in, fan_out: math.sqrt(1 / fan_in)),  # times the gain of the activation
}


@torch.no_grad()
def initialize(
    network: nn.Module, scheme: str | float = "torch", *, seed: int = 0, gain: float | str | Activation = 1.0
) -> nn.Module:
    """Draw the weights of every Linear layer anew, in place; return the network.

    scheme: a name in `schemes`, or a number: the standard deviation of normal weights. All but "torch" set biases to
    0. "lecun", "glorot", "he": normal weights {cite}`lecun1998,glorot2010,he2015`; "orthogonal": rows or columns of
    length 1 at right angles {cite}`saxe2014`; "computed": LeCun's times `theory.gain` of the activation that the
    network has. gain: what the weights are multiplied by; an activation stands for its `theory.gain`.
    Raises KeyError, listing the schemes, if there is none of that name, and ValueError for a negative number or for
    "computed" in a network that has not exactly one activation of the catalog.
    """
    number = gain if isinstance(gain, int | float) else theory.gain(gain)
    if not number >= 0:
        raise ValueError(f"a gain is 0 or more, got {number}")
    if isinstance(scheme, str):
        fill = schemes[one_of(schemes, scheme, "scheme", more=", or give a number")]
        if scheme == "computed":
            number *= theory.gain(_only_activation(network))
    else:
        if not scheme >= 0:
            raise ValueError(f"a standard deviation is 0 or more, got {scheme}")
        fill = _normal(lambda fan_in, fan_out: float(scheme))
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            fill(layer.weight, layer.bias, number, generator)
    return network


def _only_activation(network):
    found = {layer.activation for layer in network.modules() if isinstance(layer, Elementwise)}
    if len(found) != 1:
        names = ", ".join(sorted(act.name for act in found)) or "none"
        raise ValueError(
            f'the scheme "computed" needs a network with one activation of the catalog, this has {names}; '
            'give the gain yourself, as in initialize(network, "lecun", gain="gelu")'
        )
    return found.pop()


@torch.no_grad()
def collapse(network: nn.Sequential) -> nn.Linear:
    """One Linear layer with the same outputs as a stack of Linear layers, to rounding.

    Layers that apply the identity are passed over. Raises ValueError, naming the layer, if one is neither linear
    nor the identity: then no single layer has the same outputs.
    """
    weight = bias = None
    for position, layer in enumerate(network):
        if isinstance(layer, nn.Identity) or (isinstance(layer, Elementwise) and layer.activation.name == "identity"):
            continue
        if not isinstance(layer, nn.Linear):
            raise ValueError(f"layer {position} is {layer}: only Linear and identity layers can be folded")
        b = torch.zeros_like(layer.weight[:, 0]) if layer.bias is None else layer.bias
        if weight is None:
            weight, bias = layer.weight.clone(), b.clone()
        else:
            weight, bias = layer.weight @ weight, layer.weight @ bias + b
    if weight is None:
        raise ValueError("the network has no Linear layer to fold")
    folded = nn.utils.skip_init(nn.Linear, weight.shape[1], weight.shape[0], dtype=weight.dtype)
    folded.weight.copy_(weight)
    folded.bias.copy_(bias)
    return folded
