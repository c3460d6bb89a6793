"""The stored study of sixteen tasks in a row: accuracy by function and rate, what wears out, and what helps."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ... import plot, results, widgets
from ...tables import Table

__all__ = [
    "BLOCK",
    "FUNCTIONS",
    "REMEDIES",
    "SIZES",
    "chosen",
    "counts_player",
    "counts_table",
    "ends",
    "falls_table",
    "optimizers_table",
    "remedies",
    "remedies_table",
    "runs",
    "tasks_player",
]

BLOCK = 3  # tasks at either end that are compared
FUNCTIONS = {  # as the table names them, and as the page does
    "relu": "relu",
    "leaky_relu": "leaky 0.01",
    "leaky_0.3": "leaky 0.3",
    "gelu": "gelu",
    "tanh": "tanh",
    "identity": "identity",
    "sine": "sine",
    "crelu": "crelu",
}
SIZES = ("crelu_32", "relu_94")  # as many outputs as ReLU, and ReLU with as many as CReLU
REMEDIES = {
    "none": "none",
    "optimiser": "forget the optimiser's averages",
    "silent": "reset silent units, each task",
    "silent_epoch": "reset silent units, each epoch",
    "random": "reset as many of any, each task",
    "random_epoch": "reset as many of any, each epoch",
    "dormant": "reset dormant units, each task",
    "dormant_epoch": "reset dormant units, each epoch",
    "decay": "decay to 0",
    "to_start": "decay to the start",
    "fresh": "a new network",
}
BY = {"first": "first task", "all": "all tasks"}
COLORS = dict(
    zip(
        FUNCTIONS,
        (plot.BLUE, plot.INDIGO, plot.CYAN, plot.GREEN, plot.RED, plot.GREY, plot.OLIVE, plot.OCHRE),
        strict=True,
    )
)


def chosen(function: str, by: str = "first", optimizer: str = "adam") -> float:
    """The rate of a function that was best on the tuning seeds, by the score of the first task or of all of them."""
    wanted = {"function": function, "optimizer": optimizer, "control": "none", "by": by}
    (row,) = (r for r in results.load("plasticity", "chosen") if all(r[k] == v for k, v in wanted.items()))
    return row["value"]


def runs(what: str = "online", *, optimizer: str = "adam") -> dict[tuple[str, float], Tensor]:
    """By function and rate, what was seen of plain runs after each task: (seeds, tasks), float64.

    what: "online" accuracy, "end" (accuracy at the end of the task), "dead", "flat", "dormant" (shares of the units),
    "rank" or "norm". What diverged has nan.
    """
    found: dict[tuple[str, float], list] = {}
    for row in results.load("plasticity", "runs"):
        if (row["optimizer"], row["control"]) == (optimizer, "none"):
            found.setdefault((row["function"], row["rate"]), []).append(
                [math.nan if value is None else value for value in row[what]]
            )
    return {key: torch.tensor(of, dtype=torch.float64) for key, of in found.items()}


def ends(course: Tensor) -> tuple[list[float], list[float]]:
    """The mean of the first and of the last `BLOCK` tasks, of each seed."""
    return course[:, :BLOCK].mean(1).tolist(), course[:, -BLOCK:].mean(1).tolist()


def _mean(values):
    return sum(values) / len(values)


def tasks_player(online: Mapping[tuple[str, float], Tensor]) -> widgets.Player:
    """The online accuracy task by task: each seed, their mean, and that of the identity beside it."""

    def draw(ax, function, rate):
        course = online[function, chosen(function, _by(rate))]
        tasks = range(1, course.shape[1] + 1)
        linear = online["identity", chosen("identity", "all")].mean(0)
        ax.plot(tasks, linear, "--", color=plot.GREY, linewidth=1.2)
        for run in course:
            ax.plot(tasks, run, color=COLORS[function], linewidth=0.6, alpha=0.6)
        mean = course.mean(0)
        ax.plot(tasks, mean, color=COLORS[function], linewidth=2.2)
        ax.axhline(0.1, color=widgets.INK, linewidth=0.8, linestyle=":")
        ax.text(tasks[-1], 0.07, "chance", ha="right", va="top", fontsize=10)
        ax.plot([1, tasks[-1]], [mean[0], mean[-1]], "o", color=COLORS[function], markersize=6)
        for at, ha in ((0, "left"), (-1, "right")):
            ax.text(tasks[at], mean[at] + 0.06, f"{mean[at]:.2f}", ha=ha, fontsize=11)
        ax.set(xlabel="task (dashed: a linear network)", ylabel="online accuracy", ylim=(0, 1), xlim=(0.5, 16.5))

    def words(function, rate):
        at = chosen(function, _by(rate))
        mean = online[function, at].mean(0)
        told = ", ".join(f"{mean[task - 1]:.2f} on task {task}" for task in (1, 6, 11, 16))
        return f"Online accuracy with {FUNCTIONS[function]}, rate {at:g}, best for the {rate}, by task: {told}."

    return widgets.player(
        draw,
        alt=words,
        size=(5.0, 3.0),
        function=list(FUNCTIONS),
        rate=list(BY.values()),
        labels={"rate": "rate for"},
    )


def _by(rate):
    return next(by for by, said in BY.items() if said == rate)


def falls_table(online: Mapping[tuple[str, float], Tensor], by: str = "first") -> Table:
    """By function: its rate, the accuracy of the first three and the last three tasks, and the change.

    The intervals of the changes are at 95 % together.
    """
    rows = []
    for function, said in FUNCTIONS.items():
        rate = chosen(function, by)
        first, last = ends(online[function, rate])
        pair = results.paired(last, first, comparisons=len(FUNCTIONS))
        rows.append(
            (said, f"{rate:g}", f"{_mean(first):.2f}", f"{_mean(last):.2f}", f"{pair.mean:+.2f} ± {pair.half:.2f}")
        )
    return Table(["function", "rate", "first 3", "last 3", "change"], rows)


def optimizers_table(sgd: Mapping[tuple[str, float], Tensor]) -> Table:
    """The same under plain descent, each function at its rate for the first task and at that for all of them.

    One row where both are the same rate. The intervals of the changes are at 95 % together.
    """
    best: dict[tuple[str, float], list[str]] = {}
    for function in dict.fromkeys(function for function, _ in sgd):
        for by in BY:
            best.setdefault((function, chosen(function, by, "sgd")), []).append(by)
    rows = []
    for (function, rate), ways in best.items():
        first, last = ends(sgd[function, rate])
        pair = results.paired(last, first, comparisons=len(best))
        change = f"{pair.mean:+.2f} ± {pair.half:.2f}"
        rows.append((FUNCTIONS[function], " and ".join(ways), f"{rate:g}", f"{_mean(first):.2f}", change))
    return Table(["function", "best for", "rate", "first 3", "change"], rows)


def counts_table(by: str = "first") -> Table:
    """By function, at the end of the last task: dead, flat and dormant units, rank and the size of the weights."""
    seen = {what: runs(what) for what in ("dead", "flat", "dormant", "rank", "norm", "online")}
    rows = []
    for function, said in FUNCTIONS.items():
        last = {what: of[function, chosen(function, by)][:, -1].mean().item() for what, of in seen.items()}
        first, end = ends(seen["online"][function, chosen(function, by)])
        rows.append(
            (
                said,
                f"{_mean(end) - _mean(first):+.2f}",
                *(f"{last[what]:.0%}" for what in ("dead", "flat", "dormant")),
                f"{last['rank']:.0f}",
                f"{last['norm']:.1f}",
            )
        )
    return Table(["function", "change", "dead", "flat", "dormant", "rank", "weights"], rows)


def counts_player() -> widgets.Player:
    """The online accuracy by a count, a dot a task from the first to the last; all functions, one of them in colour.

    All of them at the rate that was best for the first task.
    """
    seen = {"dead units": runs("dead"), "dormant units": runs("dormant"), "rank": runs("rank")}
    online = runs()

    def course(what, function):
        key = function, chosen(function)
        return seen[what][key].mean(0), online[key].mean(0)

    def draw(ax, function, count):
        for other in FUNCTIONS:
            ax.plot(*course(count, other), color=plot.GREY, linewidth=0.8, alpha=0.7)
        x, y = course(count, function)
        ax.plot(x, y, "-o", color=COLORS[function], linewidth=1.6, markersize=4)
        ax.plot(x[-1:], y[-1:], "s", color=COLORS[function], markersize=9)
        ax.set(xlabel=f"{count} (square: the last task)", ylabel="online accuracy", ylim=(0, 1))
        if count != "rank":
            ax.set(xlim=(-0.04, 1))

    def words(function, count):
        x, y = course(count, function)
        form = ".0f" if count == "rank" else ".0%"
        return (
            f"{FUNCTIONS[function]}: {count} {x[0]:{form}} after the first task, online accuracy {y[0]:.2f}, "
            f"and {x[-1]:{form}} after the last, at {y[-1]:.2f}."
        )

    return widgets.player(draw, alt=words, size=(5.0, 3.0), function=list(FUNCTIONS), count=list(seen))


def remedies() -> dict[str, tuple[float, Tensor]]:
    """What was done to ReLU under Adam at the rate for its first task: a strength, and the online accuracy by task.

    Of the two decays it is the strength that was best for all tasks on the tuning seeds.
    """
    rate = chosen("relu")
    best = {row["control"]: row["value"] for row in results.load("plasticity", "chosen") if row["what"] == "strength"}
    found: dict[str, tuple[float, list]] = {}
    for row in results.load("plasticity", "runs"):
        name = row["control"]
        if (row["function"], row["optimizer"], row["rate"]) == ("relu", "adam", rate) and (
            row["strength"] == best.get(name, row["strength"])
        ):
            found.setdefault(name, (row["strength"], []))[1].append(row["online"])
    return {name: (found[name][0], torch.tensor(found[name][1], dtype=torch.float64)) for name in REMEDIES}


def remedies_table(found: Mapping[str, tuple[float, Tensor]]) -> Table:
    """By remedy: accuracy of the first three tasks and the last three, and the last ones less those of no remedy."""
    rows, plain = [], ends(found["none"][1])[1]
    for name, (strength, course) in found.items():
        first, last = ends(course)
        pair = results.paired(last, plain, comparisons=len(found) - 1)
        said = f"{REMEDIES[name]}, {strength:g}" if name in ("decay", "to_start") else REMEDIES[name]
        gain = "-" if name == "none" else f"{pair.mean:+.2f} ± {pair.half:.2f}"
        rows.append((said, f"{_mean(first):.2f}", f"{_mean(last):.2f}", gain))
    return Table(["remedy", "first 3", "last 3", "gain, last 3"], rows)
