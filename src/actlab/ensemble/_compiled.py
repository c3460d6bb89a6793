"""The compiled engine: one run after the other, every step of it inside one loop that numba compiles."""

import functools
import itertools
import math
import time

import numpy as np
import torch
from numba import njit
from torch import Tensor

from .. import networks, train
from ._loops import BLOCK, ONE, TWO, ZERO, activation_type, f32, fast, head_type, loops, wide
from ._pairs import exp, log1p_unit, pairs, sigmoid

__all__ = ["fit"]

GRAIN = 4  # rows worked on at a time: a multiplication reads four rows and writes four, all in registers
TURN = 100  # updates between two looks at the clock


@functools.cache
def _activate(name, settings):
    """Z + b to values in H, and to slopes in Z, of the first `units` rows; 0 in the rows that fill up the width."""
    pair = pairs[name](**dict(settings))

    @njit(activation_type.signature, fastmath={"contract", "nsz"}, error_model="numpy")
    def activate(Z, b, units, H):
        wide()
        for k in range(units):
            z, h, bias = Z[k], H[k], b[k]
            for p in range(BLOCK):
                h[p], z[p] = pair(z[p] + bias)
        for k in range(units, Z.shape[0]):
            Z[k, :] = ZERO
            H[k, :] = ZERO

    return activate


def _by_row(term):
    """A head whose outputs are judged one by one; term: logit and label to loss and its slope."""
    term = fast(term)

    @njit(head_type.signature, fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")
    def head(Z, b, units, Y, share, db):
        wide()
        total = ZERO
        for k in range(units):
            z, y, bias, gradient = Z[k], Y[k], b[k], ZERO
            for p in range(BLOCK):
                loss, slope = term(z[p] + bias, y[p])
                total += share[p] * loss
                slope *= share[p]
                z[p] = slope
                gradient += slope
            db[k] += gradient
        return total

    return head


def _bce(u, y):
    t = exp(-abs(u))
    r = ONE / (ONE + t)
    return (u if u > ZERO else ZERO) - y * u + log1p_unit(t), (r if u > ZERO else r * t) - y


def _brier(u, y):
    p = sigmoid(u)
    off = p - y
    return off * off, TWO * off * p * (ONE - p)


def _mse(u, y):
    off = u - y
    return off * off, TWO * off


def _cross_entropy(Z, b, units, Y, share, db):
    wide()
    total = ZERO
    top = np.full(BLOCK, -np.inf, np.float32)
    s = np.zeros(BLOCK, np.float32)
    for k in range(units):
        z, bias = Z[k], b[k]
        for p in range(BLOCK):
            z[p] += bias
            top[p] = z[p] if z[p] > top[p] else top[p]
    for k in range(units):
        z, y = Z[k], Y[k]
        for p in range(BLOCK):
            u = z[p] - top[p]
            total -= share[p] * y[p] * u
            z[p] = exp(u)
            s[p] += z[p]
    for p in range(BLOCK):
        total += share[p] * f32(math.log(s[p]))
        s[p] = ONE / s[p]
    for k in range(units):
        z, y, gradient = Z[k], Y[k], ZERO
        for p in range(BLOCK):
            z[p] = (z[p] * s[p] - y[p]) * share[p]
            gradient += z[p]
        db[k] += gradient
    return total


@functools.cache
def _head(loss):
    """What turns logits into the gradient of the loss, adds to the gradient of the biases, and returns the loss."""
    if loss == "cross_entropy":
        return njit(head_type.signature, fastmath={"contract", "reassoc", "nsz"}, error_model="numpy")(_cross_entropy)
    return _by_row({"bce": _bce, "brier": _brier, "mse": _mse}[loss])


# --- from tensors to rows and back


def fit(
    sizes, activation, splits, seeds, steps, scheme, rate, optimizer, loss, test_steps, bar
) -> tuple[Tensor, ...]:
    """Losses and seconds, (runs, steps), test losses and accuracies, (runs, tests): see `ensemble.fit_many`."""
    outputs = sizes[-1]
    filled = [_up(sizes[0], 2), *(_up(k, GRAIN) for k in sizes[1:-1]), _padded_outputs(outputs)]
    padded, units = np.array(filled, np.int64), np.array(sizes, np.int64)
    activate = _activate(activation.name, tuple(activation.settings.items()))
    head = _head(loss)
    learn, predict = loops()
    H, Z = (_aligned(padded[1:].sum(), BLOCK) for _ in range(2))
    losses, seconds = (np.empty((len(seeds), steps), np.float32) for _ in range(2))
    scores = np.empty((2, len(seeds), len(test_steps)), np.float32)
    stops = sorted({0, *range(TURN, steps, TURN), steps, *test_steps})
    blocks = {id(split): (_points(split, loss, outputs), _blocks(split.test_x, 2)) for split in splits}
    network = networks.mlp(sizes, activation, scheme=scheme)  # once: to make it takes longer than to draw its weights
    for i, (seed, split) in enumerate(zip(seeds, splits, strict=True)):
        points, test_x = blocks[id(split)]
        state = _pack(networks.initialize(network, scheme, seed=seed).network, padded)
        elapsed = 0.0
        for start, stop in itertools.zip_longest(stops, stops[1:]):
            if start in test_steps:
                out = np.empty((len(test_x), padded[-1], BLOCK), np.float32)
                predict(state[0], test_x, padded, units, activate, out, H, Z)
                out = torch.from_numpy(out).transpose(1, 2).flatten(0, 1)[: len(split.test_x), :outputs].squeeze(1)
                at = test_steps.index(start)
                scores[0, i, at] = train.losses[loss](out, split.test_y)
                scores[1, i, at] = train.accuracy(lambda _, out=out: out, split.test_x, split.test_y)
            if stop is None:
                break
            began = time.perf_counter()
            learn(
                state, *points, padded, units, activate, head, rate, optimizer == "adam", start,
                losses[i, start:stop], H, Z,
            )  # fmt: skip
            took = time.perf_counter() - began
            seconds[i, start:stop] = elapsed + took * np.arange(1, stop - start + 1) / (stop - start)
            elapsed += took
        bar.update(steps)
    return torch.from_numpy(losses), torch.from_numpy(seconds), *torch.from_numpy(scores)


def _up(k, grain=GRAIN):
    return -(-k // grain) * grain


def _padded_outputs(outputs):
    return outputs if outputs == 1 else _up(outputs)


def _aligned(*shape):
    """Zeros that begin at a line of the cache: rows that straddle lines take half as long again."""
    count = math.prod(shape)
    raw = np.zeros(count + 16, np.float32)
    skip = -(raw.ctypes.data // 4) % 16
    return raw[skip : skip + count].reshape(shape)


def _pack(network, padded):
    """What training moves: weights and biases, their gradient, Adam's two means, and room to turn a matrix."""
    parts = []
    for layer, (units, out) in zip(list(network)[::2], itertools.pairwise(padded), strict=True):
        W, b = np.zeros((out, units), np.float32), np.zeros(out, np.float32)
        W[: layer.out_features, : layer.in_features] = layer.weight.detach().numpy()
        b[: layer.out_features] = layer.bias.detach().numpy()
        parts += [W.ravel(), b]
    state = _aligned(5, sum(map(len, parts)))
    state[0] = np.concatenate(parts)
    return state


def _points(split, loss, outputs):
    """Training points and labels in blocks, (blocks, rows, BLOCK), and each point's share in the mean."""
    y = torch.nn.functional.one_hot(split.train_y, outputs) if loss == "cross_entropy" else split.train_y
    y = y[:, None] if y.ndim == 1 else y
    count = len(split.train_x) * (1 if loss == "cross_entropy" else outputs)
    share = torch.full((len(split.train_x), 1), 1 / count)
    return _blocks(split.train_x, 2), _blocks(y, 1 if outputs == 1 else GRAIN), _blocks(share, 1)[:, 0]


def _blocks(points, grain):
    """(points, features) as (blocks, features filled up, BLOCK)."""
    count = -(-len(points) // BLOCK)
    whole = np.zeros((_up(points.shape[1], grain), count * BLOCK), np.float32)
    whole[: points.shape[1], : len(points)] = points.T
    out = _aligned(count, len(whole), BLOCK)
    out[:] = whole.reshape(len(whole), count, BLOCK).transpose(1, 0, 2)
    return out
