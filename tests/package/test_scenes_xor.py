"""What chapter 8a draws and computes: against autograd, counting by hand, likelihoods maximised by force, and shelves
whose losses can be written down."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy

from actlab import activations, data, results
from actlab.scenes import xor as scene
from actlab.scenes.xor._stored import SHOWN

F64 = torch.float64
pytestmark = pytest.mark.usefixtures("one_thread")


def relu(z):
    return z.clamp(min=0), (z > 0).double()


def leaky_relu(z):
    return torch.where(z > 0, z, 0.01 * z), torch.where(z >= 0, torch.ones_like(z), 0.01)


# ---- the script -------------------------------------------------------------------------------------------------


def test_a_step_follows_the_gradient_of_half_the_squared_error():
    parameters = [p + 0.01 for p in scene.start([0, 7])]  # off the kink, where autograd's slope is another
    x, y = (part.double() for part in data.xor()[:2])
    moved = scene.descend(parameters, relu, steps=1, rate=1.0)
    for i in range(2):
        w1, b1, w2, b2 = own = [p[..., i].clone().requires_grad_() for p in parameters]
        loss = ((torch.sigmoid((x @ w1 + b1).clamp(min=0) @ w2 + b2) - y) ** 2).mean() / 2
        for p, after, gradient in zip(own, moved, torch.autograd.grad(loss, own), strict=True):
            torch.testing.assert_close(p.detach() - after[..., i], gradient, rtol=1e-9, atol=1e-14)


def test_another_error_at_the_output_makes_the_gradient_of_another_loss():
    parameters = [p + 0.01 for p in scene.start([3])]
    x, y = (part.double() for part in data.xor()[:2])
    moved = scene.descend(parameters, scene.sigmoid, steps=1, rate=1.0, error=lambda a, y: (a - y) / 4)
    w1, b1, w2, b2 = own = [p[..., 0].clone().requires_grad_() for p in parameters]
    loss = binary_cross_entropy(torch.sigmoid(torch.sigmoid(x @ w1 + b1) @ w2 + b2), y)
    for p, after, gradient in zip(own, moved, torch.autograd.grad(loss, own), strict=True):
        torch.testing.assert_close(p.detach() - after[..., 0], gradient, rtol=1e-9, atol=1e-14)


def test_the_script_gives_what_is_stored_of_it():
    found = scene.script(range(40), relu=relu, leaky_relu=leaky_relu)
    for name, at_zero in (("relu", 0.0), ("leaky_relu", 1.0)):
        assert (found[name] == 4).tolist() == scene.stored_script(name, at_zero, "printed")[:40].tolist()


def test_a_slope_is_changed_at_zero_alone():
    z = torch.tensor([-1.0, 0.0, 1.0], dtype=F64)
    value, slope = scene.at_zero(relu, 1.0)(z)
    assert value.tolist() == [0, 0, 1] and slope.tolist() == [0, 1, 1]
    slopes = [hidden(z)[1].tolist() for hidden in scene.characters(relu, leaky_relu).values()]
    assert slopes == [[0, 0, 1], [0, 1, 1], [0.01, 0.01, 1], [0.01, 1, 1]]


def test_the_first_step_alone_is_made_with_the_other_function():
    other = scene.at_zero(relu, 1.0)
    assert torch.equal(scene.first_step(relu, other, range(9), steps=1), scene.right(
        scene.descend(scene.start(range(9)), other, steps=1), relu).sum(0))  # fmt: skip
    assert torch.equal(scene.first_step(relu, relu, range(9), steps=40), scene.right(
        scene.descend(scene.start(range(9)), relu, steps=40), relu).sum(0))  # fmt: skip


def test_a_first_step_for_some_units_moves_those_alone():
    seeds, other = range(30), scene.at_zero(relu, 1.0)
    everyone = scene.first_step(relu, other, seeds, steps=600)
    born = scene.silent(scene.start(seeds))
    some = scene.first_step(relu, other, seeds, only="silent", steps=600)
    rest = scene.first_step(relu, other, seeds, only="heard", steps=600)
    none_silent, without = born.sum(0) == 0, scene.first_step(relu, relu, seeds, steps=600)
    assert torch.equal(rest[none_silent], everyone[none_silent])
    assert torch.equal(some[none_silent], without[none_silent])  # W2 and b2 see no slope in this step
    assert not torch.equal(some, everyone) or not torch.equal(rest, everyone)
    with pytest.raises(KeyError, match="neither"):
        scene.first_step(relu, other, seeds, only="neither", steps=1)


def test_a_quarter_of_the_units_is_silent_and_a_step_that_hears_nothing_leaves_them_so():
    W1, *_ = scene.start(range(500))
    both = (W1 < 0).all(0)  # two negative weights and no bias: at or below 0 on all corners
    assert torch.equal(scene.silent(scene.start(range(500))), both)
    born, after = scene.left_alone(relu, 500)
    assert born == both.double().mean().item()
    assert after >= born  # none of them is waked


def test_the_table_of_the_script_counts_and_names_the_published_seed():
    corners = torch.full((200,), 2)
    corners[:50], corners[42] = 4, 3
    (row,) = scene.script_table({"f": corners}).rows
    low, high = results.proportion(49, 200)
    assert row == ("f", "3 of 4", "49 of 200", f"{100 * low:.0f} to {100 * high:.0f} %")


def test_the_gradient_of_each_loss_is_known_by_a_factor_of_one():
    rows = scene.gradient_table(lambda a, y: (a - y) / 4).rows
    assert rows[0] == ("cross-entropy", "1.000", "0%") and rows[1][2] != "0%"
    rows = scene.gradient_table(scene.printed).rows
    assert rows[1] == ("half the squared error", "1.000", "0%") and rows[2][1:] == ("0.500", "50%")


# ---- pairs ------------------------------------------------------------------------------------------------------


def booleans(both, b, c, neither):
    first = [True] * (both + b) + [False] * (c + neither)
    second = [True] * both + [False] * b + [True] * c + [False] * neither
    return first, second


def likeliest_split(b, c, n, difference):
    """The share of pairs that only the second solves, at a given difference, by trying every one."""
    q = np.linspace(max(0.0, -difference), (1 - difference) / 2, 200_001)[1:-1]
    logs = b * np.log(q + difference) + c * np.log(q) + (n - b - c) * np.log(1 - 2 * q - difference)
    return q[np.nanargmax(logs)]


@pytest.mark.parametrize(("b", "c", "n"), [(50, 5, 200), (6, 2, 31), (17, 7, 200), (3, 11, 40)])
def test_the_ends_of_a_paired_interval_are_as_far_as_1_96_standard_errors(b, c, n):
    first, second = booleans(n - b - c, b, c, 0)
    difference, *ends = scene.apart(first, second)
    assert difference == pytest.approx((b - c) / n)
    for end, sign in zip(ends, (1, -1), strict=True):
        q = likeliest_split(b, c, n, end)
        spread = math.sqrt((2 * q + end - end**2) / n)
        assert (difference - end) / spread == pytest.approx(sign * 1.96, abs=2e-3)


def test_a_paired_interval_turns_with_its_pair_and_is_not_empty_where_nothing_differs():
    first, second = booleans(20, 6, 2, 3)
    difference, low, high = scene.apart(first, second)
    assert scene.apart(second, first) == pytest.approx((-difference, -high, -low))
    difference, low, high = scene.apart([True] * 200, [True] * 200)
    assert difference == 0 and low == pytest.approx(-high) and 0.01 < high < 0.03


@pytest.mark.parametrize(
    ("k", "n", "j", "m", "low", "high"), [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090)]
)
def test_an_unpaired_interval_is_the_one_that_newcombe_prints(k, n, j, m, low, high):
    difference, *ends = scene.apart_unpaired(k, n, j, m)
    assert difference == pytest.approx(k / n - j / m)
    assert ends == pytest.approx([low, high], abs=5e-5)


def test_pairs_are_sorted_and_told_in_points():
    first, second = booleans(4, 3, 1, 2)
    assert scene.sort_pairs(first, second) == (3, 1)
    assert scene.points((0.225, 0.1612, 0.2937)) == "+22.5 (16.1 to 29.4)"
    small, whole = scene.pairs_table(first, second, results.mcnemar, [0, 4]).rows
    assert small[:3] == (2, "1 to 0", "1.00") and whole[:3] == (10, "3 to 1", "0.62")


def test_power_is_the_probability_that_the_binomial_gives():
    # all pairs differ and one way only: a study of 6 always has p = 0.03, one of 5 never less than 0.06
    assert scene.power([True] * 9, [False] * 9, sizes=(5, 6), studies=20) == {5: 0.0, 6: 1.0}
    # every pair is a fair coin: of 8 tosses at most one may go the other way, twice 9 / 256
    first = [True, False] * 50
    found = scene.power(first, [not one for one in first], sizes=(9,), studies=4000)
    share = 2 * sum(math.comb(9, k) for k in range(2)) / 2**9
    assert found[9] == pytest.approx(share, abs=4 * math.sqrt(share / 4000))


# ---- stored runs ------------------------------------------------------------------------------------------------


def test_what_was_solved_was_so_since_a_step():
    for name in SHOWN:
        assert (scene.since(name) <= 5000).tolist() == scene.outcome(name).tolist()
    with pytest.raises(KeyError, match="no runs of 'relu' at scale 7"):
        scene.outcome("relu", 7.0)
    with pytest.raises(KeyError, match=r"no script of 'relu' with slope 0\.5"):
        scene.stored_script("relu", 0.5)


def test_the_players_open_at_the_end_and_count_what_is_shown():
    player = scene.starts_player()
    assert repr(player) == "player: function x step, 36 frames"
    player = scene.same_start_player(relu, leaky_relu, seed=3)
    assert repr(player) == "player: function x step, 24 frames"


def test_tables_hold_the_counts_that_the_runs_give():
    assert dict((row[0], row[1:]) for row in scene.cost_table(scene.cost()).rows)["gelu"][0] == (
        scene.outcome("gelu").sum()
    )
    table = {row[0]: row[1:] for row in scene.scale_table().rows}
    for name, scale in itertools.product(("relu", "sigmoid"), scene.scales_of()):
        assert table[name][scene.scales_of().index(scale)] == scene.outcome(name, scale).sum()
    wide = scene.widths(("silu",))
    assert wide["silu"][4] == scene.outcome("silu").sum()
    (row,) = scene.widths_table(wide).rows
    assert row[:5] == ("silu", *wide["silu"].values())


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_a_rate_of_its_own_is_the_best_of_its_grid_and_no_end_of_it(scale):
    for name, (rate, won) in scene.own_rates(scale).items():
        tried = scene.tuning(name, scale)
        assert tried[rate] == max(tried.values()) and min(tried) < rate < max(tried)
        assert len(won) == 200
    own = scene.own_rates(scale)
    row = {row[0]: row for row in scene.own_rates_table(own, scale=scale).rows}["tanh"]
    assert row[1] == scene.outcome("tanh", scale).sum() and row[3] == own["tanh"][1].sum()


# ---- plateaus ---------------------------------------------------------------------------------------------------


def mixed(f, eps):
    w1, w2 = eps * torch.randn(2, 2000, generator=torch.Generator().manual_seed(1), dtype=F64)
    return (f(0 * w1) - f(w1) - f(w2) + f(w1 + w2)).abs().mean()


@pytest.mark.parametrize(("name", "order"), [("relu", 1), ("gelu", 2), ("softplus", 2), ("tanh", 3), ("sine", 3)])
def test_the_order_is_that_of_the_first_term_that_is_not_straight(name, order):
    assert scene.order(mixed, name) == pytest.approx(order, abs=0.01)


def test_the_gradient_of_an_output_weight_is_an_eighth_of_the_mixed_difference():
    f, (w1, w2) = activations.get("gelu"), torch.tensor([0.3, -0.2], dtype=F64)
    x, y = (part.double() for part in data.xor()[:2])
    v = torch.zeros(1, dtype=F64, requires_grad=True)
    values = f(x @ torch.stack([w1, w2]))[:, None]
    (gradient,) = torch.autograd.grad(binary_cross_entropy(torch.sigmoid(values @ v), y), v)
    bracket = f(0 * w1) - f(w1) - f(w2) + f(w1 + w2)
    assert gradient.item() == pytest.approx(bracket.item() / 8, rel=1e-9)


def test_an_exponent_is_the_logarithm_of_two_waits_and_lies_in_its_interval():
    middle, low, high = scene.exponent("gelu")
    assert middle == pytest.approx(math.log2(scene.wait("gelu", 0.05) / scene.wait("gelu", 0.1)))
    assert low <= middle <= high
    middle, low, high = scene.exponent("sigmoid")  # none at the smallest scale: most runs never leave it
    assert middle == pytest.approx(math.log2(scene.wait("sigmoid", 0.1) / scene.wait("sigmoid", 0.2)))
    assert scene.wait("sigmoid", 0.05) == high == math.inf
    with pytest.raises(KeyError, match="no waits of 'elu'"):
        scene.wait("elu", 0.1)


# ---- where it ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dark", "words"),
    [((0, 1, 2, 3), "all, or straight"), ((0, 1, 2), "three"), ((0, 1), "two unlike"), ((0, 3), "no two unlike")],
)
def test_a_rest_is_the_least_loss_of_answers_that_corners_in_the_dark_share(dark, words):
    y = data.xor(dtype=F64)[1]
    shared = np.linspace(0.0005, 0.9995, 9990)
    loss = np.zeros_like(shared)
    for corner in dark:
        loss -= np.log(shared) if y[corner] else np.log(1 - shared)
    assert scene.RESTS[words] == pytest.approx(loss.min() / 4, abs=2e-3)


def test_a_network_that_is_on_everywhere_is_straight_and_predicted_so():
    found = scene.rests(lambda z: (z, torch.ones_like(z)), seeds=range(5), steps=200)
    assert not found["solved"].any()
    found = scene.rests(relu, seeds=range(12), steps=5000)
    assert ((found["loss"] - found["predicted"]).abs() < 0.02).sum() >= 11
    assert next(row[2] for row in scene.rests_table(found).rows) == (found["predicted"] == 0).sum()
    solved, stuck = scene.dead_units(found).rows
    assert solved[1] + stuck[1] == 12
    mean, error, near = scene.band({"loss": torch.tensor([0.0, 0.6, 0.3, 0.3])})
    assert (mean, near) == (pytest.approx(0.3), 2) and error == pytest.approx(0.6 / math.sqrt(6) / 2)
