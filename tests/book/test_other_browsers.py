"""Pages and labs as the readers of Firefox and WebKit have them, on a phone: by `make browsers`, as it needs both."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import drivers
import pytest
import torch
from chromium import CONTROLS, READY, SEEN, UNRENDERED
from drivers import Browser
from serving import Quiet, served

from actlab import activations, theory

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

# by how much what is read moves at each step upwards from a place that was led to; read is what is drawn, low enough
# to stay in sight
SCROLLED_UP = """async id => {
    const pause = async () => { for (let i = 0; i < 6; i++) await new Promise(requestAnimationFrame); };
    const drawn = () => {
        for (let y = 530; y > 60; y -= 10) {
            const e = document.elementFromPoint(100, y);
            if (e?.closest(".bd-article") && !e.matches("article, section, div")) return e;
        }
    };
    location.hash = `#${id}`;
    await pause();
    const moved = [];
    while (moved.length < 25) {
        const read = drawn(), top = read.getBoundingClientRect().top;
        scrollBy({top: -300, behavior: "instant"});
        await pause();
        moved.push(Math.round(read.getBoundingClientRect().top - top));
    }
    return moved;
}"""

SAID = """quiz => [...quiz.querySelectorAll(".actlab-right, .actlab-wrong")]
    .filter(e => e.checkVisibility()).map(e => e.innerText).join()"""

RIGHT, LEFT, END, ENTER, SPACE = "\ue014", "\ue012", "\ue010", "\ue007", " "


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
def test_a_player_is_there_with_its_controls_and_moves_before_anything_else_is_loaded(browser, watched, page):
    with opened(browser, watched, page):
        player, *_ = _all(browser, ".actlab-player")
        (picture,) = _all(browser, "figure svg", player)
        size = "e => { const {width, height} = e.getBoundingClientRect(); return [width, height]; }"
        width, height = browser.run(size, picture)
        assert width > 300 and height > 150
        assert browser.run("() => window.movingFrames === undefined")
        slider, *_ = _all(browser, "input[type=range]", player)
        assert browser.run(size, slider)[1] >= 43
        # it may stand at its end
        assert any(_changes(browser, player, partial(browser.press, slider, key)) for key in (RIGHT, LEFT))


@pytest.mark.parametrize("page", PAGES)
def test_the_first_player_moves_by_key_and_by_click(browser, watched, page):
    with opened(browser, watched, page):
        browser.run(READY)
        player, *_ = _all(browser, ".actlab-player")
        controls = _all(browser, CONTROLS, player)
        assert controls
        for control in controls:
            assert browser.run("control => control.checkVisibility()", control)
            kind = browser.run("control => control.type", control)
            # a slider may stand at its end
            keys = {"range": [RIGHT, LEFT], "radio": [SPACE]}.get(kind, [ENTER])
            assert any(_changes(browser, player, partial(browser.press, control, key)) for key in keys), browser.run(
                "control => control.outerHTML", control
            )
            if kind == "button" and browser.run("control => control.innerText.trim()", control) == "Pause":
                browser.press(control, ENTER)
        for choice in _all(browser, "fieldset input:checked", player)[:1]:
            assert _changes(browser, player, partial(browser.press, choice, LEFT)), "arrows do not choose"
        for slider in _all(browser, "input[type=range]", player):
            browser.press(slider, END)  # from where a click into its middle moves it
        for place in _all(browser, "input[type=range], label:has([type=radio]:not(:checked))", player)[:2]:
            assert _changes(browser, player, partial(browser.click, place)), "a click changes nothing"


def _changes(browser, player, act):
    before = browser.run(SEEN, player)
    act()
    return browser.wait(f"(player, before) => !['', before].includes(({SEEN})(player))", player, before, seconds=5)


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
                assert browser.wait(f"(quiz, told) => !['', ...told].includes(({SAID})(quiz))", quiz, told)
                told.append(browser.run(SAID, quiz))


def test_a_link_into_a_page_stays_at_its_place_while_mathematics_comes_in(browser, watched):
    top = "() => document.getElementById('mish').getBoundingClientRect().top"
    with opened(browser, watched, "appendix/catalog"):
        browser.run("() => { location.hash = '#mish'; }")
        assert browser.wait(f"() => ({top})() < 300")
        browser.run(READY)
        assert 0 <= browser.run(top) < 300


def test_a_reader_who_scrolls_up_keeps_the_place(browser, watched):
    with opened(browser, watched, CHAPTERS[1]):
        browser.run(READY)
        assert browser.run(SCROLLED_UP, "further-reading") == [300] * 25


def _lab(browser, kind, selector):
    (place,) = _all(browser, f"[data-kind={kind}]")
    return _all(browser, selector, place)


def _named(browser, kind, words):
    """The button of a lab that says so."""
    said = "button => button.innerText.trim()"
    (found,) = [one for one in _lab(browser, kind, "button") if browser.run(said, one) == words]
    return found


def _says(browser, kind, selector):
    return browser.run("place => place.innerText", _lab(browser, kind, selector)[0])


def test_a_network_learns_and_stops_by_click_and_by_key(browser, watched):
    said = "document.querySelector('.lab-numbers').innerText"
    read = f"() => {said}.match(/Update (\\d+). Loss ([\\d.]+)/).slice(1).map(Number)"
    with opened(browser, watched, "lab"):
        browser.run(READY)
        step, loss = browser.run(read)
        assert step == 0
        browser.click(_named(browser, "train", "Play"))
        assert browser.wait(f"() => ({read})()[0] > 100", seconds=60)
        browser.press(_named(browser, "train", "Pause"), ENTER)
        done, less = browser.run(read)
        assert less < loss / 2
        browser.press(_named(browser, "train", "Step"), ENTER)
        assert browser.run(read)[0] == done + 1
        browser.click(_named(browser, "train", "Train from 20 seeds"))
        assert browser.wait("() => document.querySelectorAll('.lab-dot').length === 20", seconds=120)


def test_the_explorer_follows_its_gain_and_the_numbers_lab_its_steps(browser, watched):
    with opened(browser, watched, "lab"):
        browser.run(READY)
        assert browser.wait("() => document.querySelector('[data-kind=explore][data-whole]')", seconds=60)
        assert "gain 1.534" in _says(browser, "explore", ".lab-part .lab-numbers")
        browser.press(_lab(browser, "explore", "input[id$=-gain]")[0], RIGHT)
        assert "gain 1.54" in _says(browser, "explore", ".lab-part .lab-numbers")
    with opened(browser, watched, "numbers"):
        browser.run(READY)
        assert _says(browser, "numbers", ".lab-now .lab-title").startswith("Step 6 of 11")
        browser.click(_named(browser, "numbers", "Next"))
        assert _says(browser, "numbers", ".lab-now .lab-title").startswith("Step 7 of 11")


def test_functions_and_gains_are_those_of_the_package(browser, watched):
    ask = """names => names.map((name) => {
        const {functionOf, gainOf, value} = actlabLab.engine;
        const at = [...Array(81).keys()].map((k) => k / 4 - 10);
        return [...at.map((z) => value(functionOf(name), z)), gainOf(name)];
    })"""
    names = ["relu", "sigmoid", "tanh", "elu", "softplus", "gelu", "silu", "mish", "sine"]
    z = torch.arange(-10, 10.25, 0.25, dtype=torch.float64)
    with opened(browser, watched, "lab"):
        browser.run(READY)
        for name, (*pairs, gain) in zip(names, browser.run(ask, names), strict=True):
            act = activations.get(name)
            ours = torch.stack([act(z), act.slope(z)], dim=1)
            torch.testing.assert_close(torch.tensor(pairs, dtype=z.dtype), ours, rtol=1e-12, atol=1e-14)
            assert gain == pytest.approx(theory.gain(name), rel=1e-9)
