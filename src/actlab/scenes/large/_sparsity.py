"""Zeros and energy in a feed-forward block, and what keeping a share of its hidden outputs costs."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ... import activations, gates, plot, results, widgets
from ...tables import Table

__all__ = ["energies", "energies_table", "prune_player", "pruned", "sparsity_table", "tenth"]

STYLES = {"relu": "relu", "relu_squared": "relu_squared", "gelu": "gelu", "swiglu": "silu"}


def tenth(hidden: Tensor, share: float = 0.1) -> float:
    """The part of the energy, the sum of squares, in the largest share of each row's numbers."""
    squares = hidden.square()
    count = max(1, round(share * hidden.shape[-1]))
    return (squares.topk(count, -1).values.sum() / squares.sum()).item()


def energies(*, rows: int = 2000, units: int = 192, seed: int = 0) -> dict[str, tuple[float, float]]:
    """By function, of standard normal pre-activations: (share of zeros, energy in the largest tenth of a row)."""
    generator = torch.Generator().manual_seed(seed)
    z, value = (torch.randn(rows, units, generator=generator, dtype=torch.float64) for _ in range(2))
    hidden = {name: activations.get(name)(z) for name in ("relu", "relu_squared", "gelu")}
    hidden["swiglu"] = gates.swiglu(value, z)
    return {name: ((out == 0).double().mean().item(), tenth(out)) for name, out in hidden.items()}


def energies_table(found: Mapping[str, tuple[float, float]]) -> Table:
    """What `energies` gives, by function."""
    rows = [(name, f"{zeros:.0%}", f"{energy:.0%}") for name, (zeros, energy) in found.items()]
    return Table(["function", "zeros", "energy in the largest tenth"], rows)


def pruned() -> dict[str, list[dict]]:
    """The counted runs of `data/feed_forward_sparsity` by function, in the order of the seeds."""
    found: dict[str, list[dict]] = {}
    for row in results.load("feed_forward_sparsity", "runs"):
        found.setdefault(row["function"], []).append(row)
    return found


def _kept():
    return results.provenance("feed_forward_sparsity")["kept"]


def _mean(values):
    return sum(values) / len(values)


def sparsity_table(runs: Mapping[str, Sequence[dict]], kept: float = 0.1) -> Table:
    """By function: share of zeros, energy in the largest tenth, and the loss added where each token keeps a share.

    The share are its largest outputs, with Student's interval of the mean, or as many at random.
    """
    at = _kept().index(kept)
    rows = []
    for name, those in runs.items():
        added = [row["largest"][at] for row in those]
        mean, half = results.student(added)
        rows.append(
            (
                name,
                f"{_mean([row['zeros'] for row in those]):.0%}",
                f"{_mean([row['energy'] for row in those]):.0%}",
                f"{mean:.3f} ± {half:.3f}",
                f"{_mean([row['random'][at] for row in those]):.3f}",
            )
        )
    return Table(["function", "zeros", "energy", "loss added", "random"], rows)


def prune_player(runs: Mapping[str, Sequence[dict]]) -> widgets.Player:
    """The loss added where each token keeps only a share of its hidden outputs, the largest or some at random."""
    kept = _kept()

    def draw(ax, function):
        for those in runs.values():
            ax.plot(
                kept,
                [_mean([row["largest"][i] for row in those]) for i in range(len(kept))],
                color=plot.GREY,
                linewidth=0.8,
            )
        color = plot.style_of(STYLES[function])["color"]
        for how, dash in (("largest", "-"), ("random", "--")):
            for row in runs[function]:
                ax.plot(kept, row[how], dash, color=color, linewidth=0.6, alpha=0.6)
            mean = [_mean([row[how][i] for row in runs[function]]) for i in range(len(kept))]
            ax.plot(kept, mean, dash, color=color, linewidth=2, label=f"keep {how}")
        ax.set(xlabel="share of the hidden outputs that a token keeps", ylabel="loss added, nats", ylim=(-0.02, 0.55))
        ax.legend(fontsize=10)

    def words(function):
        said = [
            f"{kept[i]:.0%} kept, {_mean([row['largest'][i] for row in runs[function]]):.3f} with the largest and "
            f"{_mean([row['random'][i] for row in runs[function]]):.3f} at random"
            for i in (0, 1, len(kept) - 1)
        ]
        return f"Loss added to the trained model with {function}, in nats: {'; '.join(said)}."

    return widgets.player(draw, function=list(runs), alt=words)
