"""A piece of a page, and how numbers, tables and plain text become HTML."""

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Page", "clean", "number", "printed", "two_columns"]


@dataclass(frozen=True)
class Page:
    """A piece of a page: shown as HTML where it can be, as text otherwise."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def number(value: float | None, digits: int = 6) -> str:
    if value is None:
        return "none"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def two_columns(rows: Mapping[str, str], caption: str, *, code: bool = False) -> str:
    def cell(text):
        return f"<code>{html.escape(text)}</code>" if code else html.escape(text)

    lines = [f'<tr><th scope="row">{html.escape(key)}</th><td>{cell(text)}</td></tr>' for key, text in rows.items()]
    return f'<table class="actlab-facts"><caption>{caption}</caption><tbody>{"".join(lines)}</tbody></table>'


def printed(text: str) -> str:
    """Plain text as HTML, with powers of ten and spreads as they are printed."""
    text = re.sub(r"\b10\^(-?[\d.]*\d)", lambda m: f"10<sup>{m[1].replace('-', '−')}</sup>", html.escape(text))
    return text.replace("+-", "±")


def clean(value: float) -> float:
    return 0.0 if abs(value) < 1e-13 else value  # what quadrature leaves of an odd function's mean
