"""Which entry of the catalog a function is, whoever wrote it: found by its values, not by its name."""

import itertools
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from .. import activations
from ..activations import Activation

__all__ = ["entry_of", "function_name"]

# entries with settings that are numbers, and no more of them than can be tried in every order
SETTINGS = {
    name: tuple(act.settings)
    for name, act in activations.catalog.items()
    if 0 < len(act.settings) < 3 and all(isinstance(value, float) for value in act.settings.values())
}
NUMBERS = 8  # of those that a function comes with, as many are tried
# torch's names for its kernels
KERNELS = {
    "_prelu_kernel": "prelu", "log_sigmoid_forward": "logsigmoid", "log_sigmoid": "logsigmoid",
    "rrelu_with_noise": "rrelu", "rrelu_with_noise_functional": "rrelu",
}  # fmt: skip


def entry_of(
    function: Callable[[Tensor], Tensor], numbers: Iterable[float] = (), name: str = ""
) -> Activation | None:
    """The entry with the same values from -8 to 8, or None; numbers are tried as settings of those that have some.

    name: what it is called where it comes from; of entries that are equal, that one.
    """
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
    for act in itertools.chain(activations.catalog.values(), _with_settings(numbers, KERNELS.get(name, name))):
        if torch.allclose(values.float(), act(grid), rtol=1e-5, atol=2e-6):
            return act
    return None


def _with_settings(numbers, name):
    numbers = list(dict.fromkeys(numbers))[:NUMBERS]
    word = name.lower().replace("_", "")
    for entry in sorted(SETTINGS, key=lambda entry: entry.replace("_", "") != word):
        for chosen in itertools.product(numbers, repeat=len(SETTINGS[entry])):
            try:
                yield activations.get(entry, **dict(zip(SETTINGS[entry], chosen, strict=True)))
            except ValueError:  # a setting for which the function is not defined
                continue


def function_name(bases: list[str], act: Activation | None) -> str:
    """How a function is called: one operation by its name, several by the entry that they are, or by their names."""
    if len(bases) == 1:
        return KERNELS.get(bases[0], bases[0])
    return act.name if act else "+".join(dict.fromkeys(KERNELS.get(base, base) for base in bases))
