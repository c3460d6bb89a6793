"""Which room of the package may use which, and what an import may not do."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "actlab"
# by their dotted names; a folder of modules is named by itself
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "__init__.py"
)

# What each room imports of the others: all of it is used, and nothing else may be.
MAY_IMPORT = {
    "_floats": set(),
    "_names": set(),
    "_streams": set(),
    "_factory": {"_names"},
    "_files": set(),
    "activations": {"_floats", "_names"},
    "gates": {"_names", "activations"},
    "softmax": {"_floats"},
    "theory": {"activations"},
    "statistics": set(),
    "stored": {"_files", "_names"},
    "results": {"_files", "_names", "statistics", "stored"},
    "data": {"_floats", "_names", "stored"},
    "networks": {"_floats", "_names", "activations", "gates", "stored", "theory"},
    "checks": {"data"},
    "train": {"activations", "checks", "data", "diagnostics", "networks"},
    "ensemble": {"activations", "checks", "data", "networks", "train"},
    "diagnostics": {"_files", "_floats", "activations", "theory"},
    "experiments": {
        "_names",
        "_streams",
        "activations",
        "checks",
        "data",
        "ensemble",
        "gates",
        "networks",
        "results",
        "stored",
        "train",
    },
    "plot": {"activations"},
    "widgets": {"activations", "plot", "theory"},
    "lab": {"_names", "activations"},
    "notebooks": set(),
    "reading": {"notebooks"},
    "tables": set(),
    "claims": {
        "_names",
        "activations",
        "data",
        "experiments",
        "gates",
        "networks",
        "results",
        "softmax",
        "theory",
        "train",
    },
    "exercises": {"_names", "activations", "data", "diagnostics", "networks", "softmax", "theory"},
    "quizzes": {"_names", "widgets"},
    "pages": {"activations", "claims", "plot", "stored", "theory", "widgets"},  # the reference pages
    "guide": {"activations", "claims", "data", "pages", "results", "theory"},  # and the one that advises
    "__main__": {
        "_factory",
        "diagnostics",
        "_names",
        "_streams",
        "activations",
        "claims",
        "experiments",
        "results",
        "theory",
    },
}
# what a chapter shows is told by its own measurements; what a claim says, an exercise asks or a quiz answers is not
MAY_IMPORT["scenes"] = set(MAY_IMPORT) - {"claims", "exercises", "quizzes", "pages", "guide", "__main__"}


def tree(module):
    path = PACKAGE.joinpath(*module.split("."))
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8"))


def imported(module):
    """(module of the package, name) for each name that a module takes from another; the name may be the module.

    What the modules of one room take from each other is left out.
    """
    found = set()
    folder = PACKAGE.joinpath(*module.split(".")).is_dir()
    depth = len(module.split(".")) - (not folder)  # folders that it lies in, below the package
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "actlab"):
            if 0 < node.level <= depth:
                continue
            path = (node.module or "").removeprefix("actlab").strip(".")
            found |= {(path or alias.name, alias.name) for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {(a.name.split(".")[1], a.name) for a in node.names if a.name.startswith("actlab.")}
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_the_rooms_before_it(module):
    room = module.partition(".")[0]
    assert room in MAY_IMPORT, f"say in MAY_IMPORT what {room} may import"
    used = {other for other, _ in imported(module)}
    assert used <= MAY_IMPORT[room], f"{module} imports {', '.join(sorted(used - MAY_IMPORT[room]))}"


@pytest.mark.parametrize("room", sorted(set(MAY_IMPORT) - {"scenes"}))  # a chapter's scenes come and go
def test_what_a_room_may_import_it_does(room):
    used = {other for module in MODULES if module.partition(".")[0] == room for other, _ in imported(module)}
    assert MAY_IMPORT[room] <= used, f"take from MAY_IMPORT: {', '.join(sorted(MAY_IMPORT[room] - used))}"


def test_the_rooms_lie_in_an_order():
    done = set()
    while len(done) < len(MAY_IMPORT):
        ready = {module for module, before in MAY_IMPORT.items() if before <= done} - done
        assert ready, f"{set(MAY_IMPORT) - done} wait for one another"
        done |= ready


def test_imports_are_seen_in_every_form(monkeypatch):
    text = (
        "from . import data\nfrom .train import fit\nimport actlab.plot\nfrom actlab.theory import gain\nimport torch"
    )
    monkeypatch.setitem(globals(), "tree", lambda module: ast.parse(text))
    assert {room for room, _ in imported("any")} == {"data", "train", "plot", "theory"}


def test_a_room_of_folders_is_one_room(monkeypatch):
    text = "from . import parts\nfrom .. import drawn\nfrom ... import claims\nfrom actlab.quizzes import quiz"
    monkeypatch.setitem(globals(), "tree", lambda module: ast.parse(text))
    assert {room for room, _ in imported("scenes.tanh.pictures")} == {"claims", "quizzes"}


def test_scenes_and_tables_stay_out_of_what_the_book_claims_and_asks():
    assert not {"claims", "exercises", "quizzes"} & MAY_IMPORT["scenes"]
    assert not any({"scenes"} & before for before in MAY_IMPORT.values()), "only chapters call scenes"


@pytest.mark.parametrize("module", MODULES)
def test_what_is_private_to_a_room_is_used_in_it_alone(module):
    taken = imported(module)
    assert not [name for other, name in taken if name.startswith("_") and name != other]
    rooms = {name for other, name in taken if name == other}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in rooms:
            assert not node.attr.startswith("_"), f"line {node.lineno} uses {node.value.id}.{node.attr}"


@pytest.mark.parametrize("module", [name for name in MODULES if name.partition(".")[0] != "claims"])
def test_a_module_is_short_enough_to_be_read(module):
    path = PACKAGE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, "part it by what it is about"


def test_plot_never_trains():
    called = {node.attr for node in ast.walk(tree("plot")) if isinstance(node, ast.Attribute)}
    assert not called & {"fit", "backward", "step", "optim", "zero_grad"}


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_unpickled(module):
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & forbidden
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in forbidden
        if isinstance(node, ast.keyword):
            assert node.arg != "allow_pickle" or node.value.value is False
        if isinstance(node, ast.Attribute) and node.attr == "load" and isinstance(node.value, ast.Name):
            assert node.value.id != "torch", "torch.load unpickles"


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"notebooks", "reading", "__main__", "_streams"}))
def test_nothing_is_printed(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno} prints"
        if isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr"):
            assert getattr(node.value, "id", "") != "sys", f"line {node.lineno} writes to sys.{node.attr}"


@pytest.mark.parametrize("module", MODULES)
def test_the_global_generators_are_left_alone(module):
    whole = tree(module)
    # inside fork_rng a seed is set for what runs there, and taken back
    forked = [w for w in ast.walk(whole) if isinstance(w, ast.With) and "fork_rng(" in ast.unparse(w.items[0])]
    allowed = {id(node) for with_ in forked for node in ast.walk(with_)}
    for node in ast.walk(whole):
        if id(node) in allowed:
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute | ast.Name):
            owner = ast.unparse(node.value)
            assert (owner, node.attr) not in {("torch", "manual_seed"), ("np.random", "seed"), ("random", "seed")}
            assert not (owner == "np.random" and node.attr not in {"default_rng", "Generator", "SeedSequence"})


@pytest.mark.parametrize("module", [*MODULES, "__init__"])
def test_a_module_opens_with_what_it_is_for(module):
    assert ast.get_docstring(tree(module))


@pytest.mark.parametrize("module", MODULES)
def test_all_names_what_there_is(module):
    body = tree(module).body
    defined = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    if PACKAGE.joinpath(*module.split(".")).is_dir():  # a folder's front door hands on what its modules define
        defined |= {a.name for node in body if isinstance(node, ast.ImportFrom) and node.level for a in node.names}
    targets = [node.targets[0] for node in body if isinstance(node, ast.Assign)]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    assigned = {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    # a claim is known to the ledger by its id, a check to the exercises by its name
    if module == "__main__" or module.startswith(("claims.", "exercises.")):
        return
    (names,) = (ast.literal_eval(n.value) for n in body if isinstance(n, ast.Assign) and is_all(n.targets[0]))
    assert set(names) <= defined | assigned
    public = {node.name for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}
    assert public <= set(names)


def is_all(target):
    return isinstance(target, ast.Name) and target.id == "__all__"


def python(script):
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=PACKAGE.parent, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return json.loads(run.stdout)


def test_importing_the_package_imports_nothing_else_and_changes_nothing():
    script = """
import json, locale, os, random, signal, sys, warnings
def state():
    return [dict(os.environ), os.getcwd(), list(sys.path), repr(warnings.filters), hash(random.getstate()),
            locale.setlocale(locale.LC_ALL), repr(signal.getsignal(signal.SIGINT)), repr(sys.excepthook)]
before, modules = state(), set(sys.modules)
import actlab
print(json.dumps([before == state(), sorted(set(sys.modules) - modules), actlab.__version__]))
"""
    unchanged, new, version = python(script)
    assert unchanged
    assert new == ["actlab"]
    assert version.count(".") == 2


@pytest.mark.slow
def test_importing_every_module_changes_nothing_of_the_libraries_below():
    script = f"""
import importlib, json, os, random, sys, warnings
import ipywidgets, matplotlib, numpy, torch, tqdm.auto
import matplotlib.pyplot as plt
def state():
    return [torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state().tolist(),
            torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
            repr(torch._tensor_str.PRINT_OPTS), repr(numpy.get_printoptions()),
            repr(numpy.random.get_state()), repr(numpy.geterr()), dict(matplotlib.rcParams), plt.get_fignums(),
            hash(random.getstate()), repr(warnings.filters), dict(os.environ), list(sys.path)]
before = state()
for module in {MODULES!r}:
    if module != "__main__":
        importlib.import_module("actlab." + module)
print(json.dumps([a == b for a, b in zip(before, state())]))
"""
    assert all(python(script))


def test_checking_notebooks_needs_nothing_but_python():
    script = """
import json, sys
before = set(sys.modules)
import actlab.notebooks
new = {name.split(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)
print(json.dumps(sorted(new)))
"""
    assert python(script) == ["actlab"]
