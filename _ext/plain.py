"""Writes each notebook once more, plainly: for JupyterLab, Notebook 7, VS Code and Colab, which know no MyST.

The plain notebooks lie in _build/notebooks under the names of their sources. They are made at the end of a build,
since only then it is known where a reference leads and which number a figure has. What a page does by a role or a
directive, a plain notebook does by what all four can show:

- Roles and links become Markdown's links, to the published page.
- Answers and hints fold as HTML's <details>. Machinery folds by the metadata that each of the four honours.
- Captions stand below their figures, with the words for those who do not see the picture.
- A cell that calls a scene says where its source is: on the published page, below the same picture. There a reader
  finds it as it was when the book was built, with the parts that it is made of, as nothing in a notebook shows it.
- Solutions stand at the end, each below a heading that is folded. A solution in the middle of a chapter, which goes
  on from it, stays where it is, folded too; the text after it must begin with a heading, where the fold ends.

A role, directive, option or tag that is not known here is an error, so that nothing is left raw. Code cells are those
of the source in the same order, but for solutions that stand at the end, and for a title line above those that fold.
"""

import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from deeper import around
from docutils import nodes
from sources import Sources, anchor
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FOLDER = "notebooks"  # beside the pages
ROLE = re.compile(r"\{([A-Za-z:+-]+)\}`([^`]+)`")
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]+)\)")
ANCHOR = re.compile(r'<a href="(?!https?://)([^"]+)"')
TARGET = re.compile(r"^\([\w-]+\)=\n", re.M)
FENCE = re.compile(r"(`{3,}|:{3,})(?:\{([\w-]+)\} *(.*))?")
OPTION = re.compile(r":(\w+): *(.*)")
OPTIONS = {"class", "color", "gutter", "label"}
SOLUTION = re.compile(r"^```\{solution-(start|end)\} *(\S*)\n(?::class: dropdown\n)?```$", re.M)
EXERCISES = re.compile(r"^## Exercises$", re.M)
RAW = re.compile(r"\{[A-Za-z:+-]+\}`|^\([\w-]+\)=|^:{3,}|^`{3,}\{", re.M)
FOLDING_TAGS = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
OTHER_TAGS = {"nbval-skip", "nbval-ignore-output"}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
HEAD = (
    "*This notebook is [a page of the book]({address}), to be run. Run it from top to bottom (Run, Run All Cells): "
    "pictures, players and questions come as their cells run. What is folded opens with a click.*"
)


@dataclass(frozen=True)
class Page:
    """What Sphinx found out about a page."""

    address: str  # where it is published
    links: Mapping[str, str]  # Markdown for a role, by the text that docutils has for it: ":term:`gain`"
    addresses: Mapping[str, str]  # for the target of any other link
    numbers: Mapping[str, int]  # of a figure or an exercise, by its label
    following: str  # a link to the page after this one
    sources: Sources | None = None  # of the package, where cells call scenes


def plain(notebook: Mapping[str, Any], page: Page) -> dict[str, Any]:
    """The notebook (nbformat's dict) without MyST, as a new one. Raises ValueError for what is not known here."""
    cells = notebook["cells"]
    practice = next((n for n, cell in enumerate(cells) if EXERCISES.search("".join(cell["source"]))), len(cells))
    main, solutions = [_markdown(HEAD.format(address=page.address))], []
    called = iter(_called(cells, page))
    into, unheaded = main, False  # where the next cell goes; whether a folded heading would swallow it
    for number, cell in enumerate(cells):
        try:
            if cell["cell_type"] == "code":
                if unheaded:
                    raise ValueError("code after a solution would fold away with it: give it a heading")
                into += _code(cell, page, next(called))
                continue
            first, *marks = SOLUTION.split("".join(cell["source"]))
            for kind, label, text in [("", "", first), *zip(*[iter(marks)] * 3, strict=True)]:
                if kind == "start":
                    into = solutions if number > practice else main
                    into.append(_markdown(f"### Solution to exercise {page.numbers[label]}", folded=True))
                elif kind == "end":
                    into, unheaded = main, into is main
                if text.strip():
                    words = markdown(text, page)
                    if unheaded and not re.match("#{1,3} ", words):
                        raise ValueError("text after a solution would fold away with it: give it a heading")
                    unheaded = False
                    into.append(_markdown(words))
        except ValueError as error:
            raise ValueError(f"cell {number}: {error}") from None
        except KeyError as error:
            raise ValueError(f"cell {number}: nothing is known of {error}") from None
    if solutions:
        # whoever runs all cells ends at the last one, and JupyterLab opens the folds that it is in
        main += [_markdown("## Solutions"), *solutions, _markdown(f"## Next\n\n{page.following}")]
    cells = _numbered(main)
    folded = [cell["id"] for cell in cells if "jp-MarkdownHeadingCollapsed" in cell["metadata"]]
    metadata = METADATA | {"colab": {"collapsed_sections": folded}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


# --- text


def markdown(text: str, page: Page) -> str:
    """MyST as Markdown. Raises ValueError for a directive or option that is not known here, KeyError for a role."""
    out, words, lines = [], [], text.strip().split("\n")

    def flush():
        if whole := "\n".join(words).strip():
            out.append(_inline(whole, page))
        words.clear()

    while lines:
        line = lines.pop(0)
        fence = FENCE.fullmatch(line)
        if not fence and not line.startswith("```"):
            words.append(line)
            continue
        flush()
        opened = fence[1] if fence else "```"
        closing = re.compile(rf"{opened[0]}{{{len(opened)},}} *")
        end = next((n for n, one in enumerate(lines) if closing.fullmatch(one)), None)
        if end is None:
            raise ValueError(f"nothing closes {line!r}")
        inside, lines = lines[:end], lines[end + 1 :]
        if fence and fence[2]:
            out.append(_directive(fence[2], fence[3], inside, page))
        else:
            out.append("\n".join([line, *inside, opened]))
    flush()
    found = "\n\n".join(out)
    if raw := RAW.search(found):
        raise ValueError(f"left as it was: {found[raw.start() : raw.start() + 60]!r}")
    return found


def _inline(text, page):
    text = TARGET.sub("", text + "\n").strip()
    text = LINK.sub(lambda link: f"]({page.addresses[link[1]]})", text)
    text = ANCHOR.sub(lambda link: f'<a href="{urljoin(page.address, link[1])}"', text)
    return ROLE.sub(lambda role: page.links[f":{role[1]}:`{role[2]}`"], text)


def _directive(name, title, lines, page):
    options = {}
    while lines and (option := OPTION.fullmatch(lines[0])):
        options[option[1]] = option[2]
        lines = lines[1:]
    if name not in DIRECTIVES or not options.keys() <= OPTIONS:
        raise ValueError(f"there is no plain form of the directive {name!r} with the options {sorted(options)}")
    return DIRECTIVES[name](title, options, markdown("\n".join(lines), page), page)


def _admonition(title, options, body, page):
    said, folded, rest = body.partition("<details>")
    quoted = "\n".join(f"> {line}".rstrip() for line in [f"**{title}**", "", *said.strip().split("\n")])
    return f"{quoted}\n\n{folded}{rest}".strip()


def _dropdown(title, options, body, page):
    # with empty lines around it the body is Markdown, with mathematics and links
    return f"<details>\n<summary><b>{html.escape(title)}</b></summary>\n\n{body}\n\n</details>"


def _exercise(title, options, body, page):
    return f"### Exercise {page.numbers[options['label']]}: {title}\n\n{body}"


def _card(title, options, body, page):
    return "- " + body.replace("\n\n", "  \n  ")


def _grid(title, options, body, page):
    return body.replace("\n\n- ", "\n- ")


def _button(title, options, body, page):
    return f"**[{body}]({page.addresses[title]})**"


DIRECTIVES = {
    "admonition": _admonition,
    "dropdown": _dropdown,
    "exercise": _exercise,
    "grid": _grid,
    "grid-item-card": _card,
    "button-ref": _button,
}


# --- cells


def _markdown(text, folded=False):
    metadata = {"jp-MarkdownHeadingCollapsed": True} if folded else {}
    return {"cell_type": "markdown", "metadata": metadata, "source": text}


def _called(cells, page):
    """For each code cell the definitions of scenes that it names."""
    codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    try:
        return page.sources.mentioned(codes) if page.sources else [[] for _ in codes]
    except LookupError as error:
        raise ValueError(error) from None


def _code(cell, page, called=()):
    """The cell, folded as on its page, and below a figure its caption and the words for it.

    called: what of the scenes it names; the first of them stands on the published page at an address of its own.
    """
    tags = set(cell["metadata"].get("tags", ()))
    if unknown := {tag for tag in tags - FOLDING_TAGS - OTHER_TAGS if not tag.startswith("needs-")}:
        raise ValueError(f"there is no plain form of the tags {sorted(unknown)}")
    known = cell["metadata"].get("mystnb", {})
    metadata, source = {}, "".join(cell["source"])
    if called:
        if tags & {"remove-cell", "remove-input"}:
            raise ValueError("what calls a scene may fold (hide-input), and not go: its source would be nowhere")
        source = f"# Its source: {page.address}#{anchor(called[0])}\n{source}"
    if tags & FOLDING_TAGS:
        metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}
        source = f"# @title {_title(cell, source, called, page)}\n{source}"
    if "hide-cell" in tags:
        metadata |= {"collapsed": True, "jupyter": {"source_hidden": True, "outputs_hidden": True}}
    if kept := sorted(tags & OTHER_TAGS):
        metadata["tags"] = kept
    yield {"cell_type": "code", "metadata": metadata, "source": source, "outputs": cell["outputs"]}
    if figure := known.get("figure"):
        caption = f"**Fig. {page.numbers[figure['name']]}.** {markdown(figure['caption'], page)}"
        alt = _dropdown("The figure in words", {}, known["image"]["alt"], page)
        yield _markdown(f"{caption}\n\n{alt}")


def _title(cell, source, called, page):
    tags, known = cell["metadata"].get("tags", ()), cell["metadata"].get("mystnb", {})
    if "remove-cell" in tags:
        return "Install actlab where it is missing"
    if figure := known.get("figure"):
        return f"Code of Fig. {page.numbers[figure['name']]}"
    if "code_prompt_show" in known:
        return known["code_prompt_show"]
    for sign, title in {"quiz(": "Code of the question", "player(": "Code of the player"}.items():
        if sign in source:
            return title
    if any("player: " in "".join(output.get("data", {}).get("text/plain", "")) for output in cell["outputs"]):
        return "Code of the player"  # that a scene made
    if called and any(output.get("metadata", {}).get("shown") == "html" for output in cell["outputs"]):
        return "Code of the table"
    return "Code"


def _numbered(cells):
    """The cells with an id each, which hangs on what is in them, and counted as if run from top to bottom."""
    counts, seen, done = 0, {}, []
    for cell in cells:
        digest = hashlib.sha256(cell["source"].encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell = cell | {"id": f"{digest}-{seen[digest]}", "source": cell["source"].splitlines(keepends=True)}
        if cell["cell_type"] == "code":
            counts += 1
            outputs = [o | ({"execution_count": counts} if "execution_count" in o else {}) for o in cell["outputs"]]
            cell |= {"execution_count": counts, "outputs": outputs}
        done.append(cell | {"metadata": cell["metadata"] | {"id": cell["id"]}})
    return done


# --- what Sphinx knows


def page_of(app: Sphinx, name: str) -> Page:
    """Where the references of a page lead, with which words, and how its figures and exercises are numbered."""
    address = _published(app, name)
    doctree = app.env.get_doctree(name)
    pending = {node.rawsource or node["reftarget"]: node for node in doctree.findall(addnodes.pending_xref)}
    places = [nodes.inline("", "", node.deepcopy()) for node in pending.values()]
    resolved = doctree.copy()  # without what is in it
    resolved += nodes.paragraph("", "", *places)
    app.env.resolve_references(resolved, name, app.builder)
    links, addresses = {}, {}
    for key, place in zip(pending, places, strict=True):
        if key.startswith(":"):
            links[key] = _written(place, address)
        elif reference := next(place.findall(nodes.reference), None):
            addresses[key] = _address(reference, address)
    numbered = app.env.toc_fignumbers.get(name, {})
    numbers = {
        label: number[-1] for kind in ("figure", "exercise") for label, number in numbered.get(kind, {}).items()
    }
    following = around(name, app.env.collect_relations())[1] or app.config.root_doc
    link = f"[{app.env.titles[following].astext()}]({_published(app, following)})"
    return Page(address, links, addresses, numbers, link, Sources(Path(app.srcdir) / "src/actlab"))


def _published(app, name):
    return f"{app.config.html_baseurl.rstrip('/')}/{name}.html"


def _address(reference, page):
    return urljoin(page, reference.get("refuri") or f"#{reference['refid']}")


def _written(node, page):
    if isinstance(node, nodes.Text):
        return node.astext()
    words = "".join(_written(child, page) for child in node.children)
    if isinstance(node, nodes.reference):
        return f"[{words}]({_address(node, page)})"
    if isinstance(node, nodes.math):
        return f"${node.astext()}$"
    sign = {nodes.emphasis: "*", nodes.strong: "**", nodes.literal: "`"}.get(type(node), "")
    return f"{sign}{words}{sign}"


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.name != "html":
        return
    folder, written = Path(app.outdir).parent / FOLDER, set()
    made_for = app.config.html_baseurl
    if _stamp(app).is_file() and _stamp(app).read_text(encoding="utf-8") == made_for:
        return
    for name in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(name))
        if source.suffix != ".ipynb":
            continue
        try:
            notebook = plain(json.loads(source.read_text(encoding="utf-8")), page_of(app, name))
        except ValueError as error:
            raise ExtensionError(f"{name}, as a plain notebook: {error}") from error
        file = folder / f"{name}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        draft.replace(file)
        written.add(file)
    for file in set(folder.rglob("*.ipynb")) - written:
        file.unlink()
    _stamp(app).write_text(made_for, encoding="utf-8")


def forget(app: Sphinx, env, names: list[str]) -> None:
    if names:  # of pages that are about to be read again
        _stamp(app).unlink(missing_ok=True)


def _stamp(app):
    """The file that says that the notebooks are those of the pages as they were read, and for which address."""
    return Path(app.outdir).parent / FOLDER / "made"


def setup(app: Sphinx) -> dict:
    app.connect("env-before-read-docs", forget)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
