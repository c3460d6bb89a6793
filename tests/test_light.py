"""What _static/light.js does where something of a page does not load, in Chromium, on a page of three widgets."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from site_checks import ROOT
from test_browser import browser  # noqa: F401

STILLS = "".join(
    f'<div><div class="actlab-first"><p><button>{i}</button></p></div><div class="widget-subarea" id="w{i}"></div>'
    "</div>"
    for i in range(3)
)
PAGE = f"""<!doctype html><html data-content_root=""><head><title>t</title><link rel="icon" href="data:,">
<script defer src="_static/light.js"></script></head><body>
<p class="math">a</p><p class="math" id="bad">b</p><p class="math">c</p>
<div style="height: 9000px"></div><p class="math">d</p>{STILLS}</body></html>"""

# MathJax as light.js uses it: it sets what it is given, and breaks off at one formula
MATHJAX = """window.MathJax = {...window.MathJax, startup: {promise: Promise.resolve()}};
MathJax.typesetPromise = async (elements) => {
    for (const element of elements) {
        if (element.id === "bad") throw new Error("this formula breaks it");
        element.append(document.createElement("mjx-container"));
    }
};"""
EMBED = """addEventListener("load", () => {
    for (const id of WIDGETS) document.getElementById(id).append(document.createElement("button"));
});"""
SET = "() => [...document.querySelectorAll('.math')].filter(m => m.querySelector('mjx-container')).length"


class Faulty(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; the names in `fails` are answered with an error as often as it says."""

    fails: dict[str, int]

    def do_GET(self):
        name = Path(self.path).name
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
        "page.widgets.js": "window.widgetState = {};",
        "_static/vendor/mathjax/tex-chtml-full.js": MATHJAX,
        "_static/vendor/html-manager/embed.js": EMBED.replace("WIDGETS", '["w0", "w1", "w2"]'),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "_static/light.js", tmp_path / "_static")
    handler = type("Handler", (Faulty,), {"fails": {}})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/page.html", tmp_path, handler.fails
        server.shutdown()
        thread.join()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:  # noqa: F811
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


def test_widgets_that_were_not_to_be_had_come_with_the_next_click(site, tab):
    address, _, fails = site
    for name in ("page.widgets.js", "embed.js"):
        fails[name] = 1
    tab.goto(address)
    for _ in range(2):
        assert tab.evaluate("() => loadWhole().then(() => 'came', () => 'failed')") == "failed"
    tab.locator("button", has_text="1").click()
    tab.wait_for_function("() => document.querySelectorAll('.widget-subarea > button').length == 3", timeout=30_000)
    assert tab.locator(".actlab-first").count() == 0
    assert tab.locator('script[type="application/vnd.jupyter.widget-state+json"]').count() == 1


def test_one_widget_that_fails_holds_up_neither_the_others_nor_the_page(site, tab):
    address, folder, _ = site
    embed = folder / "_static/vendor/html-manager/embed.js"
    embed.write_text(EMBED.replace("WIDGETS", '["w0", "w2"]'), encoding="utf-8")
    tab.clock.install()
    tab.goto(address)
    tab.evaluate("() => { loadWhole().then(() => document.body.dataset.whole = 'yes'); }")
    tab.clock.run_for(1000)
    tab.wait_for_function("() => document.querySelectorAll('.widget-subarea > button').length == 2", timeout=30_000)
    assert tab.locator(".actlab-first").all_inner_texts() == ["1"], "what did not come keeps its picture"
    tab.clock.run_for(30_000)
    tab.wait_for_function("() => document.body.dataset.whole == 'yes'", timeout=30_000)
