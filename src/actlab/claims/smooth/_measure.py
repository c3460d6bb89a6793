"""What claims about several smooth activations measure with."""

import math
from functools import cache

import numpy as np
import torch

from ... import activations, results
from .._measure import tuned_ratio

CHAPTER = "chapters/05_smooth_activations"
FORMULAS, MOMENTS, COSTS = (f"chapters/deeper/05_{page}" for page in ("formulas", "moments", "costs"))

F64 = torch.float64


def _slope_jump(act):
    """The largest change of the slope between points 0.0001 apart on [-5, 5]: about 0 where there is no jump."""
    z = torch.linspace(-5, 5, 100_001, dtype=F64)
    return activations.get(act).slope(z).diff().abs().max().item()


def _is_smooth(act):
    return _slope_jump(act) < 1e-3


def _lowest(function):
    """(argmin, min) of a function on 20,001 points from -10,000 to 0, closer together near 0."""
    z = -torch.cat([torch.zeros(1, dtype=F64), torch.logspace(-4, 4, 20_000, dtype=F64)])
    value = function(z)
    return z[value.argmin()].item(), value.min().item()


def _disk(name, other):
    """How many times the other's test loss on the disk, each at its own rate: (factor, low, high), 95 % interval."""
    mean, half = tuned_ratio(name, other, "test_loss")
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def _square(name, other):
    """The same on a square, the disk's points with other labels, at rate 0.01."""
    losses = {}
    for row in results.load("disk", "squares"):
        losses.setdefault((row["activation"], row["draw"]), []).append(row["test_loss"])
    draws = sorted({draw for _, draw in losses})
    return results.ratio(*([np.median(losses[of, draw]) for draw in draws] for of in (name, other)))


def _said(factor):
    return "{:.2f} ({:.2f} to {:.2f})".format(*factor)


def _published_accuracy(task):
    """Share right of each activation in the BERT of park2024 on a task."""
    rows = [row for row in results.load("published") if row["source"] == "park2024" and row["task"] == task]
    return {row["activation"]: row["value"] for row in rows if row["quantity"] == "accuracy"}


@cache
def _costs():
    return {row["activation"]: row for row in results.load("activation_cost") if row["form"] == "torch"}


def _cost(name, column):
    """How many times torch's ReLU takes, of torch's own function: forward_ratio, both_ratio or layer_ratio."""
    return _costs()[name][column]
