"""The transformer study: functions swapped in a pretrained encoder, what tells the causes apart, and from scratch.

    python data/transformers/make.py [FOLDER] [--device cuda] [--workers 2]

trains into stores in FOLDER, then writes the tables beside this file; with --tables it trains nothing.

Stopped, it goes on from where it was. The stores:

causes      MiniLM, 64 updates: GELU and the three functions that fail, as they are and calibrated
longer      the same four as they are, four times as many updates, nothing else changed
frozen      the same four, the body held fast and the head alone trained, at three rates
random      the same four with all weights drawn anew, at the rate that this takes
rates       the same four as they are, at four rates with warm-up
fresh       the same four with feed-forward weights drawn anew
functions   the other seven of the published eleven
characters  a small language model from scratch, feed-forwards matched in parameters
"""

import argparse
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import torch

from actlab import experiments, networks, results, train
from actlab.results import digits

STORES = Path(__file__).parents[2] / "_build" / "transformers"
SEEDS = 5  # of every setting
FOUR = ("gelu", "tanh", "elu", "sigmoid")  # the function of the pretraining, and those whose failure is taken apart


def studies() -> Iterator[tuple[str, experiments.Study]]:
    """Name and description of each store, what matters most first."""
    yield "causes", _study((FOUR, [{}]), (FOUR[1:], [{"start": "calibrated"}]))
    yield "longer", _study((FOUR, [{"updates": 256}]))
    yield "frozen", _study((FOUR, [{"trained": "head", "rate": rate} for rate in (1e-3, 1e-2, 1e-1)]))
    yield "random", _study((FOUR, [{"start": "random", "rate": 5e-4, "warmup": 6}]))
    yield "rates", _study((FOUR, [{"rate": rate, "warmup": 6} for rate in (1e-5, 5e-5, 2e-4, 5e-4)]))
    yield "fresh", _study((FOUR, [{"start": "fresh"}]))
    yield "functions", experiments.transformers(SEEDS, [name for name in experiments.eleven if name not in FOUR])
    yield "characters", experiments.characters(SEEDS)


def _study(*groups) -> experiments.Study:
    """One study of several groups: functions, and the entries that each of them is run with, from all seeds."""
    settings = [
        experiments.Swap(name, **entries) for names, variants in groups for entries in variants for name in names
    ]
    return experiments.Study("transformers", settings, range(SEEDS), experiments.transformers().varied)


VARIED = ("activation", "start", "trained", "rate", "warmup", "updates")
LAYERS = ("embeddings", *(f"block {i}" for i in range(1, 7)), "head")


def swaps(stores: list[results.Store]) -> Iterator[dict]:
    """A row for each run: which it is, and how it did on the test sentences after the last update."""
    for run in (run for store in stores for run in store.runs()):
        answers = torch.from_numpy(run.more["answers"]).double()
        shares = answers.sum(1) / answers.sum()
        majority = float(shares.max())
        yield {
            **{name: run.setting[name] for name in VARIED},
            "seed": run.seed,
            "n": int(answers.sum()),
            "accuracy": digits(answers.diagonal().sum() / answers.sum()),
            "f1": digits(train.weighted_f1(answers)),
            "positive": digits(answers[:, 1].sum() / answers.sum()),
            "majority": digits(majority),
            "majority_f1": digits(2 * majority**2 / (1 + majority)),
            "train_loss": digits(run.loss[-1]),
            "train_accuracy": digits(run.more["train_accuracy"][-1]),
            "test_loss": digits(run.test_loss[-1]),
            "seconds": digits(run.seconds[-1]),
        }


def norms(stores: list[results.Store]) -> Iterator[dict]:
    """A row for each setting and row of results: medians over the seeds of the loss and of each layer's norm."""
    for setting, runs in _by_setting(stores).items():
        norms = np.median([run.more["norms"] for run in runs], axis=0)
        loss = np.median([run.loss for run in runs], axis=0)
        every = runs[0].setting["updates"] // runs[0].setting["rows"]
        for row in range(len(loss)):
            yield {
                **dict(zip(VARIED, setting, strict=True)),
                "runs": len(runs),
                "step": every * (row + 1),
                "train_loss": digits(loss[row]),
                **{layer: digits(norm) for layer, norm in zip(LAYERS, norms[row], strict=True)},
            }


def courses(store: results.Store) -> Iterator[dict]:
    """A row for each run: its training loss, and block 1's gradient norm over the head's, for each row of results."""
    for run in store.runs():
        through = run.more["norms"][:, LAYERS.index("block 1")] / run.more["norms"][:, LAYERS.index("head")]
        yield {
            "activation": run.setting["activation"],
            "seed": run.seed,
            "train_losses": [digits(loss) for loss in run.loss],
            "through": [digits(ratio) for ratio in through],
        }


def looks(stores: list[results.Store]) -> Iterator[dict]:
    """A row for each setting, before and after training: medians over the seeds, a number for each block or layer."""
    for setting, runs in _by_setting(stores).items():
        for moment, when in enumerate(("before", "after")):
            columns = {
                name: np.median([run.more[name][moment] for run in runs], axis=0)
                for name in ("ratio", "cosine", "gradient")
            }
            yield {
                **dict(zip(VARIED, setting, strict=True)),
                "runs": len(runs),
                "when": when,
                **{name: [digits(value) for value in values] for name, values in columns.items()},
            }


def _by_setting(stores):
    found = {}
    for store in stores:
        for run in store.runs():
            found.setdefault(tuple(run.setting[name] for name in VARIED), []).append(run)
    return found


def scratch(store: results.Store) -> Iterator[dict]:
    """A row for each run from scratch: the last losses, and when it was better than pairs of characters allow."""
    for run in store.runs():
        every = run.setting["updates"] // run.setting["rows"]
        below = np.flatnonzero(run.test_loss < run.more["bigram"])
        yield {
            "activation": run.setting["activation"],
            "seed": run.seed,
            "train_loss": digits(run.loss[-1]),
            "test_loss": digits(run.test_loss[-1]),
            "test_accuracy": digits(run.test_accuracy[-1]),
            "bigram": digits(float(run.more["bigram"])),
            "left_plateau": int(below[0]) * every if len(below) else None,
            "seconds": digits(run.seconds[-1]),
            "losses": [digits(loss) for loss in run.test_loss],
        }


def costs(rounds: int = 60) -> Iterator[dict]:
    """Milliseconds for a block of MiniLM, forward and backward on 16 sentences of 16 pieces, the functions by turns.

    Processor time of one thread. Whatever else the machine does makes a pass longer and never shorter: the least
    disturbed round counts, and the median of the rounds is there beside it.
    """
    blocks = {
        name: networks.swap_feed_forward(networks.pretrained(), name).body.encoder.layer[0].eval()
        for name in experiments.eleven
    }
    x = torch.randn(16, 16, 384, generator=torch.Generator().manual_seed(0))
    found = {name: [] for name in experiments.eleven}
    for _, (name, block) in product(range(rounds), blocks.items()):
        began = time.process_time()
        out = block(x)
        (out[0] if isinstance(out, tuple) else out).square().mean().backward()
        found[name].append(1000 * (time.process_time() - began))
    for name, times in found.items():
        count = sum(parameter.numel() for parameter in blocks[name].parameters())
        yield {
            "activation": name,
            "milliseconds": digits(min(times)),
            "median": digits(np.median(times)),
            "parameters": count,
        }


def tables(folder: Path) -> dict[str, list[dict]]:
    """What is kept of the stores that there are."""
    stores = {path.stem: results.Store(path) for path in sorted(folder.glob("*.sqlite"))}
    swapped = [stores[name] for name, _ in studies() if name in stores and name != "characters"]
    found = {
        "swaps": list(swaps(swapped)),
        "norms": list(norms(swapped)),
        "courses": list(courses(stores["longer"])) if "longer" in stores else [],
        "looks": list(looks(swapped)),
        "costs": list(costs()),
        "scratch": list(scratch(stores["characters"])) if "characters" in stores else [],
    }
    return {name: rows for name, rows in found.items() if rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=STORES, help="where the stores are or shall be")
    parser.add_argument("--tables", action="store_true", help="train nothing")
    parser.add_argument("--device", help="cpu or cuda")
    parser.add_argument("--workers", type=int, help="processes; left out, one for each processor")
    options = parser.parse_args()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    for name, study in () if options.tables else studies():
        print(name, flush=True)
        experiments.run(
            study, folder / f"{name}.sqlite", workers=options.workers, engine=options.device, progress=True
        )
    torch.set_num_threads(1)
    if missing := [name for name, _ in studies() if not (folder / f"{name}.sqlite").exists()]:
        parser.error(f"{folder} lacks {', '.join(missing)}, so the tables stay as they are")
    stores = [results.Store(path) for path in sorted(folder.glob("*.sqlite"))]
    results.save(
        "transformers",
        tables(folder),
        folder=Path(__file__).parent,
        command="python data/transformers/make.py FOLDER",
        seconds=time.perf_counter() - began,
        runs={store.path.stem: len(store) for store in stores},
        training_seconds={
            store.path.stem: round(sum(float(run.seconds[-1]) for run in store.runs())) for store in stores
        },
        trained=results.origins(stores),
    )


if __name__ == "__main__":
    main()
