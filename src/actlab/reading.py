"""How long a page takes to read, and whether it keeps the budgets of the course.

    python -m actlab.reading [PAGE...]            a table, a row a page, and a line a fault; exit 1 if there is one
    python -m actlab.reading --write [PAGE...]    first write the minutes counted here where the pages state them

PAGE is a notebook; without any it is every one of the course in the current folder: intro.ipynb, chapters/*.ipynb and
chapters/deeper/*.ipynb. Needs nothing but Python.

A minute is 180 words, 8 lines of visible code, 6 lines of printed output, 3 displayed formulas, or one figure,
player, quiz or table. Nobody was timed: it is one rule of thumb for all pages. What is counted, and what is not:

- Words: of headings, text, lists, boxes, captions and folded answers. A word is what stands between spaces and has a
  letter or a digit in it. Not mathematics, markup, citations, addresses, alt text or what stands in a table; a
  reference that brings its own text, such as a figure's number, is one word.
- Code is visible where no tag folds it away (hide-input, hide-cell, remove-input, remove-cell); empty lines are not
  counted, comments are. Printed output is visible unless its tag is hide-cell, hide-output, remove-cell or
  remove-output: that of a folded input is. What the page shows as HTML is a table, not print; a stored notebook says
  which outputs these are (notebooks.clean).
- Exercises are apart from all of it but the widths: from an exercise to the end of its solution, and the whole part
  below "## Exercises" up to the next heading of that rank. Their minutes are those that they state, "(10 minutes)".

Widths, as measured in Chromium in a window of 390 pixels: 49 characters of code and 50 of printed output fit (letters
of 6.7 pixels; boxes of 354 and 358 with a padding of 9.6 on either side). Output that is wider would scroll
sideways, so 50 is its limit, but for the pages below a chapter. Code that is wider goes on in the next line there
(_static/custom.css), so its limit is the 76 of the course's notebooks.
"""

import argparse
import json
import re
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .notebooks import write

__all__ = ["Count", "Limits", "complaints", "count", "faults", "kind", "main", "stated", "table"]

CODE_WIDTH, OUTPUT_WIDTH = 76, 50  # OUTPUT_WIDTH is what a phone shows
NO_CODE = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
NO_OUTPUT = {"hide-output", "hide-cell", "remove-output", "remove-cell"}
OBJECTS = {"player": "players", "explorer": "players", "quiz": "quizzes", "<Figure size": "figures"}

FENCE = re.compile(r" *(`{3,}|:{3,})(?:\{([\w-]+)\})? *(.*)")
BEGIN, END = re.compile(r" *(?:`{3,}|:{3,})\{exercise\}"), re.compile(r" *(?:`{3,}|:{3,})\{solution-end\}")
ENDED = re.compile(r"^( *(`{3,}|:{3,})\{solution-end\}.*)\n *\2 *$", re.M)  # with the fence that closes it
HEADING = re.compile(r"(#{1,2}) +(.*)")
WITHOUT_WORDS = {"button-ref", "bibliography", "tableofcontents"}  # their argument is an address
ROLE = re.compile(r"\{([\w:+-]+)\}`([^`]+)`")
TAKES = re.compile(r"(\*\*Takes\*\* about )(\d+)( minutes to read)(?:(, and )(\d+)( for the exercises))?")
CARD = r"(\]\({page}\)[^\n]*? )(\d+) min(?:, exercises (\d+))?"


@dataclass(frozen=True)
class Limits:
    """The most that a page may have; None where it may have as many as it likes."""

    minutes: float
    words: int | None = None  # before the exercises
    lines: int | None = None  # of visible code
    longest: int | None = None  # of the visible cells
    median: float | None = None
    printed: int | None = None
    output_width: int = OUTPUT_WIDTH
    opens: bool = True  # whether a player has to stand before any visible code


LIMITS = {
    "chapter": Limits(35, words=2300, lines=80, longest=12, median=5, printed=20),
    # what lies deeper may print the tables behind the figures, as wide as the notebooks are
    "deeper": Limits(45, longest=20, output_width=CODE_WIDTH, opens=False),
    # Two minutes for the glance, which is the player and two sentences, one for the answers, one for the ways
    # through and one for the map: whoever came to see what this is has not come to read. Code and print are for
    # those who have begun.
    "intro": Limits(5, words=700, lines=0, printed=0),
}


@dataclass
class Count:
    """What a page holds, as a reader of the built page has it; the exercises are apart."""

    words: int = 0
    before: int = 0  # of the words: those that stand before the exercises
    cells: list[int] = field(default_factory=list)  # lines of each visible cell
    printed: int = 0
    formulas: int = 0
    figures: int = 0
    players: int = 0
    quizzes: int = 0
    tables: int = 0
    code_width: int = 0  # of the widest visible line, the exercises' with it
    output_width: int = 0
    opens: bool | None = None  # whether the first player stands before any visible code; None without players
    exercises: int = 0  # minutes, as they state them

    @property
    def minutes(self) -> float:
        """To read the page and to move what moves in it, without the exercises."""
        seen = self.figures + self.players + self.quizzes + self.tables
        return self.words / 180 + sum(self.cells) / 8 + self.printed / 6 + self.formulas / 3 + seen

    @property
    def median(self) -> float:
        return statistics.median(self.cells or [0])


def count(notebook: Mapping[str, Any]) -> Count:
    """Counts a stored notebook (nbformat's dict) by the rules above."""
    page, part, practice, seen = Count(), False, False, False  # part: below "## Exercises"; seen: it has begun
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            text = []
            for line in ENDED.sub(r"\1", source).split("\n"):
                heading = HEADING.match(line)
                if heading or BEGIN.match(line):
                    seen |= _read(page, text, part or practice, seen)
                    text, practice = [], not heading
                    part = heading[2].strip() == "Exercises" if heading else part
                text.append(line)
                if END.match(line):
                    seen |= _read(page, text, part or practice, seen)
                    text, practice = [], False
            seen |= _read(page, text, part or practice, seen)
            continue
        tags = set(cell["metadata"].get("tags", ()))
        lines = [] if tags & NO_CODE else [line for line in source.split("\n") if line.strip()]
        page.code_width = max([page.code_width, *map(len, lines)])
        objects, printed = _shown([] if tags & NO_OUTPUT else cell.get("outputs", ()))
        page.output_width = max([page.output_width, *map(len, printed)])
        if not (part or practice):
            page.cells += [len(lines)] if lines else []
            if page.opens is None and "players" in objects:
                page.opens = not page.cells  # a cell's own lines stand above what it shows
            page.printed += len(printed)
            for name in objects:
                setattr(page, name, getattr(page, name) + 1)
            caption = cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "")
            page.words += (words := _words(caption))
            page.before += 0 if seen else words
    return page


def _read(page, lines, apart, seen) -> bool:
    """Adds lines of MyST, none of which ends or begins an exercise; returns whether exercises have been seen by now.

    apart: whether they are an exercise's. seen: whether the part of the exercises came before.
    """
    text = "\n".join(lines)
    begins = bool(re.match(r"## +Exercises *$", text, re.M))
    if apart:
        page.exercises += sum(map(int, re.findall(r"\((\d+)\s+minutes", text)))
        return begins
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text, formulas = re.subn(r"\$\$.+?\$\$", "\n", text, flags=re.S)
    page.formulas += formulas
    words, code, opened, table = 0, [], [], False
    for line in text.split("\n"):
        fence = FENCE.fullmatch(line)
        if opened and fence and not fence[2] and not fence[3] and fence[1].startswith(opened[-1][0]):
            opened.pop()
        elif opened and opened[-1][1] == "math":
            pass
        elif opened and opened[-1][1] == "":  # a listing
            code += [line] if line.strip() else []
        elif fence and (fence[2] or fence[1][0] == "`"):
            name = fence[2] or ""
            opened.append((fence[1], name))
            page.formulas += name == "math"
            page.figures += name in ("figure", "image")
            page.tables += name in ("list-table", "csv-table")
            if name and name not in {"math", "figure", "image", *WITHOUT_WORDS}:
                words += _words(fence[3])
        elif line.startswith("|"):
            page.tables += not table
            table = True
            continue
        elif not (opened and re.match(r" *:[\w-]+:", line)) and not re.match(r"\([\w-]+\)=$|%", line):
            page.figures += len(re.findall(r"!\[[^]]*]\(", line))
            words += _words(line)
        table = False
    page.words += words
    page.before += 0 if seen else words
    page.cells += [len(code)] if code else []
    page.code_width = max([page.code_width, *map(len, code)])
    return begins


def _words(text) -> int:
    text = re.sub(r"!\[[^]]*]\([^)]*\)", " ", text)
    text = re.sub(r"\$[^$]+\$", " ", text)
    text = ROLE.sub(_role, text)
    text = re.sub(r"\[([^]]*)]\([^)]*\)", r"\1", text)
    text = re.sub(r"<(?:https?:[^>]*|/?\w[^>]*)>", " ", text)
    text = re.sub(r"^ *(?:\d+\.|[-*+]|>|#+) +", "", text)
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def _role(role) -> str:
    name, text = role[1], role[2]
    if name.startswith(("cite", "eq", "math")):
        return " "
    if found := re.fullmatch(r"(.*?)\s*<[^>]*>", text, re.S):
        return found[1]
    return text if name not in ("ref", "numref", "doc") else "reference"


def _shown(outputs) -> tuple[list[str], list[str]]:
    """What is seen of outputs: the name of a field of Count for each object, and the printed lines."""
    objects, printed = [], []
    for output in outputs:
        if output["output_type"] == "stream":
            printed += "".join(output["text"]).split("\n")
            continue
        text = "".join(output.get("data", {}).get("text/plain", ""))
        names = [name for start, name in OBJECTS.items() if re.match(rf"{start}\b(?::| )?", text)]
        if names or output.get("metadata", {}).get("shown"):
            objects.append(names[0] if names else "tables")
        else:
            printed += text.split("\n")
    return objects, [line.rstrip() for line in printed if line.strip()]


# --- what a page may hold


def kind(path: Path) -> str:
    """Which limits a page has: intro, chapter or deeper."""
    return "intro" if path.stem == "intro" else "deeper" if path.parent.name == "deeper" else "chapter"


def faults(page: Count, limits: Limits) -> list[str]:
    """Where a page breaks its limits, a sentence each; empty where it keeps them all."""
    found = []
    for name, has, most in (
        ("minutes", round(page.minutes, 1), limits.minutes),
        ("words before the exercises", page.before, limits.words),
        ("lines of visible code", sum(page.cells), limits.lines),
        ("lines in its longest visible cell", max(page.cells, default=0), limits.longest),
        ("lines in the median of its visible cells", page.median, limits.median),
        ("printed lines", page.printed, limits.printed),
        ("characters in its widest line of code", page.code_width, CODE_WIDTH),
        ("characters in its widest printed line", page.output_width, limits.output_width),
    ):
        if most is not None and has > most:
            found.append(f"has {has:,g} {name}; {most:,} are allowed")
    if limits.opens and not page.opens:
        found.append("has no player" if page.opens is None else "shows code before its first player")
    return found


def stated(page: Count) -> tuple[int, int]:
    """(to read, for the exercises): the minutes that the page is to state, to the nearest 5."""
    return 5 * round(page.minutes / 5), 5 * round(page.exercises / 5)


def _takes(text, page, where) -> list[str]:
    """What is wrong with the minutes that a page states of itself."""
    found = TAKES.findall(" ".join(text.split()))
    if len(found) != 1:
        said = f"states its minutes {len(found)} times, as **Takes** about N minutes to read"
        return [] if where == "intro" and not found else [said]
    said = (int(found[0][1]), int(found[0][4] or 0))
    return [] if said == stated(page) else [f"states {_minutes(said)}; counted: {_minutes(stated(page))}"]


def _card(text, name, page) -> list[str]:
    """What is wrong with the minutes that the intro states of a chapter."""
    found = re.findall(CARD.format(page=re.escape(name)), text)
    if len(found) != 1:
        return [f"stands in the map of intro.ipynb {len(found)} times with its minutes"]
    said = (int(found[0][1]), int(found[0][2] or 0))
    return [] if said == stated(page) else [f"intro.ipynb states {_minutes(said)}; counted: {_minutes(stated(page))}"]


def _minutes(pair) -> str:
    return f"{pair[0]} minutes and {pair[1]} for the exercises"


# --- the course


def _root(path: Path) -> Path | None:
    return next((folder for folder in path.resolve().parents if (folder / "_toc.yml").is_file()), None)


def _name(path: Path, root: Path | None) -> str:
    return path.resolve().relative_to(root).with_suffix("").as_posix() if root else path.stem


def _text(notebook) -> str:
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] != "code")


def _load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def complaints(path: Path, page: Count, notebook: Mapping[str, Any]) -> list[str]:
    """All that is wrong with a page, a sentence each: its budget, and its minutes."""
    root, which = _root(path), kind(path)
    name = _name(path, root)
    found = faults(page, LIMITS[which])
    found += _takes(_text(notebook), page, which)
    if root and which == "chapter" and (root / "intro.ipynb").is_file():
        found += _card(_text(_load(root / "intro.ipynb")), name, page)
    return found


def _update(path: Path) -> None:
    """Writes the minutes that are counted where a page, and the intro's map, state them."""
    notebook, root = _load(path), _root(path)
    page, name = count(notebook), _name(path, root)
    reading, exercises = stated(page)

    def takes(found):
        apart = f", and {exercises} for the exercises" if exercises else ""
        return f"{found[1]}{reading}{found[3]}{apart}"

    def card(found):
        return f"{found[1]}{reading} min" + (f", exercises {exercises}" if exercises else "")

    _substitute(path, notebook, TAKES, takes)
    if root and kind(path) == "chapter" and (intro := root / "intro.ipynb").is_file():
        _substitute(intro, _load(intro), re.compile(CARD.format(page=re.escape(name))), card)


def _substitute(path, notebook, pattern, by) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            cell["source"] = pattern.sub(by, "".join(cell["source"])).splitlines(keepends=True)
    write(path, notebook)


COLUMNS = (
    "page", "minutes", "exercises", "words", "code lines", "longest cell", "median", "printed lines", "code width",
    "output width", "figures", "players", "quizzes", "tables", "opens",
)  # fmt: skip


def table(pages: Sequence[tuple[str, Count]]) -> str:
    """The counts as text, a row a page. "words" are those before the exercises; "opens": with a player, not code."""
    heads = [[*column.split(), ""] for column in COLUMNS]
    lines = [[head[line] for head in heads] for line in (0, 1)]
    for name, page in pages:
        code = (sum(page.cells), max(page.cells, default=0), f"{page.median:g}")
        seen = (page.figures, page.players, page.quizzes, page.tables)
        widths = (page.code_width, page.output_width)
        opens = {True: "yes", False: "no", None: "-"}[page.opens]
        row = (f"{page.minutes:.0f}", page.exercises, page.before, *code, page.printed, *widths, *seen, opens)
        lines.append([name, *map(str, row)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    )


def _pages(names: Sequence[str]) -> Iterator[Path]:
    if names:
        yield from map(Path, names)
        return
    yield Path("intro.ipynb")
    for folder in ("chapters", "chapters/deeper"):
        yield from sorted(Path(folder).glob("*.ipynb"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m actlab.reading", description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    parser.add_argument("--write", action="store_true", help="write the minutes where the pages state them")
    options = parser.parse_args(arguments)
    paths = list(_pages(options.pages))
    for path in paths:
        if not path.is_file():
            parser.error(f"there is no {path}")
    if options.write:
        for path in paths:
            _update(path)
    counted, found = [], []
    for path in paths:
        notebook = _load(path)
        page = count(notebook)
        counted.append((_name(path, _root(path)), page))
        found += [f"{path}: {fault}" for fault in complaints(path, page, notebook)]
    print(table(counted))
    for fault in found:
        print(fault)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
