"""The transformer study: its tables are whole, its settings train at a tiny size, and what it refuses."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import torch
from recipes import recipe_of

from actlab import experiments, results
from actlab.experiments import Characters, Swap, _transformers, characters, eleven, transformers
from actlab.networks import _text

pytestmark = pytest.mark.usefixtures("one_thread")
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None or importlib.util.find_spec(_text.PACKAGE) is None,
    reason="needs the extra transformers",
)
TINY = {"updates": 4, "rows": 2, "batch_size": 4, "sentences": 64, "test": 12, "watched": 8, "longest": 8}


@pytest.fixture(scope="module")
def recipe():
    return recipe_of("transformers")


# --- what is stored


def test_every_run_is_stored_once(recipe):
    rows = results.load("transformers", "swaps")
    keys = [tuple(row[name] for name in (*recipe.VARIED, "seed")) for row in rows]
    assert len(set(keys)) == len(keys)
    asked = {
        (*(getattr(setting, name) for name in recipe.VARIED), seed)
        for _, study in recipe.studies()
        for setting in study.settings
        if isinstance(setting, Swap)
        for seed in study.seeds
    }
    assert set(keys) == asked


def test_shares_and_scores_agree_with_each_other():
    for row in results.load("transformers", "swaps"):
        assert row["majority"] >= 0.5 and row["n"] == 600
        if row["positive"] in (0, 1):  # one answer for all: its score is known
            right = {row["majority"], round(1 - row["majority"], 4)}
            assert min(abs(row["accuracy"] - share) for share in right) < 1e-3
            p = row["accuracy"]
            assert row["f1"] == pytest.approx(2 * p**2 / (1 + p), abs=2e-3)


def test_looks_have_a_number_for_each_block():
    for row in results.load("transformers", "looks"):
        assert len(row["ratio"]) == len(row["cosine"]) == 6 and len(row["gradient"]) == 8
        assert all(-1 <= cosine <= 1.0001 for cosine in row["cosine"])


def test_losses_from_scratch_begin_at_the_alphabet_and_fall():
    letters = len(_transformers._alphabet()) + 1
    for row in results.load("transformers", "scratch"):
        # a first logit has a variance of 1/3, and few characters make up most of the text: one deviation either way
        assert row["losses"][0] == pytest.approx(np.log(letters), abs=3**-0.5)
        assert row["losses"][-1] == row["test_loss"] < row["bigram"]


# --- what trains


@needs_weights
@pytest.mark.parametrize("start", ["pretrained", "calibrated", "fresh", "random"])
def test_a_tiny_run_of_each_start(start):
    setting = Swap("tanh", start, **TINY)
    course, more = setting.course(0, "cpu")
    assert course.norms.shape == (2, 8) and course.test_loss.shape == (3,)
    assert more["ratio"].shape == more["cosine"].shape == (2, 6) and more["gradient"].shape == (2, 8)
    assert more["answers"].sum() == 12 and np.isfinite(more["gradient"]).all()
    if start == "fresh":
        again, _ = setting.course(0, "cpu")
        assert torch.equal(course.train_loss, again.train_loss)
        other, _ = setting.course(1, "cpu")
        assert not torch.equal(course.train_loss, other.train_loss)


@needs_weights
def test_a_frozen_body_stays_as_it_was():
    setting = Swap("gelu", trained="head", **TINY)
    network, split = setting.network(0)
    before = [p.clone() for p in network.body.parameters()]
    course, _ = setting.course(0, "cpu")
    assert (course.norms[:, :-1] == 0).all() and (course.norms[:, -1] > 0).all()
    assert all(torch.equal(a, b) for a, b in zip(before, setting.network(0)[0].body.parameters(), strict=True))
    assert not any(p.requires_grad for p in network.body.parameters()) and len(split.train_x) == 64


@needs_weights
def test_calibration_brings_the_sentences_apart_again():
    cosine = {}
    for start in ("pretrained", "calibrated"):
        network, split = Swap("tanh", start, **TINY).network(0)
        cosine[start] = _text.inside(network, split.train_x[:32]).cosine[-1].item()
    assert cosine["calibrated"] < 0.9 < 0.95 < cosine["pretrained"]


@needs_weights
def test_the_test_sentences_are_not_those_trained_on():
    split = _transformers._sentences(200, 100, 12, seed=3)
    train = {tuple(ids) for ids in split.train_x.tolist()}
    assert len(train) == 200 and not train & {tuple(ids) for ids in split.test_x.tolist()}
    assert 0.4 < split.train_y.mean() < 0.6


@needs_weights
def test_a_study_is_resumed(tmp_path):
    study = transformers(2, ["relu"], **TINY)
    path = tmp_path / "swap.sqlite"
    experiments.run(replace(study, seeds=[0]), path, workers=1)
    assert experiments.run(study, path, workers=1).trained == 1
    runs = list(results.Store(path).runs())
    assert [run.seed for run in runs] == [0, 1] and runs[0].more["answers"].shape == (2, 2)


@needs_weights
def test_the_tables_come_out_of_the_stores(recipe, tmp_path):
    experiments.run(transformers(1, ["relu"], **TINY), tmp_path / "causes.sqlite", workers=1)
    experiments.run(transformers(1, ["relu"], **TINY | {"updates": 8}), tmp_path / "longer.sqlite", workers=1)
    tiny = {"updates": 4, "rows": 2, "warmup": 1, "windows": 200, "test": 8, "width": 16, "length": 16}
    experiments.run(characters(1, ["relu"], **tiny), tmp_path / "characters.sqlite", workers=1)
    tables = recipe.tables(tmp_path)
    stored = {name: results.load("transformers", name) for name in tables}
    assert {name: list(rows[0]) for name, rows in tables.items()} == {n: list(r[0]) for n, r in stored.items()}
    assert len(tables["norms"]) == 4 and tables["looks"][0]["when"] == "before"
    (course,) = tables["courses"]
    last = tables["norms"][-1]
    assert course["train_losses"][-1] == last["train_loss"]
    assert course["through"][-1] == pytest.approx(last["block 1"] / last["head"], rel=2e-3)


def test_a_character_run_learns_more_than_the_commonest_letter():
    course, more = Characters("relu", updates=60, rows=2, width=32, length=32, windows=2000).course(0, "cpu")
    assert more["bigram"] < more["unigram"] < course.test_loss[0]
    assert course.test_loss[-1] < course.test_loss[1] < course.test_loss[0]


def test_windows_go_on_where_they_end_and_share_no_text():
    alphabet, split = _transformers._windows(50, 20, 16, seed=0)
    assert torch.equal(split.train_x[:, 1:], split.train_y[:, :-1])
    assert torch.equal(split.train_x[1:, 0], split.train_y[:-1, -1])
    assert split.train_x.min() >= 1 and split.train_x.max() <= len(alphabet)
    assert torch.equal(_transformers._windows(50, 20, 16, seed=0)[1].test_x, split.test_x)
    assert not torch.equal(_transformers._windows(50, 20, 16, seed=1)[1].test_x, split.test_x)


def test_the_plateaus_are_those_of_counts():
    x = torch.tensor([[1, 2, 1, 2]])
    split = _transformers.Split(x, torch.tensor([[2, 1, 2, 1]]), x, torch.tensor([[2, 1, 2, 1]]))
    unigram, bigram = _transformers._plateaus(split)
    assert unigram.item() == pytest.approx(np.log(2), abs=0.02) and bigram.item() == pytest.approx(0, abs=0.02)


# --- what is refused


def test_the_published_eleven():
    printed = {row["activation"] for row in results.load("published") if row["place"] in ("Table 19", "Table 20")}
    assert set(eleven) == {"silu" if name == "swish" else name for name in printed}


@pytest.mark.parametrize(
    ("entries", "error", "words"),
    [
        ({"activation": "gelou"}, KeyError, "no activation named 'gelou'"),
        ({"activation": "glu", "start": "calibrated"}, ValueError, "glu is a gate"),
        ({"activation": "relu", "start": "frsh"}, KeyError, "no start named 'frsh'; did you mean 'fresh'?"),
        ({"activation": "relu", "trained": "body"}, KeyError, "there are all, head"),
        ({"activation": "relu", "updates": 63}, ValueError, "8 rows of 63 updates"),
        ({"activation": "relu", "rate": 0.0}, ValueError, "rate is a positive number"),
    ],
)
def test_bad_settings_are_refused_at_once(entries, error, words):
    with pytest.raises(error, match=words.replace("?", r"\?")):
        Swap(**entries)


@needs_weights
def test_too_many_sentences_are_refused():
    with pytest.raises(ValueError, match=r"there are \d+ sentences of up to 8 word pieces; got sentences=9000"):
        Swap("relu", longest=8, sentences=9000).network(0)


def test_too_many_windows_are_refused():
    with pytest.raises(ValueError, match=r"there are \d+ windows of 64 characters; got windows=1000000"):
        Characters("relu", windows=10**6).network(0)
