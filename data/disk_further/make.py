"""The disk, further: networks with eight hidden layers, and training for five times as long; a quarter of an hour.

    python data/disk_further/make.py            writes disk_further.json and provenance.json beside this file

Ten draws of 1000 training points, one initialisation each; Adam at rate 0.01 on the full batch; tested on 20,000
fresh points of the same draw's generator.
"""

import time
from pathlib import Path

import torch

from actlab import data, networks, results, train

DRAWS = 10
# study: hidden layers, steps, and which activations start from which scheme
STUDIES = {
    "deep": ([16] * 8, 1000, {"relu": "he", "leaky_relu": "he", "gelu": "he", "tanh": "glorot", "sigmoid": "glorot"}),
    "long": ([16, 8], 10_000, {"leaky_relu": "torch", "tanh": "torch"}),
}
LEARNED = 0.1  # a training loss that says that the network is on its way


def one(study: str, activation: str, draw: int, steps: int | None = None) -> dict:
    """Train one network and test it: a row of the table."""
    hidden, all_steps, schemes = STUDIES[study]
    steps = steps or all_steps
    task = data.disk(1000, test=20_000, seed=draw)
    network = networks.mlp([2, *hidden, 1], activation, scheme=schemes[activation], seed=0)
    history = train.fit(network, task, steps=steps, rate=0.01, test_every=steps)
    below = (history.loss < LEARNED).nonzero()
    return {
        "study": study,
        "activation": activation,
        "scheme": schemes[activation],
        "steps": steps,
        "draw": draw,
        "steps_to_0.1": int(below[0]) if len(below) else None,
        "train_loss": float(f"{history.loss[-1].item():.4g}"),
        "highest_late": float(f"{history.loss[steps // 2 :].max().item():.4g}"),
        "test_loss": float(f"{history.test_loss[-1]:.4g}"),
        "test_accuracy": round(history.test_accuracy[-1], 5),
    }


def main():
    torch.set_num_threads(1)
    began = time.perf_counter()
    rows = [
        one(study, activation, draw)
        for study, (_, _, schemes) in STUDIES.items()
        for activation in schemes
        for draw in range(DRAWS)
    ]
    results.save(
        "disk_further",
        rows,
        folder=Path(__file__).parent,
        command="python data/disk_further/make.py",
        seconds=time.perf_counter() - began,
        seeds={"draws": list(range(DRAWS)), "start": 0},
    )


if __name__ == "__main__":
    main()
