"""What it costs gradient descent that outputs are not centred: curvatures with the bias among them, and steps."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ... import plot, theory
from ...tables import Table
from .. import drawn

__all__ = ["curvatures", "descend", "fewest", "outputs", "plane", "widths", "zigzag_figure"]


def outputs() -> dict[str, tuple[float, float]]:
    """Mean and variance of a unit's output on standard normal pre-activations, by name."""
    sigmoid, tanh = theory.moments("sigmoid"), theory.moments("tanh")
    variance = sigmoid.second - sigmoid.mean**2
    return {
        "sigmoid": (sigmoid.mean, variance),
        "sigmoid - 1/2": (0.0, variance),
        "tanh": (0.0, tanh.second - tanh.mean**2),
    }


def curvatures(width: int, mean: float, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """The curvatures of half the mean squared error of a linear unit behind `width` outputs, and how many of each.

    The outputs are independent, of one mean and variance; the unit has a weight for each, and a bias. From the
    largest down, three of them: of the mean with the bias, of differences between weights, and of what is left.
    """
    trace = 1 + variance + width * mean**2
    root = math.sqrt(trace**2 - 4 * variance)
    large = (trace + root) / 2
    return np.array([large, variance, variance / large]), np.array([1, width - 1, 1])


def fewest(width: int, mean: float, variance: float, *, goal: float = 0.01) -> tuple[int, float]:
    """(steps, rate): the fewest steps of gradient descent that bring the expected loss to a share of the first.

    Weights and bias are off by independent standard normal numbers at first, and the rate is the best constant one of
    4,000 between 0 and the one at which descent diverges.
    """
    curvature, many = curvatures(width, mean, variance)
    share = curvature * many / (curvature * many).sum()
    rates = 2 / curvature.max() * np.linspace(0.00025, 1, 4000, endpoint=False)
    factor = np.abs(1 - rates[:, None] * curvature)
    low, high = np.zeros(len(rates)), np.full(len(rates), 1e7)
    for _ in range(30):  # halving: 1e7 < 2^24
        middle = np.floor((low + high) / 2)
        done = (share * factor ** (2 * middle[:, None])).sum(1) <= goal
        low, high = np.where(done, low, middle), np.where(done, middle, high)
    best = high.argmin()
    return int(high[best]), float(rates[best])


def widths(chosen: Sequence[int] = (2, 10, 100)) -> Table:
    """Condition number and fewest steps by width, behind each kind of output."""
    rows = []
    for width in chosen:
        cells = []
        for mean, variance in outputs().values():
            curvature, _ = curvatures(width, mean, variance)
            condition = float(f"{curvature.max() / curvature.min():.3g}")
            cells.append(f"{condition:,.{0 if condition > 10 else 1}f} / {fewest(width, mean, variance)[0]:,}")
        rows.append((width, *cells))
    return Table(
        ["units", *outputs()], rows, caption="Condition number / fewest steps until 1 % of the loss is left."
    )


def descend(width: int, mean: float, variance: float, start: Sequence[float], *, goal: float = 0.01) -> np.ndarray:
    """The path of gradient descent in the plane of two numbers, shape (steps + 1, 2), at the rate of `fewest`.

    The numbers are errors: of the weights' common part (their mean times the root of the width), and of the bias.
    Descent stays in this plane, since the other directions do not enter it.
    """
    hessian = plane(width, mean, variance)
    rate = fewest(width, mean, variance)[1]
    path = [np.asarray(start, dtype=float)]
    first = path[0] @ hessian @ path[0]
    while path[-1] @ hessian @ path[-1] > goal * first:
        path.append(path[-1] - rate * hessian @ path[-1])
    return np.array(path)


def plane(width: int, mean: float, variance: float) -> np.ndarray:
    """The curvatures as a matrix, in the plane of `descend`."""
    across = math.sqrt(width) * mean
    return np.array([[variance + across**2, across], [across, 1.0]])


def zigzag_figure(width: int = 10, start: Sequence[float] = (1.0, 1.4)) -> Figure:
    """Descent behind `width` units of three kinds: the error of the weights' common part and that of the bias."""
    fig, axes = plt.subplots(1, 3, figsize=(6.2, 2.7), sharex=True, sharey=True)
    grid = np.stack(np.meshgrid(np.linspace(-2, 2, 121), np.linspace(-2, 2, 121)), axis=-1)
    for ax, (name, of) in zip(axes, outputs().items(), strict=True):
        loss = np.einsum("ijk,kl,ijl->ij", grid, plane(width, *of), grid) / 2
        ax.contour(*np.moveaxis(grid, -1, 0), loss, levels=loss.max() * 2.0 ** np.arange(-9, 0), colors=plot.GREY,
                   linewidths=0.7)  # fmt: skip
        path = descend(width, *of, start)
        ax.plot(*path.T, ".-", color=plot.ORANGE, linewidth=1, markersize=4)
        ax.plot(0, 0, "*", color=plot.BLUE, markersize=11)
        ax.set_title(f"{name}: {len(path) - 1} steps", fontsize=10)
        ax.set(xlabel="weights", aspect="equal", xlim=(-2, 2), ylim=(-2, 2), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    axes[0].set_ylabel("bias")
    return drawn(fig)
