"""What four number formats can hold, and how the formula of softmax is lost in them."""

import math
from collections.abc import Callable, Sequence

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import plot, softmax, widgets
from ...tables import Table
from .. import drawn

__all__ = [
    "FORMATS",
    "axis_table",
    "first_screen",
    "keeps_rows_apart",
    "lost_table",
    "no_keepdim",
    "reach",
    "reach_figure",
    "stored",
    "stored_table",
    "trained",
    "whole_maximum",
]

FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}


# ---- the first picture ------------------------------------------------------------------------------------------


def first_screen(
    tops: Sequence[float] = (2, 11, 12, 88, 89, 300, 700, 710, 1000), *, first: tuple[str, float] = ("float16", 12)
) -> widgets.Player:
    """Softmax of three logits that differ by 1: the formula and the stable program, by format and largest logit."""
    true = softmax.softmax(torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64)).tolist()

    def answers(format, top):
        z = torch.tensor([top, top - 1, top - 2], dtype=FORMATS[format])
        return softmax.naive_softmax(z).tolist(), softmax.softmax(z).tolist()

    def draw(ax, format, top):
        naive, stable = answers(format, top)
        for side, p, label, color, hatch in (
            (-0.2, naive, "as written", plot.ORANGE, "//"),
            (0.2, stable, "stable", plot.BLUE, ""),
        ):
            at = [i + side for i in range(3)]
            ax.bar(at, [0 if math.isnan(v) else v for v in p], 0.36, color=color, hatch=hatch, label=label)
            for x, v in zip(at, p, strict=True):
                if math.isnan(v) or v == 0:
                    ax.text(x, 0.02, "nan" if math.isnan(v) else "0", color=widgets.INK, ha="center", weight="bold")
        for i, p in enumerate(true):
            ax.plot([i - 0.42, i + 0.42], [p, p], color=widgets.INK, linewidth=1.2, label=None if i else "true")
        names = [f"logit {top - i:g}" for i in range(3)]
        ax.set(xticks=range(3), xticklabels=names, ylim=(0, 1), ylabel="probability")
        ax.legend(loc="upper right")

    def words(format, top):
        naive, stable = ([_said(v, "nan") for v in p] for p in answers(format, top))
        return (
            f"{format}, logits {top:g}, {top - 1:g}, {top - 2:g}: as written {', '.join(naive)}; stable "
            f"{', '.join(stable)}; true 0.67, 0.24, 0.09."
        )

    return widgets.player(
        draw,
        format=list(FORMATS),
        top=tops,
        labels={"format": "number format", "top": "largest logit"},
        first={"format": first[0], "top": first[1]},
        alt=words,
    )


def _said(value, nan):
    return nan if math.isnan(value) else f"{value:.2f}"


# ---- what a format holds ----------------------------------------------------------------------------------------


def reach(dtype: torch.dtype) -> tuple[float, float]:
    """The lowest number whose exponential is above 0 in that dtype, and the largest whose is finite; by trying."""
    low = _last(lambda e: e > 0, dtype, -1000.0)
    return low, _last(torch.isfinite, dtype, 1000.0)


def _last(holds, dtype, far):
    """The last number between 0 and far at whose exponential something still holds, by halving."""
    near = 0.0
    for _ in range(80):
        middle = (near + far) / 2
        if holds(torch.exp(torch.tensor(middle, dtype=dtype))):
            near = middle
        else:
            far = middle
    return torch.tensor(near, dtype=dtype).item()


def reach_figure() -> Figure:
    """What exp(z) is in each format: 0, subnormal, normal or infinite."""
    fig, ax = plt.subplots(figsize=(5.2, 3.1))
    for y, dtype in enumerate(reversed(FORMATS.values())):
        low, high = reach(dtype)
        normal = math.log(torch.finfo(dtype).tiny)
        for label, start, end, face, hatch, edge in (
            ("0", -1500, low, "none", "...", plot.GREY),
            ("subnormal", low, normal, plot.OCHRE, "", plot.OCHRE),
            ("normal", normal, high, plot.BLUE, "", plot.BLUE),
            ("inf", high, 1500, "none", "xxx", plot.ORANGE),
        ):
            look = {"color": face, "hatch": hatch, "edgecolor": edge, "linewidth": 0.5}
            ax.barh(y, end - start, 0.5, left=start, label=None if y else label, **look)
        for x, side in ((low, "left"), (high, "right")):
            ax.text(x, y + 0.31, f"{x:.4g}", ha=side, fontsize=9)
    ax.set_xscale("symlog", linthresh=10)
    ax.set(xlim=(-1500, 1500), ylim=(-0.5, 4.55), xlabel="$z$ (logarithmic beyond 10)")
    ax.set_yticks(range(4), list(FORMATS)[::-1])
    marks = [-1000, -100, -10, 0, 10, 100, 1000]
    ax.set_xticks(marks, [f"{x}".replace("-", "−") for x in marks])
    ax.minorticks_off()
    ax.legend(loc="upper center", ncols=4, fontsize=9, columnspacing=1, handlelength=1.4)
    return drawn(fig)


# ---- three ways to lose it, and two ways to mend it wrongly ------------------------------------------------------

LOST = {
    "too large": ("1000, 1001, 1002", [1000.0, 1001.0, 1002.0], "float64"),
    "too small": ("-1000, -1001, -1002", [-1000.0, -1001.0, -1002.0], "float64"),
    "too many": ("a thousand fives", [5.0] * 1000, "float16"),
}


def lost_table(program: Callable[[Tensor], Tensor]) -> Table:
    """What a program makes of logits that are too large, too small or too many."""
    rows = []
    for name, (words, logits, format) in LOST.items():
        p = program(torch.tensor(logits, dtype=FORMATS[format]))
        rows.append((name, words, format, f"{p[0]:.4f}", f"{p.double().sum():.2f}"))
    return Table(["the logits are", "logits", "format", "first answer", "sum of all"], rows)


def trained(
    log_p: Callable[[Tensor], Tensor], *, steps: int = 30, rate: float = 1.0, seed: int = 0
) -> tuple[list[float], Tensor, float]:
    """(loss before each step, weights at the end, largest logit seen) of a linear classifier, in float32.

    Three clouds of 100 points whose two features were never scaled down, plain gradient descent from weights of 0;
    log_p: from logits to the logarithms of probabilities.
    """
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(300) % 3
    centre = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]])
    x = centre[label] + 10 * torch.randn(300, 2, generator=generator)
    W, found, largest = torch.zeros(2, 3, requires_grad=True), [], 0.0
    for _ in range(steps):
        z = x @ W
        loss = -log_p(z)[torch.arange(300), label].mean()
        (gradient,) = torch.autograd.grad(loss, W)
        W = (W - rate * gradient).detach().requires_grad_()
        found.append(loss.item())
        largest = max(largest, z.abs().max().item())
    return found, W.detach(), largest


def whole_maximum(z: Tensor) -> Tensor:
    """One largest for all rows, a sum for each."""
    weights = torch.exp(z - z.max())
    return weights / weights.sum(-1, keepdim=True)


def no_keepdim(z: Tensor) -> Tensor:
    """The largest and the sum of each row, spread along the columns."""
    weights = torch.exp(z - z.amax(-1))
    return weights / weights.sum(-1)


BATCHES = {
    "equal": [[1.0, 2.0], [1.0, 2.0]],
    "different": [[1.0, 2.0], [3.0, 6.0]],
    "1000 apart": [[1.0, 2.0], [1001.0, 1002.0]],
}


def axis_table(whole_array: Callable[[Tensor], Tensor], stable: Callable[[Tensor], Tensor]) -> Table:
    """The sums of both rows that four programs make of batches of two rows."""
    programs = {
        "whole array": whole_array,
        "whole maximum": whole_maximum,
        "no keepdim": no_keepdim,
        "stable": stable,
    }
    rows = []
    for name, program in programs.items():
        sums = [program(torch.tensor(z, dtype=torch.float64)).sum(-1).tolist() for z in BATCHES.values()]
        told = [", ".join(_said(one, "nan") for one in pair) for pair in sums]
        rows.append((name, *told, "passes" if keeps_rows_apart(program) else "fails"))
    return Table(["program", *BATCHES, "batch test"], rows, caption="Sums of two rows; right are 1.00, 1.00.")


def keeps_rows_apart(program: Callable[[Tensor], Tensor], *, n: int = 5, seed: int = 1) -> bool:
    """Whether a square batch, its rows far apart, gives what its rows give one by one."""
    z = torch.randn(n, n, generator=torch.Generator().manual_seed(seed)).double() + 1000 * torch.arange(n)[:, None]
    one_by_one = torch.stack([program(row[None])[0] for row in z])
    return torch.allclose(program(z), one_by_one, rtol=1e-12, atol=0)


# ---- what is lost before any program begins ---------------------------------------------------------------------


def stored(logits: Sequence[float], shift: float, dtype: torch.dtype) -> float:
    """The largest relative error of softmax when logits + shift are stored in dtype and all the rest is float64."""
    base = torch.tensor(logits, dtype=torch.float64)
    true, found = softmax.softmax(base), softmax.softmax((base + shift).to(dtype).double())
    return ((found - true).abs() / true).max().item()


def stored_table(logits: Sequence[float] = (2.2, 1.1, 0.3), shifts: Sequence[int] = (0, 10, 100, 1000)) -> Table:
    """`stored` for several shifts, in three formats."""
    formats = {name: FORMATS[name] for name in ("float16", "bfloat16", "float32")}
    rows = [[f"{c:,}", *(f"{stored(logits, c, dtype):.2%}" for dtype in formats.values())] for c in shifts]
    return Table(["shift", *formats], rows, caption="Largest relative error of a probability.")
