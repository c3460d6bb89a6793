"""Makes the built pages light: what a reader sees first is loaded first, and what is heavy only when it is wanted.

Two things are done while a page is written: it gets its description and its card for those who share it. The rest is
done to the finished pages:

- Icons: the theme brings a script of 1.5 MB that draws each of them. Its style sheet can do so too, with a font;
  it is cut down to the icons that are used and lies in the style sheet.
- Style sheets: those of the theme and the extensions become one, packed.css, without the rules for classes that no
  page and no script names.
- Scripts: none holds up the page. MathJax, and the views of the widgets with their states, are left to
  _static/light.js, which loads them when they are wanted. Until then a widget is shown as it stands at first.
- Pictures say how large they are, and wait until they are near.
"""

import base64
import hashlib
import html
import io
import json
import re
import struct
from pathlib import Path

from docutils import nodes
from fontTools import subset
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

STATIC = "_static"
PACKED = f"{STATIC}/packed.css"
FONTS = "vendor/fontawesome/webfonts"  # of the theme
# only these know the names of their classes by themselves: the first draws icons, the others bring their own style
NAMES_NOTHING = ("fontawesome.js", "mathjax", "html-manager")

OWN_TITLES = {"search": "Search", "genindex": "Index"}  # the theme writes these itself
SHEET = re.compile(r'\s*<link [^>]*href="([^"]*_static/[^"?]*\.css)[^>]*>')
STATE = re.compile(r'\s*<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>', re.S)
VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.S)
HEAVY = re.compile(
    r'\s*(?:<script [^>]*src="[^"]*(?:fontawesome\.js|/vendor/)[^>]*></script>|<link rel="preload" as="script"[^>]*>)'
)
SEARCHING = re.compile(r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^>]*></script>')
MEASURES = re.compile(r"e\.tabIndex=(e\.scrollWidth[^}]*)\}")
PICTURE = re.compile(r'<img (?=[^>]*src="([^"]+)")(?![^>]*loading=)')


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


# --- the pages


def lighten(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    fresh = {page: text for page in _pages(out) if "fontawesome.js" in (text := page.read_text(encoding="utf-8"))}
    if not fresh:
        return
    sheets = dict.fromkeys(
        (page.parent / link).resolve() for page, text in fresh.items() for link in SHEET.findall(text)
    )
    sheets.pop((out / STATIC / "custom.css").resolve(), None)
    packed = pack(list(sheets), _classes(out), out / STATIC / FONTS)
    (out / PACKED).write_text(packed, encoding="utf-8", newline="\n")
    script = out / STATIC / "scripts/pydata-sphinx-theme.js"
    # to measure what is not drawn yet, or folded, costs a layout each, and a page may have hundreds
    skipped = "e.checkVisibility&&!e.checkVisibility({contentVisibilityAuto:true})"
    patched, found = MEASURES.subn(rf"({skipped})||(e.tabIndex=\1)}}", script.read_text(encoding="utf-8"))
    if not found:
        logger.warning("the theme's script no longer makes what scrolls focusable as it did")
    script.write_text(patched, encoding="utf-8", newline="\n")
    version = hashlib.sha256(packed.encode()).hexdigest()[:8]
    for page, text in fresh.items():
        page.write_text(
            _lightened(page, text, "../" * (len(page.relative_to(out).parts) - 1), version),
            encoding="utf-8",
            newline="\n",
        )


def _pages(out):
    # what lies below _static is a template of the theme
    return [page for page in sorted(out.rglob("*.html")) if STATIC not in page.parts]


def _lightened(page, text, up, version):
    link = f'\n<link rel="stylesheet" href="{up}{PACKED}?v={version}" />'
    head, body = text.split("</head>", 1)
    own = [found for found in SHEET.finditer(head) if found[1].endswith("custom.css")]
    head = SHEET.sub("", HEAVY.sub("", head))
    if page.name != "search.html":
        head = SEARCHING.sub("", head)
    if state := STATE.search(text):
        models = json.loads(state[1])["state"]
        page.with_suffix(".widgets.js").write_text(
            f"window.widgetState = {state[1]};\n", encoding="utf-8", newline="\n"
        )
        head, body = STATE.sub("", head), STATE.sub("", body)
        body = VIEW.sub(lambda view: _still(models, json.loads(view[1])["model_id"]) + view[0], body)
    head = head.replace("</title>", f"</title>{link}{''.join(found[0] for found in own)}", 1)
    head = re.sub(r'<meta name="viewport"[^>]*>(?=.*<meta name="viewport")', "", head, flags=re.S)
    # scripts in the page name what is in it
    options = (
        f"<script>{(page.parent / up / STATIC / 'documentation_options.js').read_text(encoding='utf-8')}</script>"
    )
    head = re.sub(r'<script src="[^"]*documentation_options\.js[^>]*></script>', lambda _: options, head)
    head = re.sub(r"<script (?=[^>]*src=)(?![^>]*\bdefer\b)", "<script defer ", head)
    body = HEAVY.sub("", body)
    body = re.sub(
        r'<(i|span) class="((?:theme-switch )?fa[bs]? |(?:theme-switch )?fa-)',
        r'<\1 aria-hidden="true" class="\2',
        body,
    )
    body = body.replace('onclick="window.print()"', 'onclick="printWhole()"')
    # what may have to be scrolled can be reached by the keyboard; once it is drawn the theme measures whether it must
    body = re.sub(r"<pre(?![^>]*tabindex)", '<pre tabindex="0"', body)
    body = PICTURE.sub(lambda found: _sized(page.parent / found[1]), body)
    return f"{head}</head>{body}"


def _sized(picture):
    size = ""
    if picture.suffix == ".png":
        width, height = struct.unpack(">II", picture.read_bytes()[16:24])
        size = f'width="{width}" height="{height}" '
    return f'<img {size}loading="lazy" decoding="async" '


def _still(models, id):
    """A widget as it stands at first, until it can be moved, on paper, and for those without scripts."""

    def drawn(id):
        model = models[id.removeprefix("IPY_MODEL_")]
        state = model["state"]
        if model["model_name"] == "StackModel":
            return drawn(state["children"][state["selected_index"]]) if state["selected_index"] is not None else ""
        if model["model_name"] == "RadioButtonsModel":
            return "<ul>" + "".join(f"<li>{html.escape(label)}</li>" for label in state["_options_labels"]) + "</ul>"
        if model["model_name"] == "HTMLModel":
            return state["value"]
        return "".join(drawn(child) for child in state.get("children", ()))

    classes = models[id]["state"]["_dom_classes"]
    kinds = " ".join(name for name in classes if name.startswith("actlab-"))
    if "actlab-explorer" in classes:  # it has nothing to control without a kernel, and says so
        return f'<div class="actlab-first {kinds}">{drawn(id)}</div>'
    words = "Choose an answer" if "actlab-quiz" in classes else "Show the controls"
    button = f'<p><button type="button" class="jupyter-button pst-js-only">{words}</button></p>'
    inside = drawn(id) + button if "actlab-quiz" in classes else button + drawn(id)
    return f'<div class="actlab-first {kinds}">{inside}</div>'


# --- the style sheet


def _classes(out):
    """What a class may be called: all words of the classes on the pages, all words in the scripts."""
    words = set()
    for page in _pages(out):
        for names in re.findall(r'class=\\?"([^"\\]*)', page.read_text(encoding="utf-8")):
            words.update(names.split())
    for script in (out / STATIC).rglob("*.js"):
        if not any(name in script.as_posix() for name in NAMES_NOTHING):
            words.update(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    return words


def pack(sheets: list[Path], classes: set[str], fonts: Path) -> str:
    """One style sheet from many, without the rules for classes that are not there, and with the icons in it."""
    texts = [_whole(sheet) for sheet in sheets]
    notices = [notice for text in texts for notice in re.findall(r"/\*!.*?\*/", text, re.S)]
    rules = "\n".join(_kept(re.sub(r"/\*.*?\*/|@charset[^;]*;", "", text, flags=re.S), classes) for text in texts)
    icons = [int(code, 16) for code in re.findall(r'"\\([0-9a-f]+)"', rules)] + [
        ord(icon) for icon in re.findall("[\ue000-\uf8ff]", rules)
    ]
    rules = re.sub(
        r"src:url\([^)]*?/(fa-\w+-\d+)\.woff2\)[^;}]*", lambda face: f"src:{_font(fonts / face[1], icons)}", rules
    )
    return "\n".join(['@charset "UTF-8";', *dict.fromkeys(notices), rules])


def _whole(sheet):
    return re.sub(
        r'@import "([^"]*)";', lambda other: _whole(sheet.parent / other[1]), sheet.read_text(encoding="utf-8")
    )


def _kept(text, classes):
    kept = []
    for prelude, block in re.findall(r"([^{}]+)\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", text):
        prelude = prelude.strip()
        if prelude.startswith(("@media", "@supports")):
            block = _kept(block, classes)
        elif not prelude.startswith("@"):
            selectors = re.split(r",(?![^(]*\))", prelude)
            prelude = ",".join(selector for selector in selectors if _may_match(selector, classes))
        if prelude and block.strip():
            kept.append(f"{prelude}{{{block.strip()}}}")
    return "".join(kept)


def _may_match(selector, classes):
    # of what is in brackets any may hold, or none
    return all(name in classes for name in re.findall(r"\.(-?[A-Za-z_][\w-]*)", re.sub(r"\([^()]*\)", "", selector)))


def _font(file, icons):
    options = subset.Options(flavor="woff", notdef_outline=True, layout_features=[])
    font = subset.load_font(str(file.with_suffix(".ttf")), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=icons)
    cutter.subset(font)
    out = io.BytesIO()
    subset.save_font(font, out, options)
    return f"url(data:font/woff;base64,{base64.b64encode(out.getvalue()).decode()})"


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", describe)
    app.connect("build-finished", lighten, priority=900)  # after MyST-NB, which brings a style sheet then
    return {"parallel_read_safe": True, "parallel_write_safe": True}
