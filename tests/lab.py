"""A JupyterLab with the plain notebooks, and what a reader does there, in Chromium.

    python tests/lab.py [PAGE...]

runs notebooks of _build/notebooks from top to bottom in a real JupyterLab, moves every player, answers every
question, opens every hint, and prints what it found; exits 1 if something did not work.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import chromium
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from site_checks import HTML, pages

NOTEBOOKS = HTML.with_name("notebooks")
LONGEST = 300_000  # ms for all cells of a page on a busy machine
# what a player shows: its widgets have no frame of their own around the picture
SEEN = 'player => [...player.querySelectorAll("figure")].map(f => f.ariaLabel + f.innerHTML).join()'
# what a test needs to know of the document that JupyterLab holds
CELLS = "() => jupyterapp.shell.currentWidget.content.model.toJSON().cells"
OPEN = """() => {
    const cells = jupyterapp.shell.currentWidget.content.widgets.map(cell => [cell.model.sharedModel.source, cell]);
    const solutions = cells.flatMap(([source], n) => source.startsWith("### Solution to exercise ") ? [n] : []);
    return solutions.filter(n => !cells[n + 1][1].isHidden).map(n => cells[n][0]);
}"""
RUN = "() => jupyterapp.commands.execute('notebook:run-all-cells')"


@contextmanager
def served(notebooks: Path = NOTEBOOKS) -> Iterator[str]:
    """The address of a JupyterLab that was never opened before, with a copy of the notebooks."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        shutil.copytree(notebooks, f"{home}/notebooks")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        own = {name: home for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
        own |= {"JUPYTER_RUNTIME_DIR": f"{home}/runtime", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
            "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={home}/notebooks",
            "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None", "--LabApp.check_for_updates_class="
            "jupyterlab.NeverCheckForUpdate",
        ]  # fmt: skip
        log = Path(home, "log")
        with log.open("w", encoding="utf-8") as said:
            server = subprocess.Popen(command, env=os.environ | own, stdout=said, stderr=said)
        try:
            _wait(f"http://127.0.0.1:{port}/api", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(address, server, log, seconds=60):
    began = time.monotonic()
    while time.monotonic() - began < seconds and server.poll() is None:
        try:
            with urllib.request.urlopen(address):
                return
        except URLError:
            time.sleep(0.2)
    raise RuntimeError(f"no JupyterLab came up\n{log.read_text(encoding='utf-8')[-2000:]}")


@contextmanager
def opened(browser: Browser, lab: str, page: str) -> Iterator[Page]:
    """A notebook as it is when a reader has opened it; its kernel is stopped at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    try:
        tab.goto(f"{lab}/lab/tree/{page}.ipynb?reset")
        tab.wait_for_selector(".jp-Notebook .jp-MarkdownOutput h1", timeout=60_000)
        tab.wait_for_function("() => jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel")
        yield tab
        tab.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    finally:
        context.close()


def run(tab: Page) -> list[str]:
    """Runs all cells of an opened notebook. Says which of them ended in an error."""
    tab.set_default_timeout(LONGEST)
    tab.evaluate(RUN)
    tab.set_default_timeout(30_000)
    return [
        f"{output['ename']}: {output['evalue']} in\n{''.join(cell['source'])}"
        for cell in tab.evaluate(CELLS)
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]


def open_solutions(tab: Page) -> list[str]:
    """The headings of the solutions that are not folded."""
    return tab.evaluate(OPEN)


def ask_for_solutions(tab: Page) -> None:
    """Opens each solution."""
    for _ in range(100):
        tab.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 1e9)")
        tab.wait_for_timeout(300)  # what is far from the screen is drawn only now
        more = tab.locator(".jp-showHiddenCellsButton:visible")
        if not more.count():
            return
        more.first.click()
    raise RuntimeError("there is always one more folded heading")


def moves(player: Locator) -> str:
    """Moves each control of a player from the keyboard. Says what is wrong: no picture, or one that stands still."""
    player.scroll_into_view_if_needed()
    picture = player.locator("figure svg:visible").first
    picture.wait_for()
    size = picture.bounding_box()
    if size["width"] < 100 or size["height"] < 100:
        return f"a picture of {size['width']:.0f} x {size['height']:.0f} pixels"
    handles = player.locator(".noUi-handle")
    buttons = player.locator(".widget-toggle-button:not(.mod-active)")
    if not handles.count() + buttons.count():
        return "no control"
    for control, keys in [
        *((handle, ("ArrowRight", "ArrowLeft")) for handle in handles.all()),
        *((button, ("Enter",)) for button in buttons.all()[:1]),
    ]:
        if not any(_changes(player, control, key) for key in keys):  # a slider may stand at its end
            return f"a control that moves nothing: {control.evaluate('e => e.outerHTML')[:150]}"
    return ""


def _changes(player, control, key):
    before = player.evaluate(SEEN)
    control.focus()
    control.press(key)
    for _ in range(40):
        if player.evaluate(SEEN) != before:
            return True
        control.page.wait_for_timeout(50)
    return False


def answers(quiz: Locator) -> str:
    """Picks each choice of a question. Says what is wrong: a reason that does not come, or one for all."""
    quiz.scroll_into_view_if_needed()
    said = quiz.locator(".actlab-right, .actlab-wrong")
    if said.count():
        return "a reason stands there before anybody has chosen"
    choices, told = quiz.locator("input[type=radio]").all(), set()
    for choice in choices:
        choice.check()
        quiz.page.wait_for_timeout(100)
        told.add(said.filter(visible=True).inner_text())
    return "" if len(told) == len(choices) > 1 else f"{len(choices)} choices and {len(told)} reasons"


def unfolds(details: Locator) -> str:
    """Opens a hint or an answer. Says what is wrong: it stood open, or nothing appears."""
    inside = details.locator(":scope > p, :scope > ul, :scope > ol, :scope > div").first
    details.locator("summary").first.scroll_into_view_if_needed()
    if inside.is_visible():
        return "it stands open before anybody has asked"
    details.locator("summary").first.click()
    return "" if inside.is_visible() else "nothing appears"


def tried(tab: Page) -> dict[str, int | list[str]]:
    """A notebook from top to bottom, with all there is to move: how many of each there are, and what went wrong."""
    wrong = [f"before the run: {heading}" for heading in open_solutions(tab)]
    wrong += run(tab)
    wrong += [f"after the run: {heading}" for heading in open_solutions(tab)]
    found = {}
    for what, selector, look in [
        ("players", ".actlab-player", moves),
        ("questions", ".actlab-quiz", answers),
        ("hints and answers", ".jp-MarkdownOutput details:not(details details)", unfolds),
    ]:
        there = [one for one in tab.locator(selector).all() if what != "hints and answers" or one.is_visible()]
        found[what] = len(there)
        wrong += [f"{what} {n}: {fault}" for n, one in enumerate(there, start=1) if (fault := look(one))]
    ask_for_solutions(tab)
    found["solutions"] = len(open_solutions(tab))
    return found | {"wrong": wrong}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    everything = [page for page in pages() if (NOTEBOOKS / f"{page}.ipynb").is_file()]
    parser.add_argument("pages", nargs="*", default=everything, metavar="PAGE", help="such as chapters/03_tanh")
    wrong = 0
    with served() as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.FLAGS)
        for page in parser.parse_args().pages:
            began = time.monotonic()
            with opened(browser, lab, page) as tab:
                found = tried(tab)
            print(f"{page}: {found}, {time.monotonic() - began:.0f} s", flush=True)
            wrong += len(found["wrong"])
        browser.close()
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
