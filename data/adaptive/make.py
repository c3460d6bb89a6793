"""The study of adaptive units: APL beside fixed functions, with the controls that say why; a quarter of an hour.

    python data/adaptive/make.py [FOLDER]             trains what FOLDER lacks, writes the tables beside this file
    python data/adaptive/make.py --tables [FOLDER]    writes the tables from whatever runs FOLDER has
    python data/adaptive/make.py --photographs [DIRECTORY]    trains on CIFAR-10 too, from files in DIRECTORY

Stopped, it goes on from where it was: FOLDER keeps every run. The stores:

digits   the network with three convolutions, all arms
depth    stacks of 3, 5 and 7 convolutions on digits of 14 x 14, three arms
cifar10  the network on 2,000 photographs, which the repository does not hold: see README.md
"""

import argparse
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from actlab import data, experiments, results
from actlab.results import digits

STORES = Path(__file__).parents[2] / "_build" / "adaptive"
SEEDS = {"digits": 5, "depth": 5, "cifar10": 5}  # of each store
SHAPED = ("apl_5", "apl_5_zero")  # whose shapes are kept unit by unit, of seed 0
UNITS = 4  # of each layer
GRID = np.linspace(-3, 3, 121)  # where shapes are compared


def study(name: str, runs: int) -> experiments.Study:
    """The study of each store."""
    if name == "digits":
        return experiments.adaptive(runs)
    if name == "depth":
        return experiments.adaptive(runs, names=("relu", "leaky_relu", "apl_5"), depths=(3, 5, 7))
    five = ("relu", "leaky_relu", "prelu", "apl_5", "apl_5_frozen")
    return experiments.adaptive(runs, names=five, task="cifar10", side=32)


def arm(setting: dict) -> str:
    """The name of a stored setting's arm."""
    keys = {"hinges": 0, "start": "he", "frozen": False, "gain": 1.0}
    wanted = {key: setting[key] for key in ("activation", *keys)}
    return next(name for name, entries in experiments.arms.items() if keys | entries == wanted)


def paired(store: results.Store) -> list[results.Run]:
    """The runs with the seeds that all settings of a store have so far."""
    found = list(store.runs())
    seeds = set(range(max(SEEDS.values())))
    for setting in store.settings():
        seeds &= {run.seed for run in found if run.setting == setting}
    return [run for run in found if run.seed in seeds]


def runs(stores: dict[str, results.Store]) -> Iterator[dict]:
    """A row for each run, its losses and accuracies epoch by epoch in lists."""
    for name, store in stores.items():
        for run in paired(store):
            yield {
                "study": name,
                "arm": arm(run.setting),
                "depth": len(run.setting["widths"]),
                "seed": run.seed,
                "train_loss": [digits(value) for value in run.loss],
                "train_accuracy": [round(float(value), 4) for value in run.more["train_accuracy"]],
                "test_loss": [digits(value) for value in run.test_loss],
                "test_accuracy": [round(float(value), 4) for value in run.test_accuracy],
            }


def layers(setting: dict) -> dict[str, slice]:
    """Where the units of each layer stand among those of all layers."""
    widths = [*setting["widths"], *setting["hidden"]]
    ends = np.cumsum(widths).tolist()
    names = [f"conv{i}" for i in range(1, len(setting["widths"]) + 1)] + ["hidden"] * len(setting["hidden"])
    return {name: slice(end - width, end) for name, width, end in zip(names, widths, ends, strict=True)}


def units(store: results.Store) -> Iterator[results.Run]:
    """The runs whose units learn."""
    for run in paired(store):
        if run.setting["activation"] == "apl" and not run.setting["frozen"]:
            yield run


def beside(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What the hinges add to ReLU on the grid, shape (points, units), of a and b of shape (hinges, units)."""
    return (a * np.maximum(0, b - GRID[:, None, None])).sum(1)


def shapes(store: results.Store) -> Iterator[dict]:
    """A row for each run, layer and epoch kept: how far the units are from where they started."""
    for run in units(store):
        kept = [epoch for epoch in (0, 1, 3, 5) if epoch < run.setting["epochs"]] + [run.setting["epochs"]]
        for layer, where in layers(run.setting).items():
            a, b = run.more["a"][..., where].astype(float), run.more["b"][..., where].astype(float)
            first = beside(a[0], b[0])
            for i, epoch in enumerate(kept):
                now = beside(a[i], b[i])
                yield {
                    "arm": arm(run.setting),
                    "seed": run.seed,
                    "layer": layer,
                    "epoch": epoch,
                    # shares of the units: whose far-left slope has kept its sign, and whose hinges all bend upwards
                    "sign_kept": round(float((np.sign(a[i].sum(0)) == np.sign(a[0].sum(0))).mean()), 4),
                    "convex": round(float((a[i] >= 0).all(0).mean()), 4),
                    # root mean squares over the units and the grid
                    "added": digits(np.sqrt((now**2).mean())),
                    "moved": digits(np.sqrt(((now - first) ** 2).mean())),
                    "a": digits(np.abs(a[i]).mean()),
                    "a_moved": digits(np.abs(a[i] - a[0]).mean()),
                    "b_moved": digits(np.abs(b[i] - b[0]).mean()),
                }


def drawn(store: results.Store) -> Iterator[dict]:
    """a and b of the first units of each layer of seed 0, a row for each unit and epoch kept."""
    for run in units(store):
        if arm(run.setting) in SHAPED and run.seed == 0:
            kept = [epoch for epoch in (0, 1, 3, 5) if epoch < run.setting["epochs"]] + [run.setting["epochs"]]
            for layer, where in layers(run.setting).items():
                for unit in range(UNITS):
                    for i, epoch in enumerate(kept):
                        a, b = (run.more[name][i, :, where.start + unit] for name in "ab")
                        yield {
                            "arm": arm(run.setting),
                            "layer": layer,
                            "unit": unit,
                            "epoch": epoch,
                            "a": [round(float(value), 4) for value in a],
                            "b": [round(float(value), 4) for value in b],
                        }


def slopes(store: results.Store) -> Iterator[dict]:
    """The far-left slope, -sum(a), of every unit of seed 0 at the epochs kept, in a list for each layer and epoch."""
    for run in units(store):
        if arm(run.setting) in SHAPED and run.seed == 0:
            kept = [epoch for epoch in (0, 1, 3, 5) if epoch < run.setting["epochs"]] + [run.setting["epochs"]]
            for layer, where in layers(run.setting).items():
                for i, epoch in enumerate(kept):
                    values = -run.more["a"][i, :, where].sum(0)
                    yield {
                        "arm": arm(run.setting),
                        "layer": layer,
                        "epoch": epoch,
                        "slopes": [round(float(value), 3) for value in values],
                    }


def norms(store: results.Store) -> Iterator[dict]:
    """The gradient norms of the weights, layer by layer, means over the seeds, a row for each arm and epoch."""
    found = {}
    for run in paired(store):
        found.setdefault(arm(run.setting), []).append(run.more["norms"].astype(float))
    for name, of_runs in found.items():
        for epoch, values in enumerate(np.mean(of_runs, axis=0), start=1):
            yield {"arm": name, "epoch": epoch, "n": len(of_runs), "norms": [digits(value) for value in values]}


def costs(rounds: int = 15, updates: int = 4) -> Iterator[dict]:
    """Milliseconds of processor time for an update, the arms by turns, and the numbers that each network learns.

    Time is the process's own, not the clock's, since the machine may do other things; whatever disturbs it makes an
    update longer and never shorter, so the least disturbed round is kept beside the median one.
    """
    split = data.mnist(64 * updates, test=1, seed=0)
    found, networks = {name: [] for name in experiments.arms}, {}
    for setting in experiments.adaptive(1).settings:
        networks[arm(setting.__dict__)] = setting.build(0)
    for _ in range(rounds):
        for name, network in networks.items():
            update = torch.optim.Adam(network.parameters(), lr=1e-3)
            began = time.process_time()
            for x, y in zip(split.train_x.split(64), split.train_y.split(64), strict=True):
                update.zero_grad()
                functional.cross_entropy(network(x), y).backward()
                update.step()
            found[name].append(1000 * (time.process_time() - began) / updates)
    for name, times in found.items():
        yield {
            "arm": name,
            "parameters": sum(p.numel() for p in networks[name].parameters()),
            "milliseconds": digits(min(times)),
            "median": digits(np.median(times)),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=STORES, help="where the stores are or shall be")
    parser.add_argument("--tables", action="store_true", help="train nothing, write the tables of what there is")
    parser.add_argument(
        "--photographs",
        nargs="?",
        const="",
        metavar="DIRECTORY",
        help="train on CIFAR-10 too, from the files in DIRECTORY, or else fetched",
    )
    options = parser.parse_args()
    if options.photographs:
        data.cifar10 = partial(data.cifar10, folder=options.photographs)
    folder, began = options.folder, time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    # all studies with one seed, then with two, and so on: stopped, it has as many seeds of each as there was time for
    for runs_ in range(1, 1 + (0 if options.tables else max(SEEDS.values()))):
        for name, seeds in SEEDS.items():
            if runs_ <= seeds and (name != "cifar10" or options.photographs is not None):
                done = experiments.run(study(name, runs_), folder / f"{name}.sqlite", workers=1)
                print(f"{name}: {runs_} seeds, {done.trained} runs trained in {done.seconds:.0f} s", flush=True)
    torch.set_num_threads(1)
    stores = {name: results.Store(path) for name in SEEDS if (path := folder / f"{name}.sqlite").exists()}
    if missing := {"digits", "depth"} - set(stores):
        parser.error(f"{folder} lacks {', '.join(sorted(missing))}, so the tables stay as they are")
    results.save(
        "adaptive",
        {
            "runs": list(runs(stores)),
            "shapes": list(shapes(stores["digits"])),
            "units": list(drawn(stores["digits"])),
            "slopes": list(slopes(stores["digits"])),
            "norms": list(norms(stores["digits"])),
            "costs": list(costs()),
        },
        folder=Path(__file__).parent,
        command="python data/adaptive/make.py FOLDER",
        seconds=time.perf_counter() - began,
        runs={name: len(paired(store)) for name, store in stores.items()},
        training_seconds={  # on the clock, of a machine that had other things to do
            name: round(sum(float(run.seconds[-1]) for run in paired(store))) for name, store in stores.items()
        },
        trained=results.origins(stores.values()),
    )


if __name__ == "__main__":
    main()
