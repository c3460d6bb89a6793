"""One way to say that there is no such name."""

import difflib
from collections.abc import Iterable

__all__ = ["one_of"]


def one_of(there: Iterable[str], name: str, kind: str) -> str:
    """The name, if it is among those that there are; else KeyError, which lists them and the nearest."""
    there = list(there)
    if name not in there:
        near = difflib.get_close_matches(str(name), there, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise KeyError(f"no {kind} named {name!r}; {hint}there are {', '.join(there)}")
    return name
