"""The linear pieces of a ReLU network of two inputs, counted exactly: round a circle, and in a square."""

import math

import numpy as np
from torch import nn

__all__ = ["polygons", "round_circle"]

BEGIN = 0.6180339887  # the angle at which a walk round the circle begins: nothing special is likely to lie there
CLOSE = 1e-9  # a zero this near to the end of its arc, or to a corner of its polygon, is at that end or corner


def _layers(network):
    """(weight, bias) of the hidden layers, as float64 arrays."""
    linear = [layer for layer in network if isinstance(layer, nn.Linear)][:-1]
    return [[p.detach().double().numpy() for p in (layer.weight, layer.bias)] for layer in linear]


def round_circle(network: nn.Sequential, radius: float = 1.0) -> np.ndarray:
    """The angles, sorted, at which a hidden unit changes sign on a circle round the origin; each begins a piece.

    network: Linear layers with ReLU between them, two inputs. Between two of the angles of the layers so far the next
    pre-activations are affine in x, so on the circle they are waves a cos + b sin + c, whose zeros are known.
    """
    starts, slopes, shift = np.array([BEGIN]), np.eye(2)[None], np.zeros((1, 2))  # by arc
    for weight, bias in _layers(network):
        slopes, shift = weight @ slopes, shift @ weight.T + bias  # shapes (arcs, units, 2) and (arcs, units)
        a, b = radius * slopes[..., 0], radius * slopes[..., 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            half = np.arccos(-shift / np.hypot(a, b))  # nan where the wave has no zero
        zeros = BEGIN + (np.arctan2(b, a) + np.stack([-half, half]) - BEGIN) % (2 * math.pi)
        ends = np.append(starts[1:], BEGIN + 2 * math.pi)
        inside = (zeros > starts[:, None] + CLOSE) & (zeros < ends[:, None] - CLOSE) & (half > CLOSE)
        arc = np.broadcast_to(np.arange(len(starts))[:, None], zeros.shape)[inside]
        begins, arcs = np.append(starts, zeros[inside]), np.append(np.arange(len(starts)), arc)
        order = np.argsort(begins)
        order = order[np.append(True, np.diff(begins[order]) > CLOSE)]  # units that change together begin one piece
        starts, arcs = begins[order], arcs[order]
        at = (starts + np.append(starts[1:], BEGIN + 2 * math.pi)) / 2
        slopes, shift = slopes[arcs], shift[arcs]
        middle = radius * np.stack([np.cos(at), np.sin(at)], axis=1)
        on = np.einsum("aui,ai->au", slopes, middle) + shift > 0
        slopes, shift = slopes * on[..., None], shift * on
    return np.sort(starts[1:] % (2 * math.pi))  # without BEGIN


def polygons(network: nn.Sequential, reach: float = 2.0) -> list[np.ndarray]:
    """The pieces of the square |x1|, |x2| <= reach, as arrays of corners in turn, shape (corners, 2).

    network: Linear layers with ReLU between them, two inputs. Each unit cuts the polygons of the layers before it in
    which it changes sign.
    """
    corners = reach * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    pieces = [(corners, np.eye(2), np.zeros(2))]
    for weight, bias in _layers(network):
        after = []
        for polygon, slopes, shift in pieces:
            slopes, shift = weight @ slopes, weight @ shift + bias
            for part in _cut(np.hstack([polygon, polygon @ slopes.T + shift])):
                on = part[:, 2:].mean(axis=0) > 0
                after.append((part[:, :2], slopes * on[:, None], shift * on))
        pieces = after
    return [polygon for polygon, _, _ in pieces]


def _cut(part):
    """The parts of a polygon on which no unit changes sign. A row is a corner: where it is, then each unit there."""
    z = part[:, 2:]
    least = CLOSE * np.abs(z).max(axis=0)
    crossing = np.flatnonzero((z.min(axis=0) < -least) & (z.max(axis=0) > least))
    if not crossing.size:
        return [part]
    own = z[:, crossing[0]]
    ahead, further = np.roll(part, -1, axis=0), np.roll(own, -1)
    crosses = own * further < 0
    share = np.where(crosses, own, 0) / np.where(crosses, own - further, 1)
    between = part + (ahead - part) * share[:, None]  # where the side from this corner to the next is cut
    between[:, 2 + crossing[0]] = 0
    both = np.stack([part, between], axis=1).reshape(-1, part.shape[1])
    halves = []
    for side in (own, -own):
        kept = np.stack([side >= 0, crosses], axis=1).ravel()
        halves += _cut(both[kept])
    return halves
