"""What the checks of this topic measure with, against answers known without them."""

import mpmath
import pytest
import torch

from actlab import data
from actlab.claims.sigmoid import logistic, step

F64 = torch.float64


def test_the_perceptron_rule_counts_its_corrections():
    x = torch.tensor([[1.0], [-1.0]], dtype=F64)
    # by hand: 0 answers 1 to both; the second example takes the weights from (0, 0) to (1, -1), which answers
    # 1 and 0, since 1 - 1 = 0 is on the step
    assert step._perceptron(x, torch.tensor([1.0, 0.0], dtype=F64)) == 1
    assert step._perceptron(x, torch.tensor([1.0, 1.0], dtype=F64)) == 0


def test_the_perceptron_rule_never_rests_on_xor():
    x, label, *_ = data.xor(dtype=F64)
    assert step._perceptron(x, label) is None


def test_descent_takes_the_steps_that_the_condition_number_says():
    # curvatures 4 and 1, the bias's: after k steps at rate r the error is 4 (1 - 4r)^2k + (1 - r)^2k, at first 5
    a = torch.tensor([[2.0], [-2.0]], dtype=F64)
    by_hand = next(
        k
        for k in range(1, 50)
        if min(4 * (1 - 4 * r) ** (2 * k) + (1 - r) ** (2 * k) for r in (i / 1000 for i in range(500))) < 0.05
    )
    assert logistic._descent(a) == by_hand > 1
    # curvatures all 1: the one rate that is wanted does it in a step
    assert logistic._descent(torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=F64)) == 1


@pytest.mark.parametrize("k", [1, 3])
def test_what_is_said_and_what_happens_agree_with_mpmath(k):
    def chance(t):
        return 1 / (1 + mpmath.exp(-t))

    def over(f):
        return mpmath.quad(lambda t: f(t) * mpmath.npdf(t, 0, 2), [mpmath.log(9) / k, 3, 6, 12, 40])

    share = over(lambda t: 1)
    expected = [float(over(lambda t: chance(k * t)) / share), float(over(chance) / share)]
    assert logistic._said_and_happened(k) == pytest.approx(expected, rel=1e-10)


def test_a_source_of_another_decade_contradicts_the_claim_about_the_1980s(monkeypatch):
    assert step.the_sigmoid_came_with_back_propagation().verdict == "true"
    monkeypatch.setattr(step, "year_of", {"rumelhart1986": 1996}.get)
    assert step.the_sigmoid_came_with_back_propagation().verdict == "true with conditions"


def test_steps_that_passed_a_gradient_would_take_away_what_is_left_of_the_claim(monkeypatch):
    assert step.the_step_was_soon_replaced().verdict == "imprecise"
    get = step.networks.mlp
    monkeypatch.setattr(step.networks, "mlp", lambda sizes, name, **more: get(sizes, "tanh", **more))
    assert step.the_step_was_soon_replaced().verdict == "false"
