"""The network that chapters 2 and 7 carry through: digits in, two hidden layers, ten logits out."""

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from .. import activations, data, networks

__all__ = ["alike", "different", "digits", "first_loss", "learn", "network"]

SIZES = (784, 100, 100, 10)


def digits(n: int = 2000, *, test: int = 1000, seed: int = 50) -> data.Split:
    """Handwritten digits as rows of 784 pixels from -1 to 1, with their labels; raises as `data.mnist` does."""
    task = data.mnist(n, test=test, seed=seed)
    return data.Split(task.train_x.flatten(1), task.train_y, task.test_x.flatten(1), task.test_y)


def network(
    activation: str | activations.Activation = "sigmoid",
    *,
    start: str = "lecun",
    gain: float = 1.0,
    output: float = 1.0,
    seed: int = 0,
    sizes: Sequence[int] = SIZES,
) -> nn.Sequential:
    """The network before training. output: a factor on the weights of its last layer alone.

    Everything else is that of `networks.initialize`, which draws the weights and raises for what it does not know.
    """
    drawn = networks.initialize(networks.mlp(sizes, activation), start, seed=seed, gain=gain).network
    with torch.no_grad():
        drawn[-1].weight *= output
    return drawn


def alike(net: nn.Sequential, value: float = 0.0) -> nn.Sequential:
    """The same network, changed in place: every weight is value over the root of its fan-in, every bias 0."""
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Linear):
                layer.weight.fill_(value / math.sqrt(layer.in_features))
                layer.bias.zero_()
    return net


def different(layer: nn.Linear, *, apart: float = 0.01) -> int:
    """How many units of a layer differ: one counts if it is further than a share of its size from each before it.

    Units that begin alike may come apart in their last digits, since a product of matrices sums in blocks.
    """
    weights = torch.cat([layer.weight, layer.bias[:, None]], dim=1).detach()
    kept = weights[:0]
    for unit in weights:
        if ((unit - kept).norm(dim=1) > apart * unit.norm()).all():
            kept = torch.cat([kept, unit[None]])
    return len(kept)


@torch.no_grad()
def first_loss(net: nn.Sequential, task: data.Split) -> float:
    """Cross-entropy on the training digits, as the network is now."""
    return cross_entropy(net(task.train_x), task.train_y).item()


def learn(
    net: nn.Sequential, task: data.Split, *, steps: int = 300, batch: int = 32, rate: float = 0.001, seed: int = 0
) -> list[float]:
    """Train the network in place by Adam; return the loss of each batch before its update.

    seed: of the order of the digits, so that networks can be given the same batches.
    """
    generator = torch.Generator().manual_seed(1_000_003 + seed)  # not the numbers that drew the weights
    update, losses = torch.optim.Adam(net.parameters(), lr=rate), []
    for _ in range(steps):
        chosen = torch.randint(len(task.train_x), (batch,), generator=generator)
        loss = cross_entropy(net(task.train_x[chosen]), task.train_y[chosen])
        update.zero_grad()
        loss.backward()
        update.step()
        losses.append(loss.item())
    return losses
