"""All activations at once: small pictures, the table side by side with its CSV, and every other name."""

import base64
import csv
import html
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import plot, theory, widgets
from ..activations import Activation, catalog
from ._page import Page, clean, number

__all__ = ["Names", "gallery", "names", "table"]


def _thumbnail(ax, name):
    plot.curve(name, ax, reach=4.0)
    ax.set(xlim=(-4, 4), ylim=(-1.9, 3.2), xlabel="", ylabel="", xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set_visible(False)


def gallery() -> Page:
    """All activations as small pictures, in order of year, each a link to its datasheet."""
    items = [
        f'<li><a href="#{name}">{widgets.svg(_thumbnail, (1.5, 1.1), name=name)}{html.escape(act.title)}</a></li>'
        for name, act in catalog.items()
    ]
    text = f"{len(catalog)} activations: {', '.join(catalog)}"
    return Page(text, f'<ul class="actlab-gallery" aria-label="All activations">{"".join(items)}</ul>')


def _columns() -> dict[str, Callable[[Activation], Any]]:
    return {
        "name": lambda act: act.name,
        "year": lambda act: act.year,
        "infimum": lambda act: act.range[0],
        "supremum": lambda act: act.range[1],
        "monotone": lambda act: "yes" if act.monotone else "no",
        "kinks": lambda act: len(act.kinks),
        "largest slope": theory.lipschitz,
        "mean": lambda act: clean(theory.moments(act).mean),
        "mean square": lambda act: theory.moments(act).second,
        "gain": theory.gain,
        "backward gain": theory.backward_gain,
        "chi": theory.chi,
        "slope at fixed point": lambda act: theory.fixed_point(act).slope,
        "critical gain": lambda act: edge.gain if (edge := theory.edge_of_chaos(act)) else None,
    }


def table() -> Page:
    """Everything side by side, a row for each activation: to be sorted in the book, and to be taken away as CSV."""
    columns = _columns()
    rows = [{column: value(act) for column, value in columns.items()} for act in catalog.values()]
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(_cell(column, value) for column, value in row.items())}</tr>" for row in rows)
    file = base64.b64encode(_csv(rows).encode()).decode()
    link = (
        f'<a download="activations.csv" href="data:text/csv;base64,{file}">All of it as a file, activations.csv</a>'
    )
    text = "\n".join(
        " ".join(f"{_ascii(row[column]):>12}" for column in ("name", "mean", "gain", "chi", "largest slope"))
        for row in rows
    )
    return Page(
        text,
        '<div class="actlab-wide" role="region" tabindex="0" aria-label="All activations side by side">'
        f'<table class="actlab-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div><p>{link}</p>',
    )


def _cell(column, value):
    if column == "name":
        return f'<th scope="row"><a href="#{value}">{value}</a></th>'
    if isinstance(value, str):
        return f"<td>{value}</td>"
    if value is None:
        return '<td data-value="">none</td>'
    shown = str(value) if isinstance(value, int) else number(value, 5)
    return f'<td data-value="{_for_script(value)}">{shown}</td>'


def _for_script(value):
    return repr(value).replace("inf", "Infinity")


def _ascii(value):
    return value if isinstance(value, str) else f"{value:.6f}"


def _csv(rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows([{key: "" if value is None else value for key, value in row.items()} for row in rows])
    return out.getvalue()


@dataclass(frozen=True)
class Names:
    """The list of names, as Markdown, so that the search of the book reads it."""

    text: str

    def __repr__(self) -> str:
        return f"{len(catalog)} activations and their other names"

    def _repr_markdown_(self) -> str:
        return self.text


def names() -> Names:
    """Every name under which an activation is known, here and elsewhere."""
    lines = []
    for name, act in catalog.items():
        others = ", ".join(act.aliases)
        calls = ", ".join(f"`{call}`" for call in act.elsewhere.values())
        lines.append(
            f"- **{act.title}**, `{name}`{f', also {others}' if others else ''}{f': {calls}' if calls else ''}"
        )
    return Names("\n".join(lines))
