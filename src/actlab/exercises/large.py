"""Checks of chapter 09."""

import math

import torch

from .. import softmax
from ._kit import call, exercise


@exercise("09-growth")
def _size_of_the_stream(function):
    cases = [(1, 1.0, False), (32, 1.0, False), (32, 0.125, False), (12, 24**-0.5, False), (50, 0.0, False)]
    cases += [(1, 1.0, True), (32, 1.0, True), (32, 0.125, True), (96, 2.0, True)]
    for blocks, factor, norm in cases:
        found = float(call(function, blocks, factor, norm))
        square = 1 + blocks * factor**2 if norm else (1 + factor**2) ** blocks
        case = f"{blocks} blocks, factor {factor:.3g}, {'pre-norm' if norm else 'no norm'}:"
        if math.isclose(found, square, rel_tol=1e-9) and not math.isclose(square, 1):
            raise AssertionError(f"{case} {found:.4g} is the mean square; its root is wanted.")
        assert math.isclose(found, math.sqrt(square), rel_tol=1e-9), (
            f"{case} the stream is expected to have size {math.sqrt(square):.4g}, and yours is {found:.4g}."
        )
    return "a product without a norm, a sum with one."


@exercise("09-clamp")
def _bounded_gate(function):
    z = torch.tensor([-300.0, -7.0, -2.0, -0.5, 0.0, 0.5, 2.0, 6.9, 7.0, 300.0], dtype=torch.float64)
    value, gate = (part.reshape(-1) for part in torch.meshgrid(z, z, indexing="ij"))
    for limit in (7.0, 2.0):
        found = call(function, value, gate, limit)
        assert isinstance(found, torch.Tensor) and found.shape == value.shape, (
            "an output for each value and gate is wanted."
        )
        cut = gate.clamp(max=limit)
        wanted = (value.clamp(-limit, limit) + 1) * cut * torch.sigmoid(1.702 * cut)
        off = (found.double() - wanted).abs()
        worst = off.argmax().item()
        assert off[worst] <= 1e-9 * (1 + wanted[worst].abs()), (
            f"limit {limit:g}: value {value[worst]:g} and gate {gate[worst]:g} give {wanted[worst]:.4g}, "
            f"and yours is {found[worst].item():.4g}."
        )
    return "no output is larger than 7 + 1 times 7, whatever comes in."


@exercise("09-nothing")
def _softmax_that_may_say_nothing(function):
    rows = [[0.0, 0.0], [3.0, 1.0], [-5.0, -6.0], [-2000.0, -2001.0], [2000.0, 1990.0], [500.0, -500.0]]
    z = torch.tensor(rows, dtype=torch.float32)
    found = call(function, z)
    assert isinstance(found, torch.Tensor) and found.shape == z.shape, "a weight for each logit is wanted."
    wanted = softmax.softmax(torch.cat([z.double(), torch.zeros(len(z), 1, dtype=torch.float64)], 1))[:, :-1]
    for row, got, right in zip(rows, found.double(), wanted, strict=True):
        case = f"logits {row[0]:g} and {row[1]:g}:"
        assert got.isfinite().all(), f"{case} a weight is {got.tolist()}; subtract the largest, and 0 is one of them."
        assert (got - right).abs().max() <= 1e-6, (
            f"{case} the weights are {right[0]:.4g} and {right[1]:.4g}, and yours {got[0]:.4g} and {got[1]:.4g}."
        )
    return "weights that add up to less than 1 where nothing fits."
