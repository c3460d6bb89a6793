"""Seven functions and no hidden layer at all on three tables, each at a rate of its own; some minutes on a core.

    python data/tabular_runs/make.py [FOLDER]      trains what FOLDER lacks, then writes the tables beside this file

Adam on all training rows for 300 steps; two hidden layers of 16 units, each function from a start by its own gain, or
none. A rate is chosen by the test loss on ten splits, and its ladder grows until the best has a neighbour on either
side; twenty other splits are counted. All splits are of the same rows.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import torch

from actlab import data, ensemble, experiments, results
from actlab.results import digits

RUNS = Path(__file__).parents[2] / "_build" / "tabular_runs"
FUNCTIONS = ("relu", "leaky_relu", "elu", "tanh", "sigmoid", "gelu", "silu")
ARMS = ("linear", *FUNCTIONS)
WIDTHS, STEPS, SHARE = (16, 16), 300, 1 / 5
COUNTED, TUNING = range(20), range(100, 110)
LADDER = tuple(float(f"{digit}e{power}") for power in range(-6, 2) for digit in (1, 3))
FIRST = (0.001, 0.003, 0.01, 0.03, 0.1)
ENDS = {  # loss and outputs
    "auto_mpg": ("mse", 1),
    "breast_cancer": ("bce", 1),
    "wine": ("cross_entropy", 3),
}


def rows_of(table: str, arm: str, rate: float, seeds: Sequence[int]) -> list[dict]:
    """A row for each split, with a start of its own: losses at the end, share right where there are classes."""
    splits = [data.tabular(table, share=SHARE, seed=seed) for seed in seeds]
    loss, outputs = ENDS[table]
    inner = () if arm == "linear" else WIDTHS
    found = ensemble.fit_many(
        (splits[0].train_x.shape[1], *inner, outputs),
        "relu" if arm == "linear" else arm,
        splits,
        seeds=seeds,
        steps=STEPS,
        scheme="torch" if arm == "linear" else "computed",
        rate=rate,
        loss=loss,
        test_steps=[STEPS],
        engine="stacked",
    )
    right = [None] * len(splits) if loss == "mse" else found.test_accuracy[:, 0].tolist()
    return [
        {
            "table": table,
            "arm": arm,
            "rate": rate,
            "seed": seed,
            "train_loss": digits(found.loss[i, -1].item()),
            "test_loss": digits(found.test_loss[i, 0].item()),
            "test_accuracy": right[i] if right[i] is None else digits(right[i]),
        }
        for i, seed in enumerate(seeds)
    ]


def tune(run: Callable[[float], list[dict]]) -> tuple[float, list[dict]]:
    """The rate with the lowest mean test loss, and the rows of all rates tried, lowest rate first."""
    rows = {}

    def losses(rates):
        rows.update((rate, run(rate)) for rate in rates)
        # None stands for a run that diverged
        return [sum(math.inf if row["test_loss"] is None else row["test_loss"] for row in rows[r]) for r in rates]

    best = experiments.best_rate(losses, LADDER, FIRST)
    return best, [row for rate in sorted(rows) for row in rows[rate]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=RUNS, help="where the runs are or shall be")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    began, tables = time.process_time(), {"tuning": [], "runs": []}

    def once(table, arm, rate, seeds):
        path = folder / f"{table}-{arm}-{rate:g}-{seeds[0]}.json"
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.write_text(json.dumps(rows_of(table, arm, rate, seeds)))
            draft.replace(path)
            print(f"{time.process_time() - began:.0f} s: {path.stem}", flush=True)
        return json.loads(path.read_text())

    for table, arm in product(ENDS, ARMS):
        best, tried = tune(lambda rate, of=(table, arm): once(*of, rate, TUNING))
        tables["tuning"] += tried
        tables["runs"] += once(table, arm, best, COUNTED)
    results.save(
        "tabular_runs",
        tables,
        folder=Path(__file__).parent,
        command="python data/tabular_runs/make.py",
        seconds=time.process_time() - began,
        draws={"counted": len(COUNTED), "tuning": len(TUNING)},
    )


if __name__ == "__main__":
    main()
