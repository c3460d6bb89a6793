"""The studies of small networks on points of the plane: the disk and XOR."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from .. import data, ensemble, networks, train
from .._names import one_of
from ._run import Study

__all__ = ["Setting", "disk", "published", "xor"]

# The eight functions of the published comparison on the disk, in the order of its table.
published = ("leaky_relu", "gelu", "elu", "silu", "tanh", "relu", "softplus", "sigmoid")

# What a task's name stands for: a `Setting` in, a `data.Split` out.
TASKS = {
    "disk": lambda setting: data.disk(setting.points, test=setting.test_points, seed=setting.draw),
    "xor": lambda setting: data.xor(),
}


@dataclass(frozen=True)
class Setting:
    """Everything that decides the numbers of a run but its seed, which draws the weights.

    task: "disk" or "xor". draw: the seed of its points; points, test_points: how many; XOR has its four. sizes,
    activation, scheme: those of `networks.mlp`. rate, optimizer, loss, steps, test_steps: those of
    `ensemble.fit_many`. Raises KeyError for a name that there is not, ValueError where numbers make no sense.
    """

    task: str
    activation: str
    draw: int = 0
    points: int = 1000
    test_points: int = 20_000
    sizes: tuple[int, ...] = (2, 16, 8, 1)
    scheme: str | float = "torch"
    rate: float = 0.01
    optimizer: str = "adam"
    loss: str = "bce"
    steps: int = 2000
    test_steps: tuple[int, ...] = ()

    def __post_init__(self):
        for kind, name, there in [
            ("task", self.task, TASKS),
            ("optimizer", self.optimizer, train.optimizers),
            ("loss", self.loss, train.losses),
        ]:
            one_of(there, name, kind)
        # one spelling for 1 and 1.0, a list and a tuple, numpy's integers and Python's: a run has one key
        spelling = dict.fromkeys(("draw", "points", "test_points", "steps"), int) | {
            "rate": float,
            "scheme": lambda scheme: scheme if isinstance(scheme, str) else float(scheme),
            "sizes": lambda sizes: tuple(map(int, sizes)),
            "test_steps": lambda steps: tuple(sorted(set(map(int, steps)))),
        }
        for name, spelled in spelling.items():
            object.__setattr__(self, name, spelled(getattr(self, name)))
        _draw(self.sizes, self.activation, self.scheme)  # says what is wrong with these three
        if self.sizes[0] != 2 or self.sizes[-1] != 1:
            raise ValueError(f"{self.task} has two coordinates and one answer; got sizes {list(self.sizes)}")
        if self.steps < 1 or not 0 < self.rate < math.inf:
            raise ValueError(f"steps and rate must be positive, got steps={self.steps}, rate={self.rate}")
        if self.test_steps and not 0 <= self.test_steps[0] <= self.test_steps[-1] <= self.steps:
            raise ValueError(f"tests stand between step 0 and step {self.steps}, got {list(self.test_steps)}")
        if self.task == "xor" and (self.draw, self.points, self.test_points) != (0, 4, 4):
            raise ValueError("XOR has four points, which are its test points too: draw=0, points=4, test_points=4")
        if self.points < 1 or self.test_points < 1:
            raise ValueError(f"there is at least one point, got points={self.points}, test_points={self.test_points}")

    def engine(self, asked: str | None = None) -> str:
        """What trains this setting's runs: what is asked for, or the fastest that works here.

        Raises KeyError for an engine that there is not, ValueError for one that cannot run here.
        """
        best = ensemble.engine_for(self.activation)
        if asked is not None and asked not in ensemble.engines:
            raise KeyError(f"no engine named {asked!r}; there are {', '.join(ensemble.engines)}")
        if asked == "compiled" != best:
            raise ValueError(
                f"the compiled engine needs numba (pip install 'actlab[fast]') and an activation that neither learns"
                f" nor draws, got {self.activation}"
            )
        return asked or best

    def batch(self, share: int) -> int:
        """How many runs make a job of some seconds, where a worker's part is `share`: full chunks, if it reaches."""
        return max(16, min(64_000_000 // (self.steps * max(self.points, 100)), share))

    def train(self, seeds: Sequence[int], engine: str) -> dict[str, np.ndarray]:
        """The arrays of `results.Store.add`, a row for each seed."""
        found = ensemble.fit_many(
            self.sizes,
            self.activation,
            TASKS[self.task](self),
            seeds=seeds,
            steps=self.steps,
            scheme=self.scheme,
            rate=self.rate,
            optimizer=self.optimizer,
            loss=self.loss,
            test_steps=self.test_steps,
            engine=engine,
        )
        names = ("loss", "seconds", "test_loss", "test_accuracy")
        return {name: getattr(found, name).float().numpy() for name in names}

    def __str__(self):
        return f"{self.activation}, draw {self.draw}, scheme {self.scheme}, {self.loss}, rate {self.rate:g}"


@cache
def _draw(sizes, activation, scheme):
    networks.mlp(sizes, activation, scheme=scheme)


def disk(
    runs: int = 1000,
    steps: int = 2000,
    activations: Iterable[str] = published,
    draws: Iterable[int] = (0,),
    rates: Iterable[float] = (0.01,),
    **further: object,
) -> Study:
    """The disk study: activations, draws of the points and rates, each combination with the seeds 0 to runs - 1.

    As it stands it is the published comparison: 1000 points, 2-16-8-1 units, torch's initialisation, Adam at rate
    0.01, 2000 steps, and beyond it a test on 20,000 fresh points at five steps, the ends among them. further: other
    entries of every `Setting`, such as points=200.
    """
    shared = {"task": "disk", "steps": steps, "test_steps": [steps * quarter // 4 for quarter in range(5)], **further}
    settings = [
        Setting(activation=activation, draw=draw, rate=rate, **shared)
        for activation, draw, rate in product(activations, draws, rates)
    ]
    return Study("disk", settings, range(runs), varied=("activation", "draw", "rate"))


def xor(
    runs: int = 100,
    steps: int = 5000,
    activations: Iterable[str] = ("sigmoid", "relu", "leaky_relu"),
    scales: Iterable[float | str] = (0.1,),
    losses: Mapping[str, float] | None = None,
    widths: Iterable[int] = (4,),
    test_every: int = 100,
    **further: object,
) -> Study:
    """The XOR study: activations, scales of the start, losses and widths, each with the seeds 0 to runs - 1.

    As it stands it is the published script's setting: 2-4-1 units, normal weights of standard deviation 0.1, no
    biases at the start, gradient descent on the four corners. losses: each with its rate; left out, "bce" at rate
    0.1, the loss that the script plots, and "brier" at rate 0.05, whose gradient is the one that it prints: that of
    half the squared error of the sigmoid, at rate 0.1. Tests stand every test_every steps and at the end.
    """
    losses = {"bce": 0.1, "brier": 0.05} if losses is None else losses
    tests = [*range(0, steps, test_every), steps]
    shared = {"task": "xor", "points": 4, "test_points": 4, "optimizer": "sgd", "steps": steps, "test_steps": tests}
    settings = [
        Setting(activation=activation, scheme=scale, loss=loss, rate=rate, sizes=(2, width, 1), **shared | further)
        for width, scale, (loss, rate), activation in product(widths, scales, losses.items(), activations)
    ]
    return Study("xor", settings, range(runs), varied=("activation", "scheme", "loss", "rate", "sizes"))
