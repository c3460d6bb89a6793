"""What the claims about experiments measure with: places, errors, exact tests, and networks at their start."""

import math

import numpy as np
import pytest
import torch

from actlab import activations, data
from actlab.claims.experiments import _stored, disk, xor


def test_the_best_has_place_one_and_equals_share_a_place():
    values = {"a": 3.0, "b": 1.0, "c": 3.0, "d": 7.0}
    assert [_stored._place(values, name) for name in "abcd"] == [2, 1, 2, 4]
    assert [_stored._place(values, name, best=max) for name in "abcd"] == [2, 4, 2, 1]


def test_the_standard_error_is_that_of_sampled_shares():
    shares = np.random.default_rng(0).binomial(1000, 0.7, size=20_000) / 10
    assert _stored._error(70, 1000) == pytest.approx(shares.std(), rel=0.02)


def test_the_gap_is_in_standard_errors_of_the_difference():
    values = {"a": 60.0, "b": 50.0}
    assert _stored._gap(values, "a", "b", 100) == pytest.approx(10 / math.sqrt(24 + 25))
    assert _stored._gap(values, "b", "a", 100) < 0


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"), [(5, 1, 14 / 64), (0, 6, 2 / 64), (2, 2, 1.0), (0, 0, 1.0)]
)
def test_mcnemar_counts_only_the_cases_in_which_one_succeeds(only_first, only_second, p):
    first = np.array([True] * only_first + [False] * only_second + [True] * 9 + [False] * 4)
    second = np.array([False] * only_first + [True] * only_second + [True] * 9 + [False] * 4)
    assert xor._mcnemar(first, second) == pytest.approx(p)


@pytest.mark.parametrize("c", [0.3, 0.85, 2.0])
def test_the_share_inside_the_circle_is_that_of_sampled_points(c):
    radius = np.hypot(*np.random.default_rng(1).normal(0, c, size=(2, 400_000)))
    assert disk._inside(c) == pytest.approx((radius < 1).mean(), abs=0.003)


def test_a_table_is_found_by_experiment_task_and_quantity():
    assert _stored._tables(_stored.RESNET, "MNIST, Adam", "accuracy")["relu"] == 10.60
    assert _stored._tables(_stored.CNN, "MNIST, Adam", "accuracy")["relu"] == 98.49
    assert len(_stored._tables(_stored.BERT, "CoLA", "f1")) == 11
    assert "glu" not in _stored._tables(_stored.BERT, "SST-2", "total_time")


def test_runs_on_the_disk_go_by_draw_and_start():
    losses = _stored._disk("train_loss")
    assert len(losses) == 8 and all(values.shape == (20, 10) for values in losses.values())
    rows = _stored._rows("disk", "draws")
    (row,) = [r for r in rows if (r["activation"], r["draw"], r["start"]) == ("silu", 6, 2)]
    assert losses["silu"][6, 2] == row["train_loss"]


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_gradients_at_the_start_of_xor_are_those_of_one_network_by_hand(activation):
    first, whole, slopes = xor._xor_gradients(activation, 0.1, seeds=3)
    x, y = (part.numpy() for part in data.xor(dtype=torch.float64)[:2])
    rng = np.random.default_rng(2)
    w1, w2 = 0.1 * rng.standard_normal((2, 4)), 0.1 * rng.standard_normal((4, 1))
    z = x @ w1
    a = 1 / (1 + np.exp(-z)) if activation == "sigmoid" else np.maximum(z, 0)
    slope = a * (1 - a) if activation == "sigmoid" else (z > 0).astype(float)
    delta2 = (1 / (1 + np.exp(-a @ w2)) - y[:, None]) / 4
    delta1 = delta2 @ w2.T * slope
    parts = [x.T @ delta1, delta1.sum(axis=0), a.T @ delta2, delta2.sum(axis=0)]
    assert first[2].item() == pytest.approx(np.linalg.norm(parts[0]))
    assert whole[2].item() == pytest.approx(math.sqrt(sum((part**2).sum() for part in parts)))
    np.testing.assert_allclose(slopes[2].numpy(), slope, atol=1e-12)


def test_only_a_function_with_a_flat_part_makes_constant_networks():
    assert xor._constant_share("identity", 20) == 0
    assert xor._constant_share("leaky_relu", 20) == 0
    shares = [xor._constant_share("relu", depth) for depth in (1, 10, 40)]
    assert shares == sorted(shares) and shares[2] > 0.5


def test_a_constant_network_has_a_layer_in_which_no_unit_is_on():
    # counted over again, one network at a time
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 4, generator=generator, dtype=torch.float64)
    weights = torch.randn(200, 10, 4, 4, generator=generator, dtype=torch.float64)
    dead = 0
    for network in weights:
        h, off = x, False
        for weight in network:
            h = activations.get("relu")(h @ weight.T)
            off = off or not (h > 0).any()
        dead += off
    assert xor._constant_share("relu", 10) == pytest.approx(dead / 200)


def test_the_steps_of_an_optimiser_are_those_by_hand():
    gradients = torch.tensor([[1.0, -2.0], [3.0, 0.5]], dtype=torch.float64)
    steps = disk._steps(torch.optim.SGD, gradients, [1.0, 0.1])
    torch.testing.assert_close(steps, torch.tensor([[-1.0, 2.0], [-0.3, -0.05]], dtype=torch.float64))


def test_adam_with_momentum_is_neither_adagrad_nor_rmsprop(monkeypatch):
    plain = torch.optim.Adam
    monkeypatch.setattr(torch.optim, "Adam", lambda *a, betas, **b: plain(*a, betas=(0.9, betas[1]), **b))
    assert disk.adam_combines_adagrad_and_rmsprop().verdict == "false"
