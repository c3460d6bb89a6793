"""Ten layers or more, units that die, and what holds a signal's size."""

from .._leaf import Leaf

__all__ = ["deep"]

DEFAULT = "chapters/07_init_pairing#sec-init-default"
DOCTOR = "chapters/07_init_pairing#sec-init-doctor"
HEAT = "chapters/deeper/07_heat#fig-init-heat"
HELD = "chapters/07_init_pairing#sec-init-held"
RESET = "chapters/07_init_pairing#sec-init-parts"
TRAINS = "chapters/07_init_pairing#sec-init-train"
DEEP = {"place": ("hidden",), "depth": ("many",), "between": ("nothing",)}

deep = (
    Leaf(
        id="deep-relu",
        group="deep",
        title="Ten layers or more with nothing between them",
        fits=DEEP,
        first=True,
        choose="`relu` with He's weights, or `tanh` with a gain a little above one; which is ahead was not measured",
        why="Twenty layers by gradient descent with momentum: with `relu` {learn_relu_he} of {learn_draws} draws "
        "learn from He's weights, {learn_relu_glorot} from Glorot's and {learn_relu_torch} from PyTorch's default; "
        "with `tanh` {learn_tanh_he}, {learn_tanh_glorot} and {learn_tanh_torch}. From the last to the first of "
        "fifty layers the gradient of `relu` changes by {delta_relu_he}, {delta_relu_lecun} and {delta_relu_torch}; "
        "a leak of a hundredth changes nothing in that. The function is fine; the default is not.",
        start="every hidden weight normal, standard deviation {gain_relu:.3f} over the root of its layer's fan-in, "
        "at any depth; biases zero; last layer gain one",
        rate="tune it: those networks had one, tuned for nobody",
        watch="Gradients that vanish, and more than half of a layer's units dead, in the report of "
        "`diagnostics.health`. With normalisation or skips the question is another one.",
        kind="measured",
        basis="{learn_draws} draws with a start each, twenty layers; {delta_seeds} seeds before training, fifty "
        "layers of one width",
        evidence={
            TRAINS: "does it train?",
            HEAT: "function by start by depth",
            DEFAULT: "what a layer does unless told",
        },
        holds=lambda n: (
            n["learn_relu_torch"] == n["learn_tanh_torch"] == 0
            and min(n["learn_relu_he"], n["learn_relu_glorot"], n["learn_tanh_he"]) > 0.7 * n["learn_draws"]
            and abs(n["powers_leaky_relu_he"]) < 0.1
            and abs(n["powers_leaky_relu_torch"] - n["powers_relu_torch"]) < 0.1
            and abs(n["powers_relu_he"]) < 0.1
            and n["powers_relu_torch"] < n["powers_relu_lecun"] < -5
        ),
    ),
    Leaf(
        id="deep-tanh",
        group="deep",
        title="Ten layers or more of tanh",
        fits=DEEP | {"function": ("tanh",)},
        choose="`tanh`, with a gain a little above one",
        why="Fifty layers, the rate chosen for each gain on other draws. With Adam gain {tanh_middle:g} gets "
        "{tanh_middle_one:.1f} points more of the fresh points right than gain one, and "
        "{tanh_middle_five_thirds:.0f} more than the five thirds of PyTorch's table. Their rates "
        "({tanh_middle_rate:g}, {tanh_one_rate:g}, {tanh_five_thirds_rate:g}) have a part in that; the points they "
        "were trained on all three fit, in {tanh_adam_middle}, {tanh_adam_one} and {tanh_adam_five_thirds} of "
        "{tanh_runs} runs. With plain descent it is {tanh_sgd_middle_one:.0f} over gain one, and {tanh_sgd_middle} "
        "runs fit their points, {tanh_sgd_one} from gain one and {tanh_sgd_five_thirds} from five thirds. From "
        "weights of PyTorch's default size {tanh_adam_torch} and {tanh_sgd_torch} do.",
        start="fifty layers: standard deviation {tanh_good} over the root of the fan-in in every hidden layer, "
        "biases zero, last layer gain one. At twenty layers gain {gain_relu:.2f} learned in {learn_tanh_he} of "
        "{learn_draws} draws, gain one in {learn_tanh_glorot}",
        rate="for those gains {tanh_adam_rates} with Adam, {tanh_sgd_rates} with gradient descent",
        watch="Gradients that explode: gain {gain_tanh:.3f}, which keeps the signal's size, lets them grow by "
        "{delta_tanh_computed} over fifty layers.",
        kind="measured",
        basis="{tanh_runs} draws of the data, each with its start, paired; layers of twenty-four units, two inputs",
        evidence={
            "chapters/03_tanh#sec-tanh-train": "does it train?",
            "chapters/03_tanh#sec-tanh-gain": "the gain decides",
        },
        holds=lambda n: (
            n["tanh_good_is_one_stretch"]
            and n["tanh_good_has_middle"]
            and n["tanh_good_least"] > 1
            and n["tanh_middle_one"].above
            and n["tanh_middle_five_thirds"].above
            and n["tanh_sgd_middle_one"].above
            and max(n["tanh_sgd_one"], n["tanh_sgd_five_thirds"]) < n["tanh_runs"] / 2 < n["tanh_sgd_middle"]
            and n["tanh_adam_middle"] > 0.9 * n["tanh_runs"]
            and n["tanh_adam_torch"] == n["tanh_sgd_torch"] == 0
            and n["powers_tanh_computed"] > 1
        ),
    ),
    Leaf(
        id="deep-smooth",
        group="deep",
        title="Ten layers or more of GELU, SiLU or Mish",
        fits=DEEP | {"function": ("smooth",)},
        choose="`gelu`, `silu` or `mish`: with normalisation, or not much deeper than ten",
        why="The gain that keeps the signal is a balance on a peak: each layer multiplies a deviation by "
        "{repels_gelu:.3f} (`gelu`), {repels_silu:.3f} (`silu`) and {repels_mish:.3f} (`mish`). The outputs of "
        "`gelu` grow by {signal_gelu_ten} in mean square over ten layers, and by {signal_gelu_fifty} over fifty; at "
        "gain one fifty layers change its gradient by {delta_gelu_lecun}.",
        start="standard deviation {gain_gelu:.3f}, {gain_silu:.3f}, {gain_mish:.3f} over the root of the fan-in in "
        "each of some ten layers, where {gain_relu:.3f} does as well for `gelu`: its outputs change by "
        "{signal_gelu_he_ten}, and eight layers were trained from it; layer normalisation in each for more",
        rate="tune it",
        watch="Outputs that explode or vanish on their way forward, for some examples and not for others.",
        kind="measured",
        basis="{delta_seeds} seeds before training, and theory; nothing deeper than eight layers was trained",
        evidence={HELD: "the matched gain that cannot be held", HEAT: "function by start by depth"},
        holds=lambda n: (
            min(n["repels_gelu"], n["repels_silu"], n["repels_mish"]) > 1
            and n["powers_gelu_lecun"] < -10
            and n["powers_signal_gelu_fifty"] > 2 > 1 > n["powers_signal_gelu_ten"]
            and abs(n["powers_signal_gelu_he_ten"]) < 1
        ),
    ),
    Leaf(
        id="deep-selu",
        group="deep",
        title="Many layers that keep their own size",
        fits=DEEP | {"function": ("selu",)},
        choose="`selu`, with LeCun's weights",
        why="Its size at the fixed point draws signals in: a layer leaves {own_unit_slope:.2f} of a deviation. Over "
        "fifty layers the gradient changes by {delta_selu_lecun}; with He's weights by {delta_selu_he}.",
        start="normal weights, standard deviation one over the root of the fan-in in every layer; not He's",
        rate="tune it: nothing was trained for this",
        watch="Inputs of mean zero and variance one, and weights that are LeCun's and no other.",
        kind="measured",
        basis="{delta_seeds} seeds before training, and theory; fully connected layers",
        evidence={
            "chapters/deeper/04_selu#sec-relu-selu": "a fixed point, and how to miss it",
            "cite:klambauer2017": "",
        },
        holds=lambda n: (
            0 < n["own_unit_slope"] < 1
            and abs(n["powers_selu_lecun"]) < 1 < n["powers_selu_he"]
            and abs(n["gain_selu"] - 1) < 0.001
        ),
    ),
    Leaf(
        id="deep-sigmoid",
        group="deep",
        title="Ten layers of sigmoids, if it has to be",
        fits=DEEP | {"function": ("sigmoid",)},
        choose="`sigmoid`, with a gain of about four at ten layers; more for more",
        why="Ten hidden layers, of {sigmoid_seeds} runs so many get nine points in ten right: with Adam "
        "{sigmoid_adam_four} from gain four, {sigmoid_adam_one} from one, {sigmoid_adam_torch} from PyTorch's "
        "default; with momentum {sigmoid_sgd_four} from four, {sigmoid_sgd_seven} from seven. In theory fifty "
        "layers change the gradient by {sigmoid_fifty_four} at gain four, by {sigmoid_fifty_seven} at seven, and "
        "not at all at {sigmoid_critical:.2f} alone. At ten layers gain four is ahead of that one, by "
        "{sigmoid_over_critical_low:.1f} points at rate {sigmoid_rate_low:g}; at {sigmoid_rate_high:g} the two "
        "could not be told apart ({sigmoid_over_critical_high:.0f}).",
        start="standard deviation four over the root of the fan-in in each of ten hidden layers, biases zero. At "
        "twenty layers, with momentum, gain eight learned in {learn_sigmoid_eight} of {learn_draws} draws, gains up "
        "to {gain_relu:.2f} in none. Fifty were not trained",
        rate="tune it",
        watch="Gradients that vanish on their way backward: `diagnostics.health` names the gain to try.",
        kind="measured",
        basis="{sigmoid_seeds} seeds on one draw, {sigmoid_draws} draws for the comparison of gains, {learn_draws} "
        "at twenty layers; layers of twenty-four or thirty-two units, two inputs",
        evidence={
            "chapters/deeper/07_sigmoids#fig-init-sigmoid": "a deep sigmoid network that trains",
            TRAINS: "twenty layers",
            "claim:sigmoid-gradients-vanish": "",
        },
        holds=lambda n: (
            n["sigmoid_adam_torch"] == n["sigmoid_adam_one"] == 0
            and min(n["sigmoid_adam_four"], n["sigmoid_sgd_four"], n["sigmoid_sgd_seven"]) > 0.8 * n["sigmoid_seeds"]
            and n["powers_sigmoid_fifty_four"] < -5 < n["powers_sigmoid_fifty_seven"] < -2
            and n["sigmoid_over_critical_low"].above
            and n["sigmoid_over_critical_high"].open
            and 0 < n["learn_sigmoid_eight"] < n["learn_draws"]
            and n["learn_sigmoid_he"] == n["learn_sigmoid_glorot"] == n["learn_sigmoid_torch"] == 0
        ),
    ),
    Leaf(
        id="normalised",
        group="deep",
        title="Normalisation in every layer",
        fits={"place": ("hidden",), "between": ("norm",)},
        choose="`relu`, `gelu` or `silu`; not `sigmoid` behind layer normalisation",
        why="Layer normalisation does what the computed gain does, for every example anew: over fifty layers the "
        "gradient of `gelu` changes by {layer_norm_gelu}, that of `relu` by {layer_norm_relu}, that of `sigmoid` by "
        "{layer_norm_sigmoid}. Batch normalisation saves `sigmoid` ({batch_norm_sigmoid}) and lets the gradient of "
        "`relu` grow by {batch_norm_relu}.",
        start="without skips the size of the weights cancels in every normalised layer; with skips multiply the "
        "last layer of each branch, see residual branches",
        rate="tune it: nothing was trained for this. In transformers with the normalisation behind the sum (post) "
        "practice is to warm the rate up; with it in front of the branch (pre) that matters less",
        watch="Batch normalisation in tens of layers without skips: over fifty the gradients of `gelu` and `silu` "
        "grow as well, by {batch_norm_gelu} and {batch_norm_silu}. Skips without scaling: the sum of the branches "
        "grows. Batch normalisation in its two modes.",
        kind="theory",
        basis="and networks before training, ninety-six wide; pre and post: the literature",
        evidence={RESET: "what else resets the size", "cite:ioffe2015": "", "cite:xiong2020": ""},
        holds=lambda n: (
            abs(n["powers_layer_norm_gelu"]) < 1
            and abs(n["powers_layer_norm_relu"]) < 0.1
            and n["powers_layer_norm_sigmoid"] < -15
            and abs(n["powers_batch_norm_sigmoid"]) < 1
            and n["powers_batch_norm_relu"] > 3
            and min(n["powers_batch_norm_gelu"], n["powers_batch_norm_silu"]) > 2
        ),
    ),
    Leaf(
        id="dead-units",
        group="deep",
        title="ReLU units that die",
        fits={"place": ("hidden",), "special": ("dead",)},
        choose="a smaller rate first, then `leaky_relu`",
        why="What training adds to the share of dead units, births apart, under Adam from He's weights: at rate "
        "{dead_low_rate:g} {dead_low_two:.0f} points in two layers and {dead_low_eight:.0f} in eight; at "
        "{dead_high_rate:g} {dead_high_two:.0f} and {dead_high_eight:.0f}. {dead_born:.0f} % of the eight layers "
        "were born dead. A leak of a hundredth changes the share that is silent at the end, in eight layers at rate "
        "{dead_high_rate:g}, by {dead_leak:.0f} points, and that of fresh points right by {dead_leak_right:.1f}.",
        start="He: gain {gain_relu:.3f} in each layer, biases at zero",
        rate="with Adam below {dead_high_rate:g} in such a network: the deeper, the smaller",
        watch="`diagnostics.health` names each layer with more than half of its units dead. Measure the loss, too: "
        "a dead unit is lost width, not a failed network. Eight layers get {dead_low_right:.0f} % of fresh points "
        "right at rate {dead_low_rate:g}, {dead_high_right:.0f} % at {dead_high_rate:g} and {dead_top_right:.0f} % "
        "at {dead_top_rate:g}. Over {tasks} tasks in a row networks wear out with dead units and without: online "
        "accuracy falls from {tasks_relu_first:.2f} to {tasks_relu_last:.2f} with `relu`, and from "
        "{tasks_leaky_first:.2f} to {tasks_leaky_last:.2f} with `leaky_relu`, none of whose units is dead.",
        kind="measured",
        basis="{dead_seeds} draws of the data, a start each, paired; layers of sixteen units, two inputs",
        evidence={
            "chapters/04_relu_family#sec-relu-training": "killed by training",
            "chapters/04_relu_family#sec-relu-leak": "a leaky unit cannot die?",
            "chapters/10_moving_data#sec-move-units": "tasks in a row",
            "claim:leaking-reduces-dead-units": "",
        },
        holds=lambda n: (
            n["dead_high_eight"].above
            and n["dead_high_two"].above
            and n["dead_low_two"].open
            and n["dead_low_eight"].mean + n["dead_low_eight"].half < n["dead_high_eight"].mean / 2
            and n["dead_leak"].below
            and n["dead_leak_right"].open
            and n["dead_top_right"] < 55 < 90 < min(n["dead_low_right"], n["dead_high_right"])
            and n["tasks_relu"].below
            and n["tasks_leaky"].below
            and n["tasks_leaky_dead"] == 0
        ),
    ),
)
