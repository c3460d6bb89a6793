"""The exercises of chapter 04: the stub, the solution, and wrong answers that each get a hint of their own."""

import math

import pytest
import torch
from torch import nn

from actlab import networks
from actlab.exercises import check


def with_biases(value):
    def start(network):
        for layer in network:
            if isinstance(layer, nn.Linear):
                nn.init.constant_(layer.bias, value)
        return network

    return start


def he(network):
    return networks.initialize(network, "he", seed=0).network


def climb(alpha, rate):
    return math.log(1 + 20 * alpha) / -math.log(1 - rate * alpha**2)


def walked(alpha, rate):
    z, steps = -20.0, 0
    while z < 0:
        z, steps = z - rate * alpha * (alpha * z - 1), steps + 1
    return steps


def prune(W1, b1, W2, x):
    alive = ((x @ W1.T + b1) > 0).any(0)
    return W1[alive], b1[alive], W2[:, alive]


def prune_the_mostly_silent(W1, b1, W2, x):
    alive = ((x @ W1.T + b1) > 0).double().mean(0) > 0.5
    return W1[alive], b1[alive], W2[:, alive]


def prune_the_first_layer_only(W1, b1, W2, x):
    alive = ((x @ W1.T + b1) > 0).any(0)
    return W1[alive], b1[alive], W2


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("04-dead", lambda z: (z <= 0).all(0), None),
        ("04-dead", lambda z: torch.relu(z).sum(0) == 0, None),
        ("04-dead", lambda z: z.mean(0) < 0, "a half is not all"),  # the stub
        ("04-dead", lambda z: z.min(0).values < 0, "a half is not all"),
        ("04-dead", lambda z: z.quantile(0.75, dim=0, interpolation="lower") <= 0, "that one teaches it"),
        ("04-dead", lambda z: (z <= 0).all(1), "one answer for each example"),
        ("04-dead", lambda z: (z < 0).all(0), "ReLU's slope at exactly 0"),
        ("04-dead", lambda z: (z > 0).all(0), "which way does the comparison go"),
        ("04-start", with_biases(0.0), None),
        ("04-start", lambda network: network, "what can a bias do to a small signal"),  # the stub
        ("04-start", with_biases(1.0), "on for every example"),
        ("04-start", with_biases(-0.1), "what can a bias do to a small signal"),
        ("04-start", he, "only the biases are yours"),
        ("04-climb", climb, None),
        ("04-climb", walked, None),
        ("04-climb", lambda alpha, rate: 20 / rate, "the slope is alpha"),  # the stub
        ("04-climb", lambda alpha, rate: 20 / (rate * alpha), "the error shrinks"),
        ("04-climb", lambda alpha, rate: 20 / (rate * alpha**2), "alpha enters the pull once"),
        ("04-prune", prune, None),
        ("04-prune", lambda W1, b1, W2, x: (W1, b1, W2), "8 are kept; 6 are enough"),  # the stub
        ("04-prune", prune_the_mostly_silent, "answers even one example"),
        ("04-prune", prune_the_first_layer_only, "a column of W2"),
    ],
)
def test_an_answer_gets_its_own_feedback(exercise, answer, feedback):
    found = check(exercise, answer)
    assert found.right is (feedback is None), found
    assert feedback is None or feedback in found.message
