"""What the checks of all chapters share: the table they are entered in, and two steps that most of them take."""

from collections.abc import Callable
from typing import Any

checks: dict[str, Callable[[Any], str]] = {}


def exercise(name: str) -> Callable:
    """Enter a check under the name of its exercise: the chapter's number, a hyphen, a word."""

    def register(function):
        checks[name] = function
        return function

    return register


def call(function: Any, *arguments: Any) -> Any:
    """What the reader's function returns; AssertionError where it is no function, or returns nothing."""
    assert callable(function), f"a function is wanted, this is a {type(function).__name__}."
    value = function(*arguments)
    assert value is not None, "the function returns None; is there a `return`?"
    return value


def close(found, right) -> bool:
    """Whether two tensors agree to nine digits of the largest entry."""
    return (found - right).abs().max().item() <= 1e-9 * right.abs().max().item()
