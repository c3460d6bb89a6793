"""Checks of chapter 04."""

import copy
import math

import torch
from torch import nn

from .. import networks
from ._kit import call, close, exercise


@exercise("04-dead")
def _relu_dead(function):
    # rows: four examples; columns: five units
    z = torch.tensor(
        [
            [-1.0, -2.0, 0.0, -9.0, 1.0],
            [-0.1, 0.5, -1.0, -9.0, 2.0],
            [-3.0, -2.0, 0.0, 1.0, 0.3],
            [-0.2, 0.1, -2.0, -9.0, 4.0],
        ]
    )
    found = call(function, z.clone())
    assert isinstance(found, torch.Tensor), f"a tensor is wanted, this is a {type(found).__name__}."
    assert found.shape != (4,), "that is one answer for each example; the units are the columns."
    assert found.shape == (5,), f"one answer for each of the 5 units is wanted, this has shape {tuple(found.shape)}."
    found = found.bool().tolist()
    assert not found[1], "the second unit answers two of four examples and is called dead; a half is not all."
    assert not found[3], (
        "the fourth unit is called dead, and it answers one example; its mean is negative, but that one teaches it."
    )
    assert not found[4], "the last unit answers every example and is called dead; which way does the comparison go?"
    assert found[0], "the first unit is negative for every example, and is not called dead."
    assert found[2], "the third unit is never above 0 and is not called dead; what is ReLU's slope at exactly 0?"
    return "five units, each for its own reason."


@exercise("04-start")
def _relu_start(function):
    assert callable(function), f"a function is wanted, this is a {type(function).__name__}."
    x = torch.randn(500, 64, generator=torch.Generator().manual_seed(4))
    worst = 0.0
    for seed in range(4):
        network = networks.mlp([64, *[64] * 10, 1], "relu", seed=seed)
        before = [layer.weight.detach().clone() for layer in network if isinstance(layer, nn.Linear)]
        found = call(function, copy.deepcopy(network))
        assert isinstance(found, nn.Sequential), f"the network itself is to come back, not a {type(found).__name__}."
        layers = [layer for layer in found if isinstance(layer, nn.Linear)]
        assert len(layers) == 11, "the network is to come back with its eleven Linear layers."
        same = all(torch.equal(layer.weight, weight) for layer, weight in zip(layers, before, strict=True))
        assert same, "the weights have changed; only the biases are yours here."
        h = x
        with torch.no_grad():
            for layer in layers[:-1]:
                z = layer(h)
                h = torch.relu(z)
        dead, on = ((of.all(dim=0)).double().mean().item() for of in (z <= 0, z > 0))
        assert dead <= 0.25, (
            f"with seed {seed} {dead:.0%} of the last hidden layer is dead; what can a bias do to a small signal?"
        )
        assert on <= 0.25, (
            f"few are dead now, but with seed {seed} {on:.0%} of the last hidden layer is on for every example: "
            "that layer is linear."
        )
        worst = max(worst, dead)
    return f"at most {worst:.0%} of the last hidden layer is dead, and as few are always on; the weights are torch's."


@exercise("04-climb")
def _leaky_climb(function):
    for alpha, rate in ((0.1, 0.1), (0.25, 0.1), (0.01, 1.0)):
        # the error of alpha z - 1 goes from -(20 alpha + 1) to -1, by the factor 1 - rate alpha^2 each step
        right = math.ceil(math.log(1 + 20 * alpha) / -math.log1p(-rate * alpha**2))
        found = call(function, alpha, rate)
        assert isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found), (
            "a number of steps is wanted."
        )
        case = f"with slope {alpha:g} and rate {rate:g}"
        known = {
            20 / rate: "that would be so if the slope were 1 and the pull constant; the slope is alpha.",
            20 / (rate * alpha): "that takes the pull as constant, but the error shrinks on the way up.",
            20 / (rate * alpha**2): "alpha enters the pull once, by the slope; in the value it changes the error.",
        }
        for guess, hint in known.items():
            off = abs(found - right) > 0.02 * right + 1
            assert not (off and abs(found - guess) <= 0.02 * guess + 1), f"{case} it takes {right} steps; {hint}"
        assert abs(found - right) <= 0.01 * right + 1, f"{case} it takes {right} steps, and yours is {found:g}."
    return "it agrees with the walk itself, for three slopes and rates."


@exercise("04-prune")
def _relu_prune(function):
    for seed, (units, silent) in enumerate([(8, (1, 4)), (6, (0, 2, 5)), (5, ())]):
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape, generator=generator):
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        x, w1, b1, w2, b2 = draw(40, 3), draw(units, 3), draw(units), draw(2, units), draw(2)
        b1[list(silent)] = -50.0
        wanted = torch.relu(x @ w1.T + b1) @ w2.T + b2
        found = call(function, w1.clone(), b1.clone(), w2.clone(), x.clone())
        assert isinstance(found, tuple | list) and len(found) == 3, "three tensors are wanted: W1, b1 and W2."
        assert all(isinstance(part, torch.Tensor) for part in found), "three tensors are wanted: W1, b1 and W2."
        v1, c1, v2 = found
        left, case = units - len(silent), f"with {len(silent)} of {units} units dead"
        fits = v1.ndim == 2 and c1.ndim == 1 and v2.ndim == 2 and len(v1) == len(c1) == v2.shape[1]
        assert fits, f"{case} the parts do not fit each other; a unit is a row of W1, a bias, and a column of W2."
        assert len(v1) <= left, f"{case} {len(v1)} are kept; {left} are enough."
        kept = torch.relu(x @ v1.T + c1) @ v2.T + b2
        assert len(v1) == left and close(kept, wanted), (
            f"{case} the outputs have changed; a unit that answers even one example has to stay."
        )
    return "the same outputs, with the dead units gone."
