"""What of a store is whole: what is named, what is brought over, and stores of the format before."""

# ruff: noqa: F811 - a fixture is asked for by its name

import gzip
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from test_store import SETTINGS, STUDY, arrays, path  # noqa: F401

from actlab import results
from actlab.__main__ import main
from actlab.results import Store, StoreError, check


def edit(path, *queries):
    with closing(sqlite3.connect(path)) as connection, connection:
        for query in queries:
            connection.execute(query)


def contents(path):
    with Store(path) as store:
        return [
            (run.key, run.engine, run.origin, *(getattr(run, name).tobytes() for name in ("loss", "seconds")))
            for run in store.runs()
        ]


def test_a_whole_store_is_said_to_be_and_stays_as_it_is(path):
    before = path.read_bytes()
    found = check(path)
    assert (found.format, found.runs, found.damage) == (3, 4, ())
    assert path.read_bytes() == before and [file.name for file in path.parent.iterdir()] == [path.name]


RELU = "seed = 1 AND setting = 1"
# Each is a file that SQLite finds nothing wrong with.
EDITS = {
    "a loss that is cut": (
        f"UPDATE runs SET loss = substr(loss, 1, 8) WHERE {RELU}",
        r"seed 1 of {\"activation\":\"relu\",\"draw\":0}: the lengths do not agree: loss 2, seconds 3",
    ),
    "a loss and its seconds that are cut": (
        f"UPDATE runs SET loss = substr(loss, 1, 8), seconds = substr(seconds, 1, 8) WHERE {RELU}",
        r"seed 1 of .*: it is not what was written, its checksum is another",
    ),
    "a loss of another run": (
        f"UPDATE runs SET loss = (SELECT loss FROM runs WHERE seed = 2) WHERE {RELU}",
        r"seed 1 of .*: it is not what was written",
    ),
    "an empty array": (f"UPDATE runs SET loss = x'' WHERE {RELU}", "seed 1 of .*: the lengths do not agree: loss 0"),
    "a text for an array": (f"UPDATE runs SET seconds = 'abcd' WHERE {RELU}", "seed 1 of .*: an array is no row of"),
    "an array of five bytes": (
        f"UPDATE runs SET loss = x'0102030405' WHERE {RELU}",
        "seed 1 of .*: an array is no row",
    ),
    "a seed that is no number": (
        f"UPDATE runs SET seed = 'two' WHERE {RELU}",
        "seed two of .*: its key is not that of",
    ),
    "a seed of another run": (f"UPDATE runs SET seed = 9 WHERE {RELU}", "seed 9 of .*: its key is not that of"),
    "another key": (f"UPDATE runs SET key = 'f' WHERE {RELU}", "run f, seed 1 of .*: its key is not that of"),
    "a text for a mark": (
        f"UPDATE runs SET diverged = 'no' WHERE {RELU}",
        "seed 1 of .*: whether it diverged is neither yes nor no",
    ),
    "a mark of divergence": (
        f"UPDATE runs SET diverged = 1 WHERE {RELU}",
        "seed 1 of .*: it is not what was written",
    ),
    "a run of a setting that is lost": (
        f"UPDATE runs SET setting = 99 WHERE {RELU}",
        "seed 1 of a setting that is lost",
    ),
    "an origin that is lost": (
        f"UPDATE runs SET origin = 99 WHERE {RELU}",
        "seed 1 of .*: where it comes from is lost",
    ),
    "a run that is lost": (f"DELETE FROM runs WHERE {RELU}", "it has 3 runs where 4 were stored"),
    "a setting that is lost": ("DELETE FROM settings WHERE id = 4", "it has 3 settings where 4 were stored"),
    "an engine": ("UPDATE settings SET engine = 'steam' WHERE id = 1", "a setting is not what was written: .*relu"),
    "a setting's entry": (
        """UPDATE settings SET setting = '{"activation":"selu","draw":0}' WHERE id = 1""",
        "a setting is not what was written: .*selu",
    ),
    "a processor": (
        "UPDATE origins SET origin = replace(origin, 'abacus', 'steam')",
        "where runs come from is not what was written: .*steam",
    ),
    "what the runs share": (
        "UPDATE meta SET value = replace(value, '3', '4') WHERE name = 'study'",
        "what its runs share",
    ),
    "a number of runs": (
        "UPDATE meta SET value = '9' WHERE name = 'runs'",
        "the number of its runs|no number of its runs",
    ),
    "a table that is lost": ("DROP TABLE origins", "the table origins is missing"),
    "a trigger": (
        "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
        "it has a table t that is none of a store's",
    ),
}


@pytest.mark.parametrize("query, said", EDITS.values(), ids=EDITS)
def test_an_edited_row_is_named_by_all_that_read_it(path, query, said):
    edit(path, query)
    before = path.read_bytes()

    def read(path):
        with Store(path) as store:
            store.losses()

    def summed(path):
        with Store(path) as store:
            results.summary(store)

    ways = [read, summed, lambda path: results.export(path, path.with_name("x"), "jsonl")]
    for way in [*ways, lambda path: Store.open(path, STUDY)]:
        with pytest.raises(StoreError, match=said) as refusal:
            way(path)
        assert str(refusal.value).startswith(f"{path} is damaged: ") and "\n" not in str(refusal.value)
        assert str(refusal.value).endswith(f"; actlab check {path} says what is whole")
    found = check(path)
    assert any(re.search(said, line) for line in found.damage), found.damage
    assert path.read_bytes() == before and [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_run_of_another_setting_can_be_read_beside_a_damaged_one(path):
    edit(path, f"UPDATE runs SET loss = substr(loss, 1, 8) WHERE {RELU}")
    with Store(path) as store:
        np.testing.assert_array_equal(store.losses(draw=1), np.float32([[5, 5.1, 5.2]]))
        with pytest.raises(StoreError, match="seed 1 of"):
            store.losses(draw=0)


def test_the_whole_runs_of_a_damaged_store_go_into_a_new_one_that_goes_on(path, tmp_path):
    before, new = contents(path), tmp_path / "new.sqlite"
    edit(path, f"UPDATE runs SET loss = substr(loss, 1, 8) WHERE {RELU}", "DELETE FROM runs WHERE seed = 5")
    found = check(path, new)
    assert found.runs == 2 and len(found.damage) == 2
    assert contents(new) == [before[0], before[2]]
    assert check(new) == results.Checked(3, 2, ())
    with Store.open(new, STUDY) as store:
        assert store.settings() == SETTINGS and store.engine(SETTINGS[0]) == "stacked"
        assert store.missing(SETTINGS[0], range(3)) == [1]
        store.add(SETTINGS[0], [1], **arrays([1]))
    assert contents(new)[:3] == before[:3]


def test_of_a_store_with_a_lost_page_all_other_runs_are_brought_over(tmp_path):
    path, seeds = tmp_path / "s.sqlite", range(20)
    with Store.open(path, STUDY) as store:
        store.enter(SETTINGS, ["stacked"] * 4)
        store.add(SETTINGS[0], seeds, **arrays(seeds, steps=3000))  # a run takes some pages
    before, whole = {row[0]: row for row in contents(path)}, path.read_bytes()
    pages = range(4096, len(whole), 4096)
    rows = [at for at in pages if whole[at] == 13]  # leaves of tables; those of the runs were written last
    for lost in (rows[-2], pages[-1]):
        path.write_bytes(whole[:lost] + bytes(4096) + whole[lost + 4096 :])
        with pytest.raises(StoreError, match="is damaged"):
            contents(path)
        new = tmp_path / f"{lost}.sqlite"
        found = check(path, new)
        assert 10 <= found.runs < 20 and found.damage
        assert len(contents(new)) == found.runs and all(before[row[0]] == row for row in contents(new))


def test_a_new_store_takes_no_file_that_is_there_and_needs_what_the_runs_share(path, tmp_path):
    (tmp_path / "there").write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for out in ("there", "link", path.name):
        with pytest.raises(StoreError, match=rf"{out} exists: name a new file"):
            check(path, tmp_path / out)
    for ending in ("-journal", "-wal", "-shm"):
        with pytest.raises(StoreError, match="is a file beside the store"):
            check(path, f"{path}{ending}")
        left = tmp_path / f"new{ending}"  # of a store that was removed: SQLite would roll it back into the new one
        left.write_text("x", encoding="utf-8")
        with pytest.raises(StoreError, match=rf"new{ending} exists: name a new file"):
            check(path, tmp_path / "new")
        left.unlink()
    assert (tmp_path / "there").read_text(encoding="utf-8") == "mine" and check(path).runs == 4
    edit(path, "DELETE FROM meta")
    with pytest.raises(StoreError, match="what its runs share is lost"):
        check(path, tmp_path / "new")
    assert check(path).runs == 4 and check(path).damage
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(["there", "link", path.name])


def test_what_is_no_store_has_nothing_to_check(tmp_path):
    for content, said in [(b"loss\n" * 300, "is not a store"), (b"", "is empty"), (None, "there is no file")]:
        if content is not None:
            (tmp_path / "x").write_bytes(content)
        with pytest.raises(StoreError, match=said):
            check(tmp_path / "x")
        (tmp_path / "x").unlink(missing_ok=True)


# --- the format before: a store that the code of commit 6110a4c wrote, `experiments.disk(2, 6, ["relu", "tanh"],
# points=20, test_points=20)` by the stacked engine and two runs of "gelu" with further arrays


@pytest.fixture
def old(tmp_path):
    file = tmp_path / "old.sqlite"
    file.write_bytes(gzip.decompress(Path(__file__).with_name("store_format_2.sqlite.gz").read_bytes()))
    return file


def test_a_store_of_the_format_before_is_refused_with_the_command_that_brings_it_over(old):
    before = old.read_bytes()
    for use in (Store, lambda path: Store.open(path, {"study": "disk"})):
        with pytest.raises(StoreError) as refusal:
            use(old)
        said = f"is a store of format 2, and this version of actlab reads 3: actlab check {old} --out NEW brings its"
        assert said in str(refusal.value) and "\n" not in str(refusal.value)
    assert old.read_bytes() == before


def test_a_store_of_the_format_before_is_brought_over_bit_for_bit(old, tmp_path):
    before, new = old.read_bytes(), tmp_path / "new.sqlite"
    assert check(old, new) == results.Checked(2, 6, ())
    assert old.read_bytes() == before
    with closing(sqlite3.connect(old)) as connection:
        rows = connection.execute(
            "SELECT key, settings.setting, seed, engine, origins.origin, diverged, loss, seconds, test_loss,"
            " test_accuracy FROM runs JOIN settings ON settings.id = runs.setting"
            " JOIN origins ON origins.id = runs.origin ORDER BY settings.id, seed"
        ).fetchall()
        more = connection.execute("SELECT key, name, shape, value FROM more").fetchall()
        (study,) = connection.execute("SELECT value FROM meta").fetchone()
    assert len(rows) == 6 and len(more) == 4
    names = ("loss", "seconds", "test_loss", "test_accuracy")
    with Store(new) as store:
        assert store.study == json.loads(study)
        for row, run in zip(rows, store.runs(), strict=True):
            there = (run.key, run.setting, run.seed, run.engine, run.origin, run.diverged)
            assert there == (row[0], json.loads(row[1]), *row[2:4], json.loads(row[4]), bool(row[5]))
            assert [getattr(run, name).astype("<f4").tobytes() for name in names] == list(row[6:])
            further = {
                (run.key, name, json.dumps(a.shape), a.astype("<f4").tobytes()) for name, a in run.more.items()
            }
            assert further == {one for one in more if one[0] == run.key}


@pytest.mark.parametrize(
    "query, runs, said",
    [
        ("UPDATE runs SET loss = substr(loss, 1, 8) WHERE seed = 1 AND setting = 1", 5, "seed 1 of .*lengths do not"),
        (
            "UPDATE runs SET loss = x'00000000', seconds = x'00000000' WHERE seed = 1 AND setting = 1",
            5,
            "seed 1 of .*: its arrays are not as long as they should be",
        ),
        ("UPDATE runs SET seed = 7 WHERE seed = 1 AND setting = 1", 5, "seed 7 of .*: its key is not that of"),
        ("UPDATE runs SET diverged = 1 WHERE seed = 1 AND setting = 1", 5, "seed 1 of .*: its loss and whether"),
        ("UPDATE settings SET setting = 'x' WHERE id = 1", 4, "a setting is not what was written: x"),
        ("UPDATE more SET shape = '[9]' WHERE name = 'norms'", 4, "seed 1 of .*reshape"),
        ("UPDATE more SET shape = 7 WHERE name = 'norms'", 4, "seed 1 of .*an array has not its shape"),
        ("UPDATE more SET shape = '{}' WHERE name = 'norms'", 4, "seed 1 of .*an array has not its shape"),
        ("UPDATE origins SET origin = '{'", 0, "where runs come from is not what was written: {"),
        ("DROP TABLE origins", 0, "the table origins is missing"),
    ],
)
def test_of_the_format_before_what_can_be_seen_to_be_damaged_stays_behind(old, tmp_path, query, runs, said):
    edit(old, query)
    found = check(old, tmp_path / "new.sqlite")
    assert found.runs == runs and any(re.search(said, line) for line in found.damage), found
    assert len(contents(tmp_path / "new.sqlite")) == runs


def test_a_header_that_claims_the_format_before_is_no_way_round_checksums(path, tmp_path):
    edit(path, "UPDATE runs SET test_loss = x'0000000000000000' WHERE seed = 5", "PRAGMA user_version = 2")
    found = check(path, tmp_path / "new.sqlite")
    assert found.runs == 3 and any("checksum is another" in line for line in found.damage)


# --- the command


def test_the_command_exits_with_0_for_a_whole_store_and_with_1_for_a_damaged_one(path, tmp_path, capsys):
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 4 runs, all whole\n"
    edit(path, f"UPDATE runs SET loss = substr(loss, 1, 8) WHERE {RELU}")
    assert main(["check", str(path)]) == 1
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("damaged: run ") and "seed 1 of " in first and second == f"{path}: 3 whole runs"
    assert third == f"next: actlab check {path} --out NEW puts them into a new store"
    new = tmp_path / "new.sqlite"
    assert main(["check", str(path), "--out", str(new)]) == 1
    assert f"they are in {new}" in capsys.readouterr().out and main(["check", str(new)]) == 0
    assert main(["summary", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"actlab: {path} is damaged: run ")


def test_the_command_brings_a_store_of_the_format_before_over(old, tmp_path, capsys):
    assert main(["check", str(old)]) == 0
    out = capsys.readouterr().out
    assert "6 runs, all whole, as far as a store without checksums can say" in out and "--out NEW" in out
    new = tmp_path / "new.sqlite"
    assert main(["check", str(old), "--out", str(new)]) == 0 and main(["summary", str(new)]) == 0
    asked = [
        "run",
        "disk",
        "--runs",
        "2",
        "--steps",
        "6",
        "--activations",
        "relu",
        "tanh",
        "--workers",
        "1",
        "--engine",
        "stacked",
    ]
    capsys.readouterr()
    assert main([*asked, "--set", "points=20", "--set", "test_points=20", "--out", str(new)]) == 0
    assert "; 0 of them trained now" in capsys.readouterr().out
