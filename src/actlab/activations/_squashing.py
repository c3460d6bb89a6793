"""Functions with two bounds: the step, the sigmoid, tanh and their relatives."""

import torch
from torch.nn import functional

from ._parts import above, finite, sigmoid_slope, tanh_slope
from ._record import Activation, entry

__all__ = []


# ---- the entries, in order of year ----------------------------------------------------------------------------


@entry
def _step():
    # The slope is 0 on both sides of the jump; autograd, asked about `z >= 0`, finds no gradient at all.
    return Activation(
        name="step",
        title="Step",
        aliases=("Heaviside", "threshold unit", "binary step"),
        function=lambda z: 1 - above(-z),
        slope_function=torch.zeros_like,
        formula=r"1 \text{ if } z \ge 0, \text{ else } 0",
        slope_formula=r"0 \text{ for } z \ne 0",
        range=(0.0, 1.0),
        attained=(True, True),
        kinks=(0.0,),
        monotone=True,
        year=1943,
        source="mcculloch1943",
        uses="The threshold unit of McCulloch and Pitts and of the perceptron.",
        pitfalls="The slope is 0 wherever there is one: gradient descent gets no signal through it.",
        elsewhere={
            "torch": "torch.heaviside(z, torch.ones_like(z))",
            "keras": "keras.ops.heaviside(z, 1.0)",
            "jax": "jax.numpy.heaviside(z, 1.0)",
        },
        differs="The value at 0 is a convention: 1 here, an argument in the libraries; torch's has no gradient.",
    )


@entry
def _sigmoid():
    return Activation(
        name="sigmoid",
        title="Sigmoid",
        aliases=("logistic", "expit"),
        function=torch.sigmoid,
        slope_function=sigmoid_slope,
        formula=r"\frac{1}{1 + e^{-z}}",
        slope_formula=r"\sigma(z)\,\sigma(-z)",
        range=(0.0, 1.0),
        attained=(False, False),
        monotone=True,
        year=1958,
        source="cox1958",
        uses="Turns a logit into a probability; the gates of LSTM and GRU; hidden units from 1986 to about 2011.",
        pitfalls="The slope is at most 1/4: ten of them in a row multiply to less than 1e-6.",
        elsewhere={
            "torch": "torch.sigmoid(z)",
            "keras": "keras.activations.sigmoid(z)",
            "jax": "jax.nn.sigmoid(z)",
            "onnx": "Sigmoid(z)  # opset 1",
        },
        differs="",
        torch_function=torch.sigmoid,
    )


@entry
def _softsign():
    return Activation(
        name="softsign",
        title="Softsign",
        aliases=("soft_sign", "Elliott function"),
        function=lambda z: finite(z) / (1 + finite(z).abs()),
        slope_function=lambda z: (1 / (1 + z.abs())) ** 2,  # (1 + |z|)**2 would be inf where the slope is not yet 0
        formula=r"\frac{z}{1 + |z|}",
        slope_formula=r"\frac{1}{(1 + |z|)^2}",
        range=(-1.0, 1.0),
        attained=(False, False),
        monotone=True,
        year=1993,
        source="elliott1993",
        uses="A bounded unit for the price of a division; its slope falls like 1/z**2, not like tanh's exp(-2 z).",
        pitfalls="Slow to reach its bounds: 0.75 at z = 3, where tanh is 0.995.",
        elsewhere={
            "torch": "torch.nn.functional.softsign(z)",
            "keras": "keras.activations.softsign(z)",
            "jax": "jax.nn.soft_sign(z)",
            "onnx": "Softsign(z)  # opset 1",
        },
        differs="",
        torch_function=functional.softsign,
    )


@entry
def _tanh():
    return Activation(
        name="tanh",
        title="Tanh",
        aliases=("hyperbolic tangent",),
        function=torch.tanh,
        slope_function=tanh_slope,
        formula=r"\tanh z = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}}",
        slope_formula=r"\frac{1}{\cosh^2 z}",
        range=(-1.0, 1.0),
        attained=(False, False),
        monotone=True,
        year=1988,
        source="sompolinsky1988",
        uses="The state of LSTM and GRU; outputs that must stay between -1 and 1.",
        pitfalls="Computed as 1 - tanh(z)**2 the slope is exactly 0 at z = 20, where the truth is 1.7e-17.",
        elsewhere={
            "torch": "torch.tanh(z)",
            "keras": "keras.activations.tanh(z)",
            "jax": "jax.nn.tanh(z)",
            "onnx": "Tanh(z)  # opset 1",
        },
        differs="",
        torch_function=torch.tanh,
    )


@entry
def _lecun_tanh():
    return Activation(
        name="lecun_tanh",
        title="LeCun tanh",
        aliases=("scaled tanh", "stanh"),
        function=lambda z: 1.7159 * torch.tanh(z * (2 / 3)),
        slope_function=lambda z: 1.7159 * (2 / 3) * tanh_slope(z * (2 / 3)),
        formula=r"1.7159\,\tanh\left(\frac{2}{3} z\right)",
        slope_formula=r"\frac{2}{3} \cdot \frac{1.7159}{\cosh^2\left(\frac{2}{3} z\right)}",
        range=(-1.7159, 1.7159),
        attained=(False, False),
        monotone=True,
        year=1989,
        source="lecun1989",
        uses="A tanh scaled so that f(1) = 1 and f(-1) = -1 to five digits, for targets of 1 and -1.",
        pitfalls="The number 1 keeps its size, a signal does not: standard normal z come out with mean square 0.75.",
        elsewhere={},
        differs="The libraries' tanh is the plain one.",
    )


@entry
def _hardtanh(min_val=-1.0, max_val=1.0):
    if not min_val < max_val:
        raise ValueError(f"hardtanh: min_val must be below max_val, got {min_val:g} and {max_val:g}")
    elsewhere = {
        "torch": f"torch.nn.functional.hardtanh(z, {min_val!r}, {max_val!r})",
        "keras": f"keras.ops.clip(z, {min_val!r}, {max_val!r})",
        "jax": f"jax.numpy.clip(z, {min_val!r}, {max_val!r})",
        "onnx": f"Clip(z, {min_val!r}, {max_val!r})  # opset 11",
    }
    if (min_val, max_val) == (-1, 1):
        elsewhere |= {"keras": "keras.activations.hard_tanh(z)", "jax": "jax.nn.hard_tanh(z)"}
    return Activation(
        name="hardtanh",
        title="Hard tanh",
        aliases=("hard_tanh", "clip"),
        function=lambda z: z.clamp(min_val, max_val),
        slope_function=lambda z: above(torch.minimum(z - min_val, max_val - z)),
        formula=rf"\min({max_val:g}, \max({min_val:g}, z))",
        slope_formula=rf"1 \text{{ if }} {min_val:g} < z < {max_val:g}, \text{{ else }} 0",
        range=(min_val, max_val),
        attained=(True, True),
        kinks=(min_val, max_val),
        monotone=True,
        year=1988,
        source="chua1988",
        uses="A tanh made of two comparisons; in binary networks its slope stands in for that of the sign.",
        pitfalls="Outside (-1, 1) the gradient is exactly 0: a unit that every example sends there stays there.",
        elsewhere=elsewhere,
        ends={"min_val": (-4.0, -0.1), "max_val": (0.1, 4.0)},
        differs="Keras and JAX have its ends at -1 and 1 alone; with others it is their clip.",
        torch_function=lambda z: functional.hardtanh(z, min_val, max_val),
    )


@entry
def _hardsigmoid():
    return Activation(
        name="hardsigmoid",
        title="Hard sigmoid",
        aliases=("hard_sigmoid", "h-sigmoid"),
        function=lambda z: (z + 3).clamp(0, 6) / 6,
        slope_function=lambda z: above(3 - z.abs()) / 6,
        formula=r"\min\left(1, \max\left(0, \frac{z}{6} + \frac{1}{2}\right)\right)",
        slope_formula=r"\frac{1}{6} \text{ if } |z| < 3, \text{ else } 0",
        range=(0.0, 1.0),
        attained=(True, True),
        kinks=(-3.0, 3.0),
        monotone=True,
        year=2019,
        source="howard2019",
        uses="A sigmoid without exp: the gates of MobileNetV3's squeeze-and-excite blocks.",
        pitfalls="The gradient is exactly 0 from |z| = 3 on, where the sigmoid still has a slope of 0.045.",
        elsewhere={
            "torch": "torch.nn.functional.hardsigmoid(z)",
            "keras": "keras.activations.hard_sigmoid(z)",
            "jax": "jax.nn.hard_sigmoid(z)",
            "onnx": f"HardSigmoid(z, alpha={1 / 6!r}, beta=0.5)  # opset 1",
        },
        differs="The slope is 1/6 in torch, Keras 3 and JAX; 0.2 by default in ONNX; 1/2 in Courbariaux (2015).",
        torch_function=functional.hardsigmoid,
    )


@entry
def _penalized_tanh():
    return Activation(
        name="penalized_tanh",
        title="Penalized tanh",
        aliases=("leaky tanh",),
        function=lambda z: _penalize(z, torch.tanh(z)),
        slope_function=lambda z: _penalize(z, tanh_slope(z)),
        formula=r"\tanh z \text{ if } z > 0, \text{ else } \frac{1}{4} \tanh z",
        slope_formula=r"\frac{1}{\cosh^2 z} \text{ if } z > 0, \text{ else } \frac{1}{4 \cosh^2 z}",
        range=(-0.25, 1.0),
        attained=(False, False),
        kinks=(0.0,),
        monotone=True,
        year=2016,
        source="xu2016",
        uses="Tagging and classifying text: the most stable of 21 functions over eight tasks in Eger et al. (2018).",
        pitfalls="The slope jumps from 1/4 to 1 at 0, and the mean output for a standard normal z is 0.21, not 0.",
        elsewhere={},
        differs="",
    )


def _penalize(z, value):
    return torch.where(z > 0, value, value / 4)
