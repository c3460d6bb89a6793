"""One way to say that there is no such name, and to show text that comes from elsewhere."""

import difflib
from collections.abc import Iterable

__all__ = ["hint", "meant", "nearest", "one_of", "shown"]


def one_of(there: Iterable[str], name: str, kind: str, more: str = "") -> str:
    """The name, if it is among those that there are; else KeyError, which lists them, and more, and the nearest."""
    there = list(there)
    if name not in there:
        raise KeyError(f"no {kind} named {name!r}; {hint(name, there)}{more}")
    return name


def hint(name: str, there: Iterable[str]) -> str:
    """What to say of a name that is none: the nearest, and all that there are."""
    there = list(there)
    return f"{meant(nearest(name, there))}there are {shown(', '.join(there))}"


def nearest(name: str, there: Iterable[str]) -> str | None:
    """The name that is most like this one, in large letters or small; None where none is like it."""
    words = {str(word).lower(): word for word in there}
    word = str(name).lower()
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.51)  # more than half of the letters
    near.sort(
        key=lambda other: sorted(other) != sorted(word)
    )  # "gleu" is gelu with two letters changed over, not golu
    return words[near[0]] if near else None


def meant(name: str | None) -> str:
    """The question whether this name was meant, with a space after it; "" for None."""
    return "" if name is None else f"did you mean {name!r}? "


def shown(text: str) -> str:
    """A text from a file with what steers a terminal, or turns the direction of writing, written out: \\x1b."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
