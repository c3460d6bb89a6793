"""Claims about the ReLU family."""

import inspect
import math
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .. import activations, data, networks, results, theory, train
from . import CITED, CONDITIONS, FALSE, IMPRECISE, OPEN, OPENLY, STORED, TRUE, Evidence, claim
from ._measure import GAINS, gradient_left, median_by_draw, powers, title_of, tuned_ratio, year_of

CHAPTER = "chapters/04_relu_family"
KINK, SLOPES = "chapters/deeper/04_kink", "chapters/deeper/04_slopes"


# ---- ReLU -------------------------------------------------------------------------------------------------------


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


def _constant_part(name, spread=1.0):
    """(E f)^2 / E f^2 for z ~ N(0, spread^2): how much of the outputs' mean square is only their mean."""
    act = activations.get(name)
    kinks = [kink / spread for kink in act.kinks]
    mean = theory.expectation(lambda z: act(spread * z), kinks)
    return mean**2 / theory.expectation(lambda z: act(spread * z) ** 2, kinks)


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


def _cost(activation, what):
    """From data/activation_cost, torch's own form, over torch's ReLU in the same rounds: forward, both, or layer."""
    rows = results.load("activation_cost")
    return next(row[f"{what}_ratio"] for row in rows if (row["activation"], row["form"]) == (activation, "torch"))


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
    "ReLU makes the activations sparse",
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
    "ReLU does especially well in deep networks",
    verdict=CONDITIONS,
    corrected="It depends on the initialisation: within 60 steps of Adam twenty layers learn the disk from He's "
    "weights and stay at chance from torch's default ones. And it is not ReLU's alone: from Glorot's weights tanh "
    "leaves chance in the same steps.",
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
        expected="more than nine of ten fresh points right each time; large data were not tried",
        cases={f"from {scheme}": min(of) > 0.9 for (name, scheme), of in right.items() if name == "relu"},
    )


# ---- dead units -------------------------------------------------------------------------------------------------


def _networks(table="dead_units", **wanted):
    """The stored networks that have these settings and did not diverge, in the order of their seeds."""
    rows = results.load("dead_units", table)
    return [
        row for row in rows if row["accuracy"] is not None and all(row[name] == of for name, of in wanted.items())
    ]


def _of_all(rows, name):
    """The sum of a column over rows."""
    return sum(row[name] for row in rows)


def _revived(optimizer, layer, decay=0.0, biases="no"):
    """Of units that training killed: how many, and how many answered again within 300 further steps."""
    wanted = {"optimizer": optimizer, "layer": layer, "decay": decay, "biases_decay": biases}
    rows = [
        row for row in results.load("revival", "trained") if all(row[name] == value for name, value in wanted.items())
    ]
    return _of_all(rows, "units"), _of_all(rows, "back")


@claim(
    "Negative inputs can kill a ReLU unit, for good",
    verdict=CONDITIONS,
    corrected="Only if its pre-activation is 0 or below for every example. In the network that was tried half of all "
    "pre-activations are negative at the start, and no first-layer unit is dead. And for good only where its inputs "
    "stay and the optimiser remembers no direction.",
    how=STORED,
    activations=("relu",),
    citations=("maas2013", "lu2020"),
    where=f"{CHAPTER}#sec-relu-count",
)
def negative_inputs_kill_a_relu():
    task = data.disk(1000, test=1, seed=0)
    network = networks.mlp([2, 256, 1], "relu", scheme="he", seed=0)
    z = network[0](task.train_x)
    z.retain_grad()
    functional.binary_cross_entropy_with_logits(network[2](network[1](z))[:, 0], task.train_y).backward()
    touched, unmoved = (z < 0).any(dim=0), (z.grad == 0).all(dim=0)
    fell, back = {}, {}
    for optimizer in ("sgd", "adam"):
        fell[optimizer], back[optimizer] = (
            _of_all(_networks(optimizer=optimizer), f"first_{of}") for of in ("fell", "back")
        )
    return Evidence(
        f"at the start {(z < 0).double().mean():.0%} of the pre-activations of 256 units are negative, some for "
        f"every unit, and {int((touched & unmoved).sum())} units are without a gradient; of the first-layer units "
        f"that were dead at some step {back['sgd']} of {fell['sgd']} came back under plain gradient descent, and "
        f"{back['adam']} of {fell['adam']} under Adam",
        expected="units that negative inputs leave without a gradient, for good",
        cases={
            "negative for every example, first layer, plain gradient descent": fell["sgd"] > 100 and back["sgd"] == 0,
            "negative for every example, first layer, Adam": fell["adam"] > 100 and back["adam"] == 0,
            "negative for some examples": bool((touched & unmoved).any()),
        },
    )


@claim(
    "A ReLU unit is dead when all of its inputs are negative",
    verdict=IMPRECISE,
    corrected="It is dead when its pre-activation w x + b is 0 or below for every example. The inputs themselves may "
    "have any sign.",
    activations=("relu",),
    where=f"{CHAPTER}#sec-relu-count",
)
def a_dead_relu_has_negative_inputs():
    relu = activations.get("relu")
    x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.1
    weight = torch.tensor([-1.0, -2.0], dtype=torch.float64)
    z = {"all inputs positive": x @ weight, "all inputs negative": -x @ weight}
    dead = {inputs: not bool(relu(of).any()) for inputs, of in z.items()}
    return Evidence(
        f"a unit with the weights {weight[0]:g} and {weight[1]:g}: "
        + "; ".join(
            f"{inputs}, it is {'silent' if silent else 'active'} throughout" for inputs, silent in dead.items()
        ),
        expected="silent where all inputs are negative, active where they are positive",
        cases={
            "silent where all inputs are negative": dead["all inputs negative"],
            "active where all inputs are positive": not dead["all inputs positive"],
        },
        core={
            "silent just where all pre-activations are negative": all(
                dead[inputs] == bool((of <= 0).all()) for inputs, of in z.items()
            )
        },
    )


OPTIMISERS = {"sgd": "plain gradient descent", "rmsprop": "RMSprop", "momentum": "momentum", "adam": "Adam"}


@claim(
    "A dead ReLU unit outputs 0 permanently, gets no updates, and never recovers",
    verdict=CONDITIONS,
    corrected="It gets no gradient. It stays dead where its inputs stay and nothing but the present gradient moves "
    "it: in a first layer under plain gradient descent, or under RMSprop without weight decay. Momentum and Adam go "
    "on for a while by past gradients, and deeper units come back when the layers before them move. Decay wakes "
    "units where it passes through RMSprop's or Adam's division, or through momentum at a large rate.",
    how=STORED,
    activations=("relu",),
    citations=("lu2020",),
    where=f"{CHAPTER}#sec-relu-recover",
)
def dead_relus_never_recover():
    found, cases = [], {}
    for optimizer, words in OPTIMISERS.items():
        shares = []
        for layer, where in ((1, "first layer"), (2, "second layer")):
            fell, back = _revived(optimizer, layer)
            shares.append(f"{back} of {fell}")
            cases[f"{where}, {words}"] = fell > 10 and back == 0
        found.append(f"{' and '.join(shares)} under {words}")
    decayed = []
    for optimizer, words in {**OPTIMISERS, "adamw": "AdamW"}.items():
        fell, back = _revived(optimizer, 1, 0.01, "yes")
        decayed.append(f"{back} of {fell} under {words}")
        if optimizer in ("sgd", "momentum"):
            cases[f"first layer, {words}, decay of 0.01"] = fell > 10 and back == 0
    return Evidence(
        "first-layer and second-layer units that training killed and that answered again within 300 steps, without "
        f"weight decay: {', '.join(found)}; in the first layer with a decay of 0.01: {', '.join(decayed)}",
        expected="none, in either layer",
        cases=cases,
    )


@claim(
    "A ReLU unit whose weights keep its pre-activation negative may output 0 for ever",
    verdict=TRUE,
    how=STORED,
    activations=("relu",),
    citations=("maas2013",),
    where=f"{CHAPTER}#sec-relu-recover",
)
def a_silent_relu_may_stay_silent():
    weight, bias = _one_unit("relu", "sgd")
    fell, back = _revived("sgd", 1)
    return Evidence(
        f"a unit that starts at bias {START:g} stands at {bias:g} after {STEPS} steps; of {fell} first-layer units "
        f"that plain gradient descent killed {back} answered again",
        expected="units that, once silent for all examples, stay so",
        cases={
            "one unit, far out: not moved at all": (weight, bias) == (1, START),
            "a trained first layer": fell > 10 and back == 0,
        },
    )


STEPS, START = 1000, -20.0


@cache
def _one_unit(activation, optimizer):
    """Weight and bias of a unit f(w x + b), taught relu(x) for STEPS steps at rate 0.1; they start at 1 and START."""
    act = activations.get(activation)
    x = torch.linspace(-2, 2, 41, dtype=torch.float64)
    parameters = torch.tensor([1.0, START], dtype=torch.float64, requires_grad=True)
    update = train.optimizers[optimizer]([parameters], lr=0.1)
    for _ in range(STEPS):
        z = (parameters[0] * x + parameters[1]).detach()
        pull = 2 * (act(z) - torch.relu(x)) * act.slope(z) / len(x)
        parameters.grad = torch.stack([pull @ x, pull.sum()])
        update.step()
    return tuple(parameters.tolist())


# ---- Leaky ReLU -------------------------------------------------------------------------------------------------


@claim(
    "Leaky ReLU is z above 0 and alpha z below, with a small alpha such as 0.01: the larger of alpha z and z, with a "
    "small slope for negative inputs",
    verdict=TRUE,
    activations=("leaky_relu",),
    citations=("maas2013",),
    where=f"{KINK}#sec-relu-family",
)
def leaky_relu_keeps_a_small_slope():
    leaky = activations.get("leaky_relu")
    z = torch.linspace(-100, 100, 2001, dtype=torch.float64)
    alpha = leaky.settings["negative_slope"]
    by_torch = functional.leaky_relu(z)
    slopes = torch.func.vmap(torch.func.grad(functional.leaky_relu))(z)
    return Evidence(
        f"the larger of {alpha:g} z and z is torch's leaky_relu at "
        f"{int((torch.maximum(alpha * z, z) == by_torch).sum())} of {len(z)} points from -100 to 100; its slope "
        f"below 0 is {slopes[0]:g}",
        expected="the same values everywhere, and a slope of alpha below 0",
        cases={
            "the two formulas are one function": torch.equal(torch.maximum(alpha * z, z), by_torch)
            and torch.equal(leaky(z), by_torch),
            "its slope below 0 is alpha": bool((slopes[z < 0] == alpha).all()),
        },
    )


@claim(
    "Because Leaky ReLU and PReLU keep a small gradient on the negative side, their units cannot die",
    verdict=CONDITIONS,
    corrected="No gradient is exactly 0, but it is a hundredth of the others. A unit far on the negative side comes "
    "back under Adam, which divides by the gradient's size, long before it does under plain gradient descent. And a "
    "PReLU can learn the slope 0.",
    activations=("leaky_relu", "prelu", "relu"),
    citations=("maas2013", "he2015", "kingma2014"),
    where=f"{CHAPTER}#sec-relu-leak",
)
def leaking_prevents_dead_units():
    bias = {optimizer: _one_unit("leaky_relu", optimizer)[1] for optimizer in ("adam", "sgd")}
    slope = _learned_slope(0.0)
    return Evidence(
        f"a leaky unit that starts at bias {START:g}, {STEPS} steps at rate 0.1 from where it should be at 0: "
        f"{abs(bias['adam']):.1f} with Adam, {bias['sgd']:.0f} with plain gradient descent; ten leaks in a row pass "
        f"{0.01**10:.0e} of a gradient; a PReLU that is taught ReLU ends with a slope "
        f"{'below 1e-9' if abs(slope) < 1e-9 else 'above 1e-9'}",
        expected="units that come back from the negative side, and slopes that stay",
        cases={
            "a leaky unit under Adam: back within 0.1 of its place": abs(bias["adam"]) < 0.1,
            "the same unit under plain gradient descent": abs(bias["sgd"]) < 0.1,
            "a PReLU that is taught ReLU: a slope of 0.001 or more": abs(slope) >= 1e-3,
        },
    )


def _silent_share(row, when="end"):
    """The share of a network's units that are silent, in per cent."""
    return 100 * (row[f"first_{when}"] + row[f"deeper_{when}"]) / (16 * row["depth"])


@cache
def _leak_against_relu(leak, optimizer, column=_silent_share):
    """What a leak changes in a number of a network, paired by seed: mean and half width of its interval, by rate.

    The number is averaged over the two depths, 2 and 8, where both networks of a seed are there at both.
    """
    found = {}
    leaky = _networks("leaks", optimizer=optimizer, leak=leak)
    plain = {(row["depth"], row["rate"], row["seed"]): row for row in _networks(optimizer=optimizer, start="he")}
    for rate in sorted({row["rate"] for row in leaky}):
        gaps = {}
        for row in leaky:
            partner = plain.get((row["depth"], rate, row["seed"]))
            if row["rate"] == rate and partner:
                gaps.setdefault(row["seed"], []).append(column(row) - column(partner))
        found[rate] = results.student([np.mean(of) for of in gaps.values() if len(of) == 2])
    return found


@claim(
    "The small slope for negative inputs reduces the problem of dying units",
    verdict=CONDITIONS,
    corrected="Under Adam a leak of 0.01 leaves fewer units on the negative side of all points, at each of four "
    "rates; many stay there all the same. Under plain gradient descent it makes no difference that twelve draws "
    "could see. Whether more fresh points are right is not distinguishable with either.",
    how=STORED,
    activations=("leaky_relu", "relu"),
    citations=("maas2013",),
    where=f"{CHAPTER}#sec-relu-leak",
)
def leaking_reduces_dead_units():
    found, cases = [], {}
    for optimizer in ("adam", "sgd"):
        words = OPTIMISERS[optimizer]
        for rate, (mean, half) in _leak_against_relu(0.01, optimizer).items():
            found.append(f"{mean:+.1f} +- {half:.1f} ({words}, {rate:g})")
            cases[f"{words} at rate {rate:g}: fewer units silent at the end"] = mean + half < 0
    left = activations.get("leaky_relu").slope(torch.tensor([-1e6])).item()
    cases["a slope left, however far out"] = left > 0
    return Evidence(
        "units negative at all points after training, in points of per cent, leak of 0.01 less ReLU, 2 and 8 layers, "
        f"paired by seed with 95 % intervals: {', '.join(found)}; the slope left is {left:g}",
        expected="fewer units on the negative side for all points at every rate, and a gradient for those",
        cases=cases,
    )


@claim(
    "Leaky ReLU's alpha is typically 0.01",
    verdict=TRUE,
    how=CITED,
    activations=("leaky_relu",),
    citations=("maas2013",),
)
def alpha_is_typically_a_hundredth():
    defaults = _leaks()
    usual = [name for name, slope in defaults.items() if slope == 0.01]
    return Evidence(
        ", ".join(f"{slope:g} in {name}" for name, slope in defaults.items())
        + " (torch's read from it, the others from their documentation)",
        expected="0.01 in most libraries and in the paper that introduced it",
        cases={"most of them": len(usual) > len(defaults) / 2},
    )


def _leaks():
    """Leaky ReLU's slope in the paper that introduced it, and by default in libraries."""
    torchs = inspect.signature(functional.leaky_relu).parameters["negative_slope"].default
    return {
        "Maas et al.": 0.01,
        "torch": torchs,
        "JAX": 0.01,
        "ONNX": 0.01,
        "Keras's function": 0.2,
        "Keras's layer": 0.3,
    }


@claim(
    "For most purposes Leaky ReLU can be left at its usual slope, 0.01",
    verdict=CONDITIONS,
    corrected="On the disk, each at its own rate, it fits the training points better than ReLU and has a loss a few "
    "per cent lower on fresh ones. In eight layers no difference to larger slopes could be seen. On both CIFARs Xu "
    "et al. have fewer errors with larger and with random slopes.",
    how=STORED,
    activations=("leaky_relu", "relu"),
    citations=("xu2015",),
)
def a_leak_of_a_hundredth_works_well():
    train_ratio, test_ratio = (tuned_ratio("leaky_relu", "relu", column) for column in ("train_loss", "test_loss"))
    found, cases = [], {}
    for kind, (mean, half) in {"training points": train_ratio, "fresh points": test_ratio}.items():
        found.append(
            f"{kind} {math.exp(mean):.2f} times ReLU's ({math.exp(mean - half):.2f} to {math.exp(mean + half):.2f})"
        )
        cases[f"the disk, tuned rates, {kind}: a lower loss than ReLU's"] = mean + half < 0
    against = []
    for other in (0.1, 0.25):
        for optimizer in ("adam", "sgd"):
            mean, half = _slopes_apart(0.01, other, optimizer)
            against.append(f"{100 * mean:+.1f} +- {100 * half:.1f} against {other:g} ({OPTIMISERS[optimizer]})")
    for task, (_, small, large) in XU.items():
        cases[f"{task} in Xu et al.: no more errors than with slope 1 / 5.5"] = small <= large
        found.append(f"{task} {small} % of errors in Xu et al. against {large} % with slope 1 / 5.5")
    return Evidence(
        "loss on the disk with Leaky ReLU at 0.01, at rates that other draws chose: "
        + ", ".join(found)
        + "; eight layers of sixteen units, points of per cent of fresh points right, each slope at the rate that "
        f"other draws chose for it: {', '.join(against)}, so a difference of that size is all that could be seen",
        expected="a lower loss than ReLU's, and no other slope that does better",
        cases=cases,
    )


# per cent of errors on the two CIFARs in xu2015, one run each: a learned slope, 0.01, 1 / 5.5
XU = {"CIFAR-10": (11.79, 12.66, 11.20), "CIFAR-100": (41.63, 42.05, 40.42)}


def _slopes_apart(slope, other, optimizer, depth=8):
    """How many more fresh points the one leak gets right, each at its own rate: mean and half width of the interval.

    The rate is the one of the highest median accuracy on the even seeds; compared are the odd ones, pair by pair.
    """
    right = {}
    for leak in (slope, other):
        rows = _networks("leaks", optimizer=optimizer, leak=leak, depth=depth)
        by_rate = {}
        for row in rows:
            if row["seed"] % 2 == 0:
                by_rate.setdefault(row["rate"], []).append(row["accuracy"])
        best = max(by_rate, key=lambda rate: np.median(by_rate[rate]))
        right[leak] = {row["seed"]: row["accuracy"] for row in rows if row["rate"] == best and row["seed"] % 2}
    both = sorted(right[slope].keys() & right[other].keys())
    return results.student([right[slope][seed] - right[other][seed] for seed in both])


@claim(
    "Nothing but convention fixes Leaky ReLU's slope below 0",
    verdict=TRUE,
    how=CITED,
    activations=("leaky_relu", "rrelu"),
    citations=("maas2013", "xu2015"),
)
def the_leak_is_arbitrary():
    chosen, learned = set(_leaks().values()), list(nn.LeakyReLU().parameters())
    return Evidence(
        f"defaults in use: {', '.join(f'{slope:g}' for slope in sorted(chosen))} (torch's read from it, the others "
        f"from their documentation); parameters that training would set: {len(learned)}",
        expected="no agreement on a value, and no rule or training that sets it",
        cases={"the defaults differ": len(chosen) > 1, "training does not set it": not learned},
    )


@claim(
    "All that Leaky ReLU adds is one number to tune, alpha",
    verdict=TRUE,
    activations=("leaky_relu", "relu"),
    where=f"{KINK}#sec-relu-family",
)
def leaking_costs_one_setting():
    leaky, relu = (activations.get(name) for name in ("leaky_relu", "relu"))
    kept = sum(value.numel() for value in leaky.module().state_dict().values())
    return Evidence(
        f"settings: {', '.join(leaky.settings)} against {len(relu.settings)} of ReLU; numbers that a trained layer "
        f"has to keep for it: {kept}; at alpha = 0 the two are the same function",
        expected="one setting more, and nothing else",
        cases={
            "one setting, nothing learned": len(leaky.settings) - len(relu.settings) == 1 and kept == 0,
            "without it nothing is left but ReLU": _same(activations.get("leaky_relu", negative_slope=0.0), relu),
        },
    )


def _same(f, g):
    z = torch.linspace(-100, 100, 2001, dtype=torch.float64)
    return torch.equal(f(z), g(z))


@claim(
    "Leaky ReLU costs no more to compute than ReLU, but for one multiplication on the negative side",
    verdict=TRUE,
    how=STORED,
    activations=("leaky_relu", "relu"),
)
def leaking_costs_no_time():
    alone, layer = (_cost("leaky_relu", what) for what in ("both", "layer"))
    return Evidence(
        f"on one processor, time over ReLU's, forward and back: {alone:.2f} alone, {layer:.2f} with a layer of 512 "
        "units",
        expected="no more than a quarter longer alone, and a tenth with its layer",
        cases={"alone": alone < 1.25, "with its layer": layer < 1.1},
    )


@claim(
    "Leaky ReLU's mean activation is closer to zero than ReLU's, which helps the gradient in deeper layers",
    verdict=CONDITIONS,
    corrected="Closer by one per cent: 0.395 against 0.399. Through 50 layers the gradients of the two fare alike.",
    activations=("leaky_relu", "relu"),
    where=f"{KINK}#sec-relu-elu",
)
def a_leak_moves_the_mean():
    mean = {name: theory.moments(name).mean for name in ("leaky_relu", "relu")}
    lost = {name: gradient_left(name, GAINS["glorot"]) for name in mean}
    helped = lost["leaky_relu"].mean() - lost["relu"].mean()
    return Evidence(
        f"mean under N(0, 1) {mean['leaky_relu']:.3f} against {mean['relu']:.3f}; gradient at the first of 50 layers "
        f"over that at the last, gain 1: {powers(lost['leaky_relu'])} against {powers(lost['relu'])}",
        expected="a mean nearer to 0, and a gradient larger by a factor of 2 or more",
        cases={
            "the mean is nearer to 0": abs(mean["leaky_relu"]) < abs(mean["relu"]),
            "a gradient twice as large": bool(helped > math.log10(2)),
        },
    )


@claim(
    "Leaky ReLU's outputs are mostly centred on zero",
    verdict=IMPRECISE,
    corrected="Its mean makes 31 per cent of the mean square, ReLU's 32. It does take values of both signs, without "
    "bound.",
    activations=("leaky_relu", "relu"),
    where=f"{KINK}#sec-relu-elu",
)
def leaky_relu_is_centred():
    share = {spread: _constant_part("leaky_relu", spread) for spread in (1.0, 10.0)}
    relu, (low, high) = _constant_part("relu"), activations.get("leaky_relu").range
    return Evidence(
        "the mean's part of the mean square: "
        + ", ".join(f"{of:.1%} for z ~ N(0, {spread:g}^2)" for spread, of in share.items())
        + f"; with ReLU {relu:.1%}",
        expected="less than a tenth of the mean square",
        cases={f"z ~ N(0, {spread:g}^2)": of < 0.1 for spread, of in share.items()},
        core={
            "values of both signs, without bound": (low, high) == (-math.inf, math.inf),
            "nearer to centred than ReLU": share[1.0] < relu,
        },
    )


@claim(
    "Leaky ReLU comes from Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)",
    verdict=TRUE,
    how=CITED,
    activations=("leaky_relu",),
    citations=("maas2013",),
)
def maas_introduced_leaky_relu():
    leaky, title, year = activations.get("leaky_relu"), title_of("maas2013"), year_of("maas2013")
    below = leaky.slope(torch.tensor(-5.0)).item()
    return Evidence(
        f"“{title}”, {year}, lets a rectifier pass a small gradient where it is silent; the catalog's, of that "
        f"source and year, has slope {below:g} at -5",
        expected="that title in 2013, and a slope below 0 that is not 0",
        cases={
            "title and year": (title, year)
            == ("rectifier nonlinearities improve neural network acoustic models", 2013),
            "the catalog has it from there, with a slope below 0": leaky.source == "maas2013" and 0 < below < 1,
        },
    )


# ---- PReLU ------------------------------------------------------------------------------------------------------


@cache
def _learned_slope(taught):
    """The slope below 0 that a PReLU arrives at by gradient descent, taught by a function of slope `taught` there."""
    z = torch.linspace(-2, 2, 41, dtype=torch.float64)
    unit = activations.get("prelu").module(dtype=torch.float64)
    update = torch.optim.SGD(unit.parameters(), lr=0.5)
    for _ in range(50):
        loss = (unit(z) - torch.where(z > 0, z, taught * z)).square().mean()
        update.zero_grad()
        loss.backward()
        update.step()
    return unit.negative_slope.item()


@claim(
    "PReLU trains its alpha along with the weights",
    verdict=TRUE,
    activations=("prelu",),
    citations=("he2015",),
    where=f"{SLOPES}#fig-relu-prelu",
)
def prelu_learns_alpha():
    start = activations.get("prelu").settings["negative_slope"]
    learned = {taught: _learned_slope(taught) for taught in (0.1, 0.5)}
    return Evidence(
        f"starting at {start:g}, alpha ends at "
        + " and at ".join(f"{of:.3f} where the target's slope is {taught:g}" for taught, of in learned.items()),
        expected="an alpha that goes where the target is",
        cases={f"taught {taught:g}": abs(of - taught) < 1e-6 for taught, of in learned.items()},
    )


@claim(
    "PReLU is max(alpha z, z)",
    verdict=CONDITIONS,
    corrected="For alpha up to 1. Nothing keeps alpha there: beyond 1 the larger of the two is z below 0 and alpha z "
    "above, the wrong way round.",
    activations=("prelu",),
    citations=("he2015",),
    where=f"{KINK}#sec-relu-family",
)
def prelu_is_a_maximum():
    z, gaps = torch.linspace(-3, 3, 601, dtype=torch.float64), {}
    for taught in (0.25, 2.0):
        alpha = _learned_slope(taught)
        by_torch = functional.prelu(z, torch.tensor([alpha], dtype=torch.float64))
        gaps[f"{alpha:.2f}"] = (torch.maximum(alpha * z, z) - by_torch).abs().max().item()
    return Evidence(
        "largest difference between -3 and 3, to torch's prelu: "
        + ", ".join(f"{gap:.1f} where training arrived at alpha = {alpha}" for alpha, gap in gaps.items()),
        expected="no difference",
        cases={f"alpha = {alpha}": gap < 1e-12 for alpha, gap in gaps.items()},
    )


@claim(
    "PReLU has the range (-inf, inf)",
    verdict=CONDITIONS,
    corrected="For alpha above 0. At 0 or below, which can be learned, it is [0, inf).",
    activations=("prelu",),
)
def prelus_range_is_everything():
    z, lowest = torch.linspace(-1e6, 1e6, 2001, dtype=torch.float64), {}
    for taught in (0.25, -1.0):
        alpha = _learned_slope(taught)
        lowest[f"{alpha:.2f}"] = functional.prelu(z, torch.tensor([alpha], dtype=torch.float64)).min().item()
    return Evidence(
        "lowest value from -1e6 to 1e6: "
        + ", ".join(f"{round(low)} where training arrived at alpha = {alpha}" for alpha, low in lowest.items()),
        expected="values as far below 0 as above",
        cases={f"alpha = {alpha}": low < -1e5 for alpha, low in lowest.items()},
    )


@claim(
    "PReLU's slope lies between alpha and 1",
    verdict=CONDITIONS,
    corrected="It takes these two values. For an alpha above 1, which can be learned, they are the other way round, "
    "and the largest slope is alpha.",
    activations=("prelu",),
)
def prelus_slope_lies_between_alpha_and_1():
    z, found = torch.tensor([-1.0, 1.0], dtype=torch.float64), {}
    for taught in (0.25, 2.0):
        alpha = _learned_slope(taught)
        found[f"{alpha:.2f}"] = activations.get("prelu", negative_slope=alpha).slope(z), alpha
    return Evidence(
        "slopes on the two sides: "
        + ", ".join(f"{of[0]:.2f} and {of[1]:g} at alpha = {alpha}" for alpha, (of, _) in found.items()),
        expected="slopes of at least alpha and at most 1",
        cases={
            f"alpha = {name}": bool((of >= alpha).all() and (of <= 1).all()) for name, (of, alpha) in found.items()
        },
    )


@claim(
    "Learning alpha makes PReLU a little dearer",
    verdict=CONDITIONS,
    corrected="Small in memory. In time it depends on the implementation: torch's takes several times as long as "
    "ReLU on the way forward and back, since alpha's gradient is a sum over all negative inputs.",
    how=STORED,
    activations=("prelu", "leaky_relu"),
    citations=("he2015",),
)
def prelu_adds_a_small_cost():
    weights = sum(part.numel() for part in nn.Linear(512, 512, device="meta").parameters())
    added = sum(part.numel() for part in nn.PReLU(512, device="meta").parameters()) / weights
    alone, layer = ({name: _cost(name, what) for name in ("prelu", "leaky_relu")} for what in ("both", "layer"))
    return Evidence(
        f"a slope for each of 512 units with 512 inputs adds {added:.1%} to the layer's parameters; time over "
        "ReLU's, forward and back: "
        + "; ".join(f"{name} {alone[name]:.1f} alone, {layer[name]:.2f} with its layer" for name in alone),
        expected="under a hundredth more parameters, and no more than half as long again as Leaky ReLU",
        cases={"parameters": 0 < added < 0.01, "time, forward and back": alone["prelu"] < 1.5 * alone["leaky_relu"]},
    )


@claim(
    "A slope that is learned, as in PReLU, improves on Leaky ReLU's fixed one",
    verdict=CONDITIONS,
    corrected="It depends on the fixed slope. He et al. gain 1.2 points on ImageNet over ReLU; they have no network "
    "with a fixed leak. On both CIFARs, one network each, Xu et al. have the learned slope ahead of a fixed one of "
    "0.01 and behind one of 1 / 5.5.",
    how=CITED,
    activations=("prelu", "leaky_relu", "rrelu"),
    citations=("he2015", "xu2015"),
    where=f"{SLOPES}#sec-relu-prelu",
)
def prelu_improves_on_leaky_relu():
    relu, prelu = 33.82, 32.64
    cases = {}
    for task, (learned, small, large) in XU.items():
        cases |= {f"{task}: ahead of slope 0.01": learned < small, f"{task}: ahead of slope 1 / 5.5": learned < large}
    return Evidence(
        f"top-1 error on ImageNet {relu} per cent with ReLU and {prelu} with PReLU, in the first paper, which has no "
        "fixed leak; per cent of errors with a learned slope, 0.01 and 1 / 5.5 in the second, from the standard "
        "literature: " + ", ".join(f"{task} {' '.join(f'{of:.2f}' for of in each)}" for task, each in XU.items()),
        expected="a lower error than with each fixed slope; one run each, so no spread is known",
        cases=cases,
    )


@claim(
    "The parameters that PReLU learns can improve performance",
    verdict=TRUE,
    how=CITED,
    activations=("prelu", "relu"),
    citations=("he2015",),
)
def prelu_can_improve_performance():
    relu, shared, channel = 33.82, 32.71, 32.64
    return Evidence(
        f"top-1 error on ImageNet: {relu} per cent with ReLU, {shared} with one slope for a layer and {channel} with "
        "one for a channel, of a network of 14 layers in the paper that introduced it; one run each, not repeated "
        "here",
        expected="a case in which the error falls",
        cases={"ImageNet, one slope for a layer": shared < relu, "ImageNet, one for a channel": channel < relu},
    )


@claim(
    "Parametric functions such as PReLU and PELU share one set of parameters in a whole layer",
    verdict=CONDITIONS,
    corrected="So in torch by default, and in PELU. He et al. learn a slope for each channel; the shared one is "
    "their variant.",
    how=CITED,
    activations=("prelu",),
    citations=("he2015", "trottier2016"),
)
def prelu_shares_its_slope():
    by_default = nn.PReLU().weight.numel()
    channels = 16
    layer = nn.PReLU(channels)
    layer(torch.randn(2, channels, 3, 3, generator=torch.Generator().manual_seed(0))).square().sum().backward()
    moved = len(layer.weight.grad.unique())
    return Evidence(
        f"torch.nn.PReLU() has {by_default} slope for the layer. He et al. put first one for each channel: "
        f"torch.nn.PReLU({channels}) has {layer.weight.numel()}, and an example gives them {moved} gradients",
        expected="one set for a layer",
        cases={
            "torch.nn.PReLU by default": by_default == 1,
            "PReLU with a slope for each channel: they move as one": moved == 1,
        },
    )


# ---- ELU --------------------------------------------------------------------------------------------------------


@claim(
    "ELU replaces the straight negative side with an exponential curve, which makes it smooth",
    verdict=CONDITIONS,
    corrected="Without a kink only for alpha = 1, and even then the curvature jumps at 0, from 1 to 0.",
    activations=("elu",),
    citations=("clevert2015",),
)
def elu_is_smooth():
    beside = torch.tensor([-1e-9, 1e-9], dtype=torch.float64)
    jump = {alpha: activations.get("elu", alpha=alpha).slope(beside).diff().abs().item() for alpha in (1.0, 0.5, 2.0)}
    bend = theory.curvature("elu", beside)
    return Evidence(
        "jump of the slope at 0: "
        + ", ".join(f"{size:.1f} for alpha = {alpha:g}" for alpha, size in jump.items())
        + f"; curvature beside 0, alpha = 1: {bend[0]:.0f} and {bend[1]:.0f}",
        expected="a slope without a jump",
        cases={f"alpha = {alpha:g}": size < 1e-6 for alpha, size in jump.items()},
    )


@claim(
    "ELU's smooth transition is what pushes mean activations closer to zero",
    verdict=IMPRECISE,
    corrected="Its negative values do that. Softplus is smoother and has the larger mean; a ReLU whose kink is moved "
    "to -1 is not smooth and has a smaller one.",
    activations=("elu", "softplus", "relu"),
)
def smoothness_moves_the_mean():
    mean = {name: theory.moments(name).mean for name in ("relu", "elu", "softplus")}
    cut = theory.expectation(lambda z: z.clamp(min=-1), (-1.0,))
    return Evidence(
        ", ".join(f"{name} {of:.2f}" for name, of in mean.items()) + f", max(z, -1) {cut:.2f}: means under N(0, 1)",
        expected="smoother, and nearer to 0",
        cases={
            "softplus, smooth without negative values: nearer to 0 than ReLU": mean["softplus"] < mean["relu"],
            "max(z, -1), ELU's negative values without the smoothness: no nearer than ReLU": cut >= mean["relu"],
        },
        core={"ELU's mean is nearer to 0 than ReLU's": abs(mean["elu"]) < abs(mean["relu"])},
    )


@claim(
    "ELU's negative values push mean activations closer to zero, as batch normalisation does, at less cost",
    verdict=CONDITIONS,
    corrected="Closer than ReLU's, but not to zero, where batch normalisation puts them. It is cheaper: it keeps no "
    "statistics and learns nothing.",
    activations=("elu", "relu"),
    citations=("clevert2015", "ioffe2015"),
    where=f"{KINK}#sec-relu-elu",
)
def elu_centres_like_batch_normalisation():
    elu, relu = (theory.moments(name).mean for name in ("elu", "relu"))
    norm = nn.BatchNorm1d(256, dtype=torch.float64)
    z = torch.randn(1000, 256, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    normalised = norm(torch.relu(z)).mean(dim=0).abs().max().item()
    kept = {
        name: sum(part.numel() for part in layer.state_dict().values() if part.ndim) // 256
        for name, layer in (("batch normalisation", norm), ("ELU", nn.ELU()))
    }
    return Evidence(
        f"mean under N(0, 1): ELU {elu:.2f}, ReLU {relu:.2f}, ReLU with batch normalisation after it "
        f"{normalised:.2f}; numbers to keep for each unit: "
        + ", ".join(f"{of} for {name}" for name, of in kept.items()),
        expected="a mean nearer to 0 than ReLU's, within 0.05 of the 0 of batch normalisation, and fewer numbers to "
        "keep",
        cases={
            "nearer to 0 than ReLU": abs(elu) < abs(relu),
            "within 0.05 of what batch normalisation gives": abs(elu - normalised) < 0.05,
            "less to keep": kept["ELU"] < kept["batch normalisation"],
        },
    )


@claim(
    "ELU's outputs run from about -1 to infinity and are mostly centred",
    verdict=CONDITIONS,
    corrected="With alpha = 1 and pre-activations of about unit size. For large ones ELU is nearly ReLU, and no more "
    "centred.",
    activations=("elu",),
)
def elu_is_mostly_centred():
    low, high = activations.get("elu").range
    share = {spread: _constant_part("elu", spread) for spread in (1.0, 10.0)}
    return Evidence(
        f"values from {low:g} to {high:g} for alpha = 1; the mean's part of the mean square: "
        + ", ".join(f"{of:.0%} for z ~ N(0, {spread:g}^2)" for spread, of in share.items()),
        expected="values above -1, and a mean that makes less than a tenth of the mean square",
        cases={f"z ~ N(0, {spread:g}^2)": (low, high) == (-1, math.inf) and of < 0.1 for spread, of in share.items()},
    )


@claim(
    "ELU has the range (-alpha, inf)",
    verdict=TRUE,
    activations=("elu",),
    citations=("clevert2015",),
    where=f"{KINK}#fig-relu-family",
)
def elus_range_starts_at_minus_alpha():
    z = torch.linspace(-30, 1e3, 100_001, dtype=torch.float64)  # below about -37 the value rounds to -alpha
    lowest = {alpha: functional.elu(z, alpha).min().item() for alpha in (0.5, 1.0, 2.0)}
    return Evidence(
        "lowest value from z = -30 on: "
        + ", ".join(
            f"above -{alpha:g} by less than 1e-12" for alpha, low in lowest.items() if 0 < low + alpha < 1e-12
        )
        + f"; at 1000 the value is {functional.elu(z, 1.0).max():g}",
        expected="values as close to -alpha as one likes, never below, and no upper bound",
        cases={f"alpha = {alpha:g}": 0 < low + alpha < 1e-12 for alpha, low in lowest.items()},
    )


def _far_left():
    """The slopes of ELU, sigmoid and tanh at -10 and -20."""
    z = torch.tensor([-10.0, -20.0], dtype=torch.float64)
    return {name: activations.get(name).slope(z) for name in ("elu", "sigmoid", "tanh")}


@claim(
    "For very negative inputs ELU's gradient vanishes too, but less severely than the sigmoid's or tanh's",
    verdict=CONDITIONS,
    corrected="Less than tanh's. Compared with the sigmoid's it is the same exponential: at -10 the two agree to "
    "four digits. What ELU has for it is the positive side, which does not saturate.",
    activations=("elu", "sigmoid", "tanh"),
    where=f"{KINK}#sec-relu-elu",
)
def elu_vanishes_less_severely():
    slope = _far_left()
    return Evidence(
        "slope at -10: " + ", ".join(f"{of[0]:.3e} with {name}" for name, of in slope.items()),
        expected="a slope at least twice as large as the other's",
        cases={
            f"against {name}, at -10 and -20": bool((slope["elu"] > 2 * slope[name]).all())
            for name in ("tanh", "sigmoid")
        },
    )


@claim(
    "Since ELU's outputs below 0 are not zero, its gradients there do not vanish",
    verdict=FALSE,
    corrected="An output that is not zero is no gradient. ELU's comes nearest to its bound where its slope is "
    "smallest: the slope is alpha e^z, and falls as the sigmoid's does.",
    activations=("elu", "sigmoid"),
    where=f"{KINK}#sec-relu-elu",
)
def elu_overcomes_the_vanishing_gradient():
    slope, out = _far_left(), activations.get("elu")(torch.tensor([-10.0, -20.0], dtype=torch.float64))
    return Evidence(
        f"at -10 and -20 ELU's output is {out[0]:.5f} and {out[1]:.5f}, its slope {slope['elu'][0]:.0e} and "
        f"{slope['elu'][1]:.0e}; the sigmoid's slope is {slope['sigmoid'][0]:.0e} and {slope['sigmoid'][1]:.0e}",
        expected="a slope that does not vanish where the output is far from 0",
        cases={
            "where the output is farthest from 0, a slope above 0.001": slope["elu"].min().item() > 1e-3,
            "a slope that outlasts the sigmoid's, by a factor of 2": bool(
                (slope["elu"] > 2 * slope["sigmoid"]).all()
            ),
        },
    )


@claim(
    "Unlike Leaky ReLU and PReLU, ELU has a plateau on its negative side, which makes what it learns robust and "
    "stable",
    verdict=CONDITIONS,
    corrected="The plateau lets little noise through, and for the same reason little gradient: a unit that sits on "
    "it can hardly learn to leave.",
    activations=("elu", "leaky_relu", "prelu"),
    citations=("clevert2015",),
)
def elus_plateau_is_robust():
    z, names = torch.tensor([-10.0, -20.0], dtype=torch.float64), ("elu", "leaky_relu", "prelu")
    out = {name: activations.get(name)(z) for name in names}
    slope = {name: activations.get(name).slope(z[:1]).item() for name in names}
    noise = {name: _noise_at(name, -10.0) for name in names}
    return Evidence(
        "from -10 to -20 the output grows by "
        + ", ".join(f"{(of[1] / of[0] - 1).item():.2%} ({name})" for name, of in out.items())
        + "; noise of size 1 around -10 comes out with "
        + ", ".join(f"{of:.0e} ({name})" for name, of in noise.items()),
        expected="a flat side that the others lack, less noise, and as much gradient to learn from",
        cases={
            "a plateau, which the others lack": [name for name, of in out.items() if of[1] / of[0] < 1.001]
            == ["elu"],
            "less noise passed on": noise["elu"] < min(noise["leaky_relu"], noise["prelu"]),
            "as much gradient to learn from as Leaky ReLU has": slope["elu"] >= slope["leaky_relu"],
        },
    )


def _noise_at(name, z):
    """The standard deviation of f(z + noise), noise ~ N(0, 1)."""
    act = activations.get(name)
    kinks = [kink - z for kink in act.kinks]
    mean = theory.expectation(lambda noise: act(z + noise), kinks)
    return math.sqrt(theory.expectation(lambda noise: (act(z + noise) - mean) ** 2, kinks))


@claim(
    "ELU can be written in NumPy as np.where(x > 0, x, alpha * (np.exp(x) - 1))",
    verdict=CONDITIONS,
    corrected="It loses digits near 0, where it subtracts nearly equal numbers (np.expm1 does not), and takes the "
    "exponential of large positive x too, since np.where computes both sides: an overflow warning, though the value "
    "is right.",
    activations=("elu",),
)
def elu_as_it_is_written():
    x = np.array([-1.0, -1e-8, 1000.0])
    with np.errstate(over="ignore"):
        power = np.exp(x)
        value = np.where(x > 0, x, power - 1)
    off = np.abs(value / np.where(x > 0, x, np.expm1(np.minimum(x, 0))) - 1)
    return Evidence(
        f"in float64 right to 1e-12 at {' and '.join(f'{at:g}' for at in x[off < 1e-12])}, off by {off[1]:.0e} of "
        f"the value at -1e-8; at 1000 the exponential is {power[2]}",
        expected="right to 1e-12 of the value, with no overflow on the way",
        cases={f"x = {at:g}": bool(miss < 1e-12 and of < np.inf) for at, miss, of in zip(x, off, power, strict=True)},
    )


@claim(
    "ELU's exponential costs more than Leaky ReLU's multiplication",
    verdict=TRUE,
    how=STORED,
    activations=("elu", "leaky_relu"),
)
def elu_costs_more_than_leaky_relu():
    elu, leaky = (
        {what: _cost(name, what) for what in ("forward", "both", "layer")} for name in ("elu", "leaky_relu")
    )
    return Evidence(
        f"on one processor, time over Leaky ReLU's: {elu['forward'] / leaky['forward']:.1f} alone, "
        f"{elu['both'] / leaky['both']:.1f} with the way back, {elu['layer'] / leaky['layer']:.2f} with a layer of "
        "512 units",
        expected="at least half as long again, alone and with the way back",
        cases={
            "alone": elu["forward"] > 1.5 * leaky["forward"],
            "with the way back": elu["both"] > 1.5 * leaky["both"],
        },
    )


@claim(
    "ELU requires its alpha to be tuned",
    verdict=IMPRECISE,
    corrected="It can be tuned. The default of 1 is the value in its authors' experiments, and the only one without "
    "a kink.",
    activations=("elu",),
    citations=("clevert2015",),
)
def elu_requires_tuning():
    default = inspect.signature(nn.ELU).parameters["alpha"].default
    beside = torch.tensor([-1e-9, 1e-9], dtype=torch.float64)
    smooth = [
        alpha
        for alpha in (0.25, 0.5, 1.0, 1.5, 2.0)
        if activations.get("elu", alpha=alpha).slope(beside).diff().abs() < 1e-6
    ]
    return Evidence(
        f"torch's default is {default:g}; of 0.25, 0.5, 1, 1.5 and 2 the slope has no jump for "
        f"{', '.join(f'{alpha:g}' for alpha in smooth)}",
        expected="no default, and no value that stands out",
        cases={
            "no default that could be kept": default is inspect.Parameter.empty,
            "no value that stands out": smooth != [default],
        },
        core={
            "alpha can be chosen, and matters": not _same(activations.get("elu", alpha=0.5), activations.get("elu"))
        },
    )


@claim(
    "With ELU learning is faster, and more robust",
    verdict=TRUE,
    corrected="Its authors report both for networks of more than five layers. On the disk, with two, both hold "
    "against ReLU, at one rate for both and at rates tuned for each.",
    how=STORED,
    activations=("elu", "relu"),
    citations=("clevert2015",),
)
def elu_learns_faster_and_more_robustly():
    columns = {"train_loss_200": "training loss after 200 steps", "test_loss": "loss on fresh points at the end"}
    found, wins = [], {}
    for column, name in columns.items():
        elu, relu = (median_by_draw(activation, column) for activation in ("elu", "relu"))
        wins[name] = int((elu < relu).sum())
        found.append(
            f"{name} {elu.median():.3f} against {relu.median():.3f}, lower on {wins[name]} of {len(elu)} draws"
        )
    cases = {name: of > len(elu) / 2 and results.mcnemar(of, len(elu) - of) < 0.01 for name, of in wins.items()}
    for column, name in {"train_loss": "training loss", "test_loss": "loss on fresh points"}.items():
        mean, half = tuned_ratio("elu", "relu", column)
        cases[f"{name} at the end, each at its own rate"] = mean + half < 0
        found.append(
            f"at rates that other draws chose for each, {name} {math.exp(mean):.2f} times ReLU's "
            f"({math.exp(mean - half):.2f} to {math.exp(mean + half):.2f})"
        )
    return Evidence(
        "ELU against ReLU on the disk, rate 0.01: " + "; ".join(found),
        expected="lower on so many draws that a fair coin would do it once in a hundred times, or more rarely; and a "
        "ratio below 1 with its interval",
        cases=cases,
    )


@claim(
    "ELU comes from Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units (2015)",
    verdict=TRUE,
    how=CITED,
    activations=("elu",),
    citations=("clevert2015",),
)
def clevert_introduced_elu():
    elu, title, year = activations.get("elu"), title_of("clevert2015"), year_of("clevert2015")
    mean = {name: theory.moments(name).mean for name in ("elu", "relu")}
    said = "fast and accurate deep network learning by exponential linear units"
    return Evidence(
        f"“{title}”, first posted in November {year}, at ICLR the May after. Its abstract has units with negative "
        f"values, which bring the mean nearer to 0: {mean['elu']:.2f} with ELU, {mean['relu']:.2f} with ReLU, z "
        "standard normal",
        expected="that title in 2015, and a mean nearer to 0",
        cases={
            "title and year": title.startswith(said) and year == elu.year == 2015,
            "what its abstract says of the mean": abs(mean["elu"]) < abs(mean["relu"]),
        },
    )


# ---- APL --------------------------------------------------------------------------------------------------------


@claim(
    "The APL unit is max(0, x) plus a sum over s of a_i^s max(0, -x + b_i^s), where i runs from 1 to S",
    verdict=CONDITIONS,
    corrected="The sum is right. What runs from 1 to S is s, the hinge; i is the unit, and runs over all of them.",
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_is_a_sum_of_hinges():
    x = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    units = _units_of_the_experiment()["one for each filter or unit"]
    a, b = (-0.2, 0.4, 0.1), (0.3, -0.7, 2.0)
    printed = x.clamp(min=0) + sum(a_s * (-x + b_s).clamp(min=0) for a_s, b_s in zip(a, b, strict=True))
    gap = (printed - activations.get("apl", a=a, b=b)(x)).abs().max().item()
    return Evidence(
        f"the sum is the catalog's function {'to 1e-12' if gap < 1e-12 else 'only roughly'}; with S = 5, i from 1 to "
        f"S would name the hinges of 5 units, and the network of Park et al. has {units}",
        expected="the function of the paper, and indices that name every number that is learned",
        cases={"the sum": gap < 1e-12, "i from 1 to S reaches every unit": units <= HINGES},
    )


@claim(
    "APL units add 2SM parameters, with S hinges in each of M hidden units",
    verdict=TRUE,
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_adds_2sm_parameters():
    counted = {(hinges, units): _apl_parameters(hinges, units) for hinges in (1, 5, 10) for units in (3, 100)}
    units = _units_of_the_experiment()["one for each filter or unit"]
    return Evidence(
        f"a unit of 1, 5 or 10 hinges learns {', '.join(str(_apl_parameters(hinges)) for hinges in (1, 5, 10))} "
        f"numbers; the network of Park et al., with S = {HINGES} and {units} filters and units, "
        f"{_apl_parameters(HINGES) * units}",
        expected="two numbers for each hinge of each unit",
        cases={
            f"S = {hinges}, M = {units}": count == 2 * hinges * units for (hinges, units), count in counted.items()
        },
    )


HINGES = 5  # S in the experiment of park2024


def _apl_parameters(hinges, units=1):
    unit = activations.get("apl", a=(0.1,) * hinges, b=tuple(range(hinges)))
    return sum(part.numel() for part in nn.ModuleList(unit.module() for _ in range(units)).parameters())


@cache
def _experiment():
    """The convolutional network of park2024, section 5.3, without storage: only its shapes count here."""
    pool = {"kernel_size": 3, "stride": 2}
    with torch.device("meta"):
        return nn.Sequential(
            *(nn.Conv2d(3, 96, 5, padding=2), nn.MaxPool2d(**pool)),
            *(nn.Conv2d(96, 128, 5, padding=2), nn.AvgPool2d(**pool)),
            *(nn.Conv2d(128, 256, 5, padding=2), nn.AvgPool2d(**pool)),
            *(nn.Flatten(), nn.Linear(256 * 3 * 3, 2048), nn.Linear(2048, 2048), nn.Linear(2048, 10)),
        )


def _units_of_the_experiment():
    """How many hidden units it has, by what counts as one."""
    h, filters, positions = torch.empty(1, 3, 32, 32, device="meta"), 0, 0
    for layer in _experiment()[:-1]:  # the last gives the ten logits
        h = layer(h)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            filters, positions = filters + h.shape[1], positions + h[0].numel()
    return {"one for each filter or unit": filters, "one for each position of each filter": positions}


@claim(
    "What APL units add is little beside the weights of a network",
    verdict=CONDITIONS,
    corrected="If a filter counts as one unit. Learned neuron by neuron, at every position of every filter, it is a "
    "seventh of the weights.",
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_adds_few_parameters():
    weights = sum(part.numel() for part in _experiment().parameters())
    share = {kind: _apl_parameters(HINGES) * units / weights for kind, units in _units_of_the_experiment().items()}
    return Evidence(
        f"of the {weights} weights and biases of the network in Park et al.: "
        + ", ".join(f"{of:.1%}, {kind}" for kind, of in share.items()),
        expected="less than a tenth of the weights",
        cases={kind: of < 0.1 for kind, of in share.items()},
    )


@claim(
    "APL avoids the drawback of learned pieces that each further split point costs two more parameters",
    verdict=FALSE,
    corrected="It has the same: each further hinge brings an a and a b.",
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_saves_parameters_per_hinge():
    counts = [_apl_parameters(hinges) for hinges in range(1, 7)]
    steps = [after - before for before, after in pairwise(counts)]
    return Evidence(
        f"units of 1 to 6 hinges learn {', '.join(map(str, counts))} numbers: {max(steps)} more for each hinge",
        expected="fewer than two for each further hinge",
        cases={"a further hinge": max(steps) < 2},
    )


@claim(
    "Five hinges give APL units a concave shape around 0 that resembles ELU",
    verdict=FALSE,
    corrected="ELU with alpha = 1 is convex: its slope never falls. Of the units that we trained few bend down from "
    "-1 to 1, and at 0 itself none can, because of the max(0, x) in it, unless another hinge lies exactly there.",
    how=STORED,
    activations=("apl", "elu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-shapes",
)
def apl_is_concave_like_elu():
    elu, units = _bend(activations.get("elu"), 1.0), list(_bends(1.0).values())
    concave = sum(after < 0 for _, after in units)
    return Evidence(
        f"f(1) + f(-1) - 2 f(0), which is below 0 where a function bends down: {elu:.2f} for ELU; of {len(units)} "
        f"APL units with five hinges, trained on digits, {concave} are below",
        expected="below 0, for ELU and for most units",
        cases={"ELU bends down": elu < 0, "most of the units do": concave > len(units) / 2},
    )


def _bend(act, reach):
    left, middle, right = act(torch.tensor([-reach, 0.0, reach], dtype=torch.float64)).tolist()
    return left + right - 2 * middle


def _bends(reach):
    """From each stored unit of data/adaptive with five random hinges to how it bends before and after training."""
    rows = [row for row in results.load("adaptive", "units") if row["arm"] == "apl_5"]
    last = max(row["epoch"] for row in rows)
    found = {}
    for row in rows:
        if row["epoch"] in (0, last):
            bend = _bend(activations.get("apl", a=row["a"], b=row["b"]), reach)
            found.setdefault((row["layer"], row["unit"]), {})[row["epoch"]] = bend
    return {unit: (of[0], of[last]) for unit, of in found.items()}


@claim(
    "A unit that starts concave stays concave, and one that starts convex stays convex",
    verdict=CONDITIONS,
    corrected="Nearly: of the units that we trained all keep their bend from -1/2 to 1/2, and one changes it from -1 "
    "to 1. Few start concave. The text shows three units of one run.",
    how=STORED,
    activations=("apl",),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-shapes",
)
def apl_keeps_its_bend():
    kept, concave, n = {}, {}, 0
    for reach in (0.5, 1.0):
        units = list(_bends(reach).values())
        n, kept[reach] = len(units), sum((before < 0) == (after < 0) for before, after in units)
        concave[reach] = sum(before < 0 for before, _ in units)
    return Evidence(
        f"of {n} stored units with five random hinges, one seed: "
        + "; ".join(f"from -{r:g} to {r:g} {kept[r]} bend as they did, {concave[r]} started concave" for r in kept),
        expected="every unit, some of them concave",
        cases={f"from -{r:g} to {r:g}": kept[r] == n and concave[r] > 0 for r in kept},
    )


@claim(
    "The units' hinges start by He's rule, as in the Caffe files of the authors of APL units",
    verdict=FALSE,
    corrected="In their files slopes are uniform from -1/2 to 1/2 and places normal with standard deviation 1/2. "
    "He's rule, made for weights, makes both several times smaller, and smaller the more units a layer has.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015", "park2024"),
    where="chapters/08c_adaptive#sec-apl-published",
)
def apl_units_start_by_hes_rule():
    theirs = {"slopes": 0.5 / math.sqrt(3), "places": 0.5}  # examples/cifar10/CNN/apl/train_test1.prototxt
    he = {
        units: nn.init.kaiming_normal_(torch.empty(HINGES, units), generator=torch.Generator().manual_seed(0))
        .std()
        .item()
        for units in (96, 256)
    }
    return Evidence(
        "standard deviations: in their files "
        + ", ".join(f"{size:.2f} for the {what}" for what, size in theirs.items())
        + "; by He's rule, as torch has it, "
        + ", ".join(f"{size:.2f} with {units} units" for units, size in he.items()),
        expected="the same, within a quarter",
        cases={
            f"{what}, {units} units": abs(size / of - 1) < 0.25
            for what, of in theirs.items()
            for units, size in he.items()
        },
    )


@claim(
    "Concave activations are a kind of their own, which has hardly been studied",
    verdict=IMPRECISE,
    corrected="They are rare by name. But a concave f is a convex one seen from behind, -f(-z), and a network with "
    "the one computes what a network with the other does when its weights change sign.",
    activations=("elu", "logsigmoid"),
)
def concave_activations_are_another_kind():
    elu = activations.get("elu")
    network = networks.mlp([2, 16, 16, 1], "elu", scheme="he", seed=0, dtype=torch.float64)
    x = data.disk(1000, test=1, seed=0, dtype=torch.float64).train_x

    def concave(z):
        return -elu(-z)

    with torch.no_grad():
        first, second, last = network[0], network[2], network[4]
        h = concave(-(x @ first.weight.T) - first.bias)
        h = concave(h @ second.weight.T - second.bias)
        gap = (-(h @ last.weight.T) + last.bias - network(x)).abs().max().item()
    z = torch.linspace(-8, 8, 1601, dtype=torch.float64)
    slopes = {name: act.slope(z) for name, act in activations.catalog.items()}
    named = [name for name, slope in slopes.items() if bool((slope.diff() < 1e-15).all()) and slope[0] > slope[-1]]
    return Evidence(
        "a network of concave units -elu(-z) gives what its mirror image with ELU gives, "
        f"{'to 1e-12' if gap < 1e-12 else 'not'}; concave in the catalog: {', '.join(named)}",
        expected="a network of concave units that no network of convex units equals",
        cases={"a network of concave units differs from its mirror image of convex ones": gap > 1e-12},
        core={"rare by name: under a tenth of the catalog": 0 < len(named) < len(slopes) / 10},
    )


@claim(
    "In Park et al.'s experiment the APL units are learned layer by layer",
    verdict=FALSE,
    corrected="Neuron by neuron: so the same text says where it defines them, so its count of 2SM parameters says, "
    "and so do Agostinelli et al.",
    activations=("apl",),
    citations=("agostinelli2015", "park2024"),
)
def apl_is_tailored_to_layers():
    layers = sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in _experiment()[:-1])
    units = _units_of_the_experiment()["one for each filter or unit"]
    count = {
        "a set for each layer": _apl_parameters(HINGES) * layers,
        "a set for each unit": _apl_parameters(HINGES) * units,
    }
    return Evidence(
        "parameters with S = 5: "
        + ", ".join(f"{of} with {kind}" for kind, of in count.items())
        + f"; the text's own 2SM, with M the hidden units, is {2 * HINGES * units}",
        expected="the number of parameters that a set for each layer has",
        cases={"2SM is the number for a set in each layer": 2 * HINGES * units == count["a set for each layer"]},
    )


# ---- history ----------------------------------------------------------------------------------------------------


@claim(
    "ReLU's rise came after Nair and Hinton's paper of 2010",
    verdict=TRUE,
    how=CITED,
    activations=("relu",),
    citations=("nair2010", "glorot2011", "krizhevsky2012", "fukushima1969"),
)
def relu_became_prominent_after_2010():
    known, named, deep, alexnet = 1969, 2010, 2011, 2012
    return Evidence(
        f"deep rectifier networks followed {deep - named} year later (Glorot et al.), AlexNet {alexnet - named} "
        f"years later; the function itself had been in use {named - known} years before, in Fukushima's analog "
        "threshold elements",
        expected="the works that made it common, after 2010",
        cases={"deep networks of rectifiers, and AlexNet": named < deep < alexnet},
    )


@claim(
    "Jarrett et al. (2009) and Glorot et al. (2011) showed ReLU's advantages over the sigmoid",
    verdict=OPEN,
    corrected="Both found rectification to be worth it. As they are known, Jarrett et al. rectified by the absolute "
    "value, behind a tanh, and Glorot et al. compared with tanh and softplus.",
    how=OPENLY,
    activations=("relu", "sigmoid"),
    citations=("jarrett2009", "glorot2011"),
)
def jarrett_and_glorot_compared_with_the_sigmoid():
    return Evidence("what two papers compared is to be read there; none of their measurements is at hand to check")
