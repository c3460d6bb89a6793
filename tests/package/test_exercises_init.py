"""The exercises of chapter 07: stubs and typical mistakes get a hint of their own, solutions pass."""

import math

import pytest
import torch
from torch import nn

from actlab import networks
from actlab.exercises import check

F64 = torch.float64


def second_moment(f, slope=False):
    z = torch.linspace(-12, 12, 10_001, dtype=F64, requires_grad=slope)
    value = torch.autograd.grad(f(z).sum(), z)[0] if slope else f(z)
    weight = torch.exp(-(z.detach() ** 2) / 2)
    weight = weight / weight.sum()
    return (weight * value**2).sum().item(), (weight * value).sum().item()


def gain_of(f):
    return second_moment(f)[0] ** -0.5


def gain_from_the_variance(f):
    square, mean = second_moment(f)
    return max(square - mean**2, 1e-300) ** -0.5


def gain_of_the_slope(f):
    return second_moment(f, slope=True)[0] ** -0.5


def gain_by_dice(f):
    z = torch.randn(400, generator=torch.Generator().manual_seed(1), dtype=F64)
    return f(z).square().mean().item() ** -0.5


def normalised(network, norm):
    stack = []
    for layer in network[:-1]:
        stack.append(layer)
        if isinstance(layer, nn.Linear):
            stack.append(norm(layer.out_features))
    return nn.Sequential(*stack, network[-1])


def patient(scheme="torch", name="silu", depth=50):
    return networks.mlp([32, *[64] * depth, 1], name, scheme=scheme, seed=0)


SOLUTIONS = {
    "07-gain": gain_of,
    "07-fan": lambda shape: math.sqrt(2 / math.prod(shape[1:])),
    "07-dropout": lambda p: math.sqrt(2 * (1 - p)),
    "07-cure": lambda: normalised(patient("he"), nn.LayerNorm),
}
# exercise, what was handed in, and words that only its own hint has
WRONG = [
    ("07-gain", lambda f: f(torch.linspace(-12, 12, 10_001, dtype=F64)).std().item(), "the gain is 0.9655"),
    ("07-gain", gain_from_the_variance, "took off the mean"),
    ("07-gain", gain_of_the_slope, "way back"),
    ("07-gain", lambda f: 1 / second_moment(f)[0], "root is missing"),
    ("07-gain", lambda f: second_moment(f)[0] ** 0.5, "the gain undoes it"),
    ("07-gain", gain_by_dice, "three digits"),
    ("07-fan", lambda shape: math.sqrt(2 / shape[0]), "outputs, which PyTorch puts first"),
    ("07-fan", lambda shape: math.sqrt(2 / shape[1]), "kernel is missing"),
    ("07-fan", lambda shape: 2 / math.prod(shape[1:]), "this is the variance"),
    ("07-fan", lambda shape: math.sqrt(1 / math.prod(shape[1:])), "LeCun"),
    ("07-fan", lambda shape: math.sqrt(4 / ((shape[0] + shape[1]) * math.prod(shape[2:]))), "Glorot"),
    ("07-dropout", lambda p: math.sqrt(2), "as if nothing were dropped"),
    ("07-dropout", lambda p: math.sqrt(2 / (1 - p)), "wrong way round"),
    ("07-dropout", lambda p: math.sqrt(2) * (1 - p), "only a share"),
    ("07-cure", lambda: patient("computed"), "balance that tips"),
    ("07-cure", lambda: patient("torch"), "too small for SiLU"),
    ("07-cure", lambda: normalised(patient("torch"), nn.BatchNorm1d), "batch normalisation's price"),
    ("07-cure", lambda: patient("he", depth=5), "51 linear layers"),
    ("07-cure", lambda: patient("he", name="relu"), "to be SiLU"),
]


def answer(exercise, given):
    return given() if exercise == "07-cure" else given


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_the_solution_passes(exercise):
    feedback = check(exercise, answer(exercise, SOLUTIONS[exercise]))
    assert feedback, feedback.message


@pytest.mark.parametrize(("exercise", "given", "words"), WRONG, ids=[f"{name} {words}" for name, _, words in WRONG])
def test_a_typical_mistake_gets_its_own_hint(exercise, given, words):
    feedback = check(exercise, answer(exercise, given))
    assert not feedback and words in feedback.message, feedback.message


def test_every_cure_that_resets_the_size_passes():
    assert check("07-cure", normalised(patient("torch"), nn.LayerNorm))
    with_torchs_own = nn.Sequential(
        *[layer if isinstance(layer, nn.Linear) else nn.SiLU() for layer in patient("he")]
    )
    assert check("07-cure", normalised(with_torchs_own, nn.LayerNorm))


def test_the_cure_is_judged_without_changing_it():
    cured = normalised(patient("he"), nn.BatchNorm1d)
    before = {name: value.clone() for name, value in cured.state_dict().items()}
    check("07-cure", cured)
    assert all(torch.equal(before[name], value) for name, value in cured.state_dict().items())
