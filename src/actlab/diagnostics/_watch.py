"""How calls are seen: a mode that every operation of torch passes, below autograd and above the arithmetic.

An operation that is pointwise in one tensor lengthens a chain (`_chains`); when something else reads what came out,
the chain is one function or several, and each is measured.
"""

import contextlib

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from . import _axes, _names, _ops
from ._chains import Chain, is_floats, is_packed, version
from ._measure import Attention, Call
from ._recorder import Recorder, Trace, of_base

__all__ = ["Watch"]

WRITTEN_OUT = "softmax or logsumexp written out"
MIXES = ("bmm", "mm", "baddbmm", "addmm", "matmul")  # what attention's shares go into


class Watch(Recorder, TorchDispatchMode):
    """A `Recorder` that sees every operation while it is entered."""

    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # else torch loads its compiler to leave this out: three seconds and 76 MB

    def __init__(self, network, kinds, **settings):
        super().__init__(network, kinds, **settings)
        self.parameters = {p.untyped_storage().data_ptr(): p for p in network.parameters() if p.numel()}
        self.changed: dict[int, tuple[Tensor, Tensor]] = {}  # parameters that the pass itself writes to, as they were

    def given(self, tensors):
        """Mark what the network is given: what depends on none of it is no signal."""
        for tensor in tensors:
            self.traces[tensor] = Trace()

    def finish(self, outputs):
        """Close what nothing has read: the network's own outputs, and side branches."""
        if outputs and not any(out in self.traces for out in outputs):
            self.unseen["part behind values that left torch"] += 1  # to numpy, say: nobody knows that it is they
        for out in outputs:
            made = self.read(out, "output")
            for call in made if isinstance(made, tuple) else (made,):
                if isinstance(call, Call):
                    call.at_output = True
        for chain in list(self.open.values()):
            for end in chain.unread():
                self.emit(chain, end, "output")
        self.open.clear()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        self.protect(operation, args)
        if self.busy or self.phase == "over":
            return operation(*args, **kwargs)
        tensors = [a for a in tree_leaves((args, kwargs)) if isinstance(a, Tensor)]
        known = [t for t in tensors if t in self.traces]
        if not known:
            return operation(*args, **kwargs)
        if not isinstance(operation, torch._ops.OpOverload) or operation.namespace not in ("aten", "prims"):
            return self.foreign(operation, args, kwargs, known)
        base, in_place = _ops.base_name(operation)
        if base in _ops.CREATED:
            return operation(*args, **kwargs)
        if any(map(is_packed, tensors)):
            return self.packed(operation, base, args, kwargs, known)
        if self.inner():
            return self.derivative(operation, base, args, kwargs, known)
        if base in _ops.PASSED:
            out = operation(*args, **kwargs)
            if args[0] in self.traces:
                self.traces[out] = self.traces[args[0]]
            return out
        if base in _ops.BY_MASK and self.masked(base, args):
            values, adds = args[2], len(args) > 3 and args[3]
            several = base == "masked_scatter" or values in self.traces or values.numel() > 1
            if several or adds or args[0] not in self.traces:
                return self.other(operation, base, in_place, args, kwargs, known, unseen=f"{base} by its own signs")
            # y[y < 0] = 0: torch has a pointwise name for it
            operation = torch.ops.aten.masked_fill_.Tensor if in_place else torch.ops.aten.masked_fill.Tensor
            base, args = "masked_fill", (args[0], args[1][0], values.reshape(()))
        if "out" in kwargs and _ops.is_pointwise(operation, base):
            return self.into(operation, base, args, kwargs, known)
        if _ops.is_pointwise(operation, base) and not (in_place and args[0] not in self.traces):
            return self.pointwise(operation, base, in_place, args, kwargs, known)
        return self.other(operation, base, in_place, args, kwargs, known)

    def protect(self, operation, args):
        """Keep a copy of a parameter before the pass writes to it."""
        schema = getattr(operation, "_schema", None)
        if schema is None or not schema.is_mutable:
            return
        for argument, value in zip(schema.arguments, args, strict=False):
            written = argument.alias_info is not None and argument.alias_info.is_write and isinstance(value, Tensor)
            if written and value.layout == torch.strided and value.numel():
                owner = self.parameters.get(value.untyped_storage().data_ptr())
                if owner is not None and id(owner) not in self.changed:
                    self.changed[id(owner)] = (owner, owner.detach().clone())

    # --- operations

    def foreign(self, operation, args, kwargs, known):
        """An operation that is not torch's own: a kernel, or one that takes functions."""
        for t in known:
            self.read(t, "foreign")
        if self.phase == "first" and any(map(self.varies, known)):
            self.unseen[str(operation)] += 1
        out = operation(*args, **kwargs)
        self.follow("foreign", args, known, out)
        return out

    def packed(self, operation, base, args, kwargs, known):
        """An operation on nested or sparse tensors: of these nothing is measured, and functions are said."""
        for t in known:
            self.read(t, "packed")
        function = base in _ops.SOFTMAXES or (_ops.is_pointwise(operation, base) and base not in _ops.LINEAR)
        if self.phase == "first" and function and base not in _ops.COMPARISONS:
            self.unseen[f"{base} of nested or sparse tensors"] += 1
        out = operation(*args, **kwargs)
        for o in tree_leaves(out):
            if isinstance(o, Tensor):
                self.traces[o] = Trace()
        return out

    def derivative(self, operation, base, args, kwargs, known):
        """What the network's own code differentiates on the way: no activation, but a signal all the same."""
        for t in known:
            self.read(t, "derivative")
        if base.endswith("_backward"):
            self.passed["derivative"] += 1
        out = operation(*args, **kwargs)
        self.follow(base, args, known, out)
        return out

    def into(self, operation, base, args, kwargs, known):
        """What is written into a tensor that was there before can't be measured: torch has no gradient of it."""
        for t in known:
            self.read(t, "out")
        if self.phase == "first" and any(map(self.varies, known)) and base not in (_ops.LINEAR | _ops.COMPARISONS):
            self.unseen[f"{base} with out="] += 1
        out = operation(*args, **kwargs)
        self.follow(base, args, known, out)
        return out

    def masked(self, base, args):
        """Whether an operation writes number by number, by a mask that was made of the signal."""
        mask = args[1] if base == "masked_scatter" else args[1][0] if len(args[1]) == 1 else None
        return (
            isinstance(mask, Tensor)
            and mask.dtype == torch.bool
            and mask.shape == args[0].shape
            and mask in self.traces
        )

    def maxout(self, base, args):
        """Whether an operation takes the largest of several signals, or of groups of units: not of places."""
        if base not in _ops.LARGEST or len(args) < 2 or (len(args) > 2 and args[2]):
            return False
        trace = self.traces[args[0]]
        over = {d % args[0].ndim for d in ([args[1]] if isinstance(args[1], int) else args[1])}
        units = set(trace.units or ())
        return trace.pieces in over or bool(over & units and units - over)

    def other(self, operation, base, in_place, args, kwargs, known, unseen=""):
        """What is not pointwise completes the chains that it reads. unseen: what it is, if it is a function."""
        why = "reduction" if base in _ops.REDUCTIONS else base
        gates = {id(t): self.read(t, why) for t in known}
        if in_place:
            self.complete(args[0])
        if base in MIXES:
            for maker in gates.values():
                if isinstance(maker, Attention):
                    maker.mixes = True
        varying = [t for t in known if self.varies(t)]
        first = varying and self.phase == "first"
        if first and base in _ops.ORDERS and base not in _ops.REDUCTIONS:
            self.passed["choice by size"] += 1
        call = None
        if base == "glu" and varying:
            dim = args[1] if len(args) > 1 else -1
            value, gate = args[0].chunk(2, dim)
            self.traces[gate] = Trace(self.traces[args[0]].units, self.traces[args[0]].units_from)
            call = self.begin(gate, torch.sigmoid, "glu", self.entry(("glu",), torch.sigmoid, ()),
                              halves=(args[0], lambda gradient: gradient.chunk(2, dim)[1]))  # fmt: skip
            if call:
                call.value.add(value)
        if first and (unseen or base in _ops.FUSED or self.maxout(base, args)):
            self.unseen[unseen or (base if base in _ops.FUSED else f"maxout ({base})")] += 1
        shapes = [t.shape for t in known]  # `squeeze_` changes one
        out = operation(*args, **kwargs)
        self.follow(base, args, known, out, shapes)
        if base in _ops.SOFTMAXES and first:
            self.traces[out].by = self.attention(base, args, out)
        if call:
            self.end(call, out)
        elif base not in _ops.UNITS_AT and base not in _ops.REDUCTIONS and base not in _ops.SOFTMAXES:
            # what is only moved is still what that activation made
            moved = gates.get(id(args[0])) if args and isinstance(args[0], Tensor) else None
            if base in ("cat", "stack"):
                moved = tuple(call for call in gates.values() if isinstance(call, Call))
            for o in tree_leaves(out):
                if isinstance(o, Tensor) and o in self.traces:
                    self.traces[o].by = moved
        return out

    def pointwise(self, operation, base, in_place, args, kwargs, known):
        """Lengthen a chain, or join two signals."""
        data = [t for t in known if self.varies(t)]
        roots = {self.traces[t].chain if self.traces[t].chain in self.open else -1 - id(t) for t in data}
        if len(roots) != 1:
            return self.join(operation, base, in_place, args, kwargs, known, data)
        trace = self.traces[data[0]]
        number, chain = trace.chain, self.open.get(trace.chain)
        if chain is None:
            number, chain = next(self.numbers), Chain(data[0])
            self.open[number], trace.chain, trace.node = chain, number, 0
        masks = base in _ops.PRODUCTS and any(self.traces[t].chosen for t in known if not self.varies(t))
        if masks and self.phase == "first":
            self.unseen[f"{base} by its own signs"] += 1
        nodes = {id(t): self.traces[t].node for t in data}
        at = chain.add(operation, base, args, kwargs, nodes, args[0] if in_place else None, self.place())
        linear = chain.nodes[at].linear
        if self.phase == "again" and not linear:
            for z in {id(t): t for t in (chain.root, *data)}.values():
                self.recomputed(z, self.place()[0], of_base(z) if in_place and z is args[0] else None)
        if in_place:
            if args[0] is not chain.root or not linear:
                call = self.emit(chain, at, base, pending=not linear)
            else:
                call = trace.by
            self.complete(args[0], but=at)
            self.open.pop(number, None)
            out = operation(*args, **kwargs)
            self.traces[out] = Trace(trace.units, trace.units_from, call, trace.reduced)
            if not linear and call:
                self.end(call, out)
            return out
        out = operation(*args, **kwargs)
        first = out[0] if isinstance(out, tuple | list) else out
        chain.nodes[at].tensor = first
        by = trace.by if linear else None
        compares = base in _ops.COMPARISONS or any(self.traces[t].chosen for t in known)
        self.traces[first] = Trace(trace.units, trace.units_from, by, trace.reduced, number, at, chosen=compares)
        return out

    def join(self, operation, base, in_place, args, kwargs, known, data):
        """A pointwise operation of several signals, or of none: gates and sums, and what can't be looked into."""
        makers = [(t, self.read(t, base)) for t in known]
        if in_place:
            self.complete(args[0])
        varying = {id(t) for t in data}
        makers = [(t, call) for t, call in makers if id(t) in varying]
        if self.phase == "first" and len(makers) > 1 and base not in _ops.COMPARISONS:
            self.joined(base, args, {id(t): call for t, call in makers})
        out = operation(*args, **kwargs)
        self.follow(base, args, known, out)
        return out

    def joined(self, base, args, makers):
        """Say what an operation of several signals is; makers: by whom each was made, by its id."""
        makers = {key: None if isinstance(call, tuple) else call for key, call in makers.items()}
        operands = [a for a in args if id(a) in makers]
        reduced = any(self.traces[t].reduced for t in operands)
        factors = [args[i] for i in _ops.FACTORS.get(base, ()) if i < len(args) and id(args[i]) in makers]
        if base == "mul" or (base == "addcmul" and len(factors) == 2):
            pair = operands if base == "mul" else factors
            for gate, value in zip(pair, pair[::-1], strict=True):
                if isinstance(makers[id(gate)], Call):
                    makers[id(gate)].value.add(value)
            if not any(makers[id(t)] for t in pair):
                self.passed["normalisation" if reduced else "product of two signals"] += 1
        elif base == "lerp" and factors and isinstance(makers[id(factors[0])], Call):  # a gate between the two
            makers[id(factors[0])].value.add(args[1] - args[0])
        elif base in ("div", "addcdiv") and factors and reduced:
            self.passed["normalisation"] += 1
        elif base not in _ops.LINEAR or (factors and base != "addcmul"):
            self.unseen[f"{base} of several signals"] += 1

    # --- chains

    def varies(self, t):
        """Whether a tensor carries a signal, and is no mask or other constant."""
        if self.traces[t].chain in self.open:
            return True
        return is_floats(t) and (t.requires_grad or not self.asks or not torch.is_grad_enabled())

    def read(self, t, why):
        """Something outside of the chain reads t: what was made up to here is a function. The call that made t."""
        trace = self.traces.get(t)
        if trace is None:
            return None
        chain = self.open.get(trace.chain)
        if chain is not None and trace.node:
            trace.by = self.emit(chain, trace.node, why) or trace.by
            if not chain.unread():
                del self.open[trace.chain]
        return trace.by

    def complete(self, t, but=None):
        """t is about to be changed: measure what was made of it, while it is there."""
        for number, chain in list(self.open.items()):
            if chain.root is t or any(node.tensor is t for node in chain.nodes[1:]):
                for end in chain.unread():
                    if end != but:
                        self.emit(chain, end, "in place")
                self.open.pop(number)

    def emit(self, chain, at, why, pending=False):
        """Measure the functions on the way to a node; pending: the last of them has not been carried out yet."""
        made, functions = None, chain.functions(at) if self.phase == "first" else []
        for number, (_, end) in enumerate(functions):
            if end not in chain.emitted:
                readings = chain.readings(functions, number, at)
                chain.emitted[end] = self.measure(chain, readings, why, pending and end == at)
            made = chain.emitted[end]
        chain.emitted[at] = made
        return made

    def measure(self, chain, readings, why, pending):
        """Measure a function, as the catalog has it if it does in one of its readings."""
        start, end = readings[0]
        z, nodes = chain.tensor(start), [chain.nodes[i] for i in chain.part(start, end)]
        curved = [node for node in nodes if not node.linear and node.base not in _ops.COMPARISONS] or nodes
        bases = [node.base for node in curved]
        if not is_floats(z) or not nodes[-1].tensor.is_floating_point():  # a comparison
            return None
        if not _ops.ACTIVATIONS & set(bases):
            sizes = why == "reduction" and set(bases) <= _ops.MERGED
            if sizes or self.traces[chain.root].reduced:
                if "exp" in bases:
                    self.unseen[WRITTEN_OUT] += 1
                else:
                    self.passed["normalisation"] += 1
                return None
        stale = version(chain.root) != chain.version
        if stale or (not pending and nodes[-1].tensor.shape != z.shape):
            name = _names.function_name(bases, None)
            self.unseen[f"{name}, {'its input was changed' if stale else 'which changes the shape'}"] += 1
            return None
        known = len(bases) == 1 and bases[0] in _ops.ACTIVATIONS
        for start, end in readings[:1] if pending or known else readings:
            function, nodes = chain.function(start, end), [chain.nodes[i] for i in chain.part(start, end)]
            numbers = [n for node in nodes for n in node.numbers]
            act = self.entry(
                tuple(node.key for node in nodes), function, numbers, bases[0] if len(bases) == 1 else ""
            )
            if act:
                break
        else:
            start, end = readings[0]
            function = chain.function(start, end)
        name, only_relu = _names.function_name(bases, act), bases == ["relu"] and len(nodes) == 1
        z = chain.tensor(start)
        halves = of_base(z) if pending else None
        slope = None if pending else self.own_slope(z, nodes[-1].tensor)
        call = self.begin(z, function, name, act, place=curved[0].place, relu=only_relu, halves=halves, slope=slope)
        if not pending:
            self.end(call, chain.tensor(end), known=True)
        return call

    def own_slope(self, z, out):
        """The slope by the code that is to send the gradient back, where that is not torch's; else None."""
        of = out.grad_fn
        if not isinstance(of, torch.autograd.function.BackwardCFunction):
            return None
        fed = [before for before, _ in of.next_functions if before is not None]
        if len(fed) != 1 or not (fed[0] is z.grad_fn or getattr(fed[0], "variable", None) is z):
            return None  # it is that of more than this function, as checkpointing's is
        with contextlib.suppress(Exception):  # it may want what only a pass backward has
            found = self.thread.submit(of.apply, torch.ones_like(out.detach())).result()
            slopes = [g for g in tree_leaves(found) if isinstance(g, Tensor) and g.shape == z.shape]
            return slopes[0].detach() if len(slopes) == 1 else None

    # --- what is not pointwise

    def attention(self, base, args, out):
        """Count in a softmax."""
        layer = self.place()[0]
        number = self.counts[layer, base]
        self.counts[layer, base] += 1
        dim = args[1] if len(args) > 1 and isinstance(args[1], int) else -1
        found = self.attentions.setdefault((layer, base, number), Attention(layer, args[0].shape[dim]))
        found.add(args[0], out.exp() if base == "_log_softmax" else out, dim)
        self.measured += 1
        return found

    def follow(self, base, args, known, out, shapes=None):
        """Say of what came out where its units lie; shapes: those that known had before."""
        i = next((i for i, t in enumerate(known) if self.traces[t].units is not None), 0)
        trace, shape = self.traces[known[i]], shapes[i] if shapes else known[i].shape
        compares = base in _ops.COMPARISONS or base in _ops.ORDERS
        chosen = any(self.traces[t].chosen or (compares and self.varies(t)) for t in known)
        for o in tree_leaves(out):
            if not isinstance(o, Tensor):
                continue
            if base in _ops.UNITS_AT and o.ndim:
                self.traces[o] = Trace((_ops.UNITS_AT[base] % o.ndim,), base)
                continue
            units = _axes.moved(base, args, shape, trace.units, o.shape) if trace.units else None
            reduced = base in _ops.REDUCTIONS or trace.reduced
            pieces = _axes.pieces(base, args)
            origin = trace.units_from if units else "guessed"
            self.traces[o] = Trace(units, origin, None, reduced, pieces=pieces, chosen=chosen)
