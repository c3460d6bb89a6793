"""The style sheets of the pages as one, without the rules for classes that no page has, and with the icons in it.

A parser of CSS finds the rules and their selectors. To leave rules out spares no processor, but 38 kB of the 71 that
the sheet would have, gzipped, which a first visit waits for.
"""

import base64
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from logging import getLogger
from pathlib import Path

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTLibError
from sphinx.util import logging

logger = logging.getLogger(__name__)
getLogger("fontTools.subset").setLevel("WARNING")  # it tells of each table that it cuts

NESTED = ("media", "supports")
FACE = re.compile(r"src:[^;}]*?([^(\"'\s]*?/(fa-\w+-\d+)\.woff2)[^;}]*")
# the first only draws icons, and knows them all; the second brings its own style
NAMES_NOTHING = ("fontawesome", "mathjax")


def pack(sheets: list[Path], classes: set[str]) -> str:
    """One style sheet from many. Warns of one that is not there, and of a font of icons that cannot be cut."""
    kept = []
    for sheet in sheets:
        if sheet.is_file():
            kept += _kept(_rules(sheet), classes, sheet)
        else:
            logger.warning(f"light: no style sheet {sheet.name} was written, which the pages ask for")
    text = "\n".join(['@charset "UTF-8";', *dict.fromkeys(kept)])
    icons = [ord(icon) for icon in re.findall("[\ue000-\uf8ff]", text)]
    folders = {sheet.parent for sheet in sheets}

    def face(found):
        files = [(folder / found[1]).resolve() for folder in folders]
        file = next((file for file in files if file.is_file()), None)
        return f"src:{_font(file, icons)}" if file else _missing(found)

    text, fonts = FACE.subn(face, text)
    if not fonts:
        logger.warning("light: no style sheet has a font of icons (fa-….woff2): nothing draws them")
    return text


def classes(pages: list[Path], scripts: Iterator[Path]) -> set[str]:
    """What a class may be called: all words of the classes on the pages, all words in the scripts."""
    words = set()
    for page in pages:
        for names in re.findall(r'class=\\?"([^"\\]*)', page.read_text(encoding="utf-8")):
            words.update(names.split())
    for script in scripts:
        if not any(name in script.as_posix() for name in NAMES_NOTHING):
            words.update(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    return words


def _missing(found):
    logger.warning(f"light: no font {found[1]}, of which the icons are cut")
    return found[0]


def _rules(sheet):
    for rule in tinycss2.parse_stylesheet(sheet.read_text(encoding="utf-8"), skip_whitespace=True):
        if rule.type == "at-rule" and rule.at_keyword == "import":
            (other,) = [part.value for part in rule.prelude if part.type in ("string", "url")]
            yield from _rules(sheet.parent / other)
        else:
            yield rule


def _kept(rules, classes, sheet):
    """The rules that may hold somewhere, as text, and the notices of whoever wrote them."""
    for rule in rules:
        if rule.type == "comment":
            if rule.value.startswith("!"):
                yield rule.serialize()
        elif rule.type == "error":
            logger.warning(f"light: {sheet.name}, line {rule.source_line}: {rule.message}")
        elif rule.type == "qualified-rule":
            selectors = [selector for selector in _selectors(rule.prelude) if _may_match(selector, classes)]
            if selectors and any(part.type not in ("comment", "whitespace") for part in rule.content):
                yield f"{','.join(map(_text, selectors))}{{{_text(rule.content)}}}"
        elif rule.at_keyword in NESTED:
            nested = tinycss2.parse_rule_list(rule.content, skip_whitespace=True, skip_comments=True)
            if inner := "".join(_kept(nested, classes, sheet)):
                yield f"@{rule.at_keyword} {_text(rule.prelude)}{{{inner}}}"
        elif rule.at_keyword != "charset":
            yield rule.serialize()


def _text(parts):
    return tinycss2.serialize([part for part in parts if part.type != "comment"]).strip()


def _selectors(prelude):
    """The parts of a list of selectors: a comma within brackets parts none."""
    parts = [[]]
    for part in prelude:
        if part == ",":
            parts.append([])
        else:
            parts[-1].append(part)
    return parts


def _may_match(selector, classes):
    # of what is in brackets any may hold, or none
    return all(name.value in classes for dot, name in pairwise(selector) if dot == "." and name.type == "ident")


def _font(file, icons):
    """A font as part of a style sheet, cut down to the icons; as it is where it cannot be read."""
    plain = file.with_suffix(".ttf")
    options = subset.Options(flavor="woff", notdef_outline=True, layout_features=[])
    try:
        font = subset.load_font(str(plain if plain.is_file() else file), options)
    except (ImportError, TTLibError) as fault:  # fontTools reads woff2 with the package brotli alone
        logger.warning(f"light: {file.name} has no .ttf beside it and cannot be cut ({fault}): install brotli")
        return f"url(data:font/woff2;base64,{base64.b64encode(file.read_bytes()).decode()})"
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=icons)
    cutter.subset(font)
    out = io.BytesIO()
    subset.save_font(font, out, options)
    return f"url(data:font/woff;base64,{base64.b64encode(out.getvalue()).decode()})"
