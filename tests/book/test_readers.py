"""Every notebook as a reader on Colab has it: Colab's widgets and kernel, the wheel, and no file beside it."""

import copy
import json
import os
import re
import subprocess
import sys
from importlib import metadata

import pytest
import readers
from packaging.requirements import Requirement
from packaging.version import Version
from site_checks import ROOT

PLAIN = readers.plain()
NO_INDEX = "NO PACKAGE INDEX: the notebooks were NOT tried as on Colab"


@pytest.fixture(scope="module")
def colab(in_ci):
    """The Python of Colab's imitation, without actlab, and what is installed there."""
    try:
        python = readers.make("colab")
    except subprocess.CalledProcessError as error:
        if in_ci or not re.search("No matching distribution|Could not find a version", error.stderr or ""):
            pytest.fail(f"{error}\n{error.stderr}")
        pytest.skip(NO_INDEX)
    return python, readers.versions(python)


def with_its_first_cell(page, *sources):
    """The notebook that begins with the first code cell of a plain one, and goes on with these."""
    notebook = json.loads(page.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][:1]
    cells += [cells[0] | {"id": f"own-{n}", "source": source, "metadata": {}} for n, source in enumerate(sources)]
    return notebook | {"cells": cells}


@pytest.mark.readers
def test_the_first_cells_install_actlab_and_change_nothing_that_colab_brought(colab, book, tmp_path):
    python, before = colab
    (page,) = [path for path in PLAIN if "actlab[transformers]" in path.read_text(encoding="utf-8")]
    first = tmp_path / "first.ipynb"
    first.write_text(json.dumps(with_its_first_cell(page)), encoding="utf-8")
    (tmp_path / "alone").mkdir()
    assert readers.play("colab", python, first, tmp_path / "alone") == []
    after = readers.versions(python)
    assert before <= after, f"replaced: {before - after}"
    assert any(line.startswith("actlab @ git+") for line in after - before)


MOVED = """
from actlab import widgets
from actlab.quizzes import quiz

def parts(box):
    children = [inside for child in getattr(box, "children", ()) for inside in parts(child)]
    return [box, *children]

def moved(box):
    "How many pictures or reasons the controls of a player or quiz bring, each of them from its first to its last."
    pictures = [part for part in parts(box) if type(part).__name__ == "HTML"]
    seen = {pictures[-1].value}
    for part in parts(box):
        for index in range(len(getattr(part, "options", ()))):
            part.index = index
            seen.add(pictures[-1].value)
    return len(seen)

draw, words = lambda ax, k, f=1: ax.plot([0, f * k]), lambda k, f=1: f"a line to {f * k}"
assert moved(widgets.player(draw, alt=words, k=[1, 2, 3], play=True)) == 3
assert moved(widgets.player(draw, alt=words, k=[1, 2, 3], f=[1, 10])) == 4
assert moved(quiz("tanh", "forty-layers")) == 5  # nothing, and the reason of each choice
"""


@pytest.mark.readers
def test_on_colab_the_kernel_moves_players_and_answers_questions(colab, book, tmp_path):
    python, _ = colab
    page = tmp_path / "moved.ipynb"
    page.write_text(json.dumps(with_its_first_cell(PLAIN[0], MOVED)), encoding="utf-8")
    (tmp_path / "alone").mkdir()
    assert readers.play("colab", python, page, tmp_path / "alone") == []


@pytest.mark.readers
def test_a_notebook_on_colab_has_no_stack_and_nothing_of_the_checkout(colab):
    python, _ = colab
    code = "import ipywidgets; assert not hasattr(ipywidgets, 'Stack'); open({!r})"
    done = subprocess.run(
        [python, "-c", code.format(str(ROOT / "pyproject.toml"))],
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        text=True,
        capture_output=True,
    )
    assert "PermissionError: the checkout is out of reach" in done.stderr


def page(*outputs, tags=()):
    cell = {"cell_type": "code", "source": "x", "execution_count": 1, "outputs": list(outputs)}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell | {"metadata": {"tags": list(tags)}}]}


def printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": [text]}


def shown(text, **more):
    data = {"text/plain": [text]} | more
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}


def test_a_text_that_came_out_differently_is_found():
    before = page(printed("a\n"), shown("0.25"))
    assert readers.differences(before, copy.deepcopy(before)) == []
    for after in (page(printed("b\n"), shown("0.25")), page(printed("a\n"), shown("0.26")), page(printed("a\n"))):
        assert len(readers.differences(before, after)) == 1
    assert readers.differences(page(printed("a"), tags=["nbval-ignore-output"]), page(printed("b"))) == []


def test_pictures_and_warnings_of_the_kernel_are_not_compared():
    before = page(shown("player: k, 3 frames"))
    after = page(shown("player: k, 3 frames", **{"image/png": "iVBORw0KGgo="}), printed("frozen modules", "stderr"))
    assert readers.differences(before, after) == []


def test_the_lowest_versions_are_the_bounds_of_the_ranges():
    lowest = [Requirement(line) for line in readers.lowest()]
    asked = [Requirement(line) for line in readers.PROJECT["dependencies"]]
    assert [need.name for need in lowest[: len(asked)]] == [need.name for need in asked]
    for need, low in zip(asked, lowest, strict=False):
        (pin,) = low.specifier
        assert pin.operator == "==" and Version(pin.version) in need.specifier
        assert not need.specifier.contains(Version(f"{pin.version}.dev0"), prereleases=True)
    assert {"transformers", "numba", "pooch", "pyarrow"} <= {need.name for need in lowest}


def test_unit_tests_of_every_room_that_has_some_are_run_at_the_lowest_versions():
    chosen = readers.unit_tests()
    assert {f"tests/package/test_{room}.py" for room in ("activations", "plot", "networks")} <= set(chosen)
    assert all((readers.ROOT / path).is_file() for path in chosen)


def test_table_has_environments_side_by_side_under_their_versions():
    newest = {"python": "3.11.7", "torch": "2.15.0", "made": "444 s", "03_tanh": "31 s", "unit tests": "900 s"}
    lowest = {"python": "3.11.7", "torch": "2.5.0", "made": "285 s", "03_tanh": "FAILED"}
    assert readers.table({"newest": newest, "environment": {"made": "FAILED"}, "lowest": lowest}).splitlines() == [
        "            newest  environment  lowest",
        "python      3.11.7  -            3.11.7",
        "torch       2.15.0  -            2.5.0",
        "made        444 s   FAILED       285 s",
        "03_tanh     31 s    -            FAILED",
        "unit tests  900 s   -            -",
    ]


def test_versions_that_head_the_table_are_those_that_are_installed():
    found = readers.shown(sys.executable)
    assert list(found)[:2] == ["python", "torch"] and sys.version.startswith(found["python"])
    assert found["numpy"] == metadata.version("numpy")


def test_an_environment_is_used_again_if_it_may_be_kept_and_is_made_of_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "HOME", tmp_path)
    monkeypatch.setattr(readers, "installs", lambda name: ["pip"])  # is there already: no index is asked
    python = readers.make("newest", keep=True)
    (tmp_path / "newest/seen").touch()
    assert readers.make("newest", keep=True) == python and (tmp_path / "newest/seen").exists()
    monkeypatch.setattr(readers, "installs", lambda name: ["pip", "pip>1"])
    readers.make("newest", keep=True)
    assert not (tmp_path / "newest/seen").exists()


def test_copy_of_the_checkout_is_one_commit_without_what_is_ignored(tmp_path):
    there = readers.copy(tmp_path)
    assert (there / "chapters/03_tanh.ipynb").read_bytes() == (ROOT / "chapters/03_tanh.ipynb").read_bytes()
    assert not (there / "_build").exists()
    assert subprocess.check_output(["git", "rev-list", "--count", "HEAD"], cwd=there, text=True).strip() == "1"
