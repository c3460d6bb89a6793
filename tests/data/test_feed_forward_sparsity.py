"""The stored sparsity study: the tables are whole, the rate was chosen by the rule, and pruning does what it says."""

import pytest
import torch
from recipes import recipe_of

from actlab import results
from actlab.scenes import large as scene

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("feed_forward_sparsity")


@pytest.fixture(scope="module")
def rows():
    return results.load("feed_forward_sparsity", "runs")


@pytest.fixture(scope="module")
def tuning():
    """From the function to its trials, in the order of their rates."""
    found = {}
    for trial in results.load("feed_forward_sparsity", "tuning"):
        found.setdefault(trial["function"], []).append(trial)
    return found


def test_every_run_is_stored_once_at_the_rate_that_was_chosen(recipe, rows, tuning):
    assert tuple(tuning) == recipe.FUNCTIONS
    chosen = {name: [trial["rate"] for trial in trials if trial["chosen"]] for name, trials in tuning.items()}
    assert [(row["function"], row["rate"], row["seed"]) for row in rows] == [
        (name, rate, seed) for name in recipe.FUNCTIONS for rate in chosen[name] for seed in recipe.SEEDS
    ]
    kept = results.provenance("feed_forward_sparsity")["kept"]
    assert kept == list(recipe.KEPT) and {len(row[how]) for row in rows for how in ("largest", "random")} == {
        len(kept)
    }


def test_no_rate_stands_at_the_end_of_those_tried_and_no_counted_run_chose_it(recipe, tuning):
    assert not set(recipe.SEEDS) & set(recipe.TUNING)
    for name, trials in tuning.items():
        rates = [trial["rate"] for trial in trials]
        at = recipe.LADDER.index(rates[0])
        assert rates == list(recipe.LADDER[at : at + len(rates)]), name  # no step of the ladder is left out
        (best,) = (trial for trial in trials if trial["chosen"])
        assert best["test_loss"] == min(trial["test_loss"] for trial in trials), name
        assert rates[0] < best["rate"] < rates[-1], name
        assert {trial["runs"] for trial in trials} == {len(recipe.TUNING)}


@pytest.mark.parametrize("name", recipe_of("feed_forward_sparsity").FUNCTIONS)
def test_the_stored_trials_are_those_that_the_rule_asks_for(recipe, tuning, name):
    trials = tuning[name]

    def run(of, rate, seeds):
        assert of == name and seeds == recipe.TUNING
        return next({key: value for key, value in t.items() if key != "chosen"} for t in trials if t["rate"] == rate)

    assert recipe.tune(name, run=run) == trials


def test_what_is_kept_is_the_largest_and_of_the_same_number_at_random(recipe):
    hidden = torch.randn(3, 4, 20, generator=torch.Generator().manual_seed(0))
    kept = recipe.largest(hidden, 0.2)
    drawn = recipe.at_random(hidden, 0.2, torch.Generator().manual_seed(0))
    for some in (kept, drawn):
        assert (some != 0).sum(-1).unique().tolist() == [4]
        assert torch.equal(some[some != 0], hidden[some != 0])
    dropped = torch.where(kept == 0, hidden, 0.0).abs().amax(-1)
    assert (torch.where(kept != 0, hidden.abs(), torch.inf).amin(-1) >= dropped).all()
    assert torch.equal(recipe.largest(hidden, 1.0), hidden)
    assert recipe.largest(hidden.double(), 0.2).square().sum() / hidden.double().square().sum() == pytest.approx(
        scene.tenth(hidden.double(), 0.2)
    )


@pytest.mark.parametrize("name", ["relu", "swiglu"])
def test_a_change_between_the_matrices_reaches_the_loss_and_leaves_with_its_block(recipe, name):
    network, split = recipe.setting(name).network(0)
    network.eval()
    loss = recipe.loss_of(network, split)
    with recipe.between(network, lambda hidden: 0 * hidden):
        without = recipe.loss_of(network, split)
    assert without != loss and recipe.loss_of(network, split) == loss
    with torch.no_grad():
        for block in network.blocks:
            last = block.feed_forward[-1] if name == "relu" else block.feed_forward.down
            last.weight.zero_()
    assert recipe.loss_of(network, split) == pytest.approx(without, abs=1e-6)


def test_a_run_comes_out_again_where_training_has_not_drifted_yet(recipe):
    # two updates: the same weights by hand, and the zeros of a network that has hardly moved
    (row,) = recipe.some("relu", 1e-4, [0], updates=recipe.WARMUP)
    network, split = recipe.trained("relu", 1e-4, 0, recipe.WARMUP)
    assert row["test_loss"] == pytest.approx(recipe.loss_of(network, split), rel=1e-3)
    assert 0.4 < row["zeros"] < 0.6 and row["energy"] < 0.95
    assert min(row["random"][0], row["largest"][0]) > -0.1
