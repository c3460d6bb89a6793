"""A published XOR comparison, with the gradient it prints and with that of its own loss; takes two minutes.

    python data/xor_script/make.py            writes xor_script.json and provenance.json beside this file

Two inputs, four hidden units, one sigmoid output; normal weights, biases 0; plain gradient descent at rate 0.1 on all
four corners. It plots binary cross-entropy, but the gradient it prints is that of half the mean squared error.
"""

import time
from pathlib import Path

import numpy as np

from actlab import results

SEEDS = (*range(30), 42)  # 42 is the one of the published picture
RATE, EPOCHS, LONG = 0.1, 5000, 50_000
VARIANTS = [
    (activation, gradient, scale)
    for scale, activations in [(0.1, ("sigmoid", "relu", "leaky_relu")), (1.0, ("sigmoid",))]
    for activation in activations
    for gradient in ("printed", "bce")
]

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
Y = np.array([[0], [1], [1], [0]], dtype=float)


def hidden(z, activation):
    """Value and slope of the hidden units; at 0 the slopes are the script's: ReLU's is 0, Leaky ReLU's is 1."""
    if activation == "sigmoid":
        value = 1 / (1 + np.exp(-z))
        return value, value * (1 - value)
    if activation == "relu":
        return np.maximum(0, z), (z > 0).astype(float)
    return np.where(z >= 0, z, 0.01 * z), np.where(z >= 0, 1.0, 0.01)


def start(seeds, scale):
    """Weights and biases of both layers, a network for each seed along the first axis."""
    draws = [np.random.default_rng(seed) for seed in seeds]
    W1, W2 = zip(*[(rng.standard_normal((2, 4)), rng.standard_normal((4, 1))) for rng in draws], strict=True)
    return [scale * np.stack(W1), np.zeros((len(draws), 1, 4)), scale * np.stack(W2), np.zeros((len(draws), 1, 1))]


def step(parameters, activation, gradient):
    """Loss of each network, its hidden pre-activations and outputs, and the gradient that it is moved by."""
    W1, b1, W2, b2 = parameters
    z1 = X @ W1 + b1
    a1, slope = hidden(z1, activation)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    loss = -(Y * np.log(a2 + 1e-8) + (1 - Y) * np.log(1 - a2 + 1e-8)).mean(axis=(1, 2))
    delta2 = (a2 - Y) / len(Y)
    if gradient == "printed":
        delta2 = delta2 * a2 * (1 - a2)
    delta1 = delta2 @ W2.swapaxes(1, 2) * slope
    biases = [delta.sum(axis=1, keepdims=True) for delta in (delta1, delta2)]
    return loss, z1, a2, [X.T @ delta1, biases[0], a1.swapaxes(1, 2) @ delta2, biases[1]]


def train(activation, gradient, scale, seeds=SEEDS, epochs=LONG):
    """One row for each seed."""
    parameters = start(seeds, scale)
    losses = np.empty((epochs + 1, len(seeds)))  # before each update, and after the last
    for epoch in range(epochs + 1):
        losses[epoch], z1, a2, gradients = step(parameters, activation, gradient)
        if epoch == EPOCHS:
            right, off = ((a2 > 0.5) == Y).sum(axis=(1, 2)), (z1 <= 0).all(axis=1).sum(axis=1)
        parameters = [p - RATE * g for p, g in zip(parameters, gradients, strict=True)]
    changes = np.diff(losses[: EPOCHS + 1], axis=0)
    return [
        {
            "activation": activation,
            "gradient": gradient,
            "scale": scale,
            "seed": seed,
            **{f"loss_{epoch}": float(f"{losses[epoch, i]:.4g}") for epoch in (100, 1000, EPOCHS, epochs)},
            "rises": int((changes[:, i] > 1e-9).sum()),
            "largest_rise": float(f"{max(0.0, changes[:, i].max()):.4g}"),
            "right": int(right[i]),
            "off": int(off[i]),
        }
        for i, seed in enumerate(seeds)
    ]


def main():
    began = time.perf_counter()
    rows = [row for variant in VARIANTS for row in train(*variant)]
    results.save(
        "xor_script",
        rows,
        folder=Path(__file__).parent,
        command="python data/xor_script/make.py",
        seconds=time.perf_counter() - began,
        seeds=list(SEEDS),
    )


if __name__ == "__main__":
    main()
