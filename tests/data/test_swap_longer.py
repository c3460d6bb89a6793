"""The stored runs of tanh for 1,024 updates, and the recipe that makes them."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from recipes import recipe_of

from actlab import experiments, results
from actlab.networks import _text

pytestmark = pytest.mark.usefixtures("one_thread")
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec(_text.PACKAGE) is None,
    reason="needs the extra transformers",
)
TINY = {"updates": 4, "rows": 2, "batch_size": 4, "sentences": 64, "test": 12, "watched": 8, "longest": 8}


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("swap_longer")


@pytest.fixture(scope="module")
def rows():
    return results.load("swap_longer", "runs")


def test_seeds_are_the_first_ones_and_their_courses_whole(recipe, rows):
    seeds = [row["seed"] for row in rows]
    assert len(seeds) >= 5 and seeds == list(recipe.SEEDS[: len(seeds)])
    assert seeds == results.provenance("swap_longer")["seeds"]
    assert {len(row[key]) for row in rows for key in ("train_losses", "through")} == {recipe.UPDATES // recipe.EVERY}


def test_only_the_number_of_updates_is_unlike_the_study(recipe):
    (setting,) = recipe.study().settings
    assert replace(setting, updates=64, rows=8) == experiments.Swap("tanh")


def test_runs_are_those_of_the_study_as_far_as_it_goes(rows):
    courses = {row["seed"]: row for row in results.load("transformers", "courses") if row["activation"] == "tanh"}
    majority = {row["seed"]: row["majority"] for row in results.load("transformers", "swaps")}
    majority |= {row["seed"]: row["majority"] for row in results.load("swap_parts", "runs")}
    assert sorted(courses) == [row["seed"] for row in rows[: len(courses)]]
    for row in rows:
        assert row["majority"] == majority[row["seed"]]
        if row["seed"] in courses:  # on another processor, whose last bits grow with the updates
            ours, theirs = row["train_losses"][:2], courses[row["seed"]]["train_losses"][:2]
            assert ours == pytest.approx(theirs, abs=0.002)


def test_a_run_that_answers_all_alike_is_as_right_as_its_class_is_common(rows):
    for row in rows:
        if row["positive"] in (0, 1):
            assert min(abs(row["accuracy"] - share) for share in (row["majority"], 1 - row["majority"])) < 1e-3
        else:
            assert 0 < row["accuracy"] < 1


@needs_weights
def test_a_tiny_store_becomes_a_row_a_run(recipe, tmp_path):
    study = recipe.study(range(2))
    tiny = replace(study, settings=[replace(study.settings[0], **TINY)])
    experiments.run(tiny, tmp_path / "runs.sqlite", workers=1)
    with results.Store(tmp_path / "runs.sqlite") as store:
        found = list(recipe.runs(store))
    assert [row["seed"] for row in found] == [0, 1] and {row["n"] for row in found} == {12}
    course, more = tiny.settings[0].course(0, "cpu")
    assert found[0]["train_losses"] == pytest.approx(course.train_loss.tolist(), rel=1e-3)
    norms = course.norms.numpy()
    assert found[0]["through"] == pytest.approx(norms[:, 1] / norms[:, -1], rel=1e-3)
    assert found[0]["accuracy"] == pytest.approx(np.trace(more["answers"]) / 12, abs=1e-4)
