"""The published script in our words, for many networks at once: who solves XOR in it, and what one character does."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from ... import data, networks, plot, results, train, widgets
from ...tables import Table
from ._pairs import apart, points

__all__ = [
    "at_zero",
    "before",
    "characters",
    "characters_table",
    "descend",
    "first_step",
    "gradient_table",
    "left_alone",
    "logits",
    "packaged",
    "printed",
    "right",
    "same_start_player",
    "script",
    "script_table",
    "sigmoid",
    "silent",
    "start",
]

SEEDS, PUBLISHED = 200, 42  # the seed of the published picture
X, Y = data.xor(dtype=torch.float64)[:2]
Y = Y[:, None]

Hidden = Callable[[Tensor], tuple[Tensor, Tensor]]  # from pre-activations to values and slopes


def sigmoid(z: Tensor) -> tuple[Tensor, Tensor]:
    """Values and slopes of the script's sigmoid units."""
    a = torch.sigmoid(z)
    return a, a * (1 - a)


def at_zero(hidden: Hidden, slope: float) -> Hidden:
    """The same function with another slope at exactly 0."""

    def changed(z):
        a, own = hidden(z)
        return a, torch.where(z == 0, slope, own)

    return changed


def start(seeds: Iterable[int], scale: float = 0.1) -> list[Tensor]:
    """The script's start, a network for each seed along the last axis, float64.

    W1 (2, 4, networks), b1 (4, networks), W2 (4, networks), b2 (networks,); weights normal with a standard deviation
    of `scale`, biases 0.
    """
    draws = [np.random.default_rng(seed) for seed in seeds]
    normal = [(rng.standard_normal((2, 4)), rng.standard_normal(4)) for rng in draws]
    W1, W2 = (torch.tensor(scale * np.stack(part, -1)) for part in zip(*normal, strict=True))
    return [W1, torch.zeros_like(W2), W2, torch.zeros_like(W2[0])]


def before(parameters: Sequence[Tensor]) -> Tensor:
    """Pre-activations of the hidden units, shape (corners, units, networks)."""
    W1, b1, *_ = parameters
    return torch.tensordot(X, W1, 1) + b1


def logits(parameters: Sequence[Tensor], hidden: Hidden) -> Tensor:
    """Shape (corners, networks)."""
    *_, W2, b2 = parameters
    return (hidden(before(parameters))[0] * W2).sum(1) + b2


def right(parameters: Sequence[Tensor], hidden: Hidden) -> Tensor:
    """Which corners are answered rightly, shape (corners, networks)."""
    return (logits(parameters, hidden) > 0) == (Y > 0.5)


def silent(parameters: Sequence[Tensor]) -> Tensor:
    """Which units are at or below 0 on all corners, shape (units, networks)."""
    return (before(parameters) <= 0).all(0)


def printed(a: Tensor, y: Tensor) -> Tensor:
    """What the script sends back from its output, for four corners; {cite}`clark2025`."""
    return (a - y) / 4 * a * (1 - a)


def descend(
    parameters: list[Tensor],
    hidden: Hidden,
    *,
    steps: int = 5000,
    rate: float = 0.1,
    error: Callable[[Tensor, Tensor], Tensor] = printed,
) -> list[Tensor]:
    """The parameters after so many steps of plain gradient descent on all four corners.

    error: from answers and labels to the gradient at the output unit, the script's if left out.
    """
    for _ in range(steps):
        *_, W2, b2 = parameters
        a1, slope = hidden(before(parameters))
        delta2 = error(torch.sigmoid((a1 * W2).sum(1) + b2), Y)[:, None]
        delta1 = delta2 * W2 * slope
        moves = torch.tensordot(X.T, delta1, 1), delta1.sum(0), (delta2 * a1).sum(0), delta2.sum((0, 1))
        parameters = [p - rate * move for p, move in zip(parameters, moves, strict=True)]
    return parameters


# ---- who solves it ----------------------------------------------------------------------------------------------


def script(seeds: Sequence[int] = range(SEEDS), **functions: Hidden) -> dict[str, Tensor]:
    """How many of the four corners each network has right after the script's 5000 steps: by function, (seeds,).

    functions: from pre-activations to values and slopes, by name.
    """
    return {name: _corners(hidden, tuple(seeds)) for name, hidden in functions.items()}


@cache
def _corners(hidden, seeds):
    """Kept, for a page asks for the same function in one comparison after another."""
    return right(descend(start(seeds), hidden), hidden).sum(0)


def script_table(found: Mapping[str, Tensor]) -> Table:
    """What `script` found: the published seed, and the share that is solved with Wilson's interval."""
    rows = []
    for name, corners in found.items():
        k, n = int((corners == 4).sum()), len(corners)
        low, high = results.proportion(k, n)
        rows.append(
            (name, f"{int(corners[PUBLISHED])} of 4", f"{k} of {n}", f"{100 * low:.0f} to {100 * high:.0f} %")
        )
    return Table(["function", f"seed {PUBLISHED}", "solved", "interval"], rows)


# ---- one character ----------------------------------------------------------------------------------------------


def characters(relu: Hidden, leaky_relu: Hidden) -> dict[str, Tensor]:
    """`script` for both functions, each with a small slope at exactly 0 and with 1 there."""
    return {
        "ReLU, 0 (the script's)": relu,
        "ReLU, 1": at_zero(relu, 1.0),
        "Leaky ReLU, 0.01": at_zero(leaky_relu, 0.01),
        "Leaky ReLU, 1 (the script's)": leaky_relu,
    }


def characters_table(found: Mapping[str, Tensor]) -> Table:
    """A row for each arm of `characters`: the share that is solved, and by how much that is more than the first."""
    arms = {name: corners == 4 for name, corners in found.items()}
    base, *_ = arms.values()
    rows = []
    for name, won in arms.items():
        more = "-" if won is base else points(apart(won, base))
        rows.append((name, f"{int(won.sum())} of {len(won)}", more))
    return Table(["function, slope at 0", "solved", "points more than the first"], rows)


def first_step(
    hidden: Hidden, other: Hidden, seeds: Sequence[int] = range(SEEDS), *, only: str = "all", steps: int = 5000
) -> Tensor:
    """Corners that are right if `other` makes the first step and `hidden` the rest: shape (seeds,).

    only: "all"; "silent" or "heard", if `other` moves only the units that are silent at birth, or only the others.
    Raises KeyError for another.
    """
    parameters = start(seeds)
    born = silent(parameters)
    chosen = {"all": torch.ones_like(born), "silent": born, "heard": ~born}[only]
    plain, moved = (descend(parameters, function, steps=1) for function in (hidden, other))
    once = [torch.where(chosen, new, old) for new, old in zip(moved[:2], plain[:2], strict=True)]
    return right(descend([*once, *moved[2:]], hidden, steps=steps - 1), hidden).sum(0)


def left_alone(hidden: Hidden, networks: int = 5000) -> tuple[float, float]:
    """Share of the units that are silent on all corners at the start, and after one step with this function."""
    crowd = start(range(networks))
    after = descend(crowd, hidden, steps=1)
    return silent(crowd).double().mean().item(), silent(after).double().mean().item()


# solved with slope 1 at 0, leak or no leak, and not otherwise; one unit is silent at birth, and waked
SAME_START = 106


def same_start_player(relu: Hidden, leaky_relu: Hidden, *, seed: int = SAME_START) -> widgets.Player:
    """One start, four functions: the answers over the square, by step; opens at the end of ReLU's run."""
    task, stops = data.xor(), [0, 1, 100, 500, 1000, 5000]
    arms = characters(relu, leaky_relu)
    film = {}
    for name, hidden in arms.items():
        parameters, done = start([seed]), 0
        for stop in stops:
            parameters, done = descend(parameters, hidden, steps=stop - done), stop
            film[name, stop] = parameters

    def answers(function, step):
        return int(right(film[function, step], arms[function]).sum())

    def draw(ax, function, step):
        plot.boundary(_Network(film[function, step], arms[function]), task, ax, grid=31)
        for label, mark, color in [(0, "X", "#8c3d00"), (1, "o", "#0b4f8a")]:
            ax.plot(*task.train_x[task.train_y == label].T, mark, color=color, markersize=11, markeredgecolor="white")
        off = int(silent(film[function, step]).sum())
        ax.set(title=f"{answers(function, step)} of 4 right, {off} of 4 units silent")

    def in_words(function, step):
        found = torch.sigmoid(logits(film[function, step], arms[function]))[:, 0].tolist()
        return (
            f"{function} at 0, seed {seed}, after {step} steps: {answers(function, step)} of 4 corners right; "
            "answers at (0,0), (0,1), (1,0), (1,1) are " + ", ".join(f"{p:.2f}" for p in found)
        )

    first = {"step": stops[-1]}
    labels = {"function": "slope at 0"}
    return widgets.player(
        draw, alt=in_words, labels=labels, first=first, size=(3.6, 3.4), function=list(arms), step=stops
    )


class _Network:
    """The first of some networks, as `plot.boundary` calls one: (points, 2) -> (points, 1)."""

    def __init__(self, parameters, hidden):
        self.parameters, self.hidden = [p[..., 0] for p in parameters], hidden

    def __call__(self, x: Tensor) -> Tensor:
        W1, b1, W2, b2 = self.parameters
        return (self.hidden(x.double() @ W1 + b1)[0] @ W2 + b2)[:, None].float()


# ---- which loss -------------------------------------------------------------------------------------------------


def gradient_table(error: Callable[[Tensor, Tensor], Tensor], *, seed: int = PUBLISHED, steps: int = 100) -> Table:
    """The gradient that an error at the output makes, against those of three losses by autograd, on the way.

    Of the sigmoid network of one seed after so many of the script's steps: the factor that brings a loss's gradient
    nearest to it, and what is left between the two at factor 1, over the size of the loss's.
    """
    parameters = [p.requires_grad_() for p in descend(start([seed]), sigmoid, steps=steps)]
    a = torch.sigmoid(logits(parameters, sigmoid))
    losses = {
        "cross-entropy": -(Y * a.log() + (1 - Y) * (1 - a).log()).mean(),
        "half the squared error": ((a - Y) ** 2).mean() / 2,
        "the squared error (Brier)": ((a - Y) ** 2).mean(),
    }
    with torch.no_grad():
        moved = descend(parameters, sigmoid, steps=1, rate=1.0, error=error)
        own = torch.cat([(p - q).flatten() for p, q in zip(parameters, moved, strict=True)])
    rows = []
    for name, loss in losses.items():
        theirs = torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters, retain_graph=True)])
        factor, off = (own @ theirs / (theirs @ theirs)).item(), ((own - theirs).norm() / theirs.norm()).item()
        rows.append((name, f"{factor:.3f}", f"{off:.0%}"))
    return Table(["gradient of", "the script's over it", "off by"], rows)


def packaged(hidden: Hidden, name: str, *, seed: int = 3, steps: int = 500) -> tuple[Tensor, Tensor]:
    """Logits after as many steps of `train.fit` on the Brier score at half the rate, and of `descend`: (4,) each."""
    network, task = networks.mlp([2, 4, 1], name, dtype=torch.float64), data.xor(dtype=torch.float64)
    W1, b1, W2, b2 = start([seed])
    with torch.no_grad():
        for p, value in zip(network.parameters(), (W1[..., 0].T, b1, W2, b2), strict=True):
            p.copy_(value.reshape(p.shape))
    train.fit(network, task, steps=steps, rate=0.05, optimizer="sgd", loss="brier")
    return network(task.train_x)[:, 0].detach(), logits(descend(start([seed]), hidden, steps=steps), hidden)[:, 0]
