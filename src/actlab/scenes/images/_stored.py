"""The stored runs of data/images, and the numbers that the paper printed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import experiments, results

__all__ = [
    "ADAM",
    "FIVE",
    "LAYERS",
    "LONG",
    "NARROW",
    "PHOTOS",
    "SGD",
    "WORDS",
    "apart",
    "column",
    "paired",
    "points",
    "published",
    "rows",
]

FIVE = experiments.five
LAYERS = ("conv1", "conv2", "fc1", "fc2", "fc3")
WORDS = {"sigmoid": "sigmoid", "relu": "ReLU", "leaky_relu": "Leaky ReLU", "elu": "ELU", "selu": "SELU"}
SGD = {"network": "cnn", "task": "mnist", "optimizer": "sgd", "rate": 0.001}
ADAM = SGD | {"optimizer": "adam"}
LONG = SGD | {"rate": 0.1, "epochs": 60}
PHOTOS = SGD | {"task": "cifar10"}
NARROW = {"network": "resnet50_narrow", "optimizer": "adam"}


def rows(table: str, **where: Any) -> list[dict]:
    """The rows of a table of data/images whose entries have these values."""
    found = results.load("images", table)
    return [row for row in found if all(row[key] == value for key, value in where.items())]


def column(name: str, table: str = "runs", **where: Any) -> np.ndarray:
    """One column of those rows, in the order of their seeds: a number or a row of numbers for each, float64."""
    found = sorted(rows(table, **where), key=lambda row: row["seed"])
    return np.array([row[name] for row in found], dtype=float)


def paired(names: Sequence[str], quantity: str, **where: Any) -> np.ndarray:
    """A row for each name, a column for each seed that all of them have; nan where nothing is stored, float64."""
    kept = [{row["seed"]: row[quantity] for row in rows("runs", activation=name, **where)} for name in names]
    seeds = sorted(set.intersection(*map(set, kept)))
    return np.array([[of[seed] for seed in seeds] for of in kept], dtype=float)


def apart(name: str, rival: str, quantity: str = "test_accuracy", *, comparisons: int = 1, **where: Any):
    """The mean of the paired differences name - rival, and half the width of its Student interval."""
    a, b = paired([name, rival], quantity, **where)
    return results.student(a - b, comparisons=comparisons)


def points(difference: tuple[float, float], digits: int = 1) -> str:
    """A difference of two shares and half its interval, in points of a hundred."""
    mean, half = (100 * part for part in difference)
    return f"{mean:+.{digits}f} ± {half:.{digits}f}"


def published(number: int, quantity: str = "accuracy") -> dict[str, float]:
    """From function to the number in one of the paper's tables. Raises KeyError where there is none."""
    found = {
        row["activation"]: row["value"]
        for row in results.load("published")
        if (row["source"], row["place"], row["quantity"]) == ("park2024", f"Table {number}", quantity)
    }
    if not found:
        raise KeyError(f"data/published has no {quantity!r} of Table {number}")
    return found
