"""Many small networks at once: what `train.fit` does for one, by stacked tensors or by a compiled loop."""

import importlib.util
import itertools
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm.auto import tqdm

from .. import activations, checks, train
from ..activations import Activation
from ..data import Split
from ._stacked import of_catalog

__all__ = ["Runs", "engine_for", "engines", "fit_many"]

engines = ("compiled", "stacked")

BLOCK = 512  # points that the compiled engine makes room for, however few there are
SMALLEST, LARGEST = torch.finfo(torch.float32).tiny, torch.finfo(torch.float32).max


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

    "compiled" where numba is installed (the extra `fast`) and the activation is one that has been written for it: of
    the catalog, neither learning nor drawing. Else "stacked".
    """
    activation = activations.get(activation)
    if activation.learnable or activation.training_function or not importlib.util.find_spec("numba"):
        return "stacked"
    from ._pairs import pairs  # only now: numba takes a second to load

    return "compiled" if activation.name in pairs and of_catalog(activation) else "stacked"


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
    float32 points, (points, features) on the CPU, for all runs, or one for each, all of the same shapes; labels as
    `fit` takes them, one for every point. steps, rate, optimizer, loss: those of `fit`. test_steps: before which
    updates to test; the number `steps` means after the last; in any order, each is tested once, and they come back
    sorted. engine: one of `engines`; left out, `engine_for` chooses.
    The losses are those of `fit` to rounding, which training amplifies: over some dozens of steps run by run, later
    in their distribution. Those of one engine depend neither on chunk, the number of runs side by side, nor on the
    number of threads: this takes one, and leaves processes to the caller.
    The engines part, and the compiled one from `fit`, where a number on the way leaves float32. Adam squares the
    gradient: beyond 1e19, which takes points, labels, weights or a rate of such a size, it is the order of the
    factors that decides whether the square is infinite, and the step 0. Smaller than 1e-38 they take a number for 0.
    Raises KeyError for a name that there is not; ValueError, before anything is trained and the same with both
    engines, where numbers make no sense, do not fit each other or are not as `checks.split` says, and where one of
    weights, units times points or runs times steps is more than `checks.MOST`.
    """
    sizes = checks.wholes("sizes", sizes, 1, checks.MOST)
    if len(sizes) < 2:
        raise ValueError(f"sizes names at least inputs and outputs, got {sizes}")
    # a seed and the numbers of the layers behind it are seeds too
    seeds = checks.wholes("seeds", seeds, -(2**63), 2**64 - len(sizes))
    steps, chunk = checks.whole("steps", steps), checks.whole("chunk", chunk)
    test_steps = sorted(set(checks.wholes("test_steps", test_steps, 0, steps, "step ", ordered=False)))
    rate = checks.rate(rate)
    if not isinstance(scheme, str):
        scheme = checks.number("scheme", scheme, 0, LARGEST)
    for kind, name, there in [
        ("loss", loss, [None, *train.losses]),
        ("optimizer", optimizer, train.optimizers),
        ("engine", engine, [None, *engines]),
    ]:
        if not isinstance(name, str | None) or name not in there:
            raise KeyError(f"no {kind} named {name!r}; there are {', '.join(filter(None, there))}")
    activation = _representable(activations.get(activation))
    best = engine_for(activation)
    engine = engine or best
    if engine == "compiled" != best:
        raise ValueError(
            f"the compiled engine needs numba (pip install 'actlab[fast]') and an activation of the catalog that"
            f" neither learns nor draws, got {activation.name}"
        )
    splits = [splits] * len(seeds) if isinstance(splits, Split) else checks.listed("splits", splits)
    if len(splits) != len(seeds) or not seeds:
        raise ValueError(f"one split for all seeds or one for each; there are {len(splits)} for {len(seeds)} seeds")
    splits, loss = _fitting(splits, loss, sizes, bool(test_steps))
    side = _require_room(sizes, splits[0], len(seeds), steps)
    chunk = min(chunk, side) if engine == "stacked" else chunk
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


def _representable(activation):
    """The activation, where its settings are numbers of float32."""
    for name, setting in activation.settings.items():
        for value in setting if isinstance(setting, tuple) else (setting,):
            if value and not SMALLEST <= abs(value) <= LARGEST:
                allowed = f"0 or between {SMALLEST:.2g} and {LARGEST:.2g} in size"
                raise ValueError(f"{activation.name}: {name} must be {allowed}, got {value}")
    return activation


def _fitting(splits, loss, sizes, tested):
    """The splits as the engines take them, each looked at once, and the loss."""
    found = {}
    for given in splits:
        if id(given) not in found:
            found[id(given)], loss = checks.split(given, loss)
    kinds = {tuple((part.shape, part.dtype) for part in split) for split in found.values()}
    if len(kinds) > 1:
        raise ValueError(f"the splits of one call share their shapes and dtypes; there are {len(kinds)} kinds")
    for key, split in found.items():
        x = split.train_x
        if x.dtype != torch.float32 or x.ndim != 2 or x.shape[1] != sizes[0]:
            kind = f"{x.shape[1]} features" if x.ndim == 2 else f"shape {tuple(x.shape)}"
            raise ValueError(
                f"the points are to be torch.float32 with {sizes[0]} features, got {x.dtype} with {kind}"
            )
        if x.device.type != "cpu":
            raise ValueError(f"the points are to lie on the CPU, got {x.device}")
        found[key] = split = checks.fitted(split, loss, tuple(sizes[-1:]) if sizes[-1] > 1 else ())
    if tested and split.train_y.ndim > 1:
        raise ValueError(f"test_steps: no answer is right or wrong with {sizes[-1]} labels for a point")
    return [found[id(given)] for given in splits], loss


def _require_room(sizes, split, runs, steps):
    """How many runs can stand side by side; ValueError where an array would be too large for one."""
    points = sum(sizes[1:]) * max(BLOCK, len(split.train_x), len(split.test_x))
    weights = sum((units + 1) * out for units, out in itertools.pairwise(sizes))
    for what, count in [("weights", weights), ("units times points", points), ("runs times steps", runs * steps)]:
        if count > checks.MOST:
            raise ValueError(f"{what}: {count} numbers are too many, {checks.MOST} are allowed")
    return checks.MOST // max(points, weights)


@contextmanager
def _undisturbed():
    """One thread, float32, and no denormal numbers; afterwards as before.

    Sums are cut up differently for two threads, and small steps are slower with them. Arithmetic on numbers below
    1.2e-38, which the gradients of points far from the boundary come to, takes a hundred times as long on many
    processors: here they are 0.
    """
    dtype = torch.get_default_dtype()
    threads, flushed = torch.get_num_threads(), not torch.tensor([1e-40]).mul(1).item()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
        torch.set_flush_denormal(flushed)
