"""The loss of digit networks of three widths at ten rates of Adam, in the standard parametrisation and in muP.

196 inputs, three hidden layers of ReLU, ten outputs; 2,000 digits to train on, 1,000 others to test on; batches of
32, 100 updates. Weights begin by He's rule, biases at 0. muP has the narrowest width as its base, where both are the
same, so the narrowest network is trained once. A seed draws the digits, the weights and the batches, the same at
every rate and in both parametrisations.
"""

import time
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy

from actlab import data, networks, results

WIDTHS = (32, 128, 512)
ARMS = (*(("standard", width) for width in WIDTHS), *(("muP", width) for width in WIDTHS[1:]))
POWERS = range(-13, -3)  # the rates are these powers of 2
SEEDS, TUNING, UPDATES, BATCH = range(10), range(100, 103), 100, 32


def network(width: int, seed: int) -> nn.Sequential:
    """Three hidden layers of one width, by He's start."""
    return networks.mlp([196, width, width, width, 10], "relu", scheme="he", seed=1000 + seed)


def started(arm: str, width: int, power: int, seed: int) -> tuple[nn.Sequential, torch.optim.Adam]:
    """The network and its optimiser."""
    wide, rate = network(width, seed), 2.0**power
    groups = networks.mup(wide, network(WIDTHS[0], seed), rate) if arm == "muP" else wide.parameters()
    return wide, torch.optim.Adam(groups, lr=rate, fused=True)


@cache
def digits(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """2,000 digits and 1,000 others, each number the mean of four pixels, standardised as a whole by the first."""
    split = data.mnist(2000, test=1000, seed=seed)
    x, test_x = (avg_pool2d(images, 2).flatten(1) for images in (split.train_x, split.test_x))
    mean, deviation = x.mean(), x.std()
    return (x - mean) / deviation, split.train_y, (test_x - mean) / deviation, split.test_y


def run(arm: str, width: int, power: int, seed: int, updates: int = UPDATES) -> dict:
    """Train one network: a row of the table."""
    x, y, test_x, test_y = digits(seed)
    net, adam = started(arm, width, power, seed)
    generator = torch.Generator().manual_seed(2000 + seed)
    for _ in range(updates):
        rows = torch.randint(0, len(x), (BATCH,), generator=generator)
        loss = cross_entropy(net(x[rows]), y[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        out = net(test_x)
        return {
            "arm": arm,
            "width": width,
            "power": power,
            "seed": seed,
            "train_loss": results.digits(cross_entropy(net(x), y).item()),
            "test_loss": results.digits(cross_entropy(out, test_y).item()),
            "test_accuracy": round((out.argmax(1) == test_y).double().mean().item(), 4),
        }


def main():
    torch.set_num_threads(1)  # the sums inside a step depend on the number of threads
    began = time.process_time()
    tables = {"runs": [], "tuning": []}
    for arm, width in ARMS:
        for power in POWERS:
            for name, seeds in (("runs", SEEDS), ("tuning", TUNING)):
                tables[name] += [run(arm, width, power, seed) for seed in seeds]
            print(tables["runs"][-1], flush=True)
    results.save(
        "width_rates",
        tables,
        folder=Path(__file__).parent,
        command="python data/width_rates/make.py",
        seconds=time.process_time() - began,
        seconds_of="processor",
        seeds={"counted": list(SEEDS), "tuning": list(TUNING)},
    )


if __name__ == "__main__":
    main()
