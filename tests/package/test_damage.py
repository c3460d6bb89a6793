"""A store with random bytes or cells changed: all that read it find the same numbers, or say what is wrong."""

import json
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing, suppress

import numpy as np
import pytest

from actlab import experiments, results
from actlab.results import Store, StoreError

pytestmark = pytest.mark.slow

STUDY = experiments.disk(3, 20, ["relu", "tanh"], points=30, test_points=30)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A store of a real study, whose runs note further arrays as those of deep networks do."""
    folder = tmp_path_factory.mktemp("damage")
    experiments.run(STUDY, folder / "trained.sqlite", workers=1, engine="stacked")
    path = folder / "whole.sqlite"
    with Store(folder / "trained.sqlite") as trained, Store.open(path, STUDY.shared) as store:
        store.enter(trained.settings(), ["stacked"] * 2)
        for run in trained.runs():
            arrays = {name: getattr(run, name)[None] for name in ("loss", "seconds", "test_loss", "test_accuracy")}
            more = {"norms": np.float32([[[run.seed, 1], [2, 3]]]), "scale": np.float32([run.seed])}
            store.add(run.setting, [run.seed], **arrays, origin=run.origin, more=more)
    return path


# --- what is done to a file


def bytes_changed(path, chance):
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)


def head_changed(path, chance):
    """Where a page says what is on it, and the file what it is, a byte does most."""
    content = bytearray(path.read_bytes())
    page = 4096 * chance.randrange(len(content) // 4096)
    content[page + chance.randrange(120)] = chance.randrange(256)
    path.write_bytes(content)


def cut(path, chance):
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def pages_swapped(path, chance):
    content = path.read_bytes()
    pages = [content[at : at + 4096] for at in range(0, len(content), 4096)]
    a, b = chance.sample(range(len(pages)), 2)
    pages[a], pages[b] = pages[b], pages[a]
    path.write_bytes(b"".join(pages))


def page_lost(path, chance):
    content = bytearray(path.read_bytes())
    page = 4096 * chance.randrange(len(content) // 4096)
    content[page : page + 4096] = bytes(4096) if chance.random() < 0.5 else chance.randbytes(4096)
    path.write_bytes(content)


def spoilt(value, chance):
    """Another value, of the same kind or of none that belongs there."""
    others = [None, "", b"", 7, -1, 2.5, b"\0" * 6, "\x1b[31m", "[]", "{}", 2**62]
    if isinstance(value, int):
        others += [value + 1, str(value)]
    if isinstance(value, str) and value:
        at = chance.randrange(len(value))
        others += [value[:at] + chr(33 + chance.randrange(90)) + value[at + 1 :], value[:at], value.encode()]
    if isinstance(value, bytes) and value:
        at = chance.randrange(len(value))
        others += [
            value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :],
            value[: len(value) // 2],
        ]
    return chance.choice(others)


TABLES = ("meta", "settings", "origins", "runs", "runs", "more")


def cell_changed(path, chance):
    with closing(sqlite3.connect(path)) as connection, connection:
        table = chance.choice(TABLES)
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        column, key = chance.choice(columns), columns[0]
        row, value = chance.choice(connection.execute(f"SELECT {key}, {column} FROM {table}").fetchall())
        kind = chance.randrange(4)
        if kind == 0:  # the value of another row
            (value,) = chance.choice(connection.execute(f"SELECT {column} FROM {table}").fetchall())
        else:
            value = spoilt(value, chance)
        with suppress(sqlite3.IntegrityError):  # what SQLite itself refuses leaves the file as it was
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", [value, row])


def row_lost(path, chance):
    with closing(sqlite3.connect(path)) as connection, connection:
        table = chance.choice(TABLES)
        (key,) = {row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[0] == 0}
        (row,) = chance.choice(connection.execute(f"SELECT {key} FROM {table}").fetchall())
        connection.execute(f"DELETE FROM {table} WHERE {key} = ?", [row])


def table_lost(path, chance):
    with closing(sqlite3.connect(path)) as connection, connection:
        table = chance.choice(TABLES)
        chance.choice(
            [
                lambda: connection.execute(f"DROP TABLE {table}"),
                lambda: connection.execute(f"ALTER TABLE {table} RENAME TO other"),
                lambda: connection.execute(f"ALTER TABLE {table} ADD COLUMN loss2"),
                lambda: connection.execute(f"DELETE FROM {table}"),
            ]
        )()


HARMS = [bytes_changed] * 8 + [head_changed] * 4 + [cell_changed] * 4
HARMS += [cut, pages_swapped, page_lost, row_lost, table_lost]


# --- who reads it


def said(runs):
    """Everything that runs say, in a form that two can be compared in."""

    def plain(value):
        return (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value

    return [
        {name: plain(value) for name, value in vars(run).items() if name != "more"}
        | {"more": {name: plain(value) for name, value in run.more.items()}}
        for run in runs
    ]


def read_runs(path):
    with Store(path) as store:
        return said(store.runs()), store.study, store.settings(), store.origins(), len(store)


def read_some(path):
    with Store(path) as store:
        arrays = [store.array(name, activation="tanh") for name in ("loss", "test_loss", "seed", "diverged")]
        return [array.tolist() for array in arrays], store.missing(store.settings()[0], range(5))


def summarised(path):
    with Store(path) as store:
        return json.dumps(results.summary(store, resamples=20))


def exported(path):
    out = path.with_name("out.jsonl")
    results.export(path, out, "jsonl")
    return out.read_bytes()


def resumed(path):
    experiments.run(STUDY, path, workers=1, engine="stacked")
    return read_runs(path)


WAYS = (read_runs, read_some, summarised, exported, resumed)  # the last may write


def tally(path, seeds, folder):
    """Harm a copy of a store in as many ways as there are seeds, and read it in each way; count what came."""
    right = {way: way(path) for way in WAYS}
    stored = {run["key"]: run for run in right[read_runs][0]}
    copy, counts = folder / "copy.sqlite", Counter()
    for seed in seeds:
        chance = random.Random(seed)
        harm = chance.choice(HARMS)
        shutil.copyfile(path, copy)
        harm(copy, chance)
        counts["files"] += 1
        harmed = copy.read_bytes()
        new = folder / "new.sqlite"
        for out in (None, new):
            try:
                found = results.check(copy, out)
            except StoreError as error:
                refused(error, copy, seed)
                counts["check: refused"] += out is None
                fine = False
            else:
                fine = not found.damage
                counts["check: whole" if fine else "check: damaged"] += out is None
                assert found.runs <= len(stored) and (not fine or found.runs == len(stored)), seed
                assert all(line.isprintable() for line in found.damage), seed
        if new.exists():  # whatever was brought over is what was there
            assert all(run == stored[run["key"]] for run in read_runs(new)[0]), (seed, harm)
            counts["runs brought over"] += found.runs
            new.unlink()
        refusals = []
        for way in WAYS:
            assert copy.read_bytes() == harmed or way is resumed, (seed, way)
            try:
                answer = way(copy)
            except StoreError as error:
                refused(error, copy, seed)
                counts[f"{way.__name__}: refused"] += 1
                refusals.append(str(error))
            else:
                assert answer == right[way], (seed, harm, way)
                counts[f"{way.__name__}: the same"] += 1
        # who was refused is told by `check`; who goes on with it is refused whatever is wrong
        assert fine or refusals, (seed, harm)
        # a byte of the header says whether a file may be written to: what it holds is whole all the same
        assert not fine or all(refusal.endswith("cannot be written to") for refusal in refusals), (seed, harm)
        for file in folder.glob("copy.sqlite-*"):
            file.unlink()
    return counts


def refused(error, path, seed):
    assert str(path) in str(error) and str(error).isprintable(), (seed, error)


def test_random_harm_is_named_or_changes_no_number(whole, tmp_path):
    counts = tally(whole, range(120), tmp_path)
    for way in WAYS:
        assert counts[f"{way.__name__}: refused"] > 20 < counts[f"{way.__name__}: the same"], "one was never tried"
    assert counts["runs brought over"] > 100
