"""Claims about the ReLU family."""

# in the order in which the ledger has them
from . import rectifier, dying, leaky, prelu, elu, apl  # isort: skip

__all__ = ["apl", "dying", "elu", "leaky", "prelu", "rectifier"]
