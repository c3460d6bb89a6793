"""How many digits of a softmax are right, and what long sums do to them."""

import decimal
import math
from collections.abc import Callable, Sequence
from decimal import Decimal

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import plot, softmax
from ...tables import Table
from .. import drawn
from ._formats import FORMATS

__all__ = [
    "by_way",
    "exact",
    "lengths_figure",
    "lengths_table",
    "off_one",
    "off_one_table",
    "one_by_one",
    "refunded",
    "rows_of",
    "shifted",
    "stuck_table",
    "sum_errors",
    "ulps",
    "ulps_figure",
    "worst",
    "worst_table",
]

F64 = torch.float64


def exact(row: Sequence[float]) -> list[float]:
    """Softmax of a list of floats, carried out with 50 digits by Python's decimal module."""
    with decimal.localcontext() as context:
        context.prec = 50
        weights = [Decimal(z).exp() for z in row]
        total = sum(weights)
        return [float(w / total) for w in weights]


# ---- errors in units of the last place --------------------------------------------------------------------------


def ulps(found: Tensor, true: Tensor) -> Tensor:
    """Errors in units of the spacing of found's format at the true values (float64)."""
    info = torch.finfo(found.dtype)
    spacing = torch.exp2(torch.floor(torch.log2(true))) * info.eps
    return (found.double() - true).abs() / spacing.clamp(min=info.tiny * info.eps)


def shifted(z: Tensor) -> Tensor:
    """Softmax with the largest subtracted first, carried out in z's own format."""
    weights = torch.exp(z - z.amax(-1, keepdim=True))
    return weights / weights.sum(-1, keepdim=True)


def refunded(z: Tensor) -> Tensor:
    """`shifted`, with what the subtraction rounded away found exactly and put back."""
    m = z.amax(-1, keepdim=True)
    d = z - m
    part = d - z
    r = (z - (d - part)) - (m + part)  # exactly: z - m = d + r
    weights = torch.exp(d) * (1 + r)
    return weights / weights.sum(-1, keepdim=True)


def rows_of(spread: float, dtype: torch.dtype, *, rows: int = 50, n: int = 32) -> Tensor:
    """Normal logits of that standard deviation, stored in a format: shape (rows, n)."""
    generator = torch.Generator().manual_seed(0)
    return (spread * torch.randn(rows, n, generator=generator, dtype=F64)).to(dtype)


def worst(program: Callable[[Tensor], Tensor], z: Tensor) -> float:
    """The largest error of a program on rows of logits, in ulps of their format."""
    true = torch.tensor([exact(row) for row in z.tolist()], dtype=F64)
    return ulps(program(z), true).max().item()


PROGRAMS = {
    "formula": softmax.naive_softmax,
    "shifted": shifted,
    "shifted, refunded": refunded,
    "the package": softmax.softmax,
}


def worst_table(spreads: Sequence[float] = (1, 3, 10)) -> Table:
    """`worst` by format and standard deviation of the logits, to a whole ulp from 1 on."""
    rows = []
    for name in ("float16", "bfloat16", "float32"):
        for spread in spreads:
            z = rows_of(spread, FORMATS[name])
            errors = [worst(program, z) for program in PROGRAMS.values()]
            rows.append(
                [
                    f"{name}, {spread}",
                    *("nan" if math.isnan(e) else f"{e:.0f}" if e >= 1 else f"{e:.1f}" for e in errors),
                ]
            )
    return Table(["format, sd", *PROGRAMS], rows, caption="Worst error in ulps of 50 rows of 32 logits.")


def ulps_figure(spread: float = 10, rows: int = 30) -> Figure:
    """The error of each probability in float32 against how far its logit lies below the largest."""
    z = rows_of(spread, torch.float32)[:rows]
    true = torch.tensor([exact(row) for row in z.tolist()], dtype=F64)
    below = (z.amax(1, keepdim=True) - z).flatten()
    fig, ax = plt.subplots(figsize=(5.6, 3.5))
    for program, color, marker, name in (
        (shifted, plot.BLUE, "o", "largest subtracted"),
        (softmax.naive_softmax, plot.ORANGE, "x", "formula"),
    ):
        error = ulps(program(z), true).flatten()
        ax.plot(below, error, marker, ms=3.5, color=color, label=name)
    at = torch.linspace(1, 56, 500)
    bound = torch.exp2(torch.floor(torch.log2(at)))
    label = "rounding $z - m$ alone, at worst"
    ax.plot(at, bound, color=plot.GREY, linestyle="--", linewidth=1, label=label)
    ax.set(xlabel="how far the logit lies below the largest", ylabel="error in ulps")
    ax.set(xlim=(-1, 56), ylim=(-1, 49))
    ax.legend(loc="upper left", fontsize=9)
    return drawn(fig)


# ---- sums -------------------------------------------------------------------------------------------------------


def off_one(dtype: torch.dtype) -> Tensor:
    """How far from 1 the outputs of softmax add up, for each of 1000 rows of ten logits; added without rounding."""
    z = 5 * torch.randn(1000, 10, generator=torch.Generator().manual_seed(0)).double()
    return torch.tensor([abs(math.fsum(row) - 1) for row in softmax.softmax(z.to(dtype)).tolist()], dtype=F64)


def off_one_table() -> Table:
    """The worst of `off_one`, in powers of ten, and the rows that are exactly 1."""
    rows = []
    for name, dtype in FORMATS.items():
        off = off_one(dtype)
        rows.append((name, f"< 1e{math.ceil(math.log10(off.max().item()))}", "yes" if not off.any() else "no"))
    return Table(["format", "farthest from 1", "every sum exactly 1"], rows)


def one_by_one(dtype: torch.dtype, n: int = 10_000) -> float:
    """The sum of n ones that a loop adds up in that dtype."""
    total, one = torch.zeros((), dtype=dtype), torch.ones((), dtype=dtype)
    for _ in range(n):
        total = total + one
    return total.item()


def stuck_table(n: int = 10_000) -> Table:
    """`one_by_one` by format, with what the probabilities of n equal logits would then add up to."""
    rows = []
    for name in ("float16", "bfloat16", "float32"):
        end, dtype = one_by_one(FORMATS[name], n), FORMATS[name]
        rows.append((name, f"{end:,.0f}", f"{2 / torch.finfo(dtype).eps:,.0f}", f"{n / end:.2f}"))
    heads = ["added in", "sum", "sticks at", "probabilities add up to"]
    return Table(heads, rows, caption=f"{n:,} ones, added one by one.")


def sum_errors(
    dtype: torch.dtype, *, block: int = 1, one_pass: bool = True, lengths: Sequence[int] = (16, 64, 256, 1024, 4096)
) -> list[float]:
    """The median relative error of sum exp(z - m) over 50 rows of each length, blocks read one after the other."""
    found = []
    for n in lengths:
        logits = torch.randn(50, n, generator=torch.Generator().manual_seed(n)).half()
        wide, z = logits.double(), logits.to(dtype)
        true = torch.exp(wide - wide.amax(1, keepdim=True)).sum(1)
        top = z.amax(1)
        m, s = torch.full_like(top, -math.inf), torch.zeros_like(top)
        for part in z.split(block, 1):
            larger = torch.maximum(m, part.amax(1)) if one_pass else top
            s = s * torch.exp(m - larger) + torch.exp(part - larger[:, None]).sum(1)
            m = larger
        found.append(((s.double() - true).abs() / true).median().item())
    return found


WAYS = {
    "float16, one pass": (torch.float16, 1, True, plot.ORANGE, "-", "s"),
    "float16, two passes": (torch.float16, 1, False, plot.ORANGE, ":", "x"),
    "float16, blocks of 64": (torch.float16, 64, True, plot.OCHRE, "--", "^"),
    "float32, one pass": (torch.float32, 1, True, plot.BLUE, "-", "o"),
    "float32, two passes": (torch.float32, 1, False, plot.BLUE, ":", "x"),
    "float32, blocks of 64": (torch.float32, 64, True, plot.CYAN, "--", "v"),
}
LENGTHS = (16, 64, 256, 1024, 4096)


def lengths_figure(errors: dict[str, list[float]]) -> Figure:
    """`sum_errors` against the length of the row."""
    fig, ax = plt.subplots(figsize=(5.6, 4))
    for name, (*_, color, dash, marker) in WAYS.items():
        ax.plot(LENGTHS, errors[name], color=color, linestyle=dash, marker=marker, ms=5, lw=1.5, label=name)
    ax.set(xscale="log", yscale="log", xlabel="length of the row", ylabel="relative error of the sum")
    ax.set_ylim(1e-8, 1e2)
    ax.set_xticks(LENGTHS, [str(n) for n in LENGTHS])
    ax.minorticks_off()
    ax.legend(loc="upper center", ncols=2, fontsize=8.5, columnspacing=1)
    return drawn(fig)


def by_way() -> dict[str, list[float]]:
    """`sum_errors` of rows of 16 to 4096 logits, by format and way of adding."""
    return {
        name: sum_errors(dtype, block=block, one_pass=one_pass, lengths=LENGTHS)
        for name, (dtype, block, one_pass, *_) in WAYS.items()
    }


def lengths_table(errors: dict[str, list[float]]) -> Table:
    """`by_way` in powers of ten; of float32 bounds, since its digits depend on the processor."""
    rows = []
    for name, own in errors.items():
        powers = [math.log10(error) for error in own]
        rows.append([name, *(f"{p:.1f}" if "float16" in name else f"< {math.ceil(p)}" for p in powers)])
    return Table(["powers of ten, rows of", *map(str, LENGTHS)], rows)
