"""The exercises of chapter 02: the stub, the solution, and wrong answers that each get a hint of their own."""

import pytest
import torch

from actlab import data
from actlab.exercises import check


def by_subtraction(z):
    return torch.sigmoid(z) * (1 - torch.sigmoid(z))


def by_exponentials(z):
    return torch.exp(-z) / (1 + torch.exp(-z)) ** 2


def written_out(z, y):
    a = torch.sigmoid(z)
    return -(y * torch.log(a) + (1 - y) * torch.log(1 - a))


def patched(z, y):
    a = torch.sigmoid(z)
    return -(y * torch.log(a + 1e-8) + (1 - y) * torch.log(1 - a + 1e-8))


def from_logits(z, y):
    return z.clamp(min=0) - y * z + torch.log1p(torch.exp(-z.abs()))


def xor_gradient(at_the_output, hidden_slope=True):
    """Back-propagation through 2-4-1 sigmoid units, from what stands for dL/dz of the output."""
    x, y = (part.double() for part in data.xor()[:2])

    def gradient(parameters):
        w1, b1, w2, b2 = parameters
        hidden = torch.sigmoid(x @ w1 + b1)
        a = torch.sigmoid(hidden @ w2 + b2)
        delta2 = at_the_output(a, y.reshape(1, -1, 1)) / len(x)
        delta1 = delta2 @ w2.mT * (hidden * (1 - hidden) if hidden_slope else 1)
        return [x.T @ delta1, delta1.sum(-2, keepdim=True), hidden.mT @ delta2, delta2.sum(-2, keepdim=True)]

    return gradient


def alike(W1, W2, *, outgoing=True):
    units = torch.cat([W1, W2.T], dim=1) if outgoing else W1
    return sum(torch.equal(units[i], units[j]) for i in range(len(units)) for j in range(i))


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("02-slope", lambda z: torch.sigmoid(z) * torch.sigmoid(-z), None),
        ("02-slope", by_subtraction, "digits are lost where nearly equal numbers are subtracted"),  # the stub
        ("02-slope", by_exponentials, "or was divided by an infinite square"),
        ("02-slope", torch.sigmoid, "at z = 0 the slope is 0.25, and yours is 0.5"),
        ("02-bce", from_logits, None),
        ("02-bce", written_out, "it is infinite, and the loss is 20"),  # the stub
        ("02-bce", patched, "the loss is 20, and yours is 18."),
        ("02-bce", lambda z, y: from_logits(z, y).mean(), "one loss for each logit"),
        ("02-gradient", xor_gradient(lambda a, y: a - y), None),
        ("02-gradient", xor_gradient(lambda a, y: (a - y) * a * (1 - a)), "half the mean squared error"),  # the stub
        ("02-gradient", xor_gradient(lambda a, y: (a - y) * 4), "its size is 4 of what it should be"),
        ("02-gradient", xor_gradient(lambda a, y: a - y, hidden_slope=False), "the gradient of W1 is off"),
        ("02-symmetry", alike, None),
        ("02-symmetry", lambda W1, W2: alike(W1, W2, outgoing=False), "that makes 1, and yours is 3"),  # the stub
        ("02-symmetry", lambda W1, W2: alike(W2.T, W1.T, outgoing=False), "that makes 1, and yours is 6"),
        ("02-symmetry", lambda W1, W2: len(W1), "that makes 1, and yours is 5"),
        ("02-symmetry", lambda W1, W2: W1, "a number of pairs is wanted"),
        ("02-scale", 30, None),
        ("02-scale", 12, "12 of 31 networks solved XOR; find a scale"),  # the stub, and a scale too small
        ("02-scale", 0.3, "the number of solved networks is wanted"),
        ("02-scale", [True] * 31, "this is a list"),
    ],
)
def test_an_answer_gets_its_own_feedback(exercise, answer, feedback):
    found = check(exercise, answer)
    assert found.right is (feedback is None), found
    assert feedback is None or feedback in found.message
