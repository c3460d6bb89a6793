"""What stands at the output, by what is to come out."""

from .._leaf import Leaf

__all__ = ["outputs"]

BEHIND = "chapters/06_softmax_stability#sec-softmax-twice"
SATURATED = "chapters/02_step_to_sigmoid#sec-sigmoid-output"
WEIGHTS = "chapters/02_step_to_sigmoid#sec-sigmoid-start"
LAST = "standard deviation one over the root of the fan-in of the last layer, or smaller; bias zero"

outputs = (
    Leaf(
        id="output-number",
        group="outputs",
        title="Output: any number",
        fits={"place": ("output",), "target": ("number",)},
        choose="none: `identity`",
        why="Whatever bounds the output keeps it from targets outside. Squared error then has the gradient a - y.",
        start=LAST,
        kind="theory",
        basis="the gradient, by hand",
        evidence={"claim:which-function-goes-behind-the-network": ""},
    ),
    Leaf(
        id="output-positive",
        group="outputs",
        title="Output: a positive number",
        fits={"place": ("output",), "target": ("positive",)},
        choose="`softplus`",
        why="Its values are positive and grow like z, so that a large target needs no huge logit; an exponential is "
        "inf in float16 from z = {float16_exp:.2f} on.",
        start="a bias at which the first outputs have the size of the targets; at z = zero it is the logarithm of "
        "two",
        watch="Outputs that round to zero, if the loss takes their logarithm.",
        kind="theory",
        basis="ranges and number formats; no comparison of losses here",
        evidence={"appendix/catalog#softplus": "its datasheet", "cite:dugas2000": ""},
    ),
    Leaf(
        id="output-range",
        group="outputs",
        title="Output: a number in a range",
        fits={"place": ("output",), "target": ("bounded",)},
        choose="`tanh` or `sigmoid`, scaled to a little more than the range",
        why="The range fits, but the ends are only reached far out, where the slope is next to zero: with squared "
        "error an output that is sure and wrong hardly moves.",
        start="last weights small, so that it starts in the middle",
        watch="Saturated outputs, in the report of `diagnostics.health`.",
        kind="theory",
        basis="the gradient, by hand; one unit, measured",
        evidence={
            SATURATED: "where saturation does no harm",
            "chapters/deeper/03_lecun#sec-tanh-lecun": "targets away from the ends",
            "claim:a-saturated-weight-barely-moves": "",
        },
    ),
    Leaf(
        id="output-spread",
        group="outputs",
        title="Output: a number, and how sure it is",
        fits={"place": ("output",), "target": ("spread",)},
        choose="two outputs without a function: the mean, and the logarithm s of the variance",
        why="The loss of a normal distribution is then half of s + (y - a)² exp(-s), without a division by zero, "
        "and s may be any number. The gradient of the mean is (a - y) exp(-s): where the network says that it is "
        "unsure, the mean learns slowly, which is the known trouble of this loss.",
        start="last weights small; the bias of s at the logarithm of the targets' variance, so that it does not "
        "start too sure",
        watch="exp(-s) is inf in float32 from s = -{float32_exp:.1f} on: bound s from below. A mean that stays "
        "behind where s is large: published, to weigh the loss of each example helps.",
        kind="theory",
        basis="the gradient, by hand; practice from two papers; nothing was trained here",
        evidence={"cite:kendall2017": "", "cite:seitzer2022": ""},
        holds=lambda n: 88 < n["float32_exp"] < 89,
    ),
    Leaf(
        id="output-binary",
        group="outputs",
        title="Output: yes or no",
        fits={"place": ("output",), "target": ("binary",)},
        first=True,
        choose="no function in the network: a logit, and cross-entropy from logits",
        why="The sigmoid is in the loss. Together their gradient is a - y, saturated or not. `sigmoid` belongs to "
        "the reading: it turns the logit into a probability.",
        start=LAST,
        watch="Probabilities that are too sure: they may need to be fitted again on fresh data.",
        kind="theory",
        basis="the gradient, by hand; measured on one unit",
        evidence={
            SATURATED: "where saturation does no harm",
            "claim:a-sigmoid-output-is-a-probability": "",
            "cite:guo2017": "",
        },
    ),
    Leaf(
        id="output-class",
        group="outputs",
        title="Output: one of several classes",
        fits={"place": ("output",), "target": ("class",)},
        first=True,
        choose="no function in the network: logits, and cross-entropy from logits",
        why="The loss holds the softmax already; a second one in front of it is flat where it should be sure. Never "
        "take the logarithm of a softmax.",
        start=LAST,
        watch="A first loss well above the logarithm of the number of classes: the last layer is larger than meant. "
        "A loss that does not fall below a limit: softmax was applied twice.",
        kind="theory",
        basis="the formulas, and five programs that break",
        evidence={
            BEHIND: "where the loss already holds a softmax",
            "chapters/06_softmax_stability#sec-softmax-log": "cross-entropy from the logits",
            WEIGHTS: "the expected first loss",
            "claim:which-function-goes-behind-the-network": "",
        },
    ),
    Leaf(
        id="z-loss",
        group="outputs",
        title="Class logits that drift: z-loss",
        fits={"place": ("output",), "target": ("class",), "special": ("large",)},
        choose="practice: add {z_weight:g} times the square of the log-sum-exp to the loss",
        why="Cross-entropy does not see a shift of all logits of a row, so nothing keeps their level near zero, and "
        "in sixteen bits large numbers lose the differences. The penalty holds the log-sum-exp near zero. One large "
        "language model was trained with it, and small ones are steadier with it at high rates; none was trained "
        "here.",
        start="as without it",
        watch="The mean log-sum-exp, through training.",
        kind="cited",
        basis="the formula; that it helps is from two papers",
        evidence={
            "cite:chowdhery2022": "",
            "cite:wortsman2024": "",
            "chapters/06_softmax_stability#sec-softmax-storing": "what large logits lose",
        },
    ),
    Leaf(
        id="output-labels",
        group="outputs",
        title="Output: several labels at once",
        fits={"place": ("output",), "target": ("labels",)},
        choose="a logit for each label, and binary cross-entropy from logits for each",
        why="Softmax shares out one sum: two labels that hold would have to halve it. Sigmoids do not compete, and "
        "their sum means nothing.",
        start=LAST,
        watch="Undecided sigmoids add up to half the number of labels: they are no distribution.",
        kind="theory",
        basis="the formulas",
        evidence={
            "claim:which-function-goes-behind-the-network": "",
            "claim:leaky-relu-and-sigmoid-are-the-answer": "",
        },
    ),
    Leaf(
        id="output-action",
        group="outputs",
        title="Output: an action (reinforcement learning)",
        fits={"place": ("output",), "target": ("action",)},
        choose="practice: logits for a choice; for a continuous action a mean and a `softplus` deviation, then "
        "`tanh`",
        why="No agent was trained here. In a large study of on-policy learning the size of the policy's last layer "
        "mattered more than most choices: with small weights the first actions hardly depend on what is seen.",
        start="the last layer of the policy divided by {policy_smaller}; that of the value as usual (no function in "
        "front of its number); a negative shift in front of `softplus`, tuned",
        rate="not measured here",
        watch="The logarithm of the density of an action behind `tanh` needs its correction, in a form that does "
        "not take the logarithm of zero.",
        kind="cited",
        basis="one study of continuous control; not repeated here",
        evidence={"cite:andrychowicz2021": ""},
    ),
)
