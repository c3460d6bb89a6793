"""Small language models from scratch, tuned: training is the package's, and rates were chosen on other seeds."""

import json
import math

import pytest
import torch
from recipes import recipe_of
from torch import nn

from actlab import experiments, results, train

pytestmark = pytest.mark.usefixtures("one_thread")
TINY = {"width": 16, "layers": 1, "heads": 2, "length": 16, "windows": 40, "test": 8}


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("scratch_rates")


@pytest.fixture(scope="module")
def stored():
    return {name: results.load("scratch_rates", name) for name in ("tuning", "runs")}


# --- what is stored


def test_every_function_of_a_recipe_is_counted_on_the_same_seeds(recipe, stored):
    seeds, recipes = results.provenance("scratch_rates")["seeds"], results.provenance("scratch_rates")["recipes"]
    keys = [(row["recipe"], row["activation"], row["seed"]) for row in stored["runs"]]
    asked = {(of, name, seed) for of in recipes for name in recipe.FUNCTIONS for seed in seeds["counted"]}
    assert len(set(keys)) == len(keys) and set(keys) == asked
    assert not set(seeds["counted"]) & set(seeds["tuning"])
    assert {row["seed"] for row in stored["tuning"]} == set(seeds["tuning"])


def test_a_rate_is_the_best_of_those_tried_and_has_neighbours(stored):
    for of, name in {(row["recipe"], row["activation"]) for row in stored["runs"]}:
        (rate,) = {row["rate"] for row in stored["runs"] if (row["recipe"], row["activation"]) == (of, name)}
        tried = {}
        for row in stored["tuning"]:
            if (row["recipe"], row["activation"]) == (of, name):
                tried.setdefault(row["rate"], []).append(row["test_loss"])
        assert min(tried) < rate < max(tried) and sum(tried[rate]) == min(map(sum, tried.values()))


# --- what trains


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_training_at_a_constant_rate_is_the_packages(recipe, optimizer):
    found = recipe.fit("relu", f"{optimizer}-constant", 0.01, 3, updates=8, warmup=4, **TINY)
    network, split = experiments.Characters("relu", **TINY).network(3)
    course = train.fit_batches(
        network,
        split,
        steps=8,
        batch=recipe.BATCH,
        every=8,
        rate=0.01,
        optimizer=optimizer,
        weight_decay=recipe.DECAY if optimizer == "adamw" else 0.0,
        warmup=4,
        seed=3,
    )
    assert found["test_loss"] == pytest.approx(course.test_loss[-1].item(), rel=1e-3)
    assert found["test_accuracy"] == pytest.approx(course.test_accuracy[-1].item(), abs=1e-3)


def test_the_cosine_is_torchs_after_the_warm_up(recipe):
    update = torch.optim.SGD(nn.Linear(1, 1).parameters(), 1.0)
    torchs = torch.optim.lr_scheduler.CosineAnnealingLR(update, 50)
    for step in range(10, 60):
        assert recipe.share(step, "cosine", 60, 10) == pytest.approx(update.param_groups[0]["lr"])
        update.step()
        torchs.step()
    assert [recipe.share(step, "cosine", 60, 10) for step in (0, 4, 9)] == [0.1, 0.5, 1.0]
    assert {recipe.share(step, "constant", 60, 10) for step in (10, 59)} == {1.0}


def test_a_run_that_was_cut_short_is_made_again_and_tables_train_nothing(recipe, tmp_path, monkeypatch):
    made = []

    def fit(name, of, rate, seed):
        made.append((of, name, rate, seed))
        return {"train_loss": 2.0, "test_loss": digits_of(rate), "test_accuracy": 0.3}

    def digits_of(rate):
        return round(2 + abs(math.log2(rate / 0.004)), 4)

    monkeypatch.setattr(recipe, "fit", fit)
    file = tmp_path / "runs.jsonl"
    whole = recipe.tables(recipe.Runs(file), ["adam-cosine"])
    assert {row["rate"] for row in whole["runs"]} == {0.004}
    count = len(made)
    assert count == len(recipe.FUNCTIONS) * (3 * len(recipe.TUNING) + len(recipe.COUNTED))
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:-9], encoding="utf-8")
    with pytest.raises(recipe.Lacking):
        recipe.tables(recipe.Runs(file, trains=False), ["adam-cosine"])
    again = recipe.tables(recipe.Runs(file), ["adam-cosine"])
    assert len(made) == count + 1 and made[-1] == tuple(json.loads(lines[-1])[key] for key in recipe.KEY)
    assert [row["test_loss"] for row in again["runs"]] == [row["test_loss"] for row in whole["runs"]]
