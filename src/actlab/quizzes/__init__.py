"""The quizzes of the course: one TOML file for each chapter, and `quiz(chapter, name)` for the cell that asks.

A file has one table for each quiz, in the order of the page: the question, the answer, and the choices, each with the
reason why it is right or wrong. The widgets in the chapters and the question bank are made from these files, so the
notebooks hold no answer.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .._names import one_of

__all__ = ["Quiz", "files", "load", "quiz", "read"]

# The file of each chapter, by the name that `quiz` calls the chapter.
files: Mapping[str, Path] = MappingProxyType(
    {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}
)
PARTS = ("question", "answer", "choices")


@dataclass(frozen=True)
class Quiz:
    """A question with its choices in order, each with the reason why it is right or wrong, and the right one."""

    question: str
    choices: Mapping[str, str]
    answer: str


def quiz(chapter: str, name: str) -> Any:
    """The widget of a quiz, as `widgets.quiz` draws it; its repr tells the question and no more.

    Raises KeyError, with the nearest name, for a chapter or a quiz that there is not.
    """
    from .. import widgets  # here, not above: the question bank reads the files and needs no torch for it

    found = load(chapter)
    one = found[one_of(found, name, f"quiz of {chapter}")]
    return widgets.quiz(one.question, one.choices, answer=one.answer)


def load(chapter: str) -> Mapping[str, Quiz]:
    """The quizzes of a chapter by their names, in the order of the page.

    Raises KeyError, with the nearest name, for a chapter that has none, and ValueError as `read` does.
    """
    return read(files[one_of(files, chapter, "chapter with quizzes")])


def read(path: Path) -> Mapping[str, Quiz]:
    """The quizzes of a file by their names, in its order.

    Raises ValueError, in one line that names the file, the quiz and the fault: for what is not TOML, for a part that
    is missing, unknown, empty or no text, for fewer than three choices, and for an answer that is none of them.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no TOML, or no UTF-8
        raise ValueError(f"{path.name}: {error}") from None
    found = {}
    for name, table in tables.items():
        if fault := _fault(table):
            raise ValueError(f"{path.name}, {name}: {fault}")
        found[name] = Quiz(**table)
    return MappingProxyType(found)


def _fault(table):
    """What is wrong with the table of a quiz, or nothing."""
    if not isinstance(table, dict):
        return f"a quiz is a table, with {', '.join(PARTS)}"
    for part in PARTS:
        if part not in table:
            return f"there is no {part}"
    if unknown := set(table) - set(PARTS):
        return f"{', '.join(sorted(unknown))} is not a part of a quiz; there are {', '.join(PARTS)}"
    for part in ("question", "answer"):
        if not _says(table[part]):
            return f"the {part} must be text in quotes, got {table[part]!r}"
    answer, choices = table["answer"], table["choices"]
    if not isinstance(choices, dict):
        return f'the choices are lines "choice" = "reason" in a table, got {choices!r}'
    for choice, reason in choices.items():
        if not _says(choice) or not _says(reason):
            return f"the choice {choice!r} has no reason in quotes, got {reason!r}"
    if len(choices) < 3:
        return f"a quiz has three choices or more, the right one and two others, got {len(choices)}"
    if answer not in choices:
        return f"the answer {answer!r} is not among the choices {list(choices)}"
    return None


def _says(text):
    return isinstance(text, str) and bool(text.strip())
