"""Numbers about a function, computed when they are asked for: what it does to a random signal, and its extremes.

The signal is a pre-activation z ~ N(0, q) with zero biases, the picture of a very wide layer at its start
({cite}`poole2016,schoenholz2017`). Integrals are taken panel by panel, cut at the kinks and halved until they
settle; a fixed rule such as Gauss-Hermite puts a node on the kink and misses relu's E f'^2 by a tenth.

Every function takes an activation by name or as a record. What was computed once is kept.
"""

from ._expectations import Moments, backward_gain, chi, expectation, gain, moments
from ._extremes import Saturation, curvature, lipschitz, minimum, saturation
from ._variance import Edge, FixedPoint, edge_of_chaos, fixed_point, fixed_points, variance_map, variance_slope

__all__ = [
    "Edge",
    "FixedPoint",
    "Moments",
    "Saturation",
    "backward_gain",
    "chi",
    "curvature",
    "edge_of_chaos",
    "expectation",
    "fixed_point",
    "fixed_points",
    "gain",
    "lipschitz",
    "minimum",
    "moments",
    "saturation",
    "variance_map",
    "variance_slope",
]
