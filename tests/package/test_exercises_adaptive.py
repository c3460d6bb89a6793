"""The exercises of chapter 08c: the stub, the solution, and wrong answers that each get a hint of their own."""

import math

import numpy as np
import pytest

from actlab.exercises import check


def unit(z, a, b):
    return z.clamp(min=0) + (a * (b - z[:, None]).clamp(min=0)).sum(1)


def hinges(kinks, slopes):
    right = [0.0, *slopes[:-1]]
    return [m - n for m, n in zip(right, slopes, strict=True)], kinks


def student(n):
    t = np.linspace(0, 20, 200_001)
    scale = math.gamma(n / 2) / (math.sqrt((n - 1) * math.pi) * math.gamma((n - 1) / 2))
    below = np.cumsum(scale * (1 + t**2 / (n - 1)) ** (-n / 2)) * (t[1] - t[0])
    return float(np.interp(0.475, below, t))


def verdict_with(quantile):
    def verdict(first, second):
        off = first - second
        reach = quantile(len(off)) * off.std(ddof=1) / math.sqrt(len(off))
        if abs(off.mean()) <= reach:
            return "not distinguishable"
        return "first" if off.mean() > 0 else "second"

    return verdict


def unpaired(first, second):
    reach = 2 * math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / len(first))
    gap = first.mean() - second.mean()
    return "not distinguishable" if abs(gap) <= reach else "first" if gap > 0 else "second"


def lower_is_better(first, second):
    return verdict_with(student)(second, first)


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("08c-unit", unit, None),
        ("08c-unit", lambda z, a, b: z.clamp(min=0), "6 examples, 4 units, 3 hinges: at z = "),  # stub
        ("08c-unit", lambda z, a, b: z.clamp(min=0) + (a * (z[:, None] - b).clamp(min=0)).sum(1), "open to the left"),
        ("08c-unit", lambda z, a, b: unit(z, a, b) - z.clamp(min=0), "in front is missing"),
        ("08c-unit", lambda z, a, b: 2 * z.clamp(min=0) - unit(z, a, b), "they are added"),
        ("08c-unit", lambda z, a, b: unit(z, a[:, :1], b[:, :1]), "the hinges of the first one"),
        ("08c-unit", lambda z, a, b: unit(z, a, b).sum(1), "the output has shape (6, 4), yours (6,)"),
        ("08c-hinges", hinges, None),
        ("08c-hinges", lambda kinks, slopes: ([0.0], [0.0]), "Leaky ReLU: at z = -4.0"),  # stub
        ("08c-hinges", lambda kinks, slopes: (slopes, kinks), "the slope falls by a"),
        ("08c-hinges", lambda kinks, slopes: ([-m for m in slopes], kinks), "add up; a is what changes"),
        ("08c-hinges", lambda kinks, slopes: ([1.0], [0.0, 1.0]), "as many a as b"),
        ("08c-verdict", verdict_with(student), None),
        (
            "08c-verdict",
            lambda first, second: "first" if first.mean() > second.mean() else "second",
            "five pairs, four to one: 'not distinguishable' is right",
        ),  # stub
        ("08c-verdict", verdict_with(lambda n: 1.96), "1.96 standard errors are too few"),
        ("08c-verdict", verdict_with(lambda n: 1.0), "with so few pairs"),
        ("08c-verdict", unpaired, "take the difference of each pair first"),
        ("08c-verdict", lower_is_better, "higher is better"),
        ("08c-verdict", lambda first, second: "a draw", "one of first, second, not distinguishable"),
    ],
)
def test_feedback(exercise, answer, feedback):
    found = check(exercise, answer)
    assert bool(found) is (feedback is None), found
    assert feedback is None or feedback in found.message, found
