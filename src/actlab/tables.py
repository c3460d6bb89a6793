"""A table that a chapter shows: HTML on the page, aligned text in the stored notebook.

A cell ends in a `Table`. Where HTML can be shown it is one that reads well on a phone and in JupyterLab, VS Code and
Colab alike, which do not have the book's style sheet; in the text that the notebook stores, and that nbval compares,
the same cells stand in columns.
"""

import html
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Table"]

WIDEST = 76  # characters of a line of text, as in the notebooks
NARROW = 40  # characters that a phone of 390 pixels has room for, in a table's letters
LONG = 10  # rows: a longer table can be sorted
# "12", "-0.5", "1,098", "3e-6", "< .001", "21 %", "0.94 ± 0.02", "[0.1, 0.4]", "9 of 10", "3 to 6"; the first number
# of them is what sorts
NUMBER = r"[-−+±]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-−+]?\d+)?(?:\s?[%×])?"
FURTHER = rf"(?: of | to | ± |±| \+- |/|–|, | )[\[(]?{NUMBER}[\])]?"
NUMBERS = re.compile(rf"[<>≤≥~≈\[(]*\s?(?P<first>{NUMBER}|[-−+]?inf|[-−]?∞)(?:{FURTHER})*[\])]?")
NONE = {"", "-", "–", "—", "none", "nan", "never"}  # stands for a number that there is not, and sorts last
MARKUP = re.compile(r"\{[\w:+-]+\}`|\$[^$]+\$|\\\(")


@dataclass(frozen=True)
class Table:
    """Rows under headings, each row a thing that its first cell names; the columns say what is known of it.

    columns: a heading each, all different. rows: as many cells each as there are columns, shown as `str(cell)`, so
    numbers are rounded before. A column of numbers is aligned to the right; one that also says "none" or "-" still
    is. More than ten rows can be sorted on the page. caption: a sentence that says what there is to see.

    All of it is plain text: there is no mathematics, no citation and no link in a table, and what needs a source is
    cited in the sentence beside it. Raises ValueError for a role or a formula, which would stand raw; for rows of
    another length, a cell of several lines, and a table wider than the 76 characters of a line.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str = field(default="", kw_only=True)

    def __post_init__(self):
        for name, values in (("columns", self.columns), ("rows", self.rows)):
            if isinstance(values, str):
                raise TypeError(f"{name} is a list, not the text {values!r}")
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "rows", tuple(map(_cells_of, self.rows)))
        if not self.columns or not self.rows:
            raise ValueError("a table has at least one column and one row")
        if not all(map(str.strip, self.columns)):
            raise ValueError(f"a column has no heading: {', '.join(map(repr, self.columns))}")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"two columns have one heading: {', '.join(self.columns)}")
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.columns):
                raise ValueError(f"row {number} has {len(row)} cells for {len(self.columns)} columns: {row}")
        for text in (self.caption, *self.columns, *(cell for row in self._cells for cell in row)):
            if "\n" in text:
                raise ValueError(f"a cell is one line, not {text!r}")
            if raw := MARKUP.search(text):
                raise ValueError(f"a table holds plain text, and {raw[0]!r} would stand in it as it is: {text!r}")
        widest = max(map(len, repr(self).split("\n")))
        if widest > WIDEST:
            widths = ", ".join(f"{name!r} {width}" for name, width in zip(self.columns, self._widths(), strict=True))
            raise ValueError(f"a table is at most {WIDEST} characters wide, not {widest}: {widths}")

    @property
    def _cells(self):
        return [[str(cell) for cell in row] for row in self.rows]

    @property
    def _numeric(self):
        """Whether a column holds numbers, for each."""
        return [
            any(map(NUMBERS.fullmatch, column)) and all(NUMBERS.fullmatch(cell) or cell in NONE for cell in column)
            for column in zip(*self._cells, strict=True)
        ]

    def _widths(self):
        """Characters of each column. Headings go over several lines where the table would be too wide in one."""
        cells = [max(map(len, column)) for column in zip(*self._cells, strict=True)]
        whole = [max(pair) for pair in zip(cells, map(len, self.columns), strict=True)]
        if sum(whole) + 2 * (len(whole) - 1) <= WIDEST:
            return whole
        return [max(n, *map(len, name.split())) for n, name in zip(cells, self.columns, strict=True)]

    def __repr__(self) -> str:
        widths = self._widths()
        heads = [textwrap.wrap(name, width) for name, width in zip(self.columns, widths, strict=True)]
        height = max(map(len, heads))
        lines = [list(line) for line in zip(*([""] * (height - len(head)) + head for head in heads), strict=True)]
        lines += self._cells
        numeric = self._numeric
        aligned = [
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(line, widths, numeric, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join([*textwrap.wrap(self.caption, WIDEST), *aligned])

    def _repr_html_(self) -> str:
        numeric = self._numeric
        # elsewhere there is no style sheet of ours: what a table needs to be read stands in it
        sides = ["text-align:right" if number else "text-align:left" for number in numeric]
        kinds = ["actlab-rows"]
        kinds += ["actlab-sortable"] if len(self.rows) > LONG else []
        kinds += ["actlab-blocks"] if self._crowded() else []
        head = "".join(
            f'<th scope="col" role="columnheader" style="{side}">{html.escape(name)}</th>'
            for name, side in zip(self.columns, sides, strict=True)
        )
        body = "".join(f'<tr role="row">{self._row(row, numeric, sides)}</tr>' for row in self._cells)
        said = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        # the roles keep it a table for those who hear it where a narrow screen makes blocks of its rows
        return (
            f'<table class="{" ".join(kinds)}" role="table">{said}'
            f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
        )

    def _row(self, row, numeric, sides):
        parts = []
        for name, cell, number, side in zip(self.columns, row, numeric, sides, strict=True):
            label = f'data-label="{html.escape(name)}"'
            tag, what = ("td", f'role="cell" {label}')
            if not parts:  # a row that is named by a number alone says of what, where the heads are not seen
                tag, what = ("th", f'scope="row" role="rowheader"{f" {label}" if number else ""}')
            size = f' data-value="{_size(cell)}"' if number else ""
            parts.append(f'<{tag} {what}{size} style="{side}">{html.escape(cell)}</{tag}>')
        return "".join(parts)

    def _crowded(self):
        """Whether a phone has no room for the columns side by side; words break into lines, numbers don't."""
        room = 0
        for column, name, number in zip(zip(*self._cells, strict=True), self.columns, self._numeric, strict=True):
            whole = column if number else [word for cell in column for word in cell.split()]
            room += max([0, *map(len, whole), *map(len, name.split())]) + 2
        return room > NARROW


def _cells_of(row):
    if isinstance(row, str):
        raise TypeError(f"a row is a list, not the text {row!r}")
    return tuple(row)


def _size(cell):
    """The first number of a cell, as a script reads it; "" for none."""
    found = NUMBERS.fullmatch(cell)
    if not found:
        return ""
    digits = re.sub(r"[,%×\s]", "", found["first"]).replace("−", "-").lstrip("±")
    return digits.replace("inf", "Infinity").replace("∞", "Infinity")
