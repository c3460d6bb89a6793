"""Checks of chapter 08d."""

import numbers

import torch

from .. import activations
from ._kit import call, exercise


def _number(value, wanted):
    assert isinstance(value, numbers.Real | torch.Tensor), f"{wanted} is a number, this is a {type(value).__name__}."
    return float(value)


@exercise("08d-constant")
def _constant(function):
    # accuracy to three digits, F1 to four, and whether one answer for everything can have both
    cases = [
        (0.708, 0.5870, True),
        (0.712, 0.7192, False),
        (0.558, 0.3997, True),
        (0.683, 0.6345, False),
        (0.806, 0.7938, False),
        (0.500, 0.3333, True),
        (0.900, 0.8526, True),
        (0.490, 0.3223, True),
        (0.334, 0.1672, True),  # three classes: the rarest may be the one that is answered
        (0.708, 0.5882, False),
        (0.945, 0.9449, False),
    ]
    for accuracy, f1, constant in cases:
        found = call(function, accuracy, f1)
        assert isinstance(found, bool) or getattr(found, "dtype", None) in (bool, torch.bool), (
            f"True or False is wanted, this is a {type(found).__name__}."
        )
        if bool(found) == constant:
            continue
        row = f"accuracy {accuracy:.3f}, F1 {f1:.4f}"
        exact = 2 * accuracy**2 / (1 + accuracy)
        if constant:
            raise AssertionError(
                f"{row} are those of a constant answer, and you say no: from the printed {accuracy:.3f} the F1 is "
                f"{exact:.5f}, and the accuracy itself is known to half of its last digit only."
            )
        raise AssertionError(f"{row} are not those of a constant answer, whose F1 would be {exact:.4f}; you say yes.")
    return "eleven rows of tables, rounding and all."


@exercise("08d-fit")
def _fit(function):
    generator = torch.Generator().manual_seed(8)
    z = 1.2 * torch.randn(4000, generator=generator, dtype=torch.float64) - 1.5
    for name, wanted in [("tanh", "gelu"), ("sigmoid", "gelu"), ("elu", "silu"), ("gelu", "gelu")]:
        f, target = activations.get(name)(z), activations.get(wanted)(z)
        answer = call(function, f.clone(), target.clone())
        assert isinstance(answer, tuple | list | torch.Tensor) and len(answer) == 2, (
            "two numbers are wanted, the factor and the offset."
        )
        found = [_number(value, "each of the two") for value in answer]
        a, b = f - f.mean(), target - target.mean()
        factor = (a @ b / (a @ a)).item()
        offset = (target.mean() - factor * f.mean()).item()
        best = f"{factor:.4f} and {offset:.4f}"
        case = f"{name} for {wanted}: {best} fit best, and yours are {found[0]:.4f} and {found[1]:.4f}"
        if abs(found[0] - factor) <= 1e-6 and abs(found[1] - offset) <= 1e-6:
            continue
        assert abs(found[0] - (f @ target / (f @ f)).item()) > 1e-6, f"{case}: that is the line through the origin."
        assert abs(found[0] * (a @ b) - (b @ b)).item() > 1e-6, (
            f"{case}: that fits {name}'s values from the wanted ones, the other way round."
        )
        assert abs(found[0] - factor) > 1e-6, f"{case}: the line passes through the two means."
        raise AssertionError(f"{case}.")
    return "least squares, by which a function takes another one's place."


@exercise("08d-halves")
def _halves(function):
    for width, hidden in [(768, 3072), (384, 1536), (6, 10), (1, 2)]:
        answer = call(function, width, hidden)
        found = _number(answer, "a count")
        right = width * hidden + hidden + (hidden // 2) * width + width
        case = f"width {width}, hidden {hidden}: {right:,} parameters, and yours are {found:,.0f}"
        assert found != 2 * width * hidden + hidden + width, f"{case}: that is the plain block."
        assert found != right - hidden - width, f"{case}: biases count, those of the first matrix and of the second."
        assert found != 3 * width * (hidden // 2) + hidden // 2 + width, (
            f"{case}: the first matrix has a bias for each of its outputs, before they are cut in two."
        )
        assert found == right, f"{case}."
    return "a quarter of the block's weights are gone, so this is no comparison at equal size."
