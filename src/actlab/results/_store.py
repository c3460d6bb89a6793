"""Runs on disk: one SQLite file, one writer, any number of readers."""

import difflib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Run", "Store", "StoreError"]

APPLICATION = int.from_bytes(b"actl")  # SQLite keeps it in the header, where `file` and we look for it
FORMAT = 2
MAGIC = b"SQLite format 3\0"
ARRAYS = ("loss", "seconds", "test_loss", "test_accuracy")
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE settings (id INTEGER PRIMARY KEY, setting TEXT NOT NULL UNIQUE, engine TEXT NOT NULL);
CREATE TABLE origins (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE);
-- what is small stands before what is large, which is read only if it is asked for
CREATE TABLE runs (
    key TEXT PRIMARY KEY,
    setting INTEGER NOT NULL REFERENCES settings,
    seed INTEGER NOT NULL,
    origin INTEGER NOT NULL REFERENCES origins,
    diverged INTEGER NOT NULL,
    test_loss BLOB NOT NULL,
    test_accuracy BLOB NOT NULL,
    loss BLOB NOT NULL,
    seconds BLOB NOT NULL,
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
PATIENCE = 60.0  # seconds that a commit waits for readers, and a reader for a commit: both take milliseconds


class StoreError(ValueError):
    """A store that cannot be used as asked; the message is one line that says why and what to do."""


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


class Store:
    """The runs of one study in a file: `Store(path)` reads, `Store.open(path, study)` writes too.

    A setting is a mapping of names to what JSON can say; a run is a setting and a seed. Runs come back by setting,
    in the order in which settings were entered, and inside a setting by seed.

    The file has a rollback journal and no write-ahead log: after `kill -9` the next to open it finds whole
    transactions, between two of them it is one file that can be copied, and it works on a network's disks. Writing
    waits for the disk (synchronous=FULL), which costs milliseconds for seconds of training.
    """

    def __init__(self, path: str | Path):
        """Read a store. Raises StoreError where there is none, or none that can be read."""
        self.path = Path(path)
        self._connection = _reader(self.path)

    @classmethod
    def open(cls, path: str | Path, study: Mapping[str, Any]) -> "Store":
        """A store to write to, made where there is no file yet. Only one can be open for writing at a time.

        study: what all runs of the file share. Raises StoreError, and leaves the file as it is, where it is no
        store, holds another study, or is being written to.
        """
        store = cls.__new__(cls)
        store.path = Path(path)
        if store.path.exists() and store.path.stat().st_size:
            _reader(store.path, new=True).close()
        study = json.loads(json.dumps(study))
        with _plainly(store.path):
            connection = sqlite3.connect(store.path, isolation_level=None, timeout=1.0)
            try:
                connection.executescript("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")
                # From here to the end there is always a transaction that means to write: others may read beside it,
                # nobody else may write, and the lock ends with the process, however that ends.
                connection.execute("BEGIN IMMEDIATE")
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    for statement in SCHEMA.strip().rstrip(";").split(";"):
                        connection.execute(statement)
                    connection.execute("INSERT INTO meta VALUES ('study', ?)", [json.dumps(study)])
                    connection.execute(f"PRAGMA application_id = {APPLICATION}")
                    connection.execute(f"PRAGMA user_version = {FORMAT}")
                    connection.execute("COMMIT")
                    connection.execute("BEGIN IMMEDIATE")
                connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
                store._connection = connection
                _refuse_another(store, study)
            except BaseException:
                connection.close()
                raise
        return store

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def __len__(self) -> int:
        """How many runs there are."""
        return self._rows("SELECT count(*) FROM runs")[0][0]

    @property
    def study(self) -> dict[str, Any]:
        """What all runs of the file share."""
        return json.loads(self._rows("SELECT value FROM meta WHERE name = 'study'")[0][0])

    def settings(self, **where: Any) -> list[dict[str, Any]]:
        """The settings whose entries have the given values, with or without runs so far."""
        return [setting for _, setting, _ in self._settings(where)]

    def origins(self) -> list[dict[str, Any]]:
        """Where runs come from: versions, processor, day; each once."""
        return [json.loads(text) for (text,) in self._rows("SELECT origin FROM origins ORDER BY id")]

    # --- reading

    def runs(self, **where: Any) -> Iterator[Run]:
        """The runs of the settings whose entries have the given values: `store.runs(activation="relu", draw=0)`.

        Raises KeyError, saying what there is, for an entry or a value that no setting has.
        """
        chosen = self._settings(where)  # an unknown name is an error at once, not at the first run
        origins = dict(self._rows("SELECT id, origin FROM origins"))
        return (
            Run(
                key,
                setting,
                seed,
                engine,
                json.loads(origins[origin]),
                bool(diverged),
                *map(_numbers, blobs),
                more={
                    name: _numbers(value).reshape(json.loads(shape))
                    for name, shape, value in self._rows("SELECT name, shape, value FROM more WHERE key = ?", [key])
                },
            )
            for id, setting, engine in chosen
            for key, seed, origin, diverged, *blobs in self._rows(
                f"SELECT key, seed, origin, diverged, {', '.join(ARRAYS)} FROM runs WHERE setting = ? ORDER BY seed",
                [id],
            )
        )

    def losses(self, **where: Any) -> np.ndarray:
        """The training losses of the chosen runs, float32, shape (runs, steps): `array("loss", ...)`."""
        return self.array("loss", **where)

    def array(self, column: str, **where: Any) -> np.ndarray:
        """One column of the chosen runs: "loss", "seconds", "test_loss", "test_accuracy", "seed" or "diverged".

        The first four are float32 of shape (runs, steps or tests), "seed" is int64 and "diverged" bool, of shape
        (runs,). Raises KeyError for a column that there is not, and as `runs` does; StoreError where no such run is
        stored yet.
        """
        columns = (*ARRAYS, "seed", "diverged")
        if column not in columns:
            raise KeyError(f"no column named {column!r}; {_hint(column, columns)}")
        found = [
            value
            for id, _, _ in self._settings(where)
            for (value,) in self._rows(f"SELECT {column} FROM runs WHERE setting = ? ORDER BY seed", [id])
        ]
        if not found:
            raise StoreError(f"{self.path} holds no run {_said(where)} yet")
        if column in ARRAYS:
            if len(set(map(len, found))) > 1:
                raise StoreError(f"the runs {_said(where)} differ in length: choose one setting")
            return _numbers(b"".join(found)).reshape(len(found), -1)
        return np.array(found, dtype=np.int64 if column == "seed" else bool)

    # --- writing

    def engine(self, setting: Mapping[str, Any]) -> str | None:
        """What trains the runs of a setting, as it was entered; None where it was not."""
        found = self._rows("SELECT engine FROM settings WHERE setting = ?", [_canonical(setting)])
        return found[0][0] if found else None

    def enter(self, settings: Iterable[Mapping[str, Any]], engines: Iterable[str]) -> None:
        """Note settings that are not there yet, each with the engine that is to train its runs.

        A setting that is there keeps its engine, because engines differ in the last bits.
        """
        with self._transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO settings (setting, engine) VALUES (?, ?)",
                [(_canonical(setting), engine) for setting, engine in zip(settings, engines, strict=True)],
            )

    def missing(self, setting: Mapping[str, Any], seeds: Iterable[int]) -> list[int]:
        """The seeds for which no run of the setting is stored, in their order."""
        query = "SELECT seed FROM runs JOIN settings ON settings.id = runs.setting WHERE settings.setting = ?"
        there = {seed for (seed,) in self._rows(query, [_canonical(setting)])}
        return [seed for seed in seeds if seed not in there]

    def add(
        self,
        setting: Mapping[str, Any],
        seeds: Sequence[int],
        *,
        loss: np.ndarray,
        seconds: np.ndarray,
        test_loss: np.ndarray,
        test_accuracy: np.ndarray,
        origin: Mapping[str, Any],
        more: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Store the runs of one setting, a row of each array for each seed: all of them or, on an error, none.

        more: further arrays by name, kept as float32 like the others.
        A run that is there already stays as it is. Raises StoreError where the disk is full.
        """
        text = _canonical(setting)
        with np.errstate(over="ignore"):  # what is too large for float32 is stored as infinite
            arrays = [np.asarray(array, "<f4") for array in (test_loss, test_accuracy, loss, seconds)]
            more = {name: np.asarray(array, "<f4") for name, array in (more or {}).items()}
        with self._transaction():
            self._connection.execute("INSERT OR IGNORE INTO origins (origin) VALUES (?)", [_canonical(origin)])
            ((origin_id,),) = self._rows("SELECT id FROM origins WHERE origin = ?", [_canonical(origin)])
            ((setting_id,),) = self._rows("SELECT id FROM settings WHERE setting = ?", [text])
            self._connection.executemany(
                "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        _key(text, seed),
                        setting_id,
                        seed,
                        origin_id,
                        not bool(np.isfinite(losses).all()),
                        *(row.tobytes() for row in (tests, right, losses, clock)),
                    )
                    for seed, tests, right, losses, clock in zip(seeds, *arrays, strict=True)
                ],
            )
            self._connection.executemany(
                "INSERT OR IGNORE INTO more VALUES (?, ?, ?, ?)",
                [
                    (_key(text, seed), name, json.dumps(value.shape), value.tobytes())
                    for name, array in more.items()
                    for seed, value in zip(seeds, array, strict=True)
                ],
            )

    # --- inside

    @contextmanager
    def _transaction(self):
        """Inside the transaction that is always open: end it, and begin the next."""
        with _plainly(self.path):
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # after some errors SQLite has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._connection.execute("BEGIN IMMEDIATE")

    def _rows(self, query, values=()):
        with _plainly(self.path):
            return self._connection.execute(query, values).fetchall()

    def _settings(self, where):
        """(id, setting, engine) of each setting that fits."""
        there = [
            (id, json.loads(text), engine)
            for id, text, engine in self._rows("SELECT id, setting, engine FROM settings ORDER BY id")
        ]
        for name, value in json.loads(json.dumps(where)).items():
            names = list(dict.fromkeys(entry for _, setting, _ in there for entry in setting))
            if name not in names:
                raise KeyError(f"no setting has an entry {name!r}; {_hint(name, names)}")
            values = list(dict.fromkeys(str(setting[name]) for _, setting, _ in there))
            there = [one for one in there if one[1][name] == value]
            if not there:
                raise KeyError(f"no setting has {name} = {value!r}; {_hint(str(value), values)}")
        return there


def _reader(path, new=False):
    """A connection that can only read, to a file that was found to be a store: every page was looked at.

    new: it may also be one that was begun, and that has nothing in it.
    """
    if not path.is_file():
        raise StoreError(f"there is no file {path}")
    with path.open("rb") as file:
        header = file.read(100)
    if not header:
        raise StoreError(f"{path} is empty, not a store")
    if not header.startswith(MAGIC):
        raise StoreError(f"{path} is not a store: no SQLite file")
    uri = f"{path.absolute().as_uri()}?mode="
    with _plainly(path):
        connection = sqlite3.connect(f"{uri}ro", uri=True, isolation_level=None, timeout=PATIENCE)
        try:
            try:
                connection.execute("SELECT count(*) FROM sqlite_master")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK or _application(header) != APPLICATION:
                    raise
                # A writer was killed inside a transaction; whoever may write takes its half back by looking.
                repair = sqlite3.connect(f"{uri}rw", uri=True, timeout=PATIENCE)
                repair.execute("SELECT count(*) FROM sqlite_master")
                repair.close()
            connection.execute("BEGIN")  # a lock: nobody changes the file between one look and the next
            (tables,), (application,), (version,), (pages,), (size,) = (
                connection.execute(query).fetchone()
                for query in (
                    "SELECT count(*) FROM sqlite_master",
                    "PRAGMA application_id",
                    "PRAGMA user_version",
                    "PRAGMA page_count",
                    "PRAGMA page_size",
                )
            )
            if tables and application != APPLICATION:
                raise StoreError(f"{path} is not a store: a SQLite file of another program")
            if tables and version != FORMAT:
                raise StoreError(f"{path} is a store of format {version}, and this version of actlab reads {FORMAT}")
            if path.stat().st_size < pages * size:
                raise StoreError(f"{path} is cut short: {path.stat().st_size} bytes of {pages * size}")
            if not tables and not new:
                raise StoreError(f"{path} is empty, not a store")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]  # 0.1 s for 8000 runs of 2000 steps
            if found != "ok":
                raise StoreError(f"{path} is damaged: {' '.join(found.split())}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
    return connection


def _application(header):
    return int.from_bytes(header[68:72])


def _refuse_another(store, study):
    there = store.study
    differences = [
        f"{name} is {there.get(name)} there, {study.get(name)} asked for"
        for name in dict.fromkeys([*there, *study])
        if there.get(name) != study.get(name)
    ]
    if differences:
        raise StoreError(f"{store.path} holds another study: {'; '.join(differences)}")


# What SQLite says, by the first byte of its code, and what that means to whom it happens.
TROUBLES = {
    sqlite3.SQLITE_BUSY: "is being written to by another run",
    sqlite3.SQLITE_CORRUPT: "is damaged or cut short",
    sqlite3.SQLITE_NOTADB: "is not a store: no SQLite file",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; what was stored stays",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk failed, is full or a limit is reached; what was stored"
    " stays",
    sqlite3.SQLITE_READONLY: "cannot be written to",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: is there such a folder, and may you write in it?",
}


@contextmanager
def _plainly(path):
    """SQLite's errors as one line about the file."""
    try:
        yield
    except sqlite3.Error as error:
        trouble = TROUBLES.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
        if trouble is None:
            raise
        raise StoreError(f"{path} {trouble}") from error


def _canonical(setting):
    """The same text for the same content, in every version of Python: names sorted, floats as short as exact."""
    return json.dumps(setting, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _key(setting, seed):
    return hashlib.sha256(f"{setting}#{seed}".encode()).hexdigest()[:16]


def _numbers(blob):
    return np.frombuffer(blob, "<f4").astype(np.float32)


def _said(where):
    return "with " + ", ".join(f"{name} = {value!r}" for name, value in where.items()) if where else "at all"


def _hint(name, there):
    near = difflib.get_close_matches(name, there, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"there are {', '.join(there)}"
