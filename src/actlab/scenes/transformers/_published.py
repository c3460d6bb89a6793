"""The published tables of BERT with eleven functions, and what two of their numbers say about a classifier."""

import math
from collections.abc import Mapping

from ... import experiments, results
from ...tables import Table

__all__ = ["matrices", "matrices_table", "printed", "published_table", "times", "times_table"]

TESTED = 1000  # sentences, in either task
TASKS = ("CoLA", "SST-2")


def printed(task: str, quantity: str) -> dict[str, float]:
    """From function to what Tables 17 to 20 of {cite}`park2024` print of a task, "CoLA" or "SST-2".

    quantity: "accuracy", "f1" or "total_time", in seconds. The published swish is called silu here.
    """
    return {
        "silu" if row["activation"] == "swish" else row["activation"]: row["value"]
        for row in results.load("published")
        if row["source"] == "park2024"
        and row["place"] in {f"Table {i}" for i in range(17, 21)}
        and (row["task"], row["quantity"]) == (task, quantity)
    }


def published_table() -> Table:
    """Accuracy and F1 of the eleven functions in both tasks, as printed but for the noughts in front."""
    rows = []
    for name in experiments.eleven:
        scores = [(printed(task, "accuracy")[name], printed(task, "f1")[name]) for task in TASKS]
        rows.append((name, *(f"{accuracy:.3f}, {f1:.4f}".replace("0.", ".") for accuracy, f1 in scores)))
    return Table(["function", *TASKS], rows)


def matrices(accuracy: float, f1: float, common: int, n: int = TESTED) -> list[tuple[int, int]]:
    """Which counts a printed accuracy and weighted F1 allow: pairs (right of the rarer class, right of the commoner).

    accuracy: of n sentences, so that it is exact; f1: rounded to four digits; common: how many sentences the commoner
    class has.
    """
    right, found = round(accuracy * n), []
    for rare in range(max(0, right - common), min(n - common, right) + 1):
        often = right - rare
        wrong = n - right
        score = sum(
            size / n * 2 * hits / (2 * hits + wrong) if hits else 0.0
            for hits, size in ((rare, n - common), (often, common))
        )
        if abs(score - f1) <= 5.1e-5:
            found.append((rare, often))
    return found


def matrices_table(task: str = "CoLA") -> Table:
    """What the printed numbers of a task give away of the functions whose answers are not constant.

    The correlation is that of answer and label, Matthews', between -1 and 1; gained and lost count sentences against
    the constant answer, with the exact p of McNemar's test.
    """
    accuracy, f1 = printed(task, "accuracy"), printed(task, "f1")
    common = round(accuracy["tanh"] * TESTED)
    rows = []
    for name in ("gelu", "relu", "leaky_relu"):
        ((rare, often),) = matrices(accuracy[name], f1[name], common)
        lost = common - often
        p = results.mcnemar(rare, lost)
        rows.append(
            (
                name,
                f"{rare} of {TESTED - common}",
                f"{often} of {common}",
                f"{_correlation(rare, often, common):.2f}",
                f"{rare - lost:+d}",
                f"{p:.2f}" if p >= 0.005 else f"{p:.0e}".replace("e-0", "e-").replace("e-", "e-"),
            )
        )
    return Table(["function", "right, rarer", "right, commoner", "correlation", "over constant", "p"], rows)


def _correlation(rare, often, common, n=TESTED):
    false_often, false_rare = n - common - rare, common - often
    size = (often + false_often) * common * (n - common) * (rare + false_rare)
    return (often * rare - false_often * false_rare) / math.sqrt(size)


def times() -> dict[str, tuple[float, float, float]]:
    """By function, each over that of GELU: published seconds on CoLA, our milliseconds of a block, its weights."""
    theirs = printed("CoLA", "total_time")
    ours = {row["activation"]: row for row in results.load("transformers", "costs")}
    gelu = ours["gelu"]
    return {
        name: (
            theirs[name] / theirs["gelu"],
            ours[name]["milliseconds"] / gelu["milliseconds"],
            ours[name]["parameters"] / gelu["parameters"],
        )
        for name in experiments.eleven
    }


def times_table(found: Mapping[str, tuple[float, float, float]]) -> Table:
    """What `times` found."""
    rows = [(name, f"{a:.2f}", f"{b:.2f}", f"{share:.0%}") for name, (a, b, share) in found.items()]
    return Table(["time over that of gelu", "published", "ours", "weights of a block"], rows)
