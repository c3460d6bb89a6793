"""Puts the source of a figure beside it: what a cell calls of `actlab.scenes` stands in the fold of the cell's code.

A chapter draws by one line, `scene.two_by_two(runs)`. Who opens the code of such a cell finds under the line the
source of that function, of what it calls within `actlab.scenes`, and of the functions of `actlab.plot` that it names:
one step, on the page, without a kernel. A cell whose code is in sight gets a fold for the source alone. Each
definition stands on a page once, where it is first needed; later cells that call it have a link there.

The files are read as text and parsed, nothing is imported. It is done while a page is written, so that the search of
the book goes on finding what the book says and not what its programs are made of; an edit in src/actlab makes
_ext/fingerprint.py read and write all pages again.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

SCENES, PLOT = "scenes", "plot"  # below the package
Name = tuple[str, str]  # a module below the package, with dots, and what it defines


@dataclass(frozen=True)
class Definition:
    """What stands at the top level of a module: a function, a class, or a constant."""

    node: ast.stmt
    text: str

    @property
    def callable(self) -> bool:
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


class Module:
    """A module of the package as its text says it: what it defines, and what its names stand for."""

    def __init__(self, package: Path, name: str):
        self.package, self.name = package, name
        self.path = _file(package, name)
        self.lines = self.path.read_text(encoding="utf-8").split("\n")
        self.tree = ast.parse("\n".join(self.lines), self.path)

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        found = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names = [node.name]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
            else:
                continue
            found |= dict.fromkeys(names, Definition(node, self._text(node)))
        found.pop("__all__", None)
        return found

    def _text(self, node):
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]) - 1
        while first and self.lines[first - 1].startswith("#"):  # a comment above it gives its reason
            first -= 1
        return "\n".join(self.lines[first : node.end_lineno])

    @cached_property
    def names(self) -> "Names":
        inside = self.path.name == "__init__.py"
        parts = self.name.split(".") if inside else self.name.split(".")[:-1]
        return Names(self.package).taken([self.tree], parts)


class Names:
    """What the names of a text stand for: modules of the package, and what they define."""

    def __init__(self, package: Path):
        self.package = package
        self.modules: dict[str, str] = {}
        self.things: dict[str, Name] = {}

    def taken(self, trees: Iterable[ast.AST], parts: list[str] | None = None) -> "Names":
        """With the imports of the texts. parts: the folder below the package that relative imports start from."""
        for node in (node for tree in trees for node in ast.walk(tree)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.startswith("actlab.") and alias.asname:
                        self.modules[alias.asname] = alias.name.removeprefix("actlab.")
            elif isinstance(node, ast.ImportFrom):
                within = (node.module or "").split(".") if node.module else []
                if node.level and parts is not None:
                    base = [*parts[: len(parts) - node.level + 1], *within]
                elif within[:1] == ["actlab"]:
                    base = within[1:]
                else:
                    continue
                for alias in node.names:
                    whole, own = ".".join([*base, alias.name]), alias.asname or alias.name
                    if _file(self.package, whole):
                        self.modules[own] = whole
                    elif base:
                        self.things[own] = (".".join(base), alias.name)
        return self

    def used(self, tree: ast.AST) -> Iterator[Name]:
        """What of the package's modules a piece of code names, in its order, with repetitions."""
        found = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.modules:
                found.append((node.lineno, node.col_offset, (self.modules[node.value.id], node.attr)))
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in self.things:
                found.append((node.lineno, node.col_offset, self.things[node.id]))
        return (name for *_, name in sorted(found))


def _file(package: Path, name: str) -> Path | None:
    path = package.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


class Sources:
    """The sources of a package (the folder src/actlab), found by name."""

    def __init__(self, package: Path):
        self.package = package
        self._modules: dict[str, Module] = {}

    def module(self, name: str) -> Module:
        if name not in self._modules:
            self._modules[name] = Module(self.package, name)
        return self._modules[name]

    def find(self, name: Name) -> Name | None:
        """Where a name is defined, wherever it was taken from; None where it is not."""
        module, thing = name
        if not _file(self.package, module):
            return None
        if thing in self.module(module).definitions:
            return name
        other = self.module(module).names.things.get(thing)
        return self.find(other) if other else None

    def text(self, name: Name) -> Definition:
        module, thing = name
        return self.module(module).definitions[thing]

    def mentioned(self, codes: list[str]) -> list[list[Name]]:
        """For each cell of a page what it names of the scenes, each once.

        Raises LookupError for what there is not.
        """
        trees = [_parsed(code) for code in codes]
        names = Names(self.package).taken(trees)
        found = []
        for tree in trees:
            wanted = dict.fromkeys(name for name in names.used(tree) if _of(SCENES, name[0]))
            for name in wanted:
                if not self.find(name):
                    raise LookupError(f"there is no {name[1]} in actlab.{name[0]}")
            found.append([self.find(name) for name in wanted])
        return found

    def behind(self, wanted: Iterable[Name]) -> list[Name]:
        """The wanted, and what they are made of: nearest first, those of the scenes before those of `plot`."""
        found, waiting = {}, list(wanted)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting += self._within(name)
        return sorted(found, key=lambda name: _of(PLOT, name[0]))

    def _within(self, name):
        if not _of(SCENES, name[0]):
            return  # what is behind a function of `plot` is no longer the scene
        module, node = self.module(name[0]), self.text(name).node
        own = _local(node)
        taken = list(module.names.used(node))
        local = [
            (one.lineno, one.col_offset, (name[0], one.id))
            for one in ast.walk(node)
            if isinstance(one, ast.Name) and one.id in module.definitions and one.id not in own
        ]
        for other in [other for *_, other in sorted(local)] + taken:
            there = self.find(other)
            if there and (_of(SCENES, there[0]) or (_of(PLOT, there[0]) and self.text(there).callable)):
                yield there


def _of(room, module):
    return module == room or module.startswith(f"{room}.")


def _local(node):
    """Names that a function gives to its own values, which hide those of the module."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    given = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    return given | {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _parsed(code):
    try:
        return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.M))
    except SyntaxError:
        return ast.Module([], [])  # a cell in another language, which calls no function of ours


def anchor(name: Name) -> str:
    """The id of a definition on a page."""
    module, thing = name
    return "-".join(["source", *module.split(".")[module.startswith(f"{SCENES}.") :], thing])


class ShowSources(SphinxPostTransform):
    default_priority = 190  # before MyST-NB folds what is to be folded (199)
    formats = ("html",)

    def run(self, **kwargs) -> None:
        cells = [node for node in self.document.findall(nodes.container) if node.get("nb_element") == "cell_code"]
        self._say(cells)
        cells = [cell for cell in cells if cell.children and cell[0].get("nb_element") == "cell_code_source"]
        codes = [next(cell[0].findall(nodes.literal_block)).astext() for cell in cells]
        sources = Sources(Path(self.app.srcdir) / "src/actlab")
        try:
            mentioned = sources.mentioned(codes)
        except LookupError as error:
            logger.warning(f"a cell calls what no scene has: {error}", location=self.env.docname)
            return
        seen: set[Name] = set()
        for cell, wanted in zip(cells, mentioned, strict=True):
            if not wanted:
                continue
            shown = _shown(sources, wanted, seen)
            if cell.get("hide_mode") in ("input", "input+output", "all"):
                cell[0].append(shown)
            else:
                fold = HideCodeCellNode(prompt_show="Show the source", prompt_hide="Hide the source")
                fold["classes"] += ["above-output", "actlab-beside"]
                fold += shown
                cell.insert(1, fold)

    def _say(self, cells):
        """What a fold says: MyST-NB's words tell of cells, which a reader of the page knows nothing of."""
        for cell in cells:
            if cell.get("prompt_show") == self.config.nb_code_prompt_show:
                what = "the code"
                if cell["hide_mode"] == "all":
                    if cell[-1].get("nb_element") == "cell_code_output":
                        what = "the code and its output"
                    elif cell.astext().lstrip().startswith("# Checks"):  # by which a section ends
                        what = "the checks"
                cell["prompt_show"] = f"Show {what}"
                cell["prompt_hide"] = cell["prompt_show"].replace("Show", "Hide")


def _shown(sources, wanted, seen):
    """The sources of a cell that the page has not had yet, and links to the others that the cell itself names."""
    old = [name for name in wanted if name in seen]
    new = [name for name in sources.behind(wanted) if name not in seen]
    seen.update(new)
    box = nodes.container(classes=["actlab-source"])
    if old:
        links = []
        for name in old:
            link = nodes.reference("", "", nodes.literal("", name[1]), refid=anchor(name), internal=True)
            links += [nodes.Text(", " if links else "The source is shown further up: "), link]
        box += nodes.paragraph("", "", *links, nodes.Text("."))
    for module in dict.fromkeys(module for module, _ in new):
        box += nodes.paragraph("", "", nodes.Text("From "), nodes.literal("", f"actlab.{module}"), nodes.Text(":"))
        names = [name for name in new if name[0] == module]
        constants = [name for name in names if not sources.text(name).callable]
        constants.sort(key=lambda name: sources.text(name).node.lineno)
        groups = [constants] if constants else []
        for group in groups + [[name] for name in names if name not in constants]:
            text = "\n".join(dict.fromkeys(sources.text(name).text for name in group))
            code = nodes.literal_block(text, text, language="python", classes=["actlab-code"])
            box += nodes.container("", code, ids=[anchor(name) for name in group], classes=["actlab-definition"])
    return box


def setup(app: Sphinx) -> dict:
    app.add_post_transform(ShowSources)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
