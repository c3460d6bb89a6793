"""The stored comparison of plain and gated blocks: the table is whole, and its recipe gives its rows again."""

from itertools import product

import pytest
import torch
from recipes import recipe_of
from torch import nn

from actlab import gates, results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("gate_tasks")


@pytest.fixture(scope="module")
def rows():
    return results.load("gate_tasks")


def test_every_run_is_stored_once(recipe, rows):
    keys = [(r["task"], r["function"], r["rate"], r["start"]) for r in rows]
    assert keys == list(product(recipe.TASKS, (*recipe.PLAIN, *recipe.GATED), recipe.RATES, recipe.STARTS))


def test_plain_and_gated_networks_have_the_same_parameters_within_a_hundredth(rows):
    counts = {r["parameters"] for r in rows}
    assert max(counts) / min(counts) < 1.01


@pytest.mark.parametrize("name", ["gelu", "swiglu", "bilinear"])
def test_the_networks_are_those_of_the_package(recipe, name):
    # the same numbers, laid into actlab's block
    parameters = recipe.start(name, 3)
    if name in recipe.PLAIN:
        layers = [nn.Linear(8, 64), nn.Linear(64, 8), nn.Linear(8, 1)]
        network = nn.Sequential(layers[0], nn.GELU(), layers[1], layers[2])
    else:
        block, readout = gates.GatedFeedForward(8, 64, name), nn.Linear(8, 1)
        layers = [block.value, block.gate, block.down, readout]
        network = nn.Sequential(block, readout)
    with torch.no_grad():
        for layer, weight, bias in zip(layers, parameters[::2], parameters[1::2], strict=True):
            layer.weight.copy_(weight.T)
            layer.bias.copy_(bias[0])
        x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
        found = recipe.outputs(name, [p[None] for p in parameters], x[None])[0]
        torch.testing.assert_close(found, network(x)[:, 0], rtol=1e-5, atol=1e-6)
    assert sum(p.numel() for p in parameters) == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("task", ["products", "waves", "corners"])
def test_every_target_has_mean_square_one(recipe, task):
    x = torch.randn(200_000, 8, generator=torch.Generator().manual_seed(0))
    y = recipe.TASKS[task](x)
    assert y.mean().item() == pytest.approx(0, abs=0.01)
    assert y.square().mean().item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("task", "name"), [("products", "relu_squared"), ("waves", "glu"), ("corners", "relu")])
def test_a_run_comes_out_again(recipe, rows, task, name):
    stored = {r["start"]: r for r in rows if (r["task"], r["function"], r["rate"]) == (task, name, 0.03)}
    for again in recipe.train(task, name, 0.03, starts=(2, 7)):
        row = stored[again["start"]]
        assert list(again) == list(row)
        # networks side by side and another processor add up in another order, and training amplifies that
        assert again["train_loss_100"] == pytest.approx(row["train_loss_100"], rel=0.02)
        assert again["test_loss"] == pytest.approx(row["test_loss"], rel=0.7)


def test_a_run_does_not_depend_on_the_global_generator(recipe):
    alone = recipe.train("waves", "swiglu", 0.03, starts=(0,), steps=102)
    torch.manual_seed(5)
    assert recipe.train("waves", "swiglu", 0.03, starts=(0,), steps=102) == alone
