"""A chapter on Colab has the installed package and nothing else: no checkout, no file beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from site_checks import ROOT, stored

STORED = stored()

# A chapter reads nothing of the checkout: the interpreter itself watches each open.
GUARD = """
import sys

def hook(event, arguments, root={root!r}, spared={spared!r}):
    if event == "open" and isinstance(arguments[0], str):
        path = arguments[0]
        if path.startswith(root) and not path.startswith(spared):
            raise PermissionError("the checkout is out of reach here: " + path)

sys.addaudithook(hook)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with actlab as the wheel holds it, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    source = folder / "source"
    source.mkdir()
    for name in ("src", "data", "references.bib", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source], check=True)
    (wheel,) = folder.glob("actlab-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    spared = tuple(str(path) for path in {Path(sys.prefix), ROOT / ".venv"})
    (folder / "site/sitecustomize.py").write_text(GUARD.format(root=f"{ROOT}/", spared=spared))
    return folder / "site"


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
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
