"""Checks of chapter 05."""

import math

import torch

from .. import activations, theory
from ._kit import call, exercise


def _real(value, what):
    """A number, from whatever holds exactly one."""
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise AssertionError(f"{what} is a number, this is a {type(value).__name__}.") from None


@exercise("05-minimum")
def _swish_minimum(function):
    for beta in (1.0, 0.5, 1.702, 10.0):
        found = call(function, beta)
        assert isinstance(found, tuple | list) and len(found) == 2, "a pair (argmin, min) is wanted."
        argmin, least = _real(found[0], "the argmin"), _real(found[1], "the minimum")
        right_at, right = theory.minimum(activations.get("swish", beta=beta))
        case = f"at beta = {beta:g}"
        if not math.isclose(least, right, rel_tol=1e-9):
            assert not math.isclose(argmin, right, rel_tol=1e-9), f"{case} the two are swapped: argmin first."
            assert beta == 1 or not math.isclose(least, right * beta, rel_tol=1e-9), (
                f"{case} the minimum is still that of SiLU, {right * beta:.4f}: what does beta do to the height?"
            )
            assert not math.isclose(least, -0.278, abs_tol=1e-3) or beta != 1, (
                f"{case} the minimum is right to a few digits only; nine are wanted, so compute W(1/e)."
            )
            raise AssertionError(f"{case} the minimum is {right:.4f}, and yours is {least:.4f}.")
        assert beta == 1 or not math.isclose(argmin, right_at * beta, rel_tol=1e-9), (
            f"{case} the place of the minimum is still that of SiLU, {right_at * beta:.4f}: it moves too."
        )
        assert math.isclose(argmin, right_at, rel_tol=1e-9), (
            f"{case} the minimum is taken at {right_at:.4f}, and you say {argmin:.4f}."
        )
    return "nine digits, for four values of beta."


@exercise("05-beta")
def _nearest_beta(beta):
    beta = _real(beta, "beta")
    assert math.isfinite(beta), "beta is a finite number."
    z = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
    gap = (z * torch.sigmoid(beta * z) - activations.get("gelu")(z)).abs().max().item()
    assert beta != 1.702, (
        f"1.702 leaves a gap of {gap:.4f}: it is the best fit of sigmoid(beta z) to Phi(z), not of the products."
    )
    side = "go up" if beta < 1.75 else "come down"
    assert gap < 0.0140, f"at beta = {beta:.4g} the largest gap is {gap:.4f}; {side} to get it below 0.0140."
    return f"the largest gap to GELU is {gap:.4f}, a third less than at 1.702."


@exercise("05-product")
def _one_unit(pair):
    assert isinstance(pair, tuple | list) and len(pair) == 2, (
        f"a pair (value weights, gate weights) is wanted, this is a {type(pair).__name__}."
    )
    weights = []
    for what, row in zip(("value", "gate"), pair, strict=True):
        try:
            weights.append([float(w) for w in row])
        except (TypeError, ValueError, RuntimeError):
            raise AssertionError(f"the {what} weights are two numbers, this is a {type(row).__name__}.") from None
        assert len(weights[-1]) == 2, f"the {what} weights are two numbers, these are {len(weights[-1])}."
    (v1, v2), (g1, g2) = weights
    first, second, cross = v1 * g1, v2 * g2, v1 * g2 + v2 * g1
    got = f"your unit computes {first:g} x1^2 + {second:g} x2^2 + {cross:g} x1 x2"
    assert not (math.isclose(first, 1) and second == 0), f"{got}; x2 has no part in it."
    assert abs(cross) < 1e-9, f"{got}; the mixed term has to cancel."
    assert math.isclose(first, 1) and math.isclose(second, -1), f"{got}; x1^2 - x2^2 is wanted."
    return "one gated unit is x1^2 - x2^2, everywhere."


BEAM = ("relu", "relu_squared", "hardswish", "elu", "tanh", "softplus", "squareplus", "gelu", "silu", "mish")


@exercise("05-beam")
def _beam(names):
    assert isinstance(names, set | frozenset | list | tuple) and names, (
        f"a set of names with something in it is wanted, this is a {type(names).__name__}."
    )
    names = {str(name) for name in names}
    strange = sorted(names - set(BEAM))
    assert not strange, f"{strange[0][:40]!r} is not among the ten of the question."
    flat = sorted(names & {"relu", "hardswish", "relu_squared"})
    assert not flat, (
        f"the fourth derivative of {flat[0]} is 0 wherever it has one, so the equation says nothing to it."
    )
    assert "elu" not in names, (
        "ELU has a fourth derivative left of 0, but its second one jumps at 0: a jump that the fourth does not show."
    )
    missing = sorted(set(BEAM) - {"relu", "hardswish", "relu_squared", "elu"} - names)
    assert not missing, f"{missing[0]} has all its derivatives, without a jump; why is it left out?"
    return "these six have a fourth derivative, and nothing hidden in a jump below it."
