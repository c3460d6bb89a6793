"""Keeps the thread of the course in one piece: who reads on from a chapter comes to the next chapter.

The pages below `chapters/deeper` stand below their chapters in the menu, and Sphinx would make them the next pages.
They are left out of the thread: a chapter links to them where they are worth a detour. From a deeper page "previous"
leads up to its chapter, and "next" to where that chapter goes on.
"""

from collections.abc import Mapping

from sphinx.application import Sphinx


def is_deeper(name: str) -> bool:
    return "deeper" in name.split("/")[:-1]


def around(name: str, relations: Mapping[str, list[str | None]]) -> tuple[str | None, str | None]:
    """The pages before and after one. relations: Sphinx's, by name: the page above, the one before, the one after."""
    above, before, after = relations[name]
    if is_deeper(name):
        before = above
    while before and is_deeper(before):
        before = relations[before][1]
    while after and is_deeper(after):
        after = relations[after][2]
    return before, after


def lead_on(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    relations = app.builder.relations
    if pagename not in relations:
        return
    for key, name in zip(("prev", "next"), around(pagename, relations), strict=True):
        title = name and app.builder.render_partial(app.env.titles[name])["title"]
        context[key] = {"link": app.builder.get_relative_uri(pagename, name), "title": title} if name else None


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", lead_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
