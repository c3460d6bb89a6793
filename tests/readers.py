"""The environments that readers have, each made afresh, and every plain notebook run there, alone in an empty folder.

    python tests/readers.py ENVIRONMENT... [--only PAGE...] [--keep]

colab        what Colab wraps round a notebook, ipywidgets 7 among it, with the newest numpy and matplotlib; torch in
             the version of constraints.txt, since the newest one brings gigabytes for graphics cards
newest       the newest versions of everything that pyproject.toml admits, torch too
lowest       the lowest ones
environment  the pip section of environment.yml, with the package index that is set up here
here         the Python that runs this: for a job inside Colab's own image

The plain notebooks are those that a build of the book has left in _build/notebooks. A notebook's own first cell
installs actlab in `colab` and `here`, from this checkout in the place of its address; in the others it is there
already. The unit tests of the package are run in `newest` and `lowest` as well. Says of each notebook how it went, at
the end in a table with the versions, and exits 1 if one failed.

An environment lies in _build/readers, and takes up to 6 GB. Colab's is kept, and used again while it is made of the
same; the others are removed when they have passed, but with --keep they are treated like Colab's.
"""

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml
from site_checks import HTML, ROOT, stored

sys.path.insert(0, str(ROOT / "src"))  # Colab's image has no actlab yet
from actlab.notebooks import EXTRAS, clean

HOME = ROOT / "_build/readers"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
ENVIRONMENTS = ("colab", "newest", "lowest", "environment", "here")
USED = [extra for extra in PROJECT["optional-dependencies"] if extra not in ("book", "pages", "test")]
TESTED = ("newest", "lowest")  # where the unit tests are run too
TEST_TOOLS = ["beautifulsoup4", "filelock", "hypothesis", "mpmath", "nbval", "pytest", "pyyaml"]
VERSIONS = ("torch", "numpy", "matplotlib", "ipywidgets", "transformers")  # that head the table
RUN = """
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False).execute()
nbformat.write(notebook, sys.argv[1])
"""
# A notebook reads nothing of the checkout: the interpreter itself watches each open.
GUARD = """
import sys

def hook(event, arguments, root={root!r}, spared={spared!r}):
    if event == "open" and isinstance(arguments[0], str):
        path = arguments[0]
        if path.startswith(root) and not path.startswith(spared):
            raise PermissionError("the checkout is out of reach here: " + path)

sys.addaudithook(hook)
"""


def lowest() -> list[str]:
    """Every requirement of the package, and of the extras that it uses as it runs, at its lower bound."""
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in USED)]
    return [re.sub(r">=([\w.]+).*", r"==\1", line) for lines in lists for line in lines]


def installs(name: str) -> list[str]:
    """What pip is told in an environment, in a copy of the checkout."""
    return {
        "colab": ["-r", "tests/colab.txt", "numpy", "matplotlib", "tqdm", _pin("torch")],
        "newest": [f".[book,{','.join(USED)}]", *TEST_TOOLS],
        "lowest": [f".[{','.join(USED)}]", *lowest(), *TEST_TOOLS],
        "environment": [*_pip_section(), "ipykernel", "nbclient"],  # which JupyterLab brings on Binder
    }[name]


def recipe(name: str) -> str:
    """All that decides what is in an environment, but for what is new on the package index."""
    also = {"colab": ["tests/colab.txt"], "environment": ["pyproject.toml", "constraints.txt"]}
    files = also.get(name, ["pyproject.toml"])
    return "\n".join([str(installs(name)), *((ROOT / file).read_text(encoding="utf-8") for file in files)])


def make(name: str, keep: bool = False) -> Path:
    """The Python of an environment, made afresh; if it may be kept, one that was made of the same is used again.

    Colab's is always kept, and loses what a notebook installed there.
    """
    home = HOME / name
    if name == "here":
        copy(home)
        return Path(sys.executable)
    python, stamp = home / "bin/python", home / "installs"
    again = (keep or name == "colab") and stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe(name)
    if not again:
        try:
            _fresh(home, python, name)
        except subprocess.CalledProcessError:
            # once more from nothing: an index that stalls or a file that got lost is not what is tried here
            _fresh(home, python, name)
    elif name == "colab":
        copy(home)
        _pip(python, "uninstall", "--yes", PROJECT["name"], *EXTRAS.values())
    else:
        _pip(python, "install", *installs(name), cwd=copy(home))  # all is there already: actlab alone, anew
    stamp.write_text(recipe(name), encoding="utf-8")
    return python


def _fresh(home: Path, python: Path, name: str) -> None:
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "sitecustomize.py").write_text(GUARD.format(root=f"{ROOT}/", spared=f"{home}/"), encoding="utf-8")
    # what is never imported need not be compiled: half of the time
    _pip(python, "install", "--no-compile", *installs(name), cwd=copy(home))


def copy(home: Path) -> Path:
    """The checkout as a repository of one commit beside an environment, without what git ignores."""
    there = home / "checkout"
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir(parents=True)
    listed = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for file in filter(None, listed):
        if (ROOT / file).is_file():
            (there / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, there / file)  # also that it may be run
    _git(there, "init", "--quiet")
    _git(there, "add", "--all")
    someone = ("-c", "user.name=a reader", "-c", "user.email=reader@example.org")
    _git(there, *someone, "commit", "--quiet", "-m", "a copy")
    return there


def versions(python: Path) -> set[str]:
    """What is installed in an environment, name==version."""
    return set(_pip(python, "freeze", "--all").splitlines())


def play(name: str, python: Path, notebook: Path, folder: Path) -> list[str]:
    """Run a notebook in a folder, where it lies alone. Says what went wrong: an error, or what it printed instead."""
    file = folder / notebook.name
    shutil.copyfile(notebook, file)
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "JUPYTER", "IPYTHON", "MPL", "VIRTUAL_ENV"))
    }
    redirect = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(HOME / name / 'checkout').as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }
    own = {"PYTHONNOUSERSITE": "1", "JUPYTER_DATA_DIR": str(folder), "IPYTHONDIR": str(folder)}
    done = subprocess.run(
        [python, "-c", RUN, file.name], cwd=folder, env=kept | redirect | own, text=True, capture_output=True
    )
    if done.returncode:
        return [done.stderr[-3000:]]
    return differences(json.loads(notebook.read_text(encoding="utf-8")), json.loads(file.read_text(encoding="utf-8")))


def differences(before: dict, after: dict) -> list[str]:
    """Where the text that a notebook stores is not what it printed here, cell by cell."""
    found = []
    for number, (one, other) in enumerate(zip(before["cells"], clean(after)["cells"], strict=True)):
        tags = one["metadata"].get("tags", [])
        if one["cell_type"] != "code" or {"nbval-skip", "nbval-ignore-output"} & set(tags):
            continue
        stored, printed = (list(_texts(cell)) for cell in (one, other))
        if stored != printed:
            found.append(f"cell {number} stores {stored} and prints {printed}")
    return found


def _texts(cell) -> Iterator[str]:
    for output in cell["outputs"]:
        if output.get("name") != "stderr":
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            yield "".join(text)


def _pip(python, *arguments, cwd=None):
    command = [python, "-m", "pip", "--disable-pip-version-check", "-qq", *arguments]
    return subprocess.run(command, cwd=cwd, check=True, text=True, capture_output=True).stdout


def _git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout


def _pin(package):
    return re.search(rf"^{package}==.*$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)[0]


def _pip_section():
    """What pip is told in environment.yml, but for the index: that of the place where this runs is taken."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (lines,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return [word for line in lines if not line.startswith("--extra-index-url") for word in shlex.split(line)]


def plain(built: Path = HTML) -> list[Path]:
    """The plain notebooks of the book, in reading order, whether they are there or not."""
    return [built.with_name("notebooks") / path.relative_to(ROOT) for path in stored()]


def unit_tests() -> list[str]:
    """The tests of the package's own rooms, by the names that they share, but for what needs newer widgets."""
    rooms = {path.stem for path in (ROOT / "src/actlab").iterdir() if path.is_dir() or path.suffix == ".py"}
    folder = ROOT / "tests/package"
    # those two look into the pages of the site, which is built with ipywidgets 8; notebooks try the fall-back for 7
    rooms = sorted(rooms - {"widgets", "pages"})
    return [f"tests/package/{file.name}" for room in rooms for file in sorted(folder.glob(f"test_{room}*.py"))]


def shown(python: Path) -> dict[str, str]:
    """The versions that matter in an environment, by name."""
    installed = dict(line.split("==") for line in versions(python) if "==" in line)
    return {"python": platform.python_version()} | {name: installed.get(name, "-") for name in VERSIONS}


def table(columns: dict[str, dict[str, str]]) -> str:
    """Environments side by side, with a line for each entry that one of them has; "-" where another has none."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [["", *columns], *([name, *(column.get(name, "-") for column in columns.values())] for name in names)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns) + 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("environments", nargs="+", choices=ENVIRONMENTS)
    parser.add_argument("--only", nargs="+", default=[], metavar="PAGE", help="such as 03_tanh; else all")
    parser.add_argument("--keep", action="store_true", help="do not remove an environment, and use a kept one again")
    options = parser.parse_args()
    notebooks = plain()
    if absent := [notebook for notebook in notebooks if not notebook.is_file()]:
        parser.error(f"there is no {absent[0].relative_to(ROOT)}: build the book first")
    columns = {}
    for name in options.environments:
        went = {}

        def note(what, faults, since, name=name, went=went):
            went[what] = "FAILED" if faults else f"{time.time() - since:.0f} s"
            print(f"{name}: {what}: {went[what]}", *faults, sep="\n", flush=True)

        start = time.time()
        try:
            python = make(name, options.keep)
        except subprocess.CalledProcessError as error:
            note("made", [str(error), error.stderr], start)
            columns[name] = went
            continue
        note("made", [], start)
        for notebook in notebooks:
            if options.only and notebook.stem not in options.only:
                continue
            start = time.time()
            with tempfile.TemporaryDirectory() as folder:
                note(notebook.stem, play(name, python, notebook, Path(folder)), start)
        if name in TESTED and not options.only:
            # old packages use names that their newer neighbours have given up, and say so
            tests = [python, "-m", "pytest", "-o", "addopts=", "-o", "filterwarnings=default", "-q", *unit_tests()]
            start = time.time()
            code = subprocess.run(tests, cwd=HOME / name / "checkout").returncode
            note("unit tests", [f"pytest ended with {code}"] * bool(code), start)
        columns[name] = shown(python) | went
        if "FAILED" not in went.values() and name not in ("colab", "here") and not options.keep:
            shutil.rmtree(HOME / name)
    print(f"\n{table(columns)}\n")
    wrong = [f"{name}: {what}" for name, column in columns.items() for what in column if column[what] == "FAILED"]
    print(f"{len(wrong)} failed: {', '.join(wrong)}" if wrong else "all passed")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
