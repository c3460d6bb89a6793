"""Networks that meet task after task, and hidden outputs in eight bits."""

from typing import Any

from ... import results
from .._compare import Difference, by, where

__all__ = ["found"]

LAST = 3  # tasks at either end that are compared


def found() -> dict[str, Any]:
    return _tasks() | _bits()


def _tasks():
    """Each function at the rate that was best for the first task on other seeds: online accuracy at either end."""
    rows, chosen = results.load("plasticity", "runs"), results.load("plasticity", "chosen")
    out: dict[str, Any] = {}
    for name, function in (("relu", "relu"), ("leaky", "leaky_relu"), ("identity", "identity"), ("crelu", "crelu")):
        setting = {"function": function, "optimizer": "adam", "control": "none"}
        (rate,) = (row["value"] for row in where(chosen, **setting, by="first"))
        online = by("seed", rows, "online", **setting, rate=rate)
        first, last = ([sum(of) / LAST for of in ends] for ends in zip(*map(_ends, online), strict=True))
        out |= {f"tasks_{name}": Difference.of(last, first), f"tasks_{name}_first": sum(first) / len(first)}
        out[f"tasks_{name}_last"] = sum(last) / len(last)
        if name == "leaky":
            out["tasks_leaky_dead"] = max(
                100 * course[-1] for course in by("seed", rows, "dead", **setting, rate=rate)
            )
    return out | {"tasks": len(online[0]), "tasks_seeds": len(online)}


def _ends(course):
    return course[:LAST], course[-LAST:]


def _bits():
    rows = results.load("int8", "digits")
    functions = list(dict.fromkeys(row["function"] for row in rows))

    def of(name, column):
        return by("seed", rows, column, function=name)

    out: dict[str, Any] = {"bits_seeds": len(of("relu", "accuracy"))}
    for name in ("tanh", "relu6", "relu", "gelu"):
        values = of(name, "decibels_tensor")
        out[f"bits_{name}"] = sum(values) / len(values)
    out["bits_zeros"] = Difference.of(of("relu", "decibels_tensor"), of("gelu", "decibels_tensor"))
    out["bits_affine"] = Difference.of(of("relu", "decibels_affine"), of("relu", "decibels_tensor"))
    out["bits_order"] = sorted(functions, key=lambda name: -sum(of(name, "decibels_tensor")))
    at = {n: i for i, n in enumerate(results.provenance("int8")["bits"])}
    for n in (8, 3):
        lost = {
            name: 100 * sum(a - b[at[n]] for a, b in zip(of(name, "accuracy"), of(name, "right_tensor"), strict=True))
            / out["bits_seeds"]
            for name in functions
        }  # fmt: skip
        out[f"bits_lost_{n}"], out[f"bits_silu_{n}"], out[f"bits_tanh_{n}"] = (
            max(lost.values()),
            lost["silu"],
            lost["tanh"],
        )
    cosine = {arm: where(results.load("int8", "sentences"), arm=arm) for arm in ("no dip", "its mean alone")}
    means = {arm: sum(row["cosine"] for row in mine) / len(mine) for arm, mine in cosine.items()}
    return out | {"dip_none": means["no dip"], "dip_mean": means["its mean alone"]}
