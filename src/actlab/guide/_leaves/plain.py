"""Small networks, tables of features, coordinates, equations, agents."""

from .._leaf import Leaf
from .places import NEEDED

__all__ = ["plain"]

TUNE = "chapters/08_experiments#sec-exp-rates"
REVERSAL = "chapters/08_experiments#sec-exp-reversal"
OPTIMISERS = "chapters/deeper/08_optimisers#sec-exp-leads"
TRAVEL = "chapters/08_experiments#sec-exp-travel"

plain = (
    Leaf(
        id="small-network",
        group="plain",
        title="A small network with a few inputs",
        fits={"place": ("hidden",), "task": ("small",), "depth": ("few",)},
        first=True,
        choose="it will hardly matter; on one task `softplus` and `silu` were ahead, on another no smooth one was",
        why="Two hidden layers, the boundary a circle, each function at its own rate: by loss on fresh points "
        "`softplus` has {disk_softplus:.2f} of what `relu` has, `silu` {disk_silu:.2f}, the other smooth ones "
        "{disk_others}. In shares of points right that is little: `softplus` has {disk_right:.2f} points more. With "
        "a square in its place none of {square_names} smooth functions was below `relu` in any of {square_networks} "
        "networks, each at its own rate: they had {square_factors} of its loss.",
        start="PyTorch's default did: weights uniform, gain {gain_torch:.3f} in each layer, biases drawn as well",
        rate="Adam: try {disk_test_rates} for fresh points. The training loss alone would choose {disk_fit_rates}, "
        "which multiplies the loss on fresh points by {disk_rate_moves}, by function; the choice of the function "
        "moved it by {disk_function_moves:.1f} at most. Tune the rate first. Does the choice hang on the optimiser? "
        "On digits, {optimisers_functions} functions by {optimisers}, each pair at its own rate, not visibly: by "
        "fresh digits {optimisers_changed} of {optimisers_changes} leads over `relu` differ from those with Adam, by "
        "{optimisers_most:.1f} points at most, give or take {optimisers_half:.1f}. By training loss it does.",
        watch="Training and test loss, both: their orders differ.",
        kind="measured",
        basis="{disk_draws} draws of the data, paired, {disk_starts} starts each; rates chosen on other draws out "
        "of {disk_rates}; intervals over the draws",
        evidence={
            TUNE: "each function at a rate of its own",
            REVERSAL: "the order on learned and on fresh points",
            TRAVEL: "five networks, two tasks",
            OPTIMISERS: "seven functions by five optimisers",
            "claim:the-sigmoid-is-unsuitable-for-hidden-layers": "",
        },
        holds=lambda n: (
            n["disk_smooth_ahead"]
            and n["disk_first"][:2] == ["Softplus", "SiLU"]
            and n["disk_right"].above
            and n["disk_right"].mean < 1
            and n["square_below"] == 0
            and n["square_above"] > 0
            and n["disk_rate_moves_most"] > 1.5 * n["disk_function_moves"]
            and n["optimisers_changed"] == 0
        ),
    ),
    Leaf(
        id="eight-layers",
        group="plain",
        title="Several hidden layers with nothing between them",
        fits={"place": ("hidden",), "task": ("small",), "depth": ("few",), "between": ("nothing",)},
        choose="`tanh` or `gelu`: ahead of `relu` in loss on two tasks; in right answers by less than a point",
        why="Eight hidden layers, each function from the start that is recommended for it and at its own rate. Loss "
        "on fresh points over that of `relu`: on the disk `gelu` {eight_disk_gelu:.2f} and `tanh` "
        "{eight_disk_tanh:.2f}, on a square {eight_square_gelu:.2f} and {eight_square_tanh:.2f}. In right answers "
        "`tanh` has {eight_disk_points:.2f} and {eight_square_points:.2f} points more. `sigmoid` from Glorot's "
        "weights, at one rate, got nowhere in {eight_sigmoid_lost} of {eight_sigmoid_runs} runs, the others in "
        "{eight_others_lost}.",
        start="He for `relu` and `gelu`: gain {gain_relu:.3f} in each of the eight layers; Glorot, gain one, for "
        "`tanh`. Biases zero",
        rate="{eight_chosen} with Adam was the best of {eight_rates}, for each function on each task",
        watch="Gradients that vanish on their way backward, in the report of `diagnostics.health`.",
        kind="measured",
        basis="{eight_draws} draws of the data, each with its start, paired; rates chosen on other draws; layers of "
        "sixteen units, two inputs",
        evidence={
            "claim:relu-trains-faster-and-better-when-deep": "",
            "chapters/07_init_pairing#sec-init-doctor": "three networks that do not train",
        },
        holds=lambda n: (
            all(n[f"eight_{task}_{name}"].below for task in ("disk", "square") for name in ("gelu", "tanh"))
            and n["eight_disk_points"].above
            and n["eight_square_points"].above
            and max(n["eight_disk_points"].mean, n["eight_square_points"].mean) < 1
            and n["eight_sigmoid_lost"] > n["eight_others_lost"]
        ),
    ),
    Leaf(
        id="tabular",
        group="plain",
        title="A table of many features",
        fits={"place": ("hidden",), "task": ("table",)},
        choose="first a linear model, and gradient-boosted trees; then a network with `relu`: no other function was "
        "seen to differ from it",
        why="Two hidden layers on three tables of a few hundred rows, each function at its own rate, beside a linear "
        "model: on {tables_open} of {tables} nobody was seen to be ahead of it; on the third `relu` explains "
        "{tables_relu:.1f} points more of the variance. Beside `relu`, {tables_apart} of {tables_pairs} differences "
        "of {tables_functions} functions are sure. Elsewhere: on many sets of about ten thousand rows trees stayed "
        "ahead of networks after tuning; in another comparison neither was best everywhere, and a residual network "
        "of `relu` was a strong baseline.",
        start="features scaled to mean zero and variance one; each function's own gain, {gain_relu:.3f} for `relu`",
        rate="Adam, {tables_rates} in hidden layers, {tables_linear_rates} for the linear model",
        watch="Columns that say nothing, and columns on wildly different scales. Repeated splits of one table are no "
        "new tables: intervals made as for draws are too narrow.",
        kind="measured",
        basis="{tables_splits} splits of the same rows, paired; intervals that hold together, widened for the rows "
        "that splits share; rates chosen on other splits. Trees are from two benchmarks, not repeated here",
        evidence={
            "chapters/deeper/08_tabular#sec-exp-tables": "three tables, and no hidden layer as the control",
            "cite:grinsztajn2022": "",
            "cite:gorishniy2021": "",
        },
        holds=lambda n: n["tables_open"] == 2 and n["tables_relu"].above and n["tables_apart"] == 0,
    ),
    Leaf(
        id="derivatives",
        group="plain",
        title="A loss that contains derivatives of the network",
        fits={"place": ("hidden",), "task": ("equation",)},
        first=True,
        choose="`tanh`, or another smooth function; not `relu`",
        why="A loss with the k-th derivative needs a function whose derivatives below the k-th do not jump and "
        "whose k-th is not zero. For a loss with the curvature `relu` is out, and `hardswish` satisfies the "
        "equation and misses the solution. Which smooth one is best was not measured here; practice is `tanh`.",
        start="practice is Glorot: every hidden weight has variance two over the sum of fan-in and fan-out (gain "
        "one in square layers), biases zero, inputs scaled to size one. Not the gain that keeps a signal: over "
        "fifty layers `tanh` at {gain_tanh:.3f} changes the gradient by {delta_tanh_computed}, `softplus` at its "
        "own by {delta_softplus_computed}; `tanh` at gain one by {delta_tanh_lecun}",
        rate="not measured here",
        watch="The solution itself, not the equation's error alone.",
        kind="theory",
        basis="and one equation, solved with random hidden weights; the start is from the literature, its numbers "
        "from {delta_seeds} seeds",
        evidence={
            NEEDED: "where smooth is not optional",
            "cite:raissi2019": "",
            "cite:wang2023": "",
            "chapters/03_tanh#sec-tanh-train": "which gains train fifty layers of tanh",
        },
        holds=lambda n: (
            n["powers_softplus_computed"] < -10 and n["powers_tanh_computed"] > 1 > abs(n["powers_tanh_lecun"])
        ),
    ),
    Leaf(
        id="coordinates",
        group="plain",
        title="A network that stands for one image, sound or field",
        fits={"place": ("hidden",), "task": ("field",)},
        choose="practice: `sine`, or `relu` behind Fourier features",
        why="Periodic functions fit fine detail and its derivatives. This book has not trained such a network.",
        start="for `sine`, as published: multiply every sum by {siren_factor} before the sine. First layer: uniform "
        "in plus or minus one over the fan-in. Each later layer: plus or minus the root of six over the fan-in, "
        "divided by {siren_factor}",
        watch="The factor sets how fine a detail can be: a larger one fits noise as well.",
        kind="cited",
        basis="one paper; not repeated here",
        evidence={"cite:sitzmann2020": "", "appendix/catalog#sine": "its datasheet"},
    ),
    Leaf(
        id="fourier-features",
        group="plain",
        title="Fourier features at the inputs",
        fits={"place": ("hidden",), "task": ("field", "equation"), "special": ("inputs",)},
        choose="practice: sines and cosines of drawn frequencies, then an ordinary network",
        why="From bare coordinates a plain network learns slow changes first and fine detail hardly at all. Put the "
        "sine and the cosine of B x in their place, with a fixed random B: then `relu` fits fine detail.",
        start="the entries of B are normal; their standard deviation decides, and is tuned on fresh points like a "
        "rate. All other layers as usual",
        watch="Too small is blurred, too large is grainy between the points.",
        kind="cited",
        basis="the paper's experiments; not repeated here",
        evidence={"cite:tancik2020": "", "cite:wang2023": ""},
    ),
    Leaf(
        id="agent",
        group="plain",
        title="Reinforcement learning: the hidden layers",
        fits={"place": ("hidden",), "task": ("agent",)},
        choose="practice: `tanh` in small networks for continuous control",
        why="No agent was trained here. In a large study of on-policy learning, five tasks of continuous control, "
        "`tanh` was the best of the functions tried and `relu` the worst, as long as the networks were not too deep.",
        start="orthogonal or Glorot weights in the hidden layers; the last layer of the policy much smaller, see "
        "its own answer",
        rate="not measured here",
        watch="Observations on wildly different scales: normalise them.",
        kind="cited",
        basis="one study; other tasks and off-policy methods may differ",
        evidence={"cite:andrychowicz2021": ""},
    ),
)
