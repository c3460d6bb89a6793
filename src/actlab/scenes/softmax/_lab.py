"""The break-it lab: six programs as one would write them down, ten rows of logits, and a judge with fifty digits."""

import decimal
import itertools
from decimal import Decimal

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from ... import plot, softmax, widgets
from ._formats import FORMATS

__all__ = [
    "KILLERS",
    "LAB",
    "formula",
    "judge",
    "lab_player",
    "log_of_formula",
    "log_of_sum",
    "masked_formula",
    "patched_loss",
    "truth",
    "two_class_loss",
    "verdict",
]


def formula(z):
    return torch.exp(z) / torch.exp(z).sum()


def log_of_formula(z):
    return torch.log(formula(z))


def log_of_sum(z):
    return torch.log(torch.exp(z).sum())


def patched_loss(z):  # the right class is the first
    return -torch.log(formula(z)[0] + 1e-8)


def masked_formula(z):  # the last position is padding
    weights = torch.exp(z) * (torch.arange(len(z)) < len(z) - 1)
    return weights / weights.sum()


def two_class_loss(z):  # of the sigmoid of the first logit, label 1
    return -torch.log(1 / (1 + torch.exp(-z[0])))


LAB = {  # as it is written down, and as it survives
    "softmax": (formula, softmax.softmax),
    "log": (log_of_formula, softmax.log_softmax),
    "lse": (log_of_sum, softmax.logsumexp),
    "loss": (patched_loss, lambda z: -softmax.log_softmax(z)[0]),
    "masked": (masked_formula, lambda z: softmax.softmax(z, mask=torch.arange(len(z)) < len(z) - 1)),
    "sigmoid": (two_class_loss, lambda z: torch.clamp(-z[0], min=0) + torch.log1p(torch.exp(-z[0].abs()))),
}
KILLERS = {
    "1, 2, 3": [1.0, 2.0, 3.0],
    "12, 0, 0": [12.0, 0.0, 0.0],
    "100, 0, 0": [100.0, 0.0, 0.0],
    "800, 0, 0": [800.0, 0.0, 0.0],
    "-20, -20, -20": [-20.0, -20.0, -20.0],
    "-100, -100, 0": [-100.0, -100.0, 0.0],
    "-800, -800, 0": [-800.0, -800.0, 0.0],
    "0, 25, 0": [0.0, 25.0, 0.0],
    "0, 0, 800": [0.0, 0.0, 800.0],
    "1000 fives": [5.0] * 1000,
}


def truth(program: str, logits: list[float]) -> Tensor:
    """The right answer of a program, carried out with 50 digits."""
    with decimal.localcontext() as context:
        context.prec = 50
        z = [Decimal(v) for v in logits]
        weights = [v.exp() for v in z]
        total, kept = sum(weights), sum(weights[:-1])
        lse = total.ln()
        right = {
            "softmax": [w / total for w in weights],
            "log": [v - lse for v in z],
            "lse": [lse],
            "loss": [lse - z[0]],
            "masked": [*(w / kept for w in weights[:-1]), 0],
            "sigmoid": [(1 + (-z[0]).exp()).ln()],
        }
        return torch.tensor([float(v) for v in right[program]], dtype=torch.float64)


def verdict(found: Tensor, true: Tensor) -> str:
    """nan, inf, wrong (off by more than 5 % and by more than 0.0001) or right."""
    found = found.double()
    if found.isnan().any():
        return "nan"
    if found.isinf().any():
        return "inf"
    off = (found - true).abs()
    return "wrong" if ((off > 0.05 * true.abs()) & (off > 1e-4)).any() else "right"


def judge(which: int) -> dict[tuple[str, str, str], str]:
    """Verdicts by row, program and format: on the programs as written (0), or on those that survive (1)."""
    found = {}
    for row, program in itertools.product(KILLERS, LAB):
        true = truth(program, KILLERS[row])
        for name, dtype in FORMATS.items():
            z = torch.tensor(KILLERS[row], dtype=dtype)  # whole numbers, which each format holds exactly
            found[row, program, name] = verdict(LAB[program][which](z), true)
    return found


LOOK = {"nan": plot.ORANGE, "inf": plot.PURPLE, "wrong": plot.OCHRE}


def lab_player(verdicts: dict[tuple[str, str, str], str], *, first: str = "float16") -> widgets.Player:
    """What `judge` found, one format at a time."""

    def draw(ax, format):
        for (y, row), (x, program) in itertools.product(enumerate(KILLERS), enumerate(LAB)):
            word = verdicts[row, program, format]
            if word in LOOK:
                ax.add_patch(plt.Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, color=LOOK[word], lw=0))
            ink = "white" if word in LOOK else widgets.INK
            said = word if word in LOOK else "✓"
            ax.text(x, y, said, ha="center", va="center", fontsize=9, color=ink)
        ax.set(xlim=(-0.5, 5.5), ylim=(9.5, -0.5))
        ax.set_xticks(range(6), list(LAB))
        ax.set_yticks(range(10), list(KILLERS))
        ax.tick_params(length=0)
        ax.xaxis.tick_top()
        ax.spines[:].set_visible(False)

    def words(format):
        lost = [
            f"{program} on {row}: {verdicts[row, program, format]}"
            for row, program in itertools.product(KILLERS, LAB)
            if verdicts[row, program, format] != "right"
        ]
        return f"In {format} {len(lost)} of 60 answers are not right: {'; '.join(lost)}."

    return widgets.player(
        draw,
        format=list(FORMATS),
        size=(5.4, 4),
        labels={"format": "number format"},
        first={"format": first},
        alt=words,
    )
