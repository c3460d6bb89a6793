"""Softmax in one pass: the running pair, how often memory is read, and pieces that are merged in any order."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ... import plot, widgets
from ...tables import Table

__all__ = [
    "LOOPS",
    "Slow",
    "as_written",
    "at_once",
    "one_pass_player",
    "online",
    "reads",
    "reads_table",
    "records",
    "running",
    "safe",
    "touched",
]

ORDERS = {
    "as it comes": [1.0, 0.2, 2.0, -1.0, 1.5, 3.0, 2.4, 0.5],
    "rising": [-1.0, 0.2, 0.5, 1.0, 1.5, 2.0, 2.4, 3.0],
    "falling": [3.0, 2.4, 2.0, 1.5, 1.0, 0.5, 0.2, -1.0],
}


def running(z: Iterable[float]) -> tuple[float, float]:
    """(largest, sum of exp(z - largest)) of numbers that are read once, one after the other."""
    m, s = -math.inf, 0.0
    for x in z:
        larger = max(m, x)
        s = s * math.exp(m - larger) + math.exp(x - larger)
        m = larger
    return m, s


def one_pass_player(*, first: tuple[str, int] = ("as it comes", 6)) -> widgets.Player:
    """The running pair, logit by logit: each bar is what one logit adds to the sum so far."""

    def draw(ax, order, read):
        row = ORDERS[order]
        m, s = running(row[:read])
        if read > 1:
            before = running(row[: read - 1])[0]
            outline = [math.exp(x - before) for x in row[: read - 1]]
            ax.bar(range(read - 1), outline, fill=False, edgecolor=plot.GREY, linestyle="--")
        colors = [plot.BLUE] * (read - 1) + [plot.ORANGE]
        ax.bar(range(read), [math.exp(x - m) for x in row[:read]], color=colors)
        ax.set(xlim=(-0.6, 7.6), ylim=(0, 1.25), xlabel="logit", ylabel="adds to the sum")
        ax.set_xticks(range(8), [f"{x:g}" for x in row])
        ax.text(-0.5, 1.13, f"largest so far {m:g}, sum so far {s:.3f}")

    def words(order, read):
        m, s = running(ORDERS[order][:read])
        return f"After {read} of 8 logits, {order}: largest {m:g}, sum {s:.3f}."

    return widgets.player(
        draw,
        order=list(ORDERS),
        read=range(1, 9),
        labels={"order": "order", "read": "logits read"},
        first={"order": first[0], "read": first[1]},
        alt=words,
        play=True,
    )


# ---- what is read -----------------------------------------------------------------------------------------------


class Slow:
    """Numbers in slow memory, which counts how often one is fetched."""

    def __init__(self, numbers: Sequence[float]):
        self.numbers, self.fetched = numbers, 0

    def __iter__(self) -> Iterator[float]:
        for number in self.numbers:
            self.fetched += 1
            yield number


def as_written(z, values):
    s = sum(math.exp(x) for x in z)
    return [math.exp(x) / s for x in z]


def safe(z, values):
    m = max(z)
    s = sum(math.exp(x - m) for x in z)
    return [math.exp(x - m) / s for x in z]


def online(z, values):
    m, s = running(z)
    return [math.exp(x - m) / s for x in z]


def at_once(z, values):
    m, s, out = -math.inf, 0.0, 0.0  # what the weights are for: the mean of values
    for x, v in zip(z, values, strict=True):
        larger = max(m, x)
        shrink, weight = math.exp(m - larger), math.exp(x - larger)
        m, s, out = larger, s * shrink + weight, out * shrink + weight * v
    return [out / s]


LOOPS = {
    "the formula, two loops": as_written,
    "safe, three loops": safe,
    "online, two loops": online,
    "used at once, one loop": at_once,
}


def reads(program: Callable, n: int = 1000, *, seed: int = 0) -> tuple[float, float]:
    """(reads, writes) for each logit of a row of n, of a loop over (z, values); z counts how often it is read.

    Raises TypeError for a program that does not read z.
    """
    generator = torch.Generator().manual_seed(seed)
    z, values = torch.randn(2, n, generator=generator).tolist()
    row = Slow(z)
    written = len(program(row, values)) // n  # a mean of all is no row
    if not row.fetched:
        raise TypeError("the program reads its row 0 times; it is to go through z")
    return row.fetched / n, written


def touched(program: Callable[[Tensor], Tensor], n: int = 1000) -> tuple[float, float]:
    """(reads, writes) for each logit of a row of n, in the torch operations that a program calls one by one.

    Counts the entries of what goes into an operation and of what comes out; single numbers do not count.
    """
    z, counted = torch.zeros(n), [0, 0]

    class Counting(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, arguments=(), settings=None):
            out = function(*arguments, **(settings or {}))
            for place, tensors in enumerate((arguments, (out,))):
                counted[place] += sum(t.numel() for t in tensors if isinstance(t, Tensor) and t.numel() > 1)
            return out

    with Counting():
        program(z)
    return tuple(count / n for count in counted)


def reads_table(in_torch: Callable[[Tensor], Tensor]) -> Table:
    """How often each logit is read, and a number for it written: four loops, and a program of torch operations."""
    rows = [(name, *reads(program)) for name, program in LOOPS.items()]
    rows.append(("safe, as torch operations", *touched(in_torch)))
    return Table(["program", "reads", "writes"], [(name, f"{r:g}", f"{w:g}") for name, r, w in rows])


def records(n: int = 10_000, *, rows: int = 1000, seed: int = 5) -> tuple[float, float]:
    """(mean, standard error) of how often the largest so far changes along rows of n normal logits."""
    z = torch.randn(rows, n, generator=torch.Generator().manual_seed(seed))
    changes = (z == z.cummax(1).values).sum(1).double()
    return changes.mean().item(), changes.std().item() / rows**0.5
