"""Checks for the exercises: each says what is right, or which case fails and what was expected there.

A check is a function of the reader's answer that raises AssertionError with one sentence of feedback. Those of one
chapter stand in one module of this folder.
"""

import html
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from .._names import one_of
from ._kit import checks

__all__ = ["Feedback", "check"]

for _module in iter_modules(__path__):  # each enters the checks of its chapter
    import_module(f".{_module.name}", __name__)


@dataclass(frozen=True)
class Feedback:
    """What `check` found: true where the answer is right."""

    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'Right' if self.right else 'Not yet'}: {self.message}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>"  # a paragraph goes on in the next line, a printed line does not


def check(exercise: str, answer: Any) -> Feedback:
    """Judge an answer to an exercise; never raises for a wrong answer, however it fails.

    Raises KeyError, listing the exercises, if there is none of that name.
    """
    one_of(checks, exercise, "exercise")
    if answer is None or answer is Ellipsis:
        return Feedback(False, "there is no answer here so far.")
    try:
        return Feedback(True, checks[exercise](answer))
    except AssertionError as wrong:
        return Feedback(False, str(wrong) or "an assertion in your answer failed.")
    except (Exception, SystemExit) as error:
        if not callable(answer):
            return Feedback(False, f"a {type(answer).__name__} is not what is asked for here.")
        first = str(error).strip().partition("\n")[0]
        return Feedback(False, f"your answer stopped with {type(error).__name__}: {first}")
