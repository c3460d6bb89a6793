"""The guide as a page: the questions before the answers, and two tables."""

import html
import json
import re
from collections.abc import Callable, Mapping

from .. import claims
from ..activations import catalog
from ..pages import Page, reference
from ._choose import leaves
from ._leaf import ASIDE, GROUPS, KINDS, Leaf, questions

__all__ = ["address", "guide", "short", "table"]


def address(place: str) -> tuple[str, str]:
    """A place of a leaf's evidence as (link, words of its own), seen from a page of the appendix.

    Raises KeyError for a claim that is not in the ledger and for a key that references.bib does not have.
    """
    kind, _, name = place.partition(":")
    if kind == "claim":
        claim = claims.ledger[name]
        return f"claims.html#{name}", f"the claim “{claim.statement}”, {claim.verdict}"
    if kind == "cite":
        source = reference(name)
        return source.url, source.label
    page, _, label = place.partition("#")
    page = page.removeprefix("appendix/") if page.startswith("appendix/") else f"../{page}"
    return f"{page}.html#{label}", ""


def _printed(text: str) -> str:
    """A filled text as HTML: powers of ten, true minus signs, names of the catalog with links to their datasheets."""
    text = re.sub(r"\b10\^(-?[\d.]+)", lambda m: f"10<sup>{m[1].replace('-', '−')}</sup>", html.escape(text))

    def named(match):
        name = match[1]
        link = f'<a href="catalog.html#{name}"><code>{name}</code></a>'
        return link if name in catalog else f"<code>{name}</code>"

    return re.sub(r"`([^`]+)`", named, re.sub(r"(?<=[ (])-(?=\d)", "−", text))


def _plain(text: str) -> str:
    return text.replace("`", "")


def _sources(leaf: Leaf) -> str:
    links = []
    for place, words in leaf.evidence.items():
        link, own = address(place)
        said = html.escape(words or own)
        if place.startswith("chapters/"):
            number = re.search(r"/0?(\w+?)_", place)[1]
            said = f"chapter {number}, {said}"
        links.append(f'<a href="{html.escape(link)}">{said}</a>' if link else said)
    return "; ".join(links)


# how an answer reads away from its question
APART = {"depth": "{} hidden layers", "between": "{} between them", "target": "for {}"}


def _when(leaf: Leaf) -> str:
    """What a leaf is for, in the words of the questions."""
    parts = []
    for question, answers in leaf.fits.items():
        words = " or ".join(questions[question][1][answer] for answer in answers)
        parts.append(APART.get(question, "{}").format(words))
    return " · ".join(parts)


def _card(leaf: Leaf) -> str:
    data = " ".join(f'data-{question}="{"|".join(answers)}"' for question, answers in leaf.fits.items())
    rows = {"Weights": leaf.start, "Rate": leaf.rate, "Watch": leaf.watch}
    more = "".join(
        f"<dt>{word}</dt><dd>{_printed(_sentence(leaf.filled(text)))}</dd>" for word, text in rows.items() if text
    )
    return (
        f'<article class="actlab-leaf" id="{leaf.id}" {data}><h4>{html.escape(leaf.title)}</h4>'
        f'<p class="actlab-when">{html.escape(_when(leaf))}</p>'
        f"<p><strong>{_printed(_sentence(leaf.filled(leaf.choose)))}</strong></p>"
        f"<details><summary>Why, and what it rests on: {KINDS[leaf.kind]}</summary>"
        f"<p>{_printed(leaf.filled(leaf.why))}</p>"
        f"<dl>{more}<dt>Rests on</dt><dd>{_printed(_sentence(leaf.filled(leaf.basis)))}</dd>"
        f"<dt>Shown in</dt><dd>{_sources(leaf)}.</dd></dl></details></article>"
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def guide() -> Page:
    """All leaves, whole and in their groups; the script of the reference pages puts the questions before them."""
    found = leaves()
    asked = [[key, asks, list(answers.items())] for key, (asks, answers) in questions.items()]
    text = "\n".join(f"{leaf.title}: {_plain(leaf.filled(leaf.choose))}" for leaf in found.values())
    groups = "".join(
        f'<details class="actlab-group" open><summary><h3>{title}</h3></summary>'
        f"{''.join(_card(leaf) for leaf in found.values() if leaf.group == group)}</details>"
        for group, title in GROUPS.items()
    )
    data = f'data-questions="{html.escape(json.dumps(asked))}" data-aside="{"|".join(ASIDE)}"'
    return Page(text, f'<div class="actlab-guide" {data}>{groups}</div>')


def _rows(chosen, label: str, columns: Mapping[str, Callable[[Leaf], str]], kind: str) -> str:
    head = "".join(f'<th scope="col">{word}</th>' for word in ("situation", *columns))
    body = "".join(
        f'<tr><th scope="row"><a href="#{leaf.id}">{html.escape(leaf.title)}</a></th>'
        f"{''.join(f'<td>{_printed(leaf.filled(of(leaf)))}</td>' for of in columns.values())}</tr>"
        for leaf in chosen
    )
    return (
        f'<div class="actlab-wide {kind}" role="region" tabindex="0" aria-label="{label}">'
        f'<table class="actlab-answers"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def short() -> Page:
    """The answers that most readers come for, a line each."""
    chosen = [leaf for leaf in leaves().values() if leaf.first]
    text = "\n".join(f"{leaf.title}: {_plain(leaf.filled(leaf.choose))}" for leaf in chosen)

    columns = {"choose": lambda leaf: _sentence(leaf.choose), "rests on": lambda leaf: KINDS[leaf.kind]}
    return Page(text, _rows(chosen, "The short answers", columns, "actlab-short"))


def table() -> Page:
    """Every leaf as a row: what to choose, where to start, and on what that rests."""
    chosen = list(leaves().values())
    text = "\n".join(f"{leaf.kind:10}{leaf.id}" for leaf in chosen)
    columns = {
        "choose": lambda leaf: leaf.choose,
        "weights": lambda leaf: leaf.start or "—",
        "rests on": lambda leaf: f"{KINDS[leaf.kind]}: {leaf.basis}",
    }
    return Page(text, _rows(chosen, "All answers", columns, "actlab-all"))
