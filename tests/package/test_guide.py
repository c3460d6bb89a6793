"""The parts of the guide: comparisons of pairs, numbers by another way, and which answer fits best."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from actlab import guide, theory
from actlab.guide import _compare, _measured

DATA = Path(__file__).parents[2] / "data"
# Student's factors at 95 %, from a printed table
T = {2: 4.303, 4: 2.776, 5: 2.571, 9: 2.262, 11: 2.201, 19: 2.093, 20: 2.086}
FOUR_TOGETHER = 4.315  # at 98.75 %, n = 5
FAR = ("tanh", "elu", "sigmoid")

pytestmark = pytest.mark.usefixtures("one_thread")


def stored(folder, name=None):
    """Rows of a stored table, read by hand."""
    whole = json.loads((DATA / folder / f"{name or folder}.json").read_text(encoding="utf-8"))
    return [dict(zip(whole["columns"], row, strict=True)) for row in whole["rows"]]


def values(rows, column, order="seed", **wanted):
    mine = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    return np.array([row[column] for row in sorted(mine, key=lambda row: row[order])])


def same(found, pairs, scale=1.0):
    """Whether a difference of the guide is that of these pairs, worked out with a printed table."""
    pairs = scale * np.asarray(pairs, dtype=float)
    half = T[len(pairs) - 1] * pairs.std(ddof=1) / math.sqrt(len(pairs))
    return (found.mean, found.half, found.n) == (
        pytest.approx(pairs.mean()),
        pytest.approx(half, rel=1e-3),
        len(pairs),
    )


# --- comparisons


def test_a_difference_is_students_interval_of_the_pairs():
    base, off = np.array([1.0, 2.0, 4.0]), np.array([0.9, 1.0, 1.1])
    found = guide.Difference.of(base + off, base)
    assert same(found, [0.9, 1.0, 1.1]) and found.above and not found.below and not found.open
    assert f"{found:.1f}" == "+1.0 ± 0.2"
    back = guide.Difference.of(base, base + off)
    assert back.below and f"{back:.2f}" == "-1.00 ± 0.25"
    assert guide.Difference.of(base + np.array([1, -1, 0.5]), base).open
    assert guide.Difference.of(base + off, base, comparisons=5).half > 2 * found.half


def test_a_factor_is_the_interval_of_the_logarithms():
    found = guide.Factor.of([1.0, 2.0, 4.0], [2.0, 4.4, 8.0])
    logs = np.log([1 / 2, 2 / 4.4, 1 / 2])
    half = T[2] * logs.std(ddof=1) / math.sqrt(3)
    assert found.mean == pytest.approx(math.exp(logs.mean()))
    assert found.shown == pytest.approx(math.exp(half), rel=1e-3)
    assert found.below and f"{found:.2f}" == "0.48 (0.42 to 0.56)"
    assert guide.Factor.of([2.0, 1.0], [1.0, 2.0]).open and guide.Factor.of([2.0, 2.1], [1.0, 1.0]).above


def test_the_verdict_is_that_of_the_difference():
    base = np.array([1.0, 2.0, 4.0])
    off = np.array([0.9, 1.0, 1.1])
    assert guide.verdict(base + off, base) == "higher"
    assert guide.verdict(base, base + off) == "lower"
    assert guide.verdict(base + np.array([1, -1, 0.5]), base) == "not distinguishable"


@pytest.mark.parametrize(("a", "b"), [([1.0], [2.0]), ([], []), ([1.0, 2.0], [1.0])])
@pytest.mark.parametrize("compare", [guide.verdict, guide.Difference.of, guide.Factor.of])
def test_one_pair_says_nothing(compare, a, b):
    with pytest.raises(ValueError, match="two pairs or more"):
        compare(a, b)


def test_rows_are_found_by_what_they_hold_and_paired_by_their_key():
    rows = [{"seed": seed, "name": name, "loss": seed + len(name)} for seed in (2, 1) for name in ("a", "bb")]
    assert _compare.by("seed", rows, "loss", name="bb") == [3, 4]
    with pytest.raises(KeyError, match="no stored row has"):
        _compare.where(rows, name="c")
    with pytest.raises(ValueError, match="several rows for one seed"):
        _compare.by("seed", rows, "loss")
    assert _compare.by("seed", rows, "loss", np.mean) == [2.5, 3.5]
    assert _compare.spread([0.26, 0.31], ".1f") == "0.3" and _compare.spread([1, 2], "d") == "1 to 2"
    assert _compare.power(-0.04) == "10^0.0"


# --- the numbers, part by part, by another way


def test_numbers_of_the_disk():
    n, rates, tuned = guide.numbers(), stored("disk", "rates"), stored("disk", "tuned")
    logs = {}
    for name in ("softplus", "relu"):
        tried = {row["rate"]: [] for row in rates}
        for row in rates:
            if row["activation"] == name:
                tried[row["rate"]].append(row["test_loss"])
        rate = min(tried, key=lambda rate: np.median(tried[rate]))
        mine = [row for row in tuned if (row["activation"], row["rate"]) == (name, rate)]
        draws = sorted({row["draw"] for row in mine})
        logs[name] = np.array([np.mean([np.log(r["test_loss"]) for r in mine if r["draw"] == d]) for d in draws])
        assert {row["draw"] for row in rates}.isdisjoint(draws)
    gap = logs["softplus"] - logs["relu"]
    half = T[19] * gap.std(ddof=1) / math.sqrt(20)
    assert n["disk_softplus"].mean == pytest.approx(math.exp(gap.mean()))
    assert n["disk_softplus"].high == pytest.approx(math.exp(gap.mean() + half), rel=1e-3)
    assert n["disk_function_moves"] == pytest.approx(math.exp(-gap.mean()))


def test_numbers_of_the_square():
    n, rows = guide.numbers(), [row for row in stored("disk_travel", "runs") if row["task"] == "square"]
    arms = sorted({(row["network"], row["activation"]) for row in rows} - {(r["network"], "relu") for r in rows})
    below = above = 0
    for network, name in arms:
        mine, relu = (
            np.log(values(rows, "test_loss", "draw", network=network, activation=one)) for one in (name, "relu")
        )
        half = T[19] * (mine - relu).std(ddof=1) / math.sqrt(20)
        below += (mine - relu).mean() + half < 0
        above += (mine - relu).mean() - half > 0
    assert (n["square_below"], n["square_above"]) == (below, above) and len(arms) == 20


def test_numbers_of_eight_layers():
    n, rows = guide.numbers(), stored("eight_layers", "runs")
    for task in ("disk", "square"):
        gelu, relu = (
            np.log(values(rows, "test_loss", "draw", task=task, activation=name)) for name in ("gelu", "relu")
        )
        assert n[f"eight_{task}_gelu"].mean == pytest.approx(math.exp((gelu - relu).mean()))
        tanh, relu = (values(rows, "test_accuracy", "draw", task=task, activation=name) for name in ("tanh", "relu"))
        assert same(n[f"eight_{task}_points"], tanh - relu, 100)


def test_numbers_of_many_layers():
    n = guide.numbers()
    deltas = values(stored("signal_depth"), "delta", activation="softplus", scheme="computed", depth=50)
    assert n["powers_softplus_computed"] == pytest.approx(deltas.mean()) and len(deltas) == n["delta_seeds"]
    rows = [row for row in stored("tanh_gains") if row["depth"] == 50 and row["optimizer"] == "adam"]
    best, one = (values(rows, "test_accuracy", gain=gain) for gain in (1.2, 1.0))
    assert same(n["tanh_middle_one"], best - one, 100)
    draws = [row for row in stored("deep_sigmoid", "draws") if row["rate"] == 0.003 and row["optimizer"] == "adam"]
    four, critical = (values(draws, "accuracy", start=start) for start in ("gain 4", "critical"))
    assert same(n["sigmoid_over_critical_low"], four - critical, 100)
    starts = stored("deep_starts")
    assert n["learn_sigmoid_eight"] == sum(
        values(starts, "accuracy_400", "draw", function="sigmoid", start="gain 8") > 0.8
    )
    leaky, plain = (
        [
            r
            for r in stored("dead_units", table)
            if (r["optimizer"], r["depth"], r["rate"], r["start"]) == ("adam", 8, 0.1, "he")
        ]
        for table in ("leaks", "dead_units")
    )
    silent = [
        values(rows, "first_end", **wanted) + values(rows, "deeper_end", **wanted)
        for rows, wanted in ((leaky, {"leak": 0.01}), (plain, {}))
    ]
    assert same(n["dead_leak"], silent[0] - silent[1], 100 / 128)


def test_the_sigmoid_at_its_own_size_loses_what_the_integral_says():
    z = np.linspace(-12, 12, 100_001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()

    def of(z):
        return 1 / (1 + np.exp(-z))

    size = 1.0
    for _ in range(100):
        size = 16 * (weight * of(math.sqrt(size) * z) ** 2).sum()
    value = of(math.sqrt(size) * z)
    lost = 24.5 * math.log10(16 * (weight * (value * (1 - value)) ** 2).sum())
    assert guide.numbers()["powers_sigmoid_fifty_four"] == pytest.approx(lost, abs=1e-4)


def test_numbers_of_images():
    n, runs, curves = guide.numbers(), stored("images", "runs"), stored("images", "curves")
    tuned = stored("images_tuned", "runs")
    selu, relu = (
        values(tuned, "test_accuracy", "draw", activation=name, optimizer="adam") for name in ("selu", "relu")
    )
    assert n["digits_selu"].mean == pytest.approx(100 * (selu - relu).mean())
    off = 100 * (selu - relu)
    half = FOUR_TOGETHER * off.std(ddof=1) / math.sqrt(len(off))
    assert len(off) == 5 and n["digits_selu"].half == pytest.approx(half, rel=1e-3)
    photos = {"network": "cnn", "task": "cifar10", "optimizer": "adam", "rate": 0.001}
    elu, relu = (values(runs, "test_accuracy", activation=name, **photos) for name in ("elu", "relu"))
    assert same(n["photos_elu"], elu - relu, 100)
    deep = {"network": "resnet50_narrow", "optimizer": "adam"}
    elu, relu = (
        np.array([row[-1] for row in values(curves, "batch_accuracy", activation=name, **deep)])
        for name in ("elu", "relu")
    )
    assert same(n["residual_adam_elu"], elu - relu, 100)
    shapes = [row for row in stored("adaptive", "runs") if row["study"] == "digits"]
    ten, relu = (
        np.array([row[-1] for row in values(shapes, "test_accuracy", arm=arm)]) for arm in ("apl_10", "relu")
    )
    assert same(n["shape_apl_10"], ten - relu, 100)
    assert n["shape_arms"] == len({row["arm"] for row in shapes}) - 1
    hinges, leak = (
        np.array(values(stored("matched", "runs"), "test_accuracy", arm=a)) for a in ("apl_zero", "leak_zero")
    )
    assert same(n["shape_matched"], hinges - leak, 100) and n["shape_pairs"] == len(hinges)


def test_numbers_of_text_and_gates():
    n, scratch, swaps = guide.numbers(), stored("scratch_rates", "runs"), stored("transformers", "swaps")
    at = {"recipe": "adam-cosine"}
    geglu, swiglu = (values(scratch, "test_loss", activation=name, **at) for name in ("geglu", "swiglu"))
    assert same(n["scratch_geglu_swiglu"], geglu - swiglu)
    plain = {"trained": "all", "rate": 5e-5, "warmup": 0, "updates": 64}
    fitted, bare = (
        np.mean([values(swaps, "accuracy", activation=a, start=s, **plain) for a in FAR], axis=0)
        for s in ("calibrated", "pretrained")
    )
    more = [
        np.mean([values(stored("swap_parts", "runs"), "accuracy", activation=a, part=p) for a in FAR], axis=0)
        for p in ("both", "none")
    ]
    fitted, bare = (np.append(*pair) for pair in zip((fitted, bare), more, strict=True))
    assert same(n["fitted_far"], fitted - bare, 100) and n["fitted_draws"] == len(fitted)
    gates = [row for row in stored("gate_tasks") if row["task"] == "corners"]
    logs = []
    for name in ("swiglu", "silu"):
        early = [row for row in gates if row["function"] == name and row["start"] < 5]
        tried = {r: np.median(values(early, "test_loss", "start", rate=r)) for r in {row["rate"] for row in early}}
        late = [row for row in gates if row["function"] == name and row["start"] >= 5]
        logs.append(np.log(values(late, "test_loss", "start", rate=min(tried, key=tried.get))))
    assert n["gate_corners_swiglu"].mean == pytest.approx(math.exp((logs[0] - logs[1]).mean()))


def test_numbers_of_formats_and_starts():
    n = guide.numbers()
    assert n["gain_relu"] == pytest.approx(2**0.5) and n["gain_sigmoid"] == pytest.approx(theory.gain("sigmoid"))
    assert n["bfloat16_exp"] == pytest.approx(88.72, abs=0.01)
    assert n["float16_square"] == pytest.approx(255.9, abs=0.1)
    assert n["powers_batch_norm_relu"] == pytest.approx(24.5 * math.log10(math.pi / (math.pi - 1)))
    assert n["gain_wide"] == pytest.approx(1.28) and n["first_loss"] == pytest.approx(6.9078, abs=1e-4)
    size = 1.0
    for _ in range(24):
        size *= 2**0.5 * 2**0.5  # two branches, each as large as the stream
    assert 10 ** n["powers_skips_plain"] == pytest.approx(size)
    # a + relu(W a), followed in its two numbers from inputs without a mean
    square, mean = 1.0, 0.0
    for _ in range(40):
        before = square
        step = math.sqrt(square / (2 * math.pi))
        square, mean = square + 2 * mean * step + square / 2, mean + step
    assert 49 / 2 * math.log10(square / before) == pytest.approx(n["powers_skip_relu"], rel=1e-3)


def test_numbers_of_tasks_and_bits():
    n, rows = guide.numbers(), stored("plasticity", "runs")
    (rate,) = (
        row["value"]
        for row in stored("plasticity", "chosen")
        if (row["function"], row["optimizer"], row["control"], row["by"]) == ("leaky_relu", "adam", "none", "first")
    )
    courses = values(rows, "online", function="leaky_relu", optimizer="adam", rate=rate)
    assert same(n["tasks_leaky"], courses[:, -3:].mean(1) - courses[:, :3].mean(1))
    assert n["tasks_leaky_last"] == pytest.approx(courses[:, -3:].mean()) and n["tasks"] == 16
    digits = stored("int8", "digits")
    relu, gelu = (values(digits, "decibels_tensor", function=name) for name in ("relu", "gelu"))
    assert same(n["bits_zeros"], relu - gelu) and n["bits_gelu"] == pytest.approx(gelu.mean())
    three = values(digits, "right_tensor", function="silu")[:, 3]
    assert n["bits_silu_3"] == pytest.approx(100 * (values(digits, "accuracy", function="silu") - three).mean())


def test_no_two_parts_name_one_number(monkeypatch):
    _measured.numbers.cache_clear()
    monkeypatch.setattr(_measured.cited, "found", lambda: {"gain_relu": 1.0})
    with pytest.raises(AssertionError):
        _measured.numbers()
    monkeypatch.undo()
    _measured.numbers.cache_clear()


# --- which answer fits best


def test_the_nearest_answer_names_most_choices_and_hangs_on_fewest_others():
    assert guide.nearest() == ()
    ids = {
        ("hidden", "small", "few", None): ["small-network"],
        ("hidden", "small", "few", "nothing"): ["eight-layers"],
        ("hidden", None, "many", "nothing"): ["deep-relu"],
        ("hidden", None, None, "norm"): ["normalised"],
    }
    for answers, expected in ids.items():
        given = dict(zip(("place", "task", "depth", "between"), answers, strict=True))
        found = guide.nearest(**{question: answer for question, answer in given.items() if answer})
        assert [leaf.id for leaf in found] == expected
    assert [leaf.id for leaf in guide.nearest(place="output", target="class", special="large")] == ["z-loss"]
    with pytest.raises(KeyError, match="no question 'colour'"):
        guide.nearest(colour="red")


def test_the_nearest_answers_are_among_those_that_fit():
    for question, (_, answers) in guide.questions.items():
        for answer in answers:
            best = guide.nearest(**{question: answer})
            assert best and set(leaf.id for leaf in best) <= {leaf.id for leaf in guide.fitting(**{question: answer})}
