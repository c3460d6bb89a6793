import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from actlab import checks, data
from actlab.data import Split

DISK = data.disk(6, test=4)
SPIRALS = data.spirals(6, arms=3, test=4)


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)])
def test_a_whole_number_of_any_kind_is_an_int(value):
    found = checks.whole("steps", value)
    assert found == 3 and type(found) is int


@pytest.mark.parametrize(
    "value",
    [0, -1, 3.0, True, np.True_, torch.tensor(True), "3", None, [3], math.nan, 2**30 + 1, 10**5000, np.array([1, 2])],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_whole_number_in_range_is_refused_by_the_name_of_its_argument(value):
    with pytest.raises(ValueError, match=r"^steps must be positive, a whole number up to 1073741824, got steps="):
        checks.whole("steps", value)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), Fraction(1, 2)])
def test_a_real_number_of_any_kind_is_a_float(value):
    found = checks.number("momentum", value, 0, 1)
    assert found == 0.5 and type(found) is float


@pytest.mark.parametrize(
    "value", [-1, 1.1, math.nan, math.inf, 10**400, True, "0.5", None, 1j, Decimal("0.5")], ids=repr
)
def test_what_is_no_number_in_range_is_refused(value):
    with pytest.raises(ValueError, match=r"^momentum must be a number from 0 to 1, got momentum="):
        checks.number("momentum", value, 0, 1)


def test_the_largest_rate_is_one_that_adam_can_divide_by_a_tenth_in_its_dtype():
    assert checks.rate(3e37) == 3e37
    assert checks.rate(1e300, torch.float64) == 1e300
    for value, dtype in [
        (1e38, torch.float32),
        (1e308, torch.float64),
        (1e-39, torch.float32),
        (1e38, torch.float16),
    ]:
        with pytest.raises(ValueError, match="rate must be positive"):
            checks.rate(value, dtype)


def test_what_has_no_end_or_no_order_is_no_list():
    assert checks.listed("seeds", iter(range(3))) == [0, 1, 2]
    assert checks.listed("test_steps", {3}, ordered=False) == [3]
    for values in (
        itertools.count(),
        itertools.repeat(0),
        {1, 2},
        {1: 2},
        "12",
        3,
        None,
        torch.tensor(3),
        np.array(3),
    ):
        with pytest.raises(ValueError, match="seeds must be a list"):
            checks.listed("seeds", values)


def test_a_split_comes_back_without_a_copy_and_without_gradients():
    learned = DISK._replace(train_x=DISK.train_x.clone().requires_grad_())
    found, loss = checks.split(learned)
    assert loss == "bce" and checks.split(SPIRALS)[1] == "cross_entropy"
    assert [part.data_ptr() for part in found] == [part.data_ptr() for part in learned]
    assert not any(part.requires_grad for part in found)


def changed(split, **parts):
    return split._replace(**{name: change(getattr(split, name)) for name, change in parts.items()})


def spoiled(value):
    def change(part):
        part = part.clone()
        part.view(-1)[-1] = value
        return part

    return change


@pytest.mark.parametrize(
    ("given", "loss", "words"),
    [
        (tuple(DISK), None, "come as a data.Split"),
        (None, None, "come as a data.Split, got None"),
        (changed(DISK, train_x=lambda x: x.numpy()), None, "train_x must be a dense tensor, got a ndarray"),
        (changed(DISK, test_y=lambda y: None), None, "test_y must be a dense tensor, got a NoneType"),
        (
            changed(DISK, train_x=lambda x: x.to_sparse()),
            None,
            "train_x must be a dense tensor, got .* torch.sparse_coo",
        ),
        (changed(DISK, test_x=lambda x: x.to("meta")), None, "test_x must be a dense tensor, got .* on meta"),
        (changed(DISK, train_x=lambda x: x + 0j), None, "train_x must be floats or integers, got torch.complex64"),
        (changed(DISK, train_x=lambda x: x > 0), None, "train_x must be floats or integers, got torch.bool"),
        (
            changed(DISK, train_y=lambda y: y + 0j),
            None,
            "train_y must be floats, bools, or integers for classes, got torch.complex64",
        ),
        (changed(DISK, train_y=lambda y: y > 0), None, "train_y and test_y must be alike but for their number"),
        (changed(DISK, train_y=lambda y: y.int()), None, "train_y and test_y must be alike but for their number"),
        (changed(DISK, train_x=lambda x: x[:, :0]), None, r"a number for each, got torch.float32 of shape \(6, 0\)"),
        (changed(DISK, test_x=lambda x: x[:0], test_y=lambda y: y[:0]), None, "test_x must have at least one point"),
        (changed(DISK, train_y=lambda y: y[:1]), None, "train_x has 6 points, and train_y labels for 1"),
        (changed(DISK, test_y=lambda y: y[:1]), None, "test_x has 4 points, and test_y labels for 1"),
        (changed(DISK, test_x=lambda x: x[:, :1]), None, "train_x and test_x must be alike but for their number"),
        (changed(DISK, test_y=lambda y: y.long()), None, "train_y and test_y must be alike but for their number"),
        (Split(*(part.double() if part.ndim == 2 else part for part in DISK)), None, "floats of one dtype"),
        (changed(DISK, train_x=spoiled(math.nan)), None, "train_x must be finite"),
        (changed(DISK, test_x=spoiled(math.inf)), None, "test_x must be finite"),
        (changed(DISK, train_y=spoiled(-math.inf)), "mse", "train_y must be finite"),
        (changed(DISK, train_y=spoiled(0.5)), None, "the labels of bce are 0 and 1, got others in train_y"),
        (changed(DISK, test_y=spoiled(2.0)), "brier", "the labels of brier are 0 and 1, got others in test_y"),
        (DISK, "cross_entropy", "the labels of cross_entropy are integers, class numbers, got torch.float32"),
        (SPIRALS, "mse", "the labels of mse are floats, got torch.int64"),
        # torch would leave such a point out of the mean
        (changed(SPIRALS, train_y=spoiled(-100)), None, "count from 0, got -100 in train_y"),
    ],
)
def test_points_and_labels_that_do_not_fit_are_refused(given, loss, words):
    with pytest.raises(ValueError, match=words):
        checks.split(given, loss)


@pytest.mark.parametrize(
    ("given", "loss", "shape"),
    [
        (DISK, "bce", (2,)),
        (DISK, "mse", (1,)),
        (changed(DISK, train_y=lambda y: y[:, None], test_y=lambda y: y[:, None]), "mse", ()),
        (SPIRALS, "cross_entropy", ()),
        (SPIRALS, "cross_entropy", (1,)),
        (SPIRALS, "cross_entropy", (2,)),
        (SPIRALS, "cross_entropy", (4, 3)),
    ],
)
def test_outputs_that_the_labels_do_not_answer_are_refused(given, loss, shape):
    with pytest.raises(ValueError, match="outputs"):
        checks.outputs(given, loss, shape)


def test_outputs_that_fit_are_let_through():
    checks.outputs(DISK, "bce", ())
    checks.outputs(SPIRALS, "cross_entropy", (3,))
    checks.outputs(SPIRALS, "cross_entropy", (5,))
    pairs = Split(*(part if part.ndim == 2 else torch.stack([part, part], 1) for part in DISK))
    checks.outputs(pairs, "mse", (2,))
