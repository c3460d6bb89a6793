"""Writes _static/lab.js, which a page loads when its lab comes near the screen: the parts in this folder as one.

What the package knows is written into it as tables: names, settings, colours and dashes of the catalog, and the
coefficients of two rules of numerics. `python _lab/make.py` after an edit here, or of the catalog; a test compares.
After an edit of engine.c it compiles that too, which needs clang and lld; otherwise it takes engine.wasm as it is.
"""

import base64
import hashlib
import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mpmath import mp

from actlab import activations, lab, plot

FOLDER = Path(__file__).parent
BUILT = FOLDER.parent / "_static/lab.js"
SOURCE = FOLDER / "engine.c"
MODULE = FOLDER / "engine.wasm"
RECORD = FOLDER / "engine.json"  # what the module was made of
COMPILE = (
    "clang", "--target=wasm32", "-msimd128", "-nostdlib", "-fno-builtin", "-ffp-contract=off", "-Wall", "-Wextra",
    "-O2", "-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops", "-Wl,--no-entry",
    "-Wl,--strip-all", "-Wl,--export=__heap_base",
)  # fmt: skip
PARTS = (
    "tape.js",
    "functions.js",
    "bends.js",
    "parser.js",
    "theory.js",
    "engine.js",
    "network.js",
    "data.js",
    "state.js",
    "starts.js",
    "draw.js",
    "style.js",
    "embed.js",
    "own.js",
    "points.js",
    "view.js",
    "explore.js",
    "formats.js",
    "programs.js",
    "numbers_style.js",
    "numbers.js",
    "export.js",
)
MIDDLE = 3.75  # of erfcx's variable: near it the series is shortest
TERMS = 27  # the next are below 1e-18
EXP_TERMS = 10  # leaves 4e-17 of exp(r) - 1


def catalog() -> dict:
    """For each activation what the lab shows and needs of it."""
    found = {}
    for name, act in activations.catalog.items():
        style = plot.style_of(name)
        _, dash = style["linestyle"] if isinstance(style["linestyle"], tuple) else (0, ())
        found[name] = {
            "title": act.title,
            "settings": {key: list(v) if isinstance(v, tuple) else v for key, v in act.settings.items()},
            "ends": {key: list(lab.ends(act, key)) for key in act.settings},
            "kinks": list(act.kinks),
            "color": style["color"],
            "dash": list(dash),
        }
    return found


def chebyshev(function: Callable, terms: int) -> list:
    """Coefficients of the Chebyshev series of a function on [-1, 1], of mpmath's numbers."""
    n = 80
    angles = [mp.pi * (k + mp.mpf(1) / 2) / n for k in range(n)]
    values = [function(mp.cos(angle)) for angle in angles]
    found = [
        2 * mp.fsum(v * mp.cos(j * angle) for v, angle in zip(values, angles, strict=True)) / n for j in range(terms)
    ]
    return [found[0] / 2, *found[1:]]


def exp() -> list[float]:
    """Of (exp(r) - 1 - r) / r^2 for |r| <= log(2) / 2, the coefficients of powers of r, the highest first."""
    with mp.workdps(40):
        reach = mp.log(2) / 2
        found = chebyshev(lambda t: (mp.exp(reach * t) - 1 - reach * t) / (reach * t) ** 2, EXP_TERMS)
        # Chebyshev's polynomials: each is 2 t times the one before, less the one before that
        powers, one, before = [mp.zero] * EXP_TERMS, [mp.one], []
        for j, coefficient in enumerate(found):
            for i, value in enumerate(one):
                powers[i] += coefficient * value
            doubled = [mp.zero, *((1 if j == 0 else 2) * value for value in one)]
            one, before = [v - (before[i] if i < len(before) else 0) for i, v in enumerate(doubled)], one
        return [float(value / reach**i) for i, value in enumerate(powers)][::-1]


def erfcx() -> list[float]:
    """Chebyshev coefficients of (1 + 2 x) exp(x^2) erfc(x) in t = (x - MIDDLE) / (x + MIDDLE), for x from 0 on."""
    with mp.workdps(40):

        def smooth(t):
            if t == 1:
                return 2 / mp.sqrt(mp.pi)
            x = MIDDLE * (1 + t) / (1 - t)
            return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)

        return [float(term) for term in chebyshev(smooth, TERMS)]


def digest(path: Path) -> str:
    """Of a file; a source's line ends may be another system's."""
    content = path.read_bytes()
    return hashlib.sha256(content if path == MODULE else content.replace(b"\r\n", b"\n")).hexdigest()


def made_of() -> dict[str, str]:
    """What engine.json says when the module is the one that was made of the source."""
    return {"source": digest(SOURCE), "flags": " ".join(COMPILE), "module": digest(MODULE)}


def compile_to(path: Path) -> None:
    """Compiles engine.c."""
    subprocess.run([*COMPILE, "-o", path, SOURCE], check=True)


def script() -> str:
    """The whole text of _static/lab.js."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    # a last bit that hangs on the library of linear algebra is left out
    tables = {
        "CATALOG": catalog(),
        "EXP": exp(),
        "ERFCX": erfcx(),
        "ERFCX_MIDDLE": MIDDLE,
        "NODES": [round(x, 15) for x in nodes.tolist()],
        "WEIGHTS": [round(x, 15) for x in weights.tolist()],
        "MODULE": base64.b64encode(MODULE.read_bytes()).decode(),
    }
    assert all(math.isfinite(x) for x in tables["ERFCX"])
    head = "/* Made by _lab/make.py of the parts in _lab: edit those. */"
    lines = [head, "(() => {", '"use strict";']
    lines += [f"const {key} = {json.dumps(value, separators=(',', ':'))};" for key, value in tables.items()]
    lines += [(FOLDER / part).read_text(encoding="utf-8").rstrip() for part in PARTS]
    return "\n".join([*lines, "})();", ""])


if __name__ == "__main__":
    if not RECORD.exists() or json.loads(RECORD.read_text(encoding="utf-8")) != made_of():
        compile_to(MODULE)
        RECORD.write_text(json.dumps(made_of(), indent=2) + "\n", encoding="utf-8", newline="\n")
        print(f"{MODULE.name}: {MODULE.stat().st_size / 1000:.1f} kB")
    text = script()
    BUILT.write_text(text, encoding="utf-8", newline="\n")
    print(f"{BUILT.name}: {len(text.encode()) / 1000:.1f} kB")
