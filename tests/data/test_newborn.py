"""The stored newborn networks of chapter 04: each is there once, and the recipe gives a row again."""

from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import data, networks, results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("newborn")


def test_every_network_is_stored_once(recipe):
    keys = [(row["activation"], row["start"], row["seed"]) for row in results.load("newborn")]
    assert keys == list(product(recipe.ACTIVATIONS, recipe.STARTS, recipe.SEEDS))


def test_the_cosine_and_the_dead_are_those_of_the_last_layer(recipe):
    x = data.mnist(2000, test=1000, seed=3).train_x[:200].flatten(1)
    network = networks.mlp(recipe.SIZES, "relu", scheme="he", seed=1003)
    with torch.no_grad():
        out = network[:-1](x).double()
    rows = torch.nn.functional.normalize(out, dim=1)
    cosine = ((rows @ rows.T).sum() - 200) / (200 * 199)
    (stored,) = [r for r in results.load("newborn") if (r["activation"], r["start"], r["seed"]) == ("relu", "he", 3)]
    assert stored["cosine"] == pytest.approx(cosine.item(), abs=2e-4)
    assert stored["dead"] == pytest.approx((out == 0).all(0).double().mean().item(), abs=6e-5)


def test_a_row_comes_out_of_the_recipe_again(recipe):
    row = recipe.row(("silu", "torch", 0), digits=128, test=32, steps=2)
    (stored,) = [
        r for r in results.load("newborn") if (r["activation"], r["start"], r["seed"]) == ("silu", "torch", 0)
    ]
    assert list(row) == list(stored)
    assert row["cosine"] > 0.999 and row["dead"] == stored["dead"] == 0
