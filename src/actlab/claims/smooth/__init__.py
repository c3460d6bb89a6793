"""Claims about smooth activations and gates."""

# in the order in which the ledger has them
from . import elu, swish, gelu, softplus, mish, cost, family  # isort: skip

__all__ = ["cost", "elu", "family", "gelu", "mish", "softplus", "swish"]
