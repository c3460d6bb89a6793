"""The stored int8 study: the tables are whole, rounding does what it says, and a row comes out again."""

import importlib.util

import pytest
import torch
from recipes import recipe_of

from actlab import networks, results
from actlab.networks import _text

pytestmark = pytest.mark.usefixtures("one_thread")
needs_model = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec(_text.PACKAGE) is None,
    reason="needs the extra transformers",
)


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("int8")


@pytest.fixture(scope="module")
def rows():
    return {table: results.load("int8", table) for table in ("digits", "tuning", "sentences", "blocks")}


def test_every_network_is_stored_once_at_the_rate_that_was_chosen(recipe, rows):
    chosen = {trial["function"]: trial["rate"] for trial in rows["tuning"] if trial["chosen"]}
    assert tuple(chosen) == recipe.FUNCTIONS
    assert [(row["function"], row["rate"], row["seed"]) for row in rows["digits"]] == [
        (name, chosen[name], seed) for name in recipe.FUNCTIONS for seed in recipe.SEEDS
    ]
    assert results.provenance("int8")["bits"] == list(recipe.BITS)


def test_no_rate_stands_at_the_end_of_those_tried_and_no_counted_seed_chose_it(recipe, rows):
    assert not set(recipe.SEEDS) & set(recipe.TUNING)
    for name in recipe.FUNCTIONS:
        trials = [trial for trial in rows["tuning"] if trial["function"] == name]
        rates = [trial["rate"] for trial in trials]
        at = recipe.LADDER.index(rates[0])
        assert rates == list(recipe.LADDER[at : at + len(rates)])
        (best,) = (trial for trial in trials if trial["chosen"])
        assert best["accuracy"] == max(trial["accuracy"] for trial in trials)
        assert rates[0] < best["rate"] < rates[-1]


def test_every_draw_has_every_arm_and_every_block(recipe, rows):
    arms = list(dict.fromkeys(row["arm"] for row in rows["sentences"]))
    assert len(arms) == 11
    assert [(row["draw"], row["arm"]) for row in rows["sentences"]] == [
        (d, arm) for d in recipe.DRAWS for arm in arms
    ]
    assert [(row["draw"], row["block"]) for row in rows["blocks"]] == [
        (d, b) for d in recipe.DRAWS for b in range(1, 7)
    ]


def test_symmetric_rounding_by_hand(recipe):
    h = torch.tensor([-1.0, 0.0, 0.26, 0.5, 3.5])
    low, high = recipe.ends(h, "symmetric")
    assert (low, high) == (-3.5, 3.5)
    assert recipe.rounded(h, low, high, 4).tolist() == [-1.0, 0.0, 0.5, 0.5, 3.5]  # a step of 3.5 / 7
    assert recipe.rounded(torch.tensor([9.0, -9.0]), low, high, 4).tolist() == [3.5, -3.5]


def test_affine_rounding_by_hand(recipe):
    h = torch.tensor([-1.0, 0.0, 0.4, 14.0])
    low, high = recipe.ends(h, "affine")
    assert recipe.rounded(h, low, high, 4).tolist() == [-1.0, 0.0, 0.0, 14.0]  # a step of 15 / 15
    low, high = recipe.ends(torch.tensor([2.0, 4.0]), "affine")
    assert (low, high) == (0, 4)  # 0 is always within


def test_a_channel_has_its_own_range_and_an_idle_one_stays_0(recipe):
    h = torch.tensor([[0.7, 70.0, 0.0], [-0.1, 10.0, 0.0]])
    low, high = recipe.ends(h, "symmetric", 1)
    torch.testing.assert_close(high, torch.tensor([[0.7, 70.0, 0.0]]))
    torch.testing.assert_close(recipe.rounded(h, low, high, 4), h)


def test_decibels_are_ten_times_the_logarithm_of_energies(recipe):
    h = torch.ones(100)
    assert recipe.decibels(h, h + 0.1) == pytest.approx(20, abs=1e-4)


@pytest.mark.parametrize("name", recipe_of("int8").FUNCTIONS)
def test_the_stored_trials_are_those_that_the_rule_asks_for(recipe, rows, name):
    trials = [trial for trial in rows["tuning"] if trial["function"] == name]

    def run(of, rate, seeds):
        assert of == name and seeds == recipe.TUNING
        return next({key: value for key, value in t.items() if key != "chosen"} for t in trials if t["rate"] == rate)

    assert recipe.tune(name, run=run) == trials


def test_looking_at_a_network_leaves_it_as_it_was(recipe):
    network = networks.cnn("gelu", seed=0)
    split = recipe.data.mnist(60, test=40, seed=0)
    before = [p.detach().clone() for p in network.parameters()]
    row = recipe.measured(network, split)
    assert all(torch.equal(p, q) for p, q in zip(network.parameters(), before, strict=True))
    right = (network(split.test_x).argmax(1) == split.test_y).double().mean().item()
    assert row["accuracy"] == pytest.approx(right)
    logits, seen = recipe.run(network, split.test_x, lambda h, i: h)
    assert torch.equal(logits, network(split.test_x)) and len(seen) == 4


@pytest.mark.slow
def test_a_network_comes_out_again(recipe, rows):
    stored = next(row for row in rows["digits"] if (row["function"], row["seed"]) == ("relu", 0))
    network, split = recipe.trained("relu", stored["rate"], 0)
    again = recipe.measured(network, split)
    assert list(again) == list(stored)[3:]
    assert again["accuracy"] == pytest.approx(stored["accuracy"], abs=0.03)
    assert again["decibels_tensor"] == pytest.approx(stored["decibels_tensor"], abs=2)


@needs_model
def test_parts_of_the_dip_add_up(recipe):
    calibrating = [torch.randn(50, 6, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    h = torch.randn(20, 6, generator=torch.Generator().manual_seed(2))
    arms = recipe.arms(calibrating, 0)
    mean = arms["its mean alone"](h, 1) - arms["no dip"](h, 1)
    torch.testing.assert_close(mean, calibrating[1].clamp(max=0).mean(0).expand(20, 6))
    torch.testing.assert_close(arms["all but its mean"](h, 1) + mean, h)
    back = arms["int4, mean restored"](calibrating[0], 0)
    torch.testing.assert_close(back.mean(0), calibrating[0].mean(0))


@needs_model
@pytest.mark.slow
def test_a_draw_comes_out_again(recipe, rows):
    again, blocks = recipe.read_through(3, networks.pretrained())
    for found, table in ((again, "sentences"), (blocks, "blocks")):
        stored = [row for row in rows[table] if row["draw"] == 3]
        for row, one in zip(stored, found, strict=True):
            assert list(row) == list(one)
            for key, value in row.items():
                assert value == one[key] if isinstance(value, str) else one[key] == pytest.approx(value, rel=0.01)
