"""The study of images: five functions, two optimisers, two kinds of network; half an hour on two processors.

    python data/images/make.py [FOLDER]             trains what FOLDER lacks, then writes the tables beside this file
    python data/images/make.py --tables [FOLDER]    writes the tables of whatever runs FOLDER has; times stay
    python data/images/make.py --photographs [DIRECTORY]    trains on CIFAR-10 too, from files in DIRECTORY

Stopped, it goes on from where it was: FOLDER keeps every run. The stores:

mnist            the small network on 2,000 digits: SGD and Adam at rate 0.001, and at other rates
resnet50_narrow  as deep as ResNet-50, a quarter as wide, 2,000 digits, Adam and SGD
resnet50         ResNet-50 with ReLU and Adam, 1,000 digits
cifar10          the small network on 4,000 photographs, which the repository does not hold: see README.md

Of a store that FOLDER lacks the tables keep the rows that they have.
"""

import argparse
import time
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch

from actlab import data, experiments, results, train
from actlab.results import digits

STORES = Path(__file__).parents[2] / "_build" / "images"
FIVE = experiments.five
SEEDS = 5  # of every setting but those on photographs
SGD, ADAM = {"optimizers": ["sgd"], "epochs": 30}, {"optimizers": ["adam"], "epochs": 25}
OTHERS, RATE, PATIENT = FIVE[1:], SGD | {"epochs": 25}, SGD | {"epochs": 60}
NARROW = {"network": "resnet50_narrow", "points": 2000, "test_points": 500, "epochs": 4, "every": 16}
FULL = {"network": "resnet50", "points": 1000, "test_points": 500, "epochs": 3, "every": 8}
UPDATES = 2  # that are timed together
PHOTOGRAPHS = {"task": "cifar10", "points": 4000, "test_points": 1000, "epochs": 12}


def studies(photographs: bool) -> Iterator[tuple[str, experiments.Study]]:
    """Each store with a study, what matters most first; the first seeds of all before the later ones of any."""
    images = experiments.images
    for runs in range(1, SEEDS + 1):
        yield "mnist", images(runs, **SGD)
        yield "mnist", images(runs, **ADAM)
        # what tells causes apart: sigmoid at higher rates, the others beside it, and BatchNorm tested in two ways
        yield "mnist", images(runs, ["sigmoid"], rates=[0.03, 0.1], **PATIENT)
        yield "resnet50_narrow", images(runs, ["relu", "sigmoid", "elu"], ["adam"], **NARROW)
        yield "resnet50", images(runs, ["relu"], ["adam"], **FULL)
    for runs in range(1, SEEDS + 1):
        yield "mnist", images(runs, OTHERS, rates=[0.01, 0.1], **RATE)
        yield "mnist", images(runs, rates=[0.0003, 0.003, 0.01], **ADAM)
        yield "resnet50_narrow", images(runs, optimizers=["adam", "sgd"], **NARROW)
    for runs in (1, 2, 3) if photographs else ():
        yield "cifar10", images(runs, **PHOTOGRAPHS)


def runs(stores: dict[str, results.Store]) -> Iterator[tuple[experiments.Images, results.Run]]:
    """All runs of all stores, each with its setting as the class that knows its layers."""
    for store in stores.values():
        for run in store.runs():
            yield experiments.Images(**run.setting), run


def which(setting: experiments.Images) -> dict:
    """The columns that say which run a row is about, but its seed."""
    names = ("network", "task", "activation", "optimizer", "rate", "points", "epochs")
    return {name: getattr(setting, name) for name in names}


def ends(stores) -> Iterator[dict]:
    """A row for each run: where it ended, and where the rule with a patience of 5 epochs would have ended it."""
    for setting, run in runs(stores):
        rows = len(run.loss) // setting.epochs  # of results, to an epoch
        stop = experiments.early_stop(run.test_loss[rows::rows])
        there = rows * (stop or setting.epochs)
        f1 = train.weighted_f1(torch.from_numpy(run.more["confusion"]))
        yield {
            **which(setting),
            "seed": run.seed,
            "train_loss": digits(run.loss[-1]),
            "train_accuracy": digits(run.more["train_accuracy"][-1]),
            "test_loss": digits(run.test_loss[-1]),
            "test_accuracy": digits(run.test_accuracy[-1]),
            "f1": digits(f1[-1]),
            "stop": stop,
            "stop_loss": digits(run.test_loss[there]),
            "stop_accuracy": digits(run.test_accuracy[there]),
            "stop_f1": digits(f1[there]),
            "commonest": digits(run.more["confusion"][-1].sum(0).max() / run.more["confusion"][-1].sum()),
        }


def curves(stores) -> Iterator[dict]:
    """A row for each run: its numbers after each row of results, tests from before the first update on."""
    for setting, run in runs(stores):
        noted = {
            "train_loss": run.loss,
            "train_accuracy": run.more["train_accuracy"],
            "test_loss": run.test_loss,
            "test_accuracy": run.test_accuracy,
            "batch_loss": run.more.get("batch_loss"),
            "batch_accuracy": run.more.get("batch_accuracy"),
        }
        yield {
            **which(setting),
            "seed": run.seed,
            # a stopping rule compares test losses that differ in the fifth digit: all that float32 has are kept
            **{
                name: None if v is None else [digits(x, 8 if name == "test_loss" else 4) for x in v]
                for name, v in noted.items()
            },
        }


def norms(stores) -> Iterator[dict]:
    """A row for each setting: the medians over seeds of each layer's gradient norm, listed by row of results."""
    for store in stores.values():
        for entry in store.settings():
            found = [run.more["norms"] for run in store.runs(**entry)]
            if found:
                medians = [[digits(norm) for norm in layers] for layers in np.median(found, axis=0)]
                yield {**which(experiments.Images(**entry)), "runs": len(found), "norms": medians}


TABLES = {"runs": ends, "curves": curves, "norms": norms}


def costs(rounds: int = 5) -> Iterator[dict]:
    """Milliseconds of processor time for an update on a batch of 64, the functions by turns.

    Whatever else the machine does makes an update longer and never shorter: the least disturbed round counts, and the
    median of the rounds is there beside it.
    """
    split, found = data.mnist(64 * UPDATES, test=1), {}
    for _, network, optimizer, name in product(range(rounds), ("cnn", "resnet50_narrow"), ("sgd", "adam"), FIVE):
        setting = experiments.Images(name, network=network)
        built, began = setting.build(0), time.process_time()
        train.fit_batches(built, split, steps=UPDATES, optimizer=optimizer)
        took = time.process_time() - began
        found.setdefault((network, optimizer, name), []).append(1000 * took / UPDATES)
    for (network, optimizer, name), times in found.items():
        yield {
            "network": network,
            "optimizer": optimizer,
            "activation": name,
            "milliseconds": digits(min(times)),
            "median": digits(np.median(times)),
        }


def store_of(row: dict) -> str:
    """The name of the store that a row of a table comes from."""
    return "cifar10" if row["task"] == "cifar10" else {"cnn": "mnist"}.get(row["network"], row["network"])


def kept(stores) -> tuple[dict[str, list[dict]], dict]:
    """The rows, by table, of the stores that FOLDER lacks, as they are now, and by store where they come from."""
    if not (Path(__file__).parent / "runs.json").exists():
        return {}, {}
    rows = {name: [row for row in results.load("images", name) if store_of(row) not in stores] for name in TABLES}
    now = results.provenance("images")
    origin = {name: now[name] for name in ("command", "date", "trained")}
    before = {name: origin | {"runs": count} for name, count in now["runs"].items()} | now.get("kept", {})
    return rows, {name: before[name] for name in dict.fromkeys(map(store_of, rows["runs"]))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=STORES, help="where the stores are or shall be")
    parser.add_argument("--tables", action="store_true", help="train nothing, write the tables of what there is")
    parser.add_argument("--workers", type=int, help="processes; left out, one for each processor")
    parser.add_argument(
        "--photographs",
        nargs="?",
        const="",
        metavar="DIRECTORY",
        help="train on CIFAR-10 too, from the files in DIRECTORY, or else fetched",
    )
    asked = parser.parse_args()
    if asked.photographs:
        data.cifar10 = partial(data.cifar10, folder=asked.photographs)
    asked.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    began = time.perf_counter()
    for name, study in () if asked.tables else studies(asked.photographs is not None):
        outcome = experiments.run(study, asked.folder / f"{name}.sqlite", workers=asked.workers, progress=True)
        print(name, outcome.trained, "runs,", round(outcome.work), "s of processor time", flush=True)
    if asked.tables and (Path(__file__).parent / "costs.json").exists():
        times = results.load("images", "costs")
    else:
        times = list(costs())
    stores = {path.stem: results.Store(path) for path in sorted(asked.folder.glob("*.sqlite"))}
    if not stores:
        parser.error(f"{asked.folder} has no store, so the tables stay as they are")
    old, origin_of_old = kept(stores)
    tables = {name: [*make(stores), *old.get(name, [])] for name, make in TABLES.items()}
    results.save(
        "images",
        {**tables, "costs": times},
        folder=Path(__file__).parent,
        command="python data/images/make.py FOLDER" + " --photographs DIRECTORY" * ("cifar10" in stores),
        seconds=time.perf_counter() - began,
        runs={name: len(store) for name, store in stores.items()},
        training_seconds={
            name: round(float(sum(run.seconds[-1] for run in store.runs()))) for name, store in stores.items()
        },
        trained=results.origins(stores.values()),
        kept=origin_of_old,
    )


if __name__ == "__main__":
    main()
