"""Deep tanh networks on the disk, trained from weights of six gains, at several rates; some minutes on two cores.

2 inputs, 20 or 50 hidden layers of 24 units, one output; 200 training points. Weights normal with standard deviation
gain / sqrt(fan-in), gain 1 for the output layer, biases 0. Full-batch gradient descent or Adam, 300 steps, a constant
rate. Each seed is a draw of the data and a start of the weights, the same for all gains, rates and optimisers.
"""

import math
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, product
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from actlab import data, results

GAINS = (1 / math.sqrt(3), 1.0, 1.2, 5 / 3, 2.0, 3.0)
SEEDS, DEPTHS, WIDTH, STEPS = range(10), (20, 50), 24, 300
RATES = {"sgd": (0.01, 0.03, 0.1, 0.3), "adam": (0.0003, 0.001, 0.003)}
EARLY = 50  # the training loss is noted here, too: before single runs drift apart in their last digits


def start(gains, seeds, depth: int) -> list[torch.Tensor]:
    """Weights, then biases, of a network for each gain and seed; the network is the first axis, gains go slowest."""
    sizes = [2, *[WIDTH] * depth, 1]
    networks = []
    for gain, seed in product(gains, seeds):
        generator = torch.Generator().manual_seed(seed)
        networks.append(
            [
                torch.randn(inputs, units, generator=generator) * (gain if units > 1 else 1) / math.sqrt(inputs)
                for inputs, units in pairwise(sizes)
            ]
        )
    weights = [torch.stack(layer) for layer in zip(*networks, strict=True)]
    return weights + [torch.zeros(len(networks), 1, weight.shape[2]) for weight in weights]


def logits(parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Outputs, shape (networks, points); x: shape (networks, points, 2)."""
    weights, biases = parameters[: len(parameters) // 2], parameters[len(parameters) // 2 :]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = torch.baddbmm(bias, x, weight).tanh()
    return torch.baddbmm(biases[-1], x, weights[-1])[..., 0]


def some(depth: int, optimizer: str, rate: float, gains=GAINS, seeds=SEEDS, steps: int = STEPS) -> list[dict]:
    """Train a network for each gain and seed, all at once: rows of the table."""
    tasks = [data.disk(200, test=2000, seed=seed) for seed in seeds]
    x, y, test_x, test_y = (
        torch.stack(part).repeat(len(gains), *[1] * (part[0].ndim)) for part in zip(*tasks, strict=True)
    )
    parameters = [p.requires_grad_() for p in start(gains, seeds, depth)]
    update = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer](parameters, lr=rate)
    for step in range(steps):
        loss = binary_cross_entropy_with_logits(logits(parameters, x), y, reduction="none").mean(1)
        if step == EARLY:
            early = loss.detach()
        update.zero_grad()
        loss.sum().backward()
        update.step()
    with torch.no_grad():
        loss = binary_cross_entropy_with_logits(logits(parameters, x), y, reduction="none").mean(1)
        right = ((logits(parameters, test_x) > 0) == (test_y > 0.5)).double().mean(1)
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


def _digits(value):
    return float(f"{value:.4g}")


def main():
    began = time.perf_counter()
    runs = [(depth, optimizer, rate) for depth in DEPTHS for optimizer in RATES for rate in RATES[optimizer]]
    # one thread a process: the sums inside a step depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rows = [row for part in pool.map(some, *zip(*runs, strict=True)) for row in part]
    results.save(
        "tanh_gains",
        rows,
        folder=Path(__file__).parent,
        command="python data/tanh_gains/make.py",
        seconds=time.perf_counter() - began,
        seeds={"seeds": list(SEEDS)},
    )


if __name__ == "__main__":
    main()
