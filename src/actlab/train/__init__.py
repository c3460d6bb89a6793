"""Two transparent training loops for one network: on all points at once, and in mini-batches."""

from ._batches import BatchHistory, batch_optimizers, fit_batches, weighted_f1
from ._network import accuracy
from ._whole import History, fit, losses, optimizers

__all__ = [
    "BatchHistory",
    "History",
    "accuracy",
    "batch_optimizers",
    "fit",
    "fit_batches",
    "losses",
    "optimizers",
    "weighted_f1",
]
