"""Exercises of chapter 09: what the chapter's stubs, solutions and typical wrong answers hear."""

import math

import pytest
import torch

from actlab.exercises import check


def size(blocks, factor, norm):
    square = 1 + blocks * factor**2 if norm else (1 + factor**2) ** blocks
    return square**0.5


def bounded(value, gate, limit):
    gate = gate.clamp(max=limit)
    return (value.clamp(-limit, limit) + 1) * gate * torch.sigmoid(1.702 * gate)


def weights(z):
    m = z.amax(-1, keepdim=True).clamp(min=0)
    powers = torch.exp(z - m)
    return powers / (torch.exp(-m) + powers.sum(-1, keepdim=True))


@pytest.mark.parametrize(("exercise", "answer"), [("growth", size), ("clamp", bounded), ("nothing", weights)])
def test_the_solution_is_right(exercise, answer):
    assert check(f"09-{exercise}", answer)


def both_sides(value, gate, limit):
    return bounded(value, gate.clamp(min=-limit), limit) + 0 * gate


def one_too_early(value, gate, limit):
    gate = gate.clamp(max=limit)
    return (value + 1).clamp(-limit, limit) * gate * torch.sigmoid(1.702 * gate)


def unshifted_one(z):
    powers = torch.exp(z - z.amax(-1, keepdim=True))
    return powers / (1 + powers.sum(-1, keepdim=True))


def naive(z):
    return torch.exp(z) / (1 + torch.exp(z).sum(-1, keepdim=True))


@pytest.mark.parametrize(
    ("exercise", "answer", "heard"),
    [
        (
            "growth",
            lambda blocks, factor, norm: 1.0,
            "1 blocks, factor 1, no norm: the stream is expected to have size 1.414",
        ),
        ("growth", lambda *given: size(*given) ** 2, "2 is the mean square; its root is wanted"),
        ("growth", lambda blocks, factor, norm: size(blocks, factor, False), "pre-norm: the stream is expected"),
        ("growth", lambda blocks, factor, norm: math.sqrt(1 + blocks * factor), "the stream is expected"),
        ("clamp", lambda value, gate, limit: value * gate * torch.sigmoid(gate), "limit 7: value"),
        ("clamp", both_sides, "and gate -300 give"),
        ("clamp", one_too_early, "limit 7: value"),
        ("nothing", unshifted_one, "logits 3 and 1: the weights are"),
        ("nothing", naive, "logits 2000 and 1990: a weight is"),
        (
            "nothing",
            lambda z: torch.softmax(z, -1),
            "logits 0 and 0: the weights are 0.3333 and 0.3333, and yours 0.5",
        ),
    ],
)
def test_a_wrong_answer_hears_which_case_fails(exercise, answer, heard):
    feedback = check(f"09-{exercise}", answer)
    assert not feedback and heard in feedback.message, feedback.message
