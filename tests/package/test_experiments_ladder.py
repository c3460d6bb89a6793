"""The ladder of rates grows until its best rate has neighbours, and asks for no rate twice."""

import math

import pytest

from actlab import experiments

LADDER = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def asked(loss, first, ladder=LADDER):
    """The best rate, and the rates of each question."""
    questions = []

    def losses(rates):
        questions.append(list(rates))
        return [loss(rate) for rate in rates]

    return experiments.best_rate(losses, ladder, first), questions


def valley(at):
    return lambda rate: abs(math.log(rate / at))


@pytest.mark.parametrize(
    ("at", "first", "questions"),
    [
        (0.01, [0.003, 0.01, 0.03], [[0.003, 0.01, 0.03]]),
        (0.01, [0.01], [[0.01], [0.003, 0.03]]),
        (0.003, [0.01, 0.03], [[0.01, 0.03], [0.003], [0.001]]),
        (0.1, [0.01, 0.03], [[0.01, 0.03], [0.1], [0.3]]),
    ],
)
def test_the_ladder_grows_to_the_side_of_its_best_until_that_has_neighbours(at, first, questions):
    assert asked(valley(at), first) == (at, questions)


def test_the_first_of_two_valleys_is_enough():
    losses = dict(zip(LADDER, (9, 5, 4, 5, 0, 9), strict=True))
    assert asked(losses.get, [0.003, 0.01]) == (0.01, [[0.003, 0.01], [0.03]])


def test_of_equals_the_lower_one_is_chosen_whichever_was_tried_first():
    losses = dict(zip(LADDER, (9, 1, 1, 9, 9, 9), strict=True))
    assert asked(losses.get, [0.01, 0.03]) == (0.003, [[0.01, 0.03], [0.003], [0.001]])


@pytest.mark.parametrize("diverged", [math.nan, math.inf])
@pytest.mark.parametrize("first", [[0.003, 0.01, 0.03], [0.01, 0.03]])
def test_a_rate_that_diverged_is_never_the_best(diverged, first):
    assert asked(lambda rate: diverged if rate > 0.003 else 1 - rate, first)[0] == 0.003


@pytest.mark.parametrize(("at", "end"), [(1e-9, "0.001"), (1e9, "0.3")])
def test_an_end_of_the_ladder_is_no_best_rate(at, end):
    with pytest.raises(ValueError, match=f"stands at the end of the ladder, {end} of 0.001 to 0.3"):
        asked(valley(at), [0.01, 0.03])


@pytest.mark.parametrize("first", [[], [0.02], [0.01, 0.1], [0.03, 0.01], [0.1, 0.3, 1.0]])
def test_the_first_rates_are_rungs_in_a_row(first):
    with pytest.raises(ValueError, match="rungs in a row"):
        asked(valley(0.01), first)


@pytest.mark.parametrize("ladder", [(0.1, 0.01), (0.01, 0.01, 0.1)])
def test_a_ladder_ascends(ladder):
    with pytest.raises(ValueError, match="a ladder ascends"):
        asked(valley(0.01), [0.01], ladder)


def test_each_rate_has_a_loss():
    with pytest.raises(ValueError, match="zip"):
        experiments.best_rate(lambda rates: [1.0], LADDER, [0.01, 0.03])
