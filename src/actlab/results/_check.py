"""What of a store is whole, read row by row however damaged it is, and a new store of that."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from .._files import StoreError, draft
from .._names import shown
from ._format import (
    ARRAYS,
    BESIDE,
    FORMAT,
    MORE,
    SCHEMA,
    UNREADABLE,
    Run,
    canonical,
    connected,
    faults,
    named,
    of_another_format,
    run_of,
    spare,
    sqlite_errors,
    sum_of_row,
)
from ._store import Store

__all__ = ["Checked", "check"]

# The tables of format 2, which had no checksums: what it can say of its runs are their keys and lengths.
FORMER = """
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
SCHEMAS = {2: FORMER, FORMAT: SCHEMA}
BATCH = 200  # runs that are written in one transaction


@dataclass(frozen=True)
class Checked:
    """What `check` found: the format of the file, how many of its runs are whole, and a line for each damage."""

    format: int
    runs: int
    damage: tuple[str, ...]


def check(path: str | Path, out: str | Path | None = None) -> Checked:
    """Verify every row of the store at path, which stays as it is; with out, make a new store of the whole runs.

    It reads what `Store` refuses: stores with damaged rows or pages, and those of format 2. These hold no checksums:
    of them keys, lengths and marks of divergence are compared, and runs of one setting with each other.
    Raises StoreError where path is no store, where out exists, or where what the runs share is lost, which a new
    store needs.
    """
    path = Path(path)
    if out is not None:
        for there in (Path(f"{out}{ending}") for ending in ("", *BESIDE)):
            if there.exists() or there.is_symlink():  # one beside it would be taken for half of the new store
                raise StoreError(f"{there} exists: name a new file for the whole runs")
        spare(path, Path(out))
    connection, format = connected(path)
    with closing(connection), sqlite_errors(path):
        if format not in SCHEMAS:
            raise of_another_format(path, format)
        file = _File(path, connection, format)
        if out is not None:
            if file.study is None:
                raise StoreError(f"{path}: what its runs share is lost, and a new store needs it")
            _write(file, Path(out))
    return Checked(format, len(file.whole), tuple(file.damage))


class _File:
    """A file read as far as it goes. whole: the rows of runs that are, as (setting, rowid); damage: what is not."""

    def __init__(self, path, connection, format):
        self.connection, self.damage = connection, []
        # A tree of damaged pages may lead in circles; no row of ours takes less.
        self.most = path.stat().st_size // 16
        self._rows("BEGIN")
        columns = {name for _, name, *_ in self._rows("PRAGMA table_info(runs)")}
        self.checksums = format > 2 or "checksum" in columns  # a damaged header is no way round them
        try:
            self.damage += faults(path, connection, SCHEMAS[format])
        except UNREADABLE as error:
            self.damage.append(shown(str(error)))
        self.study = self._meta("study")
        self.settings = self._settings()
        self._origins()
        self.whole = self._runs()

    def _rows(self, query, values=()):
        """The rows up to where no more can be read, which is noted as a damage."""
        rows = []
        try:
            for row in self.connection.execute(query, values):
                rows.append(row)
                if len(rows) > self.most:
                    self._note("its pages lead in circles")
                    break
        except UNREADABLE as error:
            self._note(shown(str(error)))
        return rows

    def _note(self, damage):
        if damage not in self.damage:
            self.damage.append(damage)

    def _sum(self, table):
        return f"{table}.checksum" if self.checksums else "NULL"

    def _meta(self, name):
        for value, checksum in self._rows(f"SELECT value, {self._sum('meta')} FROM meta WHERE name = ?", [name]):
            found = _mapping(value) if name == "study" else value
            if found is not None and (not self.checksums or checksum == sum_of_row(name, value)):
                return found
        self._note("what its runs share is not what was written" if name == "study" else f"no number of its {name}")
        return None

    def _settings(self):
        found, there = {}, 0
        for id, text, engine, checksum in self._rows(
            f"SELECT id, setting, engine, {self._sum('settings')} FROM settings ORDER BY id"
        ):
            there += 1
            setting, right = _mapping(text), not self.checksums or checksum == sum_of_row(text, engine)
            if setting is None or canonical(setting) != text or not isinstance(engine, str) or not right:
                self._note(f"a setting is not what was written: {shown(str(text))}")
            else:
                found[id] = (text, engine)
        self._compare("settings", there)
        return found

    def _origins(self):
        for text, checksum in self._rows(f"SELECT origin, {self._sum('origins')} FROM origins"):
            if _mapping(text) is None or (self.checksums and checksum != sum_of_row(text)):
                self._note(f"where runs come from is not what was written: {shown(str(text))}")

    def _compare(self, table, there):
        said = self._meta(table) if self.checksums else None
        if said is not None and int(said) != there:
            self._note(f"it has {there} {table} where {said} were stored")

    def _runs(self):
        # by the table and by both of its indices: where one of the three is damaged, another may lead there
        ways = (
            "",
            "INDEXED BY sqlite_autoindex_runs_1 ORDER BY key",
            "INDEXED BY sqlite_autoindex_runs_2 ORDER BY 2",
        )
        ids = {row[0] for way in ways for row in self._rows(f"SELECT rowid, setting FROM runs {way}")}
        whole, shapes = [], {}
        for id in sorted(ids, key=str):
            try:
                setting, run = self.run(id)
            except (ValueError, *UNREADABLE) as error:
                self._note(shown(str(error)))
                continue
            whole.append((setting, run.seed, id))
            lengths = *(len(getattr(run, name)) for name in ARRAYS), *((k, v.shape) for k, v in run.more.items())
            shapes.setdefault(setting, {})[id] = lengths
        self._compare("runs", len(ids))
        if not self.checksums:
            whole = [row for row in whole if self._alike(row, shapes[row[0]])]
        return [(setting, id) for setting, _, id in sorted(whole)]

    def _alike(self, row, shapes):
        """Whether a run is as long as its setting says, and as the others of it are."""
        setting, seed, id = row
        text = self.settings[setting][0]
        steps = json.loads(text).get("steps", shapes[id][0])
        if shapes[id][0] == steps and shapes[id] == Counter(shapes.values()).most_common(1)[0][0]:
            return True
        self._note(f"{named(text, '', seed)}: its arrays are not as long as they should be")
        return False

    def run(self, id: int) -> tuple[int, Run]:
        """The setting's id and the run of a row. Raises ValueError, naming it, for a bad one."""
        found = self.connection.execute(
            f"SELECT runs.setting, key, seed, origins.origin, diverged, {self._sum('runs')}, {', '.join(ARRAYS)} "
            "FROM runs LEFT JOIN origins ON origins.id = runs.origin WHERE runs.rowid = ?",
            [id],
        ).fetchone()
        if found is None:
            raise ValueError(f"row {id} of the runs is lost")
        setting, *row = found
        text, engine = self.settings.get(setting, (None, None))
        if text is None:
            raise ValueError(f"{named('a setting that is lost', *row[:2])}")
        more = self.connection.execute(MORE, row[:1]).fetchall()
        try:
            return setting, run_of(text, engine, row, more)
        except ValueError as error:
            raise ValueError(f"{named(text, *row[:2])}: {error}") from error


def _mapping(text):
    """What a text says in JSON, where that is a mapping."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _write(file: _File, out: Path):
    with draft(out) as place, Store.open(place, file.study) as store:
        settings = {id: json.loads(text) for id, (text, _) in file.settings.items()}
        store.enter(settings.values(), [engine for _, engine in file.settings.values()])
        for setting, runs in _batches(file):
            store.add(
                settings[setting],
                [run.seed for run in runs],
                **{name: np.stack([getattr(run, name) for run in runs]) for name in ARRAYS},
                origin=runs[0].origin,
                more={name: np.stack([run.more[name] for run in runs]) for name in runs[0].more},
            )


def _batches(file: _File) -> Iterator[tuple[int, list[Run]]]:
    """Runs that can be stored together, with the id of their setting."""

    def alike(found):
        setting, run = found
        lengths = tuple(len(getattr(run, name)) for name in ARRAYS)
        return setting, run.origin, lengths, {name: array.shape for name, array in run.more.items()}

    for start in range(0, len(file.whole), BATCH):
        some = (file.run(id) for _, id in file.whole[start : start + BATCH])
        for (setting, *_), found in groupby(some, key=alike):
            yield setting, [run for _, run in found]
