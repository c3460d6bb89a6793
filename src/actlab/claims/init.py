"""Claims about initialisation pairing, and about what is done beside it: normalisation, dropout, skips, clipping."""

import math
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .. import activations, data, networks, results, theory
from . import CITED, CONDITIONS, FALSE, IMPRECISE, PUBLISHED, TRUE, Evidence, claim
from ._measure import DEPTH, GAINS, gradient_left, powers

CHAPTER = "chapters/07_init_pairing"
F64 = torch.float64


# ---- gradients that explode -------------------------------------------------------------------------------------


@claim(
    "With some activations the gradients of a deep network vanish, with others they explode",
    verdict=TRUE,
    corrected="The weights have their half in it: SELU with LeCun's weights does neither, nor does the sigmoid at "
    "gain 10.",
    activations=("sigmoid", "selu"),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def some_gradients_vanish_and_others_explode():
    small, large = gradient_left("sigmoid", GAINS["glorot"]), gradient_left("selu", GAINS["he"])
    return Evidence(
        f"gradient at the first of 50 layers over that at the last: sigmoid with Glorot's weights {powers(small)}, "
        f"SELU with He's {powers(large)}",
        expected="one that is smaller by a million or more, one that is larger by a hundred or more",
        cases={
            "sigmoid with Glorot's weights: smaller by a million": bool(small.mean() < -6),
            "SELU with He's weights: larger by a hundred": bool(large.mean() > 2),
        },
    )


@claim(
    "From layer to layer a gradient can multiply until the weights overflow, which clipping prevents",
    verdict=TRUE,
    activations=("relu",),
    citations=("pascanu2013",),
)
def gradients_grow_exponentially_and_are_clipped():
    shallow = 10 ** (gradient_left("relu", 2.0, depth=10).mean().item() / 9)
    deep = 10 ** (gradient_left("relu", 2.0).mean().item() / (DEPTH - 1))
    task = data.disk(200, seed=0, dtype=F64)
    last = {}
    for norm in (math.inf, 1.0):
        network = networks.mlp([2, *[64] * DEPTH, 1], "relu", scheme=2 / 8, seed=0, dtype=F64)  # gain 2
        last[norm] = _descend(network, task, rate=0.01, steps=5, clip=norm)[-1]
    return Evidence(
        f"at gain 2 a ReLU layer multiplies the gradient by {shallow:.1f} in a network of 10, and by {deep:.1f} in "
        "one of 50; after 5 plain steps the loss is "
        f"{'finite' if math.isfinite(last[math.inf]) else 'not a finite number'}, with gradients clipped to norm 1 "
        f"it is {'finite' if math.isfinite(last[1.0]) else 'not'}",
        expected="one factor a layer whatever the depth, weights that overflow, and none that do with clipping",
        cases={
            "the same factor a layer, to 5 %, and above 1.2": abs(deep / shallow - 1) < 0.05 and deep > 1.2,
            "plain descent overflows": not math.isfinite(last[math.inf]),
            "clipped descent does not": math.isfinite(last[1.0]),
        },
    )


def _descend(network, task, *, rate, steps, batch=None, clip=math.inf):
    """The loss before each step of plain gradient descent on the logistic loss, which trains the network in place."""
    generator = torch.Generator().manual_seed(0)
    descent = torch.optim.SGD(network.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        pick = torch.randint(len(task.train_x), (batch,), generator=generator) if batch else slice(None)
        logits = network(task.train_x[pick]).squeeze(1)
        loss = functional.binary_cross_entropy_with_logits(logits, task.train_y[pick])
        descent.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), clip)
        descent.step()
        losses.append(loss.item())
    return losses


@claim(
    "Bad starting weights, or great depth, make the gradients of a ReLU network explode",
    verdict=CONDITIONS,
    corrected="Badly scaled weights do it. Depth alone does not: with He's weights the gradient keeps its size "
    "through 50 layers.",
    activations=("relu",),
    citations=("he2015",),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def bad_weights_or_depth_explode_relu():
    bad, deep = gradient_left("relu", 2.0), gradient_left("relu", GAINS["he"])
    return Evidence(
        f"gradient at the first of 50 layers over that at the last: {powers(bad)} at gain 2, {powers(deep)} at He's "
        "gain of 1.41",
        expected="a gradient larger by a million or more in both",
        cases={"gain 2": bool(bad.mean() > 6), "He's gain: nothing but depth": bool(deep.mean() > 6)},
    )


@claim(
    "It is updates of the weights that are too large which make gradients explode",
    verdict=IMPRECISE,
    corrected="They are there before the first update, wherever a layer's weights and slopes multiply to more than "
    "1. Large updates follow from them, and make them worse.",
    activations=("relu",),
    citations=("pascanu2013",),
    where="chapters/deeper/07_heat#fig-init-heat",
)
def large_updates_explode_gradients():
    start = gradient_left("relu", 2.0)
    network = networks.mlp([2, *[64] * 10, 1], "relu", scheme="he", seed=0, dtype=F64)
    task = data.disk(200, seed=0, dtype=F64)
    sizes = []
    for rate in (30.0, 0.0):
        _descend(network, task, rate=rate, steps=1)
        sizes.append(math.sqrt(sum(weight.grad.square().sum().item() for weight in network.parameters())))
    grown = math.log10(sizes[1] / sizes[0])
    return Evidence(
        f"before any update, ReLU at gain 2: {powers(start)} over 50 layers; one step at rate 30 from He's weights, "
        f"10 layers: the gradient grows by 10^{grown:.0f}",
        expected="gradients that keep their size until there has been an update",
        cases={"50 layers at gain 2, no update: within a power of ten": bool(start.mean().abs() < 1)},
        core={"an update that is too large makes the gradient grow, by a hundred or more": grown > 2},
    )


# ---- a gain for each function -----------------------------------------------------------------------------------


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
    "He initialisation is right for the variants of ReLU",
    verdict=CONDITIONS,
    corrected="It is exact for ReLU and as good as exact for Leaky ReLU; with a negative slope of a, 2 / (1 + a^2) "
    "would be. ELU and SELU ask for less, and SELU's own rule is LeCun's.",
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
    "Weights matched to the activation steady the signal in both directions",
    verdict=CONDITIONS,
    corrected="They do for ReLU, ELU and SELU. Tanh keeps its signal, but its gradient grows. For GELU, SiLU and "
    "Mish the matched gain is a balance that tips: a signal that is 1 % too large runs away.",
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
    return Evidence(
        "infinitely wide layers at the matched gain, mean square 1.01 at first: after 50 layers "
        + ", ".join(f"{name} {q:.2f}" if q < 10 else f"{name} above 10" for name, (q, _) in found.items())
        + "; gradient over as many layers "
        + ", ".join(f"{name} 10^{power:.1f}" for name, (_, power) in found.items()),
        expected="a mean square within 10 % of 1, a gradient within a power of ten",
        cases={name: abs(q - 1) < 0.1 and abs(power) < 1 for name, (q, power) in found.items()},
    )


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


# ---- what the code does -----------------------------------------------------------------------------------------


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


# ---- normalisation ----------------------------------------------------------------------------------------------


@claim(
    "What batch normalisation normalises is a layer's input",
    verdict=CONDITIONS,
    corrected="It normalises each feature over the examples of a batch, usually the pre-activations, and then scales "
    "and shifts it by two learned numbers. It does not normalise an example's features (layer normalisation does), "
    "and in evaluation it uses running averages, which may lag.",
    citations=("ioffe2015",),
    where=f"{CHAPTER}#fig-init-parts",
)
def batch_norm_normalises_layer_inputs():
    features = torch.tensor([[1.0], [5.0], [20.0]], dtype=F64)  # three scales, so that rows and columns differ
    x = (features * (1 + torch.randn(3, 500, generator=torch.Generator().manual_seed(0), dtype=F64))).T
    layer = nn.BatchNorm1d(3, dtype=F64)
    trained, evaluated = layer(x).detach(), layer.eval()(x).detach()
    off = {
        "training, a feature over the batch": _off_normal(trained),
        "training, an example over its features": _off_normal(trained.T),
        "evaluation after one batch, a feature over the batch": _off_normal(evaluated),
    }
    return Evidence(
        "largest distance of the mean from 0 or the variance from 1: "
        + "; ".join(f"{of:.3f} ({where})" if of < 1 else f"above 1 ({where})" for where, of in off.items()),
        expected="mean 0 and variance 1, within 0.001",
        cases={where: of < 1e-3 for where, of in off.items()},
    )


def _off_normal(columns):
    mean, variance = columns.mean(0), columns.var(0, correction=0)
    return torch.cat([mean.abs(), (variance - 1).abs()]).max().item()


@claim(
    "Batch normalisation protects against vanishing gradients and dying ReLUs",
    verdict=TRUE,
    corrected="At a price: through 50 ReLU layers at the start the normalised gradient grows ten-thousandfold, at "
    "any gain, where He's weights alone would keep it.",
    activations=("sigmoid", "relu"),
    citations=("ioffe2015", "yang2019"),
    where="chapters/02_step_to_sigmoid#sec-sigmoid-depth",
)
def batch_norm_against_vanishing_and_dying():
    plain = {name: gradient_left(name, GAINS["glorot"]) for name in ("sigmoid", "relu")}
    normal = {name: gradient_left(name, GAINS["glorot"], normalised=True) for name in plain}
    dead, dead_normal = (torch.tensor([_dead_units(seed, norm) for seed in range(2)]) for norm in (False, True))
    return Evidence(
        "gradient at the first of 50 layers over that at the last, without and with normalisation: "
        + "; ".join(f"{name} {powers(plain[name])} and {powers(normal[name])}" for name in plain)
        + f"; units that are silent on all points after 50 steps at rate 3: {dead.mean():.1f} and "
        f"{dead_normal.mean():.1f} of all",
        expected="less of the gradient lost, and fewer dead units in every run",
        cases={
            **{
                f"{name}: a thousandth of the gradient is left where less was": bool(
                    plain[name].mean() < -3 < normal[name].mean()
                )
                for name in plain
            },
            "fewer dead ReLUs": bool((dead_normal < dead).all()),
        },
    )


def _dead_units(seed, normalised):
    """Share of the units of three ReLU layers, trained on the disk at a large rate, that are 0 on all its points."""
    network = networks.mlp([2, 32, 32, 32, 1], "relu", scheme="he", seed=seed, dtype=F64)
    network = _with_batch_norm(network) if normalised else network
    task = data.disk(200, seed=seed, dtype=F64)
    _descend(network, task, rate=3.0, steps=50)
    silent, h = [], task.train_x
    for layer in network:
        h = layer(h)
        if not isinstance(layer, nn.Linear | nn.BatchNorm1d):
            silent.append((h == 0).all(dim=0).double().mean().item())
    return sum(silent) / len(silent)


def _with_batch_norm(network):
    """The same layers, with batch normalisation before each activation."""
    layers = []
    for layer in network[:-1]:
        layers.append(layer)
        if isinstance(layer, nn.Linear):
            layers.append(nn.BatchNorm1d(layer.out_features, dtype=F64))
    return nn.Sequential(*layers, network[-1])


@claim(
    "Batch normalisation steadies a training that won't converge",
    verdict=CONDITIONS,
    corrected="With batches of some size it does, from weights at which the plain network overflows. With batches of "
    "two it learns nothing: a feature of two examples is normalised to -1 and 1, whatever they were.",
    activations=("relu",),
    citations=("ioffe2015", "wu2018"),
)
def batch_norm_steadies_training():
    right = {
        "plain, batches of 64": _right_after_training(False, 64),
        "normalised, batches of 64": _right_after_training(True, 64),
        "normalised, batches of 2": _right_after_training(True, 2),
    }
    return Evidence(
        "ten ReLU layers at gain 3, 30 steps at rate 0.3 on the disk; share of the training points right: "
        + ", ".join(f"{share:.1f} ({how})" for how, share in right.items()),
        expected="more than 0.9 right with normalisation, where the plain network gets no further than 0.7",
        cases={
            how: share > 0.9 and right["plain, batches of 64"] < 0.7
            for how, share in right.items()
            if how.startswith("normalised")
        },
    )


def _right_after_training(normalised, batch, seeds=2):
    """Share of training points right, the mean over seeds, with statistics of all points; 1/2 is chance."""
    shares = []
    for seed in range(seeds):
        network = networks.mlp([2, *[32] * 10, 1], "relu", scheme=3 / math.sqrt(32), seed=seed, dtype=F64)
        network = _with_batch_norm(network) if normalised else network
        task = data.disk(500, seed=seed, dtype=F64)
        _descend(network, task, rate=0.3, steps=30, batch=batch)
        with torch.no_grad():
            answer = network(task.train_x).squeeze(1) > 0
        shares.append((answer == (task.train_y > 0)).double().mean().item())
    return sum(shares) / seeds


@claim(
    "Batch normalisation lets the rate be higher",
    verdict=TRUE,
    corrected="In plain descent on the disk the largest rate that trains is several times as large. Adam, whose step "
    "has the size of the rate whatever the gradient, was not tried.",
    activations=("relu",),
    citations=("ioffe2015",),
)
def batch_norm_lets_the_rate_be_higher():
    largest = {normalised: [_largest_rate(normalised, seed) for seed in range(3)] for normalised in (False, True)}
    return Evidence(
        "four ReLU layers of 32, He's weights, 60 steps of plain descent on the disk, rates doubled from "
        f"{RATES[0]:g} to {RATES[-1]:g}; largest that gets 0.9 of the points right, by seed: "
        + "; ".join(
            f"{'normalised' if normalised else 'plain'} {', '.join(f'{rate:g}' for rate in rates)}"
            for normalised, rates in largest.items()
        ),
        expected="a larger one with normalisation, for each seed, and neither at an end of the grid",
        cases={
            f"seed {seed}": RATES[0] < plain < normalised < RATES[-1]
            for seed, (plain, normalised) in enumerate(zip(largest[False], largest[True], strict=True))
        },
    )


RATES = [0.4 * 2**i for i in range(7)]


def _largest_rate(normalised, seed):
    """The largest of RATES from which a network learns the disk, 0 if there is none."""
    learned = [0.0]
    for rate in RATES:
        network = networks.mlp([2, *[32] * 4, 1], "relu", scheme="he", seed=seed, dtype=F64)
        network = _with_batch_norm(network) if normalised else network
        task = data.disk(200, seed=seed, dtype=F64)
        _descend(network, task, rate=rate, steps=60)
        with torch.no_grad():
            right = ((network(task.train_x).squeeze(1) > 0) == (task.train_y > 0)).double().mean().item()
        learned += [rate] if right > 0.9 else []
    return max(learned)


# ---- dropout ----------------------------------------------------------------------------------------------------


@claim(
    "Dropout keeps a network from overfitting",
    verdict=CONDITIONS,
    corrected="Where a network can learn its noise by heart it helps a lot. One that is too small for that does "
    "worse with it.",
    activations=("relu",),
    citations=("srivastava2014",),
)
def dropout_regularises():
    loss = {
        where: [_with_dropout(*setting, dropped)["loss"] for dropped in (0.0, 0.5)]
        for where, setting in NOISY.items()
    }
    return Evidence(
        "test loss on the disk without dropout and with half of the units dropped, mean of 4 networks: "
        + "; ".join(f"{without:.1f} and {dropped:.1f} ({where})" for where, (without, dropped) in loss.items()),
        expected="a lower test loss with dropout",
        cases={where: dropped < without for where, (without, dropped) in loss.items()},
    )


@claim(
    "Dropout on ReLU units leaves more zeros, and a network that bears more noise",
    verdict=CONDITIONS,
    corrected="Sparser than ReLU's own half of zeros, in both networks that were tried. More robust only in the one "
    "that was large enough to learn noise by heart without it; the small one lost.",
    activations=("relu",),
    citations=("srivastava2014",),
)
def dropout_makes_relu_sparse_and_robust():
    found = {where: [_with_dropout(*setting, dropped) for dropped in (0.0, 0.5)] for where, setting in NOISY.items()}
    return Evidence(
        "test points, without dropout and with: "
        + "; ".join(
            f"zeros {plain['zeros']:.1f} and {dropped['zeros']:.1f}, right after noise of 0.1 {plain['right']:.2f} "
            f"and {dropped['right']:.2f} ({where})"
            for where, (plain, dropped) in found.items()
        ),
        expected="more zeros, by 0.05, and more points right when noise is added to them",
        cases={
            where: dropped["zeros"] - plain["zeros"] > 0.05 and dropped["right"] > plain["right"]
            for where, (plain, dropped) in found.items()
        },
    )


# hidden units, training points and the share of them that are mislabelled
NOISY = {"32 units, 100 points, a fifth of them mislabelled": (32, 100, 0.2), "4 units, 200 points": (4, 200, 0.0)}


@cache
def _with_dropout(units, points, mislabelled, dropped, count=4, steps=150, rate=0.03):
    """What becomes of 2-units-units-1 ReLU networks, trained on the disk with that share of the units dropped.

    Means over `count` networks, which are trained side by side, on 500 fresh points each and with all units: test
    loss, share of zeros in the last hidden layer, share right after noise of standard deviation 0.1.
    """
    generator = torch.Generator().manual_seed(0)
    tasks = [data.disk(points, test=500, seed=seed, dtype=F64) for seed in range(count)]
    x, y, test_x, test_y = (torch.stack(part) for part in zip(*tasks, strict=True))
    y = torch.where(torch.rand(y.shape, generator=generator) < mislabelled, 1 - y, y)
    starts = [networks.mlp([2, units, units, 1], "relu", scheme="he", seed=seed, dtype=F64) for seed in range(count)]
    layers = [
        (
            torch.stack([start[i].weight.detach().T for start in starts]).requires_grad_(),
            torch.stack([start[i].bias.detach()[None] for start in starts]).requires_grad_(),
        )
        for i in (0, 2, 4)
    ]

    def hidden(x, dropped=0.0):
        for weight, bias in layers[:2]:
            x = torch.relu(x @ weight + bias)
            if dropped:
                x = x * (torch.rand(x.shape, generator=generator) >= dropped) / (1 - dropped)
        return x

    def logits(h):
        return (h @ layers[2][0] + layers[2][1]).squeeze(2)

    adam = torch.optim.Adam([part for layer in layers for part in layer], lr=rate)
    for _ in range(steps):
        loss = functional.binary_cross_entropy_with_logits(logits(hidden(x, dropped)), y)
        adam.zero_grad()
        (count * loss).backward()  # each network gets the gradient of its own mean
        adam.step()
    with torch.no_grad():
        h = hidden(test_x)
        noisy = test_x + 0.1 * torch.randn(test_x.shape, generator=generator, dtype=F64)
        return {
            "loss": functional.binary_cross_entropy_with_logits(logits(h), test_y).item(),
            "zeros": (h == 0).double().mean().item(),
            "right": ((logits(hidden(noisy)) > 0) == (test_y > 0)).double().mean().item(),
        }


# ---- depth and complexity ---------------------------------------------------------------------------------------


@claim(
    "ResNet-50's skip connections are there against vanishing gradients, and let it gain from depth",
    verdict=IMPRECISE,
    corrected="A skip connection does keep a gradient alive that would vanish without it. But ResNet-50 has batch "
    "normalisation, with which none vanishes to begin with; its authors say so, and give degradation, a training "
    "error that rises with depth, as what the skips are for.",
    activations=("relu",),
    citations=("he2016", "ioffe2015"),
    where=f"{CHAPTER}#fig-init-parts",
)
def skips_cure_vanishing_gradients():
    plain, skip = gradient_left("relu", GAINS["torch"]), _through_skips(GAINS["torch"])
    normal = gradient_left("relu", GAINS["glorot"], normalised=True)
    return Evidence(
        f"gradient at the first of 50 ReLU layers over that at the last: {powers(normal)} in a plain stack with "
        f"batch normalisation; without it, at torch's default gain, {powers(plain)} plain and {powers(skip)} with "
        "skips",
        expected="a plain stack with batch normalisation that loses a thousandfold or more",
        cases={"with batch normalisation, as in ResNet-50": bool(normal.mean() < -3)},
        core={"without it: a thousandfold lost, but not with skips": bool(plain.mean() < -3 < skip.mean())},
    )


def _through_skips(gain, width=256, seeds=3):
    """log10 of the gradient's norm at the first layer's input over that at the last one's; layers h + relu(W h)."""
    found = []
    for seed in range(seeds):
        generator = torch.Generator().manual_seed(seed)
        signals = [torch.randn(64, width, generator=generator, dtype=F64).requires_grad_()]
        for _ in range(DEPTH):
            weight = torch.randn(width, width, generator=generator, dtype=F64) * gain / math.sqrt(width)
            signals.append(signals[-1] + torch.relu(signals[-1] @ weight))
        end = torch.randn(64, width, generator=generator, dtype=F64)
        first, last = torch.autograd.grad((signals[-1] * end).sum(), [signals[0], signals[-2]])
        found.append(torch.log10(first.norm() / last.norm()))
    return torch.stack(found)


@claim(
    "A model that is too complex for its data, such as ResNet-50 on MNIST, makes gradients vanish",
    verdict=IMPRECISE,
    corrected="The same network on the same data learns with every function under SGD, and with three of five under "
    "Adam. Two of the five runs with Adam failed; what failed in them is not shown.",
    how=PUBLISHED,
    activations=("sigmoid", "relu", "leaky_relu", "elu", "selu"),
    citations=("park2024",),
)
def complex_models_make_gradients_vanish():
    accuracy = {
        table: {
            row["activation"]: row["value"]
            for row in results.load("published")
            if (row["source"], row["place"], row["quantity"]) == ("park2024", table, "accuracy")
        }
        for table in ("Table 9", "Table 11")
    }
    sgd, adam = accuracy.values()
    failed = [name for name, percent in adam.items() if percent < 90]
    return Evidence(
        f"ResNet-50 on MNIST, their own tables: with SGD at least {min(sgd.values()):.1f} % right; with Adam "
        + ", ".join(f"{name} {percent:.1f} %" for name, percent in adam.items()),
        expected="less than 90 % right, as when nothing is learned in the first layers",
        cases={
            "with SGD": max(sgd.values()) < 90,
            "with Adam, whatever the function": max(adam.values()) < 90,
        },
        core={"with Adam some runs fail": len(failed) > 0},
    )
