"""What is written down of a pass: in which module a call is, what goes in and what comes out.

Layers of known classes and calls of the catalog's entries are measured here, as one function each, whatever they do
inside; what else there is, `_watch` finds operation by operation.
"""

import itertools
import math
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.weak import WeakIdKeyDictionary

from . import _axes, _names
from ._chains import Chain, is_floats
from ._keep import generators_kept
from ._measure import Attention, Call, slope_of

__all__ = ["Hook", "Recorder", "Trace", "of_base"]

RECURRENT = (nn.RNNBase, nn.RNNCellBase)
GATES = {"L": ("input", "forget", "cell", "output", "hidden"), "G": ("reset", "update", "new")}  # LSTM, GRU


@dataclass
class Trace:
    """What is known of a tensor that depends on the input."""

    units: tuple[int, ...] | None = None
    units_from: str = "guessed"
    by: Call | Attention | tuple[Call, ...] | None = None  # whose output it is; several, where they lie side by side
    reduced: bool = False  # a mean, a sum or what was made of one
    chain: int | None = None
    node: int = 0
    pieces: int | None = None  # the dimension along which several tensors were stacked
    chosen: bool = False  # whether it came by comparing signals: a mask, or places


class Hook:
    """Calls what it was made with; in a copy of its module, or in a stored one, it does nothing."""

    def __init__(self, work: Callable | None = None):
        self.work = work

    def __call__(self, *given):
        if self.work is not None:
            self.work(*given)

    def __deepcopy__(self, memo):
        return Hook()

    def __reduce__(self):
        return Hook, ()


class Recorder:
    """What was seen of the network's activations: `calls`, in the order of the pass.

    attentions: its softmaxes. unseen: nonlinear operations that can't be measured, by name, with their number.
    passed: those that serve a normalisation, and products of two signals. measured: how many operations were.
    phase: "first" in the pass forward; "again" in the pass backward, where checkpointing repeats calls that were made
    without gradients; else "over".
    """

    def __init__(self, network: nn.Module, kinds, *, flat: float, axis, keep, slopes_alone=False, asks=True):
        super().__init__()
        self.slopes_alone = slopes_alone  # whether only dead units and flat values are counted
        self.gradients = not slopes_alone
        self.asks = asks  # whether inputs and frozen weights ask for gradients
        self.calls: dict[tuple, Call] = {}
        self.attentions: dict[tuple, Attention] = {}
        self.unseen, self.passed, self.measured = Counter(), Counter(), 0
        self.names = {id(module): name or "itself" for name, module in network.named_modules()}
        self.kinds, self.flat, self.axis, self.kept_values = tuple(kinds), flat, axis, tuple(keep)
        self.entries: dict[tuple, object] = {}
        self.thread, self.owner = ThreadPoolExecutor(1), threading.get_ident()
        self.phase = "over"
        self.start()

    def start(self):
        """Forget the tensors of the last batch."""
        self.traces = WeakIdKeyDictionary()  # of the tensors that depend on the input
        self.open: dict[int, Chain] = {}
        self.numbers = itertools.count()
        self.stack, self.counts, self.steps = [], Counter(), {}
        self.inside, self.busy = None, False  # the layer that is measured as a whole; whether it is we who compute

    # --- where a call is

    def before(self, module, args):
        """A hook before each module's forward."""
        if self.phase == "over" or (self.busy and self.inside) or self.inner():
            return
        self.stack.append((self.names.get(id(module)) or self.place()[0], module))
        if isinstance(module, nn.RNNBase) and args:
            sizes = getattr(args[0], "batch_sizes", None)  # of a packed sequence
            by_step = module.batch_first and args[0].ndim == 3 if sizes is None else None
            self.steps[id(module)] = len(sizes) if sizes is not None else args[0].shape[int(by_step)]
        whole = isinstance(module, self.kinds) or getattr(module, "one_function", False) is True
        if whole and args and is_floats(args[0]):
            self.busy = True
            call = self.begin_layer(module, args[0])
            self.inside = (module, call)

    def after(self, module, args, out):
        """A hook after it, also when it raised."""
        if self.inside and self.inside[0] is module:
            call = self.inside[1]
            if isinstance(out, Tensor):
                self.end(call, out)
            self.inside, self.busy = None, False
        if self.stack and self.stack[-1][1] is module:
            self.stack.pop()

    def called(self, act, z, apply):
        """What a call of a catalog's entry is handed to."""
        elsewhere = threading.get_ident() != self.owner  # it is a slope that is computed
        if elsewhere or self.busy or self.phase == "over" or self.inner() or not is_floats(z):
            return apply(z)
        self.busy = True
        try:
            self.read(z, "catalog")
            call = self.begin(z, apply, act.name, act)
            out = apply(z)
            self.end(call, out)
        finally:
            self.busy = False
        return out

    def inner(self):
        """Whether a pass backward runs, which the network's code or `own_slope` began in the pass forward."""
        backward = torch._C._current_graph_task_id() != -1 or threading.get_ident() != self.owner
        return self.phase == "first" and backward

    def place(self):
        """The name of the innermost module, and the module."""
        return self.stack[-1] if self.stack else ("itself", None)

    # --- what is measured of it

    def begin_layer(self, module, z):
        own = getattr(module, "activation", None)
        act = own if hasattr(own, "slope_function") else None
        name = act.name if act else type(module).__name__
        self.read(z, "layer")

        def forward(root):
            return module.forward(root.clone())  # it may work in place

        if act is None and not self.slopes_alone:
            settings = [float(v) for v in vars(module).values() if isinstance(v, int | float)]
            settings += [p.item() for p in module.parameters() if p.numel() == 1]
            with generators_kept([module], z.device):
                act = self.entry((type(module), *settings), forward, settings, name)
        with generators_kept([module], z.device):  # the slope is that of the numbers which the layer will draw
            halves = of_base(z) if getattr(module, "inplace", False) else None
            return self.begin(
                z, forward, name, act, relu=isinstance(module, nn.ReLU) or name == "relu", halves=halves
            )

    def begin(self, z, function, name, act, *, place=None, relu=False, halves=None, slope=None) -> Call | None:
        """Measure what goes into a function; halves: from a gradient at another tensor to the one at z.

        slope: at each number of z, where it is known already.
        """
        layer = (place or self.place())[0]
        if self.phase == "again":
            return self.recomputed(z, layer, halves)
        relu = relu and slope is None and "slope" not in self.kept_values
        if slope is None and not relu:
            try:
                slope = slope_of(function, z, self.thread)
            except RuntimeError:
                self.unseen[f"{name}, of which torch has no slope"] += 1
                return None
        gate = self.gate(place)
        layer = f"{layer}.{gate}" if gate else layer
        number = 0 if gate else self.counts[layer, name]
        self.counts[layer, name] += 1
        trace, found = self.traces.get(z), self.calls.get((layer, name, number))
        if found is None:
            given = self.axis.get(layer) if hasattr(self.axis, "get") else self.axis
            units, source = _axes.guess(z.ndim), "guessed"
            if trace and trace.units:
                units, source = trace.units, trace.units_from
            if given is not None:
                units, source = tuple(d % z.ndim for d in ([given] if isinstance(given, int) else given)), "given"
            found = Call(layer, name, act, units, source, self.flat, kept={what: [] for what in self.kept_values})
            self.calls[layer, name, number] = found
        self.measured += 1
        with torch.no_grad():
            found.shape = tuple(z.shape)
            if not self.slopes_alone:
                found.z.add(z)
                found.histogram.add(z, found.z.mean, found.z.std)
                found.keep("z", z)
            if relu:
                alive = z > 0
                found.add_alive(alive, alive.numel() - int(alive.sum()))
            else:
                found.add_slope(slope)
        if not self.gradients:
            return found
        source, part = halves or (z, lambda gradient: gradient)
        if source.requires_grad:
            found.listen(source, part)
        else:
            found.waiting.append(_sum(z))
        return found

    def recomputed(self, z, layer, halves=None):
        """A pass that was made without gradients is made again: its numbers are known, its gradients are not."""
        source, part = halves or (z, lambda gradient: gradient)
        if not is_floats(z) or not source.requires_grad:
            return
        total = _sum(z)
        for call in self.calls.values():
            if call.waiting and (call.layer == layer or call.layer.startswith(f"{layer}.")):
                near = [one for one in call.waiting if math.isclose(one, total, rel_tol=1e-6, abs_tol=1e-12)]
                if near:
                    call.waiting.remove(near[0])
                    call.listen(source, part)
                    break

    def end(self, call, out, known=False):
        """Measure what came out, and say whose it is, unless that is known."""
        if not known:
            guessed = call is None or call.units_from == "guessed"
            self.traces[out] = Trace(by=call) if guessed else Trace(call.units, call.units_from, call)
        if call is not None and not self.slopes_alone:
            with torch.no_grad():
                call.add_out(out)

    def gate(self, place):
        """In a recurrent layer the name of the gate, else "": steps are one call, as if they were more examples."""
        path, module = place or self.place()
        if not isinstance(module, RECURRENT):
            return ""
        names = GATES.get(getattr(module, "mode", type(module).__name__)[0], ("hidden",))
        i = self.counts[path, "gates"]
        self.counts[path, "gates"] += 1
        steps = self.steps.get(id(module), 0)
        depth, directions = getattr(module, "num_layers", 1), 1 + getattr(module, "bidirectional", False)
        if not steps or depth * directions == 1:
            return names[i % len(names)]
        layer, back = divmod(i // (len(names) * steps), directions)
        return f"l{layer}{'r' * back}.{names[i % len(names)]}"

    def entry(self, key, function, numbers, name=""):
        """Its entry in the catalog: looked for once."""
        if key not in self.entries:
            self.entries[key] = self.thread.submit(_names.entry_of, function, numbers, name).result()
        return self.entries[key]


def of_base(z: Tensor):
    """Where the gradient at z comes by if z is changed in place: at the tensor that it is a view of, if it is one.

    That tensor, and from its gradient to the one at z; None for what is no view. Autograd hands a changed view's
    gradient on by its base, and never calls a hook on the view.
    """
    base = z._base
    if base is None or not base.requires_grad:
        return None
    size, stride, offset = z.size(), z.stride(), z.storage_offset()
    whole, steps, start = base.size(), base.stride(), base.storage_offset()

    def part(gradient):
        laid = torch.empty_strided(whole, steps, dtype=gradient.dtype, device=gradient.device).copy_(gradient)
        return laid.as_strided(size, stride, offset - start)

    return base, part


def _sum(z):
    return z.detach().double().sum().item()
