"""What several chapters show on real digits: the signals of a network by layer, forward and backward."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from .. import activations, data, networks

__all__ = ["signals"]

PARTS = ("pre-activation", "output", "delta")


def signals(
    activation: str | activations.Activation,
    *,
    start: str = "lecun",
    gain: float | str | activations.Activation = 1.0,
    depth: int = 10,
    width: int = 256,
    digits: int = 256,
    seed: int = 0,
    layers: Iterable[int] | None = None,
) -> dict[str, dict[int, Tensor]]:
    """What an untrained network makes of a batch of digits, by part and layer, each of shape (digits, units).

    The parts are the pre-activations, the outputs and the deltas: each example's gradient of its own loss
    (cross-entropy) with respect to the pre-activations. Layers are counted from 1 to depth; the output layer has
    none. layers: which of them are wanted; left out, all. The network is 784 - depth times width - 10, its weights
    those of the scheme `start` times gain, as `networks.initialize` draws them: gain 1 of "lecun" is a standard
    deviation of 1/sqrt(fan-in), and no biases. Pixels run from -1 to 1. The seed draws digits and weights. Raises as
    `networks.initialize` and `data.mnist` do, and ValueError for a layer that the network has not.
    """
    wanted = range(1, depth + 1) if layers is None else list(layers)
    if depth < 1 or not all(layer in range(1, depth + 1) for layer in wanted):
        raise ValueError(f"the layers of a network with {depth} of them are 1 to {depth}; asked for {list(wanted)}")
    act = activations.get(activation)
    network = networks.mlp([784, *[width] * depth, 10], act)
    networks.initialize(network, start, seed=seed, gain=gain)
    task = data.mnist(digits, test=1, seed=seed)
    z, outputs, signal = [], [], task.train_x.flatten(1)
    for position, layer in enumerate(network):
        # layers alternate: linear, activation, ..., linear
        signal = layer(signal)
        (outputs if position % 2 else z).append(signal)
    # the sum, not the mean: so each example's gradient is that of its own loss, whatever the size of the batch
    loss = cross_entropy(signal, task.train_y, reduction="sum")
    deltas = torch.autograd.grad(loss, z[:depth])
    found = zip(PARTS, (z, outputs, deltas), strict=True)
    return {part: {layer: values[layer - 1].detach() for layer in wanted} for part, values in found}
