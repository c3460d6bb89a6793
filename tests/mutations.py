"""One mistake at a time, in a copy of the checkout: does the gate that is there for its kind find it?

    python tests/mutations.py [--list] [NAME...]

A gate is first run without a mistake, and must pass; then it is run on each of its mistakes, and must fail. Prints a
line a mistake; exits 1 if one gets through. Most of the time goes into building pages.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from site_checks import ROOT

BUILD = "{bin}/jupyter-book build . -W -n --keep-going"
PYTEST = "{python} -m pytest -q -x -p no:cacheprovider -o addopts= "
# a step of make -> what of it is run for a mistake of this kind
GATES = {
    "lint, style": "{python} -m ruff check . && {python} -m ruff format --check .",
    "lint, form": "{python} -m actlab.notebooks check intro.ipynb chapters appendix",
    "lint, reading": "{python} -m actlab.reading",
    "book": BUILD + " && {python} tests/site_checks.py",
    "test, outputs": BUILD + " && " + PYTEST + "--built --nbval --nbval-current-env {where}",
    "test, units": PYTEST + "{where}",
    "test, browser": BUILD + " && " + PYTEST + "--built {where}",
    "portable": BUILD + " && " + PYTEST + "--built --nbval --nbval-current-env --processor=oldest {where}",
    "readers": BUILD + " && {python} tests/readers.py {where}",
}
COLAB = "colab --only intro"
MOVES = "tests/book/test_browser.py -k 'test_players_move and intro'"
WHOLE = "tests/book/test_browser.py -k 'test_page_is_whole and intro'"
QUIZ = "tests/book/test_browser.py -k 'test_every_choice and 03_tanh'"
SCENE = "from actlab.scenes import intro as scene"
LAB = "tests/book/test_lab.py -k intro"
BAR = "#pst-header {"  # where a rule of its own can stand


@dataclass(frozen=True)
class Mistake:
    """A text that becomes another one, in the one file among those named that has it."""

    files: str
    old: str
    new: str
    gate: str
    where: str = ""

    def place(self, root: Path) -> Path:
        """The file that it is made in. Raises LookupError if there is not exactly one."""
        found = [path for path in sorted(root.glob(self.files)) if self.old in path.read_text(encoding="utf-8")]
        if len(found) != 1:
            raise LookupError(f"{self.old!r} is in {len(found)} files of {self.files}, not in one")
        return found[0]


MISTAKES = {
    "an import that nothing uses": Mistake("src/actlab/plot.py", "\nimport ", "\nimport os\nimport ", "lint, style"),
    "a cell that was run out of order": Mistake(
        "chapters/03_tanh.ipynb", '"execution_count": 3', '"execution_count": 33', "lint, form"
    ),
    "a cell of code that nobody folded": Mistake(
        "chapters/04_relu_family.ipynb", '"hide-input"', '"hide-nothing"', "lint, reading"
    ),
    "a page longer than it says": Mistake(
        "intro.ipynb", "## Ways through", "word " * 400 + "## Ways", "lint, reading"
    ),
    "a link to a section that is gone": Mistake(
        "chapters/04_relu_family.ipynb", "(sec-relu-leak)=", "(sec-relu-leaks)=", "book"
    ),
    "a source that the bibliography lacks": Mistake(
        "chapters/03_tanh.ipynb", "{cite}`kumar2024`", "{cite}`kumar2042`", "book"
    ),
    "a picture from another host": Mistake(
        "intro.ipynb", "## Ways through", "![a](https://example.org/a.png)\\n\\n## Ways through", "book"
    ),
    "a picture without words": Mistake("src/actlab/scenes/intro.py", "alt=in_words", 'alt=lambda **_: ""', "book"),
    "figures that come as text": Mistake(
        "_ext/kernels.py", '"matplotlib.backends.backend_agg"', '"matplotlib_inline.backend_inline"', "book"
    ),
    "a claim whose check says otherwise": Mistake(
        "src/actlab/claims/tanh/curve.py",
        "verdict=TRUE",
        'verdict="false"',
        "test, units",
        "tests/package/test_claims.py",
    ),
    "an edge that the rooms forbid": Mistake(
        "src/actlab/softmax.py",
        "\nimport torch",
        "\nimport torch\nfrom . import claims  # noqa: F401",
        "test, units",
        "tests/package/test_imports.py",
    ),
    "an output edited by hand": Mistake(
        "chapters/03_tanh.ipynb",
        "gain 1.00: 10^(-0.9)",
        "gain 1.00: 10^(-0.8)",
        "test, outputs",
        "chapters/03_tanh.ipynb",
    ),
    "a stored table edited by hand": Mistake(
        "data/revival/trained.json",
        "0",
        "1",
        "test, units",
        "tests/package/test_stored.py tests/data/test_revival.py",
    ),
    "a slope with the wrong sign": Mistake(
        "src/actlab/**/*.py",
        "near, torch.exp(-u * u), value=1 / math.sqrt(2 * math.pi)",
        "near, torch.exp(-u * u), value=-1 / math.sqrt(2 * math.pi)",
        "test, units",
        "tests/package/test_activations.py -k gelu",
    ),
    "a tail that cancels": Mistake(
        "src/actlab/**/*.py",
        "(z * -math.sqrt(0.5)).erfc_().div_(2)",
        "(z * math.sqrt(0.5)).erf_().add_(1).div_(2)",
        "test, units",
        "tests/package/test_activations.py -k gelu",
    ),
    "Adam without its correction": Mistake(
        "src/actlab/ensemble/_stacked.py",
        "value=-rate / (1 - beta1**step)",
        "value=-rate",
        "test, units",
        "tests/package/test_ensemble.py",
    ),
    "points drawn from no seed": Mistake(
        "src/actlab/data/_points.py",
        "torch.Generator().manual_seed(seed)",
        "torch.Generator()",
        "test, units",
        "tests/package/test_data.py",
    ),
    "a source in C that was not compiled again": Mistake(
        "_lab/engine.c",
        "(part * (m + 1))",
        "(part * m)",
        "test, units",
        "tests/book/test_lab_engine.py -k module_is_the_one",
    ),
    "a quiz without its answer among the choices": Mistake(
        "src/actlab/quizzes/tanh.toml",
        'answer = "It explodes"',
        'answer = "It grows"',
        "test, units",
        "tests/package/test_quizzes.py",
    ),
    "a store that believes what it reads": Mistake(
        "src/actlab/results/**/*.py",
        "if checksum is not None and checksum != sum_of_run(",
        "if False and checksum != sum_of_run(",
        "test, units",
        "tests/package/test_store.py tests/package/test_damage.py tests/package/test_check.py",
    ),
    "a slider that moves nothing": Mistake(
        "_static/players.js", 'player.addEventListener("input", show);', "", "test, browser", MOVES
    ),
    "words too pale to read": Mistake(
        "_static/custom.css", BAR, ".bd-article p { color: #aaa !important; }\n" + BAR, "test, browser", WHOLE
    ),
    "a table wider than a phone": Mistake(
        "_static/custom.css", BAR, ".bd-article { min-width: 700px; }\n" + BAR, "test, browser", WHOLE
    ),
    "a quiz that keeps its reasons": Mistake(
        "_static/players.js",
        'querySelectorAll("[data-moving]")',
        'querySelectorAll(".actlab-player")',
        "test, browser",
        QUIZ,
    ),
    "a number that an older processor rounds otherwise": Mistake(
        "intro.ipynb",
        SCENE,
        f"print('x' * (torch.backends.cpu.get_cpu_capability() == 'DEFAULT'), end='')\\n\",\n    \"{SCENE}",
        "portable",
        "intro.ipynb",
    ),
    "a player of no width in JupyterLab": Mistake(
        "src/actlab/widgets.py", 'wide = {"width": "100%"}', 'wide = {"width": "0"}', "portable", LAB
    ),
    "a chapter that reads a file of the checkout": Mistake(
        "intro.ipynb",
        SCENE,
        f"open('README.md').close()\\n\",\n    \"{SCENE}",
        "readers",
        COLAB,
    ),
}


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the checkout, with the pages that were built."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "copy")
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".venv", "readers"), symlinks=True)
        yield root


def passes(root: Path, gate: str, where: str) -> bool:
    """Whether a gate lets the copy through."""
    command = GATES[gate].format(python=sys.executable, bin=Path(sys.executable).parent, where=where)
    env = os.environ | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, shell=True, cwd=root, env=env, capture_output=True).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="only say what there is")
    parser.add_argument(
        "names", nargs="*", default=list(MISTAKES), metavar="NAME", help="all of them if none is named"
    )
    options = parser.parse_args()
    if unknown := set(options.names) - set(MISTAKES):
        parser.error(f"no mistake is called {', '.join(sorted(unknown))}; see --list")
    if options.list:
        print("\n".join(f"{mistake.gate:15} {name}" for name, mistake in MISTAKES.items()))
        return 0
    through, sound = [], {}
    with copied() as root:
        for name in options.names:
            mistake, began = MISTAKES[name], time.monotonic()
            gate = mistake.gate, mistake.where
            if gate not in sound:
                sound[gate] = passes(root, *gate)
            file = mistake.place(root)
            before = file.read_text(encoding="utf-8")
            file.write_text(before.replace(mistake.old, mistake.new, 1), encoding="utf-8", newline="\n")
            found = sound[gate] and not passes(root, *gate)
            file.write_text(before, encoding="utf-8", newline="\n")
            said = "found" if found else "GETS THROUGH" if sound[gate] else "its gate fails without it"
            print(f"{mistake.gate:15} {name}: {said}, {time.monotonic() - began:.0f} s", flush=True)
            through += [] if found else [name]
    return bool(through)


if __name__ == "__main__":
    sys.exit(main())
