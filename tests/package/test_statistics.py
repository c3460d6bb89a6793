import itertools
import math
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest

from actlab import guide, statistics
from actlab.exercises import experiments
from actlab.scenes import smooth


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
    with pytest.raises(ValueError, match=r"a level lies between 0 and 1.*level=95"):
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


# ---- pairs --------------------------------------------------------------------------------------------------------

FREEDOMS = [1, 2, 3, 4, 5, 9, 19, 32, 99, 1000]


def random_pairs(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    b = rng.normal(scale=10, size=n)
    return b + rng.normal(rng.normal(), 10 ** rng.uniform(-3, 2), size=n), b


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_students_tails_and_quantiles_are_those_of_the_incomplete_beta_function(freedom):
    for level in (1e-3, 0.5, 0.9, 0.95, 1 - 0.05 / 48, 1 - 1e-6):
        t = statistics.student_quantile(freedom, level)
        inside = freedom / (mpmath.mpf(freedom) + mpmath.mpf(t) ** 2)
        outside = mpmath.betainc(mpmath.mpf(freedom) / 2, 0.5, 0, inside, regularized=True)
        assert float(outside) == pytest.approx(1 - level, rel=1e-8)
        assert statistics.student_tails(t, freedom) == pytest.approx(float(outside), rel=1e-8)
        assert statistics.student_tails(-t, freedom) == statistics.student_tails(t, freedom)
    assert statistics.student_tails(0, freedom) == 1 and statistics.student_tails(math.inf, freedom) == 0


@pytest.mark.parametrize("seed", range(40))
def test_a_paired_difference_is_that_of_scipy(seed):
    stats = pytest.importorskip("scipy.stats")
    a, b = random_pairs(seed)
    comparisons, bound = 1 + seed, 10.0 ** ((seed % 7) - 3)
    found = statistics.paired(a, b, comparisons=comparisons, bound=bound)
    oracle = stats.ttest_rel(a, b)
    low, high = oracle.confidence_interval(1 - 0.05 / comparisons)
    assert found.p == pytest.approx(oracle.pvalue, rel=1e-6, abs=1e-13)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-7, abs=1e-12)
    above = stats.ttest_1samp(a - b, -bound, alternative="greater").pvalue
    below = stats.ttest_1samp(a - b, bound, alternative="less").pvalue
    assert found.p_equivalent == pytest.approx(max(above, below), rel=1e-6, abs=1e-13)
    limit = 0.05 / comparisons
    right = "higher" if low > 0 else "lower" if high < 0 else "not distinguishable"
    assert found.verdict == (f"equivalent within {bound:g}" if max(above, below) < limit else right)


def test_splits_of_the_same_rows_leave_more_doubt_than_draws():
    a, b = random_pairs(3)
    draws, splits = (statistics.paired(a, b, comparisons=5, bound=1.0, shared=shared) for shared in (0.0, 0.25))
    wider = math.sqrt((1 / len(a) + 0.25) / (1 / len(a)))  # by the variance of the mean (nadeau2003)
    assert (splits.mean, splits.deviation) == (draws.mean, draws.deviation)
    assert (splits.half, splits.seen) == pytest.approx((wider * draws.half, wider * draws.seen))
    t = draws.mean / (draws.deviation / math.sqrt(len(a))) / wider
    assert splits.p == pytest.approx(statistics.student_tails(t, len(a) - 1))


def test_the_random_pairs_bring_out_every_verdict():
    found = set()
    for seed in range(40):
        words = statistics.paired(*random_pairs(seed), comparisons=1 + seed, bound=10.0 ** ((seed % 7) - 3)).verdict
        found |= {known for known in statistics.VERDICTS if words.startswith(known)}
    assert found == set(statistics.VERDICTS)


@pytest.mark.parametrize("seed", range(30))
def test_the_power_is_that_of_scipys_noncentral_t(seed):
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(seed)
    n, comparisons = int(rng.integers(3, 80)), int(rng.integers(1, 50))
    t = stats.t.ppf(1 - 0.025 / comparisons, n - 1)
    effect = float(rng.uniform(-2, 1) + t) / math.sqrt(n)
    shift = effect * math.sqrt(n)
    # scipy has nan for some tails that hold nothing
    expected = stats.nct.sf(t, n - 1, shift) + np.nan_to_num(stats.nct.cdf(-t, n - 1, shift))
    found = statistics.power_of(effect, n, comparisons=comparisons)
    assert found == pytest.approx(expected, abs=1e-5) and 0 < found < 1
    assert statistics.power_of(-effect, n, comparisons=comparisons) == found
    assert statistics.power_of(0.0, n, comparisons=comparisons) == pytest.approx(0.05 / comparisons, rel=1e-3)


def test_what_could_be_seen_is_what_is_seen_four_times_in_five():
    rng, n = np.random.default_rng(0), 6
    effect = statistics.detectable(n)
    off = rng.normal(effect, 1, size=(4000, n))
    t = off.mean(axis=1) / off.std(axis=1, ddof=1) * math.sqrt(n)
    share = (np.abs(t) > 2.570581835636314).mean()  # Student's factor for five degrees of freedom
    assert abs(share - 0.8) < 4 * math.sqrt(0.8 * 0.2 / 4000)
    found = statistics.paired(off[0], np.zeros(n))
    assert found.seen == pytest.approx(effect * off[0].std(ddof=1))
    assert found.half < found.seen  # a difference as large as the interval's half is found every second time only
    assert statistics.power_of(found.half / found.deviation, n) == pytest.approx(0.5, abs=0.06)


def test_the_number_of_pairs_is_the_first_that_suffices():
    assert statistics.pairs_needed(0.5) == 34 and statistics.pairs_needed(-1) == 10  # as in printed tables
    for effect, comparisons in [(0.4, 1), (1.5, 10), (3.0, 28)]:
        n = statistics.pairs_needed(effect, comparisons=comparisons)
        assert statistics.power_of(effect, n, comparisons=comparisons) >= 0.8
        assert statistics.power_of(effect, n - 1, comparisons=comparisons) < 0.8
        assert statistics.detectable(n, comparisons=comparisons) <= effect


def test_all_intervals_hold_at_once_as_often_as_one_alone():
    rng, held, alone = np.random.default_rng(3), 0, 0
    for _ in range(400):
        off = rng.normal(size=(10, 8))
        held += all(statistics.paired(row, 0 * row, comparisons=10).verdict == "not distinguishable" for row in off)
        alone += all(statistics.paired(row, 0 * row).verdict == "not distinguishable" for row in off)
        one = statistics.paired(off[0], 0 * off[0], comparisons=10)
        assert statistics.student(off[0], comparisons=10) == pytest.approx((one.mean, one.half), rel=1e-14)
    assert held / 400 > 0.95 - 3 * math.sqrt(0.95 * 0.05 / 400)
    assert alone / 400 < 0.7  # .95 to the tenth power is .60


def test_a_paired_difference_says_what_it_found():
    a, b = np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.1, 3.0])
    assert str(statistics.paired(a, b)) == "+0.967 (0.823 to 1.11), n = 3: higher"
    assert str(statistics.paired(b, a, bound=1.2)) == "-0.967 (-1.11 to -0.823), n = 3: equivalent within 1.2"
    open_ = statistics.paired([0.0, 1.0], [1.0, 0.5])
    assert open_.verdict == "not distinguishable" and str(open_).endswith(f"; {open_.seen:.2g} would have been seen")


def test_pairs_that_are_all_alike_leave_no_doubt():
    same, off = statistics.paired([1.0, 2.0], [1.0, 2.0], bound=0.1), statistics.paired([2.0, 3.0], [1.0, 2.0])
    assert (same.verdict, same.p, same.p_equivalent, same.seen) == ("equivalent within 0.1", 1, 0, 0)
    assert statistics.paired([1.0, 2.0], [1.0, 2.0]).verdict == "not distinguishable"
    assert (off.verdict, off.p, off.half) == ("higher", 0, 0) and math.isnan(off.p_equivalent)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"a": [1.0]}, "two pairs or more"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "two pairs or more"),
        ({"a": [[1.0, 2.0]], "b": [[1.0, 2.0]]}, "two pairs or more"),
        ({"a": [1.0, math.nan]}, "finite numbers"),
        ({"a": [1.0, math.inf]}, "finite numbers"),
        ({"comparisons": 0}, "comparisons are counted from 1 on; got 0"),
        ({"comparisons": 1.5}, "comparisons are counted from 1 on"),
        ({"bound": 0}, "a bound of what matters is a number above 0; got 0"),
        ({"bound": -1}, "a number above 0"),
        ({"bound": math.nan}, "a number above 0"),
        ({"bound": math.inf}, "a number above 0"),
        ({"level": 95}, "a level lies between 0 and 1"),
        ({"level": math.nan}, "a level lies between 0 and 1"),
        ({"power": 1}, "a power lies between 1 - level and 1"),
        ({"power": 0.04}, "a power lies between 1 - level and 1"),
        ({"shared": -0.1}, "a number from 0 on; got shared=-0.1"),
        ({"shared": math.nan}, "a number from 0 on"),
    ],
)
def test_pairs_that_say_nothing_and_settings_that_are_none_are_refused(wrong, words):
    given = {"a": [1.0, 2.0], "b": [0.0] * len(wrong.get("a", [1, 2]))} | wrong
    with pytest.raises(ValueError, match=words):
        statistics.paired(given.pop("a"), given.pop("b"), **given)


@pytest.mark.parametrize(
    ("function", "given", "words"),
    [
        (statistics.detectable, (1,), "counted from 2 on; got 1"),
        (statistics.detectable, (2.5,), "counted from 2 on"),
        (statistics.power_of, (math.nan, 5), "finite number of standard deviations"),
        (statistics.power_of, (1.0, 1), "counted from 2 on"),
        (statistics.pairs_needed, (0,), "other than 0"),
        (statistics.pairs_needed, (math.inf,), "other than 0"),
        (statistics.student_quantile, (0, 0.95), "whole number from 1 on"),
        (statistics.student_tails, (1.0, 1.5), "whole number from 1 on"),
        (lambda m: statistics.student([1.0, 2.0], comparisons=m), (0,), "comparisons are counted from 1 on; got 0"),
    ],
)
def test_numbers_that_no_study_has_are_refused(function, given, words):
    with pytest.raises(ValueError, match=words):
        function(*given)


def test_glossary_guide_and_exercises_know_the_same_verdicts():
    text = (Path(__file__).parents[2] / "appendix/glossary.md").read_text(encoding="utf-8")
    entry = text.split("\nverdict\n", 1)[1].split("\n\n", 1)[0]
    compared = " ".join(entry.split()).partition("Of two functions compared:")[2].split(";")[0]
    assert tuple(re.findall(r"\*([^*]+)\*", compared)) == statistics.VERDICTS
    assert experiments.WORDS == statistics.VERDICTS
    base = np.array([1.0, 2.0, 4.0])
    said = {guide.verdict(base + off, base) for off in ([1.0, 1.1, 0.9], [-1.0, -1.1, -0.9], [1.0, -1.0, 0.5])}
    assert said == set(statistics.VERDICTS[:3])
    of_factors = {
        smooth.verdict(smooth.Arm(np.array(ratios), 0.01, 0.01))
        for ratios in ([2.0, 2.1, 2.2], [0.5, 0.6, 0.4], [0.5, 2.0, 1.1])
    }
    assert of_factors == set(statistics.VERDICTS[:3])
