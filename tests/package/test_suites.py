"""Other people's test cases run through this package: torch's samples of its own operators, and ONNX's of its nodes.

Torch keeps the inputs that it tries each operator on in torch.testing: empty tensors and ones of no dims, strided and
expanded ones, nan, infinities and the ends of each dtype. Here they go through the catalog's entry, the softmax
family or a gate, forward and back, and are held against torch's operator. The samples need expecttest, the nodes
onnx; what is missing is skipped by name. The other way round, what this package exports runs in onnxruntime.
"""

import importlib
import io
import logging
import warnings
from collections import Counter

import numpy as np
import pytest
import torch

from actlab import activations, gates, networks, softmax

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
LEFT_OUT = {
    "draws": "rrelu in training draws its slopes: no two calls agree",
    "ends": "the catalog's hardtanh ends at -1 and 1, torch's wherever it is told to",
    "not positive": "at a threshold of 0 or below a shrinkage is no more than the identity: the catalog refuses it",
    "negative": "the threshold of the catalog's threshold is 0 or more",
    "nothing kept": "where a mask keeps nothing torch.masked has nan, and softmax here 0: test_softmax holds that",
}


def entry(name, **renamed):
    """A function of an operator's settings: the catalog's entry, with the settings by the names that it has here."""

    def made(*args, **settings):
        return get(name, **{renamed[key]: value for key, value in settings.items()})

    return made


def hardtanh(min_val=-1.0, max_val=1.0):
    return get("hardtanh") if (min_val, max_val) == (-1, 1) else "ends"


def shrinkage(name):
    return lambda lambd=0.5: get(name, threshold=lambd) if lambd > 0 else "not positive"


def gelu(approximate="none"):
    return get("gelu" if approximate == "none" else "gelu_tanh")


def rrelu(lower=1 / 8, upper=1 / 3, training=False):
    return "draws" if training else get("rrelu", lower=lower, upper=upper)


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

        return lambda z: function(
            sign * z, None if dim == () else dim, mask, **settings
        )  # () means all to torch.masked

    return made


def glu(dim=-1):
    return lambda z: gates.glu(*z.chunk(2, dim))


F_ = "nn.functional."
OURS = {
    **{f"{F_}{name}": entry(name) for name in ("relu", "relu6", "selu", "silu", "mish", "hardswish", "hardsigmoid")},
    **{f"{F_}{name}": entry(name) for name in ("logsigmoid", "softsign", "tanhshrink")},
    f"{F_}softplus": lambda beta, threshold: get("softplus"),
    f"{F_}elu": entry("elu", alpha="alpha"),
    f"{F_}celu": entry("celu", alpha="alpha"),
    f"{F_}leaky_relu": entry("leaky_relu", negative_slope="negative_slope"),
    f"{F_}softshrink": shrinkage("softshrink"),
    f"{F_}hardshrink": shrinkage("hardshrink"),
    f"{F_}threshold": lambda threshold, value: (
        get("threshold", threshold=threshold) if threshold >= 0 else "negative"
    ),
    f"{F_}hardtanh": hardtanh,
    f"{F_}gelu": gelu,
    f"{F_}rrelu": rrelu,
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
# Settings in place of those of the samples, for both sides. Torch's softplus at a threshold of 0.2 jumps by 0.2, and
# its threshold puts any number in place of what is below; the catalog has neither, so that here the inputs serve.
INSTEAD = {"nn.functional.softplus": {"beta": 1, "threshold": 20}, "nn.functional.threshold": {"value": 0}}
# operators whose own gradient in float64 is not right to its dtype, and how far it is off
OFF = {
    "nn.functional.hardsigmoid": 1e-7,  # torch keeps the slope 1/6 in float32
    "nn.functional.celu": 1e-6,  # and 1 / alpha
}
CASES = 3500  # at least so many are tried


def samples(name, dtype):
    """(input, what torch makes of it, what this package makes of it or why it is left out) of all torch's samples."""
    database = library("torch.testing._internal.common_methods_invocations", "the samples of torch")
    for op in database.op_db:
        if op.name != name or op.variant_test_name == "complex" or dtype not in op.dtypes:
            continue
        for sample in op.reference_inputs("cpu", dtype, requires_grad=True):
            z, args, settings = sample.input, sample.args, {**sample.kwargs, **INSTEAD.get(name, {})}
            if name == "nn.functional.threshold":
                args, settings = (), {"threshold": args[0] if args else settings["threshold"], "value": 0}
            theirs = lambda z, op=op, args=args, settings=settings: op(z, *args, **settings)  # noqa: E731
            mask, dim = settings.get("mask"), settings.get("dim", args[0] if args else None)
            kept = None if mask is None or not z.numel() else mask.expand(z.shape)
            if kept is not None and not (kept.any() if dim in (None, ()) else kept.any(dim)).all():
                yield z, theirs, "nothing kept"
            else:
                yield z, theirs, OURS[name](*args, **settings)


def back(function, z):
    """What a function makes of z, and what a gradient at its output becomes at z; 0 where a logarithm is -inf."""
    z = z.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    out = function(z)
    end = torch.linspace(0.5, 1.5, out.numel(), dtype=torch.float64).reshape(out.shape).to(out.dtype)
    end = end.masked_fill(out.detach() == -torch.inf, 0)  # a mask's own: softmax here hands nothing back there
    (gradient,) = torch.autograd.grad(out, z, end)
    return out.detach(), gradient


def failures(name, dtype):
    """A line for each sample that gives something else; how many were tried, and left out for which reason."""
    near, wrong, counts = NEAR[dtype] * torch.finfo(dtype).eps, [], Counter()
    for number, (z, theirs, ours) in enumerate(samples(name, dtype)):
        counts[ours if isinstance(ours, str) else "tried"] += 1
        if isinstance(ours, str):
            continue
        try:
            (value, gradient), (wanted, slope) = back(ours, z), back(theirs, z)
            if z.isinf().any() and wanted.shape == z.shape and name != "sin":
                # torch has nan at infinities where the function has a limit: it is near at the largest number
                far = torch.finfo(z.dtype).max / 2
                limit, flat = back(theirs, z.detach().clamp(-far, far))
                wanted = torch.where(z.isinf() & wanted.isnan(), limit, wanted)
                slope = torch.where(z.isinf() & slope.isnan(), flat, slope)
            torch.testing.assert_close(value, wanted, rtol=near, atol=near, equal_nan=True)
            loose = max(near, OFF.get(name, 0.0))
            if name.endswith("logsumexp") and z.numel():
                loose *= max(1, z.abs().max().item())  # torch's is exp(z - the rounded value)
            known = ~z.isnan()  # at nan there is no slope: torch has 1 for relu, nan for elu and 0 for hardsigmoid
            torch.testing.assert_close(gradient[known], slope[known], rtol=loose, atol=loose, equal_nan=True)
        except Exception as error:
            wrong.append(f"sample {number} of shape {tuple(z.shape)}: {type(error).__name__}: {error}")
    return wrong, counts


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype).removeprefix("torch."))
@pytest.mark.parametrize("name", OURS)
def test_torchs_own_samples_give_what_torchs_operator_gives(name, dtype):
    wrong, counts = failures(name, dtype)
    if not counts:
        pytest.skip(f"torch's {name} has no {dtype}")
    assert counts["tried"] and not wrong, "\n".join(wrong)


def test_what_is_tried_is_not_little_and_what_is_left_out_has_a_reason(capsys):
    kinds = Counter()
    for name in OURS:
        for dtype in DTYPES:
            for z, _, ours in samples(name, dtype):
                kinds[ours if isinstance(ours, str) else "tried"] += 1
                if not isinstance(ours, str):
                    kinds["empty"] += not z.numel()
                    kinds["of no dims"] += not z.ndim
                    kinds["with nan or an infinity"] += not bool(z.isfinite().all())
    with capsys.disabled():
        left = ", ".join(f"{kinds[reason]} ({why})" for reason, why in LEFT_OUT.items())
        print(f"\n{kinds['tried']} of torch's samples tried; left out: {left}")
    assert kinds["tried"] >= CASES and all(kinds[reason] for reason in LEFT_OUT)
    assert sum(kinds[reason] for reason in LEFT_OUT) < kinds["tried"] / 10
    assert min(kinds[kind] for kind in ("empty", "of no dims", "with nan or an infinity")) >= 100


# --- ONNX's nodes


def slope_for_each(z, slopes):
    """ONNX's PRelu may have as many slopes as numbers."""
    pairs = zip(z.flatten(), slopes.expand_as(z).flatten().tolist(), strict=True)
    return torch.stack([get("prelu", negative_slope=slope)(number) for number, slope in pairs]).view_as(z)


# for each operator the function with its attributes, or why a case of it is left out
NODES = {
    **{name: entry(name.lower()) for name in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Mish")},
    "HardSwish": entry("hardswish"),
    "Sin": lambda: get("sine"),
    "Elu": lambda alpha=1.0: get("elu", alpha=alpha),
    "Celu": lambda alpha=1.0: get("celu", alpha=alpha),
    "LeakyRelu": lambda alpha=0.01: get("leaky_relu", negative_slope=alpha),
    "Swish": lambda alpha=1.0: get("swish", beta=alpha),
    "ThresholdedRelu": lambda alpha=1.0: get("threshold", threshold=alpha),
    "Gelu": lambda approximate=b"none": get("gelu" if approximate == b"none" else "gelu_tanh"),
    "Shrink": lambda lambd=0.5, bias=0.0: get("softshrink" if bias else "hardshrink", threshold=lambd),
    "Selu": lambda **settings: "the catalog's SELU has the two constants of its paper" if settings else get("selu"),
    "HardSigmoid": lambda **settings: "ONNX's slope is 0.2, or any; the catalog's, as torch's, is 1 / 6",
    "Softmax": lambda axis=-1: lambda z: softmax.softmax(z, axis),
    "LogSoftmax": lambda axis=-1: lambda z: softmax.log_softmax(z, axis),
    "PRelu": lambda: slope_for_each,
    "ReduceLogSumExp": lambda keepdims=1: lambda z, axes: softmax.logsumexp(
        z, tuple(axes.tolist()) or None, keepdim=bool(keepdims)
    ),
}  # fmt: skip


def test_onnx_node_cases_give_what_onnx_says(capsys):
    library("onnx", "the node cases of ONNX")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some cases of casts overflow while they are made
        cases = library("onnx.backend.test.case.node", "the node cases of ONNX").collect_testcases(None)
    helper, tried, left = importlib.import_module("onnx.helper"), Counter(), Counter()
    for case in cases:
        nodes = case.model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in NODES:
            continue  # what a function expands to is several nodes
        ours = NODES[nodes[0].op_type](**{a.name: helper.get_attribute_value(a) for a in nodes[0].attribute})
        for inputs, (wanted,) in case.data_sets:
            if isinstance(ours, str):
                left[ours] += 1
                continue
            half = inputs[0].dtype.name == "bfloat16"  # which numpy has by ml_dtypes, and torch does not read
            given = [torch.as_tensor(x.astype(np.float32)).bfloat16() if half else torch.as_tensor(x) for x in inputs]
            out = ours(*given)
            found = out.float().numpy() if half else out.numpy()
            assert found.shape == wanted.shape and (half or found.dtype == wanted.dtype), case.name
            near = {"rtol": max(1e-5, torch.finfo(out.dtype).eps), "atol": 1e-6}
            np.testing.assert_allclose(found, wanted.astype(found.dtype), **near, err_msg=case.name)
            tried[nodes[0].op_type] += 1
    with capsys.disabled():
        print(f"\n{tried.total()} node cases of ONNX tried; left out: {dict(left)}")
    assert tried.total() >= 50 and set(tried) | {"HardSigmoid"} == set(NODES), tried


# --- exported to ONNX and run in onnxruntime

FAR = torch.tensor([-1000.0, -104, -88, -20, -1e-8, 0, 1e-8, 20.5, 88, 104, 1000])
ERROR = 1e-6  # of float32 in onnxruntime, relative to a value where that is above 1: eight roundings


class Each(torch.nn.Module):
    """Every entry's layer on the same numbers, so that one export holds all of them."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict({name: get(name).module() for name in activations.catalog})

    def forward(self, z):
        return tuple(layer(z) for layer in self.layers.values())


def in_onnxruntime(network, x):
    """What the network of `to_torch` makes of x once it is exported: a tensor for each output."""
    runtime = library("onnxruntime", "exported networks")
    library("onnxscript", "exported networks")
    made = activations.to_torch(network.eval())
    logging.disable(logging.CRITICAL)  # the exporter's remarks on its own steps
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # and on what torch will do otherwise one day
            program = torch.onnx.export(made.network, (x,), dynamo=True, verbose=False)
        program.save(file := io.BytesIO())
    finally:
        logging.disable(logging.NOTSET)
    session = runtime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    return [torch.as_tensor(y) for y in session.run(None, {session.get_inputs()[0].name: x.numpy()})]


def test_every_entry_gives_in_onnxruntime_what_it_gives_here():
    z = torch.cat([torch.linspace(-8, 8, 65), FAR])[:, None]
    found = in_onnxruntime(each := Each(), z)
    off = {}
    for name, y in zip(each.layers, found, strict=True):
        wanted = get(name)(z)
        apart = (y - wanted).abs() / wanted.abs().clamp(min=1)
        off[name] = apart.masked_fill(y == wanted, 0).max().item()
    assert len(off) == len(activations.catalog)
    assert all(error <= ERROR for error in off.values()), {k: e for k, e in off.items() if not e <= ERROR}


NETWORKS = {
    **{f"mlp of {name}": (lambda name=name: networks.mlp([8, 16, 2], name), 8) for name in ("gelu", "swish", "apl")},
    "mlp with a norm": (lambda: networks.mlp([8, 16, 2], "softplus", norm="layer"), 8),
    **{f"block of {gate}": (lambda gate=gate: gates.GatedFeedForward(8, gate=gate), 8) for gate in gates.catalog},
    "APL": (lambda: networks.APL(8), 8),
    "cnn": (lambda: networks.cnn("silu"), (1, 28, 28)),
    "resnet": (lambda: networks.resnet("mish", blocks=(1, 1), width=8), (1, 32, 32)),
    "transformer": (lambda: networks.transformer(20, "gelu"), None),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_in_onnxruntime_what_it_gives_here(name):
    make, shape = NETWORKS[name]
    generator = torch.Generator().manual_seed(0)
    if shape is None:
        x = torch.randint(20, (2, 9), generator=generator)
    else:
        x = torch.randn(5, *(shape if isinstance(shape, tuple) else [shape]), generator=generator)
    network = make().eval()
    with torch.no_grad():
        wanted = network(x)
    (found,) = in_onnxruntime(network, x)
    torch.testing.assert_close(found, wanted, rtol=2 * ERROR, atol=2 * ERROR)
