"""What the stored chapters promise, beyond what nbval compares in this environment."""

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml
from site_checks import ROOT, asked, players, stored

STORED = stored()
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=120")
ALONE = ("-p", "no:cacheprovider", "-o", "addopts=", f"--rootdir={ROOT}", "--confcutdir=/", "-q")


def compare(notebook: Path) -> subprocess.CompletedProcess:
    """Run a notebook and compare what it prints with what is stored, in a process of its own."""
    command = [sys.executable, "-m", "pytest", *ALONE, *NBVAL, notebook]
    return subprocess.run(command, cwd=notebook.parent, text=True, capture_output=True)


def test_an_output_edited_by_hand_fails(tmp_path):
    page = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}
    page["metadata"]["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    printed = {"output_type": "stream", "name": "stdout", "text": "4\n"}
    cell = {"cell_type": "code", "source": "print(2 + 2)", "metadata": {}, "execution_count": 1, "outputs": [printed]}
    page["cells"] = [cell]
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps(page), encoding="utf-8")
    assert compare(path).returncode == 0
    printed["text"] = "5\n"
    path.write_text(json.dumps(page), encoding="utf-8")
    done = compare(path)
    assert done.returncode == 1 and "mismatch" in done.stdout


def test_every_chapter_has_its_parts():
    for path in STORED:
        if path.parent.name != "chapters":
            continue
        text = path.read_text(encoding="utf-8")
        for part in ("Predict first", "{exercise}", "{solution-start}", "does not show", "{cite}"):
            assert part in text, f"{path.name} has no {part}"
        assert players(path) >= 2, path.name
        assert text.count("{exercise}") >= 3, path.name
        assert len(asked(path)) >= 4, path.name


def test_the_menu_calls_every_chapter_by_its_number_and_its_own_title():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    (course,) = [part for part in parts if "course" in part["caption"]]
    for entry in course["chapters"]:
        cells = json.loads((ROOT / f"{entry['file']}.ipynb").read_text(encoding="utf-8"))["cells"]
        headings = (line for cell in cells if cell["cell_type"] == "markdown" for line in cell["source"])
        title = next(line for line in headings if line.startswith("# ")).removeprefix("# ").strip()
        number = re.match(r"chapters/0?(\w+?)_", entry["file"])[1]
        assert entry["title"] == f"{number} · {title}"


def test_a_deeper_page_stands_below_its_chapter_with_links_both_ways():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    (course,) = [part for part in parts if "course" in part["caption"]]
    below = {page["file"]: entry["file"] for entry in course["chapters"] for page in entry.get("sections", ())}
    there = {path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.glob("chapters/deeper/*.ipynb")}
    assert set(below) == there
    for page, chapter in below.items():
        name = Path(chapter).name
        assert Path(page).name.startswith(f"{name.split('_')[0]}_")
        paragraph = next(text for text in markdown(page) if not text.startswith(("#", "(")))
        assert f"../{name}" in paragraph, f"{page}: its first paragraph does not lead up to {chapter}"
        assert any(page.removeprefix("chapters/") in text for text in markdown(chapter)), (
            f"{chapter} leads to no {page}"
        )


def markdown(page):
    cells = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown").split("\n\n")
