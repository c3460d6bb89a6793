"""Hinges against a matched leak: what is matched is matched, rates are chosen as told, and the tables are whole."""

import math

import numpy as np
import pytest
import torch
from recipes import recipe_of
from torch import nn

from actlab import data, networks, results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("matched")


def weights_of(network):
    return [layer.weight for layer in network if isinstance(layer, nn.Conv2d | nn.Linear)]


def test_all_arms_of_a_seed_start_from_the_same_weights(recipe):
    first, *others = (weights_of(recipe.build(arm, 3)) for arm in recipe.ARMS)
    assert len(first) == 5
    for other in others:
        assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(("hinges", "leak"), [("apl_zero", "leak_zero"), ("apl_ten", "leak_ten")])
def test_the_leak_starts_and_moves_as_the_hinges_do(recipe, hinges, leak):
    z, rate = -torch.rand(64, 8, 5, 5, generator=torch.Generator().manual_seed(0)) - 3, 1e-3  # left of all hinges
    moved = []
    for arm in (hinges, leak):
        unit = next(layer for layer in recipe.build(arm, 0) if isinstance(layer, networks.APL | recipe.Leak))
        slopes = (lambda u=unit: -u.a.sum(0)) if arm == hinges else (lambda u=unit: u.speed * u.number)
        assert torch.equal(unit(z), torch.zeros_like(z)) and not slopes().any()
        update = torch.optim.Adam(unit.parameters(), lr=rate)
        unit(z).sum().backward()
        update.step()
        moved.append(slopes().detach() / rate)
    assert torch.allclose(moved[0], moved[1], rtol=1e-4)
    assert torch.allclose(moved[1].abs(), torch.full((8,), float(recipe.ARMS[leak][2])), rtol=1e-4)


def test_a_leak_in_the_place_of_hinges_at_zero_changes_nothing(recipe):
    network, split = recipe.build("apl", 1), data.mnist(2, test=40, seed=0)
    with torch.no_grad():
        for layer in network:
            if isinstance(layer, networks.APL):
                layer.b.zero_()
    slopes, share = recipe.one_leak(network)
    far = torch.cat([-layer.a.detach().sum(0) for layer in network if isinstance(layer, networks.APL)])
    np.testing.assert_allclose(slopes, far, atol=1e-5)
    assert math.isclose(share, 1)
    assert recipe.test(network, split) == pytest.approx(recipe.test(recipe.leaking(network, slopes), split), rel=1e-4)


@pytest.mark.parametrize("best", [0.002, 0.004, 0.0005, 0.032])
def test_the_ladder_goes_on_until_the_best_is_inside(recipe, best):
    chosen, tried = recipe.climb(lambda rate: -abs(math.log(rate / best)))
    assert chosen == pytest.approx(best)
    assert tried[0] < chosen < tried[-1]
    assert np.allclose(np.diff(np.log2(tried)), 1)


def test_a_run_that_is_kept_is_not_trained_again(recipe, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(
        recipe,
        "train",
        lambda *key: trained.append(key) or dict(zip(("arm", "rate", "seed"), key, strict=True), test_accuracy=0.5),
    )
    for _ in range(2):
        kept = recipe.Kept(tmp_path / "runs.jsonl")
        assert kept.run("relu", 0.001, 4)["test_accuracy"] == 0.5
    assert trained == [("relu", 0.001, 4)] and kept.known("relu", 0.001, 4) == kept.run("relu", 0.001, 4)
    with pytest.raises(recipe.Missing, match=r"no run of relu at 0\.001 with seed 5"):
        kept.known("relu", 0.001, 5)


def test_a_tiny_run_comes_out_again_and_learns(recipe, monkeypatch):
    for name, value in {"POINTS": 200, "TEST": 100, "EPOCHS": 2}.items():
        monkeypatch.setattr(recipe, name, value)
    first, again, other = (recipe.train("apl_zero", 0.004, seed) for seed in (0, 0, 1))
    assert first == again and first != other
    assert set(first) > {"share", "leaked_accuracy"} and set(recipe.train("relu", 0.004, 0)).isdisjoint({"share"})
    assert 0 < first["share"] <= 1


def test_the_chosen_rate_is_the_best_of_its_ladder_and_no_end_of_it(recipe):
    for arm in recipe.ARMS:
        rows = [row for row in results.load("matched", "tuning") if row["arm"] == arm]
        assert np.allclose(np.diff(np.log2([row["rate"] for row in rows])), 1)
        assert all(len(row["test_accuracy"]) == len(recipe.TUNING) for row in rows)
        means = [np.mean(row["test_accuracy"]) for row in rows]
        assert [row["chosen"] for row in rows] == [mean == max(means) for mean in means]
        assert not rows[0]["chosen"] and not rows[-1]["chosen"]
        rates = {row["rate"] for row in results.load("matched", "runs") if row["arm"] == arm}
        assert rates == {rows[int(np.argmax(means))]["rate"]}


def test_every_arm_has_its_seeds_and_none_that_it_was_tuned_on(recipe):
    for arm in recipe.ARMS:
        seeds = [row["seed"] for row in results.load("matched", "runs") if row["arm"] == arm]
        assert seeds == list(range(recipe.PAIRS if arm in recipe.PAIR else recipe.OTHERS))
        assert not set(seeds) & set(recipe.TUNING)
    assert recipe.POINTS + recipe.TEST <= 5000


def test_hinges_tell_what_one_leak_is_worth(recipe):
    runs, leaks = results.load("matched", "runs"), results.load("matched", "leaks")
    hinged = [(row["arm"], row["seed"]) for row in runs if recipe.ARMS[row["arm"]][0] == "apl"]
    assert [(row["arm"], row["seed"]) for row in leaks] == hinged
    assert all(0 < row["share"] < 1 and 0 <= row["down"] <= 1 for row in leaks)
