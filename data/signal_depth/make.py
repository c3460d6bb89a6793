"""What ten functions and five starts leave of a signal and of its gradient, in networks of 2 to 50 layers.

    python data/signal_depth/make.py            writes signal_depth.json and provenance.json; two minutes on two cores

Square layers of 256 units, normal weights, zero biases; 64 inputs and the gradient at the last output are standard
normal; float64, ten seeds. A network of depth d is the first d layers of the one of depth 50 with the same seed.
"""

import math
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import torch
from torch import Tensor

from actlab import activations, results, theory

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus")
# sqrt(width x variance of a weight); in square layers Glorot's rule is LeCun's
GAINS = {
    "torch": lambda name: 1 / math.sqrt(3),
    "lecun": lambda name: 1.0,
    "he": lambda name: math.sqrt(2),
    "computed": theory.gain,
    "backward": theory.backward_gain,
}
DEPTHS, SEEDS, WIDTH, BATCH = (2, 5, 10, 20, 30, 40, 50), range(10), 256, 64


def draws(seed: int, depth: int, width: int, batch: int) -> tuple[Tensor, list[Tensor], Tensor]:
    """Inputs, one weight matrix a layer and the gradient at the output, all standard normal."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(batch, width), *[(width, width)] * max(DEPTHS), (batch, width)]
    x, *weights, end = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return x, weights[:depth], end


def one(activation: str, scheme: str, seed: int, *, depths=DEPTHS, width: int = WIDTH, batch: int = BATCH):
    """A row for each depth: powers of ten, by which a quantity of layer 1 exceeds that of the last layer.

    delta: the gradient at the pre-activations; weight: the gradient at the weights; signal: not a ratio, but log10
    of the mean square of the last layer's outputs.
    """
    act, gain = activations.get(activation), GAINS[scheme](activation)
    a, weights, end = draws(seed, max(depths), width, batch)
    weights = [weight * (gain / math.sqrt(width)) for weight in weights]
    inputs, slopes = [], []  # of each layer
    rows = []
    for layer, weight in enumerate(weights):
        inputs.append(a)
        z = a @ weight.T
        a = act(z)
        slopes.append(act.slope(z))
        if layer + 1 in depths:
            delta = last = end * slopes[layer]
            for below in range(layer, 0, -1):
                delta = (delta @ weights[below]) * slopes[below - 1]
            row = {"activation": activation, "scheme": scheme, "depth": layer + 1, "seed": seed}
            row["delta"] = _powers(delta.norm() / last.norm())
            row["weight"] = _powers((delta.T @ inputs[0]).norm() / (last.T @ inputs[layer]).norm())
            row["signal"] = _powers(a.square().mean())
            rows.append(row)
    return rows


def _powers(value):
    return round(torch.log10(value).item(), 3)


def main():
    began = time.perf_counter()
    runs = list(product(ACTIVATIONS, GAINS, SEEDS))
    # one thread a process: the sums inside a product of matrices depend on the number of threads
    with ProcessPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        rows = [row for part in pool.map(one, *zip(*runs, strict=True)) for row in part]
    results.save(
        "signal_depth",
        rows,
        folder=Path(__file__).parent,
        command="python data/signal_depth/make.py",
        seconds=time.perf_counter() - began,
        seeds=list(SEEDS),
        gains={f"{name} {scheme}": round(gain(name), 6) for name in ACTIVATIONS for scheme, gain in GAINS.items()},
    )


if __name__ == "__main__":
    main()
