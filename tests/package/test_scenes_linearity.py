"""What chapter 1 shows is counted right: against walks in small steps, geometry and arithmetic done otherwise."""

import math

import numpy as np
import pytest
import torch

from actlab import data, networks, train
from actlab.scenes import linearity as scene

F64 = torch.float64


def walked(network, radius=1.0, steps=100_000):
    """How often the set of units that are on changes in small steps round a circle."""
    angle = np.linspace(0, 2 * math.pi, steps, endpoint=False)
    points, on = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1), []
    for layer in network[:-1:2]:
        z = points @ layer.weight.detach().double().numpy().T + layer.bias.detach().double().numpy()
        on.append(z > 0)
        points = np.maximum(z, 0)
    on = np.concatenate(on, axis=1)
    return int((on != np.roll(on, 1, axis=0)).any(axis=1).sum())


def one_layer(weights, biases):
    network = networks.mlp([2, len(weights), 1], "relu", dtype=F64)
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor(weights))
        network[0].bias.copy_(torch.tensor(biases))
    return network


@pytest.mark.parametrize(("scheme", "width", "depth"), [("he", 16, 3), ("torch", 8, 4), ("he", 4, 8)])
@pytest.mark.parametrize("radius", [0.5, 2.0])
def test_pieces_round_a_circle_are_those_of_a_walk(scheme, width, depth, radius):
    for seed in range(3):
        network = networks.mlp([2, *[width] * depth, 1], "relu", scheme=scheme, seed=seed, dtype=F64)
        exact, seen = len(scene.round_circle(network, radius)), walked(network, radius)
        assert 0 <= exact - seen <= 2, "a walk can only miss a piece that is shorter than its step"


def test_a_line_that_misses_the_circle_begins_no_piece():
    network = one_layer([[1.0, 0.0], [0.0, 1.0]], [-1.5, -0.5])  # x1 > 1.5, x2 > 0.5
    np.testing.assert_allclose(scene.round_circle(network), [math.pi / 6, 5 * math.pi / 6])
    assert len(scene.round_circle(network, radius=2.0)) == 4


def test_units_that_change_sign_together_begin_one_piece():
    assert len(scene.round_circle(one_layer([[1.0, 0.0], [-1.0, 0.0], [3.0, 0.0]], [0.0, 0.0, 0.0]))) == 2
    for folds in (2, 3, 4):
        assert len(scene.round_circle(scene.fold_network(folds, cut=1.0))) == 2**folds


def test_two_lines_that_cross_divide_a_square_into_four_and_parallel_ones_into_three():
    crossing = scene.polygons(one_layer([[1.0, 0.2], [0.3, -1.0]], [0.1, 0.2]))
    parallel = scene.polygons(one_layer([[1.0, 0.0], [2.0, 0.0]], [0.5, -1.0]))
    assert (len(crossing), len(parallel)) == (4, 3)


def area(polygon):
    x, y = polygon.T
    return 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def test_the_polygons_fill_the_square_and_no_unit_changes_sign_in_one():
    network = networks.mlp([2, 8, 8, 8, 1], "relu", scheme="torch", seed=4, dtype=F64)
    pieces = scene.polygons(network)
    assert sum(map(area, pieces)) == pytest.approx(16, rel=1e-9)
    draw = np.random.default_rng(0)
    for piece in pieces:
        inside = draw.dirichlet(np.ones(len(piece)), 20) @ piece
        assert scene.layers_at(network, torch.tensor(inside)) == 1 or area(piece) < 1e-12


def test_points_of_the_square_name_no_piece_that_was_not_found():
    network = networks.mlp([2, 6, 6, 1], "relu", scheme="torch", seed=1, dtype=F64)
    points = 4 * torch.rand(200_000, 2, generator=torch.Generator().manual_seed(0), dtype=F64) - 2
    seen, found = scene.layers_at(network, points), len(scene.polygons(network))
    assert 0.9 * found < seen <= found


def test_without_biases_the_square_has_the_pieces_of_the_circle():
    for seed in range(3):
        network = networks.mlp([2, 10, 10, 10, 1], "relu", scheme="he", seed=seed)
        assert len(scene.polygons(network)) == len(scene.round_circle(network))


def test_the_formula_of_two_pieces_a_unit_is_what_new_networks_have():
    for width, depth in ((3, 3), (5, 4)):
        counts = [
            len(scene.round_circle(networks.mlp([2, *[width] * depth, 1], "relu", scheme="he", seed=9000 + seed)))
            for seed in range(200)
        ]
        found = np.array(counts) / (width * depth)
        assert abs(found.mean() - scene.expected(width, depth)) < 4 * found.std() / 200**0.5
    assert scene.expected(16, 1) == 2 and scene.expected(2, 2) == pytest.approx((2 + 2 / 4) / 2)


@pytest.mark.parametrize("folds", range(6))
def test_a_folded_point_keeps_its_distance_and_comes_to_lie_in_the_wedge(folds):
    x = torch.randn(500, 2, generator=torch.Generator().manual_seed(1), dtype=F64)
    there = scene.folded(x, folds)
    torch.testing.assert_close(there.norm(dim=1), x.norm(dim=1))
    assert torch.atan2(there[:, 1], there[:, 0]).abs().max() <= math.pi / 2**folds + 1e-12
    network = scene.fold_network(folds, cut=0.7)
    torch.testing.assert_close(network(x)[:, 0], 0.7 - there[:, 0])


@pytest.mark.parametrize("folds", [2, 3, 4])
def test_the_unfolded_cut_is_a_regular_polygon(folds):
    network, sides = scene.fold_network(folds, cut=1.0), 2**folds
    angle = torch.linspace(0, 2 * math.pi, 4 * sides + 1, dtype=F64)
    from_side = torch.remainder(angle - math.pi / sides, 2 * math.pi / sides)
    distance = 1 / torch.cos(torch.minimum(from_side, 2 * math.pi / sides - from_side))
    on = distance[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    middles = [network(turned).abs().max().item() for turned in (on, on @ _turn(math.pi / sides))]
    assert min(middles) < 1e-12 < max(middles)  # it stands on a corner or on a side, and on one of them only


def _turn(by):
    return torch.tensor([[math.cos(by), math.sin(by)], [-math.sin(by), math.cos(by)]], dtype=F64)


def test_the_best_cut_is_found_among_all():
    task = data.disk(1, test=300, seed=3, dtype=F64)
    x, y = task.test_x, task.test_y
    cut, right = scene.best_cut(2, x, y)
    across = scene.folded(x, 2)[:, 0]
    shares = [((across <= one) == y.bool()).double().mean().item() for one in across.tolist()]
    assert right == pytest.approx(max(shares)) and ((across <= cut) == y.bool()).double().mean().item() == right


def test_a_line_is_worth_what_the_density_says():
    task = data.disk(1, test=100_000, seed=5)
    for angle in (0.0, 1.0, 4.0):
        offset, share = scene.lines(task.test_x, task.test_y, angle)
        for place in (-0.8, 0.0, 0.8):
            found = share[torch.searchsorted(offset, torch.tensor(place))].item()
            assert abs(found - scene.by_hand(place)) < 0.006  # four standard errors of 100,000 points
    assert scene.by_hand(-9) == pytest.approx(0.5, abs=1e-6) and scene.by_hand(9) == pytest.approx(0.5, abs=1e-6)


def test_a_sum_of_units_is_the_best_by_least_squares():
    line = np.polynomial.Polynomial.fit(np.linspace(0, 1, 401), scene.wave(torch.linspace(0, 1, 401)).numpy(), 1)
    parabola = np.polynomial.Polynomial.fit(
        np.linspace(0, 1, 401), scene.wave(torch.linspace(0, 1, 401, dtype=F64)).numpy(), 2
    )
    t = np.linspace(0, 1, 401)
    for units in (1, 7):
        np.testing.assert_allclose(scene.best_sum(lambda z: z, units), line(t), atol=1e-6)
    np.testing.assert_allclose(scene.best_sum(torch.square, 5), parabola(t), atol=1e-9)


def test_hinges_join_the_points_by_straight_strokes():
    knots = torch.tensor([0.0, 0.1, 0.45, 0.8, 1.0], dtype=F64)
    network = scene.hinge_network(torch.exp, knots)
    t = torch.linspace(0, 1, 101, dtype=F64)
    expected = np.interp(t.numpy(), knots.numpy(), knots.exp().numpy())
    np.testing.assert_allclose(network(t[:, None])[:, 0].detach(), expected, atol=1e-12)


def test_networks_trained_at_once_learn_what_each_learns_alone():
    t = torch.linspace(0, 1, 201)
    task = data.Split(t[:, None], scene.wave(t), t[:, None], scene.wave(t))
    network = networks.mlp([1, 16, 1], "relu", seed=4)
    train.fit(network, task, steps=30, rate=0.01, loss="mse")
    alone = scene.largest_error(network, scene.wave, points=1001)
    assert scene.learned_errors(0.01, (3, 4), steps=30)[1] == pytest.approx(alone, rel=1e-3)


def test_the_sawtooth_doubles():
    for depth in (1, 3, 6):
        t = torch.linspace(0, 1, 2**depth + 1, dtype=F64)
        assert torch.equal(scene.sawtooth(depth)(t[:, None])[:, 0], (torch.arange(len(t)) % 2).double())


def test_raised_biases_leave_one_layer():
    x = data.disk(200, seed=1, dtype=F64).train_x
    assert scene.layers_at(scene.on_everywhere(x, 0.0), x) > 20
    raised = scene.on_everywhere(x)
    assert scene.layers_at(raised, x) == 1
    torch.testing.assert_close(raised(x), networks.collapse(raised[::2])(x))


def test_a_single_layer_halves_its_gap_as_an_exponential():
    steps = scene.halfway(scene.paths([], seeds=(0,), every=1), every=1)
    # by hand: the gap shrinks by 1 - 2/3 rate a step, from weights of about 0.1
    about = math.log(1 / 2) / math.log(1 - 2 / 3 * 0.04)
    assert (steps.double() - about).abs().max() < 5
    with pytest.raises(ValueError, match="too short"):
        scene.halfway(scene.paths([8, 8], seeds=(0,), steps=20))


def test_a_narrow_layer_leaves_the_weaker_directions():
    assert scene.narrow(1) == (pytest.approx(5 / 3, abs=1e-3), 1)


def test_normals_of_a_square_have_four_directions_and_those_of_a_circle_all():
    def square(x):
        return 1 - x.abs().amax(dim=1, keepdim=True)

    def circle(x):
        return 1 - x.square().sum(dim=1, keepdim=True)

    # a ray along a diagonal may meet a corner, where a normal is what autograd makes of it
    assert 4 <= scene.directions(square, 1998) <= 8 and scene.directions(circle, 1998) == 1998


def test_step_units_draw_a_polygon_that_grows_better_with_its_sides():
    assert 0.5 < scene.octagon(3) < scene.octagon(5) < scene.octagon(8) < 1
