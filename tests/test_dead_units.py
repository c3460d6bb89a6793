"""The stored dead units: the table is whole, its counts make sense, and the recipe gives its rows again."""

from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("dead_units")


@pytest.fixture(scope="module")
def rows():
    return results.load("dead_units")


def test_every_network_is_stored_once(recipe, rows):
    keys = [((r["optimizer"], r["start"], r["depth"], r["rate"]), r["seed"]) for r in rows]
    assert keys == list(product(recipe.CONFIGS, recipe.SEEDS))


def test_counts_fit_into_their_layers(rows):
    for row in rows:
        for where, units in (("first", 16), ("deeper", 16 * (row["depth"] - 1))):
            begin, end, fell, back = (row[f"{where}_{what}"] for what in ("begin", "end", "fell", "back"))
            assert 0 <= max(begin, end) <= fell <= units and 0 <= back <= fell
            assert fell - end <= back, "a unit that fell and is not dead at the end came back"


def test_birth_does_not_depend_on_what_follows(rows):
    born = {}
    for row in rows:
        key = row["start"], row["depth"], row["seed"]
        counts = row["first_begin"], row["deeper_begin"]
        assert born.setdefault(key, counts) == counts


def test_no_first_layer_unit_comes_back_under_plain_gradient_descent(rows):
    chosen = [row for row in rows if row["optimizer"] == "sgd"]
    assert sum(row["first_fell"] for row in chosen) > 1000
    assert sum(row["first_back"] for row in chosen) == 0


def test_rows_come_out_again(recipe, rows):
    config = ("adam", "he", 2, 0.003)
    stored = [r for r in rows if (r["optimizer"], r["start"], r["depth"], r["rate"]) == config]
    for row, again in zip(stored, recipe.rows_of(config), strict=True):
        assert list(again) == list(row)
        assert (again["first_begin"], again["deeper_begin"]) == (row["first_begin"], row["deeper_begin"])
        # float64 and a small rate: another processor parts from this one by far less than a unit or a point
        assert again["deeper_end"] == pytest.approx(row["deeper_end"], abs=1)
        assert again["accuracy"] == pytest.approx(row["accuracy"], abs=0.002)


def test_networks_side_by_side_are_independent(recipe):
    together, right = recipe.run("adam", "torch", 4, 0.01, steps=20, seeds=range(3))
    alone, right_alone = recipe.run("adam", "torch", 4, 0.01, steps=20, seeds=[2])
    assert torch.equal(together[:, :, 2], alone[:, :, 0])
    assert right[2] == pytest.approx(right_alone[0].item(), abs=0.001)


def test_a_unit_is_dead_where_plain_torch_finds_no_gradient(recipe):
    weights, biases = recipe.initial("he, bias 1", 2, [4])
    dead, _ = recipe.run("sgd", "he, bias 1", 2, 3.0, steps=1, seeds=[4])
    layers = [torch.nn.Linear(*shape, dtype=torch.float64) for shape in ((2, 16), (16, 16), (16, 1))]
    for layer, weight, bias in zip(layers, weights, biases, strict=True):
        layer.weight.data, layer.bias.data = weight[0].T.clone(), bias[0, 0].clone()
    x = recipe.data.disk(recipe.POINTS, test=1, seed=0, dtype=torch.float64).train_x
    first = torch.relu(layers[0](x))
    second = torch.relu(layers[1](first))
    for step, (layer, out) in enumerate(zip(layers, (first, second), strict=False)):
        (gradient,) = torch.autograd.grad(out.sum(), layer.bias, retain_graph=True)
        assert torch.equal(dead[0, step, 0], gradient == 0)
