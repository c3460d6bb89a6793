"""Where a layer keeps a weight: as a parameter, or as others that it is computed from."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, nn, norm_except_dim
from torch.nn.utils import parametrize, prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

__all__ = ["Place", "place_of", "refusal"]


class Place(NamedTuple):
    """Where a tensor of a layer is kept: the parameters behind it, how new values are put there, and a note."""

    parameters: tuple[nn.Parameter, ...]
    put: Callable[[Tensor], None] | None
    note: str = ""


def place_of(layer, key, name):
    """Where a tensor is kept; ValueError where nothing that is put there would stay."""
    if parametrize.is_parametrized(layer, key):
        chain = layer.parametrizations[key]
        kinds = ", ".join(getattr(part, "__name__", type(part).__name__).lstrip("_") for part in chain)
        return Place(tuple(chain.parameters()), lambda values: setattr(layer, key, values), f"through {kinds}")
    for hook in layer._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm) and hook.name == key:
            return _by_length(layer, key, hook)
        if isinstance(hook, SpectralNorm) and hook.name == key:
            raise ValueError(refusal(name, "SpectralNorm"))
        if isinstance(hook, prune.BasePruningMethod) and hook._tensor_name == key:
            return _masked(layer, key, hook)
    if key not in layer._parameters and key not in layer._buffers:
        raise ValueError(refusal(name, type(layer).__name__))  # what is written there would be lost
    return Place((getattr(layer, key),), None)


def _by_length(layer, key, hook):
    """What torch.nn.utils.weight_norm computes, from lengths g and directions v."""
    g, v = getattr(layer, f"{key}_g"), getattr(layer, f"{key}_v")

    def put(values):
        v.copy_(values)
        g.copy_(norm_except_dim(values, 2, hook.dim))
        setattr(layer, key, hook.compute_weight(layer))

    return Place((g, v), put, "through WeightNorm")


def _masked(layer, key, hook):
    original, mask = getattr(layer, f"{key}_orig"), getattr(layer, f"{key}_mask")

    def put(values):
        original.copy_(values)
        setattr(layer, key, hook.apply_mask(layer))

    return Place((original,), put, f"pruned, {1 - mask.double().mean().item():.0%} stay 0")


def refusal(name, kind):
    return (
        f"{name} is computed by {kind}, which would not keep the numbers that are drawn: take it off, initialize, "
        "and put it on again"
    )
