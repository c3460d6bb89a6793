"""Number formats and hardware."""

from .._leaf import Leaf
from .places import COST, MEMORY

__all__ = ["machine"]

REACH = "chapters/06_softmax_stability#fig-softmax-reach"

machine = (
    Leaf(
        id="float16",
        group="machine",
        title="float16 in hidden layers",
        fits={"place": ("hidden",), "precision": ("float16",)},
        choose="functions that grow no faster than z; not `relu_squared`",
        why="The largest number is {float16_most:.0f}: `relu_squared` is inf from z = {float16_square:.0f} on, and "
        "a product of two halves can be. `sigmoid` is exactly one from z = {float16_one:.3g} on, and PyTorch's "
        "`tanh` passes no gradient from {float16_flat:.3g} on.",
        start="as in float32",
        rate="not measured here",
        watch="Outputs or gradients that are not finite: `diagnostics.health` names the layer.",
        kind="theory",
        basis="the formats, checked on a processor; no training in float16 here",
        evidence={
            "chapters/deeper/03_forms#sec-tanh-forms": "forms that survive",
            "chapters/02_step_to_sigmoid#sec-sigmoid-slope": "where the slope dies",
            "appendix/catalog#relu_squared": "the datasheet of ReLU squared",
        },
    ),
    Leaf(
        id="bfloat16",
        group="machine",
        title="bfloat16 in hidden layers",
        fits={"place": ("hidden",), "precision": ("bfloat16",)},
        choose="as in float32; mind `tanh` and `sigmoid`",
        why="It reaches as far as float32, with about {bfloat16_digits:.0f} decimal digits. What suffers is the "
        "difference from one: `sigmoid` is exactly one from z = {bfloat16_one:.3g} on, and PyTorch's `tanh` passes "
        "no gradient from {bfloat16_flat:.3g} on, where the true slope is still small but there.",
        start="as in float32",
        rate="not measured here",
        watch="Saturated values, layer by layer.",
        kind="theory",
        basis="the format, checked on a processor; no training in bfloat16 here",
        evidence={"chapters/deeper/03_forms#sec-tanh-forms": "forms that survive"},
        holds=lambda n: n["bfloat16_flat"] < n["float16_flat"] and n["bfloat16_digits"] < n["float16_digits"],
    ),
    Leaf(
        id="half-softmax",
        group="machine",
        title="Softmax in a format of sixteen bits",
        fits={"place": ("output", "gate"), "precision": ("float16", "bfloat16")},
        choose="the shifted softmax, with its sums in float32",
        why="Unshifted, the exponential is inf from {float16_exp:.2f} on in float16 and from {bfloat16_exp:.2f} on "
        "in bfloat16. The shift ends that. A sum of many small numbers needs float32 still.",
        watch="nan in the loss, and probabilities that do not add up to one.",
        kind="theory",
        basis="the formats, and programs run on a processor; graphics cards may differ in the last digits",
        evidence={
            REACH: "how far a format reaches",
            "chapters/deeper/06_digits#sec-softmax-long": "ten thousand small numbers",
            "claim:softmax-is-unstable-with-large-logits": "",
        },
        holds=lambda n: n["float16_exp"] < n["bfloat16_exp"],
    ),
    Leaf(
        id="int8",
        group="machine",
        title="int8",
        fits={"precision": ("int8",)},
        choose="what trains best: with eight bits none that was measured lost accuracy; with fewer a bounded one, or "
        "an affine range",
        why="Signal over error of hidden outputs in eight bits, symmetric range: {bits_tanh:.0f} decibels with "
        "`tanh`, {bits_relu6:.0f} with `relu6`, {bits_relu:.0f} with `relu`, {bits_gelu:.0f} with `gelu`. Zeros are "
        "kept exactly, which gives `relu` {bits_zeros:.1f} beside `gelu`. An affine range adds {bits_affine:.1f} "
        "with `relu`. None of {bits_functions} functions lost more than {bits_lost_8:.2f} points of accuracy with "
        "eight bits; with three `silu` lost {bits_silu_3:.0f} and `tanh` {bits_tanh_3:.1f}, in an affine range "
        "{bits_silu_3_affine:.1f} and {bits_tanh_3_affine:.1f}.",
        watch="A dip that rounds away. In a language model the cosine to the sentences as they were is "
        "{dip_none:.2f} without GELU's dip and {dip_mean:.2f} with each unit's mean of it: put the mean error back.",
        kind="measured",
        basis="{bits_seeds} draws of digits, small convolutional networks, rates chosen on others; one language "
        "model; rounded after training",
        evidence={
            "chapters/10_moving_data#sec-move-bits": "what eight bits keep",
            "chapters/10_moving_data#sec-move-dip": "what the dip carries",
            "cite:krishnamoorthi2018": "",
        },
        holds=lambda n: (
            n["bits_order"][:3] == ["tanh", "relu6", "relu"]
            and n["bits_zeros"].above
            and n["bits_affine"].above
            and n["bits_lost_8"] < 0.5
            and n["bits_silu_3"] > 10 > max(n["bits_tanh_3"], n["bits_silu_3_affine"])
            and n["dip_mean"] > 0.9 > 0.7 > n["dip_none"]
        ),
    ),
    Leaf(
        id="processor",
        group="machine",
        title="Time on a processor",
        fits={"place": ("hidden",), "hardware": ("cpu",)},
        choose="it will hardly matter: time the layer, not the function",
        why="Alone, `mish` with its gradient takes {alone_mish:.1f} times as long as `relu`; with its layer of "
        "{cost_width} units {layer_mish:.2f} times. `silu` takes {layer_silu:.2f} and `gelu` {layer_gelu:.2f} with "
        "the layer. The wider the layer, the less it counts.",
        watch="Functions written in several steps: a library's own, in one step, are faster.",
        kind="measured",
        basis="{cost_rounds} rounds on one processor; on another even the order differed",
        evidence={COST: "what a function costs", "claim:relus-speed-compounds": ""},
        holds=lambda n: (
            n["layer_mish"] < n["alone_mish"] / 2
            and max(n["layer_silu"], n["layer_gelu"]) < 1.1
            and "mish" in n["dearest"]
        ),
    ),
    Leaf(
        id="graphics-card",
        group="machine",
        title="Time on a graphics card",
        fits={"place": ("hidden",), "hardware": ("gpu",)},
        choose="no evidence of our own; published, it mattered little for functions that the library has",
        why="One published table has whole runs of BERT: {bert_functions} functions that PyTorch has lie within "
        "{bert_apart:.1f} % of each other, two that are written in several steps take {bert_steps} % longer than the "
        "fastest. That is one run each, on their card.",
        watch="Memory rather than time: what a function keeps for the way back.",
        kind="none",
        basis="one published run each; nothing measured here",
        evidence={
            "claim:relu-is-the-fastest-in-bert": "",
            "chapters/08d_transformers#sec-swap-times": "times",
            MEMORY: "the price in memory",
        },
        holds=lambda n: 0 < n["bert_apart"] < 3 < n["bert_steps_least"],
    ),
    Leaf(
        id="small-device",
        group="machine",
        title="A phone or a microcontroller",
        fits={"place": ("hidden", "gate"), "hardware": ("edge",)},
        choose="`relu`, or `hardswish` and `hardsigmoid`, from the literature",
        why="They need no exponential. On the processor measured here that buys little inside a layer: `hardswish` "
        "takes {layer_hardswish:.2f} times as long as `relu`, `silu` {layer_silu:.2f}. No phone was measured.",
        watch="Kinks, if a loss takes derivatives; and the speed on the device itself.",
        kind="cited",
        basis="one paper; times on a processor only",
        evidence={
            "cite:howard2019": "",
            "appendix/catalog#hardswish": "its datasheet",
            COST: "what a function costs",
        },
        holds=lambda n: 0 < n["layer_silu"] - n["layer_hardswish"] < 0.1,
    ),
)
