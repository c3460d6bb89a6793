"""Exercises of chapter 10: what the chapter's stubs, solutions and typical wrong answers hear."""

import math

import pytest

from actlab.exercises import check


def dormant(h, threshold):
    size = h.abs().mean(0)
    return size / size.mean() <= threshold


def affine(h, bits):
    low, high = h.min().clamp(max=0), h.max().clamp(min=0)
    step = (high - low) / (2**bits - 1)
    return (h / step).round() * step


def decibels(peak_rms, nonzero, bits):
    top = 2 ** (bits - 1) - 1
    return 10 * math.log10(12 * top**2 / (peak_rms**2 * nonzero))


@pytest.mark.parametrize(("exercise", "answer"), [("dormant", dormant), ("affine", affine), ("decibels", decibels)])
def test_the_solution_is_right(exercise, answer):
    feedback = check(f"10-{exercise}", answer)
    assert feedback, feedback.message


def symmetric(h, bits):
    step = h.abs().max() / (2 ** (bits - 1) - 1)
    return (h / step).round() * step


def off_the_grid(h, bits):
    step = (h.max() - h.min()) / (2**bits - 1)
    return ((h - h.min()) / step).round() * step + h.min()


@pytest.mark.parametrize(
    ("exercise", "answer", "heard"),
    [
        ("dormant", lambda h, threshold: (h <= 0).all(0), "the fourth unit's mean size is 0.1"),
        ("dormant", lambda h, threshold: h.mean(0) <= threshold, "the third unit gives -2, 2 and -2"),
        ("dormant", lambda h, threshold: h.abs().mean(0) < threshold + 0.01, "compare with the layer's mean"),
        ("dormant", lambda h, threshold: dormant(h, threshold) & (threshold > 0), "at threshold 0 only the silent"),
        ("affine", symmetric, "half a step of the affine grid is"),
        ("affine", off_the_grid, "0 is to be on the grid"),
        ("affine", lambda h, bits: h, "a number is no multiple of the step"),
        ("decibels", lambda ratio, nonzero, bits: 6.02 * bits, "decibels are expected"),
        ("decibels", lambda ratio, nonzero, bits: decibels(ratio, 1.0, bits), "50% not 0"),
        ("decibels", lambda *given: 2 * decibels(*given), "the energies are squares already"),
    ],
)
def test_a_wrong_answer_hears_which_case_fails(exercise, answer, heard):
    feedback = check(f"10-{exercise}", answer)
    assert not feedback and heard in feedback.message, feedback.message
