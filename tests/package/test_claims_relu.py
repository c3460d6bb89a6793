"""What the claims about the ReLU family measure by themselves, against other ways to the same numbers."""

import math

import pytest
import torch
from torch import nn

from actlab import activations, results
from actlab.claims.relu import _measure, apl, dying, elu, leaky


def test_relus_constant_part_is_one_over_pi_at_any_scale():
    # E relu(z) = 1 / sqrt(2 pi) and E relu(z)^2 = 1/2
    for spread in (0.1, 1.0, 10.0):
        assert _measure._constant_part("relu", spread) == pytest.approx(1 / math.pi, rel=1e-12)


def test_a_centred_function_has_no_constant_part():
    assert _measure._constant_part("tanh") == pytest.approx(0, abs=1e-25)


def test_noise_comes_through_a_straight_side_times_its_slope():
    assert elu._noise_at("leaky_relu", -12.0) == pytest.approx(0.01, rel=1e-9)


def test_noise_on_elus_plateau_is_that_of_a_lognormal():
    # e^z for z ~ N(-12, 1) has the variance (e - 1) e^(2 * -12 + 1); the positive side is 12 deviations away
    assert elu._noise_at("elu", -12.0) == pytest.approx(math.sqrt((math.e - 1) * math.exp(-23)), rel=1e-6)


def test_a_leak_is_compared_with_the_network_of_the_same_seed():
    def seed_alone(row):  # a number that is the same for both networks of a pair
        return row["seed"]

    for mean, half in leaky._leak_against_relu(0.01, "adam", column=seed_alone).values():
        assert mean == half == 0


def test_networks_that_diverged_are_left_out():
    rows = _measure._networks("leaks", optimizer="sgd", rate=3.0)
    assert rows and all(math.isfinite(row["train_loss"]) for row in rows)
    stored = [row for row in results.load("dead_units", "leaks") if (row["optimizer"], row["rate"]) == ("sgd", 3.0)]
    assert len(rows) < len(stored)


def test_revived_units_are_those_of_one_optimiser_layer_and_decay():
    rows = [
        row
        for row in results.load("revival", "trained")
        if (row["optimizer"], row["layer"], row["decay"], row["biases_decay"]) == ("adam", 1, 0.01, "yes")
    ]
    assert dying._revived("adam", 1, 0.01, "yes") == (sum(r["units"] for r in rows), sum(r["back"] for r in rows))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_one_unit_moves_as_autograd_says(optimizer, monkeypatch):
    monkeypatch.setattr(_measure, "STEPS", 30)
    x = torch.linspace(-2, 2, 41, dtype=torch.float64)
    weight = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(_measure.START, dtype=torch.float64, requires_grad=True)
    update = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]([weight, bias], lr=0.1)
    for _ in range(30):
        loss = (nn.functional.leaky_relu(weight * x + bias, 0.01) - x.clamp(min=0)).square().mean()
        update.zero_grad()
        loss.backward()
        update.step()
    _measure._one_unit.cache_clear()
    assert _measure._one_unit("leaky_relu", optimizer) == pytest.approx((weight.item(), bias.item()), rel=1e-12)
    _measure._one_unit.cache_clear()


def test_a_prelu_learns_the_slope_that_it_is_taught():
    for taught in (-1.0, 0.0, 0.25, 2.0):
        assert _measure._learned_slope(taught) == pytest.approx(taught, abs=1e-12)


def test_the_published_network_has_the_units_and_weights_that_arithmetic_gives():
    conv = sum(5 * 5 * fan_in * out + out for fan_in, out in ((3, 96), (96, 128), (128, 256)))
    full = sum(fan_in * out + out for fan_in, out in ((256 * 9, 2048), (2048, 2048), (2048, 10)))
    assert sum(part.numel() for part in apl._experiment().parameters()) == conv + full
    assert list(apl._units_of_the_experiment().values()) == [
        96 + 128 + 256 + 2 * 2048,
        96 * 32**2 + 128 * 15**2 + 256 * 7**2 + 2 * 2048,
    ]


def test_what_bends_up_is_above_0_and_what_bends_down_below():
    assert apl._bend(activations.get("relu"), 2.0) == 2
    assert apl._bend(activations.get("logsigmoid"), 1.0) < 0 == apl._bend(activations.get("tanh"), 1.0)


def test_units_that_all_bend_down_would_change_the_verdict(monkeypatch):
    assert apl.apl_is_concave_like_elu().verdict == "false"
    monkeypatch.setattr(apl, "_bends", lambda reach: {"one": (-1.0, -1.0), "other": (-1.0, -2.0)})
    assert apl.apl_is_concave_like_elu().verdict == "true with conditions"
    assert apl.apl_keeps_its_bend().verdict == "true"
