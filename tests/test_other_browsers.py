"""Three pages as the readers of Firefox and of WebKit have them, on a phone: by `make browsers`, as it needs both."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import drivers
import pytest
from drivers import Browser
from serving import Quiet, served
from test_browser import CONTROLS, READY, SEEN, UNRENDERED

pytestmark = pytest.mark.browsers

CHAPTERS = ("chapters/03_tanh", "chapters/06_softmax_stability")  # sliders, rows of buttons, Play; quizzes
PAGES = ("intro", *CHAPTERS)
PHONE = (390, 844)

# neither protocol tells what went wrong in a page, so the page itself does, from before its first script
WATCH = """<head><script>
    window.complaints = [];
    addEventListener("error", e => complaints.push(`error: ${e.message ?? e.target.outerHTML}`), true);
    addEventListener("unhandledrejection", e => complaints.push(`rejected: ${e.reason}`));
    addEventListener("securitypolicyviolation", e => complaints.push(`asks ${e.blockedURI}`));
    console.error = (...said) => complaints.push(`console: ${said.join(" ")}`);
</script>"""
OWN = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
# a window has a least width, that of its buttons; a frame has none
FRAME = '<!doctype html><style>* {{ margin: 0; border: 0 }}</style><iframe width={} height={} src="/{}"></iframe>'

RIGHT, LEFT, ENTER, SPACE = "\ue014", "\ue012", "\ue007", " "


class Watched(Quiet):
    """Serves each page with a script that notes its faults, and at /phone/ the page in a frame of a phone's size."""

    def do_GET(self):
        path = self.path.removeprefix("/phone/")
        if path != self.path:
            self._answer(FRAME.format(*PHONE, path))
        elif path.endswith(".html"):
            with open(self.translate_path(path), encoding="utf-8") as page:
                self._answer(page.read().replace("<head>", WATCH, 1), OWN)
        else:
            super().do_GET()

    def _answer(self, text, policy="default-src 'self' 'unsafe-inline'"):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture(scope="module")
def watched(book) -> Iterator[str]:
    with served(book, Watched) as address:
        yield address


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def browser(request, in_ci: bool) -> Iterator[Browser]:
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(getattr(drivers, request.param)())
        except drivers.Missing as missing:
            reason = f"{str(missing).upper()} IS NOT INSTALLED: no page was tried in {request.param}"
            if in_ci:
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser


@contextmanager
def opened(browser: Browser, watched: str, page: str) -> Iterator[None]:
    """A page of the book as it is before anybody has touched it. By its end no complaint may have come up."""
    browser.open(f"{watched}/phone/{page}.html")
    assert browser.run("() => [innerWidth, innerHeight]") == list(PHONE)
    yield
    assert browser.run("() => complaints") == []


def _all(browser, selector, within=None):
    return browser.run("(place, selector) => [...(place ?? document).querySelectorAll(selector)]", within, selector)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_typeset_and_fits_a_phone(browser, watched, page):
    with opened(browser, watched, page):
        browser.run(READY)
        assert browser.run(UNRENDERED) == []
        assert page == "intro" or len(_all(browser, ".math mjx-container")) > 20
        wide, room = browser.run(
            "() => { const {body, documentElement: root} = document;"
            " return [Math.max(body.scrollWidth, root.scrollWidth), root.clientWidth]; }"
        )
        assert wide <= room, "the page scrolls sideways"


@pytest.mark.parametrize("page", PAGES)
def test_a_still_player_gets_its_controls_by_its_button(browser, watched, page):
    with opened(browser, watched, page):
        still, *_ = _all(browser, ".actlab-first.actlab-player")
        (picture,) = _all(browser, "figure svg", still)
        size = "e => { const {width, height} = e.getBoundingClientRect(); return [width, height]; }"
        width, height = browser.run(size, picture)
        assert width > 300 and height > 150
        assert _all(browser, ".widget-subarea > *") == []
        (button,) = _all(browser, "button", still)
        browser.click(button)
        assert browser.wait("() => document.activeElement.closest('.widget-subarea .actlab-player')")
        assert _all(browser, ".actlab-first") == []


@pytest.mark.parametrize("page", PAGES)
def test_the_first_player_moves_by_key_and_by_click(browser, watched, page):
    with opened(browser, watched, page):
        browser.run(READY)
        player, *_ = _all(browser, ".actlab-player")
        controls = _all(browser, CONTROLS, player)
        assert controls
        for control in controls:
            if browser.run("control => control.checkVisibility()", control):
                is_slider = browser.run("control => control.matches('.noUi-handle')", control)
                # a slider may stand at its end
                assert any(
                    _changes(browser, player, partial(browser.press, control, key))
                    for key in ([RIGHT, LEFT] if is_slider else [ENTER])
                ), browser.run("control => control.outerHTML", control)
                if _all(browser, ".widget-play", player):
                    time.sleep(0.9)  # Play goes on to a second state, so that Stop, which goes to the first, shows
        # the middle of a slider is not where its handle stands by now
        for place in _all(browser, ".noUi-base, .widget-toggle-button:not(.mod-active)", player)[:1]:
            assert _changes(browser, player, partial(browser.click, place)), "a click changes nothing"


def _changes(browser, player, act):
    before = browser.run(SEEN, player)
    act()
    return browser.wait(f"(player, before) => ({SEEN})(player) !== before", player, before, seconds=5)


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_quiz_says_its_reason_by_key_and_by_click(browser, watched, page):
    with opened(browser, watched, page):
        browser.run(READY)
        for quiz in _all(browser, ".actlab-quiz"):
            assert _all(browser, ".actlab-right, .actlab-wrong", quiz) == []
            first, second, *_ = _all(browser, "input[type=radio]", quiz)
            told = []
            for choose in (partial(browser.press, first, SPACE), partial(browser.click, second)):
                choose()
                says = "(quiz, told) => { const said = quiz.querySelector('.actlab-right, .actlab-wrong')?.innerText;"
                says += " return told.includes(said) ? null : said; }"
                assert browser.wait(says, quiz, told)
                told.append(browser.run(says, quiz, told))
