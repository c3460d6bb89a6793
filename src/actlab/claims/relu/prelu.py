"""Claims about PReLU."""

import torch
from torch import nn
from torch.nn import functional

from ... import activations
from .. import CITED, CONDITIONS, STORED, TRUE, Evidence, claim
from .._measure import number_in
from ._measure import KINK, SLOPES, _cost, _learned_slope, xu


@claim(
    "PReLU trains its alpha along with the weights",
    verdict=TRUE,
    activations=("prelu",),
    citations=("he2015",),
    where=f"{SLOPES}#fig-relu-prelu",
)
def prelu_learns_alpha():
    start = activations.get("prelu").settings["negative_slope"]
    learned = {taught: _learned_slope(taught) for taught in (0.1, 0.5)}
    return Evidence(
        f"starting at {start:g}, alpha ends at "
        + " and at ".join(f"{of:.3f} where the target's slope is {taught:g}" for taught, of in learned.items()),
        expected="an alpha that goes where the target is",
        cases={f"taught {taught:g}": abs(of - taught) < 1e-6 for taught, of in learned.items()},
    )


@claim(
    "PReLU is max(alpha z, z)",
    verdict=CONDITIONS,
    corrected="For alpha up to 1. Nothing keeps alpha there: beyond 1 the larger of the two is z below 0 and alpha z "
    "above, the wrong way round.",
    activations=("prelu",),
    citations=("he2015",),
    where=f"{KINK}#sec-relu-family",
)
def prelu_is_a_maximum():
    z, gaps = torch.linspace(-3, 3, 601, dtype=torch.float64), {}
    for taught in (0.25, 2.0):
        alpha = _learned_slope(taught)
        by_torch = functional.prelu(z, torch.tensor([alpha], dtype=torch.float64))
        gaps[f"{alpha:.2f}"] = (torch.maximum(alpha * z, z) - by_torch).abs().max().item()
    return Evidence(
        "largest difference between -3 and 3, to torch's prelu: "
        + ", ".join(f"{gap:.1f} where training arrived at alpha = {alpha}" for alpha, gap in gaps.items()),
        expected="no difference",
        cases={f"alpha = {alpha}": gap < 1e-12 for alpha, gap in gaps.items()},
    )


@claim(
    "PReLU has the range (-inf, inf)",
    verdict=CONDITIONS,
    corrected="For alpha above 0. At 0 or below, which can be learned, it is [0, inf).",
    activations=("prelu",),
)
def prelus_range_is_everything():
    z, lowest = torch.linspace(-1e6, 1e6, 2001, dtype=torch.float64), {}
    for taught in (0.25, -1.0):
        alpha = _learned_slope(taught)
        lowest[f"{alpha:.2f}"] = functional.prelu(z, torch.tensor([alpha], dtype=torch.float64)).min().item()
    return Evidence(
        "lowest value from -1e6 to 1e6: "
        + ", ".join(f"{round(low)} where training arrived at alpha = {alpha}" for alpha, low in lowest.items()),
        expected="values as far below 0 as above",
        cases={f"alpha = {alpha}": low < -1e5 for alpha, low in lowest.items()},
    )


@claim(
    "PReLU's slope lies between alpha and 1",
    verdict=CONDITIONS,
    corrected="It takes these two values. For an alpha above 1, which can be learned, they are the other way round, "
    "and the largest slope is alpha.",
    activations=("prelu",),
)
def prelus_slope_lies_between_alpha_and_1():
    z, found = torch.tensor([-1.0, 1.0], dtype=torch.float64), {}
    for taught in (0.25, 2.0):
        alpha = _learned_slope(taught)
        found[f"{alpha:.2f}"] = activations.get("prelu", negative_slope=alpha).slope(z), alpha
    return Evidence(
        "slopes on the two sides: "
        + ", ".join(f"{of[0]:.2f} and {of[1]:g} at alpha = {alpha}" for alpha, (of, _) in found.items()),
        expected="slopes of at least alpha and at most 1",
        cases={
            f"alpha = {name}": bool((of >= alpha).all() and (of <= 1).all()) for name, (of, alpha) in found.items()
        },
    )


@claim(
    "Learning alpha makes PReLU a little dearer",
    verdict=CONDITIONS,
    corrected="Small in memory. In time it depends on the implementation: torch's takes several times as long as "
    "ReLU on the way forward and back, since alpha's gradient is a sum over all negative inputs.",
    how=STORED,
    activations=("prelu", "leaky_relu"),
    citations=("he2015",),
)
def prelu_adds_a_small_cost():
    weights = sum(part.numel() for part in nn.Linear(512, 512, device="meta").parameters())
    added = sum(part.numel() for part in nn.PReLU(512, device="meta").parameters()) / weights
    alone, layer = ({name: _cost(name, what) for name in ("prelu", "leaky_relu")} for what in ("both", "layer"))
    return Evidence(
        f"a slope for each of 512 units with 512 inputs adds {added:.1%} to the layer's parameters; time over "
        "ReLU's, forward and back: "
        + "; ".join(f"{name} {alone[name]:.1f} alone, {layer[name]:.2f} with its layer" for name in alone),
        expected="under a hundredth more parameters, and no more than half as long again as Leaky ReLU",
        cases={"parameters": 0 < added < 0.01, "time, forward and back": alone["prelu"] < 1.5 * alone["leaky_relu"]},
    )


@claim(
    "A slope that is learned, as in PReLU, improves on Leaky ReLU's fixed one",
    verdict=CONDITIONS,
    corrected="It depends on the fixed slope. He et al. gain 1.2 points on ImageNet over ReLU; they have no network "
    "with a fixed leak. On both CIFARs, one network each, Xu et al. have the learned slope ahead of a fixed one of "
    "0.01 and behind one of 1 / 5.5.",
    how=CITED,
    activations=("prelu", "leaky_relu", "rrelu"),
    citations=("he2015", "xu2015"),
    where=f"{SLOPES}#sec-relu-prelu",
)
def prelu_improves_on_leaky_relu():
    relu, prelu = (number_in("he2015", f"top-1 error with {of}") for of in ("ReLU", "one slope for a channel"))
    errors, cases = {task: xu(task) for task in ("CIFAR-10", "CIFAR-100")}, {}
    for task, (learned, small, large) in errors.items():
        cases |= {f"{task}: ahead of slope 0.01": learned < small, f"{task}: ahead of slope 1 / 5.5": learned < large}
    return Evidence(
        f"top-1 error on ImageNet {relu} per cent with ReLU and {prelu} with PReLU, in the first paper, which has no "
        "fixed leak; per cent of errors with a learned slope, 0.01 and 1 / 5.5 in the second, from the standard "
        "literature: " + ", ".join(f"{task} {' '.join(f'{of:.2f}' for of in each)}" for task, each in errors.items()),
        expected="a lower error than with each fixed slope; one run each, so no spread is known",
        cases=cases,
    )


@claim(
    "The parameters that PReLU learns can improve performance",
    verdict=TRUE,
    how=CITED,
    activations=("prelu", "relu"),
    citations=("he2015",),
)
def prelu_can_improve_performance():
    arms = ("ReLU", "one slope for a layer", "one slope for a channel")
    relu, shared, channel = (number_in("he2015", f"top-1 error with {arm}") for arm in arms)
    return Evidence(
        f"top-1 error on ImageNet: {relu} per cent with ReLU, {shared} with one slope for a layer and {channel} with "
        "one for a channel, of a network of 14 layers in the paper that introduced it; one run each, not repeated "
        "here",
        expected="a case in which the error falls",
        cases={"ImageNet, one slope for a layer": shared < relu, "ImageNet, one for a channel": channel < relu},
    )


@claim(
    "Parametric functions such as PReLU and PELU share one set of parameters in a whole layer",
    verdict=CONDITIONS,
    corrected="So in torch by default, and in PELU. He et al. learn a slope for each channel; the shared one is "
    "their variant.",
    how=CITED,
    activations=("prelu",),
    citations=("he2015", "trottier2016"),
)
def prelu_shares_its_slope():
    by_default = nn.PReLU().weight.numel()
    channels = 16
    layer = nn.PReLU(channels)
    layer(torch.randn(2, channels, 3, 3, generator=torch.Generator().manual_seed(0))).square().sum().backward()
    moved = len(layer.weight.grad.unique())
    return Evidence(
        f"torch.nn.PReLU() has {by_default} slope for the layer. He et al. put first one for each channel: "
        f"torch.nn.PReLU({channels}) has {layer.weight.numel()}, and an example gives them {moved} gradients",
        expected="one set for a layer",
        cases={
            "torch.nn.PReLU by default": by_default == 1,
            "PReLU with a slope for each channel: they move as one": moved == 1,
        },
    )
