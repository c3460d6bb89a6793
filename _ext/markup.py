"""HTML, changed tag by tag: what no rule finds stays as it is, to the byte.

A parser finds the tags, since only it knows which text is one; the text itself is not written anew.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser


@dataclass(frozen=True)
class Tag:
    """A start tag."""

    name: str
    attributes: dict[str, str | None]  # None where it has no value
    link: str  # the words of the last link before it

    @property
    def classes(self) -> set[str]:
        return set((self.attributes.get("class") or "").split())

    def get(self, name: str) -> str:
        return self.attributes.get(name) or ""

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    def but(self, **attributes: str | None) -> str:
        """The tag as HTML, with these attributes too; None takes one away, and `_` stands for a hyphen."""
        given = {name.replace("_", "-"): value for name, value in attributes.items()}
        new = {name: value for name, value in (self.attributes | given).items() if given.get(name, "") is not None}
        words = [name if value is None else f'{name}="{escape(value)}"' for name, value in new.items()]
        return f"<{' '.join([self.name, *words])}>"


@dataclass(frozen=True)
class Rule:
    """What to do with which tags. A rule for whole elements is given what stands in them, and no tag within them."""

    name: str  # what a warning calls it, where it finds nothing
    finds: Callable[[Tag], bool]
    makes: Callable[[Tag], str] | Callable[[Tag, str], str]
    whole: bool = False


def changed(text: str, rules: Iterable[Rule]) -> tuple[str, Counter[str]]:
    """The text after the rules, and how often each was used. Of several that find a tag, the first is used."""
    reader = _Reader(text, tuple(rules))
    reader.feed(text)
    reader.close()
    out, place = [], 0
    for start, end, new in reader.edits:
        out += [text[place:start], new]
        place = end
    return "".join([*out, text[place:]]), reader.used


class _Reader(HTMLParser):
    def __init__(self, text, rules):
        super().__init__(convert_charrefs=False)
        self.text, self.rules, self.used, self.edits = text, rules, Counter(), []
        self.lines = [0]
        for line in text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.words, self.link, self.within = None, "", None

    def place(self):
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def handle_starttag(self, name, attributes):
        if self.within:
            return
        if name == "a":
            self.words = []
        tag = Tag(name, dict(attributes), self.link)
        rule = next((rule for rule in self.rules if rule.finds(tag)), None)
        if rule is None:
            return
        start = self.place()
        end = start + len(self.get_starttag_text())
        if rule.whole:
            self.within = rule, tag, start, end
        else:
            self.used[rule.name] += 1
            self.edits.append((start, end, rule.makes(tag)))

    def handle_endtag(self, name):
        if name == "a" and self.words is not None:
            self.link, self.words = " ".join("".join(self.words).split()), None
        if self.within and name == self.within[1].name:
            rule, tag, start, inner = self.within
            self.within = None
            self.used[rule.name] += 1
            place = self.place()
            end = self.text.index(">", place) + 1
            self.edits.append((start, end, rule.makes(tag, self.text[inner:place])))

    def handle_startendtag(self, name, attributes):
        self.handle_starttag(name, attributes)

    def handle_data(self, data):
        if self.words is not None:
            self.words.append(data)

    def handle_entityref(self, name):
        self.handle_data(f"&{name};")

    def handle_charref(self, name):
        self.handle_data(f"&#{name};")
