"""What may be said of two functions: paired differences, corrected for their number, and whether they travel."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ... import results
from ...results import Paired
from ...tables import Table
from ._runs import EIGHT

__all__ = [
    "against",
    "factors_table",
    "in_factors",
    "pairs_count",
    "travel",
    "travel_table",
    "verdicts_table",
]

NETWORKS = {
    "16-8": "2-16-8-1, the study's",
    "8-4": "half as wide",
    "32-16": "twice as wide",
    "16-16-16-16": "twice as deep",
    "16-8, own gain": "start by own gain",
}


def in_factors(found: Paired) -> str:
    """The interval of a difference of logarithms, as a factor: "0.62 (0.54 to 0.70)"."""
    return "{:.2f} ({:.2f} to {:.2f})".format(*map(math.exp, (found.mean, found.low, found.high)))


def against(
    losses: np.ndarray,
    other: str = "relu",
    *,
    comparisons: int,
    bound: float | None = None,
    names: Sequence[str] = EIGHT,
) -> dict[str, Paired]:
    """Log loss of each function less that of another, draw by draw; losses: shape (functions, draws)."""
    logs, base = np.log(losses), names.index(other)
    return {
        name: results.paired(logs[i], logs[base], comparisons=comparisons, bound=bound)
        for i, name in enumerate(names)
        if i != base
    }


def _said(found: Paired) -> str:
    """The verdict, with the factor that would have been seen where nothing is."""
    if found.verdict == "not distinguishable":
        return f"not distinguishable (seen: {math.exp(found.seen):.1f})"
    if found.verdict.startswith("equivalent"):
        return f"equivalent within {math.expm1(found.bound):.0%}"
    return found.verdict


def verdicts_table(found: Mapping[str, Paired], caption: str = "") -> Table:
    """The factor, its interval and the verdict of each function."""
    rows = [(name, in_factors(of), _said(of)) for name, of in found.items()]
    return Table(["loss over ReLU's", "factor", "verdict"], rows, caption=caption)


def pairs_count(losses: np.ndarray, bound: float) -> dict[str, int]:
    """How often each kind of verdict falls among all pairs of functions, corrected for how many pairs there are."""
    logs, many = np.log(losses), math.comb(len(losses), 2)
    words = [
        results.paired(logs[i], logs[j], comparisons=many, bound=bound).verdict
        for i in range(len(logs))
        for j in range(i)
    ]
    different = sum(word in ("higher", "lower") for word in words)
    equal = sum(word.startswith("equivalent") for word in words)
    return {"pairs": many, "different": different, "equivalent": equal, "open": many - different - equal}


def travel(
    networks: Sequence[str] = tuple(NETWORKS), *, other: str = "relu"
) -> dict[tuple[str, str], dict[str, Paired]]:
    """By (network, task): log test loss of each function less ReLU's, at rates of their own, over ten draws.

    Each interval is corrected for all the comparisons that are returned.
    """
    losses: dict[tuple[str, str], dict[str, list[float]]] = {}
    for row in results.load("disk_travel", "runs"):
        if row["network"] in networks:
            losses.setdefault((row["network"], row["task"]), {}).setdefault(row["activation"], []).append(
                row["test_loss"]
            )
    many = sum(len(of) - 1 for of in losses.values())
    return {
        where: against(np.array(list(of.values())), other, comparisons=many, names=list(of))
        for where, of in losses.items()
    }


def travel_table(found: Mapping[tuple[str, str], Mapping[str, Paired]], task: str) -> Table:
    """The factor over ReLU of each function and network on one task, a star where its interval leaves out 1."""
    here = {network: of for (network, where), of in found.items() if where == task}
    names = list(next(iter(here.values())))
    rows = [
        (
            NETWORKS[network],
            *(f"{math.exp(of[name].mean):.2f}{'*' * (of[name].low * of[name].high > 0)}" for name in names),
        )
        for network, of in here.items()
    ]
    return Table(
        [f"the {task}", *names],
        rows,
        caption=f"On the {task}: fresh loss over ReLU's; * where the interval leaves out 1.",
    )


def factors_table(found: Mapping[str, Mapping[str, Paired]], names: Sequence[str]) -> Table:
    """The factor over ReLU of each function, a column a setting."""
    rows = [(name, *(in_factors(of[name]) for of in found.values())) for name in names]
    return Table(["loss over ReLU's", *found], rows)
