"""Chapter 05's exercises: what a reader hands in, and what the feedback says."""

import math

import pytest

from actlab import theory
from actlab.exercises import check

W = 0.27846454276107380


def swish_minimum(beta):
    return (-1 - W) / beta, -W / beta


ALL = {"tanh", "softplus", "squareplus", "gelu", "silu", "mish"}

SOLUTIONS = {
    "05-minimum": swish_minimum,
    "05-beta": 1.773,
    "05-product": ((1, 1), (1, -1)),
    "05-beam": ALL,
}
STUBS = {
    "05-minimum": (lambda beta: (-1.278, -0.278), "few digits"),
    "05-beta": (1.702, "best fit"),
    "05-product": (((1, 1), (1, 1)), "mixed term"),
    "05-beam": ({"relu_squared", "elu", "gelu", "silu"}, "relu_squared is 0"),
}
WRONG = [
    ("05-minimum", lambda beta: (-1 - W, -W), "does beta do to the height"),
    ("05-minimum", lambda beta: (-1 - W, -W / beta), "it moves too"),
    ("05-minimum", lambda beta: (-W / beta, (-1 - W) / beta), "swapped"),
    ("05-minimum", lambda beta: ((-1 - W) * beta, -W / beta), "is taken at"),
    ("05-beta", 1.6, "go up"),
    ("05-beta", 1.9, "come down"),
    ("05-beta", math.nan, "finite"),
    ("05-product", ((1, 0), (1, 0)), "no part"),
    ("05-product", ((1, -1), (-1, -1)), "is wanted"),
    ("05-product", ((1, 1, 0), (1, -1, 0)), "two numbers"),
    ("05-beam", ALL | {"elu"}, "second one jumps"),
    ("05-beam", ALL | {"hardswish"}, "hardswish is 0"),
    ("05-beam", ALL - {"mish"}, "mish has all"),
    ("05-beam", {"swiglu"}, "'swiglu' is not among"),
]


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_the_solution_is_right(exercise):
    feedback = check(exercise, SOLUTIONS[exercise])
    assert feedback, feedback.message


@pytest.mark.parametrize("exercise", STUBS)
def test_the_stub_of_the_chapter_gets_a_hint(exercise):
    answer, hint = STUBS[exercise]
    feedback = check(exercise, answer)
    assert not feedback and hint in feedback.message, feedback.message


@pytest.mark.parametrize(("exercise", "answer", "hint"), WRONG, ids=[f"{e}: {h}" for e, _, h in WRONG])
def test_a_typical_wrong_answer_gets_a_hint_of_its_own(exercise, answer, hint):
    feedback = check(exercise, answer)
    assert not feedback and hint in feedback.message, feedback.message


def test_the_minimum_of_the_tests_is_the_packages_own():
    assert swish_minimum(1.0) == pytest.approx(theory.minimum("silu"), rel=1e-12)
