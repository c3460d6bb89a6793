"""Numbers about functions against mpmath, closed forms, simulated layers and a walk through every number of a dtype.

The formulas of the oracles are those of test_activations, written in mpmath from the papers and not from the package.
"""

import dataclasses
import math
from functools import cache

import mpmath
import numpy as np
import pytest
import torch
from mpmath import mp
from test_activations import oracle

from actlab import theory
from actlab.activations import Activation, catalog, get

F64 = torch.float64
EVERY = pytest.mark.parametrize("name", catalog)


pytestmark = pytest.mark.usefixtures("one_thread")


# ---- expectations -----------------------------------------------------------------------------------------------


@cache
def truths(name):
    """E f, E f^2, E f'^2 and E |f| to 25 digits or more, by mpmath's quadrature between the kinks."""
    with mp.workdps(30):
        f = oracle(name, {})
        cuts = sorted(
            {mp.mpf(z) for z in (-13, -8, -5, -3, -2, -1, 0, 1, 2, 3, 5, 8, 13)} | {*map(mp.mpf, kinks(name))}
        )

        def integral(g):
            total, error = mp.quad(
                lambda z: g(z) * mp.npdf(z), cuts, method="gauss-legendre", maxdegree=7, error=True
            )
            assert error < 1e-25
            return total

        found = [integral(f), integral(lambda z: f(z) ** 2), integral(lambda z: mp.diff(f, z) ** 2)]
    return [mpmath.libmp.to_float(one._mpf_) for one in found]


def kinks(name):
    return catalog[name].kinks


@pytest.mark.slow
@EVERY
def test_moments_agree_with_mpmath_to_thirteen_digits(name):
    mean, second, slope_second = truths(name)
    got = theory.moments(name)
    assert got.mean == pytest.approx(mean, rel=1e-13, abs=1e-14 * math.sqrt(second))
    assert got.second == pytest.approx(second, rel=1e-14, abs=0)
    assert got.slope_second == pytest.approx(slope_second, rel=1e-14, abs=0)


@EVERY
def test_a_kink_that_is_not_named_costs_no_digits_that_matter(name):
    act, moments = catalog[name], theory.moments(name)
    for power, f, expected in [
        (1, act, moments.mean),
        (2, act, moments.second),
        (2, act.slope, moments.slope_second),
    ]:
        got = theory.expectation(lambda z, f=f, power=power: f(z) ** power)
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_a_kink_that_is_not_there_changes_nothing():
    wrong = (-1e9, -40.0, -0.7, 0.1, 0.1, 3.3, 1e300)
    assert theory.expectation(torch.tanh, wrong) == pytest.approx(0, abs=1e-16)
    assert theory.expectation(lambda z: torch.relu(z - 0.3), wrong) == pytest.approx(
        theory.expectation(lambda z: torch.relu(z - 0.3), [0.3]), rel=1e-14
    )


@pytest.mark.parametrize("power", range(0, 13, 2))
def test_even_powers_have_the_moments_of_the_normal_distribution(power):
    expected = math.prod(range(1, power, 2))
    assert theory.expectation(lambda z: z**power) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("edge", [0.0, 1e-6, 0.3, -2.7, 8.3])
@pytest.mark.parametrize("named", [True, False])
def test_a_jump_is_found_whether_it_is_named_or_not(edge, named):
    expected = 0.5 * math.erfc(edge / math.sqrt(2))
    # in the tail a last bit of the edge is worth as many of the probability's as edge^2
    tolerance = 1e-15 * (4 + edge**2)
    assert theory.expectation(lambda z: z > edge, [edge] if named else []) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("q", [1e-8, 1e-4, 1.0, 1e4, 1e6, 1e8])
def test_features_much_narrower_or_wider_than_the_signal_are_resolved(q):
    root = math.sqrt(q)
    sine = theory.expectation(lambda z: torch.sin(root * z) ** 2)
    assert sine == pytest.approx(-math.expm1(-2 * q) / 2, rel=1e-13)
    cdf = theory.expectation(lambda z: torch.special.ndtr(root * z) ** 2)
    assert cdf == pytest.approx(0.25 + math.asin(q / (1 + q)) / (2 * math.pi), rel=1e-13)
    edge = 1 / root
    inside, density = math.erf(edge / math.sqrt(2)), math.exp(-(edge**2) / 2) / math.sqrt(2 * math.pi)
    clipped = q * inside - 2 * root * density + 1 - inside
    if q > 1:  # the closed form cancels for smaller q
        for kinks in ([], [-edge, edge]):
            got = theory.expectation(lambda z: (root * z).clamp(-1, 1) ** 2, kinks)
            assert got == pytest.approx(1 - (1 - clipped), rel=1e-12)


def test_a_narrow_feature_away_from_0_is_resolved_too():
    with mp.workdps(30):
        expected = mp.quad(
            lambda z: mp.npdf(z) / (1 + mp.exp(-1000 * (z - 0.3))), [-12, 0, 0.2, 0.25, 0.3, 0.35, 0.4, 2, 12]
        )
    assert theory.expectation(lambda z: torch.sigmoid(1000 * (z - 0.3))) == pytest.approx(float(expected), rel=1e-13)


def test_singular_but_integrable_functions_settle():
    half = theory.expectation(lambda z: z.abs() ** -0.5)
    assert half == pytest.approx(2**-0.25 * math.gamma(0.25) / math.sqrt(math.pi), rel=1e-12)
    log = theory.expectation(lambda z: z.abs().log())
    assert log == pytest.approx(-(np.euler_gamma + math.log(2)) / 2, rel=1e-13)


def test_expectation_asks_in_float64_and_answers_with_a_float():
    seen = []
    assert type(theory.expectation(lambda z: seen.append(z) or z)) is float
    assert {z.dtype for z in seen} == {F64} and {z.ndim for z in seen} == {1}


def test_a_function_with_weights_that_learn_can_be_asked():
    layer = torch.nn.utils.skip_init(torch.nn.Linear, 1, 1, dtype=F64)
    torch.nn.init.constant_(layer.weight, 3.0)
    torch.nn.init.constant_(layer.bias, 2.0)
    assert theory.expectation(lambda z: layer(z[:, None])[:, 0] ** 2) == pytest.approx(13, rel=1e-14)


@pytest.mark.parametrize(
    ("f", "error", "says"),
    [
        (lambda z: z[1:], ValueError, r"shape it is given, \(\d+,\); got"),
        (lambda z: z.sum(), ValueError, r"got \(\)"),
        (lambda z: z / 0, ValueError, "finite"),
        (lambda z: torch.exp(z**2 / 2), ValueError, "finite for .z. up to 38.5"),
        (lambda z: z.float(), TypeError, "float64.*float32"),
        (lambda z: z + 0j, TypeError, "float64.*complex128"),
        (lambda z: 1.0, TypeError, "got float"),
        (lambda z: z.sin().float().double(), ValueError, "did not settle"),
    ],
)
def test_what_has_no_expectation_is_refused(f, error, says):
    with pytest.raises(error, match=says):
        theory.expectation(f)


@pytest.mark.parametrize("kinks", [[math.nan], [0.0, math.inf]])
def test_a_kink_is_a_finite_number(kinks):
    with pytest.raises(ValueError, match="kinks are finite"):
        theory.expectation(torch.relu, kinks)


# ---- gains ------------------------------------------------------------------------------------------------------

A = 0.01  # leaky_relu's slope below 0
CLOSED = [  # name, E f, E f^2, E f'^2
    ("identity", 0, 1, 1),
    ("step", 1 / 2, 1 / 2, 0),
    ("relu", 1 / math.sqrt(2 * math.pi), 1 / 2, 1 / 2),
    ("leaky_relu", (1 - A) / math.sqrt(2 * math.pi), (1 + A**2) / 2, (1 + A**2) / 2),
    ("gelu", 1 / (2 * math.sqrt(math.pi)), 1 / 3 + 1 / (2 * math.sqrt(3) * math.pi), None),
    ("sine", 0, (1 - math.exp(-2)) / 2, (1 + math.exp(-2)) / 2),
    ("relu_squared", 1 / 2, 3 / 2, 2),
    ("hardtanh", 0, 1 - 2 * math.exp(-0.5) / math.sqrt(2 * math.pi), math.erf(math.sqrt(0.5))),
]


@pytest.mark.parametrize(("name", "mean", "second", "slope_second"), CLOSED, ids=[row[0] for row in CLOSED])
def test_moments_agree_with_those_done_by_hand(name, mean, second, slope_second):
    got = theory.moments(name)
    assert got.mean == pytest.approx(mean, rel=1e-14, abs=1e-16)
    assert got.second == pytest.approx(second, rel=1e-14)
    if slope_second is not None:
        assert got.slope_second == pytest.approx(slope_second, rel=1e-14)


# Computed once with mpmath, 50 digits: gain, backward gain, slope of the variance map at its fixed point 1.
PUBLISHED = [
    ("sigmoid", 1.846229, 4.722646, 0.106341),
    ("tanh", 1.592537, 1.467414, 0.461071),
    ("lecun_tanh", 1.154369, 1.115257, 0.615446),
    ("softsign", 2.337533, 2.095781, 0.476712),
    ("relu", 1.414214, 1.414214, 1.0),
    ("prelu", 1.371989, 1.371989, 1.0),
    ("elu", 1.245198, 1.223429, 0.890968),
    ("selu", 1.0, 0.966026, 0.782648),
    ("softplus", 1.041867, 1.846229, 0.492053),
    ("gelu", 1.533530, 1.481114, 1.144063),
    ("gelu_tanh", 1.533581, 1.481168, 1.144298),
    ("silu", 1.676532, 1.623320, 1.172594),
    ("mish", 1.486848, 1.444755, 1.076339),
    ("hardswish", 1.736657, 1.670076, 1.223920),
    ("penalized_tanh", 2.184943, 2.013275, 0.461071),
]


@pytest.mark.parametrize(("name", "gain", "backward", "slope"), PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_gains_and_slopes_of_the_map_are_the_known_ones(name, gain, backward, slope):
    assert theory.gain(name) == pytest.approx(gain, abs=6e-7)
    assert theory.backward_gain(name) == pytest.approx(backward, abs=6e-7)
    assert theory.chi(name) == pytest.approx((gain / backward) ** 2, rel=2e-6)
    assert theory.fixed_point(name).slope == pytest.approx(slope, abs=6e-7)


def test_a_function_without_slope_has_no_backward_gain():
    assert theory.backward_gain("step") == math.inf
    assert theory.chi("step") == 0


def test_settings_are_part_of_the_question():
    assert theory.gain(get("leaky_relu", negative_slope=1)) == pytest.approx(1, rel=1e-15)
    assert theory.gain("leaky_relu") == pytest.approx(math.sqrt(2 / (1 + 1e-4)), rel=1e-15)


def bump(scale=1.0, name="bump"):
    """A reader's own function, exp(-z^2): even, and V falls as q grows."""
    return Activation(
        name=name,
        function=lambda z: scale * torch.exp(-(z**2)),
        slope_function=lambda z: -2 * scale * z * torch.exp(-(z**2)),
        **{
            field.name: getattr(catalog["sigmoid"], field.name)
            for field in dataclasses.fields(Activation)
            if field.name not in ("name", "function", "slope_function")
        },
    )


def test_two_functions_of_a_reader_are_told_apart_though_their_records_read_the_same():
    assert bump() == bump(2.0)
    assert theory.gain(bump()) == pytest.approx(5**0.25, rel=1e-14)  # E exp(-2 z^2) = 1 / sqrt(5)
    assert theory.gain(bump(2.0)) == pytest.approx(5**0.25 / 2, rel=1e-14)


def test_an_answer_is_kept():
    assert theory.moments("mish") is theory.moments(get("mish"))
    assert theory.fixed_points("mish", 2.0) is theory.fixed_points("mish", 2.0)


# ---- the variance map -------------------------------------------------------------------------------------------

SCALES = [1e-8, 1e-3, 0.3, 1.0, 7.0, 1e3, 1e8]


@EVERY
def test_the_variance_map_keeps_one_at_its_own_gain(name):
    assert theory.variance_map(name, 1.0) == pytest.approx(1, rel=1e-14)


def test_the_variance_map_agrees_with_those_done_by_hand():
    q = torch.tensor(SCALES, dtype=F64)
    torch.testing.assert_close(theory.variance_map("relu", q, 1.0), q / 2, rtol=1e-14, atol=0)
    torch.testing.assert_close(theory.variance_map("relu_squared", q, 2.0), 6 * q**2, rtol=1e-14, atol=0)
    torch.testing.assert_close(theory.variance_map("sine", q, 1.0), -torch.expm1(-2 * q) / 2, rtol=1e-13, atol=0)
    torch.testing.assert_close(theory.variance_map("step", q, 3.0), torch.full_like(q, 4.5), rtol=1e-14, atol=0)
    torch.testing.assert_close(theory.variance_map(bump(), q, 1.0), (1 + 4 * q) ** -0.5, rtol=1e-13, atol=0)


def test_a_mean_square_that_learns_leaves_no_graph():
    q = torch.ones(2, requires_grad=True)
    assert not theory.variance_map("gelu", q).requires_grad and not theory.variance_slope("gelu", q).requires_grad


def test_a_number_gives_a_number_and_a_sequence_a_tensor():
    assert type(theory.variance_map("gelu", 2)) is float and type(theory.variance_slope("gelu", 2)) is float
    for q in ([0.0, 0.5, 2.0], torch.tensor([0.0, 0.5, 2.0])):
        values, slopes = theory.variance_map("gelu", q), theory.variance_slope("gelu", q)
        assert values.shape == slopes.shape == (3,) and values.dtype == slopes.dtype == F64
        assert values[2].item() == theory.variance_map("gelu", 2.0)
        assert values[0] == 0


@EVERY
def test_the_slope_of_the_map_is_that_of_its_difference_quotients(name):
    for q in (0.02, 1.0, 40.0):
        step = 1e-3 * q
        near = theory.variance_map(name, [q - step, q - step / 2, q + step / 2, q + step]).tolist()
        # Richardson: the quotients' errors, of order step^2, cancel
        expected = (8 * (near[2] - near[1]) - (near[3] - near[0])) / (6 * step / 2 * 2)
        assert theory.variance_slope(name, q) == pytest.approx(expected, rel=1e-8, abs=1e-11)


@EVERY
def test_the_slope_of_the_map_at_0_is_its_limit(name):
    near = theory.variance_slope(name, [1e-12, 1e-10]).tolist()
    got = theory.variance_slope(name, 0.0)
    if math.isinf(got):  # like 1 / sqrt(q)
        assert near[0] / near[1] == pytest.approx(10, rel=1e-2) and near[0] * got > 0
    else:
        assert got == pytest.approx(near[0], rel=1e-5, abs=1e-3 if theory.moments(name).mean else 1e-9)


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "sigmoid", "selu", "step"])
@pytest.mark.parametrize("q", [0.2, 4.0])
def test_a_wide_layer_does_what_the_map_says(name, q):
    width, repeats, gain = 2000, 4, 1.3
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(repeats):
        z = math.sqrt(q) * torch.randn(width, generator=generator)
        weights = torch.randn(width, width, generator=generator) * (gain / math.sqrt(width))
        found.append((weights @ get(name)(z)).square().mean().item())
    act, mean_square = get(name), theory.variance_map(name, q, gain)
    fourth = theory.expectation(lambda z: act(math.sqrt(q) * z) ** 4, [kink / math.sqrt(q) for kink in act.kinks])
    # two draws of `width` each: f(z)^2 about its mean, and the squares of the next layer's normal units
    spread = math.sqrt((gain**4 * fourth - mean_square**2 + 2 * mean_square**2) / (width * repeats))
    assert np.mean(found) == pytest.approx(mean_square, abs=3.5 * spread)


@pytest.mark.parametrize(
    ("q", "gain", "says"),
    [
        (-1.0, None, "mean square"),
        ([1.0, math.inf], None, "mean square"),
        (math.nan, None, "mean square"),
        ([[1.0]], None, r"shape \(n,\), got \(1, 1\)"),
        (1.0, 0.0, "gain is a positive number, got 0"),
        (1.0, -2.0, "gain is a positive number"),
        (1.0, math.nan, "gain is a positive number"),
    ],
)
@pytest.mark.parametrize("ask", [theory.variance_map, theory.variance_slope])
def test_a_mean_square_is_not_negative_and_a_gain_is_positive(ask, q, gain, says):
    with pytest.raises(ValueError, match=says):
        ask("gelu", q, gain)


# ---- fixed points -----------------------------------------------------------------------------------------------


def iterated(name, q, gain, layers):
    for _ in range(layers):
        q = theory.variance_map(name, q, gain)
    return q


@EVERY
def test_the_map_leaves_a_fixed_point_alone_and_one_is_among_them(name):
    points = theory.fixed_points(name)
    assert [point.q for point in points] == sorted(point.q for point in points)
    for point in points:
        assert theory.variance_map(name, point.q) == pytest.approx(point.q, rel=1e-12)
        assert theory.variance_slope(name, point.q) == pytest.approx(point.slope, rel=1e-12, abs=1e-14)
    assert theory.fixed_point(name) in points
    assert theory.fixed_point(name).q == 1


@EVERY
def test_stability_is_what_a_signal_beside_the_fixed_point_does(name):
    for point in theory.fixed_points(name):
        away = 1e-4 if point.q == 0 else 1e-2 * point.q
        start = [point.q + away] if point.q == 0 else [point.q - away, point.q + away]
        for q in start:
            ratio = abs(iterated(name, q, None, 3) - point.q) / away
            if point.stability == "neutral":
                assert ratio == pytest.approx(1, rel=0.05)
            else:
                assert (ratio < 1) == (point.stability == "stable")


@EVERY
def test_a_lone_fixed_point_is_its_own_span_and_a_stretch_is_fixed_throughout(name):
    for point in theory.fixed_points(name):
        low, high = point.span
        assert low <= point.q <= high
        if low < high:
            assert point.stability == "neutral"
            inside = [q for q in SCALES if low <= q <= high]
            torch.testing.assert_close(theory.variance_map(name, inside).tolist(), inside, rtol=1e-11, atol=0)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "prelu", "identity"])
def test_every_mean_square_is_fixed_where_the_function_is_proportional_to_its_input(name):
    (point,) = theory.fixed_points(name)
    assert point.q == 1 and point.span == (0, math.inf) and point.stability == "neutral"
    assert [point.q for point in theory.fixed_points(name, 0.9 * theory.gain(name))] == [0]


def test_a_stretch_that_is_fixed_to_rounding_is_one_record():
    (point,) = theory.fixed_points("hardtanh", 1.0)  # no signal reaches the kinks, ten of its sizes away
    assert point.span[0] == 0 and 0.01 < point.span[1] < 0.03 and point.stability == "neutral"
    assert theory.fixed_point("hardtanh", 1.0) == point


@pytest.mark.parametrize(("name", "gain"), [("star_relu", 3.0), ("apl", 3.0), ("relu_squared", 2.0)])
def test_a_signal_that_grows_without_end_has_no_fixed_point(name, gain):
    # by hand: the outputs of these grow at least like z, times the gain, so that each layer adds to the mean square
    assert theory.variance_map(name, 1e6, gain) > 2e6
    assert theory.fixed_point(name, gain) is None


def test_fixed_points_are_those_done_by_hand():
    zero, one = theory.fixed_points("relu_squared")  # V = q^2
    assert (zero.q, zero.slope, one.q) == (0, 0, 1) and one.slope == pytest.approx(2, rel=1e-12)
    assert [point.q for point in theory.fixed_points("step", 1.0)] == [pytest.approx(0.5, rel=1e-14)]
    gelu = theory.fixed_points("gelu")
    assert [point.stability for point in gelu] == ["stable", "unstable"]
    assert gelu[0].slope == pytest.approx(theory.gain("gelu") ** 2 / 4, rel=1e-14)
    relu6 = theory.fixed_points("relu6")  # what it cuts off is 4e-9 of the mean square, and that decides
    assert [(point.q, point.stability) for point in relu6] == [(0, "unstable"), (1, "stable")]
    tanh = theory.fixed_points("tanh", 1.0)
    assert [(point.q, point.slope, point.stability) for point in tanh] == [(0, 1, "neutral")]


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu", "selu", "softplus", "sigmoid", "sine", "hardtanh"])
@pytest.mark.parametrize("gain", [0.9, 1.7, 2.6])
def test_the_fixed_point_is_where_the_signal_goes(name, gain):
    point = theory.fixed_point(name, gain)
    if point is None:
        assert iterated(name, 1.0, gain, 60) > 1e3
    elif point.q == 0:
        assert iterated(name, 1.0, gain, 60) < 1e-3
    else:
        layers = 10 + math.ceil(math.log(1e-8) / math.log(point.slope))
        assert iterated(name, 1.0, gain, layers) == pytest.approx(point.q, rel=1e-6)


def test_a_map_that_falls_has_its_fixed_point_where_algebra_puts_it():
    gain = 1.4
    (point,) = theory.fixed_points(bump(), gain)
    assert point.q**2 * (1 + 4 * point.q) == pytest.approx(gain**4, rel=1e-13)  # q = gain^2 / sqrt(1 + 4 q)
    assert point.slope == pytest.approx(-2 * point.q / (1 + 4 * point.q), rel=1e-12)
    assert point.stability == "stable"
    assert theory.fixed_point(bump(), gain) == point


@pytest.mark.parametrize("ask", [theory.fixed_point, theory.fixed_points])
def test_a_gain_is_positive(ask):
    with pytest.raises(ValueError, match="gain is a positive number, got 0"):
        ask("gelu", 0.0)


# ---- the edge of chaos ------------------------------------------------------------------------------------------


def gradient_growth(name, q, gain):
    """gain^2 E f'^2, from the chords of f over 160000 cells, of which none has a kink in it."""
    beside = [kink + side * 1e-9 for kink in kinks(name) for side in (-1, 1)]
    x = torch.cat(
        [torch.linspace(-40, 40, 160001, dtype=F64) * math.sqrt(q), torch.tensor(beside, dtype=F64)]
    ).unique()
    chords = get(name)(x).diff() / x.diff()
    for kink in kinks(name):
        chords[(x[:-1] <= kink) & (kink <= x[1:])] = 0
    edge = -(x / math.sqrt(q)).abs()  # in the lower tail, where a difference of probabilities keeps its digits
    weights = torch.special.ndtr(edge).diff().abs()
    return gain**2 * (weights * chords**2).sum().item()


def test_sigmoid_has_one_critical_point():
    edge = theory.edge_of_chaos("sigmoid")
    assert edge.kind == "point"
    assert edge.gain == pytest.approx(10.149264, abs=5e-7) and edge.q == pytest.approx(45.624278, abs=5e-7)


@EVERY
def test_at_the_edge_the_signal_rests_and_the_gradient_keeps_its_size(name):
    edge = theory.edge_of_chaos(name)
    if edge is None:
        return
    for q in {"point": [edge.q], "every q": [1e-2, 1.0, 1e2], "limit q -> 0": [1e-6]}[edge.kind]:
        limit = edge.kind == "limit q -> 0"
        assert theory.variance_map(name, q, edge.gain) == pytest.approx(q, rel=5e-3 if limit else 1e-12)
        assert gradient_growth(name, q, edge.gain) == pytest.approx(1, rel=5e-3 if limit else 1e-5)
    if edge.kind == "limit q -> 0":  # and the signal is drawn there
        assert edge.q == 0
        sizes = [iterated(name, q, edge.gain, 20) / q for q in (1.0, 30.0)]
        assert max(sizes) < 1


@EVERY
def test_without_an_edge_no_fixed_point_keeps_the_gradient(name):
    if theory.edge_of_chaos(name) is not None:
        return
    q = torch.logspace(-1, 2, 7, dtype=F64)
    second = theory.variance_map(name, q, 1.0)
    growth = [
        gradient_growth(name, one, (one / there) ** 0.5)
        for one, there in zip(q.tolist(), second.tolist(), strict=True)
    ]
    assert min(growth) > 1.0001 or max(growth) < 0.9999


def test_the_family_of_relu_is_critical_everywhere_at_one_gain():
    for slope in (0.0, 0.01, 0.25, -0.5):
        edge = theory.edge_of_chaos(get("leaky_relu", negative_slope=slope))
        assert edge.kind == "every q" and edge.q is None
        assert edge.gain == pytest.approx(math.sqrt(2 / (1 + slope**2)), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "gain"),
    [("tanh", 1.0), ("elu", 1.0), ("sine", 1.0), ("softsign", 1.0), ("lecun_tanh", 1.5 / 1.7159), ("hardtanh", 1.0)],
)
def test_functions_that_bend_inwards_are_critical_for_vanishing_signals_alone(name, gain):
    edge = theory.edge_of_chaos(name)
    assert (edge.q, edge.kind) == (0, "limit q -> 0") and edge.gain == pytest.approx(gain, rel=1e-14)


@pytest.mark.parametrize(
    "name", ["gelu", "gelu_tanh", "silu", "mish", "hardswish", "step", "softplus", "relu_squared"]
)
def test_functions_that_bend_outwards_or_have_no_slope_have_no_edge(name):
    assert theory.edge_of_chaos(name) is None


# ---- extremes ---------------------------------------------------------------------------------------------------

MINIMA = [  # argmin and minimum to 19 digits
    ("gelu", -0.7517915246935644574, -0.1699712074799036616),
    ("gelu_tanh", -0.7524614220710162584, -0.1700407505712540506),
    ("silu", -1.2784645427610737951, -0.2784645427610737951),
    ("swish", -0.7511542554412889512, -0.1636101896363535811),
    ("mish", -1.1924312145154952121, -0.3088434130172504066),
    ("hardswish", -1.5, -0.375),
    ("apl", -0.7, -0.2),
    ("sine", -math.pi / 2, -1.0),
    ("relu", 0.0, 0.0),
    ("relu6", 0.0, 0.0),
    ("relu_squared", 0.0, 0.0),
    ("hardtanh", -1.0, -1.0),
    ("hardsigmoid", -3.0, 0.0),
    ("step", math.nextafter(0, -1), 0.0),
]


@pytest.mark.parametrize(("name", "argmin", "least"), MINIMA, ids=[row[0] for row in MINIMA])
def test_minima_are_the_known_ones(name, argmin, least):
    got = theory.minimum(name)
    assert got[0] == pytest.approx(argmin, rel=1e-14)
    assert got[1] == pytest.approx(least, rel=1e-15, abs=0)


@EVERY
def test_nothing_lies_below_the_minimum_and_nothing_nearer_to_0_attains_it(name):
    act, found = catalog[name], theory.minimum(name)
    z = torch.cat([torch.linspace(-12, 12, 4801, dtype=F64), torch.logspace(-8, 4, 500, dtype=F64)])
    z = torch.cat([z, -z, torch.tensor(act.kinks, dtype=F64)])
    if found is None:
        far = act(torch.tensor([-1e4, 1e4], dtype=F64)).min()
        assert far <= act(z).min()  # lower and lower outwards
        return
    argmin, least = found
    assert act(torch.tensor([argmin], dtype=F64)).item() == least
    assert act(z).min() >= least - 1e-16
    nearer = z[z.abs() < abs(argmin) * (1 - 1e-4)]  # closer by, f rounds to the same number
    assert (act(nearer) > least).all()


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "swish", "mish"])
def test_a_smooth_minimum_is_where_mpmath_finds_the_slopes_root(name):
    argmin, least = theory.minimum(name)
    with mp.workdps(30):
        f = oracle(name, {})
        root = mp.findroot(lambda z: mp.diff(f, z), argmin + 0.01)
        assert abs(root - argmin) < 1e-15 and abs(f(root) - least) < 1e-16


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "elu", "selu", "softsign", "identity", "tanhshrink"])
def test_a_bound_that_is_not_reached_is_no_minimum(name):
    assert theory.minimum(name) is None


def test_a_minimum_far_out_is_found():
    argmin, least = theory.minimum(get("swish", beta=1e-3))
    assert argmin == pytest.approx(-1278.4645427610738, rel=1e-14)
    assert least == pytest.approx(-278.46454276107380, rel=1e-14)


STEEPEST = [
    ("gelu", 1.12890414518515478634),
    ("gelu_tanh", 1.12899306865877176545),
    ("silu", 1.09983932012886691695),
    ("swish", 1.09983932012886691695),
    ("mish", 1.08849816125172786122),
    ("hardswish", 1.5),
    ("elu", 1.0),
    ("selu", 1.75809934084737685994),
    ("softplus", 1.0),
    ("logsigmoid", 1.0),
    ("squareplus", 1.0),
    ("sigmoid", 0.25),
    ("tanh", 1.0),
    ("softsign", 1.0),
    ("lecun_tanh", 1.7159 * 2 / 3),
    ("tanhshrink", 1.0),
    ("apl", 1.2),
    ("penalized_tanh", 1.0),
    ("sine", 1.0),
    ("step", math.inf),
    ("relu_squared", math.inf),
]


@pytest.mark.parametrize(("name", "steepest"), STEEPEST, ids=[row[0] for row in STEEPEST])
def test_the_largest_slopes_are_the_known_ones(name, steepest):
    assert theory.lipschitz(name) == pytest.approx(steepest, rel=1e-15)


@EVERY
def test_no_chord_is_steeper_than_the_lipschitz_constant_and_some_are_nearly_as_steep(name):
    act, steepest = catalog[name], theory.lipschitz(name)
    near, far = (steepest_chord(act, torch.linspace(-reach, reach, 60000, dtype=F64)) for reach in (30, 3e7))
    if math.isinf(steepest):
        assert max(near, far) > 100  # the chord over a jump, or one far out
    else:
        assert max(near, far) <= steepest * (1 + 1e-9)
        assert near >= steepest * (1 - 2e-3)


def steepest_chord(act, z):
    return (act(z).diff() / z.diff()).abs().max().item()


@EVERY
def test_curvature_is_finite_and_agrees_with_mpmath_between_the_kinks(name):
    act = catalog[name]
    far = torch.tensor([0.0, -1e4, 1e4, -1e300, 1e300, *act.kinks], dtype=F64)
    assert theory.curvature(act, far).isfinite().all()
    z = [-6.3, -2.1, -0.55, 0.45, 1.7, 4.4]
    got = theory.curvature(act, torch.tensor(z, dtype=F64)).tolist()
    with mp.workdps(40):
        f = oracle(name, {})
        for one, bend in zip(z, got, strict=True):
            assert bend == pytest.approx(float(mp.diff(f, mp.mpf(one), 2)), rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "identity", "step", "hardtanh", "relu6", "apl"])
def test_straight_pieces_have_no_curvature(name):
    z = torch.linspace(-8, 8, 65, dtype=F64)
    assert torch.equal(theory.curvature(name, z), torch.zeros_like(z))


@pytest.mark.parametrize(
    ("name", "z", "bend"),
    [
        ("elu", 0.0, 1.0),  # the left piece's, which the slope at 0 belongs to as well
        ("celu", 0.0, 1.0),
        ("selu", 0.0, 1.0507009873554805 * 1.6732632423543772),
        ("sparse_plus", -1.0, 0.0),  # the outer piece's
        ("sparse_plus", 1.0, 0.0),
        ("hardswish", -3.0, 0.0),
        ("hardswish", 3.0, 0.0),
        ("squareplus", 0.0, 0.25),  # one function, of two formulas that meet at 0
    ],
)
def test_curvature_where_two_pieces_meet_is_the_same_with_every_torch(name, z, bend):
    assert theory.curvature(name, torch.tensor([z], dtype=F64)).item() == pytest.approx(bend, rel=1e-14, abs=0)


def test_curvature_keeps_the_shape_answers_in_float64_and_carries_no_graph():
    z = torch.zeros(2, 3, requires_grad=True)
    for name in ("tanh", "relu", "identity"):
        bend = theory.curvature(name, z)
        assert bend.shape == (2, 3) and bend.dtype == F64 and not bend.requires_grad
    with torch.no_grad():
        assert theory.curvature("gelu", torch.zeros(1)).item() == pytest.approx(2 / math.sqrt(2 * math.pi), rel=1e-15)


# ---- what a dtype can hold --------------------------------------------------------------------------------------


def all_numbers(dtype):
    """Every finite number of a 16-bit dtype from 0 up; their negatives are the others."""
    every = torch.arange(2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    return every[every.isfinite()]


def first_of_the_last_run(holds, z):
    """The z from which holds is true to the end, by walking back from there; None if the run is under an octave."""
    run = 0
    while run < len(z) and holds[-1 - run]:
        run += 1
    if run == 0 or abs(z[-run].item()) > abs(z[-1].item()) / 2:
        return None
    return z[-run].item()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@EVERY
def test_saturation_is_what_a_walk_through_every_number_finds(name, dtype):
    act, got = catalog[name], theory.saturation(name, dtype)
    up = all_numbers(dtype)
    for z, slope, value in [(-up, got.slope_below, got.value_below), (up, got.slope_above, got.value_above)]:
        assert slope == first_of_the_last_run((act.slope(z) == 0).tolist(), z)
        assert value == first_of_the_last_run((act(z) == act(z)[-1]).tolist(), z)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@EVERY
def test_beyond_saturation_nothing_changes_and_before_it_something_does(name, dtype):
    act, got = catalog[name], theory.saturation(name, dtype)
    most = torch.finfo(dtype).max
    for side in (-1, 1):
        last = act(torch.tensor([side * most], dtype=dtype))
        for what, start in [
            (lambda z: act.slope(z) == 0, got.slope_below if side < 0 else got.slope_above),
            (lambda z, last=last: act(z) == last, got.value_below if side < 0 else got.value_above),
        ]:
            if start is None:
                z = torch.linspace(0.5, 1, 9, dtype=F64).mul(side * most).to(dtype)
                assert not what(z).all()
                continue
            beyond = side * torch.logspace(math.log10(max(abs(start), 1e-3)), math.log10(most / 2), 5000, dtype=F64)
            beyond = beyond.to(dtype)
            assert what(beyond[beyond.abs() >= abs(start)]).all()
            if start != 0:
                assert start * side > 0
                before = torch.tensor([start], dtype=dtype).nextafter(torch.zeros(1, dtype=dtype))
                # torch computes its last bits in two ways, so what the neighbour does a few numbers on may do
                nearer = torch.cat([before, before * (1 - 1e-6), before * (1 - 1e-3)])
                assert not what(nearer).all()


def test_saturation_has_the_known_places():
    sigmoid = theory.saturation("sigmoid", torch.float32)
    assert sigmoid.value_above == pytest.approx(16.636, abs=1e-3)
    assert theory.saturation("sigmoid", F64).value_above == pytest.approx(36.737, abs=1e-3)
    # 1 / (1 + exp(-z)): the exponential is inf from here on
    assert sigmoid.slope_below == pytest.approx(-math.log(torch.finfo(torch.float32).max), abs=1e-3)
    elu = theory.saturation("elu", torch.float32)
    assert elu.slope_below == pytest.approx(-103.972, abs=1e-3)  # half of the smallest number there is
    # exp(z) is half of the last bit of -1 where expm1 rounds to nearest, and all of it where it doesn't
    assert math.log(2**-25) - 1e-3 < elu.value_below < math.log(2**-24) + 1e-3
    assert elu.slope_above is elu.value_above is None
    assert theory.saturation("relu") == theory.Saturation(0.0, None, 0.0, None)
    assert theory.saturation("relu6", torch.float16).value_above == 6
    assert theory.saturation("identity") == theory.Saturation(None, None, None, None)
    assert theory.saturation("sine") == theory.Saturation(None, None, None, None)


def test_a_dtype_without_an_order_is_refused():
    with pytest.raises(KeyError, match=r"torch.int32; there are torch.float16"):
        theory.saturation("relu", torch.int32)


@pytest.mark.parametrize(
    "ask",
    [
        theory.moments, theory.gain, theory.backward_gain, theory.chi, theory.fixed_point, theory.fixed_points,
        theory.edge_of_chaos, theory.minimum, theory.lipschitz, theory.saturation,
        lambda act: theory.variance_map(act, 1.0), lambda act: theory.variance_slope(act, 1.0),
        lambda act: theory.curvature(act, torch.zeros(1)),
    ],
)  # fmt: skip
def test_an_unknown_name_is_answered_with_the_nearest(ask):
    with pytest.raises(KeyError, match="did you mean 'gelu'"):
        ask("gleu")


@EVERY
def test_a_record_is_answered_like_its_name(name):
    act = get(name)
    assert theory.gain(act) == theory.gain(name) and theory.lipschitz(act) == theory.lipschitz(name)
    assert theory.minimum(act) == theory.minimum(name) and theory.edge_of_chaos(act) == theory.edge_of_chaos(name)
