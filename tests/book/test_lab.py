"""Plain notebooks in a real JupyterLab, run from top to bottom by a reader who moves all there is to move."""

import json
from collections.abc import Iterator

import lab
import nbformat
import pytest
from playwright.sync_api import expect
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


def test_each_lab_opens_at_its_setting_and_works(browser, tmp_path):
    calls = [
        'lab.train("gelu", depth=3, data="own", points=[(0, 0, 1)])',
        'lab.explore("mish", gain=1.4)',
        'lab.numbers([0, 800], "float64")',
    ]
    code = map(nbformat.v4.new_code_cell, ["from actlab import lab", *calls])
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Labs"), *code], metadata=kernel)
    nbformat.write(made, tmp_path / "labs.ipynb")
    with lab.served(tmp_path) as address, lab.opened(browser, address, "labs") as tab:
        assert lab.run(tab) == []
        trainer, explorer, numbers = (tab.locator(f"[data-kind={kind}]") for kind in ("train", "explore", "numbers"))
        for key in ("ArrowRight", "0", "0"):  # of which JupyterLab makes something else, elsewhere
            trainer.locator("canvas").press(key)
        expect(trainer.locator(".lab-points tbody tr")).to_have_count(2)
        trainer.get_by_role("button", name="Step", exact=True).click()
        expect(trainer.locator(".lab-numbers")).to_contain_text("Update 1.")
        assert trainer.get_by_label("depth", exact=True).input_value() == "3"
        light = trainer.locator("canvas").evaluate("canvas => canvas.toDataURL()")
        tab.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        redrawn = "light => document.querySelector('.actlab-lab canvas').toDataURL() !== light"
        tab.wait_for_function(redrawn, arg=light)
        expect(explorer.locator(".lab-part .lab-numbers").first).to_contain_text("Mish, gain 1.4:")
        numbers.get_by_role("button", name="Next", exact=True).click()
        expect(numbers.locator(".lab-title")).to_contain_text("Step 5 of 7")
