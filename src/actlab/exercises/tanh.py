"""Checks of chapter 03."""

import math
import numbers

import numpy as np
import torch

from .. import activations
from ._kit import call, exercise


@exercise("03-lecun")
def _lecun_constants(pair):
    wanted = "two numbers are wanted, (a, b)"
    assert not callable(pair), f"{wanted}; this is a function or a class."
    assert isinstance(pair, tuple | list) and len(pair) == 2, f"{wanted}; this is a {type(pair).__name__}."
    assert all(isinstance(value, numbers.Real) for value in pair), f"{wanted}, and both are to be plain numbers."
    a, b = map(float, pair)
    assert b > 0 and abs(a) < math.inf and b < 100, f"{wanted}, b positive and both finite; they are {a:g} and {b:g}."
    at_one = a * math.tanh(b)
    assert abs(at_one - 1) < 1e-4, f"f(1) is to be 1, and with these two it is {at_one:.5g}: a follows from b."
    where = math.atanh(1 / math.sqrt(3)) / b
    assert abs(where - 1) < 1e-4, (
        f"f(1) is 1, but |f''| is largest at z = {where:.4f}, not at 1: at its extreme the third derivative is 0."
    )
    return f"f(1) = 1, and |f''| is largest at 1: a = {a:.4f} is the square root of 3."


@exercise("03-same")
def _same_network(function):
    generator = torch.Generator().manual_seed(3)
    for inputs, units in ((3, 5), (2, 1)):
        W1, b1, W2, b2 = (
            torch.randn(shape, generator=generator, dtype=torch.float64)
            for shape in ((inputs, units), (units,), (units, 2), (2,))
        )
        given = [part.clone() for part in (W1, b1, W2, b2)]
        found = call(function, *given)
        tensors = isinstance(found, tuple | list) and all(isinstance(part, torch.Tensor) for part in found)
        assert tensors and len(found) == 4, "four tensors are wanted, the weights and biases of both layers."
        shapes = [tuple(part.shape) for part in found]
        for name, shape, part in zip(("W1", "b1", "W2", "b2"), shapes, (W1, b1, W2, b2), strict=True):
            assert shape == tuple(part.shape), f"the new {name} has shape {shape}, and the old {tuple(part.shape)}."
        x = torch.randn(20, inputs, generator=generator, dtype=torch.float64)
        wanted = torch.tanh(x @ W1 + b1) @ W2 + b2
        off = torch.sigmoid(x @ found[0] + found[1]) @ found[2] + found[3] - wanted
        if off.abs().max() > 1e-9 and (off - off[0]).abs().max() < 1e-9:
            raise AssertionError(
                f"off by the same {off[0, 0]:.3g} on all inputs: the -1 of 2 sigmoid(2z) - 1 is to go into a bias."
            )
        inside = torch.allclose(found[0], 2 * W1) and torch.allclose(found[1], 2 * b1)
        assert inside or off.abs().max() < 1e-9, (
            f"off by up to {off.abs().max():.3g}: what goes into the sigmoid is to be twice what went into tanh."
        )
        assert off.abs().max() < 1e-9, (
            f"off by up to {off.abs().max():.3g}: tanh is twice a sigmoid, less 1, and the second layer makes up "
            "for both."
        )
    return "a sigmoid network that is the tanh network, on every input."


@exercise("03-fair")
def _fair_report(function):
    inf = math.inf
    tuning = np.array([[50.0, 60.0, 70.0], [40.0, 45.0, 300.0], [inf, 30.0, inf]])
    reported = np.array([[40.0, 42.0, 44.0], [55.0, 80.0, 65.0], [20.0, 90.0, inf]])
    later = np.array([[9.0, 10.0, inf], [20.0, 30.0, 40.0]])
    for one, other, wanted, best in ((tuning, reported, 65.0, 42.0), (later, later + 5, 15.0, 15.0)):
        value = call(function, one.copy(), other.copy())
        single = isinstance(value, numbers.Real) or (isinstance(value, torch.Tensor | np.ndarray) and value.size == 1)
        assert single, f"one number is wanted, the median steps; this is a {type(value).__name__}."
        value = float(value)
        chosen = int(np.argmin(np.median(one, axis=1)))
        says = f"{wanted:g} is wanted, and yours is {value:g}"
        assert value == wanted or value != best, (
            f"{says}: the setting was chosen on the runs that are reported, and so it looks better than it is."
        )
        assert value == wanted or value != np.median(one, axis=1).min(), (
            f"{says}: that is a median of the runs that chose the setting; report the others."
        )
        assert value == wanted or value != np.mean(other[chosen]), f"{says}: take the median, not the mean."
        assert value == wanted, (
            f"{says}: a run that never arrives counts as inf, and setting {chosen} has the lowest median."
        )
    return "chosen on some draws, reported on others."


@exercise("03-slope")
def _tanh_slope(function):
    z = torch.tensor([0.0, 1e-3, 0.5, -2.0, 20.0, 10.0, -40.0, 300.0, -340.0, -400.0, 400.0], dtype=torch.float64)
    found, wanted = call(function, z), activations.get("tanh").slope(z)
    assert isinstance(found, torch.Tensor) and found.shape == z.shape, "one slope for each entry of z is wanted."
    for at, value, slope in zip(z.tolist(), found.tolist(), wanted.tolist(), strict=True):
        assert value == value, f"at z = {at:g} it is nan: an exponential has overflowed, and inf was divided by inf."
        if value == 0 and slope > 0:
            cause = "1 - 1 has cancelled" if at < 100 else "it was divided by an infinite square"
            raise AssertionError(f"at z = {at:g} it is exactly 0, and the slope is {slope:.3g}: {cause}.")
        off = abs(value / slope - 1) if slope else abs(value)
        assert off < 1e-3, f"at z = {at:g} the slope is {slope:.6g}, and yours is {value:.6g}."
        assert off < 1e-12, (
            f"at z = {at:g} only {-math.log10(off):.0f} digits are right: nearly equal numbers were subtracted."
        )
    return "twelve digits wherever float64 has them, and no nan at 400."


@exercise("03-gain")
def _balanced_gain(gain):
    assert not callable(gain), "a number is wanted, a gain; this is a function or a class."
    number = isinstance(gain, numbers.Real) or (isinstance(gain, torch.Tensor) and gain.numel() == 1)
    assert number, f"a number is wanted, a gain; this is a {type(gain).__name__}."
    gain = float(gain)
    assert 0 < gain < 100, f"a gain is a positive number of order 1; this is {gain:g}."
    lost = _powers(gain, 100)
    off = f"over 100 layers delta changes by 10^({lost:+.2f})"
    if abs(gain - 5 / 3) < 0.02:
        raise AssertionError(f"{off}: this is torch's gain, whose balance is that of a handful of layers.")
    if abs(_powers(gain, 50)) < 0.02:
        raise AssertionError(f"{off}: this is the balance of 50 layers, and deeper networks want less.")
    assert lost > -0.03, f"{off}: it still vanishes, so the gain is too small."
    assert lost < 0.03, f"{off}: it explodes, so the gain is too large."
    return f"{off}, next to nothing."


def _powers(gain, depth):
    """log10 of delta at layer 1 over delta at layer `depth` of very wide tanh layers whose inputs have variance 1."""
    nodes = np.linspace(-9, 9, 1001)  # a plain sum is exact to rounding for functions this smooth
    weights = np.exp(-(nodes**2) / 2)
    weights /= weights.sum()
    q, powers = gain**2, 0.0
    for _ in range(depth - 1):
        value = np.tanh(np.sqrt(q) * nodes)
        powers += math.log10(gain**2 * max(weights @ (1 - value**2) ** 2, 1e-300)) / 2
        q = gain**2 * (weights @ value**2)
    return powers


@exercise("03-time")
def _through_time(function):
    for w, b, h, steps in ((0.5, 0.0, 0.5, 10), (3.0, 0.0, 0.1, 20), (-1.5, 0.2, 0.4, 15), (1.2, 0.3, -0.2, 1)):
        value = call(function, w, b, h, steps)
        case = f"for w = {w:g}, b = {b:g}, start {h:g} and {steps} step{'s' if steps > 1 else ''}"
        single = isinstance(value, numbers.Real) or (isinstance(value, torch.Tensor | np.ndarray) and value.size == 1)
        if isinstance(value, torch.Tensor):
            single = value.numel() == 1
        assert single, f"{case} one number is wanted, this is a {type(value).__name__}."
        wanted, late, bare, at = 1.0, 1.0, 1.0, h
        for _ in range(steps):
            late *= w * (1 - at**2)  # the slope taken at the state before the step
            at = math.tanh(w * at + b)
            wanted *= w * (1 - at**2)
            bare *= 1 - at**2
        value = float(value)
        says = f"{case} it is {wanted:.4g}, and yours is {value:.4g}"
        assert not _same(value, bare), f"{says}: each step also multiplies by w."
        assert not _same(value, w**steps), f"{says}: each step also multiplies by the slope of tanh."
        assert not _same(value, late), f"{says}: the slope belongs to the state after the step, tanh(w h + b)."
        assert _same(value, wanted), f"{says}."
    return "the chain rule through time, at rest, on its way there and in a cycle."


def _same(value, wanted):
    return abs(value - wanted) <= 1e-6 * abs(wanted)
