"""Count the linear pieces of ReLU networks of two inputs, before and while they learn the disk.

    python data/linear_regions/make.py        writes starts.json, training.json and provenance.json beside this file

A piece is a set of inputs on which no hidden unit changes sign. They are counted round the circle of radius 1, which
is where the disk's labels change, and in the square |x1|, |x2| <= 2, by `actlab.scenes.linearity`.

The networks that are trained are the same ones that were counted at step 0: 50 starts of the weights, each with a
draw of the disk of its own.
"""

import argparse
import math
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from actlab import data, networks, results
from actlab.scenes.linearity import polygons, round_circle

STARTS = (  # weights and biases, and the width; He's own biases are 0
    *(("he", width) for width in (2, 4, 8, 16, 32)),
    ("he, torch's biases", 16),
    ("torch", 16),
)
DEPTHS, SEEDS = (1, 2, 4, 8), range(100)
TRAINED, TRAINED_WIDTH, TRAINED_SEEDS = ("he",), 16, range(50)
MOMENTS, RATE, POINTS = (0, 10, 30, 100, 300), 0.01, 500
SQUARES = 10  # so many seeds have their square counted too, which takes a hundred times as long


@torch.no_grad()
def start(name: str, width: int, depth: int, seed: int) -> nn.Sequential:
    """A network before training."""
    scheme = "torch" if name == "torch" else "he"
    # 1000: else the first weights were the very numbers of the data
    network = networks.mlp([2, *[width] * depth, 1], "relu", scheme=scheme, seed=1000 + seed, dtype=torch.float64)
    if name == "he, torch's biases":
        generator = torch.Generator().manual_seed(5000 + seed)
        for layer in network[::2]:
            reach = 1 / math.sqrt(layer.in_features)
            layer.bias.uniform_(-reach, reach, generator=generator)
    return network


def at_start(name: str, width: int, depth: int, seed: int) -> dict:
    """One row: a network that is not trained."""
    circle = len(round_circle(start(name, width, depth, seed)))
    return dict(start=name, width=width, depth=depth, seed=seed, circle=circle)


def training(name: str, depth: int, seeds=TRAINED_SEEDS, width: int = TRAINED_WIDTH) -> list[dict]:
    """Rows: networks of many seeds, trained at once, at each of the moments; a draw of the disk for each seed."""
    splits = [data.disk(POINTS, seed=seed, dtype=torch.float64) for seed in seeds]
    x, test_x = (torch.stack([getattr(s, key) for s in splits]).mT for key in ("train_x", "test_x"))
    y, test_y = (torch.stack([getattr(s, key) for s in splits]) for key in ("train_y", "test_y"))
    made = [start(name, width, depth, seed) for seed in seeds]
    parameters = [
        torch.stack([getattr(network[layer], part).detach() for network in made]).requires_grad_()
        for layer in range(0, 2 * depth + 2, 2)
        for part in ("weight", "bias")
    ]
    update, rows = torch.optim.Adam(parameters, lr=RATE), []
    for step in range(max(MOMENTS) + 1):
        if step in MOMENTS:
            right = ((logits(parameters, test_x).detach() > 0) == test_y.bool()).double().mean(1)
            for i, seed in enumerate(seeds):
                network = put(made[i], parameters, i)
                counted = seed < SQUARES and step == max(MOMENTS)
                square = len(polygons(network)) if counted else None
                rows.append(
                    dict(
                        start=name,
                        depth=depth,
                        seed=seed,
                        step=step,
                        circle=len(round_circle(network)),
                        square=square,
                        accuracy=round(right[i].item(), 4),
                    )
                )
        if step < max(MOMENTS):
            update.zero_grad()
            loss = binary_cross_entropy_with_logits(logits(parameters, x), y, reduction="none")
            loss.mean(1).sum().backward()
            update.step()
    return rows


def logits(parameters: list[Tensor], x: Tensor) -> Tensor:
    """Of each network, shape (networks, points); x has shape (networks, 2, points)."""
    for layer, (weight, bias) in enumerate(zip(parameters[::2], parameters[1::2], strict=True)):
        x = torch.baddbmm(bias[:, :, None], weight, x if layer == 0 else x.relu())
    return x[:, 0]


@torch.no_grad()
def put(network: nn.Sequential, parameters: list[Tensor], i: int) -> nn.Sequential:
    """The network with the parameters of number i."""
    for place, own in zip(network.parameters(), parameters, strict=True):
        place.copy_(own[i])
    return network


def main() -> None:
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    torch.set_num_threads(1)
    begin = time.perf_counter()
    starts = [at_start(n, w, d, seed) for n, w in STARTS for d in DEPTHS for seed in SEEDS]
    print(f"{time.perf_counter() - begin:.0f} s", flush=True)
    trained = []
    for name in TRAINED:
        for depth in DEPTHS:
            trained += training(name, depth)
            print(name, depth, f"{time.perf_counter() - begin:.0f} s", flush=True)
    results.save(
        "linear_regions",
        {"starts": starts, "training": trained},
        command="python data/linear_regions/make.py",
        seconds=time.perf_counter() - begin,
        folder=Path(__file__).parent,
        recipe=dict(
            piece="a set of inputs on which no hidden unit changes sign",
            circle="pieces round the circle of radius 1; square: pieces in |x1|, |x2| <= 2",
            training=f"Adam, rate {RATE}, full batch of {POINTS} points of data.disk(seed=seed), BCE, float64",
            accuracy="on the 2000 test points of the same draw",
        ),
    )


if __name__ == "__main__":
    main()
