"""Checks for the exercises: each says what is right, or which case fails and what was expected there.

A check is a function of the reader's answer that raises AssertionError with one sentence of feedback.
"""

import difflib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from . import activations, data

__all__ = ["Feedback", "check"]


@dataclass(frozen=True)
class Feedback:
    """What `check` found: true where the answer is right."""

    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'Right' if self.right else 'Not yet'}: {self.message}"


_checks: dict[str, Callable[[Any], str]] = {}


def _exercise(name):
    def register(function):
        _checks[name] = function
        return function

    return register


def check(exercise: str, answer: Any) -> Feedback:
    """Judge an answer to an exercise; never raises for a wrong answer, however it fails.

    Raises KeyError, listing the exercises, if there is none of that name.
    """
    if exercise not in _checks:
        near = difflib.get_close_matches(exercise, _checks, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise KeyError(f"no exercise named {exercise!r}; {hint}there are {', '.join(_checks)}")
    if answer is None or answer is Ellipsis:
        return Feedback(False, "there is no answer here so far.")
    try:
        return Feedback(True, _checks[exercise](answer))
    except AssertionError as wrong:
        return Feedback(False, str(wrong) or "an assertion in your answer failed.")
    except (Exception, SystemExit) as error:
        if not callable(answer):
            return Feedback(False, f"a {type(answer).__name__} is not what is asked for here.")
        first = str(error).strip().partition("\n")[0]
        return Feedback(False, f"your answer stopped with {type(error).__name__}: {first}")


def _call(function, *arguments):
    assert callable(function), f"a function is wanted, this is a {type(function).__name__}."
    value = function(*arguments)
    assert value is not None, "the function returns None; is there a `return`?"
    return value


def _close(found, right):
    return (found - right).abs().max().item() <= 1e-9 * right.abs().max().item()


# ---- chapter 01 -----------------------------------------------------------------------------------


def _linearity_layers(widths, seed):
    generator = torch.Generator().manual_seed(seed)
    return [
        tuple(torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in ((after, before), (after,)))
        for before, after in itertools.pairwise(widths)
    ]


def _linearity_pair(found, weight, bias):
    assert isinstance(found, tuple | list) and len(found) == 2, "a pair (weight, bias) is wanted."
    for name, mine, right in (("weight", found[0], weight), ("bias", found[1], bias)):
        assert isinstance(mine, torch.Tensor), f"the {name} is a {type(mine).__name__}; a tensor is wanted."
        assert mine.shape == right.shape, (
            f"the {name} has shape {tuple(mine.shape)}, it should be {tuple(right.shape)}."
        )


@_exercise("01-fold")
def _linearity_fold(function):
    for widths in ((3, 2), (2, 4, 3), (3, 3, 3), (2, 5, 4, 3, 1)):
        layers = _linearity_layers(widths, seed=len(widths))
        weight, bias = torch.eye(widths[0], dtype=torch.float64), torch.zeros(widths[0], dtype=torch.float64)
        for w, b in layers:
            weight, bias = w @ weight, w @ bias + b
        found = _call(function, [(w.clone(), b.clone()) for w, b in layers])
        _linearity_pair(found, weight, bias)
        case = f"with {len(layers)} layer{'s' if len(layers) > 1 else ''} of sizes {', '.join(map(str, widths))}"
        assert _close(found[0], weight), f"{case} the weight is off; is the last matrix on the left?"
        added = sum(b for _, b in layers) if len(set(widths)) == 1 else None
        if added is not None and len(layers) > 1:
            assert not _close(found[1], added), (
                f"{case} the biases are only added; each must pass through all later weights."
            )
        assert _close(found[1], bias), f"{case} the bias is off; an earlier bias passes through later weights."
    return "one pair does what the stack does, for 1, 2 and 4 layers."


@_exercise("01-hinges")
def _linearity_hinges(knots):
    try:
        knots = torch.as_tensor(knots, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise AssertionError(f"a row of 17 numbers is wanted, this is a {type(knots).__name__}.") from None
    assert knots.shape == (17,), f"17 knots are wanted in one row, this has shape {tuple(knots.shape)}."
    assert knots[0] == 0 and knots[-1] == 1, "the first knot must be 0 and the last 1."
    assert (knots.diff() > 0).all(), "the knots must rise from one to the next."
    # sqrt is farthest above a stroke where their slopes agree; with p, q = sqrt of its ends that is (q-p)^2 / 4(p+q)
    low, high = knots[:-1].sqrt(), knots[1:].sqrt()
    error, worst = ((high - low) ** 2 / (4 * (low + high))).max(dim=0)
    where = f"worst between {knots[worst]:.3g} and {knots[worst + 1]:.3g}"
    assert error < 0.01, f"the largest error is {error:.4f}, {where}; get it below 0.01."
    return f"the largest error is {error:.4f}, with the same 16 hinges."


@_exercise("01-residual")
def _linearity_residual(function):
    assert callable(function), f"a function is wanted, this is a {type(function).__name__}."
    for depth in (1, 2, 5):
        layers = _linearity_layers([3] * (depth + 1), seed=depth)
        weight, bias = torch.eye(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
        for w, b in layers:
            weight, bias = weight + w @ weight, bias + w @ bias + b
        found = function([(w.clone(), b.clone()) for w, b in layers])
        assert found is not None, "the function returns None, which says that there is no such pair. There is one."
        _linearity_pair(found, weight, bias)
        case = f"for {depth} block{'s' if depth > 1 else ''}"
        assert _close(found[0], weight), f"{case} the weight is off; what does x itself add to W x?"
        assert _close(found[1], bias), f"{case} the bias is off; it passes through the later blocks, skips and all."
    return "skip connections fold too, for 1, 2 and 5 blocks."


# ---- chapter 02 -----------------------------------------------------------------------------------------------


@_exercise("02-slope")
def _sigmoid_slope(function):
    z = torch.tensor([0.0, 1.5, -3.0, 30.0, 100.0, 700.0, -100.0, -700.0], dtype=torch.float64)
    found, wanted = _call(function, z), activations.get("sigmoid").slope(z)
    assert isinstance(found, torch.Tensor) and found.shape == z.shape, "one slope for each entry of z is wanted."
    for at, value, slope in zip(z.tolist(), found.tolist(), wanted.tolist(), strict=True):
        close = abs(value - slope) <= 1e-12 * slope
        if not close and value == 0:
            raise AssertionError(
                f"at z = {at:g} it is exactly 0, and the slope is {slope:.3g}: something cancelled or underflowed."
            )
        assert value == value, f"at z = {at:g} it is nan: an exponential has overflowed on the way."
        assert close, f"at z = {at:g} the slope is {slope:.6g}, and yours is {value:.6g}."
    return "twelve digits from z = -700 to z = 700."


@_exercise("02-bce")
def _stable_bce(function):
    z = torch.tensor([0.0, 2.0, -2.0, 20.0, -20.0, 1e4, -1e4, 1e4, -1e4])
    y = torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    found = _call(function, z, y)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(z.double(), y.double(), reduction="none")
    assert isinstance(found, torch.Tensor) and found.shape == z.shape, "one loss for each logit is wanted."
    for at, label, value, loss in zip(z.tolist(), y.tolist(), found.tolist(), wanted.tolist(), strict=True):
        case = f"at z = {at:g} with label {label:g}"
        assert value == value, f"{case} it is nan: 0 was multiplied by an infinite logarithm."
        assert value != float("inf"), f"{case} it is infinite, and the loss is {loss:g}."
        assert abs(value - loss) <= 1e-6 * loss + 1e-12, f"{case} the loss is {loss:.6g}, and yours is {value:.6g}."
    return "the true loss, for logits up to 10,000 on either side."


@_exercise("02-gradient")
def _xor_gradient(function):
    x, y = (part.double() for part in data.xor()[:2])
    generator = torch.Generator().manual_seed(7)
    shapes = ((1, 2, 4), (1, 1, 4), (1, 4, 1), (1, 1, 1))
    parameters = [
        torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in shapes
    ]
    w1, b1, w2, b2 = parameters
    logit = (torch.sigmoid(x @ w1 + b1) @ w2 + b2).squeeze()
    losses = {
        "bce": torch.nn.functional.binary_cross_entropy_with_logits(logit, y),
        "half_mse": ((torch.sigmoid(logit) - y) ** 2).mean() / 2,
    }
    wanted = {name: torch.autograd.grad(loss, parameters, retain_graph=True) for name, loss in losses.items()}
    found = list(_call(function, [p.detach().clone() for p in parameters]))
    assert len(found) == 4, f"four gradients are wanted, for W1, b1, W2, b2; there are {len(found)}."
    for name, gradient, p in zip(("W1", "b1", "W2", "b2"), found, parameters, strict=True):
        assert gradient.shape == p.shape, f"{name} has shape {tuple(p.shape)}, its gradient {tuple(gradient.shape)}."
    near = {name: all(map(_close, found, right)) for name, right in wanted.items()}
    assert not near["half_mse"], "this is still the gradient of half the mean squared error, not of BCE."
    for name, gradient, right in zip(("W1", "b1", "W2", "b2"), found, wanted["bce"], strict=True):
        ratio = (gradient.norm() / right.norm()).item()
        assert _close(gradient, right), (
            f"the gradient of {name} is off; its size is {ratio:.3g} of what it should be."
        )
    return "this is the gradient of BCE, for all 17 parameters."


@_exercise("02-scale")
def _xor_scale(solved):
    assert isinstance(solved, int), f"the number of solved networks is wanted, this is a {type(solved).__name__}."
    assert solved >= 28, f"{solved} of 31 networks solved XOR; find a scale at which at least 28 do."
    return f"{solved} of 31 networks solved XOR."
