import base64
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import site_checks
import yaml
from site_checks import ROOT, build

from actlab import claims, theory

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
REPOSITORY = CONFIG["repository"]["url"]
NOTEBOOKS = [str(path.relative_to(ROOT).with_suffix("")) for path in site_checks.stored()]
STRICT = ("-W", "-n", "--keep-going")


# --- the book


def test_every_page_of_the_table_of_contents_is_built(book):
    assert site_checks.missing(book) == []


def test_no_page_loads_anything_from_another_host(book):
    assert site_checks.foreign(book) == []


def test_every_picture_is_described(book):
    assert site_checks.without_alt(book) == []


def test_every_figure_is_a_picture(book):
    assert site_checks.undrawn(book) == []


def test_no_page_is_too_heavy_for_a_slow_line(book):
    assert site_checks.heavy(book) == []


def test_no_script_holds_up_a_page(book):
    assert site_checks.held_up(book) == []


def test_first_sight_of_every_page_is_light(book):
    assert site_checks.slow(book) == []


def test_every_page_says_what_it_is_about_to_those_who_list_and_share_it(book):
    assert site_checks.unsaid(book) == []


def test_every_link_within_the_book_leads_to_a_place(book):
    assert site_checks.astray(book) == []


def test_headings_are_in_order(book):
    assert site_checks.out_of_order(book) == []


def test_style_sheet_of_the_pages_has_its_icons_in_it_and_what_it_asks_for_is_there(book):
    packed = (book / "_static/packed.css").read_text(encoding="utf-8")
    for name in re.findall(r"url\((?![\"']?data:)([^)]*)\)", packed):
        assert (book / "_static" / name).is_file()
    assert packed.count("data:font/woff") == 3


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_launch_buttons_open_this_notebook(book, page):
    text = (book / f"{page}.html").read_text(encoding="utf-8")
    name = REPOSITORY.removeprefix("https://github.com/")
    branch = CONFIG["repository"]["branch"]
    assert f"https://colab.research.google.com/github/{name}/blob/{branch}/{page}.ipynb" in text
    assert f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{page}.ipynb" in text


@pytest.mark.parametrize("name", ["relu", "gelu", "sigmoid", "selu"])
def test_a_datasheet_has_the_numbers_of_theory(book, name):
    sheet = page(book, "appendix/catalog").find(id=name)
    facts = {row.th.text: row.td.text for row in sheet.select("tr")}
    for fact, number in [
        ("gain", theory.gain(name)),
        ("mean square", theory.moments(name).second),
        ("chi", theory.chi(name)),
        ("largest slope", theory.lipschitz(name)),
    ]:
        assert float(facts[fact].replace("−", "-")) == pytest.approx(number, rel=1e-5)
    row = page(book, "appendix/catalog").find("a", href=f"#{name}", string=name).find_parent("tr")
    assert repr(theory.gain(name)) in [cell.get("data-value") for cell in row.find_all("td")]


def test_every_claim_of_the_ledger_is_on_its_page_and_leads_to_where_it_is_shown(book):
    ledger = page(book, "appendix/claims")
    assert [entry["id"] for entry in ledger.select(".actlab-claim")] == list(claims.ledger)
    for claim in claims.ledger.values():
        if claim.where:
            place, _, label = claim.where.partition("#")
            assert page(book, place).find(id=label), f"{claim.id}: there is no {label} on {place}"
            assert ledger.find(id=claim.id).find("a", href=f"../{place}.html#{label}")


def test_links_within_the_reference_pages_lead_somewhere(book):
    for name in ("appendix/choosing", "appendix/catalog", "appendix/claims"):
        for link in page(book, name).select(".cell_output a[href]"):
            place, _, label = link["href"].partition("#")
            if not re.match(r"[a-z]+:", place):
                target = name if not place else Path("appendix") / Path(place).with_suffix("")
                there = page(book, os.path.normpath(target))
                assert not label or there.find(id=label), f"{name} links to {link['href']}"


def page(book, name):
    return site_checks._soups(book / f"{name}.html")[0]


def test_project_names_one_repository():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True, capture_output=True
    )
    assert listed.returncode == 0, listed.stderr
    owner, name = REPOSITORY.removeprefix("https://github.com/").split("/")
    ours = re.compile(rf"github\.com/(?:{owner}/[\w.-]+|[\w.-]+/{re.escape(name)}\b)")
    installs = re.compile(r"git\+https://([\w./-]+?)(?:\.git)?(?=[\"'\s@#\\]|$)")
    other = []
    for path in listed.stdout.splitlines():
        # what is not text names nothing
        text = (ROOT / path).read_bytes().decode(errors="ignore") if (ROOT / path).is_file() else ""
        named = [re.sub(r"\.git$|\.$", "", found) for found in ours.findall(text) + installs.findall(text)]
        other += [f"{path}: {found}" for found in named if f"https://{found}" != REPOSITORY]
    assert other == []


# --- what the build must not let through: each fault is made in a book of one page


ALT = {"mystnb": {"image": {"alt": "a line that rises"}}}
DRAW = "import matplotlib.pyplot as plt\n_ = plt.plot([0, 1])"
SHOW = "import sys\nsys.path.insert(0, 'src/actlab')\nimport tiny\nprint('it says', tiny.WORD)"
COUNT = "print('run', open('runs', 'a').write('x'))"


def cell(source, **metadata):
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


class Tiny:
    """A book of one page, with this project's configuration, extension, and assets."""

    def __init__(self, root: Path):
        self.root = root
        self.html = root / "_build/html"
        for name in ("_config.yml", "_ext", "_static", "_vendor"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
            copy(ROOT / name, root / name)
        (root / "_toc.yml").write_text("format: jb-book\nroot: intro\n", encoding="utf-8")
        (root / "references.bib").write_text("", encoding="utf-8")
        (root / "src/actlab").mkdir(parents=True)
        self.say("one")
        self.write()

    def say(self, word: str) -> None:
        (self.root / "src/actlab/tiny.py").write_text(f"WORD = {word!r}\n", encoding="utf-8")

    def write(self, *cells: dict, text: str = "") -> None:
        page = {"cell_type": "markdown", "source": f"# Tiny\n\n{text}", "metadata": {}}
        kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        notebook = {"cells": [page, cell(SHOW), cell(COUNT), *cells], "metadata": kernel}
        (self.root / "intro.ipynb").write_text(
            json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 4}), encoding="utf-8"
        )

    @property
    def runs(self) -> int:
        return len((self.root / "runs").read_text(encoding="utf-8"))

    def page(self) -> str:
        return (self.html / "intro.html").read_text(encoding="utf-8")


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path)


@pytest.mark.parametrize(
    ("cells", "text", "complaint"),
    [
        ([cell("raise ValueError('on purpose')")], "", "ValueError('on purpose')"),
        ([cell("import warnings\nwarnings.warn('mind the step')")], "", "stderr was found in the cell outputs"),
        ([], "See {ref}`a-place-that-is-not-there`.", "undefined label: 'a-place-that-is-not-there'"),
    ],
    ids=["a cell raises", "a cell warns", "a reference leads nowhere"],
)
def test_build_fails_and_goes_on_failing_when(tiny, cells, text, complaint):
    tiny.write(*cells, text=text)
    for _ in range(2):
        done = build(tiny.root, *STRICT)
        assert done.returncode != 0
        assert complaint in done.stdout


def test_edited_module_shows_on_the_page_and_an_unchanged_book_is_not_run_again(tiny):
    tiny.write(cell(DRAW, **ALT), text="The one page of a book, which prints a word that it takes from a module.")
    assert build(tiny.root, *STRICT).returncode == 0
    assert site_checks.faults(tiny.html, tiny.root) == []
    assert "it says one" in tiny.page()
    style = tiny.root / "_static/custom.css"
    style.write_text(style.read_text(encoding="utf-8") + ".edited { color: red }", encoding="utf-8")
    assert build(tiny.root, *STRICT).returncode == 0
    assert ".edited" in (tiny.html / "_static/custom.css").read_text(encoding="utf-8")
    assert tiny.runs == 1
    tiny.say("two")
    assert build(tiny.root, *STRICT).returncode == 0
    assert "it says two" in tiny.page()
    assert tiny.runs == 2


SAID = """
def say(app, name, source):
    source[0] = source[0].replace("which words", "the {word} words")

def setup(app):
    app.connect("source-read", say)
    return {{"parallel_read_safe": True, "parallel_write_safe": True}}
"""


def test_edited_bibliography_is_read_by_cells_again_and_an_edited_extension_without_them(tiny):
    extension = tiny.root / "_ext/questions.py"
    extension.write_text(SAID.format(word="first"), encoding="utf-8")
    tiny.write(cell("print(open('references.bib').read())"), text="It says which words.")
    assert build(tiny.root, *STRICT).returncode == 0
    assert "the first words" in tiny.page() and tiny.runs == 1
    extension.write_text(SAID.format(word="second"), encoding="utf-8")
    assert build(tiny.root, *STRICT).returncode == 0
    assert "the second words" in tiny.page() and tiny.runs == 1
    (tiny.root / "references.bib").write_text("% an edit that a datasheet may print", encoding="utf-8")
    assert build(tiny.root, *STRICT).returncode == 0
    assert "an edit that a datasheet may print" in tiny.page() and tiny.runs == 2


def test_make_book_finds_a_fault_of_every_kind(tmp_path):
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: one\nchapters:\n  - file: two\n", encoding="utf-8")
    noise = base64.b64encode(random.Random(0).randbytes(2_000_000)).decode()
    (tmp_path / "one.html").write_text(
        f"""<script src="own.js"></script><img src="https://cdn.example/a.png"><a href="nowhere.html">n</a>
        <article class="bd-article"><h1>One</h1><h3>Three</h3></article><p>{noise}</p>""",
        encoding="utf-8",
    )
    (tmp_path / "own.js").write_text("", encoding="utf-8")
    found = site_checks.faults(tmp_path, tmp_path)
    for sign in (
        "two: no page was built",
        "one.html: <img> loads https://cdn.example/a.png",
        "one.html: no alt text for https://cdn.example/a.png",
        "one: 2.67 MB, more than 2.5",
        "one.html: own.js",
        "kB, more than 250",
        "one.html: a description of 0 characters",
        "one.html: nowhere.html is not there",
        "one.html: h3 after h1",
    ):
        assert [fault for fault in found if sign in fault], sign


MEET = """
import time
from pathlib import Path

Path("here-{me}").touch()
open("met", "a").write("{me}")
began = time.monotonic()
while not Path("here-{other}").exists():
    assert time.monotonic() - began < 60, "the other notebook never came"
    time.sleep(0.05)
"""


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor runs one notebook at a time")
def test_notebooks_are_run_side_by_side_and_each_of_them_once(tiny):
    tiny.write(cell(MEET.format(me="a", other="b")))
    one = tiny.root / "intro.ipynb"
    (tiny.root / "second.ipynb").write_text(
        one.read_text(encoding="utf-8").replace(
            json.dumps(MEET.format(me="a", other="b")), json.dumps(MEET.format(me="b", other="a"))
        ),
        encoding="utf-8",
    )
    (tiny.root / "_toc.yml").write_text(
        "format: jb-book\nroot: intro\nchapters:\n  - file: second\n", encoding="utf-8"
    )
    assert build(tiny.root, *STRICT).returncode == 0
    assert sorted((tiny.root / "met").read_text(encoding="utf-8")) == ["a", "b"]


def test_build_that_breaks_off_leaves_no_old_output_to_be_taken_for_new(tiny):
    assert build(tiny.root, *STRICT).returncode == 0
    (tiny.root / "src/actlab/tiny.py").write_text("raise RuntimeError('half-written')\n", encoding="utf-8")
    assert build(tiny.root, *STRICT).returncode != 0
    assert build(tiny.root, *STRICT).returncode != 0
    tiny.say("two")
    assert build(tiny.root, *STRICT).returncode == 0
    assert "it says two" in tiny.page()


def test_scan_finds_a_picture_without_words_and_what_another_host_would_send(tiny):
    away = "https://cdn.example"
    text = f"""
<script src="{away}/a.js"></script>
<script>import("{away}/b.mjs")</script>
<iframe src="//cdn.example/c"></iframe>
<style>@import "{away}/d.css"; p {{ background: url({away}/e.png) }}</style>
<a href="{away}/a-link-is-fine">f</a>
"""
    widget = f"import ipywidgets\nipywidgets.HTML('<img alt=g src={away}/g.png>')"
    tiny.write(cell(DRAW), cell(widget), text=text)
    done = build(tiny.root)
    assert done.returncode == 0, done.stdout[-3000:]
    with (tiny.html / "_static/custom.css").open("a", encoding="utf-8") as css:
        css.write(f"@font-face {{ src: url({away}/h.woff2) }}")
    found = "\n".join(site_checks.foreign(tiny.html))
    unseen = {"a.js", "b.mjs", "c", "d.css", "e.png", "g.png", "h.woff2"} - set(
        re.findall(r"//cdn.example/(\S+)", found)
    )
    assert unseen == set(), found
    assert "a-link-is-fine" not in found
    (picture,) = site_checks.without_alt(tiny.html)
    assert picture.startswith("intro.html: no alt text for _images/")
