"""Convolutions on digits and photographs: fixed functions, a deep residual network, units that learn their shape."""

from typing import Any

import numpy as np

from ... import results
from .._compare import Difference, by, where

__all__ = ["found"]


def found() -> dict[str, Any]:
    return _small() | _residual() | _learned()


def _right(rows, name, **wanted):
    return 100 * np.array(by("seed", rows, "test_accuracy", activation=name, **wanted))


def _small():
    runs = where(results.load("images", "runs"), network="cnn")
    digits = where(runs, task="mnist")
    family, slow, middle, fast = ("leaky_relu", "elu", "selu", "sigmoid"), 0.001, 0.01, 0.1
    # draws that test no digit twice, at rates that were chosen on others
    ladder = {row["rate"] for row in where(results.load("images_tuned", "tuning"), optimizer="adam")}
    tuned = where(results.load("images_tuned", "runs"), optimizer="adam")
    (rate,) = {row["rate"] for row in tuned}
    assert min(ladder) < rate < max(ladder), "the best rate stands at the end of its grid"
    right = {name: 100 * np.array(by("draw", tuned, "test_accuracy", activation=name)) for name in ("relu", *family)}
    relu = right["relu"]
    out: dict[str, Any] = {
        f"digits_{name}": Difference.of(right[name], relu, comparisons=len(family)) for name in family
    }
    photographs = {"task": "cifar10", "optimizer": "adam", "rate": slow}
    base = _right(runs, "relu", **photographs)
    for name in ("elu", "sigmoid"):
        out[f"photos_{name}"] = Difference.of(_right(runs, name, **photographs), base)
    descent = {
        f"{name}_{word}": _right(digits, name, optimizer="sgd", rate=rate).mean()
        for name, word, rate in [
            ("relu", "slow", slow),
            ("relu", "middle", middle),
            ("sigmoid", "slow", slow),
            ("sigmoid", "fast", fast),
            ("elu", "fast", fast),
        ]
    }
    return out | {
        **descent,
        "digits_relu": relu.mean(),
        "digits_draws": len(relu),
        "patient_epochs": where(digits, activation="sigmoid", rate=fast)[0]["epochs"],
        "digits_points": digits[0]["points"],
        "rates_adam": len(ladder),
        "rate_adam": rate,
        "rate_slow": slow,
        "rate_middle": middle,
        "rate_fast": fast,
        "photos_seeds": len(base),
    }


def _residual():
    """The last test of each run, with the statistics of each test batch, and with the running ones."""
    curves = where(results.load("images", "curves"), network="resnet50_narrow")
    out: dict[str, Any] = {}

    def last(name, how, column):
        return [100 * values[-1] for values in by("seed", curves, column, activation=name, optimizer=how)]

    for how in ("adam", "sgd"):
        relu = last("relu", how, "batch_accuracy")
        for name in ("elu", "selu", "sigmoid", "leaky_relu") if how == "adam" else ("elu",):
            out[f"residual_{how}_{name}"] = Difference.of(last(name, how, "batch_accuracy"), relu)
    out["residual_adam_relu"] = np.mean(last("relu", "adam", "batch_accuracy"))
    usual = {name: last(name, "adam", "test_accuracy") for name in ("relu", "elu", "sigmoid")}
    for name in ("elu", "sigmoid"):
        out[f"residual_usual_{name}"] = Difference.of(usual[name], usual["relu"])
    (rate,), (epochs,), (points,) = ({row[key] for row in curves} for key in ("rate", "epochs", "points"))
    return out | {
        "residual_seeds": len(relu),
        "residual_rate": rate,
        "residual_epochs": epochs,
        "residual_points": points,
    }


def _learned():
    runs, costs = where(results.load("adaptive", "runs"), study="digits"), results.load("adaptive", "costs")
    arms = list(dict.fromkeys(row["arm"] for row in runs))
    last = {arm: [100 * values[-1] for values in by("seed", runs, "test_accuracy", arm=arm)] for arm in arms}
    time = {arm: where(costs, arm=arm)[0]["milliseconds"] for arm in ("relu", "apl_5")}
    against = [arm for arm in arms if arm != "relu"]
    # hinges and a leak that starts where they start and moves as fast, each at a rate from other draws
    same = results.load("matched", "runs")
    hinges, leak = (
        [100 * v for v in by("seed", same, "test_accuracy", arm=arm)] for arm in ("apl_zero", "leak_zero")
    )
    return {
        "shape_seeds": len(last["relu"]),
        "shape_arms": len(against),
        **{f"shape_{arm}": Difference.of(last[arm], last["relu"]) for arm in ("prelu", "apl_5", "apl_10", "relu_he")},
        "shape_apl_5_he": Difference.of(last["apl_5_he"], last["relu_he"]),
        # one of so many comparisons: the interval that holds for all of them at once (Bonferroni)
        "shape_apl_10_all": Difference.of(last["apl_10"], last["relu"], comparisons=len(against)),
        "shape_others_open": all(
            Difference.of(last[arm], last["relu"]).open for arm in against if arm not in ("apl_10",)
        ),
        "shape_matched": Difference.of(hinges, leak),
        "shape_pairs": len(hinges),
        "shape_time": time["apl_5"] / time["relu"],
    }
