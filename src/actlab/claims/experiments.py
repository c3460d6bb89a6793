"""Claims about the experiments of the sources: what they ran, what they printed, and what they made of it."""

import itertools
import math
from functools import cache

import numpy as np
import torch
from torch.nn import functional

from .. import activations, data, gates, networks, results, train
from . import (
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
from ._measure import GAINS, gradient_left, powers

CNN, RESNET, BERT = range(1, 9), range(9, 17), range(17, 21)  # the tables of park2024's experiments 3.1 to 3.3
IMAGES = ("MNIST, SGD", "CIFAR-10, SGD", "MNIST, Adam", "CIFAR-10, Adam")
FIVE = ("sigmoid", "relu", "leaky_relu", "elu", "selu")
_rows = cache(results.load)


def _printed(quantity, **where):
    """From activation to the number that a text prints, in the order of its table."""
    chosen = [row for row in _rows("published") if row["quantity"] == quantity]
    return {row["activation"]: row["value"] for row in chosen if all(row[key] == where[key] for key in where)}


def _tables(tables, task, quantity):
    """The same for a task of one experiment of park2024, whose tables are numbered."""
    found = {}
    for number in tables:
        found |= _printed(quantity, source="park2024", place=f"Table {number}", task=task)
    return found


def _place(values, name, best=min):
    """1 for the best, 2 for the one after it, and so on; equal values share the better place."""
    better = values[name].__gt__ if best is min else values[name].__lt__
    return 1 + sum(bool(better(value)) for value in values.values())


def _error(percent, n):
    """Standard error of a share among n test examples, both in per cent."""
    return math.sqrt(percent * (100 - percent) / n)


def _gap(values, better, worse, n):
    """Difference of two shares in per cent over its standard error, each of n test examples."""
    return (values[better] - values[worse]) / math.hypot(_error(values[better], n), _error(values[worse], n))


@cache
def _images(column, activation, **where):
    """A column of the stored runs of the small network on digits, a number for each seed."""
    where |= {"network": "cnn", "task": "mnist", "activation": activation}
    chosen = [row for row in _rows("images", "runs") if all(row[key] == value for key, value in where.items())]
    return np.array([row[column] for row in chosen])


@cache
def _disk(column):
    """The stored runs of the published eight on the disk: from activation to an array of draws by starts."""
    runs = {name: {} for name in _printed("train_loss", source="gustaw2025")}
    for row in _rows("disk", "draws"):
        if row["activation"] in runs:
            runs[row["activation"]].setdefault(row["draw"], []).append(row[column])
    return {name: np.array(list(by_draw.values())) for name, by_draw in runs.items()}


def _medians(column):
    """The median over the draws of the median over the starts: a few runs that fail move it less than a mean."""
    return {name: float(np.median(np.median(values, axis=1))) for name, values in _disk(column).items()}


def _further(study, activation, column):
    rows = [row for row in _rows("disk_further") if (row["study"], row["activation"]) == (study, activation)]
    return np.array([math.inf if row[column] is None else row[column] for row in rows])


# the slope at exactly 0 in the XOR script, where every unit is on one corner before the first step
XOR_AT_ZERO = {"sigmoid": None, "relu": 0.0, "leaky_relu": 1.0}


def _xor(activation, column, gradient="printed", at_zero=None):
    """A column of the stored runs of the XOR script, one number for each seed; at_zero: the script's, if left out."""
    wanted = (activation, XOR_AT_ZERO[activation] if at_zero is None else at_zero, gradient, 0.1)
    keys = ("activation", "at_zero", "gradient", "scale")
    return np.array([row[column] for row in _rows("xor", "script") if tuple(row[key] for key in keys) == wanted])


def _xor_long(gradient):
    """Losses of sigmoid networks on XOR from the script's start, after ten times as many updates."""
    wanted = ("sigmoid", gradient, 0.1)
    (row,) = [r for r in _rows("xor", "waits") if (r["activation"], r["gradient"], r["scale"]) == wanted]
    return np.array(row["loss"])


def _mcnemar(first, second):
    """Exact two-sided p that two classifiers succeed equally often on the same cases; booleans, paired."""
    return results.mcnemar((first & ~second).sum(), (second & ~first).sum())


# ---- gustaw2025: eight activations on the disk -----------------------------------------------------------------


def _inside(c):
    """P(x^2 + y^2 < 1) for normal coordinates of standard deviation c, by a sum over x of P(|y| < sqrt(1 - x^2))."""
    nodes, weights = np.polynomial.legendre.leggauss(100)
    angle = nodes * math.pi / 2  # x = sin(angle): no square-root end
    density = np.exp(-(np.sin(angle) ** 2) / (2 * c**2)) / (c * math.sqrt(2 * math.pi))
    within = np.array([math.erf(math.cos(a) / (c * math.sqrt(2))) for a in angle])
    return float((weights * density * within * np.cos(angle)).sum() * math.pi / 2)


@claim(
    "The scale of the disk's coordinates puts half of the points inside the unit circle",
    verdict=CONDITIONS,
    corrected="The probability is 1/2. Of 1000 sampled points, 500 +- 16 lie inside.",
    where="chapters/08_experiments#sec-exp-task",
)
def half_of_the_points_lie_inside():
    probability = _inside(1 / math.sqrt(2 * math.log(2)))
    counts = [int(data.disk(1000, seed=seed).train_y.sum()) for seed in range(10)]
    return Evidence(
        f"probability {probability:.6f}; in ten draws of 1000 between {min(counts)} and {max(counts)} points inside",
        expected="exactly half inside",
        cases={
            "in probability, to 1e-12": abs(probability - 0.5) < 1e-12,
            "in each of ten draws of 1000": all(count == 500 for count in counts),
        },
    )


@claim(
    "The share of normal points inside the unit circle is 1 - exp(-1 / (2 c^2)), c being their standard deviation",
    verdict=TRUE,
    where="chapters/08_experiments#sec-exp-task",
)
def share_inside_the_unit_circle():
    apart = {c: abs(_inside(c) - (1 - math.exp(-1 / (2 * c**2)))) for c in (0.5, 1.0, 2.0)}
    return Evidence(
        f"at c = 0.5, 1 and 2 the formula and the integral over x and y differ by less than "
        f"{10.0 ** math.ceil(math.log10(max(*apart.values(), 1e-14))):.0e}",
        expected="the same number by both ways",
        cases={f"c = {c}, to 1e-12": difference < 1e-12 for c, difference in apart.items()},
    )


@claim(
    "With c = 1 / sqrt(2 ln 2) the unit circle is as likely inside as outside",
    verdict=TRUE,
    where="chapters/08_experiments#sec-exp-task",
)
def scale_of_the_disk():
    c = 1 / math.sqrt(2 * math.log(2))
    return Evidence(
        f"c = {c:.10f} gives {_inside(c):.10f}",
        expected="1/2",
        cases={"the integral over the disk is 1/2 to 1e-12": abs(_inside(c) - 0.5) < 1e-12},
    )


@claim(
    "No straight line separates the two labels of the disk",
    verdict=TRUE,
)
def disk_is_not_linearly_separable():
    x, y, *_ = data.disk(1000, seed=0)
    angle = torch.arange(360) * math.pi / 180
    labels = y[(x @ torch.stack([angle.cos(), angle.sin()])).argsort(dim=0)]  # along each direction, from below
    right = (1 - labels).cumsum(dim=0) + labels.sum(dim=0) - labels.cumsum(dim=0)  # 1 above a cut, 0 below
    best = right.max().item() / len(x)
    curved = ((x.square().sum(dim=1) < 1) == (y == 1)).double().mean().item()
    return Evidence(
        f"the best of all cuts in 360 directions is right on {best:.0%} of 1000 points; x1^2 + x2^2 < 1 on "
        f"{curved:.0%}",
        expected="no line right on all points, though a curve is",
        cases={"the best line is right on less than 80 %": best < 0.8, "a circle is right on all": curved == 1},
    )


@claim(
    "The comparison on the disk uses a small feed-forward network",
    verdict=TRUE,
    where="chapters/08_experiments#sec-exp-task",
)
def disk_network_is_small():
    parameters = sum(p.numel() for p in networks.mlp([2, 16, 8, 1], "relu").parameters())
    points = int(_printed("points", source="gustaw2025")["all"])
    return Evidence(
        f"2-16-8-1: {parameters} parameters, two hidden layers, for {points} points",
        expected="fewer parameters than points",
        cases={"fewer parameters than points": parameters < points},
    )


@claim(
    "Adam combines the strengths of AdaGrad and RMSProp",
    verdict=TRUE,
    citations=("kingma2014",),
)
def adam_combines_adagrad_and_rmsprop():
    n = 500
    gradients = torch.randn(n, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    falling = [1 / math.sqrt(step) for step in range(1, n + 1)]
    steps = {
        "AdaGrad": _steps(torch.optim.Adagrad, gradients, [1.0] * n, eps=1e-12),
        "RMSProp": _steps(torch.optim.RMSprop, gradients, [1.0] * n, alpha=0.9, eps=1e-12),
        "as AdaGrad": _steps(torch.optim.Adam, gradients, falling, betas=(0.0, 1 - 1e-9), eps=1e-12),
        "as RMSProp": _steps(torch.optim.Adam, gradients, [1.0] * n, betas=(0.0, 0.9), eps=1e-12),
    }
    off = {
        name: ((steps[f"as {name}"] - steps[name]) / steps[name]).abs()[n // 2 :].max().item()
        for name in ("AdaGrad", "RMSProp")
    }
    return Evidence(
        "its paper says that it is to combine AdaGrad, for sparse gradients, with RMSProp, for objectives that move. "
        "Without momentum, on 500 gradients, from the 250th step on: with an average over all squares and a rate "
        f"that falls as 1 / sqrt(step) Adam's steps are AdaGrad's, {'to' if off['AdaGrad'] < 1e-5 else 'not to'} "
        f"1e-5; with an average over ten they are RMSProp's, {'to' if off['RMSProp'] < 1e-5 else 'not to'} 1e-5",
        expected="both as special cases, to 1e-5 of a step",
        cases={name: gap < 1e-5 for name, gap in off.items()},
    )


def _steps(optimizer, gradients, rates, **settings):
    """The steps that an optimiser of torch takes, given its gradients and its rates."""
    weight = torch.zeros_like(gradients[0], requires_grad=True)
    descent, places = optimizer([weight], lr=rates[0], **settings), [weight.detach().clone()]
    for gradient, rate in zip(gradients, rates, strict=True):
        descent.param_groups[0]["lr"] = rate
        weight.grad = gradient.clone()
        descent.step()
        places.append(weight.detach().clone())
    return torch.stack(places).diff(dim=0)


@claim(
    "The comparison's code can be run from top to bottom, as it is printed",
    verdict=FALSE,
    corrected="The cell that draws the functions leaves 1000 numbers in x, where the training cell after it expects "
    "1000 points of two coordinates; it stops with an error.",
)
def code_runs_from_top_to_bottom():
    network = networks.mlp([2, 16, 8, 1], "relu")
    left_in_x = torch.linspace(-3, 3, 1000)
    try:
        shape = tuple(network(left_in_x).shape)
    except RuntimeError:
        shape = None
    return Evidence(
        f"a network with {network[0].in_features} inputs, given a tensor of shape {tuple(left_in_x.shape)}: "
        + ("RuntimeError" if shape is None else f"an output of shape {shape}"),
        expected="an answer for each of 1000 points",
        cases={"the training cell gets 1000 answers": shape in ((1000,), (1000, 1))},
    )


@claim(
    "One training run shows Leaky ReLU's huge advantage",
    verdict=IMPRECISE,
    corrected="Which function wins a single run is chance: Leaky ReLU does most often, in about a third of the runs.",
    how=STORED,
    activations=("leaky_relu",),
    where="chapters/08_experiments#sec-exp-one",
)
def one_run_shows_leaky_relus_advantage():
    losses = {name: values.ravel() for name, values in _disk("train_loss").items()}
    runs = [{name: values[i] for name, values in losses.items()} for i in range(losses["leaky_relu"].size)]
    wins = {name: sum(_place(run, name) == 1 for run in runs) for name in losses}
    last = max(_place(run, "leaky_relu") for run in runs)
    return Evidence(
        f"lowest training loss of the eight in {wins['leaky_relu']} of {len(runs)} runs, and down to place {last} in "
        "the others",
        expected="first in at least 95 % of the runs, or one run says little",
        cases={"first in at least 95 % of the runs": wins["leaky_relu"] >= 0.95 * len(runs)},
        core={"first more often than any other": wins["leaky_relu"] == max(wins.values())},
    )


@claim(
    "In longer training, tanh, slower at first, stays stable, and Leaky ReLU fails completely",
    verdict=CONDITIONS,
    corrected="Tanh is slower at first and later the calmer one. Leaky ReLU's loss jumps in most of the long runs, "
    "and comes down again: after 10,000 steps none of ten has failed.",
    how=STORED,
    activations=("tanh", "leaky_relu"),
)
def leaky_relu_fails_in_longer_training():
    early = _medians("train_loss_200")
    names = {"tanh": "tanh", "leaky_relu": "Leaky ReLU"}
    last = {name: _further("long", name, "train_loss") for name in names}
    jumps = {name: int((_further("long", name, "highest_late") > 0.05).sum()) for name in names}
    failed = int((last["leaky_relu"] > 0.05).sum())
    return Evidence(
        "; ".join(
            f"{shown}: median training loss {early[name]:.3f} after 200 steps, in the second half of 10,000 above "
            f"0.05 in {jumps[name]} of 10 runs, at the end {np.median(last[name]):.0e} (median)"
            for name, shown in names.items()
        )
        + f"; {failed} Leaky ReLU runs end above 0.05",
        expected="tanh behind after 200 steps, then with fewer jumps; Leaky ReLU ending above 0.05 in most runs",
        cases={
            "tanh is behind after 200 steps": early["tanh"] > early["leaky_relu"],
            "tanh's loss jumps in fewer of the long runs": jumps["tanh"] < jumps["leaky_relu"],
            "Leaky ReLU ends above 0.05 in most runs": failed > 5,
        },
    )


@claim(
    "Which activation leads depends on how long one trains",
    verdict=TRUE,
    how=STORED,
    activations=("gelu", "leaky_relu", "elu"),
    where="chapters/08_experiments#fig-exp-time",
)
def ranking_depends_on_training_time():
    stops = {200: "train_loss_200", 500: "train_loss_500", 1000: "train_loss_1000", 2000: "train_loss"}
    medians = {steps: _medians(column) for steps, column in stops.items()}
    orders = {steps: sorted(values, key=values.get) for steps, values in medians.items()}
    return Evidence(
        f"median training loss of {_disk('train_loss')['relu'].size} runs, best three: "
        + "; ".join(f"after {steps} steps {', '.join(order[:3])}" for steps, order in orders.items()),
        expected="another order, and another leader, at another time",
        cases={
            "the leader after 200 steps is not the leader after 2000": orders[200][0] != orders[2000][0],
            "of the four orders of eight, no two are alike": len(set(map(tuple, orders.values()))) == len(orders),
        },
    )


@cache
def _short_runs():
    """Training loss of eight starts on one draw of the disk, 40 steps: shape (starts, steps)."""
    task = data.disk(1000, test=1, seed=0)
    starts = [networks.mlp([2, 16, 8, 1], "relu", seed=seed) for seed in range(8)]
    return torch.stack([train.fit(network, task, steps=40).loss for network in starts]).double()


@claim(
    "The stored records hold the loss after each step, the last one being number 2000",
    verdict=FALSE,
    corrected="Steps are counted from 0 to 1999, and a record pairs the loss before its update with the time after "
    "it.",
    where="chapters/08_experiments#sec-exp-many",
)
def records_hold_the_loss_after_each_step():
    steps = range(int(_printed("steps", source="gustaw2025")["all"]))
    loss = _short_runs()[0]
    network = networks.mlp([2, 16, 8, 1], "relu", seed=0)
    task = data.disk(1000, test=1, seed=0)
    untrained = functional.binary_cross_entropy_with_logits(network(task.train_x)[:, 0], task.train_y).item()
    return Evidence(
        f"numbers {steps[0]} to {steps[-1]}; record 0 holds {loss[0]:.3f}, the loss of the untrained network is "
        f"{untrained:.3f}, and that after the first update {loss[1]:.3f}",
        expected="a record 2000, and losses of the updated network",
        cases={
            "there is a record 2000": 2000 in steps,
            "record 0 is not the untrained network's": abs(loss[0].item() - untrained) > 1e-6,
        },
    )


@claim(
    "Curves over the seconds since a run began compare how fast activations learn",
    verdict=IMPRECISE,
    corrected="They do while nothing disturbs a run. One stall moves all later points of its curve, and where runs "
    "differ in speed the last bins hold the slow ones alone.",
    where="chapters/08_experiments#fig-exp-time",
)
def curves_over_seconds_compare_speed():
    steady = np.full((10, 2000), 0.35e-3)  # seconds a step, in ten made-up runs
    stalled = steady.copy()
    stalled[0, 500] += 0.1
    uneven = steady * np.where(np.arange(10) < 5, 1.0, 1.2)[:, None]
    moved = int((~np.isclose(stalled[0].cumsum(), steady[0].cumsum())).sum())
    in_last_bin = [int((times.sum(axis=1) >= times.sum(axis=1).max() - 0.01).sum()) for times in (steady, uneven)]
    return Evidence(
        f"a stall of 0.1 s at step 500 moves {moved} of 2000 points; of ten runs, five of them slower by a fifth, "
        f"{in_last_bin[1]} reach the last 10 ms, of ten equal runs {in_last_bin[0]}",
        expected="one point moved by a stall, and every run in every bin",
        cases={"a stall moves one point": moved == 1, "all ten runs reach the last bin": in_last_bin[1] == 10},
        core={"without stalls, equal runs fill every bin": in_last_bin[0] == 10},
    )


@claim(
    "The +- over 1000 runs says how far another repetition of the experiment would be off",
    verdict=IMPRECISE,
    corrected="All runs share one draw of the points and there are no test points: the +- covers the initialisation "
    "alone. For most functions a new draw of the points moves the loss more than a new initialisation.",
    how=STORED,
    where="chapters/08_experiments#fig-exp-variance",
)
def errors_cover_a_repetition():
    losses = _disk("train_loss")
    draws = {name: values.mean(axis=1).std(ddof=1) for name, values in losses.items()}
    starts = {name: math.sqrt(values.var(axis=1, ddof=1).mean()) for name, values in losses.items()}
    f = {name: losses[name].shape[1] * draws[name] ** 2 / starts[name] ** 2 for name in losses}
    beyond = [name for name in f if f[name] > 1.645]  # 5 % point of F with 19 and 180 degrees of freedom
    share = min(starts[name] / losses[name].mean() for name in losses)
    return Evidence(
        f"final training loss of Leaky ReLU: standard deviation between draws {draws['leaky_relu']:.1e}, "
        f"between initialisations on one draw {starts['leaky_relu']:.1e}; for {len(beyond)} of {len(f)} functions "
        "the draws differ beyond what initialisations explain",
        expected="for no function a difference between draws beyond what initialisations explain (F test at 5 %)",
        cases={"the draw of the points adds nothing, for all eight functions": not beyond},
        core={"initialisations alone scatter by more than 5 % of the loss, for all eight": share > 0.05},
    )


@claim(
    "A band of std / sqrt(count) around a curve shows where the runs lie",
    verdict=IMPRECISE,
    corrected="It is one standard error of the mean: it covers about two thirds of the means of repeated "
    "experiments, and few of the runs.",
    how=STORED,
    where="chapters/08_experiments#sec-exp-curves",
)
def band_shows_where_the_runs_lie():
    inside = {}
    for name, values in _disk("train_loss").items():
        band = values.std(ddof=1) / math.sqrt(values.size)
        inside[name] = (abs(values - values.mean()) < band).mean()
    tanh = _disk("train_loss")["tanh"].ravel()
    again = np.random.default_rng(0).choice(tanh, (5000, tanh.size)).mean(axis=1)
    means = (abs(again - tanh.mean()) < tanh.std(ddof=1) / math.sqrt(tanh.size)).mean()
    mean, error = (_printed(q, source="gustaw2025") for q in ("train_loss", "standard_error"))
    ratio = error["sigmoid"] * math.sqrt(1000) / mean["sigmoid"]
    return Evidence(
        f"of {tanh.size} runs, {min(inside.values()):.0%} to {max(inside.values()):.0%} lie in the band, by "
        f"function; of means of as many drawn anew, {means:.0%}. The text's own errors mean that sigmoid's runs have "
        f"a standard deviation of {ratio:.0f} times their mean",
        expected="more than half of the runs in the band",
        cases={"more than half of the runs, for some function": max(inside.values()) > 0.5},
        core={"60 to 76 % of the means": 0.60 < means < 0.76},
    )


@claim(
    "The bands of the plot by time are standard errors as well",
    verdict=FALSE,
    corrected="They are 20 times std / sqrt(count), without a word about it, and the count is of points in a bin of "
    "10 ms, many of them from one run: they are not independent, and it is no standard error.",
    where="chapters/08_experiments#fig-exp-bands",
)
def time_bands_are_standard_errors():
    factor = _printed("band_by_time", source="gustaw2025")["all"]
    loss = _short_runs()
    neighbours = torch.corrcoef(loss[:, [30, 37]].T)[0, 1].item()
    return Evidence(
        f"drawn at {factor:.0f} times std / sqrt(count); losses of a run seven steps apart correlate over eight runs "
        f"with {'more' if neighbours > 0.9 else 'less'} than 0.9",
        expected="a factor of 1, and independent points in a bin (a correlation below 0.5)",
        cases={"the factor is 1": factor == 1, "points of one run are independent": neighbours < 0.5},
    )


@claim(
    "Leaky ReLU ends with the lowest loss",
    verdict=CONDITIONS,
    corrected="The lowest mean training loss there. In our runs it has the lowest median on about half of the "
    "draws of the points, and not the lowest mean. On fresh points its loss is the highest of the eight.",
    how=STORED,
    activations=("leaky_relu",),
    where="chapters/08_experiments#sec-exp-reversal",
)
def leaky_relu_ends_lowest():
    printed, losses = _printed("train_loss", source="gustaw2025"), _disk("train_loss")
    ours = {name: values.mean() for name, values in losses.items()}
    draws, starts = losses["leaky_relu"].shape
    by_draw = [{name: np.median(values[d]) for name, values in losses.items()} for d in range(draws)]
    first = sum(_place(medians, "leaky_relu") == 1 for medians in by_draw)
    places = [_place(values, "leaky_relu") for values in (printed, ours, _medians("test_loss"))]
    return Evidence(
        f"place {places[0]} of 8 in the text's table, {places[1]} in mean training loss over {draws} draws x "
        f"{starts} starts, lowest median on {first} of {draws} draws; place {places[2]} on 20,000 fresh points",
        expected="place 1",
        cases={
            "in the text's table": places[0] == 1,
            "in our mean training loss": places[1] == 1,
            "in the median, on each draw": first == draws,
            "in loss on fresh points": places[2] == 1,
        },
    )


@claim(
    "GELU comes second",
    verdict=CONDITIONS,
    corrected="On the one draw of the points of the text. In our runs which of GELU and ELU is ahead changes from "
    "draw to draw, and neither leads beyond chance.",
    how=STORED,
    activations=("gelu", "elu"),
    where="chapters/08_experiments#sec-exp-ranks",
)
def gelu_comes_second():
    mean, error = (_printed(quantity, source="gustaw2025") for quantity in ("train_loss", "standard_error"))
    z = (mean["elu"] - mean["gelu"]) / math.hypot(error["elu"], error["gelu"])
    gelu, elu = (_disk("train_loss")[name].mean(axis=1) for name in ("gelu", "elu"))
    ahead, draws = int((gelu < elu).sum()), len(elu)
    return Evidence(
        f"its table: place {_place(mean, 'gelu')}, ahead of ELU by {z:.1f} standard errors; our runs: place "
        f"{_place(_medians('train_loss'), 'gelu')} by the median, ahead of ELU on {ahead} of {draws} draws",
        expected="place 2, ahead of ELU beyond chance",
        cases={
            "in the text's table, by more than 2 standard errors": _place(mean, "gelu") == 2 and z > 2,
            "in our runs, ahead of ELU on more draws than chance gives (a sign test at 5 %)": ahead > draws / 2
            and results.mcnemar(ahead, draws - ahead) < 0.05,
        },
    )


@claim(
    "Leaky ReLU is the best of the eight activations",
    verdict=IMPRECISE,
    corrected="First in the text's table of training losses. On fresh points it is last of the eight in loss and "
    "last but one in accuracy: of the order by training loss much is turned round.",
    how=STORED,
    activations=("leaky_relu", "softplus", "sigmoid"),
    where="chapters/08_experiments#sec-exp-reversal",
)
def leaky_relu_is_the_best():
    fit, loss, accuracy = (_medians(column) for column in ("train_loss", "test_loss", "test_accuracy"))
    printed = _printed("train_loss", source="gustaw2025")
    places = {name: (_place(fit, name), _place(loss, name)) for name in fit}
    rho = results.spearman(list(fit.values()), list(loss.values()))
    return Evidence(
        f"place {places['leaky_relu'][0]} in training loss (medians), {places['leaky_relu'][1]} in test loss, "
        f"{_place(accuracy, 'leaky_relu', best=max)} in test accuracy; over the eight, Spearman's correlation of "
        f"training and test place is {rho:.2f}",
        expected="place 1 on fresh points",
        cases={
            "in test loss": places["leaky_relu"][1] == 1,
            "in test accuracy": _place(accuracy, "leaky_relu", best=max) == 1,
        },
        core={"place 1 of the text's training losses": _place(printed, "leaky_relu") == 1},
    )


@claim(
    "The comparison confirms that tanh and sigmoid do badly",
    verdict=CONDITIONS,
    corrected="Sigmoid fits worst. Tanh is better than ReLU in the text's own table and worse in our runs, by the "
    "median, and on fresh points both have a lower loss than ReLU.",
    how=STORED,
    activations=("tanh", "sigmoid", "relu"),
    where="chapters/08_experiments#fig-exp-rates",
)
def tanh_and_sigmoid_do_badly():
    tables = {
        "in the text's table": _printed("train_loss", source="gustaw2025"),
        "in our runs, training loss": _medians("train_loss"),
        "in our runs, loss on fresh points": _medians("test_loss"),
    }
    places = {where: [_place(t, name) for name in ("tanh", "relu", "sigmoid")] for where, t in tables.items()}
    return Evidence(
        "places of tanh, ReLU and sigmoid among the eight: "
        + "; ".join(f"{', '.join(map(str, found))} {where}" for where, found in places.items()),
        expected="both behind ReLU",
        cases={f"both behind ReLU {where}": min(t, s) > r for where, (t, r, s) in places.items()},
    )


@claim(
    "ReLU is a strong default to start with",
    verdict=CONDITIONS,
    corrected="In most image experiments within a point of the best, as others are. It was sixth of eight in the "
    "comparison that ends with this advice, and the only function to fail entirely in one of eight image "
    "experiments.",
    how=PUBLISHED,
    activations=("relu",),
    citations=("park2024",),
)
def relu_is_a_strong_default():
    behind = {}
    for name, tables in [("CNN", CNN), ("ResNet50", RESNET)]:
        for task in IMAGES:
            accuracy = _tables(tables, task, "accuracy")
            behind[f"{name}, {task}"] = max(accuracy.values()) - accuracy["relu"]
    place = _place(_printed("train_loss", source="gustaw2025"), "relu")
    near = [task for task, points in behind.items() if points <= 1]
    return Evidence(
        f"place {place} of 8 on the disk; within a point of the best of five in {len(near)} of {len(behind)} image "
        f"experiments, and {max(behind.values()):.0f} points behind in one",
        expected="in the better half, or within a point of the best accuracy",
        cases={"on the disk, training loss": place <= 4} | {task: points <= 1 for task, points in behind.items()},
    )


@claim(
    "The leaders, Leaky ReLU, GELU, ELU and SiLU, are variants of ReLU that keep units from dying",
    verdict=CONDITIONS,
    corrected="They are the first four of that table. Leaky ReLU and ELU have a positive slope for every negative z; "
    "GELU and SiLU fall there, with a slope of 0 at their minimum.",
    activations=("leaky_relu", "gelu", "elu", "silu"),
    citations=("maas2013", "clevert2015"),
)
def leaders_are_remedies_for_dead_units():
    z = torch.linspace(-10, -0.01, 1000, dtype=torch.float64)
    leaders = list(_printed("train_loss", source="gustaw2025"))[:4]
    least = {name: activations.get(name).slope(z).min().item() for name in leaders}
    return Evidence(
        "the first four of the table, and the least slope of each for z from -10 to 0: "
        + ", ".join(f"{name} {slope:.2g}" for name, slope in least.items()),
        expected="a positive slope wherever ReLU's is 0",
        cases={f"{name} has a positive slope for all negative z": slope > 0 for name, slope in least.items()},
    )


@claim(
    "The smoother versions of ReLU do better than ReLU here",
    verdict=CONDITIONS,
    corrected="GELU, ELU and SiLU do; Softplus, the smoothest, doesn't, and the first place goes to Leaky ReLU, "
    "which has ReLU's kink. On fresh points all four smooth ones have a lower loss than ReLU.",
    how=STORED,
    activations=("relu", "leaky_relu", "gelu", "elu", "silu", "softplus"),
    where="chapters/08_experiments#sec-exp-reversal",
)
def smoother_versions_of_relu_do_better():
    printed, fresh = _printed("train_loss", source="gustaw2025"), _medians("test_loss")
    smooth = [name for name in ("gelu", "elu", "silu", "softplus") if not activations.get(name).kinks]
    best = min(printed, key=printed.get)
    lower = sum(fresh[name] < fresh["relu"] for name in smooth)
    return Evidence(
        "training loss over ReLU's in the text's table: "
        + ", ".join(f"{name} {printed[name] / printed['relu']:.1f}" for name in smooth)
        + f"; lowest of all: {best}, with {len(activations.get(best).kinks)} kink; in our runs {lower} of "
        f"{len(smooth)} have a lower loss than ReLU on fresh points",
        expected="a ratio below 1 for each smooth version",
        cases={f"{name} has a lower training loss than ReLU": printed[name] < printed["relu"] for name in smooth},
    )


# ---- clark2025: three activations on XOR -----------------------------------------------------------------------


@claim(
    "The XOR experiment trains a network of two layers",
    verdict=TRUE,
)
def xor_network_has_two_layers():
    network = networks.mlp([2, 4, 1], "sigmoid")
    layers = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    parameters = sum(p.numel() for p in network.parameters())
    return Evidence(
        f"2-4-1 units: {len(layers)} layers with {parameters} parameters",
        expected="two layers of weights",
        cases={"two layers of weights": len(layers) == 2},
    )


@claim(
    "One perceptron can't solve XOR; two layers with a nonlinear activation can",
    verdict=TRUE,
    activations=("relu",),
    citations=("minsky1969",),
    where="chapters/02_step_to_sigmoid#sec-sigmoid-step",
)
def xor_needs_two_layers():
    x, y, *_ = data.xor(dtype=torch.float64)
    lines = torch.randn(100_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z = lines[:, :2] @ x.T + lines[:, 2:]
    most = int(((z > 0) == (y == 1)).sum(dim=1).max())
    relu = activations.get("relu")
    two_layers = relu(x[:, 0] - x[:, 1]) + relu(x[:, 1] - x[:, 0])
    return Evidence(
        f"100,000 random lines: at most {most} of 4 corners right; relu(x1 - x2) + relu(x2 - x1) gives "
        f"{', '.join(f'{v:.0f}' for v in two_layers.tolist())}",
        expected="3 corners for a line, all 4 for two layers",
        cases={"no line is right on 4": most == 3, "two ReLU units are": bool(torch.equal(two_layers, y))},
    )


@claim(
    "The XOR script descends along the gradient of binary cross-entropy, the loss that it plots",
    verdict=FALSE,
    corrected="Its gradient is that of half the mean squared error, a quarter of the cross-entropy's while the "
    "outputs are near 1/2. Cross-entropy's is output minus label, over the number of examples.",
    activations=("sigmoid",),
    where="chapters/08a_xor#sec-xor-gradient",
)
def xor_script_descends_cross_entropy():
    *_, y = data.xor(dtype=torch.float64)
    z = (0.1 * torch.randn(4, generator=torch.Generator().manual_seed(42), dtype=torch.float64)).requires_grad_()
    a = torch.sigmoid(z)
    printed = ((a - y) / len(y) * a * (1 - a)).detach()
    (bce,) = torch.autograd.grad(functional.binary_cross_entropy(a, y), z, retain_graph=True)
    (mse,) = torch.autograd.grad(((a - y) ** 2).mean() / 2, z)
    return Evidence(
        f"printed over cross-entropy's: {(printed / bce).mean():.2f}; printed and half the mean squared error's "
        f"{'agree' if torch.allclose(printed, mse, rtol=1e-12) else 'differ'} to 12 digits",
        expected="a ratio of 1",
        cases={"the printed gradient is cross-entropy's": torch.allclose(printed, bce, rtol=1e-6)},
    )


@claim(
    "Sigmoid converges on XOR, but slowly",
    verdict=FALSE,
    corrected="As printed it does not move from the loss of a coin, not even in ten times as many epochs. With the "
    "gradient of its own loss it stays there for the 5000 epochs of the script; by 50,000 half of the networks are "
    "through.",
    how=STORED,
    activations=("sigmoid",),
    where="chapters/08a_xor#fig-xor-wait",
)
def sigmoid_converges_slowly_on_xor():
    script, right = _xor("sigmoid", "loss_5000"), _xor("sigmoid", "loss_5000", "bce")
    later, right_later = _xor_long("printed"), _xor_long("bce")
    n, moved = len(script), 0.9 * math.log(2)
    return Evidence(
        f"{n} seeds, loss at most {max(script.max(), right.max()):.3f} and at least "
        f"{min(script.min(), right.min()):.3f} after 5000 epochs with either gradient; after 50,000, below "
        f"{moved:.2f} in {(later < moved).sum()} of {len(later)} as printed, in {(right_later < moved).sum()} with "
        "cross-entropy's gradient",
        expected=f"a loss that has fallen by a tenth from ln 2, to {moved:.2f}, in most runs",
        cases={
            "5000 epochs as printed": (script < moved).sum() > n / 2,
            "5000 epochs with cross-entropy's gradient": (right < moved).sum() > n / 2,
        },
        core={"as printed, in ten times as many epochs": (later < moved).mean() > 0.5},
    )


def _xor_gradients(activation, scale, seeds=31):
    """At the script's start: norms of the first layer's and of all gradients of cross-entropy, and the hidden slopes.

    Norms have shape (seeds,); slopes (seeds, corners, hidden units).
    """
    act = activations.get(activation)
    x, y, *_ = data.xor(dtype=torch.float64)
    draws = [np.random.default_rng(seed) for seed in range(seeds)]
    weights = [[rng.standard_normal((2, 4)), rng.standard_normal((4, 1))] for rng in draws]
    w1, w2 = (torch.tensor(scale * np.stack(part)).requires_grad_() for part in zip(*weights, strict=True))
    b1, b2 = (torch.zeros(seeds, 1, units, dtype=torch.float64, requires_grad=True) for units in (4, 1))
    z = x @ w1 + b1
    logit = (act(z) @ w2 + b2)[..., 0]
    loss = functional.binary_cross_entropy_with_logits(logit, y.expand_as(logit), reduction="sum") / len(y)
    parts = [part.flatten(start_dim=1) for part in torch.autograd.grad(loss, (w1, b1, w2, b2))]
    return parts[0].norm(dim=1), torch.cat(parts, dim=1).norm(dim=1), act.slope(z.detach())


@claim(
    "Sigmoid's loss on XOR is flat because its gradients are small from the start",
    verdict=CONDITIONS,
    corrected="Small in the first layer, and not because of sigmoid's slope, which is at its largest there. The "
    "first weights are small, the units nearly linear, and to a linear unit the errors on XOR cancel: larger first "
    "weights have smaller slopes and larger gradients.",
    activations=("sigmoid", "relu"),
)
def sigmoid_gradients_on_xor_are_small_from_the_start():
    first, whole, slopes = _xor_gradients("sigmoid", 0.1)
    relu_first, relu_whole, _ = _xor_gradients("relu", 0.1)
    large_first, _, large_slopes = _xor_gradients("sigmoid", 1.0)
    return Evidence(
        f"medians of 31 starts, over ReLU's: first layer 1/{relu_first.median() / first.median():.0f}, all weights "
        f"{whole.median() / relu_whole.median():.1f}; least slope {slopes.min():.2f} of at most 0.25. First weights "
        f"ten times as large: least slope {large_slopes.min():.2f}, first layer's gradient "
        f"{large_first.median() / first.median():.0f} times as large",
        expected="gradients below ReLU's from the same starts, through a small slope",
        cases={
            "the first layer's is below a tenth of ReLU's": bool(first.median() < relu_first.median() / 10),
            "that of all weights is below ReLU's": bool(whole.median() < relu_whole.median()),
            "some slope is below half of the largest, 1/4": bool(slopes.min() < 1 / 8),
        },
    )


@claim(
    "On XOR, ReLU is faster than sigmoid in early epochs, and erratic",
    verdict=CONDITIONS,
    corrected="Faster, but not in the first hundred epochs, in which no loss moves; and its loss rises in "
    "several hundred steps, by very little each.",
    how=STORED,
    activations=("relu", "sigmoid"),
    where="chapters/deeper/08a_stuck#fig-xor-curves",
)
def relu_is_faster_early_and_erratic():
    relu, sigmoid = ({at: _xor(name, f"loss_{at}").mean() for at in (100, 1000)} for name in ("relu", "sigmoid"))
    rises, largest = np.median(_xor("relu", "rises")), np.median(_xor("relu", "largest_rise"))
    return Evidence(
        f"mean loss of {len(_xor('relu', 'rises'))} seeds, ReLU and sigmoid: {relu[100]:.3f} and "
        f"{sigmoid[100]:.3f} after 100 epochs, "
        f"{relu[1000]:.2f} and {sigmoid[1000]:.2f} after 1000; ReLU's loss rises in {rises:.0f} of 5000 steps, by at "
        f"most {largest:.0e} (medians), sigmoid's in {np.median(_xor('sigmoid', 'rises')):.0f}",
        expected="a loss lower by more than 1 % early on; rises where sigmoid has none",
        cases={
            "faster after 100 epochs": relu[100] < 0.99 * sigmoid[100],
            "faster after 1000 epochs": relu[1000] < 0.99 * sigmoid[1000],
            "erratic": rises > np.median(_xor("sigmoid", "rises")),
        },
    )


@claim(
    "On XOR a ReLU unit occasionally dies, which shows as a plateau of the loss",
    verdict=CONDITIONS,
    corrected="A third of the runs stay on a plateau, and dead units are commoner in those. But most solved runs "
    "have dead units too, and Leaky ReLU, whose units don't die, has plateaus as well.",
    how=STORED,
    activations=("relu", "leaky_relu"),
    where="chapters/deeper/08a_stuck#fig-xor-stuck",
)
def dying_units_show_as_plateaus():
    stuck, off = _xor("relu", "right") < 4, _xor("relu", "off")
    leaky_stuck = int((_xor("leaky_relu", "right") < 4).sum())
    n, solved_with_dead = len(stuck), int((off[~stuck] > 0).sum())
    return Evidence(
        f"{stuck.sum()} of {n} ReLU runs unsolved after 5000 epochs, with {off[stuck].mean():.1f} of 4 units dead on "
        f"average; {n - stuck.sum()} solved, with {off[~stuck].mean():.1f}, {solved_with_dead} of them with a dead "
        f"unit; {leaky_stuck} Leaky ReLU runs unsolved",
        expected="plateaus where units are dead, and only there",
        cases={
            "some ReLU runs stay unsolved": bool(stuck.any()),
            "more dead units in them than in solved runs": off[stuck].mean() > off[~stuck].mean(),
            "no dead unit in most solved runs": solved_with_dead < (~stuck).sum() / 2,
            "no plateau where no unit can die, with Leaky ReLU": leaky_stuck == 0,
        },
    )


@claim(
    "On XOR, Leaky ReLU's loss is consistently the smoothest",
    verdict=CONDITIONS,
    corrected="Sigmoid's never rises. Leaky ReLU's rises in fewer steps than ReLU's in about six seeds of ten, a "
    "tendency and no rule, and its largest rise is not distinguishable from ReLU's.",
    how=STORED,
    activations=("leaky_relu", "relu", "sigmoid"),
)
def leaky_relu_is_the_smoothest_on_xor():
    names = ("sigmoid", "leaky_relu", "relu")
    rises, largest = ({name: _xor(name, column) for name in names} for column in ("rises", "largest_rise"))
    medians = {name: np.median(rises[name]) for name in names}
    sign = {}  # in how many seeds Leaky ReLU has the smaller number, in how many ReLU, and the sign test's p
    for what, values in (("rises", rises), ("largest", largest)):
        ahead, behind = (values["leaky_relu"] < values["relu"]).sum(), (values["leaky_relu"] > values["relu"]).sum()
        sign[what] = int(ahead), int(behind), results.mcnemar(ahead, behind)
    return Evidence(
        f"steps in which the loss rises, medians of {len(rises['relu'])} seeds: "
        + ", ".join(f"{name} {median:.0f}" for name, median in medians.items())
        + f"; Leaky ReLU has fewer than ReLU in {sign['rises'][0]} seeds and more in {sign['rises'][1]}, the smaller "
        f"largest rise in {sign['largest'][0]} and the larger in {sign['largest'][1]}",
        expected="the fewest rises; fewer and smaller ones than ReLU in most seeds, by a sign test at 5 %",
        cases={
            "the fewest rises of the three": min(medians, key=medians.get) == "leaky_relu",
            **{
                f"{words} than ReLU": sign[what][0] > sign[what][1] and sign[what][2] < 0.05
                for what, words in (("rises", "fewer rises"), ("largest", "smaller largest rises"))
            },
        },
    )


@claim(
    "On XOR, Leaky ReLU is as fast as ReLU, without its instability",
    verdict=CONDITIONS,
    corrected="As fast, yes. But a fifth of its runs end unsolved too, one at the loss of a coin.",
    how=STORED,
    activations=("leaky_relu", "relu"),
)
def leaky_relu_is_as_fast_and_stable_on_xor():
    leaky, relu = (_xor(name, "loss_1000").mean() for name in ("leaky_relu", "relu"))
    unsolved = {name: int((_xor(name, "right") < 4).sum()) for name in ("leaky_relu", "relu")}
    worst = _xor("leaky_relu", "loss_5000").max()
    return Evidence(
        f"mean loss after 1000 epochs {leaky:.3f} against ReLU's {relu:.3f}; {unsolved['leaky_relu']} of "
        f"{len(_xor('relu', 'right'))} runs unsolved after 5000, the worst at {worst:.3f}, against "
        f"{unsolved['relu']}",
        expected="the same loss to 1 % after 1000 epochs, and every run solved",
        cases={"as fast": leaky < 1.01 * relu, "every run solved": unsolved["leaky_relu"] == 0},
    )


@cache
def _constant_share(activation, depth, width=4, nets=200):
    """Share of random narrow networks, He-initialised without biases, that answer all of 64 inputs alike."""
    act, generator = activations.get(activation), torch.Generator().manual_seed(0)
    h = torch.randn(64, width, generator=generator, dtype=torch.float64)
    weights = torch.randn(nets, depth, width, width, generator=generator, dtype=torch.float64) * math.sqrt(2 / width)
    for layer in range(depth):
        h = act(h @ weights[:, layer].mT)
    return (h.amax(dim=1) == h.amin(dim=1)).all(dim=1).double().mean().item()


@claim(
    "In deeper networks, or from awkward initial weights, the gap between Leaky ReLU and ReLU widens",
    verdict=CONDITIONS,
    corrected="Where layers are narrow: there ReLU networks are born dead, the more often the deeper they are. In "
    "wide ones the gradients of the two stay alike over 50 layers.",
    activations=("leaky_relu", "relu"),
)
def gap_to_leaky_relu_widens_with_depth():
    wide = [gradient_left(name, GAINS["he"]).mean().item() for name in ("relu", "leaky_relu")]
    apart = abs(wide[0] - wide[1])
    relu, leaky = ({depth: _constant_share(name, depth) for depth in (5, 20, 50)} for name in ("relu", "leaky_relu"))
    return Evidence(
        f"256 units wide, 50 layers, He's initialisation: the gradients that reach the first layer differ by "
        f"{apart:.1f} powers of ten; 4 units wide: "
        + ", ".join(f"{share:.0%} of ReLU networks constant with {depth} layers" for depth, share in relu.items())
        + f", of Leaky ReLU networks at most {max(leaky.values()):.0%}",
        expected="a gap that grows with depth: beyond a power of ten, or beyond 10 % of the networks",
        cases={
            "256 units wide, 50 layers": apart > 1,
            "4 units wide, from 5 to 50 layers": relu[50] - leaky[50] > relu[5] - leaky[5] + 0.1,
        },
    )


@claim(
    "Leaky ReLU's consistency makes it the reasonable default",
    verdict=CONDITIONS,
    corrected="In the script it solves XOR more often than ReLU. But the script gives it the slope 1 at exactly 0, "
    "where all units stand on one corner before the first step, and ReLU the slope 0. With 1 for both they are not "
    "distinguishable as printed, and 3 % of the runs apart with cross-entropy's gradient; GELU and SiLU solve nearly "
    "all.",
    how=STORED,
    activations=("leaky_relu", "relu"),
    where="chapters/08a_xor#sec-xor-character",
)
def leaky_relu_is_consistent_hence_the_default():
    tries = {
        "as printed": (("printed", None), ("printed", None)),
        "with cross-entropy's gradient": (("bce", None), ("bce", None)),
        "as printed, slope 1 at 0 for both": (("printed", 1.0), ("printed", 1.0)),
        "with cross-entropy's gradient, slope 1 at 0 for both": (("bce", 1.0), ("bce", 1.0)),
    }
    solved = {
        words: [_xor(name, "right", *how) == 4 for name, how in zip(("leaky_relu", "relu"), hows, strict=True)]
        for words, hows in tries.items()
    }
    better = {
        words: leaky.sum() > relu.sum() and _mcnemar(leaky, relu) < 0.05 for words, (leaky, relu) in solved.items()
    }
    smooth = {
        row["activation"]: row["solved"].count("1")
        for row in _rows("xor", "runs")
        if (row["gradient"], row["scale"], row["width"]) == ("bce", 0.1, 4) and row["activation"] in ("gelu", "silu")
    }
    return Evidence(
        f"solved of {len(_xor('relu', 'right'))}, Leaky ReLU and ReLU: "
        + "; ".join(
            f"{words} {leaky.sum()} and {relu.sum()} (McNemar p = {_mcnemar(leaky, relu):.2g})"
            for words, (leaky, relu) in solved.items()
        )
        + "; "
        + ", ".join(f"{name} {count}" for name, count in smooth.items())
        + " with cross-entropy's",
        expected="more often than ReLU, with p below 0.05",
        cases=better,
    )


@claim(
    "Leaky ReLU for hidden layers and sigmoid for outputs that are probabilities: that is the answer for most work",
    verdict=IMPRECISE,
    corrected="An opinion that others don't share. In the comparisons of these texts Leaky ReLU is seldom the first "
    "and often near it, and probabilities of more than two classes that exclude each other need softmax.",
    how=PUBLISHED,
    activations=("leaky_relu", "sigmoid"),
    citations=("park2024", "gustaw2025"),
)
def leaky_relu_and_sigmoid_are_the_answer():
    image = [_tables(tables, task, "accuracy") for tables in (CNN, RESNET) for task in IMAGES]
    scores = [*image, *(_tables(BERT, task, "accuracy") for task in ("CoLA", "SST-2"))]
    first = sum(_place(accuracy, "leaky_relu", best=max) == 1 for accuracy in scores)
    first += _place(_printed("train_loss", source="gustaw2025"), "leaky_relu") == 1
    near = sum(max(accuracy.values()) - accuracy["leaky_relu"] <= 1 for accuracy in image)
    ten = torch.sigmoid(torch.zeros(10)).sum().item()
    two = torch.softmax(torch.tensor([0.7, 0.0]), dim=0)[0].item() - torch.sigmoid(torch.tensor(0.7)).item()
    return Evidence(
        f"first in {first} of {len(scores) + 1} comparisons, within a point of the best in {near} of {len(image)} on "
        f"images; ten undecided sigmoid outputs add up to {ten:.0f}",
        expected="first in most comparisons; outputs that add up to 1",
        cases={
            "Leaky ReLU is first in most comparisons": first > (len(scores) + 1) / 2,
            "sigmoids of ten classes add up to 1": abs(ten - 1) < 1e-6,
        },
        core={
            "Leaky ReLU is within a point of the best in most image experiments": near > len(image) / 2,
            "for two classes, sigmoid is softmax": abs(two) < 1e-6,
        },
    )


# ---- afblog ----------------------------------------------------------------------------------------------------


@claim(
    "ReLU trains faster than sigmoid and tanh, and gives better results in deeper networks",
    verdict=CONDITIONS,
    corrected="Faster, with eight hidden layers: a little faster than tanh, and far faster than sigmoid, which "
    "failed on one of ten draws. Not better: where they learn, both have more fresh points right. With two hidden "
    "layers ReLU is in the middle of eight functions.",
    how=STORED,
    activations=("relu", "tanh", "sigmoid"),
)
def relu_trains_faster_and_better_when_deep():
    names = ("relu", "tanh", "sigmoid")
    steps = {name: np.median(_further("deep", name, "steps_to_0.1")) for name in names}
    right = {name: np.median(_further("deep", name, "test_accuracy")) for name in names}
    failed = {name: int((_further("deep", name, "test_accuracy") < 0.9).sum()) for name in names}
    place = _place(_medians("train_loss"), "relu")
    return Evidence(
        "8 hidden layers on the disk, 10 draws: "
        + "; ".join(
            f"{name} reaches a training loss of 0.1 in {steps[name]:.0f} steps and has {right[name]:.1%} of fresh "
            f"points right (medians), below 90 % on {failed[name]}"
            for name in names
        )
        + f"; with 2 hidden layers ReLU has place {place} of 8 in training loss",
        expected="fewer steps to a loss of 0.1; more fresh points right; with 2 layers, the first half of 8",
        cases={
            **{f"8 layers: faster than {name}": steps["relu"] < steps[name] for name in names[1:]},
            **{f"8 layers: better than {name}": right["relu"] > right[name] for name in names[1:]},
            "2 layers: in the first half": place <= 4,
        },
    )


@claim(
    "On some toy tasks tanh or sigmoid may be comparable to ReLU",
    verdict=TRUE,
    how=STORED,
    activations=("tanh", "sigmoid", "relu"),
    where="chapters/08_experiments#sec-exp-reversal",
)
def tanh_and_sigmoid_are_comparable_on_toys():
    accuracy = _medians("test_accuracy")
    return Evidence(
        f"right on 20,000 fresh points of the disk, medians of {_disk('test_accuracy')['tanh'].size} runs: "
        + ", ".join(f"{name} {accuracy[name]:.1%}" for name in ("tanh", "sigmoid", "relu")),
        expected="within half a per cent of ReLU, or above",
        cases={name: accuracy[name] > accuracy["relu"] - 0.005 for name in ("tanh", "sigmoid")},
    )


# ---- park2024: what it reports of others, and of the data -------------------------------------------------------


@claim(
    "APL units improved on ReLU by 7.51 % on CIFAR-10 and by 30.83 % on CIFAR-100",
    verdict=FALSE,
    corrected="These are the error rates that they reached: 92.5 % and 69.2 % right.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_improved_by_its_error_rates():
    reached = {"CIFAR-10": 92.5, "CIFAR-100": 69.2}  # per cent right, as listed for the paper's best networks
    number = _printed("improvement", place="Section 2.1")
    return Evidence(
        "; ".join(
            f"{task}: 100 - {number[task]} = {100 - number[task]:.2f}, {reached[task]} right" for task in reached
        ),
        expected="improvements, so that 100 minus the number is not the accuracy reached",
        cases={task: round(100 - number[task], 1) != reached[task] for task in reached},
    )


@claim(
    "Eger and others compared activations on three language tasks",
    verdict=IMPRECISE,
    corrected="On eight tasks, of three types: classification of sentences and of documents, and tagging of "
    "sequences.",
    how=CITED,
    citations=("eger2018",),
)
def eger_compared_on_three_tasks():
    functions, tasks, types = 21, 8, 3
    return Evidence(
        f"its abstract: {functions} functions on {tasks} tasks; its text: tasks of {types} types",
        expected="3 tasks",
        cases={"the tasks are three": tasks == 3},
        core={"their types are three": types == 3},
    )


@claim(
    "Eger and others found the penalized tanh the most stable across tasks",
    verdict=OPEN,
    corrected="Their abstract says so. The numbers behind it are not at hand, and one setting cannot decide it.",
    how=OPENLY,
    activations=("penalized_tanh",),
    citations=("eger2018",),
)
def penalized_tanh_is_the_most_stable():
    f1 = _tables(BERT, "CoLA", "f1")
    return Evidence(
        f"the abstract says so, of eight tasks whose results are not stored here. In the BERT runs of the text that "
        f"repeats it, its F1 on CoLA is {f1['penalized_tanh']}, tanh's {f1['tanh']}, GELU's {f1['gelu']}"
    )


@claim(
    "In APL networks each layer learns its activation",
    verdict=FALSE,
    corrected="Each unit does, with 2S numbers of its own; the same text says so elsewhere.",
    how=CITED,
    activations=("apl",),
    citations=("agostinelli2015",),
)
def apl_learns_one_function_per_layer():
    return Evidence(
        "its abstract: learned independently for each neuron; the text counts 2SM parameters, M being the hidden "
        "units",
        expected="one function for each layer",
        cases={"the abstract has one function for each layer": False},
    )


@claim(
    "ReLU overfits more easily than sigmoid",
    verdict=CONDITIONS,
    corrected="On the disk, clearly. The text's tables can't say: they have no training loss, and in half of its "
    "image experiments ReLU has the lower test loss.",
    how=STORED,
    activations=("relu", "sigmoid"),
)
def relu_overfits_more_than_sigmoid():
    gap = {name: (_disk("test_loss")[name] - _disk("train_loss")[name]).mean(axis=1) for name in ("relu", "sigmoid")}
    wider, draws = int((gap["relu"] > gap["sigmoid"]).sum()), len(gap["relu"])
    loss = {
        f"{network}, {task}": _tables(tables, task, "loss")
        for network, tables in [("CNN", CNN), ("ResNet50", RESNET)]
        for task in IMAGES
    }
    higher = {where: values["relu"] > values["sigmoid"] for where, values in loss.items()}
    return Evidence(
        f"disk: test minus training loss {gap['relu'].mean():.3f} with ReLU, {gap['sigmoid'].mean():.3f} with "
        f"sigmoid, wider on {wider} of {draws} draws; test loss higher with ReLU in {sum(higher.values())} of "
        f"{len(higher)} image experiments of the text",
        expected="a wider gap, and a higher test loss",
        cases={"disk: a wider gap on nine tenths of the draws": wider >= 0.9 * draws}
        | {f"{where}: a higher test loss": held for where, held in higher.items()},
    )


@claim(
    "CIFAR-10 has 6000 images of each class, 5000 to train on and 1000 to test on",
    verdict=TRUE,
    how=CITED,
    citations=("krizhevsky2009",),
)
def cifar_10_has_6000_images_of_each_class():
    classes, train_images, test_images = 10, 50_000, 10_000
    return Evidence(
        f"its page: {train_images:,} training and {test_images:,} test images of {classes} classes, as many of each",
        expected="5000 and 1000 of each class",
        cases={
            "5000 to train on": train_images / classes == 5000,
            "1000 to test on": test_images / classes == 1000,
        },
    )


@claim(
    "SST-2 has 6,7349 training sentences",
    verdict=IMPRECISE,
    corrected="67,349: a slip of the comma.",
    how=CITED,
    citations=("wang2019",),
)
def sst_2_has_67349_training_sentences():
    listed, printed = 67_349, "6,7349"
    return Evidence(
        f"GLUE lists {listed:,}",
        expected="the number as it is printed",
        cases={"as printed": f"{listed:,}" == printed},
        core={"its digits": str(listed) == printed.replace(",", "")},
    )


@claim(
    "CoLA comes from 23 publications and has 8,551 sentences to train on",
    verdict=TRUE,
    corrected="The 23 are those of all 10,657 sentences, the held-out test set included.",
    how=CITED,
    citations=("warstadt2019", "wang2019"),
)
def cola_has_8551_training_sentences():
    training, development, public, held_out, everything = 8_551, 1_043, 9_594, 1_063, 10_657
    return Evidence(
        f"the corpus's page: {everything:,} sentences of 23 linguistics publications, {public:,} of them public and "
        f"{held_out:,} held out; GLUE: {development:,} for development. What is left of the public ones is "
        f"{public - development:,}",
        expected=f"{training:,}",
        cases={"the training sentences": public - development == training == everything - held_out - development},
    )


@claim(
    "In SST-2 the comments are scored by how positive they are",
    verdict=IMPRECISE,
    corrected="SST-2 has two labels, positive and negative. The treebank that it is taken from has five grades.",
    how=CITED,
    citations=("socher2013", "wang2019"),
)
def sst_2_scores_by_degree():
    labels, grades = 2, 5
    return Evidence(
        f"SST-2: {labels} labels; the treebank: {grades} grades",
        expected="more than two labels in SST-2",
        cases={"SST-2 has degrees": labels > 2},
        core={"its source has": grades > 2},
    )


@claim(
    "A thousand sentences, held out from the training set, make a test set for the comparison",
    verdict=CONDITIONS,
    corrected="Enough to tell GELU from no learning at all. The standard error is about a point, and differences "
    "between the functions that learned SST-2 lie within it; labelled validation sets exist.",
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    citations=("wang2019",),
)
def thousand_sentences_make_a_test_set():
    n = {task: _printed("test", place="Section 3.3")[task] for task in ("CoLA", "SST-2")}
    percent = {task: {k: 100 * v for k, v in _tables(BERT, task, "accuracy").items()} for task in n}
    cola = _gap(percent["CoLA"], "gelu", "tanh", n["CoLA"])
    sst = _gap(percent["SST-2"], "gelu", "relu", n["SST-2"])
    return Evidence(
        f"standard error {_error(percent['CoLA']['tanh'], n['CoLA']):.1f} points at {percent['CoLA']['tanh']:.1f} %; "
        f"GELU is ahead of no learning by {cola:.1f} standard errors on CoLA, of ReLU by {sst:.1f} on SST-2",
        expected="differences beyond 2 standard errors",
        cases={"GELU from a constant answer, CoLA": cola > 2, "GELU from ReLU, SST-2": sst > 2},
    )


@claim(
    "BERT was tried with basic functions, with variants of ReLU and with gates",
    verdict=TRUE,
    where="chapters/08d_transformers#sec-swap-published",
    how=PUBLISHED,
    activations=("relu", "tanh", "sigmoid", "swish", "elu", "leaky_relu", "relu_squared", "penalized_tanh", "gelu"),
    citations=("park2024",),
)
def bert_was_tried_with_eleven_functions():
    named = {
        "relu",
        "tanh",
        "sigmoid",
        "swish",
        "elu",
        "leaky_relu",
        "relu_squared",
        "penalized_tanh",
        "glu",
        "swiglu",
    }
    tried = set(_tables(BERT, "CoLA", "accuracy"))
    return Evidence(
        f"{len(tried)} columns in Tables 19 and 20: {', '.join(sorted(tried))}",
        expected="a column for each function that the text names, and GELU's",
        cases={"as named, and GELU": tried == named | {"gelu"}},
    )


# ---- park2024: a small convolutional network -------------------------------------------------------------------


@claim(
    "Sigmoid's gradients are close to 0 in that network, which proves that it suffers from vanishing gradients",
    verdict=IMPRECISE,
    corrected="Over 50 layers it does, at the usual initialisations. In that shallow network it learned: with Adam "
    "it is the best of five on MNIST in their table, and with SGD it learns from the same start at a higher rate. "
    "Gradients near 0 at the end are those of functions that have fitted.",
    activations=("sigmoid",),
    citations=("park2024",),
    where="chapters/08b_images#sec-images-norms",
)
def small_sigmoid_gradients_prove_vanishing():
    accuracy = _tables(CNN, "MNIST, Adam", "accuracy")
    place = _place(accuracy, "sigmoid", best=max)
    deep = gradient_left("sigmoid", GAINS["glorot"])
    faster = _images("test_accuracy", "sigmoid", optimizer="sgd", rate=0.1, epochs=60)
    return Evidence(
        f"MNIST with Adam: {accuracy['sigmoid']} % right, place {place} of 5; ours with SGD at a hundred times the "
        f"rate, 2,000 digits: {100 * faster.min():.0f} % right or more (n = {len(faster)}); gradient at the first of "
        f"50 layers, over the last: {powers(deep)}",
        expected="a network that small gradients keep from learning",
        cases={
            "last of five on MNIST with Adam": place == len(accuracy),
            "at guessing from the same start at a higher rate": bool(faster.max() < 0.15),
        },
        core={"over 50 layers, a loss of more than 10^6": bool(deep.mean() < -6)},
    )


@claim(
    "Sigmoid takes the most epochs in all experiments",
    verdict=CONDITIONS,
    corrected="In the four of the small network, twice because it met the limit of 50. With ResNet50 it takes the "
    "fewest of five on MNIST with SGD.",
    how=PUBLISHED,
    activations=("sigmoid",),
    citations=("park2024",),
    where="chapters/08b_images#sec-images-stop",
)
def sigmoid_takes_the_most_epochs():
    epochs = {
        f"{network}, {task}": _tables(tables, task, "epochs")
        for network, tables in [("CNN", CNN), ("ResNet50", RESNET)]
        for task in IMAGES
    }
    return Evidence(
        "sigmoid's epochs, and the most of the others: "
        + "; ".join(
            f"{where} {of['sigmoid']:.0f}, {max(v for k, v in of.items() if k != 'sigmoid'):.0f}"
            for where, of in epochs.items()
        ),
        expected="the most epochs of five",
        cases={where: of["sigmoid"] == max(of.values()) for where, of in epochs.items()},
    )


@claim(
    "ReLU has the lowest test accuracy in all experiments with Adam",
    verdict=CONDITIONS,
    corrected="In the small network, by one image of 10,000 on MNIST and by six on CIFAR-10; with seeds, on fewer "
    "digits, sigmoid is the lowest. With ResNet50 it is the lowest on MNIST, where it did not learn; on CIFAR-10 the "
    "lowest is ELU.",
    how=STORED,
    activations=("relu", "elu"),
    citations=("park2024",),
    where="chapters/08b_images#sec-images-ranks",
)
def relu_is_lowest_with_adam():
    accuracy = {
        f"{network}, {task}": _tables(tables, task, "accuracy")
        for network, tables in [("CNN", CNN), ("ResNet50", RESNET)]
        for task in IMAGES
        if "Adam" in task
    }
    means = {name: 100 * _images("test_accuracy", name, optimizer="adam", rate=0.001).mean() for name in FIVE}
    accuracy["CNN, 2,000 digits, Adam, mean over our seeds"] = means
    return Evidence(
        "lowest, and next to it: "
        + "; ".join(
            f"{where} {', '.join(f'{name} {of[name]:.2f}' for name in sorted(of, key=of.get)[:2])}"
            for where, of in accuracy.items()
        )
        + f"; standard error on 10,000 images, at 61.5 %: {_error(61.5, 10_000):.2f}",
        expected="ReLU the lowest of five",
        cases={where: of["relu"] == min(of.values()) for where, of in accuracy.items()},
    )


@claim(
    "With SGD, sigmoid was stopped by the limit of epochs, and so is not comparable",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("sigmoid",),
    citations=("park2024",),
    where="chapters/08b_images#sec-images-rate",
)
def sigmoid_was_stopped_by_the_limit():
    limit = _printed("epochs", place="Section 3.1")["all"]
    epochs = {task: _tables(CNN, task, "epochs") for task in ("MNIST, SGD", "CIFAR-10, SGD")}
    return Evidence(
        f"sigmoid's epochs, of at most {limit:.0f}: "
        + ", ".join(f"{of['sigmoid']:.0f} on {task.partition(',')[0]}" for task, of in epochs.items())
        + "; the others took at most "
        f"{max(v for of in epochs.values() for k, v in of.items() if k != 'sigmoid'):.0f}",
        expected="as many epochs as are allowed, for sigmoid alone",
        cases={task: [k for k, v in of.items() if v == limit] == ["sigmoid"] for task, of in epochs.items()},
    )


@claim(
    "In the small network with Adam, sigmoid has the lowest test loss",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("sigmoid",),
    citations=("park2024",),
    where="chapters/08b_images#sec-images-table",
)
def sigmoid_has_the_lowest_loss_with_adam():
    loss = {task: _tables(CNN, task, "loss") for task in ("MNIST, Adam", "CIFAR-10, Adam")}
    return Evidence(
        "; ".join(f"{task}: sigmoid {of['sigmoid']}, next {sorted(of.values())[1]}" for task, of in loss.items()),
        expected="place 1 of 5",
        cases={task: _place(of, "sigmoid") == 1 for task, of in loss.items()},
    )


@claim(
    "In the small network with SGD, SELU and ELU have the lowest test losses",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("selu", "elu"),
    citations=("park2024",),
    where="chapters/08b_images#sec-images-table",
)
def selu_and_elu_have_the_lowest_losses_with_sgd():
    loss = {task: _tables(CNN, task, "loss") for task in ("MNIST, SGD", "CIFAR-10, SGD")}
    first = {task: sorted(of, key=of.get)[:3] for task, of in loss.items()}
    return Evidence(
        "; ".join(f"{task}: {', '.join(f'{n} {loss[task][n]}' for n in names)}" for task, names in first.items()),
        expected="SELU and ELU on the first two places",
        cases={task: set(names[:2]) == {"selu", "elu"} for task, names in first.items()},
    )


@claim(
    "ELU has the best test accuracy in all experiments on CIFAR-10",
    verdict=CONDITIONS,
    corrected="In the small network. With ResNet50 it is third with SGD and last with Adam.",
    how=PUBLISHED,
    activations=("elu",),
    citations=("park2024",),
    where="chapters/08b_images#sec-images-table",
)
def elu_is_best_on_cifar_10():
    places = {
        f"{network}, {task}": _place(_tables(tables, task, "accuracy"), "elu", best=max)
        for network, tables in [("CNN", CNN), ("ResNet50", RESNET)]
        for task in ("CIFAR-10, SGD", "CIFAR-10, Adam")
    }
    return Evidence(
        "place of 5: " + "; ".join(f"{where} {place}" for where, place in places.items()),
        expected="place 1",
        cases={where: place == 1 for where, place in places.items()},
    )


# ---- park2024: ResNet50 ----------------------------------------------------------------------------------------


def _adam_step(gradient):
    """How far Adam's first step at rate 0.01 moves a weight that has this gradient."""
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.tensor([gradient], dtype=torch.float64)
    torch.optim.Adam([weight], lr=0.01).step()
    return abs(weight.item())


@claim(
    "Adam adapts the learning rate of each parameter",
    verdict=TRUE,
    citations=("kingma2014",),
)
def adam_adapts_the_rate_of_each_parameter():
    steps = {gradient: _adam_step(gradient) for gradient in (1.0, 1e-3)}
    rates = [step / gradient for gradient, step in steps.items()]
    return Evidence(
        "first step at rate 0.01: " + ", ".join(f"{step:.3f} for a gradient of {g:g}" for g, step in steps.items()),
        expected="for a gradient a thousand times smaller a rate a thousand times larger, to 1 %",
        cases={"a rate of its own": abs(rates[1] / rates[0] / 1000 - 1) < 0.01},
    )


@claim(
    "In deep networks Adam makes vanishing gradients worse",
    verdict=IMPRECISE,
    corrected="Gradients are computed before Adam sees them, and it divides their size out: a weight with a gradient "
    "a million times smaller moves as far. Only gradients near its epsilon, 1e-8, make small steps.",
    citations=("kingma2014",),
    where="chapters/08b_images#sec-images-resnet",
)
def adam_makes_vanishing_gradients_worse():
    steps = {gradient: _adam_step(gradient) for gradient in (1.0, 1e-6, 1e-10)}
    return Evidence(
        "first step at rate 0.01: " + ", ".join(f"{step:.1g} for a gradient of {g:g}" for g, step in steps.items()),
        expected="steps that shrink with the gradient, below half for a gradient of 1e-6",
        cases={"a gradient of 1e-6 makes less than half of a step": steps[1e-6] < 0.5 * steps[1.0]},
        core={"a gradient below epsilon makes less than half of a step": steps[1e-10] < 0.5 * steps[1.0]},
    )


@claim(
    "On MNIST, ResNet50 converges quickly with sigmoid and ReLU, and very slowly with ELU",
    verdict=CONDITIONS,
    corrected="With SGD. With Adam the two stopped early because they had failed: ReLU at 10.6 %, as good as "
    "guessing, and sigmoid at half right; ELU took the most epochs and came out first.",
    how=PUBLISHED,
    activations=("sigmoid", "relu", "elu"),
    citations=("park2024",),
)
def sigmoid_and_relu_converge_quickly_on_mnist():
    held, told = {}, []
    for task in ("MNIST, SGD", "MNIST, Adam"):
        epochs, accuracy = (_tables(RESNET, task, quantity) for quantity in ("epochs", "accuracy"))
        quick = max(epochs["sigmoid"], epochs["relu"]) <= min(epochs[n] for n in ("leaky_relu", "elu", "selu"))
        learned = min(accuracy["sigmoid"], accuracy["relu"]) > max(accuracy.values()) - 1
        held[task] = quick and learned
        told.append(
            f"{task}: "
            + ", ".join(f"{n} {epochs[n]:.0f} epochs, {accuracy[n]:.1f} % right" for n in ("sigmoid", "relu", "elu"))
        )
    loss = _tables(RESNET, "MNIST, Adam", "loss")["relu"]
    return Evidence(
        "; ".join(told) + f"; ReLU's loss there {loss:.1f}, that of guessing {math.log(10):.1f}",
        expected="no more epochs than the other functions, and within a point of the best accuracy",
        cases=held,
    )


@claim(
    "With ResNet50, sigmoid and ReLU suit simple data like MNIST better",
    verdict=FALSE,
    corrected="They are the two worst of five on MNIST, with either optimiser.",
    how=PUBLISHED,
    activations=("sigmoid", "relu"),
    citations=("park2024",),
)
def sigmoid_and_relu_suit_simple_data():
    tasks = ("MNIST, SGD", "MNIST, Adam")
    resnet, cnn = (
        {task: [_place(_tables(t, task, "accuracy"), n, best=max) for n in ("sigmoid", "relu")] for task in tasks}
        for t in (RESNET, CNN)
    )
    return Evidence(
        "places of sigmoid and ReLU among five, ResNet50: "
        + "; ".join(f"{task} {s} and {r}" for task, (s, r) in resnet.items())
        + "; the small network: "
        + "; ".join(f"{task} {s} and {r}" for task, (s, r) in cnn.items()),
        expected="one of them on the first place, or both in the first three",
        cases={task: min(found) == 1 or max(found) <= 3 for task, found in resnet.items()},
    )


@claim(
    "On CIFAR-10 all functions converge at a similar pace, ELU and SELU the fastest",
    verdict=IMPRECISE,
    corrected="A similar pace, yes. ELU and SELU take as many epochs as ReLU; the one that takes fewer, with Adam, "
    "is Leaky ReLU.",
    how=PUBLISHED,
    activations=("elu", "selu", "relu", "leaky_relu"),
    citations=("park2024",),
)
def elu_and_selu_converge_fastest_on_cifar_10():
    epochs = {task: _tables(RESNET, task, "epochs") for task in ("CIFAR-10, SGD", "CIFAR-10, Adam")}
    others = [name for name in FIVE if name not in ("elu", "selu")]
    return Evidence(
        "epochs, " + "; ".join(f"{t}: " + ", ".join(f"{n} {of[n]:.0f}" for n in FIVE) for t, of in epochs.items()),
        expected="fewer epochs with ELU and SELU than with any other",
        cases={t: max(of["elu"], of["selu"]) < min(of[n] for n in others) for t, of in epochs.items()},
        core={"all within three epochs": all(max(of.values()) - min(of.values()) <= 3 for of in epochs.values())},
    )


@claim(
    "With ResNet50, ELU and SELU do better on complex data like CIFAR-10",
    verdict=FALSE,
    corrected="Neither is among the first two there, and with Adam ELU is the last. It is in the small network that "
    "ELU is the best.",
    how=PUBLISHED,
    activations=("elu", "selu"),
    citations=("park2024",),
)
def elu_and_selu_suit_complex_data():
    tasks = ("CIFAR-10, SGD", "CIFAR-10, Adam")
    resnet, cnn = (
        {task: [_place(_tables(t, task, "accuracy"), n, best=max) for n in ("elu", "selu")] for task in tasks}
        for t in (RESNET, CNN)
    )
    return Evidence(
        "places of ELU and SELU among five, ResNet50: "
        + "; ".join(f"{task} {e} and {s}" for task, (e, s) in resnet.items())
        + "; the small network: "
        + "; ".join(f"{task} {e} and {s}" for task, (e, s) in cnn.items()),
        expected="one of them on the first place, or both in the first three",
        cases={task: min(found) == 1 or max(found) <= 3 for task, found in resnet.items()},
    )


@claim(
    "With Adam, ELU is the best on MNIST: 99.04 % right, a loss of 0.039",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("elu",),
    citations=("park2024",),
)
def elu_is_best_on_mnist_with_adam():
    accuracy, loss = (_tables(RESNET, "MNIST, Adam", quantity) for quantity in ("accuracy", "loss"))
    return Evidence(
        f"ResNet50: {accuracy['elu']} % right, a loss of {loss['elu']}; next {sorted(accuracy.values())[-2]} % and "
        f"{sorted(loss.values())[1]}",
        expected="place 1 of 5 in both",
        cases={
            "the highest accuracy": _place(accuracy, "elu", best=max) == 1,
            "the lowest loss": _place(loss, "elu") == 1,
        },
    )


@claim(
    "With SGD, Leaky ReLU is the best on MNIST, in loss and in accuracy",
    verdict=CONDITIONS,
    corrected="It has the best numbers of the five, two images of 10,000 ahead of ELU: a difference that says "
    "nothing.",
    how=PUBLISHED,
    activations=("leaky_relu", "elu"),
    citations=("park2024",),
)
def leaky_relu_is_best_on_mnist_with_sgd():
    accuracy, loss = (_tables(RESNET, "MNIST, SGD", quantity) for quantity in ("accuracy", "loss"))
    n = _printed("test", place="Section 3.1")["all"]
    second = sorted(accuracy, key=accuracy.get)[-2]
    z = _gap(accuracy, "leaky_relu", second, n)
    return Evidence(
        f"{accuracy['leaky_relu']} % right, {second} {accuracy[second]} %: {z:.1f} standard errors on {n:.0f} "
        f"images; loss {loss['leaky_relu']}, next {sorted(loss.values())[1]}",
        expected="place 1 in both, beyond 2 standard errors",
        cases={
            "the highest accuracy": _place(accuracy, "leaky_relu", best=max) == 1,
            "the lowest loss": _place(loss, "leaky_relu") == 1,
            "ahead by more than 2 standard errors": z > 2,
        },
    )


@claim(
    "On CIFAR-10, Leaky ReLU is the worst",
    verdict=CONDITIONS,
    corrected="With SGD, in accuracy and F1; the highest loss there is sigmoid's. With Adam it is the best.",
    how=PUBLISHED,
    activations=("leaky_relu", "sigmoid"),
    citations=("park2024",),
)
def leaky_relu_is_worst_on_cifar_10():
    best = {"accuracy": max, "f1": max, "loss": min}
    places = {
        f"{quantity}, {task.partition(', ')[2]}": _place(_tables(RESNET, task, quantity), "leaky_relu", best=better)
        for task in ("CIFAR-10, SGD", "CIFAR-10, Adam")
        for quantity, better in best.items()
    }
    return Evidence(
        "ResNet50, place of 5: " + "; ".join(f"{where} {place}" for where, place in places.items()),
        expected="place 5",
        cases={where: place == 5 for where, place in places.items()},
    )


@claim(
    "On CIFAR-10 with Adam, Leaky ReLU is the best by a small margin",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("leaky_relu",),
    citations=("park2024",),
)
def leaky_relu_is_marginally_best_on_cifar_10_with_adam():
    accuracy, loss = (_tables(RESNET, "CIFAR-10, Adam", quantity) for quantity in ("accuracy", "loss"))
    second = sorted(accuracy, key=accuracy.get)[-2]
    z = _gap(accuracy, "leaky_relu", second, _printed("test", place="Section 3.1")["all"])
    return Evidence(
        f"ResNet50: {accuracy['leaky_relu']:.2f} % right, {second} {accuracy[second]:.2f} %: {z:.1f} standard "
        f"errors; loss {loss['leaky_relu']}, next {sorted(loss.values())[1]}",
        expected="place 1 of 5, within 2 standard errors of the next",
        cases={
            "the highest accuracy": _place(accuracy, "leaky_relu", best=max) == 1,
            "the lowest loss": _place(loss, "leaky_relu") == 1,
            "by less than 2 standard errors": z < 2,
        },
    )


@claim(
    "The average times of the tables are total time over epochs",
    verdict=CONDITIONS,
    corrected="All 40, to a thousandth of a second; but half of the tables round and half cut off the last digit.",
    how=PUBLISHED,
    citations=("park2024",),
)
def average_times_are_totals_over_epochs():
    off = {}
    for name, tables in [("Tables 5 to 8", CNN), ("Tables 13 to 16", RESNET)]:
        off[name] = []
        for task in IMAGES:
            epochs, total, average = (_tables(tables, task, q) for q in ("epochs", "total_time", "average_time"))
            off[name] += [total[n] / epochs[n] - average[n] for n in FIVE]
    return Evidence(
        "largest differences: "
        + ", ".join(f"{name} {1000 * max(map(abs, values)):.1f} ms" for name, values in off.items()),
        expected="the printed number to 1 ms, and rounded: to 0.5 ms",
        cases={f"{name}, to 1 ms": max(map(abs, values)) < 1e-3 for name, values in off.items()}
        | {f"{name}, rounded": max(map(abs, values)) < 0.501e-3 for name, values in off.items()},
    )


# ---- park2024: BERT --------------------------------------------------------------------------------------------


@claim(
    "ReLU is the fastest in BERT, but for the gates, which have a smaller output layer",
    verdict=CONDITIONS,
    corrected="By two per cent, on both data sets, as far as there are times: GLU has none for SST-2. Its arithmetic "
    "is not the reason, since Leaky ReLU takes as long as tanh and sigmoid.",
    where="chapters/08d_transformers#sec-swap-times",
    how=PUBLISHED,
    activations=("relu", "leaky_relu", "tanh", "sigmoid"),
    citations=("park2024",),
)
def relu_is_the_fastest_in_bert():
    times = {task: _tables(BERT, task, "total_time") for task in ("CoLA", "SST-2")}
    plain = {task: {n: s for n, s in of.items() if n not in ("glu", "swiglu")} for task, of in times.items()}
    slower = {n: plain["CoLA"][n] / plain["CoLA"]["relu"] - 1 for n in ("leaky_relu", "tanh", "sigmoid")}
    return Evidence(
        "over ReLU's time on CoLA: " + ", ".join(f"{n} {s:+.2%}" for n, s in slower.items()),
        expected="the shortest time but for gates; and Leaky ReLU, one multiplication more, nearer to ReLU than tanh "
        "is",
        cases={f"{task}: the shortest": _place(of, "relu") == 1 for task, of in plain.items()}
        | {"Leaky ReLU costs less than half of tanh's excess": slower["leaky_relu"] < slower["tanh"] / 2},
    )


@claim(
    "The penalized tanh takes longest because its gradients vanish",
    verdict=FALSE,
    corrected="The number of epochs is fixed, and the time of one does not depend on the size of gradients: tanh and "
    "sigmoid, which failed as well, take as long as GELU. It is made of several operations, and so is ReLU squared, "
    "the next slowest.",
    where="chapters/08d_transformers#sec-swap-times",
    how=PUBLISHED,
    activations=("penalized_tanh", "tanh", "gelu", "relu_squared"),
    citations=("park2024",),
)
def penalized_tanh_is_slow_because_gradients_vanish():
    time, accuracy = (_tables(BERT, "CoLA", quantity) for quantity in ("total_time", "accuracy"))
    failed = [n for n in ("tanh", "sigmoid", "elu", "swish") if accuracy[n] == accuracy["penalized_tanh"]]
    excess = {n: time[n] / time["gelu"] - 1 for n in (*failed, "relu_squared", "penalized_tanh")}
    return Evidence(
        "time on CoLA over that of GELU, which learned: " + ", ".join(f"{n} {s:+.1%}" for n, s in excess.items()),
        expected="functions that failed slower than GELU, by more than 1 %",
        cases={"every function that failed in the same way": min(excess[n] for n in failed) > 0.01},
    )


@claim(
    "GELU performs best in BERT on all data",
    verdict=CONDITIONS,
    corrected="On CoLA, far ahead. On SST-2 it is ahead of ReLU by seven sentences of 1000, which is within chance.",
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    activations=("gelu", "relu"),
    citations=("park2024",),
)
def gelu_performs_best_in_bert():
    n = _printed("test", place="Section 3.3")["CoLA"]
    percent = {task: {k: 100 * v for k, v in _tables(BERT, task, "accuracy").items()} for task in ("CoLA", "SST-2")}
    first = {task: _place(of, "gelu", best=max) == 1 for task, of in percent.items()}
    z = {task: _gap(of, "gelu", "relu", n) for task, of in percent.items()}
    return Evidence(
        "ahead of ReLU, the next, by "
        + " and ".join(
            f"{percent[t]['gelu'] - percent[t]['relu']:.1f} points on {t} ({z[t]:.1f} standard errors)" for t in z
        ),
        expected="place 1, beyond 2 standard errors",
        cases={f"{task}: place 1": held for task, held in first.items()}
        | {f"{task}: beyond 2 standard errors": z[task] > 2 for task in z},
    )


@claim(
    "All but ReLU, Leaky ReLU and GELU have one accuracy and one F1: they learned nothing",
    verdict=TRUE,
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    activations=("tanh", "sigmoid", "elu", "swish", "relu_squared", "penalized_tanh"),
    citations=("park2024",),
)
def eight_functions_learned_nothing():
    printed = {task: [_tables(BERT, task, q) for q in ("accuracy", "f1")] for task in ("CoLA", "SST-2")}
    rest = [name for name in printed["CoLA"][0] if name not in ("relu", "leaky_relu", "gelu")]
    cases, told = {}, []
    for task, (accuracy, f1) in printed.items():
        share = accuracy["tanh"]
        constant = 2 * share**2 / (1 + share)  # weighted F1 of the answer "always the commoner class"
        cases[f"{task}: one accuracy"] = {accuracy[n] for n in rest} == {share}
        cases[f"{task}: the F1 of a constant answer"] = all(abs(f1[n] - constant) < 5e-4 for n in rest)
        told.append(f"{task}: accuracy {share}, F1 {f1['tanh']}, of a constant answer {constant:.4f}")
    return Evidence(
        f"{len(rest)} functions alike. " + "; ".join(told),
        expected="one accuracy, and with it the F1 of a constant answer",
        cases=cases,
    )


@claim(
    "Leaky ReLU learned CoLA: 0.683 right",
    verdict=CONDITIONS,
    corrected="By F1, which is above that of a constant answer. In accuracy it is 25 sentences of 1000 below it.",
    where="chapters/08d_transformers#sec-swap-arithmetic",
    how=PUBLISHED,
    activations=("leaky_relu", "relu"),
    citations=("park2024",),
)
def leaky_relu_learned_cola():
    accuracy, f1 = (_tables(BERT, "CoLA", quantity) for quantity in ("accuracy", "f1"))
    return Evidence(
        f"accuracy {accuracy['leaky_relu']} against {accuracy['tanh']} of a constant answer (ReLU "
        f"{accuracy['relu']}), F1 {f1['leaky_relu']} against {f1['tanh']}",
        expected="more than a constant answer has",
        cases={
            "in accuracy": accuracy["leaky_relu"] > accuracy["tanh"],
            "in F1": f1["leaky_relu"] > f1["tanh"],
        },
    )


@cache
def _swapped():
    """From (function, start) to what stored runs from pretrained attention show: learned, gradient, cosine.

    Learned: the share of runs with more right answers than the commoner class has, by two standard errors. Gradient:
    its norm in block 1 over that in the head; cosine: between sentences after the last block; both before training.
    """
    usual = {"trained": "all", "rate": 5e-5, "warmup": 0, "updates": 64}
    runs, found = {}, {}
    for row in _rows("transformers", "swaps"):
        if row["start"] != "random" and all(row[key] == value for key, value in usual.items()):
            error = _error(100 * row["majority"], row["n"]) / 100
            learned = row["accuracy"] > row["majority"] + 2 * error
            runs.setdefault((row["activation"], row["start"]), []).append(learned)
    for row in _rows("transformers", "looks"):
        key = row["activation"], row["start"]
        if row["when"] == "before" and key in runs and all(row[k] == value for k, value in usual.items()):
            found[key] = sum(runs[key]) / len(runs[key]), row["gradient"][1] / row["gradient"][-1], row["cosine"][-1]
    return found


@claim(
    "In BERT, functions other than ReLU, Leaky ReLU and GELU failed because of vanishing gradients",
    verdict=FALSE,
    corrected="In a smaller pretrained transformer tanh fails though no less gradient reaches its first block, in "
    "the median over seeds, than with GELU, which learns. With two numbers per block, or new feed-forward weights, "
    "tanh learns as well. What fails is the match of weights and function: all sentences look alike. The gradients "
    "get small afterwards.",
    where="chapters/08d_transformers#sec-swap-causes",
    how=STORED,
    activations=("tanh", "gelu", "elu", "sigmoid"),
    citations=("park2024", "mosbach2021"),
)
def bert_failures_are_vanishing_gradients():
    found = _swapped()
    (_, tanh, _), (_, gelu, _) = found["tanh", "pretrained"], found["gelu", "pretrained"]
    learned = [ratio for share, ratio, _ in found.values() if share > 0.5]
    failed = [ratio for share, ratio, _ in found.values() if share <= 0.5]
    alike = [cosine for share, _, cosine in found.values() if share <= 0.5]
    apart = [cosine for share, _, cosine in found.values() if share > 0.5]
    return Evidence(
        "gradient in block 1 over that in the head, before training, median over seeds: tanh, which fails, "
        f"{tanh:.2f}, GELU {gelu:.2f}; where most runs learn from {min(learned):.2f}, where most fail up to "
        f"{max(failed):.2f}. Cosine between sentences: up to {max(apart):.2f} where most learn, from "
        f"{min(alike):.2f} where most fail",
        expected="less gradient in block 1 where nothing is learned",
        cases={
            "tanh has three quarters of GELU's share or less": tanh < 0.75 * gelu,
            "whatever learns has a larger share than whatever fails": min(learned) > max(failed),
        },
    )


@claim(
    "What learned in BERT are the functions of the ReLU series",
    verdict=FALSE,
    corrected="GELU learned best and is no rectifier; ReLU squared and ELU are of the series and did not learn.",
    where="chapters/08d_transformers#sec-swap-study",
    how=PUBLISHED,
    activations=("relu", "leaky_relu", "elu", "relu_squared", "gelu"),
    citations=("park2024",),
)
def relu_series_learns_in_bert():
    series = {"relu", "leaky_relu", "elu", "relu_squared"}
    f1 = _tables(BERT, "SST-2", "f1")
    learned = {name for name in f1 if f1[name] > f1["tanh"]}
    return Evidence(
        f"SST-2, above a constant answer: {', '.join(sorted(learned))}; of the series, not: "
        + ", ".join(sorted(series - learned)),
        expected="every function of the series (ReLU, Leaky ReLU, ELU, ReLU squared), and no other",
        cases={"every one": series <= learned, "no other": learned <= series},
    )


@claim(
    "With GELU the norms of the gradients differ much from layer to layer",
    verdict=OPEN,
    corrected="If they do, it is no sign of health: a gradient that flows evenly has like norms in all layers.",
    how=OPENLY,
    activations=("gelu",),
    citations=("park2024",),
)
def gelu_norms_differ_by_layer():
    return Evidence("the norms are in a figure, with no numbers in the text")


@claim(
    "GLU and SwiGLU fit into BERT's block only with a smaller output layer",
    verdict=CONDITIONS,
    corrected="If the first matrix is kept and its output cut into two halves. With a matrix for each half the "
    "output layer stays; either way the pretrained weights no longer fit, and times and scores can't be compared.",
    where="chapters/08d_transformers#ex-08d-halves",
    citations=("shazeer2020",),
)
def gates_need_a_smaller_output_layer():
    width, inner = 768, 3072  # of bert-base
    x = torch.zeros(1, width)
    first = torch.zeros(inner, width)
    halves = gates.glu(*functional.linear(x, first).chunk(2, dim=1))
    full = gates.glu(functional.linear(x, first), functional.linear(x, first))
    return Evidence(
        f"bert-base, {width} wide, {inner} inside: {halves.shape[1]} numbers reach the output layer from one matrix "
        f"cut in two, {full.shape[1]} from two matrices",
        expected="fewer numbers than the output layer takes",
        cases={"one matrix, cut in two": halves.shape[1] < inner, "a matrix for each half": full.shape[1] < inner},
    )


# ---- park2024: adaptive piecewise linear units -----------------------------------------------------------------


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
    followed = [96, 128, 256]  # in the published experiment files of agostinelli2015
    return Evidence(
        f"described {described}, reported {reported}, in the experiment it follows {followed}",
        expected="the same numbers in both places",
        cases={"as reported with the results": described == reported},
        core={"as in the network it follows": described == followed},
    )


@claim(
    "Its layers have 98, 128 and 256 neurons",
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
    # in its published experiment files: plain, and Network-in-Network
    hinges = {"CIFAR-10, plain": 5, "CIFAR-100, plain": 2, "CIFAR-10, NiN": 1, "CIFAR-100, NiN": 1}
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
    "Leaky ReLU stands between APL units and ReLU",
    verdict=TRUE,
    how=PUBLISHED,
    activations=("leaky_relu", "apl", "relu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-table",
)
def leaky_relu_stands_between_apl_and_relu():
    accuracy, loss = (_printed(q, place="Table 22") for q in ("accuracy", "last_test_loss"))
    return Evidence(
        "final accuracy and test loss, one run each: "
        + ", ".join(f"{name} {accuracy[name]:.1f} %, {loss[name]:.2f}" for name in accuracy),
        expected="between the two",
        cases={
            "in accuracy": accuracy["apl"] > accuracy["leaky_relu"] > accuracy["relu"],
            "in test loss": loss["apl"] < loss["leaky_relu"] < loss["relu"],
        },
    )


@claim(
    "The shapes that APL units learned resemble Leaky ReLU",
    verdict=IMPRECISE,
    corrected="One unit's in the third layer, by the text's results; the shapes at large it likens to ELU there. No "
    "distance is measured.",
    how=CITED,
    activations=("apl", "leaky_relu", "elu"),
    citations=("park2024",),
    where="chapters/08c_adaptive#sec-apl-shapes",
)
def learned_shapes_resemble_leaky_relu():
    results_say = {"the shapes": "ELU", "the unit of the third layer": "Leaky ReLU"}
    return Evidence(
        "section 5.4: " + ", ".join(f"{what} like {name}" for what, name in results_say.items()),
        expected="Leaky ReLU, for the shapes at large",
        cases={"the shapes at large": results_say["the shapes"] == "Leaky ReLU"},
        core={"one unit": "Leaky ReLU" in results_say.values()},
    )


@claim(
    "Fixed ReLU and Leaky ReLU train stably",
    verdict=OPEN,
    corrected="Their first epoch is better than that of APL units. Stability would take several runs.",
    how=OPENLY,
    activations=("relu", "leaky_relu", "apl"),
    citations=("park2024",),
    where="chapters/08c_adaptive#fig-apl-arms",
)
def fixed_functions_train_stably():
    return Evidence("one run of each, and curves in figures only: no spread over runs to compare")


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
    "With more layers the gap between APL units and fixed functions narrows",
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


@claim(
    "ELU, GELU and Swish cost more to compute than ReLU",
    verdict=TRUE,
    corrected="On the processor on which it was timed, and of the function alone. In a layer of 512 units the "
    "difference is small.",
    how=STORED,
    activations=("elu", "gelu", "silu", "relu"),
    where="appendix/catalog#cost-of-activations",
)
def elu_gelu_and_swish_cost_more_than_relu():
    cost = {row["activation"]: row for row in _rows("activation_cost") if row["form"] == "torch"}
    names = ("elu", "gelu", "silu")
    return Evidence(
        "processor time over that of ReLU, torch's own forms, alone, with the gradient, and in a layer of 512 units: "
        + "; ".join(
            f"{name} " + ", ".join(f"{cost[name][f'{what}_ratio']:.2f}" for what in ("forward", "both", "layer"))
            for name in names
        ),
        expected="at least a tenth more, alone and with the gradient",
        cases={name: min(cost[name]["forward_ratio"], cost[name]["both_ratio"]) > 1.1 for name in names},
    )


@claim(
    "No single activation is the best everywhere",
    verdict=CONDITIONS,
    corrected="Six functions share the ten first places; but in most of the comparisons the first is ahead by no "
    "more than chance, so they don't show that another would have been worse.",
    how=PUBLISHED,
    activations=("relu", "leaky_relu", "elu", "selu", "sigmoid", "gelu"),
    citations=("park2024",),
)
def no_activation_is_best_everywhere():
    n_images, n_sentences = (
        _printed("test", place="Section 3.1")["all"],
        _printed("test", place="Section 3.3")["CoLA"],
    )
    scores = {
        f"{e}, {task}": (_tables(t, task, "accuracy"), n_images)
        for e, t in [("CNN", CNN), ("ResNet50", RESNET)]
        for task in IMAGES
    }
    for task in ("CoLA", "SST-2"):
        scores[f"BERT, {task}"] = {k: 100 * v for k, v in _tables(BERT, task, "accuracy").items()}, n_sentences
    order = {where: sorted(of, key=of.get)[::-1] for where, (of, _) in scores.items()}
    ahead = {where: _gap(of, *order[where][:2], n) for where, (of, n) in scores.items()}
    winners = {names[0] for names in order.values()}
    clear = [where for where in ahead if ahead[where] > 2]
    return Evidence(
        f"{len(winners)} winners in {len(scores)} comparisons ({', '.join(sorted(winners))}); ahead of the second by "
        f"more than 2 standard errors in {len(clear)}: {'; '.join(clear)}",
        expected="different winners, each ahead of the second by more than 2 standard errors",
        cases={"more than one winner": len(winners) > 1}
        | {f"{where}: {order[where][0]} ahead beyond chance": z > 2 for where, z in ahead.items()},
    )
