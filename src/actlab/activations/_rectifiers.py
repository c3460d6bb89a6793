"""ReLU and what differs from it on the negative side, or above."""

import math
from math import inf

import torch
from torch.nn import functional

from ._parts import above, negative, reach, times
from ._record import Activation, entry

__all__ = []


@entry
def _relu():
    return Activation(
        name="relu",
        title="ReLU",
        aliases=("rectifier", "rectified linear unit", "ramp", "positive part"),
        function=torch.relu,
        slope_function=above,
        formula=r"\max(0, z)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } 0",
        range=(0.0, inf),
        attained=(True, False),
        kinks=(0.0,),
        monotone=True,
        year=1969,
        source="fukushima1969",
        uses="The usual hidden unit of convolutional networks; half of its outputs are exactly 0 for a symmetric z.",
        pitfalls="A unit whose z is negative for every example gets no gradient and stays silent.",
        elsewhere={
            "torch": "torch.relu(z)",
            "keras": "keras.activations.relu(z)",
            "jax": "jax.nn.relu(z)",
            "onnx": "Relu(z)  # opset 1",
        },
        differs="",
        torch_function=torch.relu,
    )


@entry
def _relu6():
    return Activation(
        name="relu6",
        title="ReLU6",
        aliases=("capped ReLU", "clipped ReLU"),
        function=lambda z: z.clamp(0, 6),
        slope_function=lambda z: above(torch.minimum(z, 6 - z)),
        formula=r"\min(6, \max(0, z))",
        slope_formula=r"1 \text{ if } 0 < z < 6, \text{ else } 0",
        range=(0.0, 6.0),
        attained=(True, True),
        kinks=(0.0, 6.0),
        monotone=True,
        year=2010,
        source="krizhevsky2010",
        uses="MobileNets: a known bound lets eight-bit arithmetic spend its steps on [0, 6].",
        pitfalls="The gradient is 0 above 6 as well as below 0.",
        elsewhere={
            "torch": "torch.nn.functional.relu6(z)",
            "keras": "keras.activations.relu6(z)",
            "jax": "jax.nn.relu6(z)",
            "onnx": "Clip(z, 0.0, 6.0)  # opset 11",
        },
        differs="",
        torch_function=functional.relu6,
    )


@entry
def _leaky_relu(negative_slope=0.01):
    a = negative_slope
    return Activation(
        name="leaky_relu",
        title="Leaky ReLU",
        aliases=("LReLU", "leaky rectifier"),
        function=lambda z: _leaky_value(z, a),
        slope_function=lambda z: _leaky_slope(z, a),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha z",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \alpha",
        range=(-inf if a > 0 else 0.0, inf),
        attained=(a <= 0, False),
        kinks=() if a == 1 else (0.0,),
        monotone=a >= 0,
        year=2013,
        source="maas2013",
        uses="A ReLU that is never quite silent; with slope 0.2, the discriminators of GANs.",
        pitfalls="With slope 0.01 the negative side passes a hundredth of the gradient: ten in a row, 1e-20 of it.",
        elsewhere={
            "torch": f"torch.nn.functional.leaky_relu(z, negative_slope={a!r})",
            "keras": f"keras.activations.leaky_relu(z, negative_slope={a!r})",
            "jax": f"jax.nn.leaky_relu(z, negative_slope={a!r})",
            "onnx": f"LeakyRelu(z, alpha={a!r})  # opset 1",
        },
        ends={"negative_slope": (0.0, 1.0)},
        differs="The slope is 0.01 by default in torch, JAX and ONNX; in Keras 0.2, and 0.3 in its layer LeakyReLU.",
        torch_function=lambda z: functional.leaky_relu(z, a),
    )


def _leaky_value(z, negative_slope):
    return torch.where(z > 0, z, times(negative_slope, z))


def _leaky_slope(z, negative_slope):
    return torch.where(z <= 0, negative_slope, above(z))


@entry
def _apl(a=(-0.2, 0.4), b=(0.3, -0.7)):
    if len(a) != len(b):
        raise ValueError(f"apl: a and b must have equally many numbers, got {len(a)} and {len(b)}")
    hinges = [(a_s, b_s) for a_s, b_s in zip(a, b, strict=True) if a_s]
    kinks = tuple(sorted({0.0, *(b_s for _, b_s in hinges)}))
    at_kinks = [math.fsum([max(k, 0.0), *(a_s * max(b_s - k, 0.0) for a_s, b_s in hinges)]) for k in kinks]
    far_left = -math.fsum(a)
    slopes = [far_left, *(math.fsum([k >= 0, *(-a_s for a_s, b_s in hinges if b_s > k)]) for k in kinks)]
    return Activation(
        name="apl",
        title="APL",
        aliases=("adaptive piecewise linear unit",),
        function=lambda z: _apl_value(z, a, b),
        slope_function=lambda z: _apl_slope(z, a, b),
        formula=r"\max(0, z) + \sum_s a_s \max(0, b_s - z)",
        slope_formula=r"(1 \text{ if } z > 0, \text{ else } 0) - \sum_{s:\; z < b_s} a_s",
        range=(-inf if far_left > 0 else min(at_kinks), inf),
        attained=(far_left <= 0, False),
        kinks=kinks,
        monotone=min(slopes) >= 0,
        year=2014,
        source="agostinelli2015",
        uses="Learns its own shape: a ReLU plus hinges of slopes a at places b, in the paper a set for each unit.",
        pitfalls="Far to the left the slope is -sum(a): if the sum is positive, large negative z give large outputs.",
        elsewhere={},
        differs="",
        learnable_function=_apl_value,
    )


def _apl_value(z, a, b):
    # the hinges that are open add up to a line: far out their sum, term by term, would drown the b or overflow
    slope = height = torch.zeros_like(z)
    for a_s, b_s in zip(a, b, strict=True):
        open_hinge = (z < b_s).to(z.dtype)
        slope, height = slope + a_s * open_hinge, height + a_s * b_s * open_hinge
    return torch.relu(z) + height - times(slope, z)


def _apl_slope(z, a, b):
    slope = above(z)
    for a_s, b_s in zip(a, b, strict=True):
        slope = slope - a_s * (z < b_s).to(z.dtype)
    return slope


@entry
def _prelu(negative_slope=0.25):
    a = negative_slope
    return Activation(
        name="prelu",
        title="PReLU",
        aliases=("parametric ReLU",),
        function=lambda z: _leaky_value(z, a),
        slope_function=lambda z: _leaky_slope(z, a),
        formula=r"z \text{ if } z > 0, \text{ else } a z",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } a",
        range=(-inf if a > 0 else 0.0, inf),
        attained=(a <= 0, False),
        kinks=() if a == 1 else (0.0,),
        monotone=a >= 0,
        year=2015,
        source="he2015",
        uses="A leaky ReLU that learns its slope, starting at 0.25: one for a layer, or one for each channel.",
        pitfalls="Weight decay pulls the slope to 0, which is ReLU; He et al. leave it out for the slopes.",
        elsewhere={
            "torch": f"torch.nn.functional.prelu(z, torch.tensor([{a!r}]))",
            "keras": f"keras.layers.PReLU(alpha_initializer=keras.initializers.Constant({a!r}))(z)",
            "onnx": f"PRelu(z, {a!r})  # opset 1",
        },
        ends={"negative_slope": (0.0, 1.0)},
        differs="The slope starts at 0.25 in torch, with one for a layer; at 0 in Keras, with one for each input.",
        torch_function=lambda z: functional.prelu(z, z.new_full((1,), a)),
        learnable_function=_prelu_value,
    )


def _prelu_value(z, negative_slope):
    # a second backward finds nothing to do in `where`, and fails, but zeros in relu
    return torch.relu(z) + times(negative_slope, torch.where(z > 0, 0.0, z))


@entry
def _rrelu(lower=1 / 8, upper=1 / 3):
    if lower > upper:
        raise ValueError(f"rrelu: lower must not be above upper, got {lower:g} and {upper:g}")
    a = (lower + upper) / 2

    def draw(z, generator):
        # drawn on the CPU, so that a seed means the same slopes on every device
        slope = lower + (upper - lower) * torch.rand(z.shape, dtype=z.dtype, generator=generator)
        return _leaky_value(z, slope.to(z.device))

    return Activation(
        name="rrelu",
        title="RReLU",
        aliases=("randomized leaky ReLU",),
        function=lambda z: _leaky_value(z, a),
        slope_function=lambda z: _leaky_slope(z, a),
        formula=r"z \text{ if } z > 0, \text{ else } \frac{l + u}{2} z",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \frac{l + u}{2}",
        range=(-inf if a > 0 else 0.0, inf),
        attained=(a <= 0, False),
        kinks=() if a == 1 else (0.0,),
        monotone=a >= 0,
        year=2015,
        source="xu2015",
        uses="Small image sets: the negative slopes, drawn anew between l and u in training, act as noise.",
        pitfalls="A layer left in training mode gives another answer each time it is asked.",
        elsewhere={"torch": f"torch.nn.functional.rrelu(z, lower={lower!r}, upper={upper!r})"},
        ends={"lower": (0.0, 1.0), "upper": (0.0, 1.0)},
        differs="Xu et al. divide by a number from 3 to 8, in evaluation by 5.5: slope 0.18; torch's mean is 0.23.",
        torch_function=lambda z: functional.rrelu(z, lower, upper),
        training_function=draw,
    )


@entry
def _elu(alpha=1.0):
    return Activation(
        name="elu",
        title="ELU",
        aliases=("exponential linear unit",),
        function=lambda z: torch.where(z > 0, z, alpha * torch.expm1(negative(z))),
        slope_function=lambda z: torch.where(z > 0, torch.ones_like(z), alpha * torch.exp(negative(z))),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha\,(e^{z} - 1)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \alpha\,e^{z}",
        range=(min(0.0, -alpha), inf),
        attained=(alpha <= 0, False),
        kinks=() if alpha == 1 else (0.0,),
        monotone=alpha >= 0,
        year=2015,
        source="clevert2015",
        uses="Outputs with a mean nearer to 0 than ReLU's: 0.16 against 0.40 for a standard normal z.",
        pitfalls="The slope dies out on the left: 0.007 at z = -5. An alpha other than 1 makes a kink at 0.",
        elsewhere={
            "torch": f"torch.nn.functional.elu(z, alpha={alpha!r})",
            "keras": f"keras.activations.elu(z, alpha={alpha!r})",
            "jax": f"jax.nn.elu(z, alpha={alpha!r})",
            "onnx": f"Elu(z, alpha={alpha!r})  # opset 1",
        },
        ends={"alpha": (0.05, 4.0)},
        differs="",
        torch_function=lambda z: functional.elu(z, alpha),
    )


@entry
def _selu():
    scale, alpha = 1.0507009873554805, 1.6732632423543772  # chosen so that E f = 0 and E f**2 = 1 for a normal z
    return Activation(
        name="selu",
        title="SELU",
        aliases=("scaled exponential linear unit",),
        function=lambda z: torch.where(z > 0, scale * z, scale * alpha * torch.expm1(negative(z))),
        slope_function=lambda z: torch.where(
            z > 0, torch.full_like(z, scale), scale * alpha * torch.exp(negative(z))
        ),
        formula=r"\lambda z \text{ if } z > 0, \text{ else } \lambda \alpha\,(e^{z} - 1)",
        slope_formula=r"\lambda \text{ if } z > 0, \text{ else } \lambda \alpha\,e^{z}",
        range=(-scale * alpha, inf),
        attained=(False, False),
        kinks=(0.0,),
        monotone=True,
        year=2017,
        source="klambauer2017",
        uses="Deep plain networks without normalisation: a standard normal z comes out with mean 0 and variance 1.",
        pitfalls="It holds for weights of variance 1 / fan_in; with He's twice that, the signal grows.",
        elsewhere={
            "torch": "torch.nn.functional.selu(z)",
            "keras": "keras.activations.selu(z)",
            "jax": "jax.nn.selu(z)",
            "onnx": "Selu(z)  # opset 6",
        },
        differs="ONNX's default constants are rounded to float32, and before opset 6 were 1.6732 and 1.0507.",
        torch_function=functional.selu,
    )


@entry
def _celu(alpha=1.0):
    if alpha <= 0:
        raise ValueError(f"celu: alpha must be positive, got {alpha:g}")
    return Activation(
        name="celu",
        title="CELU",
        aliases=("continuously differentiable ELU",),
        function=lambda z: torch.where(z > 0, z, alpha * torch.expm1(negative(z) / alpha)),
        slope_function=lambda z: torch.exp(negative(z) / alpha),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha\,(e^{z / \alpha} - 1)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } e^{z / \alpha}",
        range=(-alpha, inf),
        attained=(False, False),
        monotone=True,
        year=2017,
        source="barron2017",
        uses="An ELU without a kink for every alpha, from ReLU (alpha to 0) to the identity (alpha to infinity).",
        pitfalls="It is ELU for alpha = 1 only: any other alpha changes how fast it bends, not just how far it goes.",
        elsewhere={
            "torch": f"torch.nn.functional.celu(z, alpha={alpha!r})",
            "keras": f"keras.activations.celu(z, alpha={alpha!r})",
            "jax": f"jax.nn.celu(z, alpha={alpha!r})",
            "onnx": f"Celu(z, alpha={alpha!r})  # opset 12",
        },
        ends={"alpha": (0.05, 4.0)},
        differs="For alpha other than 1, torch's gradient takes 1 / alpha as a float32 number, in float64 too.",
        torch_function=lambda z: functional.celu(z, alpha),
    )


@entry
def _relu_squared():
    return Activation(
        name="relu_squared",
        title="Squared ReLU",
        aliases=("ReLU²", "relu2", "squared_relu", "ReLU squared"),
        function=lambda z: torch.relu(z) ** 2,
        slope_function=lambda z: 2 * torch.relu(z),
        formula=r"\max(0, z)^2",
        slope_formula=r"2 \max(0, z)",
        range=(0.0, inf),
        attained=(True, False),
        monotone=True,
        year=2009,
        source="cho2009",
        uses="The feed-forward blocks of Primer (2021), found by a search over programs; before it, kernels.",
        pitfalls="It grows like z**2 and its slope like z: in float16 it is inf from z = 256 on.",
        elsewhere={},
        differs="",
    )


@entry
def _threshold(threshold=1.0):
    if threshold < 0:
        raise ValueError(f"threshold: threshold must not be negative, got {threshold:g}")
    return Activation(
        name="threshold",
        title="Thresholded ReLU",
        aliases=("TRec", "thresholded_relu", "thresholded rectifier"),
        function=lambda z: torch.where(z <= threshold, 0.0, z),
        slope_function=lambda z: above(z - threshold),
        formula=r"z \text{ if } z > \theta, \text{ else } 0",
        slope_formula=r"1 \text{ if } z > \theta, \text{ else } 0",
        range=(0.0, inf),
        attained=(True, False),
        kinks=(threshold,),
        monotone=True,
        year=2014,
        source="konda2014",
        uses="Autoencoders without biases: the threshold chooses the units, and what they pass is not made smaller.",
        pitfalls="It jumps from 0 to theta, and up to there passes neither a value nor a gradient.",
        elsewhere={
            "torch": f"torch.nn.functional.threshold(z, {threshold!r}, 0.0)",
            "keras": f"keras.activations.threshold(z, {threshold!r}, 0.0)",
            "onnx": f"ThresholdedRelu(z, alpha={threshold!r})  # opset 10",
        },
        ends={"threshold": (0.0, 2.0)},
        differs="torch and Keras ask for the threshold, and for the value below it, 0 here; ONNX's threshold is 1.",
        torch_function=lambda z: functional.threshold(z, threshold, 0.0),
    )


@entry
def _star_relu(scale=0.8944, bias=-0.4472):
    ends = sorted([bias, inf if scale > 0 else -inf if scale < 0 else bias])
    return Activation(
        name="star_relu",
        title="StarReLU",
        aliases=("Star ReLU",),
        function=lambda z: _star_value(z, scale, bias),
        slope_function=lambda z: times(2 * scale, torch.relu(z)),
        formula=r"s \max(0, z)^2 + b",
        slope_formula=r"2 s \max(0, z)",
        range=tuple(ends),
        attained=tuple(end == bias for end in ends),
        monotone=scale >= 0,
        year=2022,
        source="yu2022",
        uses="The MetaFormer baselines: a squared ReLU with mean 0 and variance 1 for a standard normal z.",
        pitfalls="It grows like z**2; and a unit whose z is negative gives b, -0.447, and passes no gradient.",
        elsewhere={},
        ends={"scale": (0.05, 2.0), "bias": (-1.0, 1.0)},
        differs="The authors' code learns s and b, one of each for a layer, and starts them at 1 and 0.",
        learnable_function=_star_value,
    )


def _star_value(z, scale, bias):
    positive = reach(scale, torch.relu(z))
    return scale * positive * positive + bias  # in this order: the square alone may be inf where this is not


@entry
def _xielu(alpha_p=0.8, alpha_n=0.8, beta=0.5):
    if beta <= 0:
        raise ValueError(f"xielu: beta, the slope at 0, must be positive, got {beta:g}")
    left, turns = beta - alpha_n, [0.0]  # the slope far to the left, and the value at 0 and wherever the slope is 0
    if left < 0:
        turns.append(left * math.log1p(-beta / alpha_n) - beta)
    if alpha_p < 0:
        turns.append(-(beta**2) / (4 * alpha_p))
    far = (-math.copysign(inf, left) if left else -alpha_n, -inf if alpha_p < 0 else inf)
    ends = min(*turns, *far), max(*turns, *far)
    return Activation(
        name="xielu",
        title="xIELU",
        aliases=("expanded integral of the ELU",),
        function=lambda z: _xielu_value(z, alpha_p, alpha_n, beta),
        slope_function=lambda z: _xielu_slope(z, alpha_p, alpha_n, beta),
        formula=r"\alpha_p z^2 + \beta z \text{ if } z > 0, \text{ else } \alpha_n (e^{z} - 1 - z) + \beta z",
        slope_formula=r"2 \alpha_p z + \beta \text{ if } z > 0, \text{ else } \alpha_n (e^{z} - 1) + \beta",
        range=ends,
        attained=tuple(end in turns for end in ends),
        monotone=min(left, alpha_p) >= 0,
        year=2024,
        source="huang2024integration",
        uses="Feed-forward blocks of the language model Apertus (2025): a squared ReLU that goes on below 0.",
        pitfalls="It grows like z**2, and below z = -0.98 it rises again to the left, in the end with slope -0.3.",
        elsewhere={},
        differs="The authors' code learns both alphas through a softplus, and from -1e-6 to 0 has e**z at -1e-6.",
        learnable_function=lambda z, alpha_p, alpha_n: _xielu_value(z, alpha_p, alpha_n, beta),
        fixed=("beta",),
    )


def _xielu_sides(z):
    return torch.relu(z), torch.where(z > 0, 0.0, z)  # one of the two is 0, and so is what is made of it


def _xielu_value(z, alpha_p, alpha_n, beta):
    right, left = _xielu_sides(z)
    return right * (times(alpha_p, right) + beta) + (alpha_n * torch.expm1(left) + times(beta - alpha_n, left))


def _xielu_slope(z, alpha_p, alpha_n, beta):
    right, left = _xielu_sides(z)
    return torch.where(z > 0, times(2 * alpha_p, right) + beta, alpha_n * torch.exp(left) + (beta - alpha_n))
