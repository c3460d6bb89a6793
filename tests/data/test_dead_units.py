"""The stored dead units: the tables are whole, their counts make sense, and the recipe gives their rows again."""

import pytest
import torch
from recipes import recipe_of

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")
TABLES = pytest.mark.parametrize("table", ["dead_units", "leaks"])


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("dead_units")


@pytest.fixture(scope="module")
def rows():
    return {table: results.load("dead_units", table) for table in ("dead_units", "leaks")}


def config_of(row):
    return row["optimizer"], row["depth"], row["rate"], row["start"], row["leak"]


@TABLES
def test_every_network_is_stored_once(recipe, rows, table):
    keys = [(config_of(row), row["seed"]) for row in rows[table]]
    assert keys == [(config, seed) for config in recipe.CONFIGS[table] for seed in recipe.SEEDS]


@TABLES
def test_counts_fit_into_their_layers(rows, table):
    for row in rows[table]:
        if row["accuracy"] is None:
            continue
        for where, units in (("first", 16), ("deeper", 16 * (row["depth"] - 1))):
            of = {name.removeprefix(f"{where}_"): value for name, value in row.items() if name.startswith(where)}
            assert of["end"] == of["begin"] + of["killed"] - of["woken"]
            assert 0 <= of["killed"] <= units - of["begin"] and 0 <= of["woken"] <= of["begin"]
            assert max(of["begin"], of["end"], of["killed"]) <= of["fell"] <= units and 0 <= of["back"] <= of["fell"]
            assert of["fell"] - of["end"] <= of["back"], "a unit that fell and answers at the end came back"
            assert of["over_10"] <= of["over_100"] <= of["falls"]


@TABLES
def test_only_what_is_known_of_a_network_that_diverged_is_stored(rows, table):
    for row in rows[table]:
        unknown = {name for name, value in row.items() if value is None}
        if unknown:
            assert row["optimizer"] == "sgd", "Adam's steps are bounded, so nothing diverges"
            assert unknown == set(list(row)[6:]) - {"first_begin", "deeper_begin"}


def test_birth_depends_on_nothing_that_follows_and_on_no_leak(rows):
    born = {}
    for row in (*rows["dead_units"], *rows["leaks"]):
        key = row["start"], row["depth"], row["seed"]
        if row["leak"] == 0 or row["depth"] == 2:  # deeper, a leak moves the inputs
            counts = row["first_begin"], *([row["deeper_begin"]] if row["leak"] == 0 else [])
            assert born.setdefault((key, row["leak"] == 0), counts) == counts


def test_no_first_layer_unit_comes_back_under_plain_gradient_descent_without_a_leak(rows):
    chosen = [row for row in rows["dead_units"] if row["optimizer"] == "sgd" and row["accuracy"] is not None]
    assert sum(row["first_fell"] for row in chosen) > 1000
    assert sum(row["first_back"] for row in chosen) == 0


@pytest.mark.parametrize("config", [("adam", 2, 0.003, "he", 0.0), ("sgd", 2, 0.1, "he", 0.1)])
def test_rows_come_out_again(recipe, rows, config):
    table = "leaks" if config[-1] else "dead_units"
    stored = [row for row in rows[table] if config_of(row) == config][:4]
    for row, again in zip(stored, recipe.rows_of(config, seeds=range(4)), strict=True):
        assert list(again) == list(row)
        assert (again["first_begin"], again["deeper_begin"]) == (row["first_begin"], row["deeper_begin"])
        # float64 and a small rate: another processor parts from this one by far less than a unit or a point
        assert again["deeper_end"] == pytest.approx(row["deeper_end"], abs=1)
        assert again["train_loss"] == pytest.approx(row["train_loss"], rel=0.01)
        assert again["accuracy"] == pytest.approx(row["accuracy"], abs=0.002)


def test_networks_side_by_side_are_independent(recipe):
    config = ("adam", 4, 0.01, "torch", 0.0)
    together, loss, right = recipe.run(*config, steps=20, seeds=range(3))
    alone, loss_alone, right_alone = recipe.run(*config, steps=20, seeds=[2])
    assert torch.equal(together[:, :, 2], alone[:, :, 0])
    assert loss[2].item() == pytest.approx(loss_alone[0].item(), rel=1e-9)
    assert right[2] == pytest.approx(right_alone[0].item(), abs=0.001)


def test_points_and_weights_of_one_seed_are_drawn_apart(recipe):
    seeds = results.provenance("dead_units")["seeds"]
    assert seeds["data"] == list(recipe.SEEDS) and not set(seeds["data"]) & set(seeds["weights"])


@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_a_unit_is_silent_where_plain_torch_finds_no_slope_but_the_leak(recipe, leak):
    weights, biases = recipe.initial("he, bias 1", 2, [4])
    silent, loss, _ = recipe.run("sgd", 2, 3.0, "he, bias 1", leak, steps=1, seeds=[4])
    layers = [torch.nn.Linear(*shape, dtype=torch.float64) for shape in ((2, 16), (16, 16), (16, 1))]
    for layer, weight, bias in zip(layers, weights, biases, strict=True):
        layer.weight.data, layer.bias.data = weight[0].T.clone(), bias[0, 0].clone()
    task = recipe.data.disk(recipe.POINTS, test=2000, seed=4, dtype=torch.float64)
    act = torch.nn.LeakyReLU(leak)
    network = torch.nn.Sequential(layers[0], act, layers[1], act, layers[2])
    for step in range(2):
        z1 = layers[0](task.train_x)
        z2 = layers[1](act(z1))
        for layer, z in enumerate((z1, z2)):
            (slope,) = torch.autograd.grad(act(z).sum(), z, retain_graph=True)
            assert torch.equal(silent[step, layer, 0], (slope == leak).all(dim=0))
        now = torch.nn.functional.binary_cross_entropy_with_logits(network(task.train_x)[:, 0], task.train_y)
        if step == 0:
            now.backward()
            torch.optim.SGD(network.parameters(), lr=3.0).step()
    assert loss[0].item() == pytest.approx(now.item(), rel=1e-9)


def test_a_falling_unit_is_counted_by_hand(recipe):
    # one layer, one net, units as columns, a row a step: born dead and woken; falls for 1 step; falls for 3 and stays
    # silent in the end; never silent
    courses = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    silent = torch.tensor(courses, dtype=torch.bool)[:, None, None, :]
    quiet = torch.zeros(recipe.LATER, 1, 1, 4, dtype=torch.bool)
    quiet[:, ..., 2] = True
    found = recipe.counts(torch.cat([silent, quiet]))
    expected = {"begin": 1, "end": 1, "killed": 1, "woken": 1, "fell": 3, "back": 3}
    # the last fall, after update 5, is followed by LATER steps and not over; the first two are over after 1 and 3
    expected |= {"falls": 3, "over_10": 2, "over_100": 2}
    assert {name: int(of) for name, of in found.items()} == expected
