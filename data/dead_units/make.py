"""Dead ReLU units before, during and after training on the disk, and leaky ones; some minutes, with the extra fast.

Networks of 2, 4 and 8 hidden layers of 16 units, trained for 300 full-batch steps on 128 points, tested on 2000 fresh
ones. Each of twelve seeds is a draw of the points and of the weights, the same for all settings, so that settings are
compared in pairs. A unit is silent at a step where its pre-activation is 0 or below at every training point; a ReLU
unit that is silent is dead. Two tables: dead_units has ReLU from four starts, leaks has three leaks from He's start.
"""

import math
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import torch
from numba import njit
from torch.nn import functional

from actlab import data, results, train

WIDTH, POINTS, STEPS, SEEDS = 16, 128, 300, range(12)
WEIGHTS_FROM = (
    1000  # added to a seed for its weights: one seed for both would make weights of the points' own numbers
)
# name -> (variance of a weight times fan_in, bias); a bias of None is uniform up to 1 / sqrt(fan_in), as torch's
STARTS = {"torch": (1 / 3, None), "he": (2.0, 0.0), "he, bias 0.1": (2.0, 0.1), "he, bias 1": (2.0, 1.0)}
DEPTHS, LEAKS = (2, 4, 8), (0.01, 0.1, 0.25)
RATES = {"adam": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3), "sgd": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)}
SETTINGS = [(optimizer, depth, rate) for optimizer in RATES for depth in DEPTHS for rate in RATES[optimizer]]
CONFIGS = {  # (optimizer, depth, rate, start, leak), table by table
    "dead_units": [(*setting, start, 0.0) for start, setting in product(STARTS, SETTINGS)],
    "leaks": [
        (optimizer, depth, rate, "he", leak)
        for leak in LEAKS
        for optimizer, depth, rate in SETTINGS
        if depth != 4 and rate in RATES[optimizer][2:]  # where ReLU units die
    ],
}
SOON, LATER = 10, 100  # after so many steps it is noted which silences are over


def initial(start, depth, seeds=SEEDS):
    """Weights of shape (nets, in, out) and biases of shape (nets, 1, out), layer by layer, float64."""
    variance, bias = STARTS[start]
    sizes, weights, biases = [2, *[WIDTH] * depth, 1], [], []
    generators = [torch.Generator().manual_seed(WEIGHTS_FROM + seed) for seed in seeds]
    for fan_in, units in pairwise(sizes):
        draws = [torch.rand(fan_in + 1, units, generator=g, dtype=torch.float64) * 2 - 1 for g in generators]
        draw = torch.stack(draws)  # uniform between -1 and 1: variance 1/3
        weights.append(draw[:, :-1] * math.sqrt(3 * variance / fan_in))
        biases.append(draw[:, -1:] / math.sqrt(fan_in) if bias is None else torch.full_like(draw[:, -1:], bias))
    return weights, biases


@njit(fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")
def gradients(x, y, leak, first, inner, biases, last, offset, g_first, g_inner, g_biases, g_last, g_offset, silent):
    """Writes the gradient of each network's mean cross-entropy and which hidden units are silent; returns the losses.

    Units are rows and points columns, so that inner loops are long. Shapes: x (nets, 2, points), y (nets, points),
    first (nets, 2, 16), inner (nets, depth - 1, 16, 16) from inputs to outputs, biases (nets, depth, 16),
    last (nets, 16), offset (nets), silent (depth, nets, 16).
    """
    nets, depth, points = len(x), biases.shape[1], x.shape[2]
    values, losses = np.zeros((depth, WIDTH, points)), np.zeros(nets)
    errors, deltas, below = np.zeros(points), np.zeros((WIDTH, points)), np.zeros((WIDTH, points))
    for net in range(nets):
        for layer in range(depth):
            inputs, weights = (x[net], first[net]) if layer == 0 else (values[layer - 1], inner[net, layer - 1])
            for j in range(WIDTH):
                row = values[layer, j]
                row[:] = biases[net, layer, j]
                for i in range(len(weights)):
                    weight, source = weights[i, j], inputs[i]
                    for p in range(points):
                        row[p] += weight * source[p]
                highest = -np.inf
                for p in range(points):
                    highest = max(highest, row[p])
                    row[p] = row[p] if row[p] > 0 else leak * row[p]
                silent[layer, net, j] = highest <= 0
        errors[:] = offset[net]
        for j in range(WIDTH):
            weight, source = last[net, j], values[depth - 1, j]
            for p in range(points):
                errors[p] += weight * source[p]
        for p in range(points):
            logit = errors[p]
            losses[net] += (max(logit, 0.0) - logit * y[net, p] + np.log1p(np.exp(-abs(logit)))) / points
            errors[p] = (1 / (1 + np.exp(-logit)) - y[net, p]) / points
        g_offset[net] = errors.sum()
        for j in range(WIDTH):
            weight, source, row = last[net, j], values[depth - 1, j], below[j]
            total = 0.0
            for p in range(points):
                total += source[p] * errors[p]
                row[p] = weight * errors[p]
            g_last[net, j] = total
        for layer in range(depth - 1, -1, -1):
            for j in range(WIDTH):
                row, source, above = deltas[j], below[j], values[layer, j]
                total = 0.0
                for p in range(points):
                    row[p] = source[p] * (1.0 if above[p] > 0 else leak)
                    total += row[p]
                g_biases[net, layer, j] = total
            inputs = x[net] if layer == 0 else values[layer - 1]
            for i in range(len(inputs)):
                source, row = inputs[i], below[i]
                row[:] = 0
                for j in range(WIDTH):
                    delta, total = deltas[j], 0.0
                    for p in range(points):
                        total += source[p] * delta[p]
                    if layer == 0:
                        g_first[net, i, j] = total
                    else:
                        g_inner[net, layer - 1, i, j] = total
                        weight = inner[net, layer - 1, i, j]
                        for p in range(points):
                            row[p] += weight * delta[p]
    return losses


def run(optimizer, depth, rate, start, leak, *, steps=STEPS, seeds=SEEDS):
    """Train the networks of one setting, a net for each seed.

    Returns silent, bool of shape (steps + 1, depth, nets, units), before each update and after the last; and for each
    net its mean cross-entropy on the training points, not finite where the network diverged, and the share of fresh
    points that it gets right, at the end.
    """
    tasks = [data.disk(POINTS, test=2000, seed=seed, dtype=torch.float64) for seed in seeds]
    train_x, train_y, test_x, test_y = (torch.stack(part) for part in zip(*tasks, strict=True))
    weights, biases = initial(start, depth, seeds)
    parameters = [
        weights[0],
        torch.stack(weights[1:-1], dim=1),
        torch.cat(biases[:-1], dim=1),
        weights[-1][..., 0].clone(),
        biases[-1][:, 0, 0].clone(),
    ]
    for part in parameters:
        part.grad = torch.zeros_like(part)
    update = train.optimizers[optimizer](parameters, lr=rate)
    shared = [part.numpy() for part in (*parameters, *(part.grad for part in parameters))]  # the same memory
    x, y = train_x.transpose(1, 2).contiguous().numpy(), train_y.numpy()
    silent = np.zeros((steps + 1, depth, len(seeds), WIDTH), dtype=np.bool_)
    for step in range(steps + 1):
        loss = gradients(x, y, leak, *shared, silent[step])
        if step < steps:
            update.step()
    h = test_x @ parameters[0] + parameters[2][:, :1]
    for layer in range(1, depth):
        h = functional.leaky_relu(h, leak) @ parameters[1][:, layer - 1] + parameters[2][:, layer : layer + 1]
    logit = (functional.leaky_relu(h, leak) @ parameters[3][..., None])[..., 0] + parameters[4][:, None]
    right = ((logit > 0) == (test_y == 1)).double().mean(dim=1)
    return torch.from_numpy(silent), torch.from_numpy(loss), right


def counts(silent):
    """What became of the units, by name: each a count for every layer and net, shape (depth, nets).

    silent: bool of shape (steps + 1, depth, nets, units).
    """
    begin, end, steps = silent[0], silent[-1], len(silent) - 1
    answers_later = (~silent).flip(0).cummax(0).values.flip(0)  # at that step or after it
    falls = ~silent[:-1] & silent[1:]  # at index i: answered before update i, silent after it
    found = {
        "begin": begin,
        "end": end,
        "killed": ~begin & end,
        "woken": begin & ~end,
        "fell": silent.any(dim=0),
        "back": (silent & answers_later).any(dim=0),
    }
    found = {name: of.sum(dim=-1) for name, of in found.items()}
    watched = falls[: max(0, steps - LATER)]  # falls that are followed for LATER further steps
    found["falls"] = watched.sum(dim=(0, 3))
    for within in (SOON, LATER):
        over = torch.zeros_like(watched)
        for after in range(2, 2 + within):  # silent after update i, so the first answer can follow update i + 1
            over |= ~silent[after : after + len(watched)]
        found[f"over_{within}"] = (watched & over).sum(dim=(0, 3))
    return found


def rows_of(config, *, steps=STEPS, seeds=SEEDS) -> list[dict]:
    """The rows of one setting, one a network. Counts are of 16 units in the first layer, 16 (depth - 1) deeper.

    A network that diverged has None for all that comes after its birth: nan is neither above 0 nor below.
    """
    optimizer, depth, rate, start, leak = config
    silent, loss, right = run(*config, steps=steps, seeds=seeds)
    found, rows = counts(silent), []
    for net, seed in enumerate(seeds):
        row = {"optimizer": optimizer, "start": start, "leak": leak, "depth": depth, "rate": rate, "seed": seed}
        for where, layers in (("first", slice(0, 1)), ("deeper", slice(1, None))):
            row |= {f"{where}_{name}": int(of[layers, net].sum()) for name, of in found.items()}
        row |= {"train_loss": float(f"{loss[net].item():.4g}"), "accuracy": round(right[net].item(), 4)}
        if not loss[net].isfinite():
            row |= {name: None for name in list(row)[6:] if not name.endswith("_begin")}
        rows.append(row)
    return rows


def main():
    began = time.perf_counter()
    # one thread a process: the sums inside a product of matrices depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        tables = {
            name: [row for rows in pool.map(rows_of, configs) for row in rows] for name, configs in CONFIGS.items()
        }
    results.save(
        "dead_units",
        tables,
        folder=Path(__file__).parent,
        command="python data/dead_units/make.py",
        seconds=time.perf_counter() - began,
        seeds={"data": list(SEEDS), "weights": [WEIGHTS_FROM + seed for seed in SEEDS]},
    )


if __name__ == "__main__":
    main()
