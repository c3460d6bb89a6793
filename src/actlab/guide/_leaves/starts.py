"""The first weights: what is multiplied, by what, at which depth."""

from .._leaf import Leaf

__all__ = ["starts"]

WEIGHTS = "chapters/02_step_to_sigmoid#sec-sigmoid-start"
SUMS = "chapters/07_init_pairing#sec-init-sum"

starts = (
    Leaf(
        id="first-weights",
        group="starts",
        title="How large are the weights of hidden layers?",
        fits={"place": ("start",), "weights": ("size",)},
        first=True,
        choose="standard deviation: the gain of the function over the root of the fan-in",
        why="The gain that keeps a signal's mean square at one is {gain_relu:.3f} for `relu`, {gain_gelu:.3f} for "
        "`gelu`, {gain_silu:.3f} for `silu`, {gain_selu:.3f} for `selu`. PyTorch's `nn.Linear` starts with "
        "{gain_torch:.3f} whatever follows: fifty layers of `relu` lose {delta_relu_torch} of their gradient by it. "
        "At fifty layers two want another one: `tanh` a little above one, not {gain_tanh:.3f}; `sigmoid` far more "
        "than {gain_sigmoid:.3f}. And `gelu` and `silu` want normalisation there: a signal that is a little off "
        "leaves the size that their gain keeps.",
        start="in each hidden layer normal weights of that standard deviation, by the layer's own fan-in; biases "
        "zero; the last layer with gain one. With normalisation in every layer and no skips the factor cancels",
        watch="The forward signal and delta, not the gradients of the weights: these can be level while both vanish.",
        kind="theory",
        basis="layers as wide as you like, biases zero; checked in networks of {delta_seeds} seeds",
        evidence={
            SUMS: "how large is a sum?",
            "chapters/07_init_pairing#sec-init-default": "what a layer does unless told",
            "chapters/07_init_pairing#sec-init-trap": "the plot that hides it",
            "chapters/07_init_pairing#sec-init-held": "the gains that cannot be held",
            "cite:he2015": "",
            "cite:glorot2010": "",
        },
        holds=lambda n: (
            n["powers_relu_torch"] < -15
            and abs(n["powers_relu_computed"]) < 0.1
            and min(n["repels_gelu"], n["repels_silu"]) > 1
        ),
    ),
    Leaf(
        id="symmetry",
        group="starts",
        title="May all weights be equal, or zero?",
        fits={"place": ("start",), "weights": ("equal",)},
        choose="no: draw them. Biases may be zero, and so may one layer of each branch",
        why="Two units with the same weights going in and coming out compute the same, get the same gradient and "
        "stay the same: a layer of them does the work of one. A digits network with all weights zero has the "
        "perfect first loss and learns next to nothing. One layer at zero does not make the symmetry, since the "
        "units below it differ.",
        start="any draw that makes the units of a layer differ: normal, uniform, orthogonal",
        watch="The number of units of a layer that differ; and a pretrained layer that was copied to make it wider.",
        kind="theory",
        basis="and networks with three seeds, trained on the page",
        evidence={WEIGHTS: "what do the weights decide before the first step?"},
    ),
    Leaf(
        id="output-size",
        group="starts",
        title="How large is the last layer?",
        fits={"place": ("start",), "weights": ("output",)},
        choose="gain one or smaller; not zero without a reason",
        why="A classifier that knows nothing should begin with the logarithm of the number of classes as its loss: "
        "{first_loss:.2f} for {classes}. Last weights that are too large make it sure of guesses. On digits a last "
        "layer ten times too large started at two to five times the expected loss and was mended within thirty "
        "steps: an alarm, no verdict. Zeros gave the perfect first loss, and cost time.",
        start="standard deviation one over the root of the last layer's fan-in, at any depth of the network; of a "
        "policy a hundredth of that; a bias at the logarithm of the shares, where classes are far from equally "
        "frequent",
        watch="The loss before the first step.",
        kind="theory",
        basis="the logarithm; networks with three seeds, trained on the page",
        evidence={WEIGHTS: "the expected first loss", "cite:andrychowicz2021": ""},
        holds=lambda n: 6.8 < n["first_loss"] < 7 and n["policy_smaller"] == 100,
    ),
    Leaf(
        id="residual-branches",
        group="starts",
        title="Residual branches: what is multiplied, and by what?",
        fits={"place": ("start",), "weights": ("branches",)},
        choose="the last layer of each branch: by one over the root of the number of branches, or by zero",
        why="Each branch adds its size to the stream. With nothing that normalises, {blocks} blocks of two "
        "branches, each as large as what it is added to, multiply its size by {skips_plain}; with each branch "
        "divided by the root of their number, {branches}, all together by {skips_scaled:.1f}. With `relu` at gain "
        "one fifty plain skips even multiply the signal's size by {skip_relu}, because its outputs share a sign.",
        start="GPT-2 multiplies the last weights of each branch by one over the root of the number of branches, two "
        "in each block. Practice with zeros: the last normalisation's factor, a learned factor of the branch "
        "(ReZero), or its last layer; Fixup, without normalisation, scales the others of the branch as well",
        rate="not compared here",
        watch="The size of the stream by block. With the normalisation behind the sum (post) the gradients of the "
        "last blocks are large at the start, and the rate wants a warm-up; in front of the branch (pre) the stream "
        "grows.",
        kind="theory",
        basis="arithmetic of independent branches, and networks before training; which rule trains best: the "
        "literature",
        evidence={
            "chapters/deeper/07_resets#sec-init-skip": "a plain skip, in numbers",
            "cite:radford2019": "",
            "cite:goyal2017": "",
            "cite:zhang2019": "",
            "cite:bachlechner2021": "",
            "cite:xiong2020": "",
        },
        holds=lambda n: n["powers_skips_plain"] > 6 and n["skips_scaled"] < 3 and 7 < n["powers_skip_relu"] < 9,
    ),
    Leaf(
        id="one-size",
        group="starts",
        title="The same small number for all weights of a transformer",
        fits={"place": ("start",), "weights": ("fixed",)},
        choose="practice: normal weights of standard deviation {one_size:g}, biases zero",
        why="It is a rule without the fan-in: its gain is {one_size:g} times the root of the width, "
        "{gain_narrow:.2f} at {narrow} and {gain_wide:.2f} at {wide}. The normalisation of each block forgives "
        "that; a stack without it would not. Nothing here compared it with other rules.",
        start="all weight matrices and embeddings, at every depth; the last one of each residual branch smaller "
        "still, see residual branches",
        watch="A width far from those that it was made for: one over the root of the fan-in moves with it.",
        kind="cited",
        basis="arithmetic, and the papers that used it",
        evidence={"cite:radford2018": "", "cite:radford2019": "", SUMS: "why a gain has the fan-in in it"},
        holds=lambda n: n["gain_narrow"] < 0.6 < 1.2 < n["gain_wide"],
    ),
    Leaf(
        id="width",
        group="starts",
        title="A rate that holds when the width changes",
        fits={"place": ("start",), "weights": ("width",)},
        choose="maximal update parametrisation (muP), tuned on a narrow model",
        why="With the usual starts the best rate falls as layers get wider. This one scales first weights and rates "
        "so that a step changes the outputs of each layer by as much at any width. Training loss at the rate that "
        "suits width {width_narrow}, less that at its own, of digit networks {width_wide} wide: "
        "{width_lost_standard:.2f} with the usual start and {width_lost_mup:.2f} with this one. It moves a rate, and "
        "is no better at it: with rates of their own, its loss is higher ({width_own:.2f}).",
        start="`networks.mup` for linear layers. From the narrow model to one k times as wide, with Adam: hidden "
        "weights keep one over the root of the fan-in, and their rate is divided by k; the weights of the last layer "
        "are divided by k, and their rate too; first layer and biases keep both; attention logits are divided by the "
        "width of a head, not its root",
        rate="that of the narrow model, divided as above",
        watch="Changes of outputs after a few steps, at three widths: they should not grow.",
        kind="measured",
        basis="{width_seeds} paired seeds, three hidden layers of `relu`, Adam; one paper, for transformers",
        evidence={
            "chapters/deeper/09_width#sec-width-rates": "where is the best rate?",
            "cite:yang2021": "",
            "cite:everett2024": "",
            "cite:wortsman2024": "",
        },
        holds=lambda n: n["width_lost_standard"].above and n["width_lost_mup"].open and n["width_own"].above,
    ),
)
