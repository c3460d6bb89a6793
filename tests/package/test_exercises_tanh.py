"""The exercises of chapter 03: the stub, the solution, and wrong answers that each get a hint of their own."""

import math

import numpy as np
import pytest
import torch

from actlab.exercises import check
from actlab.exercises.tanh import _powers


def through_time(w, b, h, steps):
    product = 1.0
    for _ in range(steps):
        h = math.tanh(w * h + b)
        product *= w * (1 - h**2)
    return product


def slopes_alone(w, b, h, steps):
    product = 1.0
    for _ in range(steps):
        h = math.tanh(w * h + b)
        product *= 1 - h**2
    return product


def a_step_late(w, b, h, steps):
    product = 1.0
    for _ in range(steps):
        product *= w * (1 - h**2)
        h = math.tanh(w * h + b)
    return product


def as_sigmoid(W1, b1, W2, b2):
    return 2 * W1, 2 * b1, 2 * W2, b2 - W2.sum(0)


def fair(tuning, reported):
    return np.median(reported[np.median(tuning, axis=1).argmin()])


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("03-lecun", (math.sqrt(3), math.atanh(1 / math.sqrt(3))), None),
        ("03-lecun", (1.7159, 2 / 3), "largest at z = 0.9877, not at 1"),  # the stub
        ("03-lecun", (1.0, 0.6585), "f(1) is to be 1, and with these two it is 0.57"),
        ("03-lecun", math.sqrt(3), "two numbers are wanted, (a, b); this is a float"),
        ("03-same", as_sigmoid, None),
        ("03-same", lambda W1, b1, W2, b2: (W1, b1, W2, b2), "twice what went into tanh"),  # the stub
        ("03-same", lambda W1, b1, W2, b2: (2 * W1, 2 * b1, 2 * W2, b2), "on all inputs: the -1"),
        ("03-same", lambda W1, b1, W2, b2: (2 * W1, 2 * b1, W2, b2), "the second layer makes up for both"),
        ("03-same", lambda W1, b1, W2, b2: (W1, b1), "four tensors are wanted"),
        ("03-same", lambda W1, b1, W2, b2: (W1.T, b1, W2, b2), r"the new W1 has shape (5, 3), and the old (3, 5)"),
        ("03-fair", fair, None),
        ("03-fair", lambda tuning, reported: np.median(reported, axis=1).min(), "runs that are reported"),  # the stub
        ("03-fair", lambda tuning, reported: np.median(tuning, axis=1).min(), "report the others"),
        ("03-fair", lambda tuning, reported: reported[np.median(tuning, axis=1).argmin()].mean(), "not the mean"),
        ("03-fair", lambda tuning, reported: np.median(reported[tuning.min(axis=1).argmin()]), "counts as inf"),
        ("03-slope", lambda z: 1 / torch.cosh(z) ** 2, None),
        ("03-slope", lambda z: 4 * torch.sigmoid(2 * z) * torch.sigmoid(-2 * z), None),
        ("03-slope", lambda z: 1 - torch.tanh(z) ** 2, "at z = 20 it is exactly 0"),  # the stub
        ("03-slope", lambda z: (1 - torch.tanh(z)) * (1 + torch.tanh(z)), "1 - 1 has cancelled"),
        ("03-slope", lambda z: 4 * torch.exp(2 * z) / (torch.exp(2 * z) + 1) ** 2, "an infinite square"),
        ("03-slope", lambda z: 4 / (torch.exp(z) + torch.exp(-z)), "at z = 0 the slope is 1, and yours is 2"),
        ("03-gain", 1.136, None),
        ("03-gain", 1.0, "delta changes by 10^(-1.07): it still vanishes"),  # the stub
        ("03-gain", 5 / 3, "this is torch's gain"),
        ("03-gain", 1.186, "this is the balance of 50 layers"),
        ("03-gain", 1.5, "it explodes"),
        ("03-time", through_time, None),
        ("03-time", lambda w, b, h, steps: w**steps, "multiplies by the slope of tanh"),  # the stub
        ("03-time", slopes_alone, "each step also multiplies by w"),
        ("03-time", a_step_late, "the slope belongs to the state after the step"),
    ],
)
def test_an_answer_gets_its_own_feedback(exercise, answer, feedback):
    found = check(exercise, answer)
    assert found.right is (feedback is None), found
    assert feedback is None or feedback in found.message


def test_small_weights_cost_a_power_of_the_gain_for_each_layer():
    # with a gain so small that tanh is the identity, each of the 49 layers behind the first multiplies by the gain
    assert _powers(1e-3, 50) == pytest.approx(-3 * 49, abs=1e-3)
