"""Every elementwise activation function of the course, with its slope and the facts that define it.

An entry is one block below: a function of its settings that returns an `Activation`. `get` looks an entry up by
name, `catalog` holds all of them with their default settings.

Values and slopes are computed by forms that stay right where the textbook formula does not: in the far tails, and
in every float dtype. Gradients through autograd are the slopes written here.
"""

import difflib
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch
from torch import Tensor

__all__ = ["Activation", "catalog", "get"]

inf = math.inf


@dataclass(frozen=True)
class Activation:
    """One elementwise function f, its slope f', and what is known about both.

    Call it like a function: `act(z)` and `act.slope(z)` take a float tensor of any shape and return one of the same
    shape, dtype and device. At a kink the slope is the one that torch's autograd uses.
    """

    name: str
    function: Callable[[Tensor], Tensor] = field(repr=False, compare=False)  # f, for float32 and float64
    slope_function: Callable[[Tensor], Tensor] = field(repr=False, compare=False)  # f', for float32 and float64
    formula: str  # f(z), LaTeX
    slope_formula: str  # f'(z), LaTeX
    range: tuple[float, float]  # infimum and supremum of f, attained or not
    monotone: bool  # never decreasing
    year: int  # of the source
    source: str  # key in references.bib
    kinks: tuple[float, ...] = ()  # where the slope jumps, or f itself
    settings: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __call__(self, z: Tensor) -> Tensor:
        """f(z): same shape, dtype and device as z; its gradient is `slope`."""
        _require_float(z, self.name)
        return _Elementwise.apply(z, _in_single(self.function), _in_single(self.slope_function))

    def slope(self, z: Tensor) -> Tensor:
        """f'(z): same shape, dtype and device as z."""
        _require_float(z, self.name)
        return _in_single(self.slope_function)(z)

    def __reduce__(self):
        # By name, so that a network with an activation in it can be copied and sent to another process.
        if self.name in _entries:
            return _rebuild, (self.name, dict(self.settings))
        return super().__reduce__()

    def module(self) -> torch.nn.Module:
        """A new `torch.nn.Module` that applies f; it has no parameters."""
        return Elementwise(self)


class Elementwise(torch.nn.Module):
    """An activation as a layer; `layer.activation` is the record behind it."""

    def __init__(self, activation: Activation):
        super().__init__()
        self.activation = activation

    def forward(self, z: Tensor) -> Tensor:
        return self.activation(z)

    def extra_repr(self) -> str:
        settings = [f"{key}={value:g}" for key, value in self.activation.settings.items()]
        return ", ".join([self.activation.name, *settings])


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


def get(name: "str | Activation", **settings: float) -> Activation:
    """The activation called `name`, with `settings` in place of its defaults; an `Activation` passes through.

    Raises KeyError if there is no such name (it lists those there are, and the nearest), TypeError if the
    activation has no such setting (it lists those it has), ValueError if a setting is not a finite number.
    """
    if not isinstance(name, str | Activation):
        raise TypeError(f"an activation is asked for by its name, got {type(name).__name__}")
    if isinstance(name, Activation):
        if settings:
            return get(name.name, **{**name.settings, **settings})
        return name
    if name not in _entries:
        near = difflib.get_close_matches(name.lower(), _entries, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise KeyError(f"no activation named {name!r}; {hint}the catalog has {', '.join(_entries)}")
    build = _entries[name]
    known = inspect.signature(build).parameters
    for key, value in settings.items():
        if key not in known:
            has = f"its settings are {', '.join(known)}" if known else "it has none"
            raise TypeError(f"{name} has no setting {key!r}; {has}")
        if not math.isfinite(value):
            raise ValueError(f"{name}: {key} must be a finite number, got {value!r}")
    full = {key: float(settings.get(key, parameter.default)) for key, parameter in known.items()}
    return replace(build(**full), settings=MappingProxyType(full))


def _rebuild(name, settings):
    return get(name, **settings)


# ---- the entries, in order of year ----------------------------------------------------------------------------


@_entry
def _step():
    # The slope is 0 on both sides of the jump; autograd, asked about `z >= 0`, finds no gradient at all.
    return Activation(
        name="step",
        function=lambda z: (z >= 0).to(z.dtype),
        slope_function=torch.zeros_like,
        formula=r"1 \text{ if } z \ge 0, \text{ else } 0",
        slope_formula=r"0 \text{ for } z \ne 0",
        range=(0.0, 1.0),
        kinks=(0.0,),
        monotone=True,
        year=1943,
        source="mcculloch1943",
    )


@_entry
def _logsigmoid():
    return Activation(
        name="logsigmoid",
        function=lambda z: -_softplus_value(-z),
        slope_function=lambda z: torch.sigmoid(-z),
        formula=r"-\log\left(1 + e^{-z}\right)",
        slope_formula=r"\sigma(-z)",
        range=(-inf, 0.0),
        monotone=True,
        year=1958,
        source="cox1958",
    )


@_entry
def _identity():
    return Activation(
        name="identity",
        function=lambda z: z.clone(),
        slope_function=torch.ones_like,
        formula=r"z",
        slope_formula=r"1",
        range=(-inf, inf),
        monotone=True,
        year=1960,
        source="widrow1960",
    )


@_entry
def _sigmoid():
    return Activation(
        name="sigmoid",
        function=torch.sigmoid,
        slope_function=_sigmoid_slope,
        formula=r"\frac{1}{1 + e^{-z}}",
        slope_formula=r"\sigma(z)\,\sigma(-z)",
        range=(0.0, 1.0),
        monotone=True,
        year=1986,
        source="rumelhart1986",
    )


def _sigmoid_slope(z):
    # s(-z), not 1 - s(z): the difference is 0 once s rounds to 1, although the slope is not.
    return torch.sigmoid(z) * torch.sigmoid(-z)


@_entry
def _tanh():
    return Activation(
        name="tanh",
        function=torch.tanh,
        slope_function=lambda z: 4 * torch.sigmoid(2 * z) * torch.sigmoid(-2 * z),  # 1 - tanh**2 cancels in the tails
        formula=r"\tanh z = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}}",
        slope_formula=r"\frac{1}{\cosh^2 z}",
        range=(-1.0, 1.0),
        monotone=True,
        year=1998,
        source="lecun1998",
    )


@_entry
def _softplus():
    return Activation(
        name="softplus",
        function=_softplus_value,
        slope_function=torch.sigmoid,
        formula=r"\log\left(1 + e^{z}\right)",
        slope_formula=r"\sigma(z)",
        range=(0.0, inf),
        monotone=True,
        year=2000,
        source="dugas2000",
    )


def _softplus_value(z):
    # never takes exp of a positive number, and its gradient at 0 is 1/2: with relu and abs it would be 0 there
    return torch.logaddexp(z, torch.zeros_like(z))


@_entry
def _relu():
    return Activation(
        name="relu",
        function=torch.relu,
        slope_function=lambda z: (z > 0).to(z.dtype),
        formula=r"\max(0, z)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } 0",
        range=(0.0, inf),
        kinks=(0.0,),
        monotone=True,
        year=2010,
        source="nair2010",
    )


@_entry
def _leaky_relu(negative_slope=0.01):
    a = negative_slope
    return Activation(
        name="leaky_relu",
        function=lambda z: torch.where(z > 0, z, a * z),
        slope_function=lambda z: torch.where(z > 0, torch.ones_like(z), torch.full_like(z, a)),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha z",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \alpha",
        range=(-inf if a > 0 else 0.0, inf),
        kinks=() if a == 1 else (0.0,),
        monotone=a >= 0,
        year=2013,
        source="maas2013",
    )


@_entry
def _elu(alpha=1.0):
    # Both branches of `where` are computed, so the one for z <= 0 must not see a large z: inf * 0 is nan.
    return Activation(
        name="elu",
        function=lambda z: torch.where(z > 0, z, alpha * torch.expm1(z.clamp(max=0))),
        slope_function=lambda z: torch.where(z > 0, torch.ones_like(z), alpha * torch.exp(z.clamp(max=0))),
        formula=r"z \text{ if } z > 0, \text{ else } \alpha\,(e^{z} - 1)",
        slope_formula=r"1 \text{ if } z > 0, \text{ else } \alpha\,e^{z}",
        range=(min(0.0, -alpha), inf),
        kinks=() if alpha == 1 else (0.0,),
        monotone=alpha >= 0,
        year=2015,
        source="clevert2015",
    )


@_entry
def _gelu():
    return Activation(
        name="gelu",
        function=lambda z: z * _normal_cdf(z),
        slope_function=lambda z: _normal_cdf(z) + z * _normal_pdf(z),
        formula=r"z\,\Phi(z)",
        slope_formula=r"\Phi(z) + z\,\varphi(z)",
        range=(-0.16997120747990366, inf),
        monotone=False,
        year=2016,
        source="hendrycks2016",
    )


def _normal_cdf(z):
    return torch.special.erfc(z * -math.sqrt(0.5)) / 2  # 1 + erf(z / sqrt 2) cancels to 0 below -6


def _normal_pdf(z):
    return torch.exp(-(z.clamp(-50, 50) ** 2) / 2) / math.sqrt(2 * math.pi)  # squared, 1e200 would be inf


@_entry
def _gelu_tanh():
    return Activation(
        name="gelu_tanh",
        function=lambda z: z * torch.sigmoid(2 * _gelu_tanh_inner(z)[0]),
        slope_function=_gelu_tanh_slope,
        formula=r"\frac{z}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(z + 0.044715\,z^3)\right)\right)",
        slope_formula=r"\sigma(2u) + 2z\,u'\,\sigma(2u)\,\sigma(-2u),\quad u = \sqrt{2/\pi}\,(z + 0.044715\,z^3)",
        range=(-0.17004075057125405, inf),
        monotone=False,
        year=2016,
        source="hendrycks2016",
    )


def _gelu_tanh_inner(z):
    z = z.clamp(-50, 50)  # sigmoid(2u) is 0 or 1 from |z| = 12 on; the cube of 1e200 would be inf
    c = math.sqrt(2 / math.pi)
    return c * (z + 0.044715 * z**3), c * (1 + 3 * 0.044715 * z**2)


def _gelu_tanh_slope(z):
    u, u_slope = _gelu_tanh_inner(z)
    return torch.sigmoid(2 * u) + 2 * z.clamp(-50, 50) * u_slope * _sigmoid_slope(2 * u)


@_entry
def _silu():
    return Activation(
        name="silu",
        function=lambda z: z * torch.sigmoid(z),
        slope_function=lambda z: torch.sigmoid(z) * (1 + z * torch.sigmoid(-z)),
        formula=r"z\,\sigma(z)",
        slope_formula=r"\sigma(z)\,\bigl(1 + z\,\sigma(-z)\bigr)",
        range=(-0.2784645427610738, inf),
        monotone=False,
        year=2017,
        source="elfwing2018",
    )


@_entry
def _mish():
    return Activation(
        name="mish",
        function=lambda z: z * torch.tanh(_softplus_value(z)),
        slope_function=_mish_slope,
        formula=r"z\,\tanh\left(\log(1 + e^{z})\right)",
        slope_formula=r"t + z\,\sigma(z)\,(1 - t^2),\quad t = \tanh\left(\log(1 + e^{z})\right)",
        range=(-0.3088434130172504, inf),
        monotone=False,
        year=2019,
        source="misra2019",
    )


def _mish_slope(z):
    t = torch.tanh(_softplus_value(z))
    return t + z.clamp(max=50) * torch.sigmoid(z) * (1 - t) * (1 + t)  # 1 - t is 0 from 20 on


catalog: Mapping[str, Activation] = MappingProxyType(
    {a.name: a for a in sorted((get(name) for name in _entries), key=lambda a: a.year)}
)
