"""The numbers lab on its page, the links that open a lab at a setting, and a lab in a frame of a notebook's."""

import html
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from chromium import DRAWN, SMALL, VIOLATIONS, opened
from playwright.sync_api import expect
from site_checks import ROOT, pages

from actlab import lab

AXE = ROOT / "tests/vendor/axe.min.js"
PAGE = "numbers"
TITLE = ".lab-now .lab-title"
LINK = re.compile(r'<a\s+href=\\?"((?:\.\./)*(?:lab|numbers)\.html\?[^"\\]+)\\?"')


def open_at(tab, query):
    tab.goto(tab.url.partition("?")[0] + query, wait_until="load")
    tab.evaluate("loadWhole()")


def press(tab, name):
    tab.get_by_role("button", name=name, exact=True).press("Enter")


def linked():
    """Each link to a setting of a lab, in the order of the pages."""
    found = []
    for page in pages():
        for path in (ROOT / f"{page}.md", ROOT / f"{page}.ipynb"):
            if path.is_file():
                text = path.read_text(encoding="utf-8")
                found += [html.unescape(link).rpartition("../")[2] for link in LINK.findall(text)]
    return list(dict.fromkeys(found))


def test_the_chapters_and_the_teaching_page_link_settings():
    text = {page: (ROOT / f"chapters/{page}.ipynb").read_text(encoding="utf-8") for page in (
        "02_step_to_sigmoid", "04_relu_family", "05_smooth_activations", "06_softmax_stability", "07_init_pairing",
        "08_experiments")}  # fmt: skip
    text["intro"] = (ROOT / "intro.ipynb").read_text(encoding="utf-8")
    assert all(len(LINK.findall(one)) == 1 for one in text.values())
    assert len(LINK.findall((ROOT / "appendix/teaching.md").read_text(encoding="utf-8"))) == 14


LABELS = {
    "f": "function f", "depth": "depth", "width": "width", "start": "start", "gain": "gain", "data": "data",
    "optimiser": "optimiser", "rate": "rate", "batch": "batch", "updates": "how long",
    "z": "logits z", "format": "format", "want": "result", "how": "program", "target": "right class",
}  # fmt: skip
EXPLORED = {"explore": "function", "explore.gain": "gain", "explore.beside": "beside it"}


@pytest.mark.parametrize("page", ["lab", "numbers"])
def test_each_link_arrives_and_no_default_is_taken_in_its_place(browser, site, page):
    links = [link for link in linked() if link.startswith(f"{page}.html")]
    assert len(links) >= 7
    with opened(browser, site, page) as tab:
        for link in links:
            said = dict(parse_qsl(urlsplit(link).query))
            open_at(tab, f"?{urlsplit(link).query}")
            if "explore" in said:
                explorer = tab.locator("[data-kind=explore]")
                for key, value in said.items():
                    assert explorer.get_by_label(EXPLORED[key], exact=True).first.input_value() == value, (link, key)
                continue
            for key, value in said.items():
                if key == "b" or key.startswith("b."):
                    continue
                if key == "points":  # two signs of the address for each
                    assert tab.locator(".lab-points tbody tr").count() == len(value) // 2, link
                    continue
                if key.startswith("f."):
                    tab.get_by_text("A function for each layer").press("Enter")
                label = f"layer {key[2:]}" if key.startswith("f.") else LABELS[key]
                assert tab.get_by_label(label, exact=True).first.input_value().strip() == value, (link, key)
            # what is read and written again is the address, second setting and all
            again = tab.evaluate(
                """([page, words]) => {
                    const e = actlabLab.engine, given = new URLSearchParams(words), query = new URLSearchParams();
                    if (page === "numbers") e.writeNumbers(query, e.readNumbers(given));
                    else {
                        e.writeSetting(query, e.readSetting(given));
                        if (given.has("b")) {
                            query.set("b", "1");
                            e.writeSetting(query, e.readSetting(given, "b."), "b.");
                        }
                    }
                    return [...query];
                }""",
                [page, urlsplit(link).query],
            )
            assert dict(again) == {key: value for key, value in said.items() if key != "updates"}, link
            if "b" in said:
                assert "none yet" not in tab.get_by_role("group", name="Twenty starts").inner_text(), link


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "link",
    [
        "lab.html?depth=10",
        "lab.html?depth=10&b=1&b.f=gelu&b.depth=10",
        "lab.html?data=own",
        "numbers.html?z=0+800",
    ],
)
def test_the_place_of_a_lab_is_as_high_as_its_address_asks_for(browser, site, link, width):
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{site}/{link}", wait_until="load")
    heights = "[...document.querySelectorAll('.actlab-lab')].map((e) => e.getBoundingClientRect().height)"
    before = tab.evaluate(heights)
    tab.evaluate("loadWhole()")
    tab.locator(".actlab-lab button").first.wait_for()
    assert tab.evaluate(heights) == pytest.approx(before, abs=1)
    tab.add_style_tag(content=".actlab-lab[data-kind] { min-height: 0 }")
    assert tab.evaluate(heights) == pytest.approx(before, rel=0.05)
    context.close()


def test_steps_go_forth_and_back_from_the_keyboard_and_the_address_keeps_them(browser, site):
    with opened(browser, site, PAGE) as tab:
        title, outcome = tab.locator(TITLE), tab.locator(".lab-outcome")
        assert title.inner_text() == "Step 6 of 11: e[2] = exp(z[2]) = inf"
        assert "0, 0, nan. Right is 0.09003, 0.2447, 0.6652. It breaks in step 6" in outcome.inner_text()
        assert "Before rounding: 162754.79" in tab.locator(".lab-now").inner_text()
        press(tab, "Next")
        assert title.inner_text() == "Step 7 of 11: s = e[0] + e[1] = inf"
        assert tab.locator(".lab-steps tr[aria-current=step] th").inner_text() == "7"
        assert tab.locator(".lab-heard").inner_text().startswith("Step 7 of 11")
        tab.wait_for_url("**step=7*")
        tab.reload(wait_until="load")
        tab.evaluate("loadWhole()")
        assert title.inner_text().startswith("Step 7 of 11")
        press(tab, "Where it breaks")
        assert title.inner_text().startswith("Step 6 of 11")
        press(tab, "Previous")
        assert title.inner_text() == "Step 5 of 11: e[1] = exp(z[1]) = 59872"
        tab.get_by_label("program").select_option("shifted")
        assert "Right: off by" in outcome.inner_text()
        expect(tab.get_by_role("button", name="Where it breaks")).to_be_disabled()
        bits = tab.locator(".lab-steps tbody tr").nth(2).locator("td .lab-pattern").inner_text()
        assert bits == "0 10010 1000000000"  # 12 in float16


def test_what_is_no_logit_is_told_with_its_place_and_the_last_ones_stay(browser, site):
    with opened(browser, site, PAGE) as tab:
        field = tab.get_by_label("logits z")
        field.fill("1, two")
        said = tab.locator(".lab-said").first
        assert (
            said.inner_text().startswith("Position 4: “two” is no number.")
            and "still 10, 11, 12" in said.inner_text()
        )
        assert field.get_attribute("aria-invalid") == "true" and said.get_attribute("role") == "status"
        tab.wait_for_url("**z=1%2C+two*")
        field.fill("1, 2")
        assert field.get_attribute("aria-invalid") == "false" and not said.is_visible()
        assert tab.locator(TITLE).inner_text().startswith("Step 1 of 7")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser, site, width):
    with opened(browser, site, PAGE, width) as tab:
        open_at(tab, "?z=0.1+0.2+-3+4+5+6+7+800&format=float64&want=loss&how=shifted&step=12")
        assert tab.evaluate("Math.max(document.body.scrollWidth, document.documentElement.scrollWidth)") <= width
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        tab.add_style_tag(content=DRAWN)
        for mode in ("light", "dark"):
            tab.evaluate("mode => { document.documentElement.dataset.theme = mode }", mode)
            assert tab.evaluate(VIOLATIONS, "all") == [], mode
        assert tab.evaluate(SMALL) == []


# --- in a notebook


def framed(browser, made):
    """What a notebook shows of a lab, in a frame that has no storage and no address of its own, as Colab's."""
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 900, "height": 1500})
    tab = context.new_page()
    wrong = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
    inside = html.escape(made._repr_html_() * 2)  # the same output twice
    tab.set_content(f'<iframe sandbox="allow-scripts" width="880" height="1400" srcdoc="{inside}"></iframe>')
    return context, tab.frame_locator("iframe"), wrong


@pytest.mark.parametrize(
    "made",
    [
        lab.train("elu", settings={"alpha": 2.5}, depth=3, width=5, start="he", gain=1.5, data="spirals",
                  optimizer="momentum", rate=0.1, batch=16, seed=7, updates=100, against={"activation": "apl",
                  "settings": {"a": (0.5, -0.3)}, "depth": 4}),
        lab.train("own", own="2 z", against={"activation": "own", "own": "max(z, 1)"}),
        lab.explore("apl", settings={"a": (0.5, -0.3)}, gain=1.3, beside="mish", z=-2),
        lab.numbers([0, 800], "float64", result="loss", program="logits", target=1),
    ],
    ids=["train", "own", "explore", "numbers"],
)  # fmt: skip
def test_a_lab_runs_in_a_sandboxed_frame_at_the_setting_that_python_gave_it(browser, made):
    context, frame, wrong = framed(browser, made)
    first = frame.locator(".actlab-lab").first
    first.get_by_role("button", name="Copy as a call").click()
    said = first.get_by_label("The call that makes this lab").input_value()
    assert eval(said, {"lab": lab}).state == made.state, said
    assert frame.locator(".actlab-lab[data-ready]").count() == 2
    if made.kind == "train":
        first.get_by_role("button", name="Step", exact=True).click()
        expect(first.locator(".lab-numbers")).to_contain_text("Update 1.")
    elif made.kind == "explore":
        first.get_by_label("gain", exact=True).press("ArrowRight")
        expect(first.locator(".lab-part .lab-numbers").first).to_contain_text("gain 1.31")
    else:
        first.get_by_role("button", name="Next", exact=True).click()
        first.get_by_role("button", name="Copy as a call").click()
        again = first.get_by_label("The call that makes this lab").input_value()
        assert eval(again, {"lab": lab}).state == made.state, again  # the step is none of it
        expect(first.locator(".lab-outcome")).to_contain_text("in float64: ")
    assert wrong == []
    context.close()


def test_python_and_the_page_have_the_same_controls(browser):
    """Each choice and each end that Python allows is read by the page as it stands."""
    settings = [{"f": name} for name in lab.catalog] + [{"data": one} for one in lab.TASKS]
    settings += [{"start": one} for one in lab.STARTS] + [{"optimiser": one} for one in lab.OPTIMIZERS]
    settings += [{"rate": one} for one in lab.RATES] + [{"batch": one} for one in lab.BATCHES]
    settings += [{"depth": 10, "width": 32, "seed": 9999, "gain": 5}, {"depth": 1, "width": 1, "gain": 0.1}]
    context = browser.new_context()
    tab = context.new_page()
    tab.add_script_tag(content=(ROOT / "_static/lab.js").read_text(encoding="utf-8"))
    read = "all => all.map((one) => actlabLab.engine.readSetting(new URLSearchParams(one)))"
    for said, found in zip(
        settings, tab.evaluate(read, [{k: str(v) for k, v in s.items()} for s in settings]), strict=True
    ):
        assert {key: found[key] for key in said} == said
    (default,) = tab.evaluate(read, [{}])
    ours = {lab.KEYS.get(key, key): value for key, value in lab.DEFAULTS.items() if key != "own"}
    ours["points"] = ""
    assert default == {("set" if key == "settings" else key): value for key, value in ours.items()}
    points = [(x / 20, y / 20, (x + y) % 2) for x in (-20, -7, 0, 20) for y in (-20, 3, 20)]
    layers = {1: "gelu", 3: "sine"}
    more = {"data": "own", "points": points, "depth": 3, "layers": layers}
    made = lab.train("tanh", **more, against=more)
    (found,) = tab.evaluate(read, [made.state])
    assert found["layers"] == {"1": "gelu", "3": "sine"}
    assert tab.evaluate("text => actlabLab.engine.pointsIn(text)", made.state["points"]) == [
        [20 * x, 20 * y, label] for x, y, label in points
    ]
    call = tab.evaluate("state => actlabLab.engine.asCall('train', `?${new URLSearchParams(state)}`)", made.state)
    assert eval(call, {"lab": lab}).state == made.state
    formats, results, programs = tab.evaluate(
        "() => [actlabLab.engine.formats.FORMATS, actlabLab.engine.programs.WANTED, actlabLab.engine.programs.WAYS]"
        ".map(Object.keys)"
    )
    assert (tuple(formats), tuple(results), tuple(programs)) == (lab.FORMATS, lab.RESULTS, lab.PROGRAMS)
    context.close()
