"""The pages as a reader has them: in Chromium, wide and narrow, light and dark, with a keyboard and no kernel."""

from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import site_checks
from chromium import (
    CONTROLS,
    DISTORTED,
    DRAWN,
    MOVING,
    SEEN,
    SMALL,
    UNDESCRIBED,
    UNRENDERED,
    VIOLATIONS,
    changes,
    moves,
    opened,
    untouched,
)
from site_checks import ROOT

from actlab import guide, reading

PAGES = [*site_checks.pages(), "search", "genindex"]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/") and (ROOT / f"{page}.ipynb").is_file()]
NOTEBOOKS = ["intro", *CHAPTERS]
WIDTHS = (1280, 390)
MENUS = ("intro", "chapters/03_tanh", "appendix/catalog", "search")  # what a wide page has around its text
AXE = ROOT / "tests/vendor/axe.min.js"


@pytest.fixture(scope="module")
def tab(browser, site, request):
    """A page at a width, opened once for all tests that ask for it: most of a test's time goes into opening."""
    with opened(browser, site, *request.param) as tab:
        yield tab


def shared(pages, *widths):
    """For a test of some pages at some widths, each in the tab that it shares with the tests after it."""
    cases = {f"{page}-{width}": (page, width) for page in pages for width in widths}
    return pytest.mark.parametrize("tab", cases.values(), ids=cases, indirect=True)


@contextmanager
def drawn(tab):
    """The whole page is laid out, also what is far from the screen."""
    style = tab.add_style_tag(content=DRAWN)
    try:
        yield
    finally:
        style.evaluate("style => style.remove()")


@shared(PAGES, *WIDTHS)
def test_page_is_whole_and_accessible(tab):
    assert tab.locator("h1:visible").count()  # of a page that is hidden nothing else would be said
    assert tab.evaluate(UNDESCRIBED) == []
    assert tab.evaluate(DISTORTED) == []
    assert tab.evaluate(UNRENDERED) == []
    width, phone = tab.viewport_size["width"], min(WIDTHS)
    if width == phone:
        wide = tab.evaluate("Math.max(document.body.scrollWidth, document.documentElement.scrollWidth)")
        assert wide <= width, "the page scrolls sideways"
        assert tab.evaluate(SMALL) == []
        assert tab.evaluate(MOVING) == []  # the reader of these tests asks for less motion
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    with drawn(tab):
        # colours take most of the time: in light they are asked of each untouched page, and of menus here
        light = "all" if _page(tab) in MENUS else "others"
        for mode, rules in [("light", "room")] if width == phone else [("dark", "colours"), ("light", light)]:
            tab.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
            assert tab.evaluate(VIOLATIONS, rules) == [], f"in {mode} mode"


def test_the_first_key_leads_past_the_menu(browser, site):
    with opened(browser, site, "chapters/03_tanh") as tab:
        tab.keyboard.press("Tab")
        skip = tab.get_by_role("link", name="Skip to main content")
        assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().top >= 0")
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.closest('#main-content') !== null")


@shared(NOTEBOOKS, 1280)
def test_players_move_by_keyboard_alone(tab):
    players = tab.locator(".actlab-player").all()
    assert len(players) == site_checks.players(ROOT / f"{_page(tab)}.ipynb")
    for player in players:
        assert player.evaluate(SEEN), "no picture is seen"
        controls = player.locator(CONTROLS).all()
        assert controls
        # the list is of this moment: a choice that is made leaves it
        for control in [control.element_handle() for control in controls]:
            assert control.is_visible()
            assert moves(player, control), f"nothing moves: {control.evaluate('e => e.outerHTML')[:200]}"
        for last in player.locator("fieldset input:checked").all():
            last.focus()
            assert changes(player, lambda: tab.keyboard.press("ArrowLeft")), "arrows do not choose"


@shared(NOTEBOOKS, 390)
def test_the_page_below_a_player_stands_still_while_it_is_moved(tab):
    for player in tab.locator(".actlab-player").all():
        player.scroll_into_view_if_needed()
        heights = set()
        for slider in player.locator("input[type=range]").all():
            for _ in range(int(slider.get_attribute("max")) + 1):
                heights.add(player.bounding_box()["height"])
                slider.press("ArrowRight")
                tab.wait_for_function("p => !p.ariaBusy", arg=player.element_handle())
        assert len(heights) < 2 or max(heights) - min(heights) < 1, heights


@shared(NOTEBOOKS, 1280)
def test_every_choice_of_a_quiz_explains_itself(tab):
    for quiz in tab.locator(".actlab-quiz").all():
        told = set()
        choices = quiz.locator("input[type=radio]").all()
        for choice in choices:
            choice.focus()
            tab.keyboard.press("Space")
            tab.wait_for_timeout(50)
            told.add(quiz.locator(".actlab-right, .actlab-wrong").inner_text())
        assert len(told) == len(choices) > 1


def _page(tab):
    return urlsplit(tab.url).path.removeprefix("/").removesuffix(".html")


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
        tab.get_by_label("activation", exact=True).select_option("elu")
        left = tab.locator(".actlab-claim:visible")
        assert 0 < left.count() < every
        for claim in left.all():
            assert claim.get_attribute("data-verdict") == "false"
            assert "elu" in claim.get_attribute("data-activation").split("|")
        assert status.inner_text() == f"{left.count()} of {every} claims"
        tab.get_by_label("verdict").select_option("")
        tab.get_by_label("activation", exact=True).select_option("")
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


def test_the_guide_leads_to_an_answer_from_the_keyboard(browser, site):
    with opened(browser, site, "appendix/choosing", 390) as tab:
        status, every = tab.locator(".actlab-choices [role=status]"), len(guide.every)
        left, best = tab.locator(".actlab-leaf:not([hidden])"), tab.locator(".actlab-found .actlab-leaf")
        assert status.inner_text() == f"{every} answers, in groups." and left.count() == every
        assert tab.locator(".actlab-choices legend:visible").count() == 1  # the first question, alone
        assert tab.locator(".actlab-leaf:visible").count() == 0 and tab.locator(
            ".actlab-group:visible"
        ).count() == len(guide.GROUPS)
        tab.locator(".actlab-group summary").first.press("Enter")
        assert tab.locator(".actlab-leaf:visible").first.get_attribute("id") == guide.every[0].id

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
        assert [leaf.get_attribute("id") for leaf in best.all()] == ["output-binary"]
        assert best.locator("dl").is_visible()
        more = f", {len(ids) - 1} more below" if len(ids) > 1 else ""
        assert status.inner_text() == f"1 answer fits best{more}."
        assert tab.url.endswith("choosing.html?place=output&target=binary")
        tab.reload()
        assert left.count() == len(ids) and best.first.get_attribute("id") == "output-binary"
        tab.get_by_role("button", name="Start again").press("Enter")
        assert left.count() == every and best.count() == 0 and "?" not in tab.url

        choose("Where does it stand?", "as a gate, or in attention")
        choose("Which part?", "the weights of attention")
        assert best.first.get_attribute("id") == "attention"
        tab.locator(".actlab-choices summary").press("Enter")
        offered = tab.get_by_role("group", name="Is it about one of these?").get_by_role("radio")
        assert offered.count() == 2  # any, and the one that leads somewhere
        choose("Is it about one of these?", "something that grows too large")
        assert [leaf.get_attribute("id") for leaf in best.all()] == ["qk-norm"]


def test_the_page_and_the_package_know_the_same_nearest_answers(browser, site):
    with opened(browser, site, "appendix/choosing") as tab:
        for given in (
            {"place": "hidden", "depth": "many"},
            {"place": "hidden", "task": "images", "depth": "many", "between": "norm"},
            {"place": "hidden", "depth": "many", "function": "tanh"},
            {"place": "output", "precision": "float16"},
            {"place": "start", "weights": "branches"},
        ):
            query = "&".join(f"{question}={answer}" for question, answer in given.items())
            tab.goto(f"{site}/appendix/choosing.html?{query}", wait_until="load")
            best = [leaf.get_attribute("id") for leaf in tab.locator(".actlab-found .actlab-leaf").all()]
            assert best == [leaf.id for leaf in guide.nearest(**given)], given


def test_a_link_to_an_answer_shows_it_whatever_was_chosen(browser, site):
    with opened(browser, site, "appendix/choosing") as tab:
        tab.goto(f"{site}/appendix/choosing.html?place=output#deep-relu", wait_until="load")
        tab.wait_for_function("document.querySelector('#deep-relu details').open")
        assert tab.locator("#deep-relu").is_visible() and not tab.locator("#deep-tanh").is_visible()


@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible_before_anybody_has_touched_it(browser, site, page):
    with untouched(browser, site, page) as (tab, _):
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        tab.add_style_tag(content=DRAWN)
        assert tab.evaluate(VIOLATIONS, "all") == []


def test_a_page_without_mathematics_or_players_loads_neither(browser, site):
    with untouched(browser, site, "appendix/bibliography") as (tab, asked):
        tab.mouse.move(100, 100)
        tab.wait_for_timeout(500)
        assert not [name for name in asked if "/vendor/" in name or "fontawesome" in name or "search" in name]


def test_a_player_has_its_controls_at_once_and_its_other_pictures_when_a_reader_comes_near(browser, site):
    with untouched(browser, site, "chapters/05_smooth_activations") as (tab, asked):
        player = tab.locator(".actlab-player").first
        assert player.locator("figure svg").is_visible()
        assert player.locator("input[type=range], fieldset").first.is_visible()
        assert not [name for name in asked if name.endswith("activations.players.js")]
        before = player.locator("figure").bounding_box()
        tab.mouse.move(100, 100)
        player.scroll_into_view_if_needed()
        tab.wait_for_function("() => window.movingFrames")
        assert len([name for name in asked if name.endswith("activations.players.js")]) == 1
        for control in player.locator(CONTROLS).all()[:1]:
            assert moves(player, control.element_handle())
        after = player.locator("figure").bounding_box()
        assert after["width"] == pytest.approx(before["width"], abs=1)
        assert after["height"] == pytest.approx(before["height"], abs=1)


# text that its box does not show without being scrolled; a fold that is closed has no room at all
CUT_OFF = """() => [...document.querySelectorAll(".bd-article :is(pre, .cell_output table, .cell_output .text_html)")]
    .filter(box => box.clientWidth && box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
    .map(box => `${box.scrollWidth} in ${box.clientWidth}: ${box.innerText.slice(0, 200)}`)"""


@pytest.mark.parametrize("page", [page for page in NOTEBOOKS if "/deeper/" not in page])
def test_the_first_player_is_on_the_first_screen_with_its_controls(browser, site, page):
    for width, height in [(1280, 900), (390, 844)]:
        context = browser.new_context(viewport={"width": width, "height": height}, has_touch=width < 600)
        tab = context.new_page()
        tab.goto(f"{site}/{page}.html", wait_until="load")
        parts = tab.locator(".actlab-player").first.locator("fieldset, input[type=range], figure svg").all()
        places = [part.bounding_box() for part in parts]
        # a megabyte of script would come for it at once, and what it sets would push the player down
        formulas = [formula.bounding_box() for formula in tab.locator(".bd-article .math").all()]
        context.close()
        assert all(formula["y"] > height for formula in formulas), "mathematics on the first screen"
        assert len(places) > 1
        assert all(place["width"] > 60 and place["height"] > 23 for place in places)
        assert max(place["y"] + place["height"] for place in places) <= height, f"at {width} x {height}: {places}"


@shared(NOTEBOOKS, 390)
def test_a_phone_shows_code_and_output_whole(tab):
    with drawn(tab):
        assert tab.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("width", [reading.OUTPUT_WIDTH, reading.OUTPUT_WIDTH + 1])
def test_a_phone_has_room_for_as_many_characters_as_the_budget_allows(browser, site, width):
    with opened(browser, site, "chapters/01_linearity_collapse", 390) as tab:
        printed = tab.locator(".cell_output pre:visible").first
        printed.evaluate("(pre, width) => { pre.textContent = 'x'.repeat(width) }", width)
        fits = printed.evaluate(
            """pre => {
                const {paddingLeft, paddingRight} = getComputedStyle(pre), text = document.createRange();
                text.selectNodeContents(pre);
                const room = pre.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
                return text.getBoundingClientRect().width <= room;
            }"""
        )
        assert fits == (width == reading.OUTPUT_WIDTH)


@shared(NOTEBOOKS, 1280)
def test_a_player_is_above_the_fold_with_its_source_for_the_eye_and_for_the_keyboard(tab):
    wrong = tab.evaluate("""() => [...document.querySelectorAll(".cell")]
        .map(cell => [".actlab-player, .actlab-quiz", "details.above-input"].map(s => cell.querySelector(s)))
        .filter(([shown, fold]) => shown && fold && !fold.contains(shown) && !(
            shown.compareDocumentPosition(fold) & Node.DOCUMENT_POSITION_FOLLOWING &&
            shown.getBoundingClientRect().bottom <= fold.getBoundingClientRect().top))
        .map(([shown]) => shown.outerHTML.slice(0, 100))""")
    assert wrong == []
    assert tab.locator("details.above-input").count()


def test_a_finger_moves_a_slider_and_finds_44_pixels(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    try:
        tab = context.new_page()
        tab.goto(f"{site}/chapters/03_tanh.html", wait_until="load")
        for player in tab.locator(".actlab-player").all():
            for target in player.locator("fieldset label, input[type=range], .actlab-play").all():
                assert target.bounding_box()["height"] >= 43.9
        player = tab.locator(".actlab-player").first
        slider = player.locator("input[type=range]")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert changes(player, lambda: tab.touchscreen.tap(box["x"] + box["width"] * 0.9, box["y"] + 22))
        choice = player.locator("label:has(input[type=radio]:not(:checked))").first
        assert changes(player, choice.tap)
    finally:
        context.close()


def test_without_scripts_and_on_paper_a_player_is_its_picture_with_the_words_of_its_state(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/chapters/03_tanh.html", wait_until="load")
    _is_still(tab)
    context.close()
    with opened(browser, site, "chapters/03_tanh") as tab:
        tab.emulate_media(media="print")
        _is_still(tab)


def _is_still(tab):
    player, quiz = tab.locator(".actlab-player").first, tab.locator(".actlab-quiz").first
    player.scroll_into_view_if_needed()  # what is far from the screen is not drawn
    assert player.locator("figure svg").is_visible()
    assert player.locator("output").is_visible() and player.locator("fieldset label:visible").count() == 1
    assert not player.locator(":is(input, button):visible").count()
    quiz.scroll_into_view_if_needed()
    assert quiz.locator("legend").is_visible() and quiz.locator("label:visible").count() > 1
    assert not quiz.locator("input:visible").count()


@pytest.mark.parametrize("page", ["intro", "chapters/03_tanh"])
def test_players_move_where_no_server_is(browser, book, page):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.goto((book / f"{page}.html").as_uri(), wait_until="load")
    player = tab.locator(".actlab-player").first
    assert moves(player, player.locator("input[type=range]").element_handle())
    context.close()


def test_a_player_can_be_told_apart_where_the_reader_has_colours_of_their_own(browser, site):
    context = browser.new_context(forced_colors="active")
    tab = context.new_page()
    tab.goto(f"{site}/chapters/03_tanh.html", wait_until="load")
    checked, other = (
        tab.locator(f".actlab-choice label:has(input{state})").first.screenshot()
        for state in (":checked", ":not(:checked)")
    )
    assert checked != other
    slider = tab.locator(".actlab-slider input").first
    before = slider.screenshot()
    slider.press("ArrowLeft")  # it opens at its last place
    assert slider.screenshot() != before
    assert slider.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    context.close()


def test_mathematics_is_typeset_once_a_reader_has_begun(browser, site):
    with untouched(browser, site, "appendix/catalog") as (tab, asked):
        tab.mouse.move(100, 100)
        tab.wait_for_function(
            "() => [...document.querySelectorAll('.math')].every(math => math.querySelector('mjx-container'))"
        )
        assert len([name for name in asked if "tex-chtml" in name]) == 1


def test_mathematics_far_from_the_screen_waits(browser, site):
    with untouched(browser, site, "appendix/catalog") as (tab, _):
        tab.evaluate("() => document.querySelector('.math').scrollIntoView()")
        tab.wait_for_function("() => document.querySelector('.math mjx-container')")
        assert tab.locator(".math:not(:has(mjx-container))").count() > 100


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
