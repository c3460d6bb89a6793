"""The stored deep tanh networks: the tables are whole, the rate was chosen by the rule, and the recipe gives its rows
again.
"""

import math
from itertools import product

import pytest
import torch
from recipes import recipe_of

from actlab import data, networks, results, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("tanh_gains")


@pytest.fixture(scope="module")
def rows():
    return results.load("tanh_gains")


@pytest.fixture(scope="module")
def tuning():
    """From depth, optimizer and gain to the trials, in the order of their rates."""
    found = {}
    for trial in results.load("tanh_gains", "tuning"):
        found.setdefault((trial["depth"], trial["optimizer"], trial["gain"]), []).append(trial)
    return found


def test_every_run_is_stored_once_at_the_rate_that_was_chosen(recipe, rows, tuning):
    settings = list(product(recipe.DEPTHS, ("sgd", "adam"), [round(gain, 4) for gain in recipe.GAINS]))
    assert list(tuning) == settings
    chosen = {key: [trial["rate"] for trial in trials if trial["chosen"]] for key, trials in tuning.items()}
    assert [(r["depth"], r["optimizer"], r["gain"], r["rate"], r["seed"]) for r in rows] == [
        (*key, rate, seed) for key in settings for rate in chosen[key] for seed in recipe.SEEDS
    ]


def test_the_runs_that_are_counted_had_no_part_in_the_choice(recipe, tuning):
    assert not set(recipe.SEEDS) & set(recipe.TUNING)
    assert {trial["runs"] for trials in tuning.values() for trial in trials} == {len(recipe.TUNING)}


def test_no_rate_of_a_gain_that_learns_stands_at_the_end_of_those_tried(recipe, tuning):
    for key, trials in tuning.items():
        rates = [trial["rate"] for trial in trials]
        first, last = recipe.LADDER.index(rates[0]), recipe.LADDER.index(rates[-1])
        assert rates == list(recipe.LADDER[first : last + 1]), key  # no step of the ladder is left out
        (best,) = (trial for trial in trials if trial["chosen"])
        assert min((-trial["learned"], trial["train_loss"]) for trial in trials) == (
            -best["learned"],
            best["train_loss"],
        ), key
        if best["learned"]:
            assert rates[0] < best["rate"] < rates[-1], key


def fake(best_rate, learned=5):
    """A stand-in for `some`: the loss grows with the distance from the best rate, on a logarithmic scale."""

    def run(depth, optimizer, rate, gains, seeds):
        off = abs(math.log10(rate / best_rate)) / 50
        losses = [(0.1 if i < learned else 0.5) + off for i, _ in enumerate(seeds)]
        row = {"depth": depth, "optimizer": optimizer, "gain": gains[0], "rate": rate, "test_accuracy": 0.5}
        return [row | {"train_loss": loss} for loss in losses]

    return run


@pytest.mark.parametrize("best_rate", [0.0005, 0.02, 0.2])
def test_the_rates_are_extended_until_the_best_stands_between_two_others(recipe, best_rate):
    trials = recipe.tune(50, "sgd", 1.0, range(6), fake(best_rate))
    rates = [trial["rate"] for trial in trials]
    (chosen,) = (trial["rate"] for trial in trials if trial["chosen"])
    assert chosen == best_rate
    assert rates[0] < best_rate < rates[-1]


def test_a_ladder_that_ends_too_early_is_an_error_and_where_nothing_learns_there_is_nothing_to_choose(recipe):
    with pytest.raises(ValueError, match=r"end of the ladder: 5 for 50 layers, sgd, gain 1;"):
        recipe.tune(50, "sgd", 1.0, range(6), fake(100.0))
    (*_, last) = recipe.tune(50, "sgd", 1.0, range(6), fake(100.0, learned=0))
    assert (last["rate"], last["chosen"]) == (5, True)


def test_more_runs_that_learn_count_before_a_lower_loss(recipe):
    trials = [
        {"learned": 6, "train_loss": 0.01},
        {"learned": 7, "train_loss": 0.2},
        {"learned": 7, "train_loss": 0.1},
    ]
    assert recipe.best(trials) is trials[2]


def test_runs_come_out_again_on_their_way_down(recipe, rows):
    # Early, most of them, and at a gain so small that training does not amplify the last bits of a sum, which depend
    # on the processor: at larger ones single runs are elsewhere after 50 steps.
    stored = [r for r in rows if (r["depth"], r["optimizer"], r["gain"]) == (20, "adam", 0.5774)][:8]
    again = recipe.some(20, "adam", stored[0]["rate"], [0.5774], [r["seed"] for r in stored], steps=recipe.EARLY + 1)
    losses = [(new["early_loss"], old["early_loss"]) for new, old in zip(again, stored, strict=True)]
    assert sum(new == pytest.approx(old, rel=2e-3) for new, old in losses) >= 6
    assert max(old for _, old in losses) > 1.02 * min(old for _, old in losses)  # and they differ


def test_the_gradients_by_hand_are_those_of_autograd(recipe):
    parameters = [part.double().requires_grad_() for part in recipe.start([1.2], [0, 1], depth=4)]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 2, 30, generator=generator, dtype=torch.float64)
    y = (x.square().sum(1) < 1).double()
    a, layers = x, len(parameters) // 2
    for layer in range(layers):
        z = parameters[layer].mT @ a + parameters[layers + layer]
        a = torch.tanh(z) if layer < layers - 1 else z
    loss = torch.nn.functional.binary_cross_entropy_with_logits(a[:, 0], y, reduction="none").mean(1).sum()
    with torch.no_grad():
        by_hand = recipe.gradients(parameters, recipe.outputs(parameters, x), y)
    for mine, true in zip(by_hand, torch.autograd.grad(loss, parameters), strict=True):
        torch.testing.assert_close(mine, true, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.1), ("adam", 0.001)])
def test_the_networks_are_those_of_the_package(recipe, optimizer, rate):
    # one of the recipe's stacked networks against an ordinary one, trained by the ordinary loop
    steps, seed = recipe.EARLY + 1, 4
    parameters = recipe.start([1.2], [seed], depth=3)
    network = networks.mlp([2, *[recipe.WIDTH] * 3, 1], "tanh")
    layers = [layer for layer in network if hasattr(layer, "weight")]
    with torch.no_grad():
        for layer, weight in zip(layers, parameters[:4], strict=True):
            layer.weight.copy_(weight[0].T)
            layer.bias.zero_()
    history = train.fit(network, data.disk(200, test=2000, seed=seed), steps=steps, rate=rate, optimizer=optimizer)
    (row,) = recipe.some(3, optimizer, rate, gains=[1.2], seeds=[seed], steps=steps)
    assert row["early_loss"] == pytest.approx(history.loss[-1].item(), rel=1e-3)
