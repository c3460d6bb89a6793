import datetime
import hashlib
import itertools
import json
import math
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest
from recipes import recipe_of

from actlab import results

DATA = Path(__file__).parents[1] / "data"
ROWS = [
    {"activation": "relu", "seed": 0, "loss": 0.1 + 0.2, "solved": True},
    {"activation": "tanh", "seed": 1, "loss": 1e-300, "solved": False},
    {"activation": "gelu", "seed": 2, "loss": None, "solved": True},
]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A folder of stored sets with one in it, `runs`, in place of the project's."""
    monkeypatch.setattr(results, "root", lambda: tmp_path)
    folder = tmp_path / "runs"
    folder.mkdir()
    results.save("runs", ROWS, command="python data/runs/make.py", seconds=12.34, folder=folder, steps=2000)
    return tmp_path


def test_what_was_saved_is_loaded_row_for_row(store):
    assert results.load("runs") == ROWS
    assert [list(row) for row in results.load("runs")] == [list(row) for row in ROWS]


def test_provenance_says_how_a_table_came_to_be(store):
    record = results.provenance("runs")
    assert record["command"] == "python data/runs/make.py"
    assert record["seconds"] == 12.3
    assert record["steps"] == 2000
    assert abs((datetime.date.today() - datetime.date.fromisoformat(record["date"])).days) <= 1
    assert {"actlab", "torch", "numpy", "python"} <= set(record["versions"])
    assert all(re.match(r"\d+\.\d+", number) for number in record["versions"].values())
    assert record["hardware"]["cpus"] >= 1 and record["hardware"]["machine"]
    content = (store / "runs" / "runs.json").read_bytes()
    assert record["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_table_is_text_with_a_line_for_each_row(store):
    lines = (store / "runs" / "runs.json").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(ROWS) + 2
    assert sorted(path.name for path in (store / "runs").iterdir()) == ["provenance.json", "runs.json"]


def test_an_edited_table_is_refused_by_name(store):
    file = store / "runs" / "runs.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"relu"', '"gelu"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^runs\.json was edited after data/runs/make\.py wrote it"):
        results.load("runs")


def test_a_table_with_another_hash_in_its_record_is_refused(store):
    file = store / "runs" / "provenance.json"
    file.write_text(json.dumps(results.provenance("runs") | {"sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"runs\.json was edited"):
        results.load("runs")


def test_an_unknown_name_is_answered_with_what_is_stored(store, monkeypatch, tmp_path):
    with pytest.raises(KeyError, match=r"no stored result named 'disc'; there are runs"):
        results.load("disc")
    monkeypatch.setattr(results, "root", lambda: tmp_path / "empty")
    with pytest.raises(KeyError, match=r"there are none"):
        results.load("disc")


def failing_at(monkeypatch, ending):
    """Make writing a file of this kind fail halfway, as a full disk does."""
    write = Path.write_bytes

    def full(path, content):
        if ending in path.name:
            write(path, content[: len(content) // 2])
            raise OSError("no space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)


@pytest.mark.parametrize("ending", ["runs.json", "provenance.json"])
def test_a_write_that_fails_leaves_the_old_table_readable(store, monkeypatch, ending):
    failing_at(monkeypatch, ending)
    with pytest.raises(OSError, match="no space left"):
        results.save("runs", ROWS[:1], command="again", seconds=1, folder=store / "runs")
    monkeypatch.undo()
    monkeypatch.setattr(results, "root", lambda: store)
    assert results.load("runs") == ROWS


def test_a_fact_that_cannot_be_written_leaves_the_old_table_readable(store):
    with pytest.raises(TypeError):
        results.save("runs", ROWS[:1], command="again", seconds=1, folder=store / "runs", facts={1, 2})
    assert results.load("runs") == ROWS


@pytest.mark.parametrize("odd", [{"activation": "elu"}, ROWS[0] | {"more": 1}])
def test_rows_that_do_not_share_their_columns_are_refused(store, odd):
    with pytest.raises((KeyError, ValueError)):
        results.save("runs", [ROWS[0], odd], command="again", seconds=1, folder=store / "runs")
    assert results.load("runs") == ROWS


@pytest.mark.parametrize("none", [[], {}, {"runs": ROWS, "curves": []}], ids=["one", "none", "several"])
def test_a_table_without_rows_takes_the_place_of_none(store, none):
    with pytest.raises(ValueError, match=r"(runs|curves) has no rows, so nothing was written"):
        results.save("runs", none, command="again", seconds=1, folder=store / "runs")
    assert results.load("runs") == ROWS and results.provenance("runs")["command"] != "again"


@pytest.mark.parametrize("name", ["images", "adaptive", "transformers"])
def test_tables_of_a_folder_without_stores_stay_as_they_are(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["make.py", "--tables", str(tmp_path)])
    monkeypatch.setattr(results, "save", None)  # nothing comes to that
    with pytest.raises(SystemExit):
        recipe_of(name).main()
    assert "so the tables stay as they are" in capsys.readouterr().err


def test_saving_the_same_rows_writes_the_same_table(store):
    before = (store / "runs" / "runs.json").read_bytes()
    results.save("runs", ROWS, command="again", seconds=1, folder=store / "runs")
    assert (store / "runs" / "runs.json").read_bytes() == before
    assert results.provenance("runs")["command"] == "again"


def missing(folder):
    """What a stored set lacks."""
    return [name for name in ("README.md", "make.py", "provenance.json") if not (folder / name).is_file()]


def test_a_set_without_recipe_or_description_is_noticed(store):
    assert missing(store / "runs") == ["README.md", "make.py"]


def sets():
    """The stored results. What is written by hand, such as data/claims, is none of them."""
    return sorted(path.parent.name for path in DATA.glob("*/make.py"))


def test_every_folder_says_what_is_in_it():
    folders = [folder for folder in DATA.iterdir() if folder.is_dir() and folder.name != "__pycache__"]
    assert [folder.name for folder in folders if not (folder / "README.md").is_file()] == []
    with_numbers = {path.parent.name for path in DATA.glob("*/*.json")}
    assert with_numbers <= set(sets()), "a table that no recipe makes"


def test_the_package_finds_the_stored_sets_of_the_checkout():
    # in the checkout itself, or, from an installed package, in its own copy
    assert sets(), "nothing is stored"
    for name in sets():
        record = Path(name, "provenance.json")
        assert (results.root() / record).read_bytes() == (DATA / record).read_bytes()


@pytest.mark.parametrize("name", sets())
def test_every_stored_set_has_its_recipe_its_record_and_a_description(name):
    assert missing(DATA / name) == []
    record = results.provenance(name)
    assert {"command", "date", "seconds", "versions", "hardware", "sha256"} <= set(record)
    assert name in record["command"]


def tables(name):
    """The tables of a stored set."""
    sums = results.provenance(name)["sha256"]
    return [name] if isinstance(sums, str) else list(sums)


@pytest.mark.parametrize("name", sets())
def test_every_stored_table_loads(name):
    for table in tables(name):
        if Path(table).suffix:  # no table but a file, such as one of pictures
            assert results.read(name, table)
            continue
        rows = results.load(name, table)
        assert rows and all(list(row) == list(rows[0]) for row in rows)


# --- several tables in one set

CURVES = [{"step": 0, "loss": 0.7}, {"step": 1, "loss": 0.5}]


@pytest.fixture
def several(store):
    """A second set, `study`, of two tables."""
    (store / "study").mkdir()
    tables = {"draws": ROWS, "curves": CURVES}
    results.save("study", tables, command="python data/study/make.py", seconds=1, folder=store / "study")
    return store


def test_a_set_may_have_several_tables_under_one_record(several):
    assert results.load("study", "draws") == ROWS
    assert results.load("study", "curves") == CURVES
    assert results.load("runs", "runs") == results.load("runs") == ROWS
    names = sorted(path.name for path in (several / "study").iterdir())
    assert names == ["curves.json", "draws.json", "provenance.json"]
    sums = results.provenance("study")["sha256"]
    for name in ("draws", "curves"):
        assert sums[name] == hashlib.sha256((several / "study" / f"{name}.json").read_bytes()).hexdigest()


def test_a_table_that_is_not_there_is_answered_with_those_that_are(several):
    with pytest.raises(KeyError, match=r"'study' has several tables, name one: draws, curves"):
        results.load("study")
    with pytest.raises(
        KeyError, match=r"'study' has no table named 'curve'; did you mean 'curves'\? there are draws,"
    ):
        results.load("study", "curve")
    with pytest.raises(KeyError, match=r"'runs' has no table named 'draws'; there are runs"):
        results.load("runs", "draws")
    with pytest.raises(KeyError, match=r"no stored result named 'studi'; did you mean 'study'"):
        results.load("studi", "draws")


def test_an_edited_table_is_refused_and_its_neighbour_is_not(several):
    file = several / "study" / "curves.json"
    file.write_text(file.read_text(encoding="utf-8").replace("0.5", "0.4"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^curves\.json was edited after data/study/make\.py wrote it"):
        results.load("study", "curves")
    assert results.load("study", "draws") == ROWS


@pytest.mark.parametrize("ending", ["draws.json", "curves.json", "provenance.json"])
def test_of_several_tables_all_are_written_or_none(several, monkeypatch, ending):
    failing_at(monkeypatch, ending)
    with pytest.raises(OSError, match="no space left"):
        tables = {"draws": ROWS[:1], "curves": CURVES[:1]}
        results.save("study", tables, command="again", seconds=1, folder=several / "study")
    monkeypatch.undo()
    monkeypatch.setattr(results, "root", lambda: several)
    assert results.load("study", "draws") == ROWS and results.load("study", "curves") == CURVES


@pytest.mark.parametrize("ending", ["draws.json", "curves.json", "provenance.json"])
def test_a_set_whose_writing_fails_leaves_no_draft_behind(several, monkeypatch, ending):
    before = sorted(path.name for path in (several / "study").iterdir())
    failing_at(monkeypatch, ending)
    with pytest.raises(OSError, match="no space left"):
        tables = {"draws": ROWS[:1], "curves": CURVES[:1]}
        results.save("study", tables, command="again", seconds=1, folder=several / "study")
    assert sorted(path.name for path in (several / "study").iterdir()) == before


@pytest.mark.parametrize("fails_at", [0, 1, 2])
def test_a_set_of_which_only_some_files_are_new_is_refused(several, monkeypatch, fails_at):
    # the disk fails between two renamings: whichever file it is, no mixture of old and new is read
    replace, done = Path.replace, []

    def failing(path, to):
        if len(done) == fails_at:
            raise OSError("the disk failed")
        done.append(to.name)
        return replace(path, to)

    tables = {"draws": ROWS[:1], "curves": CURVES[:1]}
    with monkeypatch.context() as patch, pytest.raises(OSError, match="the disk failed"):
        patch.setattr(Path, "replace", failing)
        results.save("study", tables, command="again", seconds=1, folder=several / "study")
    assert "provenance.json" not in done and len(done) == fails_at
    for table, rows in [("draws", ROWS), ("curves", CURVES)]:
        if f"{table}.json" in done:
            with pytest.raises(ValueError, match=rf"{table}\.json was edited after"):
                results.load("study", table)
        else:
            assert results.load("study", table) == rows
    assert len(list((several / "study").iterdir())) == 3


BAD_RECORDS = {
    "no JSON": (b"{", r"Expecting property name"),
    "no text": (b"\xff\xfe", "can't decode"),
    "a list": (b"[]", "list indices"),
    "a number": (b"3", "not subscriptable"),
    "no checksums": (b"{}", "it has no entry 'sha256'"),
    "checksums that are a number": (b'{"sha256": 3}', "not iterable"),
    "checksums that are none": (b'{"sha256": {"runs": null}}', "no checksum and no checksums by name"),
    "endless brackets": (b"[" * 100_000, "recursion"),
}


@pytest.mark.parametrize("content, said", BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_a_record_that_is_damaged_is_named_in_one_line(store, content, said):
    (store / "runs" / "provenance.json").write_bytes(content)
    for use in (results.provenance, results.load, lambda name: results.read(name, "runs.json")):
        with pytest.raises(ValueError, match=rf"provenance\.json of data/runs is damaged .*{said}") as refusal:
            use("runs")
        assert "\n" not in str(refusal.value)


def test_a_table_that_is_missing_or_of_another_form_is_named_in_one_line(store):
    file, record = store / "runs" / "runs.json", results.provenance("runs")
    for content in (b"[1, 2]", b'{"columns": ["a"], "rows": [[1, 2]]}', b'{"rows": []}', b"loss"):
        file.write_bytes(content)
        sums = {"sha256": hashlib.sha256(content).hexdigest()}
        (store / "runs" / "provenance.json").write_text(json.dumps(record | sums), encoding="utf-8")
        with pytest.raises(ValueError, match=r"^runs\.json of data/runs is no table of columns and rows$"):
            results.load("runs")
    file.unlink()
    with pytest.raises(ValueError, match=r"^runs\.json is missing from data/runs; run data/runs/make\.py again$"):
        results.load("runs")
    with pytest.raises(KeyError, match=r"the record of data/runs names no 'run\.json'; did you mean 'runs\.json'"):
        results.read("runs", "run.json")


# --- statistics, against what can be worked out by hand or with another tool


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("n", [2, 3, 5, 10, 100])
def test_students_interval_holds_as_much_of_his_distribution_as_it_says(n, level):
    values = np.arange(n) ** 2.0
    mean, half = results.student(values, level=level)
    assert mean == pytest.approx(values.mean())
    t = half / (values.std(ddof=1) / n**0.5)
    outside = mpmath.betainc((n - 1) / 2, 0.5, 0, (n - 1) / (n - 1 + t**2), regularized=True)
    assert float(outside) == pytest.approx(1 - level, rel=1e-5)


def test_students_interval_of_one_value_has_no_width_and_of_none_is_refused():
    mean, half = results.student([3])
    assert mean == 3 and math.isnan(half)
    for values in ([], [[1, 2], [3, 4]]):
        with pytest.raises(ValueError, match="a mean needs a row of values, got shape"):
            results.student(values)
    with pytest.raises(ValueError, match=r"a level lies between 0 and 1 .*level=95"):
        results.student([1, 2], level=95)


def test_spread_leaves_out_what_diverged_and_counts_it():
    found = results.spread([1, 2, 4, 9, math.nan, math.inf])
    assert (found["n"], found["diverged"]) == (6, 2)
    assert found["mean"] == 4 and found["median"] == 3 and found["max"] == 9
    # squared distances from 4: 9, 4, 0, 25; over n - 1 = 3; the root of that over 4
    assert found["standard_error"] == pytest.approx(math.sqrt(38 / 3 / 4), rel=1e-14)
    # on the line through the four values, at 5, 25, 75 and 95 hundredths of the way
    expected = [1 + 0.15, 1 + 0.75, 4 + 5 * 0.25, 4 + 5 * 0.85]
    assert [found[name] for name in ("q05", "q25", "q75", "q95")] == pytest.approx(expected, rel=1e-14)


def test_spread_of_one_value_or_none_says_what_it_cannot():
    one, none = results.spread([3.0]), results.spread([math.nan])
    assert one["mean"] == one["median"] == one["q05"] == one["max"] == 3 and math.isnan(one["standard_error"])
    assert (none["n"], none["diverged"]) == (1, 1) and math.isnan(none["mean"]) and math.isnan(none["max"])


def test_mcnemar_is_the_tail_of_a_fair_coin():
    assert results.mcnemar(0, 0) == 1
    assert results.mcnemar(5, 5) == 1  # twice the tail would be more than all
    assert results.mcnemar(0, 5) == results.mcnemar(5, 0) == 2 / 2**5
    assert results.mcnemar(1, 7) == 2 * (1 + 8) / 2**8
    # the example with 150 against 86 of R's mcnemar, by the exact binomial: mpmath's incomplete beta is that tail
    tail = mpmath.betainc(150, 87, 0, 0.5, regularized=True)
    assert results.mcnemar(150, 86) == pytest.approx(float(2 * tail), rel=1e-12)
    # thousands overflow no float, and come near the normal curve, with half a pair for the width of a step
    z = 99 / math.sqrt(6100)
    assert results.mcnemar(np.int64(3000), np.int64(3100)) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-3)


@pytest.mark.parametrize("b, c", [(-1, 2), (1.5, 2), (1, -2)])
def test_mcnemar_takes_counts(b, c):
    with pytest.raises(ValueError, match="whole numbers from 0 on"):
        results.mcnemar(b, c)


def test_compare_counts_pairs_and_means_their_differences():
    a, b = [1, 2, 3, 4, 5, math.nan, math.inf, 7], [2, 4, 3, 3, 9, 1, math.nan, math.inf]
    found = results.compare(a, b)
    # finite pairs: -1, -2, 0, 1, -4; nan against 1 is larger, inf against nan a tie, 7 against inf smaller
    assert (found.pairs, found.smaller, found.larger, found.ties, found.left_out) == (8, 4, 2, 2, 3)
    assert found.difference == pytest.approx(-1.2, rel=1e-14)
    assert found.p == 2 * (1 + 6 + 15) / 2**6
    assert -4 <= found.low < -1.2 < found.high <= 1
    assert found == results.compare(a, b), "the same seed, the same interval"


def test_the_interval_of_a_paired_difference_is_that_of_its_bootstrap_distribution():
    # all 3**3 resamples of three pairs can be written down: the quantiles of their means are the interval's target
    off = np.array([1.0, 2.0, 6.0])
    means = sorted(np.mean(drawn) for drawn in itertools.product(off, repeat=3))
    found = results.compare(off, np.zeros(3), level=0.5, resamples=20_000)
    assert found.low == pytest.approx(means[round(0.25 * 26)], abs=1e-12)
    assert found.high == pytest.approx(means[round(0.75 * 26)], abs=1e-12)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(1)
    held = 0
    for trial in range(200):
        a = generator.normal(0.3, 1, size=60)
        found = results.compare(a, np.zeros(60), resamples=400, seed=trial)
        held += found.low <= 0.3 <= found.high
    assert 0.89 <= held / 200 <= 0.99  # four standard deviations of 200 tosses at .94


def test_ranks_that_never_change_have_no_width():
    values = np.array([[3, 4, 5], [1, 2, 1], [9, 9, 8]])
    for statistic in ("mean", "median"):
        assert results.rank_intervals(values, statistic=statistic).tolist() == [[2, 2], [1, 1], [3, 3]]


def test_rows_that_cannot_be_told_apart_share_their_ranks():
    values = np.random.default_rng(0).normal(size=(3, 200))
    values[2] += 5
    assert results.rank_intervals(values).tolist() == [[1, 2], [1, 2], [3, 3]]
    assert results.rank_intervals([[1, 1], [1, 1], [2, 2]]).tolist() == [[1, 2], [1, 2], [3, 3]]


def test_what_a_seed_does_to_all_rows_stays_paired():
    # every row rises and falls with the seed by far more than rows differ: unpaired, no rank would be sure
    seeds = 100 * np.random.default_rng(0).normal(size=300)
    assert results.rank_intervals([seeds + 2, seeds, seeds + 1]).tolist() == [[3, 3], [1, 1], [2, 2]]


def test_the_share_of_resamples_decides_the_interval():
    # row 0 beats row 1 by the mean only in resamples without the last column: (9/10)**10, about 0.349 of them
    values = np.array([[0.0] * 9 + [100], [1.0] * 10])
    assert results.rank_intervals(values, level=0.6).tolist() == [[1, 2], [1, 2]]  # 0.349 > 0.2
    assert results.rank_intervals(values, level=0.2).tolist() == [[2, 2], [1, 1]]  # 0.349 < 0.4
    assert results.rank_intervals(values, statistic="median").tolist() == [[1, 1], [2, 2]]


def test_runs_that_diverged_are_the_worst_and_more_of_them_are_worse():
    values = np.ones((4, 40))
    values[0, :10], values[1, :30], values[3] = np.nan, np.inf, 1e30
    assert results.rank_intervals(values).tolist() == [[3, 3], [4, 4], [1, 1], [2, 2]]


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
        results.rank_intervals(**wrong)
    with pytest.raises(ValueError, match="equal length"):
        results.compare([1, 2], [1])


def test_spearman_by_hand():
    assert results.spearman([1, 2, 3, 4], [10, 20, 30, 31]) == 1
    assert results.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    # ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * (1 + 1 + 1 + 1) / (5 * 24)
    assert results.spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]) == pytest.approx(0.8, rel=1e-14)
    # a tie takes the mean of its ranks: 1 2.5 2.5 4 against 1 2 3 4
    assert results.spearman([1, 2, 2, 4], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5), rel=1e-14)
    assert results.spearman([1, 2, math.nan], [1, 2, 3]) == 1
    assert math.isnan(results.spearman([1, 1], [1, 2]))
    with pytest.raises(ValueError, match="2 or more"):
        results.spearman([1], [1])


# --- the summary of a store


def summarised(tmp_path, settings, losses, tests=None):
    """A store whose runs end with the given losses: a row for each setting, a column for each seed."""
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "s.sqlite"
    with results.Store.open(path, {"study": "toy"}) as store:
        store.enter(settings, ["stacked"] * len(settings))
        for setting, ends in zip(settings, losses, strict=True):
            seeds = [seed for seed, end in enumerate(ends) if end is not None]
            loss = np.array([[9.0, ends[seed]] for seed in seeds]).reshape(-1, 2)
            test = np.array([[8.0, 2 * ends[seed]] for seed in seeds]).reshape(-1, 2)
            store.add(
                setting,
                seeds,
                loss=loss,
                seconds=loss,
                test_loss=test if tests is None else test[:, :0],
                test_accuracy=test / 10 if tests is None else test[:, :0],
                origin={},
            )
    with results.Store(path) as store:
        return results.summary(store)


def test_a_summary_has_a_row_for_each_setting_in_groups_that_differ_by_activation(tmp_path):
    settings = [{"activation": a, "draw": d, "rate": 0.1} for d in (0, 1) for a in ("relu", "tanh")]
    rows = summarised(tmp_path, settings, [[1, 2, 3], [4, 5, 6], [9, 8, 7], [1, 2, math.nan]])
    assert [(row["activation"], row["draw"]) for row in rows] == [("relu", 0), ("tanh", 0), ("relu", 1), ("tanh", 1)]
    assert "rate" not in rows[0]
    assert [row["mean"] for row in rows] == [2, 5, 8, 1.5]
    assert [row["diverged"] for row in rows] == [0, 0, 0, 1]
    assert [row["rank_median"] for row in rows[:2]] == [(1, 1), (2, 2)]
    assert rows[0]["test_loss"] == 4 and rows[0]["test_accuracy_mean"] == pytest.approx(0.4)
    assert rows[3]["test_loss_mean"] == 3, "without the run that diverged"
    # one run of three diverged: by the mean it is the worst in all resamples that hold it, 19 of 27
    assert rows[3]["rank_mean"] == (1, 2) and rows[2]["rank_mean"] == (1, 2)
    assert all(row["published"] is None for row in rows)


def test_a_summary_of_a_study_under_way_ranks_by_the_seeds_that_all_share(tmp_path):
    settings = [{"activation": name} for name in ("relu", "tanh", "gelu")]
    rows = summarised(tmp_path, settings, [[1, 1, 99], [2, 2, None], [None, None, None]], tests=0)
    assert [row["activation"] for row in rows] == ["relu", "tanh"]
    assert [row["n"] for row in rows] == [3, 2] and rows[0]["mean"] == pytest.approx(101 / 3)
    assert [row["rank_mean"] for row in rows] == [(1, 1), (2, 2)]
    assert rows[0]["test_loss"] is None
    rows = summarised(tmp_path / "other", settings[:2], [[1, None], [None, 2]])
    assert [row["rank_mean"] for row in rows] == [None, None]


def test_the_published_value_stands_beside_the_published_setting_only(tmp_path):
    there = results.PUBLISHED | {"activation": "gelu", "draw": 3}
    rows = summarised(tmp_path, [there, there | {"rate": 0.1}, there | {"activation": "mish"}], [[1], [2], [3]])
    assert [row["published"] for row in rows] == [0.000220, None, None]
    text = results.table(rows)
    assert "published" in text.splitlines()[0] and text.splitlines()[1].endswith("0.000220")
    assert text.splitlines()[2].endswith(" -") and "gustaw2025" in text


def test_a_table_lines_up_and_says_what_diverged(tmp_path):
    settings = [{"activation": "relu", "rate": 1.0}, {"activation": "sigmoid", "rate": 10.0}]
    text = results.table(summarised(tmp_path, settings, [[1, 2, 3], [1e20, math.inf, math.nan]]))
    head, first, second, blank, *notes = text.splitlines()
    assert head.split()[:3] == ["activation", "rate", "n"] and blank == "" and notes
    assert "2.000000 ± 0.577350" in first and "1.000000" not in head
    assert "3 (2 diverged)" in second and "1e+20 ± -" in second
    assert "published" not in text
    assert len(head.rstrip()) == len(first) == len(second), "numbers stand to the right"


# --- files that are no tables


def test_files_are_kept_read_and_refused_when_they_were_edited(store):
    (store / "pictures").mkdir()
    files = {"a.bin": bytes(range(256)), "b.txt": b"ink"}
    results.keep(files, command="paint", seconds=1.25, folder=store / "pictures", origin={"package": "brush"})
    assert {name: results.read("pictures", name) for name in files} == files
    record = results.provenance("pictures")
    assert record["command"] == "paint" and record["origin"] == {"package": "brush"}
    assert record["sha256"]["b.txt"] == hashlib.sha256(b"ink").hexdigest() == results.sum_of(b"ink")
    with pytest.raises(KeyError, match=r"has no table but files: a.bin, b.txt"):
        results.load("pictures")
    (store / "pictures" / "b.txt").write_bytes(b"inl")
    with pytest.raises(ValueError, match=r"^b.txt was edited after data/pictures/make.py wrote it; run the recipe"):
        results.read("pictures", "b.txt")
