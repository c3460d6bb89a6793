"""Residual networks of 32 blocks on digits, from seven ways to start or normalise their stream, each at its own rate.

784 inputs, a stream of 48 numbers, 32 blocks x + B relu(A x + a), ten outputs; 1,000 digits to train on, 1,000 others
to test on. Adam, batches of 64, 100 updates. A normal with standard deviation sqrt(2 / 48), B with sqrt(1 / 48) times
the factor of the kind, so a plain block doubles the stream's mean square. A seed draws the digits, the start and the
batches, the same for every kind: kinds can be compared pair by pair.

The rate is chosen for each kind on seeds of its own, and only then are the runs made that are counted: see `tune`.
"""

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, layer_norm

from actlab import data, experiments, results


class Kind(NamedTuple):
    """How a network is started: the factor on B as the power of 2L, or none, and where its layer norms stand."""

    factor: str = "one"  # "one", "scaled" (1 / sqrt(2L)) or "zero"
    norm: str = "none"  # "none", "pre" or "post"
    skip: bool = True
    warmup: int = 0  # updates over which the rate rises


KINDS = {
    "no skip": Kind(skip=False),
    "plain": Kind(),
    "scaled": Kind("scaled"),
    "zero": Kind("zero"),
    "pre-norm": Kind(norm="pre"),
    "pre-norm, scaled": Kind("scaled", "pre"),
    "post-norm": Kind(norm="post"),
    "post-norm, warm-up": Kind(norm="post", warmup=50),
}
SEEDS, TUNING, BLOCKS, WIDTH, UPDATES, BATCH = range(10), range(100, 104), 32, 48, 100, 64
RATES = (1e-3, 3e-3)  # tried for every kind
LADDER = tuple(float(f"{digit}e{power}") for power in range(-6, 0) for digit in (1, 3))


def start(kind: Kind, seeds: Iterable[int], blocks: int = BLOCKS) -> list[Tensor]:
    """(first, last, A of each block, B of each, a of each): the network is the first axis, the seed's own draw."""
    factor = {"one": 1.0, "scaled": (2 * blocks) ** -0.5, "zero": 0.0}[kind.factor]
    networks = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(1000 + seed)  # else the weights were the very numbers of the data
        first = torch.randn(784, WIDTH, generator=generator) / 28
        last = torch.randn(WIDTH, 10, generator=generator) / math.sqrt(WIDTH)
        square = torch.randn(2 * blocks, WIDTH, WIDTH, generator=generator) / math.sqrt(WIDTH)
        networks.append((first, last, math.sqrt(2) * square[:blocks], factor * square[blocks:]))
    first, last, into, out = (torch.stack(part) for part in zip(*networks, strict=True))
    biases = torch.zeros(len(networks), blocks, 1, WIDTH)
    parts = [list(part.unbind(1)) for part in (into, out, biases)]
    return [part.contiguous().requires_grad_() for part in [first, last, *parts[0], *parts[1], *parts[2]]]


def stream(kind: Kind, parameters: Sequence[Tensor], x: Tensor) -> list[Tensor]:
    """What each block leaves, what enters the first of them first; x: (networks, digits, 784)."""
    blocks = (len(parameters) - 2) // 3
    into, out, biases = (parameters[2 + i * blocks : 2 + (i + 1) * blocks] for i in range(3))
    found = [torch.bmm(x, parameters[0])]
    for A, B, a in zip(into, out, biases, strict=True):
        x = found[-1]
        read = layer_norm(x, x.shape[-1:]) if kind.norm == "pre" else x
        added = torch.bmm(torch.relu(torch.baddbmm(a, read, A)), B)
        x = x + added if kind.skip else added
        found.append(layer_norm(x, x.shape[-1:]) if kind.norm == "post" else x)
    return found


def logits(kind: Kind, parameters: Sequence[Tensor], x: Tensor) -> Tensor:
    """Shape (networks, digits, 10)."""
    end = stream(kind, parameters, x)[-1]
    return torch.bmm(layer_norm(end, end.shape[-1:]) if kind.norm == "pre" else end, parameters[1])


def losses(logits: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy of each network."""
    return cross_entropy(logits.mT, y, reduction="none").mean(1)


def digits(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """1,000 digits and 1,000 others, standardised by the mean and deviation of all pixels of the first."""
    split = data.mnist(1000, test=1000, seed=seed)
    x, test_x = split.train_x.flatten(1), split.test_x.flatten(1)
    mean, deviation = x.mean(), x.std()
    return (x - mean) / deviation, split.train_y.long(), (test_x - mean) / deviation, split.test_y.long()


def some(name: str, rate: float, seeds: Sequence[int] = SEEDS, updates: int = UPDATES) -> list[dict]:
    """Train a network from each seed, all at once: rows of the table."""
    kind = KINDS[name]
    x, y, test_x, test_y = (torch.stack(part) for part in zip(*(digits(seed) for seed in seeds), strict=True))
    generators = [torch.Generator().manual_seed(2000 + seed) for seed in seeds]
    own = torch.arange(len(seeds))[:, None]
    parameters = start(kind, seeds)
    adam = torch.optim.Adam(parameters, lr=rate, foreach=True)
    early = None
    for update in range(updates):
        rows = torch.stack([torch.randint(0, x.shape[1], (BATCH,), generator=one) for one in generators])
        loss = losses(logits(kind, parameters, x[own, rows]), y[own, rows])
        early = loss.detach() if update == 0 else early
        adam.param_groups[0]["lr"] = rate * min(1, (update + 1) / kind.warmup) if kind.warmup else rate
        adam.zero_grad()
        loss.sum().backward()
        adam.step()
    with torch.no_grad():
        train_loss = losses(logits(kind, parameters, x), y)
        right = (logits(kind, parameters, test_x).argmax(2) == test_y).double().mean(1)
    return [
        {
            "kind": name,
            "rate": rate,
            "seed": seed,
            "first_loss": results.digits(early[i].item()),
            "train_loss": results.digits(train_loss[i].item()),
            "test_accuracy": round(right[i].item(), 4),
        }
        for i, seed in enumerate(seeds)
    ]


def tried(rows: Sequence[dict]) -> dict:
    """What the tuning runs at one rate come to: a row of the table `tuning`, but for `chosen`."""
    loss = torch.tensor([row["train_loss"] for row in rows], dtype=torch.float64).nan_to_num(nan=math.inf)
    accuracy = torch.tensor([row["test_accuracy"] for row in rows], dtype=torch.float64)
    return {"kind": rows[0]["kind"], "rate": rows[0]["rate"], "runs": len(rows)} | {
        "train_loss": results.digits(loss.mean().item()),
        "test_accuracy": round(accuracy.mean().item(), 4),
    }


def _loss(trial):
    """None stands for a mean that is not finite: a run diverged."""
    return math.inf if trial["train_loss"] is None else trial["train_loss"]


def tune(name: str, seeds: Sequence[int] = TUNING, run=some) -> list[dict]:
    """Trials at `RATES`, and at further rates of the ladder until the lowest mean training loss stands between two
    others.
    """
    trials = {}

    def losses(rates):
        trials.update((rate, tried(run(name, rate, seeds))) for rate in rates)
        return [_loss(trials[rate]) for rate in rates]

    best = experiments.best_rate(losses, LADDER, RATES)
    return [trials[rate] | {"chosen": rate == best} for rate in sorted(trials)]


def main():
    torch.set_num_threads(1)  # the sums inside a step depend on the number of threads
    began = time.process_time()
    runs, tuning = [], []
    for name in KINDS:
        trials = tune(name)
        (rate,) = (trial["rate"] for trial in trials if trial["chosen"])
        runs += some(name, rate)
        tuning += trials
        print(*trials, runs[-1], sep="\n", flush=True)
    results.save(
        "residual_starts",
        {"runs": runs, "tuning": tuning},
        folder=Path(__file__).parent,
        command="python data/residual_starts/make.py",
        seconds=time.process_time() - began,
        seconds_of="processor",
        seeds={"counted": list(SEEDS), "tuning": list(TUNING)},
    )


if __name__ == "__main__":
    main()
