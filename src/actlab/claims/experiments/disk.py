"""Claims about the comparison on the disk: its task, its script, and what its records and errors hold."""

import math
from functools import cache

import numpy as np
import torch
from torch.nn import functional

from ... import data, networks, train
from .. import (
    CONDITIONS,
    FALSE,
    IMPRECISE,
    STORED,
    TRUE,
    Evidence,
    claim,
)
from ._stored import _disk, _medians, _place, _printed


def _inside(c):
    """P(x^2 + y^2 < 1) for normal coordinates of standard deviation c, by a sum over x of P(|y| < sqrt(1 - x^2))."""
    nodes, weights = np.polynomial.legendre.leggauss(100)
    angle = nodes * math.pi / 2  # x = sin(angle): no square-root end
    density = np.exp(-(np.sin(angle) ** 2) / (2 * c**2)) / (c * math.sqrt(2 * math.pi))
    within = np.array([math.erf(math.cos(a) / (c * math.sqrt(2))) for a in angle])
    return float((weights * density * within * np.cos(angle)).sum() * math.pi / 2)


@claim(
    "The scale of the disk's coordinates puts half of the points inside the unit circle",
    verdict=TRUE,
    corrected="The probability is 1/2. Of 1000 sampled points, 500 +- 16 lie inside.",
    where="chapters/08_experiments#sec-exp-task",
)
def half_of_the_points_lie_inside():
    probability = _inside(1 / math.sqrt(2 * math.log(2)))
    counts = [int(data.disk(1000, seed=seed).train_y.sum()) for seed in range(10)]
    return Evidence(
        f"probability {probability:.6f}; in ten draws of 1000 between {min(counts)} and {max(counts)} points inside",
        expected="half inside, up to the chance of a sample",
        cases={
            "in probability, to 1e-12": abs(probability - 0.5) < 1e-12,
            "in ten draws of 1000 together, within 2 standard errors": abs(sum(counts) - 5000) < 2 * math.sqrt(2500),
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
    own=True,
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


@cache
def _short_runs():
    """Training loss of eight starts on one draw of the disk, 40 steps: shape (starts, steps)."""
    task = data.disk(1000, test=1, seed=0)
    starts = [networks.mlp([2, 16, 8, 1], "relu", seed=seed) for seed in range(8)]
    return torch.stack([train.fit(network, task, steps=40).loss for network in starts]).double()


@claim(
    "The stored records hold the loss after each step, the last one being number 2000",
    verdict=FALSE,
    own=True,
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
    own=True,
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
    own=True,
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
    own=True,
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
    own=True,
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
