"""The stored signals of chapter 07 and its stored sigmoid networks: whole, and their recipes give rows again."""

from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import data, results, theory, train
from actlab.claims import _measure

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def depth():
    return recipe_of("signal_depth")


@pytest.fixture(scope="module")
def sigmoid():
    return recipe_of("deep_sigmoid")


def test_every_signal_is_stored_once(depth):
    keys = [(r["activation"], r["scheme"], r["seed"], r["depth"]) for r in results.load("signal_depth")]
    assert keys == list(product(depth.ACTIVATIONS, depth.GAINS, depth.SEEDS, depth.DEPTHS))


def test_every_sigmoid_run_is_stored_once(sigmoid):
    keys = [(r["start"], r["optimizer"], r["seed"]) for r in results.load("deep_sigmoid")]
    assert keys == list(product(sigmoid.STARTS, sigmoid.OPTIMIZERS, sigmoid.SEEDS))
    keys = [(r["start"], r["optimizer"], r["rate"], r["seed"]) for r in results.load("deep_sigmoid", "draws")]
    assert keys == [(*arm, seed) for arm in sigmoid.ARMS for seed in sigmoid.DRAWS]


@pytest.mark.parametrize(("activation", "scheme", "seed"), [("relu", "he", 0), ("gelu", "computed", 7)])
def test_signals_come_out_again(depth, activation, scheme, seed):
    wanted = [
        r
        for r in results.load("signal_depth")
        if (r["activation"], r["scheme"], r["seed"]) == (activation, scheme, seed)
    ]
    found = depth.one(activation, scheme, seed)
    assert [list(row) for row in found] == [list(row) for row in wanted]
    for mine, kept in zip(found, wanted, strict=True):
        for column in ("delta", "weight", "signal"):  # rounded to 0.001: the last digit may fall the other way
            assert mine[column] == pytest.approx(kept[column], abs=0.0011)


def test_the_stored_delta_is_the_claims_measure(depth):
    for activation, scheme in (("sigmoid", "lecun"), ("silu", "he")):
        kept = [
            r["delta"]
            for r in results.load("signal_depth")
            if (r["activation"], r["scheme"], r["depth"]) == (activation, scheme, 50) and r["seed"] < 2
        ]
        found = _measure.gradient_left(activation, _measure.GAINS[scheme], seeds=2)
        assert found.tolist() == pytest.approx(kept, abs=0.0011)


def test_delta_is_what_autograd_says(depth):
    x, weights, end = depth.draws(3, 5, 24, 6)
    gain = theory.gain("mish")
    a, z = x, []
    for weight in weights:
        z.append((a @ weight.T * (gain / 24**0.5)).requires_grad_())
        a = torch.nn.functional.mish(z[-1])
    first, *_, last = torch.autograd.grad((a * end).sum(), z)
    *_, row = depth.one("mish", "computed", 3, depths=(2, 5), width=24, batch=6)
    assert row["delta"] == pytest.approx(torch.log10(first.norm() / last.norm()).item(), abs=0.0006)
    assert row["signal"] == pytest.approx(a.square().mean().log10().item(), abs=0.0006)


def test_a_sigmoid_run_comes_out_again(sigmoid):
    again = sigmoid.train("gain 4", "adam", seeds=(0, 5), steps=200)
    stored = {
        r["seed"]: r
        for r in results.load("deep_sigmoid")
        if (r["start"], r["optimizer"]) == ("gain 4", "adam") and r["seed"] in (0, 5)
    }
    for row in again:
        # another processor adds up in another order; after 200 steps that moves a few points of 2000
        assert row["accuracy_200"] == pytest.approx(stored[row["seed"]]["accuracy_200"], abs=0.01)


def test_a_run_on_another_draw_is_an_ordinary_network_on_the_points_of_its_seed(sigmoid):
    steps, seed, rate = 20, 4, 0.01
    (row,) = sigmoid.train_on_draws("gain 4", "adam", rate, seeds=(seed,), steps=steps)
    task, network = data.disk(200, test=2000, seed=seed), sigmoid.begin("gain 4", 1000 + seed)
    history = train.fit(network, task, steps=steps, rate=rate)
    assert row["train_loss"] == pytest.approx(history.loss[-1].item(), rel=2e-3)
    assert row["accuracy"] == pytest.approx(train.accuracy(network, task.test_x, task.test_y), abs=0.005)


def test_eps_is_what_differs_between_the_two_adams(sigmoid, monkeypatch):
    given = []

    class Watched(torch.optim.Adam):
        def __init__(self, parameters, **settings):
            given.append(settings)
            super().__init__(parameters, **settings)

    monkeypatch.setattr(torch.optim, "Adam", Watched)
    for name in sigmoid.EPS:
        sigmoid.train_on_draws("torch", name, 0.01, seeds=(0,), steps=1)
    assert given == [{"lr": 0.01, "eps": 1e-8}, {"lr": 0.01, "eps": 1e-30}]


def test_networks_side_by_side_answer_as_each_alone(sigmoid):
    starts = [sigmoid.begin("critical", seed) for seed in range(3)]
    x = torch.randn(7, 2, generator=torch.Generator().manual_seed(0))
    together = sigmoid.logits(sigmoid.side_by_side(starts), x)
    alone = torch.stack([network(x).squeeze(1) for network in starts])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)
