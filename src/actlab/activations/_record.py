"""What an activation is: its record, the layer that applies it, and how an entry is looked up by name."""

import collections
import contextlib
import functools
import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch
from torch import Tensor
from torch._subclasses import FakeTensor

from .._floats import require_float
from .._names import meant, nearest
from ._autograd import Compiled, Differentiated, expanded, forward_levels

__all__ = ["Activation", "Elementwise", "all_entries", "applied", "applied_slope", "entry", "get", "watched"]

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
    # the ends of a slider for a setting; without, from a twentieth to four times its default
    ends: Mapping[str, tuple[float, float]] = field(default_factory=dict, repr=False, compare=False)
    # torch's own function of this definition, differentiable; None if it has none
    torch_function: Callable[[Tensor], Tensor] | None = field(default=None, repr=False, compare=False)
    # f(z, *settings) with tensors for those that are learned, in float32 and float64: for a layer that learns them
    learnable_function: Callable[..., Tensor] | None = field(default=None, repr=False, compare=False)
    fixed: tuple[str, ...] = ()  # settings that such a layer does not learn, and its function takes from the record
    # what a layer does in training mode, given z and a generator to draw from, if that is not f
    training_function: Callable[[Tensor, torch.Generator], Tensor] | None = field(
        default=None, repr=False, compare=False
    )

    def __call__(self, z: Tensor) -> Tensor:
        """f(z): same shape, dtype and device as z; its gradient is `slope`, to every order and in each mode.

        One bound: of derivatives of which two or more are taken forward, as in torch.func.jacfwd of itself, one
        ordinary backward may be taken on top.
        Torch's compiler and exporters keep that gradient too, except under a transform inside of what is compiled, as
        `torch.compile(torch.func.vmap(torch.func.grad(act)))`: there, and where `torch.jit.trace` writes the program
        down, it is what autograd makes of the operations, right but for kinks and far tails. Values, torch's default
        compiler takes apart too: on a processor it computes expm1(z) as exp(z) - 1, which is 0 at z = -1e-8 in
        float32, for `elu`, `selu` and `celu` here as for torch's own.
        """
        if isinstance(z, torch.fx.Proxy) and self.name in _entries:
            return z.tracer.create_proxy("call_function", applied, (z, self.name), dict(self.settings))
        require_float(z, self.name)
        return _watchers[-1](self, z, self._apply) if _watchers else self._apply(z)

    def _apply(self, z):
        function, slope = _in_single(self.function), _in_single(self.slope_function)
        if torch.compiler.is_compiling():
            return Compiled.apply(z, function, slope)
        if torch.jit.is_tracing():
            return function(z)
        if torch._C._are_functorch_transforms_active() and (order := forward_levels()) > 1:
            return expanded(z, function, slope, order)
        return Differentiated.apply(z, function, slope)

    def slope(self, z: Tensor) -> Tensor:
        """f'(z): same shape, dtype and device as z."""
        if isinstance(z, torch.fx.Proxy) and self.name in _entries:
            return z.tracer.create_proxy("call_function", applied_slope, (z, self.name), dict(self.settings))
        require_float(z, self.name)
        return _in_single(self.slope_function)(z)

    @property
    def learnable(self) -> tuple[str, ...]:
        """The names of the settings that a layer learns."""
        return tuple(key for key in self.settings if key not in self.fixed) if self.learnable_function else ()

    def __reduce__(self):
        # By name, so that a network with an activation in it can be copied and sent to another process.
        if self.name in _entries:
            return _rebuild, (self.name, dict(self.settings))
        return super().__reduce__()

    def module(
        self,
        *,
        num_parameters: int = 1,
        axis: int = 1,
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        device: torch.device | str | None = None,
    ) -> "Elementwise":
        """A new `torch.nn.Module` that applies f.

        Settings that are `learnable` become its parameters, of the given dtype and device; the others have none.
        `num_parameters` is torch's word for how many of each there are: one for all of z, or one for each place along
        its dim `axis`, such as a channel. Raises ValueError where there is nothing to learn, or no such number of it.
        `seed` is for the layer that draws in training mode, `rrelu`: two layers with one seed draw the same. Its
        generator is its own, and the generator's state a part of the layer's; a call that torch.utils.checkpoint
        repeats draws what it drew, if it is among the layer's last 64.
        """
        return Elementwise(self, num_parameters=num_parameters, axis=axis, dtype=dtype, seed=seed, device=device)


_watchers: list[Callable] = []


@contextlib.contextmanager
def watched(watcher: Callable[[Activation, Tensor, Callable[[Tensor], Tensor]], Tensor]) -> Iterator[None]:
    """While it lasts, a call act(z) returns watcher(act, z, apply), where apply(z) is what it returns otherwise.

    For instruments that look at networks: torch shows them the operations of a call, and not whose they are.
    """
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


class Elementwise(torch.nn.Module):
    """An activation as a layer; `layer.activation` is the record behind it.

    Where the activation learns its settings they are parameters of the layer, by their own names, shared by all of
    its inputs; gradients reach them and z, and the record is the one for the values that they have now. With one for
    each channel their last dim counts the channels, and the record is the one that they began with.
    """

    def __init__(
        self,
        activation: Activation,
        *,
        num_parameters: int = 1,
        axis: int = 1,
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        device: torch.device | str | None = None,
    ):
        super().__init__()
        if num_parameters < 1 or (num_parameters > 1 and not activation.learnable):
            learns = f"learns {', '.join(activation.learnable) or 'none of its settings'}"
            raise ValueError(f"{activation.name} {learns}; got num_parameters={num_parameters}")
        self._start, self.num_parameters, self.axis = activation, num_parameters, axis
        for key in activation.learnable:
            value = torch.tensor(activation.settings[key], dtype=dtype, device=device)
            if num_parameters > 1:
                value = torch.stack([value] * num_parameters, -1)
            self.register_parameter(key, torch.nn.Parameter(value))
        if activation.training_function:
            self.draws = _Draws(activation, seed)

    @property
    def activation(self) -> Activation:
        return get(self._start, **self._learned())

    def forward(self, input: Tensor) -> Tensor:  # torch's name for it, as it may come by keyword
        z, start = input, self._start
        if isinstance(z, torch.fx.Proxy):  # a leaf of the graph, as torch's own layers are
            return z.tracer.create_proxy("call_module", z.tracer.path_of_module(self), (z,), {})
        if start.learnable:
            require_float(z, start.name)
            function, learned = start.learnable_function, [self._along(z, key) for key in start.learnable]
            return _in_single(lambda z: function(z, *(value.to(z.dtype) for value in learned)))(z)
        if self.training and start.training_function:
            require_float(z, start.name)
            return _in_single(self.draws)(z)
        return start(z)

    def _along(self, z, key):
        """The parameter of that name, with its channels where those of z are."""
        value, count, axis = getattr(self, key), self.num_parameters, self.axis
        if count == 1:
            return value
        if not -z.dim() <= axis < z.dim() or z.shape[axis] != count:
            there = f"z has shape {tuple(z.shape)}"
            raise ValueError(f"{self._start.name} has {count} of each parameter, for dim {axis} of z; {there}")
        return value.reshape(*value.shape[:-1], *(count if d == axis % z.dim() else 1 for d in range(z.dim())))

    def _learned(self) -> dict[str, Setting]:
        return {key: getattr(self, key).tolist() for key in self._start.learnable if self.num_parameters == 1}

    def extra_repr(self) -> str:
        settings = {**self._start.settings, **self._learned()}
        if self.num_parameters > 1:
            settings |= {"num_parameters": self.num_parameters, "axis": self.axis}
        return ", ".join([self._start.name, *(f"{key}={_shown(value)}" for key, value in settings.items())])


class _Draws(torch.nn.Module):
    """What a layer does in training, with a generator of its own; what it drew comes again where a call does."""

    def __init__(self, activation, seed):
        super().__init__()
        self._start = activation
        self._generator = torch.Generator().manual_seed(seed)
        self._calls = collections.deque(maxlen=64)

    def forward(self, z: Tensor) -> Tensor:
        traced = torch.compiler.is_compiling() or torch.jit.is_tracing()
        if traced or torch._C._are_functorch_transforms_active() or z.is_meta or isinstance(z, FakeTensor):
            return self._start.training_function(z, self._generator)  # there are no numbers to know a call by
        task, sample = torch._C._current_graph_task_id(), self._sample(z.detach())
        if task >= 0:  # in a pass backward checkpointing repeats the pass forward, the last call first
            for call in reversed(self._calls):
                if call.task != task and call.shape == z.shape and torch.equal(call.sample, sample):
                    call.task = task
                    generator = torch.Generator()
                    generator.set_state(call.state)
                    return self._start.training_function(z, generator)
        self._calls.append(_Call(z.shape, sample, self._generator.get_state(), task))
        return self._start.training_function(z, self._generator)

    @staticmethod
    def _sample(z):
        flat = z.reshape(-1)
        return flat[:: max(1, len(flat) // 64)].clone()

    def __getstate__(self):
        return {**vars(self), "_calls": collections.deque(maxlen=self._calls.maxlen)}

    def get_extra_state(self) -> Tensor:
        return self._generator.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        self._generator.set_state(state.cpu())


@dataclass
class _Call:
    shape: torch.Size  # of z
    sample: Tensor  # some numbers of z
    state: Tensor  # of the generator, before it drew
    task: int  # the pass backward in which it came again last; -1 for none


def _in_single(function):
    """`function`, with float16 and bfloat16 carried out in float32: their range is too small for the way there."""

    def wrapped(z):
        if z.dtype in (torch.float16, torch.bfloat16):
            return function(z.float()).to(z.dtype)
        return function(z)

    return wrapped


def applied(z: Tensor, name: str, **settings: Setting) -> Tensor:
    """get(name, **settings)(z): what torch.fx writes into a graph where an activation is called."""
    return get(name, **settings)(z)


def applied_slope(z: Tensor, name: str, **settings: Setting) -> Tensor:
    """get(name, **settings).slope(z): the same for its slope."""
    return get(name, **settings).slope(z)


_entries: dict[str, Callable[..., Activation]] = {}


def entry(build):
    """Register a function of settings as a catalog entry under its own name."""
    _entries[build.__name__.lstrip("_")] = build
    return build


def get(name: "str | Activation", **settings: float | Iterable[float]) -> Activation:
    """The activation called `name`, with `settings` in place of its defaults; an `Activation` passes through.

    Other libraries' names, those of the `aliases` that are written as one is in a program ("linear", "hard_sigmoid"),
    are understood too, and any name in another case or without its underscores ("LeakyReLU"); the record has the
    catalog's own. What other libraries call swish is "silu" here, which is 0.731 at z = 1: the default beta of
    get("swish") is 1.702, and its value 0.846.

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
    name = name if name in _entries else _other_names().get(name.lower().replace("_", ""), name)
    if name not in _entries:
        there = all_entries()
        words = {word.lower(): key for key, a in there.items() for word in (*a.aliases, a.title, key)}
        near = meant(words.get(nearest(name, words)))
        raise KeyError(f"no activation named {name!r}; {near}the catalog has {', '.join(there)}")
    build = _entries[name]
    known = {key: parameter.default for key, parameter in inspect.signature(build).parameters.items()}
    for key in settings:
        if key not in known:
            has = f"its settings are {', '.join(known)}" if known else "it has none"
            raise TypeError(f"{name} has no setting {key!r}; {has}")
    full = {key: _setting(f"{name}: {key}", settings.get(key, default), default) for key, default in known.items()}
    record = build(**full)
    return replace(
        record,
        settings=MappingProxyType(full),
        elsewhere=MappingProxyType(dict(record.elsewhere)),
        ends=MappingProxyType(dict(record.ends)),
    )


def all_entries() -> dict[str, Activation]:
    """Each entry with its default settings, by name, in order of year."""
    return {a.name: a for a in sorted((get(name) for name in _entries), key=lambda a: a.year)}


@functools.cache
def _other_names():
    """The catalog's name by each name that could stand in a program, in small letters and without underscores."""
    words = [(word, act.name) for act in all_entries().values() for word in (act.name, *act.aliases)]
    return {word.replace("_", ""): name for word, name in words if re.fullmatch(r"[a-z_0-9]+", word)}


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
