"""The sizes of first weights, by arithmetic: residual branches, the last layer, one number for all widths."""

import math
from typing import Any

from ... import theory
from .._compare import power
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
    }


def _skip_growth():
    """By what a + relu(W a) at gain 1 multiplies the rms of a, where its mean over its rms has come to rest."""
    moments = theory.moments("relu")
    ratio = growth = 0.0
    for _ in range(200):
        growth = math.sqrt(1 + moments.second + 2 * moments.mean * ratio)
        ratio = (ratio + moments.mean) / growth
    return growth
