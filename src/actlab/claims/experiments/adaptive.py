"""Claims about networks of adaptive piecewise linear units."""

import itertools

import numpy as np
import torch

from ... import activations, results
from .. import (
    CITED,
    CONDITIONS,
    FALSE,
    IMPRECISE,
    OPEN,
    OPENLY,
    PUBLISHED,
    STORED,
    TRUE,
    Evidence,
    claim,
)
from .._measure import number_in
from ._stored import _printed, _rows

CIFARS = ("CIFAR-10", "CIFAR-100")


@claim(
    "The network for APL units has 96, 128 and 256 filters",
    verdict=IMPRECISE,
    corrected="The network that it follows has. Where it comes to its results, the same text has 98 in the first "
    "layer.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015", "park2024"),
    where="chapters/08c_adaptive#sec-apl-protocol",
)
def apl_network_has_96_filters():
    described = list(map(int, _printed("filters", place="Section 5.3").values()))
    reported = list(map(int, _printed("neurons", place="Section 5.4").values()))
    followed = [int(number_in("agostinelli2015", f"filters of layer {layer}")) for layer in (1, 2, 3)]
    return Evidence(
        f"described {described}, reported {reported}, in the experiment it follows {followed}",
        expected="the same numbers in both places",
        cases={"as reported with the results": described == reported},
        core={"as in the network it follows": described == followed},
    )


@claim(
    "The first three layers of the network for APL units have 98, 128 and 256 neurons",
    verdict=FALSE,
    corrected="96 filters by the text's own description, and a filter is not a neuron: on a CIFAR-10 image each of "
    "the first has 32 x 32 units.",
    how=PUBLISHED,
    activations=("apl",),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-protocol",
)
def apl_layers_have_98_neurons():
    filters = _printed("filters", place="Section 5.3")["layer_1"]
    neurons = _printed("neurons", place="Section 5.4")["layer_1"]
    units = torch.nn.Conv2d(3, int(filters), 5, padding=2, device="meta")(
        torch.empty(1, 3, 32, 32, device="meta")
    ).numel()
    return Evidence(
        f"first layer: {neurons:.0f} neurons in one place, {filters:.0f} filters in another, which have {units:,} "
        "units",
        expected="one number, of filters or of units",
        cases={"the number of filters": neurons == filters, "the number of units": neurons == units},
    )


@claim(
    "Accuracy has no linear relation to S, the number of hinges",
    verdict=IMPRECISE,
    corrected="Six runs can't show a line, nor its absence. Accuracy rises with S, steeply at first.",
    how=PUBLISHED,
    activations=("apl",),
    citations=("park2024",),
    where="chapters/08c_adaptive#fig-apl-hinges",
)
def accuracy_has_no_linear_relation_to_hinges():
    accuracy = {int(name.partition("=")[2]): a for name, a in _printed("accuracy", place="Table 21").items()}
    s, a = np.array(list(accuracy)), np.array(list(accuracy.values()))
    place = a.argsort().argsort()
    pearson, spearman = np.corrcoef(s, a)[0, 1], np.corrcoef(np.arange(len(s)), place)[0, 1]
    others = [np.corrcoef(s, order)[0, 1] for order in itertools.permutations(a)]
    p = np.mean(np.abs(others) >= pearson - 1e-12)
    return Evidence(
        f"six runs: Pearson's correlation {pearson:.2f} (p = {p:.2f}, by all {len(others)} orders), Spearman's "
        f"{spearman:.2f}",
        expected="correlations below 0.3",
        cases={"Pearson's": abs(pearson) < 0.3, "Spearman's": abs(spearman) < 0.3},
        core={"a line is not established at 5 %": p > 0.05},
    )


@claim(
    "S = 5, as in the paper that introduced APL units",
    verdict=CONDITIONS,
    corrected="That paper has 5 hinges in its plain network on CIFAR-10, 2 in that on CIFAR-100, and 1 in its "
    "Network-in-Network on both. In the text's own table 4 and 10 do better than 5.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015", "park2024"),
    where="chapters/08c_adaptive#sec-apl-published",
)
def five_hinges_as_in_the_reference():
    tasks = [f"{task} in {net}" for net in ("the plain network", "Network-in-Network") for task in CIFARS]
    hinges = {task: int(number_in("agostinelli2015", f"hinges on {task}")) for task in tasks}
    accuracy = _printed("accuracy", place="Table 21")
    ahead = [name for name, value in accuracy.items() if value > accuracy["S=5"]]
    return Evidence(
        "there: "
        + ", ".join(f"{s} on {task}" for task, s in hinges.items())
        + f"; ahead of S=5 here: {', '.join(ahead)}",
        expected="5",
        cases={task: s == 5 for task, s in hinges.items()},
    )


@claim(
    "APL units with S = 5 reach 80.65 % on CIFAR-10",
    verdict=IMPRECISE,
    corrected="The next table has 75.98 % for the same units in the same network. Both are above its ReLU and Leaky "
    "ReLU.",
    how=PUBLISHED,
    activations=("apl", "relu", "leaky_relu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-published",
)
def apl_reaches_80_per_cent():
    first, again = _printed("accuracy", place="Table 21")["S=5"], _printed("accuracy", place="Table 22")
    return Evidence(
        f"{first} % and {again['apl']} %, {first - again['apl']:.2f} points apart; Leaky ReLU "
        f"{again['leaky_relu']} %, ReLU {again['relu']} %",
        expected="the same within a point",
        cases={"both tables, within a point": abs(first - again["apl"]) < 1},
        core={"both above Leaky ReLU and ReLU": min(first, again["apl"]) > max(again["leaky_relu"], again["relu"])},
    )


@claim(
    "In the first epoch ReLU and Leaky ReLU are ahead of APL units",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("relu", "leaky_relu", "apl"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-table",
)
def relu_is_ahead_of_apl_at_first():
    loss = _printed("first_train_loss", place="Table 22")
    return Evidence(
        "training loss of the first epoch: " + ", ".join(f"{name} {value:.2f}" for name, value in loss.items()),
        expected="below that of APL units",
        cases={name: loss[name] < loss["apl"] for name in ("relu", "leaky_relu")},
    )


@claim(
    "Leaky ReLU stands between APL units and ReLU, in stability and in performance",
    verdict=CONDITIONS,
    corrected="In performance, of three runs. Of stability three runs show nothing, and the spreads of our five "
    "seeds are too near to each other to be told apart.",
    how=STORED,
    activations=("leaky_relu", "apl", "relu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-table",
)
def leaky_relu_stands_between_apl_and_relu():
    accuracy, loss = (_printed(q, place="Table 22") for q in ("accuracy", "last_test_loss"))
    spread = {arm: _of_seeds(arm, "test_accuracy", -1).std(ddof=1) for arm in ("apl_5", "leaky_relu", "relu")}
    between = sorted(spread, key=spread.get)[1] == "leaky_relu"
    apart = (max(spread.values()) / min(spread.values())) ** 2 > 9.6  # 5 % of F, both ways, with 4 and 4 degrees
    return Evidence(
        "final accuracy and test loss, one run each: "
        + ", ".join(f"{name} {accuracy[name]:.1f} %, {loss[name]:.2f}" for name in accuracy)
        + "; standard deviation of the accuracy of five seeds on digits: "
        + ", ".join(f"{arm} {100 * of:.1f} points" for arm, of in spread.items()),
        expected="between the two, and a spread that differs from the others' by more than chance",
        cases={
            "in accuracy": accuracy["apl"] > accuracy["leaky_relu"] > accuracy["relu"],
            "in test loss": loss["apl"] < loss["leaky_relu"] < loss["relu"],
            "in stability, on digits": between and apart,
        },
    )


def _of_seeds(arm, column, epoch):
    """A number of the stored runs on digits at an epoch, one for each seed."""
    rows = [row for row in _rows("adaptive", "runs") if (row["study"], row["arm"]) == ("digits", arm)]
    return np.array([row[column][epoch] for row in rows])


@claim(
    "The shapes that APL units learned closely resemble Leaky ReLU, with other slopes below 0",
    verdict=CONDITIONS,
    corrected="Of the units that we trained most are nearer to a leak than to an ELU, and most are near; some are "
    "not. The text measures no distance, and in its results it likens the shapes at large to ELU.",
    how=STORED,
    activations=("apl", "leaky_relu", "elu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-shapes",
)
def learned_shapes_resemble_leaky_relu():
    rows = [row for row in _rows("adaptive", "units") if row["arm"] == "apl_5"]
    rows = [row for row in rows if row["epoch"] == max(row["epoch"] for row in rows)]
    left = [_left_by_the_best(row["a"], row["b"]) for row in rows]
    nearer = sum(leak < elu for leak, elu in left)
    close = sum(leak < 0.05 for leak, _ in left)
    return Evidence(
        f"of {len(left)} stored units, trained on digits, {nearer} are nearer to the best Leaky ReLU than to the "
        f"best ELU; in {close} the best leak leaves less than 5 % of what the hinges add, in the worst "
        f"{max(leak for leak, _ in left):.0%}",
        expected="nearer to a leak than to an ELU, in most units; and less than 5 % left by it, in all",
        cases={"nearer to a leak, most units": nearer > len(left) / 2, "near, all units": close == len(left)},
    )


def _left_by_the_best(a, b):
    """What the best Leaky ReLU and the best ELU, by least squares, leave of what hinges add to ReLU on [-2, 2]."""
    z = torch.linspace(-2, 2, 401, dtype=torch.float64)
    added, below = activations.get("apl", a=a, b=b)(z) - z.clamp(min=0), z.clamp(max=0)
    return tuple(
        ((added - (added @ shape) / (shape @ shape) * shape).square().sum() / added.square().sum()).item()
        for shape in (below, torch.expm1(below))
    )


@claim(
    "Fixed ReLU and Leaky ReLU train stably, with a low loss and a decent accuracy from the first epoch",
    verdict=CONDITIONS,
    corrected="In the text's three runs their first epoch is better than that of APL units. In ours, on digits, it "
    "is not, and the accuracies of their seeds lie no closer together.",
    how=STORED,
    activations=("relu", "leaky_relu", "apl"),
    citations=("park2024",),
    where="chapters/08c_adaptive#fig-apl-arms",
)
def fixed_functions_train_stably():
    fixed, printed = ("relu", "leaky_relu"), _printed("first_train_loss", place="Table 22")
    arms = (*fixed, "apl_5")
    first = {arm: _of_seeds(arm, "train_loss", 0).mean() for arm in arms}
    spread = {arm: _of_seeds(arm, "test_accuracy", -1).std(ddof=1) for arm in arms}
    return Evidence(
        "training loss of the first epoch in the text: "
        + ", ".join(f"{name} {value:.2f}" for name, value in printed.items())
        + "; five seeds on digits, mean of that loss and standard deviation of the last accuracy: "
        + ", ".join(f"{arm} {first[arm]:.2f} and {100 * spread[arm]:.1f} points" for arm in arms),
        expected="a lower loss in the first epoch than with APL units, and a smaller spread",
        cases={
            "the text's runs: a lower loss at first": max(printed[name] for name in fixed) < printed["apl"],
            "digits: a lower loss at first": max(first[name] for name in fixed) < first["apl_5"],
            "digits: a smaller spread": max(spread[name] for name in fixed) < spread["apl_5"],
        },
    )


@claim(
    "APL units take about twice as long to train",
    verdict=CONDITIONS,
    corrected="Each hinge costs time: with five or ten of them an update takes about twice as long, with one hardly "
    "longer. It depends on the program and on what else the network computes; the study prints no times.",
    how=STORED,
    activations=("apl", "relu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-cost",
)
def apl_takes_twice_as_long():
    cost = {row["arm"]: row["milliseconds"] for row in _rows("adaptive", "costs")}
    ratios = {f"S = {hinges}": cost[f"apl_{hinges}"] / cost["relu"] for hinges in (1, 5, 10)}
    return Evidence(
        "processor time of an update of a small network over that with ReLU: "
        + ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items()),
        expected="1.5 to 2.5 times",
        cases={name: 1.5 <= ratio <= 2.5 for name, ratio in ratios.items()},
    )


@claim(
    "Deeper networks were more accurate",
    verdict=CONDITIONS,
    corrected="In our stacks with Leaky ReLU from three to five layers. With ReLU and APL units, and from five to "
    "seven layers with any, a seed moves the accuracy by more. The study has one run each, in figures only.",
    how=STORED,
    activations=("apl", "relu", "leaky_relu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-depth",
)
def deeper_networks_were_more_accurate():
    rows, gains, n = [row for row in _rows("adaptive", "runs") if row["study"] == "depth"], {}, 0
    for arm, (shallow, deep) in itertools.product(("relu", "leaky_relu", "apl_5"), ((3, 5), (5, 7))):
        right = {
            depth: {r["seed"]: 100 * r["test_accuracy"][-1] for r in rows if (r["arm"], r["depth"]) == (arm, depth)}
            for depth in (shallow, deep)
        }
        pairs = [right[deep][seed] - right[shallow][seed] for seed in sorted(right[deep])]
        gains[f"{arm}, {shallow} to {deep} layers"], n = results.student(pairs), len(pairs)
    return Evidence(
        f"points of test accuracy gained, means of {n} seeds with 95 % intervals: "
        + "; ".join(f"{name} {mean:.0f} ± {half:.0f}" for name, (mean, half) in gains.items()),
        expected="more, by an interval above 0",
        cases={name: bool(mean - half > 0) for name, (mean, half) in gains.items()},
    )


@claim(
    "With more layers the gap between APL units and fixed functions narrows slightly",
    verdict=OPEN,
    corrected="The text shows one run each and calls the narrowing slight. In our stacks a seed moves the accuracy "
    "so much that five of them could see only a change of tens of points.",
    how=OPENLY,
    activations=("apl", "relu", "leaky_relu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-depth",
)
def the_gap_narrows_with_depth():
    right = {
        (row["arm"], row["depth"], row["seed"]): 100 * row["test_accuracy"][-1]
        for row in _rows("adaptive", "runs")
        if row["study"] == "depth"
    }
    seeds, change = sorted({seed for *_, seed in right}), {}
    for fixed in ("relu", "leaky_relu"):
        gaps = {
            depth: [right["apl_5", depth, seed] - right[fixed, depth, seed] for seed in seeds] for depth in (3, 7)
        }
        change[fixed] = results.student(np.subtract(gaps[7], gaps[3]))
    return Evidence(
        f"APL's lead in points at seven layers minus that at three, {len(seeds)} seeds in pairs, 95 % intervals: "
        + "; ".join(f"over {name} {mean:.0f} ± {half:.0f}" for name, (mean, half) in change.items())
    )
