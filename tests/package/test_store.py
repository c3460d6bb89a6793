"""The file that keeps the runs: what it gives back, what it refuses, and what survives."""

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from actlab import results
from actlab.__main__ import main
from actlab.results import Store, StoreError

STUDY = {"study": "toy", "steps": 3}
SETTINGS = [{"activation": name, "draw": draw} for draw in (0, 1) for name in ("relu", "tanh")]
ORIGIN = {"versions": {"actlab": "0"}, "processor": "abacus", "date": "1969-07-20"}


def arrays(seeds, steps=3):
    """Numbers that name their run and their place in it."""
    losses = np.array([[seed + step / 10 for step in range(steps)] for seed in seeds])
    return {
        "loss": losses,
        "seconds": losses + 100,
        "test_loss": losses[:, :2] + 200,
        "test_accuracy": losses[:, :2] + 300,
        "origin": ORIGIN,
    }


def runs_in(path):
    """How many runs a store has, with its file closed again: Python 3.13 complains of one left open."""
    with Store(path) as store:
        return len(store)


@pytest.fixture
def path(tmp_path):
    """A store with three runs of one setting and one of another, entered in another order than they came."""
    path = tmp_path / "toy.sqlite"
    with Store.open(path, STUDY) as store:
        store.enter(SETTINGS, ["stacked"] * 4)
        store.add(SETTINGS[2], [5], **arrays([5]))
        store.add(SETTINGS[0], [2, 0, 1], **arrays([2, 0, 1]))
    return path


def test_runs_come_back_as_they_were_by_setting_and_by_seed(path):
    with Store(path) as store:
        runs = list(store.runs())
        assert [(run.setting, run.seed) for run in runs] == [
            *((SETTINGS[0], seed) for seed in range(3)),
            (SETTINGS[2], 5),
        ]
        assert len(store) == 4 and store.study == STUDY and store.settings() == SETTINGS
        assert store.origins() == [ORIGIN]
    run = runs[1]
    assert run.loss.dtype == np.float32
    np.testing.assert_array_equal(run.loss, np.float32([1, 1.1, 1.2]))
    np.testing.assert_array_equal(run.seconds, np.float32([101, 101.1, 101.2]))
    np.testing.assert_array_equal(run.test_loss, np.float32([201, 201.1]))
    np.testing.assert_array_equal(run.test_accuracy, np.float32([301, 301.1]))
    assert (run.engine, run.origin, run.diverged) == ("stacked", ORIGIN, False)


def test_columns_of_chosen_runs_are_arrays(path):
    with Store(path) as store:
        np.testing.assert_array_equal(store.losses(draw=0), arrays(range(3))["loss"].astype(np.float32))
        np.testing.assert_array_equal(store.array("seed"), [0, 1, 2, 5])
        np.testing.assert_array_equal(store.array("test_loss", draw=1, activation="relu"), np.float32([[205, 205.1]]))
        assert store.array("diverged").dtype == bool
        assert [run.seed for run in store.runs(activation="relu", draw=1)] == [5]
        assert list(store.runs(activation="tanh", draw=0)) == []


@pytest.mark.parametrize(
    "ask, answer",
    [
        (lambda s: s.losses(activation="rleu"), "no setting has activation = 'rleu'; did you mean 'relu'"),
        (lambda s: s.runs(activaton="relu"), "no setting has an entry 'activaton'; did you mean 'activation'"),
        (lambda s: s.array("losses"), "no column named 'losses'; did you mean 'loss'"),
        (lambda s: s.losses(activation="tanh"), "holds no run with activation = 'tanh' yet"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(path, ask, answer):
    with Store(path) as store, pytest.raises((KeyError, StoreError), match=answer):
        ask(store)


def test_the_same_file_goes_on_and_takes_no_run_twice(path):
    with Store.open(path, STUDY) as store:
        assert store.missing(SETTINGS[0], range(5)) == [3, 4]
        assert store.missing(SETTINGS[1], [7, 3]) == [7, 3]
        store.enter([*SETTINGS, {"activation": "gelu", "draw": 0}], ["compiled"] * 5)
        assert [store.engine(s) for s in (SETTINGS[0], {"activation": "gelu", "draw": 0}, {})] == [
            "stacked",
            "compiled",
            None,
        ]
        store.add(SETTINGS[0], [0, 3], **arrays([9, 3]))
        np.testing.assert_array_equal(store.losses(activation="relu", draw=0)[:, 0], [0, 1, 2, 3])


def test_a_batch_is_stored_whole_or_not_at_all(path):
    with Store.open(path, STUDY) as store:
        with pytest.raises(ValueError, match="zip"):
            store.add(SETTINGS[1], [1, 2, 3], **arrays([1, 2]))
        assert len(store) == 4
        store.add(SETTINGS[1], [1], **arrays([1]))
    with Store(path) as store:
        assert len(store) == 5


def test_a_run_with_a_loss_that_is_no_number_has_diverged(path):
    with Store.open(path, STUDY) as store:
        for seed, bad in [(10, np.nan), (11, np.inf), (12, 1e30), (13, 1e39)]:
            numbers = arrays([seed])
            numbers["loss"][0, 1] = bad
            store.add(SETTINGS[3], [seed], **numbers)
        assert store.array("diverged", activation="tanh", draw=1).tolist() == [True, True, False, True]


def test_the_key_of_a_run_is_the_hash_of_its_canonical_setting_and_seed(path):
    # written out: it must be the same in every version of Python, or stores could not go on
    text = '{"activation":"relu","draw":0}#1'
    with Store(path) as store:
        assert list(store.runs())[1].key == hashlib.sha256(text.encode()).hexdigest()[:16]


# --- what is refused


def of_another_program(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()


def changed(path, pragma):
    connection = sqlite3.connect(path)
    connection.execute(pragma)
    connection.commit()
    connection.close()


def damaged(path):
    content = bytearray(path.read_bytes())
    content[4096:8192] = os.urandom(4096)
    path.write_bytes(content)


SPOILT = {
    "a text file": (lambda path: path.write_text("loss,step\n0.3,1\n" * 50, encoding="utf-8"), "no SQLite file"),
    "a short text file": (lambda path: path.write_text("x", encoding="utf-8"), "no SQLite file"),
    "half a store": (lambda path: os.truncate(path, path.stat().st_size // 2), "cut short|damaged"),
    "a store less one byte": (lambda path: os.truncate(path, path.stat().st_size - 1), "cut short"),
    "fifty bytes of a store": (lambda path: os.truncate(path, 50), "is not a store|damaged"),
    "a damaged page": (damaged, "damaged"),
    "another program's file": (lambda path: (path.unlink(), of_another_program(path)), "file of another program"),
    "a later format": (lambda path: changed(path, "PRAGMA user_version = 4"), "of format 4, .* this one reads 3"),
}


@pytest.mark.parametrize("spoil, said", SPOILT.values(), ids=SPOILT)
def test_what_is_no_store_is_refused_in_one_line_and_stays_as_it_is(path, spoil, said):
    spoil(path)
    before = path.read_bytes()
    for use in (Store, lambda path: Store.open(path, STUDY)):
        with pytest.raises(StoreError, match=said) as refusal:
            use(path)
        assert str(path) in str(refusal.value) and "\n" not in str(refusal.value)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_another_study_is_refused_by_what_differs(path):
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"holds another study: steps is 3 there, 4 asked for$"):
        Store.open(path, STUDY | {"steps": 4})
    with pytest.raises(StoreError, match=r"points is None there, 5 asked for"):
        Store.open(path, STUDY | {"points": 5})
    assert path.read_bytes() == before


def test_where_there_is_no_file_a_reader_is_told_so_and_a_writer_without_a_folder_too(tmp_path):
    with pytest.raises(StoreError, match="there is no file"):
        Store(tmp_path / "none.sqlite")
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(StoreError, match="is empty"):
        Store(tmp_path / "empty.sqlite")
    Store.open(tmp_path / "empty.sqlite", STUDY).close()
    assert runs_in(tmp_path / "empty.sqlite") == 0
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path / "no folder" / "x.sqlite", STUDY)
    with pytest.raises(StoreError, match="is no file"):
        Store.open(tmp_path, STUDY)


def test_a_second_writer_is_refused_while_readers_read(path):
    with Store.open(path, STUDY) as writer:
        with pytest.raises(StoreError, match="is being written to by another run"):
            Store.open(path, STUDY)
        with Store(path) as reader:
            before = len(reader)
            writer.add(SETTINGS[1], [1], **arrays([1]))
            assert len(reader) == before + 1
            with pytest.raises(StoreError, match="cannot be written to"):
                reader.add(SETTINGS[1], [2], **arrays([2]))
    Store.open(path, STUDY).close()


ANOTHER = """
import sys
from actlab.results import Store, StoreError
try:
    Store.open(sys.argv[1], {"study": "toy", "steps": 3})
except StoreError as error:
    print(error)
else:
    print("opened")
"""


@pytest.mark.slow
def test_a_reader_in_the_process_of_the_writer_leaves_it_its_lock(path):
    # by the rules of POSIX, a process that closes a file gives up all its locks on it
    with Store.open(path, STUDY) as writer:
        for look in (
            lambda: Store(path).close(),
            lambda: results.check(path),
            lambda: export(path, "jsonl", path.parent),
        ):
            look()
            assert "is being written to by another run" in python(ANOTHER, path).stdout
        writer.add(SETTINGS[1], [1], **arrays([1]))
    assert python(ANOTHER, path).stdout == "opened\n"


def test_a_writer_that_cannot_begin_its_next_batch_is_closed_and_nothing_of_it_is_stored(path):
    class Refusing:
        """The connection, but another writer has taken the place between two transactions."""

        def __init__(self, connection):
            self.connection = connection

        def execute(self, query, *values):
            if query == "BEGIN IMMEDIATE":
                (self.other,) = [sqlite3.connect(path, isolation_level=None, timeout=0)]
                self.other.execute(query)
                self.connection.execute("PRAGMA busy_timeout = 1")
            return self.connection.execute(query, *values)

        def __getattr__(self, name):
            return getattr(self.connection, name)

    store = Store.open(path, STUDY)
    store._connection = Refusing(store._connection)
    with pytest.raises(StoreError, match="is being written to by another run"):
        store.add(SETTINGS[1], [1], **arrays([1]))
    store._connection.other.close()
    for use in (lambda: store.add(SETTINGS[1], [2, 3], **arrays([2, 3])), lambda: len(store), lambda: store.study):
        with pytest.raises(StoreError, match="was closed; open it again"):
            use()
    with Store(path) as there:
        assert len(there) == 5, "the batch before was committed"


class Failing:
    """A connection on which a statement fails when it comes for the second time."""

    def __init__(self, connection, statement):
        self.connection, self.statement, self.times = connection, statement, 0

    def execute(self, query, *values):
        self.times += query.startswith(self.statement)
        if self.times == 2:
            self.times += 1
            raise sqlite3.OperationalError("the disk failed")
        return self.connection.execute(query, *values)

    def __getattr__(self, name):
        return getattr(self.connection, name)


def test_a_batch_is_whole_even_where_a_signal_came_between_two_transactions(path):
    store = Store.open(path, STUDY)
    store._connection.execute("COMMIT")  # as if Ctrl-C had come before the next was begun
    store._connection = Failing(store._connection, "INSERT INTO runs")
    with pytest.raises(StoreError, match="the disk failed"):
        store.add(SETTINGS[1], [1, 2, 3], **arrays([1, 2, 3]))
    assert len(store) == 4
    store.add(SETTINGS[1], [1, 2, 3], **arrays([1, 2, 3]))
    store.close()
    assert runs_in(path) == 7


def test_arrays_whose_lengths_do_not_agree_are_not_stored(path):
    with Store.open(path, STUDY) as store:
        for name in ("loss", "seconds", "test_loss", "test_accuracy"):
            numbers = arrays([1])
            numbers[name] = numbers[name][:, 1:]
            with pytest.raises(ValueError, match="a loss has its second, and a test loss its accuracy"):
                store.add(SETTINGS[1], [1], **numbers)
        assert len(store) == 4


def test_a_study_binds_a_file_with_its_first_run(tmp_path):
    path, other = tmp_path / "s.sqlite", {"study": "other", "rate": 1}
    with Store.open(path, STUDY) as store:
        store.enter(SETTINGS, ["steam"] * 4)
    with Store.open(path, other) as store:
        assert store.study == other and store.settings() == []
        store.enter(SETTINGS[:1], ["stacked"])
        store.add(SETTINGS[0], [0], **arrays([0]))
    with pytest.raises(StoreError, match="holds another study: study is other there, toy asked for"):
        Store.open(path, STUDY)
    assert results.check(path).damage == ()


@pytest.mark.parametrize(
    "name", [":memory:", "file:s.sqlite?mode=memory", "file:m?mode=memory&cache=shared", "a%20b#?"]
)
def test_a_path_is_a_path_whatever_it_means_to_sqlite(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with Store.open(name, STUDY) as store:
        store.enter(SETTINGS, ["stacked"] * 4)
        store.add(SETTINGS[0], [1], **arrays([1]))
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert runs_in(name) == 1 and results.check(name).runs == 1
    assert results.export(name, f"{name}.jsonl", "jsonl") == 3 and (tmp_path / f"{name}.jsonl").stat().st_size


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_no_store_and_nobody_waits_at_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for use in (Store, results.check, lambda path: Store.open(path, STUDY)):
        with pytest.raises(StoreError, match="no file"):
            use(tmp_path / "pipe")


def test_a_setting_that_was_not_entered_takes_no_runs(path):
    with Store.open(path, STUDY) as store:
        with pytest.raises(StoreError, match="has no such setting yet, enter it first"):
            store.add({"activation": "gelu"}, [1], **arrays([1]))
        assert len(store) == 4 and store.origins() == [ORIGIN]


def test_readers_see_whole_batches_while_a_writer_writes(path):
    stop, seen, faults = threading.Event(), set(), []

    def read():
        try:
            while not stop.is_set():
                with Store(path) as store:
                    losses = store.losses(activation="relu", draw=0)
                    seen.add(len(losses))
                    np.testing.assert_array_equal(losses[:, 0], np.arange(len(losses)))
        except Exception as error:
            faults.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with Store.open(path, STUDY) as store:
            for start in range(3, 1000, 50):
                seeds = range(start, start + 50)
                store.add(SETTINGS[0], seeds, **arrays(seeds))
                end = time.monotonic() + 30
                while start % 200 == 3 and start + 50 not in seen and not faults and time.monotonic() < end:
                    time.sleep(0.001)  # so that the reader gets a word in, on a busy machine too
    finally:
        stop.set()
        reader.join()
    assert not faults, faults
    assert {53, 253, 453, 653, 853} <= seen and all(count % 50 == 3 for count in seen)


# --- what survives


def python(script, *arguments, **more):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=False, **more
    )


KILLED = """
import os, signal, sys
sys.path[:0] = [sys.argv[2]]
import test_store as t
store = t.Store.open(sys.argv[1], t.STUDY)
store._connection.execute("PRAGMA cache_size = 1")  # pages go to the file before the transaction ends
store._connection.set_trace_callback(lambda query: query == "COMMIT" and os.kill(os.getpid(), signal.SIGKILL))
seeds = range(100, 400)
store.add(t.SETTINGS[1], seeds, **t.arrays(seeds, steps=500))
"""


@pytest.mark.parametrize("next_user", ["a reader", "a writer"])
def test_a_writer_that_is_killed_inside_a_transaction_leaves_what_was_before(path, next_user):
    with Store(path) as store:
        before, size = list(store.runs()), path.stat().st_size
    done = python(KILLED, path, Path(__file__).parent)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.stat().st_size > size and path.with_name("toy.sqlite-journal").exists(), "half of it was on the disk"
    (Store(path) if next_user == "a reader" else Store.open(path, STUDY)).close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with Store(path) as store:
        after = list(store.runs())
    assert [(run.key, run.loss.tobytes()) for run in after] == [(run.key, run.loss.tobytes()) for run in before]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


CREATED = """
import os, signal, sqlite3, sys
sys.path[:0] = [sys.argv[2]]
import test_store as t
connect = sqlite3.connect
def watched(*arguments, **keywords):
    connection = connect(*arguments, **keywords)
    connection.set_trace_callback(lambda query: query == "COMMIT" and os.kill(os.getpid(), signal.SIGKILL))
    return connection
sqlite3.connect = watched
t.Store.open(sys.argv[1], t.STUDY)
"""


def test_a_writer_that_is_killed_while_it_makes_the_file_can_begin_again(tmp_path):
    path = tmp_path / "new.sqlite"
    done = python(CREATED, path, Path(__file__).parent)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Store.open(path, STUDY) as store:
        store.enter(SETTINGS, ["stacked"] * 4)
        store.add(SETTINGS[0], [1], **arrays([1]))
    assert runs_in(path) == 1


FULL = """
import resource, sys
sys.path[:0] = [sys.argv[2]]
import test_store as t
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
with t.Store.open(sys.argv[1], t.STUDY) as store:
    try:
        for start in range(100, 10_000, 10):
            seeds = range(start, start + 10)
            store.add(t.SETTINGS[1], seeds, **t.arrays(seeds, steps=500))
    except t.StoreError as error:
        print(error)
        print(len(store))
"""


def test_on_a_full_disk_what_was_stored_stays_and_goes_on_later(path):
    done = python(FULL, path, Path(__file__).parent)
    assert done.returncode == 0, done.stderr
    said, count = done.stdout.splitlines()
    assert str(path) in said and "what was stored stays" in said
    assert int(count) > 4 and int(count) % 10 == 4
    with Store.open(path, STUDY) as store:
        assert len(store) == int(count)
        store.add(SETTINGS[3], range(100), **arrays(range(100), steps=500))
    assert runs_in(path) == int(count) + 100


# --- what others read


def export(path, format, tmp_path):
    out = tmp_path / f"out.{format}"
    return results.export(path, out, format), out


def test_jsonl_has_a_document_for_every_step(path, tmp_path):
    count, out = export(path, "jsonl", tmp_path)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert count == len(rows) == 12
    assert all(list(row) == ["name", "time", "loss", "epoch"] for row in rows)
    assert [row["epoch"] for row in rows] == [0, 1, 2] * 4
    assert {row["name"] for row in rows} == {"relu"}
    with Store(path) as store:
        np.testing.assert_array_equal(np.float32([row["loss"] for row in rows]), store.losses().ravel())
        np.testing.assert_array_equal(np.float32([row["time"] for row in rows]), store.array("seconds").ravel())


def test_what_is_no_number_is_null_in_json(path, tmp_path):
    with Store.open(path, STUDY) as store:
        numbers = arrays([1, 2])
        numbers["loss"] = np.array([[np.nan, 1, 2], [np.inf, -np.inf, 3.4e38]])
        store.add(SETTINGS[1], [1, 2], **numbers)
    _, out = export(path, "jsonl", tmp_path)
    rows = [json.loads(line, parse_constant=pytest.fail) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["loss"] for row in rows if row["name"] == "tanh"] == [
        *(None, 1, 2),
        *(None, None, pytest.approx(3.4e38, rel=1e-7)),
    ]


def test_parquet_has_a_row_for_every_step(path, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    count, out = export(path, "parquet", tmp_path)
    table = parquet.read_table(out)
    assert count == table.num_rows == 12
    assert table.column_names == ["name", "draw", "seed", "epoch", "time", "loss"]
    with Store(path) as store:
        np.testing.assert_array_equal(table["loss"].to_numpy(), store.losses().ravel())
        np.testing.assert_array_equal(table["time"].to_numpy(), store.array("seconds").ravel())
        np.testing.assert_array_equal(table["seed"].to_numpy(), store.array("seed").repeat(3))
    assert table["epoch"].to_pylist() == [0, 1, 2] * 4
    assert table["draw"].to_pylist() == [0] * 9 + [1] * 3
    assert set(table["name"].to_pylist()) == {"relu"}


def test_parquet_names_every_entry_that_differs(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "x.sqlite"
    settings = [
        {"activation": "relu", "loss": loss, "scheme": scheme, "sizes": [2, width, 1], "rate": rate, "same": 7}
        for loss, scheme, width, rate in [("bce", 0.1, 4, 0.1), ("brier", "he", 8, 1.0)]
    ]
    with Store.open(path, STUDY) as store:
        store.enter(settings, ["stacked"] * 2)
        for setting in settings:
            store.add(setting, [0], **arrays([0]))
    table = parquet.read_table(export(path, "parquet", tmp_path)[1])
    (first, *_, last) = table.to_pylist()
    assert {name: last[name] for name in ("loss_name", "scheme", "sizes", "rate")} == {
        "loss_name": "brier",
        "scheme": "he",
        "sizes": "[2, 8, 1]",
        "rate": 1.0,
    }
    assert first["scheme"] == "0.1" and "same" not in first


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_an_export_that_fails_leaves_no_file_and_the_old_one_as_it_was(path, tmp_path, format, monkeypatch):
    out = tmp_path / f"out.{format}"
    out.write_text("before", encoding="utf-8")

    def broken(store, **where):
        yield next(whole(store))
        raise OSError("no space left on device")

    whole = Store.runs
    monkeypatch.setattr(Store, "runs", broken)
    with pytest.raises(OSError, match="no space"):
        results.export(path, out, format)
    assert out.read_text(encoding="utf-8") == "before"
    assert sorted(file.name for file in tmp_path.iterdir()) == [out.name, path.name]


def test_an_export_leaves_all_other_files_alone(path, tmp_path):
    store = path.rename(tmp_path / "d.jsonl.new")  # as an export to d.jsonl once called its draft
    before = store.read_bytes()
    assert results.export(store, tmp_path / "d.jsonl", "jsonl") == 12
    assert store.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["d.jsonl", "d.jsonl.new"]


def odd_targets(folder):
    """What is there and is no regular file. Devices are told from files in the same place as pipes."""
    (folder / "mine").write_text("mine", encoding="utf-8")
    (folder / "link").symlink_to(folder / "mine")
    (folder / "to nowhere").symlink_to(folder / "nowhere")
    (folder / "folder").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
    return {"link": "a link", "to nowhere": "a link", "folder": "a folder", "pipe": "a pipe or a device"}


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_an_export_writes_over_nothing_but_a_regular_file(path, tmp_path, format):
    targets = odd_targets(tmp_path)
    there = sorted(tmp_path.iterdir())
    for name, said in targets.items():
        with pytest.raises(StoreError, match=f"{name} is {said}, and only a regular file is written over") as refusal:
            results.export(path, tmp_path / name, format)
        assert "\n" not in str(refusal.value)
    assert sorted(tmp_path.iterdir()) == there and (tmp_path / "mine").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "link").is_symlink() and (tmp_path / "to nowhere").is_symlink()
    with pytest.raises(StoreError, match="cannot be written: No such file or directory"):
        results.export(path, tmp_path / "none" / "x", format)


def test_an_export_over_a_file_of_the_store_is_refused(path, tmp_path):
    before = path.read_bytes()
    (tmp_path / "other").symlink_to(tmp_path)
    os.link(path, tmp_path / "hard")
    (tmp_path / "soft").symlink_to(path)
    for source, out, said in [
        (path, path, "is the store itself"),
        (path, tmp_path / "hard", "is the store itself"),
        (path, tmp_path / "other" / path.name, "is the store itself"),
        (tmp_path / "soft", path, "is the store itself"),
        *((path, path.with_name(path.name + end), "beside the store") for end in ("-journal", "-wal", "-shm")),
        (tmp_path / "soft", path.with_name(path.name + "-journal"), "beside the store"),
    ]:
        with pytest.raises(StoreError, match=said):
            results.export(source, out, "jsonl")
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["hard", "other", "soft", path.name]


EXPORTS = """
import sys
from actlab import results
for _ in range(20):
    results.export(sys.argv[1], sys.argv[2], "jsonl")
"""


def test_exports_to_one_file_at_once_leave_one_of_them_whole(tmp_path):
    stores, exported = [], []
    for name, count in [("a", 40), ("b", 60), ("c", 80)]:
        with Store.open(tmp_path / name, STUDY) as store:
            store.enter(SETTINGS, ["stacked"] * 4)
            store.add(SETTINGS[0], range(count), **arrays(range(count), steps=50))
        stores.append(tmp_path / name)
        results.export(tmp_path / name, tmp_path / "one", "jsonl")
        exported.append((tmp_path / "one").read_bytes())
    out = tmp_path / "out"
    workers = [
        subprocess.Popen([sys.executable, "-c", EXPORTS, store, out], stderr=subprocess.PIPE, text=True)
        for store in stores
    ]
    while any(worker.poll() is None for worker in workers):
        assert not out.exists() or out.read_bytes() in exported
    assert [(worker.stderr.read(), worker.wait()) for worker in workers] == [("", 0)] * 3
    for worker in workers:
        worker.stderr.close()
    assert out.read_bytes() in exported
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b", "c", "one", "out"]


def test_an_export_has_the_rights_of_any_new_file(path, tmp_path):
    (tmp_path / "any").touch()
    results.export(path, tmp_path / "out", "jsonl")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_an_export_over_the_store_or_in_an_unknown_format_is_refused(path):
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is the store itself"):
        results.export(path, path, "jsonl")
    with pytest.raises(KeyError, match="no format named 'csv'; there are parquet, jsonl"):
        results.export(path, path.with_suffix(".csv"), "csv")
    assert path.read_bytes() == before


def test_without_pyarrow_parquet_says_what_to_install(path, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(StoreError, match=r"pip install 'actlab\[export\]'"):
        results.export(path, tmp_path / "x.parquet", "parquet")


def test_names_that_steer_a_terminal_are_shown_written_out(tmp_path, capsys):
    path, evil = tmp_path / "s.sqlite", "\x1b[2J\x9b31m\u202e\r\n<script>alert(1)</script>"
    with Store.open(path, {"study": evil}) as store:
        settings = [{"activation": evil, evil: i} for i in range(2)]
        store.enter(settings, [evil] * 2)
        for setting in settings:
            store.add(
                setting, [1], **arrays([1]) | {"origin": {"processor": evil, "date": evil, "versions": {evil: evil}}}
            )
    shown = r"\x1b[2J\x9b31m\u202e\r\n<script>"
    assert main(["summary", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.count(shown) >= 6 and all(line.isprintable() for line in out.splitlines())
    with pytest.raises(StoreError) as refusal:
        Store.open(path, STUDY)
    assert shown in str(refusal.value) and str(refusal.value).isprintable()
    with Store(path) as store:
        for ask in ({"activation": "relu"}, {"rate": 1}):
            with pytest.raises(KeyError) as refusal:
                store.runs(**ask)
            assert refusal.value.args[0].isprintable()
        # in a notebook all of it is plain text, in which marks of HTML are letters
        kinds = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
        for value in (
            next(store.runs()),
            results.summary(store),
            results.table(results.summary(store)),
            refusal.value,
        ):
            assert set(kinds.format(value)[0]) == {"text/plain"}
            assert "\x1b" not in kinds.format(value)[0]["text/plain"]
    for query in ("UPDATE settings SET engine = 'x'", "UPDATE runs SET seed = char(27) || '[2J'"):
        changed(path, query)
        assert main(["check", str(path)]) == 1 and main(["summary", str(path)]) == 2
        said = capsys.readouterr()
        assert all(line.isprintable() for line in (said.out + said.err).splitlines())


# --- further arrays


def test_further_arrays_come_back_in_their_shapes(tmp_path):
    more = {"norms": np.arange(12.0).reshape(2, 3, 2), "scale": np.array([0.5, 1.5])}
    with Store.open(tmp_path / "s.sqlite", STUDY) as store:
        store.enter(SETTINGS[:2], ["cpu"] * 2)
        store.add(SETTINGS[0], [4, 9], **arrays([4, 9]), more=more)
        store.add(SETTINGS[0], [9], **arrays([9]), more={"norms": np.zeros((1, 3, 2)), "scale": np.zeros(1)})
        store.add(SETTINGS[1], [4], **arrays([4]))
    with Store(tmp_path / "s.sqlite") as store:
        first, second, without = store.runs()
    for i, run in enumerate((first, second)):
        assert set(run.more) == {"norms", "scale"}
        assert run.more["norms"].dtype == np.float32
        np.testing.assert_array_equal(run.more["norms"], more["norms"][i])
        assert run.more["scale"].shape == () and run.more["scale"] == more["scale"][i]
    assert without.more == {}
