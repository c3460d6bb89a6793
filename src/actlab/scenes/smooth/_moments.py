"""What comes out of a function that takes normal inputs, and what comes through it."""

from collections.abc import Sequence

from ... import activations, theory
from ...tables import Table

__all__ = ["below_zero", "maps_table", "moments_table"]


def below_zero(name: str) -> float:
    """The mean square of the slope over the negative half of N(0, 1)."""
    slope = activations.get(name).slope
    return 2 * theory.expectation(lambda z: slope(z) ** 2 * (z < 0), kinks=(0.0,))


def moments_table(
    names: Sequence[str] = ("relu", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu", "mish"),
) -> Table:
    """E f^2 and E f'^2 for z ~ N(0, 1), the steepest slope, chi, and `below_zero`."""
    rows = []
    for name in names:
        m = theory.moments(name)
        numbers = (m.second, m.slope_second, theory.lipschitz(name), theory.chi(name))
        rows.append((name, *(f"{x:.3f}" for x in numbers), f"{below_zero(name):.4f}"))
    return Table(["function", "E f^2", "E f'^2", "steepest", "chi", "E f'^2, z < 0"], rows)


def maps_table(
    names: Sequence[str] = (
        "softplus", "selu", "elu", "relu", "leaky_relu", "mish", "gelu", "silu", "hardswish", "relu_squared",
    ),
) -> Table:  # fmt: skip
    """The slope of the variance map at mean square 1, at the gain that keeps it, and what follows."""
    rows = [(name, f"{theory.fixed_point(name).slope:.3f}", theory.fixed_point(name).stability) for name in names]
    return Table(["function", "slope", "balance"], rows)
