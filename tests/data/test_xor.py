"""The XOR study: the tables are whole, and the recipe is the script's computation and gives its rows again."""

from itertools import product

import numpy as np
import pytest
import torch
from recipes import recipe_of
from torch import nn

from actlab import data, networks, results, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("xor")


def test_every_run_of_the_script_is_stored_once(recipe):
    keys = [
        ((r["activation"], r["at_zero"], r["gradient"], r["scale"]), r["seed"]) for r in results.load("xor", "script")
    ]
    assert keys == list(product(recipe.SCRIPT, range(recipe.SEEDS)))


def test_every_setting_is_stored_once_with_all_its_runs(recipe):
    rows = results.load("xor", "runs")
    keys = [(r["activation"], r["gradient"], r["scale"], r["width"]) for r in rows]
    expected = [(name, gradient, scale, width) for name, gradient, scales, width in recipe.RUNS for scale in scales]
    assert keys == expected and len(set(keys)) == len(keys)
    for row in rows:
        assert len(row["solved"]) == len(row["since"]) == len(row["loss"]) == recipe.SEEDS
        assert [mark == "1" for mark in row["solved"]] == [at is not None for at in row["since"]]


def test_every_wait_is_stored_once(recipe):
    rows = results.load("xor", "waits")
    keys = [((r["activation"], r["gradient"], r["steps"]), r["scale"]) for r in rows]
    assert keys == list(product(recipe.WAITS, recipe.WAITING))
    assert all(len(row["left"]) == len(row["solved"]) == recipe.PATIENT for row in rows)


def test_curves_go_from_one_coin_to_the_end(recipe):
    curves = {}
    for row in results.load("xor", "curves"):
        curves.setdefault((row["activation"], row["gradient"], row["scale"]), []).append(row)
        assert row["q05"] <= row["q25"] <= row["median"] <= row["q75"] <= row["q95"]
    assert set(curves) == set(product(recipe.ACTIVATIONS, ("bce", "printed"), (0.1, 1.0)))
    for (_, _, scale), rows in curves.items():
        assert [row["step"] for row in rows] == recipe.CURVE.tolist()
        if scale == 0.1:
            # first logits have a variance below 4 x 0.1^2 (f(0)^2 + 0.1^2) <= 0.02, and an eighth of it adds to ln 2
            assert rows[0]["median"] == pytest.approx(np.log(2), abs=0.02 / 8)


def test_the_two_tables_agree_where_they_overlap():
    # with cross-entropy's gradient, ReLU's slope 0 and Leaky ReLU's 0.01 at 0 are what the other table has too
    solved = {
        r["activation"]: r["solved"]
        for r in results.load("xor", "runs")
        if (r["gradient"], r["scale"], r["width"]) == ("bce", 0.1, 4)
    }
    rows = results.load("xor", "script")
    for name, at_zero in (("relu", 0.0), ("leaky_relu", 0.01), ("sigmoid", None)):
        wanted = (name, at_zero, "bce", 0.1)
        right = [r["right"] for r in rows if (r["activation"], r["at_zero"], r["gradient"], r["scale"]) == wanted]
        assert "".join("01"[count == 4] for count in right) == solved[name]


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "leaky_relu", "gelu"])
@pytest.mark.parametrize("scale", [0.1, 1.0])
@pytest.mark.parametrize("printed", [True, False])
def test_the_gradients_are_those_of_the_two_losses(recipe, activation, scale, printed):
    parameters = [p.requires_grad_() for p in recipe.start([0, 7], [scale])]
    with torch.no_grad():
        parameters[1] += 0.01  # off the kink, where autograd's slope need not be the script's
    w1, b1, w2, b2 = parameters
    act = getattr(nn.functional, activation)
    losses = []
    for i in range(2):  # network by network, in the usual shapes
        hidden = act(recipe.X @ w1[..., i] + b1[:, i])
        out = torch.sigmoid(hidden @ w2[:, i] + b2[i])
        y = recipe.Y[:, 0]
        losses.append((out - y).square().mean() / 2 if printed else nn.functional.binary_cross_entropy(out, y))
    expected = torch.autograd.grad(sum(losses), parameters)
    with torch.no_grad():
        *_, found = recipe.step(parameters, recipe.hidden(activation), printed)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-15)


def test_the_slope_at_zero_is_replaced_at_zero_alone(recipe):
    z = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    assert recipe.hidden("relu", 1.0)(z)[1].tolist() == [0, 1, 1]
    assert recipe.hidden("leaky_relu", 1.0)(z)[1].tolist() == [0.01, 1, 1]
    assert recipe.hidden("leaky_relu")(z)[1].tolist() == [0.01, 0.01, 1]


def test_networks_side_by_side_train_as_each_alone_and_as_stored(recipe):
    together = recipe.script("relu", 0.0, "printed", 0.1, seeds=(3, 42))
    stored = {
        r["seed"]: r
        for r in results.load("xor", "script")
        if (r["activation"], r["at_zero"], r["gradient"]) == ("relu", 0.0, "printed")
    }
    for row in together:
        assert list(row) == list(stored[row["seed"]])
        for column in ("loss_100", "loss_1000", "loss_5000", "largest_rise"):
            assert row[column] == pytest.approx(stored[row["seed"]][column], rel=1e-2)
        assert (row["right"], row["off"]) == (stored[row["seed"]]["right"], stored[row["seed"]]["off"])


def test_a_stored_wait_comes_out_again(recipe):
    (row,) = [
        r
        for r in results.load("xor", "waits")
        if (r["activation"], r["gradient"], r["scale"]) == ("gelu", "bce", 0.4)
    ]
    found = recipe.train("gelu", "bce", (0.4,), seeds=range(6), steps=3000)
    below = found["loss"][0] < recipe.LEFT * np.log(2)
    assert below.int().argmax(0).tolist() == pytest.approx(row["left"][:6], abs=2)


def test_the_published_picture_ends_where_its_script_does():
    # one network alone, by the script's own operations, for its seed
    rng = np.random.default_rng(42)
    X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float), np.array([[0], [1], [1], [0]], dtype=float)
    W1, W2 = rng.standard_normal((2, 4)) * 0.1, rng.standard_normal((4, 1)) * 0.1
    b1, b2 = np.zeros((1, 4)), np.zeros((1, 1))
    for _ in range(1000):
        z1 = X @ W1 + b1
        a1 = np.maximum(0, z1)
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        d2 = (a2 - Y) / 4 * a2 * (1 - a2)
        d1 = d2 @ W2.T * (z1 > 0)
        W2, b2 = W2 - 0.1 * a1.T @ d2, b2 - 0.1 * d2.sum(axis=0, keepdims=True)
        W1, b1 = W1 - 0.1 * X.T @ d1, b1 - 0.1 * d1.sum(axis=0, keepdims=True)
    a2 = 1 / (1 + np.exp(-(np.maximum(0, X @ W1 + b1) @ W2 + b2)))
    loss = -np.mean(Y * np.log(a2) + (1 - Y) * np.log(1 - a2))
    wanted = ("relu", 0.0, "printed", 42)
    (row,) = [
        r
        for r in results.load("xor", "script")
        if (r["activation"], r["at_zero"], r["gradient"], r["seed"]) == wanted
    ]
    assert loss == pytest.approx(row["loss_1000"], rel=1e-3)


@pytest.mark.parametrize(("gradient", "loss", "rate"), [("printed", "brier", 0.05), ("bce", "bce", 0.1)])
def test_the_recipe_trains_as_the_package_does(recipe, gradient, loss, rate):
    w1, b1, w2, b2 = recipe.start([5], [0.5])
    network, task = networks.mlp([2, 4, 1], "silu", dtype=torch.float64), data.xor(dtype=torch.float64)
    with torch.no_grad():
        for p, value in zip(network.parameters(), (w1[..., 0].T, b1[:, 0], w2.T, b2), strict=True):
            p.copy_(value)
    train.fit(network, task, steps=400, rate=rate, optimizer="sgd", loss=loss)
    end = nn.functional.binary_cross_entropy_with_logits(network(task.test_x)[:, 0], task.test_y)
    found = recipe.train("silu", gradient, (0.5,), seeds=[5], steps=400)
    assert found["loss"][0, -1, 0].item() == pytest.approx(end.item(), rel=1e-9)
