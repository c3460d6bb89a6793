"""The runs of a study in one file: stored as they come, checked, exported and summed up.

What is shipped with the book, and what statistics say of either, stands here too under the names that chapters use.
"""

from .._files import StoreError
from .._names import shown
from ..statistics import (
    VERDICTS,
    Comparison,
    Paired,
    compare,
    detectable,
    mcnemar,
    paired,
    pairs_needed,
    power_of,
    proportion,
    rank_intervals,
    ratio,
    spearman,
    spread,
    student,
)
from ..stored import digits, keep, load, origin, provenance, read, root, save, sha256
from ._check import Checked, check
from ._export import export
from ._format import Run
from ._store import Store, origins
from ._summary import summary, table

__all__ = [
    "VERDICTS",
    "Checked",
    "Comparison",
    "Paired",
    "Run",
    "Store",
    "StoreError",
    "check",
    "compare",
    "detectable",
    "digits",
    "export",
    "keep",
    "load",
    "mcnemar",
    "origin",
    "origins",
    "paired",
    "pairs_needed",
    "power_of",
    "proportion",
    "provenance",
    "rank_intervals",
    "ratio",
    "read",
    "root",
    "save",
    "sha256",
    "shown",
    "spearman",
    "spread",
    "student",
    "summary",
    "table",
]
