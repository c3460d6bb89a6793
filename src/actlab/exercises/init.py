"""Checks of chapter 07."""

import math

import torch
from torch import nn

from .. import diagnostics, theory
from ..activations import Elementwise
from ._kit import call, exercise

F64 = torch.float64


def _number(value, what):
    if isinstance(value, torch.Tensor):
        assert value.numel() == 1, f"{what} is one number, this has shape {tuple(value.shape)}."
        value = value.item()
    assert isinstance(value, int | float) and not isinstance(value, bool), (
        f"{what} is one number, this is a {type(value).__name__}."
    )
    return float(value)


GAIN_CASES = {
    "(sqrt(z^2 + 1) - 1) / 2 + z": (
        lambda z: (torch.sqrt(z * z + 1) - 1) / 2 + z,
        lambda z: z / (2 * torch.sqrt(z * z + 1)) + 1,
    ),
    "|z|": (torch.abs, torch.sign),
    "cos z": (torch.cos, lambda z: -torch.sin(z)),
    "z / 3": (lambda z: z / 3, lambda z: torch.full_like(z, 1 / 3)),
    "exp(z / 2)": (lambda z: torch.exp(z / 2), lambda z: torch.exp(z / 2) / 2),
}


@exercise("07-gain")
def _init_gain(function):
    for name, (f, slope) in GAIN_CASES.items():
        found = _number(call(function, f), "a gain")
        second = theory.expectation(lambda z, f=f: f(z) ** 2, kinks=(0.0,))
        mean = theory.expectation(f, kinks=(0.0,))
        slope_second = theory.expectation(lambda z, slope=slope: slope(z) ** 2, kinks=(0.0,))
        wanted = 1 / math.sqrt(second)

        def near(right, found=found):
            return math.isclose(found, right, rel_tol=1e-3)

        case = f"for f(z) = {name} the gain is {wanted:.5f}, and yours is {found:.5f}"
        if near(wanted):
            continue
        assert not near(1 / second) and not near(second), (
            f"{case}: a gain multiplies standard deviations, so a root is missing or upside down."
        )
        assert not near(math.sqrt(second)), f"{case}: this is what f does to the signal; the gain undoes it."
        variance = second - mean**2
        assert variance < 1e-12 or not near(1 / math.sqrt(variance)), (
            f"{case}: you took off the mean of f, but the next sum takes it in."
        )
        assert not near(1 / math.sqrt(slope_second)), f"{case}: this is the gain of the way back, from the slope."
        assert abs(found - wanted) > 0.05 * wanted, (
            f"{case}: close, but three digits are wanted; more points, or a wider range of z?"
        )
        raise AssertionError(f"{case}.")
    return "three digits for five functions, none of them in the catalog."


FAN_CASES = {(512, 784): 784, (128, 512): 512, (1, 64): 64, (64, 3, 7, 7): 3 * 49, (256, 128, 3, 3): 128 * 9}


@exercise("07-fan")
def _init_fan(function):
    for shape, fan_in in FAN_CASES.items():
        found = _number(call(function, torch.Size(shape)), "a standard deviation")
        case = f"for the shape {shape} of a PyTorch weight"
        wanted = math.sqrt(2 / fan_in)

        def near(fan, found=found):
            return math.isclose(found, math.sqrt(2 / fan), rel_tol=1e-6)

        if near(fan_in):
            continue
        kernel = math.prod(shape[2:])
        assert not math.isclose(found, 2 / fan_in, rel_tol=1e-6), f"{case} this is the variance; its root is wanted."
        assert not math.isclose(found, math.sqrt(1 / fan_in), rel_tol=1e-6), (
            f"{case} this is LeCun's rule; He's has a 2 for the half that ReLU takes away."
        )
        assert not near(shape[0]) and not near(shape[0] * kernel), (
            f"{case} you counted the outputs, which PyTorch puts first; a sum runs over the inputs."
        )
        assert kernel == 1 or not near(shape[1]), f"{case} the kernel is missing: a sum takes in {fan_in} products."
        assert not near((shape[0] + shape[1]) * kernel / 2), f"{case} this is Glorot's rule, the mean of both fans."
        raise AssertionError(f"{case} the standard deviation is {wanted:.6f}, and yours is {found:.6f}.")
    return "two over the fan-in, for three dense shapes and two convolutions."


@exercise("07-dropout")
def _init_dropout(function):
    for p in (0.0, 0.1, 0.5, 0.8):
        found, wanted = _number(call(function, p), "a gain"), math.sqrt(2 * (1 - p))
        if math.isclose(found, wanted, rel_tol=1e-6):
            continue
        case = f"with p = {p:g} the gain is {wanted:.4f}, and yours is {found:.4f}"
        assert not math.isclose(found, math.sqrt(2), rel_tol=1e-6), (
            f"{case}: this is He's, as if nothing were dropped; what does dropout do to E a^2?"
        )
        assert not math.isclose(found, math.sqrt(2 / (1 - p)), rel_tol=1e-6), (
            f"{case}: the wrong way round, dropout scales up what it keeps."
        )
        assert not math.isclose(found, math.sqrt(2) * (1 - p), rel_tol=1e-6), (
            f"{case}: what is kept is divided by 1 - p, but only a share of 1 - p is kept."
        )
        raise AssertionError(f"{case}.")
    return "the signal keeps its size for every share that is dropped."


@exercise("07-cure")
def _init_cure(network):
    assert isinstance(network, nn.Module), f"a network is wanted, this is a {type(network).__name__}."
    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    names = [layer.activation.name for layer in network.modules() if isinstance(layer, Elementwise)]
    others = [
        layer
        for layer in network.modules()
        if isinstance(layer, diagnostics.ELEMENTWISE) and not isinstance(layer, Elementwise | nn.SiLU)
    ]
    names += ["silu" for layer in network.modules() if isinstance(layer, nn.SiLU)]
    assert len(linear) == 51 and len(names) + len(others) == 50, (
        "the cure keeps the patient: 51 linear layers and 50 activations are wanted, "
        f"here are {len(linear)} and {len(names) + len(others)}."
    )
    assert not others and set(names) == {"silu"}, "the cure keeps the patient: all 50 activations are to be SiLU."
    # another batch than the reader's, so that nothing is fitted to one
    x = torch.randn(64, 32, generator=torch.Generator().manual_seed(11))
    report = diagnostics.health(network, x.to(linear[0].weight.dtype))
    if report.ok:
        return "50 layers of SiLU, and nothing to object to."
    first = report.findings[0]
    batch_norm = any(isinstance(layer, nn.BatchNorm1d) for layer in network.modules())
    assert "gradients explode" not in first.what or not batch_norm, (
        f"{first.what}; that is batch normalisation's price at this depth: normalise each example instead."
    )
    assert "explode" not in first.what, (
        f"{first.what}; SiLU's gain is a balance that tips: something has to hold the size in every layer."
    )
    assert "vanish" not in first.what, f"{first.what}; the gain is too small for SiLU, and a larger one may tip over."
    raise AssertionError(f"the report still objects: {first.what}.")
