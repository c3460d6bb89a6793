"""The bibliography and the glossary: complete, and nothing in them that no page uses."""

import json
import re
from pathlib import Path

import pytest
from pybtex.database import BibliographyDataError, parse_string
from site_checks import stored

from actlab import activations, claims, gates, guide, pages

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "appendix/glossary.md"
CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
LINKED = re.compile(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`")
FIELDS = {
    "article": ("author", "title", "journal", "year"),
    "book": ("author", "title", "publisher", "year"),
    "incollection": ("author", "title", "booktitle", "year"),
    "inproceedings": ("author", "title", "booktitle", "year"),
    "misc": ("author", "title", "year"),
    "phdthesis": ("author", "title", "school", "year"),
    "techreport": ("author", "title", "institution", "year"),
    "unpublished": ("author", "title", "year"),
}
FOUND_BY = ("doi", "eprint", "url", "isbn")
# Four of the five texts that the ledger settles; what their copies lack, and no source has, their notes say.
LACKING = {
    "gustaw2025": {"year", "where"},
    "kumar2024": {"year", "where"},
    "afblog": {"author", "year", "where"},
    "park2024": {"where"},
}


def entries(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """From each key of a .bib file to its kind and its fields, as pybtex reads them, which refuses a key twice."""
    return {key: (entry.type, fields(entry)) for key, entry in parse_string(text, "bibtex").entries.items()}


def fields(entry) -> dict[str, str]:
    people = {role: " and ".join(map(str, persons)) for role, persons in entry.persons.items()}
    return {name.lower(): value for name, value in entry.fields.items()} | people


def lacks(kind: str, fields: dict[str, str]) -> set[str]:
    """The fields that an entry should have and has not; "where", if nothing says where it can be read."""
    missing = {name for name in FIELDS[kind] if not fields.get(name, "").strip()}
    if not any(fields.get(name) for name in FOUND_BY):
        missing.add("where")
    return missing


def prose() -> str:
    """The text of all pages but the glossary, without the cells' code."""
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in stored()]
    cells = [cell for page in notebooks for cell in page["cells"] if cell["cell_type"] == "markdown"]
    pages = [path.read_text(encoding="utf-8") for path in ROOT.glob("appendix/*.md") if path != GLOSSARY]
    return "\n".join(["".join(cell["source"]) for cell in cells] + pages)


BIBLIOGRAPHY = entries((ROOT / "references.bib").read_text(encoding="utf-8"))


def cited() -> set[str]:
    in_text = CITED.findall(prose() + GLOSSARY.read_text(encoding="utf-8"))
    of_claims = [key for claim in claims.ledger.values() for key in (*claim.citations, *claim.sources)]
    of_activations = [act.source for act in activations.catalog.values()]
    of_gates = CITED.findall("".join(str(gate.__doc__) for gate in gates.catalog.values()))
    of_guide = [place.removeprefix("cite:") for leaf in guide.every for place in leaf.evidence if "cite:" in place]
    named = {key.strip() for keys in in_text + of_gates for key in keys.split(",")}
    return named | {*of_claims, *of_activations, *of_guide}


def test_every_source_that_is_named_has_an_entry_and_every_entry_is_named():
    used = cited()
    assert used - set(BIBLIOGRAPHY) == set()
    assert set(BIBLIOGRAPHY) - used == set()


@pytest.mark.parametrize("key", BIBLIOGRAPHY)
def test_an_entry_says_who_what_where_and_when(key):
    kind, fields = BIBLIOGRAPHY[key]
    assert lacks(kind, fields) == LACKING.get(key, set())
    if key in LACKING:
        assert fields["note"]
    year = fields.get("year", "1900")
    assert re.fullmatch(r"(?:1[89]|20)\d\d", year), year
    assert re.fullmatch(r"10\.\d{4,9}/\S+", fields.get("doi", "10.1000/1")), fields["doi"]
    assert re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}", fields.get("eprint", "1000.0000")), fields
    assert re.match("https?://", fields.get("url", "https://")), fields["url"]


def test_a_gap_in_an_entry_is_seen():
    text = "@article{a,\n  author = {A, B},\n  title = {C},\n  year = {1999}\n}\n"
    kind, fields = entries(text)["a"]
    assert lacks(kind, fields) == {"journal", "where"}
    with pytest.raises(BibliographyDataError, match="repeated bibliography entry: a"):
        entries(text + text)


def test_the_reference_pages_read_what_pybtex_reads():
    own = pages._bibliography._bibliography()
    assert own.keys() == BIBLIOGRAPHY.keys()
    for key, (_, fields) in BIBLIOGRAPHY.items():
        apart = {
            name for name in {*own[key], *fields} - {"author", "editor"} if own[key].get(name) != fields.get(name)
        }
        assert not apart, f"{key}: {apart}"


def glossary() -> dict[str, str]:
    """From each term to its definition; terms that share one have it each."""
    body = GLOSSARY.read_text(encoding="utf-8").split(":sorted:\n\n", 1)[1].split("\n```\n", 1)[0]
    found = {}
    for block in body.split("\n\n"):
        lines = block.splitlines()
        names = [line for line in lines if not line.startswith(" ")]
        text = " ".join(line.strip() for line in lines if line.startswith(" "))
        found |= dict.fromkeys(names, text)
    return found


@pytest.mark.parametrize("term", glossary())
def test_a_term_is_defined_in_a_few_sentences_and_says_where_it_is_explained(term):
    text = glossary()[term]
    assert re.search(r"\]\((?:\.\./chapters/(?:deeper/)?)?\w+\)", text), "names no page"
    definition = re.sub(r"\[[^]]*\]\([^)]*\)", "", text)
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", definition)) <= 4, definition  # three, and what is left of the link


def test_a_term_that_a_page_links_is_defined():
    linked = LINKED.findall(prose() + GLOSSARY.read_text(encoding="utf-8"))
    assert linked and set(linked) <= set(glossary())


def test_a_term_is_linked_once_on_a_page():
    for path in stored():
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        linked = LINKED.findall(text)
        assert len(linked) == len(set(linked)), f"{path.name}: {sorted(t for t in linked if linked.count(t) > 1)}"


def test_every_term_is_linked_from_a_page():
    linked, terms = set(LINKED.findall(prose())), glossary()
    found = {terms[term] for term in linked & set(terms)}  # of two that share a definition one is enough
    assert [term for term, text in terms.items() if text not in found] == []
