"""What the published study found beside what was measured here, a row a finding."""

from ... import results
from ...tables import Table
from ._arms import apart, order_in_hinges, points
from ._costs import time_of
from ._depth import deeper, narrower
from ._matched import lead
from ._published import published, repetition
from ._units import kept_sides

__all__ = ["TOLD_APART", "verdicts_table"]

TOLD_APART = 10  # comparisons of `pairs_table`, for which the intervals below are corrected too


def _word(mean, half):
    return "not distinguishable" if abs(mean) <= half else "ahead" if mean > 0 else "behind"


def verdicts_table() -> Table:
    """Finding, as published, here with its interval, and what that says."""
    accuracy, rows = published("Table 22"), []
    for name, words in (("relu", "ReLU"), ("leaky_relu", "Leaky ReLU")):
        mean, half = apart("apl_5", name, comparisons=TOLD_APART)
        out = f"{accuracy['apl'] - accuracy[name]:+.1f}"
        rows.append((f"APL 5 over {words}", out, points(mean, half), _word(mean, half)))
    off = lead("apl_zero", "relu")
    mean, half = results.student(off)
    rows.append(("same, rates tuned, from a = 0", "-", points(mean, half), _word(mean, half)))
    off = lead("apl_zero", "leak_zero")
    mean, half = results.student(off)
    rows.append(("APL 5 over a matched leak", "-", points(mean, half), _word(mean, half)))
    mean, half = results.student(order_in_hinges())
    rows.append(("S and loss, rank correlation", "none", points(mean, half), "an order, of S or of its speed"))
    rows.append(("S = 5 again", f"{repetition():.1f} apart", "-", "points, not tenths"))
    rows.append(("units keep their side", "one each", f"{kept_sides()[0]:.0%}", "most do: a large start"))
    times = (f"{time_of(arm):.1f}" for arm in ("apl_1", "apl_5", "apl_10"))
    rows.append(("twice the time", "no times", " / ".join(times), "with S = 1 / 5 / 10"))
    mean, half = narrower("leaky_relu", 3, 7, comparisons=6)
    rows.append(("gap narrows, 3 to 7 layers", "figures", points(mean, half, 0), _word(mean, half)))
    mean, half = deeper("leaky_relu", 3, 5, comparisons=6)
    rows.append(("deeper is better, 3 to 5", "figures", points(mean, half, 0), "Leaky ReLU alone"))
    return Table(["finding", "there", "here", "so"], rows)
