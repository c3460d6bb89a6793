"""What becomes of networks whose examples come out alike at birth; two minutes on two cores.

Networks of ten hidden layers of 64 units, with three functions and two starts, five seeds each: a seed draws 2000
digits to learn and 1000 fresh ones, and the weights. Before training the mean cosine between what 200 of the digits
become in the last hidden layer, and its share of units without a slope on them; then 400 updates of Adam at its usual
rate on batches of 64, and the share of fresh digits that the network gets right.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import torch

from actlab import data, diagnostics, networks, results, train

SIZES = [784, *[64] * 10, 10]
ACTIVATIONS, STARTS, SEEDS = ("relu", "leaky_relu", "silu"), ("torch", "he"), range(5)
STEPS, BATCH, RATE = 400, 64, 0.001
SETTINGS = list(product(ACTIVATIONS, STARTS, SEEDS))


def row(setting, *, digits=2000, test=1000, steps=STEPS) -> dict:
    """What is known of one network."""
    activation, start, seed = setting
    drawn = data.mnist(digits, test=test, seed=seed)
    task = data.Split(drawn.train_x.flatten(1), drawn.train_y, drawn.test_x.flatten(1), drawn.test_y)
    # the weights have a seed of their own: one seed for both would draw both from the same numbers
    network = networks.mlp(SIZES, activation, scheme=start, seed=1000 + seed)
    born = diagnostics.signals(network, task.train_x[:200])
    course = train.fit_batches(network, task, steps=steps, every=steps, batch=BATCH, rate=RATE, seed=seed)
    return {
        "activation": activation,
        "start": start,
        "seed": seed,
        "cosine": round(born.cosine[-1].item(), 4),
        "dead": round(born.dead[-1].item(), 4),
        "accuracy": round(course.test_accuracy[-1].item(), 4),
    }


def main():
    began = time.perf_counter()
    # one thread a process: the sums inside a product of matrices depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rows = list(pool.map(row, SETTINGS))
    results.save(
        "newborn",
        rows,
        folder=Path(__file__).parent,
        command="python data/newborn/make.py",
        seconds=time.perf_counter() - began,
        seeds={"data": list(SEEDS), "weights": [1000 + seed for seed in SEEDS]},
    )


if __name__ == "__main__":
    main()
