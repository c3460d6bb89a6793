"""Deep tanh networks on the disk, trained from weights of ten gains, each at a rate of its own; half an hour.

2 inputs, 20 or 50 hidden layers of 24 units, one output; 200 training points. Weights normal with standard deviation
gain / sqrt(fan-in), gain 1 for the output layer, biases 0. Full-batch gradient descent or Adam, 300 steps, a constant
rate. Each seed is a draw of the data and a start of the weights, the same for all gains, rates and optimisers.

The rate is chosen for each depth, optimiser and gain on seeds of its own, and only then are the runs made that are
counted: see `tune`.
"""

import math
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from actlab import data, results

GAINS = (1 / math.sqrt(3), 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 5 / 3, 2.0, 3.0)
SEEDS, TUNING, DEPTHS, WIDTH, STEPS = range(20), range(100, 108), (20, 50), 24, 300
RATES = {  # tried for every gain; where the best of them is the first or the last, `tune` goes on
    (20, "sgd"): (0.02, 0.05, 0.1),
    (20, "adam"): (0.0002, 0.0005, 0.001),
    (50, "sgd"): (0.01, 0.02, 0.05),
    (50, "adam"): (0.0001, 0.0002, 0.0005),
}
LADDER = tuple(float(f"{digit}e{power}") for power in range(-5, 1) for digit in (1, 2, 5))
LEARNED = 0.3  # a run has learned when its training loss ends below this
EARLY = 50  # the training loss is noted here, too: before single runs drift apart in their last digits


def start(gains, seeds, depth: int) -> list[torch.Tensor]:
    """Weights, then biases, of a network for each gain and seed; the network is the first axis, gains go slowest."""
    sizes = [2, *[WIDTH] * depth, 1]
    networks = []
    for gain, seed in product(gains, seeds):
        generator = torch.Generator().manual_seed(1000 + seed)  # else the weights were the very numbers of the data
        networks.append(
            [
                torch.randn(inputs, units, generator=generator) * (gain if units > 1 else 1) / math.sqrt(inputs)
                for inputs, units in pairwise(sizes)
            ]
        )
    weights = [torch.stack(layer) for layer in zip(*networks, strict=True)]
    return weights + [torch.zeros(len(networks), weight.shape[2], 1) for weight in weights]


def outputs(parameters: list[torch.Tensor], x: torch.Tensor) -> list[torch.Tensor]:
    """What each layer gives, x first and the logits last, shape (networks, units, points); x: (networks, 2, points).

    Points go fastest: products of such small matrices are then twice as quick.
    """
    layers = len(parameters) // 2
    found = [x]
    for layer, (weight, bias) in enumerate(zip(parameters[:layers], parameters[layers:], strict=True)):
        z = torch.baddbmm(bias, weight.mT, found[-1])
        found.append(z if layer == layers - 1 else z.tanh_())
    return found


def gradients(parameters: list[torch.Tensor], found: list[torch.Tensor], y: torch.Tensor) -> list[torch.Tensor]:
    """Of each network's mean cross-entropy, in the order of the parameters; found: what `outputs` gave."""
    layers = len(parameters) // 2
    delta = (found[-1].sigmoid() - y[:, None]) / y.shape[1]
    by_weight, by_bias = [], []
    for layer in range(layers - 1, -1, -1):
        by_weight.append(found[layer] @ delta.mT)
        by_bias.append(delta.sum(2, keepdim=True))
        if layer:
            delta = parameters[layer] @ delta
            delta = torch.ops.aten.tanh_backward(delta, found[layer])
    return by_weight[::-1] + by_bias[::-1]


def some(depth: int, optimizer: str, rate: float, gains=GAINS, seeds=SEEDS, steps: int = STEPS) -> list[dict]:
    """Train a network for each gain and seed, all at once: rows of the table."""
    tasks = [data.disk(200, test=2000, seed=seed) for seed in seeds]
    x, y, test_x, test_y = (
        torch.stack(part).repeat(len(gains), *[1] * (part[0].ndim)) for part in zip(*tasks, strict=True)
    )
    x, test_x = x.mT.contiguous(), test_x.mT.contiguous()
    parameters = start(gains, seeds, depth)
    update = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](parameters, lr=rate)
    with torch.no_grad():
        for step in range(steps):
            found = outputs(parameters, x)
            if step == EARLY:
                early = _loss(found, y)
            for parameter, gradient in zip(parameters, gradients(parameters, found, y), strict=True):
                parameter.grad = gradient
            update.step()
        loss = _loss(outputs(parameters, x), y)
        right = ((outputs(parameters, test_x)[-1][:, 0] > 0) == (test_y > 0.5)).double().mean(1)
    return [
        {
            "depth": depth,
            "optimizer": optimizer,
            "rate": rate,
            "gain": round(gain, 4),
            "seed": seed,
            "early_loss": _digits(early[i]),
            "train_loss": _digits(loss[i]),
            "test_accuracy": round(right[i].item(), 4),
        }
        for i, (gain, seed) in enumerate(product(gains, seeds))
    ]


def _loss(found, y):
    return binary_cross_entropy_with_logits(found[-1][:, 0], y, reduction="none").mean(1)


def _digits(value):
    return float(f"{value:.4g}")


def tried(rows: list[dict]) -> dict:
    """What the tuning runs at one rate come to: a row of the table `tuning`, but for `chosen`."""
    loss = np.array([row["train_loss"] for row in rows])
    return {key: rows[0][key] for key in ("depth", "optimizer", "gain", "rate")} | {
        "runs": len(rows),
        "learned": int((loss < LEARNED).sum()),
        "train_loss": _digits(np.median(np.where(np.isnan(loss), np.inf, loss))),
        "test_accuracy": round(float(np.median([row["test_accuracy"] for row in rows])), 4),
    }


def best(trials: Iterable[dict]) -> dict:
    """The rule, fixed before any run was counted: the rate from which most runs learn, and of several such the one
    with the lowest median training loss.
    """
    return min(trials, key=lambda trial: (-trial["learned"], trial["train_loss"]))


def tune(depth: int, optimizer: str, gain: float, seeds=TUNING, run=some) -> list[dict]:
    """Trials at the rates of `RATES`, and at further ones of the ladder until the best of all stands between two
    others, or the ladder ends. Raises ValueError where it ends at the best rate of a gain from which any run learns.
    """
    trials = {}
    wanted = list(RATES[depth, optimizer])
    while wanted:
        for rate in wanted:
            trials[rate] = tried(run(depth, optimizer, rate, [gain], seeds))
        top = best(trials.values())
        at = LADDER.index(top["rate"])
        if top["learned"] and at in (0, len(LADDER) - 1):
            raise ValueError(
                f"the best rate stands at the end of the ladder: {LADDER[at]:g} for {depth} layers, {optimizer}, "
                f"gain {gain:.4g}; make the ladder longer"
            )
        wanted = [rate for rate in LADDER[max(0, at - 1) : at + 2] if rate not in trials]
    chosen = best(trials.values())["rate"]
    return [trials[rate] | {"chosen": rate == chosen} for rate in sorted(trials)]


def one(depth: int, optimizer: str, gain: float) -> tuple[list[dict], list[dict]]:
    """Rows of the two tables for one setting: the rate is chosen on some seeds, the runs are made on others."""
    trials = tune(depth, optimizer, gain)
    (rate,) = (trial["rate"] for trial in trials if trial["chosen"])
    return some(depth, optimizer, rate, [gain]), trials


def main():
    began = time.perf_counter()
    settings = list(product(DEPTHS, ("sgd", "adam"), GAINS))
    # one thread a process: the sums inside a step depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found = list(pool.map(one, *zip(*settings, strict=True)))
    results.save(
        "tanh_gains",
        {
            "tanh_gains": [row for rows, _ in found for row in rows],
            "tuning": [row for _, rows in found for row in rows],
        },
        folder=Path(__file__).parent,
        command="python data/tanh_gains/make.py",
        seconds=time.perf_counter() - began,
        seeds={"counted": list(SEEDS), "tuning": list(TUNING)},
    )


if __name__ == "__main__":
    main()
