"""Training on all points at once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm.auto import tqdm

from .. import checks
from ..data import Split
from ..diagnostics import update_ratios
from ._network import (
    accuracy,
    dtype_of,
    evaluating,
    outputs_of,
    pick,
    require_answers,
    require_gradient,
    require_trainable,
)

__all__ = ["History", "fit", "losses", "optimizers"]


@dataclass(frozen=True)
class History:
    """What a training run left behind.

    loss: training loss before each update, shape (steps,). seconds: time since the start after each update, shape
    (steps,). test_steps, test_loss, test_accuracy: as many entries as tests; step k stands before update k.
    update_steps: the updates that were measured, counted from 0. update_ratios: rms change over rms weight in each
    of them, shape (updates measured, matrices), float64; matrices: the names of the weights.
    """

    loss: Tensor
    seconds: Tensor
    test_steps: tuple[int, ...] = ()
    test_loss: tuple[float, ...] = ()
    test_accuracy: tuple[float, ...] = ()
    update_steps: tuple[int, ...] = ()
    update_ratios: Tensor | None = None
    matrices: tuple[str, ...] = ()

    @property
    def diverged(self) -> bool:
        """Whether the loss was nan or infinite at any step."""
        return not bool(self.loss.isfinite().all())


losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": functional.binary_cross_entropy_with_logits,
    "brier": lambda out, y: functional.mse_loss(torch.sigmoid(out), y),
    "cross_entropy": lambda out, y: functional.cross_entropy(
        out.movedim(-1, 1) if out.ndim > 2 else out, y, ignore_index=checks.IGNORED
    ),
    "mse": functional.mse_loss,
}
optimizers = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def fit(
    network: nn.Module,
    split: Split,
    *,
    steps: int,
    rate: float = 0.01,
    optimizer: str = "adam",
    loss: str | None = None,
    test_every: int = 0,
    ratios_every: int = 0,
    watch: Callable[[int, nn.Module], None] | None = None,
    progress: bool = False,
) -> History:
    """Train the network in place on all training points at once; return its `History`.

    loss: "bce" (one logit, labels 0 and 1), "brier" (the squared error of the logit's sigmoid), "cross_entropy" (a
    logit per class, labels that are integers) or "mse"; left out, integers mean cross_entropy, floats and bools bce.
    Labels in a column, shape (points, 1), are a row. A class number of -100 stands for no label: such a point counts
    neither in the loss nor in the accuracy.
    optimizer: "adam" or "sgd". test_every: test before every so many updates and after the last; 0 means never.
    ratios_every: measure `diagnostics.update_ratios` in the first of every so many updates; 0 means never.
    watch: called with the step and the network before each update and after the last. progress: show a bar.
    Raises KeyError for an unknown loss or optimizer; ValueError, before the first update, for numbers that make no
    sense, for points and labels that are not as `checks.split` says, and for those that the network cannot take or
    answer. Gradients do not reach the points.
    """
    steps, test_every = checks.whole("steps", steps), checks.whole("test_every", test_every, 0)
    ratios_every = checks.whole("ratios_every", ratios_every, 0)
    if loss is not None:
        pick(losses, loss, "loss")
    make = pick(optimizers, optimizer, "optimizer")
    require_trainable(network, watch)
    split, loss = checks.split(split, loss, ignored=True)
    measure, update = losses[loss], make(network.parameters(), lr=checks.rate(rate, dtype_of(network)))
    history = {"steps": [], "loss": [], "accuracy": []}
    ratios = {}
    losses_seen, seconds = [], []
    answered = False

    def outputs(x):
        nonlocal answered, split
        out = outputs_of(network, x)
        if not answered:
            split = require_answers(out, x, split, loss)
            answered = True
        return out

    def look(step):
        if watch is not None:
            watch(step, network)
        if test_every and (step % test_every == 0 or step == steps):
            with torch.no_grad(), evaluating(network):
                out = outputs(split.test_x)  # the first gives the labels their shape
                history["loss"].append(measure(out, split.test_y).item())
                history["accuracy"].append(accuracy(network, split.test_x, split.test_y))
            history["steps"].append(step)

    start = time.perf_counter()
    for step in tqdm(range(steps), disable=not progress, leave=False):
        look(step)
        out = outputs(split.train_x)
        value = measure(out, split.train_y)
        require_gradient(value)
        update.zero_grad()
        value.backward()
        if ratios_every and step % ratios_every == 0:
            ratios[step] = update_ratios(network, update.step)
        else:
            update.step()
        losses_seen.append(value.detach())
        seconds.append(time.perf_counter() - start)
    look(steps)
    return History(
        torch.stack(losses_seen),
        torch.tensor(seconds, dtype=torch.float64),
        tuple(history["steps"]),
        tuple(history["loss"]),
        tuple(history["accuracy"]),
        tuple(ratios),
        torch.tensor([list(row.values()) for row in ratios.values()], dtype=torch.float64) if ratios else None,
        tuple(next(iter(ratios.values()), ())),
    )
