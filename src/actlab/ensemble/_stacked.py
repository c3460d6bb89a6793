"""The engine that works everywhere: stacked tensors, and the backward pass by hand."""

import itertools
import math
import time

import torch
from torch import Tensor, nn

from .. import networks

__all__ = ["fit"]

# What belongs to one run fills whole blocks of so many numbers. torch computes what is left over at the end of a
# tensor by other instructions, which round differently, and then a run would depend on its place among the others.
BLOCK = 64


def fit(
    sizes, activation, splits, seeds, steps, scheme, rate, optimizer, loss, test_steps, bar
) -> tuple[Tensor, ...]:
    """Losses and seconds, (runs, steps), test losses and accuracies, (runs, tests): see `ensemble.fit_many`."""
    stack = _Stack(sizes, activation, scheme, seeds)
    head, update = _heads[loss], _updates[optimizer](stack.weights, rate)
    train = _Points(splits, "train")
    test = _Points(splits, "test") if test_steps else None
    losses, seconds, scores = [], [], []
    tested, start = 0.0, time.perf_counter()
    for step in range(steps + 1):
        if step in test_steps:
            before = time.perf_counter()
            scores.append(_scores(stack, test, head))
            tested += time.perf_counter() - before
        if step < steps:
            loss, delta = head(stack.forward(train.x, training=train.n), train.y, train.share)
            update(stack.backward(delta))
            losses.append(loss)
            seconds.append((time.perf_counter() - start - tested) / len(splits))
            bar.update(len(splits))
    tests = torch.stack(scores, 2) if scores else torch.empty(2, len(splits), 0)
    return torch.stack(losses, 1), torch.tensor(seconds).expand(len(splits), -1), *tests


class _Points:
    """Points and labels of each run, with points to fill up the last block that count for nothing.

    x: (runs, features + 1, points), a row of ones below the features for the biases. y: (runs, points, ...).
    share: of each point in the mean, (points,). n: how many count.
    """

    def __init__(self, splits, part):
        xs, ys = ([getattr(split, f"{part}_{letter}") for split in splits] for letter in "xy")
        self.n = len(xs[0])
        more = -self.n % BLOCK
        same = all(x is xs[0] for x in xs)
        x, y = (part[0].expand(len(xs), *part[0].shape) if same else torch.stack(part) for part in (xs, ys))
        x = torch.cat([x, torch.ones_like(x[..., :1])], 2).mT
        self.x = torch.nn.functional.pad(x, (0, more)).contiguous()
        self.y = torch.cat([y, y[:, :1].expand(-1, more, *y.shape[2:])], 1)
        self.share = torch.zeros(self.n + more)
        self.share[: self.n] = 1 / self.n


def _scores(stack, test, head, block=32 * BLOCK):
    """Loss and accuracy of each run, (2, runs); a block of points at a time keeps to the cache."""
    total = torch.zeros(2, len(test.y), dtype=torch.float64)
    for some in (slice(i, i + block) for i in range(0, len(test.share), block)):
        out, y, share = stack.forward(test.x[..., some].contiguous()), test.y[:, some], test.share[some]
        answer = (out[:, 0] > 0).to(y.dtype) if out.shape[1] == 1 else out.argmax(1)
        right = (answer == y).double() @ share.double() if y.ndim == 2 else torch.full((len(y),), math.nan)
        total += torch.stack([head(out, y, share)[0].double(), right])
    return total.float()


class _Stack:
    """Networks of one shape side by side.

    weights: a row for each network: layer by layer the matrix, its bias as a last column, and after each hidden
    layer what its activation learns.
    """

    def __init__(self, sizes, activation, scheme, seeds):
        single = [networks.mlp(sizes, activation, scheme=scheme, seed=seed) for seed in seeds]
        rows = [torch.cat([_flat(layer) for layer in network]) for network in single]
        self.weights = torch.stack([torch.nn.functional.pad(row, (0, -len(row) % BLOCK)) for row in rows])
        self.gradient = torch.zeros_like(self.weights)
        ends = [0, *itertools.accumulate(len(_flat(layer)) for layer in single[0])]
        self.layers = [
            (slice(start, end), (layer.out_features, layer.in_features + 1) if isinstance(layer, nn.Linear) else None)
            for layer, (start, end) in zip(single[0], itertools.pairwise(ends), strict=True)
        ]
        self.hidden = [[network[i] for network in single] for i in range(1, len(single[0]), 2)]
        self.pair = _pair(activation)

    def forward(self, x, training=0):
        """Outputs (runs, outputs, points). It keeps what `backward` needs; training: on how many of the points."""
        self.kept = []
        for i, (part, shape) in enumerate(self.layers):
            mine = self.weights[:, part]
            if shape:
                z = torch.bmm(mine.unflatten(1, shape), x)
                self.kept.append(x)
            else:
                value, back = self.pair(z, mine, self.hidden[i // 2], training)
                x = torch.cat([value, torch.ones_like(value[:, :1])], 1)
                self.kept.append(back)
        return z

    def backward(self, delta):
        """The gradient of each run's loss with respect to its row, from that with respect to the outputs."""
        for (part, shape), kept in zip(reversed(self.layers), reversed(self.kept), strict=True):
            if shape:
                self.gradient[:, part] = torch.bmm(delta, kept.mT).flatten(1)
                if part.start:
                    delta = torch.bmm(self.weights[:, part].unflatten(1, shape)[..., :-1].mT, delta)
            else:
                delta, learned = kept(delta)
                if learned is not None:
                    self.gradient[:, part] = learned
        return self.gradient


def _flat(layer):
    if isinstance(layer, nn.Linear):
        return torch.cat([layer.weight, layer.bias[:, None]], 1).flatten()
    return torch.cat([p.flatten() for p in layer.parameters()] or [torch.empty(0)])


# --- activations: from z and the layers' own numbers to the value and a function that takes delta back


def _pair(activation):
    if activation.learnable:
        return _learnable(activation)
    if activation.training_function:
        return _drawing(activation)
    both = _pairs.get(activation.name, _separate)(activation)

    def pair(z, mine, layers, training):
        value, slope = both(z)
        return value, lambda delta: (delta * slope, None)

    return pair


def _separate(activation):
    return lambda z: (activation.function(z), activation.slope_function(z))


def _learnable(activation):
    """The layer's settings are part of the row: their gradient comes from autograd, run by run."""
    sizes = [torch.tensor(activation.settings[key]).shape for key in activation.learnable]
    cuts = [0, *itertools.accumulate(size.numel() for size in sizes)]
    function = torch.func.vmap(activation.learnable_function)

    def pair(z, mine, layers, training):
        settings = [
            mine[:, a:b].unflatten(1, size) if len(size) else mine[:, a]
            for size, (a, b) in zip(sizes, itertools.pairwise(cuts), strict=True)
        ]
        value, pull = torch.func.vjp(function, z, *settings)

        def back(delta):
            delta, *learned = pull(delta)
            return delta, torch.cat([part.reshape(len(z), -1) for part in learned], 1)

        return value, back

    return pair


def _drawing(activation):
    """Each run's layer draws from its own generator, point by point, as it does alone."""

    def pair(z, mine, layers, training):
        if not training:
            return activation.function(z), None
        with torch.enable_grad():
            points = [row[:, :training].T.contiguous().requires_grad_() for row in z]
            values = [layer(rows) for layer, rows in zip(layers, points, strict=True)]
            slopes = torch.autograd.grad([value.sum() for value in values], points)
        value, slope = torch.zeros_like(z), torch.zeros_like(z)
        value[..., :training] = torch.stack([v.detach() for v in values]).mT
        slope[..., :training] = torch.stack(slopes).mT
        return value, lambda delta: (delta * slope, None)

    return pair


# Value and slope together, where they share their dearest part.
def _relu(activation):
    return lambda z: (z.clamp(min=0), (z > 0).to(z.dtype))


def _tanh(activation):
    def both(z):
        value = torch.sigmoid(2 * z).mul_(2).sub_(1)  # torch's tanh takes several times as long
        return value, 1 - value * value

    return both


def _sigmoid(activation):
    def both(z):
        value = torch.sigmoid(z)
        return value, value * (1 - value)

    return both


def _silu(activation):
    def both(z):
        gate = torch.sigmoid(z)
        value = z * gate
        return value, gate + value * (1 - gate)

    return both


def _gelu(activation):
    def both(z):
        share = torch.erf(z * math.sqrt(0.5)).add_(1).mul_(0.5)
        return z * share, share + z * torch.exp(z * z * -0.5).mul_(1 / math.sqrt(2 * math.pi))

    return both


def _elu(activation):
    alpha = activation.settings["alpha"]

    def both(z):
        below = torch.exp(z.clamp(max=0))
        on = z > 0
        return torch.where(on, z, alpha * (below - 1)), torch.where(on, 1.0, alpha * below)

    return both


_pairs = {"relu": _relu, "tanh": _tanh, "sigmoid": _sigmoid, "silu": _silu, "gelu": _gelu, "elu": _elu}


# --- losses: from outputs (runs, outputs, points), labels and each point's share to the runs' losses and gradients


def _bce(out, y, share):
    y, share = _beside(out, y), share / out.shape[1]
    loss = out.clamp(min=0) - y * out + torch.log1p(torch.exp(-out.abs()))
    return (loss * share).sum((1, 2)), (torch.sigmoid(out) - y) * share


def _mse(out, y, share):
    off, share = out - _beside(out, y), share / out.shape[1]
    return (off.square() * share).sum((1, 2)), off * (2 * share)


def _cross_entropy(out, y, share):
    logs, right = torch.log_softmax(out, 1), y[:, None]
    delta = torch.exp(logs).scatter_add_(1, right, torch.full_like(logs[:, :1], -1.0))
    return -(logs.gather(1, right) * share).sum((1, 2)), delta * share


def _beside(out, y):
    """Labels (runs, points) or (runs, points, outputs) in the shape of the outputs."""
    y = y[:, None] if y.ndim == 2 else y.mT
    if y.shape != out.shape:
        raise ValueError(f"{out.shape[1]} outputs do not fit labels for {y.shape[1]}")
    return y


def _brier(out, y, share):
    p = torch.sigmoid(out)
    loss, delta = _mse(p, y, share)
    return loss, delta * p * (1 - p)


_heads = {"bce": _bce, "brier": _brier, "cross_entropy": _cross_entropy, "mse": _mse}


# --- optimizers, step by step as torch's own


def _adam(weights, rate, beta1=0.9, beta2=0.999, eps=1e-8):
    mean, square = torch.zeros_like(weights), torch.zeros_like(weights)
    steps = itertools.count(1)

    def update(gradient):
        step = next(steps)
        mean.lerp_(gradient, 1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        spread = (square.sqrt() / math.sqrt(1 - beta2**step)).add_(eps)
        weights.addcdiv_(mean, spread, value=-rate / (1 - beta1**step))

    return update


def _sgd(weights, rate):
    return lambda gradient: weights.add_(gradient, alpha=-rate)


_updates = {"adam": _adam, "sgd": _sgd}
