"""The book without Jupyter Book: the newest Sphinx makes the same pages, and they have to pass the same checks.

    python tests/sphinx_alone.py          the pages, made in a copy of the checkout, and what is wrong with them
    python tests/sphinx_alone.py --conf   no more than conf.py, in the checkout: the way off (see CONTRIBUTING.md)

`jupyter-book config sphinx` writes _config.yml as conf.py, and LINES are added to it. Jupyter Book itself is not in
the environment of the copy, which is made afresh in _build/sphinx: it has the newest versions that the extra "pages"
admits, on the Python that runs this. Notebooks are run again, unless _build has outputs that were stored with the
same code and versions. Exits 1 if there is a warning or a fault.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from readers import copy
from site_checks import HTML, ROOT, faults, pages

HOME = ROOT / "_build/sphinx"
SHOWN = ("Sphinx", "docutils", "myst-nb", "myst-parser", "sphinx-book-theme", "pydata-sphinx-theme")
LEFT_OUT = ("jupyter_book", "sphinx_comments", "sphinx_jupyterbook_latex", "sphinx_multitoc_numbering")
LINES = f"""
# What Jupyter Book did beside this: it found the extensions in _ext.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
extensions = [name for name in extensions if name not in {LEFT_OUT}]
"""


def write_conf(checkout: Path) -> None:
    """conf.py from _config.yml, by the Jupyter Book of the environment that runs this."""
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    subprocess.run([jupyter_book, "config", "sphinx", checkout], check=True, stdout=subprocess.DEVNULL)
    conf = checkout / "conf.py"
    conf.write_text(conf.read_text(encoding="utf-8") + LINES, encoding="utf-8", newline="\n")


def make(checkout: Path) -> Path:
    """The Python of a new environment with the newest versions, and without Jupyter Book."""
    python = HOME / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run([*pip, "install", f"{checkout}[pages]", "sphinx>=9"], check=True)
    return python


def build(python: Path, checkout: Path) -> int:
    """Sphinx's exit status: 1 where it warned."""
    if (stored := HTML.with_name(".jupyter_cache")).is_dir():
        shutil.copytree(stored, checkout / "_build/.jupyter_cache")
    command = [python, "-m", "sphinx", "-W", "-n", "--keep-going", ".", "_build/html"]
    named = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(command, cwd=checkout, env=named).returncode


def versions(python: Path) -> list[str]:
    """name==version of what makes the pages."""
    listed = [python, "-m", "pip", "--disable-pip-version-check", "freeze", "--all"]
    found = subprocess.run(listed, check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    return [line for line in found if line.lower().replace("_", "-").split("==")[0] in map(str.lower, SHOWN)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--conf", action="store_true", help="write conf.py into this checkout, and do no more")
    if parser.parse_args().conf:
        write_conf(ROOT)
        return 0
    shutil.rmtree(HOME, ignore_errors=True)
    checkout = copy(HOME)
    write_conf(checkout)
    python = make(checkout)
    code = build(python, checkout)
    print(f"Python {sys.version.split()[0]}", *versions(python), sep="\n")
    found = [f"Sphinx ended with {code}"] * bool(code) + faults(checkout / "_build/html", checkout)
    print("\n".join(found) or f"{len(pages(checkout))} pages without Jupyter Book, and nothing wrong with them")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
