"""A gain for each function: theory beside torch's table, stored networks by start, signals that part."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import activations, plot, results, theory, widgets
from ...tables import Table
from .. import drawn
from ._signals import power

__all__ = [
    "NAMES",
    "SCHEMES",
    "ends_table",
    "gains_figure",
    "gains_table",
    "heat_figure",
    "heat_player",
    "heat_table",
    "map_table",
    "parting",
    "parting_figure",
    "predicted_table",
    "slopes_table",
    "stored",
    "torch_gain",
]

F64 = torch.float64
NAMES = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus")
SCHEMES = {
    "PyTorch's": "torch",
    "Glorot": "lecun",  # in square layers they are one
    "He": "he",
    "forward": "computed",
    "backward": "backward",
}
QUANTITIES = {"gradient": "delta", "signal": "signal", "weights": "weight"}

# ---- gains ------------------------------------------------------------------------------------------------------


def torch_gain(name: str) -> float | None:
    """What `torch.nn.init.calculate_gain` says of a function of the catalog, None where it has no entry."""
    try:
        return nn.init.calculate_gain(name, 0.01 if name == "leaky_relu" else None)
    except ValueError:
        return None


def gains_table(names: Sequence[str] = NAMES) -> Table:
    """The gain of the way up and of the way down, chi, and torch's table."""
    rows = []
    for name in names:
        said = torch_gain(name)
        numbers = [f"{of(name):.3f}" for of in (theory.gain, theory.backward_gain, theory.chi)]
        rows.append([name, *numbers, "none" if said is None else f"{said:.3f}"])
    return Table(["function", "gain", "backward", "chi", "torch"], rows)


def gains_figure(low: float = 0.3, high: float = 6.0) -> Figure:
    """Both gains of every function that has them between low and high, and torch's, where it has one."""
    shown = [
        name
        for name in sorted(activations.catalog, key=theory.gain)
        if low < theory.gain(name) and theory.backward_gain(name) < high
    ]
    fig, ax = plt.subplots(figsize=(4.6, 7.0))
    for row, name in enumerate(shown):
        up, down, said = theory.gain(name), theory.backward_gain(name), torch_gain(name)
        ax.plot([up, down], [row, row], color=plot.GREY, linewidth=0.8, zorder=0)
        ax.plot(up, row, "o", color=plot.BLUE, markersize=6)
        ax.plot(down, row, "<", color=plot.ORANGE, markersize=6, mfc="none", mew=1.6)
        if said is not None and name in NAMES:
            ax.plot(said, row, "x", color=plot.RED, markersize=7, mew=1.8)
    ax.plot([], [], "o", color=plot.BLUE, label="forward")
    ax.plot([], [], "<", color=plot.ORANGE, mfc="none", mew=1.6, label="backward")
    ax.plot([], [], "x", color=plot.RED, mew=1.8, label="torch's table")
    ax.set(xscale="log", xlabel="gain (log scale)", ylim=(-0.7, len(shown) - 0.3))
    ax.set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    ax.set_yticks(range(len(shown)), shown, fontsize=9)
    ax.minorticks_off()
    ax.legend(loc="lower right")
    return drawn(fig)


# ---- the stored networks ----------------------------------------------------------------------------------------


def stored(name: str, scheme: str, quantity: str = "delta", depth: int = 50) -> np.ndarray:
    """From data/signal_depth: powers of ten, one for each of its seeds."""
    rows = [row for row in results.load("signal_depth") if (row["activation"], row["scheme"]) == (name, scheme)]
    return np.array([row[quantity] for row in rows if row["depth"] == depth])


def _means(quantity, depth):
    rows = [row for row in results.load("signal_depth") if row["depth"] == depth]
    found = {}
    for row in rows:
        found.setdefault((row["activation"], row["scheme"]), []).append(row[quantity])
    return np.array([[np.mean(found[name, scheme]) for scheme in SCHEMES.values()] for name in NAMES])


def _heat(ax, quantity="delta", depth=50):
    values = _means(quantity, depth)
    shade = np.sign(values) * np.log10(1 + np.abs(values))
    ax.imshow(shade, cmap="PuOr", vmin=-1.7, vmax=1.7, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if abs(shade[row, column]) > 1.05 else "black"
        text = f"{round(value, 1) + 0.0:+.1f}".replace("-", "\u2212").replace("+0.0", "0.0")
        ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=10)
    ax.set_xticks(range(len(SCHEMES)), SCHEMES, fontsize=9)
    ax.set_yticks(range(len(NAMES)), NAMES)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def heat_figure() -> Figure:
    """Powers of ten from delta in layer 50 to delta in layer 1, function by start."""
    fig, ax = plt.subplots(figsize=(5.0, 4.6))
    _heat(ax)
    return drawn(fig)


def heat_player(depths: Sequence[int] = (2, 10, 50)) -> widgets.Player:
    """The heat of three quantities at some depths."""

    def draw(ax, quantity, depth):
        _heat(ax, QUANTITIES[quantity], depth)

    def words(quantity, depth):
        values = _means(QUANTITIES[quantity], depth)
        ends = []
        for at in (values.argmin(), values.argmax()):
            row, column = np.unravel_index(at, values.shape)
            ends.append(f"{values[row, column]:+.1f} ({NAMES[row]}, {list(SCHEMES)[column]})")
        return f"{depth} layers, {quantity}: the lowest entry is {ends[0]}, the highest {ends[1]}."

    return widgets.player(
        draw,
        quantity=list(QUANTITIES),
        depth=list(depths),
        labels={"quantity": "what", "depth": "layers"},
        first={"quantity": "gradient", "depth": depths[len(depths) // 2]},
        alt=words,
        size=(5.2, 4.3),
    )


def _tenths(value):
    """One digit, without a minus before zero."""
    return f"{round(float(value), 1) + 0.0:.1f}"


def heat_table(quantity: str = "delta") -> Table:
    """The heat at 50 layers in numbers: mean and standard deviation over the seeds."""
    rows = []
    for name in NAMES:
        cells = [stored(name, scheme, quantity) for scheme in SCHEMES.values()]
        rows.append([name, *(f"{_tenths(cell.mean())} ± {cell.std(ddof=1):.1f}" for cell in cells)])
    return Table(["function", *SCHEMES], rows, caption="Powers of ten, ten seeds: mean ± standard deviation.")


def predicted_table() -> Table:
    """What chi says of 49 layers at the forward gain, beside the stored networks."""
    rows = []
    for name in NAMES:
        own = stored(name, "computed")
        said = 49 / 2 * math.log10(theory.chi(name))
        rows.append([name, _tenths(said), f"{_tenths(own.mean())} ± {own.std(ddof=1):.1f}"])
    return Table(["function", "predicted", "measured"], rows, caption="Delta, powers of ten over 50 layers.")


# ---- the fixed point that repels --------------------------------------------------------------------------------


def slopes_table(names: Sequence[str] = (*NAMES, "hardswish")) -> Table:
    """The slope of the variance map at q = 1, and what it makes of a signal that is 1 % too strong."""
    rows = []
    for name in names:
        q = 1.01
        for _ in range(49):
            q = min(theory.variance_map(name, q), 1e9)
        kind = theory.fixed_point(name).stability
        size = f"{q:.2f}" if q < 10 else f"{q:.0f}"
        rows.append([name, f"{theory.variance_slope(name, 1.0):.3f}", kind, size])
    return Table(["function", "slope at 1", "q = 1 is", "1.01 becomes"], rows)


def ends_table(
    names: Sequence[str] = ("relu", "elu", "gelu", "silu"), starts: Sequence[float] = (0.9, 0.999, 1, 1.001, 1.1)
) -> Table:
    """Where 50 applications of the variance map lead from mean squares beside 1."""
    rows = []
    for name in names:
        ends = []
        for q in starts:
            for _ in range(50):
                q = theory.variance_map(name, q)
            ends.append(f"{q:.2g}")
        rows.append([name, *ends])
    return Table(["function", *(f"from {q:g}" for q in starts)], rows)


@torch.no_grad()
def parting(name: str, seed: int, *, width: int = 256, depth: int = 50, examples: int = 8) -> Tensor:
    """log10 of the mean square of z for each example in each layer, (depth, examples), at the function's own gain.

    Every example begins exactly at the fixed point: its first pre-activations have mean square 1.
    """
    act, gain = activations.get(name), theory.gain(name)
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(examples, width, generator=generator, dtype=F64)
    z = z / z.square().mean(1, keepdim=True).sqrt()
    q = [z.square().mean(1)]
    for _ in range(1, depth):
        W = torch.randn(width, width, generator=generator, dtype=F64)
        z = act(z) @ W.T * gain / math.sqrt(width)
        q.append(z.square().mean(1))
    return torch.stack(q).log10()


def parting_figure(gelu: Sequence[Tensor], elu: Sequence[Tensor]) -> Figure:
    """What `parting` gives for some networks of GELU and of ELU, with GELU's map from 10 % beside the fixed point."""
    fig, ax = plt.subplots()
    layer = range(1, len(gelu[0]) + 1)
    for network in gelu:
        ax.plot(layer, network, color=plot.GREEN, linewidth=0.8, alpha=0.8)
    for start, dash in ((1.1, "--"), (0.9, ":")):
        q, path = start, []
        for _ in layer:
            path.append(math.log10(q))
            q = theory.variance_map("gelu", q)
        ax.plot(layer, path, color=plot.RED, linestyle=dash, label=f"map, from {start}")
    for network in elu:
        ax.plot(layer, network, color=plot.CYAN, linewidth=0.8)
    for name, color, networks in (("GELU", plot.GREEN, gelu), ("ELU", plot.CYAN, elu)):
        count = sum(network.shape[1] for network in networks)
        ax.plot([], [], color=color, linewidth=0.8, label=f"{name}, {count} examples")
    ax.set(xlabel="layer", ylabel=r"$\log_{10} q$", xlim=(1, len(gelu[0])))
    ax.legend(loc="lower left")
    return drawn(fig)


def map_table(names: Sequence[str] = ("gelu", "silu", "mish")) -> Table:
    """The mean square of the outputs of layer 50 from inputs of mean square 1: the map, and the stored networks."""
    rows = []
    for name in names:
        q = theory.gain(name) ** 2
        for _ in range(49):
            q = theory.variance_map(name, q)
        said = math.log10(theory.variance_map(name, q) / theory.gain(name) ** 2)
        own = stored(name, "computed", "signal")
        rows.append([name, power(said), f"{power(own.mean())} ± {own.std(ddof=1):.1f}"])
    return Table(["function", "map", "ten networks"], rows, caption="Mean square of the outputs of layer 50.")
