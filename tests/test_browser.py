"""The pages as a reader has them: in Chromium, wide and narrow, light and dark, with a keyboard and no kernel."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import site_checks
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from site_checks import NO_BROWSER, ROOT

from actlab import guide

PAGES = [*site_checks.pages(), "search", "genindex"]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/") and (ROOT / f"{page}.ipynb").is_file()]
WIDTHS = (1280, 390)
AXE = ROOT / "tests/vendor/axe.min.js"
# as root Chromium has no sandbox; the others keep it from calling home
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

READY = """async () => {
    const tooLong = new Promise((_, fail) => setTimeout(() => fail(new Error("the widgets never came")), 90_000));
    await Promise.race([loadWhole(), tooLong]);
    const views = document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]');
    while ([...views].some(view => !view.parentElement.querySelector(".jupyter-widgets, .lm-Widget")))
        await new Promise(requestAnimationFrame);
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
}"""
UNDESCRIBED = "() => [...document.images].filter(i => !i.alt.trim()).map(i => i.outerHTML.slice(0, 100))"
DISTORTED = """() => [...document.querySelectorAll(".bd-article img[width]")]
    .map(i => [i, i.width / i.height, i.getAttribute("width") / i.getAttribute("height")])
    .filter(([i, shown, stored]) => i.width && Math.abs(shown / stored - 1) > 0.02)
    .map(([i]) => `${i.width} x ${i.height}: ${i.alt}`)"""
UNRENDERED = r"""() => {
    const faults = [...document.querySelectorAll("mjx-merror, .MathJax_Error, [data-mjx-error]")]
        .map(e => "an error: " + e.textContent);
    for (const math of document.querySelectorAll(".math"))
        if (!math.querySelector("mjx-container")) faults.push("left as it was: " + math.textContent.slice(0, 60));
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const {parentElement, data} = walker.currentNode;
        if (/\\\(|\\\[|\$\$/.test(data) && !parentElement.closest("script, style, pre, code, .math"))
            faults.push("raw: " + data.trim().slice(0, 60));
    }
    return faults;
}"""
# a hidden page of a Stack is not in the document, so what is there is what is seen
SEEN = 'player => [...player.querySelectorAll("figure")].map(f => f.ariaLabel + f.innerHTML).join()'
CONTROLS = ".noUi-handle, .widget-toggle-button:not(.mod-active), .widget-play button"
# axe looks at the whole page at once; the page lays out what is far from the screen only when it comes near
DRAWN = "* { content-visibility: visible !important; }"
VIOLATIONS = """async () => {
    const rules = {"target-size": {enabled: true}};  // one of WCAG 2.2, off unless asked for
    const {violations} = await axe.run(document, {rules, resultTypes: ["violations"]});
    return violations.flatMap(v => v.nodes.map(n => `${v.impact} ${v.id}: ${n.target} ${n.html.slice(0, 150)}`));
}"""
# of WCAG's 2.5.8: a finger finds 24 px, but for links in a line of text; a choice is pressed on its words as well
SMALL = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, .noUi-touch-area")]
    .filter(e => e.checkVisibility() && !(e.matches("a") && getComputedStyle(e).display === "inline"))
    .map(e => [e, (e.closest("label") || e).getBoundingClientRect()])
    .filter(([e, {width, height}]) => width && height && Math.min(width, height) < 23.9)
    .map(([e, {width, height}]) => `${width} x ${height}: ${e.outerHTML.slice(0, 100)}`)"""
MOVING = """() => [...document.querySelectorAll("*")].filter(e => {
    const {animationName, transitionDuration, scrollBehavior} = getComputedStyle(e);
    return animationName !== "none" || parseFloat(transitionDuration) || scrollBehavior === "smooth";
}).map(e => e.outerHTML.slice(0, 100))"""


def chromium() -> str | None:
    """The path of the Chromium that is installed here."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser(in_ci: bool) -> Iterator[Browser]:
    if not chromium():
        if in_ci:
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, site: str, page: str, width: int = 1280) -> Iterator[Page]:
    """A page of the book, when its mathematics and widgets are there. By its end no complaint may have come up."""
    complaints = []
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    tab = context.new_page()
    tab.on("console", lambda said: complaints.append(f"console: {said.text}") if said.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
    tab.on("request", lambda request: None if _own(request.url, site) else complaints.append(f"asks {request.url}"))
    try:
        tab.goto(f"{site}/{page}.html", wait_until="load")
        tab.evaluate(READY)
        yield tab
    finally:
        context.close()
    assert complaints == []


@contextmanager
def untouched(browser: Browser, site: str, page: str) -> Iterator[tuple[Page, list[str]]]:
    """A page of the book as it is before anybody has touched it, and the names of the files it has asked for."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    tab = context.new_page()
    asked = []
    tab.on("request", lambda request: asked.append(request.url.partition("?")[0]))
    try:
        tab.goto(f"{site}/{page}.html", wait_until="networkidle")
        yield tab, asked
    finally:
        context.close()


def _own(url, site):
    return url.startswith((f"{site}/", "data:", "blob:"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_page_is_whole_and_accessible(browser, site, page, width):
    with opened(browser, site, page, width) as tab:
        assert tab.evaluate(UNDESCRIBED) == []
        assert tab.evaluate(DISTORTED) == []
        assert tab.evaluate(UNRENDERED) == []
        if width == min(WIDTHS):
            wide = tab.evaluate("Math.max(document.body.scrollWidth, document.documentElement.scrollWidth)")
            assert wide <= width, "the page scrolls sideways"
            assert tab.evaluate(SMALL) == []
            assert tab.evaluate(MOVING) == []  # the reader of these tests asks for less motion
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        tab.add_style_tag(content=DRAWN)
        for mode in ("light", "dark"):
            tab.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
            assert tab.evaluate(VIOLATIONS) == [], f"in {mode} mode"


def test_the_first_key_leads_past_the_menu(browser, site):
    with opened(browser, site, "chapters/03_tanh") as tab:
        tab.keyboard.press("Tab")
        skip = tab.get_by_role("link", name="Skip to main content")
        assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().top >= 0")
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.closest('#main-content') !== null")


@pytest.mark.parametrize("page", ["intro", *CHAPTERS])
def test_players_move_by_keyboard_alone(browser, site, page):
    with opened(browser, site, page) as tab:
        players = tab.locator(".actlab-player").all()
        assert len(players) >= (1 if page == "intro" else 2)
        for player in players:
            controls = player.locator(CONTROLS).all()
            assert controls
            for control in controls:
                if control.is_visible():
                    assert _moves(player, control), f"nothing moves: {control.evaluate('e => e.outerHTML')[:200]}"
                    if player.locator(".widget-play").count():
                        # Play goes on to a second state, so that Stop, which goes to the first, shows
                        tab.wait_for_timeout(900)


def _moves(player: Locator, control: Locator) -> bool:
    before = player.evaluate(SEEN)
    control.focus()
    is_slider = "noUi-handle" in (control.get_attribute("class") or "")
    for key in ["ArrowRight", "ArrowLeft"] if is_slider else ["Enter"]:  # a slider may stand at its end
        control.page.keyboard.press(key)
        for _ in range(40):
            if player.evaluate(SEEN) != before:
                return True
            control.page.wait_for_timeout(50)
    return False


@pytest.mark.parametrize("page", ["intro", *CHAPTERS])
def test_every_choice_of_a_quiz_explains_itself(browser, site, page):
    with opened(browser, site, page) as tab:
        for quiz in tab.locator(".actlab-quiz").all():
            told = set()
            choices = quiz.locator("input[type=radio]").all()
            for choice in choices:
                choice.focus()
                tab.keyboard.press("Space")
                tab.wait_for_timeout(50)
                told.add(quiz.locator(".actlab-right, .actlab-wrong").inner_text())
            assert len(told) == len(choices) > 1


def test_the_table_of_activations_is_sorted_by_its_headings_from_the_keyboard(browser, site):
    with opened(browser, site, "appendix/catalog") as tab:
        table = tab.locator("table.actlab-table")
        table.scroll_into_view_if_needed()
        tab.wait_for_function("() => document.querySelector('table.actlab-table th').innerText")  # it is drawn
        before = table.locator("tbody th").all_inner_texts()
        column = table.locator("thead th").all_inner_texts().index("gain")
        button = table.get_by_role("button", name="gain", exact=True)
        for order, sign in [("ascending", 1), ("descending", -1)]:
            button.focus()
            tab.keyboard.press("Enter")
            assert table.locator(f"thead th >> nth={column}").get_attribute("aria-sort") == order
            cells = table.locator(f"tbody tr > :nth-child({column + 1})").all()
            gains = [float(cell.get_attribute("data-value")) * sign for cell in cells]
            assert gains == sorted(gains) and len(gains) == len(before)
        table.get_by_role("button", name="critical gain").click()  # what has none stands last
        assert table.locator("tbody tr >> nth=-1").locator("td >> nth=-1").inner_text() == "none"
        assert sorted(table.locator("tbody th").all_inner_texts()) == sorted(before)


def test_the_ledger_is_filtered_without_a_kernel(browser, site):
    with opened(browser, site, "appendix/claims") as tab:
        claims = tab.locator(".actlab-claim")
        status = tab.locator(".actlab-filter [role=status]")
        every = claims.count()
        assert status.inner_text() == f"{every} of {every} claims"
        tab.get_by_label("verdict").select_option("false")
        tab.get_by_label("activation").select_option("elu")
        left = tab.locator(".actlab-claim:visible")
        assert 0 < left.count() < every
        for claim in left.all():
            assert claim.get_attribute("data-verdict") == "false"
            assert "elu" in claim.get_attribute("data-activation").split("|")
        assert status.inner_text() == f"{left.count()} of {every} claims"
        tab.get_by_label("verdict").select_option("")
        tab.get_by_label("activation").select_option("")
        tab.get_by_label("chapter").select_option("softmax stability")
        assert {claim.get_attribute("data-topic") for claim in left.all()} == {"softmax stability"}
        assert tab.get_by_role("heading", name="Softmax stability").is_visible()
        assert not tab.get_by_role("heading", name="Linearity collapse").is_visible()
        tab.get_by_label("words").fill("zzzz")
        assert left.count() == 0


def test_a_link_to_a_claim_opens_it(browser, site):
    with opened(browser, site, "appendix/catalog") as tab:
        tab.locator("#gelu details").evaluate("e => { e.open = true }")
        link = tab.locator("#gelu details a").first
        id = link.get_attribute("href").partition("#")[2]
        link.click()
        tab.wait_for_url("**/claims.html#*")
        tab.wait_for_function("id => document.getElementById(id)?.querySelector('details').open", arg=id)
        assert tab.locator(f"[id='{id}']").is_visible()


def test_the_guide_narrows_to_an_answer_from_the_keyboard(browser, site):
    with opened(browser, site, "appendix/choosing", 390) as tab:
        left, status = tab.locator(".actlab-leaf:visible"), tab.locator(".actlab-choices [role=status]")
        every = left.count()
        assert status.inner_text() == f"{every} of {every} answers."

        def choose(question, words):
            group = tab.get_by_role("group", name=question)
            group.locator("input:checked").focus()
            for _ in range(group.get_by_role("radio").count()):
                if group.get_by_role("radio", name=words, exact=True).is_checked():
                    return
                tab.keyboard.press("ArrowDown")
            raise AssertionError(f"{question} has no {words}")

        choose("Where does it stand?", "at the output")
        assert not tab.get_by_role("group", name="How many hidden layers?").is_visible()  # does not matter any more
        choose("What is to come out?", "yes or no")
        ids = {leaf.id for leaf in guide.fitting(place="output", target="binary")}
        assert {leaf.get_attribute("id") for leaf in left.all()} == ids
        assert left.first.get_attribute("id") == "output-binary"  # it names both choices
        assert left.first.locator("dl").is_visible()
        assert status.inner_text() == f"{len(ids)} of {every} answers."
        assert tab.url.endswith("choosing.html?place=output&target=binary")
        tab.reload()
        assert left.count() == len(ids) and left.first.get_attribute("id") == "output-binary"
        tab.get_by_role("button", name="Start again").press("Enter")
        assert left.count() == every and "?" not in tab.url

        choose("Where does it stand?", "as a gate, or in attention")
        choose("What kind of network?", "convolutions on images")
        choose("On what does it run?", "a processor")
        assert left.count() == 0
        n = len(guide.fitting(place="gate", hardware="cpu"))
        without = "is 1 answer" if n == 1 else f"are {n} answers"
        assert "no evidence" in status.inner_text()
        assert f"With “any” for “What kind of network?” there {without}." in status.inner_text()


def test_a_link_to_an_answer_shows_it_whatever_was_chosen(browser, site):
    with opened(browser, site, "appendix/choosing") as tab:
        tab.goto(f"{site}/appendix/choosing.html?place=output#deep-relu", wait_until="load")
        tab.wait_for_function("document.querySelector('#deep-relu details').open")
        assert tab.locator("#deep-relu").is_visible() and not tab.locator("#deep-tanh").is_visible()


@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible_before_anybody_has_touched_it(browser, site, page):
    with untouched(browser, site, page) as (tab, _):
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        assert tab.evaluate(VIOLATIONS) == []


def test_a_page_without_mathematics_or_players_loads_neither(browser, site):
    with untouched(browser, site, "appendix/bibliography") as (tab, asked):
        tab.mouse.move(100, 100)
        tab.wait_for_timeout(500)
        assert not [name for name in asked if "/vendor/" in name or "fontawesome" in name or "search" in name]


def test_a_player_shows_its_first_state_and_loads_when_a_reader_comes_near(browser, site):
    with untouched(browser, site, "chapters/05_smooth_activations") as (tab, asked):
        still = tab.locator(".actlab-first.actlab-player").first
        assert still.locator("figure svg").is_visible()
        assert still.get_by_role("button", name="Show the controls").is_visible()
        assert not [name for name in asked if name.endswith(("/embed.js", "activations.widgets.js"))]
        before = still.locator("figure").bounding_box()
        tab.mouse.move(100, 100)
        tab.mouse.wheel(0, 300)
        tab.wait_for_selector(".actlab-player .noUi-handle")
        assert tab.locator(".actlab-first").count() == 0
        assert [name for name in asked if name.endswith("embed.js")]
        after = tab.locator(".actlab-player figure").first.bounding_box()
        assert after["width"] == pytest.approx(before["width"], abs=2)
        assert after["height"] == pytest.approx(before["height"], abs=2)


def test_the_button_of_a_still_player_brings_its_controls_and_the_keyboard_to_them(browser, site):
    with untouched(browser, site, "intro") as (tab, _):
        tab.get_by_role("button", name="Show the controls").first.press("Enter")
        tab.wait_for_selector(".actlab-player .widget-subarea, .widget-subarea .actlab-player")
        tab.wait_for_function("() => document.activeElement.closest('.actlab-player')")


def test_mathematics_is_typeset_once_a_reader_has_begun(browser, site):
    with untouched(browser, site, "appendix/catalog") as (tab, asked):
        tab.mouse.move(100, 100)
        tab.wait_for_function(
            "() => [...document.querySelectorAll('.math')].every(math => math.querySelector('mjx-container'))"
        )
        assert len([name for name in asked if "tex-chtml" in name]) == 1


def test_a_link_into_a_page_stays_at_its_place_while_mathematics_comes_in(browser, site):
    with untouched(browser, site, "appendix/catalog") as (tab, _):
        tab.goto(f"{site}/appendix/catalog.html#mish")
        tab.mouse.move(100, 100)
        tab.wait_for_function(
            "() => [...document.querySelectorAll('.math')].every(math => math.querySelector('mjx-container'))"
        )
        tab.wait_for_timeout(300)
        top = tab.locator("#mish").bounding_box()["y"]
        assert 0 <= top < 300


def test_a_printed_chapter_has_its_text_to_the_end_and_no_sidebars(browser, site):
    with opened(browser, site, "chapters/05_smooth_activations") as tab:
        tab.emulate_media(media="print")
        last = tab.locator(".bd-article :is(h2, h3)").last
        assert last.is_visible()
        for aside in ("#pst-primary-sidebar", ".bd-header-article", "#pst-secondary-sidebar", ".copybtn"):
            assert not tab.locator(f"{aside}:visible").count(), aside
        assert tab.pdf().startswith(b"%PDF")
