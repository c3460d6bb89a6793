"""What several checks measure: signals through deep networks at initialisation."""

import math
from functools import cache

import torch
from torch import Tensor

from .. import activations

WIDTH, DEPTH, BATCH = 256, 50, 64

# gain = sqrt(width x variance of a weight) of square layers, where Glorot's and LeCun's rules are one
GAINS = {"torch": 1 / math.sqrt(3), "lecun": 1.0, "glorot": 1.0, "he": math.sqrt(2)}


@cache
def depth_signals(
    activation: str, gain: float, *, depth: int = DEPTH, seeds: int = 5, normalised: bool = False, batch: int = BATCH
) -> dict[str, Tensor]:
    """What becomes of the signals of a random network, in powers of ten and mean squares; each tensor (seeds,).

    Square layers of WIDTH units, weights normal with standard deviation gain / sqrt(WIDTH), zero biases, inputs and
    the gradient at the output standard normal, float64. normalised: batch normalisation before each activation.
    delta: log10 of the norm of the gradient at the first pre-activation over that at the last. weight: the same for
    the gradients of the weight matrices. forward: E h^2 after the last layer.
    """
    act = activations.get(activation)
    found = {"delta": [], "weight": [], "forward": []}
    for seed in range(seeds):
        h, weights, delta = _draws(seed, depth, batch)
        weights = [weight * (gain / math.sqrt(WIDTH)) for weight in weights]
        inputs, pre, spreads = [], [], []
        for weight in weights:
            z, spread = h @ weight.T, None
            if normalised:
                spread = z.var(0, correction=0).add(1e-5).sqrt()
                z = (z - z.mean(0)) / spread
            inputs.append(h)
            pre.append(z)
            spreads.append(spread)
            h = act(z)
        first = last = _through_norm(delta * act.slope(pre[-1]), pre[-1], spreads[-1])
        for layer in range(depth - 1, 0, -1):
            delta = (first @ weights[layer]) * act.slope(pre[layer - 1])
            first = _through_norm(delta, pre[layer - 1], spreads[layer - 1])
        found["delta"].append(torch.log10(first.norm() / last.norm()))
        found["weight"].append(torch.log10((first.T @ inputs[0]).norm() / (last.T @ inputs[-1]).norm()))
        found["forward"].append(h.square().mean())
    return {name: torch.stack(values) for name, values in found.items()}


@cache
def _draws(seed: int, depth: int, batch: int) -> tuple[Tensor, list[Tensor], Tensor]:
    """Inputs, weights and the gradient at the output, standard normal: kept, for drawing takes longest of all."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(batch, WIDTH), *[(WIDTH, WIDTH)] * depth, (batch, WIDTH)]
    h, *weights, delta = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return h, weights, delta


def _through_norm(delta, z, spread):
    """The gradient before batch normalisation, from that after it; z is normalised."""
    if spread is None:
        return delta
    return (delta - delta.mean(0) - z * (delta * z).mean(0)) / spread


def powers(values: Tensor) -> str:
    """Powers of ten over seeds as a phrase: 10^-30.8 +- 0.1 (5 seeds)."""
    return f"10^{values.mean():.1f} +- {values.std():.1f} ({len(values)} seeds)"
