"""The ledger: every claim looked at again, nothing left out, and evidence that can contradict."""

import ast
import builtins
import csv
import inspect
import json
import re
from pathlib import Path

import pytest
import torch

from actlab import activations, claims
from actlab.claims import Evidence, ledger

ROOT = Path(__file__).parents[2]
ROWS = {"S0": 40, "S1": 75, "S2": 41, "S3": 46, "S4": 83}  # how many claims each of the five texts makes
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
    assert claim.sources, f"no row of coverage.csv and no other work leads to {id}"
    assert bool(claim.rows) == (claim.topic != "other works")
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


def lines_of(table):
    with (ROOT / "data/claims" / table).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_quotes_at_most_fifteen_words_and_no_two_the_same():
    lines = [*lines_of("coverage.csv"), *lines_of("works.csv")]
    for line in lines:
        words = line["quotation"].split()
        assert 1 <= len(words) <= 15, line
        assert line["quotation"] == " ".join(words), f"{line} has white space that its source was rid of"
        assert line["section"] == line["section"].strip() != "", line
    assert len({(line.get("source", line.get("row", "")[:2]), line["quotation"]) for line in lines}) == len(lines)


@EVERY
def test_a_claim_has_the_words_of_each_of_its_rows(id):
    claim = ledger[id]
    written = {line["row"]: (line["section"], line["quotation"]) for line in lines_of("coverage.csv")}
    written |= {
        line["source"]: (line["section"], line["quotation"]) for line in lines_of("works.csv") if line["claim"] == id
    }
    assert claim.quotations == {row: written[row] for row in claim.quotations} and claim.quotations
    with pytest.raises(TypeError):
        claim.quotations["S0-001"] = ("", "")


def test_what_is_cited_has_a_place_and_is_used():
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    code = "".join(claim.code for claim in ledger.values()) + inspect.getsource(claims)
    for line in lines_of("cited.csv"):
        assert f"{{{line['source']}," in bibliography
        assert all(line.values()) and line["read"] in ("yes", "second hand"), line
        assert line["source"] in code, f"nothing reads what {line['source']} says"


def test_the_ledger_page_names_the_sources_that_were_read_second_hand():
    lines = lines_of("cited.csv")
    second = {line["source"] for line in lines if line["read"] != "yes"}
    partly = second & {line["source"] for line in lines if line["read"] == "yes"}
    page = json.loads((ROOT / "appendix/claims.ipynb").read_text(encoding="utf-8"))
    (said,) = re.findall(r"\*second hand\*: [^.]*\.", "".join("".join(cell["source"]) for cell in page["cells"]))
    wholly, parts = (set(keys.split(",")) for keys in re.findall(r"\{cite\}`([^`]*)`", said))
    assert (wholly, parts) == (second - partly, partly)


def rests_on_literals(check):
    """Whether the cases that a check hands to Evidence are made of literals and builtins alone."""
    function = ast.parse(inspect.getsource(check)).body[0]
    module = ast.parse(inspect.getsource(inspect.getmodule(check)))
    found = {}  # from a name to all that is put in it
    for node in (*module.body, *ast.walk(function)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.For | ast.comprehension):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = node.value if isinstance(node, ast.Assign | ast.AugAssign) else node.iter
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("append", "extend", "add", "update"):
            targets, value = [node.func.value], ast.Tuple(node.args)
        else:
            continue
        for target in targets:
            names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
            for name in names:
                found.setdefault(name, []).append(value)
    fixed = set(dir(builtins)) | {argument.arg for node in ast.walk(function) if isinstance(node, ast.Lambda)
                                  for argument in node.args.args}  # fmt: skip

    def literal(value):
        return all(part.id in fixed for part in ast.walk(value) if isinstance(part, ast.Name))

    while more := {name for name, values in found.items() if name not in fixed and all(map(literal, values))}:
        fixed |= more
    (cases,) = [
        keyword.value
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Evidence"
        for keyword in node.keywords
        if keyword.arg == "cases"
    ]
    return literal(cases)


@pytest.mark.parametrize("id", [id for id, claim in ledger.items() if claim.verdict != "not checkable"])
def test_the_cases_of_a_check_come_from_elsewhere_than_the_check(id):
    assert not rests_on_literals(ledger[id].check)


def three_tasks():
    tasks, told = 8, []
    told.append(tasks)
    return Evidence("8 tasks", expected="3", cases={"three": all(task == 3 for task in told)})


def measured_tasks():
    told = {}
    told["tanh"] = len(activations.catalog)
    return Evidence("tasks", expected="3", cases={name: count == 3 for name, count in told.items()})


def test_a_check_that_can_come_out_one_way_only_is_found():
    assert rests_on_literals(three_tasks)
    assert not rests_on_literals(measured_tasks)


def test_a_claim_says_where_the_book_shows_it_if_it_does():
    for claim in ledger.values():
        if claim.where:
            page, _, label = claim.where.partition("#")
            assert (ROOT / f"{page}.ipynb").is_file() and label, claim.id


NUMBERS = {"two": 2, "nine": 9, "fifteen": 15, "sixteen": 16}


def test_every_other_work_is_quoted_for_a_claim_of_the_ledger():
    assert {line["claim"] for line in lines_of("works.csv")} <= set(ledger)


@pytest.mark.parametrize("topic", [topic for topic in claims.topics if topic not in ("experiments", "other works")])
def test_a_chapter_counts_the_claims_that_it_does_not_list(topic):
    cells = json.loads((ROOT / f"{claims.topics[topic]}.ipynb").read_text(encoding="utf-8"))["cells"]
    label = f"<claims-{topic.lower().replace(' ', '-')}>"
    (text,) = [text for cell in cells if label in (text := "".join(cell["source"]))]
    listed, count = len(re.findall(r"^\d+\. \*", text, flags=re.M)), sum(c.topic == topic for c in ledger.values())
    others, everything = re.search(r"The other (\w+),", text), re.search(r"claims of (\d+);", text)
    if others:
        number = others[1]
        assert listed + (NUMBERS[number] if number in NUMBERS else int(number)) == count
    else:
        assert int(everything[1]) == count if everything else listed == count


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
        quotations={"S1-001": ("Tanh", "stays below 1"), "S3-002": ("2", "bounded"), "S1-009": ("Tanh", "at most 1")},
    )  # fmt: skip
    return claims.Claim(**given | changes)


def test_a_settled_claim_reads_as_text_and_shows_a_contradiction():
    assert str(claims.settle(made())).splitlines() == [
        "Claim made (clark2025, kumar2024)",
        "Tanh is bounded",
        "Words: “stays below 1” (clark2025, Tanh)",
        "Words: “bounded” (kumar2024, 2)",
        "Words: “at most 1” (clark2025, Tanh)",
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
