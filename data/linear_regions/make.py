"""Count the linear pieces of ReLU networks along a line, at initialisation and after training on the disk.

    python data/linear_regions/make.py            writes linear_regions.json and provenance.json beside this file

Every network has two inputs and one output. The line is a chord of the circle of radius 2, drawn anew for each
seed; a piece is a stretch of the chord on which no hidden unit changes sign.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from actlab import data, networks, results, train

DEPTHS = range(1, 9)
START_SEEDS, START_WIDTHS, SCHEMES = range(100), (4, 8, 16, 32), ("he", "torch")
TRAIN_SEEDS, TRAIN_WIDTH, STEPS, RATE = range(50), 16, 300, 0.01
POINTS = 500  # to train on
SAME = 1e-9  # cuts closer than this share of the chord are counted once


def chord(seed: int) -> tuple[Tensor, Tensor]:
    """Two points of the circle of radius 2, uniform and independent; 94 % of the disk's data lie inside it."""
    generator = torch.Generator().manual_seed(10_000 + seed)
    angle = 2 * math.pi * torch.rand(2, generator=generator, dtype=torch.float64)
    start, end = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)
    return start, end


@torch.no_grad()
def cuts(network: nn.Sequential, start: Tensor, end: Tensor) -> Tensor:
    """Where, between start (0) and end (1), a hidden unit changes sign: sorted positions, with both ends.

    network: Linear layers with ReLU between them, in float64. Between two cuts of the layers so far the next
    pre-activations are affine, so each of their zeros is found by one division.
    """
    t = torch.tensor([0.0, 1.0], dtype=torch.float64)
    for position in range(0, len(network) - 1, 2):
        z = network[: position + 1](start + t[:, None] * (end - start))
        left, right = z[:-1], z[1:]
        zero = t[:-1, None] + t.diff()[:, None] * left / (left - right)
        t = torch.cat([t, zero[left * right < 0]]).sort().values
        t = torch.cat([t[:1], t[1:][t.diff() > SAME]])
    return t


def at_start(scheme: str, width: int, depth: int, seed: int) -> dict:
    """One row: a network that was not trained."""
    network = networks.mlp([2] + [width] * depth + [1], "relu", scheme=scheme, seed=seed, dtype=torch.float64)
    pieces = len(cuts(network, *chord(seed))) - 1
    return dict(scheme=scheme, steps=0, width=width, depth=depth, seed=seed, pieces=pieces, accuracy=None)


def after_training(width: int, depth: int, seed: int, steps: int = STEPS) -> dict:
    """One row: a network from He's initialisation, trained on a disk of its own seed; accuracy on test points."""
    network = networks.mlp([2] + [width] * depth + [1], "relu", scheme="he", seed=seed)
    split = data.disk(POINTS, seed=seed)
    train.fit(network, split, steps=steps, rate=RATE)
    accuracy = round(train.accuracy(network, split.test_x, split.test_y), 4)
    pieces = len(cuts(network.double(), *chord(seed))) - 1
    return dict(scheme="he", steps=steps, width=width, depth=depth, seed=seed, pieces=pieces, accuracy=accuracy)


def main() -> None:
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    begin = time.perf_counter()
    rows = [at_start(s, w, d, seed) for s in SCHEMES for w in START_WIDTHS for d in DEPTHS for seed in START_SEEDS]
    rows += [after_training(TRAIN_WIDTH, d, seed) for d in DEPTHS for seed in TRAIN_SEEDS]
    results.save(
        "linear_regions",
        rows,
        command="python data/linear_regions/make.py",
        seconds=time.perf_counter() - begin,
        folder=Path(__file__).parent,
        recipe=dict(
            line="chord of the circle of radius 2 between two uniform points of it, seed 10000 + seed",
            piece="stretch of the chord on which no hidden unit changes sign; cuts within 1e-9 of it count once",
            training=f"Adam, rate {RATE}, {STEPS} steps on all {POINTS} points of data.disk(seed=seed), BCE",
            accuracy="on the 2000 test points of the same draw; null where nothing was trained",
        ),
    )


if __name__ == "__main__":
    main()
