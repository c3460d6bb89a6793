"""One unit: how it dies, how far Adam carries it, how long a leak takes to bring it back."""

from collections.abc import Mapping, Sequence

import torch

from ... import plot, tables, train, widgets

__all__ = [
    "coasts",
    "dying_unit",
    "one_unit",
    "wait_table",
    "waits",
]

F64 = torch.float64
X = torch.linspace(-2, 2, 25, dtype=F64)
TARGET = 0.5 * torch.relu(X)  # what the unit is to learn
CASES = {  # rate and leak
    "rate 0.5": (0.5, 0.0),
    "rate 1.6": (1.6, 0.0),
    "rate 1.6, leak 0.01": (1.6, 0.01),
    "rate 1.6, leak 0.1": (1.6, 0.1),
}


def one_unit(rate: float, leak: float = 0.0, *, steps: int = 1000) -> list[tuple[float, float]]:
    """Weight and bias of a unit before each step of gradient descent, and after the last.

    It learns 25 points of relu(x) / 2 by half the mean squared error; both numbers start at 2.
    """
    w = b = torch.tensor(2.0, dtype=F64)
    path = [(w.item(), b.item())]
    for _ in range(steps):
        z = w * X + b
        slope = torch.where(z > 0, torch.ones_like(z), leak)  # of two numbers it would be in float32
        pull = (slope * z - TARGET) * slope  # slope * z is the unit's value
        w, b = w - rate * (pull * X).mean(), b - rate * pull.mean()
        path.append((w.item(), b.item()))
    return path


def dying_unit(
    cases: Mapping[str, tuple[float, float]] = CASES,
    *,
    steps: Sequence[int] = (0, 1, 2, 10, 30, 100, 300),
    unit: str = "rate 1.6",
    step: int = 2,
) -> widgets.Player:
    """The unit of `one_unit` before some of its steps, for each rate and leak; it opens with `unit` at `step`."""
    paths = {name: one_unit(*settings, steps=max(steps)) for name, settings in cases.items()}

    def draw(ax, unit, step):
        (w, b), leak = paths[unit][step], cases[unit][1]
        z = w * X + b
        out = torch.where(z > 0, z, leak * z)
        ends = sorted({-2.2, 2.2, *([-b / w] if abs(b / w) < 2.2 else [])})
        line = [w * x + b if w * x + b > 0 else leak * (w * x + b) for x in ends]
        ax.plot(ends, line, color=plot.BLUE, linestyle="-" if leak == 0 else "--")
        felt = z > 0
        _sticks(ax, X[felt], TARGET[felt], out[felt], linewidth=1.2)
        if leak:
            _sticks(ax, X[~felt], TARGET[~felt], out[~felt], linewidth=0.6, alpha=0.4)
        ax.plot(X[felt], TARGET[felt], "o", color=plot.ORANGE, markersize=5)
        ax.plot(X[~felt], TARGET[~felt], "o", color=plot.GREY, mfc="none", markersize=5)
        ax.set(xlabel="$x$", ylabel="output", xlim=(-2.25, 2.25), ylim=(-1.1, 6.3))
        ax.set_title(f"step {step:,}: above 0 at {int(felt.sum())} of 25 points")

    def words(unit, step):
        w, b = paths[unit][step]
        felt = int((w * X + b > 0).sum())
        return (
            f"{unit}, step {step}: the unit with weight {w:.2f} and bias {b:.2f} is above 0 at {felt} of 25 points."
        )

    return widgets.player(
        draw, unit=list(cases), step=list(steps), alt=words, size=(5, 3.4), first={"unit": unit, "step": step}
    )


def _sticks(ax, x, target, out, **style):
    gap = torch.full_like(x, torch.nan)  # lifts the pen between two sticks
    lines = [torch.stack(part, dim=1).flatten() for part in ((x, x, gap), (target, out, gap))]
    ax.plot(*lines, color=plot.ORANGE, **style)


def coasts(pasts: Mapping[str, tuple[int, int]] | None = None, *, after: int = 400) -> dict[str, tuple[float, int]]:
    """How far Adam carries a parameter, in rates, once its gradient is exactly 0, and steps until 99 % of that way.

    pasts: by name, for how many steps the gradient was 0 before it was 1, and for how many it then was 1.
    """
    pasts = pasts or {"after 20 equal gradients": (0, 20), "after a single one, 10,000 quiet steps in": (10_000, 1)}
    found = {}
    for name, (quiet, steady) in pasts.items():
        place = torch.zeros(1, dtype=F64, requires_grad=True)
        update, path = torch.optim.Adam([place], lr=1.0), []
        for step in range(quiet + steady + after):
            place.grad = torch.full((1,), float(quiet <= step < quiet + steady), dtype=F64)
            update.step()
            path.append(-place.item())
        way = torch.tensor(path[quiet + steady - 1 :]) - path[quiet + steady - 1]
        found[name] = way[-1].item(), int((way >= 0.99 * way[-1]).nonzero()[0])
    return found


def waits(leaks: Sequence[float], optimizer: str, rate: float, *, longest: int = 30_000) -> list[int | None]:
    """Steps until a leaky unit at bias -20 and weight 1 is above 0 for some x again, for each leak; None: not yet.

    It is taught relu(x) at 41 points of [-2, 2] by the mean squared error; all of them are negative for it at first.
    """
    x = torch.linspace(-2, 2, 41, dtype=F64)
    leak = torch.tensor(leaks, dtype=F64)[:, None]
    weight, bias = torch.ones(len(leaks), dtype=F64), torch.full((len(leaks),), -20.0, dtype=F64)
    update = train.optimizers[optimizer]([weight.requires_grad_(), bias.requires_grad_()], lr=rate)
    back: list[int | None] = [None] * len(leaks)
    target = torch.relu(x)
    for step in range(1, longest + 1):
        with torch.no_grad():
            z = weight[:, None] * x + bias[:, None]
            slope = torch.where(z > 0, 1.0, leak)
            pull = 2 * (slope * z - target) * slope
            weight.grad, bias.grad = (pull * x).mean(1), pull.mean(1)
        update.step()
        for i, above in enumerate((bias + 2 * weight.abs() > 0).tolist()):
            if above and back[i] is None:
                back[i] = step
        if None not in back:
            break
    return back


def wait_table(
    leaks: Sequence[float] = (0.25, 0.1, 0.01),
    arms: Sequence[tuple[str, float]] = (("sgd", 0.1), ("sgd", 1.0), ("adam", 0.01), ("adam", 0.1)),
    *,
    longest: int = 30_000,
) -> tables.Table:
    """The `waits` of each leak in its row, under each optimiser and rate."""
    names = {"sgd": "plain", "adam": "Adam"}
    found = [waits(leaks, *arm, longest=longest) for arm in arms]
    rows = [[f"leak {leak:g}", *(f"{of[i]:,}" if of[i] else "none" for of in found)] for i, leak in enumerate(leaks)]
    return tables.Table(
        ["steps until it answers", *(f"{names[name]}, rate {rate:g}" for name, rate in arms)],
        rows,
        caption="A leaky unit at bias -20 is taught max(0, x) on -2 to 2.",
    )
