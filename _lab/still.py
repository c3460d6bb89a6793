"""Draws _static/lab.png, what stands in the lab's place until its script is there: needs the tests' Chromium."""

import base64
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
SIDE = 560
PAGE = f"""<html data-theme="light"><body><div data-lab style="width: {2 * SIDE}px"></div>
<style>[data-lab] canvas {{ width: {SIDE}px !important; border: none !important; }}</style></body></html>"""
TRAINED = """() => {
    history.replaceState = () => {};
    actlabLab.mount(document.querySelector("[data-lab]"));
    const [step] = [...document.querySelectorAll("button")].filter((one) => one.textContent === "Step");
    for (let k = 0; k < 120; k++) step.click();
    return document.querySelector("canvas").toDataURL("image/png").split(",")[1];
}"""

if __name__ == "__main__":
    import chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        tab = browser.new_page(viewport={"width": 1200, "height": 900})
        tab.set_content(PAGE)
        tab.add_script_tag(content=(ROOT / "_static/lab.js").read_text(encoding="utf-8"))
        picture = Image.open(io.BytesIO(base64.b64decode(tab.evaluate(TRAINED)))).convert("RGB")
        # few colours: a phone waits for it
        picture.quantize(32, dither=Image.Dither.NONE).save(ROOT / "_static/lab.png", optimize=True)
        browser.close()
