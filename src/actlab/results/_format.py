"""The file of a store: its tables, what its rows say and how they are verified, and how it is found to be one."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .._files import StoreError
from .._names import shown

__all__ = [
    "BESIDE",
    "Run",
    "canonical",
    "connect",
    "connected",
    "damaged",
    "faults",
    "key_of",
    "named",
    "of_another_format",
    "reader",
    "run_of",
    "spare",
    "sqlite_errors",
    "sum_of_row",
    "sum_of_run",
]

APPLICATION = int.from_bytes(b"actl")  # SQLite keeps it in the header, where `file` and we look for it
FORMAT = 3
ARRAYS = ("loss", "seconds", "test_loss", "test_accuracy")
# Every row holds a sha256 of what it says. That of a run is over its setting, engine and origin themselves, not over
# their numbers here, and over all its arrays; `meta` counts settings and runs, so that a row that is lost is missed.
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE settings (
    id INTEGER PRIMARY KEY,
    setting TEXT NOT NULL UNIQUE,
    engine TEXT NOT NULL,
    checksum BLOB NOT NULL
);
CREATE TABLE origins (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, checksum BLOB NOT NULL);
-- what is small stands before what is large, which is read only if it is asked for
CREATE TABLE runs (
    key TEXT PRIMARY KEY,
    setting INTEGER NOT NULL REFERENCES settings,
    seed INTEGER NOT NULL,
    origin INTEGER NOT NULL REFERENCES origins,
    diverged INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    loss BLOB NOT NULL,
    seconds BLOB NOT NULL,
    test_loss BLOB NOT NULL,
    test_accuracy BLOB NOT NULL,
    UNIQUE (setting, seed)
);
CREATE TABLE more (
    key TEXT NOT NULL REFERENCES runs,
    name TEXT NOT NULL,
    shape TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (key, name)
) WITHOUT ROWID;
"""
BESIDE = ("-journal", "-wal", "-shm")  # what SQLite keeps in files beside a store
PATIENCE = 60.0  # seconds that a commit waits for readers, and a reader for a commit: both take milliseconds


@dataclass(frozen=True)
class Run:
    """One stored run: its key, what decided its numbers, and the numbers, float32.

    loss and seconds: shape (steps,). test_loss and test_accuracy: shape (tests,). more: further arrays by name, of
    any shape, where its study notes some. origin: the versions, processor and day that it comes from.
    """

    key: str
    setting: dict[str, Any]
    seed: int
    engine: str
    origin: dict[str, Any]
    diverged: bool
    loss: np.ndarray
    seconds: np.ndarray
    test_loss: np.ndarray
    test_accuracy: np.ndarray
    more: dict[str, np.ndarray]


# What `run_of` takes. The left join: a run whose origin is lost is to be named, not left out.
RUNS = f"""SELECT key, seed, origins.origin, diverged, runs.checksum, {", ".join(ARRAYS)}
FROM runs LEFT JOIN origins ON origins.id = runs.origin"""
MORE = "SELECT name, shape, value FROM more WHERE key = ? ORDER BY name"


def run_of(setting: str, engine: str, row: Sequence, more: Sequence) -> Run:
    """The run of a row of the file and its further arrays. Raises ValueError, saying what is wrong, for a bad one.

    A checksum that is None, as in a file without them, is not compared.
    """
    key, seed, origin, diverged, checksum, *blobs = row
    if key != key_of(setting, seed):
        raise ValueError("its key is not that of its setting and seed")
    if not isinstance(origin, str):
        raise ValueError("where it comes from is lost")
    if not isinstance(diverged, int) or diverged not in (0, 1):
        raise ValueError("whether it diverged is neither yes nor no")
    if not all(isinstance(blob, bytes) and len(blob) % 4 == 0 for blob in (*blobs, *(value for *_, value in more))):
        raise ValueError("an array is no row of numbers")
    steps = dict(zip(ARRAYS, (len(blob) // 4 for blob in blobs), strict=True))
    if steps["loss"] != steps["seconds"] or steps["test_loss"] != steps["test_accuracy"]:
        raise ValueError(f"the lengths do not agree: {', '.join(f'{name} {n}' for name, n in steps.items())}")
    if checksum is not None and checksum != sum_of_run(setting, engine, seed, origin, diverged, blobs, more):
        raise ValueError("it is not what was written, its checksum is another")
    arrays = dict(zip(ARRAYS, map(_numbers, blobs), strict=True))
    if bool(np.isfinite(arrays["loss"]).all()) == bool(diverged):
        raise ValueError("its loss and whether it diverged contradict each other")
    try:
        further = {name: _numbers(value).reshape(json.loads(shape)) for name, shape, value in more}
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"an array has not its shape: {error}") from error
    return Run(key, json.loads(setting), seed, engine, json.loads(origin), bool(diverged), more=further, **arrays)


def named(setting: str, key: object, seed: object) -> str:
    """What a row calls itself, damaged as it may be."""
    return f"run {shown(str(key))}, seed {shown(str(seed))} of {shown(setting)}"


def reader(path: Path, new: bool = False) -> sqlite3.Connection:
    """A connection that can only read, to a file that was found to be a store: every page was looked at.

    new: it may also be one that was begun, and that has nothing in it.
    """
    connection, version = connected(path)
    with sqlite_errors(path):
        try:
            connection.execute("BEGIN")  # a lock: nobody changes the file between one look and the next
            tables = connection.execute("SELECT * FROM sqlite_master").fetchall()
            if tables and version != FORMAT:
                raise of_another_format(path, version)
            if not tables and not new:
                raise StoreError(f"{path} is empty, not a store")
            for found in faults(path, connection):
                raise damaged(path, found)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    return connection


def connected(path: Path) -> tuple[sqlite3.Connection, int]:
    """A connection that can only read, to a SQLite file that says it is a store, or empty; and the format it says."""
    if path.is_dir():
        raise StoreError(f"{path} is no file but a folder")
    if not path.is_file():
        raise StoreError(f"there is no file {path}")
    if not path.stat().st_size:
        raise StoreError(f"{path} is empty, not a store")
    if path.stat().st_size < 512:  # the smallest page; what is less is an empty file to SQLite
        raise StoreError(f"{path} is not a store: no SQLite file")
    with sqlite_errors(path):
        connection = connect(path, "ro", timeout=PATIENCE)
        try:
            try:
                connection.execute("SELECT count(*) FROM sqlite_master")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK or not _claims_to_be_one(path):
                    raise
                # A writer was killed inside a transaction; whoever may write takes its half back by looking.
                repair = connect(path, "rw", timeout=PATIENCE)
                repair.execute("SELECT count(*) FROM sqlite_master")
                repair.close()
            (tables,), (application,), (version,) = (
                connection.execute(query).fetchone()
                for query in ("SELECT count(*) FROM sqlite_master", "PRAGMA application_id", "PRAGMA user_version")
            )
            if tables and application != APPLICATION:
                raise StoreError(f"{path} is not a store: a SQLite file of another program")
        except BaseException:
            connection.close()
            raise
    return connection, version


def faults(path: Path, connection: sqlite3.Connection, schema: str = SCHEMA) -> Iterator[str]:
    """What is wrong with the file as a file: what is missing of it, tables that are not ours, pages that are bad."""
    (pages,), (size,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    if path.stat().st_size < pages * size:
        yield f"it is cut short, {path.stat().st_size} bytes of {pages * size}"
    tables = set(connection.execute("SELECT type, name, sql FROM sqlite_master"))
    if tables:
        lacking = {name for kind, name, _ in _tables(schema) - tables if kind == "table"}
        for name in sorted(lacking or {name for _, name, _ in _tables(schema) - tables}):
            yield f"the table {name} is missing or another"
        for _, name, _ in sorted(tables - _tables(schema), key=str):
            if str(name).startswith("sqlite_stat"):  # what ANALYZE notes
                continue
            yield f"it has a table {shown(str(name))} that is none of a store's"
    # 0.1 s for 8000 runs of 2000 steps; not quick_check, because runs are found through indices
    for (found,) in connection.execute("PRAGMA integrity_check(3)").fetchall():
        if found != "ok":
            yield shown(" ".join(found.split()))


@cache
def _tables(schema):
    """What `sqlite_master` says of a file of these tables."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema)
    found = set(connection.execute("SELECT type, name, sql FROM sqlite_master"))
    connection.close()
    return found


def connect(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    """To the file of this name, whatever it is: as they stand, `:memory:` and `file:...` mean others to SQLite."""
    if "\0" in str(path):
        raise StoreError(f"{str(path)!r} is no name of a file")
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout)
    # a text that is damaged is to be found by its checksum, not by an error that stops everything
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    return connection


def _claims_to_be_one(path):
    """Whether the header names us, asked of SQLite, without a look at journal or locks.

    To open the file ourselves and close it again would, by the rules of POSIX, take away all locks that this process
    has on it: those of a writer too.
    """
    connection = connect(path, "ro&immutable=1", timeout=0)
    try:
        return connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION
    finally:
        connection.close()


def of_another_format(path: Path, version: int) -> StoreError:
    """What to say of a store that is not of this format: how an old one is brought over."""
    if version < FORMAT:
        return StoreError(
            f"{path} is a store of format {version}, and this version of actlab reads {FORMAT}: "
            f"actlab check {path} --out NEW brings its runs over to a new file"
        )
    return StoreError(
        f"{path} is a store of format {version}, made by a later version of actlab; this one reads {FORMAT}"
    )


def damaged(path: Path, what: str) -> StoreError:
    """What to say of a store in which something is not what was written."""
    return StoreError(f"{path} is damaged: {what}; actlab check {path} says what is whole")


# What SQLite says, by the first byte of its code, and what that means to whom it happens.
SQLITE_MESSAGES = {
    sqlite3.SQLITE_BUSY: "is being written to by another run",
    sqlite3.SQLITE_CORRUPT: "is damaged or cut short",
    sqlite3.SQLITE_NOTADB: "is not a store: no SQLite file",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; what was stored stays",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk failed, is full or a limit is reached; what was stored"
    " stays",
    sqlite3.SQLITE_READONLY: "cannot be written to",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: is there such a folder, and may you write in it?",
}


# A message of SQLite may quote damaged text, and Python fails as it decodes that.
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as one line about the file."""
    try:
        yield
    except UNREADABLE as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None and "closed" in str(error):
            raise StoreError(f"{path} was closed; open it again") from error
        trouble = SQLITE_MESSAGES.get((code or 0) & 0xFF, f"is damaged or cannot be used: {shown(str(error))}")
        raise StoreError(f"{path} {trouble}") from error


def spare(path: Path, out: Path) -> None:
    """Raise StoreError where `out` is the store at path, or a file that SQLite keeps beside it."""
    for ending in ("", *BESIDE):
        kept = Path(os.path.realpath(path) + ending)
        same = Path(os.path.realpath(out.parent), out.name) == kept
        if same or (out.exists() and kept.exists() and out.samefile(kept)):
            what = f"a file beside the store {path}, which may hold half of it" if ending else "the store itself"
            raise StoreError(f"{out} is {what}: write to another file")


def canonical(setting: Mapping[str, Any]) -> str:
    """The same text for the same content, in every version of Python: names sorted, floats as short as exact."""
    return json.dumps(setting, sort_keys=True, separators=(",", ":"), allow_nan=False)


def key_of(setting: str, seed: int) -> str:
    """What a run is known by: a hash of its canonical setting and its seed."""
    return hashlib.sha256(f"{setting}#{seed}".encode(errors="surrogateescape")).hexdigest()[:16]


def sum_of_row(*parts: object) -> bytes:
    """The sha256 of values of a file, each after its type and length: no two rows give the same bytes to hash."""
    found = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode(errors="surrogateescape")
        found.update(f"{type(part).__name__} {len(content)} ".encode())
        found.update(content)
    return found.digest()


def sum_of_run(
    setting: str, engine: str, seed: int, origin: str, diverged: int, blobs: Sequence[bytes], more: Sequence[Sequence]
) -> bytes:
    """The sha256 of all that a run says; more: the rows of its further arrays, sorted by name."""
    return sum_of_row(setting, engine, seed, origin, diverged, *blobs, *(part for row in more for part in row))


def _numbers(blob):
    return np.frombuffer(blob, "<f4").astype(np.float32)
