"""The study of activations in convolutional networks, on digits and on small photographs."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import nn

from .. import activations as catalog
from .. import data, networks, train
from .._names import one_of
from ._deep import Deep
from ._numbers import combinations, refuse_set
from ._run import Study, seeds

__all__ = ["Images", "early_stop", "five", "images"]

# The five functions of the published comparison, in the order of its tables.
five = ("sigmoid", "relu", "leaky_relu", "elu", "selu")

CHANNELS = {"mnist": 1, "cifar10": 3}
SIZES = {"mnist": 28, "cifar10": 32}
BLOCKS = {
    "resnet18": {"blocks": (2, 2, 2, 2), "bottleneck": False},
    "resnet50": {},
    "resnet50_narrow": {"width": 16},  # as deep, with a quarter of the channels
}
NETWORKS = ("cnn", *BLOCKS)


@dataclass(frozen=True)
class Images(Deep):
    """Everything that decides the numbers of a run but its seed, which moves weights, order and images.

    activation: a name of the catalog. task: "mnist" for the 5,000 digits of data/mnist, or "cifar10"; points,
    test_points: how many of its images, drawn by the run's seed. network: "cnn" for `networks.cnn`, "resnet18" or
    "resnet50" for `networks.resnet`, "resnet50_narrow" for ResNet-50 with a quarter of its channels. optimizer, rate,
    momentum, batch_size, every: those of `train.fit_batches`; momentum is SGD's alone, and every=0 a row of results
    for each epoch. epochs: how often training passes over the images.
    Raises KeyError for a name that there is not, ValueError where numbers make no sense.
    """

    activation: str
    task: str = "mnist"
    network: str = "cnn"
    optimizer: str = "sgd"
    rate: float = 1e-3
    momentum: float = 0.9
    epochs: int = 50
    points: int = 2000
    test_points: int = 1000
    batch_size: int = 64
    every: int = 0

    def __post_init__(self):
        catalog.get(self.activation)
        one_of(CHANNELS, self.task, "task")
        one_of(NETWORKS, self.network, "network")
        one_of(train.batch_optimizers, self.optimizer, "optimizer")
        self._spell()
        self._check_images()
        self._check_updates(f"epochs={self.epochs}")
        if self.every and self.steps % self.every:
            raise ValueError(f"every={self.every} is no divisor of the {self.steps} updates; 0 stands for an epoch")

    @property
    def steps(self) -> int:
        return self.epochs * math.ceil(self.points / self.batch_size)

    def build(self, seed: int) -> nn.Sequential:
        """The network of a run, before its first update."""
        if self.network == "cnn":
            return networks.cnn(self.activation, channels=CHANNELS[self.task], size=SIZES[self.task], seed=seed)
        return networks.resnet(self.activation, channels=CHANNELS[self.task], seed=seed, **BLOCKS[self.network])

    @property
    def layers(self) -> tuple[str, ...]:
        """Where gradients are measured: each layer of the cnn; the stem, blocks and head of a ResNet."""
        if self.network == "cnn":
            return ("conv1", "conv2", "fc1", "fc2", "fc3")
        blocks = BLOCKS[self.network].get("blocks", (3, 4, 6, 3))
        return ("stem", *(f"stage{i}.{j}" for i, n in enumerate(blocks, start=1) for j in range(n)), "head")

    def split(self, seed: int) -> data.Split:
        """The images of a run."""
        return getattr(data, self.task)(self.points, test=self.test_points, seed=seed)

    def course(self, seed: int, device: str) -> tuple[train.BatchHistory, dict[str, np.ndarray]]:
        """Train one run; a ResNet is tested with the statistics of the test batches too."""
        history = train.fit_batches(
            self.build(seed),
            self.split(seed),
            steps=self.steps,
            batch=self.batch_size,
            every=self.every or None,
            rate=self.rate,
            optimizer=self.optimizer,
            momentum=self.momentum if self.optimizer == "sgd" else 0.0,
            seed=seed,
            layers=self.layers,
            batch_statistics=self.network != "cnn",
            device=device,
        )
        return history, {}


def images(
    runs: int = 5,
    activations: Iterable[str] = five,
    optimizers: Iterable[str] = ("sgd", "adam"),
    rates: Iterable[float] = (1e-3,),
    **further: Any,
) -> Study:
    """The study of images: activations, optimisers and rates, each combination with the seeds 0 to runs - 1.

    As it stands it is the published comparison on fewer digits: the small convolutional network, 2,000 digits, SGD
    with momentum 0.9 and Adam at rate 0.001, batches of 64, 50 epochs. further: other entries of every `Images`,
    such as network="resnet50" or task="cifar10".
    """
    refuse_set("images", further, activation="activations", optimizer="optimizers", rate="rates")
    settings = [
        Images(activation=activation, optimizer=optimizer, rate=rate, **further)
        for optimizer, rate, activation in combinations(
            "images", optimizers=optimizers, rates=rates, activations=activations
        )
    ]
    return Study("images", settings, seeds(runs), varied=("activation", "optimizer", "rate", "epochs"))


def early_stop(losses: ArrayLike, patience: int = 5) -> int | None:
    """The epoch after which training ends that waits `patience` epochs for a loss below the lowest so far.

    losses: of the validation after epochs 1, 2 and so on, at least one; a loss that is not finite is never lower.
    None where the rule does not end it. Raises ValueError for no losses or a patience below 1.
    """
    losses = np.asarray(losses, dtype=np.float64)
    if losses.ndim != 1 or not len(losses) or patience < 1:
        raise ValueError(f"a row of losses and a patience of 1 or more, got shape {losses.shape} and {patience}")
    best, since = math.inf, 0
    for epoch, loss in enumerate(losses.tolist(), start=1):
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since == patience:
            return epoch
    return None
