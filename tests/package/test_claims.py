"""The ledger: every claim looked at again, nothing left out, and evidence that can contradict."""

import csv
import re
from pathlib import Path

import pytest
import torch

from actlab import activations, claims
from actlab.claims import Evidence, ledger

ROOT = Path(__file__).parents[2]
ROWS = {"S0": 40, "S1": 75, "S2": 41, "S3": 45, "S4": 81}  # how many claims each of the five texts makes
EVERY = pytest.mark.parametrize("id", ledger)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.slow
@EVERY
def test_the_evidence_leads_to_the_verdict(id):
    settled = claims.show(id)
    assert settled.supported, str(settled)
    assert settled.evidence.measured
    # what nothing decides has no case, and what is decided says what was expected
    assert bool(settled.evidence.cases) == bool(settled.evidence.expected) == (ledger[id].verdict != "not checkable")


@EVERY
def test_a_claim_says_what_is_true_instead(id):
    claim = ledger[id]
    assert claim.statement[-1] not in ".!?" or claim.statement.endswith("?")
    assert bool(claim.corrected) or claim.verdict in ("true", "not checkable")
    assert not claim.corrected or claim.corrected.endswith((".", "?"))


@EVERY
def test_a_claim_names_what_exists(id):
    claim = ledger[id]
    assert set(claim.activations) <= set(activations.catalog)
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    keys = set(re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", bibliography, flags=re.M))
    assert {*claim.citations, *claim.sources} <= keys
    assert claim.sources, f"no row of coverage.csv leads to {id}"
    if claim.how == "citation":
        assert claim.citations, "settled by citation, and cites nothing"
    if claim.how == "not checkable":
        assert claim.verdict == "not checkable"


def test_every_row_of_the_five_texts_is_settled_by_one_claim():
    with (ROOT / "data/claims/coverage.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    expected = [f"{text}-{number:03}" for text, count in ROWS.items() for number in range(1, count + 1)]
    assert [line["row"] for line in lines] == expected
    for page in ("README.md", "data/claims/README.md", "appendix/claims.ipynb"):
        assert f" {len(expected)} " in (ROOT / page).read_text(encoding="utf-8"), f"{page} counts other sentences"
    unknown = {line["row"]: line["claim"] for line in lines if line["claim"] not in ledger}
    assert not unknown
    assert sorted(row for claim in ledger.values() for row in claim.rows) == sorted(expected)


def test_a_claim_says_where_the_book_shows_it_if_it_does():
    for claim in ledger.values():
        if claim.where:
            page, _, label = claim.where.partition("#")
            assert (ROOT / f"{page}.ipynb").is_file() and label, claim.id


def test_the_ledger_has_the_order_of_the_book():
    order = [list(claims.topics).index(claim.topic) for claim in ledger.values()]
    assert order == sorted(order)
    with pytest.raises(TypeError):
        ledger["tanh"] = None


@pytest.mark.parametrize(
    ("cases", "core", "verdict"),
    [
        ({"a": True, "b": True}, {}, "true"),
        ({"a": True, "b": False}, {}, "true with conditions"),
        ({"a": True, "b": False}, {"c": False}, "true with conditions"),
        ({"a": False}, {"c": True, "d": True}, "imprecise"),
        ({"a": False}, {"c": True, "d": False}, "false"),
        ({"a": False}, {}, "false"),
        ({}, {}, "not checkable"),
        ({"a": torch.tensor(True)}, {}, "true"),
    ],
)
def test_the_verdict_follows_from_the_cases_and_from_what_is_left(cases, core, verdict):
    assert Evidence("1", cases=cases, core=core).verdict == verdict


def made(**changes):
    given = dict(
        id="made", statement="Tanh is bounded", verdict="true", corrected="", topic="tanh", how="measured",
        check=lambda: Evidence("0.5 at 20", expected="under 1", cases={"at 20": True}),
        rows=("S1-001", "S3-002", "S1-009"),
    )  # fmt: skip
    return claims.Claim(**given | changes)


def test_a_settled_claim_reads_as_text_and_shows_a_contradiction():
    assert str(claims.settle(made())).splitlines() == [
        "Claim made (clark2025, kumar2024)",
        "Tanh is bounded",
        "Verdict: true.",
        "Found (measured): 0.5 at 20",
    ]
    assert str(claims.settle(made(verdict="false"))).splitlines()[-1] == "CONTRADICTED: this evidence says true"


def test_one_verdict_agrees_with_an_evidence_and_the_others_contradict_it():
    agreeing = [verdict for verdict in claims.verdicts if claims.settle(made(verdict=verdict)).supported]
    assert agreeing == ["true"]


def test_an_unknown_claim_is_answered_with_the_nearest():
    some = next(iter(ledger))
    with pytest.raises(KeyError, match=re.escape(f"did you mean {some!r}?")):
        claims.show(some + "x")
    with pytest.raises(KeyError, match=f"there are {len(ledger)}"):
        claims.settle("?")


def test_a_claim_is_refused_that_has_no_place():
    for wrong in [{"verdict": "maybe"}, {"how": "hearsay"}]:
        given = {"verdict": "true", "how": "measured"} | wrong
        with pytest.raises(ValueError, match=rf"odd-one: '{next(iter(wrong.values()))}' is none of"):
            claims.claim("It is odd", **given)(named("odd_one"))
    with pytest.raises(ValueError, match="odd-one: 'sports' is none of linearity, "):
        claims.claim("It is odd", verdict="true")(named("odd_one", "actlab.claims.sports"))
    taken = next(iter(ledger))
    with pytest.raises(ValueError, match=f"two claims called {taken}"):
        claims.claim("It is there", verdict="true")(named(taken.replace("-", "_")))


def named(name, module="actlab.claims.tanh"):
    def check():
        return Evidence("")

    check.__name__, check.__module__ = name, module
    return check


def test_the_code_of_a_check_can_be_read():
    for claim in ledger.values():
        assert f"def {claim.id.replace('-', '_')}(" in claim.code
    code = ledger["depth-means-nothing-without-a-nonlinearity"].code
    assert code.count("def _steps_to_half(") == 1, "what the check calls can be read too"
