"""The same in a minute: one network, one optimiser, the same digits, and new labels for each task."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy

from ... import data, networks, results, theory
from ...tables import Table

__all__ = ["course", "learn", "pooled", "small_table"]


def pooled(digits: int = 150, *, seed: int = 0) -> Tensor:
    """Digits of 7 x 7 pixels with mean 0 and mean square 1, shape (digits, 49)."""
    x = avg_pool2d(data.mnist(digits, test=1, seed=seed).train_x, 4).flatten(1)
    x = x - x.mean()
    return x / x.square().mean().sqrt()


def learn(
    network: nn.Module,
    update: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    *,
    epochs: int = 20,
    batch: int = 50,
    order: torch.Generator,
) -> float:
    """Train on these labels; the share that is right before an update, over all batches of all epochs."""
    right = 0.0
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=order).split(batch):
            out = network(x[rows])
            right += (out.argmax(1) == y[rows]).sum().item()
            update.zero_grad()
            cross_entropy(out, y[rows]).backward()
            update.step()
    return right / (epochs * len(x))


def course(function: str, *, rate: float, tasks: int = 8, seed: int = 0) -> list[float]:
    """The online accuracy of each task, of a network 49-64-64-10 from the function's own gain."""
    x, generator = pooled(seed=seed), torch.Generator().manual_seed(seed)
    network = networks.mlp([49, 64, 64, 10], function, scheme=theory.gain(function), seed=seed)
    update = torch.optim.Adam(network.parameters(), lr=rate)
    labels = [torch.randint(10, (len(x),), generator=generator) for _ in range(tasks)]
    return [learn(network, update, x, y, order=generator) for y in labels]


def small_table(functions: Iterable[str], *, rate: float, seeds: Iterable[int]) -> Table:
    """By function, the accuracy of the first and of the last task and the change with its interval over the seeds."""
    rows = []
    for function in functions:
        courses = [course(function, rate=rate, seed=seed) for seed in seeds]
        first, last = ([of[at] for of in courses] for at in (0, -1))
        pair = results.paired(last, first)
        mean = [sum(of) / len(of) for of in (first, last)]
        rows.append((function, f"{mean[0]:.1f}", f"{mean[1]:.1f}", f"{pair.mean:+.1f} ± {pair.half:.1f}"))
    return Table(["function", "task 1", f"task {len(courses[0])}", "change"], rows)
