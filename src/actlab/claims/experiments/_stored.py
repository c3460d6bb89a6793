"""What the claims about experiments look up: printed tables, stored runs, and places and errors among them."""

import math
from functools import cache

import numpy as np

from ... import results

CNN, RESNET, BERT = range(1, 9), range(9, 17), range(17, 21)  # the tables of park2024's experiments 3.1 to 3.3

IMAGES = ("MNIST, SGD", "CIFAR-10, SGD", "MNIST, Adam", "CIFAR-10, Adam")

FIVE = ("sigmoid", "relu", "leaky_relu", "elu", "selu")

_rows = cache(results.load)


def _printed(quantity, **where):
    """From activation to the number that a text prints, in the order of its table."""
    chosen = [row for row in _rows("published") if row["quantity"] == quantity]
    return {row["activation"]: row["value"] for row in chosen if all(row[key] == where[key] for key in where)}


def _tables(tables, task, quantity):
    """The same for a task of one experiment of park2024, whose tables are numbered."""
    found = {}
    for number in tables:
        found |= _printed(quantity, source="park2024", place=f"Table {number}", task=task)
    return found


def _place(values, name, best=min):
    """1 for the best, 2 for the one after it, and so on; equal values share the better place."""
    better = values[name].__gt__ if best is min else values[name].__lt__
    return 1 + sum(bool(better(value)) for value in values.values())


def _error(percent, n):
    """Standard error of a share among n test examples, both in per cent."""
    return math.sqrt(percent * (100 - percent) / n)


def _gap(values, better, worse, n):
    """Difference of two shares in per cent over its standard error, each of n test examples."""
    return (values[better] - values[worse]) / math.hypot(_error(values[better], n), _error(values[worse], n))


@cache
def _disk(column):
    """The stored runs of the published eight on the disk: from activation to an array of draws by starts."""
    runs = {name: {} for name in _printed("train_loss", source="gustaw2025")}
    for row in _rows("disk", "draws"):
        if row["activation"] in runs:
            runs[row["activation"]].setdefault(row["draw"], []).append(row[column])
    return {name: np.array(list(by_draw.values())) for name, by_draw in runs.items()}


def _medians(column):
    """The median over the draws of the median over the starts: a few runs that fail move it less than a mean."""
    return {name: float(np.median(np.median(values, axis=1))) for name, values in _disk(column).items()}


def _further(study, activation, column):
    rows = [row for row in _rows("disk_further") if (row["study"], row["activation"]) == (study, activation)]
    return np.array([math.inf if row[column] is None else row[column] for row in rows])
