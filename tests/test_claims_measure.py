"""Signals through deep networks, against autograd through the same layers."""

import math

import pytest
import torch

from actlab import activations, networks
from actlab.claims._measure import GAINS, WIDTH, _draws, depth_signals, powers


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu"])
def test_signals_are_those_that_autograd_finds(name, normalised):
    gain, depth = 1.3, 4
    found = depth_signals(name, gain, depth=depth, seeds=2, normalised=normalised)
    for seed in range(2):
        h, weights, cotangent = _draws(seed, depth, 64)
        weights = [(weight * gain / math.sqrt(WIDTH)).requires_grad_() for weight in weights]
        pre = []
        for weight in weights:
            pre.append(torch.nn.functional.linear(h, weight))
            z = torch.nn.functional.batch_norm(pre[-1], None, None, training=True) if normalised else pre[-1]
            h = activations.get(name)(z)
        gradients = torch.autograd.grad((h * cotangent).sum(), [pre[0], pre[-1], weights[0], weights[-1]])
        delta, last, weight, last_weight = (gradient.norm().item() for gradient in gradients)
        assert found["delta"][seed].item() == pytest.approx(math.log10(delta / last), rel=1e-9)
        assert found["weight"][seed].item() == pytest.approx(math.log10(weight / last_weight), rel=1e-9)
        assert found["forward"][seed].item() == pytest.approx(h.square().mean().item(), rel=1e-12)


def test_gains_are_those_of_the_schemes():
    for scheme, gain in GAINS.items():
        weight = networks.mlp([WIDTH, WIDTH, WIDTH], "tanh", scheme=scheme, seed=0)[0].weight
        assert math.sqrt(WIDTH) * weight.std().item() == pytest.approx(gain, rel=0.02)


def test_powers_of_ten_have_their_spread_and_their_number():
    assert powers(torch.tensor([-30.0, -31.0, -32.0])) == "10^-31.0 +- 1.0 (3 seeds)"
