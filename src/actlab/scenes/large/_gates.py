"""How large the outputs of a gate get, and which number formats still hold them."""

from collections.abc import Sequence

import torch

from ... import activations, gates, plot, theory, widgets
from ...tables import Table

__all__ = ["FORMATS", "gates_player", "gates_table", "largest", "root_mean_square"]

FORMATS = {
    "e4m3 (8 bits)": torch.finfo(torch.float8_e4m3fn).max,
    "e5m2 (8 bits)": torch.finfo(torch.float8_e5m2).max,
    "float16": torch.finfo(torch.float16).max,
    "bfloat16": torch.finfo(torch.bfloat16).max,
}
NAMES = ("gelu", "swiglu", "swiglu, aligned", "clamped")


def _function(name):
    if name == "gelu":
        return lambda value, gate: activations.get("gelu")(gate)
    if name == "swiglu, aligned":
        return lambda value, gate: gates.swiglu(gate, gate)
    return gates.clamped_swiglu if name == "clamped" else gates.swiglu


def largest(
    scales: Sequence[float], *, numbers: int = 1_000_000, seed: int = 0
) -> dict[str, list[tuple[float, float]]]:
    """By function: (root mean square, largest output in magnitude) at each scale, in float64.

    Pre-activations are independent normal numbers with that standard deviation; in "swiglu, aligned" value and gate
    are the same ones. The draw is the same at each scale and for every function.
    """
    generator = torch.Generator().manual_seed(seed)
    value, gate = (torch.randn(numbers, generator=generator, dtype=torch.float64) for _ in range(2))
    found = {}
    for name in NAMES:
        outputs = [_function(name)(scale * value, scale * gate) for scale in scales]
        found[name] = [(out.square().mean().sqrt().item(), out.abs().max().item()) for out in outputs]
    return found


def root_mean_square(name: str, scale: float) -> float:
    """The expected one of "gelu", "swiglu" or "swiglu, aligned" by quadrature, at this scale of the pre-activations.

    An independent value multiplies the gate's by the scale, so SwiGLU grows with its square; aligned, value and gate
    are large together, and it grows by a factor up to the square root of 3 faster.
    """
    if name == "gelu":
        return theory.variance_map("gelu", scale**2, gain=1.0) ** 0.5
    silu = activations.get("silu")
    if name == "swiglu":
        return scale * theory.variance_map("silu", scale**2, gain=1.0) ** 0.5
    if name == "swiglu, aligned":
        return theory.expectation(lambda z: (scale * z * silu(scale * z)) ** 2) ** 0.5
    raise KeyError(f"there is no formula for {name!r}, only for {', '.join(NAMES[:3])}")


def gates_player(scales: Sequence[float] = (0.3, 1, 3, 10, 30, 100, 300), **draws) -> widgets.Player:
    """The largest of a million outputs by scale of the pre-activations, against the largest numbers of formats."""
    found = largest(scales, **draws)
    colors = dict(zip(NAMES, (plot.GREEN, plot.PURPLE, plot.RED, plot.BLUE), strict=True))
    limits = {"e4m3": FORMATS["e4m3 (8 bits)"], "float16": FORMATS["float16"]}

    def draw(ax, function, scale):
        at = list(scales).index(scale)
        for name in NAMES:
            ax.plot(scales, [most for _, most in found[name]], color=plot.GREY, linewidth=0.8)
        most = [most for _, most in found[function]]
        ax.plot(scales, most, color=colors[function], linewidth=2, label="largest")
        ax.plot(scales, [rms for rms, _ in found[function]], "--", color=colors[function], label="root mean square")
        ax.plot([scale], [most[at]], "o", color=colors[function], markersize=8)
        for name, limit in limits.items():
            ax.axhline(limit, color=widgets.INK, linewidth=0.8, linestyle=":")
            ax.text(scales[0], limit * 1.3, f"{name} ends", fontsize=10)
        ax.text(0.98, 0.06, f"largest: {_said(most[at])}", transform=ax.transAxes, fontsize=11, ha="right")
        ax.set(xscale="log", yscale="log", ylim=(0.05, 1e7), ylabel="output")
        plot.powers(ax).set_xlabel("standard deviation of the pre-activations")
        ax.legend(loc="upper left", fontsize=10, ncols=2)

    def words(function, scale):
        rms, most = found[function][list(scales).index(scale)]
        past = [name for name, limit in limits.items() if most > limit]
        return (
            f"Outputs of {function} at pre-activations of standard deviation {scale:g}: root mean square {rms:.3g}, "
            f"largest of a million {_said(most)}, {'past ' + ' and '.join(past) if past else 'in every format'}."
        )

    return widgets.player(draw, function=NAMES, scale=scales, first={"function": "swiglu", "scale": 100}, alt=words)


def _said(size):
    return f"{size:,.0f}" if size >= 100 else f"{size:.3g}"


def gates_table(found: dict[str, list[tuple[float, float]]], scales: Sequence[float]) -> Table:
    """By format: its largest number, and the first scale at which a function has an output beyond it."""
    rows = []
    for name, limit in FORMATS.items():
        first = []
        for function in NAMES:
            beyond = [scale for scale, (_, most) in zip(scales, found[function], strict=True) if most > limit]
            first.append(f"{min(beyond):g}" if beyond else "never")
        rows.append((name, f"{limit:,.0f}" if limit < 1e6 else f"{limit:.2g}", *first))
    return Table(["format", "its largest", *NAMES], rows)
