"""Which starts of a residual stream train: the stored study."""

from collections.abc import Mapping

from ... import results
from ...tables import Table

__all__ = ["starts", "starts_table"]


def starts(column: str = "test_accuracy") -> dict[str, list[float]]:
    """A column of the counted runs of `data/residual_starts` by kind, in the order of the seeds."""
    found: dict[str, list[float]] = {}
    for row in results.load("residual_starts", "runs"):
        found.setdefault(row["kind"], []).append(row[column])
    return found


def _tuning():
    found: dict[str, dict[float, dict]] = {}
    for trial in results.load("residual_starts", "tuning"):
        found.setdefault(trial["kind"], {})[trial["rate"]] = trial
    return found


def starts_table(accuracy: Mapping[str, list[float]], beside: str = "scaled") -> Table:
    """By kind: its chosen rate, the mean accuracy on test digits, and that less the one of `beside`, pair by pair."""
    tuning, rows = _tuning(), []
    for name, values in accuracy.items():
        (rate,) = (rate for rate, trial in tuning[name].items() if trial["chosen"])
        if name == beside:
            gap = "-"
        else:
            pair = results.paired(values, accuracy[beside], comparisons=len(accuracy) - 1)
            gap = f"{pair.mean:+.3f} ± {pair.half:.3f}"
        rows.append((name, f"{rate:g}", f"{sum(values) / len(values):.3f}", gap))
    return Table(["start", "rate", "accuracy", f"less {beside}"], rows)
