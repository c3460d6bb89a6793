"""Who can do without most of a feed-forward block: four functions trained from scratch, then pruned token by token.

A language model of characters, two blocks, 48 wide, 192 units in a plain feed-forward block and the matched number in
a gate's; windows of 32 characters of the reviews, 500 updates of eight windows by Adam, the rate rising over 50 and
falling to 0. A seed draws the sentences, the order and the weights, the same for every function where shapes agree.

After training, on test windows: the share of hidden outputs that are exactly 0, the share of their energy (the sum of
squares) in the largest tenth of each token, and the loss where each token keeps only a share of its hidden outputs,
the largest or, as a control, some at random.

The rate is chosen for each function on seeds of its own, and only then are the runs made that are counted (`tune`).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from actlab import experiments, results, train
from actlab.data import Split

FUNCTIONS = ("relu", "relu_squared", "gelu", "swiglu")
SEEDS, TUNING = range(10), range(100, 102)
RATES = (5e-3, 1e-2)  # tried for every function
LADDER = (5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1)
KEPT = (0.05, 0.1, 0.2, 0.3, 0.5)  # shares of the hidden outputs of a token
UPDATES, BATCH, WARMUP = 500, 8, 50


def setting(name: str) -> experiments.Characters:
    """The small language model and its text."""
    return experiments.Characters(name, width=48, length=32)


def trained(name: str, rate: float, seed: int, updates: int = UPDATES) -> tuple[nn.Module, Split]:
    """The network after its updates, and its windows."""
    network, split = setting(name).network(seed)
    train.fit_batches(
        network, split, steps=updates, batch=BATCH, rate=rate, warmup=WARMUP, decay=True, seed=seed, every=updates
    )
    return network.eval(), split


@contextmanager
def between(network: nn.Module, change: Callable[[Tensor], Tensor]):
    """Meanwhile the last matrix of each feed-forward block gets change(hidden outputs)."""
    parts = [block.feed_forward for block in network.blocks]
    last = [part[-1] if isinstance(part, nn.Sequential) else part.down for part in parts]
    hooks = [layer.register_forward_pre_hook(lambda _, given: (change(given[0]),)) for layer in last]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def loss_of(network: nn.Module, split: Split) -> float:
    """Cross-entropy on the test windows, in nats."""
    return cross_entropy(network(split.test_x).mT, split.test_y).item()


def largest(hidden: Tensor, kept: float) -> Tensor:
    """Each token's hidden outputs, but 0 for all but the largest, in magnitude, that share of them."""
    count = max(1, round(kept * hidden.shape[-1]))
    places = hidden.abs().topk(count, -1).indices
    return torch.zeros_like(hidden).scatter(-1, places, hidden.gather(-1, places))


def at_random(hidden: Tensor, kept: float, generator: torch.Generator) -> Tensor:
    """The same number of each token's hidden outputs, drawn without looking at them."""
    places = torch.rand(hidden.shape, generator=generator).topk(max(1, round(kept * hidden.shape[-1])), -1).indices
    return torch.zeros_like(hidden).scatter(-1, places, hidden.gather(-1, places))


def measured(network: nn.Module, split: Split, seed: int) -> dict:
    """Zeros, energy in the largest tenth, loss, and the loss added by keeping less: of a row of the table."""
    zeros, energy = [], []

    def look(hidden):
        squares = hidden.square()
        zeros.append((hidden == 0).double().mean().item())
        energy.append((largest(hidden, 0.1).square().sum() / squares.sum()).item())
        return hidden

    with between(network, look):
        loss = loss_of(network, split)
    generator = torch.Generator().manual_seed(3000 + seed)
    added = {"largest": [], "random": []}
    for kept in KEPT:
        with between(network, lambda hidden, kept=kept: largest(hidden, kept)):
            added["largest"].append(results.digits(loss_of(network, split) - loss))
        with between(network, lambda hidden, kept=kept: at_random(hidden, kept, generator)):
            added["random"].append(results.digits(loss_of(network, split) - loss))
    return {
        "test_loss": results.digits(loss),
        "zeros": results.digits(sum(zeros) / len(zeros)),
        "energy": results.digits(sum(energy) / len(energy)),
        **added,
    }


def some(name: str, rate: float, seeds: Iterable[int] = SEEDS, updates: int = UPDATES) -> list[dict]:
    """Rows of the table, one for each seed."""
    rows = []
    for seed in seeds:
        network, split = trained(name, rate, seed, updates)
        rows.append({"function": name, "rate": rate, "seed": seed, **measured(network, split, seed)})
    return rows


def tried(name: str, rate: float, seeds: Sequence[int]) -> dict:
    """What the tuning runs at one rate come to: a row of the table `tuning`, but for `chosen`."""
    losses = [loss_of(*trained(name, rate, seed)) for seed in seeds]
    return {
        "function": name,
        "rate": rate,
        "runs": len(losses),
        "test_loss": results.digits(sum(losses) / len(losses)),
    }


def tune(name: str, seeds: Sequence[int] = TUNING, run=tried) -> list[dict]:
    """Trials at `RATES`, and at further rates of the ladder until the lowest mean loss stands between two others."""
    trials = {}

    def losses(rates):
        trials.update((rate, run(name, rate, seeds)) for rate in rates)
        return [trials[rate]["test_loss"] for rate in rates]

    best = experiments.best_rate(losses, LADDER, RATES)
    return [trials[rate] | {"chosen": rate == best} for rate in sorted(trials)]


def main():
    torch.set_num_threads(1)  # the sums inside a step depend on the number of threads
    began = time.process_time()
    runs, tuning = [], []
    for name in FUNCTIONS:
        trials = tune(name)
        print(*trials, sep="\n", flush=True)
        (rate,) = (trial["rate"] for trial in trials if trial["chosen"])
        runs += some(name, rate)
        tuning += trials
        print(runs[-1], round(time.process_time() - began), flush=True)
    results.save(
        "feed_forward_sparsity",
        {"runs": runs, "tuning": tuning},
        folder=Path(__file__).parent,
        command="python data/feed_forward_sparsity/make.py",
        seconds=time.process_time() - began,
        seconds_of="processor",
        seeds={"counted": list(SEEDS), "tuning": list(TUNING)},
        kept=list(KEPT),
    )


if __name__ == "__main__":
    main()
