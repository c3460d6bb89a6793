"""Smooth functions z g(z), whose gate g rises from 0 to 1: GELU, SiLU and their relatives."""

import math
from math import inf

import torch
from torch.nn import functional

from ._parts import above, finite, sigmoid_slope, softplus_value, times
from ._record import Activation, entry

__all__ = []

# From here on to the left sigmoid, and the normal density, are 0 in every dtype: z may stop, as inf * 0 would be nan.
GONE = -1000.0


@entry
def _gelu():
    return Activation(
        name="gelu",
        title="GELU",
        aliases=("gelu_python", "Gaussian error linear unit", "exact GELU"),
        function=_gelu_value,
        slope_function=_gelu_slope,
        formula=r"z\,\Phi(z)",
        slope_formula=r"\Phi(z) + z\,\varphi(z)",
        range=(-0.16997120747990366, inf),
        attained=(True, False),
        monotone=False,
        year=2016,
        source="hendrycks2016",
        uses='The hidden units of most transformers before SwiGLU; "gelu" in Hugging Face\'s configurations.',
        pitfalls="With 1 + erf for the two tails of Phi, gelu(-20) is 0 in float64; the truth is -5.5e-88.",
        elsewhere={
            "torch": "torch.nn.functional.gelu(z)",
            "keras": "keras.activations.gelu(z, approximate=False)",
            "jax": "jax.nn.gelu(z, approximate=False)",
            "onnx": "Gelu(z)  # opset 20",
        },
        differs="torch, Keras and ONNX mean this form by default; jax.nn.gelu means the tanh form.",
        torch_function=functional.gelu,
    )


def _gelu_value(z):
    cdf = (z * -math.sqrt(0.5)).erfc_().div_(2)  # 1 + erf(z / sqrt 2) cancels to 0 below -6
    return cdf.mul_(z.clamp(min=GONE))


def _gelu_slope(z):
    near = z.clamp(-50, 50)  # the normal density is 0 there, and infinity times 0 would be nan
    u = near * -math.sqrt(0.5)
    return torch.addcmul(torch.erfc(u) / 2, near, torch.exp(-u * u), value=1 / math.sqrt(2 * math.pi))


@entry
def _gelu_tanh():
    return Activation(
        name="gelu_tanh",
        title="GELU, tanh form",
        aliases=(
            "gelu_new",
            "gelu_pytorch_tanh",
            "gelu_python_tanh",
            "gelu_fast",
            "gelu_accurate",
            "approximate GELU",
        ),
        function=lambda z: z.clamp(min=GONE) * torch.sigmoid(2 * _gelu_tanh_inner(z)[0]),
        slope_function=_gelu_tanh_slope,
        formula=r"\frac{z}{2}\,(1 + \tanh u),\quad u = \sqrt{2/\pi}\,(z + 0.044715\,z^3)",
        slope_formula=r"\sigma(2u) + 2z\,u'\,\sigma(2u)\,\sigma(-2u),\quad u = \sqrt{2/\pi}\,(z + 0.044715\,z^3)",
        range=(-0.17004075057125405, inf),
        attained=(True, False),
        monotone=False,
        year=2016,
        source="hendrycks2016",
        uses='The GELU of GPT-2\'s code, under the name "gelu_new"; what jax.nn.gelu does by default.',
        pitfalls="Other numbers than GELU's: the two part by up to 4.7e-4, at |z| = 2.70.",
        elsewhere={
            "torch": "torch.nn.functional.gelu(z, approximate='tanh')",
            "keras": "keras.activations.gelu(z, approximate=True)",
            "jax": "jax.nn.gelu(z, approximate=True)",
            "onnx": "Gelu(z, approximate='tanh')  # opset 20",
        },
        differs="The default of jax.nn.gelu; torch, Keras and ONNX have to be asked for it.",
        torch_function=lambda z: functional.gelu(z, approximate="tanh"),
    )


def _gelu_tanh_inner(z):
    z = z.clamp(-50, 50)  # sigmoid(2u) is 0 or 1 from |z| = 12 on; the cube of 1e200 would be inf
    c = math.sqrt(2 / math.pi)
    return c * (z + 0.044715 * z**3), c * (1 + 3 * 0.044715 * z**2)


def _gelu_tanh_slope(z):
    u, u_slope = _gelu_tanh_inner(z)
    return torch.sigmoid(2 * u) + 2 * z.clamp(-50, 50) * u_slope * sigmoid_slope(2 * u)


SILU_MINIMUM = -0.2784645427610738  # minus Lambert's W of 1/e


@entry
def _silu():
    return Activation(
        name="silu",
        title="SiLU",
        aliases=("SiL", "Swish-1", "sigmoid linear unit"),
        function=lambda z: functional.silu(z.clamp(min=GONE), inplace=True),
        slope_function=_silu_slope,
        formula=r"z\,\sigma(z)",
        slope_formula=r"\sigma(z)\,\bigl(1 + z\,\sigma(-z)\bigr)",
        range=(SILU_MINIMUM, inf),
        attained=(True, False),
        monotone=False,
        year=2016,
        source="hendrycks2016",
        uses="EfficientNet, and the gate of SwiGLU in LLaMA.",
        pitfalls="It falls until z = -1.278 and rises from there: two inputs for each value from -0.278 to 0.",
        elsewhere={
            "torch": "torch.nn.functional.silu(z)",
            "keras": "keras.activations.silu(z)",
            "jax": "jax.nn.silu(z)",
            "onnx": "Swish(z)  # opset 24",
        },
        differs="Keras and JAX have it under the name swish as well; ONNX has only that name.",
        torch_function=functional.silu,
    )


def _silu_slope(z):
    s = torch.sigmoid(z)
    return torch.addcmul(s, z.clamp(GONE, -GONE) * s, torch.sigmoid(-z))


@entry
def _swish(beta=1.702):
    turn = SILU_MINIMUM / beta if beta else 0.0  # the value where it turns
    return Activation(
        name="swish",
        title="Swish",
        aliases=("quick_gelu", "quick GELU", "sigmoid GELU"),
        function=lambda z: _swish_value(z, beta),
        slope_function=lambda z: _swish_slope(z, beta),
        formula=r"z\,\sigma(\beta z)",
        slope_formula=r"\sigma(\beta z)\,\bigl(1 + \beta z\,\sigma(-\beta z)\bigr)",
        range=(turn if beta > 0 else -inf, turn if beta < 0 else inf),
        attained=(beta > 0, beta < 0),
        monotone=beta == 0,
        year=2017,
        source="ramachandran2017",
        uses="With beta = 1.702, from the GELU paper, CLIP's GELU, at most 0.021 off; this source learns beta.",
        pitfalls="swish(z) = silu(beta z) / beta: a learned beta repeats what the weights before and after can do.",
        elsewhere={"onnx": f"Swish(z, alpha={beta!r})  # opset 24"},
        ends={"beta": (0.0, 10.0)},
        differs="What Keras and JAX call swish has beta = 1, which is SiLU; ONNX's alpha is 1 by default.",
        learnable_function=_swish_value,
    )


def _swish_value(z, beta):
    u = _swish_inner(z, beta)
    return torch.where(u > GONE, z, 0.0) * torch.sigmoid(u)


def _swish_inner(z, beta):
    return (beta * finite(z)).clamp(GONE, -GONE)  # infinity would make nan of a product with 0


def _swish_slope(z, beta):
    u = _swish_inner(z, beta)
    return torch.sigmoid(u) * (1 + u * torch.sigmoid(-u))


@entry
def _mish():
    return Activation(
        name="mish",
        title="Mish",
        aliases=("self-regularized non-monotonic unit",),
        function=lambda z: functional.mish(z.clamp(min=GONE), inplace=True),
        slope_function=_mish_slope,
        formula=r"z\,\tanh\left(\log(1 + e^{z})\right)",
        slope_formula=r"t + z\,\sigma(z)\,(1 - t^2),\quad t = \tanh\left(\log(1 + e^{z})\right)",
        range=(-0.3088434130172504, inf),
        attained=(True, False),
        monotone=False,
        year=2019,
        source="misra2019",
        uses="The backbone of YOLOv4.",
        pitfalls="It falls until z = -1.192 and rises from there: two inputs for each value from -0.309 to 0.",
        elsewhere={
            "torch": "torch.nn.functional.mish(z)",
            "keras": "keras.activations.mish(z)",
            "jax": "jax.nn.mish(z)",
            "onnx": "Mish(z)  # opset 18",
        },
        differs="",
        torch_function=functional.mish,
    )


def _mish_slope(z):
    t = torch.tanh(softplus_value(z))
    return t + z.clamp(GONE, 50) * torch.sigmoid(z) * (1 - t) * (1 + t)  # 1 - t is 0 from 20 on


@entry
def _hardswish():
    return Activation(
        name="hardswish",
        title="Hard swish",
        aliases=("hard_swish", "h-swish", "hswish", "hard_silu"),
        function=lambda z: z.clamp(min=-3) * ((z + 3).clamp(0, 6) / 6),
        slope_function=_hardswish_slope,
        formula=r"z\,\min\left(1, \max\left(0, \frac{z}{6} + \frac{1}{2}\right)\right)",
        slope_formula=r"0 \text{ if } z \le -3, \quad \frac{z}{3} + \frac{1}{2} \text{ if } |z| < 3, \text{ else } 1",
        range=(-0.375, inf),
        attained=(True, False),
        kinks=(-3.0, 3.0),
        monotone=False,
        year=2019,
        source="howard2019",
        uses="MobileNetV3, in place of SiLU: no exp.",
        pitfalls="The slope jumps, from 0 to -1/2 at z = -3 and from 3/2 to 1 at z = 3, and is 0 to the left.",
        elsewhere={
            "torch": "torch.nn.functional.hardswish(z)",
            "keras": "keras.activations.hard_swish(z)",
            "jax": "jax.nn.hard_swish(z)",
            "onnx": "HardSwish(z)  # opset 14",
        },
        differs="The gradient of torch's at -3 and 3 is 0 and 1 from 2.8 on; up to 2.7 it was -1/2 and 3/2.",
        torch_function=functional.hardswish,
    )


def _hardswish_slope(z):
    inside = (2 * z.clamp(-3, 3) + 3) / 6
    return torch.where(z.abs() < 3, inside, above(z))


@entry
def _xatlu(alpha=0.0):
    beyond = alpha if alpha > 0 else -1 - alpha if alpha < -1 else 0.0  # by how much the gate leaves [0, 1]
    turn = _xatlu_minimum(beyond)
    return Activation(
        name="xatlu",
        title="xATLU",
        aliases=("ATLU", "arctan linear unit", "expanded arctan linear unit"),
        function=lambda z: _xatlu_value(z, alpha),
        slope_function=lambda z: (1 + alpha) * _atlu_slope(z) - alpha * _atlu_slope(-z),
        formula=r"z\,\bigl((1 + 2\alpha)\,g(z) - \alpha\bigr),\quad g(z) = \frac{1}{2} + \frac{\arctan z}{\pi}",
        slope_formula=r"(1 + 2\alpha)\left(g(z) + \frac{z}{\pi (1 + z^2)}\right) - \alpha",
        range=(turn if alpha >= 0 else -inf, -turn if alpha <= -1 else inf),
        attained=(alpha > 0, alpha < -1),
        monotone=-1 <= alpha <= 0,
        year=2024,
        source="huang2024",
        uses="Feed-forward blocks of transformers: a gate from -alpha to 1 + alpha, with an alpha for each block.",
        pitfalls="It does not come back to 0 on the left: -0.307 at z = -3, -0.318 in the end.",
        elsewhere={},
        ends={"alpha": (-0.5, 1.0)},
        differs="alpha starts at 0, where this is the paper's ATLU; xGELU and xSiLU widen the other gates likewise.",
        learnable_function=_xatlu_value,
    )


def _xatlu_value(z, alpha):
    near = z.clamp(-1e9, 1e9)  # farther out it is a line to 18 digits, and a gate of 1 / z would run out of digits
    # g(z) and 1 - g(z), each so that it does not cancel where it is small
    gate, rest = (torch.atan2(torch.ones_like(z), side) / math.pi for side in (-near, near))
    share = alpha + (z > 0).to(z.dtype)  # alpha to the left, 1 + alpha to the right
    return near * ((1 + alpha) * gate - alpha * rest) + times(share, (z - near).abs())


def _atlu_slope(z):
    left = _atlu_tail(z.clamp(max=-2))
    right = 1 - _atlu_tail(-z.clamp(min=2))
    inside = z.clamp(-2, 2)
    middle = 0.5 + (torch.atan(inside) + inside / (1 + inside**2)) / math.pi
    return torch.where(z < -2, left, torch.where(z > 2, right, middle))


def _atlu_tail(z):
    # g and z g' cancel to order z**-3: what is left is Euler's series of atan(1 / z) without its first term
    t = 1 / z
    w = t**2 / (1 + t**2)
    rest = torch.zeros_like(z)
    for n in range(26, 0, -1):
        rest = 2 * n / (2 * n + 1) * w * (1 + rest)
    return -t / (1 + t**2) * rest / math.pi


def _xatlu_minimum(alpha):
    """The least value for alpha >= 0: where atan z + z / (1 + z**2) is what makes the slope 0, by bisection."""
    if alpha == 0:
        return -1 / math.pi  # the limit on the left
    low, high = -1.0, 0.0
    while _xatlu_bend(low) > -math.pi / 2 / (1 + 2 * alpha):
        low *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if _xatlu_bend(middle) > -math.pi / 2 / (1 + 2 * alpha) else (middle, high)
    return low * ((1 + alpha) * math.atan2(1, -low) - alpha * math.atan2(1, low)) / math.pi


def _xatlu_bend(z):
    return math.atan(z) + z / (1 + z * z)


OMEGA = 0.5671432904097838  # Lambert's W of 1


@entry
def _golu():
    return Activation(
        name="golu",
        title="GoLU",
        aliases=("Gompertz linear unit",),
        function=_golu_value,
        slope_function=_golu_slope,
        formula=r"z\,e^{-e^{-z}}",
        slope_formula=r"e^{-e^{-z}} \left(1 + z\,e^{-z}\right)",
        range=(-OMEGA * math.exp(-1 / OMEGA), inf),
        attained=(True, False),
        monotone=False,
        year=2025,
        source="das2025",
        uses="Image models, segmentation and small language models in its paper; the gate is 0.37 at 0.",
        pitfalls="As the formula stands, its slope in float32 is not a number below z = -88: exp(-z) is inf there.",
        elsewhere={},
        differs="",
    )


def _golu_value(z):
    near = z.clamp(min=-50)  # the gate is 0 there; the exp of more would be inf, and 0 times inf nan
    return near * torch.exp(-torch.exp(-near))


def _golu_slope(z):
    near = z.clamp(-50, -GONE)
    inner = torch.exp(-near)
    return torch.exp(-inner) * (1 + near * inner)
