"""Sources as a page names them, read from references.bib."""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from .. import stored

__all__ = ["Reference", "reference"]


@dataclass(frozen=True)
class Reference:
    """A source as a page names it: "He et al. (2015)", its title, and where it can be read ("" where not online)."""

    label: str
    title: str
    url: str

    @property
    def html(self) -> str:
        label = html.escape(self.label)
        return f'<a href="{html.escape(self.url)}">{label}</a>' if self.url else label


@cache
def _bibliography() -> dict[str, dict[str, str]]:
    for folder in (stored.root(), stored.root().parent):
        file = folder / "references.bib"
        if file.is_file():
            break
    entries = {}
    for entry in re.split(r"^@", file.read_text(encoding="utf-8"), flags=re.M)[1:]:
        key = re.match(r"\w+\{\s*([^,\s]+)", entry)[1]
        fields = re.findall(r"^\s*(\w+)\s*=\s*[{\"](.*?)[}\"],?\s*$", entry, flags=re.M | re.S)
        entries[key] = {name.lower(): re.sub(r"\s+", " ", value) for name, value in fields}
    return entries


def reference(key: str) -> Reference:
    """What references.bib says of a key. Raises KeyError if it has none of that name."""
    fields = _bibliography()[key]
    if "author" not in fields:  # an anonymous text goes by its title
        return Reference(f"“{_plain(fields['title'])}”", _plain(fields["title"]), fields.get("url", ""))
    people = [person.split(",")[0].strip() for person in _plain(fields["author"]).split(" and ")]
    short = len(people) <= 2 and people[-1] != "others"
    names = " and ".join(people) if short else f"{people[0]} et al."
    url = fields.get("url", "")
    if fields.get("doi"):
        url = f"https://doi.org/{fields['doi']}"
    elif fields.get("eprint"):
        url = f"https://arxiv.org/abs/{fields['eprint']}"
    year = f" ({fields['year']})" if fields.get("year") else ""
    return Reference(names + year, _plain(fields.get("title", "")), url)


ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "c": "\u0327", "v": "\u030c"}


def _plain(text):
    """BibTeX's way of writing letters, as letters."""
    text = re.sub(r"\\([cv'`\"^~])\s*\{?(\w)\}?", lambda m: m[2] + ACCENTS[m[1]], text)
    return unicodedata.normalize("NFC", re.sub(r"[{}]", "", text))
