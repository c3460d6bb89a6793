"""Gates on products in five sizes: the tables are whole, no rate stands at the end of its ladder, the recipe gives
its rows again.
"""

import math

import pytest
import torch
from recipes import recipe_of

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("gate_sizes")


def grouped(table):
    found = {}
    for row in results.load("gate_sizes", table):
        found.setdefault((row["setting"], row["function"]), []).append(row)
    return found


def test_every_setting_and_function_has_its_starts_at_the_rate_that_was_chosen(recipe):
    runs, rates = grouped("runs"), grouped("rates")
    assert list(runs) == list(rates) == [(s, f) for s in recipe.SETTINGS for f in (*recipe.PLAIN, *recipe.GATED)]
    for key, rows in runs.items():
        assert [row["start"] for row in rows] == list(recipe.STARTS), key
        (chosen,) = (row["rate"] for row in rates[key] if row["chosen"])
        assert {row["rate"] for row in rows} == {chosen}, key


def test_the_rate_is_the_best_that_was_tried_stands_inside_its_ladder_and_was_chosen_on_other_starts(recipe):
    assert not set(recipe.TUNING) & set(recipe.STARTS)
    for key, rows in grouped("rates").items():
        tried = {row["rate"]: row["median"] for row in rows}
        best = min(tried, key=tried.get)
        assert [row["rate"] for row in rows if row["chosen"]] == [best], key
        assert min(tried) < best < max(tried), key


def test_the_ladder_goes_on_until_the_best_rate_has_a_worse_one_on_either_side(recipe, monkeypatch):
    def error(setting, name, rate, starts):
        assert starts == recipe.TUNING
        return [abs(math.log(rate / best))] * len(starts)

    monkeypatch.setattr(recipe, "train", error)
    for best, first, last in ((0.03, 0.01, 0.09), (0.0011, 0.00037, 0.09), (2.43, 0.01, 7.29)):
        tried = recipe.choose(recipe.BASE, "gelu")
        assert (min(tried), max(tried)) == (first, last)
        assert min(tried, key=tried.get) == pytest.approx(best, rel=0.02)


def test_plain_and_gated_networks_of_a_setting_have_about_the_same_parameters():
    by_setting = {}
    for (setting, _), rows in grouped("runs").items():
        by_setting.setdefault(setting, set()).update(row["parameters"] for row in rows)
    for setting, counts in by_setting.items():
        assert max(counts) / min(counts) < 1.05, setting


@pytest.mark.parametrize("products", [1, 3, 16])
def test_the_target_is_a_sum_of_products_of_mean_square_one(recipe, products):
    x = torch.randn(200_000, 32, generator=torch.Generator().manual_seed(0))
    y = recipe.target(x, products)
    by_hand = sum(x[:, 2 * i] * x[:, 2 * i + 1] for i in range(products)) / products**0.5
    torch.testing.assert_close(y, by_hand)
    assert y.square().mean().item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("name", ["gelu", "swiglu"])
def test_short_runs_come_out_again(recipe, name):
    rows = grouped("runs")["200 steps", name]
    again = recipe.train(recipe.SETTINGS["200 steps"], name, rows[0]["rate"], recipe.STARTS)
    # another processor adds up in another order, and training amplifies that
    assert again == pytest.approx([row["test_loss"] for row in rows], rel=0.3)
