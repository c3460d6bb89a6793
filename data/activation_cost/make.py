"""What each activation costs: alone, and inside a layer; takes two minutes on a machine that does nothing else.

Every entry of the catalog in torch's own form, where there is one, and in actlab's, one thread, float32. All of them
are timed once in each round, in an order that is drawn anew, so that what slows the machine for a while slows all.
"""

import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from actlab import results
from actlab.activations import catalog
from actlab.results import digits

ELEMENTS, WIDTH, BATCH = 200_000, 512, 256
ROUNDS, SEED = 80, 0
FORMS = ("torch", "actlab")
Key = tuple[str, str, str]  # activation, form, what is timed


def forms() -> dict[tuple[str, str], Callable]:
    """Every activation as a function of z, by its name and whose form it is."""
    ours = {(name, "actlab"): activation for name, activation in catalog.items()}
    theirs = {(name, "torch"): activation.torch_function for name, activation in catalog.items()}
    return {key: function for key, function in (theirs | ours).items() if function is not None}


def tasks(elements: int, width: int, batch: int) -> dict[Key, Callable[[], object]]:
    """What is timed: forward alone, forward and backward, and both of a Linear layer with the activation after it."""
    generator = torch.Generator().manual_seed(SEED)
    z = torch.randn(elements, generator=generator)
    leaf, ones = z.clone().requires_grad_(), torch.ones(elements)
    layer = nn.utils.skip_init(nn.Linear, width, width)
    nn.init.normal_(layer.weight, std=width**-0.5, generator=generator)  # so that its outputs are N(0, 1) as well
    nn.init.zeros_(layer.bias)
    x = torch.randn(batch, width, generator=generator).requires_grad_()
    wanted, received = [layer.weight, layer.bias, x], torch.ones(batch, width)

    def forward(function):
        with torch.no_grad():
            function(z)

    found = {}
    for (name, form), function in forms().items():
        found[name, form, "forward"] = lambda f=function: forward(f)
        found[name, form, "both"] = lambda f=function: torch.autograd.grad(f(leaf), leaf, ones)
        found[name, form, "layer"] = lambda f=function: torch.autograd.grad(f(layer(x)), wanted, received)
    return found


def timed(tasks: dict[Key, Callable[[], object]], rounds: int) -> dict[Key, list[int]]:
    """Nanoseconds of each task in each round."""
    order, draw = list(tasks), random.Random(SEED)
    times = {key: [] for key in tasks}
    for _ in range(rounds):
        draw.shuffle(order)
        for key in order:
            tasks[key]()  # not timed: it fetches from memory what the task before it has displaced
            began = time.thread_time_ns()
            tasks[key]()
            times[key].append(time.thread_time_ns() - began)
    return times


def table(
    rounds: int = ROUNDS, elements: int = ELEMENTS, width: int = WIDTH, batch: int = BATCH
) -> list[dict[str, str | float]]:
    """Time everything and sum it up: a row for each form of each activation."""
    times = timed(tasks(elements, width, batch), rounds)
    rows = []
    for name, form in sorted(forms(), key=lambda key: (list(catalog).index(key[0]), FORMS.index(key[1]))):
        row = {"activation": name, "form": form}
        for what, unit in [("forward", elements), ("both", elements), ("layer", 1000)]:
            own, relu = times[name, form, what], times["relu", "torch", what]
            row[f"{what}_min"] = digits(min(own) / unit)
            row[f"{what}_median"] = digits(statistics.median(own) / unit)
            row[f"{what}_ratio"] = digits(statistics.median([a / b for a, b in zip(own, relu, strict=True)]))
        rows.append(row)
    return rows


def main():
    torch.set_num_threads(1)
    load, began = os.getloadavg()[0], time.perf_counter()
    results.save(
        "activation_cost",
        table(),
        folder=Path(__file__).parent,
        command="python data/activation_cost/make.py",
        seconds=time.perf_counter() - began,
        rounds=ROUNDS,
        sizes={"elements": ELEMENTS, "width": WIDTH, "batch": BATCH},
        vectors=torch.backends.cpu.get_cpu_capability(),
        load_before=round(load, 2),
    )


if __name__ == "__main__":
    main()
