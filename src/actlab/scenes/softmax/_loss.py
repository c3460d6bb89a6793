"""The logarithm of softmax, and the loss: five programs for one number, and what a patch leaves of its gradient."""

from collections.abc import Callable

import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ... import plot, softmax
from ...tables import Table
from .. import drawn

__all__ = [
    "added_again",
    "certain_and_right",
    "gap_losses",
    "left_by_the_patch",
    "log_table",
    "loss_ends",
    "loss_figure",
]

F64 = torch.float64


def added_again(z: Tensor) -> Tensor:
    """The logarithm of softmax as z - lse(z), with the largest added again before z is subtracted."""
    m = z.amax(-1, keepdim=True)
    return z - (m + torch.log(torch.exp(z - m).sum(-1, keepdim=True)))


def log_table(stable: Callable[[Tensor], Tensor], log_softmax: Callable[[Tensor], Tensor]) -> Table:
    """The loss of class 0, minus the logarithm of its probability, by three programs in float32, and the truth."""
    programs = {"log of stable": lambda z: torch.log(stable(z)), "z - lse": added_again, "log_softmax": log_softmax}
    rows = []
    for name, z in {"0, 800": [0.0, 800.0], "1e8, 1e8": [1e8, 1e8]}.items():
        found = [-program(torch.tensor(z))[0].item() for program in programs.values()]
        true = -softmax.log_softmax(torch.tensor(z, dtype=F64))[0].item()
        rows.append([name, *(f"{abs(loss):.4f}" for loss in [*found, true])])
    return Table(["logits", *programs, "true"], rows, caption="Loss of the first class, float32.")


PROGRAMS = {  # how softmax is computed, in which format, what is added to it, colour, dash, how far it is lifted
    "from the logits": (None, F64, 0.0, plot.BLUE, "-", 0.0),
    "log(formula), float16": (softmax.naive_softmax, torch.float16, 0.0, plot.ORANGE, "-", 2.2),
    "log(formula), float32": (softmax.naive_softmax, torch.float32, 0.0, plot.ORANGE, "--", 4.4),
    "log(stable softmax), float32": (softmax.softmax, torch.float32, 0.0, plot.PURPLE, "-.", 6.6),
    "log(p + 1e-8), float32": (softmax.softmax, torch.float32, 1e-8, plot.GREEN, ":", 0.0),
}


def gap_losses(far: float = 130, *, parts: int = 4) -> tuple[Tensor, dict[str, Tensor]]:
    """(gaps, losses by program) of a row of two logits, 0 for the right class and the gap for the wrong one."""
    gaps = torch.linspace(0, far, int(far) * parts + 1, dtype=F64)
    found = {}
    for name, (p_of, dtype, patch, *_) in PROGRAMS.items():
        z = torch.stack([torch.zeros_like(gaps), gaps], dim=1).to(dtype)
        found[name] = -(torch.log(p_of(z)[:, 0] + patch) if p_of else softmax.log_softmax(z)[:, 0]).double()
    return gaps, found


def loss_ends() -> dict[str, float]:
    """The last gap, in quarters, up to which each program's loss is finite."""
    gaps, found = gap_losses()
    return {name: gaps[int(loss.isfinite().long().cumprod(0).sum()) - 1].item() for name, loss in found.items()}


def loss_figure() -> Figure:
    """The loss by five programs against the gap; a cross where one of them ends."""
    gaps, found = gap_losses()
    fig, ax = plt.subplots(figsize=(5.6, 3.8))
    for name, loss in found.items():
        *_, color, dash, lift = PROGRAMS[name]
        stop = int(loss.isfinite().long().cumprod(0).sum())
        ax.plot(gaps[:stop], loss[:stop] + lift, color=color, linestyle=dash, label=name)
        if stop < len(gaps):
            ax.plot(gaps[stop - 1], loss[stop - 1] + lift, "x", color=color, ms=9, mew=2.5)
    ax.set(xlabel="gap $g$ to the right class", ylabel="loss", ylim=(-3, 137))
    ax.legend(loc="upper left", fontsize=9)
    return drawn(fig)


def left_by_the_patch(gap: float, *, patch: float = 1e-8) -> tuple[float, float]:
    """(loss, share of its gradient that is left) of -log(p + patch), for the two logits 0 and the gap."""
    z = torch.tensor([0.0, gap], dtype=F64, requires_grad=True)
    patched, true = -torch.log(softmax.softmax(z)[0] + patch), -softmax.log_softmax(z)[0]
    of_patched, of_true = (torch.autograd.grad(loss, z)[0][1] for loss in (patched, true))
    return patched.item(), (of_patched / of_true).item()


def certain_and_right(classes: int = 10, size: float = 50.0) -> tuple[float, float]:
    """torch's cross-entropy of a network that is certain and right: given logits, and given probabilities."""
    z, y = size * torch.eye(classes, dtype=F64), torch.arange(classes)
    given = z, softmax.softmax(z)
    return tuple(torch.nn.functional.cross_entropy(x, y).item() for x in given)
