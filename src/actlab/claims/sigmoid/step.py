"""Claims about the step and the threshold of a neuron."""

import torch
from torch.nn import functional

from ... import activations, data, networks
from .. import CITED, CONDITIONS, IMPRECISE, TRUE, Evidence, claim
from .._measure import year_of

CHAPTER = "chapters/02_step_to_sigmoid"


@claim(
    "The step is 1 from a threshold on and 0 below it, and Rosenblatt's perceptron was built from it",
    verdict=TRUE,
    how=CITED,
    activations=("step",),
    citations=("mcculloch1943", "rosenblatt1958"),
    where=f"{CHAPTER}#sec-sigmoid-step",
)
def the_step_is_0_or_1_and_rosenblatts_choice():
    step = activations.get("step")
    values = step(torch.tensor([-2.0, -1e-6, 0.0, 1e-6, 2.0])).int().tolist()
    x, *_ = data.xor(dtype=torch.float64)
    corrections = _perceptron(x, x.amax(dim=1))
    return Evidence(
        f"at -2, just below 0, at 0, just above and at 2: {', '.join(map(str, values))}. The units of Rosenblatt's "
        f"paper of {year_of('rosenblatt1958')} answer when their input reaches a threshold, as those of McCulloch "
        f"and Pitts had in {year_of('mcculloch1943')}; a perceptron built from this step learns OR in {corrections} "
        "corrections",
        expected="0 below the threshold, 1 from it on, and a perceptron of such units that learns OR",
        cases={
            "the values": values == [0, 0, 1, 1, 1],
            "a perceptron built from it learns OR": corrections is not None,
        },
    )


@claim(
    "The step, as the perceptron has it, can represent nothing beyond straight boundaries",
    verdict=CONDITIONS,
    corrected="That holds for one unit, of whatever activation: a lone sigmoid draws the same line. In a network it "
    "does not: three step units represent XOR exactly, and no line does.",
    activations=("step", "sigmoid"),
    citations=("minsky1969",),
    where=f"{CHAPTER}#fig-sigmoid-xor",
)
def the_step_draws_only_straight_lines():
    step, sigmoid = activations.get("step"), activations.get("sigmoid")
    x, label, *_ = data.xor(dtype=torch.float64)
    either, both = step(x.sum(dim=1) - 0.5), step(x.sum(dim=1) - 1.5)
    right = int((step(either - both - 0.5) == label).sum())
    lines = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    alone = int((step(lines[:, :2] @ x.T + lines[:, 2:]) == label).sum(dim=1).max())
    z = torch.randn(10_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    same = ((sigmoid(z) >= 0.5) == (step(z) == 1)).all().item()
    return Evidence(
        f"on XOR one step unit, of 20,000 drawn at random, is right on at most {alone} of the 4 corners, a network "
        f"of three on {right}; alone, a sigmoid above one half and a step answer "
        f"{'alike' if same else 'differently'} on 10,000 pre-activations",
        expected="at most 3 corners right, as with any straight line",
        cases={"one step unit": alone <= 3, "a network of three": right <= 3},
    )


@claim(
    "The step has no gradient: it is unusable for training, and nothing is learned across layers of it",
    verdict=CONDITIONS,
    corrected="Across layers back-propagation cannot: every weight below a step gets a gradient of exactly 0. The "
    "perceptron rule, which asks for no gradient, trains a lone step unit wherever a line separates the labels.",
    activations=("step",),
    citations=("rosenblatt1958", "novikoff1962", "bengio2013"),
    where=f"{CHAPTER}#sec-sigmoid-step",
)
def the_step_has_no_gradient():
    x, label, *_ = data.xor(dtype=torch.float64)
    network = networks.mlp([2, 4, 1], "step", seed=0, dtype=torch.float64)
    functional.binary_cross_entropy_with_logits(network(x)[:, 0], label).backward()
    below, above = (network[i].weight.grad.abs().max().item() for i in (0, 2))
    corrections = {"OR": _perceptron(x, x.amax(dim=1)), "AND": _perceptron(x, x.amin(dim=1))}
    return Evidence(
        f"back-propagation: largest gradient {below:g} below hidden steps, {above:.2f} above them; the perceptron "
        f"rule is right after {corrections['OR']} corrections on OR, {corrections['AND']} on AND",
        expected="no way for the weights of a step unit to be learned",
        cases={
            "back-propagation through hidden steps: all gradients below are 0": below == 0,
            "the perceptron rule on a lone step: OR and AND stay unlearned": set(corrections.values()) == {None},
        },
    )


def _perceptron(x, label, sweeps=100):
    """How many corrections the perceptron rule makes until all labels are right; None if it is not done by then."""
    step, corrections = activations.get("step"), 0
    inputs = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
    weight = torch.zeros_like(inputs[0])
    for _ in range(sweeps):
        if torch.equal(step(inputs @ weight), label):
            return corrections
        for example, wanted in zip(inputs, label, strict=True):
            error = wanted - step(example @ weight)
            weight += error * example
            corrections += int(error != 0)
    return None


@claim(
    "The step was soon given up for smooth functions that let several layers be trained",
    verdict=IMPRECISE,
    corrected="It was given up for them, but not soon: 28 years lie between the perceptron and the paper that made "
    "back-propagation known.",
    how=CITED,
    activations=("step", "sigmoid"),
    citations=("rosenblatt1958", "rumelhart1986"),
    where=f"{CHAPTER}#what-the-field-says",
)
def the_step_was_soon_replaced():
    perceptron, sigmoid = year_of("rosenblatt1958"), year_of("rumelhart1986")
    x, label, *_ = data.xor(dtype=torch.float64)
    below = {}
    for name in ("step", "sigmoid"):
        network = networks.mlp([2, 4, 1], name, seed=0, dtype=torch.float64)
        functional.binary_cross_entropy_with_logits(network(x)[:, 0], label).backward()
        below[name] = network[0].weight.grad.abs().max().item()
    return Evidence(
        f"Rosenblatt's paper is of {perceptron}, that of Rumelhart, Hinton and Williams of {sigmoid}: "
        f"{sigmoid - perceptron} years. Largest gradient that back-propagation finds below a hidden layer: of steps "
        f"{below['step']:g}, of sigmoids {below['sigmoid']:.3f}",
        expected="at most ten years",
        cases={"within ten years": sigmoid - perceptron <= 10},
        core={"it had to be given up: only the smooth one passes a gradient": below["step"] == 0 < below["sigmoid"]},
    )


@claim(
    "The sigmoid came into wide use in the 1980s, with back-propagation",
    verdict=TRUE,
    how=CITED,
    activations=("sigmoid",),
    citations=("rumelhart1986",),
    where=f"{CHAPTER}#what-the-field-says",
)
def the_sigmoid_came_with_back_propagation():
    year, z = year_of("rumelhart1986"), torch.linspace(-8, 8, 1601, dtype=torch.float64)
    fits = [
        name
        for name, act in activations.catalog.items()
        if (act.slope(z) - act(z) * (1 - act(z))).abs().max() < 1e-12 < act.slope(z).max()
    ]
    return Evidence(
        f"Rumelhart, Hinton and Williams train hidden units with back-propagation in a paper of {year}. It "
        "multiplies by the slope y (1 - y), y being a unit's output; in the catalog that is the slope of "
        f"{', '.join(fits)}",
        expected="a paper of the 1980s, and the slope that it multiplies by that of the sigmoid alone",
        cases={"it is of the 1980s": 1980 <= year < 1990, "y (1 - y) is the sigmoid's slope": fits == ["sigmoid"]},
    )
