"""XOR with a rate for each function: the tables are whole, the choice is as told, and runs come out again."""

from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("xor_rates")


def test_every_rate_was_tried_and_every_setting_counted_once(recipe):
    tried = [(r["activation"], r["scale"], r["rate"]) for r in results.load("xor_rates", "tuning")]
    assert tried == list(product(recipe.ACTIVATIONS, recipe.SCALES, recipe.RATES))
    runs = results.load("xor_rates", "runs")
    assert [(r["activation"], r["scale"]) for r in runs] == list(product(recipe.ACTIVATIONS, recipe.SCALES))
    for row in runs:
        assert len(row["solved"]) == len(row["since"]) == len(recipe.SEEDS)
        assert [mark == "1" for mark in row["solved"]] == [at is not None for at in row["since"]]
    assert not set(recipe.TUNING) & set(recipe.SEEDS)


def test_the_rate_solves_most_tuning_starts_soonest_and_is_no_end_of_the_grid(recipe):
    tuning = results.load("xor_rates", "tuning")
    for run in results.load("xor_rates", "runs"):
        mine = [r for r in tuning if (r["activation"], r["scale"]) == (run["activation"], run["scale"])]
        (chosen,) = [r for r in mine if r["rate"] == run["rate"]]
        better = [r for r in mine if r["solved"] > chosen["solved"]]
        sooner = [r for r in mine if r["solved"] == chosen["solved"] and r["since"] < chosen["since"]]
        assert not better and not sooner
        assert min(recipe.RATES) < run["rate"] < max(recipe.RATES)
        assert recipe.choose(mine, run["scale"]) == run["rate"]


def test_at_the_rate_of_the_other_set_it_trains_as_the_other_recipe_does(recipe):
    other = recipe_of("xor")
    solved, since = recipe.train("gelu", [(0.5, 0.1), (1.0, 0.1)], range(4))
    found = other.train("gelu", "bce", (0.5, 1.0), seeds=range(4))
    assert torch.equal(since, found["since"])
    assert torch.equal(solved, (found["right"] == 4) & (found["loss"][:, -1] < 0.99 * torch.log(torch.tensor(2.0))))


def test_stored_runs_come_out_again(recipe):
    (row,) = [r for r in results.load("xor_rates", "runs") if (r["activation"], r["scale"]) == ("tanh", 1.0)]
    solved, since = recipe.train("tanh", [(1.0, row["rate"])], range(8))
    assert [at if won else None for at, won in zip(since[0].tolist(), solved[0], strict=True)] == row["since"][:8]
