"""Masks: what large negative numbers let through where something is kept, and what is left where nothing is."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ... import softmax
from ...tables import Table
from ._formats import FORMATS

__all__ = [
    "PYTHIA",
    "empty_row",
    "empty_table",
    "leaked",
    "leaks_table",
]

# attention scores that a trained network had (TransformerLens, issue 385): five that may be seen, and three fillers
PYTHIA = [-110208.0547, -110189.8125, -110206.5234, -110208.4531, -110192.6016]
KEPT = {"2, 1": [2.0, 1.0], "-12,000": [-12000.0], "Pythia": PYTHIA}
FILLS = ("-1e4", "-1e5", "-1e9", "lowest", "bools")


def leaked(kept: list[float], masked: list[float], fill: str, *, added: bool = False) -> float:
    """The share of the weight that goes to masked positions, in float32.

    fill: a number, "lowest" for the lowest of the format, or "bools" for a mask of them. The number is put in place
    of a masked logit, or added to it.
    """
    z, keep = torch.tensor(kept + masked), torch.arange(len(kept + masked)) < len(kept)
    if fill == "bools":
        p = softmax.softmax(z, mask=keep)
    else:
        number = torch.finfo(z.dtype).min if fill == "lowest" else float(fill)
        p = torch.softmax(torch.where(keep, z, z + number if added else number), 0)
    return p[~keep].sum().item()


def leaks_table() -> Table:
    """The weight of three masked logits by what was put in their place, a column for each set of logits kept."""
    rows = [[fill, *(f"{leaked(kept, [0.0] * 3, fill):.2f}" for kept in KEPT.values())] for fill in FILLS]
    return Table(
        ["in place of the masked", *(f"kept: {name}" for name in KEPT)],
        rows,
        caption="The weight that three masked positions get, in float32.",
    )


def empty_row(fill: str, dtype: torch.dtype, logits: tuple[float, ...] = (-20.0, 1.0, 2.0)) -> Tensor:
    """The weights of a row that is masked from end to end, by what was added to its logits."""
    z, lowest = torch.tensor(logits, dtype=dtype), torch.finfo(dtype).min
    if fill == "bools":
        return softmax.softmax(z, mask=torch.zeros(len(z), dtype=torch.bool))
    for _ in range(2 if fill == "lowest twice" else 1):
        z = z + (lowest if "lowest" in fill else -math.inf if fill == "-inf" else float(fill))
    return torch.softmax(z, 0)


def empty_table(fills: Sequence[str] = ("-1e4", "-1e9", "lowest", "bools")) -> Table:
    """What becomes of `empty_row` by format and by what was added: nan, zeros, all equal, two equal, or bare."""
    rows = []
    for name, dtype in FORMATS.items():
        bare = torch.softmax(torch.tensor([-20.0, 1.0, 2.0], dtype=dtype), 0)
        rows.append([name, *(_kind(empty_row(fill, dtype), bare) for fill in fills)])
    caption = "Logits -20, 1, 2, all masked by a number that is added, or by bools. Bare: as if there were no mask."
    return Table(["format", *fills], rows, caption=caption)


def _kind(p, bare):
    if p.isnan().all():
        return "nan"
    if not p.any():
        return "zeros"
    if torch.allclose(p, bare, atol=1e-3):
        return "bare"
    return {3: "equal", 2: "two"}[int((p == p.max()).sum())]
