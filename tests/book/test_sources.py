"""The source beside a figure: what is found for a cell, and how it stands on a page."""

import re
import shutil
import sys

import pytest
import site_checks
from site_checks import ROOT, build
from test_book import STRICT, cell, tiny  # noqa: F401

sys.path.insert(0, str(ROOT / "_ext"))
from deeper import around
from sources import Sources, anchor

ALIASES = "from actlab.scenes import tiny as scene"
FILES = {
    "plot": """
def line(ax):
    _helper(ax)


def _helper(ax):
    return ax


BLUE = "#00f"
""",
    "scenes/__init__": "def drawn(fig):\n    return fig\n",
    "scenes/_shared": """
def numbers(n, scale=1):
    return [scale * k for k in range(n)]


def unused():
    return numbers(0)
""",
    "scenes/tiny": '''
"""A scene."""

from actlab import plot

from . import _shared, drawn
from ._shared import numbers as counted

__all__ = ["figure"]

# so many that it shows
MANY = 3
hidden = 5


def figure(n=MANY):
    """A figure: xyzzy."""
    hidden = counted(n)
    return drawn(_bare(hidden))


@staticmethod
def _bare(values):
    ax = plot.BLUE
    plot.line(ax)
    return values


def other():
    return _shared.numbers(hidden)


def away():
    return 0
''',
    "scenes/folder/__init__": "from .parts import piece\n",
    "scenes/folder/parts": "from .. import drawn\n\n\ndef piece():\n    return drawn(1)\n",
}


@pytest.fixture
def package(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / "src/actlab" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Sources(tmp_path / "src/actlab")


TINY, SHARED = "scenes.tiny", "scenes._shared"


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("scene.figure()", [(TINY, "figure")]),
        ("x = [scene.other(), scene.figure(), scene.other()]", [(TINY, "other"), (TINY, "figure")]),
        ("from actlab.scenes.tiny import figure as f\nf()", [(TINY, "figure")]),
        ("import actlab.scenes.tiny as t\nt.MANY", [(TINY, "MANY")]),
        ("from actlab.scenes import folder\nfolder.piece()", [("scenes.folder.parts", "piece")]),
        ("from actlab import plot\nplot.line(None)", []),
        ("%pip install figure\nscene.figure()", [(TINY, "figure")]),
        ("%%bash\nscene.figure(", []),
        ("print('scene.figure()')", []),
    ],
)
def test_what_a_cell_calls_of_the_scenes_is_found_by_the_names_of_its_page(package, cell, found):
    assert package.mentioned([ALIASES, cell]) == [[], found]


def test_what_no_scene_has_is_said(package):
    with pytest.raises(LookupError, match=r"there is no gone in actlab\.scenes\.tiny"):
        package.mentioned([ALIASES, "scene.gone()"])


def test_behind_a_call_is_what_it_is_made_of_within_the_scenes_and_what_plot_draws_for_it(package):
    assert package.behind([(TINY, "figure")]) == [
        (TINY, "figure"), (TINY, "MANY"), (TINY, "_bare"), (SHARED, "numbers"), ("scenes", "drawn"), ("plot", "line"),
    ]  # fmt: skip
    assert package.behind([(TINY, "other")]) == [(TINY, "other"), (TINY, "hidden"), (SHARED, "numbers")]


def test_a_definition_comes_whole_with_its_decorator_and_the_comment_above_it(package):
    assert package.text((TINY, "_bare")).text.startswith("@staticmethod\ndef _bare(values):\n")
    assert package.text((TINY, "_bare")).text.endswith("return values")
    assert package.text((TINY, "MANY")).text == "# so many that it shows\nMANY = 3"


def test_every_definition_of_a_scene_of_the_book_can_be_found():
    sources = Sources(ROOT / "src/actlab")
    for file in (ROOT / "src/actlab/scenes").rglob("*.py"):
        module = ".".join(file.relative_to(ROOT / "src/actlab").with_suffix("").parts).removesuffix(".__init__")
        for name in sources.module(module).definitions:
            assert (module, name) in sources.behind([(module, name)])


# --- on a page


def page(book):
    return site_checks._soups(book.html / "intro.html")[0]


@pytest.fixture
def scenic(tiny, package):  # noqa: F811
    """The book of one page, with the scenes above."""
    imports = f"{ALIASES}\nfrom actlab.scenes.tiny import figure\nprint(scene.figure())"
    cells = [cell(f"import sys; sys.path.insert(0, 'src')\n{imports}", tags=["hide-input"])]
    cells += [cell("scene.figure(), scene.other()", tags=["hide-cell"]), cell("scene.away()")]
    cells += [
        cell("print('unrelated')", tags=["hide-input"]),
        cell("# Checks: that one is one.\nassert 1 == 1", tags=["hide-cell"]),
    ]
    tiny.write(*cells, text="A page whose cells call scenes, and which says so, so that it can be described.")
    shutil.copyfile(ROOT / "src/actlab/__init__.py", tiny.root / "src/actlab/__init__.py")
    return tiny


def test_the_source_of_a_figure_is_in_the_fold_of_its_code_once_a_page_and_follows_the_file(scenic):
    done = build(scenic.root, *STRICT)
    assert done.returncode == 0, done.stdout[-3000:]
    folds = page(scenic).select("details.hide")
    said = [fold.select_one(".collapsed").text for fold in folds]
    kinds = ["Show the code", "Show the code and its output", "Show the source", "Show the code", "Show the checks"]
    assert said == kinds
    first, second, beside, unrelated, _ = folds
    assert "def figure(" in first.text and "scene.figure()" in first.text and "def line(" in first.text
    assert first.select(".actlab-definition .highlight-python span.k"), "it is highlighted"
    assert "def figure(" not in second.text and "def other(" in second.text
    assert "scene.away()" not in beside.text and "def away()" in beside.text
    assert not unrelated.select(".actlab-source")
    for name in ("def figure(", "def numbers(", "def drawn(", "MANY = 3"):
        assert page(scenic).text.count(name) == 1
    (link,) = second.select(".actlab-source a.reference")
    assert link["href"] == f"#{anchor((TINY, 'figure'))}"
    assert first.find(id=anchor((TINY, "figure"))).text.strip().startswith("def figure(")
    assert site_checks.astray(scenic.html) == []
    index = (scenic.html / "searchindex.js").read_text(encoding="utf-8")
    assert "unrel" in index and "xyzzy" not in index, "the search finds what the book says, not what it is made of"

    file = scenic.root / "src/actlab/scenes/tiny.py"
    file.write_text(file.read_text(encoding="utf-8").replace("xyzzy", "quux"), encoding="utf-8")
    assert build(scenic.root, *STRICT).returncode == 0
    assert "quux" in page(scenic).text and "xyzzy" not in page(scenic).text


def test_a_cell_that_calls_what_no_scene_has_fails_the_build_even_if_it_runs(scenic):
    scenic.write(cell(f"{ALIASES.replace('tiny', '_shared')}\nassert not hasattr(scene, 'gone') or scene.gone()"))
    scenic.root.joinpath("src/actlab/tiny.py").write_text("import sys; sys.path.insert(0, 'src'); WORD = 1\n")
    done = build(scenic.root, *STRICT)
    assert done.returncode != 0
    assert re.search(r"intro\.ipynb.*there is no gone in actlab\.scenes\._shared", done.stdout)


# --- the thread of the course


def test_who_reads_on_from_a_chapter_passes_the_deeper_pages_and_from_those_comes_back():
    order = ["intro", "chapters/01_a", "chapters/deeper/01_b", "chapters/deeper/01_c", "chapters/02_d"]
    above = {"chapters/deeper/01_b": "chapters/01_a", "chapters/deeper/01_c": "chapters/01_a"}
    relations = {
        name: [above.get(name, "intro"), before, after]
        for before, name, after in zip([None, *order], order, [*order[1:], None], strict=False)
    }
    assert [around(name, relations) for name in order] == [
        (None, "chapters/01_a"), ("intro", "chapters/02_d"), ("chapters/01_a", "chapters/02_d"),
        ("chapters/01_a", "chapters/02_d"), ("chapters/01_a", None),
    ]  # fmt: skip
