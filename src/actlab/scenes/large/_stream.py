"""The residual stream before any training: how it grows block by block, and what comes back down."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, layer_norm

from ... import data, plot, widgets
from ...tables import Table

__all__ = ["KINDS", "Kind", "stream", "stream_player", "streams", "streams_table"]

FLOAT16 = torch.finfo(torch.float16).max


class Kind(NamedTuple):
    """How the blocks x + B relu(A x) of a stream are started: the last matrix's factor, and where a norm stands.

    factor: "one", "scaled" (1 / sqrt(2L), L the number of blocks {cite}`radford2019`) or "zero" {cite}`zhang2019`.
    norm: "none", "pre" (what a block reads) or "post" (what it leaves) {cite}`xiong2020`.
    """

    factor: str = "one"
    norm: str = "none"

    def scale(self, blocks: int) -> float:
        """The factor on B for so many blocks."""
        return {"one": 1.0, "scaled": (2 * blocks) ** -0.5, "zero": 0.0}[self.factor]

    def square(self, block: int, blocks: int) -> float:
        """The expected mean square that a wide block leaves, where 1 went into the first.

        Without a norm it is multiplied by 1 + scale^2 a block, with one before the block scale^2 is added.
        """
        added = self.scale(blocks) ** 2
        if self.norm == "post":
            return 1.0
        return 1 + block * added if self.norm == "pre" else (1 + added) ** block


KINDS = {
    "plain": Kind(),
    "scaled": Kind("scaled"),
    "zero": Kind("zero"),
    "pre-norm": Kind(norm="pre"),
    "pre-norm, scaled": Kind("scaled", "pre"),
    "post-norm": Kind(norm="post"),
}
COLORS = dict(zip(KINDS, (plot.RED, plot.BLUE, plot.OCHRE, plot.GREEN, plot.CYAN, plot.PURPLE), strict=True))


def stream(kind: Kind, x: Tensor, into: Sequence[Tensor], out: Sequence[Tensor]) -> list[Tensor]:
    """What each block leaves, x itself first, each of shape (examples, width).

    into, out: the matrices A and B of each block, both of shape (width, width) and multiplied from the right.
    """
    found = [x]
    for A, B in zip(into, out, strict=True):
        x = found[-1]
        read = layer_norm(x, x.shape[-1:]) if kind.norm == "pre" else x
        x = x + torch.relu(read @ A) @ B
        found.append(layer_norm(x, x.shape[-1:]) if kind.norm == "post" else x)
    return found


def _sizes(kind, blocks, width, digits, seed):
    """The stream's root mean square by block, and the size of the gradient of each block's A and B."""
    split = data.mnist(digits, test=1, seed=seed)
    x = split.train_x.flatten(1).double()
    generator = torch.Generator().manual_seed(1000 + seed)
    first, last, *square = (
        torch.randn(*shape, generator=generator, dtype=torch.float64)
        for shape in [(784, width), (width, 10), *[(width, width)] * (2 * blocks)]
    )
    into = [(math.sqrt(2 / width) * W).requires_grad_() for W in square[:blocks]]
    out = [(kind.scale(blocks) * W / math.sqrt(width)).requires_grad_() for W in square[blocks:]]
    x = ((x - x.mean()) / x.std()) @ first / 28
    found = stream(kind, x / x.square().mean().sqrt(), into, out)
    end = layer_norm(found[-1], (width,)) if kind.norm == "pre" else found[-1]
    gradients = torch.autograd.grad(cross_entropy(end @ last / math.sqrt(width), split.train_y), [*into, *out])
    both = [(a.square().sum() + b.square().sum()).sqrt() for a, b in zip(*_halves(gradients), strict=True)]
    return torch.stack([left.square().mean().sqrt() for left in found]).detach(), torch.stack(both)


def _halves(values):
    return values[: len(values) // 2], values[len(values) // 2 :]


def streams(
    blocks: int = 32, seeds: Iterable[int] = range(10), *, width: int = 64, digits: int = 128
) -> dict[str, tuple[Tensor, Tensor]]:
    """By kind: (root mean square of the stream by block, gradient by block) on digits, before any training.

    Shapes (seeds, blocks + 1) and (seeds, blocks), float64. The stream goes in with mean square 1. A gradient is the
    L2 norm over a block's two matrices of that of the mean cross-entropy. A seed draws the digits and the weights,
    the same for every kind: A normal with standard deviation sqrt(2 / width), B with 1 / sqrt(width) times the
    kind's factor.
    """
    found = {}
    for name, kind in KINDS.items():
        both = [_sizes(kind, blocks, width, digits, seed) for seed in seeds]
        found[name] = torch.stack([sizes for sizes, _ in both]), torch.stack([grown for _, grown in both])
    return found


def stream_player(
    found: Mapping[str, tuple[Tensor, Tensor]], at: Sequence[int] = (0, 1, 2, 4, 8, 16, 24, 32)
) -> widgets.Player:
    """The root mean square of the stream up to a block, by kind: each draw, and what is expected, dashed."""
    names = [name for name in found if name != "pre-norm, scaled"]  # its line is hardly above 1
    blocks = found[names[0]][0].shape[1] - 1

    def expected(name):
        return [KINDS[name].square(block, blocks) ** 0.5 for block in range(blocks + 1)]

    def draw(ax, start, block):
        for other in names:
            ax.plot(expected(other), color=plot.GREY, linewidth=0.8, alpha=0.7)
        for run in found[start][0]:
            ax.plot(run[: block + 1], color=COLORS[start], linewidth=0.9)
        ax.plot(expected(start)[: block + 1], "--", color=widgets.INK, linewidth=1.5, label="expected")
        size = found[start][0][:, block].median().item()
        ax.plot([block], [size], "o", color=COLORS[start], markersize=7)
        ax.axhline(FLOAT16, color=widgets.INK, linewidth=0.8, linestyle=":")
        ax.text(0.3, FLOAT16 * 1.5, "float16 ends", fontsize=10)
        ax.text(
            0.97, 0.5, f"block {block}: {_said(size)}", transform=ax.transAxes, ha="right", fontsize=11, va="center"
        )
        ax.set(yscale="log", ylim=(0.5, 1e6), xlim=(-0.5, blocks + 0.5), xlabel="block", ylabel="size of the stream")
        plot.powers(ax)

    def words(start, block):
        sizes = found[start][0][:, block]
        return (
            f"Root mean square of the stream by block, start {start}, up to block {block}: "
            f"{_said(sizes.median().item())} in the middle one of {len(sizes)} draws, "
            f"{_said(expected(start)[block])} expected; it began at 1."
        )

    return widgets.player(
        draw, start=names, block=at, first={"start": "plain", "block": at[-1]}, alt=words, size=(5.0, 3.0), play=True
    )


def _said(size):
    return f"{size:.3g}" if size < 1000 else f"{size:,.0f}"


def _ratio(gradients):
    """First block over last; with B = 0 no gradient reaches A, but B's own is there."""
    return f"{(gradients[:, 0] / gradients[:, -1]).median().item():.2g}"


def streams_table(found: Mapping[str, tuple[Tensor, Tensor]]) -> Table:
    """By kind: the size of the stream behind the last block, and the first block's gradient over the last one's.

    Measured are medians of the draws; expected is what `Kind.square` gives.
    """
    rows = []
    for name, (sizes, gradients) in found.items():
        blocks = gradients.shape[1]
        rows.append(
            (
                name,
                _said(KINDS[name].square(blocks, blocks) ** 0.5),
                _said(sizes[:, -1].median().item()),
                _ratio(gradients),
            )
        )
    return Table(["start", "expected", "measured", "gradient, first/last"], rows)
