"""What the claims about the ReLU family measure by themselves, against other ways to the same numbers."""

import math

import pytest
import torch
from torch import nn

from actlab import data
from actlab.claims import relu


def test_relus_constant_part_is_one_over_pi_at_any_scale():
    # E relu(z) = 1 / sqrt(2 pi) and E relu(z)^2 = 1/2
    for spread in (0.1, 1.0, 10.0):
        assert relu._constant_part("relu", spread) == pytest.approx(1 / math.pi, rel=1e-12)


def test_a_centred_function_has_no_constant_part():
    assert relu._constant_part("tanh") == pytest.approx(0, abs=1e-25)


def test_noise_comes_through_a_straight_side_times_its_slope():
    assert relu._noise_at("leaky_relu", -12.0) == pytest.approx(0.01, rel=1e-9)


def test_noise_on_elus_plateau_is_that_of_a_lognormal():
    # e^z for z ~ N(-12, 1) has the variance (e - 1) e^(2 * -12 + 1); the positive side is 12 deviations away
    assert relu._noise_at("elu", -12.0) == pytest.approx(math.sqrt((math.e - 1) * math.exp(-23)), rel=1e-6)


def test_units_that_come_back_are_counted_once_for_each_layer():
    first = [[0, 1, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [1, 1, 1, 0]]  # falls, always silent, comes back, comes back
    second = [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1]]  # one falls and stays
    silent = torch.tensor([first, second], dtype=torch.bool).transpose(0, 1)
    fell, back = relu._came_back(silent)
    assert fell == [4, 1]
    assert back == [0.5, 0.0]


def test_networks_side_by_side_are_silent_where_each_alone_is():
    together = relu._silent("relu", "sgd", 0.5, steps=20, nets=3, points=32)
    assert together.shape == (20, 2, 3 * 16)
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.randn(3, fan_in, out, generator=generator) for fan_in, out in ((2, 16), (16, 16), (16, 1))]
    task = data.disk(32, test=1, seed=0)
    for number in range(3):
        layers = [nn.utils.skip_init(nn.Linear, *weight.shape[1:]) for weight in drawn]
        with torch.no_grad():
            for layer, weight in zip(layers, drawn, strict=True):
                layer.weight.copy_((weight[number] * math.sqrt(2 / layer.in_features)).T)
                layer.bias.zero_()
        network = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
        update = torch.optim.SGD(network.parameters(), lr=0.5)
        for step in range(20):
            for layer, position in enumerate((2, 4)):
                alone = (network[:position](task.train_x) == 0).all(dim=0)
                assert torch.equal(together[step, layer, 16 * number : 16 * number + 16], alone)
            loss = nn.functional.binary_cross_entropy_with_logits(network(task.train_x)[:, 0], task.train_y)
            update.zero_grad()
            loss.backward()
            update.step()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_one_unit_moves_as_autograd_says(optimizer, monkeypatch):
    monkeypatch.setattr(relu, "STEPS", 30)
    x = torch.linspace(-2, 2, 41, dtype=torch.float64)
    weight = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(relu.START, dtype=torch.float64, requires_grad=True)
    update = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]([weight, bias], lr=0.1)
    for _ in range(30):
        loss = (nn.functional.leaky_relu(weight * x + bias, 0.01) - x.clamp(min=0)).square().mean()
        update.zero_grad()
        loss.backward()
        update.step()
    relu._one_unit.cache_clear()
    assert relu._one_unit("leaky_relu", optimizer) == pytest.approx((weight.item(), bias.item()), rel=1e-12)
    relu._one_unit.cache_clear()


def test_a_prelu_learns_the_slope_that_it_is_taught():
    for taught in (-1.0, 0.0, 0.25, 2.0):
        assert relu._learned_slope(taught) == pytest.approx(taught, abs=1e-12)


def test_the_published_network_has_the_units_and_weights_that_arithmetic_gives():
    conv = sum(5 * 5 * fan_in * out + out for fan_in, out in ((3, 96), (96, 128), (128, 256)))
    full = sum(fan_in * out + out for fan_in, out in ((256 * 9, 2048), (2048, 2048), (2048, 10)))
    assert sum(part.numel() for part in relu._experiment().parameters()) == conv + full
    assert list(relu._units_of_the_experiment().values()) == [
        96 + 128 + 256 + 2 * 2048,
        96 * 32**2 + 128 * 15**2 + 256 * 7**2 + 2 * 2048,
    ]
