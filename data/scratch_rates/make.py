"""A small language model from scratch: seven functions, each at a rate of its own, by optimiser and schedule.

    python data/scratch_rates/make.py [FILE] [--recipes adam-cosine adamw-cosine adam-constant]

adds to FILE, line by line, the runs that it lacks, then writes the tables of the recipes that are whole; stopped, it
goes on from where it was, and --tables trains nothing. Some nine seconds of processor time a run.

The network, its text and its batches are those of `experiments.Characters`: two blocks, 64 wide, 600 updates of 16
windows of 64 characters, the first 50 a warm-up, feed-forward blocks matched in parameters. The rate of a function
in a recipe is the best of a ladder on two seeds that are not counted; all functions are counted on the same seeds.
"""

import argparse
import json
import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch.nn import functional

from actlab import experiments, results
from actlab.results import digits

FILE = Path(__file__).parents[2] / "_build" / "scratch_rates" / "runs.jsonl"
FUNCTIONS = ("gelu", "relu", "swiglu", "relu_squared", "geglu", "silu", "identity")
RECIPES = ("adam-cosine", "adamw-cosine", "adam-constant")  # optimiser, and what the rate does after the warm-up
LADDER = tuple(1e-3 * 2.0**power for power in range(-3, 8))
FIRST = (2e-3, 4e-3, 8e-3)
TUNING, COUNTED = (100, 101), tuple(range(6))  # seeds
UPDATES, WARMUP, BATCH, TEST = 600, 50, 16, 400
DECAY = 0.1  # of AdamW


def share(step: int, schedule: str, updates: int, warmup: int) -> float:
    """Share of the rate at an update, from 0: it rises over the warm-up in equal parts, then stays or falls to 0."""
    if step < warmup:
        return (step + 1) / warmup
    if schedule == "constant":
        return 1.0
    return (1 + math.cos(math.pi * (step - warmup) / (updates - warmup))) / 2


def fit(
    name: str, recipe: str, rate: float, seed: int, *, updates: int = UPDATES, warmup: int = WARMUP, **sizes: int
) -> dict:
    """Mean losses, in nats a character: of the last quarter's batches and of the test windows after the last update.

    sizes: entries of `experiments.Characters`, for a test. Diverged runs have nan.
    """
    optimizer, schedule = recipe.split("-")
    network, split = experiments.Characters(name, **{"test": TEST} | sizes).network(seed)
    make = {
        "adam": torch.optim.Adam,
        "adamw": lambda parameters, rate: torch.optim.AdamW(parameters, rate, weight_decay=DECAY),
    }[optimizer]
    update = make(network.parameters(), rate)
    order = torch.Generator().manual_seed(seed)
    batches = iter(())
    late = []
    for step in range(updates):
        if (chosen := next(batches, None)) is None:
            batches = iter(torch.randperm(len(split.train_x), generator=order).split(BATCH))
            chosen = next(batches)
        loss = functional.cross_entropy(network(split.train_x[chosen]).mT, split.train_y[chosen])
        for group in update.param_groups:
            group["lr"] = rate * share(step, schedule, updates, warmup)
        update.zero_grad()
        loss.backward()
        update.step()
        if step >= updates - updates // 4:
            late.append(loss.item())
    with torch.no_grad():
        logits = torch.cat([network(x) for x in split.test_x.split(100)])
    return {
        "train_loss": digits(sum(late) / len(late)),
        "test_loss": digits(functional.cross_entropy(logits.mT, split.test_y)),
        "test_accuracy": digits((logits.argmax(-1) == split.test_y).double().mean()),
    }


KEY = ("recipe", "activation", "rate", "seed")


def stored(file: Path) -> dict[tuple, dict]:
    """The rows that a file has, by recipe, function, rate and seed; a torn line is made again."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[tuple(row[name] for name in KEY)] = row
    return found


class Lacking(Exception):
    """A run that the file lacks, where nothing is to be trained."""


class Runs:
    """Runs by what they are, trained when they are asked for and not yet there."""

    def __init__(self, file: Path, *, trains: bool = True):
        self.file, self.trains, self.rows = file, trains, stored(file)

    def __call__(self, recipe: str, name: str, rate: float, seed: int) -> dict:
        key = (recipe, name, rate, seed)
        if key not in self.rows:
            if not self.trains:
                raise Lacking(key)
            began = time.process_time()
            found = fit(name, recipe, rate, seed)
            row = {**dict(zip(KEY, key, strict=True)), **found, "seconds": digits(time.process_time() - began)}
            with self.file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
            print(*key, row["test_loss"], flush=True)
            self.rows[key] = row
        return self.rows[key]


def tune(runs: Runs, recipe: str, name: str) -> tuple[float, list[dict]]:
    """The rate with the lowest mean test loss over the tuning seeds, and the rows of all rates tried, ascending."""
    rows = []

    def losses(rates: Sequence[float]) -> list[float]:
        found = [[runs(recipe, name, rate, seed) for seed in TUNING] for rate in rates]
        rows.extend(row for of in found for row in of)
        return [sum(row["test_loss"] for row in of) / len(of) for of in found]

    return experiments.best_rate(losses, LADDER, FIRST), sorted(rows, key=lambda row: (row["rate"], row["seed"]))


def tables(runs: Runs, recipes: Iterable[str]) -> dict[str, list[dict]]:
    """Rows of the recipes: those that chose a rate, and those that are counted."""
    found = {"tuning": [], "runs": []}
    for recipe in recipes:
        rates = {}
        for name in FUNCTIONS:
            rates[name], tried = tune(runs, recipe, name)
            found["tuning"] += tried
        counted = [runs(recipe, name, rates[name], seed) for seed in COUNTED for name in FUNCTIONS]
        found["runs"] += sorted(counted, key=lambda row: FUNCTIONS.index(row["activation"]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", default=FILE, help="where the runs are or shall be")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--tables", action="store_true", help="train nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.file.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    runs = Runs(options.file, trains=not options.tables)
    found = tables(runs, options.recipes)
    results.save(
        "scratch_rates",
        found,
        folder=Path(__file__).parent,
        command="python data/scratch_rates/make.py",
        seconds=time.perf_counter() - began,
        recipes=list(options.recipes),
        seeds={"counted": list(COUNTED), "tuning": list(TUNING)},
        training_seconds=round(sum(row["seconds"] for rows in found.values() for row in rows)),
    )


if __name__ == "__main__":
    main()
