"""Does tanh, swapped into a pretrained transformer, leave the constant answer when it is given time?

    python data/swap_longer/make.py [FILE] [--seeds 0 10]

trains into the store FILE what it lacks, then writes the table beside this file; stopped, it goes on from where it
was, and --tables trains nothing. Some four minutes of processor time a run.

Network, sentences, seeds and training are those of data/transformers, with nothing else changed: MiniLM, 1,024
sentences of up to 16 word pieces, AdamW at rate 5e-5, batches of 16. That study has 64 updates and 256; here it is
1,024, sixteen passes over the sentences.
"""

import argparse
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch

from actlab import experiments, results
from actlab.results import digits

STORE = Path(__file__).parents[2] / "_build" / "swap_longer" / "runs.sqlite"
UPDATES, EVERY, SEEDS = 1024, 32, range(10)
LAYERS = ("embeddings", *(f"block {i}" for i in range(1, 7)), "head")


def study(seeds: Iterable[int] = SEEDS) -> experiments.Study:
    """tanh as it is, a row of results every 32 updates."""
    setting = experiments.Swap("tanh", updates=UPDATES, rows=UPDATES // EVERY)
    return experiments.Study("transformers", [setting], seeds, ("activation",))


def runs(store: results.Store) -> Iterator[dict]:
    """A row for each run: its answers to the test sentences at the end, and its course every 32 updates."""
    for run in sorted(store.runs(), key=lambda run: run.seed):
        answers = torch.from_numpy(run.more["answers"]).double()
        shares = answers.sum(1) / answers.sum()
        through = run.more["norms"][:, LAYERS.index("block 1")] / run.more["norms"][:, LAYERS.index("head")]
        yield {
            "activation": run.setting["activation"],
            "seed": run.seed,
            "n": int(answers.sum()),
            "accuracy": digits(answers.diagonal().sum() / answers.sum()),
            "positive": digits(answers[:, 1].sum() / answers.sum()),
            "majority": digits(shares.max()),
            "train_losses": [digits(loss) for loss in run.loss],
            "through": [digits(ratio) for ratio in through],
            "seconds": digits(run.seconds[-1]),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", default=STORE, help="where the store is or shall be")
    parser.add_argument("--seeds", type=int, nargs=2, default=(SEEDS.start, SEEDS.stop), metavar=("FROM", "TO"))
    parser.add_argument("--tables", action="store_true", help="train nothing")
    options = parser.parse_args()
    options.file.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    if not options.tables:
        experiments.run(study(range(*options.seeds)), options.file, workers=1, progress=True)
    if not options.file.exists():
        parser.error(f"{options.file} is not there, so the table stays as it is")
    store = results.Store(options.file)
    rows = list(runs(store))
    results.save(
        "swap_longer",
        {"runs": rows},
        folder=Path(__file__).parent,
        command="python data/swap_longer/make.py",
        seconds=time.perf_counter() - began,
        seeds=[row["seed"] for row in rows],
        training_seconds=round(sum(row["seconds"] for row in rows)),
        trained=results.origins([store]),
    )


if __name__ == "__main__":
    main()
