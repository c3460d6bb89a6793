"""The plain notebooks: what the writer makes of MyST and what it refuses, and the whole book as it comes out."""

import dataclasses
import json
import re
import sys
from collections import Counter

import nbformat
import pytest
import site_checks
import yaml
from site_checks import ROOT, stored

from actlab import quizzes

sys.path.insert(0, str(ROOT / "_ext"))
from plain import Page, markdown, plain
from sources import Sources

SITE = "https://example.org/book"
PAGE = Page(
    address=f"{SITE}/chapters/one.html",
    links={
        ":term:`gain`": f"[gain]({SITE}/appendix/glossary.html#term-gain)",
        ":cite:`he2015`": f"[[He *et al.*, 2015]({SITE}/appendix/bibliography.html#id1)]",
    },
    addresses={"two": f"{SITE}/chapters/two.html"},
    numbers={"ex-a": 7, "ex-b": 8, "fig-a": 3},
    following=f"[two]({SITE}/chapters/two.html)",
)
STORED = stored()
NAMES = [path.relative_to(ROOT).with_suffix("").as_posix() for path in STORED]


def text(*lines):
    return {"cell_type": "markdown", "metadata": {}, "source": "\n".join(lines)}


def code(source, tags=(), outputs=(), **known):
    metadata = {"tags": list(tags)} | ({"mystnb": known} if known else {})
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": list(outputs)}


def written(*cells):
    notebook = plain({"cells": list(cells)}, PAGE)
    nbformat.validate(notebook)
    return notebook["cells"][1:]  # without the words about itself


def sources(cells, kind="code"):
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def exercise(label, *more):
    return text(":::{exercise} Do it", f":label: {label}", "Find it.", *more, ":::")


START, END = "```{solution-start} ex-a\n:class: dropdown\n```", "```{solution-end}\n```"


# --- text


def test_roles_and_links_lead_to_the_published_page():
    found = markdown("(sec-a)=\n## A {term}`gain`\n\nIn [two](two) {cite}`he2015`, [far](https://x.org).", PAGE)
    assert found == (
        f"## A [gain]({SITE}/appendix/glossary.html#term-gain)\n\nIn [two]({SITE}/chapters/two.html) "
        f"[[He *et al.*, 2015]({SITE}/appendix/bibliography.html#id1)], [far](https://x.org)."
    )


def test_a_question_is_quoted_and_its_answer_folds_below_it():
    lines = [":::{admonition} Predict first", "Which?", "", "```{dropdown} Answer", "The $x < 1$.", "```", ":::"]
    assert markdown("\n".join(lines), PAGE) == (
        "> **Predict first**\n>\n> Which?\n\n"
        "<details>\n<summary><b>Answer</b></summary>\n\nThe $x < 1$.\n\n</details>"
    )


def test_cards_are_a_list_and_a_button_is_a_link():
    lines = ["::::{grid} 1 1 2 2", ":gutter: 2"]
    for name in ("A", "B"):
        lines += [":::{grid-item-card}", f"**[{name}](two)**", "", "What it is.", ":::"]
    found = markdown(
        "\n".join([*lines, "::::", "", "```{button-ref} two", ":color: primary", "", "Go on", "```"]), PAGE
    )
    link = f"({SITE}/chapters/two.html)"
    assert found == f"- **[A]{link}**  \n  What it is.\n- **[B]{link}**  \n  What it is.\n\n**[Go on]{link}**"


def test_code_in_a_text_stays_as_it_is():
    fenced = "```python\nx = d[(0)](1)  # no link\n```"
    assert markdown(fenced, PAGE) == fenced


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["See {term}`bias`."], r"nothing is known of ':term:`bias`'"),
        (["See {eq}`gain`."], r"nothing is known of ':eq:`gain`'"),
        (["See [three](three)."], r"nothing is known of 'three'"),
        (["See {Term}`gain`."], r"nothing is known of ':Term:`gain`'"),
        (["```{margin}", "No.", "```"], r"no plain form of the directive 'margin'"),
        (["```{dropdown} Hint", ":open:", "No.", "```"], r"the directive 'dropdown' with the options \['open'\]"),
        (["```{dropdown} Hint", "No."], r"nothing closes '```\{dropdown\} Hint'"),
        ([":::{exercise} New", ":label: ex-new", "Do.", ":::"], r"nothing is known of 'ex-new'"),
        (["```{solution-start} ex-new", ":class: dropdown", "```"], r"nothing is known of 'ex-new'"),
    ],
)
def test_what_is_not_known_is_refused_with_its_cell(lines, said):
    with pytest.raises(ValueError, match=f"cell 1: .*{said}"):
        written(code("1"), text(*lines))


def test_a_tag_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match=r"cell 0: there is no plain form of the tags \['scroll-output'\]"):
        written(code("1", tags=["scroll-output"]))


# --- cells


def test_a_solution_of_an_exercise_at_the_end_folds_at_the_end():
    cells = written(
        text("# One", "", "## Exercises"), exercise("ex-a"), code("stub"),
        text(START), code("solved"), text("Why.", "", END, "", "## Take away", "", "It."),
    )  # fmt: skip
    assert sources(cells) == ["stub", "solved"]
    assert sources(cells, "markdown") == [
        "# One\n\n## Exercises", "### Exercise 7: Do it\n\nFind it.", "## Take away\n\nIt.",
        "## Solutions", "### Solution to exercise 7", "Why.", f"## Next\n\n{PAGE.following}",
    ]  # fmt: skip
    folds = [cell["source"][0] for cell in cells if cell["metadata"].get("jp-MarkdownHeadingCollapsed")]
    assert folds == ["### Solution to exercise 7"]


def test_a_solution_that_a_chapter_goes_on_from_stays_and_ends_at_a_heading():
    before = [exercise("ex-a"), code("stub"), text(START), code("solved")]
    cells = written(text("# One"), *before, text(END, "", "### On", "", "With it."), code("used"))
    assert sources(cells) == ["stub", "solved", "used"]
    assert "## Solutions" not in sources(cells, "markdown")
    for after in (text(END, "", "With it."), text(END, "", "#### Too small"), text(END)):
        with pytest.raises(ValueError, match="after a solution would fold away with it"):
            written(text("# One"), *before, after, code("used"))


def test_colab_is_told_to_fold_the_same_headings():
    notebook = plain({"cells": [text("## Exercises"), exercise("ex-a"), text(START), text(END)]}, PAGE)
    folded = {cell["id"] for cell in notebook["cells"] if "jp-MarkdownHeadingCollapsed" in cell["metadata"]}
    assert set(notebook["metadata"]["colab"]["collapsed_sections"]) == folded and len(folded) == 1
    assert all(cell["metadata"]["id"] == cell["id"] for cell in notebook["cells"])


def test_machinery_folds_under_a_title_and_what_is_shown_stays():
    known = {"figure": {"caption": "A {term}`gain`.", "name": "fig-a"}, "image": {"alt": "A line."}}
    drawn, caption, player, shown, numbers = written(
        code("draw()", ["hide-input"], **known), code("widgets.player(f)", ["hide-input"]), code("idea()"),
        code("print(1)", ["hide-cell"], code_prompt_show="Show the numbers"),
    )  # fmt: skip
    assert sources([drawn, player, numbers]) == [
        "# @title Code of Fig. 3\ndraw()", "# @title Code of the player\nwidgets.player(f)",
        "# @title Show the numbers\nprint(1)",
    ]  # fmt: skip
    assert drawn["metadata"]["jupyter"] == player["metadata"]["jupyter"] == {"source_hidden": True}
    assert numbers["metadata"]["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
    assert sources([shown]) == ["idea()"] and not {"jupyter", "cellView"} & set(shown["metadata"])
    assert "".join(caption["source"]) == (
        f"**Fig. 3.** A [gain]({SITE}/appendix/glossary.html#term-gain).\n\n"
        "<details>\n<summary><b>The figure in words</b></summary>\n\nA line.\n\n</details>"
    )


SCENE = "from actlab.scenes import selu as scene"


def test_a_cell_that_calls_a_scene_says_where_its_source_is_on_the_published_page():
    page = dataclasses.replace(PAGE, sources=Sources(ROOT / "src/actlab"))
    player = {"output_type": "execute_result", "data": {"text/plain": "player: gain, 9 frames"}}
    table = player | {"data": {"text/plain": "n"}, "metadata": {"shown": "html"}}
    first, other, tabled, none = plain(
        {
            "cells": [
                code(f"{SCENE}\n\nscene.map_player()", ["hide-input"], [player]),
                code("runs = scene.networks(1)\nscene.path(1)"),
                code("scene.ends_table()", ["hide-input"], [table]), code("print(runs)"),
            ]
        },
        page,
    )["cells"][1:]  # fmt: skip
    address = f"{SITE}/chapters/one.html#source-selu"
    assert sources([first, other, tabled, none]) == [
        f"# @title Code of the player\n# Its source: {address}-map_player\n{SCENE}\n\nscene.map_player()",
        f"# Its source: {address}-networks\nruns = scene.networks(1)\nscene.path(1)",
        f"# @title Code of the table\n# Its source: {address}-ends_table\nscene.ends_table()",
        "print(runs)",
    ]


@pytest.mark.parametrize(
    ("source", "tags", "words"),
    [
        (f"{SCENE}\nscene.no_such()", (), "there is no no_such in actlab.scenes.selu"),
        (f"{SCENE}\nscene.map_player()", ["remove-input"], "its source would be nowhere"),
    ],
)
def test_a_scene_that_is_not_there_or_would_have_no_source_is_refused(source, tags, words):
    page = dataclasses.replace(PAGE, sources=Sources(ROOT / "src/actlab"))
    with pytest.raises(ValueError, match=words):
        plain({"cells": [code(source, tags)]}, page)


def test_ids_hang_on_what_is_in_a_cell_and_not_on_its_place():
    before, after = written(text("a"), code("b"), code("b")), written(code("new"), text("a"), code("b"), code("b"))
    assert [cell["id"] for cell in before] == [cell["id"] for cell in after[1:]]
    assert len({cell["id"] for cell in after}) == 4


# --- the book


@pytest.fixture(scope="module")
def notebooks(book):
    folder = book.with_name("notebooks")
    return {name: json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8")) for name in NAMES}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def source_of(name):
    return json.loads((ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))


def test_every_source_has_one_plain_notebook_and_it_is_valid(book, notebooks):
    folder = book.with_name("notebooks")
    assert {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.ipynb")} == set(NAMES)
    for notebook in notebooks.values():
        nbformat.validate(notebook)


def test_code_is_that_of_the_source_in_its_order_but_for_the_solutions(notebooks, name):
    cells = notebooks[name]["cells"]
    untitled = [re.sub(r"\A(# @title .*\n)?(# Its source: .*\n)?", "", source) for source in sources(cells)]
    theirs = sources(source_of(name)["cells"])
    assert Counter(untitled) == Counter(theirs)
    headings = [n for n, cell in enumerate(cells) if "".join(cell["source"]) == "## Solutions"]
    main = len(sources(cells[: headings[0]])) if headings else len(untitled)
    for part in (untitled[:main], untitled[main:]):
        rest = iter(theirs)
        assert all(source in rest for source in part), "in another order than in the source"


def test_stored_texts_are_those_of_the_source(notebooks, name):
    def texts(cells):
        return Counter(
            "".join(output.get("text") or output["data"].get("text/plain", ""))
            for cell in cells
            for output in cell.get("outputs", ())
        )

    assert texts(notebooks[name]["cells"]) == texts(source_of(name)["cells"])


RAW = [
    r"\{[A-Za-z:+-]+\}`", r"^\s*\(\s*[\w-]+\s*\)=\s*$", r"^\s*:{3,}", r"^\s*[`~]{3,}\s*\{", r"^:\w+:", r"\{\{",
    r"\]\(#",
]  # fmt: skip


def test_nothing_of_myst_is_left_raw(notebooks, name):
    for words in sources(notebooks[name]["cells"], "markdown"):
        for sign in RAW:
            assert not re.search(sign, words, re.M), words[:300]


def test_every_link_into_the_book_leads_to_a_place_on_a_page(book, notebooks, name):
    base = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]
    links = re.findall(r"\]\(([^)\s]+)\)", "\n".join(sources(notebooks[name]["cells"], "markdown")))
    links += re.findall(r"^# Its source: (.*)$", "\n".join(sources(notebooks[name]["cells"])), re.M)
    assert len(links) >= 2
    for link in links:
        assert re.match("https?://", link), link
        if link.startswith(base):
            page, _, place = link.removeprefix(base).partition("#")
            assert (book / page).is_file(), link
            assert not place or place in site_checks._places(book / page), link


def test_what_folds_on_the_page_folds_in_the_notebook(notebooks, name):
    theirs = source_of(name)["cells"]
    figures = sum("figure" in cell["metadata"].get("mystnb", {}) for cell in theirs)
    dropdowns = "\n".join(sources(theirs, "markdown")).count("{dropdown}")
    ours = "\n\n".join(sources(notebooks[name]["cells"], "markdown"))
    assert ours.count("<details>\n<summary>") == ours.count("\n\n</details>") == figures + dropdowns
    hidden = sum(bool(re.search("hide|remove", str(cell["metadata"].get("tags")))) for cell in theirs)
    assert hidden == sum(
        cell["metadata"].get("jupyter", {}).get("source_hidden", False) for cell in notebooks[name]["cells"]
    )


def test_exercises_and_figures_have_the_numbers_of_the_page(book, notebooks, name):
    words = "\n\n".join(sources(notebooks[name]["cells"], "markdown"))
    soup = site_checks._soups(book / f"{name}.html")[0]
    shown = [
        re.search(r"Exercise (\d+)", box.select_one(".admonition-title").text)[1] for box in soup.select(".exercise")
    ]
    assert re.findall(r"^### Exercise (\d+): ", words, re.M) == shown
    assert sorted(re.findall(r"^### Solution to exercise (\d+)$", words, re.M), key=int) == shown
    captions = [re.search(r"Fig\. (\d+)", number.text)[1] for number in soup.select("figcaption .caption-number")]
    assert re.findall(r"^\*\*Fig\. (\d+)\.\*\* ", words, re.M) == captions


def test_no_notebook_gives_an_answer_away(notebooks, name):
    whole = json.dumps(notebooks[name], ensure_ascii=False)
    reasons = [
        why for chapter in quizzes.files for quiz in quizzes.load(chapter).values() for why in quiz.choices.values()
    ]
    assert len(reasons) > 150
    for reason in reasons:
        assert json.dumps(reason, ensure_ascii=False)[1:-1] not in whole
