"""Checks of chapter 10."""

import math

import torch

from ._kit import call, exercise


@exercise("10-dormant")
def _dormant_units(function):
    h = torch.tensor([[0.0, 1.0, -2.0, 0.1, 0.0], [0.0, 3.0, 2.0, -0.1, 4.0], [0.0, 2.0, -2.0, 0.1, 0.0]]).double()
    found = call(function, h, 0.1)
    assert isinstance(found, torch.Tensor) and found.shape == (5,), "an answer for each unit is wanted."
    found = [bool(one) for one in found]
    assert found[0], "the first unit gives 0 on every example and is not called dormant."
    assert not found[2], "the third unit gives -2, 2 and -2, and is called dormant; what counts is the mean size."
    assert found[3], (
        "the fourth unit's mean size is 0.1 and its layer's 1.1, so its share is 0.09; the threshold is 0.1."
    )
    assert not found[1] and not found[4], "the second and the fifth unit are above the layer's mean size."
    assert [bool(one) for one in call(function, 1000 * h, 0.1)] == found, (
        "a layer with outputs a thousand times as large has the same dormant units; compare with the layer's mean."
    )
    assert [bool(one) for one in call(function, h, 0.0)] == [True, False, False, False, False], (
        "at threshold 0 only the silent unit is dormant: a share that is equal to the threshold counts."
    )
    return "five units, each compared with its layer."


@exercise("10-affine")
def _affine_rounding(function):
    cases = [[0.0, 0.37, 1.06, 12.75], [-0.17, -0.1, 0.0, 3.0, 7.0], [-1.0, 0.3, 1.0], [2.0, 3.0, 4.0]]
    for numbers in cases:
        h = torch.tensor(numbers, dtype=torch.float64)
        found = call(function, h, 8)
        case = f"{numbers}:"
        assert isinstance(found, torch.Tensor) and found.shape == h.shape, "a number for each is wanted."
        assert found.isfinite().all(), f"{case} a number is not finite."
        low, high = min(0.0, min(numbers)), max(0.0, max(numbers))
        step = (high - low) / 255
        worst = (found - h).abs().max().item()
        assert worst <= step * (1.0001 if low else 0.5001), (  # an end below 0 may lie off the grid
            f"{case} an error is {worst:.3g}, and half a step of the affine grid is {step / 2:.3g}."
        )
        integers = found / step
        assert (integers - integers.round()).abs().max() < 1e-6, (
            f"{case} a number is no multiple of the step {step:.4g}; 0 is to be on the grid."
        )
    return "twice as many integers for what is on one side of 0."


@exercise("10-decibels")
def _decibels_of_a_range(function):
    for ratio, nonzero, bits in [(6.0, 1.0, 8), (6.0, 0.5, 8), (88.0, 1.0, 8), (1.6, 1.0, 8), (6.0, 1.0, 4)]:
        found = float(call(function, ratio, nonzero, bits))
        top = 2 ** (bits - 1) - 1
        right = 10 * math.log10(12 * top**2 / (ratio**2 * nonzero))
        case = f"peak/rms {ratio:g}, {nonzero:.0%} not 0, {bits} bits:"
        assert not math.isclose(found, 2 * right, rel_tol=1e-6), (
            f"{case} 20 log10 is for a ratio of sizes; the energies are squares already."
        )
        assert abs(found - right) < 0.05, f"{case} {right:.2f} decibels are expected, and yours are {found:.2f}."
    return "six decibels a bit, and as much for each halving of the range."
