"""pytest --built: nbval compares what is stored with what the build printed, and runs only what that has not run."""

import json
import shutil
import subprocess
import sys

import pytest
from jupyter_cache import get_cache
from nbformat import from_dict
from site_checks import ROOT

OPTIONS = ("-p", "no:cacheprovider", "-o", "addopts=", "-q", "--nbval", "--nbval-current-env", "--built")


def notebook(printed, code="print(2 + 2, file=open('ran', 'a')); print(4)"):
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    cell = {"cell_type": "code", "source": code, "metadata": {}, "execution_count": 1, "outputs": [output]}
    skipped = {"source": "1 / 0", "metadata": {"tags": ["nbval-skip"]}, "outputs": [], "execution_count": None}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [cell | skipped, cell]
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": cells}


@pytest.fixture
def folder(tmp_path):
    """A book of one page, whose build printed 4."""
    for name in ("conftest.py", "_ext/fingerprint.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "src/actlab").mkdir(parents=True)
    (tmp_path / "pytest.ini").touch()
    kept = tmp_path / "_build/.jupyter_cache"
    get_cache(kept).cache_notebook_file(written(tmp_path / "page.ipynb", "4\n"), check_validity=False)
    say = "import fingerprint, pathlib; print(fingerprint.fingerprint(pathlib.Path('.').resolve()), end='')"
    made = subprocess.run([sys.executable, "-c", say], cwd=tmp_path, env={"PYTHONPATH": "_ext"}, capture_output=True)
    (kept / "fingerprint").write_bytes(made.stdout)
    return tmp_path


def written(path, printed, **more):
    path.write_text(json.dumps(from_dict(notebook(printed, **more))), encoding="utf-8")
    return path


def compared(folder):
    """How pytest ended, and whether the page was run."""
    done = subprocess.run([sys.executable, "-m", "pytest", *OPTIONS, "page.ipynb"], cwd=folder, capture_output=True)
    assert b"2 items" in done.stdout or b"1 passed, 1 skipped" in done.stdout or b"failed" in done.stdout, done.stdout
    return done.returncode, (folder / "ran").exists()


def test_what_the_build_printed_is_compared_and_not_run_again(folder):
    assert compared(folder) == (0, False)


def test_a_stored_output_that_the_build_did_not_print_fails(folder):
    written(folder / "page.ipynb", "5\n")
    assert compared(folder) == (1, False)


def test_a_cell_that_the_build_has_not_run_is_run(folder):
    code = "print('once', file=open('ran', 'w')); print(5)"
    written(folder / "page.ipynb", "5\n", code=code)
    assert compared(folder) == (0, True)
    written(folder / "page.ipynb", "4\n", code=code)
    assert compared(folder) == (1, True)


def test_an_older_processor_is_what_the_page_is_run_on(folder):
    shutil.copy(ROOT / "_ext/kernels.py", folder / "_ext/kernels.py")
    code = "import torch; print('{}' * (torch.backends.cpu.get_cpu_capability() == 'DEFAULT'), end='')"
    for text, expected in [("6", 1), ("4", 0)]:
        written(folder / "page.ipynb", "4", code=code.format(text))
        options = ("--processor=oldest", "-m", "portable")
        done = subprocess.run([sys.executable, "-m", "pytest", *OPTIONS, *options, "page.ipynb"], cwd=folder)
        assert done.returncode == expected


def test_outputs_of_a_build_from_other_files_are_not_taken(folder):
    (folder / "src/actlab/new.py").touch()
    assert compared(folder) == (0, True)
    written(folder / "page.ipynb", "5\n")
    assert compared(folder) == (1, True)
