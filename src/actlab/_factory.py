"""A network and a batch, by the name of the function that makes them; every fault is told in one line."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from ._names import hint, shown

__all__ = ["made", "told"]

LONGEST = 300  # letters of another library's message


def made(name: str) -> tuple[object, object]:
    """The network and the batch that MODULE:FACTORY makes. Modules of the current folder come before installed ones.

    A network alone brings its own batch: `example_input_array`, as Lightning has it. Raises ValueError, in one line.
    """
    from torch import nn

    module, colon, factory = name.partition(":")
    if not (module and colon and factory):
        raise ValueError(f"{shown(name)} is no folder, and not of the form MODULE:FACTORY")
    value = _imported(module)
    for part in factory.split("."):
        if not hasattr(value, part):
            there = [key for key in vars(value) if not key.startswith("_")] if hasattr(value, "__dict__") else []
            raise ValueError(f"{module} has no {factory}; {shown(hint(part, there)) if there else 'it is empty'}")
        value = getattr(value, part)
    if not isinstance(value, nn.Module):
        if not callable(value):
            raise ValueError(f"{name} is a {type(value).__name__}, and no function that makes a network")
        value = _guarded(f"{name} raised", value)
    network, *rest = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    if not isinstance(network, nn.Module):
        raise ValueError(f"{name} makes a {type(network).__name__}; wanted is a network, or (network, batch)")
    batch = rest[0] if rest else getattr(network, "example_input_array", None)
    if batch is None:
        raise ValueError(f"{name} makes a network without a batch; let it return (network, batch)")
    return network, batch


def told(measure: Callable, *given):
    """measure(*given); ValueError, in one line, whatever it raises."""
    try:
        return measure(*given)
    except ValueError as error:
        raise ValueError(_line(str(error))) from error
    except Exception as error:
        raise ValueError(f"the network can't take the batch: {_line(f'{type(error).__name__}: {error}')}") from error


def _imported(module):
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError) as error:
        raise ValueError(f"{shown(module)} can't be found: {_line(f'{type(error).__name__}: {error}')}") from error
    if found is None:
        raise ValueError(f"there is no module {shown(module)}, neither in {here} nor installed")
    return _guarded(f"{module} can't be imported:", importlib.import_module, module)


def _guarded(what, function, *given):
    try:
        return function(*given)
    except (Exception, SystemExit) as error:  # it is another one's code: whatever it does is told, and no traceback
        raise ValueError(f"{what} {_line(f'{type(error).__name__}: {error}')}") from error


def _line(text):
    text = shown(" ".join(text.split()))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
