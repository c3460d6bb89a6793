"""What chapter 3 draws and computes: against autograd, torch's own layers, and cases worked by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from actlab import activations, data, results, theory
from actlab.exercises.tanh import _powers
from actlab.scenes import tanh as scene

F64 = torch.float64


def test_deltas_agree_with_autograd():
    a, weights, out = drawn = scene.draws(3, depth=4, width=10, batch=5)
    z = []
    signal = a
    for W in weights:
        z.append(1.3 * signal @ W)
        signal = z[-1].tanh()
    z[0].requires_grad_()  # a leaf from here on: the pass is made again
    layers, signal = [z[0]], z[0].tanh()
    for W in weights[1:]:
        layers.append(1.3 * signal @ W)
        signal = layers[-1].tanh()
    sizes = torch.stack([g.norm() for g in torch.autograd.grad((signal * out).sum(), layers)])
    tanh = activations.get("tanh")
    torch.testing.assert_close(scene.deltas(tanh, tanh.slope, 1.3, drawn), (sizes / sizes[-1]).log10())


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.3, 3.0])
def test_the_prediction_is_the_one_that_the_exercise_checks(gain):
    change, _ = scene.predicted_powers([gain], 60)
    assert change.shape == (59, 1)
    assert change.sum().item() == pytest.approx(_powers(gain, 60), abs=1e-6)


def test_variances_follow_the_variance_map_from_the_size_of_the_inputs():
    _, q = scene.predicted_powers([1.2], 5, inputs=4.0)
    assert q[0].item() == pytest.approx(1.2**2 * 4)
    torch.testing.assert_close(q[1:, 0], theory.variance_map("tanh", q[:-1, 0], gain=1.2))


def test_at_the_balance_the_powers_are_zero_and_outside_there_is_none():
    for depth, gain in scene.balance((5, 50), inputs=2.0).items():
        change, _ = scene.predicted_powers([gain - 0.0025, gain], depth, inputs=2.0)
        below, at = change.sum(0).tolist()
        assert below <= 0 < at
    with pytest.raises(ValueError, match=r"the balance of 4 layers is not between the gains 1 and 1\.2"):
        scene.balance((4, 50), high=1.2)


def test_an_edge_with_biases_keeps_the_signal_and_the_gradient():
    gain, q = scene.edge(0.3)
    slope = activations.get("tanh").slope
    assert theory.variance_map("tanh", q, gain=gain) + 0.09 == pytest.approx(q, rel=1e-5)
    assert gain**2 * theory.expectation(lambda z: slope(math.sqrt(q) * z) ** 2) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="no gain from 1 to 4 is critical with biases of 9"):
        scene.edge(9.0)


def test_a_small_nudge_grows_as_the_jacobian_says_and_the_gradient_is_autograds():
    distances, powers = scene.twins(1.4, 0, width=12, steps=50)
    generator = torch.Generator().manual_seed(0)
    W = torch.randn(12, 12, generator=generator, dtype=F64) * 1.4 / 12**0.5
    h = torch.randn(12, generator=generator, dtype=F64).tanh()
    away = torch.randn(12, generator=generator, dtype=F64)

    def run(h, steps=50):
        for _ in range(steps):
            h = torch.tanh(W @ h)
        return h

    jacobian = torch.autograd.functional.jacobian(run, h)
    assert powers == pytest.approx((jacobian.T @ away).norm().log10().item() - away.norm().log10().item(), abs=1e-6)
    one = torch.autograd.functional.jacobian(lambda h: run(h, 1), h) @ away
    assert distances[1] - distances[0] == pytest.approx((one.norm() / away.norm()).log10().item(), abs=1e-4)


def test_far_below_gain_1_the_exponent_is_the_logarithm_of_the_largest_eigenvalue():
    W = torch.randn(30, 30, generator=torch.Generator().manual_seed(2), dtype=F64) * 0.3 / 30**0.5
    largest = torch.linalg.eigvals(W).abs().max().log().item()
    assert scene.lyapunov(0.3, 2, width=30, settle=200, steps=1000) == pytest.approx(largest, abs=0.02)


def test_halving_finds_where_something_breaks():
    assert scene.first(lambda z: z >= 7.25, torch.float64).item() == pytest.approx(7.25, abs=1e-12)
    assert scene.first(lambda z: z >= 7.25, torch.bfloat16).item() == 7.25


def test_descent_is_that_of_torchs_own_layers():
    tasks = [data.disk(30, test=1, seed=seed, dtype=F64) for seed in (0, 1)]
    losses = scene.descend(torch.tanh, 1.5, 0.7, tasks, steps=6)
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.randn(2, i, o, generator=generator, dtype=F64) / i**0.5 for i, o in ((2, 16), (16, 8), (8, 1))]
    for which, task in enumerate(tasks):
        layers = [nn.Linear(W.shape[1], W.shape[2], dtype=F64) for W in drawn]
        for layer, W in zip(layers, drawn, strict=True):
            layer.weight.data, layer.bias.data = W[which].T * (1.5 if layer.out_features > 1 else 1), layer.bias * 0
        network = nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])
        update = torch.optim.SGD(network.parameters(), lr=0.7)
        for step in range(6):
            loss = nn.functional.binary_cross_entropy_with_logits(network(task.train_x)[:, 0], task.train_y)
            assert losses[step, which].item() == pytest.approx(loss.item(), rel=1e-9)
            update.zero_grad()
            loss.backward()
            update.step()


STEPS = {"sigmoid": [80, 120], "sigmoid - 1/2": [40, 60], "1 + tanh": [20, 30], "tanh": [10, 15]}


@pytest.fixture
def runs():
    return {name: [{"steps": n, "gain": 2.0, "rate": 0.5} for n in steps] for name, steps in STEPS.items()}


def test_a_change_divides_the_steps_by_the_mean_ratio_of_pairs(runs):
    assert scene.factor(runs, "centre, at slope 1/4") == pytest.approx((2, 2, 2))
    assert scene.factor(runs, "slope, off centre") == pytest.approx((4, 4, 4))
    assert scene.together(runs) == pytest.approx((1, 1, 1)), "the two multiply"
    runs["tanh"][1]["steps"] = 30
    middle, low, high = scene.factor(runs, "centre, at slope 1")
    assert middle == pytest.approx(math.sqrt(2 * 1)) and low < 1 < 2 < high
    text = repr(scene.factors_table(tuned=runs, gain_1=runs))
    assert "2.0 (2.0 to 2.0)" in text and "gain 1" in text and "both, over the product" in text


def test_a_run_that_did_not_arrive_counts_as_all_that_it_was_given(runs):
    runs["tanh"][0]["steps"] = None
    assert scene.steps_of(runs["tanh"]).tolist() == [3000, 15]
    assert "3000" in repr(scene.centring_table({"tanh": [{"steps": None, "gain": 2.0, "rate": 0.5}]}))


def test_stored_runs_of_one_arm_come_in_the_order_of_their_seeds(monkeypatch):
    rows = [
        {"study": "plain", "arm": "tuned", "function": name, "seed": seed, "steps": seed}
        for seed in (2, 0, 1)
        for name in STEPS
    ]
    monkeypatch.setattr(results, "load", lambda *names: rows if names == ("centring", "runs") else None)
    found = scene.centring()
    assert list(found) == list(STEPS) and all(scene.steps_of(one).tolist() == [0, 1, 2] for one in found.values())
    with pytest.raises(KeyError, match="data/centring has no arm 'best'"):
        scene.centring("best")


def test_runs_count_as_learned_below_the_threshold():
    loss = [0.1, 0.29, 0.3, 0.7]
    deep = {
        (50, optimizer, gain): [{"train_loss": each, "test_accuracy": 0.5 + each / 10} for each in loss]
        for optimizer in ("sgd", "adam")
        for gain in (1.0, 1.2)
    }
    assert scene.learned(deep[50, "sgd", 1.0]) == 2
    assert repr(scene.trained_table(deep, 50)).count("2 of 4") == 4
    figure = scene.trained_figure(deep, {50: 1.19})
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2 and line.get_label()[0] != "_"]
    assert [line.get_ydata().tolist() for line in lines] == [[0.5, 0.5]] * 2


def test_an_orbit_rests_where_the_map_does():
    rest = scene.orbit(3.0, 0.0, steps=60)[-1]
    assert math.tanh(3 * rest) == pytest.approx(rest, abs=1e-12) and rest > 0.9
    assert "10^-71.3" in repr(scene.rests())


def test_shallow_networks_are_compared_draw_by_draw_at_a_rate_chosen_on_others():
    found = scene.shallow()
    for column, by_name in found.items():
        for name, (rate, losses) in by_name.items():
            tuning = [r for r in results.load("disk", "rates") if r["activation"] == name and not r["diverged"]]
            medians = {
                r: np.median([row[column] for row in tuning if row["rate"] == r]) for r in {x["rate"] for x in tuning}
            }
            assert medians[rate] == min(medians.values())
            draws = {
                r["draw"] for r in results.load("disk", "tuned") if r["activation"] == name and r["rate"] == rate
            }
            assert len(losses) == len(draws) and not draws & {row["draw"] for row in tuning}
    assert "fresh points" in repr(scene.shallow_table(found))
