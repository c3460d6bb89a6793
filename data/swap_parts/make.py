"""What of a swapped function breaks a pretrained transformer: its size, its mean, or the middle of each unit.

    python data/swap_parts/make.py [FILE] [--seeds 0 10]

adds to FILE, line by line, the runs that it lacks, then writes the tables of the seeds that are whole; stopped, it
goes on from where it was, and --tables trains nothing. Some 20 seconds of processor time a run. Eleven runs a seed of
data/transformers, which has those with no part adjusted, and with both numbers; eighteen of any other seed.

Network, data, seeds and training are those of data/transformers: MiniLM, sentences of up to 16 word pieces, 1,024 to
train on and 600 to test on, 64 updates of AdamW at rate 5e-5. Before the first update a block's f(z) becomes
factor * f(z) + offset, with numbers that no training changes, fitted without labels on 48 of the training sentences
to the values that GELU had there.
"""

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn

from actlab import activations, data, experiments, networks, results, train
from actlab.results import digits

FILE = Path(__file__).parents[2] / "_build" / "swap_parts" / "runs.jsonl"
SEEDS = range(10)
STUDIED = range(5)  # the seeds of data/transformers
FUNCTIONS = ("tanh", "elu", "sigmoid")
FITTED, LOOKED_AT, UPDATES = 48, 32, 64
SEEN = ("ratio", "common", "cosine", "through")  # before the first update
LOOK = ("activation", "part", "seed", *SEEN)
PARTS = ("none", "factor", "offset", "both", "units")
ELSEWHERE = (*product(FUNCTIONS, ("none", "both")), ("gelu", "none"))  # what data/transformers has of its seeds


def settings() -> Iterator[tuple[str, str]]:
    """Pairs of function and part, in the order in which a seed's runs are made."""
    yield from ((name, part) for part in ("factor", "offset", "units") for name in FUNCTIONS)
    yield from (("gelu", "factor"), ("gelu", "units"))


def jobs(seeds: Iterable[int]) -> list[tuple[str, str, int]]:
    """Function, part and seed of every run, one whole seed after the other, without those of data/transformers."""
    return [(*pair, seed) for seed in seeds for pair in (*settings(), *(() if seed in STUDIED else ELSEWHERE))]


class Adjusted(nn.Module):
    """factor * f(z) + offset; the offset is a number, or one for each unit."""

    def __init__(self, function: nn.Module, factor: float, offset: float | Tensor):
        super().__init__()
        self.function, self.factor, self.offset = function, factor, offset

    def forward(self, z):
        return self.factor * self.function(z) + self.offset


def numbers(part: str, values: Tensor, wanted: Tensor) -> tuple[float, float | Tensor]:
    """Factor and offset that bring `values` nearer to `wanted`, both of shape (pieces, units).

    "both" is the least squares of the two, and "factor" its factor alone. "offset" makes the means over all units
    equal; "units" makes the median of each unit equal. It is the median since a mean would not be what a piece gets:
    at the first piece of every sentence GELU's blocks add a vector some thirty times as long as elsewhere.
    """
    factor = 1.0
    if part in ("factor", "both"):
        a, b = values - values.mean(), wanted - wanted.mean()
        factor = float((a * b).mean() / a.square().mean())
    if part == "units":
        return factor, (wanted.median(0).values - values.median(0).values).float()
    if part in ("offset", "both"):
        return factor, float(wanted.mean() - factor * values.mean())
    return factor, 0.0


@torch.no_grad()
def adjust(network: networks.Sentences, name: str, part: str, ids: Tensor) -> None:
    """Swap the function of every block of a network with GELU, in place, and adjust the part of it that is named.

    With "gelu" the parts are tanh's, the other way round: "factor" makes GELU's values larger by the factor that
    makes tanh's smaller, "units" gives each unit the median that it has with tanh.
    """
    inputs = [z.double() for z in networks.inside(network, ids).z]
    gelu, other = activations.get("gelu"), activations.get("tanh" if name == "gelu" else name)
    for block, z in zip(network.body.encoder.layer, inputs, strict=True):
        factor, offset = numbers(part, other(z), gelu(z))
        if name == "gelu":
            factor, offset = 1 / factor, -offset
        block.intermediate.intermediate_act_fn = Adjusted(activations.get(name).module(), factor, offset)


@torch.no_grad()
def common(network: networks.Sentences, ids: Tensor) -> float:
    """Median over the blocks of the share of what is added, by squared length, that is one vector for all pieces."""
    shares = []
    for block, z in zip(network.body.encoder.layer, networks.inside(network, ids).z, strict=True):
        added = block.output.dense(block.intermediate.intermediate_act_fn(z))
        shares.append(added.mean(0).square().sum() / added.square().sum(1).mean())
    return float(torch.stack(shares).median())


def through(network: networks.Sentences, ids: Tensor, labels: Tensor) -> float:
    """The norm of the gradient in block 1 over that in the head, without dropout."""
    network.eval()
    nn.functional.binary_cross_entropy_with_logits(network(ids)[:, 0], labels).backward()
    first, head = (
        torch.stack([p.grad.norm() for p in part.parameters()]).norm()
        for part in (network.body.encoder.layer[0], network.head)
    )
    network.zero_grad()
    return float(first / head)


def begin(name: str, part: str, seed: int, **sizes: int) -> tuple[networks.Sentences, data.Split]:
    """The adjusted network before training, and its sentences; sizes: entries of `experiments.Swap`, for a test."""
    network, split = experiments.Swap("gelu", **sizes).network(seed)
    adjust(network, name, part, split.train_x[:FITTED])
    return network, split


def look(name: str, part: str, seed: int, network: networks.Sentences, split: data.Split) -> dict:
    """Which network it is, and what can be seen of it on some training sentences before the first update."""
    some = split.train_x[:LOOKED_AT]
    seen = networks.inside(network, some)
    return {
        "activation": name,
        "part": part,
        "seed": seed,
        "ratio": digits(seen.ratio.median()),
        "common": digits(common(network, some)),
        "cosine": digits(seen.cosine[-1]),
        "through": digits(through(network, some, split.train_y[:LOOKED_AT])),
    }


def run(name: str, part: str, seed: int, updates: int = UPDATES, **sizes: int) -> dict:
    """Train one network; what was seen of it before, and how it did on the test sentences afterwards."""
    setting = experiments.Swap("gelu", **sizes)
    network, split = begin(name, part, seed, **sizes)
    before = look(name, part, seed, network, split)
    few = split._replace(test_x=split.train_x[:LOOKED_AT], test_y=split.train_y[:LOOKED_AT])
    course = train.fit_batches(
        network.train(),
        few,
        steps=updates,
        batch=setting.batch_size,
        every=max(1, updates // 4),
        rate=setting.rate,
        optimizer="adamw",
        weight_decay=0.01,
        seed=seed,
    )
    network.eval()
    with torch.no_grad():
        positive = torch.cat([network(x)[:, 0] > 0 for x in split.test_x.split(100)])
    truth = split.test_y > 0.5
    share = float(truth.double().mean())
    return {
        **before,
        "accuracy": digits((positive == truth).double().mean()),
        "positive": digits(positive.double().mean()),
        "majority": digits(max(share, 1 - share)),
        "train_loss": digits(course.train_loss[-1]),
    }


def stored(file: Path, *, trained: bool = True) -> dict[tuple, dict]:
    """The rows that a file has, of runs or of looks alone, by function, part and seed; a torn line is made again."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if ("accuracy" in row) == trained:
            found[row["activation"], row["part"], row["seed"]] = row
    return found


def note(file: Path, row: dict) -> dict:
    """The row, added to the file."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", default=FILE, help="where the runs are or shall be")
    parser.add_argument("--seeds", type=int, nargs=2, default=(SEEDS.start, SEEDS.stop), metavar=("FROM", "TO"))
    parser.add_argument("--tables", action="store_true", help="train nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.file.parent.mkdir(parents=True, exist_ok=True)
    began, runs = time.perf_counter(), stored(options.file)
    wanted = jobs(range(*options.seeds))
    for job in wanted:
        if job in runs or options.tables:
            continue
        started = time.process_time()
        row = run(*job)
        runs[job] = note(options.file, {**row, "seconds": digits(time.process_time() - started)})
        print(*job, row["accuracy"], flush=True)
    whole = [seed for seed in range(*options.seeds) if runs.keys() >= set(jobs([seed]))]
    if not whole:
        parser.error(f"{options.file} has no whole seed")
    rows = [runs[job] for job in jobs(whole)]
    looks = stored(options.file, trained=False) | {
        job: {name: row[name] for name in LOOK} for job, row in runs.items()
    }
    seen = [(*pair, seed) for pair in ELSEWHERE for seed in STUDIED] + jobs(whole)
    for job in seen:
        if job not in looks:
            looks[job] = note(options.file, look(*job, *begin(*job)))
    results.save(
        "swap_parts",
        {
            "runs": [{name: value for name, value in row.items() if name not in SEEN} for row in rows],
            "looks": [looks[job] for job in seen],
        },
        folder=Path(__file__).parent,
        command="python data/swap_parts/make.py",
        seconds=time.perf_counter() - began,
        seeds=whole,
        training_seconds=round(sum(row["seconds"] for row in rows)),
    )


if __name__ == "__main__":
    main()
