"""One transparent training loop for one network."""

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm.auto import tqdm

from .data import Split

__all__ = ["History", "accuracy", "fit"]


@dataclass(frozen=True)
class History:
    """What a training run left behind.

    loss: training loss before each update, shape (steps,). seconds: time since the start after each update, shape
    (steps,). test_steps, test_loss, test_accuracy: as many entries as tests; step k stands before update k.
    """

    loss: Tensor
    seconds: Tensor
    test_steps: tuple[int, ...] = ()
    test_loss: tuple[float, ...] = ()
    test_accuracy: tuple[float, ...] = ()

    @property
    def diverged(self) -> bool:
        """Whether the loss was nan or infinite at any step."""
        return not bool(self.loss.isfinite().all())


losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": functional.binary_cross_entropy_with_logits,
    "brier": lambda out, y: functional.mse_loss(torch.sigmoid(out), y),
    "cross_entropy": functional.cross_entropy,
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
    watch: Callable[[int, nn.Module], None] | None = None,
    progress: bool = False,
) -> History:
    """Train the network in place on all training points at once; return its `History`.

    loss: "bce" (one logit, labels 0 and 1), "brier" (the squared error of the logit's sigmoid), "cross_entropy" (a
    logit per class, int64 labels) or "mse"; left out, int64 labels mean cross_entropy and float labels bce.
    optimizer: "adam" or "sgd". test_every: test before every so many updates and after the last; 0 means never.
    watch: called with the step and the network before each update and after the last. progress: show a bar.
    Raises KeyError for an unknown loss or optimizer, ValueError where steps or rate make no sense.
    """
    if steps < 1 or not rate > 0:
        raise ValueError(f"steps and rate must be positive, got steps={steps}, rate={rate}")
    measure = _pick(losses, loss or ("bce" if split.train_y.is_floating_point() else "cross_entropy"), "loss")
    update = _pick(optimizers, optimizer, "optimizer")(network.parameters(), lr=rate)
    history = {"steps": [], "loss": [], "accuracy": []}
    losses_seen, seconds = [], []

    def look(step):
        if watch is not None:
            watch(step, network)
        if test_every and (step % test_every == 0 or step == steps):
            with torch.no_grad(), _evaluating(network):
                history["loss"].append(measure(_outputs(network, split.test_x), split.test_y).item())
                history["accuracy"].append(accuracy(network, split.test_x, split.test_y))
            history["steps"].append(step)

    start = time.perf_counter()
    for step in tqdm(range(steps), disable=not progress, leave=False):
        look(step)
        value = measure(_outputs(network, split.train_x), split.train_y)
        update.zero_grad()
        value.backward()
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
    )


@torch.no_grad()
def accuracy(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of points whose label the network gets right, between 0 and 1, in the mode that the network is in.

    With one output the answer is 1 where the logit is above 0; with several it is the largest. Raises ValueError
    if there are no points.
    """
    if len(x) == 0:
        raise ValueError("accuracy needs at least one point")
    out = _outputs(network, x)
    answer = out.argmax(dim=1) if out.ndim == 2 else (out > 0).to(y.dtype)
    return (answer == y).double().mean().item()


@contextmanager
def _evaluating(network):
    """Every module in evaluation mode, and afterwards in the mode that it was in."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _outputs(network, x):
    out = network(x)
    return out.squeeze(1) if out.ndim == 2 and out.shape[1] == 1 else out


def _pick(table, name, kind):
    if name not in table:
        raise KeyError(f"no {kind} named {name!r}; there are {', '.join(table)}")
    return table[name]
