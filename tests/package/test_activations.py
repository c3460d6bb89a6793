"""Values and slopes against mpmath, torch's own functions and autograd, where programs tend to go wrong.

Every entry of the catalog is found by itself. A new one needs its formula in `ORACLES` below, written in mpmath from
the paper and not from the package.
"""

import copy
import dataclasses
import io
import math
import pickle
import re
from functools import cache
from pathlib import Path

import hypothesis
import mpmath
import numpy as np
import pytest
import torch
from hypothesis import strategies
from mpmath import mp
from torch.autograd import forward_ad
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from actlab import activations
from actlab.activations import catalog, get

F64 = torch.float64
EPS = torch.finfo(F64).eps
# Float32 may take what is below its smallest normal number for 0, here times a factor of z and z squared.
FLUSHED = 1e3 * torch.finfo(torch.float32).smallest_normal
hypothesis.configuration.set_hypothesis_home_dir(Path(__file__).parents[2] / "_build" / "hypothesis")
EVERY = pytest.mark.parametrize("name", catalog)
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
EVERY_DTYPE = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def sigma(z):
    return 1 / (1 + mp.exp(-z))


def log_one_plus_exp(z):
    return z + mp.log1p(mp.exp(-z)) if z > 0 else mp.log1p(mp.exp(z))


def normal_cdf(z):
    if z < -1e9:  # where mpmath's erfc gives up, the first term of its series is right to 18 digits
        return mp.npdf(z) / -z
    return mp.erfc(-z / mp.sqrt(2)) / 2 if z < 1e9 else mp.mpf(1)


def selu(z):
    # lambda and alpha in the closed form of the paper's appendix
    q = mp.erfc(1 / mp.sqrt(2)) * mp.exp(mp.mpf(1) / 2)
    alpha = mp.sqrt(2 / mp.pi) / (1 - q)
    square = 2 * mp.erfc(mp.sqrt(2)) * mp.exp(2) + mp.pi * q**2 - 2 * (2 + mp.pi) * q + mp.pi + 2
    scale = (1 - q) * mp.sqrt(2 * mp.pi / square)
    return scale * (z if z > 0 else alpha * mp.expm1(z))


def leaky(z, negative_slope):
    return z if z > 0 else mp.mpf(negative_slope) * z


def clip(z, low, high):
    return min(max(z, mp.mpf(low)), mp.mpf(high))


def apl(z, a=(-0.2, 0.4), b=(0.3, -0.7)):
    return max(z, mp.mpf(0)) + sum(mp.mpf(a_s) * max(mp.mpf(0), b_s - z) for a_s, b_s in zip(a, b, strict=True))


def sparse_plus(z):
    return mp.mpf(0) if z <= -1 else (z + 1) ** 2 / 4 if z < 1 else z


def snake(z, a=1.0):
    return z + mp.sin(mp.mpf(a) * z) ** 2 / mp.mpf(a)


def star_relu(z, scale=0.8944, bias=-0.4472):
    return mp.mpf(scale) * max(z, mp.mpf(0)) ** 2 + mp.mpf(bias)


def xatlu(z, alpha=0.0):
    gate = (mp.atan(z) + mp.pi / 2) / mp.pi
    return z * (gate * (1 + 2 * mp.mpf(alpha)) - mp.mpf(alpha))


def xielu(z, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    return mp.mpf(beta) * z + (mp.mpf(alpha_p) * z**2 if z > 0 else mp.mpf(alpha_n) * (mp.expm1(z) - z))


def golu(z):
    # below -1000 it is 0 but for some 10^434 digits, which mpmath would want to work out
    return z * mp.exp(-mp.exp(-z)) if z > -1000 else mp.mpf(0)


# The functions alone, at any precision: the slopes come from them by differentiation.
ORACLES = {
    "step": lambda z: mp.mpf(1 if z >= 0 else 0),
    "logsigmoid": lambda z: -log_one_plus_exp(-z),
    "identity": lambda z: z,
    "sigmoid": sigma,
    "softsign": lambda z: z / (1 + abs(z)),
    "hardshrink": lambda z, threshold=0.5: z if abs(z) > threshold else mp.mpf(0),
    "softshrink": lambda z, threshold=0.5: mp.sign(z) * max(abs(z) - threshold, mp.mpf(0)),
    "tanh": mp.tanh,
    "lecun_tanh": lambda z: mp.mpf("1.7159") * mp.tanh(2 * z / 3),
    "softplus": lambda z, beta=1: log_one_plus_exp(beta * z) / beta,
    "hardtanh": lambda z, min_val=-1, max_val=1: clip(z, min_val, max_val),
    "relu": lambda z: max(z, mp.mpf(0)),
    "relu6": lambda z: clip(z, 0, 6),
    "tanhshrink": lambda z: z - mp.tanh(z),
    "leaky_relu": lambda z, negative_slope=0.01: leaky(z, negative_slope),
    "apl": apl,
    "prelu": lambda z, negative_slope=0.25: leaky(z, negative_slope),
    "rrelu": lambda z, lower=1 / 8, upper=1 / 3: leaky(z, (mp.mpf(lower) + mp.mpf(upper)) / 2),
    "elu": lambda z, alpha=1.0: z if z > 0 else mp.mpf(alpha) * mp.expm1(z),
    "hardsigmoid": lambda z: clip(z / 6 + mp.mpf(1) / 2, 0, 1),
    "gelu": lambda z: z * normal_cdf(z),
    "gelu_tanh": lambda z: z * sigma(2 * mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3)),
    "penalized_tanh": lambda z: mp.tanh(z) * (1 if z > 0 else mp.mpf(1) / 4),
    "silu": lambda z: z * sigma(z),
    "swish": lambda z, beta=1.702: z * sigma(mp.mpf(beta) * z),
    "selu": selu,
    "celu": lambda z, alpha=1.0: z if z > 0 else mp.mpf(alpha) * mp.expm1(z / mp.mpf(alpha)),
    "mish": lambda z: z * mp.tanh(log_one_plus_exp(z)),
    "hardswish": lambda z: z * clip(z + 3, 0, 6) / 6,
    "sine": mp.sin,
    "sparse_plus": sparse_plus,
    "relu_squared": lambda z: max(z, mp.mpf(0)) ** 2,
    "squareplus": lambda z, b=4.0: (z + mp.sqrt(z**2 + b)) / 2,
    "threshold": lambda z, threshold=1.0: z if z > threshold else mp.mpf(0),
    "snake": snake,
    "star_relu": star_relu,
    "xatlu": xatlu,
    "xielu": xielu,
    "golu": golu,
}


def apl_in_torch(z, a=(-0.2, 0.4), b=(0.3, -0.7)):
    return torch.relu(z) + sum(a_s * torch.relu(-z + b_s) for a_s, b_s in zip(a, b, strict=True))


def xielu_in_torch(z, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    below = alpha_n * (torch.expm1(-torch.relu(-z)) - z)
    return beta * z + torch.where(z > 0, alpha_p * z**2, below)


# torch's own took the middle piece's slope at both kinks, as its issue 147801 reports of 2.6, until 2.8.
OLD = torch.__version__ < "2.8"


def hardswish_as_repaired(z):
    return torch.where(z.abs() == 3, torch.relu(z), functional.hardswish(z)) if OLD else functional.hardswish(z)


# What torch offers, some of it composed: the oracle for the slope at a kink.
TORCH = {
    "identity": lambda z: z * 1,
    "sigmoid": torch.sigmoid,
    "logsigmoid": functional.logsigmoid,
    "softsign": functional.softsign,
    "hardshrink": lambda z, threshold=0.5: functional.hardshrink(z, threshold),
    "softshrink": lambda z, threshold=0.5: functional.softshrink(z, threshold),
    "tanh": torch.tanh,
    "lecun_tanh": lambda z: 1.7159 * torch.tanh(2 * z / 3),
    "softplus": functional.softplus,
    "hardtanh": functional.hardtanh,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "tanhshrink": functional.tanhshrink,
    "leaky_relu": functional.leaky_relu,
    "apl": apl_in_torch,
    "prelu": lambda z, negative_slope=0.25: functional.prelu(z, torch.tensor([negative_slope], dtype=z.dtype)),
    "rrelu": functional.rrelu,
    "elu": functional.elu,
    "hardsigmoid": functional.hardsigmoid,
    "gelu": functional.gelu,
    "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
    "penalized_tanh": lambda z: torch.where(z > 0, torch.tanh(z), 0.25 * torch.tanh(z)),
    "silu": functional.silu,
    "swish": lambda z, beta=1.702: z * torch.sigmoid(beta * z),
    "selu": functional.selu,
    "celu": functional.celu,
    "mish": functional.mish,
    "hardswish": hardswish_as_repaired,
    "sine": torch.sin,
    "sparse_plus": lambda z: torch.where(z < 1, torch.where(z > -1, (z + 1) ** 2 / 4, 0.0), z),
    "relu_squared": lambda z: functional.relu(z) ** 2,
    "squareplus": lambda z, b=4.0: (z + torch.sqrt(z**2 + b)) / 2,
    "threshold": lambda z, threshold=1.0: functional.threshold(z, threshold, 0.0),
    "snake": lambda z, a=1.0: z + (1 - torch.cos(2 * a * z)) / (2 * a),
    "star_relu": lambda z, scale=0.8944, bias=-0.4472: scale * functional.relu(z) ** 2 + bias,
    "xatlu": lambda z, alpha=0.0: z * ((torch.atan(z) / math.pi + 0.5) * (1 + 2 * alpha) - alpha),
    "golu": lambda z: z * torch.exp(-torch.exp(-z)),
    "xielu": xielu_in_torch,
}
COMPOSED = {"lecun_tanh", "apl", "penalized_tanh", "swish", "sparse_plus", "relu_squared", "squareplus"}
COMPOSED |= {"snake", "star_relu", "xatlu", "golu", "xielu"}
NOT_IN_TORCH = {"step": 0.0}  # the slope at the kinks, decided here: torch finds no gradient for z >= 0
# Whose gradient torch multiplies by a float32 constant in float64 too: 1/6, and 1/alpha.
TORCH_SLOPE_IN_SINGLE = {"hardsigmoid", "celu"}

SETTINGS = [
    ("leaky_relu", {"negative_slope": 0.2}),
    ("leaky_relu", {"negative_slope": 0.0}),
    ("leaky_relu", {"negative_slope": -0.5}),
    ("prelu", {"negative_slope": -0.25}),
    ("rrelu", {"lower": -0.5, "upper": 0.1}),
    ("elu", {"alpha": 2.0}),
    ("elu", {"alpha": 0.3}),
    ("elu", {"alpha": -1.0}),
    ("celu", {"alpha": 2.0}),
    ("celu", {"alpha": 0.3}),
    ("hardshrink", {"threshold": 1.5}),
    ("softshrink", {"threshold": 1.5}),
    ("swish", {"beta": 0.5}),
    ("swish", {"beta": 0.0}),
    ("swish", {"beta": -1.0}),
    ("squareplus", {"b": 0.01}),
    ("softplus", {"beta": 4.0}),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    ("apl", {"a": (1.0,), "b": (0.0,)}),
    ("apl", {"a": (-0.5, 0.25, 0.25), "b": (1.0, 1.0, -2.0)}),
    ("apl", {"a": (-2.0, 2.5), "b": (0.5, -0.5)}),
    ("apl", {"a": (), "b": ()}),
    ("threshold", {"threshold": 0.0}),
    ("threshold", {"threshold": 2.5}),
    ("snake", {"a": 0.125}),  # a power of two, so that a z is exact for the farthest z too
    ("snake", {"a": -1.0}),
    ("star_relu", {"scale": 1.0, "bias": 0.0}),
    ("star_relu", {"scale": -0.5, "bias": 0.25}),
    ("star_relu", {"scale": 0.0, "bias": 0.25}),
    ("xielu", {"alpha_p": 0.0, "alpha_n": 0.5}),
    ("xielu", {"alpha_p": -0.25, "alpha_n": 2.0}),
    ("xielu", {"alpha_p": 0.5, "alpha_n": -0.75, "beta": 1.0}),
    ("xatlu", {"alpha": 0.5}),
    ("xatlu", {"alpha": 0.01}),
    ("xatlu", {"alpha": -0.25}),
    ("xatlu", {"alpha": -1.0}),
    ("xatlu", {"alpha": -1.5}),
]
VARIANTS = [(name, {}) for name in catalog] + SETTINGS
EVERY_VARIANT = pytest.mark.parametrize(
    ("name", "settings"), VARIANTS, ids=[" ".join([n, *(f"{k}={v}" for k, v in s.items())]) for n, s in VARIANTS]
)


def oracle(name, settings):
    if name not in ORACLES:
        pytest.fail(f"{name} has no oracle: write its formula, in mpmath, into ORACLES of {Path(__file__).name}")
    return lambda z: ORACLES[name](z, **settings)


@cache
def truth(name, z, order=0, settings=()):
    """The derivative of this order at the float z, to 50 digits or more."""
    # a step beside 1e308 or 1e-308 needs as many digits more, and so does tanh where it is exp(-2 z) away from 1
    digits = 60 + math.ceil(2 * abs(math.log10(abs(z) or 1e-323)) + min(abs(z), 400))
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
    z = torch.linspace(-10, 10, 2001, dtype=F64) + 1e-5  # not on a root
    slope = activation.slope(z)
    turns = z[:-1][(slope[:-1] * slope[1:]) < 0].tolist()
    for left in turns:
        if any(left < kink < left + 0.01 for kink in activation.kinks):
            continue  # the slope jumps over 0
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


@pytest.mark.slow
@EVERY_DTYPE
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


CONSTANT_SLOPE = {"identity", "step"}
NO_LIMIT = {("sine", 0), ("sine", 1), ("snake", 1)}  # they swing on for ever


def limits(name, settings, order):
    """What f, or its slope, tends to at minus and plus infinity: by what it is at 1e30."""
    if (name, order) in NO_LIMIT:
        return [math.nan, math.nan]
    far = [as_float(truth(name, z, order, tuple(settings.items()))) for z in (-1e30, 1e30)]
    return [math.copysign(math.inf, one) if abs(one) > 1e15 else one for one in far]


@EVERY_DTYPE
@EVERY_VARIANT
def test_nan_stays_nan_and_infinity_gives_the_limit(name, settings, dtype):
    activation = get(name, **settings)
    z = torch.tensor([math.nan, -math.inf, math.inf], dtype=dtype, requires_grad=True)
    module = activation.module(dtype=F64).eval()
    close = {"rtol": 4 * torch.finfo(dtype).eps, "atol": 1e-15, "equal_nan": True}
    for value in (activation(z), module(z)):
        torch.testing.assert_close(value, torch.tensor([math.nan, *limits(name, settings, 0)], dtype=dtype), **close)
    (gradient,) = torch.autograd.grad(activation(z).sum(), z)
    slope = activation.slope(z.detach())
    assert slope.isnan()[0] or name in CONSTANT_SLOPE
    expected = torch.tensor(limits(name, settings, 1), dtype=dtype)
    for got in (slope, gradient):
        torch.testing.assert_close(got[1:], expected, **close)


@pytest.mark.parametrize("name", [name for name in catalog if catalog[name].learnable])
def test_a_setting_that_is_learned_gets_no_gradient_of_nan_from_infinity(name):
    module = catalog[name].module(dtype=F64)
    for far in (-math.inf, math.inf):
        gradients = torch.autograd.grad(module(torch.tensor([far], dtype=F64)).sum(), list(module.parameters()))
        assert not any(gradient.isnan().any() for gradient in gradients)


@EVERY_VARIANT
def test_the_gradient_is_the_slope(name, settings):
    activation = get(name, **settings)
    for dtype in DTYPES:
        z = points(activation).to(dtype).requires_grad_()
        (gradient,) = torch.autograd.grad(activation(z).sum(), z)
        assert torch.equal(gradient, activation.slope(z.detach()))


def test_the_gradient_is_passed_on_times_the_slope():
    z = torch.tensor([-1.0, 0.5], dtype=F64, requires_grad=True)
    (gradient,) = torch.autograd.grad(get("tanh")(z), z, grad_outputs=torch.tensor([3.0, -2.0], dtype=F64))
    by_hand = [3 * (1 - math.tanh(-1.0) ** 2), -2 * (1 - math.tanh(0.5) ** 2)]
    assert gradient.tolist() == pytest.approx(by_hand, rel=1e-14)


LARGE = (3, 50_001)  # numbers, of which backward takes a part at a time


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("dtype", [F64, torch.float32, torch.bfloat16], ids=str)
@EVERY
def test_the_gradient_of_a_large_tensor_is_the_slope_everywhere(name, dtype):
    act = catalog[name]
    z, given = (torch.randn(LARGE, generator=torch.Generator().manual_seed(i)).to(dtype) for i in (0, 1))
    z = (4 * z).requires_grad_()
    (gradient,) = torch.autograd.grad(act(z), z, given)
    torch.testing.assert_close(gradient, given * act.slope(z.detach()), rtol=4 * torch.finfo(dtype).eps, atol=0)


@pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")  # which torch's own forward mode calls
def test_a_large_tensor_is_differentiated_twice_and_each_way():
    z, given = (torch.randn(LARGE, generator=torch.Generator().manual_seed(i), dtype=F64) for i in (0, 1))
    bend = torch.func.vmap(torch.func.vmap(torch.func.grad(get("tanh").slope)))(z) * given
    z.requires_grad_()
    (slope,) = torch.autograd.grad(get("tanh")(z).sum(), z, create_graph=True)
    torch.testing.assert_close(torch.autograd.grad(slope, z, given)[0], bend)
    with forward_ad.dual_level():  # forward over an ordinary backward
        dual = forward_ad.make_dual(z, given)
        (slope,) = torch.autograd.grad(get("tanh")(dual), dual, torch.ones_like(given))
        torch.testing.assert_close(forward_ad.unpack_dual(slope).tangent, bend)
    turned = z.detach().T.requires_grad_()
    (slope,) = torch.autograd.grad(get("tanh")(turned), turned, given.T)
    torch.testing.assert_close(slope, given.T * get("tanh").slope(turned.detach()))


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
    close = 1e-6 if name in TORCH_SLOPE_IN_SINGLE else 1e-12
    torch.testing.assert_close(activation.slope(z.detach()), slope, rtol=close, atol=1e-14)


@EVERY_VARIANT
def test_the_record_names_the_function_of_torch_that_is_the_same(name, settings):
    activation = get(name, **settings)
    own = name not in COMPOSED | NOT_IN_TORCH.keys()
    assert (activation.torch_function is not None) == own
    if own:
        z = torch.linspace(-4, 4, 161)
        assert torch.equal(activation.torch_function(z), TORCH[name](z, **settings))


# Where torch's own value or slope, in float64, is further from the truth than one part in 1e12.
TORCH_IS_OFF = [
    ("gelu", {}, 0, -5.0),
    ("gelu", {}, 0, -20.0),  # 0
    ("gelu_tanh", {}, 0, -5.0),
    ("tanhshrink", {}, 0, 1e-8),  # 0
    ("softplus", {}, 0, 20.5),  # the input
    ("sigmoid", {}, 1, 20.0),
    ("sigmoid", {}, 1, 100.0),  # 0
    ("tanh", {}, 1, 20.0),  # 0
    ("hardsigmoid", {}, 1, 0.5),
    ("celu", {"alpha": 0.3}, 1, -1.0),
]


@pytest.mark.parametrize(("name", "settings", "order", "z"), TORCH_IS_OFF)
def test_where_torch_is_off_this_is_right(name, settings, order, z):
    activation = get(name, **settings)
    at = torch.tensor([z], dtype=F64, requires_grad=True)
    theirs = TORCH[name](at, **settings)
    if order:
        (theirs,) = torch.autograd.grad(theirs.sum(), at)
    ours = activation.slope(at) if order else activation(at)
    true = truth(name, z, order, tuple(settings.items()))
    assert abs(ours.item() - true) <= 1e-12 * abs(true)
    assert abs(theirs.item() - true) > 1e-12 * abs(true), "torch has become right: what says otherwise can go"


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


@EVERY_DTYPE
@EVERY_VARIANT
def test_the_gradient_of_the_gradient_is_finite_for_the_farthest_inputs(name, settings, dtype):
    largest = torch.finfo(dtype).max
    z = torch.tensor([-largest, -largest / 2, -1e4, 1e4, largest / 2, largest], dtype=dtype)
    twice = torch.func.vmap(torch.func.grad(torch.func.grad(get(name, **settings))))(z)
    assert twice.isfinite().all()


@EVERY
def test_a_second_backward_never_fails(name):
    z = torch.tensor([-1.25, 2.0], dtype=F64, requires_grad=True)
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
    for i, far, extreme in [(0, -1, value.min()), (1, 1, value.max())]:
        bound = activation.range[i]
        if math.isinf(bound):
            assert bound == far * math.inf
            assert far * extreme > 99  # no bound in sight
            continue
        assert far * extreme.item() <= far * bound + 2 * EPS * abs(bound)
        if not activation.attained[i]:
            ends = activation(torch.tensor([-1e300, 1e300], dtype=F64))
            assert pytest.approx(bound, rel=2 * EPS, abs=1e-200) in ends.tolist()
            continue
        at = z[value.argmin() if far < 0 else value.argmax()]
        for reach in (1e-3, 1e-5, 1e-7):  # the true extreme lies between two points of the grid
            closer = torch.cat(
                [at + torch.linspace(-reach, reach, 2001, dtype=F64), torch.tensor(corners, dtype=F64)]
            )
            inside = activation(closer)
            at = closer[inside.argmin() if far < 0 else inside.argmax()]
        assert activation(at).item() == pytest.approx(bound, rel=2 * EPS, abs=0)


@EVERY_VARIANT
def test_a_bound_is_attained_unless_the_values_only_run_towards_it(name, settings):
    activation = get(name, **settings)
    z = [*np.arange(-40, 40.1, 2.5).tolist(), -1.5, *activation.kinks]
    with mp.workdps(60):  # enough to tell tanh(40) from tanh(37.5)
        value = {one: oracle(name, settings)(mp.mpf(one)) for one in z}
    for i, extreme in enumerate([min(value.values()), max(value.values())]):
        inside = any(value[one] == extreme for one in z if abs(one) < 40)
        assert activation.attained[i] == (inside and math.isfinite(activation.range[i]))


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


def numbers(dtype):
    """Lists of any finite numbers that the dtype has, as a strategy for tensors."""
    width = 8 * dtype.itemsize if dtype != torch.bfloat16 else 32
    largest = torch.finfo(dtype).max
    finite = strategies.floats(-largest, largest, width=width)
    return strategies.lists(finite, min_size=1, max_size=20).map(lambda z: torch.tensor(z, dtype=F64).to(dtype))


# the same examples in each run, and no file of those that failed
ANY = hypothesis.settings(max_examples=25, deadline=None, derandomize=True, database=None)


@pytest.mark.slow
@EVERY_DTYPE
@EVERY
@ANY
@hypothesis.given(data=strategies.data())
def test_any_finite_number_gives_a_value_in_the_range_and_a_slope_that_is_finite(name, dtype, data):
    activation = catalog[name]
    z = data.draw(numbers(dtype))
    value, slope = activation(z), activation.slope(z)
    assert not value.isnan().any() and not slope.isnan().any()
    if name in ("relu_squared", "star_relu", "xielu", "selu"):  # which leave the dtype where their input does not
        z = z.clamp(max=torch.finfo(dtype).max ** 0.5 / 2)
        value, slope = activation(z), activation.slope(z)
    assert value.isfinite().all() and slope.isfinite().all()
    eps = torch.finfo(dtype).eps
    inf, sup = activation.range
    assert (value.double() >= inf - eps * abs(inf)).all() if math.isfinite(inf) else True
    assert (value.double() <= sup + eps * abs(sup)).all() if math.isfinite(sup) else True


@pytest.mark.slow
@EVERY_DTYPE
@pytest.mark.parametrize("name", [name for name in catalog if catalog[name].monotone])
@ANY
@hypothesis.given(data=strategies.data())
def test_a_monotone_function_never_falls_by_more_than_four_roundings(name, dtype, data):
    z = data.draw(numbers(dtype))
    near = data.draw(strategies.floats(-8, 8, width=16))
    steps = near + 2 * torch.finfo(dtype).eps * torch.arange(-20, 20)  # neighbours, where rounding is all there is
    value = catalog[name](torch.cat([z.double(), steps.double()]).to(dtype).sort().values)
    value = value[value.isfinite()].double()
    peak = value.cummax(0).values
    assert (peak - value <= 4 * torch.finfo(dtype).eps * value.abs()).all()


def symmetry(name):
    """-1 for f(-z) = -f(z), 1 for f(-z) = f(z), by the oracle; 0 for neither."""
    f = oracle(name, {})
    for sign in (-1, 1):
        if all(f(mp.mpf(-z)) == sign * f(mp.mpf(z)) for z in (0.0, 0.125, 0.4, 1.0, 2.0, 3.5, 7.0)):
            return sign
    return 0


SYMMETRIC = [name for name in catalog if symmetry(name)]


@pytest.mark.slow
@EVERY_DTYPE
@pytest.mark.parametrize("name", SYMMETRIC)
@ANY
@hypothesis.given(data=strategies.data())
def test_an_odd_function_is_odd_to_the_last_bit(name, dtype, data):
    z = data.draw(numbers(dtype))
    assert symmetry(name) == -1
    assert torch.equal(catalog[name](-z), -catalog[name](z))
    assert torch.equal(catalog[name].slope(-z), catalog[name].slope(z))


def test_nine_functions_are_odd():
    bounded = {"tanh", "lecun_tanh", "softsign", "hardtanh", "sine"}
    assert set(SYMMETRIC) == bounded | {"identity", "tanhshrink", "softshrink", "hardshrink"}


@EVERY
def test_a_slider_with_ends_of_its_own_moves_a_setting_past_its_default(name):
    activation = catalog[name]
    for key, (low, high) in activation.ends.items():
        assert low <= activation.settings[key] <= high and low < high


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
def test_every_fact_of_the_record_is_filled_in(name):
    activation = catalog[name]
    for line in (activation.title, activation.uses, activation.pitfalls, *activation.aliases):
        assert line == line.strip() != "" and "\n" not in line
    for sentence in (activation.uses, activation.pitfalls, activation.differs):
        assert sentence == "" or sentence[-1] == "."
    assert activation.aliases and isinstance(activation.aliases, tuple)
    assert all(isinstance(taken, bool) for taken in activation.attained) and len(activation.attained) == 2
    assert set(activation.elsewhere) <= {"torch", "keras", "jax", "onnx"}
    assert all("(z" in call for call in activation.elsewhere.values())
    with pytest.raises(TypeError):
        activation.elsewhere["torch"] = "mine"


def test_no_two_activations_share_a_name():
    names = [word.lower() for a in catalog.values() for word in {a.name, a.title.lower(), *a.aliases}]
    assert sorted(names) == sorted(set(names))


@EVERY_VARIANT
def test_what_the_record_says_of_torch_runs_and_agrees(name, settings):
    activation = get(name, **settings)
    assert ("torch" in activation.elsewhere) == (name not in COMPOSED)
    if "torch" in activation.elsewhere:
        z = torch.linspace(-4, 4, 161)
        got = eval(activation.elsewhere["torch"], {"torch": torch, "z": z})
        torch.testing.assert_close(got, activation(z), rtol=1e-5, atol=1e-6)


def test_the_numbers_in_the_pitfalls_are_true():
    f32 = torch.float32
    assert torch.log(torch.sigmoid(torch.tensor(-104.0, dtype=f32))) == -math.inf
    assert torch.log(1 + torch.exp(torch.tensor(89.0, dtype=f32))) == math.inf
    assert 0.25**10 < 1e-6
    assert value_at("softsign", 3) == 0.75 and value_at("tanh", 3) == pytest.approx(0.995, abs=5e-4)
    assert slope_at("tanh", 20) == pytest.approx(1.7e-17, rel=0.01)
    assert value_at("lecun_tanh", 1) == pytest.approx(1, abs=5e-6)
    assert slope_at("lecun_tanh", 0) == pytest.approx(1.144, abs=5e-4)
    assert value_at("softplus", 0) == pytest.approx(0.69, abs=5e-3)
    assert value_at("softplus", 20.5) - 20.5 == pytest.approx(1.25e-9, rel=0.01)
    assert value_at("tanhshrink", 1e-8) == pytest.approx(3.3e-25, rel=0.02)
    assert slope_at("elu", -5) == pytest.approx(0.007, abs=5e-4)
    assert slope_at("sigmoid", 3) == pytest.approx(0.045, abs=5e-4)
    assert value_at("gelu", -20) == pytest.approx(-5.5e-88, rel=0.01)
    z = torch.linspace(-5, 5, 100_001, dtype=F64)
    between = (catalog["gelu"](z) - catalog["gelu_tanh"](z)).abs()
    assert between.max() == pytest.approx(4.7e-4, rel=0.01)
    assert z[between.argmax()].abs() == pytest.approx(2.70, abs=5e-3)
    assert (catalog["gelu"](z) - catalog["swish"](z)).abs().max() == pytest.approx(0.0203, abs=5e-5)
    for name, where, lowest in [("silu", -1.278, -0.278), ("mish", -1.192, -0.309)]:
        value = catalog[name](z)
        assert (z[value.argmin()], value.min()) == pytest.approx((where, lowest), abs=5e-4)
    assert catalog["relu_squared"](torch.tensor(256.0, dtype=torch.float16)) == math.inf
    assert catalog["relu_squared"](torch.tensor(255.75, dtype=torch.float16)) < math.inf
    assert value_at("squareplus", -10) == pytest.approx(0.099, abs=5e-4)
    assert value_at("softplus", -10) == pytest.approx(0.000045, abs=5e-7)
    assert (slope_at("hardswish", -3 + 1e-9), slope_at("hardswish", 3 - 1e-9)) == pytest.approx((-0.5, 1.5))


def test_the_numbers_in_the_uses_are_true():
    z = torch.linspace(-15, 15, 600_001, dtype=F64)  # so fine that the sum is the integral, kinks and all
    weight = torch.exp(-(z**2) / 2)

    def mean(values):
        return ((values * weight).sum() / weight.sum()).item()

    assert mean(catalog["elu"](z)) == pytest.approx(0.16, abs=5e-3)
    assert mean(catalog["relu"](z)) == pytest.approx(0.40, abs=5e-3)
    assert mean(catalog["penalized_tanh"](z)) == pytest.approx(0.21, abs=5e-3)
    assert mean(catalog["selu"](z)) == pytest.approx(0, abs=1e-8)
    assert mean(catalog["selu"](z) ** 2) == pytest.approx(1, abs=1e-8)
    assert mean(catalog["apl"](z)) == pytest.approx(0.342742, abs=5e-7)
    assert catalog["apl"].slope(z).abs().max() == pytest.approx(1.2)


def value_at(name, z):
    return catalog[name](torch.tensor(z, dtype=F64)).item()


def slope_at(name, z):
    return catalog[name].slope(torch.tensor(z, dtype=F64)).item()


@EVERY
def test_the_source_is_in_the_bibliography(name):
    bibliography = (Path(__file__).parents[2] / "references.bib").read_text(encoding="utf-8")
    assert catalog[name].source in re.findall(r"^@\w+\{\s*([^,\s]+)\s*,", bibliography, flags=re.M)


def test_every_elementwise_activation_of_torch_is_in_the_catalog():
    whole_vectors = {"GLU", "Softmax", "Softmax2d", "Softmin", "LogSoftmax", "MultiheadAttention"}
    no_definition_without_settings = {"Threshold"}
    theirs = set(torch.nn.modules.activation.__all__) - whole_vectors - no_definition_without_settings
    assert {name.lower() for name in theirs} <= {name.replace("_", "") for name in catalog}


def test_what_transformers_calls_by_another_name_is_that_function():
    transformers = pytest.importorskip("transformers.activations")
    z = torch.linspace(-6, 6, 101)
    for name in ("gelu_fast", "gelu_accurate", "gelu_python_tanh", "gelu_new", "gelu_python", "quick_gelu", "relu2"):
        torch.testing.assert_close(transformers.ACT2FN[name](z), get(name)(z), rtol=1e-5, atol=1e-6)


def test_an_unknown_name_is_answered_with_the_nearest_and_all_there_are():
    with pytest.raises(KeyError) as error:
        get("Leaky-ReLU")
    message = str(error.value)
    assert "'Leaky-ReLU'" in message and "did you mean 'leaky_relu'?" in message
    assert all(name in message for name in catalog)
    for asked, meant in [("Heaviside", "step"), ("Swish-1", "silu"), ("Squared ReLU", "relu_squared")]:
        with pytest.raises(KeyError, match=f"did you mean '{meant}'"):
            get(asked)
    with pytest.raises(KeyError) as error:
        get("qqqq")
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("linear", "identity"),
        ("hard_sigmoid", "hardsigmoid"),
        ("log_sigmoid", "logsigmoid"),
        ("hard_swish", "hardswish"),
        ("soft_sign", "softsign"),
        ("quick_gelu", "swish"),
        ("gelu_pytorch_tanh", "gelu_tanh"),
        ("sparseplus", "sparse_plus"),
        ("LogSigmoid", "logsigmoid"),
        ("LeakyReLU", "leaky_relu"),
        ("ReLU6", "relu6"),
        ("HardSigmoid", "hardsigmoid"),
        ("ThresholdedRelu", "threshold"),
        ("gelu_fast", "gelu_tanh"),
        ("squared_relu", "relu_squared"),
    ],
)
def test_other_libraries_names_are_understood(asked, name):
    assert get(asked) == catalog[name] and get(asked).name == name


def test_a_setting_goes_with_another_librarys_name():
    assert get("soft_shrink", threshold=0.25) == get("softshrink", threshold=0.25)


def test_what_is_said_of_swish_where_one_asks_for_it_is_true():
    one = torch.tensor(1.0)
    found = [get("silu")(one), get("swish", beta=1)(one), get("swish")(one)]
    assert [round(value.item(), 3) for value in found] == [0.731, 0.731, 0.846]
    assert all(said in get.__doc__ for said in ("0.731", "1.702", "0.846"))


def test_a_layer_that_learns_is_made_on_the_device_that_is_asked_for():
    for name in catalog:
        layer = catalog[name].module(device="meta", dtype=F64)
        assert [(p.device.type, p.dtype) for p in layer.parameters()] == [("meta", F64)] * len(
            catalog[name].learnable
        )


def test_an_unknown_setting_is_answered_with_those_there_are():
    with pytest.raises(TypeError, match=r"leaky_relu has no setting 'alpha'.*negative_slope"):
        get("leaky_relu", alpha=0.1)
    with pytest.raises(TypeError, match=r"relu has no setting 'alpha'; it has none"):
        get("relu", alpha=0.1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_setting_is_a_finite_number(value):
    with pytest.raises(ValueError, match=r"elu: alpha must be a finite number, got"):
        get("elu", alpha=value)


@pytest.mark.parametrize("value", ["1", None, (1.0, 2.0), 1j])
def test_a_setting_that_is_no_number_is_refused_in_the_same_words(value):
    with pytest.raises(ValueError, match=r"elu: alpha must be a finite number, got"):
        get("elu", alpha=value)


def test_a_sequence_is_checked_number_by_number():
    with pytest.raises(ValueError, match=r"apl: b must be a finite number, got nan"):
        get("apl", b=(1.0, math.nan))
    with pytest.raises(ValueError, match=r"apl: a must be a finite number, got 'x'"):
        get("apl", a=("x", 1.0))
    with pytest.raises(ValueError, match=r"apl: a and b must have equally many numbers, got 3 and 2"):
        get("apl", a=(1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("hardshrink", {"threshold": -1}, "hardshrink: threshold must be positive, got -1"),
        ("softshrink", {"threshold": 0}, "softshrink: threshold must be positive, got 0"),
        ("celu", {"alpha": 0}, "celu: alpha must be positive, got 0"),
        ("squareplus", {"b": -2}, "squareplus: b must be positive, got -2"),
        ("softplus", {"beta": 0}, "softplus: beta must be positive, got 0"),
        ("hardtanh", {"min_val": 1}, "hardtanh: min_val must be below max_val, got 1 and 1"),
        ("rrelu", {"lower": 0.5, "upper": 0.25}, "rrelu: lower must not be above upper, got 0.5 and 0.25"),
    ],
)
def test_a_setting_outside_of_the_definition_is_refused(name, settings, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        get(name, **settings)


@pytest.mark.parametrize("give", [list, tuple, np.array, torch.tensor])
def test_a_sequence_of_any_kind_is_kept_as_a_tuple_of_floats(give):
    apl = get("apl", a=give([1.0, 2.0]), b=give([0.0, -1.0]))
    assert apl.settings == {"a": (1.0, 2.0), "b": (0.0, -1.0)}
    assert all(isinstance(value, float) for pair in apl.settings.values() for value in pair)
    assert get("apl", a=1, b=2).settings == {"a": (1.0,), "b": (2.0,)}


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
    assert catalog["prelu"].settings == {"negative_slope": 0.25}
    assert catalog["rrelu"].settings == {"lower": 1 / 8, "upper": 1 / 3}
    assert catalog["swish"].settings == {"beta": 1.702}
    assert catalog["squareplus"].settings == {"b": 4.0}
    assert catalog["apl"].settings == {"a": (-0.2, 0.4), "b": (0.3, -0.7)}
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
    assert get("swish", beta=2).range == (get("silu").range[0] / 2, math.inf)
    assert get("swish", beta=-2).range == (-math.inf, -get("silu").range[0] / 2)
    assert get("swish", beta=0).monotone and not get("swish", beta=-1).monotone
    assert get("apl", a=(), b=()).range == (0.0, math.inf) and get("apl", a=(), b=()).monotone
    assert get("apl", a=(-1, -1), b=(2, -3)).range == (-math.inf, math.inf)
    assert get("apl").range == (-0.2, math.inf) and get("apl").kinks == (-0.7, 0.0, 0.3)


@EVERY_DTYPE
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
    # a processor's vectors take what lies side by side, its scalars what does not: the last bit may differ
    few = {"rtol": 4 * torch.finfo(F64).eps, "atol": 4 * torch.finfo(F64).eps}
    torch.testing.assert_close(activation(view), activation(view.contiguous()), **few)
    torch.testing.assert_close(activation.slope(view), activation.slope(view.contiguous()), **few)
    spread = torch.tensor([0.5], dtype=F64).expand(4)
    torch.testing.assert_close(activation(spread), activation(torch.full((4,), 0.5, dtype=F64)), **few)


@EVERY
def test_the_input_is_neither_changed_nor_handed_back(name):
    activation = catalog[name]
    z = torch.tensor([-1.0, 0.0, 2.0])
    out, slope = activation(z), activation.slope(z)
    out += 100
    slope += 100
    assert z.tolist() == [-1.0, 0.0, 2.0]


NO_FLOATS = [torch.ones(2).to(kind) for kind in (torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn)]
NO_FLOATS += [[1.0, 2.0], 1.0, None]


@pytest.mark.parametrize("z", NO_FLOATS, ids=str)
def test_anything_but_floats_is_refused_with_the_way_out(z):
    for function in (get("relu"), get("relu").slope):
        with pytest.raises(TypeError, match=r"^relu takes a tensor of floats, got .*torch\.as_tensor\(z, dtype="):
            function(z)


@EVERY_VARIANT
def test_a_module_applies_the_function_and_holds_what_it_learns(name, settings):
    activation = get(name, **settings)
    module = activation.module(dtype=F64).eval()
    z = torch.linspace(-2, 2, 5, dtype=F64)
    assert torch.equal(module(z), activation(z))
    assert {key: value.tolist() for key, value in module.named_parameters()} == {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in activation.settings.items()
        if key in activation.learnable
    }
    assert len(list(module.parameters())) == len(activation.learnable)
    assert list(module.buffers()) == []
    assert set(module.state_dict()) == {*activation.learnable, *(["draws._extra_state"] if name == "rrelu" else [])}
    assert name in repr(module)
    assert activation.module() is not module
    assert module.activation == activation


LEARNABLE = pytest.mark.parametrize("name", [name for name in catalog if catalog[name].learnable])


def test_those_learn_that_the_papers_let_learn():
    learnable = {name: activation.learnable for name, activation in catalog.items() if activation.learnable}
    before = {"prelu": ("negative_slope",), "swish": ("beta",), "apl": ("a", "b")}
    later = {"star_relu": ("scale", "bias"), "xatlu": ("alpha",), "xielu": ("alpha_p", "alpha_n")}
    assert learnable == before | later | {"snake": ("a",)}


@LEARNABLE
def test_a_learning_layer_passes_gradients_to_z_and_to_its_settings(name):
    module = catalog[name].module(dtype=F64)
    z = torch.tensor([-3.0, -1.3, -0.4, -1e-3, 0.2, 1.1, 2.5], dtype=F64, requires_grad=True)
    keys, values = zip(*module.named_parameters(), strict=True)

    def layer(z, *values):
        return torch.func.functional_call(module, dict(zip(keys, values, strict=True)), (z,))

    assert torch.autograd.gradcheck(layer, (z, *values))
    assert torch.autograd.gradgradcheck(layer, (z, *values))
    (slope,) = torch.autograd.grad(module(z).sum(), z)
    torch.testing.assert_close(slope, catalog[name].slope(z), rtol=1e-13, atol=0)


@LEARNABLE
@EVERY_DTYPE
def test_a_learning_layer_is_finite_wherever_its_record_is(name, dtype):
    largest = torch.finfo(dtype).max
    z = torch.tensor([-largest, -1e4, -1.0, 0.0, 1.0, 1e4, largest], dtype=dtype)
    finite = [catalog[name](z).isfinite(), catalog[name].slope(z).isfinite()]
    assert torch.stack(finite)[:, :5].all()
    z = z[torch.stack(finite).all(0)].requires_grad_()
    module = catalog[name].module()
    value = module(z)
    assert value.dtype == dtype
    tolerance = {"rtol": 4 * max(torch.finfo(dtype).eps, torch.finfo(torch.float32).eps), "atol": 0}
    torch.testing.assert_close(value, catalog[name](z), **tolerance)
    slope, *rest = torch.autograd.grad(value[1:-1].sum(), [z, *module.parameters()])
    assert slope.isfinite().all() and all(gradient.isfinite().all() for gradient in rest)
    (slope,) = torch.autograd.grad(module(z).sum(), z, create_graph=True)
    (twice,) = torch.autograd.grad(slope.sum(), z)
    assert slope.isfinite().all() and twice.isfinite().all()


@LEARNABLE
def test_a_layer_that_has_learned_has_a_record_of_its_own(name):
    module = catalog[name].module(dtype=F64)
    z = torch.linspace(-3, 3, 50, dtype=F64)
    step = torch.optim.SGD(module.parameters(), lr=0.01)
    before = module(z).square().mean()
    before.backward()
    step.step()
    assert module(z).square().mean() < before
    assert module.activation != catalog[name]
    assert torch.equal(module.activation(z), module(z))
    assert all(f"{key}=" in repr(module) for key in catalog[name].learnable)
    fresh = catalog[name].module(dtype=F64)
    fresh.load_state_dict(module.state_dict())
    assert fresh.activation == module.activation == copy.deepcopy(module).activation
    assert catalog[name].module(dtype=F64).activation == catalog[name], "learning must not change the entry"


@pytest.mark.parametrize("axis", [1, -1])
@LEARNABLE
def test_a_layer_may_learn_for_each_channel_by_itself(name, axis):
    layer = catalog[name].module(num_parameters=3, axis=axis, dtype=F64)
    generator = torch.Generator().manual_seed(4)
    z = torch.randn(2, 3, 4, 3, dtype=F64, generator=generator)
    parts, start = z.unbind(axis), dict(layer.named_parameters())
    assert torch.equal(layer(z), catalog[name](z))
    for value in layer.parameters():
        value.data += torch.rand(value.shape, dtype=F64, generator=generator)
    singles = [catalog[name].module(dtype=F64) for _ in parts]
    for i, single in enumerate(singles):
        single.load_state_dict({key: value[..., i] for key, value in start.items()})
    wanted = torch.stack([single(part) for single, part in zip(singles, parts, strict=True)], axis)
    torch.testing.assert_close(layer(z), wanted, rtol=1e-14, atol=0)  # a row is rounded by its length
    (layer(z).square().sum() + wanted.square().sum()).backward()
    for key, value in layer.named_parameters():
        each = torch.stack([getattr(single, key).grad for single in singles], -1)
        torch.testing.assert_close(value.grad, each, rtol=1e-12, atol=1e-12)
    with pytest.raises(
        ValueError, match=rf"^{name} has 3 of each parameter, for dim {axis} of z; z has shape \(3, 4\)$"
    ):
        layer(torch.ones(3, 4, dtype=F64))


def test_a_prelu_for_each_channel_is_torchs():
    ours, theirs = catalog["prelu"].module(num_parameters=3), torch.nn.PReLU(3)
    theirs.weight.data = ours.negative_slope.data = torch.tensor([0.1, -0.2, 0.3])
    z = torch.linspace(-2, 2, 24).reshape(2, 3, 4)
    assert torch.equal(ours(z), theirs(z)) and torch.equal(activations.to_torch(ours).network(z), theirs(z))
    assert not activations.to_torch(catalog["prelu"].module(num_parameters=3, axis=2)).swapped
    assert repr(ours) == "Elementwise(prelu, negative_slope=0.25, num_parameters=3, axis=1)"
    for name, number in [("tanh", 2), ("swish", 0)]:
        with pytest.raises(ValueError, match=f"^{name} learns [a-z ]+; got num_parameters={number}$"):
            catalog[name].module(num_parameters=number)


def test_many_learning_layers_can_be_run_at_once():
    module = catalog["prelu"].module()
    z = torch.tensor([-1.0, 2.0])
    slopes = {"negative_slope": torch.tensor([0.0, 0.5, 1.0])}
    many = torch.func.vmap(lambda settings: torch.func.functional_call(module, settings, (z,)))(slopes)
    assert many.tolist() == [[0.0, 2.0], [-0.5, 2.0], [-1.0, 2.0]]


def test_a_random_layer_draws_in_training_and_not_in_evaluation():
    rrelu = get("rrelu", lower=0.2, upper=0.6)
    module = rrelu.module(seed=1)
    z = torch.full((20_000,), -1.0)
    slopes = -module(z)
    assert slopes.min() >= 0.2 and slopes.max() <= 0.6
    # uniform: mean 0.4 and standard deviation 0.4 / sqrt 12, here to 5 standard errors
    assert slopes.mean().item() == pytest.approx(0.4, abs=5 * 0.1155 / 20_000**0.5)
    assert slopes.std().item() == pytest.approx(0.4 / 12**0.5, rel=0.03)
    assert not torch.equal(-module(z), slopes)
    assert torch.equal(module.eval()(z), rrelu(z))


def test_the_gradient_of_a_random_layer_is_the_slope_that_was_drawn():
    z = torch.tensor([-2.0, -0.5, 0.0, 1.0, 3.0], requires_grad=True)
    value = get("rrelu").module()(z)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    torch.testing.assert_close(gradient[[0, 1]], (value / z)[[0, 1]].detach())
    assert gradient[[3, 4]].tolist() == [1.0, 1.0] and value[[3, 4]].tolist() == [1.0, 3.0]
    assert 1 / 8 <= gradient[2] <= 1 / 3


def test_a_seed_gives_the_same_draws_again_and_torchs_own_generator_is_left_alone():
    z = torch.full((100,), -1.0)
    before = torch.get_rng_state()
    layer, twin, other = (get("rrelu").module(seed=seed) for seed in (7, 7, 8))
    first = layer(z)
    assert torch.equal(first, twin(z)) and not torch.equal(first, other(z))
    assert torch.equal(copy.deepcopy(layer)(z), layer(z))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_random_layer_goes_on_from_its_state_where_it_was_saved():
    z = torch.full((100,), -1.0)
    layer, other = get("rrelu").module(seed=7), get("rrelu").module(seed=8)
    layer(z)
    saved = io.BytesIO()
    torch.save(torch.nn.Sequential(layer).state_dict(), saved)
    torch.nn.Sequential(other).load_state_dict(torch.load(io.BytesIO(saved.getvalue()), weights_only=True))
    twin = pickle.loads(pickle.dumps(layer))
    after = layer(z)
    assert torch.equal(after, other(z)) and torch.equal(after, twin(z))


@pytest.mark.parametrize("reentrant", [False, True], ids=["saved", "reentrant"])
def test_a_call_that_checkpointing_repeats_draws_what_it_drew(reentrant):
    # one layer in two places, two passes before one backward, and one of them backward twice
    layer, x = get("rrelu").module(seed=3), torch.linspace(-2, -1, 300).reshape(3, 100)
    part = torch.nn.Sequential(layer, layer)

    def gradients(run):
        layer.draws.set_extra_state(start)
        z = x.clone().requires_grad_()
        out = (run(z) * run(z)).square().sum()
        for _ in range(1 if reentrant else 2):  # by backward, as the reentrant kind knows no other
            out.backward(retain_graph=not reentrant)
        return z.grad, layer(x)  # where the passes have left the stream

    def plain(z):
        return part(part(z))

    def repeated(z):
        inner = lambda z: checkpoint(part, z, use_reentrant=reentrant)  # noqa: E731
        return inner(inner(z))

    start = layer.draws.get_extra_state()
    for one, other in zip(gradients(plain), gradients(repeated), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, F64], ids=str)
def test_a_random_layer_keeps_the_dtype(dtype):
    assert get("rrelu").module()(torch.full((3,), -1.0, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("name", ["prelu", "rrelu", "tanh"])
def test_a_layer_refuses_what_its_record_refuses(name):
    with pytest.raises(TypeError, match=f"^{name} takes a tensor of floats, got torch.int64"):
        catalog[name].module()(torch.tensor([1]))


def test_a_module_shows_its_settings():
    assert repr(get("elu", alpha=0.5).module()) == "Elementwise(elu, alpha=0.5)"
    assert repr(get("tanh").module()) == "Elementwise(tanh)"
    assert repr(get("apl", a=1, b=(0.5,)).module()) == "Elementwise(apl, a=(1), b=(0.5))"


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
        other = (0.5,) * len(value) if isinstance(value, tuple) else value / 2 or 0.5
        assert get(name, **{key: other}) != catalog[name]


@EVERY_VARIANT
def test_an_activation_can_be_sent_by_name(name, settings):
    activation = get(name, **settings)
    sent = pickle.loads(pickle.dumps(activation))
    assert sent == activation and hash(sent) == hash(activation)
    assert sent.settings == activation.settings
    assert copy.deepcopy(activation) == activation
