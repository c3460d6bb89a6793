"""The disk in other networks: the tables are whole, the rates chosen as said, and the recipe trains what it says."""

from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import networks, results, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("disk_travel")


def test_every_run_is_stored_once(recipe):
    arms = list(product(recipe.NETWORKS, recipe.TASKS, recipe.NAMES))
    runs, tried = results.load("disk_travel", "runs"), results.load("disk_travel", "tuning")
    keys = [(row["network"], row["task"], row["activation"], row["draw"]) for row in runs]
    assert keys == [(*arm, draw) for arm in arms for draw in recipe.DRAWS]
    keys = [(row["network"], row["task"], row["activation"], row["rate"]) for row in tried]
    assert keys == [(*arm, rate) for arm in arms for rate in recipe.RATES]
    assert not set(recipe.DRAWS) & set(recipe.TUNING_DRAWS)


def test_each_function_runs_at_the_best_rate_of_its_arm_and_none_stands_at_an_end(recipe):
    runs, tried = results.load("disk_travel", "runs"), results.load("disk_travel", "tuning")
    for arm in product(recipe.NETWORKS, recipe.TASKS, recipe.NAMES):
        mine = [row for row in tried if (row["network"], row["task"], row["activation"]) == arm]
        (best,) = [row for row in mine if row["chosen"]]
        assert best["mean_test_loss"] == min(row["mean_test_loss"] for row in mine)  # two are alike in four digits
        assert recipe.RATES[0] < best["rate"] < recipe.RATES[-1]
        used = {row["rate"] for row in runs if (row["network"], row["task"], row["activation"]) == arm}
        assert used == {best["rate"]}


def test_the_tasks_share_their_points_and_half_of_them_lie_inside(recipe):
    square, disk = recipe.square(3), recipe.disk(3)
    assert torch.equal(square.test_x, disk.test_x)
    for task in (square, disk):
        assert task.test_y.mean().item() == pytest.approx(0.5, abs=0.02)
    assert 0.02 < (square.test_y != disk.test_y).float().mean() < 0.2


@pytest.mark.slow
def test_a_run_is_an_ordinary_network_and_comes_out_again(recipe):
    wanted = ("8-4", "disk", "tanh", 5)
    (row,) = [
        row
        for row in results.load("disk_travel", "runs")
        if (row["network"], row["task"], row["activation"], row["draw"]) == wanted
    ]
    network = networks.mlp([2, 8, 4, 1], "tanh", seed=1005)
    history = train.fit(network, recipe.disk(5), steps=recipe.STEPS, rate=row["rate"], test_every=recipe.STEPS)
    # single runs drift apart elsewhere; a smooth function does not drift far
    assert history.test_accuracy[-1] == pytest.approx(row["test_accuracy"], abs=0.01)
    assert history.test_loss[-1] == pytest.approx(row["test_loss"], rel=0.5)
