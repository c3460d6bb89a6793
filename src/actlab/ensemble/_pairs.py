"""Activations for the compiled engine: each a few lines of float32 arithmetic, from z to the value and the slope.

pip's numba calls the C library for `exp`, one number at a time; the polynomials below are plain arithmetic, which the
compiler turns into vector instructions. They are least-maximum fits by Lawson's weighted least squares.
"""

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = ["exp", "expm1", "log1p_unit", "normal", "pairs", "sigmoid", "tanh"]

# "contract" lets a product and a sum be one instruction. Nothing looser: the range reduction of `exp` must not be
# reordered, and nan and inf must come through, since they are how a run is known to have diverged.
arithmetic = njit(fastmath={"contract"}, error_model="numpy")

f32 = np.float32
ZERO, HALF, ONE, TWO = f32(0), f32(0.5), f32(1), f32(2)


@intrinsic
def _as_float(typing, bits):
    """The float32 with these 32 bits."""
    return types.float32(types.int32), lambda context, builder, _, args: builder.bitcast(args[0], ir.FloatType())


@intrinsic
def _as_bits(typing, number):
    """The 32 bits of a float32."""
    return types.int32(types.float32), lambda context, builder, _, args: builder.bitcast(args[0], ir.IntType(32))


# exp(r) = 1 + r + r^2 P(r) for |r| <= ln(2) / 2, to 3e-9
E0, E1, E2, E3, E4 = (f32(c) for c in (0.50000001, 0.16666519, 0.04166621, 0.00836889, 0.00139505))
LOG2_E = f32(math.log2(math.e))
LN2_HIGH = f32(0.693359375)  # 9 bits: times a whole number up to 2^15 it is exact
LN2_LOW = f32(math.log(2) - 0.693359375)
ROUND = f32(1.5 * 2**23)  # adding it leaves the nearest whole number in the last bits
LOWEST, HIGHEST = f32(-87), f32(88)  # exp stays a normal float32 in between


@arithmetic
def _exp_parts(x):
    """exp(x) as s (1 + p), s a power of two; x beyond the range of normal numbers counts as its end."""
    x = LOWEST if x < LOWEST else x  # in this order nan stays nan
    x = HIGHEST if x > HIGHEST else x
    shifted = x * LOG2_E + ROUND
    n = shifted - ROUND
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = r * r * (E0 + r * (E1 + r * (E2 + r * (E3 + r * E4)))) + r
    s = _as_float(np.int32((_as_bits(shifted) << np.int32(23)) + np.int32(0x3F800000)))
    return s, p


@arithmetic
def exp(x):
    s, p = _exp_parts(x)
    return s * p + s


@arithmetic
def expm1(x):
    s, p = _exp_parts(x)
    return s * p + (s - ONE)


# log(1 + t) / t for 0 <= t <= 1, to 3e-8
L0, L1, L2, L3, L4, L5, L6, L7, L8 = (
    f32(c)
    for c in (
        0.99999997,
        -0.49999553,
        0.33320343,
        -0.24852945,
        0.19145115,
        -0.13746619,
        0.0792107,
        -0.03011094,
        0.00538406,
    )
)


@arithmetic
def log1p_unit(t):
    """log(1 + t) for t between 0 and 1."""
    return t * (L0 + t * (L1 + t * (L2 + t * (L3 + t * (L4 + t * (L5 + t * (L6 + t * (L7 + t * L8))))))))


@arithmetic
def sigmoid(z):
    return ONE / (ONE + exp(-z))


FLAT = f32(9)  # tanh(9) is 1 in float32


@arithmetic
def tanh(z):
    z = -FLAT if z < -FLAT else z
    z = FLAT if z > FLAT else z
    t = expm1(z + z)
    return t / (t + TWO)


# The normal distribution's tail beyond u >= 0 is exp(-u^2 / 2) t P(t), t = 1 / (1 + 0.35 u), to 5e-9
TAIL = f32(0.35)
N0, N1, N2, N3, N4, N5, N6, N7 = (
    f32(c)
    for c in (0.13992808, 0.13378891, 0.16317693, -0.05397875, 0.32002673, -0.29112733, 0.10013859, -0.01195315)
)
DENSITY = f32(1 / math.sqrt(2 * math.pi))


@arithmetic
def normal(z):
    """Density of the standard normal distribution times sqrt(2 pi), and its distribution function."""
    e = exp(-HALF * z * z)
    t = ONE / (abs(z) * TAIL + ONE)
    tail = t * (N0 + t * (N1 + t * (N2 + t * (N3 + t * (N4 + t * (N5 + t * (N6 + t * N7))))))) * e
    return e, (ONE - tail if z > ZERO else tail)


# --- the catalog: what makes the function z -> (value, slope) from the settings


def _step():
    @arithmetic
    def pair(z):
        return (ONE if z >= ZERO else ZERO), z * ZERO

    return pair


def _identity():
    @arithmetic
    def pair(z):
        return z, ONE

    return pair


def _sigmoid():
    @arithmetic
    def pair(z):
        value = sigmoid(z)
        return value, value * (ONE - value)

    return pair


def _logsigmoid():
    @arithmetic
    def pair(z):
        e = exp(-abs(z))
        r = ONE / (ONE + e)
        return (z if z < ZERO else ZERO) - log1p_unit(e), (r * e if z > ZERO else r)

    return pair


def _softsign():
    @arithmetic
    def pair(z):
        r = ONE / (ONE + abs(z))
        return z * r, r * r

    return pair


def _hardshrink(threshold):
    edge = f32(threshold)

    @arithmetic
    def pair(z):
        off = abs(z) <= edge
        return (ZERO if off else z), (ZERO if off else ONE)

    return pair


def _softshrink(threshold):
    edge = f32(threshold)

    @arithmetic
    def pair(z):
        beyond = abs(z) - edge
        off = beyond <= ZERO
        return (ZERO if off else math.copysign(beyond, z)), (ZERO if off else ONE)

    return pair


def _tanh():
    @arithmetic
    def pair(z):
        value = tanh(z)
        return value, ONE - value * value

    return pair


def _lecun_tanh():
    scale, squeeze = f32(1.7159), f32(2 / 3)
    steep = f32(1.7159 * 2 / 3)

    @arithmetic
    def pair(z):
        value = tanh(squeeze * z)
        return scale * value, steep * (ONE - value * value)

    return pair


def _tanhshrink():
    @arithmetic
    def pair(z):
        value = tanh(z)
        return z - value, value * value

    return pair


def _penalized_tanh():
    quarter = f32(0.25)

    @arithmetic
    def pair(z):
        value = tanh(z)
        share = ONE if z > ZERO else quarter
        return share * value, share * (ONE - value * value)

    return pair


def _softplus(beta):
    beta, inverse = f32(beta), f32(1 / beta)

    @arithmetic
    def pair(z):
        e = exp(-abs(beta * z))
        r = ONE / (ONE + e)
        return (z if z > ZERO else ZERO) + inverse * log1p_unit(e), (r if z > ZERO else r * e)

    return pair


def _hardtanh(min_val, max_val):
    min_val, max_val = f32(min_val), f32(max_val)

    @arithmetic
    def pair(z):
        low = min_val if z < min_val else z
        return (max_val if low > max_val else low), (ONE if min_val < z < max_val else ZERO)

    return pair


def _relu():
    @arithmetic
    def pair(z):
        return (ZERO, ZERO) if z <= ZERO else (z, ONE)  # in this order nan stays nan

    return pair


def _relu6():
    six = f32(6)

    @arithmetic
    def pair(z):
        low = ZERO if z < ZERO else z
        return (six if low > six else low), (ONE if ZERO < z < six else ZERO)

    return pair


def _relu_squared():
    @arithmetic
    def pair(z):
        on = ZERO if z < ZERO else z
        return on * on, TWO * on

    return pair


def _leaky_relu(negative_slope):
    leak = f32(negative_slope)

    @arithmetic
    def pair(z):
        slope = ONE if z > ZERO else leak
        return z * slope, slope

    return pair


def _elu_like(scale, alpha, width):
    """scale z above 0, scale alpha (exp(z / width) - 1) below."""
    up, down, inverse, steep = f32(scale), f32(scale * alpha), f32(1 / width), f32(scale * alpha / width)

    @arithmetic
    def pair(z):
        below = expm1((ZERO if z > ZERO else z) * inverse)
        return (up * z if z > ZERO else down * below), (up if z > ZERO else steep * (below + ONE))

    return pair


def _hardsigmoid():
    sixth, three = f32(1 / 6), f32(3)

    @arithmetic
    def pair(z):
        value = z * sixth + HALF
        value = ZERO if value < ZERO else value
        return (ONE if value > ONE else value), (sixth if abs(z) < three else ZERO)

    return pair


def _hardswish():
    sixth, third, three = f32(1 / 6), f32(1 / 3), f32(3)

    @arithmetic
    def pair(z):
        gate = z * sixth + HALF
        gate = ZERO if gate < ZERO else gate
        gate = ONE if gate > ONE else gate
        return z * gate, (z * third + HALF if abs(z) < three else gate)

    return pair


def _gelu():
    density = DENSITY

    @arithmetic
    def pair(z):
        e, share = normal(z)
        return z * share, share + z * density * e

    return pair


def _gelu_tanh():
    root, cubic, triple = f32(2 * math.sqrt(2 / math.pi)), f32(0.044715), f32(3 * 0.044715)

    @arithmetic
    def pair(z):
        square = z * z
        gate = sigmoid(root * z * (ONE + cubic * square))  # (1 + tanh(u)) / 2 is the sigmoid of 2 u
        return z * gate, gate + z * gate * (ONE - gate) * root * (ONE + triple * square)

    return pair


def _silu():
    @arithmetic
    def pair(z):
        gate = sigmoid(z)
        value = z * gate
        return value, gate + value * (ONE - gate)

    return pair


def _mish():
    @arithmetic
    def pair(z):
        e = exp(-abs(z))
        # tanh(log(1 + e^z)) = (2 s + 1) / (2 s (s + 1) + 1) in terms of s = e^-z, and so on for s = e^z
        above = z > ZERO
        top = (ONE + TWO * e) if above else e * (e + TWO)
        bottom = top + (TWO * e * e if above else TWO)
        gate = top / bottom
        r = ONE / (ONE + e)
        return z * gate, gate + z * (r if above else r * e) * (ONE - gate * gate)

    return pair


def _squareplus(b):
    b = f32(b)

    @arithmetic
    def pair(z):
        root = np.sqrt(z * z + b)
        # where z < 0 the sum would cancel: (z + root) (root - z) = b
        value = HALF * (z + root) if z > ZERO else HALF * b / (root - z)
        return value, value / root

    return pair


def _sine():
    @arithmetic
    def pair(z):
        return f32(math.sin(z)), f32(math.cos(z))

    return pair


def _sparse_plus():
    @arithmetic
    def pair(z):
        slope = HALF * (z + ONE)
        slope = ZERO if slope < ZERO else slope
        slope = ONE if slope > ONE else slope
        return (z if z >= ONE else slope * slope), slope

    return pair


# SELU's two numbers, as the catalog has them {cite}`klambauer2017`
_LAMBDA, _ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

pairs = {
    "step": _step,
    "identity": _identity,
    "sigmoid": _sigmoid,
    "logsigmoid": _logsigmoid,
    "softsign": _softsign,
    "hardshrink": _hardshrink,
    "softshrink": _softshrink,
    "tanh": _tanh,
    "lecun_tanh": _lecun_tanh,
    "tanhshrink": _tanhshrink,
    "penalized_tanh": _penalized_tanh,
    "softplus": _softplus,
    "hardtanh": _hardtanh,
    "relu": _relu,
    "relu6": _relu6,
    "relu_squared": _relu_squared,
    "leaky_relu": _leaky_relu,
    "elu": lambda alpha: _elu_like(1.0, alpha, 1.0),
    "celu": lambda alpha: _elu_like(1.0, alpha, alpha),
    "selu": lambda: _elu_like(_LAMBDA, _ALPHA, 1.0),
    "hardsigmoid": _hardsigmoid,
    "hardswish": _hardswish,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "squareplus": _squareplus,
    "sine": _sine,
    "sparse_plus": _sparse_plus,
}
