"""The same in a minute: one network, one optimiser, the same digits, and new labels for each task."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy

from ... import data
from ...tables import Table

__all__ = ["learn", "pooled", "small_table"]


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


def small_table(courses: Mapping[str, Sequence[Sequence[float]]]) -> Table:
    """By function, of each seed's accuracies by task: the mean of the first and of the last task, and the change."""
    rows = []
    for function, of in courses.items():
        first, last = (sum(course[at] for course in of) / len(of) for at in (0, -1))
        rows.append((function, f"{first:.2f}", f"{last:.2f}", f"{last - first:+.2f}"))
    return Table(["function", "task 1", f"task {len(of[0])}", "change"], rows)
