"""What the reference pages say, against the functions that they take it from."""

import base64
import csv
import io
import math
import re

import pytest
from bs4 import BeautifulSoup

from actlab import claims, pages, theory
from actlab.activations import catalog

EVERY = pytest.mark.parametrize("name", catalog)


def soup(page):
    return BeautifulSoup(page.html, "html.parser")


@pytest.mark.slow
@EVERY
def test_a_datasheet_has_everything_that_was_promised(name):
    sheet = soup(pages.datasheet(name))
    act = catalog[name]
    assert sheet.article["id"] == name
    text = sheet.get_text(" ")
    for part in (act.title, act.uses, act.pitfalls, act.differs):
        assert part in text
    for formula in (act.formula, act.slope_formula):  # which stands in parts
        assert _tight(formula) in _tight(text)
    assert pages.reference(act.source).title in text
    for call in act.elsewhere.values():
        assert call in text
    rows = {row.th.text: row.td.text for row in sheet.select("tr")}
    assert {"range", "least value", "kinks", "largest slope", "mean", "gain", "chi", "in float16", "cost"} <= set(
        rows
    )
    figure = sheet.figure
    assert figure["role"] == "img" and act.title in figure["aria-label"] and figure.svg
    assert not sheet.find(string=lambda s: "None" in s or "nan" in s.split())


def _tight(formula):
    return re.sub(r"\\[()]|\\quad|\s", "", formula)


def test_the_facts_are_those_of_theory():
    found = pages.facts("gelu")
    assert float(found["gain"]) == pytest.approx(theory.gain("gelu"), rel=1e-5)
    assert float(found["chi"]) == pytest.approx(theory.chi("gelu"), rel=1e-5)
    least, at = (float(part.replace("−", "-")) for part in found["least value"].split(" at z = "))
    assert (at, least) == pytest.approx(theory.minimum("gelu"), rel=1e-5)
    assert found["range"] == "[−0.169971, ∞)"
    assert pages.facts("sigmoid")["range"] == "(0, 1)"
    assert pages.facts("relu")["kinks"] == "z = 0"
    assert pages.facts("sigmoid")["least value"] == "none: the bound is not reached"
    assert pages.facts("identity")["least value"] == "none: there is no lower bound"
    assert pages.facts("gelu")["fixed point"].endswith(": repels signals")
    assert pages.facts("tanh")["fixed point"].endswith("draws signals in")
    assert pages.facts("relu6")["fixed point"] == "slope 1 at q = 1: neither draws signals in nor repels them"
    assert pages.facts("sigmoid")["edge of chaos"].startswith("gain 10.149")
    assert "and from z = 16.64" in pages.facts("sigmoid")["in float32"]
    assert pages.facts("identity")["in float16"] == "no limit"


def test_a_datasheet_names_where_torch_is_off():
    assert "f(−1e−8) is 0 instead of −3.333e−25" in pages.torch_faults("tanhshrink")
    assert pages.torch_faults("softplus")[0].startswith("f(20.5) is off by 6")  # 6.1e-11: log(1 + e^-20.5) / 20.5
    assert any(fault.startswith("f′") for fault in pages.torch_faults("tanh"))
    assert pages.torch_faults("relu") == ()
    assert "agrees with ours" in pages.datasheet("relu").html
    assert "is off, in float64" in pages.datasheet("tanh").html


def test_a_datasheet_links_the_claims_about_it():
    about = [claim.id for claim in claims.ledger.values() if "leaky_relu" in claim.activations]
    sheet = soup(pages.datasheet("leaky_relu"))
    assert about and [a["href"] for a in sheet.select("details a")] == [f"claims.html#{id}" for id in about]
    (ledger,) = sheet.select('a[href="claims.html?activation=leaky_relu"]')
    assert ledger.text == f"The ledger has {len(about)} claims about it"
    assert "claims.html" not in pages.datasheet("golu").html


def test_the_table_and_its_file_have_every_activation_with_all_digits():
    page = soup(pages.table())
    assert [row.th.text for row in page.select("tbody tr")] == list(catalog)
    link = page.find("a", download=True)
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(link["href"].partition("base64,")[2]).decode())))
    assert [row["name"] for row in rows] == list(catalog)
    for row in rows:
        assert float(row["gain"]) == theory.gain(row["name"])
        assert float(row["mean"]) == pytest.approx(theory.moments(row["name"]).mean, rel=1e-15, abs=1e-13)
        assert float(row["supremum"]) == catalog[row["name"]].range[1]
        assert not row["critical gain"] or float(row["critical gain"]) == theory.edge_of_chaos(row["name"]).gain
    shown = {row.th.text: [cell.get("data-value") for cell in row.find_all("td")] for row in page.select("tbody tr")}
    heads = [head.text for head in page.select("thead th")][1:]
    assert float(shown["gelu"][heads.index("gain")]) == theory.gain("gelu")
    assert shown["relu"][heads.index("supremum")] == "Infinity"  # as a script reads it


def test_the_gallery_leads_to_every_datasheet():
    page = soup(pages.gallery())
    assert [a["href"] for a in page.find_all("a")] == [f"#{name}" for name in catalog]
    assert [a.get_text(strip=True) for a in page.find_all("a")] == [act.title for act in catalog.values()]


def test_the_names_say_what_each_function_is_called_elsewhere():
    text = pages.names()._repr_markdown_()
    for name, act in catalog.items():
        line = next(line for line in text.splitlines() if f"`{name}`" in line)
        assert act.title in line and all(other in line for other in (*act.aliases, *act.elsewhere.values()))


def test_as_text_a_page_gives_the_same_facts():
    said = str(pages.datasheet("mish"))
    assert said.splitlines()[0] == "Mish (mish)"
    assert f"gain: {pages.facts('mish')['gain']}" in said
    assert "float16" not in said  # what the processor decides is not compared


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1, "0.1"), (-0.0, "0"), (1 / 3, "0.333333"), (-2.5, "−2.5"), (math.inf, "∞"), (-math.inf, "−∞"),
     (1e-8, "1e−8"), (-3.72e-44, "−3.72e−44"), (None, "none"), (1234567.0, "1.23457e6")],
)  # fmt: skip
def test_numbers_read_as_numbers(value, shown):
    assert pages._page.number(value) == shown


def test_powers_and_spreads_are_printed_as_such():
    shown = pages._page.printed("10^-30.8 +- 0.1 & 10^4, 10^1.")
    assert shown == "10<sup>−30.8</sup> ± 0.1 &amp; 10<sup>4</sup>, 10<sup>1</sup>."


def test_a_source_is_named_as_in_the_text():
    assert pages.reference("he2015").label == "He et al. (2015)"
    assert pages.reference("hendrycks2016").label == "Hendrycks and Gimpel (2016)"
    assert pages.reference("hendrycks2016").url == "https://arxiv.org/abs/1606.08415"
    assert pages.reference("montufar2014").label == "Montúfar et al. (2014)"
    assert pages.reference("touvron2023").label == "Touvron et al. (2023)"
    assert pages.reference("kumar2024").label == "Kumar" and pages.reference("kumar2024").html == "Kumar"
    assert "Understanding" in pages.reference("afblog").label
    with pytest.raises(KeyError, match="nobody1900"):
        pages.reference("nobody1900")


@pytest.mark.slow
@pytest.mark.parametrize("topic", claims.topics)
def test_the_ledger_of_a_topic_has_each_of_its_claims(topic):
    page = pages.ledger(topic)
    here = [claim for claim in claims.ledger.values() if claim.topic == topic]
    entries = soup(page).select(".actlab-claim")
    assert [entry["id"] for entry in entries] == [claim.id for claim in here]
    for entry, claim in zip(entries, here, strict=True):
        text = entry.get_text()
        for words in (claim.statement, claim.corrected, claims.show(claim.id).evidence.measured):
            assert words.replace("+-", "±").replace("10^-", "10−").replace("10^", "10") in text.replace(" ", " ")
        assert claim.verdict in text
        assert [quote.text for quote in entry.select("q")] == [words for _, words in claim.quotations.values()]
        assert all(section in text for section, _ in claim.quotations.values())
        assert ("The book’s own question." in text) == claim.own
        assert entry["data-verdict"] == claim.verdict
        assert entry["data-activation"] == "|".join(claim.activations)
        assert f"def {claim.id.replace('-', '_')}" in entry.pre.get_text()
    assert [line.split()[-1] for line in str(page).splitlines()] == [claim.id for claim in here]


def test_a_ledger_with_a_contradicted_claim_is_not_shown(monkeypatch):
    wrong = claims.Claim(
        id="wrong", statement="No", verdict="false", corrected="", topic="tanh", how="measured",
        check=lambda: claims.Evidence("it is so", expected="so", cases={"here": True}),
    )  # fmt: skip
    monkeypatch.setattr(claims, "ledger", {"wrong": wrong})
    claims.show.cache_clear()
    with pytest.raises(ValueError, match="CONTRADICTED: this evidence says true"):
        pages.ledger("tanh")
    claims.show.cache_clear()
    with pytest.raises(KeyError, match="there are linearity collapse"):
        pages.ledger("cooking")


def test_the_verdicts_add_up():
    five = [claim for claim in claims.ledger.values() if claim.rows]
    *by_verdict, whole, _, others = str(pages.verdicts()).splitlines()
    assert whole == f"in all: {len(five)} claims, {sum(len(claim.rows) for claim in five)} sentences"
    assert sum(int(line.split(": ")[1].split()[0]) for line in by_verdict) == len(five)
    assert others == f"from other works, counted apart: {len(claims.ledger) - len(five)} claims"
