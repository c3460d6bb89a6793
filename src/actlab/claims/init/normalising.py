"""Claims about batch normalisation."""

import math

import torch
from torch import nn

from ... import data, networks
from .. import TRUE, Evidence, claim
from .._measure import GAINS, gradient_left, powers
from ._measure import CHAPTER, F64, _descend


@claim(
    "What batch normalisation normalises is a layer's input",
    verdict=TRUE,
    corrected="Each feature of it over the examples of a batch, usually the pre-activations, which it then scales "
    "and shifts by two learned numbers. It does not normalise an example's features (layer normalisation does), and "
    "in evaluation it uses running averages, which may lag.",
    citations=("ioffe2015",),
    where=f"{CHAPTER}#fig-init-parts",
)
def batch_norm_normalises_layer_inputs():
    features = torch.tensor([[1.0], [5.0], [20.0]], dtype=F64)  # three scales, so that rows and columns differ
    x = (features * (1 + torch.randn(3, 500, generator=torch.Generator().manual_seed(0), dtype=F64))).T
    layer = nn.BatchNorm1d(3, dtype=F64)
    trained, evaluated = layer(x).detach(), layer.eval()(x).detach()
    off = {
        "before": _off_normal(x),
        "a feature over the batch": _off_normal(trained),
        "an example over its features": _off_normal(trained.T),
        "in evaluation after one batch, a feature over the batch": _off_normal(evaluated),
    }
    return Evidence(
        "largest distance of the mean from 0 or the variance from 1: "
        + "; ".join(f"{of:.3f} ({where})" if of < 1 else f"above 1 ({where})" for where, of in off.items()),
        expected="a feature far from mean 0 and variance 1 before, and within 0.001 after",
        cases={"in training, a feature over the batch": off["a feature over the batch"] < 1e-3 < off["before"]},
    )


def _off_normal(columns):
    mean, variance = columns.mean(0), columns.var(0, correction=0)
    return torch.cat([mean.abs(), (variance - 1).abs()]).max().item()


@claim(
    "With batch normalisation vanishing gradients and dying ReLUs are less likely",
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
    "Batch normalisation often helps a training that is unstable to converge",
    verdict=TRUE,
    corrected="From weights at which the plain network overflows, with batches of some size. With batches of two it "
    "learns nothing: a feature of two examples is normalised to -1 and 1, whatever they were.",
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
            "batches of 64, unstable without": right["plain, batches of 64"] < 0.7,
            "batches of 64, normalised: it converges": right["normalised, batches of 64"] > 0.9,
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
