"""Values and slopes against mpmath, torch's own functions and autograd, where programs tend to go wrong.

Every entry of the catalog is found by itself. A new one needs its formula in `ORACLES` below, written in mpmath from
the paper and not from the package.
"""

import copy
import dataclasses
import math
import re
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
import pytest
import torch
from mpmath import mp
from torch.nn import functional

from actlab import activations
from actlab.activations import catalog, get

F64 = torch.float64
EPS = torch.finfo(F64).eps
# Float32 may take what is below its smallest normal number for 0, here times a factor of z and z squared.
FLUSHED = 1e3 * torch.finfo(torch.float32).smallest_normal
EVERY = pytest.mark.parametrize("name", catalog)


def sigma(z):
    return 1 / (1 + mp.exp(-z))


def log_one_plus_exp(z):
    return z + mp.log1p(mp.exp(-z)) if z > 0 else mp.log1p(mp.exp(z))


def normal_cdf(z):
    if z < -1e9:  # where mpmath's erfc gives up, the first term of its series is right to 18 digits
        return mp.npdf(z) / -z
    return mp.erfc(-z / mp.sqrt(2)) / 2 if z < 1e9 else mp.mpf(1)


# The functions alone, at any precision: the slopes come from them by differentiation.
ORACLES = {
    "step": lambda z: mp.mpf(1 if z >= 0 else 0),
    "logsigmoid": lambda z: -log_one_plus_exp(-z),
    "identity": lambda z: z,
    "sigmoid": sigma,
    "tanh": mp.tanh,
    "softplus": log_one_plus_exp,
    "relu": lambda z: max(z, mp.mpf(0)),
    "leaky_relu": lambda z, negative_slope=0.01: z if z > 0 else mp.mpf(negative_slope) * z,
    "elu": lambda z, alpha=1.0: z if z > 0 else mp.mpf(alpha) * mp.expm1(z),
    "gelu": lambda z: z * normal_cdf(z),
    "gelu_tanh": lambda z: z * sigma(2 * mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3)),
    "silu": lambda z: z * sigma(z),
    "mish": lambda z: z * mp.tanh(log_one_plus_exp(z)),
}

# What torch offers under another name: the oracle for the slope at a kink.
TORCH = {
    "identity": lambda z: z * 1,
    "sigmoid": torch.sigmoid,
    "logsigmoid": functional.logsigmoid,
    "tanh": torch.tanh,
    "softplus": functional.softplus,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
    "silu": functional.silu,
    "mish": functional.mish,
}
NOT_IN_TORCH = {"step": 0.0}  # the slope at the kinks, decided here: torch finds no gradient for z >= 0

SETTINGS = [
    ("leaky_relu", {"negative_slope": 0.2}),
    ("leaky_relu", {"negative_slope": 0.0}),
    ("leaky_relu", {"negative_slope": -0.5}),
    ("elu", {"alpha": 2.0}),
    ("elu", {"alpha": 0.3}),
    ("elu", {"alpha": -1.0}),
]
VARIANTS = [(name, {}) for name in catalog] + SETTINGS
EVERY_VARIANT = pytest.mark.parametrize(
    ("name", "settings"), VARIANTS, ids=[" ".join([n, *(f"{k}={v:g}" for k, v in s.items())]) for n, s in VARIANTS]
)


def oracle(name, settings):
    if name not in ORACLES:
        pytest.fail(f"{name} has no oracle: write its formula, in mpmath, into ORACLES of {Path(__file__).name}")
    return lambda z: ORACLES[name](z, **settings)


@cache
def truth(name, z, order=0, settings=()):
    """The derivative of this order at the float z, to 50 digits or more."""
    # a step beside 1e308 needs as many digits more, and so does tanh where it differs from 1 by exp(-2 z)
    digits = 60 + math.ceil(2 * math.log10(max(abs(z), 1)) + min(abs(z), 400))
    kinks = get(name, **dict(settings)).kinks
    nearest = min(kinks, key=lambda kink: abs(z - kink), default=None)
    away = 0 if nearest is None else math.copysign(1, z - nearest)  # no step may cross a kink
    with mp.workdps(digits):
        return mp.diff(oracle(name, dict(settings)), mp.mpf(z), order, direction=away)


def as_float(value):
    return mpmath.libmp.to_float(value._mpf_)  # rounds to 0 or inf where the exponent leaves float64


def points(activation):
    """Both sides, dense near 0 and thin to 100, the places that are easily lost, and the kinks' neighbours."""
    near, far = np.arange(-10, 10.01, 0.25), np.linspace(10, 100, 37)[1:]
    lost = [1e-300, 1e-8, 1e-4, 5.0, 20.0, 20.5, 36.74, 37.0, 100.0]
    special = [0.0, *lost, *(-z for z in lost)]
    around = [k + sign * d for k in activation.kinks for sign in (-1, 1) for d in (1e-8, 1e-3)]
    beside = [np.nextafter(k, sign) for k in activation.kinks for sign in (-np.inf, np.inf)]
    every = sorted({float(z) for z in [*near, *far, *-far, *special, *around, *beside, *activation.kinks]})
    return torch.tensor(every, dtype=F64)


def assert_right(got, name, z, order, settings):
    """Right to 1e-12 of the true value, or, beside a root, to what an input changed in its last bits would give."""
    settings = tuple(settings.items())
    for z_one, got_one in zip(z.tolist(), got.tolist(), strict=True):
        true = truth(name, z_one, order, settings)
        error = abs(mp.mpf(got_one) - true)
        if error <= 1e-12 * abs(true) or error < torch.finfo(F64).tiny:
            continue
        near_root = 4 * EPS * abs(z_one * truth(name, z_one, order + 1, settings))
        assert error <= near_root, f"{name}, order {order}, at {z_one!r}: {got_one!r}, true {mp.nstr(true, 20)}"


def away_from_kinks(activation, z):
    return z[[all(abs(one - k) > 1e-12 for k in activation.kinks) for one in z.tolist()]]


@EVERY_VARIANT
def test_values_are_right_to_twelve_digits(name, settings):
    activation = get(name, **settings)
    z = points(activation)
    assert_right(activation(z), name, z, 0, settings)


@EVERY_VARIANT
def test_slopes_are_right_to_twelve_digits(name, settings):
    activation = get(name, **settings)
    z = away_from_kinks(activation, points(activation))
    assert_right(activation.slope(z), name, z, 1, settings)


@EVERY
def test_values_and_slopes_survive_beside_the_roots_of_the_slope(name):
    activation = catalog[name]
    z = torch.linspace(-10, 10, 2001, dtype=F64)
    slope = activation.slope(z)
    turns = z[:-1][(slope[:-1] * slope[1:]) < 0].tolist()
    for left in turns:
        root = float(
            mp.findroot(lambda z: truth(name, float(z), 1), (left, left + 0.01), solver="anderson", tol=1e-25)
        )
        z = torch.tensor([root, np.nextafter(root, -9), np.nextafter(root, 9), root - 1e-9, root + 1e-9], dtype=F64)
        assert_right(activation(z), name, z, 0, {})
        assert_right(activation.slope(z), name, z, 1, {})
    assert bool(turns) == (not activation.monotone)


@EVERY
def test_single_precision_is_right_to_its_last_bits(name):
    activation = catalog[name]
    z = away_from_kinks(activation, points(activation).float().unique())
    eps = torch.finfo(torch.float32).eps
    exact = z.double()
    curvature = torch.func.vmap(torch.func.grad(activation.slope))(exact)
    for got, true, change in [
        (activation(z), activation(exact), activation.slope(exact)),
        (activation.slope(z), activation.slope(exact), curvature),
    ]:
        # six roundings of the result, the input's own last bits, and a factor that was flushed to 0
        allowed = 6 * eps * true.abs() + 4 * eps * (exact * change).abs() + FLUSHED
        excess = (got.double() - true).abs() / allowed
        assert excess.max() <= 1, f"at {z[excess.argmax()].item()}"


def bits_in_order(z):
    """An integer for each number, neighbours one apart; both zeros are 0."""
    bits = z.view(torch.int16).int()
    return torch.where(bits >= 0, bits, -(bits & 0x7FFF))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@EVERY
def test_half_precision_is_the_rounded_truth_at_every_number_there_is(name, dtype):
    activation = catalog[name]
    every = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    z = every[every.isfinite()]
    for got, true in [
        (activation(z), activation(z.double())),
        (activation.slope(z), activation.slope(z.double())),
    ]:
        assert got.dtype == dtype
        apart = (bits_in_order(got) - bits_in_order(true.to(dtype))).abs()
        apart[(got.double() - true).abs() < FLUSHED] = 0
        assert apart.max() <= 1, f"at {z[apart.argmax()].item()}"
        assert not got.isnan().any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
@EVERY_VARIANT
def test_the_farthest_inputs_give_neither_nan_nor_a_needless_inf(name, settings, dtype):
    activation = get(name, **settings)
    info = torch.finfo(dtype)
    far = [1e4, info.max / 2, info.max]
    small = [info.smallest_normal, info.smallest_normal * info.eps]
    z = torch.tensor([*far, *(-f for f in far), *small, *(-s for s in small), 0.0, -0.0], dtype=dtype)
    z.requires_grad_()
    value = activation(z)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    assert torch.equal(gradient, activation.slope(z).detach())
    key = tuple(settings.items())
    for i, z_one in enumerate(z.tolist()):
        for got, order in [(value[i].item(), 0), (gradient[i].item(), 1)]:
            if order and z_one in activation.kinks:
                continue
            true = as_float(truth(name, z_one, order, key))
            if abs(true) > info.max:
                assert abs(got) >= info.max / 2
            else:
                assert got == pytest.approx(true, rel=4 * info.eps, abs=info.smallest_normal), (z_one, order)


@EVERY_VARIANT
def test_the_gradient_is_the_slope(name, settings):
    activation = get(name, **settings)
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        z = points(activation).to(dtype).requires_grad_()
        (gradient,) = torch.autograd.grad(activation(z).sum(), z)
        assert torch.equal(gradient, activation.slope(z.detach()))


def test_the_gradient_is_passed_on_times_the_slope():
    z = torch.tensor([-1.0, 0.5], dtype=F64, requires_grad=True)
    (gradient,) = torch.autograd.grad(get("tanh")(z), z, grad_outputs=torch.tensor([3.0, -2.0], dtype=F64))
    by_hand = [3 * (1 - math.tanh(-1.0) ** 2), -2 * (1 - math.tanh(0.5) ** 2)]
    assert gradient.tolist() == pytest.approx(by_hand, rel=1e-14)


@EVERY_VARIANT
def test_values_and_slopes_are_those_of_torch_where_torch_is_right(name, settings):
    activation = get(name, **settings)
    if name not in TORCH:
        assert name in NOT_IN_TORCH, f"say in TORCH what torch calls {name}, or in NOT_IN_TORCH that it has none"
        return
    z = torch.linspace(-4, 4, 161, dtype=F64, requires_grad=True)
    expected = TORCH[name](z, **settings)
    (slope,) = torch.autograd.grad(expected.sum(), z)
    torch.testing.assert_close(activation(z), expected, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(activation.slope(z.detach()), slope, rtol=1e-12, atol=1e-14)


@EVERY_VARIANT
def test_the_slope_at_a_kink_is_the_one_that_torch_takes(name, settings):
    activation = get(name, **settings)
    kinks = torch.tensor(activation.kinks, dtype=F64, requires_grad=True)
    if name in NOT_IN_TORCH:
        expected = torch.full_like(kinks, NOT_IN_TORCH[name])
    else:
        assert name in TORCH, f"say in TORCH what torch calls {name}, or in NOT_IN_TORCH its slope at the kinks"
        (expected,) = torch.autograd.grad(TORCH[name](kinks, **settings).sum(), kinks)
    assert torch.equal(activation.slope(kinks.detach()), expected)


def smooth(name, settings, z):
    """Where neither the slope jumps nor the slope of the slope: at 0, elu has no kink but a change of curvature."""

    def jumps(at, order):
        left, right = (mp.diff(oracle(name, settings), mp.mpf(at), order, direction=side) for side in (-1, 1))
        return abs(right - left) > 1e-6

    with mp.workdps(60):
        return [not any(jumps(at, order) for order in (1, 2)) for at in z.tolist()]


@EVERY_VARIANT
def test_autograd_agrees_with_finite_differences_twice(name, settings):
    activation = get(name, **settings)
    z = torch.tensor([-3.0, -1.3, -0.4, 0.0, 0.2, 1.1, 2.5], dtype=F64)
    z = z[smooth(name, settings, z)].requires_grad_()
    assert torch.autograd.gradcheck(activation, z)
    assert torch.autograd.gradgradcheck(activation, z)


@EVERY
def test_the_gradient_of_the_gradient_is_the_slope_of_the_slope(name):
    z = torch.tensor([-1e4, -20.0, -6.0, -1.3, -0.4, -1e-8, 0.0, 1e-8, 0.2, 1.1, 6.0, 20.0, 1e4], dtype=F64)
    z = z[smooth(name, {}, z)]
    twice = torch.func.vmap(torch.func.grad(torch.func.grad(catalog[name])))(z)
    expected = [as_float(truth(name, one, 2)) for one in z.tolist()]
    torch.testing.assert_close(twice, torch.tensor(expected, dtype=F64), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
@EVERY_VARIANT
def test_the_gradient_of_the_gradient_is_finite_for_the_farthest_inputs(name, settings, dtype):
    largest = torch.finfo(dtype).max
    z = torch.tensor([-largest, -largest / 2, -1e4, 1e4, largest / 2, largest], dtype=dtype)
    twice = torch.func.vmap(torch.func.grad(torch.func.grad(get(name, **settings))))(z)
    assert twice.isfinite().all()


@EVERY
def test_a_second_backward_never_fails(name):
    z = torch.tensor([-1.0, 2.0], dtype=F64, requires_grad=True)
    (gradient,) = torch.autograd.grad(catalog[name](z).sum(), z, create_graph=True)
    (twice,) = torch.autograd.grad(gradient.sum(), z)  # torch's own relu gives zeros here
    expected = [as_float(truth(name, one, 2)) for one in z.tolist()]
    torch.testing.assert_close(twice, torch.tensor(expected, dtype=F64), rtol=1e-9, atol=1e-15)


@EVERY
def test_functional_transforms_see_an_ordinary_function(name):
    activation = catalog[name]
    z = torch.linspace(-2, 2, 12, dtype=F64).reshape(3, 4)
    assert torch.equal(torch.func.vmap(activation)(z), activation(z))
    assert torch.equal(torch.func.vmap(torch.func.vmap(torch.func.grad(activation)))(z), activation.slope(z))


def test_no_gradient_is_asked_for_where_none_is_wanted():
    assert not get("gelu")(torch.ones(3)).requires_grad
    assert get("gelu")(torch.ones(3, requires_grad=True)).requires_grad


def grid():
    wide = np.sinh(np.linspace(-np.arcsinh(1e4), np.arcsinh(1e4), 4001))
    return torch.tensor(np.unique([*wide, *np.linspace(-10, 10, 20001), 0.0]), dtype=F64)


@EVERY_VARIANT
def test_the_range_holds_every_value_and_is_reached(name, settings):
    activation = get(name, **settings)
    z = grid()
    value = activation(z)
    corners = [0.0, *activation.kinks]
    for bound, far, extreme in [(activation.range[0], -1, value.min()), (activation.range[1], 1, value.max())]:
        if math.isinf(bound):
            assert bound == far * math.inf
            assert far * extreme > 99  # no bound in sight
            continue
        at = z[value.argmin() if far < 0 else value.argmax()]
        for reach in (1e-3, 1e-5, 1e-7):  # the true extreme lies between two points of the grid
            closer = torch.cat(
                [at + torch.linspace(-reach, reach, 2001, dtype=F64), torch.tensor(corners, dtype=F64)]
            )
            inside = activation(closer)
            at = closer[inside.argmin() if far < 0 else inside.argmax()]
        assert activation(at).item() == pytest.approx(bound, rel=2 * EPS, abs=0)
        assert far * extreme.item() <= far * bound + 2 * EPS * abs(bound)


@EVERY_VARIANT
def test_monotone_is_said_of_those_that_never_decrease(name, settings):
    activation = get(name, **settings)
    value = activation(grid())
    falls = (value[:-1] - value[1:]) / value[:-1].abs().clamp(min=1e-300)
    # where a function flattens out, its program may waver by a rounding
    assert activation.monotone == bool(falls.max() <= 2 * EPS)


@EVERY_VARIANT
def test_the_kinks_are_where_the_one_sided_slopes_differ_and_nowhere_else(name, settings):
    activation = get(name, **settings)
    h = 1e-4
    z = torch.arange(-100_000, 100_001, dtype=F64) * h
    value = activation(z)
    bend = ((value[2:] - value[1:-1]) - (value[1:-1] - value[:-2])).abs() / h  # |slope right - slope left|
    bends = z[1:-1][bend > 2e-3]  # a smooth function with |f''| <= 5 bends by 5e-4 over h
    kinks = torch.tensor(activation.kinks, dtype=F64)
    for place in bends.tolist():
        assert (kinks - place).abs().min().item() <= 1.01 * h if len(kinks) else False, f"a kink at {place}?"
    for kink in activation.kinks:
        assert len(bends) and (bends - kink).abs().min() <= 1.01 * h, f"no kink at {kink}"


def test_the_catalog_cannot_be_changed():
    with pytest.raises(TypeError):
        catalog["mine"] = catalog["relu"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalog["relu"].year = 1900
    with pytest.raises(TypeError):
        catalog["elu"].settings["alpha"] = 3.0


def test_the_catalog_is_in_order_of_year_and_each_entry_has_its_own_name():
    years = [activation.year for activation in catalog.values()]
    assert years == sorted(years)
    assert [activation.name for activation in catalog.values()] == list(catalog)
    assert years[0] > 1940 and years[-1] < 2030


@EVERY
def test_a_kink_is_a_number_and_a_range_a_pair_in_order(name):
    activation = catalog[name]
    assert all(isinstance(kink, float) and math.isfinite(kink) for kink in activation.kinks)
    assert list(activation.kinks) == sorted(set(activation.kinks))
    inf, sup = activation.range
    assert isinstance(inf, float) and isinstance(sup, float) and inf < sup
    assert isinstance(activation.monotone, bool)


@EVERY
def test_the_formulas_are_written_in_z(name):
    activation = catalog[name]
    for formula in (activation.formula, activation.slope_formula):
        assert formula.strip() == formula != ""
        assert formula.count("{") == formula.count("}")
        assert formula.count("(") == formula.count(")")
        assert formula.count(r"\left") == formula.count(r"\right")
        letters = re.sub(r"\\text\{[^}]*\}|\\[a-zA-Z]+", " ", formula)
        assert not set("xyXYZ$") & set(letters), formula
    assert "z" in re.sub(r"\\text\{[^}]*\}|\\[a-zA-Z]+", " ", activation.formula)


@EVERY
def test_the_source_is_in_the_bibliography(name):
    bibliography = (Path(__file__).parents[1] / "references.bib").read_text()
    assert catalog[name].source in re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", bibliography, flags=re.M)


def test_an_unknown_name_is_answered_with_the_nearest_and_all_there_are():
    with pytest.raises(KeyError) as error:
        get("Leaky-ReLU")
    message = str(error.value)
    assert "'Leaky-ReLU'" in message and "did you mean 'leaky_relu'?" in message
    assert all(name in message for name in catalog)
    with pytest.raises(KeyError) as error:
        get("qqqq")
    assert "did you mean" not in str(error.value)


def test_an_unknown_setting_is_answered_with_those_there_are():
    with pytest.raises(TypeError, match=r"leaky_relu has no setting 'alpha'.*negative_slope"):
        get("leaky_relu", alpha=0.1)
    with pytest.raises(TypeError, match=r"relu has no setting 'alpha'; it has none"):
        get("relu", alpha=0.1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_setting_is_a_finite_number(value):
    with pytest.raises(ValueError, match=r"elu: alpha must be a finite number, got"):
        get("elu", alpha=value)


def test_an_activation_passes_through():
    tanh = get("tanh")
    assert get(tanh) is tanh
    steep = get("elu", alpha=2.0)
    assert get(steep) is steep
    assert get(steep, alpha=3).settings == {"alpha": 3.0}
    assert steep.settings == {"alpha": 2.0}


def test_the_defaults_are_those_that_the_book_names():
    assert catalog["leaky_relu"].settings == {"negative_slope": 0.01}
    assert catalog["elu"].settings == {"alpha": 1.0}
    assert catalog["relu"].settings == {}


def test_settings_change_the_function_and_its_record():
    z = torch.tensor([-2.0, 3.0], dtype=F64)
    leaky = get("leaky_relu", negative_slope=0.2)
    assert leaky(z).tolist() == [-0.4, 3.0]
    assert leaky.slope(z).tolist() == [0.2, 1.0]
    elu = get("elu", alpha=2.0)
    assert elu(z).tolist() == pytest.approx([2 * (math.exp(-2) - 1), 3.0], rel=1e-15)
    assert elu.slope(z).tolist() == pytest.approx([2 * math.exp(-2), 1.0], rel=1e-15)
    assert (get("elu").range, elu.range) == ((-1.0, math.inf), (-2.0, math.inf))
    assert (get("elu").kinks, elu.kinks) == ((), (0.0,))
    assert get("elu").monotone and not get("elu", alpha=-1).monotone
    assert get("leaky_relu", negative_slope=0).range == (0.0, math.inf)
    assert get("leaky_relu", negative_slope=1).kinks == ()
    assert not get("leaky_relu", negative_slope=-0.1).monotone
    assert get("elu").settings == {"alpha": 1.0}, "a variant must not change the entry"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
@EVERY
def test_shape_dtype_and_device_stay_what_they_were(name, dtype):
    activation = catalog[name]
    for shape in [(), (0,), (3, 0), (1,), (2, 3, 4)]:
        z = torch.ones(shape, dtype=dtype)
        for out in (activation(z), activation.slope(z)):
            assert (out.shape, out.dtype, out.device) == (z.shape, z.dtype, z.device)
    z = torch.ones(2, dtype=dtype, device="meta")
    for out in (activation(z), activation.slope(z)):
        assert (out.shape, out.dtype, out.device) == (z.shape, z.dtype, z.device)


@EVERY
def test_a_view_gives_what_its_copy_gives(name):
    activation = catalog[name]
    view = torch.linspace(-3, 3, 24, dtype=F64).reshape(6, 4).T[::2]
    assert not view.is_contiguous()
    assert torch.equal(activation(view), activation(view.contiguous()))
    assert torch.equal(activation.slope(view), activation.slope(view.contiguous()))
    spread = torch.tensor([0.5], dtype=F64).expand(4)
    assert activation(spread).tolist() == [activation(spread[0]).item()] * 4


@EVERY
def test_the_input_is_neither_changed_nor_handed_back(name):
    activation = catalog[name]
    z = torch.tensor([-1.0, 0.0, 2.0])
    out, slope = activation(z), activation.slope(z)
    out += 100
    slope += 100
    assert z.tolist() == [-1.0, 0.0, 2.0]


@pytest.mark.parametrize("z", [torch.tensor([1, 2]), torch.tensor([True]), torch.tensor([1j]), [1.0, 2.0], 1.0, None])
def test_anything_but_floats_is_refused_with_the_way_out(z):
    for function in (get("relu"), get("relu").slope):
        with pytest.raises(TypeError, match=r"^relu takes a tensor of floats, got .*torch\.as_tensor\(z, dtype="):
            function(z)


@EVERY
def test_a_module_applies_the_function_and_holds_nothing(name):
    activation = catalog[name]
    module = activation.module()
    z = torch.linspace(-2, 2, 5)
    assert torch.equal(module(z), activation(z))
    assert list(module.parameters()) == list(module.buffers()) == []
    assert module.state_dict() == {}
    assert name in repr(module)
    assert activation.module() is not module


def test_a_module_shows_its_settings():
    assert repr(get("elu", alpha=0.5).module()) == "Elementwise(elu, alpha=0.5)"
    assert repr(get("tanh").module()) == "Elementwise(tanh)"


def test_a_network_with_an_activation_can_be_copied():
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), get("elu", alpha=0.5).module())
    twin = copy.deepcopy(network)
    x = torch.ones(1, 2)
    assert torch.equal(twin(x), network(x))
    assert twin[0].weight is not network[0].weight


def test_an_activation_can_be_a_key():
    relu = get("relu")
    assert {relu: "kept"}[relu] == "kept"


def test_the_package_names_what_it_offers():
    assert set(activations.__all__) >= {"Activation", "catalog", "get"}


# torch warns of its own use of torch.jit when it first loads its forward mode
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", ["gelu", "tanh", "relu"])
def test_forward_mode_agrees_with_backward_mode(name):
    z, act = torch.tensor([-2.0, 0.5, 3.0], dtype=torch.float64), get(name)
    _, change = torch.func.jvp(act, (z,), (torch.ones_like(z),))
    torch.testing.assert_close(change, act.slope(z))
    backward_twice = torch.func.vmap(torch.func.grad(torch.func.grad(act)))(z)
    torch.testing.assert_close(torch.func.hessian(lambda z: act(z).sum())(z).diagonal(), backward_twice)


@pytest.mark.parametrize("name", catalog)
def test_two_records_of_one_activation_are_equal_and_other_settings_are_not(name):
    assert get(name) == catalog[name] and hash(get(name)) == hash(catalog[name])
    for key, value in catalog[name].settings.items():
        assert get(name, **{key: value + 0.5}) != catalog[name]
