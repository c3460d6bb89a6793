"""Functions on tables: rates were chosen on other splits, a verdict from the rows, a short run of the recipe."""

import math
from itertools import product

import numpy as np
import pytest
from recipes import recipe_of

from actlab import results
from actlab.scenes import experiments as scene

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("tabular_runs")


def test_every_arm_was_tuned_inside_its_ladder_and_counted_on_other_splits(recipe):
    tuning, runs = results.load("tabular_runs", "tuning"), results.load("tabular_runs", "runs")
    keys = [(row["table"], row["arm"], row["seed"]) for row in runs]
    assert len(keys) == len(set(keys)) == len(recipe.ENDS) * len(recipe.ARMS) * len(recipe.COUNTED)
    assert not {row["seed"] for row in tuning} & {row["seed"] for row in runs}
    for table, arm in {key[:2] for key in keys}:
        tried = {}
        for row in tuning:
            if (row["table"], row["arm"]) == (table, arm):
                tried.setdefault(row["rate"], []).append(math.inf if row["test_loss"] is None else row["test_loss"])
        means = {rate: np.mean(losses) for rate, losses in tried.items()}
        (rate,) = {row["rate"] for row in runs if (row["table"], row["arm"]) == (table, arm)}
        assert means[rate] == min(means.values()) and min(means) < rate < max(means)


def test_the_stored_trials_are_those_that_the_rule_asks_for(recipe):
    tuning, counted = results.load("tabular_runs", "tuning"), results.load("tabular_runs", "runs")
    for table, arm in product(recipe.ENDS, recipe.ARMS):
        rows, runs = ([row for row in of if (row["table"], row["arm"]) == (table, arm)] for of in (tuning, counted))
        best, tried = recipe.tune(lambda rate, rows=rows: [row for row in rows if row["rate"] == rate])
        assert tried == rows and {row["rate"] for row in runs} == {best}


def test_a_verdict_is_that_of_the_rows_with_the_variance_of_splits_of_the_same_rows():
    stats = pytest.importorskip("scipy.stats")
    losses = {}
    for row in results.load("tabular_runs", "runs"):
        losses.setdefault((row["table"], row["arm"]), {})[row["seed"]] = 100 * row["test_loss"]
    off = [losses["auto_mpg", "linear"][seed] - losses["auto_mpg", "relu"][seed] for seed in range(20)]
    found = scene.tables_beside()["auto_mpg", "relu"]
    tested, trained = 80, 312  # a fifth of each of ten strata of 39 or 40 cars is 8
    error = np.std(off, ddof=1) * math.sqrt(1 / 20 + tested / trained)
    half = stats.t.ppf(1 - 0.05 / 39 / 2, 19) * error
    assert found.mean == pytest.approx(np.mean(off))
    assert found.half == pytest.approx(half)


def test_the_recipe_brings_out_again_that_cars_need_a_hidden_layer(recipe):
    explained = {}
    for arm in ("linear", "relu"):
        rows = recipe.rows_of("auto_mpg", arm, scene.tables_rates()["auto_mpg", arm], range(2))
        explained[arm] = np.array([100 * (1 - row["test_loss"]) for row in rows])
        assert explained[arm] == pytest.approx(scene.tables_points("auto_mpg", arm)[:2], abs=1)
    assert (explained["relu"] > explained["linear"] + 1).all()
