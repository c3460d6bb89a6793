"""Many layers with nothing between them: what a start does to the gradient, and which starts train."""

import math
from typing import Any

import numpy as np

from ... import results, theory
from .._compare import Difference, by, power, spread, where

__all__ = ["found"]

LAYERS = 49  # from the pre-activations of layer 50 down to those of layer 1


def found() -> dict[str, Any]:
    return _signals() | _balances() | _starts() | _tanh() | _sigmoid() | _dead()


def _signals():
    stored = where(results.load("signal_depth"), depth=50)
    out: dict[str, Any] = {"delta_seeds": len({row["seed"] for row in stored})}
    for name in ("relu", "leaky_relu", "tanh", "selu", "gelu", "silu", "mish", "sigmoid", "softplus"):
        for scheme in ("torch", "lecun", "he", "computed"):
            delta = np.mean([row["delta"] for row in where(stored, activation=name, scheme=scheme)])
            out |= {f"delta_{name}_{scheme}": power(delta), f"powers_{name}_{scheme}": delta}
    for scheme, depth, many in (("computed", 10, "ten"), ("computed", 50, "fifty"), ("he", 10, "he_ten")):
        rows = where(results.load("signal_depth"), activation="gelu", scheme=scheme, depth=depth)
        grown = np.mean([row["signal"] for row in rows])
        out |= {f"signal_gelu_{many}": power(grown), f"powers_signal_gelu_{many}": grown}
    return out


def _balances():
    out = {f"gain_{name}": theory.gain(name) for name in ("relu", "tanh", "selu", "gelu", "silu", "mish", "sigmoid")}
    for name in ("gelu", "silu", "mish", "relu", "sigmoid"):
        moments = theory.moments(name)
        out[f"repels_{name}"] = theory.fixed_point(name).slope
        # a normalised layer multiplies the mean square of the gradient by this
        over_units = math.log10(theory.chi(name)) * LAYERS / 2
        over_batch = math.log10(moments.slope_second / (moments.second - moments.mean**2)) * LAYERS / 2
        out |= {
            f"layer_norm_{name}": power(over_units),
            f"batch_norm_{name}": power(over_batch),
            f"powers_layer_norm_{name}": over_units,
            f"powers_batch_norm_{name}": over_batch,
        }
    out["own_unit_slope"] = theory.fixed_point("selu").slope
    # the sigmoid at the sizes where its own signal comes to rest
    for word, gain in {"four": 4.0, "seven": 7.0}.items():
        size = theory.fixed_point("sigmoid", gain=gain).q
        slopes = theory.expectation(lambda z, size=size: _slope(math.sqrt(size) * z) ** 2)
        lost = math.log10(gain**2 * slopes) * LAYERS / 2
        out |= {f"sigmoid_fifty_{word}": power(lost), f"powers_sigmoid_fifty_{word}": lost}
    return out


def _slope(z):
    value = z.sigmoid()
    return value * (1 - value)


def _starts():
    rows = results.load("deep_starts")
    out: dict[str, Any] = {}
    for name in ("relu", "tanh", "sigmoid"):
        for start, word in {"PyTorch": "torch", "Glorot": "glorot", "He": "he", "gain 8": "eight"}.items():
            mine = where(rows, function=name, start=start)
            out[f"learn_{name}_{word}"] = sum(row["accuracy_400"] > 0.8 for row in mine)
            out["learn_draws"] = len(mine)
    return out


def _tanh():
    rows = where(results.load("tanh_gains"), depth=50)
    gains, runs = sorted({row["gain"] for row in rows}), len({row["seed"] for row in rows})
    learned, right, rates, top, good = {}, {}, {}, {}, {}
    for how in ("adam", "sgd"):
        for gain in gains:
            mine = where(rows, optimizer=how, gain=gain)
            learned[how, gain] = sum(row["train_loss"] < 0.3 for row in mine)
            right[how, gain] = 100 * np.array(by("seed", mine, "test_accuracy"))
            rates[how, gain] = mine[0]["rate"]  # chosen for this gain, on seeds of their own
        top[how] = max(gains, key=lambda gain, how=how: np.median(right[how, gain]))
        near = [gain for gain in gains if np.median(right[how, gain]) > np.median(right[how, top[how]]) - 5]
        good[how] = [gain for gain in near if learned[how, gain] > runs / 2]
    both = [gain for gain in gains if gain in good["adam"] and gain in good["sgd"]]
    five_thirds, middle = 1.6667, 1.2
    return {
        "tanh_runs": runs,
        **{
            f"tanh_{how}_{word}": learned[how, gain]
            for how in ("adam", "sgd")
            for word, gain in {"torch": gains[0], "one": 1.0, "middle": middle, "five_thirds": five_thirds}.items()
        },
        "tanh_middle": middle,
        "tanh_middle_one": Difference.of(right["adam", middle], right["adam", 1.0]),
        "tanh_middle_five_thirds": Difference.of(right["adam", middle], right["adam", five_thirds]),
        "tanh_sgd_middle_one": Difference.of(right["sgd", middle], right["sgd", 1.0]),
        "tanh_one_rate": rates["adam", 1.0],
        "tanh_middle_rate": rates["adam", middle],
        "tanh_five_thirds_rate": rates["adam", five_thirds],
        "tanh_good": spread(both, ".2g"),
        "tanh_good_has_middle": middle in both,
        "tanh_good_least": min(both),
        "tanh_good_is_one_stretch": both == [gain for gain in gains if both[0] <= gain <= both[-1]],
        "tanh_adam_rates": spread([rates["adam", gain] for gain in both], "g"),
        "tanh_sgd_rates": spread([rates["sgd", gain] for gain in both], "g"),
    }


def _sigmoid():
    rows, draws = results.load("deep_sigmoid"), results.load("deep_sigmoid", "draws")
    out: dict[str, Any] = {"sigmoid_critical": theory.edge_of_chaos("sigmoid").gain}
    shown = {
        "adam": {"torch": "torch", "one": "glorot", "four": "gain 4"},
        "sgd": {"four": "gain 4", "seven": "gain 7"},
    }
    for how, starts in shown.items():
        for word, start in starts.items():
            mine = where(rows, optimizer=how, start=start)
            out[f"sigmoid_{how}_{word}"] = sum(row["accuracy_1000"] > 0.9 for row in mine)
            out["sigmoid_seeds"] = len(mine)
    for word, rate in {"low": 0.003, "high": 0.03}.items():
        four, critical = (
            100 * np.array(by("seed", draws, "accuracy", start=start, optimizer="adam", rate=rate))
            for start in ("gain 4", "critical")
        )
        out |= {f"sigmoid_over_critical_{word}": Difference.of(four, critical), f"sigmoid_rate_{word}": rate}
        out["sigmoid_draws"] = len(four)
    return out


def _dead():
    rows = where(results.load("dead_units", "dead_units"), optimizer="adam", start="he")
    out: dict[str, Any] = {}
    high, low = 0.1, 0.01
    for depth, many in ((2, "two"), (8, "eight")):
        for word, rate in {"low": low, "high": high}.items():
            mine = where(rows, depth=depth, rate=rate)
            end, begin = ([_silent(row, when) for row in mine] for when in ("end", "begin"))
            out[f"dead_{word}_{many}"] = Difference.of(end, begin)
    out["dead_born"] = np.mean([_silent(row, "begin") for row in where(rows, depth=8)])
    for word, rate in {"low": low, "high": high, "top": 0.3}.items():
        mine = where(rows, depth=8, rate=rate)
        out |= {f"dead_{word}_rate": rate, f"dead_{word}_right": 100 * np.median([row["accuracy"] for row in mine])}
    plain = where(rows, depth=8, rate=high)
    leaky = where(results.load("dead_units", "leaks"), optimizer="adam", leak=0.01, depth=8, rate=high)
    plain, leaky = (sorted(of, key=lambda row: row["seed"]) for of in (plain, leaky))
    return out | {
        "dead_leak": Difference.of([_silent(row, "end") for row in leaky], [_silent(row, "end") for row in plain]),
        "dead_leak_right": Difference.of(*([100 * row["accuracy"] for row in of] for of in (leaky, plain))),
        "dead_seeds": len(plain),
    }


def _silent(row, when):
    """Per cent of a network's hidden units that are at 0 or below at all training points."""
    return 100 * (row[f"first_{when}"] + row[f"deeper_{when}"]) / (16 * row["depth"])
