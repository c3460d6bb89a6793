"""What makes the pages light: _ext/light.py, in a build whose theme is the one it was written for and in one where it
is not; _static/light.js and _static/players.js, in Chromium, on a page of two players and a quiz, also where
something of it does not load."""

import functools
import html
import http.server
import shutil
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from playwright.sync_api import Browser, Page
from site_checks import ROOT, build
from test_book import STRICT, Tiny, cell

sys.path.insert(0, str(ROOT / "_ext"))
import light
import markup
import packed
import players

SLIDER = players.Control("slider", "layer", ("1", "2", "5"), 0)
CHOICE = players.Control("choice", "kind", ("relu", "tanh"), 1)
ANSWERS = players.Control("choice", "", ("yes", "no"), None)


def _frames(*names):
    return tuple(f'<figure role="img" aria-label="{name}"><p>{name}</p></figure>' for name in names)


MOVING = [
    players.Moving(None, (SLIDER,), 200, _frames("one", "two", "five")),
    players.Moving(None, (CHOICE, SLIDER), None, _frames("r1", "r2", "r5", "t1", "t2", "t5")),
    players.Moving("Is it?", (ANSWERS,), None, ("<p>so it is</p>", r"<p>\(it\) is not</p>")),
]
DRAWN = "".join(players.drawn(moving, i) for i, moving in enumerate(MOVING)).replace(
    " data-moving", ' data-pictures="page.players.js?v=1" data-moving'
)
PAGE = f"""<!doctype html><html data-content_root=""><head><meta charset="utf-8"><title>t</title>
<link rel="icon" href="data:,">
<script defer src="_static/light.js"></script><script defer src="_static/players.js"></script></head><body>
<p class="math">a</p><p class="math" id="bad">b</p><p class="math">c</p>
<div style="height: 9000px"></div><p class="math">d</p>{DRAWN}</body></html>"""

# MathJax as light.js uses it: it sets what it is given, and breaks off at one formula
MATHJAX = """window.MathJax = {...window.MathJax, startup: {promise: Promise.resolve()}};
MathJax.typesetPromise = async (elements) => {
    for (const element of elements) {
        if (element.id === "bad") throw new Error("this formula breaks it");
        element.append(document.createElement("mjx-container"));
    }
};"""
SET = "() => [...document.querySelectorAll('.math')].filter(m => m.querySelector('mjx-container')).length"


class Faulty(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; the names in `fails` are answered with an error as often as it says."""

    fails: dict[str, int]

    def do_GET(self):
        name = Path(self.path.partition("?")[0]).name
        if self.fails.get(name, 0) > 0:
            self.fails[name] -= 1
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path, dict[str, int]]]:
    """Its address, its folder, and how often a file of it is not to be had."""
    for name, text in {
        "page.html": PAGE,
        "page.players.js": players.beside(MOVING),
        "_static/vendor/mathjax/tex-chtml-full.js": MATHJAX,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("light.js", "players.js"):
        shutil.copy(ROOT / "_static" / name, tmp_path / "_static")
    handler = type("Handler", (Faulty,), {"fails": {}})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/page.html", tmp_path, handler.fails
        server.shutdown()
        thread.join()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab in which no error goes unhandled."""
    context = browser.new_context(viewport={"width": 800, "height": 600})
    tab, errors = context.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


def test_mathematics_that_was_not_to_be_had_comes_when_it_is(site, tab):
    address, _, fails = site
    fails["tex-chtml-full.js"] = 1
    tab.goto(address)
    tab.wait_for_function(f"({SET})() == 2", timeout=30_000)  # of the three on the screen; the bad one stays
    assert fails["tex-chtml-full.js"] == 0


def test_a_formula_that_breaks_off_stops_none_of_the_later_ones(site, tab):
    address, _, _ = site
    tab.goto(address)
    tab.wait_for_function(f"({SET})() == 2", timeout=30_000)
    tab.evaluate("() => loadWhole()")
    assert tab.evaluate(SET) == 3
    assert tab.evaluate("() => !document.querySelector('#bad mjx-container')")


SEEN = "player => player.querySelector('.actlab-frame').innerText"
SHOWS = "([player, words]) => player.querySelector('.actlab-frame').innerText === words"


def _shows(tab, player, words):
    tab.wait_for_function(SHOWS, arg=[player.element_handle(), words], timeout=20_000)
    assert player.get_attribute("aria-busy") is None and not player.locator(".actlab-said").inner_text()


def test_a_slider_shows_the_picture_of_each_place_and_says_it(site, tab):
    address, _, _ = site
    tab.goto(address)
    player = tab.locator(".actlab-player").first
    slider = player.get_by_role("slider", name="layer")
    slider.focus()
    for key, words, place in [
        ("ArrowRight", "two", "2"), ("ArrowRight", "five", "5"), ("ArrowRight", "five", "5"), ("Home", "one", "1"),
        ("End", "five", "5"), ("ArrowLeft", "two", "2"),
    ]:  # fmt: skip
        tab.keyboard.press(key)
        _shows(tab, player, words)
        assert slider.get_attribute("aria-valuetext") == player.locator("output").inner_text() == place
    assert tab.locator("[data-moving='1'] .actlab-frame").inner_text() == "t1", "another player was moved"


def test_a_choice_goes_by_arrows_and_by_clicks_and_keeps_the_place_of_the_slider(site, tab):
    address, _, _ = site
    tab.goto(address)
    player = tab.locator(".actlab-player").nth(1)
    assert player.evaluate(SEEN) == "t1"
    player.get_by_role("slider").press("End")
    _shows(tab, player, "t5")
    player.get_by_role("radio", name="tanh").focus()
    tab.keyboard.press("ArrowLeft")
    _shows(tab, player, "r5")
    player.locator("label", has_text="tanh").click()
    _shows(tab, player, "t5")


def test_play_goes_on_to_the_end_and_begins_again_and_stops_when_it_is_told_to_or_its_control_is_moved(site, tab):
    address, _, _ = site
    tab.clock.install()
    tab.clock.pause_at(tab.evaluate("() => Date.now()") / 1000 + 60)
    tab.goto(address)
    tab.evaluate("() => { loadPictures(); }")
    tab.wait_for_function("() => window.movingFrames", polling=50)
    player = tab.locator(".actlab-player").first
    tab.evaluate("""() => {
        window.seen = [];
        const frame = document.querySelector(".actlab-frame");
        new MutationObserver(() => seen.push(frame.innerText)).observe(frame, {childList: true});
    }""")
    button, slider = player.locator(".actlab-play"), player.get_by_role("slider")
    for expected in (["two", "five"], ["one", "two", "five"]):
        button.press("Enter")
        assert button.inner_text().strip() == "Pause"
        tab.clock.run_for(1000)
        assert button.inner_text().strip() == "Play"
        assert tab.evaluate("() => seen.splice(0)") == expected
    for stop, left in ((button.click, "one"), (lambda: slider.press("ArrowRight"), "two")):
        button.click()  # at the end, so that it begins with the first
        assert button.inner_text().strip() == "Pause"
        stop()
        assert button.inner_text().strip() == "Play"
        tab.clock.run_for(1000)
        assert player.evaluate(SEEN) == left
        slider.press("End")


def test_an_answer_is_explained_and_its_formula_set(site, tab):
    address, _, _ = site
    tab.goto(address)
    quiz = tab.locator(".actlab-quiz")
    assert quiz.evaluate(SEEN) == ""
    quiz.get_by_role("radio", name="yes").press("Space")
    _shows(tab, quiz, "so it is")
    tab.keyboard.press("ArrowDown")
    tab.wait_for_function("() => document.querySelector('.actlab-quiz .actlab-frame mjx-container')")
    assert "is not" in quiz.evaluate(SEEN)


def test_the_pictures_are_not_loaded_before_a_reader_has_begun_and_then_once(site, tab):
    address, folder, _ = site
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    (folder / "page.html").write_text(PAGE.replace("9000px", "9px"), encoding="utf-8")
    tab.goto(address, wait_until="networkidle")
    assert not [url for url in asked if "players.js?v" in url]
    tab.mouse.move(5, 5)
    tab.wait_for_function("() => window.movingFrames")
    tab.get_by_role("slider").first.press("End")
    assert len([url for url in asked if "players.js?v" in url]) == 1


def test_a_control_that_is_moved_before_the_pictures_are_there_shows_where_it_was_left(site, tab):
    address, _, fails = site
    fails["page.players.js"] = 1
    tab.clock.install()
    tab.goto(address)
    player = tab.locator(".actlab-player").nth(1)
    player.get_by_role("slider").press("ArrowRight")
    tab.wait_for_function("() => document.querySelector('[data-moving=\"1\"] .actlab-said').innerText")
    told = player.locator("[role=status]")
    assert told.inner_text() == "The picture did not load. Trying again …"
    assert player.evaluate(SEEN) == "t1" and player.get_attribute("aria-busy") == "true"
    assert player.locator("output").inner_text() == "2"
    player.locator("label", has_text="relu").click()  # and this tries at once
    _shows(tab, player, "r2")


def test_pictures_that_were_not_to_be_had_come_when_they_are(site, tab):
    address, _, fails = site
    fails["page.players.js"] = 2
    tab.goto(address)
    assert tab.evaluate("() => loadWhole().then(() => 'came', () => 'failed')") == "failed"
    player = tab.locator(".actlab-player").first
    player.get_by_role("slider").press("End")
    _shows(tab, player, "five")
    assert fails["page.players.js"] == 0


def test_a_reader_is_told_when_it_is_no_use_to_wait_and_may_try_again(site, tab):
    address, _, fails = site
    fails["page.players.js"] = 99
    tab.clock.install()
    tab.goto(address)
    quiz = tab.locator(".actlab-quiz")
    quiz.get_by_role("radio", name="no").check()
    told = quiz.locator("[role=status]")
    for _ in range(40):
        tab.clock.run_for(1000)
        if "once more" in told.inner_text():
            break
    assert told.inner_text() == "The answer did not load. Choose once more to try again."
    asked = 99 - fails["page.players.js"]
    tab.clock.run_for(60_000)
    assert 99 - fails["page.players.js"] <= asked + 5, "it goes on for ever"
    fails.clear()
    quiz.get_by_role("radio", name="yes").check()
    _shows(tab, quiz, "so it is")


# --- the pages as they are built: what _ext/light.py does to them, and what it says where it finds nothing to do


def test_a_rule_changes_the_tags_that_it_finds_and_nothing_else_to_the_byte():
    page = (
        "<!DOCTYPE html>\r\n<P Class='a  b'>&lt;pre&gt; &copy;\n <!-- <pre> --><svg viewBox='0 0 1 1'><g/></svg>\n"
        "<script>let a = '<pre>';</script><pre\n  id=one hidden>\n x &amp; y</pre><br/>"
        "<a href=#>R&amp;D <b>now</b></a><i></i>"
    )
    rules = [
        markup.Rule("pre", lambda tag: tag.name == "pre", lambda tag: tag.but(tabindex="0", id=None)),
        markup.Rule("i", lambda tag: tag.name == "i", lambda tag: tag.but(aria_label=html.unescape(tag.link))),
        markup.Rule("never", lambda tag: "none" in tag.classes, lambda tag: ""),
    ]
    text, used = markup.changed(page, rules)
    assert text == page.replace("<pre\n  id=one hidden>", '<pre hidden tabindex="0">').replace(
        "<i>", '<i aria-label="R&amp;D now">'
    )
    assert used == {"pre": 1, "i": 1}


def test_a_rule_for_whole_elements_has_what_stands_in_them():
    rules = [
        markup.Rule("code", lambda tag: tag.get("type") == "code", lambda tag, inner: inner.upper(), whole=True),
        markup.Rule("b", lambda tag: tag.name == "b", lambda tag: "<strong>"),
    ]
    text, used = markup.changed("<b>1</b><script type='code'>\n<b>é</b></script><b>2", rules)
    assert text == "<strong>1</b>\n<B>É</B><strong>2" and used == {"code": 1, "b": 2}


def test_the_style_sheet_keeps_what_may_match_and_is_parsed_for_it(tmp_path):
    (tmp_path / "more.css").write_text("@charset 'utf-8'; .there{color:red}", encoding="utf-8")
    sheet = tmp_path / "a.css"
    sheet.write_text(
        "@import 'more.css';/*! whose */ /* .gone */ .gone{a:b} p,.there .gone,.there{c:d} .gone{}\n"
        "@media (min-width: 1px){.gone{a:b} :is(.gone,p) .there{e:f}} [x='.gone,{']:not(.gone){g:'}'}\n"
        "@media print{.gone{a:b}}\n"
        ".icon::before{content:'\\f002'} @font-face{font-family:F;src:url(fonts/fa-x-1.woff2) format('woff2')}",
        encoding="utf-8",
    )
    text = packed.pack([sheet], {"there", "icon"})
    assert ".gone{" not in text and "@media print" not in text and text.count("@charset") == 1
    assert text.index(".there{color:red}") < text.index("/*! whose */") < text.index("p,.there{c:d}")
    assert "@media (min-width: 1px){:is(.gone,p) .there{e:f}}" in text
    assert """:not(.gone){g:"}"}""" in text and "src:url(" in text


OTHER_THEME = '''
from pathlib import Path

import light
from myst_nb.sphinx_ import HideCodeCellNode
import pydata_sphinx_theme

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme"


def other(app, config):
    """The templates of the theme with other names in them."""
    for file, old, new in [
        ("static/webpack-macros.html", "fontawesome.js", "icons.js"),
        ("static/webpack-macros.html", 'rel="preload"', 'rel="prefetch"'),
        ("layout.html", 'id="pst-primary-sidebar"', 'id="pst-menu"'),
        ("layout.html", "language_data.js", "language.js"),
        ("components/search-button-field.html", "aria-label", "data-label"),
    ]:
        name = {"layout.html": "pydata_sphinx_theme/layout.html"}.get(file, file.removeprefix("components/"))
        target = Path(app.srcdir) / "other" / name
        text = (target if target.is_file() else THEME / file).read_text(encoding="utf-8")
        assert old in text
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace(old, new), encoding="utf-8")
    config.templates_path.insert(0, str(Path(app.srcdir) / "other"))
    put = lambda tag: lambda self, node: self.body.append(tag)
    app.add_node(HideCodeCellNode, override=True, html=(put("<details><summary>"), put("</details>")))


def unprinted(app, pagename, templatename, context, doctree):
    for group in context["header_buttons"]:
        for button in group.get("buttons", ()):
            button.pop("javascript", None) and button.update(javascript="print()")


def unnamed(app, exception):
    fonts = "vendor/fontawesome/webfonts"
    for name in ("styles/theme.css", "scripts/pydata-sphinx-theme.js", f"{fonts}/fa-solid-900.woff2"):
        file = Path(app.outdir, "_static", name)
        file.rename(file.with_name(f"new-{file.name}"))


def setup(app):
    light.version = lambda name: "9.9"
    app.connect("config-inited", other)
    app.connect("html-page-context", unprinted, priority=600)
    app.connect("build-finished", unnamed, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
'''


@pytest.fixture(scope="module")
def warned(tmp_path_factory) -> str:
    """What a build says whose theme has other files, and the same ones with other markup in them."""
    book = Tiny(tmp_path_factory.mktemp("theme"))
    (book.root / "_ext/questions.py").write_text(OTHER_THEME, encoding="utf-8")
    book.write(
        cell("print(1)", tags=["hide-input"]), text="The one page of a book whose theme is not the one we know."
    )
    done = build(book.root, *STRICT)
    assert done.returncode == 1, "a warning fails the build"
    return done.stdout


NO_LONGER = [
    "written for sphinx-book-theme <1.5,>=1.3, and 9.9 is installed",
    "the script fontawesome.js",
    "the scripts that are fetched ahead",
    "the script language_data.js of the search",
    "the column with the menu, pst-primary-sidebar",
    "the name of the button of the search, search-button-field",
    "the name of what folds code",
    "the button that prints",
    "no style sheet theme.css",
    "pydata-sphinx-theme.js",
    "no font ../vendor/fontawesome/webfonts/fa-solid-900.woff2",
]


@pytest.mark.parametrize("what", NO_LONGER)
def test_a_build_says_what_it_no_longer_finds_in_a_theme(warned, what):
    assert len([line for line in warned.splitlines() if "WARNING: light" in line and what in line]) == 1


def test_it_says_nothing_of_what_it_still_finds(warned):
    assert f" {len(NO_LONGER)} warnings." in warned, warned


def test_every_rule_is_missed_where_it_must_find_something():
    missed = []
    page = light.Page(SimpleNamespace(app=None, miss=lambda what, where: missed.append(what)), "a/page", None)
    rules = [rule for rules in (light.HEAD, light.EXTRAS, light.SEARCHING, light.CONTENT) for rule, _ in rules]
    assert (
        page._changed("<p>Nothing of it.</p>", [(rule, lambda page: True) for rule in rules])
        == "<p>Nothing of it.</p>"
    )
    assert missed == [rule.name for rule in rules] and len(set(missed)) == len(missed)


def test_the_theme_is_bounded_where_it_is_installed_as_where_it_is_built():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    needs = [Requirement(text) for extra in extras.values() for text in extra]
    (theme,) = [need for need in needs if need.name == "sphinx-book-theme"]
    assert theme.specifier == light.THEME
