"""Claims about what smooth activations cost."""

from .. import CONDITIONS, STORED, TRUE, Evidence, claim
from ._measure import COSTS, _cost


@claim(
    "Mish costs clearly more than ReLU and all of its relatives",
    verdict=TRUE,
    how=STORED,
    activations=("mish", "relu", "leaky_relu", "prelu", "elu", "selu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def mish_is_dearer_than_the_relu_family():
    family = {
        name: _cost(name, "forward_ratio")
        for name in ("relu6", "leaky_relu", "prelu", "rrelu", "elu", "celu", "selu")
    }
    mish, dearest = _cost("mish", "forward_ratio"), max(family, key=family.get)
    return Evidence(
        f"time for a value, in torch on one processor: Mish {mish:.1f} times ReLU's, the dearest of the family, "
        f"{dearest}, {family[dearest]:.1f} times",
        expected="half as dear again as the dearest of the family, or more",
        cases={"alone": mish > 1.5 * family[dearest]},
    )


@claim(
    "Mish and GELU take more computing than ReLU",
    verdict=TRUE,
    corrected="For each value. Of a layer of 512 units, where the matrix product takes most of the time, it makes "
    "little.",
    how=STORED,
    activations=("mish", "gelu", "relu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def mish_and_gelu_are_heavier():
    columns = ("forward_ratio", "both_ratio", "layer_ratio")
    cost = {name: [_cost(name, column) for column in columns] for name in ("mish", "gelu")}
    return Evidence(
        "times ReLU's time, in torch on one processor: "
        + "; ".join(
            f"{name} {value:.1f} for a value, {both:.1f} with the slope, {layer:.1f} for a whole layer of 512 units"
            for name, (value, both, layer) in cost.items()
        ),
        expected="at least a quarter dearer, for a value and with the slope",
        cases={f"{name}, alone": value > 1.25 and both > 1.25 for name, (value, both, _) in cost.items()},
    )


SMOOTH_RELUS = ("silu", "gelu", "elu", "selu")


@claim(
    "Swish, GELU, ELU and SELU cost only a little more than ReLU",
    verdict=CONDITIONS,
    corrected="So it is where they stand in a layer with a large matrix. Alone they take a multiple of ReLU's time.",
    how=STORED,
    activations=(*SMOOTH_RELUS, "relu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def smooth_relus_are_slightly_dearer():
    cost = {what: [_cost(name, column) for name in SMOOTH_RELUS] for what, column in COLUMNS.items()}
    return Evidence(
        f"times ReLU's time for {', '.join(SMOOTH_RELUS)}, in torch on one processor: "
        + "; ".join(f"{', '.join(f'{of:.1f}' for of in ratios)} ({what})" for what, ratios in cost.items()),
        expected="at most a quarter more",
        cases={what: max(ratios) < 1.25 for what, ratios in cost.items()},
    )


COLUMNS = {"a value": "forward_ratio", "a layer of 512 units, with gradients": "layer_ratio"}


@claim(
    "What tanh or Swish cost in computing slows training down",
    verdict=CONDITIONS,
    corrected="Alone they cost more than ReLU. In a layer of 512 units, which is what a training step pays for, the "
    "difference is lost in the matrix products.",
    how=STORED,
    activations=("tanh", "silu", "relu"),
    where=f"{COSTS}#fig-smooth-cost",
)
def costly_functions_slow_training_down():
    cost = {(name, what): _cost(name, column) for name in ("tanh", "silu") for what, column in COLUMNS.items()}
    return Evidence(
        "times ReLU's time, in torch on one processor: "
        + "; ".join(f"{name} {of:.1f} ({what})" for (name, what), of in cost.items()),
        expected="at least a quarter more time",
        cases={f"{name}, {what}": of > 1.25 for (name, what), of in cost.items()},
    )
