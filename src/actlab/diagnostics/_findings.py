"""What is objected to in a network's signals, and what is only said of them because it may be meant."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from .. import theory
from ..activations import Activation, catalog
from ._signals import FLAT, Signals

__all__ = ["Finding", "Limits", "called", "findings", "notes", "step_findings"]


@dataclass(frozen=True)
class Limits:
    """What `health` objects to. They are conventions, on the careful side: a network past one may still train.

    powers: of ten between the two ends of a network; no one rate fits gradients a thousand apart. dead: share of a
    layer's units. saturated: share of a layer's values, where the function is flat on both sides. alike: mean cosine
    of two examples' outputs; at 0.999 some 3 % of the signal tells them apart. updates: rms change over rms weight in
    one step, least and most; about 1e-3 is usual. entropy: mean entropy of attention, as a share of the largest.
    size: standard deviation of pre-activations. flat: the slope below which a value is flat.
    """

    powers: float = 3.0
    dead: float = 0.5
    saturated: float = 0.5
    alike: float = 0.999
    updates: tuple[float, float] = (1e-5, 1e-1)
    entropy: float = 0.05
    size: float = 1e3
    flat: float = FLAT


@dataclass(frozen=True)
class Finding:
    """One thing that `health` objects to: what, in which layer, the number and its limit, and what to try.

    also: the other layers that are past the limit, with their numbers, the worst first. why: what is bad about it.
    of: what value and limit are numbers of.
    """

    what: str
    layer: str
    value: float
    limit: float
    advice: str
    also: tuple[tuple[str, float], ...] = ()
    why: str = ""
    of: str = ""

    @property
    def where(self) -> str:
        """Every layer that it is about, with the numbers of all but the first."""
        others = f"; also {', '.join(f'{layer}: {value:.2g}' for layer, value in self.also)}" if self.also else ""
        return f"{self.layer}{others}"

    @property
    def numbers(self) -> str:
        """The limit and the number that is past it."""
        past = "more than " if self.value == self.limit else ""
        return f"{past}{self.limit:.3g}{f' {self.of}' if self.of else ''}, here {self.value:.3g}"

    def __str__(self) -> str:
        why = f" Why: {self.why}." if self.why else ""
        return f"{self.what} ({self.where}); limit {self.numbers}.{why} Try: {self.advice}"


def findings(s: Signals, limits: Limits) -> Iterator[Finding]:
    """Everything objected to: numbers that are not finite first, and then nothing else."""
    unbounded = list(_unbounded(s))
    yield from unbounded or [*_sizes(s, limits), *_units(s, limits), *_attention(s, limits)]


def notes(s: Signals, limits: Limits) -> Iterator[str]:
    """What is as likely to be meant as to be wrong: said, with no advice."""
    silent = [i for i, delta in enumerate(s.delta.tolist()) if delta == 0]
    if silent and s.zeros:
        yield (
            f"no gradient reaches {_listed(s, silent)}, where {', '.join(s.zeros[:3])} "
            f"{'is' if len(s.zeros) == 1 else 'are'} 0 throughout: meant, if a branch starts at 0"
        )
    without = [i for i, there in enumerate(s.differentiable) if not there]
    if without:
        yield f"computed without gradients, so that none is seen: {_listed(s, without)}"
    for i in _saturated(s, limits):
        if s.at_output[i]:
            yield f"{s.flat[i]:.0%} of the values of layer {s.names[i]}, the output, are saturated: answers are sure"
        elif not s.gates[i].isnan():
            yield f"{s.flat[i]:.0%} of the values of layer {s.names[i]}, a gate, are saturated: open or closed"


def _listed(s, chosen, most=4):
    names = list(dict.fromkeys(s.names[i] for i in chosen))
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _unbounded(s):
    known = torch.tensor(s.differentiable, dtype=torch.bool)
    if s.spoiled and not (s.rms.isfinite().all() and s.delta[known].isfinite().all()):
        numbers = "number that is" if s.spoiled == 1 else "numbers that are"
        yield Finding(
            f"the batch has {s.spoiled} {numbers} not finite", "input", s.spoiled, 0, "another batch",
            why="whatever is computed from them is not finite either, so nothing is said of the network",
            of="such numbers",
        )  # fmt: skip
        return
    for what, values in {"outputs": s.rms, "gradients": s.delta}.items():
        bad = (~values.isfinite()).nonzero().flatten().tolist()
        if what == "gradients":  # nan where there is none; they break from the last layer backwards
            bad = [i for i in bad[::-1] if s.differentiable[i]]
        if bad:
            others = tuple((f"layer {s.names[i]}", values[i].item()) for i in bad[1:])
            yield Finding(
                f"{what} are not finite", f"layer {s.names[bad[0]]}", values[bad[0]].item(), math.inf,
                "a number format with more range, or smaller weights", others,
                "whatever is computed from them is not finite either",
            )  # fmt: skip


def _sizes(s, limits):
    hidden = _hidden(s)
    if not hidden:
        return
    there = [i for i in hidden if s.differentiable[i]]
    ends, delta = {"outputs": s.rms[hidden]}, s.delta[there]
    if s.zeros:
        delta = delta[delta > 0]  # a branch that starts at 0 lets none through yet: see `notes`
    elif len(delta) and delta[-1] == 0:
        bad = [i for i in there[::-1] if s.delta[i] == 0]
        others = tuple((f"layer {s.names[i]}", 0.0) for i in bad[1:])
        advice = "a loss that depends on the output, live units"
        why = "weights before it get no step at all"
        yield Finding("no gradient arrives", f"layer {s.names[bad[0]]}", 0.0, 0.0, advice, others, why)
        return
    if len(delta):
        ends["gradients"] = delta
    grown = False
    for what, values in ends.items():
        powers = (values[0].log10() - values[-1].log10()).item() * (1 if what == "gradients" else -1)
        if not abs(powers) > limits.powers:  # nan: outputs that are 0 at both ends have no ratio
            continue
        way = "backward" if what == "gradients" else "forward"
        change = f"{'vanish' if powers < 0 else 'explode'} on their way {way}: 10^{powers:+.1f}"
        where = f"layers {s.names[hidden[0]]} to {s.names[hidden[-1]]}"
        grown = grown or what == "outputs"
        why = {
            "gradients": "no one rate suits layers whose gradients differ that much",
            "outputs": "the last layers get inputs of another size than the first, and so do their gradients",
        }
        yield Finding(
            f"{what} {change}", where, powers, limits.powers, _rescale(s, what), (), why[what], "powers of ten"
        )
    bad = [i for i in s.z_std.argsort(descending=True, stable=True).tolist() if s.z_std[i] > limits.size]
    if bad and not grown:
        yield _worst(
            s, s.z_std, bad, limits.size, f"pre-activations are large, std {s.z_std[bad[0]]:.2g}",
            "inputs scaled to variance 1, or weights matched to the function",
            "that far out functions are flat or straight, and losses huge", "standard deviation",
        )  # fmt: skip


def _hidden(s):
    """The calls between input and output, gates left out: a gate, or an answer, has a size of its own."""
    hidden = [i for i, out in enumerate(s.at_output) if not out and s.gates[i].isnan()]
    return hidden or list(range(len(s.layers)))


def _rescale(s, what):
    """What to do about sizes: the gain that the weights have beside the one that theory gives."""
    general = "normalisation or skip connections"
    acts = {(act.name, tuple(act.settings.items())) if act else None for act in s.activations}
    act = s.activations[0] if len(acts) == 1 else None
    if act is None or len(s.weights) < 3:
        return f"weights matched to the function, {general}"
    # outputs keep their size at one gain, gradients at another, where there is one
    edge = theory.edge_of_chaos(act) if what == "gradients" else None
    has, wants = s.weight_gain[1:-1].median().item(), edge.gain if edge else theory.gain(act)
    name = called(act)
    if abs(has / wants - 1) < 0.05:
        return f"{general}; the gain of {name}, {wants:.3g}, is there already"
    return f"weights with the gain {wants:.3g} for {name} (they have {has:.2g}), {general}"


def called(act: Activation) -> str:
    """Its name, with the settings that are not its defaults."""
    usual = catalog[act.name].settings if act.name in catalog else {}
    changed = {key: value for key, value in act.settings.items() if value != usual.get(key)}
    other = [f"{key}={value:g}" for key, value in changed.items() if isinstance(value, float)]
    return f"{act.name}({', '.join(other)})" if other else act.name


def _units(s, limits):
    bad = [i for i in s.dead.argsort(descending=True, stable=True).tolist() if s.dead[i] > limits.dead]
    if bad:
        yield _worst(
            s, s.dead, bad, limits.dead, f"{s.dead[bad[0]]:.0%} of the units are dead on this batch",
            "a smaller rate, biases at 0, weights scaled for the function, or a slope on the flat side",
            "a dead unit gets no gradient: its own weights stay as they are", "of the units",
        )  # fmt: skip
    bad = [i for i in _saturated(s, limits) if not s.at_output[i] and s.gates[i].isnan()]
    if bad:
        yield _worst(
            s, s.flat, bad, limits.saturated, f"{s.flat[bad[0]]:.0%} of the values are saturated",
            "smaller weights, or inputs scaled to variance 1",
            "where a function is flat, hardly any gradient comes through", "of the values",
        )  # fmt: skip
    hidden = _hidden(s)
    if hidden and s.cosine[hidden[-1]] > limits.alike:
        yield Finding(
            f"all examples come out alike, mean cosine {s.cosine[hidden[-1]]:.4f}", f"layer {s.names[hidden[-1]]}",
            s.cosine[hidden[-1]].item(), limits.alike,
            "larger weights, smaller biases, normalisation, or fewer layers",
            why="the layers that follow can hardly tell the examples apart", of="mean cosine",
        )  # fmt: skip


def _worst(s, values, bad, limit, what, advice, why, of):
    others = tuple((f"layer {s.names[i]}", values[i].item()) for i in bad[1:])
    return Finding(what, f"layer {s.names[bad[0]]}", values[bad[0]].item(), limit, advice, others, why, of)


def _saturated(s, limits):
    """The calls past the limit, the worst first."""
    order = s.flat.argsort(descending=True, stable=True).tolist()
    return [i for i in order if s.flat[i] > limits.saturated and _flat_on_both_sides(s.activations[i])]


def _flat_on_both_sides(act):
    return act is not None and bool((act.slope(torch.tensor([-50.0, 50.0])).abs() < FLAT).all())


def _attention(s, limits):
    bad = sorted((a for a in s.attention if a.mixes and a.entropy < limits.entropy), key=lambda a: a.entropy)
    if bad:
        others = tuple((f"layer {a.layer}", a.entropy) for a in bad[1:])
        yield Finding(
            f"attention looks at one entry alone, {bad[0].entropy:.1%} of the largest entropy",
            f"layer {bad[0].layer}", bad[0].entropy, limits.entropy,
            "smaller weights for queries and keys, or normalising both", others,
            "a softmax that is sure of one entry passes hardly any gradient on", "of the largest entropy",
        )  # fmt: skip


def step_findings(updates, limits: Limits) -> Iterator[Finding]:
    """What is objected to in the steps that `update_ratios` measured."""
    low, high = limits.updates
    ordered = sorted(updates, key=lambda name: -math.inf if math.isnan(updates[name]) else -updates[name])
    fast = [name for name in ordered if not updates[name] <= high]
    slow = [name for name in reversed(ordered) if updates[name] < low]
    for bad, limit, advice, why in (
        (fast, high, "a smaller rate", "a few such steps replace all that was learnt"),
        (slow, low, "a larger rate, if its gradient is not 0", "at that pace the weights hardly leave their start"),
    ):
        if bad:
            what = f"a step changes weights by {updates[bad[0]]:.1g} of their size"
            others = tuple((name, updates[name]) for name in bad[1:])
            yield Finding(what, bad[0], updates[bad[0]], limit, advice, others, why, "of their size")
