"""The stored runs on the disk and on XOR: the tables are whole, and their recipes give their rows again."""

from itertools import product

import numpy as np
import pytest
import torch
from recipes import recipe_of

from actlab import results

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def draws():
    return recipe_of("disk_draws")


@pytest.fixture(scope="module")
def further():
    return recipe_of("disk_further")


@pytest.fixture(scope="module")
def xor():
    return recipe_of("xor_script")


def test_every_run_on_the_disk_is_stored_once(draws):
    keys = [(r["activation"], r["draw"], r["start"]) for r in results.load("disk_draws")]
    assert keys == list(product(draws.ACTIVATIONS, range(draws.DRAWS), range(draws.STARTS)))


def test_every_further_run_is_stored_once(further):
    keys = [(r["study"], r["activation"], r["draw"]) for r in results.load("disk_further")]
    expected = [
        (study, name, draw)
        for study, (_, _, schemes) in further.STUDIES.items()
        for name in schemes
        for draw in range(further.DRAWS)
    ]
    assert keys == expected


def test_every_xor_run_is_stored_once(xor):
    keys = [((r["activation"], r["gradient"], r["scale"]), r["seed"]) for r in results.load("xor_script")]
    assert keys == list(product(xor.VARIANTS, xor.SEEDS))


def test_a_run_on_the_disk_comes_out_again(draws):
    (row,) = [r for r in results.load("disk_draws") if (r["activation"], r["draw"], r["start"]) == ("elu", 3, 1)]
    again = draws.one("elu", 3, 1)
    assert list(again) == list(row)
    # another processor adds up in another order; what that does to the loss grows with the steps
    assert again["train_loss_200"] == pytest.approx(row["train_loss_200"], rel=0.02)
    assert again["train_loss"] == pytest.approx(row["train_loss"], rel=0.3)
    assert again["test_accuracy"] == pytest.approx(row["test_accuracy"], abs=0.002)


def test_a_run_does_not_depend_on_the_runs_before_it(draws):
    alone = draws.one("gelu", 0, 0, steps=1001)
    draws.one("relu", 1, 1, steps=1001)
    torch.manual_seed(5)
    assert draws.one("gelu", 0, 0, steps=1001) == alone


def test_a_deep_run_comes_out_again(further):
    (row,) = [
        r for r in results.load("disk_further") if (r["activation"], r["study"], r["draw"]) == ("tanh", "deep", 4)
    ]
    again = further.one("deep", "tanh", 4)
    assert list(again) == list(row)
    # The way down is the same on every processor to a few steps. The end of a single run is not: eight layers jump
    # late in training, here or there, so that only the distribution of the ten can be compared.
    assert again["steps_to_0.1"] == pytest.approx(row["steps_to_0.1"], abs=3)
    assert again["test_accuracy"] > 0.9


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "leaky_relu"])
@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_the_gradients_are_those_of_the_two_losses(xor, activation, scale):
    for gradient in ("printed", "bce"):
        parameters = [torch.tensor(p).requires_grad_() for p in xor.start([0, 7], scale)]
        with torch.no_grad():
            parameters[1] += 0.01  # off the kink, where autograd's slope need not be the script's
        w1, b1, w2, b2 = parameters
        z = torch.tensor(xor.X) @ w1 + b1
        act = {"sigmoid": torch.sigmoid, "relu": torch.relu, "leaky_relu": torch.nn.functional.leaky_relu}[activation]
        out, y = torch.sigmoid(act(z) @ w2 + b2), torch.tensor(xor.Y)
        if gradient == "bce":
            losses = -(y * out.log() + (1 - y) * (1 - out).log()).mean(dim=(1, 2))
        else:
            losses = (out - y).square().mean(dim=(1, 2)) / 2
        expected = torch.autograd.grad(losses.sum(), parameters)
        _, _, _, found = xor.step([p.detach().numpy() for p in parameters], activation, gradient)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-10, atol=1e-15)


def test_networks_side_by_side_train_as_each_alone(xor):
    together = xor.train("relu", "printed", 0.1, seeds=(3, 42), epochs=xor.EPOCHS)
    stored = {
        r["seed"]: r for r in results.load("xor_script") if r["activation"] == "relu" and r["gradient"] == "printed"
    }
    for row in together:
        for column in ("loss_100", "loss_1000", "loss_5000", "largest_rise"):
            assert row[column] == pytest.approx(stored[row["seed"]][column], rel=1e-3)
        assert (row["right"], row["off"]) == (stored[row["seed"]]["right"], stored[row["seed"]]["off"])


def test_the_published_picture_of_xor_ends_where_its_script_does(xor):
    # one network alone, by the script's own operations, for its seed
    rng = np.random.default_rng(42)
    W1, W2 = rng.standard_normal((2, 4)) * 0.1, rng.standard_normal((4, 1)) * 0.1
    b1, b2 = np.zeros((1, 4)), np.zeros((1, 1))
    for _ in range(1000):
        z1 = xor.X @ W1 + b1
        a1 = np.maximum(0, z1)
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        d2 = (a2 - xor.Y) / 4 * a2 * (1 - a2)
        d1 = d2 @ W2.T * (z1 > 0)
        W2, b2 = W2 - 0.1 * a1.T @ d2, b2 - 0.1 * d2.sum(axis=0, keepdims=True)
        W1, b1 = W1 - 0.1 * xor.X.T @ d1, b1 - 0.1 * d1.sum(axis=0, keepdims=True)
    a2 = 1 / (1 + np.exp(-(np.maximum(0, xor.X @ W1 + b1) @ W2 + b2)))
    loss = -np.mean(xor.Y * np.log(a2) + (1 - xor.Y) * np.log(1 - a2))
    wanted = ("relu", "printed", 42)
    (row,) = [r for r in results.load("xor_script") if (r["activation"], r["gradient"], r["seed"]) == wanted]
    assert loss == pytest.approx(row["loss_1000"], rel=1e-3)
