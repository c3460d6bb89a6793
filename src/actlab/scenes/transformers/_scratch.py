"""Small language models from scratch, matched in size: data/transformers and data/scratch_rates, paired by seed."""

import statistics
from collections.abc import Mapping, Sequence

from ... import results
from ...tables import Table
from ._stored import ahead

__all__ = ["gap", "rated", "recipes_table", "scratch", "scratch_table", "spreads"]

RECIPES = ("adam-cosine", "adamw-cosine", "adam-constant")


def scratch(column: str = "test_loss") -> dict[str, list]:
    """By function, a column of the runs from scratch in the order of the seeds, which all functions share."""
    found = {}
    for row in sorted(results.load("transformers", "scratch"), key=lambda row: row["seed"]):
        found.setdefault(row["activation"], []).append(row[column])
    return found


def gap(loss: Mapping[str, Sequence[float]], name: str, other: str, *, comparisons: int = 1) -> str:
    """Loss of one function less that of another, in nats: "-0.022 ± 0.016"; comparisons: see `ahead`."""
    mean, half = ahead(loss[name], loss[other], comparisons=comparisons)
    return f"{mean:+.3f} ± {half:.3f}"


def scratch_table(loss: Mapping[str, Sequence[float]], against: str = "gelu") -> Table:
    """Mean and range of the losses, and the paired differences from one function, all of them at 95 % together."""
    rows = []
    for name in sorted(loss, key=lambda name: statistics.mean(loss[name])):
        a = loss[name]
        less = "-" if name == against else gap(loss, name, against, comparisons=len(loss) - 1)
        rows.append((name, f"{statistics.mean(a):.3f}", f"{min(a):.3f} to {max(a):.3f}", less))
    return Table(["function", "loss, nats", "range of seeds", f"less that of {against}"], rows)


def spreads(loss: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """Standard deviations of the functions' means and of the seeds' means."""
    by_seed = [statistics.mean(values) for values in zip(*loss.values(), strict=True)]
    return statistics.stdev(map(statistics.mean, loss.values())), statistics.stdev(by_seed)


def rated(recipe: str = "adam-cosine", column: str = "test_loss") -> dict[str, list]:
    """By function, a column of the runs of data/scratch_rates, each at its function's tuned rate, by seed."""
    found = {}
    for row in sorted(results.load("scratch_rates", "runs"), key=lambda row: row["seed"]):
        if row["recipe"] == recipe:
            found.setdefault(row["activation"], []).append(row[column])
    return found


def recipes_table() -> Table:
    """By function, the tuned rate in each recipe, and what the other two change of the loss, all at 95 % together."""
    usual, *others = (rated(recipe) for recipe in RECIPES)
    rates = [{name: rate for name, (rate, *_) in rated(recipe, "rate").items()} for recipe in RECIPES]
    rows = []
    for name in sorted(usual, key=lambda name: statistics.mean(usual[name])):
        changes = (
            gap({"usual": usual[name], "other": other[name]}, "other", "usual", comparisons=len(others) * len(usual))
            for other in others
        )
        rows.append((name, *(f"{of[name]:.0e}".replace("e-0", "e-") for of in rates), *changes))
    return Table(
        ["function", "Adam", "AdamW", "constant", "AdamW less Adam", "constant less cosine"],
        rows,
        caption="Tuned rates of Adam, of AdamW, and of Adam without the cosine; then what each changes of the loss.",
    )
