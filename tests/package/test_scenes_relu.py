"""What chapter 04 shows is counted right: against single units, loops and arithmetic done otherwise."""

import math

import pytest
import torch
from torch import nn

from actlab import data, networks, results
from actlab.scenes import relu as scene


def test_the_unit_moves_as_autograd_says():
    x = torch.linspace(-2, 2, 25, dtype=torch.float64)
    w, b = (torch.tensor(2.0, dtype=torch.float64, requires_grad=True) for _ in range(2))
    update = torch.optim.SGD([w, b], lr=0.9)
    for mine in scene.one_unit(0.9, 0.1, steps=30):
        assert mine == pytest.approx((w.item(), b.item()), rel=1e-10)
        update.zero_grad()
        (nn.functional.leaky_relu(w * x + b, 0.1) - 0.5 * x.clamp(min=0)).square().mean().div(2).backward()
        update.step()


def test_a_dead_unit_does_not_move_to_the_last_bit():
    path = scene.one_unit(1.6)
    assert path[2:] == path[2:3] * 999
    w, b = path[2]
    assert all(w * x + b < 0 for x in (-2, 2))  # and so between them


@pytest.mark.slow
def test_adam_coasts_by_the_sum_of_a_geometric_series():
    # long after the last correction a step is 0.9 / sqrt(0.999) of the one before
    factor = 0.9 / math.sqrt(0.999)
    steady, spike = (scene.coasts({"": past})[""][0] for past in ((0, 20_000), (20_000, 1)))
    assert steady == pytest.approx(factor / (1 - factor), rel=2e-3)
    assert spike == pytest.approx(0.1 / math.sqrt(0.001) * factor / (1 - factor), rel=2e-3)


def test_a_leaky_unit_waits_as_a_loop_over_one_unit_says():
    for optimizer, leak, rate in (("sgd", 0.25, 0.5), ("adam", 0.1, 0.1)):
        x = torch.linspace(-2, 2, 41, dtype=torch.float64)
        w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        b = torch.tensor(-20.0, dtype=torch.float64, requires_grad=True)
        update = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]([w, b], lr=rate)
        steps = 0
        while (w * x + b).max() <= 0:
            update.zero_grad()
            (nn.functional.leaky_relu(w * x + b, leak) - x.clamp(min=0)).square().mean().backward()
            update.step()
            steps += 1
        assert scene.waits([leak], optimizer, rate) == [steps]


def test_a_unit_that_never_answers_waits_for_ever():
    assert scene.waits([0.0, 0.25], "sgd", 1.0, longest=50) == [None, 11]


def test_units_are_counted_as_one_network_says():
    x = scene.digits(50)
    found = scene.count("He", {"few": (x, 5), "all": (x, 50)}, seeds=(3,))
    network = networks.mlp([784, *[256] * 5, *[128] * 5, 10], "relu", scheme="he", seed=3)
    with torch.no_grad():
        for layer in range(10):
            out = network[: 2 * layer + 2](x)
            for name, n in (("few", 5), ("all", 50)):
                assert found[name].dead[0, layer] == pytest.approx(100 * (out[:n] == 0).all(0).double().mean().item())
                assert found[name].on[0, layer] == pytest.approx(100 * (out[:n] > 0).all(0).double().mean().item())


def test_a_start_is_weights_and_biases():
    torchs, zero, he, mixed = (
        scene.newborn(start, seed=1) for start in ("torch", "torch, biases 0", "He", "He, torch's biases")
    )
    assert torch.equal(torchs[4].weight, zero[4].weight) and not zero[4].bias.any() and torchs[4].bias.any()
    assert torch.equal(he[4].weight, mixed[4].weight) and torch.equal(mixed[4].bias, torchs[4].bias)
    with pytest.raises(ValueError, match="no start 'Glorot'; there are torch"):
        scene.newborn("Glorot", seed=1)


def test_the_inputs_are_no_weights():
    noise, weight = scene.noise(256), scene.newborn("He", seed=0)[0].weight
    assert abs(torch.corrcoef(torch.stack([noise.flatten(), weight.flatten()]))[0, 1]) < 0.01


def test_standardised_digits_have_mean_0_and_variance_1():
    x = scene.digits(100, standardised=True)
    assert x.mean().abs() < 1e-5 and abs(x.var() - 1) < 1e-4


def test_shares_are_of_all_hidden_units():
    row = {"depth": 4, "first_end": 8, "deeper_end": 24, "first_begin": 0, "deeper_begin": 16}
    assert scene.share([row], "end").tolist() == [50] and scene.share([row], "begin").tolist() == [25]


def test_what_was_born_killed_and_woken_adds_up():
    for start in ("he", "torch"):
        rows = scene.rate_and_depth(optimizer="adam", start=start, depth=8, rate=0.1)
        begin, killed, woken, end = (scene.share(rows, what) for what in ("begin", "killed", "woken", "end"))
        assert begin + killed - woken == pytest.approx(end)


def test_a_setting_that_is_not_stored_is_refused():
    with pytest.raises(ValueError, match=r"no network has \{'depth': 3\}"):
        scene.rate_and_depth(depth=3)


def test_the_gap_of_a_bias_is_the_mean_of_its_draws():
    keys = ("optimizer", "depth", "rate", "seed")
    stored = {
        start: {tuple(r[key] for key in keys): r for r in scene.rate_and_depth(start=start)}
        for start in ("he", "he, bias 0.1")
    }
    gaps = {}
    for key in set(stored["he"]) & set(stored["he, bias 0.1"]):
        ends = [
            (stored[start][key]["first_end"] + stored[start][key]["deeper_end"]) / (16 * key[1])
            for start in ("he, bias 0.1", "he")
        ]
        gaps.setdefault(key[3], []).append(100 * (ends[0] - ends[1]))
    mean, half, n = scene.bias_gap()
    assert (mean, half) == pytest.approx(results.student([sum(of) / len(of) for of in gaps.values()]))
    assert n == len(gaps)


def test_networks_side_by_side_are_what_each_is_alone():
    course = scene.side_by_side("sgd", 0.5, leak=0.1, nets=2, hidden=1, steps=5)
    generator = torch.Generator().manual_seed(1000)
    first = torch.randn(2, 2, 16, generator=generator, dtype=torch.float64)
    last = torch.randn(2, 16, 1, generator=generator, dtype=torch.float64) / math.sqrt(8)
    for net in range(2):
        task = data.disk(128, test=1000, seed=net, dtype=torch.float64)
        network = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.1), nn.Linear(16, 1)).double()
        with torch.no_grad():
            network[0].weight.copy_(first[net].T)
            network[2].weight.copy_(last[net].T)
            network[0].bias.zero_(), network[2].bias.zero_()
        update, loss = torch.optim.SGD(network.parameters(), lr=0.5), nn.BCEWithLogitsLoss()
        for step in range(5):
            silent = (network[0](task.train_x) <= 0).all(dim=0)
            assert torch.equal(course.silent[step, 0, net], silent)
            update.zero_grad()
            loss(network(task.train_x)[:, 0], task.train_y).backward()
            update.step()
        tested = loss(network(task.test_x)[:, 0], task.test_y)
        assert course.loss[net].item() == pytest.approx(tested.item(), rel=1e-9)


def test_every_spelling_is_relu_but_at_its_kink():
    z = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0])
    for spelling in scene.SPELLINGS.values():
        assert torch.equal(spelling(z), z.clamp(min=0))
    assert scene.slope_at_zero(torch.relu) == 0 and scene.slope_at_zero(torch.abs) == 0
