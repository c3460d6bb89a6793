"""Three plain notebooks in a real JupyterLab, run from top to bottom by a reader who moves all there is to move."""

import json
from collections.abc import Iterator

import lab
import pytest
from site_checks import ROOT, players

from actlab import quizzes

pytestmark = pytest.mark.portable
PAGES = {"intro": None, "chapters/03_tanh": "tanh", "chapters/06_softmax_stability": "softmax"}


@pytest.fixture(scope="module")
def jupyterlab(book) -> Iterator[str]:
    with lab.served(book.with_name("notebooks")) as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_a_notebook_runs_and_all_in_it_moves_answers_and_folds(browser, jupyterlab, page):
    with lab.opened(browser, jupyterlab, page) as tab:
        found = lab.tried(tab)
    assert found["wrong"] == []
    cells = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    figures = sum("figure" in cell["metadata"].get("mystnb", {}) for cell in cells)
    assert found["players"] == players(ROOT / f"{page}.ipynb") >= 1
    assert found["questions"] == (len(quizzes.load(PAGES[page])) if PAGES[page] else 0)
    assert found["hints and answers"] == text.count("{dropdown}") + figures
    assert found["solutions"] == text.count("{solution-start}")
