"""Transformers from scratch and pretrained, and the state of a recurrent network."""

from .._leaf import Leaf
from .places import COST, TWO_GELUS

__all__ = ["text"]

text = (
    Leaf(
        id="transformer",
        group="text",
        title="The feed-forward blocks of a transformer, trained from scratch",
        fits={"place": ("hidden",), "task": ("text",)},
        first=True,
        choose="a gate at equal parameters, GEGLU or SwiGLU; `relu_squared` without one; else `gelu`",
        why="A small model of characters, loss less that of `gelu` ({scratch_gelu:.3f} nats): GEGLU "
        "{scratch_geglu_gelu:.3f}, SwiGLU {scratch_swiglu_gelu:.3f}, `relu_squared` "
        "{scratch_relu_squared_gelu:.3f}, `relu` {scratch_relu_gelu:.3f}, `silu` {scratch_silu_gelu:.3f}, no "
        "function at all {scratch_identity_gelu:.2f}. GEGLU less SwiGLU is {scratch_geglu_swiglu:.3f}: not "
        "distinguishable. They tie in a model of the size of a T5 base, as published: {shazeer_geglu:.3f} and "
        "{shazeer_swiglu:.3f}, with `gelu` at {shazeer_gelu:.3f} (deviations of single runs {shazeer_geglu_sd:.3f}, "
        "{shazeer_swiglu_sd:.3f}, {shazeer_gelu_sd:.3f}; {shazeer_runs} short runs each). Most open language models "
        "have SwiGLU.",
        start="PyTorch's default was used here, with layer normalisation in front of each branch; for the usual "
        "{one_size:g} and for branches see the first weights",
        rate="{scratch_rate:g} of Adam with warm-up and decay, which each function chose on seeds that do not count",
        watch="Two thirds of the width for a gate, which has a third matrix; else it is not the same size. In "
        "float16 `relu_squared` is infinite from z = {float16_square:.0f} on.",
        kind="measured",
        basis="{scratch_seeds} paired seeds of a model of two blocks; large models: the literature",
        evidence={
            "chapters/08d_transformers#sec-swap-scratch": "from scratch, matched in size",
            "chapters/deeper/08d_controls#sec-scratch-rates": "each at its own rate",
            "cite:shazeer2020": "",
            "cite:so2021": "",
            "cite:touvron2023": "",
        },
        holds=lambda n: (
            n["scratch_geglu_gelu"].below
            and n["scratch_relu_squared_gelu"].below
            and n["scratch_swiglu_gelu"].open
            and n["scratch_relu_gelu"].open
            and n["scratch_silu_gelu"].above
            and n["scratch_identity_gelu"].above
            and n["scratch_geglu_swiglu"].open
            and abs(n["shazeer_geglu"] - n["shazeer_swiglu"]) < n["shazeer_swiglu_sd"]
            and n["shazeer_gelu"] - n["shazeer_swiglu"] > 3 * n["shazeer_swiglu_sd"]
        ),
    ),
    Leaf(
        id="pretrained",
        group="text",
        title="Fine-tuning a pretrained transformer",
        fits={"place": ("hidden",), "task": ("pretrained",)},
        first=True,
        choose="the function that its weights were trained with",
        why="Weights are trained for a function. A small BERT of `gelu` gets {swap_gelu:.0f} % of the sentences "
        "right; with `tanh` {swap_tanh:.0f} points, with `elu` {swap_elu:.0f}, with `sigmoid` {swap_sigmoid:.0f}, "
        "where a coin gets half; with `relu` {swap_relu:.0f}, `leaky_relu` {swap_leaky_relu:.0f}, `silu` "
        "{swap_silu:.0f}.",
        start="the checkpoint's weights",
        rate="no cure for a swap: at rates of {swap_rates} the best mean of the three that fail is "
        "{swap_rate_best:.1f} %. Time helps: after four times as many updates they get {swap_longer} %, `gelu` "
        "{swap_gelu_longer:.0f} %",
        watch="Whether sentences can still be told apart, one pass forward, before any training.",
        kind="measured",
        basis="{swap_seeds} paired seeds, {swap_sentences} test sentences, one small model, few updates",
        evidence={
            "chapters/08d_transformers#sec-swap-study": "eleven functions, with seeds",
            "chapters/08d_transformers#sec-swap-start": "what can be seen before the first update",
            "claim:bert-failures-are-vanishing-gradients": "",
        },
        holds=lambda n: (
            n["swap_tanh"].below
            and n["swap_elu"].below
            and n["swap_sigmoid"].below
            and n["swap_far_most"] < 60
            and n["swap_rate_best"] < 55
        ),
    ),
    Leaf(
        id="pretrained-swap",
        group="text",
        title="A pretrained transformer that has to get another function",
        fits={"place": ("hidden",), "task": ("pretrained",), "special": ("swap",)},
        choose="a near relative, or fitted offsets",
        why="`relu`, `leaky_relu` and `silu` get {swap_near} %, `gelu` {swap_gelu:.0f} %: not distinguishable, "
        "where a difference of {swap_near_shown} points would have shown in each. For `tanh`, `elu` and `sigmoid` "
        "fit c f(z) + d to the old function on unlabelled sentences: {swap_fitted} % in place of {swap_far} %, "
        "{fitted_far:.0f} points in the mean of the three, over {fitted_draws} draws. With a number for each "
        "unit, which makes its median that of the old function, {units_learned:.0f} of {units_runs:.0f} runs of the "
        "three learn. With feed-forward weights drawn anew `tanh` and `elu` get {swap_fresh} %, as `gelu` does so; "
        "`sigmoid` still fails.",
        start="two numbers that multiply and shift the function, fitted for each block by least squares; or new "
        "feed-forward weights",
        rate="as for the old function",
        watch="One large vector that all examples share: their mean cosine, in the report of `diagnostics.health`.",
        kind="measured",
        basis="{swap_seeds} paired seeds, {swap_sentences} test sentences, one small model, few updates",
        evidence={
            "chapters/08d_transformers#sec-swap-causes": "which part of the function does it",
            "chapters/deeper/08d_controls#sec-swap-controls": "new weights, and a body held fast",
            "cite:mosbach2021": "",
        },
        holds=lambda n: (
            n["swap_relu"].open
            and n["swap_leaky_relu"].open
            and n["swap_silu"].open
            and n["fitted_far"].above
            and n["units_learned"] == n["units_runs"]
            and n["fresh_tanh"].open
            and n["fresh_elu"].open
            and n["fresh_sigmoid"].below
        ),
    ),
    Leaf(
        id="two-gelus",
        group="text",
        title="GELU: exact, or with tanh?",
        fits={"place": ("hidden",), "task": ("text", "pretrained", "vision"), "special": ("forms",)},
        choose="it will not matter: keep the checkpoint's form",
        why="The two differ by {gelus_apart:.4f} at most. For something new take the faster: in a layer `gelu` "
        "takes {layer_gelu:.2f} times as long as `relu` and `gelu_tanh` {layer_gelu_tanh:.2f} on the processor "
        "measured.",
        start="the gain of both is {gain_gelu:.3f}",
        kind="theory",
        basis="the two functions, compared from end to end; times in {cost_rounds} rounds on one processor",
        evidence={TWO_GELUS: "two GELUs", COST: "what a function costs"},
        holds=lambda n: n["gelus_apart"] < 1e-3 and n["layer_gelu"] < n["layer_gelu_tanh"],
    ),
    Leaf(
        id="recurrent-state",
        group="text",
        title="The state of a recurrent network",
        fits={"place": ("hidden",), "task": ("sequence",)},
        choose="`tanh`, behind gates",
        why="The same layer is applied again and again, so its gain is most of the story: below one the state is "
        "forgotten; well above one it is held or turns chaotic, and what holds a value firmly passes no gradient "
        "back. Gates were invented to have both.",
        start="the recurrent matrix: standard deviation one over the root of the state's width, or orthogonal; "
        "biases zero",
        rate="not measured here; clip the gradients",
        watch="Gradients that vanish or explode on their way backward through time.",
        kind="theory",
        basis="untrained networks, measured; trained ones: the literature",
        evidence={
            "chapters/deeper/03_recurrent#sec-tanh-time": "the same map, again and again",
            "cite:hochreiter1997": "",
            "cite:pascanu2013": "",
        },
    ),
)
