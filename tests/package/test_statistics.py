import itertools
import math

import mpmath
import numpy as np
import pytest

from actlab import statistics


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("n", [2, 3, 5, 10, 100])
def test_students_interval_holds_as_much_of_his_distribution_as_it_says(n, level):
    values = np.arange(n) ** 2.0
    mean, half = statistics.student(values, level=level)
    assert mean == pytest.approx(values.mean())
    t = half / (values.std(ddof=1) / n**0.5)
    outside = mpmath.betainc((n - 1) / 2, 0.5, 0, (n - 1) / (n - 1 + t**2), regularized=True)
    assert float(outside) == pytest.approx(1 - level, rel=1e-5)


def test_students_interval_of_one_value_has_no_width_and_of_none_is_refused():
    mean, half = statistics.student([3])
    assert mean == 3 and math.isnan(half)
    for values in ([], [[1, 2], [3, 4]]):
        with pytest.raises(ValueError, match="a mean needs a row of values, got shape"):
            statistics.student(values)
    with pytest.raises(ValueError, match=r"a level lies between 0 and 1 .*level=95"):
        statistics.student([1, 2], level=95)


def test_a_ratio_of_pairs_is_that_of_the_logarithms_and_knows_which_way_round():
    a, b = np.array([2.0, 8.0, 6.0]), np.array([1.0, 2.0, 3.0])
    logs = np.log([2.0, 4.0, 2.0])
    half = 4.302652729911275 * logs.std(ddof=1) / math.sqrt(3)  # Student's factor for two degrees of freedom
    ratio, low, high = statistics.ratio(a, b)
    assert ratio == pytest.approx(16 ** (1 / 3))
    assert (low, high) == pytest.approx((math.exp(logs.mean() - half), math.exp(logs.mean() + half)), rel=1e-6)
    assert statistics.ratio(b, a) == pytest.approx((1 / ratio, 1 / high, 1 / low))


@pytest.mark.parametrize(
    ("a", "b"), [([], []), ([1.0], [1.0, 2.0]), ([1.0, 0.0], [1.0, 1.0]), ([1.0, math.nan], [1, 1])]
)
def test_a_ratio_refuses_what_has_no_logarithm_or_no_partner(a, b):
    with pytest.raises(ValueError, match="pairs"):
        statistics.ratio(a, b)


@pytest.mark.parametrize(
    ("successes", "runs", "level"), [(0, 20, 0.95), (6, 10, 0.95), (19, 20, 0.9), (20, 20, 0.95)]
)
def test_a_proportion_runs_over_the_shares_that_a_test_would_not_reject(successes, runs, level):
    z = {0.95: 1.959963984540054, 0.9: 1.6448536269514722}[level]
    shares = np.linspace(0, 1, 100_001)
    kept = shares[np.abs(successes / runs - shares) <= z * np.sqrt(shares * (1 - shares) / runs)]
    assert statistics.proportion(successes, runs, level=level) == pytest.approx((kept.min(), kept.max()), abs=2e-5)


@pytest.mark.parametrize(("successes", "runs"), [(-1, 5), (6, 5), (1.5, 5), (0, 0)])
def test_a_proportion_refuses_what_is_no_count(successes, runs):
    with pytest.raises(ValueError, match="count"):
        statistics.proportion(successes, runs)


def test_spread_leaves_out_what_diverged_and_counts_it():
    found = statistics.spread([1, 2, 4, 9, math.nan, math.inf])
    assert (found["n"], found["diverged"]) == (6, 2)
    assert found["mean"] == 4 and found["median"] == 3 and found["max"] == 9
    # squared distances from 4: 9, 4, 0, 25; over n - 1 = 3; the root of that over 4
    assert found["standard_error"] == pytest.approx(math.sqrt(38 / 3 / 4), rel=1e-14)
    # on the line through the four values, at 5, 25, 75 and 95 hundredths of the way
    expected = [1 + 0.15, 1 + 0.75, 4 + 5 * 0.25, 4 + 5 * 0.85]
    assert [found[name] for name in ("q05", "q25", "q75", "q95")] == pytest.approx(expected, rel=1e-14)


def test_spread_of_one_value_or_none_says_what_it_cannot():
    one, none = statistics.spread([3.0]), statistics.spread([math.nan])
    assert one["mean"] == one["median"] == one["q05"] == one["max"] == 3 and math.isnan(one["standard_error"])
    assert (none["n"], none["diverged"]) == (1, 1) and math.isnan(none["mean"]) and math.isnan(none["max"])


def test_mcnemar_is_the_tail_of_a_fair_coin():
    assert statistics.mcnemar(0, 0) == 1
    assert statistics.mcnemar(5, 5) == 1  # twice the tail would be more than all
    assert statistics.mcnemar(0, 5) == statistics.mcnemar(5, 0) == 2 / 2**5
    assert statistics.mcnemar(1, 7) == 2 * (1 + 8) / 2**8
    # the example with 150 against 86 of R's mcnemar, by the exact binomial: mpmath's incomplete beta is that tail
    tail = mpmath.betainc(150, 87, 0, 0.5, regularized=True)
    assert statistics.mcnemar(150, 86) == pytest.approx(float(2 * tail), rel=1e-12)
    # thousands overflow no float, and come near the normal curve, with half a pair for the width of a step
    z = 99 / math.sqrt(6100)
    assert statistics.mcnemar(np.int64(3000), np.int64(3100)) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-3)


@pytest.mark.parametrize("b, c", [(-1, 2), (1.5, 2), (1, -2)])
def test_mcnemar_takes_counts(b, c):
    with pytest.raises(ValueError, match="whole numbers from 0 on"):
        statistics.mcnemar(b, c)


def test_compare_counts_pairs_and_means_their_differences():
    a, b = [1, 2, 3, 4, 5, math.nan, math.inf, 7], [2, 4, 3, 3, 9, 1, math.nan, math.inf]
    found = statistics.compare(a, b)
    # finite pairs: -1, -2, 0, 1, -4; nan against 1 is larger, inf against nan a tie, 7 against inf smaller
    assert (found.pairs, found.smaller, found.larger, found.ties, found.left_out) == (8, 4, 2, 2, 3)
    assert found.difference == pytest.approx(-1.2, rel=1e-14)
    assert found.p == 2 * (1 + 6 + 15) / 2**6
    assert -4 <= found.low < -1.2 < found.high <= 1
    assert found == statistics.compare(a, b), "the same seed, the same interval"


def test_the_interval_of_a_paired_difference_is_that_of_its_bootstrap_distribution():
    # all 3**3 resamples of three pairs can be written down: the quantiles of their means are the interval's target
    off = np.array([1.0, 2.0, 6.0])
    means = sorted(np.mean(drawn) for drawn in itertools.product(off, repeat=3))
    found = statistics.compare(off, np.zeros(3), level=0.5, resamples=20_000)
    assert found.low == pytest.approx(means[round(0.25 * 26)], abs=1e-12)
    assert found.high == pytest.approx(means[round(0.75 * 26)], abs=1e-12)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(1)
    held = 0
    for trial in range(200):
        a = generator.normal(0.3, 1, size=60)
        found = statistics.compare(a, np.zeros(60), resamples=400, seed=trial)
        held += found.low <= 0.3 <= found.high
    assert 0.89 <= held / 200 <= 0.99  # four standard deviations of 200 tosses at .94


def test_ranks_that_never_change_have_no_width():
    values = np.array([[3, 4, 5], [1, 2, 1], [9, 9, 8]])
    for statistic in ("mean", "median"):
        assert statistics.rank_intervals(values, statistic=statistic).tolist() == [[2, 2], [1, 1], [3, 3]]


def test_rows_that_cannot_be_told_apart_share_their_ranks():
    values = np.random.default_rng(0).normal(size=(3, 200))
    values[2] += 5
    assert statistics.rank_intervals(values).tolist() == [[1, 2], [1, 2], [3, 3]]
    assert statistics.rank_intervals([[1, 1], [1, 1], [2, 2]]).tolist() == [[1, 2], [1, 2], [3, 3]]


def test_what_a_seed_does_to_all_rows_stays_paired():
    # every row rises and falls with the seed by far more than rows differ: unpaired, no rank would be sure
    seeds = 100 * np.random.default_rng(0).normal(size=300)
    assert statistics.rank_intervals([seeds + 2, seeds, seeds + 1]).tolist() == [[3, 3], [1, 1], [2, 2]]


def test_the_share_of_resamples_decides_the_interval():
    # row 0 beats row 1 by the mean only in resamples without the last column: (9/10)**10, about 0.349 of them
    values = np.array([[0.0] * 9 + [100], [1.0] * 10])
    assert statistics.rank_intervals(values, level=0.6).tolist() == [[1, 2], [1, 2]]  # 0.349 > 0.2
    assert statistics.rank_intervals(values, level=0.2).tolist() == [[2, 2], [1, 1]]  # 0.349 < 0.4
    assert statistics.rank_intervals(values, statistic="median").tolist() == [[1, 1], [2, 2]]


def test_runs_that_diverged_are_the_worst_and_more_of_them_are_worse():
    values = np.ones((4, 40))
    values[0, :10], values[1, :30], values[3] = np.nan, np.inf, 1e30
    assert statistics.rank_intervals(values).tolist() == [[3, 3], [4, 4], [1, 1], [2, 2]]


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"values": [1, 2]}, "rows to rank"),
        ({"values": np.empty((2, 0))}, "rows to rank"),
        ({"values": [[1, 2]], "level": 1}, "level lies between"),
        ({"values": [[1, 2]], "statistic": "mode"}, "no statistic named 'mode'"),
    ],
)
def test_what_cannot_be_ranked_is_refused(wrong, error):
    with pytest.raises((KeyError, ValueError), match=error):
        statistics.rank_intervals(**wrong)
    with pytest.raises(ValueError, match="equal length"):
        statistics.compare([1, 2], [1])


def test_spearman_by_hand():
    assert statistics.spearman([1, 2, 3, 4], [10, 20, 30, 31]) == 1
    assert statistics.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    # ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * (1 + 1 + 1 + 1) / (5 * 24)
    assert statistics.spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]) == pytest.approx(0.8, rel=1e-14)
    # a tie takes the mean of its ranks: 1 2.5 2.5 4 against 1 2 3 4
    assert statistics.spearman([1, 2, 2, 4], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5), rel=1e-14)
    assert statistics.spearman([1, 2, math.nan], [1, 2, 3]) == 1
    assert math.isnan(statistics.spearman([1, 1], [1, 2]))
    with pytest.raises(ValueError, match="2 or more"):
        statistics.spearman([1], [1])
