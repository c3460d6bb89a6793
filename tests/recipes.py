"""The recipes under data/, as modules."""

import importlib.util
from types import ModuleType

from site_checks import ROOT


def recipe_of(name: str) -> ModuleType:
    """The `make.py` of a stored result: it lies in no package, and importing it writes nothing."""
    spec = importlib.util.spec_from_file_location(f"{name}_recipe", ROOT / "data" / name / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
