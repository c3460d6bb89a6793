"""The signals by layer on real digits: what the chapters' histograms are drawn from."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from actlab import data, diagnostics, networks
from actlab.scenes import _digits


def test_the_signals_are_those_of_a_network_by_hand():
    found = _digits.signals("tanh", gain=1.3, depth=3, width=20, digits=16, seed=4)
    network = networks.initialize(networks.mlp([784, 20, 20, 20, 10], "tanh"), "lecun", seed=4, gain=1.3).network
    task = data.mnist(16, test=1, seed=4)
    assert list(found) == ["pre-activation", "output", "delta"]
    assert all(list(part) == [1, 2, 3] for part in found.values())
    signal = task.train_x.flatten(1)
    for layer, linear in enumerate([m for m in network if isinstance(m, torch.nn.Linear)][:3], 1):
        z = signal @ linear.weight.T
        torch.testing.assert_close(found["pre-activation"][layer], z)
        signal = z.tanh()
        torch.testing.assert_close(found["output"][layer], signal)


def test_deltas_are_each_examples_own_and_agree_with_the_diagnostics():
    few = _digits.signals("relu", start="he", depth=4, width=30, digits=8)
    network = networks.initialize(networks.mlp([784, 30, 30, 30, 30, 10], "relu"), "he").network
    task = data.mnist(8, test=1)
    by_package = diagnostics.signals(
        network, task.train_x.flatten(1), loss=lambda out: cross_entropy(out, task.train_y, reduction="sum")
    )
    rms = torch.stack([delta.double().square().mean().sqrt() for delta in few["delta"].values()])
    torch.testing.assert_close(rms, by_package.delta, rtol=1e-5, atol=0)


def test_only_the_layers_that_are_wanted_come_back_without_a_graph():
    found = _digits.signals("gelu", depth=6, width=12, digits=5, layers=[1, 6])
    for part in found.values():
        assert list(part) == [1, 6]
        assert all(values.shape == (5, 12) and not values.requires_grad for values in part.values())


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"layers": [0]}, ValueError, "are 1 to 10; asked for \\[0\\]"),
        ({"depth": 0}, ValueError, "a network with 0 of them"),
        ({"start": "xavier"}, KeyError, "no scheme named 'xavier'"),
        ({"digits": 100_000}, ValueError, "there are 5000 digits"),
    ],
)
def test_what_there_is_not_is_named(settings, error, said):
    with pytest.raises(error, match=said):
        _digits.signals("tanh", **settings)


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    _digits.signals("tanh", depth=2, width=5, digits=3)
    assert torch.equal(before, torch.get_rng_state())
