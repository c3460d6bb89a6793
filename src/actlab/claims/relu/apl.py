"""Claims about the formula of APL units, their number of parameters and their shapes."""

import math
from functools import cache
from itertools import pairwise

import torch
from torch import nn

from ... import activations, data, networks, results
from .. import CITED, CONDITIONS, FALSE, IMPRECISE, STORED, TRUE, Evidence, claim
from .._measure import number_in


@claim(
    "The APL unit is max(0, x) plus a sum over s of a_i^s max(0, -x + b_i^s), where i runs from 1 to S",
    verdict=CONDITIONS,
    corrected="The sum is right. What runs from 1 to S is s, the hinge; i is the unit, and runs over all of them.",
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_is_a_sum_of_hinges():
    x = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    units = _units_of_the_experiment()["one for each filter or unit"]
    a, b = (-0.2, 0.4, 0.1), (0.3, -0.7, 2.0)
    printed = x.clamp(min=0) + sum(a_s * (-x + b_s).clamp(min=0) for a_s, b_s in zip(a, b, strict=True))
    gap = (printed - activations.get("apl", a=a, b=b)(x)).abs().max().item()
    return Evidence(
        f"the sum is the catalog's function {'to 1e-12' if gap < 1e-12 else 'only roughly'}; with S = 5, i from 1 to "
        f"S would name the hinges of 5 units, and the network of Park et al. has {units}",
        expected="the function of the paper, and indices that name every number that is learned",
        cases={"the sum": gap < 1e-12, "i from 1 to S reaches every unit": units <= HINGES},
    )


@claim(
    "APL units add 2SM parameters, with S hinges in each of M hidden units",
    verdict=TRUE,
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_adds_2sm_parameters():
    counted = {(hinges, units): _apl_parameters(hinges, units) for hinges in (1, 5, 10) for units in (3, 100)}
    units = _units_of_the_experiment()["one for each filter or unit"]
    return Evidence(
        f"a unit of 1, 5 or 10 hinges learns {', '.join(str(_apl_parameters(hinges)) for hinges in (1, 5, 10))} "
        f"numbers; the network of Park et al., with S = {HINGES} and {units} filters and units, "
        f"{_apl_parameters(HINGES) * units}",
        expected="two numbers for each hinge of each unit",
        cases={
            f"S = {hinges}, M = {units}": count == 2 * hinges * units for (hinges, units), count in counted.items()
        },
    )


HINGES = 5  # S in the experiment of park2024


def _apl_parameters(hinges, units=1):
    unit = activations.get("apl", a=(0.1,) * hinges, b=tuple(range(hinges)))
    return sum(part.numel() for part in nn.ModuleList(unit.module() for _ in range(units)).parameters())


@cache
def _experiment():
    """The convolutional network of park2024, section 5.3, without storage: only its shapes count here."""
    pool = {"kernel_size": 3, "stride": 2}
    with torch.device("meta"):
        return nn.Sequential(
            *(nn.Conv2d(3, 96, 5, padding=2), nn.MaxPool2d(**pool)),
            *(nn.Conv2d(96, 128, 5, padding=2), nn.AvgPool2d(**pool)),
            *(nn.Conv2d(128, 256, 5, padding=2), nn.AvgPool2d(**pool)),
            *(nn.Flatten(), nn.Linear(256 * 3 * 3, 2048), nn.Linear(2048, 2048), nn.Linear(2048, 10)),
        )


def _units_of_the_experiment():
    """How many hidden units it has, by what counts as one."""
    h, filters, positions = torch.empty(1, 3, 32, 32, device="meta"), 0, 0
    for layer in _experiment()[:-1]:  # the last gives the ten logits
        h = layer(h)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            filters, positions = filters + h.shape[1], positions + h[0].numel()
    return {"one for each filter or unit": filters, "one for each position of each filter": positions}


@claim(
    "What APL units add is little beside the weights of a network",
    verdict=CONDITIONS,
    corrected="If a filter counts as one unit. Learned neuron by neuron, at every position of every filter, it is a "
    "seventh of the weights.",
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_adds_few_parameters():
    weights = sum(part.numel() for part in _experiment().parameters())
    share = {kind: _apl_parameters(HINGES) * units / weights for kind, units in _units_of_the_experiment().items()}
    return Evidence(
        f"of the {weights} weights and biases of the network in Park et al.: "
        + ", ".join(f"{of:.1%}, {kind}" for kind, of in share.items()),
        expected="less than a tenth of the weights",
        cases={kind: of < 0.1 for kind, of in share.items()},
    )


@claim(
    "APL avoids the drawback of learned pieces that each further split point costs two more parameters",
    verdict=FALSE,
    corrected="It has the same: each further hinge brings an a and a b.",
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_saves_parameters_per_hinge():
    counts = [_apl_parameters(hinges) for hinges in range(1, 7)]
    steps = [after - before for before, after in pairwise(counts)]
    return Evidence(
        f"units of 1 to 6 hinges learn {', '.join(map(str, counts))} numbers: {max(steps)} more for each hinge",
        expected="fewer than two for each further hinge",
        cases={"a further hinge": max(steps) < 2},
    )


@claim(
    "Five hinges give APL units a concave shape around 0 that resembles ELU",
    verdict=FALSE,
    corrected="ELU with alpha = 1 is convex: its slope never falls. Of the units that we trained few bend down from "
    "-1 to 1, and at 0 itself none can, because of the max(0, x) in it, unless another hinge lies exactly there.",
    how=STORED,
    activations=("apl", "elu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-shapes",
)
def apl_is_concave_like_elu():
    elu, units = _bend(activations.get("elu"), 1.0), list(_bends(1.0).values())
    concave = sum(after < 0 for _, after in units)
    return Evidence(
        f"f(1) + f(-1) - 2 f(0), which is below 0 where a function bends down: {elu:.2f} for ELU; of {len(units)} "
        f"APL units with five hinges, trained on digits, {concave} are below",
        expected="below 0, for ELU and for most units",
        cases={"ELU bends down": elu < 0, "most of the units do": concave > len(units) / 2},
    )


def _bend(act, reach):
    left, middle, right = act(torch.tensor([-reach, 0.0, reach], dtype=torch.float64)).tolist()
    return left + right - 2 * middle


def _bends(reach):
    """From each stored unit of data/adaptive with five random hinges to how it bends before and after training."""
    rows = [row for row in results.load("adaptive", "units") if row["arm"] == "apl_5"]
    last = max(row["epoch"] for row in rows)
    found = {}
    for row in rows:
        if row["epoch"] in (0, last):
            bend = _bend(activations.get("apl", a=row["a"], b=row["b"]), reach)
            found.setdefault((row["layer"], row["unit"]), {})[row["epoch"]] = bend
    return {unit: (of[0], of[last]) for unit, of in found.items()}


@claim(
    "A unit that starts concave stays concave, and one that starts convex stays convex",
    verdict=CONDITIONS,
    corrected="Nearly: of the units that we trained all keep their bend from -1/2 to 1/2, and one changes it from -1 "
    "to 1. Few start concave. The text shows three units of one run.",
    how=STORED,
    activations=("apl",),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-shapes",
)
def apl_keeps_its_bend():
    kept, concave, n = {}, {}, 0
    for reach in (0.5, 1.0):
        units = list(_bends(reach).values())
        n, kept[reach] = len(units), sum((before < 0) == (after < 0) for before, after in units)
        concave[reach] = sum(before < 0 for before, _ in units)
    return Evidence(
        f"of {n} stored units with five random hinges, one seed: "
        + "; ".join(f"from -{r:g} to {r:g} {kept[r]} bend as they did, {concave[r]} started concave" for r in kept),
        expected="every unit, some of them concave",
        cases={f"from -{r:g} to {r:g}": kept[r] == n and concave[r] > 0 for r in kept},
    )


@claim(
    "The units' hinges start by He's rule, as in the Caffe files of the authors of APL units",
    verdict=FALSE,
    corrected="In the files of their experiments with plain networks slopes are uniform, up to 1/5 from 0 on "
    "CIFAR-10 and up to 1/2 on CIFAR-100, and places normal with standard deviation 1/2, however many units a layer "
    "has. He's rule, made for weights, makes both smaller the more units there are, and the places several times "
    "smaller.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015", "park2024"),
    where="chapters/08c_adaptive#sec-apl-published",
)
def apl_units_start_by_hes_rule():
    wide = "half width of the uniform slopes at the start on {} in the plain network"
    slopes = {  # a uniform number of half width w has a standard deviation of w / sqrt(3)
        task: number_in("agostinelli2015", wide.format(task)) / math.sqrt(3) for task in ("CIFAR-10", "CIFAR-100")
    }
    places = number_in("agostinelli2015", "standard deviation of the normal places at the start")
    he = {
        units: nn.init.kaiming_normal_(torch.empty(HINGES, units), generator=torch.Generator().manual_seed(0))
        .std()
        .item()
        for units in (96, 256)
    }
    return Evidence(
        "standard deviations: in their files "
        + ", ".join(f"{size:.2f} for the slopes on {task}" for task, size in slopes.items())
        + f", {places:.2f} for the places; by He's rule, as torch has it, "
        + ", ".join(f"{size:.2f} with {units} units" for units, size in he.items()),
        expected="the same for both, within a quarter",
        cases={
            f"{task}, {units} units": max(abs(size / slope - 1), abs(size / places - 1)) < 0.25
            for task, slope in slopes.items()
            for units, size in he.items()
        },
    )


@claim(
    "Concave activations have hardly been studied",
    verdict=IMPRECISE,
    corrected="By name they are rare. But a concave f is a convex one seen from behind, -f(-z), and a network with "
    "the one computes what a network with the other does when its weights change sign.",
    activations=("elu", "logsigmoid"),
)
def concave_activations_are_another_kind():
    elu = activations.get("elu")
    network = networks.mlp([2, 16, 16, 1], "elu", scheme="he", seed=0, dtype=torch.float64)
    x = data.disk(1000, test=1, seed=0, dtype=torch.float64).train_x

    def concave(z):
        return -elu(-z)

    with torch.no_grad():
        first, second, last = network[0], network[2], network[4]
        h = concave(-(x @ first.weight.T) - first.bias)
        h = concave(h @ second.weight.T - second.bias)
        gap = (-(h @ last.weight.T) + last.bias - network(x)).abs().max().item()
    z = torch.linspace(-8, 8, 1601, dtype=torch.float64)
    slopes = {name: act.slope(z) for name, act in activations.catalog.items()}
    named = [name for name, slope in slopes.items() if bool((slope.diff() < 1e-15).all()) and slope[0] > slope[-1]]
    return Evidence(
        "a network of concave units -elu(-z) gives what its mirror image with ELU gives, "
        f"{'to 1e-12' if gap < 1e-12 else 'not'}; concave in the catalog: {', '.join(named)}",
        expected="rare, and not covered by what is known of convex ones: networks that no network of convex units "
        "equals",
        cases={"a network of concave units differs from its mirror image of convex ones": gap > 1e-12},
        core={"rare by name: under a tenth of the catalog": 0 < len(named) < len(slopes) / 10},
    )


@claim(
    "In Park et al.'s experiment the APL units are learned layer by layer",
    verdict=FALSE,
    corrected="Neuron by neuron: so the same text says where it defines them, so its count of 2SM parameters says, "
    "and so do Agostinelli et al.",
    activations=("apl",),
    citations=("agostinelli2015", "park2024"),
)
def apl_is_tailored_to_layers():
    layers = sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in _experiment()[:-1])
    units = _units_of_the_experiment()["one for each filter or unit"]
    count = {
        "a set for each layer": _apl_parameters(HINGES) * layers,
        "a set for each unit": _apl_parameters(HINGES) * units,
    }
    return Evidence(
        "parameters with S = 5: "
        + ", ".join(f"{of} with {kind}" for kind, of in count.items())
        + f"; the text's own 2SM, with M the hidden units, is {2 * HINGES * units}",
        expected="the number of parameters that a set for each layer has",
        cases={"2SM is the number for a set in each layer": 2 * HINGES * units == count["a set for each layer"]},
    )
