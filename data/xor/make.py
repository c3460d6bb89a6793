"""The XOR study: a published script with more seeds, and what it leaves open; some minutes on two cores.

    python data/xor/make.py            writes script, runs, curves, waits .json and provenance.json beside this file

Two inputs, hidden units, one sigmoid output; normal weights, biases 0; gradient descent at rate 0.1 on all four
corners, in float64. The published script plots binary cross-entropy; the gradient that it prints is that of half the
squared error. Networks stand side by side along the last axis: with four points, an engine that is made for a
thousand works on little but filling.
"""

import math
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, tensordot

from actlab import activations, data, results

SEEDS, EPOCHS, RATE = 200, 5000, 0.1

# activation, slope at exactly 0, gradient, scale of the start. The script has slope 0 for ReLU and 1 for Leaky ReLU;
# None leaves what torch has, 0 and 0.01.
SCRIPT = [
    *product(("sigmoid",), (None,), ("printed", "bce"), (0.1, 1.0)),
    *product(("relu",), (0.0, 1.0), ("printed", "bce"), (0.1,)),
    *product(("leaky_relu",), (0.01, 1.0), ("printed", "bce"), (0.1,)),
]
ACTIVATIONS = ("sigmoid", "tanh", "softplus", "relu", "leaky_relu", "elu", "silu", "gelu", "sine", "relu_squared")
SCALES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
# gradient -> how much of the rate; four times undoes the quarter that the printed gradient is at answers of 1/2
GRADIENTS = {"bce": 1, "printed": 1, "printed x 4": 4}
# activation, gradient, scales, width; all scales of a line are trained side by side
RUNS = [
    *((name, gradient, SCALES, 4) for name, gradient in product(ACTIVATIONS, ("bce", "printed"))),
    *((name, "printed x 4", (0.1, 1.0), 4) for name in ACTIVATIONS),
    *((name, "bce", (0.1,), width) for name, width in product(("tanh", "relu", "leaky_relu", "silu"), (2, 3, 8))),
]
SOLVED = 0.99  # all corners right at a loss below so much of ln 2, a coin's: not by the rounding of equal answers
QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
CURVE = np.unique(np.geomspace(1, EPOCHS, 70).round().astype(int)) - 1
# activation, gradient, updates: until the loss is below LEFT of a coin's, from WAITING scales, for PATIENT seeds
WAITS = [("sigmoid", "bce", 50_000), ("sigmoid", "printed", 50_000)] + [
    (name, "bce", 20_000) for name in ("tanh", "softplus", "relu", "leaky_relu", "silu", "gelu")
]
WAITING, PATIENT, LEFT = (0.05, 0.1, 0.2, 0.4), 60, 0.9

X, Y = data.xor(dtype=torch.float64)[:2]
Y = Y[:, None]


def hidden(activation: str, at_zero: float | None = None):
    """From pre-activations to values and slopes, the slope at exactly 0 replaced where one is given."""
    act = activations.get(activation)

    def both(z):
        slope = act.slope(z)
        return act(z), slope if at_zero is None else torch.where(z == 0, at_zero, slope)

    return both


def start(seeds, scales, width: int = 4) -> list[Tensor]:
    """W1 (2, width, networks), b1 (width, networks), W2 like b1, b2 (networks,).

    The networks are those of the first scale, one for each seed, then those of the second from the same numbers.
    """
    draws = [np.random.default_rng(seed) for seed in seeds]
    weights = [(rng.standard_normal((2, width)), rng.standard_normal(width)) for rng in draws]
    units = [torch.tensor(np.stack(part, axis=-1)) for part in zip(*weights, strict=True)]
    W1, W2 = (torch.cat([scale * part for scale in scales], dim=-1) for part in units)
    return [W1, torch.zeros_like(W2), W2, torch.zeros_like(W2[0])]


def step(parameters: list[Tensor], both, printed: bool) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Pre-activations (4, width, networks) and logits (4, networks), and the gradient that the networks move by."""
    W1, b1, W2, b2 = parameters
    z1 = tensordot(X, W1, 1) + b1
    a1, slope = both(z1)
    z2 = (a1 * W2).sum(1) + b2
    a2 = torch.sigmoid(z2)
    delta2 = (a2 - Y) / len(Y)
    if printed:
        delta2 = delta2 * a2 * (1 - a2)
    delta2 = delta2[:, None]
    delta1 = delta2 * W2 * slope
    return z1, z2, [tensordot(X.T, delta1, 1), delta1.sum(0), (delta2 * a1).sum(0), delta2.sum((0, 1))]


def train(
    activation: str,
    gradient: str,
    scales,
    *,
    at_zero: float | None = None,
    width: int = 4,
    seeds=range(SEEDS),
    steps: int = EPOCHS,
) -> dict[str, Tensor]:
    """What came of a network for each scale and seed.

    loss: cross-entropy before each update and after the last, whichever gradient moves, (scales, steps + 1, seeds).
    right: corners answered rightly at the end; off: hidden units with z <= 0 on all corners; since: the step from
    which on all corners are right, steps + 1 where they are not; all of shape (scales, seeds).
    """
    parameters, both = start(seeds, scales, width), hidden(activation, at_zero)
    loss = torch.empty(steps + 1, len(scales) * len(seeds), dtype=torch.float64)
    since = torch.zeros(len(scales) * len(seeds), dtype=torch.int64)
    for i in range(steps + 1):
        z1, z2, moves = step(parameters, both, gradient != "bce")
        loss[i] = (z2.clamp(min=0) - Y * z2 + torch.log1p(torch.exp(-z2.abs()))).mean(0)
        hit = (z2 > 0) == (Y > 0.5)
        since = torch.where(hit.all(0), since, i + 1)
        if i < steps:
            rate = RATE * GRADIENTS[gradient]
            parameters = [p - rate * move for p, move in zip(parameters, moves, strict=True)]
    found = {"loss": loss, "right": hit.sum(0), "off": (z1 <= 0).all(0).sum(0), "since": since}
    found = {name: values.unflatten(-1, (len(scales), len(seeds))) for name, values in found.items()}
    return found | {"loss": found["loss"].movedim(1, 0)}


def script(activation, at_zero, gradient, scale, seeds=range(SEEDS)):
    """A row for each run of the published setting."""
    found = _of(train(activation, gradient, (scale,), at_zero=at_zero, seeds=seeds), 0)
    rises = found["loss"].diff(dim=0).clamp(min=0)
    return [
        {
            "activation": activation,
            "at_zero": at_zero,
            "gradient": gradient,
            "scale": scale,
            "seed": seed,
            **{f"loss_{at}": _digits(found["loss"][at, i], 4) for at in (100, 1000, EPOCHS)},
            "rises": int((rises[:, i] > 1e-9).sum()),
            "largest_rise": _digits(rises[:, i].max(), 3),
            "right": int(found["right"][i]),
            "off": int(found["off"][i]),
        }
        for i, seed in enumerate(seeds)
    ]


def run(activation, gradient, scales, width, seeds=range(SEEDS)):
    """A row for each setting, its runs in the order of the seeds; and the rows of the learning curves."""
    together = train(activation, gradient, scales, width=width, seeds=seeds)
    rows, curves = [], []
    for i, scale in enumerate(scales):
        found = _of(together, i)
        loss, solved = found["loss"], _solved(found)
        kind = {"activation": activation, "gradient": gradient, "scale": scale, "width": width}
        since = [int(at) if one else None for at, one in zip(found["since"], solved, strict=True)]
        rows.append(kind | {"solved": _marks(solved), "since": since, "loss": [_digits(v, 3) for v in loss[-1]]})
        if width == 4 and scale in (0.1, 1.0) and gradient in ("bce", "printed"):
            quantiles = loss[CURVE].quantile(torch.tensor(list(QUANTILES.values())).double(), dim=1).T
            for at, values in zip(CURVE.tolist(), quantiles, strict=True):
                named = {name: _digits(value, 4) for name, value in zip(QUANTILES, values, strict=True)}
                curves.append(kind | {"step": at} | named)
    return rows, curves


def wait(activation, gradient, steps, scales=WAITING, seeds=range(PATIENT)):
    """A row for each scale: when each run leaves the plateau at a coin's loss, and which are solved at the end."""
    together = train(activation, gradient, scales, seeds=seeds, steps=steps)
    rows = []
    for i, scale in enumerate(scales):
        found = _of(together, i)
        below = found["loss"] < LEFT * math.log(2)
        kind = {"activation": activation, "gradient": gradient, "scale": scale, "steps": steps}
        left = [int(column.int().argmax()) if column.any() else None for column in below.T]
        rows.append(
            kind
            | {"left": left, "solved": _marks(_solved(found)), "loss": [_digits(v, 3) for v in found["loss"][-1]]}
        )
    return rows


def _of(together, i):
    return {name: values[i] for name, values in together.items()}


def _marks(solved):
    """One character for each seed."""
    return "".join("01"[int(one)] for one in solved)


def _solved(found):
    return (found["right"] == 4) & (found["loss"][-1] < SOLVED * math.log(2))


def _digits(value, n):
    return float(f"{value:.{n}g}") if math.isfinite(value) else None


def main():
    began = time.perf_counter()
    # one thread a process; spawned, because a forked one may inherit a lock that torch's threads hold
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        waits = [pool.submit(wait, *which) for which in WAITS]
        runs = [pool.submit(run, *which) for which in RUNS]
        scripts = [pool.submit(script, *which) for which in SCRIPT]
        tables = {
            "script": [row for part in scripts for row in part.result()],
            "runs": [row for part in runs for row in part.result()[0]],
            "curves": [row for part in runs for row in part.result()[1]],
            "waits": [row for part in waits for row in part.result()],
        }
    results.save(
        "xor",
        tables,
        folder=Path(__file__).parent,
        command="python data/xor/make.py",
        seconds=time.perf_counter() - began,
        seeds=SEEDS,
    )


if __name__ == "__main__":
    main()
