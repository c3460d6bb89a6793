"""The exercises of chapter 08: stubs and typical mistakes get a hint of their own, solutions pass."""

import math

import numpy as np
import pytest

from actlab.exercises import check


def paired(a, b):
    off = np.array([a[seed] - b[seed] for seed in a if seed in b])
    return off.mean(), off.std(ddof=1) / math.sqrt(len(off))


def not_paired(a, b):
    seeds = sorted(a.keys() & b.keys())
    one, other = (np.array([runs[seed] for seed in seeds]) for runs in (a, b))
    error = math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / len(seeds))
    return one.mean() - other.mean(), error


def paired_by_place(a, b):
    off = np.array(list(a.values())) - np.array(list(b.values()))
    return off.mean(), off.std(ddof=1) / math.sqrt(len(off))


def spread_of_differences(a, b):
    mean, error = paired(a, b)
    return mean, error * math.sqrt(len(a.keys() & b.keys()))


def divided_by_n(a, b):
    off = np.array([a[seed] - b[seed] for seed in a if seed in b])
    return off.mean(), off.std() / math.sqrt(len(off))


def factor(losses, half_width):
    return half_width / (losses.std(axis=0, ddof=1) / math.sqrt(len(losses)))


def ranks(values):
    return values.argsort(axis=-1).argsort(axis=-1) + 1


def rank_interval(losses, pick=None, start=1):
    rng = np.random.default_rng(0)
    rows = pick(rng, losses) if pick else losses[rng.integers(len(losses), size=(1000, len(losses)))]
    found = ranks(rows.mean(axis=1)) - 1 + start
    return np.quantile(found, [0.025, 0.975], axis=0, method="inverted_cdf")


def each_column_by_itself(rng, losses):
    rows = rng.integers(len(losses), size=(1000, *losses.shape))
    return np.take_along_axis(losses[None], rows, axis=1)


def of_single_runs(losses):
    return np.quantile(ranks(losses), [0.025, 0.975], axis=0, method="inverted_cdf")


def decide(low, high, margin):
    if -margin < low and high < margin:
        return "equivalent within"
    return "lower" if high < 0 else "higher" if low > 0 else "not distinguishable"


def by_zero(low, high, margin):
    return "lower" if high < 0 else "higher" if low > 0 else "equivalent within"


def by_zero_first(low, high, margin):
    if high < 0 or low > 0:
        return "lower" if high < 0 else "higher"
    return decide(low, high, margin)


def equivalent_only_with_zero(low, high, margin):
    if low < 0 < high:
        return decide(low, high, margin)
    return "lower" if high < -margin else "higher" if low > margin else "not distinguishable"


def beyond_the_margin(low, high, margin):
    if -margin < low and high < margin:
        return "equivalent within"
    return "lower" if high < -margin else "higher" if low > margin else "not distinguishable"


def by_the_middle(low, high, margin):
    if -margin < low and high < margin:
        return "equivalent within"
    return "lower" if low + high < 0 else "higher"


def tuned(losses):
    half = losses.shape[1] // 2
    return losses[losses[:, :half].mean(1).argmin(), half:].mean()


SOLUTIONS = {
    "08-pair": paired,
    "08-band": factor,
    "08-bootstrap": rank_interval,
    "08-equivalence": decide,
    "08-tune": tuned,
}
# exercise, what was handed in, and words that only its own hint has
WRONG = [
    ("08-pair", lambda a, b: (0.0, 0.0), "the mean difference is 0.8750"),
    ("08-pair", lambda a, b: tuple(x * s for x, s in zip(paired(a, b), (-1, 1), strict=True)), "a minus b"),
    ("08-pair", lambda a, b: (np.mean(list(a.values())) - np.mean(list(b.values())), paired(a, b)[1]), "no partner"),
    ("08-pair", not_paired, "two independent groups"),
    ("08-pair", paired_by_place, "by place in the dict"),
    ("08-pair", spread_of_differences, "a mean of n scatters less"),
    ("08-pair", divided_by_n, "n - 1"),
    ("08-band", lambda losses, half: 1.0, "20 standard errors you find 1."),
    ("08-band", lambda losses, half: half / losses.std(axis=0, ddof=1), "spread of single runs"),
    ("08-band", lambda losses, half: half / (losses.std(axis=0) / math.sqrt(len(losses))), "ddof=1"),
    ("08-band", lambda losses, half: 2 * factor(losses, half), "to one edge"),
    ("08-bootstrap", of_single_runs, "single runs"),
    ("08-bootstrap", lambda losses: (ranks(losses.mean(0)), ranks(losses.mean(0))), "drawn anew"),
    ("08-bootstrap", lambda losses: rank_interval(losses, start=0), "ranks begin at 1"),
    ("08-bootstrap", lambda losses: rank_interval(-losses), "rank 1 is the lowest"),
    ("08-bootstrap", lambda losses: rank_interval(losses, each_column_by_itself), "whole rows"),
    ("08-equivalence", lambda low, high, margin: "same", "not 'same'"),
    ("08-equivalence", by_zero, "no evidence of equality"),
    ("08-equivalence", by_zero_first, "too small to matter."),
    ("08-equivalence", equivalent_only_with_zero, "everything inside lies within the margin"),
    ("08-equivalence", beyond_the_margin, "has one sign"),
    ("08-equivalence", by_the_middle, "so the sign is open"),
    ("08-tune", lambda losses: losses.mean(axis=1).min(), "chosen with the draws that judge"),
    ("08-tune", lambda losses: losses[:, 4:].mean(axis=1).min(), "there to judge"),
    ("08-tune", lambda losses: losses[:, :4].mean(axis=1).min(), "the draws that chose the rate"),
    ("08-tune", lambda losses: losses[losses[:, :4].mean(axis=1).argmin()].mean(), "part of the mean"),
    ("08-tune", lambda losses: losses[:, 4:].min(axis=0).mean(), "after the fact"),
]


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_the_solution_passes(exercise):
    feedback = check(exercise, SOLUTIONS[exercise])
    assert feedback, feedback.message


@pytest.mark.parametrize(("exercise", "given", "words"), WRONG, ids=[f"{name} {words}" for name, _, words in WRONG])
def test_a_typical_mistake_gets_its_own_hint(exercise, given, words):
    feedback = check(exercise, given)
    assert not feedback and words in feedback.message, feedback.message


@pytest.mark.parametrize("seed", range(5))
def test_the_intervals_do_not_hang_on_the_readers_dice(seed):
    def with_other_dice(losses):
        rng = np.random.default_rng(seed)
        rows = rng.integers(len(losses), size=(300, len(losses)))
        return np.quantile(ranks(losses[rows].mean(axis=1)), [0.025, 0.975], axis=0, method="inverted_cdf")

    feedback = check("08-bootstrap", with_other_dice)
    assert feedback, feedback.message
