"""The slope of softmax, the gradient of its losses, and the temperature."""

from collections.abc import Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import plot, softmax, widgets
from ...tables import Table
from .. import drawn
from ._formats import FORMATS, reach

__all__ = [
    "attention_logits",
    "attention_seen",
    "attention_table",
    "gap_by_step",
    "gradient_sizes",
    "jacobian_figure",
    "pull_table",
    "squeezed",
    "temperature_player",
]

F64 = torch.float64


def temperature_player(
    logits: Sequence[float] = (3.0, 2.0, 1.0, 0.0, -1.0),
    temperatures: Sequence[float] = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 30),
    *,
    first: float = 0.5,
) -> widgets.Player:
    """Softmax of logits / T."""
    row = torch.tensor(logits, dtype=F64)

    def draw(ax, T):
        p = softmax.softmax(row / T)
        ax.bar(range(len(row)), p, color=plot.BLUE)
        for i, v in enumerate(p.tolist()):
            ax.text(i, v + 0.02, f"{v:.3f}", ha="center", fontsize=9)
        ax.set(xticks=range(len(row)), xticklabels=[f"{v:g}" for v in logits], ylim=(0, 1.1))
        ax.set(xlabel="logit", ylabel="probability")

    def words(T):
        p = softmax.softmax(row / T).tolist()
        return f"Temperature {T:g}: probabilities {', '.join(f'{v:.3f}' for v in p)}."

    return widgets.player(draw, T=temperatures, labels={"T": "temperature"}, first={"T": first}, alt=words)


def squeezed(points: int, reach: float = 2.0) -> tuple[float, float]:
    """Softmax over evenly spaced points of an axis: (its value at the right end, that over the value at 0)."""
    p = softmax.softmax(torch.linspace(-reach, reach, points, dtype=F64))
    return p[-1].item(), (p[-1] / p[points // 2]).item()


# ---- two losses -------------------------------------------------------------------------------------------------


def gradient_sizes(gaps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For each logit of a wrong class, three others at 0: the length of the gradient of cross-entropy, that of half
    the squared error of the probabilities, and the largest eigenvalue of the Jacobian."""
    z = torch.stack([gaps, *[torch.zeros_like(gaps)] * 3], dim=1)
    off = softmax.softmax(z) - torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=F64)
    J = torch.stack([softmax.softmax_jacobian(row) for row in z])
    return off.norm(dim=1), (J @ off[..., None]).squeeze(-1).norm(dim=1), torch.linalg.eigvalsh(J)[:, -1]


def jacobian_figure() -> Figure:
    """The sizes of two gradients against the logit of a wrong class."""
    gaps = torch.linspace(0, 30, 121, dtype=F64)
    cross, squared, largest = gradient_sizes(gaps)
    fig, ax = plt.subplots(figsize=(5.6, 3.4))
    ax.plot(gaps, cross, color=plot.BLUE, label="cross-entropy: $|p - y|$")
    ax.plot(gaps, squared, color=plot.ORANGE, linestyle="--", label="squared error: $|J (p - y)|$")
    look = {"color": plot.GREY, "ms": 4, "label": "largest eigenvalue of $J$"}
    ax.plot(gaps[::8], largest[::8], "o", **look)
    ax.set(yscale="log", ylim=(1e-13, 1e3), xlabel="logit of the wrong class, others 0")
    ax.set_ylabel("size (log scale)")
    ax.legend(loc="lower left", fontsize=9)
    return drawn(fig)


def gap_by_step(
    target: Tensor, *, steps: Sequence[int] = (10, 100, 1000, 10_000), rate: float = 0.5
) -> dict[int, float]:
    """The gap between logit 0 and logit 1 after some steps of descent of the cross-entropy with a target of (n,)."""
    z, found = torch.zeros_like(target), {}
    for step in range(1, max(steps) + 1):
        z = z - rate * (torch.softmax(z, 0) - target)
        if step in steps:
            found[step] = (z[0] - z[1]).item()
    return found


def pull_table() -> Table:
    """`gap_by_step` for ten classes: the target 1 and 0, and the smoothed one."""
    hard = torch.eye(10, dtype=F64)[0]
    rows = []
    for name, target in (("1 and 0", hard), ("0.91 and 0.01", 0.9 * hard + 0.1 / 10)):
        rows.append([name, *(f"{gap:.2f}" for gap in gap_by_step(target).values())])
    return Table(["target", "10 steps", "100", "1,000", "10,000"], rows, caption="Gap between two logits.")


# ---- attention --------------------------------------------------------------------------------------------------


def attention_logits(d: int, seed: int, *, queries: int = 200, keys: int = 1000) -> Tensor:
    """Inner products of queries and keys whose d components are independent and standard normal."""
    generator = torch.Generator().manual_seed(1000 * d + seed)
    q = torch.randn(queries, d, generator=generator, dtype=F64)
    return q @ torch.randn(keys, d, generator=generator, dtype=F64).T


def attention_seen(d: int, draws: int = 5) -> Tensor:
    """Shape (draws, 6): variance of the logits, share of the rows with one that float16 can't take the exponential
    of, the largest weight bare and scaled, 1 - sum p^2 bare and scaled; means over the rows."""
    found, most = [], reach(FORMATS["float16"])[1]
    for seed in range(draws):
        z = attention_logits(d, seed)
        both = [softmax.softmax(z), softmax.softmax(z / d**0.5)]
        top = [p.amax(1).mean() for p in both]
        left = [1 - (p**2).sum(1).mean() for p in both]
        found.append(torch.stack([z.var(), (z.amax(1) > most).double().mean(), *top, *left]))
    return torch.stack(found)


def attention_table(widths: Sequence[int] = (4, 16, 64, 256, 1024)) -> Table:
    """`attention_seen` by number of components, means over five draws."""
    rows = []
    for d in widths:
        variance, past, *rest = attention_seen(d).mean(0).tolist()
        rows.append((f"d = {d}", f"{variance:.0f}", f"{past:.0%}", *(f"{x:.2f}" for x in rest)))
    heads = ["width", "variance", "past 11.09", "largest, bare", "largest, scaled", "slope, bare", "slope, scaled"]
    return Table(heads, rows, caption="200 queries, 1000 keys; mean of five draws.")
