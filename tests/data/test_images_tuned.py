"""A rate for each function on digits: the choice is as told, the draws share no test digit, runs come out again."""

from itertools import product

import numpy as np
import pytest
import torch
from recipes import recipe_of
from torch import nn

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("images_tuned")


def test_every_setting_was_tried_and_counted_once(recipe):
    tried = [tuple(row.values())[:4] for row in results.load("images_tuned", "tuning")]
    wanted = [
        (how, name, rate, seed)
        for how, name in recipe.settings()
        for rate, seed in product(recipe.RATES[how][name], recipe.TUNING)
    ]
    assert tried == wanted
    runs = results.load("images_tuned", "runs")
    assert [(r["optimizer"], r["draw"], r["activation"]) for r in runs] == list(
        product(recipe.RATES, recipe.DRAWS, recipe.FIVE)
    )
    for row in runs:
        assert row["test_accuracy"] == pytest.approx(1 - len(row["wrong"]) / recipe.TESTED, abs=1e-4)


def test_the_rate_is_the_best_of_the_tuning_draws_and_no_end_of_its_grid(recipe):
    tuning = results.load("images_tuned", "tuning")
    for run in results.load("images_tuned", "runs"):
        of = {}
        for row in tuning:
            if (row["activation"], row["optimizer"]) == (run["activation"], run["optimizer"]):
                of.setdefault(row["rate"], []).append(row["test_accuracy"])
        means = {rate: np.mean(right) for rate, right in of.items()}
        assert means[run["rate"]] == max(means.values())
        assert min(of) < run["rate"] < max(of)
        assert recipe.choose(tuning, run["activation"], run["optimizer"]) == run["rate"]


def test_a_best_rate_at_an_end_is_refused(recipe):
    rows = [
        {"activation": "elu", "optimizer": "sgd", "rate": rate, "test_accuracy": right}
        for rate, right in ((0.1, 0.5), (0.2, 0.6), (0.4, 0.7))
    ]
    with pytest.raises(ValueError, match=r"best at 0\.4, an end"):
        recipe.choose(rows, "elu", "sgd")
    rows[1]["test_accuracy"] = 0.8
    assert recipe.choose(rows, "elu", "sgd") == 0.2


def test_no_digit_is_tested_twice_and_none_that_was_trained_on(recipe):
    seen = set()
    for draw in recipe.DRAWS:
        split = recipe.split_of(draw)
        tested, trained = ({digit.numpy().tobytes() for digit in part} for part in (split.test_x, split.train_x))
        assert len(split.test_x) == recipe.TESTED and len(split.train_x) == recipe.POINTS
        assert not tested & trained and not tested & seen
        seen |= tested
    assert len(seen) == 5000 == recipe.TESTED * len(recipe.DRAWS)


def test_debiasing_gives_the_average_of_the_batches_alone(recipe):
    layer = nn.BatchNorm2d(3)
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randn(16, 3, 4, 4, generator=generator) * 0.1 + 2 for _ in range(7)]
    with torch.no_grad():
        for batch in batches:
            layer(batch)
    weights = torch.tensor([0.9**k for k in reversed(range(7))])
    weights /= weights.sum()
    mean = sum(w * batch.mean((0, 2, 3)) for w, batch in zip(weights, batches, strict=True))
    variance = sum(w * batch.var((0, 2, 3)) for w, batch in zip(weights, batches, strict=True))
    found = recipe.debias(nn.Sequential(layer), 7)[0]
    torch.testing.assert_close(found.running_mean, mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.running_var, variance, rtol=1e-3, atol=1e-5)
    assert (layer.running_var > 0.3).all()  # the layer that came in is left as it was


def test_tuning_runs_are_those_of_the_other_set(recipe):
    for row in results.load("images_tuned", "tuning"):
        stored = recipe.stored_tuning(row["activation"], row["optimizer"], row["rate"], row["seed"])
        assert stored in (None, row["test_accuracy"])
    assert recipe.stored_tuning("relu", "adam", 0.003, 0) is not None
    assert recipe.stored_tuning("relu", "adam", 0.5, 0) is None


@pytest.mark.slow
def test_a_counted_run_comes_out_again(recipe):
    row = next(
        r for r in results.load("images_tuned", "runs") if (r["activation"], r["optimizer"]) == ("elu", "adam")
    )
    again = recipe.counted("elu", "adam", row["rate"], row["draw"])
    # training amplifies the last bit, which differs between processors
    assert again["test_accuracy"] == pytest.approx(row["test_accuracy"], abs=0.012)
