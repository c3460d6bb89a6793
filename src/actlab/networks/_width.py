"""A start and rates that keep the updates of a network of one size as it gets wider."""

import torch
from torch import nn

__all__ = ["mup"]


@torch.no_grad()
def mup(network: nn.Module, narrow: nn.Module, rate: float) -> list[dict]:
    """Put a network into the maximal update parametrisation, in place; return the groups for `torch.optim.Adam`.

    narrow: the same network at the width that the rate was tuned at; only its shapes are read. network: started by a
    rule that divides the variance of weights by the fan-in. With r the fan-in of a Linear weight over the narrow
    one's, Table 3 of {cite}`yang2021` says: where both fans grow, rate / r; where the fan-in alone grows (the last
    layer), rate / r and the weight divided by sqrt(r), so that its deviation falls as 1 / fan-in; all others, vectors
    among them, keep both. At the narrow width nothing changes.

    A group has the keys `name`, `params` and `lr`, one for each parameter, in their order. Raises ValueError, before
    a weight is touched, where the parameters are not the narrow network's but for their sizes, or a matrix is not a
    Linear layer's: what rule it has depends on the layer.
    """
    own, small = dict(network.named_parameters()), dict(narrow.named_parameters())
    if list(own) != list(small) or any(own[name].dim() != small[name].dim() for name in own):
        raise ValueError("a network and its narrow one have the same parameters, but for their sizes")
    linear = {id(layer.weight) for layer in network.modules() if isinstance(layer, nn.Linear)}
    for name, parameter in own.items():
        if parameter.dim() > 1 and id(parameter) not in linear:
            raise ValueError(f"there is no rule here for {name}: only Linear layers have matrices that are scaled")
    groups = []
    for name, parameter in own.items():
        r = parameter.shape[1] / small[name].shape[1] if parameter.dim() > 1 else 1.0
        if r != 1 and parameter.shape[0] == small[name].shape[0]:
            parameter.div_(r**0.5)
        groups.append({"name": name, "params": [parameter], "lr": rate / r})
    return groups
