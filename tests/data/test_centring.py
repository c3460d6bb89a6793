"""The four hidden functions of chapter 3: the tables are whole, rate and gain were chosen by the rule and inside the
grid, and the recipe gives its rows again.
"""

import itertools
import math

import pytest
import torch
from recipes import recipe_of

from actlab import data, networks, results, train

KINDS = {  # centred, slope at 0
    "sigmoid": (False, 0.25),
    "sigmoid - 1/2": (True, 0.25),
    "1 + tanh": (False, 1),
    "tanh": (True, 1),
}

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("centring")


@pytest.fixture(scope="module")
def runs():
    return grouped("runs")


@pytest.fixture(scope="module")
def tuning():
    return grouped("tuning")


def grouped(table):
    found = {}
    for row in results.load("centring", table):
        found.setdefault((row["study"], row["function"], row["arm"]), []).append(row)
    return found


def test_each_function_and_arm_has_its_runs_and_all_share_the_seeds(recipe, runs, tuning):
    expected = [(study, function, arm) for study, arm, function in recipe.jobs()]
    assert list(runs) == list(tuning) == expected
    for key, rows in runs.items():
        assert [row["seed"] for row in rows] == list(recipe.SEEDS), key
        (chosen,) = (trial for trial in tuning[key] if trial["chosen"])
        assert {(row["rate"], row["gain"]) for row in rows} == {(chosen["rate"], chosen["gain"])}, key
        assert {(row["centred"], row["slope"]) for row in rows} == {KINDS[key[1]]}, key


def test_the_runs_that_are_reported_had_no_part_in_the_choice(recipe, tuning):
    assert not set(recipe.SEEDS) & set(recipe.TUNING)
    assert {trial["runs"] for trials in tuning.values() for trial in trials} == {len(recipe.TUNING)}


def test_the_best_rate_and_gain_stand_inside_a_grid_of_small_steps(tuning):
    for key, trials in tuning.items():
        best = min(trials, key=lambda trial: trial["mean_steps"])
        assert [trial["chosen"] for trial in trials] == [trial is best for trial in trials], key
        for name, step, arms in (("rate", 1.55, ("tuned", "gain 1")), ("gain", 1.35, ("tuned",))):
            if key[2] in arms:
                values = sorted({trial[name] for trial in trials})
                assert values[0] < best[name] < values[-1], (key, name)
                assert max(b / a for a, b in itertools.pairwise(values)) < step, (key, name)


@pytest.mark.parametrize(
    ("rates", "says"), [((1.0, 2.0), "the best rate, 1, stands at an end"), ((0.5, 1.0), "the best rate, 1, stands")]
)
def test_a_best_rate_at_an_end_of_the_grid_is_refused(recipe, rates, says):
    trials = [
        {"rate": rate, "gain": gain, "mean_steps": abs(math.log(rate)) + 9} for rate in rates for gain in (1, 2)
    ]
    with pytest.raises(ValueError, match=f"disk: {says}"):
        recipe.best(trials, what="disk")


def test_a_run_that_never_gets_there_counts_as_the_longest(recipe):
    rows = [{"rate": 1.0, "gain": 2.0, "steps": steps} for steps in (50, 100, None)]
    trial = recipe.tried(rows)
    assert (trial["runs"], trial["reached"], trial["median_steps"]) == (3, 2, 100)
    assert trial["mean_steps"] == pytest.approx((50 * 100 * recipe.TUNING_CAP) ** (1 / 3), abs=0.01)


# Not among them: the two that stand so near the edge of stability that the last digit of the rate decides which way
# they jump. Single runs of theirs move by dozens of steps, their medians by two or three.
@pytest.mark.parametrize(
    ("function", "arm"),
    [("sigmoid", "tuned"), ("sigmoid - 1/2", "tuned"), ("1 + tanh", "gain 1"), ("tanh", "tuned"), ("tanh", "gain 1")],
)
def test_reported_runs_come_out_again(recipe, runs, function, arm):
    rows = {row["seed"]: row for row in runs["plain", function, arm]}
    seeds, row = [2, 7], rows[2]
    again = recipe.train(function, recipe.STUDIES["plain"], [(row["rate"], row["gain"])], seeds, recipe.LATE + 1)
    for run in again:
        assert run["steps"] == pytest.approx(rows[run["seed"]]["steps"], abs=1)
        assert run["test_accuracy"] == pytest.approx(rows[run["seed"]]["test_accuracy"], abs=0.01)


def test_a_small_grid_chooses_as_the_recipe_did(recipe, tuning):
    # the chosen setting, and its neighbours by rate and by gain, on the tuning seeds
    trials = {(trial["rate"], trial["gain"]): trial for trial in tuning["plain", "tanh", "tuned"]}
    (rate, gain), _ = min(trials.items(), key=lambda item: item[1]["mean_steps"])
    rates, gains = (sorted({setting[i] for setting in trials}) for i in (0, 1))
    i, j = rates.index(rate), gains.index(gain)
    settings = [(rate, gain), *((rates[i + by], gain) for by in (-1, 1)), *((rate, gains[j + by]) for by in (-1, 1))]
    rows = recipe.train("tanh", recipe.STUDIES["plain"], settings, recipe.TUNING, recipe.TUNING_CAP)
    for first, setting in enumerate(settings):
        again = recipe.tried(rows[first * len(recipe.TUNING) : (first + 1) * len(recipe.TUNING)])
        assert again["mean_steps"] == pytest.approx(trials[setting]["mean_steps"], rel=0.01)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(("function", "name"), [("sigmoid", "sigmoid"), ("tanh", "tanh")])
def test_the_networks_are_those_of_the_package(recipe, function, name, optimizer):
    study = recipe.Study((2, 16, 8, 1), optimizer, {}, {}, {})
    rate, gain, steps = {"sgd": 1.0, "adam": 0.02}[optimizer], 1.3, 60
    network = networks.mlp([2, 16, 8, 1], name).double()
    layers = [layer for layer in network if hasattr(layer, "weight")]
    with torch.no_grad():
        for layer, weight in zip(layers, recipe.starts(study.widths, [3]), strict=True):
            layer.weight.copy_(weight[0] * (gain if layer is not layers[-1] else 1))
            layer.bias.zero_()
    task = data.disk(recipe.POINTS, test=recipe.FRESH, seed=3, dtype=torch.float64)
    history = train.fit(network, task, steps=steps + 1, rate=rate, optimizer=optimizer)
    (row,) = recipe.train(function, study, [(rate, gain)], [3], steps, late=steps)
    assert row["late_loss"] == pytest.approx(history.loss[steps].item(), rel=1e-3)


def test_the_slope_is_a_scale_and_the_centre_is_none(recipe):
    # With a gain for each layer and a rate for its weights and one for its biases the sigmoid less 1/2 is tanh:
    # tanh(z / 2) / 2 at twice the first weights, four times those between, and twice the last; a weight that is
    # larger by c wants a rate larger by c^2.
    steps, task = 30, data.disk(100, seed=0, dtype=torch.float64)
    start = [weight[0] for weight in recipe.starts((2, 16, 8, 1), [0])]

    def losses(h, factors, bias_factors):
        weights = [(weight * by).requires_grad_() for weight, by in zip(start, factors, strict=True)]
        biases = [torch.zeros(len(weight), dtype=torch.float64, requires_grad=True) for weight in weights]
        found = []
        for _ in range(steps):
            a = task.train_x
            for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                z = a @ weight.T + bias
                a = h * torch.tanh(h * z) if layer < 2 else z
            loss = torch.nn.functional.binary_cross_entropy_with_logits(a[:, 0], task.train_y)
            loss.backward()
            found.append(loss.item())
            for parts, scales in ((weights, factors), (biases, bias_factors)):
                for part, by in zip(parts, scales, strict=True):
                    part.data -= 1.0 * by**2 * part.grad
                    part.grad = None
        return found

    assert losses(0.5, (2, 4, 2), (2, 2, 1)) == pytest.approx(losses(1.0, (1, 1, 1), (1, 1, 1)), rel=1e-9)
