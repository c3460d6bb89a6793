"""The environments that readers have, each made afresh, and every notebook run there, alone in an empty folder.

    python tests/readers.py ENVIRONMENT... [--only PAGE...]

colab        what Colab wraps round a notebook, ipywidgets 7 among it, with the newest numpy and matplotlib; torch in
             the version of constraints.txt, since the newest one brings gigabytes for graphics cards
newest       the newest versions of everything that pyproject.toml admits, torch too
lowest       the lowest ones; the unit tests of the package are run there as well
environment  the pip section of environment.yml, with the package index that is set up here
here         the Python that runs this: for a job inside Colab's own image

A notebook's own first cell installs actlab in `colab` and `here`, from this checkout in the place of its address; in
the others it is there already. Says of each notebook how it went, and exits 1 if one failed. An environment lies in
_build/readers, and takes up to 6 GB; all but Colab's are removed when they have passed.
"""

import argparse
import json
import os
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
from site_checks import ROOT, stored

sys.path.insert(0, str(ROOT / "src"))  # Colab's image has no actlab yet
from actlab.notebooks import EXTRAS, clean

HOME = ROOT / "_build/readers"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
ENVIRONMENTS = ("colab", "newest", "lowest", "environment", "here")
USED = [extra for extra in PROJECT["optional-dependencies"] if extra not in ("book", "test")]
TEST_TOOLS = ["beautifulsoup4", "filelock", "hypothesis", "mpmath", "nbval", "pytest", "pyyaml"]
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
        "newest": [".[book]"],
        "lowest": [f".[{','.join(USED)}]", *lowest(), *TEST_TOOLS],
        "environment": [word for line in _pip_section() for word in shlex.split(line)],
    }[name]


def make(name: str) -> Path:
    """The Python of an environment, made afresh; Colab's is used again, less what a notebook installs there."""
    home = HOME / name
    python = home / "bin/python" if name != "here" else Path(sys.executable)
    stamp = home / "installs"
    recipe = f"{installs(name)} {(ROOT / 'tests/colab.txt').read_text(encoding='utf-8')}" if name != "here" else ""
    if name == "here":
        copy(home)
    elif name == "colab" and stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe:
        copy(home)
        _pip(python, "uninstall", "--yes", PROJECT["name"], *EXTRAS.values())
    else:
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        (packages,) = home.glob("lib/python*/site-packages")
        (packages / "sitecustomize.py").write_text(GUARD.format(root=f"{ROOT}/", spared=f"{home}/"), encoding="utf-8")
        _pip(python, "install", *installs(name), cwd=copy(home))
        stamp.write_text(recipe, encoding="utf-8")
    return python


def copy(home: Path) -> Path:
    """The checkout as a repository of one commit beside an environment, without what git ignores."""
    there = home / "checkout"
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir(parents=True)
    listed = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for file in filter(None, listed):
        if (ROOT / file).is_file():
            (there / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, there / file)
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
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (lines,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return lines


def unit_tests() -> list[str]:
    """The tests of the package's own rooms, by the names that they share, but for what needs newer widgets."""
    rooms = {path.stem for path in (ROOT / "src/actlab").iterdir() if path.is_dir() or path.suffix == ".py"}
    # those two look into the pages of the site, which is built with ipywidgets 8; notebooks try the fall-back for 7
    rooms = sorted(rooms - {"widgets", "pages"})
    return [f"tests/{path.name}" for room in rooms for path in sorted((ROOT / "tests").glob(f"test_{room}*.py"))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("environments", nargs="+", choices=ENVIRONMENTS)
    parser.add_argument("--only", nargs="+", default=[], metavar="PAGE", help="such as 03_tanh; else all")
    options = parser.parse_args()
    wrong = []
    for name in options.environments:
        start = time.time()
        try:
            python = make(name)
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error}\n{error.stderr}", flush=True)
            wrong.append(f"{name}: not made")
            continue
        print(f"{name}: made in {time.time() - start:.0f} s", flush=True)
        failed = []
        for notebook in stored():
            if options.only and notebook.stem not in options.only:
                continue
            start = time.time()
            with tempfile.TemporaryDirectory() as folder:
                faults = play(name, python, notebook, Path(folder))
            said = "FAILED" if faults else "passed"
            print(f"{name}: {notebook.stem}: {said}, {time.time() - start:.0f} s", *faults, sep="\n", flush=True)
            failed += [notebook.stem] * bool(faults)
        if name == "lowest" and not options.only:
            # old packages use names that their newer neighbours have given up, and say so
            tests = [python, "-m", "pytest", "-o", "addopts=", "-o", "filterwarnings=default", "-q", *unit_tests()]
            failed += ["unit tests"] * bool(subprocess.run(tests, cwd=HOME / name / "checkout").returncode)
        if not failed and name not in ("colab", "here"):
            shutil.rmtree(HOME / name)
        wrong += [f"{name}: {what}" for what in failed]
    print(f"{len(wrong)} failed: {', '.join(wrong)}" if wrong else "all passed")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
