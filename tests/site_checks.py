"""The build, and what must hold of the built pages: each check returns the faults that it finds, as sentences.

`python tests/site_checks.py` checks the book in _build/html and exits 1 if there is a fault.
"""

import ast
import gzip
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
NO_BROWSER = "NO CHROMIUM: the pages were NOT tried in a browser"
LARGEST = 2_500_000  # bytes of a page and its own pictures: what a phone on a slow line can bear

FIRST = 250_000  # bytes, gzipped, of a page and all it loads at once

ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.I)
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"} | {
    "embed": "src", "object": "data", "link": "href", "image": "href", "use": "href"
}  # fmt: skip
IN_CSS = re.compile(r"""(?:@import\s+|url\()\s*["']?((?:[a-z]+:)?//[^"')\s]+)""", re.I)
IN_SCRIPT = re.compile(r"""["'`]((?:https?:)?//[^"'`\s]+\.(?:m?js|css|woff2?|json))\b""", re.I)
NAMED_AS_FILE = re.compile(r"\.(?:png|jpe?g|svg|gif|webp)$", re.I)


def pages(root: Path = ROOT) -> list[str]:
    """The names of all pages in _toc.yml, in reading order, without suffix."""

    def walk(entry) -> Iterator[str]:
        if isinstance(entry, list):
            for part in entry:
                yield from walk(part)
        elif isinstance(entry, dict):
            for key, value in entry.items():
                if key in ("root", "file"):
                    yield re.sub(r"\.(ipynb|md)$", "", value)
                else:
                    yield from walk(value)

    return list(walk(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))))


def stored(root: Path = ROOT) -> list[Path]:
    """The notebooks among the pages, in reading order."""
    return [path for page in pages(root) if (path := root / f"{page}.ipynb").is_file()]


def asked(path: Path) -> list[tuple[str, str]]:
    """The quizzes that a notebook shows: what each call of `quiz` is given, in order."""
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or not re.search(r"\bquiz\(", source):
            continue
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
        calls = [call for call in calls if ast.unparse(call.func).split(".")[-1] == "quiz"]
        calls.sort(key=lambda call: (call.lineno, call.col_offset))
        given = [[*call.args, *(named.value for named in call.keywords)] for call in calls]
        found += [tuple(map(ast.literal_eval, values)) for values in given]
    return found


def players(path: Path) -> int:
    """How many players a notebook shows, by what it stores of them: a cell calls one, or a scene that makes it."""
    return _stored_as(path, "player: ")


def figures(path: Path) -> int:
    """How many figures a notebook shows, by what it stores of them."""
    return _stored_as(path, "<Figure size ")


def _stored_as(path, words):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return sum("".join(output.get("data", {}).get("text/plain", "")).startswith(words) for output in outputs)


def build(root: Path, *flags: str) -> subprocess.CompletedProcess:
    """Runs `jupyter-book build`, as `make book` does."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", root, *flags]
    return subprocess.run(command, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def missing(html: Path = HTML, root: Path = ROOT) -> list[str]:
    return [f"{page}: no page was built" for page in pages(root) if not (html / f"{page}.html").is_file()]


def foreign(html: Path = HTML) -> list[str]:
    """What a page would load from another host. Links that a reader may follow are none of it."""
    found = []
    for file in sorted(html.rglob("*.html")):
        for soup in _soups(file):
            for tag in soup.find_all(True):
                address = tag.get(LOADS.get(tag.name, "")) or ""
                if ELSEWHERE.match(address) and "canonical" not in (tag.get("rel") or []):
                    found.append((file, f"<{tag.name}> loads {address}"))
                if tag.name == "script" and not tag.get("src") and "json" not in tag.get("type", ""):
                    found += [(file, f"a script names {address}") for address in IN_SCRIPT.findall(tag.text)]
                style = (tag.text if tag.name == "style" else "") + tag.get("style", "")
                found += [(file, f"a style loads {address}") for address in IN_CSS.findall(style)]
    for file in sorted(html.rglob("*.css")):
        found += [(file, f"loads {address}") for address in IN_CSS.findall(file.read_text(encoding="utf-8"))]
    return [f"{file.relative_to(html)}: {fault}" for file, fault in found]


def without_alt(html: Path = HTML) -> list[str]:
    """Pictures that nobody described. Sphinx fills in the file's name, which describes nothing."""
    return [
        f"{file.relative_to(html)}: no alt text for {image.get('src', '')[:60]}"
        for file in sorted(html.rglob("*.html"))
        for soup in _soups(file)
        for image in soup.find_all("img")
        if not image.get("alt", "").strip() or NAMED_AS_FILE.search(image["alt"])
    ]


def undrawn(html: Path = HTML, root: Path = ROOT) -> list[str]:
    """Pages with fewer pictures than their notebooks have figures: one can come as a line of text, or not at all."""
    faults = []
    for path in stored(root):
        page = path.relative_to(root).with_suffix("").as_posix()
        if (file := html / f"{page}.html").is_file() and (wanted := figures(path)):
            drawn = len(_soups(file)[0].select(".cell_output img[src*='_images/']"))
            if drawn < wanted:
                faults.append(f"{page}: {drawn} pictures, and {wanted} figures in the notebook")
    return faults


def heavy(html: Path = HTML, root: Path = ROOT) -> list[str]:
    """Pages that weigh more than they may, with the pictures that are their own."""
    faults = []
    for page in pages(root):
        file = html / f"{page}.html"
        if not file.is_file():
            continue
        pictures = {(file.parent / image["src"]).resolve() for image in _soups(file)[0].find_all("img", src=True)}
        weight = sum(
            path.stat().st_size for path in {file, file.with_suffix(".players.js"), *pictures} if path.is_file()
        )
        if weight > LARGEST:
            faults.append(f"{page}: {weight / 1e6:.2f} MB, more than {LARGEST / 1e6:.1f}")
    return faults


def held_up(html: Path = HTML) -> list[str]:
    """Scripts that a page waits for before it is shown, and the one that draws all icons of the world."""
    found = []
    for file in _pages(html):
        for script in _soups(file)[0].find_all("script", src=True):
            if not (script.has_attr("defer") or script.has_attr("async")) or "fontawesome" in script["src"]:
                found.append(f"{file.relative_to(html)}: {script['src']}")
    return found


def slow(html: Path = HTML) -> list[str]:
    """Pages that send more, gzipped, than they may before anybody has touched them."""
    found = []
    for file in _pages(html):
        soup = _soups(file)[0]
        tags = soup.find_all("script", src=True) + soup.find_all("link", rel="stylesheet")
        names = {(tag.get("src") or tag.get("href")).partition("?")[0] for tag in tags}
        weight = sum(len(gzip.compress((file.parent / name).read_bytes())) for name in [file.name, *names])
        if weight > FIRST:
            found.append(f"{file.relative_to(html)}: {weight / 1000:.0f} kB, more than {FIRST / 1000:.0f}")
    return found


def unsaid(html: Path = HTML) -> list[str]:
    """Pages without a description, with one that is too short or long to be shown, or with that of another."""
    found, said = [], {}
    for file in _pages(html):
        soup = _soups(file)[0]
        tags = {tag.get("name") or tag.get("property"): tag.get("content") for tag in soup.find_all("meta")}
        words = tags.get("description") or ""
        if not 50 <= len(words) <= 160:
            found.append(f"{file.relative_to(html)}: a description of {len(words)} characters: {words}")
        if words in said:
            found.append(f"{file.relative_to(html)}: the description of {said[words]}")
        said[words] = file.relative_to(html)
        for tag in ("og:title", "og:description", "og:image", "og:url", "og:type", "twitter:card"):
            if not tags.get(tag):
                found.append(f"{file.relative_to(html)}: no {tag}")
    return found


def astray(html: Path = HTML) -> list[str]:
    """Links within the book that lead to no page, or to no place on it."""
    found = []
    for file in _pages(html):
        for link in _soups(file)[0].find_all("a", href=True):
            place, _, label = link["href"].partition("#")
            place = place.partition("?")[0]
            if re.match(r"[a-z]+:", place):
                continue
            target = (file.parent / unquote(place)).resolve() if place else file
            if not target.is_file():
                found.append(f"{file.relative_to(html)}: {link['href']} is not there")
            elif label and target.suffix == ".html" and unquote(label) not in _places(target):
                found.append(f"{file.relative_to(html)}: {link['href']} names no place")
    return found


def out_of_order(html: Path = HTML) -> list[str]:
    """Headings that skip a level, and pages with more or less than one of the first."""
    found = []
    for file in _pages(html):
        if not (article := _soups(file)[0].find("article", class_="bd-article")):
            continue
        levels = [int(heading.name[1]) for heading in article.find_all(re.compile("^h[1-6]$"))]
        if levels.count(1) != 1:
            found.append(f"{file.relative_to(html)}: {levels.count(1)} headings of the first level")
        for before, after in pairwise(levels):
            if after > before + 1:
                found.append(f"{file.relative_to(html)}: h{after} after h{before}")
    return found


def dead(html: Path = HTML) -> list[str]:
    """Players and quizzes without a picture for each state of their controls, and widgets left as they are."""
    found = []
    for file in _pages(html):
        soup, *_ = _soups(file)
        if "application/vnd.jupyter.widget" in file.read_text(encoding="utf-8"):
            found.append(f"{file.relative_to(html)}: a widget that is no player")
        moving = soup.find_all(attrs={"data-moving": True})
        script = file.with_suffix(".players.js")
        frames = _frames(script) if script.is_file() else []
        if len(moving) != len(frames):
            found.append(f"{file.relative_to(html)}: {len(moving)} players, and pictures for {len(frames)}")
            continue
        for player, pictures in zip(moving, frames, strict=True):
            name = f"{file.relative_to(html)}: player {player['data-moving']}"
            sliders = [int(slider["max"]) + 1 for slider in player.find_all("input", type="range")]
            choices = [len(choice.find_all("input", type="radio")) for choice in player.find_all("fieldset")]
            first = str(player.find(class_="actlab-frame").decode_contents()).strip()
            there = [picture or first for picture in pictures]
            if math.prod([*sliders, *choices]) != len(there) or len(sliders + choices) < 1:
                found.append(f"{name} has {len(there)} pictures for {sliders + choices}")
            if not all(there) or pictures.count(None) != bool(first):
                found.append(f"{name} has an empty picture")
    return found


def _pages(html):
    # index.html only leads on, and _static holds templates of the theme
    return [file for file in sorted(html.rglob("*.html")) if "_static" not in file.parts and file.stem != "index"]


def _places(file):
    return _ids(file, file.stat().st_mtime_ns)


@cache
def _ids(file, _mtime):
    return {tag["id"] for tag in _soups(file)[0].find_all(id=True)}


def faults(html: Path = HTML, root: Path = ROOT) -> list[str]:
    """What each of the checks above finds."""
    of_the_book = missing(html, root) + undrawn(html, root) + heavy(html, root)
    return of_the_book + [fault for check in CHECKS for fault in check(html)]


CHECKS = (foreign, without_alt, held_up, slow, unsaid, astray, out_of_order, dead)  # of every page that was built


def _soups(file):
    return _parsed(file, file.stat().st_mtime_ns)


@cache
def _parsed(file, _mtime):
    """The page, and each picture or answer that its players will show."""
    soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
    stored = file.with_suffix(".players.js")
    frames = _frames(stored) if stored.is_file() else []
    return [soup] + [BeautifulSoup(text, "html.parser") for texts in frames for text in texts if text]


def _frames(script):
    """What each player of a page shows, by state; None for what stands in the page."""
    return json.loads(script.read_text(encoding="utf-8").split("=", 1)[1].strip(" ;\n"))


if __name__ == "__main__":
    found = faults()
    print("\n".join(found) or f"{len(pages())} pages: all there, light, in order, and nothing from another host")
    sys.exit(bool(found))
