"""What centring buys and what the slope buys: four hidden functions, rate and gain tuned for each; some minutes.

f(z) = h (tanh(h z) + c): with h = 1/2 the sigmoid (c = 1) and the sigmoid less 1/2 (c = 0), with h = 1 one plus tanh
and tanh. The slope at 0 is h^2. Small networks on the disk, full batch, a constant rate; weights normal with standard
deviation gain / sqrt(fan-in), gain 1 for the output layer, biases 0. Each seed is a draw of the data and a start of
the weights, the same for the four functions. What is compared is the number of updates until the training loss is
below TARGET.

Rate and gain are chosen for each function on seeds of their own, and only then are the runs made that are reported:
see `best`.
"""

import math
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import softplus

from actlab import data, results

SEEDS, TUNING = range(40), range(100, 120)
TARGET, LATE, CAP, TUNING_CAP = 0.3, 200, 3000, 500
POINTS, FRESH = 100, 2000
TOGETHER = 40  # networks that are trained side by side: few enough to stay in a processor's cache
RATE, GAIN = 1.5, 1.3  # a step of the two ladders: rates are powers of the one, gains of the other

# centred, h
FUNCTIONS = {"sigmoid": (False, 0.5), "sigmoid - 1/2": (True, 0.5), "1 + tanh": (False, 1.0), "tanh": (True, 1.0)}


@dataclass(frozen=True)
class Study:
    """widths of the network; optimizer; from a function to the powers of RATE and of GAIN that are tried, each as
    first and last, and to the powers of RATE tried at gain 1, if any are.
    """

    widths: tuple[int, ...]
    optimizer: str
    rates: dict[str, tuple[int, int]]
    gains: dict[str, tuple[int, int]]
    at_one: dict[str, tuple[int, int]] = field(default_factory=dict)


def _each(*ranges):
    return dict(zip(FUNCTIONS, ranges, strict=True))


STUDIES = {
    "plain": Study(
        (2, 16, 8, 1),
        "sgd",
        rates=_each((2, 7), (2, 9), (-2, 4), (-1, 5)),
        gains=_each((3, 11), (3, 11), (-1, 7), (-3, 6)),
        at_one=_each((0, 6), (0, 6), (-3, 3), (-2, 4)),
    ),
}
COARSE = (0.3, 1.0, 3.0, 10.0)  # the rates of the arm "four rates", at gain 1


def starts(widths: Sequence[int], seeds: Sequence[int]) -> list[Tensor]:
    """Weights of gain 1, shape (seeds, units, fan-in) a layer."""
    networks = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(1000 + seed)  # seed itself is that of the data
        networks.append(
            [
                torch.randn(units, inputs, generator=generator, dtype=torch.float64) / math.sqrt(inputs)
                for inputs, units in pairwise(widths)
            ]
        )
    return [torch.stack(layer) for layer in zip(*networks, strict=True)]


class Networks:
    """Networks of one shape side by side: a setting (rate, gain) for each, weights, biases, and Adam's two means."""

    def __init__(self, function: str, study: Study, settings: Sequence[tuple[float, float]], seeds: Sequence[int]):
        self.centred, self.h = FUNCTIONS[function]
        self.adam = {"sgd": False, "adam": True}[study.optimizer]
        rate, gain = torch.tensor(settings, dtype=torch.float64).repeat_interleave(len(seeds), 0).T[..., None, None]
        self.rate, self.layers, self.step = rate, len(study.widths) - 1, 0
        weights = [weight.repeat(len(settings), 1, 1) for weight in starts(study.widths, seeds)]
        weights = [weight * gain for weight in weights[:-1]] + weights[-1:]
        self.parameters = weights + [torch.zeros_like(weight[..., :1]) for weight in weights]
        self.means = [torch.zeros_like(p) for p in self.parameters] if self.adam else []
        self.squares = [torch.zeros_like(p) for p in self.parameters] if self.adam else []

    def only(self, chosen: Tensor) -> None:
        """Keep these networks: indices, or a mask."""
        self.rate = self.rate[chosen]
        for parts in (self.parameters, self.means, self.squares):
            parts[:] = [part[chosen] for part in parts]

    def outputs(self, x: Tensor, chosen: Tensor | slice = slice(None)) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Logits, shape (networks, points); each layer's inputs, x first; tanh(h z) of each hidden layer."""
        inputs, bent = [x], []
        for weight, bias in zip(self.parameters[: self.layers], self.parameters[self.layers :], strict=True):
            z = torch.baddbmm(bias[chosen], weight[chosen], inputs[-1])
            if len(inputs) < self.layers:
                bent.append((self.h * z).tanh_())
                inputs.append(self.h * (bent[-1] if self.centred else bent[-1] + 1))
        return z[:, 0], inputs, bent

    def update(self, logits: Tensor, inputs: list[Tensor], bent: list[Tensor], y: Tensor) -> None:
        """One step down the mean cross-entropy, from what `outputs` gave."""
        delta = ((logits.sigmoid() - y) / y.shape[1])[:, None]
        gradient = [None] * len(self.parameters)
        for layer in range(self.layers - 1, -1, -1):
            gradient[layer] = delta @ inputs[layer].mT
            gradient[self.layers + layer] = delta.sum(2, keepdim=True)
            if layer:
                back = self.parameters[layer].mT @ delta
                delta = back * (1 - bent[layer - 1].square()) * self.h**2
        self.step += 1
        for i, (parameter, slope) in enumerate(zip(self.parameters, gradient, strict=True)):
            if self.adam:
                self.means[i].lerp_(slope, 0.1)
                self.squares[i].lerp_(slope.square(), 0.001)
                mean = self.means[i] / (1 - 0.9**self.step)
                slope = mean / ((self.squares[i] / (1 - 0.999**self.step)).sqrt() + 1e-8)
            parameter.sub_(self.rate * slope)


def losses(logits: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy of each network."""
    return (softplus(logits) - y * logits).mean(1)


def train(function: str, study: Study, settings, seeds, cap: int, late: int = 0) -> list[dict]:
    """A dict for each setting (rate, gain) and seed: steps until the training loss is below TARGET (None where it is
    not within `cap` updates) with loss and accuracy on fresh points at that moment, and the losses and the accuracy
    after `late` updates.
    """
    settings, seeds = list(settings), list(seeds)
    several = max(1, TOGETHER // len(seeds))
    found = []
    for first in range(0, len(settings), several):
        found += _train(function, study, settings[first : first + several], seeds, cap, late)
    return found


@torch.no_grad()
def _train(function, study, settings, seeds, cap, late):
    tasks = [data.disk(POINTS, test=FRESH, seed=seed, dtype=torch.float64) for seed in seeds]
    x, y, fresh_x, fresh_y = (torch.stack(part) for part in zip(*tasks, strict=True))
    x, fresh_x = x.mT.repeat(len(settings), 1, 1), fresh_x.mT.repeat(len(settings), 1, 1)
    y, fresh_y = y.repeat(len(settings), 1), fresh_y.repeat(len(settings), 1)
    networks = Networks(function, study, settings, seeds)
    rows = [
        {"rate": rate, "gain": gain, "seed": seed, "steps": None, "test_loss": None, "test_accuracy": None}
        for (rate, gain), seed in product(settings, seeds)
    ]
    left = torch.arange(len(rows))  # which networks are still trained

    def look(which):
        logits, *_ = networks.outputs(fresh_x[left[which]], which)
        labels = fresh_y[left[which]]
        right = ((logits > 0) == (labels > 0.5)).double().mean(1)
        return [
            (_digits(a), round(b, 4)) for a, b in zip(losses(logits, labels).tolist(), right.tolist(), strict=True)
        ]

    for step in range(cap + 1):
        logits, inputs, bent = networks.outputs(x[left])
        loss = losses(logits, y[left])
        reached = torch.tensor([rows[i]["steps"] is None for i in left.tolist()]) & (loss < TARGET)
        if reached.any():
            which = reached.nonzero()[:, 0]
            for i, (fresh, right) in zip(left[which].tolist(), look(which), strict=True):
                rows[i] |= {"steps": step, "test_loss": fresh, "test_accuracy": right}
        if late and step == late:  # nobody has left before
            for row, value, (fresh, right) in zip(rows, loss.tolist(), look(left), strict=True):
                row |= {"late_loss": _digits(value), "late_test_loss": fresh, "late_accuracy": right}
        networks.update(logits, inputs, bent, y[left])
        if step >= late and step % 10 == 0:
            stays = torch.tensor([rows[i]["steps"] is None for i in left.tolist()])
            if not stays.any():
                break
            networks.only(stays)
            left = left[stays]
    return rows


def _digits(value):
    return float(f"{value:.4g}")


def ladder(base: float, ends: tuple[int, int]) -> list[float]:
    """Powers of base, from the first to the last, to three digits."""
    return [float(f"{base**power:.3g}") for power in range(ends[0], ends[1] + 1)]


def tried(rows: list[dict]) -> dict:
    """What the tuning runs of one setting come to. mean_steps: the geometric mean; a run that did not get there
    counts as TUNING_CAP, in the median too.
    """
    steps = torch.tensor([TUNING_CAP if row["steps"] is None else row["steps"] for row in rows], dtype=torch.float64)
    return {
        "rate": rows[0]["rate"],
        "gain": rows[0]["gain"],
        "runs": len(rows),
        "reached": sum(row["steps"] is not None for row in rows),
        "median_steps": steps.quantile(0.5).item(),
        "mean_steps": round(steps.clamp(min=1).log().mean().exp().item(), 2),
    }


def best(trials: list[dict], *, inside: Sequence[str] = ("rate", "gain"), what: str = "") -> dict:
    """The rule, fixed before any run was reported: the setting with the lowest geometric mean of steps.

    inside: of these the best value must not be the smallest or the largest tried. Raises ValueError, naming `what`,
    where it is: then the grid says nothing about what lies beyond.
    """
    found = min(trials, key=lambda trial: trial["mean_steps"])
    for key in inside:
        values = sorted({trial[key] for trial in trials})
        if found[key] in (values[0], values[-1]):
            raise ValueError(
                f"{what}: the best {key}, {found[key]:g}, stands at an end of those tried, {values[0]:g} to "
                f"{values[-1]:g}; widen the grid"
            )
    return found


def trials(function: str, study: Study, arm: str, seeds=TUNING) -> list[dict]:
    """What each setting of an arm's grid comes to on the tuning seeds."""
    if arm == "tuned":
        settings = product(ladder(RATE, study.rates[function]), ladder(GAIN, study.gains[function]))
    else:
        rates = ladder(RATE, study.at_one[function]) if arm == "gain 1" else COARSE
        settings = product(rates, (1.0,))
    rows = train(function, study, settings, seeds, TUNING_CAP)
    return [tried(rows[first : first + len(seeds)]) for first in range(0, len(rows), len(seeds))]


INSIDE = {"tuned": ("rate", "gain"), "gain 1": ("rate",), "four rates": ()}


def one(name: str, arm: str, function: str) -> tuple[list[dict], list[dict]]:
    """Rows of the two tables for one function and arm of a study: chosen on some seeds, reported on others."""
    study, (centred, h) = STUDIES[name], FUNCTIONS[function]
    grid = trials(function, study, arm)
    top = best(grid, inside=INSIDE[arm], what=f"{name}, {function}, {arm}")
    head = {"study": name, "function": function, "centred": centred, "slope": h**2, "arm": arm}
    rows = train(function, study, [(top["rate"], top["gain"])], SEEDS, CAP, LATE)
    short = {key: head[key] for key in ("study", "function", "arm")}
    return [head | row for row in rows], [short | trial | {"chosen": trial is top} for trial in grid]


def jobs() -> list[tuple[str, str, str]]:
    """Study, arm and function of all that is stored, in its order."""
    return [job for job in product(STUDIES, INSIDE, FUNCTIONS) if job[1] == "tuned" or STUDIES[job[0]].at_one]


def main():
    began = time.perf_counter()
    # one thread a process: the sums inside a step depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found = list(pool.map(one, *zip(*jobs(), strict=True)))
    results.save(
        "centring",
        {"runs": [row for rows, _ in found for row in rows], "tuning": [row for _, rows in found for row in rows]},
        folder=Path(__file__).parent,
        command="python data/centring/make.py",
        seconds=time.perf_counter() - began,
        seeds={"reported": list(SEEDS), "tuning": list(TUNING)},
    )


if __name__ == "__main__":
    main()
