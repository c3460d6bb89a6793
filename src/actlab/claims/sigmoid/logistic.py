"""Claims about the sigmoid: its shape, its gradients, and the output layer."""

import math

import torch

from ... import activations, data, networks, theory, train
from .. import CONDITIONS, IMPRECISE, STORED, TRUE, Evidence, claim
from .._measure import GAINS, gradient_left, median_by_draw, powers

CHAPTER, BELOW = "chapters/02_step_to_sigmoid", "chapters/deeper"


@claim(
    "The sigmoid is 1 / (1 + exp(-z)): smooth, rising, between 0 and 1 and so not centred, with a slope between 0 "
    "and 1/4",
    verdict=TRUE,
    activations=("sigmoid",),
    where=f"{CHAPTER}#fig-sigmoid-slope",
)
def the_sigmoid_its_range_and_slope():
    sigmoid = activations.get("sigmoid")
    z = torch.arange(-3000, 3001, dtype=torch.float64) / 100  # up to 30; from about 37 on the value rounds to 1
    value, slope, h = sigmoid(z), sigmoid.slope(z), 1e-5
    quotient = (sigmoid(z + h) - sigmoid(z - h)) / (2 * h)
    mean = theory.moments("sigmoid").mean
    return Evidence(
        f"from -30 to 30 the values rise from {value.min():.0e} to 1 - {1 - value.max():.0e} and the slopes stay "
        f"between {slope.min():.0e} and {slope.max():.2f}, which is that at {abs(z[slope.argmax()]):.0f}; mean under "
        f"N(0, 1) {mean:.3f}",
        expected="values strictly between 0 and 1, slopes above 0 and at most 1/4",
        cases={
            "the formula": torch.allclose(value, 1 / (1 + torch.exp(-z)), rtol=1e-12, atol=0),
            "values strictly between 0 and 1": bool((value > 0).all() and (value < 1).all()),
            "rising": bool((value.diff() > 0).all()),
            "smooth: the difference quotient is the slope, to 1e-9": (quotient - slope).abs().max().item() < 1e-9,
            "slopes above 0 and at most 1/4": bool((slope > 0).all()) and slope.max().item() == 0.25,
            "not centred: its mean is further than 0.1 from 0": abs(mean) > 0.1,
        },
    )


@claim(
    "Small inputs take the sigmoid towards 0, and very small ones flatten it, as very large ones do",
    verdict=IMPRECISE,
    corrected="It is inputs of large magnitude that flatten it, and large negative ones that take it to 0. An input "
    "near 0 gives about one half, where the slope is largest.",
    activations=("sigmoid",),
    where=f"{CHAPTER}#sec-sigmoid-slope",
)
def small_inputs_flatten_the_sigmoid():
    sigmoid = activations.get("sigmoid")
    z = torch.tensor([0.1, 1e-6, -20.0, 20.0], dtype=torch.float64)
    value, flat = sigmoid(z).tolist(), (4 * sigmoid.slope(z)).tolist()
    return Evidence(
        f"at 0.1 the value is {value[0]:.3f} and the slope {flat[0]:.1%} of the largest; at -20 they are "
        f"{value[2]:.0e} and {flat[2]:.0e} of it",
        expected="a value below 0.05 at 0.1, and at 1e-6 a slope below a tenth of the largest",
        cases={"small: 0.1 gives less than 0.05": value[0] < 0.05, "very small: flat at 1e-6": flat[1] < 0.1},
        core={
            "large and negative: -20 gives less than 0.05": value[2] < 0.05,
            "large magnitude: flat at -20 and 20": max(flat[2:]) < 0.1,
        },
    )


@claim(
    "Sigmoid and tanh have slopes close to 0 at extreme inputs",
    verdict=TRUE,
    activations=("sigmoid", "tanh"),
    where=f"{CHAPTER}#sec-sigmoid-slope",
)
def slopes_are_close_to_0_at_extreme_inputs():
    z = torch.tensor([-20.0, -10.0, 10.0, 20.0], dtype=torch.float64)
    slopes = {name: activations.get(name).slope(z).tolist() for name in ("sigmoid", "tanh")}
    found = [f"{name} {of[2]:.1e} at 10 and {of[3]:.1e} at 20" for name, of in slopes.items()]
    return Evidence(
        f"slopes: {'; '.join(found)}, and the same at -10 and -20",
        expected="slopes below a thousandth of the largest from 10 on, on both sides",
        cases={name: max(of) < theory.lipschitz(name) / 1000 for name, of in slopes.items()},
    )


@claim(
    "Multiplied through many layers, the sigmoid's small slopes leave the first layers without a gradient",
    verdict=CONDITIONS,
    corrected="The weights have a say. Fifty layers lose 31 powers of ten at gain 1 and next to nothing at gain 10. "
    "With batch normalisation nothing vanishes at gain 1 either; over batches of 4 the gradient explodes.",
    activations=("sigmoid",),
    citations=("glorot2010", "ioffe2015"),
    where=f"{CHAPTER}#sec-sigmoid-depth",
)
def sigmoid_gradients_vanish():
    critical = theory.edge_of_chaos("sigmoid").gain
    found = {
        "gain 1": gradient_left("sigmoid", GAINS["glorot"]),
        f"gain {critical:.1f}": gradient_left("sigmoid", critical),
    }
    normalised = {batch: gradient_left("sigmoid", GAINS["glorot"], normalised=True, batch=batch) for batch in (64, 4)}
    return Evidence(
        "gradient at the first of 50 layers over that at the last: "
        + "; ".join(f"{powers(delta)} at {setting}" for setting, delta in found.items())
        + "; at gain 1 with batch normalisation "
        + ", ".join(f"{powers(delta)} over batches of {batch}" for batch, delta in normalised.items()),
        expected="a gradient smaller by a million or more",
        cases={setting: bool(delta.mean() < -6) for setting, delta in found.items()},
    )


@claim(
    "Where the slope is close to 0 a weight barely moves, however wrong the output is",
    verdict=CONDITIONS,
    corrected="True of the squared error and plain gradient descent. Behind a sigmoid output cross-entropy cancels "
    "the slope, and Adam's first step is about as long as the rate, until the gradient comes near its eps of 1e-8.",
    activations=("sigmoid",),
    citations=("kingma2014",),
    where=f"{CHAPTER}#sec-sigmoid-output",
)
def a_saturated_weight_barely_moves():
    sigmoid = activations.get("sigmoid")

    def squared_error(z):
        return (sigmoid(z) - 1) ** 2 / 2

    def cross_entropy(z):
        return -activations.get("logsigmoid")(z)

    ways = {
        "squared error, gradient descent": (squared_error, torch.optim.SGD),
        "cross-entropy, gradient descent": (cross_entropy, torch.optim.SGD),
        "squared error, Adam": (squared_error, torch.optim.Adam),
    }
    share = {
        f"{way}, from {start:g}": _first_move(start, *how) / _first_move(0.0, *how)
        for way, how in ways.items()
        for start in (-10.0, -30.0)
    }
    return Evidence(
        "first step from where the answer is wrong, 1 being wanted, over that from z = 0: "
        + "; ".join(f"{moved:.2g} ({way})" for way, moved in share.items()),
        expected="less than a hundredth, the slope at -10 being 1/5500 of that at 0",
        cases={way: moved < 0.01 for way, moved in share.items()},
    )


def _first_move(start, loss, optimizer):
    """How far the first step takes z from start."""
    z = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    update = optimizer([z], lr=0.01)
    loss(z).backward()
    update.step()
    return z.item() - start


@claim(
    "The sigmoid's outputs are all positive, which biases the layers behind it and slows convergence",
    verdict=TRUE,
    corrected="Under plain gradient descent, and where nothing between the layers centres: normalised over the "
    "batch, these outputs are learned from as fast as those of tanh.",
    activations=("sigmoid", "tanh"),
    citations=("lecun1998", "ioffe2015"),
    where=f"{CHAPTER}#fig-sigmoid-zigzag",
)
def positive_outputs_slow_convergence():
    z = torch.randn(5000, 100, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    outputs = {name: activations.get(name)(z) for name in ("sigmoid", "tanh")}
    outputs["centred sigmoid"] = outputs["sigmoid"] - outputs["sigmoid"].mean(0)
    steps = {name: _descent(a) for name, a in outputs.items()}
    normalised = {name: _descent((a - a.mean(0)) / a.std(0)) for name, a in outputs.items()}
    sigmoid = theory.moments("sigmoid")
    return Evidence(
        f"mean over root mean square of the outputs {sigmoid.mean / math.sqrt(sigmoid.second):.2f}; to learn a bias "
        f"and 100 weights behind them takes {steps['sigmoid']} steps, behind the same less their means "
        f"{steps['centred sigmoid']}, behind tanh {steps['tanh']}; normalised over the batch, "
        f"{normalised['sigmoid']} and {normalised['tanh']}",
        expected="at least five times the steps of the same outputs, centred, and of those of tanh",
        cases={
            "against the same outputs, centred": steps["sigmoid"] >= 5 * steps["centred sigmoid"],
            "against tanh": steps["sigmoid"] >= 5 * steps["tanh"],
        },
    )


def _descent(a):
    """How many steps of gradient descent take the squared error behind outputs a, shape (n, units), down to 1 %.

    The weights and the bias are off by independent standard normal numbers, over which the error is averaged. The
    rate is the one, constant, that needs the fewest steps of 200 between 0 and where descent diverges.
    """
    inputs = torch.cat([a, torch.ones_like(a[:, :1])], dim=1)
    curvature = torch.linalg.eigvalsh(inputs.T @ inputs / len(inputs))
    rates = 2 / curvature.max() * (torch.arange(200) + 0.5) / 200
    factor, left, steps = (1 - rates[:, None] * curvature) ** 2, curvature.repeat(len(rates), 1), 0
    while left.sum(1).min() > 0.01 * curvature.sum():
        left, steps = left * factor, steps + 1
    return steps


@claim(
    "A sigmoid's output, lying between 0 and 1, can be read directly as a probability",
    verdict=CONDITIONS,
    corrected="Only where training with cross-entropy or its like has made it one, and a check has shown it: of two "
    "units that decide alike, one keeps its word and the other does not.",
    activations=("sigmoid",),
    citations=("guo2017",),
    where=f"{CHAPTER}#sec-sigmoid-output",
)
def a_sigmoid_output_is_a_probability():
    honest, sure = _said_and_happened(1), _said_and_happened(3)
    return Evidence(
        f"labels with probability sigma(t), t ~ N(0, 4): where sigma(t) is above 0.9 it says {honest[0]:.3f} on "
        f"average and label 1 happens in {honest[1]:.3f}; sigma(3 t), which decides alike, says {sure[0]:.3f} for "
        f"{sure[1]:.3f}",
        expected="what is said within 0.01 of what happens",
        cases={
            "sigma(t), what training with cross-entropy tends to": abs(honest[0] - honest[1]) < 0.01,
            "sigma(3 t)": abs(sure[0] - sure[1]) < 0.01,
        },
    )


def _said_and_happened(k):
    """Where a = sigmoid(k t) is above 0.9, the mean of a and the share of label 1; t ~ N(0, 4), P(1) = sigmoid(t)."""
    sigmoid = activations.get("sigmoid")
    cut = math.log(9) / k / 2  # t = 2 z, and sigmoid(log 9) = 0.9

    def mean(f):
        return theory.expectation(lambda z: f(2 * z) * (z > cut), kinks=(cut,))

    share = mean(torch.ones_like)
    return mean(lambda t: sigmoid(k * t)) / share, mean(sigmoid) / share


@claim(
    "The sigmoid has been used with success for binary classification",
    verdict=TRUE,
    activations=("sigmoid",),
    citations=("cox1958",),
    where=f"{CHAPTER}#sec-sigmoid-output",
)
def the_sigmoid_classifies():
    generator = torch.Generator().manual_seed(1)  # not the numbers that draw the unit's weights
    label = (torch.rand(21_000, generator=generator) < 0.5).float()
    x = torch.randn(21_000, 2, generator=generator)
    x[:, 0] += 2 * label - 1  # two clouds, one to each side: no rule is right more often than Phi(1)
    unit = networks.mlp([2, 1], "identity", seed=0)  # its loss puts the sigmoid behind it
    train.fit(unit, data.Split(x[:1000], label[:1000], x[1000:], label[1000:]), steps=150, rate=0.05)
    right, best = train.accuracy(unit, x[1000:], label[1000:]), (1 + math.erf(math.sqrt(0.5))) / 2
    return Evidence(
        f"one sigmoid unit, which is logistic regression, is right on {right:.2f} of fresh points of two normal "
        f"clouds, where no rule is on more than {best:.2f}",
        expected="within 0.01 of what is possible",
        cases={"two normal clouds": abs(right - best) < 0.01},
    )


@claim(
    "Vanishing gradients make the sigmoid unsuitable for hidden layers",
    verdict=IMPRECISE,
    corrected="They make it hard to train when it is deep, with the usual weights and without normalisation. A "
    "shallow network with hidden sigmoids does better on fresh points of the disk than the same one with ReLU.",
    how=STORED,
    activations=("sigmoid", "relu"),
    citations=("hochreiter1997",),
    where=f"{BELOW}/02_shallow#fig-sigmoid-disk",
)
def the_sigmoid_is_unsuitable_for_hidden_layers():
    sigmoid, relu = (median_by_draw(activation, "test_loss") for activation in ("sigmoid", "relu"))
    worse = int((sigmoid > relu).sum())
    deep = gradient_left("sigmoid", GAINS["glorot"])
    return Evidence(
        f"two hidden layers on the disk: test loss {sigmoid.median():.3f} against {relu.median():.3f} with ReLU, "
        f"higher on {worse} of {len(relu)} draws; 50 layers at gain 1 leave {powers(deep)} of the gradient",
        expected="hidden sigmoids that do worse than ReLU, shallow or deep",
        cases={
            "at either depth: worse on most draws with 2, a gradient smaller by a million with 50": (
                worse > len(relu) / 2 and bool(deep.mean() < -6)
            )
        },
        core={"50 hidden layers at gain 1, not normalised: a gradient smaller by a million": bool(deep.mean() < -6)},
    )


@claim(
    "Activations decide whether a neuron fires",
    verdict=IMPRECISE,
    corrected="A step decides. Every other function of the catalog answers in degrees.",
    activations=("step",),
    where=f"{CHAPTER}#what-the-field-says",
)
def activations_decide_whether_a_neuron_fires():
    z = torch.linspace(-4, 4, 801, dtype=torch.float64)
    deciders = [name for name, act in activations.catalog.items() if len(act(z).unique()) == 2]
    return Evidence(
        f"functions of the catalog that have two answers only: {', '.join(deciders)}",
        expected="two answers, fire or not, from every function",
        cases={"every function of the catalog": len(deciders) == len(activations.catalog)},
        core={"the step": "step" in deciders},
    )
