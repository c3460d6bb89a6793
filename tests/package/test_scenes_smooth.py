"""What chapter 5 and its pages show of smooth functions and gates, against mpmath, autograd and counts by hand."""

import math

import mpmath
import numpy as np
import pytest
import torch
from torch.nn import functional

from actlab import activations, gates, results
from actlab.scenes import smooth as scene

F64 = torch.float64


@pytest.fixture(autouse=True)
def single(one_thread):
    """What is added up does not depend on the number of threads."""


# ---- curves -----------------------------------------------------------------------------------------------------


def test_the_first_screen_opens_where_two_curves_have_become_one():
    player = scene.first_screen()
    assert repr(player) == "player: times, 6 frames"
    frames = [frame.value for frame in player.children[1].children]
    assert "lie together on the line z / 2" in frames[player.children[0].children[0].index]
    assert "dip below 0" in frames[0]


@pytest.mark.parametrize(
    ("name", "slope", "curvature"),
    [
        ("relu", 1, 0),
        ("hardswish", 0.5, 1 / 3),
        ("relu_squared", 0, 2),
        ("elu", 0, 1),
        ("gelu", 0, 0),
        ("tanh", 0, 0),
    ],
)
def test_jumps_are_those_of_the_formulas(name, slope, curvature):
    assert scene.jumps(name) == (pytest.approx(slope, abs=1e-5), pytest.approx(curvature, abs=1e-5))


def test_a_grade_is_that_of_the_first_derivative_that_jumps():
    assert [scene.grade(name) for name in ("relu", "elu", "mish")] == ["corner", "bend", "smooth"]
    assert scene.jumps("elu", alpha=0.5)[0] == pytest.approx(0.5, abs=1e-5)


def test_the_halves_of_a_table_are_those_that_it_is_given():
    rows = scene.halves_table(lambda f, z: (f(z), 0 * z), ["identity", "relu"]).rows
    assert rows == (("identity", "2.00", "0.000", "0.000"), ("relu", "2.00", "0.000", "0.000"))


def test_the_lowest_point_of_silu_is_lamberts():
    w = float(mpmath.lambertw(mpmath.exp(-1)))
    (row,) = scene.lowest_table(["silu"]).rows
    assert row[1:3] == (f"{-w:.3f}", f"{-1 - w:.3f}")
    assert row[3] == f"{float(mpmath.ncdf(-1 - w)):.0%}"


def test_the_knobs_curvature_stays_on_its_axes():
    player = scene.knob_player()
    assert repr(player) == "player: beta, 7 frames"
    betas = (0, 0.25, 0.5, 1, 1.702, 2.5, 4)
    assert max(betas) / 2 < 2.9  # the top of the axes
    assert "dips to -0.278 at z = -1.28" in player.children[1].children[3].value


# ---- forms ------------------------------------------------------------------------------------------------------


def test_the_places_of_numbers_are_one_apart_where_nothing_is_between_them():
    from actlab.scenes.smooth._forms import _place

    x = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0, 300.0]).bfloat16()
    up = torch.nextafter(x, torch.full_like(x, torch.inf))
    assert (_place(up) - _place(x)).tolist() == [1] * 6
    assert _place(torch.tensor([-0.0, 0.0])).tolist() == [0, 0]


def test_what_a_format_makes_of_the_two_forms_agrees_with_mpmath():
    of = scene.formats(torch.bfloat16, draws=300, seed=1)
    z = torch.randn(300, generator=torch.Generator().manual_seed(1)).bfloat16().double().tolist()
    k = mpmath.sqrt(2 / mpmath.pi)
    a = [float(x * mpmath.ncdf(x)) for x in z]
    b = [float(0.5 * x * (1 + mpmath.tanh(k * (x + mpmath.mpf("0.044715") * x**3)))) for x in z]
    same = torch.tensor(a, dtype=F64).bfloat16() == torch.tensor(b, dtype=F64).bfloat16()
    assert of["equal"] == pytest.approx(same.double().mean().item(), abs=1e-6)
    assert of["gap"] == pytest.approx(np.abs(np.subtract(a, b)).mean(), rel=1e-6)


def test_masks_keep_an_input_in_the_share_that_phi_says():
    mean, error = scene.kept_by_chance(torch.tensor([1.0], dtype=F64), draws=10_000, seed=4)
    share = float(mpmath.ncdf(1))
    assert abs(mean.item() - share) < 4 * error.item()
    assert error.item() == pytest.approx((share * (1 - share) / 10_000) ** 0.5, rel=0.05)


@pytest.mark.slow
def test_a_network_answers_as_it_was_trained_with_its_own_form():
    task, network = scene.trained("gelu")
    with torch.no_grad():
        own = network(task.test_x)[:, 0]
    # torch's own function rounds otherwise in the last bits
    torch.testing.assert_close(scene.answers(network, task.test_x, functional.gelu), own, rtol=1e-4, atol=1e-4)
    x, slope = scene.walk(network, points=5)
    h = 1e-2
    points = torch.stack([x, torch.zeros(5)], dim=1)
    step = torch.tensor([[h, 0.0]])
    with torch.no_grad():
        quotient = (network(points + step) - network(points - step))[:, 0] / (2 * h)
    torch.testing.assert_close(slope, quotient, rtol=0.05, atol=0.05)


# ---- the equation -----------------------------------------------------------------------------------------------


def test_relu_can_only_answer_zero_and_gelu_finds_the_wave():
    relu, gelu = scene.solve("relu", 0), scene.solve("gelu", 0)
    assert relu.missed == pytest.approx(1) and relu.off == pytest.approx(1, abs=1e-6)
    assert gelu.missed < 1e-3 and gelu.off < 1e-4
    x = torch.linspace(-1, 1, 1001, dtype=F64)
    torch.testing.assert_close(gelu.found[0], torch.sin(math.pi * x), rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["tanh", "relu_squared"])
def test_the_slope_of_a_solution_is_the_slope_of_its_u(name):
    u, slope, curvature = scene.solve(name, 1).found
    h = 2 / 1000
    torch.testing.assert_close((u[2:] - u[:-2]) / (2 * h), slope[1:-1], rtol=0, atol=0.05)
    jump = 1.0 if name == "relu_squared" else 0.05
    assert ((slope[2:] - slope[:-2]) / (2 * h) - curvature[1:-1]).abs().mean() < jump


def test_hardswish_hides_its_error_in_its_corners():
    of = scene.solve("hardswish", 0)
    assert of.missed < 0.2 < of.off
    h = 2 / 1000
    jumps = of.found[1].diff() - h * of.found[2][1:]
    assert jumps.abs().max() > 0.1  # what the curvature does not account for


# ---- comparisons ------------------------------------------------------------------------------------------------


def test_arms_are_paired_and_a_verdict_follows_its_interval():
    found = scene.arms(["silu", "leaky_relu"])
    assert all(len(arm.ratios) == 20 for of in found.values() for arm in of.values())
    arm = scene.Arm(np.array([0.5, 0.6, 0.4]), 0.01, 0.01)
    factor, low, high = arm.factor
    assert factor == pytest.approx((0.5 * 0.6 * 0.4) ** (1 / 3)) and low < factor < high < 1
    assert scene.verdict(arm) == "lower" and scene.seen(arm) == pytest.approx((high / low) ** 0.5)
    assert scene.verdict(scene.Arm(1 / arm.ratios, 1, 1)) == "higher"
    assert scene.verdict(scene.Arm(np.array([0.5, 2.0, 1.1]), 1, 1)) == "not distinguishable"


def test_by_draw_is_the_median_of_the_starts():
    rows = [r for r in results.load("disk", "squares") if r["activation"] == "gelu" and r["draw"] == 3]
    assert len(rows) == 3
    assert scene.by_draw("squares", "gelu", "test_loss")[3] == sorted(r["test_loss"] for r in rows)[1]
    disk, square = (scene.arms(["gelu"])["gelu"][label].ratios for label in ("fresh, 0.01", "square, 0.01"))
    ratio = math.exp(np.log(disk / square).mean())
    assert scene.by_target(scene.arms(["gelu"])["gelu"])[0] == pytest.approx(ratio)


# ---- gates ------------------------------------------------------------------------------------------------------


def test_a_gain_is_the_geometric_mean_over_the_same_starts():
    found = {"a": {"gelu": np.array([4.0, 9.0]), "geglu": np.array([1.0, 1.0])}}
    assert scene.gain(found, "a", "gelu", "geglu")[0] == pytest.approx(6)
    (row,) = scene.sizes_table({scene.BASE: found["a"]}, [("gelu", "geglu")]).rows
    assert row[0] == "base" and row[1].startswith("6.0 (")


def test_the_floors_are_what_a_quadratic_polynomial_leaves():
    # |x| and sin 2x of a standard normal against 1, x, x^2: by least squares on quantiles
    x = torch.special.ndtri((torch.arange(20_000, dtype=F64) + 0.5) / 20_000)
    powers = torch.stack([x**0, x, x**2], dim=1)
    for task, y in (("corners", x.abs()), ("waves", torch.sin(2 * x))):
        y = y - y.mean()
        left = y - powers @ torch.linalg.lstsq(powers, y[:, None]).solution[:, 0]
        assert (left.square().mean() / y.square().mean()).item() == pytest.approx(scene.FLOORS[task], abs=0.002)


def test_doubling_tells_products_from_lines():
    blocks = scene.blocks()
    assert set(blocks) == {"gelu, plain", *gates.catalog}
    assert scene.doubled(blocks["gelu, plain"]) == pytest.approx(2, abs=0.01)
    assert scene.doubled(blocks["bilinear"]) == pytest.approx(4, abs=0.01)


def test_the_tasks_choose_by_the_first_five_starts_and_report_the_other_ten():
    errors, rates = scene.tasks()
    rows = [r for r in results.load("gate_tasks") if (r["task"], r["function"]) == ("waves", "glu")]
    tuned = {
        rate: np.median([r["test_loss"] for r in rows if r["rate"] == rate and r["start"] < 5])
        for rate in (0.01, 0.03, 0.1, 0.3)
    }
    assert rates["waves"]["glu"] == min(tuned, key=tuned.get)
    reported = [r["test_loss"] for r in rows if r["rate"] == rates["waves"]["glu"] and r["start"] >= 5]
    assert errors["waves"]["glu"].tolist() == reported


# ---- prices -----------------------------------------------------------------------------------------------------


def test_what_is_kept_is_counted_in_tensors_of_the_hidden_layer():
    assert scene.kept(torch.relu) == scene.kept(torch.sigmoid) == 1
    assert scene.kept(functional.silu) == 2
    # tanh's output is gelu's input, and is kept once
    assert scene.kept(lambda z: functional.gelu(torch.tanh(z))) == 2


@pytest.mark.parametrize("right", [False, True])
def test_an_input_is_found_again_from_its_output_and_its_side(right):
    z = torch.linspace(-0.7, 6, 50, dtype=F64) if right else torch.linspace(-6, -0.8, 50, dtype=F64)
    a = activations.get("gelu")(z)
    found = scene.inverse(a, torch.full((50,), right))
    torch.testing.assert_close(found, z, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4)])
def test_the_tight_gelu_has_the_values_and_slopes_of_gelu(shape):
    z = (2 * torch.randn(shape, generator=torch.Generator().manual_seed(2))).requires_grad_()
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    tight, exact = scene.TightGELU.apply(z), functional.gelu(z)
    assert torch.equal(tight, exact)
    (one,), (other,) = (torch.autograd.grad((a * weight).sum(), z) for a in (tight, exact))
    torch.testing.assert_close(one, other, rtol=0, atol=2e-4)


def test_ratios_are_in_units_of_the_first_task():
    def work(n):
        return lambda: torch.ones(n).cumsum(0)

    found = scene.ratios({"short": work(50_000), "long": work(1_000_000)}, rounds=5)
    assert found["short"].tolist() == [1, 1, 1]
    assert found["long"][0] > 2


def test_below_zero_is_the_mean_square_over_the_negative_half():
    assert scene.below_zero("relu") == 0
    assert scene.below_zero("identity") == pytest.approx(1)
    assert scene.below_zero("leaky_relu") == pytest.approx(1e-4)
