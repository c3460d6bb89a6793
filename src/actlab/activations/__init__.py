"""Every elementwise activation function of the course, with its slope and the facts that define it.

An entry is one block in the file of its family: a function of its settings that returns an `Activation`. `get` looks
an entry up by name, `catalog` holds all of them with their default settings.

Values and slopes are computed by forms that stay right where the textbook formula does not: in the far tails, and
in every float dtype. Gradients through autograd are the slopes written here. nan gives nan, and an infinity the limit
of value and slope there: nan where there is none, as of a sine.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ._in_torch import InTorch, to_torch
from ._record import Activation, Elementwise, all_entries, get, watched

# Each family registers its entries. Of one year, those of the earlier file come first in the catalog.
from . import _others, _self_gated, _rectifiers, _squashing, _softplus  # noqa: F401 isort:skip

__all__ = ["Activation", "Elementwise", "InTorch", "catalog", "get", "to_torch", "watched"]

catalog: Mapping[str, Activation] = MappingProxyType(all_entries())
