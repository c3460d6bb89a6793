"""The stored costs of a look at a network: within their limits, and their recipe still makes such a table.

No test times anything anew: times are facts of one machine on one day.
"""

import pytest
import torch
from recipes import recipe_of
from site_checks import ROOT

from actlab import diagnostics, results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("health_cost")


@pytest.fixture(scope="module")
def rows():
    return {row["network"]: row for row in results.load("health_cost")}


@pytest.mark.parametrize("name", ["resnet18", "bert"])
def test_a_look_costs_less_than_three_passes_and_half_the_memory_again(rows, name):
    row = rows[name]
    assert 1 < row["health_ratio"] <= 3 and row["health_mb"] <= 1.5 * row["plain_mb"]


def test_watching_training_costs_less_than_three_hundredths(rows):
    assert all(0 < row["monitor_share"] <= 0.03 for row in rows.values())


def test_the_numbers_hang_together(rows, recipe):
    assert list(rows) == list(recipe.MAKES) == list(recipe.SIZES)
    for row in rows.values():
        for kind in recipe.KINDS[1:]:
            assert row[f"{kind}_least"] <= row[f"{kind}_ratio"] <= row[f"{kind}_most"]
        for kind in ("plain", "measured", "health"):
            assert 0 < row[f"{kind}_added_mb"] < row[f"{kind}_mb"]


def test_the_record_and_the_readme_say_what_was_done(recipe):
    made = results.provenance("health_cost")
    assert (made["rounds"], made["every"], made["many"]) == (recipe.ROUNDS, recipe.EVERY, recipe.MANY) == (9, 100, 4)
    assert {name: tuple(size) for name, size in made["sizes"].items()} == recipe.SIZES
    readme = (ROOT / "data/health_cost/README.md").read_text(encoding="utf-8")
    for fact in [
        "4 pictures of 96 x 96",
        "4 sequences of 64 tokens",
        "64 digits",
        "9 rounds",
        "`every=100`",
        "four times",
    ]:
        assert fact in readme
    for column in results.load("health_cost")[0]:
        kind = column.removesuffix("_added_mb").removesuffix("_ratio").removesuffix("_least").removesuffix("_most")
        assert f"`{column}`" in readme or f"`{kind}_…`" in readme or column.endswith("_added_mb")


def test_the_networks_are_those_that_are_named(recipe):
    network, x = recipe.made("resnet18", (2, 3, 32, 32))
    assert sum(isinstance(m, torch.nn.Conv2d) for m in network.modules()) == 20  # 17 and three ways around
    assert sum(p.numel() for p in network.parameters()) == 11_181_642  # torchvision's, with ten classes
    s = diagnostics.signals(network.eval(), x)
    assert len(s.layers) == 17 and s.coverage.complete
    pytest.importorskip("transformers")
    network, x = recipe.made("bert", (2, 8))
    assert network.config.num_hidden_layers == 6 and diagnostics.signals(network, x).coverage.complete


def test_every_kind_of_step_is_timed_in_every_round(recipe):
    times = recipe.timed("mlp", (4, 784), 2)
    assert {kind: len(values) for kind, values in times.items()} == dict.fromkeys(recipe.KINDS, 2)
    assert all(value > 0 for values in times.values() for value in values)


def test_the_share_counts_a_measured_step_and_the_one_after_it(recipe):
    times = {"plain": [1.0, 2.0, 1.0], "measured": [3.0, 6.0, 2.0], "passed": [1.5, 3.0, 1.0]}
    assert recipe.share(times, 100) == pytest.approx(0.025)  # of 0.025, 0.025 and 0.01
