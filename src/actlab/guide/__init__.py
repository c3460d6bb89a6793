"""The choosing guide: situations, and what the book's own results and theory answer.

A leaf holds words and the names of numbers, never a number: `numbers` computes them from the stored tables and from
`theory` when the page is built, or has them from a source that it names. What its words compare is computed again,
too: a leaf that its numbers contradict is refused, by its name.
"""

from ._choose import fitting, leaves, nearest
from ._compare import Difference, Factor, verdict
from ._leaf import ASIDE, GROUPS, KINDS, Leaf, questions
from ._leaves import every
from ._measured import numbers
from ._page import address, guide, short, table

__all__ = [
    "ASIDE",
    "GROUPS",
    "KINDS",
    "Difference",
    "Factor",
    "Leaf",
    "address",
    "every",
    "fitting",
    "guide",
    "leaves",
    "nearest",
    "numbers",
    "questions",
    "short",
    "table",
    "verdict",
]
