"""The choosing guide: no number typed, no link to nowhere, and an answer for whatever a reader asks."""

import itertools
import json
import math
import re
import string
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from docutils.nodes import make_id

from actlab import claims, guide, pages, results, theory
from actlab.activations import catalog

ROOT = Path(__file__).parents[1]
LEAVES = {leaf.id: leaf for leaf in guide._leaves}
EVERY = pytest.mark.parametrize("id", LEAVES)
TEXTS = ("choose", "why", "start", "rate", "watch", "basis")

pytestmark = pytest.mark.usefixtures("one_thread")


def templates(leaf):
    return {name: getattr(leaf, name) for name in TEXTS if getattr(leaf, name)}


def named(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


# --- what the leaves say


@EVERY
def test_no_leaf_has_a_typed_number(id):
    for name, text in templates(LEAVES[id]).items():
        bare = re.sub(r"\{[^}]*\}|`[^`]*`|b?float(16|32)|int8|ResNet-50", "", text)
        assert not re.search(r"\d", bare), f"{name}: {bare}"


@EVERY
def test_every_number_of_a_leaf_is_computed_and_finite(id):
    for text in templates(LEAVES[id]).values():
        for name in named(text):
            value = guide.numbers()[name]
            assert isinstance(value, str) or math.isfinite(value)
        assert "{" not in LEAVES[id].filled(text)


def test_no_number_is_computed_for_nobody():
    class Asking(dict):
        def __missing__(self, key):
            asked.add(key)
            return guide.numbers()[key]

    asked = {name for leaf in LEAVES.values() for text in templates(leaf).values() for name in named(text)}
    for leaf in LEAVES.values():
        leaf.holds(Asking())
    families = ("alone_", "layer_", "delta_", "powers_", "repels_", "batch_norm_")  # one for each function
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
    monkeypatch.setattr(guide, "_leaves", (wrong,))
    guide.leaves.cache_clear()
    try:
        with pytest.raises(ValueError, match=f"contradict the guide: {id}$"):
            guide.leaves()
    finally:
        guide.leaves.cache_clear()


def test_a_comparison_turns_with_its_numbers():
    """No leaf that compares is true of every number: with signs, orders and words turned round it is refused."""

    def turned(value):
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


# --- numbers, by another way


def test_the_verdict_is_that_of_students_interval():
    base = np.array([1.0, 2.0, 4.0])
    off = np.array([0.9, 1.0, 1.1])
    assert guide.verdict(base + off, base) == "ahead of"
    assert guide.verdict(base, base + off) == guide.verdict(base + off, base, lower=True) == "behind"
    assert guide.verdict(base + np.array([1, -1, 0.5]), base) == "not distinguishable from"
    for a, b in [([1.0], [2.0]), ([], []), ([1.0, 2.0], [1.0])]:
        with pytest.raises(ValueError, match="two pairs or more"):
            guide.verdict(a, b)


def test_some_of_the_numbers_by_another_way():
    n = guide.numbers()
    assert n["gain_relu"] == pytest.approx(2**0.5) and n["gain_sigmoid"] == pytest.approx(theory.gain("sigmoid"))
    assert n["bfloat16_exp"] == pytest.approx(88.72, abs=0.01) and n["float16_square"] == pytest.approx(
        255.9, abs=0.1
    )
    assert n["powers_batch_norm_relu"] == pytest.approx(24.5 * math.log10(math.pi / (math.pi - 1)))
    runs = [r for r in results.load("images", "runs") if (r["network"], r["task"]) == ("cnn", "mnist")]
    adam = {r["seed"]: r["test_accuracy"] for r in runs if (r["optimizer"], r["activation"]) == ("adam", "sigmoid")}
    assert len(adam) == n["digits_seeds"] == 5
    swapped = [r for r in results.load("transformers", "swaps") if r["activation"] == "gelu"]
    assert {r["n"] for r in swapped} == {n["swap_sentences"]}
    draws = {(r["draw"], r["start"]) for r in results.load("disk", "tuned")}
    assert len(draws) == n["disk_draws"] * n["disk_starts"]
    assert n["disk_right_apart"] < 1 < n["disk_function_moves"]


def test_a_setting_that_is_not_stored_is_named():
    with pytest.raises(KeyError, match="no stored row has"):
        guide._where([{"activation": "relu"}], activation="gelu")


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


def test_where_nothing_fits_one_choice_less_leads_to_an_answer():
    """What the page says then, "with any for ... there are ...", has something to say, for all combinations."""
    fits = [[set(leaf.fits.get(q, ())) for q in guide.questions] for leaf in LEAVES.values()]
    aside = [question in guide.ASIDE for question in guide.questions]

    @cache
    def count(chosen):
        given = any(chosen)

        def shown(leaf):
            return all(
                (not f or a in f) if a else not (f and given and apart)
                for a, f, apart in zip(chosen, leaf, aside, strict=True)
            )

        return sum(map(shown, fits))

    some = {"place": "gate", "task": "text", "precision": "float16"}
    assert count(tuple(map(some.get, guide.questions))) == len(guide.fitting(**some)) > 0
    empty = 0
    for chosen in itertools.product(*[(None, *answers) for _, answers in guide.questions.values()]):
        if not count(chosen):
            empty += 1
            ways = [(*chosen[:i], None, *chosen[i + 1 :]) for i in range(len(chosen)) if chosen[i]]
            assert any(count(way) for way in ways), chosen
    assert empty, "then the sentence is for nobody"


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
        assert not card.has_attr("hidden") and card.h3.text == leaf.title
        assert guide.KINDS[leaf.kind] in card.summary.text
        assert len(card.select("dd")[-1].select("a")) == len(leaf.evidence)
    assert not page.find(string=re.compile(r"\.\.|10\^|`"))


def test_the_tables_lead_to_the_answers():
    every, few = (BeautifulSoup(page.html, "html.parser") for page in (guide.table(), guide.short()))
    assert [a["href"] for a in every.select("th a")] == [f"#{id}" for id in LEAVES]
    first = [f"#{id}" for id, leaf in LEAVES.items() if leaf.first]
    assert [a["href"] for a in few.select("th a")] == first and 6 <= len(first) <= 10
    assert "1.414" in every.text and "relu" in repr(guide.short())
