"""The sizes of first weights: residual branches, the last layer, one number for all widths; rates and the width."""

import math
from typing import Any

from ... import results, theory
from .._compare import Difference, by, power, where
from .cited import ONE_SIZE

__all__ = ["found"]

BLOCKS, CLASSES, HEAD = 24, 1000, 64
NARROW, WIDE = 768, 4096


def found() -> dict[str, Any]:
    plain = math.log10(2) * BLOCKS  # each of two branches a block doubles the mean square
    relu = 49 * math.log10(_skip_growth())
    return {
        "blocks": BLOCKS,
        "branches": 2 * BLOCKS,
        "skips_plain": power(plain),
        "powers_skips_plain": plain,
        "skips_scaled": (1 + 1 / (2 * BLOCKS)) ** BLOCKS,
        "skip_relu": power(relu),
        "powers_skip_relu": relu,
        "classes": CLASSES,
        "first_loss": math.log(CLASSES),
        "narrow": NARROW,
        "wide": WIDE,
        "gain_narrow": ONE_SIZE * math.sqrt(NARROW),
        "gain_wide": ONE_SIZE * math.sqrt(WIDE),
        "gain_torch": 1 / math.sqrt(3),
        "head": HEAD,
        "qk_bound": math.sqrt(HEAD),  # of q k / sqrt(d), where q and k have mean square 1 over d numbers
    } | _width()


def _width():
    """Training losses of the widest network at the rate that suits the narrowest, and at its own."""
    runs, tuning = (results.load("width_rates", table) for table in ("runs", "tuning"))
    narrow, wide = (pick(row["width"] for row in runs) for pick in (min, max))

    def chosen(arm, width):
        tried = where(tuning, arm=arm, width=width)
        losses = {row["power"]: 0.0 for row in tried}
        for row in tried:
            losses[row["power"]] += row["train_loss"]
        return min(losses, key=losses.get)

    def loss(arm, chosen_power):
        return by("seed", runs, "train_loss", arm=arm, width=wide, power=chosen_power)

    borrowed = chosen("standard", narrow)  # the narrowest network is the same in muP
    own = {arm: loss(arm, chosen(arm, wide)) for arm in ("standard", "muP")}
    return {
        "width_narrow": narrow,
        "width_wide": wide,
        "width_seeds": len(own["muP"]),
        "width_lost_standard": Difference.of(loss("standard", borrowed), own["standard"]),
        "width_lost_mup": Difference.of(loss("muP", borrowed), own["muP"]),
        "width_own": Difference.of(own["muP"], own["standard"]),
    }


def _skip_growth():
    """By what a + relu(W a) at gain 1 multiplies the rms of a, where its mean over its rms has come to rest."""
    moments = theory.moments("relu")
    ratio = growth = 0.0
    for _ in range(200):
        growth = math.sqrt(1 + moments.second + 2 * moments.mean * ratio)
        ratio = (ratio + moments.mean) / growth
    return growth
