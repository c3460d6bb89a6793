"""The engine that works everywhere: stacked tensors, and the backward pass by hand."""

import itertools
import math
import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import activations, networks, train
from ..activations import Activation

__all__ = ["fit", "of_catalog"]

# What belongs to one run fills whole blocks of so many numbers. torch computes what is left over at the end of a
# tensor by other instructions, which round differently, and then a run would depend on its place among the others.
BLOCK = 64


def fit(
    sizes, activation, splits, seeds, steps, scheme, rate, optimizer, loss, test_steps, bar
) -> tuple[Tensor, ...]:
    """Losses and seconds, (runs, steps), test losses and accuracies, (runs, tests): see `ensemble.fit_many`."""
    single = [networks.mlp(sizes, activation, scheme=scheme, seed=seed) for seed in seeds]
    points = _Points(splits, loss, sizes[-1])
    stack = _Stack(single, activation, points)
    head, update = _heads[loss], _updates[optimizer](stack.weights, rate)
    losses, seconds = torch.empty(steps, len(seeds)), torch.empty(steps)
    scores = torch.empty(2, len(seeds), len(test_steps))
    elapsed = 0.0
    for step in range(steps + 1):
        if step in test_steps:
            scores[:, :, test_steps.index(step)] = _scores(stack, splits, loss)
        if step < steps:
            began = time.perf_counter()
            losses[step] = head(stack.forward(), points.y, points.share, stack.delta)
            stack.backward()
            update(stack.gradient)
            elapsed += time.perf_counter() - began
            seconds[step] = elapsed / len(seeds)
            bar.update(len(seeds))
    return losses.T.contiguous(), seconds.expand(len(seeds), -1), *scores


def _scores(stack, splits, loss):
    """Test loss and accuracy of each run, (2, runs)."""
    found = torch.empty(2, len(splits))
    for i, split in enumerate(splits):
        out = stack.outputs(i, split.test_x)
        found[0, i] = train.losses[loss](out, split.test_y)
        found[1, i] = train.accuracy(lambda _, out=out: out, split.test_x, split.test_y)
    return found


class _Points:
    """Points and labels of each run, with points to fill up the last block that count for nothing.

    x: (runs, features + 1, points), a row of ones below the features for the biases. y: as the outputs, (runs,
    outputs, points). share: of each number in the mean, (points,).
    """

    def __init__(self, splits, loss, outputs):
        self.n = len(splits[0].train_x)
        more = -self.n % BLOCK
        x = torch.stack([split.train_x for split in splits])
        x = torch.cat([x, torch.ones_like(x[..., :1])], 2).mT
        self.x = functional.pad(x, (0, more)).contiguous()
        y = torch.stack([split.train_y for split in splits])
        if loss == "cross_entropy":
            y = functional.one_hot(y, outputs).to(x.dtype)
        y = y[:, None] if y.ndim == 2 else y.mT
        self.y = functional.pad(y, (0, more)).contiguous()
        self.share = torch.zeros(self.n + more)
        self.share[: self.n] = 1 / (self.n if loss == "cross_entropy" else self.n * outputs)


class _Stack:
    """Networks of one shape side by side, with room for everything that a step computes.

    weights: a row for each network: layer by layer the matrix with its bias as a last column, and after each hidden
    layer what its activation learns. gradient: of the same shape. delta: the gradient at the outputs.
    """

    def __init__(self, single, activation, points):
        rows = [torch.cat([_flat(layer) for layer in network]) for network in single]
        self.weights = torch.stack([functional.pad(row, (0, -len(row) % BLOCK)) for row in rows])
        self.gradient = torch.zeros_like(self.weights)
        runs, _, n = points.x.shape
        ends = [0, *itertools.accumulate(len(_flat(layer)) for layer in single[0])]
        self.layers, x = [], points.x
        for i, (layer, (start, end)) in enumerate(zip(single[0], itertools.pairwise(ends), strict=True)):
            mine, gradient = self.weights[:, start:end], self.gradient[:, start:end]
            if isinstance(layer, nn.Linear):
                shape = (layer.out_features, layer.in_features + 1)
                z, delta = (torch.empty(runs, layer.out_features, n) for _ in range(2))
                self.layers.append((mine.unflatten(1, shape), gradient.unflatten(1, shape), x, z, delta))
            else:
                x = torch.ones(runs, z.shape[1] + 1, n)
                pair = _pair(activation, [network[i] for network in single], mine, gradient, points.n)
                self.layers.append((*pair, x[:, :-1], z, delta))
        self.delta = delta
        self.single, self.activation, self.ends = single, activation, ends

    def forward(self):
        """Outputs (runs, outputs, points)."""
        for i, (weights, _, x, z, _) in enumerate(self.layers):
            if i % 2:
                weights(z, x)
            else:
                torch.bmm(weights, x, out=z)
        return z

    def backward(self):
        """From the gradient at the outputs, in `delta`, to that of the weights, in `gradient`."""
        for i in reversed(range(len(self.layers))):
            weights, gradient, x, z, delta = self.layers[i]
            if i % 2:
                gradient(delta, z, x)
            else:
                # the fewer rows first: the other way round takes several times as long
                turned = gradient.shape[1] > gradient.shape[2]
                gradient.copy_(torch.bmm(x, delta.mT).mT if turned else torch.bmm(delta, x.mT))
                if i:
                    torch.bmm(weights[..., :-1].mT, delta, out=self.layers[i - 1][4])

    def outputs(self, i, x):
        """Outputs of run i for points x, as `train.fit` sees them: its own network, with the weights as they are."""
        network, row = self.single[i].eval(), self.weights[i]
        for layer, (start, end) in zip(network, itertools.pairwise(self.ends), strict=True):
            mine = row[start:end]
            if isinstance(layer, nn.Linear):
                matrix = mine.unflatten(0, (layer.out_features, -1))
                layer.weight.copy_(matrix[:, :-1])
                layer.bias.copy_(matrix[:, -1])
            else:
                nn.utils.vector_to_parameters(mine, layer.parameters())
        out = network(x).squeeze(1)
        network.train()
        return out


def of_catalog(activation: Activation) -> bool:
    """Whether it computes what the catalog's entry of its name does, so that what is written for that may be used."""
    try:
        there = activations.catalog.get(activation.name)
        if there is None or there.settings != activation.settings:
            there = activations.get(activation.name, **activation.settings)
    except (KeyError, TypeError, ValueError):
        return False
    # functions are made anew for each record, from the same code
    pairs = [(activation.function, there.function), (activation.slope_function, there.slope_function)]
    return all(getattr(one, "__code__", one) == getattr(other, "__code__", other) for one, other in pairs)


def _flat(layer):
    if isinstance(layer, nn.Linear):
        return torch.cat([layer.weight, layer.bias[:, None]], 1).flatten()
    return torch.cat([p.flatten() for p in layer.parameters()] or [torch.empty(0)])


# --- activations: what writes the values of z, and what takes delta back through the slope, both in place


def _pair(activation, layers, mine, gradient, n):
    if activation.learnable:
        return _learnable(activation, mine, gradient)
    if activation.training_function:
        return _drawing(layers, n)
    # torch's own gradient of elu is none for a negative alpha
    if activation.name in _pairs and of_catalog(activation) and activation.settings.get("alpha", 1) >= 0:
        return _pairs[activation.name](**activation.settings)
    return (
        lambda z, value: value.copy_(activation.function(z)),
        lambda delta, z, value: delta.mul_(activation.slope_function(z)),
    )


def _learnable(activation, mine, gradient):
    """The layer's settings are part of the row: their gradient comes from autograd, run by run."""
    sizes = [torch.tensor(activation.settings[key]).shape for key in activation.learnable]
    cuts = [0, *itertools.accumulate(size.numel() for size in sizes)]
    function = torch.func.vmap(activation.learnable_function)
    pull = None

    def forward(z, value):
        nonlocal pull
        settings = [
            mine[:, a:b].unflatten(1, size) if len(size) else mine[:, a]
            for size, (a, b) in zip(sizes, itertools.pairwise(cuts), strict=True)
        ]
        found, pull = torch.func.vjp(function, z, *settings)
        value.copy_(found)

    def backward(delta, z, value):
        back, *learned = pull(delta)
        delta.copy_(back)
        gradient.copy_(torch.cat([part.reshape(len(z), -1) for part in learned], 1))

    return forward, backward


def _drawing(layers, n):
    """Each run's layer draws from its own generator, point by point, as it does alone."""
    slope = None

    def forward(z, value):
        nonlocal slope
        with torch.enable_grad():
            points = [row[:, :n].T.contiguous().requires_grad_() for row in z]
            values = [layer(rows) for layer, rows in zip(layers, points, strict=True)]
            slopes = torch.autograd.grad([value.sum() for value in values], points)
        slope = torch.zeros_like(z)
        value[..., :n] = torch.stack([v.detach() for v in values]).mT
        slope[..., :n] = torch.stack(slopes).mT

    return forward, lambda delta, z, value: delta.mul_(slope)


# torch's own functions with the gradient in one pass over the numbers, and without those that it computes slowly.
_aten = torch.ops.aten


def _relu():
    return (
        lambda z, value: torch.clamp_min(z, 0, out=value),
        lambda delta, z, value: _aten.threshold_backward.grad_input(delta, z, 0, grad_input=delta),
    )


def _leaky_relu(negative_slope):
    return (
        lambda z, value: _aten.leaky_relu.out(z, negative_slope, out=value),
        lambda delta, z, value: _aten.leaky_relu_backward.grad_input(
            delta, z, negative_slope, False, grad_input=delta
        ),
    )


def _sigmoid():
    return (
        lambda z, value: torch.sigmoid(z, out=value),
        lambda delta, z, value: _aten.sigmoid_backward.grad_input(delta, value, grad_input=delta),
    )


def _tanh():
    return (
        # torch's tanh takes several times as long
        lambda z, value: torch.mul(z, 2, out=value).sigmoid_().mul_(2).sub_(1),
        lambda delta, z, value: _aten.tanh_backward.grad_input(delta, value, grad_input=delta),
    )


def _elu(alpha):
    def forward(z, value):
        torch.clamp_max(z, 0, out=value).exp_().sub_(1).mul_(alpha)
        value.add_(z.clamp_min(0))

    return (
        forward,
        lambda delta, z, value: _aten.elu_backward.grad_input(delta, alpha, 1, 1, True, value, grad_input=delta),
    )


def _silu():
    return (
        lambda z, value: _aten.silu.out(z, out=value),
        lambda delta, z, value: _aten.silu_backward.grad_input(delta, z, grad_input=delta),
    )


def _gelu():
    return (
        # not out=value: where value is a part of a tensor, torch 2.13 writes nothing, and says nothing
        lambda z, value: value.copy_(functional.gelu(z)),
        lambda delta, z, value: _aten.gelu_backward.grad_input(delta, z, grad_input=delta),
    )


def _softplus(beta):
    return (
        lambda z, value: torch.neg(functional.logsigmoid(-beta * z), out=value).div_(beta),
        lambda delta, z, value: delta.mul_(torch.sigmoid(beta * z)),
    )


_pairs = {
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "elu": _elu,
    "silu": _silu,
    "gelu": _gelu,
    "softplus": _softplus,
}


# --- losses: from outputs, labels and each number's share to the runs' losses, and the gradient in delta


def _bce(out, y, share, delta):
    loss = out.clamp(min=0) - y * out + torch.log1p(torch.exp(-out.abs()))
    torch.sigmoid(out, out=delta).sub_(y).mul_(share)
    return (loss * share).sum((1, 2))


def _mse(out, y, share, delta):
    off = out - y
    torch.mul(off, 2 * share, out=delta)
    return (off.square() * share).sum((1, 2))


def _brier(out, y, share, delta):
    p = torch.sigmoid(out)
    loss = _mse(p, y, share, delta)
    delta.mul_(p * (1 - p))
    return loss


def _cross_entropy(out, y, share, delta):
    logs = torch.log_softmax(out, 1)
    torch.exp(logs, out=delta).sub_(y).mul_(share)
    return -(logs * y * share).sum((1, 2))


_heads = {"bce": _bce, "brier": _brier, "cross_entropy": _cross_entropy, "mse": _mse}


# --- optimizers, step by step as torch's own


def _adam(weights, rate, beta1=0.9, beta2=0.999, eps=1e-8):
    mean, square, spread = (torch.zeros_like(weights) for _ in range(3))
    steps = itertools.count(1)

    def update(gradient):
        step = next(steps)
        mean.lerp_(gradient, 1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        torch.sqrt(square, out=spread).div_(math.sqrt(1 - beta2**step)).add_(eps)
        weights.addcdiv_(mean, spread, value=-rate / (1 - beta1**step))

    return update


def _sgd(weights, rate):
    return lambda gradient: weights.add_(gradient, alpha=-rate)


_updates = {"adam": _adam, "sgd": _sgd}
