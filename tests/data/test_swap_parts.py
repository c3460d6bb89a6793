"""The stored runs in which one part of a swapped function is undone, and the recipe that makes them."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from recipes import recipe_of

from actlab import activations, experiments, networks, results
from actlab.networks import _text

pytestmark = pytest.mark.usefixtures("one_thread")
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec(_text.PACKAGE) is None,
    reason="needs the extra transformers",
)
TINY = {"sentences": 64, "test": 12, "watched": 8, "longest": 8, "batch_size": 4}


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("swap_parts")


def test_seeds_are_whole_and_the_first_ones(recipe):
    rows = results.load("swap_parts", "runs")
    keys = [(row["activation"], row["part"], row["seed"]) for row in rows]
    seeds = results.provenance("swap_parts")["seeds"]
    assert keys == recipe.jobs(seeds) and seeds == list(recipe.SEEDS[: len(seeds)])
    looks = [(row["activation"], row["part"], row["seed"]) for row in results.load("swap_parts", "looks")]
    assert len(set(looks)) == len(looks) and set(keys) <= set(looks)
    untrained = set(looks) - set(keys)
    assert untrained == {(*pair, seed) for pair in recipe.ELSEWHERE for seed in recipe.STUDIED}


def test_seeds_that_the_study_lacks_have_its_runs_too(recipe):
    eleven, eighteen = ([(name, part) for name, part, _ in recipe.jobs([seed])] for seed in (4, 5))
    assert len(eleven) == 11 and len(set(eighteen)) == 18
    assert set(eighteen) - set(eleven) == {("gelu", "none")} | {
        (name, part) for name in ("tanh", "elu", "sigmoid") for part in ("none", "both")
    }


def test_runs_are_paired_with_those_of_the_study():
    majority = {
        row["seed"]: row["majority"]
        for row in results.load("transformers", "swaps")
        if row["activation"] == "gelu" and row["start"] == "pretrained"
    }
    rows = [row for row in results.load("swap_parts", "runs") if row["seed"] in majority]
    assert rows and all(row["majority"] == majority[row["seed"]] for row in rows)
    drawn = {(row["seed"], row["majority"]) for row in results.load("swap_parts", "runs")}
    assert len({seed for seed, _ in drawn}) == len(drawn)


def test_tables_leave_a_seed_out_that_is_not_whole(recipe, tmp_path, monkeypatch):
    kept = {}
    monkeypatch.setattr(recipe.results, "save", lambda name, tables, **more: kept.update(tables, **more))
    look = dict.fromkeys(recipe.LOOK, 0)
    run = look | dict.fromkeys(("accuracy", "positive", "majority", "train_loss", "seconds"), 1)
    file = tmp_path / "runs.jsonl"
    for name, part, seed in [(*pair, seed) for pair in recipe.ELSEWHERE for seed in recipe.STUDIED]:
        recipe.note(file, look | {"activation": name, "part": part, "seed": seed})
    for name, part, seed in recipe.jobs([0, 1])[:-1]:
        recipe.note(file, run | {"activation": name, "part": part, "seed": seed})
    monkeypatch.setattr("sys.argv", ["make.py", str(file), "--tables"])
    recipe.main()
    assert kept["seeds"] == [0] and [row["seed"] for row in kept["runs"]] == 11 * [0]
    assert kept["training_seconds"] == 11


def test_the_numbers_are_those_of_other_formulas(recipe):
    z = torch.randn(400, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64) - 1
    f, g = activations.get("tanh")(z), activations.get("gelu")(z)
    columns = np.stack([f.flatten(), np.ones(f.numel())], axis=1)
    factor, offset = np.linalg.lstsq(columns, g.flatten().numpy(), rcond=None)[0]
    assert recipe.numbers("both", f, g) == pytest.approx((factor, offset), abs=1e-12)
    assert recipe.numbers("factor", f, g) == (pytest.approx(factor, abs=1e-12), 0.0)
    assert recipe.numbers("none", f, g) == (1.0, 0.0)
    one, shift = recipe.numbers("offset", f, g)
    assert one == 1 and shift == pytest.approx((g.mean() - f.mean()).item(), abs=1e-12)
    one, shifts = recipe.numbers("units", f, g)
    assert one == 1 and shifts.shape == (6,)
    torch.testing.assert_close((f + shifts).median(0).values, g.median(0).values, rtol=0, atol=1e-6)


def test_a_run_that_was_cut_short_is_made_again(recipe, tmp_path):
    file = tmp_path / "runs.jsonl"
    run = {"activation": "tanh", "part": "factor", "seed": 0, "accuracy": 0.7}
    look = {"activation": "tanh", "part": "none", "seed": 0, "cosine": 0.9}
    file.write_text(json.dumps(run) + "\n" + json.dumps(look) + "\n" + json.dumps(run)[:-9], encoding="utf-8")
    assert recipe.stored(file) == {("tanh", "factor", 0): run}
    assert recipe.stored(file, trained=False) == {("tanh", "none", 0): look}
    assert recipe.stored(tmp_path / "none") == {}


@needs_weights
@pytest.mark.parametrize(("part", "start"), [("none", "pretrained"), ("both", "calibrated")])
def test_a_part_that_the_study_has_is_the_same_network(recipe, part, start):
    ours, split = recipe.begin("tanh", part, 0, **TINY)
    theirs, _ = experiments.Swap("tanh", start, **TINY).network(0)
    x = split.test_x
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=1e-3, atol=1e-5)


@needs_weights
def test_training_is_that_of_the_study(recipe):
    small = TINY | {"updates": 4, "rows": 2}
    _, more = experiments.Swap("tanh", **small).course(0, "cpu")
    row = recipe.run("tanh", "none", 0, updates=4, **TINY)
    answers = more["answers"]
    assert row["accuracy"] == pytest.approx(answers.diagonal().sum() / answers.sum(), abs=1e-4)
    assert row["positive"] == pytest.approx(answers[:, 1].sum() / answers.sum(), abs=1e-4)


@needs_weights
def test_the_look_of_a_stored_row_comes_out_again(recipe):
    (row,) = (
        row
        for row in results.load("swap_parts", "looks")
        if (row["activation"], row["part"], row["seed"]) == ("tanh", "units", 0)
    )
    again = recipe.look("tanh", "units", 0, *recipe.begin("tanh", "units", 0))
    assert list(again) == list(row)
    for name in recipe.SEEN:
        assert again[name] == pytest.approx(row[name], rel=0.01)


@needs_weights
def test_gelu_gets_the_middles_of_tanh(recipe):
    network, split = experiments.Swap("gelu", **TINY).network(0)
    ids = split.train_x[:48]
    z = networks.inside(network, ids).z[0].double()
    recipe.adjust(network, "gelu", "units", ids)
    adjusted = network.body.encoder.layer[0].intermediate.intermediate_act_fn(z.float())
    wanted = activations.get("tanh")(z).median(0).values
    torch.testing.assert_close(adjusted.median(0).values.double(), wanted, rtol=0, atol=1e-5)
