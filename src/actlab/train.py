"""Two transparent training loops for one network: on all points at once, and in mini-batches."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm.auto import tqdm

from . import checks
from .data import Split

__all__ = ["Course", "History", "accuracy", "fit", "fit_batches", "weighted_f1"]


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
    Raises KeyError for an unknown loss or optimizer; ValueError, before the first update, for numbers that make no
    sense, for points and labels that are not as `checks.split` says, and for those that the network cannot take or
    answer. Gradients do not reach the points.
    """
    steps, test_every = checks.whole("steps", steps), checks.whole("test_every", test_every, 0)
    if loss is not None:
        _pick(losses, loss, "loss")
    make = _pick(optimizers, optimizer, "optimizer")
    _require_trainable(network, watch)
    split, loss = checks.split(split, loss)
    measure, update = losses[loss], make(network.parameters(), lr=checks.rate(rate, _dtype(network)))
    history = {"steps": [], "loss": [], "accuracy": []}
    losses_seen, seconds = [], []
    answered = False

    def outputs(x):
        nonlocal answered
        out = _outputs(network, x)
        if not answered:
            _require_answers(out, x, split, loss)
            answered = True
        return out

    def look(step):
        if watch is not None:
            watch(step, network)
        if test_every and (step % test_every == 0 or step == steps):
            with torch.no_grad(), _evaluating(network):
                history["loss"].append(measure(outputs(split.test_x), split.test_y).item())
                history["accuracy"].append(accuracy(network, split.test_x, split.test_y))
            history["steps"].append(step)

    start = time.perf_counter()
    for step in tqdm(range(steps), disable=not progress, leave=False):
        look(step)
        value = measure(outputs(split.train_x), split.train_y)
        _require_gradient(value)
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


@dataclass(frozen=True)
class Course:
    """What a training run in mini-batches left behind: a row for each so many updates, such as an epoch.

    steps: the updates done before each test, the first 0, shape (rows + 1,). train_loss, train_accuracy: means over
    the examples of a row's batches, before each batch's update, shape (rows,). seconds: time spent in training until
    the end of each row, tests not counted, shape (rows,). norms: the L2 norm of the gradient of each layer's
    parameters, meaned over the row's batches, shape (rows, layers); layers: their names.
    test_loss, test_accuracy: shape (rows + 1,). confusion: test examples by true and by answered class, int64, shape
    (rows + 1, classes, classes). batch_loss, batch_accuracy: the same tests where BatchNorm uses the statistics of
    the test batch in place of its running ones, shape (rows + 1,); None where that was not asked for.
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
    warmup: int = 0,
    decay: bool = False,
    seed: int = 0,
    layers: Mapping[str, nn.Module] | Iterable[str] = (),
    batch_statistics: bool = False,
    watch: Callable[[int, nn.Module], None] | None = None,
    device: str | torch.device = "cpu",
) -> Course:
    """Train the network in place with `steps` updates on mini-batches; return its `Course`.

    Every epoch takes the examples in a new order; its last batch may be smaller. The order, and what dropout drops,
    follow from `seed`; torch's global generators are left where they were. The loss is binary cross-entropy for
    float labels and one logit, cross-entropy for int64 labels and a logit per class, along the last axis: logits of
    shape (batch, places, classes) go with labels of shape (batch, places).
    every: updates to a row; left out, an epoch. optimizer: "adam", "adamw" or "sgd", which alone has a momentum.
    warmup: updates over which the rate rises in equal parts; decay: whether it then falls so to 0 at the end.
    layers: whose gradients are measured, by name. batch_statistics: test with those of BatchNorm too. watch: called
    with 0 and the network before the first update and with the row's number after each. device: where to train; the
    network is moved there and back. Raises as `fit` does, and KeyError for an unknown layer.
    """
    steps, batch = checks.whole("steps", steps), checks.whole("batch", batch)
    every = None if every is None else checks.whole("every", every)
    warmup, seed = checks.whole("warmup", warmup, 0), checks.whole("seed", seed, -(2**63), 2**64 - 1)
    make = _pick(batch_optimizers, optimizer, "optimizer")
    _require_trainable(network, watch)
    split, loss = checks.split(split)
    rate, most = checks.rate(rate, _dtype(network)), torch.finfo(_dtype(network)).max
    momentum = checks.number("momentum", momentum, 0, most)
    weight_decay = checks.number("weight_decay", weight_decay, 0, most)
    epoch = math.ceil(len(split.train_x) / batch)  # updates that it takes
    every = every or epoch
    if steps % every:
        raise ValueError(f"rows of {every} updates do not fit into {steps} steps")
    if not 0 <= warmup <= steps:
        raise ValueError(f"the rate can rise over 0 to {steps} steps, got warmup={warmup}")
    layers = _layers(network, layers)
    _require_device(device)
    network.to(device)
    split = Split(*(part.to(device) for part in split))
    with torch.no_grad(), _evaluating(network):
        first = _answers(network, split.test_x[:1])
    if loss == "bce" and first.ndim > 1 and first.shape[-1] == 1:
        first = first[..., 0]
    _require_answers(first, split.test_x[:1], split, loss)
    update = make(network.parameters(), rate, momentum, weight_decay)
    order = torch.Generator().manual_seed(seed)
    rows = {name: [] for name in ("train_loss", "train_accuracy", "seconds", "norms")}
    tests = {name: [] for name in ("test_loss", "test_accuracy", "confusion", "batch_loss", "batch_accuracy")}

    def look(row):
        if watch is not None:
            watch(row, network)
        with torch.no_grad(), _evaluating(network):
            for name, value in zip(tests, _test(network, split.test_x, split.test_y), strict=False):
                tests[name].append(value)
            if batch_statistics:
                with _batch_statistics(network):
                    value, share, _ = _test(network, split.test_x, split.test_y)
                tests["batch_loss"].append(value)
                tests["batch_accuracy"].append(share)

    seconds, step = 0.0, 0
    look(0)
    with torch.random.fork_rng([] if torch.device(device).type == "cpu" else None):
        torch.manual_seed(seed)
        while step < steps:
            began = time.perf_counter()
            sums = torch.zeros(3, dtype=torch.float64, device=device)  # of losses, right answers, examples
            norms = torch.zeros(len(layers), dtype=torch.float64, device=device)
            for _ in range(every):
                if step % epoch == 0:
                    shuffled = torch.randperm(len(split.train_x), generator=order).to(device)
                    batches = iter(shuffled.split(batch))
                chosen = next(batches)
                out, y = _answers(network, split.train_x[chosen]), split.train_y[chosen]
                losses, right, _ = _judge(out, y)
                _require_gradient(losses)
                for group in update.param_groups:
                    group["lr"] = rate * _share_of_rate(step, steps, warmup, decay)
                update.zero_grad()
                losses.mean().backward()
                for i, layer in enumerate(layers.values()):
                    norms[i] += _norm(layer)
                update.step()
                count = losses.new_tensor(losses.numel())
                sums += torch.stack([losses.detach().sum(), right.sum(), count]).double()
                step += 1
            total, share, examples = sums.tolist()  # waits for the device
            seconds += time.perf_counter() - began
            rows["train_loss"].append(total / examples)
            rows["train_accuracy"].append(share / examples)
            rows["seconds"].append(seconds)
            rows["norms"].append((norms / every).tolist())
            look(step // every)
    network.to("cpu")
    columns = {name: torch.tensor(values, dtype=torch.float64) for name, values in rows.items()}
    columns["norms"] = columns["norms"].reshape(steps // every, len(layers))
    columns |= {
        name: torch.stack(values) if name == "confusion" else torch.tensor(values, dtype=torch.float64)
        for name, values in tests.items()
        if values
    }
    return Course(steps=torch.arange(0, steps + 1, every), layers=tuple(layers), **columns)


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


@torch.no_grad()
def accuracy(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of points whose label the network gets right, between 0 and 1, in the mode that the network is in.

    With one output the answer is 1 where the logit is above 0; with several it is the largest. Raises ValueError
    if there are no points, or not one label for each of the answers.
    """
    if len(x) == 0:
        raise ValueError("accuracy needs at least one point")
    out = _outputs(network, x)
    answer = out.argmax(dim=1) if out.ndim == 2 else (out > 0).to(y.dtype)
    if answer.shape != y.shape:
        raise ValueError(f"accuracy needs a label for each answer, got {tuple(y.shape)} for {tuple(answer.shape)}")
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


def _answers(network, x):
    """network(x), with ValueError where the network cannot take the points, or returns no tensor."""
    try:
        out = network(x)
    except torch.cuda.OutOfMemoryError:
        raise
    except (IndexError, RuntimeError, TypeError) as error:
        if "can't allocate memory" in str(error):  # of the processor: no fault of the points
            raise
        kind = f"{x.dtype} of shape {tuple(x.shape)} on {x.device}" if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"the network cannot take these points, {kind}: {error}") from error
    if not isinstance(out, Tensor):
        raise ValueError(f"the network must return a tensor, got a {type(out).__name__}")
    return out


def _outputs(network, x):
    out = _answers(network, x)
    return out.squeeze(1) if out.ndim == 2 and out.shape[1] == 1 else out


def _pick(table, name, kind):
    if not isinstance(name, str) or name not in table:
        raise KeyError(f"no {kind} named {name!r}; there are {', '.join(table)}")
    return table[name]


def _require_trainable(network, watch):
    if not isinstance(network, nn.Module):
        raise ValueError(f"network must be a torch.nn.Module, got a {type(network).__name__}")
    if not any(True for _ in network.parameters()):
        raise ValueError("network has no parameters to train")
    if watch is not None and not callable(watch):
        raise ValueError(f"watch must be a function or None, got a {type(watch).__name__}")


def _require_answers(out, x, split, loss):
    """ValueError unless these first outputs, one for each of x, are what the loss and the labels need."""
    if out.ndim == 0 or len(out) != len(x):
        raise ValueError(f"the network must answer each of {len(x)} points, got outputs of shape {tuple(out.shape)}")
    if not out.is_floating_point() or (split.train_y.is_floating_point() and out.dtype != split.train_y.dtype):
        raise ValueError(f"outputs and labels must be floats of one dtype, got {out.dtype} and {split.train_y.dtype}")
    checks.outputs(split, loss, tuple(out.shape[1:]))


def _require_gradient(value):
    if not value.requires_grad:
        raise ValueError("the loss reaches no parameter that learns: all are frozen, or gradients are switched off")


def _dtype(network):
    """What the network computes in."""
    return next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)


# --- mini-batches


TEST_BATCH = 250  # examples that are judged at once; with BatchNorm's batch statistics it decides numbers too


def _judge(out, y):
    """Losses and right answers of each example, and the answers, all of the labels' shape."""
    if y.is_floating_point():
        out = out.reshape(y.shape)
        losses, answers = functional.binary_cross_entropy_with_logits(out, y, reduction="none"), (out > 0).to(y.dtype)
    else:
        losses, answers = functional.cross_entropy(out.movedim(-1, 1), y, reduction="none"), out.argmax(-1)
    return losses, answers == y, answers


def _test(network, x, y):
    """Loss, accuracy and confusion on these examples."""
    losses, answers, classes = [], [], 2
    for some_x, some_y in zip(x.split(TEST_BATCH), y.split(TEST_BATCH), strict=True):
        out = _answers(network, some_x)
        if not some_y.is_floating_point():
            classes = out.shape[-1]
        loss, _, answer = _judge(out, some_y)
        losses.append(loss.flatten())
        answers.append(answer.flatten())
    true, answers = y.flatten().long(), torch.cat(answers).long()
    confusion = torch.bincount(true * classes + answers, minlength=classes**2).reshape(classes, classes).cpu()
    return torch.cat(losses).double().mean().item(), (true == answers).double().mean().item(), confusion


@contextmanager
def _batch_statistics(network):
    """BatchNorm by the statistics of each batch, its running ones left as they are."""
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
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
