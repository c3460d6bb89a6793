"""Networks of linear layers, and the fold of a linear one into one layer."""

from collections.abc import Sequence

import torch
from torch import nn

from .._floats import require_float_type
from .._names import one_of
from ..activations import Activation, Elementwise, get
from ._norms import DyT
from ._starts import initialize

__all__ = ["collapse", "mlp"]

NORMS = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d, "dyt": DyT}


def mlp(
    sizes: Sequence[int],
    activation: str | Activation,
    *,
    scheme: str | float = "torch",
    norm: str | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> nn.Sequential:
    """Linear layers of the given sizes with the activation between them; no activation after the last.

    sizes: features in, units of each hidden layer, outputs: `[2, 16, 8, 1]` has two hidden layers. norm: "layer",
    "batch" or "dyt", what stands between a hidden layer and its activation {cite}`ba2016,ioffe2015,zhu2025`; None for
    nothing.
    Weights come from `initialize(network, scheme, seed=seed)`, the same with a norm and without. What an activation
    draws in training comes from seed + i in hidden layer i: runs that are compared begin at seeds further apart than
    there are layers, or the second layer of one draws as the first of the next. Raises ValueError if fewer than two
    sizes are given, KeyError, listing them, for a norm that there is not, and TypeError for a dtype that torch does
    not compute in.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes names at least inputs and outputs, all positive; got {list(sizes)}")
    require_float_type(dtype, "mlp")
    if norm is not None:
        one_of(NORMS, norm, "norm")
    activation = get(activation)
    layers: list[nn.Module] = []
    for i in range(len(sizes) - 1):
        if i:
            if norm is not None:
                layers.append(NORMS[norm](sizes[i], dtype=dtype))
            layers.append(activation.module(dtype=dtype, seed=seed + i))
        # skip_init: the weights are drawn below, from the seed, and torch's global generator stays where it is
        layers.append(nn.utils.skip_init(nn.Linear, sizes[i], sizes[i + 1], dtype=dtype))
    return initialize(nn.Sequential(*layers), scheme, seed=seed).network


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
