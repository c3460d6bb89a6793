"""Claims about units that die."""

import torch
from torch.nn import functional

from ... import activations, data, networks, results
from .. import CONDITIONS, IMPRECISE, STORED, TRUE, Evidence, claim
from ._measure import CHAPTER, OPTIMISERS, START, STEPS, _networks, _one_unit


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
