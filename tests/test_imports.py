"""Which room of the package may use which, and what an import may not do."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "actlab"
# by their dotted names; a folder of modules is named by itself
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "__init__.py"
)

BASICS = {"activations", "gates", "softmax", "theory"}
# What a module may import of the package; rooms that are not built yet have their place too.
MAY_IMPORT = {
    "_names": set(),
    "activations": set(),
    "gates": {"activations"},
    "softmax": {"activations"},
    "theory": {"activations"},
    "data": {"results"},
    "networks": BASICS | {"results"},
    "checks": {"data"},
    "train": BASICS | {"networks", "data", "checks"},
    "ensemble": BASICS | {"networks", "data", "checks", "train"},
    "diagnostics": {"activations", "theory"},
    "results": set(),
    "_streams": set(),
    "experiments": BASICS
    | {"networks", "data", "checks", "train", "ensemble", "results", "diagnostics", "_names", "_streams"},
    "plot": {"activations"},
    "widgets": {"activations", "theory", "plot"},
    "notebooks": set(),
}
MAY_IMPORT["claims"] = set(MAY_IMPORT) - {"plot", "widgets"}
MAY_IMPORT["exercises"] = set(MAY_IMPORT) - {"plot", "widgets", "claims"}
MAY_IMPORT["__main__"] = set(MAY_IMPORT) - {"plot", "widgets", "exercises"}  # the command line prints the claims
MAY_IMPORT["pages"] = {"activations", "theory", "plot", "widgets", "claims", "results"}  # the reference pages
MAY_IMPORT["quizzes"] = {"_names", "widgets"}  # only chapters ask
MAY_IMPORT["guide"] = {"activations", "theory", "claims", "results", "pages"}  # and the one that advises


def tree(module):
    path = PACKAGE.joinpath(*module.split("."))
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8"))


def imported(module):
    """(module of the package, name) for each name that a module takes from another; the name may be the module.

    What the modules of one folder take from each other is left out.
    """
    found = set()
    folder = module if (PACKAGE / module).is_dir() else module.rpartition(".")[0]
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "actlab"):
            if folder and node.level == 1:
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


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"notebooks", "__main__", "_streams"}))
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
    if (PACKAGE / module).is_dir():  # a folder's front door hands on what its modules define
        defined |= {
            a.name for node in body if isinstance(node, ast.ImportFrom) and node.level == 1 for a in node.names
        }
    targets = [node.targets[0] for node in body if isinstance(node, ast.Assign)]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    assigned = {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    # a claim is known to the ledger by its id, a check to the exercises by its name
    if module == "__main__" or module.startswith(("claims.", "exercises.")):
        return
    (names,) = (ast.literal_eval(n.value) for n in body if isinstance(n, ast.Assign) and is_all(n.targets[0]))
    assert names == sorted(names)
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
