"""What eight printed tables can tell, and which of their readings seeds confirm."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ... import results
from ...tables import Table
from ._stored import ADAM, FIVE, NARROW, PHOTOS, SGD, WORDS, column, paired, published, rows

__all__ = [
    "OURS",
    "READINGS",
    "comparisons",
    "ours_table",
    "published_table",
    "readings_table",
    "shared",
    "shared_needed",
    "shared_table",
    "stored_settings",
    "verdict",
]

TASKS = ("MNIST, SGD", "CIFAR-10, SGD", "MNIST, Adam", "CIFAR-10, Adam")
PRINTED = dict(enumerate((f"CNN, {task}" for task in TASKS), 1))
PRINTED |= dict(enumerate((f"ResNet-50, {task}" for task in TASKS), 9))
OURS = {
    1: SGD,
    2: PHOTOS,
    3: ADAM,
    4: PHOTOS | {"optimizer": "adam"},
    9: NARROW | {"optimizer": "sgd"},
    11: NARROW,
}
# table, function, quantity, and whether it is said to be the largest (1) or the smallest (-1) of the five
READINGS = (
    (1, "sigmoid", "test_accuracy", -1),
    (1, "selu", "test_loss", -1),
    (2, "sigmoid", "test_accuracy", -1),
    (2, "elu", "test_accuracy", 1),
    (3, "sigmoid", "test_accuracy", 1),
    (3, "relu", "test_accuracy", -1),
    (4, "sigmoid", "test_loss", -1),
    (4, "relu", "test_accuracy", -1),
    (4, "elu", "test_accuracy", 1),
    (9, "leaky_relu", "test_accuracy", 1),
    (11, "relu", "test_accuracy", -1),
    (11, "elu", "test_accuracy", 1),
)
PLACES = {
    ("test_accuracy", -1): "least accurate",
    ("test_accuracy", 1): "most accurate",
    ("test_loss", -1): "lowest loss",
}


# ---- one run in each cell ---------------------------------------------------------------------------------------


def published_table() -> Table:
    """The accuracies of the paper's eight tables, in per cent of 10,000 test images."""
    cells = [(f"{n}: {what}", *(f"{published(n)[name]:.2f}" for name in FIVE)) for n, what in PRINTED.items()]
    return Table(["right, %", *(WORDS[name] for name in FIVE)], cells)


def shared_needed(more: int, fewer: int) -> int:
    """How many errors two networks must share for McNemar's exact test of the others to reach 5 %.

    more, fewer: how many of the same images either gets wrong. Raises ValueError where none is enough.
    """
    for both in range(fewer + 1):
        if results.mcnemar(more - both, fewer - both) < 0.05:
            return both
    raise ValueError(f"{more} and {fewer} errors on the same images differ for no number that they share")


def shared_table(more: int, fewer: int, counts: Sequence[int]) -> Table:
    """McNemar's p of two networks with so many errors on the same images, by how many they share."""
    cells = [
        (both, more - both, fewer - both, f"{results.mcnemar(more - both, fewer - both):.2g}") for both in counts
    ]
    return Table(["errors shared", "only the one", "only the other", "p"], cells)


def shared(optimizer: str = "adam", names: Sequence[str] = FIVE[1:]) -> np.ndarray:
    """In our runs: what share of the fewer errors of two functions are errors of both, a number for each pair.

    Over the draws of data/images_tuned together, each of whose 5,000 digits is tested once.
    """
    wrong = {
        name: {
            (row["draw"], digit)
            for row in results.load("images_tuned", "runs")
            if (row["activation"], row["optimizer"]) == (name, optimizer)
            for digit in row["wrong"]
        }
        for name in names
    }
    return np.array([len(a & b) / min(len(a), len(b)) for a, b in combinations(wrong.values(), 2)])


# ---- with seeds -------------------------------------------------------------------------------------------------


def comparisons() -> int:
    """How many intervals the readings take: each is of one function against the four others."""
    return len(READINGS) * (len(FIVE) - 1)


def verdict(number: int, name: str, quantity: str, sign: int, *, together: int = 1) -> str:
    """Whether a function is first of the five in our runs (sign 1: largest, -1: smallest), by paired intervals.

    "holds" where all four are on its side of 0, "does not hold" where one is on the other, else "open".
    """
    gaps = []
    for rival in FIVE:
        if rival != name:
            a, b = paired([name, rival], quantity, **OURS[number])
            mean, half = results.student(sign * (a - b), comparisons=together)
            gaps.append((mean - half, mean + half))
    if all(low > 0 for low, _ in gaps):
        return "holds"
    return "does not hold" if any(high < 0 for _, high in gaps) else "open"


def readings_table() -> Table:
    """Twelve readings of the tables: the verdict of our runs, each interval by itself and all together."""
    cells = []
    for number, name, quantity, sign in READINGS:
        n = paired([name, FIVE[0]], quantity, **OURS[number]).shape[1]
        alone, all_at_once = (verdict(number, name, quantity, sign, together=k) for k in (1, comparisons()))
        cells.append((f"{number}: {WORDS[name]}, {PLACES[quantity, sign]}", n, alone, all_at_once))
    return Table(["table and reading", "n", "each at 95 %", "all together"], cells)


def ours_table(number: int) -> Table:
    """A printed table beside our runs: accuracy in per cent with its interval, loss and F1, the mean of the seeds."""
    cells = []
    for name in FIVE:
        cell = [WORDS[name]]
        for quantity, ours, form in (("accuracy", "test_accuracy", ".1f"), ("loss", "test_loss", ".3f")):
            kept = column(ours, activation=name, **OURS[number]) * (100 if quantity == "accuracy" else 1)
            mean, half = results.student(kept)
            cell += [f"{published(number, quantity)[name]:{form}}"]
            cell += [f"{mean:{form}} ± {half:{form}}" if quantity == "accuracy" else f"{mean:{form}}"]
        f1 = column("f1", activation=name, **OURS[number])
        cells.append((*cell, f"{published(number, 'f1')[name]:.3f}", f"{f1.mean():.3f}", len(f1)))
    heads = ["function", "right, %", "ours", "loss", "our loss", "F1", "our F1", "n"]
    return Table(heads, cells)


def stored_settings(number: int) -> dict:
    """How many training images and epochs our runs beside a printed table have."""
    found = rows("runs", **OURS[number])
    return {key: found[0][key] for key in ("network", "task", "optimizer", "points", "epochs")}
