"""Do ten layers of sigmoid units learn the disk? Six starts, two optimisers, twenty seeds; some minutes on two cores.

    python data/deep_sigmoid/make.py            writes deep_sigmoid.json, draws.json and provenance.json beside it

Ten hidden layers of 32 sigmoid units, one output, 300 points of the disk, 2000 fresh ones to be tested on, 1000 steps
on the full batch. Adam at rate 0.01, or plain descent at rate 0.03 with momentum 0.9; the rates were tried once, not
tuned. The points are the same for all; the seed draws the weights.

The second table, `draws`, asks what that one draw of the points and that one rate decide: ten seeds, each a draw of
200 points and a start of the weights, by Adam at three rates; and, where Adam fails, with an eps of 1e-30 in place of
1e-8.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from actlab import data, networks, results, theory

LAYERS, WIDTH, POINTS, STEPS, STOPS, SEEDS = 10, 32, 300, 1000, (200, 400, 1000), range(20)
# gain of normal weights with zero biases; "torch" is nn.Linear's own start
STARTS = {
    "torch": None,
    "glorot": 1.0,
    "computed": theory.gain("sigmoid"),
    "gain 4": 4.0,
    "gain 7": 7.0,
    "critical": theory.edge_of_chaos("sigmoid").gain,
}
OPTIMIZERS = {
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.03, momentum=0.9),
}
EPS = {"adam": 1e-8, "adam, eps 1e-30": 1e-30}
DRAWS, RATES = range(10), (0.003, 0.01, 0.03)
# (start, optimizer, rate) of the second table; eps matters where gradients are small
ARMS = [
    *product(("gain 4", "critical"), ("adam",), RATES),
    *product(("torch", "glorot"), EPS, RATES[1:2]),
]


def begin(start: str, seed: int):
    """One network before it is trained."""
    network = networks.mlp([2, *[WIDTH] * LAYERS, 1], "sigmoid", seed=seed)
    if STARTS[start] is not None:
        networks.initialize(network, "lecun", gain=STARTS[start], seed=seed)
    return network


def side_by_side(starts: list) -> list[Tensor]:
    """The parameters of several networks of one shape, stacked: shape (networks, ...) each."""
    parts = zip(*(network.parameters() for network in starts), strict=True)
    return [torch.stack([part.detach() for part in same]).requires_grad_() for same in parts]


def logits(parameters: list[Tensor], x: Tensor) -> Tensor:
    """The answers of all networks at once, shape (networks, points)."""
    weights, biases = parameters[0::2], parameters[1::2]
    a = x.expand(len(weights[0]), -1, -1)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        z = torch.baddbmm(bias[:, None], a, weight.mT)
        a = torch.sigmoid(z) if layer < LAYERS else z
    return a.squeeze(2)


def train(start: str, optimizer: str, seeds=SEEDS, steps: int = STEPS) -> list[dict]:
    """A row for each seed: the networks are trained side by side, each on its own loss."""
    task = data.disk(POINTS, seed=0)
    parameters = side_by_side([begin(start, seed) for seed in seeds])
    update = OPTIMIZERS[optimizer](parameters)
    rows = [{"start": start, "optimizer": optimizer, "seed": seed} for seed in seeds]
    for step in range(1, steps + 1):
        z = logits(parameters, task.train_x)
        loss = binary_cross_entropy_with_logits(z, task.train_y.expand_as(z), reduction="none").mean(1)
        update.zero_grad()
        loss.sum().backward()  # each network gets the gradient of its own loss
        update.step()
        if step in STOPS:
            with torch.no_grad():
                right = (logits(parameters, task.test_x) > 0) == (task.test_y > 0)
            for row, share in zip(rows, right.double().mean(1).tolist(), strict=True):
                row[f"accuracy_{step}"] = round(share, 4)
    for row, value in zip(rows, loss.tolist(), strict=True):
        row["train_loss"] = float(f"{value:.3g}")
    return rows


def train_on_draws(start: str, optimizer: str, rate: float, seeds=DRAWS, steps: int = STEPS) -> list[dict]:
    """A row for each seed, which draws 200 points and, with 1000 added, the weights."""
    tasks = [data.disk(200, test=2000, seed=seed) for seed in seeds]
    x, y, test_x, test_y = (torch.stack(part) for part in zip(*tasks, strict=True))
    # with the seed of the points the weights would be the points' own numbers
    parameters = side_by_side([begin(start, 1000 + seed) for seed in seeds])
    update = torch.optim.Adam(parameters, lr=rate, eps=EPS[optimizer])
    for _ in range(steps):
        loss = binary_cross_entropy_with_logits(logits(parameters, x), y, reduction="none").mean(1)
        update.zero_grad()
        loss.sum().backward()
        update.step()
    with torch.no_grad():
        right = ((logits(parameters, test_x) > 0) == (test_y > 0)).double().mean(1).tolist()
    return [
        {
            "start": start,
            "optimizer": optimizer,
            "rate": rate,
            "seed": seed,
            "accuracy": round(right[i], 4),
            "train_loss": float(f"{loss[i].item():.3g}"),
        }
        for i, seed in enumerate(seeds)
    ]


def main():
    began = time.perf_counter()
    runs = list(product(STARTS, OPTIMIZERS))
    # one thread a process: the sums inside a step depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rows = [row for part in pool.map(train, *zip(*runs, strict=True)) for row in part]
        draws = [row for part in pool.map(train_on_draws, *zip(*ARMS, strict=True)) for row in part]
    results.save(
        "deep_sigmoid",
        {"deep_sigmoid": rows, "draws": draws},
        folder=Path(__file__).parent,
        command="python data/deep_sigmoid/make.py",
        seconds=time.perf_counter() - began,
        seeds={"deep_sigmoid": list(SEEDS), "draws": list(DRAWS)},
    )


if __name__ == "__main__":
    main()
