"""Claims about tanh."""

# in the order in which the ledger has them
from . import curve, training  # isort: skip

__all__ = ["curve", "training"]
