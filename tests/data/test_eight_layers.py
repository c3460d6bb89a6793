"""Eight layers on two tasks: the tables are whole, the rates chosen as said, and the recipe trains what it says."""

from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import networks, results, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("eight_layers")


def test_every_run_is_stored_once(recipe):
    keys = [(row["task"], row["activation"], row["draw"]) for row in results.load("eight_layers", "runs")]
    assert keys == list(product(recipe.TASKS, recipe.SCHEMES, recipe.DRAWS))
    tried = [(row["task"], row["activation"], row["rate"]) for row in results.load("eight_layers", "tuning")]
    assert tried == list(product(recipe.TASKS, recipe.SCHEMES, recipe.RATES))
    assert not set(recipe.DRAWS) & set(recipe.TUNING_DRAWS)


def test_each_function_runs_at_the_best_rate_of_its_task_and_none_stands_at_an_end(recipe):
    tried, runs = results.load("eight_layers", "tuning"), results.load("eight_layers", "runs")
    for task, name in product(recipe.TASKS, recipe.SCHEMES):
        mine = [row for row in tried if (row["task"], row["activation"]) == (task, name)]
        best = min(mine, key=lambda row: row["mean_test_loss"])
        assert [row for row in mine if row["chosen"]] == [best]
        assert recipe.RATES[0] < best["rate"] < recipe.RATES[-1]
        assert {row["rate"] for row in runs if (row["task"], row["activation"]) == (task, name)} == {best["rate"]}


def test_half_of_the_points_lie_inside_the_square_which_is_none_of_the_disk(recipe):
    square, disk = recipe.square(3), recipe.disk(3)
    assert torch.equal(square.test_x, disk.test_x)
    assert square.test_y.mean().item() == pytest.approx(0.5, abs=0.02)
    inside = square.test_x[square.test_y == 1].abs().amax(1).max()
    assert (square.test_x[square.test_y == 0].abs().amax(1) >= inside).all()
    assert 0.02 < (square.test_y != disk.test_y).float().mean() < 0.2


@pytest.mark.slow
def test_a_run_is_an_ordinary_network_and_comes_out_again(recipe):
    (row,) = [
        row
        for row in results.load("eight_layers", "runs")
        if (row["task"], row["activation"], row["draw"]) == ("square", "tanh", 5)
    ]
    network = networks.mlp(recipe.SIZES, "tanh", scheme="glorot", seed=1005)
    history = train.fit(network, recipe.square(5), steps=recipe.STEPS, rate=row["rate"], test_every=recipe.STEPS)
    # single runs drift apart elsewhere; a smooth function at a small rate does not drift far
    assert history.test_accuracy[-1] == pytest.approx(row["test_accuracy"], abs=0.01)
    assert history.test_loss[-1] == pytest.approx(row["test_loss"], rel=0.5)
