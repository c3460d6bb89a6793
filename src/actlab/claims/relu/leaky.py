"""Claims about Leaky ReLU."""

import inspect
import math
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ... import activations, results, theory
from .. import CITED, CONDITIONS, IMPRECISE, STORED, TRUE, Evidence, claim
from .._measure import GAINS, gradient_left, number_in, powers, title_of, tuned_ratio, year_of
from ._measure import (
    CHAPTER,
    KINK,
    OPTIMISERS,
    START,
    STEPS,
    _constant_part,
    _cost,
    _learned_slope,
    _networks,
    _one_unit,
    _same,
    xu,
)


@claim(
    "Leaky ReLU is z above 0 and alpha z below, with a small alpha such as 0.01: the larger of alpha z and z, with a "
    "small slope for negative inputs",
    verdict=TRUE,
    activations=("leaky_relu",),
    citations=("maas2013",),
    where=f"{KINK}#sec-relu-family",
)
def leaky_relu_keeps_a_small_slope():
    leaky = activations.get("leaky_relu")
    z = torch.linspace(-100, 100, 2001, dtype=torch.float64)
    alpha = leaky.settings["negative_slope"]
    by_torch = functional.leaky_relu(z)
    slopes = torch.func.vmap(torch.func.grad(functional.leaky_relu))(z)
    return Evidence(
        f"the larger of {alpha:g} z and z is torch's leaky_relu at "
        f"{int((torch.maximum(alpha * z, z) == by_torch).sum())} of {len(z)} points from -100 to 100; its slope "
        f"below 0 is {slopes[0]:g}",
        expected="the same values everywhere, and a slope of alpha below 0",
        cases={
            "the two formulas are one function": torch.equal(torch.maximum(alpha * z, z), by_torch)
            and torch.equal(leaky(z), by_torch),
            "its slope below 0 is alpha": bool((slopes[z < 0] == alpha).all()),
        },
    )


@claim(
    "Because Leaky ReLU and PReLU keep a small gradient on the negative side, their units cannot die",
    verdict=CONDITIONS,
    corrected="No gradient is exactly 0, but it is a hundredth of the others. A unit far on the negative side comes "
    "back under Adam, which divides by the gradient's size, long before it does under plain gradient descent. And a "
    "PReLU can learn the slope 0.",
    activations=("leaky_relu", "prelu", "relu"),
    citations=("maas2013", "he2015", "kingma2014"),
    where=f"{CHAPTER}#sec-relu-leak",
)
def leaking_prevents_dead_units():
    bias = {optimizer: _one_unit("leaky_relu", optimizer)[1] for optimizer in ("adam", "sgd")}
    slope = _learned_slope(0.0)
    return Evidence(
        f"a leaky unit that starts at bias {START:g}, {STEPS} steps at rate 0.1 from where it should be at 0: "
        f"{abs(bias['adam']):.1f} with Adam, {bias['sgd']:.0f} with plain gradient descent; ten leaks in a row pass "
        f"{0.01**10:.0e} of a gradient; a PReLU that is taught ReLU ends with a slope "
        f"{'below 1e-9' if abs(slope) < 1e-9 else 'above 1e-9'}",
        expected="units that come back from the negative side, and slopes that stay",
        cases={
            "a leaky unit under Adam: back within 0.1 of its place": abs(bias["adam"]) < 0.1,
            "the same unit under plain gradient descent": abs(bias["sgd"]) < 0.1,
            "a PReLU that is taught ReLU: a slope of 0.001 or more": abs(slope) >= 1e-3,
        },
    )


def _silent_share(row, when="end"):
    """The share of a network's units that are silent, in per cent."""
    return 100 * (row[f"first_{when}"] + row[f"deeper_{when}"]) / (16 * row["depth"])


@cache
def _leak_against_relu(leak, optimizer, column=_silent_share):
    """What a leak changes in a number of a network, paired by seed: mean and half width of its interval, by rate.

    The number is averaged over the two depths, 2 and 8, where both networks of a seed are there at both.
    """
    found = {}
    leaky = _networks("leaks", optimizer=optimizer, leak=leak)
    plain = {(row["depth"], row["rate"], row["seed"]): row for row in _networks(optimizer=optimizer, start="he")}
    for rate in sorted({row["rate"] for row in leaky}):
        gaps = {}
        for row in leaky:
            partner = plain.get((row["depth"], rate, row["seed"]))
            if row["rate"] == rate and partner:
                gaps.setdefault(row["seed"], []).append(column(row) - column(partner))
        found[rate] = results.student([np.mean(of) for of in gaps.values() if len(of) == 2])
    return found


@claim(
    "The small slope for negative inputs reduces the problem of dying units",
    verdict=CONDITIONS,
    corrected="Under Adam a leak of 0.01 leaves fewer units on the negative side of all points, at each of four "
    "rates; many stay there all the same. Under plain gradient descent it makes no difference that twelve draws "
    "could see. Whether more fresh points are right is not distinguishable with either.",
    how=STORED,
    activations=("leaky_relu", "relu"),
    citations=("maas2013",),
    where=f"{CHAPTER}#sec-relu-leak",
)
def leaking_reduces_dead_units():
    found, cases = [], {}
    for optimizer in ("adam", "sgd"):
        words = OPTIMISERS[optimizer]
        for rate, (mean, half) in _leak_against_relu(0.01, optimizer).items():
            found.append(f"{mean:+.1f} +- {half:.1f} ({words}, {rate:g})")
            cases[f"{words} at rate {rate:g}: fewer units silent at the end"] = mean + half < 0
    left = activations.get("leaky_relu").slope(torch.tensor([-1e6])).item()
    cases["a slope left, however far out"] = left > 0
    return Evidence(
        "units negative at all points after training, in points of per cent, leak of 0.01 less ReLU, 2 and 8 layers, "
        f"paired by seed with 95 % intervals: {', '.join(found)}; the slope left is {left:g}",
        expected="fewer units on the negative side for all points at every rate, and a gradient for those",
        cases=cases,
    )


@claim(
    "Leaky ReLU's alpha is typically 0.01",
    verdict=TRUE,
    how=CITED,
    activations=("leaky_relu",),
    citations=("maas2013",),
)
def alpha_is_typically_a_hundredth():
    defaults = _leaks()
    usual = [name for name, slope in defaults.items() if slope == 0.01]
    return Evidence(
        ", ".join(f"{slope:g} in {name}" for name, slope in defaults.items())
        + " (torch's read from it, the others from their documentation)",
        expected="0.01 in most libraries and in the paper that introduced it",
        cases={"most of them": len(usual) > len(defaults) / 2},
    )


def _leaks():
    """Leaky ReLU's slope in the paper that introduced it, and by default in libraries."""
    torchs = inspect.signature(functional.leaky_relu).parameters["negative_slope"].default
    return {
        "Maas et al.": number_in("maas2013", "slope of the leak"),
        "torch": torchs,
        "JAX": 0.01,
        "ONNX": 0.01,
        "Keras's function": 0.2,
        "Keras's layer": 0.3,
    }


@claim(
    "For most purposes Leaky ReLU can be left at its usual slope, 0.01",
    verdict=CONDITIONS,
    corrected="In eight layers no difference to larger slopes could be seen, which says little: with Adam one of "
    "thirteen points would have been missed. On both CIFARs Xu et al. have fewer errors with a larger slope. Against "
    "ReLU, on the disk, it fits the training points better and is a few per cent better on fresh ones.",
    how=STORED,
    activations=("leaky_relu", "relu"),
    citations=("xu2015",),
)
def a_leak_of_a_hundredth_works_well():
    found, against, cases = [], [], {}
    for other in (0.1, 0.25):
        for optimizer in ("adam", "sgd"):
            mean, half = _slopes_apart(0.01, other, optimizer)
            against.append(f"{100 * mean:+.1f} +- {100 * half:.1f} against {other:g} ({OPTIMISERS[optimizer]})")
            cases[f"eight layers, {OPTIMISERS[optimizer]}: not behind slope {other:g} beyond chance"] = (
                mean + half > 0
            )
    for task in ("CIFAR-10", "CIFAR-100"):
        _, small, large = xu(task)
        cases[f"{task} in Xu et al.: no more errors than with slope 1 / 5.5"] = small <= large
        found.append(f"{task} {small} % of errors in Xu et al. against {large} % with slope 1 / 5.5")
    for kind, column in {"training points": "train_loss", "fresh points": "test_loss"}.items():
        mean, half = tuned_ratio("leaky_relu", "relu", column)
        found.append(
            f"on the disk, {kind}, a loss {math.exp(mean):.2f} times ReLU's "
            f"({math.exp(mean - half):.2f} to {math.exp(mean + half):.2f})"
        )
    return Evidence(
        "eight layers of sixteen units, points of per cent of fresh points right, each slope at the rate that other "
        f"draws chose for it: {', '.join(against)}; {'; '.join(found)}",
        expected="no other slope that does better",
        cases=cases,
    )


def _slopes_apart(slope, other, optimizer, depth=8):
    """How many more fresh points the one leak gets right, each at its own rate: mean and half width of the interval.

    The rate is the one of the highest median accuracy on the even seeds; compared are the odd ones, pair by pair.
    """
    right = {}
    for leak in (slope, other):
        rows = _networks("leaks", optimizer=optimizer, leak=leak, depth=depth)
        by_rate = {}
        for row in rows:
            if row["seed"] % 2 == 0:
                by_rate.setdefault(row["rate"], []).append(row["accuracy"])
        best = max(by_rate, key=lambda rate: np.median(by_rate[rate]))
        right[leak] = {row["seed"]: row["accuracy"] for row in rows if row["rate"] == best and row["seed"] % 2}
    both = sorted(right[slope].keys() & right[other].keys())
    return results.student([right[slope][seed] - right[other][seed] for seed in both])


@claim(
    "Variants of ReLU, Leaky ReLU, PReLU and RReLU among them, perform better than ReLU",
    verdict=CONDITIONS,
    corrected="Where slopes below 0 are learned, drawn or large, in the cited networks, one run each. Leaky ReLU "
    "with its usual 0.01 does better on the disk, by a few per cent, and on CIFAR-100, not on CIFAR-10.",
    how=STORED,
    activations=("relu", "leaky_relu", "prelu", "rrelu"),
    citations=("xu2015", "he2015"),
)
def relus_variants_do_better():
    mean, half = tuned_ratio("leaky_relu", "relu", "test_loss")
    image_net = [number_in("he2015", f"top-1 error with {of}") for of in ("one slope for a channel", "ReLU")]
    cases = {"the disk, fresh points: Leaky ReLU": mean + half < 0, "ImageNet: PReLU": image_net[0] < image_net[1]}
    found = []
    for task in ("CIFAR-10", "CIFAR-100"):
        plain = number_in("xu2015", f"{task} error with ReLU")
        errors = dict(zip(("PReLU", "Leaky ReLU"), xu(task), strict=False))
        errors["RReLU"] = number_in("xu2015", f"{task} error with random slopes")
        found.append(f"{task} {', '.join(f'{name} {error:.2f}' for name, error in errors.items())}, ReLU {plain:.2f}")
        cases |= {f"{task}: {name}": error < plain for name, error in errors.items()}
    return Evidence(
        f"per cent of errors in Xu et al.: {'; '.join(found)}; on ImageNet in He et al. {image_net[0]:.2f} with "
        f"PReLU, {image_net[1]:.2f} with ReLU; on the disk, each at the rate that other draws chose for it, Leaky "
        f"ReLU's loss on fresh points is {math.exp(mean):.2f} times ReLU's ({math.exp(mean - half):.2f} to "
        f"{math.exp(mean + half):.2f})",
        expected="fewer errors, and a lower loss, than ReLU",
        cases=cases,
    )


@claim(
    "Nothing but convention fixes Leaky ReLU's slope below 0",
    verdict=TRUE,
    how=CITED,
    activations=("leaky_relu", "rrelu"),
    citations=("maas2013", "xu2015"),
)
def the_leak_is_arbitrary():
    chosen, learned = set(_leaks().values()), list(nn.LeakyReLU().parameters())
    return Evidence(
        f"defaults in use: {', '.join(f'{slope:g}' for slope in sorted(chosen))} (torch's read from it, the others "
        f"from their documentation); parameters that training would set: {len(learned)}",
        expected="no agreement on a value, and no rule or training that sets it",
        cases={"the defaults differ": len(chosen) > 1, "training does not set it": not learned},
    )


@claim(
    "All that Leaky ReLU adds is one number to tune, alpha",
    verdict=TRUE,
    activations=("leaky_relu", "relu"),
    where=f"{KINK}#sec-relu-family",
)
def leaking_costs_one_setting():
    leaky, relu = (activations.get(name) for name in ("leaky_relu", "relu"))
    kept = sum(value.numel() for value in leaky.module().state_dict().values())
    return Evidence(
        f"settings: {', '.join(leaky.settings)} against {len(relu.settings)} of ReLU; numbers that a trained layer "
        f"has to keep for it: {kept}; at alpha = 0 the two are the same function",
        expected="one setting more, and nothing else",
        cases={
            "one setting, nothing learned": len(leaky.settings) - len(relu.settings) == 1 and kept == 0,
            "without it nothing is left but ReLU": _same(activations.get("leaky_relu", negative_slope=0.0), relu),
        },
    )


@claim(
    "Leaky ReLU costs no more to compute than ReLU, but for one multiplication on the negative side",
    verdict=TRUE,
    how=STORED,
    activations=("leaky_relu", "relu"),
)
def leaking_costs_no_time():
    alone, layer = (_cost("leaky_relu", what) for what in ("both", "layer"))
    return Evidence(
        f"on one processor, time over ReLU's, forward and back: {alone:.2f} alone, {layer:.2f} with a layer of 512 "
        "units",
        expected="no more than a quarter longer alone, and a tenth with its layer",
        cases={"alone": alone < 1.25, "with its layer": layer < 1.1},
    )


@claim(
    "Leaky ReLU's mean activation is closer to zero than ReLU's, which helps the gradient in deeper layers",
    verdict=CONDITIONS,
    corrected="Closer by one per cent: 0.395 against 0.399. Through 50 layers the gradients of the two fare alike.",
    activations=("leaky_relu", "relu"),
    where=f"{KINK}#sec-relu-elu",
)
def a_leak_moves_the_mean():
    mean = {name: theory.moments(name).mean for name in ("leaky_relu", "relu")}
    lost = {name: gradient_left(name, GAINS["glorot"]) for name in mean}
    helped = lost["leaky_relu"].mean() - lost["relu"].mean()
    return Evidence(
        f"mean under N(0, 1) {mean['leaky_relu']:.3f} against {mean['relu']:.3f}; gradient at the first of 50 layers "
        f"over that at the last, gain 1: {powers(lost['leaky_relu'])} against {powers(lost['relu'])}",
        expected="a mean nearer to 0, and a gradient larger by a factor of 2 or more",
        cases={
            "the mean is nearer to 0": abs(mean["leaky_relu"]) < abs(mean["relu"]),
            "a gradient twice as large": bool(helped > math.log10(2)),
        },
    )


@claim(
    "Leaky ReLU's outputs are mostly centred on zero",
    verdict=IMPRECISE,
    corrected="Its mean makes 31 per cent of the mean square, ReLU's 32. It does take values of both signs, without "
    "bound.",
    activations=("leaky_relu", "relu"),
    where=f"{KINK}#sec-relu-elu",
)
def leaky_relu_is_centred():
    share = {spread: _constant_part("leaky_relu", spread) for spread in (1.0, 10.0)}
    relu, (low, high) = _constant_part("relu"), activations.get("leaky_relu").range
    return Evidence(
        "the mean's part of the mean square: "
        + ", ".join(f"{of:.1%} for z ~ N(0, {spread:g}^2)" for spread, of in share.items())
        + f"; with ReLU {relu:.1%}",
        expected="less than a tenth of the mean square",
        cases={f"z ~ N(0, {spread:g}^2)": of < 0.1 for spread, of in share.items()},
        core={
            "values of both signs, without bound": (low, high) == (-math.inf, math.inf),
            "nearer to centred than ReLU": share[1.0] < relu,
        },
    )


@claim(
    "Leaky ReLU comes from Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)",
    verdict=TRUE,
    how=CITED,
    activations=("leaky_relu",),
    citations=("maas2013",),
)
def maas_introduced_leaky_relu():
    leaky, title, year = activations.get("leaky_relu"), title_of("maas2013"), year_of("maas2013")
    below = leaky.slope(torch.tensor(-5.0)).item()
    return Evidence(
        f"“{title}”, {year}, lets a rectifier pass a small gradient where it is silent; the catalog's, of that "
        f"source and year, has slope {below:g} at -5",
        expected="that title in 2013, and a slope below 0 that is not 0",
        cases={
            "title and year": (title, year)
            == ("rectifier nonlinearities improve neural network acoustic models", 2013),
            "the catalog has it from there, with a slope below 0": leaky.source == "maas2013" and 0 < below < 1,
        },
    )
