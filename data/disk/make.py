"""The disk study: the published comparison as it was, and then what it leaves open; some twenty minutes.

    python data/disk/make.py [FOLDER]     trains into stores in FOLDER, then writes the tables beside this file

Stopped, it goes on from where it was: FOLDER keeps every run with the loss of each step (some 250 MB). The stores:

published  one draw of 1000 points, 8 functions, 1000 starts each
draws      20 draws, 10 starts, the whole catalog; 3 starts for APL, PReLU and RReLU
rates      11 rates on 10 other draws, 3 starts, to choose rates by
tuned      the 20 draws of before, 10 starts, each function at the rates chosen for it
points     10 draws, 3 starts, of 200 and of 5000 points

And without a store: ten functions on a square in place of the disk, 20 draws, 3 starts.

All of them: 2-16-8-1 units, torch's initialisation, Adam, 2000 steps on the full batch, at rate 0.01 where no other
is named, tested on 20,000 fresh points of the same draw's generator.
"""

import argparse
import math
import statistics
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import torch

from actlab import activations, data, ensemble, experiments, networks, results, train
from actlab.results import digits

STORES = Path(__file__).parents[2] / "_build" / "disk"
EIGHT, STEPS = experiments.published, 2000
DRAWS, TUNING_DRAWS = range(20), range(100, 110)
SLOW = ("apl", "prelu", "rrelu")  # they learn or draw for each unit, and take as long as all others together
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
SIZES = (200, 5000)
LATER = {"test_steps": range(0, STEPS + 1, 100)}
STOPS = (200, 500, 1000)  # after so many updates the training loss is noted on the way
CURVE = np.unique(np.geomspace(1, STEPS, 130).round().astype(int)) - 1
FRAMES = np.unique(np.geomspace(1, STEPS, 26).round().astype(int)) - 1
EDGES = np.linspace(-4.8, 0.4, 53)  # of log10 loss


def studies(folder: Path) -> Iterator[tuple[str, experiments.Study]]:
    """Name and description of each store; that of tuned follows from what rates found."""
    yield "draws", experiments.disk(10, activations=EIGHT, draws=DRAWS, **LATER)
    yield "rates", experiments.disk(3, draws=TUNING_DRAWS, rates=RATES, **LATER)
    with results.Store(folder / "rates.sqlite") as store:
        found = chosen(list(runs(store)))
    tuned = [
        experiments.disk(10, activations=[name], draws=DRAWS, rates=rates.values(), **LATER).settings
        for name, rates in found.items()
    ]
    yield "tuned", experiments.Study("disk", sum(tuned, ()), range(10), experiments.disk().varied)
    yield "published", experiments.disk()
    for points in SIZES:
        yield f"points_{points}", experiments.disk(3, draws=range(10), points=points, **LATER)
    quick = [name for name in activations.catalog if name not in SLOW]
    yield "draws", experiments.disk(10, activations=quick, draws=DRAWS, **LATER)
    yield "draws", experiments.disk(3, activations=activations.catalog, draws=DRAWS, **LATER)


def runs(store: results.Store) -> Iterator[dict]:
    """A row for each run: which it is, its losses on the way and at the end, and the best of its tests."""
    for run in store.runs():
        best = int(np.nanargmin(run.test_loss)) if np.isfinite(run.test_loss).any() else -1
        yield {
            **{name: run.setting[name] for name in ("activation", "rate", "draw")},
            "start": run.seed,
            **{f"train_loss_{step}": digits(run.loss[step]) for step in STOPS},
            "train_loss": digits(run.loss[-1]),
            "test_loss": digits(run.test_loss[-1]),
            "test_accuracy": round(float(run.test_accuracy[-1]), 5),
            "best_step": run.setting["test_steps"][best],
            "best_test_loss": digits(run.test_loss[best]),
            "diverged": run.diverged,
        }


def chosen(rows: list[dict]) -> dict[str, dict[str, float]]:
    """For each activation the rate of the lowest median training loss and that of the lowest median test loss."""
    return {
        name: {
            measure: min(RATES, key=lambda rate: middle(rows, f"{measure}_loss", activation=name, rate=rate))
            for measure in ("train", "test")
        }
        for name in dict.fromkeys(row["activation"] for row in rows)
    }


def middle(rows, column, **where):
    """Median of a column where the others are as given; a diverged run counts as infinitely bad."""
    found = [row[column] for row in rows if all(row[name] == value for name, value in where.items())]
    return statistics.median(float("inf") if value is None else value for value in found)


def curves(store: results.Store) -> Iterator[dict]:
    """Statistics of the loss over the runs of each activation, at some hundred steps."""
    for name in EIGHT:
        losses = store.losses(activation=name)[:, CURVE].astype(float)
        low, first, median, third, high = np.quantile(losses, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
        columns = {
            "mean": losses.mean(axis=0),
            "error": losses.std(axis=0, ddof=1) / len(losses) ** 0.5,
            **{"q05": low, "q25": first, "median": median, "q75": third, "q95": high},
        }
        for i, step in enumerate(CURVE.tolist()):
            yield {"activation": name, "step": step} | {column: digits(v[i]) for column, v in columns.items()}


def histograms(store: results.Store) -> Iterator[dict]:
    """How many runs have a log10 loss between two neighbours of EDGES; the bins at the ends take what lies beyond."""
    for name in EIGHT:
        logs = np.log10(store.losses(activation=name)[:, FRAMES]).clip(EDGES[0], EDGES[-1])
        for i, step in enumerate(FRAMES.tolist()):
            yield {"activation": name, "step": step, "counts": np.histogram(logs[:, i], EDGES)[0].tolist()}


def finals(store: results.Store) -> Iterator[dict]:
    """The final training losses, a row for each start."""
    columns = {name: store.losses(activation=name)[:, -1] for name in EIGHT}
    for start in range(len(columns[EIGHT[0]])):
        yield {"start": start} | {name: digits(losses[start]) for name, losses in columns.items()}


def tests(store: results.Store) -> Iterator[dict]:
    """Median training and test loss over all runs of an activation, whenever there was a test but the first."""
    for name in EIGHT:
        loss, test = store.losses(activation=name), store.array("test_loss", activation=name)
        for i, step in enumerate(LATER["test_steps"]):
            if step:
                medians = np.median(loss[:, step - 1]), np.median(test[:, i])
                yield {"activation": name, "step": step} | dict(
                    zip(("train_loss", "test_loss"), map(digits, medians), strict=True)
                )


def square(draw: int) -> data.Split:
    """The points of a draw of the disk, label 1 inside a square around 0 that is as likely as the disk: 1/2."""
    split = data.disk(1000, test=20_000, seed=draw)
    half = torch.erfinv(torch.tensor(math.sqrt(0.5), dtype=torch.float64)).item() / math.sqrt(math.log(2))
    train_y, test_y = ((x.abs().amax(dim=1) < half).float() for x in (split.train_x, split.test_x))
    return data.Split(split.train_x, train_y, split.test_x, test_y)


def squares(names=(*EIGHT, "hardswish", "relu_squared"), draws=DRAWS, starts=3) -> Iterator[dict]:
    """The same points, another question: a row for each run on the square."""
    for name, draw in product(names, draws):
        found = ensemble.fit_many(
            [2, 16, 8, 1], name, square(draw), seeds=range(starts), steps=STEPS, test_steps=LATER["test_steps"]
        )
        for start in range(starts):
            yield {
                "activation": name,
                "draw": draw,
                "start": start,
                "train_loss": digits(found.loss[start, -1].item()),
                "test_loss": digits(found.test_loss[start, -1].item()),
                "best_test_loss": digits(found.test_loss[start].min().item()),
            }


def costs(rounds: int = 20, steps: int = 100) -> Iterator[dict]:
    """Microseconds for a step of the plain loop, one network at a time, the activations by turns.

    Whatever else the machine does makes a step longer and never shorter: the least disturbed round counts, and the
    median of the rounds is there beside it.
    """
    task = data.disk(1000, test=1, seed=0)
    found = {name: [] for name in EIGHT}
    for seed, name in product(range(rounds), EIGHT):
        history = train.fit(networks.mlp([2, 16, 8, 1], name, seed=seed), task, steps=steps)
        found[name].append(1e6 * history.seconds.diff().median().item())
    for name, rounds_of in found.items():
        yield {"activation": name, "microseconds": digits(min(rounds_of)), "median": digits(np.median(rounds_of))}


def tables(folder: Path) -> dict[str, list[dict]]:
    """What is kept of the stores."""
    open_store = {name: results.Store(folder / f"{name}.sqlite") for name in ("published", "draws", "rates", "tuned")}
    published, draws = open_store["published"], open_store["draws"]
    kept = ("activation", "rate", "draw", "start", "train_loss", "test_loss", "test_accuracy", "diverged")
    found = {name: list(runs(store)) for name, store in open_store.items() if name != "published"}
    points = {n: list(runs(results.Store(folder / f"points_{n}.sqlite"))) for n in SIZES}
    return {
        "published": results.summary(published, published=experiments.published_loss),
        "finals": list(finals(published)),
        "curves": list(curves(published)),
        "histograms": list(histograms(published)),
        "costs": list(costs()),
        "squares": list(squares()),
        "draws": [{k: v for k, v in row.items() if k != "rate"} for row in found["draws"]],
        "tests": list(tests(draws)),
        "rates": [{k: row[k] for k in kept} for row in found["rates"]],
        "tuned": [{k: row[k] for k in kept} for row in found["tuned"]],
        "points": [
            {"points": n} | {k: row[k] for k in kept if k != "rate"} for n, rows in points.items() for row in rows
        ],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=STORES, help="where the stores are or shall be")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    for name, study in studies(folder):
        print(name, flush=True)
        experiments.run(study, folder / f"{name}.sqlite", progress=True)
    torch.set_num_threads(1)
    stores = [results.Store(path) for path in sorted(folder.glob("*.sqlite"))]
    results.save(
        "disk",
        tables(folder),
        folder=Path(__file__).parent,
        command="python data/disk/make.py FOLDER",
        seconds=time.perf_counter() - began,
        runs={store.path.stem: len(store) for store in stores},
        trained=results.origins(stores),
    )


if __name__ == "__main__":
    main()
