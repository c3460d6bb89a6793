"""What chapter 6 and its pages show of softmax, against mpmath, numpy, autograd and counts made by hand."""

import math

import mpmath
import numpy as np
import pytest
import torch

from actlab import softmax
from actlab.scenes import softmax as scene

F64 = torch.float64
FORMATS = pytest.mark.parametrize("format", list(scene.FORMATS))


@pytest.fixture(autouse=True)
def single(one_thread):
    """What is added up does not depend on the number of threads."""


# ---- formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["float16", "float32", "float64"])
def test_a_format_reaches_as_far_as_numpy_finds(format):
    low, high = scene.reach(scene.FORMATS[format])
    number = np.dtype(format).type
    with np.errstate(over="ignore", under="ignore"):
        assert np.isfinite(np.exp(number(high))) and np.exp(number(low)) > 0
        assert np.isinf(np.exp(number(high) + 2 * np.spacing(number(high))))
        assert np.exp(number(low) - 2 * abs(np.spacing(number(low)))) == 0


def test_the_first_screen_opens_where_one_logit_is_too_large_and_says_what_is_true():
    player = scene.first_screen(tops=(2, 12))
    assert repr(player) == "player: format x top, 8 frames"
    frames = [frame.value for stack in player.children[1].children for frame in stack.children]
    assert "as written nan, 0.00, 0.00; stable 0.67, 0.24, 0.09" in frames[1]  # float16, 12
    assert "as written 0.67, 0.24, 0.09; stable 0.67, 0.24, 0.09" in frames[5]  # float32, 12
    assert [knob.index for knob in player.children[0].children] == [0, 1]


def test_the_three_ways_are_lost_by_the_formula_and_by_no_shifted_program():
    lost = [row[3:] for row in scene.lost_table(softmax.naive_softmax).rows]
    assert lost == [("nan", "nan"), ("nan", "nan"), ("0.0000", "0.00")]
    kept = [row[3:] for row in scene.lost_table(softmax.softmax).rows]
    assert kept == [("0.0900", "1.00"), ("0.6652", "1.00"), ("0.0010", "1.00")]


def test_the_classifier_descends_the_loss_of_its_logits():
    losses, W, largest = scene.trained(softmax.log_softmax, steps=1, rate=1.0)
    assert losses == [pytest.approx(math.log(3), rel=1e-6)]  # weights of 0 know nothing
    assert largest == 0 and W.shape == (2, 3)
    # p - y by hand: a third each, less 1 at the right class
    generator, label = torch.Generator().manual_seed(0), torch.arange(300) % 3
    x = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]])[label] + 10 * torch.randn(300, 2, generator=generator)
    off = torch.full((300, 3), 1 / 3) - torch.eye(3)[label]
    torch.testing.assert_close(W, -(x.T @ off) / 300)


def test_the_formula_loses_all_weights_in_two_steps():
    losses, W, _ = scene.trained(lambda z: torch.log(softmax.naive_softmax(z)), steps=2)
    assert math.isfinite(losses[0]) and math.isnan(losses[1]) and W.isnan().all()


def test_the_batch_test_passes_what_goes_row_by_row_and_nothing_else():
    assert scene.keeps_rows_apart(softmax.softmax) and scene.keeps_rows_apart(lambda z: z / z.sum(-1, keepdim=True))
    assert not scene.keeps_rows_apart(scene.whole_maximum) and not scene.keeps_rows_apart(scene.no_keepdim)
    assert not scene.keeps_rows_apart(lambda z: softmax.softmax(z, dim=0))


def test_a_table_of_batches_says_which_program_is_none():
    rows = scene.axis_table(lambda z: torch.full_like(z, 0.25), softmax.softmax).rows
    assert rows[0] == ("whole array", "0.50, 0.50", "0.50, 0.50", "0.50, 0.50", "passes")
    assert [row[-1] for row in rows[1:]] == ["fails", "fails", "passes"]
    assert rows[3][1:4] == ("1.00, 1.00",) * 3


def test_what_is_stored_in_bfloat16_is_wrong_as_much_as_its_rounded_logits_are():
    # near 100 its numbers are 0.5 apart: 102.2, 101.1, 100.3 become 102, 101, 100.5
    rounded, true = (np.exp(np.array(z)) / np.exp(np.array(z)).sum() for z in ([2, 1, 0.5], [2.2, 1.1, 0.3]))
    assert scene.stored((2.2, 1.1, 0.3), 100, torch.bfloat16) == pytest.approx(np.abs(rounded / true - 1).max())
    assert scene.stored((2.2, 1.1, 0.3), 0, F64) == 0


# ---- the loss ---------------------------------------------------------------------------------------------------


def test_the_programs_for_the_loss_end_where_their_exponentials_do():
    ends = scene.loss_ends()
    assert ends["from the logits"] == ends["log(p + 1e-8), float32"] == 130
    assert ends["log(formula), float16"] == math.floor(4 * math.log(65504)) / 4
    assert ends["log(formula), float32"] == math.floor(4 * math.log(np.finfo(np.float32).max)) / 4
    smallest = float(np.finfo(np.float32).smallest_subnormal)
    assert ends["log(stable softmax), float32"] == math.floor(-4 * math.log(smallest / 2)) / 4


@pytest.mark.parametrize("gap", [1.0, 17.0, 18.42, 23.0])
def test_the_patch_leaves_p_over_p_plus_itself_of_the_gradient(gap):
    loss, left = scene.left_by_the_patch(gap)
    with mpmath.workdps(40):
        p = 1 / (1 + mpmath.exp(gap))
        assert loss == pytest.approx(float(-mpmath.log(p + mpmath.mpf("1e-8"))), rel=1e-12)
        assert left == pytest.approx(float(p / (p + mpmath.mpf("1e-8"))), rel=1e-6)


def test_each_wrong_logarithm_fails_in_a_row_of_its_own():
    table = scene.log_table(softmax.softmax, softmax.log_softmax)
    assert table.rows[0][1:] == ("inf", "800.0000", "800.0000", "800.0000")
    assert table.rows[1][1:] == (f"{math.log(2):.4f}", "0.0000", f"{math.log(2):.4f}", f"{math.log(2):.4f}")


def test_a_second_softmax_leaves_a_loss():
    assert scene.certain_and_right() == pytest.approx((0, math.log(1 + 9 / math.e)), abs=1e-12)


# ---- masks ------------------------------------------------------------------------------------------------------


def test_a_number_hides_what_lies_above_it_and_shows_what_lies_below():
    for kept in (-9990.0, -9999.0, -10001.0, -10010.0):
        right = 1 / (1 + math.exp(kept + 1e4))  # the sigmoid of the difference
        assert scene.leaked([kept], [3.0], "-1e4") == pytest.approx(right, rel=1e-3)
        assert scene.leaked([kept], [3.0], "-1e4", added=True) == pytest.approx(
            1 / (1 + math.exp(kept + 9997)), rel=1e-3
        )
        assert scene.leaked([kept], [3.0], "bools") == scene.leaked([kept], [3.0], "lowest") == 0


def test_the_scores_of_pythia_lie_below_its_mask():
    assert max(scene.PYTHIA) < -1e5
    assert scene.leaked(scene.PYTHIA, [0.0] * 3, "-1e5") == 1
    assert scene.leaked(scene.PYTHIA, [0.0] * 3, "-1e9") == 0


@pytest.mark.parametrize("format", ["float16", "float32", "float64"])  # numpy has no bfloat16
def test_an_empty_row_is_what_numpy_makes_of_the_same_sum(format):
    number = np.dtype(format).type
    for fill in ("-1e4", "-1e9", "lowest", "-inf"):
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.finfo(number).min if fill == "lowest" else number(float(fill))
            z = np.array([-20, 1, 2], dtype=number) + size
            weights = np.exp((z - z.max()).astype(np.float64))
            right = weights / weights.sum()
        np.testing.assert_allclose(scene.empty_row(fill, scene.FORMATS[format]).double(), right, atol=1e-3)


@FORMATS
def test_an_empty_row_of_bools_is_zero_and_a_mask_laid_twice_is_lost(format):
    dtype = scene.FORMATS[format]
    assert scene.empty_row("bools", dtype).tolist() == [0, 0, 0]
    assert scene.empty_row("lowest twice", dtype).isnan().all()


# ---- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [[3.0], [-700.0, 900.0, 899.0], [5.0] * 20])
def test_the_running_pair_is_the_largest_and_its_sum(row):
    m, s = scene.running(iter(row))  # an iterator: it can be read once
    assert m == max(row) and s == pytest.approx(math.fsum(math.exp(x - max(row)) for x in row), rel=1e-14)


def test_loops_read_as_often_as_they_say():
    counts = {name.split(", ")[1]: scene.reads(loop, n=7) for name, loop in scene.LOOPS.items()}
    words = {"one": 1, "two": 2, "three": 3}
    for name, (read, written) in counts.items():
        assert read == words[name.split()[0]], name
        assert written == (name != "one loop")
    with pytest.raises(TypeError, match="reads its row 0 times"):
        scene.reads(lambda z, values: [0.0])


def test_the_loops_agree_with_numpy():
    z, values = np.random.default_rng(0).normal(size=(2, 30)) * 5
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    for name, loop in scene.LOOPS.items():
        right = [p @ values] if "at once" in name else p
        np.testing.assert_allclose(loop(list(z), list(values)), right, rtol=1e-12)


def test_torch_operations_are_counted_one_by_one():
    assert scene.touched(lambda z: z + z) == (2, 1)
    assert scene.touched(lambda z: z.sum()) == (1, 0)  # a single number does not count
    assert scene.touched(lambda z: (2 * z).exp()) == (2, 2)
    assert scene.touched(scene.shifted) == (5, 3)


def test_the_largest_changes_as_often_as_the_harmonic_number_says():
    mean, error = scene.records(100, rows=2000)
    assert abs(mean - sum(1 / k for k in range(1, 101))) < 4 * error and error < 0.1
    assert scene.records(1, rows=10) == (1, 0)


# ---- slope ------------------------------------------------------------------------------------------------------


def test_two_gradients_are_autograds():
    gaps = torch.tensor([0.5, 4.0, 12.0], dtype=F64)
    cross, squared, largest = scene.gradient_sizes(gaps)
    for i, gap in enumerate(gaps.tolist()):
        z = torch.tensor([gap, 0.0, 0.0, 0.0], dtype=F64, requires_grad=True)
        y = torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=F64)
        (one,) = torch.autograd.grad(torch.nn.functional.cross_entropy(z, torch.tensor(1)), z)
        (two,) = torch.autograd.grad((torch.softmax(z, 0) - y).square().sum() / 2, z)
        assert cross[i].item() == pytest.approx(one.norm().item(), rel=1e-9)
        assert squared[i].item() == pytest.approx(two.norm().item(), rel=1e-9)
        J = torch.autograd.functional.jacobian(lambda z: torch.softmax(z, 0), z.detach())
        assert largest[i].item() == pytest.approx(np.linalg.norm(J.numpy(), 2), rel=1e-9)


def test_logits_part_as_one_equation_for_their_gap_says():
    # of n logits, one right, only the gap g matters: it grows by rate * (1 + 1 / (n - 1)) * (1 - p) a step
    n, gap = 10, 0.0
    for _ in range(50):
        rest = (n - 1) / (n - 1 + math.exp(gap))
        gap += 0.5 * rest * n / (n - 1)
    found = scene.gap_by_step(torch.eye(n, dtype=F64)[0], steps=(50,))
    assert found[50] == pytest.approx(gap, rel=1e-12)


def test_a_smoothed_target_is_where_the_gap_comes_to_rest():
    target = torch.tensor([0.7, 0.2, 0.1], dtype=F64)
    assert scene.gap_by_step(target, steps=(5000,))[5000] == pytest.approx(math.log(3.5), rel=1e-9)


def test_more_points_on_an_axis_leave_less_for_each_and_the_ratio_as_it_was():
    (few, ratio), (many, same) = scene.squeezed(11), scene.squeezed(101)
    points = np.exp(np.linspace(-2, 2, 11))
    assert few == pytest.approx(points[-1] / points.sum()) and many < few / 8
    assert ratio == pytest.approx(math.exp(2)) and same == pytest.approx(math.exp(2))


def test_attention_is_looked_at_row_by_row():
    found = scene.attention_seen(16, draws=1)[0]
    z = scene.attention_logits(16, 0).numpy()
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    assert found[1].item() == pytest.approx((z.max(1) > math.log(65504)).mean(), abs=0.006)
    assert found[2].item() == pytest.approx(p.max(1).mean()) and found[4].item() == pytest.approx(
        1 - (p**2).sum(1).mean()
    )
    assert found[0].item() == pytest.approx(16, rel=0.2)


# ---- digits -----------------------------------------------------------------------------------------------------


def test_fifty_digits_agree_with_mpmath():
    row = [0.1, 700.0, 699.5, -3.0]
    with mpmath.workdps(60):
        weights = [mpmath.exp(z) for z in row]
        right = [float(w / mpmath.fsum(weights)) for w in weights]
    assert scene.exact(row) == right


def test_ulps_count_the_numbers_in_between():
    true = torch.tensor([0.75, 0.3], dtype=F64)
    found = true.float()
    for _ in range(5):
        found = torch.nextafter(found, torch.tensor(1.0))
    exactly = scene.ulps(found, true.float().double())
    assert exactly.tolist() == [5, 5]


def test_the_refund_is_exact_where_numpy_adds_in_more_digits():
    z = scene.rows_of(10, torch.float32, rows=20)
    errors = [scene.worst(program, z) for program in (scene.shifted, scene.refunded)]
    assert errors[1] < 5 < errors[0]
    m = z.amax(-1, keepdim=True)
    right = torch.exp(z.double() - m.double()).float()
    right = right / right.sum(-1, keepdim=True)
    torch.testing.assert_close(scene.refunded(z), right, rtol=5e-7, atol=0)


def test_a_loop_of_ones_sticks_at_two_over_the_gap():
    assert scene.one_by_one(torch.bfloat16, 500) == 2 * 2**7
    assert scene.one_by_one(torch.float16, 3000) == 2 * 2**10
    assert scene.one_by_one(torch.float32, 500) == 500


def test_sums_are_off_one_by_what_the_format_rounds():
    off = {name: scene.off_one(dtype).max().item() for name, dtype in scene.FORMATS.items()}
    assert off["float64"] < 1e-15 < off["float32"] < 1e-6 < off["float16"] < 1e-3 < off["bfloat16"] < 2**-7


def test_the_error_of_a_long_sum_in_two_passes_is_that_of_a_loop():
    # both in float16; numpy's loop is the oracle
    (found,) = scene.sum_errors(torch.float16, one_pass=False, lengths=(40,))
    logits = torch.randn(50, 40, generator=torch.Generator().manual_seed(40)).half().numpy()
    errors = []
    for row in logits:
        total = np.float16(0)
        for z in row:
            total += np.exp((z - row.max()).astype(np.float16)).astype(np.float16)
        wide = row.astype(np.float64)
        true = np.exp(wide - wide.max()).sum()
        errors.append(abs(total - true) / true)
    assert found == pytest.approx(sorted(errors)[24], rel=0.2)  # torch's median of 50 is the 25th


# ---- the lab ----------------------------------------------------------------------------------------------------


def test_the_truth_of_the_lab_is_mpmaths():
    z = [100.0, -800.0, 3.0]
    with mpmath.workdps(60):
        weights = [mpmath.exp(v) for v in z]
        total = mpmath.fsum(weights)
        right = {
            "softmax": [w / total for w in weights],
            "log": [mpmath.log(w / total) for w in weights],
            "lse": [mpmath.log(total)],
            "loss": [-mpmath.log(weights[0] / total)],
            "masked": [weights[0] / (weights[0] + weights[1]), weights[1] / (weights[0] + weights[1]), 0],
            "sigmoid": [mpmath.log(1 + mpmath.exp(-z[0]))],
        }
    assert right.keys() == scene.LAB.keys()
    for program, values in right.items():
        assert scene.truth(program, z).tolist() == pytest.approx([float(v) for v in values], rel=1e-12), program


def test_the_judge_tells_four_kinds_apart():
    true = torch.tensor([1.0, 2.0], dtype=F64)
    cases = {"right": [1.04, 2.0], "wrong": [1.06, 2.0], "inf": [math.inf, 2.0], "nan": [math.nan, math.inf]}
    assert {scene.verdict(torch.tensor(found), true): name for name, found in cases.items()} == {n: n for n in cases}
    assert scene.verdict(torch.tensor([1e-5]), torch.tensor([0.0], dtype=F64)) == "right"


def test_every_program_of_the_lab_is_lost_in_every_format_and_its_stable_one_in_none():
    written, stable = scene.judge(0), scene.judge(1)
    assert set(stable.values()) == {"right"} and len(stable) == 10 * 6 * 4
    for program in scene.LAB:
        for name in scene.FORMATS:
            assert written["1, 2, 3", program, name] == "right"
            assert {written[row, program, name] for row in scene.KILLERS} > {"right"}
    assert written["1000 fives", "softmax", "float16"] == "wrong"  # the silent one
    assert (
        written["12, 0, 0", "softmax", "float16"] == "nan" and written["12, 0, 0", "softmax", "bfloat16"] == "right"
    )
