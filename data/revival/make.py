"""Does a dead ReLU unit come back? Five optimisers, with weight decay and without; a minute on two cores, extra fast.

Two tables. placed: 50 units for each draw of 128 points of the disk, put below 0 at all of them, with a gradient of
exactly 0 from then on and an optimiser that has seen no other. trained: the first time that a unit of a 2-16-16-1
network falls silent at all 128 points in training, which goes on, so that the optimiser remembers what killed it.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numba import njit

from actlab import data, results

POINTS, SEEDS, STARTS, UNITS = 128, range(12), 2, 50  # a seed is a draw of the points; in each STARTS networks
STEPS = 1000  # that a placed unit is followed for
LIVE, WAIT = 300, 300  # of trained units those count that fall in the first LIVE steps, each followed for WAIT steps
WITHIN = (10, 100)
MOMENTUM = 0.9
RATES = {"sgd": (1.0, 3.0), "momentum": (0.1, 1.0), "rmsprop": (0.03, 0.1), "adam": (0.1, 0.3), "adamw": (0.1, 0.3)}
NO_DECAY = (0.0, "no")
DECAYS = ((0.01, "yes"), (0.01, "no"), (0.1, "yes"), (0.1, "no"))  # and whether biases decay, too
PLACED = [(name, rate, *decay) for name in RATES for rate in RATES[name] for decay in DECAYS]  # else nothing moves
TRAINED = [(name, rate, *decay) for name in RATES for rate in RATES[name] for decay in (NO_DECAY, *DECAYS)]


def optimizer(name, weights, biases, rate, decay, biases_decay):
    groups = [
        {"params": weights},
        {"params": biases} if biases_decay == "yes" else {"params": biases, "weight_decay": 0},
    ]
    options = {"lr": rate, "weight_decay": decay}
    match name:
        case "sgd":
            return torch.optim.SGD(groups, **options)
        case "momentum":
            return torch.optim.SGD(groups, momentum=MOMENTUM, **options)
        case "rmsprop":
            return torch.optim.RMSprop(groups, **options)
        case "adam":
            return torch.optim.Adam(groups, **options)
        case "adamw":
            return torch.optim.AdamW(groups, **options)
    raise KeyError(f"no optimizer named {name!r}; there are {', '.join(RATES)}")


def points(seeds=SEEDS):
    """Training points and labels, shapes (draws, points, 2) and (draws, points), and 2000 fresh ones; float64."""
    tasks = [data.disk(POINTS, test=2000, seed=seed, dtype=torch.float64) for seed in seeds]
    return [torch.stack(part) for part in zip(*tasks, strict=True)]


# ---- placed -----------------------------------------------------------------------------------------------------


def place(x, seeds=SEEDS, units=UNITS):
    """Weights (draws, 2, units) and biases (draws, 1, units): normal directions, below 0 by up to half a deviate."""
    generators = [torch.Generator().manual_seed(2000 + seed) for seed in seeds]
    normal = torch.stack([torch.randn(3, units, generator=g, dtype=torch.float64) for g in generators])
    weights = normal[:, :2]
    return weights, -(x @ weights).amax(dim=1, keepdim=True) - normal[:, 2:].abs() / 2


def placed(setting, *, seeds=SEEDS, steps=STEPS):
    """Whether each placed unit answers to any point after each step: bool of shape (steps, draws, units)."""
    x = points(seeds)[0]
    weights, biases = (part.requires_grad_() for part in place(x, seeds))
    name, rate, decay, biases_decay = setting
    update = optimizer(name, [weights], [biases], rate, decay, biases_decay)
    answers = []
    for _ in range(steps):
        for part in (weights, biases):
            part.grad = torch.zeros_like(part)
        update.step()
        with torch.no_grad():
            answers.append(torch.baddbmm(biases, x, weights).amax(dim=1) > 0)
    return torch.stack(answers)


# ---- trained ----------------------------------------------------------------------------------------------------


def start(seeds=SEEDS, starts=STARTS):
    """He's normal weights and zero biases of 2-16-16-1 networks, the starts of a draw one after the other."""
    drawn = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(1000 + seed)
        shapes = [(2, 16), (16, 16), (16, 1)]
        drawn.append(
            [
                torch.randn(starts, *shape, generator=generator, dtype=torch.float64) * (2 / shape[0]) ** 0.5
                for shape in shapes
            ]
        )
    weights = [torch.cat(layer) for layer in zip(*drawn, strict=True)]
    return weights, [torch.zeros(len(w), 1, w.shape[2], dtype=torch.float64) for w in weights]


@njit(fastmath={"contract", "reassoc"}, error_model="numpy")
def gradients(x, y, w1, b1, w2, b2, w3, b3, g1, gb1, g2, gb2, g3, gb3, answers):
    """Writes the gradient of each network's mean cross-entropy, and which hidden units answer to any point.

    One point after the other, so that all numbers of a network stay in the cache. Shapes: x (nets, points, 2),
    y (nets, points), weights (nets, in, out), biases (nets, 1, out), answers (2, nets, 16).
    """
    width = w1.shape[2]
    h1, h2, d1, d2 = np.zeros(width), np.zeros(width), np.zeros(width), np.zeros(width)
    for net in range(len(x)):
        for g in (g1[net], gb1[net], g2[net], gb2[net], g3[net], gb3[net]):
            g[:] = 0
        answers[:, net] = False
        for p in range(x.shape[1]):
            for j in range(width):
                h1[j] = max(0.0, x[net, p, 0] * w1[net, 0, j] + x[net, p, 1] * w1[net, 1, j] + b1[net, 0, j])
                h2[j] = b2[net, 0, j]
            for i in range(width):
                if h1[i] > 0:
                    answers[0, net, i] = True
                    for j in range(width):
                        h2[j] += h1[i] * w2[net, i, j]
            logit = b3[net, 0, 0]
            for j in range(width):
                h2[j] = max(0.0, h2[j])
                answers[1, net, j] |= h2[j] > 0
                logit += h2[j] * w3[net, j, 0]
            delta = (1 / (1 + np.exp(-logit)) - y[net, p]) / x.shape[1]
            gb3[net, 0, 0] += delta
            for j in range(width):
                g3[net, j, 0] += delta * h2[j]
                d2[j] = delta * w3[net, j, 0] if h2[j] > 0 else 0.0
                gb2[net, 0, j] += d2[j]
            for i in range(width):
                if h1[i] > 0:
                    back = 0.0
                    for j in range(width):
                        g2[net, i, j] += h1[i] * d2[j]
                        back += w2[net, i, j] * d2[j]
                    d1[i] = back
                    g1[net, 0, i] += back * x[net, p, 0]
                    g1[net, 1, i] += back * x[net, p, 1]
                    gb1[net, 0, i] += back


def trained(setting, *, seeds=SEEDS, starts=STARTS, steps=LIVE + WAIT):
    """Train the networks. Returns whether each hidden unit answers to any training point before each update and after
    the last, bool of shape (steps + 1, layers, nets, 16), and the share of fresh points that each net gets right;
    nan where it diverged.
    """
    x, y, test_x, test_y = (part.repeat_interleave(starts, dim=0) for part in points(seeds))
    weights, biases = start(seeds, starts)
    name, rate, decay, biases_decay = setting
    parameters = [part for layer in zip(weights, biases, strict=True) for part in layer]
    for part in parameters:
        part.grad = torch.zeros_like(part)
    update = optimizer(name, weights, biases, rate, decay, biases_decay)
    shared = [part.numpy() for part in (x, y, *parameters, *(part.grad for part in parameters))]  # the same memory
    answers = np.zeros((steps + 1, 2, len(x), weights[0].shape[2]), dtype=np.bool_)
    for step in range(steps + 1):
        gradients(*shared, answers[step])
        if step < steps:
            update.step()
    h = test_x
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        h = torch.relu(h @ weight + bias)
    logit = (h @ weights[-1] + biases[-1])[..., 0]
    right = ((logit > 0) == (test_y == 1)).double().mean(dim=1)
    return torch.from_numpy(answers), torch.where(logit.isfinite().all(dim=1), right, torch.nan)


def waits(answers, live=LIVE, wait=WAIT):
    """From when on each unit was silent for the first time, and for how many steps; both of shape (layers, nets, 16).

    Silent at step s means silent before update s. The first is 0 for a unit that was born dead, and -1 for one that
    did not fall by step `live`; the second is the number of steps until it answered, `wait` + 1 if none of `wait`.
    """
    silent = ~answers
    fell = torch.where(silent[: live + 1].any(dim=0), silent[: live + 1].int().argmax(dim=0), -1)
    steps = torch.arange(len(answers)).view(-1, 1, 1, 1)
    later = answers & (steps > fell) & (steps <= fell + wait)
    lasted = torch.where(later.any(dim=0), later.int().argmax(dim=0) - fell, wait + 1)
    return fell, lasted


# ---- rows -------------------------------------------------------------------------------------------------------


def summed(lasted, awake, steps):
    """Of silent units: how many, how many answered within some steps, the first and the last to do so, and how many
    of them answered at the end. lasted: steps until each answered, above `steps` for never; awake: is it at the end?
    """
    back = lasted <= steps
    return {
        "units": len(lasted),
        **{f"back_{within}": int((lasted <= within).sum()) for within in WITHIN},
        "back": int(back.sum()),
        "soonest": int(lasted[back].min()) if back.any() else None,
        "latest": int(lasted[back].max()) if back.any() else None,
        "awake": int((back & awake).sum()),
    }


NAMES = ("optimizer", "rate", "decay", "biases_decay")


def placed_rows(setting, seeds=SEEDS) -> list[dict]:
    """One row for each draw."""
    answers = placed(setting, seeds=seeds)
    ever = answers.any(dim=0)
    lasted = torch.where(ever, answers.int().argmax(dim=0) + 1, STEPS + 1)
    return [
        {**dict(zip(NAMES, setting, strict=True)), "seed": seed} | summed(lasted[draw], answers[-1, draw], STEPS)
        for draw, seed in enumerate(seeds)
    ]


def trained_rows(setting, seeds=SEEDS) -> list[dict]:
    """Two rows for each draw, one for each hidden layer, of the units that training killed."""
    answers, right = trained(setting, seeds=seeds)
    fell, lasted = waits(answers)
    at_end = answers.gather(0, (fell.clamp(min=0) + WAIT)[None])[0]
    rows = []
    for draw, seed in enumerate(seeds):
        nets = slice(draw * STARTS, (draw + 1) * STARTS)
        for layer in (0, 1):
            killed = (fell[layer, nets] > 0) & right[nets, None].isfinite()
            row = dict(zip(NAMES, setting, strict=True))
            row |= {"layer": layer + 1, "seed": seed, "diverged": int((~right[nets].isfinite()).sum())}
            row |= summed(lasted[layer, nets][killed], at_end[layer, nets][killed], WAIT)
            row["accuracy"] = round(right[nets].nanmean().item(), 4) if right[nets].isfinite().any() else None
            rows.append(row)
    return rows


def main():
    began = time.perf_counter()
    # one thread a process: the sums inside a product of matrices depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        tables = {
            name: [row for rows in pool.map(of, settings) for row in rows]
            for name, of, settings in (("placed", placed_rows, PLACED), ("trained", trained_rows, TRAINED))
        }
    results.save(
        "revival",
        tables,
        folder=Path(__file__).parent,
        command="python data/revival/make.py",
        seconds=time.perf_counter() - began,
        seeds={"data": list(SEEDS), "weights": [1000 + s for s in SEEDS], "placed": [2000 + s for s in SEEDS]},
    )


if __name__ == "__main__":
    main()
