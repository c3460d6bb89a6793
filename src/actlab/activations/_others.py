"""Functions that are neither bounded nor a kind of ReLU: the identity, shrinkage and the sine."""

from math import inf

import torch
from torch.nn import functional

from ._parts import above, finite
from ._record import Activation, entry

__all__ = []


@entry
def _identity():
    return Activation(
        name="identity",
        title="Identity",
        aliases=("linear", "none"),
        function=lambda z: z.clone(),
        slope_function=torch.ones_like,
        formula=r"z",
        slope_formula=r"1",
        range=(-inf, inf),
        attained=(False, False),
        monotone=True,
        year=1960,
        source="widrow1960",
        uses="The output of a regression network, and the shortcut of a residual block.",
        pitfalls="Linear layers with nothing else between them are one linear layer, however many.",
        elsewhere={
            "torch": "torch.nn.Identity()(z)",
            "keras": "keras.activations.linear(z)",
            "jax": "jax.nn.identity(z)",
            "onnx": "Identity(z)  # opset 1",
        },
        differs="",
        torch_function=torch.nn.Identity(),
    )


@entry
def _hardshrink(threshold=0.5):
    if threshold <= 0:
        raise ValueError(f"hardshrink: threshold must be positive, got {threshold:g}")
    return Activation(
        name="hardshrink",
        title="Hard shrink",
        aliases=("hard_shrink", "hard thresholding"),
        function=lambda z: torch.where(z.abs() <= threshold, 0.0, z),
        slope_function=lambda z: above(z.abs() - threshold),
        formula=r"z \text{ if } |z| > \lambda, \text{ else } 0",
        slope_formula=r"1 \text{ if } |z| > \lambda, \text{ else } 0",
        range=(-inf, inf),
        attained=(False, False),
        kinks=(-threshold, threshold),
        monotone=True,
        year=1994,
        source="donoho1994",
        uses="Keeps large coefficients as they are and drops small ones: denoising, iterative hard thresholding.",
        pitfalls="It jumps at both kinks, and between them passes neither a value nor a gradient.",
        elsewhere={
            "torch": f"torch.nn.functional.hardshrink(z, lambd={threshold!r})",
            "keras": f"keras.activations.hard_shrink(z, threshold={threshold!r})",
            "onnx": f"Shrink(z, lambd={threshold!r})  # opset 9",
        },
        ends={"threshold": (0.05, 2.0)},
        differs="",
        torch_function=lambda z: functional.hardshrink(z, threshold),
    )


@entry
def _softshrink(threshold=0.5):
    if threshold <= 0:
        raise ValueError(f"softshrink: threshold must be positive, got {threshold:g}")
    return Activation(
        name="softshrink",
        title="Soft shrink",
        aliases=("soft_shrink", "soft thresholding"),
        function=lambda z: z - z.clamp(-threshold, threshold),
        slope_function=lambda z: above(z.abs() - threshold),
        formula=r"\operatorname{sign}(z)\,\max(0, |z| - \lambda)",
        slope_formula=r"1 \text{ if } |z| > \lambda, \text{ else } 0",
        range=(-inf, inf),
        attained=(False, False),
        kinks=(-threshold, threshold),
        monotone=True,
        year=1994,
        source="donoho1994",
        uses="The proximal step of the L1 penalty: a step of ISTA is a linear layer followed by this.",
        pitfalls="Whatever passes comes out smaller by the threshold; between the kinks the gradient is 0.",
        elsewhere={
            "torch": f"torch.nn.functional.softshrink(z, lambd={threshold!r})",
            "keras": f"keras.activations.soft_shrink(z, threshold={threshold!r})",
            "onnx": f"Shrink(z, lambd={threshold!r}, bias={threshold!r})  # opset 9",
        },
        ends={"threshold": (0.05, 2.0)},
        differs="ONNX's Shrink is the hard one by default: its bias is 0 unless it is set to lambd.",
        torch_function=lambda z: functional.softshrink(z, threshold),
    )


@entry
def _tanhshrink():
    return Activation(
        name="tanhshrink",
        title="Tanhshrink",
        aliases=("tanh_shrink",),
        function=_tanhshrink_value,
        slope_function=lambda z: torch.tanh(z) ** 2,
        formula=r"z - \tanh z",
        slope_formula=r"\tanh^2 z",
        range=(-inf, inf),
        attained=(False, False),
        monotone=True,
        year=2011,
        source="collobert2011",
        uses="A smooth relative of soft shrinkage: near 0 it is z**3 / 3, far out it is z - 1 or z + 1.",
        pitfalls="Typed as z - tanh(z) it loses its digits near 0: at z = 1e-8 it gives 0, and the truth is 3.3e-25.",
        elsewhere={
            "torch": "torch.nn.functional.tanhshrink(z)",
            "keras": "keras.activations.tanh_shrink(z)",
        },
        differs="",
        torch_function=functional.tanhshrink,
    )


def _tanhshrink_value(z):
    # tanh z = z / (1 + r) with r = z**2 / (3 + z**2 / (5 + ...)), so z - tanh z = z r / (1 + r): nothing cancels
    small = z.clamp(-1, 1)
    r = torch.zeros_like(z)
    for odd in range(19, 1, -2):
        r = small**2 / (odd + r)
    return torch.where(z.abs() < 1, z * r / (1 + r), z - torch.tanh(z))


@entry
def _sine():
    return Activation(
        name="sine",
        title="Sine",
        aliases=("sin", "SIREN"),
        function=torch.sin,
        slope_function=torch.cos,
        formula=r"\sin z",
        slope_formula=r"\cos z",
        range=(-1.0, 1.0),
        attained=(True, True),
        monotone=False,
        year=2016,
        source="parascandolo2016",
        uses="Networks that stand for one image, sound or field, from coordinates to values, since SIREN (2020).",
        pitfalls="Inputs 2 pi apart give one output: weights that are too large fold the data onto itself.",
        elsewhere={
            "torch": "torch.sin(z)",
            "keras": "keras.ops.sin(z)",
            "jax": "jax.numpy.sin(z)",
            "onnx": "Sin(z)  # opset 7",
        },
        differs="The layers of SIREN take the sine of 30 z, with weights drawn for that.",
        torch_function=torch.sin,
    )


@entry
def _snake(a=1.0):
    if a == 0:
        raise ValueError("snake: a must not be 0, it is divided by")
    return Activation(
        name="snake",
        title="Snake",
        aliases=("Snake_a", "x + sin²(x)"),
        function=lambda z: _snake_value(z, a),
        slope_function=lambda z: _snake_slope(z, a),
        formula=r"z + \frac{1}{a} \sin^2(a z)",
        slope_formula=r"1 + \sin(2 a z)",
        range=(-inf, inf),
        attained=(False, False),
        monotone=True,
        year=2020,
        source="ziyin2020",
        uses="Data with a period that has to go on outside the training range; generators of sound.",
        pitfalls="The slope swings from 0 to 2 and back once every pi / a: with a large a, many times over the data.",
        elsewhere={},
        ends={"a": (0.1, 4.0)},
        differs="a = 1 is x + sin²(x), where the paper begins; it then sets a for the task, or learns it.",
        learnable_function=_snake_value,
    )


def _snake_inner(z, a):
    return finite(a * finite(z))  # the sine of infinity is nan


def _snake_slope(z, a):
    inner = _snake_inner(z, a) + 0 * z  # it swings on for ever: at infinity there is no limit, and this is nan
    return (torch.sin(inner) + torch.cos(inner)) ** 2


def _snake_value(z, a):
    return z + torch.sin(_snake_inner(z, a)) ** 2 / a
