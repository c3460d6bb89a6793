"""What a measurement must leave as it was: a network's tensors and attributes, and every generator."""

import contextlib
import random

import torch
from torch import nn

__all__ = ["generators_kept", "network_kept"]


@contextlib.contextmanager
def generators_kept(modules, *devices, seed: int | None = None):
    """Set back, at the end, torch's generators, Python's, and those of modules and their parts; begin with a seed."""
    kinds = {}
    for device in devices:
        if device.type not in ("cpu", "meta"):
            kinds.setdefault(device.type, set()).add(device)
    parts = {id(part): part for module in modules for part in module.modules()}.values()
    owned = {id(v): v for part in parts for v in vars(part).values() if isinstance(v, torch.Generator)}.values()
    states, python = [(generator, generator.get_state()) for generator in owned], random.getstate()
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=[]))
        for kind, found in kinds.items():
            stack.enter_context(torch.random.fork_rng(devices=list(found), device_type=kind))
        try:
            if seed is not None:
                with torch.random.fork_rng(devices=[], enabled=False):  # the states have been put by already
                    torch.manual_seed(seed)
            yield
        finally:
            random.setstate(python)
            for generator, state in states:
                generator.set_state(state)


@contextlib.contextmanager
def network_kept(network: nn.Module, *, all_ask: bool = True):
    """Set back, at the end, what a forward and a backward pass may change in a network.

    Buffers, gradients, which parameters are trained, and the attributes of every module; not the insides of lists and
    the like that its own code fills. all_ask: while it lasts every float parameter asks for a gradient: so gradients
    reach what lies before frozen weights.
    """
    # what torch.jit made holds its tensors elsewhere, and its code can't set attributes that it has not declared
    modules = [m for m in network.modules() if not isinstance(m, torch.jit.ScriptModule)]
    holders = [h for m in modules for h in (vars(m), m._parameters, m._buffers, m._modules)]
    before = [(holder, dict(holder)) for holder in holders]
    buffers = [(b, b.detach().clone()) for b in network.buffers()]
    parameters = list(network.parameters())
    gradients = [(p, p.grad) for p in parameters]
    asking = [(p, p.requires_grad) for p in parameters]
    try:
        for p in parameters:
            if all_ask and p.is_floating_point():
                p.requires_grad_()
        yield
    finally:
        for holder, content in before:
            if holder.keys() != content.keys() or any(holder[key] is not value for key, value in content.items()):
                holder.clear()
                holder.update(content)
        for p, asks in asking:
            p.requires_grad_(asks)
        for p, gradient in gradients:
            p.grad = gradient
        with torch.no_grad():
            for buffer, old in buffers:
                if not torch.equal(buffer, old):
                    buffer.copy_(old)
