"""The stored residual starts: whole tables, rates chosen by the rule, and first losses that come out again."""

import math

import pytest
import torch
from recipes import recipe_of

from actlab import results
from actlab.scenes import large as scene

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("residual_starts")


@pytest.fixture(scope="module")
def rows():
    return results.load("residual_starts", "runs")


@pytest.fixture(scope="module")
def tuning():
    """From the kind to its trials, in the order of their rates."""
    found = {}
    for trial in results.load("residual_starts", "tuning"):
        found.setdefault(trial["kind"], []).append(trial)
    return found


def test_every_run_is_stored_once_at_the_rate_that_was_chosen(recipe, rows, tuning):
    assert list(tuning) == list(recipe.KINDS)
    chosen = {kind: [trial["rate"] for trial in trials if trial["chosen"]] for kind, trials in tuning.items()}
    assert [(row["kind"], row["rate"], row["seed"]) for row in rows] == [
        (kind, rate, seed) for kind in recipe.KINDS for rate in chosen[kind] for seed in recipe.SEEDS
    ]


def test_no_rate_stands_at_the_end_of_those_tried_and_no_counted_run_chose_it(recipe, tuning):
    assert not set(recipe.SEEDS) & set(recipe.TUNING)
    for kind, trials in tuning.items():
        rates = [trial["rate"] for trial in trials]
        at = recipe.LADDER.index(rates[0])
        assert rates == list(recipe.LADDER[at : at + len(rates)]), kind  # no step of the ladder is left out
        (best,) = (trial for trial in trials if trial["chosen"])
        assert best["train_loss"] == min(trial["train_loss"] for trial in trials), kind
        assert rates[0] < best["rate"] < rates[-1], kind
        assert {trial["runs"] for trial in trials} == {len(recipe.TUNING)}


@pytest.mark.parametrize("name", recipe_of("residual_starts").KINDS)
def test_the_stored_trials_are_those_that_the_rule_asks_for(recipe, tuning, name, monkeypatch):
    def run(of, rate, seeds):
        assert of == name and seeds == recipe.TUNING
        return next(
            {key: value for key, value in t.items() if key != "chosen"} for t in tuning[name] if t["rate"] == rate
        )

    monkeypatch.setattr(recipe, "tried", lambda rows: rows)
    assert recipe.tune(name, run=run) == tuning[name]


def test_a_rate_at_which_a_run_diverged_is_never_the_best(recipe):
    def run(name, rate, seeds):
        losses = (0.0, math.nan) if rate > 2e-3 else (1.0, 1.0 - rate)
        return [{"kind": name, "rate": rate, "train_loss": loss, "test_accuracy": 0.1} for loss in losses]

    trials = recipe.tune("plain", range(2), run)
    assert [trial["rate"] for trial in trials if trial["chosen"]] == [1e-3]
    assert trials[-1]["train_loss"] is None


@pytest.mark.parametrize("kind", ["plain", "scaled", "pre-norm, scaled", "post-norm"])
def test_first_losses_come_out_again(recipe, rows, kind):
    # of the first batch, before any update: data, start and batches are all in it
    stored = [row for row in rows if row["kind"] == kind][:3]
    again = recipe.some(kind, stored[0]["rate"], [row["seed"] for row in stored], updates=1)
    assert [row["first_loss"] for row in again] == pytest.approx([row["first_loss"] for row in stored], rel=2e-3)


@pytest.mark.parametrize("name", list(scene.KINDS))
def test_the_streams_of_the_recipe_are_those_of_the_page(recipe, name):
    kind = recipe.KINDS[name]
    parameters = [part.detach().double() for part in recipe.start(kind, [3], blocks=4)]
    x = torch.randn(1, 5, 784, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = recipe.stream(kind, parameters, x)
    into, out = ([W[0] for W in parameters[2 + 4 * i : 6 + 4 * i]] for i in range(2))
    wanted = scene.stream(scene.KINDS[name], found[0][0], into, out)
    for mine, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine[0], theirs, rtol=1e-9, atol=1e-12)
    scale = torch.cat(out).square().mean().sqrt().item() * math.sqrt(recipe.WIDTH)
    assert scale == pytest.approx(scene.KINDS[name].scale(4), rel=0.03)
