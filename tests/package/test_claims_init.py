"""What the checks of "init pairing" measure with, against computations of another kind."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from actlab import data, networks, theory, train
from actlab.claims.init import _measure, depth, dropout, gains, normalising

F64 = torch.float64


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("clip", [math.inf, 1e-3])
def test_a_step_of_descent_is_the_one_done_by_hand(clip):
    task = data.disk(20, seed=0, dtype=F64)
    network = networks.mlp([2, 1], "identity", seed=0, dtype=F64)
    weight, bias = (p.detach().numpy().copy() for p in network.parameters())
    x, y = task.train_x.numpy(), task.train_y.numpy()
    logit = x @ weight[0] + bias[0]
    off = 1 / (1 + np.exp(-logit)) - y  # the slope of the logistic loss
    gradient = np.array([*(off @ x / len(y)), off.mean()])
    gradient *= min(1.0, clip / np.linalg.norm(gradient))
    (loss,) = _measure._descend(network, task, rate=0.5, steps=1, clip=clip)
    assert loss == pytest.approx(np.mean(np.log1p(np.exp(logit)) - y * logit), rel=1e-12)
    moved = np.array([*network[0].weight[0].tolist(), network[0].bias.item()]) - np.array([*weight[0], bias[0]])
    np.testing.assert_allclose(moved, -0.5 * gradient, rtol=1e-4)  # torch divides by the norm plus 1e-6


def test_batch_norm_stands_before_each_activation_and_nowhere_else():
    plain = networks.mlp([2, 8, 4, 1], "relu", seed=0, dtype=F64)
    layers = [type(layer).__name__ for layer in normalising._with_batch_norm(plain)]
    assert layers == ["Linear", "BatchNorm1d", "Elementwise", "Linear", "BatchNorm1d", "Elementwise", "Linear"]


def test_units_are_dead_where_no_point_reaches_them():
    rates = normalising._dead_units(0, normalised=False), normalising._dead_units(0, normalised=True)
    assert 0 <= rates[1] < rates[0] <= 1
    assert (rates[0] * 96) % 1 == pytest.approx(0, abs=1e-9)  # a whole number of 3 x 32 units


def test_networks_trained_side_by_side_learn_what_each_learns_alone():
    units, points, steps, rate = 6, 40, 30, 0.03
    alone = []
    for seed in range(3):
        task = data.disk(points, test=500, seed=seed, dtype=F64)
        network = networks.mlp([2, units, units, 1], "relu", scheme="he", seed=seed, dtype=F64)
        train.fit(network, task, steps=steps, rate=rate)
        with torch.no_grad():
            loss = functional.binary_cross_entropy_with_logits(network(task.test_x).squeeze(1), task.test_y)
            alone.append((loss.item(), (network[:4](task.test_x) == 0).double().mean().item()))
    found = dropout._with_dropout(units, points, 0.0, 0.0, count=3, steps=steps, rate=rate)
    assert found["loss"] == pytest.approx(np.mean([loss for loss, _ in alone]), rel=1e-9)
    assert found["zeros"] == pytest.approx(np.mean([zeros for _, zeros in alone]), rel=1e-9)
    assert 0.4 < found["right"] <= 1


def test_dropout_changes_what_is_learned_but_drops_nothing_in_the_test():
    without, with_ = (
        dropout._with_dropout(6, 40, 0.0, dropped, count=3, steps=1, rate=1e-12) for dropped in (0.0, 0.9)
    )
    assert with_["zeros"] == pytest.approx(without["zeros"]) and with_["loss"] == pytest.approx(without["loss"])
    learned = [dropout._with_dropout(6, 40, 0.0, dropped, count=3, steps=30)["loss"] for dropped in (0.0, 0.5)]
    assert abs(learned[0] - learned[1]) > 0.01


@pytest.mark.parametrize("gain", [0.5, 1.0, math.sqrt(2)])
def test_a_signal_in_selu_layers_has_the_size_that_the_variance_map_predicts(gain):
    mean, variance = gains._through_selu(gain, width=1024, depth=3)
    q = gain**2 * (0.5**2 + 2.5)  # the first pre-activation's mean square
    for _ in range(3):
        q = theory.variance_map("selu", q, gain)
    # the weights are drawn once: 1024 units leave about a tenth to chance in three layers
    assert mean**2 + variance == pytest.approx(q / gain**2, rel=0.25)


def test_the_gradient_through_skips_is_the_product_of_the_jacobians():
    width, gain = 6, 0.8
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(64, width, generator=generator, dtype=F64)
    jacobians = []
    for _ in range(depth.DEPTH):
        weight = torch.randn(width, width, generator=generator, dtype=F64) * gain / math.sqrt(width)
        z = h @ weight
        jacobians.append(torch.eye(width, dtype=F64) + weight * (z > 0).to(F64)[:, None, :])
        h = h + z.clamp(min=0)
    delta = torch.randn(64, width, generator=generator, dtype=F64)
    norms = []
    for jacobian in reversed(jacobians):
        delta = torch.einsum("bij,bj->bi", jacobian, delta)
        norms.append(delta.norm())
    assert depth._through_skips(gain, width=width, seeds=1).item() == pytest.approx(
        math.log10(norms[-1] / norms[0]), rel=1e-9
    )


def test_layers_that_add_nothing_leave_the_gradient_alone():
    assert depth._through_skips(0.0, width=4, seeds=2).tolist() == [0.0, 0.0]
