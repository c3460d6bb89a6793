"""What the checks of "smooth activations" measure with, against numbers known beforehand."""

import pytest
import torch

from actlab import activations, claims
from actlab.claims.smooth import _measure, family, swish


@pytest.mark.parametrize(
    ("name", "jump"),
    [("relu", 1.0), ("leaky_relu", 0.99), ("selu", 1.7580993408473769 - 1.0507009873554805), ("hardtanh", 1.0)],
)
def test_a_kink_shows_as_the_jump_of_the_slope(name, jump):
    assert _measure._slope_jump(name) == pytest.approx(jump, abs=2e-4)


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "softplus", "tanh", "elu"])
def test_a_function_without_kinks_has_no_jump(name):
    assert not activations.get(name).kinks
    assert _measure._slope_jump(name) < 1e-3


def test_a_shrinking_kink_is_seen_down_to_a_tenth_of_a_per_cent():
    assert _measure._slope_jump(activations.get("leaky_relu", negative_slope=0.99)) == pytest.approx(0.01, abs=1e-6)


def test_the_lowest_point_of_a_parabola_is_found():
    at, lowest = _measure._lowest(lambda z: (z + 3) ** 2 - 5)
    assert at == pytest.approx(-3, abs=0.01) and lowest == pytest.approx(-5, abs=1e-4)
    assert _measure._lowest(lambda z: z)[1] == pytest.approx(-10_000)
    assert _measure._lowest(torch.abs) == (0, 0)


@pytest.mark.parametrize("against", [_measure._disk, _measure._square])
def test_a_factor_and_its_inverse_are_one_comparison_seen_from_either_side(against):
    factor, low, high = against("silu", "relu")
    other, below, above = against("relu", "silu")
    assert low < factor < high
    assert (1 / other, 1 / above, 1 / below) == pytest.approx((factor, low, high))
    assert against("relu", "relu") == (1, 1, 1)


def test_a_claim_about_generalising_is_contradicted_where_the_losses_are_swapped(monkeypatch):
    assert claims.settle("silu-generalises-better").supported
    assert claims.settle("gelu-beats-relu-and-elu").supported
    disk = _measure._disk
    monkeypatch.setattr(swish, "_disk", lambda name, other: disk(other, name))
    assert not claims.settle("swish-is-smooth-and-dips").supported
    monkeypatch.setattr(swish, "_disk", lambda name, other: (0.5, 0.4, 0.6))
    monkeypatch.setattr(swish, "_square", lambda name, other: (0.5, 0.4, 0.6))
    assert claims.settle("silu-generalises-better").evidence.verdict == "true"


def test_a_claim_by_a_citation_fails_where_the_catalog_or_a_gate_is_another(monkeypatch):
    cited = ["mish-is-misras", "glu-and-swiglu-are-in-llama", "gelu-is-in-bert-and-gpt"]
    assert all(claims.settle(id).supported for id in cited)
    relu = activations.get("relu")
    monkeypatch.setattr(family.activations, "get", lambda name: relu)
    monkeypatch.setattr(family.gates, "catalog", {"swiglu": family.gates.glu, "glu": family.gates.glu})
    assert not any(claims.settle(id).supported for id in cited)


def test_accuracies_are_those_of_the_printed_table():
    cola = _measure._published_accuracy("CoLA")
    assert (cola["relu"], cola["gelu"], cola["swish"]) == (0.712, 0.806, 0.708)
    assert _measure._published_accuracy("SST-2")["swiglu"] == 0.558


def test_costs_are_in_parts_of_torchs_relu():
    assert all(_measure._cost("relu", column) == 1 for column in ("forward_ratio", "both_ratio", "layer_ratio"))
