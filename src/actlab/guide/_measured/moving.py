"""Networks that meet task after task, and hidden outputs in a few bits."""

from typing import Any

from ... import results
from .._compare import Difference, by, where

__all__ = ["found"]

END = 3  # tasks at either end that are compared


def found() -> dict[str, Any]:
    return _tasks() | _bits()


def _tasks():
    """ReLU and a leaky one, each at the rate that was best for the first task on other seeds."""
    rows, chosen = results.load("plasticity", "runs"), results.load("plasticity", "chosen")
    out: dict[str, Any] = {}
    for name, function in (("relu", "relu"), ("leaky", "leaky_relu")):
        setting = {"function": function, "optimizer": "adam", "control": "none"}
        (rate,) = (row["value"] for row in where(chosen, **setting, by="first"))
        online = by("seed", rows, "online", **setting, rate=rate)
        first, last = ([sum(course[part]) / END for course in online] for part in (slice(END), slice(-END, None)))
        out |= {
            f"tasks_{name}": Difference.of(last, first),
            f"tasks_{name}_first": sum(first) / len(first),
            f"tasks_{name}_last": sum(last) / len(last),
        }
    dead = by("seed", rows, "dead", **setting, rate=rate)
    return out | {"tasks": len(online[0]), "tasks_leaky_dead": max(course[-1] for course in dead)}


def _bits():
    rows, bits = results.load("int8", "digits"), results.provenance("int8")["bits"]
    functions = list(dict.fromkeys(row["function"] for row in rows))

    def of(name, way="tensor"):
        return by("seed", rows, f"decibels_{way}", function=name)

    def lost(name, n, way="tensor"):
        mine = where(rows, function=name)
        return 100 * sum(row["accuracy"] - row[f"right_{way}"][bits.index(n)] for row in mine) / len(mine)

    out: dict[str, Any] = {
        f"bits_{name}": sum(of(name)) / len(of(name)) for name in ("tanh", "relu6", "relu", "gelu")
    }
    dips = {arm: where(results.load("int8", "sentences"), arm=arm) for arm in ("no dip", "its mean alone")}
    cosine = {arm: sum(row["cosine"] for row in mine) / len(mine) for arm, mine in dips.items()}
    return out | {
        "bits_seeds": len(of("relu")),
        "bits_order": sorted(functions, key=lambda name: -sum(of(name))),
        "bits_zeros": Difference.of(of("relu"), of("gelu")),
        "bits_affine": Difference.of(of("relu", "affine"), of("relu")),
        "bits_lost_8": max(lost(name, 8) for name in functions),
        "bits_functions": len(functions),
        "bits_silu_3": lost("silu", 3),
        "bits_tanh_3": lost("tanh", 3),
        "bits_silu_3_affine": lost("silu", 3, "affine"),
        "bits_tanh_3_affine": lost("tanh", 3, "affine"),
        "dip_none": cosine["no dip"],
        "dip_mean": cosine["its mean alone"],
    }
