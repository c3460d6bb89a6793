"""The stored pieces of ReLU networks: the tables are whole, and the recipe gives their rows again."""

import numpy as np
import pytest
import torch
from recipes import recipe_of

from actlab import data, results, train
from actlab.scenes import linearity as scene

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("linear_regions")


def test_every_start_is_stored_once(recipe):
    rows = results.load("linear_regions", "starts")
    assert [(r["start"], r["width"], r["depth"], r["seed"]) for r in rows] == [
        (*start, depth, seed) for start in recipe.STARTS for depth in recipe.DEPTHS for seed in recipe.SEEDS
    ]


def test_the_trained_networks_are_the_same_at_every_moment(recipe):
    rows = results.load("linear_regions", "training")
    assert [(r["start"], r["depth"], r["step"], r["seed"]) for r in rows] == [
        (start, depth, step, seed)
        for start in recipe.TRAINED
        for depth in recipe.DEPTHS
        for step in recipe.MOMENTS
        for seed in recipe.TRAINED_SEEDS
    ]


def test_before_training_they_are_the_starts_of_the_same_seeds(recipe):
    starts = {(r["depth"], r["seed"]): r["circle"] for r in results.load("linear_regions", "starts")
              if (r["start"], r["width"]) == ("he", recipe.TRAINED_WIDTH)}  # fmt: skip
    for r in results.load("linear_regions", "training"):
        assert r["step"] or r["circle"] == starts[r["depth"], r["seed"]]


def test_the_square_is_counted_where_the_recipe_says(recipe):
    for r in results.load("linear_regions", "training"):
        counted = r["seed"] < recipe.SQUARES and r["step"] == max(recipe.MOMENTS)
        assert (r["square"] is not None) == counted


def test_counting_again_gives_the_stored_pieces(recipe):
    rows = [r for r in results.load("linear_regions", "starts") if r["seed"] in (0, 57) and r["depth"] in (1, 4)]
    again = [recipe.at_start(r["start"], r["width"], r["depth"], r["seed"])["circle"] for r in rows]
    # another processor rounds the random weights differently in the last bit
    assert len(rows) == 2 * 2 * len(recipe.STARTS)
    np.testing.assert_allclose(again, [r["circle"] for r in rows], atol=2)


def test_the_weights_are_not_the_numbers_of_the_data(recipe):
    weight = recipe.start("he", 16, 1, 3)[0].weight.detach().flatten()
    x = data.disk(16, seed=3, dtype=torch.float64).train_x.flatten()
    assert abs(torch.corrcoef(torch.stack([weight, x]))[0, 1]) < 0.5


def test_networks_trained_at_once_are_those_that_are_trained_alone(recipe):
    stored = [r for r in results.load("linear_regions", "training") if (r["depth"], r["seed"]) == (1, 2)]
    network, split = recipe.start("he", 16, 1, 2), data.disk(recipe.POINTS, seed=2, dtype=torch.float64)
    counts = {}

    def watch(step, network):
        counts[step] = len(scene.round_circle(network))

    train.fit(network, split, steps=max(recipe.MOMENTS), rate=recipe.RATE, watch=watch)
    counts[max(recipe.MOMENTS)] = len(scene.round_circle(network))
    for r in stored:
        assert abs(counts[r["step"]] - r["circle"]) <= 2
    assert train.accuracy(network, split.test_x, split.test_y) == pytest.approx(stored[-1]["accuracy"], abs=0.005)
