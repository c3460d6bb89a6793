"""Training in mini-batches."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import checks
from ..data import Split
from ..diagnostics import update_ratios
from ._network import (
    answers_of,
    dtype_of,
    evaluating,
    labelled,
    pick,
    require_answers,
    require_gradient,
    require_trainable,
    shapes_of,
)

__all__ = ["BatchHistory", "batch_optimizers", "fit_batches", "weighted_f1"]


@dataclass(frozen=True)
class BatchHistory:
    """What a training run in mini-batches left behind: a row for each so many updates, such as an epoch.

    steps: the updates done before each test, the first 0, shape (rows + 1,). train_loss, train_accuracy: means over
    the labels of a row's batches, before each batch's update, shape (rows,). seconds: time spent in training until
    the end of each row, tests not counted, shape (rows,). norms: the L2 norm of the gradient of each layer's
    parameters, meaned over the row's batches, shape (rows, layers); layers: their names.
    test_loss, test_accuracy: shape (rows + 1,). confusion: test examples by true and by answered class, int64, shape
    (rows + 1, classes, classes). batch_loss, batch_accuracy: the same tests where BatchNorm uses the statistics of
    the test batch in place of its running ones, shape (rows + 1,); None where that was not asked for.
    update_ratios: rms change over rms weight in the last update of each row, shape (rows, matrices), float64; None
    where that was not asked for. matrices: the names of the weights.
    """

    steps: Tensor
    train_loss: Tensor
    train_accuracy: Tensor
    seconds: Tensor
    norms: Tensor
    layers: tuple[str, ...]
    test_loss: Tensor
    test_accuracy: Tensor
    confusion: Tensor
    batch_loss: Tensor | None = None
    batch_accuracy: Tensor | None = None
    update_ratios: Tensor | None = None
    matrices: tuple[str, ...] = ()


batch_optimizers: dict[str, Callable] = {
    "adam": lambda parameters, rate, momentum, decay: torch.optim.Adam(parameters, rate, weight_decay=decay),
    "adamw": lambda parameters, rate, momentum, decay: torch.optim.AdamW(parameters, rate, weight_decay=decay),
    "sgd": lambda parameters, rate, momentum, decay: torch.optim.SGD(parameters, rate, momentum, weight_decay=decay),
}


def fit_batches(
    network: nn.Module,
    split: Split,
    *,
    steps: int,
    batch: int = 64,
    every: int | None = None,
    rate: float = 1e-3,
    optimizer: str = "adam",
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    decay_shapes: bool = False,
    warmup: int = 0,
    decay: bool = False,
    seed: int = 0,
    layers: Mapping[str, nn.Module] | Iterable[str] = (),
    batch_statistics: bool = False,
    ratios: bool = False,
    watch: Callable[[int, nn.Module], None] | None = None,
    device: str | torch.device = "cpu",
) -> BatchHistory:
    """Train the network in place with `steps` updates on mini-batches; return its `BatchHistory`.

    Every epoch takes the examples in a new order; its last batch may be smaller. In a network with BatchNorm, to
    which one example has no variance, a last batch of one gets an example of the batch before it. The order, and what
    dropout drops, follow from `seed`; torch's global generators are left where they were. The loss is binary
    cross-entropy for labels of floats or bools and one logit, cross-entropy for integers and a logit per class, along
    the last axis: logits of shape (batch, places, classes) go with labels of shape (batch, places). Labels in a
    column, and class numbers of -100, which count nowhere, are as in `fit`.
    every: updates to a row; left out, an epoch. optimizer: "adam", "adamw" or "sgd", which alone has a momentum.
    weight_decay: of all parameters but those that are an activation's own (PReLU, Swish, APL), whose shape it would
    pull to that of 0, and with decay_shapes of those too.
    warmup: updates over which the rate rises in equal parts; decay: whether it then falls so to 0 at the end.
    layers: whose gradients are measured, by name. batch_statistics: test with those of BatchNorm too. ratios:
    measure `diagnostics.update_ratios` in the last update of each row. watch: called
    with 0 and the network before the first update and with the row's number after each. device: where to train; the
    network is moved there and back. Raises as `fit` does, and KeyError for an unknown layer.
    """
    steps, batch = checks.whole("steps", steps), checks.whole("batch", batch)
    every = None if every is None else checks.whole("every", every)
    warmup, seed = checks.whole("warmup", warmup, 0), checks.whole("seed", seed, -(2**63), 2**64 - 1)
    make = pick(batch_optimizers, optimizer, "optimizer")
    require_trainable(network, watch)
    split, loss = checks.split(split, ignored=True)
    rate, most = checks.rate(rate, dtype_of(network)), torch.finfo(dtype_of(network)).max
    momentum = checks.number("momentum", momentum, 0, most)
    weight_decay = checks.number("weight_decay", weight_decay, 0, most)
    every = every or math.ceil(len(split.train_x) / batch)
    if steps % every:
        raise ValueError(f"rows of {every} updates do not fit into {steps} steps")
    if not 0 <= warmup <= steps:
        raise ValueError(f"the rate can rise over 0 to {steps} steps, got warmup={warmup}")
    layers = _layers(network, layers)
    _require_device(device)
    network.to(device)
    split = Split(*(part.to(device) for part in split))
    split = _with_first_answer(network, split, loss)
    gaps = any(not bool(labelled(y).all()) for y in (split.train_y, split.test_y))
    update = make(_groups(network, weight_decay, decay_shapes), rate, momentum, weight_decay)
    order = _shuffled(len(split.train_x), batch, seed, device, least=2 if _norms(network) else 1)
    rows = {name: [] for name in ("train_loss", "train_accuracy", "norms", "seconds")}
    tests = {name: [] for name in ("test_loss", "test_accuracy", "confusion", "batch_loss", "batch_accuracy")}

    def look(row):
        if watch is not None:
            watch(row, network)
        found = _tests(network, split, batch_statistics, gaps)
        for name, value in zip(tests, found, strict=False):
            tests[name].append(value)

    seconds, moved = 0.0, []
    look(0)
    with torch.random.fork_rng([] if torch.device(device).type == "cpu" else None):
        torch.manual_seed(seed)
        for start in range(0, steps, every):
            began = time.perf_counter()
            rates = [rate * _share_of_rate(step, steps, warmup, decay) for step in range(start, start + every)]
            found = _train_row(network, split, order, rates, update, layers, gaps, moved if ratios else None)
            seconds += time.perf_counter() - began
            for name, value in zip(rows, (*found, seconds), strict=True):
                rows[name].append(value)
            look(start // every + 1)
    network.to("cpu")
    columns = {name: torch.tensor(values, dtype=torch.float64) for name, values in rows.items()}
    columns["norms"] = columns["norms"].reshape(steps // every, len(layers))
    columns |= {
        name: torch.stack(values) if name == "confusion" else torch.tensor(values, dtype=torch.float64)
        for name, values in tests.items()
        if values
    }
    if ratios:
        columns["update_ratios"] = torch.tensor([list(row.values()) for row in moved], dtype=torch.float64)
        columns["matrices"] = tuple(moved[0])
    return BatchHistory(steps=torch.arange(0, steps + 1, every), layers=tuple(layers), **columns)


def _groups(network, weight_decay, decay_shapes):
    """The parameters, and those that are not to decay in a group of their own, where there are such."""
    kept = [] if decay_shapes or not weight_decay else shapes_of(network)
    if not kept:
        return network.parameters()
    apart = set(map(id, kept))
    others = [parameter for parameter in network.parameters() if id(parameter) not in apart]
    groups = [{"params": others}, {"params": list(dict.fromkeys(kept)), "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def _with_first_answer(network, split, loss):
    """The split as the network's answer to an example needs it; ValueError where there is none that fits."""
    with torch.no_grad(), evaluating(network):
        first = answers_of(network, split.test_x[:1])
    if loss == "bce" and first.ndim > 1 and first.shape[-1] == 1:
        first = first[..., 0]
    return require_answers(first, split.test_x[:1], split, loss)


def _shuffled(count, batch, seed, device, least):
    """The numbers of the examples, a batch at a time and without end: each epoch in an order of its own.

    least: examples of the last batch, if the one before it can spare them.
    """
    order = torch.Generator().manual_seed(seed)
    sizes = [batch] * (count // batch) + [count % batch] * (count % batch > 0)
    if len(sizes) > 1 and (lacking := least - sizes[-1]) > 0 and batch - lacking >= least:
        sizes[-2:] = batch - lacking, least
    while True:
        yield from torch.randperm(count, generator=order).to(device).split(sizes)


def _train_row(network, split, order, rates, update, layers, gaps, moved):
    """An update at each of the rates; loss and accuracy over their examples, and the norms over the updates.

    moved: a list that gets the ratios of the last update, or None.
    """
    device = split.train_x.device
    sums = torch.zeros(3, dtype=torch.float64, device=device)  # of losses, right answers, examples
    norms = torch.zeros(len(layers), dtype=torch.float64, device=device)
    for update_number, (rate, chosen) in enumerate(zip(rates, order, strict=False), start=1):
        out, y = answers_of(network, split.train_x[chosen]), split.train_y[chosen]
        losses, right, _ = _judge(out, y, gaps)
        require_gradient(losses)
        # of a batch without labels the sum, 0, has the gradient 0
        loss = losses.mean() if losses.numel() else losses.sum()
        for group in update.param_groups:
            group["lr"] = rate
        update.zero_grad()
        loss.backward()
        for i, layer in enumerate(layers.values()):
            norms[i] += _norm(layer)
        if moved is not None and update_number == len(rates):
            moved.append(update_ratios(network, update.step))
        else:
            update.step()
        count = losses.new_tensor(losses.numel())
        sums += torch.stack([losses.detach().sum(), right.sum(), count]).double()
    total, share, examples = sums.tolist()  # waits for the device
    means = (total / examples, share / examples) if examples else (math.nan, math.nan)
    return *means, (norms / len(rates)).tolist()


def _tests(network, split, batch_statistics, gaps):
    """Loss, accuracy and confusion on the test examples; loss and accuracy by batch statistics too, if asked for."""
    with torch.no_grad(), evaluating(network):
        found = _test(network, split.test_x, split.test_y, gaps)
        if batch_statistics:
            with _batch_statistics(network):
                found += _test(network, split.test_x, split.test_y, gaps)[:2]
    return found


def weighted_f1(confusion: Tensor) -> Tensor:
    """F1 of each class, averaged with the classes' shares; shape (..., classes, classes) in, (...) out, float64.

    confusion: examples by true and by answered class. A class that is neither there nor answered counts nothing.
    """
    confusion = confusion.double()
    right, true, answered = (
        confusion.diagonal(dim1=-2, dim2=-1),
        confusion.sum(-1),
        confusion.sum(-2),
    )
    f1 = 2 * right / (true + answered).clamp(min=1)
    return (f1 * true).sum(-1) / true.sum(-1)


TEST_BATCH = 250  # examples that are judged at once; with BatchNorm's batch statistics it decides numbers too


def _judge(out, y, gaps):
    """Losses, right answers and answers, of the labels' shape; with gaps flat, of those that have a label alone."""
    if y.is_floating_point():
        out = out.reshape(y.shape)
        losses, answers = functional.binary_cross_entropy_with_logits(out, y, reduction="none"), (out > 0).to(y.dtype)
    else:
        losses = functional.cross_entropy(out.movedim(-1, 1), y, reduction="none", ignore_index=checks.IGNORED)
        answers = out.argmax(-1)
        if gaps:
            there = labelled(y)
            losses, answers, y = losses[there], answers[there], y[there]
    return losses, answers == y, answers


def _test(network, x, y, gaps):
    """Loss, accuracy and confusion on these examples."""
    losses, answers, classes = [], [], 2
    for some_x, some_y in zip(x.split(TEST_BATCH), y.split(TEST_BATCH), strict=True):
        out = answers_of(network, some_x)
        if not some_y.is_floating_point():
            classes = out.shape[-1]
        loss, _, answer = _judge(out, some_y, gaps)
        losses.append(loss.flatten())
        answers.append(answer.flatten())
    true, answers = (y[labelled(y)] if gaps else y.flatten()).long(), torch.cat(answers).long()
    confusion = torch.bincount(true * classes + answers, minlength=classes**2).reshape(classes, classes).cpu()
    return torch.cat(losses).double().mean().item(), (true == answers).double().mean().item(), confusion


def _norms(network):
    return [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]


@contextmanager
def _batch_statistics(network):
    """BatchNorm by the statistics of each batch, its running ones left as they are."""
    norms = _norms(network)
    for module in norms:
        module.track_running_stats, module.training = False, True
    try:
        yield
    finally:
        for module in norms:
            module.track_running_stats, module.training = True, False


def _layers(network, layers):
    if not isinstance(layers, Mapping):
        there = dict(network.named_modules())
        layers = checks.listed("layers", layers)
        for name in layers:
            if not isinstance(name, str) or name not in there:
                raise KeyError(f"the network has no layer {name!r}; there are {', '.join(filter(None, there))}")
        layers = {name: there[name] for name in layers}
    for name, layer in layers.items():
        if not isinstance(layer, nn.Module):
            raise ValueError(f"layer {name!r} must be a torch.nn.Module, got a {type(layer).__name__}")
        if not any(True for _ in layer.parameters()):
            raise ValueError(f"layer {name!r} has no parameters, and so no gradient")
    return layers


def _require_device(device):
    try:
        there = torch.empty(1, device=device).device
    except (AssertionError, RuntimeError, TypeError) as error:  # what torch raises differs from device to device
        raise ValueError(f"there is no device {device!r} to train on: {error}") from error
    if there.type == "meta":
        raise ValueError("device='meta' holds no numbers, and so cannot train")


def _norm(layer):
    gradients = [parameter.grad for parameter in layer.parameters() if parameter.grad is not None]
    return torch.stack(torch._foreach_norm(gradients)).norm().double() if gradients else 0.0


def _share_of_rate(step, steps, warmup, decay):
    if step < warmup:
        return (step + 1) / warmup
    return (steps - step) / (steps - warmup) if decay else 1.0
