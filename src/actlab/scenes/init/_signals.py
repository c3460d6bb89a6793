"""Signals in untrained networks: sums, fifty layers up and down, the gradient of the weights, and real digits."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import networks, plot, widgets
from ...tables import Table
from .. import _digits, drawn

__all__ = [
    "STARTS",
    "Passes",
    "both_ways",
    "both_ways_player",
    "deep",
    "digits",
    "digits_player",
    "noise",
    "overflow",
    "passes",
    "power",
    "relu_table",
    "trap_figure",
]

F64 = torch.float64
STARTS = {"PyTorch": "torch", "Glorot": "glorot", "He": "he", "computed": "computed"}
HAND = ("sigmoid", "tanh", "relu", "selu", "gelu", "silu")


def noise(*shape: int, seed: int = 1000) -> Tensor:
    """Standard normal numbers in float64. The seed is to be none that a network has: one generator, one sequence."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def power(value: float, digits: int = 1) -> str:
    """A power of ten in words, without a minus before zero."""
    return f"10^{round(float(value), digits) + 0.0:.{digits}f}"


# ---- one layer --------------------------------------------------------------------------------------------------


def overflow(width: int = 256) -> int:
    """How many ReLU layers a float32 signal lasts where weights have standard deviation 1, inputs mean square 1."""
    generator = torch.Generator().manual_seed(0)
    a, layers = torch.randn(8, width, generator=generator), 0
    while a.isfinite().all():
        a = torch.relu(a @ torch.randn(width, width, generator=generator))
        layers += 1
    return layers


# ---- fifty layers, up and down ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passes:
    """One batch through a network, up and down: an entry for each hidden layer, from the first to the last.

    z, out: root mean squares of the pre-activations and of the outputs; delta: of the gradient at the
    pre-activations; weight: of the gradient of the layer's weights; inputs: of what the layer is given; cosine: the
    mean between the outputs of two examples.
    """

    z: Tensor
    out: Tensor
    delta: Tensor
    weight: Tensor
    inputs: Tensor
    cosine: Tensor

    @property
    def up(self) -> float:
        """Powers of ten by which the outputs change from the first layer to the last."""
        return (self.out[-1] / self.out[0]).log10().item()

    @property
    def down(self) -> float:
        """Powers of ten by which delta changes from the last layer to the first."""
        return (self.delta[0] / self.delta[-1]).log10().item()


def deep(
    activation: str, scheme: str, *, gain: float = 1.0, depth: int = 50, width: int = 96, seed: int = 0
) -> nn.Sequential:
    """Hidden layers of one function, all of one width, and an output layer as wide, before any training."""
    network = networks.mlp([width] * (depth + 2), activation, dtype=F64)
    return networks.initialize(network, scheme, seed=seed, gain=gain).network


@torch.no_grad()
def passes(network: nn.Sequential, x: Tensor, *, seed: int = 2000) -> Passes:
    """A batch through linear layers with one function between them; the gradient at the output is standard normal."""
    linear = network[::2]
    act = network[1].activation
    inputs, z = [], []
    signal = x
    for layer in linear:
        inputs.append(signal)
        z.append(layer(signal))
        signal = act(z[-1])
    delta = noise(*z[-1].shape, seed=seed) @ linear[-1].weight
    deltas = []
    for layer in range(len(linear) - 2, -1, -1):
        deltas.append(delta * act.slope(z[layer]))
        delta = deltas[-1] @ linear[layer].weight
    deltas.reverse()
    rows = lambda values: torch.stack([each.square().mean().sqrt() for each in values])  # noqa: E731
    return Passes(
        z=rows(z[:-1]),
        out=rows(inputs[1:]),
        delta=rows(deltas),
        weight=rows([delta.T @ a for delta, a in zip(deltas, inputs[:-1], strict=True)]),
        inputs=rows(inputs[:-1]),
        cosine=torch.stack([_alike(out) for out in inputs[1:]]),
    )


def _alike(out):
    """Mean cosine of two different examples."""
    unit = out / out.norm(dim=1, keepdim=True)
    n = len(out)
    return (unit.sum(0).square().sum() - n) / (n * (n - 1))


def both_ways(
    names: Sequence[str] = HAND, starts: Mapping[str, str] = STARTS, *, seed: int = 0
) -> dict[tuple[str, str], Passes]:
    """`passes` of 50 layers of 96 units, by function and start; all see one batch of 32 standard normal examples."""
    x = noise(32, 96)
    return {
        (name, start): passes(deep(name, scheme, seed=seed), x) for name in names for start, scheme in starts.items()
    }


def both_ways_player(found: Mapping[tuple[str, str], Passes]) -> widgets.Player:
    """What `both_ways` found, layer by layer; it opens with the sigmoid and Glorot's weights."""
    names, starts = (list(dict.fromkeys(key[i] for key in found)) for i in (0, 1))

    def draw(ax, function, start):
        of = found[function, start]
        layer = range(1, len(of.out) + 1)
        ax.axhspan(-1, 1, color=plot.GREY, alpha=0.15, linewidth=0)
        ax.plot(layer, of.out.log10(), "--", color=plot.GREY, label="signal, upwards")
        ax.plot(
            layer,
            (of.delta / of.delta[-1]).log10(),
            color=plot.style_of(function)["color"],
            linewidth=2.6,
            label="gradient, downwards",
        )
        ax.set(xlabel="layer", ylabel="power of ten", xlim=(1, len(of.out)), ylim=(-45, 12))
        ax.legend(loc="lower right")

    def words(function, start):
        of = found[function, start]
        return (
            f"{function}, {start}: the signal's size in layer {len(of.out)} is {power(of.out[-1].log10())}; the "
            f"gradient changes by a factor of {power(of.down)} on its way from there to layer 1."
        )

    first = {"function": "sigmoid", "start": "Glorot"}
    return widgets.player(draw, function=names, start=starts, alt=words, first=first)


def relu_table(*, width: int = 256, depth: int = 50, seed: int = 0) -> Table:
    """ReLU at three gains without biases: what is left of the mean square going up, and of delta coming down."""
    gains, rows, x = {"He": math.sqrt(2), "Glorot": 1.0, "PyTorch's": 1 / math.sqrt(3)}, [], noise(64, width)
    for name, gain in gains.items():
        of = passes(deep("relu", "lecun", gain=gain, depth=depth, width=width, seed=seed), x)
        square = (depth - 1) * math.log10(gain**2 / 2)
        up = 2 * (of.z[-1] / of.z[0]).log10().item()
        rows.append([name, f"{gain:.3f}", power(square), power(up), power(square / 2), power(of.down)])
    return Table(
        ["weights", "gain", "q: predicted", "q: measured", "delta: predicted", "delta: measured"],
        rows,
        caption=f"Change over {depth} ReLU layers of {width} units, biases 0, one draw of the weights.",
    )


# ---- the trap ---------------------------------------------------------------------------------------------------


def trap_figure(of: Passes) -> Figure:
    """The gradient of each weight matrix and delta by layer, against the last one."""
    fig, ax = plt.subplots()
    layer = range(1, len(of.delta) + 1)
    weight = (of.weight / of.weight[-1]).log10()
    ax.plot(layer, weight, color=plot.ORANGE, linestyle="--", label="gradient of the weights")
    ax.plot(layer, (of.delta / of.delta[-1]).log10(), color=plot.BLUE, label=r"$\delta$")
    ax.set(xlabel="layer", ylabel=f"power of ten, against layer {len(layer)}", ylim=(-8.5, 2.5))
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.12))
    return drawn(fig)


# ---- digits -----------------------------------------------------------------------------------------------------


def digits(
    starts: Mapping[str, str] | None = None, layers: Sequence[int] = (1, 5, 20), *, seed: int = 0
) -> dict[str, dict[str, dict[int, Tensor]]]:
    """What 20 ReLU layers make of 256 digits, by start, part and layer: pre-activations, outputs and deltas."""
    starts = starts or {"PyTorch": "torch", "Glorot": "glorot", "He": "he"}
    return {
        name: _digits.signals("relu", start=scheme, depth=20, seed=seed, layers=layers)
        for name, scheme in starts.items()
    }


def digits_player(found: Mapping[str, Mapping[str, Mapping[int, Tensor]]]) -> widgets.Player:
    """What `digits` gives, as histograms by part and layer, start by start."""

    def draw(ax, start):
        ax.set_axis_off()
        plot.histograms(found[start], ax.figure, color=plot.BLUE)

    def words(start):
        said = [
            f"{part} {', '.join(f'{values.square().mean().sqrt():.1g}' for values in by_layer.values())}"
            for part, by_layer in found[start].items()
        ]
        which = ", ".join(map(str, found[start]["output"]))
        return f"ReLU, {start}: histograms in layers {which}; root mean squares: {'; '.join(said)}."

    return widgets.player(draw, start=list(found), first={"start": "Glorot"}, size=(5.0, 4.2), alt=words)
