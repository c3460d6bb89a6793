"""Eight hidden activations on the disk, over draws of the data and starts of the weights; ten minutes on two cores.

Ten draws of 1000 training points, three initialisations each, the same for all activations; 2-16-8-1 units, Adam at
rate 0.01, 2000 steps on the full batch; tested on 20,000 fresh points of the same draw's generator.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import torch

from actlab import data, networks, results, train

ACTIVATIONS = ("leaky_relu", "gelu", "elu", "silu", "tanh", "relu", "softplus", "sigmoid")
DRAWS, STARTS, STEPS = 10, 3, 2000
STOPS = (200, 500, 1000)  # where the training loss is noted on the way


def one(activation: str, draw: int, start: int, steps: int = STEPS) -> dict:
    """Train one network and test it: a row of the table."""
    task = data.disk(1000, test=20_000, seed=draw)
    network = networks.mlp([2, 16, 8, 1], activation, seed=start)
    history = train.fit(network, task, steps=steps, rate=0.01, test_every=steps)
    loss = history.loss.tolist()
    return {
        "activation": activation,
        "draw": draw,
        "start": start,
        **{f"train_loss_{step}": _digits(loss[step]) for step in STOPS},
        "train_loss": _digits(loss[-1]),
        "test_loss": _digits(history.test_loss[-1]),
        "test_accuracy": round(history.test_accuracy[-1], 5),
    }


def _digits(value):
    return float(f"{value:.4g}")


def main():
    began = time.perf_counter()
    runs = list(product(ACTIVATIONS, range(DRAWS), range(STARTS)))
    # one thread a process: the sums inside a step depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rows = list(pool.map(one, *zip(*runs, strict=True)))
    results.save(
        "disk_draws",
        rows,
        folder=Path(__file__).parent,
        command="python data/disk_draws/make.py",
        seconds=time.perf_counter() - began,
        seeds={"draws": list(range(DRAWS)), "starts": list(range(STARTS))},
    )


if __name__ == "__main__":
    main()
