"""Checks of chapter 08b."""

import math

import torch
from torch import nn

from ._kit import call, exercise


@exercise("08b-stop")
def _early_stop(function):
    cases = {  # losses, patience: the last epoch, and what the case tries
        ((5, 4, 3, 2, 1), 3): (5, "a loss that falls to the end is trained to the end"),
        ((3, 2, 4, 4, 4, 4), 3): (5, "three epochs without a new lowest are over after the third of them"),
        ((3, 1, 4, 3, 2, 2), 3): (5, "an epoch better than the one before it is not yet better than the best"),
        ((3, 2, 2, 2, 2, 1), 3): (5, "a loss equal to the best is no improvement"),
        ((3, 4, 2, 4, 4, 4, 1), 3): (6, "the count starts again at a new lowest, and what comes later is never seen"),
        ((math.nan, math.nan, 1), 2): (2, "a loss that is nan is not below anything"),
    }
    for (losses, patience), (epoch, why) in cases.items():
        found = call(function, list(losses), patience)
        assert isinstance(found, int), f"the number of an epoch is wanted, this is a {type(found).__name__}."
        assert found == epoch, (
            f"losses {', '.join(map(str, losses))} with a patience of {patience}: the last epoch is {epoch}, and "
            f"yours is {found}; {why}."
        )
    return "six curves, among them one that never stops and one that is nan."


@exercise("08b-refresh")
def _refresh(function):
    generator = torch.Generator().manual_seed(5)
    x = 3 + 2 * torch.randn(96, 4, generator=generator, dtype=torch.float64)
    network = nn.Sequential(
        nn.utils.skip_init(nn.Linear, 4, 6, dtype=torch.float64),
        nn.BatchNorm1d(6, dtype=torch.float64),
        nn.Tanh(),
        nn.utils.skip_init(nn.Linear, 6, 5, dtype=torch.float64),
        nn.BatchNorm1d(5, dtype=torch.float64),
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-1, 1, generator=generator)
        network(x + 5)  # running statistics of other data
    weights = {name: value.clone() for name, value in network.named_parameters()}
    found = call(function, network, x, 32)
    assert found is network, "the network that comes in is the one to give back."
    for name, value in network.named_parameters():
        assert torch.equal(value, weights[name]), f"{name} has changed: the weights are to stay as they are."
    inputs = [network[0](x)]
    hidden = torch.cat([network[2](_normed(network[1], part)) for part in inputs[0].split(32)])
    for layer, z in [(network[1], inputs[0]), (network[4], network[3](hidden))]:
        mean = torch.stack([part.mean(0) for part in z.split(32)]).mean(0).detach()
        variance = torch.stack([part.var(0) for part in z.split(32)]).mean(0).detach()
        off = ((layer.running_mean - mean).abs() / variance.sqrt()).max().item()
        spread = (layer.running_var / variance).log().abs().max().item()
        case = f"a running mean is {off:.2f} standard deviations off"
        assert int(layer.num_batches_tracked) != 1, (
            f"{case}: no batch has passed since; does the network pass in training mode?"
        )
        assert off < 1e-6 and spread < 1e-6, (
            f"{case}, and a running variance wrong by a factor of {math.exp(spread):.2f}: forget what was there "
            "(reset_running_stats), and give every batch the same weight (momentum None)."
        )
    assert not any(module.training for module in network.modules()), "the network is to be left in evaluation mode."
    return "both layers have the mean statistics of three batches, and the weights are as they were."


def _normed(layer, z):
    centred = (z - z.mean(0)) / (z.var(0, unbiased=False) + layer.eps).sqrt()
    return centred * layer.weight + layer.bias


@exercise("08b-read")
def _read(function):
    chance = math.log(10)
    cases = [  # norms from the first layer to the last, loss: fitted, attenuated, and what to look at
        ([0.003, 0.02, 0.06, 0.2, 0.8], 2.31, False, True, "the first layer hears a 270th of the last"),
        ([0.6, 1.0, 1.1, 1.1, 1.0], 1.9, False, False, "all layers hear about the same, and the loss is high"),
        (
            [1e-3, 2e-3, 2e-3, 2e-3, 2e-3],
            0.004,
            True,
            False,
            "small norms everywhere, because there is nothing to mend",
        ),
        ([0.02, 0.05, 0.05, 0.03, 0.05], 0.06, True, False, "small norms, even over the layers, and a small loss"),
        (
            [2e-6, 1e-4, 1e-3, 1e-3, 2e-3],
            0.01,
            True,
            True,
            "fitted, and still a factor of a thousand over the layers",
        ),
        ([390.0, 50.0, 20.0, 14.0, 10.0], 2.4, False, False, "a gradient that grows towards the first layer"),
    ]
    for norms, loss, fitted, attenuated, why in cases:
        found = call(function, torch.tensor(norms, dtype=torch.float64), loss)
        assert isinstance(found, tuple | list) and len(found) == 2, (
            f"two answers are wanted, (fitted, attenuated); this is {type(found).__name__!r}."
        )
        mine = tuple(bool(answer) for answer in found)
        words = f"norms {', '.join(f'{n:g}' for n in norms)} at a loss of {loss} (guessing has {chance:.2f})"
        told = [f"fitted is {a} and attenuated {b}" for a, b in ((fitted, attenuated), mine)]
        assert mine == (fitted, attenuated), f"{words}: {told[0]}, and yours: {told[1]}; {why}."
    return "six networks read: the level goes with the loss, the ratio with the depth."
