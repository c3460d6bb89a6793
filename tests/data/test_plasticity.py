"""The stored plasticity study: whole tables, honest choices; its gradients, sizes, counts of units and resets."""

import pytest
import torch
from recipes import recipe_of
from torch.nn import functional

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("plasticity")


@pytest.mark.parametrize("function", ["relu", "leaky_0.3", "gelu", "tanh", "identity", "sine", "crelu"])
def test_the_gradients_are_those_of_the_mean_cross_entropy(recipe, function):
    seeds = (1, 2)
    stack, x = recipe.Stack(function, seeds), recipe.digits(seeds)
    y = torch.randint(10, x.shape[:2], generator=torch.Generator().manual_seed(0))
    stack.backward(*stack.forward(x), y)

    flat = stack.flat.clone().requires_grad_()
    weights, biases = stack.views(flat)
    h = x
    for weight, bias in zip(weights[:2], biases[:2], strict=True):
        h = stack.outputs(torch.baddbmm(bias, h, weight))
    out = torch.baddbmm(biases[2], h, weights[2])
    sum(functional.cross_entropy(of, wanted) for of, wanted in zip(out, y, strict=True)).backward()
    assert torch.allclose(stack.flat.grad, flat.grad, rtol=1e-4, atol=1e-6)


def test_two_outputs_a_unit_cost_no_more_parameters(recipe):
    one, two = (recipe.Stack(function, (1,)).flat.numel() for function in ("relu", "crelu"))
    assert two <= one < 1.05 * two


@pytest.mark.parametrize("pair", [("crelu_32", "relu"), ("relu_94", "crelu")])
def test_the_controls_of_size_have_as_many_outputs(recipe, pair):
    one, other = (recipe.Stack(function, (1,)).sizes for function in pair)
    assert [ins for ins, _ in one] == [ins for ins, _ in other]


@pytest.mark.parametrize(("control", "resets"), [("silent", 1), ("silent_epoch", 20)])
def test_units_are_reset_after_each_task_or_after_each_epoch(recipe, monkeypatch, control, resets):
    chosen = []
    monkeypatch.setattr(recipe, "reset", lambda stack, update, units: chosen.append(units))
    recipe.train(recipe.Run(control=control, strength=0.0, tasks=1), (1,))
    assert len(chosen) == resets and all([of.shape for of in units] == [(1, 64), (1, 64)] for units in chosen)


@pytest.mark.parametrize("control", ["random", "random_epoch"])
def test_a_random_reset_takes_as_many_units_as_the_one_that_it_controls_and_others(recipe, control):
    seeds = (1, 2)
    run = recipe.Run(rate=0.03, control=control, tasks=2)
    like = recipe.replace(run, control=recipe.LIKE[control])
    (rows, taken), (_, wanted) = recipe.course(run, seeds), recipe.course(like, seeds)
    assert len(taken) == len(wanted) and sum(units.sum() for of in wanted for units in of) > 0
    for got, given in zip(taken, wanted, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(got, given, strict=True))
    assert sum(row["reset"] for row in rows) == sum(units.sum().item() for of in taken for units in of)
    chance = [torch.Generator().manual_seed(seed) for seed in seeds]
    counts = [torch.tensor([3, 64]), torch.tensor([0, 1])]
    first, again = (recipe.as_many(counts, chance) for _ in range(2))
    assert [units.sum(1).tolist() for units in first] == [[3, 64], [0, 1]]
    assert not torch.equal(first[0], again[0])


def test_a_layer_that_is_dead_throughout_has_rank_0(recipe):
    stack, x = recipe.Stack("relu", (1, 2)), recipe.digits((1, 2))
    for bias in stack.biases[:2]:
        bias[0] = -1e3  # of the first net only
    seen = recipe.look(stack, x, torch.zeros(x.shape[:2], dtype=torch.long))
    assert (seen["dead"][0], seen["dormant"][0], seen["rank"][0]) == (1, 1, 0)
    assert seen["dead"][1] < 0.5
    assert 0 < seen["rank"][1] <= recipe.WIDTH


def test_a_reset_of_silent_units_changes_no_output_and_no_other_unit(recipe):
    run, x = recipe.Run(control="silent"), recipe.digits((1,))
    stack = recipe.Stack("relu", (1,))
    update = recipe.optimizer(run, stack.flat)
    update.step()  # a gradient of 0 moves nothing and makes the averages
    stack.biases[0][0, 0, 3] = -1e3
    silent = recipe.score(stack.forward(x)[2][1])[0] <= 0
    before, logits = stack.flat.clone(), stack.forward(x)[0]
    recipe.reset(stack, update, recipe.low(stack, x, 0.0))
    weights, _ = stack.views(before)
    assert silent[3]
    assert not torch.equal(stack.weights[0][0, :, silent], weights[0][0, :, silent])
    assert torch.equal(stack.weights[0][0, :, ~silent], weights[0][0, :, ~silent])
    assert torch.allclose(
        stack.forward(x)[0], logits, atol=1e-5
    )  # a silent unit gave nothing, a new one gives nothing
    assert stack.biases[0][0, 0, 3] == 0


# ---- the tables -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables():
    return {table: results.load("plasticity", table) for table in ("runs", "tuning", "chosen")}


SETTING = ("function", "optimizer", "rate", "control", "strength")


def test_every_setting_that_was_tried_is_stored_with_every_seed(recipe, tables):
    tried = [tuple(row[key] for key in SETTING) for row in tables["tuning"]]
    assert len(set(tried)) == len(tried)
    assert [(*(row[key] for key in SETTING), row["seed"]) for row in tables["runs"]] == [
        (*setting, seed) for setting in tried for seed in recipe.SEEDS
    ]
    assert {len(row[key]) for row in tables["runs"] for key in recipe.SEEN} == {recipe.TASKS}
    for name, (functions, _) in recipe.ORDER.items():
        assert {row["function"] for row in tables["tuning"] if row["optimizer"] == name} == set(functions)


def test_as_many_units_were_reset_at_random_as_silent_ones(recipe, tables):
    reset = {(row["control"], row["seed"]): row["reset"] for row in tables["runs"]}
    for control, like in recipe.LIKE.items():
        assert all(reset[control, seed] == reset[like, seed] and sum(reset[like, seed]) for seed in recipe.SEEDS)
    assert not any(sum(of) for (control, _), of in reset.items() if control not in (*recipe.RESETS, *recipe.LIKE))


def test_what_was_chosen_is_the_best_of_the_tuning_seeds_and_stands_between_two_others(recipe, tables):
    assert not set(recipe.SEEDS) & set(recipe.TUNING)
    assert len(tables["chosen"]) == 2 * (len(recipe.FUNCTIONS) + 4) + 2
    for best in tables["chosen"]:
        same = {key: best[key] for key in ("function", "optimizer", "control")}
        trials = [row for row in tables["tuning"] if all(row[key] == value for key, value in same.items())]
        values = sorted(row[best["what"]] for row in trials)
        assert values[0] < best["value"] < values[-1], best
        (winner,) = (row for row in trials if row[best["what"]] == best["value"])
        assert winner[best["by"]] == max(row[best["by"]] for row in trials), best


@pytest.mark.parametrize("top", [1e-4, 3e-3, 0.2])
def test_a_grid_goes_on_until_the_best_stands_inside(recipe, top):
    def of(value):
        online = 1 - abs(torch.tensor(value / top).log10().item()) / 10
        return [{"seed": seed, "task": 1, "online": online} for seed in recipe.TUNING]

    best, runs = recipe.climb(of, (1e-3, 3e-3, 1e-2), {"first": range(1, 2)})
    assert min(runs) < best["first"] < max(runs) and abs(best["first"] / top - 1) < 1


@pytest.mark.slow
def test_a_run_comes_out_again(recipe, tables):
    run = recipe.Run("relu", "adam", 0.01)
    stored = [row for row in tables["runs"] if (row["rate"], row["control"]) == (0.01, "none")]
    stored = [row for row in stored if (row["function"], row["optimizer"]) == ("relu", "adam")][:2]
    rows = recipe.train(recipe.replace(run, tasks=2), recipe.SEEDS[:2])
    for seed, row in enumerate(stored):
        again = recipe.courses(rows, seed)
        assert list(again) == list(row) and again["seed"] == row["seed"]
        assert again["online"] == pytest.approx(row["online"][:2], abs=0.05)  # a task is 2,400 draws of a label


def test_new_labels_say_nothing_about_the_digits_and_are_the_same_for_every_function(recipe):
    runs = [recipe.Run(name, "sgd", 1e-9, tasks=1) for name in ("relu", "tanh")]
    ends = [recipe.train(run, (0, 1, 2))[0]["end"] for run in runs]
    assert all(end < 0.2 for end in ends)  # an update that moves nothing learns nothing: a tenth is right
