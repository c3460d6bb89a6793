"""One pass forward and one back through the network itself, with what people have for a batch and for an output."""

import contextlib
import dataclasses
import itertools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves, tree_map

from .._floats import require_float
from ..activations import watched
from ._keep import generators_kept, network_kept
from ._measure import Moments
from ._recorder import Hook
from ._watch import Watch

__all__ = ["Pass", "looked_at", "passes", "tensors"]


looked_at: set[int] = set()  # the networks, by id, through which `passes` sends batches now


@dataclass
class Pass:
    """What passes over one batch or several have shown: `watch` the activations, the rest weights and inputs."""

    watch: Watch
    weights: dict[str, Tensor]  # trained matrices
    gradients: dict[str, Moments] = field(default_factory=dict)
    zeros: tuple[str, ...] = ()  # parameters other than biases that are 0 throughout
    spoiled: int = 0  # numbers in the batches that are not finite
    batches: int = 0
    differentiable: bool = True  # whether the output depends on the network by way of gradients


def passes(network, x, *, loss, seed, kinds, call, axis, keep, decompose, flat, slopes_alone=False) -> Pass:
    """Send x through the network and a gradient back, batch by batch; the arguments are those of `signals`.

    slopes_alone: count dead units and flat values, and send no gradient back.
    """
    for p in [*network.parameters(), *network.buffers()]:
        if nn.parameter.is_lazy(p):
            raise ValueError("the network has layers without weights yet; call it once on a batch, and ask again")
        if p.is_inference():
            raise ValueError("the network was made in inference mode: its weights can have no gradient")
    batches = _batches(x)
    first = list(itertools.islice(batches, 1))
    if not first:
        raise ValueError("there is no batch to look at")
    for asks in (True, False):
        watch = Watch(network, kinds, flat=flat, axis=axis, keep=keep, slopes_alone=slopes_alone, asks=asks)
        weights = {name: p for name, p in network.named_parameters() if p.requires_grad and p.ndim > 1}
        seen = Pass(watch, weights, {name: Moments() for name in weights})
        seen.zeros = tuple(
            name
            for name, p in network.named_parameters()
            if not name.endswith("bias") and p.numel() and not p.detach().count_nonzero()
        )
        try:
            _over(network, itertools.chain(first, batches), seen, loss, seed, call, decompose)
        except _Refused:
            continue
        return seen


class _Refused(Exception):
    """The first pass forward failed on an input that asks for a gradient: it may do without."""


def _over(network, batches, seen, loss, seed, call, decompose):
    watch = seen.watch
    devices = {t.device for t in [*network.parameters(), *network.buffers()]}
    try:
        with (
            _calm(network, decompose),
            network_kept(network, all_ask=watch.asks),
            generators_kept(network.modules(), *devices, seed=seed),
        ):
            hooks = []
            for module in network.modules():
                if not isinstance(module, torch.jit.ScriptModule):  # which takes none
                    hooks.append(module.register_forward_pre_hook(Hook(watch.before)))
                    hooks.append(module.register_forward_hook(Hook(watch.after), always_call=True))
            looked_at.add(id(network))
            try:
                for batch in batches:
                    _one(network, batch, seen, loss=loss, seed=seed, call=call)
            finally:
                looked_at.discard(id(network))
                for hook in hooks:
                    hook.remove()
                _written_back(watch)
    finally:
        watch.phase = "over"
        watch.start()
        watch.thread.shutdown()


@contextlib.contextmanager
def _calm(network, decompose):
    """Gradients, no compiling, and, with decompose, arithmetic in steps that can be seen."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        # nothing is compiled before dynamo is there, which takes seconds to load; stances came with torch 2.6
        if "torch._dynamo" in sys.modules and hasattr(torch.compiler, "set_stance"):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        if decompose:
            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            if any(isinstance(m, nn.RNNBase | nn.RNNCellBase) for m in network.modules()):
                stack.enter_context(_plain_kernels())
        yield


@contextlib.contextmanager
def _plain_kernels():
    """Recurrent layers by single operations, and not by one kernel for all steps."""
    libraries = (torch.backends.mkldnn, torch.backends.cudnn)
    before = [library.enabled for library in libraries]
    # torch's own test programs freeze such flags; each library's `flags` would set others beside this one
    with torch.backends.__allow_nonbracketed_mutation():
        try:
            for library in libraries:
                library.enabled = False
            yield
        finally:
            for library, enabled in zip(libraries, before, strict=True):
                library.enabled = enabled


def _one(network, batch, seen, *, loss, seed, call):
    watch = seen.watch
    inputs, targets = _inputs(batch, network, call)
    given = [t for t in tensors(inputs) if t.numel()]
    if not given:
        raise ValueError("the batch is empty" if tensors(inputs) else _no_batch(batch))
    for t in given:
        if t.is_floating_point():
            require_float(t, "the network")
    seen.batches += 1
    seen.spoiled += sum(int((~t.isfinite()).sum()) for t in given if t.is_floating_point())
    leaves = {}

    def own(value):
        if not isinstance(value, Tensor):
            return value
        value = value.detach().clone() if value.is_inference() else value.detach()
        if not value.is_floating_point() or not watch.asks:
            return value.clone()
        leaves[id(value)] = value.requires_grad_()
        return value.clone()  # that the network may change in place

    inputs = tree_map(own, inputs)
    watch.start()
    watch.given(tensors(inputs))
    watch.phase = "first"
    try:
        with watch, watched(watch.called):
            out = _called(network, inputs, call)
    except Exception as error:
        # it sets requires_grad of what it was given, say, or turns it into an array
        if watch.asks and seen.batches == 1:
            raise _Refused from error
        raise
    watch.phase = "first"
    watch.finish(tensors(out))
    if not watch.calls and not watch.attentions and not watch.unseen:
        raise ValueError("the network called no activation: no pointwise nonlinear operation depends on its input")
    if watch.slopes_alone:
        watch.start()
        return
    goal = _goal(out, loss, targets, seed)
    if goal is None or not goal.requires_grad:
        seen.differentiable = False
        return
    wanted = [*leaves.values(), *seen.weights.values()]
    if any(c.waiting and not c.gradient for c in watch.calls.values()) or _checkpointed(goal):
        gradients = _again(goal, wanted, watch, network)
    else:
        watch.phase = "over"
        gradients = torch.autograd.grad(goal.sum(), wanted, allow_unused=True)
    for (name, weight), gradient in zip(seen.weights.items(), gradients[len(leaves) :], strict=True):
        seen.gradients[name].add(torch.zeros_like(weight) if gradient is None else gradient)
    watch.start()  # the graph goes


def _called(network, inputs, call):
    if call is not None:
        return call(network, inputs)
    if isinstance(inputs, Mapping):
        return network(**inputs)
    several = isinstance(inputs, tuple) and not hasattr(inputs, "_fields")  # a packed sequence is one
    return network(*inputs) if several else network(inputs)


def _no_batch(batch):
    kind = type(batch).__name__
    what = f"a {kind}" if batch is None or isinstance(batch, str | int | float) or len(batch) else f"an empty {kind}"
    return f"there are no tensors in {what}: a batch is a tensor, or tensors in a tuple, a mapping or a list"


def _checkpointed(goal):
    """Whether reentrant checkpointing lies on the way back, whose calls are made again."""
    seen, left = set(), [goal.grad_fn]
    while left:
        function = left.pop()
        if function is None or function in seen:
            continue
        if function.name() == "CheckpointFunctionBackward":
            return True
        seen.add(function)
        left += [before for before, _ in function.next_functions]
    return False


def _again(goal, wanted, watch, network):
    """The pass back where checkpointing makes calls again: torch allows it by backward() alone."""
    for p in network.parameters():
        p.grad = None
    watch.phase = "again"
    watch.stack.clear()
    with watch, watched(watch.called):
        goal.sum().backward()
    watch.phase = "over"
    found = [w.grad for w in wanted]
    for p in network.parameters():
        p.grad = None
    return found


def _written_back(watch):
    with torch.no_grad():
        for parameter, old in watch.changed.values():
            parameter.copy_(old)
    watch.changed.clear()


def _batches(x) -> Iterator:
    if isinstance(x, torch.utils.data.DataLoader | Iterator):
        yield from x
    elif isinstance(x, torch.utils.data.Dataset):
        raise ValueError(f"a {type(x).__name__} is no batch: give a DataLoader of it")
    else:
        yield x


def _inputs(batch, network, call):
    """What the network is called with, and the targets: a list is what a DataLoader gives, the input and they."""
    kind = next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.get_default_dtype())

    def tensor(value):
        if not isinstance(value, np.ndarray | np.generic):
            return value
        value = torch.as_tensor(value)
        return value.to(kind) if value.is_floating_point() else value

    # a dict that a tokenizer returns is a mapping, and no dict
    if isinstance(batch, Mapping) or hasattr(batch, "keys"):
        batch = {key: batch[key] for key in batch.keys()}  # noqa: SIM118
    batch = tree_map(tensor, batch)
    if isinstance(batch, list) and call is None and batch and isinstance(batch[0], Tensor | tuple | dict):
        return batch[0], tuple(batch[1:])
    return batch, ()


def tensors(value) -> list[Tensor]:
    """All tensors in nested tuples, lists, mappings and the like, and those that an object has for attributes."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [t for one in value.values() for t in tensors(one)]
    if isinstance(value, tuple | list):
        return [t for one in value for t in tensors(one)]
    if dataclasses.is_dataclass(value):
        return tensors(vars(value))
    held = vars(value) if hasattr(value, "__dict__") and not isinstance(value, type | nn.Module) else {}
    return [t for t in tree_leaves([value, *held.values()]) if isinstance(t, Tensor)]


def _goal(out, loss, targets, seed) -> Tensor | None:
    """The number that is differentiated: a loss, the one that the output holds, or the output on drawn gradients."""
    if loss is not None:
        goal = loss(out, *targets)
        if not isinstance(goal, Tensor) or goal.numel() != 1:
            raise ValueError("loss gives one number, as a tensor that depends on the network's output")
        return goal
    held = out.get("loss") if isinstance(out, Mapping) else getattr(out, "loss", None)
    if isinstance(held, Tensor) and held.numel() == 1:
        return held
    generator = torch.Generator().manual_seed(seed)
    found = [torch.cat([part.flatten() for part in t.unbind()]) if t.is_nested else t for t in tensors(out)]
    found = [torch.view_as_real(t) if t.is_complex() else t for t in found]
    ends = [t for t in found if t.is_floating_point() and t.requires_grad and t.numel()]
    goals = [(t * torch.randn(t.shape, generator=generator).to(t)).sum() for t in ends]
    return sum(goals) if goals else None
