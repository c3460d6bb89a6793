"""A network's activations in torch's own layers, for tools that know those and no others."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import nn

from ._record import Activation, Elementwise

__all__ = ["InTorch", "to_torch"]


class LogSigmoid(nn.Module):
    """-softplus(-z): exporters write torch's own as the log of a sigmoid, which is -inf from z = -104 on."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return -nn.functional.softplus(-z)


class Squareplus(nn.Module):
    """Squareplus by a square and its root, for exporters without hypot: in float32 for |z| up to 1e19."""

    def __init__(self, b: float):
        super().__init__()
        self.b = b

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        root = torch.sqrt(z * z + self.b)
        # of a sum of two alike signs alone: the other one would cancel
        return torch.where(z > 0, (root + z) / 2, self.b / 2 / (root + torch.relu(-z)))

    def extra_repr(self) -> str:
        return f"b={self.b:g}"


# torch's layer of the entry, given its settings
LAYERS = {
    "celu": nn.CELU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "hardshrink": lambda threshold: nn.Hardshrink(threshold),
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "hardtanh": nn.Hardtanh,
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "logsigmoid": LogSigmoid,
    "mish": nn.Mish,
    "prelu": lambda negative_slope: nn.PReLU(init=negative_slope),
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "rrelu": lambda lower, upper: nn.LeakyReLU((lower + upper) / 2),  # in evaluation; exporters have no nn.RReLU
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "softshrink": lambda threshold: nn.Softshrink(threshold),
    "softsign": nn.Softsign,
    "squareplus": Squareplus,
    "tanh": nn.Tanh,
    "tanhshrink": nn.Tanhshrink,
    "threshold": lambda threshold: nn.Threshold(threshold, 0.0),
}


@dataclass(frozen=True)
class InTorch:
    """What `to_torch` made: the copy, and what was done to it, by the names of its layers."""

    network: nn.Module
    swapped: Mapping[str, str]  # what stands there now
    left: Mapping[str, str]  # why it stays
    error: float  # the largest difference of values that was found between a layer and the one in its place

    def __str__(self) -> str:
        lines = [f"{name}: now {layer}" for name, layer in self.swapped.items()]
        lines += [f"{name}: left, {why}" for name, why in self.left.items()]
        return "\n".join([*lines, f"largest difference of values: {self.error:.1e}"])


def to_torch(network: nn.Module, *, error: float = 1e-6) -> InTorch:
    """A copy of the network in which torch's own layers stand for those of the catalog, where they agree.

    For exporters: ONNX has operators for torch's layers, and of ours it gets the arithmetic, whose exp of a large z
    is inf. Of logsigmoid and squareplus, which exporters write badly or not at all, it makes a layer of operations
    that they have. error: by how much a value may differ, relative to it where it is above 1; the two layers are
    compared in float32 from -100 to 100. Gradients are torch's then, and not the written slopes. A layer that draws
    (`rrelu` in training) is left, as torch's would draw others; in evaluation a leaky ReLU stands for it. A function
    that is called and not a layer, such as the gate of `GatedFeedForward`, is not seen. Raises TypeError if
    network is no `torch.nn.Module`.
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"to_torch takes a torch.nn.Module, got {type(network).__name__}")
    whole = nn.Module()  # so that a layer alone has a place too
    whole._modules[""] = copy.deepcopy(network)
    swapped, left, done, largest = {}, {}, {}, 0.0
    for parent_name, parent in list(whole.named_modules(remove_duplicate=False)):
        for key, layer in list(parent._modules.items()):  # named_children leaves out what stands there twice
            if not isinstance(layer, Elementwise):
                continue
            name = f"{parent_name}.{key}".strip(".")
            if id(layer) not in done:  # one layer in two places stays one
                done[id(layer)] = layer, *_swapped(layer, error)
            _, there, why, found = done[id(layer)]
            if there is None:
                left[name] = why
            else:
                parent._modules[key] = there
                swapped[name], largest = str(there), max(largest, found)
    return InTorch(whole._modules[""], MappingProxyType(swapped), MappingProxyType(left), largest)


def _swapped(layer, error):
    """torch's layer in the place of this one, or None and why, and by how much they differ."""
    act = layer.activation
    if act.name not in LAYERS:
        return None, f"torch has no layer of {act.name}", 0.0
    if layer.training and act.training_function:
        return None, f"{act.name} draws in training", 0.0
    there = LAYERS[act.name](**act.settings)
    if layer.num_parameters > 1 and layer.axis != 1:
        return None, "torch has its channels along dim 1", 0.0
    found = _difference(act, there.eval())
    if not found <= error:
        return None, f"torch's {act.name} differs by {found:.1e}", found
    if layer.num_parameters > 1:
        there = nn.PReLU(layer.num_parameters)
    for new, old in zip(there.parameters(), layer.parameters(), strict=True):
        new.data = old.detach().reshape(new.shape).clone()
        new.requires_grad_(old.requires_grad)
    return there.train(layer.training), "", found


@torch.no_grad()
def _difference(act: Activation, there):
    z = torch.linspace(-100, 100, 20_001)
    value = act(z)
    return ((there(z) - value).abs() / value.abs().clamp(min=1)).max().item()
