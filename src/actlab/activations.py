"""Every elementwise activation function of the course, with its slope and the facts that define it.

An entry is one block below: a function of its settings that returns an `Activation`. `get` looks an entry up by
name, `catalog` holds all of them with their default settings.

Values and slopes are computed by forms that stay right where the textbook formula does not: in the far tails, and
in every float dtype. Gradients through autograd are the slopes written here.
"""

import difflib
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Activation", "catalog", "get"]

inf = math.inf
Setting = float | tuple[float, ...]


@dataclass(frozen=True)
class Activation:
    """One elementwise function f, its slope f', and what is known about both.

    Call it like a function: `act(z)` and `act.slope(z)` take a float tensor of any shape and return one of the same
    shape, dtype and device. At a kink the slope is the one that autograd finds in torch's own function, such as
    `hardtanh`; not in one's own program with `clamp`, whose slope at its ends is 1 up to torch 2.13 and 0 from 2.14
    on. Ours are the same with every torch: `hardswish` has what torch's own has had since 2.8.

    `elsewhere` says how to write f with these settings in other libraries, one call of a variable z: its keys are
    among "torch", "keras", "jax" and "onnx", and a library without the function has none. An ONNX operator is
    written as a call too, with its attributes as keywords and the first opset that has it in the comment.
    """

    name: str
    title: str  # the name as it is printed
    aliases: tuple[str, ...]  # other names that it goes by
    function: Callable[[Tensor], Tensor] = field(repr=False, compare=False)  # f, for float32 and float64
    slope_function: Callable[[Tensor], Tensor] = field(repr=False, compare=False)  # f', for float32 and float64
    formula: str  # f(z), LaTeX
    slope_formula: str  # f'(z), LaTeX
    range: tuple[float, float]  # infimum and supremum of f, attained or not
    attained: tuple[bool, bool]  # whether f takes the value of each
    monotone: bool  # never decreasing
    year: int  # of the source
    source: str  # key in references.bib
    uses: str = field(repr=False)  # where it is found or what it is good for, one line
    pitfalls: str = field(repr=False)  # what goes wrong with it, one line
    elsewhere: Mapping[str, str] = field(repr=False, hash=False)
    differs: str = field(repr=False)  # where definitions or defaults part from these, one line; "" if they agree
    kinks: tuple[float, ...] = ()  # where the slope jumps, or f itself
    settings: Mapping[str, Setting] = field(default_factory=dict, hash=False)
    # torch's own function of this definition, differentiable; None if it has none
    torch_function: Callable[[Tensor], Tensor] | None = field(default=None, repr=False, compare=False)
    # f(z, *settings) with tensors for the settings, in float32 and float64: for a layer that learns them
    learnable_function: Callable[..., Tensor] | None = field(default=None, repr=False, compare=False)
    # what a layer does in training mode, given z and a generator to draw from, if that is not f
    training_function: Callable[[Tensor, torch.Generator], Tensor] | None = field(
        default=None, repr=False, compare=False
    )

    def __call__(self, z: Tensor) -> Tensor:
        """f(z): same shape, dtype and device as z; its gradient is `slope`."""
        _require_float(z, self.name)
        return _Elementwise.apply(z, _in_single(self.function), _in_single(self.slope_function))

    def slope(self, z: Tensor) -> Tensor:
        """f'(z): same shape, dtype and device as z."""
        _require_float(z, self.name)
        return _in_single(self.slope_function)(z)

    @property
    def learnable(self) -> tuple[str, ...]:
        """The names of the settings that a layer learns."""
        return tuple(self.settings) if self.learnable_function else ()

    def __reduce__(self):
        # By name, so that a network with an activation in it can be copied and sent to another process.
        if self.name in _entries:
            return _rebuild, (self.name, dict(self.settings))
        return super().__reduce__()

    def module(self, *, dtype: torch.dtype = torch.float32, seed: int = 0) -> "Elementwise":
        """A new `torch.nn.Module` that applies f.

        Settings that are `learnable` become its parameters, of the given dtype; the others have none. `seed` is for
        the layer that draws in training mode, `rrelu`: two layers with one seed draw the same.
        """
        return Elementwise(self, dtype=dtype, seed=seed)


class Elementwise(torch.nn.Module):
    """An activation as a layer; `layer.activation` is the record behind it.

    Where the activation learns its settings they are parameters of the layer, by their own names, shared by all of
    its inputs; gradients reach them and z, and the record is the one for the values that they have now.
    """

    def __init__(self, activation: Activation, *, dtype: torch.dtype = torch.float32, seed: int = 0):
        super().__init__()
        self._start = activation
        for key in activation.learnable:
            value = torch.tensor(activation.settings[key], dtype=dtype)
            self.register_parameter(key, torch.nn.Parameter(value))
        self._generator = torch.Generator().manual_seed(seed) if activation.training_function else None

    @property
    def activation(self) -> Activation:
        return get(self._start, **self._learned()) if self._start.learnable else self._start

    def forward(self, z: Tensor) -> Tensor:
        start = self._start
        if start.learnable:
            function, learned = start.learnable_function, [getattr(self, key) for key in start.learnable]
            _require_float(z, start.name)
            return _in_single(lambda z: function(z, *(value.to(z.dtype) for value in learned)))(z)
        if self.training and start.training_function:
            _require_float(z, start.name)
            return _in_single(lambda z: start.training_function(z, self._generator))(z)
        return start(z)

    def _learned(self) -> dict[str, Setting]:
        return {key: getattr(self, key).tolist() for key in self._start.learnable}

    def extra_repr(self) -> str:
        settings = {**self._start.settings, **self._learned()}
        return ", ".join([self._start.name, *(f"{key}={_shown(value)}" for key, value in settings.items())])


class _Elementwise(torch.autograd.Function):
    # Torch would differentiate the program; this differentiates the function. The two part in the tails, where
    # 1 - tanh(z)**2 is 0 long before tanh' is.
    generate_vmap_rule = True

    @staticmethod
    def forward(z, function, slope_function):
        return function(z)

    @staticmethod
    def setup_context(ctx, inputs, output):
        z, _, ctx.slope = inputs
        ctx.save_for_backward(z)
        ctx.save_for_forward(z)

    @staticmethod
    def jvp(ctx, change, *_):
        (z,) = ctx.saved_tensors
        return change * ctx.slope(z)

    @staticmethod
    def backward(ctx, grad):
        (z,) = ctx.saved_tensors
        slope = ctx.slope(z)
        if torch.is_grad_enabled() and not slope.requires_grad:
            slope = slope + 0 * z.clamp(-1, 1)  # a constant slope has a slope too: 0, and not an error
        return grad * slope, None, None


def _in_single(function):
    """`function`, with float16 and bfloat16 carried out in float32: their range is too small for the way there."""

    def wrapped(z):
        if z.dtype in (torch.float16, torch.bfloat16):
            return function(z.float()).to(z.dtype)
        return function(z)

    return wrapped


def _require_float(z, name):
    if not isinstance(z, Tensor) or not z.is_floating_point():
        kind = z.dtype if isinstance(z, Tensor) else type(z).__name__
        raise TypeError(f"{name} takes a tensor of floats, got {kind}; try torch.as_tensor(z, dtype=torch.float32)")


_entries: dict[str, Callable[..., Activation]] = {}


def _entry(build):
    """Register a function of settings as a catalog entry under its own name."""
    _entries[build.__name__.lstrip("_")] = build
    return build


def get(name: "str | Activation", **settings: float | Iterable[float]) -> Activation:
    """The activation called `name`, with `settings` in place of its defaults; an `Activation` passes through.

    A setting whose default is a tuple takes a number or any sequence of them, and is kept as a tuple of floats.

    Raises KeyError if there is no such name (it lists those there are, and the nearest), TypeError if the
    activation has no such setting (it lists those it has), ValueError if a setting is not a finite number or not
    one that the function is defined for.
    """
    if not isinstance(name, str | Activation):
        raise TypeError(f"an activation is asked for by its name, got {type(name).__name__}")
    if isinstance(name, Activation):
        if settings:
            return get(name.name, **{**name.settings, **settings})
        return name
    if name not in _entries:
        words = {word.lower(): key for key, a in catalog.items() for word in (*a.aliases, a.title, key)}
        near = difflib.get_close_matches(name.lower(), words, n=1, cutoff=0.5)
        hint = f"did you mean {words[near[0]]!r}? " if near else ""
        raise KeyError(f"no activation named {name!r}; {hint}the catalog has {', '.join(_entries)}")
    build = _entries[name]
    known = {key: parameter.default for key, parameter in inspect.signature(build).parameters.items()}
    for key in settings:
        if key not in known:
            has = f"its settings are {', '.join(known)}" if known else "it has none"
            raise TypeError(f"{name} has no setting {key!r}; {has}")
    full = {key: _setting(f"{name}: {key}", settings.get(key, default), default) for key, default in known.items()}
    record = build(**full)
    return replace(record, settings=MappingProxyType(full), elsewhere=MappingProxyType(dict(record.elsewhere)))


def _rebuild(name, settings):
    return get(name, **settings)


def _setting(what, value, default):
    """`value` as a float, or as a tuple of floats where the default is one."""
    if not isinstance(default, tuple):
        return _finite(what, value)
    try:
        return tuple(_finite(what, one) for one in value)
    except TypeError:  # neither a sequence nor an array of one dimension or more
        return (_finite(what, value),)


def _finite(what, value):
    try:
        finite = math.isfinite(value)
    except (TypeError, ValueError, OverflowError):
        finite = False
    if not finite:
        raise ValueError(f"{what} must be a finite number, got {value!r}")
    return float(value)


def _shown(value):
    return f"({', '.join(map(_shown, value))})" if isinstance(value, tuple | list) else f"{value:g}"


# ---- the entries, in order of year ----------------------------------------------------------------------------


@_entry
def _step():
    # The slope is 0 on both sides of the jump; autograd, asked about `z >= 0`, finds no gradient at all.
    return Activation(
        name="step",
        title="Step",
        aliases=("Heaviside", "threshold unit", "binary step"),
        function=lambda z: (z >= 0).to(z.dtype),
        slope_function=torch.zeros_like,
        formula=r"1 \text{ if } z \ge 0, \text{ else } 0",
        slope_formula=r"0 \text{ for } z \ne 0",
        range=(0.0, 1.0),
        attained=(True, True),
        kinks=(0.0,),
        monotone=True,
        year=1943,
        source="mcculloch1943",
        uses="The threshold unit of McCulloch and Pitts and of the perceptron.",
        pitfalls="The slope is 0 wherever there is one: gradient descent gets no signal through it.",
        elsewhere={
            "torch": "torch.heaviside(z, torch.ones_like(z))",
            "keras": "keras.ops.heaviside(z, 1.0)",
            "jax": "jax.numpy.heaviside(z, 1.0)",
        },
        differs="The value at 0 is a convention: 1 here, an argument in the libraries; torch's has no gradient.",
    )


@_entry
def _logsigmoid():
    return Activation(
        name="logsigmoid",
        title="Log-sigmoid",
        aliases=("log_sigmoid", "log-logistic"),
        function=lambda z: -_softplus_value(-z),
        slope_function=lambda z: torch.sigmoid(-z),
        formula=r"-\log\left(1 + e^{-z}\right)",
        slope_formula=r"\sigma(-z)",
        range=(-inf, 0.0),
        attained=(False, False),
        monotone=True,
        year=1958,
        source="cox1958",
        uses="The log-likelihood of a binary label, given its logit: logistic regression, negative sampling.",
        pitfalls="Typed as the log of a sigmoid it is -inf in float32 at z = -104, where the truth is -104.",
        elsewhere={
            "torch": "torch.nn.functional.logsigmoid(z)",
            "keras": "keras.activations.log_sigmoid(z)",
            "jax": "jax.nn.log_sigmoid(z)",
        },
        differs="",
        torch_function=functional.logsigmoid,
    )


@_entry
def _identity():
    return Activation(
        name="identity",
        title="Identity",
        aliases=("linear", "none"),
        function=lambda z: z.clone(),
        slope_function=torch.ones_like,
        formula=r"z",
        slope_formula=r"1",
        range=(-inf, inf),
        attained=(False, False),
        monotone=True,
        year=1960,
        source="widrow1960",
        uses="The output of a regression network, and the shortcut of a residual block.",
        pitfalls="Linear layers with nothing else between them are one linear layer, however many.",
        elsewhere={
            "torch": "torch.nn.Identity()(z)",
            "keras": "keras.activations.linear(z)",
            "jax": "jax.nn.identity(z)",
            "onnx": "Identity(z)  # opset 1",
        },
        differs="",
        torch_function=torch.nn.Identity(),
    )


@_entry
def _sigmoid():
    return Activation(
        name="sigmoid",
        title="Sigmoid",
        aliases=("logistic", "expit"),
        function=torch.sigmoid,
        slope_function=_sigmoid_slope,
        formula=r"\frac{1}{1 + e^{-z}}",
        slope_formula=r"\sigma(z)\,\sigma(-z)",
        range=(0.0, 1.0),
        attained=(False, False),
        monotone=True,
        year=1986,
        source="rumelhart1986",
        uses="Turns a logit into a probability; the gates of LSTM and GRU.",
        pitfalls="The slope is at most 1/4: ten of them in a row multiply to less than 1e-6.",
        elsewhere={
            "torch": "torch.sigmoid(z)",
            "keras": "keras.activations.sigmoid(z)",
            "jax": "jax.nn.sigmoid(z)",
            "onnx": "Sigmoid(z)  # opset 1",
        },
        differs="",
        torch_function=torch.sigmoid,
    )


def _sigmoid_slope(z):
    # s(-z), not 1 - s(z): the difference is 0 once s rounds to 1, although the slope is not.
    return torch.sigmoid(z) * torch.sigmoid(-z)


@_entry
def _softsign():
    return Activation(
        name="softsign",
        title="Softsign",
        aliases=("soft_sign", "Elliott function"),
        function=lambda z: z / (1 + z.abs()),
        slope_function=lambda z: (1 / (1 + z.abs())) ** 2,  # (1 + |z|)**2 would be inf where the slope is not yet 0
        formula=r"\frac{z}{1 + |z|}",
        slope_formula=r"\frac{1}{(1 + |z|)^2}",
        range=(-1.0, 1.0),
        attained=(False, False),
        monotone=True,
        year=1993,
        source="elliott1993",
        uses="A bounded unit for the price of a division; its slope falls like 1/z**2, not like tanh's exp(-2 z).",
        pitfalls="Slow to reach its bounds: 0.75 at z = 3, where tanh is 0.995.",
        elsewhere={
            "torch": "torch.nn.functional.softsign(z)",
            "keras": "keras.activations.softsign(z)",
            "jax": "jax.nn.soft_sign(z)",
            "onnx": "Softsign(z)  # opset 1",
        },
        differs="",
        torch_function=functional.softsign,
    )


@_entry
def _hardshrink(threshold=0.5):
    if threshold <= 0:
        raise ValueError(f"hardshrink: threshold must be positive, got {threshold:g}")
    return Activation(
        name="hardshrink",
        title="Hard shrink",
        aliases=("hard_shrink", "hard thresholding"),
        function=lambda z: torch.where(z.abs() > threshold, z, torch.zeros_like(z)),
        slope_function=lambda z: (z.abs() > threshold).to(z.dtype),
        formula=r"z \text{ if } |z| > \lambda, \text{ else } 0",
        slope_formula=r"1 \text{ if } |z| > \lambda, \text{ else } 0",
        range=(-inf, inf),
        attained=(False, False),
        kinks=(-threshold, threshold),
        monotone=True,
        year=1994,
        source="donoho1994",
        uses="Keeps large coefficients as they are and drops small ones: denoising, iterative hard thresholding.",
        pitfalls="It jumps at both kinks, and between them passes neither a value nor a gradient.",
        elsewhere={
            "torch": f"torch.nn.functional.hardshrink(z, lambd={threshold!r})",
            "keras": f"keras.activations.hard_shrink(z, threshold={threshold!r})",
            "onnx": f"Shrink(z, lambd={threshold!r})  # opset 9",
        },
        differs="",
        torch_function=lambda z: functional.hardshrink(z, threshold),
    )


@_entry
def _softshrink(threshold=0.5):
    if threshold <= 0:
        raise ValueError(f"softshrink: threshold must be positive, got {threshold:g}")
    return Activation(
        name="softshrink",
        title="Soft shrink",
        aliases=("soft_shrink", "soft thresholding"),
        function=lambda z: z - z.clamp(-threshold, threshold),
        slope_function=lambda z: (z.abs() > threshold).to(z.dtype),
        formula=r"\operatorname{sign}(z)\,\max(0, |z| - \lambda)",
        slope_formula=r"1 \text{ if } |z| > \lambda, \text{ else } 0",
        range=(-inf, inf),
        attained=(False, False),
        kinks=(-threshold, threshold),
        monotone=True,
        year=1994,
        source="donoho1994",
        uses="The proximal step of the L1 penalty: a step of ISTA is a linear layer followed by this.",
        pitfalls="Whatever passes comes out smaller by the threshold; between the kinks the gradient is 0.",
        elsewhere={
            "torch": f"torch.nn.functional.softshrink(z, lambd={threshold!r})",
            "keras": f"keras.activations.soft_shrink(z, threshold={threshold!r})",
            "onnx": f"Shrink(z, lambd={threshold!r}, bias={threshold!r})  # opset 9",
        },
        differs="ONNX's Shrink is the hard one by default: its bias is 0 unless it is set to lambd.",
        torch_function=lambda z: functional.softshrink(z, threshold),
    )


@_entry
def _tanh():
    return Activation(
        name="tanh",
        title="Tanh",
        aliases=("hyperbolic tangent",),
        function=torch.tanh,
        slope_function=_tanh_slope,
        formula=r"\tanh z = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}}",
        slope_formula=r"\frac{1}{\cosh^2 z}",
        range=(-1.0, 1.0),
        attained=(False, False),
        monotone=True,
        year=1998,
        source="lecun1998",
        uses="The state of LSTM and GRU; outputs that must stay between -1 and 1.",
        pitfalls="Computed as 1 - tanh(z)**2 the slope is exactly 0 at z = 20, where the truth is 1.7e-17.",
        elsewhere={
            "torch": "torch.tanh(z)",
            "keras": "keras.activations.tanh(z)",
            "jax": "jax.nn.tanh(z)",
            "onnx": "Tanh(z)  # opset 1",
        },
        differs="",
        torch_function=torch.tanh,
    )


def _tanh_slope(z):
    return 4 * torch.sigmoid(2 * z) * torch.sigmoid(-2 * z)  # 1 - tanh**2 cancels in the tails


@_entry
def _lecun_tanh():
    return Activation(
        name="lecun_tanh",
        title="LeCun tanh",
        aliases=("scaled tanh", "stanh"),
        function=lambda z: 1.7159 * torch.tanh(z * (2 / 3)),
        slope_function=lambda z: 1.7159 * (2 / 3) * _tanh_slope(z * (2 / 3)),
        formula=r"1.7159\,\tanh\left(\frac{2}{3} z\right)",
        slope_formula=r"\frac{2}{3} \cdot \frac{1.7159}{\cosh^2\left(\frac{2}{3} z\right)}",
        range=(-1.7159, 1.7159),
        attained=(False, False),
        monotone=True,
        year=1998,
        source="lecun1998",
        uses="A tanh scaled so that f(1) = 1 and f(-1) = -1 to five digits: a signal of size 1 keeps it.",
        pitfalls="The slope at 0 is 1.144 and not 1, and the outputs go up to 1.7159.",
        elsewhere={},
        differs="The libraries' tanh is the plain one.",
    )


@_entry
def _softplus():
    return Activation(
        name="softplus",
        title="Softplus",
        aliases=("smooth ReLU", "log1pexp"),
        function=_softplus_value,
        slope_function=torch.sigmoid,
        formula=r"\log\left(1 + e^{z}\right)",
        slope_formula=r"\sigma(z)",
        range=(0.0, inf),
        attained=(False, False),
        monotone=True,
        year=2000,
        source="dugas2000",
        uses="Outputs that must be positive: variances, rates, scales.",
        pitfalls="Typed as log(1 + exp(z)) it is inf in float32 from z = 89 on; and it is 0.69, not 0, at z = 0.",
        elsewhere={
            "torch": "torch.nn.functional.softplus(z)",
            "keras": "keras.activations.softplus(z)",
            "jax": "jax.nn.softplus(z)",
            "onnx": "Softplus(z)  # opset 1",
        },
        differs="torch returns z itself above its threshold of 20, too small by 1.25e-9 at z = 20.5.",
        torch_function=functional.softplus,
    )


def _softplus_value(z):
    # never takes exp of a positive number, and its gradient at 0 is 1/2: with relu and abs it would be 0 there
    return torch.logaddexp(z, torch.zeros_like(z))


@_entry
def _hardtanh():
    return Activation(
        name="hardtanh",
        title="Hard tanh",
        aliases=("hard_tanh", "clip"),
        function=lambda z: z.clamp(-1, 1),
        slope_function=lambda z: (z.abs() < 1).to(z.dtype),
        formula=r"\min(1, \max(-1, z))",
        slope_formula=r"1 \text{ if } |z| < 1, \text{ else } 0",
        range=(-1.0, 1.0),
        attained=(True, True),
        kinks=(-1.0, 1.0),
        monotone=True,
        year=2004,
        source="collobert2004",
        uses="A tanh made of two comparisons; in binary networks its slope stands in for that of the sign.",
        pitfalls="Outside (-1, 1) the gradient is exactly 0: a unit that every example sends there stays there.",
        elsewhere={
            "torch": "torch.nn.functional.hardtanh(z)",
            "keras": "keras.activations.hard_tanh(z)",
            "jax": "jax.nn.hard_tanh(z)",
            "onnx": "Clip(z, -1.0, 1.0)  # opset 11",
        },
        differs="",
        torch_function=functional.hardtanh,
    )


@_entry
def _relu():
    return Activation(
        name="relu",
        title="ReLU",
        aliases=("rectifier", "rectified linear unit", "ramp", "positive part"),
        function=torch.relu,
        slope_function=lambda z: (z > 0).to(z.dtype),
        formula=r"\max(0, z)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } 0",
        range=(0.0, inf),
        attained=(True, False),
        kinks=(0.0,),
        monotone=True,
        year=2010,
        source="nair2010",
        uses="The usual hidden unit of convolutional networks; half of its outputs are exactly 0 for a symmetric z.",
        pitfalls="A unit whose z is negative for every example gets no gradient and stays silent.",
        elsewhere={
            "torch": "torch.relu(z)",
            "keras": "keras.activations.relu(z)",
            "jax": "jax.nn.relu(z)",
            "onnx": "Relu(z)  # opset 1",
        },
        differs="",
        torch_function=torch.relu,
    )


@_entry
def _relu6():
    return Activation(
        name="relu6",
        title="ReLU6",
        aliases=("capped ReLU", "clipped ReLU"),
        function=lambda z: z.clamp(0, 6),
        slope_function=lambda z: ((z > 0) & (z < 6)).to(z.dtype),
        formula=r"\min(6, \max(0, z))",
        slope_formula=r"1 \text{ if } 0 < z < 6, \text{ else } 0",
        range=(0.0, 6.0),
        attained=(True, True),
        kinks=(0.0, 6.0),
        monotone=True,
        year=2010,
        source="krizhevsky2010",
        uses="MobileNets: a known bound lets eight-bit arithmetic spend its steps on [0, 6].",
        pitfalls="The gradient is 0 above 6 as well as below 0.",
        elsewhere={
            "torch": "torch.nn.functional.relu6(z)",
            "keras": "keras.activations.relu6(z)",
            "jax": "jax.nn.relu6(z)",
            "onnx": "Clip(z, 0.0, 6.0)  # opset 11",
        },
        differs="",
        torch_function=functional.relu6,
    )


@_entry
def _tanhshrink():
    return Activation(
        name="tanhshrink",
        title="Tanhshrink",
        aliases=("tanh_shrink",),
        function=_tanhshrink_value,
        slope_function=lambda z: torch.tanh(z) ** 2,
        formula=r"z - \tanh z",
        slope_formula=r"\tanh^2 z",
        range=(-inf, inf),
        attained=(False, False),
        monotone=True,
        year=2011,
        source="collobert2011",
        uses="A smooth relative of soft shrinkage: near 0 it is z**3 / 3, far out it is z - 1 or z + 1.",
        pitfalls="Typed as z - tanh(z) it loses its digits near 0: at z = 1e-8 it gives 0, and the truth is 3.3e-25.",
        elsewhere={
            "torch": "torch.nn.functional.tanhshrink(z)",
            "keras": "keras.activations.tanh_shrink(z)",
        },
        differs="",
        torch_function=functional.tanhshrink,
    )


def _tanhshrink_value(z):
    # tanh z = z / (1 + r) with r = z**2 / (3 + z**2 / (5 + ...)), so z - tanh z = z r / (1 + r): nothing cancels
    small = z.clamp(-1, 1)
    r = torch.zeros_like(z)
    for odd in range(19, 1, -2):
        r = small**2 / (odd + r)
    return torch.where(z.abs() < 1, z * r / (1 + r), z - torch.tanh(z))


@_entry
def _leaky_relu(negative_slope=0.01):
    a = negative_slope
    return Activation(
        name="leaky_relu",
        title="Leaky ReLU",
        aliases=("LReLU", "leaky rectifier"),
        function=lambda z: _leaky_value(z, a),
        slope_function=lambda z: _leaky_slope(z, a),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha z",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \alpha",
        range=(-inf if a > 0 else 0.0, inf),
        attained=(a <= 0, False),
        kinks=() if a == 1 else (0.0,),
        monotone=a >= 0,
        year=2013,
        source="maas2013",
        uses="A ReLU that is never quite silent; with slope 0.2, the discriminators of GANs.",
        pitfalls="With slope 0.01 the negative side passes a hundredth of the gradient: ten in a row, 1e-20 of it.",
        elsewhere={
            "torch": f"torch.nn.functional.leaky_relu(z, negative_slope={a!r})",
            "keras": f"keras.activations.leaky_relu(z, negative_slope={a!r})",
            "jax": f"jax.nn.leaky_relu(z, negative_slope={a!r})",
            "onnx": f"LeakyRelu(z, alpha={a!r})  # opset 1",
        },
        differs="The slope is 0.01 by default in torch, JAX and ONNX; in Keras 0.2, and 0.3 in its layer LeakyReLU.",
        torch_function=lambda z: functional.leaky_relu(z, a),
    )


def _leaky_value(z, negative_slope):
    return torch.where(z > 0, z, negative_slope * z)


def _leaky_slope(z, negative_slope):
    return torch.where(z > 0, torch.ones_like(z), torch.full_like(z, negative_slope))


@_entry
def _apl(a=(-0.2, 0.4), b=(0.3, -0.7)):
    if len(a) != len(b):
        raise ValueError(f"apl: a and b must have equally many numbers, got {len(a)} and {len(b)}")
    hinges = [(a_s, b_s) for a_s, b_s in zip(a, b, strict=True) if a_s]
    kinks = tuple(sorted({0.0, *(b_s for _, b_s in hinges)}))
    at_kinks = [math.fsum([max(k, 0.0), *(a_s * max(b_s - k, 0.0) for a_s, b_s in hinges)]) for k in kinks]
    far_left = -math.fsum(a)
    slopes = [far_left, *(math.fsum([k >= 0, *(-a_s for a_s, b_s in hinges if b_s > k)]) for k in kinks)]
    return Activation(
        name="apl",
        title="APL",
        aliases=("adaptive piecewise linear unit",),
        function=lambda z: _apl_value(z, a, b),
        slope_function=lambda z: _apl_slope(z, a, b),
        formula=r"\max(0, z) + \sum_s a_s \max(0, b_s - z)",
        slope_formula=r"(1 \text{ if } z > 0, \text{ else } 0) - \sum_{s:\; z < b_s} a_s",
        range=(-inf if far_left > 0 else min(at_kinks), inf),
        attained=(far_left <= 0, False),
        kinks=kinks,
        monotone=min(slopes) >= 0,
        year=2014,
        source="agostinelli2015",
        uses="Learns its own shape: a ReLU plus hinges of slopes a at places b, in the paper a set for each unit.",
        pitfalls="Far to the left the slope is -sum(a): if the sum is positive, large negative z give large outputs.",
        elsewhere={},
        differs="",
        learnable_function=_apl_value,
    )


def _apl_value(z, a, b):
    # the hinges that are open add up to a line: far out their sum, term by term, would drown the b or overflow
    slope = height = torch.zeros_like(z)
    for a_s, b_s in zip(a, b, strict=True):
        open_hinge = (z < b_s).to(z.dtype)
        slope, height = slope + a_s * open_hinge, height + a_s * b_s * open_hinge
    return torch.relu(z) + height - slope * z


def _apl_slope(z, a, b):
    slope = (z > 0).to(z.dtype)
    for a_s, b_s in zip(a, b, strict=True):
        slope = slope - a_s * (z < b_s).to(z.dtype)
    return slope


@_entry
def _prelu(negative_slope=0.25):
    a = negative_slope
    return Activation(
        name="prelu",
        title="PReLU",
        aliases=("parametric ReLU",),
        function=lambda z: _leaky_value(z, a),
        slope_function=lambda z: _leaky_slope(z, a),
        formula=r"z \text{ if } z > 0, \text{ else } a z",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } a",
        range=(-inf if a > 0 else 0.0, inf),
        attained=(a <= 0, False),
        kinks=() if a == 1 else (0.0,),
        monotone=a >= 0,
        year=2015,
        source="he2015",
        uses="A leaky ReLU that learns its slope, starting at 0.25: one for a layer, or one for each channel.",
        pitfalls="Weight decay pulls the slope to 0, which is ReLU; He et al. leave it out for the slopes.",
        elsewhere={
            "torch": f"torch.nn.functional.prelu(z, torch.tensor([{a!r}]))",
            "keras": f"keras.layers.PReLU(alpha_initializer=keras.initializers.Constant({a!r}))(z)",
            "onnx": f"PRelu(z, {a!r})  # opset 1",
        },
        differs="The slope starts at 0.25 in torch, with one for a layer; at 0 in Keras, with one for each input.",
        torch_function=lambda z: functional.prelu(z, z.new_full((1,), a)),
        learnable_function=_prelu_value,
    )


def _prelu_value(z, negative_slope):
    # a second backward finds nothing to do in `where`, and fails, but zeros in relu
    return torch.relu(z) + torch.where(z > 0, 0, negative_slope * z)


def _negative(z):
    """z, but above 0 a number whose exp is 1: what `where` leaves out must not see a large z, as inf * 0 is nan.

    Not cut at 0 itself: there the gradient of clamp, which counts in the slope of a slope, is 1 up to torch 2.13 and
    0 from 2.14 on. And not at the smallest number, whose exp and expm1 take longer.
    """
    return z.clamp(max=1e-18)


@_entry
def _rrelu(lower=1 / 8, upper=1 / 3):
    if lower > upper:
        raise ValueError(f"rrelu: lower must not be above upper, got {lower:g} and {upper:g}")
    a = (lower + upper) / 2

    def draw(z, generator):
        # drawn on the CPU, so that a seed means the same slopes on every device
        slope = lower + (upper - lower) * torch.rand(z.shape, dtype=z.dtype, generator=generator)
        return _leaky_value(z, slope.to(z.device))

    return Activation(
        name="rrelu",
        title="RReLU",
        aliases=("randomized leaky ReLU",),
        function=lambda z: _leaky_value(z, a),
        slope_function=lambda z: _leaky_slope(z, a),
        formula=r"z \text{ if } z > 0, \text{ else } \frac{l + u}{2} z",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \frac{l + u}{2}",
        range=(-inf if a > 0 else 0.0, inf),
        attained=(a <= 0, False),
        kinks=() if a == 1 else (0.0,),
        monotone=a >= 0,
        year=2015,
        source="xu2015",
        uses="Small image sets: the negative slopes, drawn anew between l and u in training, act as noise.",
        pitfalls="A layer left in training mode gives another answer each time it is asked.",
        elsewhere={"torch": f"torch.nn.functional.rrelu(z, lower={lower!r}, upper={upper!r})"},
        differs="Xu et al. divide by a number from 3 to 8, in evaluation by 5.5: slope 0.18; torch's mean is 0.23.",
        torch_function=lambda z: functional.rrelu(z, lower, upper),
        training_function=draw,
    )


@_entry
def _elu(alpha=1.0):
    return Activation(
        name="elu",
        title="ELU",
        aliases=("exponential linear unit",),
        function=lambda z: torch.where(z > 0, z, alpha * torch.expm1(_negative(z))),
        slope_function=lambda z: torch.where(z > 0, torch.ones_like(z), alpha * torch.exp(_negative(z))),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha\,(e^{z} - 1)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \alpha\,e^{z}",
        range=(min(0.0, -alpha), inf),
        attained=(alpha <= 0, False),
        kinks=() if alpha == 1 else (0.0,),
        monotone=alpha >= 0,
        year=2015,
        source="clevert2015",
        uses="Outputs with a mean nearer to 0 than ReLU's: 0.16 against 0.40 for a standard normal z.",
        pitfalls="The slope dies out on the left: 0.007 at z = -5. An alpha other than 1 makes a kink at 0.",
        elsewhere={
            "torch": f"torch.nn.functional.elu(z, alpha={alpha!r})",
            "keras": f"keras.activations.elu(z, alpha={alpha!r})",
            "jax": f"jax.nn.elu(z, alpha={alpha!r})",
            "onnx": f"Elu(z, alpha={alpha!r})  # opset 1",
        },
        differs="",
        torch_function=lambda z: functional.elu(z, alpha),
    )


@_entry
def _hardsigmoid():
    return Activation(
        name="hardsigmoid",
        title="Hard sigmoid",
        aliases=("hard_sigmoid", "h-sigmoid"),
        function=lambda z: (z + 3).clamp(0, 6) / 6,
        slope_function=lambda z: (z.abs() < 3).to(z.dtype) / 6,
        formula=r"\min\left(1, \max\left(0, \frac{z}{6} + \frac{1}{2}\right)\right)",
        slope_formula=r"\frac{1}{6} \text{ if } |z| < 3, \text{ else } 0",
        range=(0.0, 1.0),
        attained=(True, True),
        kinks=(-3.0, 3.0),
        monotone=True,
        year=2015,
        source="courbariaux2015",
        uses="A sigmoid without exp: the gates of MobileNetV3's squeeze-and-excite blocks.",
        pitfalls="The gradient is exactly 0 from |z| = 3 on, where the sigmoid still has a slope of 0.045.",
        elsewhere={
            "torch": "torch.nn.functional.hardsigmoid(z)",
            "keras": "keras.activations.hard_sigmoid(z)",
            "jax": "jax.nn.hard_sigmoid(z)",
            "onnx": f"HardSigmoid(z, alpha={1 / 6!r}, beta=0.5)  # opset 1",
        },
        differs="The slope is 1/6 in torch, Keras 3 and JAX; 0.2 by default in ONNX; 1/2 in the paper.",
        torch_function=functional.hardsigmoid,
    )


@_entry
def _gelu():
    return Activation(
        name="gelu",
        title="GELU",
        aliases=("Gaussian error linear unit", "exact GELU"),
        function=lambda z: z * _normal_cdf(z),
        slope_function=lambda z: _normal_cdf(z) + z * _normal_pdf(z),
        formula=r"z\,\Phi(z)",
        slope_formula=r"\Phi(z) + z\,\varphi(z)",
        range=(-0.16997120747990366, inf),
        attained=(True, False),
        monotone=False,
        year=2016,
        source="hendrycks2016",
        uses='The hidden units of most transformers before SwiGLU; "gelu" in Hugging Face\'s configurations.',
        pitfalls="With 1 + erf for the two tails of Phi, gelu(-20) is 0 in float64; the truth is -5.5e-88.",
        elsewhere={
            "torch": "torch.nn.functional.gelu(z)",
            "keras": "keras.activations.gelu(z, approximate=False)",
            "jax": "jax.nn.gelu(z, approximate=False)",
            "onnx": "Gelu(z)  # opset 20",
        },
        differs="torch, Keras and ONNX mean this form by default; jax.nn.gelu means the tanh form.",
        torch_function=functional.gelu,
    )


def _normal_cdf(z):
    return torch.special.erfc(z * -math.sqrt(0.5)) / 2  # 1 + erf(z / sqrt 2) cancels to 0 below -6


def _normal_pdf(z):
    return torch.exp(-(z.clamp(-50, 50) ** 2) / 2) / math.sqrt(2 * math.pi)  # squared, 1e200 would be inf


@_entry
def _gelu_tanh():
    return Activation(
        name="gelu_tanh",
        title="GELU, tanh form",
        aliases=("gelu_new", "gelu_pytorch_tanh", "approximate GELU"),
        function=lambda z: z * torch.sigmoid(2 * _gelu_tanh_inner(z)[0]),
        slope_function=_gelu_tanh_slope,
        formula=r"\frac{z}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(z + 0.044715\,z^3)\right)\right)",
        slope_formula=r"\sigma(2u) + 2z\,u'\,\sigma(2u)\,\sigma(-2u),\quad u = \sqrt{2/\pi}\,(z + 0.044715\,z^3)",
        range=(-0.17004075057125405, inf),
        attained=(True, False),
        monotone=False,
        year=2016,
        source="hendrycks2016",
        uses='The GELU of GPT-2\'s code, under the name "gelu_new"; what jax.nn.gelu does by default.',
        pitfalls="Other numbers than GELU's: the two part by up to 4.7e-4, at |z| = 2.70.",
        elsewhere={
            "torch": "torch.nn.functional.gelu(z, approximate='tanh')",
            "keras": "keras.activations.gelu(z, approximate=True)",
            "jax": "jax.nn.gelu(z, approximate=True)",
            "onnx": "Gelu(z, approximate='tanh')  # opset 20",
        },
        differs="The default of jax.nn.gelu; torch, Keras and ONNX have to be asked for it.",
        torch_function=lambda z: functional.gelu(z, approximate="tanh"),
    )


def _gelu_tanh_inner(z):
    z = z.clamp(-50, 50)  # sigmoid(2u) is 0 or 1 from |z| = 12 on; the cube of 1e200 would be inf
    c = math.sqrt(2 / math.pi)
    return c * (z + 0.044715 * z**3), c * (1 + 3 * 0.044715 * z**2)


def _gelu_tanh_slope(z):
    u, u_slope = _gelu_tanh_inner(z)
    return torch.sigmoid(2 * u) + 2 * z.clamp(-50, 50) * u_slope * _sigmoid_slope(2 * u)


@_entry
def _penalized_tanh():
    return Activation(
        name="penalized_tanh",
        title="Penalized tanh",
        aliases=("leaky tanh",),
        function=lambda z: _penalize(z, torch.tanh(z)),
        slope_function=lambda z: _penalize(z, _tanh_slope(z)),
        formula=r"\tanh z \text{ if } z > 0, \text{ else } \frac{1}{4} \tanh z",
        slope_formula=r"\frac{1}{\cosh^2 z} \text{ if } z > 0, \text{ else } \frac{1}{4 \cosh^2 z}",
        range=(-0.25, 1.0),
        attained=(False, False),
        kinks=(0.0,),
        monotone=True,
        year=2016,
        source="xu2016",
        uses="Tagging and classifying text: the most stable of 21 functions over eight tasks in Eger et al. (2018).",
        pitfalls="The slope jumps from 1/4 to 1 at 0, and the mean output for a standard normal z is 0.21, not 0.",
        elsewhere={},
        differs="",
    )


def _penalize(z, value):
    return torch.where(z > 0, value, value / 4)


SILU_MINIMUM = -0.2784645427610738  # minus Lambert's W of 1/e


@_entry
def _silu():
    return Activation(
        name="silu",
        title="SiLU",
        aliases=("SiL", "Swish-1", "sigmoid linear unit"),
        function=lambda z: z * torch.sigmoid(z),
        slope_function=lambda z: torch.sigmoid(z) * (1 + z * torch.sigmoid(-z)),
        formula=r"z\,\sigma(z)",
        slope_formula=r"\sigma(z)\,\bigl(1 + z\,\sigma(-z)\bigr)",
        range=(SILU_MINIMUM, inf),
        attained=(True, False),
        monotone=False,
        year=2017,
        source="elfwing2018",
        uses="EfficientNet, and the gate of SwiGLU in LLaMA.",
        pitfalls="It falls until z = -1.278 and rises from there: two inputs for each value from -0.278 to 0.",
        elsewhere={
            "torch": "torch.nn.functional.silu(z)",
            "keras": "keras.activations.silu(z)",
            "jax": "jax.nn.silu(z)",
            "onnx": "Swish(z)  # opset 24",
        },
        differs="Keras and JAX have it under the name swish as well; ONNX has only that name.",
        torch_function=functional.silu,
    )


@_entry
def _swish(beta=1.702):
    turn = SILU_MINIMUM / beta if beta else 0.0  # the value where it turns
    return Activation(
        name="swish",
        title="Swish",
        aliases=("quick_gelu", "quick GELU", "sigmoid GELU"),
        function=lambda z: _swish_value(z, beta),
        slope_function=lambda z: _swish_slope(z, beta),
        formula=r"z\,\sigma(\beta z)",
        slope_formula=r"\sigma(\beta z)\,\bigl(1 + \beta z\,\sigma(-\beta z)\bigr)",
        range=(turn if beta > 0 else -inf, turn if beta < 0 else inf),
        attained=(beta > 0, beta < 0),
        monotone=beta == 0,
        year=2017,
        source="ramachandran2017",
        uses="With beta = 1.702, CLIP's stand-in for GELU, at most 0.021 away from it; the paper learns beta.",
        pitfalls="swish(z) = silu(beta z) / beta: a learned beta repeats what the weights before and after can do.",
        elsewhere={"onnx": f"Swish(z, alpha={beta!r})  # opset 24"},
        differs="What Keras and JAX call swish has beta = 1, which is SiLU; ONNX's alpha is 1 by default.",
        learnable_function=_swish_value,
    )


def _swish_value(z, beta):
    return z * torch.sigmoid(_swish_inner(z, beta))


def _swish_inner(z, beta):
    return (beta * z).clamp(-1000, 1000)  # sigmoid is 0 or 1 there; infinity would make nan of a product with 0


def _swish_slope(z, beta):
    u = _swish_inner(z, beta)
    return torch.sigmoid(u) * (1 + u * torch.sigmoid(-u))


@_entry
def _selu():
    scale, alpha = 1.0507009873554805, 1.6732632423543772  # chosen so that E f = 0 and E f**2 = 1 for a normal z
    return Activation(
        name="selu",
        title="SELU",
        aliases=("scaled exponential linear unit",),
        function=lambda z: torch.where(z > 0, scale * z, scale * alpha * torch.expm1(_negative(z))),
        slope_function=lambda z: torch.where(
            z > 0, torch.full_like(z, scale), scale * alpha * torch.exp(_negative(z))
        ),
        formula=r"\lambda z \text{ if } z > 0, \text{ else } \lambda \alpha\,(e^{z} - 1)",
        slope_formula=r"\lambda \text{ if } z > 0, \text{ else } \lambda \alpha\,e^{z}",
        range=(-scale * alpha, inf),
        attained=(False, False),
        kinks=(0.0,),
        monotone=True,
        year=2017,
        source="klambauer2017",
        uses="Deep plain networks without normalisation: a standard normal z comes out with mean 0 and variance 1.",
        pitfalls="It holds for weights of variance 1 / fan_in; with He's twice that, the signal grows.",
        elsewhere={
            "torch": "torch.nn.functional.selu(z)",
            "keras": "keras.activations.selu(z)",
            "jax": "jax.nn.selu(z)",
            "onnx": "Selu(z)  # opset 6",
        },
        differs="ONNX's default constants are rounded to float32, and before opset 6 were 1.6732 and 1.0507.",
        torch_function=functional.selu,
    )


@_entry
def _celu(alpha=1.0):
    if alpha <= 0:
        raise ValueError(f"celu: alpha must be positive, got {alpha:g}")
    return Activation(
        name="celu",
        title="CELU",
        aliases=("continuously differentiable ELU",),
        function=lambda z: torch.where(z > 0, z, alpha * torch.expm1(_negative(z) / alpha)),
        slope_function=lambda z: torch.exp(_negative(z) / alpha),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha\,(e^{z / \alpha} - 1)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } e^{z / \alpha}",
        range=(-alpha, inf),
        attained=(False, False),
        monotone=True,
        year=2017,
        source="barron2017",
        uses="An ELU without a kink for every alpha, from ReLU (alpha to 0) to the identity (alpha to infinity).",
        pitfalls="It is ELU for alpha = 1 only: any other alpha changes how fast it bends, not just how far it goes.",
        elsewhere={
            "torch": f"torch.nn.functional.celu(z, alpha={alpha!r})",
            "keras": f"keras.activations.celu(z, alpha={alpha!r})",
            "jax": f"jax.nn.celu(z, alpha={alpha!r})",
            "onnx": f"Celu(z, alpha={alpha!r})  # opset 12",
        },
        differs="For alpha other than 1, torch's gradient takes 1 / alpha as a float32 number, in float64 too.",
        torch_function=lambda z: functional.celu(z, alpha),
    )


@_entry
def _mish():
    return Activation(
        name="mish",
        title="Mish",
        aliases=("self-regularized non-monotonic unit",),
        function=lambda z: z * torch.tanh(_softplus_value(z)),
        slope_function=_mish_slope,
        formula=r"z\,\tanh\left(\log(1 + e^{z})\right)",
        slope_formula=r"t + z\,\sigma(z)\,(1 - t^2),\quad t = \tanh\left(\log(1 + e^{z})\right)",
        range=(-0.3088434130172504, inf),
        attained=(True, False),
        monotone=False,
        year=2019,
        source="misra2019",
        uses="The backbone of YOLOv4.",
        pitfalls="It falls until z = -1.192 and rises from there: two inputs for each value from -0.309 to 0.",
        elsewhere={
            "torch": "torch.nn.functional.mish(z)",
            "keras": "keras.activations.mish(z)",
            "jax": "jax.nn.mish(z)",
            "onnx": "Mish(z)  # opset 18",
        },
        differs="",
        torch_function=functional.mish,
    )


def _mish_slope(z):
    t = torch.tanh(_softplus_value(z))
    return t + z.clamp(max=50) * torch.sigmoid(z) * (1 - t) * (1 + t)  # 1 - t is 0 from 20 on


@_entry
def _hardswish():
    return Activation(
        name="hardswish",
        title="Hard swish",
        aliases=("hard_swish", "h-swish", "hswish", "hard_silu"),
        function=lambda z: z * ((z + 3).clamp(0, 6) / 6),
        slope_function=_hardswish_slope,
        formula=r"z\,\min\left(1, \max\left(0, \frac{z}{6} + \frac{1}{2}\right)\right)",
        slope_formula=r"0 \text{ if } z \le -3, \quad \frac{z}{3} + \frac{1}{2} \text{ if } |z| < 3, \text{ else } 1",
        range=(-0.375, inf),
        attained=(True, False),
        kinks=(-3.0, 3.0),
        monotone=False,
        year=2019,
        source="howard2019",
        uses="MobileNetV3, in place of SiLU: no exp.",
        pitfalls="The slope jumps, from 0 to -1/2 at z = -3 and from 3/2 to 1 at z = 3, and is 0 to the left.",
        elsewhere={
            "torch": "torch.nn.functional.hardswish(z)",
            "keras": "keras.activations.hard_swish(z)",
            "jax": "jax.nn.hard_swish(z)",
            "onnx": "HardSwish(z)  # opset 14",
        },
        differs="The gradient of torch's at -3 and 3 is 0 and 1 from 2.8 on; up to 2.7 it was -1/2 and 3/2.",
        torch_function=functional.hardswish,
    )


def _hardswish_slope(z):
    inside = (2 * z.clamp(-3, 3) + 3) / 6
    return torch.where(z.abs() < 3, inside, (z > 0).to(z.dtype))


@_entry
def _sine():
    return Activation(
        name="sine",
        title="Sine",
        aliases=("sin", "SIREN"),
        function=torch.sin,
        slope_function=torch.cos,
        formula=r"\sin z",
        slope_formula=r"\cos z",
        range=(-1.0, 1.0),
        attained=(True, True),
        monotone=False,
        year=2020,
        source="sitzmann2020",
        uses="Networks that stand for one image, sound or field, from coordinates to values.",
        pitfalls="Inputs 2 pi apart give one output: weights that are too large fold the data onto itself.",
        elsewhere={
            "torch": "torch.sin(z)",
            "keras": "keras.ops.sin(z)",
            "jax": "jax.numpy.sin(z)",
            "onnx": "Sin(z)  # opset 7",
        },
        differs="The layers of SIREN take the sine of 30 z, with weights drawn for that.",
        torch_function=torch.sin,
    )


@_entry
def _sparse_plus():
    return Activation(
        name="sparse_plus",
        title="Sparse plus",
        aliases=("sparseplus",),
        function=lambda z: torch.where(z < 1, ((z.clamp(-1, 1) + 1) / 2) ** 2, z),
        slope_function=lambda z: (functional.hardtanh(z) + 1) / 2,  # its own slope is 0 at -1 and 1 in every torch
        formula=r"0 \text{ if } z \le -1, \quad \frac{(z + 1)^2}{4} \text{ if } |z| < 1, \text{ else } z",
        slope_formula=r"\min\left(1, \max\left(0, \frac{z + 1}{2}\right)\right)",
        range=(0.0, inf),
        attained=(True, False),
        monotone=True,
        year=2020,
        source="blondel2020",
        uses="A softplus that is exactly 0 below -1 and exactly z above 1, as sparsemax is to softmax.",
        pitfalls="Below -1 it has ReLU's trouble: no gradient.",
        elsewhere={"keras": "keras.activations.sparse_plus(z)", "jax": "jax.nn.sparse_plus(z)"},
        differs="",
    )


@_entry
def _relu_squared():
    return Activation(
        name="relu_squared",
        title="Squared ReLU",
        aliases=("ReLU²", "relu2", "ReLU squared"),
        function=lambda z: torch.relu(z) ** 2,
        slope_function=lambda z: 2 * torch.relu(z),
        formula=r"\max(0, z)^2",
        slope_formula=r"2 \max(0, z)",
        range=(0.0, inf),
        attained=(True, False),
        monotone=True,
        year=2021,
        source="so2021",
        uses="The feed-forward blocks of Primer, found by a search over programs.",
        pitfalls="It grows like z**2 and its slope like z: in float16 it is inf from z = 256 on.",
        elsewhere={},
        differs="",
    )


@_entry
def _squareplus(b=4.0):
    if b <= 0:
        raise ValueError(f"squareplus: b must be positive, got {b:g}")
    return Activation(
        name="squareplus",
        title="Squareplus",
        aliases=("algebraic softplus",),
        function=lambda z: _squareplus_value(z, b),
        slope_function=lambda z: _squareplus_value(z, b) / _squareplus_root(z, b),
        formula=r"\frac{z + \sqrt{z^2 + b}}{2}",
        slope_formula=r"\frac{1}{2}\left(1 + \frac{z}{\sqrt{z^2 + b}}\right)",
        range=(0.0, inf),
        attained=(False, False),
        monotone=True,
        year=2021,
        source="barron2021",
        uses="A softplus of one square root, without exp and log.",
        pitfalls="The left tail falls like b / (4 |z|): at z = -10 it is 0.099, where softplus is 0.000045.",
        elsewhere={
            "keras": f"keras.activations.squareplus(z, b={b!r})",
            "jax": f"jax.nn.squareplus(z, b={b!r})",
        },
        differs="",
    )


def _squareplus_root(z, b):
    return torch.hypot(z, torch.full_like(z, math.sqrt(b)))  # z**2 would be inf for 1e200


def _squareplus_value(z, b):
    # the root minus z, in the denominator, where z and the root would cancel
    half = _squareplus_root(z, b) / 2
    return torch.where(z > 0, half + z / 2, b / 4 / (half - _negative(z) / 2))


catalog: Mapping[str, Activation] = MappingProxyType(
    {a.name: a for a in sorted((get(name) for name in _entries), key=lambda a: a.year)}
)
