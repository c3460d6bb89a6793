"""What the checks of this topic measure with, against answers known without them."""

import math

import pytest

from actlab.claims.tanh import curve, training


@pytest.mark.parametrize("shift", [-2.0, 0.0, 1.0])
def test_the_mean_output_of_shifted_data_is_that_of_a_closed_form(shift):
    # E step(z) for z ~ N(shift, 1) is Phi(shift)
    expected = (1 + math.erf(shift / math.sqrt(2))) / 2
    assert curve._mean_output("step", shift) == pytest.approx(expected, abs=1e-9)


def test_a_gradient_needs_the_layers_behind_it_and_none_before():
    assert training._reached_when_cut(1) == 0
    assert training._reached_when_cut(0) == 1
