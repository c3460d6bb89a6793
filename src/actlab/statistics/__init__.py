"""What many runs say, with how sure it is."""

from ._pairs import VERDICTS, Paired, detectable, paired, pairs_needed, power_of
from ._student import student, student_quantile, student_tails
from ._summaries import (
    Comparison,
    compare,
    mcnemar,
    proportion,
    rank_intervals,
    ratio,
    spearman,
    spread,
)

__all__ = [
    "VERDICTS",
    "Comparison",
    "Paired",
    "compare",
    "detectable",
    "mcnemar",
    "paired",
    "pairs_needed",
    "power_of",
    "proportion",
    "rank_intervals",
    "ratio",
    "spearman",
    "spread",
    "student",
    "student_quantile",
    "student_tails",
]
