"""Draws _static/{lab,explore,numbers}.png, what stands in a lab's place until its script is there: needs Chromium."""

import base64
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
SIDE = 560
PAGE = """<html data-theme="light"><body><div data-lab {more}></div><style>{style}</style></html>"""
TRAIN = f"[data-lab] {{ width: {2 * SIDE}px; }} [data-lab] canvas {{ width: {SIDE}px !important; border: none; }}"
TRAINED = """() => {
    history.replaceState = () => {};
    actlabLab.mount(document.querySelector("[data-lab]"));
    const [step] = [...document.querySelectorAll("button")].filter((one) => one.textContent === "Step");
    for (let k = 0; k < 120; k++) step.click();
    return document.querySelector("canvas").toDataURL("image/png").split(",")[1];
}"""
EXPLORE = """body { margin: 0; font-family: sans-serif; } [data-lab] { display: flex; gap: 8px; width: 720px; }
[data-lab] svg { flex: 1; }"""
EXPLORED = """async () => {
    const lab = document.querySelector("[data-lab]");
    actlabLab.mount(lab);
    while (!lab.matches("[data-whole]")) await new Promise(requestAnimationFrame);
    lab.replaceChildren(...[...lab.querySelectorAll("svg[role=img]")].slice(0, 2)); // the curves, and the layers
}"""
NUMBERS = """body { margin: 0; font-family: sans-serif; } [data-lab] { width: 720px; }
[data-lab] .lab-now { min-height: 160px !important; border: none !important; }"""


def lab(browser, more, style):
    """A page with a lab that is not yet mounted."""
    tab = browser.new_page(viewport={"width": 1200, "height": 900})
    tab.set_content(PAGE.format(more=more, style=style))
    tab.add_script_tag(content=(ROOT / "_static/lab.js").read_text(encoding="utf-8"))
    return tab


def keep(png, name):
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    # few colours: a phone waits for it
    picture.quantize(32, dither=Image.Dither.NONE).save(ROOT / "_static" / name, optimize=True)


if __name__ == "__main__":
    import chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        keep(base64.b64decode(lab(browser, "", TRAIN).evaluate(TRAINED)), "lab.png")
        tab = lab(browser, 'class="actlab-lab" data-kind="explore"', EXPLORE)
        tab.evaluate(EXPLORED)
        keep(tab.locator("[data-lab]").screenshot(), "explore.png")
        tab = lab(browser, 'class="actlab-lab" data-kind="numbers"', NUMBERS)
        tab.evaluate("() => { actlabLab.mount(document.querySelector('[data-lab]')); }")
        keep(tab.locator(".lab-now").screenshot(), "numbers.png")
        browser.close()
