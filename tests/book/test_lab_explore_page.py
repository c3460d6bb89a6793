"""The explorer on the lab's page, and the field for a function of one's own: by keyboard, in both themes, by link."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import DRAWN, SMALL, VIOLATIONS, opened
from playwright.sync_api import expect
from site_checks import ROOT

from actlab import theory
from actlab.activations import catalog

AXE = ROOT / "tests/vendor/axe.min.js"
PAGE = "lab"
PLACE = "[data-kind=explore]"


def open_at(tab, query):
    tab.goto(tab.url.partition("?")[0] + query, wait_until="load")
    tab.evaluate("loadWhole()")
    whole(tab)


def whole(tab):
    tab.locator(f"{PLACE}[data-whole]").wait_for(timeout=60_000)


def facts(tab, column=0):
    rows = tab.locator(f"{PLACE} .lab-facts tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td").nth(column).inner_text() for row in rows}


def through(tab):
    return tab.locator(f"{PLACE} .lab-part .lab-numbers").first.inner_text()


def test_a_function_has_its_numbers_on_the_page(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?explore=gelu&explore.beside=tanh")
        for column, name in enumerate(["gelu", "tanh"]):
            found = facts(tab, column)
            assert float(found["gain"]) == pytest.approx(theory.gain(name), rel=1e-5)
            assert float(found["chi"]) == pytest.approx(theory.chi(name), rel=1e-5)
            point = theory.fixed_point(name)
            assert float(found["slope of the variance map there"]) == pytest.approx(point.slope, rel=1e-5)
            assert found["signals near it"] == {"unstable": "run away", "stable": "are drawn in"}[point.stability]
        assert "…" not in tab.locator(f"{PLACE} .lab-formats").inner_text()
        for picture in tab.locator(f"{PLACE} svg[role=img]").all():
            assert len(picture.get_attribute("aria-label")) > 40


def test_arrow_keys_move_the_gain_and_the_layers(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?explore=relu&explore.gain=1.41")
        explorer = tab.locator(PLACE)
        slider = explorer.get_by_label("gain", exact=True)
        before = through(tab)
        slider.press("ArrowRight")
        assert "gain 1.42" in through(tab) and through(tab) != before
        slider.press("ArrowLeft")
        assert through(tab) == before
        explorer.get_by_role("button", name="Computed gain").press("Enter")
        assert "gain 1.414" in through(tab)
        explorer.get_by_label("z", exact=True).press("ArrowRight")
        expect(explorer.get_by_text("z = 1.1: f = 1.1, f′ = 1, f″ = 0")).to_be_visible()
        tab.wait_for_url("**explore.z=1.1*")


def test_every_setting_survives_a_copied_link_and_leaves_the_other_lab_alone(browser, site):
    with opened(browser, site, PAGE) as tab:
        tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        open_at(tab, "?f=tanh&depth=4&explore=elu")
        explorer = tab.locator(PLACE)
        explorer.get_by_label("alpha").press("ArrowLeft")
        explorer.get_by_label("gain", exact=True).press("ArrowRight")
        explorer.get_by_label("beside it").select_option("mish")
        whole(tab)
        explorer.get_by_role("button", name="Copy a link").press("Enter")
        expect(explorer.get_by_text("The link to this setting is copied.")).to_be_visible()
        link = tab.evaluate("navigator.clipboard.readText()")
        assert link.endswith("#explore")
        query = parse_qs(urlsplit(link).query)
        assert query["explore"] == ["elu"] and query["explore.beside"] == ["mish"] and query["f"] == ["tanh"]
        before = through(tab), facts(tab), facts(tab, 1)
        tab.goto("about:blank")
        tab.goto(link, wait_until="load")
        tab.evaluate("loadWhole()")
        whole(tab)
        assert (through(tab), facts(tab), facts(tab, 1)) == before
        assert tab.get_by_label("function f").input_value() == "tanh"
        assert tab.get_by_label("depth", exact=True).input_value() == "4"


def test_a_function_of_ones_own_is_typed_in_and_a_mistake_is_told(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?explore=own&explore.own=z*Phi(z)")
        explorer = tab.locator(PLACE)
        assert float(facts(tab)["gain"]) == pytest.approx(theory.gain("gelu"), rel=1e-5)
        field = explorer.get_by_label("f(z) =")
        beside = explorer.get_by_label("beside it")
        room = beside.bounding_box()["y"] - field.bounding_box()["y"]
        field.fill("z * sigmoid(")
        expect(field).to_have_attribute("aria-invalid", "true")
        fault = tab.locator(f"#{field.get_attribute('aria-describedby')}")
        assert fault.get_attribute("role") == "status" and re.match(r"Character 13: .*\.$", fault.inner_text())
        assert beside.bounding_box()["y"] - field.bounding_box()["y"] == pytest.approx(room, abs=1)
        assert float(facts(tab)["gain"]) == pytest.approx(
            theory.gain("gelu"), rel=1e-5
        )  # the last one that was right
        field.fill("tanh(z)")
        expect(field).to_have_attribute("aria-invalid", "false")
        expect(fault).to_have_text("")
        tab.wait_for_url(lambda address: parse_qs(urlsplit(address).query)["explore.own"] == ["tanh(z)"])
        assert float(facts(tab)["gain"]) == pytest.approx(theory.gain("tanh"), rel=1e-5)
        field.fill("1/z")
        expect(explorer.locator(".lab-facts")).to_contain_text("does not settle")
        assert "pole at z = 0" in facts(tab)["kinks"] and "does not settle" in through(tab)


def test_a_function_of_ones_own_trains(browser, site):
    with opened(browser, site, PAGE) as tab:
        tab.get_by_label("function f").select_option("own")
        field = tab.locator(".actlab-lab").first.get_by_label("f(z) =")
        field.fill("max(z, 0.2 z)")
        tab.wait_for_url(lambda address: parse_qs(urlsplit(address).query).get("own") == ["max(z, 0.2 z)"])
        numbers = tab.locator(".lab-numbers").first
        start = numbers.inner_text()
        for _ in range(3):
            tab.get_by_role("button", name="Step", exact=True).press("Enter")
        after = numbers.inner_text()
        assert after.startswith("Update 3.") and after != start
        address = tab.url
        tab.goto("about:blank")
        tab.goto(address, wait_until="load")
        tab.evaluate("loadWhole()")
        assert numbers.inner_text() == start
        assert field.input_value() == "max(z, 0.2 z)"
        field.fill("1/z")
        tab.wait_for_url("**own=1*")
        tab.get_by_label("start", exact=True).select_option("computed")
        expect(tab.get_by_text("This function has no computed gain")).to_be_visible()


def test_a_link_on_the_page_moves_the_explorer_alone(browser, site):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, "?f=tanh")
        links = tab.locator(".bd-article a[href*='explore=']")
        assert links.count() >= 4
        for link in links.all():
            query = parse_qs(urlsplit(link.get_attribute("href")).query)
            link.click()
            assert tab.locator(PLACE).get_by_label("function", exact=True).input_value() == query["explore"][0]
            assert tab.get_by_label("function f").input_value() == "tanh"
        assert f"gain {query['explore.gain'][0]}" in through(tab)


def test_each_datasheet_links_to_its_function_in_the_explorer(browser, site):
    with opened(browser, site, "appendix/catalog") as tab:
        links = tab.locator(".actlab-sheet a[href*='lab.html']").evaluate_all("all => all.map(a => a.href)")
        assert links == [f"{site}/lab.html?explore={name}#explore" for name in catalog]
        tab.goto(links[-1], wait_until="load")
        tab.evaluate("loadWhole()")
        chosen = tab.locator(PLACE).get_by_label("function", exact=True)
        assert chosen.input_value() == list(catalog)[-1]


@pytest.mark.parametrize(
    "query",
    ["explore=toString", "explore=__proto__&explore.gain=NaN", "explore=own&explore.own=alert(1)&explore.beside=own",
     "explore=gelu&explore.gain=-1e9&explore.z=x&explore.beside=constructor"],
)  # fmt: skip
def test_what_an_address_says_wrongly_is_not_believed(browser, site, query):
    with opened(browser, site, PAGE) as tab:
        open_at(tab, f"?{query}")
        assert tab.locator(PLACE).get_by_label("function", exact=True).input_value() in {*catalog, "own"}
        assert tab.locator(PLACE).get_by_label("beside it").input_value() == ""
        assert 0 < float(facts(tab)["gain"]) < 10


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_the_explorer(browser, site, width):
    with opened(browser, site, PAGE, width) as tab:
        open_at(tab, "?f=own&explore=own&explore.beside=relu")
        for summary in tab.locator(f"{PLACE} summary").all():
            summary.press("Enter")
        tab.locator(PLACE).get_by_label("f(z) =").fill("z +")
        expect(tab.locator(f"{PLACE} .lab-fault")).to_contain_text("Character")
        tab.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        expect(tab.locator("#pst-back-to-top")).to_be_hidden()
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        tab.add_style_tag(content=DRAWN)
        for mode in ("light", "dark"):
            tab.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
            assert tab.evaluate(VIOLATIONS, "all") == [], mode
        assert tab.evaluate(SMALL) == []


@pytest.mark.parametrize("width", [320, 390, 800])
def test_the_explorer_does_not_make_the_page_scroll_sideways(browser, site, width):
    with opened(browser, site, PAGE, width) as tab:
        open_at(tab, f"?explore=own&explore.own={'z+' * 90}z&explore.beside=apl&explore.gain=9.99")
        for summary in tab.locator(f"{PLACE} summary").all():
            summary.press("Enter")
        wide = "Math.max(document.body.scrollWidth, document.documentElement.scrollWidth)"
        assert tab.evaluate(wide) <= width
        inside = """() => [...document.querySelectorAll("[data-kind=explore] *")]
            .filter((e) => e.checkVisibility() && !e.matches("option, .lab-heard, svg *"))
            .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map((e) => e.outerHTML.slice(0, 100))"""
        assert tab.evaluate(inside) == []
