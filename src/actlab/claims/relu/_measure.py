"""What claims about several members of the family measure with."""

from functools import cache

import torch

from ... import activations, results, theory, train
from .._measure import number_in

CHAPTER = "chapters/04_relu_family"
KINK, SLOPES = "chapters/deeper/04_kink", "chapters/deeper/04_slopes"


def _constant_part(name, spread=1.0):
    """(E f)^2 / E f^2 for z ~ N(0, spread^2): how much of the outputs' mean square is only their mean."""
    act = activations.get(name)
    kinks = [kink / spread for kink in act.kinks]
    mean = theory.expectation(lambda z: act(spread * z), kinks)
    return mean**2 / theory.expectation(lambda z: act(spread * z) ** 2, kinks)


def _cost(activation, what):
    """From data/activation_cost, torch's own form, over torch's ReLU in the same rounds: forward, both, or layer."""
    rows = results.load("activation_cost")
    return next(row[f"{what}_ratio"] for row in rows if (row["activation"], row["form"]) == (activation, "torch"))


def _networks(table="dead_units", **wanted):
    """The stored networks that have these settings and did not diverge, in the order of their seeds."""
    rows = results.load("dead_units", table)
    return [
        row for row in rows if row["accuracy"] is not None and all(row[name] == of for name, of in wanted.items())
    ]


OPTIMISERS = {"sgd": "plain gradient descent", "rmsprop": "RMSprop", "momentum": "momentum", "adam": "Adam"}

STEPS, START = 1000, -20.0


@cache
def _one_unit(activation, optimizer):
    """Weight and bias of a unit f(w x + b), taught relu(x) for STEPS steps at rate 0.1; they start at 1 and START."""
    act = activations.get(activation)
    x = torch.linspace(-2, 2, 41, dtype=torch.float64)
    parameters = torch.tensor([1.0, START], dtype=torch.float64, requires_grad=True)
    update = train.optimizers[optimizer]([parameters], lr=0.1)
    for _ in range(STEPS):
        z = (parameters[0] * x + parameters[1]).detach()
        pull = 2 * (act(z) - torch.relu(x)) * act.slope(z) / len(x)
        parameters.grad = torch.stack([pull @ x, pull.sum()])
        update.step()
    return tuple(parameters.tolist())


def xu(task):
    """Per cent of errors on one of the CIFARs in xu2015, one run each: a learned slope, 0.01, 1 / 5.5."""
    slopes = ("a learned slope", "slope 0.01", "slope 1 / 5.5")
    return tuple(number_in("xu2015", f"{task} error with {slope}") for slope in slopes)


def _same(f, g):
    z = torch.linspace(-100, 100, 2001, dtype=torch.float64)
    return torch.equal(f(z), g(z))


@cache
def _learned_slope(taught):
    """The slope below 0 that a PReLU arrives at by gradient descent, taught by a function of slope `taught` there."""
    z = torch.linspace(-2, 2, 41, dtype=torch.float64)
    unit = activations.get("prelu").module(dtype=torch.float64)
    update = torch.optim.SGD(unit.parameters(), lr=0.5)
    for _ in range(50):
        loss = (unit(z) - torch.where(z > 0, z, taught * z)).square().mean()
        update.zero_grad()
        loss.backward()
        update.step()
    return unit.negative_slope.item()
