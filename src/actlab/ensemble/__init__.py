"""Many small networks at once: what `train.fit` does for one, by stacked tensors or by a compiled loop."""

import importlib.util
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm.auto import tqdm

from .. import activations, train
from ..activations import Activation
from ..data import Split

__all__ = ["Runs", "engine_for", "engines", "fit_many"]

engines = ("compiled", "stacked")


@dataclass(frozen=True)
class Runs:
    """What many training runs left behind, a row for each in the order of the seeds, float32.

    loss: training loss before each update, shape (runs, steps). seconds: time since the start of the run after each
    update, shape (runs, steps): runs that are trained side by side share a clock, and each is given its equal part.
    test_loss, test_accuracy: shape (runs, tests), at test_steps; step k stands before update k. engine: which of
    `engines` trained them.
    """

    loss: Tensor
    seconds: Tensor
    test_steps: tuple[int, ...]
    test_loss: Tensor
    test_accuracy: Tensor
    engine: str

    @property
    def diverged(self) -> Tensor:
        """Whether the loss was nan or infinite at any step: bool, shape (runs,)."""
        return ~self.loss.isfinite().all(1)


def engine_for(activation: str | Activation) -> str:
    """The engine that `fit_many` takes for an activation when none is asked for.

    "compiled" where numba is installed (the extra `fast`) and the activation neither learns nor draws; else
    "stacked".
    """
    activation = activations.get(activation)
    plain = not activation.learnable and activation.training_function is None
    return "compiled" if plain and importlib.util.find_spec("numba") else "stacked"


def fit_many(
    sizes: Sequence[int],
    activation: str | Activation,
    splits: Split | Sequence[Split],
    *,
    seeds: Iterable[int],
    steps: int,
    scheme: str | float = "torch",
    rate: float = 0.01,
    optimizer: str = "adam",
    loss: str | None = None,
    test_steps: Iterable[int] = (),
    engine: str | None = None,
    chunk: int = 16,
    progress: bool = False,
) -> Runs:
    """Train one `networks.mlp` for each seed, as `train.fit` would train it alone; return their `Runs`.

    sizes, activation, scheme: those of `mlp`, which draws each run's weights from its seed. splits: one `Split` of
    float32 points for all runs, or one for each, all of the same shapes. steps, rate, optimizer, loss: those of
    `fit`. test_steps: before which updates to test; the number `steps` means after the last. engine: one of
    `engines`; left out, `engine_for` chooses.
    The losses are those of `fit` to rounding, which training amplifies: over some dozens of steps run by run, later
    in their distribution. Those of one engine depend neither on chunk, the number of runs side by side, nor on the
    number of threads: this takes one, and leaves processes to the caller.
    Raises KeyError for a name that there is not, ValueError where numbers make no sense or do not fit each other.
    """
    seeds, test_steps = list(seeds), sorted(set(test_steps))
    splits = [splits] * len(seeds) if isinstance(splits, Split) else list(splits)
    if len(splits) != len(seeds) or not seeds:
        raise ValueError(f"one split for all seeds or one for each; there are {len(splits)} for {len(seeds)} seeds")
    if steps < 1 or not rate > 0 or chunk < 1:
        raise ValueError(f"steps, rate and chunk must be positive, got steps={steps}, rate={rate}, chunk={chunk}")
    if test_steps and not 0 <= test_steps[0] <= test_steps[-1] <= steps:
        raise ValueError(f"tests stand between step 0 and step {steps}, got {test_steps}")
    shapes = {tuple((part.shape, part.dtype) for part in split) for split in splits}
    if len(shapes) > 1:
        raise ValueError(f"the splits of one call share their shapes and dtypes; there are {len(shapes)} kinds")
    if splits[0].train_x.dtype != torch.float32 or splits[0].train_x.shape[1] != sizes[0]:
        found = f"{splits[0].train_x.dtype} with {splits[0].train_x.shape[1]} features"
        raise ValueError(f"the points are to be torch.float32 with {sizes[0]} features, got {found}")
    activation = activations.get(activation)
    loss = loss or ("bce" if splits[0].train_y.is_floating_point() else "cross_entropy")
    for name, table, kind in [(loss, train.losses, "loss"), (optimizer, train.optimizers, "optimizer")]:
        if name not in table:
            raise KeyError(f"no {kind} named {name!r}; there are {', '.join(table)}")
    engine = engine or engine_for(activation)
    if engine not in engines:
        raise KeyError(f"no engine named {engine!r}; there are {', '.join(engines)}")
    if engine == "compiled" and engine_for(activation) != "compiled":
        raise ValueError(
            f"the compiled engine needs numba (pip install 'actlab[fast]') and an activation that neither learns nor"
            f" draws, got {activation.name}"
        )
    if engine == "compiled":
        from ._compiled import fit  # only now: it takes seconds, and an extra
    else:
        from ._stacked import fit
    parts = []
    with _undisturbed(), torch.no_grad(), tqdm(total=len(seeds) * steps, disable=not progress, leave=False) as bar:
        for start in range(0, len(seeds), chunk):
            some = slice(start, start + chunk)
            parts.append(
                fit(
                    sizes,
                    activation,
                    splits[some],
                    seeds[some],
                    steps,
                    scheme,
                    rate,
                    optimizer,
                    loss,
                    test_steps,
                    bar,
                )
            )
    found, seconds, test_loss, test_accuracy = (torch.cat(rows) for rows in zip(*parts, strict=True))
    return Runs(found, seconds, tuple(test_steps), test_loss, test_accuracy, engine)


@contextmanager
def _undisturbed():
    """One thread, and no denormal numbers; afterwards as before.

    Sums are cut up differently for two threads, and small steps are slower with them. Arithmetic on numbers below
    1.2e-38, which the gradients of points far from the boundary come to, takes a hundred times as long on many
    processors: here they are 0.
    """
    threads, flushed = torch.get_num_threads(), not torch.tensor([1e-40]).mul(1).item()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)
