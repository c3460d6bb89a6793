import math

import pytest
import torch

from actlab import data

TASKS = {"disk": data.disk, "spirals": data.spirals}
RANDOM_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def test_the_disk_is_labelled_by_the_unit_circle():
    split = data.disk(50, test=20)
    for x, y in [(split.train_x, split.train_y), (split.test_x, split.test_y)]:
        inside = [float(math.hypot(*point) < 1) for point in x.tolist()]
        assert y.tolist() == inside
    assert set(split.train_y.tolist()) == {0.0, 1.0}


def test_the_disk_holds_half_of_the_points():
    n = 200_000
    share = data.disk(n, test=1).train_y.double().mean().item()
    assert abs(share - 1 / 2) < 4 * math.sqrt(1 / 4 / n)  # four standard deviations of a binomial share


def test_a_coordinate_of_the_disk_is_normal_with_the_variance_that_halves_it():
    n = 200_000
    x = data.disk(n, test=1, dtype=torch.float64).train_x
    variance = 1 / (2 * math.log(2))
    for coordinate in x.T:
        assert abs(coordinate.mean()) < 4 * math.sqrt(variance / n)
        assert abs(coordinate.var() / variance - 1) < 4 * math.sqrt(2 / n)
        kurtosis = ((coordinate - coordinate.mean()) ** 4).mean() / coordinate.var() ** 2
        assert abs(kurtosis - 3) < 4 * math.sqrt(24 / n)
    assert abs(torch.corrcoef(x.T)[0, 1]) < 4 / math.sqrt(n)


def test_xor_is_the_four_corners():
    split = data.xor()
    points = [tuple(point) for point in split.train_x.tolist()]
    assert dict(zip(points, split.train_y.tolist(), strict=True)) == {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}
    assert torch.equal(split.test_x, split.train_x)
    assert torch.equal(split.test_y, split.train_y)


@pytest.mark.parametrize("arms", [1, 2, 3, 5])
@pytest.mark.parametrize("turns", [0.5, 1.0, 2.0])
def test_a_point_lies_on_the_arm_of_its_label(arms, turns):
    split = data.spirals(300, arms=arms, turns=turns, noise=0, dtype=torch.float64)
    assert set(split.train_y.tolist()) == set(range(arms))
    radius = split.train_x.norm(dim=1)
    assert radius.min() >= 0.1 and radius.max() <= 1
    assert radius.min() < 0.12 and radius.max() > 0.98
    turned = torch.atan2(split.train_x[:, 1], split.train_x[:, 0]) / (2 * math.pi) - turns * radius
    off = turned * arms - split.train_y  # whole arms, in turns of the circle
    torch.testing.assert_close(off / arms, (off / arms).round(), rtol=0, atol=1e-12)


def test_the_noise_of_the_spirals_is_its_standard_deviation():
    clean, noisy = (data.spirals(20_000, noise=noise, test=1, dtype=torch.float64) for noise in (0, 0.2))
    assert torch.equal(clean.train_y, noisy.train_y)
    added = (noisy.train_x - clean.train_x).flatten()
    assert abs(added.mean()) < 4 * 0.2 / math.sqrt(len(added))
    assert abs(added.std() / 0.2 - 1) < 4 / math.sqrt(2 * len(added))


def test_the_arms_of_the_spirals_get_equal_shares():
    n, arms = 60_000, 3
    counts = torch.bincount(data.spirals(n, arms=arms, test=1).train_y, minlength=arms)
    assert (counts / n - 1 / arms).abs().max() < 4 * math.sqrt((1 / arms) * (1 - 1 / arms) / n)


@RANDOM_TASK
def test_the_same_seed_gives_the_same_points_and_another_seed_others(task):
    first, again, other = task(40, seed=3), task(40, seed=3), task(40, seed=4)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.train_x, other.train_x)
    assert not torch.equal(task(40).train_x, first.train_x)


@RANDOM_TASK
def test_the_global_generator_is_neither_read_nor_moved(task):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = task(10)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(task(10).train_x, first.train_x)


@RANDOM_TASK
def test_no_point_is_in_both_parts(task):
    split = task(500, test=500)
    train, test = ({tuple(point) for point in x.tolist()} for x in (split.train_x, split.test_x))
    assert len(train) == len(test) == 500
    assert not train & test


@RANDOM_TASK
def test_sizes_and_defaults(task):
    split = task(7, test=5)
    assert [tuple(part.shape) for part in split] == [(7, 2), (7,), (5, 2), (5,)]
    assert len(task().test_x) == 2000
    assert len(data.disk().train_x) == 1000
    assert len(data.spirals().train_x) == 600


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_labels_have_the_type_that_the_losses_want(dtype):
    for split in (data.disk(5, test=5, dtype=dtype), data.xor(dtype=dtype)):
        assert {part.dtype for part in split} == {dtype}
    split = data.spirals(5, test=5, dtype=dtype)
    assert [part.dtype for part in split] == [dtype, torch.int64, dtype, torch.int64]


@pytest.mark.parametrize(
    ("task", "counts", "named"),
    [
        (data.disk, {"n": 0}, "n"),
        (data.disk, {"test": 0}, "test"),
        (data.disk, {"n": -3}, "n"),
        (data.spirals, {"n": 0}, "n"),
        (data.spirals, {"test": -1}, "test"),
        (data.spirals, {"arms": 0}, "arms"),
    ],
)
def test_a_count_below_one_is_refused_by_name(task, counts, named):
    with pytest.raises(ValueError, match=rf"^{named} must be at least 1, got {counts[named]}$"):
        task(**counts)
