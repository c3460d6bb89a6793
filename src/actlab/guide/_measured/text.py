"""A transformer of characters from scratch, and a pretrained one whose function is exchanged."""

import math
from typing import Any

import numpy as np

from ... import results
from .._compare import Difference, by, spread, where

__all__ = ["found"]

NEAR, FAR = ("relu", "leaky_relu", "silu"), ("tanh", "elu", "sigmoid")


def found() -> dict[str, Any]:
    return _scratch() | _swaps()


def _scratch():
    rows = [row for row in results.load("scratch_rates", "runs") if row["recipe"] == "adam-cosine"]
    (rate,) = {row["rate"] for row in rows}
    loss = {name: by("seed", rows, "test_loss", activation=name) for name in {row["activation"] for row in rows}}
    out: dict[str, Any] = {
        f"scratch_{name}_gelu": Difference.of(loss[name], loss["gelu"])
        for name in ("geglu", "swiglu", "relu_squared", "relu", "silu", "identity")
    }
    return out | {
        "scratch_geglu_swiglu": Difference.of(loss["geglu"], loss["swiglu"]),
        "scratch_gelu": np.mean(loss["gelu"]),
        "scratch_seeds": len(loss["gelu"]),
        "scratch_rate": rate,
    }


def _beyond_a_constant(majority, n):
    """The accuracy that is two standard errors above the constant answer's."""
    return majority + 2 * math.sqrt(majority * (1 - majority) / n)


def _swaps():
    swaps = results.load("transformers", "swaps")
    plain = {"trained": "all", "rate": 5e-5, "warmup": 0, "updates": 64}

    def right(name, start="pretrained", **other):
        return 100 * np.array(by("seed", swaps, "accuracy", activation=name, start=start, **plain | other))

    gelu, fresh = right("gelu"), right("gelu", "fresh")
    out: dict[str, Any] = {f"swap_{name}": Difference.of(right(name), gelu) for name in (*NEAR, *FAR)}
    for name in FAR:
        out[f"fresh_{name}"] = Difference.of(right(name, "fresh"), fresh)
    parts = results.load("swap_parts", "runs")  # further seeds of the same runs, and of other repairs

    def of_all_draws(start, part):
        """The accuracy of the three in the mean, by draw."""
        mine = [*where(swaps, start=start, **plain), *where(parts, part=part)]
        return np.mean([by("seed", mine, "accuracy", activation=name) for name in FAR], axis=0)

    # the three together: one by one, with a correction, only some gains are sure
    fitted, plainly = of_all_draws("calibrated", "both"), of_all_draws("pretrained", "none")
    out["fitted_far"], out["fitted_draws"] = Difference.of(100 * fitted, 100 * plainly), len(fitted)
    units = [row for row in parts if row["part"] == "units" and row["activation"] in FAR]
    sure = [row["accuracy"] > _beyond_a_constant(row["majority"], swaps[0]["n"]) for row in units]
    out |= {"units_runs": len(sure), "units_learned": sum(sure)}
    far = [right(name).mean() for name in FAR]
    rates = sorted({row["rate"] for row in where(swaps, start="pretrained", warmup=6)})
    return out | {
        "swap_gelu": gelu.mean(),
        "swap_seeds": len(gelu),
        "swap_sentences": where(swaps, activation="gelu")[0]["n"],
        "swap_near": spread([right(name).mean() for name in NEAR], ".0f"),
        "swap_near_shown": math.ceil(max(out[f"swap_{name}"].half for name in NEAR)),
        "swap_far": spread(far, ".0f"),
        "swap_far_most": max(far),
        "swap_fitted": spread([right(name, "calibrated").mean() for name in FAR], ".0f"),
        "swap_fresh": spread([right(name, "fresh").mean() for name in ("tanh", "elu")], ".0f"),
        "swap_longer": spread([right(name, updates=256).mean() for name in FAR], ".0f"),
        "swap_gelu_longer": right("gelu", updates=256).mean(),
        "swap_rates": spread(rates, "g"),
        "swap_rate_best": max(right(name, rate=rate, warmup=6).mean() for name in FAR for rate in rates),
    }
