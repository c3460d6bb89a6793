"""The exercises of chapter 08b: the stub, the solution, and wrong answers that each get a hint of their own."""

import math

import pytest
from torch import nn

from actlab import experiments
from actlab.exercises import check


def by_the_epoch_before(losses, patience):
    since = 0
    for epoch in range(1, len(losses)):
        since = since + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if since == patience:
            return epoch + 1
    return len(losses)


def early_stop(losses, patience):
    return experiments.early_stop(losses, patience) or len(losses)


def one_too_many(losses, patience):
    return early_stop(losses, patience + 1)


def equal_is_better(losses, patience):
    best, since = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        best, since = (loss, 0) if loss <= best else (best, since + 1)
        if since == patience:
            return epoch
    return len(losses)


def norms_of(network):
    return [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]


def refresh(network, x, batch, *, reset=True, momentum=None, train=True, end=True):
    for layer in norms_of(network):
        if reset:
            layer.reset_running_stats()
        layer.momentum = momentum
    network.train(train)
    for part in x.split(batch):
        network(part)
    if end:
        network.eval()
    return network


def and_train(network, x, batch):
    refresh(network, x, batch)
    nn.init.zeros_(network[0].bias)
    return network


def by_ratio(norms, loss):
    return loss < 0.1 * math.log(10), bool(norms[0] / norms[-1] < 0.01)


@pytest.mark.parametrize(
    ("exercise", "answer", "feedback"),
    [
        ("08b-stop", early_stop, None),
        ("08b-stop", lambda losses, patience: len(losses), "over after the third"),  # stub
        ("08b-stop", by_the_epoch_before, "not yet better than the best"),
        ("08b-stop", one_too_many, "over after the third"),
        ("08b-stop", equal_is_better, "equal to the best is no improvement"),
        ("08b-refresh", refresh, None),
        ("08b-refresh", lambda network, x, batch: network.eval(), "in training mode?"),  # stub
        ("08b-refresh", lambda *a: refresh(*a, train=False), "standard deviations off"),
        ("08b-refresh", lambda *a: refresh(*a, momentum=0.1), "momentum None"),
        ("08b-refresh", lambda *a: refresh(*a, reset=False), "reset_running_stats"),
        ("08b-refresh", lambda *a: refresh(*a, end=False), "evaluation mode"),
        ("08b-refresh", and_train, "0.bias has changed"),
        ("08b-read", by_ratio, None),
        ("08b-read", lambda norms, loss: (loss < 0.5, bool(norms.min() < 0.01)), "because there is nothing to mend"),
        (
            "08b-read",
            lambda norms, loss: (False, bool(norms.min() < 0.01)),
            "because there is nothing to mend",
        ),  # stub
        ("08b-read", lambda norms, loss: (loss < 0.5, bool(norms[-1] / norms[0] < 0.01)), "270th of the last"),
        ("08b-read", lambda norms, loss: loss < 0.5, "two answers are wanted"),
    ],
)
def test_an_answer_gets_its_feedback(exercise, answer, feedback):
    found = check(exercise, answer)
    assert bool(found) == (feedback is None), found.message
    assert feedback is None or feedback in found.message
