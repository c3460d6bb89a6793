"""Every number that the guide's texts name, computed when it is asked for."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from . import cited, deep, formats, gates, images, moving, plain, starts, text

__all__ = ["numbers"]


@cache
def numbers() -> Mapping[str, Any]:
    """Every number that the guide's texts may name: from the stored tables, from `theory`, or from a named source."""
    found: dict[str, Any] = {}
    for part in (plain, deep, images, text, gates, formats, moving, starts, cited):
        more = part.found()
        assert not found.keys() & more.keys()
        found |= more
    return MappingProxyType(found)
