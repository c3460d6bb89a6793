"""What the checks of "smooth activations" measure with, against numbers known beforehand."""

import pytest
import torch

from actlab import activations
from actlab.claims import smooth


@pytest.mark.parametrize(
    ("name", "jump"),
    [("relu", 1.0), ("leaky_relu", 0.99), ("selu", 1.7580993408473769 - 1.0507009873554805), ("hardtanh", 1.0)],
)
def test_a_kink_shows_as_the_jump_of_the_slope(name, jump):
    assert smooth._slope_jump(name) == pytest.approx(jump, abs=2e-4)


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "softplus", "tanh", "elu"])
def test_a_function_without_kinks_has_no_jump(name):
    assert not activations.get(name).kinks
    assert smooth._slope_jump(name) < 1e-3


def test_a_shrinking_kink_is_seen_down_to_a_tenth_of_a_per_cent():
    assert smooth._slope_jump(activations.get("leaky_relu", negative_slope=0.99)) == pytest.approx(0.01, abs=1e-6)


def test_the_lowest_point_of_a_parabola_is_found():
    at, lowest = smooth._lowest(lambda z: (z + 3) ** 2 - 5)
    assert at == pytest.approx(-3, abs=0.01) and lowest == pytest.approx(-5, abs=1e-4)
    assert smooth._lowest(lambda z: z)[1] == pytest.approx(-10_000)
    assert smooth._lowest(torch.abs) == (0, 0)


def test_of_two_activations_one_is_below_the_other_or_not():
    below, draws = smooth._draws_below("silu", "relu", "test_loss")
    above, _ = smooth._draws_below("relu", "silu", "test_loss")
    assert below + above == draws
    assert smooth._draws_below("relu", "relu", "test_loss") == (0, draws)


def test_accuracies_are_those_of_the_printed_table():
    cola = smooth._published_accuracy("CoLA")
    assert (cola["relu"], cola["gelu"], cola["swish"]) == (0.712, 0.806, 0.708)
    assert smooth._published_accuracy("SST-2")["swiglu"] == 0.558


def test_costs_are_in_parts_of_torchs_relu():
    assert all(smooth._cost("relu", column) == 1 for column in ("forward_ratio", "both_ratio", "layer_ratio"))
