"""Softmax in attention: what becomes of the weights as the logits grow, and what changes to it do about that."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ... import plot, softmax, widgets
from ...tables import Table

__all__ = ["WAYS", "attend", "attended", "attention_player", "flat", "logits_table"]

WAYS = ("softmax", "cap", "QK-norm", "zero logit")


def attended(
    way: str, scale: float, *, tokens: int = 8, size: int = 16, cap: float = 15.0, rows: int = 256, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """(logits, weights) of a head with queries and keys of this standard deviation, each of shape (rows, tokens).

    Queries and keys are normal; a row is a query with its own keys of `size` numbers. way: "softmax" of
    q . k / sqrt(size); "cap", of cap tanh(logit / cap) {cite}`gemma2024`; "QK-norm", where q and k have root mean
    square 1 before {cite}`henry2020,dehghani2023`; "zero logit", where a logit of 0 whose value is 0 takes part.
    Raises KeyError for another.
    """
    if way not in WAYS:
        raise KeyError(f"there is no way {way!r}; there are {', '.join(WAYS)}")
    generator = torch.Generator().manual_seed(seed)
    q = scale * torch.randn(rows, 1, size, generator=generator, dtype=torch.float64)
    k = scale * torch.randn(rows, tokens, size, generator=generator, dtype=torch.float64)
    return attend(way, q, k, cap)


def attend(way: str, q: Tensor, k: Tensor, cap: float = 15.0) -> tuple[Tensor, Tensor]:
    """(logits, weights) of queries (..., 1, size) and keys (..., tokens, size), in one of the ways of `attended`."""
    if way == "QK-norm":
        q, k = (x / x.square().mean(-1, keepdim=True).sqrt() for x in (q, k))
    logits = (q * k).sum(-1) / math.sqrt(q.shape[-1])
    if way == "cap":
        logits = cap * torch.tanh(logits / cap)
    if way == "zero logit":
        weights = softmax.softmax(torch.cat([logits, torch.zeros_like(logits[..., :1])], -1))[..., :-1]
    else:
        weights = softmax.softmax(logits)
    return logits, weights


def flat(way: str, logits: Tensor, weights: Tensor, cap: float = 15.0, least: float = 0.01) -> float:
    """The share of rows in which no weight changes by `least` per unit of any logit, as it is before a cap.

    The largest slope of a softmax is that of a weight p to its own logit, p (1 - p); a cap multiplies it by its own.
    """
    slopes = weights * (1 - weights)
    if way == "cap":
        slopes = slopes * (1 - (logits / cap) ** 2)
    return (slopes.amax(-1) < least).double().mean().item()


def _said(logits):
    largest = logits.abs().max().item()
    return f"{largest:,.0f}" if largest >= 100 else f"{largest:.3g}"


def attention_player(scales: Sequence[float] = (0.3, 1, 2, 4, 8, 16)) -> widgets.Player:
    """The weights that one query gives its eight keys, as queries and keys grow, in four ways."""

    def draw(ax, attention, scale):
        _, weights = attended(attention, scale)
        ax.bar(range(1, 9), weights[0], color=plot.BLUE if attention == "softmax" else plot.GREEN)
        ax.axhline(1 / 8, color=widgets.INK, linewidth=0.8, linestyle=":")
        logits = attended(attention, scale)[0]
        ax.text(0.5, 0.93, f"largest logit of 2,048: {_said(logits)}", fontsize=11)
        ax.text(0.5, 0.82, f"sum of these weights: {weights[0].sum().item():.2f}", fontsize=11)
        ax.set(ylim=(0, 1.02), xlabel="token", ylabel="weight")

    def words(attention, scale):
        logits, weights = attended(attention, scale)
        return (
            f"Weights of one query with {attention}, queries and keys of standard deviation {scale:g}: the largest "
            f"of eight is {weights[0].max().item():.2f}, their sum {weights[0].sum().item():.2f}; the largest "
            f"logit of 2,048 is {_said(logits)}."
        )

    return widgets.player(
        draw, attention=WAYS, scale=scales, first={"attention": "softmax", "scale": 4}, alt=words, size=(5.0, 2.8)
    )


def logits_table(scales: Sequence[float] = (1, 4, 16)) -> Table:
    """By way and scale: the largest logit, and the share of queries none of whose weights has a slope of 0.01."""
    rows = []
    for way in WAYS:
        for scale in scales:
            logits, weights = attended(way, scale)
            rows.append((way, f"{scale:g}", _said(logits), f"{flat(way, logits, weights):.0%}"))
    return Table(["attention", "scale", "largest logit", "flat"], rows)
