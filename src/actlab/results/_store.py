"""Runs on disk: one SQLite file, one writer, any number of readers."""

import json
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .._files import StoreError
from .._names import hint, shown
from ._format import (
    APPLICATION,
    ARRAYS,
    FORMAT,
    MORE,
    PATIENCE,
    RUNS,
    SCHEMA,
    Run,
    canonical,
    connect,
    damaged,
    key_of,
    named,
    reader,
    run_of,
    sqlite_errors,
    sum_of_row,
    sum_of_run,
)

__all__ = ["Store", "origins"]


class Store:
    """The runs of one study in a file: `Store(path)` reads, `Store.open(path, study)` writes too.

    A setting is a mapping of names to what JSON can say; a run is a setting and a seed. Runs come back by setting,
    in the order in which settings were entered, and inside a setting by seed.

    Each row is verified when it is read: its key, the lengths of its arrays, and a checksum over setting and arrays.
    One that is not what was written is refused by name, with StoreError, whatever was asked for; `check` says what is
    whole.

    The file has a rollback journal and no write-ahead log: after `kill -9` the next to open it finds whole
    transactions, and between two of them it is one file that can be copied. Writing waits for the disk
    (synchronous=FULL), which costs milliseconds for seconds of training.
    """

    def __init__(self, path: str | Path):
        """Read a store. Raises StoreError where there is none, or none that can be read."""
        self.path, self._writes = Path(path), False
        self._connection = reader(self.path)
        try:
            self._verify()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, path: str | Path, study: Mapping[str, Any]) -> "Store":
        """A store to write to, made where there is no file yet. Only one can be open for writing at a time.

        study: what all runs of the file share. Its first run binds a file to its study; before, it is open to
        another. Raises StoreError, and leaves the file as it is, where it is no store, has a damaged row, holds runs
        of another study, or is being written to.
        """
        store = cls.__new__(cls)
        store.path, store._writes = Path(path), True
        if store.path.exists():
            if not store.path.is_file():  # to open a pipe would wait for somebody at its other end
                raise StoreError(f"{store.path} is no file that could be a store")
            if store.path.stat().st_size:
                reader(store.path, new=True).close()
        study = json.loads(json.dumps(study))
        with sqlite_errors(store.path):
            connection = connect(store.path, "rwc", timeout=1.0)
            try:
                connection.executescript("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")
                # From here to the end there is always a transaction that means to write: others may read beside it,
                # nobody else may write, and the lock ends with the process, however that ends.
                connection.execute("BEGIN IMMEDIATE")
                store._connection = connection
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    store._create(study)
                connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
                store._verify()
                if store.study != study and not len(store):
                    store._begin_again(study)
                _refuse_another(store, study)
                for _ in store.runs():  # who goes on with a store for hours should know now that it is damaged
                    pass
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
        return json.loads(self._meta("study"))

    def settings(self, **where: Any) -> list[dict[str, Any]]:
        """The settings whose entries have the given values, with or without runs so far."""
        return [setting for _, setting, _ in self._settings(where)]

    def origins(self) -> list[dict[str, Any]]:
        """Where runs come from: versions, processor, day; each once."""
        found = self._rows("SELECT origin, checksum FROM origins ORDER BY id")
        for text, checksum in found:
            if checksum != sum_of_row(text):
                raise self._damaged(f"where runs come from is not what was written: {shown(str(text))}")
        return [json.loads(text) for text, _ in found]

    # --- reading

    def runs(self, **where: Any) -> Iterator[Run]:
        """The runs of the settings whose entries have the given values: `store.runs(activation="relu", draw=0)`.

        Raises KeyError, saying what there is, for an entry or a value that no setting has.
        """
        chosen = self._settings(where)  # an unknown name is an error at once, not at the first run
        return (run for setting in chosen for run in self._runs(*setting))

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
            raise KeyError(f"no column named {column!r}; {hint(column, columns)}")
        found = [getattr(run, column) for run in self.runs(**where)]
        if not found:
            raise StoreError(f"{self.path} holds no run {_said(where)} yet")
        if column in ARRAYS:
            if len(set(map(len, found))) > 1:
                raise StoreError(f"the runs {_said(where)} differ in length: choose one setting")
            return np.stack(found)
        return np.array(found, dtype=np.int64 if column == "seed" else bool)

    # --- writing

    def engine(self, setting: Mapping[str, Any]) -> str | None:
        """What trains the runs of a setting, as it was entered; None where it was not."""
        text = canonical(setting)
        found = self._rows("SELECT engine, checksum FROM settings WHERE setting = ?", [text])
        if found and found[0][1] != sum_of_row(text, found[0][0]):
            raise self._damaged(f"a setting is not what was written: {text}")
        return found[0][0] if found else None

    def enter(self, settings: Iterable[Mapping[str, Any]], engines: Iterable[str]) -> None:
        """Note settings that are not there yet, each with the engine that is to train its runs.

        A setting that is there keeps its engine, because engines differ in the last bits.
        """
        rows = [(canonical(setting), engine) for setting, engine in zip(settings, engines, strict=True)]
        with self._transaction():
            entered = self._connection.executemany(
                "INSERT OR IGNORE INTO settings (setting, engine, checksum) VALUES (?, ?, ?)",
                [(*row, sum_of_row(*row)) for row in rows],
            )
            self._count("settings", entered.rowcount)

    def missing(self, setting: Mapping[str, Any], seeds: Iterable[int]) -> list[int]:
        """The seeds for which no run of the setting is stored, in their order."""
        query = "SELECT seed FROM runs JOIN settings ON settings.id = runs.setting WHERE settings.setting = ?"
        there = {seed for (seed,) in self._rows(query, [canonical(setting)])}
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
        A run that is there already stays as it is. Raises ValueError for arrays whose lengths do not agree,
        StoreError where the disk is full.
        """
        text, whence = canonical(setting), canonical(origin)
        with np.errstate(over="ignore"):  # what is too large for float32 is stored as infinite
            arrays = [np.asarray(array, "<f4") for array in (loss, seconds, test_loss, test_accuracy)]
            more = {name: np.asarray(array, "<f4") for name, array in sorted((more or {}).items())}
        shapes = dict(zip(ARRAYS, (array.shape for array in arrays), strict=True))
        if shapes["loss"] != shapes["seconds"] or shapes["test_loss"] != shapes["test_accuracy"]:
            raise ValueError(f"a loss has its second, and a test loss its accuracy; the shapes are {shapes}")
        rows = [
            (
                operator.index(seed),
                int(not np.isfinite(losses).all()),
                [losses.tobytes(), clock.tobytes(), tests.tobytes(), right.tobytes()],
                [(name, json.dumps(value.shape), value.tobytes()) for name, value in zip(more, further, strict=True)],
            )
            for seed, losses, clock, tests, right, *further in zip(seeds, *arrays, *more.values(), strict=True)
        ]
        lacking = set(self.missing(setting, seeds))
        with self._transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO origins (origin, checksum) VALUES (?, ?)", [whence, sum_of_row(whence)]
            )
            ((origin_id,),) = self._rows("SELECT id FROM origins WHERE origin = ?", [whence])
            found = self._rows("SELECT id, engine FROM settings WHERE setting = ?", [text])
            if not found:
                raise StoreError(f"{self.path} has no such setting yet, enter it first: {text}")
            ((setting_id, engine),) = found
            new = {row[0]: row for row in reversed(rows) if row[0] in lacking}
            for seed, diverged, blobs, further in reversed(new.values()):
                key = key_of(text, seed)
                checksum = sum_of_run(text, engine, seed, whence, diverged, blobs, further)
                self._connection.execute(
                    "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (key, setting_id, seed, origin_id, diverged, checksum, *blobs),
                )
                self._connection.executemany(
                    "INSERT INTO more VALUES (?, ?, ?, ?)", [(key, *array) for array in further]
                )
            self._count("runs", len(new))

    # --- inside

    @contextmanager
    def _transaction(self):
        """Inside the transaction that is always open: end it, and begin the next."""
        if not self._writes:
            raise StoreError(f"{self.path} cannot be written to: it was opened to be read")
        with sqlite_errors(self.path):
            if not self._connection.in_transaction:  # Ctrl-C came between two
                self._begin()
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # after some errors SQLite has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._begin()

    def _begin(self):
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._connection.close()  # each statement outside a transaction would be one of its own: half a batch
            raise

    def _create(self, study):
        for statement in SCHEMA.strip().rstrip(";").split(";"):
            self._connection.execute(statement)
        values = {"study": json.dumps(study), "settings": "0", "runs": "0"}
        for name, value in values.items():
            self._connection.execute("INSERT INTO meta VALUES (?, ?, ?)", [name, value, sum_of_row(name, value)])
        self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        self._connection.execute("COMMIT")
        self._begin()

    def _begin_again(self, study):
        """Give a file without runs to another study."""
        with self._transaction():
            self._connection.execute("DELETE FROM settings")
            self._write("study", json.dumps(study))
            self._write("settings", "0")

    def _meta(self, name):
        found = self._rows("SELECT value, checksum FROM meta WHERE name = ?", [name])
        if not found or found[0][1] != sum_of_row(name, found[0][0]):
            raise self._damaged("what its runs share" if name == "study" else f"the number of its {name}")
        return found[0][0]

    def _write(self, name, value):
        self._connection.execute(
            "UPDATE meta SET value = ?, checksum = ? WHERE name = ?", [value, sum_of_row(name, value), name]
        )

    def _count(self, table, more):
        self._write(table, str(int(self._meta(table)) + more))

    def _verify(self):
        """Raise StoreError where a setting, origin, key or what runs share was changed, or where rows are lost."""
        with sqlite_errors(self.path):
            inside = self._connection.in_transaction
            if not inside:
                self._connection.execute("BEGIN")  # nobody changes the file between one look and the next
            self._meta("study")
            self.origins()
            texts = {id: canonical(setting) for id, setting, _ in self._settings({})}
            for key, id, seed in self._rows("SELECT key, setting, seed FROM runs"):
                if key != key_of(texts.get(id, ""), seed):
                    its = named(texts.get(id, "a setting that is lost"), key, seed)
                    raise self._damaged(f"{its}: its key is not that of its setting and seed")
            for table in ("settings", "runs"):
                said, there = int(self._meta(table)), self._rows(f"SELECT count(*) FROM {table}")[0][0]
                if there != said:
                    raise self._damaged(f"it has {there} {table} where {said} were stored")
            if not inside:
                self._connection.execute("COMMIT")

    def _damaged(self, what):
        return damaged(self.path, what)

    def _rows(self, query, values=()):
        with sqlite_errors(self.path):
            return self._connection.execute(query, values).fetchall()

    def _settings(self, where):
        """(id, setting, engine) of each setting that fits."""
        there = []
        for id, text, engine, checksum in self._rows("SELECT * FROM settings ORDER BY id"):
            if checksum != sum_of_row(text, engine):
                raise self._damaged(f"a setting is not what was written: {shown(str(text))}")
            there.append((id, json.loads(text), engine))
        for name, value in json.loads(json.dumps(where)).items():
            names = list(dict.fromkeys(entry for _, setting, _ in there for entry in setting))
            if name not in names:
                raise KeyError(f"no setting has an entry {name!r}; {hint(name, names)}")
            values = list(dict.fromkeys(str(setting.get(name)) for _, setting, _ in there))
            there = [one for one in there if one[1].get(name) == value]
            if not there:
                raise KeyError(f"no setting has {name} = {value!r}; {hint(str(value), values)}")
        return there

    def _runs(self, id, setting, engine):
        text = canonical(setting)
        for row in self._rows(f"{RUNS} WHERE runs.setting = ? ORDER BY seed", [id]):
            more = self._rows(MORE, [row[0]])
            try:
                run = run_of(text, engine, row, more)
            except ValueError as error:
                raise self._damaged(f"{named(text, *row[:2])}: {error}") from error
            yield run


def origins(stores: Iterable[Store]) -> list[dict[str, Any]]:
    """Where the runs of several stores come from, each origin once: they may be older than today."""
    found = [origin for store in stores for origin in store.origins()]
    return [origin for i, origin in enumerate(found) if origin not in found[:i]]


def _refuse_another(store, study):
    there = store.study
    differences = [
        f"{shown(name)} is {shown(str(there.get(name)))} there, {study.get(name)} asked for"
        for name in dict.fromkeys([*there, *study])
        if there.get(name) != study.get(name)
    ]
    if differences:
        raise StoreError(f"{store.path} holds another study: {'; '.join(differences)}")


def _said(where):
    return "with " + ", ".join(f"{name} = {value!r}" for name, value in where.items()) if where else "at all"
