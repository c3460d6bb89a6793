"""The recipe of the plasticity study: its gradients, its equal sizes, its counts of units and its resets."""

import pytest
import torch
from recipes import recipe_of
from torch.nn import functional

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
    recipe.reset(stack, update, x, 0.0)
    weights, _ = stack.views(before)
    assert silent[3]
    assert not torch.equal(stack.weights[0][0, :, silent], weights[0][0, :, silent])
    assert torch.equal(stack.weights[0][0, :, ~silent], weights[0][0, :, ~silent])
    assert torch.allclose(
        stack.forward(x)[0], logits, atol=1e-5
    )  # a silent unit gave nothing, a new one gives nothing
    assert stack.biases[0][0, 0, 3] == 0
