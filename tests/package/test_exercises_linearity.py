"""The exercises of chapter 01: the stub, the solution, and wrong answers that each get a hint of their own."""

import pytest
import torch

from actlab.exercises import check


def folded(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight, bias = w @ weight, w @ bias + b
    return weight, bias


def with_biases_only_added(layers):
    return folded(layers)[0], sum(b for _, b in layers) if len({b.shape for _, b in layers}) == 1 else folded(layers)[
        1
    ]


def in_the_wrong_order(layers):
    weight, bias = layers[0]
    for w, b in layers[1:]:
        weight, bias = (weight @ w if weight.shape[1] == w.shape[0] else w @ weight), w @ bias + b
    return weight, bias


def with_skips(layers):
    size = layers[0][0].shape[0]
    return folded([(w + torch.eye(size, dtype=w.dtype), b) for w, b in layers])


def bunched(power):
    return [(i / 16) ** power for i in range(17)]


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("01-fold", folded, None),
        ("01-fold", lambda layers: layers[0], "the weight has shape"),  # the stub
        ("01-fold", with_biases_only_added, "each must pass through all later weights"),
        ("01-fold", in_the_wrong_order, "is the last matrix on the left?"),
        ("01-hinges", bunched(3), None),
        ("01-hinges", bunched(1), "the largest error is 0.0625, worst between 0 and 0.0625"),  # the stub
        ("01-hinges", bunched(2)[:-1], "17 knots are wanted in one row"),
        ("01-hinges", bunched(2)[::-1], "the first knot must be 0"),
        ("01-residual", with_skips, None),
        ("01-residual", lambda layers: None, "There is one"),  # the stub
        ("01-residual", folded, "what does x itself add"),
        ("01-residual", lambda layers: (with_skips(layers)[0], folded(layers)[1]), "the bias is off"),
    ],
)
def test_an_answer_gets_its_own_feedback(exercise, answer, feedback):
    found = check(exercise, answer)
    assert found.right is (feedback is None), found
    assert feedback is None or feedback in found.message
