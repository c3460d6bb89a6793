"""The two reference pages of the book: datasheets and the table side by side, and the ledger of claims.

Everything on them is computed from the records, from `theory` and from the checks of `claims` when the page is built.
In a notebook each function returns an object that shows itself; as text it gives the same numbers, a line each.
"""

from ._bibliography import Reference, reference
from ._catalog import Names, gallery, names, table
from ._datasheets import datasheet, facts, torch_faults
from ._ledger import ledger, verdicts
from ._page import Page

__all__ = [
    "Names",
    "Page",
    "Reference",
    "datasheet",
    "facts",
    "gallery",
    "ledger",
    "names",
    "reference",
    "table",
    "torch_faults",
    "verdicts",
]
