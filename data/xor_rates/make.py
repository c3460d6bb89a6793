"""XOR with a rate chosen for each function, from two scales of the first weights; some minutes on one core.

    python data/xor_rates/make.py      writes tuning.json, runs.json and provenance.json beside this file

The network, the starts and the count of data/xor: 2-4-1 units, normal weights with a standard deviation of `scale`,
biases 0, 5000 steps of plain gradient descent on the cross-entropy of the four corners, in float64. The rate of
each function and scale is chosen on seeds of its own (`choose`), and only then are the runs made that are counted.
"""

import math
import time
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from actlab import activations, data, results

ACTIVATIONS = ("sigmoid", "tanh", "softplus", "relu", "leaky_relu", "elu", "silu", "gelu")
SCALES, RATES = (0.1, 1.0), (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
TUNING, SEEDS, STEPS = range(1000, 1060), range(200), 5000
SOLVED = 0.99  # as in data/xor: all corners right at a loss below so much of a coin's

X, Y = data.xor(dtype=torch.float64)[:2]
Y = Y[:, None]


def train(activation: str, settings: Iterable[tuple[float, float]], seeds: Iterable[int]) -> tuple[Tensor, Tensor]:
    """Which networks are solved at the end, and since which step, each of shape (settings, seeds).

    settings: pairs of scale and rate. since: STEPS + 1 where unsolved. A seed draws the numbers that it draws in
    data/xor, whatever the activation and the setting.
    """
    settings, act = list(settings), activations.get(activation)
    draws = [np.random.default_rng(seed) for seed in seeds]
    normal = [(rng.standard_normal((2, 4)), rng.standard_normal(4)) for rng in draws]
    W1, W2 = (torch.tensor(np.stack(part, -1)) for part in zip(*normal, strict=True))
    networks = len(settings) * len(draws)
    scale, rate = (torch.tensor(part).double().repeat_interleave(len(draws)) for part in zip(*settings, strict=True))
    W1, W2 = W1.repeat(1, 1, len(settings)) * scale, W2.repeat(1, len(settings)) * scale
    b1, b2 = torch.zeros_like(W2), torch.zeros(networks, dtype=torch.float64)
    since = torch.zeros(networks, dtype=torch.int64)
    for step in range(STEPS + 1):
        z1 = torch.tensordot(X, W1, 1) + b1
        a1 = act(z1)
        z2 = (a1 * W2).sum(1) + b2
        right = ((z2 > 0) == (Y > 0.5)).all(0)
        since[~right] = step + 1
        if step == STEPS:
            break
        delta2 = (torch.sigmoid(z2) - Y) / len(Y)
        delta1 = delta2[:, None] * W2 * act.slope(z1)
        W2 = W2 - rate * (delta2[:, None] * a1).sum(0)
        b2 = b2 - rate * delta2.sum(0)
        W1 = W1 - rate * torch.tensordot(X.T, delta1, 1)
        b1 = b1 - rate * delta1.sum(0)
    loss = torch.nn.functional.softplus(torch.where(Y > 0.5, -z2, z2)).mean(0)
    solved = right & (loss < SOLVED * math.log(2))
    since = torch.where(solved, since, STEPS + 1)
    return solved.unflatten(0, (len(settings), -1)), since.unflatten(0, (len(settings), -1))


def tune(activation: str, seeds: Iterable[int] = TUNING) -> list[dict]:
    """A row for each scale and rate: how many of the tuning seeds are solved, and the median step of all."""
    settings = list(product(SCALES, RATES))
    solved, since = train(activation, settings, seeds)
    return [
        {"activation": activation, "scale": scale, "rate": rate, "solved": int(won.sum()), "since": _median(at)}
        for (scale, rate), won, at in zip(settings, solved, since, strict=True)
    ]


def choose(rows: Iterable[dict], scale: float) -> float:
    """The rate from which most of the tuning seeds are solved at a scale; of equal ones, the soonest."""
    return min((row for row in rows if row["scale"] == scale), key=lambda row: (-row["solved"], row["since"]))["rate"]


def run(activation: str, scale: float, rate: float, seeds: Iterable[int] = SEEDS) -> dict:
    """The runs that are counted, at the chosen rate, in the order of the seeds."""
    solved, since = (part[0] for part in train(activation, [(scale, rate)], seeds))
    return {
        "activation": activation,
        "scale": scale,
        "rate": rate,
        "solved": "".join("01"[int(one)] for one in solved),
        "since": [int(at) if one else None for at, one in zip(since, solved, strict=True)],
    }


def _median(since):
    return float(since.double().quantile(0.5))


def main():
    torch.set_num_threads(1)
    began, tuning, runs = time.perf_counter(), [], []
    for activation in ACTIVATIONS:
        rows = tune(activation)
        tuning += rows
        runs += [run(activation, scale, choose(rows, scale)) for scale in SCALES]
        for row in runs[-len(SCALES) :]:
            print(activation, row["scale"], row["rate"], row["solved"].count("1"))
    results.save(
        "xor_rates",
        {"tuning": tuning, "runs": runs},
        folder=Path(__file__).parent,
        command="python data/xor_rates/make.py",
        seconds=time.perf_counter() - began,
        seeds=len(SEEDS),
    )


if __name__ == "__main__":
    main()
