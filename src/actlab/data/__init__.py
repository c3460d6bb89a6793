"""The tasks of the course, each as a `Split` of training and test points.

Every task takes its seed as an argument: the same seed gives the same points, and torch's global generator is
neither read nor moved.
"""

from ._points import Split, disk, spirals, xor
from ._stored import mnist, reviews

__all__ = ["Split", "disk", "mnist", "reviews", "spirals", "xor"]
