"""Learned hinges against one learned leak that starts where they start and moves as fast; ten minutes on a core.

    python data/matched/make.py [FOLDER]             trains what FOLDER lacks, writes the tables beside this file
    python data/matched/make.py --tables [FOLDER]    writes the tables from whatever runs FOLDER has

The network of data/adaptive, on 1,000 of the 5,000 digits, tested on 2,000 others. Adam moves each number by
about the rate in an update. So the far slope of five hinges, which is minus the sum of five numbers, moves by up to
five rates, and a leak that is one number by one. Here a leak is `speed` times a number, which makes it as fast.

The rate of each arm is chosen on seeds of its own, and only then are the runs made that are reported: see `climb`.
Stopped, it goes on from where it was: FOLDER keeps every run.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab import data, networks, results

STORES = Path(__file__).parents[2] / "_build" / "matched"
TUNING = (1000, 1001)
PAIR, PAIRS = ("leak_zero", "apl_zero"), 21  # n of the comparison that the study is for: chapter 8c computes it
OTHERS = 6  # seeds of every other arm
POINTS, TEST, EPOCHS, BATCH = 1000, 2000, 8, 32
SHAPE = {"widths": (8, 16, 32), "hidden": (64,), "channels": 1, "side": 28}
FIRST = 2e-3  # the rate where each ladder begins; its steps are factors of 2
GRID = np.linspace(-3, 3, 121)  # where shapes are compared, as in data/adaptive

# kind of unit, where it starts, and how many rates its far slope moves in an update: for hinges, how many there are
ARMS = {
    "relu": ("fixed", 0.0, 0),
    "prelu": ("leak", 0.25, 1),
    "leak_zero": ("leak", 0.0, 5),
    "apl_zero": ("apl", "zero", 5),
    "apl": ("apl", "he", 5),
    "leak_ten": ("leak", 0.0, 10),
    "apl_ten": ("apl", "zero", 10),
}


class Leak(nn.Module):
    """z to the right of 0 and a learned slope to the left, one for each unit: `speed` times the number that learns.

    slopes: where they start, shape (units,).
    """

    def __init__(self, slopes: Tensor, speed: float):
        super().__init__()
        self.number, self.speed = nn.Parameter(slopes / speed), speed

    def forward(self, z: Tensor) -> Tensor:
        return functional.prelu(z, self.speed * self.number)


def build(arm: str, seed: int) -> nn.Sequential:
    """The network of a run before its first update; the weights are the same for all arms of a seed."""
    kind, start, speed = ARMS[arm]
    if kind == "fixed":
        return networks.conv_net("relu", **SHAPE, seed=seed)
    if kind == "apl":
        return networks.conv_net("apl", **SHAPE, hinges=speed, start=start, seed=seed)
    network = networks.conv_net("prelu", **SHAPE, seed=seed)
    for i, layer in enumerate(network):
        if isinstance(layer, nn.PReLU):
            network[i] = Leak(torch.full((layer.num_parameters,), start), speed)
    return network


def train(arm: str, rate: float, seed: int) -> dict:
    """A run: the loss of the last epoch, test accuracy and loss at the end, and for hinges what one leak is worth."""
    split, network = data.mnist(POINTS, test=TEST, seed=seed), build(arm, seed)
    order, update = torch.Generator().manual_seed(seed), torch.optim.Adam(network.parameters(), lr=rate)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)  # what dropout drops
        for _ in range(EPOCHS):
            total = 0.0
            for chosen in torch.randperm(POINTS, generator=order).split(BATCH):
                loss = functional.cross_entropy(network(split.train_x[chosen]), split.train_y[chosen])
                update.zero_grad()
                loss.backward()
                update.step()
                total += loss.item() * len(chosen)
    row = {"arm": arm, "rate": rate, "seed": seed, "train_loss": results.digits(total / POINTS)}
    row["test_loss"], row["test_accuracy"] = test(network, split)
    if ARMS[arm][0] == "apl":
        slopes, row["share"] = one_leak(network)
        row["down"] = round(float((slopes > 0).mean()), 4)
        row["slope"] = round(float(np.median(slopes)), 4)
        row["leaked_loss"], row["leaked_accuracy"] = test(leaking(network, slopes), split)
    return row


@torch.no_grad()
def test(network: nn.Module, split: data.Split) -> tuple[float, float]:
    """Loss and accuracy on the test digits, without dropout."""
    network.eval()
    out = torch.cat([network(x) for x in split.test_x.split(500)])
    right = (out.argmax(1) == split.test_y).double().mean().item()
    return results.digits(functional.cross_entropy(out, split.test_y).item()), round(right, 5)


def one_leak(network: nn.Module) -> tuple[np.ndarray, float]:
    """The slope of the leak that is nearest to each unit, by least squares on the grid; and the share that they carry
    of what all hinges add to ReLU, in squares over the grid and the units.
    """
    layers = [layer for layer in network if isinstance(layer, networks.APL)]
    a, b = (torch.cat([getattr(layer, name).detach() for layer in layers], 1).double().numpy() for name in "ab")
    added = (a * np.maximum(0, b - GRID[:, None, None])).sum(1)
    left = np.minimum(0, GRID)
    slopes = left @ added / (left @ left)
    return slopes, round(float(1 - ((added - np.outer(left, slopes)) ** 2).sum() / (added**2).sum()), 5)


def leaking(network: nn.Sequential, slopes: np.ndarray) -> nn.Sequential:
    """The same weights, with a leak of these slopes in the place of each unit with hinges."""
    left, layers = torch.tensor(slopes, dtype=torch.float32), list(network)
    for i, layer in enumerate(layers):
        if isinstance(layer, networks.APL):
            layers[i], left = Leak(left[: layer.units], 1.0), left[layer.units :]
    return nn.Sequential(*layers)


class Missing(LookupError):
    """A run that is not in the file of those that are kept."""


class Kept:
    """Runs in a file, a line each: one that is there is not trained again."""

    def __init__(self, path: Path):
        self.path, self.rows = path, {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self.rows[row["arm"], row["rate"], row["seed"]] = row

    def run(self, arm: str, rate: float, seed: int) -> dict:
        if (arm, rate, seed) not in self.rows:
            began = time.perf_counter()
            row = train(arm, rate, seed)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            self.rows[arm, rate, seed] = row
            print(arm, rate, seed, row["test_accuracy"], f"{time.perf_counter() - began:.1f} s", flush=True)
        return self.rows[arm, rate, seed]

    def known(self, arm: str, rate: float, seed: int) -> dict:
        """A run that is there; Missing for one that is not."""
        if (arm, rate, seed) not in self.rows:
            raise Missing(f"no run of {arm} at {rate} with seed {seed}")
        return self.rows[arm, rate, seed]


def climb(score: Callable[[float], float]) -> tuple[float, list[float]]:
    """The rate of the highest score on a ladder of factors of 2 that goes on until the best is at neither end.

    score: from a rate to the mean test accuracy of the tuning seeds. The rates tried come beside, in order.
    """
    scores = {FIRST / 2: score(FIRST / 2), FIRST: score(FIRST), 2 * FIRST: score(2 * FIRST)}
    while (best := max(scores, key=scores.get)) in (low := min(scores), high := max(scores)):
        further = low / 2 if best == low else 2 * high
        scores[further] = score(further)
    return best, sorted(scores)


def tune(run: Callable[[str, float, int], dict], arm: str) -> tuple[float, list[dict]]:
    """The rate of an arm, and a row for each rate tried: the test accuracy of each of the tuning seeds."""

    def accuracies(rate):
        return [run(arm, rate, seed)["test_accuracy"] for seed in TUNING]

    best, rates = climb(lambda rate: float(np.mean(accuracies(rate))))
    return best, [
        {"arm": arm, "rate": rate, "chosen": rate == best, "test_accuracy": accuracies(rate)} for rate in rates
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=STORES, help="where the runs are or shall be")
    parser.add_argument("--tables", action="store_true", help="train nothing, write the tables of what there is")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    kept, began = Kept(options.folder / "runs.jsonl"), time.perf_counter()
    run = kept.known if options.tables else kept.run
    try:
        chosen = {arm: tune(run, arm) for arm in ARMS}
        asked = [(arm, seed) for seed in range(PAIRS) for arm in PAIR]
        asked += [(arm, seed) for seed in range(OTHERS) for arm in ARMS if arm not in PAIR]
        runs = [run(arm, chosen[arm][0], seed) for arm, seed in asked]
    except Missing as gap:
        parser.error(f"{options.folder} has {gap}, so the tables stay as they are")
    runs.sort(key=lambda row: (list(ARMS).index(row["arm"]), row["seed"]))
    more = ("share", "down", "slope", "leaked_loss", "leaked_accuracy")
    results.save(
        "matched",
        {
            "tuning": [row for _, rows in chosen.values() for row in rows],
            "runs": [{key: row[key] for key in row if key not in more} for row in runs],
            "leaks": [{key: row[key] for key in ("arm", "seed", *more)} for row in runs if "share" in row],
        },
        folder=Path(__file__).parent,
        command="python data/matched/make.py",
        seconds=time.perf_counter() - began,
        runs=len(runs),
    )


if __name__ == "__main__":
    main()
