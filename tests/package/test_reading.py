"""What a page is counted to hold, against notebooks small enough to count by hand; and what the pages state."""

import json
import re

import pytest
from site_checks import ROOT, stored

from actlab.notebooks import clean
from actlab.reading import LIMITS, Count, complaints, count, faults, kind, main, stated, table


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *outputs, tags=(), **metadata):
    return {"cell_type": "code", "metadata": {"tags": list(tags), **metadata}, "source": source, "outputs": outputs}


def printed(words):
    return {"output_type": "stream", "name": "stdout", "text": words}


def result(words, **metadata):
    return {"output_type": "execute_result", "data": {"text/plain": words}, "metadata": metadata}


def page(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def words(source):
    return count(page(text(source))).words


@pytest.mark.parametrize(
    "source, number",
    [
        ("Four words stand here.", 4),
        ("# A heading counts\n\n1. so\n2. does\n- a list", 7),
        ("between $a + b = c$ signs", 2),
        ("0.5 is a number, one-half a word · - – nothing", 8),
        ("**bold** and `code` and _slanted_", 5),
        ("see [two words](chapters/03_tanh) or <https://example.org>", 4),
        ("{term}`dead units <dead unit>` and {term}`gain` {cite}`lu2020,he2015`", 4),
        ("{ref}`sec-tanh` and {numref}`fig-one` and {ref}`its words <sec-tanh>`", 6),
        ("(sec-a-place)=\nhere", 1),
        ("<div>in HTML</div> <!-- nobody reads\nthis -->", 2),
        (":::{admonition} Predict first\n:class: tip\nWhat comes?\n\n```{dropdown} Answer\nThe answer.\n```\n:::", 7),
        ("```{button-ref} chapters/01_x\n:color: primary\n\nStart here\n```", 2),
        ("::::{grid} 1 1 2 2\n:gutter: 2\n\n:::{grid-item-card}\nOne card\n:::\n\n::::", 6),  # its numbers are words
        ("| a | b |\n|---|---|\n| in a | table |", 0),
        ("![nobody sees this](a.png)", 0),
    ],
)
def test_words_are_those_that_somebody_reads(source, number):
    assert words(source) == number


def test_what_is_no_text_is_counted_as_what_it_is():
    counted = count(
        page(
            text("$$a\n= b$$\n\nand $$c$$ then\n\n```{math}\nx\n```\n"),
            text(
                "| a |\n|---|\n| 1 |\n\nbetween\n\n| b |\n|---|\n\n```{figure} a.png\nA caption.\n```\n![alt](b.png)"
            ),
            text("```python\nx = 1\n\nprint(x)  # long\n```"),
        )
    )
    assert counted.formulas == 3 and counted.tables == 2 and counted.figures == 2
    assert counted.words == 2 + 1 + 2
    assert counted.cells == [2] and counted.code_width == len("print(x)  # long")


@pytest.mark.parametrize("tag", ["hide-input", "hide-cell", "remove-input", "remove-cell"])
def test_a_fold_is_no_visible_code(tag):
    counted = count(page(code("x = 1\ny = 2", tags=[tag]), code("z = 3\n\n# why\nz")))
    assert counted.cells == [3] and counted.code_width == 5


@pytest.mark.parametrize(
    "tag, seen", [("hide-input", 2), ("remove-input", 2), ("hide-output", 0), ("hide-cell", 0), ("remove-cell", 0)]
)
def test_what_a_folded_cell_prints_is_seen_where_only_its_input_folds(tag, seen):
    counted = count(page(code("f()", printed("one\n\n"), result("array([1,\n")), code("f()", tags=[tag])))
    assert counted.printed == 2
    counted = count(page(code("f()", printed("one\ntwo\n"), tags=[tag])))
    assert counted.printed == seen and counted.output_width == (3 if seen else 0)


def test_what_is_shown_is_told_from_what_is_printed():
    shown = [
        result("player: step, 9 frames"), result("<Figure size 500x300 with 1 Axes>"), result("quiz: Why?"),
        result("layer  dead\n    1   0 %", shown="html"), result("explorer: 33 activations"), result("players: none"),
    ]  # fmt: skip
    counted = count(page(*(code("f()", output) for output in shown)))
    assert (counted.players, counted.figures, counted.quizzes, counted.tables) == (2, 1, 1, 1)
    assert counted.printed == 1 and counted.output_width == len("players: none")


def test_an_output_that_was_html_is_a_table_also_once_it_is_stored():
    html = {"text/plain": "a\n1", "text/html": "<table></table>"}
    player = {"text/plain": "player: k, 3 frames", "text/html": "", "application/vnd.jupyter.widget-view+json": {}}
    cells = [
        code("t", result("x") | {"data": html}),
        code("p", result("x") | {"data": player}),
        code("1", result("1")),
    ]
    for cell in cells:
        cell["outputs"] = list(cell["outputs"])
    once = clean(page(*cells))
    counted = count(once)
    assert (counted.tables, counted.players, counted.printed) == (1, 1, 1)
    assert clean(once) == once and "text/html" not in json.dumps(once)


def test_captions_are_read():
    figure = {"figure": {"caption": "Three words, $z$."}}
    assert count(page(code("f()", result("<Figure size 1x1 with 1 Axes>"), mystnb=figure))).words == 2


def exercise(minutes):
    return (
        text(f"One.\n\n:::{{exercise}} Do it\n:label: ex\nwords ({minutes} minutes, paper) words\n:::"),
        code("answer = None", printed("x" * 60), result("quiz: no")),
        text("```{solution-start} ex\n:class: dropdown\n```"),
        code("y" * 70),
        text("so it is\n\n```{solution-end}\n```\n\nTwo."),
    )


def test_exercises_are_apart_wherever_they_stand():
    counted = count(
        page(
            *exercise(10),
            text("## Exercises\n\nAll of it."),
            *exercise(5),
            text("## Take away\n\nThree.\n(4 minutes)"),
        )
    )
    assert counted.words == len(["One", "Two", "Take", "away", "Three", "4", "minutes"])
    assert counted.before == 2
    assert counted.exercises == 15
    assert counted.cells == [] and counted.printed == counted.quizzes == 0
    assert counted.code_width == 70 and counted.output_width == 60  # they scroll all the same


def test_an_exercise_without_a_solution_ends_at_the_next_heading():
    assert words(":::{exercise} Do it\n(10 minutes)\n:::\n\nstill\n\n## After\n\nit") == 2


def test_minutes_are_a_sum():
    counted = Count(words=360, cells=[4, 12], printed=9, formulas=6, figures=1, players=2, quizzes=3, tables=4)
    assert counted.minutes == 2 + 2 + 1.5 + 2 + 10
    counted.exercises = 43
    assert stated(counted) == (20, 45)  # 17.5 and 43, to the nearest five


def test_a_player_opens_the_page_when_no_code_is_seen_above_it():
    player, hidden = result("player: k, 3 frames"), ["hide-input"]
    assert count(page(text("Words"), code("p()", player, tags=hidden), code("x"))).opens is True
    assert count(page(code("x"), code("p()", player, tags=hidden))).opens is False
    assert count(page(code("p()", player))).opens is False  # its own code stands above it
    assert count(page(text("```python\nx\n```"), code("p()", player, tags=hidden))).opens is False
    assert count(page(code("x"))).opens is None


FULL = Count(
    words=3000, before=2300, cells=[*[5] * 13, 12, 3], printed=20, opens=True, code_width=76, output_width=50
)


def test_a_page_at_its_limits_keeps_them():
    limits = LIMITS["chapter"]
    assert FULL.minutes < limits.minutes
    assert faults(FULL, limits) == []


@pytest.mark.parametrize(
    "change, said",
    [
        ({"before": 2301}, "2,301 words before the exercises; 2,300 are allowed"),
        ({"cells": [5] * 17}, "85 lines of visible code; 80"),
        ({"cells": [13, 1, 1]}, "13 lines in its longest visible cell; 12"),
        ({"cells": [5, 6]}, "5.5 lines in the median of its visible cells; 5"),
        ({"printed": 21}, "21 printed lines; 20"),
        ({"words": 3060, "printed": 18, "figures": 7}, "37 minutes; 35"),
        ({"code_width": 77}, "77 characters in its widest line of code; 76"),
        ({"output_width": 51}, "51 characters in its widest printed line; 50"),
        ({"opens": False}, "shows code before its first player"),
        ({"opens": None}, "has no player"),
    ],
)
def test_each_limit_is_told_with_what_there_is(change, said):
    found = faults(Count(**vars(FULL) | change), LIMITS["chapter"])
    assert len(found) == 1 and said in found[0]


def test_a_deeper_page_is_held_to_minutes_cells_and_widths_alone():
    deep = Count(words=180 * 34, before=6000, cells=[20] * 4, printed=6, output_width=76)
    assert faults(deep, LIMITS["deeper"]) == []
    deep.words += 181
    deep.cells[0] = 21
    assert len(faults(deep, LIMITS["deeper"])) == 2


def test_the_table_has_a_row_a_page_under_headings_that_line_up():
    lines = table([("chapters/03_tanh", FULL), ("intro", Count())]).split("\n")
    assert len(lines) == 4 and lines[0].startswith("page") and lines[2].startswith("chapters/03_tanh ")
    column = lines[0].index("minutes") + len("minutes")
    assert [line[:column].split()[-1] for line in lines[2:]] == [f"{FULL.minutes:.0f}", "0"]
    assert lines[2].split()[-1] == "yes" and lines[3].split()[-1] == "-"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course: the intro and one short chapter, whose minutes are stated wrongly."""
    (tmp_path / "chapters").mkdir()
    (tmp_path / "_toc.yml").write_text("root: intro\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    player = code("p()", result("player: k, 3 frames"), tags=["hide-input"])
    intro = page(text("# Hello\n\n- [1 · One](chapters/01_one) · 90 min, exercises 5"), player)
    chapter = page(player, text("word " * 1800 + "\n\n**Takes** about 50 minutes to read, and 30 for the exercises."))
    for name, notebook in (("intro", intro), ("chapters/01_one", chapter)):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_minutes_that_a_page_and_the_map_state_are_compared_and_written(course, capsys):
    assert main([]) == 1
    said = capsys.readouterr().out
    assert "chapters/01_one.ipynb: states 50 minutes and 30 for the exercises; counted: 10 minutes and 0" in said
    assert "intro.ipynb states 90 minutes and 5 for the exercises; counted: 10 minutes and 0" in said
    assert main(["--write"]) == 0
    assert capsys.readouterr().out.count("\n") == 4  # the table alone
    assert "· 10 min\n" in "".join(json.loads((course / "intro.ipynb").read_text())["cells"][0]["source"]) + "\n"
    chapter = (course / "chapters/01_one.ipynb").read_text(encoding="utf-8")
    assert "**Takes** about 10 minutes to read." in chapter
    assert main(["--write"]) == 0 and (course / "chapters/01_one.ipynb").read_text(encoding="utf-8") == chapter


def test_a_page_that_says_nothing_of_its_minutes_is_at_fault(course, capsys):
    file = course / "chapters/01_one.ipynb"
    file.write_text(file.read_text().replace("**Takes**", "It takes"), encoding="utf-8")
    assert main(["chapters/01_one.ipynb"]) == 1
    assert "states its minutes 0 times" in capsys.readouterr().out


@pytest.mark.parametrize("path", [p for p in stored() if p.parent.name != "appendix"], ids=lambda path: path.stem)
def test_a_page_of_the_book_keeps_its_budget_and_states_its_minutes(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert complaints(path, count(notebook), notebook) == []


def test_the_rule_is_told_where_its_minutes_are():
    intro = " ".join((ROOT / "intro.ipynb").read_text(encoding="utf-8").split())
    assert re.search(r"180 words, 8 lines of code or 6 printed lines a minute", intro)
    a_minute = [Count(words=180), Count(cells=[8]), Count(printed=6)]
    a_minute += [Count(**{seen: 1}) for seen in ("figures", "players", "quizzes", "tables")]
    assert [page.minutes for page in a_minute] == [1] * 7
    assert LIMITS[kind(ROOT / "intro.ipynb")] is LIMITS["intro"]
