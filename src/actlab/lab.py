"""The book's labs in a notebook: what computes in the page, opened at a setting, with no kernel behind it.

`train` has a network to train, `explore` a function and what it does to 50 layers, `numbers` softmax in the
arithmetic of a number format. Each returns an object that a notebook shows. The script is in it, so it works without
a network and in a frame of its own, as Colab has; a notebook that is not trusted shows a picture in its place.
"""

import base64
import html
import json
import math
import string
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from ._names import one_of
from .activations import Activation, catalog

__all__ = ["Lab", "ends", "explore", "numbers", "train"]

TASKS = ("disk", "xor", "spirals", "square", "own")
STARTS = ("torch", "lecun", "glorot", "he", "computed", "orthogonal")
OPTIMIZERS = ("sgd", "momentum", "adam")
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
BATCHES = (0, 4, 16, 64)
UPDATES = (100, 300, 1000, 3000)
FORMATS = ("float16", "bfloat16", "float32", "float64", "float8_e5m2")
RESULTS = ("softmax", "log", "loss")
PROGRAMS = ("formula", "shifted", "logits")
MOST_LOGITS = 8
MOST_SIGNS = 200  # of a function that is typed in
MOST_POINTS = 100
STEPS_OUT = 20  # of the grid that a reader's points lie on, from its middle to 1
SIGNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # an address has two of them a point
DEFAULTS = {
    "activation": "relu", "own": "", "settings": {}, "layers": {}, "depth": 2, "width": 8, "start": "torch",
    "gain": 1, "data": "disk", "points": [], "optimizer": "adam", "rate": 0.01, "batch": 0, "seed": 1,
}  # fmt: skip
KEYS = {"activation": "f", "optimizer": "optimiser"}  # what the address of the page says instead
ALT = {
    "train": "A network that has learned the disk: black discs inside a circle, white diamonds around it, and the "
    "line where it changes its mind.",
    "explore": "GELU with its slope and second derivative, and what 50 layers at its computed gain do to a signal "
    "and to its gradient.",
    "numbers": "The bits of one step in float16: the exponential of 12 is infinite there.",
}
WIDTHS = {"train": "22rem", "explore": "100%", "numbers": "100%"}
# the page's colours by the names of JupyterLab's and, where there are none, the system's
LOOK = "; ".join(
    f"--pst-color-{ours}: var(--jp-{theirs}, {system})"
    for ours, theirs, system in [
        ("text-base", "content-font-color1", "CanvasText"), ("text-muted", "content-font-color2", "GrayText"),
        ("background", "layout-color1", "Canvas"), ("surface", "layout-color2", "Canvas"),
        ("primary", "brand-color1", "#1a56b0"), ("border", "border-color2", "GrayText"),
    ]
) + "; color: var(--pst-color-text-base); background: var(--pst-color-background); padding: 0.5rem"  # fmt: skip
MOUNT = "document.querySelectorAll('[data-actlab-lab]:not([data-ready])').forEach((one) => actlabLab.mount(one));"


class Lab:
    """What `train`, `explore` and `numbers` return: a notebook shows it. Its repr is the call that makes it.

    kind: which lab it is. state: what stands in the address of the book's page, by its keys.
    """

    def __init__(self, kind: str, said: Mapping[str, Any], state: Mapping[str, str]):
        self.kind, self.state, self._said = kind, dict(state), dict(said)

    def __repr__(self) -> str:
        return f"lab.{self.kind}({', '.join(f'{key}={value!r}' for key, value in self._said.items())})"

    def _repr_html_(self) -> str:
        still = base64.b64encode(_asset({"train": "lab"}.get(self.kind, self.kind) + ".png")).decode()
        script = _asset("lab.js").decode("utf-8").replace("</script", r"<\/script")
        state = html.escape(json.dumps(self.state))
        call = html.escape(repr(self))
        return (
            f'<div style="{LOOK}">'
            f'<div class="actlab-lab" data-actlab-lab data-kind="{self.kind}" data-state="{state}">'
            f'<img src="data:image/png;base64,{still}" alt="{html.escape(ALT[self.kind])}" '
            f'style="max-width: {WIDTHS[self.kind]}">'
            f"<p><code>{call}</code>: trust this notebook, or run the cell, to have its controls.</p></div></div>"
            f"<script>{script}\n{MOUNT}</script>"
        )


def train(
    activation: str = "relu",
    *,
    own: str = "",
    settings: Mapping[str, Any] | None = None,
    layers: Mapping[int, str] | None = None,
    depth: int = 2,
    width: int = 8,
    start: str = "torch",
    gain: float = 1,
    data: str = "disk",
    points: Iterable[tuple[float, float, int]] = (),
    optimizer: str = "adam",
    rate: float = 0.01,
    batch: int = 0,
    seed: int = 1,
    updates: int = 300,
    against: Mapping[str, Any] | None = None,
) -> Lab:
    """The lab that trains a network in the page, at a setting.

    activation: a name of the catalog, or "own" for the function of z that own is the text of, such as
    "z * sigmoid(1.7 z)"; the page reads it, and says where it is none. settings: of an activation of the
    catalog, such as {"alpha": 2}, where they differ from its own; of several numbers all, {"a": (0.5, 0)}, or one,
    {"a_1": 0.5}. layers: of hidden layers that have another function, by number from 1 on, its name in the catalog,
    {2: "tanh"}. depth: 1 to 10 hidden layers of width 1 to 32. start: "torch", "lecun", "glorot", "he", "computed"
    or "orthogonal", its weights times gain, 0.1 to 5. data: "disk", "xor", "spirals", "square", or "own" for points:
    up to 100 (x, y, label), with coordinates from -1 to 1, which move to a grid of 0.05, and labels 0 or 1; the
    reader sets more. optimizer: "sgd", "momentum" or "adam". rate: 0.0001, 0.0003 and so on up to 3. batch: points of
    an update, 4, 16 or 64; 0: all. seed: 1 to 9999, of points, weights and batches. updates: of each of the twenty
    starts, 100, 300, 1000 or 3000.
    against: a second setting to compare with, a dict of those of the names above in which it differs from the
    defaults.
    Raises KeyError for a name that there is not, listing those there are, TypeError and ValueError for a number that
    the lab has no control for.
    """
    given = {
        "activation": activation, "own": own, "settings": settings or {}, "layers": dict(layers or {}),
        "depth": depth, "width": width, "start": start, "gain": gain, "data": data, "points": list(points),
        "optimizer": optimizer, "rate": rate, "batch": batch, "seed": seed,
    }  # fmt: skip
    state = _setting(given, "")
    said = {key: value for key, value in given.items() if value != DEFAULTS[key]}
    if _among("updates", updates, UPDATES) != 300:
        state["updates"] = said["updates"] = updates
    if against is not None:
        for key in against:
            one_of(DEFAULTS, key, "part of a setting")
        state |= {"b": 1} | _setting(DEFAULTS | dict(against), "b.")
        said["against"] = dict(against)
    return Lab("train", said, {key: str(value) for key, value in state.items()})


def explore(
    activation: str = "gelu",
    *,
    own: str = "",
    settings: Mapping[str, Any] | None = None,
    gain: float | None = None,
    beside: str = "",
    z: float = 1,
) -> Lab:
    """The lab that explores a function: derivatives, moments, gains, fixed point, and 50 layers up and down.

    activation, own, settings: as in `train`. gain: of each of the 50 layers, 0.1 to 10; None: the function's computed
    gain. beside: a function of the catalog to draw next to it. z: where the curves are read, -10 to 10.
    Raises KeyError for a name that there is not, listing those there are, TypeError and ValueError for a number that
    the lab has no control for.
    """
    given = {"activation": activation, "own": own, "settings": settings or {}}
    state = _function(given, "explore.") | {"explore": activation}
    if own:
        state["explore.own"] = own
    more = {}
    if gain is not None:
        more["gain"] = _between("gain", gain, 0.1, 10)
    if beside:
        more["beside"] = one_of(catalog, beside, "activation")
    if _between("z", z, -10, 10) != 1:
        more["z"] = z
    said = {key: value for key, value in given.items() if value and value != "gelu"} | more
    state |= {f"explore.{key}": value for key, value in more.items()}
    return Lab("explore", said, {key: str(value) for key, value in state.items()})


def numbers(
    logits: str | Iterable[float] = (10, 11, 12),
    format: str = "float16",
    *,
    result: str = "softmax",
    program: str = "formula",
    target: int = 0,
) -> Lab:
    """The lab that carries softmax out in a number format, one operation after the other, at a setting.

    logits: up to 8 numbers, infinite ones among them, or a text of them with commas or spaces between. format:
    "float16", "bfloat16", "float32", "float64" or "float8_e5m2". result: "softmax", "log" for its logarithm, "loss"
    for the cross-entropy of the class target, counted from 0. program: "formula" as it is written, "shifted" with the
    largest logit subtracted, or, but for the softmax, "logits", which forms no probabilities.
    Raises KeyError for a name that there is not, listing those there are, TypeError and ValueError for logits that
    are none, too many or too few for target.
    """
    words = logits.replace(",", " ").split() if isinstance(logits, str) else list(logits)
    try:
        values = [float(word) for word in words]
    except (TypeError, ValueError):
        raise ValueError(f"logits are up to {MOST_LOGITS} numbers, got {logits!r}") from None
    if not 1 <= len(values) <= MOST_LOGITS or any(math.isnan(value) for value in values):
        raise ValueError(f"logits are 1 to {MOST_LOGITS} numbers and none of them nan, got {logits!r}")
    one_of(FORMATS, format, "format")
    one_of(RESULTS, result, "result")
    one_of(PROGRAMS[:2] if result == "softmax" else PROGRAMS, program, f"program for the {result}")
    _whole("target", target, 0, len(values) - 1)
    state = {
        "z": ", ".join(repr(value).removesuffix(".0") for value in values),
        "format": format, "want": result, "how": program, "target": target,
    }  # fmt: skip
    default = {"z": "10, 11, 12", "format": "float16", "want": "softmax", "how": "formula", "target": 0}
    state = {key: str(value) for key, value in state.items() if value != default[key]}
    names = {"z": "logits", "want": "result", "how": "program"}
    said = {names.get(key, key): int(value) if key == "target" else value for key, value in state.items()}
    return Lab("numbers", said, state)


def ends(act: Activation, key: str) -> tuple[float, float]:
    """The ends of the slider that a lab has for a setting of an activation, as the explorer has them."""
    value = act.settings[key]
    if isinstance(value, tuple):
        return -3.0, 3.0
    low, high = act.ends.get(key) or (sorted((0.05 * value, 4 * value)) if value else (-3.0, 3.0))
    return min(low, value), max(high, value)


def _setting(given, prefix):
    """A setting as the address has it, without what is the default. Refuses what the lab has no control for."""
    state = _function(given, prefix)
    one_of(TASKS, given["data"], "task")
    one_of(STARTS, given["start"], "start")
    one_of(OPTIMIZERS, given["optimizer"], "optimizer")
    for name, high in {"depth": 10, "width": 32, "seed": 9999}.items():
        _whole(name, given[name], 1, high)
    _between("gain", given["gain"], 0.1, 5)
    _among("rate", given["rate"], RATES)
    _among("batch", given["batch"], BATCHES)
    for key, value in given.items():
        if key not in ("settings", "layers", "points") and value != DEFAULTS[key]:
            state[prefix + KEYS.get(key, key)] = value
    for layer, name in given["layers"].items():
        _whole("a layer", layer, 1, given["depth"])
        state[f"{prefix}f.{int(layer)}"] = one_of(catalog, name, "activation")
    points = list(given["points"])
    if points and given["data"] != "own":
        raise ValueError(f'points go with data="own", got data={given["data"]!r}')
    if points:
        state[prefix + "points"] = _points(points)
    return state


def _points(points):
    """Points as the address has them, in the order given: the label, the row and the column as one number."""
    if len(points) > MOST_POINTS:
        raise ValueError(f"there is room for {MOST_POINTS} points, got {len(points)}")
    across = 2 * STEPS_OUT + 1
    places, text = {}, ""
    for point in points:
        if not isinstance(point, tuple | list) or len(point) != 3:
            raise ValueError(f"a point is (x, y, label), got {point!r}")
        *place, label = point
        column, row = (round(STEPS_OUT * _between("a coordinate", one, -1, 1)) + STEPS_OUT for one in place)
        _whole("a label", label, 0, 1)
        if (column, row) in places:
            raise ValueError(
                f"{places[column, row]!r} and {point!r} have the same place on a grid of {1 / STEPS_OUT:g}"
            )
        places[column, row] = point
        high, low = divmod((int(label) * across + row) * across + column, len(SIGNS))
        text += SIGNS[high] + SIGNS[low]
    return text


def _function(given, prefix):
    """The settings of a function as the address has them. Refuses a function that is none."""
    own = given["activation"] == "own"
    if own and not (isinstance(given["own"], str) and 0 < len(given["own"].strip()) <= MOST_SIGNS):
        raise ValueError(f"own is the text of a function of z, up to {MOST_SIGNS} signs, got {given['own']!r}")
    if not own and given["own"]:
        raise ValueError(f'own goes with activation="own", got activation={given["activation"]!r}')
    if own and given["settings"]:
        raise ValueError(f"a function that is typed in has no settings, got {given['settings']!r}")
    state = {}
    if own:
        return state
    act = catalog[one_of(catalog, given["activation"], "activation")]
    single = {f"{key}_{i + 1}": (key, i) for key, all_ in act.settings.items() if isinstance(all_, tuple)
              for i in range(len(all_))}  # fmt: skip
    for key, value in given["settings"].items():
        if key in single:
            whole, i = single[key]
            state[f"{prefix}set.{whole} {i + 1}"] = _between(key, value, *ends(act, whole))
            continue
        default = act.settings[one_of(act.settings, key, f"setting of {act.title}")]
        parts = value if isinstance(value, tuple | list) else [value]
        if len(parts) != (len(default) if isinstance(default, tuple) else 1):
            raise ValueError(f"{key} of {act.title} is {default!r}, got {value!r}")
        for i, one in enumerate(parts, start=1):
            words = key.replace("_", " ") + (f" {i}" if isinstance(default, tuple) else "")
            state[f"{prefix}set.{words}"] = _between(key, one, *ends(act, key))
    return state


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} is a number, got {value!r}")
    return value


def _whole(name, value, low, high):
    if _number(name, value) != math.floor(value) or not low <= value <= high:
        raise ValueError(f"{name} is a whole number from {low} to {high}, got {value!r}")


def _between(name, value, low, high):
    if not low <= _number(name, value) <= high:
        raise ValueError(f"{name} is a number from {low:g} to {high:g}, got {value!r}")
    return value


def _among(name, value, there):
    if _number(name, value) not in there:
        raise ValueError(f"{name} is one of {', '.join(map(str, there))}, got {value!r}")
    return value


def _asset(name: str) -> bytes:
    """A file of the book's labs: inside the installed package, or in the checkout that it was installed from."""
    packaged = Path(__file__).parent / "_data" / "lab"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[2] / "_static"
    return (folder / name).read_bytes()
