"""The tasks of the course, each as a `Split` of training and test points.

Every task takes its seed as an argument: the same seed gives the same points, and torch's global generator is
neither read nor moved.
"""

from ._downloads import cifar10, cola, mnist_whole, sst2
from ._points import Split, disk, spirals, xor
from ._stored import mnist, rated_sentences, reviews, tables, tabular

__all__ = [
    "Split",
    "cifar10",
    "cola",
    "disk",
    "mnist",
    "mnist_whole",
    "rated_sentences",
    "reviews",
    "spirals",
    "sst2",
    "tables",
    "tabular",
    "xor",
]
