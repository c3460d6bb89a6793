"""Small networks on points in the plane: the disk, a square in its place, and eight layers of both."""

from typing import Any

import numpy as np

from ... import data, results
from ...activations import catalog
from .._compare import Difference, Factor, by, spread, where

__all__ = ["found"]

SMOOTH = ("gelu", "elu", "silu", "tanh", "softplus", "sigmoid")
KINKED = ("relu", "leaky_relu")


def found() -> dict[str, Any]:
    return _disk() | _square() | _eight_layers() | _optimisers() | _tables()


def _geometric(values):
    return float(np.exp(np.mean(np.log(values))))


def _disk():
    rates, tuned = results.load("disk", "rates"), results.load("disk", "tuned")
    ladder = sorted({row["rate"] for row in rates})
    best, loss, right = {}, {}, {}
    for name in (*SMOOTH, *KINKED):
        for goal in ("train_loss", "test_loss"):
            # chosen on the draws of `rates`, reported on those of `tuned`
            tried = [np.median([r[goal] for r in where(rates, activation=name, rate=rate)]) for rate in ladder]
            rate = best[name, goal] = ladder[int(np.argmin(tried))]
            loss[name, goal] = by("draw", tuned, "test_loss", _geometric, activation=name, rate=rate)
        right[name] = by("draw", tuned, "test_accuracy", np.mean, activation=name, rate=best[name, "test_loss"])
    assert not {ladder[0], ladder[-1]} & set(best.values()), "a best rate stands at the end of its grid"
    fresh = {name: loss[name, "test_loss"] for name in (*SMOOTH, *KINKED)}
    over = {name: Factor.of(fresh[name], fresh["relu"]) for name in fresh if name != "relu"}
    moved = {name: Factor.of(loss[name, "train_loss"], fresh[name]) for name in fresh}
    order = sorted(over, key=lambda name: over[name].mean)
    return {
        "disk_draws": len(fresh["relu"]),
        "disk_starts": len({row["start"] for row in tuned}),
        "disk_rates": len(ladder),
        "disk_softplus": over["softplus"],
        "disk_silu": over["silu"],
        "disk_others": spread([over[name].mean for name in SMOOTH if name not in ("softplus", "silu")], ".2f"),
        "disk_smooth_ahead": all(over[name].below for name in SMOOTH),
        "disk_first": [catalog[name].title for name in order],
        "disk_right": Difference.of(100 * np.array(right["softplus"]), 100 * np.array(right["relu"])),
        "disk_fit_rates": spread([best[name, "train_loss"] for name in fresh], "g"),
        "disk_test_rates": spread([best[name, "test_loss"] for name in fresh], "g"),
        "disk_rate_moves": spread([factor.mean for factor in moved.values()], ".1f"),
        "disk_rate_moves_most": max(factor.mean for factor in moved.values()),
        "disk_function_moves": 1 / over["softplus"].mean,
    }


def _square():
    """Five networks, each function at its own rate, by the loss at the end."""
    rows = where(results.load("disk_travel", "runs"), task="square")
    loss: dict[tuple[str, str], list[float]] = {}
    for network, name in dict.fromkeys((row["network"], row["activation"]) for row in rows):
        loss[network, name] = by("draw", rows, "test_loss", network=network, activation=name)
    over = {arm: Factor.of(of, loss[arm[0], "relu"]) for arm, of in loss.items() if arm[1] != "relu"}
    return {
        "square_networks": len({network for network, _ in over}),
        "square_names": len({name for _, name in over}),
        "square_below": sum(factor.below for factor in over.values()),
        "square_above": sum(factor.above for factor in over.values()),
        "square_factors": spread([factor.mean for factor in over.values()], ".2f"),
    }


def _eight_layers():
    tried, rows = results.load("eight_layers", "tuning"), results.load("eight_layers", "runs")
    out: dict[str, Any] = {}
    for task in ("disk", "square"):
        loss = {name: by("draw", rows, "test_loss", task=task, activation=name) for name in ("relu", "gelu", "tanh")}
        right = {name: by("draw", rows, "test_accuracy", task=task, activation=name) for name in ("tanh", "relu")}
        for name in ("gelu", "tanh"):
            out[f"eight_{task}_{name}"] = Factor.of(loss[name], loss["relu"])
        out[f"eight_{task}_points"] = Difference.of(*(100 * np.array(right[name]) for name in ("tanh", "relu")))
        out["eight_draws"] = len(loss["relu"])
    ladder = sorted({row["rate"] for row in tried})
    chosen = [row["rate"] for row in where(tried, chosen=True)]
    assert not {ladder[0], ladder[-1]} & set(chosen), "a best rate stands at the end of its grid"
    deep = where(results.load("disk_further"), study="deep")
    lost = [row["steps_to_0.1"] is None for row in where(deep, activation="sigmoid")]
    return out | {
        "eight_rates": len(ladder),
        "eight_chosen": spread(chosen, "g"),
        "eight_sigmoid_lost": sum(lost),
        "eight_sigmoid_runs": len(lost),
        "eight_others_lost": sum(row["steps_to_0.1"] is None for row in deep if row["activation"] != "sigmoid"),
    }


def _optimisers():
    """Digits right by function and optimiser: leads over ReLU, and how they change from those with Adam."""
    rows = results.load("optimisers", "runs")
    pairs = list(dict.fromkeys((row["optimizer"], row["activation"]) for row in rows))
    right = {
        pair: 100 * np.array(by("draw", rows, "test_accuracy", optimizer=pair[0], activation=pair[1]))
        for pair in pairs
    }
    lead = {(how, name): of - right[how, "relu"] for (how, name), of in right.items() if name != "relu"}
    turned = {pair: (of, lead["adam", pair[1]]) for pair, of in lead.items() if pair[0] != "adam"}
    changes = [Difference.of(*of, comparisons=len(turned)) for of in turned.values()]
    return {
        "optimisers": len({how for how, _ in pairs}),
        "optimisers_functions": len({name for _, name in pairs}),
        "optimisers_changes": len(changes),
        "optimisers_changed": sum(not change.open for change in changes),
        "optimisers_most": max(abs(change.mean) for change in changes),
        "optimisers_half": max(change.half for change in changes),
    }


def _tables():
    """Points more than a linear model, and than ReLU, on splits of the same rows."""
    rows = results.load("tabular_runs", "runs")
    tables, arms = (list(dict.fromkeys(row[key] for row in rows)) for key in ("table", "arm"))
    functions = [arm for arm in arms if arm != "linear"]
    comparisons = len(tables) * (2 * len(functions) - 1)
    found: dict[tuple[str, str, str], Difference] = {}
    for table in tables:
        split = data.tabular(table, share=1 / 5)
        shared = len(split.test_y) / len(split.train_y)
        if table == "auto_mpg":  # its target has variance 1
            points = {a: [100 * (1 - of) for of in by("seed", rows, "test_loss", table=table, arm=a)] for a in arms}
        else:
            points = {a: [100 * of for of in by("seed", rows, "test_accuracy", table=table, arm=a)] for a in arms}
        for other in ("linear", "relu"):
            for name in functions:
                if name != other:
                    found[table, other, name] = Difference.of(
                        points[name], points[other], comparisons=comparisons, shared=shared
                    )
    beside = {key: of for key, of in found.items() if key[1] == "relu"}
    rates = {arm: {row["rate"] for row in where(rows, arm=arm)} for arm in arms}
    return {
        "tables": len(tables),
        "tables_open": sum(all(found[table, "linear", name].open for name in functions) for table in tables),
        "tables_relu": found["auto_mpg", "linear", "relu"],
        "tables_functions": len(functions) - 1,
        "tables_pairs": len(beside),
        "tables_apart": sum(not of.open for of in beside.values()),
        "tables_splits": len({row["seed"] for row in rows}),
        "tables_rates": spread({rate for name in functions for rate in rates[name]}, "g"),
        "tables_linear_rates": spread(rates["linear"], "g"),
    }
