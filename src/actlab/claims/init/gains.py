"""Claims about a gain for each function, and about code that draws weights."""

import math

import numpy as np
import torch

from ... import activations, data, networks, theory, train
from .. import CITED, CONDITIONS, FALSE, Evidence, claim
from .._measure import DEPTH, GAINS, gradient_left, powers
from ._measure import CHAPTER, F64


@claim(
    "Xavier initialisation, made for sigmoid and tanh, keeps the variance of their signals from layer to layer",
    verdict=CONDITIONS,
    corrected="It was derived for functions that are 0 with slope 1 at 0. Tanh is, and keeps both variances while "
    "its inputs are small; at N(0, 1) it loses more than half of each in a layer. The sigmoid, with slope 1/4 and "
    "mean 1/2, loses nineteen twentieths; the paper itself calls it unsuited.",
    activations=("sigmoid", "tanh"),
    citations=("glorot2010",),
    where=f"{CHAPTER}#fig-init-gains",
)
def xavier_keeps_variance_for_sigmoid_and_tanh():
    kept = {}
    for name in ("tanh", "sigmoid"):
        act = activations.get(name)
        for q in (0.01, 1.0):
            mean, second, slope_second = (
                theory.expectation(lambda z, f=f, q=q: f(math.sqrt(q) * z))
                for f in (act, lambda z, act=act: act(z) ** 2, lambda z, act=act: act.slope(z) ** 2)
            )
            kept[f"{name} at z ~ N(0, {q:g})"] = (second - mean**2) / q, slope_second
    return Evidence(
        "share of the variance that a layer at gain 1 leaves, forwards and backwards: "
        + "; ".join(f"{forwards:.3f} and {backwards:.3f} ({where})" for where, (forwards, backwards) in kept.items()),
        expected="at least 0.95 of both",
        cases={where: min(shares) > 0.95 for where, shares in kept.items()},
    )


@claim(
    "ReLU wants He's weights, sigmoid and tanh want Xavier's",
    verdict=CONDITIONS,
    corrected="With ReLU and tanh the gradient stays within a power of ten over 50 layers. The sigmoid loses "
    "thirty-one with Xavier; the gain at which it loses hardly any is ten times as large.",
    activations=("relu", "tanh", "sigmoid"),
    citations=("he2015", "glorot2010", "poole2016"),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def he_for_relu_xavier_for_sigmoid_and_tanh():
    pairs = {"relu": "he", "tanh": "glorot", "sigmoid": "glorot"}
    changed = {f"{name}, {scheme}": gradient_left(name, GAINS[scheme]) for name, scheme in pairs.items()}
    edge = theory.edge_of_chaos("sigmoid")
    return Evidence(
        "gradient at the first of 50 layers over that at the last: "
        + "; ".join(f"{powers(delta)} ({pair})" for pair, delta in changed.items())
        + f"; sigmoid at its critical gain, {edge.gain:.2f}: {powers(gradient_left('sigmoid', edge.gain))}",
        expected="a gradient that stays within a power of ten",
        cases={pair: bool(delta.mean().abs() < 1) for pair, delta in changed.items()},
    )


@claim(
    "Xavier initialisation suits the sigmoid best, or the sigmoid only",
    verdict=FALSE,
    corrected="Of the five functions that were compared it suits the sigmoid least: in five layers it takes more of "
    "the sigmoid's gradient than of any other's.",
    activations=("sigmoid", "relu", "leaky_relu", "elu", "selu"),
    citations=("glorot2010",),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def xavier_suits_sigmoid_best():
    changed = {
        name: gradient_left(name, GAINS["glorot"], depth=5).mean().item()
        for name in ("sigmoid", "relu", "leaky_relu", "elu", "selu")
    }
    closest = min(changed, key=lambda name: abs(changed[name]))
    return Evidence(
        "five layers, as in the network that was trained, at gain 1; gradient at the first over that at the last: "
        + ", ".join(f"{name} 10^{change:.1f}" for name, change in changed.items()),
        expected="the gradient that changes least is the sigmoid's",
        cases={"the sigmoid's gradient changes least": closest == "sigmoid"},
        core={
            "it changes less than that of most": sorted(map(abs, changed.values())).index(abs(changed["sigmoid"])) < 2
        },
    )


@claim(
    "He initialisation is right for the variants of ReLU, since it accounts for the negatives that are set to zero",
    verdict=CONDITIONS,
    corrected="Where none are set to zero it is not. It is exact for ReLU and as good as exact for Leaky ReLU; with "
    "a negative slope of a, 2 / (1 + a^2) would be. ELU and SELU ask for less, and SELU's own rule is LeCun's.",
    activations=("relu", "leaky_relu", "prelu", "elu", "selu"),
    citations=("he2015", "klambauer2017"),
    where=f"{CHAPTER}#fig-init-gains",
)
def he_is_right_for_relus_variants():
    squared = {name: theory.gain(name) ** 2 for name in ("relu", "leaky_relu", "prelu", "elu", "selu")}
    return Evidence(
        "fan-in times the variance of a weight that keeps a mean square of 1: "
        + ", ".join(f"{name} {of:.3f}" for name, of in squared.items()),
        expected=f"{GAINS['he'] ** 2:.3f}, He's value, within 1 %",
        cases={name: abs(of / GAINS["he"] ** 2 - 1) < 0.01 for name, of in squared.items()},
    )


@claim(
    "Weights matched to the activation steady the signal in both directions, and training converges faster",
    verdict=CONDITIONS,
    corrected="They do for ReLU, ELU and SELU. Tanh keeps its signal, but its gradient grows. For GELU, SiLU and "
    "Mish the matched gain is a balance that tips: a signal that is 1 % too large runs away. Of training a deep ReLU "
    "network was tried, against torch's default.",
    activations=("relu", "elu", "selu", "tanh", "gelu", "silu", "mish"),
    citations=("poole2016", "schoenholz2017", "hayou2019"),
    where=f"{CHAPTER}#fig-init-repel",
)
def matched_weights_steady_both_signals():
    found = {}
    for name in ("relu", "elu", "selu", "tanh", "gelu", "silu", "mish"):
        q = 1.01
        for _ in range(DEPTH):
            q = min(theory.variance_map(name, q), 1e6)
        found[name] = q, math.log10(theory.chi(name)) * (DEPTH - 1) / 2
    loss = {scheme: [_loss_of_twenty_layers(scheme, seed) for seed in range(3)] for scheme in ("he", "torch")}
    return Evidence(
        "infinitely wide layers at the matched gain, mean square 1.01 at first: after 50 layers "
        + ", ".join(f"{name} {q:.2f}" if q < 10 else f"{name} above 10" for name, (q, _) in found.items())
        + "; gradient over as many layers "
        + ", ".join(f"{name} 10^{power:.1f}" for name, (_, power) in found.items())
        + "; training loss of 20 ReLU layers after 60 steps, three starts: "
        + "; ".join(f"{min(of):.2f} to {max(of):.2f} from {scheme}'s weights" for scheme, of in loss.items()),
        expected="a mean square within 10 % of 1, a gradient within a power of ten, and a lower loss from each start",
        cases={name: abs(q - 1) < 0.1 and abs(power) < 1 for name, (q, power) in found.items()}
        | {"training, ReLU: a lower loss from each start": max(loss["he"]) < min(loss["torch"])},
    )


def _loss_of_twenty_layers(scheme, seed):
    """The training loss of 20 ReLU layers of 16 units on the disk after 60 steps of Adam."""
    task = data.disk(300, test=1, seed=100 + seed)
    network = networks.mlp([2, *[16] * 20, 1], "relu", scheme=scheme, seed=seed)
    return train.fit(network, task, steps=60, rate=0.005).loss[-1].item()


@claim(
    "In self-normalising networks, those with SELU, the outputs go to mean 0 and variance 1 by themselves",
    verdict=CONDITIONS,
    corrected="With LeCun's weights, for which SELU's two constants were solved. With He's the variance grows, with "
    "torch's default it dies out.",
    activations=("selu",),
    citations=("klambauer2017",),
    where="chapters/deeper/04_selu#fig-relu-selu",
)
def selu_networks_normalise_themselves():
    found = {scheme: _through_selu(GAINS[scheme]) for scheme in ("lecun", "he", "torch")}
    return Evidence(
        "from mean 0.5 and variance 2.5, after 30 layers: "
        + "; ".join(
            f"mean {abs(mean):.1f}, variance {_coarse(variance)} ({scheme})"
            for scheme, (mean, variance) in found.items()
        ),
        expected="a mean within 0.1 of 0 and a variance within 0.1 of 1",
        cases={scheme: abs(mean) < 0.1 and abs(variance - 1) < 0.1 for scheme, (mean, variance) in found.items()},
    )


def _through_selu(gain, width=256, depth=30):
    """Mean and variance of all outputs after that many SELU layers, from inputs with mean 0.5 and variance 2.5."""
    generator = torch.Generator().manual_seed(0)
    h = 0.5 + math.sqrt(2.5) * torch.randn(128, width, generator=generator, dtype=F64)
    for _ in range(depth):
        weight = torch.randn(width, width, generator=generator, dtype=F64) * gain / math.sqrt(width)
        h = activations.get("selu")(h @ weight)
    return h.mean().item(), h.var().item()


def _coarse(value):
    return f"{value:.1f}" if 0.05 < value < 10 else f"{value:.0e}"


@claim(
    "He initialisation is standard normal numbers times sqrt(2 / shape[0])",
    verdict=CONDITIONS,
    corrected="Where the first dimension is the fan-in, as in a layer that computes x @ W. PyTorch puts the outputs "
    "first, and a convolution's fan-in counts the kernel too.",
    activations=("relu",),
    citations=("he2015",),
    where=f"{CHAPTER}#ex-07-fan",
)
def he_from_the_first_dimension():
    def he_init(shape):
        return np.random.default_rng(0).standard_normal(shape) * np.sqrt(2.0 / shape[0])

    weights = {
        "(inputs, outputs), 512 to 128": (he_init((512, 128)), 512),
        "(outputs, inputs), 512 to 128": (he_init((128, 512)), 512),
        "3x3 convolution, 128 to 256 channels": (he_init((256, 128, 3, 3)), 128 * 3 * 3),
    }
    variance = {shape: fan_in * weight.var() for shape, (weight, fan_in) in weights.items()}
    return Evidence(
        "fan-in times the variance of a weight: "
        + "; ".join(f"{of:.1f} for {shape}" for shape, of in variance.items()),
        expected="2, within 5 %",
        cases={shape: bool(abs(of / 2 - 1) < 0.05) for shape, of in variance.items()},
    )


@claim(
    "In Keras, Dense(128, activation='relu', input_shape=...) is all that a ReLU layer takes",
    verdict=CONDITIONS,
    own=True,
    corrected="It runs. But Dense draws its weights by Glorot's rule unless it is told otherwise, against the advice "
    "to pair ReLU with He's, and Keras 3 warns about input_shape: it wants an Input in front.",
    how=CITED,
    activations=("relu",),
    citations=("keras", "he2015"),
    where=f"{CHAPTER}#sec-init-default",
)
def keras_dense_is_ready_for_relu():
    lost = {depth: gradient_left("relu", GAINS["glorot"], depth=depth) for depth in (3, 50)}
    return Evidence(
        "Keras' Dense takes the name of an activation; its kernel_initializer is glorot_uniform unless given; with "
        "an input_shape it raises a warning. With Glorot's weights ReLU leaves of the gradient "
        + ", ".join(f"{powers(left)} over {depth} layers" for depth, left in lost.items()),
        expected="a start that keeps the gradient within a power of ten, without an initialiser being named",
        cases={f"{depth} layers": bool(left.mean().abs() < 1) for depth, left in lost.items()},
    )
