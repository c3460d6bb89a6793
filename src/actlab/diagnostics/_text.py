"""A report as text: 80 columns, whatever the names are."""

import textwrap
import unicodedata
from collections.abc import Sequence

__all__ = ["chosen", "plain", "report", "verdict", "wrapped"]

WIDTH = 80
MOST = 12  # rows of a table


def report(health) -> str:
    """All of it, in lines of at most 80 columns."""
    s, lines = health.signals, []
    if s.layers:
        lines += _table(s)
    if s.attention:
        lines += _attention_table(s)
    if not s.coverage.complete:
        lines += wrapped(f"{s.coverage}")
    lines.append(f"verdict: {verdict(health)}")
    for number, finding in enumerate(health.findings, 1):
        lines += wrapped(f"{number}. {finding.what} ({finding.where})", "   ")
        lines += wrapped(f"   limit: {finding.numbers}", "   ")
        lines += wrapped(f"   why: {finding.why}", "   ") if finding.why else []
        lines += wrapped(f"   try: {finding.advice}", "   ")
    for note in health.notes:
        lines += wrapped(f"Note: {note}", "  ")
    return "\n".join(lines)


def verdict(health) -> str:
    """The end of it all in a few words."""
    if health.findings:
        return f"{len(health.findings)} to look at"
    return "nothing to object to" + ("" if health.signals.coverage.complete else " in what was measured")


def plain(text: str) -> str:
    """The same, one column a character: what is wider, narrower or no sign at all is written by its number."""
    return "".join(c if _narrow(c) else c.encode("ascii", "backslashreplace").decode() for c in map(_visible, text))


def _narrow(c):
    return c.isascii() or (unicodedata.east_asian_width(c) not in "WF" and not unicodedata.combining(c))


def _visible(c):
    return c if c.isprintable() else f"\\x{ord(c):02x}"


def chosen(n: int, most: int = MOST) -> Sequence[int]:
    """Which of n rows to show: all, or `most` of them, evenly from the first to the last."""
    return range(n) if n <= most else sorted({round(i * (n - 1) / (most - 1)) for i in range(most)})


def _table(s):
    names = [plain(name) for name in s.names]
    wide = _column(names)
    head = f"{'function':12}{'std z':>9}{'rms out':>9}{'delta':>9}{'dead':>6}{'flat':>6}{'alike':>7}"
    lines = [f"{'layer':>{wide}} {head}"]
    shown = chosen(len(names))
    for i in shown:
        lines.append(
            f"{_short(names[i], wide):>{wide}} {_short(plain(s.functions[i]), 12):12}{s.z_std[i]:9.2g}{s.rms[i]:9.2g}"
            f"{s.delta[i]:9.2g}{s.dead[i]:6.0%}{s.flat[i]:6.0%}{s.cosine[i]:7.3f}"
        )
    return [*lines, *_left_out(len(shown), len(names), "calls")]


def _attention_table(s):
    names = [plain(a.layer) for a in s.attention]
    wide = _column(names)
    lines = [f"{'layer':>{wide}} {'softmax over':>12}{'entropy':>9}{'largest z':>11}{'on first':>10}"]
    shown = chosen(len(names))
    for i in shown:
        a = s.attention[i]
        lines.append(
            f"{_short(names[i], wide):>{wide}} {a.entries:12}{a.entropy:9.0%}{a.largest:11.3g}{a.first:10.0%}"
        )
    return [*lines, *_left_out(len(shown), len(names), "softmaxes")]


def _column(names):
    return min(max(8, *map(len, names)), 21)


def _short(name, width):
    """The end of a name says most: the beginning gives way."""
    return name if len(name) <= width else "…" + name[1 - width :]


def _left_out(shown, number, what):
    return [f"{shown} of {number} {what} shown"] if shown < number else []


def wrapped(text: str, indent: str = "") -> list[str]:
    """The lines of a paragraph; indent: before all but the first."""
    return textwrap.wrap(plain(text), WIDTH, subsequent_indent=indent, break_on_hyphens=False)
