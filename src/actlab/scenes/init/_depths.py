"""Below chapter 7: fans, the edge of chaos with and without biases, and matrices that only turn."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import activations, networks, plot, theory, widgets
from ...tables import Table
from .. import drawn
from ._gains import NAMES
from ._signals import deep, noise, passes

__all__ = [
    "cobweb_player",
    "edge_figure",
    "edge_table",
    "edges_measured",
    "edges_predicted",
    "fans_table",
    "limits_table",
    "mirrored",
    "singular_values",
    "spread_figure",
    "spread_table",
    "spreads",
    "taper",
]

F64 = torch.float64

# ---- fans -------------------------------------------------------------------------------------------------------

LAYOUTS = {
    "(inputs, outputs), x @ W": ((512, 128), 512),
    "(outputs, inputs), PyTorch": ((128, 512), 512),
    "convolution, 128 to 256, 3x3": ((256, 128, 3, 3), 128 * 9),
}


def fans_table(draw) -> Table:
    """The fan-in times the variance of the weights that draw(shape) gives, for three layouts of one rule."""
    rows = [[layout, str(shape), f"{fan * draw(shape).var():.1f}"] for layout, (shape, fan) in LAYOUTS.items()]
    return Table(["layout", "shape", "fan-in x variance"], rows, caption="He's rule asks for 2.")


def taper(first: int = 512, last: int = 64, layers: int = 49) -> tuple[float, float]:
    """Glorot's mean squares over LeCun's, (up, down), in linear layers that narrow from first to last units."""
    sizes = np.geomspace(first, last, layers + 1).round().astype(int).tolist()
    found = {}
    for scheme in ("lecun", "glorot"):
        network = networks.mlp(sizes, "identity", scheme=scheme, seed=0, dtype=F64)
        x = noise(64, first).requires_grad_()
        out = network(x)
        (back,) = torch.autograd.grad((out * noise(64, last, seed=2000)).sum(), x)
        found[scheme] = [values.square().mean().item() for values in (out, back)]
    return tuple(more / less for more, less in zip(found["glorot"], found["lecun"], strict=True))


# ---- the edge of chaos ------------------------------------------------------------------------------------------


def edge_table(names: Sequence[str] = NAMES) -> Table:
    """The critical gain of each function with zero biases, and where its signal then rests."""
    rows = []
    for name in names:
        edge = theory.edge_of_chaos(name)
        if edge is None:
            rows.append([name, "none", "none for q from 1e-4 to 1e4"])
        else:
            rows.append([name, f"{edge.gain:.3f}", f"q = {edge.q:.1f}" if edge.kind == "point" else edge.kind])
    return Table(["function", "gain", "where"], rows)


def limits_table(names: Sequence[str] = ("tanh", "gelu", "silu", "mish")) -> Table:
    """At which gain signal and gradient keep their size as q goes to 0, and what becomes of a signal beside it."""
    rows = []
    for name in names:
        act = activations.get(name)
        slope = act.slope(torch.zeros(1, dtype=F64)).item()
        gain = 1 / slope
        ends = []
        for q in (0.01, 0.1):
            for _ in range(300):
                q = theory.variance_map(name, q, gain)
                if q > 1e6:
                    break
            ends.append(f"{q:.2g}" if q < 1e6 else "above 1e6")
        rows.append([name, f"{gain:.3f}", *ends])
    return Table(
        ["function", "gain", "from q = 0.01", "from q = 0.1"],
        rows,
        caption="Where 300 layers of the map lead at the gain that is critical as q goes to 0.",
    )


def edges_predicted(name: str, gain: float, depth: int = 50) -> float:
    """Powers of ten from delta in the last layer to delta in the first, for very wide layers at their fixed point."""
    q, act = theory.fixed_point(name, gain).q, activations.get(name)
    slope = theory.expectation(lambda z: act.slope(math.sqrt(q) * z) ** 2)
    return (depth - 1) / 2 * math.log10(gain**2 * slope)


SOME = {"sigmoid": (0.6, 1, 2, 4, 10.149, 16), "tanh": (0.6, 0.8, 1.2, 2, 5)}


def edges_measured(
    gains: Mapping[str, Sequence[float]] = SOME, seeds: Sequence[int] = range(2)
) -> dict[tuple[str, float], list[float]]:
    """The same in networks of 96 units, by function and gain: a number for each seed."""
    x = noise(32, 96)
    return {
        (name, gain): [passes(deep(name, "lecun", gain=gain, seed=seed), x).down for seed in seeds]
        for name, own in gains.items()
        for gain in own
    }


def edge_figure(measured: Mapping[tuple[str, float], Sequence[float]]) -> Figure:
    """What `edges_measured` found on the lines that `edges_predicted` gives."""
    fig, ax = plt.subplots()
    for name, mark in (("sigmoid", "o"), ("tanh", "s")):
        gains = [gain for one, gain in measured if one == name]
        line = np.geomspace(min(gains), max(gains), 25)
        style = plot.style_of(name)
        ax.plot(line, [edges_predicted(name, gain) for gain in line], **style, label=name)
        for gain in gains:
            found = measured[name, gain]
            ax.plot([gain] * len(found), found, mark, color=style["color"], markersize=5)
    edge = theory.edge_of_chaos("sigmoid")
    ax.axhline(0, color=plot.GREY, linewidth=0.8)
    ax.axvline(edge.gain, color=plot.GREY, linewidth=0.8, linestyle=":")
    ax.text(edge.gain / 1.05, -40, f"{edge.gain:.3f}", ha="right", fontsize=10)
    ax.set(xscale="log", xlabel="gain (log scale)")
    ax.set(ylabel=r"$\log_{10}\,$ of $\delta_1 / \delta_{50}$")
    ax.set_xticks([0.6, 1, 2, 4, 10], ["0.6", "1", "2", "4", "10"])
    ax.minorticks_off()
    ax.legend(loc="center right")
    return drawn(fig)


def cobweb_player(
    names: Sequence[str] = ("gelu", "relu", "tanh", "sigmoid"), gains: Sequence[float] | None = None
) -> widgets.Player:
    """What a layer adds to the size of a signal, by that size, with its fixed points and the hops of two signals."""
    gains = gains or [0.577, 1.0, math.sqrt(2), theory.gain("gelu"), 4.0, theory.edge_of_chaos("sigmoid").gain]
    qs = torch.logspace(-4, 4, 65, dtype=F64)
    at_one = {name: theory.variance_map(name, qs, gain=1.0) for name in names}
    points = {(name, gain): theory.fixed_points(name, gain) for name in names for gain in gains}

    def hops(name, gain, here, count=30):
        x, y = qs.log10().numpy(), (gain**2 * at_one[name] / qs).log10().numpy()
        corners = []
        for _ in range(count):
            step = float(np.interp(here, x, y))
            corners += [(here, 0.0), (here, step)]
            here += step
            if abs(here) > 4:
                break
        return np.array([*corners, (here, 0.0)])

    def draw(ax, name, gain):
        growth = (gain**2 * at_one[name] / qs).log10()
        ax.axhline(0, color=plot.GREY, linewidth=0.8)
        ax.plot(qs.log10(), growth, color=plot.style_of(name)["color"], linewidth=2.2)
        for start, dash in ((2.0, "-"), (0.5, ":")):
            ax.plot(*hops(name, gain, math.log10(start)).T, color=plot.GREY, linewidth=1, linestyle=dash)
        for point in points[name, gain]:
            if point.span[0] != point.span[1]:
                ax.axhline(0, color=plot.OCHRE, linewidth=6, alpha=0.4)
            elif point.q > 0:
                full = "full" if point.stability == "stable" else "none"
                ax.plot(math.log10(point.q), 0, "o", color=plot.RED, markersize=9, fillstyle=full, mew=2)
        if growth.min() > 0.55:
            above = f"the curve lies above the picture, at {growth.min():+.1f}"
            ax.text(3.9, 0.5, above, ha="right", va="top", fontsize=10)
        ax.set(xlim=(-4, 4), ylim=(-0.55, 0.55), xlabel=r"$\log_{10}$ of $q$", ylabel=r"$\log_{10}$ of $V(q) / q$")

    def words(name, gain):
        said = [
            "every q is a fixed point, neutral" if p.span[0] != p.span[1] else f"q = {p.q:.3g}, {p.stability}"
            for p in points[name, gain]
        ]
        return f"Variance map of {name} at gain {gain:.3g}; fixed points: {'; '.join(said) or 'none'}"

    return widgets.player(
        draw,
        name=list(names),
        gain=gains,
        labels={"name": "function"},
        first={"gain": theory.gain("gelu")} if theory.gain("gelu") in gains else None,
        alt=words,
        size=(4.8, 3.6),
    )


# ---- matrices that only turn ------------------------------------------------------------------------------------


def mirrored(width: int, *, depth: int = 50, seed: int = 0) -> list[Tensor]:
    """Weights [[O, -O], [-O, O]] for ReLU layers of an even width, O orthogonal {cite}`burkholz2019`.

    Raises ValueError for an odd width.
    """
    if width % 2:
        raise ValueError(f"a mirrored layer has an even number of units, not {width}")
    generator, weights = torch.Generator().manual_seed(seed), []
    for _ in range(depth):
        turn = nn.init.orthogonal_(torch.empty(width // 2, width // 2, dtype=F64), generator=generator)
        weights.append(torch.cat([torch.cat([turn, -turn], 1), torch.cat([-turn, turn], 1)]))
    return weights


def singular_values(
    name: str, scheme: str, *, gain: float = 1.0, width: int = 128, depth: int = 50, seed: int = 0
) -> Tensor:
    """Of the matrix of slopes from input to output at one random input, largest first.

    scheme: one of `networks.schemes`, or "mirrored": then the input, too, is a vector h and -h, and the slopes are
    those from h to the upper half of the last layer's outputs less the lower, width/2 in number.
    """
    act = activations.get(name)
    if scheme == "mirrored":
        weights = mirrored(width, depth=depth, seed=seed)
        h = noise(width // 2)
        eye = torch.eye(width // 2, dtype=F64)
        h, J = act(torch.cat([h, -h])), act.slope(torch.cat([h, -h]))[:, None] * torch.cat([eye, -eye])
    else:
        network = networks.mlp([width] * (depth + 1), "identity", scheme="lecun", dtype=F64)
        networks.initialize(network, scheme, gain=gain, seed=seed)
        weights = [layer.weight.detach() for layer in network[::2]]
        h, J = noise(width), torch.eye(width, dtype=F64)
    for layer, W in enumerate(weights):
        h, J = W @ h, W @ J
        if layer < len(weights) - 1:
            h, J = act(h), act.slope(h)[:, None] * J
    return torch.linalg.svdvals(J[: width // 2] if scheme == "mirrored" else J)


def spreads(**settings) -> dict[tuple[str, str], Tensor]:
    """`singular_values` of linear, tanh and ReLU networks, normal and orthogonal weights, and of the mirror."""
    found = {}
    for name, gain in (("identity", 1.0), ("tanh", 1.0), ("relu", math.sqrt(2))):
        for scheme in ("lecun", "orthogonal"):
            found[name, scheme] = singular_values(name, scheme, gain=gain, **settings)
    found["relu", "mirrored"] = singular_values("relu", "mirrored", **settings)
    return found


def spread_table(found: Mapping[tuple[str, str], Tensor]) -> Table:
    """The rms of the singular values, and how far the largest lies above the one in the middle."""
    rows = []
    for (name, scheme), values in found.items():
        mean = values.square().mean().sqrt().log10().item()
        apart = (values[0] / values[len(values) // 2 - 1]).log10().item()
        word = "normal" if scheme == "lecun" else scheme
        rows.append(
            [
                f"{name}, {word}",
                len(values),
                f"{round(mean, 1) + 0.0:.1f}",
                f"{round(apart, 1) + 0.0:.1f}" if apart < 12 else "over 12",
            ]
        )
    return Table(
        ["network", "values", "rms", "largest over middle"], rows, caption="Singular values, in powers of ten."
    )


def spread_figure(found: Mapping[tuple[str, str], Tensor], floor: float = 1e-14) -> Figure:
    """Singular values by rank; those below the floor are rounding, and are drawn there."""
    fig, ax = plt.subplots()
    looks = {"identity": (plot.GREY, "o"), "tanh": (plot.RED, "s"), "relu": (plot.BLUE, "^")}
    kinds = {"lecun": ("normal", ":", "none"), "orthogonal": ("orthogonal", "-", "full")}
    for (name, scheme), values in found.items():
        color, mark = looks[name]
        word, dash, fill = kinds.get(scheme, (scheme, "--", "left"))
        ax.plot(
            range(1, len(values) + 1, 6), values[::6].clamp(min=floor).log10(), color=color, marker=mark,
            fillstyle=fill, markersize=5, linewidth=1, linestyle=dash, label=f"{name}, {word}",
        )  # fmt: skip
    ax.set(xlabel="singular value, largest first", ylabel="its power of ten", ylim=(-14.7, 2.2))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=9)
    return drawn(fig)
