"""Eight hidden layers on two tasks, each function at a rate of its own; a few minutes with the extra `fast`.

    python data/eight_layers/make.py            writes tuning.json, runs.json and provenance.json beside this file

Networks 2-16-...-16-1 with eight hidden layers, 1000 points, Adam on the full batch for 1000 steps, tested on 20,000
fresh points of the same draw's generator. A draw seeds the points, and with 1000 added the weights; it is the same
for all functions, rates and tasks.
"""

import math
import time
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import torch

from actlab import data, ensemble, results
from actlab.results import digits

SIZES, STEPS = [2, *[16] * 8, 1], 1000
SCHEMES = {"relu": "he", "gelu": "he", "tanh": "glorot"}  # the start that is recommended for each
RATES = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
DRAWS, TUNING_DRAWS = range(20), range(100, 110)


def disk(draw: int) -> data.Split:
    return data.disk(1000, test=20_000, seed=draw)


def square(draw: int) -> data.Split:
    """The points of a draw of the disk, label 1 inside a square around 0 that is as likely as the disk: 1/2."""
    split = disk(draw)
    half = torch.erfinv(torch.tensor(math.sqrt(0.5), dtype=torch.float64)).item() / math.sqrt(math.log(2))
    train_y, test_y = ((x.abs().amax(dim=1) < half).float() for x in (split.train_x, split.test_x))
    return data.Split(split.train_x, train_y, split.test_x, test_y)


TASKS = {"disk": disk, "square": square}


def runs(task: str, activation: str, rate: float, draws: Iterable[int]) -> Iterator[dict]:
    """Train a network for each draw: a row each."""
    draws = list(draws)
    found = ensemble.fit_many(
        SIZES,
        activation,
        [TASKS[task](draw) for draw in draws],
        seeds=[1000 + draw for draw in draws],
        steps=STEPS,
        scheme=SCHEMES[activation],
        rate=rate,
        test_steps=[STEPS],
    )
    for i, draw in enumerate(draws):
        yield {
            "task": task,
            "activation": activation,
            "rate": rate,
            "draw": draw,
            "train_loss": digits(found.loss[i, -1].item()),
            "test_loss": digits(found.test_loss[i, -1].item()),
            "test_accuracy": round(found.test_accuracy[i, -1].item(), 5),
        }


def tuning() -> Iterator[dict]:
    """Every rate on draws of its own: the geometric mean of the losses on fresh points, by which is chosen."""
    for task, activation in product(TASKS, SCHEMES):
        means = {}
        for rate in RATES:
            losses = [row["test_loss"] for row in runs(task, activation, rate, TUNING_DRAWS)]
            means[rate] = float(np.exp(np.mean(np.log(losses))))
        best = min(means, key=means.get)
        if best in (RATES[0], RATES[-1]):
            raise RuntimeError(f"the best rate of {activation} on the {task} stands at the end of its grid: {best}")
        for rate, mean in means.items():
            yield {
                "task": task,
                "activation": activation,
                "rate": rate,
                "runs": len(TUNING_DRAWS),
                "mean_test_loss": digits(mean),
                "chosen": rate == best,
            }


def main():
    torch.set_num_threads(1)
    began = time.process_time()
    tried = list(tuning())
    counted = [row for of in tried if of["chosen"] for row in runs(of["task"], of["activation"], of["rate"], DRAWS)]
    results.save(
        "eight_layers",
        {"tuning": tried, "runs": counted},
        folder=Path(__file__).parent,
        command="python data/eight_layers/make.py",
        seconds=time.process_time() - began,
        seeds={"draws": list(DRAWS), "tuning draws": list(TUNING_DRAWS), "start": "1000 + draw"},
    )


if __name__ == "__main__":
    main()
