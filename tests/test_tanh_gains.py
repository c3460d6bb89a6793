"""The stored deep tanh networks: the table is whole, and the recipe gives its rows again."""

from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import data, networks, results, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("tanh_gains")


@pytest.fixture(scope="module")
def rows():
    return {(r["depth"], r["optimizer"], r["rate"], r["gain"], r["seed"]): r for r in results.load("tanh_gains")}


def test_every_run_is_stored_once(recipe, rows):
    gains = [round(gain, 4) for gain in recipe.GAINS]
    expected = [
        (depth, optimizer, rate, gain, seed)
        for depth, optimizer in product(recipe.DEPTHS, recipe.RATES)
        for rate, gain, seed in product(recipe.RATES[optimizer], gains, recipe.SEEDS)
    ]
    assert list(rows) == expected
    assert len(results.load("tanh_gains")) == len(expected)


@pytest.mark.parametrize(("gain", "seed"), [(1.0, 3), (1.2, 5)])
def test_a_run_comes_out_again_on_its_way_down(recipe, rows, gain, seed):
    # at the smallest rate and early: the last bits of a sum depend on how many networks are multiplied at once, and
    # training amplifies them, here by a hundred or so and later by more than the loss
    (again,) = recipe.some(20, "sgd", 0.01, gains=[gain], seeds=[seed], steps=recipe.EARLY + 1)
    stored = rows[20, "sgd", 0.01, gain, seed]
    assert again["early_loss"] == pytest.approx(stored["early_loss"], rel=1e-3)


def test_the_networks_are_those_of_the_package(recipe):
    # one of the recipe's stacked networks against an ordinary one, trained by the ordinary loop
    steps, (parameters, seed) = 20, (recipe.start([1.2], [4], depth=3), 4)
    network = networks.mlp([2, *[recipe.WIDTH] * 3, 1], "tanh")
    layers = [layer for layer in network if hasattr(layer, "weight")]
    with torch.no_grad():
        for layer, weight in zip(layers, parameters[:4], strict=True):
            layer.weight.copy_(weight[0].T)
            layer.bias.zero_()
    history = train.fit(network, data.disk(200, test=2000, seed=seed), steps=steps, rate=0.1, optimizer="sgd")
    recipe.EARLY, early = steps - 1, recipe.EARLY
    try:
        (row,) = recipe.some(3, "sgd", 0.1, gains=[1.2], seeds=[seed], steps=steps)
    finally:
        recipe.EARLY = early
    assert row["early_loss"] == pytest.approx(history.loss[-1].item(), rel=1e-3)
