"""The studies of the course by name, and the runner that trains what a store still lacks."""

from ._adaptive import Adaptive, adaptive, arms
from ._cluster import cluster
from ._deep import Deep
from ._images import Images, early_stop, five, images
from ._ladder import best_rate
from ._points import Setting, disk, published, published_loss, tuned, xor
from ._pools import Failed
from ._run import Outcome, Study, run
from ._transformers import Characters, Swap, characters, eleven, transformers

__all__ = [
    "Adaptive",
    "Characters",
    "Deep",
    "Failed",
    "Images",
    "Outcome",
    "Setting",
    "Study",
    "Swap",
    "adaptive",
    "arms",
    "best_rate",
    "characters",
    "cluster",
    "disk",
    "early_stop",
    "eleven",
    "five",
    "images",
    "published",
    "published_loss",
    "run",
    "studies",
    "transformers",
    "tuned",
    "xor",
]

studies = {make.__name__: make for make in (disk, xor, images, adaptive, transformers, characters)}
