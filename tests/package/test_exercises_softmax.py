"""Exercises of chapter 06: what the chapter's stub, a solution and typical wrong answers hear."""

import pytest
import torch

from actlab.exercises import check


def lost_in_the_formula(z, y):
    p = torch.exp(z) / torch.exp(z).sum(-1, keepdim=True)
    return -torch.log(p.gather(-1, y[:, None]).squeeze(-1))


def logarithm_of_a_stable_softmax(z, y):
    weights = torch.exp(z - z.amax(-1, keepdim=True))
    return -torch.log((weights / weights.sum(-1, keepdim=True)).gather(-1, y[:, None]).squeeze(-1))


def added_again_too_early(z, y):
    m = z.amax(-1, keepdim=True)
    logs = m.squeeze(-1) + torch.log(torch.exp(z - m).sum(-1))
    return logs - z.gather(-1, y[:, None]).squeeze(-1)


def in_single_and_not_back(z, y):
    below = z.float() - z.float().amax(-1, keepdim=True)
    return torch.log(torch.exp(below).sum(-1)) - below.gather(-1, y[:, None]).squeeze(-1)


def cut_off_from_its_logits(z, y):
    return in_single_and_not_back(z.detach(), y).to(z.dtype)


def survives(z, y):
    wide = z.float() if z.dtype in (torch.float16, torch.bfloat16) else z
    below = wide - wide.amax(-1, keepdim=True)
    return (torch.log(torch.exp(below).sum(-1)) - below.gather(-1, y[:, None]).squeeze(-1)).to(z.dtype)


def survives_in_its_own_format(z, y):
    below = z - z.detach().amax(-1, keepdim=True)
    # a sum of 20,000 ones in float16 is right only because torch adds in float32
    return torch.log(torch.exp(below).sum(-1)) - below.gather(-1, y[:, None]).squeeze(-1)


def merge(a, b):
    (m1, s1), (m2, s2) = a, b
    m = torch.maximum(m1, m2)
    base = torch.where(m.isinf(), 0.0, m)
    return m, s1 * torch.exp(m1 - base) + s2 * torch.exp(m2 - base)


def merge_by_adding(a, b):
    return torch.maximum(a[0], b[0]), a[1] + b[1]


def merge_the_wrong_way_up(a, b):
    m = torch.maximum(a[0], b[0])
    return m, a[1] * torch.exp(m - a[0]) + b[1] * torch.exp(m - b[0])


def merge_that_forgets_the_empty(a, b):
    m = torch.maximum(a[0], b[0])
    return m, a[1] * torch.exp(a[0] - m) + b[1] * torch.exp(b[0] - m)


def merge_by_adding_the_largest(a, b):
    return a[0] + b[0], a[1] + b[1]


ROWS = {
    "silent": [10.0] * 5,
    "half": [20.0, 0.0],
    "logarithm": [0.0, -750.0],
    "patch": [0.0, 25.0],
    "leak": [-12000.0, 0.0],
}
STUBS = {
    "06-count": (100, "still fits"),
    "06-break": ({name: [1.0, 2.0, 3.0] for name in ROWS}, "silent: the probabilities add up to 1.000"),
    "06-cross-entropy": (lost_in_the_formula, "an exponential has overflowed"),
    "06-merge": (merge_by_adding, "measured against the larger m"),
}
SOLUTIONS = [
    ("06-count", 442),
    ("06-break", ROWS),
    ("06-break", ROWS | {"silent": torch.full((1000,), 5.0), "half": (12, 0, 0)}),
    ("06-cross-entropy", survives),
    ("06-cross-entropy", survives_in_its_own_format),
    ("06-merge", merge),
]
WRONG = [
    ("06-count", 441, "65440, which still fits"),
    ("06-count", 443, "so do 442"),
    ("06-count", 10**9, "far too many"),
    ("06-count", 442.0, "a whole number"),
    ("06-break", {}, "there is no row 'silent'"),
    ("06-break", ROWS | {"silent": [12.0, 0.0]}, "so it is not silent"),
    ("06-break", ROWS | {"silent": [1e5, 0.0]}, "not all of these logits are finite in float16"),
    ("06-break", ROWS | {"half": [5.0, 0.0]}, "float16 survives it"),
    ("06-break", ROWS | {"half": [95.0, 0.0]}, "bfloat16 does not survive it either"),
    ("06-break", ROWS | {"logarithm": [800.0, 0.0]}, "an exponential overflows"),
    ("06-break", ROWS | {"logarithm": [-800.0, -900.0]}, "every exponential is 0"),
    ("06-break", ROWS | {"logarithm": [0.0, -30.0]}, "a wider gap is needed"),
    ("06-break", ROWS | {"patch": [25.0, 0.0]}, "class 0 must be less likely"),
    ("06-break", ROWS | {"patch": [800.0, 0.0]}, "the softmax itself is nan"),
    ("06-break", ROWS | {"patch": [0.0, float("inf")]}, "must be finite"),
    ("06-break", ROWS | {"patch": "zero"}, "a list of numbers"),
    ("06-break", ROWS | {"leak": [2.0, 1.0, 0.0]}, "the masked position gets 0.00 of the weight"),
    ("06-break", ROWS | {"leak": [-12000.0, -9990.0, 0.0]}, "must lie below the mask"),
    ("06-cross-entropy", logarithm_of_a_stable_softmax, "the logarithm of a probability that is 0"),
    ("06-cross-entropy", added_again_too_early, "added before they were subtracted"),
    ("06-cross-entropy", in_single_and_not_back, "of the same format"),
    ("06-cross-entropy", cut_off_from_its_logits, "a detach too many"),
    ("06-merge", merge_the_wrong_way_up, "never above 1"),
    ("06-merge", merge_that_forgets_the_empty, "was -inf taken from -inf"),
    ("06-merge", merge_by_adding_the_largest, "the largest of the whole row"),
]


@pytest.mark.parametrize(("exercise", "stub"), STUBS.items(), ids=STUBS)
def test_the_stub_of_the_chapter_hears_what_is_missing(exercise, stub):
    answer, hint = stub
    feedback = check(exercise, answer)
    assert not feedback and hint in feedback.message


@pytest.mark.parametrize(("exercise", "answer"), SOLUTIONS)
def test_a_solution_is_right(exercise, answer):
    feedback = check(exercise, answer)
    assert feedback, feedback.message


@pytest.mark.parametrize(("exercise", "answer", "hint"), WRONG)
def test_a_wrong_answer_gets_its_own_hint(exercise, answer, hint):
    feedback = check(exercise, answer)
    assert not feedback and hint in feedback.message, feedback.message
    assert len(feedback.message) < 250 and "\n" not in feedback.message
