"""Checks of chapter 02."""

import torch

from .. import activations, data
from ._kit import call, close, exercise


@exercise("02-slope")
def _sigmoid_slope(function):
    z = torch.tensor([0.0, 1.5, -3.0, 30.0, 100.0, 700.0, -100.0, -700.0], dtype=torch.float64)
    found, wanted = call(function, z), activations.get("sigmoid").slope(z)
    assert isinstance(found, torch.Tensor) and found.shape == z.shape, "one slope for each entry of z is wanted."
    for at, value, slope in zip(z.tolist(), found.tolist(), wanted.tolist(), strict=True):
        close = abs(value - slope) <= 1e-12 * slope
        if not close and value == 0:
            raise AssertionError(
                f"at z = {at:g} it is exactly 0, and the slope is {slope:.3g}: something cancelled, or was divided "
                "by an infinite square."
            )
        assert value == value, f"at z = {at:g} it is nan: an exponential has overflowed on the way."
        lost = ": digits are lost where nearly equal numbers are subtracted" if abs(value / slope - 1) < 0.02 else ""
        assert close, f"at z = {at:g} the slope is {slope:.6g}, and yours is {value:.6g}{lost}."
    return "twelve digits from z = -700 to z = 700."


@exercise("02-bce")
def _stable_bce(function):
    z = torch.tensor([0.0, 2.0, -2.0, 20.0, -20.0, 1e4, -1e4, 1e4, -1e4])
    y = torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0])
    found = call(function, z, y)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(z.double(), y.double(), reduction="none")
    assert isinstance(found, torch.Tensor) and found.shape == z.shape, "one loss for each logit is wanted."
    for at, label, value, loss in zip(z.tolist(), y.tolist(), found.tolist(), wanted.tolist(), strict=True):
        case = f"at z = {at:g} with label {label:g}"
        assert value == value, f"{case} it is nan: 0 was multiplied by an infinite logarithm."
        assert value != float("inf"), f"{case} it is infinite, and the loss is {loss:g}."
        assert abs(value - loss) <= 1e-6 * loss + 1e-12, f"{case} the loss is {loss:.6g}, and yours is {value:.6g}."
    return "the true loss, for logits up to 10,000 on either side."


@exercise("02-gradient")
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
    found = list(call(function, [p.detach().clone() for p in parameters]))
    assert len(found) == 4, f"four gradients are wanted, for W1, b1, W2, b2; there are {len(found)}."
    for name, gradient, p in zip(("W1", "b1", "W2", "b2"), found, parameters, strict=True):
        assert gradient.shape == p.shape, f"{name} has shape {tuple(p.shape)}, its gradient {tuple(gradient.shape)}."
    near = {name: all(map(close, found, right)) for name, right in wanted.items()}
    assert not near["half_mse"], "this is still the gradient of half the mean squared error, not of BCE."
    for name, gradient, right in zip(("W1", "b1", "W2", "b2"), found, wanted["bce"], strict=True):
        ratio = (gradient.norm() / right.norm()).item()
        assert close(gradient, right), f"the gradient of {name} is off; its size is {ratio:.3g} of what it should be."
    return "this is the gradient of BCE, for all 17 parameters."


@exercise("02-scale")
def _xor_scale(solved):
    assert isinstance(solved, int), f"the number of solved networks is wanted, this is a {type(solved).__name__}."
    assert solved >= 28, f"{solved} of 31 networks solved XOR; find a scale at which at least 28 do."
    return f"{solved} of 31 networks solved XOR."


@exercise("02-symmetry")
def _alike_for_ever(function):
    W1 = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [0.5, 0.0], [3.0, 1.0]])
    W2 = torch.tensor([[1.0, 1.0, 4.0, 1.0, 1.0]])
    tasks = {
        "units 1, 2 and 3 have equal rows in W1, and only units 1 and 2 equal columns in W2": (W1, W2, 1),
        "all weights are 0, so all 6 pairs of 4 units stay alike": (torch.zeros(4, 3), torch.zeros(2, 4), 6),
        "W2 is 0 and no two rows of W1 are equal": (torch.arange(6.0).reshape(3, 2), torch.zeros(1, 3), 0),
        "the rows of W1 are equal and no two columns of W2": (torch.ones(3, 2), torch.eye(3), 0),
    }
    for where, (inner, outer, pairs) in tasks.items():
        found = call(function, inner, outer)
        count = found.item() if isinstance(found, torch.Tensor) and found.numel() == 1 else found
        assert isinstance(count, int | float), f"a number of pairs is wanted, this is a {type(found).__name__}."
        assert count == pairs, f"{where}: that makes {pairs}, and yours is {count:g}."
    return "alike are those whose weights agree on both sides."
