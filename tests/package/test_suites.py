"""Other people's test cases run through this package: torch's samples of its own operators.

Torch keeps the inputs that it tries each operator on in torch.testing: empty and 0-dimensional tensors, strided and
expanded ones, and the ends of each dtype. Here they go through the catalog's entry, the softmax family or a gate,
forward and back, and are held against torch's operator. They need expecttest; without it they are skipped by name.
"""

import importlib
import warnings
from collections import Counter
from functools import partial

import pytest
import torch

from actlab import activations, gates, softmax

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
get = activations.get
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
# of values and gradients, relative and absolute, as multiples of the dtype's eps
NEAR = {torch.float64: 16, torch.float32: 16, torch.bfloat16: 2, torch.float16: 2}


def library(name, what):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a library says of another one while it loads is not our matter
            return importlib.import_module(name)
    except ImportError as error:
        missing = (error.name or name).partition(".")[0]
        pytest.skip(f"{missing.upper()} IS NOT INSTALLED: {what} are not run")


# --- torch's operators, and what stands for each of them here

# A sample that is left out, and why. Each is a definition that differs; none is an input that is hard.
# Of an elementwise one the finite inputs count: at nan and infinity torch's own differ from one another (the slope of
# relu at nan is 0, silu(-inf) is nan), and test_activations says what the catalog has there.
LEFT_OUT = {
    "infinite": "the gradient of logsumexp at infinity is nan in torch, here its limit, 1",
    "large": "a million numbers show nothing that thousands do not, and take a minute",
    "0": "the catalog refuses a threshold of 0, at which a shrink is the identity",
    "ends": "the catalog's hardtanh ends at -1 and 1, torch's wherever it is told to",
    "nothing kept": "where a mask keeps nothing torch.masked has nan, softmax here 0, as attention has",
}


def entry(name, **renamed):
    """A function of an operator's settings: the catalog's entry, with the settings by the names that it has here."""

    def made(*args, **settings):
        return get(name, **{renamed[key]: value for key, value in settings.items()})

    return made


def hardtanh(min_val=-1.0, max_val=1.0):
    return get("hardtanh") if (min_val, max_val) == (-1, 1) else "ends"


def hardshrink(lambd=0.5):
    return get("hardshrink", threshold=lambd) if lambd > 0 else "0"


def softshrink(lambd=0.5):
    return get("softshrink", threshold=lambd) if lambd else "0"


def gelu(approximate="none"):
    return get("gelu" if approximate == "none" else "gelu_tanh")


def prelu(weight):
    """A slope for each channel is one entry for each."""
    slopes = [get("prelu", negative_slope=slope) for slope in weight.reshape(-1).tolist()]
    if len(slopes) == 1:
        return slopes[0]
    return lambda z: torch.stack([act(part) for act, part in zip(slopes, z.unbind(1), strict=True)], 1)


def of_softmax(function, sign=1):
    def made(dim=None, keepdim=False, mask=None, dtype=None):
        settings = {"keepdim": keepdim} if function is softmax.logsumexp else {}
        settings |= {} if dtype is None else {"dtype": dtype}

        def ours(z):
            every = None if dim == () else dim
            return function(sign * z, every, mask, **settings)

        return ours

    return made


def glu(dim=-1):
    return lambda z: gates.glu(*z.chunk(2, dim))


F_ = "nn.functional."
OURS = {
    **{f"{F_}{name}": entry(name) for name in ("relu", "relu6", "selu", "silu", "mish", "hardswish", "hardsigmoid")},
    **{f"{F_}{name}": entry(name) for name in ("logsigmoid", "softsign", "tanhshrink")},
    f"{F_}softplus": entry("softplus"),
    f"{F_}elu": entry("elu", alpha="alpha"),
    f"{F_}celu": entry("celu", alpha="alpha"),
    f"{F_}leaky_relu": entry("leaky_relu", negative_slope="negative_slope"),
    f"{F_}softshrink": softshrink,
    f"{F_}hardshrink": hardshrink,
    f"{F_}hardtanh": hardtanh,
    f"{F_}gelu": gelu,
    f"{F_}prelu": prelu,
    f"{F_}glu": glu,
    f"{F_}softmin": of_softmax(softmax.softmax, -1),
    "sigmoid": entry("sigmoid"),
    "tanh": entry("tanh"),
    "sin": entry("sine"),
    "softmax": of_softmax(softmax.softmax),
    "log_softmax": of_softmax(softmax.log_softmax),
    "logsumexp": of_softmax(softmax.logsumexp),
    "torch.ops.aten._safe_softmax.default": of_softmax(softmax.softmax),
    "masked.softmax": of_softmax(softmax.softmax),
    "masked.log_softmax": of_softmax(softmax.log_softmax),
    "masked.softmin": of_softmax(softmax.softmax, -1),
    "masked.logsumexp": of_softmax(softmax.logsumexp),
}
ELEMENTWISE = [name for name in OURS if name.startswith(F_) and name not in (f"{F_}glu", f"{F_}softmin")]
ELEMENTWISE += ["sigmoid", "tanh", "sin"]
# whose slopes torch computes with constants of float32
SHORT = (f"{F_}hardsigmoid", f"{F_}celu")
LARGE, FEWEST = 2**17, 2  # numbers of a sample that is left out; samples without which a test would say nothing
COUNTED = "torch's own samples of its operators, value and gradient"


def samples(name, dtype):
    """(input, what torch makes of it, what this package makes of it or why it is left out) of all torch's samples."""
    database = library("torch.testing._internal.common_methods_invocations", "torch's samples of its own operators")
    for op in database.op_db:
        if op.name != name or op.variant_test_name == "complex" or dtype not in op.dtypes:
            continue
        for sample in op.reference_inputs("cpu", dtype, requires_grad=True):
            args, settings = sample.args, sample.kwargs
            if name == "nn.functional.softplus":
                settings = {}  # theirs, beta 3 and threshold 0.2, is 0.6 off the function
            if name == "logsumexp":
                args, settings = (), settings | dict(zip(("dim", "keepdim"), args, strict=False))
            empty = nothing_kept(sample.input, *args, **settings) if name.startswith("masked.") else None
            yield sample.input, partial(_applied, op, args, settings), empty or OURS[name](*args, **settings)


def nothing_kept(z, dim=None, *, mask=None, **_):
    """Why it is left out, where the mask keeps nothing of a slice."""
    if mask is None or not z.numel():
        return None
    kept = mask.broadcast_to(z.shape)
    return None if (kept.any() if dim in (None, ()) else kept.any(dim)).all() else "nothing kept"


def _applied(op, args, settings, z):
    return op(z, *args, **settings)


def back(function, z):
    """What a function makes of z, and the gradient of it that a fixed one at its output becomes at z."""
    z = z.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    out = function(z)
    end = torch.linspace(0.5, 1.5, out.numel(), dtype=torch.float64).reshape(out.shape).to(out.dtype)
    end = end.masked_fill(out.isinf(), 0)  # at what a mask leaves out, log_softmax is -inf, and no way leads back
    (gradient,) = torch.autograd.grad(out, z, end)
    return out.detach(), gradient


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype).removeprefix("torch."))
@pytest.mark.parametrize("name", OURS)
def test_torchs_own_samples_give_what_torchs_operator_gives(name, dtype, record_property):
    left_out, cases = Counter(), 0
    for z, theirs, ours in samples(name, dtype):
        why = ours if isinstance(ours, str) else "large" if z.numel() > LARGE else None
        if name == "logsumexp" and z.ndim == 0 and z.isinf():
            why = "infinite"
        if why:
            assert why in LEFT_OUT
            left_out[why] += 1
            continue
        near = NEAR[dtype] * torch.finfo(dtype).eps
        there = z.isfinite() if name in ELEMENTWISE else torch.ones_like(z, dtype=torch.bool)
        scales = {"value": 1.0, "gradient": 1.0}
        if dtype == torch.float64 and name in SHORT:
            scales["gradient"] = 2.0**-24 / near
        if name == "logsumexp" and z.numel():
            scales["gradient"] = max(1.0, z.detach()[z.isfinite()].abs().sum().item())
        cases += 1
        for (what, scale), found, wanted in zip(scales.items(), back(ours, z), back(theirs, z), strict=True):
            if name in ELEMENTWISE:
                found, wanted = found[there], wanted[there]
            torch.testing.assert_close(
                found, wanted, rtol=near * scale, atol=near * scale, equal_nan=True, msg=f"{what} of {z}"
            )
    assert cases >= FEWEST, left_out
    record_property(COUNTED, cases)
