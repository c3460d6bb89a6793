"""Checks of chapter 06."""

import math

import torch

from .. import softmax
from ._kit import call, exercise


@exercise("06-count")
def _count_the_fives(n):
    assert isinstance(n, int) and not isinstance(n, bool), f"a whole number is wanted, this is a {type(n).__name__}."
    assert n > 0, f"{n} logits make no row."
    assert n < 100_000, f"{n:,} are far too many: divide the largest float16 by exp(5)."
    total, before = _sum_of_fives(n), _sum_of_fives(n - 1)
    assert math.isinf(total), f"{n} exponentials have a sum of {total:g}, which still fits."
    assert not math.isinf(before), f"{n} give zeros, but so do {n - 1}; the smallest number is wanted."
    return f"with {n - 1} fives the sum is {before:g}, with {n} it is infinite and every probability 0."


def _sum_of_fives(n):
    return torch.exp(torch.full((n,), 5.0, dtype=torch.float16)).sum().item()


@exercise("06-break")
def _rows_that_kill(rows):
    assert isinstance(rows, dict), f"a dict of five rows is wanted, this is a {type(rows).__name__}."
    tests = {"silent": _silent, "half": _half, "logarithm": _logarithm, "patch": _patch, "leak": _leak}
    for name, test in tests.items():
        assert name in rows, f"there is no row {name!r}; the five are {', '.join(tests)}."
        test(_row(name, rows[name]))
    return "five rows, five ways to lose a right program."


def _row(name, row):
    try:
        z = torch.as_tensor(row, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise AssertionError(f"{name}: a list of numbers is wanted.") from None
    assert z.dim() == 1 and 2 <= len(z) <= 100_000, f"{name}: a list of two numbers or more is wanted."
    assert z.isfinite().all(), f"{name}: the logits must be finite, or it is no art."
    return z


def _narrow(name, z, dtype):
    narrow = z.to(dtype)
    assert narrow.isfinite().all(), (
        f"{name}: not all of these logits are finite in {str(dtype).removeprefix('torch.')}."
    )
    return narrow


def _silent(z):
    p = softmax.naive_softmax(_narrow("silent", z, torch.float16)).double()
    assert p.isfinite().all(), (
        "silent: there is a nan in the answer, so it is not silent; no exponential may overflow."
    )
    total = p.sum().item()
    assert abs(total - 1) > 0.1, f"silent: the probabilities add up to {total:.3f}, which is right; many logits help."


def _half(z):
    right = {}
    for dtype in (torch.float16, torch.bfloat16):
        narrow = _narrow("half", z, dtype)
        found, wanted = softmax.naive_softmax(narrow).double(), softmax.softmax(narrow.double())
        right[dtype] = torch.allclose(found, wanted, rtol=0.05, atol=1e-3)
    assert not right[torch.float16], "half: float16 survives it; its exponential ends at 11.09."
    assert right[torch.bfloat16], "half: bfloat16 does not survive it either; its exponential ends at 88.5."


def _logarithm(z):
    weights = torch.exp(z)
    assert weights.sum().isfinite(), "logarithm: an exponential overflows, or their sum does; stay below 709."
    assert weights.any(), "logarithm: every exponential is 0, so the softmax itself is nan; keep one logit near 0."
    logs = torch.log(softmax.naive_softmax(z))
    assert logs.isinf().any(), f"logarithm: the lowest logarithm is {logs.min():.4g}; a wider gap is needed."


def _patch(z):
    p = softmax.naive_softmax(z)[0]
    assert p.isfinite(), "patch: the softmax itself is nan; the patch is to be the culprit."
    patched, loss = -torch.log(p + 1e-8).item(), -softmax.log_softmax(z)[0].item()
    assert abs(patched - loss) > 1, (
        f"patch: it says {patched:.4g}, and the loss is {loss:.4g}; class 0 must be less likely."
    )


def _leak(z):
    narrow = _narrow("leak", z, torch.float32)
    p = torch.softmax(torch.cat([narrow[:-1], narrow.new_tensor([-1e4])]), 0)
    assert p[-1] > 0.5, (
        f"leak: the masked position gets {p[-1]:.2f} of the weight; the others must lie below the mask."
    )


@exercise("06-cross-entropy")
def _half_cross_entropy(function):
    rows = [[1, 2, 3], [12, 0, 0], [0, 100, 0], [-200, -200, -200], [1e4, 1e4, 0], [-3e4, 0, 0], [0, -3e4, -3e4]]
    y = torch.zeros(len(rows), dtype=torch.long)
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        kind, eps = str(dtype).removeprefix("torch."), torch.finfo(dtype).eps
        z = torch.tensor(rows, dtype=dtype, requires_grad=True)
        found = call(function, z, y)
        assert isinstance(found, torch.Tensor) and found.shape == y.shape, "one loss for each row is wanted."
        assert found.dtype == dtype, (
            f"for logits in {kind} the losses are {found.dtype}; they should be of the same format."
        )
        wide = z.detach().double()
        wanted = torch.nn.functional.cross_entropy(wide, y, reduction="none")
        for row, value, loss in zip(wide.tolist(), found.tolist(), wanted.tolist(), strict=True):
            case = f"in {kind}, for {', '.join(f'{v:g}' for v in row)} with class 0,"
            assert not math.isnan(value), f"{case} it is nan: an exponential has overflowed, or 0 was divided by 0."
            assert math.isfinite(value), f"{case} it is infinite: the logarithm of a probability that is 0."
            lost = "; were large numbers added before they were subtracted?" if max(map(abs, row)) > 100 else "."
            assert abs(value - loss) <= 4 * eps * (loss + 1), (
                f"{case} the loss is {loss:.5g}, and yours is {value:.5g}{lost}"
            )
        _gradient(found, z, wide, y, kind)
    long = torch.full((1, 20_000), 5.0, dtype=torch.float16)
    found = call(function, long, torch.zeros(1, dtype=torch.long)).item()
    right = abs(found - math.log(20_000)) < 0.02
    assert right, f"for 20,000 equal logits in float16 the loss is {math.log(20_000):.4g}, and yours is {found:.4g}."
    return "right in four formats, for logits up to 30,000 and rows up to 20,000 long."


def _gradient(found, z, wide, y, kind):
    assert found.requires_grad, "the losses have lost their way back to the logits; is there a detach too many?"
    (gradient,) = torch.autograd.grad(found.sum(), z)
    wanted = softmax.softmax(wide) - torch.nn.functional.one_hot(y, 3)
    assert gradient.isfinite().all(), f"in {kind} the losses are right and their gradient is not finite."
    assert torch.allclose(gradient.double(), wanted, rtol=0.02, atol=0.01), f"in {kind} the gradient is not p - y."


@exercise("06-merge")
def _merge(function):
    empty = torch.tensor(-math.inf, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)
    row = torch.tensor([1.0, 3.0, -2.0, 0.5, 2.0, 2.5], dtype=torch.float64)
    halves = {
        "the larger half first": (row[:3], row[3:]),
        "the larger half last": (row[3:], row[:3]),
        "halves 800 apart": (row, row + 800),
        "halves at 2000": (row[:2] + 2000, row[2:] + 2000),
        "equal maxima": (row, row),
    }
    for name, (one, two) in halves.items():
        whole = _pair(torch.cat([one, two]))
        _compare(function, name, _pair(one), _pair(two), whole)
    for name, (one, two) in {
        "an empty second part": (_pair(row), empty),
        "an empty first part": (empty, _pair(row)),
    }.items():
        _compare(function, name, one, two, _pair(row))
    _compare(function, "two empty parts", empty, empty, empty)
    return "halves in either order, far apart, far up, and empty."


def _pair(row):
    return row.max(), torch.exp(row - row.max()).sum()


def _compare(function, case, one, two, whole):
    found = call(function, one, two)
    pair = isinstance(found, (tuple, list)) and len(found) == 2
    assert pair and all(isinstance(part, torch.Tensor) and part.numel() == 1 for part in found), (
        "a pair of two numbers in tensors is wanted, the largest and the sum."
    )
    (m, s), (right_m, right_s) = (float(part) for part in found), (float(part) for part in whole)
    assert not math.isnan(m) and not math.isnan(s), f"{case}: nan; was -inf taken from -inf?"
    assert m == right_m, f"{case}: the largest of the whole row is {right_m:g}, and yours is {m:g}."
    upside_down = "a sum is scaled by exp(its m - the larger m), which is never above 1"
    assert math.isfinite(s), f"{case}: the sum is infinite; {upside_down}."
    apart = (one[1] + two[1]).item()
    hint = f"; {upside_down}" if s > 1.001 * apart else "; both must be measured against the larger m" * (s > right_s)
    assert abs(s - right_s) <= 1e-12 * right_s, f"{case}: the sum is {right_s:.6g}, and yours is {s:.6g}{hint}."
