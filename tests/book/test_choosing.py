"""The choosing guide: no number typed, no link to nowhere, and an answer for whatever a reader asks."""

import itertools
import json
import math
import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from docutils.nodes import make_id

from actlab import claims, guide, pages
from actlab.activations import catalog

ROOT = Path(__file__).parents[2]
LEAVES = {leaf.id: leaf for leaf in guide.every}
EVERY = pytest.mark.parametrize("id", LEAVES)
PAIRS = (guide.Difference, guide.Factor)
TEXTS = ("choose", "why", "start", "rate", "watch", "basis")

pytestmark = pytest.mark.usefixtures("one_thread")


def templates(leaf):
    return {name: getattr(leaf, name) for name in TEXTS if getattr(leaf, name)}


def named(text):
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


# --- what the leaves say


@EVERY
def test_no_leaf_has_a_typed_number(id):
    for name, text in templates(LEAVES[id]).items():
        bare = re.sub(r"\{[^}]*\}|`[^`]*`|b?float(16|32)|int8|ResNet-50|GPT-2|T5", "", text)
        assert not re.search(r"\d", bare), f"{name}: {bare}"


@EVERY
def test_every_number_of_a_leaf_is_computed_and_finite(id):
    for text in templates(LEAVES[id]).values():
        for name in named(text):
            value = guide.numbers()[name]
            assert isinstance(value, str) or math.isfinite(value.mean if isinstance(value, PAIRS) else value)
        assert "{" not in LEAVES[id].filled(text)


def test_no_number_is_computed_for_nobody():
    class Asking(dict):
        def __missing__(self, key):
            asked.add(key)
            return guide.numbers()[key]

    asked = {name for leaf in LEAVES.values() for text in templates(leaf).values() for name in named(text)}
    for leaf in LEAVES.values():
        leaf.holds(Asking())
    # one for each function
    families = ("alone_", "layer_", "delta_", "powers_", "repels_", "batch_norm_", "gain_", "learn_")
    assert {name for name in guide.numbers() if not name.startswith(families)} <= asked


@EVERY
def test_a_leaf_answers_questions_that_are_asked_and_says_on_what_it_rests(id):
    leaf = LEAVES[id]
    assert leaf.fits
    for question, answers in leaf.fits.items():
        assert answers and set(answers) < set(guide.questions[question][1])
    assert leaf.kind in guide.KINDS and leaf.basis and leaf.evidence
    assert set(re.findall(r"`([a-z_0-9]+)`", " ".join(templates(leaf).values()))) <= set(catalog)
    if leaf.kind == "measured":
        assert named(leaf.basis), "what was measured names its n"
    if leaf.kind == "cited":
        assert any(place.startswith("cite:") for place in leaf.evidence)
    if leaf.choose.startswith("practice"):
        assert leaf.kind == "cited", "practice is what others do"
    assert leaf.group in guide.GROUPS


@EVERY
def test_the_evidence_of_a_leaf_exists(id):
    for place, words in LEAVES[id].evidence.items():
        kind, _, name = place.partition(":")
        if kind == "claim":
            assert name in claims.ledger
        elif kind == "cite":
            assert pages.reference(name).url
        else:
            page, _, label = place.partition("#")
            assert words and label in labels(page), f"{page} has no {label}"


def labels(page):
    """What a link can lead to on a page: labels, names of figures, headings; datasheets on the catalog."""
    notebook = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))
    found = set(catalog) if page == "appendix/catalog" else set()
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            found |= set(re.findall(r"^\(([\w-]+)\)=", text, flags=re.M))
            found |= {make_id(heading) for heading in re.findall(r"^#{2,} (.*)$", text, flags=re.M)}
        found.add(cell["metadata"].get("mystnb", {}).get("figure", {}).get("name"))
    return found


@EVERY
def test_a_leaf_that_its_numbers_contradict_is_refused(id, monkeypatch):
    wrong = replace(LEAVES[id], holds=lambda n: False)
    monkeypatch.setattr(guide._choose, "every", (wrong,))
    guide.leaves.cache_clear()
    try:
        with pytest.raises(ValueError, match=f"contradict the guide: {id}$"):
            guide.leaves()
    finally:
        guide.leaves.cache_clear()


def test_a_comparison_turns_with_its_numbers():
    """No leaf that compares is true of every number: with signs, orders and words turned round it is refused."""

    def turned(value):
        if isinstance(value, guide.Difference):  # what was open is not, what was sure is so the other way
            return guide.Difference(2 * value.half if value.open else -value.mean, value.half, value.n)
        if isinstance(value, guide.Factor):
            low, high = (2, 3) if value.open else (1 / value.high, 1 / value.low)
            return guide.Factor((low * high) ** 0.5, low, high, value.n)
        if isinstance(value, list):
            return value[::-1]
        if isinstance(value, str | bool):
            return "otherwise" if isinstance(value, str) else not value
        return -value

    other = {name: turned(value) for name, value in guide.numbers().items()}
    nothing = guide.Leaf.__dataclass_fields__["holds"].default
    compares = [leaf for leaf in LEAVES.values() if leaf.holds is not nothing]
    assert len(compares) > len(LEAVES) / 2
    for leaf in compares:
        assert leaf.holds(guide.numbers()) and not leaf.holds(other), leaf.id


# --- what a reader can ask


def test_an_answer_fits_where_no_choice_rules_it_out():
    assert guide.fitting() == tuple(LEAVES.values())
    found = {leaf.id for leaf in guide.fitting(place="output", target="binary")}
    assert "output-binary" in found and not found & {"output-class", "small-network", "attention"}
    found = {leaf.id for leaf in guide.fitting(place="hidden", task="images", depth="few")}
    assert {"small-convolutions", "learned-shapes"} <= found and "residual-network" not in found
    assert "float16" not in found
    assert "float16" in {leaf.id for leaf in guide.fitting(place="hidden", precision="float16")}
    with pytest.raises(KeyError, match="no question 'colour'; there are place"):
        guide.fitting(colour="red")
    with pytest.raises(KeyError, match="place has no answer 'middle'; it has hidden"):
        guide.fitting(place="middle")


def test_every_answer_of_every_question_leads_somewhere():
    for question, (_, answers) in guide.questions.items():
        for answer in answers:
            assert guide.fitting(**{question: answer})


@EVERY
def test_three_answers_lead_to_a_leaf_and_to_no_other(id):
    """A reader need not know more: the page asks on, and does not have to."""
    fits = LEAVES[id].fits
    for n in (1, 2, 3):
        for questions in itertools.combinations(fits, n):
            for answers in itertools.product(*(fits[question] for question in questions)):
                if guide.nearest(**dict(zip(questions, answers, strict=True))) == (LEAVES[id],):
                    return
    raise AssertionError(f"{id} is never the only answer that fits best")


def test_every_question_but_the_first_hangs_on_it_or_stands_alone():
    """So the page may ask the first alone, and each other one when those that a leaf names before it are answered."""
    order = list(guide.questions)
    for leaf in LEAVES.values():
        assert list(leaf.fits) == sorted(leaf.fits, key=order.index), (
            f"{leaf.id} names its questions in another order"
        )
        assert order[0] in leaf.fits or set(leaf.fits) <= set(guide.ASIDE), leaf.id


def test_whatever_is_answered_something_fits():
    """So the page need not say that there is nothing; how near it is, the answer's own line says."""
    for n in (1, 2, 3):
        for questions in itertools.combinations(guide.questions, n):
            for chosen in itertools.product(*(guide.questions[question][1] for question in questions)):
                given = dict(zip(questions, chosen, strict=True))
                assert guide.fitting(**given), given


# --- the page


def test_the_page_is_whole_without_its_script():
    page = BeautifulSoup(guide.guide().html, "html.parser")
    box = page.select_one(".actlab-guide")
    asked = json.loads(box["data-questions"])
    assert {key: dict(answers) for key, _, answers in asked} == {
        key: dict(answers) for key, (_, answers) in guide.questions.items()
    }
    cards = {card["id"]: card for card in box.select(".actlab-leaf")}
    assert list(cards) == list(LEAVES)
    for id, leaf in LEAVES.items():
        card = cards[id]
        for question in guide.questions:
            assert tuple(card.get(f"data-{question}", "").split("|")) == leaf.fits.get(question, ("",))
        assert not card.has_attr("hidden") and card.h4.text == leaf.title
        assert guide.KINDS[leaf.kind] in card.summary.text
        assert len(card.select("dd")[-1].select("a")) == len(leaf.evidence)
    groups = box.select(":scope > details.actlab-group")
    assert [group.h3.text for group in groups] == list(guide.GROUPS.values()) and all(
        g.has_attr("open") for g in groups
    )
    assert [card["id"] for group in groups for card in group.select(".actlab-leaf")] == list(LEAVES)
    assert not page.find(string=re.compile(r"\.\.|10\^|`"))


def test_the_tables_lead_to_the_answers():
    every, few = (BeautifulSoup(page.html, "html.parser") for page in (guide.table(), guide.short()))
    assert [a["href"] for a in every.select("th a")] == [f"#{id}" for id in LEAVES]
    first = [f"#{id}" for id, leaf in LEAVES.items() if leaf.first]
    assert [a["href"] for a in few.select("th a")] == first and 6 <= len(first) <= 10
    assert "1.414" in every.text and "relu" in repr(guide.short())
