"""Makes the built pages light: what a reader sees first is loaded first, and what is heavy only when it is wanted.

- Icons: the theme brings a script of 1.5 MB that draws each of them. Its style sheet can do so too, with a font;
  it is cut down to the icons that are used and lies in the style sheet.
- Style sheets: those of the theme and the extensions become one, packed.css: see packed.py.
- Scripts: none holds up the page. MathJax, and the pictures of the players, are left to _static/light.js, which loads
  them when they are wanted. A player stands in the page with its controls and its first picture: see players.py.
- Pictures say how large they are, and wait until they are near.
- The source of what a page shows first and foremost stands below it, folded as it is.
- Names and roles that the theme leaves out are put in, for those who listen to a page.
- A page gets its description and its card, for those who share it.

Scripts are changed in the context that Sphinx hands to its templates; what the theme writes, in three blocks of its
layout, which those in templates/ hand to the rules below. The one style sheet is made at the end of a build, when all
pages are known. Each rule says where it must find something. Where it does not, the theme is another one than the
rules were written for, and the build warns, by name.
"""

import hashlib
import html
import json
import posixpath
import re
import struct
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

import packed
import players
from docutils import nodes
from markup import Rule, Tag, changed
from myst_nb.sphinx_ import HideCodeCellNode
from packaging.specifiers import SpecifierSet
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

THEME = SpecifierSet(">=1.3,<1.5")  # of sphinx-book-theme, and with it of pydata-sphinx-theme; also in pyproject.toml
STATIC = "_static"
PACKED = f"{STATIC}/packed.css"
PENDING = "version-of-packed.css"  # in its place, until the end of the build
MEASURES = re.compile(r"e\.tabIndex=(e\.scrollWidth[^}]*)\}")
ICONS = {"fa", "fas", "fab", "fa-solid", "fa-brands", "fa-regular"}
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
OWN_TITLES = {"search": "Search", "genindex": "Index"}  # the theme writes these itself


# --- the words about a page


def describe(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    title = re.sub(r"<[^>]*>", "", context.get("title") or OWN_TITLES.get(pagename, pagename))
    words = _opening(doctree) if doctree else f"{title}: find a word of the book “{app.config.html_title}”"
    entries = {"description": words}
    named = {"og:type": "article", "og:site_name": app.config.html_title, "og:title": html.unescape(title)}
    named |= {"og:description": words}
    if base := app.config.html_baseurl.rstrip("/"):
        named |= {"og:url": f"{base}/{pagename}.html", "og:image": f"{base}/{STATIC}/card.png"}
        named |= {"og:image:alt": "The curves of the activations, with the title of the book"}
        entries |= {"twitter:card": "summary_large_image"}
    tags = [f'<meta name="{key}" content="{html.escape(text)}" />' for key, text in entries.items()]
    tags += [f'<meta property="{key}" content="{html.escape(text)}" />' for key, text in named.items()]
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def _opening(doctree, least=70, most=155):
    """The first sentences of the page, cut at a word; formulas in TeX are no words."""
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section) and not any(
            "\\" in math.astext() for math in paragraph.findall(nodes.math)
        ):
            text = f"{text} {' '.join(paragraph.astext().split())}".strip()
            if len(text) >= least:
                break
    if len(text) > most:
        text = text[: most + 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + " …"
    return text


# --- what is changed, and where it must be found


def _file(tag: Tag) -> str:
    """The name of the file that a tag loads."""
    return posixpath.basename((tag.get("src") or tag.get("href")).partition("?")[0])


def _sheet(tag):
    return tag.name == "link" and tag.get("rel") == "stylesheet" and _file(tag) != "custom.css"


def _without(name: str, kind: str, file: str) -> Rule:
    """The rule that takes the tags away that load a file, with what ends them."""
    return Rule(name, lambda tag: tag.name == kind and _file(tag) == file, lambda tag, inner: "", whole=True)


def _everywhere(page):
    return True


def _on_pages(page):
    return page.doctree is not None  # neither on the search nor on the index


def _with(*kinds):
    return lambda page: page.doctree is not None and any(page.doctree.findall(lambda node: isinstance(node, kinds)))


# Each with the pages on which it must find something.
Where = Callable[["Page"], bool]
LATER = ("lab.js",)  # scripts that a page asks for by itself, when it is moved
HEAD: list[tuple[Rule, Where]] = [
    (_without("the script fontawesome.js, which draws icons", "script", "fontawesome.js"), _everywhere),
    (
        Rule(
            "the scripts that are fetched ahead",
            lambda tag: tag.name == "link" and (tag.get("rel"), tag.get("as")) == ("preload", "script"),
            lambda tag: "",
        ),
        _everywhere,
    ),
]
EXTRAS: list[tuple[Rule, Where]] = [
    (_without(f"the script {name} of the search", "script", name), lambda page: page.name != "search")
    for name in ("searchtools.js", "language_data.js", "searchindex.js")
]
SEARCHING: list[tuple[Rule, Where]] = [
    (
        Rule(
            "the scripts of the page of the search",
            lambda tag: tag.name == "script" and "src" in tag and "defer" not in tag and "async" not in tag,
            lambda tag: tag.but(defer="defer"),
        ),
        _everywhere,
    )
]
CONTENT: list[tuple[Rule, Where]] = [
    # The theme's column is no landmark, though its logo and its search stand nowhere else.
    (
        Rule(
            "the column with the menu, pst-primary-sidebar",
            lambda tag: tag.get("id") == "pst-primary-sidebar",
            lambda tag: tag.but(role="complementary", aria_label="The book"),
        ),
        _everywhere,
    ),
    # The theme and MyST-NB name these otherwise than they read.
    (
        Rule(
            "the name of the button of the search, search-button-field",
            lambda tag: "search-button-field" in tag.classes and "aria-label" in tag,
            lambda tag: tag.but(aria_label=None),
        ),
        _everywhere,
    ),
    (
        Rule(
            "the name of what folds code",
            lambda tag: tag.name == "summary" and "aria-label" in tag,
            lambda tag: tag.but(aria_label=None),
        ),
        _with(HideCodeCellNode),
    ),
    # The theme gives what opens a part of its menu an icon and no name.
    (
        Rule(
            "what opens a part of the menu, toctree-toggle",
            lambda tag: "toctree-toggle" in tag.classes,
            lambda tag: tag.but(role="img", aria_label=f"Pages below: {html.unescape(tag.link)}"),
        ),
        lambda page: len(page.app.env.toctree_includes) > 1,
    ),
    # Entries of a bibliography are no list items, so that it is no list to those who only listen
    # (and the role of an entry is one that the standard has given up).
    (
        Rule(
            "the roles of a bibliography",
            lambda tag: {"citation", "citation-list"} & tag.classes and "role" in tag,
            lambda tag: tag.but(role=None),
        ),
        _with(nodes.citation),
    ),
    (
        Rule(
            "icons, which say nothing to those who listen",
            lambda tag: tag.name in ("i", "span") and ICONS & tag.classes and "aria-hidden" not in tag,
            lambda tag: tag.but(aria_hidden="true"),
        ),
        _everywhere,
    ),
    # paper has all formulas
    (
        Rule(
            "the button that prints",
            lambda tag: tag.get("onclick") == "window.print()",
            lambda tag: tag.but(onclick="printWhole()"),
        ),
        _on_pages,
    ),
    # what may have to be scrolled can be reached by the keyboard; once it is drawn the theme measures whether it must
    (
        Rule(
            "blocks of code, which may scroll",
            lambda tag: tag.name == "pre" and "tabindex" not in tag,
            lambda tag: tag.but(tabindex="0"),
        ),
        _with(nodes.literal_block),
    ),
]


class Page:
    """A page while it is written: the templates hand in their blocks and get them light."""

    def __init__(self, light: "Light", name: str, doctree: nodes.document | None):
        self.light, self.app, self.name, self.doctree = light, light.app, name, doctree

    # --- the blocks

    def sheets(self, text: str) -> str:
        """All style sheets but our own are one, which takes the place of the first."""
        known = self.light.sheets
        found: dict[str, None] = {}

        def packs(tag):
            # those of the first page: pages may be written in several processes, and only one of them packs
            return _sheet(tag) and (not known or self._named(tag.get("href")) in known)

        def pack(tag):
            found[self._named(tag.get("href"))] = None
            up = "../" * self.name.count("/")
            return f'<link rel="stylesheet" href="{up}{PACKED}?v={PENDING}">' if len(found) == 1 else ""

        text = self._changed(text, [(Rule("the style sheets", packs, pack), _everywhere), *HEAD])
        known.update(found)
        return text

    def extras(self, text: str) -> str:
        return self._changed(text, EXTRAS)

    def searching(self, text: str) -> str:
        return self._changed(text, SEARCHING)

    def content(self, text: str) -> str:
        pictures = Rule(
            "the logo and the pictures", lambda tag: tag.name == "img" and "loading" not in tag, self._picture
        )
        return self._changed(text, [*CONTENT, (pictures, _everywhere)])

    def _changed(self, text, rules):
        text, used = changed(text, [rule for rule, _ in rules])
        for rule, where in rules:
            if not used[rule.name] and where(self):
                self.light.miss(rule.name, self.name)
        return text

    def _named(self, link):
        """The file that a link of the page names, from the top of the site."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.name), unquote(link.partition("?")[0])))

    def _picture(self, tag):
        size = {}
        name = self._named(tag.get("src"))
        if name.endswith(".png"):
            # pictures of pages are copied after the pages are written
            sources = {f"{self.app.builder.imagedir}/{copy}": file for file, copy in self.app.builder.images.items()}
            folder, file = (self.app.srcdir, sources[name]) if name in sources else (self.app.outdir, name)
            picture = Path(folder, file)
            if picture.is_file():  # one from another host is found by the site's checks
                width, height = struct.unpack(">II", picture.read_bytes()[16:24])
                size = {"width": str(width), "height": str(height)}
        return tag.but(**size, loading="lazy", decoding="async")

    # --- what Sphinx hands to the templates

    def scripts(self, given: list) -> tuple[list, dict | None]:
        """The scripts of the page, none of which holds it up, and the state of its widgets."""
        kept, state, missing = [], None, {"documentation_options.js"}
        # of the index Sphinx 9 says that it may have equations
        if self.doctree is not None and self.app.env.get_domain("math").has_equations(self.name):
            missing.add(posixpath.basename(self.app.config.mathjax_path))
        for script in given:
            name = posixpath.basename(script.filename or "")
            attributes = dict(script.attributes)
            if attributes.get("type") == STATE:
                state = json.loads(attributes["body"])["state"]
            elif name == "documentation_options.js":
                # scripts in the page name what is in it
                text = Path(self.app.outdir, script.filename).read_text(encoding="utf-8")
                kept.append(type(script)("", priority=script.priority, body=text))
            elif name and name not in (*LATER, posixpath.basename(self.app.config.mathjax_path)):
                if "async" not in attributes:
                    attributes["defer"] = "defer"
                kept.append(type(script)(script.filename, priority=script.priority, **attributes))
            elif not name:
                kept.append(script)
            missing.discard(name)
        for name in sorted(missing):
            self.light.miss(f"the script {name}", self.name)
        return kept, state

    def moving(self, body: str, models: dict | None) -> str:
        """The text of the page with its players and quizzes; beside it a script is written, with their pictures."""
        found = []

        def put(tag, inner):
            view = json.loads(inner)["model_id"]
            if "actlab-explorer" in (kinds := models[view]["state"].get("_dom_classes", ())):
                # it has nothing to control without a kernel, and says so
                return f'<div class="actlab-first {" ".join(kinds)}">{_still(models, view)}</div>'
            if models[view]["model_name"] == "HTMLModel":
                return _still(models, view)
            try:
                moving = players.read(models, view)
            except ValueError as fault:
                logger.warning(f"{self.name}: no player that a page can show: {fault}")
                return _still(models, view)
            if players.jumps(moving):
                logger.warning(
                    f"{self.name}: the pictures of a player have different shapes, and the page would jump"
                )
            found.append(moving)
            return players.drawn(moving, len(found) - 1)

        views = Rule("the widgets of a notebook", lambda tag: tag.get("type") == VIEW, put, whole=True)
        if models is not None:
            body = self._changed(body, [(views, self._has_views)])
        elif self._has_views(self):
            self.light.miss("the state of the widgets", self.name)
        opening = '<div class="actlab-player"'
        if opening in body and body.index(opening) < body.find("<h2"):
            # it shares the first screen with the title, and is to be there whole
            body = body.replace(opening, '<div class="actlab-player actlab-opening"', 1)
        script, beside = Path(self.app.outdir, f"{self.name}.players.js"), players.beside(found)
        if found:
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(beside, encoding="utf-8", newline="\n")
        # a page that a browser has kept asks for its own pictures, not for those of a later build
        body = body.replace(' data-moving="', f' data-pictures="{script.name}?v={_version(beside)}" data-moving="')
        if (lab := Path(self.app.srcdir, STATIC, "lab.js")).is_file():
            place = f"{'../' * self.name.count('/')}{STATIC}/lab.js?v={_version(lab.read_text(encoding='utf-8'))}"
            body = body.replace(' data-lab=""', f' data-lab="{place}"')
        return body

    def _has_views(self, page):
        return self.doctree is not None and any(VIEW in raw.astext() for raw in self.doctree.findall(nodes.raw))


def _version(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _still(models, id):
    """The words and pictures of a widget, without what would move them."""
    model = models[id.removeprefix("IPY_MODEL_")]
    state = model["state"]
    if model["model_name"] == "HTMLModel":
        return state["value"]
    return "".join(_still(models, child) for child in state.get("children", ()))


class SourceBelow(SphinxPostTransform):
    """What a cell shows comes first, and what is folded of it after that: for the eye as for the keyboard."""

    default_priority = 200  # just after MyST-NB has folded
    formats = ("html",)

    def run(self, **_) -> None:
        for cell in self.document.findall(nodes.container):
            if any(
                child.get("nb_element") == "cell_code_output" for child in cell if isinstance(child, nodes.Element)
            ):
                cell.children.sort(key=lambda child: isinstance(child, HideCodeCellNode))


# --- the build


class Light:
    """A build: what its pages have in common, and of what it has warned already."""

    def __init__(self, app: Sphinx):
        self.app = app
        self.sheets: dict[str, None] = {}  # that become one
        self.missed: set[str] = set()

    def miss(self, what: str, page: str) -> None:
        """Warn, once a build, that the theme no longer has what is to be changed."""
        if what not in self.missed:
            self.missed.add(what)
            logger.warning(f"light: found no longer, on {page} first: {what}. See _ext/light.py.")

    def check(self, app: Sphinx) -> None:
        installed = version("sphinx-book-theme")
        if not THEME.contains(installed, prereleases=True):
            logger.warning(f"light: written for sphinx-book-theme {THEME}, and {installed} is installed")

    def write(self, app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
        if app.builder.name == "html":
            context["light"] = page = Page(self, pagename, doctree)
            context["script_files"], state = page.scripts(context["script_files"])
            if doctree is not None:
                context["body"] = page.moving(context["body"], state)

    def finish(self, app: Sphinx, exception: Exception | None) -> None:
        if exception or not self.sheets:
            return
        out = Path(app.outdir)
        # what lies below _static is a template of the theme
        pages = [page for page in sorted(out.rglob("*.html")) if STATIC not in page.parts]
        names = packed.classes(pages, (out / STATIC).rglob("*.js"))
        text = packed.pack([out / sheet for sheet in self.sheets], names)
        (out / PACKED).write_text(text, encoding="utf-8", newline="\n")
        now = hashlib.sha256(text.encode()).hexdigest()[:8]
        for page in pages:
            if PENDING in (written := page.read_text(encoding="utf-8")):
                page.write_text(written.replace(PENDING, now), encoding="utf-8", newline="\n")
        self._patch(out / STATIC / "scripts/pydata-sphinx-theme.js")

    def _patch(self, script):
        # to measure what is not drawn yet, or folded, costs a layout each, and a page may have hundreds
        skipped = "e.checkVisibility&&!e.checkVisibility({contentVisibilityAuto:true})"
        text = script.read_text(encoding="utf-8") if script.is_file() else ""
        patched, found = MEASURES.subn(rf"({skipped})||(e.tabIndex=\1)}}", text)
        if found:
            script.write_text(patched, encoding="utf-8", newline="\n")
        elif skipped not in text:
            self.miss(f"in {script.name}, what makes focusable what scrolls", "the site")


def setup(app: Sphinx) -> dict:
    light = Light(app)
    templates = str(Path(__file__).parent / "templates")
    app.add_post_transform(SourceBelow)
    app.connect("config-inited", lambda app, config: config.templates_path.insert(0, templates))
    app.connect("builder-inited", light.check)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", light.write, priority=900)  # when all scripts are known
    app.connect("build-finished", light.finish, priority=900)  # after MyST-NB, which brings a style sheet then
    return {"parallel_read_safe": True, "parallel_write_safe": True}
