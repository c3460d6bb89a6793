"""The study of images: its settings, a small run of it on the real digits, and the tables that are stored of it."""

import math

import numpy as np
import pytest
import torch
from recipes import recipe_of

from actlab import data, experiments, results, train
from actlab.experiments import Images, early_stop, images

TINY = {"points": 96, "test_points": 50, "epochs": 2}


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("images")


def test_the_published_comparison_is_what_the_study_is_without_words():
    study = images()
    assert [(s.optimizer, s.activation) for s in study.settings] == [
        (optimizer, name) for optimizer in ("sgd", "adam") for name in experiments.five
    ]
    assert {(s.rate, s.momentum, s.batch_size, s.network, s.epochs) for s in study.settings} == {
        (0.001, 0.9, 64, "cnn", 50)
    }


@pytest.mark.parametrize(
    ("settings", "kind", "said"),
    [
        ({"activation": "rellu"}, KeyError, "did you mean"),
        ({"task": "mnits"}, KeyError, "no task named 'mnits'; did you mean 'mnist'"),
        ({"network": "resnet"}, KeyError, "there are cnn, resnet18, resnet50, resnet50_narrow"),
        ({"optimizer": "sdg"}, KeyError, "did you mean 'sgd'"),
        ({"rate": 0}, ValueError, "rate is a positive number .*, got 0"),
        ({"momentum": 1}, ValueError, "momentum is 0 or a positive number below 1, got 1"),
        ({"epochs": 0}, ValueError, "epochs is a whole number from 1 .*, got 0"),
        ({"points": 128, "epochs": 3, "every": 4}, ValueError, "every=4 is no divisor of the 6 updates"),
    ],
)
def test_settings_that_make_no_sense(settings, kind, said):
    with pytest.raises(kind, match=said):
        Images(**{"activation": "relu"} | settings)


@pytest.mark.parametrize("network", ["cnn", "resnet18", "resnet50", "resnet50_narrow"])
def test_the_layers_that_are_measured_are_those_of_the_network(network):
    setting = Images("relu", network=network)
    there = dict(setting.build(0).named_modules())
    assert set(setting.layers) <= set(there)
    measured = sum(p.numel() for name in setting.layers for p in there[name].parameters())
    left_out = sum(p.numel() for p in there["norm"].parameters()) if network != "cnn" else 0
    assert measured == sum(p.numel() for p in setting.build(0).parameters()) - left_out


def test_a_seed_moves_weights_order_and_images():
    setting = Images("relu", **TINY)
    one, two = setting.split(0), setting.split(1)
    assert not torch.equal(one.train_x, two.train_x)
    assert not torch.equal(setting.build(0).conv1.weight, setting.build(1).conv1.weight)
    assert torch.equal(one.train_x, data.mnist(96, test=50, seed=0).train_x)


def test_an_interrupted_study_goes_on_and_gives_the_same_numbers(tmp_path):
    study = images(2, ["elu", "sigmoid"], ["adam"], **TINY)
    first = experiments.Study("images", study.settings[:1], [0], study.varied)
    experiments.run(first, tmp_path / "runs.sqlite", workers=1)
    outcome = experiments.run(study, tmp_path / "runs.sqlite", workers=1)
    assert (outcome.runs, outcome.trained) == (4, 3)
    (run,) = [r for r in results.Store(tmp_path / "runs.sqlite").runs(activation="elu") if r.seed == 1]
    course, _ = Images("elu", optimizer="adam", **TINY).course(1, "cpu")
    assert np.allclose(run.loss, course.train_loss, rtol=1e-6)
    assert run.more["norms"].shape == (2, 5) and run.more["confusion"].shape == (3, 10, 10)
    assert run.more["confusion"].sum() == 3 * 50 and "batch_loss" not in run.more


def test_a_resnet_is_tested_in_both_ways():
    setting = Images("relu", network="resnet18", optimizer="adam", **TINY | {"points": 32, "epochs": 1})
    course, _ = setting.course(0, "cpu")
    assert course.batch_accuracy.shape == course.test_accuracy.shape == (2,)
    assert not torch.equal(course.batch_loss, course.test_loss)
    assert course.norms.shape == (1, 1 + 8 + 1) and (course.norms > 0).all()


@pytest.mark.parametrize(
    ("losses", "patience", "stop"),
    [
        ([3, 2, 1], 1, None),
        ([3, 4, 5, 6], 2, 3),
        ([3, 2, 2, 2], 2, 4),
        ([3, 4, 2, 4, 4, 1], 2, 5),
        ([math.nan] * 5, 5, 5),
        ([1, *[2] * 5], 5, 6),
        ([1, *[2] * 4], 5, None),
    ],
)
def test_early_stopping_waits_for_a_new_lowest(losses, patience, stop):
    assert early_stop(losses, patience) == stop


@pytest.mark.parametrize(("losses", "patience"), [([], 5), ([[1.0]], 5), ([1.0], 0)])
def test_early_stopping_needs_losses_and_patience(losses, patience):
    with pytest.raises(ValueError, match="a row of losses"):
        early_stop(losses, patience)


# ---- the stored tables


def rows(table, **where):
    return [row for row in results.load("images", table) if all(row[k] == v for k, v in where.items())]


def test_every_run_of_the_recipe_is_stored_once_and_no_other(recipe):
    asked = {
        (*recipe.which(setting).values(), seed)
        for _, study in recipe.studies(photographs=True)
        for setting in study.settings
        for seed in study.seeds
    }
    found = [tuple(row[name] for name in (*recipe.which(Images("relu")), "seed")) for row in rows("runs")]
    assert len(set(found)) == len(found) and set(found) == asked
    for part in (recipe.SGD, recipe.ADAM):
        published = rows("runs", network="cnn", task="mnist", rate=0.001, optimizer=part["optimizers"][0])
        five = [(row["activation"], row["seed"]) for row in published]
        assert sorted(five) == sorted((name, seed) for name in recipe.FIVE for seed in range(5))


def test_each_run_has_its_curve_and_the_curve_its_end():
    ends, curves = rows("runs"), rows("curves")
    assert len(ends) == len(curves)
    for end, curve in zip(ends, curves, strict=True):
        assert (end["activation"], end["seed"], end["network"]) == (
            curve["activation"], curve["seed"], curve["network"],
        )  # fmt: skip
        assert len(curve["test_loss"]) == len(curve["train_loss"]) + 1
        assert end["test_accuracy"] == curve["test_accuracy"][-1] and end["train_loss"] == curve["train_loss"][-1]
        per_epoch = len(curve["train_loss"]) // end["epochs"]
        losses = [math.nan if loss is None else loss for loss in curve["test_loss"][per_epoch::per_epoch]]
        stop = early_stop(losses)
        assert stop == end["stop"]


def test_norms_have_a_number_for_each_row_of_results_and_each_layer():
    for norm in rows("norms"):
        setting = Images(norm["activation"], network=norm["network"])
        curve = rows("curves", **{name: norm[name] for name in norm if name not in ("runs", "norms")})
        assert len(curve) == norm["runs"]
        assert {len(layers) for layers in norm["norms"]} == {len(setting.layers)}
        assert {len(row["train_loss"]) for row in curve} == {len(norm["norms"])}


def test_the_recipe_gives_its_first_epochs_again(recipe):
    published = {"network": "cnn", "task": "mnist", "optimizer": "adam", "rate": 0.001}
    (stored,) = rows("curves", activation="relu", seed=0, **published)
    setting = Images("relu", optimizer="adam", epochs=2)
    course, _ = setting.course(0, "cpu")
    # the same weights, digits and order; training amplifies the last bit, which differs between processors
    assert np.allclose(course.train_loss, stored["train_loss"][:2], rtol=0.01)
    assert np.allclose(course.test_accuracy, stored["test_accuracy"][:3], atol=0.011)


def test_the_tables_of_a_store_agree_with_its_runs(recipe, tmp_path):
    study = images(2, ["elu"], ["adam"], **TINY)
    experiments.run(study, tmp_path / "mnist.sqlite", workers=1)
    stores = {"mnist": results.Store(tmp_path / "mnist.sqlite")}
    runs = list(stores["mnist"].runs())
    (first, second), (curve, _) = recipe.ends(stores), recipe.curves(stores)
    assert (first["seed"], second["seed"]) == (0, 1)
    assert first["test_accuracy"] == pytest.approx(runs[0].test_accuracy[-1], rel=1e-3)
    f1 = train.weighted_f1(torch.from_numpy(runs[0].more["confusion"][-1]))
    assert first["f1"] == pytest.approx(f1.item(), rel=1e-3) and first["stop"] is None
    assert curve["batch_loss"] is None and curve["train_loss"] == pytest.approx(runs[0].loss.tolist(), rel=1e-3)
    (norm,) = recipe.norms(stores)
    middle = np.median([run.more["norms"] for run in runs], axis=0)
    assert norm["runs"] == 2 and np.allclose(norm["norms"], middle, rtol=1e-3)


def test_the_rows_of_a_store_that_is_not_there_stay(recipe):
    here = {"mnist": None, "resnet50": None, "resnet50_narrow": None}
    old, origin = recipe.kept(here)
    assert len(old["runs"]) == len(old["curves"]) == origin["cifar10"]["runs"] == 30 and list(origin) == ["cifar10"]
    assert {row["task"] for table in old.values() for row in table} == {"cifar10"}
    assert "--photographs" in origin["cifar10"]["command"] and origin["cifar10"]["trained"]
    assert recipe.kept(here | {"cifar10": None}) == ({name: [] for name in recipe.TABLES}, {})
    old, origin = recipe.kept({"cifar10": None})
    assert origin.keys() == here.keys() and len(old["runs"]) + 30 == len(rows("runs"))
    assert sum(store["runs"] for store in origin.values()) == len(old["runs"])


def test_times_stand_side_by_side(recipe):
    found = {(row["network"], row["optimizer"], row["activation"]): row for row in rows("costs")}
    assert len(found) == 2 * 2 * len(recipe.FIVE)
    assert all(0 < row["milliseconds"] <= row["median"] for row in found.values())
