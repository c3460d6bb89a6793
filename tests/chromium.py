"""Pages in the Chromium that is installed: how it is started, opened, and asked what a reader sees."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ElementHandle, Locator, Page

# as root Chromium has no sandbox; the others keep it from calling home
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

READY = """async () => {
    const tooLong = new Promise((_, fail) => setTimeout(() => fail(new Error("the page was never whole")), 90_000));
    await Promise.race([loadWhole(), tooLong]);
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
# what is seen, and nothing where it has no room
SEEN = """player => [...player.querySelectorAll(".actlab-frame figure")]
    .map(f => [f, f.getBoundingClientRect()])
    .filter(([f, {width, height}]) => f.checkVisibility() && width > 100 && height > 60)
    .map(([f]) => f.ariaLabel + f.innerHTML).join()"""
CONTROLS = "input[type=range], input[type=radio]:not(:checked), .actlab-play"
# axe looks at the whole page at once; the page lays out what is far from the screen only when it comes near
DRAWN = "* { content-visibility: visible !important; }"
# of all rules, of those about colours, into which most of the time goes, of the others, or of what hangs on width
VIOLATIONS = """async which => {
    const colours = ["color-contrast", "link-in-text-block"];
    const rules = {"target-size": {enabled: true}};  // one of WCAG 2.2, off unless asked for
    if (which === "others") for (const name of colours) rules[name] = {enabled: false};
    const only = {colours, room: ["target-size", "scrollable-region-focusable"]}[which];
    const asked = only ? {runOnly: only} : {rules};
    const {violations} = await axe.run(document, {...asked, resultTypes: ["violations"]});
    return violations.flatMap(v => v.nodes.map(n => `${v.impact} ${v.id}: ${n.target} ${n.html.slice(0, 150)}`));
}"""
# of WCAG's 2.5.8: a finger finds 24 px, but for links in a line of text; a choice is pressed on its words as well
SMALL = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter(e => e.checkVisibility() && !(e.matches("a") && getComputedStyle(e).display === "inline"))
    .map(e => [e, (e.closest("label") || e).getBoundingClientRect()])
    .filter(([e, {width, height}]) => width && height && Math.min(width, height) < 23.9)
    .map(([e, {width, height}]) => `${width} x ${height}: ${e.outerHTML.slice(0, 100)}`)"""
MOVING = """() => [...document.querySelectorAll("*")].filter(e => {
    const {animationName, transitionDuration, scrollBehavior} = getComputedStyle(e);
    return animationName !== "none" || parseFloat(transitionDuration) || scrollBehavior === "smooth";
}).map(e => e.outerHTML.slice(0, 100))"""


def path() -> str | None:
    """The path of the Chromium that is installed here."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


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


def moves(player: Locator, control: ElementHandle) -> bool:
    """Whether a control of a player changes what is seen, from the keyboard; a button must say what it does next."""
    control.focus()
    keyboard = player.page.keyboard
    if control.get_attribute("type") == "range":  # it may stand at its end
        return any([changes(player, lambda key=key: keyboard.press(key)) for key in ("ArrowRight", "ArrowLeft")])
    if control.get_attribute("type") == "radio":
        return changes(player, lambda: keyboard.press("Space"))
    moved = changes(player, lambda: keyboard.press("Enter"))
    if control.inner_text().strip() == "Pause":
        keyboard.press("Enter")
    assert control.inner_text().strip() == "Play"
    return moved


def changes(player: Locator, act) -> bool:
    """Whether what is seen of a player becomes something else after an act, within two seconds."""
    before = player.evaluate(SEEN)
    act()
    for _ in range(40):
        if player.evaluate(SEEN) not in ("", before):
            return True
        player.page.wait_for_timeout(50)
    return False
