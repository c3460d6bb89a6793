"""Checks of chapter 08."""

import math

import numpy as np

from ._kit import call, exercise


def _number(value, what):
    """A number, from whatever holds exactly one."""
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise AssertionError(f"{what} is one number, this is a {type(value).__name__}.") from None


def _two(value, what):
    assert isinstance(value, tuple | list) and len(value) == 2, f"a pair ({what}) is wanted."
    return value


PAIRED = {
    "where the second has its seeds in another order": (
        {0: 1.0, 1: 2.0, 2: 4.0, 3: 8.0},
        {3: 7.5, 1: 1.0, 0: 0.5, 2: 2.5},
    ),
    "where each has a seed that the other lacks": (
        {7: 3.0, 1: 10.0, 5: 6.0, 2: 0.5},
        {9: 50.0, 2: 0.25, 5: 4.0, 1: 9.5},
    ),
}


@exercise("08-pair")
def _paired_difference(function):
    for case, (a, b) in PAIRED.items():
        found = _two(call(function, dict(a), dict(b)), "mean difference, standard error")
        mean, error = _number(found[0], "a mean difference"), _number(found[1], "a standard error")
        seeds = sorted(a.keys() & b.keys())
        off = np.array([a[seed] - b[seed] for seed in seeds])
        right, right_error = off.mean(), off.std(ddof=1) / math.sqrt(len(off))
        if not math.isclose(mean, right, rel_tol=1e-9):
            every = np.mean(list(a.values())) - np.mean(list(b.values()))
            assert not math.isclose(mean, -right, rel_tol=1e-9), (
                f"{case} the sign is turned round: a minus b is wanted."
            )
            assert not math.isclose(mean, every, rel_tol=1e-9), (
                f"{case} you took runs that have no partner; only seeds that are in both make a pair."
            )
            raise AssertionError(f"{case} the mean difference is {right:.4f}, and yours is {mean:.4f}.")
        if math.isclose(error, right_error, rel_tol=1e-9):
            continue
        got = f"{case} the mean is right and its standard error is {right_error:.4f}, yours is {error:.4f}"
        both = [np.array([runs[seed] for seed in seeds]) for runs in (a, b)]
        apart = math.sqrt(sum(values.var(ddof=1) for values in both) / len(seeds))
        by_place = np.subtract(*(list(runs.values()) for runs in (a, b)))
        assert not math.isclose(error, apart, rel_tol=1e-9), (
            f"{got}: that is for two independent groups; take each pair's difference first."
        )
        assert not math.isclose(error, by_place.std(ddof=1) / math.sqrt(len(by_place)), rel_tol=1e-9), (
            f"{got}: your pairs are by place in the dict; a pair shares its seed."
        )
        assert not math.isclose(error, off.std(ddof=1), rel_tol=1e-9), (
            f"{got}: that is how far single differences scatter; a mean of n scatters less."
        )
        assert not math.isclose(error, off.std() / math.sqrt(len(off)), rel_tol=1e-9), (
            f"{got}: divide the squares by n - 1, the mean was taken from the same numbers."
        )
        raise AssertionError(f"{got}.")
    return "pairs by seed, also where the order differs and where partners are missing."


@exercise("08-band")
def _factor_of_a_band(function):
    for runs, factor in ((16, 20.0), (400, 1.0), (9, 2.5)):
        rng = np.random.default_rng(runs)
        losses = np.exp(rng.normal(size=(runs, 5)))
        error = losses.std(axis=0, ddof=1) / math.sqrt(runs)
        found = np.asarray(call(function, losses.copy(), factor * error))
        case = f"for {runs} runs and a band of {factor:g} standard errors"
        assert found.size in (1, 5), f"{case} one number is wanted, or one for each step."
        values = np.array([_number(value, "a factor") for value in found.reshape(-1)])
        if np.allclose(values, factor, rtol=1e-6):
            continue
        got = f"{case} you find {values[0]:.4g}"
        assert not np.allclose(values, factor / math.sqrt(runs), rtol=1e-6), (
            f"{got}: you divided by the spread of single runs; what is the spread of their mean?"
        )
        assert not np.allclose(values, factor * math.sqrt(runs / (runs - 1)), rtol=1e-6), (
            f"{got}: nearly; the standard deviation divides by n - 1 (ddof=1)."
        )
        assert not np.allclose(values, 2 * factor, rtol=1e-6) and not np.allclose(values, factor / 2, rtol=1e-6), (
            f"{got}: the half-width is from the mean to one edge."
        )
        raise AssertionError(f"{got}.")
    return "a band can be measured: 20, 1 and 2.5 standard errors."


def _rank_cases():
    """Name: (losses of runs by functions, the interval of each function's rank, whatever the dice say)."""
    rng = np.random.default_rng(8)
    alike = rng.normal(size=(200, 1))
    twins = rng.normal(size=(60, 3))
    twins -= twins.mean(axis=0) - np.array([0.0, 0.0, 30.0])
    return {
        "three functions whose runs overlap and whose means do not": (
            rng.normal([3.0, 0.0, 1.5], size=(200, 3)),
            [3, 1, 2],
            [3, 1, 2],
        ),
        "two whose means are equal and a third far behind": (twins, [1, 1, 3], [2, 2, 3]),
        "two that differ by 0.05 in every run, whatever the run": (np.hstack([alike + 0.05, alike]), [2, 1], [2, 1]),
    }


@exercise("08-bootstrap")
def _rank_intervals(function):
    for case, (losses, low, high) in _rank_cases().items():
        found = call(function, losses.copy())
        try:
            ends = [np.asarray(end, dtype=float).round(6).tolist() for end in found]
        except (TypeError, ValueError, RuntimeError):
            ends = []
        assert [np.shape(end) for end in ends] == [(3,), (3,)] or [np.shape(end) for end in ends] == [(2,), (2,)], (
            "a pair (lowest ranks, highest ranks) is wanted, with a number for each function."
        )
        if ends == [low, high]:
            continue
        said = f"{case}: from {low} to {high} is right, yours is {ends[0]} to {ends[1]}"[:150]
        assert ends != [[rank - 1 for rank in end] for end in (low, high)], f"{said}; ranks begin at 1."
        turned = len(low) + 1
        assert ends != [[turned - rank for rank in end] for end in (high, low)], f"{said}; rank 1 is the lowest loss."
        if "equal" in case:
            assert ends[0] != ends[1], f"{said}; an interval needs the runs to be drawn anew, many times."
            raise AssertionError(f"{said}; rank the means of each resample, and take the middle 95 %.")
        assert "every run" not in case, f"{said}; draw whole rows, so that what belongs to one run stays together."
        raise AssertionError(f"{said}; the ranks of means are wanted, not those of single runs.")
    return "intervals for clear orders, for a tie, and for a pair that only pairing can tell apart."


WORDS = ("higher", "lower", "not distinguishable", "equivalent within")  # as in `statistics`
CASES = [
    ((-0.30, -0.10), 0.05, "lower"),
    ((0.10, 0.30), 0.05, "higher"),
    ((-0.02, 0.03), 0.05, "equivalent within"),
    ((-0.20, 0.25), 0.05, "not distinguishable"),
    ((0.01, 0.04), 0.05, "equivalent within"),
    ((-0.04, -0.01), 0.05, "equivalent within"),
    ((0.01, 0.30), 0.05, "higher"),
    ((-0.30, -0.01), 0.05, "lower"),
    ((-0.30, 0.04), 0.05, "not distinguishable"),
    ((-0.20, 0.25), 0.50, "equivalent within"),
]


@exercise("08-equivalence")
def _decide(function):
    for (low, high), margin, right in CASES:
        found = call(function, low, high, margin)
        case = f"for the interval {low:g} to {high:g} and the margin {margin:g}"
        assert isinstance(found, str), f"{case} one of four words is wanted, this is a {type(found).__name__}."
        if found == right:
            continue
        assert found in WORDS, f"{case} the answer is one of {', '.join(WORDS)}, not {found[:20]!r}."
        assert not (right == "not distinguishable" and found == "equivalent within"), (
            f"{case} you say equivalent within: that zero lies inside is no evidence of equality, so does much else."
        )
        assert not (right == "equivalent within" and found in ("lower", "higher")), (
            f"{case} you say {found}: not zero, but all that the interval admits is too small to matter."
        )
        assert not (right == "equivalent within" and found == "not distinguishable"), (
            f"{case} you say not distinguishable: everything inside lies within the margin."
        )
        assert not (right == "not distinguishable" and found in ("lower", "higher")), (
            f"{case} you say {found}: zero lies inside, so the sign is open."
        )
        assert not (right in ("lower", "higher") and found == "not distinguishable"), (
            f"{case} you say not distinguishable: all that the interval admits has one sign."
        )
        raise AssertionError(f"{case} the answer is {right}, and yours is {found}.")
    return "four answers, two of which most comparisons never give."


# Losses of rates by draws: the third rate is best on the first four draws by luck, the second on the last four.
TUNING = np.array(
    [
        [5.0, 5.2, 4.9, 5.1, 5.0, 5.3, 4.8, 5.1],
        [2.0, 2.2, 1.9, 2.3, 2.1, 2.0, 3.7, 1.9],
        [1.0, 1.5, 1.2, 1.1, 3.5, 3.9, 3.4, 3.6],
    ]
)


@exercise("08-tune")
def _tuned(function):
    half = TUNING.shape[1] // 2
    tables = {"": TUNING, " with the halves swapped": np.roll(TUNING, half, axis=1)}
    for case, losses in tables.items():
        found = _number(call(function, losses.copy()), "a loss")
        best = losses[:, :half].mean(axis=1).argmin()
        right = losses[best, half:].mean()
        if math.isclose(found, right, rel_tol=1e-9):
            continue
        got = f"for the table of the exercise{case} the answer is {right:.4f}, and yours is {found:.4f}"
        wrong = {
            losses.mean(axis=1).min(): "the rate was chosen with the draws that judge it",
            losses[:, half:].mean(axis=1).min(): "you chose on the second half; it is there to judge",
            losses[best, :half].mean(): "this is the loss on the draws that chose the rate",
            losses[best].mean(): "the draws that chose the rate are part of the mean",
            losses[:, half:].min(axis=0).mean(): "each draw has a rate of its own, chosen after the fact",
            losses.min(axis=0).mean(): "each draw has a rate of its own, chosen after the fact",
        }
        for value, why in wrong.items():
            assert not math.isclose(found, value, rel_tol=1e-9), f"{got}: {why}."
        raise AssertionError(f"{got}.")
    return "chosen on one half, judged on the other."
