"""The choosing guide: situations, and what the book's own results and theory answer.

A leaf holds words and the names of numbers, never a number: `numbers` computes them from the stored tables and from
`theory` when the page is built. What its words compare is computed again, too: a leaf that its numbers contradict is
refused, by its name.
"""

import html
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from . import claims, results, theory
from .activations import catalog, get
from .pages import Page, reference

__all__ = ["Leaf", "address", "fitting", "guide", "leaves", "numbers", "questions", "short", "table", "verdict"]

Numbers = Mapping[str, Any]

# From a question to what it asks, and from each of its answers to the words for it.
questions: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType(
    {
        "place": (
            "Where does it stand?",
            {"hidden": "in hidden layers", "output": "at the output", "gate": "as a gate, or in attention"},
        ),
        "target": (
            "What is to come out?",
            {
                "number": "any number",
                "positive": "a positive number",
                "bounded": "a number in a range",
                "binary": "yes or no",
                "class": "one of several classes",
                "labels": "several labels at once",
            },
        ),
        "task": (
            "What kind of network?",
            {
                "small": "small, a few inputs",
                "images": "convolutions on images",
                "text": "transformer, from scratch",
                "pretrained": "pretrained transformer",
                "sequence": "recurrent",
                "field": "coordinates to values",
            },
        ),
        "depth": ("How many hidden layers?", {"few": "fewer than ten", "many": "ten or more"}),
        "between": (
            "What stands between them?",
            {"nothing": "nothing", "norm": "normalisation or skips"},
        ),
        "precision": (
            "In which number format?",
            {"float32": "float32", "float16": "float16", "bfloat16": "bfloat16", "int8": "int8"},
        ),
        "hardware": (
            "On what does it run?",
            {"cpu": "a processor", "gpu": "a graphics card", "edge": "a phone or less"},
        ),
    }
)

# An answer about one of these is shown to those who named one, and to those who named nothing at all.
ASIDE = ("precision", "hardware")

KINDS = {
    "measured": "measured here",
    "theory": "theory",
    "cited": "from the literature",
    "none": "no evidence here",
}


@dataclass(frozen=True)
class Leaf:
    """One situation and its answer; every text is a template over `numbers`.

    fits: for each question that matters to it, the answers that lead here; one that is not named does not matter.
    choose: the function in a few words; start, rate: weights and rate; watch: what goes wrong, and how it shows.
    evidence: from a place to words for it. A place is a page and its label, "claim:ID" or "cite:KEY"; the last two
    have words of their own. kind: a key of `KINDS`; basis: on what that rests, with n.
    holds: whether the numbers bear out what the words compare.
    """

    id: str
    title: str
    fits: Mapping[str, tuple[str, ...]]
    choose: str
    why: str
    kind: str
    basis: str
    evidence: Mapping[str, str]
    start: str = ""
    rate: str = ""
    watch: str = ""
    first: bool = False  # in the short table at the top
    holds: Callable[[Numbers], bool] = field(default=lambda n: True, compare=False)

    def filled(self, text: str) -> str:
        return text.format_map(numbers())


# ---- the numbers ------------------------------------------------------------------------------------------------

SMOOTH = ("gelu", "elu", "silu", "tanh", "softplus", "sigmoid")
KINKED = ("relu", "leaky_relu")


def verdict(a: Sequence[float], b: Sequence[float], *, lower: bool = False) -> str:
    """Whether a is "ahead of", "behind" or "not distinguishable from" b: the 95 % interval of the mean of the pairs'
    differences, with Student's factor, leaves out 0 or does not. lower: whether the smaller number is the better.
    Raises ValueError for fewer than two pairs, of which nothing can be said.
    """
    if len(a) != len(b) or len(a) < 2:
        raise ValueError(f"a verdict needs two pairs or more; got {len(a)} and {len(b)} numbers")
    mean, half = results.student(np.subtract(a, b) * (-1 if lower else 1))
    if mean - half > 0:
        return "ahead of"
    return "behind" if mean + half < 0 else "not distinguishable from"


def _where(rows, **wanted):
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    if not found:
        raise KeyError(f"no stored row has {wanted}")
    return found


def _by(key, rows, column, **wanted):
    """A column of the rows wanted, in the order of their key: so that two of them are pairs."""
    return [row[column] for row in sorted(_where(rows, **wanted), key=lambda row: row[key])]


def _power(value):
    return f"10^{round(value, 1) + 0:.1f}"


def _range(values, form):
    low, high = (format(value, form) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _disk():
    rates, tuned = results.load("disk", "rates"), results.load("disk", "tuned")
    ladder = sorted({row["rate"] for row in rates})
    best, middle, right = {}, {}, {}
    for name in (*SMOOTH, *KINKED):
        for goal in ("train_loss", "test_loss"):
            tried = [np.median([r[goal] for r in _where(rates, activation=name, rate=rate)]) for rate in ladder]
            rate = best[name, goal] = ladder[int(np.argmin(tried))]
            mine = _where(tuned, activation=name, rate=rate)
            middle[name, goal] = np.median([row["test_loss"] for row in mine])
            right[name, goal] = 100 * np.median([row["test_accuracy"] for row in mine])
    fresh = {name: middle[name, "test_loss"] for name in (*SMOOTH, *KINKED)}
    moved = [middle[name, "train_loss"] / fresh[name] for name in fresh]
    squares = results.load("disk", "squares")
    ten = dict.fromkeys(row["activation"] for row in squares)
    square = {name: np.median([row["best_test_loss"] for row in _where(squares, activation=name)]) for name in ten}
    return {
        "disk_draws": len({row["draw"] for row in tuned}),
        "disk_starts": len({row["start"] for row in tuned}),
        "disk_rates": len(ladder),
        "disk_right": _range([right[name, "test_loss"] for name in fresh], ".1f"),
        "disk_right_apart": np.ptp([right[name, "test_loss"] for name in fresh]),
        "disk_smooth": _range([fresh[name] for name in SMOOTH], ".3f"),
        "disk_kinked": _range([fresh[name] for name in KINKED], ".3f"),
        "disk_smooth_worst": max(fresh[name] for name in SMOOTH),
        "disk_kinked_best": min(fresh[name] for name in KINKED),
        "disk_first": [catalog[name].title for name in sorted(fresh, key=fresh.get)],
        "disk_fit_rates": _range([best[name, "train_loss"] for name in fresh], "g"),
        "disk_test_rates": _range([best[name, "test_loss"] for name in fresh], "g"),
        "disk_rate_moves": _range(moved, ".1f"),
        "disk_rate_moves_most": max(moved),
        "disk_function_moves": max(fresh.values()) / min(fresh.values()),
        "square_kinked_first": set(sorted(square, key=square.get)[:2]) == set(KINKED),
    }


def _eight_layers():
    deep = [row for row in results.load("disk_further") if row["study"] == "deep"]
    loss = {name: _by("draw", deep, "test_loss", activation=name) for name in ("relu", "gelu", "tanh", "sigmoid")}
    steps = {name: [row["steps_to_0.1"] or math.inf for row in _where(deep, activation=name)] for name in loss}
    logs = {name: np.log(values) for name, values in loss.items()}
    right = {name: 100 * np.median(_by("draw", deep, "test_accuracy", activation=name)) for name in loss}
    return {
        "eight_draws": len(loss["relu"]),
        "eight_right": _range(right.values(), ".1f"),
        "eight_gelu": verdict(logs["gelu"], logs["relu"], lower=True),
        "eight_tanh": verdict(logs["tanh"], logs["relu"], lower=True),
        "eight_sigmoid": verdict(logs["sigmoid"], logs["relu"], lower=True),
        "eight_fast": _range([np.median(steps[name]) for name in ("relu", "gelu", "tanh")], ".0f"),
        "eight_slow": np.median(steps["sigmoid"]),
        "eight_sigmoid_lost": sum(math.isinf(step) for step in steps["sigmoid"]),
    }


def _depth():
    stored = [row for row in results.load("signal_depth") if row["depth"] == 50]
    found = {"delta_seeds": len({row["seed"] for row in stored})}
    for name in ("relu", "tanh", "selu", "gelu", "silu", "mish", "sigmoid"):
        for scheme in ("torch", "lecun", "he", "computed"):
            delta = np.mean([row["delta"] for row in _where(stored, activation=name, scheme=scheme)])
            found[f"delta_{name}_{scheme}"] = _power(delta)
            found[f"powers_{name}_{scheme}"] = delta
    grown = np.mean([row["signal"] for row in _where(stored, activation="gelu", scheme="computed")])
    found |= {"signal_gelu": _power(grown), "powers_signal_gelu": grown}
    rows = [row for row in results.load("tanh_gains") if row["depth"] == 50]
    for word, gain in {"torch": min(row["gain"] for row in rows), "one": 1.0, "five_thirds": 1.6667}.items():
        settings = {(row["optimizer"], row["rate"]) for row in rows}
        tried = {
            (how, rate): np.median([r["test_accuracy"] for r in _where(rows, gain=gain, optimizer=how, rate=rate)])
            for how, rate in sorted(settings)
        }
        top = max(tried, key=tried.get)
        found[f"tanh_{word}"] = 100 * tried[top]
        if word == "one":
            found["tanh_one_how"], found["tanh_one_rate"] = top
    by_gain = {}
    for row in rows:
        if row["optimizer"] == "adam" and row["rate"] >= 10 * found["tanh_one_rate"]:
            by_gain.setdefault(row["gain"], []).append(row["test_accuracy"])
    found["tanh_tenfold"] = 100 * max(np.median(values) for values in by_gain.values())
    found["tanh_settings"], found["tanh_seeds"] = len(settings), len({row["seed"] for row in rows})
    rows = _where(results.load("deep_sigmoid"), optimizer="adam")
    for word, start in {"torch": "torch", "four": "gain 4", "computed": "computed"}.items():
        values = [row["accuracy_1000"] for row in _where(rows, start=start)]
        found |= {f"sigmoid_{word}": 100 * np.mean(values), "sigmoid_seeds": len(values)}
    rows = _where(results.load("dead_units"), optimizer="adam", start="he")
    high = max(row["rate"] for row in rows)
    two = _where(rows, depth=2, rate=high)
    found["dead_two"] = 100 * np.mean([(row["first_end"] + row["deeper_end"]) / (16 * row["depth"]) for row in two])
    rows = _where(rows, depth=8)
    for word, rate in {"low": min(row["rate"] for row in rows), "high": high}.items():
        mine = _where(rows, rate=rate)
        dead = np.mean([(row["first_end"] + row["deeper_end"]) / (16 * row["depth"]) for row in mine])
        right = 100 * np.median([row["accuracy"] for row in mine])
        found |= {f"dead_{word}": 100 * dead, f"dead_{word}_rate": rate, f"dead_{word}_right": right}
    found["dead_seeds"] = len(mine)
    return found


def _theory():
    gained = ("relu", "tanh", "selu", "gelu", "silu", "mish", "sigmoid", "softplus")
    found = {f"gain_{name}": theory.gain(name) for name in gained}
    for name in ("gelu", "silu", "mish", "relu", "sigmoid"):
        moments, layers = theory.moments(name), 49
        found[f"repels_{name}"] = theory.fixed_point(name).slope
        # a normalised layer multiplies the mean square of the gradient by this
        over_units = math.log10(theory.chi(name)) * layers / 2
        over_batch = math.log10(moments.slope_second / (moments.second - moments.mean**2)) * layers / 2
        found |= {
            f"layer_norm_{name}": _power(over_units),
            f"batch_norm_{name}": _power(over_batch),
            f"powers_layer_norm_{name}": over_units,
            f"powers_batch_norm_{name}": over_batch,
        }
    found["own_unit_slope"] = theory.fixed_point("selu").slope
    for dtype in (torch.float16, torch.bfloat16):
        name, info = str(dtype).removeprefix("torch."), torch.finfo(dtype)
        found |= {
            f"{name}_exp": math.log(info.max),
            f"{name}_digits": -math.log10(info.eps),
            f"{name}_one": theory.saturation("sigmoid", dtype).value_above,
            f"{name}_flat": _flat_tanh(dtype),
        }
    largest = torch.finfo(torch.float16).max
    found |= {"float16_most": largest, "float16_square": math.sqrt(largest)}
    z = torch.linspace(-8, 8, 16_001, dtype=torch.float64)
    found["gelus_apart"] = (get("gelu")(z) - get("gelu_tanh")(z)).abs().max().item()
    return found


def _flat_tanh(dtype):
    """The least z of a grid of sixteenths from where PyTorch's tanh passes no gradient on."""
    z = (torch.arange(0, 321) / 16).to(dtype).requires_grad_()
    (slope,) = torch.autograd.grad(torch.tanh(z).sum(), z)
    return z[int((slope != 0).nonzero().max()) + 1].item()


def _images():
    runs, curves = results.load("images", "runs"), results.load("images", "curves")
    digits, found = {"network": "cnn", "task": "mnist"}, {}

    def right(name, **where):
        return 100 * np.array(_by("seed", runs, "test_accuracy", activation=name, **where))

    adam, slow, middle = (
        {"optimizer": how, "rate": rate} for how, rate in [("adam", 0.001), ("sgd", 0.001), ("sgd", 0.01)]
    )
    four = ("relu", "leaky_relu", "elu", "selu")
    means = [right(name, **digits, **adam).mean() for name in four]
    found |= {
        "digits_four": _range(means, ".1f"),
        "digits_four_apart": max(means) - min(means),
        "digits_seeds": len(right("relu", **digits, **adam)),
        "digits_points": _where(runs, **digits)[0]["points"],
        "sigmoid_slow": right("sigmoid", **digits, **slow).mean(),
        "sigmoid_fast": right("sigmoid", **digits, optimizer="sgd", rate=0.1).mean(),
        "rate_slow": slow["rate"],
        "rate_middle": middle["rate"],
        "rate_fast": 0.1,
        "elu_fast": right("elu", **digits, optimizer="sgd", rate=0.1).mean(),
        "relu_middle": right("relu", **digits, **middle).mean(),
        "relu_slow": right("relu", **digits, **slow).mean(),
    }
    rates = sorted({row["rate"] for row in _where(runs, **digits, optimizer="adam")})
    tuned = {
        name: max((right(name, **digits, optimizer="adam", rate=rate) for rate in rates), key=np.mean)
        for name in (*four, "sigmoid")
    }
    found["rates_adam"] = len(rates)
    found["rate_adam"] = max(rates, key=lambda rate: right("relu", **digits, optimizer="adam", rate=rate).mean())
    for name in (*four[1:], "sigmoid"):
        found[f"tuned_{name}"] = verdict(tuned[name], tuned["relu"])
    photographs = {"network": "cnn", "task": "cifar10"} | adam
    found |= {f"photos_{name}": right(name, **photographs).mean() for name in ("relu", "elu")}
    for name in ("elu", "sigmoid"):
        found[f"photos_{name}_relu"] = verdict(right(name, **photographs), right("relu", **photographs))
    found["photos_seeds"] = len(right("relu", **photographs))
    residual = {"network": "resnet50_narrow", "optimizer": "adam"}
    for name in ("relu", "elu", "sigmoid"):
        own = [100 * values[-1] for values in _by("seed", curves, "batch_accuracy", activation=name, **residual)]
        found[f"residual_{name}"] = np.mean(own)
        if name == "relu":
            relu = own
        else:
            found[f"residual_{name}_relu"] = verdict(own, relu)
    usual = _by("seed", curves, "test_accuracy", activation="sigmoid", **residual)
    found["residual_sigmoid_usual"] = 100 * np.mean([values[-1] for values in usual])
    found["residual_seeds"], found["residual_epochs"] = len(relu), _where(curves, **residual)[0]["epochs"]
    return found


def _adaptive():
    runs, costs = results.load("adaptive", "runs"), results.load("adaptive", "costs")
    last = {
        arm: [100 * values[-1] for values in _by("seed", runs, "test_accuracy", study="digits", arm=arm)]
        for arm in ("relu", "prelu", "apl_5", "relu_he", "apl_5_he")
    }
    time = {arm: _where(costs, arm=arm)[0]["milliseconds"] for arm in ("relu", "apl_5")}
    return {
        "shape_seeds": len(last["relu"]),
        "prelu_relu": verdict(last["prelu"], last["relu"]),
        "apl_relu": verdict(last["apl_5"], last["relu"]),
        "apl_relu_he": verdict(last["apl_5_he"], last["relu_he"]),
        "apl_gain": np.mean(last["apl_5"]) - np.mean(last["relu"]),
        "apl_gain_he": np.mean(last["apl_5_he"]) - np.mean(last["relu_he"]),
        "he_gain": np.mean(last["relu_he"]) - np.mean(last["relu"]),
        "apl_time": time["apl_5"] / time["relu"],
    }


def _transformers():
    scratch, swaps = results.load("transformers", "scratch"), results.load("transformers", "swaps")
    names = dict.fromkeys(row["activation"] for row in scratch)
    loss = {name: _by("seed", scratch, "test_loss", activation=name) for name in names}
    found = {f"scratch_{name}": np.mean(loss[name]) for name in ("gelu", "geglu", "relu_squared")}
    for name in ("geglu", "relu_squared", "swiglu", "relu", "silu", "identity"):
        found[f"scratch_{name}_gelu"] = verdict(loss[name], loss["gelu"], lower=True)
    found["scratch_identity_off"] = np.mean(loss["identity"]) - found["scratch_gelu"]
    found["scratch_seeds"] = len(loss["gelu"])
    plain = {"trained": "all", "rate": 5e-5, "warmup": 0, "updates": 64}

    def right(name, start="pretrained", **other):
        return [
            100 * value for value in _by("seed", swaps, "accuracy", activation=name, start=start, **plain | other)
        ]

    gelu = right("gelu")
    near, far = ("relu", "leaky_relu", "silu"), ("tanh", "elu", "sigmoid")
    swapped, scaled, fresh = (
        {name: right(name, start) for name in names}
        for start, names in [("pretrained", (*near, *far)), ("calibrated", far), ("fresh", ("gelu", *far))]
    )
    found |= {f"swap_{name}_gelu": verdict(values, gelu) for name, values in swapped.items()}
    for name in far:
        found[f"scaled_{name}_as_it_is"] = verdict(scaled[name], swapped[name])
        found[f"fresh_{name}_gelu"] = verdict(fresh[name], fresh["gelu"])
    nearest, farthest = ([np.mean(swapped[name]) for name in group] for group in (near, far))
    rates = sorted({row["rate"] for row in _where(swaps, start="pretrained", warmup=6)})
    found |= {
        "swap_gelu": np.mean(gelu),
        "swap_seeds": len(gelu),
        "swap_sentences": _where(swaps, activation="gelu")[0]["n"],
        "swap_near": _range(nearest, ".0f"),
        "swap_near_least": min(nearest),
        "swap_near_most": max(nearest),
        "swap_far": _range(farthest, ".0f"),
        "swap_far_most": max(farthest),
        "swap_scaled": _range([np.mean(scaled[name]) for name in far], ".0f"),
        "swap_fresh": _range([np.mean(fresh[name]) for name in ("tanh", "elu")], ".0f"),
        "swap_longer": _range([np.mean(right(name, updates=256)) for name in far], ".0f"),
        "swap_gelu_longer": np.mean(right("gelu", updates=256)),
        "swap_rates": _range(rates, "g"),
        "swap_rate_best": max(np.mean(right(name, rate=rate, warmup=6)) for name in far for rate in rates),
    }
    return found


def _gates():
    rows = results.load("gate_tasks")
    chosen, found = [row for row in rows if row["start"] < 5], {}
    functions = list(dict.fromkeys(row["function"] for row in rows))

    def called(name):
        return f"a plain `{name}`" if name in catalog else {"glu": "GLU"}.get(name, f"a {name} gate")

    for task in ("products", "waves", "corners"):
        loss = {}
        for name in functions:
            mine = _where(chosen, task=task, function=name)
            rate = min(
                {row["rate"] for row in mine}, key=lambda r: np.median([x["test_loss"] for x in _where(mine, rate=r)])
            )
            loss[name] = [
                row["test_loss"] for row in _where(rows, task=task, function=name, rate=rate) if row["start"] >= 5
            ]
        order = sorted(loss, key=lambda name: np.median(loss[name]))
        found |= {f"gate_{task}": called(order[0]), f"gate_{task}_last": called(order[-1])}
    found["gate_starts"] = len(loss["glu"])
    return found


def _costs():
    rows, found = _where(results.load("activation_cost"), form="torch"), {}
    for row in rows:
        found |= {f"layer_{row['activation']}": row["layer_ratio"], f"alone_{row['activation']}": row["both_ratio"]}
    made = results.provenance("activation_cost")
    found |= {"cost_rounds": made["rounds"], "cost_width": made["sizes"]["width"]}
    # one layer of PyTorch's own functions, dearest first
    dear = sorted(rows, key=lambda row: -row["layer_ratio"])
    found["dearest"] = [row["activation"] for row in dear[:2]]
    times = {
        row["activation"]: row["value"]
        for row in results.load("published")
        if row["source"] == "park2024" and row["task"] == "CoLA" and row["quantity"] == "total_time"
    }
    plain = [times[name] for name in ("relu", "leaky_relu", "gelu", "tanh", "sigmoid", "swish", "elu")]
    found |= {"bert_apart": 100 * (max(plain) / min(plain) - 1), "bert_functions": len(plain)}
    return found


@cache
def numbers() -> Numbers:
    """Every number that the guide's texts may name, computed from the stored tables and from `theory`."""
    found = {}
    for part in (_disk, _eight_layers, _depth, _theory, _images, _adaptive, _transformers, _gates, _costs):
        more = part()
        assert not found.keys() & more.keys()
        found |= more
    return MappingProxyType(found)


# ---- the leaves -------------------------------------------------------------------------------------------------

DEFAULT = "chapters/07_init_pairing#sec-init-default"
DOCTOR = "chapters/07_init_pairing#the-doctor-s-round-three-networks-that-do-not-train"
HEAT = "chapters/07_init_pairing#fig-init-heat"
HELD = "chapters/07_init_pairing#the-matched-gain-that-cannot-be-held"
RESET = "chapters/07_init_pairing#what-else-resets-the-size"
REVERSAL = "chapters/08_experiments#sec-exp-reversal"
TUNE = "chapters/08_experiments#sec-exp-rates"
COST = "chapters/05_smooth_activations#fig-smooth-cost"
BEHIND = "chapters/06_softmax_stability#where-the-loss-already-holds-a-softmax"
SATURATED = "chapters/02_step_to_sigmoid#where-saturation-does-no-harm-the-output"
REACH = "chapters/06_softmax_stability#fig-softmax-reach"

_leaves = (
    # hidden layers, by kind of network
    Leaf(
        id="small-network",
        title="A small network with a few inputs",
        fits={"place": ("hidden",), "task": ("small",), "depth": ("few",)},
        first=True,
        choose="it will hardly matter; by loss `silu` and `softplus` were ahead here",
        why="With each of eight functions at its own rate, the shares of fresh points that are right lie within "
        "{disk_right_apart:.1f} points ({disk_right} %). The loss tells more: on fresh points the six smooth "
        "functions have {disk_smooth}, `relu` and `leaky_relu` {disk_kinked}. That belongs to the task, whose "
        "boundary is a circle: with a square in its place these two come first.",
        start="PyTorch's default did, with two hidden layers",
        rate="Adam: try {disk_test_rates} for fresh points. The training loss alone would choose {disk_fit_rates}, "
        "and with that the test loss grows by a factor of {disk_rate_moves}, by function; between the functions "
        "lies a factor of {disk_function_moves:.1f}. Tune the rate first.",
        watch="Training and test loss, both: their orders differ. In the report of `diagnostics.health`, update "
        "ratios.",
        kind="measured",
        basis="{disk_draws} draws of the data with {disk_starts} starts each, two hidden layers, two inputs; rates "
        "chosen on other draws out of {disk_rates}",
        evidence={
            TUNE: "each function at a rate of its own",
            REVERSAL: "the order on learned and on fresh points",
            "claim:the-sigmoid-is-unsuitable-for-hidden-layers": "",
        },
        holds=lambda n: (
            n["disk_smooth_worst"] < n["disk_kinked_best"]
            and {"SiLU", "Softplus"} == set(n["disk_first"][:2])
            and n["square_kinked_first"]
            and n["disk_right_apart"] < 0.5
            and n["disk_rate_moves_most"] > 2 * n["disk_function_moves"]
        ),
    ),
    Leaf(
        id="eight-layers",
        title="Several hidden layers with nothing between them",
        fits={"place": ("hidden",), "task": ("small",), "depth": ("few",), "between": ("nothing",)},
        choose="`gelu` or `tanh`, ahead of `relu` in loss",
        why="Eight hidden layers, each function from the start that is recommended for it: by loss on fresh points "
        "`gelu` is {eight_gelu} `relu`, and so is `tanh`. The shares that are right differ little: their medians "
        "are {eight_right} %. `sigmoid` is {eight_sigmoid} `relu`, takes {eight_slow:.0f} updates where the others "
        "take {eight_fast} to fit, and got nowhere in {eight_sigmoid_lost} of {eight_draws} runs.",
        start="He for `relu` and `gelu`, Glorot for `tanh`",
        rate="one rate of Adam for all, not tuned: your order may differ",
        watch="Gradients that vanish on their way backward, in the report of `diagnostics.health`.",
        kind="measured",
        basis="{eight_draws} draws of the data, one start each; layers of sixteen units, two inputs",
        evidence={"claim:relu-trains-faster-and-better-when-deep": "", DOCTOR: "three networks that do not train"},
        holds=lambda n: (
            n["eight_gelu"] == n["eight_tanh"] == "ahead of"
            and n["eight_sigmoid"] == "not distinguishable from"
            and 0 < n["eight_sigmoid_lost"] < n["eight_draws"] / 2
        ),
    ),
    Leaf(
        id="small-convolutions",
        title="A small convolutional network",
        fits={"place": ("hidden",), "task": ("images",), "depth": ("few",)},
        first=True,
        choose="`relu`; among its family it hardly matters",
        why="On digits with Adam at {rate_slow:g} `relu`, `leaky_relu`, `elu` and `selu` lie within "
        "{digits_four_apart:.1f} points ({digits_four} % right). Each at the best of {rates_adam} rates, "
        "`leaky_relu` and `elu` are {tuned_elu} `relu`; `selu` is {tuned_selu} it, by about a point. On photographs "
        "`elu` has {photos_elu:.0f} % and `relu` {photos_relu:.0f} %, and is {photos_elu_relu} it. `sigmoid` is "
        "{photos_sigmoid_relu} on both.",
        start="Glorot, uniform, was used here; the gain of `relu` is {gain_relu:.3f}",
        rate="Adam {rate_adam:g}, of {rates_adam} tried. With SGD it decides more than the function: `relu` has "
        "{relu_slow:.0f} % at {rate_slow:g} and {relu_middle:.0f} % at {rate_middle:g}; `sigmoid` has "
        "{sigmoid_slow:.0f} % at {rate_slow:g} and {sigmoid_fast:.0f} % at {rate_fast:g}, where `elu` is at chance.",
        watch="Gradient norms together with the loss, and by layer: a small norm alone says nothing.",
        kind="measured",
        basis="{digits_seeds} seeds on {digits_points} digits, {photos_seeds} on photographs, there one rate of Adam",
        evidence={
            "chapters/08b_images#sec-images-ranks": "who is ahead, with intervals",
            "chapters/08b_images#sec-images-rate": "the rate, not the function",
            "chapters/08b_images#sec-images-norms": "how to read a gradient norm",
        },
        holds=lambda n: (
            n["digits_four_apart"] < 1
            and n["tuned_leaky_relu"] == n["tuned_elu"] == n["photos_elu_relu"] == "not distinguishable from"
            and n["tuned_selu"] == n["tuned_sigmoid"] == n["photos_sigmoid_relu"] == "behind"
            and n["sigmoid_slow"] < 15 < 90 < n["sigmoid_fast"]
            and n["elu_fast"] < 15
        ),
    ),
    Leaf(
        id="residual-network",
        title="A deep residual network with batch normalisation",
        fits={"place": ("hidden",), "task": ("images",), "depth": ("many",), "between": ("norm",)},
        choose="`relu` or `elu`; early on `elu` is ahead",
        why="After {residual_epochs} epochs of a narrow ResNet-50, tested with each batch's own statistics, `elu` "
        "has {residual_elu:.0f} % of the digits, `relu` {residual_relu:.0f} % and `sigmoid` {residual_sigmoid:.0f} "
        "%. That ranks who starts fast. Where they end was not measured.",
        start="Glorot, uniform, was used here",
        rate="Adam {rate_slow:g} here, one rate for all",
        watch="A test at chance beside good training: with the running statistics `sigmoid` is at "
        "{residual_sigmoid_usual:.0f} %. Test with the batch's own statistics before you blame the function.",
        kind="measured",
        basis="{residual_seeds} seeds, {residual_epochs} epochs on {digits_points} digits, a quarter of the width",
        evidence={
            "chapters/08b_images#sec-images-resnet": "a published failure and its cause",
            "claim:adam-makes-vanishing-gradients-worse": "",
            "cite:he2016": "",
        },
        holds=lambda n: (
            n["residual_elu_relu"] == n["residual_sigmoid_relu"] == "ahead of"
            and n["residual_sigmoid_usual"] < n["residual_sigmoid"] - 20
        ),
    ),
    Leaf(
        id="learned-shapes",
        title="Units that learn their shape, in a small convolutional network",
        fits={"place": ("hidden",), "task": ("images",), "depth": ("few",)},
        choose="it will not matter here: keep `relu`",
        why="`prelu` is {prelu_relu} `relu`, and so is an `apl` of five hinges. From PyTorch's start the latter has "
        "{apl_gain:.1f} points more on average, from He's only {apl_gain_he:.1f}: the start did much of what the "
        "learned shape seemed to do. An update takes {apl_time:.1f} times as long.",
        start="He: {he_gain:+.1f} points for `relu` itself, in the mean",
        rate="Adam, one rate for all arms",
        watch="The shape at the start beside the shape at the end, and units whose shape was frozen.",
        kind="measured",
        basis="{shape_seeds} paired seeds, {digits_points} digits",
        evidence={
            "chapters/08c_adaptive#fig-apl-arms": "all arms, with their runs",
            "chapters/08c_adaptive#sec-apl-shapes": "what training does to a shape",
            "chapters/08c_adaptive#sec-apl-cost": "what it costs",
        },
        holds=lambda n: (
            n["prelu_relu"] == n["apl_relu"] == n["apl_relu_he"] == "not distinguishable from"
            and n["apl_gain_he"] < n["apl_gain"] / 2
        ),
    ),
    Leaf(
        id="transformer",
        title="The feed-forward blocks of a transformer, trained from scratch",
        fits={"place": ("hidden", "gate"), "task": ("text",), "between": ("norm",)},
        first=True,
        choose="a GEGLU gate at equal parameters, or `relu_squared`; else `gelu`",
        why="In a small model of characters GEGLU ({scratch_geglu:.3f} nats) and `relu_squared` "
        "({scratch_relu_squared:.3f}) end {scratch_geglu_gelu} `gelu` ({scratch_gelu:.3f}); `relu` and `silu` end "
        "{scratch_relu_gelu} it, and SwiGLU is {scratch_swiglu_gelu} it. No function at all costs only "
        "{scratch_identity_off:.2f} nats, so the task does not ask much of the block.",
        start="layer normalisation sets the size; PyTorch's default was used",
        rate="one rate of Adam with warm-up and decay for all: this ranks how fast they learn",
        watch="Two thirds of the width for a gate, which has a third matrix; else it is not the same size.",
        kind="measured",
        basis="{scratch_seeds} paired seeds of a model of two blocks; large models: single runs in the literature",
        evidence={
            "chapters/08d_transformers#sec-swap-scratch": "from scratch, matched in size",
            "cite:shazeer2020": "",
            "cite:so2021": "",
        },
        holds=lambda n: (
            n["scratch_geglu_gelu"] == n["scratch_relu_squared_gelu"] == "ahead of"
            and n["scratch_relu_gelu"] == n["scratch_silu_gelu"] == n["scratch_identity_gelu"] == "behind"
            and n["scratch_swiglu_gelu"] == "not distinguishable from"
        ),
    ),
    Leaf(
        id="pretrained",
        title="Fine-tuning a pretrained transformer",
        fits={"place": ("hidden",), "task": ("pretrained",)},
        first=True,
        choose="the function that its weights were trained with",
        why="Weights are trained for a function. A small BERT of `gelu` gets {swap_gelu:.0f} % of the sentences "
        "right; with `relu`, `leaky_relu` or `silu` in its place {swap_near} %, with `tanh`, `elu` or `sigmoid` "
        "{swap_far} %, where a coin gets half.",
        start="the checkpoint's weights",
        rate="no cure for a swap: at rates of {swap_rates} the best mean of the three that fail is "
        "{swap_rate_best:.1f} %. Time helps: after four times as many updates they get {swap_longer} %, `gelu` "
        "{swap_gelu_longer:.0f} %",
        watch="Whether sentences can still be told apart, one pass forward, before any training.",
        kind="measured",
        basis="{swap_seeds} seeds, {swap_sentences} test sentences, one small model, few updates",
        evidence={
            "chapters/08d_transformers#sec-swap-study": "eleven functions, with seeds",
            "chapters/08d_transformers#sec-swap-start": "what can be seen before the first update",
            "claim:bert-failures-are-vanishing-gradients": "",
        },
        holds=lambda n: (
            n["swap_tanh_gelu"] == n["swap_elu_gelu"] == n["swap_sigmoid_gelu"] == "behind"
            and n["swap_far_most"] < 60 < n["swap_near_least"]
            and n["swap_near_most"] < n["swap_gelu"]
            and n["swap_rate_best"] < 55
        ),
    ),
    Leaf(
        id="pretrained-swap",
        title="A pretrained transformer that has to get another function",
        fits={"place": ("hidden",), "task": ("pretrained",)},
        choose="a near relative, or two fitted numbers for each block",
        why="With few seeds `relu`, `leaky_relu` and `silu` are {swap_relu_gelu} `gelu`, though all their means are "
        "lower. For `tanh`, `elu` and `sigmoid` fit c f(z) + d to the old function on unlabelled sentences: "
        "{swap_scaled} % in place of {swap_far} %. With feed-forward weights drawn anew, `tanh` and `elu` get "
        "{swap_fresh} %; `sigmoid` still fails.",
        start="two numbers for each block, by least squares; or new feed-forward weights",
        rate="as for the old function",
        watch="One large vector that all examples share: their mean cosine, in the report of `diagnostics.health`.",
        kind="measured",
        basis="{swap_seeds} seeds, {swap_sentences} test sentences, one small model, few updates",
        evidence={
            "chapters/08d_transformers#sec-swap-causes": "three suspects, one experiment",
            "cite:mosbach2021": "",
        },
        holds=lambda n: (
            n["swap_relu_gelu"]
            == n["swap_leaky_relu_gelu"]
            == n["swap_silu_gelu"]
            == n["fresh_tanh_gelu"]
            == n["fresh_elu_gelu"]
            == "not distinguishable from"
            and n["scaled_tanh_as_it_is"] == n["scaled_elu_as_it_is"] == n["scaled_sigmoid_as_it_is"] == "ahead of"
            and n["fresh_sigmoid_gelu"] == "behind"
        ),
    ),
    Leaf(
        id="two-gelus",
        title="GELU: exact, or with tanh?",
        fits={"place": ("hidden", "gate"), "task": ("text", "pretrained")},
        choose="it will not matter: keep the checkpoint's form",
        why="The two differ by {gelus_apart:.4f} at most. For something new take the faster: in a layer `gelu` "
        "takes {layer_gelu:.2f} times as long as `relu` and `gelu_tanh` {layer_gelu_tanh:.2f} on the processor "
        "measured.",
        start="the gain of both is {gain_gelu:.3f}",
        kind="theory",
        basis="the two functions, compared from end to end; times in {cost_rounds} rounds on one processor",
        evidence={"chapters/05_smooth_activations#two-gelus": "two GELUs", COST: "what a function costs"},
        holds=lambda n: n["gelus_apart"] < 1e-3 and n["layer_gelu"] < n["layer_gelu_tanh"],
    ),
    Leaf(
        id="recurrent-state",
        title="The state of a recurrent network",
        fits={"place": ("hidden",), "task": ("sequence",)},
        choose="`tanh`, behind gates",
        why="The same layer is applied again and again, so its gain is the whole story: below one the state is "
        "forgotten, above one it is held or turns chaotic, and what holds a value firmly passes no gradient back. "
        "Gates were invented to have both.",
        start="recurrent weights near gain one, with `tanh`",
        rate="not measured here; clip the gradients",
        watch="Gradients that vanish or explode on their way backward through time.",
        kind="theory",
        basis="untrained networks, measured; trained ones: the literature",
        evidence={
            "chapters/03_tanh#sec-tanh-time": "the same map, again and again",
            "cite:hochreiter1997": "",
            "cite:pascanu2013": "",
        },
    ),
    Leaf(
        id="derivatives",
        title="A loss that contains derivatives of the network",
        fits={"place": ("hidden",), "task": ("field",)},
        first=True,
        choose="a smooth function: `tanh`, `softplus`, `silu`, `gelu`",
        why="A loss with the k-th derivative needs a function whose derivatives below the k-th do not jump and "
        "whose k-th is not zero. For a loss with the curvature `relu` is out, and `hardswish` satisfies the "
        "equation and misses the solution.",
        start="gains of {gain_tanh:.3f} (`tanh`), {gain_softplus:.3f} (`softplus`), {gain_silu:.3f} (`silu`), "
        "{gain_gelu:.3f} (`gelu`)",
        rate="not measured here",
        watch="The solution itself, not the equation's error alone.",
        kind="theory",
        basis="and one equation, solved with random hidden weights; no training",
        evidence={
            "chapters/05_smooth_activations#where-smooth-is-not-optional": "where smooth is not optional",
            "cite:raissi2019": "",
        },
    ),
    Leaf(
        id="coordinates",
        title="A network that stands for one image, sound or field",
        fits={"place": ("hidden",), "task": ("field",)},
        choose="`sine`, from the literature",
        why="Periodic functions fit fine detail and its derivatives; the scale of the first layer's weights sets "
        "how fine. This book has not trained such a network.",
        start="the recipe of the paper that introduced it; its scales are part of the method",
        watch="Weights that are too large fold the data onto themselves.",
        kind="cited",
        basis="one paper; not repeated here",
        evidence={"cite:sitzmann2020": "", "appendix/catalog#sine": "its datasheet"},
    ),
    # hidden layers, by depth and what stands between them
    Leaf(
        id="deep-relu",
        title="Ten layers or more of ReLU, with nothing between them",
        fits={"place": ("hidden",), "depth": ("many",), "between": ("nothing",)},
        first=True,
        choose="`relu` or `leaky_relu`, with He's weights",
        why="From the last to the first of fifty layers the gradient changes by {delta_relu_he} with He's weights, "
        "by {delta_relu_lecun} with Glorot's and by {delta_relu_torch} with PyTorch's default. The function is "
        "fine; the default is not.",
        start="gain {gain_relu:.3f}, biases at zero",
        rate="tune it: these networks were looked at before training",
        watch="Gradients that vanish, and more than half of a layer's units dead, in the report of "
        "`diagnostics.health`.",
        kind="measured",
        basis="{delta_seeds} seeds at the start, and theory; layers of one width",
        evidence={
            HEAT: "function by start by depth",
            DEFAULT: "what a layer does unless told",
            DOCTOR: "how to look",
        },
        holds=lambda n: abs(n["powers_relu_he"]) < 0.1 and n["powers_relu_torch"] < n["powers_relu_lecun"] < -5,
    ),
    Leaf(
        id="deep-tanh",
        title="Ten layers or more of tanh, with nothing between them",
        fits={"place": ("hidden",), "depth": ("many",), "between": ("nothing",)},
        choose="`tanh`, with a gain of one or a little more",
        why="Fifty trained layers get {tanh_one:.0f} % of fresh points right with gain one, {tanh_five_thirds:.0f} "
        "% with PyTorch's recommended five thirds, and {tanh_torch:.0f} % with the size of its default weights, "
        "each at the best of {tanh_settings} settings of optimiser and rate.",
        start="gain one; not {gain_tanh:.3f}, which keeps the signal and lets the gradient grow "
        "({delta_tanh_computed} over fifty layers)",
        rate="Adam at {tanh_one_rate:g} was the best tried; ten times that and fifty layers fail from any gain",
        watch="Values that saturate, gradients that explode.",
        kind="measured",
        basis="{tanh_seeds} seeds, layers of twenty-four units, two inputs",
        evidence={
            "chapters/03_tanh#sec-tanh-train": "does it train?",
            "chapters/03_tanh#sec-tanh-gain": "the gain decides",
        },
        holds=lambda n: (
            n["tanh_one"] > n["tanh_five_thirds"] + 10 > n["tanh_torch"] + 20
            and n["tanh_one_how"] == "adam"
            and n["tanh_tenfold"] < 55
        ),
    ),
    Leaf(
        id="deep-smooth",
        title="Ten layers or more of GELU, SiLU or Mish, with nothing between them",
        fits={"place": ("hidden",), "depth": ("many",), "between": ("nothing",)},
        choose="`gelu`, `silu` or `mish` only with normalisation",
        why="The gain that keeps the signal is a balance on a peak: each layer multiplies a deviation by "
        "{repels_gelu:.3f} (`gelu`), {repels_silu:.3f} (`silu`) and {repels_mish:.3f} (`mish`). Over fifty layers "
        "the outputs of `gelu` then grow by {signal_gelu} in mean square; at gain one its gradient changes by "
        "{delta_gelu_lecun}.",
        start="gains {gain_gelu:.3f}, {gain_silu:.3f}, {gain_mish:.3f} for some layers; layer normalisation for more",
        rate="tune it",
        watch="Outputs that explode or vanish on their way forward.",
        kind="measured",
        basis="{delta_seeds} seeds at the start, and theory",
        evidence={HELD: "the matched gain that cannot be held", HEAT: "function by start by depth"},
        holds=lambda n: (
            min(n["repels_gelu"], n["repels_silu"], n["repels_mish"]) > 1
            and n["powers_gelu_lecun"] < -10
            and n["powers_signal_gelu"] > 2
        ),
    ),
    Leaf(
        id="deep-selu",
        title="Many layers that keep their own size",
        fits={"place": ("hidden",), "depth": ("many",), "between": ("nothing",)},
        choose="`selu`, with LeCun's weights",
        why="Its size at the fixed point draws signals in: a layer leaves {own_unit_slope:.2f} of a deviation. Over "
        "fifty layers the gradient changes by {delta_selu_lecun}; with He's weights by {delta_selu_he}.",
        start="gain {gain_selu:.3f}, normal weights; not He's",
        rate="tune it",
        watch="Inputs of mean zero and variance one, and weights that are LeCun's and no other.",
        kind="measured",
        basis="{delta_seeds} seeds at the start, and theory; fully connected layers",
        evidence={
            "chapters/04_relu_family#sec-relu-selu": "a fixed point, and how to miss it",
            "cite:klambauer2017": "",
        },
        holds=lambda n: 0 < n["own_unit_slope"] < 1 and abs(n["powers_selu_lecun"]) < 1 < n["powers_selu_he"],
    ),
    Leaf(
        id="deep-sigmoid",
        title="Ten layers of sigmoids, if it has to be",
        fits={"place": ("hidden",), "depth": ("many",), "between": ("nothing",)},
        choose="`sigmoid`, with a gain of about four",
        why="Ten hidden layers with Adam get {sigmoid_four:.0f} % of fresh points right with gain four, and "
        "{sigmoid_torch:.0f} % with PyTorch's default weights, where the commoner label has about as much. At gain "
        "one fifty layers change the gradient by {delta_sigmoid_lecun}.",
        start="gain four; neither one nor {gain_sigmoid:.3f}, the gain that keeps the signal's size",
        rate="tune it",
        watch="Gradients that vanish on their way backward: `diagnostics.health` names the gain to try.",
        kind="measured",
        basis="{sigmoid_seeds} seeds, layers of thirty-two units, two inputs",
        evidence={
            "chapters/07_init_pairing#fig-init-sigmoid": "a deep sigmoid network that trains",
            "claim:sigmoid-gradients-vanish": "",
        },
        holds=lambda n: (
            n["sigmoid_torch"] < 60 < n["sigmoid_computed"] < n["sigmoid_four"] and n["sigmoid_four"] > 95
        ),
    ),
    Leaf(
        id="normalised",
        title="Normalisation in every layer",
        fits={"place": ("hidden",), "between": ("norm",)},
        choose="almost any; the start will not matter for the size",
        why="Layer normalisation does what the computed gain does, for every example anew: over fifty layers the "
        "gradient of `gelu` changes by {layer_norm_gelu}, that of `relu` by {layer_norm_relu}. It does not save "
        "`sigmoid` ({layer_norm_sigmoid}). Batch normalisation does ({batch_norm_sigmoid}), and lets the gradient "
        "of `relu` grow by {batch_norm_relu}.",
        start="whatever the default is; in a residual network, divide each block's part by the root of the depth",
        rate="tune it: nothing was trained for this",
        watch="Skips without scaling: the sum of the blocks grows. Batch normalisation in its two modes.",
        kind="theory",
        basis="and networks at their start, ninety-six wide; what training makes of it was not measured",
        evidence={RESET: "what else resets the size", "cite:ioffe2015": "", "cite:xiong2020": ""},
        holds=lambda n: (
            abs(n["powers_layer_norm_gelu"]) < 1
            and abs(n["powers_layer_norm_relu"]) < 0.1
            and n["powers_layer_norm_sigmoid"] < -15
            and abs(n["powers_batch_norm_sigmoid"]) < 1
            and n["powers_batch_norm_relu"] > 3
        ),
    ),
    Leaf(
        id="dead-units",
        title="ReLU units that die",
        fits={"place": ("hidden",), "between": ("nothing",)},
        choose="a smaller rate first, then `leaky_relu`",
        why="Eight layers with He's weights under Adam: at rate {dead_low_rate:g} {dead_low:.0f} % of the units are "
        "dead after training and {dead_low_right:.0f} % of fresh points are right; at {dead_high_rate:g} it is "
        "{dead_high:.0f} % and {dead_high_right:.0f} %. In two layers {dead_two:.0f} % die at that rate. A leak "
        "lets a unit come back, slowly under plain gradient descent.",
        start="He's weights, biases at zero",
        rate="below {dead_high_rate:g} with Adam in such a network; smaller, the deeper it is",
        watch="`diagnostics.health` names each layer with more than half of its units dead. Measure the loss, too: "
        "a dead unit is lost width, not a failed network.",
        kind="measured",
        basis="{dead_seeds} seeds, layers of sixteen units, two inputs",
        evidence={
            "chapters/04_relu_family#sec-relu-training": "killed by training",
            "chapters/04_relu_family#sec-relu-leak": "a leaky unit cannot die?",
            "claim:leaking-reduces-dead-units": "",
        },
        holds=lambda n: (
            n["dead_low"] < 25 < 50 < n["dead_high"]
            and n["dead_high_right"] < 55 < n["dead_low_right"]
            and n["dead_two"] < n["dead_high"] / 1.5
        ),
    ),
    # gates and attention
    Leaf(
        id="gated-block",
        title="A gated block: which gate?",
        fits={"place": ("gate",), "task": ("small", "text")},
        choose="it depends on the target",
        why="At equal parameters, on three made-up targets: by median error, products of inputs go best with "
        "{gate_products} and worst with {gate_products_last}, waves with {gate_waves} and {gate_waves_last}, "
        "corners with {gate_corners} and {gate_corners_last}. No gate is first on all three.",
        rate="Adam, one for each function, chosen on starts of its own",
        watch="Equal parameters: two thirds of the width. And growth with the square of z.",
        kind="measured",
        basis="{gate_starts} starts for each function and target, eight inputs, one block",
        evidence={
            "chapters/05_smooth_activations#equal-parameters-three-tasks": "equal parameters, three tasks",
            "cite:dauphin2017": "",
            "cite:shazeer2020": "",
        },
        holds=lambda n: (
            len({n["gate_products"], n["gate_waves"], n["gate_corners"]}) == 3
            and n["gate_corners"] == "a plain `relu`"
        ),
    ),
    Leaf(
        id="recurrent-gates",
        title="The gates of LSTM and GRU",
        fits={"place": ("gate",), "task": ("sequence",)},
        choose="`sigmoid`",
        why="A gate says how much is to pass, from none to all, and the sigmoid's values are just that. Its "
        "saturation is meant: a gate that is open stays open.",
        start="the library's",
        watch="Gates that are shut for every example from the start: they pass no gradient, either.",
        kind="cited",
        basis="the paper that introduced them; this book trains no gated recurrent network",
        evidence={"cite:hochreiter1997": "", "chapters/03_tanh#sec-tanh-time": "what gates were invented for"},
    ),
    Leaf(
        id="attention",
        title="The weights of attention",
        fits={"place": ("gate",), "task": ("text", "pretrained")},
        choose="softmax of scaled logits, with masks as bools",
        why="Without the division by the root of the width the logits grow with it, softmax becomes certain, and "
        "its slope dies. Subtract each row's largest; decide what a row without any entry is.",
        start="logits divided by the root of the key's width",
        watch="Rows that are masked from end to end: they are nan.",
        kind="theory",
        basis="and drawn logits, not learned ones",
        evidence={
            "chapters/06_softmax_stability#why-attention-divides-by-a-square-root": "why a square root",
            "chapters/06_softmax_stability#masks-and-the-row-where-nothing-is-left": "masks",
            "cite:vaswani2017": "",
        },
    ),
    # the output
    Leaf(
        id="output-number",
        title="Output: any number",
        fits={"place": ("output",), "target": ("number",)},
        choose="none: `identity`",
        why="Whatever bounds the output keeps it from targets outside. Squared error then has the gradient a - y.",
        start="gain one",
        kind="theory",
        basis="the gradient, by hand",
        evidence={"claim:which-function-goes-behind-the-network": ""},
    ),
    Leaf(
        id="output-positive",
        title="Output: a positive number",
        fits={"place": ("output",), "target": ("positive",)},
        choose="`softplus`",
        why="Its values are positive and grow like z, so that a large target needs no huge logit; an exponential is "
        "inf in float16 from z = {float16_exp:.2f} on.",
        start="a bias at which the first outputs have the size of the targets; at z = zero it is the logarithm of "
        "two",
        watch="Outputs that round to zero, if the loss takes their logarithm.",
        kind="theory",
        basis="ranges and number formats; no comparison of losses here",
        evidence={"appendix/catalog#softplus": "its datasheet", "cite:dugas2000": ""},
    ),
    Leaf(
        id="output-range",
        title="Output: a number in a range",
        fits={"place": ("output",), "target": ("bounded",)},
        choose="`tanh` or `sigmoid`, scaled to a little more than the range",
        why="The range fits, but the ends are only reached far out, where the slope is next to zero: with squared "
        "error an output that is sure and wrong hardly moves.",
        start="small weights, so that it starts in the middle",
        watch="Saturated outputs, in the report of `diagnostics.health`.",
        kind="theory",
        basis="the gradient, by hand; one unit, measured",
        evidence={
            SATURATED: "where saturation does no harm",
            "chapters/03_tanh#sec-tanh-lecun": "targets away from the ends",
            "claim:a-saturated-weight-barely-moves": "",
        },
    ),
    Leaf(
        id="output-binary",
        title="Output: yes or no",
        fits={"place": ("output",), "target": ("binary",)},
        first=True,
        choose="no function in the network: a logit, and cross-entropy from logits",
        why="The sigmoid is in the loss. Together their gradient is a - y, saturated or not. `sigmoid` belongs to "
        "the reading: it turns the logit into a probability.",
        start="gain one",
        watch="Probabilities that are too sure: they may need to be fitted again on fresh data.",
        kind="theory",
        basis="the gradient, by hand; measured on one unit",
        evidence={
            SATURATED: "where saturation does no harm",
            "claim:a-sigmoid-output-is-a-probability": "",
            "cite:guo2017": "",
        },
    ),
    Leaf(
        id="output-class",
        title="Output: one of several classes",
        fits={"place": ("output",), "target": ("class",)},
        first=True,
        choose="no function in the network: logits, and cross-entropy from logits",
        why="The loss holds the softmax already; a second one in front of it is flat where it should be sure. Never "
        "take the logarithm of a softmax.",
        start="gain one",
        watch="A loss that does not fall below a limit: softmax was applied twice.",
        kind="theory",
        basis="the formulas, and five programs that break",
        evidence={
            BEHIND: "where the loss already holds a softmax",
            "chapters/06_softmax_stability#cross-entropy-from-the-logits": "cross-entropy from the logits",
            "claim:which-function-goes-behind-the-network": "",
        },
    ),
    Leaf(
        id="output-labels",
        title="Output: several labels at once",
        fits={"place": ("output",), "target": ("labels",)},
        choose="a logit for each label, and binary cross-entropy from logits for each",
        why="Softmax shares out one sum: two labels that hold would have to halve it. Sigmoids do not compete, and "
        "their sum means nothing.",
        start="gain one",
        watch="Undecided sigmoids add up to half the number of labels: they are no distribution.",
        kind="theory",
        basis="the formulas",
        evidence={
            "claim:which-function-goes-behind-the-network": "",
            "claim:leaky-relu-and-sigmoid-are-the-answer": "",
        },
    ),
    # number formats
    Leaf(
        id="float16",
        title="float16 in hidden layers",
        fits={"place": ("hidden",), "precision": ("float16",)},
        choose="functions that grow no faster than z; not `relu_squared`",
        why="The largest number is {float16_most:.0f}: `relu_squared` is inf from z = {float16_square:.0f} on, and "
        "a product of two halves can be. `sigmoid` is exactly one from z = {float16_one:.3g} on, and PyTorch's "
        "`tanh` passes no gradient from {float16_flat:.3g} on.",
        start="as in float32",
        rate="not measured here",
        watch="Outputs or gradients that are not finite: `diagnostics.health` names the layer.",
        kind="theory",
        basis="the formats, checked on a processor; no training in float16 here",
        evidence={
            "chapters/03_tanh#sec-tanh-forms": "forms that survive",
            "chapters/02_step_to_sigmoid#where-the-slope-dies-saturation-in-mathematics-and-in-the-machine": "where "
            "the slope dies",
            "appendix/catalog#relu_squared": "the datasheet of ReLU squared",
        },
    ),
    Leaf(
        id="bfloat16",
        title="bfloat16 in hidden layers",
        fits={"place": ("hidden",), "precision": ("bfloat16",)},
        choose="as in float32; mind `tanh` and `sigmoid`",
        why="It reaches as far as float32, with about {bfloat16_digits:.0f} decimal digits. What suffers is the "
        "difference from one: `sigmoid` is exactly one from z = {bfloat16_one:.3g} on, and PyTorch's `tanh` passes "
        "no gradient from {bfloat16_flat:.3g} on, where the true slope is still small but there.",
        start="as in float32",
        rate="not measured here",
        watch="Saturated values, layer by layer.",
        kind="theory",
        basis="the format, checked on a processor; no training in bfloat16 here",
        evidence={"chapters/03_tanh#sec-tanh-forms": "forms that survive"},
        holds=lambda n: n["bfloat16_flat"] < n["float16_flat"] and n["bfloat16_digits"] < n["float16_digits"],
    ),
    Leaf(
        id="half-softmax",
        title="Softmax in a format of sixteen bits",
        fits={"place": ("output", "gate"), "precision": ("float16", "bfloat16")},
        choose="the shifted softmax, with its sums in float32",
        why="Unshifted, the exponential is inf from {float16_exp:.2f} on in float16 and from {bfloat16_exp:.2f} on "
        "in bfloat16. The shift ends that. A sum of many small numbers needs float32 still.",
        watch="nan in the loss, and probabilities that do not add up to one.",
        kind="theory",
        basis="the formats, and programs run on a processor; graphics cards may differ in the last digits",
        evidence={
            REACH: "how far a format reaches",
            "chapters/06_softmax_stability#ten-thousand-small-numbers": "ten thousand small numbers",
            "claim:softmax-is-unstable-with-large-logits": "",
        },
        holds=lambda n: n["float16_exp"] < n["bfloat16_exp"],
    ),
    Leaf(
        id="int8",
        title="int8",
        fits={"precision": ("int8",)},
        choose="not known here; the literature bounds the range, as with `relu6`",
        why="This book has quantised nothing. The usual reason given is that a known range spends the eight bits "
        "well.",
        kind="none",
        basis="neither measured nor derived here",
        evidence={
            "appendix/catalog#relu6": "the datasheet of ReLU6",
            "appendix/catalog#hardswish": "that of hardswish",
            "cite:howard2019": "",
        },
    ),
    # hardware
    Leaf(
        id="processor",
        title="Time on a processor",
        fits={"place": ("hidden",), "hardware": ("cpu",)},
        choose="it will hardly matter: time the layer, not the function",
        why="Alone, `mish` with its gradient takes {alone_mish:.1f} times as long as `relu`; with its layer of "
        "{cost_width} units {layer_mish:.2f} times. `silu` takes {layer_silu:.2f} and `gelu` {layer_gelu:.2f} with "
        "the layer. The wider the layer, the less it counts.",
        watch="Functions written in several steps: a library's own, in one step, are faster.",
        kind="measured",
        basis="{cost_rounds} rounds on one processor; on another even the order differed",
        evidence={COST: "what a function costs", "claim:relus-speed-compounds": ""},
        holds=lambda n: (
            n["layer_mish"] < n["alone_mish"] / 2
            and max(n["layer_silu"], n["layer_gelu"]) < 1.1
            and "mish" in n["dearest"]
        ),
    ),
    Leaf(
        id="graphics-card",
        title="Time on a graphics card",
        fits={"place": ("hidden",), "hardware": ("gpu",)},
        choose="no evidence of our own; published, it did not matter",
        why="One published table has whole runs of BERT: {bert_functions} plain functions lie within "
        "{bert_apart:.1f} % of each other. That is one run each, on their card.",
        watch="Memory rather than time: what a function keeps for the way back.",
        kind="none",
        basis="one published run each; nothing measured here",
        evidence={
            "claim:relu-is-the-fastest-in-bert": "",
            "chapters/08d_transformers#sec-swap-times": "times",
            "chapters/05_smooth_activations#the-price-in-memory": "the price in memory",
        },
        holds=lambda n: 0 < n["bert_apart"] < 3,
    ),
    Leaf(
        id="small-device",
        title="A phone or a microcontroller",
        fits={"place": ("hidden", "gate"), "hardware": ("edge",)},
        choose="`relu`, or `hardswish` and `hardsigmoid`, from the literature",
        why="They need no exponential. On the processor measured here that buys little inside a layer: `hardswish` "
        "takes {layer_hardswish:.2f} times as long as `relu`, `silu` {layer_silu:.2f}. No phone was measured.",
        watch="Kinks, if a loss takes derivatives; and the speed on the device itself.",
        kind="cited",
        basis="one paper; times on a processor only",
        evidence={
            "cite:howard2019": "",
            "appendix/catalog#hardswish": "its datasheet",
            COST: "what a function costs",
        },
        holds=lambda n: 0 < n["layer_silu"] - n["layer_hardswish"] < 0.1,
    ),
)


@cache
def leaves() -> Mapping[str, Leaf]:
    """The leaves by their ids. Raises ValueError, naming them, if the numbers contradict the words of any."""
    wrong = [leaf.id for leaf in _leaves if not leaf.holds(numbers())]
    if wrong:
        raise ValueError(f"the numbers contradict the guide: {', '.join(wrong)}")
    return MappingProxyType({leaf.id: leaf for leaf in _leaves})


def fitting(**answers: str) -> tuple[Leaf, ...]:
    """The leaves that a reader sees who gave these answers: those that no answer rules out, and of those about a
    question of `ASIDE` only the ones that were asked for.

    Raises KeyError, listing what there is, for a question or an answer that is not asked.
    """
    for question, answer in answers.items():
        if question not in questions:
            raise KeyError(f"no question {question!r}; there are {', '.join(questions)}")
        if answer not in questions[question][1]:
            raise KeyError(f"{question} has no answer {answer!r}; it has {', '.join(questions[question][1])}")
    return tuple(
        leaf
        for leaf in leaves().values()
        if all(question not in leaf.fits or answer in leaf.fits[question] for question, answer in answers.items())
        and not (answers and any(question in leaf.fits and question not in answers for question in ASIDE))
    )


# ---- as a page --------------------------------------------------------------------------------------------------


def address(place: str) -> tuple[str, str]:
    """A place of a leaf's evidence as (link, words of its own), seen from a page of the appendix.

    Raises KeyError for a claim that is not in the ledger and for a key that references.bib does not have.
    """
    kind, _, name = place.partition(":")
    if kind == "claim":
        claim = claims.ledger[name]
        return f"claims.html#{name}", f"the claim “{claim.statement}”, {claim.verdict}"
    if kind == "cite":
        source = reference(name)
        return source.url, source.label
    page, _, label = place.partition("#")
    page = page.removeprefix("appendix/") if page.startswith("appendix/") else f"../{page}"
    return f"{page}.html#{label}", ""


def _printed(text: str) -> str:
    """A filled text as HTML: powers of ten, true minus signs, names of the catalog with links to their datasheets."""
    text = re.sub(r"\b10\^(-?[\d.]+)", lambda m: f"10<sup>{m[1].replace('-', '−')}</sup>", html.escape(text))

    def named(match):
        name = match[1]
        link = f'<a href="catalog.html#{name}"><code>{name}</code></a>'
        return link if name in catalog else f"<code>{name}</code>"

    return re.sub(r"`([^`]+)`", named, re.sub(r"(?<=[ (])-(?=\d)", "−", text))


def _plain(text: str) -> str:
    return text.replace("`", "")


def _sources(leaf: Leaf) -> str:
    links = []
    for place, words in leaf.evidence.items():
        link, own = address(place)
        said = html.escape(words or own)
        if place.startswith("chapters/"):
            number = place.removeprefix("chapters/").partition("_")[0].lstrip("0")
            said = f"chapter {number}, {said}"
        links.append(f'<a href="{html.escape(link)}">{said}</a>' if link else said)
    return "; ".join(links)


# how an answer reads away from its question
APART = {"depth": "{} hidden layers", "between": "{} between them", "target": "for {}"}


def _when(leaf: Leaf) -> str:
    """What a leaf is for, in the words of the questions."""
    parts = []
    for question, answers in leaf.fits.items():
        words = " or ".join(questions[question][1][answer] for answer in answers)
        parts.append(APART.get(question, "{}").format(words))
    return " · ".join(parts)


def _card(leaf: Leaf) -> str:
    data = " ".join(f'data-{question}="{"|".join(answers)}"' for question, answers in leaf.fits.items())
    rows = {"Weights": leaf.start, "Rate": leaf.rate, "Watch": leaf.watch}
    more = "".join(
        f"<dt>{word}</dt><dd>{_printed(_sentence(leaf.filled(text)))}</dd>" for word, text in rows.items() if text
    )
    return (
        f'<article class="actlab-leaf" id="{leaf.id}" {data}><h3>{html.escape(leaf.title)}</h3>'
        f'<p class="actlab-when">{html.escape(_when(leaf))}</p>'
        f"<p><strong>{_printed(_sentence(leaf.filled(leaf.choose)))}</strong></p>"
        f"<details><summary>Why, and what it rests on: {KINDS[leaf.kind]}</summary>"
        f"<p>{_printed(leaf.filled(leaf.why))}</p>"
        f"<dl>{more}<dt>Rests on</dt><dd>{_printed(_sentence(leaf.filled(leaf.basis)))}</dd>"
        f"<dt>Shown in</dt><dd>{_sources(leaf)}.</dd></dl></details></article>"
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


def guide() -> Page:
    """All leaves, whole and in order; the script of the reference pages puts the questions before them."""
    found = leaves()
    asked = [[key, asks, list(answers.items())] for key, (asks, answers) in questions.items()]
    text = "\n".join(f"{leaf.title}: {_plain(leaf.filled(leaf.choose))}" for leaf in found.values())
    cards = "".join(map(_card, found.values()))
    data = f'data-questions="{html.escape(json.dumps(asked))}" data-aside="{"|".join(ASIDE)}"'
    return Page(text, f'<div class="actlab-guide" {data}>{cards}</div>')


def _rows(chosen, label: str, columns: Mapping[str, Callable[[Leaf], str]], kind: str) -> str:
    head = "".join(f'<th scope="col">{word}</th>' for word in ("situation", *columns))
    body = "".join(
        f'<tr><th scope="row"><a href="#{leaf.id}">{html.escape(leaf.title)}</a></th>'
        f"{''.join(f'<td>{_printed(leaf.filled(of(leaf)))}</td>' for of in columns.values())}</tr>"
        for leaf in chosen
    )
    return (
        f'<div class="actlab-wide {kind}" role="region" tabindex="0" aria-label="{label}">'
        f'<table class="actlab-answers"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def short() -> Page:
    """The answers that most readers come for, a line each."""
    chosen = [leaf for leaf in leaves().values() if leaf.first]
    text = "\n".join(f"{leaf.title}: {_plain(leaf.filled(leaf.choose))}" for leaf in chosen)

    def choose(leaf):
        return f"{_sentence(leaf.choose)} Weights: {leaf.start}."

    columns = {"choose": choose, "rests on": lambda leaf: KINDS[leaf.kind]}
    return Page(text, _rows(chosen, "The short answers", columns, "actlab-short"))


def table() -> Page:
    """Every leaf as a row: what to choose, where to start, and on what that rests."""
    chosen = list(leaves().values())
    text = "\n".join(f"{KINDS[leaf.kind]:20} {leaf.id}" for leaf in chosen)
    columns = {
        "choose": lambda leaf: leaf.choose,
        "weights": lambda leaf: leaf.start or "—",
        "rests on": lambda leaf: f"{KINDS[leaf.kind]}: {leaf.basis}",
    }
    return Page(text, _rows(chosen, "All answers", columns, "actlab-all"))
