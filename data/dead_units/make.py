"""Dead ReLU units before, during and after training on the disk; about two minutes on two cores.

Networks of 2, 4 and 8 hidden layers of 16 units, ten initialisations each, trained side by side on one draw of 128
points, all of them in each of 300 steps; tested on 2000 fresh points. Four starts, two optimisers, six rates each.
A unit is dead at a step where its pre-activation is 0 or below for every training point.
"""

import math
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, product
from pathlib import Path

import torch
from torch.nn import functional

from actlab import data, results, train

WIDTH, POINTS, STEPS, SEEDS = 16, 128, 300, range(10)
# name -> (variance of a weight times fan_in, bias); a bias of None is uniform up to 1 / sqrt(fan_in), as torch's
STARTS = {"torch": (1 / 3, None), "he": (2.0, 0.0), "he, bias 0.1": (2.0, 0.1), "he, bias 1": (2.0, 1.0)}
DEPTHS = (2, 4, 8)
RATES = {"adam": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3), "sgd": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)}
CONFIGS = [
    (optimizer, start, depth, rate)
    for optimizer, start, depth in product(RATES, STARTS, DEPTHS)
    for rate in RATES[optimizer]
]


def initial(start, depth, seeds=SEEDS):
    """Weights of shape (nets, in, out) and biases of shape (nets, 1, out), layer by layer, float64."""
    variance, bias = STARTS[start]
    sizes, weights, biases = [2, *[WIDTH] * depth, 1], [], []
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for fan_in, units in pairwise(sizes):
        draws = [torch.rand(fan_in + 1, units, generator=g, dtype=torch.float64) * 2 - 1 for g in generators]
        draw = torch.stack(draws)  # uniform between -1 and 1: variance 1/3
        weights.append(draw[:, :-1] * math.sqrt(3 * variance / fan_in))
        biases.append(draw[:, -1:] / math.sqrt(fan_in) if bias is None else torch.full_like(draw[:, -1:], bias))
    return weights, biases


def run(optimizer, start, depth, rate, *, steps=STEPS, seeds=SEEDS):
    """Train the networks of one setting; whether each unit is dead before each update and after the last, and more.

    Returns dead, bool of shape (steps + 1, depth, nets, units); the share of test points that each net gets right.
    """
    task = data.disk(POINTS, test=2000, seed=0, dtype=torch.float64)
    weights, biases = initial(start, depth, seeds)
    parameters = [part.requires_grad_() for part in (*weights, *biases)]
    update = train.optimizers[optimizer](parameters, lr=rate)

    def forward(x):
        h, silent = x.expand(len(seeds), *x.shape), []
        for layer in range(depth):
            z = torch.baddbmm(biases[layer], h, weights[layer])
            silent.append((z <= 0).all(dim=1))
            h = torch.relu(z)
        return torch.baddbmm(biases[-1], h, weights[-1])[..., 0], torch.stack(silent)

    dead = []
    for _ in range(steps):
        logit, silent = forward(task.train_x)
        dead.append(silent)
        loss = functional.binary_cross_entropy_with_logits(logit, task.train_y.expand_as(logit), reduction="none")
        update.zero_grad()
        loss.mean(dim=1).sum().backward()
        update.step()
    with torch.no_grad():
        dead.append(forward(task.train_x)[1])
        right = ((forward(task.test_x)[0] > 0) == (task.test_y == 1)).double().mean(dim=1)
    return torch.stack(dead), right


def rows_of(config) -> list[dict]:
    """The rows of one setting, one a network. Counts are of units: 16 in the first layer, 16 (depth - 1) deeper."""
    optimizer, start, depth, rate = config
    dead, right = run(*config)
    alive_later = (~dead).flip(0).cummax(0).values.flip(0)  # whether a unit answers at that step or later
    fell, back = dead.any(dim=0), (dead & alive_later).any(dim=0)
    rows = []
    for net, seed in enumerate(SEEDS):
        row = {"optimizer": optimizer, "start": start, "depth": depth, "rate": rate, "seed": seed}
        for where, layers in (("first", slice(0, 1)), ("deeper", slice(1, None))):
            for name, of in (("begin", dead[0]), ("end", dead[-1]), ("fell", fell), ("back", back)):
                row[f"{where}_{name}"] = int(of[layers, net].sum())
        rows.append({**row, "accuracy": round(right[net].item(), 3)})
    return rows


def main():
    began = time.perf_counter()
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rows = [row for rows in pool.map(rows_of, CONFIGS) for row in rows]
    results.save(
        "dead_units",
        rows,
        folder=Path(__file__).parent,
        command="python data/dead_units/make.py",
        seconds=time.perf_counter() - began,
        seeds={"data": 0, "initialisations": list(SEEDS)},
    )


if __name__ == "__main__":
    main()
