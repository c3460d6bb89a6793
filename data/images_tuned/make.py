"""Five functions on digits, each at a rate of its own, and BatchNorm without its start; some 15 minutes on a core.

    python data/images_tuned/make.py [FOLDER]     trains what FOLDER lacks, then writes the tables beside this file

The network, the start, the batches and the optimisers of data/images: 2,000 digits, 25 epochs. The rate of a function
and an optimiser is chosen on three draws of data/images (`choose`), of which three rates with SGD are made here. Then
five other draws are counted. Each tests a fifth of the 5,000 digits, so that each digit is tested once; the 2,000 for
training come from the 4,000 others. A draw moves the weights, the order and the digits, the same for all functions.

Stopped, it goes on from where it was: FOLDER keeps every run.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path

import torch
from torch import nn

from actlab import data, experiments, networks, results, train
from actlab.results import digits

RUNS = Path(__file__).parents[2] / "_build" / "images_tuned"
FIVE, EPOCHS, POINTS, BATCH = experiments.five, 25, 2000, 64
UPDATES = EPOCHS * -(-POINTS // BATCH)
TUNING, DRAWS, TESTED = range(3), range(5), 1000
RATES = {
    "adam": dict.fromkeys(FIVE, (0.0003, 0.001, 0.003, 0.01)),
    "sgd": dict.fromkeys(FIVE[1:], (0.001, 0.003, 0.01, 0.03, 0.1)) | {"sigmoid": (0.03, 0.1, 0.3, 1.0)},
}
MOMENTUM = {"adam": 0.0, "sgd": 0.9}
# BatchNorm: a narrow ResNet-50 with Adam, tested after so many updates, on the draws of data/images
LOOKS, EVERY, SHOWN, SEEDS = (32,), 32, ("sigmoid",), range(5)
AFRESH = 500  # training digits over which statistics are averaged anew


def split_of(draw: int, order: int = 7) -> data.Split:
    """2,000 digits to train on and 1,000 to test: the draw's fifth of all 5,000, in an order that all draws share."""
    some = data.mnist(4999, test=1, seed=order)
    x, y = torch.cat([some.train_x, some.test_x]), torch.cat([some.train_y, some.test_y])
    test = torch.arange(TESTED * draw, TESTED * (draw + 1))
    rest = torch.cat([torch.arange(test[0]), torch.arange(test[-1] + 1, len(x))])
    chosen = rest[torch.randperm(len(rest), generator=torch.Generator().manual_seed(1000 + draw))[:POINTS]]
    return data.Split(x[chosen], y[chosen], x[test], y[test])


def fit(name: str, optimizer: str, rate: float, split: data.Split, seed: int) -> tuple[nn.Module, train.BatchHistory]:
    """The small network after 25 epochs, and what was noted at their end."""
    network = networks.cnn(name, seed=seed)
    noted = train.fit_batches(
        network,
        split,
        steps=UPDATES,
        batch=BATCH,
        every=UPDATES,
        rate=rate,
        optimizer=optimizer,
        momentum=MOMENTUM[optimizer],
        seed=seed,
    )
    return network, noted


def stored_tuning(name: str, optimizer: str, rate: float, seed: int) -> float | None:
    """The test accuracy after 25 epochs of a run of data/images; None where it holds no such run."""
    what = {"network": "cnn", "task": "mnist", "activation": name, "optimizer": optimizer, "rate": rate, "seed": seed}
    for row in results.load("images", "curves"):
        if all(row[key] == value for key, value in what.items()) and row["epochs"] >= EPOCHS:
            return row["test_accuracy"][EPOCHS]
    return None


def tried(name: str, optimizer: str, rate: float, seed: int) -> dict:
    """A run on one of the draws on which rates are chosen."""
    right = stored_tuning(name, optimizer, rate, seed)
    if right is None:
        _, noted = fit(name, optimizer, rate, data.mnist(POINTS, test=1000, seed=seed), seed)
        right = noted.test_accuracy[-1].item()
    return {"optimizer": optimizer, "activation": name, "rate": rate, "seed": seed, "test_accuracy": digits(right)}


def choose(rows: Iterable[dict], name: str, optimizer: str) -> float:
    """The rate with the highest mean test accuracy over the tuning draws; ValueError at an end of its grid."""
    mine = [row for row in rows if (row["activation"], row["optimizer"]) == (name, optimizer)]
    rates = sorted({row["rate"] for row in mine})
    means = [sum(row["test_accuracy"] for row in mine if row["rate"] == rate) for rate in rates]
    best = means.index(max(means))
    if best in (0, len(rates) - 1):
        raise ValueError(f"{name} with {optimizer} is best at {rates[best]:g}, an end of its grid: make it longer")
    return rates[best]


def counted(name: str, optimizer: str, rate: float, draw: int) -> dict:
    """A run that is counted; wrong: which of the 1,000 digits it gets wrong, by their place in the test."""
    split = split_of(draw)
    network, noted = fit(name, optimizer, rate, split, 100 + draw)
    with torch.no_grad():
        answers = torch.cat([network(some) for some in split.test_x.split(TESTED)]).argmax(1)
    wrong = (answers != split.test_y).nonzero()[:, 0].tolist()
    return {
        "optimizer": optimizer,
        "activation": name,
        "rate": rate,
        "draw": draw,
        "train_loss": digits(noted.train_loss[-1].item()),
        "test_loss": digits(noted.test_loss[-1].item()),
        "test_accuracy": digits(noted.test_accuracy[-1].item()),
        "f1": digits(train.weighted_f1(noted.confusion[-1]).item()),
        "wrong": wrong,
    }


def norms_of(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]


def debias(network: nn.Module, updates: int) -> nn.Module:
    """A copy whose running statistics are those of the batches alone: without what is left of mean 0, variance 1."""
    network = copy.deepcopy(network)
    for layer in norms_of(network):
        left = (1 - layer.momentum) ** updates
        layer.running_mean /= 1 - left
        layer.running_var.sub_(left).div_(1 - left)
    return network


def afresh(network: nn.Module, x: torch.Tensor) -> nn.Module:
    """A copy whose statistics are the plain mean over batches of x, by the weights as they are."""
    network = copy.deepcopy(network)
    for layer in norms_of(network):
        layer.reset_running_stats()
        layer.momentum = None
    network.train()
    with torch.no_grad():
        for part in x.split(250):
            network(part)
    return network.eval()


def off_by(network: nn.Module, true: nn.Module) -> list[float]:
    """By what factor the running variances of each layer are off, up or down: the median over its channels."""
    pairs = zip(norms_of(network), norms_of(true), strict=True)
    return [(a.running_var / b.running_var).log().abs().median().exp().item() for a, b in pairs]


def statistics(name: str, seed: int) -> list[dict]:
    """A row for each look: the same weights tested with four kinds of statistics."""
    split, rows = data.mnist(POINTS, test=500, seed=seed), []
    network = experiments.Images(name, network="resnet50_narrow").build(seed)

    def look(row, now):
        updates = row * EVERY
        if updates not in LOOKS:
            return
        now = copy.deepcopy(now).eval()
        true, less = afresh(now, split.train_x[:AFRESH]), debias(now, updates)
        right = {key: _right(net, split) for key, net in {"running": now, "debiased": less, "anew": true}.items()}
        off = {key: off_by(net, true) for key, net in {"running": now, "debiased": less}.items()}
        small = sum(layer.running_var.median().item() < 0.9**updates for layer in norms_of(true))
        rows.append(
            {"activation": name, "seed": seed, "updates": updates}
            | {key: digits(value) for key, value in right.items()}
            | {f"off_{key}": digits(sorted(value)[len(value) // 2]) for key, value in off.items()}
            | {f"worst_{key}": digits(max(value)) for key, value in off.items()}
            | {"layers": len(off["running"]), "below_start": small}
        )

    noted = train.fit_batches(
        network, split, steps=LOOKS[-1], batch=BATCH, every=EVERY, seed=seed, batch_statistics=True, watch=look
    )
    own = dict(zip(noted.steps.tolist(), noted.batch_accuracy.tolist(), strict=True))
    return [row | {"own": digits(own[row["updates"]])} for row in rows]


def _right(network, split):
    return sum(train.accuracy(network, *part) * len(part[1]) for part in _parts(split)) / len(split.test_y)


def _parts(split):
    return zip(split.test_x.split(250), split.test_y.split(250), strict=True)


def once(folder: Path, key: str, make: Callable, *settings) -> list[dict] | dict:
    """What `make` gives for these settings: read from FOLDER where it was made before."""
    path = folder / f"{key}-{'-'.join(map(str, settings))}.json"
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(make(*settings)))
        draft.replace(path)
        print(path.stem, flush=True)
    return json.loads(path.read_text())


def settings() -> Iterator[tuple[str, str]]:
    yield from product(RATES, FIVE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=RUNS, help="where the runs are or shall be")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    began = time.process_time()
    tuning = [
        once(folder, "tuning", tried, name, optimizer, rate, seed)
        for optimizer, name in settings()
        for rate, seed in product(RATES[optimizer][name], TUNING)
    ]
    rates = {(optimizer, name): choose(tuning, name, optimizer) for optimizer, name in settings()}
    looks = [row for seed in SEEDS for name in SHOWN for row in once(folder, "statistics", statistics, name, seed)]
    runs = {
        optimizer: [
            once(folder, "runs", counted, name, optimizer, rates[optimizer, name], draw)
            for draw in DRAWS
            for name in FIVE
        ]
        for optimizer in RATES
    }
    results.save(
        "images_tuned",
        {"tuning": tuning, "runs": [row for of in runs.values() for row in of], "statistics": looks},
        folder=Path(__file__).parent,
        command="python data/images_tuned/make.py",
        seconds=time.process_time() - began,
        draws={"counted": len(DRAWS), "tuning": list(TUNING), "statistics": len(SEEDS)},
    )


if __name__ == "__main__":
    main()
