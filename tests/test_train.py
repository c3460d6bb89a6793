import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from actlab import data
from actlab.networks import mlp
from actlab.train import History, accuracy, fit

F64 = torch.float64


def regression(n=30):
    generator = torch.Generator().manual_seed(9)
    x = torch.randn(n, 2, generator=generator)
    y = x[:, 0] * x[:, 1]
    return data.Split(x, y, x, y)


def by_hand(network, split, steps, rate, optimizer, loss):
    """The loop without the package: the losses, each from before its update."""
    measure = {
        "bce": lambda out, y: functional.binary_cross_entropy_with_logits(out[:, 0], y),
        "mse": lambda out, y: functional.mse_loss(out[:, 0], y),
        "cross_entropy": functional.cross_entropy,
    }[loss]
    update = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer](network.parameters(), lr=rate)
    losses = []
    for _ in range(steps):
        network.zero_grad()
        value = measure(network(split.train_x), split.train_y)
        value.backward()
        update.step()
        losses.append(value.item())
    return losses


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(
    ("loss", "split", "outputs"),
    [("bce", data.disk(30, test=1), 1), ("mse", regression(), 1), ("cross_entropy", data.spirals(30, test=1), 3)],
    ids=["bce", "mse", "cross_entropy"],
)
def test_fit_is_the_plain_loop_bit_for_bit(optimizer, loss, split, outputs):
    ours, plain = (mlp([2, 5, outputs], "tanh", seed=4) for _ in range(2))
    history = fit(ours, split, steps=20, rate=0.05, optimizer=optimizer, loss=loss)
    assert history.loss.tolist() == by_hand(plain, split, 20, 0.05, optimizer, loss)
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_loss_and_the_optimizer_follow_from_the_labels_when_left_out():
    for split, loss, outputs in [(data.disk(9, test=1), "bce", 1), (data.spirals(9, test=1), "cross_entropy", 2)]:
        left_out, named = (mlp([2, 3, outputs], "relu") for _ in range(2))
        history = fit(left_out, split, steps=3)
        assert history.loss.tolist() == by_hand(named, split, 3, 0.01, "adam", loss)


def test_a_loss_is_the_one_before_its_update():
    network, split = mlp([2, 4, 1], "tanh"), data.xor()
    with torch.no_grad():
        before = functional.binary_cross_entropy_with_logits(network(split.train_x)[:, 0], split.train_y).item()
    history = fit(network, split, steps=3, rate=0.5)
    with torch.no_grad():
        after = functional.binary_cross_entropy_with_logits(network(split.train_x)[:, 0], split.train_y).item()
    assert history.loss[0].item() == before
    assert after not in history.loss.tolist()


def test_the_time_runs_on():
    history = fit(mlp([2, 4, 1], "tanh"), data.xor(), steps=5)
    assert history.seconds.shape == history.loss.shape == (5,)
    assert history.seconds.dtype == F64
    assert history.seconds[0] > 0
    assert (history.seconds.diff() > 0).all()
    assert not history.loss.requires_grad


def test_watch_sees_every_step_and_the_end():
    seen = []
    network = mlp([2, 1], "relu")
    fit(network, data.xor(), steps=4, rate=0.1, watch=lambda step, it: seen.append((step, it, it[0].bias.item())))
    assert [step for step, _, _ in seen] == [0, 1, 2, 3, 4]
    assert all(it is network for _, it, _ in seen)
    biases = [bias for _, _, bias in seen]
    assert len(set(biases)) == 5, "watch must be called between the updates"
    assert biases[0] == mlp([2, 1], "relu")[0].bias.item()
    assert biases[-1] == network[0].bias.item()


@pytest.mark.parametrize(
    ("steps", "every", "at"),
    [(10, 0, ()), (10, 5, (0, 5, 10)), (10, 4, (0, 4, 8, 10)), (3, 1, (0, 1, 2, 3)), (3, 100, (0, 3))],
)
def test_tests_come_every_so_many_steps_and_at_the_end(steps, every, at):
    history = fit(mlp([2, 3, 1], "tanh"), data.disk(8, test=6), steps=steps, test_every=every)
    assert history.test_steps == at
    assert len(history.test_loss) == len(history.test_accuracy) == len(at)


def test_a_test_measures_the_test_points_before_the_update_of_its_step():
    split = data.disk(20, test=15)
    watched = {}

    def watch(step, network):
        with torch.no_grad():
            out = network(split.test_x)[:, 0]
            loss = functional.binary_cross_entropy_with_logits(out, split.test_y).item()
        answers = zip(out.tolist(), split.test_y.tolist(), strict=True)
        watched[step] = loss, sum((o > 0) == (y == 1) for o, y in answers) / 15

    history = fit(mlp([2, 4, 1], "tanh"), split, steps=6, rate=0.3, test_every=3, watch=watch)
    assert history.test_steps == (0, 3, 6)
    assert history.test_loss == tuple(watched[step][0] for step in (0, 3, 6))
    assert history.test_accuracy == pytest.approx([watched[step][1] for step in (0, 3, 6)], abs=1e-15)
    assert len(set(history.test_loss)) == 3


def test_a_network_is_tested_in_evaluation_mode_and_trained_on_in_its_own():
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 1)
    )
    network[2].eval()  # a reader may hold a part of the network still
    seen = []
    network.register_forward_pre_hook(lambda whole, x: seen.append([module.training for module in whole]))
    fit(network, data.disk(50, test=20), steps=2, test_every=1)
    training, testing = [True, True, False, True], [False] * 4
    assert seen == [testing, testing, training, testing, testing, training, testing, testing]


def test_testing_and_watching_do_not_change_the_training():
    plain, watched = (mlp([2, 4, 1], "tanh") for _ in range(2))
    split = data.disk(20, test=15)
    first = fit(plain, split, steps=5)
    second = fit(watched, split, steps=5, test_every=2, watch=lambda step, network: network(split.test_x))
    assert torch.equal(first.loss, second.loss)


@pytest.mark.parametrize(
    ("losses", "diverged"),
    [([1.0, 0.5], False), ([1.0, math.nan], True), ([math.inf, 1.0], True), ([1.0, -math.inf, 0.1], True)],
)
def test_a_run_diverged_if_any_loss_was_not_finite(losses, diverged):
    assert History(torch.tensor(losses), torch.zeros(len(losses))).diverged is diverged


def test_a_rate_that_is_far_too_large_is_seen_as_divergence():
    history = fit(mlp([2, 4, 1], "identity"), regression(), steps=60, rate=100, optimizer="sgd", loss="mse")
    assert history.diverged
    assert history.loss.shape == (60,)
    assert not fit(mlp([2, 4, 1], "identity"), regression(), steps=60, loss="mse").diverged


class Answers(nn.Module):
    """A network that returns the rows it is fed."""

    def forward(self, x):
        return x


def test_accuracy_with_one_output_counts_the_side_of_zero():
    logits = torch.tensor([[2.0], [-1.0], [0.0], [1e-30], [0.0]])
    labels = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0])  # a logit of 0 answers 0
    assert accuracy(Answers(), logits, labels) == 4 / 5
    assert accuracy(Answers(), logits[:, 0], labels) == 4 / 5
    assert accuracy(Answers(), logits, labels.long()) == 4 / 5


def test_accuracy_with_several_outputs_counts_the_largest():
    logits = torch.tensor([[0.1, 0.2, 0.3], [5.0, -1.0, 2.0], [-3.0, -2.0, -4.0], [0.0, 9.0, 1.0]])
    assert accuracy(Answers(), logits, torch.tensor([2, 0, 1, 0])) == 3 / 4
    assert accuracy(Answers(), logits, torch.tensor([2, 0, 1, 1])) == 1.0
    assert accuracy(Answers(), torch.zeros(2, 3), torch.tensor([1, 2])) <= 1 / 2, "a tie names one class"


def test_accuracy_is_exact_for_many_points_and_asks_for_no_gradient():
    x = torch.ones(3001, 1)
    y = torch.ones(3001)
    y[0] = 0
    assert accuracy(Answers(), x, y) == 3000 / 3001
    layer = nn.Linear(1, 1)
    accuracy(layer, x, y)
    assert layer.weight.grad is None


def test_accuracy_of_no_points_is_refused():
    with pytest.raises(ValueError, match="at least one point"):
        accuracy(Answers(), torch.ones(0, 1), torch.ones(0))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps=0"),
        ({"steps": -1}, ValueError, "steps=-1"),
        ({"rate": 0.0}, ValueError, "rate=0.0"),
        ({"rate": -1.0}, ValueError, "rate=-1.0"),
        ({"rate": math.nan}, ValueError, "rate=nan"),
        ({"loss": "hinge"}, KeyError, "no loss named 'hinge'; there are bce, brier, cross_entropy, mse"),
        ({"optimizer": "adamw"}, KeyError, "no optimizer named 'adamw'; there are adam, sgd"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_does(arguments, error, message):
    network = mlp([2, 1], "relu")
    with pytest.raises(error, match=message):
        fit(network, data.xor(), **{"steps": 3, **arguments})
    assert torch.equal(network[0].weight, mlp([2, 1], "relu")[0].weight)


def test_a_bar_is_shown_only_when_it_is_asked_for(capfd):
    fit(mlp([2, 1], "relu"), data.xor(), steps=3, test_every=1)
    assert capfd.readouterr() == ("", "")
    fit(mlp([2, 1], "relu"), data.xor(), steps=3, progress=True)
    shown = capfd.readouterr()
    assert shown.out == "" and "/3" in shown.err


def test_a_small_network_learns_xor():
    network = mlp([2, 8, 1], "tanh", seed=1)
    history = fit(network, data.xor(), steps=300, rate=0.05, test_every=300)
    assert history.test_accuracy[-1] == 1.0
    assert history.loss[-1] < history.loss[0] / 10
