"""The stored disk study: its tables are whole and agree with each other, and the recipe gives its rows again."""

import math
from itertools import product

import numpy as np
import pytest
from recipes import recipe_of

from actlab import activations, experiments, results


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("disk")


@pytest.fixture(scope="module")
def final(recipe):
    """Final training losses of the published setting, from activation to an array of the starts."""
    rows = results.load("disk", "finals")
    return {name: np.array([row[name] for row in rows], dtype=float) for name in recipe.EIGHT}


def keys(table, *columns):
    return sorted(tuple(row[column] for column in columns) for row in results.load("disk", table))


def test_every_run_of_the_draws_is_stored_once(recipe):
    # an activation that came later has no runs until somebody has twenty minutes; what was trained is whole
    trained = {row["activation"] for row in results.load("disk", "draws")}
    assert {*recipe.EIGHT, *recipe.SLOW} <= trained <= set(activations.catalog)
    assert len(results.load("disk", "draws")) == results.provenance("disk")["runs"]["draws"]
    starts = {name: range(3 if name in recipe.SLOW else 10) for name in trained}
    expected = sorted(
        (name, d, s) for name, draw_starts in starts.items() for d, s in product(recipe.DRAWS, draw_starts)
    )
    assert keys("draws", "activation", "draw", "start") == expected


def test_every_run_of_the_rates_is_stored_once(recipe):
    expected = sorted(product(recipe.EIGHT, recipe.RATES, recipe.TUNING_DRAWS, range(3)))
    assert keys("rates", "activation", "rate", "draw", "start") == expected


def test_every_run_with_other_numbers_of_points_is_stored_once(recipe):
    expected = sorted(product(recipe.SIZES, recipe.EIGHT, range(10), range(3)))
    assert keys("points", "points", "activation", "draw", "start") == expected


def test_the_tuned_runs_are_those_of_the_chosen_rates_and_no_others(recipe):
    chosen = recipe.chosen(results.load("disk", "rates"))
    expected = sorted(
        (name, rate, draw, start)
        for name, rates in chosen.items()
        for rate in set(rates.values())
        for draw, start in product(recipe.DRAWS, range(10))
    )
    assert keys("tuned", "activation", "rate", "draw", "start") == expected


def test_no_rate_was_chosen_on_a_draw_that_judges(recipe):
    assert not set(recipe.TUNING_DRAWS) & set(recipe.DRAWS)


def test_the_best_rates_for_fitting_lie_inside_the_ladder(recipe):
    """A best rate at an end of the ladder says only that the ladder is too short."""
    for name, rates in recipe.chosen(results.load("disk", "rates")).items():
        assert min(recipe.RATES) < rates["test"] < max(recipe.RATES), name
        assert min(recipe.RATES) < rates["train"] < max(recipe.RATES), name


def test_a_tuned_run_at_the_common_rate_is_that_of_the_draws():
    draws = {(r["activation"], r["draw"], r["start"]): r["train_loss"] for r in results.load("disk", "draws")}
    same = [row for row in results.load("disk", "tuned") if row["rate"] == 0.01]
    for row in same:
        assert row["train_loss"] == draws[row["activation"], row["draw"], row["start"]]


def test_the_summary_is_that_of_the_final_losses(final):
    summary = {row["activation"]: row for row in results.load("disk", "published")}
    assert list(summary) == list(experiments.published)
    for name, losses in final.items():
        row = summary[name]
        assert row["n"] == len(losses) == 1000 and row["diverged"] == 0
        assert row["mean"] == pytest.approx(losses.mean(), rel=1e-3)
        assert row["standard_error"] == pytest.approx(losses.std(ddof=1) / math.sqrt(1000), rel=1e-3)
        assert row["median"] == pytest.approx(np.median(losses), rel=1e-3)
        assert row["published"] == pytest.approx(printed(name))


def printed(name):
    rows = results.load("published")
    (value,) = [r["value"] for r in rows if (r["activation"], r["quantity"]) == (name, "train_loss")]
    return value


def test_curves_end_at_the_final_losses(final, recipe):
    ends = {r["activation"]: r for r in results.load("disk", "curves") if r["step"] == recipe.STEPS - 1}
    for name, losses in final.items():
        assert ends[name]["mean"] == pytest.approx(losses.mean(), rel=1e-3)
        assert ends[name]["q95"] == pytest.approx(np.quantile(losses, 0.95), rel=1e-3)


def test_histograms_count_every_start_where_it_is(final, recipe):
    rows = results.load("disk", "histograms")
    assert all(sum(row["counts"]) == 1000 for row in rows)
    for row in rows:
        if row["step"] == recipe.STEPS - 1:
            logs = np.log10(final[row["activation"]])
            below = sum(row["counts"][: len(row["counts"]) // 2])
            assert below == pytest.approx((logs < recipe.EDGES[len(row["counts"]) // 2]).sum(), abs=2)


def test_tests_are_the_medians_of_the_draws(recipe):
    last = {r["activation"]: r for r in results.load("disk", "tests") if r["step"] == recipe.STEPS}
    for name in recipe.EIGHT:
        mine = [r["test_loss"] for r in results.load("disk", "draws") if r["activation"] == name]
        assert last[name]["test_loss"] == pytest.approx(np.median(mine), rel=1e-3)


def test_a_run_comes_out_again(recipe, tmp_path):
    study = experiments.disk(2, activations=["elu"], draws=[3], **recipe.LATER)
    # the other engine than the table's: they differ in the last bits, which 200 steps do not amplify to two per cent
    experiments.run(study, tmp_path / "one.sqlite", workers=1, engine="stacked")
    with results.Store(tmp_path / "one.sqlite") as store:
        again = list(recipe.runs(store))
    for row in again:
        wanted = ("elu", 3, row["start"])
        (stored,) = [r for r in results.load("disk", "draws") if (r["activation"], r["draw"], r["start"]) == wanted]
        assert [column for column in row if column != "rate"] == list(stored)
        assert row["train_loss_200"] == pytest.approx(stored["train_loss_200"], rel=0.02)
        assert row["train_loss"] == pytest.approx(stored["train_loss"], rel=0.3)
        assert row["test_accuracy"] == pytest.approx(stored["test_accuracy"], abs=0.002)


def test_the_rate_of_the_lowest_median_is_chosen_and_divergence_counts_as_worst(recipe):
    losses = {0.01: ([3.0, 1.0, 2.0], [5.0, 6.0, 7.0]), 0.02: ([1.0, None, None], [4.0, 5.0, 9.0])}
    rows = [
        {"activation": "relu", "rate": rate, "train_loss": train, "test_loss": test}
        for rate in recipe.RATES
        for train, test in zip(*losses.get(rate, ([9.0] * 3, [9.0] * 3)), strict=True)
    ]
    assert recipe.chosen(rows) == {"relu": {"train": 0.01, "test": 0.02}}


def test_what_is_no_number_is_stored_as_none(recipe):
    assert [recipe.digits(x) for x in (math.nan, math.inf, np.float32(0.123456))] == [None, None, 0.1235]
