"""A report as HTML: it takes the page's colours, light or dark, fits a phone, and asks for no file and no script."""

import html
import math
from os import PathLike
from pathlib import Path

from .._files import draft
from . import _text

__all__ = ["framed", "page", "report", "said_in_lines", "save"]

MOST = 24  # layers that are shown at once; the others fold
WIDE, HIGH = 240, 46  # of a histogram, in the units of its drawing
# only inside of a report: a notebook has other things on its page
STYLE = """
.actlab-health { font-size: 0.95rem; line-height: 1.45; color: inherit; max-width: 75rem; }
.actlab-health p, .actlab-health ol, .actlab-health ul { margin: 0 0 0.7rem; }
.actlab-health * { box-sizing: border-box; overflow-wrap: anywhere; }
.actlab-health .verdict { font-size: 1.1rem; font-weight: 700; }
.actlab-health .findings > li { margin-bottom: 0.7rem; }
.actlab-health .findings dl { display: grid; grid-template-columns: auto 1fr; gap: 0 0.6rem; margin: 0.1rem 0 0; }
.actlab-health dt { font-weight: 600; }
.actlab-health dt, .actlab-health dd { margin: 0 !important; }
.actlab-health dl { margin-bottom: 0 !important; }
.actlab-health .layers { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
  gap: 0.6rem; padding: 0; list-style: none; }
.actlab-health .layers > li { margin: 0; padding: 0.5rem 0.6rem; border: 1px solid; border-radius: 5px;
  border-color: color-mix(in srgb, currentColor 35%, transparent); min-width: 0; }
.actlab-health .layers > li.past { border-color: currentColor; border-left-width: 5px; }
.actlab-health svg { display: block; width: 100%; height: auto; color: inherit; background: none; }
.actlab-health .numbers { display: flex; flex-wrap: wrap; gap: 0 0.8rem; margin: 0.3rem 0 0; font-size: 0.85rem; }
.actlab-health .numbers div { display: flex; gap: 0.3rem; }
.actlab-health table { border-collapse: collapse; font-size: 0.85rem; margin: 0 0 0.7rem; color: inherit; }
.actlab-health caption { text-align: left; font-weight: 600; color: inherit; }
.actlab-health th, .actlab-health td { padding: 0.1rem 0.5rem 0.1rem 0; text-align: right; background: none; }
.actlab-health th:first-child { text-align: left; }
.actlab-health pre { white-space: pre-wrap; color: inherit; background: none; }
.actlab-health summary { cursor: pointer; padding: 0.3rem 0; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def save(path: str | PathLike[str], what: str, title: str, body: str) -> Path:
    """Write a page of one file, whole or not at all; what: for its tab."""
    path = Path(path)
    with draft(path) as place:
        place.write_text(page(what, title, body), encoding="utf-8")
    return path


def page(what: str, title: str, body: str) -> str:
    """A whole page."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{html.escape(what)}</title>
<style>:root {{ color-scheme: light dark; }} body {{ font-family: system-ui, sans-serif; margin: 1rem; }}</style>
</head>
<body>
<main>
<h1>{html.escape(title)}</h1>
{body}
</main>
</body>
</html>
"""


def framed(body: str) -> str:
    """A part of a page, with the style that it needs."""
    return f'<div class="actlab-health"><style>{STYLE}</style>{body}</div>'


def said_in_lines(text: str) -> str:
    """Text of several lines, as HTML shows it."""
    return "\n".join(map(_said, text.split("\n")))


def report(health) -> str:
    """The report as a part of a page."""
    s = health.signals
    parts = [f'<p class="verdict">verdict: {html.escape(_text.verdict(health))}</p>']
    if health.findings:
        parts.append(f'<ol class="findings">{"".join(map(_finding, health.findings))}</ol>')
    if health.notes:
        parts.append("<ul>" + "".join(f"<li>Note: {_said(note)}</li>" for note in health.notes) + "</ul>")
    parts.append(f"<p>{_said(s.coverage)}</p>")
    if s.layers:
        parts.append(_layers(health))
    if s.attention:
        parts.append(_attention(s))
    return framed("".join(parts))


def _said(text):
    return html.escape(_text.plain(str(text)))


def _finding(finding):
    rows = {"where": finding.where, "limit": finding.numbers, "why": finding.why, "try": finding.advice}
    told = "".join(f"<dt>{name}</dt><dd>{_said(text)}</dd>" for name, text in rows.items() if text)
    return f"<li><strong>{_said(finding.what)}</strong><dl>{told}</dl></li>"


# --- layers


def _layers(health):
    s, n = health.signals, len(health.signals.layers)
    named = _named(health.findings)
    ends = _powers(s.delta)
    cards = [_card(s, i, named.get(f"layer {s.names[i]}", []), ends) for i in range(n)]
    told = (
        "<p>For each call of an activation: how its inputs z are spread, with a line at 0 (the outermost bars hold "
        "all that lies beyond), and delta, the gradient at z, on a scale of powers of ten that all calls share.</p>"
    )
    shown = _text.chosen(n, MOST)
    told += _listed(cards[i] for i in shown)
    if len(shown) < n:
        told += f"<details><summary>{len(shown)} of {n} calls shown; all of them</summary>{_listed(cards)}</details>"
    return told


def _listed(cards):
    return f'<ul class="layers" role="list">{"".join(cards)}</ul>'


def _named(findings):
    """From a layer to the numbers of the findings that name it."""
    named = {}
    for number, finding in enumerate(findings, 1):
        for layer in (finding.layer, *(layer for layer, _ in finding.also)):
            named.setdefault(layer, []).append(number)
    return named


def _powers(delta):
    """The ends of the scale of delta, whole powers of ten; None where there is nothing to show."""
    known = [math.log10(value) for value in delta.tolist() if 0 < value < math.inf]
    return (math.floor(min(known)), max(math.ceil(max(known)), math.floor(min(known)) + 1)) if known else None


def _card(s, i, numbers, ends):
    flag = f" · <strong>see {', '.join(map(str, numbers))}</strong>" if numbers else ""
    values = {
        "std z": f"{s.z_std[i]:.2g}", "rms out": f"{s.rms[i]:.2g}", "dead": f"{s.dead[i]:.0%}",
        "flat": f"{s.flat[i]:.0%}", "alike": f"{s.cosine[i]:.3f}",
    }  # fmt: skip
    told = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in values.items())
    return (
        f'<li class="{"past" if numbers else "within"}"><strong>{_said(s.names[i])}</strong> '
        f'{_said(s.functions[i])}{flag}{_figure(s, i, ends)}<dl class="numbers">{told}</dl></li>'
    )


def _figure(s, i, ends):
    spread = s.histograms[i] if i < len(s.histograms) else None
    delta, parts, said = s.delta[i].item(), [], []
    if spread and spread.counts:
        parts.append(_bars(spread))
        below = sum(spread.counts[: len(spread.counts) // 2]) / max(sum(spread.counts), 1)
        low, high = _ends(spread)
        said.append(f"z from {low} to {high}, {below:.0%} of it in the lower half")
    parts.append(_scale(delta, ends))
    said.append("delta not seen" if math.isnan(delta) else f"delta {delta:.2g}")
    label = _said(f"layer {s.names[i]}, {s.functions[i]}: {'; '.join(said)}")
    return (
        f'<svg viewBox="0 0 {WIDE} {HIGH + 50}" role="img" aria-label="{label}" font-size="11" fill="currentColor" '
        f'font-family="system-ui, sans-serif">{"".join(parts)}</svg>'
    )


def _bars(spread):
    most, wide = max(*spread.counts, 1), WIDE / len(spread.counts)
    bars = "".join(
        f"M{k * wide + 0.5:.1f} {HIGH}v{-HIGH * n / most:.1f}h{wide - 1:.1f}V{HIGH}z"
        for k, n in enumerate(spread.counts)
        if n
    )
    drawn = f'<path d="{bars}" fill-opacity="0.55"/><path d="M0 {HIGH}H{WIDE}" stroke="currentColor"/>'
    low, high = _ends(spread)
    drawn += f'<text x="0" y="{HIGH + 12}">{low}</text>'
    drawn += f'<text x="{WIDE}" y="{HIGH + 12}" text-anchor="end">{high}</text>'
    at = -spread.low / (spread.high - spread.low) * WIDE
    if 0 < at < WIDE:
        drawn += f'<path d="M{at:.1f} 0V{HIGH + 4}" stroke="currentColor" stroke-width="1.5"/>'
    if 40 < at < WIDE - 40:
        drawn += f'<text x="{at:.1f}" y="{HIGH + 14}" text-anchor="middle">0</text>'
    return drawn


def _ends(spread):
    """Where the bins begin and end, with so many digits that the two differ."""
    size = max(abs(spread.low), abs(spread.high))
    places = 2 + max(0, math.ceil(math.log10(size / (spread.high - spread.low))))
    return f"{spread.low:.{places}g}", f"{spread.high:.{places}g}"


def _scale(delta, ends):
    """Where delta lies between the smallest and the largest of all calls."""
    left, right, y = 30, WIDE - 30, HIGH + 38
    label = "delta not seen" if math.isnan(delta) else f"delta {delta:.2g}"
    if ends is None or not 0 < delta < math.inf:
        return f'<text x="{WIDE / 2}" y="{y + 4}" text-anchor="middle">{label}</text>'
    at = left + (math.log10(delta) - ends[0]) / (ends[1] - ends[0]) * (right - left)
    middle = min(max(at, 36), WIDE - 36)
    return (
        f'<path d="M{left} {y}H{right}" stroke="currentColor" stroke-opacity="0.5"/>'
        f'<text x="0" y="{y + 4}">1e{ends[0]}</text>'
        f'<text x="{WIDE}" y="{y + 4}" text-anchor="end">1e{ends[1]}</text>'
        f'<path d="M{at:.1f} {y - 5}l5 5l-5 5l-5-5z"/>'
        f'<text x="{middle:.1f}" y="{y - 8}" text-anchor="middle">{label}</text>'
    )


# --- attention


def _attention(s):
    def rows(which):
        return "".join(
            f'<tr><th scope="row">{_said(a.layer)}</th><td>{a.entries}</td><td>{a.entropy:.0%}</td>'
            f"<td>{a.largest:.3g}</td><td>{a.first:.0%}</td></tr>"
            for a in which
        )

    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("layer", "entries", "entropy", "largest z", "on first")
    )
    table = f"<table><caption>Softmaxes</caption><thead><tr>{head}</tr></thead><tbody>{{}}</tbody></table>"
    shown = _text.chosen(len(s.attention), MOST)
    told = table.format(rows(s.attention[i] for i in shown))
    if len(shown) < len(s.attention):
        summary = f"{len(shown)} of {len(s.attention)} softmaxes shown; all of them"
        told += f"<details><summary>{summary}</summary>{table.format(rows(s.attention))}</details>"
    return told
