"""Claims about gradients that explode."""

import math

from ... import data, networks
from .. import CONDITIONS, IMPRECISE, TRUE, Evidence, claim
from .._measure import DEPTH, GAINS, gradient_left, powers
from ._measure import F64, _descend


@claim(
    "With some activations the gradients of a deep network vanish, with others they explode",
    verdict=TRUE,
    corrected="The weights have their half in it: SELU with LeCun's weights does neither, nor does the sigmoid at "
    "gain 10.",
    activations=("sigmoid", "selu"),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def some_gradients_vanish_and_others_explode():
    small, large = gradient_left("sigmoid", GAINS["glorot"]), gradient_left("selu", GAINS["he"])
    return Evidence(
        f"gradient at the first of 50 layers over that at the last: sigmoid with Glorot's weights {powers(small)}, "
        f"SELU with He's {powers(large)}",
        expected="one that is smaller by a million or more, one that is larger by a hundred or more",
        cases={
            "sigmoid with Glorot's weights: smaller by a million": bool(small.mean() < -6),
            "SELU with He's weights: larger by a hundred": bool(large.mean() > 2),
        },
    )


@claim(
    "From layer to layer a gradient can multiply until the weights overflow, against which clipping helps",
    verdict=TRUE,
    activations=("relu",),
    citations=("pascanu2013",),
)
def gradients_grow_exponentially_and_are_clipped():
    shallow = 10 ** (gradient_left("relu", 2.0, depth=10).mean().item() / 9)
    deep = 10 ** (gradient_left("relu", 2.0).mean().item() / (DEPTH - 1))
    task = data.disk(200, seed=0, dtype=F64)
    last = {}
    for norm in (math.inf, 1.0):
        network = networks.mlp([2, *[64] * DEPTH, 1], "relu", scheme=2 / 8, seed=0, dtype=F64)  # gain 2
        last[norm] = _descend(network, task, rate=0.01, steps=5, clip=norm)[-1]
    return Evidence(
        f"at gain 2 a ReLU layer multiplies the gradient by {shallow:.1f} in a network of 10, and by {deep:.1f} in "
        "one of 50; after 5 plain steps the loss is "
        f"{'finite' if math.isfinite(last[math.inf]) else 'not a finite number'}, with gradients clipped to norm 1 "
        f"it is {'finite' if math.isfinite(last[1.0]) else 'not'}",
        expected="one factor a layer whatever the depth, weights that overflow, and none that do with clipping",
        cases={
            "the same factor a layer, to 5 %, and above 1.2": abs(deep / shallow - 1) < 0.05 and deep > 1.2,
            "plain descent overflows": not math.isfinite(last[math.inf]),
            "clipped descent does not": math.isfinite(last[1.0]),
        },
    )


@claim(
    "ReLU does not itself make gradients explode; bad starting weights, or great depth, do",
    verdict=CONDITIONS,
    corrected="Badly scaled weights do it. Depth alone does not: with He's weights the gradient keeps its size "
    "through 50 layers.",
    activations=("relu",),
    citations=("he2015",),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def bad_weights_or_depth_explode_relu():
    bad, deep = gradient_left("relu", 2.0), gradient_left("relu", GAINS["he"])
    return Evidence(
        f"gradient at the first of 50 layers over that at the last: {powers(bad)} at gain 2, {powers(deep)} at He's "
        "gain of 1.41",
        expected="a gradient larger by a million or more in both",
        cases={"gain 2": bool(bad.mean() > 6), "He's gain: nothing but depth": bool(deep.mean() > 6)},
    )


@claim(
    "It is updates of the weights that are too large which make gradients explode",
    verdict=IMPRECISE,
    corrected="They are there before the first update, wherever a layer's weights and slopes multiply to more than "
    "1. Large updates follow from them, and make them worse.",
    activations=("relu",),
    citations=("pascanu2013",),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def large_updates_explode_gradients():
    start = gradient_left("relu", 2.0)
    network = networks.mlp([2, *[64] * 10, 1], "relu", scheme="he", seed=0, dtype=F64)
    task = data.disk(200, seed=0, dtype=F64)
    sizes = []
    for rate in (30.0, 0.0):
        _descend(network, task, rate=rate, steps=1)
        sizes.append(math.sqrt(sum(weight.grad.square().sum().item() for weight in network.parameters())))
    grown = math.log10(sizes[1] / sizes[0])
    return Evidence(
        f"before any update, ReLU at gain 2: {powers(start)} over 50 layers; one step at rate 30 from He's weights, "
        f"10 layers: the gradient grows by 10^{grown:.0f}",
        expected="gradients that keep their size until there has been an update",
        cases={"50 layers at gain 2, no update: within a power of ten": bool(start.mean().abs() < 1)},
        core={"an update that is too large makes the gradient grow, by a hundred or more": grown > 2},
    )
