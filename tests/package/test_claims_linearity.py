"""What the checks of this topic measure with, against answers known without them."""

import math

import pytest
import torch

from actlab.claims import linearity

F64 = torch.float64


def test_a_single_layer_learns_each_strength_like_an_exponential():
    # by hand: the gap of an entry shrinks by 1 - 2/3 rate a step, from the weight that the seed drew
    rate, strengths = 0.04, torch.tensor([4.0, 2.0, 1.0], dtype=F64)
    start = 0.1 * torch.randn(5, 3, 3, generator=torch.Generator().manual_seed(0), dtype=F64)
    gap = (strengths - start.diagonal(dim1=1, dim2=2)) / (strengths / 2)
    expected = torch.ceil(torch.log(gap) / -math.log(1 - 2 / 3 * rate))
    torch.testing.assert_close(linearity._steps_to_half([3, 3], rate=rate), expected)


def test_a_product_of_layers_descends_the_gradient_that_autograd_finds():
    generator = torch.Generator().manual_seed(0)
    weights = [0.1 * torch.randn(1, *shape, generator=generator, dtype=F64) for shape in ((4, 3), (3, 4))]
    wanted, half, found = (
        torch.diag(torch.tensor([4.0, 2.0, 1.0], dtype=F64)),
        None,
        torch.full((3,), -1.0, dtype=F64),
    )
    for step in range(300):
        weights = [weight.detach().requires_grad_() for weight in weights]
        product = weights[1] @ weights[0]
        half = product[0].diagonal() > wanted.diagonal() / 2
        found = torch.where(half & (found < 0), float(step), found)
        ((product - wanted).square().sum() / 3).backward()
        weights = [weight - 0.04 * weight.grad for weight in weights]
    assert half.all()
    torch.testing.assert_close(linearity._steps_to_half([3, 4, 3], seeds=1)[0], found)


def test_too_few_steps_are_an_error_and_no_number():
    with pytest.raises(ValueError, match="too few"):
        linearity._steps_to_half([3, 8, 8, 3], steps=50)


def test_an_affine_fit_misses_what_is_orthogonal_to_it():
    x = torch.tensor([[-1.0], [-1.0], [1.0], [1.0]], dtype=F64)
    bent = torch.tensor([[1.0], [-1.0], [-1.0], [1.0]], dtype=F64)  # orthogonal to x and to 1, and of x's size
    assert linearity._affine_miss(lambda x: 3 * x - 5, x) < 1e-12
    assert linearity._affine_miss(lambda x: x + bent, x) == pytest.approx(math.sqrt(1 / 2))


def test_the_boundary_of_a_circle_is_found_and_nowhere_straight():
    boundary = linearity._boundary(lambda x: x.square().sum(dim=1) < 1.3**2)
    torch.testing.assert_close(boundary.norm(dim=1), torch.full((500,), 1.3, dtype=F64))
    assert linearity._straight_share(boundary) == 0


def test_the_boundary_of_a_square_turns_at_its_corners_alone():
    boundary = linearity._boundary(lambda x: x.abs().amax(dim=1) < 1)
    # a stroke that cuts a corner off bends at both of its ends
    assert linearity._straight_share(boundary) == pytest.approx(1 - 4 * 2 / 500)
