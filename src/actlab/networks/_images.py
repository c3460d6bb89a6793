"""The convolutional networks of the image studies: a small one in the manner of LeNet, and ResNet."""

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..activations import Activation, get

__all__ = ["cnn", "resnet", "xavier_uniform"]


@torch.no_grad()
def xavier_uniform(network: nn.Module, seed: int) -> nn.Module:
    """Draw every linear and convolutional layer anew, in place; return the network.

    Weights: uniform, variance 2 / (fan_in + fan_out) {cite}`glorot2010`. Biases: torch's default, uniform within
    1 / sqrt(fan_in). Layers draw in the order of `network.modules()` from one generator of their own, so torch's
    global generator is neither read nor moved.
    """
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            if layer.bias is not None:
                reach = 1 / math.sqrt(layer.weight[0].numel())
                layer.bias.uniform_(-reach, reach, generator=generator)
    return network


def cnn(
    activation: str | Activation, *, channels: int = 1, size: int = 28, classes: int = 10, seed: int = 0
) -> nn.Sequential:
    """The network of PyTorch's CIFAR-10 tutorial, for images of any size: two convolutions, three linear layers.

    channels, size: of the images, shape (batch, channels, size, size). Out: float32 logits, shape (batch, classes).
    The five layers with weights are named conv1, conv2, fc1, fc2 and fc3; weights come from `xavier_uniform`. Raises
    ValueError for a number below 1, or images too small for two convolutions of 5 x 5 with a pooling after each: 16.
    """
    _positive(channels=channels, classes=classes)
    if size < 16:
        raise ValueError(
            f"after two convolutions and poolings nothing is left of fewer than 16 pixels; got size={size}"
        )
    activation, left = get(activation), ((size - 4) // 2 - 4) // 2  # pixels a side that reach the linear layers
    widths = {"fc1": (16 * left**2, 120), "fc2": (120, 84), "fc3": (84, classes)}
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for i, ends in enumerate([(channels, 6), (6, 16)], start=1):
        layers[f"conv{i}"] = _bare(nn.Conv2d, *ends, 5)
        layers[f"act{i}"] = activation.module(seed=1000 * seed + i)
        layers[f"pool{i}"] = nn.MaxPool2d(2)
    layers["flat"] = nn.Flatten()
    for i, (name, ends) in enumerate(widths.items(), start=3):
        layers[name] = _bare(nn.Linear, *ends)
        if name != "fc3":
            layers[f"act{i}"] = activation.module(seed=1000 * seed + i)
    return xavier_uniform(nn.Sequential(layers), seed)


def resnet(
    activation: str | Activation,
    *,
    blocks: Sequence[int] = (3, 4, 6, 3),
    width: int = 64,
    bottleneck: bool = True,
    channels: int = 1,
    classes: int = 10,
    seed: int = 0,
) -> nn.Sequential:
    """ResNet-50 as torchvision builds it; `blocks=(2, 2, 2, 2), bottleneck=False` is ResNet-18 {cite}`he2016`.

    blocks: residual blocks of each stage. width: channels of the first stage, 64 in the published networks; each
    stage has twice those of the one before, and blocks with a bottleneck give out four times as many. In: images of
    shape (batch, channels, height, width). Out: float32 logits, shape (batch, classes). Weights come from
    `xavier_uniform`; BatchNorm starts as torch's does. The layers are named stem, norm, act, pool, stage1 and so on,
    average, flat and head. Raises ValueError for a number below 1.
    """
    _positive(width=width, channels=channels, classes=classes, stages=len(blocks), **_numbered(blocks))
    activation = get(activation)
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        stem=_convolution(channels, width, 7, stride=2),
        norm=nn.BatchNorm2d(width),
        act=activation.module(seed=1000 * seed),
        pool=nn.MaxPool2d(3, stride=2, padding=1),
    )
    last = width
    for i, count in enumerate(blocks):
        stage = []
        for j in range(count):
            stride = 2 if i and not j else 1  # a stage but the first halves the image in its first block
            first = 1000 * seed + 10 * (sum(blocks[:i]) + j) + 1  # no two layers of a network draw alike
            stage.append(_Residual(activation, last, width * 2**i, stride, bottleneck, first))
            last = stage[-1].channels
        layers[f"stage{i + 1}"] = nn.Sequential(*stage)
    layers |= {
        "average": nn.AdaptiveAvgPool2d(1),
        "flat": nn.Flatten(),
        "head": _bare(nn.Linear, last, classes),
    }
    return xavier_uniform(nn.Sequential(layers), seed)


class _Residual(nn.Module):
    """What a block adds to what it gets; the activation stands once more after the sum."""

    def __init__(self, activation, before, width, stride, bottleneck, seed):
        super().__init__()
        self.channels = width * 4 if bottleneck else width
        # kernel, channels out, stride: the stride is in the 3 x 3, as in torchvision
        shapes = (
            [(1, width, 1), (3, width, stride), (1, self.channels, 1)]
            if bottleneck
            else [(3, width, stride), (3, width, 1)]
        )
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        last = before
        for i, (kernel, out, step) in enumerate(shapes, start=1):
            layers[f"conv{i}"] = _convolution(last, out, kernel, stride=step)
            layers[f"norm{i}"] = nn.BatchNorm2d(out)
            if i < len(shapes):
                layers[f"act{i}"] = activation.module(seed=seed + i)
            last = out
        self.branch = nn.Sequential(layers)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != self.channels:
            self.shortcut = nn.Sequential(
                _convolution(before, self.channels, 1, stride=stride), nn.BatchNorm2d(self.channels)
            )
        self.act = activation.module(seed=seed)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.branch(x) + self.shortcut(x))


def _convolution(before, after, kernel, *, stride):
    return _bare(nn.Conv2d, before, after, kernel, stride=stride, padding=kernel // 2, bias=False)


def _bare(layer, *args, **settings):
    """A layer whose weights are not drawn yet, so that torch's global generator stays where it is."""
    return nn.utils.skip_init(layer, *args, **settings)


def _numbered(blocks):
    return {f"blocks[{i}]": count for i, count in enumerate(blocks)}


def _positive(**numbers):
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} is at least 1, got {number}")
