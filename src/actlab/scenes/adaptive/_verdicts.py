"""What the published study found beside what was measured here, a row a finding."""

import numpy as np

from ... import results
from ...tables import Table
from ._arms import PAIRS, apart, order_in_hinges
from ._costs import time_of
from ._depth import deeper, narrower
from ._matched import COMPARED, lead
from ._published import published, repetition
from ._units import kept_sides

__all__ = ["verdicts_table"]

CONTRASTS = 6  # of the tables of depth


def _measured(mean: float, half: float) -> tuple[str, str]:
    """A difference with half the width of its interval, and what that says."""
    word = "not distinguishable" if abs(mean) <= half else "ahead" if mean > 0 else "behind"
    return f"{mean:+.1f} ± {half:.1f}", word


def _matched(first: str, second: str) -> tuple[str, str]:
    return _measured(*results.student(lead(first, second), comparisons=len(COMPARED)))


def verdicts_table() -> Table:
    """Finding, as published, here with half the width of its interval, and what that says.

    Intervals hold for all comparisons at once of the table that they are taken from.
    """
    accuracy = published("Table 22")
    over = {name: f"+{accuracy['apl'] - accuracy[name]:.1f}" for name in ("relu", "leaky_relu")}
    order = f"{np.mean(order_in_hinges()):.2f}"
    rows = [
        ("APL 5 - ReLU", over["relu"], *_measured(*apart("apl_5", "relu", comparisons=len(PAIRS)))),
        (
            "APL 5 - Leaky ReLU",
            over["leaky_relu"],
            *_measured(*apart("apl_5", "leaky_relu", comparisons=len(PAIRS))),
        ),
        ("tuned: APL 5, a = 0, - ReLU", "-", *_matched("apl_zero", "relu")),
        ("tuned: APL 5, a = 0, - leak", "-", *_matched("apl_zero", "leak_zero")),
        ("rank correlation, S and loss", "none", order, "S is a speed too"),
        ("S = 5 again", f"{repetition():.1f} apart", "-", "points, not tenths"),
        ("units keep their side", "few units", f"{kept_sides()[0]:.0%}", "the start is large"),
        ("time over ReLU's, S = 5", "about 2", f"{time_of('apl_5'):.1f}", "more with S"),
        (
            "gap narrows, 3 to 7 layers",
            "in figures",
            *_measured(*narrower("leaky_relu", 3, 7, comparisons=CONTRASTS)),
        ),
        ("Leaky ReLU, 5 layers over 3", "in figures", *_measured(*deeper("leaky_relu", 3, 5, comparisons=CONTRASTS))),
    ]
    return Table(["finding", "there", "here", "so"], rows)
