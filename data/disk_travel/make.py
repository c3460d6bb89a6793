"""Does the order on fresh points travel? Width, depth, start and task, each function at a rate of its own.

    python data/disk_travel/make.py [FOLDER]    trains what FOLDER lacks, then writes the tables beside this file

Some five minutes of one processor with the extra `fast`. Stopped, it goes on from where it was: FOLDER keeps what
was trained. 1000 points, Adam on the full batch for 2000 steps, tested on 20,000 fresh points of the same draw's
generator. A draw seeds the points, and with 1000 added the weights; it is the same for all functions and networks.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import numpy as np
import torch

from actlab import data, ensemble, results
from actlab.results import digits

STORE = Path(__file__).parents[2] / "_build" / "disk_travel"
# what is changed, one thing at a time, about the network of the disk study, which stands first
NETWORKS = {
    "16-8": ([16, 8], "torch"),
    "8-4": ([8, 4], "torch"),
    "32-16": ([32, 16], "torch"),
    "16-16-16-16": ([16] * 4, "torch"),
    "16-8, own gain": ([16, 8], "computed"),
}
NAMES = ("relu", "gelu", "silu", "softplus", "tanh")
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
DRAWS, TUNING_DRAWS, STEPS = range(20), range(100, 105), 2000


def disk(draw: int) -> data.Split:
    return data.disk(1000, test=20_000, seed=draw)


def square(draw: int) -> data.Split:
    """The points of a draw of the disk, label 1 inside a square around 0 that is as likely as the disk: 1/2."""
    split = disk(draw)
    half = torch.erfinv(torch.tensor(math.sqrt(0.5), dtype=torch.float64)).item() / math.sqrt(math.log(2))
    train_y, test_y = ((x.abs().amax(dim=1) < half).float() for x in (split.train_x, split.test_x))
    return data.Split(split.train_x, train_y, split.test_x, test_y)


TASKS = {"disk": disk, "square": square}


def runs(network: str, task: str, activation: str, rate: float, draws: Iterable[int]) -> list[dict]:
    """Train a network for each draw: a row each."""
    hidden, scheme = NETWORKS[network]
    draws = list(draws)
    found = ensemble.fit_many(
        [2, *hidden, 1],
        activation,
        [TASKS[task](draw) for draw in draws],
        seeds=[1000 + draw for draw in draws],
        steps=STEPS,
        scheme=scheme,
        rate=rate,
        test_steps=[STEPS],
    )
    return [
        {
            "network": network,
            "task": task,
            "activation": activation,
            "rate": rate,
            "draw": draw,
            "train_loss": digits(found.loss[i, -1].item()),
            "test_loss": digits(found.test_loss[i, -1].item()),
            "test_accuracy": round(found.test_accuracy[i, -1].item(), 5),
        }
        for i, draw in enumerate(draws)
    ]


def arm(network: str, task: str, activation: str) -> dict:
    """Tune on draws of their own, by the geometric mean of the loss on fresh points; then run at the best rate."""
    began = time.process_time()
    means = {}
    for rate in RATES:
        losses = [row["test_loss"] for row in runs(network, task, activation, rate, TUNING_DRAWS)]
        means[rate] = float(np.exp(np.mean(np.log(losses))))
    best = min(means, key=means.get)
    if best in (RATES[0], RATES[-1]):
        raise RuntimeError(f"the best rate of {activation} in {network} on the {task} stands at an end: {best}")
    shared = {"network": network, "task": task, "activation": activation}
    tried = [
        {**shared, "rate": rate, "mean_test_loss": digits(mean), "chosen": rate == best}
        for rate, mean in means.items()
    ]
    judged = runs(network, task, activation, best, DRAWS)
    return {"tuning": tried, "runs": judged, "seconds": time.process_time() - began}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=STORE)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    tables, seconds = {"tuning": [], "runs": []}, 0.0
    for network, task, activation in product(NETWORKS, TASKS, NAMES):
        path = folder / f"{network} {task} {activation}.json"
        if not path.exists():
            draft = path.with_suffix(".new")
            draft.write_text(json.dumps(arm(network, task, activation)), encoding="utf-8")
            draft.replace(path)
            print(path.name, file=sys.stderr)
        found = json.loads(path.read_text(encoding="utf-8"))
        for name, rows in tables.items():
            rows += found[name]
        seconds += found["seconds"]
    results.save(
        "disk_travel",
        tables,
        folder=Path(__file__).parent,
        command="python data/disk_travel/make.py",
        seconds=seconds,
        seeds={"draws": list(DRAWS), "tuning draws": list(TUNING_DRAWS), "start": "1000 + draw"},
    )


if __name__ == "__main__":
    main()
