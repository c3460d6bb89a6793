"""Numbers about a network and a batch: how its signals travel, which units are dead or flat, and what that means."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from . import activations, theory

__all__ = ["Finding", "Health", "Signals", "dead_fraction", "health", "saturation", "signals", "update_ratios"]

# torch's own layers that apply one function to each element
ELEMENTWISE = (
    activations.Elementwise, nn.CELU, nn.ELU, nn.GELU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh,
    nn.LeakyReLU, nn.LogSigmoid, nn.Mish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.RReLU, nn.SELU, nn.SiLU, nn.Sigmoid,
    nn.Softplus, nn.Softshrink, nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.Threshold,
)  # fmt: skip
FLAT = 0.01  # a slope below this takes two powers of ten from a gradient in one layer

# What `health` objects to. They are conventions, on the careful side: a network past one of them may still train.
MOST_POWERS = 3.0  # between the ends of the network: no one rate fits gradients a thousand apart
MOST_DEAD = 0.5  # share of a layer's units
MOST_SATURATED = 0.5  # share of a layer's values, where the function is flat on both sides
MOST_ALIKE = 0.999  # mean cosine of two examples' outputs: some 3 % of the signal tells them apart
UPDATES = (1e-5, 1e-1)  # rms change over rms weight in one step; about 1e-3 is usual


@dataclass(frozen=True)
class Signals:
    """One batch in a network, forward and backward, as float64 tensors.

    One entry for each activation layer, in the order of the pass: `layers` (names of the modules), `functions`
    (names of the activations), z_mean and z_std (pre-activations over batch and units), mean and rms (outputs),
    delta (rms of the gradient at the pre-activations), dead (share of units whose slope is 0 on the whole batch),
    flat (share of slopes below 0.01 in magnitude), cosine (mean cosine between the outputs of two examples; nan for
    a batch of one).
    One entry for each weight matrix that is trained, in the network's order: `weights` (names), weight_rms,
    weight_gain (weight_rms x sqrt(fan-in)), weight_gradient (rms of its gradient).
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

    @property
    def powers(self) -> float:
        """Powers of ten from delta at the last activation layer to delta at the first: below 0 where it vanishes."""
        return _powers(self.delta)


def signals(
    network: nn.Module,
    x: Tensor,
    *,
    loss: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
    kinds: Sequence[type[nn.Module]] = (),
) -> Signals:
    """Send one batch through the network, forward and backward; return its `Signals`.

    Activation layers are those of the catalog (`activations.get(...).module()`), torch.nn's elementwise ones, and
    the classes named in kinds; one that is called twice counts twice. loss: from the network's output to a number;
    left out, the gradient at the output is standard normal. It and dropout are drawn from seed. Units are the
    last dimension of a layer's output, or the second one where there are four or five.
    It is a copy of the network that runs, in the mode (training or not) that the network is in: weights, gradients,
    running statistics and torch's global generator stay as they are.
    Raises ValueError if the network has no such layer, or if the loss is not one number.
    """
    network = copy.deepcopy(network)
    found = _watch(network, (*ELEMENTWISE, *kinds))
    x = x.detach()
    with torch.random.fork_rng(devices=[x.device] if x.is_cuda else []), torch.enable_grad():
        torch.manual_seed(seed)
        # without this nothing has a gradient where all weights are frozen
        out = network(x.requires_grad_() if x.is_floating_point() else x)
        if not found:
            raise ValueError(
                "the network called no activation layer that is known; name its class in kinds, as in "
                "signals(network, x, kinds=[MyActivation])"
            )
        generator = torch.Generator().manual_seed(seed)
        weights = {name: p for name, p in network.named_parameters() if p.requires_grad and p.ndim > 1}
        goal = loss(out) if loss else (out * torch.randn(out.shape, generator=generator).to(out)).sum()
        if not isinstance(goal, Tensor) or goal.numel() != 1:
            raise ValueError("loss gives one number, as a tensor that depends on the network's output")
        wanted = [*(call.z for call in found), *weights.values()]
        gradients = torch.autograd.grad(goal.sum(), wanted, allow_unused=True, materialize_grads=True)
    deltas, weight_gradients = gradients[: len(found)], gradients[len(found) :]
    return Signals(
        layers=tuple(call.layer for call in found),
        functions=tuple(call.function for call in found),
        z_mean=_row(call.z.double().mean() for call in found),
        z_std=_row(call.z.double().std(correction=0) for call in found),
        mean=_row(call.out.double().mean() for call in found),
        rms=_row(_rms(call.out) for call in found),
        delta=_row(_rms(delta) for delta in deltas),
        dead=_row(_dead(call.slope) for call in found),
        flat=_row((call.slope.abs() < FLAT).double().mean() for call in found),
        cosine=_row(_cosine(call.out) for call in found),
        weights=tuple(weights),
        weight_rms=_row(_rms(weight) for weight in weights.values()),
        weight_gain=_row(_rms(weight) * math.sqrt(weight[0].numel()) for weight in weights.values()),
        weight_gradient=_row(_rms(gradient) for gradient in weight_gradients),
    )


def dead_fraction(network: nn.Module, x: Tensor, **settings) -> Tensor:
    """Share of units whose slope is 0 on every example of the batch, for each activation layer: shape (layers,).

    settings: those of `signals`, which says what counts as a layer and as a unit {cite}`lu2020`.
    """
    return signals(network, x, **settings).dead


def saturation(network: nn.Module, x: Tensor, **settings) -> Tensor:
    """Share of values at which the slope is below 0.01 in magnitude, for each activation layer: shape (layers,).

    The flat side of a ReLU counts too. settings: those of `signals` {cite}`glorot2010`.
    """
    return signals(network, x, **settings).flat


def update_ratios(network: nn.Module, step: Callable[[], object]) -> dict[str, float]:
    """Call step(), which is to update the network once; return rms change over rms weight for each weight matrix.

    A matrix of zeros that changes has the ratio inf.
    """
    before = {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad and p.ndim > 1}
    step()
    after = dict(network.named_parameters())
    changes = {name: (_rms(after[name].detach() - old).item(), _rms(old).item()) for name, old in before.items()}
    return {name: change / size if size else math.inf * bool(change) for name, (change, size) in changes.items()}


@dataclass(frozen=True)
class Finding:
    """One thing that `health` objects to: what, in which layer, the number and its limit, and what to try."""

    what: str
    layer: str
    value: float
    limit: float
    advice: str

    def __str__(self) -> str:
        return f"{self.what} ({self.layer}). Try: {self.advice}"


@dataclass(frozen=True)
class Health:
    """What `health` found; its repr is a report to be read."""

    signals: Signals
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether there is nothing to object to."""
        return not self.findings

    def __repr__(self) -> str:
        s = self.signals
        lines = [
            f"{'layer':>8} {'function':12}{'std z':>9}{'rms out':>9}{'delta':>9}{'dead':>6}{'flat':>6}{'alike':>7}"
        ]
        for i in _shown(len(s.layers)):
            lines.append(
                f"{s.layers[i]:>8} {s.functions[i]:12}{s.z_std[i]:9.2g}{s.rms[i]:9.2g}{s.delta[i]:9.2g}"
                f"{s.dead[i]:6.0%}{s.flat[i]:6.0%}{s.cosine[i]:7.3f}"
            )
        verdict = "nothing to object to" if self.ok else f"{len(self.findings)} to look at"
        return "\n".join([*lines, f"verdict: {verdict}", *(f"- {finding}" for finding in self.findings)])


def health(
    network: nn.Module,
    x: Tensor,
    *,
    loss: Callable[[Tensor], Tensor] | None = None,
    updates: Mapping[str, float] | None = None,
    seed: int = 0,
    kinds: Sequence[type[nn.Module]] = (),
) -> Health:
    """Look a network over on one batch; return a report that prints itself.

    It objects to numbers that are not finite, to outputs or gradients that grow or shrink by more than a factor of
    1000 between the first and the last activation layer, to layers with more than half of their units dead or of
    their values saturated (where the function is flat on both sides), to examples that can't be told apart any more,
    and, given what `update_ratios` returned, to steps outside 1e-5 to 1e-1 of the weights. The limits are
    conventions: a network within them need not train, nor does one past them have to fail.
    Arguments and errors are those of `signals`.
    """
    s = signals(network, x, loss=loss, seed=seed, kinds=kinds)
    findings = [*_unbounded(s)] or [*_sizes(s), *_units(s)]
    if updates:
        findings += _steps(updates)
    return Health(s, tuple(findings))


def _unbounded(s):
    for what, values in {"outputs": s.rms, "gradients": s.delta}.items():
        bad = (~values.isfinite()).nonzero().flatten().tolist()
        if bad:
            where = bad[0] if what == "outputs" else bad[-1]  # gradients break from the last layer backwards
            yield Finding(
                f"{what} are not finite", f"layer {s.layers[where]}", values[where].item(), math.inf,
                "a number format with more range, or smaller weights",
            )  # fmt: skip


def _sizes(s):
    if s.delta[-1] == 0:
        yield Finding(
            "no gradient arrives", f"layer {s.layers[-1]}", 0.0, 0.0, "a loss that depends on the output, live units"
        )
        return
    for what, values in {"outputs": s.rms, "gradients": s.delta}.items():
        powers = _powers(values) if what == "gradients" else -_powers(values)
        if not abs(powers) > MOST_POWERS:  # nan: outputs that are 0 at both ends have no ratio
            continue
        way = "backward" if what == "gradients" else "forward"
        change = f"{'vanish' if powers < 0 else 'explode'} on their way {way}: 10^{powers:+.1f}"
        yield Finding(
            f"{what} {change}", f"layers {s.layers[0]} to {s.layers[-1]}", powers, MOST_POWERS, _rescale(s, what)
        )


def _rescale(s, what):
    """What to do about sizes: the gain that the weights have beside the one that theory gives."""
    general = "normalisation or skip connections"
    names = set(s.functions)
    act = _catalogued(s.functions[0]) if len(names) == 1 else None
    if act is None or len(s.weights) < 3:
        return f"weights matched to the function, {general}"
    # outputs keep their size at one gain, gradients at another, where there is one
    edge = theory.edge_of_chaos(act) if what == "gradients" else None
    has, wants = s.weight_gain[1:-1].median().item(), edge.gain if edge else theory.gain(act)
    if abs(has / wants - 1) < 0.05:
        return f"{general}; the gain of {act.name}, {wants:.3g}, is there already"
    return f"weights with the gain {wants:.3g} for {act.name} (they have {has:.2g}), {general}"


def _units(s):
    worst = int(s.dead.argmax())
    if s.dead[worst] > MOST_DEAD:
        yield Finding(
            f"{s.dead[worst]:.0%} of the units are dead on this batch", f"layer {s.layers[worst]}",
            s.dead[worst].item(), MOST_DEAD,
            "a smaller rate, biases at 0, weights scaled for the function, or a slope on the flat side",
        )  # fmt: skip
    bounded = torch.tensor([_flat_on_both_sides(name) for name in s.functions])
    saturated = s.flat * bounded
    worst = int(saturated.argmax())
    if saturated[worst] > MOST_SATURATED:
        yield Finding(
            f"{saturated[worst]:.0%} of the values are saturated", f"layer {s.layers[worst]}",
            saturated[worst].item(), MOST_SATURATED, "smaller weights, or inputs scaled to variance 1",
        )  # fmt: skip
    if s.cosine[-1] > MOST_ALIKE:
        yield Finding(
            f"all examples come out alike, mean cosine {s.cosine[-1]:.4f}", f"layer {s.layers[-1]}",
            s.cosine[-1].item(), MOST_ALIKE, "larger weights, smaller biases, normalisation, or fewer layers",
        )  # fmt: skip


def _catalogued(name):
    try:
        return activations.get(name.lower())
    except KeyError:
        return None


def _flat_on_both_sides(name):
    act = _catalogued(name)
    return act is not None and bool((act.slope(torch.tensor([-50.0, 50.0])).abs() < FLAT).all())


def _steps(updates):
    low, high = UPDATES
    fast, slow = max(updates, key=updates.get), min(updates, key=updates.get)
    what = "a step changes weights by {:.1g} of their size"
    if not updates[fast] <= high:
        yield Finding(what.format(updates[fast]), fast, updates[fast], high, "a smaller rate")
    if updates[slow] < low:
        yield Finding(what.format(updates[slow]), slow, updates[slow], low, "a larger rate, if its gradient is not 0")


@dataclass
class _Call:
    """One call of an activation layer: what went in, what came out, and the slope between them."""

    layer: str
    function: str
    z: Tensor
    out: Tensor
    slope: Tensor


def _watch(network, kinds):
    """A list that fills with a _Call for each call of an activation layer, in order."""
    calls = []

    def hooks(name, layer):
        inputs = []

        def before(_, args):
            z = args[0] if args[0].requires_grad else args[0].detach().requires_grad_()
            inputs.append(z)
            # a layer that works in place shall not change what was kept
            return (z.clone(), *args[1:])

        def after(_, args, out):
            z = inputs.pop()
            (slope,) = torch.autograd.grad(out.sum(), z, retain_graph=True)
            # a copy: the next layer may work in place on this one's output
            calls.append(_Call(name or "itself", _name(layer), z, out.detach().clone(), slope))

        layer.register_forward_pre_hook(before)
        layer.register_forward_hook(after)

    for name, layer in network.named_modules():
        if isinstance(layer, tuple(kinds)):
            hooks(name, layer)
    return calls


def _name(layer):
    return layer.activation.name if isinstance(layer, activations.Elementwise) else type(layer).__name__


def _row(values):
    found = [value.detach().double().reshape(()) for value in values]
    return torch.stack(found).cpu() if found else torch.zeros(0, dtype=torch.float64)


def _rms(values):
    values = values.double()
    largest = values.abs().max()
    # the square of a gradient of 1e-200 is 0
    return values.div(largest).square().mean().sqrt() * largest if 0 < largest < math.inf else largest


def _dead(slope):
    units = slope.movedim(1, -1) if slope.ndim in (4, 5) else slope
    return (units.reshape(-1, units.shape[-1]) == 0).all(0).double().mean()


def _cosine(out):
    rows = out.double().flatten(1) if out.ndim > 1 else out.double()[:, None]
    n = len(rows)
    if n < 2:
        return torch.tensor(math.nan)
    rows = nn.functional.normalize(rows / rows.abs().max().clamp(min=1e-300), dim=1, eps=1e-300)
    return (rows.sum(0).square().sum() - rows.square().sum()) / (n * (n - 1))


def _powers(values):
    """Powers of ten from the last entry to the first: -inf where only the first is 0, nan where both are."""
    return (values[0].log10() - values[-1].log10()).item()


def _shown(n, most=12):
    return range(n) if n <= most else sorted({round(i * (n - 1) / (most - 1)) for i in range(most)})
