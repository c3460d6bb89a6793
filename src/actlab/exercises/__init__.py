"""Checks for the exercises: each says what is right, or which case fails and what was expected there.

A check is a function of the reader's answer that raises AssertionError with one sentence of feedback. Those of one
chapter stand in one module of this folder.
"""

import difflib
from dataclasses import dataclass
from typing import Any

from . import adaptive, experiments, images, init, linearity, relu, sigmoid, smooth, softmax, tanh, transformers, xor  # noqa: F401  (they enter their checks)
from ._kit import checks

__all__ = ["Feedback", "check"]


@dataclass(frozen=True)
class Feedback:
    """What `check` found: true where the answer is right."""

    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'Right' if self.right else 'Not yet'}: {self.message}"


def check(exercise: str, answer: Any) -> Feedback:
    """Judge an answer to an exercise; never raises for a wrong answer, however it fails.

    Raises KeyError, listing the exercises, if there is none of that name.
    """
    if exercise not in checks:
        near = difflib.get_close_matches(exercise, checks, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise KeyError(f"no exercise named {exercise!r}; {hint}there are {', '.join(checks)}")
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
