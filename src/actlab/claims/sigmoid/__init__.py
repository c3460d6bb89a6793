"""Claims about step to sigmoid."""

# in the order in which the ledger has them
from . import step, logistic  # isort: skip

__all__ = ["logistic", "step"]
