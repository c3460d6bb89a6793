"""The ledger of claims: each with its verdict, and with what its check finds now."""

import html

from .. import claims
from ._bibliography import reference
from ._page import Page, printed, two_columns

__all__ = ["badge", "ledger", "verdicts"]


SIGNS = dict(zip(claims.verdicts, "✓◐≈✗?", strict=True))  # the verdict is never told by colour alone


def badge(claim: claims.Claim) -> str:
    kind, sign = claim.verdict.split()[-1], SIGNS[claim.verdict]
    return f'<span class="actlab-verdict actlab-{kind}"><span aria-hidden="true">{sign}</span> {claim.verdict}</span>'


def verdicts() -> Page:
    """How many claims, and how many sentences of the five texts, got each verdict; those of other works apart."""
    five = [claim for claim in claims.ledger.values() if claim.rows]
    count = {verdict: [claim for claim in five if claim.verdict == verdict] for verdict in claims.verdicts}
    rows = {
        verdict: f"{len(found)} claims, {sum(len(claim.rows) for claim in found)} sentences"
        for verdict, found in count.items()
    }
    rows["in all"] = f"{len(five)} claims, {sum(len(claim.rows) for claim in five)} sentences"
    own = [claim for claim in five if claim.own]
    rows["the book's own questions among them"] = (
        f"{len(own)} claims, {sum(len(claim.rows) for claim in own)} sentences"
    )
    rows["from other works, counted apart"] = f"{len(claims.ledger) - len(five)} claims"
    return Page("\n".join(f"{key}: {value}" for key, value in rows.items()), two_columns(rows, "The verdicts"))


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
    asked = " <em>The book’s own question.</em>" if claim.own else ""
    said = "".join(
        f"<li><q>{html.escape(words)}</q> ({reference(claims.source_of(row)).html}, {html.escape(section)})</li>"
        for row, (section, words) in claim.quotations.items()
    )
    by = f"<li>Sources: {', '.join(reference(key).html for key in claim.citations)}</li>" if claim.citations else ""
    shown = f'<li>Shown in <a href="../{_address(claim.where)}">the chapter</a></li>' if claim.where else ""
    cases = "".join(
        f"<li>{'holds' if held else 'does not hold'}: {printed(words)}</li>"
        for words, held in {**evidence.cases, **evidence.core}.items()
    )
    expected = f"<p>If it were so: {printed(evidence.expected)}.</p>" if evidence.expected else ""
    return (
        f'<article class="actlab-claim" id="{claim.id}" data-verdict="{claim.verdict}" data-topic="{claim.topic}" '
        f'data-activation="{"|".join(claim.activations)}">'
        f"<p>{badge(claim)} <strong>{printed(claim.statement)}.</strong>{asked} {printed(claim.corrected)}</p>"
        f"<details><summary>Found: {printed(evidence.measured)}</summary>"
        f"<p>{'What it is asked about' if claim.own else 'In the words of the text'}:</p>"
        f'<ul class="actlab-words">{said}</ul>'
        f"{expected}<ul>{cases}</ul>"
        f"<ul><li>Settled by: {claim.how}</li>{by}{shown}</ul>"
        f'<pre class="actlab-code" tabindex="0">{html.escape(claim.code)}</pre></details></article>'
    )


def _address(where):
    page, _, label = where.partition("#")
    return f"{page}.html#{label}"
