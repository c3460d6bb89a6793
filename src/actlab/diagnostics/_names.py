"""Which entry of the catalog a function is, whoever wrote it: found by its values, not by its name."""

import itertools
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from .. import activations
from ..activations import Activation

__all__ = ["entry_of", "function_name"]

# settings that torch hands over as numbers, by the entry and the setting that each may be
SETTINGS = {"leaky_relu": "negative_slope", "elu": "alpha", "celu": "alpha", "prelu": "slope", "swish": "beta"}
# torch's names for its kernels
KERNELS = {
    "_prelu_kernel": "prelu", "log_sigmoid_forward": "logsigmoid", "log_sigmoid": "logsigmoid",
    "rrelu_with_noise": "rrelu", "rrelu_with_noise_functional": "rrelu",
}  # fmt: skip


def entry_of(function: Callable[[Tensor], Tensor], numbers: Iterable[float] = ()) -> Activation | None:
    """The entry with the same values from -8 to 8, or None; numbers are tried as settings of those that have one."""
    grid = torch.linspace(-8, 8, 257)
    try:
        with torch.no_grad():
            values = function(grid.clone())
    except (
        RuntimeError,
        TypeError,
        ValueError,
        IndexError,
    ):  # it holds constants of another shape, or has no such form
        return None
    if values.shape != grid.shape or not values.isfinite().all():
        return None
    # the entries with their defaults first: of one function that has two names, the plainer one
    for act in itertools.chain(activations.catalog.values(), _with_settings(numbers)):
        if torch.allclose(values.float(), act(grid), rtol=1e-5, atol=2e-6):
            return act
    return None


def _with_settings(numbers):
    for number, (name, setting) in itertools.product(dict.fromkeys(numbers), SETTINGS.items()):
        try:
            yield activations.get(name, **{setting: number})
        except (KeyError, TypeError, ValueError):
            continue


def function_name(bases: list[str], act: Activation | None) -> str:
    """How a function is called: one operation by its name, several by the entry that they are, or by their names."""
    if len(bases) == 1:
        return KERNELS.get(bases[0], bases[0])
    return act.name if act else "+".join(dict.fromkeys(KERNELS.get(base, base) for base in bases))
