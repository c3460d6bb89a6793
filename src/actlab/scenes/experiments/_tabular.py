"""Seven functions and no hidden layer on three tables: who is ahead of a linear model, and who of ReLU."""

from functools import cache

import numpy as np

from ... import data, results
from ...results import Paired
from ...tables import Table

__all__ = ["TABLES", "tables_beside", "tables_points", "tables_rates", "tables_table"]

TABLES = {"auto_mpg": "cars", "breast_cancer": "cells", "wine": "wines"}
SHARE = 1 / 5  # of the rows that the stored splits test


@cache
def _runs():
    """From table and arm to its rows, split by split."""
    found: dict[tuple[str, str], list[dict]] = {}
    for row in sorted(results.load("tabular_runs", "runs"), key=lambda row: row["seed"]):
        found.setdefault((row["table"], row["arm"]), []).append(row)
    return found


def _arms():
    return list(dict.fromkeys(arm for _, arm in _runs()))


def tables_points(table: str, arm: str) -> np.ndarray:
    """Of the test rows in per cent, split by split: those right, or of the cars the variance that is explained."""
    rows = _runs()[table, arm]
    if table == "auto_mpg":  # its target has variance 1
        return np.array([100 * (1 - row["test_loss"]) for row in rows])
    return np.array([100 * row["test_accuracy"] for row in rows])


def tables_rates() -> dict[tuple[str, str], float]:
    """The rate that was chosen, by table and arm."""
    return {key: rows[0]["rate"] for key, rows in _runs().items()}


def tables_beside(other: str = "linear", *, as_draws: bool = False) -> dict[tuple[str, str], Paired]:
    """By table and function: points more than another arm, on splits of the same rows.

    Corrected for all comparisons of the page: each function beside none, and each other one beside ReLU, by table.
    as_draws: as if each split had rows of its own, which is wrong.
    """
    functions = [arm for arm in _arms() if arm != "linear"]
    comparisons = len(TABLES) * (2 * len(functions) - 1)
    found = {}
    for table in TABLES:
        split = data.tabular(table, share=SHARE)
        shared = 0 if as_draws else len(split.test_y) / len(split.train_y)
        base = tables_points(table, other)
        for arm in functions:
            if arm != other:
                points = tables_points(table, arm)
                found[table, arm] = results.paired(points, base, comparisons=comparisons, shared=shared)
    return found


def tables_table(other: str = "linear") -> Table:
    """What the other arm has, and points more than that of each function, a column a table."""
    found = tables_beside(other)
    rows = [(f"{other}, %", *(f"{tables_points(table, other).mean():.1f}" for table in TABLES))]
    for arm in dict.fromkeys(arm for _, arm in found):
        here = [found[table, arm] for table in TABLES]
        rows.append(
            (arm, *(f"{round(of.mean, 1) + 0.0:+.1f} ± {of.half:.1f}{'*' * (of.low * of.high > 0)}" for of in here))
        )
    caption = "Variance explained (cars) or rows right, and points more; * where the interval leaves out 0."
    return Table(["function", *TABLES.values()], rows, caption=caption)
