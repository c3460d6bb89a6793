"""Checks of chapter 01."""

import itertools

import torch

from ._kit import call, close, exercise


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


@exercise("01-fold")
def _linearity_fold(function):
    for widths in ((3, 2), (2, 4, 3), (3, 3, 3), (2, 5, 4, 3, 1)):
        layers = _linearity_layers(widths, seed=len(widths))
        weight, bias = torch.eye(widths[0], dtype=torch.float64), torch.zeros(widths[0], dtype=torch.float64)
        for w, b in layers:
            weight, bias = w @ weight, w @ bias + b
        found = call(function, [(w.clone(), b.clone()) for w, b in layers])
        _linearity_pair(found, weight, bias)
        case = f"with {len(layers)} layer{'s' if len(layers) > 1 else ''} of sizes {', '.join(map(str, widths))}"
        assert close(found[0], weight), f"{case} the weight is off; is the last matrix on the left?"
        added = sum(b for _, b in layers) if len(set(widths)) == 1 else None
        if added is not None and len(layers) > 1:
            assert not close(found[1], added), (
                f"{case} the biases are only added; each must pass through all later weights."
            )
        assert close(found[1], bias), f"{case} the bias is off; an earlier bias passes through later weights."
    return "one pair does what the stack does, for 1, 2 and 4 layers."


@exercise("01-hinges")
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


@exercise("01-residual")
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
        assert close(found[0], weight), f"{case} the weight is off; what does x itself add to W x?"
        assert close(found[1], bias), f"{case} the bias is off; it passes through the later blocks, skips and all."
    return "skip connections fold too, for 1, 2 and 5 blocks."
