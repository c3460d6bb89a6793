"""The plane folded like paper by layers of ReLU, cut once, and unfolded."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from ... import data, networks, plot, widgets
from ...tables import Table

__all__ = ["best_cut", "fold_network", "fold_table", "folded", "folding_player"]

F64 = torch.float64


def folded(x: Tensor, folds: int) -> Tensor:
    """Points of the plane, shape (points, 2), after so many folds, each of which halves the angle that is left.

    A fold lays the lower half on the upper one, x2 -> |x2|, and turns the sheet until its middle points right again.
    """
    for fold in range(folds):
        turn = math.pi / 2 ** (fold + 1)
        turned = torch.tensor([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]], dtype=x.dtype)
        x = torch.stack([x[:, 0], x[:, 1].abs()], dim=1) @ turned
    return x


@torch.no_grad()
def fold_network(folds: int, cut: float) -> nn.Sequential:
    """`folded` and the cut as one ReLU network: its logit is cut - x1 of the folded point. Four units a fold.

    They are the two sides of each coordinate, relu(x1), relu(-x1), relu(x2), relu(-x2); the next layer adds them up.
    """
    network = networks.mlp([2, *[4] * folds, 1], "relu", dtype=F64)
    both = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]], dtype=F64)
    adds = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, 1]], dtype=F64)  # x1 again, and |x2|
    come = torch.eye(2, dtype=F64)  # how a layer finds the two coordinates in what it gets
    for fold in range(folds):
        network[2 * fold].weight.copy_(both @ come)
        network[2 * fold].bias.zero_()
        turn = math.pi / 2 ** (fold + 1)
        back = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]], dtype=F64)
        come = back @ adds
    network[2 * folds].weight.copy_(-come[:1])
    network[2 * folds].bias.fill_(cut)
    return network


def best_cut(folds: int, x: Tensor, y: Tensor) -> tuple[float, float]:
    """(where to cut, share right): the cut across the folded sheet that puts most points of the disk on their side.

    x, y: points and labels, 1 inside. All cuts are tried: one behind each point.
    """
    across, order = folded(x, folds)[:, 0].sort()
    inside, outside = y[order].cumsum(0), (1 - y[order]).cumsum(0)
    right = (inside + outside[-1] - outside) / len(y)
    best = right.argmax()
    return across[best].item(), right[best].item()


def fold_table(folds: Iterable[int] = range(6), *, points: int = 1_000_000) -> Table:
    """Strokes, units, and the share of fresh points of the disk that the best cut puts on their side, by folds."""
    tried = data.disk(1, test=100_000, seed=1, dtype=F64)
    fresh = data.disk(1, test=points, seed=2, dtype=F64)
    rows = []
    for n in folds:
        cut, _ = best_cut(n, tried.test_x, tried.test_y)
        inside = folded(fresh.test_x, n)[:, 0] < cut
        right = (inside == fresh.test_y.bool()).double().mean().item()
        rows.append((n, 2**n, 4 * n, f"{right:.1%}"))
    return Table(["folds", "strokes", "units", "points right"], rows)


def folding_player(folds: Sequence[int] = range(6), *, first: int = 2, reach: float = 2.2) -> widgets.Player:
    """The sheet as it is folded and cut, and what the cut is once it is unfolded, by the number of folds."""
    tried = data.disk(1, test=20_000, seed=1, dtype=F64)
    cuts = {n: best_cut(n, tried.test_x, tried.test_y) for n in folds}
    split = data.disk(200, seed=0, dtype=F64)
    x, inside = split.train_x, split.train_y.bool()
    angle = torch.linspace(-math.pi, math.pi, 721, dtype=F64)
    round_ = torch.stack([angle.cos(), angle.sin()], dim=1)

    def draw(ax, folds):
        ax.set_axis_off()
        cut, right = cuts[folds]
        sheet, plane = (ax.inset_axes((left, 0.0, 0.47, 0.88)) for left in (0.0, 0.53))
        for panel, points in ((sheet, folded(x, folds)), (plane, x)):
            panel.plot(*points[inside].T, ".", color=plot.BLUE, markersize=3.5)
            panel.plot(*points[~inside].T, "x", color=plot.ORANGE, markersize=3, markeredgewidth=0.7)
            panel.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
        half = math.pi / 2**folds  # the sheet is what lies within this angle of the axis
        high = min(reach, cut * math.tan(half)) if folds > 1 else reach
        sheet.plot([cut, cut], [-high, high], color=widgets.INK, linewidth=2)
        if folds:
            for side in (-half, half):
                sheet.plot([0, 9 * math.cos(side)], [0, 9 * math.sin(side)], "--", color=plot.GREY, linewidth=1)
            for crease in range(2**folds):
                at = crease * 2 * half
                plane.plot([0, 9 * math.cos(at)], [0, 9 * math.sin(at)], "--", color=plot.GREY, linewidth=0.7)
        across = folded(round_, folds)[:, 0]
        far = torch.where(across > 0.2, cut / across.clamp(min=0.2), torch.nan)[:, None] * round_
        far[far.abs().amax(dim=1) > reach] = torch.nan
        plane.plot(*far.T, color=widgets.INK, linewidth=2)
        sheet.set_title("folded, and cut once", fontsize=11)
        plane.set_title(f"unfolded: {right:.1%} right", fontsize=11)

    def words(folds):
        n = 2**folds
        kind = {0: "one straight line", 1: "two parallel lines", 2: "a square"}.get(folds, f"a polygon of {n} sides")
        return (
            f"Left: points of the disk, the plane folded {folds} times and {n} layer{'s' * (folds > 0)} thick, "
            "and one straight cut. "
            f"Right: the same cut unfolded is {kind}; {cuts[folds][1]:.0%} of the points are on their side."
        )

    return widgets.player(draw, alt=words, folds=list(folds), first={"folds": first}, size=(5.0, 2.9), play=True)
