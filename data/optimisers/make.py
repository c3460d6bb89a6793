"""Seven functions by five optimisers on digits, each pair at a rate of its own; some minutes on a core.

    python data/optimisers/make.py [FOLDER]      trains what FOLDER lacks, then writes the tables beside this file

Digits of 14 x 14, three hidden layers, each function from a start by its own gain. A third of the 5,000 digits
chooses rates and the others are counted, so that no digit that chose a rate is tested. The ladder of rates of a
function and an optimiser grows until the best of it has a neighbour on either side.

`ensemble.fit_many` has neither mini-batches nor the optimisers, so runs that differ in draw and rate are stacked
here: a weight is (runs, outputs, inputs), and as losses are added over runs, each has the gradient it has alone.
Stopped, the recipe goes on from where it was: FOLDER keeps every stack.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from actlab import data, experiments, networks, results
from actlab.results import digits

RUNS = Path(__file__).parents[2] / "_build" / "optimisers"
FUNCTIONS = ("relu", "leaky_relu", "elu", "tanh", "sigmoid", "gelu", "silu")
LADDER = tuple(float(f"{digit}e{power}") for power in range(-6, 2) for digit in (1, 3))
FIRST = {"sgd": (0.03, 0.1, 0.3, 1.0, 3.0), "momentum": (3e-3, 1e-2, 3e-2, 0.1, 0.3)}
FIRST |= dict.fromkeys(("adam", "adamw", "muon"), (3e-4, 1e-3, 3e-3, 1e-2, 3e-2))
SIZES, EPOCHS, POINTS, BATCH = (196, 32, 32, 32, 10), 20, 1000, 50
DECAY = 0.1  # of adamw and muon
# digits of each part, the draws of it, and the seed of its first start; a part's draws test all of its digits
TUNING, COUNTED = (0, 1700, 4, 0), (1700, 5000, 20, 100)


# --- digits


@cache
def pool() -> tuple[Tensor, Tensor]:
    """All 5,000 digits in an order of their own, 14 x 14: the means of four pixels, in a row, and their labels."""
    some = data.mnist(4999, test=1, seed=8)
    x, y = torch.cat([some.train_x, some.test_x]), torch.cat([some.train_y, some.test_y])
    return functional.avg_pool2d(x, 2).flatten(1), y


def split_of(draw: int, part: tuple[int, ...] = COUNTED) -> data.Split:
    """1,000 digits to train on, and the draw's share of a part's digits, which no other draw tests."""
    begin, end, draws, _ = part
    x, y = (whole[begin:end] for whole in pool())
    tested = len(y) // draws
    test = torch.arange(tested * draw, tested * (draw + 1))
    rest = torch.cat([torch.arange(tested * draw), torch.arange(tested * (draw + 1), len(y))])
    chosen = rest[torch.randperm(len(rest), generator=torch.Generator().manual_seed(draw))[:POINTS]]
    return data.Split(x[chosen], y[chosen], x[test], y[test])


# --- optimisers: from the gradient of a stacked weight, and what is kept of it, to a step of rate 1


def sgd(gradient, weight, kept, step, last):
    return gradient


def momentum(gradient, weight, kept, step, last):
    kept["mean"] = 0.9 * kept.get("mean", 0) + gradient
    return kept["mean"]


def adam(gradient, weight, kept, step, last):
    kept["mean"] = 0.9 * kept.get("mean", 0) + 0.1 * gradient
    kept["square"] = 0.999 * kept.get("square", 0) + 0.001 * gradient**2
    return kept["mean"] / (1 - 0.9**step) / ((kept["square"] / (1 - 0.999**step)).sqrt() + 1e-8)


def adamw(gradient, weight, kept, step, last):
    return adam(gradient, weight, kept, step, last) + DECAY * weight


def muon(gradient, weight, kept, step, last):
    """Of matrices but the last, whose steps and those of biases are AdamW's; scaled to their size (liu2025)."""
    if last or weight.shape[1] == 1:
        return adamw(gradient, weight, kept, step, last)
    kept["mean"] = 0.95 * kept.get("mean", 0) + 0.05 * gradient
    x = 0.05 * gradient + 0.95 * kept["mean"]
    if turned := x.shape[1] > x.shape[2]:
        x = x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):  # singular values go to about 1 (jordan2024)
        square = x @ x.mT
        x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
    return 0.2 * max(x.shape[1:]) ** 0.5 * (x.mT if turned else x) + DECAY * weight


OPTIMIZERS = {step.__name__: step for step in (sgd, momentum, adam, adamw, muon)}


# --- training


def outputs(weights: Sequence[tuple[Tensor, Tensor]], layer: nn.Module, x: Tensor) -> Tensor:
    """Logits, (runs, points, classes), of points (runs, points, features)."""
    for i, (matrix, bias) in enumerate(weights):
        x = torch.baddbmm(bias, layer(x) if i else x, matrix.mT)
    return x


def losses(out: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy of each run, (runs,)."""
    return functional.cross_entropy(out.mT, y, reduction="none").mean(1)


def fit(
    name: str,
    optimizer: str,
    rates: Sequence[float],
    splits: Sequence[data.Split],
    seeds: Sequence[int],
    *,
    epochs: int = EPOCHS,
    batch: int = BATCH,
) -> dict[str, list[float]]:
    """What each run ends with, its rate, split and seed in their places: losses, share of test digits right."""
    single = [networks.mlp(SIZES, name, scheme="computed", seed=seed) for seed in seeds]
    linear = [[layer for layer in network if isinstance(layer, nn.Linear)] for network in single]
    weights = [
        (torch.stack([of.weight.detach() for of in layers]), torch.stack([of.bias.detach()[None] for of in layers]))
        for layers in zip(*linear, strict=True)
    ]
    flat = [part.requires_grad_() for pair in weights for part in pair]
    train_x, train_y, test_x, test_y = (torch.stack(parts) for parts in zip(*splits, strict=True))
    rate, row = torch.tensor(rates)[:, None, None], torch.arange(len(seeds))[:, None]
    orders = [torch.Generator().manual_seed(seed) for seed in seeds]
    kept, step, layer = [{} for _ in flat], 0, single[0][1]
    for _ in range(epochs):
        epoch = torch.stack([torch.randperm(train_y.shape[1], generator=order) for order in orders])
        for chosen in epoch.split(batch, dim=1):
            step += 1
            total = losses(outputs(weights, layer, train_x[row, chosen]), train_y[row, chosen]).sum()
            gradients = torch.autograd.grad(total, flat)
            with torch.no_grad():
                for i, (part, gradient) in enumerate(zip(flat, gradients, strict=True)):
                    part -= rate * OPTIMIZERS[optimizer](gradient, part, kept[i], step, i >= len(flat) - 2)
    with torch.no_grad():
        out = outputs(weights, layer, test_x)
        found = {
            "train_loss": losses(outputs(weights, layer, train_x), train_y),
            "test_loss": losses(out, test_y),
            "test_accuracy": (out.argmax(2) == test_y).double().mean(1),
        }
    return {key: values.tolist() for key, values in found.items()}


def rows_of(name: str, optimizer: str, part: tuple[int, ...], rates: Sequence[float]) -> list[dict]:
    """A row for each rate and draw of the part; a draw moves the digits, the weights and the order."""
    runs = list(product(rates, range(part[2])))
    splits = [split_of(draw, part) for draw in range(part[2])]
    found = fit(name, optimizer, [r for r, _ in runs], [splits[d] for _, d in runs], [part[3] + d for _, d in runs])
    return [
        {"optimizer": optimizer, "activation": name, "rate": rate, "draw": draw}
        | {key: digits(values[i]) for key, values in found.items()}
        for i, (rate, draw) in enumerate(runs)
    ]


def tune(run: Callable[[Sequence[float]], list[dict]], first: Sequence[float]) -> tuple[float, list[dict]]:
    """The rate with the most digits right over the draws, and the rows of all rates tried, lowest rate first."""
    rows = []

    def wrong(rates):
        found = run(rates)
        rows.extend(found)
        return [round(sum(1 - row["test_accuracy"] for row in found if row["rate"] == rate), 6) for rate in rates]

    return experiments.best_rate(wrong, LADDER, first), sorted(rows, key=lambda row: row["rate"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=RUNS, help="where the runs are or shall be")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    began, tables = time.process_time(), {"tuning": [], "runs": []}

    def once(name, optimizer, which, part, rates):
        path = folder / f"{which}-{optimizer}-{name}-{'-'.join(f'{rate:g}' for rate in rates)}.json"
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.write_text(json.dumps(rows_of(name, optimizer, part, rates)))
            draft.replace(path)
            print(f"{time.process_time() - began:.0f} s: {path.stem}", flush=True)
        return json.loads(path.read_text())

    for optimizer, name in product(OPTIMIZERS, FUNCTIONS):
        best, tried = tune(lambda rates, of=(name, optimizer): once(*of, "tuning", TUNING, rates), FIRST[optimizer])
        tables["tuning"] += tried
        tables["runs"] += once(name, optimizer, "runs", COUNTED, [best])
    results.save(
        "optimisers",
        tables,
        folder=Path(__file__).parent,
        command="python data/optimisers/make.py",
        seconds=time.process_time() - began,
        draws={"counted": COUNTED[2], "tuning": TUNING[2]},
    )


if __name__ == "__main__":
    main()
