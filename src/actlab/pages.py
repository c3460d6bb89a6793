"""The two reference pages of the book: datasheets and the table side by side, and the ledger of claims.

Everything on them is computed from the records, from `theory` and from the checks of `claims` when the page is built.
In a notebook each function returns an object that shows itself; as text it gives the same numbers, a line each.
"""

import base64
import csv
import html
import io
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from . import claims, plot, results, theory, widgets
from .activations import Activation, catalog, get

__all__ = [
    "Page",
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

PROBES = (1e-8, 1e-4, 0.5, 1.0, 5.0, 10.0, 20.0, 20.5, 37.0, 100.0)  # where programs tend to go wrong
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Page:
    """A piece of a page: shown as HTML where it can be, as text otherwise."""

    text: str
    html: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


# ---- numbers and sources as words -------------------------------------------------------------------------------


def _number(value: float | None, digits: int = 6) -> str:
    if value is None:
        return "none"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def _place(z: float, digits: int = 6) -> str:
    if 0 < abs(z) < 1e-7:  # nothing happens so near to 0 but at 0: it is the neighbouring number
        return f"just {'above' if z > 0 else 'below'} 0"
    return f"z = {_number(z, digits)}"


def _clean(value: float) -> float:
    return 0.0 if abs(value) < 1e-13 else value  # what quadrature leaves of an odd function's mean


def _interval(act: Activation) -> str:
    (low, high), (has_low, has_high) = act.range, act.attained
    return f"{'[' if has_low else '('}{_number(low)}, {_number(high)}{']' if has_high else ')'}"


@dataclass(frozen=True)
class Reference:
    """A source as a page names it: "He et al. (2015)", its title, and where it can be read ("" where not online)."""

    label: str
    title: str
    url: str

    @property
    def html(self) -> str:
        label = html.escape(self.label)
        return f'<a href="{html.escape(self.url)}">{label}</a>' if self.url else label


@cache
def _bibliography() -> dict[str, dict[str, str]]:
    for folder in (results.root(), results.root().parent):
        file = folder / "references.bib"
        if file.is_file():
            break
    entries = {}
    for entry in re.split(r"^@", file.read_text(encoding="utf-8"), flags=re.M)[1:]:
        key = re.match(r"\w+\{\s*([^,\s]+)", entry)[1]
        fields = re.findall(r"^\s*(\w+)\s*=\s*[{\"](.*?)[}\"],?\s*$", entry, flags=re.M | re.S)
        entries[key] = {name.lower(): re.sub(r"\s+", " ", value) for name, value in fields}
    return entries


def reference(key: str) -> Reference:
    """What references.bib says of a key. Raises KeyError if it has none of that name."""
    fields = _bibliography()[key]
    if "author" not in fields:  # an anonymous text goes by its title
        return Reference(f"“{_plain(fields['title'])}”", _plain(fields["title"]), fields.get("url", ""))
    people = [person.split(",")[0].strip() for person in _plain(fields["author"]).split(" and ")]
    short = len(people) <= 2 and people[-1] != "others"
    names = " and ".join(people) if short else f"{people[0]} et al."
    url = fields.get("url", "")
    if fields.get("doi"):
        url = f"https://doi.org/{fields['doi']}"
    elif fields.get("eprint"):
        url = f"https://arxiv.org/abs/{fields['eprint']}"
    year = f" ({fields['year']})" if fields.get("year") else ""
    return Reference(names + year, _plain(fields.get("title", "")), url)


ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "c": "\u0327", "v": "\u030c"}


def _plain(text):
    """BibTeX's way of writing letters, as letters."""
    text = re.sub(r"\\([cv'`\"^~])\s*\{?(\w)\}?", lambda m: m[2] + ACCENTS[m[1]], text)
    return unicodedata.normalize("NFC", re.sub(r"[{}]", "", text))


# ---- one activation ---------------------------------------------------------------------------------------------


@cache
def facts(name: str) -> Mapping[str, str]:
    """The measured facts of an activation, from what they are called to what they are, as a page words them."""
    act = get(name)
    moments = theory.moments(act)
    lowest = theory.minimum(act)
    if lowest:
        least = f"{_number(lowest[1])} at {_place(lowest[0])}"
    else:
        least = "none: there is no lower bound" if math.isinf(act.range[0]) else "none: the bound is not reached"
    found = {
        "range": _interval(act),
        "least value": least,
        "monotone": "yes" if act.monotone else "no",
        "kinks": ", ".join(f"z = {_number(kink)}" for kink in act.kinks) or "none",
        "largest slope": _number(theory.lipschitz(act)),
        "mean": _number(_clean(moments.mean)),
        "mean square": _number(moments.second),
        "mean squared slope": _number(moments.slope_second),
        "gain": _number(theory.gain(act)),
        "backward gain": _number(theory.backward_gain(act)),
        "chi": _number(theory.chi(act)),
        "fixed point": _fixed(act),
        "edge of chaos": _edge(act),
    }
    for dtype in DTYPES:
        found[f"in {str(dtype).removeprefix('torch.')}"] = _limits(act, dtype)
    return found


def _drawing(ax, name, reach=4.0):
    act = get(name)
    plot.curve(act, ax, reach=reach)
    value, slope = ax.get_lines()[0], ax.get_lines()[1]
    value.set_label("f")
    slope.set_label("f′")
    z = torch.linspace(-reach, reach, 801, dtype=torch.float64)
    bend = theory.curvature(act, z)
    ax.plot(z, bend, color=plot.GREY, linestyle=plot.DOTTED, linewidth=1.4, label="f″", zorder=1)
    low = min(float(act(z).min()), float(act.slope(z).min()), float(bend.min()), -0.25)
    high = max(float(act(z).max()), float(act.slope(z).max()), float(bend.max()), 1.25)
    ax.set(xlabel="z", ylabel="", ylim=(max(low, -2.5) - 0.1, min(high, 3.5) + 0.1))
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, borderaxespad=0.2)


def _thumbnail(ax, name):
    plot.curve(name, ax, reach=4.0)
    ax.set(xlim=(-4, 4), ylim=(-1.9, 3.2), xlabel="", ylabel="", xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set_visible(False)


def _in_words(act: Activation) -> str:
    low, high = (_number(bound, 3) for bound in act.range)
    z = torch.tensor([-4.0, 0.0, 4.0], dtype=torch.float64)
    ends, slopes = ([_number(v, 3) for v in f(z).tolist()] for f in (act, act.slope))
    kinks = f"; kinks at {' and '.join(_number(kink, 3) for kink in act.kinks)}" if act.kinks else "; no kink"
    return (
        f"{act.title} and its first two derivatives for z from -4 to 4. f goes from {ends[0]} over {ends[1]} at 0 to "
        f"{ends[2]}, between {low} and {high}; its slope is {slopes[0]}, {slopes[1]} and {slopes[2]} there{kinks}."
    )


def gallery() -> Page:
    """All activations as small pictures, in order of year, each a link to its datasheet."""
    items = [
        f'<li><a href="#{name}">{widgets.svg(_thumbnail, (1.5, 1.1), name=name)}{html.escape(act.title)}</a></li>'
        for name, act in catalog.items()
    ]
    text = f"{len(catalog)} activations: {', '.join(catalog)}"
    return Page(text, f'<ul class="actlab-gallery" aria-label="All activations">{"".join(items)}</ul>')


def datasheet(name: str) -> Page:
    """Everything that is known about one activation: formula, picture, facts, names elsewhere, pitfalls, claims."""
    act = get(name)
    found = facts(name)
    blocks = [
        f"<h3>{html.escape(act.title)} <code>{name}</code></h3>",
        f"<p>{html.escape(act.uses)}</p>",
        f'<p class="actlab-formula">{_math("f(z) = " + act.formula)}</p>',
        f'<p class="actlab-formula">{_math("f′(z) = ".replace("′", chr(39)) + act.slope_formula)}</p>',
        _settings(act),
        f'<figure role="img" aria-label="{html.escape(_in_words(act))}">'
        f"{widgets.svg(_drawing, (4.6, 2.9), name=name)}</figure>",
        _two_columns({**found, "cost": _cost(name)}, "What is computed"),
        f"<p><strong>Pitfall:</strong> {html.escape(act.pitfalls)}</p>",
        _two_columns(_elsewhere(act), "Elsewhere", code=True),
        f"<p>{html.escape(act.differs)}</p>" if act.differs else "",
        _of_torch(act),
        _source(act.source),
        _claims_about(name),
    ]
    # what a dtype holds depends on the processor's instructions, and text is compared with what was stored
    kept = {key: value for key, value in found.items() if not key.startswith("in ")}
    text = "\n".join([f"{act.title} ({name})", *(f"  {key}: {value}" for key, value in kept.items())])
    return Page(text, f'<article class="actlab-sheet" id="{name}">{"".join(blocks)}</article>')


def _source(key):
    source = reference(key)
    return f"<p><strong>Source:</strong> {source.html}, <cite>{html.escape(source.title)}</cite></p>"


def _math(formula):
    return f'<span class="math notranslate nohighlight">\\({html.escape(formula)}\\)</span>'


def _settings(act):
    if not act.settings:
        return ""
    given = ", ".join(f"<code>{key} = {_setting(value)}</code>" for key, value in act.settings.items())
    learned = f"; learned by its module: {', '.join(act.learnable)}" if act.learnable else ""
    return f"<p>Settings: {given}{learned}.</p>"


def _setting(value):
    return f"({', '.join(f'{v:g}' for v in value)})" if isinstance(value, tuple) else f"{value:.6g}"


def _two_columns(rows: Mapping[str, str], caption: str, *, code: bool = False) -> str:
    def cell(text):
        return f"<code>{html.escape(text)}</code>" if code else html.escape(text)

    lines = [f'<tr><th scope="row">{html.escape(key)}</th><td>{cell(text)}</td></tr>' for key, text in rows.items()]
    return f'<table class="actlab-facts"><caption>{caption}</caption><tbody>{"".join(lines)}</tbody></table>'


def _elsewhere(act):
    titles = {"torch": "PyTorch", "keras": "Keras", "jax": "JAX", "onnx": "ONNX"}
    named = {titles[library]: expression for library, expression in act.elsewhere.items()}
    return {"actlab": f'activations.get("{act.name}")'} | named


def _of_torch(act: Activation) -> str:
    if act.torch_function is None:
        return ""
    faults = torch_faults(act.name)
    if not faults:
        return "<p><strong>PyTorch's own</strong> agrees with ours to 12 digits at every probe, in float64.</p>"
    lines = "".join(f"<li>{html.escape(fault)}</li>" for fault in faults)
    return f"<p><strong>PyTorch's own</strong> is off, in float64:</p><ul>{lines}</ul>"


@cache
def torch_faults(name: str) -> tuple[str, ...]:
    """Where PyTorch's own function or gradient misses ours by more than 1e-12 in float64: the worst of `PROBES`."""
    act = get(name)
    z = torch.tensor([s * p for p in PROBES for s in (-1, 1)], dtype=torch.float64, requires_grad=True)
    value = act.torch_function(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    z = z.detach()
    faults = []
    for word, theirs, ours in [("f", value.detach(), act(z)), ("f′", slope, act.slope(z))]:
        off = ((theirs - ours).abs() / ours.abs()).nan_to_num(0.0)
        off[ours.abs() < torch.finfo(torch.float64).tiny] = 0
        worst = int(off.argmax())
        if off[worst] > 1e-12:
            at, there, here = (_number(values[worst].item(), 4) for values in (z, theirs, ours))
            miss = (
                f"{there} instead of {here}" if off[worst] > 0.01 else f"off by {_number(off[worst].item(), 2)} of it"
            )
            faults.append(f"{word}({at}) is {miss}")
    return tuple(faults)


def _fixed(act: Activation) -> str:
    slope = theory.fixed_point(act).slope
    if abs(slope - 1) < 1e-6:  # relu6: so near to 1 that no network of finite width and depth could tell
        does = "neither draws signals in nor repels them"
    else:
        does = "draws signals in" if abs(slope) < 1 else "repels signals"
    return f"slope {_number(slope)} at q = 1: {does}"


def _edge(act: Activation) -> str:
    edge = theory.edge_of_chaos(act)
    if edge is None:
        return "none with zero biases"
    where = {"point": f"q = {_number(edge.q)}", "every q": "every q", "limit q -> 0": "q → 0 only"}[edge.kind]
    return f"gain {_number(edge.gain)}, {where}"


def _limits(act: Activation, dtype: torch.dtype) -> str:
    found = theory.saturation(act, dtype)
    parts = []
    for what, below, above in [
        ("slope 0", found.slope_below, found.slope_above),
        ("value constant", found.value_below, found.value_above),
    ]:
        ends = [f"up to {_place(below, 4)}"] if below is not None else []
        ends += [f"from {_place(above, 4)}"] if above is not None else []
        if ends:
            parts.append(f"{what} {' and '.join(ends)}")
    return "; ".join(parts) or "no limit"


@cache
def _costs() -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["activation"], row["form"]): row for row in results.load("activation_cost")}


def _cost(name: str) -> str:
    ours, torchs = _costs()[name, "actlab"], _costs().get((name, "torch"))
    row, whose = (torchs, "PyTorch's own") if torchs else (ours, "ours")
    return (
        f"{_number(row['forward_ratio'], 2)} × ReLU forward, {_number(row['both_ratio'], 2)} × with its gradient, "
        f"{_number(row['layer_ratio'], 3)} × in a layer of 512 units ({whose})"
    )


def _claims_about(name: str) -> str:
    about = [claim for claim in claims.ledger.values() if name in claim.activations]
    if not about:
        return ""
    lines = [
        f'<li>{_badge(claim)} <a href="claims.html#{claim.id}">{_printed(claim.statement)}</a></li>'
        for claim in about
    ]
    word = "One claim" if len(about) == 1 else f"{len(about)} claims"
    return f"<details><summary>{word} about it, settled</summary><ul>{''.join(lines)}</ul></details>"


# ---- all activations --------------------------------------------------------------------------------------------


def _columns() -> dict[str, Callable[[Activation], Any]]:
    return {
        "name": lambda act: act.name,
        "year": lambda act: act.year,
        "infimum": lambda act: act.range[0],
        "supremum": lambda act: act.range[1],
        "monotone": lambda act: "yes" if act.monotone else "no",
        "kinks": lambda act: len(act.kinks),
        "largest slope": theory.lipschitz,
        "mean": lambda act: _clean(theory.moments(act).mean),
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
    shown = str(value) if isinstance(value, int) else _number(value, 5)
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


# ---- the claims -------------------------------------------------------------------------------------------------

SIGNS = dict(zip(claims.verdicts, "✓◐≈✗?", strict=True))  # the verdict is never told by colour alone


def _badge(claim: claims.Claim) -> str:
    kind, sign = claim.verdict.split()[-1], SIGNS[claim.verdict]
    return f'<span class="actlab-verdict actlab-{kind}"><span aria-hidden="true">{sign}</span> {claim.verdict}</span>'


def verdicts() -> Page:
    """How many claims, and how many sentences of the five texts, got each verdict."""
    count = {
        verdict: [claim for claim in claims.ledger.values() if claim.verdict == verdict]
        for verdict in claims.verdicts
    }
    rows = {
        verdict: f"{len(found)} claims, {sum(len(claim.rows) for claim in found)} sentences"
        for verdict, found in count.items()
    }
    total = f"{len(claims.ledger)} claims, {sum(len(claim.rows) for claim in claims.ledger.values())} sentences"
    rows["in all"] = total
    return Page("\n".join(f"{key}: {value}" for key, value in rows.items()), _two_columns(rows, "The verdicts"))


def ledger(topic: str) -> Page:
    """The claims of a topic with their verdicts, each with what its check finds now. Raises ValueError, naming the
    claims, if what one finds contradicts its verdict; KeyError, listing them, if there is no such topic."""
    if topic not in claims.topics:
        raise KeyError(f"no topic {topic!r}; there are {', '.join(claims.topics)}")
    settled = [claims.show(claim.id) for claim in claims.ledger.values() if claim.topic == topic]
    contradicted = [str(one) for one in settled if not one.supported]
    if contradicted:
        raise ValueError("\n\n".join(contradicted))
    text = "\n".join(f"{one.claim.verdict:20} {one.claim.id}" for one in settled)
    return Page(text, f'<div class="actlab-ledger">{"".join(map(_entry, settled))}</div>')


def _entry(settled: claims.Settled) -> str:
    claim, evidence = settled.claim, settled.evidence
    said = ", ".join(reference(key).html for key in claim.sources)
    by = f"<li>Sources: {', '.join(reference(key).html for key in claim.citations)}</li>" if claim.citations else ""
    shown = f'<li>Shown in <a href="../{_address(claim.where)}">the chapter</a></li>' if claim.where else ""
    cases = "".join(
        f"<li>{'holds' if held else 'does not hold'}: {_printed(words)}</li>"
        for words, held in {**evidence.cases, **evidence.core}.items()
    )
    expected = f"<p>If it were so: {_printed(evidence.expected)}.</p>" if evidence.expected else ""
    return (
        f'<article class="actlab-claim" id="{claim.id}" data-verdict="{claim.verdict}" data-topic="{claim.topic}" '
        f'data-activation="{"|".join(claim.activations)}">'
        f"<p>{_badge(claim)} <strong>{_printed(claim.statement)}.</strong> {_printed(claim.corrected)}</p>"
        f"<details><summary>Found: {_printed(evidence.measured)}</summary>"
        f"{expected}<ul>{cases}</ul>"
        f"<ul><li>Said by {said} ({len(claim.rows)} {'time' if len(claim.rows) == 1 else 'times'})</li>"
        f"<li>Settled by: {claim.how}</li>{by}{shown}</ul>"
        f'<pre class="actlab-code" tabindex="0">{html.escape(claim.code)}</pre></details></article>'
    )


def _printed(text: str) -> str:
    """Plain text as HTML, with powers of ten and spreads as they are printed."""
    text = re.sub(r"\b10\^(-?[\d.]*\d)", lambda m: f"10<sup>{m[1].replace('-', '−')}</sup>", html.escape(text))
    return text.replace("+-", "±")


def _address(where):
    page, _, label = where.partition("#")
    return f"{page}.html#{label}"
