"""The exercises of chapter 08d: the stub, the solution, and wrong answers that each get a hint of their own."""

import pytest

from actlab.exercises import check


def constant(accuracy, f1):
    low, high = (2 * p**2 / (1 + p) for p in (accuracy - 0.0005, accuracy + 0.0005))
    return low - 0.00005 <= f1 <= high + 0.00005


def exactly(accuracy, f1):
    return round(2 * accuracy**2 / (1 + accuracy), 4) == f1


def loosely(accuracy, f1):
    return f1 < accuracy - 0.02


def fit(f, wanted):
    a, b = f - f.mean(), wanted - wanted.mean()
    factor = (a @ b / (a @ a)).item()
    return factor, (wanted.mean() - factor * f.mean()).item()


def through_the_origin(f, wanted):
    return (f @ wanted / (f @ f)).item(), 0.0


def other_way_round(f, wanted):
    a, b = f - f.mean(), wanted - wanted.mean()
    factor = (b @ b / (a @ b)).item()
    return factor, (wanted.mean() - factor * f.mean()).item()


def halves(width, hidden):
    return width * hidden + hidden + hidden // 2 * width + width


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("08d-constant", constant, None),
        (
            "08d-constant",
            lambda accuracy, f1: accuracy == f1,
            "accuracy 0.708, F1 0.5870 are those of a const",
        ),  # stub
        ("08d-constant", exactly, "the accuracy itself is known to half of its last digit only"),
        ("08d-constant", loosely, "accuracy 0.683, F1 0.6345 are not those of a constant answer"),
        ("08d-constant", lambda accuracy, f1: 1, "True or False is wanted"),
        ("08d-fit", fit, None),
        ("08d-fit", lambda f, wanted: (1.0, 0.0), "tanh for gelu: "),  # stub
        ("08d-fit", through_the_origin, "the line through the origin"),
        ("08d-fit", other_way_round, "the other way round"),
        ("08d-fit", lambda f, wanted: (fit(f, wanted)[0], 0.0), "passes through the two means"),
        ("08d-halves", halves, None),
        ("08d-halves", lambda w, h: 2 * w * h + h + w, "that is the plain block"),  # stub
        ("08d-halves", lambda w, h: w * h + h // 2 * w, "biases count"),
        ("08d-halves", lambda w, h: 3 * w * (h // 2) + h // 2 + w, "before they are cut in two"),
    ],
)
def test_answers(exercise, answer, feedback):
    found = check(exercise, answer)
    assert found.right == (feedback is None), found
    assert feedback is None or feedback in found.message
