"""Functions by optimisers: each step is torch's, rates were chosen on other digits, verdicts come out again."""

from itertools import product

import numpy as np
import pytest
import torch
from recipes import recipe_of

from actlab import networks, results, train
from actlab.scenes import experiments as scene

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("optimisers")


def torchs(recipe, optimizer, network, rate):
    """torch's own, of an optimiser of the recipe."""
    decay = {"weight_decay": recipe.DECAY}
    parameters = list(network.parameters())
    if optimizer == "muon":
        if not hasattr(torch.optim, "Muon"):
            pytest.skip("this torch has no Muon")
        inner = [p for p in parameters if p.ndim == 2][:-1]
        others = [p for p in parameters if not any(p is q for q in inner)]
        muon = torch.optim.Muon(inner, lr=rate, adjust_lr_fn="match_rms_adamw", **decay)
        return [muon, torch.optim.AdamW(others, lr=rate, **decay)]
    make = {
        "sgd": lambda: torch.optim.SGD(parameters, lr=rate),
        "momentum": lambda: torch.optim.SGD(parameters, lr=rate, momentum=0.9),
        "adam": lambda: torch.optim.Adam(parameters, lr=rate),
        "adamw": lambda: torch.optim.AdamW(parameters, lr=rate, **decay),
    }
    return [make[optimizer]()]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw", "muon"])
def test_a_stacked_run_is_the_one_that_torch_makes_alone(recipe, optimizer):
    splits, rates, seeds = [recipe.split_of(draw) for draw in (0, 1)], [0.01, 0.02], [5, 6]
    # all points in a batch, so that their order is none
    found = recipe.fit("tanh", optimizer, rates, splits, seeds, epochs=3, batch=recipe.POINTS)
    for i, (split, rate, seed) in enumerate(zip(splits, rates, seeds, strict=True)):
        network = networks.mlp(recipe.SIZES, "tanh", scheme="computed", seed=seed)
        updates = torchs(recipe, optimizer, network, rate)
        measure = train.losses["cross_entropy"]
        for _ in range(3):
            network.zero_grad()
            measure(network(split.train_x), split.train_y).backward()
            for update in updates:
                update.step()
        # torch turns Muon's matrices in bfloat16, which has three digits
        near = {"rel": 1e-2 if optimizer == "muon" else 1e-4}
        assert found["train_loss"][i] == pytest.approx(measure(network(split.train_x), split.train_y).item(), **near)
        right = train.accuracy(network, split.test_x, split.test_y)
        assert found["test_accuracy"][i] == pytest.approx(right, abs=0.02)


def test_every_pair_was_tuned_inside_its_ladder_and_counted_once_a_draw(recipe):
    tuning, runs = results.load("optimisers", "tuning"), results.load("optimisers", "runs")
    keys = [(row["optimizer"], row["activation"], row["draw"]) for row in runs]
    assert len(keys) == len(set(keys)) == len(recipe.OPTIMIZERS) * len(recipe.FUNCTIONS) * recipe.COUNTED[2]
    for optimizer, name in {key[:2] for key in keys}:
        tried = [row for row in tuning if (row["optimizer"], row["activation"]) == (optimizer, name)]
        means = {
            rate: np.mean([row["test_accuracy"] for row in tried if row["rate"] == rate])
            for rate in {row["rate"] for row in tried}
        }
        (rate,) = {row["rate"] for row in runs if (row["optimizer"], row["activation"]) == (optimizer, name)}
        assert means[rate] == pytest.approx(max(means.values())) and min(means) < rate < max(means)


def test_a_verdict_is_that_of_the_rows():
    stats = pytest.importorskip("scipy.stats")
    right = {}
    for row in results.load("optimisers", "runs"):
        key = (row["optimizer"], row["activation"])
        right.setdefault(key, {})[row["draw"]] = 100 * row["test_accuracy"]
    # six functions beside ReLU, with five optimisers and with four less that with Adam, by two measures; seven with
    # four optimisers beside Adam
    many = 2 * 6 * (5 + 4) + 7 * 4
    over = {
        key: np.array([of[draw] - right[key[0], "relu"][draw] for draw in range(20)]) for key, of in right.items()
    }
    base = {how: np.array([right[how, "relu"][draw] for draw in range(20)]) for how, _ in over}
    turned = over["sgd", "sigmoid"] - over["adam", "sigmoid"]
    for found, values in [
        (scene.by_optimiser()["sgd", "sigmoid"], over["sgd", "sigmoid"]),
        (scene.turns_with()["sgd", "sigmoid"], turned),
        (scene.beside_adam()["muon", "relu"], over["muon", "relu"] + base["muon"] - base["adam"]),
    ]:
        low, high = stats.ttest_1samp(values, 0).confidence_interval(1 - 0.05 / many)
        assert (found.low, found.high) == pytest.approx((low, high))


def test_no_digit_that_chose_a_rate_is_counted_and_none_is_tested_twice(recipe):
    def of(part):
        return {digit.numpy().tobytes() for digit in part}

    tuned = [recipe.split_of(draw, recipe.TUNING) for draw in range(recipe.TUNING[2])]
    seen = of(torch.cat([part for split in tuned for part in (split.train_x, split.test_x)]))
    count = len(seen)
    for draw in range(recipe.COUNTED[2]):
        split = recipe.split_of(draw)
        tested = of(split.test_x)
        assert not tested & seen and not tested & of(split.train_x) and len(split.train_y) == recipe.POINTS
        seen |= tested
    assert (count, len(seen)) == (recipe.TUNING[1], 5000)


def test_the_stored_trials_are_those_that_the_rule_asks_for(recipe):
    tuning, counted = results.load("optimisers", "tuning"), results.load("optimisers", "runs")
    for optimizer, name in product(recipe.OPTIMIZERS, recipe.FUNCTIONS):
        rows, runs = (
            [row for row in table if (row["optimizer"], row["activation"]) == (optimizer, name)]
            for table in (tuning, counted)
        )
        best, tried = recipe.tune(
            lambda rates, rows=rows: [row for rate in rates for row in rows if row["rate"] == rate],
            recipe.FIRST[optimizer],
        )
        assert tried == rows and {row["rate"] for row in runs} == {best}
