"""Claims about ReLU itself: its shape, its cost, its gradients, its history."""

import math

import torch

from ... import activations, data, networks, theory, train
from .. import CITED, CONDITIONS, IMPRECISE, OPEN, OPENLY, STORED, TRUE, Evidence, claim
from .._measure import GAINS, gradient_left, median_by_draw, powers, tuned_ratio, year_of
from ._measure import CHAPTER, KINK, SLOPES, _constant_part, _cost


@claim(
    "ReLU takes values in [0, inf) and is piecewise linear: its slope is 0 below 0 and 1 above",
    verdict=TRUE,
    activations=("relu",),
    citations=("nair2010",),
    where=f"{KINK}#fig-relu-family",
)
def relu_is_piecewise_linear():
    relu = activations.get("relu")
    z = torch.linspace(-100, 100, 2001, dtype=torch.float64)
    below, above = relu.slope(z[z < 0]), relu.slope(z[z > 0])
    far = relu(torch.tensor([-1e300, 1e300], dtype=torch.float64)).tolist()
    return Evidence(
        f"slope {below.min():g} to {below.max():g} below 0 and {above.min():g} to {above.max():g} above; -1e300 "
        f"becomes {far[0]:g}, 1e300 becomes {far[1]:g}",
        expected="no value below 0 and none too large, slopes 0 and 1",
        cases={
            "values from 0, which is taken, without end": relu(z).min().item() == far[0] == 0 and far[1] == 1e300,
            "slope 0 everywhere below 0": bool((below == 0).all()),
            "slope 1 everywhere above 0": bool((above == 1).all()),
        },
    )


@claim(
    "ReLU's outputs run from 0 to infinity and are not centred on zero",
    verdict=TRUE,
    activations=("relu",),
    where=f"{KINK}#sec-relu-elu",
)
def relu_is_not_centred():
    relu, share = activations.get("relu"), _constant_part("relu")
    return Evidence(
        f"values from {relu.range[0]:g} to {relu.range[1]:g}; mean under N(0, 1) {theory.moments(relu).mean:.3f}, "
        f"which is {share:.0%} of the mean square",
        expected="no value below 0, and a mean that makes over a tenth of the mean square",
        cases={"no value below 0": relu.range == (0, math.inf), "not centred: over a tenth": share > 0.1},
    )


@claim(
    "The slope of ReLU ranges from 0 to 1, and that of Leaky ReLU from alpha to 1",
    verdict=IMPRECISE,
    corrected="They take the two ends of these intervals and nothing between: a piecewise linear function has one "
    "slope a piece.",
    activations=("relu", "leaky_relu"),
)
def slopes_fill_an_interval():
    z = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    slopes = {name: activations.get(name).slope(z).unique().tolist() for name in ("relu", "leaky_relu")}
    return Evidence(
        "; ".join(
            f"{name} has the slopes {' and '.join(f'{slope:g}' for slope in of)}" for name, of in slopes.items()
        ),
        expected="slopes between the two ends",
        cases={f"{name}: more than two slopes": len(of) > 2 for name, of in slopes.items()},
        core={
            "ReLU's are 0 and 1": slopes["relu"] == [0, 1],
            "Leaky ReLU's are alpha and 1": slopes["leaky_relu"]
            == [activations.get("leaky_relu").settings["negative_slope"], 1],
        },
    )


@claim(
    "ReLU does not saturate",
    verdict=IMPRECISE,
    corrected="On its positive side. Its negative side is as saturated as a function can be: the slope there is 0, "
    "and at the start half of all pre-activations are there.",
    activations=("relu", "sigmoid"),
)
def relu_escaped_saturation():
    flat = {}
    for name in ("relu", "sigmoid"):
        act = activations.get(name)
        flat[name] = theory.expectation(lambda z, act=act: (act.slope(z) < 0.01).double(), (*act.kinks, -4.6, 4.6))
    far = torch.tensor([1.0, 1e3, 1e30], dtype=torch.float64)
    return Evidence(
        f"under N(0, 1) the slope is below 0.01 for {flat['relu']:.0%} of ReLU's inputs, and for "
        f"{flat['sigmoid']:.2%} of the sigmoid's",
        expected="no input that leaves it without a slope",
        cases={"no input with a slope below 0.01": flat["relu"] == 0},
        core={"above 0 the slope is 1, however far": bool((activations.get("relu").slope(far) == 1).all())},
    )


@claim(
    "ReLU needs no exponential, does not saturate for positive values, and is cheap to compute and to differentiate",
    verdict=TRUE,
    how=STORED,
    activations=("relu",),
)
def relu_is_cheap():
    others = ("sigmoid", "tanh", "elu", "gelu")
    forward, both = ({name: _cost(name, what) for name in others} for what in ("forward", "both"))
    far = activations.get("relu").slope(torch.tensor([1.0, 1e3, 1e30], dtype=torch.float64))
    return Evidence(
        "on one processor, time over ReLU's, alone and with the way back: "
        + ", ".join(f"{forward[name]:.1f} and {both[name]:.1f} for {name}" for name in others)
        + f"; ReLU's slope at 1, 1000 and 1e30 is {far.min():g}",
        expected="a slope that stays, and less time than the functions with an exponential",
        cases={
            "no saturation above 0: the slope stays 1": bool((far == 1).all()),
            "cheaper than each of the four": min(forward.values()) > 1,
            "cheaper with the way back": min(both.values()) > 1,
        },
    )


@claim(
    "The deeper the network, the more ReLU's cheapness pays",
    verdict=IMPRECISE,
    corrected="It adds up as the rest of the work does. Within a layer of 512 units the matrix products take nearly "
    "all the time, and the share that ReLU saves is the same at any depth.",
    how=STORED,
    activations=("relu", "sigmoid", "tanh"),
)
def relus_speed_compounds():
    alone, layer = ({name: _cost(name, what) for name in ("sigmoid", "tanh")} for what in ("forward", "layer"))
    return Evidence(
        "on one processor, time over ReLU's: "
        + "; ".join(
            f"{name} {alone[name]:.1f} alone, {layer[name]:.2f} with its layer of 512 units, forward and back"
            for name in alone
        ),
        expected="layers that take a fifth longer with the other function, so that a deep network does",
        cases={f"a layer with {name}: a fifth longer": of > 1.2 for name, of in layer.items()},
        core={"alone, ReLU is the faster one": min(alone.values()) > 1},
    )


@claim(
    "ReLU lets positive values through and nothing else, as a threshold does",
    verdict=TRUE,
    activations=("relu",),
    where=f"{KINK}#fig-relu-family",
)
def relu_is_a_threshold():
    x = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    weight, bias = 2.0, -3.0
    out = activations.get("relu")(weight * x + bias)
    silent, passed = x[out == 0], x[out > 0]
    return Evidence(
        f"a unit with weight {weight:g} and bias {bias:g} is silent up to x = {silent.max():g} and answers from "
        f"{passed.min():g} on",
        expected=f"silence up to -bias / weight = {-bias / weight:g}, and the value itself beyond",
        cases={
            "silent up to the threshold": bool((silent <= -bias / weight).all()),
            "beyond it the value comes through unchanged": torch.equal(out[out > 0], weight * passed + bias),
        },
    )


@claim(
    "ReLU may make the activations sparse",
    verdict=TRUE,
    activations=("relu", "tanh"),
    citations=("glorot2011",),
    where=f"{SLOPES}#sec-relu-zeros",
)
def relu_makes_activations_sparse():
    zeros, x = {}, data.disk(1000, test=1, seed=0).train_x
    for name in ("relu", "tanh"):
        network = networks.mlp([2, 256, 256, 1], name, scheme="he", seed=0)
        with torch.no_grad():
            zeros[name] = [(network[:layers](x) == 0).double().mean().item() for layers in (2, 4)]
    return Evidence(
        "exact zeros after the first and the second hidden layer at the start: "
        + "; ".join(f"{first:.0%} and {second:.0%} with {name}" for name, (first, second) in zeros.items()),
        expected="exact zeros for more than a third of a layer's outputs",
        cases={
            "both layers: more than a third": min(zeros["relu"]) > 1 / 3,
            "it is ReLU that does it: no zeros with tanh": max(zeros["tanh"]) == 0,
        },
    )


@claim(
    "ReLU eases vanishing gradients and speeds learning up",
    verdict=CONDITIONS,
    corrected="At one rate for both, 0.01, it learns faster than tanh on the disk; with the rate tuned for each, the "
    "training losses at the end are not distinguishable, within a factor of 4. With He's initialisation the gradient "
    "keeps its size through 50 layers. With Glorot's it shrinks by a factor of ten million, and tanh's by 8.",
    activations=("relu", "tanh"),
    citations=("he2015", "glorot2011"),
)
def relu_eases_vanishing_gradients():
    he, glorot = (gradient_left("relu", GAINS[scheme]) for scheme in ("he", "glorot"))
    tanh = gradient_left("tanh", GAINS["glorot"])
    faster = median_by_draw("relu", "train_loss_200") < median_by_draw("tanh", "train_loss_200")
    tuned, half = tuned_ratio("relu", "tanh", "train_loss")
    return Evidence(
        f"gradient at the first of 50 layers over that at the last: ReLU {powers(he)} with He's gain, "
        f"{powers(glorot)} with Glorot's; tanh {powers(tanh)} with Glorot's. On the disk ReLU's training loss is the "
        f"lower one after 200 steps on {int(faster.sum())} of {len(faster)} draws, at rate 0.01; after 2000 steps at "
        f"rates that other draws chose for each, it is {math.exp(tuned):.1f} times tanh's "
        f"({math.exp(tuned - half):.1f} to {math.exp(tuned + half):.1f})",
        expected="a gradient that keeps its size to a factor of 10, or its size better than tanh's, and a lower loss "
        "on 9 draws of 10, and at tuned rates",
        cases={
            "50 layers, He's gain: within a factor of 10": bool(he.mean().abs() < 1),
            "50 layers, Glorot's gain: a smaller loss than tanh's": bool(glorot.mean() > tanh.mean()),
            "two hidden layers, rate 0.01: faster than tanh on 9 draws of 10": faster.double().mean().item() >= 0.9,
            "two hidden layers, tuned rates: a lower loss at the end": tuned + half < 0,
        },
    )


@claim(
    "ReLU does especially well in deep networks, such as convolutional ones, and on large data",
    verdict=CONDITIONS,
    corrected="It depends on the initialisation: within 60 steps of Adam twenty layers learn the disk from He's "
    "weights and stay at chance from torch's default ones. And it is not ReLU's alone: from Glorot's weights tanh "
    "leaves chance in the same steps. Large data were not tried.",
    activations=("relu", "tanh"),
    citations=("he2015",),
    where=f"{CHAPTER}#fig-relu-rates",
)
def relu_does_well_in_deep_networks():
    right = {}
    for name, scheme in (("relu", "he"), ("relu", "torch"), ("tanh", "glorot")):
        right[name, scheme] = []
        for seed in range(3):
            task = data.disk(300, seed=100 + seed)
            network = networks.mlp([2, *[16] * 20, 1], name, scheme=scheme, seed=seed)
            train.fit(network, task, steps=60, rate=0.005)
            right[name, scheme].append(train.accuracy(network, task.test_x, task.test_y))
    return Evidence(
        "20 hidden layers, 60 steps on the disk, three draws and starts: fresh points right with "
        + "; ".join(
            f"{name} from {scheme}'s weights {min(of):.0%} to {max(of):.0%}" for (name, scheme), of in right.items()
        ),
        expected="more than nine of ten fresh points right each time",
        cases={f"from {scheme}": min(of) > 0.9 for (name, scheme), of in right.items() if name == "relu"},
    )


@claim(
    "ReLU's rise came after Nair and Hinton's paper of 2010",
    verdict=TRUE,
    how=CITED,
    activations=("relu",),
    citations=("nair2010", "glorot2011", "krizhevsky2012", "fukushima1969"),
)
def relu_became_prominent_after_2010():
    known, named, deep, alexnet = map(year_of, ("fukushima1969", "nair2010", "glorot2011", "krizhevsky2012"))
    return Evidence(
        f"deep rectifier networks followed {deep - named} year later (Glorot et al.), AlexNet {alexnet - named} "
        f"years later; the function itself had been in use {named - known} years before, in Fukushima's analog "
        "threshold elements",
        expected="the works that made it common, after 2010",
        cases={"deep networks of rectifiers, and AlexNet": named < deep < alexnet},
    )


@claim(
    "Jarrett et al. (2009) and Glorot et al. (2011) showed ReLU's advantages over the sigmoid, against vanishing "
    "gradients and for the speed of training",
    verdict=OPEN,
    corrected="Both found rectification to be worth it. As they are known, Jarrett et al. rectified by the absolute "
    "value, behind a tanh, and Glorot et al. compared with tanh and softplus.",
    how=OPENLY,
    activations=("relu", "sigmoid"),
    citations=("jarrett2009", "glorot2011"),
)
def jarrett_and_glorot_compared_with_the_sigmoid():
    return Evidence("what two papers compared is to be read there; none of their measurements is at hand to check")
