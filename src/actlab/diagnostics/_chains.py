"""Chains: what pointwise operations make of one tensor, and the functions that they amount to.

A function may be one operation, such as relu, or several, such as x * sigmoid(x). Each operation is a node that knows
the earlier nodes that it reads; node 0 is the root. A node through which all that follows must go is a cut. Between
two cuts lies a segment, and a function is a run of segments.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from . import _ops

__all__ = ["Chain", "Node", "is_floats", "is_number", "is_packed", "version"]


@dataclass
class Node:
    """One operation of a chain: what it reads, as places in the chain, and what came out."""

    base: str
    linear: bool
    reads: tuple[int, ...]
    apply: Callable  # from the values of all earlier nodes to its own
    tensor: Tensor
    place: tuple
    numbers: tuple[float, ...]  # settings among its arguments
    key: object  # the same for two nodes that compute the same


@dataclass
class _Place:
    at: int


@dataclass
class Chain:
    """All that was made of `root` so far. `emitted` holds what was handed on: from the last node to its record."""

    root: Tensor
    nodes: list[Node | None] = field(default_factory=lambda: [None])
    emitted: dict[int, object] = field(default_factory=dict)

    def __post_init__(self):
        self.version = version(self.root)

    def add(self, operation, base, args, kwargs, places: dict[int, int], out: Tensor | None, place: tuple) -> int:
        """Put an operation at the end; places: from the id of each operand in the chain to its node."""
        inside = lambda a: isinstance(a, Tensor) and id(a) in places  # noqa: E731
        stored = tree_map(lambda a: _Place(places[id(a)]) if inside(a) else _plain(a), (args, kwargs))
        if base.startswith("rrelu_with_noise"):
            apply = _randomized(places[id(args[0])], *args[1:])
        else:
            apply = _application(_ops.functional(operation), *stored)
        linear = _ops.is_linear(base, args, [inside(a) for a in args])
        leaves = tree_leaves(stored)
        numbers = [float(a) for a in leaves if isinstance(a, int | float) and not isinstance(a, bool)]
        numbers += [a.item() for a in leaves if is_number(a)]  # a learned setting
        reads = tuple(sorted(set(places.values())))
        constants = [a for a in leaves if isinstance(a, Tensor) and a.ndim]
        key = object() if constants else (base, repr(stored))  # a tensor may hold anything
        self.nodes.append(Node(base, linear, reads, apply, out, place, tuple(numbers), key))
        return len(self.nodes) - 1

    def tensor(self, at: int) -> Tensor:
        """What came out at a node."""
        return self.nodes[at].tensor if at else self.root

    def ancestors(self, at: int) -> list[int]:
        """The nodes that a node depends on, itself included and the root left out, in order."""
        found, waiting = set(), [at]
        while waiting:
            i = waiting.pop()
            if i and i not in found:
                found.add(i)
                waiting += self.nodes[i].reads
        return sorted(found)

    def functions(self, at: int) -> list[tuple[int, int]]:
        """The functions on the way to a node, as (node of z, node of the output), with no linear step at the ends."""
        path = self.ancestors(at)
        edges = [(read, i) for i in path for read in self.nodes[i].reads]
        cuts = [0, *(i for i in path if not any(a < i < b for a, b in edges))]
        found, start, end = [], None, None
        for a, b in pairwise(cuts):
            inner = [self.nodes[i] for i in path if a < i <= b]
            if all(node.linear for node in inner):
                continue
            # an activation by name begins a new function; what else follows one is part of it: relu(z)**2
            if start is not None and len(inner) == 1 and inner[0].base in _ops.ACTIVATIONS:
                found.append((start, end))
                start = None
            start, end = (a if start is None else start), b
        return found if start is None else [*found, (start, end)]

    def readings(self, functions: list[tuple[int, int]], number: int, at: int) -> list[tuple[int, int]]:
        """One of the functions on the way to a node, as it is and with the linear steps before and after it."""
        start, end = functions[number]
        first = functions[number - 1][1] if number else 0
        last = functions[number + 1][0] if number + 1 < len(functions) else at
        return list(dict.fromkeys([(start, end), (first, end), (start, last), (first, last)]))

    def part(self, start: int, end: int) -> list[int]:
        """The nodes of the function from start to end."""
        return [i for i in self.ancestors(end) if i > start]

    def function(self, start: int, end: int) -> Callable[[Tensor], Tensor]:
        """The function from start to end, to be called with another z."""
        nodes = {i: self.nodes[i].apply for i in self.part(start, end)}

        def replay(z):
            values = {start: z}
            for i, apply in nodes.items():
                values[i] = apply(values)
            return values[end]

        return replay

    def unread(self) -> list[int]:
        """Float tensors that nothing has read yet, and that are more than linear in the root."""
        read = {i for node in self.nodes[1:] for i in node.reads} | set(self.emitted)
        ends = [i for i in range(1, len(self.nodes)) if i not in read and self.nodes[i].tensor.is_floating_point()]
        return [i for i in ends if self.functions(i)]


def _application(operation, args, kwargs):
    def apply(values):
        filled = tree_map(lambda a: values[a.at] if isinstance(a, _Place) else a, (args, kwargs))
        out = operation(*filled[0], **filled[1])
        return out[0] if isinstance(out, tuple | list) else out

    return apply


def _plain(value):
    """A number for a tensor of equal numbers, such as zeros: it serves a z of any shape."""
    if is_floats(value) and value.numel() and value.amin() == value.amax():
        return value.flatten()[0]
    return value


def _randomized(at, noise, lower=1 / 8, upper=1 / 3, training=False, *_):
    """torch's rrelu: in training it stores the slopes that it drew, 1 where z is above 0."""
    if training:
        return lambda values: values[at] * noise
    return lambda values: torch.nn.functional.leaky_relu(values[at], (lower + upper) / 2)


def version(tensor: Tensor) -> int:
    """A number that grows when a tensor is changed in place; 0 in inference mode, where none is kept."""
    return 0 if tensor.is_inference() else tensor._version


def is_number(value) -> bool:
    """Whether a value is a tensor of one float, and on a device that has numbers."""
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.ndim == 0 and not value.is_meta


def is_floats(value) -> bool:
    """Whether a value is a tensor of floats with at least one dimension, and lies in memory as most do."""
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.ndim > 0 and not is_packed(value)


def is_packed(tensor: Tensor) -> bool:
    """Whether a tensor is nested, sparse or the like: it has no strides, and the numbers can't be walked through."""
    return tensor.layout != torch.strided or tensor.is_nested
