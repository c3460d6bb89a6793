"""Numbers of a network and its batches: how signals travel forward and back, and which units are dead or flat."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import torch
from torch import Tensor, nn

from .. import activations
from ..activations import Activation
from ._measure import Attention, Histogram, rms
from ._run import passes

__all__ = ["ELEMENTWISE", "FLAT", "Coverage", "Signals", "dead_fraction", "saturation", "signals", "update_ratios"]

# torch's own layers that apply one function to each element: each is measured as one, under its class's name
ELEMENTWISE = (
    activations.Elementwise, nn.CELU, nn.ELU, nn.GELU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish,
    nn.Hardtanh, nn.LeakyReLU, nn.LogSigmoid, nn.Mish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.RReLU, nn.SELU, nn.SiLU,
    nn.Sigmoid, nn.Softplus, nn.Softshrink, nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.Threshold,
)  # fmt: skip
FLAT = 0.01  # a slope below this takes two powers of ten from a gradient in one layer
KEPT = ("z", "out", "slope", "delta")


@dataclass(frozen=True)
class Coverage:
    """How many of a network's nonlinear operations were measured: pointwise functions, gates and softmaxes.

    measured: how many, over all batches. unseen: those that were not, by name, with their number. passed: what is no
    activation, by kind: the squares and roots of a normalisation, products of two signals.
    """

    measured: int
    unseen: Mapping[str, int]
    passed: Mapping[str, int]

    @property
    def complete(self) -> bool:
        """Whether all of them were measured."""
        return not self.unseen

    def __str__(self) -> str:
        number = self.measured + sum(self.unseen.values())
        if self.complete:
            return f"all {number} nonlinear operations measured"
        unseen = ", ".join(f"{n} {name}" for name, n in self.unseen.items())
        return f"{self.measured} of {number} nonlinear operations measured; not seen: {unseen}"


@dataclass(frozen=True)
class Signals:
    """A network's signals, forward and backward, as float64 tensors; over several batches if there were several.

    One entry for each call of an activation, in the order of the pass: `layers` (names of the modules), `functions`
    (names of the activations), z_mean and z_std (pre-activations over batch and units), mean and rms (outputs),
    delta (rms of the gradient at the pre-activations; nan where the pass forward was made without gradients), dead
    (share of units whose slope is 0 on every example), flat (share of slopes below 0.01 in magnitude), cosine (mean
    cosine between the outputs of two examples; nan for a batch of one).
    One entry for each weight matrix that is trained, in the network's order: `weights` (names), weight_rms,
    weight_gain (weight_rms x sqrt(fan-in)), weight_gradient (rms of its gradient).

    Further, for each call: dead_units (numbers of the dead ones), units (where they lie in z: dimensions, and the
    operation that put them there, "given" or "guessed"), activations (the catalog's entry with these settings, or
    None), gates (rms of what it is multiplied with, nan where it is no gate), at_output (whether its output is the
    network's), differentiable (whether its pass forward was made with gradients) and histograms (of z).
    `attention` has the softmaxes, `coverage` says what was measured. values: what was asked for with keep, a tensor
    for each call, the batches one after the other. zeros: parameters that are 0 throughout, biases aside. spoiled:
    how many numbers of the batches are not finite.
    """

    layers: tuple[str, ...]
    functions: tuple[str, ...]
    z_mean: Tensor
    z_std: Tensor
    mean: Tensor
    rms: Tensor
    delta: Tensor
    dead: Tensor
    flat: Tensor
    cosine: Tensor
    weights: tuple[str, ...]
    weight_rms: Tensor
    weight_gain: Tensor
    weight_gradient: Tensor
    dead_units: tuple[Tensor, ...] = ()
    units: tuple[tuple[tuple[int, ...], str], ...] = ()
    activations: tuple[Activation | None, ...] = ()
    gates: Tensor = field(default_factory=lambda: torch.zeros(0))
    at_output: tuple[bool, ...] = ()
    differentiable: tuple[bool, ...] = ()
    histograms: tuple[Histogram, ...] = ()
    attention: tuple[Attention, ...] = ()
    coverage: Coverage = field(default_factory=lambda: Coverage(0, {}, {}))
    values: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    zeros: tuple[str, ...] = ()
    spoiled: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The layers, with a number behind each that calls more than one activation: "itself #2"."""
        several, so_far, names = Counter(self.layers), Counter(), []
        for layer in self.layers:
            so_far[layer] += 1
            names.append(f"{layer} #{so_far[layer]}" if several[layer] > 1 else layer)
        return tuple(names)

    @property
    def powers(self) -> float:
        """Powers of ten from delta at the last activation to delta at the first: below 0 where it vanishes.

        -inf where only the first is 0, nan where both are.
        """
        return (self.delta[0].log10() - self.delta[-1].log10()).item()


def signals(
    network: nn.Module,
    x: object,
    *,
    loss: Callable[..., Tensor] | None = None,
    seed: int = 0,
    kinds: Sequence[type[nn.Module]] = (),
    call: Callable[[nn.Module, object], object] | None = None,
    axis: int | Mapping[str, int] | None = None,
    keep: Collection[str] = (),
    decompose: bool = True,
    flat: float = FLAT,
) -> Signals:
    """Send a batch through the network, forward and backward; return its `Signals`.

    Activations are seen however they are called: as layers, as functions, in place, written out in arithmetic, in
    other libraries' classes. A function that is called twice counts twice; the steps of a recurrent layer count as
    one call for each gate, and what checkpointing makes again is not counted again. Layers of the classes in kinds,
    and those that have an attribute `one_function` that is true, are measured as one function each, whatever they do
    inside.

    x: a tensor; a tuple of arguments; a mapping of keywords; a list (what a DataLoader gives: the input, then
    targets, which loss gets after the output); a DataLoader or another iterator of batches. numpy's arrays serve as
    tensors.
    call(network, batch) makes the pass where none of these fits.
    loss: from the network's output to a number; left out, it is the `loss` in the output if it has one, else the
    gradient at the output is standard normal. It and dropout are drawn from seed.
    axis: the dimension of z on which the units lie, for all or by name of the layer; left out, it is followed from
    the operation that made them: second after convolutions of any dimension, last after linear layers.
    keep: which of "z", "out", "slope" and "delta" to store. flat: the slope below which a value counts as flat.
    decompose: whether attention and recurrent layers are computed step by step, so that softmax and gates are
    seen, in more memory; else torch's kernels run, and count as not seen.

    It is the network itself that runs, in the mode (training or not) that it is in: weights, gradients, running
    statistics, attributes and generators are afterwards as they were, also if it raised. Lists and the like that its
    own code fills are not looked after. Raises ValueError if nothing nonlinear was called, if the batch is empty, or
    if the loss is not one number.
    """
    seen = _passes(
        network, x, loss=loss, seed=seed, kinds=kinds, call=call, axis=axis, keep=keep, decompose=decompose, flat=flat
    )
    calls, weights = list(seen.watch.calls.values()), seen.weights.values()
    sizes = [rms(weight) for weight in weights]
    return Signals(
        layers=tuple(c.layer for c in calls),
        functions=tuple(c.function for c in calls),
        z_mean=_row(c.z.mean for c in calls),
        z_std=_row(c.z.std for c in calls),
        mean=_row(c.out.mean for c in calls),
        rms=_row(c.out.rms for c in calls),
        delta=_row(_delta(c, seen.differentiable) for c in calls),
        dead=_row(c.dead_share for c in calls),
        flat=_row(c.flat_share for c in calls),
        cosine=_row(c.cosine for c in calls),
        weights=tuple(seen.weights),
        weight_rms=_row(sizes),
        weight_gain=_row(size * math.sqrt(w[0].numel()) for size, w in zip(sizes, weights, strict=True)),
        weight_gradient=_row(g.rms for g in seen.gradients.values()),
        dead_units=tuple(c.dead for c in calls),
        units=tuple((c.units, c.units_from) for c in calls),
        activations=tuple(c.activation for c in calls),
        gates=_row(c.value.rms for c in calls),
        at_output=tuple(c.at_output for c in calls),
        differentiable=tuple(c.gradient and seen.differentiable for c in calls),
        histograms=tuple(c.histogram for c in calls),
        attention=tuple(seen.watch.attentions.values()),
        coverage=Coverage(
            seen.watch.measured, MappingProxyType(dict(seen.watch.unseen)), MappingProxyType(dict(seen.watch.passed))
        ),
        values={what: tuple(_joined(c.kept[what]) for c in calls) for what in keep},
        zeros=seen.zeros,
        spoiled=seen.spoiled,
    )


def dead_fraction(network: nn.Module, x: object, **settings) -> Tensor:
    """Share of units whose slope is 0 on every example, for each call of an activation: shape (calls,).

    settings: those of `signals`, which says what counts as a unit {cite}`lu2020`. No gradient is sent back, and
    nothing else is measured, so that it costs less.
    """
    return _row(c.dead_share for c in _slopes(network, x, settings))


def saturation(network: nn.Module, x: object, **settings) -> Tensor:
    """Share of values at which the slope is below 0.01 in magnitude, for each call of an activation: shape (calls,).

    The flat side of a ReLU counts too. settings: those of `signals` {cite}`glorot2010`.
    """
    return _row(c.flat_share for c in _slopes(network, x, settings))


def _slopes(network, x, settings):
    usual = {"loss": None, "seed": 0, "kinds": (), "call": None, "axis": None, "keep": (), "decompose": True}
    if unknown := set(settings) - {*usual, "flat"}:
        raise TypeError(f"there is no setting {', '.join(sorted(unknown))}")
    return _passes(network, x, **{**usual, "flat": FLAT, **settings}, slopes_alone=True).watch.calls.values()


def _passes(network, x, *, kinds, keep, **settings):
    if unknown := set(keep) - set(KEPT):
        raise ValueError(f"kept are {', '.join(KEPT)}; got {', '.join(sorted(map(str, unknown)))}")
    return passes(network, x, kinds=(*ELEMENTWISE, *kinds), keep=keep, **settings)


def update_ratios(network: nn.Module, step: Callable[[], object]) -> dict[str, float]:
    """Call step(), which is to update the network once; return rms change over rms weight for each weight matrix.

    A matrix of zeros that changes has the ratio inf.
    """
    before = {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad and p.ndim > 1}
    step()
    after = dict(network.named_parameters())
    changes = {name: (rms(after[name].detach() - old).item(), rms(old).item()) for name, old in before.items()}
    return {name: change / size if size else math.inf * bool(change) for name, (change, size) in changes.items()}


def _delta(call, differentiable):
    if not call.gradient or not differentiable:
        return math.nan
    return call.delta.rms if call.delta.found else 0.0  # the loss does not depend on it


def _joined(parts):
    same = len({part.shape[1:] for part in parts}) == 1 and all(part.ndim for part in parts)
    return torch.cat(parts) if same else torch.cat([part.flatten() for part in parts]) if parts else torch.zeros(0)


def _row(values):
    return torch.tensor([float(value) for value in values], dtype=torch.float64)
