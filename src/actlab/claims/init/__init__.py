"""Claims about initialisation pairing, and about what is done beside it: normalisation, dropout, skips, clipping."""

# in the order in which the ledger has them
from . import exploding, gains, normalising, dropout, depth  # isort: skip

__all__ = ["depth", "dropout", "exploding", "gains", "normalising"]
