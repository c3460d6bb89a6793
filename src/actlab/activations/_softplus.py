"""Smooth relatives of ReLU that rise everywhere: softplus, its mirror image and its stand-ins."""

import math
from math import inf

import torch
from torch.nn import functional

from ._parts import finite, negative, softplus_value
from ._record import Activation, entry

__all__ = []


@entry
def _logsigmoid():
    return Activation(
        name="logsigmoid",
        title="Log-sigmoid",
        aliases=("log_sigmoid", "log-logistic"),
        function=lambda z: -softplus_value(-z),
        slope_function=lambda z: torch.sigmoid(-z),
        formula=r"-\log\left(1 + e^{-z}\right)",
        slope_formula=r"\sigma(-z)",
        range=(-inf, 0.0),
        attained=(False, False),
        monotone=True,
        year=1958,
        source="cox1958",
        uses="The log-likelihood of a binary label, given its logit: logistic regression, negative sampling.",
        pitfalls="Typed as the log of a sigmoid it is -inf in float32 at z = -104, where the truth is -104.",
        elsewhere={
            "torch": "torch.nn.functional.logsigmoid(z)",
            "keras": "keras.activations.log_sigmoid(z)",
            "jax": "jax.nn.log_sigmoid(z)",
        },
        differs="",
        torch_function=functional.logsigmoid,
    )


@entry
def _softplus(beta=1.0):
    if beta <= 0:
        raise ValueError(f"softplus: beta must be positive, got {beta:g}")
    elsewhere, inside, before = {"torch": f"torch.nn.functional.softplus(z, beta={beta!r})"}, "z", ""
    if beta == 1:
        others = {"keras": "keras.activations.softplus(z)", "jax": "jax.nn.softplus(z)"}
        elsewhere |= {**others, "onnx": "Softplus(z)  # opset 1"}
    else:
        inside, before = f"{beta:g} z", rf"\frac{{1}}{{{beta:g}}}"
    return Activation(
        name="softplus",
        title="Softplus",
        aliases=("smooth ReLU", "log1pexp"),
        function=softplus_value if beta == 1 else lambda z: _softplus_value(z, beta),
        slope_function=torch.sigmoid if beta == 1 else lambda z: torch.sigmoid(beta * z),
        formula=rf"{before}\log\left(1 + e^{{{inside}}}\right)",
        slope_formula=rf"\sigma({inside})",
        range=(0.0, inf),
        attained=(False, False),
        monotone=True,
        year=2000,
        source="dugas2000",
        uses="Outputs that must be positive: variances, rates, scales.",
        pitfalls="Typed as log(1 + exp(z)) it is inf in float32 from z = 89 on; and it is 0.69, not 0, at z = 0.",
        elsewhere=elsewhere,
        ends={"beta": (0.1, 10.0)},
        differs="torch returns z above its threshold of 20, 1.25e-9 too small at z = 20.5; others have no beta.",
        torch_function=lambda z: functional.softplus(z, beta),
    )


def _softplus_value(z, beta):
    line = 100 / beta  # from here on the value is z itself, and beta z may be inf where z is not
    return softplus_value(beta * z.clamp(max=line)) / beta + torch.relu(z - line)


@entry
def _sparse_plus():
    return Activation(
        name="sparse_plus",
        title="Sparse plus",
        aliases=("sparseplus",),
        function=lambda z: torch.where(z < 1, ((z.clamp(-1, 1) + 1) / 2) ** 2, z),
        slope_function=lambda z: (functional.hardtanh(z) + 1) / 2,  # its own slope is 0 at -1 and 1 in every torch
        formula=r"0 \text{ if } z \le -1, \quad \frac{(z + 1)^2}{4} \text{ if } |z| < 1, \text{ else } z",
        slope_formula=r"\min\left(1, \max\left(0, \frac{z + 1}{2}\right)\right)",
        range=(0.0, inf),
        attained=(True, False),
        monotone=True,
        year=2019,
        source="blondel2020",
        uses="A softplus that is exactly 0 below -1 and exactly z above 1, as sparsemax is to softmax.",
        pitfalls="Below -1 it has ReLU's trouble: no gradient.",
        elsewhere={"keras": "keras.activations.sparse_plus(z)", "jax": "jax.nn.sparse_plus(z)"},
        differs="",
    )


@entry
def _squareplus(b=4.0):
    if b <= 0:
        raise ValueError(f"squareplus: b must be positive, got {b:g}")
    return Activation(
        name="squareplus",
        title="Squareplus",
        aliases=("algebraic softplus",),
        function=lambda z: _squareplus_value(z, b),
        slope_function=lambda z: _squareplus_value(finite(z), b) / _squareplus_root(finite(z), b),
        formula=r"\frac{z + \sqrt{z^2 + b}}{2}",
        slope_formula=r"\frac{1}{2}\left(1 + \frac{z}{\sqrt{z^2 + b}}\right)",
        range=(0.0, inf),
        attained=(False, False),
        monotone=True,
        year=2021,
        source="barron2021",
        uses="A softplus of one square root, without exp and log.",
        pitfalls="The left tail falls like b / (4 |z|): at z = -10 it is 0.099, where softplus is 0.000045.",
        elsewhere={
            "keras": f"keras.activations.squareplus(z, b={b!r})",
            "jax": f"jax.nn.squareplus(z, b={b!r})",
        },
        ends={"b": (0.05, 16.0)},
        differs="",
    )


def _squareplus_root(z, b):
    return torch.hypot(z, torch.full_like(z, math.sqrt(b)))  # z**2 would be inf for 1e200


def _squareplus_value(z, b):
    # the root minus z, in the denominator, where z and the root would cancel
    half = _squareplus_root(z, b) / 2
    return torch.where(z > 0, half + z / 2, b / 4 / (half - negative(z) / 2))
