"""How the weights of a network start: a law, its size from the fans of each layer, and a record of what was drawn."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from .. import theory
from .._floats import FLOATS
from .._names import one_of
from ..activations import Activation, Elementwise
from ._adaptive import APL
from ._fans import Part, parts_of
from ._norms import DyT
from ._places import Place, place_of, refusal

__all__ = ["Drawn", "Left", "Scheme", "Start", "initialize", "laws", "schemes"]


class Scheme(NamedTuple):
    """The variance of weights: `share` over a fan; without a share it has no such formula. fan: the usual one."""

    share: float | None
    fan: str | None


schemes: Mapping[str, Scheme] = MappingProxyType(
    {
        "torch": Scheme(None, None),  # what torch does for each kind of layer, the biases too
        "lecun": Scheme(1.0, "in"),
        "glorot": Scheme(1.0, "mean"),
        "he": Scheme(2.0, "in"),
        "orthogonal": Scheme(None, None),
        "computed": Scheme(1.0, "in"),  # times the gain of the activation
    }
)
FANS: dict[str, Callable[[float, float], float]] = {
    "in": lambda fan_in, fan_out: fan_in,
    "out": lambda fan_in, fan_out: fan_out,
    "mean": lambda fan_in, fan_out: (fan_in + fan_out) / 2,
}
# the standard deviation that is left of a standard normal variable between -2 and 2
CUT = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


def _normal(weight, std, generator):
    weight.normal_(0, std, generator=generator)


def _uniform(weight, std, generator):
    weight.uniform_(-math.sqrt(3) * std, math.sqrt(3) * std, generator=generator)


def _truncated(weight, std, generator):
    if not std:
        weight.zero_()
        return
    whole = std / CUT
    nn.init.trunc_normal_(weight, std=whole, a=-2 * whole, b=2 * whole, generator=generator)


def _constant(weight, std, generator):
    weight.fill_(std)


# What each law does to a weight, given its standard deviation and a generator.
laws: Mapping[str, Callable[[Tensor, float, torch.Generator], None]] = MappingProxyType(
    {"normal": _normal, "uniform": _uniform, "truncated": _truncated, "constant": _constant}
)


@dataclass(frozen=True)
class Drawn:
    """A parameter that was drawn: its name, the law, and the size of its numbers.

    std: the standard deviation of the law; of "orthogonal" the root mean square, of "constant" the number itself.
    fan: what the variance was divided by, None where there is no such thing. note: what else there is to know.
    """

    name: str
    rule: str
    std: float
    fan: float | None = None
    note: str = ""

    def __str__(self) -> str:
        size = {"zero": "", "constant": f" {self.std:.3g}"}.get(self.rule, f", std {self.std:.3g}")
        fan = "" if self.fan is None else f", fan {self.fan:g}"
        return f"{self.name}: {self.rule}{size}{fan}{f'; {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class Left:
    """A parameter that is as it was, and why."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}: left, {self.why}"


SHOWN = 12  # parameters of a kind that are printed


@dataclass(frozen=True, repr=False)
class Start:
    """What `initialize` did to a network: every parameter once, as drawn or as left, in its order."""

    network: nn.Module = field(compare=False)
    drawn: tuple[Drawn, ...]
    left: tuple[Left, ...]

    def __repr__(self) -> str:
        lines = [f"Start: {len(self.drawn)} parameters drawn, {len(self.left)} left"]
        zero = sum(row.rule == "zero" for row in self.drawn)
        if zero:
            lines.append(f"  {zero} of them biases that are 0")
        for rows in ([row for row in self.drawn if row.rule != "zero"], self.left):
            lines += [f"  {row}" for row in rows[:SHOWN]]
            if len(rows) > SHOWN:
                lines.append(f"  … and {len(rows) - SHOWN} more")
        return "\n".join(lines)


NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, DyT)


def _require_kept(layer, step):
    """ValueError unless the values come back from a weight that is computed; the weight is left as it was."""
    chain = layer.parametrizations[step.part.key]
    kept = {key: value.clone() for key, value in chain.state_dict().items()}
    values = _apart(step, getattr(layer, step.part.key), torch.Generator().manual_seed(0))
    try:
        step.place.put(values.clone())
        found = getattr(layer, step.part.key)
        allowed = torch.finfo(values.dtype).eps ** 0.5
        same = torch.allclose(found, values, rtol=allowed, atol=allowed * values.abs().max().item())
    except (NotImplementedError, RuntimeError, TypeError, ValueError):  # what a parametrization raises is its own
        same = False
    finally:
        for key, value in chain.state_dict().items():
            value.copy_(kept[key])
    if not same:
        raise ValueError(refusal(step.drawn.name, step.place.note.removeprefix("through ")))


class _Step(NamedTuple):
    """One tensor that will be drawn: where it is, what it is, how it is drawn, and the row for the record.

    at: its place in the network. padding: the row that stays 0, where it is an embedding's.
    """

    at: int
    layer: nn.Module
    part: Part
    place: Place
    draw: Callable[[Tensor, torch.Generator], None]
    drawn: Drawn
    padding: int | None


@torch.no_grad()
def initialize(
    network: nn.Module,
    scheme: str | float = "torch",
    *,
    seed: int = 0,
    gain: float | str | Activation = 1.0,
    law: str | None = None,
    fan: str | None = None,
) -> Start:
    """Draw the weights of every layer that has some, in place; return what was drawn and what was left.

    scheme: a name in `schemes`, or a number: the standard deviation. "lecun", "glorot", "he": variance 1 over the
    fan-in, 1 over the mean of both fans, 2 over the fan-in {cite}`lecun1998,glorot2010,he2015`; "orthogonal": rows or
    columns of length 1 at right angles {cite}`saxe2014`; "computed": LeCun's times `theory.gain` of the activation
    that the network has; "torch": what torch does for a layer of the kind. All but "torch" set biases to 0.
    gain: what the weights are multiplied by; an activation stands for its `theory.gain`. law: "normal", which it is
    unless said, "uniform", "truncated" (normal, without what is beyond two standard deviations, and as wide as the
    others for all that) or "constant" (all weights are what would be the standard deviation; a number may then be
    negative). fan: "in", "out" or "mean", which fan the variance is divided by in place of the scheme's own; `fans`
    says what they are.

    Layers: Linear, convolutions of all kinds, Bilinear, embeddings (the row of padding_idx stays 0), recurrent ones,
    MultiheadAttention. Orthogonal are the rows of a weight that is flattened to a matrix, of each gate by itself.
    A weight that several layers share is drawn once, for the first of them; a Linear layer comes before all others.
    What weight_norm or another parametrization computes gets the start itself, and pruned weights stay 0. Left as
    they are: normalisation, what an activation learns, parameters of a layer that is not known here.
    Linear layers draw from a generator of their own, so that their numbers do not depend on the other layers.

    `Start.network` is the network. Raises KeyError, listing them, for a scheme, law or fan that there is not;
    ValueError, before a weight is touched, for a negative number, "computed" in a network that has not exactly one
    activation of the catalog, a law or fan where the scheme has none, a layer without inputs or whose shape is not
    known yet, a weight that is computed so that it can't have the start, and a network in which there is nothing to
    draw.
    """
    size = _sizes(network, scheme, gain, law, fan)
    steps = _plan(network, size)
    if not steps:
        kinds = sorted({type(layer).__name__ for layer in network.modules()})
        raise ValueError(f"there is nothing to draw in a network of {', '.join(kinds)}")
    for step in steps:
        if parametrize.is_parametrized(step.layer, step.part.key):
            _require_kept(step.layer, step)
    own, others = (torch.Generator().manual_seed(seed) for _ in range(2))
    others.manual_seed(int(torch.randint(2**62, (), generator=others)))
    for step in steps:
        _fill(step, own if isinstance(step.layer, nn.Linear) else others)
    taken = {id(parameter) for step in steps for parameter in step.place.parameters}
    left = [
        Left(name, _why(layer))
        for layer, name, parameter in _named(network)
        if id(parameter) not in taken and not taken.add(id(parameter))
    ]
    in_order = sorted(steps, key=lambda step: step.at)
    return Start(network, tuple(step.drawn for step in in_order), tuple(left))


def _sizes(network, scheme, gain, law, fan):
    """A function: a part of a layer in, how it is drawn and its row's law, std and fan out."""
    number = gain if isinstance(gain, int | float) else theory.gain(gain)
    if not number >= 0:
        raise ValueError(f"a gain is 0 or more, got {number}")
    named = isinstance(scheme, str)
    share, usual = schemes[one_of(schemes, scheme, "scheme", more=", or give a number")] if named else (None, None)
    if law is not None:
        one_of(laws, law, "law")
    if fan is not None:
        one_of(FANS, fan, "fan")
    if named and share is None and (law, fan) != (None, None):
        raise ValueError(f"the scheme {scheme!r} is a law of its own: there is no law= or fan= to choose")
    if not named and fan is not None:
        raise ValueError(f"with the standard deviation {scheme} no fan counts: leave fan={fan!r} out")
    if not named and not (scheme >= 0 or (law == "constant" and scheme < 0)):
        raise ValueError(f"a standard deviation is 0 or more, got {scheme}")
    if scheme == "computed":
        number *= theory.gain(_only_activation(network))
    law, fan = law or "normal", fan or usual

    def size(part):
        if scheme == "torch":
            return _as_torch(part, number)
        if part.is_bias:
            return "zero", 0.0, None
        if scheme == "orthogonal":
            return "orthogonal", number, None
        divisor = FANS[fan](part.fan_in, part.fan_out) if named else None
        return law, number * (math.sqrt(share / divisor) if named else float(scheme)), divisor

    return size


def _as_torch(part, number):
    number = 1.0 if part.is_bias else number
    if part.usual is None:
        return "reach", part.reach * number, None
    law, std = part.usual
    return law, std * number, None


def _plan(network, size):
    """A step for each tensor, those of Linear layers first, and one for a tensor that several layers share."""
    found = []
    for name, layer in network.named_modules():
        for part in parts_of(layer, name or type(layer).__name__) or ():
            whole = f"{name}.{part.key}" if name else part.key
            found.append((len(found), whole, layer, part, place_of(layer, part.key, whole)))
    shared = {}
    for one in sorted(found, key=lambda one: not isinstance(one[2], nn.Linear)):
        shared.setdefault(tuple(map(id, one[-1].parameters)), []).append(one)
    return [_step(size, *same) for same in shared.values()]


def _step(size, first, *more):
    at, name, layer, part, place = first
    if any(parameter.is_meta for parameter in place.parameters):
        raise ValueError(f"{name} lies on meta, where there are no numbers")
    rows = [one.padding_idx for _, _, one, _, _ in (first, *more) if getattr(one, "padding_idx", None) is not None]
    notes = [
        place.note,
        f"tied to {', '.join(name for _, name, *_ in more)}" if more else "",
        f"row {rows[0]} stays 0" if rows else "",
    ]
    law, std, fan = size(part)
    weight = getattr(layer, part.key)
    if weight.dtype not in FLOATS and not weight.is_complex():
        raise ValueError(f"{name} is of {weight.dtype}: torch draws no such numbers")
    if weight.is_complex() and law not in ("normal", "constant", "zero"):
        raise ValueError(f'{name} is complex: its law is "normal" or "constant"')
    draw, law, std = _law(weight, part.blocks, law, std)
    return _Step(
        at,
        layer,
        part,
        place,
        draw,
        Drawn(name, law, std, fan, ", ".join(filter(None, notes))),
        *(rows[:1] or [None]),
    )


def _law(weight, blocks, law, std):
    """How a tensor is drawn, and the name and the size of that in its row."""
    if law == "reach":  # torch's own words: uniform within so much, and not a std
        return (
            lambda values, generator: values.uniform_(-std, std, generator=generator),
            "uniform",
            std / math.sqrt(3),
        )
    if law == "zero":
        return (lambda values, generator: values.zero_()), law, 0.0
    if law == "orthogonal":
        longer = max(len(weight) // blocks, weight[0].numel())
        return (
            lambda values, generator: _orthogonal(values, blocks, std, generator),
            law,
            std / math.sqrt(longer),
        )
    return (lambda values, generator: laws[law](values, std, generator)), law, std


def _orthogonal(values, blocks, gain, generator):
    for block in values.chunk(blocks):
        nn.init.orthogonal_(block, gain, generator=generator)


def _fill(step, generator):
    now, put = getattr(step.layer, step.part.key), step.place.put
    if put is not None:
        put(_apart(step, now, generator))
    elif now.device.type != "cpu" or (_short(now) and step.drawn.rule in ("orthogonal", "truncated")):
        now.copy_(_apart(step, now, generator))
    else:
        _into(step, now, generator)


def _into(step, values, generator):
    step.draw(values, generator)
    if step.padding is not None:
        values[step.padding] = 0


def _apart(step, now, generator):
    """Values for a tensor, drawn beside it: a generator is of the processor, short floats have no decomposition."""
    values = torch.empty(now.shape, dtype=torch.float32 if _short(now) else now.dtype)
    _into(step, values, generator)
    return values.to(now)


def _short(values):
    return values.dtype in (torch.float16, torch.bfloat16)


def _named(network) -> Iterator[tuple[nn.Module, str, nn.Parameter]]:
    for name, layer in network.named_modules():
        for key, parameter in layer.named_parameters(recurse=False):
            yield layer, f"{name}.{key}" if name else key, parameter


def _why(layer):
    if isinstance(layer, NORMS):
        return f"normalisation ({type(layer).__name__})"
    if isinstance(layer, Elementwise | APL | nn.PReLU):
        return f"learnt by an activation ({type(layer).__name__})"
    return f"no layer that is known here ({type(layer).__name__})"


def _only_activation(network):
    found = {layer.activation for layer in network.modules() if isinstance(layer, Elementwise)}
    if len(found) != 1:
        names = ", ".join(sorted(act.name for act in found)) or "none"
        raise ValueError(
            f'the scheme "computed" needs a network with one activation of the catalog, this has {names}; '
            'give the gain yourself, as in initialize(network, "lecun", gain="gelu")'
        )
    return found.pop()
