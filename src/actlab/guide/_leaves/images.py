"""Convolutions, vision transformers, diffusion."""

from .._leaf import Leaf

__all__ = ["images"]

images = (
    Leaf(
        id="small-convolutions",
        group="images",
        title="A small convolutional network",
        fits={"place": ("hidden",), "task": ("images",), "depth": ("few",)},
        first=True,
        choose="`relu`; within its family it hardly matters",
        why="On digits, right answers less those of `relu` ({digits_relu:.1f} %), in points: `leaky_relu` "
        "{digits_leaky_relu:.1f}, `elu` {digits_elu:.1f}, `selu` {digits_selu:.1f}, `sigmoid` {digits_sigmoid:.1f}: "
        "none distinguishable at a rate of its own. "
        "On photographs `elu` {photos_elu:.0f}, not distinguishable with so few, and `sigmoid` {photos_sigmoid:.0f}.",
        start="Glorot, uniform, in every layer, which is gain one where fan-in and fan-out are equal; the gain of "
        "`relu` is {gain_relu:.3f}",
        rate="Adam {rate_adam:g}: the best of {rates_adam} for each of the five, on other draws. With SGD it "
        "decides more than the function: `relu` has {relu_slow:.0f} % at {rate_slow:g} and {relu_middle:.0f} % at "
        "{rate_middle:g}; `sigmoid` has {sigmoid_slow:.0f} % at {rate_slow:g} and, after {patient_epochs} epochs, "
        "{sigmoid_fast:.0f} % at {rate_fast:g}, where `elu` is at chance ({elu_fast:.0f} %).",
        watch="Gradient norms together with the loss, and by layer: a small norm alone says nothing.",
        kind="measured",
        basis="{digits_draws} paired draws of {digits_points} digits, none tested twice, intervals that hold "
        "together; {photos_seeds} seeds on photographs, there one rate, Adam {rate_slow:g}",
        evidence={
            "chapters/08b_images#sec-images-ranks": "who is ahead, with intervals",
            "chapters/08b_images#sec-images-rate": "the rate, not the function",
            "chapters/08b_images#sec-images-norms": "how to read a gradient norm",
        },
        holds=lambda n: (
            n["digits_leaky_relu"].open
            and n["digits_elu"].open
            and n["photos_elu"].open
            and n["digits_selu"].open
            and n["digits_sigmoid"].open
            and n["photos_sigmoid"].below
            and min(n[f"digits_{name}"].mean for name in ("leaky_relu", "elu", "selu", "sigmoid")) > -2
            and n["sigmoid_slow"] < 15 < 90 < n["sigmoid_fast"]
            and n["elu_fast"] < 15
        ),
    ),
    Leaf(
        id="residual-network",
        group="images",
        title="A deep residual network with batch normalisation",
        fits={"place": ("hidden",), "task": ("images",), "depth": ("many",), "between": ("norm",)},
        choose="for a short training `elu` or `selu`; for a long one practice is `relu`",
        why="After {residual_epochs} epochs of a narrow ResNet-50, tested with each batch's own statistics, points "
        "over `relu` ({residual_adam_relu:.0f} %): with Adam `elu` {residual_adam_elu:.0f}, `selu` "
        "{residual_adam_selu:.0f}, `sigmoid` {residual_adam_sigmoid:.0f}, `leaky_relu` "
        "{residual_adam_leaky_relu:.0f}; with SGD `elu` {residual_sgd_elu:.0f}. That says who starts fast. Where "
        "they end was not measured.",
        start="Glorot, uniform, in every layer was used here. Practice for `relu` is He's gain {gain_relu:.3f}, and "
        "the last normalisation of each branch multiplied by zero at the start",
        rate="{residual_rate:g} here, one rate for all, tuned for none",
        watch="A test at chance beside good training. With the running statistics `sigmoid` is "
        "{residual_usual_sigmoid:.0f} points from `relu`, not distinguishable; `elu` {residual_usual_elu:.0f}. Test "
        "with the batch's own statistics before you blame the function.",
        kind="measured",
        basis="{residual_seeds} paired seeds, {residual_epochs} epochs on {residual_points} digits, a quarter of "
        "the width; long training: the literature",
        evidence={
            "chapters/08b_images#sec-images-resnet": "a published failure and its cause",
            "claim:adam-makes-vanishing-gradients-worse": "",
            "cite:he2016": "",
            "cite:goyal2017": "",
        },
        holds=lambda n: (
            n["residual_adam_elu"].above
            and n["residual_adam_selu"].above
            and n["residual_adam_sigmoid"].above
            and n["residual_adam_leaky_relu"].open
            and n["residual_sgd_elu"].above
            and n["residual_usual_sigmoid"].open
            and n["residual_usual_elu"].above
        ),
    ),
    Leaf(
        id="learned-shapes",
        group="images",
        title="Units that learn their shape, in a small convolutional network",
        fits={"place": ("hidden",), "task": ("images",), "special": ("shape",)},
        choose="keep `relu`: nothing here is settled, and a start moved as much as a shape did",
        why="Points over `relu`, from PyTorch's start: `prelu` {shape_prelu:.1f}, `apl` of five hinges "
        "{shape_apl_5:.1f}, of ten {shape_apl_10:.1f}, and `relu` itself from He's weights {shape_relu_he:.1f}. "
        "Only the interval of ten hinges leaves out zero, and as one of {shape_arms} comparisons it does not "
        "({shape_apl_10_all:.0f}). From He's weights five hinges have {shape_apl_5_he:.1f} over `relu`. Over one "
        "learned leak that starts and moves as they do five hinges have {shape_matched:.1f} ({shape_pairs} pairs, "
        "rates tuned). An update takes {shape_time:.1f} times as long.",
        start="He: gain {gain_relu:.3f} in all layers but the last",
        rate="Adam, one rate for all arms but the matched pair, whose rates come from other draws; five hinges move "
        "their slope five times as fast as `prelu` does",
        watch="The shape at the start beside the shape at the end, and units whose shape was frozen.",
        kind="measured",
        basis="{shape_seeds} paired seeds, a few thousand digits",
        evidence={
            "chapters/08c_adaptive#fig-apl-arms": "all arms, with their runs",
            "chapters/08c_adaptive#sec-apl-matched": "a leak that starts and moves as hinges do",
            "chapters/08c_adaptive#sec-apl-shapes": "what training does to a shape",
            "chapters/08c_adaptive#sec-apl-cost": "what it costs",
        },
        holds=lambda n: (
            n["shape_others_open"]
            and n["shape_prelu"].open
            and n["shape_apl_10"].above
            and n["shape_apl_10_all"].open
            and n["shape_apl_5_he"].open
            and n["shape_matched"].open
        ),
    ),
    Leaf(
        id="vision",
        group="images",
        title="A vision transformer or a ConvNeXt",
        fits={"place": ("hidden",), "task": ("vision",)},
        choose="practice: `gelu`, once in each block",
        why="None was trained here. Vision transformers took `gelu` over from text. ConvNeXt tried it in place of "
        "`relu` and kept its {convnext_right:.1f} % right; fewer activations in a block helped it, which function "
        "did not.",
        start="ConvNeXt's code: normal weights of standard deviation {one_size:g} in all layers, biases zero. That "
        "is a gain of {gain_narrow:.2f} at width {narrow}",
        rate="not measured here",
        watch="Attention logits that grow in large models: see queries and keys.",
        kind="cited",
        basis="the two papers, one run each; not repeated here",
        evidence={"cite:dosovitskiy2021": "", "cite:liu2022": ""},
        holds=lambda n: 0.5 < n["gain_narrow"] < 0.6,
    ),
    Leaf(
        id="diffusion",
        group="images",
        title="A diffusion model",
        fits={"place": ("hidden",), "task": ("diffusion",)},
        choose="practice: `silu` in a U-Net, `gelu` in a transformer",
        why="None was trained here, and the papers compare no functions. What they did compare is the start: of "
        "four designs of a transformer the one whose every branch is multiplied by zero at first did best.",
        start="the factor that multiplies each residual branch starts at zero, at every depth, and so does the last "
        "layer",
        rate="not measured here",
        watch="Outputs that are not finite in sixteen bits.",
        kind="cited",
        basis="two papers; not repeated here",
        evidence={"cite:ho2020": "", "cite:peebles2023": ""},
    ),
)
