"""The exercises of chapter 08a: the stub, the solution, and wrong answers that each get a hint of their own."""

import math

import pytest
import torch

from actlab.exercises import check


def exact(b, c):
    n = b + c
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(b, c) + 1)) / 2**n)


def one_tail(b, c):
    return sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)


def one_way(b, c):
    return min(1.0, 2 * sum(math.comb(b + c, k) for k in range(b + 1)) / 2 ** (b + c))


def entropy(p):
    return -sum(q * math.log(q) for q in (p, 1 - p) if q)


def by_corner(groups):
    return sum(m * entropy(k / m) for k, m in groups) / 4


def careless(groups):
    p = [torch.tensor(k / m, dtype=torch.float64) for k, m in groups]
    return sum(-m * (q * q.log() + (1 - q) * (1 - q).log()) for (_, m), q in zip(groups, p, strict=True)) / 4


def mixed_difference(f, w1, w2):
    return (f(w1 + w2) - f(w1) - f(w2) + f(torch.zeros_like(w1))).abs().mean()


def order(f):
    w1, w2 = torch.randn(2, 1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    small, large = (mixed_difference(f, s * w1, s * w2) for s in (1e-3, 1e-2))
    return (large / small).log10().item()


def by_symmetry(f):
    z = torch.tensor([0.5], dtype=torch.float64)
    if f.kinks:
        return order(f)
    return 3.0 if abs(f(z) + f(-z)) < 1e-12 else 2.0


def a_hundredth(w1):
    return torch.full_like(w1[0], 0.01)


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("08a-mcnemar", exact, None),
        (
            "08a-mcnemar",
            lambda b, c: abs(b - c) / (b + c),
            "with 6 pairs one way and 2 the other p is 0.2891",
        ),  # stub
        ("08a-mcnemar", one_tail, "that is one tail"),
        ("08a-mcnemar", one_way, "which of the two ways comes first must not matter"),
        ("08a-mcnemar", lambda b, c: 2 * one_tail(b, c), "a probability ends at 1"),
        ("08a-end", by_corner, None),
        (
            "08a-end",
            lambda groups: math.log(2),
            "three alike, two of them 1, and one alone: the loss is 0.4774",
        ),  # stub
        ("08a-end", careless, "0 log 0"),
        (
            "08a-end",
            lambda groups: sum(entropy(k / m) for k, m in groups) / len(groups),
            "weighs three times as much",
        ),
        ("08a-end", lambda groups: by_corner(groups) / math.log(2), "take natural logarithms"),
        ("08a-order", order, None),
        ("08a-order", lambda f: 2, "for relu the order is 1, and yours is 2"),  # the stub
        ("08a-order", by_symmetry, "it is odd, but its second derivative jumps"),
        ("08a-order", lambda f: float("nan"), "its logarithm is no number"),
        ("08a-rescue", a_hundredth, None),
        (
            "08a-rescue",
            lambda w1: torch.zeros_like(w1[0]),
            "silent on all corners before the first step",
        ),  # the stub
        ("08a-rescue", lambda w1: torch.ones_like(w1[0]), "one straight line together"),
        ("08a-rescue", lambda w1: torch.zeros(4), "biases have shape (4, 100), yours (4,)"),
    ],
)
def test_an_answer_gets_its_own_feedback(exercise, answer, feedback):
    found = check(exercise, answer)
    assert found.right is (feedback is None), found
    assert feedback is None or feedback in found.message
