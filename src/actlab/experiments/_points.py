"""The studies of small networks on points of the plane: the disk and XOR."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from .. import checks, data, ensemble, networks, stored, train
from .._names import one_of
from ._numbers import LAST_SEED, MOST, combinations, real, refuse_set, whole, wholes
from ._run import Study, seeds

__all__ = ["Setting", "disk", "published", "published_loss", "tuned", "xor"]

# The eight functions of the published comparison on the disk, in the order of its table.
published = ("leaky_relu", "gelu", "elu", "silu", "tanh", "relu", "softplus", "sigmoid")

# What a task's name stands for: a `Setting` in, a `data.Split` out.
TASKS = {
    "disk": lambda setting: data.disk(setting.points, test=setting.test_points, seed=setting.draw),
    "xor": lambda setting: data.xor(),
}

LOSSES = tuple(name for name in train.losses if name != "cross_entropy")  # which takes an output for each class


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
            ("loss", self.loss, LOSSES),
        ]:
            one_of(there, name, kind)
        # one spelling for 1 and 1.0, a list and a tuple, numpy's integers and Python's: a run has one key
        spelled = {
            "draw": whole("draw", self.draw, 0, LAST_SEED),
            "points": whole("points", self.points),
            "test_points": whole("test_points", self.test_points),
            "sizes": wholes("sizes", self.sizes),
            "scheme": self.scheme if isinstance(self.scheme, str) else real("scheme", self.scheme, zero=True),
            "rate": checks.rate(real("rate", self.rate)),
            "steps": whole("steps", self.steps),
        }
        tests = wholes("test_steps", self.test_steps, 0, MOST, length=MOST)
        spelled["test_steps"] = tuple(sorted(set(tests)))
        for name, value in spelled.items():
            object.__setattr__(self, name, value)
        if len(self.sizes) < 2 or (self.sizes[0], self.sizes[-1]) != (2, 1):
            raise ValueError(
                f"sizes begins with the two coordinates and ends with the one answer of {self.task}, as (2, 4, 1) "
                f"does; got {list(self.sizes)}"
            )
        _check_start(len(self.sizes), self.activation, self.scheme)  # says what is wrong with the last two
        if self.test_steps and self.test_steps[-1] > self.steps:
            raise ValueError(f"test_steps stand between step 0 and step {self.steps}, got {list(self.test_steps)}")
        if self.task == "xor" and (self.draw, self.points, self.test_points) != (0, 4, 4):
            raise ValueError("XOR has four points, which are its test points too: draw=0, points=4, test_points=4")

    def engine(self, asked: str | None = None) -> str:
        """What trains this setting's runs: what is asked for, or the fastest that works here.

        Raises KeyError for an engine that there is not, ValueError for one that cannot run here.
        """
        best = ensemble.engine_for(self.activation)
        if asked is not None:
            one_of(ensemble.engines, asked, "engine")
        if asked == "compiled" != best:
            raise ValueError(
                f"the compiled engine needs numba (pip install 'actlab[fast]') and an activation that neither learns"
                f" nor draws, got {self.activation}"
            )
        return asked or best

    def ready(self) -> None:
        """There is nothing to be had first: points are drawn."""

    def batch(self, share: int) -> int:
        """How many runs make a job of some seconds, where a worker's part is `share`: full chunks, if it reaches."""
        return max(16, min(64_000_000 // (self.steps * max(self.points, 100)), share))

    def memory(self, runs: int, engine: str) -> dict[str, int]:
        """Bytes that a job of so many runs takes at the least, by what they are for."""
        weights = sum(before * after + after for before, after in pairwise(self.sizes))
        # the compiled engine goes through the points in blocks, the other holds each unit and its gradient at all
        held = 8 * min(runs, 16) * self.points * sum(self.sizes[1:]) if engine == "stacked" else 0
        return {
            "points and test_points": 28 * (self.points + self.test_points) + held,  # 28: while they are drawn
            "sizes": 16 * weights * min(runs, 16),  # weights, their gradients and Adam's two moments
            "steps": 16 * runs * (self.steps + len(self.test_steps)),  # twice: while they are joined
        }

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
def _check_start(layers, activation, scheme):
    """Draw the smallest network with so many layers, which says whether activation and scheme go together."""
    networks.mlp((1,) * layers, activation, scheme=scheme)


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
    refuse_set("disk", further, task="name", activation="activations", draw="draws", rate="rates")
    steps = whole("steps", steps)
    shared = {"task": "disk", "steps": steps, "test_steps": [steps * quarter // 4 for quarter in range(5)], **further}
    settings = [
        Setting(activation=activation, draw=draw, rate=rate, **shared)
        for activation, draw, rate in combinations("disk", activations=activations, draws=draws, rates=rates)
    ]
    return Study("disk", settings, seeds(runs), varied=("activation", "draw", "rate"))


def published_loss(setting: Mapping[str, Any]) -> float | None:
    """The training loss that {cite}`gustaw2025` prints for a setting, as a store has it; None for another setting.

    Theirs is that of `disk()` as it stands, whatever the draw of the points, which they do not publish, and whatever
    the tests.
    """
    ours = asdict(Setting("disk", published[0]))
    theirs = {name: ours[name] for name in ours if name not in ("activation", "draw", "test_points", "test_steps")}
    if any(setting.get(name) != value for name, value in json.loads(json.dumps(theirs)).items()):
        return None
    return _printed_losses().get(setting["activation"])


@cache
def _printed_losses():
    return {
        row["activation"]: row["value"]
        for row in stored.load("published")
        if (row["source"], row["task"], row["quantity"]) == ("gustaw2025", "disk", "train_loss")
    }


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
    given = {"activation": "activations", "scheme": "scales", "loss": "losses", "rate": "losses", "sizes": "widths"}
    refuse_set("xor", further, task="name", **given)
    losses = {"bce": 0.1, "brier": 0.05} if losses is None else losses
    steps, test_every = whole("steps", steps), whole("test_every", test_every)
    tests = [*range(0, steps, test_every), steps]
    shared = {"task": "xor", "points": 4, "test_points": 4, "optimizer": "sgd", "steps": steps, "test_steps": tests}
    settings = [
        Setting(activation=activation, scheme=scale, loss=loss, rate=rate, sizes=(2, width, 1), **shared | further)
        for width, scale, (loss, rate), activation in combinations(
            "xor", widths=widths, scales=scales, losses=losses.items(), activations=activations
        )
    ]
    return Study("xor", settings, seeds(runs), varied=("activation", "scheme", "loss", "rate", "sizes"))


def tuned(activation: str, column: str) -> tuple[float, np.ndarray]:
    """The stored runs of an activation on the disk at the rate that suits it: (rate, losses by draw).

    column: "train_loss" or "test_loss" after 2000 steps of Adam. The rate is that of the lowest median of this loss
    on ten other draws; a draw's loss is the median of its starts, shape (draws,), in order of the draws, which are
    the same for all activations. A run that diverged has an infinite loss. Raises KeyError for an activation that has
    no such runs.
    """

    def losses(table, key, **wanted):
        found = {}
        for row in stored.load("disk", table):
            if all(row[name] == value for name, value in wanted.items()):
                found.setdefault(row[key], []).append(np.inf if row["diverged"] else row[column])
        return {value: np.median(found[value]) for value in sorted(found)}

    tried = losses("rates", "rate", activation=activation)
    if not tried:
        raise KeyError(f"data/disk has no rates of {activation!r}")
    rate = min(tried, key=tried.get)
    by_draw = losses("tuned", "draw", activation=activation, rate=rate)
    if not by_draw:
        raise KeyError(f"data/disk has no runs of {activation!r} at the rate {rate:g} that was chosen")
    return rate, np.array(list(by_draw.values()))
