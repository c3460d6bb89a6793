import dataclasses
import json
import re
import shutil
from contextlib import contextmanager

import pytest
from bs4 import BeautifulSoup
from site_checks import ROOT
from test_chapters import compare

from actlab import notebooks
from actlab.tables import Table

SMALL = Table(
    ["activation", "rate", "solved"], [["relu", 0.1, "9 of 10"], ["tanh", 12.5, "none"]], caption="Who solves it."
)


def soup(table):
    return BeautifulSoup(table._repr_html_(), "html.parser").table


def test_the_text_stands_in_columns_numbers_to_the_right():
    assert repr(SMALL).split("\n") == [
        "Who solves it.",
        "activation  rate   solved",
        "relu         0.1  9 of 10",
        "tanh        12.5     none",
    ]


def test_page_and_text_have_the_same_cells_in_the_same_order():
    rows = [[cell.text for cell in row.find_all(["th", "td"])] for row in soup(SMALL).find_all("tr")]
    assert rows == [re.split(r"\s{2,}", line.strip()) for line in repr(SMALL).split("\n")[1:]]


def test_every_cell_is_told_by_its_row_and_its_column():
    table = soup(SMALL)
    assert table.caption.text == "Who solves it."
    assert [head["scope"] for head in table.thead.find_all("th")] == ["col"] * 3
    for row in table.tbody.find_all("tr"):
        assert row.th["scope"] == "row"
        assert [cell["data-label"] for cell in row.find_all("td")] == ["rate", "solved"]


def test_numbers_are_to_the_right_without_a_style_sheet_of_the_book():
    heads = [cell["style"] for cell in soup(SMALL).thead.find_all("th")]
    assert heads == ["text-align:left", "text-align:right", "text-align:right"]
    assert all([cell["style"] for cell in row.find_all(["th", "td"])] == heads for row in soup(SMALL).tbody("tr"))


@pytest.mark.parametrize(
    ("cell", "size"),
    [
        (12, "12"), (-0.5, "-0.5"), ("−0.5", "-0.5"), ("1,098", "1098"), ("3e-06", "3e-06"), ("21 %", "21"),
        (".94 ± .02", ".94"), ("0.94 +- 0.02", "0.94"), ("[0.1, 0.4]", "0.1"), ("9 of 10", "9"), ("3 to 6", "3"),
        ("< 0.001", "0.001"), (float("inf"), "Infinity"), ("1.5 [1.2, 1.9]", "1.5"), ("-", ""), (float("nan"), ""),
    ],
)  # fmt: skip
def test_a_column_of_numbers_says_what_sorts_it(cell, size):
    cells = soup(Table(["name", "value"], [["a", cell], ["b", 1]])).tbody.find_all("td")
    assert [one["data-value"] for one in cells] == [size, "1"]
    float((size or "nan").replace("Infinity", "inf"))


@pytest.mark.parametrize("cell", ["relu", "3 layers", "1.5 and more", "2026-11-28", "12abc", "yes"])
def test_words_are_no_numbers(cell):
    (one, _) = soup(Table(["name", "value"], [["a", cell], ["b", 1]])).tbody.find_all("td")
    assert one["style"] == "text-align:left" and not one.has_attr("data-value")


def test_a_column_without_any_number_is_one_of_words():
    assert soup(Table(["name", "value"], [["a", "none"], ["b", "-"]])).td["style"] == "text-align:left"


@pytest.mark.parametrize(("rows", "sorts"), [(10, False), (11, True)])
def test_a_table_of_more_than_ten_rows_can_be_sorted(rows, sorts):
    assert ("actlab-sortable" in soup(Table(["n", "square"], [[n, n * n] for n in range(rows)]))["class"]) == sorts


def test_only_a_table_that_a_phone_has_no_room_for_becomes_blocks():
    assert "actlab-blocks" not in soup(SMALL)["class"]
    long = "a sentence of many words that break into lines where the screen ends"[:40]
    assert "actlab-blocks" not in soup(Table(["name", "what it says"], [["relu", long]]))["class"]
    wide = Table([f"column {n}" for n in range(7)], [["relu", *[0.123] * 6]])
    assert "actlab-blocks" in soup(wide)["class"]


def test_a_row_that_is_named_by_a_number_alone_carries_what_it_numbers():
    numbered, named = (Table(["block", "peak"], [[first, 2.5]]) for first in (1, "first"))
    assert soup(numbered).tbody.th["data-label"] == "block"
    assert not soup(named).tbody.th.has_attr("data-label")


def test_long_headings_go_over_lines_before_a_table_is_too_wide():
    names = ["activation", *[f"share of the units that die at rate {n}" for n in range(3)]]
    table = Table(names, [["leaky_relu", 1, 2, 3]])
    lines = repr(table).split("\n")
    assert max(map(len, lines)) <= 76
    assert " ".join(" ".join(lines[:-1]).split()).count("share") == 3
    assert lines[-1].split() == ["leaky_relu", "1", "2", "3"]


def test_what_is_wrong_with_a_table_is_said():
    for columns, rows, error, words in [
        (["a", "b"], [[1]], ValueError, "row 1 has 1 cells for 2 columns"),
        (["a"], [], ValueError, "at least one column and one row"),
        ([], [[]], ValueError, "at least one column and one row"),
        (["a", "a"], [[1, 2]], ValueError, "two columns have one heading"),
        (["", "a"], [[1, 2]], ValueError, "a column has no heading: '', 'a'"),
        (["a"], [["x\ny"]], ValueError, "a cell is one line"),
        (["a", "b"], [["x", "y" * 80]], ValueError, "at most 76 characters wide, not 83: 'a' 1, 'b' 80"),
        (["a"], [["by {cite}`he2015`"]], ValueError, "plain text"),
        (["a"], [["$z^2$"]], ValueError, "plain text"),
        ("ab", [[1, 2]], TypeError, "columns is a list"),
        (["a", "b"], ["xy"], TypeError, "a row is a list"),
    ]:
        with pytest.raises(error, match=re.escape(words)):
            Table(columns, rows)


def test_a_caption_is_text_too_and_never_too_wide():
    assert max(map(len, repr(Table(["a"], [[1]], caption="word " * 40)).split("\n"))) <= 76
    assert "<b>" not in Table(["<b>"], [["<b>"]], caption="<b>")._repr_html_()
    with pytest.raises(ValueError, match="plain text"):
        Table(["a"], [[1]], caption="as {cite}`he2015` says")


def test_a_table_stays_as_it_was_made():
    rows = [["relu", 1]]
    table = Table(["name", "value"], rows)
    rows[0][1] = 2
    assert table.rows == (("relu", 1),)
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.caption = "another"


@pytest.mark.slow
def test_of_a_table_the_notebook_stores_the_text_and_nbval_compares_it(tmp_path):
    import nbformat  # with nbclient, which this test needs alone

    source = "from actlab.tables import Table\nTable(['name', 'rate'], [['relu', {rate}]])"
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.format(rate=0.1))], metadata=metadata)
    ran = notebooks.run(page, tmp_path)
    assert "text/html" in ran.cells[0].outputs[0]["data"]
    stored = notebooks.clean(json.loads(nbformat.writes(ran)))
    assert set(stored["cells"][0]["outputs"][0]["data"]) == {"text/plain"}
    shutil.copyfile(ROOT / "conftest.py", tmp_path / "conftest.py")  # with what is not stored nbval compares nothing
    path = tmp_path / "page.ipynb"
    for rate, code in [(0.1, 0), (0.2, 1)]:
        stored["cells"][0]["source"] = source.format(rate=rate)
        path.write_text(json.dumps(stored), encoding="utf-8")
        assert compare(path).returncode == code


# --- on a screen


LONG_AND_WIDE = Table(
    ["activation", *[f"rate {rate}" for rate in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)]],
    [[f"unit_{n}", *[(7 * n + 3 * k) % 11 / 10 for k in range(5)], "none" if n == 4 else n] for n in range(12)],
)
LONG = Table(["name", "a heading of words", "n"], [[f"row {n}", "words that break", 12 - n] for n in range(12)])
WORDS = "() => [...document.querySelectorAll('tbody th')].map(e => e.innerText)"
SPILLED = """() => [...document.querySelectorAll("th, td")].filter(e => {
    const {left, right} = e.getBoundingClientRect();
    return getComputedStyle(e.closest("thead, td, th")).clipPath === "none" && (left < 0 || right > innerWidth);
}).map(e => e.innerText)"""


@contextmanager
def shown(chromium, table, width):
    """The table in the column of a page, with the book's own style sheet and script."""
    tab = chromium.new_page(viewport={"width": width, "height": 800})
    style, script = ((ROOT / "_static" / name).read_text(encoding="utf-8") for name in ("custom.css", "reference.js"))
    tab.set_content(
        f"<!doctype html><style>body {{ margin: 16px; font-family: sans-serif }} {style}</style>"
        f'<script>{script}</script><div class="bd-content">{table._repr_html_()}</div>'
    )
    yield tab
    tab.close()


@pytest.mark.slow
@pytest.mark.parametrize("table", [SMALL, LONG, LONG_AND_WIDE], ids=["small", "long", "long and wide"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_table_is_wider_than_the_screen(browser, table, width):
    with shown(browser, table, width) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(SPILLED) == []
        assert tab.evaluate(WORDS) == [row[0] for row in table.rows]
        side_by_side = tab.evaluate(
            "new Set([...document.querySelectorAll('tbody tr:last-child > *')].map(e => e.offsetTop)).size"
        )
        assert (side_by_side == 1) == (width == 1280 or table is not LONG_AND_WIDE)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_table_is_sorted_from_the_keyboard_numbers_by_size_and_none_last(browser, width):
    with shown(browser, LONG_AND_WIDE, width) as tab:
        for sign in (1, -1):
            tab.get_by_role("button", name="rate 0.3").focus()
            tab.keyboard.press("Enter")
            order = sorted((row for row in LONG_AND_WIDE.rows if row[-1] != "none"), key=lambda row: sign * row[-1])
            assert tab.evaluate(WORDS) == [row[0] for row in order] + ["unit_4"]
