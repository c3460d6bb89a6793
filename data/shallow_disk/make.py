"""Sigmoid against ReLU as the hidden activation of a shallow network on the disk; takes three minutes.

Ten draws of 1000 training points, three initialisations each, the same for both activations; 2-16-8-1 units, Adam
at rate 0.01, 2000 steps on the full batch; tested on 20,000 fresh points of the same draw's generator.
"""

import time
from pathlib import Path

import torch

from actlab import data, networks, results, train

DRAWS, STARTS, STEPS = 10, 3, 2000


def one(activation: str, draw: int, start: int, steps: int = STEPS) -> dict:
    """Train one network and test it: a row of the table."""
    task = data.disk(1000, test=20_000, seed=draw)
    network = networks.mlp([2, 16, 8, 1], activation, seed=start)
    history = train.fit(network, task, steps=steps, rate=0.01, test_every=steps)
    return {
        "activation": activation,
        "draw": draw,
        "start": start,
        "train_loss": float(f"{history.loss[-1].item():.4g}"),
        "test_loss": float(f"{history.test_loss[-1]:.4g}"),
        "test_accuracy": round(history.test_accuracy[-1], 5),
    }


def main():
    torch.set_num_threads(1)
    began = time.perf_counter()
    rows = [
        one(activation, draw, start)
        for draw in range(DRAWS)
        for start in range(STARTS)
        for activation in ("sigmoid", "relu")
    ]
    results.save(
        "shallow_disk",
        rows,
        folder=Path(__file__).parent,
        command="python data/shallow_disk/make.py",
        seconds=time.perf_counter() - began,
        seeds={"draws": list(range(DRAWS)), "starts": list(range(STARTS))},
    )


if __name__ == "__main__":
    main()
