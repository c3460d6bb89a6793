"""Checks of chapter 08c."""

import math

import numpy as np
import torch

from ._kit import call, close, exercise


def _drawn(*shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _apl(z, a, b):
    return z.clamp(min=0) + (a * (b - z[:, None]).clamp(min=0)).sum(1)


@exercise("08c-unit")
def _unit(function):
    for batch, units, hinges in [(6, 4, 3), (5, 2, 1), (3, 3, 3)]:
        z, a, b = (_drawn(*s, seed=i) for i, s in enumerate([(batch, units), (hinges, units), (hinges, units)]))
        right = _apl(z, a, b)
        found = call(function, z.clone(), a.clone(), b.clone())
        assert isinstance(found, torch.Tensor), f"a tensor is wanted, this is a {type(found).__name__}."
        case = f"{batch} examples, {units} units, {hinges} hinges"
        assert found.shape == z.shape, f"{case}: the output has shape {tuple(z.shape)}, yours {tuple(found.shape)}."
        found = found.detach().double()
        if close(found, right):
            continue
        wrong = {
            "the hinges open to the left, max(0, b - z); yours open to the right": z.clamp(min=0)
            + (a * (z[:, None] - b).clamp(min=0)).sum(1),
            "the max(0, z) in front is missing": right - z.clamp(min=0),
            "the hinges are subtracted; in the formula they are added": 2 * z.clamp(min=0) - right,
            "every unit has the hinges of the first one": _apl(z, a[:, :1], b[:, :1]),
        }
        for words, value in wrong.items():
            assert not close(found, value), f"{case}: {words}."
        raise AssertionError(
            f"{case}: at z = {z[0, 0]:.3f} the first unit is {right[0, 0]:.4f}, yours {found[0, 0]:.4f}."
        )
    return "every unit with its own hinges."


@exercise("08c-hinges")
def _hinges(function):
    cases = {
        "ReLU": ([0.0], [0.0]),
        "Leaky ReLU": ([0.0], [0.01]),
        "the absolute value": ([0.0], [-1.0]),
        "a step on the way down, kinks 0, -1, -2": ([0.0, -1.0, -2.0], [1.0, 0.0, 1.0]),
        "kinks 0, -0.5, -1.5 and slopes 0.2, -0.3, 0.5": ([0.0, -0.5, -1.5], [0.2, -0.3, 0.5]),
    }
    z = torch.linspace(-4, 2, 61, dtype=torch.float64)
    for words, (kinks, slopes) in cases.items():
        answer = call(function, list(kinks), list(slopes))
        assert isinstance(answer, tuple | list) and len(answer) == 2, f"{words}: a pair (a, b) is wanted."
        a, b = (torch.as_tensor(part, dtype=torch.float64).flatten() for part in answer)
        assert len(a) == len(b) > 0, f"{words}: as many a as b are wanted, at least one; got {len(a)} and {len(b)}."
        right = _piecewise(z, kinks, slopes)
        found = _apl(z[:, None], a[:, None], b[:, None])[:, 0]
        off = (found - right).abs()
        if off.max() < 1e-9:
            continue
        mirrored = _apl(z[:, None], -a[:, None], b[:, None])[:, 0]
        assert (mirrored - right).abs().max() >= 1e-9, f"{words}: left of a hinge the slope falls by a; yours rises."
        plain = torch.tensor([-m for m in slopes], dtype=torch.float64)
        assert len(a) < 2 or not torch.allclose(a, plain), (
            f"{words}: farther left all hinges are open at once, and their slopes add up; a is what changes."
        )
        at = int(off.argmax())
        raise AssertionError(
            f"{words}: at z = {z[at]:.1f} the value is {right[at]:.3f}, your unit has {found[at]:.3f}."
        )
    return "five functions, from ReLU to a staircase, are APL units."


def _piecewise(z, kinks, slopes):
    """z right of 0, and the slope slopes[s] between kinks[s] and the next."""
    value, ends = z.clamp(min=0), [*kinks[1:], -math.inf]
    for kink, end, slope in zip(kinks, ends, slopes, strict=True):
        value = value + slope * (z.clamp(min=end, max=kink) - kink)
    return value


VERDICTS = ("first", "second", "not distinguishable")


@exercise("08c-verdict")
def _verdict(function):
    near = np.array([0.91, 0.88, 0.93, 0.90, 0.86])
    cases = {
        "five pairs that all differ by nearly the same": ([0.011, 0.009, 0.012, 0.010, 0.008], "first"),
        "the same the other way round": ([-0.011, -0.009, -0.012, -0.010, -0.008], "second"),
        "five pairs, four to one": ([0.02, 0.03, -0.01, 0.01, 0.02], "not distinguishable"),
        "three pairs, all one way": ([0.01, 0.03, 0.02], "not distinguishable"),
        "five pairs, far apart and scattered": ([0.09, -0.02, 0.06, 0.01, -0.03], "not distinguishable"),
    }
    for words, (gaps, right) in cases.items():
        second = near[: len(gaps)]
        first = second + np.array(gaps)
        found = call(function, first.copy(), second.copy())
        assert isinstance(found, str) and found in VERDICTS, f"{words}: one of {', '.join(VERDICTS)} is wanted."
        if found == right:
            continue
        off = first - second
        mean, error = off.mean(), off.std(ddof=1) / math.sqrt(len(off))
        case = f"{words}: {right!r} is right, yours is {found!r}"
        if right == "not distinguishable":
            assert abs(mean) <= 1.96 * error, f"{case}; with so few pairs 1.96 standard errors are too few."
            assert abs(mean) <= error, f"{case}; one standard error is not an interval of 95 %."
            raise AssertionError(f"{case}: the interval of the difference holds 0.")
        assert found != "not distinguishable", f"{case}; take the difference of each pair first, then its spread."
        raise AssertionError(f"{case}: higher is better, and the sign says which is ahead.")
    return "the difference pair by pair, with an interval that knows how few pairs there are."
