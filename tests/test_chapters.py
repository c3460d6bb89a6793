"""What the stored chapters promise, beyond what nbval compares in this environment."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from site_checks import ROOT, pages

STORED = [ROOT / f"{page}.ipynb" for page in pages() if (ROOT / f"{page}.ipynb").is_file()]
NAMES = [path.stem for path in STORED]
SANITIZE = ROOT / "tests/nbval_sanitize.cfg"
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=120", f"--nbval-sanitize-with={SANITIZE}")
ALONE = ("-p", "no:cacheprovider", "-o", "addopts=", f"--rootdir={ROOT}", "--confcutdir=/", "-q")

# Chapters read this much of the checkout and no more: nothing. Said by the interpreter itself, on each open.
GUARD = """
import sys

def hook(event, arguments, root={root!r}, spared={spared!r}):
    if event == "open" and isinstance(arguments[0], str):
        path = arguments[0]
        if path.startswith(root) and not path.startswith(spared):
            raise PermissionError("the checkout is out of reach here: " + path)

sys.addaudithook(hook)
"""


def compare(*notebooks: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run notebooks and compare what they print with what is stored, in a process of its own."""
    command = [sys.executable, "-m", "pytest", *ALONE, *NBVAL, *notebooks]
    return subprocess.run(
        command, env=os.environ | environment, cwd=notebooks[0].parent, text=True, capture_output=True
    )


@pytest.mark.parametrize("path", STORED, ids=NAMES)
@pytest.mark.parametrize(
    ("threads", "capability"), [("1", "avx2"), ("2", "default")], ids=["one thread, avx2", "two threads, no simd"]
)
def test_stored_outputs_hold_with(path, threads, capability):
    done = compare(path, OMP_NUM_THREADS=threads, ATEN_CPU_CAPABILITY=capability)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with actlab as the wheel holds it, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    source = folder / "source"
    source.mkdir()
    for name in ("src", "data", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source], check=True)
    (wheel,) = folder.glob("actlab-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    spared = tuple(str(path) for path in {Path(sys.prefix), ROOT / ".venv"})
    (folder / "site/sitecustomize.py").write_text(GUARD.format(root=f"{ROOT}/", spared=spared))
    return folder / "site"


@pytest.mark.parametrize("path", STORED, ids=NAMES)
def test_runs_alone_in_an_empty_folder_with_the_wheel(path, installed, tmp_path):
    shutil.copyfile(path, tmp_path / path.name)
    script = (
        "import json, sys, nbformat, nbclient, actlab\n"
        f"assert actlab.__file__.startswith({str(installed)!r}), actlab.__file__\n"
        f"nb = nbformat.read({path.name!r}, 4)\n"
        "nbclient.NotebookClient(nb, timeout=120, kernel_name='python3').execute()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_guard_of_the_checkout_does_guard(installed):
    done = subprocess.run(
        [sys.executable, "-c", f"open({str(ROOT / 'pyproject.toml')!r})"],
        env=os.environ | {"PYTHONPATH": str(installed)},
        text=True,
        capture_output=True,
    )
    assert "out of reach" in done.stderr


def test_an_output_edited_by_hand_fails(tmp_path):
    page = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}
    page["metadata"]["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    stored = {"output_type": "stream", "name": "stdout", "text": "4\n"}
    cell = {"cell_type": "code", "source": "print(2 + 2)", "metadata": {}, "execution_count": 1, "outputs": [stored]}
    page["cells"] = [cell]
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps(page))
    assert compare(path).returncode == 0
    stored["text"] = "5\n"
    path.write_text(json.dumps(page))
    done = compare(path)
    assert done.returncode == 1 and "mismatch" in done.stdout


def test_every_chapter_has_its_parts():
    for path in STORED[1:]:
        text = path.read_text()
        for part in ("Predict first", "widgets.quiz", "{exercise}", "{solution-start}", "does not show", "{cite}"):
            assert part in text, f"{path.name} has no {part}"
        assert text.count("widgets.player(") >= 2, path.name
        assert text.count("{exercise}") >= 3, path.name
        assert text.count("widgets.quiz(") >= 4, path.name
