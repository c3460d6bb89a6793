"""Gates: products, growth, and plain against gated blocks at equal parameters."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor, nn

from ... import data, gates, networks, plot, results, train
from ...tables import Table
from .. import drawn

__all__ = [
    "BASE",
    "FLOORS",
    "blocks",
    "counts_table",
    "doubled",
    "doubled_table",
    "first_of",
    "gain",
    "learned_product",
    "product_table",
    "sizes",
    "sizes_table",
    "tasks",
    "tasks_figure",
    "tasks_table",
    "wins",
]

F64 = torch.float64
# what the best quadratic polynomial leaves of two targets: that is what a bilinear block can be
FLOORS = {"corners": 1 - 1 / (math.pi - 2), "waves": 1 - 8 * math.exp(-4) / (1 - math.exp(-8))}
TASKS = ("products", "waves", "corners")
BASE = "as in gate_tasks"  # the setting of data/gate_sizes that the others differ from in one thing


# ---- a product of two inputs ------------------------------------------------------------------------------------


def learned_product(seed: int, *, units: int = 32, steps: int = 1000, rate: float = 0.01) -> tuple[Tensor, nn.Module]:
    """500 points of the square |x_i| <= 1, and a layer of GELU units that has learned x1 x2 on them."""
    x = 2 * torch.rand(500, 2, generator=torch.Generator().manual_seed(seed)) - 1
    task = data.Split(x, x.prod(dim=1), x, x.prod(dim=1))
    network = networks.mlp([2, units, 1], "gelu", seed=1000 + seed)  # a seed of its own: not the points' numbers
    train.fit(network, task, steps=steps, rate=rate, loss="mse")
    return x, network


def product_table(
    unit: Callable[[Tensor], Tensor], *, reaches: Sequence[int] = (1, 3, 10), seeds: Sequence[int] = range(2)
) -> Table:
    """x1 x2 on larger and larger squares: the error of a unit, and of plain layers that learned on the smallest.

    Root mean square in parts of the largest product; for the layers the least and the most of several seeds.
    """
    trained = [learned_product(seed) for seed in seeds]
    rows = []
    for reach in reaches:

        def off(f, x, reach=reach):
            with torch.no_grad():
                missed = f(reach * x) - (reach * x).prod(dim=1)
            return (missed.square().mean().sqrt() / reach**2).item()

        plain = [off(lambda x, net=net: net(x)[:, 0], x) for x, net in trained]
        exact = max(off(unit, x) for x, _ in trained)
        # to one digit: training amplifies the last bit
        rows.append((f"up to {reach}", f"{exact:.0%}", f"{min(plain):.0%} to {max(plain):.0%}"))
    return Table(["inputs", "one gated unit", "32 GELU units"], rows)


def blocks(seed: int = 0) -> dict[str, nn.Module]:
    """A plain GELU block of width 8 and the gated ones that are matched to it, in float64."""
    plain = {"gelu, plain": networks.mlp([8, 32, 8], "gelu", seed=seed, dtype=F64)}
    return plain | {name: gates.GatedFeedForward(8, 32, name, seed=seed, dtype=F64) for name in gates.catalog}


@torch.no_grad()
def doubled(block: nn.Module, *, size: float = 1e4, seed: int = 1) -> float:
    """How many times larger the output is where a large input is doubled."""
    x = size * torch.randn(64, 8, generator=torch.Generator().manual_seed(seed), dtype=F64)
    return (block(2 * x).norm() / block(x).norm()).item()


def doubled_table() -> Table:
    """`doubled` of each of `blocks`."""
    return Table(["block", "output times"], [(name, f"{doubled(block):.2f}") for name, block in blocks().items()])


def counts_table(sizes: Sequence[tuple[int, int]] = ((8, 64), (512, 2048))) -> Table:
    """Parameters of a plain and of a gated block, by width and hidden units of the plain one."""
    rows = []
    for width, hidden in sizes:
        block = gates.GatedFeedForward(width, hidden)
        of = block.parameter_counts
        rows.append((f"{width}", f"{hidden:,}", f"{block.hidden:,}", f"{of['plain']:,}", f"{of['gated']:,}"))
    return Table(["width", "plain units", "gated", "parameters, plain", "parameters, gated"], rows)


# ---- the stored comparisons -------------------------------------------------------------------------------------


def sizes() -> dict[str, dict[str, np.ndarray]]:
    """Test errors on products, data/gate_sizes, by setting and function: shape (starts,), the same starts for all.

    The rate of each was chosen on other starts: data/gate_sizes, table "rates".
    """
    found = {}
    for row in results.load("gate_sizes", "runs"):
        error = math.inf if row["test_loss"] is None else row["test_loss"]
        found.setdefault(row["setting"], {}).setdefault(row["function"], []).append(error)
    return {setting: {name: np.array(of) for name, of in by.items()} for setting, by in found.items()}


def gain(found: Mapping[str, Mapping[str, np.ndarray]], setting: str, plain: str, other: str) -> tuple:
    """How many times the other's error the first one's is: geometric mean over paired starts, (factor, low, high)."""
    return results.ratio(found[setting][plain], found[setting][other])


def sizes_table(
    found: Mapping[str, Mapping[str, np.ndarray]],
    pairs: Sequence[tuple[str, str]] = (("gelu", "geglu"), ("silu", "swiglu"), ("swiglu", "relu_squared")),
) -> Table:
    """`gain` of some pairs in each setting."""
    rows = []
    for setting in found:
        factors = (gain(found, setting, *pair) for pair in pairs)
        rows.append((setting.replace(BASE, "base"), *("{} ({} to {})".format(*map(_short, of)) for of in factors)))
    heads = ["setting", *(f"{plain} / {other}" for plain, other in pairs)]
    return Table(heads, rows, caption="Error over error, ten paired starts, 95 % intervals.")


def _short(factor):
    return f"{factor:.0f}" if factor >= 9.95 else f"{factor:.1f}"


def tasks() -> tuple[dict[str, dict[str, np.ndarray]], dict[str, dict[str, float]]]:
    """Test errors of nine functions, data/gate_tasks, by task and function, and the rate of each.

    The rate has the lowest median of four on starts 0 to 4; the errors are those of starts 5 to 14.
    """
    by = {}
    for row in results.load("gate_tasks"):
        by.setdefault((row["task"], row["function"]), {}).setdefault(row["rate"], []).append(row["test_loss"])
    errors, rates = {}, {}
    for (task, name), tried in by.items():
        rate = min(tried, key=lambda rate: np.median(tried[rate][:5]))
        errors.setdefault(task, {})[name] = np.array(tried[rate][5:])
        rates.setdefault(task, {})[name] = rate
    return errors, rates


def first_of(errors: Mapping[str, np.ndarray]) -> list[str]:
    """Functions in the order of their median errors."""
    return sorted(errors, key=lambda name: np.median(errors[name]))


def wins(errors: Mapping[str, np.ndarray], one: str, other: str) -> int:
    """On how many starts the first has the lower error."""
    return int((errors[one] < errors[other]).sum())


def tasks_table(
    task: str, errors: Mapping[str, Mapping[str, np.ndarray]], rates: Mapping[str, Mapping[str, float]]
) -> Table:
    """Nine functions on one task: median error, least and most, and the rate. errors, rates: as `tasks` has them."""
    rows = []
    for name in first_of(errors[task]):
        low, middle, high = np.quantile(errors[task][name], [0, 0.5, 1])
        rows.append((name, f"{middle:.1e}", f"{low:.0e} to {high:.0e}", f"{rates[task][name]:g}"))
    return Table(["function", "median error", "ten starts", "rate"], rows, caption=f"{task.capitalize()}.")


def tasks_figure(errors: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """A dot for each start, a bar for the median; circles plain, triangles gated."""
    colors = {"glu": plot.ORANGE, "bilinear": plot.GREY, "reglu": plot.BLUE, "geglu": plot.GREEN}
    colors |= {"swiglu": plot.PURPLE}
    ends = {"products": (-5, -1), "waves": (-2, 0), "corners": (-6, 0)}
    names = list(errors["products"])
    fig, axes = plt.subplots(1, 3, figsize=(6, 3.8), sharey=True)
    for ax, task in zip(axes, TASKS, strict=True):
        for i, name in enumerate(names):
            gated = name in gates.catalog
            look = {"color": colors[name] if gated else plot.style_of(name)["color"], "markersize": 5, "alpha": 0.6}
            ax.plot(errors[task][name], [i] * len(errors[task][name]), "^" if gated else "o", **look)
            ax.plot(np.median(errors[task][name]), i, "|", color="black", ms=15, mew=2)
        ax.axhline(3.5, color=plot.GREY, linewidth=0.8, linestyle=":")
        low, high = ends[task]
        ax.set(xscale="log", title=task, xlim=(10**low / 2, 2 * 10**high))
        ax.set_xticks([10.0**k for k in range(low, high + 1, (high - low) // 2)])
        ax.xaxis.minorticks_off()
    off = names.index("bilinear")
    axes[0].annotate("1e-14", (6e-6, off), (4e-5, off), va="center", arrowprops={"arrowstyle": "->"})
    axes[0].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6))
    fig.supxlabel("squared error on fresh points (1 is no better than the mean)", fontsize=10)
    return drawn(fig)
