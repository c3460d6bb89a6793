"""What chapter 8b draws and computes: counting by hand, medians taken again, averages that can be written down."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from actlab import experiments, results
from actlab.scenes import images as scene

pytestmark = pytest.mark.usefixtures("one_thread")


def norms_of(network, x, y, names):
    network.zero_grad()
    functional.cross_entropy(network(x), y).backward()
    return [math.hypot(*(p.grad.norm().item() for p in network.get_submodule(n).parameters())) for n in names]


# ---- printed tables ---------------------------------------------------------------------------------------------


def test_so_many_shared_errors_decide_and_one_fewer_does_not():
    for more, fewer in ((151, 126), (40, 20), (30, 10)):
        both = scene.shared_needed(more, fewer)
        assert results.mcnemar(more - both, fewer - both) < 0.05
        assert both == 0 or results.mcnemar(more - both + 1, fewer - both + 1) >= 0.05
    assert scene.shared_needed(30, 10) == 0
    with pytest.raises(ValueError, match="for no number that they share"):
        scene.shared_needed(12, 10)


def test_shared_errors_are_counted_digit_by_digit():
    runs = [row for row in results.load("images_tuned", "runs") if row["optimizer"] == "adam"]
    wrong = {name: [set(r["wrong"]) for r in runs if r["activation"] == name] for name in ("relu", "elu")}
    both = sum(len(a & b) for a, b in zip(wrong["relu"], wrong["elu"], strict=True))
    fewer = min(sum(map(len, of)) for of in wrong.values())
    (share,) = scene.shared("adam", ("relu", "elu"))
    assert share == pytest.approx(both / fewer) and 0 < share < 1
    assert len(scene.shared()) == 6


def test_a_table_that_was_not_printed_is_missed_by_name():
    assert scene.published(1)["sigmoid"] == 94.22
    with pytest.raises(KeyError, match="Table 99"):
        scene.published(99)


def test_a_verdict_is_that_of_the_paired_intervals():
    for number, name, quantity, sign in scene.READINGS:
        for together in (1, scene.comparisons()):
            gaps = []
            for rival in set(scene.FIVE) - {name}:
                a, b = scene.paired([name, rival], quantity, **scene.OURS[number])
                mean, half = results.student(sign * (a - b), level=1 - 0.05 / together)
                gaps.append((mean - half, mean + half))
            told = scene.verdict(number, name, quantity, sign, together=together)
            assert (told == "holds") == (min(low for low, _ in gaps) > 0)
            assert (told == "does not hold") == (min(high for _, high in gaps) < 0)
    assert {row[1] for row in scene.readings_table().rows} == {3, 5}


def test_each_reading_is_what_the_printed_table_shows():
    for number, name, quantity, sign in scene.READINGS:
        printed = scene.published(number, quantity.removeprefix("test_"))
        assert (max if sign > 0 else min)(printed, key=printed.get) == name


def test_pairs_are_of_the_same_seeds():
    a, b = scene.paired(["elu", "relu"], "test_accuracy", **scene.ADAM)
    by_hand = {
        name: {r["seed"]: r["test_accuracy"] for r in scene.rows("runs", activation=name, **scene.ADAM)}
        for name in ("elu", "relu")
    }
    assert (a - b).tolist() == [by_hand["elu"][seed] - by_hand["relu"][seed] for seed in range(5)]
    mean, half = scene.apart("elu", "relu", **scene.ADAM)
    assert mean == pytest.approx((a - b).mean())
    assert half == pytest.approx(2.776445 * (a - b).std(ddof=1) / 5**0.5, rel=1e-4)
    assert scene.points((-0.0123, 0.004)) == "-1.2 ± 0.4"


def test_a_printed_table_stands_beside_the_means_of_its_seeds():
    rows = {row[0]: row for row in scene.ours_table(3).rows}
    right = scene.column("test_accuracy", activation="relu", **scene.ADAM)
    assert rows["ReLU"][1] == "98.5" and rows["ReLU"][2].startswith(f"{100 * right.mean():.1f} ±")
    assert rows["ReLU"][-1] == 5


# ---- rates ------------------------------------------------------------------------------------------------------


def test_draws_have_in_common_what_chance_gives():
    every, tested = scene.overlap(range(3))
    assert every == pytest.approx(3000 / 5000, abs=0.02) and tested == pytest.approx(1000 / 5000, abs=0.03)


def test_the_table_at_one_rate_has_wider_intervals_than_one_by_one():
    row = {row[0]: row for row in scene.one_rate_table().rows}["SELU"]
    mean, half = (float(part) for part in row[4].split(" ± "))
    alone = scene.apart("selu", "relu", **scene.ADAM)
    assert mean == pytest.approx(100 * alone[0], abs=0.06) and half > 100 * alone[1]


def test_a_run_leaves_when_it_first_has_more_than_half_right():
    assert scene.leaves(np.array([[0.1, 0.6, 0.4], [0.1, 0.5, 0.5]])) == [1, None]


def test_lost_runs_are_those_above_a_loss_or_at_nan():
    found = scene.lost()
    for name in ("relu", "elu"):
        losses = scene.column("train_loss", activation=name, **scene.LONG | {"epochs": 25})
        assert found[name] == sum(not loss <= 2 for loss in losses)


@pytest.mark.parametrize("how", ["sgd", "adam"])
def test_own_rates_are_the_best_of_their_grid(how):
    own = scene.own_rates(how)
    for name, (rate, right) in own.items():
        tried = scene.tuning(name, how)
        assert tried[rate] == max(tried.values()) and min(tried) < rate < max(tried)
        assert len(right) == 5
    marked = {row[0]: [cell for cell in row if cell.endswith("*")] for row in scene.tuning_table(how).rows}
    assert all(len(cells) == 1 for cells in marked.values())
    rows = scene.own_rates_table({how: own}).rows
    over = 100 * (own["selu"][1] - own["relu"][1]).mean()
    assert float(rows[-1][3].split(" ± ")[0]) == pytest.approx(over, abs=0.06)


# ---- norms ------------------------------------------------------------------------------------------------------


def test_the_player_opens_on_a_trained_network():
    assert repr(scene.norms_player({"ELU, Adam": scene.FILMS["ELU, Adam"]}, (0, 100))).endswith("2 frames")
    assert next(iter(scene.FILMS)) == "ELU, Adam"


def test_a_cloud_holds_an_epoch_a_point():
    found = scene.clouds()
    losses, norms = found["relu", "Adam"]
    assert len(losses) == len(norms) == 25
    stored = scene.rows("norms", activation="relu", **scene.ADAM)[0]["norms"]
    assert norms[3] == pytest.approx(np.mean(stored[3]))
    curves = scene.column("train_loss", "curves", activation="relu", **scene.ADAM)
    assert losses[3] == pytest.approx(np.median(curves[:, 3]))


def test_norms_at_equal_loss_are_read_off_the_other_line():
    line = np.array([4.0, 2.0, 1.0]), np.array([8.0, 4.0, 2.0])
    half = np.array([3.0, 1.5, 0.5]), np.array([3.0, 1.5, 0.5])
    found = {(name, "Adam"): half if name == "sigmoid" else line for name in scene.FIVE}
    assert scene.at_equal_loss(found)["relu"] == pytest.approx((2.0, 4.0))


def test_sigmoid_alone_starts_attenuated():
    found = scene.start(norms_of, digits=64)
    ratios = {name: norms[0] / norms[-1] for name, norms in found.items()}
    assert ratios["sigmoid"] < 0.01 < 0.5 < min(v for k, v in ratios.items() if k != "sigmoid")
    assert float(scene.start_table(found).rows[0][-1]) == pytest.approx(ratios["sigmoid"], rel=0.05)
    first = scene.rows("norms", activation="sigmoid", **scene.SGD)[0]["norms"][0]
    assert scene.along(activation="sigmoid", **scene.SGD)[0] == pytest.approx(first[0] / first[-1])


# ---- statistics of batch normalisation --------------------------------------------------------------------------


def small(batches=3):
    network = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(10))
    generator = torch.Generator().manual_seed(1)
    x = 0.2 * torch.randn(60, 1, 6, 6, generator=generator)
    with torch.no_grad():
        network(x[:20])
        for parameter in network.parameters():
            parameter.uniform_(-1, 1, generator=generator)
        network[1].reset_running_stats()
        for _ in range(batches):
            network(x[:20])
    return network, x


def debias(network, updates=3):
    for layer in scene.norm_layers(network):
        left = 0.9**updates
        layer.running_mean /= 1 - left
        layer.running_var.sub_(left).div_(1 - left)


def test_without_its_start_an_average_of_weights_that_stand_still_is_right():
    network, x = small()
    trained = scene.Trained(network, None, 3)

    def anew(of):
        of[1].reset_running_stats()
        of[1].momentum = None
        with torch.no_grad():
            of.train()(x[:20])

    found = scene.off(trained, debias, anew)
    assert found["running"][0] > 1.2 and found["debiased"] == pytest.approx((1, 1), abs=1e-4)
    assert network[1].momentum == 0.1  # copies were changed
    assert scene.off_table(found).rows[1][1] == "1.00"


def test_looks_are_of_the_same_weights_and_the_table_has_their_means():
    found = scene.looks("sigmoid", 32)
    assert len(found["running"]) == 5 and (found["layers"] == 53).all()
    rows = scene.looks_table().rows
    for row, kind in zip(rows, ("running", "debiased", "anew", "own"), strict=True):
        assert row[1] == f"{100 * found[kind].mean():.0f}"
    assert [row[3] for row in rows[2:]] == ["-", "-"] and float(rows[0][3]) > float(rows[1][3]) > 1
    with pytest.raises(KeyError, match="after 7 updates"):
        scene.looks("sigmoid", 7)


def test_the_widest_gap_is_between_the_two_tests_of_one_row():
    rows = {row[0]: row for row in scene.gaps_table().rows}
    curves = scene.rows("curves", **scene.NETS["narrow, sigmoid"])
    gaps = np.mean([np.subtract(c["batch_accuracy"], c["test_accuracy"]) for c in curves], axis=0)
    own = np.mean([c["batch_accuracy"][gaps.argmax()] for c in curves])
    assert rows["narrow, sigmoid"][4] == f"{100 * own:.0f}"


def test_a_constant_answer_has_the_f1_of_its_class():
    true, p = np.array([0] * 3 + [1] * 7), 0.3
    precision, recall = 3 / len(true), 1.0
    assert scene.constant_f1(p) == pytest.approx(p * 2 * precision * recall / (precision + recall))


# ---- when it stops, the network ---------------------------------------------------------------------------------


def test_stops_are_those_of_the_rule():
    losses = scene.column("test_loss", "curves", activation="elu", **scene.ADAM)[:, 1:]
    assert scene.stops("elu") == [experiments.early_stop(loss) for loss in losses]
    assert scene.stops("sigmoid") == [None] * 5
    ends = np.array([[e or 26 for e in scene.stops(name)] for name in scene.FIVE[1:]])
    assert scene.noise() == pytest.approx((ends.std(axis=1, ddof=1).mean(), ends.mean(axis=1).std(ddof=1)))


def test_a_run_counts_as_ended_early_where_it_reads_less_than_half():
    early, runs = scene.before_learning()
    assert 0 < early < runs == 5
    assert all(right < 0.15 for _, right in scene.plateau())


def test_a_wrong_forward_pass_is_told():
    def forward(w, f, x):
        for name in ("conv1", "conv2"):
            x = functional.max_pool2d(f(functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"])), 2)
        x = x.flatten(1)
        for name in ("fc1", "fc2"):
            x = f(functional.linear(x, w[f"{name}.weight"], w[f"{name}.bias"]))
        return functional.linear(x, w["fc3.weight"], w["fc3.bias"])

    assert scene.agrees(forward) and not scene.agrees(lambda w, f, x: forward(w, torch.tanh, x))
    assert scene.sizes() == {"CIFAR-10": 62006, "MNIST": 44426}


def test_times_are_multiples_of_relu():
    costs = {r["activation"]: r["milliseconds"] for r in scene.rows("costs", network="cnn", optimizer="sgd")}
    row = scene.costs_table().rows[0]
    assert row[:3] == ("CNN, SGD", f"{costs['relu']:.1f}", f"{costs['sigmoid'] / costs['relu']:.2f}")
