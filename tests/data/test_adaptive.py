"""The study of adaptive units: a run at a tiny size on the real digits, and the tables, whole and in agreement."""

import json

import numpy as np
import pytest
import torch
from recipes import recipe_of
from torch import nn

from actlab import experiments, networks, results

TINY = {"points": 96, "test_points": 50, "epochs": 2, "widths": (3, 4, 5), "hidden": (6,)}


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("adaptive")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("adaptive") / "tiny.sqlite"
    names = ("relu", "prelu", "apl_3", "apl_5_zero", "apl_5_frozen")
    experiments.run(experiments.adaptive(2, names=names, **TINY), path, workers=1)
    return results.Store(path)


def test_every_arm_is_run_with_every_seed(store, recipe):
    found = [(recipe.arm(run.setting), run.seed) for run in store.runs()]
    assert found == [
        (name, seed) for name in ("relu", "prelu", "apl_3", "apl_5_zero", "apl_5_frozen") for seed in (0, 1)
    ]
    for run in store.runs():
        assert run.loss.shape == (2,) and run.test_accuracy.shape == (3,) and run.more["norms"].shape == (2, 5)


def test_shapes_are_kept_before_and_after_each_epoch_asked_for(store):
    units = 3 + 4 + 5 + 6
    for run in store.runs(activation="apl"):
        a, b = run.more["a"], run.more["b"]
        assert a.shape == b.shape == (3, run.setting["hinges"], units)
        fresh = experiments.Adaptive(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in run.setting.items()}
        ).build(run.seed)
        start = torch.cat([layer.a.detach() for layer in fresh if isinstance(layer, networks.APL)], dim=1)
        assert np.array_equal(a[0], start.numpy())
        if run.setting["frozen"]:
            assert np.array_equal(a[0], a[-1]) and np.array_equal(b[0], b[-1])
        else:
            assert not np.array_equal(a[0], a[-1]) and not np.array_equal(b[0], b[-1])
    assert "a" not in next(iter(store.runs(activation="relu"))).more


def test_a_run_comes_out_again_and_another_seed_is_another(store, tmp_path):
    again = tmp_path / "again.sqlite"
    experiments.run(experiments.adaptive(2, names=("apl_3",), **TINY), again, workers=1)
    first, second = results.Store(again).runs(hinges=3)
    stored = next(iter(store.runs(hinges=3)))
    assert np.array_equal(stored.loss, first.loss) and np.array_equal(stored.more["a"], first.more["a"])
    assert not np.array_equal(first.loss, second.loss)


def test_arms_of_one_seed_share_digits_order_and_weights():
    relu, apl = (setting for setting in experiments.adaptive(1, names=("relu", "apl_5"), **TINY).settings)
    for seed in (0, 3):
        pairs = zip(relu.build(seed), apl.build(seed), strict=True)
        assert all(torch.equal(a.weight, b.weight) for a, b in pairs if isinstance(a, nn.Conv2d | nn.Linear))
        assert all(torch.equal(a, b) for a, b in zip(relu.split(seed), apl.split(seed), strict=True))
    assert not torch.equal(relu.split(0).train_x, relu.split(1).train_x)


def test_stacks_have_as_many_convolutions_as_widths_and_smaller_digits():
    study = experiments.adaptive(1, names=("relu", "apl_5"), depths=(3, 5))
    assert [len(s.widths) for s in study.settings] == [3, 3, 5, 5]
    for setting in study.settings:
        found = sum(isinstance(layer, nn.Conv2d) for layer in setting.build(0))
        assert found == len(setting.widths) and setting.split(0).train_x.shape[1:] == (1, 14, 14)


@pytest.mark.parametrize(
    ("entries", "error", "words"),
    [
        ({"activation": "rellu"}, KeyError, "relu"),
        ({"activation": "apl"}, ValueError, "at least one hinge"),
        ({"activation": "relu", "hinges": 2}, ValueError, "relu has none of them"),
        ({"activation": "relu", "frozen": True}, ValueError, "are of APL units"),
        ({"activation": "relu", "task": "cifar"}, KeyError, "did you mean 'cifar10'"),
        ({"activation": "relu", "network": "nets"}, KeyError, "did you mean 'net'"),
        ({"activation": "apl", "hinges": 1, "start": "none"}, KeyError, "no start named 'none'"),
        ({"activation": "relu", "side": 15}, ValueError, "side 28 or a divisor"),
        ({"activation": "relu", "side": 14}, ValueError, "side 14"),
        ({"activation": "relu", "network": "stack"}, ValueError, "a stack has equal widths"),
        ({"activation": "relu", "epochs": 0}, ValueError, "epochs is a whole number from 1"),
        ({"activation": "relu", "rate": float("nan")}, ValueError, "rate is a positive number"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(entries, error, words):
    with pytest.raises(error, match=words):
        experiments.Adaptive(**entries)


def test_an_unknown_arm_is_refused_with_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'apl_5'"):
        experiments.adaptive(names=("apl5",))


# --- the tables


def test_the_recipe_makes_tables_of_whatever_runs_there_are(store, recipe):
    runs = list(recipe.runs({"digits": store}))
    assert [(row["arm"], row["seed"]) for row in runs][:3] == [("relu", 0), ("relu", 1), ("prelu", 0)]
    shapes = list(recipe.shapes(store))
    assert len(shapes) == 2 * 2 * 4 * 3  # learned arms, seeds, layers, epochs kept
    for row in shapes:
        if row["epoch"] == 0:
            assert row["moved"] == row["a_moved"] == row["b_moved"] == 0 and row["sign_kept"] == 1
        elif row["arm"] == "apl_3":
            assert row["moved"] > 0
    assert {row["n"] for row in recipe.norms(store)} == {2}
    json.dumps([runs, shapes, list(recipe.drawn(store)), list(recipe.slopes(store))], allow_nan=False)


def test_what_hinges_add_is_the_unit_less_relu(recipe):
    layer = networks.APL(4, 3, dtype=torch.float64)
    z = torch.tensor(recipe.GRID)[:, None].expand(-1, 4)
    added = recipe.beside(layer.a.detach().numpy(), layer.b.detach().numpy())
    np.testing.assert_allclose(added, (layer(z) - z.relu()).detach().numpy(), atol=1e-12)


def test_stored_arms_are_paired_by_seed():
    seeds = {}
    for row in results.load("adaptive", "runs"):
        seeds.setdefault((row["study"], row["arm"], row["depth"]), []).append(row["seed"])
    by_study = {}
    for (study, *_), found in seeds.items():
        by_study.setdefault(study, set()).add(tuple(found))
    assert {study: len(found) for study, found in by_study.items()} == dict.fromkeys(by_study, 1)
    runs = results.provenance("adaptive")["runs"]
    for study, count in runs.items():
        assert count == sum(len(found) for key, found in seeds.items() if key[0] == study)


def test_stored_counts_are_those_of_the_networks(recipe):
    settings = {recipe.arm(vars(setting)): setting for setting in experiments.adaptive(1).settings}
    for row in results.load("adaptive", "costs"):
        network = settings[row["arm"]].build(0)
        assert row["parameters"] == sum(p.numel() for p in network.parameters())


def test_stored_shapes_start_from_the_units_of_the_seed(recipe):
    setting = next(s for s in experiments.adaptive(1).settings if recipe.arm(vars(s)) == "apl_5")
    units = [layer for layer in setting.build(0) if isinstance(layer, networks.APL)]
    layers = dict(zip(recipe.layers(vars(setting)), units, strict=True))
    rows = [r for r in results.load("adaptive", "units") if (r["arm"], r["epoch"]) == ("apl_5", 0)]
    assert len(rows) == 4 * recipe.UNITS
    for row in rows:
        for name in "ab":
            right = getattr(layers[row["layer"]], name)[:, row["unit"]].detach().numpy()
            np.testing.assert_allclose(row[name], right, atol=5.1e-5)


@pytest.mark.usefixtures("one_thread")
def test_a_stored_run_comes_out_again(recipe):
    """Two epochs of the first run: 64 updates of float32 elsewhere move single answers, so the band is a point."""
    setting = next(s for s in experiments.adaptive(1, epochs=1).settings if recipe.arm(vars(s)) == "prelu")
    course, _ = setting.course(0, "cpu")
    rows = results.load("adaptive", "runs")
    row = next(r for r in rows if (r["study"], r["arm"], r["seed"]) == ("digits", "prelu", 0))
    assert course.test_accuracy[0].item() == pytest.approx(row["test_accuracy"][0], abs=0.002)
    assert course.train_loss[0].item() == pytest.approx(row["train_loss"][0], rel=1e-2)
    assert course.test_accuracy[1].item() == pytest.approx(row["test_accuracy"][1], abs=0.02)
