"""Signals through deep networks, against autograd through the same layers."""

import math

import pytest
import torch
from pybtex.database import parse_file
from site_checks import ROOT

from actlab import activations, networks, results
from actlab.claims._measure import (
    GAINS,
    WIDTH,
    _bibliography,
    _draws,
    gradient_left,
    median_by_draw,
    powers,
    title_of,
    year_of,
)


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu"])
def test_signals_are_those_that_autograd_finds(name, normalised):
    gain, depth = 1.3, 4
    found = gradient_left(name, gain, depth=depth, seeds=2, normalised=normalised)
    for seed in range(2):
        h, weights, cotangent = _draws(seed, depth, 64)
        h = h.clone().requires_grad_()
        weights = [weight * gain / math.sqrt(WIDTH) for weight in weights]
        pre = []
        for weight in weights:
            pre.append(torch.nn.functional.linear(h, weight))
            z = torch.nn.functional.batch_norm(pre[-1], None, None, training=True) if normalised else pre[-1]
            h = activations.get(name)(z)
        first, last = (
            gradient.norm().item() for gradient in torch.autograd.grad((h * cotangent).sum(), [pre[0], pre[-1]])
        )
        assert found[seed].item() == pytest.approx(math.log10(first / last), rel=1e-9)


def test_gains_are_those_of_the_schemes():
    for scheme, gain in GAINS.items():
        weight = networks.mlp([WIDTH, WIDTH, WIDTH], "tanh", scheme=scheme, seed=0)[0].weight
        assert math.sqrt(WIDTH) * weight.std().item() == pytest.approx(gain, rel=0.02)


def test_powers_of_ten_have_their_spread_and_their_number():
    assert powers(torch.tensor([-30.0, -31.0, -32.0])) == "10^-31.0 +- 1.0 (3 seeds)"


def test_a_draw_counts_once_with_the_median_of_its_starts(monkeypatch):
    rows = [
        {"activation": name, "draw": draw, "start": start, "test_loss": loss}
        for name, draw, start, loss in [
            ("relu", 1, 0, 9.0),
            ("tanh", 1, 0, 5.0),
            ("tanh", 0, 0, 1.0),
            ("tanh", 0, 1, 7.0),
            ("tanh", 0, 2, 2.0),
        ]
    ]
    monkeypatch.setattr(results, "load", lambda *table: {("disk", "draws"): rows}[table])
    assert median_by_draw("tanh", "test_loss").tolist() == [2.0, 5.0]


def test_years_and_titles_are_those_that_pybtex_reads():
    entries = parse_file(str(ROOT / "references.bib"), "bibtex").entries
    assert set(_bibliography()) == set(entries)
    for key, entry in entries.items():
        if "year" in entry.fields:
            assert year_of(key) == int(entry.fields["year"])
        assert title_of(key) == entry.fields["title"].replace("{", "").replace("}", "").lower()
