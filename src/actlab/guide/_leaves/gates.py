"""Gated blocks, recurrent gates, attention, and logits that grow."""

from .._leaf import Leaf
from .places import GATES

__all__ = ["gates"]

gates = (
    Leaf(
        id="gated-block",
        group="gates",
        title="A gated block, or a plain one?",
        fits={"place": ("gate",), "part": ("block",)},
        choose="it depends on the target: products want a gate, corners do not",
        why="At equal parameters, on three made-up targets, the error of a gate over that of its own function "
        "without one. Products of inputs: SwiGLU over `silu` {gate_products_swiglu:.2f}, GEGLU over `gelu` "
        "{gate_products_geglu:.2f}. Waves: {gate_waves_swiglu:.1f} and {gate_waves_geglu:.1f}. Corners: "
        "{gate_corners_swiglu:.1f} and {gate_corners_geglu:.1f}. A bilinear gate fits products to rounding, GLU is "
        "ahead of all on waves, a plain `relu` on corners. For language models see their own answer: a gate.",
        start="PyTorch's default in all matrices of the block was used here",
        rate="Adam, one for each function out of {gate_rates}, chosen on starts of its own",
        watch="Equal parameters: two thirds of the width. And growth with the square of z.",
        kind="measured",
        basis="{gate_starts} starts for each function and target, paired; eight inputs, one block",
        evidence={
            GATES: "equal parameters, three tasks",
            "cite:dauphin2017": "",
            "cite:shazeer2020": "",
        },
        holds=lambda n: (
            n["gate_products_swiglu"].below
            and n["gate_products_geglu"].below
            and n["gate_waves_swiglu"].above
            and n["gate_corners_swiglu"].above
            and n["gate_corners_geglu"].above
            and [n[f"gate_{task}_first"] for task in ("products", "waves", "corners")] == ["bilinear", "glu", "relu"]
            and n["gate_products_ahead"]
            and n["gate_waves_ahead"]
            and n["gate_corners_ahead"]
        ),
    ),
    Leaf(
        id="bounded-gates",
        group="gates",
        title="A gate whose products grow too large",
        fits={"place": ("gate",), "part": ("block",), "special": ("large",)},
        choose="practice: clamp both halves before they are multiplied",
        why="A product of two halves grows with the square of its inputs, a plain function only like them: in "
        "float16 the product of two halves of {float16_square:.0f} is infinite. One open language model clamps both "
        "at {clamp}, the half under the function from above alone. What that costs or buys was not measured here.",
        start="as for the gate without a clamp",
        watch="The share of values at the clamp: no gradient passes there.",
        kind="cited",
        basis="arithmetic of the format, and the published code of one model",
        evidence={"cite:openai2025": "", "appendix/catalog#silu": "the datasheet of SiLU"},
        holds=lambda n: n["clamp"] < n["float16_square"] < 256,
    ),
    Leaf(
        id="recurrent-gates",
        group="gates",
        title="The gates of LSTM and GRU",
        fits={"place": ("gate",), "part": ("recurrent",)},
        choose="`sigmoid`",
        why="A gate says how much is to pass, from none to all, and the sigmoid's values are just that. Its "
        "saturation is meant: a gate that is open stays open.",
        start="practice: the bias of the forget gate at one, so that it starts open; other biases zero",
        watch="Gates that are shut for every example from the start: they pass no gradient, either.",
        kind="cited",
        basis="papers; this book trains no gated recurrent network",
        evidence={
            "cite:hochreiter1997": "",
            "cite:jozefowicz2015": "",
            "chapters/deeper/03_recurrent#sec-tanh-time": "what gates were invented for",
        },
    ),
    Leaf(
        id="attention",
        group="gates",
        title="The weights of attention",
        fits={"place": ("gate",), "part": ("attention",)},
        choose="softmax of scaled logits, with masks as bools",
        why="Without the division by the root of the width the logits grow with it, softmax becomes certain, and "
        "its slope dies. A finite number is no mask: it hides a logit only while what is kept lies well above it. "
        "Decide what a row without any entry is.",
        start="logits divided by the root of the key's width",
        watch="Rows in which nothing is kept. By what was added to mask them, and by the format, they are nan, or "
        "equal weights, or the answer as if there were no mask; zeros with bools, in this package and in PyTorch's "
        "attention.",
        kind="theory",
        basis="programs that were run in four formats, and drawn logits, not learned ones",
        evidence={
            "chapters/deeper/06_slope#sec-softmax-attention": "why a square root",
            "chapters/06_softmax_stability#sec-softmax-masks": "what a mask lets through",
            "cite:vaswani2017": "",
        },
    ),
    Leaf(
        id="qk-norm",
        group="gates",
        title="Attention logits that grow: normalise queries and keys",
        fits={"place": ("gate",), "part": ("attention",), "special": ("large",)},
        choose="practice: layer normalisation of queries and of keys, before their product",
        why="With mean square one over {head} numbers a logit, divided by the root of {head}, cannot leave plus or "
        "minus {qk_bound:.0f} times the learned factors. A vision transformer of {vit_size} billion weights "
        "diverged without it; small models do at high rates. None was trained here.",
        start="the learned factors at one; where a fixed factor replaces the division it is learned, too",
        rate="the point of it: higher rates stay stable",
        watch="The largest logit of each head, through training.",
        kind="cited",
        basis="the bound is arithmetic; that it helps is from three papers",
        evidence={
            "cite:henry2020": "",
            "cite:dehghani2023": "",
            "cite:wortsman2024": "",
            "chapters/deeper/06_slope#sec-softmax-attention": "what large logits do to the slope",
        },
        holds=lambda n: n["qk_bound"] == 8,
    ),
    Leaf(
        id="soft-capping",
        group="gates",
        title="Logits that grow: soft-capping",
        fits={"place": ("gate", "output"), "special": ("large",)},
        choose="practice: c `tanh`(z / c) in front of the softmax; or a cure of the cause",
        why="The logits then stay within plus or minus c, and small ones hardly change. One family of language "
        "models took c = {cap_attention} in attention and {cap_output} at the output. None was trained here. "
        "Normalised queries and keys, or a z-loss, act on the cause.",
        start="no change of the weights; c several times the logits at the start",
        watch="Logits near c: at z = c a slope of {cap_slope:.2f} is left, further out less. Fused kernels of "
        "attention may not have it.",
        kind="cited",
        basis="the formula, and one report",
        evidence={"cite:gemma2024": "", "appendix/catalog#tanh": "the datasheet of tanh"},
        holds=lambda n: 0.4 < n["cap_slope"] < 0.45,
    ),
)
