"""What else resets the size of a signal: normalisation, skips, dropout, weights fitted to a batch."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import activations, networks, plot, theory
from ...tables import Table
from .. import drawn
from ._signals import noise

__all__ = [
    "PARTS",
    "Skip",
    "parts_figure",
    "parts_table",
    "scale_by_measuring",
    "skip_growth",
    "skip_table",
    "with_part",
    "with_parts",
]

F64 = torch.float64
PARTS = ("nothing", "batch norm", "layer norm", "skip", "scaled skip", "dropout")
LOOKS = {
    "nothing": (plot.GREY, "-", "o"),
    "batch norm": (plot.ORANGE, "--", "s"),
    "layer norm": (plot.BLUE, "-", "^"),
    "skip": (plot.RED, ":", "D"),
    "scaled skip": (plot.PURPLE, "-.", "v"),
    "dropout": (plot.GREEN, "-", "x"),
}


class Skip(nn.Module):
    """The input, plus so much of what a layer makes of it."""

    def __init__(self, inner: nn.Module, share: float):
        super().__init__()
        self.inner, self.share = inner, share

    def forward(self, a: Tensor) -> Tensor:
        return a + self.share * self.inner(a)


def with_part(
    name: str, part: str, *, width: int = 96, depth: int = 50, gain: float = 1.0, seed: int = 0
) -> nn.Sequential:
    """So many square layers with one of `PARTS` added to each; normal weights times the gain, biases 0.

    Raises ValueError for a part that is none of them.
    """
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r}; there are {', '.join(PARTS)}")
    stack = []
    for _ in range(depth):
        layer = [nn.utils.skip_init(nn.Linear, width, width, dtype=F64)]
        if part == "batch norm":
            layer.append(nn.BatchNorm1d(width, dtype=F64))
        if part == "layer norm":
            layer.append(nn.LayerNorm(width, dtype=F64))
        layer.append(activations.get(name).module(dtype=F64))
        if part == "dropout":
            layer.append(nn.Dropout(0.5))
        share = {"skip": 1.0, "scaled skip": depth**-0.5}.get(part)
        layer = nn.Sequential(*layer)
        stack.append(Skip(layer, share) if share else layer)
    return networks.initialize(nn.Sequential(*stack), "lecun", gain=gain, seed=seed).network


def with_parts(
    names: Sequence[str] = ("sigmoid", "relu", "gelu"), seeds: Sequence[int] = range(2), *, width: int = 96
) -> dict[tuple[str, str], Tensor]:
    """log10 of delta by layer against the last, shape (seeds, 50), by function and part."""
    x, found = noise(64, width), {}
    for name in names:
        for part in PARTS:
            runs = [_deltas(with_part(name, part, seed=seed, width=width), x) for seed in seeds]
            found[name, part] = torch.stack([(delta / delta[-1]).log10() for delta in runs])
    return found


def _deltas(network: nn.Sequential, x: Tensor) -> Tensor:
    """The size of delta by layer for a standard normal gradient at the output: as in `diagnostics.signals`.

    That measures all else too, and takes four times as long.
    """
    z = []
    for layer in network.modules():
        if isinstance(layer, activations.Elementwise):
            layer.register_forward_pre_hook(lambda _, given: z.append(given[0]))
    with torch.random.fork_rng(devices=()):  # dropout knows no other generator
        torch.manual_seed(0)
        out = network(x)
    back = torch.randn(out.shape, generator=torch.Generator().manual_seed(0)).to(out)
    return torch.stack([delta.square().mean().sqrt() for delta in torch.autograd.grad(out, z, back)])


def parts_table(found: Mapping[tuple[str, str], Tensor]) -> Table:
    """Powers of ten from delta in the last layer to delta in the first, part by function: the mean over the seeds."""
    names = list(dict.fromkeys(name for name, _ in found))
    rows = [[part, *(f"{round(found[name, part][:, 0].mean().item()) + 0:d}" for name in names)] for part in PARTS]
    return Table(["in each layer", *names], rows, caption="Delta, powers of ten from layer 50 to layer 1, at gain 1.")


def parts_figure(found: Mapping[tuple[str, str], Tensor], name: str = "relu") -> Figure:
    """Delta by layer with each part."""
    fig, ax = plt.subplots(figsize=(5.6, 4.4))
    for part, (color, dash, mark) in LOOKS.items():
        line = found[name, part].mean(0)
        layer = range(1, len(line) + 1)
        look = {"color": color, "linestyle": dash, "marker": mark, "markersize": 4.5, "linewidth": 1.6}
        ax.plot(layer, line, **look, markevery=7, label=part)
    clipped = found[name, "nothing"].mean(0) - 2
    ax.plot(layer, clipped, color=plot.GREY, linewidth=1, linestyle="--", label="clipping")
    ax.set(xlabel="layer", xlim=(1, len(layer)), ylim=(-10.5, 9))
    ax.set_ylabel(rf"$\log_{{10}}$ of $\delta$ against layer {len(layer)}")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=9)
    return drawn(fig)


# ---- a plain skip -----------------------------------------------------------------------------------------------


def skip_growth(name: str = "relu", layers: int = 200) -> float:
    """By what a wide layer a + f(Wa) at gain 1 multiplies its signal, once the ratio of mean to size rests.

    Only for functions that scale with their input, such as relu: f(cz) = c f(z) for c > 0.
    """
    of = theory.moments(name)
    square, mean = 1.0, 0.0
    for _ in range(layers):
        size = math.sqrt(square)
        grown = square * (1 + of.second) + 2 * mean * of.mean * size
        factor = math.sqrt(grown / square)
        mean = (mean + of.mean * size) / math.sqrt(grown)
        square = 1.0
    return factor


def skip_table(widths: Sequence[int] = (32, 96, 256), *, depth: int = 50, seeds: Sequence[int] = range(3)) -> Table:
    """ReLU layers with plain skips at gain 1: the growth a layer going up, and delta coming down, by width."""
    factor, rows = skip_growth(), []
    for width in widths:
        ups, downs = [], []
        for seed in seeds:
            network = with_part("relu", "skip", width=width, depth=depth, seed=seed)
            sizes, a = [], noise(64, width)
            with torch.no_grad():
                for layer in network:
                    a = layer(a)
                    sizes.append(a.square().mean().sqrt().log10().item())
            ups.append((sizes[-1] - sizes[9]) / (depth - 10))
            deltas = _deltas(network, noise(64, width))
            downs.append((deltas[0] / deltas[-1]).log10().item())
        said = (depth - 1) * math.log10(factor) - math.log10(width) / 2
        rows.append([width, f"{10 ** np.mean(ups):.3f}", f"{said:.1f}", f"{np.mean(downs):.1f}"])
    return Table(
        ["width", "up, a layer", "down: said", "down: measured"],
        rows,
        caption=f"Predicted upwards: {factor:.3f}. Down: delta over {depth} layers, powers of ten.",
    )


# ---- weights fitted to a batch ----------------------------------------------------------------------------------


@torch.no_grad()
def scale_by_measuring(network: nn.Sequential, x: Tensor) -> nn.Sequential:
    """Divide each layer's weights by the rms of what comes out of it on a batch, first layer first; in place."""
    for layer in network:
        if isinstance(layer, nn.Linear):
            layer.weight /= layer(x).square().mean().sqrt()
        x = layer(x)
    return network
