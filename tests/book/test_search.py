"""The search of the book finds every activation by each of its names."""

import json
from pathlib import Path

import pytest
from sphinx.search.en import SearchEnglish

from actlab.activations import catalog


@pytest.fixture(scope="module")
def found(book: Path):
    """From a word to the pages that the search has for it, split and stemmed as Sphinx does it."""
    text = (book / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    english = SearchEnglish({})

    def pages(word):
        stem = english.stem(word.lower())
        places = [index[part].get(stem, []) for part in ("terms", "titleterms")]
        numbers = {n for place in places for n in (place if isinstance(place, list) else [place])}
        return {index["docnames"][number] for number in numbers}

    def by_name(name):
        words = [word for word in english.split(name) if english.word_filter(english.stem(word.lower()))]
        assert words, f"{name} has no word that a search would keep"
        return set.intersection(*map(pages, words))

    return by_name


@pytest.mark.parametrize("name", catalog)
def test_every_name_of_an_activation_leads_to_the_catalog(found, name):
    act = catalog[name]
    for called in (act.name, act.title, *act.aliases):
        assert "appendix/catalog" in found(called), called


@pytest.mark.parametrize("asked", ["quick gelu", "SiLU", "hard-swish", "hswish", "leaky relu", "LReLU", "soft plus"])
def test_what_people_type_leads_to_the_catalog(found, asked):
    assert "appendix/catalog" in found(asked)


def test_a_word_that_is_nowhere_leads_nowhere(found):
    assert found("xylophone") == set()
