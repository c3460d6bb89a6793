"""The study of units that learn their shape: APL beside ReLU, and what is needed to say why one is ahead."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .. import activations, data, networks, train
from .._names import one_of
from ._deep import Deep
from ._numbers import combinations, whole
from ._run import Study, seeds

__all__ = ["Adaptive", "adaptive", "arms"]

TASKS = {"mnist": (1, 28), "cifar10": (3, 32)}  # channels and side of an image
NETWORKS = ("net", "stack")
STARTS = ("he", "zero")
WEIGHTED = nn.Conv2d | nn.Linear
DEEPEST = 1000  # convolutions of a stack
HE = math.sqrt(6)  # torch draws weights with variance 1 / (3 fan in); He's start for ReLU has 2 / fan in

# The arms of the study by name: what published comparisons have, other learned units, and controls of APL and ReLU.
arms: dict[str, dict[str, Any]] = {
    "relu": {"activation": "relu"},
    "leaky_relu": {"activation": "leaky_relu"},
    "prelu": {"activation": "prelu"},
    "swish": {"activation": "swish"},
    **{f"apl_{s}": {"activation": "apl", "hinges": s} for s in (1, 2, 3, 4, 5, 10)},
    "apl_5_zero": {"activation": "apl", "hinges": 5, "start": "zero"},
    "apl_5_frozen": {"activation": "apl", "hinges": 5, "frozen": True},
    "relu_he": {"activation": "relu", "gain": HE},
    "apl_5_he": {"activation": "apl", "hinges": 5, "gain": HE},
}


@dataclass(frozen=True)
class Adaptive(Deep):
    """Everything that decides the numbers of a run but its seed, which moves weights, units, order and images.

    activation: a name of the catalog; "apl" stands for units of their own for each channel, "prelu" for a slope for
    each channel, "swish" for one learned beta in each layer. hinges, start, frozen: those of `networks.APL`; other
    activations have 0 hinges, start "he" and are not frozen. task: "mnist" or "cifar10"; points, test_points: images,
    drawn by the run's seed; side: of an image after the mean over squares of pixels, a divisor of 28 or 32. network:
    "net" for `networks.conv_net` with these widths and hidden layers, or "stack" for `networks.conv_stack`, as deep
    as there are widths, which are equal, and without hidden layers. epochs, batch_size, rate: of Adam. gain: what the
    weights of all layers but the last are multiplied by at the start.
    Raises KeyError for a name that there is not, ValueError where numbers make no sense.
    """

    activation: str
    hinges: int = 0
    start: str = "he"
    frozen: bool = False
    task: str = "mnist"
    points: int = 2000
    test_points: int = 1000
    side: int = 28
    network: str = "net"
    widths: tuple[int, ...] = (8, 16, 32)
    hidden: tuple[int, ...] = (64,)
    epochs: int = 8
    batch_size: int = 32
    rate: float = 1e-3
    gain: float = 1.0

    def __post_init__(self):
        activations.get(self.activation)
        one_of(TASKS, self.task, "task")
        one_of(NETWORKS, self.network, "network")
        one_of(STARTS, self.start, "start")
        self._spell()
        apart = (self.hinges, self.start, self.frozen) != (0, "he", False)
        if self.activation == "apl" and self.hinges < 1:
            raise ValueError(f"an APL unit has at least one hinge, got hinges={self.hinges}")
        if self.activation != "apl" and apart:
            raise ValueError(f"hinges, start and frozen are of APL units; {self.activation} has none of them")
        full = TASKS[self.task][1]
        if self.side < 1 or full % self.side:
            raise ValueError(f"images of {self.task} have side {full} or a divisor of it, got side={self.side}")
        if self.network == "stack" and (not self.widths or len(set(self.widths)) > 1 or self.hidden):
            raise ValueError(
                f"a stack has equal widths and nothing hidden, got widths={self.widths}, hidden={self.hidden}"
            )
        self._check_images()
        self._check_updates(f"epochs={self.epochs}")
        # says what is wrong with the shape of the network, on the smallest that has it
        self._network((1,) * len(self.widths), (1,) * len(self.hidden), hinges=min(self.hinges, 1), seed=0)

    @property
    def steps(self) -> int:
        return self.epochs * math.ceil(self.points / self.batch_size)

    @property
    def kept(self) -> tuple[int, ...]:
        """The epochs after which shapes are kept: those of the published figure, and the last."""
        return (*(epoch for epoch in (0, 1, 3, 5) if epoch < self.epochs), self.epochs)

    def build(self, seed: int) -> nn.Sequential:
        """The network of a run, before its first update."""
        network = self._network(self.widths, self.hidden, self.hinges, seed)
        with torch.no_grad():
            for layer in network[:-1]:
                if isinstance(layer, WEIGHTED):
                    layer.weight *= self.gain
        return network

    def _network(self, widths, hidden, hinges, seed):
        shared = {"channels": TASKS[self.task][0], "seed": seed}
        if self.activation == "apl":
            shared |= {"hinges": hinges, "start": self.start, "frozen": self.frozen}
        if self.network == "stack":
            return networks.conv_stack(self.activation, len(widths), width=widths[0], **shared)
        return networks.conv_net(self.activation, widths=widths, hidden=hidden, side=self.side, **shared)

    def memory(self, runs: int, engine: str) -> dict[str, int]:
        """Bytes that a run takes at the least: of all weights, their gradients and Adam's two moments."""
        widths = (TASKS[self.task][0], *self.widths)
        weights = (9 if self.network == "stack" else 25) * sum(a * b for a, b in pairwise(widths))
        hidden = sum(a * b for a, b in pairwise((self.widths[-1], *self.hidden, 10)))
        return {
            "widths and hidden": 16 * (weights + hidden),
            "hinges": 32 * self.hinges * sum((*self.widths, *self.hidden)),
        }

    def split(self, seed: int) -> data.Split:
        """The images of a run."""
        full = TASKS[self.task][1]
        split = getattr(data, self.task)(self.points, test=self.test_points, seed=seed)
        if self.side == full:
            return split
        small = (functional.avg_pool2d(x, full // self.side) for x in (split.train_x, split.test_x))
        return data.Split(next(small), split.train_y, next(small), split.test_y)

    def course(self, seed: int, device: str) -> tuple[train.BatchHistory, dict[str, np.ndarray]]:
        """Train; for APL units the arrays a and b, shape (epochs kept, hinges, units of all layers), come beside."""
        network, shapes = self.build(seed), {"a": [], "b": []}
        units = [layer for layer in network if isinstance(layer, networks.APL)]

        def keep(epoch, _):
            if units and epoch in self.kept:
                for name, values in shapes.items():
                    values.append(torch.cat([getattr(layer, name).detach() for layer in units], dim=1).cpu().numpy())

        weighted = [name for name, layer in network.named_children() if isinstance(layer, WEIGHTED)]
        history = train.fit_batches(
            network,
            self.split(seed),
            steps=self.steps,
            batch=self.batch_size,
            rate=self.rate,
            seed=seed,
            layers=weighted,
            watch=keep,
            device=device,
        )
        return history, {name: np.stack(values) for name, values in shapes.items() if values}


def adaptive(runs: int = 5, names: Iterable[str] = tuple(arms), depths: Iterable[int] = (), **further: Any) -> Study:
    """The study of adaptive units: arms by name, each with the seeds 0 to runs - 1.

    As it stands it is the network with three convolutions, 8, 16 and 32 wide, and 64 hidden units, on 2,000 digits,
    8 epochs in batches of 32, with all of `arms`. depths: in its place stacks of so many convolutions, 16 wide, on
    digits of 14 x 14, 6 epochs in batches of 16 at rate 0.003, since at the network's rate they have hardly begun to
    learn by then. further: other entries of every `Adaptive`, such as task="cifar10".
    """
    names = [name for (name,) in combinations("adaptive", names=names)]
    for entry in further:
        for name in names:
            if entry in arms[one_of(arms, name, "arm")]:
                raise ValueError(f"{entry} of adaptive is what the arm {name} stands for: leave one of them out")
    chosen = [arms[one_of(arms, name, "arm")] for name in names]
    stack = {"network": "stack", "hidden": (), "side": 14, "batch_size": 16, "rate": 3e-3, "epochs": 6}
    shapes = [stack | {"widths": (16,) * whole("depths", depth, 1, DEEPEST)} for depth in depths] or [{}]
    if shapes != [{}] and "widths" in further:
        raise ValueError("widths of adaptive follow from depths: leave one of them out")
    settings = [
        Adaptive(**(arm | shape | further)) for shape, arm in combinations("adaptive", depths=shapes, names=chosen)
    ]
    return Study(
        "adaptive", settings, seeds(runs), varied=("activation", "hinges", "start", "frozen", "widths", "gain")
    )
