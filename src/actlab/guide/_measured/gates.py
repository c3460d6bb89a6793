"""Gated blocks beside plain ones at equal parameters, and what functions cost."""

from typing import Any

import numpy as np

from ... import results
from .._compare import Factor, by, spread, where

__all__ = ["found"]


def found() -> dict[str, Any]:
    return _tasks() | _costs()


def _tasks():
    """Each function at the rate with the least median error over starts 0 to 4; the other starts are reported."""
    rows = results.load("gate_tasks")
    chosen, reported = ([row for row in rows if (row["start"] < 5) == early] for early in (True, False))
    ladder = sorted({row["rate"] for row in rows})
    out: dict[str, Any] = {}
    for task in ("products", "waves", "corners"):
        loss = {}
        for name in dict.fromkeys(row["function"] for row in rows):
            mine = where(chosen, task=task, function=name)
            rate = min(
                ladder, key=lambda rate, mine=mine: np.median([x["test_loss"] for x in where(mine, rate=rate)])
            )
            # bilinear's best is the least: it may do better still, and no sentence turns on that
            assert ladder[0] < rate < ladder[-1] or name == "bilinear", "the best rate stands at the end of its grid"
            loss[name] = by("start", reported, "test_loss", task=task, function=name, rate=rate)
        for gate, plain in (("swiglu", "silu"), ("geglu", "gelu")):
            out[f"gate_{task}_{gate}"] = Factor.of(loss[gate], loss[plain])
        order = sorted(loss, key=lambda name, loss=loss: np.median(loss[name]))
        out[f"gate_{task}_first"] = order[0]
        out[f"gate_{task}_ahead"] = all(Factor.of(loss[order[0]], loss[name]).below for name in order[1:])
    return out | {"gate_starts": len(loss["glu"]), "gate_rates": len(ladder)}


def _costs():
    rows = where(results.load("activation_cost"), form="torch")
    out: dict[str, Any] = {}
    for row in rows:
        out |= {f"layer_{row['activation']}": row["layer_ratio"], f"alone_{row['activation']}": row["both_ratio"]}
    made = results.provenance("activation_cost")
    out |= {"cost_rounds": made["rounds"], "cost_width": made["sizes"]["width"]}
    # one layer of PyTorch's own functions, dearest first
    out["dearest"] = [row["activation"] for row in sorted(rows, key=lambda row: -row["layer_ratio"])[:2]]
    times = {
        row["activation"]: row["value"]
        for row in where(results.load("published"), source="park2024", task="CoLA", quantity="total_time")
    }
    plain = [times[name] for name in ("relu", "leaky_relu", "gelu", "tanh", "sigmoid", "swish", "elu")]
    steps = [100 * (times[name] / min(plain) - 1) for name in ("relu_squared", "penalized_tanh")]
    return out | {
        "bert_apart": 100 * (max(plain) / min(plain) - 1),
        "bert_functions": len(plain),
        "bert_steps": spread(steps, ".0f"),
        "bert_steps_least": min(steps),
    }
