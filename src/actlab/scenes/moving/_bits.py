"""Hidden outputs as integers of a few bits: what a range does, and what is left of a dip."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ... import activations, plot, results, theory, widgets
from ...tables import Table

__all__ = [
    "WAYS",
    "accuracy_player",
    "blocks_table",
    "decibels",
    "decibels_table",
    "dips",
    "dips_table",
    "expected_decibels",
    "grid_player",
    "levels",
    "normal_table",
    "of_digits",
    "rounded",
]

WAYS = {"tensor": "symmetric", "affine": "affine", "channel": "by channel"}
ARMS = {
    "int8": "8 bits",
    "int8 affine": "8 bits, affine",
    "int8 by unit": "8 bits, by unit",
    "int6": "6 bits",
    "int4": "4 bits",
    "int4, mean restored": "4 bits, mean put back",
    "no dip": "no dip",
    "its mean alone": "the dip's mean alone",
    "all but its mean": "the dip without its mean",
    "noise": "noise of the dip's size",
    "another sentence": "another sentence",
}


def rounded(h: Tensor, bits: int = 8, peak: float | None = None) -> Tensor:
    """h on the symmetric grid of integers times a step whose end is the peak, the largest magnitude unless given."""
    top = 2 ** (bits - 1) - 1
    step = (h.abs().max() if peak is None else torch.as_tensor(peak)) / top
    return (h / step).round().clamp(-top, top) * step


def decibels(h: Tensor, noisy: Tensor) -> float:
    """The energy of h over that of the error, in decibels: 10 more for a tenth of the error's energy."""
    return 10 * math.log10(h.square().sum() / (noisy - h).square().sum())


def expected_decibels(peak_rms: float, nonzero: float = 1.0, bits: int = 8) -> float:
    """The same in theory, where a rounded number is anywhere between two integers and a zero stays what it is.

    peak_rms: the end of the symmetric range over the root mean square. The error is uniform over a step, so its mean
    square is a twelfth of the step's, at the share of the numbers that are not 0.
    """
    top = 2 ** (bits - 1) - 1
    return 10 * math.log10(12 * top**2 / (peak_rms**2 * nonzero))


def normal_table(functions: Sequence[str], *, numbers: int = 100_000, seed: int = 0) -> Table:
    """Functions of standard normal numbers in 8 bits: peak over root mean square, zeros, decibels twice."""
    z = torch.randn(numbers, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    rows = []
    for name in functions:
        h = activations.get(name)(z)
        peak, nonzero = (h.abs().max() / h.square().mean().sqrt()).item(), (h != 0).double().mean().item()
        rows.append(
            (
                name,
                f"{peak:.1f}",
                f"{1 - nonzero:.0%}",
                f"{expected_decibels(peak, nonzero):.1f}",
                f"{decibels(h, rounded(h)):.1f}",
            )
        )
    return Table(["function", "peak/rms", "zeros", "expected, dB", "measured, dB"], rows)


def of_digits() -> dict[str, list[dict]]:
    """The counted networks of `data/int8` by function, in the order of the seeds."""
    found: dict[str, list[dict]] = {}
    for row in results.load("int8", "digits"):
        found.setdefault(row["function"], []).append(row)
    return found


def _told(values):
    mean, half = results.student(values)
    return f"{mean:.1f} ± {half:.1f}"


def _mean(values):
    values = list(values)
    return sum(values) / len(values)


def decibels_table(digits: Mapping[str, Sequence[dict]]) -> Table:
    """By function, of hidden outputs in 8 bits: peak over root mean square, zeros, and signal over error in dB."""
    rows = []
    for name, of in digits.items():
        rows.append(
            (
                name,
                f"{_mean(row['peak'] for row in of):.1f}",
                f"{1 - _mean(row['nonzero'] for row in of):.0%}",
                *(_told([row[f"decibels_{way}"] for row in of]) for way in WAYS),
            )
        )
    return Table(["function", "peak/rms", "zeros", *WAYS.values()], rows)


def accuracy_player(digits: Mapping[str, Sequence[dict]]) -> widgets.Player:
    """Right digits by the bits of the hidden outputs, less those in 32 bits: each network, and the mean."""
    bits = results.provenance("int8")["bits"]
    ways = {said: way for way, said in WAYS.items()}

    def lost(name, way):
        return [[100 * (right - row["accuracy"]) for right in row[f"right_{ways[way]}"]] for row in digits[name]]

    def draw(ax, function, kind):
        for name in digits:
            mean = [_mean(of) for of in zip(*lost(name, kind), strict=True)]
            ax.plot(bits, mean, color=plot.GREY, linewidth=0.8)
        color = plot.style_of(function)["color"]
        for course in lost(function, kind):
            ax.plot(bits, course, color=color, linewidth=0.6, alpha=0.6)
        mean = [_mean(of) for of in zip(*lost(function, kind), strict=True)]
        ax.plot(bits, mean, "-o", color=color, linewidth=2)
        ax.text(3.1, mean[-1], f"{mean[-1]:.1f}", ha="right", va="bottom", fontsize=11)
        ax.set(xlabel="bits of a hidden output", ylabel="points of accuracy", xlim=(8.3, 2.7), ylim=(-60, 5))
        ax.set_xticks(bits)

    def words(function, kind):
        mean = [_mean(of) for of in zip(*lost(function, kind), strict=True)]
        told = ", ".join(f"{value:+.1f} with {n} bits" for n, value in zip(bits, mean, strict=True))
        return f"Points of accuracy gained or lost with {function}, range {kind}: {told}."

    return widgets.player(
        draw,
        alt=words,
        size=(5.0, 3.0),
        function=list(digits),
        kind=list(ways),
        first={"function": "silu", "kind": "symmetric"},
        labels={"kind": "range"},
    )


def levels(peak: float, bits: int = 8) -> int:
    """How many integers below 0 GELU reaches on the symmetric grid whose end is the peak."""
    _, lowest = theory.minimum("gelu")
    return round(-lowest / (peak / (2 ** (bits - 1) - 1)))


def grid_player(peaks: Sequence[float] = (1, 2, 5, 7, 14, 25), bits: Sequence[int] = (8, 6, 4)) -> widgets.Player:
    """GELU near 0, and what is left of it on a grid whose end is the peak."""
    z = torch.linspace(-5, 1, 1201, dtype=torch.float64)
    gelu = activations.get("gelu")(z)

    def draw(ax, peak, bits):
        plot.zero_lines(ax)
        ax.plot(z, gelu, color=plot.GREY, linewidth=1)
        color = plot.style_of("gelu")["color"]
        ax.plot(z, rounded(gelu, bits, peak), color=color, linewidth=1.8)
        ax.text(0.03, 0.9, f"integers below 0: {levels(peak, bits)}", transform=ax.transAxes, fontsize=11)
        ax.set(xlabel="pre-activation", ylabel="output", ylim=(-0.25, 0.35), xlim=(-5, 1))

    def words(peak, bits):
        return (
            f"GELU between -5 and 1 on a grid of {bits} bits that ends at {peak:g}: the step is "
            f"{peak / (2 ** (bits - 1) - 1):.3g}, and {levels(peak, bits)} integers are left below 0."
        )

    return widgets.player(
        draw,
        alt=words,
        size=(5.0, 3.0),
        bits=list(bits),
        peak=list(peaks),
        first={"bits": bits[0], "peak": peaks[-1]},
        labels={"peak": "largest output"},
    )


def dips() -> dict[str, list[float]]:
    """By what was done to MiniLM's hidden outputs: the mean cosine of each draw of sentences to what they were."""
    found: dict[str, list[float]] = {}
    for row in results.load("int8", "sentences"):
        found.setdefault(row["arm"], []).append(row["cosine"])
    return {arm: found[arm] for arm in ARMS}


def dips_table(found: Mapping[str, Sequence[float]]) -> Table:
    """What `dips` gives, with Student's intervals over the draws."""
    rows = []
    for arm, cosines in found.items():
        mean, half = results.student(cosines)
        rows.append((ARMS[arm], f"{mean:.4f} ± {half:.4f}"))
    return Table(["hidden outputs", "cosine"], rows)


def blocks_table() -> Table:
    """MiniLM's six blocks in 8 bits: the largest output, how many integers are below 0, and the negatives lost."""
    of: dict[int, list[dict]] = {}
    for row in results.load("int8", "blocks"):
        of.setdefault(row["block"], []).append(row)
    rows = []
    for block, draws in of.items():
        mean = {key: _mean(row[key] for row in draws) for key in ("peak", "peak_rms", "negative", "lost", "decibels")}
        rows.append(
            (
                block,
                f"{mean['peak']:.1f}",
                f"{mean['peak_rms']:.0f}",
                levels(mean["peak"]),
                f"{mean['negative']:.0%}",
                f"{mean['lost']:.0%}",
                f"{mean['decibels']:.0f}",
            )
        )
    return Table(["block", "peak", "peak/rms", "levels", "negative", "of them lost", "dB"], rows)
