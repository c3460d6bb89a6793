"""The small network written out, its digits, and the beginning of a stored run again."""

from collections.abc import Callable, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import activations, data, networks, train
from ...tables import Table
from .. import drawn
from ._stored import LAYERS, SGD, WORDS, column

__all__ = ["agrees", "digits_figure", "live", "live_table", "sizes"]


def digits_figure(seed: int = 0) -> Figure:
    """Twenty of the digits that a seed draws, two of each class."""
    split = data.mnist(2000, test=1000, seed=seed)
    fig, axes = plt.subplots(2, 10, figsize=(6.2, 1.5))
    for digit in range(10):
        some = split.train_x[split.train_y == digit][:2, 0]
        for ax, image in zip(axes[:, digit], some, strict=True):
            ax.imshow(image, cmap="gray_r")
            ax.set(xticks=[], yticks=[])
    return drawn(fig)


def sizes() -> dict[str, int]:
    """By data: how many numbers the network holds."""
    shapes = {"CIFAR-10": (3, 32), "MNIST": (1, 28)}
    found = {task: networks.cnn("elu", channels=c, size=s) for task, (c, s) in shapes.items()}
    return {task: sum(p.numel() for p in network.parameters()) for task, network in found.items()}


def agrees(forward: Callable, name: str = "elu") -> bool:
    """Whether a function of weights, activation and pictures gives what the packaged network gives."""
    network = networks.cnn(name, channels=3, size=32)
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    mine = forward(network.state_dict(), activations.get(name), x)
    return bool(torch.allclose(mine, network(x), atol=1e-5))


def live(names: Sequence[str] = ("sigmoid", "relu", "elu"), epochs: int = 5) -> dict[str, tuple[float, float]]:
    """By function: digits right after some epochs of SGD at rate 0.001, as trained now and as stored, seed 0."""
    split, found = data.mnist(2000, test=1000, seed=0), {}
    for name in names:
        course = train.fit_batches(
            networks.cnn(name, seed=0),
            split,
            steps=32 * epochs,
            rate=0.001,
            optimizer="sgd",
            momentum=0.9,
            seed=0,
            layers=LAYERS,
        )
        kept = column("test_accuracy", "curves", **SGD, activation=name)[0]
        found[name] = course.test_accuracy[-1].item(), float(kept[epochs])
    return found


def live_table(found: dict[str, tuple[float, float]]) -> Table:
    """What `live` gives, in per cent."""
    cells = [(WORDS[name], f"{100 * now:.0f}", f"{100 * kept:.0f}") for name, (now, kept) in found.items()]
    return Table(["right, %", "trained now", "stored"], cells)
