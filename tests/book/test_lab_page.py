"""The lab on its page: by mouse and by keyboard, light and dark, wide and narrow, and without scripts."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import DRAWN, SMALL, VIOLATIONS, opened, untouched
from playwright.sync_api import expect
from site_checks import ROOT

from actlab import lab

AXE = ROOT / "tests/vendor/axe.min.js"
PAGE = "lab"
PLACE = "[data-kind=train]"  # the explorer has another one on this page
NUMBERS = re.compile(r"Update (\d+)\. Loss ([\d.e−]+), on fresh points ([\d.e−]+); (\d+) % of .* right\.")


def read(tab):
    """The update, and the loss on learned points, as the page says them."""
    words = tab.locator(f"{PLACE} .lab-numbers").inner_text()
    found = NUMBERS.fullmatch(words)
    assert found, words
    return int(found[1]), float(found[2].replace("−", "-"))


def press(tab, name, key="Enter"):
    tab.get_by_role("button", name=name, exact=True).press(key)


def open_at(tab, query):
    tab.goto(tab.url.partition("?")[0] + query, wait_until="load")
    tab.evaluate("loadWhole()")


def train(tab, least):
    press(tab, "Play")
    tab.wait_for_function(
        "least => Number(document.querySelector('.lab-numbers').textContent.match(/\\d+/)[0]) >= least", arg=least
    )
    press(tab, "Pause")


def test_the_lab_loads_when_a_reader_begins_and_keeps_its_place(browser, site):
    with untouched(browser, site, PAGE) as (tab, asked):
        still = tab.locator(f"{PLACE} > img")
        assert still.is_visible() and still.get_attribute("alt")
        assert not [name for name in asked if name.endswith("/lab.js")]
        below = tab.get_by_role("heading", name="What to try")
        before = below.bounding_box()["y"]
        tab.mouse.move(100, 100)
        tab.locator(f"{PLACE} canvas").wait_for()
        assert len([name for name in asked if name.endswith("/lab.js")]) == 1
        assert below.bounding_box()["y"] == pytest.approx(before, abs=1)


@pytest.mark.parametrize("page", ["intro", "appendix/cite"])
def test_no_other_page_asks_for_the_lab(browser, site, page):
    with untouched(browser, site, page) as (tab, asked):
        tab.mouse.move(100, 100)
        tab.wait_for_timeout(300)
        assert not [name for name in asked if name.endswith("/lab.js")]


def test_without_scripts_the_page_shows_a_picture_and_says_what_is_missing(browser, site):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site}/{PAGE}.html")
    for place in tab.locator(".actlab-lab").all():
        picture = place.locator("> img")
        assert picture.is_visible() and picture.get_attribute("alt")
        assert "With scripts switched on" in place.inner_text()
        assert place.bounding_box()["height"] < 700
    context.close()


def test_training_lowers_the_loss_from_the_keyboard_and_reset_begins_again(browser, site):
    with opened(browser, site, PAGE) as tab:
        start = read(tab)
        assert start[0] == 0
        train(tab, 100)
        steps, loss = read(tab)
        assert loss < start[1] / 2
        press(tab, "Step")
        assert read(tab)[0] == steps + 1
        assert f"{steps + 1} updates" in tab.locator(f"{PLACE} .actlab-lab-losses svg").inner_html()
        press(tab, "Reset", "Space")
        assert read(tab) == start
        press(tab, "New seed")
        assert read(tab) != start and read(tab)[0] == 0


def test_every_control_changes_the_network_or_its_training(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?f=elu")  # which has a setting of its own
        settings = tab.locator(f"{PLACE} .actlab-lab-settings")
        names = settings.locator("label").all_inner_texts()
        assert names == [
            "function f", "alpha", "depth", "width", "start", "gain", "data", "optimiser", "rate", "batch", "speed",
        ]  # fmt: skip

        def trained():
            for _ in range(2):
                press(tab, "Step")
            return tab.locator(f"{PLACE} .lab-numbers").inner_text()

        press(tab, "Reset")
        seen = [trained()]
        for name in names[1:-1]:
            control = settings.get_by_label(name, exact=True)
            at_end = control.evaluate("e => e.options && e.selectedIndex === e.options.length - 1")
            control.press("ArrowUp" if at_end else "ArrowDown" if at_end is False else "ArrowRight")
            if name == "data":
                control.press("ArrowDown")  # on to more than the four corners of XOR: no batch is all of them
            assert read(tab)[0] == 0, name  # begun anew
            seen.append(trained())
        assert len(set(seen)) == len(seen)


def test_each_layer_has_its_numbers(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?f=relu&depth=10&width=16")
        rows = tab.locator(f"{PLACE} .lab-by-layer tbody tr")
        assert rows.count() == 10
        for row in rows.all():
            cells = row.locator("td").all_inner_texts()
            assert all(re.fullmatch(r"\s*−?[\d.e−]+ ± [\d.e−]+\s*", text) for text in cells[:2]), cells
            assert all(re.fullmatch(r"\d+ %", text) for text in cells[3:]), cells
            assert row.locator("path").first.get_attribute("d")
        tab.get_by_text("The picture as a table").press("Enter")
        five = tab.locator(f"{PLACE} .lab-five")
        expect(five.locator("tr")).to_have_count(6)
        assert all(re.fullmatch(r"\d+ %", text) for text in five.locator("tr").nth(3).locator("td").all_inner_texts())


def test_a_setting_stands_in_the_address_and_a_reload_keeps_it(browser, site):
    with opened(browser, site, PAGE) as tab:
        tab.get_by_label("function f").select_option("gelu")
        tab.get_by_label("depth", exact=True).press("End")
        tab.get_by_label("rate", exact=True).select_option(label="0.003")
        tab.wait_for_url("**rate=0.003*")
        assert parse_qs(urlsplit(tab.url).query) == {"f": ["gelu"], "depth": ["10"], "rate": ["0.003"]}
        before = tab.locator(f"{PLACE} .lab-numbers").inner_text()
        tab.reload(wait_until="load")
        tab.evaluate("loadWhole()")
        assert tab.get_by_label("function f").input_value() == "gelu"
        assert tab.locator(f"{PLACE} .lab-numbers").inner_text() == before


def test_a_link_on_the_page_sets_the_lab(browser, site):
    with opened(browser, site, PAGE) as tab:
        links = tab.locator(".bd-article a[href^='lab.html?']:not([href*='explore='])")
        assert links.count() == 5
        for link in links.all():
            query = parse_qs(urlsplit(link.get_attribute("href")).query)
            link.click()
            assert tab.get_by_label("depth", exact=True).input_value() == query["depth"][0]
            assert "none yet" not in tab.locator(f"{PLACE} .lab-part").inner_text()
            assert "the same so far" not in tab.locator(f"{PLACE} .lab-part").inner_text()


def test_a_rate_that_is_too_large_is_told_and_stops(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?f=relu_squared&depth=3&optimiser=sgd&rate=3&gain=1.5&start=he")
        press(tab, "Play")
        tab.get_by_text("The loss is no finite number any more").wait_for()
        expect(tab.get_by_role("button", name="Play", exact=True)).to_be_visible()
        press(tab, "Reset")
        assert read(tab)[0] == 0


def test_a_layer_has_a_function_of_its_own(browser, site):
    with opened(browser, site, PAGE, 390) as tab:
        open_at(tab, "?depth=3")
        fold = tab.locator(f"{PLACE} .actlab-lab-settings details")
        assert fold.locator("select").count() == 0  # closed: out of the way
        fold.locator("summary").press("Enter")
        expect(fold.locator("select")).to_have_count(3)
        tab.get_by_label("layer 2", exact=True).select_option("tanh")
        expect(tab.get_by_label("layer 2", exact=True)).to_have_value("tanh")
        assert fold.locator("summary").inner_text() == "A function for each layer (1 of 3 not f)"
        heads = tab.locator(f"{PLACE} table.lab-mixed tbody th")
        assert heads.all_inner_texts() == ["1 ReLU", "2 Tanh", "3 ReLU"]
        tab.wait_for_url("**f.2=tanh*")
        assert parse_qs(urlsplit(tab.url).query) == {"depth": ["3"], "f.2": ["tanh"]}
        press(tab, "Step")
        before = tab.locator(f"{PLACE} .lab-numbers").inner_text()
        assert "Tanh in layer 2" in tab.locator(f"{PLACE} .lab-part").inner_text()
        tab.reload(wait_until="load")
        tab.evaluate("loadWhole()")
        press(tab, "Step")
        assert tab.locator(f"{PLACE} .lab-numbers").inner_text() == before
        fold.locator("summary").press("Enter")
        tab.get_by_label("depth", exact=True).press("Home")
        expect(fold.locator("select")).to_have_count(1)  # the second layer is gone, and its function with it
        assert tab.locator(f"{PLACE} table.lab-mixed").count() == 0
        tab.get_by_label("layer 1", exact=True).select_option("gelu")
        tab.get_by_label("layer 1", exact=True).select_option("")
        tab.wait_for_url(lambda address: parse_qs(urlsplit(address).query) == {"depth": ["1"]})


def tap(tab, x, y):
    """Touches the picture of the lab at these coordinates."""
    canvas = tab.locator(f"{PLACE} canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tab.touchscreen.tap(box["x"] + box["width"] * (1 + x / 1.1) / 2, box["y"] + box["height"] * (1 - y / 1.1) / 2)


def held(tab):
    """What the table of the reader's own points says: x, y and label of each."""
    rows = tab.locator(f"{PLACE} .lab-points tbody tr").all()
    return [tuple(row.locator("td").all_text_contents()) for row in rows]


def test_points_are_set_by_finger_and_learned(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{site}/lab.html", wait_until="load")
    tab.evaluate("loadWhole()")
    panel = tab.locator(f"{PLACE} .lab-points")
    tap(tab, 0.5, 0.5)  # on a task's picture it does nothing
    assert panel.is_hidden() and tab.locator(f"{PLACE} canvas").get_attribute("role") == "img"
    tab.get_by_label("data", exact=True).select_option("own")
    assert panel.is_visible()
    press(tab, "Play")
    expect(tab.locator(f"{PLACE} .lab-numbers")).to_contain_text("No points yet")
    for x, y in [(0.5, 0.5), (-0.5, -0.5)]:
        tap(tab, x, y)
    panel.get_by_role("button", name="label 0").tap()
    for x, y in [(0.5, -0.5), (-0.5, 0.5), (0, 0)]:
        tap(tab, x, y)
    assert held(tab) == [("0.5", "0.5", "1"), ("−0.5", "−0.5", "1"), ("0.5", "−0.5", "0"), ("−0.5", "0.5", "0"),
                         ("0", "0", "0")]  # fmt: skip
    panel.get_by_role("button", name="Remove").tap()
    tap(tab, 0.09, -0.06)  # a finger is not that exact
    assert len(held(tab)) == 4
    expect(panel).to_contain_text("4 points of at most 100: 2 of label 1, 2 of label 0")
    press(tab, "Play")
    tab.wait_for_function(
        "document.querySelector('.lab-numbers').textContent.endsWith('100 % of your points right.')"
    )
    press(tab, "Pause")
    assert "fresh" not in tab.locator(f"{PLACE} .lab-numbers").inner_text()
    assert tab.locator(f"{PLACE} .lab-test").get_attribute("d") == ""  # no line of fresh points
    expect(tab.get_by_text("on fresh ones", exact=True)).to_be_hidden()
    tab.wait_for_url("**points=*")
    before = held(tab)
    tab.reload(wait_until="load")
    tab.evaluate("loadWhole()")
    assert held(tab) == before
    panel.get_by_role("button", name="Clear").tap()
    assert held(tab) == []
    context.close()


def test_points_are_set_by_mouse_and_by_keys_and_told(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?data=own")
        canvas, told = tab.locator(f"{PLACE} canvas"), tab.locator(f"{PLACE} .lab-points [role=status]")
        side = canvas.bounding_box()["width"]
        canvas.click(position={"x": side * (1 + 0.2 / 1.1) / 2, "y": side / 2})
        assert held(tab) == [("0.2", "0", "1")]
        assert told.inner_text() == "Label 1 at x 0.2, y 0; 1 point."
        still = canvas.evaluate("e => e.toDataURL()")
        canvas.press("ArrowUp")
        assert told.inner_text() == "x 0.2, y 0.05: no point."
        assert canvas.evaluate("e => e.toDataURL()") != still  # the cursor is drawn
        canvas.press("Shift+ArrowLeft")
        canvas.press("0")
        assert told.inner_text() == "Label 0 at x −0.05, y 0.05; 2 points."
        canvas.press("1")
        assert held(tab) == [("0.2", "0", "1"), ("−0.05", "0.05", "1")]
        canvas.press("ArrowDown")
        canvas.press("Delete")
        assert told.inner_text() == "No point to remove at x −0.05, y 0." and len(held(tab)) == 2
        canvas.press("ArrowUp")
        assert told.inner_text() == "x −0.05, y 0.05: label 1."
        canvas.press("Backspace")
        assert held(tab) == [("0.2", "0", "1")]
        for _ in range(5):
            canvas.press("Shift+ArrowUp")
        assert told.inner_text() == "x −0.05, y 1: no point."  # no further than the grid
        tab.get_by_label("data", exact=True).select_option("disk")
        assert canvas.get_attribute("tabindex") is None and canvas.get_attribute("role") == "img"


def test_there_is_room_for_a_hundred_points_and_damaged_ones_are_refused_in_a_line(browser, site):
    with opened(browser, site, PAGE) as tab:
        places = [(i / 20, j / 20, (i + j) % 2) for i in range(20) for j in range(5)]
        text = lab.train(data="own", points=places).state["points"]
        open_at(tab, f"?data=own&points={text}")
        assert len(held(tab)) == 100
        canvas, told = tab.locator(f"{PLACE} canvas"), tab.locator(f"{PLACE} .lab-points [role=status]")
        canvas.press("ArrowDown")
        canvas.press("1")
        assert told.inner_text() == "100 points are the most: remove one first." and len(held(tab)) == 100
        said = tab.locator(f"{PLACE} .lab-said").first
        for damaged in (text + "AA", text[:-1], text[:2] * 2, "~~", "__"):
            open_at(tab, f"?data=own&points={damaged}")
            assert said.inner_text() == "The points in this address are damaged: none of them is taken."
            assert held(tab) == []
        open_at(tab, f"?data=own&points={text[:8]}&b=1&b.data=own&b.points=A")
        assert said.inner_text() == "The points of B in this address are damaged: none of them is taken."
        assert len(held(tab)) == 4


@pytest.mark.slow
def test_twenty_starts_learn_the_readers_points(browser, site):
    with opened(browser, site, PAGE) as tab:
        tab.set_default_timeout(120_000)
        verdict = tab.locator(f"{PLACE} .lab-part [role=status]")
        open_at(tab, "?data=own")
        press(tab, "Train from 20 seeds")
        assert verdict.inner_text().startswith("No points yet")
        corners = [(x, y, int(x == y)) for x in (-0.5, 0.5) for y in (-0.5, 0.5)]
        text = lab.train(data="own", points=corners).state["points"]
        open_at(tab, f"?data=own&points={text}&updates=100&b=1&b.data=own&b.points={text}&b.width=2")
        press(tab, "Train from 20 seeds")
        tab.locator(f"{PLACE} .actlab-lab-result table").wait_for()
        assert "Loss on your points after 100" in tab.locator(f"{PLACE} .actlab-lab-result caption").inner_text()
        assert verdict.inner_text().startswith("Ends lower: A (width 8), by")
        open_at(tab, f"?data=own&points={text}&updates=100&b=1")
        press(tab, "Train from 20 seeds")
        tab.locator(f"{PLACE} .actlab-lab-result table").wait_for()
        caption = tab.locator(f"{PLACE} .actlab-lab-result caption").inner_text()
        assert caption.endswith("A on your points, B on fresh points")


@pytest.mark.slow
def test_twenty_starts_end_in_a_verdict_with_its_numbers(browser, site):
    with opened(browser, site, PAGE, 390) as tab:
        tab.set_default_timeout(120_000)
        setting = "f=relu&depth=4&width=4&optimiser=sgd&rate=0.1"
        both = f"?{setting}&start=he&b=1&updates=100&" + "&".join(f"b.{part}" for part in setting.split("&"))
        open_at(tab, both)
        press(tab, "Train from 20 seeds")
        press(tab, "Stop")
        assert tab.locator(f"{PLACE} .actlab-lab-result table").count() == 0
        press(tab, "Train from 20 seeds")
        tab.locator(f"{PLACE} .actlab-lab-result table").wait_for()
        said = tab.locator(f"{PLACE} .lab-part [role=status]").inner_text()
        assert said.startswith("Ends lower: A (start He), by ") and "mean of 20 pairs (95 % interval" in said
        strip = tab.locator(f"{PLACE} .actlab-lab-result svg")
        assert strip.locator("circle").count() == 40
        assert re.fullmatch("A: median loss .* B: median loss .*", strip.get_attribute("aria-label"))
        tab.get_by_label("width", exact=True).press("ArrowRight")  # another setting: the answer was of the one before
        assert tab.locator(f"{PLACE} .actlab-lab-result table").count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_while_the_lab_runs(browser, site, width):
    with opened(browser, site, PAGE, width) as tab:
        tab.set_default_timeout(120_000)
        points = lab.train(data="own", points=[(-0.5, 0, 0), (0.5, 0, 1), (0.5, 0.5, 1)]).state["points"]
        open_at(tab, f"?depth=3&f.2=tanh&updates=100&data=own&points={points}")
        press(tab, "Train from 20 seeds")
        tab.locator(f"{PLACE} .actlab-lab-result table").wait_for()
        for fold in tab.locator(f"{PLACE} summary").all():
            fold.press("Enter")
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        tab.add_style_tag(content=DRAWN)
        press(tab, "Play")
        for mode in ("light", "dark"):
            tab.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
            assert tab.evaluate(VIOLATIONS, "all") == [], mode
        assert tab.evaluate(SMALL) == []
        press(tab, "Pause")


@pytest.mark.parametrize("width", [320, 390, 800])
def test_the_lab_does_not_make_the_page_scroll_sideways(browser, site, width):
    with opened(browser, site, PAGE, width) as tab:
        open_at(tab, "?f=apl&depth=10&width=32&set.a+1=-2.35&f.3=penalized_tanh")
        for fold in tab.locator(f"{PLACE} summary").all():
            fold.press("Enter")
        for _ in range(3):
            press(tab, "Step")
        wide = "Math.max(document.body.scrollWidth, document.documentElement.scrollWidth)"
        assert tab.evaluate(wide) <= width
        inside = """() => [...document.querySelectorAll(".actlab-lab *")]
            .filter((e) => e.checkVisibility() && !e.matches("option, .lab-heard, svg *"))
            .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map((e) => e.outerHTML.slice(0, 100))"""
        assert tab.evaluate(inside) == []


def test_who_asks_for_less_motion_sees_a_picture_a_second(browser, site):
    count = """async () => {
        let seen = 0;
        const watch = new MutationObserver(() => { seen++; });
        watch.observe(document.querySelector(".lab-numbers"), {childList: true});
        await new Promise((resolve) => setTimeout(resolve, 2500));
        watch.disconnect();
        return seen;
    }"""
    with opened(browser, site, PAGE) as tab:  # with less motion
        open_at(tab, "?depth=1&width=2")
        press(tab, "Play")
        few = tab.evaluate(count)
        heard = tab.locator(f"{PLACE} .lab-heard").inner_text()
        press(tab, "Pause")
        tab.emulate_media(reduced_motion="no-preference")
        press(tab, "Play")
        assert 1 <= few <= 4 < tab.evaluate(count)
        press(tab, "Pause")
        assert heard.startswith("Update ")


@pytest.mark.parametrize("allowed", ["'wasm-unsafe-eval'", ""])
def test_the_lab_trains_whether_or_not_a_policy_lets_it_compile(browser, site, allowed):
    context = browser.new_context()
    policy = f"script-src 'self' 'unsafe-inline' {allowed}"

    def strict(route):
        answer = route.fetch()
        route.fulfill(response=answer, headers=answer.headers | {"Content-Security-Policy": policy})

    context.route("**/lab.html*", strict)
    tab = context.new_page()
    tab.goto(f"{site}/lab.html?f=gelu&depth=3", wait_until="load")
    tab.evaluate("loadWhole()")
    assert tab.evaluate("actlabLab.ready") == bool(allowed)
    start = read(tab)
    train(tab, 100)
    assert read(tab)[1] < start[1] / 2
    context.close()


def test_the_lab_works_from_a_file(browser, book):
    context = browser.new_context(reduced_motion="reduce")
    tab = context.new_page()
    wrong = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(f"{(book / 'lab.html').as_uri()}?f=tanh&depth=3")
    tab.evaluate("loadWhole()")
    train(tab, 20)
    assert read(tab)[0] >= 20
    tab.get_by_label("depth", exact=True).press("ArrowRight")
    tab.wait_for_timeout(600)
    assert wrong == []
    context.close()
