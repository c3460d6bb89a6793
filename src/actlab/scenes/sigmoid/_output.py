"""One output unit that is confidently wrong: how it comes back under two losses, and how far Adam moves it."""

from collections.abc import Sequence

import numpy as np
import torch

from ... import activations, plot, widgets
from ...tables import Table

__all__ = ["first_steps", "recover", "recovery_player"]

LOSSES = {"BCE": (False, plot.BLUE, "-"), "squared error": (True, plot.ORANGE, "--")}


def recover(start: float, *, squared: bool, rate: float = 1.0, longest: int = 200_000) -> list[float]:
    """z of one output unit with label 1, by step of gradient descent, until its answer is above 0.9."""
    z, path = float(start), [float(start)]
    while z < np.log(9) and len(path) <= longest:
        a = 1 / (1 + np.exp(-z))
        z += rate * (1 - a) * (a * (1 - a) if squared else 1)
        path.append(z)
    return path


def recovery_player(starts: Sequence[float] = (0, -1, -2, -3, -4, -5, -6, -8, -10)) -> widgets.Player:
    """The answer by step under both losses, as the start moves; it opens at -6."""
    steps = {(z, name): len(recover(z, squared=of[0])) - 1 for z in starts for name, of in LOSSES.items()}

    def draw(ax, start):
        for name, (squared, color, dash) in LOSSES.items():
            path = np.array(recover(start, squared=squared, longest=200)[:200])
            path = np.pad(path, (0, 200 - len(path)), mode="edge")
            ax.plot(1 / (1 + np.exp(-path)), color=color, linestyle=dash, label=f"{name}: {steps[start, name]:,}")
        ax.axhline(0.9, color=plot.GREY, linewidth=0.8, linestyle=":")
        ax.set(xlabel="step", ylabel="answer $a$, wanted: 1", ylim=(-0.02, 1.02), xlim=(0, 199))
        # where the slow curve does not run
        loc = "center left" if 150 < steps[start, "squared error"] < 400 else "center right"
        ax.legend(loc=loc, title="steps to 0.9")

    def words(start):
        bce, squared = (steps[start, name] for name in LOSSES)
        return (
            f"From z = {start:g} the answer passes 0.9 after {bce} steps with BCE, {squared} with the squared error."
        )

    return widgets.player(draw, start=starts, labels={"start": "z at the start"}, first={"start": -6}, alt=words)


def first_steps(starts: Sequence[float] = (-10, -15, -20, -25, -30), *, rate: float = 0.01) -> Table:
    """The gradient of half the squared error (label 1), and how far Adam's first step moves z."""
    sigmoid, rows = activations.get("sigmoid"), []
    for start in starts:
        z = torch.tensor(float(start), dtype=torch.float64, requires_grad=True)
        update = torch.optim.Adam([z], lr=rate)
        ((sigmoid(z) - 1) ** 2 / 2).backward()
        update.step()
        rows.append((f"{start:g}", f"{-z.grad.item():.0e}", f"{z.item() - start:.2g}"))
    return Table(["z", "size of the gradient", "Adam's first step"], rows)
