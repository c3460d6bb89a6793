"""Softmax and its relatives against mpmath, torch and arithmetic by hand, above all where the formula breaks."""

import inspect
import itertools
import math

import numpy as np
import pytest
import torch
from mpmath import mp

from actlab.softmax import (
    log_softmax,
    logsumexp,
    naive_softmax,
    online_softmax,
    softmax,
    softmax_jacobian,
    sparsemax,
)

F64 = torch.float64
EPS = torch.finfo(F64).eps
TINY = torch.finfo(F64).tiny
DTYPES = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, F64], ids=str)
STABLE = [softmax, log_softmax, logsumexp, online_softmax]
EVERY = pytest.mark.parametrize("function", STABLE, ids=lambda function: function.__name__)
BOTH = pytest.mark.parametrize("function", [softmax, online_softmax], ids=lambda function: function.__name__)

ROWS = {
    "moderate": [0.3, -1.2, 2.0, 0.0, 1.9999],
    "one": [5.0],
    "equal": [2.5] * 7,
    "negative": [-3.0, -2.0, -7.5],
    "past the largest exp of float64": [1000.0, 1001.0, 1002.0],
    "past its smallest": [-1000.0, -1001.0, -1002.0],
    "far apart": [0.0, -800.0, 300.0, -20.0],
    "confident": [40.0, 0.0, -3.0],
    "more than confident": [0.0, -700.0],
    "near 1e300": [1e300, 1e300, -1e300],
    "past the difference of two": [1.7e308, -1.7e308, 0.0],
    "long": [math.sin(7.0 * i) * 30 for i in range(500)],
}
EVERY_ROW = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())


def truth(row):
    """Probabilities, their logarithms and the logsumexp of a row of floats, to 60 digits or more."""
    reach = max(row) - min(row)
    with mp.workdps(60 + (math.ceil(reach / 2) if reach < 1e4 else 400)):
        largest = mp.mpf(max(row))
        logsum = largest + mp.log(mp.fsum(mp.exp(mp.mpf(z) - largest) for z in row))
        logs = [mp.mpf(z) - logsum for z in row]
        return [mp.exp(p) for p in logs], logs, logsum


def assert_close(got, expected, allowed):
    """Each float within `allowed`, in units of EPS relative to the truth; what is below TINY may be 0."""
    for one, true, units in zip(got, expected, allowed, strict=True):
        assert not math.isnan(one)
        assert abs(mp.mpf(one) - true) <= units * EPS * abs(true) + TINY, f"{one!r}, true {mp.nstr(true, 20)}"


@BOTH
@EVERY_ROW
def test_probabilities_are_right_to_the_last_digits(function, row):
    p = function(torch.tensor(row, dtype=F64)).tolist()
    # z - max is rounded once, and exp makes a relative error of what was an absolute one
    assert_close(p, truth(row)[0], [8 + min(max(row) - z, 1e4) for z in row])


@EVERY_ROW
def test_log_probabilities_are_right_to_the_last_digits(row):
    got = log_softmax(torch.tensor(row, dtype=F64))
    logs = truth(row)[1]
    fits = [abs(one) <= torch.finfo(F64).max for one in logs]
    assert [math.isfinite(one) for one in got.tolist()] == fits
    nearest = sorted(max(row) - z for z in row)[1] if len(row) > 1 else 0.0  # how far the second lies below
    kept = [i for i, fit in enumerate(fits) if fit]
    assert_close([got[i].item() for i in kept], [logs[i] for i in kept], [8 + min(nearest, 1e4)] * len(kept))


@EVERY_ROW
def test_logsumexp_is_right_to_the_last_digits(row):
    got = logsumexp(torch.tensor(row, dtype=F64)).item()
    true = truth(row)[2]
    assert abs(mp.mpf(got) - true) <= 4 * EPS * max(abs(true), abs(max(row)))


def nearest_probabilities(row):
    """The point of the simplex that lies nearest to a row: of the faces, all of which are tried, the best."""
    points = []
    for size in range(1, len(row) + 1):
        for face in itertools.combinations(range(len(row)), size):
            t = (mp.fsum(row[i] for i in face) - 1) / size
            point = [row[i] - t if i in face else mp.mpf(0) for i in range(len(row))]
            if min(point) >= 0:
                points.append((mp.fsum((p - z) ** 2 for p, z in zip(point, row, strict=True)), point))
    return min(points)[1]


SHORT = {name: row for name, row in ROWS.items() if len(row) < 10}
SHORT |= {"a tie at the edge": [1.0, 0.0, 0.0, -0.5], "all share": [0.3, 0.1, 0.25, 0.2]}


@pytest.mark.parametrize("row", [[37.43, 0.0], [0.0, 40.0], [50.0, 0.0, 0.0], [1.0, 60.0, 2.0, 3.0], [800.0, 0.0]])
def test_the_gradient_of_a_sure_answers_logarithm_is_what_the_others_have(row):
    z = torch.tensor(row, dtype=torch.float64, requires_grad=True)
    sure = max(range(len(row)), key=row.__getitem__)
    (found,) = torch.autograd.grad(log_softmax(z)[sure], z)
    with mp.workdps(60):
        weights = [mp.exp(mp.mpf(entry)) for entry in row]
        others = mp.fsum(w for i, w in enumerate(weights) if i != sure)
        expected = [float((others if i == sure else -w) / mp.fsum(weights)) for i, w in enumerate(weights)]
    assert found.tolist() == pytest.approx(expected, rel=1e-14, abs=1e-320)


def test_the_gradient_of_sparsemax_at_nan_is_nan_and_stays_in_its_row():
    z = torch.tensor([[math.nan, 1.0], [0.0, 1.0]], requires_grad=True)
    (found,) = torch.autograd.grad(sparsemax(z)[:, 1].sum(), z)
    assert found[0].isnan().all() and found[1].isfinite().all()


def test_a_dim_may_be_a_whole_number_of_numpy():
    z = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(softmax(z, np.int64(0)), softmax(z, 0)) and torch.equal(softmax(z, (np.int64(1),)), softmax(z))


@pytest.mark.parametrize("row", SHORT.values(), ids=SHORT)
def test_sparsemax_is_the_nearest_point_of_all_faces_of_the_simplex(row):
    with mp.workdps(700):
        true = [float(p) for p in nearest_probabilities([mp.mpf(z) for z in row])]
    assert sparsemax(torch.tensor(row, dtype=F64)).tolist() == pytest.approx(true, rel=0, abs=4 * EPS)


def test_sparsemax_of_long_rows_is_what_bisection_finds_and_so_is_its_gradient():
    generator = torch.Generator().manual_seed(6)
    z = torch.randn(40, 300, dtype=F64, generator=generator)
    low, high = z.amax(1, keepdim=True) - 1, z.amax(1, keepdim=True)
    for _ in range(60):
        t = (low + high) / 2
        over = (z - t).clamp(min=0).sum(1, keepdim=True) > 1
        low, high = torch.where(over, t, low), torch.where(over, high, t)
    wanted = (z - high).clamp(min=0)
    p = sparsemax(z)
    torch.testing.assert_close(p, wanted, rtol=0, atol=1e-13)
    torch.testing.assert_close(sparsemax(z.T.contiguous(), 0).T, p, rtol=0, atol=0)
    end = torch.randn(40, 300, dtype=F64, generator=generator)
    shares = (wanted > 1e-12).to(F64)
    by_hand = shares * (end - (shares * end).sum(1, keepdim=True) / shares.sum(1, keepdim=True))
    (found,) = torch.autograd.grad(sparsemax(z.requires_grad_()), z, end)
    torch.testing.assert_close(found, by_hand, rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradgradcheck(lambda z: sparsemax(z).square(), z[:2, :5].detach().requires_grad_())


@DTYPES
def test_sparsemax_has_the_manners_of_its_family(dtype):
    inf, nan = math.inf, math.nan
    mask = torch.tensor([[True, True, False], [False, False, False], [True, False, False]])
    z = torch.tensor([[0.5, 0.25, 9.0], [1.0, 2.0, 3.0], [-inf, 0.0, 0.0]], dtype=dtype, requires_grad=True)
    p = sparsemax(z, mask=mask)
    assert p.tolist() == [[0.625, 0.375, 0], [0, 0, 0], [0, 0, 0]] and p.dtype == dtype
    (gradient,) = torch.autograd.grad(p[:, 0].sum(), z)
    assert gradient.tolist() == [[0.5, -0.5, 0], [0, 0, 0], [0, 0, 0]]
    odd = torch.tensor([[inf, 0.0], [nan, 0.0], [-inf, 0.0]], dtype=dtype)
    assert sparsemax(odd).tolist()[2] == [0, 1] and sparsemax(odd)[:2].isnan().all()
    assert sparsemax(torch.tensor(3.0, dtype=dtype)) == 1 and sparsemax(torch.empty(2, 0, dtype=dtype)).shape == (
        2,
        0,
    )
    flat = sparsemax(torch.tensor([[0.5, 0.25], [0.5, 0.0]], dtype=dtype), dim=None)
    assert flat.flatten().tolist() == pytest.approx([5 / 12, 2 / 12, 5 / 12, 0], abs=torch.finfo(dtype).eps)


def test_what_torch_rounds_away_is_kept():
    z = torch.tensor([40.0, 0.0], dtype=F64)
    rest = math.exp(-40)
    assert torch.log_softmax(z, -1)[0] == 0 and torch.log(torch.softmax(z, -1))[0] == 0
    assert log_softmax(z)[0].item() == pytest.approx(-rest, rel=1e-14, abs=0)
    assert softmax_jacobian(z).flatten().tolist() == pytest.approx([rest, -rest, -rest, rest], rel=1e-14, abs=0)


@DTYPES
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
def test_the_functions_are_those_of_torch(dtype, dim):
    z = (5 * torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(1))).to(dtype)
    for ours, theirs in [
        (softmax(z, dim), torch.softmax(z, dim)),
        (online_softmax(z, dim, block=2), torch.softmax(z, dim)),
        (log_softmax(z, dim), torch.log_softmax(z, dim)),
        (logsumexp(z, dim), torch.logsumexp(z, dim)),
        (logsumexp(z, dim, keepdim=True), torch.logsumexp(z, dim, keepdim=True)),
    ]:
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        # torch rounds a half once as well, and its exp in float32 and float64 has a few units of its own
        units = 2 if dtype in (torch.float16, torch.bfloat16) else 32
        torch.testing.assert_close(ours, theirs, rtol=units * torch.finfo(dtype).eps, atol=torch.finfo(dtype).eps)


def test_a_batch_has_rows_that_sum_to_one_along_each_dim_and_along_no_other():
    z = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], dtype=F64)
    along_rows, along_columns = softmax(z, 1), softmax(z, 0)
    assert along_rows.sum(1).tolist() == pytest.approx([1, 1], rel=4 * EPS, abs=0)
    assert along_columns.sum(0).tolist() == pytest.approx([1, 1, 1], rel=4 * EPS, abs=0)
    # without a dim, the whole batch would share one sum: half to each of two equal rows
    assert (torch.exp(z) / torch.exp(z).sum()).sum(1).tolist() == pytest.approx([0.5, 0.5], rel=4 * EPS, abs=0)
    assert softmax(z).equal(along_rows)


@DTYPES
@BOTH
def test_the_probabilities_sum_to_one_to_rounding(function, dtype):
    z = (20 * torch.randn(50, 200, generator=torch.Generator().manual_seed(2))).to(dtype)
    p = function(z)
    assert (p >= 0).all() and (p <= 1).all()
    # each of 200 entries is rounded once at the end
    assert (p.double().sum(-1) - 1).abs().max() <= 4 * torch.finfo(dtype).eps


@BOTH
def test_raising_all_logits_alike_changes_nothing(function):
    z = torch.tensor([0.25, -1.5, 3.0, 2.75], dtype=F64)
    for shift in (1024.0, -4096.0, 2.0**40):  # exact in float64, so that only the program can differ
        assert torch.equal(function(z + shift), function(z))
        assert torch.equal(log_softmax(z + shift), log_softmax(z))


@pytest.mark.parametrize(
    ("dtype", "last"),
    [(torch.float16, 11.0859375), (torch.bfloat16, 88.5), (torch.float32, 88.72283), (F64, 709.782712893384)],
    ids=str,
)
def test_the_formula_breaks_where_exp_does_and_the_program_does_not(dtype, last):
    z = torch.tensor([last, 0.0], dtype=dtype)
    beyond = torch.tensor([last * 1.01, 0.0], dtype=dtype)
    assert torch.exp(z).isfinite().all() and torch.exp(beyond).isinf().any()
    torch.testing.assert_close(naive_softmax(z), softmax(z))
    assert naive_softmax(beyond)[0].isnan()
    assert naive_softmax(-10 * beyond[:1]).isnan().all()  # 0 / 0
    for stable in STABLE:
        assert stable(beyond).isfinite().all() and stable(-beyond).isfinite().all()


def test_the_formula_is_right_where_it_does_not_break_and_stays_in_its_dtype():
    z = torch.randn(3, 5, generator=torch.Generator().manual_seed(3), dtype=F64)
    torch.testing.assert_close(naive_softmax(z, 0), torch.softmax(z, 0), rtol=8 * EPS, atol=0)
    # a thousand equal logits: each exp fits into float16 from far below, their sum does not
    many = torch.full((1000,), 5.0, dtype=torch.float16)
    assert torch.exp(many).isfinite().all() and not naive_softmax(many).any()
    assert softmax(many).tolist() == pytest.approx([1e-3] * 1000, rel=1e-3)


@DTYPES
def test_half_precision_is_the_rounded_truth(dtype):
    z = (30 * torch.randn(20, 50, generator=torch.Generator().manual_seed(4))).to(dtype)
    for function in STABLE:
        exact = function(z.double()).to(dtype)
        # rounding twice, float32 on the way, may miss the nearest number by one
        allowed = torch.finfo(dtype).eps if dtype in (torch.float16, torch.bfloat16) else 64 * torch.finfo(dtype).eps
        torch.testing.assert_close(function(z), exact, rtol=allowed, atol=torch.finfo(dtype).tiny)


@DTYPES
@EVERY
def test_no_finite_logits_give_nan(function, dtype):
    info = torch.finfo(dtype)
    far = [info.max, -info.max, info.max / 2, 1e4, -1e4, 0.0, info.tiny, -info.tiny]
    z = torch.tensor([[a, b, c] for a in far for b in far for c in far], dtype=dtype, requires_grad=True)
    out = function(z)
    assert not out.isnan().any()
    assert not (out == math.inf).any()
    (gradient,) = torch.autograd.grad(out[out.isfinite()].sum(), z)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64, 1000])
def test_one_pass_equals_two_passes_for_any_block(block):
    z = 50 * torch.randn(4, 7, 30, generator=torch.Generator().manual_seed(5), dtype=F64)
    for dim in (0, 1, 2):
        # sorted upwards, every block brings a new largest entry; downwards, none after the first
        for order in (z, z.sort(dim).values, z.sort(dim, descending=True).values):
            torch.testing.assert_close(
                online_softmax(order, dim, block=block), softmax(order, dim), rtol=1e-13, atol=0
            )


@pytest.mark.parametrize("block", [1, 2, 5])
def test_one_pass_has_the_gradient_of_two(block):
    z = torch.randn(3, 5, generator=torch.Generator().manual_seed(6), dtype=F64, requires_grad=True)
    weight = torch.randn(3, 5, generator=torch.Generator().manual_seed(7), dtype=F64)
    (ours,) = torch.autograd.grad((weight * online_softmax(z, block=block)).sum(), z)
    (theirs,) = torch.autograd.grad((weight * torch.softmax(z, -1)).sum(), z)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("block", [0, -1, 2.0, "2"])
def test_a_block_is_a_positive_whole_number(block):
    with pytest.raises(ValueError, match="block is a positive whole number of entries, got"):
        online_softmax(torch.ones(3), block=block)


@EVERY
def test_autograd_agrees_with_finite_differences_twice(function):
    z = torch.tensor([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]], dtype=F64, requires_grad=True)  # the second row ties
    for dim in (0, 1):
        assert torch.autograd.gradcheck(lambda z, dim=dim: function(z, dim), z)
        assert torch.autograd.gradgradcheck(lambda z, dim=dim: function(z, dim), z)


def test_the_gradient_of_the_loss_is_the_probabilities_minus_the_target():
    z = torch.tensor([1000.0, 1001.0, 998.0], dtype=F64, requires_grad=True)
    (gradient,) = torch.autograd.grad(-log_softmax(z)[2], z)
    exps = [math.exp(-1), 1.0, math.exp(-3)]
    expected = [one / sum(exps) - target for one, target in zip(exps, [0, 0, 1], strict=True)]
    assert gradient.tolist() == pytest.approx(expected, rel=1e-14)


MASK = torch.tensor([[True, False, True, True], [False, True, False, False], [False] * 4])


@DTYPES
def test_a_mask_leaves_the_rest_as_if_the_others_were_not_there(dtype):
    z = torch.tensor([[1.0, 9.0, -2.0, 0.5], [3.0, -4.0, 100.0, 0.0], [1.0, 2.0, 3.0, 4.0]], dtype=dtype)
    for function in (softmax, log_softmax, online_softmax):
        out = function(z, mask=MASK)
        absent = 0.0 if function is not log_softmax else -math.inf
        for i in (0, 1):
            assert torch.equal(out[i][MASK[i]], function(z[i][MASK[i]]))
        assert (out[~MASK] == absent).all()
        assert torch.equal(out, function(z.T, 0, MASK.T).T)
    total = logsumexp(z, mask=MASK)
    assert torch.equal(total[:2], torch.stack([logsumexp(z[i][MASK[i]]) for i in (0, 1)]))
    assert total[2] == -math.inf
    assert logsumexp(z, mask=MASK, keepdim=True).shape == (3, 1)


@pytest.mark.parametrize("block", [1, 2, 3, 4])
def test_a_mask_may_empty_any_block(block):
    z = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=F64)
    for bits in range(16):
        mask = torch.tensor([bool(bits >> i & 1) for i in range(4)])
        torch.testing.assert_close(
            online_softmax(z, mask=mask, block=block), softmax(z, mask=mask), rtol=4 * EPS, atol=0
        )


def test_a_mask_is_broadcast():
    z = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(8))
    keep = torch.tensor([True, True, False, True])
    assert torch.equal(softmax(z, mask=keep), softmax(z, mask=keep.expand(2, 3, 4)))
    rows = torch.tensor([[[True], [False], [True]]])
    assert torch.equal(softmax(z, mask=rows), softmax(z, mask=rows.expand(2, 3, 4)))


@DTYPES
@EVERY
def test_a_row_of_which_nothing_is_kept_is_no_distribution_and_no_nan(function, dtype):
    z = torch.tensor([1.0, -2.0, 3.0], dtype=dtype, requires_grad=True)
    for out in (
        function(z, mask=torch.zeros(3, dtype=torch.bool)),
        function(z.masked_fill(torch.ones(3, dtype=torch.bool), -math.inf)),
    ):
        absent = 0.0 if function in (softmax, online_softmax) else -math.inf
        assert (out == absent).all()
        (gradient,) = torch.autograd.grad(out.sum(), z)
        assert gradient.tolist() == [0, 0, 0]
    nothing = torch.full((3,), -math.inf, dtype=dtype, requires_grad=True)
    for out in (function(nothing), function(nothing, mask=torch.tensor([True, True, False]))):
        (gradient,) = torch.autograd.grad(out.sum(), nothing)
        assert gradient.tolist() == [0, 0, 0]


@EVERY
def test_minus_infinity_is_a_mask_of_its_own(function):
    values = [1.0, -math.inf, 3.0, -math.inf]
    z = torch.tensor(values, dtype=F64, requires_grad=True)
    filled = torch.tensor([1.0, 5.0, 3.0, 1e300], dtype=F64, requires_grad=True)
    kept = torch.tensor([math.isfinite(one) for one in values])
    assert torch.equal(function(z), function(filled, mask=kept))
    weight = torch.tensor([0.7, 0.0, -0.4, 0.0], dtype=F64)
    for leaf, out in [(z, function(z)), (filled, function(filled, mask=kept))]:
        out = out if out.dim() == 0 else (weight * out.masked_fill(~kept, 0)).sum()
        (gradient,) = torch.autograd.grad(out, leaf)
        assert gradient.isfinite().all() and gradient[kept].all()
        assert not gradient[~kept].any()


@EVERY
@pytest.mark.parametrize("hidden", [math.nan, math.inf, -math.inf, 1e308])
def test_what_lies_under_the_mask_is_never_seen(function, hidden):
    mask = torch.tensor([True, False, True])
    z = torch.tensor([1.0, hidden, 2.0], dtype=F64, requires_grad=True)
    out = function(z, mask=mask)
    assert torch.equal(out, function(torch.tensor([1.0, 0.0, 2.0], dtype=F64), mask=mask))
    (gradient,) = torch.autograd.grad(out[out.isfinite()].sum() if out.dim() else out, z)
    assert gradient.isfinite().all() and gradient[1] == 0


@pytest.mark.parametrize("row", [[0.0, math.inf], [math.inf, math.inf, 1.0], [-math.inf, math.inf]])
def test_plus_infinity_has_no_probability(row):
    z = torch.tensor([row, [1.0] * len(row)], dtype=F64)
    for function in (softmax, log_softmax, online_softmax):
        out = function(z)
        assert out[0].isnan().all()
        assert torch.equal(out[1], function(z[1]))
    assert logsumexp(z)[0] == math.inf


@EVERY
def test_nan_is_passed_on_along_its_row(function):
    out = function(torch.tensor([[1.0, math.nan], [1.0, 2.0]]))
    assert out[0].isnan().all() and out[1].isfinite().all()


@pytest.mark.parametrize("row", [[0.0, -800.0, -900.0], [7.0]], ids=["one takes everything", "one alone"])
@pytest.mark.parametrize("function", [softmax, online_softmax], ids=lambda f: f.__name__)
def test_no_logit_changes_anything_where_one_entry_has_all(function, row):
    # the weights add up to 1 exactly, where torch's clamp has let nothing through since 2.14
    jacobian = torch.func.jacrev(function)(torch.tensor(row, dtype=F64))
    assert jacobian.tolist() == torch.zeros(len(row), len(row)).tolist()


def test_the_jacobian_is_what_autograd_finds():
    z = torch.tensor([0.3, -1.0, 2.0, 0.3], dtype=F64)
    expected = torch.func.jacrev(lambda z: torch.softmax(z, 0))(z)
    got = softmax_jacobian(z)
    torch.testing.assert_close(got, expected, rtol=1e-13, atol=1e-16)
    assert torch.equal(got, got.T)
    assert got.sum(1).abs().max() <= 2 * EPS
    p = torch.softmax(z, 0)
    torch.testing.assert_close(got, torch.diag(p) - torch.outer(p, p), rtol=1e-13, atol=1e-16)
    assert softmax_jacobian(z.half()).dtype == torch.float16


def test_the_jacobian_takes_one_row():
    with pytest.raises(ValueError, match=r"softmax_jacobian takes logits of shape \(n,\), got \(2, 3\)"):
        softmax_jacobian(torch.ones(2, 3))


@pytest.mark.parametrize("z", [torch.tensor([1, 2]), torch.tensor([True]), torch.tensor([1j]), [1.0, 2.0], None])
@pytest.mark.parametrize("function", [*STABLE, naive_softmax, softmax_jacobian], ids=lambda f: f.__name__)
def test_anything_but_floats_is_refused_with_the_way_out(function, z):
    with pytest.raises(TypeError, match=rf"^{function.__name__} takes a tensor of floats, got .*torch\.as_tensor\(z"):
        function(z)


@pytest.mark.parametrize("function", [*STABLE, naive_softmax], ids=lambda f: f.__name__)
def test_a_dim_that_is_not_there_is_refused(function):
    z = torch.ones(2, 3)
    for dim in (2, -3):
        with pytest.raises(IndexError, match=rf"{function.__name__}: there is no dim {dim} in z of shape \(2, 3\)"):
            function(z, dim)
    with pytest.raises(IndexError, match=r"no dim 1 in z of shape \(\)"):
        function(torch.tensor(1.0), 1)
    with pytest.raises(TypeError, match=r"dim is the number of a dim, several in a tuple, or None for all; got 1\.0"):
        function(z, 1.0)
    with pytest.raises(TypeError, match=r"several in a tuple, or None for all; got \(\)"):
        function(z, ())
    with pytest.raises(ValueError, match=r"dim names one of z twice, got \(0, -2\)"):
        function(z, (0, -2))
    assert function(torch.ones(0, 4), 1).numel() == 0


@EVERY
def test_a_mask_that_does_not_fit_is_refused(function):
    z = torch.ones(2, 3)
    with pytest.raises(TypeError, match=r"mask is a tensor of bools, True for what is kept; got torch\.float32"):
        function(z, mask=torch.ones(2, 3))
    with pytest.raises(TypeError, match=r"tensor of bools.*got list"):
        function(z, mask=[True])
    for shape in [(3, 2), (2,), (4, 2, 3), (1, 1, 3)]:
        with pytest.raises(ValueError, match=r"a mask of shape .* does not fit z of shape \(2, 3\)"):
            function(z, mask=torch.ones(shape, dtype=torch.bool))


@pytest.mark.parametrize("dim", [None, (0,), (0, 2), (-1, 1), (2, 0, 1)])
@EVERY
def test_several_dims_compete_as_one(function, dim):
    z = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(10), dtype=F64)
    every = tuple(range(3)) if dim is None else dim
    total = torch.logsumexp(z, every, keepdim=True)
    expected = {logsumexp: total.squeeze(every), log_softmax: z - total}.get(function, torch.exp(z - total))
    torch.testing.assert_close(function(z, dim), expected, rtol=1e-13, atol=1e-15)
    mask = torch.tensor([True, False, True, True])[:, None]
    kept = z.masked_fill(~mask, -math.inf)
    torch.testing.assert_close(function(z, dim, mask), function(kept, dim), rtol=0, atol=0)


def test_logsumexp_of_several_dims_keeps_them_where_asked():
    z = torch.ones(2, 3, 4)
    assert logsumexp(z, (0, 2), keepdim=True).shape == (1, 3, 1)
    assert logsumexp(z, None, keepdim=True).shape == (1, 1, 1) and logsumexp(z, None).shape == ()


@pytest.mark.parametrize("dim", [0, -1, None])
@EVERY
def test_one_number_is_one_logit(function, dim):
    z = torch.tensor(3.0, dtype=F64, requires_grad=True)
    out = function(z, dim)
    (gradient,) = torch.autograd.grad(out, z)
    probability = {softmax: (1, 0), online_softmax: (1, 0), log_softmax: (0, 0), logsumexp: (3, 1)}[function]
    assert out.shape == () and (out.item(), gradient.item()) == probability


@EVERY
def test_of_nothing_there_are_no_probabilities(function):
    z = torch.ones(2, 0, dtype=F64, requires_grad=True)
    out = function(z)
    assert out.tolist() == ([-math.inf] * 2 if function is logsumexp else [[], []])
    assert torch.autograd.grad(out.sum(), z)[0].shape == (2, 0)
    assert function(torch.ones(0, 0), None).numel() == (1 if function is logsumexp else 0)


@EVERY
def test_a_dtype_is_cast_to_first(function):
    z = torch.tensor([1, 5, 2])
    for dtype in (torch.float16, F64):
        assert torch.equal(function(z, dtype=dtype), function(z.to(dtype)))
    with pytest.raises(TypeError, match=r"takes a tensor of floats, got torch\.int64"):
        function(z, dtype=torch.int64)


def test_the_gradient_is_right_where_it_cancels():
    z = torch.tensor([37.43, 0.0], dtype=F64, requires_grad=True)
    p = softmax(z)
    found = torch.stack([torch.autograd.grad(one, z, retain_graph=True)[0] for one in p])
    rest = float(mp.exp(-mp.mpf(37.43)) / (1 + mp.exp(-mp.mpf(37.43))) ** 2)
    expected = torch.tensor([[rest, -rest], [-rest, rest]], dtype=F64)
    torch.testing.assert_close(found, expected, rtol=1e-14, atol=0)
    torch.testing.assert_close(found, softmax_jacobian(z.detach()), rtol=1e-14, atol=0)


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp], ids=lambda function: function.__name__)
def test_one_tensor_of_floats_is_kept_for_backward(function):
    z = torch.randn(50, 40, generator=torch.Generator().manual_seed(11), requires_grad=True)
    kept = {}

    def keep(tensor):
        if tensor.numel() == z.numel() and tensor.is_floating_point():
            kept[tensor.data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        function(z)
    assert len(kept) == 1


@pytest.mark.parametrize("row", [[math.nan], [math.nan, 1.0], [1.0, math.nan]])
def test_the_gradient_of_logsumexp_at_nan_is_nan(row):
    z = torch.tensor(row, requires_grad=True)
    assert torch.autograd.grad(logsumexp(z), z)[0].isnan().all()


@EVERY
def test_the_input_is_left_as_it_was(function):
    z = torch.tensor([1.0, -math.inf, 2.0])
    function(z, mask=torch.tensor([True, True, False]))
    assert z.tolist() == [1.0, -math.inf, 2.0]


@EVERY
def test_functional_transforms_see_an_ordinary_function(function):
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(9), dtype=F64)
    torch.testing.assert_close(torch.func.vmap(function)(z), function(z), rtol=4 * EPS, atol=0)
    assert function(z.to("meta")).shape == function(z).shape


def test_a_view_gives_what_its_copy_gives():
    view = torch.linspace(-3, 3, 24, dtype=F64).reshape(6, 4).T[::2]
    assert not view.is_contiguous()
    for function in STABLE:
        assert torch.equal(function(view, 0), function(view.contiguous(), 0))


def test_a_reader_sees_the_program_itself():
    # wrapped for what may not be given, the functions still show their own lines and their own settings
    assert list(inspect.signature(softmax).parameters) == ["z", "dim", "mask", "dtype"]
    assert "(weights / total).scatter(dim, place, 1 / total)" in inspect.getsource(softmax)
