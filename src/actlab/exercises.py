"""Checks for the exercises: each says what is right, or which case fails and what was expected there.

A check is a function of the reader's answer that raises AssertionError with one sentence of feedback.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from . import activations, data, networks

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


_checks: dict[str, Callable[[Any], str]] = {}


def _exercise(name):
    def register(function):
        _checks[name] = function
        return function

    return register


def check(exercise: str, answer: Any) -> Feedback:
    """Judge an answer to an exercise; never raises for a wrong answer, however it fails.

    Raises KeyError, listing the exercises, if there is none of that name.
    """
    if exercise not in _checks:
        near = difflib.get_close_matches(exercise, _checks, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise KeyError(f"no exercise named {exercise!r}; {hint}there are {', '.join(_checks)}")
    if answer is None or answer is Ellipsis:
        return Feedback(False, "there is no answer here so far.")
    try:
        return Feedback(True, _checks[exercise](answer))
    except AssertionError as wrong:
        return Feedback(False, str(wrong))
    except Exception as error:
        return Feedback(False, f"your answer stopped with {type(error).__name__}: {error}")


def _call(function, *arguments):
    assert callable(function), f"a function is wanted, this is a {type(function).__name__}."
    value = function(*arguments)
    assert value is not None, "the function returns None; is there a `return`?"
    return value
